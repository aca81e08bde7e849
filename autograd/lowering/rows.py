"""The rows of the table without `if`: one text each, which every target reads.

A text is written over a namespace xp: NumPy, JAX and PyTorch, LLVM's vectors, the text of
JavaScript.  Where a function on floats branches, both branches are computed here and `where`
chooses, so that nothing depends on the data.  The formulas and their reasons are those of
autograd/reals.  What it costs: powers and quotients may lose digits where a part of them leaves
the range of a double, which reals/powers.py avoids by looking.

Symbols: e an exponential that cannot overflow; m the largest operand.

PLAIN are the rows that are one function of the namespace, SHORT those of one line; of the others a
function has the name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, reduce
from operator import mul as _mul
from typing import Any

# isort: off
from ..ops import BUILT_IN, TABLE
from ..reals.activations import (
    GELU_AROUND_MINIMUM, GELU_AROUND_ROOT, GELU_ROOT, GELU_ROOT_REST, SILU_ROOT, SILU_ROOT_REST,
)  # fmt: skip
from ..reals.elementary import inf, nan
from .namespace import Anything, Namespace, clamped, exponentials, finite, maximum
from .normal import ERF, ERFC, scaled_erfc, times_gaussian, upper_tail
# isort: on

PLAIN = {
    "abs", "sqrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
    "atan2", "tanh", "asinh", "acosh", "copysign", "floor", "ceil", "trunc", "fmod",
}  # fmt: skip
# What is exact or rounded correctly.
EXACT = {"where", "abs", "sqrt", "copysign", "floor", "ceil", "trunc"}


def text(name: str) -> Callable[..., Any] | None:
    """The text of a built-in row, a function of a namespace and the operands; None where there is none.

    >>> text("silu").__name__, text("no_row")
    ('silu', None)
    """
    if name in PLAIN:
        one, two = lambda xp, x: getattr(xp, name)(x), lambda xp, x, y: getattr(xp, name)(x, y)
        return one if TABLE[name].arity == 1 else two
    return SHORT.get(name) or globals().get(name) if TABLE.get(name) in BUILT_IN else None


@cache
def uses(name: str) -> frozenset[str]:
    """The functions of the namespace that a row's text asks for.

    >>> sorted(uses("sigmoid")), sorted(uses("relu"))
    (['abs', 'exp', 'where'], ['where'])
    """
    asked: set[str] = set()

    class Asked(Namespace):
        def __getattr__(self, name: str) -> Any:
            asked.add(name)
            return lambda *_: Anything()

    written = text(name)
    assert written is not None
    written(Asked(), *[Anything()] * (TABLE[name].arity or 4))
    return frozenset(asked)


SHORT: dict[str, Callable[..., Any]] = {
    "add": lambda xp, x, y: x + y,
    "sub": lambda xp, x, y: x - y,
    "mul": lambda xp, x, y: x * y,
    "neg": lambda xp, x: -x,
    "div": lambda xp, x, y: x / y,
    "pow": lambda xp, x, y: xp.pow(x, y),
    "pow_dxx": lambda xp, x, y: xp.where((y == 0.0) | (y == 1.0), 0.0, _power_times(xp, x, y, 2, y, y - 1.0)),
    "log1p_slope": lambda xp, x: log_slope(xp, 1.0 + x),
    "log10_slope": lambda xp, x: xp.where(x < 0.0, nan, 0.4342944819032518 / xp.abs(x)),
    "asin_slope": lambda xp, x: 1.0 / xp.sqrt((1.0 - x) * (1.0 + x)),  # outside [−1, 1] the product is negative
    "atan_slope": lambda xp, x: xp.where(xp.abs(x) < 1e100, 1.0 / (1.0 + x * x), (1.0 / x) / x),
    "atanh_slope": lambda xp, x: log_slope(xp, (1.0 - x) * (1.0 + x)),
    "sinh": lambda xp, x: xp.where(xp.abs(x) > 20.0, xp.copysign(_half_exp(xp, xp.abs(x)), x), xp.sinh(x)),
    "cosh": lambda xp, x: xp.where(xp.abs(x) > 20.0, _half_exp(xp, xp.abs(x)), xp.cosh(x)),
    "step": lambda xp, x: xp.where(x > 0.0, 1.0, xp.where(x <= 0.0, 0.0, nan)),
    "minimum": lambda xp, x, y: xp.where((x <= y) | (x != x), x, y),
    "larger": lambda xp, x, y: xp.where(x > y, 1.0, xp.where(x == y, 0.5, xp.where(x < y, 0.0, nan))),
    "where": lambda xp, condition, x, y: xp.where(condition != 0.0, x, y),
    "scatter": lambda xp, g, index, k: xp.where(index == k, g, 0.0),
    "lt": lambda xp, x, y: xp.where(x < y, 1.0, 0.0),
    "le": lambda xp, x, y: xp.where(x <= y, 1.0, 0.0),
    "gt": lambda xp, x, y: xp.where(x > y, 1.0, 0.0),
    "ge": lambda xp, x, y: xp.where(x >= y, 1.0, 0.0),
    "gated": lambda xp, g, d: xp.where((g != 0.0) & (d != 0.0), g * d, 0.0),
    "relu": lambda xp, x: xp.where(x <= 0.0, 0.0, x),
    "leaky_relu": lambda xp, x, slope: xp.where(x > 0.0, x, slope * x),
    "leaky_relu_slope": lambda xp, x, slope: xp.where(x > 0.0, 1.0, xp.where(x <= 0.0, slope, nan)),
    "elu": lambda xp, x, alpha: xp.where(x > 0.0, x, alpha * xp.expm1(x)),
    "softplus": lambda xp, x: xp.where(x != x, nan, xp.where(x > 0.0, x, 0.0) + xp.log1p(xp.decay(-xp.abs(x)))),
    "softsign": lambda xp, x: xp.where(finite(x), x / (1.0 + xp.abs(x)), sign(xp, x)),
    "erf_slope": lambda xp, x: times_gaussian(xp, 1.1283791670955126, x, 1.0),
    "normal_density": lambda xp, x: times_gaussian(xp, 0.3989422804014327, x, 0.5),
}


# --- arithmetic and powers ------------------------------------------------------------


def div_slope(xp: Any, x: Any, y: Any) -> Any:
    quotient = x / y
    larger = -((x * 2.0**600) / y / y) * 2.0**-600
    return xp.where(xp.abs(quotient) < 1e-290, larger, -(quotient / y))


def _power_times(xp: Any, x: Any, y: Any, n: int, *factors: Any) -> Any:
    """Π factors · x^(y−n); in two halves where the power leaves the range, and divided by x where y − n rounds."""
    below = xp.where(y == y, y - n, nan)  # XLA would take (y − 1) + 1 for y
    exact = ((below + n == y) & (y - below == n)) | (x == 0.0) | ~finite(x)
    exponent = xp.where(exact, below, y)
    power = xp.pow(x, exponent)
    size = xp.abs(power)
    split = ~((size > 1e-290) & (size < 1e290)) & finite(x) & (x != 0.0)
    half = xp.pow(xp.abs(x), 0.5 * exponent)
    # A power of 0 comes first: 0·y·(y − 1), where y·(y − 1) may overflow.
    result = reduce(_mul, factors, xp.where(split, half, power))
    rest = xp.where(split, half * xp.where(power < 0.0, -1.0, xp.where(power == power, 1.0, nan)), 1.0)
    for k in range(n):  # by turns, since Π factors · x^y may underflow where its quotient by x² does not
        result = xp.where(exact, result, result / x) * (1.0 if k else rest)
    return result if n else result * rest


def pow_dx(xp: Any, x: Any, y: Any) -> Any:
    zero = (y == 0.0) & ((x == 0.0) | ~finite(x))
    return xp.where(zero, 0.0, _power_times(xp, x, y, 1, y))


def pow_dy(xp: Any, x: Any, y: Any) -> Any:
    at_zero = xp.where(y >= 0.0, 0.0, xp.where(y < 0.0, -inf, nan))
    general = xp.where((x == inf) & (y < 0.0), 0.0, _power_times(xp, x, y, 0, xp.log(x)))
    return xp.where(x == 0.0, at_zero, general)


def pow_dxy(xp: Any, x: Any, y: Any) -> Any:
    bracket = xp.where(y == 0.0, 1.0, 1.0 + y * xp.log(x))
    overflows = (xp.abs(bracket) == inf) & finite(x) & (x != 0.0) & finite(y)
    largest = xp.where(bracket > 0.0, 1.7e308, -1.7e308)
    bracket = xp.where(overflows, largest, bracket)  # beside a power that underflows: 0, not nan
    at_inf = xp.where(y < 1.0, 0.0, inf)
    general = xp.where((x == inf) & (y == y), at_inf, _power_times(xp, x, y, 1, bracket))
    return xp.where((x == 0.0) & (y > 1.0), 0.0, general)


def pow_dyy(xp: Any, x: Any, y: Any) -> Any:
    zero = ((x == 0.0) & (y >= 0.0)) | ((x == inf) & (y < 0.0))
    return xp.where(zero, 0.0, _power_times(xp, x, y, 0, xp.log(x), xp.log(x)))


def ratio(xp: Any, x: Any, y: Any, z: Any, n: Any) -> Any:
    """Fractions and powers of 2 apart: a part of it may leave the range of a double where the whole does not."""
    (a, i), (b, j), (c, k) = (_parts(xp, each) for each in (x, y, z))
    exponent = clamped(xp, i + j - n * k, -4000.0, 4000.0)
    quarter = xp.floor(0.25 * exponent)
    step, last = xp.pow(2.0, quarter), xp.pow(2.0, exponent - 3.0 * quarter)
    return a * b / xp.pow(c, n) * step * step * step * last


def _parts(xp: Any, x: Any) -> tuple[Any, Any]:
    """A fraction near 1 and a whole exponent: x = fraction · 2^exponent; what has none stays."""
    ordinary = finite(x) & (x != 0.0)
    exponent = xp.floor(xp.log2(xp.where(ordinary, xp.abs(x), 1.0)))
    half = xp.floor(0.5 * exponent)  # 2^1074 is no double
    return x * xp.pow(2.0, -half) * xp.pow(2.0, half - exponent), exponent


def cbrt(xp: Any, x: Any) -> Any:
    """By Newton's method from a power whose exponent ⅓ is rounded, which costs a large x 60 ulp."""
    small = xp.abs(x) < 1e-290
    a = xp.where(small, xp.abs(x) * 2.0**600, xp.abs(x))
    root = xp.pow(a, 1.0 / 3.0)
    root = root - (root * root * root - a) / (3.0 * root * root)
    root = xp.where(small, root * 2.0**-200, root)
    return xp.where(finite(x) & (x != 0.0), xp.copysign(root, x), x)


# --- slopes, and what the libraries get wrong -----------------------------------------


def log_slope(xp: Any, x: Any) -> Any:
    return xp.where(x < 0.0, nan, 1.0 / xp.abs(x))


def atan2_slope(xp: Any, x: Any, y: Any) -> Any:
    largest = maximum(xp, xp.abs(x), xp.abs(y))
    unit = xp.where(largest < 1e-150, 2.0**600, xp.where(largest > 1e150, 2.0**-600, 1.0))
    a, b = x * unit, y * unit
    return xp.where(largest == inf, xp.copysign(0.0 * unit, x), a / (a * a + b * b) * unit)


def atanh(xp: Any, x: Any) -> Any:
    a = xp.abs(x)  # XLA's own loses two digits
    return xp.copysign(0.5 * xp.log1p(2.0 * a / (1.0 - a)), x)


def _half_exp(xp: Any, x: Any) -> Any:
    """½eˣ: PyTorch's cosh overflows with eˣ, a little too early, and XLA's loses digits."""
    half = xp.exp(0.5 * x)
    return xp.where(x > 700.0, 0.5 * half * half, 0.5 * xp.exp(x))


# --- branches -------------------------------------------------------------------------


def take(xp: Any, *operands: Any) -> Any:
    *table, index = operands
    result: Any = nan
    for k, entry in enumerate(table):
        result = xp.where(index == float(k), entry, result)
    return result


def sign(xp: Any, x: Any) -> Any:
    return xp.where(x > 0.0, 1.0, xp.where(x < 0.0, -1.0, x * 0.0))


# --- whole numbers and remainders -----------------------------------------------------


def round(xp: Any, x: Any, digits: Any) -> Any:
    """x in units of 10^−digits to the nearest whole number: as the nearest below, and the exact rest."""
    places = clamped(xp, xp.trunc(digits), -330.0, 330.0)
    power = xp.pow(10.0, clamped(xp, xp.abs(places), 0.0, 300.0))
    more = xp.pow(10.0, clamped(xp, xp.abs(places) - 300.0, 0.0, 30.0))  # 10³³⁰ is no double
    fine = places > 0.0
    units = xp.where(fine, x * power * more, x / power / more)
    below = xp.floor(units)
    rest = xp.where(fine, (units - below) + _lost(x, power), (x - below * power) / power)
    rest = xp.where(more > 1.0, units - below, rest)
    odd = below - 2.0 * xp.floor(0.5 * below) == 1.0
    nearest = xp.where((rest > 0.5) | ((rest == 0.5) & odd), below + 1.0, below)
    result = xp.where(fine, nearest / power / more, nearest * power * more)
    result = xp.where(nearest == 0.0, xp.copysign(xp.abs(nearest), x), result)
    whole = finite(x) & ~(fine & ~(xp.abs(units) < 2.0**52))  # else x has no such digits
    return xp.where(digits != digits, nan, xp.where(whole, result, x))


def _lost(x: Any, y: Any) -> Any:
    """x·y less its double: Dekker's product."""

    def halves(x: Any) -> tuple[Any, Any]:
        big = 134217729.0 * x
        high = big - (big - x)
        return high, x - high

    (a, b), (c, d) = halves(x), halves(y)
    return ((a * c - x * y) + a * d + b * c) + b * d


def _aside(r: Any, y: Any) -> Any:
    """Whether a remainder has not the divisor's sign."""
    return ((r < 0.0) & (y > 0.0)) | ((r > 0.0) & (y < 0.0))


def mod(xp: Any, x: Any, y: Any) -> Any:
    r = xp.fmod(x, y)
    return xp.where(r == 0.0, xp.copysign(r, y), xp.where(_aside(r, y), r + y, r))


def floordiv(xp: Any, x: Any, y: Any) -> Any:
    r = xp.fmod(x, y)
    q = (x - r) / y
    q = xp.where(_aside(r, y), q - 1.0, q)
    below = xp.floor(q)
    below = xp.where(q - below > 0.5, below + 1.0, below)
    return xp.where(y == 0.0, x / y, xp.where(q == 0.0, xp.copysign(q, x / y), below))


# --- sums and lengths -----------------------------------------------------------------


def fsum(xp: Any, *xs: Any) -> Any:
    total = xp.compensated(xs)
    in_range = xp.compensated(xp.each(lambda x: x * 2.0**-60, xs)) * 2.0**60
    special = xp.total(xp.each(lambda x: xp.where(finite(x), 0.0, x), xs))
    return xp.where(special == 0.0, xp.where(finite(total), total, in_range), special)


def sumprod(xp: Any, *pq: Any) -> Any:
    n = len(pq) // 2
    return xp.total([p * q for p, q in zip(pq[:n], pq[n:])])


def _length(xp: Any, *xs: Any) -> tuple[Any, Any]:
    """A unit, and √Σ x² in that unit, between 1 and √n."""
    unit = xp.largest(xp.each(xp.abs, xs))
    unit = xp.where(finite(unit) & (unit > 0.0), unit, 1.0)
    return unit, xp.sqrt(xp.total(xp.each(lambda x: (x / unit) * (x / unit), xs)))


def hypot(xp: Any, *xs: Any) -> Any:
    unit, measured = _length(xp, *xs)
    return xp.where(xp.some(lambda x: xp.abs(x) == inf, xs), inf, unit * measured)


def hypot_slope(xp: Any, x: Any, *others: Any) -> Any:
    unit, measured = _length(xp, x, *others)
    slope = xp.where(finite(x), xp.where(measured > 0.0, x / unit / measured, 0.0), sign(xp, x))
    if not others:
        return slope
    infinite = xp.some(lambda other: xp.abs(other) == inf, others)
    undefined = xp.some(lambda other: ~finite(other), others)
    return xp.where(undefined, xp.where(infinite & finite(x), 0.0, nan), slope)


# --- σ and its relatives --------------------------------------------------------------


def sech2(xp: Any, x: Any) -> Any:
    e = xp.decay(-2.0 * xp.abs(x))
    return 4.0 * e / (1.0 + e * (2.0 + e))


def sigmoid(xp: Any, x: Any) -> Any:
    e = xp.decay(-xp.abs(x))
    return xp.where(x >= 0.0, 1.0, e) / (1.0 + e)


def sigmoid_slope(xp: Any, x: Any) -> Any:
    e = xp.decay(-xp.abs(x))
    return e / (1.0 + e * (2.0 + e))


def elu_slope(xp: Any, x: Any, alpha: Any) -> Any:
    return xp.where(x > 0.0, 1.0, xp.where(x < -1400.0, alpha * 0.0, xp.times_exp(alpha, x)))


def silu(xp: Any, x: Any) -> Any:
    e = xp.decay(-xp.abs(x))
    below = xp.where(x < -800.0, -0.0, xp.times_exp(x, -xp.abs(x)) / (1.0 + e))
    return xp.where(x >= 0.0, x / (1.0 + e), below)


def silu_slope(xp: Any, x: Any) -> Any:
    e = xp.decay(-xp.abs(x))
    t = (x - SILU_ROOT) - SILU_ROOT_REST
    near = t - (1.0 + SILU_ROOT) * xp.expm1(t)
    above = 1.0 + e + x * e
    below = xp.times_exp(xp.where(xp.abs(t) < 0.5, near, 1.0 + e + x), -xp.abs(x))
    inner = xp.where(x >= 0.0, above, below) / (1.0 + e * (2.0 + e))
    far = xp.where(x == -inf, 0.0, -0.0)
    return xp.where(x > 800.0, 1.0, xp.where(x < -800.0, far, inner))


def softsign_slope(xp: Any, x: Any) -> Any:
    size = 1.0 + xp.abs(x)
    return 1.0 / size / size


# --- the normal distribution ----------------------------------------------------------


def erf(xp: Any, x: Any) -> Any:
    z = xp.abs(x)
    small = x * xp.polynomial(ERF, x * x)
    bounded = clamped(xp, z, 1.0, 6.0)  # 1 − erf 6 is 2e-17
    e = xp.decay(-(bounded * bounded))
    large = 1.0 - e * xp.polynomial(ERFC, (bounded - 2.0) / (bounded + 2.0))
    return xp.where(z < 1.0, small, xp.copysign(large, x))


def erfc(xp: Any, x: Any) -> Any:
    z = clamped(xp, xp.abs(x), 0.0, 28.4)  # erfc of more is 0
    upper = times_gaussian(xp, scaled_erfc(xp, z), z, 1.0)
    return xp.where(x < 0.0, 2.0 - upper, upper)


def gelu(xp: Any, x: Any) -> Any:
    y = clamped(xp, xp.abs(x), 0.0, 40.0)
    tail = upper_tail(xp, y)
    below = times_gaussian(xp, x * tail, y, 0.5)
    above = x * (1.0 - times_gaussian(xp, tail, y, 0.5))
    return xp.where(x < -40.0, 0.0, xp.where(x > 0.0, above, xp.where(x < 0.0, below, x)))


def gelu_slope(xp: Any, x: Any) -> Any:
    y = clamped(xp, xp.abs(x), 0.0, 40.0)
    below = times_gaussian(xp, upper_tail(xp, y) - 0.3989422804014327 * y, y, 0.5)
    above = 1.0 - below  # Φ(x) + x·φ(x) of x is 1 minus that of −x
    # It goes through zero: from its root or its minimum it is summed up.
    t = clamped(xp, (x - GELU_ROOT) - GELU_ROOT_REST, -1.0, 1.0)
    root = xp.polynomial(GELU_AROUND_ROOT, t) * t
    minimum = xp.polynomial(GELU_AROUND_MINIMUM, clamped(xp, x + 1.4142135623730951, -1.0, 1.0))
    middle = xp.where(x < -1.1, minimum, root)
    below = xp.where((x > -2.1) & (x < -0.25), middle, below)
    return xp.where(x > 0.0, above, xp.where(x < -40.0, 0.0, below))


# --- shares of a sum of exponentials --------------------------------------------------


def _log_of_rest(xp: Any, *xs: Any) -> tuple[Any, Any]:
    """m, and log1p of Σ exp(x − m) without m itself."""
    m, difference = exponentials(xp, *xs)
    return m, xp.log1p(xp.compensated([*xp.each(difference, xs), -1.0]))


def logsumexp(xp: Any, *xs: Any) -> Any:
    m, rest = _log_of_rest(xp, *xs)
    result = m + rest
    # Where m is of size and the two cancel, Σ exp(x) is near 1 and its parts are small.  A small m would be lost in
    # exp(m), and keeps its digits in the sum.
    near = xp.log1p(xp.compensated([*xp.each(xp.exp, xs), -1.0]))
    return xp.where(finite(m), xp.where((xp.abs(result) < 0.25) & (m < -0.5) & (rest > 0.0), near, result), m)


def softmax(xp: Any, x: Any, *others: Any) -> Any:
    _, difference = exponentials(xp, x, *others)
    p = difference(x)
    return p / xp.compensated([p, *xp.each(difference, others)])


def softmax_rest(xp: Any, x: Any, *others: Any) -> Any:
    _, difference = exponentials(xp, x, *others)
    rest = xp.each(difference, others)
    return xp.compensated(rest) / xp.compensated([difference(x), *rest])


def cross_entropy(xp: Any, target: Any, *others: Any) -> Any:
    m, rest = _log_of_rest(xp, target, *others)
    return (m - target) + xp.where(finite(m), rest, 0.0)
