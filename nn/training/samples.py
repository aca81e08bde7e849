"""What a network is trained on: rows of numbers with their targets, checked before anything changes.

x   the inputs, nin finite numbers       y   the target: a number, a list of numbers, or for
                                             cross_entropy the index of a class
w   how much a sample counts: 2 is as if it were there twice
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd import AutogradError, AutogradTypeError, AutogradValueError, no_grad
from autograd.recording import given, number
from autograd.words.text import counted

from ..frames import column_names, rows_of, targets_of
from ..network.classes import ClassRule, Target
from ..network.losses import LOSSES, Loss
from ..network.modules import MLP, Layer, Neuron

Net: TypeAlias = "MLP | Layer | Neuron"
Sample: TypeAlias = tuple[list[float], Target]


def samples_of(net: Net, err: Loss, X: Iterable[Any], Y: Iterable[Any], name: str = "") -> list[Sample]:
    """The rows as floats, tried on the network and the loss before training starts.

    A loss of this package refuses a row for its length or its target: of rows that have both in common one is tried.

    X, Y  lists, arrays or frames
    name  goes before X and Y in messages

    Raises AutogradValueError or AutogradTypeError that names the row.

    >>> samples_of(MLP(1, [1]), lambda o, y: (o - y) ** 2, [[1]], [2.0])
    [([1.0], 2)]
    """
    xs, ys = inputs_of(X, f"{name}X"), targets_of(Y, f"{name}Y")
    if len(xs) != len(ys):
        raise AutogradValueError(f"{name}X has {counted(len(xs), 'row')}, and {name}Y {len(ys)}")
    if not xs:
        raise AutogradValueError(f"{name}X is empty: give at least one sample")
    samples = [(x, target(f"{name}Y[{i}]", y)) for i, (x, y) in enumerate(zip(xs, ys))]
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
                row = given(x).partition(" of type")[0]
                raise type(error)(f"{name}row {i}, X = {row}, Y = {y}: {error}") from None
    return samples


def inputs_of(X: Iterable[Any], what: str = "X") -> list[list[float]]:
    """The rows of a table as finite floats.

    Raises AutogradTypeError and AutogradValueError for anything else, naming row and column.

    >>> inputs_of([[1, 2.5]])
    [[1.0, 2.5]]
    """
    columns = column_names(X)
    return [_row(f"{what}[{i}]", x, columns) for i, x in enumerate(rows_of(X, what))]


def finite(x: Any, where: str) -> float:
    """A finite number as a float.  Raises AutogradTypeError for what is no number, AutogradValueError for inf and nan.

    >>> finite(3, "X[0][1]")
    3.0
    >>> finite(float("nan"), "X[0][1]")
    Traceback (most recent call last):
    autograd.errors.AutogradValueError: X[0][1] is nan: leave such rows out, or fill them in
    """
    value = number(x, where)
    if not math.isfinite(value):
        raise AutogradValueError(f"{where} is {value}: leave such rows out, or fill them in")
    return value


def _row(where: str, row: Any, columns: Sequence[str] | None = None) -> list[float]:
    if isinstance(row, str) or not hasattr(row, "__iter__"):
        raise AutogradTypeError(f"{where} is {row!r}, and must be a list of numbers, one for each input")
    numbers = list(row)
    if {float}.issuperset(map(type, numbers)) and all(map(math.isfinite, numbers)):
        return numbers
    return [finite(x, f"{where}[{(columns[j] if columns else j)!r}]") for j, x in enumerate(numbers)]


def pair_of(validation: Any) -> tuple[Any, Any]:
    """Samples to measure.  Raises AutogradTypeError for what is no pair of them.

    >>> pair_of([[[0.0]], [1.0]])
    ([[0.0]], [1.0])
    """
    try:
        X, Y = validation
    except (TypeError, ValueError):
        raise AutogradTypeError("validation is a pair (X, Y)") from None
    return X, Y


def target(where: str, y: Any) -> Target:
    """A target as numbers; a whole number is an int, since it may be a class.

    Raises AutogradTypeError for text and AutogradValueError for inf and nan, naming the place.

    >>> target("Y[0]", 2.0), target("Y[1]", [0, 1])
    (2, [0.0, 1.0])
    """
    if isinstance(y, str):
        raise AutogradTypeError(f"{where} is the text {y!r}: number the classes 0, 1, 2, …; nn.Model.train takes names")
    if isinstance(y, Iterable) and getattr(y, "ndim", None) != 0:  # an array of no dimension is a number
        return _row(where, y)
    value = finite(y, where)
    return int(value) if value.is_integer() else value  # 2.0, as read from a file, is class 2


# --- weights ----------------------------------------------------------------------------------


def weights_of(sample_weight: Any, class_weight: Any, samples: list[Sample], rule: ClassRule | None) -> list[float]:
    """w of each sample, the product of its own and its class's; an empty list where all are 1.

    sample_weight  a number from 0 for each sample, or None
    class_weight   "balanced": every class counts as much as the others; or {class: weight}, a class that
                   is not named counting 1; or a list of them; or None

    Raises AutogradValueError or AutogradTypeError for another number of them, one below 0, and
    class_weight where the targets are no classes.

    >>> weights_of(None, "balanced", [([0.0], 0), ([1.0], 0), ([2.0], 0), ([3.0], 1)], ClassRule(2))
    [0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 2.0]
    """
    weights = [1.0] * len(samples)
    if sample_weight is not None:
        given_ones = rows_of(sample_weight, "sample_weight")
        if len(given_ones) != len(samples):
            raise AutogradValueError(
                f"sample_weight has {counted(len(given_ones), 'weight')}, and there are {len(samples)} samples"
            )
        weights = [_weight(w, f"sample_weight[{i}]") for i, w in enumerate(given_ones)]
    if class_weight is not None:
        if rule is None:
            raise AutogradValueError("class_weight is for classes, and these targets are numbers: give sample_weight")
        classes = [rule.wanted(y) for _, y in samples]
        of = _class_weights(class_weight, classes)
        weights = [w * of.get(c, 1.0) for w, c in zip(weights, classes)]
    if not any(weights):
        raise AutogradValueError("every weight is zero: there is no sample left to learn from")
    return [] if set(weights) == {1.0} else weights


def _class_weights(class_weight: Any, classes: list[int]) -> dict[int, float]:
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = Counter(classes)
        return {c: len(classes) / (len(counts) * n) for c, n in counts.items()}
    if isinstance(class_weight, (list, tuple)):
        class_weight = dict(enumerate(class_weight))
    if not isinstance(class_weight, Mapping):
        raise AutogradTypeError(
            f'class_weight is "balanced", or {{class: weight}}, or a list of weights, and was given as'
            f" {given(class_weight)}"
        )
    for c in class_weight:
        if c not in classes:
            raise AutogradValueError(f"class_weight: {c!r} is no class of these targets, which are 0 to {max(classes)}")
    return {int(c): _weight(w, f"class_weight[{c!r}]") for c, w in class_weight.items()}


def _weight(w: Any, where: str) -> float:
    value = number(w, where)
    if not 0.0 <= value < math.inf:
        raise AutogradValueError(f"{where} is {w!r}, and must be a finite number from 0")
    return value


def shares(weights: Sequence[float]) -> float:
    """What a batch's gradient is multiplied by to be a mean; 0 where nothing in it counts.

    >>> shares([1.0, 1.0, 2.0]), shares([0.0])
    (0.25, 0.0)
    """
    of = sum(weights)
    return 1.0 / of if of else 0.0
