"""A certificate as a notebook's table, as LaTeX and as JSON.

In HTML a δ stands on the colour that it has in the pictures: blue is negative, orange positive.
"""

from __future__ import annotations

import json
import math
from typing import Any

from autograd.formulas import latex_name
from autograd.text import markup

from .report import HEADER, BatchCertificate, Certificate, Comparison

_DELTAS = (HEADER.index("δ engine"), HEADER.index("δ by hand"))


def as_html(certificate: Certificate) -> str:
    """The table of a certificate, δ in the pictures' colours.

    >>> from nn import MLP, certify
    >>> as_html(certify(MLP(1, [1], seed=0), [1.0], 0.0)).count("<tr>")
    2
    """
    from autograd.drawing.theme import LIGHT, largest_of

    largest = largest_of([row.delta.engine for row in certificate.rows])
    body = []
    for row in certificate.rows:
        cells = []
        for column, text in enumerate(certificate.line(row)):
            style = "text-align:right"
            if column in _DELTAS:
                colour = LIGHT.gradient(row.delta.engine if column == _DELTAS[0] else row.delta.hand, largest)
                style += f";background:{colour};color:{LIGHT.ink_on(colour)}"
            elif text.startswith("WRONG"):
                style += ";font-weight:bold"
            cells.append(f'<td style="{style}">{markup(text)}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    header = "".join(f"<th>{markup(text)}</th>" for text in HEADER)
    return f"<table><tr>{header}</tr>{''.join(body)}</table><p>{markup(certificate.summary)}</p>"


def batch_as_html(batch: BatchCertificate) -> str:
    """The table of the worst sample, and what is to be said of all."""
    title = f"sample {batch.worst}, the worst of {len(batch.certificates)}"
    return f"<p>{title}</p>{as_html(batch.certificates[batch.worst])}<p>{markup(batch.summary)}</p>"


def as_latex(certificate: Certificate) -> str:
    r"""The table as an array.

    >>> from nn import MLP, certify
    >>> as_latex(certify(MLP(1, [1], seed=0), [1.0], 0.0)).splitlines()[0]
    '\\begin{array}{lrrrrrrl}'
    """
    header = ["", "u", "o", r"\sigma'(u)", r"\delta", r"\delta \text{ by hand}", r"\text{ulp}", ""]
    rows = []
    for row in certificate.rows:
        _, *numbers = certificate.line(row)[:7]
        verdict = r"\text{ok}" if row.ok else r"\textbf{wrong}"
        rows.append([latex_name(row.delta.term), *map(_latex, numbers), verdict])
    return _array("lrrrrrrl", [header, *rows])


def batch_as_latex(batch: BatchCertificate) -> str:
    r"""The table of the worst sample, and below it ∂Err/∂θ summed over all.

    >>> from nn import MLP, certify
    >>> batch_as_latex(certify(MLP(1, [1], seed=0), [[1.0], [2.0]], [0.0, 0.5])).splitlines()[1]
    '\\text{sample 0, the worst of 2} \\\\'
    """
    header = ["", r"\text{engine}", r"\text{by hand}", r"\text{ulp}", ""]
    rows = [
        [latex_name(c.term), _latex(f"{c.engine:+.9g}"), _latex(f"{c.hand:+.9g}"), _latex(c.distance),
         r"\text{ok}" if c.agrees else r"\textbf{wrong}"]
        for c in batch.summed
    ]  # fmt: skip
    count = len(batch.certificates)
    parts = [
        rf"\text{{sample {batch.worst}, the worst of {count}}}", as_latex(batch.certificates[batch.worst]),
        rf"\text{{summed over {count} samples}}", _array("lrrrl", [header, *rows]),
    ]  # fmt: skip
    return "\n".join([r"\begin{array}{l}", " \\\\\n".join(parts), r"\end{array}"])


def _array(columns: str, rows: list[list[str]]) -> str:
    header, *body = (" & ".join(cells) + r" \\" for cells in rows)
    return "\n".join([rf"\begin{{array}}{{{columns}}}", rf"{header} \hline", *body, r"\end{array}"])


def _latex(text: str) -> str:
    number, percent, _ = text.partition(" %")
    mantissa, e, exponent = number.partition("e")
    return (rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else number) + (r"\,\%" if percent else "")


def as_json(certificate: Certificate) -> str:
    """All that was compared.

    >>> from nn import MLP, certify
    >>> sorted(json.loads(as_json(certify(MLP(1, [1], seed=0), [1.0], 0.0))))
    ['certified', 'comparisons', 'neurons', 'summary']
    """
    return json.dumps(_plain(certificate), ensure_ascii=False, indent=1)


def batch_as_json(batch: BatchCertificate) -> str:
    """Every sample, the summed gradients, and which sample is the worst."""
    plain = {
        "certified": bool(batch), "summary": batch.summary, "worst": batch.worst,
        "summed": [_compared(c) for c in batch.summed], "samples": [_plain(c) for c in batch.certificates],
    }  # fmt: skip
    return json.dumps(plain, ensure_ascii=False, indent=1)


def _plain(certificate: Certificate) -> dict[str, Any]:
    neurons = [
        {"layer": row.neuron[0], "neuron": row.neuron[1], "u": _number(row.u), "o": _number(row.o),
         "slope": _number(row.slope), "delta": _number(row.delta.engine), "agrees": row.ok}
        for row in certificate.rows
    ]  # fmt: skip
    comparisons = [_compared(c) for c in certificate.comparisons]
    return {
        "certified": bool(certificate), "summary": certificate.summary, "neurons": neurons, "comparisons": comparisons,
    }  # fmt: skip


def _compared(c: Comparison) -> dict[str, Any]:
    numbers = {"engine": c.engine, "hand": c.hand, "tolerance": c.tolerance, "ulp": c.ulp}
    plain = {key: _number(x) for key, x in numbers.items()}
    return {"layer": c.neuron[0], "neuron": c.neuron[1], "term": c.term, **plain, "agrees": c.agrees}


def _number(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)
