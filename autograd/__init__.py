"""A scalar automatic-differentiation engine that explains backpropagation.

>>> from autograd import Value
>>> x = Value(0.5, "x"); y = (2 * x + 1).tanh()
>>> y.backward(); x.grad
0.1413016497063289
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .check import Difference, check_grads, difference, difference_in_graph
from .debugging import debug
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
from .functions import (
    abs,
    acos,
    add,
    asin,
    atan,
    cos,
    cosh,
    div,
    elu,
    erf,
    exp,
    expm1,
    fsum,
    function,
    gelu,
    hypot,
    leaky_relu,
    log,
    log1p,
    logsumexp,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    step,
    sub,
    sumprod,
    tan,
    tanh,
    where,
)  # fmt: skip
from .gradient import grad, hessian
from .graph import toposort
from .lowering import lower, trace
from .ops import TABLE, Op, add_row
from .value import Value, no_grad

if TYPE_CHECKING:
    from .drawing import Drawing
    from .drawing.explorer import Page
    from .events import Recording
    from .explanation import Explanation


def draw(
    value: Value,
    *,
    level: str | None = None,
    direction: str = "LR",
    theme: str = "light",
    expand: bool = False,
    clusters: bool = False,
    force: bool = False,
) -> Drawing:
    """A picture of everything that a Value was computed from; see autograd.drawing.draw.

    >>> x = Value(2.0, "x"); y = x * x; y.backward()
    >>> "∂f/∂x" in draw(y).dot
    True
    """
    from .drawing import draw  # here, so that importing autograd loads the core alone

    return draw(value, level=level, direction=direction, theme=theme, expand=expand, clusters=clusters, force=force)


def explore(y: Value, *, theme: str | None = None, direction: str = "LR", level: str | None = None) -> Page:
    """A page to step through both passes of y, and to change its leaves; see autograd.drawing.explorer.explore.

    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> explore((w * x).tanh()).html[:15]
    '<!DOCTYPE html>'
    """
    from .drawing.explorer import explore

    return explore(y, theme=theme, direction=direction, level=level)


def explain(y: Value, x: Value, top: int = 10) -> Explanation:
    """∂y/∂x as the sum over its paths, the `top` largest of them listed; see autograd.explanation.explain.

    >>> x = Value(3.0, "x"); y = x * x
    >>> explain(y, x).count
    2
    """
    from .explanation import explain

    return explain(y, x, top)


def record(y: Value) -> Recording:
    """The forward and the backward pass of y as events, to step through; see autograd.events.record.

    >>> x = Value(3.0, "x"); y = x * x
    >>> print(record(y).contributions(x)[0])
    ∂f/∂x += ∂f/∂f · ∂f/∂x = 1.00 × 3.00 = 3.00   (0 → 3.00)
    """
    from .events import record

    return record(y)


__all__ = [
    "TABLE", "AutogradError", "AutogradTypeError", "AutogradValueError", "BackwardMistake",
    "Difference", "GradientMismatch", "LoweringError", "MissingDependency", "NotFinite", "Op",
    "Value", "abs", "acos", "add", "add_row", "asin", "atan", "check_grads", "cos", "cosh",
    "debug", "difference", "difference_in_graph", "div", "draw", "elu", "erf", "exp", "explain",
    "explore", "expm1", "fsum", "function", "gelu", "grad", "hessian", "hypot", "leaky_relu",
    "log", "log1p", "logsumexp", "lower", "maximum", "minimum", "mul", "neg", "no_grad", "pow",
    "record", "relu", "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "sqrt", "step",
    "sub", "sumprod", "tan", "tanh", "toposort", "trace", "where",
]  # fmt: skip
