"""What a network is not asked for: the class of a row with a nan."""

import pytest

from autograd import AutogradValueError
from nn import MLP, accuracy, predict


def test_a_row_with_nan_has_no_class():
    net = MLP(2, [1], seed=0)
    for ask in (lambda X: predict(net, X), lambda X: accuracy(net, X, [0, 0])):
        with pytest.raises(AutogradValueError, match=r"X\[1\]\[0\] is nan"):
            ask([[0.0, 1.0], [float("nan"), 2.0]])
