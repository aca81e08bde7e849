"""Grading the recursion as a whole, where only gradients are handed in, or the sum over a batch.

The whole derivation is run with each mistake in it, then with each two, until one gives all
numbers; then a constant factor is tried, of all numbers or of one layer's.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .. import deltas as hand
from ..network.modules import name
from .answers import Answer, Task
from .by_equation import COMMON, LUCK, ZEROS
from .equations import EQUATIONS, Case, Operands, Place, Wrongs, deltas, derivation, gradient
from .intervals import Real, ends, gap, middle
from .judging import CANCELLATION, SMALLEST, at, walked
from .mistakes import Mistake, family, named, scaled_in_one_layer
from .verdict import Explanation, Finding
from .written import common_digits

MOST_WORK = 2e7  # numbers computed in search of a pair of mistakes, some ten seconds
RATES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 1e-4)  # tried where none is given

PARTS = {1: "weights", 2: "bias"}  # of (δ, ∂Err/∂θ, ∂Err/∂b)
NAMES = ("delta", "theta", "bias")


@dataclass(frozen=True)
class Total:
    """One number of the gradient: where it stands, what was answered, and what rounding may do to it.

    part       of (δ, ∂Err/∂θ, ∂Err/∂b)
    size       how large its terms are
    right      what is right; an interval where numbers were rounded on the way
    before     where the number lay before it was written
    relative   how far it may be off, relative to its terms
    """

    part: int
    place: Place
    value: float
    size: float
    right: Real
    before: Real
    relative: float

    def is_right(self) -> bool:
        if not math.isfinite(self.value + middle(self.right)):
            return self.value == middle(self.right) or (self.value != self.value and self.right != self.right)
        return self._near(gap(self.right, self.before), middle(self.right))

    def agrees(self, value: float) -> bool:
        """Whether it may be that number, which has been rounded on the way as the right one was."""
        if value == self.value:
            return True
        low, high = ends(self.right)
        share = max(1.0, abs(value) / max(abs(low), abs(high), SMALLEST)) if high > low else 0.0
        return self._near(gap(value, self.before) - (high - low) * share, value)

    def _near(self, distance: float, value: float) -> bool:
        return distance <= self.relative * (self.size + abs(value)) + SMALLEST

    def chance(self, value: float) -> float:
        """How likely a number drawn blindly would be as near to that as this one is."""
        low, high = ends(self.before)
        off = max(abs(value - self.value), 0.5 * (high - low) + self.relative * (self.size + abs(self.value)))
        return min(1.0, 2 * off / (abs(self.value) + abs(middle(self.right)) + SMALLEST))

    @property
    def sharp(self) -> bool:
        """Whether it has digits enough to tell one number from another."""
        (a, b), (c, d) = ends(self.right), ends(self.before)
        return (b - a) + (d - c) < LUCK * abs(self.value)

    @property
    def term(self) -> str:
        k, *indices = self.place
        return name(("δ", "∂Err/∂θ", "∂Err/∂b")[self.part], *(i + 1 for i in indices), layer=k + 1)


@dataclass(frozen=True)
class Sum:
    """The numbers that were answered for the samples of a task."""

    task: Task
    totals: list[Total]

    def computed(self, explanation: Explanation) -> Iterator[float]:
        """What the recursion gives with these mistakes, as far as it is asked.

        Raises LookupError where they cannot be made.
        """
        wrongs: Wrongs = {}
        for equation, mistake in explanation:
            wrongs[equation] = (*wrongs.get(equation, ()), mistake)
        cases, add = self.task.cases, dict[int, Callable[[list[float]], float]]()
        for mistake in wrongs.get("batch", ()):
            if mistake.part == "samples":
                cases = mistake.change(cases)
            for part, which in ((1, "batch weights"), (2, "batch bias")):
                if mistake.part in ("batch", which):
                    add[part] = mistake.change
        samples = [deltas(case, wrongs) for case in cases]
        for total in self.totals:
            terms = [
                at(delta, total.place) if total.part == 0 else gradient(case, total.place, delta, wrongs)
                for case, delta in samples
            ]
            yield add.get(total.part, sum)(terms)

    def explained(self, explanation: Explanation) -> bool:
        try:
            return all(map(Total.agrees, self.totals, self.computed(explanation)))
        except (LookupError, ZeroDivisionError):
            return False

    def with_eta(self, eta: float) -> Sum:
        cases = [case.knowing("eta", eta) for case in self.task.cases]
        return Sum(dataclasses.replace(self.task, cases=cases), self.totals)

    def with_decay(self, decay: float) -> Sum:
        """With that λ, whose term is added once for the batch."""
        cases = [case.knowing("decay", 0.0 if n else decay) for n, case in enumerate(self.task.cases)]
        return Sum(dataclasses.replace(self.task, cases=cases), self.totals)


def as_a_whole(tasks: list[Task]) -> list[Finding]:
    """What is wrong with the gradients: one finding, or one for each of ∂Err/∂θ and ∂Err/∂b."""
    sums = [Sum(task, list(_totals(task))) for task in sorted(tasks, key=lambda task: len(task.cases))]
    wrong = [total for s in sums for total in s.totals if not total.is_right()]
    if not wrong:
        return []
    fitting = _fitting(sums, wrong) if all(math.isfinite(total.value) for total in wrong) else []
    if fitting:
        first, equation = wrong[0], fitting[0][0][0]
        title = EQUATIONS[equation]
        return [Finding(title, tuple(fitting), None, first.term, first.value, middle(first.right), equation=equation)]
    return list(_unexplained(sums))


def right_so_far(task: Task) -> bool:
    """Whether every number of the gradients is what it should be.

    >>> from .answers import Written
    >>> from .written import Precision
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> right_so_far(Task([case], Answer(theta=[[[4.0]]]), Written({}, Precision())))
    True
    """
    return all(total.is_right() for total in _totals(task))


def _fitting(sums: list[Sum], wrong: list[Total]) -> list[Explanation]:
    """The mistakes, or else the pairs of mistakes, that give all numbers, and not by accident."""
    singles = _singles([s.task for s in sums])
    wanted = {id(total) for total in wrong}
    zeros = not any(total.value for total in wrong)

    def evidence(explanation: Explanation) -> float:
        return math.prod(
            total.chance(value) for s in sums for total, value in zip(s.totals, s.computed(explanation))
            if total.value and (zeros or id(total) in wanted)
        )  # fmt: skip

    def good(candidates: Iterator[Explanation], number: int) -> list[Explanation]:
        fitting = [c for c in candidates if _all(sums, c)]
        if zeros and not any(total.value for s in sums for total in s.totals):
            return [c for c in fitting if c[0][1].key in ZEROS]
        few = [len(COMMON) if len(c) == 1 and c[0][1].key in COMMON else number for c in fitting]
        return [c for c, tries in zip(fitting, few) if tries * evidence(c) < LUCK]

    fitting = good(iter(singles), len(singles))
    work = sum(len(s.task.cases) * len(s.totals) for s in sums) * len(singles) ** 2 / 2
    if not fitting:
        fitting = _with_a_number(sums) or _scaled(sums)
    if not fitting and work <= MOST_WORK:
        pairs = (a + b for a, b in itertools.combinations(singles, 2) if _compatible(a, b))
        fitting = good(pairs, len(singles) ** 2 // 2)
    return fitting


def _all(sums: list[Sum], explanation: Explanation) -> bool:
    return all(s.explained(explanation) for s in sums)


def _with_a_number(sums: list[Sum]) -> list[Explanation]:
    """A mistake that needs an η or a λ, with one that was not given."""
    case = sums[0].task.cases[0]
    if len(case.theta) > 1:
        updated = named("weights already updated", "hidden")
        for eta in RATES:
            if _all([s.with_eta(eta) for s in sums], (("hidden", updated),)):
                return [(("hidden", updated.with_number(eta)),)]
    added = named("L2 term added", "weights")
    thetas = [(total, at(case.theta, total.place)) for total in sums[0].totals if total.part == 1]
    if not thetas or len(thetas) < 3:
        return []
    total, theta = max(thetas, key=lambda pair: abs(pair[1]))
    number = (total.value - middle(total.right)) / theta if theta else 0.0
    for decay in (float(f"{number:.1g}"), float(f"{number:.2g}"), number):
        if 0 < decay < 10 and _all([s.with_decay(decay) for s in sums], (("weights", added),)):
            return [(("weights", added.with_number(decay)),)]
    return []


def _scaled(sums: list[Sum]) -> list[Explanation]:
    """All wrong numbers stand in one layer of one part, and are off by one factor."""
    totals = [(len(s.task.cases), total) for s in sums for total in s.totals]
    where = {(total.part, total.place[0]) for _, total in totals if not total.is_right()}
    if len(where) != 1:
        return []
    ((part, k),) = where
    inside = [(m, total) for m, total in totals if (total.part, total.place[0]) == (part, k)]
    if len(inside) == sum(total.part == part for _, total in totals):
        return []
    equation, most = PARTS[part], max(m for m, _ in inside)
    if most > 1 and sum(t.sharp for _, t in inside) > 1 and all(t.agrees(middle(t.right) / m) for m, t in inside):
        return [((equation, scaled_in_one_layer(equation, k, 1 / most, most)),)]
    factor = _factor([total for _, total in inside])
    return [] if factor is None else [((equation, scaled_in_one_layer(equation, k, factor)),)]


def _unexplained(sums: list[Sum]) -> Iterator[Finding]:
    """Where ∂Err/∂θ and ∂Err/∂b are wrong that no mistake explains, and by what factor if it is a constant one."""
    for part, equation in PARTS.items():
        totals = [total for s in sums for total in s.totals if total.part == part]
        wrong = [total for total in totals if not total.is_right()]
        if not wrong:
            continue
        first = wrong[0]
        digits = common_digits([(total.value, middle(total.right)) for total in totals])
        places = list(dict.fromkeys(total.term for total in wrong))
        of = len({total.place for total in totals})
        yield Finding(
            EQUATIONS[equation], (), None if digits else _factor(totals), first.term, first.value,
            middle(first.right), len(places), of, tuple(places) if len(places) < of else (), digits, equation,
        )  # fmt: skip


def _factor(totals: list[Total]) -> float | None:
    """The constant by which the answer is off everywhere; one number alone proves none."""
    largest = max(totals, key=lambda total: abs(middle(total.right)))
    right = middle(largest.right)
    factor = largest.value / right if right else 0.0
    telling = sum(total.value != 0 and total.sharp for total in totals)
    fits = factor and math.isfinite(factor) and telling > 1
    return factor if fits and all(t.agrees(factor * middle(t.right)) for t in totals) else None


def _singles(tasks: list[Task]) -> list[Explanation]:
    """Each mistake in each equation, and in all of its equations at once."""
    task = max(tasks, key=lambda task: len(task.cases))
    unseen = [e for e, part in (("weights", task.answer.theta), ("bias", task.answer.bias)) if part is None]
    seen = [e for e in ("output", "hidden", "weights", "bias", "forward", "batch") if e not in unseen]
    bound = [(e, m) for e in seen for m in family(e, task.cases[0]) if e != "forward" or m.key == "bias_missing"]
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
    answer, written = task.answer, task.precision
    sizes = [_sizes(case, written.work.slack) for case in task.cases]
    rights = [_rights(case, written.work) if not written.work.exact else derivation(case, {}) for case in task.cases]
    for part, given in enumerate((answer.delta, answer.theta, answer.bias)):
        if given is None:
            continue
        precision = written.of(NAMES[part])
        for place in task.cases[0].places(("all", "weights", "bias")[part]):
            value = at(given, place)
            if value is not None:
                right = sum(at(r[part], place) for r in rights)
                size = sum(at(s[part], place) for s in sizes)
                before = precision.before(value)
                if not written.work.exact:
                    right = written.work.after(right, size) if precision.exact else right
                yield Total(part, place, value, size, right, before, max(precision.relative, written.work.relative))


def _rights(case: Case, work: Any) -> tuple[Any, Any, Any]:
    """The right numbers as intervals, if everything on the way was written down."""
    from .answers import Written

    walk = walked(Task([case], Answer(), Written({}, work)))
    own = walk.case.own
    assert own is not None
    return walk.delta, own.theta, own.bias


def _sizes(case: Case, slack: float) -> tuple[Any, Any, Any]:
    """The recursion on absolute values: how large the terms are that may cancel in each number."""
    theta = [[[abs(t) for t in row] for row in layer] for layer in case.theta]
    errors = [
        abs(middle(e)) + CANCELLATION * (abs(a) + abs(middle(b))) for e, a, b in zip(case.errors, case.y, case.o[-1])
    ]
    slopes = [[abs(middle(s)) + slack for s in layer] for layer in case.slopes]
    identity = [lambda s: s] * len(slopes)
    delta = hand.backward(theta, slopes, errors, identity)
    o = [[abs(middle(v)) for v in layer] for layer in case.o]
    return delta, *hand.gradients([abs(a) for a in case.x], o, delta)


def with_operands(case: Case, own: Operands) -> Case:
    """The case with an answer's own u, o and σ', as floats."""
    u, o, slopes = ([[middle(v) for v in layer] for layer in grid] for grid in (own.u, own.o, own.slopes))
    return dataclasses.replace(case, own=Operands(u, o, slopes, [middle(e) for e in own.errors]))
