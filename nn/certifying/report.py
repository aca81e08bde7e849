"""What a certificate says: the pairs of numbers that were compared, and the table that shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograd import Difference
from autograd.words.formulas import latex_name
from autograd.words.text import markup

from ..tables import Table, latex_number

TITLES = ("neuron", "u", "o", "σ'(u)", "δ engine", "δ by hand", "ulp", "∂Err/∂θ, ulp", "differences", "verdict")
FAR = 1e6  # ulp, above which a relative difference says more


@dataclass(frozen=True)
class Comparison:
    """One number of the engine beside the same number by hand.

    neuron     the neuron it belongs to, (layer, row), counted from 1
    term       what it is: "u", "o", "δ", "∂Err/∂θ" and so on, with its indices
    edge       the edge of the graph that it stands for, if it does for one
    engine     what the graph gave
    hand       what the formula, or the finite difference, gives
    tolerance  how far they may lie apart
    how        with what the number by hand was computed, if that is not plain: "with σ = tanh"
    """

    neuron: tuple[int, int]
    term: str
    edge: str
    engine: float
    hand: float
    tolerance: float
    how: str = ""

    @property
    def agrees(self) -> bool:
        """Whether both are the same within the tolerance; nan agrees with nothing, since it says nothing.

        >>> [Comparison((1, 1), "u", "", x, x, 0.0).agrees for x in (1.0, math.inf, math.nan)]
        [True, True, False]
        """
        return self.engine == self.hand or abs(self.engine - self.hand) <= self.tolerance

    @property
    def ulp(self) -> float:
        """Their distance in units of the last place.

        >>> Comparison((1, 1), "u", "", 1.0, 1.0 + 2**-52, 0.0).ulp
        1.0
        """
        if self.engine == self.hand:
            return 0.0
        larger = max(abs(self.engine), abs(self.hand))
        return abs(self.engine - self.hand) / math.ulp(larger) if math.isfinite(larger) else math.nan

    @property
    def distance(self) -> str:
        """The distance as the table shows it: in ulp, or in percent where that is far and too much.

        >>> [Comparison((1, 1), "u", "", 2.0, by_hand, 0.0).distance for by_hand in (2.0 + 2**-51, 1.3)]
        ['1', '35 %']
        """
        if self.agrees or not self.ulp > FAR:
            return f"{self.ulp:.3g}"
        larger = max(abs(self.engine), abs(self.hand))
        percent = 100 * abs(self.engine / larger - self.hand / larger)
        return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"

    def plain(self) -> dict[str, Any]:
        """What was compared, in what JSON has."""
        numbers = {"engine": self.engine, "hand": self.hand, "tolerance": self.tolerance, "ulp": self.ulp}
        plain = {key: _number(x) for key, x in numbers.items()}
        return {"layer": self.neuron[0], "neuron": self.neuron[1], "term": self.term, **plain, "agrees": self.agrees}

    def __str__(self) -> str:
        distance = self.distance
        apart = "; they differ by " + distance if distance.endswith("%") else f", {distance} ulp apart"
        how = f" {self.how}" if self.how else ""
        if math.isnan(self.engine) and math.isnan(self.hand):
            return f"{self.term} is nan in the graph and by hand{how}, and of a nan nothing can be certified"
        told = f"{self.term} is {self.engine!r} in the graph and {self.hand!r} by hand{how}"
        return told if distance == "nan" else told + apart


@dataclass(frozen=True)
class Row:
    """What the table shows of one neuron: its numbers, its largest distance, its finite difference, what is wrong."""

    neuron: tuple[int, int]
    u: float
    o: float
    slope: float
    delta: Comparison
    gradients: tuple[Comparison, ...]
    difference: Difference | None
    wrong: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything of this neuron agrees."""
        return not self.wrong


@dataclass
class Certificate:
    """The report of certify: true when all agree, and printable as a table.

    rows         one per neuron
    comparisons  every pair of numbers that was compared
    resolved     how many finite differences resolved their number, of `measured`
    culprit      the first disagreement's edge, traced in the graph; empty when all agree
    note         what else is known of the disagreement: a Value that is used and was not given, or the other way round
    """

    rows: list[Row] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    resolved: int = 0
    measured: int = 0
    culprit: str = ""
    note: str = ""

    def __bool__(self) -> bool:
        return all(comparison.agrees for comparison in self.comparisons)

    @property
    def first_disagreement(self) -> Comparison | None:
        """The first comparison that fails, in the order of computation; None when all agree."""
        return next((c for c in self.comparisons if not c.agrees), None)

    def __str__(self) -> str:
        return f"{self.table.text()}\n\n{self.summary}"

    @property
    def table(self) -> Table:
        """A line for each neuron, δ on the colours that it has in the pictures."""
        colours, bold = {}, []
        for n, row in enumerate(self.rows):
            colours[n, TITLES.index("δ engine")] = row.delta.engine
            colours[n, TITLES.index("δ by hand")] = row.delta.hand
            if not row.ok:
                bold.append((n, TITLES.index("verdict")))
        align = "l" + "r" * (len(TITLES) - 1)
        return Table(TITLES, [self.line(row) for row in self.rows], align, colours, bold)

    @property
    def summary(self) -> str:
        """One paragraph: what agrees, or the first neuron, term and edge that do not."""
        wrong = self.first_disagreement
        if wrong is None:
            told = f"certified: {len(self.comparisons)} comparisons agree"
            resolved = f"finite differences resolve {self.resolved} of {self.measured} derivatives and agree with them"
            return f"{told}; {resolved if self.measured else 'without finite differences'}"
        k, i = wrong.neuron
        edge = self.culprit or wrong.edge
        more = (f"; edge {edge}" if edge else "") + (f"; {self.note}" if self.note else "")
        return f"NOT certified: layer {k}, neuron {i}: {wrong}{more}"

    def __repr__(self) -> str:
        return f"<Certificate: {self.summary}>"

    def latex(self) -> str:
        """The table as a LaTeX array."""
        header = ["", "u", "o", r"\sigma'(u)", r"\delta", r"\delta \text{ by hand}", r"\text{ulp}", ""]
        rows = [_latex_cells(row.delta, self.line(row)[1:7], row.ok) for row in self.rows]
        return Table(header, rows, "lrrrrrrl").latex()

    def json(self) -> str:
        """All that was compared as JSON text; what is no number there is a string, "nan" or "inf"."""
        return json.dumps(self.plain(), ensure_ascii=False, indent=1)

    def plain(self) -> dict[str, Any]:
        """All that was compared, in what JSON has."""
        neurons = [
            {"layer": row.neuron[0], "neuron": row.neuron[1], "u": _number(row.u), "o": _number(row.o),
             "slope": _number(row.slope), "delta": _number(row.delta.engine), "agrees": row.ok}
            for row in self.rows
        ]  # fmt: skip
        compared = [c.plain() for c in self.comparisons]
        return {"certified": bool(self), "summary": self.summary, "neurons": neurons, "comparisons": compared}

    def _repr_html_(self) -> str:
        return f"{self.table.html()}<p>{markup(self.summary)}</p>"

    def line(self, row: Row) -> tuple[str, ...]:
        """A neuron's cells, under TITLES."""
        d = row.difference
        differences = "—" if d is None else "agree" if d.resolvable else "not resolvable"
        if d is not None and d.resolvable and not confirms(d, row.delta.engine):
            differences = f"{d.value:+.6g}"
        furthest = max(row.gradients, key=lambda g: g.ulp, default=None)
        return (
            f"{row.neuron[0]}·{row.neuron[1]}", f"{row.u:+.6g}", f"{row.o:+.6g}", f"{row.slope:.6g}",
            f"{row.delta.engine:+.9g}", f"{row.delta.hand:+.9g}", row.delta.distance,
            "0" if furthest is None else furthest.distance,
            differences, "ok" if row.ok else f"WRONG: {', '.join(row.wrong)}",
        )  # fmt: skip


@dataclass
class BatchCertificate:
    """The report of certify on a data set: true when every sample and every summed gradient agree.

    certificates  one per sample
    worst         the number of the sample that fails or, when all agree, whose δ or gradient is furthest off
    summed        the comparisons of ∂Err/∂θ, summed over the samples
    """

    certificates: list[Certificate]
    worst: int
    summed: list[Comparison]

    def __bool__(self) -> bool:
        return all(self.certificates) and all(c.agrees for c in self.summed)

    @property
    def summary(self) -> str:
        """One paragraph: what agrees, and the worst sample."""
        wrong = [n for n, certificate in enumerate(self.certificates) if not certificate]
        if wrong:
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            return f"NOT certified: sample {self.worst}{more}; {self.certificates[self.worst].summary}"
        lost = next((c for c in self.summed if not c.agrees), None)
        if lost is not None:
            return f"NOT certified: every sample agrees, but summed over {len(self.certificates)} of them {lost}"
        return (
            f"certified: {len(self.certificates)} samples, and {len(self.summed)} gradients summed over them;"
            f" the worst sample is {self.worst}"
        )

    def __str__(self) -> str:
        return f"{self._title}\n{self.certificates[self.worst]}\n\n{self.summary}"

    @property
    def _title(self) -> str:
        return f"sample {self.worst}, the worst of {len(self.certificates)}"

    def __repr__(self) -> str:
        return f"<BatchCertificate: {self.summary}>"

    def latex(self) -> str:
        """The worst sample's table, and the gradients summed over all samples, as a LaTeX array."""
        header = ["", r"\text{engine}", r"\text{by hand}", r"\text{ulp}", ""]
        rows = [_latex_cells(c, (f"{c.engine:+.9g}", f"{c.hand:+.9g}", c.distance), c.agrees) for c in self.summed]
        parts = [
            rf"\text{{{self._title}}}", self.certificates[self.worst].latex(),
            rf"\text{{summed over {len(self.certificates)} samples}}", Table(header, rows, "lrrrl").latex(),
        ]  # fmt: skip
        return "\n".join([r"\begin{array}{l}", " \\\\\n".join(parts), r"\end{array}"])

    def json(self) -> str:
        """Every sample's report as JSON text."""
        plain = {
            "certified": bool(self), "summary": self.summary, "worst": self.worst,
            "summed": [c.plain() for c in self.summed], "samples": [c.plain() for c in self.certificates],
        }  # fmt: skip
        return json.dumps(plain, ensure_ascii=False, indent=1)

    def _repr_html_(self) -> str:
        return f"<p>{self._title}</p>{self.certificates[self.worst]._repr_html_()}<p>{markup(self.summary)}</p>"


def allowed(measured: Difference) -> float:
    """How far a derivative may lie from its finite difference: well beyond its error estimate.

    >>> allowed(Difference(1.0, 1e-9)) < 1e-3
    True
    """
    return 100 * measured.error + 1e-4 * abs(measured.value)


def confirms(measured: Difference, derivative: float) -> bool:
    """Whether a finite difference speaks for a derivative.

    >>> confirms(Difference(1.0, 1e-9), 1.0), confirms(Difference(1.0, 1e-9), 0.9)
    (True, False)
    """
    return abs(measured.value - derivative) <= allowed(measured)


def _number(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)


def _latex_cells(c: Comparison, numbers: Iterable[str], ok: bool) -> list[str]:
    return [latex_name(c.term), *map(latex_number, numbers), r"\text{ok}" if ok else r"\textbf{wrong}"]
