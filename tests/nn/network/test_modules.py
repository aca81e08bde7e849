"""Neurons, layers, networks: the lecture's names, shapes, seeds, and what they refuse."""

import copy
import math
import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import AutogradTypeError, AutogradValueError, Value, difference_in_graph, no_grad
from nn import ACTIVATIONS, MLP, ForwardPass, Layer, Neuron, linear, squared_error
from nn.network.modules import name

widths = st.lists(st.integers(1, 4), min_size=1, max_size=4)


def data(outputs: Any) -> Any:
    return [o.data for o in outputs] if isinstance(outputs, list) else outputs.data


# --- the forward pass ---------------------------------------------------------------------


@given(st.integers(1, 4), widths, st.booleans(), st.sampled_from([*ACTIVATIONS]), st.integers(0, 99))
def test_a_network_is_the_lecture_s_sums_and_activations(
    nin: int, nouts: list[int], bias: bool, activation: str, seed: int
) -> None:
    net = MLP(nin, nouts, activation, bias=bias, seed=seed)
    x = [math.sin(seed + i) for i in range(nin)]
    run = net.forward(x)
    o = x
    for k, layer in enumerate(net.layers):
        theta = [[t.data for t in neuron.theta] for neuron in layer.neurons]
        biases = [0.0 if neuron.bias is None else neuron.bias.data for neuron in layer.neurons]
        u = [autograd.sumprod([*row, b], [*o, 1.0]) for row, b in zip(theta, biases)]
        assert data(run.u[k]) == u
        o = [v if activation == "linear" else getattr(autograd, activation)(v) for v in u]
        assert data(run.o[k]) == o
    again = net(x)
    assert (data(again) if isinstance(again, list) else [again.data]) == o == data(run.outputs)


@given(st.integers(1, 3), widths, st.booleans(), st.integers(0, 99))
def test_delta_is_the_gradient_of_u(nin: int, nouts: list[int], bias: bool, seed: int) -> None:
    net = MLP(nin, nouts, bias=bias, seed=seed)
    run = net.forward([math.cos(seed + i) for i in range(nin)])
    err = squared_error(run.outputs, [0.5] * nouts[-1])
    err.backward()
    for k, layer in enumerate(net.layers):
        for i, neuron in enumerate(layer.neurons):
            u, o = run.u[k][i], run.o[k][i]
            assert neuron.u is u and neuron.o is o
            assert run.delta[k][i] == neuron.delta == u.grad
            assert difference_in_graph(err, u).agrees(neuron.delta)
            before = run.inputs if k == 0 else run.o[k - 1]
            assert [t.grad for t in neuron.theta] == [neuron.delta * x.data for x in before]
            assert neuron.bias is None or neuron.bias.grad == neuron.delta


def test_a_weighted_sum_is_one_node() -> None:
    net = MLP(3, [2], seed=0)
    x = [Value(1.0), Value(2.0), Value(3.0)]
    net(x)
    neuron = net.layers[0].neurons[1]
    u = neuron.u
    assert u is not None and u.op is autograd.TABLE["sumprod"]
    assert u.parents[:7] == (*neuron.theta, neuron.bias, *x) and u.parents[7].data == 1.0
    assert neuron.o is not None and neuron.o.parents == (u,) and neuron.o.op is autograd.TABLE["tanh"]


def test_one_output_is_a_value_and_several_are_a_list() -> None:
    assert isinstance(MLP(2, [3, 1], seed=0)([1, 2]), Value)
    several = MLP(2, [3, 2], seed=0)([1, 2])
    assert isinstance(several, list) and len(several) == 2
    assert isinstance(Layer(2, 1, seed=0)([1, 2]), list)
    assert isinstance(Neuron(2, seed=0)([1, 2]), Value)


def test_fields_of_a_forward_pass() -> None:
    net = MLP(2, [3, 1], seed=0)
    run = net.forward([0.5, -0.5])
    assert isinstance(run, ForwardPass) and run.net is net
    assert data(run.inputs) == [0.5, -0.5]
    assert run.outputs is run.o[-1]
    assert [len(layer) for layer in run.u] == [len(layer) for layer in run.o] == [3, 1]
    assert run.theta[0][2] is net.layers[0].neurons[2].theta
    assert run.delta == [[0.0] * 3, [0.0]]
    assert repr(run) == f"ForwardPass(inputs=[0.5, -0.5], outputs=[{run.outputs[0].data}])"


def test_a_forward_pass_keeps_its_own_values_when_the_network_runs_again() -> None:
    net = MLP(1, [2, 1], seed=0)
    first = net.forward([1.0])
    second = net.forward([-1.0])
    squared_error(first.outputs, 0.0).backward()
    assert any(d != 0.0 for layer in first.delta for d in layer)
    assert second.delta == [[0.0, 0.0], [0.0]]
    assert net.layers[0].neurons[0].u is second.u[0][0]


def test_inputs_may_be_values_numbers_or_arrays() -> None:
    net = MLP(2, [2, 1], seed=0)
    x = [Value(0.5, "mine"), Value(-0.5)]
    run = net.forward(x)
    assert run.inputs[0] is x[0] and run.inputs[0].label == "mine"
    expected = run.outputs[0].data
    assert net((0.5, -0.5)).data == net(iter([0.5, -0.5])).data == net([0.5, Value(-0.5)]).data == expected
    assert Layer(2, 1, seed=1)([1, 2])[0].data == Layer(2, 1, seed=1)(iter([1, Value(2.0)]))[0].data
    numpy = pytest.importorskip("numpy", reason="gives arrays to a network")
    assert net(numpy.array([0.5, -0.5])).data == expected
    assert net.forward(numpy.float32([0.5, -0.5])).outputs[0].data == expected


def test_no_delta_before_a_call() -> None:
    with pytest.raises(AutogradValueError, match=r"no δ yet: call it, then backward\(\) on the error"):
        _ = Neuron(2, seed=0).delta


def test_no_graph_under_no_grad() -> None:
    net = MLP(2, [2, 1], seed=0)
    with no_grad():
        y = net([1.0, 2.0])
    assert y.op is None and y.parents == () and y.data == net([1.0, 2.0]).data


# --- names -----------------------------------------------------------------------------------


def test_names_are_the_lecture_s() -> None:
    net = MLP(2, [2, 1], seed=0)
    run = net.forward([1.0, 2.0])
    assert [n for n, _ in net.named_parameters()] == [
        "θ⁽¹⁾₁₁", "θ⁽¹⁾₁₂", "b⁽¹⁾₁", "θ⁽¹⁾₂₁", "θ⁽¹⁾₂₂", "b⁽¹⁾₂", "θ⁽²⁾₁₁", "θ⁽²⁾₁₂", "b⁽²⁾₁",
    ]  # fmt: skip
    assert [p for _, p in net.named_parameters()] == net.parameters()
    assert [p.label for p in net.parameters()] == [n for n, _ in net.named_parameters()]
    assert [x.label for x in run.inputs] == ["x₁", "x₂"]
    assert [[u.label for u in layer] for layer in run.u] == [["u⁽¹⁾₁", "u⁽¹⁾₂"], ["u⁽²⁾₁"]]
    assert [[o.label for o in layer] for layer in run.o] == [["o⁽¹⁾₁", "o⁽¹⁾₂"], ["o⁽²⁾₁"]]


def test_names_of_neurons_and_layers_alone() -> None:
    assert [p.label for p in Neuron(2, seed=0).parameters()] == ["θ₁", "θ₂", "b"]
    assert [p.label for p in Layer(1, 2, seed=0).parameters()] == ["θ⁽¹⁾₁₁", "b⁽¹⁾₁", "θ⁽¹⁾₂₁", "b⁽¹⁾₂"]


@given(st.tuples(st.integers(1, 120), st.integers(1, 120)), st.integers(1, 30))
def test_indices_can_be_read_back_from_a_name(indices: tuple[int, int], layer: int) -> None:
    text = name("θ", *indices, layer=layer)
    digits = text.translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789"))
    above, _, below = digits.removeprefix("θ⁽").partition("⁾")
    assert int(above) == layer
    assert tuple(int(i) for i in (below.split(",") if "," in below else below)) == indices


def test_reprs() -> None:
    assert repr(MLP(2, [3, 1], seed=0)) == "MLP(2-3-1, tanh, 13 parameters)"
    assert repr(Layer(2, 3, "relu", seed=0)) == "Layer of 3 × Neuron(2, relu)"
    assert repr(Neuron(2, lambda u: u, seed=0)) == "Neuron(2, <lambda>)"


# --- parameters ---------------------------------------------------------------------------------


@given(st.integers(1, 5), widths, st.booleans())
def test_parameters(nin: int, nouts: list[int], bias: bool) -> None:
    net = MLP(nin, nouts, bias=bias, seed=0)
    assert len(net.parameters()) == sum((a + bias) * b for a, b in zip([nin, *nouts], nouts))
    expected = [
        p for layer in net.layers for neuron in layer.neurons
        for p in (*neuron.theta, *([neuron.bias] if bias else []))
    ]  # fmt: skip
    assert net.parameters() == expected
    assert [p for layer in net.layers for p in layer.parameters()] == expected
    assert len(set(expected)) == len(expected)
    for neuron in net.layers[0].neurons:
        assert (neuron.bias is None) is not bias
        assert neuron.bias is None or neuron.bias.data == 0.0


def test_zero_grad() -> None:
    net = MLP(1, [2, 1], seed=0)
    net([1.0]).backward()
    assert any(p.grad for p in net.parameters())
    net.layers[1].zero_grad()
    assert not any(p.grad for p in net.layers[1].parameters()) and any(p.grad for p in net.parameters())
    net.zero_grad()
    assert not any(p.grad for p in net.parameters())


def test_a_network_without_hidden_layers_and_one_given_by_an_int() -> None:
    assert [len(layer.neurons) for layer in MLP(2, [3], seed=0).layers] == [3]
    assert data(MLP(2, 3, seed=5)([1, 2])) == data(MLP(2, [3], seed=5)([1, 2]))
    assert len(MLP(2, (n for n in (3, 2)), seed=0).layers) == 2


# --- seeds ------------------------------------------------------------------------------------------


def weights(module: Any) -> list[float]:
    return [p.data for p in module.parameters()]


MAKERS: dict[str, Callable[[Any], Any]] = {
    "MLP": lambda seed: MLP(3, [4, 2], seed=seed),
    "he": lambda seed: MLP(3, [4, 2], "relu", seed=seed),
    "uniform": lambda seed: MLP(3, [4, 2], initializer="uniform", seed=seed),
    "Layer": lambda seed: Layer(3, 4, seed=seed),
    "Neuron": lambda seed: Neuron(3, seed=seed),
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_seed_makes_it_reproducible_and_leaves_the_world_alone(maker: str) -> None:
    make = MAKERS[maker]
    state = random.getstate()
    first = weights(make(7))
    random.random()
    assert weights(make(7)) == first == weights(make(random.Random(7)))
    assert weights(make(8)) != first
    assert weights(make(None)) != weights(make(None))
    random.setstate(state)
    make(7)
    make(None)
    assert random.getstate() == state


def test_the_weights_of_a_seed_are_the_same_on_every_python() -> None:
    """random.Random promises it for uniform() and gauss(); a recipe with a seed depends on it."""
    assert weights(Neuron(2, bias=False, seed=0)) == [0.9741721072087512, 0.7296052302240599]
    assert weights(Neuron(2, "relu", bias=False, seed=0)) == [0.9417154046806644, -1.3965781047011498]


def test_a_generator_goes_on() -> None:
    generator = random.Random(3)
    both = [weights(Neuron(2, seed=generator)), weights(Neuron(2, seed=generator))]
    assert both[0] != both[1]


def test_layers_and_neurons_start_differently() -> None:
    found = weights(MLP(3, [3, 3], bias=False, initializer="uniform", seed=0))
    assert len(set(found)) == len(found)


def test_numpy_integers_are_sizes_and_seeds() -> None:
    numpy = pytest.importorskip("numpy", reason="gives NumPy integers as sizes")
    net = MLP(numpy.int64(2), [numpy.int32(3), numpy.int64(1)], seed=numpy.int64(7))
    assert repr(net) == "MLP(2-3-1, tanh, 13 parameters)"
    assert weights(net) == weights(MLP(2, [3, 1], seed=7))
    assert len(MLP(2, numpy.array([3, 1]), seed=0).layers) == 2


# --- activations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_by_name_are_those_of_the_table(activation: str) -> None:
    o = Neuron(1, activation, seed=0)([0.5])
    if activation == "linear":
        assert o.op is autograd.TABLE["sumprod"]
    else:
        assert o.op is autograd.TABLE[activation]


def test_callable_activations() -> None:
    seen: list[Value] = []

    def swish(u: Value) -> Value:
        seen.append(u)
        return u * u.sigmoid()

    net = MLP(2, [2, 1], swish, seed=0)
    run = net.forward([1.0, 2.0])
    assert seen == [u for layer in run.u for u in layer]
    run.outputs[0].backward()
    assert difference_in_graph(run.outputs[0], run.u[0][0]).agrees(run.delta[0][0])
    assert MLP(1, [1], Value.relu, seed=0)([1.0]).op is autograd.TABLE["relu"]
    assert "swish" in repr(net)


def test_the_output_s_own_activation() -> None:
    net = MLP(2, [2, 2, 1], "relu", "linear", seed=0)
    run = net.forward([1.0, 2.0])
    names = [o.op.name for layer in run.o for o in layer if o.op is not None]
    assert names == ["relu"] * 4 + ["sumprod"]
    same = MLP(2, [2, 1], "sigmoid", seed=0).forward([1.0, 2.0])
    assert {o.op.name for layer in same.o for o in layer if o.op is not None} == {"sigmoid"}


def test_a_linear_neuron_is_its_own_u() -> None:
    neuron = Neuron(1, "linear", seed=0)
    o = neuron([2.0])
    assert o is neuron.u is neuron.o and o.label == "u"
    o.backward()
    assert neuron.delta == 1.0
    assert linear(o) is o


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call, message", [
    (lambda: MLP(0, [1]), "nin is a number of neurons, a whole number from 1, and was given as 0"),
    (lambda: MLP(2, [3, 0]), "nouts is a number of neurons, a whole number from 1, and was given as 0"),
    (lambda: MLP(2, [-1]), "and was given as -1"),
    (lambda: MLP(2, [2.0]), "and was given as 2.0"),
    (lambda: MLP(2, 2.0), "and was given as 2.0"),
    (lambda: MLP(2, None), "and was given as None"),
    (lambda: MLP(2, "31"), "and was given as '3'"),
    (lambda: MLP(True, [1]), "nin is a number of neurons, a whole number from 1, and was given as True"),
    (lambda: MLP(2, []), "MLP: nouts is empty; give the width of at least the output layer"),
    (lambda: Layer(2, 0), "nout is a number of neurons, a whole number from 1, and was given as 0"),
    (lambda: Neuron(0), "nin is a number of neurons, a whole number from 1, and was given as 0"),
    (lambda: MLP(2, [1], "tan"), "unknown activation 'tan'; choose one of tanh, sigmoid, relu, leaky_relu,"),
    (lambda: MLP(2, [1], "tanh", "tan"), "or give a function of a Value"),
    (lambda: MLP(2, [1], ["tanh", "tanh"]), "2 activations, and 1 layer"),
    (lambda: MLP(2, [1], initializer="xaver"), "unknown initializer 'xaver'; choose one of xavier, he, uniform, zeros"),
    (lambda: MLP(2, [1], initializer=["he"]), "unknown initializer ['he']; choose one of"),
    (lambda: MLP(2, [1], seed=0)([1.0]), "the network has 2 inputs, and was given 1"),
    (lambda: MLP(2, [1], seed=0).forward([1.0, 2.0, 3.0]), "the network has 2 inputs, and was given 3"),
    (lambda: Layer(2, 1, seed=0)([1.0]), "this layer has 2 inputs, and was given 1"),
    (lambda: Neuron(2, seed=0)([]), "this neuron has 2 inputs, and was given 0"),
])  # fmt: skip
def test_values_that_make_no_sense(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(AutogradValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("call, message", [
    (lambda: MLP(2, [1], seed=0)(3.0), "the network takes a list of 2 numbers, and was given 3.0"),
    (lambda: MLP(2, [1], seed=0)(None), "the network takes a list of 2 numbers, and was given None"),
    (lambda: MLP(2, [1], seed=0)(Value(1.0)), "the network takes a list of 2 numbers, and was given Value(data=1.0"),
    (lambda: MLP(2, [1], seed=0)([1.0, "2"]), "the network, input 2: got '2' of type str; convert text"),
    (lambda: MLP(2, [1], seed=0)([[1.0, 2.0]]), "the network, input 1: got [1.0, 2.0] of type list; this engine is"),
    (lambda: Layer(2, 1, seed=0)(3.0), "this layer takes a list of 2 numbers, and was given 3.0"),
    (lambda: Neuron(2, seed=0)(3.0), "this neuron takes a list of 2 numbers, and was given 3.0"),
    (lambda: Neuron(2, seed=0)([1.0, None]), "this neuron, input 2: got None of type NoneType; give a real number"),
    (lambda: MLP(2, [1], seed=[1]), "the seed is a whole number, a random.Random or None, and was given as [1]"),
    (lambda: MLP(2, [1], seed=0.5), "the seed is a whole number, a random.Random or None, and was given as 0.5"),
    (lambda: Neuron(1, lambda u: 3.0, seed=0)([1.0]), "the activation <lambda> returned 3.0, which is not a Value"),
    (lambda: Neuron(1, lambda u: None, seed=0)([1.0]), "compute with autograd's functions, not math's"),
    (lambda: Neuron(1, math.tanh, seed=0)([1.0]), "autograd.tanh instead of math.tanh"),
])  # fmt: skip
def test_things_of_the_wrong_kind(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(AutogradTypeError) as error:
        call()
    assert message in str(error.value)


# --- copies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("used", [False, True])
def test_copies_are_whole_and_independent(copier: Callable[[MLP], MLP], used: bool) -> None:
    net = MLP(2, [3, 1], "relu", "sigmoid", seed=0)
    if used:
        net([0.5, 1.0]).backward()
    copied = copier(net)
    assert weights(copied) == weights(net)
    assert [p.grad for p in copied.parameters()] == [p.grad for p in net.parameters()]
    assert copied([0.1, 0.2]).data == net([0.1, 0.2]).data
    copied.parameters()[0].data += 1.0
    copied.zero_grad()
    assert weights(copied) != weights(net)
    if used:
        assert any(p.grad for p in net.parameters())
        assert copier(net).layers[0].neurons[0].u is None  # the graph of the last call stays behind


def test_a_copy_takes_a_network_and_not_its_graph() -> None:
    """The graph of a call has each θ in it; pickling it once for each neuron would be quadratic."""
    net = MLP(2, [3, 1], seed=0)
    before = len(pickle.dumps(net))
    net([0.5, 1.0]).backward()
    assert len(pickle.dumps(net)) < 2 * before
