"""The table's rows without a transcendental function, on Vectors: bit for bit what floats.py says.

Where a row branches, both sides are computed and each lane takes its own.  So a side that
is not taken may be nan or inf; a select forgets it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ...ops import TABLE, Op
from .vectors import Vector, select

Kernel = Callable[..., Vector]

inf, nan = math.inf, math.nan


def sqrt(x: Vector) -> Vector:
    return x.block.intrinsic("sqrt", x)


def log_slope(x: Vector) -> Vector:
    return select(x < 0.0, nan, 1.0 / abs(x))


def asin_slope(x: Vector) -> Vector:
    return 1.0 / sqrt((1.0 - x) * (1.0 + x))  # outside [−1, 1] the product is negative


def atan_slope(x: Vector) -> Vector:
    return select(abs(x) < 1e100, 1.0 / (1.0 + x * x), (1.0 / x) / x)


def div_slope(x: Vector, y: Vector) -> Vector:
    quotient = x / y
    small = -(((x * 2.0**600) / y) / y) * 2.0**-600
    return select(abs(quotient) < 1e-290, small, -(quotient / y))


def relu(x: Vector) -> Vector:
    return select(x.compared("ugt", 0.0), x, 0.0)


def step(x: Vector) -> Vector:
    return select(x > 0.0, 1.0, select(x.is_nan, nan, 0.0))


def leaky_relu_slope(x: Vector, slope: Vector) -> Vector:
    return select(x > 0.0, 1.0, select(x.is_nan, nan, slope))


def sign(x: Vector) -> Vector:
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x * 0.0))


def larger(x: Vector, y: Vector) -> Vector:
    return select(x > y, 1.0, select(x < y, 0.0, select(x.compared("oeq", y), 0.5, nan)))


def gated(g: Vector, d: Vector) -> Vector:
    return select(g.compared("une", 0.0) & d.compared("une", 0.0), g * d, 0.0)


def sumprod(*pq: Vector) -> Vector:
    n = len(pq) // 2
    total = pq[0] * pq[n]
    for p, q in zip(pq[1:n], pq[n + 1 :]):
        total = total + p * q
    return total


def fsum(*xs: Vector) -> Vector:
    """Σ x with the rounding errors of its additions summed up beside it.

    At most one ulp of Σ|x| wrong (Ogita, Rump & Oishi 2005, Sum2: u·|Σx| + n²u²·Σ|x|).
    """
    total, rest = xs[0], None
    for x in xs[1:]:
        new = total + x
        back = new - total
        error = (total - (new - back)) + (x - back)  # exact: Knuth's TwoSum
        total, rest = new, error if rest is None else rest + error
    if rest is None or len(xs) == 2:
        return total
    return select((total - total).compared("oeq", 0.0), total + rest, total)


def _truth(how: str) -> Kernel:
    return lambda x, y: select(x.compared(how, y), 1.0, 0.0)


_KERNELS: dict[str, Kernel] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "abs": abs,
    "sqrt": sqrt,
    "div_slope": div_slope,
    "log_slope": log_slope,
    "log1p_slope": lambda x: log_slope(1.0 + x),
    "asin_slope": asin_slope,
    "atan_slope": atan_slope,
    "relu": relu,
    "step": step,
    "leaky_relu": lambda x, slope: select(x > 0.0, x, slope * x),
    "leaky_relu_slope": leaky_relu_slope,
    "sign": sign,
    "maximum": lambda x, y: select((x >= y) | x.is_nan, x, y),
    "minimum": lambda x, y: select((x <= y) | x.is_nan, x, y),
    "larger": larger,
    "where": lambda condition, x, y: select(condition.compared("une", 0.0), x, y),
    "lt": _truth("olt"),
    "le": _truth("ole"),
    "gt": _truth("ogt"),
    "ge": _truth("oge"),
    "gated": gated,
    "sumprod": sumprod,
    "fsum": fsum,
}
EXACT: dict[Op, Kernel] = {TABLE[name]: kernel for name, kernel in _KERNELS.items()}
COST = {TABLE["div_slope"]: 10, TABLE["fsum"]: 20, **dict.fromkeys((TABLE["larger"], TABLE["sign"], TABLE["gated"]), 5)}
