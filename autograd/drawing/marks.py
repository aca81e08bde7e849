"""What a picture highlights: nodes, and edges as pairs (operand, result).

Colour means gradient, so a mark is a heavy border or a solid line, and other lines are dotted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import AutogradTypeError, AutogradValueError
from ..recording import given
from ..value import Value
from ..words.text import shown

Pair: TypeAlias = tuple[Value, Value]
Highlight: TypeAlias = "Value | Iterable[Value | Pair] | None"


@dataclass(frozen=True)
class Marks:
    """Marked nodes, among them the ends of every marked edge; the edges as pairs (operand, result)."""

    nodes: frozenset[Value] = frozenset()
    pairs: frozenset[Pair] = frozenset()


def marks(highlight: Highlight, graph: Collection[Value]) -> Marks:
    """What `highlight` asks for: a Value, or several Values and pairs (operand, result).

    graph   the nodes of the picture

    Raises AutogradTypeError for anything else, AutogradValueError for what is not in the graph.

    >>> x = Value(3.0, "x"); y = x * x
    >>> found = marks([(x, y)], [x, y])
    >>> found.nodes == {x, y}, found.pairs == {(x, y)}
    (True, True)
    """
    if highlight is None:
        return Marks()
    nodes, pairs = set(), set()
    for each in [highlight] if isinstance(highlight, Value) else _listed(highlight):
        if isinstance(each, Value):
            nodes.add(each)
        elif isinstance(each, tuple) and len(each) == 2 and all(isinstance(v, Value) for v in each):
            nodes.update(each)
            pairs.add(each)
        else:
            raise _unfit(each)
    known = graph if isinstance(graph, (set, frozenset, dict)) else set(graph)
    for v in nodes:
        if v not in known:
            raise AutogradValueError(f"highlight: {_told(v)} is not among what the Value was computed from")
    for tail, head in pairs:
        if tail not in head.parents:
            raise AutogradValueError(
                f"highlight: {_told(tail)} is no operand of {_told(head)}; a pair is (operand, result)"
            )
    return Marks(frozenset(nodes), frozenset(pairs))


def _listed(highlight: Iterable[Value | Pair]) -> list[Value | Pair]:
    if not isinstance(highlight, Iterable) or isinstance(highlight, str):
        raise _unfit(highlight)
    return list(highlight)


def _unfit(highlight: object) -> AutogradTypeError:
    return AutogradTypeError(
        f"highlight takes a Value, or a list of Values and of pairs (operand, result), and was given {given(highlight)}"
    )


def _told(v: Value) -> str:
    return repr(shown(v.label, 40)) if v.label else repr(v)
