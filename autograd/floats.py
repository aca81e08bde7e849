"""The real functions on floats: what a row of the table computes.

Symbols: x, y operands; e an exponential that cannot overflow.  Every function takes
floats, returns a float and never raises: overflow is inf, an undefined value is nan,
as IEEE 754 has it.  Where a textbook formula would lose digits, the comment says which
and why; the bars are in docs/numerics.md.  Nothing here knows about graphs.

A function has the name of its row, so `abs` and `pow` here are not the builtins.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from operator import add, mul

inf, nan = math.inf, math.nan


# --- powers and roots ---------------------------------------------------------------


def div(x: float, y: float) -> float:
    """Quotient x / y; 1/0 is inf and 0/0 is nan.

    >>> div(1.0, 4.0), div(-1.0, 0.0)
    (0.25, -inf)
    """
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)


def div_slope(x: float, y: float) -> float:
    """Derivative of x / y in y: −x / y².

    >>> div_slope(1.0, 4.0)
    -0.0625
    """
    quotient = div(x, y)
    if -1e-290 < quotient < 1e-290:  # it may be subnormal: work 2^600 times larger
        return -div(div(x * 2.0**600, y), y) * 2.0**-600
    return -div(quotient, y)  # x / (y·y) would over- or underflow long before this does


def pow(x: float, y: float) -> float:
    """x to the power y, real or nan: (−8)^(1/3) is nan, 0^0 is 1.

    >>> pow(2.0, 10.0), pow(-8.0, 1 / 3), pow(0.0, -1.0)
    (1024.0, nan, inf)
    """
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and math.fmod(y, 2.0) else inf
    except ValueError:  # 0 to a negative power, or a negative base with a fraction above it
        if x == 0:
            return math.copysign(inf, x) if math.fmod(y, 2.0) in (1.0, -1.0) else inf
        return nan


def pow_dx(x: float, y: float) -> float:
    """Derivative of x^y in x: y·x^(y−1).

    >>> pow_dx(3.0, 2.0), pow_dx(0.0, 0.0)
    (6.0, 0.0)
    """
    below = y - 1.0
    if below + 1.0 == y:
        power = pow(x, below)
        if 1e-290 < math.fabs(power) < 1e290:
            return y * power
    return _power_times(x, y, 1, y) if y else 0.0


def pow_dy(x: float, y: float) -> float:
    """Derivative of x^y in y: x^y·log x; 0 at x = 0 for y ≥ 0.

    >>> pow_dy(1.0, 5.0), pow_dy(exp(1.0), 1.0) == exp(1.0)
    (0.0, True)
    """
    if x == 0:
        return 0.0 if y >= 0 else -inf if y < 0 else nan
    if x == inf and y < 0:
        return 0.0
    power = pow(x, y)
    return power * log(x) if 1e-290 < power < 1e290 else _power_times(x, y, 0, log(x))


def pow_dxx(x: float, y: float) -> float:
    """Second derivative of x^y in x: y·(y−1)·x^(y−2).

    >>> pow_dxx(5.0, 2.0), pow_dxx(0.0, 1.0)
    (2.0, 0.0)
    """
    return _power_times(x, y, 2, y, y - 1.0) if y and y != 1 else 0.0


def pow_dxy(x: float, y: float) -> float:
    """Second derivative of x^y in x and y: x^(y−1)·(1 + y·log x).

    >>> pow_dxy(1.0, 5.0), pow_dxy(0.0, 2.0)
    (1.0, 0.0)
    """
    if x == 0 and y > 1:
        return 0.0
    if x == inf and y == y:
        return 0.0 if y < 1 else inf
    rest = 1.0 + y * log(x) if y else 1.0
    if -0.1 < rest < 0.1:  # it cancels, and takes a logarithm of many digits
        rest = float(_DIGITS.fma(Decimal(y), _DIGITS.ln(Decimal(x)), 1))
    return _power_times(x, y, 1, rest)


_DIGITS = Context(prec=60)


def pow_dyy(x: float, y: float) -> float:
    """Second derivative of x^y in y: x^y·log²x; 0 at x = 0 for y ≥ 0.

    >>> pow_dyy(1.0, 5.0), pow_dyy(0.0, 1.0)
    (0.0, 0.0)
    """
    if (x == 0 and y >= 0) or (x == inf and y < 0):
        return 0.0
    return _power_times(x, y, 0, log(x), log(x))


def _power_times(x: float, y: float, n: int, *factors: float) -> float:
    """Π factors · x^(y−n)."""
    below = y - n
    # Where y − n rounds, the error is multiplied by log x, up to 350 ulp: divide by x afterwards.
    exponent, divisors = (below, ()) if below + n == y or x == 0 or x - x else (y, (x,) * n)
    power = pow(x, exponent)
    if not 1e-290 < math.fabs(power) < 1e290 and x - x == 0 and x:
        # Out of range, or about to be, where the whole may be inside: the power in two halves.
        half = pow(math.fabs(x), 0.5 * exponent)
        return _quotient((*factors, half, math.copysign(half, power) if power == power else nan), divisors)
    return _quotient((*factors, power), divisors)


def _quotient(above: tuple[float, ...], below: tuple[float, ...]) -> float:
    """Π above / Π below, rounded well also where a part of it would leave the range."""
    mantissa, exponent = 1.0, 0
    for x in above:
        m, e = math.frexp(x)
        mantissa *= m
        exponent += e
    for x in below:
        m, e = math.frexp(x)
        mantissa = div(mantissa, m)
        exponent -= e
    try:
        return math.ldexp(mantissa, exponent)
    except OverflowError:
        return math.copysign(inf, mantissa)


def ratio(x: float, y: float, z: float, n: float) -> float:
    """x·y / zⁿ for a whole n ≥ 0, without leaving the range of a double on the way.

    >>> ratio(3.0, 4.0, 2.0, 1.0), ratio(1e200, 1e200, 1e100, 3.0)
    (6.0, 1e+100)
    """
    return _quotient((x, y), (z,) * int(n)) if 0 <= n < 100 and n % 1 == 0 else div(x * y, pow(z, n))


def sqrt(x: float) -> float:
    """Square root; nan below 0.

    >>> sqrt(9.0), sqrt(-1.0)
    (3.0, nan)
    """
    return math.sqrt(x) if x >= 0 else nan


def hypot(*xs: float) -> float:
    """Euclidean length √(Σ x²), without overflow on the way.

    >>> hypot(3.0, 4.0), hypot(1e200, 0.0)
    (5.0, 1e+200)
    """
    return math.hypot(*xs)


def hypot_slope(x: float, *others: float) -> float:
    """Derivative of hypot in its first operand: x / √(x² + Σ others²); 0 at the origin.

    >>> hypot_slope(3.0, 4.0), hypot_slope(0.0, 0.0)
    (0.6, 0.0)
    """
    length = math.hypot(x, *others)
    if 1e-290 < length < inf:
        return x / length
    if not all(other - other == 0 for other in others):
        return 0.0 if length == inf and x - x == 0 else nan
    if x - x != 0:
        return math.copysign(1.0, x) if x == x else nan
    # A subnormal length has few digits, and a length may overflow: measure in another unit.
    unit = 2.0**600 if length < 1 else 2.0**-600
    length = math.hypot(x * unit, *(other * unit for other in others))
    return x * unit / length if length else 0.0


# --- exponentials and logarithms ----------------------------------------------------


def exp(x: float) -> float:
    """Exponential; inf on overflow.

    >>> exp(1.0), exp(1000.0)
    (2.718281828459045, inf)
    """
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    """eˣ − 1, accurate near 0.

    >>> expm1(1e-20)
    1e-20
    """
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    """Natural logarithm; −inf at 0, nan below.

    >>> log(1.0), log(0.0)
    (0.0, -inf)
    """
    return math.log(x) if x > 0 else -inf if x == 0 else nan


def log_slope(x: float) -> float:
    """Derivative of log: 1 / x; inf at 0, nan below, where log is nan.

    >>> log_slope(4.0), log_slope(-4.0)
    (0.25, nan)
    """
    return 1.0 / x if x > 0 else inf if x == 0 else nan


def log1p(x: float) -> float:
    """log(1 + x), accurate near 0; −inf at −1, nan below.

    >>> log1p(1e-20), log1p(-1.0)
    (1e-20, -inf)
    """
    return math.log1p(x) if x > -1 else -inf if x == -1 else nan


def log1p_slope(x: float) -> float:
    """Derivative of log1p: 1 / (1 + x); inf at −1, nan below.

    >>> log1p_slope(1.0), log1p_slope(-1.0)
    (0.5, inf)
    """
    return log_slope(1.0 + x)


def _exp_difference(x: float, m: float) -> float:
    """exp(x − m) for x ≤ m: the rounding of x − m is up to 372 ulp, so it is put back."""
    if x == m:
        return 1.0
    d = x - m
    if d == -inf:
        return 0.0
    back = d - x
    return math.exp(d) * (1.0 + ((x - (d - back)) - (m + back)))


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
    if m < 0 and -0.25 < result < 0.25:  # the two cancel; Σ exp(x) is near 1 and its parts are small
        return math.log1p(math.fsum((*map(math.exp, xs), -1.0)))
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
    if target - target or m - m or any(x != x for x in others):
        return inf if target == -inf and m > -inf and m == m else logsumexp(target, *others) - target
    if m == target:
        return math.log1p(math.fsum(_exp_difference(x, m) for x in others))
    rest = sorted(_shifted((target, *others)))[:-1]
    return (m - target) + math.log1p(math.fsum(rest))


# --- trigonometry -------------------------------------------------------------------


def sin(x: float) -> float:
    """Sine of x radians; nan at ±inf.

    >>> sin(0.0), sin(float("inf"))
    (0.0, nan)
    """
    return math.sin(x) if x - x == 0 else nan


def cos(x: float) -> float:
    """Cosine of x radians; nan at ±inf.

    >>> cos(0.0)
    1.0
    """
    return math.cos(x) if x - x == 0 else nan


def tan(x: float) -> float:
    """Tangent of x radians; nan at ±inf.

    >>> tan(0.0)
    0.0
    """
    return math.tan(x) if x - x == 0 else nan


def asin(x: float) -> float:
    """Arc sine in radians; nan outside [−1, 1].

    >>> asin(1.0) == 1.5707963267948966
    True
    """
    return math.asin(x) if -1 <= x <= 1 else nan


def asin_slope(x: float) -> float:
    """Derivative of asin: 1 / √((1−x)(1+x)); inf at ±1.

    >>> asin_slope(0.6), asin_slope(1.0)
    (1.25, inf)
    """
    # 1 − x² loses 1e7 ulp near ±1; the factors are exact there.
    return div(1.0, math.sqrt((1.0 - x) * (1.0 + x))) if -1 <= x <= 1 else nan


def acos(x: float) -> float:
    """Arc cosine in radians; nan outside [−1, 1].

    >>> acos(1.0)
    0.0
    """
    return math.acos(x) if -1 <= x <= 1 else nan


def atan(x: float) -> float:
    """Arc tangent in radians.

    >>> atan(float("inf")) == 1.5707963267948966
    True
    """
    return math.atan(x)


def atan_slope(x: float) -> float:
    """Derivative of atan: 1 / (1 + x²).

    >>> atan_slope(3.0), atan_slope(1e200)
    (0.1, 0.0)
    """
    return 1.0 / (1.0 + x * x) if -1e100 < x < 1e100 else (1.0 / x) / x  # x² may overflow


def sinh(x: float) -> float:
    """Hyperbolic sine; ±inf on overflow.

    >>> sinh(0.0), sinh(-1000.0)
    (0.0, -inf)
    """
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def cosh(x: float) -> float:
    """Hyperbolic cosine; inf on overflow.

    >>> cosh(0.0), cosh(-1000.0)
    (1.0, inf)
    """
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


# --- the activations of the lecture and their slopes ----------------------------------


def tanh(x: float) -> float:
    """Hyperbolic tangent (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), between −1 and 1.

    >>> tanh(0.0), tanh(float("inf"))
    (0.0, 1.0)
    """
    return math.tanh(x)


def sech2(x: float) -> float:
    """Slope of tanh, 1 / cosh²x: it vanishes for large |x|, but it is not zero.

    >>> sech2(0.0), sech2(20.0)
    (1.0, 1.6993417021166355e-17)
    """
    # 1 − tanh²x has no right digit left at |x| = 19: "the gradient vanished" would be our fault.
    e = math.exp(-2.0 * math.fabs(x))
    return 4.0 * e / (1.0 + e * (2.0 + e))


def sigmoid(x: float) -> float:
    """Logistic sigmoid 1 / (1 + e⁻ˣ), between 0 and 1.

    >>> sigmoid(0.0), sigmoid(-700.0) == exp(-700.0)
    (0.5, True)
    """
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)  # e⁻ˣ would overflow
    return e / (1.0 + e)


def sigmoid_slope(x: float) -> float:
    """Slope of the sigmoid, σ(x)·(1 − σ(x)).

    >>> sigmoid_slope(0.0), sigmoid_slope(40.0) == exp(-40.0)
    (0.25, True)
    """
    e = math.exp(-math.fabs(x))  # σ(1 − σ) has lost every digit at x = 37
    return e / (1.0 + e * (2.0 + e))


def relu(x: float) -> float:
    """Rectifier max(0, x).

    >>> relu(2.0), relu(-2.0)
    (2.0, 0.0)
    """
    return x if x > 0 or x != x else 0.0


def leaky_relu(x: float, slope: float = 0.01) -> float:
    """x above 0, slope·x below.

    >>> leaky_relu(2.0), leaky_relu(-2.0, 0.25)
    (2.0, -0.5)
    """
    return x if x > 0 else slope * x


def leaky_relu_slope(x: float, slope: float) -> float:
    """Derivative of leaky_relu in x: 1 above 0, else slope.

    >>> leaky_relu_slope(2.0, 0.25), leaky_relu_slope(0.0, 0.25)
    (1.0, 0.25)
    """
    return 1.0 if x > 0 else slope if x <= 0 else nan


def elu(x: float, alpha: float = 1.0) -> float:
    """Exponential linear unit: x above 0, alpha·(eˣ − 1) below.

    >>> elu(2.0), elu(-float("inf"), 0.5)
    (2.0, -0.5)
    """
    return x if x > 0 else alpha * math.expm1(x)


def elu_slope(x: float, alpha: float) -> float:
    """Derivative of elu in x: 1 above 0, else alpha·eˣ.

    >>> elu_slope(2.0, 0.5), elu_slope(0.0, 0.5)
    (1.0, 0.5)
    """
    if x > 0:
        return 1.0
    if x < -700:  # eˣ may be subnormal where alpha·eˣ is not: two halves
        half = math.exp(0.5 * x)
        return alpha * half * half
    return alpha * math.exp(x)


def softplus(x: float) -> float:
    """log(1 + eˣ), a smooth relu.

    >>> softplus(0.0) == log(2.0), softplus(1000.0)
    (True, 1000.0)
    """
    return (x if x > 0 else 0.0) + math.log1p(math.exp(-math.fabs(x))) if x == x else nan


def silu(x: float) -> float:
    """x·σ(x), also called swish; −0 at −inf.

    >>> silu(0.0), silu(-float("inf"))
    (0.0, -0.0)
    """
    if x >= 0:
        return x / (1.0 + math.exp(-x))
    if x < -700:  # eˣ may be subnormal where x·eˣ is not: two halves
        half = math.exp(0.5 * x)
        return x * half * half if x > -inf else -0.0
    e = math.exp(x)
    return x * e / (1.0 + e)


# The root r of silu', where eʳ + 1 + r = 0, as a sum of two doubles.
_SILU_ROOT, _SILU_ROOT_REST = -1.2784645427610737, -1.0946994183093437e-16


def silu_slope(x: float) -> float:
    """Slope of silu, σ(x)·(1 + x·(1 − σ(x))).

    >>> silu_slope(0.0), silu_slope(float("inf")), silu_slope(-float("inf"))
    (0.5, 1.0, 0.0)
    """
    if x - x != 0:
        return 1.0 if x > 0 else 0.0 if x < 0 else nan
    if x >= 0:
        e = math.exp(-x)
        return (1.0 + e + x * e) / (1.0 + e * (2.0 + e))
    if x < -700:
        half = math.exp(0.5 * x)
        return (1.0 + x) * half * half
    e = math.exp(x)
    t = (x - _SILU_ROOT) - _SILU_ROOT_REST
    # 1 + e + x cancels near the root; from there it is t + eʳ(eᵗ − 1), with eʳ = −(1 + r).
    bracket = t - (1.0 + _SILU_ROOT) * math.expm1(t) if -0.5 < t < 0.5 else 1.0 + e + x
    return e * bracket / (1.0 + e * (2.0 + e))


def erf(x: float) -> float:
    """Error function.

    >>> erf(0.0), erf(float("inf"))
    (0.0, 1.0)
    """
    return math.erf(x)


def erf_slope(x: float) -> float:
    """Derivative of erf: 2/√π · exp(−x²).

    >>> erf_slope(0.0)
    1.1283791670955126
    """
    return _times_gaussian(1.1283791670955126, x, 1.0)


def normal_density(x: float) -> float:
    """Density of the standard normal distribution, exp(−x²/2) / √(2π).

    >>> normal_density(0.0)
    0.3989422804014327
    """
    return _times_gaussian(0.3989422804014327, x, 0.5)


def _times_gaussian(factor: float, x: float, k: float) -> float:
    """factor · exp(−k·x²).  Rounding x² would cost k·x² ulp, so x = near + rest, near² exact."""
    if not -40.0 < x < 40.0:
        return 0.0 if x == x else nan
    near = math.floor(4096.0 * x + 0.5) / 4096.0
    factor += factor * math.expm1(-k * (x - near) * (x + near))  # a small part: it adds half an ulp, not two
    if k * near * near < 700.0:
        return factor * math.exp(-k * near * near)
    half = math.exp(-0.5 * k * near * near)  # twice: the whole may be subnormal
    return factor * half * half


_SQRT_HALF, _SQRT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17


def _normal_tail(x: float) -> float:
    """2·Φ(x) = erfc(−x·√½), with the rounding of x·√½, worth x² ulp, put back."""
    z = -x * _SQRT_HALF
    high = 134217729.0 * x
    high -= high - x
    low = x - high
    c_high = 0.7071067690849304  # the upper half of _SQRT_HALF's digits
    c_low = _SQRT_HALF - c_high
    error = ((high * c_high + z) + high * c_low + low * c_high) + low * c_low
    shift = -(error + x * _SQRT_HALF_REST)  # true argument − z
    return math.erfc(z) - 1.1283791670955126 * math.exp(-z * z) * shift


def gelu(x: float) -> float:
    """x·Φ(x), Φ the normal distribution (the exact form, not the tanh one); 0 at −inf.

    >>> gelu(0.0), gelu(-float("inf")), gelu(-9.0)
    (0.0, 0.0, -1.0157295653584566e-18)
    """
    if x < -20.0:
        return _times_gaussian(-0.3989422804014327 * _mills_series(x), x, 0.5) if x > -40 else 0.0
    if x > 9.0:  # Φ(x) is 1 to the last digit
        return x
    return 0.5 * x * _normal_tail(x) if x == x else nan


def gelu_slope(x: float) -> float:
    """Slope of gelu: Φ(x) + x·φ(x).

    >>> gelu_slope(0.0), gelu_slope(float("inf")), gelu_slope(-float("inf"))
    (0.5, 1.0, 0.0)
    """
    if x < -20.0:
        factor = 0.3989422804014327 * (x - _mills_series(x) / x)
        return _times_gaussian(factor, x, 0.5) if x > -40 else 0.0
    if x > 40.0:
        return 1.0
    if -2.1 < x < -0.25:  # Φ + xφ cancels here, so it is summed up from its root or its minimum
        if x < -1.1:
            return _polynomial(_GELU_AROUND_MINIMUM, x + 1.4142135623730951)
        t = (x - _GELU_ROOT) - _GELU_ROOT_REST
        return _polynomial(_GELU_AROUND_ROOT, t) * t
    return 0.5 * _normal_tail(x) + _times_gaussian(0.3989422804014327 * x, x, 0.5) if x == x else nan


def _gelu_series(r: float, terms: int = 26) -> list[float]:
    """Taylor coefficients of (gelu'(r + t) − gelu'(r)) / t, the highest first; gelu'' is (2 − x²)·φ(x)."""
    a = [0.0, 0.0, normal_density(r)]  # of t²·φ(r + t), since φ' = −x·φ
    for k in range(terms):
        a.append(-(r * a[-1] + a[-2]) / (k + 1))
    return [((2.0 - r * r) * a[k + 2] - 2.0 * r * a[k + 1] - a[k]) / (k + 1) for k in reversed(range(terms))]


def _polynomial(coefficients: list[float], t: float) -> float:
    total = 0.0
    for c in coefficients:
        total = total * t + c
    return total


# The root r of gelu' as a sum of two doubles; gelu' at its minimum −√2.
_GELU_ROOT, _GELU_ROOT_REST = -0.7517915246935645, 1.4956759177009883e-17
_GELU_AROUND_ROOT = _gelu_series(_GELU_ROOT)
_GELU_AROUND_MINIMUM = [*_gelu_series(-1.4142135623730951), -0.12890414518515478]


def _mills_series(x: float) -> float:
    """Φ(x)·|x| / φ(x) for x < −20: 1 − 1/x² + 1·3/x⁴ − … (erfc itself is subnormal there)."""
    total, term, t = 1.0, 1.0, -1.0 / (x * x)
    for odd in range(1, 25, 2):
        term *= odd * t
        total += term
    return total


# --- branches, as operations --------------------------------------------------------


def abs(x: float) -> float:
    """Absolute value; its slope at 0 is taken as 0.

    >>> abs(-2.0)
    2.0
    """
    return math.fabs(x)


def sign(x: float) -> float:
    """−1, 0 or 1: the slope of the absolute value.

    >>> sign(-2.0), sign(0.0)
    (-1.0, 0.0)
    """
    return 1.0 if x > 0 else -1.0 if x < 0 else x * 0.0 if x == x else nan


def step(x: float) -> float:
    """1 above 0, else 0: the slope of relu.

    >>> step(2.0), step(0.0)
    (1.0, 0.0)
    """
    return 1.0 if x > 0 else 0.0 if x <= 0 else nan


def maximum(x: float, y: float) -> float:
    """The larger operand; nan if one is nan.

    >>> maximum(1.0, 2.0)
    2.0
    """
    return x if x >= y or x != x else y


def minimum(x: float, y: float) -> float:
    """The smaller operand; nan if one is nan.

    >>> minimum(1.0, 2.0)
    1.0
    """
    return x if x <= y or x != x else y


def larger(x: float, y: float) -> float:
    """The slope of maximum in x: 1 where x is the larger, ½ at a tie, else 0.

    >>> larger(2.0, 1.0), larger(1.0, 1.0)
    (1.0, 0.5)
    """
    return 1.0 if x > y else 0.5 if x == y else 0.0 if x < y else nan


def where(condition: float, x: float, y: float) -> float:
    """x where the condition is not 0, else y.

    >>> where(1.0, 2.0, 3.0), where(0.0, 2.0, 3.0)
    (2.0, 3.0)
    """
    return x if condition else y


def lt(x: float, y: float) -> float:
    """1.0 if x < y, else 0.0.

    >>> lt(1.0, 2.0)
    1.0
    """
    return 1.0 if x < y else 0.0


def le(x: float, y: float) -> float:
    """1.0 if x ≤ y, else 0.0.

    >>> le(2.0, 2.0)
    1.0
    """
    return 1.0 if x <= y else 0.0


def gt(x: float, y: float) -> float:
    """1.0 if x > y, else 0.0.

    >>> gt(2.0, 1.0)
    1.0
    """
    return 1.0 if x > y else 0.0


def ge(x: float, y: float) -> float:
    """1.0 if x ≥ y, else 0.0.

    >>> ge(2.0, 2.0)
    1.0
    """
    return 1.0 if x >= y else 0.0


# --- sums and products --------------------------------------------------------------


def gated(g: float, d: float) -> float:
    """g·d, but 0 where a factor is 0, even if the other is inf or nan.

    >>> gated(0.0, float("inf")), gated(2.0, 3.0)
    (0.0, 6.0)
    """
    return g * d if g and d else 0.0


def fsum(*xs: float) -> float:
    """Σ x, correctly rounded whatever the order; it never raises.

    >>> fsum(1e308, 1e308, -1e308), fsum(0.1, 0.2, 0.3, -0.6)
    (1e+308, 2.7755575615628914e-17)
    """
    try:
        return math.fsum(xs)
    except (OverflowError, ValueError):  # a partial sum left the range, or inf − inf
        special = [x for x in xs if x - x != 0]
        if special:
            return reduce(add, special)
        total = sum(map(Fraction, xs))
        try:
            return float(total)
        except OverflowError:
            return inf if total > 0 else -inf


def sumprod(*pq: float) -> float:
    """Σ pᵢ·qᵢ of p₁…pₙ q₁…qₙ: plain doubles from left to right, the same bits everywhere.

    The error is at most n·u·Σ|pᵢ·qᵢ|, u = 2⁻⁵³.

    >>> sumprod(1.0, 2.0, 3.0, 4.0)
    11.0
    """
    n = len(pq) // 2
    return reduce(add, map(mul, pq[:n], pq[n:])) if pq else 0.0
