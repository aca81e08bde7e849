"""exp(−x²), the error function and the normal distribution on Vectors; see kernels.py.

Symbols: φ and Φ density and distribution of the standard normal; erfcx z = erfc(z)·exp(z²),
which decays like 1/z only, so a polynomial in w = (z − 2)/(z + 2) can follow it.
"""

from __future__ import annotations

import math

from ...reals.activations import GELU_AROUND_MINIMUM, GELU_AROUND_ROOT, GELU_ROOT, GELU_ROOT_REST
from .kernels import clamped, decay, nan, times_exp
from .vectors import Vector, copysign, multiply_add, polynomial, select

# erf(√z) / √z on 0 ≤ z ≤ 1, error 7.4e-18
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


def erf(x: Vector) -> Vector:
    z = abs(x)
    small = x * polynomial(ERF, x * x)
    bounded = clamped(z, 1.0, 6.0)  # 1 − erf 6 is 2e-17
    e, _ = decay(-(bounded * bounded))
    large = 1.0 - e * polynomial(ERFC, (bounded - 2.0) / (bounded + 2.0))
    return select(z < 1.0, small, copysign(large, x))


def _times_gaussian(factor: Vector, x: Vector, k: float) -> Vector:
    """factor·exp(−k·x²); x = near + rest with an exact near², as in activations.py."""
    x = clamped(x, -40.0, 40.0)
    near = (x + 1.5 * 2.0**40) - 1.5 * 2.0**40  # 12 bits after the point
    z = (x - near) * (x + near) * -k  # |z| < 0.01: Taylor's series to z⁶
    taylor = polynomial([1.0 / math.factorial(i) for i in (6, 5, 4, 3, 2, 1)], z) * z
    value = times_exp(multiply_add(factor, taylor, factor), near * near * -k)
    return select(abs(x) < 40.0, value, select(x.is_nan, nan, 0.0))


def erf_slope(x: Vector) -> Vector:
    return _times_gaussian(x.block.constant(1.1283791670955126), x, 1.0)


def normal_density(x: Vector) -> Vector:
    return _times_gaussian(x.block.constant(0.3989422804014327), x, 0.5)


def _upper_tail(y: Vector) -> Vector:
    """1 − Φ(y) = φ(y)·√(π/2)·erfcx(y/√2) without the factor exp(−y²/2), for 0 ≤ y ≤ 40."""
    z = y * 0.7071067811865476
    w = (z - 2.0) / (z + 2.0)
    return 0.5 * polynomial(ERFCX, w) / (z + 2.0)


def gelu(x: Vector) -> Vector:
    y = clamped(abs(x), 0.0, 40.0)
    tail = _upper_tail(y)
    below = _times_gaussian(x * tail, y, 0.5)
    above = x * (1.0 - _times_gaussian(tail, y, 0.5))
    return select(x < -40.0, 0.0, select(x > 0.0, above, select(x < 0.0, below, x)))


def gelu_slope(x: Vector) -> Vector:
    y = clamped(abs(x), 0.0, 40.0)
    tail, density = _upper_tail(y), 0.3989422804014327 * y
    below = _times_gaussian(tail - density, y, 0.5)
    above = 1.0 - below  # Φ(x) + x·φ(x) of x is 1 minus that of −x
    # It goes through zero: from its root or its minimum it is summed up.
    t = (x - GELU_ROOT) - GELU_ROOT_REST
    root = polynomial(GELU_AROUND_ROOT, clamped(t, -1.0, 1.0)) * t
    minimum = polynomial(GELU_AROUND_MINIMUM, clamped(x + 1.4142135623730951, -1.0, 1.0))
    middle = select(x < -1.1, minimum, root)
    below = select(x > -2.1, select(x < -0.25, middle, below), below)
    return select(x > 0.0, above, select(x < -40.0, 0.0, below))
