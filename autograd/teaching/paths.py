"""The paths between two nodes of a graph: how many, how long, the largest, and sums over all of them.

There may be astronomically many, but whatever is asked of all of them is one pass over the
graph, parents first: a node has the paths of its operands, each longer by one edge.  Counts
are exact integers.  The largest products are found best first, without listing the others.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

from ..graph import dependents, partials, toposort
from ..value import Value
from ..words.text import short

Edges: TypeAlias = "dict[Value, list[Edge]]"  # out of each node that depends on a source, parents first
Counts: TypeAlias = "tuple[int, int, int, int]"
T = TypeVar("T")


class Edge(NamedTuple):
    """One use of an operand: `head` was computed from `tail`, its operand number `operand`; and whether it took it."""

    head: Value
    operand: int
    local: float
    taken: bool = True

    @property
    def tail(self) -> Value:
        """The operand, from which the path goes on."""
        return self.head.parents[self.operand]

    def __repr__(self) -> str:
        operation = "" if self.head.op is None else f" of {self.head.op.name}"
        return f"Edge(operand {self.operand}{operation}, local derivative {short(self.local)})"


class Multiplications(NamedTuple):
    """What reuse saves, the lecture's section 8: each δ is computed once.

    backward   multiplications upstream × local when every gradient is used again
    by_paths   multiplications when every path is multiplied out by itself
    paths      how many paths there are
    """

    backward: int
    by_paths: int
    paths: int


@dataclass(frozen=True)
class Path:
    """One way from y to x; its product is what it adds to the gradient."""

    edges: tuple[Edge, ...]

    @property
    def product(self) -> float:
        """Π of the local derivatives, from y down, as backward() multiplies; 0 along a branch that was not taken."""
        product = 1.0
        for edge in self.edges:
            product *= edge.local
        return product if all(edge.taken for edge in self.edges) else 0.0

    @property
    def undetermined(self) -> bool:
        """Whether the product is 0·∞ somewhere on the way: nan, though no factor is."""
        return math.isnan(self.product) and not any(math.isnan(edge.local) for edge in self.edges)

    def __repr__(self) -> str:
        return f"Path({short(self.product)}, {len(self.edges)} edge{'s' * (len(self.edges) != 1)})"


def edges_between(y: Value, sources: list[Value]) -> Edges:
    """All edges on the way from y to the sources, their local derivatives from the rules; None is no edge.

    >>> x = Value(3.0); y = x * x
    >>> [edge.local for edge in edges_between(y, [x])[y]]
    [3.0, 3.0]
    """
    order = toposort(y)
    active = dependents(order, sources)
    edges: Edges = {}
    for node in order:
        if node in active:
            edges[node] = []
            if not active.isdisjoint(node.parents):
                for i, (parent, d) in enumerate(zip(node.parents, partials(node))):
                    if parent in active and d is not None and node.op is not None:
                        edges[node].append(Edge(node, i, d, node.op.takes(i, d)))
    return edges


def over_paths(
    edges: Edges, sources: set[Value], start: T, extend: Callable[[Edge, T], T], join: Callable[[list[T]], T]
) -> dict[Value, T]:
    """For every node, something of all its paths to the sources: each is `start`, extended edge by edge.

    >>> x = Value(3.0); y = x * x + x
    >>> edges = edges_between(y, [x])
    >>> over_paths(edges, {x}, 1, lambda edge, n: n, sum)[y]
    3
    """
    found: dict[Value, T] = {}
    for node, below in edges.items():
        own = [start] if node in sources else []
        found[node] = join(own + [extend(e, found[e.tail]) for e in below])
    return found


def multiplications(y: Value, xs: Iterable[Value] | None = None) -> Multiplications:
    """How many multiplications backward() needs for all xs at once, and how many their paths one by one.

    xs   the Values to differentiate by; None: all leaves

    >>> x = Value(1.0)
    >>> y = x
    >>> for _ in range(100):
    ...     y = y * y
    >>> backward, by_paths, paths = multiplications(y)
    >>> backward, paths == 2**100, by_paths == 99 * 2**100
    (198, True, True)
    """
    # A path of n edges takes n − 1 multiplications; backward() one for each edge that does not start at y.
    sources = [v for v in toposort(y) if v.op is None] if xs is None else list(xs)
    edges = edges_between(y, sources)
    if y not in edges:
        return Multiplications(0, 0, 0)
    reached = {y}
    for node in reversed(edges):
        if node in reached:
            reached.update(e.tail for e in edges[node])
    backward = sum(len(edges[node]) for node in reached if node is not y)

    def longer(e: Edge, known: tuple[int, int]) -> tuple[int, int]:
        count, multiplied = known
        return count, multiplied + count

    def together(known: list[tuple[int, int]]) -> tuple[int, int]:
        return sum(count for count, _ in known), sum(multiplied for _, multiplied in known)

    count, edges_in_paths = over_paths(edges, set(sources), (1, 0), longer, together)[y]
    return Multiplications(backward, edges_in_paths - count + (y in sources), count)


def loud_and_undetermined(y: Value, x: Value, edges: Edges) -> tuple[int, int]:
    """How many paths have no factor 0, and how many a 0 and an inf or nan; the others add nothing.

    >>> x = Value(0.0); y = x.sqrt() ** 2 + x.sqrt() + x.relu()
    >>> loud_and_undetermined(y, x, edges_between(y, [x]))
    (1, 1)
    """
    # What is counted: plain paths, those with a 0, those with an inf or nan, those with both.
    none: Counts = (0, 0, 0, 0)

    def longer(e: Edge, known: Counts) -> Counts:
        plain, zero, infinite, both = known
        if not e.taken:
            return none
        if not math.isfinite(e.local):
            return 0, 0, plain + infinite, zero + both
        return known if e.local else (0, plain + zero, 0, infinite + both)

    def together(known: list[Counts]) -> Counts:
        a, b, c, d = zip(none, *known)
        return sum(a), sum(b), sum(c), sum(d)

    plain, _, infinite, both = over_paths(edges, {x}, (1, 0, 0, 0), longer, together).get(y, none)
    return plain + infinite, both


# --- the largest paths ---------------------------------------------------------------------------

# What is known of the factors of a path, or of a part of it: the sum of their logarithms, of those that have
# one, and whether one is 0 and whether one is inf or nan.
Size: TypeAlias = "tuple[int, bool, bool]"
_ONE: Size = (0, False, False)
_SILENT, _INFINITE, _UNDETERMINED = -math.inf, 10_000 << 40, math.inf


def _times(e: Edge, size: Size) -> Size:
    """2⁴⁰·log₂|d| as an integer: sums of them are exact, so equal paths stay equal."""
    log, zero, infinite = size
    if not math.isfinite(e.local):
        return log, zero, True
    return (log + round(math.log2(abs(e.local)) * 2.0**40), zero, infinite) if e.local else (log, True, infinite)


def _worth(size: Size) -> float:
    """By what paths are sorted: 0·∞ spoils every sum and stands first, 0 adds nothing and is left out."""
    log, zero, infinite = size
    if zero:
        return _UNDETERMINED if infinite else _SILENT
    return _INFINITE + log if infinite else log


def largest_paths(y: Value, x: Value, edges: Edges, top: int) -> list[Path]:
    """Best first: an unfinished path is worth its product times the best product from its end to x.

    That bound is attained, so the best open path always grows into the next one of the list.
    Of equals the latest goes on, or 2¹⁰⁰⁰ equal paths would all be begun before one is finished.
    """
    if y not in edges:
        return []
    rest = over_paths(edges, {x}, {_ONE}, lambda e, sizes: {_times(e, s) for s in sizes if e.taken}, _best)
    found: list[Path] = []
    number = 0
    waiting: list[tuple[float, int, Size, Value, object]] = [(-_bound(_ONE, rest[y]), 0, _ONE, y, None)]
    while waiting and len(found) < top:
        bound, _, so_far, node, chain = heapq.heappop(waiting)
        if bound == -_SILENT:  # only silent paths are left
            break
        if node is x:
            found.append(Path(_unchained(chain)))
        for e in edges[node]:
            if e.taken:
                number -= 1
                size = _times(e, so_far)
                heapq.heappush(waiting, (-_bound(size, rest[e.tail]), number, size, e.tail, (e, chain)))
    return sorted(found, key=_rank)


def _rank(path: Path) -> tuple[bool, float, tuple[int, ...]]:
    size = abs(path.product)
    return size == size, -size, tuple([edge.operand for edge in path.edges])


def _best(sizes: list[set[Size]]) -> set[Size]:
    """The largest of each kind: which is best depends on what comes before."""
    best: dict[tuple[bool, bool], Size] = {}
    for size in sorted(set().union(*sizes)):
        best[size[1:]] = size
    return set(best.values())


def _bound(before: Size, rest: set[Size]) -> float:
    log, zero, infinite = before
    return max((_worth((log + s, zero or z, infinite or i)) for s, z, i in rest), default=_SILENT)


def _unchained(chain: object) -> tuple[Edge, ...]:
    edges = []
    while isinstance(chain, tuple):
        edge, chain = chain
        edges.append(edge)
    return tuple(reversed(edges))
