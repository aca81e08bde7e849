"""Grading equation by equation, where δ is handed in: each with the answer's own δ of the next layer.

So a mistake is blamed where it is made and not again further left, and mistakes in different
equations do not get in each other's way.  The answer's δ may have been rounded, and the next
equation may have been computed from it as it was written or as it was before: what lies between
the two is right.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..network.modules import name
from .answers import Task
from .mistakes import EQUATION, EQUATIONS, Case, Grid, Place, Wrong, family, named
from .verdict import Finding
from .written import Precision, common_digits

SLACK = 1e-3  # of σ': relative to SLACK + σ' an error of 1e-9 is 1e-12 of σ' itself, as 1 − o² may have
CANCELLATION = 0.05  # of |y| + |ŷ|, whose difference is rounded like they are
SMALLEST = 1e-290  # below it numbers lose their digits
TELLING = 3  # numbers that must agree before an η that nobody gave is believed


def close(a: float, b: float, size: float, precision: Precision, rounding: float = 0.0) -> bool:
    """Whether a formula's number a is the answer's b, whose terms are that large and were rounded by that much.

    >>> close(0.5557, 0.6, 0.5557, Precision(0.02), 0.05), close(0.5557, 0.6, 0.5557, Precision())
    (True, False)
    """
    return a == b or abs(a - b) <= precision.relative * (size + abs(a)) + rounding + SMALLEST


@dataclass(frozen=True)
class Claim:
    """One number of the answer, with the answer's own δ as operands of its equation.

    spread  how far each of these δ may be from what it was before it was written down; None
            if all digits are there
    """

    case: Case
    equation: str
    place: Place
    delta: Grid
    value: float
    precision: Precision
    spread: Grid | None

    def computed(self, wrong: Wrong) -> float:
        return EQUATION[self.equation](self.case, self.place, self.delta, wrong)

    def agrees(self, wrong: Wrong, factor: float = 1.0) -> bool:
        try:
            value = factor * self.computed(wrong)
            if close(value, self.value, self.size, self.precision):
                return True
            rounding = self.precision.half_unit(self.value) + abs(factor) * self.reach(wrong)
        except LookupError:
            return False
        return rounding > 0 and close(value, self.value, self.size, self.precision, rounding)

    def reach(self, wrong: Wrong) -> float:
        """How far the spread of the δ carries the equation: it is linear in each of them."""
        if self.spread is None:
            return 0.0
        total, value = 0.0, self.computed(wrong)
        for k, layer in enumerate(self.spread):
            for i, spread in enumerate(layer):
                if spread:
                    delta = [list(row) for row in self.delta]
                    delta[k][i] += spread
                    total += abs(EQUATION[self.equation](self.case, self.place, delta, wrong) - value)
        return total

    @cached_property
    def size(self) -> float:
        """How large the terms of the equation are."""
        case, (k, i, *l) = self.case, self.place
        slope = abs(case.slope[k](case.u[k][i])) + SLACK
        if self.equation == "output":
            return slope * (abs(case.errors[i]) + CANCELLATION * (abs(case.y[i]) + abs(case.o[k][i])))
        if self.equation == "hidden":
            return slope * sum(abs(d * row[i]) for d, row in zip(self.delta[k + 1], case.theta[k + 1]))
        return abs(self.delta[k][i] * case.before(k)[l[0]]) if l else abs(self.delta[k][i])

    @property
    def term(self) -> str:
        k, *indices = self.place
        symbol = {"weights": "∂Err/∂θ", "bias": "∂Err/∂b"}.get(self.equation, "δ")
        where = f" (layer {k + 1}, neuron {indices[0] + 1})"
        return name(symbol, *(i + 1 for i in indices), layer=k + 1) + where


def by_equation(tasks: list[Task]) -> list[Finding]:
    """What is wrong with each equation, graded by itself."""
    spreads = [_spread(task) for task in tasks]
    findings = []
    for equation in EQUATION:
        claims = [c for task, spread in zip(tasks, spreads) for c in _claims(task, equation, spread)]
        if finding := _explained(claims):
            findings.append(finding)
    return findings


def _claims(task: Task, equation: str, spread: Grid | None) -> Iterator[Claim]:
    case, answer = task.cases[0], task.answer
    part: Any = {"weights": answer.theta, "bias": answer.bias}.get(equation, answer.delta)
    if part is None or answer.delta is None:
        return
    for place in case.places(equation):
        value = part
        for index in place:
            value = value[index]
        yield Claim(case, equation, place, answer.delta, value, task.precision, spread)


def _spread(task: Task) -> Grid | None:
    """How far each δ may be from what it was before it was written down.

    Where it is what the right equation gives, that is known: nothing, for a number that needs
    no rounding.  Elsewhere it is half a unit of the last digit.
    """
    if task.precision.digits is None:
        return None
    spread = [[0.0] * len(layer) for layer in task.cases[0].theta]
    for equation in ("output", "hidden"):
        for claim in _claims(task, equation, spread):
            k, i = claim.place
            known = abs(claim.value - claim.computed(())) + claim.reach(())
            half = task.precision.half_unit(claim.value)
            spread[k][i] = min(half, known) if claim.agrees(()) else half
    return spread


def _explained(claims: list[Claim]) -> Finding | None:
    """What is wrong with one equation: the simplest explanation of all its numbers."""
    wrong = [claim for claim in claims if not claim.agrees(())]
    if not wrong:
        return None
    first, equation = wrong[0], wrong[0].equation
    fitting, scope = _fitting(claims, wrong)
    if not fitting and equation == "hidden":
        fitting, scope = _updated_with_some_rate(claims), claims
    places = list(dict.fromkeys(claim.term for claim in wrong))
    of = len({claim.place for claim in claims})
    here = len(places) < of and (scope is wrong or not fitting)
    digits = None if fitting else common_digits([(c.value, c.computed(())) for c in claims])
    return Finding(
        EQUATIONS[equation],
        tuple(tuple((equation, mistake) for mistake in w) for w in fitting),
        None if fitting or digits else _factor(claims),
        first.term, first.value, first.computed(()), len(places), of,
        tuple(places) if here else (), digits,
    )  # fmt: skip


def _fitting(claims: list[Claim], wrong: list[Claim]) -> tuple[list[Wrong], list[Claim]]:
    """The mistakes, or else the pairs of mistakes, that give all numbers, or else all wrong ones; and which."""
    equation, case = wrong[0].equation, wrong[0].case
    singles: list[Wrong] = [(mistake,) for mistake in family(equation, case)]
    pairs: list[Wrong] = [a + b for a, b in itertools.combinations(singles, 2) if a[0].part != b[0].part]
    for candidates, scope in itertools.product((singles, pairs), (claims, wrong)):
        if candidates is pairs and len(scope) == 1 and scope[0].precision.digits is not None:
            continue  # some pair of mistakes gives one rounded number by chance
        fitting = [w for w in candidates if all(claim.agrees(w) for claim in scope)]
        if fitting:
            return fitting, scope
    return [], claims


def _updated_with_some_rate(claims: list[Claim]) -> list[Wrong]:
    """Weights that were updated too early, with another η than was given: δ is linear in it."""
    updated = named("weights already updated", "hidden")

    def with_rate(eta: float) -> list[Claim]:
        cases = {id(c.case): dataclasses.replace(c.case, eta=eta) for c in claims}
        return [dataclasses.replace(c, case=cases[id(c.case)]) for c in claims]

    moved = [c.computed((updated,)) - c.computed(()) for c in with_rate(1.0)]
    farthest = max(range(len(claims)), key=lambda n: abs(moved[n]))
    if not moved[farthest] or sum(not c.agrees(()) for c in claims) < TELLING:
        return []
    eta = (claims[farthest].value - claims[farthest].computed(())) / moved[farthest]
    for rate in (float(f"{eta:.2g}"), eta):
        if 0 < rate < 10 and all(claim.agrees((updated,)) for claim in with_rate(rate)):
            return [(updated.with_rate(rate),)]
    return []


def _factor(claims: list[Claim]) -> float | None:
    """The constant by which the answer is off everywhere; one number alone proves none."""
    largest = max(claims, key=lambda claim: abs(claim.computed(())))
    factor = largest.value / largest.computed(()) if largest.computed(()) else 0.0
    telling = sum(claim.value != 0 for claim in claims)
    return factor if factor and telling > 1 and all(claim.agrees((), factor) for claim in claims) else None
