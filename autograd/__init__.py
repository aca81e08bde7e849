"""A scalar automatic-differentiation engine that explains backpropagation.

>>> from autograd import Value
>>> x = Value(0.5, "x"); y = (2 * x + 1).tanh()
>>> y.backward(); x.grad
0.1413016497063289
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from .teaching.debugging import debug
from .value import Value, no_grad

if TYPE_CHECKING:
    from . import drawing as drawing
    from . import expression as expression
    from .drawing import Drawing
    from .drawing.marks import Highlight
    from .drawing.page.explorer import Page
    from .teaching import events as events
    from .teaching import explanation as explanation
    from .teaching import paths as paths
    from .teaching.events import Recording
    from .teaching.explanation import Explanation


def draw(
    value: Value,
    *,
    level: str | None = None,
    direction: str = "LR",
    theme: str = "light",
    expand: bool = False,
    clusters: bool = False,
    force: bool = False,
    highlight: Highlight = None,
) -> Drawing:
    """A picture of everything that a Value was computed from, with gradients once backward() has run.

    level      "cards": value, gradient, and upstream × local on every edge; "pills": one line for
               each node; "summary": one box for each kind of node; None: by the size of the graph
    direction  "LR" left to right, "TB" top to bottom
    theme      "light" or "dark"
    expand     show each Σ, a weighted sum in one node, as the products and the sum that it is
    clusters   in pills, frame what belongs to one neuron
    force      draw each node of more than 1000
    highlight  what stands out: a Value, or several Values and pairs (operand, result), such as
               explain(y, x).edges; its border is heavy, and lines beside it are dotted

    A notebook shows the result; elsewhere `.save("neuron.svg")` writes it (.png, .pdf, .gv), and
    `.svg()` and `.dot` are its text.

    >>> x = Value(2.0, "x"); y = x * x; y.backward()
    >>> "∂f/∂x" in draw(y).dot
    True
    """
    from .drawing import draw  # here, so that importing autograd loads the core alone

    return draw(
        value,
        level=level,
        direction=direction,
        theme=theme,
        expand=expand,
        clusters=clusters,
        force=force,
        highlight=highlight,
    )


def explore(y: Value, *, theme: str | None = None, direction: str = "LR", level: str | None = None) -> Page:
    """A page to step through both passes of y, and to change its leaves and see what follows.

    theme      "light" or "dark" to begin with; None: what the reader's system prefers
    direction  "LR" left to right, "TB" top to bottom
    level      "cards": with the chain rule on every edge; "pills": a line for each node; None: by size

    A notebook shows the result; elsewhere `.save("page.html")` writes it for a browser.  At most
    300 nodes; no `.grad` is read or changed.

    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> explore((w * x).tanh()).html[:15]
    '<!DOCTYPE html>'
    """
    from .drawing.page.explorer import explore

    return explore(y, theme=theme, direction=direction, level=level)


def explain(y: Value, x: Value, top: int = 10) -> Explanation:
    """∂y/∂x as the sum over its paths: how many, which matter most, and how much they cancel.

    y    the Value that is differentiated
    x    the Value by which: a leaf, or an interior node such as a neuron's u
    top  how many paths to list, the largest |product| first

    Print the result, or ask for its `.paths`, `.count`, `.gradient`, `.cancellation`, `.latex()`;
    `.draw()` shows the listed paths in the picture of y.
    No `.grad` is read or changed.

    >>> x = Value(3.0, "x"); y = x * x
    >>> explain(y, x).count
    2
    """
    from .teaching.explanation import explain

    return explain(y, x, top)


def record(y: Value) -> Recording:
    """The forward and the backward pass of y as events, to step through; no `.grad` is read or changed.

    Print the result for all events, or walk through them:

    .step(), .step(-1)   one event further, one back; it is returned
    .jump(9)             to just after event 9; 0 is the start
    .run(until="w")      to the next event that concerns a node (a Value, its name, or a condition)
    .values, .gradients  what every node holds by then
    .contributions("w")  what adds up to ∂f/∂w
    .why()               why in this order, and why +=
    .attempts()          what other orders would have given

    >>> x = Value(3.0, "x"); y = x * x
    >>> print(record(y).contributions(x)[0])
    ∂f/∂x += ∂f/∂f · ∂f/∂x = 1.00 × 3.00 = 3.00   (0 → 3.00)
    """
    from .teaching.events import record

    return record(y)


_LATER = {
    "drawing": "drawing", "expression": "expression",
    **{name: f"teaching.{name}" for name in ("debugging", "events", "explanation", "orders", "paths")},
}  # fmt: skip

if not TYPE_CHECKING:  # which knows them from above, and would believe in any name

    def __getattr__(name: str) -> object:
        """Submodules that importing autograd leaves out: autograd.events is loaded when it is asked for."""
        if name not in _LATER:
            raise AttributeError(f"module 'autograd' has no attribute {name!r}")
        from importlib import import_module

        return import_module(f".{_LATER[name]}", __name__)


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
