"""Err: how wrong the outputs are, as one Value for one sample.

y is the target, ŷ the network's output.  The default is the lecture's sum of squares;
over several samples errors are summed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsIndex, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, Value, softplus, sumprod, where
from autograd.ops import LITERAL, TABLE
from autograd.recording import number
from autograd.value import Number, literal, node_of

from .modules import name

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
    """The x of that index, a whole number from 0, and the others in their order, by `where` alone.

    >>> x, others = picked([Value(5.0), Value(6.0), Value(7.0)], Value(1.0))
    >>> x.data, [o.data for o in others]
    (6.0, [5.0, 7.0])
    """
    reached = [index <= i for i in range(len(xs) - 1)]
    x = xs[-1]
    for here, candidate in zip(reversed(reached), reversed(xs[:-1])):
        x = where(here, candidate, x)
    return x, [where(here, after, before) for here, before, after in zip(reached, xs, xs[1:])]


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
    given = _listed(target)
    for (u, y), original in zip(_pairs("binary_cross_entropy", logit, given), given):
        if not 0 <= y.data <= 1:
            raise AutogradValueError(f"binary_cross_entropy: the target {y.data!r} is not between 0 and 1")
        for term, weight in ((-u, y), (u, 1.0 - y)):
            if weight.data or isinstance(original, Value):
                terms.append(softplus(term))
                weights.append(weight)
    return _labelled(sumprod(terms, weights))


LOSSES: dict[str, Loss] = {
    "squared_error": squared_error, "mean_squared_error": mean_squared_error, "hinge": hinge,
    "cross_entropy": cross_entropy, "binary_cross_entropy": binary_cross_entropy,
}  # fmt: skip


def loss_of(loss: str | Loss) -> Loss:
    """The loss of that name, or the function itself.  Raises AutogradValueError for an unknown name.

    >>> loss_of("hinge") is hinge
    True
    """
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise AutogradValueError(
            f"unknown loss {loss!r}; choose one of {', '.join(LOSSES)}, or give a function of outputs and targets"
        )
    return LOSSES[loss]


def _listed(x: Any) -> list[Any]:
    alone = isinstance(x, str) or not isinstance(x, Iterable) or getattr(x, "ndim", 1) == 0
    return [x] if alone else list(x)


def _outputs(loss: str, outputs: Any) -> list[Value]:
    os = _listed(outputs)
    if not os:
        raise AutogradValueError(f"{loss}: there are no outputs")
    for o in os:
        if not isinstance(o, Value):
            raise AutogradTypeError(
                f"{loss}: the outputs must be Values, and {o!r} is not; call the network, then the loss"
            )
    return os


def _pairs(loss: str, outputs: Any, targets: Any) -> list[tuple[Value, Value]]:
    os, ys = _outputs(loss, outputs), _listed(targets)
    if len(os) != len(ys):
        raise AutogradValueError(f"{loss}: {len(os)} outputs, and {len(ys)} targets")
    named = [
        y if isinstance(y, Value) else Value(number(y, f"{loss}, target {i}"), name("y", i))
        for i, y in enumerate(ys, 1)
    ]
    return list(zip(os, named))


def _labelled(err: Value) -> Value:
    err.label = "Err"
    return err
