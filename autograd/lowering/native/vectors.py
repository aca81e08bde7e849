"""Straight-line LLVM IR written with operators: a Vector is a name in a block, W doubles wide.

Kernels are Python functions of Vectors: `x * x + 1.0` appends two lines to the block and
gives the Vector that names the result.  A line that stands there already is not written
again, so kernels of one operand share what they have in common: tanh and its slope take one
exponential.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from ...ops import Op

PART = 400  # lines that LLVM sees at once: fewer run slower, more take longer to compile
Operand: TypeAlias = "Vector | float"


def splat(x: float) -> str:
    """A constant in every lane, exactly: LLVM takes a double as the 16 digits of its bits.

    >>> splat(1.0)
    'splat (double 0x3FF0000000000000)'
    """
    return f"splat (double 0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X})"


class Block:
    """Lines of IR in the order of execution, each with a name of its own.

    lanes    W, how many samples stand side by side
    outside  the name of a function that computes a row lane by lane, see outside.py

    >>> block = Block(8)
    >>> x = Vector(block, "%x")
    >>> y = x * x + x * x
    >>> print("\\n".join(block.lines))
      %v1 = fmul <8 x double> %x, %x
      %v2 = fadd <8 x double> %v1, %v1
    """

    def __init__(self, lanes: int, outside: Callable[[Op, int], str] | None = None) -> None:
        self.lanes = lanes
        self.outside = outside
        self.type = f"<{lanes} x double>"
        self.bits = f"<{lanes} x i64>"
        self.mask = f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.known: dict[str, str] = {}
        self.kept: dict[tuple[str, ...], Any] = {}  # what a kernel wants to find again in every part
        self.count = 0
        self.start = 0  # the line with which the part began

    def divide(self) -> None:
        """Begin another part of the block, if this one is long: LLVM orders the instructions of a part.

        The jump is never taken.  What was computed stays known; a shared scalar is read again,
        which costs nothing where it is an operand in memory.
        """
        if len(self.lines) - self.start > PART:
            self.count += 1
            self.lines += [f"  br i1 %never, label %done, label %part_{self.count}", f"part_{self.count}:"]
            self.start = len(self.lines)
            self.known.clear()

    def value(self, text: str) -> str:
        """The name of this right side."""
        name = self.known.get(text)
        if name is None:
            self.count += 1
            name = self.known[text] = f"%v{self.count}"
            self.lines.append(f"  {name} = {text}")
        return name

    def vector(self, text: str) -> Vector:
        return Vector(self, self.value(text))

    def constant(self, x: float) -> Vector:
        return Vector(self, splat(x))

    def call(self, function: str, *operands: Vector) -> Vector:
        typed = ", ".join([f"{self.type} {x.name}" for x in operands])
        return self.vector(f"call {self.type} @{function}({typed})")

    def intrinsic(self, name: str, *operands: Vector) -> Vector:
        """One of LLVM's own functions, the same in every lane."""
        return self.call(f"llvm.{name}.v{self.lanes}f64", *operands)

    def outer(self, row: Op, *operands: Vector) -> Vector:
        """The row as the C library or Python computes it."""
        assert self.outside is not None
        return self.call(self.outside(row, len(operands)), *operands)


def _operator(name: str) -> tuple[Callable[[Vector, Operand], Vector], Callable[[Vector, Operand], Vector]]:
    """The method of an operator, and that of its operands the other way round."""

    def written(block: Block, left: Operand, right: Operand) -> Vector:
        return block.vector(f"{name} {block.type} {_name(left)}, {_name(right)}")

    return lambda x, y: written(x.block, x, y), lambda x, y: written(x.block, y, x)


def _comparison(how: str) -> Callable[[Vector, Operand], Mask]:
    return lambda x, y: Mask(x.block, x.block.value(f"fcmp {how} {x.block.type} {x.name}, {_name(y)}"))


def _name(x: Operand) -> str:
    return x.name if isinstance(x, Vector) else splat(x)


class Vector:
    """W doubles: a name, and the block in which it is known."""

    __slots__ = ("block", "name")

    def __init__(self, block: Block, name: str) -> None:
        self.block = block
        self.name = name

    __add__, __radd__ = _operator("fadd")
    __sub__, __rsub__ = _operator("fsub")
    __mul__, __rmul__ = _operator("fmul")
    __truediv__, __rtruediv__ = _operator("fdiv")

    def __neg__(self) -> Vector:
        return self.block.vector(f"fneg {self.block.type} {self.name}")

    def __abs__(self) -> Vector:
        return self.block.intrinsic("fabs", self)

    # As in Python, comparisons with nan are false, but for "not equal".
    __lt__, __le__, __gt__, __ge__ = (_comparison(how) for how in ("olt", "ole", "ogt", "oge"))
    __eq__, __ne__ = _comparison("oeq"), _comparison("une")  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Mask:
    """W truth values."""

    __slots__ = ("block", "name")

    def __init__(self, block: Block, name: str) -> None:
        self.block = block
        self.name = name

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.block, self.block.value(f"and {self.block.mask} {self.name}, {other.name}"))

    def __invert__(self) -> Mask:
        return Mask(self.block, self.block.value(f"xor {self.block.mask} {self.name}, splat (i1 true)"))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.block, self.block.value(f"or {self.block.mask} {self.name}, {other.name}"))


def select(condition: Mask, x: Operand, y: Operand) -> Vector:
    """x in the lanes where the condition holds, y in the others; both are computed."""
    block = condition.block
    return block.vector(f"select {block.mask} {condition.name}, {block.type} {_name(x)}, {block.type} {_name(y)}")


def multiply_add(a: Vector, b: Operand, c: Operand) -> Vector:
    """a·b + c, rounded once where the machine can: for kernels, whose bounds hold either way."""
    b, c = (x if isinstance(x, Vector) else a.block.constant(x) for x in (b, c))
    return a.block.intrinsic("fmuladd", a, b, c)


def polynomial(coefficients: Iterable[float], x: Vector) -> Vector:
    """Horner's rule, the highest coefficient first."""
    first, second, *rest = coefficients
    total = multiply_add(x, first, second)
    for c in rest:
        total = multiply_add(total, x, c)
    return total


# --- doubles as their bits -----------------------------------------------------------------


def bits(x: Vector) -> str:
    """The name of x's 64 bits, lane by lane."""
    return x.block.value(f"bitcast {x.block.type} {x.name} to {x.block.bits}")


def integer(block: Block, operation: str, a: str, b: int) -> str:
    """An operation of the bits with a constant."""
    return block.value(f"{operation} {block.bits} {a}, splat (i64 {b})")


def from_bits(block: Block, name: str) -> Vector:
    return block.vector(f"bitcast {block.bits} {name} to {block.type}")


def copysign(x: Vector, sign: Vector) -> Vector:
    return x.block.intrinsic("copysign", x, sign)


def turned(block: Block, rows: list[str]) -> list[str]:
    """A square of vectors, transposed.

    >>> block = Block(2)
    >>> turned(block, ["%a", "%b"])
    ['%v1', '%v2']
    >>> print("\\n".join(block.lines))
      %v1 = shufflevector <2 x double> %a, <2 x double> %b, <2 x i32> <i32 0, i32 2>
      %v2 = shufflevector <2 x double> %a, <2 x double> %b, <2 x i32> <i32 1, i32 3>
    """
    n = len(rows)
    distance = n // 2
    while distance:
        low = ", ".join(f"i32 {k if not k & distance else n + k - distance}" for k in range(n))
        high = ", ".join(f"i32 {k + distance if not k & distance else n + k}" for k in range(n))
        halves = list(rows)
        for i in range(n):
            if not i & distance:
                pair = f"{block.type} {rows[i]}, {block.type} {rows[i + distance]}"
                halves[i] = block.value(f"shufflevector {pair}, <{n} x i32> <{low}>")
                halves[i + distance] = block.value(f"shufflevector {pair}, <{n} x i32> <{high}>")
        rows = halves
        distance //= 2
    return rows
