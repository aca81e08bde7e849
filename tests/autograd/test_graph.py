"""Walks over the graph: each node once, parents first, in an order that depends on the graph alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import AutogradTypeError, Op, Value, fsum, function_of_row, toposort, where
from autograd.gradient import partials_in_graph
from autograd.graph import dependents, partials, recompute, sent
from autograd.value import restart

# A graph as the operands of each interior node: indices of earlier nodes.
graphs = st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=3), min_size=1, max_size=15)


def build(operands: list[list[int]]) -> list[Value]:
    nodes = [Value(1.0), Value(2.0), Value(3.0)]
    for indices in operands:
        nodes.append(fsum([nodes[i % len(nodes)] for i in indices]))
    return nodes


def ancestors(root: Value) -> set[Value]:
    """The definition, in recursion."""
    return {root}.union(*map(ancestors, root.parents))


@given(graphs, st.booleans())
def test_each_node_once_and_parents_before_children(operands: list[list[int]], mirrored: bool) -> None:
    nodes = build(operands)
    order = toposort(nodes[-1], mirrored=mirrored)
    assert set(order) == ancestors(nodes[-1]) and len(order) == len(set(order))
    assert order[-1] is nodes[-1]
    at = {node: i for i, node in enumerate(order)}
    assert all(at[parent] < at[node] for node in order for parent in node.parents)


@given(graphs)
def test_several_roots_are_walked_one_after_the_other(operands: list[list[int]]) -> None:
    nodes = build(operands)
    first, second = nodes[len(nodes) // 2], nodes[-1]
    order = toposort(first, second)
    alone = toposort(first)
    assert order[: len(alone)] == alone
    assert set(order) == ancestors(first) | ancestors(second) and len(order) == len(set(order))


def test_first_operands_come_first() -> None:
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    y = fsum([a * b, c, b * c])
    assert [v.label for v in toposort(y) if v.label] == ["a", "b", "c"]
    assert [v.label for v in toposort(y, mirrored=True) if v.label] == ["c", "b", "a"]
    assert toposort() == [] and toposort(a) == [a] and toposort(a, a) == [a]


@given(graphs)
def test_backward_visits_in_the_mirrored_order(operands: list[list[int]]) -> None:
    nodes = build(operands)
    order = [node for node in reversed(toposort(nodes[-1], mirrored=True)) if node.op is not None]
    for node in order:
        node.grad = 7.0
    leaves = nodes[:3]
    for leaf in leaves:
        leaf.grad = 5.0
    assert restart(nodes[-1]) == order
    assert {node.grad for node in order} == {0.0}
    assert {leaf.grad for leaf in leaves} == {5.0}
    assert restart(nodes[-1]) == order  # a second time, with the zeros of the first


@given(graphs, st.integers(0, 2))
def test_dependents_are_what_a_change_can_reach(operands: list[list[int]], i: int) -> None:
    nodes = build(operands)
    order = toposort(nodes[-1])
    found = dependents(order, [nodes[i]])
    assert found == {node for node in order if nodes[i] in ancestors(node)} | {nodes[i]}


@given(graphs, st.integers(0, 10**6), st.floats(-10, 10))
def test_recompute_is_building_again(operands: list[list[int]], which: int, data: float) -> None:
    nodes = build(operands)
    moved = nodes[which % len(nodes)]
    before = [v.data for v in nodes]
    order = toposort(nodes[-1])
    found = recompute(order, {moved: data})
    again: dict[Value, float] = {}
    for node in order:
        again[node] = data if node is moved else sum(again[p] for p in node.parents) if node.parents else node.data
    assert {v: found[v] for v in order} == pytest.approx(again)
    assert [v.data for v in nodes] == before


@pytest.mark.parametrize("root", [3.0, None, "y", [Value(1.0)]])
def test_only_values_have_a_graph(root: Any) -> None:
    with pytest.raises(AutogradTypeError, match="toposort walks the graph below a Value, and was given"):
        toposort(root)


@given(graphs, st.integers(0, 10**6))
def test_known_nodes_are_left_out_with_all_below_them(operands: list[list[int]], i: int) -> None:
    nodes = build(operands)
    known = ancestors(nodes[i % len(nodes)])
    before = set(known)
    order = toposort(nodes[-1], known=known)
    assert set(order) == ancestors(nodes[-1]) - before and known == before | set(order)
    assert [node for node in toposort(nodes[-1]) if node not in before] == order


def test_partials_are_the_row_s_on_the_recorded_numbers() -> None:
    x, y = Value(3.0), Value(2.0)
    assert partials(x) == () and partials_in_graph(x) == ()
    assert partials(x * y) == (2.0, 3.0) and partials(x > y) == (None, None)
    assert partials(where(x > y, x, y)) == (None, 1.0, 0.0)
    node = x / y
    x.data = 100.0  # at the moment of asking, as backward() would find it
    assert partials(node) == (0.5, -25.0)
    assert [float(d.data) if isinstance(d, Value) else d for d in partials_in_graph(node)] == [0.5, -25.0]
    whole = function_of_row(Op("whole", lambda x: x, lambda o, x: (1,)))(x)
    assert type(partials(whole)[0]) is float


@given(graphs)
def test_partials_times_upstream_is_what_backward_sends(operands: list[list[int]]) -> None:
    nodes = build(operands)
    nodes[-1].backward()
    received = dict.fromkeys(ancestors(nodes[-1]), 0.0)
    for node in received:
        for parent, d in zip(node.parents, partials(node)):
            assert d is not None
            received[parent] += sent(node.grad, d)
    received[nodes[-1]] += 1.0
    assert received == {node: node.grad for node in received}
