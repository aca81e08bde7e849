"""Orders in which one could go back through a graph, and what each gives.

A graph is taken as its edges: each node with its operands and the local derivative in each.
To go back is then one small loop over the nodes in some order; here are four orders that
one would think of first, the place where each goes wrong, and the loop with = in place of +=.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

from ..graph import partials, sent
from ..ops import LITERAL
from ..value import Value

SENDS = 100_000  # so often may a node send in an order that repeats nodes: there can be 2ⁿ paths


class Use(NamedTuple):
    """One use of an operand by a node: ∂node/∂parent is `local`, at the operand of that number."""

    parent: Value
    local: float
    operand: int = 0


Edges: TypeAlias = Mapping[Value, Sequence[Use]]


def uses(node: Value) -> list[Use]:
    """The operands of a node that it depends on, plain numbers left out.

    >>> x = Value(3.0)
    >>> [use.local for use in uses(2 * x)]
    [2.0]
    """
    return [
        Use(parent, slope, operand)
        for operand, (parent, slope) in enumerate(zip(node.parents, partials(node)))
        if slope is not None and parent.op is not LITERAL
    ]


def passed_back(edges: Edges, root: Value, order: Iterable[Value], overwrite: bool = False) -> dict[Value, float]:
    """The gradients if the nodes passed on what they have in this order, with += or with =.

    >>> x = Value(3.0); y = x * x
    >>> edges = {y: [Use(x, 3.0), Use(x, 3.0)], x: []}
    >>> passed_back(edges, y, [y, x])[x], passed_back(edges, y, [y, x], overwrite=True)[x]
    (6.0, 3.0)
    """
    gradients = dict.fromkeys(edges, 0.0)
    gradients[root] = 1.0
    reached = {root}
    for node in order:
        for parent, local, operand in edges[node]:
            if taken := node.op is not None and node in reached and node.op.takes(operand, local):
                reached.add(parent)
            contribution = sent(gradients[node], local, taken)
            gradients[parent] = contribution if overwrite else gradients[parent] + contribution
    return gradients


# --- orders that one would think of first -------------------------------------------------------


def parents_first(edges: Edges, root: Value) -> Iterator[Value]:
    """As the values were computed: nobody thought of turning round."""
    return reversed(list(edges))


def depth_first(edges: Edges, root: Value) -> Iterator[Value]:
    """Each node as soon as it is reached, then what is below it."""
    seen: set[Value] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node
            stack += [use.parent for use in reversed(edges[node])]


def breadth_first(edges: Edges, root: Value) -> Iterator[Value]:
    """Level by level, by the shortest way from the root."""
    seen = {root}
    queue = deque([root])
    while queue:
        node = queue.popleft()
        yield node
        for use in edges[node]:
            if use.parent not in seen:
                seen.add(use.parent)
                queue.append(use.parent)


def every_time(edges: Edges, root: Value) -> Iterator[Value]:
    """Each node whenever something arrives: plain recursion into the operands."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(dict.fromkeys(use.parent for use in edges[node]))


ORDERS: dict[str, Callable[[Edges, Value], Iterator[Value]]] = {
    "in the order of the forward pass": parents_first,
    "each node as soon as it is reached": depth_first,
    "level by level": breadth_first,
    "each node whenever something arrives": every_time,
}


@dataclass(frozen=True, eq=False)
class Attempt:
    """One of those orders, tried on a graph.

    name       what it does
    gradients  what it gives; None where it did not come to an end
    early      the first node that passed on before it had its whole gradient, or once more
    missing    who had not sent to it by then; None if it only passed on once more
    """

    name: str
    gradients: dict[Value, float] | None
    early: Value | None = None
    missing: Value | None = None


def attempts(edges: Edges, root: Value) -> list[Attempt]:
    """Every order of ORDERS on this graph.

    >>> from autograd import record
    >>> x = Value(3.0, "x"); a = x * x; y = a + a * a
    >>> [attempt.gradients[x] for attempt in attempts(record(y).edges, y)]  # and 19·6 = 114 is right
    [0.0, 6.0, 6.0, 120.0]
    """
    return [_attempt(name, edges, root, order) for name, order in ORDERS.items()]


def _attempt(name: str, edges: Edges, root: Value, order: Callable[[Edges, Value], Iterator[Value]]) -> Attempt:
    nodes = list(islice(order(edges, root), SENDS + len(edges)))
    gradients = passed_back(edges, root, nodes) if len(nodes) < SENDS + len(edges) else None
    return Attempt(name, gradients, *_fault(edges, nodes))


def _fault(edges: Edges, order: Iterable[Value]) -> tuple[Value | None, Value | None]:
    """The first node that does not pass on all of its gradient exactly once, and who was missing."""
    consumers = users(edges)
    done: set[Value] = set()
    for node in order:
        if edges[node]:
            for consumer in consumers[node]:
                if consumer not in done:
                    return node, consumer
            if node in done:
                return node, None
        done.add(node)
    return None, None


def users(edges: Edges) -> dict[Value, list[Value]]:
    """Who uses a node: its consumers, each as often as it has it among its operands.

    >>> x = Value(3.0); y = x * x
    >>> len(users({y: [Use(x, 3.0), Use(x, 3.0)], x: []})[x])
    2
    """
    found: dict[Value, list[Value]] = defaultdict(list)
    for node, operands in edges.items():
        for use in operands:
            found[use.parent].append(node)
    return found
