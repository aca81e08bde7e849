"""What making a node needs to know: what a number is, whether anything is recorded, and who watches.

This state stands below value.py, so that whoever makes nodes shares it.

attending   an entry for each no_grad() and debug() that is active anywhere; while it is empty,
            which is nearly always, making a node asks no more than that
tracing     whether a function is being recorded for every input, so that no `if` may look at a Value
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from .errors import AutogradTypeError, AutogradValueError

if TYPE_CHECKING:
    from .value import Value

F = TypeVar("F", bound=Callable[..., Any])
attending: list[None] = []  # appending and popping need no lock
tracing: ContextVar[bool] = ContextVar("tracing", default=False)
_recording: ContextVar[bool] = ContextVar("recording", default=True)
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


class Watcher(Protocol):
    """What debug() puts beside the engine: it sees every new node, whose data users assign, and every backward()."""

    def born(self, node: Value) -> None: ...
    def assigned(self, node: Value) -> None: ...
    def before_backward(self, root: Value) -> None: ...
    def after_backward(self, root: Value) -> None: ...


def watcher() -> Watcher | None:
    """Who watches this thread."""
    return _watcher.get() if attending else None


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """The cyclic collector waits while thousands of objects are made that live on, none of them in a cycle.

    It would look through all of them again and again: of a large network's families two thirds of the time.

    >>> with paused():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def is_recording() -> bool:
    """Whether results remember how they were computed: False inside no_grad().

    >>> with no_grad():
    ...     is_recording()
    False
    """
    return _recording.get()


def is_attended() -> bool:
    """Whether some no_grad() or debug() is active, in any thread."""
    return bool(attending)


def attend(node: Value) -> None:
    """Show a new node to the watcher, and make it a leaf where nothing is recorded; a plain number stays one."""
    if not node.parents:
        return
    watching = _watcher.get()
    if watching is not None:
        watching.born(node)
    if not _recording.get():
        node.op, node.parents = None, ()


def assigned(node: Value) -> None:
    """Tell the watcher that somebody has assigned to the data of a node."""
    watching = _watcher.get()
    if watching is not None:
        watching.assigned(node)


@contextlib.contextmanager
def _attended(state: ContextVar[Any], now: Any) -> Iterator[None]:
    token = state.set(now)
    attending.append(None)
    try:
        yield
    finally:
        attending.pop()
        state.reset(token)


def watching(watcher: Watcher | None) -> contextlib.AbstractContextManager[None]:
    """Inside, the watcher is told of every node and every backward() of this thread; None: nobody is."""
    return _attended(_watcher, watcher)


def remembering() -> contextlib.AbstractContextManager[None]:
    """Inside, results remember how they were computed, within no_grad() too: of what is differentiated once more.

    >>> with no_grad(), remembering():
    ...     is_recording()
    True
    """
    return contextlib.nullcontext() if is_recording() else _attended(_recording, True)


class no_grad:
    """Inside, results are leaves: nothing is recorded.  Also a decorator, `@no_grad()`; local to its thread or task.

    A decorated generator or coroutine runs inside, and whoever iterates or waits does not.  A `with`
    inside a generator cannot know when the generator rests: until it is resumed, its user records
    nothing either.  So decorate generators.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """

    def __init__(self) -> None:
        self._entered: list[contextlib.AbstractContextManager[None]] = []  # one inside another may be the same object

    def __enter__(self) -> None:
        self._entered.append(_attended(_recording, False))
        self._entered[-1].__enter__()

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def __call__(self, function: F) -> F:
        from .tools.decorating import inside

        return inside(no_grad, function)


def number(x: Any, where: str) -> float:
    """A real number as a float; anything else is a TypeError that says what to do instead.

    >>> number(3, "Value")
    3.0
    >>> number("3", "Value")
    Traceback (most recent call last):
    autograd.errors.AutogradTypeError: Value: got '3' of type str; convert text with float(text) first
    """
    if hasattr(x, "parents") and hasattr(x, "op"):
        remedy = "it is a Value already; use its .data for a copy, and in an assignment use .data on both sides"
    elif isinstance(x, (str, bytes)):
        remedy = "convert text with float(text) first"
    elif isinstance(x, Complex) and not isinstance(x, Real):  # float() of a numpy.complex64 succeeds
        remedy = "only real numbers have a place in the graph"
    elif isinstance(x, (list, tuple, dict, set)) or getattr(x, "ndim", None):
        remedy = "this engine is scalar: make one Value for each element"
    elif hasattr(x, "__float__") or hasattr(x, "__index__"):
        try:
            return float(x)
        except OverflowError:
            raise AutogradValueError(
                f"{where}: got {given(x)}, which does not fit a double; scale it below 1.8e308 first"
            ) from None
        except (TypeError, ValueError):
            remedy = "it could not be converted with float()"
    else:
        remedy = "give a real number or a Value"
    raise AutogradTypeError(f"{where}: got {given(x)}; {remedy}")


def text(x: Any, where: str) -> str:
    """Text as it is; anything else is a TypeError.

    >>> text(3, "Value: the label")
    Traceback (most recent call last):
    autograd.errors.AutogradTypeError: Value: the label must be text, and was given as 3 of type int
    """
    if isinstance(x, str):
        return x
    if isinstance(x, (tuple, set)):  # Value(t, (self,), "tanh")
        own_operation()
    raise AutogradTypeError(f"{where} must be text, and was given as {given(x)}")


def own_operation(*given: object) -> NoReturn:
    """Say how an operation is made here, to whoever builds a node as micrograd's lecture does."""
    raise AutogradTypeError(
        "a node is not put together by hand, and has no _backward: an operation of your own is one row,"
        " function(Op(name, function_on_floats, rule)); see docs/your-own-operation.md"
    )


def given(x: object) -> str:
    """What somebody gave, for an error message: itself, shortened, and its type.

    >>> given([0.5])
    '[0.5] of type list'
    """
    try:
        text = repr(x)
    except Exception:  # an integer with more digits than Python is willing to print
        text = "something unprintable"
    return f"{text if len(text) <= 60 else text[:57] + '...'} of type {type(x).__name__}"
