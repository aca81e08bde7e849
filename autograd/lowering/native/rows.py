"""What each row of the table becomes in machine code: most are their text of ../rows.py, on Vectors.

A row apart has its reason: PRIMITIVES are what the texts are made of; a share of a sum of exponentials
has kernels of its own, since the rows of one layer have most of their work in common (by their texts
they take 1.9 to 2.8 times as long); what OUTSIDE computes is rare, or needs looking at its numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from ...ops import BUILT_IN, TABLE, Op
from .. import rows
from ..namespace import Namespace
from . import kernels, shares
from .kernels import Guarded, GuardedKernel
from .vectors import Block, Operand, Vector, copysign, polynomial, select

Kernel = Callable[..., Vector]

_POW, _POW_DX, _POW_DXX = TABLE["pow"], TABLE["pow_dx"], TABLE["pow_dxx"]
PRIMITIVES, ROUNDINGS = ("exp", "expm1", "log", "log1p", "tanh"), ("floor", "ceil", "trunc")
# Powers are right to the edges of their range there, and the C library's sinh and cosh to theirs.
OUTSIDE = {"pow", "pow_dxx", "pow_dxy", "pow_dyy", "ratio", "sinh", "cosh"}


class Vectors(Namespace):
    """LLVM's vectors as the namespace of the texts; what has no kernel is called outside."""

    where = staticmethod(select)
    abs = staticmethod(abs)
    copysign = staticmethod(copysign)
    polynomial = staticmethod(polynomial)
    decay = staticmethod(kernels.decay)
    times_exp = staticmethod(kernels.times_exp)
    compensated = staticmethod(shares.compensated)

    def sqrt(self, x: Vector) -> Vector:
        return x.block.intrinsic("sqrt", x)

    def __getattr__(self, name: str) -> Any:
        if name in PRIMITIVES:
            return getattr(kernels, name)
        if name in ROUNDINGS:
            return lambda x: x.block.intrinsic(name, x)
        return partial(_outer, TABLE[name])


def _outer(row: Op, *xs: Operand) -> Vector:
    block = next(x.block for x in xs if isinstance(x, Vector))
    return block.outer(row, *[x if isinstance(x, Vector) else block.constant(x) for x in xs])


def pow_dx(x: Vector, y: Vector) -> Guarded:
    below = y - 1.0
    power = x.block.outer(_POW, x, below)
    size = abs(power)
    return Guarded(y * power, (below + 1.0 == y) & (y - below == 1.0) & (size > 1e-290) & (size < 1e290))


def pow_dy(x: Vector, y: Vector) -> Guarded:
    power = x.block.outer(_POW, x, y)
    return Guarded(power * kernels.log(x), (x > 0.0) & (power > 1e-290) & (power < 1e290))


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
_APART: dict[Op, Kernel] = {
    TABLE[name]: getattr(shares, name) for name in ("softmax", "softmax_rest", "logsumexp", "cross_entropy")
}


@cache
def kernel(row: Op) -> Kernel | None:
    """The row as a function of Vectors; None where it is guarded, or computed outside."""
    if row in _APART:
        return _APART[row]
    written = rows.text(row.name) if row in BUILT_IN and row not in GUARDED and row.name not in OUTSIDE else None
    if written is None or (row.name in rows.PLAIN and row.name not in PRIMITIVES and not exact(row)):
        return None
    return partial(written, Vectors())


@cache
def exact(row: Op) -> bool:
    """Whether the row's text is made of what is rounded correctly: such a row is written where it is used."""
    return row in BUILT_IN and row not in _APART and rows.uses(row.name) <= rows.EXACT


@cache
def cost(row: Op, operands: int) -> int:
    """How many operations a row becomes, about."""
    if row.name == "take":
        return 2 * operands
    written = kernel(row)
    if written is None or not exact(row):
        return 40 + 10 * operands
    block = Block(2)
    written(*[Vector(block, f"%x{k}") for k in range(operands)])
    return max(operands, len(block.lines))
