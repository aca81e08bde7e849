"""Grading: which equation of a hand derivation is wrong, at which neuron, and what the mistake is.

1. Where δ, or u and o, are handed in, every equation is graded by itself, see by_equation.py.
2. Where only gradients are, or the sum over a batch, the whole recursion is run with each
   mistake in it, then with each two, see as_a_whole.py.

A mistake explains an equation if it gives every number of it; if several do, all are named.
What is right is never blamed: the right formula is compared first, in every way in which its
numbers may have been rounded, see arithmetic.py.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd import AutogradError, AutogradTypeError, AutogradValueError

from ..certifying.sigmas import Sigma
from ..network.losses import Loss
from ..network.modules import MLP
from .answers import Answer, Task, Written, leaves, read_precisely
from .arithmetic import MODES, ways
from .as_a_whole import as_a_whole, right_so_far, with_operands
from .by_equation import by_equation
from .equations import EQUATIONS, Case, derivation
from .judging import FIELD, all_right, fewest_wrong, judged, walked
from .mistakes import named
from .probes import asked, probes
from .reading import TooFewDigits, answer_of
from .samples import cases_of
from .verdict import Finding, Grade
from .written import Precision, all_digits


def grade(
    net: Any,
    x: Any = None,
    y: Any = None,
    answer: Any = None,
    *,
    loss: str | Loss = "squared_error",
    eta: float | None = None,
    tolerance: float | None = None,
    sigma: Sigma | Sequence[Sigma] | None = None,
    error_slopes: Callable[[Any, Any], Sequence[float]] | None = None,
    decimals: int | None = None,
) -> Grade:
    """Say what is wrong with a derivation by hand, or with a backward rule.

    net           the network
    x, y          one sample; or a list of samples and of targets: the answer is then ∂Err/∂θ or
                  (∂Err/∂θ, ∂Err/∂b) of the batch, and a function gets lists of u, o, x and y
    answer        a function answer(theta, bias, u, o, x, y, sigma_slope) on plain lists, θ[k][i][l],
                  bias[k][i] (None for a layer without), u[k][i], o[k][i], σ' = sigma_slope[k]; it
                  returns δ[k][i], or (δ, ∂Err/∂θ), or (δ, ∂Err/∂θ, ∂Err/∂b).
                  Or the numbers themselves, in the same shapes: lists, arrays, tensors, Values;
                  gradients may come alone.  A dictionary may hold more: u, o, err, slope, delta,
                  dtheta, db, and after one step theta and b; what is None in it is blank
    loss          a name of LOSSES, or its function
    eta           η: lets mistakes with the learning rate be recognised
    tolerance     how far the answer may be off, relative to its terms; by default 1e-9 for a
                  function, and for numbers what the digits they were written with allow
    sigma         for an activation of your own: (σ, σ') on floats, a pair for the layers that have it, or a list
                  with a pair or a name for each layer
    error_slopes  for a loss of your own: (y, ŷ) -> ∂Err/∂ŷ
    decimals      how many were asked for: among numbers that were written so, 0.4 is 0.4000

    For an operation it is grade(rule, operation): the rule (o, *operands) -> the partial
    derivatives, and the row of the table or its name.  grade(answer, net, x, y), the order of
    earlier versions, is understood.

    A function is also asked about the same network with other numbers.  Raises
    AutogradValueError or AutogradTypeError for numbers that have not the network's shape, where
    there is no hand formula for the activation or the loss, and for a rule that comes with
    arguments that belong to a network.

    >>> from nn import deltas as hand
    >>> def mine(theta, bias, u, o, x, y, sigma_slope):
    ...     return hand.backward(theta, u, [a - b for a, b in zip(y, o[-1])], sigma_slope)
    >>> print(grade(MLP(2, [3, 1], seed=0), [0.5, -1.0], 0.25, mine).findings[0].names)
    [('factor 2 missing', 'sign'), ('½ convention', 'sign')]
    """
    if isinstance(x, MLP):  # grade(answer, net, x, y)
        net, x, y, answer = x, y, answer, net
    if not isinstance(net, MLP):
        from .rules import grade_rule

        if (y, answer, loss, eta, tolerance, sigma, error_slopes, decimals) != (
            None,
            None,
            "squared_error",
            *[None] * 5,
        ):
            raise AutogradTypeError(
                "grade: a rule is asked at points of its own; x, y and the other arguments belong to a network,"
                f" and {x!r} is none"
            )
        return grade_rule(net, x)
    if tolerance is not None and not (isinstance(tolerance, (int, float)) and 0 < tolerance < math.inf):
        raise AutogradValueError(f"grade: tolerance is a number above 0, such as 1e-6, and was given as {tolerance!r}")
    samples, batch = cases_of(net, x, y, loss, eta, sigma, error_slopes)
    if answer is None:
        raise AutogradTypeError("grade: there is no answer; it is grade(net, x, y, answer)")
    if not callable(answer):
        task = _task(samples, answer_of(answer, samples), tolerance, computed=False, decimals=decimals)
        return _graded([task], numbers=True)
    try:
        first = _task(samples, asked(answer, samples, batch), tolerance)
    except TooFewDigits:
        raise
    except Exception as error:
        return _graded_elsewhere(answer, samples[0], batch, tolerance, error)
    return _graded([first, *_more(answer, samples[0], batch, tolerance)])


def _task(
    cases: list[Case], answer: Answer, tolerance: float | None, computed: bool = True, decimals: int | None = None
) -> Task:
    if tolerance is not None:
        return Task(cases, answer, Written({}, Precision(tolerance)))
    return Task(cases, *read_precisely(answer, computed, decimals))


def _more(answer: Any, case: Case, batch: bool, tolerance: float | None, square: int | None = None) -> Iterator[Task]:
    for cases in probes(case, batch, square):
        try:
            yield _task(cases, asked(answer, cases, batch), tolerance)
        except Exception:  # an answer need not work for other numbers than it was asked to
            continue


def _graded_elsewhere(answer: Any, case: Case, batch: bool, tolerance: float | None, error: Exception) -> Grade:
    """The answer fails in this network: perhaps only because its matrices are not square."""
    tasks = list(_more(answer, case, batch, tolerance, square=3))
    result = _graded(tasks) if tasks else Grade()
    if result:
        result.findings.append(Finding("the answer does not run in this network"))
        result.right.clear()
    if isinstance(error, AutogradError):
        result.notes.append(f"the answer does not fit this network: {str(error).removeprefix('grade: ')}")
    else:
        result.notes.append(f"the answer raised {type(error).__name__}: {error}")
    if tasks:
        result.findings = [_from_elsewhere(f, "a network whose layers are all 3 wide") for f in result.findings]
        result.notes.append(
            "it runs where all layers are equally wide, and is graded there, with other θ, x and y than yours:"
            " look at the order of indices"
        )
    return result


def _from_elsewhere(finding: Finding, where: str) -> Finding:
    """Told of numbers that nobody has before him: without the working."""
    return dataclasses.replace(finding, first=f"{finding.first} of {where}", working="") if finding.first else finding


def _graded(tasks: list[Task], numbers: bool = False) -> Grade:
    """The verdict: in the way of computing, and with or without the biases in u, that explains most."""
    answer = tasks[0].answer
    alone = len(tasks[0].cases) == 1
    by_parts = alone and set(answer.parts()) - {"theta", "bias"}
    search = _by_parts if by_parts else _by_gradients
    found = (search(tasks), tasks, "")
    if found[0] and numbers:
        found = _in_another_way(tasks[0], found, bool(by_parts))
    findings, tasks, note = found
    biased = any(b for layer in tasks[0].cases[0].bias for b in layer or ())
    if findings and biased and by_parts and answer.u is None:
        forgetful = [_forgetful(task) for task in tasks]
        forgotten = Finding(EQUATIONS["forward"], ((("forward", named("bias left out of u", "forward")),),))
        if 2 * sum(walked(task).wrong for task in forgetful) <= sum(walked(task).wrong for task in tasks):
            findings = min(findings, [forgotten, *search(forgetful)], key=_improbability)
    wrong = {finding.title for finding in findings}
    right = [EQUATIONS[e] for e in _seen(tasks[0]) if EQUATIONS[e] not in wrong]
    grade = Grade(findings, right if by_parts or not findings else [], list(answer.notes))
    if note:
        grade.notes.append(note)
    if numbers and alone:
        grade.fields = judged(tasks[0])
    _annotate(grade, tasks, bool(by_parts))
    return grade


def _by_parts(tasks: list[Task]) -> list[Finding]:
    walks = [walked(task) for task in tasks]
    findings = by_equation(walks)
    if tasks[0].answer.delta is None and any(f.equation in ("weights", "bias") for f in findings):
        own = [
            dataclasses.replace(task, cases=[with_operands(task.cases[0], walk.case.own)])
            for task, walk in zip(tasks, walks) if walk.case.own is not None
        ]  # fmt: skip
        return [f for f in findings if f.equation not in ("weights", "bias")] + as_a_whole(own)
    return findings


def _by_gradients(tasks: list[Task]) -> list[Finding]:
    return as_a_whole(tasks)


_Found = tuple[list[Finding], list[Task], str]


def _in_another_way(task: Task, found: _Found, by_parts: bool) -> _Found:
    """The way of rounding in which the answer is right; or, if there is none, the one that leaves least to explain."""
    exact = task.precision.work.exact
    if exact and all(map(_beyond_doubt, found[0])):
        return found
    right: Callable[[Task], bool] = all_right if by_parts else right_so_far
    tried = list(ways(task))
    for way in tried:
        if right(way.task):
            return [], [way.task], way.note
    if not by_parts:
        return found
    tried = tried if exact else tried[:MODES]
    best = fewest_wrong([way.task for way in tried])
    other = _by_parts([best])
    note = next(way.note for way in tried if way.task is best)
    return (other, [best], note) if _improbability(other) < _improbability(found[0]) else found


def _beyond_doubt(finding: Finding) -> bool:
    """Whether a mistake explains a number to nine digits: then it was not rounded."""
    named_so = {mistake.key for explanation in finding.explanations for _, mistake in explanation}
    found_out = any(mistake.fitted for explanation in finding.explanations for _, mistake in explanation)
    return bool(named_so) and not found_out and "scaled_in_one_layer" not in named_so and all_digits(finding.given)


def _forgetful(task: Task) -> Task:
    return dataclasses.replace(task, cases=[dataclasses.replace(c, forgetful=True, own=None) for c in task.cases])


def _seen(task: Task) -> list[str]:
    """The equations of which the answer has numbers."""
    parts, case = task.answer.parts(), task.cases[0]
    return [e for e, part in FIELD.items() if part in parts and case.places(e)]


def _annotate(grade: Grade, tasks: list[Task], by_parts: bool) -> None:
    """What else is worth knowing."""
    answer, case, findings = tasks[0].answer, tasks[0].cases[0], grade.findings
    if answer.theta is not None and answer.bias is None and any(b is not None for b in case.bias):
        grade.notes.append("∂Err/∂b was not handed in; the network has biases")
    if findings and len(tasks) > 1 and (all_right if by_parts else right_so_far)(tasks[0]):
        grade.findings[:] = [_from_elsewhere(f, "a network with other θ, x and y") for f in findings]
        grade.notes.append("for the given x, y and θ the numbers agree; with others in the same network they do not")
    unknown = [f for f in findings if not f.explanations and f.factor is None and f.digits is None and f.wrong > 1]
    if case.eta is None and any(f.title == EQUATIONS["hidden"] or not by_parts for f in unknown):
        grade.notes.append("mistakes with the learning rate are recognised with eta=η")
    if any(f.convention for f in findings):
        grade.notes.append('was the ½ in your lecture\'s Err? then grade with loss="half_squared_error"')
    if not findings:
        grade.notes.extend(_undecided(tasks[0]))


def _undecided(task: Task) -> Iterator[str]:
    """A right verdict means little if numbers have so few digits that they might as well be 0."""
    (case, *more), answer = task.cases, task.answer
    if more or task.precision.work.digits is None:
        return
    lost = []
    for part, right in zip(("delta", "theta", "bias"), derivation(dataclasses.replace(case, own=None), {})):
        given = getattr(answer, part)
        if given is not None:
            precision = task.precision.of(part)
            lost += [abs(b) <= precision.half_unit(a) for a, b in zip(leaves(given), leaves(right)) if b]
    if any(lost) and 2 * sum(lost) >= len(lost):
        have = f"{sum(lost)} of {len(lost)} numbers have" if len(lost) > 1 else "the number has"
        yield f"{have} so few digits that 0 would be right as well: write more of them"


def _improbability(findings: list[Finding]) -> tuple[int, int]:
    unknown = sum(not f.explanations for f in findings)
    return unknown, sum(len(f.explanations[0]) + bool(f.only) for f in findings if f.explanations)
