"""Which kernel computes which row of the table; what is missing here is computed outside, see outside.py."""

from __future__ import annotations

from ...ops import TABLE, Op
from . import kernels, kernels_classes, kernels_normal
from .branches import COST, EXACT, Kernel
from .kernels import Guarded, GuardedKernel
from .vectors import Vector

_POW, _POW_DX, _POW_DXX = TABLE["pow"], TABLE["pow_dx"], TABLE["pow_dxx"]


def pow_dx(x: Vector, y: Vector) -> Guarded:
    below = y - 1.0
    power = x.block.outer(_POW, x, below)
    size = abs(power)
    return Guarded(y * power, (below + 1.0).compared("oeq", y) & (size > 1e-290) & (size < 1e290))


def pow_dy(x: Vector, y: Vector) -> Guarded:
    power = x.block.outer(_POW, x, y)
    return Guarded(power * kernels.log(x), (x > 0.0) & (power > 1e-290) & (power < 1e290))


FUNCTIONS: dict[Op, Kernel] = {
    TABLE[name]: getattr(module, name)
    for module, names in (
        (kernels, "exp expm1 log log1p tanh sech2 sigmoid sigmoid_slope elu elu_slope silu silu_slope softplus"),
        (kernels_normal, "erf erf_slope normal_density gelu gelu_slope"),
        (kernels_classes, "softmax softmax_rest logsumexp cross_entropy"),
    )
    for name in names.split()
}
GUARDED: dict[Op, GuardedKernel] = {
    TABLE["sin"]: kernels.sin,
    TABLE["cos"]: kernels.cos,
    TABLE["pow_dx"]: pow_dx,
    TABLE["pow_dy"]: pow_dy,
}
# With a constant exponent, on which Python's pow spends a logarithm.
POWERS: dict[tuple[Op, float], Kernel] = {
    (_POW, 2.0): lambda x: x * x,
    (_POW, 3.0): lambda x: x * x * x,
    (_POW, 1.0): lambda x: x,
    (_POW, -1.0): lambda x: 1.0 / x,
    (_POW_DX, 2.0): lambda x: 2.0 * x,
    (_POW_DX, 3.0): lambda x: 3.0 * (x * x),
    (_POW_DXX, 3.0): lambda x: 6.0 * x,
}


def cost(row: Op, operands: int) -> int:
    """How many operations a row becomes, about."""
    return COST.get(row, operands) if row in EXACT else 40 + 10 * operands
