"""What a picture of a graph shows, before anybody thinks of boxes: names, roles, edges.

An edge carries the chain rule: the derivative of its head by this operand alone, which comes
from the head's row of the table, and the contribution upstream × local that backward()
added to the tail's gradient.  What is called ∂Err/∂θ is that: a gradient that was left from
elsewhere, or summed over several backward(), is called a gradient and no more.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from ..chain.branches import reached, undetermined
from ..graph import partials, sent, toposort
from ..ops import LITERAL, TABLE
from ..teaching.roles import Roles, checked, role_of
from ..value import Value
from ..words.derivatives import slots
from ..words.formulas import powers
from ..words.naming import name, names_of, told_apart
from .marks import Highlight, marks
from .theme import largest_of

_INDICES = r"[\d,₀-₉⁰¹²³⁴-⁹⁽⁾ᵢⱼₖₗ_'′]*"
_BIAS = re.compile(rf"(b|bias){_INDICES}")
_OF_NEURON = re.compile(r"(?:θ|b|u|o)⁽([⁰¹²³⁴-⁹]+)⁾([₀-₉]+,?[₀-₉]*)")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
_ADD, _MUL = TABLE["add"], TABLE["mul"]
_SAME = 1e-9  # relative: a gradient that differs by less is the same, computed in another order


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A Value in a picture.

    key    its number in topological order: the same graph gives the same keys in any process
    name   its label or, without one, a name that no label of the graph has
    role   "input", "parameter", "target", "literal", "operation" or "result"
    tag    what stands beside the name: the operation, or what kind of leaf it is
    place  (layer, row) of the neuron that it belongs to, by the network's names; or None
    marked whether it is highlighted
    own    whether its gradient is ∂root/∂node, and nothing left from elsewhere
    """

    key: str
    value: Value
    name: str
    role: str
    tag: str
    place: tuple[int, int] | None = None
    marked: bool = False
    own: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Edge:
    """An operand: `head` was computed from `tail`.

    local         ∂head/∂tail at this operand; None where the head does not depend on it
    contribution  what backward() sent along it, None before backward() and where local is None
    marked        whether it is highlighted
    taken         whether anything was sent: False below a branch that was not taken
    operand       which operand of the head it is, from 0
    slot          whether its derivative is ∂₁head, not ∂head/∂tail: the tail enters elsewhere too
    """

    tail: Node
    head: Node
    local: float | None
    contribution: float | None
    marked: bool = False
    taken: bool = True
    operand: int = 0
    slot: bool = False

    @property
    def undetermined(self) -> bool:
        """Whether upstream × local is 0·∞."""
        sent_back = self.contribution is not None and self.local is not None and self.taken
        return sent_back and undetermined(self.head.value.grad, self.local or 0.0)

    @property
    def sends(self) -> bool:
        """Whether there is a stroke back: a zero has no colour that a line could be seen in, nan has none at all."""
        c = self.contribution
        return c is not None and c != 0 and not math.isnan(c) and self.tail.role != "literal"


@dataclass(frozen=True, eq=False)
class Scene:
    """All nodes, parents first, and all edges, operands in order.

    differentiated   whether backward() has run, so that gradients are worth showing
    symbol           what the gradients are of: the result's name, or "" where not all of them are, as
                     after a backward() from another node, or two, or with a gradient other than 1
    largest          the largest finite |gradient|, which gets the strongest colour
    marked           whether nodes are highlighted; marked_edges: whether edges are
    """

    nodes: list[Node]
    edges: list[Edge]
    differentiated: bool
    symbol: str
    largest: float = field(init=False)
    marked: bool = field(init=False)
    marked_edges: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "marked", any(node.marked for node in self.nodes))
        object.__setattr__(self, "marked_edges", any(edge.marked for edge in self.edges))
        object.__setattr__(self, "largest", largest_of([node.value.grad for node in self.nodes if self.differentiated]))

    @property
    def root(self) -> Node:
        """The result: the last of the nodes, since operands come first."""
        return self.nodes[-1]


class Operand(NamedTuple):
    """An operand worth an arrow: itself, its slope, whether the node takes it, and its number from 0."""

    value: Value
    slope: float | None
    taken: bool
    number: int


Operands = dict[Value, list[Operand]]
Slopes = dict[Value, "tuple[float | None, ...]"]


def scene(root: Value, expand: bool = False, highlight: Highlight = None, roles: Roles = None) -> Scene:
    """Name the nodes below `root` and look up every derivative.

    expand     show each sumprod as the products and the sum that it stands for
    highlight  what is marked, see marks.py
    roles      what nodes are, where their labels do not tell

    >>> x = Value(3.0, "x"); y = x * x + 1; y.backward()
    >>> [(n.name, n.role, n.tag) for n in scene(y).nodes]
    [('x', 'input', 'input'), ('v₁', 'operation', 'x²'), ('1', 'literal', 'literal'), ('f', 'result', '+')]
    >>> [(e.tail.name, e.head.name, e.local, e.contribution) for e in scene(y).edges]
    [('x', 'v₁', 3.0, 3.0), ('x', 'v₁', 3.0, 3.0), ('v₁', 'f', 1.0, 1.0), ('1', 'f', 1.0, 1.0)]
    """
    slopes = {node: partials(node) for node in toposort(root)}
    operands: Operands = {node: _operands(node, slopes[node]) for node in slopes}
    marked = marks(highlight, operands)
    signs: dict[Value, str] = {}
    sums: dict[Value, Value] = {}
    if expand:
        operands, signs, sums = _expanded(operands)
    said = checked(roles, operands.keys())
    own = own_gradients(root, slopes)
    shown = {use.value for uses in operands.values() for use in uses} | {root}
    drawn = [node for node in operands if node in shown]
    names, places = told_apart(names_of(drawn, root), root), _places(drawn, operands)
    meant = slots({v: [(u.number, u.value) for u in operands[v] if u.slope is not None] for v in drawn})
    nodes = {}
    for i, v in enumerate(drawn):
        role = role_of(v, root, said)
        on_path = v in marked.nodes or any((p, sums.get(v)) in marked.pairs for p in v.parents)
        nodes[v] = Node(
            f"n{i}", v, names[v], role, signs.get(v) or _tag(v, role), places[v], on_path, sums.get(v, v) in own
        )
    differentiated = root.grad != 0
    live = reached(root, slopes)
    edges = []
    for head in drawn:
        for tail, local, taken, number in operands[head]:
            taken = taken and sums.get(head, head) in live
            share = sent(head.grad, local, taken) if differentiated and local is not None else None
            # A product that was taken out of a sum stands between both ends of the edge.
            on_path = nodes[tail].marked if tail in sums else (tail, sums.get(head, head)) in marked.pairs
            slot = (head, number) in meant or nodes[tail].role == "literal"  # nobody derives by 2
            edges.append(Edge(nodes[tail], nodes[head], local, share, on_path, taken, number, slot))
    symbol = names[root] if all(node.own for node in nodes.values() if node.role != "literal") else ""
    return Scene(list(nodes.values()), edges, differentiated, symbol)


def outline(root: Value, highlight: Highlight = None, roles: Roles = None) -> Scene:
    """The scene of a very large graph: no more of each node and edge than a box for many of them needs.

    No derivative is looked up, and a step without label has no name: 0.7 KB a node, not 1.7.

    >>> x = Value(3.0, "x"); y = x * x + 1
    >>> [(n.name, n.role, n.tag) for n in outline(y).nodes]
    [('x', 'input', 'input'), ('', 'operation', 'x²'), ('1', 'literal', 'literal'), ('f', 'result', '+')]
    """
    order = dict.fromkeys(toposort(root))
    marked, said = marks(highlight, order), checked(roles, order)
    names = names_of((v for v in order if v.label or v is root or not v.parents), root)
    shown = {use.value for v in order for use in _outlined(v)} | {root}
    nodes = {}
    for v in order:
        if v in shown:
            role = role_of(v, root, said)
            nodes[v] = Node("", v, names.get(v, ""), role, _tag(v, role), marked=v in marked.nodes)
    edges = [
        Edge(nodes[use.value], head, None, None, (use.value, v) in marked.pairs)
        for v, head in nodes.items()
        for use in _outlined(v)
    ]
    return Scene(list(nodes.values()), edges, root.grad != 0, "")


def _outlined(node: Value) -> list[Operand]:
    return _operands(node, (None,) * len(node.parents))


def own_gradients(root: Value, known: Slopes | None = None) -> set[Value]:
    """The nodes whose gradient is their derivative of the root: what one backward() from it gives on these numbers.

    known  the slopes of all nodes, from whoever has them already

    >>> x = Value(3.0, "x"); y = x * x; y.backward(); own_gradients(y) == {x, y}
    True
    >>> y.backward(); own_gradients(y) == {y}  # x has twice its derivative now
    True
    """
    if root.grad != 1:
        return set()
    slopes = {node: partials(node) for node in toposort(root)} if known is None else known
    gradients, reached = dict.fromkeys(slopes, 0.0), {root}
    gradients[root] = 1.0
    for node in reversed(toposort(root, mirrored=True)):  # in the order of backward(), and so with its bits
        for i, (p, d) in enumerate(zip(node.parents, slopes[node])):
            if d is not None and node in reached and node.op is not None and node.op.takes(i, d):
                reached.add(p)
                gradients[p] += gradients[node] * d
    return {node for node, g in gradients.items() if same(node.grad, g)}


def same(a: float, b: float) -> bool:
    """Whether two gradients are the same number, computed in another order perhaps.

    >>> same(1.0, 1.0 + 1e-15), same(math.nan, math.nan), same(2.0, 1.0)
    (True, True, False)
    """
    return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=_SAME)


def _operands(node: Value, slopes: tuple[float | None, ...]) -> list[Operand]:
    """The operands worth an arrow, each with its local derivative.

    A bias is the weight of an input that is always 1; that 1, the same node in all neurons,
    would tie the whole picture into a knot.  A computed term times 1 is just a term of the sum.
    An exponent that is a plain number stands in the sign: x².
    """
    if node.op is None:
        return []
    uses = [Operand(p, d, node.op.takes(i, d), i) for i, (p, d) in enumerate(zip(node.parents, slopes))]
    if node.op.name == "pow" and powers(node):
        return uses[:1]
    if node.op.name == "sumprod":
        half = len(uses) // 2
        return [use for i, use in enumerate(uses) if not _is_one(use[0], uses[i - half][0])]
    return uses


def _is_one(p: Value, partner: Value) -> bool:
    """Whether p is the 1 that a bias, or a computed term, is multiplied by."""
    return p.op is LITERAL and p.data == 1 and bool(partner.parents or _BIAS.fullmatch(partner.label))


def _expanded(operands: Operands) -> tuple[Operands, dict[Value, str], dict[Value, Value]]:
    """Each sumprod as one × for each of its products, and a + of them all; the signs of these sums; product -> sum.

    ∂sum/∂product = 1 and ∂(a·b)/∂a = b are those of the rows add and mul.  A product's gradient
    is its sum's times that 1.
    """
    taken = {node.label for node in operands}
    unused = (p for i in count(1) if (p := name("p", i)) not in taken)
    expanded: Operands = {}
    signs, sums = {}, {}
    for node, uses in operands.items():
        if node.op is None or node.op.name != "sumprod":
            expanded[node] = uses
            continue
        half = len(node.parents) // 2
        terms = []
        for a, b in zip(node.parents[:half], node.parents[half:]):
            if _is_one(a, b) or _is_one(b, a):
                terms.append(b if _is_one(a, b) else a)
                continue
            if half == 1:  # a single product is no sum
                break
            product = _product(a, b, next(unused), node.grad)
            expanded[product] = [Operand(f, d, True, i) for i, (f, d) in enumerate(zip((a, b), partials(product)))]
            signs[product] = "x²" if a is b else "×"
            terms.append(product)
            sums[product] = node
        one, _ = _ADD.rule(node.data, 0.0, node.data)
        expanded[node] = [Operand(term, one, True, i) for i, term in enumerate(terms)] or uses
        signs[node] = "+" if terms else "x²" if powers(node) else "×"
    return expanded, signs, sums


def _product(a: Value, b: Value, label: str, gradient: float) -> Value:
    """A node for the picture only; also under no_grad(), where nothing would be recorded."""
    product = Value(_MUL.function(a.data, b.data), label)
    product.op, product.parents, product.grad = _MUL, (a, b), gradient
    return product


def _places(drawn: list[Value], operands: Operands) -> dict[Value, tuple[int, int] | None]:
    """The neuron of each node: by its name, or because only that neuron uses it."""
    places = {node: place_of(node.label) for node in drawn}
    users: dict[Value, set[tuple[int, int] | None]] = {node: set() for node in drawn}
    for head in reversed(drawn):
        if places[head] is None and len(users[head]) == 1 and (head.parents or head.op is LITERAL):
            (places[head],) = users[head]
        for tail, *_ in operands[head]:
            users[tail].add(places[head])
    return places


def place_of(label: str) -> tuple[int, int] | None:
    """Layer and row of the neuron whose θ, b, u or o has this name.

    >>> place_of("θ⁽²⁾₁₃"), place_of("θ⁽¹⁾₁₁,₃"), place_of("u⁽³⁾₁₂"), place_of("x₁")
    ((2, 1), (1, 11), (3, 12), None)
    """
    if not (found := _OF_NEURON.fullmatch(label)):
        return None
    layer, indices = found[1].translate(_DIGITS), found[2].translate(_DIGITS)
    row, comma, _ = indices.partition(",")
    return int(layer), int(row if comma or label[0] != "θ" else row[0])


def _tag(node: Value, role: str) -> str:
    op = node.op
    if op is None or op is LITERAL:
        return "θ" if role == "parameter" else "leaf" if role == "result" else role
    if len(node.parents) == 2 and (exponent := powers(node).get(0)):  # a square is one however it was written
        return "x" + exponent
    return "xⁿ" if op.name == "pow" else "Σ" if op.name == "sumprod" else op.symbol
