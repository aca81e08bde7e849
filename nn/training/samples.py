"""What a network is trained on: rows of numbers with their targets, checked before anything changes.

x   the inputs, nin finite numbers       y   the target: a number, a list of numbers, or for
                                             cross_entropy the index of a class
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

from autograd import AutogradError, AutogradTypeError, AutogradValueError, no_grad
from autograd.recording import number

from ..network.losses import LOSSES, Loss, loss_record
from ..network.modules import MLP, Layer, Neuron

Net: TypeAlias = "MLP | Layer | Neuron"
Target: TypeAlias = "float | list[float]"
Sample: TypeAlias = tuple[list[float], Target]


def samples_of(net: Net, err: Loss, X: Iterable[Any], Y: Iterable[Any], name: str = "") -> list[Sample]:
    """The rows as floats, tried on the network and the loss before training starts.

    A loss of this package refuses a row for its length or its target: of rows that have both in common one is tried.

    name  goes before X and Y in messages

    Raises AutogradValueError or AutogradTypeError that names the row.

    >>> samples_of(MLP(1, [1]), lambda o, y: (o - y) ** 2, [[1]], [2.0])
    [([1.0], 2)]
    """
    xs, ys = list(X), list(Y)
    if len(xs) != len(ys):
        raise AutogradValueError(f"there are {len(xs)} rows in {name}X, and {len(ys)} in {name}Y")
    if not xs:
        raise AutogradValueError(f"{name}X is empty: give at least one sample")
    samples = [(_row(f"{name}X[{i}]", x), target(f"{name}Y[{i}]", y)) for i, (x, y) in enumerate(zip(xs, ys))]
    ours = err in LOSSES.values()
    tried: set[Any] = set()
    with no_grad():
        for i, (x, y) in enumerate(samples):
            kind = (len(x), tuple(y) if isinstance(y, list) else y)
            if ours and kind in tried:
                continue
            tried.add(kind)
            try:
                err(net(x), y)
            except AutogradError as error:
                raise type(error)(f"{name}row {i}, X = {x}, Y = {y}: {error}") from None
    return samples


def _row(where: str, row: Any) -> list[float]:
    if isinstance(row, str) or not hasattr(row, "__iter__"):
        raise AutogradTypeError(f"{where} is {row!r}, and must be a list of numbers, one for each input")
    numbers = list(row)
    if {float}.issuperset(map(type, numbers)) and all(map(math.isfinite, numbers)):
        return numbers
    numbers = [number(x, f"{where}[{j}]") for j, x in enumerate(numbers)]
    for j, x in enumerate(numbers):
        if not math.isfinite(x):
            raise AutogradValueError(f"{where}[{j}] is {x}: leave such rows out, or fill them in")
    return numbers


def target(where: str, y: Any) -> Target:
    """A target as numbers; a whole number is an int, since it may be a class.

    Raises AutogradTypeError for text and AutogradValueError for inf and nan, naming the place.

    >>> target("Y[0]", 2.0), target("Y[1]", [0, 1])
    (2, [0.0, 1.0])
    """
    if isinstance(y, str):
        raise AutogradTypeError(f"{where} is the text {y!r}: number the classes 0, 1, 2, …")
    if isinstance(y, Iterable) and getattr(y, "ndim", None) != 0:  # an array of no dimension is a number
        return _row(where, y)
    value = number(y, where)
    if not math.isfinite(value):
        raise AutogradValueError(f"{where} is {value}: leave such rows out, or fill them in")
    return int(value) if value.is_integer() else value  # 2.0, as read from a file, is class 2


# --- classes ----------------------------------------------------------------------------------


def decides(err: Loss, samples: list[Sample]) -> bool:
    """Whether this is a classification, so that accuracy means something.

    >>> from nn import cross_entropy
    >>> decides(cross_entropy, [([0.0], 1)]), decides(lambda o, y: (o - y) ** 2, [([0.0], 1)])
    (True, False)
    """
    known = loss_record(err)
    one_hot = all(isinstance(y, list) and len(y) > 1 and len(set(y)) == 2 and y.count(1) == 1 for _, y in samples)
    return one_hot or (known is not None and known.threshold is not None)


def predicted(outputs: Any, threshold: float = 0.0) -> int:
    """The index of the largest output; with one output, output > threshold."""
    data = [o.data for o in outputs] if isinstance(outputs, list) else [outputs.data]
    return data.index(max(data)) if len(data) > 1 else int(data[0] > threshold)


def wanted(y: Target, outputs: int) -> int:
    """The class that a target stands for, at a network with so many outputs.

    >>> wanted([0.0, 1.0], 2), wanted(2, 3), wanted(-1, 1)
    (1, 2, 0)
    """
    if isinstance(y, list):
        return y.index(max(y)) if len(y) > 1 else int(y[0] > 0)
    return int(y) if outputs > 1 else int(y > 0)


def is_right(outputs: Any, y: Target, threshold: float = 0.0) -> bool:
    """Whether the predicted class is the wanted one."""
    return predicted(outputs, threshold) == wanted(y, len(outputs) if isinstance(outputs, list) else 1)
