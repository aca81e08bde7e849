"""What a network is not asked for: the class of a row that is no finite number."""

import pytest

from autograd import AutogradTypeError, AutogradValueError
from nn import MLP, Model, accuracy, fit, predict


@pytest.mark.parametrize("x", [float("nan"), float("inf"), "1", None])
def test_what_is_no_finite_number_is_refused_everywhere_by_its_place(x):
    net = MLP(2, [1], seed=0)
    before = [p.data for p in net.parameters()]
    X = [[0.0, 1.0], [x, 2.0]]
    asks = [lambda: predict(net, X), lambda: accuracy(net, X, [0, 0]), lambda: fit(net, X, [0, 0])]
    for ask in asks:
        with pytest.raises((AutogradValueError, AutogradTypeError), match=r"^X\[1\]\[0\]"):
            ask()
    for ask in (lambda: Model(net).predict(X), lambda: Model.train(X, [0.5, 1.5])):
        with pytest.raises((AutogradValueError, AutogradTypeError), match=r"^X\[1\], column 1"):
            ask()
    assert [p.data for p in net.parameters()] == before


def test_accuracy_names_the_target_that_is_no_number():
    with pytest.raises(AutogradValueError, match=r"^Y\[1\] is nan"):
        accuracy(MLP(1, [1], seed=0), [[0.0], [1.0]], [0, float("nan")])
