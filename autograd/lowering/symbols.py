"""Programs on numbers that are no doubles: symbols, exact fractions, numbers of any precision.

There the textbook formula of each row is the right one: nothing rounds, or there are digits to
spare.  One list of formulas serves SymPy, Python's fractions and mpmath; the arithmetic signs
are their own, and a namespace m gives the rest, a choice between two branches among them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any

from ..errors import LoweringError
from ..ops import TABLE
from ..recording import given
from .lookup import functions_of
from .program import Program
from .python import Style, function, source
from .waiting import late, settled

_PLAIN = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "erf", "erfc",
)  # fmt: skip


def formulas(m: Any) -> dict[str, Callable[..., Any]]:
    """The rows as formulas over a namespace m.

    m   has the functions of _PLAIN, log1p, abs, sign, floor, pi, divide, power, a number for each float,
        choose(relation, x, y, if_so, if_not) with a relation of the module operator, and gated

    >>> formulas(_fractions())["relu"](Fraction(-1, 3))
    Fraction(0, 1)
    """
    lt, le, eq, choose = operator.lt, operator.le, operator.eq, m.choose
    one = m.number(1.0)
    zero, half, two = 0 * one, one / 2, 2 * one

    def sigmoid(x: Any) -> Any:
        return one / (one + m.exp(-x))

    def density(x: Any) -> Any:
        return m.exp(-x * x / two) / m.sqrt(two * m.pi)

    def normal(x: Any) -> Any:
        return m.erfc(-x / m.sqrt(two)) / two

    def step(x: Any) -> Any:
        return choose(lt, zero, x, one, zero)

    def exponentials(xs: tuple[Any, ...]) -> list[Any]:
        return [m.exp(x) for x in xs]

    def softmax(x: Any, *others: Any) -> Any:
        return m.exp(x) / sum(exponentials((x, *others)), zero)

    def cross_entropy(target: Any, *others: Any) -> Any:
        return m.log1p(sum((m.exp(x - target) for x in others), zero))

    def hypot(*xs: Any) -> Any:
        return m.sqrt(sum((x * x for x in xs), zero))

    def sumprod(*pq: Any) -> Any:
        return sum(map(operator.mul, pq[: len(pq) // 2], pq[len(pq) // 2 :]), zero)

    def take(*operands: Any) -> Any:
        *table, index = operands
        return table[int(index)] if 0 <= index < len(table) and index == int(index) else m.no_entry(index, table)

    def trunc(x: Any) -> Any:
        return choose(lt, x, zero, lambda: -m.floor(-x), lambda: m.floor(x))

    def nearest(x: Any) -> Any:
        """The nearest whole number, of two the even one."""
        below = m.floor(x)
        even = choose(eq, below, two * m.floor(below / two), below, below + one)
        return choose(lt, x - below, half, below, lambda: choose(eq, x - below, half, even, below + one))

    def round(x: Any, digits: Any) -> Any:
        unit = m.power(m.number(10.0), -trunc(digits))
        return unit * nearest(x / unit)

    def truth(relation: Any) -> Callable[..., Any]:
        return lambda x, y: choose(relation, x, y, one, zero)

    return {name: getattr(m, name) for name in _PLAIN} | {
        "add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg,
        "div": m.divide, "div_slope": lambda x, y: -x / y**2, "pow": m.power,
        "pow_dx": lambda x, y: y * m.power(x, y - 1), "pow_dy": lambda x, y: m.power(x, y) * m.log(x),
        "pow_dxx": lambda x, y: y * (y - 1) * m.power(x, y - 2),
        "pow_dxy": lambda x, y: m.power(x, y - 1) * (one + y * m.log(x)),
        "pow_dyy": lambda x, y: m.power(x, y) * m.log(x) ** 2,
        "ratio": lambda x, y, z, n: m.divide(x * y, m.power(z, n)),
        "cbrt": lambda x: m.sign(x) * m.power(m.abs(x), one / m.number(3.0)), "exp2": lambda x: m.power(two, x),
        "log2": lambda x: m.log(x) / m.log(two), "log10": lambda x: m.log(x) / m.log(m.number(10.0)),
        "log10_slope": lambda x: m.divide(one, x * m.log(m.number(10.0))),
        "expm1": lambda x: m.exp(x) - one, "log_slope": lambda x: m.divide(one, x),
        "log1p": m.log1p, "log1p_slope": lambda x: m.divide(one, one + x),
        "asin_slope": lambda x: m.divide(one, m.sqrt(one - x * x)), "atan_slope": lambda x: one / (one + x * x),
        "atan2_slope": lambda x, y: m.divide(x, x * x + y * y), "atanh_slope": lambda x: m.divide(one, one - x * x),
        "sech2": lambda x: one - m.tanh(x) ** 2, "sigmoid": sigmoid,
        "sigmoid_slope": lambda x: sigmoid(x) * (one - sigmoid(x)),
        "relu": lambda x: choose(lt, zero, x, x, zero), "step": step,
        "leaky_relu": lambda x, slope: choose(lt, zero, x, x, slope * x),
        "leaky_relu_slope": lambda x, slope: choose(lt, zero, x, one, slope),
        "elu": lambda x, alpha: choose(lt, zero, x, x, lambda: alpha * (m.exp(x) - one)),
        "elu_slope": lambda x, alpha: choose(lt, zero, x, one, lambda: alpha * m.exp(x)),
        "softplus": lambda x: m.log1p(m.exp(x)), "silu": lambda x: x * sigmoid(x),
        "silu_slope": lambda x: sigmoid(x) * (one + x * (one - sigmoid(x))),
        "softsign": lambda x: x / (one + m.abs(x)), "softsign_slope": lambda x: one / (one + m.abs(x)) ** 2,
        "gelu": lambda x: x * normal(x), "gelu_slope": lambda x: normal(x) + x * density(x),
        "normal_density": density, "erf_slope": lambda x: two / m.sqrt(m.pi) * m.exp(-x * x),
        "abs": m.abs, "sign": m.sign,
        "maximum": lambda x, y: choose(lt, x, y, y, x), "minimum": lambda x, y: choose(lt, x, y, x, y),
        "larger": lambda x, y: choose(eq, x, y, half, lambda: choose(lt, y, x, one, zero)),
        "where": lambda condition, x, y: choose(eq, condition, zero, y, x),
        "take": take, "scatter": lambda g, index, k: choose(eq, index, k, g, zero),
        "lt": truth(lt), "le": truth(le), "gt": lambda x, y: truth(lt)(y, x), "ge": lambda x, y: truth(le)(y, x),
        "copysign": lambda x, y: choose(lt, y, zero, -m.abs(x), m.abs(x)),
        "floor": m.floor, "ceil": lambda x: -m.floor(-x), "trunc": trunc, "round": round,
        "fmod": lambda x, y: x - y * trunc(m.divide(x, y)), "mod": lambda x, y: x - y * m.floor(m.divide(x, y)),
        "floordiv": lambda x, y: m.floor(m.divide(x, y)),
        "gated": m.gated, "fsum": lambda *xs: sum(xs, zero), "sumprod": sumprod, "hypot": hypot,
        "hypot_slope": lambda x, *others: x / hypot(x, *others),
        "logsumexp": lambda *xs: m.log(sum(exponentials(xs), zero)), "softmax": softmax,
        "softmax_rest": lambda x, *others: sum(exponentials(others), zero) / sum(exponentials((x, *others)), zero),
        "cross_entropy": cross_entropy,
    }  # fmt: skip


def _choose(relation: Any, x: Any, y: Any, if_so: Any, if_not: Any) -> Any:
    """One of two branches; one that is a function is asked only if it is taken."""
    chosen = if_so if relation(x, y) else if_not
    return chosen() if callable(chosen) else chosen


def _gated(g: Any, d: Any) -> Any:
    """g·d, where a factor 0 silences the other, whatever it is."""
    return g * d if g != 0 and d != 0 else 0 * (g if g == 0 else d)


def _function(
    program: Program,
    target: str,
    m: Any,
    table: Mapping[str, Any],
    functions: Mapping[str, Any],
    lift: Callable[[Any], Any],
) -> Callable[..., Any]:
    """The program as a function, its constants computed in the namespace as well: 1/3 is no double."""
    program = program.unfolded()
    constants = {f"_{i}": m.number(x) for i, x in program.constants.items()}
    named = functions_of(program, target, functions, table.get)
    run = function(source(program, Style(number=lambda i, x: f"_{i}")), {**named, **constants})

    def on_numbers(*inputs: Any) -> Any:
        program.check_count(inputs)
        return run(*map(lift, inputs))

    on_numbers.zero = m.number(0.0)  # type: ignore[attr-defined]  # the sum over no samples
    return on_numbers


def _lifted(target: str, kind: str, make: Callable[[Any], Any], x: Any) -> Any:
    """A single number in the target's kind; what a library of arrays has is a number of Python's first."""
    try:
        return make(x.item() if hasattr(x, "item") and not getattr(x, "ndim", 0) else x)
    except (OverflowError, ValueError, TypeError, RuntimeError):
        many = isinstance(x, (list, tuple)) or bool(getattr(x, "ndim", 0))
        samples = "; for samples give the inputs a structure, lower(outputs, {'x': x})" if many else ""
        raise LoweringError(
            f"{given(x).rpartition(' of type ')[0]} is no {kind}: the target {target!r} takes one for"
            f" each input{samples}"
        ) from None


# --- SymPy ------------------------------------------------------------------------------


def with_sympy(program: Program, functions: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of symbols, or of their names, which are then those of real quantities; its results are formulas."""
    import sympy

    def choose(relation: Any, x: Any, y: Any, if_so: Any, if_not: Any) -> Any:
        if_so, if_not = (branch() if isinstance(branch, type(lambda: 0)) else branch for branch in (if_so, if_not))
        if sympy.nan in (x, y):
            return sympy.nan
        related = sympy.Eq(x, y) if relation is operator.eq else relation(sympy.sympify(x), sympy.sympify(y))
        return sympy.Piecewise((if_so, related), (if_not, True))

    def real(f: Callable[..., Any], otherwise: Any = sympy.nan) -> Callable[..., Any]:
        """Something else where an operand is nan, or is not real and so cannot be compared, which SymPy refuses."""

        def guarded(*xs: Any) -> Any:
            try:
                found = f(*xs)
            except (TypeError, ValueError):
                found = sympy.nan
            return otherwise if found is sympy.nan else found

        return guarded

    def log(x: Any) -> Any:
        return -sympy.oo if x == 0 else sympy.log(x)

    m = SimpleNamespace(
        **{name: getattr(sympy, name) for name in _PLAIN},
        log1p=lambda x: sympy.log(1 + x), abs=sympy.Abs, sign=sympy.sign, floor=sympy.floor, pi=sympy.pi,
        choose=real(choose), number=_rational,
        divide=operator.truediv, power=operator.pow, gated=lambda g, d: sympy.S.Zero if g == 0 or d == 0 else g * d,
    )  # fmt: skip
    m.log = log

    def take(*operands: Any) -> Any:
        *table, index = operands
        return sympy.Piecewise(*[(entry, sympy.Eq(index, k)) for k, entry in enumerate(table)], (sympy.nan, True))

    own = {"relu": real(partial(sympy.Max, 0)), "maximum": real(sympy.Max), "minimum": real(sympy.Min), "take": take}
    table = formulas(m) | own
    table |= {name: real(table[name], sympy.S.Zero) for name in ("lt", "le", "gt", "ge")}

    def symbol(x: Any) -> Any:
        if isinstance(x, str):
            return sympy.Symbol(x, real=True)
        made = _rational(x) if type(x) is float else sympy.sympify(x)
        if not isinstance(made, sympy.Expr):
            raise TypeError("no formula")
        return made

    return _function(program, "sympy", m, table, functions, partial(_lifted, "sympy", "formula", symbol))


def _rational(x: float) -> Any:
    """The number that was meant: 0.5 is ½, 0.1 is 1/10, and what is no short fraction is its decimals."""
    import sympy

    if not math.isfinite(x):
        return sympy.nan if x != x else sympy.oo if x > 0 else -sympy.oo
    short = Fraction(x).limit_denominator(1000)
    meant = short if float(short) == x else Fraction(repr(x))
    return sympy.Rational(meant.numerator, meant.denominator)


# --- fractions --------------------------------------------------------------------------


def with_fractions(program: Program, functions: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of exact numbers: ints, Fractions, and floats at what they are to the last bit.

    Its results are Fractions.  Raises LoweringError when it is run where a result or a choice needs
    what is no fraction: an operation such as exp, a quotient by zero.
    """
    m = _fractions()
    table, given_too = ({name: late(f) for name, f in each.items()} for each in (formulas(m), functions))
    run = _function(program, "fractions", m, table, given_too, partial(_lifted, "fractions", "fraction", Fraction))

    def on_fractions(*inputs: Any) -> Any:
        results = run(*inputs)
        return [*map(settled, results)] if isinstance(results, list) else settled(results)

    on_fractions.zero = Fraction(0)  # type: ignore[attr-defined]
    return on_fractions


def _fractions() -> Any:
    def inexact(name: str) -> Callable[..., Any]:
        def refuse(*_: Any) -> Any:
            raise LoweringError(f"{name} of a fraction is no fraction; use the target 'sympy' or 'mpmath'")

        return refuse

    def sign(x: Any) -> Any:
        return Fraction((x > 0) - (x < 0))

    def power(x: Any, y: Any) -> Any:
        if y.denominator != 1:
            raise LoweringError(f"a fraction to the power {y} is no fraction; use the target 'sympy' or 'mpmath'")
        return x ** int(y)

    def gated(g: Any, d: Any) -> Any:
        silent = any(isinstance(x, Fraction) and not x for x in (g, d))
        return Fraction(0) if silent else g * d

    def no_entry(index: Any, table: Any) -> Any:
        raise LoweringError(f"take has no entry {index} in a table of {len(table)}, and nan is no fraction")

    refused = {name: inexact(name) for name in (*_PLAIN, "log1p")}
    return SimpleNamespace(
        **refused, abs=abs, sign=sign, floor=lambda x: Fraction(math.floor(x)), pi=None,
        choose=_choose, number=late(_fraction), divide=operator.truediv, power=power, gated=gated,
        no_entry=no_entry,
    )  # fmt: skip


def _fraction(x: float) -> Fraction:
    if not math.isfinite(x):
        raise LoweringError(f"the program has the number {x}, which is no fraction; use the target 'mpmath'")
    return Fraction(x)


# --- mpmath -----------------------------------------------------------------------------


def with_mpmath(program: Program, functions: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of numbers at mpmath's working precision, which the caller sets."""
    from mpmath import mp

    def real(f: Callable[..., Any], name: str = "") -> Callable[..., Any]:
        """nan where f has a complex value or no value; at poles, infinities and nan a row is what it is on floats."""

        def guarded(*xs: Any) -> Any:
            try:
                value = f(*xs)
            except (ValueError, ZeroDivisionError):
                value = mp.nan
            value = mp.nan if isinstance(value, mp.mpc) else value
            if name and not all(map(mp.isfinite, (value, *xs))):
                on_floats = TABLE[name].function(*[float(x) if x == x else math.nan for x in xs])
                if not math.isclose(float(value), on_floats, rel_tol=1e-9, abs_tol=1e-12):
                    return mp.mpf(on_floats)
            return value

        return guarded

    def divide(x: Any, y: Any) -> Any:
        return x / y if y != 0 else mp.nan if x == 0 or x != x else mp.sign(x) * mp.inf

    def power(x: Any, y: Any) -> Any:
        return mp.inf if x == 0 and y < 0 else x**y

    def number(x: Any) -> Any:
        return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpf(x)

    m = SimpleNamespace(
        **{name: real(getattr(mp, name)) for name in _PLAIN},
        log1p=real(mp.log1p), abs=mp.fabs, sign=mp.sign, floor=mp.floor, pi=mp.pi, choose=_choose, number=number,
        divide=divide, power=real(power), gated=_gated, no_entry=lambda index, table: mp.nan,
    )  # fmt: skip
    m.log = lambda x: -mp.inf if x == 0 else real(mp.log)(x)

    def slope(x: Any) -> Any:
        return divide(mp.one, x) if x >= 0 else mp.nan

    def logsumexp(*xs: Any) -> Any:
        *others, m = sorted(xs)
        if mp.isinf(m) or any(map(mp.isnan, xs)):
            return m if not any(map(mp.isnan, xs)) else mp.nan
        with mp.extraprec(mp.prec):
            value = m + mp.log1p(sum((mp.exp(x - m) for x in others), mp.zero))
        return +value

    # Where the lecture's formula would cancel at the digits there are.
    exact = {
        "expm1": mp.expm1, "sech2": lambda x: mp.sech(x) ** 2, "sigmoid_slope": lambda x: mp.sech(x / 2) ** 2 / 4,
        "logsumexp": logsumexp,
        # Where the function is nan.
        "log_slope": slope, "log1p_slope": lambda x: slope(1 + x), "atanh_slope": lambda x: slope((1 - x) * (1 + x)),
        "log10_slope": lambda x: slope(x) / mp.ln10,
    }  # fmt: skip
    table = {name: real(f, name) for name, f in (formulas(m) | exact).items()}
    return _function(program, "mpmath", m, table, functions, partial(_lifted, "mpmath", "number", number))
