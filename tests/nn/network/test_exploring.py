"""A forward pass as a page: which picture it gets, and that each number has one place in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from autograd import AutogradError, Value, explore, toposort
from nn import MLP, cross_entropy, squared_error


def data_of(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)[1])  # type: ignore[index]
    return found


def swish(u: Value) -> Value:
    """An activation of several nodes."""
    return u / (1.0 + (-u).exp())


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("net", [
    MLP(2, [4, 3, 1], seed=1), MLP(3, [2, 2], "relu", "linear", bias=False, seed=2), MLP(2, [3, 1], swish, seed=3),
    MLP(1, [1], "linear", seed=4), MLP(2, [3, 2, 1], ["relu", "sigmoid", "tanh"], seed=5),
])  # fmt: skip
def test_a_card_for_each_neuron_and_one_place_for_each_number(net: MLP, direction: str) -> None:
    run = net.forward([0.5 + i for i in range(net.nin)])
    err = squared_error(run.outputs, [0.25] * len(run.outputs))
    page = run.explore(err, direction=direction)
    data, order = data_of(page), toposort(err)
    neurons = [neuron for layer in net.layers for neuron in layer.neurons]
    places = {node: data["nodes"][i]["place"] for i, node in enumerate(order)}
    for k, layer in enumerate(run.u):
        for i, u in enumerate(layer):
            assert places[u]["main"] and places[u]["card"] == f"k{k + 1}_{i}"
            assert {places[p]["card"] for p in net.layers[k].neurons[i].parameters()} == {f"k{k + 1}_{i}"}
    assert all(len(places[o]["gradient"]) == (2 if o in run.u[-1] else 1) for o in run.outputs)
    for node in order:  # what is computed lights up a card
        assert places[node] is not None or not node.parents
    taken: dict[tuple[str, str], set[int]] = {}
    for place in filter(None, places.values()):
        for part in ("value", "slot", "gradient", "chip", "name", "prime"):
            for card, number in place.get(part, ()):
                assert number not in taken.setdefault((card, part), set())
                taken[card, part].add(number)
    for (card, part), numbers in taken.items():
        group = re.search(rf'<g id="{card}" class="node">.*?</g>', page.html, re.DOTALL)[0]  # type: ignore[index]
        tag = "path" if part in ("slot", "chip") else "text"
        assert len(re.findall(rf"<{tag} [^>]*var\(--{part}\)", group)) == len(numbers)
    assert sum(theta is not None for *_, theta in data["edges"]) == sum(len(n.theta) for n in neurons)
    for k, (tail, head, theta) in enumerate(data["edges"]):
        assert f'id="e{k}"' in page.html
        if theta is not None:
            uses = [(node, parent) for node, parent, arrow, _ in data["uses"] if arrow == k]
            assert sorted(uses) == sorted([(head, theta), (head, tail)])


def test_which_picture_a_pass_gets() -> None:
    net = MLP(2, [2, 1], seed=0)
    run = net.forward([1.0, 2.0])
    err = squared_error(run.outputs, [1.0])
    assert 'id="k1_0"' in run.explore(err).html and 'id="k1_0"' in run.explore().html
    for level in ("cards", "pills"):
        assert 'id="k1_0"' not in run.explore(err, level=level).html
    assert 'id="k1_0"' not in explore(err).html
    both = err + squared_error(net.forward([2.0, 1.0]).outputs, [0.0])
    assert 'id="k1_0"' not in run.explore(both).html
    with pytest.raises(AutogradError, match="several forward passes"):
        run.explore(both, level="neurons")
    with pytest.raises(AutogradError, match="level"):
        run.explore(err, level="neuron")
    with pytest.raises(AutogradError, match="direction"):
        run.explore(err, direction="RL")
    with pytest.raises(AutogradError, match="theme"):
        run.explore(err, theme="pink")
    shared = MLP(2, [2, 1], seed=0)
    shared.layers[0].neurons[1] = shared.layers[0].neurons[0]
    run = shared.forward([1.0, 2.0])
    assert 'id="k1_0"' not in run.explore(squared_error(run.outputs, [1.0])).html


def test_classes_and_weights_of_any_name_are_text() -> None:
    net = MLP(2, [2, 3], "tanh", "linear", seed=0)
    run = net.forward([1.0, 2.0])
    run.classes = ["</script><b>", "versicolor", "\\N"]
    net.layers[0].neurons[0].theta[0].label = "</script><script>alert(1)"
    page = run.explore(cross_entropy(run.outputs, 1))
    assert page.html.count("<script") == 2 and "versicolor" in page.html
