"""A scalar automatic-differentiation engine that explains backpropagation.

>>> from autograd import Value
>>> x = Value(0.5, "x"); y = (2 * x + 1).tanh()
>>> y.backward(); x.grad
0.1413016497063289
"""

from .check import Difference, check_grads, difference, difference_in_graph
from .errors import (
    AutogradError,
    AutogradTypeError,
    AutogradValueError,
    GradientMismatch,
    MissingDependency,
)
from .functions import (
    abs, acos, add, asin, atan, cos, cosh, div, elu, erf, exp, expm1, fsum, function, gelu, hypot,
    leaky_relu, log, log1p, logsumexp, maximum, minimum, mul, neg, pow, relu, sigmoid, sign, silu,
    sin, sinh, softplus, sqrt, step, sub, sumprod, tan, tanh, where,
)  # fmt: skip
from .gradient import grad, hessian
from .graph import toposort
from .ops import TABLE, Op, add_row
from .value import Value, no_grad


__all__ = [
    "TABLE", "AutogradError", "AutogradTypeError", "AutogradValueError", "Difference",
    "GradientMismatch", "MissingDependency", "Op", "Value", "abs", "acos", "add", "add_row", "asin", "atan", "check_grads",
    "cos", "cosh", "difference", "difference_in_graph", "div", "elu", "erf", "exp", "expm1",
    "fsum", "function", "gelu", "grad", "hessian", "hypot", "leaky_relu", "log", "log1p",
    "logsumexp", "maximum", "minimum", "mul", "neg", "no_grad", "pow", "relu", "sigmoid", "sign",
    "silu", "sin", "sinh", "softplus", "sqrt", "step", "sub", "sumprod", "tan", "tanh",
    "toposort", "where",
]  # fmt: skip
