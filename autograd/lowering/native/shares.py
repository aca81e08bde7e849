"""Compensated sums, and shares of a sum of exponentials, on Vectors: softmax and its relatives; see kernels.py.

Rows of one layer have the same operands in different orders: what they share is computed once, in an order that does
not depend on the row.  What is the same for a set of operands is the largest m, Σ = Σ exp(x − m) in two parts, and
what Σ has without its largest term, whose log1p is log Σ exp(x) − m without cancellation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .kernels import exp, inf, log1p, nan
from .vectors import Mask, Vector, multiply_add, select


def compensated(xs: Sequence[Vector]) -> Vector:
    """Σ x with the rounding errors of its additions summed up beside it.

    At most one ulp of Σ|x| wrong (Ogita, Rump & Oishi 2005, Sum2: u·|Σx| + n²u²·Σ|x|).
    """
    total, rest = xs[0], None
    for x in xs[1:]:
        total, rest = added(total, rest, x)
    return total if rest is None or len(xs) == 2 else total + rest


def added(total: Vector, rest: Vector | None, x: Vector) -> tuple[Vector, Vector]:
    """total + x, and the sum of the rounding errors."""
    new = total + x
    back = new - total
    error = (total - (new - back)) + (x - back)  # exact: Knuth's TwoSum
    return new, error if rest is None else rest + error


def larger(m: Vector, x: Vector) -> Vector:
    """The larger one, nan if one of them is."""
    return select((m >= x) | (m != m), m, x)


def above_all(m: Vector) -> Vector:
    """What exponents are taken from: the largest operand, nan where that is −inf."""
    return select(m > -inf, m, nan)


def exp_difference(x: Vector, m: Vector) -> Vector:
    """exp(x − m) for x ≤ m; the rounding of x − m is up to 372 ulp, so it is put back."""
    d = x - m
    back = d - x
    e = exp(d)
    e = multiply_add(e, (x - (d - back)) - (m + back), e)
    return select(x == m, 1.0, select(d == -inf, 0.0, e))


def but_largest(x: Vector, m: Vector, e: Vector, taken: Mask | None) -> tuple[Vector, Mask]:
    """The term of x, 0 if x is the first one that is the largest; whether that one has come."""
    largest = x == m
    if taken is None:
        return select(largest, 0.0, e), largest
    return select(largest, select(taken, e, 0.0), e), taken | largest


class Shares(NamedTuple):
    """What a set of operands has in common; `log` is log1p(others)."""

    m: Vector
    total: Vector  # Σ is total + low
    low: Vector
    others: Vector  # Σ without the first of the largest terms
    log: Vector

    def softmax(self, e: Vector) -> Vector:
        return e / (self.total + self.low)

    def softmax_rest(self, e: Vector) -> Vector:
        """(Σ − e)/Σ; an e above half of Σ is its largest term."""
        whole = self.total + self.low
        return select(e > 0.5 * whole, self.others, (self.total - e) + self.low) / whole

    def cross_entropy(self, target: Vector) -> Vector:
        return (self.m - target) + select(abs(self.m) < inf, self.log, 0.0)

    def cancels(self) -> Mask:
        """Where m + log is near zero, and m is not: there Σ exp(x) is near 1 and its parts are small; see rows.py."""
        return (abs(self.m + self.log) < 0.25) & (self.m < -0.5) & (self.others > 0.0)

    def logsumexp(self, near: Vector) -> Vector:
        """near: log1p(Σ exp(x) − 1)"""
        return select(abs(self.m) < inf, select(self.cancels(), near, self.m + self.log), self.m)


def _ordered(xs: Sequence[Vector]) -> list[Vector]:
    return sorted(xs, key=lambda x: (len(x.name), x.name))


def _shares(xs: tuple[Vector, ...]) -> tuple[Shares, dict[str, Vector]]:
    """The same, and computed once, for the same operands in any order; and exp(x − m) of each."""
    block = xs[0].block
    ordered = _ordered(xs)
    key = ("shares", *(x.name for x in ordered))
    if key not in block.kept:
        m = ordered[0]
        for x in ordered[1:]:
            m = larger(m, x)
        base = above_all(m)
        terms = {x.name: exp_difference(x, base) for x in ordered}
        total, low, taken = terms[ordered[0].name], None, None
        rest = []
        for x in ordered:
            term, taken = but_largest(x, m, terms[x.name], taken)
            rest.append(term)
        for x in ordered[1:]:
            total, low = added(total, low, terms[x.name])
        others = compensated(rest)
        block.kept[key] = Shares(m, total, low or block.constant(0.0), others, log1p(others)), terms
    found: tuple[Shares, dict[str, Vector]] = block.kept[key]
    return found


def softmax(x: Vector, *others: Vector) -> Vector:
    shares, terms = _shares((x, *others))
    return shares.softmax(terms[x.name])


def softmax_rest(x: Vector, *others: Vector) -> Vector:
    shares, terms = _shares((x, *others))
    return shares.softmax_rest(terms[x.name])


def logsumexp(*xs: Vector) -> Vector:
    near = log1p(compensated([*map(exp, _ordered(xs)), xs[0].block.constant(-1.0)]))
    return _shares(xs)[0].logsumexp(near)


def cross_entropy(target: Vector, *others: Vector) -> Vector:
    return _shares((target, *others))[0].cross_entropy(target)
