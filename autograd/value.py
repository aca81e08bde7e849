"""Value: a number that remembers how it was computed, and can send a gradient back.

There is no mathematics here: every operation is a row of the table in ops.py.  This file says
only how a node is recorded, and how the chain rule walks the record.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias, TypeVar

from . import copies, hooks
from .errors import AutogradTypeError, AutogradValueError, LoweringError
from .graph import toposort
from .ops import LITERAL, TABLE, Op
from .recording import assigned, attend, attending, number, own_operation, text, tracing, watcher

# For type checkers; at run time NumPy scalars and whatever else has __float__ will do as well.
Real: TypeAlias = "float | Fraction | SupportsIndex"
Number: TypeAlias = "Value | Real"

ADD, SUB, MUL, DIV, POW = (TABLE[name] for name in ("add", "sub", "mul", "div", "pow"))
NEG, ABS, LT, LE, GT, GE = (TABLE[name] for name in ("neg", "abs", "lt", "le", "gt", "ge"))
MOD, FLOORDIV, HYPOT, ROUND = (TABLE[name] for name in ("mod", "floordiv", "hypot", "round"))
divided, power = DIV.function, POW.function
_WITHOUT_CALL = (ADD, ADD.rule), (MUL, MUL.rule)
_MICROGRAD = {"mul": "*", "relu": "ReLU", "literal": ""}  # where its sign is not the table's


def _made(row: Op, data: float, operands: tuple[Value, ...]) -> Value:
    """A new node; Value(…) would ask first whether data and label will do.

    This call costs 0 to 4 % of forward and backward (Python 3.10 to 3.13), against writing it out in every method;
    that + − × stand in these as signs, and not as calls of a row's function, pays for it.
    """
    node = _new(Value)
    node._data = data
    node._grad = 0.0
    node.op = row
    node.parents = operands
    node._label = ""
    if attending:
        attend(node)
    return node


def node_of(row: Op, operands: tuple[Value, ...]) -> Value:
    """The node of an operation on nodes.

    >>> node_of(TABLE["mul"], (Value(2.0), Value(3.0))).data
    6.0
    """
    data = row.function(*[x._data for x in operands])
    return _made(row, data if data.__class__ is float else number(data, row.name), operands)


def literal(x: Any, where: str = "literal") -> Value:
    """A node for a plain number: part of the graph, but not a leaf of the user's.

    >>> literal(2.0).op.name
    'literal'
    """
    return _made(LITERAL, x if x.__class__ is float else number(x, where), ())


def _operand(x: Any, row: Op, infix: bool = True) -> Any:
    """The other operand of an operation as a node; an array may take over an infix sign (NotImplemented)."""
    if x.__class__ is float:
        return _made(LITERAL, x, ())
    if x.__class__ is int and -(2**53) <= x <= 2**53:  # survives: it need only be a float
        return _made(LITERAL, float(x), ())
    if isinstance(x, Value):
        return x
    if infix and getattr(x, "ndim", None) and hasattr(x, "__array_ufunc__"):
        return NotImplemented
    return literal(x, row.name)


def _infix(row: Op, x: Value, other: Number) -> Value:
    """`x sign other`, where the sign is that of a row."""
    y = _operand(other, row)
    return y if y is NotImplemented else node_of(row, (x, y))


def _reflected(row: Op, other: Number, y: Value) -> Value:
    """`other sign y`, where the other one is no Value, or y is of a subclass."""
    x = _operand(other, row)
    return x if x is NotImplemented else _made(row, row.function(x._data, y._data), (x, y))


# A row without a sign becomes a method of its name.


def _of_one(name: str) -> Callable[[Value], Value]:
    row = TABLE[name]
    function = row.function

    def method(self: Value) -> Value:
        return _made(row, function(self._data), (self,))

    return _named(method, row)


def _of_two(name: str) -> Callable[[Value, Number], Value]:
    row = TABLE[name]

    def method(self: Value, other: Number) -> Value:
        return node_of(row, (self, _operand(other, row, infix=False)))

    return _named(method, row)


_Method = TypeVar("_Method", bound=Callable[..., "Value"])


def _named(method: _Method, row: Op) -> _Method:
    method.__name__ = row.name
    method.__qualname__ = f"Value.{row.name}"
    method.__doc__ = (row.function.__doc__ or "").partition("\n")[0]
    return method


_leaky_relu, _elu = _of_two("leaky_relu"), _of_two("elu")


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

    # What users assign is held to the rule of birth by properties; the engine writes behind them, and pays nothing.
    __slots__ = ("_data", "_grad", "op", "parents", "_label")  # noqa: RUF023 the order of __init__ and of pickles

    def __init__(self, data: Real, label: str = "", *operation: object) -> None:
        if operation:
            own_operation()
        self._data: float = data if data.__class__ is float else number(data, "Value")
        self._grad = 0.0
        self.op: Op | None = None
        self.parents: tuple[Value, ...] = ()
        self._label = label if label.__class__ is str else text(label, "Value: the label")

    @property
    def data(self) -> float:
        """The number, whatever is assigned."""
        return self._data

    @data.setter
    def data(self, x: Any) -> None:
        self._data = x if x.__class__ is float else number(x, "Value.data")
        if attending:
            assigned(self)

    @property
    def grad(self) -> float:
        """After y.backward(): ∂y/∂(this)."""
        return self._grad

    @grad.setter
    def grad(self, x: Any) -> None:
        self._grad = x if x.__class__ is float else number(x, "Value.grad")

    @property
    def label(self) -> str:
        """A name for pictures and programs."""
        return self._label

    @label.setter
    def label(self, x: Any) -> None:
        self._label = x if x.__class__ is str else text(x, "Value: the label")

    # --- the signs ---------------------------------------------------------------------------

    def __add__(self, other: Number) -> Value:
        y: Any = other if other.__class__ is Value else _operand(other, ADD)
        return y if y is NotImplemented else _made(ADD, self._data + y._data, (self, y))

    def __sub__(self, other: Number) -> Value:
        y: Any = other if other.__class__ is Value else _operand(other, SUB)
        return y if y is NotImplemented else _made(SUB, self._data - y._data, (self, y))

    def __mul__(self, other: Number) -> Value:
        y: Any = other if other.__class__ is Value else _operand(other, MUL)
        return y if y is NotImplemented else _made(MUL, self._data * y._data, (self, y))

    def __truediv__(self, other: Number) -> Value:
        y: Any = other if other.__class__ is Value else _operand(other, DIV)
        return y if y is NotImplemented else _made(DIV, divided(self._data, y._data), (self, y))

    def __pow__(self, other: Number) -> Value:
        y: Any = other if other.__class__ is Value else _operand(other, POW)
        return y if y is NotImplemented else _made(POW, power(self._data, y._data), (self, y))

    def __radd__(self, other: Number) -> Value:
        return _reflected(ADD, other, self)

    def __rsub__(self, other: Number) -> Value:
        return _reflected(SUB, other, self)

    def __rmul__(self, other: Number) -> Value:
        return _reflected(MUL, other, self)

    def __rtruediv__(self, other: Number) -> Value:
        return _reflected(DIV, other, self)

    def __rpow__(self, other: Number) -> Value:
        return _reflected(POW, other, self)

    def __mod__(self, other: Number) -> Value:
        return _infix(MOD, self, other)

    def __rmod__(self, other: Number) -> Value:
        return _reflected(MOD, other, self)

    def __floordiv__(self, other: Number) -> Value:
        return _infix(FLOORDIV, self, other)

    def __rfloordiv__(self, other: Number) -> Value:
        return _reflected(FLOORDIV, other, self)

    def __divmod__(self, other: Number) -> tuple[Value, Value]:
        return self // other, self % other

    def __rdivmod__(self, other: Number) -> tuple[Value, Value]:
        return other // self, other % self

    def __neg__(self) -> Value:
        return _made(NEG, -self._data, (self,))

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return node_of(ABS, (self,))

    def __lt__(self, other: Number) -> Value:
        return _infix(LT, self, other)

    def __le__(self, other: Number) -> Value:
        return _infix(LE, self, other)

    def __gt__(self, other: Number) -> Value:
        return _infix(GT, self, other)

    def __ge__(self, other: Number) -> Value:
        return _infix(GE, self, other)

    # --- and the methods ------------------------------------------------------------------------

    abs, sign, step, sqrt, cbrt = map(_of_one, ("abs", "sign", "step", "sqrt", "cbrt"))
    exp, expm1, exp2 = map(_of_one, ("exp", "expm1", "exp2"))
    log, log1p, log2, log10 = map(_of_one, ("log", "log1p", "log2", "log10"))
    sin, cos, tan, asin, acos, atan = map(_of_one, ("sin", "cos", "tan", "asin", "acos", "atan"))
    sinh, cosh, tanh, asinh, acosh, atanh = map(_of_one, ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"))
    sigmoid, relu, softplus, softsign = map(_of_one, ("sigmoid", "relu", "softplus", "softsign"))
    gelu, silu, erf, erfc = map(_of_one, ("gelu", "silu", "erf", "erfc"))
    pow, maximum, minimum = map(_of_two, ("pow", "maximum", "minimum"))
    atan2, copysign, fmod = map(_of_two, ("atan2", "copysign", "fmod"))
    floor, ceil, trunc = map(_of_one, ("floor", "ceil", "trunc"))
    __floor__, __ceil__, __trunc__ = floor, ceil, trunc

    def leaky_relu(self, slope: Number = 0.01) -> Value:
        """x above 0, slope·x below."""
        return _leaky_relu(self, slope)

    def elu(self, alpha: Number = 1.0) -> Value:
        """x above 0, alpha·(eˣ − 1) below."""
        return _elu(self, alpha)

    def round(self, digits: Number = 0.0) -> Value:
        """x to so many decimal digits, a half to the even side; a Value, where Python's round gives an int."""
        return node_of(ROUND, (self, _operand(digits, ROUND, infix=False)))

    def __round__(self, digits: int | None = None) -> Value:
        return self.round(digits or 0.0)

    def hypot(self, *others: Number) -> Value:
        """√(Σ x²) of this and the others."""
        return node_of(HYPOT, (self, *[_operand(x, HYPOT, infix=False) for x in others]))

    def radians(self) -> Value:
        """An angle in degrees, in radians."""
        return self * (math.pi / 180)

    def degrees(self) -> Value:
        """An angle in radians, in degrees."""
        return self * (180 / math.pi)

    # NumPy calls these on the objects of an array: np.arctan(a), np.std(a).
    arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
    arcsinh, arccosh, arctanh = asinh, acosh, atanh
    fabs, rint, conjugate, deg2rad, rad2deg = abs, round, __pos__, radians, degrees

    # --- the chain rule ---------------------------------------------------------------------

    def backward(self, gradient: float = 1.0) -> None:
        """Send the gradient from here to every node that this one was computed from.

        Afterwards `node.grad` is ∂(this)/∂(node), times `gradient`, for every node of the graph;
        in particular δ of a neuron is `u.grad`.  Leaves accumulate over calls; interior nodes
        restart from zero, so a second call adds exactly one more gradient to the leaves and
        nothing twice.  With two losses on one trunk the leaves hold the sum, and the trunk's
        interior nodes the gradient of the last call.  Graphs with interior nodes in
        common are for one thread at a time.

        A branch that was not taken (of where, maximum, relu, …) receives nothing, whatever inf or nan
        stands in it.  Any other zero is a number, and 0·inf is nan: undetermined.

        >>> x = Value(3.0); y = x * x
        >>> y.backward(); x.grad
        6.0
        >>> y.backward(); x.grad
        12.0
        """
        seed = number(gradient, "backward(gradient)")
        watching = watcher()
        if watching is not None:
            watching.before_backward(self)
        order = restart(self)
        untouched = self._grad  # the zero of restart() itself: what still holds it was reached by nothing
        self._grad = start = self._grad + seed
        # The two commonest rules without a call, a fifth of the pass; who gives one another rule is asked.
        plus, times = (row if row.rule is rule else None for row, rule in _WITHOUT_CALL)
        for node in order:
            g = node._grad
            if g is not untouched:
                row: Any = node.op
                parents = node.parents
                if len(parents) == 2:  # unrolled: 15 % of the whole pass on binary operations
                    x, y = parents
                    if row is plus:
                        x._grad += g
                        y._grad += g
                    elif row is times:
                        x._grad += g * y._data
                        y._grad += g * x._data
                    else:
                        dx, dy = row.rule(node._data, x._data, y._data)
                        if dx or (dx is not None and 0 not in row.selects):
                            x._grad += g * float(dx)
                        if dy or (dy is not None and 1 not in row.selects):
                            y._grad += g * float(dy)
                elif len(parents) == 1:
                    (x,) = parents
                    (dx,) = row.rule(node._data, x._data)
                    if dx or (dx is not None and 0 not in row.selects):
                        x._grad += g * float(dx)
                elif parents:
                    partials = row.rule(node._data, *[p._data for p in parents])
                    if row.selects:
                        partials = [d or (None if i in row.selects else d) for i, d in enumerate(partials)]
                    for parent, d in zip(parents, partials, strict=True):
                        if d is not None:
                            parent._grad += g * float(d)
        if self._grad is not start:
            raise AutogradValueError("backward() ran from this node in another thread too: the gradients are mixed up")
        if watching is not None:
            watching.after_backward(self)

    def zero_grad(self) -> None:
        """Set the gradient of this node, and of every node it was computed from, to zero.

        >>> x = Value(3.0); y = x * x; y.backward()
        >>> y.zero_grad(); x.grad
        0.0
        """
        for node in toposort(self):
            node._grad = 0.0

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
        return {**hooks.display(self), "text/plain": repr(self)}

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

    _backward = property(None, own_operation)

    @property
    def _prev(self) -> set[Value]:
        return set(self.parents[:1] if self._has_plain_exponent else self.parents)

    @property
    def _op(self) -> str:
        if self.op is None:
            return ""
        if self._has_plain_exponent:
            exponent = self.parents[1].data
            return f"**{int(exponent) if exponent.is_integer() and abs(exponent) < 2**53 else exponent}"
        return _MICROGRAD.get(self.op.name, self.op.symbol)

    @property
    def _has_plain_exponent(self) -> bool:
        return self.op is POW and self.parents[1].op is LITERAL

    # --- copies and pickles ---------------------------------------------------------------------

    __copy__ = copies.shallow
    __deepcopy__ = copies.deep
    __reduce__ = copies.reduced


_new = object.__new__


def restart(root: Value) -> list[Value]:
    """Set the gradients of all nodes but the user's leaves to zero; these nodes, consumers first.

    A node comes after everything that it feeds, so its gradient is complete when backward()
    reaches it.  This is `toposort(root, mirrored=True)` reversed, without the leaves.  The new
    zeros themselves, objects of this call, mark a node that was entered and one that was placed:
    a set of 70,000 nodes misses the cache and costs 8 % of forward and backward together, a number
    in each node 1 to 3 % and 8 bytes.  And a node that still holds that very zero after a backward()
    was reached by nothing.  (A float in C is no object: the twin counts its calls.)

    >>> x = Value(2.0, "x"); y = x * x + 1
    >>> [node.op.name for node in restart(y)]
    ['add', 'mul', 'literal']
    """
    zero, entered = float("0"), float("0")  # new objects at every call, unlike the constant 0.0
    order: list[Value] = []
    stack = [root] if root.op is not None else []
    push, pop, place = stack.append, stack.pop, order.append
    while stack:
        node = pop()
        if node._grad is entered:  # for the second time: every operand has been placed
            node._grad = zero
            place(node)
        elif node._grad is not zero:
            node._grad = entered
            push(node)
            for parent in node.parents:
                if parent.op is not None and parent._grad is not zero:
                    push(parent)
    order.reverse()
    return order


def computed_from(y: Value, xs: Iterable[Value]) -> bool:
    """Whether y was computed from the xs and plain numbers alone: then backward() adds to nobody else's gradient.

    >>> x, w = Value(2.0), Value(3.0)
    >>> computed_from(2 * x, [x]), computed_from(w * x, [x])
    (True, False)
    """
    return all(node.op is not None for node in toposort(y, known=set(xs)))


# Where a C compiler was at hand, the twin of this file takes over: _core.pyx, the same semantics, the same bits.
core = "pure"
if not TYPE_CHECKING and os.environ.get("DELTAGRAD_PURE", "0") in ("", "0"):
    with contextlib.suppress(ImportError):
        from ._core import Value, computed_from, literal, node_of, restart  # noqa: F401

        core, _new = "compiled", Value.__new__
