"""What the texts of rows.py are written with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, or_
from typing import Any

from ..reals.elementary import inf, nan


class Namespace:
    """What the texts are written with.

    A target adds where, abs, sqrt, exp, … under the names of the rows, and may have better ones of these.
    """

    def decay(self, x: Any) -> Any:
        """eˣ for x ≤ 0."""
        return self.exp(x)

    def times_exp(self, a: Any, x: Any) -> Any:
        """a·eˣ for x ≤ 0, also where eˣ is subnormal and the product is not."""
        half = self.exp(0.5 * x)
        return self.where(x < -700.0, a * half * half, a * self.exp(x))

    def polynomial(self, coefficients: Sequence[float], x: Any) -> Any:
        """Horner's rule, the highest coefficient first."""
        return reduce(lambda total, c: total * x + c, coefficients[1:], coefficients[0])

    def each(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> Any:
        return [f(x) for x in xs]

    def some(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> Any:
        """Whether f holds for one of them."""
        return reduce(or_, map(f, xs))

    def largest(self, xs: Sequence[Any]) -> Any:
        """The largest, or nan if one is."""
        return reduce(lambda x, y: maximum(self, x, y), xs)

    def total(self, xs: Sequence[Any]) -> Any:
        """Σ x from left to right."""
        return reduce(add, xs)

    def compensated(self, xs: Sequence[Any]) -> Any:
        """Σ x by two passes that turn rounding errors into terms, as in Ogita, Rump, Oishi (2005), algorithm 4.8."""
        terms = list(xs)
        for _ in range(2):
            for i in range(1, len(terms)):
                a, b = terms[i - 1], terms[i]
                terms[i] = s = a + b
                back = s - a
                terms[i - 1] = (a - (s - back)) + (b - back)
        return reduce(add, terms, 0.0)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def finite(x: Any) -> Any:
    return x - x == 0.0


def clamped(xp: Any, x: Any, low: float, high: float) -> Any:
    """x between two bounds; nan stays."""
    x = xp.where(x < low, low, x)
    return xp.where(x > high, high, x)


def maximum(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((x >= y) | (x != x), x, y)


def exponentials(xp: Any, *xs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The largest operand m, and exp(x − m) as a function of an operand; nan where no x is above −inf."""
    m = xp.largest(xs)
    base = xp.where(m > -inf, m, nan)

    def difference(x: Any) -> Any:
        d = x - base
        back = d - x  # the rounding of x − m is up to 372 ulp, so it is put back
        e = xp.exp(d)
        e = e + e * ((x - (d - back)) - (base + back))
        return xp.where(x == base, 1.0, xp.where(d == -inf, 0.0, e))

    return m, difference


class Anything:
    """An operand that every operation gives another of."""

    def _(self, *_: Any) -> Anything:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _
    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __invert__ = _
    __eq__ = __ne__ = _  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]
