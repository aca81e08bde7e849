"""Intervals: where a number may lie that was rounded on its way, carried through the lecture's formulas.

The formulas of nn/deltas.py are sums and products on whatever numbers come in, so they take
these as well; a function of floats (σ, σ', the slopes of a loss) is enclosed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

Real: TypeAlias = Any  # a float or an Interval


class Interval:
    """All numbers from low to high.

    >>> 2.0 * Interval(1.0, 1.5) - 1.0, Interval(-1.0, 2.0) * Interval(3.0, 4.0)
    (Interval(1.0, 2.0), Interval(-4.0, 8.0))
    """

    __slots__ = ("high", "low")

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __add__(self, other: Real) -> Interval:
        if isinstance(other, Interval):
            return Interval(self.low + other.low, self.high + other.high)
        return Interval(self.low + other, self.high + other)

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Real) -> Interval:
        return self.__add__(-other)

    def __rsub__(self, other: float) -> Interval:
        return -self + other

    def __mul__(self, other: Real) -> Interval:
        a, b = self.low, self.high
        if not isinstance(other, Interval):
            return Interval(a * other, b * other) if other >= 0 else Interval(b * other, a * other)
        products = (a * other.low, a * other.high, b * other.low, b * other.high)
        return Interval(min(products), max(products))

    __rmul__ = __mul__

    def __truediv__(self, other: Real) -> Interval:
        return self.__mul__(1.0 / other)

    def __rtruediv__(self, other: float) -> Interval:
        if self.low <= 0 <= self.high:
            return Interval(-math.inf, math.inf)
        return Interval(1.0 / self.high, 1.0 / self.low).__mul__(other)

    def __repr__(self) -> str:
        return f"Interval({self.low!r}, {self.high!r})"


def middle(x: Real) -> float:
    """The middle of an interval; a float is its own.

    >>> middle(Interval(1.0, 2.0)), middle(3.0)
    (1.5, 3.0)
    """
    return 0.5 * (x.low + x.high) if isinstance(x, Interval) else float(x)


def ends(x: Real) -> tuple[float, float]:
    """The lowest and the highest number of it.

    >>> ends(Interval(1.0, 2.0)), ends(3.0)
    ((1.0, 2.0), (3.0, 3.0))
    """
    return (x.low, x.high) if isinstance(x, Interval) else (x, x)


def largest(x: Real) -> float:
    """The largest absolute value in it.

    >>> largest(Interval(-3.0, 2.0))
    3.0
    """
    return max(map(abs, ends(x)))


def gap(a: Real, b: Real) -> float:
    """How far apart two of them are: 0 where they meet.

    >>> gap(Interval(1.0, 2.0), 2.5), gap(Interval(1.0, 2.0), Interval(1.5, 3.0))
    (0.5, 0.0)
    """
    (a_low, a_high), (b_low, b_high) = ends(a), ends(b)
    return max(a_low - b_high, b_low - a_high, 0.0)


def hull(*parts: Real) -> Interval:
    """The smallest interval that holds them all.

    >>> hull(1.0, Interval(2.0, 3.0))
    Interval(1.0, 3.0)
    """
    return Interval(min(ends(p)[0] for p in parts), max(ends(p)[1] for p in parts))


def widened(x: Real, by: float) -> Interval:
    """The interval with that much more on both sides.

    >>> widened(1.0, 0.5)
    Interval(0.5, 1.5)
    """
    low, high = ends(x)
    return Interval(low - by, high + by)


# Where σ' of tanh and sigmoid is largest and ReLU has its kink; where gelu and silu are least, and their slopes turn.
TURNS = (0.0, -0.7517915246935645, -1.2784645427610738, -(2**0.5), 2**0.5, -2.399357280515468, 2.399357280515468)


def enclosed(f: Callable[..., float], *arguments: Real) -> Real:
    """f of intervals: exact where f is monotone in each argument, or turns or jumps only at TURNS.

    >>> enclosed(abs, Interval(-1.0, 2.0)), enclosed(abs, -3.0)
    (Interval(0.0, 2.0), 3.0)
    """
    if not any(isinstance(a, Interval) for a in arguments):
        return f(*arguments)
    centre = [middle(a) for a in arguments]
    found, below, above = [f(*centre)], list(centre), list(centre)
    for n, argument in enumerate(arguments):
        low, high = ends(argument)
        inner = [turn for turn in TURNS if low < turn < high]
        tried = {v: f(*centre[:n], v, *centre[n + 1 :]) for v in (low, *inner, high)}
        below[n], above[n] = (low, high) if tried[low] <= tried[high] else (high, low)
        found.extend(tried.values())
    if len(arguments) > 1:
        found += [f(*below), f(*above)]
    return Interval(min(found), max(found))
