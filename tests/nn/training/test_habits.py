"""What people write who know PyTorch, Keras or scikit-learn works, or is answered with how it is written here."""

import pytest

from autograd import AutogradTypeError, AutogradValueError
from nn import MLP, SGD, Adam, Layer, Model, Neuron, cross_entropy, fit, predict, squared_error
from nn.network.choosing import ARGUMENTS, CHOICES

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]


@pytest.mark.parametrize("options", [
    {"optimizer": "Adam"}, {"optimizer": "SGD"}, {"optimizer": SGD}, {"optimizer": Adam, "learning_rate": 0.1},
    {"loss": "SquaredError"}, {"loss": squared_error}, {"optimizer": "sgd", "learning_rate": lambda t: 0.1},
])  # fmt: skip
def test_what_works(options):
    assert len(fit(MLP(2, [2, 1], seed=0), X, Y, epochs=1, **options).epochs) == 1


@pytest.mark.parametrize("make, words", [
    (lambda: MLP(2, 4, 1), "one list: MLP(2, [4, 1])"), (lambda: MLP(2, 4, 3, 1), "MLP(2, [4, 3, 1])"),
    (lambda: MLP(2, [4, 1], hidden_layer_sizes=3), "nouts=3"), (lambda: MLP(2, [1], activation="swish"), '"silu" here'),
    (lambda: fit(MLP(2, [1]), X, Y, lr=0.1), "learning_rate=0.1"),
    (lambda: fit(MLP(2, [1]), X, Y, max_iter=3), "epochs=3"),
    (lambda: fit(MLP(2, [1]), X, Y, shuffle=True), "batch_size"), (lambda: fit(MLP(2, [1]), X, Y, foo=1), "'foo'"),
    (lambda: fit(MLP(2, [1]), X, Y, loss="mse"), '"mean_squared_error" here'),
    (lambda: fit(MLP(2, [1]), X, Y, loss="BCEWithLogitsLoss"), '"binary_cross_entropy" here'),
    (lambda: SGD(MLP(2, [1]).parameters(), lr=0.1), "learning_rate=0.1"), (lambda: Adam([], eps=1), "epsilon=1"),
    (lambda: fit(MLP(2, [1]), X, Y, optimizer=SGD(MLP(2, [1]).parameters()), learning_rate=1), "learning rate already"),
    (lambda: MLP(2, [1]).fit(X, Y), "fit(net, X, Y)"), (lambda: MLP(2, [1]).predict(X), "predict(net, X)"),
    (lambda: MLP([2, 4, 1]), "MLP(2, [4, 1])"), (lambda: MLP(2, [1], activatoin="relu"), "did you mean activation?"),
    (lambda: Neuron(2, nonlin=False), 'activation="linear"'), (lambda: Layer(2, 1, init="he"), "initializer='he'"),
    (lambda: fit(MLP(2, [1]), X, Y, epoch=3), "did you mean epochs?"),
    (lambda: fit(MLP(2, [1]), X, Y, momentum=0.9), "SGD(net.parameters(), momentum=0.9)"),
    (lambda: fit(MLP(2, [1]), X, Y, alpha=0.9), "SGD(net.parameters(), weight_decay=0.9)"),
    (lambda: fit(MLP(2, [1]), X, Y, eps=1), "Adam(net.parameters(), epsilon=1)"),
    (lambda: fit(MLP(2, [1]), X, Y, betas=(0.5, 0.9)), "Adam(net.parameters(), betas=(0.5, 0.9))"),
    (lambda: fit(MLP(2, [1]), X, Y, early_stopping=True), "patience=10"),
    (lambda: fit(MLP(2, [1]), X, Y, device="cpu"), 'backend="eager" or "native"'),
    (lambda: fit(MLP(2, [1]), X, Y, hidden=[3]), "fit has no argument 'hidden'"),
    (lambda: Adam([], momentum=0.9), "Adam has no argument 'momentum'"),
    (lambda: Model.train(X, Y, layer=[8]), "Model.train has no argument 'layer'; here it is layers=[8]"),
    (lambda: Model.train(X, Y, hidden_layer_sizes=[8]), "layers=[8]"), (lambda: Model.train(X, Y, lr=1), "rate=1"),
    (lambda: Model.train(X, Y, activaton="relu"), "did you mean activation?"),
    (lambda: Model.train(X, Y, net=3), "Model.train has no argument 'net'"),
    (lambda: Model.train(X, Y, others=3), "Model.train has no argument 'others'"),
    (lambda: Model(MLP(2, [1])).score(X, Y), "accuracy(model.network, *model.samples(X, Y))"),
    (lambda: Model(MLP(2, [1])).no_such, "Model has no attribute 'no_such'"),
    (lambda: MLP(2, [1]).train(), "no mode"), (lambda: Layer(2, 1).weights, "Layer has no attribute 'weights'; they"),
    (lambda: MLP(2, [3, 1], ["relu"]), "1 activation, and 2 layers"),
])  # fmt: skip
def test_what_is_answered(make, words):
    with pytest.raises((AutogradTypeError, AutogradValueError, AttributeError)) as caught:
        make()
    assert words in str(caught.value)


def test_every_answer_names_something_that_there_is():
    import inspect

    from nn import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS

    known = {name for f in (fit, MLP.__init__, SGD.__init__, Adam.__init__) for name in inspect.signature(f).parameters}
    assert set(ARGUMENTS.values()) <= known
    assert set(CHOICES.values()) <= {*ACTIVATIONS, *INITIALIZERS, *LOSSES, *OPTIMIZERS}


def test_a_sigma_for_each_layer(tmp_path):
    net = MLP(2, [3, 3, 1], ["relu", "tanh", "linear"], seed=0)
    assert [layer.neurons[0].activation for layer in net.layers] == net.sigmas() == ["relu", "tanh", "linear"]
    net.save(tmp_path / "net.json")
    again = MLP.load(tmp_path / "net.json")
    assert again.sigmas() == net.sigmas() and again([0.5, -1]).data == net([0.5, -1]).data
    same = MLP(2, [3, 1], ["tanh", "linear"], seed=0)
    assert [p.data for p in same.parameters()] == [
        p.data for p in MLP(2, [3, 1], "tanh", "linear", seed=0).parameters()
    ]


# --- what does not fit, and what diverges ---------------------------------------------------------------


def test_divergence_is_said():
    net = MLP(1, [1], "linear", seed=0)
    with pytest.warns(UserWarning, match="the error has grown from .* lower the learning rate"):
        history = fit(net, [[1.0], [2.0]], [1.0, 2.5], optimizer=SGD(net.parameters(), 0.5), epochs=20)
    assert "the error has grown" in str(history)
    assert not fit(MLP(1, [1], "linear", seed=0), [[1.0], [2.0]], [1.0, 2.5], epochs=20).diverged


@pytest.mark.parametrize("net, loss, targets, words", [
    (MLP(2, [1], "linear"), "hinge", [0, 1, 1, 0], "takes the labels −1 and 1, and was given 0"),
    (MLP(2, [1], "linear"), "hinge", [1, 2, 2, 1], "was given 1 and 2, of which none is negative"),
    (MLP(2, [1], "tanh"), "squared_error", [0, 50, 100, 70], "tanh gives −1 to 1"),
    (MLP(2, [1], "sigmoid"), "binary_cross_entropy", [0, 1, 1, 0], "applies the sigmoid itself"),
])  # fmt: skip
def test_what_can_never_be_meant_is_an_error_before_training(net, loss, targets, words):
    before = [p.data for p in net.parameters()]
    with pytest.raises(AutogradValueError, match="give ") as caught:
        fit(net, X, targets, loss=loss)
    assert words in str(caught.value) and before == [p.data for p in net.parameters()] and net.class_rule is None


def test_what_may_be_meant_is_a_warning_and_a_loss_of_ones_own_is_never_refused():
    with pytest.warns(UserWarning, match="applies softmax itself"):
        fit(MLP(2, [2], "tanh", seed=0), X, [0, 1, 1, 0], loss="cross_entropy", epochs=1)
    fit(MLP(2, [1], "tanh", seed=0), X, [0, 50, 100, 70], loss=lambda o, y: (o - y) ** 2, epochs=1)


# --- weights --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["eager", "native"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_a_weight_of_two_is_the_sample_twice_and_of_zero_not_at_all(backend, reduction):
    if backend == "native":
        pytest.importorskip("llvmlite")
    nets = [MLP(2, [3, 1], seed=0) for _ in range(2)]
    settings = {"epochs": 10, "backend": backend, "reduction": reduction}
    first = fit(nets[0], X, Y, sample_weight=[2, 1, 0, 1], **settings)
    second = fit(nets[1], [X[0], X[0], X[1], X[3]], [Y[0], Y[0], Y[1], Y[3]], **settings)
    for a, b in zip(nets[0].parameters(), nets[1].parameters()):
        assert a.data == pytest.approx(b.data, rel=1e-9)
    assert first.loss == pytest.approx(second.loss, rel=1e-9)


def test_balanced_classes_count_alike():
    X, Y = [[float(i)] for i in range(12)], [0] * 9 + [1] * 3
    plain, balanced = (MLP(1, [2], "linear", initializer="zeros") for _ in range(2))
    fit(plain, X, Y, loss="cross_entropy", epochs=1, sample_weight=[12 / 18] * 9 + [2.0] * 3)
    fit(balanced, X, Y, loss="cross_entropy", epochs=1, class_weight="balanced")
    assert [p.data for p in plain.parameters()] == pytest.approx([p.data for p in balanced.parameters()])
    fit(balanced, X, Y, loss=cross_entropy, epochs=200, class_weight={1: 5.0}, learning_rate=0.1)
    assert predict(balanced, [[11.0]]) == [1]


@pytest.mark.parametrize("options, words", [
    ({"sample_weight": [1, 2]}, "2 weights, and there are 4"),
    ({"sample_weight": [1, 2, 3, -1]}, "sample_weight[3] is -1"),
    ({"sample_weight": [0] * 4}, "every weight is zero"), ({"class_weight": {7: 1}}, "7 is no class"),
    ({"class_weight": "even"}, '"balanced"'), ({"class_weight": {0: float("nan")}}, "class_weight[0] is nan"),
])  # fmt: skip
def test_weights_that_make_no_sense(options, words):
    with pytest.raises((AutogradTypeError, AutogradValueError)) as caught:
        fit(MLP(2, [1]), X, Y, **options)
    assert words in str(caught.value)
    with pytest.raises(AutogradValueError, match="these targets are numbers"):
        fit(MLP(2, [1]), X, [0.5, 0.25, 0.1, 0.0], class_weight="balanced")
