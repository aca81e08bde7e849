"""Shares of a sum of exponentials on floats: what classifiers need.

As in elementary.py nothing raises.  p − 1 loses every digit where a classifier is sure, so 1 − p is a
function of its own, and a difference of logits keeps the part that rounding took away.
"""

from __future__ import annotations

import math

from .elementary import exp, inf, log, nan  # noqa: F401  exp and log are for the examples


def _exp_difference(x: float, m: float) -> float:
    """exp(x − m) for x ≤ m: the rounding of x − m is up to 372 ulp, so it is put back."""
    if x == m:
        return 1.0
    d = x - m
    if d == -inf:
        return 0.0
    back = d - x
    e = math.exp(d)
    return e + e * ((x - (d - back)) - (m + back))  # a small part: one rounding, not two


def _shifted(xs: tuple[float, ...]) -> list[float]:
    """exp(x − max) for every x; all nan where no x is above −inf or one is nan."""
    m = max(xs)
    if m == -inf or any(x != x for x in xs):
        return [nan] * len(xs)
    return [_exp_difference(x, m) for x in xs]


def logsumexp(*xs: float) -> float:
    """log Σ exp(x), without overflow: m + log1p(Σ of the others' exp(x − m)), m the largest.

    >>> logsumexp(0.0, -40.0), logsumexp(1000.0, 1000.0)
    (4.248354255291589e-18, 1000.6931471805599)
    """
    m = max(xs, default=-inf)
    if m - m != 0 or any(x != x for x in xs):
        return nan if any(x != x for x in xs) else m
    result = m + math.log1p(math.fsum(sorted(_shifted(xs))[:-1]))
    if 0.5 * m < result < 0.25 and m < 0:  # the two cancel; Σ exp(x) − 1 is a sum of small parts
        i = xs.index(m)
        return math.log1p(math.fsum((math.expm1(m), *map(math.exp, xs[:i] + xs[i + 1 :]))))
    return result


def softmax(x: float, *others: float) -> float:
    """exp(x) / (exp(x) + Σ exp(others)): the share of the first operand.

    >>> softmax(0.0, 0.0), softmax(-700.0, 0.0) == exp(-700.0)
    (0.5, True)
    """
    terms = _shifted((x, *others))
    return terms[0] / math.fsum(terms)


def softmax_rest(x: float, *others: float) -> float:
    """1 − softmax(x, others), as the others' share: 1 − p would lose every digit at p ≈ 1.

    >>> softmax_rest(40.0, 0.0) == exp(-40.0)
    True
    """
    terms = _shifted((x, *others))
    return math.fsum(terms[1:]) / math.fsum(terms)


def softmaxes(*xs: float) -> tuple[float, ...]:
    """Every operand's softmax at once, which takes n exponentials instead of n².

    >>> softmaxes(1.0, 1.0)
    (0.5, 0.5)
    """
    terms = _shifted(xs)
    total = math.fsum(terms)
    return tuple(term / total for term in terms)


def cross_entropy(target: float, *others: float) -> float:
    """−log softmax(target, others): the loss of a classifier, from its logits.

    >>> cross_entropy(50.0, 0.0) == exp(-50.0), cross_entropy(0.0, 0.0) == log(2.0)
    (True, True)
    """
    # logsumexp(xs) − target cancels; log1p of the others' differences does not.
    m = max((target, *others))
    if any(x != x for x in (target, *others)):  # before anything is compared: max depends on where a nan stands
        return nan
    if target - target or m - m:
        return inf if target == -inf and m > -inf else logsumexp(target, *others) - target
    if m == target:
        return math.log1p(math.fsum(_exp_difference(x, m) for x in others))
    rest = sorted(_shifted((target, *others)))[:-1]
    return (m - target) + math.log1p(math.fsum(rest))
