"""Every number of an answer, judged from the answer's own operands.

From the first u to the last gradient each number is computed from what stands before it: the
answer's own number where it was handed in, right or wrong, and what the hand formulas make of
it where it was not.  So a mistake is blamed where it is made, and not again further on.

An own number that was rounded is an interval: the next equation may have been computed from it
as it was written or as it was before.  If it is right, it lay where the equation allows it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..network.modules import name
from .answers import Answer, Task, leaves
from .equations import EQUATION, Case, Grid, Operands, Place, Wrong
from .intervals import Interval, Real, ends, gap, hull, largest, middle, widened
from .parts import IN_O
from .verdict import Judged
from .written import Precision, precision_of

CANCELLATION = 0.05  # of |y| + |ŷ|, whose difference is rounded like they are
SMALLEST = 1e-290  # below it numbers lose their digits

FIELD = {
    "forward": "u", "activation": "o", "error": "err", "slope": "slope", "output": "delta", "hidden": "delta",
    "weights": "theta", "bias": "bias", "update": "new_theta", "update_bias": "new_bias",
}  # fmt: skip
SYMBOL = {
    "u": "u", "o": "o", "err": "Err", "slope": "σ'", "delta": "δ", "theta": "∂Err/∂θ", "bias": "∂Err/∂b",
    "new_theta": "new θ", "new_bias": "new b",
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """One number of the answer, and what its equation gives from the answer's own operands.

    computed  an interval where operands were rounded
    size      how large the terms of the equation are
    before    how many claims there are before it
    """

    walk: Walk
    equation: str
    place: Place
    value: float
    computed: Real
    size: Real
    precision: Precision
    before: int

    def is_(self, computed: Real, factor: float = 1.0) -> bool:
        """Whether the number may be that, but for what rounding did to it."""
        computed = factor * computed if factor != 1.0 else computed
        if not math.isfinite(self.value + middle(computed)):
            return self.value == middle(computed) or (self.value != self.value and middle(computed) != middle(computed))
        tolerance = self.precision.relative * (self.size + largest(computed)) + SMALLEST
        return bool(computed == self.value or gap(computed, self.precision.before(self.value)) <= tolerance)

    @cached_property
    def follows(self) -> bool:
        """Whether it is what its equation gives from the answer's own operands."""
        return self.is_(self.computed)

    @cached_property
    def right(self) -> bool:
        """Whether it follows from the answer's own operands; or is right, although one of them was copied wrongly."""
        return self.follows or (self._slipped and self.is_(self.walk.truth(self.equation, self.place)))

    @property
    def _slipped(self) -> bool:
        """Whether a number before this one is wrong."""
        return any(not self.walk.claims[n].right for n in range(self.before))

    def agrees(self, wrong: Wrong) -> bool:
        """Whether it is what the equation gives with these mistakes in it."""
        if not wrong:
            return self.right
        try:
            computed = EQUATION[self.equation](self.walk.case, self.place, self.walk.delta, wrong)
        except LookupError:
            return False
        return self.is_(self.walk.loosely(computed))

    def by(self, wrong: Wrong) -> float:
        """What the equation gives with these mistakes in it; nan where they cannot be made."""
        try:
            return middle(EQUATION[self.equation](self.walk.case, self.place, self.walk.delta, wrong))
        except LookupError:
            return float("nan")

    def chance(self, computed: Real) -> float:
        """How likely a number drawn blindly would be as near to that as this one is."""
        half = self.precision.half_unit(self.value)
        if self.value % 1 == 0:  # 1.0 among numbers with three decimals is 1.000
            half = min(half, 0.5 * 10.0**-self.precision.decimals)
        finest = half + self.precision.relative * (self.size + abs(self.value))
        off = max(abs(middle(computed) - self.value), finest)
        return float(min(1.0, 2 * off / (abs(self.value) + largest(self.computed) + SMALLEST)))

    @property
    def symbol(self) -> str:
        k, *indices = self.place or (0,)
        symbol = SYMBOL[FIELD[self.equation]]
        return name(symbol, *(i + 1 for i in indices), layer=k + 1) if self.place else symbol

    @property
    def term(self) -> str:
        if not self.place:
            return self.symbol
        return f"{self.symbol} (layer {self.place[0] + 1}, neuron {self.place[1] + 1})"


@dataclass
class Walk:
    """An answer's own operands, complete, and all its numbers as claims."""

    case: Case
    delta: Grid
    claims: list[Claim]
    task: Task

    @property
    def work(self) -> Precision:
        return self.task.precision.work

    def truth(self, equation: str, place: Place) -> Real:
        """What is right at that place, whatever the answer's own operands are."""
        part, walk = FIELD[equation], self._truth
        own = walk.case.own
        assert own is not None
        grids = {"u": own.u, "o": own.o, "slope": own.slopes, "delta": walk.delta, "theta": own.theta, "bias": own.bias}
        return at(grids[part], place) if part in grids else EQUATION[equation](walk.case, place, walk.delta, ())

    @cached_property
    def _truth(self) -> Walk:
        return walked(dataclasses.replace(self.task, answer=Answer()))

    def loosely(self, computed: Real) -> Real:
        """With what was lost where a part of the equation was written down."""
        return computed if self.work.exact else widened(computed, self.work.on_the_way(largest(computed)))

    @property
    def wrong(self) -> int:
        """How many numbers do not follow from those before them."""
        return sum(not claim.follows for claim in self.claims)


def walked(task: Task) -> Walk:
    """Every number of the answer to one sample, judged."""
    return _Walking(task).walk


def all_right(task: Task) -> bool:
    """Whether every number of the answer to one sample is right; looks no further than the first that is not."""
    try:
        _Walking(task, lambda claim: not claim.right)
    except _Wrong:
        return False
    return True


def fewest_wrong(tasks: Sequence[Task]) -> Task:
    """The task whose answer has fewest numbers that do not follow from those before them; the first of several."""
    best, fewest = tasks[0], math.inf
    for task in tasks:
        wrong = _wrong_in(task, fewest)
        if wrong < fewest:
            best, fewest = task, wrong
    return best


def _wrong_in(task: Task, most: float) -> float:
    """How many numbers do not follow; inf as soon as it is known to be at least so many."""
    wrong = 0

    def too_many(claim: Claim) -> bool:
        nonlocal wrong
        wrong += not claim.follows
        return wrong >= most

    try:
        _Walking(task, too_many)
    except _Wrong:
        return math.inf
    return wrong


class _Wrong(Exception):
    """The walk has met a number at which it was asked to stop."""


class _Walking:
    """The walk through the equations, with grids that fill up on the way."""

    def __init__(self, task: Task, stop: Callable[[Claim], bool] | None = None) -> None:
        case, self.answer, self.work, self.task = task.cases[0], task.answer, task.precision.work, task
        self.stop, work = stop, self.work
        blank: Grid = [[0.0] * len(layer) for layer in case.theta]
        self.u, self.o, self.slopes, self.delta, self.bias = ([list(row) for row in blank] for _ in range(5))
        self.theta = [[[0.0] * len(row) for row in layer] for layer in case.theta]
        self.errors: list[Real] = [0.0] * len(case.y)
        rework = case.own  # u and o that were rounded before anything else was done with them
        if rework is not None:
            self.u, self.o = rework.u, rework.o
            self.slopes = [[work.after(slope, work.slack) for slope in layer] for layer in rework.slopes]
            self.errors = [work.after(error) for error in rework.errors]
        own = Operands(self.u, self.o, self.slopes, self.errors, self.theta, self.bias)
        self.case = dataclasses.replace(case, own=own)
        self.walk = Walk(self.case, self.delta, [], task)
        if rework is None:
            self._forward()
        self._backward()

    def _forward(self) -> None:
        case = self.case
        for k in range(len(case.theta)):
            for equation, grid in (("forward", self.u), ("activation", self.o)):
                for i in range(len(case.theta[k])):
                    grid[k][i] = self._taken(equation, (k, i))
        if self.answer.err is not None:
            self._taken("error", ())
        for k, i in case.places("slope"):
            self.slopes[k][i] = self._taken("slope", (k, i))
        for i in range(len(case.y)):
            slope = case.error_at(i, self.o[-1])
            self.errors[i] = self.work.after(slope, CANCELLATION * (abs(case.y[i]) + largest(self.o[-1][i])))

    def _backward(self) -> None:
        for equation in ("output", "hidden"):
            for k, i in self.case.places(equation):
                self.delta[k][i] = self._taken(equation, (k, i))
        for equation, grid in (("weights", self.theta), ("bias", self.bias)):
            for place in self.case.places(equation):
                layer: Any = grid[place[0]]
                if equation == "weights":
                    layer[place[1]][place[2]] = self._taken(equation, place)
                else:
                    layer[place[1]] = self._taken(equation, place)
        for equation in ("update", "update_bias"):
            if getattr(self.answer, FIELD[equation]) is not None:
                for place in self.case.places(equation):
                    self._taken(equation, place)

    def _taken(self, equation: str, place: Place) -> Real:
        """What stands at that place for the equations to come; and a claim, if the answer has a number there."""
        case, part = self.case, FIELD[equation]
        computed = EQUATION[equation](case, place, self.delta, ())
        value = at(getattr(self.answer, part), place)
        if value is None and self.work.exact:
            return computed
        size = _size(case, equation, place, self.delta, self.work.slack)
        computed = self._as_worked(equation, place, computed, size)
        if value is None:
            return self.work.after(computed, size)
        precision = self.task.precision.of(part)
        claim = Claim(self.walk, equation, place, value, computed, size, precision, len(self.walk.claims))
        if self.stop is not None and self.stop(claim):
            raise _Wrong
        self.walk.claims.append(claim)
        before = precision.before(value)
        if not isinstance(before, Interval):
            return value
        if gap(before, computed) == 0:  # it is right
            (a, b), (c, d) = ends(before), ends(computed)
            before = Interval(max(a, c), min(b, d))
        return hull(before, value)

    def _as_worked(self, equation: str, place: Place, computed: Real, size: float) -> Real:
        """With what is lost inside the equation: where its sum, its products or σ' = 1 − o² are written down."""
        case, work = self.case, self.work
        if equation == "slope":
            return self._in_either_form(place, computed)
        if equation not in ("forward", "hidden"):
            return computed
        # The products of a u may have been written as coarsely as the u, and all that follows with more digits.
        written = (work, self._of_u) if equation == "forward" else (work,)
        if all(p.exact for p in written):
            return computed
        lost = 0.0
        k, i = place
        if equation == "hidden" and work.after(computed) is not computed:
            lost = work.on_the_way(largest(computed)) * largest(case.slopes[k][i])
        if work.products:
            factors = zip(case.theta[k][i], case.before(k))
            if equation == "hidden":
                factors = zip((row[i] for row in case.theta[k + 1]), self.delta[k + 1])
            products = [t * v for t, v in factors]
            rounded = [x for x in products if any(p.after(x) is not x for p in written)]
            lost += sum(max(p.on_the_way(largest(x)) for p in written) for x in rounded)
        return widened(computed, lost) if lost else computed

    @cached_property
    def _of_u(self) -> Precision:
        """How precisely the answer's u were written, however few they are."""
        given = [x for x in leaves(self.answer.u) if math.isfinite(x)]
        found = precision_of(given) if given and not self.work.single else self.work
        return dataclasses.replace(found, cut=self.work.cut)

    def _in_either_form(self, place: Place, computed: Real) -> Real:
        """σ' from u, or as textbooks have it from o, which may be the answer's own, and another."""
        k, i = place
        form, own = IN_O.get(self.case.names[k]), self.answer.o is not None
        if form is None or (self.work.exact and not own):
            return computed
        other = form(self.o[k][i])
        same = not isinstance(other, Interval) and not isinstance(computed, Interval) and gap(other, computed) <= 1e-12
        return computed if same and self.work.exact else hull(computed, other)


def _size(case: Case, equation: str, place: Place, delta: Grid, slack: float) -> Real:
    """How large the terms of the equation are."""
    if equation == "error":
        return sum((abs(y) + largest(o)) ** 2 for y, o in zip(case.y, case.o[-1])) * CANCELLATION + CANCELLATION
    k, i, *l = place
    if equation == "forward":
        inputs = zip(case.theta[k][i], case.before(k))
        return sum(abs(t) * largest(o) for t, o in inputs) + abs((case.bias[k] or [0.0] * (i + 1))[i])
    if equation in ("activation", "slope"):
        return slack
    if equation in ("update", "update_bias"):
        return abs(case.theta[k][i][l[0]] if l else (case.bias[k] or ())[i])
    slope = largest(case.slopes[k][i]) + slack
    if equation == "output":
        return slope * (largest(case.errors[i]) + CANCELLATION * (abs(case.y[i]) + largest(case.o[k][i])))
    if equation == "hidden":
        return slope * sum(largest(d) * abs(row[i]) for d, row in zip(delta[k + 1], case.theta[k + 1]))
    return largest(delta[k][i]) * (largest(case.before(k)[l[0]]) if l else 1.0)


def at(nested: Any, place: Place) -> Any:
    """What stands there in nested lists; None where they are None.

    >>> at([[1.0, 2.0], None], (0, 1)), at([[1.0, 2.0], None], (1, 0))
    (2.0, None)
    """
    for index in place:
        if nested is None:
            return None
        nested = nested[index]
    return nested


def judged(task: Task) -> list[Judged]:
    """Every number of an answer, with what it should be and whether it only follows from a wrong one."""
    walk = walked(dataclasses.replace(task, cases=[dataclasses.replace(task.cases[0], own=None)]))
    fields = []
    for claim in walk.claims:
        truth = walk.truth(claim.equation, claim.place)
        status = "mistake" if not claim.right else "right" if claim.is_(truth) else "follow_through"
        part = FIELD[claim.equation]
        fields.append(Judged(part, claim.place, claim.value, claim.by(()), middle(truth), status))
    return fields


def grouped(claims: Iterable[Claim]) -> Iterator[tuple[str, list[Claim]]]:
    """The claims of each equation, in the order of computation."""
    by: dict[str, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.equation, []).append(claim)
    for equation in EQUATION:
        if equation in by:
            yield equation, by[equation]
