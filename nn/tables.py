"""A certificate as a notebook's table, as LaTeX and as JSON, and a diagnosis as a table.

In HTML a δ stands on the colour that it has in the pictures: blue is negative, orange positive.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from autograd.words.formulas import latex_name
from autograd.words.text import markup

from .certifying.report import HEADER, BatchCertificate, Certificate, Comparison
from .diagnosing.report import HEADER as DIAGNOSIS
from .diagnosing.report import Comparison as Before
from .diagnosing.report import Diagnosis, diagnosis_cells, name_of, sizes_of

_DELTAS = (HEADER.index("δ engine"), HEADER.index("δ by hand"))
_STEPS = tuple(map(DIAGNOSIS.index, ("= log σ'", "weights", "cancellation")))


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
        cells = [_cell(text, bold=text.startswith("WRONG")) for text in certificate.line(row)]
        for column, delta in zip(_DELTAS, (row.delta.engine, row.delta.hand)):
            cells[column] = _cell(certificate.line(row)[column], LIGHT.gradient(delta, largest))
        body.append(cells)
    return f"{_table(HEADER, body)}<p>{markup(certificate.summary)}</p>"


def diagnosis_as_html(diagnosis: Diagnosis) -> str:
    """The table of a diagnosis; what makes δ smaller stands on blue, what makes it larger on orange.

    >>> from nn import MLP, diagnose
    >>> diagnosis_as_html(diagnose(MLP(1, [1, 1], seed=0), [1.0], 0.0)).count("<tr>")
    3
    """
    from autograd.drawing.theme import LIGHT, largest_of

    rows = diagnosis.rows[::-1]
    steps = [(row.slope, row.weights, row.cancellation) for row in rows]
    largest = largest_of([x for row in steps for x in row])
    shown = [i for i, title in enumerate(DIAGNOSIS) if title != "quartile"]  # a page is narrower than a terminal
    body = []
    for row, step in zip(rows, steps):
        texts = diagnosis_cells(row)
        colours = dict(zip(_STEPS, (LIGHT.gradient(x, largest) for x in step)))
        body.append([_cell(texts[i], colours.get(i, "")) for i in shown])
    said = "".join(f"<p>{markup(line)}</p>" for line in diagnosis.summary.splitlines())
    return _table([DIAGNOSIS[i] for i in shown], body) + said


def comparison_as_html(comparison: Before) -> str:
    """The typical |δ| of every layer and |∂Err/∂ŷ|, before and after, and what was changed."""
    both = (("before", comparison.before), ("after", comparison.after))
    layers = [f"layer {k}" for k in range(1, 1 + max(len(d.rows) for _, d in both))]
    body = []
    for title, d in both:
        *sizes, start = (_cell(f"{size:.1e}") for size in sizes_of(d))
        sizes += [_cell("")] * (len(layers) - len(sizes))  # networks of different depth
        body.append([_cell(title), _cell(d.verdict), _cell(name_of(d.net.activation)), *sizes, start])
    changed = f"<p>changed: {markup(comparison.changed)}</p>" if comparison.changed else ""
    return f"<p>typical |δ|</p>{_table(('', 'verdict', 'σ', *layers, '|∂Err/∂ŷ|'), body)}{changed}"


def _cell(text: str, background: str = "", bold: bool = False) -> str:
    from autograd.drawing.theme import LIGHT

    style = "text-align:right;white-space:nowrap"
    style += f";background:{background};color:{LIGHT.ink_on(background)}" if background else ""
    return f'<td style="{style}{";font-weight:bold" * bold}">{markup(text)}</td>'


def _table(header: Sequence[str], rows: list[list[str]]) -> str:
    lines = ["".join(f"<th>{markup(text)}</th>" for text in header), *map("".join, rows)]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


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
