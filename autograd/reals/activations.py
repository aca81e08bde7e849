"""The activations of the lecture on floats, and their slopes.

Symbols: e an exponential that cannot overflow; φ and Φ density and distribution of the
standard normal.  As in elementary.py nothing raises, and a slope that would cancel has a
function of its own: 1 − tanh²x and σ(1 − σ) lose every digit where the network is sure, and
would report a gradient that vanished although it is only small.
"""

from __future__ import annotations

import math

from .elementary import exp, inf, log, nan  # noqa: F401  exp and log are for the examples

# --- σ and its relatives --------------------------------------------------------------


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


def softsign(x: float) -> float:
    """x / (1 + |x|), between −1 and 1.

    >>> softsign(3.0), softsign(-float("inf"))
    (0.75, -1.0)
    """
    return x / (1.0 + math.fabs(x)) if -inf < x < inf else math.copysign(1.0, x) if x == x else nan


def softsign_slope(x: float) -> float:
    """Slope of softsign, 1 / (1 + |x|)².

    >>> softsign_slope(0.0), softsign_slope(-3.0), softsign_slope(1e200)
    (1.0, 0.0625, 0.0)
    """
    size = 1.0 + math.fabs(x)
    return 1.0 / size / size  # size² may overflow


# The root r of silu', where eʳ + 1 + r = 0, as a sum of two doubles.
SILU_ROOT, SILU_ROOT_REST = -1.2784645427610737, -1.0946994183093437e-16


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
    t = (x - SILU_ROOT) - SILU_ROOT_REST
    # 1 + e + x cancels near the root; from there it is t + eʳ(eᵗ − 1), with eʳ = −(1 + r).
    bracket = t - (1.0 + SILU_ROOT) * math.expm1(t) if -0.5 < t < 0.5 else 1.0 + e + x
    return e * bracket / (1.0 + e * (2.0 + e))


def erf(x: float) -> float:
    """Error function.

    >>> erf(0.0), erf(float("inf"))
    (0.0, 1.0)
    """
    return math.erf(x)


def erfc(x: float) -> float:
    """1 − erf(x), with all its digits where erf is almost 1.

    >>> erfc(0.0), erfc(27.0) > 0.0
    (1.0, True)
    """
    return math.erfc(x)


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


EXP_MINUS_96 = 2.031092662734811e-42  # e⁻⁹⁶ is a 60th of a rounding away


def _times_gaussian(factor: float, x: float, k: float) -> float:
    """factor · exp(−k·x²).  Rounding x² would cost k·x² ulp, so x = near + rest, near² exact."""
    if not -40.0 < x < 40.0:
        return 0.0 if x == x else nan
    near = x + 1649267441664.0 - 1649267441664.0  # 3·2³⁹ has no digits below 2⁻¹²: x in whole 4096ths
    factor += factor * math.expm1(-k * (x - near) * (x + near))  # a small part: it adds half an ulp, not two
    if k * near * near < 700.0:
        return factor * math.exp(-k * near * near)
    return factor * math.exp(96.0 - k * near * near) * EXP_MINUS_96  # the whole may be subnormal


SQRT_HALF, SQRT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17


def _normal_tail(x: float) -> float:
    """2·Φ(x) = erfc(−x·√½), with the rounding of x·√½, worth x² ulp, put back."""
    z = -x * SQRT_HALF
    high = 134217729.0 * x
    high -= high - x
    low = x - high
    c_high = 0.7071067690849304  # the upper half of SQRT_HALF's digits
    c_low = SQRT_HALF - c_high
    error = ((high * c_high + z) + high * c_low + low * c_high) + low * c_low
    shift = -(error + x * SQRT_HALF_REST)  # true argument − z
    return math.erfc(z) - 1.1283791670955126 * math.exp(-z * z) * shift


def gelu(x: float) -> float:
    """x·Φ(x), Φ the normal distribution (the exact form, not the tanh one); 0 at −inf.

    >>> gelu(0.0), gelu(-float("inf")), gelu(-9.0)
    (0.0, 0.0, -1.0157295653584566e-18)
    """
    if x < -20.0:
        factor = 0.3989422804014327 * _mills_series(x) + 0.3989422804014327
        return -_times_gaussian(factor, x, 0.5) if x > -40 else 0.0
    if x > 9.0:  # Φ(x) is 1 to the last digit
        return x
    return 0.5 * x * _normal_tail(x) if x == x else nan


def gelu_slope(x: float) -> float:
    """Slope of gelu: Φ(x) + x·φ(x).

    >>> gelu_slope(0.0), gelu_slope(float("inf")), gelu_slope(-float("inf"))
    (0.5, 1.0, 0.0)
    """
    if x < -20.0:
        factor = 0.3989422804014327 * (x - (1.0 + _mills_series(x)) / x)
        return _times_gaussian(factor, x, 0.5) if x > -40 else 0.0
    if x > 40.0:
        return 1.0
    if -2.1 < x < -0.25:  # Φ + xφ cancels here, so it is summed up from its root or its minimum
        if x < -1.1:
            return _polynomial(GELU_AROUND_MINIMUM, x + 1.4142135623730951)
        t = (x - GELU_ROOT) - GELU_ROOT_REST
        return _polynomial(GELU_AROUND_ROOT, t) * t
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
GELU_ROOT, GELU_ROOT_REST = -0.7517915246935645, 1.4956759177009883e-17
GELU_AROUND_ROOT = _gelu_series(GELU_ROOT)
GELU_AROUND_MINIMUM = [*_gelu_series(-1.4142135623730951), -0.12890414518515478]


def _mills_series(x: float) -> float:
    """Φ(x)·|x| / φ(x) − 1 for x < −20: −1/x² + 1·3/x⁴ − … (erfc itself is subnormal there)."""
    total, term, t = 0.0, 1.0, -1.0 / (x * x)
    for odd in range(1, 25, 2):
        term *= odd * t
        total += term
    return total
