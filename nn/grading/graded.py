"""Grading: which equation of a hand derivation is wrong, at which neuron, and what the mistake is.

1. Where the δ are handed in, every equation is graded by itself, see equation_grading.py.
2. Where only gradients are, or the sum over a batch, the whole recursion is run with each
   mistake in it, then with each two, see gradient_grading.py.

A mistake explains an equation if it gives every number of it; if several do, all are named.
What is right is never blamed: the right formula is compared first, with the tolerance that
textbook forms of σ', any order of summation and the digits of written numbers need.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd import AutogradError, AutogradTypeError, AutogradValueError, Op

from ..network.losses import Loss
from ..network.modules import MLP
from .answers import Sigma, Task, answer_of, asked, cases_of, leaves, probes, written_precision
from .as_a_whole import as_a_whole
from .by_equation import by_equation
from .mistakes import EQUATIONS, Case, derivation, named
from .verdict import Finding, Grade
from .written import Precision


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
    AutogradValueError or AutogradTypeError for numbers that have not the network's shape, where
    there is no hand formula for the activation or the loss, and for a rule that comes with
    arguments that belong to a network.

    >>> from nn import deltas as hand
    >>> def mine(theta, bias, u, o, x, y, sigma_slope):
    ...     return hand.backward(theta, u, [a - b for a, b in zip(y, o[-1])], sigma_slope)
    >>> print(grade(mine, MLP(2, [3, 1], seed=0), [0.5, -1.0], 0.25).findings[0].names)
    [('factor 2 missing', 'sign'), ('½ convention', 'sign')]
    """
    if not isinstance(net, MLP):
        from .rules import grade_rule

        if (x, y, loss, eta, tolerance, sigma, error_slopes) != (None, None, "squared_error", *[None] * 4):
            raise AutogradTypeError(
                "grade: a rule is asked at points of its own; x, y and the other arguments belong to a network,"
                f" and {net!r} is none"
            )
        return grade_rule(answer, net)
    if tolerance is not None and not (isinstance(tolerance, (int, float)) and 0 < tolerance < math.inf):
        raise AutogradValueError(f"grade: tolerance is a number above 0, such as 1e-6, and was given as {tolerance!r}")
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
    tasks = list(_more(answer, case, batch, precision, square=3))
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
    return dataclasses.replace(finding, first=f"{finding.first} of {where}") if finding.first else finding


def _graded(tasks: list[Task]) -> Grade:
    """The verdict on the equations, once with the biases in u and, if that explains more, once without."""
    search = by_equation if len(tasks[0].cases) == 1 and tasks[0].answer.delta is not None else as_a_whole
    findings = search(tasks)
    answer, case = tasks[0].answer, tasks[0].cases[0]
    biased = any(b for layer in case.bias for b in layer or ())
    if findings and biased and search is by_equation:
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
        findings = [_from_elsewhere(f, "a network with other θ, x and y") for f in findings]
        notes.append("for the given x, y and θ the numbers agree; with others in the same network they do not")
    unknown = [f for f in findings if not f.explanations and f.factor is None and f.digits is None and f.wrong > 1]
    if case.eta is None and any(f.title == EQUATIONS["hidden"] or search is as_a_whole for f in unknown):
        notes.append("mistakes with the learning rate are recognised with eta=η")
    notes.extend(_undecided(tasks[0]) if not findings else [])
    return Grade(findings, right if search is by_equation or not findings else [], notes)


def _undecided(task: Task) -> Iterator[str]:
    """A right verdict means little if numbers have so few digits that they might as well be 0."""
    (case, *more), answer = task.cases, task.answer
    given = (answer.delta, answer.theta, answer.bias)
    if more or task.precision.digits is None:
        return
    pairs = [
        pair
        for part, right in zip(given, derivation(case, {}))
        for pair in (zip(leaves(part), leaves(right)) if part is not None else ())
    ]
    lost = [abs(right) <= task.precision.half_unit(value) for value, right in pairs if right]
    if any(lost) and 2 * sum(lost) >= len(lost):
        yield f"{sum(lost)} of {len(lost)} numbers have so few digits that 0 would be right as well: write more of them"


def _improbability(findings: list[Finding]) -> tuple[int, int]:
    unknown = sum(not f.explanations for f in findings)
    return unknown, sum(len(f.explanations[0]) + bool(f.only) for f in findings if f.explanations)
