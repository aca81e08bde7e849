"""The family of wrong formulas: the lecture's equations with one part exchanged.

    case      one sample in one network: x, y, θ, bias, u, o, σ', ∂Err/∂ŷ and η
    equation  "output" δₖ, "hidden" δᵢ, "weights" ∂Err/∂θ, "bias" ∂Err/∂b; around them the
              "forward" pass and the sum over a "batch"
    part      the place in an equation where a mistake sits: its slope, its weights, its sum, …
    wrong     the mistakes in force, one to a part; with none, an equation is that of nn/deltas.py

A mistake is one row of a table: where it sits, what stands there instead, and why that is wrong.
What a row names may not exist in a network (θᵢⱼ of a matrix that is not square): LookupError.
"""

# ruff: noqa: E501  one row of the table is one line

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .. import deltas as hand

Row: TypeAlias = "list[float]"
Grid: TypeAlias = "list[list[float]]"  # [k][i]: layer, neuron
Weights: TypeAlias = "list[list[list[float]]]"  # [k][i][l]
Place: TypeAlias = "tuple[int, ...]"  # (k, i) or (k, i, l), counted from 0

EQUATIONS = {
    "output": "δ of the output layer, δₖ = ∂Err/∂ŷ·σ'(uₖ)",
    "hidden": "δ of the hidden layers, δᵢ = σ'(uᵢ)·Σⱼ δⱼ·θⱼᵢ",
    "weights": "gradient of the weights, ∂Err/∂θᵢₗ = δᵢ·oₗ",
    "bias": "gradient of the biases, ∂Err/∂bᵢ = δᵢ",
    "forward": "forward pass, uᵢ = Σₗ θᵢₗ·oₗ + bᵢ",
    "batch": "sum over the samples of a batch",
}


@dataclass(frozen=True)
class Case:
    """One sample in one network, with the u and o that the hand formulas give.

    x, y          inputs and targets
    theta, bias   θ[k][i][l] and b[k][i], None for a layer without
    sigma, slope  σ and σ' of each layer        names   what they are called, "" for your own
    errors_of     (y, ŷ) -> ∂Err/∂ŷ             loss    what it is called, "" for your own
    eta           η, or None
    forgetful     whether the forward pass leaves the biases out

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
    u: Grid = field(init=False)
    o: Grid = field(init=False)
    errors: Row = field(init=False)

    def __post_init__(self) -> None:
        bias = [None] * len(self.theta) if self.forgetful else self.bias
        u, o = hand.forward(self.x, self.theta, bias, self.sigma)
        object.__setattr__(self, "u", u)
        object.__setattr__(self, "o", o)
        object.__setattr__(self, "errors", list(self.errors_of(self.y, o[-1])))

    def before(self, k: int) -> Row:
        """The o of the layer before layer k."""
        return self.o[k - 1] if k else self.x

    def places(self, equation: str) -> list[Place]:
        """Where an equation is used, in the order of computation."""
        last = len(self.theta) - 1
        layers = {"output": [last], "hidden": range(last - 1, -1, -1)}.get(equation, range(last + 1))
        neurons = [(k, i) for k in layers for i in range(len(self.theta[k]))]
        if equation == "weights":
            return [(k, i, l) for k, i in neurons for l in range(len(self.theta[k][i]))]
        return [(k, i) for k, i in neurons if equation != "bias" or self.bias[k] is not None]

    def arguments(self) -> list[Any]:
        """θ, bias, u, o, x, y and σ' as fresh lists, which an answer may change as it likes."""
        grids = [[list(layer) for layer in grid] for grid in (self.u, self.o)]
        theta = [[list(row) for row in layer] for layer in self.theta]
        bias = [None if b is None else list(b) for b in self.bias]
        return [theta, bias, *grids, list(self.x), list(self.y), list(self.slope)]


@dataclass(frozen=True)
class Mistake:
    """One way to get an equation wrong.

    name       what it is called
    equations  where it is made
    part       the part of the equation that it exchanges
    change     what stands there instead; its arguments are the part's, see the equations below
    because    why it is wrong
    possible   whether it can be made in a case at all
    """

    name: str
    equations: tuple[str, ...]
    part: str
    change: Callable[..., Any]
    because: str
    possible: Callable[[Case], bool] = lambda case: True

    def with_rate(self, eta: float) -> Mistake:
        """The same, saying with which η."""
        return dataclasses.replace(self, because=f"{self.because} (η = {eta:.4g} fits)")


Wrong: TypeAlias = "tuple[Mistake, ...]"
Wrongs: TypeAlias = "dict[str, tuple[Mistake, ...]]"  # by equation


def _part(wrong: Wrong, part: str, right: Callable[..., Any]) -> Callable[..., Any]:
    for mistake in wrong:
        if mistake.part == part:
            return mistake.change
    return right


# --- the equations, each with parts that can be exchanged -------------------------------------


def output_delta(case: Case, place: Place, delta: Grid, wrong: Wrong) -> float:
    k, i = place
    error = _part(wrong, "error", lambda case, i: case.errors[i])(case, i)
    slope = _part(wrong, "slope", _slope)(case, k, i)
    factor = _part(wrong, "factor", _one)(case, k, i)
    return float(factor * hand.output_delta(error, slope))


def hidden_delta(case: Case, place: Place, delta: Grid, wrong: Wrong) -> float:
    k, i = place
    slope = _part(wrong, "slope", _slope)(case, k, i)
    following = _part(wrong, "following", lambda k, delta: delta[k + 1])(k, delta)
    if isinstance(slope, list):  # a slope for each j stands inside the sum
        following, slope = [d * s for d, s in zip(following, slope)], 1.0
    weights = _part(wrong, "weights", lambda case, k, i, delta: _column(case.theta[k + 1], i))(case, k, i, delta)
    terms = _part(wrong, "sum", lambda terms: terms)(list(zip(following, weights)))
    factor = _part(wrong, "factor", _one)(case, k, i)
    return float(factor * hand.hidden_delta(slope, [d for d, _ in terms], [t for _, t in terms]))


def weight_gradient(case: Case, place: Place, delta: Grid, wrong: Wrong) -> float:
    k, i, l = place
    i, l = _part(wrong, "indices", lambda i, l: (i, l))(i, l)
    d = _part(wrong, "delta", lambda delta, k, i, l: delta[k][i])(delta, k, i, l)
    o = _part(wrong, "input", lambda case, k, i, l: case.before(k)[l])(case, k, i, l)
    return float(_part(wrong, "factor", _one)(case, k, i) * hand.weight_gradient(d, o))


def bias_gradient(case: Case, place: Place, delta: Grid, wrong: Wrong) -> float:
    k, i = place
    d = _part(wrong, "delta", lambda delta, k, i, l: delta[k][i])(delta, k, i, 0)
    return float(_part(wrong, "factor", _one)(case, k, i) * hand.bias_gradient(d))


EQUATION: dict[str, Callable[[Case, Place, Grid, Wrong], float]] = {
    "output": output_delta, "hidden": hidden_delta, "weights": weight_gradient, "bias": bias_gradient,
}  # fmt: skip


def derivation(case: Case, wrongs: Wrongs) -> tuple[Grid, Weights, Grid]:
    """δ, ∂Err/∂θ and ∂Err/∂b of one sample by the whole recursion, with these mistakes in it.

    Raises LookupError where a mistake cannot be made in this network.

    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> derivation(case, {}), derivation(case, {"weights": (named("sign", "weights"),)})[1]
    (([[4.0]], [[[4.0]]], [[4.0]]), [[[-4.0]]])
    """
    if wrongs.get("forward"):
        case = dataclasses.replace(case, forgetful=True)
    delta: Grid = [[0.0] * len(layer) for layer in case.theta]
    for equation in ("output", "hidden"):
        for k, i in case.places(equation):
            delta[k][i] = EQUATION[equation](case, (k, i), delta, wrongs.get(equation, ()))
    theta = [
        [[weight_gradient(case, (k, i, l), delta, wrongs.get("weights", ())) for l in range(len(row))]
         for i, row in enumerate(layer)]
        for k, layer in enumerate(case.theta)
    ]  # fmt: skip
    bias = [
        [bias_gradient(case, (k, i), delta, wrongs.get("bias", ())) for i in range(len(layer))]
        for k, layer in enumerate(case.theta)
    ]
    return delta, theta, bias


# --- what stands in the parts -----------------------------------------------------------------


def _one(case: Case, k: int, i: int) -> float:
    return 1.0


def _slope(case: Case, k: int, i: int) -> float:
    return case.slope[k](case.u[k][i])


def _column(matrix: Grid, i: int) -> Row:
    return [row[i] for row in matrix]


# σ' written in o, as textbooks have it: right for o, and here given u.
_IN_O: dict[str, Callable[[float], float]] = {"sigmoid": lambda o: o * (1 - o), "tanh": lambda o: 1 - o * o}


def _shares(case: Case) -> Row:
    """The softmax of the outputs."""
    powers = [max(math.exp(o - max(case.o[-1])), 1e-300) for o in case.o[-1]]  # −y/p divides by them
    return [p / sum(powers) for p in powers]


def _slopes_of_next(case: Case, k: int, i: int) -> Row:
    return [case.slope[k + 1](u) for u in case.u[k + 1]]


def _updated(case: Case, k: int, i: int, delta: Grid) -> Row:
    column = _column(case.theta[k + 1], i)
    return [hand.updated(t, case.eta, d, case.o[k][i]) for t, d in zip(column, delta[k + 1])]


def _own_layer(case: Case, k: int, i: int, l: int) -> float:
    return case.o[k][l]


def _eta_given(case: Case) -> bool:
    return case.eta is not None


def _loss(*names: str) -> Callable[[Case], bool]:
    return lambda case: case.loss in names


def _activation(*names: str, other: bool = False) -> Callable[[Case], bool]:
    """Whether some layer has one of these activations; `other`: none of them."""
    return lambda case: any((name in names) != other for name in case.names)


_squares = _loss("squared_error", "mean_squared_error")
_softmax, _logistic = _loss("cross_entropy"), _loss("binary_cross_entropy")


_DELTAS, _GRADIENTS = ("output", "hidden"), ("weights", "bias")
_LAYER = "the sum runs over the neurons j of the next layer, along the weights θⱼᵢ that leave neuron i"
_INPUT = "θᵢₗ is multiplied by oₗ in uᵢ, so ∂uᵢ/∂θᵢₗ = oₗ, the o of the layer before (x for the first)"
_RATE = "η belongs to the update θ ← θ − η·∂Err/∂θ, not to the derivative"

MISTAKES = (
    # σ'
    Mistake("σ' missing", _DELTAS, "slope", lambda case, k, i: 1.0, "oᵢ = σ(uᵢ), so the chain rule passes through σ'(uᵢ)"),
    Mistake("σ'(o) for σ'(u)", _DELTAS, "slope", lambda case, k, i: case.slope[k](case.o[k][i]), "σ' is evaluated where σ was, at u"),
    Mistake("σ for σ'", _DELTAS, "slope", lambda case, k, i: case.o[k][i], "the factor is the slope of σ, not its value"),
    Mistake("σ' in terms of o, given u", _DELTAS, "slope", lambda case, k, i: _IN_O[case.names[k]](case.u[k][i]), "o·(1 − o) and 1 − o² take the neuron's output o"),
    Mistake("slope of tanh, 1 − o²", _DELTAS, "slope", lambda case, k, i: _IN_O["tanh"](case.o[k][i]), "1 − o² is the slope of tanh, and σ is another activation", _activation("tanh", other=True)),
    Mistake("slope of the sigmoid, o(1 − o)", _DELTAS, "slope", lambda case, k, i: _IN_O["sigmoid"](case.o[k][i]), "o·(1 − o) is the slope of the sigmoid, and σ is another activation", _activation("sigmoid", other=True)),
    Mistake("1 − o for σ'", _DELTAS, "slope", lambda case, k, i: 1 - case.o[k][i] if case.names[k] in _IN_O else _slope(case, k, i), "sigmoid' = o·(1 − o) and tanh' = 1 − o²: one o is missing", _activation(*_IN_O)),
    Mistake("σ'(uⱼ) for σ'(uᵢ)", ("hidden",), "slope", _slopes_of_next, "δᵢ = ∂Err/∂uᵢ takes the slope of neuron i; σ'(uⱼ) is in δⱼ already"),
    Mistake("σ' of the wrong layer", ("hidden",), "slope", lambda case, k, i: _slope(case, k + 1, i), "δᵢ = ∂Err/∂uᵢ takes the slope of neuron i, in its own layer"),
    # ∂Err/∂ŷ
    Mistake("factor 2 missing", ("output",), "error", lambda case, i: case.errors[i] / 2, "the derivative of (y − ŷ)² is −2(y − ŷ)", _squares),
    Mistake("½ convention", ("output",), "error", lambda case, i: case.errors[i] / 2, "that is the derivative of ½(y − ŷ)²; this Err has no ½", _squares),
    Mistake("mean for sum over the outputs", ("output",), "error", lambda case, i: case.errors[i] / len(case.y), "Err sums the squares, and does not average them", lambda case: case.loss == "squared_error" and len(case.y) > 1),
    Mistake("sum for mean over the outputs", ("output",), "error", lambda case, i: case.errors[i] * len(case.y), "this Err averages the squares", lambda case: case.loss == "mean_squared_error" and len(case.y) > 1),
    Mistake("softmax forgotten", ("output",), "error", lambda case, i: case.o[-1][i] - case.y[i], "the outputs are logits: ∂Err/∂ŷ = p − y, with p = softmax(ŷ)", _softmax),
    Mistake("−y/p", ("output",), "error", lambda case, i: -case.y[i] / _shares(case)[i], "−y/p is ∂Err/∂p; through the softmax it becomes p − y", _softmax),
    Mistake("sigmoid forgotten", ("output",), "error", lambda case, i: case.o[-1][i] - case.y[i], "the outputs are logits: ∂Err/∂ŷ = p − y, with p = sigmoid(ŷ)", _logistic),
    # Σⱼ δⱼ·θⱼᵢ
    Mistake("θ missing", ("hidden",), "weights", lambda case, k, i, delta: [1.0] * len(case.theta[k + 1]), "oᵢ enters uⱼ times θⱼᵢ, so δⱼ comes back times θⱼᵢ"),
    Mistake("transposed θᵢⱼ for θⱼᵢ", ("hidden",), "weights", lambda case, k, i, delta: case.theta[k + 1][i], "θⱼᵢ stands in row j, column i: neuron i reads its column"),
    Mistake("θ of the wrong layer, its row", ("hidden",), "weights", lambda case, k, i, delta: case.theta[k][i], _LAYER),
    Mistake("θ of the wrong layer, its column", ("hidden",), "weights", lambda case, k, i, delta: _column(case.theta[k], i), _LAYER),
    Mistake("weights already updated", ("hidden",), "weights", _updated, "δ is propagated through the θ of the forward pass; update when all δ are known", _eta_given),
    Mistake("δ of the output layer for the next", ("hidden",), "following", lambda k, delta: delta[-1], _LAYER),
    Mistake("= for += over j", ("hidden",), "sum", lambda terms: terms[-1:], "neuron i feeds several neurons, and what comes back from them adds up; = keeps the last alone"),
    Mistake("first j only", ("hidden",), "sum", lambda terms: terms[:1], "neuron i feeds several neurons, and what comes back from them adds up"),
    Mistake("mean for sum over j", ("hidden",), "sum", lambda terms: [(d / len(terms), t) for d, t in terms], "what comes back from several neurons adds up"),
    # δᵢ·oₗ
    Mistake("o of the wrong layer, oᵢ", ("weights",), "input", lambda case, k, i, l: case.o[k][i], _INPUT),
    Mistake("o of the wrong layer, its own", ("weights",), "input", _own_layer, _INPUT),
    Mistake("x for o", ("weights",), "input", lambda case, k, i, l: case.x[l], _INPUT),
    Mistake("u for o", ("weights",), "input", lambda case, k, i, l: case.u[k - 1][l] if k else case.x[l], _INPUT),
    Mistake("θ for o", ("weights",), "input", lambda case, k, i, l: case.theta[k][i][l], _INPUT),
    Mistake("δ of the layer before", ("weights",), "delta", lambda delta, k, i, l: delta[k - 1][l] if k else delta[k][i], "∂Err/∂θᵢₗ has the δ of neuron i, where θᵢₗ ends"),
    Mistake("transposed, δₗ·oᵢ", ("weights",), "indices", lambda i, l: (l, i), "row i, column l of ∂Err/∂θ holds δᵢ·oₗ, as θᵢₗ leads from l to i"),
    Mistake("δ missing", _GRADIENTS, "delta", lambda delta, k, i, l: 1.0, "∂uᵢ/∂θᵢₗ = oₗ and ∂uᵢ/∂bᵢ = 1; times ∂Err/∂uᵢ = δᵢ they are the gradient"),
    Mistake("σ' twice", _GRADIENTS, "factor", _slope, "δᵢ contains σ'(uᵢ) already"),
    # signs and rates
    Mistake("sign", ("output",), "factor", lambda case, k, i: -1.0, "y − ŷ falls when ŷ rises: −2(y − ŷ), or 2(ŷ − y)", _squares),
    Mistake("sign", ("output",), "factor", lambda case, k, i: -1.0, "∂Err/∂ŷ = p − y, and not y − p", lambda case: _softmax(case) or _logistic(case)),
    Mistake("sign", ("output",), "factor", lambda case, k, i: -1.0, "∂Err/∂ŷ has the other sign", lambda case: not (_squares(case) or _softmax(case) or _logistic(case))),
    Mistake("sign", ("hidden",), "factor", lambda case, k, i: -1.0, "the recursion has no sign of its own; the minus is in δₖ"),
    Mistake("sign", _GRADIENTS, "factor", lambda case, k, i: -1.0, "∂Err/∂θ = δ·o; the minus belongs to the update θ ← θ − η·δ·o"),
    Mistake("learning rate included", ("output", *_GRADIENTS), "factor", lambda case, k, i: case.eta, _RATE, _eta_given),
    Mistake("the update for the gradient", _GRADIENTS, "factor", lambda case, k, i: -(case.eta or 0.0), _RATE, _eta_given),
    # biases
    Mistake("bias forgotten", ("bias",), "factor", lambda case, k, i: 0.0, "bᵢ is the weight of an input that is always 1: ∂Err/∂bᵢ = δᵢ"),
    Mistake("b·δ for δ", ("bias",), "factor", lambda case, k, i: (case.bias[k] or ())[i], "∂uᵢ/∂bᵢ is 1, and not bᵢ"),
    Mistake("bias left out of u", ("forward",), "bias", lambda: None, "uᵢ = Σ θᵢₗ·oₗ + bᵢ, and σ' is taken there"),
    # batches
    Mistake("mean for sum over the batch", ("batch",), "batch", lambda terms: sum(terms) / len(terms), "Err of a batch is the sum over its samples"),
    Mistake("= for += over the batch", ("batch",), "batch", lambda terms: terms[-1], "the gradients of the samples add up; = keeps the last alone"),
)  # fmt: skip


def family(equation: str, case: Case) -> list[Mistake]:
    """The mistakes that can be made in an equation.

    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> [m.name for m in family("bias", case)]
    ['δ missing', "σ' twice", 'sign', 'bias forgotten', 'b·δ for δ']
    """
    return [m for m in MISTAKES if equation in m.equations and m.possible(case)]


def named(name: str, equation: str) -> Mistake:
    """The mistake of that name in an equation.  Raises StopIteration if there is none.

    >>> named("σ' missing", "hidden").part
    'slope'
    """
    return next(m for m in MISTAKES if m.name == name and equation in m.equations)
