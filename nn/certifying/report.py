"""What a certificate says: the pairs of numbers that were compared, and the table that shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from autograd import Difference
from autograd.words.formulas import latex_name
from autograd.words.text import markup

from ..tables import Table, latex_number
from .rounding import sum_tolerance

TITLES = ("neuron", "u", "o", "σ'(u)", "δ engine", "δ by hand", "ulp", "∂Err/∂θ, ulp", "differences", "verdict")
FAR = 1e6  # ulp, above which a relative difference says more


class Comparison(NamedTuple):
    """One number of the engine beside the same number by hand.

    neuron     the neuron it belongs to, (layer, row), counted from 1; row 0: to the layer; layer 0: to Err
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
    def place(self) -> str:
        """Where it is, in words.

        >>> [Comparison(at, "", "", 1.0, 1.0, 0.0).place for at in ((2, 1), (2, 0), (0, 0))]
        ['layer 2, neuron 1: ', 'layer 2: ', '']
        """
        k, i = self.neuron
        return (f"layer {k}, neuron {i}: " if i else f"layer {k}: ") if k else ""

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
            return f"{self.term} is nan in the graph and by hand, and of a nan nothing can be certified"
        told = f"{self.term} is {self.engine!r} in the graph and {self.hand!r} by hand{how}"
        return told if distance == "nan" else told + apart


@dataclass(frozen=True)
class Same:
    """Many numbers of one neuron that are the same, bit for bit, in the graph and by hand.

    A network of a hundred thousand weights is that almost everywhere, so their comparisons are made when asked for.
    `names` gives term and edge of each.

    >>> [c.term for c in Same((1, 1), lambda: [("∂Err/∂θ", "")], [0.5]).comparisons()]
    ['∂Err/∂θ']
    """

    neuron: tuple[int, int]
    names: Callable[[], Iterable[tuple[str, str]]]
    engine: Sequence[float]

    def comparisons(self) -> Iterator[Comparison]:
        """Each number beside itself."""
        for (term, edge), x in zip(self.names(), self.engine):
            yield Comparison(self.neuron, term, edge, x, x, sum_tolerance([x]))


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
