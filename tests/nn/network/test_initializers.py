"""Initialisers: their distributions, and which one an activation gets."""

import math
import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import AutogradValueError, Value
from nn import ACTIVATIONS, INITIALIZERS, MLP, he, uniform, xavier, zeros
from nn.network.initializers import initializer_for

RECTIFIERS = {"relu", "leaky_relu", "elu", "softplus", "gelu", "silu"}
N = 4000


def drawn(draw: Callable[[random.Random, int, int], float], fan_in: int, fan_out: int) -> list[float]:
    generator = random.Random(fan_in * 1000 + fan_out)
    return [draw(generator, fan_in, fan_out) for _ in range(N)]


@pytest.mark.parametrize("fan_in, fan_out", [(1, 1), (3, 5), (16, 16), (100, 10)])
def test_means_and_variances(fan_in: int, fan_out: int) -> None:
    """Within five standard errors: √(2/N) of the variance for a normal, less for a uniform."""
    expected = {xavier: 2 / (fan_in + fan_out), he: 2 / fan_in, uniform: 1 / 3}
    for draw, variance in expected.items():
        xs = drawn(draw, fan_in, fan_out)
        assert abs(statistics.fmean(xs)) < 5 * math.sqrt(variance / N)
        assert statistics.pvariance(xs, 0.0) == pytest.approx(variance, rel=5 * math.sqrt(2 / N))


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 1000))
def test_bounds_and_scales(fan_in: int, fan_out: int, seed: int) -> None:
    assert abs(xavier(random.Random(seed), fan_in, fan_out)) <= math.sqrt(6 / (fan_in + fan_out))
    assert abs(uniform(random.Random(seed), fan_in, fan_out)) <= 1.0
    assert zeros(random.Random(seed), fan_in, fan_out) == 0.0
    standard = random.Random(seed).gauss(0.0, 1.0)
    assert he(random.Random(seed), fan_in, fan_out) == pytest.approx(math.sqrt(2 / fan_in) * standard, rel=1e-14)


def test_uniform_ones_reach_their_bounds_and_he_has_tails() -> None:
    assert max(map(abs, drawn(xavier, 3, 3))) > 0.99
    assert max(map(abs, drawn(uniform, 3, 3))) > 0.99
    assert max(map(abs, drawn(he, 2, 3))) > 3.0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_default_fits_the_activation_by_name_or_as_a_function(activation: str) -> None:
    expected = he if activation in RECTIFIERS else xavier
    assert initializer_for(None, activation) is expected
    assert initializer_for(None, ACTIVATIONS[activation]) is expected
    assert initializer_for(None, lambda u: u) is xavier
    for given_activation in (activation, ACTIVATIONS[activation]):
        net = MLP(4, [3, 2], given_activation, seed=5)
        generator = random.Random(5)
        theta = [t.data for layer in net.layers for neuron in layer.neurons for t in neuron.theta]
        assert theta == [expected(generator, 4, 3) for _ in range(12)] + [expected(generator, 3, 2) for _ in range(6)]


def test_method_activations_too() -> None:
    assert initializer_for(None, Value.relu) is he
    assert initializer_for(None, autograd.relu) is he


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_names_and_functions_are_the_same(initializer: str) -> None:
    draw = INITIALIZERS[initializer]
    assert draw.__name__ == initializer
    by_name, by_function = MLP(2, [3], initializer=initializer, seed=1), MLP(2, [3], initializer=draw, seed=1)
    assert [p.data for p in by_name.parameters()] == [p.data for p in by_function.parameters()]


def test_a_function_of_one_s_own_is_given_the_fans() -> None:
    seen = []

    def mine(generator: random.Random, fan_in: int, fan_out: int) -> float:
        seen.append((fan_in, fan_out))
        return 0.5

    net = MLP(2, [3, 1], initializer=mine, seed=0)
    assert seen == [(2, 3)] * 6 + [(3, 1)] * 3
    assert {t.data for layer in net.layers for neuron in layer.neurons for t in neuron.theta} == {0.5}


def test_zeros_leave_neurons_alike() -> None:
    net = MLP(2, [3, 1], initializer="zeros", seed=0)
    ((net([1.0, 2.0]) - 1.0) ** 2).backward()
    assert len({neuron.delta for neuron in net.layers[0].neurons}) == 1


def test_an_unknown_name() -> None:
    with pytest.raises(AutogradValueError, match="unknown initializer 'xaver'; choose one of xavier, he"):
        initializer_for("xaver", "tanh")


def test_a_telling_name_is_the_same_function() -> None:
    assert nn.uniform_weights is nn.uniform and nn.zero_weights is nn.zeros and nn.compare_diagnoses is nn.compare
    assert {"uniform_weights", "zero_weights", "compare_diagnoses", "prove", "MLP"} <= set(dir(nn))
