"""Walks over the computation graph: nodes point to their parents, the operands they came from.

Every walk is a loop with a stack of its own, so a chain of a million nodes is no deeper
than a chain of three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .errors import AutogradTypeError
from .taking.tables import Taken, operands

if TYPE_CHECKING:
    from .value import Value


def toposort(
    *roots: Value, mirrored: bool = False, known: set[Value] | None = None, whole: bool = False
) -> list[Value]:
    """All nodes that the roots depend on, parents before children, first operands first.

    mirrored    last operands first instead; reversed, such an order meets the consumers of a
                node from first to last, which is the order of backward()
    known       nodes to leave out, with all that only they depend on; what is found is added
    whole       with the tables of `take`, and not only the entries that were taken

    >>> from autograd import Value
    >>> x = Value(2.0, "x"); y = x * x + 1
    >>> [node.label or node.op.name for node in toposort(y)]
    ['x', 'mul', 'literal', 'add']
    >>> [node.label or node.op.name for node in reversed(toposort(y, mirrored=True))]
    ['add', 'mul', 'x', 'literal']
    """
    for root in roots:
        if not hasattr(root, "parents"):
            raise AutogradTypeError(f"toposort walks the graph below a Value, and was given {root!r}")
    order: list[Value] = []
    seen: set[Value] = set() if known is None else known
    step = 1 if mirrored else -1
    stack: list[Value | None] = [*roots[::step]]
    while stack:
        node = stack.pop()
        if node is None:  # every parent of the next one has been placed
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            seen.add(node)
            below = operands(node) if whole and node.op.__class__ is Taken else node.parents
            if below:
                stack += (node, None, *below[::step])
            else:
                order.append(node)
    return order


def partials(node: Value) -> tuple[float | None, ...]:
    """∂node/∂operand for each operand, on the recorded numbers, from the node's row; None: no dependence.

    A leaf has no operands.  `gradient.partials_in_graph` gives the same as Values.

    >>> from autograd import Value
    >>> x = Value(3.0); partials(x * x), partials(x > 2), partials(x)
    ((3.0, 3.0), (None, None), ())
    """
    if node.op is None:
        return ()
    return tuple([None if d is None else float(d) for d in node.op.rule(node.data, *[p.data for p in node.parents])])


def sent(upstream: float, local: float, taken: bool = True) -> float:
    """What one use of an operand contributes: the product, and nothing to a branch that was not taken.

    >>> sent(2.0, 3.0), sent(0.0, float("inf")), sent(0.0, float("inf"), taken=False)
    (6.0, nan, 0.0)
    """
    return upstream * local if taken else 0.0


def dependents(order: Iterable[Value], sources: Iterable[Value]) -> set[Value]:
    """The sources, and those nodes of a topological order that depend on one of them.

    >>> from autograd import Value
    >>> x, w = Value(2.0), Value(3.0)
    >>> p, q = x * w, w * w
    >>> found = dependents(toposort(p + q), [x])
    >>> p in found, q in found
    (True, False)
    """
    found = set(sources)
    for node in order:
        if not found.isdisjoint(operands(node)):
            found.add(node)
    return found


def recompute(order: Iterable[Value], changed: Mapping[Value, float]) -> dict[Value, float]:
    """What the nodes of a topological order would be if those in `changed` had other data.

    Nothing in the graph is modified.  Nodes outside the order keep their data.

    >>> from autograd import Value
    >>> x = Value(2.0); y = x * x
    >>> recompute(toposort(y), {x: 5.0})[y]
    25.0
    """
    data = dict(changed)
    for node in order:
        if node not in data:
            if node.parents and node.op is not None:
                data[node] = node.op.function(*[data.get(p, p.data) for p in node.parents])
            else:
                data[node] = node.data
    return data
