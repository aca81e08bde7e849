"""Value: a number that remembers how it was computed, and can send a gradient back.

The methods and functions are made from the rows of the table in ops.py, so there is no
mathematics here: only how a node is recorded and how the chain rule walks the record.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from fractions import Fraction
from numbers import Complex
from numbers import Real as AnyReal
from typing import Any, Protocol, SupportsIndex, TypeAlias, TypeVar

from .errors import AutogradTypeError, AutogradValueError, LoweringError
from .graph import restart, toposort
from .ops import LITERAL, TABLE, Op

# For type checkers; at run time NumPy scalars and whatever else has __float__ will do as well.
Real: TypeAlias = "float | Fraction | SupportsIndex"
Number: TypeAlias = "Value | Real"

tracing: ContextVar[bool] = ContextVar("tracing", default=False)  # set by lowering/trace.py
_recording: ContextVar[bool] = ContextVar("recording", default=True)
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
_attended = 0  # how many no_grad() and debug() are active anywhere: while none is, no operation asks more
_attended_lock = threading.Lock()


class Watcher(Protocol):
    """What debug() puts beside the engine: it sees every new node, and every backward() from both sides."""

    def born(self, node: Value) -> None: ...
    def before_backward(self, root: Value) -> None: ...
    def after_backward(self, root: Value) -> None: ...


def _attend(node: Value) -> None:
    """Show a new node to the watcher, and make it a leaf where nothing is recorded."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher.born(node)
    if not _recording.get():
        node.op, node.parents = None, ()


@contextlib.contextmanager
def _attending() -> Iterator[None]:
    global _attended
    with _attended_lock:
        _attended += 1
    try:
        yield
    finally:
        with _attended_lock:
            _attended -= 1


@contextlib.contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Inside, the watcher is told of every node and every backward() of this thread."""
    token = _watcher.set(watcher)
    try:
        with _attending():
            yield
    finally:
        _watcher.reset(token)


def number(x: Any, where: str) -> float:
    """A real number as a float; anything else is a TypeError that says what to do instead."""
    if isinstance(x, Value):
        remedy = "it is a Value already; use its .data for a copy"
    elif isinstance(x, (str, bytes)):
        remedy = "convert text with float(text) first"
    elif isinstance(x, Complex) and not isinstance(x, AnyReal):  # float() of a numpy.complex64 succeeds
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


def given(x: object) -> str:
    """What somebody gave, for an error message: itself, shortened, and its type."""
    try:
        text = repr(x)
    except Exception:  # an integer with more digits than Python is willing to print
        text = "something unprintable"
    return f"{text if len(text) <= 60 else text[:57] + '...'} of type {type(x).__name__}"


def literal(x: Any, where: str = "literal") -> Value:
    """A node for a plain number: part of the graph, but not a leaf of the user's.

    >>> literal(2.0).op.name
    'literal'
    """
    node = _new(Value)
    node.data = x if x.__class__ is float else number(x, where)
    node.grad = 0.0
    node.op = LITERAL
    node.parents = ()
    node.label = ""
    return node


def _operand(x: Any, row: Op, infix: bool = True) -> Any:
    """The other operand of an operation as a node; an array may take over an infix sign (NotImplemented)."""
    if isinstance(x, Value):
        return x
    if infix and getattr(x, "ndim", None) and hasattr(x, "__array_ufunc__"):
        return NotImplemented
    return literal(x, row.name)


def record(row: Op, operands: tuple[Value, ...]) -> Value:
    """Apply a row to nodes and remember it.

    >>> record(TABLE["mul"], (Value(2.0), Value(3.0))).data
    6.0
    """
    node = _new(Value)
    node.data = row.function(*[x.data for x in operands])
    node.grad = 0.0
    node.op = row
    node.parents = operands
    node.label = ""
    if _attended:
        _attend(node)
    return node


# record() is written out again in the two makers below: a call more per node costs 8 % of
# the time of forward and backward together (tests/benchmarks/eager.py prints the total).


def _unary(name: str) -> Callable[[Value], Value]:
    row = TABLE[name]
    function = row.function

    def method(self: Value) -> Value:
        node = _new(Value)
        node.data = function(self.data)
        node.grad = 0.0
        node.op = row
        node.parents = (self,)
        node.label = ""
        if _attended:
            _attend(node)
        return node

    return _named(method, row)


def _binary(name: str, infix: bool = False) -> Callable[[Value, Number], Value]:
    row = TABLE[name]
    function = row.function

    def method(self: Value, other: Number) -> Value:
        if other.__class__ is not Value:
            other = _operand(other, row, infix)
            if other is NotImplemented:
                return NotImplemented  # type: ignore[no-any-return]
        node = _new(Value)
        node.data = function(self.data, other.data)  # type: ignore[union-attr]
        node.grad = 0.0
        node.op = row
        node.parents = (self, other)  # type: ignore[assignment]
        node.label = ""
        if _attended:
            _attend(node)
        return node

    return _named(method, row)


def _reflected(name: str) -> Callable[[Value, Number], Value]:
    row = TABLE[name]

    def method(self: Value, other: Number) -> Value:
        first = _operand(other, row)
        return NotImplemented if first is NotImplemented else record(row, (first, self))

    return _named(method, row)


def _with_default(name: str, default: float) -> Callable[..., Value]:
    method = _binary(name)

    def with_default(self: Value, parameter: Number = default) -> Value:
        return method(self, parameter)

    return _named(with_default, TABLE[name])


_Method = TypeVar("_Method", bound=Callable[..., "Value"])


def _named(method: _Method, row: Op) -> _Method:
    method.__name__ = row.name
    method.__qualname__ = f"Value.{row.name}"
    method.__doc__ = (row.function.__doc__ or "").partition("\n")[0]
    return method


class Value:
    """A real number in a computation graph.

    data      the number, a float
    grad      after y.backward(): ∂y/∂(this), a float
    op        the row of the table it came from; None for a leaf
    parents   the operands, in order
    label     a name for pictures and programs

    >>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(-1.0, "b")
    >>> o = (w * x + b).tanh()
    >>> o.backward()
    >>> w.grad, x.grad, b.grad
    (2.0, 0.5, 1.0)

    Accepts anything real (int, float, bool, NumPy scalars, Fraction).  Raises AutogradTypeError for
    text, complex numbers, None, containers and Values, and AutogradValueError for an integer
    too large for a double.

    Values compare by identity (`v == 4.0` is False: compare `v.data`), while < <= > >= give a
    Value of 1.0 or 0.0, whose truth is its data.
    """

    __slots__ = ("data", "grad", "op", "parents", "label")  # noqa: RUF023 the order of __init__ and of pickles

    data: float
    grad: float
    op: Op | None
    parents: tuple[Value, ...]
    label: str

    def __init__(self, data: Real, label: str = "") -> None:
        self.data = data if data.__class__ is float else number(data, "Value")
        if not isinstance(label, str):
            raise AutogradTypeError(f"Value: the label must be text, and was given as {given(label)}")
        self.grad = 0.0
        self.op = None
        self.parents = ()
        self.label = label

    # --- operators, one per row ---------------------------------------------------------

    __add__, __radd__ = _binary("add", infix=True), _reflected("add")
    __sub__, __rsub__ = _binary("sub", infix=True), _reflected("sub")
    __mul__, __rmul__ = _binary("mul", infix=True), _reflected("mul")
    __truediv__, __rtruediv__ = _binary("div", infix=True), _reflected("div")
    __pow__, __rpow__ = _binary("pow", infix=True), _reflected("pow")
    __neg__, __abs__ = _unary("neg"), _unary("abs")
    __lt__, __le__ = _binary("lt", infix=True), _binary("le", infix=True)
    __gt__, __ge__ = _binary("gt", infix=True), _binary("ge", infix=True)

    def __pos__(self) -> Value:
        return self

    # --- and methods ----------------------------------------------------------------------

    pow, abs, sign, step = _binary("pow"), _unary("abs"), _unary("sign"), _unary("step")
    exp, expm1, log, log1p = _unary("exp"), _unary("expm1"), _unary("log"), _unary("log1p")
    sqrt = _unary("sqrt")
    sin, cos, tan = _unary("sin"), _unary("cos"), _unary("tan")
    asin, acos, atan = _unary("asin"), _unary("acos"), _unary("atan")
    sinh, cosh, tanh = _unary("sinh"), _unary("cosh"), _unary("tanh")
    sigmoid, relu, softplus = _unary("sigmoid"), _unary("relu"), _unary("softplus")
    gelu, silu, erf = _unary("gelu"), _unary("silu"), _unary("erf")
    leaky_relu, elu = _with_default("leaky_relu", 0.01), _with_default("elu", 1.0)
    maximum, minimum = _binary("maximum"), _binary("minimum")

    # --- the chain rule ---------------------------------------------------------------------

    def backward(self, gradient: float = 1.0) -> None:
        """Send the gradient from here to every node that this one was computed from.

        Afterwards `node.grad` is ∂(this)/∂(node), times `gradient`, for every node of the graph;
        in particular δ of a neuron is `u.grad`.  Leaves accumulate over calls; interior nodes
        restart from zero, so a second call adds exactly one more gradient to the leaves and
        nothing twice.  With two losses on one trunk the leaves hold the sum, and the trunk's
        interior nodes the gradient of the last call.

        A contribution with a zero factor is zero, even if its other factor is inf or nan.

        >>> x = Value(3.0); y = x * x
        >>> y.backward(); x.grad
        6.0
        >>> y.backward(); x.grad
        12.0
        """
        seed = number(gradient, "backward(gradient)")
        watcher = _watcher.get() if _attended else None
        if watcher is not None:
            watcher.before_backward(self)
        order = restart(self)
        self.grad += seed
        for node in order:
            g = node.grad
            if g:
                parents = node.parents
                if len(parents) == 2:  # unrolled: 15 % of the whole pass on binary operations
                    x, y = parents
                    dx, dy = node.op.rule(node.data, x.data, y.data)  # type: ignore[union-attr]
                    if dx:
                        x.grad += g * dx
                    if dy:
                        y.grad += g * dy
                else:
                    rule = node.op.rule  # type: ignore[union-attr]
                    for parent, d in zip(parents, rule(node.data, *[p.data for p in parents])):
                        if d:
                            parent.grad += g * d
        if watcher is not None:
            watcher.after_backward(self)

    def zero_grad(self) -> None:
        """Set the gradient of this node, and of every node it was computed from, to zero.

        >>> x = Value(3.0); y = x * x; y.backward()
        >>> y.zero_grad(); x.grad
        0.0
        """
        for node in toposort(self):
            node.grad = 0.0

    def detach(self) -> Value:
        """A leaf with the same data and label, through which no gradient flows.

        >>> x = Value(3.0); y = x * x.detach()
        >>> y.backward(); x.grad
        3.0
        """
        return Value(self.data, self.label)

    # --- how it looks and what it refuses ---------------------------------------------------

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data!r}, grad={self.grad!r}{label})"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str | bytes]:
        from .drawing import shown_in_notebook

        return {**shown_in_notebook(self), "text/plain": repr(self)}

    def __format__(self, specification: str) -> str:
        return format(self.data, specification) if specification else repr(self)

    def __bool__(self) -> bool:
        if tracing.get():
            raise LoweringError(
                "while a function is traced, a Value has no truth: the branch taken now would be taken for ever;"
                " use where(condition, a, b), maximum or minimum instead of if, and, or, max, min"
            )
        return bool(self.data)

    def __float__(self) -> float:
        raise AutogradTypeError(
            "a Value does not turn into a float by itself, since that would lose its gradient;"
            " use v.data, or autograd.tanh instead of math.tanh"
        )

    def __int__(self) -> int:
        raise AutogradTypeError(
            "a Value does not turn into an int by itself, since that would lose its gradient; use int(v.data)"
        )

    # --- the names that micrograd's users know ------------------------------------------------

    @property
    def _prev(self) -> set[Value]:
        return set(self.parents)

    @property
    def _op(self) -> str:
        return "" if self.op is None else self.op.symbol

    # --- copies and pickles, without recursion --------------------------------------------------

    def __copy__(self) -> Value:
        return _restored(self.op, self.parents, self.data, self.grad, self.label)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for node in toposort(self):
            if id(node) not in memo:
                parents = tuple([memo[id(parent)] for parent in node.parents])
                memo[id(node)] = _restored(node.op, parents, node.data, node.grad, node.label)
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        own = (self.op, self.parents, self.data, self.grad, self.label)
        if not self.parents or _announced(self):
            return _restored, own
        return _last, (_Ancestors(self), own)


_new = object.__new__


def _restored(op: Op | None, parents: tuple[Value, ...], data: float, grad: float, label: str) -> Value:
    node = _new(Value)
    node.op, node.parents, node.data, node.grad, node.label = op, parents, data, grad, label
    return node


# A pickler descends into whatever it meets; along a chain of a million nodes it would never
# come back.  So a node first hands over its ancestors as a list, parents before children:
# each finds its parents in the pickler's memo already, and nothing goes deep.  Since they go
# through that memo as themselves, nodes shared by several pickled objects stay shared.

_pickling = threading.local()


class _Ancestors:
    """Pickles as the list of all nodes below one node, topologically ordered."""

    def __init__(self, node: Value) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._listed()

    def _listed(self) -> Iterator[Value]:
        # A pickler takes at most 1000 items before it saves the first of them.
        announced: deque[int] = deque(maxlen=1024)
        _pickling.announced = announced
        for node in toposort(*self.node.parents):
            announced.append(id(node))
            yield node


def _announced(node: Value) -> bool:
    """Whether the pickler met this node in a list of ancestors, hence all its parents before it.

    A pickler that failed or was interrupted leaves ids behind, which does no harm: a node taken
    for announced by mistake goes one level deep, since the ids before its own are gone by then.
    """
    announced = getattr(_pickling, "announced", ())
    while announced:
        if announced.popleft() == id(node):
            return True
    return False


def _last(ancestors: list[Value], own: tuple[Any, ...]) -> Value:
    return _restored(*own)


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Inside, results are leaves: nothing is recorded.  Also a decorator; local to its thread.

    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (9.0, ())
    """
    token = _recording.set(False)
    try:
        with _attending():
            yield
    finally:
        _recording.reset(token)
