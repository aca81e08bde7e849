"""Compensated sums, and shares of a sum of exponentials, on Vectors: softmax and its relatives; see kernels.py.

The rows of one layer have the same operands in different orders: what they share is computed
once, see Block.kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .kernels import exp, inf, log1p, nan
from .vectors import Vector, multiply_add, select


def compensated(xs: Sequence[Vector]) -> Vector:
    """Σ x with the rounding errors of its additions summed up beside it.

    At most one ulp of Σ|x| wrong (Ogita, Rump & Oishi 2005, Sum2: u·|Σx| + n²u²·Σ|x|).
    """
    total, rest = xs[0], None
    for x in xs[1:]:
        new = total + x
        back = new - total
        error = (total - (new - back)) + (x - back)  # exact: Knuth's TwoSum
        total, rest = new, error if rest is None else rest + error
    return total if rest is None or len(xs) == 2 else total + rest


class Shares(NamedTuple):
    """The largest operand, and exp(x − largest) of each."""

    largest: Vector
    terms: dict[str, Vector]


def _shares(xs: tuple[Vector, ...]) -> Shares:
    """The same, and computed once, for the same operands in any order."""
    block = xs[0].block
    ordered = sorted(xs, key=lambda x: x.name)
    key = ("shares", *(x.name for x in ordered))
    if key not in block.kept:
        m = ordered[0]
        for x in ordered[1:]:
            m = select((m >= x) | (m != m), m, x)
        base = select(m > -inf, m, nan)
        block.kept[key] = Shares(m, {x.name: _exp_difference(x, base) for x in ordered})
    shares: Shares = block.kept[key]
    return shares


def _exp_difference(x: Vector, m: Vector) -> Vector:
    """exp(x − m) for x ≤ m; the rounding of x − m is up to 372 ulp, so it is put back."""
    d = x - m
    back = d - x
    e = exp(d)
    e = multiply_add(e, (x - (d - back)) - (m + back), e)
    return select(x == m, 1.0, select(d == -inf, 0.0, e))


def softmax(x: Vector, *others: Vector) -> Vector:
    terms = _shares((x, *others)).terms
    return terms[x.name] / _total((x, *others))


def softmax_rest(x: Vector, *others: Vector) -> Vector:
    terms = _shares((x, *others)).terms
    return (compensated([terms[y.name] for y in others]) if others else x.block.constant(0.0)) / _total((x, *others))


def _total(xs: tuple[Vector, ...]) -> Vector:
    """Σ exp(x − largest) in an order that does not depend on the first operand."""
    terms = _shares(xs).terms
    return compensated([terms[x.name] for x in sorted(xs, key=lambda x: x.name)])


def _without_largest(xs: tuple[Vector, ...]) -> Vector:
    """log1p(Σ exp(x − largest) without the largest itself), the first one if several are."""
    m, terms = _shares(xs)
    rest, taken = [], None
    for x in xs:
        largest = x == m
        term = terms[x.name]
        if taken is None:
            rest.append(select(largest, 0.0, term))
            taken = largest
        else:
            rest.append(select(largest, select(taken, term, 0.0), term))
            taken = taken | largest
    return log1p(compensated(rest))


def logsumexp(*xs: Vector) -> Vector:
    m = _shares(xs).largest
    rest = _without_largest(xs)
    result = m + rest
    # Near zero the two cancel; there Σ exp(x) is near 1 and its parts are small.
    near = log1p(compensated([*map(exp, xs), m.block.constant(-1.0)]))
    return select(abs(m) < inf, select((abs(result) < 0.25) & (m < 0.0) & (rest > 0.0), near, result), m)


def cross_entropy(target: Vector, *others: Vector) -> Vector:
    xs = (target, *others)
    m = _shares(xs).largest
    return (m - target) + select(abs(m) < inf, _without_largest(xs), 0.0)
