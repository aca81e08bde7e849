"""The network and its samples, as the cases that an answer is held against."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd import AutogradError, AutogradTypeError, AutogradValueError, Value
from autograd.words.text import counted

from .. import deltas as hand
from ..certifying.sigmas import pair_of, sigmas_of
from ..frames import is_frame, rows_of, targets_of
from ..network.activations import known_as, sigma_of
from ..network.losses import Loss, loss_of
from ..network.modules import MLP, Neuron
from .equations import Case, Row
from .reading import plain, short


def cases_of(
    net: MLP,
    x: Any,
    y: Any,
    loss: str | Loss = "squared_error",
    eta: float | None = None,
    sigma: Any = None,
    error_slopes: Any = None,
) -> tuple[list[Case], bool]:
    """The samples as cases, and whether they are a batch; the arguments are those of grade.

    >>> (case,), batch = cases_of(MLP(2, [1], seed=0), [1.0, 2.0], 0.5)
    >>> case.y, batch
    ([0.5], False)
    """
    if x is None or y is None or isinstance(x, str) or not hasattr(x, "__len__") or not len(x):
        given = "" if x is None and y is None else f", and not x = {short(x)}, y = {short(y)}"
        raise AutogradValueError(f"grade: give one sample x, y, or a list of samples and a list of targets{given}")
    if eta is not None and not isinstance(eta, (int, float)):
        raise AutogradTypeError(f"grade: eta is the learning rate, a number, and was given as {eta!r}")
    x, y = plain(rows_of(x) if is_frame(x) else x), plain(targets_of(y) if is_frame(y) else y)
    batch = hasattr(x[0], "__len__")
    X, Y = (list(x), list(y)) if batch else ([x], [y])
    if len(X) != len(Y):
        raise AutogradValueError(f"grade: {counted(len(X), 'sample')}, and {counted(len(Y), 'target')}")
    activations = [sigma_of(layer.neurons, "grade", k) for k, layer in enumerate(net.layers, 1)]
    pairs = [pair_of("grade", each) for each in sigmas_of("grade", activations, sigma)]
    loss_of(loss)  # raises for an unknown name
    loss_name = loss if isinstance(loss, str) else getattr(loss, "__name__", "")
    if error_slopes is None and (loss_name not in hand.ERROR_SLOPES or loss_of(loss_name) is not loss_of(loss)):
        raise AutogradValueError(
            "grade: for a loss of your own give error_slopes, a function (y, ŷ) -> ∂Err/∂ŷ by hand"
        )
    neurons = [layer.neurons for layer in net.layers]
    theta = [[[t.data for t in neuron.theta] for neuron in layer] for layer in neurons]
    bias = [_biases(layer, k) for k, layer in enumerate(neurons, 1)]
    cases = []
    for row, target in zip(X, Y):
        inputs = [float(a) for a in _as_many(row, net.nin, "inputs")]
        cases.append(Case(
            inputs, _targets(target, len(neurons[-1]), loss_name), theta, bias, [s for s, _ in pairs],
            [d for _, d in pairs], list(map(known_as, activations)),
            error_slopes or hand.ERROR_SLOPES[loss_name], "" if error_slopes else loss_name, eta, err_of=_err_of(loss),
        ))  # fmt: skip
    return cases, batch


def _biases(neurons: list[Neuron], k: int) -> Row | None:
    biases = [n.bias.data for n in neurons if n.bias is not None]
    if biases and len(biases) < len(neurons):
        raise AutogradValueError(f"grade: some neurons of layer {k} have a bias, and some have none; give them all one")
    return biases or None


def _err_of(loss: str | Loss) -> Callable[[Row, Row], float]:
    """Err on floats: by hand, or by the loss itself where that is your own."""
    if isinstance(loss, str):
        return hand.ERRORS[loss]
    function = loss_of(loss)

    def err(y: Row, o: Row) -> float:
        one = len(o) == 1
        try:
            return function(Value(o[0]) if one else [Value(v) for v in o], y[0] if one else y).data
        except AutogradError:  # a loss that cannot be computed here, such as a softmax of one class
            return math.nan

    return err


def _targets(y: Any, n: int, loss: str) -> list[float]:
    if loss == "cross_entropy" and not hasattr(y, "__len__"):
        return [float(k == y) for k in range(n)]
    return [float(a) for a in _as_many(y if hasattr(y, "__len__") else [y], n, "targets")]


def _as_many(row: Any, n: int, what: str) -> list[Any]:
    if isinstance(row, str):
        raise AutogradTypeError(f"grade: the {what} are numbers, and were given as {row!r}")
    listed = [a.data if isinstance(a, Value) else a for a in row]
    if len(listed) != n:
        raise AutogradValueError(f"grade: the network has {counted(n, what[:-1])}, and was given {len(listed)}")
    for a in listed:
        if isinstance(a, str) or not hasattr(a, "__float__"):
            raise AutogradTypeError(f"grade: the {what} hold {a!r}, which is no number")
    return listed
