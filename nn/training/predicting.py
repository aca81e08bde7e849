"""What a network says of samples, and how often that is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import AutogradValueError, no_grad
from autograd.words.text import counted

from ..frames import targets_of
from ..network.classes import numbers_of, rule_of
from .samples import Net, inputs_of, target


def predict(net: Net, X: Iterable[Any], threshold: float | None = None) -> list[int]:
    """The class of each sample: the index of the largest output; with one output, output > threshold.

    X          rows, an array or a frame
    threshold  None: what `fit` has found out from the loss and the targets, as 0.5 for 0 and 1; without `fit`
               half-way up σ, and 0 where that has no two ends.  See network/classes.py

    Raises AutogradValueError for inf and nan, and AutogradTypeError for what is no number, naming the place.

    >>> from nn import MLP
    >>> predict(MLP(1, [2], "linear", initializer=lambda g, i, o: g.random(), bias=False, seed=0), [[1], [-1]])
    [0, 1]
    """
    rule = rule_of(net, bound=threshold)
    with no_grad():
        return [rule.predicted(numbers_of(net(x))) for x in inputs_of(X)]


def accuracy(net: Net, X: Iterable[Any], Y: Iterable[Any], threshold: float | None = None) -> float:
    """The share of samples, from 0 to 1, whose class is predicted right.

    X          rows, an array or a frame
    Y          indices of classes; or lists whose largest number marks the class; for a network with
               one output, 0 and 1 or −1 and 1
    threshold  as for predict

    Raises AutogradValueError for no samples, or not as many targets, and as predict does.

    >>> from nn import MLP
    >>> accuracy(MLP(2, [1], initializer="zeros"), [[1.0, 2.0], [3.0, 4.0]], [0, 1])
    0.5
    """
    xs, ys = inputs_of(X), [target(f"Y[{i}]", y) for i, y in enumerate(targets_of(Y))]
    if len(xs) != len(ys) or not xs:
        raise AutogradValueError(f"accuracy: {counted(len(xs), 'sample')}, and {counted(len(ys), 'target')}")
    rule = rule_of(net, Y=ys, bound=threshold)
    with no_grad():
        return sum(rule.is_right(numbers_of(net(x)), y) for x, y in zip(xs, ys)) / len(xs)
