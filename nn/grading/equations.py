"""The lecture's equations, each with parts that a mistake can exchange.

    case      one sample in one network: x, y, θ, bias, u, o, σ', ∂Err/∂ŷ and η
    equation  "forward" uᵢ, "activation" oᵢ, "error" Err, "slope" σ'(uᵢ), "output" δₖ, "hidden" δᵢ,
              "weights" ∂Err/∂θ, "bias" ∂Err/∂b, "update" and "update_bias" the new θ and b;
              around them the sum over a "batch"
    part      the place in an equation where a mistake sits: its slope, its weights, its sum, …
    wrong     the mistakes in force, one to a part; with none, an equation is that of nn/deltas.py

Numbers are floats, or intervals where they were rounded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import deltas as hand
from .intervals import Real, enclosed

if TYPE_CHECKING:
    from .mistakes import Mistake

Row: TypeAlias = "list[Real]"
Grid: TypeAlias = "list[list[Real]]"  # [k][i]: layer, neuron
Weights: TypeAlias = "list[list[list[Real]]]"  # [k][i][l]
Place: TypeAlias = "tuple[int, ...]"  # (k, i) or (k, i, l), counted from 0; () for Err
Wrong: TypeAlias = "tuple[Mistake, ...]"
Wrongs: TypeAlias = "dict[str, tuple[Mistake, ...]]"  # by equation

EQUATIONS = {
    "forward": "forward pass, uᵢ = Σₗ θᵢₗ·oₗ + bᵢ",
    "activation": "outputs of the neurons, oᵢ = σ(uᵢ)",
    "error": "Err of the outputs",
    "slope": "slopes, σ'(uᵢ)",
    "output": "δ of the output layer, δₖ = ∂Err/∂ŷ·σ'(uₖ)",
    "hidden": "δ of the hidden layers, δᵢ = σ'(uᵢ)·Σⱼ δⱼ·θⱼᵢ",
    "weights": "gradient of the weights, ∂Err/∂θᵢₗ = δᵢ·oₗ",
    "bias": "gradient of the biases, ∂Err/∂bᵢ = δᵢ",
    "update": "update of the weights, θᵢₗ ← θᵢₗ − η·∂Err/∂θᵢₗ",
    "update_bias": "update of the biases, bᵢ ← bᵢ − η·∂Err/∂bᵢ",
    "batch": "sum over the samples of a batch",
}
BACKWARD = ("output", "hidden", "weights", "bias")


@dataclass(frozen=True)
class Operands:
    """What stands in the place of the u, o, σ', ∂Err/∂ŷ and gradients that the hand formulas give."""

    u: Grid
    o: Grid
    slopes: Grid
    errors: Row
    theta: Weights | None = None
    bias: Grid | None = None


@dataclass(frozen=True)
class Case:
    """One sample in one network, with the u and o that the hand formulas give, or an answer's own.

    x, y          inputs and targets
    theta, bias   θ[k][i][l] and b[k][i], None for a layer without
    sigma, slope  σ and σ' of each layer        names   what they are called, "" for your own
    errors_of     (y, ŷ) -> ∂Err/∂ŷ             loss    what it is called, "" for your own
    eta           η, or None                    decay   λ of an L2 term, or None
    forgetful     whether the forward pass leaves the biases out
    err_of        (y, ŷ) -> Err, or None        own     operands to be taken instead

    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> case.o, case.errors
    ([[2.0]], [4.0])
    """

    x: Row
    y: Row
    theta: Weights
    bias: list[Row | None]
    sigma: list[Callable[[float], float]]
    slope: list[Callable[[float], float]]
    names: list[str]
    errors_of: Callable[[Row, Row], Sequence[float]]
    loss: str
    eta: float | None = None
    forgetful: bool = False
    err_of: Callable[[Row, Row], float] | None = None
    decay: float | None = None
    own: Operands | None = None
    u: Grid = field(init=False)
    o: Grid = field(init=False)
    slopes: Grid = field(init=False)
    errors: Row = field(init=False)

    def __post_init__(self) -> None:
        if self.own is not None:
            u, o, slopes, errors = self.own.u, self.own.o, self.own.slopes, self.own.errors
        else:
            bias = [None] * len(self.theta) if self.forgetful else self.bias
            u, o = hand.forward(self.x, self.theta, bias, self.sigma)
            slopes = [[slope(v) for v in layer] for slope, layer in zip(self.slope, u)]
            errors = list(self.errors_of(self.y, o[-1]))
        for name, values in (("u", u), ("o", o), ("slopes", slopes), ("errors", errors)):
            object.__setattr__(self, name, values)

    def before(self, k: int) -> Row:
        """The o of the layer before layer k."""
        return self.o[k - 1] if k else self.x

    def error_at(self, i: int, outputs: Row) -> Real:
        """∂Err/∂ŷᵢ at these outputs."""
        return enclosed(lambda *o: self.errors_of(self.y, list(o))[i], *outputs)

    def slope_at(self, k: int, v: Real) -> Real:
        """σ' of layer k at v, whatever v is."""
        return enclosed(self.slope[k], v)

    def knowing(self, what: str, number: float) -> Case:
        """The same with that "eta" or "decay"."""
        return dataclasses.replace(self, eta=number) if what == "eta" else dataclasses.replace(self, decay=number)

    def places(self, equation: str) -> list[Place]:
        """Where an equation is used, in the order of computation."""
        last = len(self.theta) - 1
        layers = {"output": [last], "hidden": range(last - 1, -1, -1)}.get(equation, range(last + 1))
        neurons = [(k, i) for k in layers for i in range(len(self.theta[k]))]
        if equation == "error":
            return [()]
        if equation in ("weights", "update"):
            return [(k, i, l) for k, i in neurons for l in range(len(self.theta[k][i]))]
        return [(k, i) for k, i in neurons if equation not in ("bias", "update_bias") or self.bias[k] is not None]

    def arguments(self) -> list[Any]:
        """θ, bias, u, o, x, y and σ' as fresh lists, which an answer may change as it likes."""
        grids = [[list(layer) for layer in grid] for grid in (self.u, self.o)]
        theta = [[list(row) for row in layer] for layer in self.theta]
        bias = [None if b is None else list(b) for b in self.bias]
        return [theta, bias, *grids, list(self.x), list(self.y), list(self.slope)]


def _changes(wrong: Wrong) -> dict[str, Callable[..., Any]]:
    """What stands there instead, by part; "whole" exchanges all of the equation."""
    return {mistake.part: mistake.change for mistake in reversed(wrong)}


# --- forward ----------------------------------------------------------------------------------


def weighted_sum(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    change = _changes(wrong)
    before = change["input"](case, k) if "input" in change else case.before(k)
    weights = change["weights"](case, k, i) if "weights" in change else case.theta[k][i]
    biases = None if case.forgetful else case.bias[k]
    bias = None if biases is None else biases[i]
    bias = change["bias"](bias) if "bias" in change else bias
    factor = change["factor"](case, k, i) if "factor" in change else 1.0
    return factor * hand.weighted_sum(weights, before, bias)


def activation(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    change = _changes(wrong)
    return change["sigma"](case, k, i) if "sigma" in change else enclosed(case.sigma[k], case.u[k][i])


def error(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    if case.err_of is None:
        raise LookupError("no formula for this Err")
    err_of, change = case.err_of, _changes(wrong)
    if "error" in change:
        return change["error"](case)
    return enclosed(lambda *o: err_of(case.y, list(o)), *case.o[-1])


def slope(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    change = _changes(wrong)
    return change["slope"](case, k, i) if "slope" in change else case.slope_at(k, case.u[k][i])


# --- backward ---------------------------------------------------------------------------------


def output_delta(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    if not wrong:
        return hand.output_delta(case.errors[i], case.slopes[k][i])
    change = _changes(wrong)
    if "whole" in change:
        return change["whole"](case, k, i, delta)
    error = change["error"](case, i) if "error" in change else case.errors[i]
    slope = change["slope"](case, k, i) if "slope" in change else case.slopes[k][i]
    factor = change["factor"](case, k, i) if "factor" in change else 1.0
    return factor * hand.output_delta(error, slope)


def hidden_delta(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    if not wrong:
        return hand.hidden_delta(case.slopes[k][i], delta[k + 1], column(case.theta[k + 1], i))
    change = _changes(wrong)
    if "whole" in change:
        return change["whole"](case, k, i, delta)
    slope = change["slope"](case, k, i) if "slope" in change else case.slopes[k][i]
    following = change["following"](case, k, i, delta) if "following" in change else delta[k + 1]
    if isinstance(slope, list):  # a slope for each j stands inside the sum
        following, slope = [d * s for d, s in zip(following, slope)], 1.0
    weights = change["weights"](case, k, i, delta) if "weights" in change else column(case.theta[k + 1], i)
    terms = list(zip(following, weights))
    terms = change["sum"](terms) if "sum" in change else terms
    factor = change["factor"](case, k, i) if "factor" in change else 1.0
    return factor * hand.hidden_delta(slope, [d for d, _ in terms], [t for _, t in terms])


def weight_gradient(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i, l = place
    if not wrong:
        return hand.weight_gradient(delta[k][i], case.before(k)[l])
    change = _changes(wrong)
    i, l = change["indices"](i, l) if "indices" in change else (i, l)
    d = change["delta"](delta, k, i, l) if "delta" in change else delta[k][i]
    o = change["input"](case, k, i, l) if "input" in change else case.before(k)[l]
    added = change["added"](case, k, i, l) if "added" in change else 0.0
    factor = change["factor"](case, k, i) if "factor" in change else 1.0
    return factor * hand.weight_gradient(d, o) + added


def bias_gradient(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    if not wrong:
        return hand.bias_gradient(delta[k][i])
    change = _changes(wrong)
    d = change["delta"](delta, k, i, 0) if "delta" in change else delta[k][i]
    factor = change["factor"](case, k, i) if "factor" in change else 1.0
    return factor * hand.bias_gradient(d)


# --- update -----------------------------------------------------------------------------------


def update(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i, l = place
    if case.eta is None or case.own is None or case.own.theta is None:
        raise LookupError("no η")
    return _updated(case.theta[k][i][l], case.eta, case.own.theta[k][i][l], wrong)


def update_bias(case: Case, place: Place, delta: Grid, wrong: Wrong) -> Real:
    k, i = place
    if case.eta is None or case.own is None or case.own.bias is None:
        raise LookupError("no η")
    return _updated((case.bias[k] or ())[i], case.eta, case.own.bias[k][i], wrong)


def _updated(old: Real, eta: float, gradient: Real, wrong: Wrong) -> Real:
    change = _changes(wrong)
    eta = change["eta"](eta) if "eta" in change else eta
    old = change["old"](old) if "old" in change else old
    return hand.updated(old, eta, gradient, 1.0)


EQUATION: dict[str, Callable[[Case, Place, Grid, Wrong], Real]] = {
    "forward": weighted_sum, "activation": activation, "error": error, "slope": slope, "output": output_delta,
    "hidden": hidden_delta, "weights": weight_gradient, "bias": bias_gradient, "update": update,
    "update_bias": update_bias,
}  # fmt: skip


def derivation(case: Case, wrongs: Wrongs) -> tuple[Grid, Weights, Grid]:
    """δ, ∂Err/∂θ and ∂Err/∂b of one sample by the whole recursion, with these mistakes in it.

    Raises LookupError where a mistake cannot be made in this network.

    >>> from nn.grading.mistakes import named
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> derivation(case, {}), derivation(case, {"weights": (named("sign", "weights"),)})[1]
    (([[4.0]], [[[4.0]]], [[4.0]]), [[[-4.0]]])
    """
    case, delta = deltas(case, wrongs)
    theta = [
        [[gradient(case, (k, i, l), delta, wrongs) for l in range(len(row))] for i, row in enumerate(layer)]
        for k, layer in enumerate(case.theta)
    ]
    bias = [[gradient(case, (k, i), delta, wrongs) for i in range(len(layer))] for k, layer in enumerate(case.theta)]
    return delta, theta, bias


def deltas(case: Case, wrongs: Wrongs) -> tuple[Case, Grid]:
    """δ by the whole recursion, and the case with the forward pass that it belongs to."""
    if wrongs.get("forward"):
        case = dataclasses.replace(case, forgetful=True)
    delta: Grid = [[0.0] * len(layer) for layer in case.theta]
    for equation in ("output", "hidden"):
        for k, i in case.places(equation):
            delta[k][i] = EQUATION[equation](case, (k, i), delta, wrongs.get(equation, ()))
    return case, delta


def gradient(case: Case, place: Place, delta: Grid, wrongs: Wrongs) -> Real:
    """∂Err/∂θ at (k, i, l), ∂Err/∂b at (k, i)."""
    if len(place) == 3:
        return weight_gradient(case, place, delta, wrongs.get("weights", ()))
    return bias_gradient(case, place, delta, wrongs.get("bias", ()))


def column(matrix: Weights | Grid, i: int) -> Row:
    """θⱼᵢ for all j: the weights that leave neuron i.

    >>> column([[1.0, 2.0], [3.0, 4.0]], 1)
    [2.0, 4.0]
    """
    return [row[i] for row in matrix]
