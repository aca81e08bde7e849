"""Grading the backward rule of one operation: its row in the table against what was handed in.

    o  the operation's output      x, y, …  its operands      d  ∂o/∂operand, what the row's rule gives

Most wrong rules are the right one at a wrong place, or with a part missing; those are computed
from the row itself.  A few belong to one operation and stand in a table of their own.
"""

# ruff: noqa: E501  one row of a table is one line

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from inspect import signature
from typing import Any, TypeAlias

import autograd as ag
from autograd import TABLE, AutogradTypeError, AutogradValueError, Op

from .mistakes import Mistake
from .verdict import Finding, Grade

Point: TypeAlias = "tuple[float, tuple[float, ...], tuple[float, ...]]"  # o, operands, partials

POINTS, DRAWS, RELATIVE = 12, 400, 1e-9

# What stands in the place of ∂o/∂xₙ: (row, o, operands, partials, n) -> a number
_Change: TypeAlias = "Callable[[Op, float, tuple[float, ...], tuple[float, ...], int], float]"


def _everywhere(name: str, change: _Change, because: str) -> Mistake:
    return Mistake(name.replace(" ", "_"), name, ("rule",), "partial", change, because)


def _rule(row: Op, o: float, operands: Sequence[float], n: int) -> float:
    return float(row.rule(o, *operands)[n] or 0.0)


TYPICAL = (
    _everywhere("sign", lambda row, o, xs, d, n: -d[n], "the derivative has the other sign"),
    _everywhere("partials swapped", lambda row, o, xs, d, n: d[1 - n] if len(d) == 2 else math.nan, "each partial belongs to its own operand, in their order"),
    _everywhere("derivative taken as 1", lambda row, o, xs, d, n: 1.0, "the local derivative is missing, only the gradient from above is passed on"),
    _everywhere("partial forgotten", lambda row, o, xs, d, n: 0.0, "the output depends on this operand"),
    _everywhere("function for its derivative", lambda row, o, xs, d, n: o, "the rule gives slopes, not the value again"),
    _everywhere("derivative at o for x", lambda row, o, xs, d, n: _rule(row, row.function(o, *xs[1:]), (o, *xs[1:]), n), "the derivative is taken at the operand, where the function was"),
    _everywhere("x and o confused", lambda row, o, xs, d, n: _rule(row, xs[0], (o, *xs[1:]), n), "the rule's first argument is the output o, then come the operands"),
    _everywhere("operand for the derivative", lambda row, o, xs, d, n: xs[n], "the rule gives slopes, not the operand"),
    _everywhere("reciprocal", lambda row, o, xs, d, n: ag.div(1.0, d[n]), "that is ∂x/∂o"),
    _everywhere("factor 2", lambda row, o, xs, d, n: 2 * d[n], "a factor of 2 too many"),
    _everywhere("factor ½", lambda row, o, xs, d, n: d[n] / 2, "a factor of 2 is missing"),
)  # fmt: skip

_Own: TypeAlias = "tuple[str, int, Callable[..., Any], str]"  # name, operand, (o, *operands) -> number, because

OWN: dict[str, tuple[_Own, ...]] = {
    "tanh": (
        ("1 − x² for 1 − o²", 0, lambda o, x: 1 - x * x, "tanh' = 1 − tanh², the square is that of the output"),
        ("1 − o for 1 − o²", 0, lambda o, x: 1 - o, "tanh' = 1 − o²; o·(1 − o) is the sigmoid's"),
        ("o(1 − o) for 1 − o²", 0, lambda o, x: o * (1 - o), "o·(1 − o) is the sigmoid's slope, tanh' = 1 − o²"),
        ("1 + o² for 1 − o²", 0, lambda o, x: 1 + o * o, "1 + o² is the slope of tan"),
    ),
    "sigmoid": (
        ("x(1 − x) for o(1 − o)", 0, lambda o, x: x * (1 - x), "σ' = o·(1 − o) takes the output"),
        ("1 − o² for o(1 − o)", 0, lambda o, x: 1 - o * o, "1 − o² is the slope of tanh"),
        ("1 − o for o(1 − o)", 0, lambda o, x: 1 - o, "σ' = o·(1 − o): the factor o is missing"),
    ),
    "relu": (("1 for negative x", 0, lambda o, x: 1.0, "relu is constant for x < 0: its slope there is 0"),),
    "exp": (("power rule", 0, lambda o, x: x * ag.exp(x - 1), "x·eˣ⁻¹ treats eˣ as a power of x; the derivative is eˣ"),),
    "log": (("1/o for 1/x", 0, lambda o, x: ag.div(1.0, o), "log' = 1/x"),),
    "sqrt": (
        ("½√x for 1/(2√x)", 0, lambda o, x: 0.5 * o, "√x = x^½, whose derivative is ½·x^−½"),
        ("1/(2x) for 1/(2√x)", 0, lambda o, x: ag.div(0.5, x), "√x = x^½, whose derivative is ½·x^−½"),
    ),
    "pow": (
        ("exponent not reduced", 0, lambda o, x, y: y * o, "∂xʸ/∂x = y·xʸ⁻¹"),
        ("exponent missing in front", 0, lambda o, x, y: ag.pow(x, y - 1), "∂xʸ/∂x = y·xʸ⁻¹"),
        ("log of the exponent", 1, lambda o, x, y: o * ag.log(y), "∂xʸ/∂y = xʸ·log x"),
        ("log missing", 1, lambda o, x, y: o, "∂xʸ/∂y = xʸ·log x"),
    ),
    "div": (
        ("numerator missing", 1, lambda o, x, y: -ag.div(1.0, y * y), "∂(x/y)/∂y = −x/y²"),
        ("square missing", 1, lambda o, x, y: -ag.div(x, y), "∂(x/y)/∂y = −x/y²"),
    ),
    "sub": (("both +1", 1, lambda o, x, y: 1.0, "∂(x − y)/∂y = −1"),),
    "sin": (("−cos", 0, lambda o, x: -ag.cos(x), "sin' = cos; the minus is that of cos' = −sin"),),
    "cos": (("+sin", 0, lambda o, x: ag.sin(x), "cos' = −sin"),),
    "tan": (("1 + x² for 1 + o²", 0, lambda o, x: 1 + x * x, "tan' = 1 + tan², the square is that of the output"),),
}  # fmt: skip


def grade_rule(answer: Callable[..., Any], operation: Op | str) -> Grade:
    """What is wrong with a backward rule, operand by operand.

    answer     (o, *operands) -> the partial derivatives, a tuple, or one number for one operand
    operation  a row of the table, or its name

    Raises AutogradValueError for an unknown operation, and AutogradTypeError for an answer that
    is no function.

    >>> print(grade_rule(lambda o, x: 1 - x * x, "tanh").findings[0].names)
    [('1 − x² for 1 − o²',)]
    """
    row = _row(operation)
    if not callable(answer):
        raise AutogradTypeError(f"grade: a rule is a function (o, *operands) -> partials, and was given as {answer!r}")
    points = list(_points(row))
    if not points:
        raise AutogradValueError(f"grade: the operation {row.name} has no derivative to compare with")
    n = len(points[0][1])
    answers = [_partials(answer, o, operands, n) for o, operands, _ in points]
    result = Grade()
    for operand in range(n):
        title = f"∂{row.name}/∂{_letter(operand, n)}"
        finding = _explained(row, points, [a[operand] for a in answers], operand, title)
        if finding is None:
            result.right.append(title)
        else:
            result.findings.append(finding)
    return result


def _row(operation: Any) -> Op:
    operation = getattr(operation, "__name__", operation) if not isinstance(operation, Op) else operation
    row = TABLE.get(operation) if isinstance(operation, str) else operation
    if not isinstance(row, Op):
        near = get_close_matches(operation, TABLE, 3) if isinstance(operation, str) else []
        raise AutogradValueError(
            f"grade: {operation!r} is neither a network nor an operation of the table"
            + (f"; did you mean {' or '.join(near)}?" if near else "")
        )
    return row


def _points(row: Op) -> Iterator[Point]:
    """Points of its domain, away from 0 and ±1, where many a wrong rule is right by chance.

    A row of any number of operands is asked with four of them.
    """
    draw, found = random.Random(0), 0
    low, high = itertools.cycle((0.1, 1.2)), itertools.cycle((0.9, 2.7))
    for _ in range(DRAWS):
        a, b = next(low), next(high)
        xs = tuple(draw.uniform(a, b) * draw.choice((1, 1, -1)) for _ in range(4 if row.arity is None else row.arity))
        o = row.function(*xs)
        partials = row.rule(o, *xs)
        if math.isfinite(o) and all(d is None or math.isfinite(d) for d in partials):
            yield o, xs, tuple(0.0 if d is None else float(d) for d in partials)
            found += 1
            if found == POINTS:
                return


def _partials(answer: Callable[..., Any], o: float, operands: tuple[float, ...], n: int) -> list[float]:
    try:
        signature(answer).bind(o, *operands)
    except TypeError as error:
        letters = ", ".join(("o", *(_letter(m, len(operands)) for m in range(len(operands)))))
        raise AutogradTypeError(
            f"grade: a rule is called with the output, then the operands, here ({letters}), and this takes"
            f" {signature(answer)}"
        ) from error
    except ValueError:  # a function of C, which does not say what it takes
        pass
    given = answer(o, *operands)
    listed = list(given) if isinstance(given, (tuple, list)) else [given]
    if len(listed) != n:
        raise AutogradValueError(
            f"grade: a rule for {n} operands gives {n} partial derivatives, and this gave {given!r}"
        )
    for d in listed:
        if d is not None and (isinstance(d, str) or not hasattr(d, "__float__")):
            raise AutogradTypeError(f"grade: a rule gives numbers, and this gave {given!r}")
    return [0.0 if d is None else float(d) for d in listed]


def _letter(operand: int, n: int) -> str:
    return "xyz"[operand] if n <= 3 else f"x{operand + 1}"


def _of_operation(name: str, operand: int, change: Callable[..., Any], because: str) -> Mistake:
    return _everywhere(name, lambda row, o, xs, d, n: float(change(o, *xs)), because)


def _explained(row: Op, points: list[Point], given: list[float], n: int, title: str) -> Finding | None:
    right = [partials[n] for _, _, partials in points]
    if _same(given, right):
        return None
    own = [_of_operation(*entry) for entry in OWN.get(row.name, ()) if entry[1] == n]
    fitting: list[Mistake] = []
    for mistake in (*own, *TYPICAL):
        wrong = [mistake.change(row, o, xs, d, n) for o, xs, d in points]
        if _same(given, wrong) and mistake.because not in [m.because for m in fitting]:
            fitting.append(mistake)
    at = next(p for p, (a, b) in enumerate(zip(given, right)) if not _same([a], [b]))
    where = ", ".join(f"{_letter(m, len(points[at][1]))} = {x:.4g}" for m, x in enumerate(points[at][1]))
    ratios = [a / b for a, b in zip(given, right) if b]
    constant = ratios and ratios[0] != 0 and _same(ratios, [ratios[0]] * len(ratios))
    return Finding(
        title, tuple((("rule", m),) for m in fitting), ratios[0] if constant and not fitting else None,
        where, given[at], right[at],
    )  # fmt: skip


def _same(a: Sequence[float], b: Sequence[float]) -> bool:
    # nan is what a rule gives beyond its function's domain, and agrees with nan.
    return all(p == q or (p != p and q != q) or abs(p - q) <= RELATIVE * (1e-3 + abs(p) + abs(q)) for p, q in zip(a, b))
