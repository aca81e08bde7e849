"""The class rule: whatever the targets and the output, predict, accuracy, History and the plot say the same."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import MLP, accuracy, fit, predict
from nn.network.classes import ClassRule, rule_of
from nn.plots import decision_boundary

X, CLASSES = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
CODES = {
    "0/1": lambda c: c, "-1/+1": lambda c: 2 * c - 1, "lists of one": lambda c: [float(c)],
    "one-hot": lambda c: [float(c == 0), float(c == 1)], "one-hot ±1": lambda c: [1 - 2 * c, 2 * c - 1],
}  # fmt: skip
WAYS = [
    (sigma, loss, code, 2 if code.startswith("one-hot") else 1)
    for sigma in ("sigmoid", "tanh", "linear")
    for loss in ("squared_error", "mean_squared_error", "half_squared_error")
    for code in CODES
    if not (sigma == "sigmoid" and "1" in code.replace("0/1", "") and code != "one-hot")
] + [
    ("linear", "binary_cross_entropy", "0/1", 1), ("linear", "binary_cross_entropy", "one-hot", 2),
    ("linear", "hinge", "-1/+1", 1), ("linear", "hinge", "one-hot ±1", 2),
    ("linear", "cross_entropy", "0/1", 2), ("linear", "cross_entropy", "one-hot", 2),
]  # fmt: skip


@pytest.mark.parametrize("backend", ["eager", "native"])
@pytest.mark.parametrize("sigma, loss, code, outputs", WAYS)
def test_xor_is_learned_and_told_in_every_convention(sigma, loss, code, outputs, backend):
    if backend == "native":
        pytest.importorskip("llvmlite")
    net, Y = MLP(2, [8, outputs], "tanh", sigma, seed=3), [CODES[code](c) for c in CLASSES]
    history = fit(net, X, Y, loss=loss, learning_rate=0.1, epochs=100, validation=(X, Y), backend=backend)
    assert predict(net, X) == CLASSES and accuracy(net, X, Y) == 1.0
    assert history.accuracy[-1] == history.validation_accuracy[-1] == 1.0
    assert decision_boundary(net, X, Y, resolution=4).figure.axes[0].get_title() == "4 of 4 samples right"


def test_the_rule_survives_a_file_and_a_copy(tmp_path):
    net = MLP(2, [8, 1], "tanh", "linear", seed=1)
    fit(net, X, CLASSES, epochs=250, learning_rate=0.05)
    net.save(tmp_path / "net.json")
    for again in (MLP.load(tmp_path / "net.json"), copy.deepcopy(net)):
        assert again.class_rule == net.class_rule and predict(again, X) == CLASSES


def test_sample_by_sample_the_targets_seen_before_count():
    net = MLP(2, [8, 1], "tanh", "linear", seed=1)
    fit(net, X, CLASSES, epochs=250, learning_rate=0.05)
    for x, y in zip(X, CLASSES):
        fit(net, [x], [y], epochs=1, learning_rate=0.001)
    assert predict(net, X) == CLASSES


def test_indices_of_three_classes_at_one_output_are_told_by_the_nearest():
    net = MLP(1, [1], "linear", seed=0)
    with pytest.warns(UserWarning, match="class 2 for far from class 0"):
        fit(net, [[0], [1], [2]] * 2, [0, 1, 2] * 2, epochs=300, learning_rate=0.05)
    assert predict(net, [[0.1], [0.9], [2.2]]) == [0, 1, 2] and accuracy(net, [[0], [1], [2]], [0, 1, 2]) == 1.0


def test_without_fit_a_sigmoid_decides_at_a_half_and_a_threshold_overrides():
    net = MLP(1, [1], "sigmoid", initializer="zeros")
    assert predict(net, [[0.0]]) == [0] and predict(net, [[0.0]], threshold=0.4) == [1]
    assert rule_of(MLP(1, [1], "tanh")).bounds == rule_of(MLP(1, [1], "linear")).bounds == (0.0,)


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=4), st.integers(0, 3))
def test_of_several_outputs_the_first_of_the_largest_wins(outputs, c):
    rule, c = ClassRule(len(outputs)), c % len(outputs)
    assert rule.predicted(outputs) == outputs.index(max(outputs))
    assert rule.wanted([float(k == c) for k in range(len(outputs))]) == c == rule.wanted(c)


def test_a_module_of_ones_own_has_a_rule_too():
    from nn import Module

    class Two(Module):
        def __init__(self):
            self.parts = [MLP(2, [8, 1], "tanh", "linear", seed=seed) for seed in (0, 1)]

        def parameters(self):
            return [p for part in self.parts for p in part.parameters()]

        def __call__(self, x):
            return [part(x) for part in self.parts]

    net = Two()
    history = fit(net, X, CLASSES, loss="cross_entropy", epochs=150, learning_rate=0.05)
    assert predict(net, X) == CLASSES and accuracy(net, X, CLASSES) == history.accuracy[-1] == 1.0
