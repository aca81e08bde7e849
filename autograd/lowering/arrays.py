"""The rows of the table on arrays: floats.py and powers.py without `if`.

Written over an array namespace xp: numpy, jax.numpy or torch, under NumPy's names.  Where a
function on floats branches, both branches are computed here and `where` chooses, so that
nothing depends on the data and JAX can trace it.  The formulas and their reasons are those of
the functions on floats.  What it costs: powers and quotients may lose digits where a part of
them leaves the range of a double, which floats.py avoids by looking.

A function has the name of its row; array_activations.py has the others.
"""

from __future__ import annotations

from functools import partial, reduce
from operator import add as _add
from operator import and_ as _and
from operator import mul as _mul
from operator import or_ as _or
from typing import Any

from ..reals.elementary import inf, nan

# Rows that are one function of the namespace.
PLAIN = {
    "sqrt": "sqrt", "exp": "exp", "expm1": "expm1", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin",
    "acos": "arccos", "atan": "arctan", "tanh": "tanh", "abs": "abs", "erf": "erf",
}  # fmt: skip


def finite(x: Any) -> Any:
    return x - x == 0


# --- arithmetic and powers ------------------------------------------------------------


def add(xp: Any, x: Any, y: Any) -> Any:
    return x + y


def sub(xp: Any, x: Any, y: Any) -> Any:
    return x - y


def mul(xp: Any, x: Any, y: Any) -> Any:
    return x * y


def neg(xp: Any, x: Any) -> Any:
    return -x


def div(xp: Any, x: Any, y: Any) -> Any:
    return x / y


def div_slope(xp: Any, x: Any, y: Any) -> Any:
    quotient = x / y
    larger = -((x * 2.0**600) / y / y) * 2.0**-600
    return xp.where(xp.abs(quotient) < 1e-290, larger, -(quotient / y))


def pow(xp: Any, x: Any, y: Any) -> Any:
    return xp.power(x, y)


def _power_times(xp: Any, x: Any, y: Any, n: int, *factors: Any) -> Any:
    """Π factors · x^(y−n); in two halves where the power leaves the range, and divided by x where y − n rounds."""
    below = y - n
    exact = (below + n == y) | (x == 0) | ~finite(x)
    exponent = xp.where(exact, below, y)
    power = xp.power(x, exponent)
    size = xp.abs(power)
    split = ~((size > 1e-290) & (size < 1e290)) & finite(x) & (x != 0)
    half = xp.power(xp.abs(x), 0.5 * exponent)
    first = xp.where(split, half, 1.0)
    second = xp.where(split, half * xp.where(power < 0, -1.0, xp.where(power == power, 1.0, nan)), power)
    result = reduce(_mul, factors, first) * second
    for _ in range(n):
        result = xp.where(exact, result, result / x)
    return result


def pow_dx(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(y == 0, 0.0, _power_times(xp, x, y, 1, y))


def pow_dy(xp: Any, x: Any, y: Any) -> Any:
    at_zero = xp.where(y >= 0, 0.0, xp.where(y < 0, -inf, nan))
    general = xp.where((x == inf) & (y < 0), 0.0, _power_times(xp, x, y, 0, log(xp, x)))
    return xp.where(x == 0, at_zero, general)


def pow_dxx(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((y == 0) | (y == 1), 0.0, _power_times(xp, x, y, 2, y, y - 1.0))


def pow_dxy(xp: Any, x: Any, y: Any) -> Any:
    bracket = xp.where(y == 0, 1.0, 1.0 + y * log(xp, x))
    at_inf = xp.where(y < 1, 0.0, inf)
    general = xp.where((x == inf) & (y == y), at_inf, _power_times(xp, x, y, 1, bracket))
    return xp.where((x == 0) & (y > 1), 0.0, general)


def pow_dyy(xp: Any, x: Any, y: Any) -> Any:
    zero = ((x == 0) & (y >= 0)) | ((x == inf) & (y < 0))
    return xp.where(zero, 0.0, _power_times(xp, x, y, 0, log(xp, x), log(xp, x)))


def ratio(xp: Any, x: Any, y: Any, z: Any, n: Any) -> Any:
    once = x / z * y
    once = xp.where(finite(once) & (once != 0), once, y / z * x)
    return xp.where(n == 0, x * y, xp.where(n == 1, once, (x / z) * (y / z) * xp.power(z, 2.0 - n)))


# --- functions with a slope of their own ----------------------------------------------


def log(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, xp.log(x), xp.where(x == 0, -inf, nan))


def log_slope(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, 1.0 / x, xp.where(x == 0, inf, nan))


def log1p(xp: Any, x: Any) -> Any:
    return xp.where(x > -1, xp.log1p(x), xp.where(x == -1, -inf, nan))


def asin_slope(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) <= 1, 1.0 / xp.sqrt((1.0 - x) * (1.0 + x)), nan)


def atan_slope(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) < 1e100, 1.0 / (1.0 + x * x), (1.0 / x) / x)


def sinh(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) > 20, xp.copysign(_half_exp(xp, xp.abs(x)), x), xp.sinh(x))


def cosh(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) > 20, _half_exp(xp, xp.abs(x)), xp.cosh(x))


def _half_exp(xp: Any, x: Any) -> Any:
    """½eˣ: PyTorch's cosh overflows with eˣ, a little too early, and XLA's loses digits."""
    half = xp.exp(0.5 * x)
    return xp.where(x > 700, 0.5 * half * half, 0.5 * xp.exp(x))


def log1p_slope(xp: Any, x: Any) -> Any:
    return log_slope(xp, 1.0 + x)


# --- branches -------------------------------------------------------------------------


def sign(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, 1.0, xp.where(x < 0, -1.0, x * 0.0))


def step(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, 1.0, xp.where(x <= 0, 0.0, nan))


def maximum(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((x >= y) | (x != x), x, y)


def minimum(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((x <= y) | (x != x), x, y)


def larger(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x > y, 1.0, xp.where(x == y, 0.5, xp.where(x < y, 0.0, nan)))


def where(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    return xp.where(condition != 0, x, y)


def lt(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x < y, 1.0, 0.0)


def le(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x <= y, 1.0, 0.0)


def gt(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x > y, 1.0, 0.0)


def ge(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x >= y, 1.0, 0.0)


# --- sums -----------------------------------------------------------------------------


def compensated(xs: tuple[Any, ...]) -> Any:
    """Σ x by two passes that turn rounding errors into terms, as in Ogita, Rump, Oishi (2005), algorithm 4.8."""
    terms = list(xs)
    for _ in range(2):
        for i in range(1, len(terms)):
            a, b = terms[i - 1], terms[i]
            terms[i] = s = a + b
            back = s - a
            terms[i - 1] = (a - (s - back)) + (b - back)
    return reduce(_add, terms)


def fsum(xp: Any, *xs: Any) -> Any:
    total = compensated(xs)
    in_range = compensated(tuple(x * 2.0**-60 for x in xs)) * 2.0**60
    special = reduce(_add, [xp.where(finite(x), 0.0, x) for x in xs])
    return xp.where(special == 0, xp.where(finite(total), total, in_range), special)


def sumprod(xp: Any, *pq: Any) -> Any:
    n = len(pq) // 2
    return reduce(_add, map(_mul, pq[:n], pq[n:]))


def gated(xp: Any, g: Any, d: Any) -> Any:
    return xp.where((g != 0) & (d != 0), g * d, 0.0)


def largest(xp: Any, xs: tuple[Any, ...]) -> Any:
    return reduce(partial(maximum, xp), xs)


def _length(xp: Any, xs: tuple[Any, ...]) -> tuple[Any, Any]:
    """A unit, and √Σ x² in that unit, between 1 and √n."""
    unit = largest(xp, tuple(map(xp.abs, xs)))
    unit = xp.where(finite(unit) & (unit > 0), unit, 1.0)
    return unit, xp.sqrt(reduce(_add, [(x / unit) * (x / unit) for x in xs]))


def hypot(xp: Any, *xs: Any) -> Any:
    unit, measured = _length(xp, xs)
    infinite = reduce(_or, [xp.abs(x) == inf for x in xs])
    return xp.where(infinite, inf, unit * measured)


def hypot_slope(xp: Any, x: Any, *others: Any) -> Any:
    unit, measured = _length(xp, (x, *others))
    slope = xp.where(measured > 0, x / unit / measured, 0.0)
    slope = xp.where(finite(x), slope, xp.where(x == x, sign(xp, x), nan))
    ordinary = reduce(_and, [finite(other) for other in others], x == x)
    infinite = reduce(_or, [xp.abs(other) == inf for other in others], x != x)
    return xp.where(ordinary, slope, xp.where(infinite & finite(x), 0.0, nan))
