"""Grading: which equation of a hand derivation is wrong, at which neuron, and what the mistake is.

1. Where the δ are handed in, every equation is graded by itself, with the answer's own δ of
   the next layer in it.  So a mistake is blamed where it is made and not again further left,
   and mistakes in different equations do not get in each other's way.
2. Where only gradients are, or the sum over a batch, the whole recursion is run with each
   mistake in it, then with each two.

A mistake explains an equation if it gives every number of it; if several do, all are named.
What is right is never blamed: the right formula is compared first, with the tolerance that
textbook forms of σ' and any order of summation need.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import Op

from . import deltas as hand
from .answers import Precision, Sigma, Task, answer_of, asked, cases_of, probes, written_precision
from .losses import Loss
from .mistakes import EQUATION, EQUATIONS, Case, Grid, Mistake, Place, Wrong, Wrongs, derivation, family, named
from .modules import MLP, name
from .verdict import Explanation, Finding, Grade

SLACK = 1e-3  # of σ': relative to SLACK + σ' an error of 1e-9 is 1e-12 of σ' itself, as 1 − o² may have
CANCELLATION = 0.05  # of |y| + |ŷ|, whose difference is rounded like they are
MOST_WORK = 2e7  # numbers computed in search of a pair of mistakes, some ten seconds


def grade(
    answer: Any,
    net: MLP | Op | str,
    x: Any = None,
    y: Any = None,
    *,
    loss: str | Loss = "squared_error",
    eta: float | None = None,
    tolerance: float | None = None,
    sigma: Sigma | Sequence[Sigma] | None = None,
    error_slopes: Callable[[Any, Any], Sequence[float]] | None = None,
) -> Grade:
    """Say what is wrong with a derivation by hand, or with a backward rule.

    answer        a function answer(theta, bias, u, o, x, y, sigma_slope) on plain lists, θ[k][i][l],
                  bias[k][i] (None for a layer without), u[k][i], o[k][i], σ' = sigma_slope[k]; it
                  returns δ[k][i], or (δ, ∂Err/∂θ), or (δ, ∂Err/∂θ, ∂Err/∂b).
                  Or the numbers themselves, in the same shapes; gradients may come alone.
                  Or, for an operation, its rule: (o, *operands) -> the partial derivatives
    net           the network; or a row of the table, or its name, if the answer is a rule
    x, y          one sample; or a list of samples and of targets: the answer is then ∂Err/∂θ or
                  (∂Err/∂θ, ∂Err/∂b) of the batch, and a function gets lists of u, o, x and y
    loss          a name of LOSSES, or its function
    eta           η: lets mistakes with the learning rate be recognised
    tolerance     how far the answer may be off, relative to its terms; by default 1e-9 for a
                  function, and for numbers what the digits they were written with allow
    sigma         for an activation of your own: (σ, σ') on floats, one pair or one for each layer
    error_slopes  for a loss of your own: (y, ŷ) -> ∂Err/∂ŷ

    A function is also asked about the same network with other numbers.  Raises
    AutogradValueError or AutogradTypeError for an answer that has not the network's shape, and
    where there is no hand formula for the activation or the loss.

    >>> def mine(theta, bias, u, o, x, y, sigma_slope):
    ...     return hand.backward(theta, u, [a - b for a, b in zip(y, o[-1])], sigma_slope)
    >>> print(grade(mine, MLP(2, [3, 1], seed=0), [0.5, -1.0], 0.25).findings[0].names)
    [('factor 2 missing', 'sign'), ('½ convention', 'sign')]
    """
    if not isinstance(net, MLP):
        from .rule_grading import grade_rule

        return grade_rule(answer, net)
    samples, batch = cases_of(net, x, y, loss, eta, sigma, error_slopes)
    if not callable(answer):
        given = answer_of(answer, samples)
        precision = written_precision(given) if tolerance is None else Precision(tolerance)
        return _graded([Task(samples, given, precision)])
    precision = Precision() if tolerance is None else Precision(tolerance)
    try:
        first = Task(samples, asked(answer, samples, batch), precision)
    except Exception as error:
        return _graded_elsewhere(answer, samples[0], batch, precision, error)
    return _graded([first, *_more(answer, samples[0], batch, precision)])


def _more(answer: Any, case: Case, batch: bool, precision: Precision, square: int | None = None) -> Iterator[Task]:
    for cases in probes(case, batch, square):
        try:
            yield Task(cases, asked(answer, cases, batch), precision)
        except Exception:  # an answer need not work for other numbers than it was asked to
            continue


def _graded_elsewhere(answer: Any, case: Case, batch: bool, precision: Precision, error: Exception) -> Grade:
    """The answer fails in this network: perhaps only because its matrices are not square."""
    failed = f"the answer raised {type(error).__name__}: {error}"
    tasks = list(_more(answer, case, batch, precision, square=3))
    result = _graded(tasks) if tasks else Grade()
    if result:
        result.findings.append(Finding("the answer does not run in this network"))
        result.right.clear()
    result.notes.append(failed)
    if tasks:
        result.notes.append(
            "it runs where all layers are equally wide, and is graded there: look at the order of indices"
        )
    return result


def _graded(tasks: list[Task]) -> Grade:
    """The verdict on the equations, once with the biases in u and, if that explains more, once without."""
    search = _by_equation if len(tasks[0].cases) == 1 and tasks[0].answer.delta is not None else _as_a_whole
    findings = search(tasks)
    answer, case = tasks[0].answer, tasks[0].cases[0]
    biased = any(b for layer in case.bias for b in layer or ())
    if findings and biased and search is _by_equation:
        forgetful = [
            dataclasses.replace(t, cases=[dataclasses.replace(c, forgetful=True) for c in t.cases]) for t in tasks
        ]
        forgotten = Finding(EQUATIONS["forward"], ((("forward", named("bias left out of u", "forward")),),))
        findings = min(findings, [forgotten, *search(forgetful)], key=_improbability)
    seen = [e for e in ("output", "hidden") if answer.delta is not None and case.places(e)]
    seen += [e for e, part in (("weights", answer.theta), ("bias", answer.bias)) if part is not None and case.places(e)]
    wrong = {finding.title for finding in findings}
    right = [EQUATIONS[e] for e in seen if EQUATIONS[e] not in wrong]
    notes = []
    if answer.theta is not None and answer.bias is None and any(b is not None for b in case.bias):
        notes.append("∂Err/∂b was not handed in; the network has biases")
    if findings and not any(f.first for f in search(tasks[:1])):
        notes.append("for the given x, y and θ the numbers agree; with others in the same network they do not")
    return Grade(findings, right if search is _by_equation or not findings else [], notes)


def _improbability(findings: list[Finding]) -> tuple[int, int]:
    unknown = sum(not f.explanations for f in findings)
    return unknown, sum(len(f.explanations[0]) + bool(f.only) for f in findings if f.explanations)


# --- equation by equation ---------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """One number of the answer, with the answer's own δ as operands of its equation."""

    case: Case
    equation: str
    place: Place
    delta: Grid
    value: float
    precision: Precision
    size: float  # of the terms

    def computed(self, wrong: Wrong) -> float:
        return EQUATION[self.equation](self.case, self.place, self.delta, wrong)

    def agrees(self, wrong: Wrong, factor: float = 1.0) -> bool:
        try:
            value = factor * self.computed(wrong)
        except LookupError:
            return False
        return _close(value, self.value, self.size, self.precision)

    @property
    def term(self) -> str:
        k, *indices = self.place
        symbol = {"weights": "∂Err/∂θ", "bias": "∂Err/∂b"}.get(self.equation, "δ")
        where = f" (layer {k + 1}, neuron {indices[0] + 1})"
        return name(symbol, *(i + 1 for i in indices), layer=k + 1) + where


def _close(a: float, b: float, size: float, precision: Precision) -> bool:
    return a == b or abs(a - b) <= precision.relative * (size + abs(a)) + precision.absolute


def _by_equation(tasks: list[Task]) -> list[Finding]:
    claims = {equation: [c for task in tasks for c in _claims(task, equation)] for equation in EQUATION}
    return [finding for equation in EQUATION if (finding := _explained(claims[equation]))]


def _claims(task: Task, equation: str) -> Iterator[Claim]:
    case, answer = task.cases[0], task.answer
    part: Any = {"weights": answer.theta, "bias": answer.bias}.get(equation, answer.delta)
    delta = answer.delta
    if part is None or delta is None:
        return
    for place in case.places(equation):
        value = part
        for index in place:
            value = value[index]
        yield Claim(
            case, equation, place, delta, value, task.precision, _size(case, equation, place, delta, task.precision)
        )


def _size(case: Case, equation: str, place: Place, delta: Grid, precision: Precision) -> float:
    """How large the terms of an equation are, with room for what the answer's δ were rounded by."""
    k, i, *l = place
    spare = precision.absolute / precision.relative
    slope = abs(case.slope[k](case.u[k][i])) + SLACK
    if equation == "output":
        return slope * (abs(case.errors[i]) + CANCELLATION * (abs(case.y[i]) + abs(case.o[k][i])))
    if equation == "hidden":
        return slope * sum((abs(d) + spare) * abs(row[i]) for d, row in zip(delta[k + 1], case.theta[k + 1]))
    d = abs(delta[k][i]) + spare
    return d * abs(case.before(k)[l[0]]) if l else d


def _explained(claims: list[Claim]) -> Finding | None:
    """What is wrong with one equation: the simplest explanation of all its numbers."""
    wrong = [claim for claim in claims if not claim.agrees(())]
    if not wrong:
        return None
    first, equation = wrong[0], wrong[0].equation
    singles: list[Wrong] = [(mistake,) for mistake in family(equation, first.case)]
    pairs: list[Wrong] = [a + b for a, b in itertools.combinations(singles, 2) if a[0].part != b[0].part]
    fitting: list[Wrong] = []
    for candidates, scope in itertools.product((singles, pairs), (claims, wrong)):
        fitting = [w for w in candidates if all(claim.agrees(w) for claim in scope)]
        if fitting:
            break
    partly = bool(fitting) and scope is wrong and len(wrong) < len(claims)
    places = list(dict.fromkeys(claim.term for claim in wrong))
    of = len({claim.place for claim in claims})
    return Finding(
        EQUATIONS[equation],
        tuple(tuple((equation, mistake) for mistake in w) for w in fitting),
        None if fitting else _factor(claims),
        first.term, first.value, first.computed(()), len(places), of,
        tuple(places) if partly and len(places) < of else (),
    )  # fmt: skip


def _factor(claims: list[Claim]) -> float | None:
    """The constant by which the answer is off everywhere; one number alone proves none."""
    largest = max(claims, key=lambda claim: abs(claim.computed(())))
    factor = largest.value / largest.computed(()) if largest.computed(()) else 0.0
    telling = sum(claim.value != 0 for claim in claims)
    return factor if factor and telling > 1 and all(claim.agrees((), factor) for claim in claims) else None


# --- the recursion as a whole --------------------------------------------------------------------


@dataclass(frozen=True)
class Total:
    """One number of a batch's gradient: where it stands, what was answered, and the size of its terms."""

    part: int  # of (δ, ∂θ, ∂b)
    place: Place
    value: float
    size: float

    @property
    def term(self) -> str:
        k, *indices = self.place
        return name(("δ", "∂Err/∂θ", "∂Err/∂b")[self.part], *(i + 1 for i in indices), layer=k + 1)


def _as_a_whole(tasks: list[Task]) -> list[Finding]:
    """The recursion with every mistake in it, then with every two, until one gives all numbers."""
    tasks = sorted(tasks, key=lambda task: len(task.cases))
    totals = [_totals(task) for task in tasks]

    def explains(explanation: Explanation) -> bool:
        return all(_first_difference(task, total, explanation) is None for task, total in zip(tasks, totals))

    if explains(()):
        return []
    singles = _singles(tasks)
    fitting = [s for s in singles if explains(s)]
    work = sum(len(task.cases) * len(total) for task, total in zip(tasks, totals)) * len(singles) ** 2 / 2
    if not fitting and work <= MOST_WORK:
        pairs = (a + b for a, b in itertools.combinations(singles, 2) if _compatible(a, b))
        fitting = [pair for pair in pairs if explains(pair)]
    first, right = next(d for task, total in zip(tasks, totals) if (d := _first_difference(task, total, ())))
    title = EQUATIONS[fitting[0][0][0]] if fitting else EQUATIONS["bias" if first.part == 2 else "weights"]
    return [Finding(title, tuple(fitting), None, first.term, first.value, right)]


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


def _totals(task: Task) -> list[Total]:
    """Every number that was answered, with the size of the terms that add up to it."""
    sizes = [_sizes(case) for case in task.cases]
    answer, found = task.answer, []
    for part, given in enumerate((answer.delta, answer.theta, answer.bias)):
        if given is None:
            continue
        for place in task.cases[0].places(("all", "weights", "bias")[part]):
            total = sum(_at(size[part], place) for size in sizes)
            found.append(Total(part, place, _at(given, place), total))
    return found


def _sizes(case: Case) -> tuple[Any, Any, Any]:
    """The recursion on absolute values: how large the terms are that may cancel in each number."""
    theta = [[[abs(t) for t in row] for row in layer] for layer in case.theta]
    errors = [abs(e) + CANCELLATION * (abs(a) + abs(b)) for e, a, b in zip(case.errors, case.y, case.o[-1])]
    slopes = [lambda u, slope=slope: abs(slope(u)) + SLACK for slope in case.slope]
    delta = hand.backward(theta, case.u, errors, slopes)
    return delta, *hand.gradients([abs(a) for a in case.x], [[abs(a) for a in o] for o in case.o], delta)


def _at(nested: Any, place: Place) -> float:
    for index in place:
        nested = nested[index]
    return float(nested)


def _first_difference(task: Task, totals: list[Total], explanation: Explanation) -> tuple[Total, float] | None:
    """The first number that the recursion with these mistakes does not give, and what it gives instead."""
    wrongs: Wrongs = {}
    for equation, mistake in explanation:
        wrongs[equation] = (*wrongs.get(equation, ()), mistake)
    try:
        samples = [derivation(case, wrongs) for case in task.cases]
    except LookupError:
        return totals[0], float("nan")
    batch = wrongs.get("batch", ())
    add: Callable[[list[float]], float] = batch[0].change if batch else sum
    for total in totals:
        value = add([_at(sample[total.part], total.place) for sample in samples])
        if not _close(value, total.value, total.size, task.precision):
            return total, value
    return None
