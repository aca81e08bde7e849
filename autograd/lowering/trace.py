"""A Python function → a program, by running it once on fresh Values and recording what it does.

Only what goes through the Values is recorded, so a branch that Python takes would be frozen.
`if` on a Value is refused while tracing.  A branch on `.data`, or a number computed from it,
cannot be seen, so the function is run at several places, the caller's numbers among them where
they are known: its programs must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from ..errors import AutogradError, LoweringError
from ..numeric.nesting import leaves, rebuilt
from ..recording import given, remembering, tracing, watching
from ..value import Value, literal
from ..words.naming import name
from .lowered import Lowered, lower
from .structure import Tree, check_names, parsed, structured

STATIC = (str, bool, type(None))  # what is no number, and as it was at the recording
_LARGE = 20_000  # instructions; two places have to do for more
_PLACES = (0.6180339887498949, -1.4142135623730951, 23.140692632779267)
_IN_ANY_ORDER = ("add", "mul", "fsum")


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


def faithful(record: Callable[[Callable[[], float]], Lowered], here: Sequence[float] = ()) -> Lowered:
    """What a function records, wherever it is recorded.

    record   makes the program; it is given what makes a number for each input, at several places in turn
    here     the numbers for which the program is wanted, where they are known: the place that replaces the nearest

    Raises LoweringError where the programs differ.
    """
    places = list(_PLACES)
    if here:
        places.remove(min(places, key=lambda place: abs(place - here[0])))
    numbers = [_numbers(place) for place in places]
    if here:
        own = iter(here)
        numbers.insert(1, lambda: next(own, 0.0))
    first: Lowered | None = None
    for number in numbers:
        program = record(number)
        if first is None:
            first = program
        elif first.gives != program.gives or not _alike(first, program):
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


def _alike(a: Lowered, b: Lowered) -> bool:
    """Whether two programs compute the same.

    The terms of a sum may stand in another order: where there is a `take`, a gradient's order follows the entry
    that was taken.
    """
    return a.structure() == b.structure() or _meanings(a) == _meanings(b)


def _meanings(program: Lowered) -> list[int]:
    """What each output is computed from, whatever the numbers of the results."""
    of = {i: hash(("input", i)) for i in program.inputs} | {i: hash(x.hex()) for i, x in program.constants.items()}
    for result, row, operands in program.instructions:
        parts: list[Any] = [of[i] for i in operands]
        if row.name == "sumprod":  # its factors belong together
            n = len(parts) // 2
            parts = sorted(tuple(sorted(pair)) for pair in zip(parts[:n], parts[n:]))
        elif row.name in _IN_ANY_ORDER:
            parts.sort()
        of[result] = hash((row, *parts))
    return [of[i] for i in program.outputs]


def run(f: Callable[..., Any], positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What f returns while it is recorded, within no_grad() too; debug() would tell of made-up numbers, and sees none.

    A TypeError or RecursionError of f's is told that its numbers are Values, which nobody who wrote a number sees.
    """
    token = tracing.set(True)
    try:
        with remembering(), watching(None):
            return f(*positional, **named)
    except (TypeError, RecursionError) as problem:
        here = problem.__traceback__
        if isinstance(problem, AutogradError) or here is None or here.tb_next is None:  # f did not take its arguments
            raise
        kind = RecursionError if isinstance(problem, RecursionError) else TypeError
        raise kind(
            f"{problem}; while a function is recorded, the numbers that it is given are Values, inputs of the program,"
            " which count nothing and == no number: a number with which Python counts, compares or indexes comes from"
            " outside, lambda x: f(x, 3), and take(table, index) takes an index that is data"
        ) from problem
    finally:
        tracing.reset(token)


def as_nodes(x: Any) -> Any:
    """What a function returned, with plain numbers as nodes.

    >>> as_nodes({"a": [Value(1.0, "x"), 2.0]})["a"][1].op.name
    'literal'
    """
    if isinstance(x, Value):
        return x
    if isinstance(x, Mapping):
        return {key: as_nodes(y) for key, y in x.items()}
    if isinstance(x, tuple):
        parts = [as_nodes(y) for y in x]
        return type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    if isinstance(x, list):
        return [as_nodes(y) for y in x]
    if getattr(x, "shape", None):
        nodes = x.astype(object, order="C")  # so that ravel() is no copy, of a transposed array too
        nodes.ravel()[:] = [as_nodes(y) for y in nodes.ravel()]
        return nodes
    if _is_single(x):
        return as_nodes(x.item())
    if isinstance(x, STATIC) or not hasattr(x, "__float__"):
        raise LoweringError(f"it returned {given(x)}; it must return Values, and lists, tuples, dictionaries of them")
    return literal(x)


def _is_single(x: Any) -> bool:
    """Whether it is an array of no axis, around one thing."""
    return getattr(x, "ndim", None) == 0 and hasattr(x, "item")


trace = lower_function  # its name before it had a telling one


def _recorded(f: Callable[..., Any], n: int | Tree, number: Callable[[], float], allow_constants: bool) -> Lowered:
    size = n if isinstance(n, int) else sum(leaf.count for leaf in leaves(n))
    values = [Value(number(), name("x", i + 1)) for i in range(size)]

    def inputs() -> Any:
        return list(values) if isinstance(n, int) else rebuilt(n, lambda leaf: leaf.of(values))

    theirs = inputs()  # f may reorder them, so the program has its own
    outputs = run(f, (), theirs) if isinstance(theirs, dict) else run(f, theirs, {})
    if allow_constants:
        outputs = as_nodes(outputs)
    elif _is_single(outputs):
        outputs = outputs.item()
    if not isinstance(outputs, (Value, list, tuple)) and not structured(outputs) and not getattr(outputs, "ndim", 0):
        raise LoweringError(
            f"lower_function: the function returned {outputs!r}; it must return a Value, or a list of them"
        )
    return lower(outputs, inputs(), allow_constants=allow_constants)
