"""The family of wrong formulas: the lecture's equations with one part exchanged.

A mistake is one row of a table: what it is called, where it sits, what stands there instead,
and why that is wrong.  What a row names may not exist in a network (θᵢⱼ of a matrix that is
not square): LookupError.
"""

# ruff: noqa: E501  one row of the table is one line

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import deltas as hand
from .equations import Case, column
from .intervals import enclosed
from .parts import (
    IN_O,
    against_all,
    against_batch,
    already_updated,
    decay_given,
    diagonal,
    entropy,
    eta_given,
    for_activation,
    for_loss,
    half,
    hinge_with,
    inverse_cosh,
    logistic,
    margin,
    of_several_squares,
    own_err,
    probability,
    several,
    slope_here,
    slopes_of_next,
    softmax,
    spread_out,
    squares,
    stale,
    whole_err,
    with_targets,
    without_slopes,
)

# An identifier says in which equation a mistake was made, then which it is: "delta.hidden.slope_missing".
PREFIX = {
    "forward": "forward.u", "activation": "forward.o", "error": "forward.err", "slope": "slope",
    "output": "delta.output", "hidden": "delta.hidden", "weights": "gradient.weights", "bias": "gradient.bias",
    "update": "update.weights", "update_bias": "update.bias", "batch": "batch", "rule": "rule",
}  # fmt: skip


@dataclass(frozen=True)
class Mistake:
    """One way to get an equation wrong.

    key        what it is called for good, within an equation: see `id`
    name       what it is called
    equations  where it is made
    part       the part of the equation that it exchanges
    change     what stands there instead; its arguments are the part's, see equations.py
    because    why it is wrong
    possible   whether it can be made in a case at all
    fitted     "eta" or "decay", a number that it needs and that may be found out from the answer
    """

    key: str
    name: str
    equations: tuple[str, ...]
    part: str
    change: Callable[..., Any]
    because: str
    possible: Callable[[Case], bool] = lambda case: True
    fitted: str = ""

    def id(self, equation: str) -> str:
        """What it is called for good in that equation.

        >>> named("σ' missing", "hidden").id("hidden")
        'delta.hidden.slope_missing'
        """
        return f"{PREFIX[equation]}.{self.key}"

    def with_number(self, value: float) -> Mistake:
        """The same, saying with which η or λ."""
        symbol = {"eta": "η", "decay": "λ"}[self.fitted]
        return dataclasses.replace(self, because=f"{self.because} ({symbol} = {value:.4g} fits)")


_DELTAS, _GRADIENTS = ("output", "hidden"), ("weights", "bias")
_SLOPES = ("slope", *_DELTAS)  # σ' is handed in, or stands in δ
_LAYER = "the sum runs over the neurons j of the next layer, along the weights θⱼᵢ that leave neuron i"
_INPUT = "θᵢₗ is multiplied by oₗ in uᵢ, so ∂uᵢ/∂θᵢₗ = oₗ, the o of the layer before (x for the first)"
_RATE = "η belongs to the update θ ← θ − η·∂Err/∂θ, not to the derivative"
_TWICE = "each contribution counts once; were gradients added to what was there before?"

MISTAKES = (
    # σ'
    Mistake("slope_missing", "σ' missing", _DELTAS, "slope", lambda case, k, i: 1.0, "oᵢ = σ(uᵢ), so the chain rule passes through σ'(uᵢ)"),
    Mistake("slope_at_o", "σ'(o) for σ'(u)", _SLOPES, "slope", lambda case, k, i: case.slope_at(k, case.o[k][i]), "σ' is evaluated where σ was, at u"),
    Mistake("value_for_slope", "σ for σ'", _SLOPES, "slope", lambda case, k, i: case.o[k][i], "the factor is the slope of σ, not its value"),
    Mistake("slope_in_o_given_u", "σ' in terms of o, given u", _SLOPES, "slope", lambda case, k, i: IN_O[case.names[k]](case.u[k][i]), "o·(1 − o) and 1 − o² take the neuron's output o"),
    Mistake("slope_of_tanh", "slope of tanh, 1 − o²", _SLOPES, "slope", lambda case, k, i: IN_O["tanh"](case.o[k][i]), "1 − o² is the slope of tanh, and σ is another activation", for_activation("tanh", other=True)),
    Mistake("slope_of_sigmoid", "slope of the sigmoid, o(1 − o)", _SLOPES, "slope", lambda case, k, i: IN_O["sigmoid"](case.o[k][i]), "o·(1 − o) is the slope of the sigmoid, and σ is another activation", for_activation("sigmoid", other=True)),
    Mistake("one_o_missing", "1 − o for σ'", _SLOPES, "slope", lambda case, k, i: 1 - case.o[k][i] if case.names[k] in IN_O else slope_here(case, k, i), "sigmoid' = o·(1 − o) and tanh' = 1 − o²: one o is missing", for_activation(*IN_O)),
    Mistake("plus_for_minus", "o(1 + o) or 1 + o² for σ'", _SLOPES, "slope", lambda case, k, i: (case.o[k][i] * (1 + case.o[k][i]) if case.names[k] == "sigmoid" else 1 + case.o[k][i] * case.o[k][i]) if case.names[k] in IN_O else slope_here(case, k, i), "sigmoid' = o·(1 − o) and tanh' = 1 − o², with a minus", for_activation(*IN_O)),
    Mistake("square_missing", "1/cosh u for tanh'", _SLOPES, "slope", inverse_cosh, "tanh' = 1/cosh² u: the square is missing", for_activation("tanh")),
    Mistake("wrong_side", "slope of ReLU on the wrong side", _SLOPES, "slope", lambda case, k, i: enclosed(lambda u: float(u <= 0), case.u[k][i]) if case.names[k] == "relu" else slope_here(case, k, i), "ReLU has slope 1 where u > 0, and 0 where u < 0", for_activation("relu")),
    Mistake("slope_squared", "σ' twice", _DELTAS, "slope", lambda case, k, i: case.slopes[k][i] * case.slopes[k][i], "uᵢ passes through σ once, so σ'(uᵢ) stands there once"),
    Mistake("slope_of_next_neurons", "σ'(uⱼ) for σ'(uᵢ)", ("hidden",), "slope", slopes_of_next, "δᵢ = ∂Err/∂uᵢ takes the slope of neuron i; σ'(uⱼ) is in δⱼ already"),
    Mistake("slope_of_wrong_layer", "σ' of the wrong layer", ("hidden",), "slope", lambda case, k, i: case.slopes[k + 1][i], "δᵢ = ∂Err/∂uᵢ takes the slope of neuron i, in its own layer"),
    Mistake("slopes_left_out_on_the_way", "the error passed back without σ'", ("hidden",), "following", without_slopes, "what comes back from neuron j is δⱼ, with σ'(uⱼ) in it, and not ∂Err/∂oⱼ"),
    # ∂Err/∂ŷ
    Mistake("factor_2_missing", "factor 2 missing", ("output",), "error", lambda case, i: case.errors[i] / 2, "the derivative of (y − ŷ)² is −2(y − ŷ)", squares),
    Mistake("half_convention", "½ convention", ("output",), "error", lambda case, i: case.errors[i] / 2, "right if the Err of your lecture is ½(y − ŷ)²; this Err has no ½", squares),
    Mistake("mean_over_outputs", "mean for sum over the outputs", ("output",), "error", lambda case, i: case.errors[i] / len(case.y), "Err sums the squares, and does not average them", lambda case: case.loss == "squared_error" and len(case.y) > 1),
    Mistake("sum_over_outputs", "sum for mean over the outputs", ("output",), "error", lambda case, i: case.errors[i] * len(case.y), "this Err averages the squares", lambda case: case.loss == "mean_squared_error" and len(case.y) > 1),
    Mistake("superfluous_2", "superfluous 2", ("output",), "error", lambda case, i: case.errors[i] * 2, "that is the derivative of (y − ŷ)²; this Err is ½(y − ŷ)², and its ½ cancels the 2", half),
    Mistake("superfluous_2", "superfluous 2", ("output",), "error", lambda case, i: case.errors[i] * 2, "∂Err/∂ŷ = p − y: a logarithm leaves no 2", entropy),
    Mistake("superfluous_2", "superfluous 2", ("output",), "error", lambda case, i: case.errors[i] * 2, "the derivative of (y − ŷ)² is −2(y − ŷ), with one 2", squares),
    Mistake("broadcast", "every ŷ against every y", ("output",), "error", lambda case, i: against_all(case, i), "yₖ belongs to ŷₖ alone; shapes (n, 1) and (n,) subtract to n × n numbers", of_several_squares),
    Mistake("broadcast_transposed", "every y against every ŷ", ("output",), "error", lambda case, i: against_all(case, i, True), "yₖ belongs to ŷₖ alone; shapes (n,) and (n, 1) subtract to n × n numbers", of_several_squares),
    Mistake("broadcast_mean", "every ŷ against the mean of y", ("output",), "error", lambda case, i: against_all(case, i) / len(case.y), "yₖ belongs to ŷₖ alone; shapes (n, 1) and (n,) subtract to n × n numbers", of_several_squares),
    Mistake("loss_for_derivative", "the loss for its derivative", ("output",), "error", own_err, "δ starts with the slope ∂Err/∂ŷₖ, not with Err itself"),
    Mistake("total_loss_for_derivative", "Err for ∂Err/∂ŷ", ("output",), "error", whole_err, "δ starts with the slope ∂Err/∂ŷₖ, not with Err itself"),
    Mistake("difference_forgotten", "ŷ for ŷ − y", ("output",), "error", lambda case, i: 2 * case.o[-1][i], "∂Err/∂ŷ = 2(ŷ − y): the target is missing", squares),
    Mistake("softmax_missing", "softmax forgotten", ("output",), "error", lambda case, i: case.o[-1][i] - case.y[i], "the outputs are logits: ∂Err/∂ŷ = p − y, with p = softmax(ŷ)", softmax),
    Mistake("slope_of_log", "−y/p", ("output",), "error", lambda case, i: -case.y[i] / probability(case, i), "−y/p is ∂Err/∂p; through the softmax it becomes p − y", softmax),
    Mistake("true_class_only", "p − y at the true class only", ("output",), "error", lambda case, i: case.errors[i] if case.y[i] else 0.0, "every class has a slope: ∂Err/∂ŷᵢ = pᵢ for the others", softmax),
    Mistake("jacobian_diagonal", "diagonal of the softmax's Jacobian only", ("output",), "error", lambda case, i: -case.y[i] * (1 - probability(case, i)), "every pⱼ depends on every ŷᵢ: ∂pⱼ/∂ŷᵢ = −pⱼ·pᵢ for j ≠ i", softmax),
    Mistake("slope_of_p", "extra σ' with cross-entropy", ("output",), "error", lambda case, i: case.errors[i] * (probability(case, i) * (1 - probability(case, i))), "p − y has the slope of the softmax in it already", softmax),
    Mistake("slope_of_p", "extra σ' with cross-entropy", ("output",), "error", lambda case, i: case.errors[i] * (probability(case, i) * (1 - probability(case, i))), "p − y has the slope of the sigmoid in it already", logistic),
    Mistake("margin_missing", "margin forgotten", ("output",), "error", lambda case, i: -case.y[i], "where y·ŷ ≥ 1 the hinge is 0 and flat: its slope there is 0", margin),
    Mistake("margin_zero", "0 for the margin 1", ("output",), "error", lambda case, i: hinge_with(case, i, 0.0), "the hinge is 0 from y·ŷ = 1 on, not from 0", margin),
    Mistake("target_missing", "−1 for −y", ("output",), "error", lambda case, i: -case.y[i] * case.errors[i] * -1.0, "∂(1 − y·ŷ)/∂ŷ = −y", margin),
    Mistake("sigmoid_missing", "sigmoid forgotten", ("output",), "error", lambda case, i: case.o[-1][i] - case.y[i], "the outputs are logits: ∂Err/∂ŷ = p − y, with p = sigmoid(ŷ)", logistic),
    # Σⱼ δⱼ·θⱼᵢ
    Mistake("weights_missing", "θ missing", ("hidden",), "weights", lambda case, k, i, delta: [1.0] * len(case.theta[k + 1]), "oᵢ enters uⱼ times θⱼᵢ, so δⱼ comes back times θⱼᵢ"),
    Mistake("transposed", "transposed θᵢⱼ for θⱼᵢ", ("hidden",), "weights", lambda case, k, i, delta: case.theta[k + 1][i], "θⱼᵢ stands in row j, column i: neuron i reads its column"),
    Mistake("weights_of_wrong_layer", "θ of the wrong layer, its row", ("hidden",), "weights", lambda case, k, i, delta: case.theta[k][i], _LAYER),
    Mistake("weights_of_wrong_layer_transposed", "θ of the wrong layer, its column", ("hidden",), "weights", lambda case, k, i, delta: column(case.theta[k], i), _LAYER),
    Mistake("updated_too_early", "weights already updated", ("hidden",), "weights", already_updated, "δ is propagated through the θ of the forward pass; update when all δ are known", eta_given, "eta"),
    Mistake("output_delta_for_next", "δ of the output layer for the next", ("hidden",), "following", lambda case, k, i, delta: delta[-1], _LAYER),
    Mistake("last_only", "= for += over j", ("hidden",), "sum", lambda terms: terms[-1:], "neuron i feeds several neurons, and what comes back from them adds up; = keeps the last alone"),
    Mistake("first_only", "first j only", ("hidden",), "sum", lambda terms: terms[:1], "neuron i feeds several neurons, and what comes back from them adds up"),
    Mistake("mean_over_next", "mean for sum over j", ("hidden",), "sum", lambda terms: [(d / len(terms), t) for d, t in terms], "what comes back from several neurons adds up"),
    Mistake("elementwise", "elementwise for the matrix product, δᵢ·θᵢᵢ", ("hidden",), "weights", diagonal, _LAYER + "; W * δ is no product of matrices"),
    Mistake("elementwise_summed", "elementwise for the matrix product, δᵢ·Σⱼ θⱼᵢ", ("hidden",), "following", spread_out, _LAYER + "; W * δ is no product of matrices"),
    Mistake("u_for_delta", "u for δ", _DELTAS, "whole", lambda case, k, i, delta: case.u[k][i], "that is uᵢ itself; δᵢ is ∂Err/∂uᵢ, its gradient (run.delta, or u.grad)"),
    # δᵢ·oₗ
    Mistake("own_output", "o of the wrong layer, oᵢ", ("weights",), "input", lambda case, k, i, l: case.o[k][i], _INPUT),
    Mistake("own_layer", "o of the wrong layer, its own", ("weights",), "input", lambda case, k, i, l: case.o[k][l], _INPUT),
    Mistake("x_for_o", "x for o", ("weights",), "input", lambda case, k, i, l: case.x[l], _INPUT),
    Mistake("u_for_o", "u for o", ("weights",), "input", lambda case, k, i, l: case.u[k - 1][l] if k else case.x[l], _INPUT),
    Mistake("weight_for_o", "θ for o", ("weights",), "input", lambda case, k, i, l: case.theta[k][i][l], _INPUT),
    Mistake("delta_of_layer_before", "δ of the layer before", ("weights",), "delta", lambda delta, k, i, l: delta[k - 1][l] if k else delta[k][i], "∂Err/∂θᵢₗ has the δ of neuron i, where θᵢₗ ends"),
    Mistake("transposed", "transposed, δₗ·oᵢ", ("weights",), "indices", lambda i, l: (l, i), "row i, column l of ∂Err/∂θ holds δᵢ·oₗ, as θᵢₗ leads from l to i"),
    Mistake("elementwise", "elementwise for the outer product, δᵢ·oᵢ", ("weights",), "input", lambda case, k, i, l: case.before(k)[i], "row i, column l of ∂Err/∂θ holds δᵢ·oₗ: every δ times every o"),
    Mistake("elementwise_in_rows", "elementwise for the outer product, δₗ·oₗ", ("weights",), "delta", lambda delta, k, i, l: delta[k][l], "row i, column l of ∂Err/∂θ holds δᵢ·oₗ: every δ times every o"),
    Mistake("l2_term", "L2 term added", ("weights",), "added", lambda case, k, i, l: case.decay * case.theta[k][i][l], "this Err has no λ·θ² in it, so its gradient has no λ·θ", decay_given, "decay"),
    Mistake("delta_missing", "δ missing", _GRADIENTS, "delta", lambda delta, k, i, l: 1.0, "∂uᵢ/∂θᵢₗ = oₗ and ∂uᵢ/∂bᵢ = 1; times ∂Err/∂uᵢ = δᵢ they are the gradient"),
    Mistake("slope_twice", "σ' twice", _GRADIENTS, "factor", slope_here, "δᵢ contains σ'(uᵢ) already"),
    Mistake("delta_squared", "δ counted twice", _GRADIENTS, "delta", lambda delta, k, i, l: delta[k][i] * delta[k][i], "δᵢ stands once in ∂Err/∂θᵢₗ = δᵢ·oₗ and ∂Err/∂bᵢ = δᵢ"),
    # signs and rates
    Mistake("sign", "sign", ("output",), "factor", lambda case, k, i: -1.0, "y − ŷ falls when ŷ rises: −2(y − ŷ), or 2(ŷ − y)", squares),
    Mistake("sign", "sign", ("output",), "factor", lambda case, k, i: -1.0, "∂Err/∂ŷ = p − y, and not y − p", lambda case: softmax(case) or logistic(case)),
    Mistake("sign", "sign", ("output",), "factor", lambda case, k, i: -1.0, "∂Err/∂ŷ has the other sign", lambda case: not (squares(case) or softmax(case) or logistic(case))),
    Mistake("sign", "sign", ("hidden",), "factor", lambda case, k, i: -1.0, "the recursion has no sign of its own; the minus is in δₖ"),
    Mistake("sign", "sign", _GRADIENTS, "factor", lambda case, k, i: -1.0, "∂Err/∂θ = δ·o; the minus belongs to the update θ ← θ − η·δ·o"),
    Mistake("rate_included", "learning rate included", ("output", *_GRADIENTS), "factor", lambda case, k, i: case.eta, _RATE, eta_given),
    Mistake("update_for_gradient", "the update for the gradient", _GRADIENTS, "factor", lambda case, k, i: -(case.eta or 0.0), _RATE, eta_given),
    Mistake("doubled", "counted twice", ("hidden", *_GRADIENTS), "factor", lambda case, k, i: 2.0, _TWICE),
    Mistake("left_at_zero", "left at 0", ("output", "hidden", "weights"), "factor", lambda case, k, i: 0.0, "0 is a number, and here nothing makes it one"),
    # biases
    Mistake("left_out", "bias forgotten", ("bias",), "factor", lambda case, k, i: 0.0, "bᵢ is the weight of an input that is always 1: ∂Err/∂bᵢ = δᵢ"),
    Mistake("times_bias", "b·δ for δ", ("bias",), "factor", lambda case, k, i: (case.bias[k] or ())[i], "∂uᵢ/∂bᵢ is 1, and not bᵢ"),
    Mistake("times_output", "δ·o for δ", ("bias",), "factor", lambda case, k, i: case.o[k][i], "∂uᵢ/∂bᵢ is 1: the bias is the weight of an input that is always 1"),
    Mistake("times_input", "δ·o of the layer before for δ", ("bias",), "factor", lambda case, k, i: case.before(k)[i], "∂uᵢ/∂bᵢ is 1: the bias is the weight of an input that is always 1"),
    Mistake("summed_over_neurons", "summed over the neurons", ("bias",), "delta", lambda delta, k, i, l: sum(delta[k]), "every neuron has a bias of its own: ∂Err/∂bᵢ = δᵢ; sum over samples, never over neurons"),
    Mistake("mean_over_neurons", "mean over the neurons", ("bias",), "delta", lambda delta, k, i, l: sum(delta[k]) / len(delta[k]), "every neuron has a bias of its own: ∂Err/∂bᵢ = δᵢ; sum over samples, never over neurons"),
    Mistake("bias_missing", "bias left out of u", ("forward",), "bias", lambda bias: None, "uᵢ = Σ θᵢₗ·oₗ + bᵢ, and σ' is taken there"),
    # what is handed in of the forward pass, the slopes and the update
    Mistake("sign", "sign", ("forward",), "factor", lambda case, k, i: -1.0, "uᵢ is the sum itself"),
    Mistake("transposed", "transposed θₗᵢ for θᵢₗ", ("forward",), "weights", lambda case, k, i: [case.theta[k][l][i] for l in range(len(case.theta[k][i]))], "row i of θ holds the weights that enter neuron i"),
    Mistake("u_for_o", "u for o", ("forward",), "input", lambda case, k: case.u[k - 1] if k else case.x, "neuron i is fed by the outputs oₗ of the layer before"),
    Mistake("x_for_o", "x for o", ("forward",), "input", lambda case, k: case.x, "neuron i is fed by the outputs oₗ of the layer before; x enters the first layer alone"),
    Mistake("sigma_missing", "σ missing", ("activation",), "sigma", lambda case, k, i: case.u[k][i], "oᵢ = σ(uᵢ)"),
    Mistake("tanh", "tanh for σ", ("activation",), "sigma", lambda case, k, i: enclosed(hand.tanh, case.u[k][i]), "σ is another activation here", for_activation("tanh", other=True)),
    Mistake("sigmoid", "sigmoid for σ", ("activation",), "sigma", lambda case, k, i: enclosed(hand.sigmoid, case.u[k][i]), "σ is another activation here", for_activation("sigmoid", other=True)),
    Mistake("relu", "ReLU for σ", ("activation",), "sigma", lambda case, k, i: enclosed(hand.relu, case.u[k][i]), "σ is another activation here", for_activation("relu", other=True)),
    Mistake("half", "½ convention", ("error",), "error", lambda case: 0.5 * whole_err(case, 0), "that is ½(y − ŷ)²; this Err has no ½", squares),
    Mistake("half_missing", "½ missing", ("error",), "error", lambda case: 2.0 * whole_err(case, 0), "this Err is ½(y − ŷ)²", half),
    Mistake("not_squared", "not squared", ("error",), "error", lambda case: sum(y - o for y, o in zip(case.y, case.o[-1])), "Err adds the squares (y − ŷ)²", for_loss("squared_error", "half_squared_error", "mean_squared_error")),
    Mistake("mean", "mean for sum over the outputs", ("error",), "error", lambda case: whole_err(case, 0) / len(case.y), "Err sums over the outputs, and does not average", lambda case: several(case) and case.loss != "mean_squared_error"),
    Mistake("sum", "sum for mean over the outputs", ("error",), "error", lambda case: whole_err(case, 0) * len(case.y), "this Err averages over the outputs", lambda case: several(case) and case.loss == "mean_squared_error"),
    Mistake("one", "σ' taken as 1", ("slope",), "slope", lambda case, k, i: 1.0, "σ has a slope of its own at uᵢ"),
    Mistake("plus", "added for subtracted", ("update", "update_bias"), "eta", lambda eta: -eta, "downhill is against the gradient: θ − η·∂Err/∂θ"),
    Mistake("rate_missing", "η missing", ("update", "update_bias"), "eta", lambda eta: 1.0, "the step is η·∂Err/∂θ, not the whole gradient"),
    Mistake("step_only", "the step alone", ("update", "update_bias"), "old", lambda old: 0.0, "the new value is the old one minus the step"),
    Mistake("not_updated", "not updated", ("update", "update_bias"), "eta", lambda eta: 0.0, "the new value is the old one minus η·∂Err/∂θ"),
    # batches
    Mistake("mean", "mean for sum over the batch", ("batch",), "batch", lambda terms: sum(terms) / len(terms), "Err of a batch is the sum over its samples"),
    Mistake("last_only", "= for += over the batch", ("batch",), "batch", lambda terms: terms[-1], "the gradients of the samples add up; = keeps the last alone"),
    Mistake("mean_of_one_less", "1/(m − 1) for the sum", ("batch",), "batch", lambda terms: sum(terms) / (len(terms) - 1), "Err of a batch is the sum over its samples; m − 1 belongs to a variance"),
    Mistake("first_only", "first sample only", ("batch",), "batch", lambda terms: terms[0], "the gradients of the samples add up"),
    Mistake("targets_shuffled", "targets of other samples", ("batch",), "samples", lambda cases: with_targets(cases, cases[::-1]), "x and y must stay together: here the targets run backwards"),
    Mistake("targets_shuffled", "targets of other samples", ("batch",), "samples", lambda cases: with_targets(cases, cases[1:] + cases[:1]), "x and y must stay together: here each x has the target of the next"),
    Mistake("targets_shuffled", "targets of other samples", ("batch",), "samples", lambda cases: with_targets(cases, cases[-1:] + cases[:-1]), "x and y must stay together: here each x has the target of the one before"),
    Mistake("stale_o", "o of the sample before", ("batch",), "samples", lambda cases: stale(cases, cases[-1:] + cases[:-1]), "the o in δᵢ·oₗ are those of the same sample as δ: run the forward pass again"),
    Mistake("stale_o", "o of the sample before", ("batch",), "samples", lambda cases: stale(cases, cases[:1] + cases[:-1]), "the o in δᵢ·oₗ are those of the same sample as δ: run the forward pass again"),
    Mistake("stale_o_of_last", "o of the last sample", ("batch",), "samples", lambda cases: stale(cases, cases[-1:] * len(cases)), "the o in δᵢ·oₗ are those of the same sample as δ: keep them for each sample"),
    Mistake("stale_o_of_first", "o of the first sample", ("batch",), "samples", lambda cases: stale(cases, cases[:1] * len(cases)), "the o in δᵢ·oₗ are those of the same sample as δ: run the forward pass again"),
    Mistake("broadcast", "every ŷ against every y of the batch", ("batch",), "samples", lambda cases: against_batch(cases, 1.0), "y belongs to the ŷ of its own sample; shapes (m, 1) and (m,) subtract to m × m numbers"),
    Mistake("broadcast_mean", "every ŷ against the mean of the batch's y", ("batch",), "samples", lambda cases: against_batch(cases, 1.0 / len(cases)), "y belongs to the ŷ of its own sample; shapes (m, 1) and (m,) subtract to m × m numbers"),
    Mistake("weights_mean", "mean of ∂Err/∂θ, sum of ∂Err/∂b", ("batch",), "batch weights", lambda terms: sum(terms) / len(terms), "one Err has one scale: sum both over the batch"),
    Mistake("bias_mean", "mean of ∂Err/∂b, sum of ∂Err/∂θ", ("batch",), "batch bias", lambda terms: sum(terms) / len(terms), "one Err has one scale: sum both over the batch"),
    Mistake("bias_last_only", "∂Err/∂b of the last sample only", ("batch",), "batch bias", lambda terms: terms[-1], "the gradients of the samples add up, those of the biases as well"),
    Mistake("bias_first_only", "∂Err/∂b of the first sample only", ("batch",), "batch bias", lambda terms: terms[0], "the gradients of the samples add up, those of the biases as well"),
)  # fmt: skip


def family(equation: str, case: Case) -> list[Mistake]:
    """The mistakes that can be made in an equation.

    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> [m.name for m in family("bias", case)][:4]
    ['δ missing', "σ' twice", 'δ counted twice', 'sign']
    """
    return [m for m in MISTAKES if equation in m.equations and m.possible(case)]


def named(name: str, equation: str) -> Mistake:
    """The mistake of that name in an equation.  Raises StopIteration if there is none.

    >>> named("σ' missing", "hidden").part
    'slope'
    """
    return next(m for m in MISTAKES if m.name == name and equation in m.equations)


def scaled_in_one_layer(equation: str, k: int, factor: float, samples: int = 1) -> Mistake:
    """The mistake of a constant factor in one layer, which may be the mean over that many samples.

    >>> scaled_in_one_layer("weights", 0, 0.25, samples=4).key
    'mean_in_one_layer'
    """
    mean = samples > 1 and abs(factor * samples - 1) < 0.01
    key, name = (
        ("mean_in_one_layer", "mean in one layer only") if mean else ("scaled_in_one_layer", "scaled in one layer")
    )
    because = f"in layer {k + 1} every number is {factor:.4g} times what it should be, and in the others it is right:"
    because += " a mean over the samples there alone" if mean else " a mean, or an η, that stands there alone?"
    return Mistake(key, name, (equation,), "factor", lambda case, layer, i: factor if layer == k else 1.0, because)
