"""A scalar automatic-differentiation engine that explains backpropagation.

>>> from autograd import Value
>>> x = Value(0.5, "x"); y = (2 * x + 1).tanh()
>>> y.backward(); x.grad
0.1413016497063289
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from . import copies, hooks
from .check import Difference, check_grads, difference, difference_in_graph
from .errors import (
    AutogradError,
    AutogradTypeError,
    AutogradValueError,
    BackwardMistake,
    GradientMismatch,
    LoweringError,
    MissingDependency,
    NotFinite,
)
from .forward import hvp, jacobian, jvp
from .functions import abs as abs
from .functions import (
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    ceil,
    copysign,
    cos,
    cosh,
    div,
    elu,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    floordiv,
    fmod,
    fsum,
    function,
    function_of_row,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    logsumexp,
    maximum,
    minimum,
    mod,
    mul,
    neg,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softmax,
    softplus,
    softsign,
    sqrt,
    step,
    sub,
    sumprod,
    tan,
    tanh,
    trunc,
    where,
)
from .functions import pow as pow
from .functions import round as round
from .gradient import grad, hessian, vjp
from .graph import toposort
from .ops import TABLE, Op, add_row
from .recording import no_grad
from .taking.entries import take
from .value import Value
from .value import core as core

if TYPE_CHECKING:
    from . import drawing as drawing
    from . import expression as expression
    from .drawing import Drawing, draw
    from .drawing.links import to_networkx
    from .drawing.page.explorer import explore
    from .lowering import compiled as compiled
    from .lowering import lower as lower
    from .lowering.trace import lower_function as lower_function
    from .lowering.trace import trace as trace
    from .numeric.derivatives import hessian_of, hvp_of, jacobian_of, value_and_grad
    from .teaching import debugging as debugging
    from .teaching import events as events
    from .teaching import explanation as explanation
    from .teaching import orders as orders
    from .teaching import paths as paths
    from .teaching.debugging import debug
    from .teaching.events import record
    from .teaching.explanation import explain

__version__ = "0.1.0"

# What teaches, draws, lowers or takes functions is loaded when asked for: a function, or a submodule by its short name.
_LATER = {
    "draw": "drawing", "explore": "drawing.page.explorer", "to_networkx": "drawing.links",
    "debug": "teaching.debugging", "explain": "teaching.explanation", "record": "teaching.events",
    "compiled": "lowering", "lower": "lowering", "lower_function": "lowering", "trace": "lowering",
    "value_and_grad": "numeric.derivatives", "jacobian_of": "numeric.derivatives",
    "hessian_of": "numeric.derivatives", "hvp_of": "numeric.derivatives",
}  # fmt: skip
_SUBMODULES = {
    "drawing": "drawing", "expression": "expression", "lowering": "lowering", "events": "teaching.events",
    "orders": "teaching.orders",
    "explanation": "teaching.explanation", "debugging": "teaching.debugging", "paths": "teaching.paths",
}  # fmt: skip

if not TYPE_CHECKING:  # which knows them from above, and would believe in any name

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _LATER:
            found = getattr(import_module(f".{_LATER[name]}", __name__), name)
        elif name in _SUBMODULES:
            found = import_module(f".{_SUBMODULES[name]}", __name__)
        else:
            raise AttributeError(f"module 'autograd' has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    hidden = ("abs", "pow", "round", "__version__", "__doc__", "__file__", "__name__", "__path__")
    return sorted({*__all__, *_SUBMODULES, *hidden})


def _display(value: Value) -> dict[str, str | bytes]:
    from .drawing import shown_in_notebook

    return shown_in_notebook(value)


def _draw(value: Value, **options: Any) -> Drawing:
    from .drawing import draw

    return draw(value, **options)


hooks.display.fill(_display)
hooks.draw.fill(_draw)
if sys.platform == "emscripten":  # Python as WebAssembly, in a page
    copies.release_by_loop(Value)


def _warn_of_shadowed_autograd() -> None:
    """Say so where HIPS autograd, whose package has the same name, is installed too."""
    for folder in dict.fromkeys([os.path.dirname(os.path.dirname(__file__)), *sys.path]):
        try:
            names = os.listdir(folder or ".")
        except OSError:  # a zip file, or a folder that is gone
            continue
        for name in names:  # importlib.metadata would do it in 30 ms; this takes one
            if name.startswith("autograd-") and name.endswith((".dist-info", ".egg-info")):
                warnings.warn(
                    f"HIPS autograd is installed beside deltagrad ({os.path.join(folder, name)}), and both are imported"
                    " as `autograd`: this one is deltagrad's, and autograd.numpy and the rest of HIPS autograd are"
                    " shadowed; give each an environment of its own",
                    stacklevel=3,
                )
                return


_warn_of_shadowed_autograd()

__all__ = [
    "AutogradError", "AutogradTypeError", "AutogradValueError", "BackwardMistake", "Difference", "GradientMismatch",
    "LoweringError", "MissingDependency", "NotFinite", "Op", "TABLE", "Value", "acos", "acosh", "add", "add_row",
    "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "check_grads", "compiled", "copysign", "cos", "cosh",
    "debug", "difference", "difference_in_graph", "div", "draw", "elu", "erf", "erfc", "exp", "exp2", "explain",
    "explore", "expm1", "floor", "floordiv", "fmod", "fsum", "function", "function_of_row", "gelu", "grad", "hessian",
    "hessian_of", "hvp", "hvp_of", "hypot", "jacobian", "jacobian_of", "jvp", "leaky_relu", "log", "log10", "log1p",
    "log2", "logsumexp", "lower", "lower_function", "maximum", "minimum", "mod", "mul", "neg", "no_grad", "record",
    "relu", "sigmoid", "sign", "silu", "sin", "sinh", "softmax", "softplus", "softsign", "sqrt", "step", "sub",
    "sumprod", "take", "tan", "tanh", "to_networkx", "toposort", "trace", "trunc", "value_and_grad", "vjp", "where",
]  # fmt: skip
