"""Asking a function: on the given sample, and on the same network with other numbers.

The probes are chosen so that the known mistakes differ, and so that every kink has been seen from
both sides: a ReLU that is always on has no slope to get wrong, a hinge no margin.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .answers import Answer
from .equations import BACKWARD, EQUATION, Case, Row, derivation
from .mistakes import family
from .reading import answer_of

DRAWS, PROBES, BATCH = 8, 3, 3  # probes drawn, probes kept, samples in a batch's probe
PLACES = 12  # of an equation, that say enough about a probe
MORE_DRAWS = 60  # until every kink has been seen from both sides


def asked(answer: Callable[..., Any], cases: Sequence[Case], batch: bool) -> Answer:
    """What a function answers for one sample, or for a batch: then u, o, x and y are lists over the samples."""
    arguments = [case.arguments() for case in cases]
    theta, bias, *per_sample, sigma_slope = arguments[0]
    if batch:
        per_sample = [[a[n] for a in arguments] for n in range(2, 6)]
    return answer_of(answer(theta, bias, *per_sample, sigma_slope), cases)


def _any_targets(draw: random.Random, n: int) -> Row:
    return [_away_from_zero(draw) for _ in range(n)]


_TARGETS: dict[str, Callable[[random.Random, int], Row]] = {
    "cross_entropy": lambda draw, n: [float(k == n - 1) for k in range(n)],
    "binary_cross_entropy": lambda draw, n: [float(draw.random() < 0.5) for _ in range(n)],
    "hinge": lambda draw, n: [draw.choice([-1.0, 1.0]) for _ in range(n)],
}


def probe(case: Case, seed: int, square: int | None = None) -> Case:
    """The same network with other θ, bias, x and y; `square`: every layer and the inputs that wide.

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> probe(case, 0).theta == probe(case, 0).theta != probe(case, 1).theta
    True
    """
    draw = random.Random(seed)
    sizes = [square or n for n in (len(case.x), *map(len, case.theta))]
    theta = [[[_away_from_zero(draw) for _ in range(a)] for _ in range(b)] for a, b in itertools.pairwise(sizes)]
    bias = [None if old is None else [_away_from_zero(draw) for _ in rows] for old, rows in zip(case.bias, theta)]
    x = [_away_from_zero(draw) for _ in range(sizes[0])]
    y = _TARGETS.get(case.loss, _any_targets)(draw, sizes[-1])
    return dataclasses.replace(case, x=x, y=y, theta=theta, bias=bias)


def _away_from_zero(draw: random.Random) -> float:
    return draw.choice([-1.0, 1.0]) * draw.uniform(0.2, 1.3)


def probes(case: Case, batch: bool, square: int | None = None) -> list[list[Case]]:
    """The draws that tell most of the known mistakes apart, the best first; a batch is a draw with other x and y.

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> [len(cases) for cases in probes(case, batch=True)]
    [3, 3, 3]
    """
    drawn = _drawn(_kind(case), square)
    if not batch:
        return [[best] for best in drawn]
    others = [[probe(best, 100 * n + m, square) for m in range(1, BATCH)] for n, best in enumerate(drawn, 1)]
    return [
        [best, *(dataclasses.replace(best, x=other.x, y=other.y) for other in more)]
        for best, more in zip(drawn, others)
    ]


@dataclass(frozen=True)
class _Kind:
    """A case of which only the network matters: two are equal if their networks differ in numbers alone."""

    key: tuple[Any, ...]
    case: Case = field(compare=False)


def _kind(case: Case) -> _Kind:
    # Functions by identity, since callable objects need have no hash; the case that is kept keeps them alive.
    functions = tuple(map(id, (*case.sigma, *case.slope, case.errors_of, case.err_of)))
    sizes, bare = (len(case.x), *map(len, case.theta)), tuple(b is None for b in case.bias)
    return _Kind((sizes, bare, functions, *case.names, case.loss, case.eta, case.decay, case.forgetful), case)


@lru_cache(maxsize=64)
def _drawn(kind: _Kind, square: int | None) -> list[Case]:
    """The probes of a network of that kind: the same for every answer."""
    draws = (probe(kind.case, seed, square) for seed in range(DRAWS))
    drawn = sorted(draws, key=_told_apart, reverse=True)[:PROBES]
    return drawn + _other_sides(drawn, kind.case, square)


def _other_sides(drawn: list[Case], case: Case, square: int | None) -> list[Case]:
    """More draws, each of which sees a kink from a side that none has seen it from."""
    seen = {side for drawn_case in drawn for side in _sides(drawn_case)}
    more = []
    for seed in range(DRAWS, MORE_DRAWS) if seen else ():
        if 2 * len({side[:-1] for side in seen}) == len(seen):
            break
        other = probe(case, seed, square)
        if not _sides(other) <= seen:
            seen |= _sides(other)
            more.append(other)
    return more


def _sides(case: Case) -> set[tuple[Any, ...]]:
    """On which side of its kink each neuron and each output is."""
    sides: set[tuple[Any, ...]] = {
        (k, i, u > 0)
        for k, layer in enumerate(case.u) if case.slope[k](1e-9) - case.slope[k](-1e-9) > 0.01
        for i, u in enumerate(layer)
    }  # fmt: skip
    if case.loss == "hinge":
        products = [y * o for y, o in zip(case.y, case.o[-1])]
        sides |= {(at, i, product < at) for at in (0.0, 1.0) for i, product in enumerate(products)}
    return sides


def _told_apart(case: Case) -> int:
    """How many different answers the family of an equation gives here, over all equations and some of their places."""
    delta, _, _ = derivation(case, {})
    total = 0
    for equation in BACKWARD:
        formula, mistakes = EQUATION[equation], family(equation, case)
        places = case.places(equation)
        for place in places[:: 1 + len(places) // PLACES]:
            values = {f"{formula(case, place, delta, ()):.9g}"}
            for mistake in mistakes:
                try:
                    values.add(f"{formula(case, place, delta, (mistake,)):.9g}")
                except LookupError:
                    continue
            total += len(values)
    return total
