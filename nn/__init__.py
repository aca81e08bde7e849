"""Networks in the lecture's symbols, and the hand-derived formulas that check their gradients.

>>> from nn import MLP, squared_error
>>> net = MLP(2, [3, 1], seed=0)
>>> err = squared_error(net([1.0, -1.0]), 0.5)
>>> err.backward(); net.layers[1].neurons[0].delta != 0
True
"""

from .initializers import INITIALIZERS, he, uniform, xavier, zeros
from .losses import (
    LOSSES,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    mean_squared_error,
    squared_error,
)
from .modules import ACTIVATIONS, MLP, ForwardPass, Layer, Module, Neuron, linear

__all__ = [
    "ACTIVATIONS", "INITIALIZERS", "LOSSES", "MLP", "ForwardPass", "Layer", "Module", "Neuron",
    "binary_cross_entropy", "cross_entropy", "he", "hinge", "linear", "mean_squared_error",
    "squared_error", "uniform", "xavier", "zeros",
]  # fmt: skip
