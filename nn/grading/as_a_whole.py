"""Grading the recursion as a whole, where only gradients are handed in, or the sum over a batch.

The whole derivation is run with each mistake in it, then with each two, until one gives all
numbers; then a constant factor is tried.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .. import deltas as hand
from ..network.modules import name
from .answers import Task
from .by_equation import CANCELLATION, SLACK, close
from .mistakes import EQUATIONS, Case, Grid, Mistake, Place, Wrongs, derivation, family, named
from .verdict import Explanation, Finding
from .written import Precision, common_digits

MOST_WORK = 2e7  # numbers computed in search of a pair of mistakes, some ten seconds
RATES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 1e-4)  # tried where none is given

PARTS = {1: "weights", 2: "bias"}  # of (δ, ∂Err/∂θ, ∂Err/∂b)


@dataclass(frozen=True)
class Total:
    """One number of the gradient: where it stands, what was answered, and what rounding may do to it.

    part      of (δ, ∂Err/∂θ, ∂Err/∂b)
    size      how large its terms are
    rounding  by how much it may be off because it was, or the δ in it were, written with few digits
    """

    part: int
    place: Place
    value: float
    size: float
    rounding: float

    @property
    def term(self) -> str:
        k, *indices = self.place
        return name(("δ", "∂Err/∂θ", "∂Err/∂b")[self.part], *(i + 1 for i in indices), layer=k + 1)


@dataclass(frozen=True)
class Sum:
    """The numbers that were answered for the samples of a task."""

    task: Task
    totals: list[Total]

    def computed(self, explanation: Explanation) -> list[float]:
        """What the recursion gives with these mistakes.  Raises LookupError where they cannot be made."""
        wrongs: Wrongs = {}
        for equation, mistake in explanation:
            wrongs[equation] = (*wrongs.get(equation, ()), mistake)
        samples = [derivation(case, wrongs) for case in self.task.cases]
        batch = wrongs.get("batch", ())
        add: Callable[[list[float]], float] = batch[0].change if batch else sum
        return [add([_at(sample[total.part], total.place) for sample in samples]) for total in self.totals]

    def agrees(self, total: Total, value: float) -> bool:
        return close(value, total.value, total.size, self.task.precision, total.rounding)

    def explained(self, explanation: Explanation) -> bool:
        try:
            return all(map(self.agrees, self.totals, self.computed(explanation)))
        except LookupError:
            return False

    def with_rate(self, eta: float) -> Sum:
        cases = [dataclasses.replace(case, eta=eta) for case in self.task.cases]
        return Sum(dataclasses.replace(self.task, cases=cases), self.totals)


def as_a_whole(tasks: list[Task]) -> list[Finding]:
    """What is wrong with the gradients: one finding, or one for each of ∂Err/∂θ and ∂Err/∂b."""
    sums = [Sum(task, list(_totals(task))) for task in sorted(tasks, key=lambda task: len(task.cases))]
    wrong = [pair for s in sums for pair in zip(s.totals, s.computed(())) if not s.agrees(*pair)]
    if not wrong:
        return []
    fitting = _fitting(sums)
    if fitting:
        first, right = wrong[0]
        return [Finding(EQUATIONS[fitting[0][0][0]], tuple(fitting), None, first.term, first.value, right)]
    return list(_unexplained(sums))


def _fitting(sums: list[Sum]) -> list[Explanation]:
    """The mistakes, or else the pairs of mistakes, that give all numbers."""
    singles = _singles([s.task for s in sums])
    fitting = [single for single in singles if all(s.explained(single) for s in sums)]
    work = sum(len(s.task.cases) * len(s.totals) for s in sums) * len(singles) ** 2 / 2
    if not fitting and work <= MOST_WORK:
        pairs = (a + b for a, b in itertools.combinations(singles, 2) if _compatible(a, b))
        fitting = [pair for pair in pairs if all(s.explained(pair) for s in sums)]
    if not fitting and len(sums[0].task.cases[0].theta) > 1:
        updated = named("weights already updated", "hidden")
        rates = (eta for eta in RATES if all(s.with_rate(eta).explained((("hidden", updated),)) for s in sums))
        fitting = [(("hidden", updated.with_rate(eta)),) for eta in itertools.islice(rates, 1)]
    return fitting


def _unexplained(sums: list[Sum]) -> Iterator[Finding]:
    """Where ∂Err/∂θ and ∂Err/∂b are wrong that no mistake explains, and by what factor if it is a constant one."""
    computed = [(s, total, value) for s in sums for total, value in zip(s.totals, s.computed(()))]
    for part, equation in PARTS.items():
        pairs = [(s, total, value) for s, total, value in computed if total.part == part]
        wrong = [(total, value) for s, total, value in pairs if not s.agrees(total, value)]
        if not wrong:
            continue
        first, right = wrong[0]
        digits = common_digits([(total.value, value) for _, total, value in pairs])
        places = list(dict.fromkeys(total.term for total, _ in wrong))
        of = len({total.place for _, total, _ in pairs})
        yield Finding(
            EQUATIONS[equation], (), None if digits else _factor(pairs), first.term, first.value, right,
            len(places), of, tuple(places) if len(places) < of else (), digits,
        )  # fmt: skip


def _factor(pairs: list[tuple[Sum, Total, float]]) -> float | None:
    """The constant by which the answer is off everywhere; one number alone proves none."""
    _, largest, right = max(pairs, key=lambda pair: abs(pair[2]))
    factor = largest.value / right if right else 0.0
    telling = sum(total.value != 0 for _, total, _ in pairs)
    return factor if factor and telling > 1 and all(s.agrees(t, factor * value) for s, t, value in pairs) else None


def _singles(tasks: list[Task]) -> list[Explanation]:
    """Each mistake in each equation, and in all of its equations at once."""
    task = max(tasks, key=lambda task: len(task.cases))
    unseen = [e for e, part in (("weights", task.answer.theta), ("bias", task.answer.bias)) if part is None]
    bound = [(e, m) for e in EQUATIONS for m in family(e, task.cases[0]) if e not in unseen]
    groups: dict[Mistake, list[tuple[str, Mistake]]] = {}
    for equation, mistake in bound:
        if equation != "batch" or len(task.cases) > 1:
            groups.setdefault(mistake, []).append((equation, mistake))
    alone: list[Explanation] = [(b,) for group in groups.values() for b in group]
    return alone + [tuple(group) for group in groups.values() if len(group) > 1]


def _compatible(a: Explanation, b: Explanation) -> bool:
    return not {(e, m.part) for e, m in a} & {(e, m.part) for e, m in b}


def _totals(task: Task) -> Iterator[Total]:
    """Every number that was answered, with the size of the terms that add up to it."""
    precision, answer = task.precision, task.answer
    sizes = [_sizes(case) for case in task.cases]
    spreads = [_spreads(case, precision) for case in task.cases]
    for part, given in enumerate((answer.delta, answer.theta, answer.bias)):
        if given is None:
            continue
        for place in task.cases[0].places(("all", "weights", "bias")[part]):
            value = _at(given, place)
            rounding = sum(precision.half_unit(value) + _at(spread[part], place) for spread in spreads)
            yield Total(part, place, value, sum(_at(size[part], place) for size in sizes), rounding)


def _sizes(case: Case) -> tuple[Any, Any, Any]:
    """The recursion on absolute values: how large the terms are that may cancel in each number."""
    theta = [[[abs(t) for t in row] for row in layer] for layer in case.theta]
    errors = [abs(e) + CANCELLATION * (abs(a) + abs(b)) for e, a, b in zip(case.errors, case.y, case.o[-1])]
    slopes = [lambda u, slope=slope: abs(slope(u)) + SLACK for slope in case.slope]
    delta = hand.backward(theta, case.u, errors, slopes)
    return delta, *_gradients(case, delta)


def _spreads(case: Case, precision: Precision) -> tuple[Any, Any, Any]:
    """The same for what is lost where each δ is written down before it is used; nothing if it needs no rounding."""
    delta, _, _ = derivation(case, {})
    spread: Grid = [[0.0] * len(layer) for layer in delta]
    for equation in ("output", "hidden") if precision.digits is not None else ():
        for k, i in case.places(equation):
            through = 0.0
            if equation == "hidden":
                slope = abs(case.slope[k](case.u[k][i]))
                through = slope * sum(d * abs(row[i]) for d, row in zip(spread[k + 1], case.theta[k + 1]))
            here = precision.half_unit_at(delta[k][i]) if through else precision.rounding(delta[k][i])
            spread[k][i] = through + here
    return spread, *_gradients(case, spread)


def _gradients(case: Case, delta: Grid) -> tuple[Any, Any]:
    theta, bias = hand.gradients([abs(a) for a in case.x], [[abs(a) for a in o] for o in case.o], delta)
    return theta, bias


def _at(nested: Any, place: Place) -> float:
    for index in place:
        nested = nested[index]
    return float(nested)
