"""A graph for networkx: every node and every operand with its numbers, for those who want to count and search in it."""

from __future__ import annotations

import importlib
from typing import Any

from ..chain.branches import reached
from ..errors import AutogradTypeError, MissingDependency
from ..graph import partials, sent, toposort
from ..ops import LITERAL
from ..recording import given
from ..value import Value
from ..words.naming import names_of


def to_networkx(value: Value) -> Any:
    """Everything that a Value was computed from, as a networkx.MultiDiGraph with an edge for each operand.

    value   the result; its node is the last one

    Nodes are 0, 1, 2, … in topological order, operands first, with `name`, `data`, `grad` and `op`, which is "" for a
    leaf.  An edge leads from an operand to its result; its key is the operand's position, and where the result depends
    on it, it has the local derivative `local` and, after backward(), `sent` = upstream × local.  All of these are
    numbers and text, so every format of networkx can write them.

    Raises AutogradTypeError for something that is not a Value, and MissingDependency without networkx.

    >>> x = Value(3.0, "x"); y = x * x; y.backward()
    >>> graph = to_networkx(y)  # doctest: +SKIP
    >>> graph.nodes[0]["name"], graph.edges[0, 1, 0]["local"]  # doctest: +SKIP
    ('x', 3.0)
    """
    if not isinstance(value, Value):
        raise AutogradTypeError(f"to_networkx takes a Value, and was given {given(value)}")
    try:
        networkx = importlib.import_module("networkx")
    except ImportError:
        raise MissingDependency("to_networkx needs networkx: pip install 'deltagrad[networkx]'") from None
    order = toposort(value)
    slopes = {node: partials(node) for node in order}
    names, live = names_of(order, value), reached(value, slopes)
    number = {node: i for i, node in enumerate(order)}
    graph = networkx.MultiDiGraph(name=names[value])
    for node in order:
        operation = "" if node.op is None or node.op is LITERAL else node.op.name
        graph.add_node(number[node], name=names[node], data=node.data, grad=node.grad, op=operation)
        for i, (parent, local) in enumerate(zip(node.parents, slopes[node])):
            edge: dict[str, float] = {}
            if local is not None:
                edge["local"] = local
                if value.grad != 0:
                    edge["sent"] = sent(node.grad, local, node in live and _takes(node, i, local))
            graph.add_edge(number[parent], number[node], i, **edge)
    return graph


def _takes(node: Value, i: int, local: float) -> bool:
    return node.op is not None and node.op.takes(i, local)
