"""Functions outside of the module: the C library's, and Python's for rows that have no kernel.

Both are called for one lane after the other, so they are slow, and right.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from ...ops import TABLE, Op

# Rows that the C library has under these names, with the same edges.
_NAMES = (
    "sinh", "cosh", "tan", "asin", "acos", "atan", "atan2", "sin", "cos", "pow", "exp2", "log2", "log10", "asinh",
    "acosh", "fmod",
)  # fmt: skip
_LIBRARY = {TABLE[name]: name for name in _NAMES}


@cache
def _library() -> Any:
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)


def address(name: str) -> int | None:
    """Where a function of the C library is."""
    try:
        return ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value
    except (OSError, AttributeError):
        return None


class Outside:
    """What one module calls outside of itself, and what must live as long as it.

    raised   the first exception of a row's function, if one raised; its result is nan
    """

    def __init__(self) -> None:
        self.names: dict[tuple[Op, int], str] = {}  # two rows may have one name: a row is known by itself
        self.calls: dict[str, tuple[int, int, bool]] = {}  # name -> address, operands, whether it is Python's
        self.callbacks: list[Any] = []
        self.raised: Exception | None = None

    def function(self, row: Op, arity: int, lanes: int) -> str:
        """The name, in the module, of the function that computes this row."""
        name = self.names.setdefault((row, arity), f"outside_{len(self.names)}")
        if name not in self.calls:
            found = address(_LIBRARY[row]) if row in _LIBRARY else None
            if found is None:
                callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(self._python(row, arity, lanes))
                self.callbacks.append(callback)
                found = ctypes.cast(callback, ctypes.c_void_p).value
                assert found is not None
                self.calls[name] = found, arity, True
            else:
                self.calls[name] = found, arity, False
        return name

    def _python(self, row: Op, arity: int, lanes: int) -> Callable[[int, int], None]:
        """A function that reads arity × lanes doubles and writes one for each lane."""
        function, operands, results = row.function, ctypes.c_double * (arity * lanes), ctypes.c_double * lanes

        def call(at: int, to: int) -> None:
            xs, out = operands.from_address(at), results.from_address(to)
            for lane in range(lanes):
                try:
                    out[lane] = function(*xs[lane::lanes])
                except Exception as error:
                    self.raised = self.raised or error
                    out[lane] = float("nan")

        return call

    def texts(self, lanes: int) -> list[str]:
        return [_definition(name, lanes, *call) for name, call in self.calls.items()]


def _definition(name: str, lanes: int, where: int, arity: int, python: bool) -> str:
    vector = f"<{lanes} x double>"
    arguments = ", ".join(f"{vector} %x{k}" for k in range(arity))
    pointer = f"inttoptr (i64 {where} to ptr)"
    each = range(arity)
    kept = "\n".join(
        f"  %p{k} = getelementptr {vector}, ptr %operands, i64 {k}\n  store {vector} %x{k}, ptr %p{k}" for k in each
    )
    if python:
        body = f"  call void {pointer}(ptr %operands, ptr %results)"
    else:
        lanewise = "\n".join(
            f"  %q{k} = getelementptr double, ptr %p{k}, i64 %lane\n  %y{k} = load double, ptr %q{k}" for k in each
        )
        passed = ", ".join(f"double %y{k}" for k in range(arity))
        body = f"""  br label %lanes
lanes:
  %lane = phi i64 [0, %entry], [%next, %lanes]
{lanewise}
  %y = call double {pointer}({passed})
  %to = getelementptr double, ptr %results, i64 %lane
  store double %y, ptr %to
  %next = add i64 %lane, 1
  %more = icmp ult i64 %next, {lanes}
  br i1 %more, label %lanes, label %done
done:"""
    return f"""define internal {vector} @{name}({arguments}) #1 {{
entry:
  %operands = alloca [{arity} x {vector}]
  %results = alloca {vector}
{kept}
{body}
  %result = load {vector}, ptr %results
  ret {vector} %result
}}"""
