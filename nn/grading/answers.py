"""What is handed in to be graded, and the inputs on which it is asked.

An answer is δ, or (δ, ∂Err/∂θ), or (δ, ∂Err/∂θ, ∂Err/∂b), or gradients alone, as nested lists;
or a function that computes one of these.  A function is asked on the given sample and on
probes: the same network with other numbers, chosen so that the known mistakes differ.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import reprlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, Value

from .. import deltas as hand
from ..network.losses import Loss, loss_of
from ..network.modules import MLP
from .mistakes import EQUATION, Case, Grid, Row, Weights, derivation, family
from .written import Precision, precision_of

Sigma: TypeAlias = "tuple[Callable[[float], float], Callable[[float], float]]"

DRAWS, PROBES, BATCH = 8, 3, 3  # probes drawn, probes kept, samples in a batch's probe


@dataclass(frozen=True)
class Answer:
    """δ[k][i], ∂Err/∂θ[k][i][l] and ∂Err/∂b[k][i]; None for what was not handed in."""

    delta: Grid | None = None
    theta: Weights | None = None
    bias: Grid | None = None


@dataclass(frozen=True)
class Task:
    """Samples, and what was answered for them; the gradients are sums over the samples."""

    cases: list[Case]
    answer: Answer
    precision: Precision


def answer_of(given: Any, cases: Sequence[Case]) -> Answer:
    """What was handed in, part by part, each told from the others by how deep its lists go.

    Raises AutogradTypeError or AutogradValueError for what has not the shape of the network.

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> answer_of(([[4.0]], [[[4.0]]]), [case])
    Answer(delta=[[4.0]], theta=[[[4.0]]], bias=None)
    """
    case, found = cases[0], Answer()
    if isinstance(given, list) and len({_depth(part) for part in given}) > 1 and max(map(_depth, given)) == 3:
        raise AutogradTypeError("grade: hand in several parts as a tuple, such as (δ, ∂Err/∂θ); this is a list of them")
    parts = list(_flattened(given)) if isinstance(given, tuple) else [given]
    for part in parts:
        if _depth(part) == 3:
            theta = [[_numbers(at, row, len(r)) for at, row, r in _zipped(within, layer, rows, "list")]
                     for within, layer, rows in _zipped("∂Err/∂θ", part, case.theta)]  # fmt: skip
            found = dataclasses.replace(found, theta=theta)
        elif found.delta is None and found.theta is None and len(cases) == 1:
            delta = [_numbers(at, layer, len(rows)) for at, layer, rows in _zipped("δ", part, case.theta)]
            found = dataclasses.replace(found, delta=delta)
        else:
            bias = [
                [0.0] * len(rows) if layer is None else [b or 0.0 for b in _listed(at, layer, len(rows), "number")]
                for at, layer, rows in _zipped("∂Err/∂b", part, case.theta)
            ]
            found = dataclasses.replace(found, bias=[_numbers(f"∂Err/∂b[{k}]", b, len(b)) for k, b in enumerate(bias)])
    if found == Answer():
        raise AutogradTypeError(
            f"grade: an answer is δ[k][i] or (δ, ∂Err/∂θ, ∂Err/∂b), and was given as {_short(given)}"
        )
    return found


def _flattened(given: Any) -> Iterator[Any]:
    for part in given:
        if isinstance(part, tuple) and _depth(part) != 3 and any(_depth(p) == 3 for p in part):
            yield from _flattened(part)  # (δ, gradients), where gradients is the pair (∂θ, ∂b)
        else:
            yield part


def _depth(part: Any) -> int:
    depth = 0
    while hasattr(part, "__len__") and not isinstance(part, str):
        depth += 1
        part = next((p for p in part if p is not None), None) if len(part) else None
    return depth


def _listed(what: str, part: Any, n: int, of: str) -> list[Any]:
    if not hasattr(part, "__iter__") or isinstance(part, str) or len(listed := list(part)) != n:
        raise AutogradValueError(f"grade: {what} must be a list of {n} {of}{'s' * (n != 1)}, and is {_short(part)}")
    return listed


def _short(given: Any) -> str:
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = 3
    return brief.repr(given)


def _zipped(what: str, part: Any, like: Sequence[Any], of: str = "layer") -> list[tuple[str, Any, Any]]:
    """Each entry with where it is, such as δ[0], and with the one that it must be like."""
    entries = _listed(what, part, len(like), of)
    return [(f"{what}[{n}]", entry, other) for n, (entry, other) in enumerate(zip(entries, like))]


def _numbers(what: str, part: Any, n: int) -> Row:
    numbers = [p.data if isinstance(p, Value) else p for p in _listed(what, part, n, "number")]
    for p in numbers:
        if not hasattr(p, "__float__"):
            raise AutogradTypeError(f"grade: {what} holds {p!r}, which is no number")
    return [float(p) for p in numbers]


def written_precision(answer: Answer) -> Precision:
    """How precisely all numbers of an answer were written.

    >>> written_precision(Answer(delta=[[0.1385, -0.02]]))
    Precision(relative=0.002, decimals=4, digits=4)
    """
    return precision_of([*leaves(answer.delta), *leaves(answer.theta), *leaves(answer.bias)])


def leaves(nested: Any) -> Iterator[float]:
    """The numbers of nested lists, one by one; a layer without bias has none."""
    if isinstance(nested, list):
        for part in nested:
            yield from leaves(part)
    elif nested is not None:
        yield nested


# --- the network and its samples ---------------------------------------------------------------------------


def cases_of(
    net: MLP,
    x: Any,
    y: Any,
    loss: str | Loss = "squared_error",
    eta: float | None = None,
    sigma: Any = None,
    error_slopes: Any = None,
) -> tuple[list[Case], bool]:
    """The samples as cases, and whether they are a batch; the arguments are those of grade.

    >>> (case,), batch = cases_of(MLP(2, [1], seed=0), [1.0, 2.0], 0.5)
    >>> case.y, batch
    ([0.5], False)
    """
    if x is None or y is None or isinstance(x, str) or not hasattr(x, "__len__") or not len(x):
        given = "" if x is None and y is None else f", and not x = {_short(x)}, y = {_short(y)}"
        raise AutogradValueError(f"grade: give one sample x, y, or a list of samples and a list of targets{given}")
    if eta is not None and not isinstance(eta, (int, float)):
        raise AutogradTypeError(f"grade: eta is the learning rate, a number, and was given as {eta!r}")
    batch = hasattr(x[0], "__len__")
    X, Y = (list(x), list(y)) if batch else ([x], [y])
    if len(X) != len(Y):
        raise AutogradValueError(f"grade: {len(X)} samples, and {len(Y)} targets")
    names = [layer.neurons[0].activation for layer in net.layers]
    pairs = _sigmas(names, sigma)
    if isinstance(loss, str) and error_slopes is None:
        loss_of(loss)  # raises for an unknown name
    loss_name = loss if isinstance(loss, str) else getattr(loss, "__name__", "")
    if error_slopes is None and (loss_name not in hand.ERROR_SLOPES or loss_of(loss_name) is not loss_of(loss)):
        raise AutogradValueError(
            "grade: for a loss of your own give error_slopes, a function (y, ŷ) -> ∂Err/∂ŷ by hand"
        )
    neurons = [layer.neurons for layer in net.layers]
    theta = [[[t.data for t in neuron.theta] for neuron in layer] for layer in neurons]
    bias = [None if layer[0].bias is None else [n.bias.data for n in layer if n.bias is not None] for layer in neurons]
    cases = []
    for row, target in zip(X, Y):
        inputs = [float(a) for a in _as_many(row, net.nin, "inputs")]
        cases.append(Case(
            inputs, _targets(target, len(neurons[-1]), loss_name), theta, bias, [s for s, _ in pairs],
            [d for _, d in pairs], [n if isinstance(n, str) else "" for n in names],
            error_slopes or hand.ERROR_SLOPES[loss_name], "" if error_slopes else loss_name, eta,
        ))  # fmt: skip
    return cases, batch


def _sigmas(names: list[Any], sigma: Any) -> list[Sigma]:
    if sigma is not None:
        return list(sigma) if isinstance(sigma, list) else [sigma] * len(names)
    for known in names:
        if not isinstance(known, str) or known not in hand.ACTIVATIONS:
            raise AutogradValueError(
                f"grade: there is no hand formula for the activation {known!r}, only for"
                f" {', '.join(hand.ACTIVATIONS)}; give sigma=(σ, σ') on floats"
            )
    return [hand.ACTIVATIONS[known] for known in names]


def _targets(y: Any, n: int, loss: str) -> list[float]:
    if loss == "cross_entropy" and not hasattr(y, "__len__"):
        return [float(k == y) for k in range(n)]
    return [float(a) for a in _as_many(y if hasattr(y, "__len__") else [y], n, "targets")]


def _as_many(row: Any, n: int, what: str) -> list[Any]:
    if isinstance(row, str):
        raise AutogradTypeError(f"grade: the {what} are numbers, and were given as {row!r}")
    listed = [a.data if isinstance(a, Value) else a for a in row]
    if len(listed) != n:
        raise AutogradValueError(f"grade: the network has {n} {what}, and was given {len(listed)}")
    for a in listed:
        if isinstance(a, str) or not hasattr(a, "__float__"):
            raise AutogradTypeError(f"grade: the {what} hold {a!r}, which is no number")
    return listed


# --- asking a function ------------------------------------------------------------------------


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
    drawn = sorted((probe(case, seed, square) for seed in range(DRAWS)), key=_told_apart, reverse=True)[:PROBES]
    if not batch:
        return [[best] for best in drawn]
    others = [[probe(best, 100 * n + m, square) for m in range(1, BATCH)] for n, best in enumerate(drawn, 1)]
    return [
        [best, *(dataclasses.replace(best, x=other.x, y=other.y) for other in more)]
        for best, more in zip(drawn, others)
    ]


def _told_apart(case: Case) -> int:
    """How many different answers the family of an equation gives here, over all equations and places."""
    delta, _, _ = derivation(case, {})
    total = 0
    for equation, formula in EQUATION.items():
        mistakes = family(equation, case)
        for place in case.places(equation):
            values = {f"{formula(case, place, delta, ()):.9g}"}
            for mistake in mistakes:
                try:
                    values.add(f"{formula(case, place, delta, (mistake,)):.9g}")
                except LookupError:
                    continue
            total += len(values)
    return total
