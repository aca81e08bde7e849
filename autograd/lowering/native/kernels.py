"""The transcendental functions on Vectors: range reduction, a polynomial, and the edges by selection.

They are what the texts of ../rows.py ask for.  Within 4 ULP of the truth over the whole double range,
as on floats; tests measure it.
Polynomials are interpolations in Chebyshev's nodes, made with mpmath's `chebyfit` in 50
digits; each stands with its interval and its error, and a test computes it again.

Symbols: x = n·ln 2 + r with a whole n; m a mantissa in [√½, √2); e an exponential that
cannot overflow.  Scaling by 2ⁿ is done in two steps, so that a result may be subnormal.
Where a row needs a branch that lanes rarely take, it says in which lanes its fast path is
right, and the others are computed outside: Guarded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .vectors import (
    Mask,
    Vector,
    bits,
    copysign,
    from_bits,
    integer,
    multiply_add,
    polynomial,
    select,
)  # fmt: skip

inf, nan = math.inf, math.nan

# (eʳ − 1 − r) / r² on |r| ≤ 0.3466, error 1.0e-16
EXP = (
    2.510038319586702e-08, 2.7620085455018414e-07, 2.7557268464831627e-06, 2.4801521302241082e-05,
    0.00019841269863050506, 0.001388888891720967, 0.008333333333330063, 0.041666666666624136,
    0.16666666666666669, 0.5000000000000001,
)  # fmt: skip
# (2·artanh(√z) / √z − 2) / z on 0 ≤ z ≤ 0.02945, error 3.1e-16
LOG = (
    0.1461703754879165, 0.1533167403016786, 0.18182890556695602, 0.2222221111514416,
    0.2857142862609589, 0.3999999999989924, 0.666666666666667,
)  # fmt: skip
# (sin(√z) / √z − 1) / z on 0 ≤ z ≤ 0.6169, error 1.2e-20
SIN = (
    -7.586692262094344e-13, 1.6058531536611833e-10, -2.5052106231927857e-08, 2.7557319219337672e-06,
    -0.00019841269841265063, 0.008333333333333331, -0.16666666666666666,
)  # fmt: skip
# (cos(√z) − 1 + z/2) / z² on 0 ≤ z ≤ 0.6169, error 6.4e-22
COS = (
    4.7458692024108734e-14, -1.1470460841811526e-11, 2.087675579079147e-09, -2.7557319221401993e-07,
    2.4801587301584645e-05, -0.0013888888888888887, 0.041666666666666664,
)  # fmt: skip

ROUNDING = 1.5 * 2.0**52  # x + this − this is x rounded to a whole number, which its last bits hold
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.6931471805592082, 7.371002565167799e-13  # 40 bits, so that n times it is exact
# π/2 in three parts; the first two have 33 bits, so that n < 2¹⁹ times them is exact
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
ONE_BITS = 0x3FF0000000000000


# --- exponentials ------------------------------------------------------------------------


class Scale(NamedTuple):
    """2ⁿ as two factors, neither of which over- or underflows, and n itself."""

    first: Vector
    second: Vector
    n: Vector

    def times(self, x: Vector) -> Vector:
        return x * self.first * self.second


def clamped(x: Vector, low: float, high: float) -> Vector:
    """x between two bounds; nan stays."""
    x = select(x < low, low, x)
    return select(x > high, high, x)


def _reduced(x: Vector) -> tuple[Vector, Scale]:
    """eʳ − 1 and 2ⁿ, so that eˣ is (1 + (eʳ − 1))·2ⁿ; for −1400 < x < 1400."""
    n = multiply_add(x, LOG2_E, ROUNDING) - ROUNDING
    r = multiply_add(n, -LN2_LOW, multiply_add(n, -LN2_HIGH, x))
    half = multiply_add(n, 0.5, ROUNDING)
    rest = (n - (half - ROUNDING)) + ROUNDING
    return multiply_add(r * r, polynomial(EXP, r), r), Scale(_power_of_2(half), _power_of_2(rest), n)


def _power_of_2(rounded: Vector) -> Vector:
    """2ⁿ of n + ROUNDING."""
    block = rounded.block
    return from_bits(block, integer(block, "shl", integer(block, "add", bits(rounded), 1023), 52))


def exp(x: Vector) -> Vector:
    less_1, scale = _reduced(clamped(x, -746.0, 710.0))
    return scale.times(1.0 + less_1)


def times_exp(a: Vector, x: Vector) -> Vector:
    """a·eˣ for x ≤ 0, also where eˣ is subnormal and the product is not."""
    less_1, scale = _reduced(clamped(x, -1400.0, 0.0))
    return a * scale.first * (1.0 + less_1) * scale.second  # in this order a·(1 + …) cannot overflow


def expm1(x: Vector) -> Vector:
    less_1, scale = _reduced(clamped(x, -50.0, 710.0))
    inverse = _power_of_2(ROUNDING - clamped(scale.n, -100.0, 100.0))  # below half an ulp of 1, if n > 60
    result = scale.times(less_1 + (1.0 - inverse))
    return copysign(select(scale.n == 0.0, less_1, result), x)


def decay(x: Vector) -> Vector:
    """eˣ for x ≤ 0."""
    return _decay(x)[0]


def _decay(x: Vector) -> tuple[Vector, Vector]:
    """eˣ and eˣ − 1 for x ≤ 0."""
    less_1, scale = _reduced(select(x < -746.0, -746.0, x))
    e = scale.times(1.0 + less_1)
    return e, select(scale.n == 0.0, less_1, e - 1.0)


def tanh(x: Vector) -> Vector:
    _, less_1 = _decay(-2.0 * abs(x))
    return copysign(-less_1 / (2.0 + less_1), x)


# --- logarithms ----------------------------------------------------------------------------


def _split(x: Vector) -> tuple[Vector, Vector]:
    """k and m − 1 of a positive normal x = m·2ᵏ, m in [√½, √2)."""
    block = x.block
    shifted = integer(block, "add", bits(x), ONE_BITS - SQRT_HALF_BITS)
    exponent = integer(block, "or", integer(block, "lshr", shifted, 52), 0x4330000000000000)  # 2⁵² + k + 1023
    mantissa = integer(block, "add", integer(block, "and", shifted, 0x000FFFFFFFFFFFFF), SQRT_HALF_BITS)
    return from_bits(block, exponent) - (2.0**52 + 1023.0), from_bits(block, mantissa) - 1.0


def _log_of(k: Vector, f: Vector, correction: Vector | None = None) -> Vector:
    """k·ln 2 + log(1 + f) + correction for 1 + f in [√½, √2).

    With s = f/(2 + f), log(1 + f) = 2·artanh s = f − (f²/2 − s·(f²/2 + R)), R = s²·LOG(s²).
    """
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    small = s * (half_square + z * polynomial(LOG, z)) + k * LN2_LOW
    if correction is not None:
        small = small + correction
    return k * LN2_HIGH + (f - (half_square - small))


def log(x: Vector) -> Vector:
    tiny = x < 2.0**-1022
    k, f = _split(select(tiny, x * 2.0**54, x))
    result = _log_of(select(tiny, k - 54.0, k), f)
    return _edges(result, x, x)


def _edges(result: Vector, y: Vector, x: Vector) -> Vector:
    """−inf where y = 0, nan below; x itself where it is inf or nan."""
    finite = select(y > 0.0, result, select(y < 0.0, nan, -inf))
    return select(x < inf, finite, x)


def log1p(x: Vector) -> Vector:
    u = 1.0 + x
    k, f = _split(u)
    lost = select(x >= 1.0, 1.0 - (u - x), x - (u - 1.0)) / u  # what the rounding of 1 + x took away
    whole = k == 0.0
    zero = x.block.constant(0.0)
    result = _log_of(k, select(whole, x, f), select(whole, zero, lost))
    return _edges(select(x == 0.0, x, result), u, x)


# --- sine and cosine -----------------------------------------------------------------------


class Guarded(NamedTuple):
    """A result, and the lanes in which it is right; the others are computed outside."""

    result: Vector
    right: Mask


GuardedKernel = Callable[..., Guarded]


def _quarter(x: Vector, turns: int) -> Guarded:
    """sin(x + turns·π/2): by the quarter that x lies in, ±sin r or ±cos r with |r| ≤ π/4."""
    block = x.block
    rounded = multiply_add(x, 0.6366197723675814, ROUNDING)
    n = rounded - ROUNDING
    r = x
    for part in HALF_PI:
        r = multiply_add(n, -part, r)
    z = r * r
    sine = multiply_add(r * z, polynomial(SIN, z), r)
    half = 0.5 * z
    # 1 − z/2 rounds; what it loses is put back
    cosine = (1.0 - half) + (((1.0 - (1.0 - half)) - half) + z * z * polynomial(COS, z))
    quarter = integer(block, "add", bits(rounded), turns)
    odd = integer(block, "and", quarter, 1)
    is_odd = Mask(block, block.value(f"icmp ne {block.bits} {odd}, zeroinitializer"))
    sign = integer(block, "shl", integer(block, "and", quarter, 2), 62)
    value = select(is_odd, cosine, sine)
    signed = block.value(f"xor {block.bits} {bits(value)}, {sign}")
    return Guarded(from_bits(block, signed), abs(x) < 4e5)


def sin(x: Vector) -> Guarded:
    value, right = _quarter(x, 0)
    return Guarded(select(x == 0.0, x, value), right)


def cos(x: Vector) -> Guarded:
    return _quarter(x, 1)
