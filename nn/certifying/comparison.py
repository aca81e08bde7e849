"""A pair of numbers that was compared, the engine's and the one by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd import Difference

from .rounding import sum_tolerance

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
        plain = {key: plain_number(x) for key, x in numbers.items()}
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


def plain_number(x: float) -> float | str:
    """What JSON has no number for, as text.

    >>> plain_number(1.0), plain_number(math.inf)
    (1.0, 'inf')
    """
    return x if math.isfinite(x) else str(x)
