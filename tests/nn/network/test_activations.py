"""What the records say of each σ is what the engine computes, and one more row is one more activation."""

import math
import random

import pytest

import autograd
from autograd import TABLE, Value, grad
from nn import ACTIVATIONS, MLP, Adam, certify, diagnose, fit, prove
from nn.network.activations import ACTIVATION_RECORDS, ActivationRecord, activation_of, known_as, record_of
from nn.plots import activation_curves, decision_boundary

RECORDS = list(ACTIVATION_RECORDS.values())
# Fine where they bend, coarse beyond.
GRID = [*(n / 128 for n in range(-1024, 1025) if n), *(n / 4 for n in range(-160, 161) if abs(n) > 32)]
named = pytest.mark.parametrize("known", RECORDS, ids=lambda known: known.name)


def slopes(known: ActivationRecord, u: float) -> tuple[float, float, float]:
    """o, σ' and σ'' at u."""
    x = Value(u)
    o = known.function(x)
    (slope,) = grad(o, [x])
    second = grad(slope, [x])[0].data if slope.op is not None and slope.parents else 0.0
    return o.data, slope.data, second


def test_every_activation_has_its_record():
    assert list(ACTIVATIONS) == list(ACTIVATION_RECORDS)
    assert all(ACTIVATIONS[name] is known.function and known.name == name for name, known in ACTIVATION_RECORDS.items())
    assert record_of(autograd.relu) is record_of("relu") and record_of(math.sin) is None


@named
def test_the_slope_is_the_row_that_the_engine_finds(known):
    for u in GRID[::23]:
        x = Value(u)
        o = known.function(x)
        parameters = [p.data for p in o.parents[1:]]
        row = TABLE[known.slope].function(u, *parameters) if known.slope else 1.0
        o.backward()
        assert math.isclose(x.grad, row, rel_tol=1e-14, abs_tol=1e-300)


@named
def test_the_curvature_is_reached_and_never_passed(known):
    ratios = [abs(second / slope) for _, slope, second in (slopes(known, u) for u in GRID) if slope]
    assert max(ratios) <= known.curvature * (1 + 1e-12)
    assert max(ratios) > (50 if known.curvature == math.inf else 0.99 * known.curvature - 1e-300)


@named
def test_the_range_is_filled_and_never_left(known):
    found = [known.function(Value(u)).data for u in (*GRID, -1e6, 1e6)]
    assert known.low <= min(found) < max(known.low + 1e-3, -0.3)
    assert min(known.high - 1e-3, 39.9) < max(found) <= known.high


@named
def test_a_kink_is_where_a_slope_jumps(known):
    (_, *left), (_, *right) = (slopes(known, u) for u in (-1e-9, 1e-9))
    jumps = any(abs(a - b) > 0.1 for a, b in zip(left, right))
    assert jumps == known.kink


def test_one_row_is_all_that_a_new_activation_needs(monkeypatch, tmp_path):
    pytest.importorskip("sympy")
    pytest.importorskip("matplotlib")
    from nn.__main__ import parse, prepare

    row = ActivationRecord("erf", autograd.erf, "erf_slope", math.inf, False, "he", -1.0, 1.0)
    monkeypatch.setitem(ACTIVATION_RECORDS, "erf", row)
    monkeypatch.setitem(ACTIVATIONS, "erf", row.function)
    net = MLP(2, [8, 1], "erf", seed=0)
    assert net.layers[0].neurons[0].theta[0].data == random.Random(0).gauss(0.0, 1.0)  # he, for two inputs
    X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    assert fit(net, X, Y, optimizer=Adam(net.parameters(), 0.05), epochs=300).loss[-1] < 0.1
    net.save(tmp_path / "net.json")
    assert MLP.load(tmp_path / "net.json").activation == "erf"
    assert diagnose(net, X, Y).rows[0].flat == 2
    assert decision_boundary(net, X, Y, resolution=5).figure.axes[0].get_title() == "4 of 4 samples right"
    assert repr(activation_curves("erf")) == "Plot of 1 activation with slopes"
    assert certify(net, X, Y, sigma=(math.erf, lambda u: 2 / math.sqrt(math.pi) * math.exp(-u * u)))
    assert prove([2, 2, 1], "erf")
    options = parse(["--activation", "erf", "--loss", "squared_error"])
    task = prepare(options)
    assert task.model.network.output_activation == "erf" and set(task.Y[0]) == {
        -1,
        1,
    }  # bounded, so that it can say no and yes


def test_a_function_of_ones_own_is_not_known_by_what_it_is_called():
    def tanh(u):
        return 0.5 * u

    assert known_as(tanh) == "" == known_as("tan") == known_as(("tanh", "relu"))
    assert [known_as(function) for function in ACTIVATIONS.values()] == list(ACTIVATIONS)


def test_an_activation_is_a_name_or_a_function():
    assert activation_of("tanh") is activation_of(autograd.tanh) is autograd.tanh
    with pytest.raises(autograd.AutogradValueError, match="unknown activation 'tan'; choose one of tanh, sigmoid"):
        activation_of("tan")
    with pytest.raises(autograd.AutogradValueError, match="unknown activation 3; choose one of"):
        activation_of(3)
