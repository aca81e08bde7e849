"""Numbers for a sheet, drawn until they keep the rules: the same for the same seed, on every machine.

The forward pass is drawn neuron by neuron, each until its own rules hold; then targets are tried, then η.
A search that finds nothing ends, and says which rule rejected most.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from autograd import AutogradValueError

from .. import deltas as hand
from ..grading.equations import column
from ..grading.parts import IN_O
from ..network.activations import ACTIVATION_RECORDS
from ..network.losses import LOSS_RECORDS
from .rules import ONE_SIDED, UNPRINTED, UNTOLD, Printing, of_delta, of_sum, of_u
from .settings import Numbers, Settings, case_of
from .telling import Pair, alike_everywhere, confused

TENTHS = range(1, 10)
RATES = (0.2, 0.3, 0.4, 0.6, 0.7, 0.8)  # η, one of which is taken where none is asked for; ½ looks like a lost factor 2
OTHERS = 12  # sheets that show what no sheet of their kind tells apart
OF_A_NEURON, FORWARDS, TARGETS, BACKWARDS = 400, 20_000, 60, 60_000  # draws before a search gives up
CERTAIN = 100  # sheets that share a pair of mistakes they do not tell apart: then no sheet does
T = TypeVar("T")
Real = Callable[[float], float]


@dataclass
class _Pass:
    """A forward pass: its numbers in full, and o and σ' as they are printed."""

    x: list[float]
    theta: list[list[list[float]]] = field(default_factory=list)
    bias: list[list[float]] = field(default_factory=list)
    o: list[list[float]] = field(default_factory=list)
    slopes: list[list[float]] = field(default_factory=list)
    printed: list[list[float]] = field(default_factory=list)
    printed_slopes: list[list[float]] = field(default_factory=list)

    def before(self, k: int, printed: bool = False) -> list[float]:
        return (self.printed if printed else self.o)[k - 1] if k else self.x


def drawn(settings: Settings, seed: int) -> Numbers:
    """Numbers that keep all rules.  Raises AutogradValueError where there seem to be none.

    >>> numbers = drawn(Settings([2, 2, 1]), 7)
    >>> numbers == drawn(Settings([2, 2, 1]), 7) != drawn(Settings([2, 2, 1]), 8)
    True
    """
    same = never_told(dataclasses.replace(settings, widths=tuple(settings.widths), seed=0, student=None, eta=None))
    return _Search(settings, seed, same).found()


@lru_cache(maxsize=64)
def never_told(settings: Settings) -> frozenset[Pair]:
    """The mistakes that no sheet of that kind tells apart, by sheets that keep all other rules."""
    others = (_Search(settings, seed).found() for seed in range(OTHERS))
    return alike_everywhere(case_of(settings, numbers) for numbers in others)


class _Search:
    """The search for one sheet; `same`: the pairs of mistakes that need not be told apart, None: none need to be."""

    def __init__(self, settings: Settings, seed: int, same: frozenset[Pair] | None = None) -> None:
        self.settings, self.printing, self.same = settings, Printing(settings.digits), same
        self.generator, self.rejected = random.Random(seed), Counter[str]()
        self.always: set[tuple[str, str, str]] | None = None  # what no sheet so far has told apart
        self.sigmas: list[tuple[Real, Real]] = [hand.ACTIVATIONS[name] for name in settings.activations]
        self.errors_of: Callable[[list[float], list[float]], list[float]] = hand.ERROR_SLOPES[settings.loss]
        self.err_of: Callable[[list[float], list[float]], float] = hand.ERRORS[settings.loss]
        self.backwards = 0

    def found(self) -> Numbers:
        for _ in range(FORWARDS):
            forward = self._forward()
            if forward is None:
                continue
            for y in itertools.islice(self._targets(forward), TARGETS):
                if numbers := self._finished(forward, y):
                    return numbers
            if self.backwards > BACKWARDS or (self.always and self.rejected[UNTOLD] >= CERTAIN):
                break
        raise AutogradValueError(self._given_up())

    def _given_up(self) -> str:
        s = self.settings
        reasons = ", ".join(f"{reason} ({n})" for reason, n in self.rejected.most_common(3))
        asked = f"{'-'.join(map(str, s.widths))}, {s.activation}, {s.loss}, {s.digits} digits"
        asked += "" if s.eta is None else f", η = {s.eta}"
        why = ""
        if self.always and self.rejected[UNTOLD] > OTHERS:  # fewer may have it by chance
            equation, a, b = min(self.always)
            why = f": {a or 'what is right'} and {b} cannot be told apart in the equation {equation!r}"
        return (
            f"worksheet: no sheet of {asked} was found{why}; rejected most for {reasons or 'nothing'}: ask for other"
            f" digits, a smaller network{'' if s.eta is None else ', no η of your own'} or another seed"
        )

    # Only random(), whose numbers are the same in every Python, is asked for.
    def _one_of(self, choices: Sequence[T]) -> T:
        return choices[int(self.generator.random() * len(choices))]

    def _some(self, choices: Sequence[T], n: int) -> list[T]:
        """So many of them, none twice, in any order."""
        left = list(choices)
        return [left.pop(int(self.generator.random() * len(left))) for _ in range(n)]

    def _tenths(self, n: int, signed: bool = True) -> list[float]:
        """Numbers of one decimal, from 0.1 to 0.9, all of different size."""
        return [m / 10 * (self._one_of((-1, 1)) if signed else 1) for m in self._some(TENTHS, n)]

    # --- forward ---------------------------------------------------------------------------------

    def _forward(self) -> _Pass | None:
        s = self.settings
        forward = _Pass(self._tenths(s.widths[0]))
        for k, n in enumerate(s.widths[1:]):
            forward.theta.append([])
            for grid in (forward.bias, forward.o, forward.slopes, forward.printed, forward.printed_slopes):
                grid.append([])
            for dead in self._sides(k, n):
                if not self._neuron(forward, k, dead):
                    return None
        return forward

    def _sides(self, k: int, n: int) -> list[bool | None]:
        """Which ReLU neurons of a layer are to be off: one at least of the first hidden layer of several, never all."""
        if not ACTIVATION_RECORDS[self.settings.activations[k]].kink:
            return [None] * n
        if k == len(self.settings.widths) - 2 or n == 1:
            return [False] * n
        first = all(width == 1 for width in self.settings.widths[1 : k + 1])
        sides = [first, False, *(self.generator.random() < 0.3 for _ in range(n - 2))]
        return self._some(sides, n)

    def _neuron(self, forward: _Pass, k: int, dead: bool | None) -> bool:
        sigma, slope = self.sigmas[k]
        printing, kink, form = self.printing, dead is not None, IN_O.get(self.settings.activations[k])
        for _ in range(OF_A_NEURON):
            *row, b = self._tenths(len(forward.before(k)) + 1)
            u = hand.weighted_sum(row, forward.before(k), b)
            from_printed = hand.weighted_sum(row, forward.before(k, printed=True), b)
            o, s, shown = sigma(u), slope(u), printing.rounded(u)
            reason = (
                (ONE_SIDED if dead is not None and dead != (u < 0) else "")
                or of_u(u, kink)
                or of_sum([*(t * v for t, v in zip(row, forward.before(k))), b])
                or printing.fault(u, from_printed)
                or printing.fault(o, sigma(shown))
                or printing.fault(s, slope(shown))
                or (printing.fault(s, form(printing.rounded(o))) if form else "")
            )
            if not reason:
                forward.theta[k].append(row)
                grids = (forward.bias, forward.o, forward.slopes, forward.printed, forward.printed_slopes)
                for grid, value in zip(grids, (b, o, s, printing.rounded(o), printing.rounded(s))):
                    grid[k].append(value)
                return True
            self.rejected[reason] += 1
        return False

    def _confused(self, numbers: Numbers) -> list[tuple[str, str, str]]:
        if self.same is None:
            return []
        return confused(case_of(self.settings, numbers), self.settings.digits, self.same)

    # --- targets ---------------------------------------------------------------------------------

    def _targets(self, forward: _Pass) -> Iterator[list[float]]:
        """Targets that the loss allows, for which Err and δ of the output layer keep the rules."""
        outputs, kind = len(forward.o[-1]), LOSS_RECORDS[self.settings.loss].targets
        if kind == "numbers":
            per_output = [self._some(self._reachable(), len(self._reachable())) for _ in range(outputs)]
            everything: Iterator[tuple[float, ...]] = iter(list(itertools.islice(_diagonals(per_output), 400)))
        elif kind == "classes":
            order = self._some(range(outputs), outputs)
            everything = (tuple(float(i == c) for i in range(outputs)) for c in order)
        else:
            values = (-1.0, 1.0) if kind == "signs" else (0.0, 1.0)
            combinations = list(itertools.product(values, repeat=outputs))
            everything = iter(self._some(combinations, len(combinations)))
        for y in everything:
            if reason := self._output_fault(forward, list(y)):
                self.rejected[reason] += 1
            else:
                yield list(y)

    def _reachable(self) -> list[float]:
        """The targets of one decimal that σ of the last layer can come near to."""
        record = ACTIVATION_RECORDS[self.settings.activations[-1]]
        return [m / 10 for m in (*TENTHS, *(-m for m in TENTHS)) if record.low < m / 10 < record.high]

    def _output_fault(self, forward: _Pass, y: list[float]) -> str:
        self.backwards += 1
        printing, o, printed = self.printing, forward.o[-1], forward.printed[-1]
        if LOSS_RECORDS[self.settings.loss].outputs == "values":
            for a, b in zip(y, o):
                if reason := of_sum([a, -b]):
                    return reason
        if reason := printing.fault(self.err_of(y, o), self.err_of(y, printed)):
            return reason
        errors, from_printed = self.errors_of(y, o), self.errors_of(y, printed)
        for e, p, s, t in zip(errors, from_printed, forward.slopes[-1], forward.printed_slopes[-1]):
            delta = hand.output_delta(e, s)
            if reason := of_delta(delta, dead=False) or printing.fault(delta, hand.output_delta(p, t)):
                return reason
        return ""

    # --- backward --------------------------------------------------------------------------------

    def _finished(self, forward: _Pass, y: list[float]) -> Numbers | None:
        delta, reason = self._backward(forward, y)
        if not reason:
            rates = self._some(RATES, len(RATES)) if self.settings.eta is None else [self.settings.eta]
            reason, eta = self._gradients(forward, delta, rates)
        if not reason:
            numbers = Numbers(forward.theta, forward.bias, forward.x, y, eta)
            pairs = self._confused(numbers)
            if pairs:
                reason, self.always = UNTOLD, set(pairs) if self.always is None else self.always & set(pairs)
        if not reason:
            return numbers
        self.rejected[reason] += 1
        return None

    def _backward(self, forward: _Pass, y: list[float]) -> tuple[list[list[float]], str]:
        printing, last = self.printing, len(forward.theta) - 1
        errors = self.errors_of(y, forward.o[-1])
        delta = [[hand.output_delta(e, s) for e, s in zip(errors, forward.slopes[-1])]]
        for k in range(last - 1, -1, -1):
            shown, layer = printing.all(delta[0]), []
            for i, (s, t) in enumerate(zip(forward.slopes[k], forward.printed_slopes[k])):
                weights = column(forward.theta[k + 1], i)
                value = hand.hidden_delta(s, delta[0], weights)
                reason = (
                    of_sum([d * w for d, w in zip(delta[0], weights)])
                    or of_delta(value, dead=not s)
                    or printing.fault(value, hand.hidden_delta(t, shown, weights))
                )
                if reason:
                    return delta, reason
                layer.append(value)
            delta.insert(0, layer)
        return delta, ""

    def _gradients(self, forward: _Pass, delta: list[list[float]], rates: list[float]) -> tuple[str, float]:
        """Whether every gradient follows from what is printed; and an η for which every new θ does."""
        printing, steps = self.printing, []
        for k, layer in enumerate(delta):
            for i, d in enumerate(layer):
                shown = printing.rounded(d)
                pairs = zip(forward.theta[k][i], forward.before(k), forward.before(k, printed=True))
                for weight, o, p in pairs:
                    gradient = hand.weight_gradient(d, o)
                    if reason := printing.fault(gradient, hand.weight_gradient(shown, p)):
                        return reason, 0.0
                    steps.append((weight, d, o, printing.rounded(gradient)))
                steps.append((forward.bias[k][i], hand.bias_gradient(d), 1.0, shown))
        for eta in rates:
            if not any(
                printing.fault(new := hand.updated(w, eta, d, o), hand.updated(w, eta, g, 1.0)) or of_sum([w, new - w])
                for w, d, o, g in steps
            ):
                return "", eta
        return UNPRINTED, 0.0


def _diagonals(per_output: list[list[float]]) -> Iterator[tuple[float, ...]]:
    """All combinations, one from each list, in an order in which every list moves at once."""
    if len(per_output) == 1:
        yield from ((value,) for value in per_output[0])
        return
    size = len(per_output[0])
    for shifts in itertools.product(range(size), repeat=len(per_output) - 1):
        for m in range(size):
            yield (per_output[0][m], *(values[(m + s) % size] for values, s in zip(per_output[1:], shifts)))
