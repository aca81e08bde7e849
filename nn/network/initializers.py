"""Where the weights start: each initialiser draws one θ from a generator of its own.

The variance that keeps u and δ of one size from layer to layer depends on the number of
inputs (fan_in) and outputs (fan_out) of a layer, and on the activation.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TypeAlias

from .activations import record_of
from .choosing import chosen

Initializer: TypeAlias = Callable[[random.Random, int, int], float]


def xavier(generator: random.Random, fan_in: int, fan_out: int) -> float:
    """Uniform in ±√(6 / (fan_in + fan_out)), for tanh, sigmoid and linear neurons.

    Glorot & Bengio, Understanding the difficulty of training deep feedforward neural
    networks (2010), equation 16.

    >>> abs(xavier(random.Random(0), 3, 3)) <= 1.0
    True
    """
    bound = math.sqrt(6.0 / (fan_in + fan_out))
    return generator.uniform(-bound, bound)


def he(generator: random.Random, fan_in: int, fan_out: int) -> float:
    """Normal with variance 2 / fan_in, for relu and its relatives.

    He et al., Delving Deep into Rectifiers (2015), equation 10.

    >>> he(random.Random(0), 2, 9) == random.Random(0).gauss(0.0, 1.0)
    True
    """
    return generator.gauss(0.0, math.sqrt(2.0 / fan_in))


def uniform(generator: random.Random, fan_in: int, fan_out: int) -> float:
    """Uniform in ±1, whatever the layer: the plain start of many a first lecture.

    >>> -1 <= uniform(random.Random(0), 2, 2) <= 1
    True
    """
    return generator.uniform(-1.0, 1.0)


def zeros(generator: random.Random, fan_in: int, fan_out: int) -> float:
    """Zero: every neuron of a layer then stays like its neighbours, which is worth seeing once.

    >>> zeros(random.Random(0), 2, 2)
    0.0
    """
    return 0.0


uniform_weights, zero_weights = uniform, zeros  # telling names, where no module says what they are of
INITIALIZERS: dict[str, Initializer] = {"xavier": xavier, "he": he, "uniform": uniform, "zeros": zeros}


def initializer_for(initializer: str | Initializer | None, activation: object) -> Initializer:
    """The initialiser of that name; for None the one that fits the activation, a name or a function.

    Raises AutogradValueError for an unknown name.

    >>> initializer_for(None, "relu").__name__, initializer_for(None, "tanh").__name__
    ('he', 'xavier')
    """
    if initializer is None:
        record = record_of(activation)
        return INITIALIZERS[record.initializer] if record else xavier
    return initializer if callable(initializer) else chosen("initializer", initializer, INITIALIZERS, "a function")
