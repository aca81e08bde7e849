"""A function of Values, made fast: recorded at its first call for a structure of inputs, lowered, and kept.

over     the arguments that have samples along their first axis: the function is recorded for one sample
inputs   numbers, arrays, and lists, tuples and dictionaries of them; text, None and truth values, in structures too,
         are as they were at the recording, and another one is another recording
key      what recordings differ by: kinds, keys and shapes, without the samples
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

from ..errors import AutogradTypeError, LoweringError
from ..recording import given
from ..value import Value
from ..words.naming import name
from .lowered import Lowered, lower
from .structure import flat
from .structured import Structured
from .targets import TARGETS
from .trace import STATIC, as_nodes, faithful, run

_TARGETS = tuple(target for target in TARGETS if target != "javascript")  # which is text


@overload
def compiled(
    f: Callable[..., Any],
    over: str | Iterable[str] = (),
    reduce: str | None = "sum",
    target: str | None = None,
    **options: Any,
) -> Compiled: ...
@overload
def compiled(
    *, over: str | Iterable[str] = (), reduce: str | None = "sum", target: str | None = None, **options: Any
) -> Callable[[Callable[..., Any]], Compiled]: ...
def compiled(
    f: Callable[..., Any] | None = None,
    over: str | Iterable[str] = (),
    reduce: str | None = "sum",
    target: str | None = None,
    **options: Any,
) -> Any:
    """The function as fast code on numbers and arrays: a loss, or a step's error and gradients.

    f        takes Values, and lists, tuples, dictionaries and arrays of them; returns the like.  It is called with
             Values in the places of the numbers that it is given.  Without it, `@compiled(over="x")` decorates
    over     names of arguments that have samples along their first axis; everything else is shared by the samples
    reduce   "sum": results are summed over the samples; None: one for each sample, along a first axis
    target   as for `Lowered.to`; None: "native" where llvmlite is installed, else "numpy", else "python"
    options  of that target, as threads=2 or contract=True of "native"

    Returns floats and arrays in f's structure.  The first call for a structure of inputs records f and makes the
    code; those that follow run it.  A call with Values is one of f itself.  Raises LoweringError for a function that
    cannot be recorded, which branches on data or uses Values that are not its arguments, and for inputs that are no
    numbers.

    >>> from autograd import grad, sumprod
    >>> def step(w, x, y):
    ...     err = (sumprod(w, x) - y) ** 2
    ...     return err, grad(err, w)
    >>> fast = compiled(step, over=("x", "y"), target="python")
    >>> fast([1.0, 2.0], [[0.5, 1.5], [1.0, 0.0]], [2.0, 1.0])
    (2.25, [1.5, 4.5])
    """
    if f is None:
        return functools.partial(compiled, over=over, reduce=reduce, target=target, **options)
    if not callable(f):
        raise AutogradTypeError(f"compiled(f) takes a function of Values, and was given {given(f)}")
    if reduce not in ("sum", None):
        raise LoweringError(f"compiled(f, reduce=…) is 'sum' or None, not {reduce!r}")
    if not isinstance(over, Iterable):
        raise AutogradTypeError(f"compiled(f, over=…) takes names of arguments of f, and was given {given(over)}")
    if target not in (None, *_TARGETS):
        other = "; compiled(f).lowered(…).to('javascript') is its text" if target == "javascript" else ""
        raise LoweringError(f"compiled(f, target=…) is one of {', '.join(_TARGETS)}, not {target!r}{other}")
    return Compiled(f, (over,) if isinstance(over, str) else tuple(over), reduce, target, options)


class _Bound(NamedTuple):
    """The arguments of a call: those that f names, in its order, then those that it takes under any name.

    names    what the program calls them
    sampled  whether they have samples along their first axis
    keys     what the caller called those that f does not name
    """

    names: tuple[str, ...]
    given: Sequence[Any]
    sampled: tuple[bool, ...]
    keys: tuple[str, ...]

    def numbers(self) -> dict[str, Any]:
        """What the program is given: everything but what is no number."""
        parts = {each: _numeric(x, sampled) for each, x, sampled in zip(self.names, self.given, self.sampled)}
        return {each: x for each, x in parts.items() if x is not None}


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
        self.signature = _signature(f)
        parameters = self.signature.parameters.values()
        self.own = [p for p in parameters if p.kind is not p.VAR_KEYWORD]  # those that f names
        self.open_ended = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), "")
        self.is_plain = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        self.plain = [p.name for p in self.own]
        unknown = [each for each in over if each not in self.signature.parameters]
        if unknown and not self.open_ended:
            told = ", ".join(self.signature.parameters) or "no arguments"
            raise LoweringError(
                f"compiled(f, over=…) names arguments of f, which has {told}, and {unknown[0]!r} is none"
            )
        self.over = frozenset(over)
        self.names = _names(self.plain)
        self.sampled = tuple([each in self.over for each in self.plain])
        self.steps: dict[Any, tuple[Structured, bool]] = {}

    def __call__(self, /, *inputs: Any, **named: Any) -> Any:
        bound = self._bound(inputs, named)
        try:
            key = bound.names, tuple(map(_key, bound.given, bound.sampled, bound.names))
        except _Symbolic as problem:
            if self.over:
                raise LoweringError(str(problem)) from None
            return self.f(*inputs, **named)
        known = self.steps.get(key)
        if known is None:
            step = self._lowered(bound).to(self.target, **self.options)
            self.steps[key] = known = step, any(map(_is_mixed, bound.given, bound.sampled))
        step, is_mixed = known
        numbers = bound.numbers() if is_mixed else dict(zip(bound.names, bound.given))
        return step.sum(**numbers) if self.over and self.reduce else step(**numbers)

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    def __get__(self, instance: Any, owner: type | None = None) -> Compiled:
        """A method of its own for each instance, which is no number; it is kept there, with what is recorded."""
        if instance is None or not hasattr(self.f, "__get__"):
            return self
        method = Compiled(self.f.__get__(instance, owner), tuple(self.over), self.reduce, self.target, self.options)
        if hasattr(self, "attribute") and isinstance(getattr(instance, "__dict__", None), dict):
            instance.__dict__[self.attribute] = method
        return method

    def __getstate__(self) -> dict[str, Any]:
        """What a copy and a pickle keep: not what was made for the inputs so far, which is made again."""
        return {**self.__dict__, "steps": {}}

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Where its name means it, as that of a decorated function does, it is pickled by name, as functions are."""
        found: Any = sys.modules.get(self.__module__)
        for part in getattr(self, "__qualname__", "").split("."):
            found = getattr(found, part, None)
        return self.__qualname__ if found is self else super().__reduce_ex__(protocol)

    def lowered(self, /, *inputs: Any, **named: Any) -> Lowered:
        """The program for such inputs, to be read: its source, its families, its matrices.

        >>> print(compiled(lambda x: x * x).lowered(3.0).source, end="")
        def program(x):
            return [x * x]
        """
        return self._lowered(self._bound(inputs, named))

    def _bound(self, inputs: tuple[Any, ...], named: dict[str, Any]) -> _Bound:
        if self.is_plain and len(inputs) + len(named) == len(self.plain):
            if not named:
                return _Bound(self.names, inputs, self.sampled, ())
            rest = self.plain[len(inputs) :]
            if named.keys() == {*rest}:
                return _Bound(self.names, [*inputs, *[named[each] for each in rest]], self.sampled, ())
        bound = self.signature.bind(*inputs, **named)
        bound.apply_defaults()
        arguments = [bound.arguments[each] for each in self.plain]
        more = bound.arguments.get(self.open_ended, {})
        sampled = (*self.sampled, *[k in self.over for k in more])
        return _Bound(_names([*self.plain, *more]), [*arguments, *more.values()], sampled, tuple(more))

    def _lowered(self, bound: _Bound) -> Lowered:
        def recorded(number: Callable[[], float]) -> Lowered:
            leaves: list[Value] = []

            def new(label: str) -> Value:
                leaves.append(Value(number(), label))
                return leaves[-1]

            outputs = as_nodes(self._called([_values(*each, new) for each in parts], bound.keys))
            # f may have reordered what it was given, so the program has its own.
            again = iter(leaves)
            values = [_values(*each, lambda label: next(again)) for each in parts]
            return lower(outputs, bound._replace(given=values).numbers(), allow_constants=True)

        parts = list(zip(bound.given, bound.sampled, bound.names))
        try:
            return faithful(recorded, _here(bound))
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

    def _called(self, values: list[Any], keys: tuple[str, ...]) -> Any:
        positional: list[Any] = []
        named = dict(zip(keys, values[len(self.own) :]))
        for parameter, x in zip(self.own, values):
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[parameter.name] = x
            elif parameter.kind is parameter.VAR_POSITIONAL:
                positional += x
            else:
                positional.append(x)
        return run(self.f, positional, named)


def _fastest() -> str:
    """The fastest target that is installed."""
    found = [importlib.util.find_spec(package) is not None for package in ("numpy", "llvmlite")]
    return "native" if all(found) else "numpy" if found[0] else "python"


def _signature(f: Callable[..., Any]) -> inspect.Signature:
    try:
        if not hasattr(f, "nin"):  # NumPy's own tell more than they take
            return inspect.signature(f)
    except (TypeError, ValueError):
        pass
    raise AutogradTypeError(
        f"compiled(f) asks f for its arguments, and {given(f)} does not tell them: write a function around it,"
        " compiled(lambda x: f(x))"
    )


def _names(told: Iterable[str]) -> tuple[str, ...]:
    """Names of a program's inputs, no two alike; `self` is that of the program."""
    found: dict[str, None] = {"self": None}
    for each in told:
        while each in found:
            each += "_"
        found[each] = None
    return tuple(found)[1:]


class _Symbolic(LoweringError):
    """A Value was given where numbers are."""


def _key(x: Any, sampled: bool, where: str) -> Any:
    """What two inputs must have in common to be inputs of one program."""
    shape = getattr(x, "shape", None)
    if shape is not None:
        if getattr(getattr(x, "dtype", None), "hasobject", False):
            for y in x.ravel().tolist():
                _key(y, False, where)
        if sampled and not shape:
            raise LoweringError(f"{where} has samples along its first axis, and was given {x!r:.60}")
        return ("array", tuple(shape[1:] if sampled else shape)) if shape else ()
    if isinstance(x, STATIC):
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
        if any(isinstance(y, _NO_NUMBER) or getattr(y, "shape", None) for y in x):
            return "list", tuple([_key(y, False, f"{where}[{k}]") for k, y in enumerate(x)])
        for y in x:
            _key(y, False, where)
        return "list", len(x)
    is_value = isinstance(x, Value)
    if is_value or not (hasattr(x, "__float__") or hasattr(x, "__index__")):
        raise (_Symbolic if is_value else LoweringError)(
            f"a compiled function takes numbers, arrays, and lists, tuples and dictionaries of them, and {where} is"
            f" {given(x)}"
            + ("; with over=…, differentiate before it is compiled: compiled(value_and_grad(f), over=…)" * is_value)
        )
    if sampled:
        raise LoweringError(f"{where} has samples along its first axis, and was given {x!r:.60}")
    return ()


_NO_NUMBER = (list, tuple, Mapping, *STATIC)


def _parts(x: Any, sampled: bool) -> Iterable[Any] | None:
    """What a structure has; None for a leaf, as a list of samples is one."""
    if isinstance(x, Mapping):
        return x.values()
    return x if isinstance(x, tuple) or (isinstance(x, list) and not sampled) else None


def _is_mixed(x: Any, sampled: bool) -> bool:
    """Whether there is anything beside numbers, so that a program is not given all of it."""
    parts = _parts(x, sampled)
    return isinstance(x, STATIC) if parts is None else not parts or any(_is_mixed(y, sampled) for y in parts)


def _numeric(x: Any, sampled: bool) -> Any:
    """The numbers of a structure, without text, None and truth values; None where nothing is left."""
    if isinstance(x, STATIC):
        return None
    parts = _parts(x, sampled)
    if parts is None or x == []:
        return x
    kept = [_numeric(y, sampled) for y in parts]
    if isinstance(x, Mapping):
        return {k: y for k, y in zip(x, kept) if y is not None} or None
    numbers = [y for y in kept if y is not None]
    if not numbers or isinstance(x, list):
        return numbers or None
    return type(x)(*numbers) if hasattr(x, "_fields") and len(numbers) == len(x) else tuple(numbers)


def _here(bound: _Bound) -> list[float]:
    """The caller's numbers, of the first sample, in the order of `_values`; none where there are none to be read.

    There may be no sample, no real numbers, about which the program has its say, or no numbers yet, as in `jax.jit`.
    """

    def numbers(x: Any, sampled: bool) -> Iterator[float]:
        parts = _parts(x, sampled)
        if parts is not None:
            for y in parts:
                yield from numbers(y, sampled)
        elif not isinstance(x, STATIC):
            for y in flat(x[0] if sampled else x):
                yield from map(float, flat(y.tolist() if hasattr(y, "tolist") else y))

    try:
        return [y for x, sampled in zip(bound.given, bound.sampled) for y in numbers(x, sampled)]
    except (TypeError, ValueError, ArithmeticError, LookupError, RuntimeError):
        return []


def _values(x: Any, sampled: bool, label: str, new: Callable[[str], Value]) -> Any:
    """The same structure of one sample, with what is `new` under its label in the places of the numbers."""
    shape = getattr(x, "shape", None)
    if shape is not None or (sampled and isinstance(x, list)):
        shape = tuple(shape if shape is not None else _shape(x, label))[sampled:]
        return _of_shape(shape, label, new, listed=isinstance(x, list) and len(shape) == 1)
    if isinstance(x, STATIC):
        return x
    if isinstance(x, Mapping):
        return {k: _values(y, sampled, f"{label}_{k}", new) for k, y in x.items()}
    if isinstance(x, (list, tuple)):
        flat = not any(isinstance(y, (list, tuple, Mapping)) or getattr(y, "shape", None) for y in x)
        labels = [name(label, k) if flat else f"{label}_{k}" for k in range(1, len(x) + 1)]
        parts = [_values(y, sampled, each, new) for y, each in zip(x, labels)]
        return parts if isinstance(x, list) else type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    return new(label)


def _of_shape(shape: tuple[int, ...], label: str, new: Callable[[str], Value], listed: bool) -> Any:
    if not shape:
        return new(label)
    if listed:
        return [new(name(label, k)) for k in range(1, shape[0] + 1)]
    import numpy

    values = numpy.empty(shape, dtype=object)
    for at in numpy.ndindex(shape):
        values[at] = new(name(label, *[k + 1 for k in at]))
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
