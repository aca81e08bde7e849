"""Where δ vanishes, explodes or is 0, and why; the split is exact, and a vanished δ keeps its digits."""

import builtins
import itertools
import math
import random

import pytest

from autograd import AutogradTypeError, AutogradValueError, MissingDependency
from autograd.drawing.theme import LIGHT
from nn import MLP, Neuron, certify, fit
from nn import deltas as hand
from nn.diagnosing.causes import flat_sides, slope_of
from nn.diagnosing.diagnosis import Watch, compare, diagnose
from nn.diagnosing.remedies import helps, remedied
from tests.benchmarks.diagnosis import DISEASES, HEALTHY

_draw = random.Random(0)
X = [[_draw.uniform(-1, 1) for _ in range(4)] for _ in range(6)]
Y = [_draw.uniform(0, 1) for _ in range(6)]
DEEP = [10] * 11 + [1]


def sigmoid():
    return MLP(4, DEEP, "sigmoid", seed=0)


def relu():
    return MLP(4, DEEP, "relu", "linear", initializer="he", seed=0)


def scaled(net, factor):
    for p in net.parameters():
        p.data *= factor
    return net


def unscaled():
    """The samples of which x₁ is a thousand times as large as the others."""
    draw = random.Random(0)
    xs = [[1000 * draw.uniform(-1, 1)] + [draw.uniform(-1, 1) for _ in range(3)] for _ in range(10)]
    return xs, [draw.uniform(0, 1) for _ in range(10)]


def notebook():
    draw = random.Random(0)
    return [[draw.uniform(-1, 1) for _ in range(4)] for _ in range(10)], [draw.uniform(0, 1) for _ in range(10)]


def names(diagnosis):
    return [cause.name for cause in diagnosis.causes]


# --- the lecture's section 9 ---------------------------------------------------------------------


def test_twelve_layers_of_sigmoids_vanish_because_of_the_slope():
    diagnosis = diagnose(sigmoid(), X, Y)
    assert diagnosis.verdict == "vanishing" and diagnosis.change < -6
    cause = diagnosis.causes[0]
    assert cause.name == "small slope of σ" and cause.share > 0.9 and cause.layers == tuple(range(1, 13))
    assert "0.25 at most" in cause.explanation and "relu" in diagnosis.advice[0]
    assert all(row.slope < math.log10(0.2501) for row in diagnosis.rows)
    assert "vanished is not zero" in str(diagnosis)


def test_the_same_with_relu_and_he_keeps_its_delta():
    diagnosis = diagnose(relu(), X, Y)
    assert diagnosis.verdict == "healthy" and abs(diagnosis.change) < 2
    assert all(-0.8 < row.slope <= 0 for row in diagnosis.rows) and diagnosis.rows[-1].slope == 0
    assert 0.3 < sum(row.zeros for row in diagnosis.rows[:-1]) / 11 < 0.7  # half of the ReLUs are off


def test_weights_three_times_as_large_explode():
    diagnosis = diagnose(scaled(relu(), 3.0), X, Y)
    assert diagnosis.verdict == "exploding" and diagnosis.change > 4
    assert diagnosis.causes[0].name == "large weights" and "clip_norm" in diagnosis.advice[0]
    assert "2.94 times" in str(diagnosis.causes[0]) and diagnosis.causes[0].layers == tuple(range(2, 13))
    tamed = diagnosis.remedy()
    assert tamed.after.verdict == "healthy" and tamed.after.net.activation == "relu"


@pytest.mark.parametrize(
    "net, verdict, cause",
    [
        (scaled(sigmoid(), 30.0), "vanishing", "saturation"),
        (scaled(MLP(4, DEEP, "tanh", seed=0), 10.0), "vanishing", "saturation"),  # however large the weights
        (scaled(MLP(4, DEEP, "linear", seed=0), 2.0), "exploding", "large weights"),
        (scaled(relu(), 0.3), "vanishing", "small weights"),
    ],
)
def test_the_other_causes(net, verdict, cause):
    diagnosis = diagnose(net, X, Y)
    assert (diagnosis.verdict, diagnosis.causes[0].name) == (verdict, cause)


def test_cancellation():
    net = MLP(4, [4] * 9, "linear", bias=False, seed=0)
    for layer in net.layers:
        for i, neuron in enumerate(layer.neurons):
            for l, theta in enumerate(neuron.theta):
                # Rows 1, −1, 1, −1 and a little: whatever comes back nearly cancels.
                theta.data = (-1.0) ** i * 0.9 + 0.1 * (i == l)
    diagnosis = diagnose(net, X, [[0.5] * 4] * 6)
    assert "cancellation" in [cause.name for cause in diagnosis.causes]
    assert min(row.cancellation for row in diagnosis.rows) < -0.4


def test_dead_layers_pass_nothing():
    net = relu()
    for neuron in net.layers[5].neurons:
        neuron.bias.data = -100.0
    diagnosis = diagnose(net, X, Y)
    assert diagnosis.verdict == "dead" and diagnosis.change == -math.inf
    row = diagnosis.rows[5]
    assert row.dead == row.neurons == 10 and row.zeros == 1 and row.typical == 0
    assert diagnosis.causes[0].name == "dead neurons" and 6 in diagnosis.causes[0].layers
    after = diagnosis.remedy().after
    assert after.verdict != "dead" and after.net.activation == "leaky_relu"
    assert "leaky_relu" in diagnosis.summary


# --- where the change begins, and what it is traced to ---------------------------------------------


def test_the_slope_of_the_output_counts():
    """A relu network in between loses nothing; all is lost at its saturated tanh."""
    diagnosis = diagnose(MLP(4, [6, 6, 1], "relu", "tanh", seed=0), *unscaled())
    assert diagnosis.verdict == "vanishing" and abs(diagnosis.rows[0].size - diagnosis.rows[-1].size) < 1
    assert names(diagnosis)[0] == "large inputs" and diagnosis.causes[0].layers == (3,)
    single = diagnose(scaled(MLP(4, [1], "sigmoid", seed=0), 50.0), X, Y)
    assert single.verdict == "vanishing" and single.causes[0].name == "saturation"
    assert "output_activation" in single.advice[0] and single.remedy().after.verdict == "healthy"


def test_unscaled_inputs_are_told_from_large_weights():
    xs, ys = unscaled()
    diagnosis = diagnose(MLP(4, [6, 6, 1], "tanh", seed=0), xs, ys)
    (cause,) = diagnosis.causes
    assert (cause.name, cause.layers) == ("large inputs", (1,)) and "x₁ is: 509" in cause.explanation
    compared = diagnosis.remedy()
    assert compared.after.net is diagnosis.net and compared.after.verdict == "healthy"
    assert "scaled inputs" in str(compared) and "scaled inputs" in compared._repr_html_()
    for column in zip(*compared.after.X):
        assert sum(column) / 10 == pytest.approx(0, abs=1e-12) and sum(x * x for x in column) / 10 == pytest.approx(1)
    by_weights = diagnose(scaled(MLP(4, [6, 6, 1], "tanh", seed=0), 40.0), X, Y)
    assert names(by_weights)[0] == "saturation"
    # σ' is then exactly 0, but its neurons are no dead ReLUs.
    beyond = diagnose(MLP(4, [6, 6, 1], "tanh", seed=0), [[1e6 * x for x in row] for row in xs], ys)
    assert beyond.verdict == "dead" and names(beyond) == ["large inputs"]
    assert diagnose(MLP(4, [6, 6, 1], "tanh", seed=0), xs[0], ys[0]).remedy().after.X == [[1.0, 1.0, -1.0, -1.0]]


@pytest.mark.parametrize("sigma, sides", [("tanh", 2), ("sigmoid", 2), ("leaky_relu", 1), ("elu", 1), ("linear", 0)])
def test_only_what_is_flat_on_both_sides_saturates(sigma, sides):
    net = MLP(4, [4, 1], sigma, seed=0)
    assert flat_sides(net.layers[0].neurons[0]) == sides
    for neuron in net.layers[0].neurons:
        neuron.bias.data = -30.0
    assert diagnose(net, X, Y).rows[0].saturated == (sides == 2)


@pytest.mark.parametrize("seed", range(4))
def test_leaky_relu_is_not_told_to_become_relu(seed):
    xs, ys = notebook()
    leaky = diagnose(MLP(4, DEEP, "leaky_relu", initializer="he", seed=seed), xs, ys)
    assert not any('"relu"' in advice for advice in leaky.advice) and "saturation" not in names(leaky)
    # A slope of 0.01 instead of 0 cannot change a length by much, and does not: zeros count.
    hard = diagnose(MLP(4, DEEP, "relu", "leaky_relu", initializer="he", seed=seed), xs, ys)
    if not hard.lost[0]:
        assert leaky.change == pytest.approx(hard.change, abs=0.1)


def test_weights_of_the_right_size_are_not_called_small():
    xs, ys = notebook()
    diagnosis = diagnose(MLP(4, DEEP, "relu", "sigmoid", initializer="he", seed=3), xs, ys)
    assert diagnosis.verdict == "vanishing" and "small weights" not in names(diagnosis)
    assert "wider layers" in diagnosis.advice[0] and "initializer" not in diagnosis.advice[0]
    compared = diagnosis.remedy()
    widths = [len(layer.neurons) for layer in compared.after.net.layers]
    assert widths == [20] * 11 + [1] and compared.after.net.activation == "relu"
    assert "twice as wide" in str(compared) and "seed 0" in str(compared)
    assert {diagnosis.remedy(seed=seed).after.verdict for seed in range(4)} == {"healthy"}  # so it is not the seed
    # The output's slope is a lesser cause of this one, and the first decides.
    both = diagnose(MLP(4, DEEP, "relu", "sigmoid", initializer="he", seed=34), xs, ys)
    assert names(both)[:2] == ["flat side of σ", "small slope of σ"] and "twice as wide" in both.remedy().changed
    # Weights that are small by the same factor in all layers are, and by that factor.
    small = diagnose(MLP(4, DEEP, "relu", "sigmoid", initializer="xavier", seed=0), xs, ys)
    assert small.causes[0].name == "small weights" and 'initializer="he"' in small.advice[0]


def test_orthogonal_to_the_small_directions_is_the_draw():
    """Diagonal weights of the right root mean square, of which δ meets the small ones."""
    net = MLP(2, [2] * 6, "linear", bias=False, seed=0)
    for layer in net.layers[1:]:
        for i, neuron in enumerate(layer.neurons):
            for l, theta in enumerate(neuron.theta):
                theta.data = (0.1, 1.4)[i] * (i == l)
    diagnosis = diagnose(net, [[1.0, 0.5]], [[3.0, 1e-9]], lambda o, y: (o[0] - y[0]) ** 2)
    assert diagnosis.change == pytest.approx(-5.0) and names(diagnosis) == ["draw of the weights"]


# --- what is 0, and what is no number ----------------------------------------------------------------


def test_nothing_to_learn_is_not_dead():
    perfect = diagnose(MLP(1, [2, 1], "linear", seed=0), [[0.0]], [0.0])
    assert perfect.verdict == "nothing to learn" and perfect.causes == [] and "∂Err/∂ŷ is 0" in perfect.summary
    with pytest.raises(AutogradValueError, match="no cause"):
        perfect.remedy()
    # One sample that is wrong is enough, and the others have no part in it.
    net = MLP(1, [2, 1], "linear", seed=0)
    assert diagnose(net, [[0.0], [1.0]], [0.0, 5.0]).rows[0].size == diagnose(net, [[1.0]], [5.0]).rows[0].size


@pytest.mark.parametrize("sigma", ["tanh", "relu", "linear"])
def test_zero_weights_want_an_initialisation(sigma):
    diagnosis = diagnose(MLP(4, [8, 8, 1], sigma, "linear", initializer="zeros"), X, Y)
    assert diagnosis.verdict == "dead" and diagnosis.causes[0].name == "zero weights"
    assert diagnosis.causes[0].layers == (2, 3) and "initialisation" in diagnosis.advice[0]
    after = diagnosis.remedy().after
    assert after.verdict == "healthy" and after.net.activation == sigma


def test_a_delta_too_small_for_a_float_has_vanished():
    diagnosis = diagnose(MLP(2, [2] * 600, "sigmoid", seed=0), [[0.5, -0.5]], [[0.0, 1.0]])
    assert diagnosis.verdict == "vanishing" and diagnosis.change == -math.inf
    assert names(diagnosis) == ["small slope of σ"] and "beyond the floats" in diagnosis.summary


def test_silent_at_most_samples_but_no_neuron_is_dead():
    net = MLP(1, [1] * 3, "relu", "linear", bias=True, initializer=lambda g, i, o: 1.0)
    net.layers[0].neurons[0].bias.data, net.layers[1].neurons[0].bias.data = -1.0, -1.0
    diagnosis = diagnose(net, [[0.5], [1.5], [3.0]], [1.0, 1.0, 9.0])
    assert diagnosis.verdict == "dead" and diagnosis.lost == (2, 3) and names(diagnosis) == ["silent layers"]
    assert "at 2 of 3 samples" in diagnosis.summary and "67 % of the samples" in diagnosis.summary


def test_the_digits_of_the_smallest_are_counted():
    diagnosis = diagnose(MLP(4, [6, 6, 1], "tanh", seed=0), *unscaled())
    assert "exactly 0" in diagnosis.summary and "down to 3 in layer 1" in diagnosis.summary
    assert "with all its digits" not in diagnosis.summary
    smallest = diagnosis.rows[0].spread[0]
    assert 0 < smallest < 2.0**-1022 and f"{smallest:.6g}" in diagnosis.summary


def nan_weight(net, xs, ys):
    net.layers[0].neurons[1].theta[2].data = math.nan


def nan_input(net, xs, ys):
    xs[3] = [0.0, math.nan, 0.0, 0.0]


def inf_target(net, xs, ys):
    ys[2] = math.inf


def large(net, xs, ys):
    scaled(net, 1e100)


@pytest.mark.parametrize(
    "spoil, place",
    [
        (nan_weight, "θ⁽¹⁾₂₃ is nan"),
        (nan_input, "x₂ of sample 3 is nan"),
        (inf_target, "y of sample 2 is inf"),
        (large, "Err of sample 0 is inf"),
    ],
)
def test_what_is_not_finite_is_named(spoil, place):
    net, xs, ys = MLP(4, [3, 1], "linear", bias=False, seed=0), [list(x) for x in X], list(Y)
    spoil(net, xs, ys)
    diagnosis = diagnose(net, xs, ys)
    assert diagnosis.verdict == "not finite" and math.isnan(diagnosis.change)
    assert diagnosis.summary.startswith(f"not finite: {place}\n") and "autograd.debug()" in diagnosis.advice[0]
    with pytest.raises(AutogradValueError, match="not finite"):
        diagnosis.remedy()
    assert "nan" in str(diagnosis) + diagnosis._repr_html_() and diagnosis.plot() is not None


def test_a_gradient_beyond_the_floats_is_not_healthy():
    net = MLP(3, [4] * 3 + [1], "linear", seed=0)
    assert diagnose(net, [[1e308] * 3], [1.0]).verdict == "not finite"
    scaled(net.layers[0], 1e-200)
    assert diagnose(net, [[1e300] * 3], [1.0], lambda o, y: o * 1e20).not_finite.startswith("∂Err/∂θ⁽¹⁾₁₁")
    # All finite, and so are the quartiles between them.
    spread = diagnose(MLP(3, [4, 1], "linear", seed=0), [[1e307] * 3], [1.0], lambda o, y: o * 1e307).rows[0].spread
    assert list(spread) == sorted(spread) and spread[4] < math.inf


# --- the split is exact ------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [sigmoid(), relu(), MLP(4, [5, 3, 2], "tanh", "linear", bias=False, seed=1)])
def test_the_parts_add_up_to_the_size(net):
    ys = Y if len(net.layers[-1].neurons) == 1 else [[y, -y] for y in Y]
    diagnosis = diagnose(net, X, ys)
    rows = diagnosis.rows
    logs, deltas = [[] for _ in rows], [[] for _ in rows]
    for x, y in zip(X, ys):
        run = net.forward(x)
        targets = y if isinstance(y, list) else [y]
        sum((t - o) ** 2 for t, o in zip(targets, run.outputs)).backward()
        for k, layer in enumerate(run.delta):
            deltas[k].extend(abs(d) for d in layer)
            if any(run.delta[0]):
                logs[k].append(0.5 * math.log10(sum(d * d for d in layer)))
    for k, row in enumerate(rows):
        assert row.size == pytest.approx(sum(logs[k]) / len(logs[k]), abs=1e-9)
        assert row.size == pytest.approx(row.slope + row.back, abs=1e-12)
        assert row.zeros == deltas[k].count(0) / len(deltas[k])
        assert row.spread[0] == min(d for d in deltas[k] if d) and row.spread[4] == max(deltas[k])
        if k + 1 < len(rows):
            assert row.back == pytest.approx(rows[k + 1].size + row.weights + row.cancellation, abs=1e-9)
    assert diagnosis.lost == (len(X) - len(logs[0]), len(X))
    steps = sum(row.slope + row.weights + row.cancellation for row in rows)
    assert diagnosis.change == pytest.approx(steps, abs=1e-9)


@pytest.mark.parametrize("factor", [0.01, 3.0, 1e5])
def test_weights_times_c_add_log_c_a_layer_and_nothing_else(factor):
    net = MLP(4, [7, 3, 5, 2, 2], "linear", bias=False, seed=2)
    ys = [[y, -y] for y in Y]
    before, after = diagnose(net, X, ys, difference).rows, diagnose(scaled(net, factor), X, ys, difference).rows
    for row, was in zip(after[:-1], before):
        assert row.weights - was.weights == pytest.approx(math.log10(factor), abs=1e-9)
        assert row.cancellation == pytest.approx(was.cancellation, abs=1e-9) and row.slope == was.slope == 0


def difference(outputs, targets):
    """An error whose slopes do not depend on the outputs."""
    return sum(o * t for o, t in zip(outputs, targets))


def test_weights_add_no_more_than_their_rows_are_long_however_saturated():
    """Once +5.2 a layer for weights times ten: a mean of logarithms against a root mean square."""
    net = scaled(MLP(4, DEEP, "tanh", initializer="xavier", seed=0), 10.0)
    for row, layer in zip(diagnose(net, X, Y).rows, net.layers[1:]):
        lengths = [math.hypot(*(t.data for t in neuron.theta)) for neuron in layer.neurons]
        assert math.log10(min(lengths)) <= row.weights + 1e-12
        assert row.weights <= math.log10(max(lengths)) + 1e-12


@pytest.mark.parametrize("depth", [1, 20, 300])
def test_orthogonal_weights_keep_delta_at_any_depth(depth):
    net = MLP(4, [4] * depth, "linear", bias=False, seed=0)
    draw = random.Random(depth)
    for layer in net.layers:
        # Rotations in random planes, one after the other.
        rows = [[float(i == l) for l in range(4)] for i in range(4)]
        for a, b in itertools.combinations(range(4), 2):
            c, s = math.cos(angle := draw.uniform(0, 7)), math.sin(angle)
            rows[a], rows[b] = (
                [c * p - s * q for p, q in zip(rows[a], rows[b])],
                [s * p + c * q for p, q in zip(rows[a], rows[b])],
            )
        for neuron, row in zip(layer.neurons, rows):
            for theta, number in zip(neuron.theta, row):
                theta.data = number
    diagnosis = diagnose(net, X, [[0.5] * 4] * 6)
    assert diagnosis.verdict == "healthy" and diagnosis.change == pytest.approx(0, abs=1e-11)
    assert diagnosis.causes == []
    with pytest.raises(AutogradValueError, match="healthy"):
        diagnosis.remedy()


def test_random_weights_of_unit_gain_add_nothing():
    net = MLP(30, [30] * 6, "linear", bias=False, seed=0)
    rows = diagnose(net, [[_draw.gauss(0, 1) for _ in range(30)] for _ in range(3)], [[0.0] * 30] * 3).rows[:-1]
    assert abs(sum(row.cancellation for row in rows) / 5) < 0.1
    assert abs(sum(row.weights for row in rows) / 5) < 0.1


def test_vanished_is_not_zero_and_right_to_its_last_digits():
    net = scaled(MLP(4, DEEP, "sigmoid", bias=False, seed=0), 150.0)
    diagnosis = diagnose(net, X[:1], Y[:1])
    smallest = diagnosis.rows[0].spread[0]
    assert 0 < smallest < 1e-100 and diagnosis.rows[0].zeros == 0
    assert certify(net, X[0], Y[0], differences=False)
    # And against the hand formulas from end to end on numbers with 60 digits.
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(400):
        theta = [[[mpmath.mpf(t.data) for t in n.theta] for n in layer.neurons] for layer in net.layers]
        pair = (lambda u: 1 / (1 + mpmath.exp(-u)), lambda u: mpmath.exp(-u) / (1 + mpmath.exp(-u)) ** 2)
        u, o = hand.forward([mpmath.mpf(x) for x in X[0]], theta, [None] * 12, [pair[0]] * 12)
        slopes = hand.squared_error_slopes([mpmath.mpf(Y[0])], o[-1])
        exact = min(abs(d) for d in hand.backward(theta, u, slopes, [pair[1]] * 12)[0])
        assert abs(smallest / exact - 1) < 1e-10  # u of some hundreds has that many digits


# --- comparing, watching, and what is left alone ----------------------------------------------------


def test_the_remedy_is_shown_beside_the_disease():
    compared = diagnose(sigmoid(), X, Y).remedy()
    assert compared.before.verdict == "vanishing" and compared.after.verdict == "healthy"
    assert compared.after.net.activation == "relu" and compared.after.net.output_activation == "sigmoid"
    assert "before" in str(compared) and "after" in repr(compared)
    assert str(compared) == f"{compare(compared.before, compared.after)}\nchanged: {compared.changed}"
    other, _, changed = remedied(compared.before, seed=1)
    assert other.parameters()[0].data != compared.after.net.parameters()[0].data and "seed 1" in changed


def test_a_healthy_network_may_have_dead_neurons_and_says_of_what_a_share_is():
    net = MLP(4, [4, 1], "relu", "linear", seed=0)
    for neuron in net.layers[0].neurons[:2]:
        neuron.bias.data = -100.0
    diagnosis = diagnose(net, X, Y)
    assert diagnosis.verdict == "healthy" and names(diagnosis) == ["dead neurons"]
    assert "50 % of a layer: dead neurons (layer 1)" in diagnosis.summary
    assert diagnosis.remedy().after.net.activation == "leaky_relu"
    assert "of the change: small slope" in diagnose(sigmoid(), X, Y).summary


# --- what hampers although δ arrives ---------------------------------------------------------------


@pytest.mark.parametrize("name", DISEASES)
@pytest.mark.parametrize("seed", range(2))
def test_every_disease_is_named_and_no_remedy_is_offered_in_vain(name, seed):
    net, xs, ys, *loss = DISEASES[name](random.Random(f"{name} {seed}"))
    diagnosis = diagnose(net, xs, ys, *loss)
    assert diagnosis.verdict not in ("healthy", "nothing to learn") and diagnosis.causes
    if diagnosis.advice and "labels" not in name and name != "all features 0":
        assert helps(diagnosis, diagnosis.remedy().after)


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("seed", range(3))
def test_no_healthy_network_is_accused(name, seed):
    net, xs, ys, *loss = HEALTHY[name](random.Random(f"{name} {seed}"))
    diagnosis = diagnose(net, xs, ys, *loss)
    assert diagnosis.verdict == "healthy" and not diagnosis.causes, diagnosis.summary


def test_identical_neurons_are_told_with_their_share_and_are_alike_on_both_sides():
    net = MLP(2, [4, 2], "tanh", seed=0)
    first, second = net.layers[0].neurons[:2]
    for a, b in zip(first.theta, second.theta):
        b.data = a.data
    assert diagnose(net, X2, Y2).verdict == "healthy"  # what they lead to differs, and so will they
    for neuron in net.layers[1].neurons:
        neuron.theta[1].data = neuron.theta[0].data
    diagnosis = diagnose(net, X2, Y2)
    assert diagnosis.verdict == "hampered" and names(diagnosis) == ["identical neurons"]
    assert "50 % of a layer: identical neurons (layer 1)" in str(diagnosis)
    assert diagnosis.remedy().after.verdict == "healthy"
    first.bias.data = 0.5
    assert diagnose(net, X2, Y2).verdict == "healthy"


X2 = [[0.3, -0.5], [0.9, 0.1], [-0.2, 0.8], [-0.7, -0.4]]
Y2 = [[0.1, 0.2], [-0.4, 0.3], [0.5, -0.1], [0.0, 0.6]]


def test_constant_features_are_told_and_few_of_many_do_not_hamper():
    assert diagnose(MLP(2, [2], "tanh", seed=0), [[0.5, -0.5]], [[0.1, 0.2]]).verdict == "healthy"  # one sample
    one = diagnose(MLP(2, [3, 2], "tanh", seed=0), [[x[0], 0.0] for x in X2], Y2)
    assert one.verdict == "hampered" and "x₂ is 0 at every sample" in str(one)
    assert one.remedy().after.net.nin == 1 and one.remedy().changed.startswith("without x₂")
    many = diagnose(MLP(12, [3, 2], "tanh", seed=0), [[1.0, *x * 5, x[0]] for x in X2], Y2)
    assert many.verdict == "healthy" and names(many) == ["constant features"]
    every = diagnose(MLP(2, [3, 2], "tanh", seed=0), [[1.0, 2.0]] * 4, Y2)
    with pytest.raises(AutogradValueError, match="no feature differs"):
        every.remedy()


def test_a_remedy_that_does_not_help_is_not_offered(monkeypatch):
    diagnosis = diagnose(sigmoid(), X, Y)
    monkeypatch.setattr("nn.diagnosing.diagnosis.remedied", lambda d, seed, sigma: (d.net, d.X, "nothing at all"))
    assert diagnosis.advice == [] and "→" not in diagnosis.summary
    with pytest.raises(AutogradValueError, match=r"what was tried .nothing at all. does not help: δ is vanishing then"):
        diagnosis.remedy()


def test_layers_so_narrow_that_relu_would_die_are_told_to_take_tanh():
    chain = diagnose(MLP(1, [1] * 10, "sigmoid", seed=0), [[1.0]], [1.0])
    assert chain.verdict == "vanishing" and chain.remedy().after.verdict == "healthy"
    assert 'activation="tanh" in wider layers; layers so narrow die' in chain.advice[0]
    assert chain.remedy().changed.startswith('activation="tanh", 4 neurons a layer')


def test_labels_that_do_not_fit_are_no_matter_of_the_network():
    diagnosis = diagnose(MLP(2, [3, 1], "tanh", "linear", seed=0), X2, [0, 1, 1, 0], "hinge")
    assert diagnosis.verdict == "hampered" and "−1 and 1" in diagnosis.advice[0]
    with pytest.raises(AutogradValueError, match="no other network would mend that"):
        diagnosis.remedy()


def test_watching_a_training():
    net = MLP(4, [3, 1], seed=0)
    watch = Watch(X[:2], Y[:2], every=2)
    fit(net, X, Y, epochs=5, callbacks=[watch])
    assert watch.epochs == [2, 4] and len(watch.diagnoses) == 2
    unwatched = MLP(4, [3, 1], seed=0)
    fit(unwatched, X, Y, epochs=5)
    assert [p.data for p in net.parameters()] == [p.data for p in unwatched.parameters()]


@pytest.mark.parametrize("every", [0, 1.5, True, "2"])
def test_what_a_watch_refuses(every):
    with pytest.raises(AutogradValueError, match="every is a whole number"):
        Watch(X, Y, every=every)
    with pytest.raises(AutogradValueError, match="Watch: 0 samples"):
        Watch([], [])
    with pytest.raises(AutogradValueError, match="unknown loss"):
        Watch(X, Y, loss="error")


def test_gradients_stay_and_one_sample_will_do():
    net = MLP(4, [3, 1], seed=0)
    net.parameters()[0].grad = 7.0
    one = diagnose(net, X[0], Y[0])
    assert net.parameters()[0].grad == 7.0 and len(one.rows) == 2 and one.gradient_norm > 0
    assert diagnose(net, X[:1], Y[:1]).rows == one.rows
    with pytest.raises(AutogradValueError, match="6 samples, and 2 targets"):
        diagnose(net, X, Y[:2])
    with pytest.raises(AutogradValueError, match="0 samples"):
        diagnose(net, [], [])


@pytest.mark.parametrize("net", [None, Neuron(4), MLP(4, [1]).layers[0], X])
def test_what_is_no_network_is_refused(net):
    with pytest.raises(AutogradTypeError, match="diagnose takes a network"):
        diagnose(net, X, Y)


def test_what_is_no_sample_is_refused():
    net = MLP(4, [3, 1], seed=0)
    with pytest.raises(AutogradTypeError, match="diagnose takes a network"):
        diagnose(X, net, Y)
    with pytest.raises(AutogradTypeError, match="X is a list of samples"):
        diagnose(net, 1.0, Y)
    with pytest.raises(AutogradTypeError, match="Y is a list of targets"):
        diagnose(net, X, 1.0)
    with pytest.raises(AutogradValueError, match=r"sample 1, X = .* has 4 inputs, and was given 3"):
        diagnose(net, [X[0], X[1][:3]], Y[:2])
    with pytest.raises(AutogradTypeError, match=r"compare: before is a Diagnosis.*MLP\(4-3-1"):
        compare(net, diagnose(net, X, Y))


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "linear"])
def test_slopes_are_the_hand_formulas(name):
    neuron = MLP(1, [1], name, seed=0).layers[0].neurons[0]
    for u in (-3.0, -0.5, 0.25, 40.0):
        assert slope_of(neuron, u) == pytest.approx(hand.ACTIVATIONS[name][1](u), rel=1e-14)


# --- pictures ---------------------------------------------------------------------------------------


def test_the_pictures(tmp_path):
    compared = diagnose(sigmoid(), X, Y).remedy()
    top_before, bottom_before, top_after, _ = compared.plot(tmp_path / "compared.svg").figure.axes
    assert (tmp_path / "compared.svg").read_bytes().startswith(b"<?xml")
    assert top_before.get_yscale() == "log" and top_after.get_title() == "after: healthy"
    (line,) = top_before.get_lines()
    assert list(line.get_ydata())[:12] == [row.typical for row in compared.before.rows]
    # From the point at ∂Err/∂ŷ to the first the bars beneath are the steps.
    bars = [bar.get_height() for bar in bottom_before.patches]
    assert sum(bars) == pytest.approx(math.log10(line.get_ydata()[0] / line.get_ydata()[-1]))
    assert bars[:12] == [row.slope for row in compared.before.rows]
    assert "panels" in repr(compared.before.plot(tmp_path / "one.png"))
    assert "are 0" in " ".join(text.get_text() for text in top_after.texts)
    with pytest.raises(AutogradValueError, match="there is no folder"):
        compared.plot(tmp_path / "missing" / "compared.svg")


def test_the_legend_of_the_bars_has_both_colours():
    from matplotlib.patches import Rectangle

    plot = diagnose(relu(), X, Y).plot()
    *_, legend = plot.figure.legends
    shown = [patch.get_facecolor() for patch in legend.findobj(Rectangle)]
    used = {bar.get_facecolor() for bar in plot.figure.axes[1].patches if bar.get_height()}
    assert len(shown) == 6 and len(used) > 3 and used <= set(shown)
    assert not any(axes.get_legend() for axes in plot.figure.axes)  # outside, where no bar is


def test_the_picture_over_training_and_of_a_dead_network(tmp_path):
    watch = Watch(X, Y)
    with pytest.raises(AutogradValueError, match="nothing to plot"):
        watch.plot()
    fit(MLP(4, [3, 1], seed=0), X, Y, epochs=4, callbacks=[watch])
    (axes,) = watch.plot(tmp_path / "watch.pdf").figure.axes
    assert [line.get_label() for line in axes.get_lines()] == ["layer 1", "layer 2"]
    assert list(axes.get_lines()[0].get_xdata()) == [1, 2, 3, 4]
    net = MLP(4, [2, 1], "relu", initializer="zeros")
    assert "<svg" in diagnose(net, X, [0.0] * 6).plot()._repr_mimebundle_()["image/svg+xml"]


def test_what_has_no_place_on_the_scale_is_marked():
    net, watch = MLP(4, [3, 1], "relu", "linear", seed=0), Watch(X, Y)
    watch(1, net, None)
    for neuron in net.layers[0].neurons:
        neuron.bias.data = -100.0
    watch(2, net, None)
    net.layers[1].neurons[0].bias.data = math.inf
    watch(3, net, None)
    (axes,) = watch.plot().figure.axes
    marks = {line.get_marker(): list(line.get_xdata()) for line in axes.get_lines() if line.get_linestyle() == "None"}
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["layer 1", "layer 2", "exactly 0", "not finite"] and set(marks) == {"x", "^"}
    zeros = [line for line in axes.get_lines() if line.get_marker() == "x" and len(line.get_xdata())]
    assert [list(line.get_xdata()) for line in zeros] == [[2]]
    assert zeros[0].get_color() == axes.get_lines()[0].get_color()


def test_without_matplotlib(monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **keywords):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    diagnosis = diagnose(MLP(4, [2, 1], seed=0), X, Y)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingDependency, match=r"pip install 'deltagrad\[plot\]'"):
        diagnosis.plot()


def test_tables_for_notebooks():
    rows = diagnose(MLP(2, [3, 3, 1], "sigmoid", seed=0), [0.5, -0.5], 1.0)
    html = rows._repr_html_()
    assert html.count("<tr>") == 4 and html.count("background:#") == 9 and "cancellation" in html
    assert all(line.strip() in html.replace("&#x27;", "'") for line in rows.summary.splitlines()[:1])
    smaller = LIGHT.gradient(rows.rows[0].slope, max(abs(r.slope) for r in rows.rows))
    assert rows.rows[0].slope < 0 and f"background:{smaller}" in html
    both = compare(rows, rows)._repr_html_()
    assert both.count("<tr>") == 3 and "layer 3" in both and "∂Err/∂ŷ" in both and both.count("sigmoid") == 2
    shallow = diagnose(MLP(2, [1], "sigmoid", seed=0), [0.5, -0.5], 1.0)
    lines = compare(shallow, rows)._repr_html_().split("<tr>")[1:]
    assert {line.count("<th>") + line.count("<td") for line in lines} == {7}
