"""A function of Values, made fast: recorded at its first call for a structure of inputs, lowered, and kept.

over     the arguments that have samples along their first axis: the function is recorded for one sample
inputs   numbers, arrays, and lists, tuples and dictionaries of them; text, None and truth values are as they were
         at the recording, and another one is another recording
key      what recordings differ by: kinds, keys and shapes, without the samples
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import AutogradTypeError, LoweringError
from ..recording import given, tracing
from ..value import Value, literal
from ..words.naming import name
from .lowered import Lowered, lower
from .structured import Structured
from .trace import faithful

_STATIC = (str, bool, type(None))


def compiled(
    f: Callable[..., Any],
    over: str | Iterable[str] = (),
    reduce: str | None = "sum",
    target: str | None = None,
    **options: Any,
) -> Compiled:
    """The function as fast code on numbers and arrays: a loss, or a step's error and gradients.

    f        takes Values, and lists, tuples, dictionaries and arrays of them; returns the like.  It is called with
             Values in the places of the numbers that it is given
    over     names of arguments that have samples along their first axis; everything else is shared by the samples
    reduce   "sum": results are summed over the samples; None: one for each sample, along a first axis
    target   as for `Lowered.to`; None: "native" where llvmlite is installed, else "numpy", else "python"
    options  of that target, as threads=2 or contract=True of "native"

    Returns floats and arrays in f's structure.  The first call for a structure of inputs records f and makes the
    code; those that follow run it.  Raises LoweringError for a function that cannot be recorded, which branches
    on data or uses Values that are not its arguments, and for inputs that are no numbers.

    >>> from autograd import grad, sumprod
    >>> def step(w, x, y):
    ...     err = (sumprod(w, x) - y) ** 2
    ...     return err, grad(err, w)
    >>> fast = compiled(step, over=("x", "y"), target="python")
    >>> fast([1.0, 2.0], [[0.5, 1.5], [1.0, 0.0]], [2.0, 1.0])
    (2.25, [1.5, 4.5])
    """
    if not callable(f):
        raise AutogradTypeError(f"compiled(f) takes a function of Values, and was given {given(f)}")
    if reduce not in ("sum", None):
        raise LoweringError(f"compiled(f, reduce=…) is 'sum' or None, not {reduce!r}")
    if not isinstance(over, Iterable):
        raise AutogradTypeError(f"compiled(f, over=…) takes names of arguments of f, and was given {given(over)}")
    return Compiled(f, (over,) if isinstance(over, str) else tuple(over), reduce, target, options)


class Compiled:
    """A function that is recorded and lowered when it is called; made by `compiled`.

    >>> double = compiled(lambda x: 2 * x, target="python")
    >>> double(3.0), double([1.0, 2.0][1]), len(double.steps)
    (6.0, 4.0, 1)
    """

    def __init__(
        self, f: Callable[..., Any], over: tuple[str, ...], reduce: str | None, target: str | None, options: Any
    ) -> None:
        functools.update_wrapper(self, f)
        self.f = f
        self.reduce = reduce
        self.target = target or _fastest()
        self.options = options
        self.signature = inspect.signature(f)
        kinds = self.signature.parameters.values()
        self.plain = [p.name for p in kinds if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.is_plain = len(self.plain) == len(kinds)
        open_ended = any(p.kind is p.VAR_KEYWORD for p in kinds)
        unknown = [each for each in over if each not in self.signature.parameters]
        if unknown and not open_ended:
            told = ", ".join(self.signature.parameters) or "no arguments"
            raise LoweringError(
                f"compiled(f, over=…) names arguments of f, which has {told}, and {unknown[0]!r} is none"
            )
        self.over = frozenset(over)
        self.steps: dict[Any, Structured] = {}

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        arguments = self._bound(inputs, named)
        key = tuple([(each, _key(x, each in self.over, each)) for each, x in arguments.items()])
        step = self.steps.get(key)
        if step is None:
            self.steps[key] = step = self._lowered(arguments).to(self.target, **self.options)
        numbers = {each: x for each, x in arguments.items() if not isinstance(x, _STATIC)}
        return step.sum(**numbers) if self.over and self.reduce else step(**numbers)

    def lowered(self, *inputs: Any, **named: Any) -> Lowered:
        """The program for such inputs, to be read: its source, its families, its matrices.

        >>> print(compiled(lambda x: x * x).lowered(3.0).source, end="")
        def program(x):
            return [x * x]
        """
        return self._lowered(self._bound(inputs, named))

    def _bound(self, inputs: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """What each argument of f is, by name."""
        if (
            self.is_plain
            and len(inputs) + len(named) == len(self.plain)
            and named.keys() <= {*self.plain[len(inputs) :]}
        ):
            return {**dict(zip(self.plain, inputs)), **named}
        bound = self.signature.bind(*inputs, **named)
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        for each, x in bound.arguments.items():
            kind = self.signature.parameters[each].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                arguments.update(x)
            elif kind is not inspect.Parameter.VAR_POSITIONAL or x:
                arguments[each] = x
        return arguments

    def _lowered(self, arguments: Mapping[str, Any]) -> Lowered:
        def recorded(number: Callable[[], float]) -> Lowered:
            values = {each: _values(x, each in self.over, number, each) for each, x in arguments.items()}
            inputs = {each: x for each, x in values.items() if not isinstance(x, _STATIC)}
            token = tracing.set(True)
            try:
                outputs = _as_nodes(self._called(values))
            finally:
                tracing.reset(token)
            return lower(outputs, inputs, allow_constants=True)

        try:
            return faithful(recorded)
        except LoweringError as problem:
            called = getattr(self.f, "__name__", repr(self.f))
            raise LoweringError(
                f"compiled: {called} cannot be recorded: {problem}"
                + (
                    "; a Value that the function uses must be one of its arguments"
                    if "the graph has the leaf" in str(problem)
                    else ""
                )
            ) from problem

    def _called(self, values: dict[str, Any]) -> Any:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for each, x in values.items():
            parameter = self.signature.parameters.get(each)
            if parameter is None or parameter.kind is parameter.KEYWORD_ONLY:
                named[each] = x
            elif parameter.kind is parameter.VAR_POSITIONAL:
                positional += x
            else:
                positional.append(x)
        return self.f(*positional, **named)


def _fastest() -> str:
    """The fastest target that is installed."""
    found = [importlib.util.find_spec(package) is not None for package in ("numpy", "llvmlite")]
    return "native" if all(found) else "numpy" if found[0] else "python"


def _key(x: Any, sampled: bool, where: str) -> Any:
    """What two inputs must have in common to be inputs of one program."""
    shape = getattr(x, "shape", None)
    if shape is not None:
        if sampled and not shape:
            raise LoweringError(f"{where} has samples along its first axis, and was given {x!r:.60}")
        return ("array", tuple(shape[1:] if sampled else shape)) if shape else ()
    if isinstance(x, _STATIC):
        return type(x), x
    if isinstance(x, Mapping):
        return "dict", tuple([(k, _key(y, sampled, f"{where}[{k!r}]")) for k, y in x.items()])
    if isinstance(x, tuple):
        return type(x), tuple([_key(y, sampled, f"{where}[{k}]") for k, y in enumerate(x)])
    if isinstance(x, list):
        if sampled:
            return "list", _shape(x, where)[1:]
        if set(map(type, x)) <= {float}:  # the rows of parameters, at every step of a training
            return "list", len(x)
        if any(isinstance(y, (list, tuple, Mapping)) or getattr(y, "shape", None) for y in x):
            return "list", tuple([_key(y, False, f"{where}[{k}]") for k, y in enumerate(x)])
        for y in x:
            _key(y, False, where)
        return "list", len(x)
    if hasattr(x, "parents") or not (hasattr(x, "__float__") or hasattr(x, "__index__")):
        raise LoweringError(
            f"a compiled function takes numbers, arrays, and lists, tuples and dictionaries of them, and {where} is"
            f" {given(x)}"
        )
    if sampled:
        raise LoweringError(f"{where} has samples along its first axis, and was given {x!r:.60}")
    return ()


def _values(x: Any, sampled: bool, number: Callable[[], float], label: str) -> Any:
    """The same structure with Values in it, of one sample."""
    shape = getattr(x, "shape", None)
    if shape is not None or (sampled and isinstance(x, list)):
        shape = tuple(shape if shape is not None else _shape(x, label))[sampled:]
        return _of_shape(shape, number, label, listed=isinstance(x, list) and len(shape) == 1)
    if isinstance(x, _STATIC):
        return x
    if isinstance(x, Mapping):
        return {k: _values(y, sampled, number, f"{label}_{k}") for k, y in x.items()}
    if isinstance(x, (list, tuple)):
        flat = not any(isinstance(y, (list, tuple, Mapping)) or getattr(y, "shape", None) for y in x)
        labels = [name(label, k) if flat else f"{label}_{k}" for k in range(1, len(x) + 1)]
        parts = [_values(y, sampled, number, each) for y, each in zip(x, labels)]
        return parts if isinstance(x, list) else type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    return Value(number(), label)


def _of_shape(shape: tuple[int, ...], number: Callable[[], float], label: str, listed: bool) -> Any:
    if not shape:
        return Value(number(), label)
    if listed:
        return [Value(number(), name(label, k)) for k in range(1, shape[0] + 1)]
    import numpy

    values = numpy.empty(shape, dtype=object)
    for at in numpy.ndindex(shape):
        values[at] = Value(number(), name(label, *[k + 1 for k in at]))
    return values


def _shape(x: Any, where: str) -> tuple[int, ...]:
    """The shape of nested lists, whose first entries stand for all; the call itself looks at every one."""
    if getattr(x, "shape", None) is not None:
        return tuple(x.shape)
    if not isinstance(x, (list, tuple)):
        return ()
    if not x:
        raise LoweringError(f"{where} has no samples: give an array of shape (0, …), which says what a sample is")
    return (len(x), *_shape(x[0], where))


def _as_nodes(x: Any) -> Any:
    """What a function returned, with plain numbers as nodes."""
    if isinstance(x, Value):
        return x
    if isinstance(x, Mapping):
        return {key: _as_nodes(y) for key, y in x.items()}
    if isinstance(x, tuple):
        parts = [_as_nodes(y) for y in x]
        return type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    if isinstance(x, list):
        return [_as_nodes(y) for y in x]
    if getattr(x, "shape", None):
        nodes = x.astype(object)
        nodes.ravel()[:] = [_as_nodes(y) for y in nodes.ravel()]
        return nodes
    if isinstance(x, _STATIC) or not hasattr(x, "__float__"):
        raise LoweringError(f"it returned {given(x)}; it must return Values, and lists, tuples, dictionaries of them")
    return literal(x)
