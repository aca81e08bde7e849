"""Branches as operations: what is plain in pieces, and jumps or bends between them.

A rule of the table never says `if`; it asks one of these functions.  As in elementary.py nothing raises.
`abs` and `round` are not the builtins here: a function has the name of its row.
"""

from __future__ import annotations

import builtins
import math

from .elementary import div, inf, nan


def abs(x: float) -> float:
    """Absolute value; its slope at 0 is taken as 0.

    >>> abs(-2.0)
    2.0
    """
    return math.fabs(x)


def sign(x: float) -> float:
    """−1, 0 or 1: the slope of the absolute value.

    >>> sign(-2.0), sign(0.0)
    (-1.0, 0.0)
    """
    return 1.0 if x > 0 else -1.0 if x < 0 else x * 0.0 if x == x else nan


def step(x: float) -> float:
    """1 above 0, else 0: the slope of relu.

    >>> step(2.0), step(0.0)
    (1.0, 0.0)
    """
    return 1.0 if x > 0 else 0.0 if x <= 0 else nan


def maximum(x: float, y: float) -> float:
    """The larger operand; nan if one is nan.

    >>> maximum(1.0, 2.0)
    2.0
    """
    return x if x >= y or x != x else y


def minimum(x: float, y: float) -> float:
    """The smaller operand; nan if one is nan.

    >>> minimum(1.0, 2.0)
    1.0
    """
    return x if x <= y or x != x else y


def larger(x: float, y: float) -> float:
    """The slope of maximum in x: 1 where x is the larger, ½ at a tie, else 0.

    >>> larger(2.0, 1.0), larger(1.0, 1.0)
    (1.0, 0.5)
    """
    return 1.0 if x > y else 0.5 if x == y else 0.0 if x < y else nan


def where(condition: float, x: float, y: float) -> float:
    """x where the condition is not 0, else y.

    >>> where(1.0, 2.0, 3.0), where(0.0, 2.0, 3.0)
    (2.0, 3.0)
    """
    return x if condition else y


def take(*operands: float) -> float:
    """Of a table and an index, which comes last: the entry of that number, from 0 on; nan where there is none.

    >>> take(10.0, 11.0, 12.0, 1.0), take(10.0, 11.0, 12.0, 0.5), take(10.0, 11.0, 12.0, -1.0)
    (11.0, nan, nan)
    """
    *table, index = operands
    return table[int(index)] if 0.0 <= index < len(table) and index % 1.0 == 0.0 else nan


def scatter(g: float, index: float, k: float) -> float:
    """What the entry k of a table receives of g, which was sent to the entry taken: g or 0.

    >>> scatter(3.0, 1.0, 1.0), scatter(3.0, 2.0, 1.0)
    (3.0, 0.0)
    """
    return g if index == k else 0.0


def lt(x: float, y: float) -> float:
    """1.0 if x < y, else 0.0.

    >>> lt(1.0, 2.0)
    1.0
    """
    return 1.0 if x < y else 0.0


def le(x: float, y: float) -> float:
    """1.0 if x ≤ y, else 0.0.

    >>> le(2.0, 2.0)
    1.0
    """
    return 1.0 if x <= y else 0.0


def gt(x: float, y: float) -> float:
    """1.0 if x > y, else 0.0.

    >>> gt(2.0, 1.0)
    1.0
    """
    return 1.0 if x > y else 0.0


def ge(x: float, y: float) -> float:
    """1.0 if x ≥ y, else 0.0.

    >>> ge(2.0, 2.0)
    1.0
    """
    return 1.0 if x >= y else 0.0


# --- whole numbers and remainders -------------------------------------------------------


def copysign(x: float, y: float) -> float:
    """|x| with the sign of y, which a zero has too.

    >>> copysign(2.0, -3.0), copysign(-2.0, -0.0)
    (-2.0, -2.0)
    """
    return math.copysign(x, y)


def floor(x: float) -> float:
    """The largest whole number that is not above x.

    >>> floor(2.5), floor(-2.5), floor(-0.0)
    (2.0, -3.0, -0.0)
    """
    return math.copysign(math.floor(x), x) if x - x == 0 else x


def ceil(x: float) -> float:
    """The smallest whole number that is not below x.

    >>> ceil(2.5), ceil(-2.5), ceil(-0.5)
    (3.0, -2.0, -0.0)
    """
    return math.copysign(math.ceil(x), x) if x - x == 0 else x


def trunc(x: float) -> float:
    """x without its fraction.

    >>> trunc(2.5), trunc(-2.5)
    (2.0, -2.0)
    """
    return math.copysign(math.trunc(x), x) if x - x == 0 else x


def round(x: float, digits: float) -> float:
    """x to so many decimal digits, correctly rounded; a half goes to the even side, as in Python.

    >>> round(2.5, 0.0), round(3.14159, 2.0), round(1234.0, -2.0)
    (2.0, 3.14, 1200.0)
    """
    if x - x or digits != digits:
        return x if digits == digits else nan
    try:
        return builtins.round(x, int(max(-400.0, min(digits, 400.0))))
    except OverflowError:  # 1.7e308 to −308 digits
        return math.copysign(inf, x)


def fmod(x: float, y: float) -> float:
    """x − y·trunc(x / y), exactly, with the sign of x; nan for y = 0.

    >>> fmod(5.5, 2.0), fmod(-5.5, 2.0), fmod(1.0, 0.0)
    (1.5, -1.5, nan)
    """
    try:
        return math.fmod(x, y)
    except ValueError:
        return nan


def mod(x: float, y: float) -> float:
    """x − y·floor(x / y), with the sign of y, as Python's %; nan for y = 0.

    >>> mod(5.5, 2.0), mod(-5.5, 2.0), mod(1.0, 0.0)
    (1.5, 0.5, nan)
    """
    return x % y if y else nan


def floordiv(x: float, y: float) -> float:
    """floor(x / y) of the exact quotient, as Python's //; for y = 0 it is x / y.

    >>> floordiv(5.5, 2.0), floordiv(-5.5, 2.0), floordiv(1.0, 0.1), floordiv(1.0, 0.0)
    (2.0, -3.0, 9.0, inf)
    """
    return x // y if y else div(x, y)
