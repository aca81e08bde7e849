"""What a picture of a graph shows, before anybody thinks of boxes: names, roles, edges.

An edge carries the chain rule: the local derivative of its head in its tail, which comes
from the head's row of the table, and the contribution upstream × local that backward()
added to the tail's gradient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..graph import toposort
from ..naming import names_of
from ..ops import LITERAL
from ..value import Value
from .theme import largest_of

_INDICES = r"[\d,₀-₉⁰¹²³⁴-⁹⁽⁾ᵢⱼₖₗ_'′]*"
_PARAMETER = re.compile(rf"(θ|w|b|W|theta|weight|bias){_INDICES}")
_BIAS = re.compile(rf"(b|bias){_INDICES}")
_TARGET = re.compile(rf"(y|target){_INDICES}")


@dataclass(frozen=True, eq=False)
class Node:
    """A Value in a picture.

    key    its number in topological order: the same graph gives the same keys in any process
    name   its label or, without one, a name that no label of the graph has
    role   "input", "parameter", "target", "literal", "operation" or "result"
    """

    key: str
    value: Value
    name: str
    role: str

    @property
    def tag(self) -> str:
        """What stands beside the name: the operation, or what kind of leaf it is."""
        op = self.value.op
        if op is not None and op is not LITERAL:
            return "Σ" if op.name == "sumprod" else op.symbol
        return "θ" if self.role == "parameter" else "leaf" if self.role == "result" else self.role


@dataclass(frozen=True, eq=False)
class Edge:
    """An operand: `head` was computed from `tail`.

    local         ∂head/∂tail at this operand; None where the head does not depend on it
    contribution  what backward() sent along it, None before backward() and where local is None
    """

    tail: Node
    head: Node
    local: float | None
    contribution: float | None


@dataclass(frozen=True, eq=False)
class Scene:
    """All nodes, parents first, and all edges, operands in order.

    differentiated   whether backward() has run, so that gradients are worth showing
    symbol           what the gradients are of: the result's name, or "" where backward() was
                     called on another node, or twice, or with a gradient other than 1
    largest          the largest finite |gradient|, which gets the strongest colour
    """

    nodes: list[Node]
    edges: list[Edge]
    differentiated: bool
    symbol: str
    largest: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "largest", largest_of([node.value.grad for node in self.nodes if self.differentiated]))


def scene(root: Value) -> Scene:
    """Name the nodes below `root` and look up every derivative.

    >>> x = Value(3.0, "x"); y = x * x + 1; y.backward()
    >>> [(n.name, n.role) for n in scene(y).nodes]
    [('x', 'input'), ('v₁', 'operation'), ('1', 'literal'), ('f', 'result')]
    >>> [(e.tail.name, e.head.name, e.local, e.contribution) for e in scene(y).edges]
    [('x', 'v₁', 3.0, 3.0), ('x', 'v₁', 3.0, 3.0), ('v₁', 'f', 1.0, 1.0), ('1', 'f', 1.0, 1.0)]
    """
    order = toposort(root)
    shown = {parent for node in order for parent in _operands(node)} | {root}
    drawn = [node for node in order if node in shown]
    names = names_of(drawn, root)
    nodes = {v: Node(f"n{i}", v, names[v], _role(v, root)) for i, v in enumerate(drawn)}
    differentiated = root.grad != 0
    edges = [edge for v in drawn if v.parents for edge in _edges_into(nodes, nodes[v], differentiated)]
    symbol = names[root] if root.grad == 1 else ""
    return Scene(list(nodes.values()), edges, differentiated, symbol)


def _operands(node: Value) -> list[Value | None]:
    """The operands worth an arrow, None in place of the others.

    A bias is the weight of an input that is always 1; that 1, the same node in all neurons,
    would tie the whole picture into a knot.  A computed term times 1 is just a term of the sum.
    """
    operands: list[Value | None] = list(node.parents)
    if node.op is not None and node.op.name == "sumprod":
        half = len(operands) // 2
        for i, p in enumerate(node.parents):
            partner = node.parents[(i + half) % len(operands)]
            if p.op is LITERAL and p.data == 1 and (partner.parents or _BIAS.fullmatch(partner.label)):
                operands[i] = None
    return operands


def _edges_into(nodes: dict[Value, Node], head: Node, differentiated: bool) -> list[Edge]:
    value = head.value
    assert value.op is not None
    partials = value.op.rule(value.data, *[p.data for p in value.parents])
    edges = []
    for parent, local in zip(_operands(value), partials):
        if parent is not None:
            sent = _contribution(value.grad, local) if differentiated and local is not None else None
            edges.append(Edge(nodes[parent], head, local, sent))
    return edges


def _contribution(upstream: float, local: float) -> float:
    """Upstream × local as backward() takes it: a zero factor silences the other, even inf and nan."""
    return upstream * local if upstream and local else 0.0


def _role(node: Value, root: Value) -> str:
    if node is root:
        return "result"
    if node.op is LITERAL:
        return "literal"
    if node.parents:
        return "operation"
    if _PARAMETER.fullmatch(node.label):
        return "parameter"
    # y is an ordinary input elsewhere, and the target where the lecture's Err is drawn.
    return "target" if root.label == "Err" and _TARGET.fullmatch(node.label) else "input"
