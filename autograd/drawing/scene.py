"""What a picture of a graph shows, before anybody thinks of boxes: names, roles, edges.

An edge carries the chain rule: the local derivative of its head in its tail, which comes
from the head's row of the table, and the contribution upstream × local that backward()
added to the tail's gradient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count

from ..branches import reached, undetermined
from ..graph import partials, sent, toposort
from ..ops import LITERAL, TABLE
from ..value import Value
from ..words.naming import name, names_of
from ..words.text import constant
from .marks import Highlight, marks
from .theme import largest_of

_INDICES = r"[\d,₀-₉⁰¹²³⁴-⁹⁽⁾ᵢⱼₖₗ_'′]*"
_PARAMETER = re.compile(rf"(θ|w|b|W|theta|weight|bias){_INDICES}")
_BIAS = re.compile(rf"(b|bias){_INDICES}")
_TARGET = re.compile(rf"(y|target){_INDICES}")
_OF_NEURON = re.compile(r"(?:θ|b|u|o)⁽([⁰¹²³⁴-⁹]+)⁾([₀-₉]+,?[₀-₉]*)")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
_SUPERSCRIPTS = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ADD, _MUL = TABLE["add"], TABLE["mul"]


@dataclass(frozen=True, eq=False)
class Node:
    """A Value in a picture.

    key    its number in topological order: the same graph gives the same keys in any process
    name   its label or, without one, a name that no label of the graph has
    role   "input", "parameter", "target", "literal", "operation" or "result"
    tag    what stands beside the name: the operation, or what kind of leaf it is
    place  (layer, row) of the neuron that it belongs to, by the network's names; or None
    marked whether it is highlighted
    """

    key: str
    value: Value
    name: str
    role: str
    tag: str
    place: tuple[int, int] | None = None
    marked: bool = False


@dataclass(frozen=True, eq=False)
class Edge:
    """An operand: `head` was computed from `tail`.

    local         ∂head/∂tail at this operand; None where the head does not depend on it
    contribution  what backward() sent along it, None before backward() and where local is None
    marked        whether it is highlighted
    taken         whether anything was sent: False below a branch that was not taken
    """

    tail: Node
    head: Node
    local: float | None
    contribution: float | None
    marked: bool = False
    taken: bool = True

    @property
    def undetermined(self) -> bool:
        """Whether upstream × local is 0·∞."""
        sent_back = self.contribution is not None and self.local is not None and self.taken
        return sent_back and undetermined(self.head.value.grad, self.local or 0.0)


@dataclass(frozen=True, eq=False)
class Scene:
    """All nodes, parents first, and all edges, operands in order.

    differentiated   whether backward() has run, so that gradients are worth showing
    symbol           what the gradients are of: the result's name, or "" where backward() was
                     called on another node, or twice, or with a gradient other than 1
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


Operand = tuple[Value, "float | None", bool]  # itself, ∂node/∂operand, and whether the node takes it
Operands = dict[Value, list[Operand]]


def scene(root: Value, expand: bool = False, highlight: Highlight = None) -> Scene:
    """Name the nodes below `root` and look up every derivative.

    expand     show each sumprod as the products and the sum that it stands for
    highlight  what is marked, see marks.py

    >>> x = Value(3.0, "x"); y = x * x + 1; y.backward()
    >>> [(n.name, n.role, n.tag) for n in scene(y).nodes]
    [('x', 'input', 'input'), ('v₁', 'operation', '×'), ('1', 'literal', 'literal'), ('f', 'result', '+')]
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
    shown = {tail for uses in operands.values() for tail, *_ in uses} | {root}
    drawn = [node for node in operands if node in shown]
    names, places = names_of(drawn, root), _places(drawn, operands)
    nodes = {}
    for i, v in enumerate(drawn):
        role = _role(v, root)
        on_path = v in marked.nodes or any((p, sums.get(v)) in marked.pairs for p in v.parents)
        nodes[v] = Node(f"n{i}", v, names[v], role, signs.get(v) or _tag(v, role), places[v], on_path)
    differentiated = root.grad != 0
    live = reached(root, slopes)
    edges = []
    for head in drawn:
        for tail, local, taken in operands[head]:
            taken = taken and sums.get(head, head) in live
            share = sent(head.grad, local, taken) if differentiated and local is not None else None
            # A product that was taken out of a sum stands between both ends of the edge.
            on_path = nodes[tail].marked if tail in sums else (tail, sums.get(head, head)) in marked.pairs
            edges.append(Edge(nodes[tail], nodes[head], local, share, on_path, taken))
    return Scene(list(nodes.values()), edges, differentiated, names[root] if root.grad == 1 else "")


def _operands(node: Value, slopes: tuple[float | None, ...]) -> list[Operand]:
    """The operands worth an arrow, each with its local derivative.

    A bias is the weight of an input that is always 1; that 1, the same node in all neurons,
    would tie the whole picture into a knot.  A computed term times 1 is just a term of the sum.
    An exponent that is a plain number stands in the sign: x².
    """
    if node.op is None:
        return []
    uses = [(p, d, node.op.takes(i, d)) for i, (p, d) in enumerate(zip(node.parents, slopes))]
    if node.op.name == "pow" and _power(node):
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
            expanded[product] = [(factor, d, True) for factor, d in zip((a, b), partials(product))]
            terms.append(product)
            sums[product] = node
        one, _ = _ADD.rule(node.data, 0.0, node.data)
        expanded[node] = [(term, one, True) for term in terms] or uses
        signs[node] = "+" if terms else "×"
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


def _tag(node: Value, role: str) -> str:
    op = node.op
    if op is None or op is LITERAL:
        return "θ" if role == "parameter" else "leaf" if role == "result" else role
    if op.name == "pow":
        return _power(node) or "xⁿ"
    return "Σ" if op.name == "sumprod" else op.symbol


def _power(node: Value) -> str:
    """x², x⁻¹, … where the exponent is a plain whole number, else ""."""
    exponent = constant(node.parents[1].data)
    whole = node.parents[1].op is LITERAL and set(exponent) <= set("−0123456789")
    return "x" + exponent.translate(_SUPERSCRIPTS) if whole else ""
