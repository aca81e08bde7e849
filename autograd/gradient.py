"""Gradients as graphs: what `grad` returns can be drawn, printed and differentiated again.

Each node's adjoint ∂y/∂node is one `sumprod` over its consumers: their adjoints times the
local derivatives.  For a network this is the lecture, node for node:
δᵢ = σ'(uᵢ) · sumprod(δ_next, θ_column) and ∂Err/∂θᵢₗ = δᵢ · oₗ.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import FunctionType
from typing import Any

from . import ops
from .branches import Branch, Factor, Way, joined, mask_of, masked, suspect
from .errors import AutogradTypeError
from .functions import function_of_row, softmax
from .graph import dependents
from .ops import LITERAL, TABLE, Op, Rule
from .tables import Taken
from .taking import scattered, walked
from .value import Value, literal, node_of
from .words.naming import derivative_name


def grad(y: Value, xs: Iterable[Value] | Value) -> list[Value]:
    """∂y/∂x for every x, as Values in a new graph; leaves every `.grad` alone.

    y    the Value to differentiate
    xs   the Values to differentiate by: leaves, or interior nodes such as a neuron's u

    An x that y does not depend on has the gradient 0.  The sum over consumers is the reverse
    mode of Griewank & Walther, Evaluating Derivatives, section 3.2.  Its terms come in the
    order of `backward()`, so both give the same bits.  Raises AutogradTypeError for anything
    that is not a Value.

    >>> x = Value(3.0)
    >>> (dy,) = grad(x * x * x, [x])
    >>> (d2y,) = grad(dy, [x])
    >>> dy.data, d2y.data
    (27.0, 18.0)
    """
    xs = _nodes("grad", y, xs)
    order = walked(y)
    active = dependents(order, xs)
    terms: dict[Value, list[tuple[Factor, Factor]]] = {node: [] for node in order if node in active}
    ways: dict[Value, list[Way]] = {node: [] for node in terms}
    adjoints: dict[Value, Factor | None] = {y: 1.0}
    branches: dict[Value, Branch | None] = {y: None}
    suspects: dict[Value, bool] = {}
    old = set(order)  # these nodes keep their labels; a new one is called after its derivative
    for node in reversed(order):
        if node not in active:
            continue
        if node not in adjoints:
            adjoints[node], branches[node] = _adjoint(terms.pop(node)), joined(ways.pop(node))
        g = adjoints[node]
        if y.label and g.__class__ is Value and not g.label and g not in old:
            g.label = derivative_name(y.label, node.label)
        if g is not None and node.op.__class__ is Taken:
            for entry, term, way in scattered(node, _node(g), branches[node], terms):
                terms[entry].append(term)
                ways[entry].append(way)
            continue
        if g is None or active.isdisjoint(node.parents):
            continue
        for i, (parent, d) in enumerate(zip(node.parents, partials_in_graph(node))):
            if parent not in active or d is None:
                continue
            if isinstance(d, Value) and d.op is LITERAL:
                d = d.data  # the bias's input: δ · 1 is δ itself
            selects = i in node.op.selects  # type: ignore[union-attr]
            is_zero = not isinstance(d, Value) and d == 0.0
            if is_zero and (selects or not (suspect(parent, suspects) or suspect(g, suspects))):
                continue
            way = (d if selects and isinstance(d, Value) else None, branches[node])
            ways[parent].append(way)
            # For one operand d is a slope, and the lecture writes σ'(u) first.
            term = (d, g) if len(node.parents) == 1 else (g, d)
            mask = None if way == (None, None) else mask_of(way, suspect(g, suspects), suspect(d, suspects))
            if mask is not None:
                term = (masked(mask, _product(*term)), 1.0)
            terms[parent].append(term)
    return [literal(0.0) if (g := adjoints.get(x)) is None else _node(g) for x in xs]


def hessian(y: Value, xs: Iterable[Value] | Value) -> list[list[Value]]:
    """The matrix of second derivatives ∂²y/∂xᵢ∂xⱼ, as Values: the gradient of each gradient.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [[h.data for h in row] for row in hessian(a * a * b, [a, b])]
    [[6.0, 4.0], [4.0, 0.0]]
    """
    xs = _nodes("hessian", y, xs)
    return [grad(dy, xs) for dy in grad(y, xs)]


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


def _adjoint(terms: list[tuple[Factor, Factor]]) -> Factor | None:
    """Σ a·b over the terms as one node, or a number; None where nothing depends on it."""
    if not terms:
        return None
    if len(terms) > 1:
        return node_of(TABLE["sumprod"], tuple(map(_node, [*(a for a, _ in terms), *(b for _, b in terms)])))
    return _product(*terms[0])


def _product(a: Factor, b: Factor) -> Factor:
    if a == 1.0:  # numbers only: a Value equals nothing but itself
        return b
    if b == 1.0:
        return a
    if a == -1.0:
        return -b
    if b == -1.0:
        return -a
    return a * b


def _nodes(operation: str, y: object, xs: object) -> list[Value]:
    """The xs as a list, once y and all of them are known to be Values."""
    listed: list[Any] = list(xs) if isinstance(xs, Iterable) else [xs]
    for v in (y, *listed):
        if not isinstance(v, Value):
            raise AutogradTypeError(f"{operation}(y, xs) takes a Value and a list of Values, and was given {v!r}")
    return listed


def _node(x: Factor) -> Value:
    return x if isinstance(x, Value) else literal(x)
