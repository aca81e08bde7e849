"""The functions that a module's code calls: rows that are too long to stand where they are used, or guarded."""

from __future__ import annotations

from ...ops import Op
from . import driver
from .outside import Outside
from .rows import GUARDED, kernel
from .vectors import Block, Vector


class Callees:
    """The texts of these functions, by name.

    outside  what they call outside of the module
    lanes    how many doubles stand side by side
    """

    def __init__(self, outside: Outside, lanes: int) -> None:
        self.outside = outside
        self.lanes = lanes
        self.kernels: dict[str, str] = {}

    def called(self, row: Op, arity: int) -> str:
        """The name of the function that computes this row: a kernel's, or one that calls outside."""
        written = kernel(row)
        if written is None and row not in GUARDED:
            return self.outer(row, arity)
        name = f"{row.name}_{arity}"
        if name not in self.kernels:
            block = Block(self.lanes, self.outer)
            operands = [Vector(block, f"%x{k}") for k in range(arity)]
            if written:
                returned = f"  ret {block.type} {written(*operands).name}"
            else:
                returned = driver.guarded(block, GUARDED[row](*operands), self.outer(row, arity), operands)
            arguments = ", ".join(f"{block.type} {x.name}" for x in operands)
            self.kernels[name] = "\n".join(
                [f"define internal {block.type} @{name}({arguments}) #1 {{", *block.lines, returned, "}"]
            )
        return name

    def outer(self, row: Op, arity: int) -> str:
        return self.outside.function(row, arity, self.lanes)

    def texts(self) -> list[str]:
        return [*self.kernels.values(), *self.outside.texts(self.lanes)]
