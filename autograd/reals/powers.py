"""Quotients, powers, roots, lengths and angles on floats, with their slopes to second order.

As in elementary.py nothing raises.  What is hard here is the range: x/y², y·x^(y−1) and x/√(x²+y²)
are ordinary numbers where a part of the formula has over- or underflowed already.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal

from .elementary import div, inf, log, nan


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
        if x == 0:  # 0^−inf comes here on Python 3.10 only, and has no parity
            return math.copysign(inf, x) if y > -inf and math.fmod(y, 2.0) == -1.0 else inf
        return nan


def pow_dx(x: float, y: float) -> float:
    """Derivative of x^y in x: y·x^(y−1).

    >>> pow_dx(3.0, 2.0), pow_dx(0.0, 0.0)
    (6.0, 0.0)
    """
    if y == 2.0:  # at any x, as lowering has it too
        return 2.0 * x
    below = y - 1.0
    if below + 1.0 == y and y - below == 1.0:  # y − 1 was not rounded, neither of a small y nor of a large one
        power = pow(x, below)
        if 1e-290 < math.fabs(power) < 1e290:
            return y * power
    return _power_times(x, y, 1, y) if y else 0.0


def pow_dy(x: float, y: float) -> float:
    """Derivative of x^y in y: x^y·log x; 0 at x = 0 for y ≥ 0.

    >>> pow_dy(1.0, 5.0), pow_dy(2.0, 0.0) == log(2.0)
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
    if -1.0 < rest < 0.5:  # it cancels, and takes a logarithm of many digits
        rest = float(_DIGITS.fma(Decimal(y), _DIGITS.ln(Decimal(x)), 1))
    return _power_times(x, y, 1, rest) if rest - rest == 0 else _power_times(x, y, 1, y, log(x))


_DIGITS = Context(prec=40)


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
    exponent, divisors = (below, ()) if (below + n == y and y - below == n) or x == 0 or x - x else (y, (x,) * n)
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


def exp2(x: float) -> float:
    """2 to the power x; inf on overflow.

    >>> exp2(10.0), exp2(-1.0), exp2(1024.0)
    (1024.0, 0.5, inf)
    """
    return pow(2.0, x)


def cbrt(x: float) -> float:
    """Real cube root, of a negative number too.

    >>> cbrt(27.0), cbrt(-8.0)
    (3.0, -2.0)
    """
    # The exponent ⅓ is rounded, which costs a large x 60 ulp; between 0.5 and 4 it costs nothing.
    m, e = math.frexp(math.fabs(x))
    return math.copysign(math.ldexp(math.pow(math.ldexp(m, e % 3), 1 / 3), e // 3), x) if x - x == 0 else x


def ratio(x: float, y: float, z: float, n: float) -> float:
    """x·y / zⁿ for a whole n ≥ 0, without leaving the range of a double on the way.

    >>> ratio(3.0, 4.0, 2.0, 1.0), ratio(1e200, 1e200, 1e100, 3.0)
    (6.0, 1e+100)
    """
    return _quotient((x, y), (z,) * int(n)) if 0 <= n < 100 and n % 1 == 0 else div(x * y, pow(z, n))


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


def atan2(y: float, x: float) -> float:
    """The angle of the point (x, y), in radians from −π to π.

    >>> atan2(1.0, 0.0) == 1.5707963267948966, atan2(0.0, 0.0)
    (True, 0.0)
    """
    return math.atan2(y, x)


def atan2_slope(x: float, y: float) -> float:
    """Derivative of atan2(y, x) in y: x / (x² + y²); nan at the origin, where the angle jumps.

    >>> atan2_slope(1.0, 3.0), atan2_slope(1e200, 1e200), atan2_slope(0.0, 0.0)
    (0.1, 5e-201, nan)
    """
    length = math.hypot(x, y)
    if 1e-150 < length < 1e150:  # else x² and y² leave the range
        return x / (x * x + y * y)
    if x != x or y != y:
        return nan
    if length == inf and (x - x or y - y):
        return math.copysign(0.0, x)
    unit = 2.0**600 if length < 1 else 2.0**-600
    length = math.hypot(x * unit, y * unit)
    return _quotient((x * unit, unit), (length, length))
