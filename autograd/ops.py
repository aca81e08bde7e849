"""The table of operations: one row each, and everything reads it.

A row is the function on floats and a rule: given the output o and the operands, the
partial derivative in every operand, written with the table's own operations.  `None`
says that the output does not depend on that operand, at any value.

Because a rule holds nothing but table operations, it can be read in two namespaces:
here its names are the functions on floats, so `Value.backward()` gets numbers; in
gradient.py the same code is run with the functions on Values, so `grad` gets a graph.
A rule never says `if`: a branch is an operation too.  It divides with `div`, since `/`
on floats raises, and never uses `**`.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

# isort: off
from .errors import AutogradTypeError, AutogradValueError
from .reals.activations import (
    elu, elu_slope, erf, erf_slope, erfc, gelu, gelu_slope, leaky_relu, leaky_relu_slope, normal_density, relu, sech2,
    sigmoid, sigmoid_slope, silu, silu_slope, softplus, softsign, softsign_slope, tanh,
)  # fmt: skip
from .reals.branches import (
    abs, ceil, copysign, floor, floordiv, fmod, ge, gt, larger, le, lt, maximum, minimum, mod, round, scatter, sign,
    step, take, trunc, where,
)  # fmt: skip
from .reals.elementary import (
    acos, acosh, asin, asin_slope, asinh, atan, atan_slope, atanh, atanh_slope, cos, cosh, div, exp, expm1, fsum,
    gated, log, log1p, log1p_slope, log2, log10, log10_slope, log_slope, sin, sinh, sqrt, sumprod, tan,
)  # fmt: skip
from .reals.powers import (
    atan2, atan2_slope, cbrt, div_slope, exp2, hypot, hypot_slope, pow, pow_dx, pow_dxx, pow_dxy, pow_dy, pow_dyy, ratio,
)  # fmt: skip
from .reals.shares import cross_entropy, logsumexp, softmax, softmax_rest, softmaxes
# isort: on

Rule = Callable[..., "tuple[Any, ...]"]
LOG2E, LN10 = 1.4426950408889634, 2.302585092994046  # 1 / log 2, log 10


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """One row of the table.

    name      what the operation is called in errors, programs and pickles
    function  operands as floats -> float; it must not raise
    rule      (o, *operands) -> one partial derivative per operand; None: no dependence
    symbol    how a picture shows it; by default its name, and f′ for f_slope
    singular  whether its value or slope can be inf or nan at finite operands: below a branch
              that was not taken, gradient graphs then mask it, see gradient.py
    selects   the operands of which it takes some and leaves the others: there a partial
              derivative of 0 means "not taken", and nothing is passed on, whatever stands
              beside it; any other 0 is a number, and 0·inf is nan
    arity     the number of operands; None: any number

    >>> TABLE["mul"].function(3.0, 4.0), TABLE["mul"].rule(12.0, 3.0, 4.0)
    (12.0, (4.0, 3.0))
    """

    name: str
    function: Callable[..., float]
    rule: Rule
    symbol: str = ""
    singular: bool = False
    selects: Container[int] = ()
    arity: int | None = field(init=False)

    def __post_init__(self) -> None:
        if not (self.name + self.symbol).isprintable():
            raise AutogradValueError(f"the name and the symbol of an operation are printable, unlike {self.name!r}")
        operands = list(inspect.signature(self.rule).parameters.values())[1:]
        variadic = any(p.kind is p.VAR_POSITIONAL for p in operands)
        object.__setattr__(self, "arity", None if variadic else len(operands))
        if not self.symbol:
            bare = self.name.removesuffix("_slope")
            object.__setattr__(self, "symbol", self.name if bare == self.name else f"{bare}′")

    def takes(self, operand: int, partial: float | None) -> bool:
        """Whether an operand, where its partial derivative is this, receives anything.

        >>> TABLE["relu"].takes(0, 0.0), TABLE["mul"].takes(0, 0.0), TABLE["sign"].takes(0, None)
        (False, True, False)
        """
        return partial is not None and (bool(partial) or operand not in self.selects)

    def __reduce__(self) -> tuple[Any, ...]:
        if TABLE.get(self.name) is not self:
            raise AutogradValueError(
                f"the operation {self.name!r} is not in the table, so a pickle could not find it again;"
                " enter it with add_row, in a module that the reader imports too"
            )
        return _row, (self.name,)


def _row(name: str) -> Op:
    """The row of that name: how a pickled graph finds its operations again."""
    try:
        return TABLE[name]
    except KeyError:
        raise AutogradValueError(
            f"this graph uses the operation {name!r}, which is not in the table;"
            " import the module that defines it, then load again"
        ) from None


def _halves_swapped(o: Any, *pq: Any) -> tuple[Any, ...]:
    """∂Σpᵢqᵢ/∂pᵢ = qᵢ, ∂Σpᵢqᵢ/∂qᵢ = pᵢ."""
    n = len(pq) // 2
    return pq[n:] + pq[:n]


def _hypot_rule(o: Any, *xs: Any) -> tuple[Any, ...]:
    """∂h/∂xᵢ = xᵢ/h, each as a row of its own, which stays right when differentiated."""
    return tuple(hypot_slope(x, *xs[:i], *xs[i + 1 :]) for i, x in enumerate(xs))


def _hypot_slope_rule(o: Any, x: Any, *others: Any) -> tuple[Any, ...]:
    """Of x/h: (h² − x²)/h³ without that cancellation, and −x·y/h³ for the others."""
    h, rest = hypot(x, *others), hypot(*others)
    return (ratio(rest, rest, h, 3.0), *(-ratio(x, y, h, 3.0) for y in others))


def _softmax_rule(o: Any, x: Any, *others: Any) -> tuple[Any, ...]:
    """p(1 − p) with 1 − p as a row of its own, and −p·q."""
    rest, (_, *shares) = softmax_rest(x, *others), softmaxes(x, *others)
    return (o * rest, *(-(o * q) for q in shares))


def _softmax_rest_rule(o: Any, x: Any, *others: Any) -> tuple[Any, ...]:
    p, *shares = softmaxes(x, *others)
    return (-(p * o), *(p * q for q in shares))


def _cross_entropy_rule(o: Any, target: Any, *others: Any) -> tuple[Any, ...]:
    """−(1 − p) for the target, as the others' share; p for the others."""
    return (-softmax_rest(target, *others), *softmaxes(target, *others)[1:])


_ROWS = (
    # arithmetic
    Op("add", operator.add, lambda o, x, y: (1.0, 1.0), "+"),
    Op("sub", operator.sub, lambda o, x, y: (1.0, -1.0), "−"),
    Op("mul", operator.mul, lambda o, x, y: (y, x), "×"),
    Op("div", div, lambda o, x, y: (div(1.0, y), div_slope(x, y)), "÷", singular=True),
    Op("div_slope", div_slope, lambda o, x, y: (div_slope(1.0, y), 2.0 * ratio(x, 1.0, y, 3.0)), singular=True),
    Op("neg", operator.neg, lambda o, x: (-1.0,), "−"),
    Op("pow", pow, lambda o, x, y: (pow_dx(x, y), pow_dy(x, y)), "^", singular=True),
    Op("pow_dx", pow_dx, lambda o, x, y: (pow_dxx(x, y), pow_dxy(x, y)), singular=True),
    Op("pow_dy", pow_dy, lambda o, x, y: (pow_dxy(x, y), pow_dyy(x, y)), singular=True),
    Op("pow_dxx", pow_dxx, lambda o, x, y: (y * pow_dxx(x, y - 1.0), pow_dx(x, y - 1.0) + y * pow_dxy(x, y - 1.0)), singular=True),
    Op("pow_dxy", pow_dxy, lambda o, x, y: (pow_dx(x, y - 1.0) + y * pow_dxy(x, y - 1.0), 2.0 * pow_dy(x, y - 1.0) + y * pow_dyy(x, y - 1.0)), singular=True),
    Op("pow_dyy", pow_dyy, lambda o, x, y: (2.0 * pow_dy(x, y - 1.0) + y * pow_dyy(x, y - 1.0), o * log(x)), singular=True),
    Op("ratio", ratio, lambda o, x, y, z, n: (ratio(y, 1.0, z, n), ratio(x, 1.0, z, n), -(n * ratio(x, y, z, n + 1.0)), None), singular=True),
    Op("sqrt", sqrt, lambda o, x: (div(0.5, o),), "√", singular=True),
    Op("cbrt", cbrt, lambda o, x: (div(1 / 3, o * o),), "∛", singular=True),
    # exponentials and logarithms
    Op("exp", exp, lambda o, x: (o,), singular=True),
    Op("expm1", expm1, lambda o, x: (exp(x),), singular=True),
    Op("exp2", exp2, lambda o, x: (pow_dy(2.0, x),), singular=True),
    Op("log", log, lambda o, x: (log_slope(x),), singular=True),
    Op("log_slope", log_slope, lambda o, x: (-(o * o),), singular=True),
    Op("log1p", log1p, lambda o, x: (log1p_slope(x),), singular=True),
    Op("log1p_slope", log1p_slope, lambda o, x: (-(o * o),), singular=True),
    Op("log2", log2, lambda o, x: (LOG2E * log_slope(x),), "log₂", singular=True),
    Op("log10", log10, lambda o, x: (log10_slope(x),), "log₁₀", singular=True),
    Op("log10_slope", log10_slope, lambda o, x: (-(LN10 * o * o),), "log₁₀′", singular=True),
    # trigonometry
    Op("sin", sin, lambda o, x: (cos(x),)),
    Op("cos", cos, lambda o, x: (-sin(x),)),
    Op("tan", tan, lambda o, x: (1.0 + o * o,)),
    Op("asin", asin, lambda o, x: (asin_slope(x),), singular=True),
    Op("acos", acos, lambda o, x: (-asin_slope(x),), singular=True),
    Op("asin_slope", asin_slope, lambda o, x: (x * o * o * o,), singular=True),
    Op("atan", atan, lambda o, x: (atan_slope(x),)),
    Op("atan_slope", atan_slope, lambda o, x: (-2.0 * (x * o * o),)),
    Op("atan2", atan2, lambda o, y, x: (atan2_slope(x, y), -atan2_slope(y, x)), singular=True),
    Op("atan2_slope", atan2_slope, lambda o, x, y: (ratio(y - x, y + x, hypot(x, y), 4.0), -2.0 * ratio(x, y, hypot(x, y), 4.0)), singular=True),
    Op("sinh", sinh, lambda o, x: (cosh(x),), singular=True),
    Op("cosh", cosh, lambda o, x: (sinh(x),), singular=True),
    Op("asinh", asinh, lambda o, x: (div(1.0, hypot(1.0, x)),)),
    Op("acosh", acosh, lambda o, x: (div(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),), singular=True),
    Op("atanh", atanh, lambda o, x: (atanh_slope(x),), singular=True),
    Op("atanh_slope", atanh_slope, lambda o, x: (2.0 * (x * o * o),), singular=True),
    # activations and their slopes
    Op("tanh", tanh, lambda o, x: (sech2(x),)),
    Op("sech2", sech2, lambda o, x: (-2.0 * (tanh(x) * o),), "tanh′"),
    Op("sigmoid", sigmoid, lambda o, x: (sigmoid_slope(x),), "σ"),
    Op("sigmoid_slope", sigmoid_slope, lambda o, x: (-(o * tanh(0.5 * x)),), "σ′"),
    Op("relu", relu, lambda o, x: (step(x),), selects=(0,)),
    Op("leaky_relu", leaky_relu, lambda o, x, slope: (leaky_relu_slope(x, slope), minimum(x, 0.0)), selects=(1,)),
    Op("leaky_relu_slope", leaky_relu_slope, lambda o, x, slope: (None, 1.0 - step(x)), selects=(1,)),
    Op("elu", elu, lambda o, x, alpha: (elu_slope(x, alpha), expm1(minimum(x, 0.0))), selects=(1,)),
    Op("elu_slope", elu_slope, lambda o, x, alpha: ((1.0 - step(x)) * o, (1.0 - step(x)) * exp(minimum(x, 0.0))), selects=(0, 1)),
    Op("softplus", softplus, lambda o, x: (sigmoid(x),)),
    Op("silu", silu, lambda o, x: (silu_slope(x),)),
    Op("silu_slope", silu_slope, lambda o, x: (sigmoid_slope(x) * (2.0 - x * tanh(0.5 * x)),)),
    Op("softsign", softsign, lambda o, x: (softsign_slope(x),)),
    Op("softsign_slope", softsign_slope, lambda o, x: (-2.0 * (sign(x) * div(o, 1.0 + abs(x))),)),
    Op("gelu", gelu, lambda o, x: (gelu_slope(x),)),
    Op("gelu_slope", gelu_slope, lambda o, x: (gated(normal_density(x), 2.0 - x * x),)),
    Op("normal_density", normal_density, lambda o, x: (-(x * o),), "φ"),
    Op("erf", erf, lambda o, x: (erf_slope(x),)),
    Op("erfc", erfc, lambda o, x: (-erf_slope(x),)),
    Op("erf_slope", erf_slope, lambda o, x: (-2.0 * (x * o),)),
    # branches
    Op("abs", abs, lambda o, x: (sign(x),), "|·|"),
    Op("sign", sign, lambda o, x: (None,)),
    Op("step", step, lambda o, x: (None,)),
    Op("maximum", maximum, lambda o, x, y: (larger(x, y), larger(y, x)), "max", selects=(0, 1)),
    Op("minimum", minimum, lambda o, x, y: (larger(y, x), larger(x, y)), "min", selects=(0, 1)),
    Op("larger", larger, lambda o, x, y: (None, None)),
    Op("where", where, lambda o, condition, x, y: (None, where(condition, 1.0, 0.0), where(condition, 0.0, 1.0)), selects=(1, 2)),
    Op("take", take, lambda o, *xs: (*(scatter(1.0, xs[-1], float(k)) for k in range(len(xs) - 1)), None), singular=True, selects=range(2**62)),  # survives: no table has more rows
    Op("scatter", scatter, lambda o, g, index, k: (scatter(1.0, index, k), None, None), selects=(0,)),
    Op("lt", lt, lambda o, x, y: (None, None), "<"),
    Op("le", le, lambda o, x, y: (None, None), "≤"),
    Op("gt", gt, lambda o, x, y: (None, None), ">"),
    Op("ge", ge, lambda o, x, y: (None, None), "≥"),
    # whole numbers and remainders
    Op("copysign", copysign, lambda o, x, y: (sign(x) * copysign(1.0, y), None)),
    Op("floor", floor, lambda o, x: (None,), "⌊·⌋"),
    Op("ceil", ceil, lambda o, x: (None,), "⌈·⌉"),
    Op("trunc", trunc, lambda o, x: (None,)),
    Op("round", round, lambda o, x, digits: (None, None)),
    Op("fmod", fmod, lambda o, x, y: (1.0, -round(div(x - o, y), 0.0)), singular=True),
    Op("mod", mod, lambda o, x, y: (1.0, -floordiv(x, y)), "%", singular=True),
    Op("floordiv", floordiv, lambda o, x, y: (None, None), "//", singular=True),
    # sums, products and what classifiers need
    Op("gated", gated, lambda o, g, d: (d, g), selects=(0, 1)),
    Op("fsum", fsum, lambda o, *xs: (1.0,) * len(xs), "Σ"),
    Op("sumprod", sumprod, _halves_swapped, "Σ×"),
    Op("hypot", hypot, _hypot_rule),
    Op("hypot_slope", hypot_slope, _hypot_slope_rule, singular=True),
    Op("logsumexp", logsumexp, lambda o, *xs: softmaxes(*xs)),
    Op("softmax", softmax, _softmax_rule),
    Op("softmax_rest", softmax_rest, _softmax_rest_rule),
    Op("cross_entropy", cross_entropy, _cross_entropy_rule),
)  # fmt: skip

TABLE: dict[str, Op] = {row.name: row for row in _ROWS}
BUILT_IN = frozenset(_ROWS)  # the others are users' own

# A plain number met on the way: a node without operands, which is not a leaf of the user's.
LITERAL = Op("literal", lambda: 0.0, lambda o: (), "")
TABLE["literal"] = LITERAL


def try_rule(row: Op) -> None:
    """Find a rule of the wrong shape where it is written, not in the middle of a backward()."""
    n = 4 if row.arity is None else row.arity
    try:
        partials = row.rule(*[0.5] * (1 + n))
    except (AttributeError, TypeError) as error:
        raise AutogradTypeError(
            f"the rule of {row.name!r} must work on floats as well as on Values;"
            f" use autograd's functions in it, not methods: {error}"
        ) from error
    except Exception:  # it does not like 0.5, which need not be in its domain
        return
    if not isinstance(partials, tuple) or len(partials) != n:
        of = " at any number of operands" if row.arity is None else ""
        raise AutogradTypeError(
            f"the rule of {row.name!r} must return a tuple of {n} partial derivative(s),"
            f" one per operand{of}, and returned {partials!r}"
        )


def add_row(row: Op, *, replace: bool = False) -> Op:
    """Enter an operation of your own; its rule may use every function of the package.

    replace   the name may be taken by a row that was entered before, as when a notebook's cell runs again

    Raises AutogradValueError if the name is taken, and AutogradTypeError if it is no Op, or if its
    rule does not give a tuple with one partial derivative per operand; then nothing is entered.

    >>> row = add_row(Op("cube_of_row_doctest", lambda x: x * x * x, lambda o, x: (3.0 * x * x,)))
    >>> TABLE["cube_of_row_doctest"] is row
    True
    >>> _ = TABLE.pop("cube_of_row_doctest")
    """
    if not isinstance(row, Op):
        raise AutogradTypeError(f"add_row takes an Op, and was given {row!r}; write Op(name, function, rule)")
    if row.name in TABLE and not (replace and TABLE[row.name] not in BUILT_IN and row.name != LITERAL.name):
        again = "" if replace or TABLE[row.name] in BUILT_IN else ", or say add_row(row, replace=True)"
        raise AutogradValueError(f"the table has an operation {row.name!r} already; choose another name{again}")
    try_rule(row)
    TABLE[row.name] = row
    return row
