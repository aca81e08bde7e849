"""Which class an output stands for: one rule, and everything that says right or wrong reads it.

Of several outputs the largest wins.  One output passes bounds, and the class is the number of those it is above:

    a loss that takes logits or margins has one of its own, 0;
    else they lie half-way between the targets that were seen: 0.5 for 0 and 1, 0 for −1 and 1;
    else half-way up σ, where it has two ends; else at 0.

`fit` leaves the rule of its loss and targets with the network, as `net.class_rule`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from .activations import record_of
from .losses import Loss, listed, loss_record

Target: TypeAlias = "float | list[float]"


class ClassRule(NamedTuple):
    """How a network with so many outputs says a class.

    bounds    one output is of the class whose number is how many of these it is above
    between   what a target is held against in the same way

    >>> rule = ClassRule(1, bounds=(0.0,), between=(0.5,))  # a logit, with targets 0 and 1
    >>> rule.predicted([0.2]), rule.wanted(1), rule.is_right([0.2], 0)
    (1, 1, False)
    """

    outputs: int
    bounds: tuple[float, ...] = (0.0,)
    between: tuple[float, ...] = (0.0,)

    def predicted(self, outputs: Iterable[float]) -> int:
        """The class that these numbers say.

        >>> ClassRule(3).predicted([0.1, 0.7, 0.2])
        1
        """
        os = list(outputs)
        return os.index(max(os)) if len(os) > 1 else sum(os[0] > bound for bound in self.bounds)

    def wanted(self, y: Target) -> int:
        """The class that a target stands for.

        >>> ClassRule(2).wanted([0.0, 1.0]), ClassRule(3).wanted(2), ClassRule(1).wanted(-1)
        (1, 2, 0)
        """
        if isinstance(y, list) and len(y) > 1:
            return y.index(max(y))
        (alone,) = listed(y)
        return int(alone) if self.outputs > 1 else sum(alone > middle for middle in self.between)

    def is_right(self, outputs: Iterable[float], y: Target) -> bool:
        """Whether the predicted class is the wanted one."""
        return self.predicted(outputs) == self.wanted(y)


def numbers_of(outputs: Any) -> list[float]:
    """The data of what a network gives, one Value or a list of them.

    >>> from nn import MLP
    >>> numbers_of(MLP(1, [2], initializer="zeros")([1.0]))
    [0.0, 0.0]
    """
    return [o.data for o in outputs] if isinstance(outputs, list) else [outputs.data]


def outputs_of(net: Any) -> tuple[int, object]:
    """How many outputs a network, a layer or a neuron has, and their σ.

    >>> from nn import MLP
    >>> outputs_of(MLP(2, [3, 1], "tanh", "linear"))
    (1, 'linear')
    """
    layer = net.layers[-1] if hasattr(net, "layers") else net
    neurons = getattr(layer, "neurons", [layer])
    return len(neurons), getattr(neurons[0], "activation", None)  # of a module of one's own nothing is known


def rule_of(
    net: Any,
    loss: str | Loss | None = None,
    Y: Iterable[Target] = (),
    bound: float | None = None,
    outputs: int | None = None,
) -> ClassRule:
    """The rule of a network that is trained with this loss on these targets; or what is known without them.

    loss     None: the rule that `fit` left with the network, where it did
    bound    takes the place of those for one output
    outputs  how many there are; None: as many as the last layer has neurons

    >>> from nn import MLP
    >>> net = MLP(2, [3, 1], "tanh", "linear")
    >>> [rule_of(net, "squared_error", Y).bounds for Y in ([0, 1, 1], [-1, 1], [0, 1, 2], [0.1, 0.7, 3.1], [])]
    [(0.5,), (0.0,), (0.5, 1.5), (0.0,), (0.0,)]
    >>> rule_of(MLP(2, [1], "sigmoid")).bounds, rule_of(net, "binary_cross_entropy", [0, 1])
    ((0.5,), ClassRule(outputs=1, bounds=(0.0,), between=(0.5,)))
    """
    known, sigma = outputs_of(net)
    outputs = outputs or known
    left: ClassRule | None = net.class_rule if loss is None else None
    if left is None:
        activation = record_of(sigma)
        middle = activation.middle if activation else 0.0
        takes = loss_record(loss) if loss is not None else None
        between = _between([y for y in Y if outputs == 1])
        if takes is not None and takes.threshold is not None:
            bounds: tuple[float, ...] = (takes.threshold,)
        elif loss is None and not (activation and activation.bounded):  # perhaps a logit
            bounds = (middle,)
        else:
            low, high = (activation.low, activation.high) if activation else (-math.inf, math.inf)
            bounds = tuple(b for b in between if low < b < high) or (middle,)  # −1 and 1 are told from 0.5 by a sigmoid
        left = ClassRule(outputs, bounds, between or (middle,))
    return left if bound is None else left._replace(bounds=(bound,))


def _between(Y: Iterable[Target]) -> tuple[float, ...]:
    """Half-way between the targets, if these are two numbers, or the indices of classes."""
    levels: set[float] = set()
    for y in Y:
        levels.update(listed(y))
        if len(levels) > 2 and not all(float(level).is_integer() and level >= 0 for level in levels):
            return ()
    if levels == {0}:  # which is said beside 1, never beside −1
        return (0.5,)
    if len(levels) == 2 or levels == set(range(len(levels))):
        return tuple((a + b) / 2 for a, b in pairwise(sorted(levels)))
    return ()


def decides(loss: str | Loss, Y: list[Target], outputs: int) -> bool:
    """Whether this is a classification, so that right and wrong mean something.

    It is where the loss says so, where every target marks one of several outputs, and where one output
    learns 0 and 1, or −1 and 1.

    >>> decides("cross_entropy", [1], 2), decides("squared_error", [0, 1, 1], 1), decides("squared_error", [0.5], 1)
    (True, True, False)
    """
    lists = [y for y in Y if isinstance(y, list) and len(y) > 1]
    if lists:  # of several labels at once no single one is the class
        one_hot = all(len(set(y)) == 2 and y.count(1) == 1 for y in lists)
        shares = _classifies(loss, "classes") and all(y.count(max(y)) == 1 for y in lists)
        return len(lists) == len(Y) and (one_hot or shares)
    levels = {level for y in Y for level in listed(y)} if outputs == 1 else set()
    return _classifies(loss) or levels in ({0, 1}, {-1, 1})


def _classifies(loss: str | Loss, targets: str = "") -> bool:
    known = loss_record(loss)
    return known is not None and known.threshold is not None and targets in ("", known.targets)
