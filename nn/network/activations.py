"""The activations: all that is known of each σ stands in one row, and everything reads it.

u   pre-activation
o   output, σ(u)
σ'  the slope do/du, a row of the engine's table

The hand-derived σ and σ' of nn/deltas.py stay apart, on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import autograd
from autograd import AutogradValueError, Value

from .choosing import chosen

Activation: TypeAlias = Callable[[Value], Value]


def linear(u: Value) -> Value:
    """The identity: a neuron without activation.

    >>> linear(Value(2.0)).data
    2.0
    """
    return u


class ActivationRecord(NamedTuple):
    """What is known of an activation.

    name         what it is called, and `function`, σ of a Value
    slope        the row of the table that is σ'; "" where σ' is 1 everywhere
    curvature    the largest |σ''/σ'| apart from a kink: how fast a relative error of σ' grows with an error of u
    kink         whether σ is of two pieces that meet at u = 0
    initializer  the name of the initialiser that fits
    low, high    the range of o

    >>> ACTIVATION_RECORDS["sigmoid"].bounded, ACTIVATION_RECORDS["sigmoid"].middle
    (True, 0.5)
    """

    name: str
    function: Activation
    slope: str
    curvature: float
    kink: bool
    initializer: str
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether o stays between two numbers: such a σ can say no and yes, and cannot reach every target."""
        return math.isfinite(self.high - self.low)

    @property
    def middle(self) -> float:
        """Where one output turns from class 0 to class 1: half-way up σ, and 0 where it has no two ends."""
        return (self.low + self.high) / 2 if self.bounded else 0.0


_MOST = math.inf
ACTIVATION_RECORDS = {known.name: known for known in (
    #                name          σ                    σ'                 |σ''/σ'| kink  fitting   range of o
    ActivationRecord("tanh",       autograd.tanh,       "sech2",            2.0,   False, "xavier", -1.0, 1.0),
    ActivationRecord("sigmoid",    autograd.sigmoid,    "sigmoid_slope",    1.0,   False, "xavier", 0.0, 1.0),
    ActivationRecord("relu",       autograd.relu,       "step",             0.0,   True,  "he",     0.0, _MOST),
    ActivationRecord("leaky_relu", autograd.leaky_relu, "leaky_relu_slope", 0.0,   True,  "he",     -_MOST, _MOST),
    ActivationRecord("elu",        autograd.elu,        "elu_slope",        1.0,   True,  "he",     -1.0, _MOST),
    ActivationRecord("softplus",   autograd.softplus,   "sigmoid",          1.0,   False, "he",     0.0, _MOST),
    ActivationRecord("gelu",       autograd.gelu,       "gelu_slope",       _MOST, False, "he",     -0.1700, _MOST),
    ActivationRecord("silu",       autograd.silu,       "silu_slope",       _MOST, False, "he",     -0.2785, _MOST),
    ActivationRecord("softsign",   autograd.softsign,   "softsign_slope",   2.0,   True,  "xavier", -1.0, 1.0),
    ActivationRecord("linear",     linear,              "",                 0.0,   False, "xavier", -_MOST, _MOST),
)}  # fmt: skip

ACTIVATIONS: dict[str, Activation] = {known.name: known.function for known in ACTIVATION_RECORDS.values()}


def activation_of(activation: str | Activation) -> Activation:
    """The activation of that name, or the function itself.  Raises AutogradValueError for an unknown name.

    >>> activation_of("linear") is linear
    True
    """
    return (
        activation if callable(activation) else chosen("activation", activation, ACTIVATIONS, "a function of a Value")
    )


def name_of(activation: object) -> str:
    """What an activation is called.

    >>> name_of("relu"), name_of(math.tanh), name_of(("relu", "tanh"))
    ('relu', 'tanh', 'relu, tanh')
    """
    if isinstance(activation, (tuple, list)):  # one for each layer
        return ", ".join(map(name_of, activation))
    return activation if isinstance(activation, str) else getattr(activation, "__name__", "σ")


def known_as(activation: object) -> str:
    """Which of the activations this is, by its name or as the function itself; "" for a function of one's own.

    >>> known_as("relu"), known_as(autograd.relu), known_as(Value.relu), known_as(lambda u: u.relu())
    ('relu', 'relu', 'relu', '')
    """
    if isinstance(activation, str):
        return activation if activation in ACTIVATIONS else ""
    return next((n for n, f in ACTIVATIONS.items() if activation is f or activation is getattr(Value, n, f)), "")


def sigma_of(neurons: Sequence[Any], who: str, layer: int) -> Activation:
    """The σ that all neurons of a layer compute with, whatever it is called.

    Raises AutogradValueError where they have different ones: a hand formula has one for a layer.

    >>> from nn import Layer
    >>> known_as(sigma_of(Layer(2, 3, "relu").neurons, "grade", 1))
    'relu'
    """
    kinds: dict[object, Activation] = {known_as(n.sigma) or n.sigma: n.sigma for n in neurons}
    if len(kinds) > 1:
        raise AutogradValueError(
            f"{who}: the neurons of layer {layer} have different σ, {' and '.join(map(name_of, kinds))}; the hand"
            " formulas have one for each layer"
        )
    return next(iter(kinds.values()))


def record_of(activation: object) -> ActivationRecord | None:
    """What is known of the activation that is called so; None where nothing is.

    >>> record_of(autograd.relu) is record_of("relu"), record_of(abs)
    (True, None)
    """
    return ACTIVATION_RECORDS.get(name_of(activation))
