"""A graph for networkx, held to the walks of the engine and to what networkx itself finds in it."""

import io
import math
import sys

import pytest

from autograd import AutogradTypeError, MissingDependency, Value, explain, to_networkx, toposort
from nn import MLP, squared_error


def err():
    run = MLP(2, [3, 2], seed=0).forward([0.5, -1.0])
    return squared_error(run.outputs, [0.25, 0.5])


def test_nodes_and_operands_are_there_with_their_numbers():
    networkx = pytest.importorskip("networkx")
    root = err()
    root.backward()
    order, graph = toposort(root), to_networkx(root)
    assert len(graph) == len(order) and graph.number_of_edges() == sum(len(node.parents) for node in order)
    assert networkx.is_directed_acyclic_graph(graph)
    for i, node in enumerate(order):
        assert graph.nodes[i]["data"] == node.data and graph.nodes[i]["grad"] == node.grad
        if node.parents and i != len(order) - 1:  # the chain rule: a gradient is the sum of what was sent
            sent = [data["sent"] for _, _, data in graph.out_edges(i, data=True) if "sent" in data]
            assert math.isclose(sum(sent), node.grad, rel_tol=1e-12)
    assert graph.nodes[len(order) - 1]["name"] == "Err"


def test_the_paths_of_explain_are_the_paths_of_networkx():
    networkx = pytest.importorskip("networkx")
    x = Value(3.0, "x")
    y = (x * x).tanh() * x
    paths = explain(y, x).paths
    graph = to_networkx(y)
    products = [math.prod(graph.edges[edge]["local"] for edge in path)
                for path in networkx.all_simple_edge_paths(graph, 0, len(graph) - 1)]  # fmt: skip
    assert len(products) == len(paths) == 3
    y.backward()
    assert math.isclose(sum(products), x.grad, rel_tol=1e-12)


def test_twice_the_same_operand_is_two_edges_and_before_backward_nothing_was_sent():
    pytest.importorskip("networkx")
    x = Value(3.0, "x")
    graph = to_networkx(x * x)
    assert sorted(graph.edges(keys=True)) == [(0, 1, 0), (0, 1, 1)]
    assert graph.edges[0, 1, 1] == {"local": 3.0} and graph.nodes[1]["op"] == "mul"


def test_a_file_can_be_written_of_it():
    networkx = pytest.importorskip("networkx")
    root = err().relu()
    root.backward()
    file = io.BytesIO()
    networkx.write_graphml(to_networkx(root), file)
    back = networkx.read_graphml(io.BytesIO(file.getvalue()), node_type=int, force_multigraph=True)
    assert len(back) == len(toposort(root)) and back.nodes[len(back) - 1]["data"] == root.data


def test_a_deep_graph():
    pytest.importorskip("networkx")
    y = x = Value(0.5, "x")
    for _ in range(20_000):
        y = y.tanh()
    assert len(to_networkx(y)) == 20_001 and x.grad == 0


def test_what_is_wrong_is_said(monkeypatch):
    with pytest.raises(AutogradTypeError, match="to_networkx takes a Value"):
        to_networkx([1.0])
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingDependency, match=r"pip install 'deltagrad\[networkx\]'"):
        to_networkx(Value(1.0))
