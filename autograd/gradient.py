"""Gradients as graphs: what `grad` returns can be drawn, printed and differentiated again.

Each node's adjoint ∂y/∂node is one `sumprod` over its consumers: their adjoints times the
local derivatives.  For a network this is the lecture, node for node:
δᵢ = σ'(uᵢ) · sumprod(δ_next, θ_column) and ∂Err/∂θᵢₗ = δᵢ · oₗ.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import cache
from types import FunctionType
from typing import Any

from . import ops
from .chain.branches import Factor
from .chain.sums import as_node, begun, nodes, weights
from .errors import AutogradTypeError
from .functions import function_of_row, softmax
from .ops import TABLE, Op, Rule
from .recording import paused, remembering
from .taking.entries import scattered, walked
from .taking.tables import Taken, operands
from .value import Number, Value
from .words.naming import derivative_name


def grad(y: Value, xs: Iterable[Value] | Value) -> list[Value]:
    """∂y/∂x for every x, as Values in a new graph; leaves every `.grad` alone.

    y    the Value to differentiate
    xs   the Values to differentiate by: leaves, or interior nodes such as a neuron's u

    An x that y does not depend on has the gradient 0.  The sum over consumers is the reverse
    mode of Griewank & Walther, Evaluating Derivatives, section 3.2.  Its terms come in the
    order of `backward()`, so both give the same bits.  Raises AutogradTypeError for anything
    that is not a Value, and says `vjp` where several outputs are given.

    >>> x = Value(3.0)
    >>> (dy,) = grad(x * x * x, [x])
    >>> (d2y,) = grad(dy, [x])
    >>> dy.data, d2y.data
    (27.0, 18.0)
    """
    y, xs = one_output("grad(y, xs)", y, xs)
    return _pulled_back([y], xs, [1.0], y.label)


def vjp(ys: Iterable[Value] | Value, xs: Iterable[Value] | Value, w: Iterable[Number] | Number) -> list[Value]:
    """Σᵢ wᵢ·∂yᵢ/∂x for every x: a row of weights times the Jacobian, in one reverse pass, as Values.

    ys   the outputs
    xs   the Values to differentiate by, leaves or interior nodes
    w    one number or Value for each y

    The result depends on w where that has Values.  Raises AutogradTypeError for anything that is not a Value or
    a number, and AutogradValueError where w has not one weight for each y.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [g.data for g in vjp([a * b, a + b], [a, b], [10.0, 1.0])]
    [31.0, 21.0]
    """
    call = "vjp(ys, xs, w)"
    ys, xs = nodes(call, "two lists of Values", ys), nodes(call, "two lists of Values", xs)
    return _pulled_back(ys, xs, weights(call, w, ys))


def hessian(y: Value, xs: Iterable[Value] | Value) -> list[list[Value]]:
    """The matrix of second derivatives ∂²y/∂xᵢ∂xⱼ, as Values: the gradient of each gradient.

    Within no_grad() its entries are leaves.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [[h.data for h in row] for row in hessian(a * a * b, [a, b])]
    [[6.0, 4.0], [4.0, 0.0]]
    """
    y, xs = one_output("hessian(y, xs)", y, xs)
    with remembering():
        slopes = grad(y, xs)
    return [grad(dy, xs) for dy in slopes]


def one_output(call: str, y: Any, xs: Any) -> tuple[Value, list[Value]]:
    """y, and the xs as a list, once all are known to be Values.

    >>> one_output("grad(y, xs)", [Value(1.0)], [])
    Traceback (most recent call last):
    autograd.errors.AutogradTypeError: grad(y, xs) takes a Value and a list of Values, and was given a list; ...
    """
    takes = "a Value and a list of Values"
    if isinstance(y, (list, tuple)):
        several = f"a {type(y).__name__}; of several outputs take vjp(ys, xs, w) or jacobian(ys, xs)"
        raise AutogradTypeError(f"{call} takes {takes}, and was given {several}")
    (y,) = nodes(call, takes, [y])
    return y, nodes(call, takes, xs)


@cache
def graph_rule(row: Op) -> Rule:
    """A row's rule, reading its names as functions on Values instead of functions on floats.

    >>> x = Value(2.0)
    >>> (slope,) = graph_rule(TABLE["exp"])(x.exp(), x)
    >>> slope.op.name
    'exp'
    """
    rule = row.rule
    if not isinstance(rule, FunctionType) or rule.__globals__ is not vars(ops):
        return rule  # a user's own row, written with the public functions already
    return FunctionType(rule.__code__, _ON_VALUES, rule.__name__)


def partials_in_graph(node: Value) -> tuple[Factor | None, ...]:
    """∂node/∂operand for each operand as Values or numbers, from the node's row; None: no dependence.

    >>> x = Value(2.0); (slope,) = partials_in_graph(x.exp())
    >>> slope.op.name
    'exp'
    """
    return () if node.op is None else graph_rule(node.op)(node, *node.parents)


def uses(node: Value, wanted: Container[Value]) -> Iterator[tuple[Value, Factor, bool]]:
    """The wanted operands on which a node depends, ∂node/∂operand, and whether the node may leave that one out.

    >>> from autograd import take
    >>> a, b, i = Value(2.0), Value(3.0), Value(1.0); y = take([a, b], i)
    >>> [(d.op.name, d.data, selects) for _, d, selects in uses(y, {a, b})]
    [('scatter', 0.0, True), ('scatter', 1.0, True)]
    """
    if node.op.__class__ is Taken:
        yield from scattered(node, wanted)
        return
    for i, (parent, d) in enumerate(zip(node.parents, partials_in_graph(node), strict=True)):
        if parent in wanted and d is not None:
            yield parent, d, i in node.op.selects  # type: ignore[union-attr]


_by_function = {row.function: name for name, row in TABLE.items()}
_ON_VALUES: dict[str, Any] = {
    **vars(ops),
    **{
        name: function_of_row(TABLE[_by_function[value]])
        for name, value in vars(ops).items()
        if callable(value) and value in _by_function
    },
    "softmaxes": lambda *xs: tuple(softmax(xs)),
}


def _pulled_back(ys: list[Value], xs: list[Value], w: Sequence[Factor], of: str = "") -> list[Value]:
    """The weighted sums of adjoints at the xs; `of`: what y is called, if it is one and its weight is 1."""
    adjoints: dict[Value, Factor | None] = {}
    with paused():
        order = walked(*ys)
        sums = begun(order, xs, zip(ys, w))
        old = set(order)  # these nodes keep their labels; a new one is called after its derivative
        for node in reversed([*sums]):
            total = sums.pop(node)
            adjoints[node] = g = total.factor()
            if of and g.__class__ is Value and not g.label and g not in old:
                g.label = derivative_name(of, node.label)
            if g is not None and node.parents and not sums.keys().isdisjoint(operands(node)):
                # For one operand d is a slope, and the lecture writes σ'(u) first.
                branch, one = total.branch(), len(node.parents) == 1
                for parent, d, selects in uses(node, sums):
                    sums[parent].add(d, g, branch, selects, one, (parent,))
    return [as_node(adjoints.get(x)) for x in xs]
