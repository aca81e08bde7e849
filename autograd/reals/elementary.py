"""The real functions on floats: what a row of the table computes.

Symbols: x, y operands; e an exponential that cannot overflow.  Every function takes
floats, returns a float and never raises: overflow is inf, an undefined value is nan,
as IEEE 754 has it.  Where a textbook formula would lose digits, the comment says which
and why; the bars are in docs/numerics.md.  Nothing here knows about graphs.

A function has the name of its row.  In the same manner stand powers, quotients and lengths in
powers.py, branches in branches.py, activations in activations.py, what classifiers need in shares.py.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from operator import add, mul

inf, nan = math.inf, math.nan


# --- exponentials, logarithms, roots --------------------------------------------------


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


def log2(x: float) -> float:
    """Logarithm to base 2; −inf at 0, nan below.

    >>> log2(8.0), log2(0.0)
    (3.0, -inf)
    """
    return math.log2(x) if x > 0 else -inf if x == 0 else nan


def log10(x: float) -> float:
    """Logarithm to base 10; −inf at 0, nan below.

    >>> log10(1000.0), log10(-1.0)
    (3.0, nan)
    """
    return math.log10(x) if x > 0 else -inf if x == 0 else nan


def log10_slope(x: float) -> float:
    """Derivative of log10: 1 / (x·log 10); inf at 0, nan below.

    >>> log10_slope(1.0), log10_slope(0.0)
    (0.4342944819032518, inf)
    """
    # As a multiple of 1/x it would be inf at subnormal x where it is not.
    return 0.4342944819032518 / x if x > 0 else inf if x == 0 else nan


def sqrt(x: float) -> float:
    """Square root; nan below 0.

    >>> sqrt(9.0), sqrt(-1.0)
    (3.0, nan)
    """
    return math.sqrt(x) if x >= 0 else nan


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


def asinh(x: float) -> float:
    """Inverse hyperbolic sine.

    >>> asinh(0.0), asinh(-float("inf"))
    (0.0, -inf)
    """
    return math.asinh(x)


def acosh(x: float) -> float:
    """Inverse hyperbolic cosine; nan below 1.

    >>> acosh(1.0), acosh(0.5)
    (0.0, nan)
    """
    return math.acosh(x) if x >= 1 else nan


def atanh(x: float) -> float:
    """Inverse hyperbolic tangent; ±inf at ±1, nan outside.

    >>> atanh(0.0), atanh(-1.0), atanh(2.0)
    (0.0, -inf, nan)
    """
    return math.atanh(x) if -1 < x < 1 else x * inf if x == 1 or x == -1 else nan


def atanh_slope(x: float) -> float:
    """Derivative of atanh: 1 / ((1−x)(1+x)); inf at ±1, nan outside.

    >>> atanh_slope(0.5), atanh_slope(1.0), atanh_slope(2.0)
    (1.3333333333333333, inf, nan)
    """
    return log_slope((1.0 - x) * (1.0 + x))  # 1 − x² would cancel near ±1


# --- sums and products --------------------------------------------------------------


def div(x: float, y: float) -> float:
    """Quotient x / y; 1/0 is inf and 0/0 is nan.

    >>> div(1.0, 4.0), div(-1.0, 0.0)
    (0.25, -inf)
    """
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)


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
