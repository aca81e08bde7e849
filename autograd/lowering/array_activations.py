"""The activations and what classifiers need on arrays: activations.py without `if`.

As in arrays.py xp is the namespace, and a function has the name of its row.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from ..reals import activations
from ..reals.elementary import inf, nan
from .arrays import compensated, finite, largest

# --- σ and its relatives --------------------------------------------------------------


def sech2(xp: Any, x: Any) -> Any:
    e = xp.exp(-2.0 * xp.abs(x))
    return 4.0 * e / (1.0 + e * (2.0 + e))


def sigmoid(xp: Any, x: Any) -> Any:
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1.0, e) / (1.0 + e)


def sigmoid_slope(xp: Any, x: Any) -> Any:
    e = xp.exp(-xp.abs(x))
    return e / (1.0 + e * (2.0 + e))


def relu(xp: Any, x: Any) -> Any:
    return xp.where((x > 0) | (x != x), x, 0.0)


def leaky_relu(xp: Any, x: Any, slope: Any) -> Any:
    return xp.where(x > 0, x, slope * x)


def leaky_relu_slope(xp: Any, x: Any, slope: Any) -> Any:
    return xp.where(x > 0, 1.0, xp.where(x <= 0, slope, nan))


def elu(xp: Any, x: Any, alpha: Any) -> Any:
    return xp.where(x > 0, x, alpha * xp.expm1(xp.where(x > 0, 0.0, x)))


def elu_slope(xp: Any, x: Any, alpha: Any) -> Any:
    low = xp.where(x > 0, 0.0, x)
    half = xp.exp(0.5 * low)
    return xp.where(x > 0, 1.0, xp.where(x < -700, alpha * half * half, alpha * xp.exp(low)))


def softplus(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


def silu(xp: Any, x: Any) -> Any:
    e, half = xp.exp(-xp.abs(x)), xp.exp(-0.5 * xp.abs(x))
    low = xp.where(x == -inf, -0.0, xp.where(x < -700, x * half * half, x * e / (1.0 + e)))
    return xp.where(x >= 0, x / (1.0 + e), low)


def silu_slope(xp: Any, x: Any) -> Any:
    e, half = xp.exp(-xp.abs(x)), xp.exp(-0.5 * xp.abs(x))
    below = 1.0 + e * (2.0 + e)
    t = (x - activations.SILU_ROOT) - activations.SILU_ROOT_REST
    near = xp.abs(t) < 0.5
    around_root = t - (1.0 + activations.SILU_ROOT) * xp.expm1(xp.where(near, t, 0.0))
    low = xp.where(x < -700, (1.0 + x) * half * half, e * xp.where(near, around_root, 1.0 + e + x) / below)
    general = xp.where(x >= 0, (1.0 + e + x * e) / below, low)
    return xp.where(x == inf, 1.0, xp.where(x == -inf, 0.0, general))


def _times_gaussian(xp: Any, factor: Any, x: Any, k: float) -> Any:
    """factor · xp.exp(−k·x²), where near² is exact and the rest is small."""
    x = xp.where(xp.abs(x) < 40.0, x, xp.where(x == x, 40.0, nan))
    near = xp.floor(4096.0 * x + 0.5) / 4096.0
    factor = factor + factor * xp.expm1(-k * (x - near) * (x + near))
    half = xp.exp(-0.5 * k * near * near)
    split = k * near * near >= 700.0
    result = xp.where(split, factor * half * half, factor * xp.exp(-k * near * near))
    return xp.where(xp.abs(x) == 40.0, 0.0, result)


def _normal_tail(xp: Any, x: Any) -> Any:
    """2·Φ(x), the rounding of x·√½ put back."""
    z = -x * activations.SQRT_HALF
    high = 134217729.0 * x
    high = high - (high - x)
    low = x - high
    c_high = 0.7071067690849304
    c_low = activations.SQRT_HALF - c_high
    error = ((high * c_high + z) + high * c_low + low * c_high) + low * c_low
    shift = -(error + x * activations.SQRT_HALF_REST)
    return xp.erfc(z) - 1.1283791670955126 * xp.exp(-z * z) * shift


def _mills_series(x: Any) -> Any:
    t = -1.0 / (x * x)
    total = term = 1.0
    for odd in range(1, 25, 2):
        term = term * (odd * t)
        total = total + term
    return total


def _polynomial(coefficients: list[float], t: Any) -> Any:
    return reduce(lambda total, c: total * t + c, coefficients, 0.0 * t)


def gelu(xp: Any, x: Any) -> Any:
    far = xp.where(x < -20.0, x, -20.0)
    low = xp.where(x > -40.0, _times_gaussian(xp, -0.3989422804014327 * _mills_series(far), far, 0.5), 0.0)
    middle = xp.where((x >= -20.0) & (x <= 9.0), x, 0.0)
    general = xp.where(x > 9.0, x, 0.5 * x * _normal_tail(xp, middle))
    return xp.where(x < -20.0, low, general)


def gelu_slope(xp: Any, x: Any) -> Any:
    far = xp.where(x < -20.0, x, -20.0)
    low = _times_gaussian(xp, 0.3989422804014327 * (far - _mills_series(far) / far), far, 0.5)
    at_root = xp.where((x > -1.2) & (x < -0.2), (x - activations.GELU_ROOT) - activations.GELU_ROOT_REST, 0.0)
    at_minimum = xp.where((x > -2.2) & (x < -1.0), x + 1.4142135623730951, 0.0)
    cancelling = xp.where(
        x < -1.1,
        _polynomial(activations.GELU_AROUND_MINIMUM, at_minimum),
        _polynomial(activations.GELU_AROUND_ROOT, at_root) * at_root,
    )
    middle = xp.where((x >= -20.0) & (x <= 40.0), x, 0.0)
    sum_of_two = 0.5 * _normal_tail(xp, middle) + _times_gaussian(xp, 0.3989422804014327 * middle, middle, 0.5)
    general = xp.where((x > -2.1) & (x < -0.25), cancelling, xp.where(x > 40.0, 1.0, sum_of_two))
    return xp.where(x != x, nan, xp.where(x < -20.0, xp.where(x > -40.0, low, 0.0), general))


def normal_density(xp: Any, x: Any) -> Any:
    return _times_gaussian(xp, 0.3989422804014327, x, 0.5)


def erf_slope(xp: Any, x: Any) -> Any:
    return _times_gaussian(xp, 1.1283791670955126, x, 1.0)


# --- shares of a sum of exponentials --------------------------------------------------


def _difference(xp: Any, x: Any, m: Any) -> Any:
    """xp.exp(x − m) for x ≤ m, the rounding of x − m put back."""
    d = x - m
    back = d - x
    lost = (x - (d - back)) - (m + back)
    return xp.where(x == m, 1.0, xp.where(d == -inf, 0.0, xp.exp(d) * (1.0 + xp.where(finite(lost), lost, 0.0))))


def _shifted(xp: Any, xs: tuple[Any, ...]) -> list[Any]:
    m = largest(xp, xs)
    undefined = (m == -inf) | (m != m)
    return [xp.where(undefined, nan, _difference(xp, x, m)) for x in xs]


def _others_of(xp: Any, terms: list[Any]) -> Any:
    """Σ of the terms but one of the largest, which are 1."""
    taken = terms[0] != terms[0]
    rest = []
    for term in terms:
        first = (term == 1) & ~taken
        rest.append(xp.where(first, 0.0, term))
        taken = taken | first
    return compensated(tuple(rest))


def logsumexp(xp: Any, *xs: Any) -> Any:
    m = largest(xp, xs)
    result = m + xp.log1p(_others_of(xp, _shifted(xp, xs)))
    cancelling = xp.log1p(compensated((*[xp.exp(xp.where(m < 0, x, -1.0)) for x in xs], 0.0 * m - 1.0)))
    result = xp.where((m < 0) & (xp.abs(result) < 0.25), cancelling, result)
    return xp.where(finite(m), result, m)


def softmax(xp: Any, x: Any, *others: Any) -> Any:
    terms = _shifted(xp, (x, *others))
    return terms[0] / compensated(tuple(terms))


def softmax_rest(xp: Any, x: Any, *others: Any) -> Any:
    terms = _shifted(xp, (x, *others))
    return (compensated(tuple(terms[1:])) if others else 0.0 * terms[0]) / compensated(tuple(terms))


def cross_entropy(xp: Any, target: Any, *others: Any) -> Any:
    xs = (target, *others)
    m = largest(xp, xs)
    terms = _shifted(xp, xs)
    of_largest = xp.log1p(compensated(tuple(terms[1:]))) if others else 0.0 * target
    result = xp.where(m == target, of_largest, (m - target) + xp.log1p(_others_of(xp, terms)))
    special = xp.where((target == -inf) & (m > -inf) & (m == m), inf, logsumexp(xp, *xs) - target)
    return xp.where(finite(target) & finite(m), result, special)
