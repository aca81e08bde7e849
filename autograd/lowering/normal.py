"""exp(−x²), and what is left of a normal distribution: what the texts of erf, gelu and their like share.

Symbols: φ and Φ density and distribution of the standard normal; erfcx z = erfc(z)·exp(z²), which decays
like 1/z only, so a polynomial in w = (z − 2)/(z + 2) can follow it.  Polynomials as in native/kernels.py.
"""

from __future__ import annotations

from math import factorial, nan
from typing import Any

from .namespace import clamped

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


def times_gaussian(xp: Any, factor: Any, x: Any, k: float) -> Any:
    """factor·exp(−k·x²).  Rounding x² would cost k·x² ulp, so x = near + rest with an exact near²."""
    x = clamped(xp, x, -40.0, 40.0)
    near = xp.floor(x * 4096.0 + 0.5) * 2.0**-12  # 12 bits after the point
    z = (x - near) * (x + near) * -k  # |z| < 0.01: Taylor's series to z⁶
    taylor = xp.polynomial([1.0 / factorial(i) for i in (6, 5, 4, 3, 2, 1)], z) * z
    value = xp.times_exp(factor + factor * taylor, near * near * -k)
    return xp.where(xp.abs(x) < 40.0, value, xp.where(x != x, nan, 0.0))


def upper_tail(xp: Any, y: Any) -> Any:
    """1 − Φ(y) = φ(y)·√(π/2)·erfcx(y/√2) without the factor exp(−y²/2), for 0 ≤ y ≤ 40."""
    return 0.5 * scaled_erfc(xp, y * 0.7071067811865476)


def scaled_erfc(xp: Any, z: Any) -> Any:
    """erfcx z for 0 ≤ z ≤ 28.4."""
    return xp.polynomial(ERFCX, (z - 2.0) / (z + 2.0)) / (z + 2.0)
