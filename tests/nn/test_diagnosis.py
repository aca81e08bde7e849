"""Where δ vanishes or explodes, and why; the split is exact, and a vanished δ keeps its digits."""

import builtins
import math
import random

import pytest

from autograd import AutogradValueError, MissingDependency
from autograd.drawing.theme import LIGHT
from nn import MLP, certify, fit
from nn import deltas as hand
from nn.diagnosis import RANDOM, Watch, compare, diagnose, remedied, slope_of

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


# --- the lecture's section 9 ---------------------------------------------------------------------


def test_twelve_layers_of_sigmoids_vanish_because_of_the_slope():
    diagnosis = diagnose(sigmoid(), X, Y)
    assert diagnosis.verdict == "vanishing" and diagnosis.change < -6
    cause = diagnosis.causes[0]
    assert cause.name == "small slope of σ" and cause.share > 0.7 and cause.layers == tuple(range(1, 12))
    assert "0.25 at most" in cause.explanation and "relu" in diagnosis.advice[0]
    assert all(row.slope < math.log10(0.2501) for row in diagnosis.rows)
    assert "vanished is not zero" in str(diagnosis)


def test_the_same_with_relu_and_he_keeps_its_delta():
    diagnosis = diagnose(relu(), X, Y)
    assert diagnosis.verdict == "healthy" and abs(diagnosis.change) < 2
    assert all(row.slope == 0 for row in diagnosis.rows)
    assert 0.3 < sum(row.zeros for row in diagnosis.rows[:-1]) / 11 < 0.7  # half of the ReLUs are off


def test_weights_three_times_as_large_explode():
    diagnosis = diagnose(scaled(relu(), 3.0), X, Y)
    assert diagnosis.verdict == "exploding" and diagnosis.change > 3
    assert diagnosis.causes[0].name == "large weights" and "clip_norm" in diagnosis.advice[0]
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


def test_a_delta_beyond_all_floats_is_exploding():
    assert diagnose(scaled(relu(), 1e40), X, Y).verdict == "exploding"


# --- the split is exact ------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [sigmoid(), relu(), MLP(4, [5, 3, 2], "tanh", "linear", bias=False, seed=1)])
def test_the_parts_add_up_to_the_size(net):
    ys = Y if len(net.layers[-1].neurons) == 1 else [[y, -y] for y in Y]
    rows = diagnose(net, X, ys).rows
    deltas = [[] for _ in rows]
    for x, y in zip(X, ys):
        run = net.forward(x)
        targets = y if isinstance(y, list) else [y]
        sum((t - o) ** 2 for t, o in zip(targets, run.outputs)).backward()
        for k, layer in enumerate(run.delta):
            deltas[k].extend(abs(d) for d in layer)
    for k, row in enumerate(rows):
        logs = [math.log10(d) for d in deltas[k] if d]
        assert row.size == pytest.approx(sum(logs) / len(logs), abs=1e-9)
        assert row.size == pytest.approx(row.slope + row.back, abs=1e-12)
        assert row.zeros == pytest.approx(1 - len(logs) / len(deltas[k]))
        assert row.spread[0] == min(d for d in deltas[k] if d) and row.spread[4] == max(deltas[k])
        if k + 1 < len(rows):
            assert row.back == pytest.approx(rows[k + 1].size + row.weights + row.cancellation, abs=1e-9)


def test_random_weights_of_unit_gain_add_nothing():
    """Both parts are 0 on average for random signs, which is what RANDOM is for."""
    normal = [math.log10(abs(random.Random(n).gauss(0, 1))) for n in range(4000)]
    assert pytest.approx(sum(normal) / 4000, abs=0.03) == RANDOM
    net = MLP(30, [30] * 6, "linear", bias=False, seed=0)
    rows = diagnose(net, [[_draw.gauss(0, 1) for _ in range(30)] for _ in range(3)], [[0.0] * 30] * 3).rows[:-1]
    assert abs(sum(row.cancellation for row in rows) / 5) < 0.1
    assert abs(sum(row.weights for row in rows) / 5) < 0.15


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
    assert str(compare(compared.before, compared.after)) == str(compared)
    assert remedied(compared.before, seed=1).parameters()[0].data != compared.after.net.parameters()[0].data


def test_watching_a_training():
    net = MLP(4, [3, 1], seed=0)
    watch = Watch(X[:2], Y[:2], every=2)
    fit(net, X, Y, epochs=5, callbacks=[watch])
    assert watch.epochs == [2, 4] and len(watch.diagnoses) == 2
    unwatched = MLP(4, [3, 1], seed=0)
    fit(unwatched, X, Y, epochs=5)
    assert [p.data for p in net.parameters()] == [p.data for p in unwatched.parameters()]
    with pytest.raises(AutogradValueError, match="every"):
        Watch(X, Y, every=0)


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
    assert list(line.get_ydata()) == [row.typical for row in compared.before.rows]
    bars = [bar.get_height() for bar in bottom_before.patches]
    assert bars[:11] == [row.slope for row in compared.before.rows[:-1]]
    assert "panels" in repr(compared.before.plot(tmp_path / "one.png"))
    assert "are 0" in " ".join(text.get_text() for text in top_after.texts)


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
    assert both.count("<tr>") == 3 and "layer 3" in both and both.count("sigmoid") == 2
