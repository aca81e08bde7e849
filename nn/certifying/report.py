"""What a certificate says: its table, its one paragraph, and what both are as LaTeX, HTML and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from autograd import Difference
from autograd.words.formulas import latex_name
from autograd.words.text import counted, markup

from ..tables import Table, latex_number, latex_text
from .comparison import Comparison, Same, confirms, plain_number

TITLES = ("neuron", "u", "o", "σ'(u)", "δ engine", "δ by hand", "ulp", "∂Err/∂θ, ulp", "differences", "verdict")


@dataclass(frozen=True)
class Row:
    """What the table shows of one neuron: its numbers, its largest distance, its finite difference, what is wrong.

    of_layer  whether the difference is that of all δ of the layer, along one direction
    """

    neuron: tuple[int, int]
    u: float
    o: float
    slope: float
    delta: Comparison
    products: Same | tuple[Comparison, ...]
    difference: Difference | None
    of_layer: bool = False
    wrong: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything of this neuron agrees."""
        return not self.wrong

    @property
    def gradients(self) -> tuple[Comparison, ...]:
        """Every ∂Err/∂θ of this neuron."""
        return tuple(self.products.comparisons() if isinstance(self.products, Same) else self.products)

    @property
    def furthest(self) -> Comparison | None:
        """The ∂Err/∂θ that is furthest off, if one is at all."""
        return None if isinstance(self.products, Same) else max(self.products, key=lambda c: c.ulp, default=None)


@dataclass
class Certificate:
    """The report of certify: true when all agree, and printable as a table.

    rows      one per neuron
    found     what was compared, in the order of computation; `comparisons` has every pair
    measured  how many finite differences resolved their number, of how many: of single derivatives, and of sums
              along one direction
    culprit   the first disagreement's edge, traced in the graph; empty when all agree
    note      what else is known of the disagreement: a Value that is used and was not given, or the other way round
    """

    rows: list[Row] = field(default_factory=list)
    found: list[Comparison | Same] = field(default_factory=list)
    differences: Measured = field(default_factory=lambda: Measured())
    culprit: str = ""
    note: str = ""

    def __bool__(self) -> bool:
        return self.first_disagreement is None

    @property
    def comparisons(self) -> list[Comparison]:
        """Every pair of numbers that was compared."""
        return [c for found in self.found for c in (found.comparisons() if isinstance(found, Same) else (found,))]

    @property
    def count(self) -> int:
        """How many these are."""
        return sum(len(found.engine) if isinstance(found, Same) else 1 for found in self.found)

    @property
    def first_disagreement(self) -> Comparison | None:
        """The first comparison that fails, in the order of computation; None when all agree."""
        return next((c for c in self.found if isinstance(c, Comparison) and not c.agrees), None)

    @property
    def badness(self) -> tuple[bool, float]:
        """What fails is worse than what agrees; then the distance in ulp of a δ or a gradient by itself counts."""
        distances = [c.ulp for row in self.rows for c in (row.delta, row.furthest) if c is not None]
        return not self, max((math.inf if math.isnan(d) else d for d in distances), default=0.0)

    @property
    def measured(self) -> int:
        """How many derivatives, or sums of them, were measured by finite differences."""
        return self.differences.singly[1] + self.differences.along[1]

    @property
    def resolved(self) -> int:
        """And how many of these finite differences resolved their number."""
        return self.differences.singly[0] + self.differences.along[0]

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
            return f"certified: {self.count} comparisons agree; {self.differences}"
        edge = self.culprit or wrong.edge
        more = (f"; edge {edge}" if edge else "") + (f"; {self.note}" if self.note else "")
        return f"NOT certified: {wrong.place}{wrong}{more}"

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
            {"layer": row.neuron[0], "neuron": row.neuron[1], "u": plain_number(row.u), "o": plain_number(row.o),
             "slope": plain_number(row.slope), "delta": plain_number(row.delta.engine), "agrees": row.ok}
            for row in self.rows
        ]  # fmt: skip
        compared = [c.plain() for c in self.comparisons]
        return {"certified": bool(self), "summary": self.summary, "neurons": neurons, "comparisons": compared}

    def _repr_html_(self) -> str:
        return f"{self.table.html()}<p>{markup(self.summary)}</p>"

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$\n\n{latex_text(self.summary)}"

    def line(self, row: Row) -> tuple[str, ...]:
        """A neuron's cells, under TITLES."""
        d, layer = row.difference, "layer: " * row.of_layer
        differences = "—" if d is None else layer + ("agree" if d.resolvable else "not resolvable")
        if d is not None and d.resolvable and row.of_layer and "differences" in row.wrong:
            differences = "layer: disagree"
        elif d is not None and d.resolvable and not row.of_layer and not confirms(d, row.delta.engine):
            differences = f"{d.value:+.6g}"
        furthest = row.furthest
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
            f"certified: {counted(len(self.certificates), 'sample')}, and {len(self.summed)} gradients summed over"
            f" them; the worst sample is {self.worst}"
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

    def _repr_latex_(self) -> str:
        return f"{self._title}\n{self.certificates[self.worst]._repr_latex_()}\n\n{latex_text(self.summary)}"


@dataclass
class Measured:
    """How many finite differences resolved their number, of how many, and what was measured in sums.

    >>> str(Measured((3, 3), (1, 2), ["θ of layer 1"])).partition(", and ")[2]
    'of the others 1 of 2 sums along a direction (θ of layer 1), and agree with them'
    """

    singly: tuple[int, int] = (0, 0)
    along: tuple[int, int] = (0, 0)
    sums: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.singly[1] + self.along[1]:
            return "without finite differences"
        told = f"finite differences resolve {self.singly[0]} of {self.singly[1]} derivatives"
        if self.sums:
            sums = f"{self.along[0]} of {self.along[1]} sums along a direction ({', '.join(self.sums)})"
            told += f", and of the others {sums},"
        return f"{told} and agree with them"


def _latex_cells(c: Comparison, numbers: Iterable[str], ok: bool) -> list[str]:
    return [latex_name(c.term), *map(latex_number, numbers), r"\text{ok}" if ok else r"\textbf{wrong}"]
