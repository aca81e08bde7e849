"""A Python function → a program, by running it once on fresh Values and recording what it does.

Only what goes through the Values is recorded, so a branch that Python takes would be frozen.
`if` on a Value is refused while tracing.  A branch on `.data`, or a number computed from it,
cannot be seen, so the function is run at several places: its programs must be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from ..errors import LoweringError
from ..numeric.nesting import leaves, rebuilt
from ..recording import tracing
from ..value import Value
from ..words.naming import name
from .lowered import Lowered, lower
from .structure import Tree, check_names, parsed, structured

_LARGE = 20_000  # instructions; two places have to do for more
_PLACES = (0.6180339887498949, -1.4142135623730951, 23.140692632779267)


def lower_function(f: Callable[..., Any], n: Any, *, allow_constants: bool = False) -> Lowered:
    """The program of a function of n Values, with the inputs x₁ … xₙ.

    f                takes n Values; returns a Value, a list or tuple of Values, or a structure as `lower` takes it
    n                how many inputs; or a structure of Values: f is called with others in their places, those of a
                     dictionary by name, those of a list or a tuple by position
    allow_constants  as for lower: whether an output may be independent of the inputs

    Raises LoweringError where f cannot be recorded faithfully: it asks for the truth of a Value
    (use `where`), takes another path at other inputs, returns something else than Values, or uses
    a leaf that is not among its inputs.

    >>> from autograd import where
    >>> lower_function(lambda x: where(x > 0, x, 0.5 * x), 1)(-3.0)
    -1.5
    >>> scaled = lower_function(lambda x, a: {"y": [a * v for v in x]}, {"x": [Value(0.0)] * 2, "a": Value(0.0)})
    >>> scaled(x=[1.0, 2.0], a=3.0)
    {'y': [3.0, 6.0]}
    >>> lower_function(lambda x: x if x > 0 else 0.5 * x, 1)
    Traceback (most recent call last):
    ...
    autograd.errors.LoweringError: while a function is traced, a Value has no truth: ...
    """
    if structured(n):
        n = parsed("n", n)[0]
        check_names(n)
    elif not isinstance(n, int) or n < 0:
        raise LoweringError(f"lower_function(f, n): n is the number of inputs, and was given as {n!r}")
    return faithful(lambda number: _recorded(f, n, number, allow_constants))


def faithful(record: Callable[[Callable[[], float]], Lowered]) -> Lowered:
    """What a function records, wherever it is recorded.

    record   makes the program; it is given what makes a number for each input, at several places in turn

    Raises LoweringError where the programs differ.
    """
    first: Lowered | None = None
    for place in _PLACES:
        program = record(_numbers(place))
        if first is None:
            first = program
        elif first.structure() != program.structure() or first.gives != program.gives:
            raise LoweringError(
                "the function records something else at other inputs, so one program cannot stand for it; it reads"
                " .data or something random: compute with the Values, and branch with where(condition, a, b)"
            )
        elif len(first.instructions) > _LARGE:
            break
    assert first is not None
    return first


def _numbers(place: float) -> Callable[[], float]:
    """Different numbers, of both signs, so that no two inputs look alike."""
    numbers = count()

    def number() -> float:
        i = next(numbers)
        return place * (-1.0) ** i * (1.0 + i / (i + 9.5))

    return number


trace = lower_function  # its name before it had a telling one


def _recorded(f: Callable[..., Any], n: int | Tree, number: Callable[[], float], allow_constants: bool) -> Lowered:
    size = n if isinstance(n, int) else sum(leaf.count for leaf in leaves(n))
    values = [Value(number(), name("x", i + 1)) for i in range(size)]
    inputs: Any = values if isinstance(n, int) else rebuilt(n, lambda leaf: leaf.of(values))
    token = tracing.set(True)
    try:
        outputs = f(**inputs) if isinstance(inputs, dict) else f(*inputs)
    finally:
        tracing.reset(token)
    if not isinstance(outputs, Value) and not structured(outputs):
        if not isinstance(outputs, (list, tuple)):
            raise LoweringError(
                f"lower_function: the function returned {outputs!r}; it must return a Value, or a list of them"
            )
        outputs = list(outputs)
    return lower(outputs, inputs, allow_constants=allow_constants)
