"""Finite differences: a derivative measured from outside, to check the chain rule with.

Symbols: h the step, D(h) = (f(x+h) − f(x−h)) / 2h the central difference, whose error is a
series in h²; combining steps h, h/2, h/4, … cancels the series term by term.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .errors import AutogradTypeError, AutogradValueError, GradientMismatch
from .forward import MODES, jvp
from .gradient import grad
from .graph import dependents, recompute, toposort
from .recording import no_grad, number, remembering
from .value import Value


class Difference(NamedTuple):
    """A finite difference and how far it can be trusted.

    value    the estimate of the derivative
    error    an estimate of its absolute error, rounding included
    """

    value: float
    error: float

    @property
    def resolvable(self) -> bool:
        """Whether the estimate has at least three digits of its own.

        >>> Difference(1.0, 1e-9).resolvable, Difference(1e-18, 1e-11).resolvable
        (True, False)
        """
        return self.error <= 1e-3 * abs(self.value)

    def agrees(self, derivative: float) -> bool:
        """Whether a derivative lies within ten times the error estimate; an infinite one refutes nothing.

        >>> Difference(1.0, 1e-9).agrees(1.0 + 5e-9), Difference(1.0, 1e-9).agrees(1.1)
        (True, False)
        >>> Difference(math.nan, math.inf).agrees(1.0)
        True
        """
        return self.error == math.inf or abs(derivative - self.value) <= 10 * self.error


def difference(f: Callable[[float], float], x: float, step: float = 0.0) -> Difference:
    """The derivative of f at x from its values alone, with an error estimate.

    f       float -> float
    x       the point
    step    the first step; by default 2⁻⁴ of the larger of |x| and 1, and finer ones where f is
            too rough for that

    Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering
    Software 4 (1982): polynomial extrapolation to h = 0, stopped where rounding takes over.
    At a kink, where the slopes from left and right differ, at a jump, and where f is not
    finite, the error is inf.

    >>> slope = difference(math.exp, 0.0)
    >>> abs(slope.value - 1.0) < 1e-11, slope.agrees(1.0), slope.agrees(1.0001)
    (True, True, False)
    >>> difference(abs, 0.0).resolvable
    False
    """
    if step:
        return _ridders(f, x, step)
    middle, tried = abs(f(x)), []
    for h in _steps(x):
        tried.append(_ridders(f, x, h))
        if tried[-1].resolvable or tried[-1].error <= 1e-9 * middle:  # the slope may be 0
            return tried[-1]
    return tried[0]  # a finer step that resolves nothing knows less, however flat a rounded f is there


def _steps(x: float) -> list[float]:
    """Where the first is too coarse, as for sin(10⁶ x), the next is 2¹² times finer."""
    return [0.0625 * max(abs(x), 1.0) * 2.0**-k for k in (0, 12, 24)]


def _ridders(f: Callable[[float], float], x: float, step: float) -> Difference:
    h, middle = step, f(x)
    best = Difference(math.nan, math.inf)
    above: list[float] = []
    rises = []  # from left to right
    gaps = []  # between the slopes from right and left
    rounding = 0.0
    for _ in range(9):
        right, left = f(x + h), f(x - h)
        rises.append(abs(right - left))
        gaps.append(abs((right - middle) - (middle - left)) / h)
        rounding = 2.0**-50 * (abs(right) + abs(left) + abs(middle)) / h
        row = [(right - left) / ((x + h) - (x - h))]
        for k, previous in enumerate(above, 1):
            row.append(row[-1] + (row[-1] - previous) / (4.0**k - 1.0))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - previous), rounding)
            if error < best.error:
                best = Difference(row[-1], error)
        above = row
        h *= 0.5
    # A smooth function's rise and gap shrink with h, here 16 times; a jump's and a kink's stay.
    # (The last h is 2h here.)
    kink = gaps[-1] > 0.5 * gaps[-5] and gaps[-1] > 1000 * rounding
    jump = rises[-1] > 0.5 * rises[-5] and rises[-1] > 1000 * rounding * 2 * h
    if kink or jump:
        return Difference(best.value, math.inf)
    return best


def difference_in_graph(y: Value, x: Value) -> Difference:
    """∂y/∂x of a recorded graph, by recomputing y with other data in x; nothing is modified.

    y    the output
    x    a leaf or an interior node; an interior node is moved as if it were a leaf

    >>> x = Value(2.0); u = x * x; y = u.exp()
    >>> difference_in_graph(y, u).agrees(math.exp(4.0))
    True
    """
    for v in (y, x):
        if not isinstance(v, Value):
            raise AutogradTypeError(f"difference_in_graph(y, x) takes two Values, and was given {v!r}")
    order = toposort(y)
    above = dependents(order, [x])
    path = [node for node in order if node in above]
    if y not in above:
        return Difference(0.0, 0.0)
    return difference(lambda data: recompute(path, {x: data})[y], x.data)


def check_grads(f: Callable[..., Any], *xs: float, order: int = 2, mode: str = "reverse") -> int:
    """Compare the derivatives of f at a point with finite differences, to second order.

    f        a function of Values that returns a Value
    xs       the point, one number per argument
    order    1: the gradient only; 2: the Hessian as well
    mode     "reverse": those of grad; "forward": those of jvp, in the direction of each argument

    Returns how many derivatives were compared.  Raises GradientMismatch that names the first
    wrong derivative, and AutogradValueError where finite differences resolve none of them (a kink).

    >>> check_grads(lambda x, y: (x * y).tanh(), 0.3, 0.7)
    6
    """
    if not callable(f):
        raise AutogradTypeError(f"check_grads(f, *xs) takes a function of Values and a point, and was given {f!r} as f")
    if order not in (1, 2):
        raise AutogradValueError(f"check_grads compares to order 1 or 2, and was given order={order!r}")
    if mode not in MODES:
        raise AutogradValueError(f"check_grads: mode is one of {', '.join(MODES)}, and was given as {mode!r}")
    derive = grad if mode == "reverse" else _forward
    point = [number(x, "check_grads") for x in xs]
    if not point:
        raise AutogradValueError("check_grads needs the point: one number per argument of f")

    def value(*data: float) -> float:
        with no_grad():
            return _output(f, [Value(d) for d in data]).data

    def slopes(*data: float) -> list[Value]:
        leaves = [Value(d) for d in data]
        with remembering():
            return derive(_output(f, leaves), leaves)

    compared = _compare(value, [g.data for g in slopes(*point)], point, "f")
    if order == 2:
        for i in range(len(point)):
            leaves = [Value(d) for d in point]
            with remembering():
                row = derive(derive(_output(f, leaves), leaves)[i], leaves)
            second = [h.data for h in row]
            compared += _compare(lambda *data, i=i: slopes(*data)[i].data, second, point, f"∂f/∂x{i + 1}")
    if not compared:
        raise AutogradValueError(
            f"finite differences resolve no derivative of f at {tuple(point)}: is there a kink or a pole?"
        )
    return compared


def _forward(y: Value, xs: list[Value]) -> list[Value]:
    return [jvp(y, x, 1.0)[0] for x in xs]


def _compare(f: Callable[..., float], derivatives: Sequence[float], point: Sequence[float], name: str) -> int:
    compared = 0
    for i, derivative in enumerate(derivatives):

        def along(x: float, i: int = i) -> float:
            return f(*point[:i], x, *point[i + 1 :])

        measured = difference(along, point[i])
        if not measured.agrees(derivative):  # a finer step that contradicts has the last word
            finer = [difference(along, point[i], h) for h in _steps(point[i])[1:]]
            measured = next((d for d in finer if d.resolvable and _contradict(d, measured)), measured)
        if not measured.agrees(derivative):
            raise GradientMismatch(
                f"∂({name})/∂x{i + 1} at {tuple(point)}: the graph gives {derivative!r},"
                f" finite differences {measured.value!r} ± {measured.error:.1g}"
            )
        compared += math.isfinite(measured.error)
    return compared


def _contradict(a: Difference, b: Difference) -> bool:
    return abs(a.value - b.value) > 10 * (a.error + b.error)


def _output(f: Callable[..., Any], leaves: list[Value]) -> Value:
    y = f(*leaves)
    if not isinstance(y, Value):
        raise AutogradTypeError(
            f"f must return a Value, and returned {y!r}; compute with autograd's functions, not math's"
        )
    return y
