"""The operations as functions: on Values they give a Value, on plain numbers a float.

Made from the rows of the table; names and argument order are those of the standard
`math` module where it has the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, overload

from .errors import AutogradTypeError, AutogradValueError
from .ops import TABLE, Op, try_rule
from .recording import number
from .value import Number, Real, Value, core, literal, node_of


class Unary(Protocol):
    """The type of a function of one operand."""

    @overload
    def __call__(self, x: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, /) -> float: ...


class Binary(Protocol):
    """The type of a function of two operands."""

    @overload
    def __call__(self, x: Value, y: Number, /) -> Value: ...
    @overload
    def __call__(self, x: Number, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: Real, y: Real, /) -> float: ...


def apply(row: Op, operands: Iterable[Any]) -> Any:
    """Apply a row: a Value if an operand is one, else a float.

    >>> apply(TABLE["mul"], [2, 3]), apply(TABLE["mul"], [Value(2.0), 3]).data
    (6.0, 6.0)
    """
    xs = tuple(operands)
    for x in xs:
        if isinstance(x, Value):
            return node_of(row, tuple([x if isinstance(x, Value) else literal(x, row.name) for x in xs]))
    return row.function(*[number(x, row.name) for x in xs])


def caller(row: Op) -> Callable[..., Any]:
    """The row as a function that counts its operands.

    >>> caller(TABLE["mul"])(2, 3)
    6.0
    """
    arity = row.arity

    def call(*operands: Any) -> Any:
        if arity is not None and len(operands) != arity:
            raise AutogradTypeError(f"{row.name} takes {arity} operand(s), and was given {len(operands)}")
        return apply(row, operands)

    return call


ONE = literal(1.0)  # the bias's input


def weighted_sum(theta: Iterable[Value], bias: Value | None, inputs: Iterable[Value], label: str) -> Value:
    """u = Σ θ·o (+ bias) as one node: what a neuron computes.

    >>> weighted_sum([Value(2.0)], Value(1.0), [Value(3.0)], "u").data
    7.0
    """
    u = node_of(TABLE["sumprod"], (*theta, *inputs) if bias is None else (*theta, bias, *inputs, ONE))
    u.label = label
    return u


if not TYPE_CHECKING and core == "compiled":  # the same in C
    from ._core import apply, caller, weighted_sum  # noqa: F401


def function_of_row(row: Op) -> Callable[..., Any]:
    """The function of a row, taking one argument per operand.

    Raises AutogradTypeError for a rule that does not return a tuple with one partial derivative per
    operand.  Calling the function raises AutogradTypeError for another number of operands, or for an operand that is
    neither a Value nor a real number.

    >>> cube = function_of_row(Op("cube", lambda x: x * x * x, lambda o, x: (3.0 * x * x,)))
    >>> x = Value(2.0); y = cube(x); y.backward()
    >>> cube(2), y.data, x.grad
    (8.0, 8.0, 12.0)
    """
    if not isinstance(row, Op):
        raise AutogradTypeError(f"function_of_row takes an Op, and was given {row!r}; write Op(name, function, rule)")
    try_rule(row)
    call = caller(row)
    call.__name__ = call.__qualname__ = row.name
    call.__doc__ = row.function.__doc__
    # Where pickle finds it by its name; one's own stands beside its rule.
    call.__module__ = __name__ if row.rule.__module__ == Op.__module__ else row.rule.__module__
    return call


function = function_of_row  # its name before it had a telling one


ROWS: dict[str, Callable[..., Any]] = {name: function_of_row(row) for name, row in TABLE.items()}


def _of_one(name: str) -> Unary:
    return ROWS[name]


def _of_two(name: str) -> Binary:
    return ROWS[name]


exp, expm1, exp2, log, log1p, log2, log10 = map(_of_one, ["exp", "expm1", "exp2", "log", "log1p", "log2", "log10"])
sqrt, cbrt, sin, cos, tan, asin, acos, atan = map(
    _of_one, ["sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan"]
)
sinh, cosh, asinh, acosh, atanh = map(_of_one, ["sinh", "cosh", "asinh", "acosh", "atanh"])
tanh, sigmoid, relu, softplus, gelu, silu, softsign, erf, erfc = map(
    _of_one, ["tanh", "sigmoid", "relu", "softplus", "gelu", "silu", "softsign", "erf", "erfc"]
)
abs, sign, step, floor, ceil, trunc = map(_of_one, ["abs", "sign", "step", "floor", "ceil", "trunc"])
div, pow, maximum, minimum = map(_of_two, ("div", "pow", "maximum", "minimum"))
atan2, copysign, fmod = map(_of_two, ("atan2", "copysign", "fmod"))
mod, floordiv = map(_of_two, ("mod", "floordiv"))


def add(x: Any, y: Any) -> Any:
    """Sum x + y.

    >>> add(2, 3)
    5.0
    """
    return apply(TABLE["add"], (x, y))


def sub(x: Any, y: Any) -> Any:
    """Difference x − y.

    >>> sub(2, 3)
    -1.0
    """
    return apply(TABLE["sub"], (x, y))


def mul(x: Any, y: Any) -> Any:
    """Product x · y.

    >>> mul(2, 3)
    6.0
    """
    return apply(TABLE["mul"], (x, y))


def neg(x: Any) -> Any:
    """Opposite −x.

    >>> neg(2)
    -2.0
    """
    return apply(TABLE["neg"], (x,))


def leaky_relu(x: Any, slope: Any = 0.01) -> Any:
    """x above 0, slope·x below; differentiable in both.

    >>> leaky_relu(-2.0), leaky_relu(-2.0, 0.25)
    (-0.02, -0.5)
    """
    return apply(TABLE["leaky_relu"], (x, slope))


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """x above 0, alpha·(eˣ − 1) below; differentiable in both.

    >>> elu(2.0), elu(Value(-1.0), 0.5).data
    (2.0, -0.31606027941427883)
    """
    return apply(TABLE["elu"], (x, alpha))


def round(x: Any, digits: Any = 0.0) -> Any:
    """x to so many decimal digits, a half to the even side; its slope is 0.

    >>> round(2.5), round(Value(3.14159), 2).data
    (2.0, 3.14)
    """
    return apply(TABLE["round"], (x, digits))


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition is true, else y; the other one gets a gradient of zero.

    Both are computed, and that does no harm: no nan or inf of the branch that was not taken
    reaches the gradient.

    >>> x = Value(0.0); y = where(x > 0, x.sqrt(), 0.0); y.backward()
    >>> y.data, x.grad
    (0.0, 0.0)
    """
    return apply(TABLE["where"], (condition, x, y))


def hypot(*xs: Any) -> Any:
    """√(Σ x²) of any number of operands, without overflow on the way; slope 0 at the origin.

    >>> hypot(3.0, 4.0), hypot()
    (5.0, 0.0)
    """
    return apply(TABLE["hypot"], xs)


def fsum(xs: Iterable[Any]) -> Any:
    """Σ x, correctly rounded, in any order of the operands; unlike `math.fsum` it never raises.

    >>> fsum([1e308, 1e308, -1e308]), fsum([Value(0.1)] * 10).data
    (1e+308, 1.0)
    """
    return apply(TABLE["fsum"], _operands("fsum", xs))


def sumprod(p: Iterable[Any], q: Iterable[Any]) -> Any:
    """Σ pᵢ·qᵢ in plain double arithmetic from left to right, the same bits on every target.

    The error is at most n·u·Σ|pᵢ·qᵢ|, u = 2⁻⁵³.  Raises AutogradValueError where the lengths differ.

    >>> sumprod([1, 2], [3, 4]), sumprod([Value(1.0), 2.0], [3.0, 4.0]).data
    (11.0, 11.0)
    """
    p, q = _operands("sumprod", p), _operands("sumprod", q)
    if len(p) != len(q):
        raise AutogradValueError(f"sumprod pairs its operands, and was given {len(p)} and {len(q)} of them")
    return apply(TABLE["sumprod"], p + q)


def logsumexp(xs: Iterable[Any]) -> Any:
    """log Σ exp(x) without overflow; its gradient is the softmax.  Of no operands it is −inf.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return apply(TABLE["logsumexp"], _operands("logsumexp", xs))


def softmax(xs: Iterable[Any]) -> list[Any]:
    """The shares exp(x) / Σ exp(xs) of every x, without overflow; they add up to 1.

    For the loss of a classifier take `nn.cross_entropy` of the logits, which keeps the digits that log p loses.

    >>> softmax([1000.0, 1000.0]), [p.data for p in softmax([Value(0.0), -1000.0])]
    ([0.5, 0.5], [1.0, 0.0])
    """
    xs = _operands("softmax", xs)
    return [apply(TABLE["softmax"], (x, *xs[:i], *xs[i + 1 :])) for i, x in enumerate(xs)]


def _operands(name: str, xs: Iterable[Any]) -> tuple[Any, ...]:
    try:
        return tuple(xs)
    except TypeError:
        raise AutogradTypeError(f"{name} takes a list of operands, and was given {xs!r}") from None
