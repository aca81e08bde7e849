"""The rows of the table without `if`: one text each, which every target reads.

A text is written over a namespace xp: NumPy, JAX and PyTorch, LLVM's vectors, the text of
JavaScript.  Where a function on floats branches, both branches are computed here and `where`
chooses, so that nothing depends on the data.  The formulas and their reasons are those of
autograd/reals.  What it costs: powers and quotients may lose digits where a part of them leaves
the range of a double, which reals/powers.py avoids by looking.

Symbols: e an exponential that cannot overflow; φ and Φ density and distribution of the standard
normal; erfcx z = erfc(z)·exp(z²), which decays like 1/z only, so a polynomial in w = (z − 2)/(z + 2)
can follow it.

A function has the name of its row.  PLAIN are those that are one function of the namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, reduce
from math import factorial
from operator import add as _add
from operator import mul as _mul
from operator import or_ as _or
from typing import Any

# isort: off
from ..ops import BUILT_IN, TABLE
from ..reals.activations import (
    GELU_AROUND_MINIMUM, GELU_AROUND_ROOT, GELU_ROOT, GELU_ROOT_REST, SILU_ROOT, SILU_ROOT_REST,
)  # fmt: skip
from ..reals.elementary import inf, nan
# isort: on

PLAIN = {
    "abs", "sqrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan",
    "atan2", "tanh", "asinh", "acosh", "atanh", "copysign", "floor", "ceil", "trunc", "fmod",
}  # fmt: skip
# What is exact or rounded correctly.
EXACT = {"where", "abs", "sqrt", "copysign", "floor", "ceil", "trunc"}


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
        return reduce(_or, map(f, xs))

    def largest(self, xs: Sequence[Any]) -> Any:
        """The largest, or nan if one is."""
        return reduce(lambda x, y: maximum(self, x, y), xs)

    def total(self, xs: Sequence[Any]) -> Any:
        """Σ x from left to right."""
        return reduce(_add, xs)

    def compensated(self, xs: Sequence[Any]) -> Any:
        """Σ x by two passes that turn rounding errors into terms, as in Ogita, Rump, Oishi (2005), algorithm 4.8."""
        terms = list(xs)
        for _ in range(2):
            for i in range(1, len(terms)):
                a, b = terms[i - 1], terms[i]
                terms[i] = s = a + b
                back = s - a
                terms[i - 1] = (a - (s - back)) + (b - back)
        return reduce(_add, terms, 0.0)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def text(name: str) -> Callable[..., Any] | None:
    """The text of a built-in row, a function of a namespace and the operands; None where there is none.

    >>> text("relu").__name__, text("no_row")
    ('relu', None)
    """
    if name in PLAIN:
        one, two = lambda xp, x: getattr(xp, name)(x), lambda xp, x, y: getattr(xp, name)(x, y)
        return one if TABLE[name].arity == 1 else two
    return globals()[name] if TABLE.get(name) in BUILT_IN and name in globals() else None


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
            return lambda *_: _Anything()

    written = text(name)
    assert written is not None
    written(Asked(), *[_Anything()] * (TABLE[name].arity or 4))
    return frozenset(asked)


class _Anything:
    """An operand that every operation gives another of."""

    def _(self, *_: Any) -> _Anything:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _
    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __invert__ = _
    __eq__ = __ne__ = _  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def finite(x: Any) -> Any:
    return x - x == 0.0


def clamped(xp: Any, x: Any, low: float, high: float) -> Any:
    """x between two bounds; nan stays."""
    x = xp.where(x < low, low, x)
    return xp.where(x > high, high, x)


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
    return xp.pow(x, y)


def _power_times(xp: Any, x: Any, y: Any, n: int, *factors: Any) -> Any:
    """Π factors · x^(y−n); in two halves where the power leaves the range, and divided by x where y − n rounds."""
    below = y - n
    exact = (below + n == y) | (x == 0.0) | ~finite(x)
    exponent = xp.where(exact, below, y)
    power = xp.pow(x, exponent)
    size = xp.abs(power)
    split = ~((size > 1e-290) & (size < 1e290)) & finite(x) & (x != 0.0)
    half = xp.pow(xp.abs(x), 0.5 * exponent)
    first = xp.where(split, half, 1.0)
    second = xp.where(split, half * xp.where(power < 0.0, -1.0, xp.where(power == power, 1.0, nan)), power)
    result = reduce(_mul, factors, first) * second
    for _ in range(n):
        result = xp.where(exact, result, result / x)
    return result


def pow_dx(xp: Any, x: Any, y: Any) -> Any:
    zero = (y == 0.0) & ((x == 0.0) | ~finite(x))
    return xp.where(zero, 0.0, _power_times(xp, x, y, 1, y))


def pow_dy(xp: Any, x: Any, y: Any) -> Any:
    at_zero = xp.where(y >= 0.0, 0.0, xp.where(y < 0.0, -inf, nan))
    general = xp.where((x == inf) & (y < 0.0), 0.0, _power_times(xp, x, y, 0, xp.log(x)))
    return xp.where(x == 0.0, at_zero, general)


def pow_dxx(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((y == 0.0) | (y == 1.0), 0.0, _power_times(xp, x, y, 2, y, y - 1.0))


def pow_dxy(xp: Any, x: Any, y: Any) -> Any:
    bracket = xp.where(y == 0.0, 1.0, 1.0 + y * xp.log(x))
    overflows = (xp.abs(bracket) == inf) & finite(x) & (x != 0.0) & finite(y)
    bracket = xp.where(overflows, xp.copysign(1.7e308, bracket), bracket)  # beside a power that underflows: 0, not nan
    at_inf = xp.where(y < 1.0, 0.0, inf)
    general = xp.where((x == inf) & (y == y), at_inf, _power_times(xp, x, y, 1, bracket))
    return xp.where((x == 0.0) & (y > 1.0), 0.0, general)


def pow_dyy(xp: Any, x: Any, y: Any) -> Any:
    zero = ((x == 0.0) & (y >= 0.0)) | ((x == inf) & (y < 0.0))
    return xp.where(zero, 0.0, _power_times(xp, x, y, 0, xp.log(x), xp.log(x)))


def ratio(xp: Any, x: Any, y: Any, z: Any, n: Any) -> Any:
    once = x / z * y
    once = xp.where(finite(once) & (once != 0.0), once, y / z * x)
    twice = (x / z) * (y / z)
    more = xp.where(twice == 0.0, twice, twice * xp.pow(z, 2.0 - n))  # 1/z can be inf, and 0·inf is no 0
    return xp.where(n == 0.0, x * y, xp.where(n == 1.0, once, more))


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


def log1p_slope(xp: Any, x: Any) -> Any:
    return log_slope(xp, 1.0 + x)


def log10_slope(xp: Any, x: Any) -> Any:
    return xp.where(x < 0.0, nan, 0.4342944819032518 / xp.abs(x))


def asin_slope(xp: Any, x: Any) -> Any:
    return 1.0 / xp.sqrt((1.0 - x) * (1.0 + x))  # outside [−1, 1] the product is negative


def atan_slope(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) < 1e100, 1.0 / (1.0 + x * x), (1.0 / x) / x)


def atan2_slope(xp: Any, x: Any, y: Any) -> Any:
    largest = maximum(xp, xp.abs(x), xp.abs(y))
    unit = xp.where(largest < 1e-150, 2.0**600, xp.where(largest > 1e150, 2.0**-600, 1.0))
    a, b = x * unit, y * unit
    return xp.where(largest == inf, xp.copysign(0.0 * unit, x), a / (a * a + b * b) * unit)


def atanh_slope(xp: Any, x: Any) -> Any:
    return log_slope(xp, (1.0 - x) * (1.0 + x))


def sinh(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) > 20.0, xp.copysign(_half_exp(xp, xp.abs(x)), x), xp.sinh(x))


def cosh(xp: Any, x: Any) -> Any:
    return xp.where(xp.abs(x) > 20.0, _half_exp(xp, xp.abs(x)), xp.cosh(x))


def _half_exp(xp: Any, x: Any) -> Any:
    """½eˣ: PyTorch's cosh overflows with eˣ, a little too early, and XLA's loses digits."""
    half = xp.exp(0.5 * x)
    return xp.where(x > 700.0, 0.5 * half * half, 0.5 * xp.exp(x))


# --- branches -------------------------------------------------------------------------


def sign(xp: Any, x: Any) -> Any:
    return xp.where(x > 0.0, 1.0, xp.where(x < 0.0, -1.0, x * 0.0))


def step(xp: Any, x: Any) -> Any:
    return xp.where(x > 0.0, 1.0, xp.where(x <= 0.0, 0.0, nan))


def maximum(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((x >= y) | (x != x), x, y)


def minimum(xp: Any, x: Any, y: Any) -> Any:
    return xp.where((x <= y) | (x != x), x, y)


def larger(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x > y, 1.0, xp.where(x == y, 0.5, xp.where(x < y, 0.0, nan)))


def where(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    return xp.where(condition != 0.0, x, y)


def lt(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x < y, 1.0, 0.0)


def le(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x <= y, 1.0, 0.0)


def gt(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x > y, 1.0, 0.0)


def ge(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x >= y, 1.0, 0.0)


def gated(xp: Any, g: Any, d: Any) -> Any:
    return xp.where((g != 0.0) & (d != 0.0), g * d, 0.0)


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
    in_range = xp.compensated([x * 2.0**-60 for x in xs]) * 2.0**60
    special = xp.total([xp.where(finite(x), 0.0, x) for x in xs])
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


def relu(xp: Any, x: Any) -> Any:
    return xp.where(x <= 0.0, 0.0, x)


def leaky_relu(xp: Any, x: Any, slope: Any) -> Any:
    return xp.where(x > 0.0, x, slope * x)


def leaky_relu_slope(xp: Any, x: Any, slope: Any) -> Any:
    return xp.where(x > 0.0, 1.0, xp.where(x <= 0.0, slope, nan))


def elu(xp: Any, x: Any, alpha: Any) -> Any:
    return xp.where(x > 0.0, x, alpha * xp.expm1(x))


def elu_slope(xp: Any, x: Any, alpha: Any) -> Any:
    return xp.where(x > 0.0, 1.0, xp.where(x < -1400.0, alpha * 0.0, xp.times_exp(alpha, x)))


def softplus(xp: Any, x: Any) -> Any:
    return xp.where(x != x, nan, xp.where(x > 0.0, x, 0.0) + xp.log1p(xp.decay(-xp.abs(x))))


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


def softsign(xp: Any, x: Any) -> Any:
    return xp.where(finite(x), x / (1.0 + xp.abs(x)), sign(xp, x))


def softsign_slope(xp: Any, x: Any) -> Any:
    o = 1.0 / (1.0 + xp.abs(x))
    return o * o


# --- the normal distribution ----------------------------------------------------------

# erf(√z) / √z on 0 ≤ z ≤ 1, error 7.4e-18; this and the others as in native/kernels.py
ERF = (
    -7.795898827002142e-10, 1.3720064546777686e-08, -1.6208483801871705e-07, 1.6447424703317362e-06,
    -1.492473690741966e-05, 0.00012055294904839707, -0.0008548325975389692, 0.0052239776071164225,
    -0.02686617064323777, 0.11283791670945006, -0.37612638903183543, 1.1283791670955126,
)  # fmt: skip
# erfcx z on 1 ≤ z ≤ 6, −1/3 ≤ w ≤ 1/2, error 9.0e-17
ERFC = (
    3.917059299925389e-06, 1.820143195975009e-06, -1.4067532694582058e-05, -2.7647305443610053e-05,
    2.754312818566672e-05, 0.00017436697232946864, 4.3554202452705896e-05, -0.0009819773208131022,
    -0.0008471431980760424, 0.006997461747753573, 0.00373289240349224, -0.07897858101585253,
    0.24165819424246987, -0.4271858474139579, 0.25539567631050575,
)  # fmt: skip
# (z + 2)·erfcx z on 0 ≤ z ≤ 28.4, −1 ≤ w ≤ 0.8685, error 9.5e-18
ERFCX = (
    -1.8284012409343871e-09, -8.771457832560913e-09, -7.113768292915277e-09, 3.752476009660644e-08,
    9.753184743974319e-08, 1.8733571969720677e-08, -3.048261585170807e-07, -5.855822831582703e-07,
    -1.4923147143802426e-08, 2.0075882394216516e-06, 3.6530874076900104e-06, -1.1268512525984029e-06,
    -1.6124249671073875e-05, -2.1696081196815697e-05, 3.414968173774554e-05, 0.00014447075119518142,
    3.437131669668349e-05, -0.0006630735078926978, -0.0008372960512617098, 0.003090612059491473,
    0.006479185067145153, -0.021510661889501334, -0.03644223150686431, 0.27947209255605504,
    -0.6871606844138107, 1.021582705242023,
)  # fmt: skip


def erf(xp: Any, x: Any) -> Any:
    z = xp.abs(x)
    small = x * xp.polynomial(ERF, x * x)
    bounded = clamped(xp, z, 1.0, 6.0)  # 1 − erf 6 is 2e-17
    e = xp.decay(-(bounded * bounded))
    large = 1.0 - e * xp.polynomial(ERFC, (bounded - 2.0) / (bounded + 2.0))
    return xp.where(z < 1.0, small, xp.copysign(large, x))


def _times_gaussian(xp: Any, factor: Any, x: Any, k: float) -> Any:
    """factor·exp(−k·x²).  Rounding x² would cost k·x² ulp, so x = near + rest with an exact near²."""
    x = clamped(xp, x, -40.0, 40.0)
    near = xp.floor(x * 4096.0 + 0.5) * 2.0**-12  # 12 bits after the point
    z = (x - near) * (x + near) * -k  # |z| < 0.01: Taylor's series to z⁶
    taylor = xp.polynomial([1.0 / factorial(i) for i in (6, 5, 4, 3, 2, 1)], z) * z
    value = xp.times_exp(factor + factor * taylor, near * near * -k)
    return xp.where(xp.abs(x) < 40.0, value, xp.where(x != x, nan, 0.0))


def erfc(xp: Any, x: Any) -> Any:
    z = clamped(xp, xp.abs(x), 0.0, 28.4)  # erfc of more is 0
    upper = _times_gaussian(xp, xp.polynomial(ERFCX, (z - 2.0) / (z + 2.0)) / (z + 2.0), z, 1.0)
    return xp.where(x < 0.0, 2.0 - upper, upper)


def erf_slope(xp: Any, x: Any) -> Any:
    return _times_gaussian(xp, 1.1283791670955126, x, 1.0)


def normal_density(xp: Any, x: Any) -> Any:
    return _times_gaussian(xp, 0.3989422804014327, x, 0.5)


def _upper_tail(xp: Any, y: Any) -> Any:
    """1 − Φ(y) = φ(y)·√(π/2)·erfcx(y/√2) without the factor exp(−y²/2), for 0 ≤ y ≤ 40."""
    z = y * 0.7071067811865476
    return 0.5 * xp.polynomial(ERFCX, (z - 2.0) / (z + 2.0)) / (z + 2.0)


def gelu(xp: Any, x: Any) -> Any:
    y = clamped(xp, xp.abs(x), 0.0, 40.0)
    tail = _upper_tail(xp, y)
    below = _times_gaussian(xp, x * tail, y, 0.5)
    above = x * (1.0 - _times_gaussian(xp, tail, y, 0.5))
    return xp.where(x < -40.0, 0.0, xp.where(x > 0.0, above, xp.where(x < 0.0, below, x)))


def gelu_slope(xp: Any, x: Any) -> Any:
    y = clamped(xp, xp.abs(x), 0.0, 40.0)
    below = _times_gaussian(xp, _upper_tail(xp, y) - 0.3989422804014327 * y, y, 0.5)
    above = 1.0 - below  # Φ(x) + x·φ(x) of x is 1 minus that of −x
    # It goes through zero: from its root or its minimum it is summed up.
    t = clamped(xp, (x - GELU_ROOT) - GELU_ROOT_REST, -1.0, 1.0)
    root = xp.polynomial(GELU_AROUND_ROOT, t) * t
    minimum = xp.polynomial(GELU_AROUND_MINIMUM, clamped(xp, x + 1.4142135623730951, -1.0, 1.0))
    middle = xp.where(x < -1.1, minimum, root)
    below = xp.where((x > -2.1) & (x < -0.25), middle, below)
    return xp.where(x > 0.0, above, xp.where(x < -40.0, 0.0, below))


# --- shares of a sum of exponentials --------------------------------------------------


def _exponentials(xp: Any, *xs: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The largest operand m, and exp(x − m) as a function of an operand; nan where no x is above −inf."""
    m = xp.largest(xs)
    base = xp.where(m > -inf, m, nan)

    def difference(x: Any) -> Any:
        d = x - base
        back = d - x  # the rounding of x − m is up to 372 ulp, so it is put back
        e = xp.exp(d) * (1.0 + ((x - (d - back)) - (base + back)))
        return xp.where(x == base, 1.0, xp.where(d == -inf, 0.0, e))

    return m, difference


def _log_of_rest(xp: Any, *xs: Any) -> tuple[Any, Any]:
    """m, and log1p of Σ exp(x − m) without m itself."""
    m, difference = _exponentials(xp, *xs)
    return m, xp.log1p(xp.compensated([*xp.each(difference, xs), -1.0]))


def logsumexp(xp: Any, *xs: Any) -> Any:
    m, rest = _log_of_rest(xp, *xs)
    result = m + rest
    # Near zero the two cancel; there Σ exp(x) is near 1 and its parts are small.
    near = xp.log1p(xp.compensated([*xp.each(xp.exp, xs), -1.0]))
    return xp.where(finite(m), xp.where((xp.abs(result) < 0.25) & (m < 0.0), near, result), m)


def softmax(xp: Any, x: Any, *others: Any) -> Any:
    _, difference = _exponentials(xp, x, *others)
    p = difference(x)
    return p / xp.compensated([p, *xp.each(difference, others)])


def softmax_rest(xp: Any, x: Any, *others: Any) -> Any:
    _, difference = _exponentials(xp, x, *others)
    rest = xp.each(difference, others)
    return xp.compensated(rest) / xp.compensated([difference(x), *rest])


def cross_entropy(xp: Any, target: Any, *others: Any) -> Any:
    m, rest = _log_of_rest(xp, target, *others)
    return (m - target) + xp.where(finite(m), rest, 0.0)
