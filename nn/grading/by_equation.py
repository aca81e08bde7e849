"""Grading equation by equation, where δ or u and o are handed in: each from the answer's own operands.

So mistakes in different equations do not get in each other's way.  A mistake explains an equation
if it gives every number of it, or every wrong one; and only if that is no accident: the fewer
digits there are, the more numbers must agree, and a place where both are 0 proves nothing.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence

from .equations import EQUATIONS, Wrong
from .intervals import ends
from .judging import Claim, Walk, grouped
from .mistakes import MISTAKES, Mistake, family, scaled_in_one_layer
from .verdict import Finding
from .working import working
from .written import common_digits

TELLING = 3  # numbers that must agree before an η or a λ that nobody gave is believed
LUCK = 0.1  # how likely an explanation may fit by accident
COMMON = {"sign", "factor_2_missing", "half_convention", "superfluous_2", "slope_missing", "doubled"}  # tried first
ZEROS = {"left_at_zero", "left_out", "wrong_side", "margin_zero", "true_class_only", "jacobian_diagonal"}  # give 0


def by_equation(walks: list[Walk]) -> list[Finding]:
    """What is wrong with each equation, graded by itself."""
    claims = dict(grouped(claim for walk in walks for claim in walk.claims))
    findings = [finding for group in claims.values() for finding in _explained(group)]
    return _together(findings, claims) if len(findings) > 1 else findings


def _together(findings: list[Finding], claims: dict[str, list[Claim]]) -> list[Finding]:
    """Where one mistake explains two equations, few digits in one of them are no accident any more."""
    unknown = [f for f in findings if not f.explanations and f.digits is None and f.factor is None]
    for mistake in MISTAKES if unknown else ():
        fit = [f for f in findings if f.equation in mistake.equations and _fits(mistake, f, claims[f.equation])]
        wrong = [c for f in fit for c in claims[f.equation] if not c.right and c.value]
        chance = math.prod(c.chance(c.by((mistake,))) for c in wrong)
        if len(fit) > 1 and chance * len(MISTAKES) < LUCK:
            named = {f.equation: ((f.equation, mistake),) for f in fit if f in unknown}
            findings = [
                dataclasses.replace(f, explanations=(*f.explanations, named[f.equation]), only=())
                if f.equation in named else f
                for f in findings
            ]  # fmt: skip
    return findings


def _fits(mistake: Mistake, finding: Finding, claims: list[Claim]) -> bool:
    """Whether it is named there already, or gives all numbers and some that is not 0."""
    if finding.explanations:
        return ((finding.equation, mistake),) in finding.explanations
    case = claims[0].walk.case
    there = any(claim.value for claim in claims if not claim.right)
    return there and mistake.possible(case) and all(claim.agrees((mistake,)) for claim in claims)


def _explained(claims: list[Claim]) -> Iterator[Finding]:
    """What is wrong with one equation: the simplest explanation of all its numbers."""
    wrong = [claim for claim in claims if not claim.right]
    if not wrong:
        return
    first, equation = wrong[0], wrong[0].equation
    fitting, scope = _fitting(claims, wrong)
    places = list(dict.fromkeys(claim.term for claim in wrong))
    of = len({claim.place for claim in claims})
    here = len(places) < of and (scope is not claims or not fitting)
    digits = None if fitting else common_digits([(c.value, c.by(())) for c in claims])
    yield Finding(
        EQUATIONS[equation],
        tuple(tuple((equation, mistake) for mistake in w) for w in fitting),
        None if fitting or digits else _factor(claims),
        first.term, first.value, first.by(()), len(places), of,
        tuple(places) if here else (), digits, equation, working(first), first.place,
    )  # fmt: skip


def _fitting(claims: list[Claim], wrong: list[Claim]) -> tuple[list[Wrong], list[Claim]]:
    """The mistakes, or else the pairs of mistakes, that give all numbers, or else all wrong ones; and which."""
    equation, case = wrong[0].equation, wrong[0].walk.case
    if any(not math.isfinite(claim.value) for claim in wrong):
        return [], claims
    singles: list[Wrong] = [(mistake,) for mistake in family(equation, case)]
    scopes = [claims, _at_the_same_places(claims, wrong)]
    for scope in scopes:
        if fitting := _good(singles, scope, wrong, scope is claims):
            return fitting, scope
    if fitting := _with_a_number(claims, wrong):
        return fitting, claims
    if scaled := _scaled_in_one_layer(claims, wrong):
        return [(scaled,)], claims
    pairs: list[Wrong] = [a + b for a, b in itertools.combinations(singles, 2) if a[0].part != b[0].part]
    for scope in scopes:
        if fitting := _good(pairs, scope, wrong, scope is claims):
            return fitting, scope
    return [], claims


def _sharp(claim: Claim) -> bool:
    """Whether it has digits enough to tell one number from another."""
    low, high = ends(claim.computed)
    return high - low + 2 * claim.precision.half_unit(claim.value) < LUCK * abs(claim.value)


def _good(candidates: Sequence[Wrong], scope: list[Claim], wrong: list[Claim], complete: bool) -> list[Wrong]:
    """The candidates that give all numbers in scope, and not by accident; `complete` if these are all there are."""
    order = sorted(scope, key=lambda claim: claim.right)  # the wrong ones refute soonest
    fitting = [w for w in candidates if all(claim.agrees(w) for claim in order)]
    return [w for w in fitting if _no_accident(w, len(candidates), scope, wrong, complete)]


def _no_accident(explanation: Wrong, candidates: int, scope: list[Claim], wrong: list[Claim], complete: bool) -> bool:
    evidence = [c.chance(c.by(explanation)) for c in wrong if c.value]
    if not evidence and explanation[0].key in ZEROS:
        return complete or explanation[0].key in ("left_at_zero", "left_out")
    if not evidence and complete:
        evidence = [c.chance(c.by(explanation)) for c in scope if c.value]
    tries = len(COMMON) if len(explanation) == 1 and explanation[0].key in COMMON else candidates
    return bool(evidence) and tries * math.prod(evidence) < LUCK


def _with_a_number(claims: list[Claim], wrong: list[Claim]) -> list[Wrong]:
    """A mistake that needs an η or a λ, with another than was given: the equation is linear in it."""
    case = claims[0].walk.case
    if len(wrong) < TELLING:
        return []
    for what in ("eta", "decay"):
        known = case.knowing(what, 1.0)
        for mistake in (m for m in family(claims[0].equation, known) if m.fitted == what):
            if fitted := _number(mistake, what, claims):
                return [(fitted,)]
    return []


def _number(mistake: Mistake, what: str, claims: list[Claim]) -> Mistake | None:
    moved = [c.by((mistake,)) - c.by(()) for c in _with(claims, what, 1.0)]
    farthest = max(range(len(claims)), key=lambda n: abs(moved[n]))
    if not moved[farthest]:
        return None
    number = (claims[farthest].value - claims[farthest].by(())) / moved[farthest]
    for rounded in (float(f"{number:.1g}"), float(f"{number:.2g}"), number):
        sharp = sum(_sharp(c) for c in claims if not c.right)
        if 0 < rounded < 10 and sharp >= TELLING and all(c.agrees((mistake,)) for c in _with(claims, what, rounded)):
            return mistake.with_number(rounded)
    return None


def _with(claims: list[Claim], what: str, number: float) -> list[Claim]:
    """The same claims in cases with that η or λ."""
    walks: dict[int, Walk] = {}
    for claim in claims:
        if id(claim.walk) not in walks:
            walks[id(claim.walk)] = dataclasses.replace(claim.walk, case=claim.walk.case.knowing(what, number))
    return [dataclasses.replace(claim, walk=walks[id(claim.walk)]) for claim in claims]


def _at_the_same_places(claims: list[Claim], wrong: list[Claim]) -> list[Claim]:
    """The wrong numbers of one answer; of a function's many, all that stand where some are wrong."""
    places = {claim.place for claim in wrong}
    return wrong if len(wrong) == len(places) else [claim for claim in claims if claim.place in places]


def _scaled_in_one_layer(claims: list[Claim], wrong: list[Claim]) -> Mistake | None:
    """All numbers of one layer by one factor, and those of the other layers right."""
    layers = {claim.place[0] for claim in wrong if claim.place}
    inside = [claim for claim in claims if claim.place and claim.place[0] in layers]
    factor = _factor(inside) if len(layers) == 1 and len(inside) < len(claims) else None
    return None if factor is None else scaled_in_one_layer(wrong[0].equation, layers.pop(), factor)


def _factor(claims: list[Claim]) -> float | None:
    """The constant by which the answer is off everywhere; one number alone proves none."""
    largest = max(claims, key=lambda claim: abs(claim.by(())))
    right = largest.by(())
    factor = largest.value / right if right else 0.0
    telling = sum(claim.value != 0 and _sharp(claim) for claim in claims)
    fits = factor and math.isfinite(factor) and telling > 1
    return factor if fits and all(claim.is_(claim.computed, factor) for claim in claims) else None
