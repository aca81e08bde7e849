"""Whether two mistakes can be told apart on a sheet, by what each equation gives with one of them in it.

Some are the same for all numbers (a lost factor 2 and the ½ convention, in a network with one output): no sheet
could tell them apart, and none is asked to.  Others agree by accident, within a few units of the last digit: such
numbers make a bad sheet.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ..grading.answers import Answer, Task, Written
from ..grading.equations import EQUATION, Case
from ..grading.intervals import middle
from ..grading.judging import Walk, walked
from ..grading.mistakes import Mistake, family
from ..grading.written import Precision

UNITS = 3  # of the last digit, within which two numbers are taken for the same
EXACT = 1e-9  # within which they are the same with all digits

Row = tuple[float, ...]
Pair = tuple[str, int, int]  # of an equation, by their numbers in `candidates`


def in_full(case: Case) -> Walk:
    """Every right number of a sample, with all digits."""
    return walked(Task([case], Answer(), Written({}, Precision())))


def candidates(case: Case, equation: str) -> list[Mistake | None]:
    """What may have been done in an equation: the right thing, which is None, or one of its mistakes."""
    return [None, *family(equation, case)]


def predicted(walk: Walk, equation: str) -> list[Row | None]:
    """The numbers of an equation, by each candidate; None where it cannot be made in this network."""
    return [_row(walk, equation, mistake) for mistake in candidates(walk.case, equation)]


def _row(walk: Walk, equation: str, mistake: Mistake | None) -> Row | None:
    formula, wrong = EQUATION[equation], () if mistake is None else (mistake,)
    try:
        return tuple(middle(formula(walk.case, at, walk.delta, wrong)) for at in walk.case.places(equation))
    except (LookupError, ZeroDivisionError):
        return None


def confused(case: Case, digits: int, same: frozenset[Pair] = frozenset()) -> list[tuple[str, str, str]]:
    """Pairs of mistakes, or a mistake and what is right, within a few units of the last digit: equation, and keys.

    same  the pairs that no sheet tells apart, and that do not count

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error", eta=0.5)
    >>> ("output", "factor_2_missing", "rate_included") in confused(case, 4)
    True
    """
    near = UNITS * 10.0**-digits * (1 + 1e-9)
    walk, found = in_full(case), []
    for equation in EQUATION:
        for n, m in _alike(predicted(walk, equation), near):
            if (equation, n, m) not in same:
                a, b = ("" if c is None else c.key for c in map(candidates(case, equation).__getitem__, (n, m)))
                found.append((equation, a, b))
    return found


def alike_everywhere(cases: Iterable[Case]) -> frozenset[Pair]:
    """The pairs that agree in all of these samples, to all digits: what no numbers tell apart.

    >>> len(alike_everywhere([]))
    0
    """
    pairs: frozenset[Pair] | None = None
    for walk in map(in_full, cases):
        here = frozenset((e, *pair) for e in EQUATION for pair in _alike(predicted(walk, e), EXACT))
        pairs = here if pairs is None else pairs & here
    return pairs or frozenset()


def _alike(rows: list[Row | None], near: float) -> Iterator[tuple[int, int]]:
    there = [(n, row) for n, row in enumerate(rows) if row is not None]
    for (n, a), (m, b) in itertools.combinations(there, 2):
        if all(abs(p - q) <= near for p, q in zip(a, b)):
            yield n, m
