"""Networks in the lecture's symbols, and the hand-derived formulas that check their gradients.

>>> from nn import MLP, squared_error
>>> net = MLP(2, [3, 1], seed=0)
>>> err = squared_error(net([1.0, -1.0]), 0.5)
>>> err.backward(); net.layers[1].neurons[0].delta != 0
True
"""

from typing import TYPE_CHECKING

from .network.activations import ACTIVATIONS, linear
from .network.initializers import INITIALIZERS, he, uniform, uniform_weights, xavier, zero_weights, zeros
from .network.losses import (
    LOSSES,
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    hinge,
    mean_squared_error,
    squared_error,
)
from .network.modules import MLP, ForwardPass, Layer, Module, Neuron
from .training.history import Epoch, History
from .training.loop import fit
from .training.optimizers import OPTIMIZERS, SGD, Adam, Optimizer, clip_grad_norm, clip_grad_value
from .training.predicting import accuracy, predict

if TYPE_CHECKING:
    from .bridges.certified import certify_torch
    from .bridges.pytorch import from_torch, to_torch
    from .certifying.certificate import certify, certify_graph
    from .certifying.report import BatchCertificate, Certificate
    from .diagnosing.diagnosis import Watch, compare, compare_diagnoses, diagnose
    from .grading.graded import grade
    from .models.model import Model, Scales
    from .page.playground import play
    from .proving.proof import Proof, prove, prove_exactly
    from .sheets.marking import grade_sheet
    from .sheets.marks import Marks
    from .sheets.worksheet import Worksheet, worksheet

# What teaches is loaded when it is asked for, so that training starts at once.
_LATER = {
    "bridges.certified": ("certify_torch",),
    "bridges.pytorch": ("from_torch", "to_torch"),
    "certifying.certificate": ("certify", "certify_graph"),
    "certifying.report": ("BatchCertificate", "Certificate"),
    "diagnosing.diagnosis": ("Watch", "compare", "compare_diagnoses", "diagnose"),
    "grading.graded": ("grade",),
    "models.model": ("Model", "Scales"),
    "page.playground": ("play",),
    "proving.proof": ("Proof", "prove", "prove_exactly"),
    "sheets.marking": ("grade_sheet",),
    "sheets.marks": ("Marks",),
    "sheets.worksheet": ("Worksheet", "worksheet"),
}

if not TYPE_CHECKING:  # which knows them from above, and would believe in any name

    def __getattr__(name: str) -> object:
        for module, names in _LATER.items():
            if name in names:
                from importlib import import_module

                return getattr(import_module(f".{module}", __name__), name)
        raise AttributeError(f"module 'nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Everything that can be asked for, what is loaded later included."""
    return sorted({*globals(), *__all__})


__all__ = [
    "Marks", "Worksheet", "grade_sheet", "worksheet",
    "Proof", "Watch", "compare", "compare_diagnoses", "diagnose", "grade", "play", "prove", "prove_exactly",
    "BatchCertificate", "Certificate", "Model", "Scales", "certify", "certify_graph", "certify_torch", "from_torch",
    "to_torch",
    "ACTIVATIONS", "INITIALIZERS", "LOSSES", "OPTIMIZERS", "MLP", "SGD", "Adam", "Epoch", "ForwardPass",
    "History", "Layer", "Module", "Neuron", "Optimizer", "accuracy", "binary_cross_entropy",
    "clip_grad_norm", "clip_grad_value", "cross_entropy", "fit", "half_squared_error", "he", "hinge", "linear",
    "mean_squared_error", "predict", "squared_error", "uniform", "uniform_weights", "xavier", "zero_weights", "zeros",
]  # fmt: skip
