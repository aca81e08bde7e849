"""A Python function → a program, by running it once on fresh Values and recording what it does.

Only what goes through the Values is recorded, so a branch that Python takes would be frozen.
`if` on a Value is refused while tracing.  A branch on `.data`, or a number computed from it,
cannot be seen, so the function is run at several places: its programs must be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import LoweringError
from ..recording import tracing
from ..value import Value
from ..words.naming import name
from .lowered import Lowered, lower

_PLACES = (0.6180339887498949, -1.4142135623730951, 23.140692632779267)


def lower_function(f: Callable[..., Any], n: int, *, allow_constants: bool = False) -> Lowered:
    """The program of a function of n Values, with the inputs x₁ … xₙ.

    f   takes n Values; returns a Value, or a list or tuple of Values
    n   how many inputs
    allow_constants  as for lower: whether an output may be independent of the inputs

    Raises LoweringError where f cannot be recorded faithfully: it asks for the truth of a Value
    (use `where`), takes another path at other inputs, returns something else than Values, or uses
    a leaf that is not among its inputs.

    >>> from autograd import where
    >>> lower_function(lambda x: where(x > 0, x, 0.5 * x), 1)(-3.0)
    -1.5
    >>> lower_function(lambda x: x if x > 0 else 0.5 * x, 1)
    Traceback (most recent call last):
    ...
    autograd.errors.LoweringError: while a function is traced, a Value has no truth: ...
    """
    if not isinstance(n, int) or n < 0:
        raise LoweringError(f"lower_function(f, n): n is the number of inputs, and was given as {n!r}")
    first, *others = (_recorded(f, n, place, allow_constants) for place in _PLACES)
    for other in others:
        if first.structure() != other.structure():
            raise LoweringError(
                "lower_function: the function records something else at other inputs, so one program cannot stand"
                " for it; it reads .data or something random: compute with the Values, and branch with"
                " where(condition, a, b)"
            )
    return first


trace = lower_function  # its name before it had a telling one


def _recorded(f: Callable[..., Any], n: int, place: float, allow_constants: bool) -> Lowered:
    # Different numbers, of both signs, so that no two inputs look alike.
    inputs = [Value(place * (-1) ** i * (1 + i / (n + 1)), name("x", i + 1)) for i in range(n)]
    token = tracing.set(True)
    try:
        outputs = f(*inputs)
    finally:
        tracing.reset(token)
    if not isinstance(outputs, Value):
        if not isinstance(outputs, (list, tuple)):
            raise LoweringError(
                f"lower_function: the function returned {outputs!r}; it must return a Value, or a list of them"
            )
        outputs = list(outputs)
    return lower(outputs, inputs, allow_constants=allow_constants)
