"""Why backward() goes in topological order, and why it says +=: what the obvious alternatives give.

A graph is taken as its edges: each node with its operands and the local derivative in each.
To go back is then one small loop over the nodes in some order; here are four orders that
one would think of first, the place where each goes wrong, and the loop with = in place of +=.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..ops import LITERAL
from ..value import Value
from ..words.text import bracketed, exact, short, shown

if TYPE_CHECKING:
    from .events import Recording

SENDS = 100_000  # so often may a node send in an order that repeats nodes: there can be 2ⁿ paths
SHOWN = 3  # nodes that an answer lists
VISIBLE = 1e-9  # relative; less may be the rounding of a sum in another order


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
    if node.op is None or not node.parents:
        return []
    slopes = node.op.rule(node.data, *[parent.data for parent in node.parents])
    return [
        Use(parent, float(slope), operand)
        for operand, (parent, slope) in enumerate(zip(node.parents, slopes))
        if slope is not None and parent.op is not LITERAL
    ]


def sent(upstream: float, local: float) -> float:
    """What one use of an operand contributes: a zero factor silences the other, even inf and nan.

    >>> sent(2.0, 3.0), sent(0.0, math.inf)
    (6.0, 0.0)
    """
    return upstream * local if upstream and local else 0.0


def passed_back(edges: Edges, root: Value, order: Iterable[Value], overwrite: bool = False) -> dict[Value, float]:
    """The gradients if the nodes passed on what they have in this order, with += or with =.

    >>> x = Value(3.0); y = x * x
    >>> edges = {y: [Use(x, 3.0), Use(x, 3.0)], x: []}
    >>> passed_back(edges, y, [y, x])[x], passed_back(edges, y, [y, x], overwrite=True)[x]
    (6.0, 3.0)
    """
    gradients = dict.fromkeys(edges, 0.0)
    gradients[root] = 1.0
    for node in order:
        for parent, local, _ in edges[node]:
            contribution = sent(gradients[node], local)
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


# --- the two answers ------------------------------------------------------------------------------


def why_topological(recording: Recording) -> str:
    """What other orders give on this very graph, or that here all of them are right.

    >>> from autograd import record
    >>> x = Value(3.0, "x"); a = x * x; a.label = "a"
    >>> print(why_topological(record(a + a * a)))
    Why in topological order?
      a is used by several steps, and must hear from all before it passes a gradient on.
      - in the order of the forward pass: wrong, since a passes on what it has before f has sent its part
          ∂f/∂x would be 0 instead of 114
      - each node as soon as it is reached: wrong, since a passes on what it has before v₁ has sent its part
          ∂f/∂x would be 6.00 instead of 114
      - level by level: wrong, since a passes on what it has before v₁ has sent its part
          ∂f/∂x would be 6.00 instead of 114
      - each node whenever something arrives: wrong, since a passes on what it has before v₁ has sent its part
          ∂f/∂x would be 120 instead of 114
    """
    edges, names = recording.edges, recording.names
    shared = [names[n] for n, consumers in users(edges).items() if edges[n] and len(set(consumers)) > 1]
    if len(shared) == 1:
        lines = [f"{shown(shared[0])} is used by several steps, and must hear from all before it passes a gradient on."]
    elif shared:
        lines = [
            f"{_listed(shared)}: each is used by several steps, and must hear from all of them",
            "before it passes a gradient on.",
        ]
    else:
        lines = [
            "Here every order from the result to the leaves is right: whatever passes a gradient on is used by one",
            "step only, so it has its whole gradient as soon as it is reached.  Where two steps use it, as they use",
            "a in  a = x·x;  f = a + a·a,  it must hear from both before it passes its gradient on.",
        ]
    lines += [line for attempt in attempts(edges, recording.root) for line in _told(attempt, recording)]
    return "\n  ".join(["Why in topological order?", *lines])


def _told(attempt: Attempt, recording: Recording) -> Iterator[str]:
    edges, names = recording.edges, recording.names
    if attempt.early is None:
        yield f"- {attempt.name}: right here, where everybody happens to wait long enough"
        return
    reason = f"{shown(names[attempt.early])} passes on once more what it has passed on already"
    if attempt.missing is not None:
        missing = shown(names[attempt.missing])
        reason = f"{shown(names[attempt.early])} passes on what it has before {missing} has sent its part"
    if attempt.gradients is None:
        yield f"- {attempt.name}: no end within {SENDS:,} steps, since it walks every path"
        return
    wrong = [n for n in edges if not edges[n] and not _same(attempt.gradients[n], recording.gradient(n))]
    if not wrong:
        yield f"- {attempt.name}: right here, though {reason}"
        return
    yield f"- {attempt.name}: wrong, since {reason}"
    for node in wrong[:SHOWN]:
        false, true = _apart(attempt.gradients[node], recording.gradient(node))
        yield f"    {recording.partial(node)} would be {false} instead of {true}"
    if len(wrong) > SHOWN:
        yield f"    and the gradients of {len(wrong) - SHOWN} more leaves would be wrong"


def why_accumulate(recording: Recording) -> str:
    """Which nodes receive more than one contribution, and what = in place of += would leave of them.

    >>> from autograd import record
    >>> x = Value(3.0, "x")
    >>> print(why_accumulate(record(x * x + x)))
    Why += ?
      x is used 3 times, and each use counts:
        ∂f/∂x = 1.00 + 3.00 + 3.00 = 7.00
        with = it would be 3.00
    """
    edges = recording.edges
    several = [node for node, consumers in users(edges).items() if len(consumers) > 1]
    lines = []
    overwritten = passed_back(edges, recording.root, edges, overwrite=True)
    for node in several[:SHOWN]:
        parts = [bracketed(short(event.contribution)) for event in recording.contributions(node)]
        if len(parts) > SHOWN:
            parts[SHOWN - 1 : -1] = ["…"]
        true, false = _apart(recording.gradient(node), overwritten[node])
        equal = _same(recording.gradient(node), overwritten[node])
        lines += [
            f"{shown(recording.names[node])} is used {len(recording.contributions(node))} times, and each use counts:",
            f"  {recording.partial(node)} = {' + '.join(parts)} = {true}",
            "  with = it would be the same here" if equal else f"  with = it would be {false}",
        ]
    if len(several) > SHOWN:
        lines.append(f"and so for {len(several) - SHOWN} more nodes")
    if not several:
        lines = [
            "Here = would do: everything is used once, so each gradient is a single contribution.  Where x is",
            "used twice, as in  f = x·x,  its gradient is the sum of two, and = would keep only the last.",
        ]
    return "\n  ".join(["Why += ?", *lines])


def _same(x: float, y: float) -> bool:
    return math.isclose(x, y, rel_tol=VISIBLE) or (math.isnan(x) and math.isnan(y))


def _apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers in as many digits as show that they differ."""
    return (short(x), short(y)) if short(x) != short(y) else (exact(x), exact(y))


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown(name) for name in names[:SHOWN]) + rest
