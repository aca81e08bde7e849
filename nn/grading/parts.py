"""What mistakes put in the place of a part of an equation, and in which networks they can be made."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from .. import deltas as hand
from .equations import Case, Grid, Operands, Row, column
from .intervals import Real, enclosed

# σ' written in o, as textbooks have it: right for o, and here given u.
IN_O: dict[str, Callable[[Real], Real]] = {"sigmoid": lambda o: o * (1 - o), "tanh": lambda o: 1 - o * o}


def _share(o: Sequence[float], i: int) -> float:
    """The softmax of the outputs."""
    powers = [max(math.exp(v - max(o)), 1e-300) for v in o]  # −y/p divides by them
    return powers[i] / sum(powers)


def probability(case: Case, i: int) -> Real:
    """What the loss takes for the probability of output i."""
    if case.loss == "cross_entropy":
        return enclosed(lambda *o: _share(o, i), *case.o[-1])
    return enclosed(hand.sigmoid, case.o[-1][i])


def slope_here(case: Case, k: int, i: int) -> Real:
    return case.slopes[k][i]


def slopes_of_next(case: Case, k: int, i: int) -> Row:
    return list(case.slopes[k + 1])


def without_slopes(case: Case, k: int, i: int, delta: Grid) -> Row:
    """What arrives at the next layer's o, if σ' is left out on the way."""
    back = list(case.errors)
    for layer in range(len(case.theta) - 1, k + 1, -1):
        back = [
            sum(e * t for e, t in zip(back, column(case.theta[layer], m))) for m in range(len(case.theta[layer - 1]))
        ]
    return back


def already_updated(case: Case, k: int, i: int, delta: Grid) -> Row:
    weights = column(case.theta[k + 1], i)
    return [hand.updated(t, case.eta, d, case.o[k][i]) for t, d in zip(weights, delta[k + 1])]


def spread_out(case: Case, k: int, i: int, delta: Grid) -> Row:
    """δᵢ times the column: what W * δ, summed, gives where the layers are equally wide."""
    rows = case.theta[k + 1]
    if len(rows) != len(case.theta[k]):
        raise IndexError("the layers are not equally wide")
    return [delta[k + 1][i]] * len(rows)


def diagonal(case: Case, k: int, i: int, delta: Grid) -> Row:
    return (
        [case.theta[k + 1][i][i] if j == i else 0.0 for j in range(len(case.theta[k + 1]))]
        if i < len(case.theta[k + 1])
        else _none()
    )


def _none() -> Row:
    raise IndexError("not in this network")


def inverse_cosh(case: Case, k: int, i: int) -> Real:
    return (
        enclosed(lambda u: 1 / math.cosh(min(abs(u), 700.0)), case.u[k][i])
        if case.names[k] == "tanh"
        else slope_here(case, k, i)
    )


def whole_err(case: Case, i: int) -> Real:
    if case.err_of is None:
        raise LookupError("no formula for this Err")
    err_of = case.err_of
    return enclosed(lambda *o: err_of(case.y, list(o)), *case.o[-1])


def own_err(case: Case, i: int) -> Real:
    """The share of output i in Err."""
    o, y = case.o[-1][i], case.y[i]
    if case.loss == "cross_entropy":
        return enclosed(lambda *v: -y * math.log(_share(v, i)), *case.o[-1])
    if case.loss == "binary_cross_entropy":
        return enclosed(lambda v: max(v, 0.0) + math.log1p(math.exp(-abs(v))) - y * v, o)
    if case.loss == "hinge":
        return enclosed(lambda v: max(0.0, 1 - y * v), o)
    half = {"half_squared_error": 0.5, "mean_squared_error": 1 / len(case.y)}.get(case.loss, 1.0)
    return half * (enclosed(lambda v: (v - y) * (v - y), o))


def against_all(case: Case, i: int, turned: bool = False) -> Real:
    """Σⱼ of ŷᵢ − yⱼ: what shapes (n, 1) and (n,) make of a difference."""
    total = sum(case.o[-1][j] - case.y[i] if turned else case.o[-1][i] - case.y[j] for j in range(len(case.y)))
    return total * {"squared_error": 2.0, "mean_squared_error": 2.0 / len(case.y)}.get(case.loss, 1.0)


def hinge_with(case: Case, i: int, margin: float) -> Real:
    return enclosed(lambda o: -case.y[i] if case.y[i] * o < margin else 0.0, case.o[-1][i])


def with_targets(cases: list[Case], others: list[Case]) -> list[Case]:
    return [dataclasses.replace(case, y=other.y) for case, other in zip(cases, others)]


def stale(cases: list[Case], others: list[Case]) -> list[Case]:
    """δ of each sample, and the o (and x) of another."""
    return [
        dataclasses.replace(case, x=other.x, own=Operands(case.u, other.o, case.slopes, case.errors))
        for case, other in zip(cases, others)
    ]


def against_batch(cases: list[Case], factor: float) -> list[Case]:
    def errors(case: Case) -> Row:
        slopes = [case.errors_of(other.y, case.o[-1]) for other in cases]
        return [factor * sum(s[i] for s in slopes) for i in range(len(case.y))]

    return [dataclasses.replace(c, own=Operands(c.u, c.o, c.slopes, errors(c))) for c in cases]


# --- in which networks ------------------------------------------------------------------------


def eta_given(case: Case) -> bool:
    return case.eta is not None


def decay_given(case: Case) -> bool:
    return case.decay is not None


def for_loss(*names: str) -> Callable[[Case], bool]:
    return lambda case: case.loss in names


def for_activation(*names: str, other: bool = False) -> Callable[[Case], bool]:
    """Whether some layer has one of these activations; `other`: none of them."""
    return lambda case: any((name in names) != other for name in case.names)


def several(case: Case) -> bool:
    return len(case.y) > 1


def of_several_squares(case: Case) -> bool:
    """Whether Err adds or averages several squares."""
    return several(case) and case.loss in ("squared_error", "half_squared_error", "mean_squared_error")


squares, half = for_loss("squared_error", "mean_squared_error"), for_loss("half_squared_error")
softmax, logistic, margin = for_loss("cross_entropy"), for_loss("binary_cross_entropy"), for_loss("hinge")
entropy = for_loss("cross_entropy", "binary_cross_entropy")
