"""How an answer may have been computed: the ways of rounding under which it could be right.

Numbers alone do not say what happened on the way.  u and o may have been rounded to a few decimals
and everything after them computed in full; digits may have been cut off; products written down one
by one.  Each way is tried, and an answer that is right in one of them is right.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .. import deltas as hand
from .answers import Task, leaves
from .equations import Case, Operands
from .parts import IN_O
from .written import COARSEST_WORK

MODES = 4  # ways that come first: rounded or cut off, products written down or not
CUT = "digits were cut off, not rounded: accepted, but round the next time"
DIGITS = range(2, 9)  # to which u and o may have been rounded before the rest was computed in full


@dataclass(frozen=True)
class Way:
    """One way to have computed it: what to tell about it, and the task read so."""

    note: str
    task: Task


def ways(task: Task) -> Iterator[Way]:
    """All ways in which an answer to one sample may have been computed, the plainest first."""
    yield Way("", task)
    written, work = task.precision, task.precision.work
    few = [p for p in (work, *written.parts.values()) if p.digits is not None]
    if few and max(p.decimals for p in few) >= COARSEST_WORK:
        yield Way(CUT, _read(task, cut=True))
        yield Way("", _read(task, products=True))
        yield Way(CUT, _read(task, cut=True, products=True))
    several = sum(1 for _ in leaves(list(task.answer.parts().values()))) > 1 or work.decimals < COARSEST_WORK
    if work.fixed and several and (work.digits or 0) >= COARSEST_WORK:
        yield Way("", _read(task, fixed=False, products=True))
        yield Way(CUT, _read(task, fixed=False, products=True, cut=True))
    if not work.single and task.answer.u is None and task.answer.o is None:
        finer = 16 if work.digits is None else written.work.decimals
        seen = set()  # in many a network two ways of rounding give the same numbers
        for reworked in zip(*(_reworked(case, finer) for case in task.cases)):
            numbers = str([case.own for _, case in reworked])
            if numbers in seen:
                continue
            seen.add(numbers)
            rounded = dataclasses.replace(task, cases=[case for _, case in reworked])
            yield Way(reworked[0][0], rounded)
            if work.digits is not None:
                yield Way(reworked[0][0], _read(rounded, products=True))


def _read(task: Task, **change: bool) -> Task:
    return dataclasses.replace(task, precision=task.precision.each(**change))


def _cut(x: float, decimals: int) -> float:
    scale = 10.0**decimals
    return math.trunc(round(x * scale, 6)) / scale


def _significant(x: float, digits: int) -> float:
    return float(f"{x:.{digits - 1}e}")


ROUNDED: dict[str, Callable[[float, int], float]] = {
    "rounded to {} decimals": round, "cut off after {} decimals": _cut, "rounded to {} digits": _significant,
}  # fmt: skip


def _reworked(case: Case, finer: int) -> Iterator[tuple[str, Case]]:
    """u and o rounded in every way that is coarser than the answer's own digits."""
    for digits, (how, rounded) in itertools.product(reversed(DIGITS), ROUNDED.items()):
        if digits >= finer:
            continue
        note = f"u and o were {how.format(digits)}: judged so; keep more digits on the way"
        for u, o, before in _forwards(case, lambda v, r=rounded, d=digits: r(float(v), d)):  # type: ignore[misc]
            errors = list(case.errors_of(case.y, o[-1]))
            from_u, from_before = ([[s(v) for v in layer] for s, layer in zip(case.slope, g)] for g in (u, before))
            from_o = [[IN_O[n](v) for v in layer] if n in IN_O else s for n, layer, s in zip(case.names, o, from_u)]
            for slopes in (from_u, from_o, from_before):
                yield note, dataclasses.replace(case, own=Operands(u, o, slopes, errors))


def _forwards(case: Case, r: Callable[[float], float]) -> Iterator[tuple[list[list[float]], ...]]:
    """u and o, rounded from the exact ones or on the way, and u as it was before it was rounded."""
    exact = [[r(v) for v in layer] for layer in case.u], [[r(v) for v in layer] for layer in case.o]
    yield *exact, case.u
    for from_rounded, each in ((True, None), (False, None), (True, r)):
        u: list[list[float]] = []
        o: list[list[float]] = []
        before: list[list[float]] = []
        for k, sigma in enumerate(case.sigma):
            bias = case.bias[k] or [None] * len(case.theta[k])
            inputs, ones = (o[-1] if o else case.x), [1.0] * len(case.theta[k][0])
            if each is None:
                before.append([hand.weighted_sum(row, inputs, b) for row, b in zip(case.theta[k], bias)])
            else:
                products = [[each(t * v) for t, v in zip(row, inputs)] for row in case.theta[k]]
                before.append([hand.weighted_sum(row, ones, b) for row, b in zip(products, bias)])
            u.append([r(v) for v in before[-1]])
            o.append([r(sigma(v)) for v in (u if from_rounded else before)[-1]])
        yield u, o, before
