"""Lines of the user's program, and what a message of debug() calls a node."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from ..value import Value
from ..words.text import printable

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_OURS = tuple(os.path.join(_ROOT, package, "") for package in ("autograd", "nn"))
_SHOWN = 6  # operands of a long sum that a message lists


class Line(NamedTuple):
    """A line of the user's program.

    >>> str(Line("train.py", 12)), str(Line("ipykernel_17/2512.py", 3))
    ('train.py, line 12', 'cell, line 3')
    """

    file: str
    number: int

    @property
    def text(self) -> str:
        """What stands there; "" where nobody kept the source."""
        import linecache  # here, since it brings the tokenizer along, and every import of autograd would wait for it

        return linecache.getline(self.file, self.number).strip()

    def __str__(self) -> str:
        # A notebook's kernel makes up a file for each cell, whose name tells nobody anything.
        file = "cell" if os.path.basename(os.path.dirname(self.file)).startswith("ipykernel_") else self.file
        return printable(f"{file}, line {self.number}" + (f":  {self.text}" if self.text else ""))


def user_line() -> Line | None:
    """The innermost line that runs outside this engine."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back  # type: ignore[assignment]
    return Line(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


def operation(node: Value) -> str:
    """The operation that made a node.

    >>> operation(Value(2.0).exp()), operation(Value(2.0))
    ('exp', 'a leaf')
    """
    return node.op.name if node.op else "a leaf"


def called(node: Value) -> str:
    """A node in a message.

    >>> called(Value(2.0, "x")), called(Value(2.0).exp())
    ("'x'", 'the result of exp')
    """
    if node.label:
        return repr(node.label)
    return f"the result of {operation(node)}" if node.op else "a leaf without label"


def listed(operands: tuple[Value, ...], numbers: tuple[float, ...]) -> str:
    """The operands with their data; of many, the largest.

    >>> listed((Value(2.0, "x"), Value(3.0)), (2.0, 3.0))
    'x = 2.0, operand 2 = 3.0'
    """
    told = [(printable(p.label) or f"operand {i}", x) for i, (p, x) in enumerate(zip(operands, numbers), 1)]
    if len(told) > _SHOWN:
        told = sorted(told, key=lambda each: -abs(each[1]))[:_SHOWN]
    more = f", … ({len(operands)} operands)" if len(operands) > _SHOWN else ""
    return ", ".join(f"{name} = {x!r}" for name, x in told) + more
