"""Branches as operations: what is constant, or plain, in pieces.

A rule of the table never says `if`; it asks one of these functions.  As in elementary.py nothing raises.
"""

from __future__ import annotations

import math

from .elementary import nan


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
