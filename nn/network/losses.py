"""Err: how wrong the outputs are, as one Value for one sample.

y is the target, ŷ the network's output.  The default is the lecture's sum of squares;
over several samples errors are summed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, SupportsIndex, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, Value, softplus, sumprod, take, where
from autograd.ops import LITERAL, TABLE
from autograd.recording import number
from autograd.value import Number, literal, node_of
from autograd.words.naming import name
from autograd.words.text import counted

from .choosing import chosen

Loss: TypeAlias = Callable[[Any, Any], Value]


def squared_error(outputs: Value | Sequence[Value], targets: Number | Sequence[Number]) -> Value:
    """The lecture's Err = Σ (y − ŷ)² over the outputs.

    outputs  ŷ: a Value, or a list of them
    targets  y: as many numbers

    Raises AutogradValueError where there are not as many targets as outputs.

    >>> squared_error([Value(1.0), Value(2.0)], [0.0, 4.0]).data
    5.0
    """
    residuals = [y - o for o, y in _pairs("squared_error", outputs, targets)]
    return _labelled(sumprod(residuals, residuals))


def half_squared_error(outputs: Value | Sequence[Value], targets: Number | Sequence[Number]) -> Value:
    """½ Σ (y − ŷ)² over the outputs, as many courses have it: ∂Err/∂ŷ is ŷ − y, without a 2.

    >>> half_squared_error([Value(1.0), Value(2.0)], [0.0, 4.0]).data
    2.5
    """
    residuals = [y - o for o, y in _pairs("half_squared_error", outputs, targets)]
    return _labelled(sumprod(residuals, [0.5 * r for r in residuals]))


def mean_squared_error(outputs: Value | Sequence[Value], targets: Number | Sequence[Number]) -> Value:
    """The mean of (y − ŷ)² over the outputs of the sample.

    >>> mean_squared_error([Value(1.0), Value(2.0)], [0.0, 4.0]).data
    2.5
    """
    residuals = [y - o for o, y in _pairs("mean_squared_error", outputs, targets)]
    if len(residuals) == 1:
        return _labelled(sumprod(residuals, residuals))
    # Divided before the sum, which may overflow although the mean does not.
    return _labelled(sumprod(residuals, [r / len(residuals) for r in residuals]))


def hinge(outputs: Value | Sequence[Value], targets: Number | Sequence[Number]) -> Value:
    """Σ max(0, 1 − y·ŷ), for targets y of −1 and 1: a margin classifier's error.

    >>> hinge(Value(0.25), 1).data, hinge(Value(-3.0), -1).data
    (0.75, 0.0)
    """
    margins = [(1.0 - y * o).relu() for o, y in _pairs("hinge", outputs, targets)]
    return _labelled(sumprod(margins, [1.0] * len(margins)))


def cross_entropy(logits: Sequence[Value], target: int | Value | Sequence[float]) -> Value:
    """−log softmax(logits)[target]: the error of a classifier whose last layer is linear.

    logits  at least two Values, one per class: u of the last layer, not probabilities
    target  the index of the right class, or one probability per class; an index that is
            a Value stays open, so that one graph serves all classes

    The value goes through log1p of the other classes' shares and the target's gradient is
    minus their sum, so neither loses digits where the network is sure; p − 1 and
    logsumexp − logit both would.  Raises AutogradValueError for an index that is no class
    and for probabilities below 0 or all 0.

    >>> logits = [Value(50.0), Value(0.0)]
    >>> error = cross_entropy(logits, 0); error.backward()
    >>> error.data == -logits[0].grad == logits[1].grad
    True
    """
    xs = _outputs("cross_entropy", logits)
    if len(xs) < 2:
        raise AutogradValueError("cross_entropy compares at least two classes; for one logit take binary_cross_entropy")
    if isinstance(target, Iterable) and not isinstance(target, str) and getattr(target, "ndim", 1) != 0:
        shares = [p if isinstance(p, Value) else literal(p, "cross_entropy, target") for p in target]
        if len(shares) != len(xs):
            raise AutogradValueError(f"cross_entropy: {len(xs)} logits, and {len(shares)} target probabilities")
        for p in shares:
            if not p.data >= 0:
                raise AutogradValueError(f"cross_entropy: the target probability {p.data!r} is not 0 or more")
        classes = [(c, p) for c, p in enumerate(shares) if p.data or p.op is not LITERAL]
        if not classes:
            raise AutogradValueError("cross_entropy: the target probabilities are all zero")
        return _labelled(sumprod([_cross_entropy(xs, c) for c, _ in classes], [p for _, p in classes]))
    if isinstance(target, Value):
        right, others = picked(xs, target)
        return _labelled(node_of(TABLE["cross_entropy"], (right, *others)))
    if not isinstance(target, SupportsIndex) or not 0 <= (index := target.__index__()) < len(xs):
        raise AutogradValueError(f"cross_entropy: target {target!r} is not the index of a class, 0 to {len(xs) - 1}")
    return _labelled(_cross_entropy(xs, index))


def picked(xs: Sequence[Value], index: Value) -> tuple[Value, list[Value]]:
    """The x of that index, a whole number from 0, and the others in their order, which hold for any index.

    >>> x, others = picked([Value(5.0), Value(6.0), Value(7.0)], Value(1.0))
    >>> x.data, [o.data for o in others]
    (6.0, [5.0, 7.0])
    """
    reached = [index <= i for i in range(len(xs) - 1)]
    return take(xs, index), [where(here, after, before) for here, before, after in zip(reached, xs, xs[1:])]


def _cross_entropy(xs: list[Value], target: int) -> Value:
    return node_of(TABLE["cross_entropy"], (xs[target], *xs[:target], *xs[target + 1 :]))


def binary_cross_entropy(logit: Value | Sequence[Value], target: float | Sequence[float]) -> Value:
    """−y·log σ(u) − (1−y)·log(1−σ(u)), from the logit u, for a target y between 0 and 1.

    Written as y·softplus(−u) + (1−y)·softplus(u), whose terms have one sign: nothing cancels.
    Raises AutogradValueError for a target outside [0, 1].

    >>> binary_cross_entropy(Value(0.0), 1).data, binary_cross_entropy(Value(800.0), 0).data
    (0.6931471805599453, 800.0)
    """
    terms, weights = [], []
    given = listed(target)
    for (u, y), original in zip(_pairs("binary_cross_entropy", logit, given), given):
        if not 0 <= y.data <= 1:
            raise AutogradValueError(f"binary_cross_entropy: the target {y.data!r} is not between 0 and 1")
        for term, weight in ((-u, y), (u, 1.0 - y)):
            if weight.data or isinstance(original, Value):
                terms.append(softplus(term))
                weights.append(weight)
    return _labelled(sumprod(terms, weights))


# --- what is known of them --------------------------------------------------------------------


class LossRecord(NamedTuple):
    """What is known of a loss.

    name       what it is called
    function   the loss itself, of outputs and targets
    targets    what y may be: "numbers", any; "shares", from 0 to 1; "signs", −1 or 1; "classes", the
               index of a class or one share per class
    outputs    what it takes ŷ for: "values" of any σ; "logits" or "margins", u of a linear last layer
    threshold  above it one output means class 1 (of several, the largest wins); None: the loss does not
               classify by itself, and where it is used to, the middle of σ's range decides

    >>> loss_record("hinge").targets, loss_record(squared_error).threshold
    ('signs', None)
    """

    name: str
    function: Loss
    targets: str
    outputs: str
    threshold: float | None


LOSS_RECORDS = {known.name: known for known in (
    #           name                    function              targets    takes ŷ for  class 1 above
    LossRecord("squared_error",        squared_error,        "numbers", "values",    None),
    LossRecord("mean_squared_error",   mean_squared_error,   "numbers", "values",    None),
    LossRecord("half_squared_error",   half_squared_error,   "numbers", "values",    None),
    LossRecord("hinge",                hinge,                "signs",   "margins",   0.0),
    LossRecord("cross_entropy",        cross_entropy,        "classes", "logits",    0.0),
    LossRecord("binary_cross_entropy", binary_cross_entropy, "shares",  "logits",    0.0),
)}  # fmt: skip

LOSSES: dict[str, Loss] = {known.name: known.function for known in LOSS_RECORDS.values()}


def loss_of(loss: str | Loss) -> Loss:
    """The loss of that name, or the function itself.  Raises AutogradValueError for an unknown name.

    >>> loss_of("hinge") is hinge
    True
    """
    return loss if callable(loss) else chosen("loss", loss, LOSSES, "a function of outputs and targets")


def loss_record(loss: str | Loss) -> LossRecord | None:
    """What is known of a loss, by its name or the function itself; None for a function of one's own.

    >>> loss_record(lambda outputs, y: outputs) is None
    True
    """
    function = loss_of(loss)
    return next((known for known in LOSS_RECORDS.values() if known.function is function), None)


def targets_of(loss: str, y: Any, outputs: int) -> Sequence[Any]:
    """The target of a loss of that name as one number for each output: the index of a class is a 1 among zeros.

    >>> targets_of("cross_entropy", 2, 3), targets_of("hinge", -1, 1), targets_of("my own", [0.5], 1)
    ([0.0, 0.0, 1.0], [-1], [0.5])
    """
    if hasattr(y, "__len__"):
        return y  # type: ignore[no-any-return]
    of_classes = loss in LOSS_RECORDS and LOSS_RECORDS[loss].targets == "classes"
    return [float(k == y) for k in range(outputs)] if of_classes else [y]


def listed(x: Any) -> list[Any]:
    """Several numbers or Values as a list, and one alone as a list of one.

    >>> listed(1.0), listed((1.0, 2.0))
    ([1.0], [1.0, 2.0])
    """
    alone = isinstance(x, str) or not isinstance(x, Iterable) or getattr(x, "ndim", 1) == 0
    return [x] if alone else list(x)


def _outputs(loss: str, outputs: Any) -> list[Value]:
    os = listed(outputs)
    if not os:
        raise AutogradValueError(f"{loss}: there are no outputs")
    for o in os:
        if not isinstance(o, Value):
            raise AutogradTypeError(
                f"{loss}: the outputs must be Values, and {o!r} is not; call the network, then the loss"
            )
    return os


def _pairs(loss: str, outputs: Any, targets: Any) -> list[tuple[Value, Value]]:
    os, ys = _outputs(loss, outputs), listed(targets)
    if len(os) != len(ys):
        index = not isinstance(targets, (Value, Iterable)) and targets in range(len(os))
        remedy = f'; for class {targets} give 1 there and 0 elsewhere, or loss="cross_entropy"' if index else ""
        raise AutogradValueError(f"{loss}: {counted(len(os), 'output')}, and {counted(len(ys), 'target')}{remedy}")
    named = [
        y if isinstance(y, Value) else Value(number(y, f"{loss}, target {i}"), name("y", i))
        for i, y in enumerate(ys, 1)
    ]
    return list(zip(os, named))


def _labelled(err: Value) -> Value:
    err.label = "Err"
    return err
