"""Errors that wait until somebody needs what they are about: a branch that is not taken may be no fraction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import LoweringError


class NoFraction:
    """An error that waits: what is no fraction is only told where a result or a comparison needs it."""

    def __init__(self, problem: LoweringError) -> None:
        self.problem = problem

    def _passed(self, *_: Any) -> NoFraction:
        return self

    def _told(self, *_: Any) -> Any:
        raise self.problem

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _passed
    __neg__ = __abs__ = __pow__ = _passed
    __lt__ = __le__ = __gt__ = __ge__ = __floor__ = __getattr__ = _told
    __eq__ = __ne__ = _told
    __hash__ = None  # type: ignore[assignment]


def late(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function with a NoFraction for an error, which a branch that is not taken keeps to itself."""

    def waiting(*xs: Any) -> Any:
        try:
            return f(*xs)
        except LoweringError as problem:
            return NoFraction(problem)
        except ZeroDivisionError:
            return NoFraction(LoweringError("a quotient by zero is no fraction; use the target 'mpmath'"))

    return waiting


def settled(x: Any) -> Any:
    if isinstance(x, NoFraction):
        raise x.problem
    return x
