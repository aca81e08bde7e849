"""One run of the certificate: every equation of the lecture, with the engine's numbers and by hand.

Layers and neurons are counted from 0 here, and from 1 in what is shown.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from autograd import AutogradValueError, Difference, Value, toposort
from autograd.words.text import counted

from .. import deltas as hand
from ..network.losses import targets_of
from .comparison import Comparison, Same
from .report import Certificate, Measured, Row
from .rounding import (
    ERROR_OF_SLOPES,
    cancelling_terms,
    error_tolerance,
    propagated_errors,
    slope_tolerance,
    sum_tolerance,
)
from .sigmas import Sigma, pair_of
from .structure import Structure, at
from .tracing import culprit, note

T = TypeVar("T")
ErrorSlopes: TypeAlias = "str | Callable[[Sequence[float], Sequence[float]], Sequence[float]]"


class Check:
    """The comparisons of one sample; `found` collects them, and `certificate` reports them."""

    def __init__(
        self, err: Value, structure: Structure, sigma: Sequence[Sigma], error_slopes: ErrorSlopes, y: Any
    ) -> None:
        self.err, self.net = err, structure
        self.leaves, self.interior = list[Value](), list[Value]()
        for v in toposort(err):
            (self.interior if v.op is not None else self.leaves).append(v)
        self.u, self.o = structure.u, structure.o
        self.names = [s if isinstance(s, str) else "" for s in sigma]
        self.sigma, self.slope = zip(*(pair_of("certify", each) for each in sigma))
        self.loss = error_slopes if isinstance(error_slopes, str) else ""
        self.error_slopes = _error_slopes(error_slopes)
        self.y_hat = [v.data for v in structure.reads[-1]]
        self.y = _targets(y, len(self.y_hat), self.loss)
        self.found: list[Comparison | Same] = []
        self.of_neuron: dict[tuple[int, int], list[Comparison]] = {}
        self.products: dict[tuple[int, int], Same | tuple[Comparison, ...]] = {}
        self.measured: dict[tuple[int, int], tuple[Difference, bool]] = {}  # δ by finite differences; of the layer?
        self.differences = Measured()
        self.terms: dict[Value, list[float]] = {}  # of each weight the δ·o of all its uses

    def compare(
        self, k: int, i: int, term: str, edge: str, engine: float, by_hand: float, tolerance: float, how: str = ""
    ) -> Comparison:
        compared = Comparison((k + 1, i + 1), term, edge, engine, by_hand, tolerance, how)
        self.found.append(compared)
        self.of_neuron.setdefault((k, i), []).append(compared)
        return compared

    # --- each equation by itself -------------------------------------------------------------

    def forward(self) -> None:
        for k in range(len(self.u)):
            before, kind = [v.data for v in self.net.reads[k]], self.names[k]
            how = f"with σ = {kind}" if kind else "with the σ given"
            for i, u in enumerate(self.u[k]):
                theta, b = self.net.weights(k, i)
                by_hand = hand.weighted_sum(theta, before, b)
                tolerance = 0.0
                if u.data != by_hand:
                    tolerance = sum_tolerance([t * a for t, a in zip(theta, before)] + ([] if b is None else [b]))
                self.compare(k, i, at("u", k, i), "", u.data, by_hand, tolerance)
                by_hand = hand.activation(u.data, self.sigma[k])
                tolerance = sum_tolerance([by_hand])
                if more := slope_tolerance(kind, u.data):
                    tolerance += abs(u.data) * more
                edge = f"{at('u', k, i)} → {at('o', k, i)}"
                self.compare(k, i, at("o", k, i), edge, self.o[k][i].data, by_hand, tolerance, how)
        for k, v, terms in self.net.sums():
            who = f"layer {k + 1}" if k < len(self.u) else "Err"
            by_hand, tolerance = hand.sum_of(terms), sum_tolerance(terms)
            self.compare(k if k < len(self.u) else -1, -1, f"what {who} reads", "", v.data, by_hand, tolerance)

    def error(self) -> None:
        """Err itself, where its formula is known."""
        if self.loss:
            formula: Callable[[Sequence[float], Sequence[float]], float] = hand.ERRORS[self.loss]
            by_hand = formula(self.y, self.y_hat)
            tolerance = error_tolerance(self.loss, self.y, self.y_hat)
            self.compare(-1, -1, "Err", "", self.err.data, by_hand, tolerance, f"as {self.loss}")

    def deltas(self) -> None:
        """Right to left, so that the first failure is where the mistake is."""
        slopes = self.error_slopes(self.y, self.y_hat)
        for k in range(len(self.u) - 1, -1, -1):
            for i, u in enumerate(self.u[k]):
                slope, terms = self.slope[k](u.data), list[float]()
                following, column, losses = self.net.following(k, i)
                if not following and len(losses) == 1:
                    by_hand = hand.output_delta(slopes[losses[0]], slope)
                    back = [slopes[losses[0]]]
                else:
                    following, column = following + [slopes[n] for n in losses], column + [1.0] * len(losses)
                    by_hand = hand.hidden_delta(slope, following, column)
                    back = [d * t for d, t in zip(following, column)]
                for n in losses:
                    terms += [t * slope for t in cancelling_terms(self.loss, self.y, self.y_hat, n)]
                tolerance = 0.0
                if u.grad != by_hand:
                    tolerance = sum_tolerance([*(slope * b for b in back), *terms])
                    if more := slope_tolerance(self.names[k], u.data):
                        tolerance += sum(map(abs, back)) * more
                self.compare(k, i, at("δ", k, i), "", u.grad, by_hand, tolerance)

    def gradients(self) -> None:
        """∂Err/∂θ = δ·o; a weight that is used more than once gets the sum over its uses."""
        self.terms = self.gradient_terms()
        compared: set[Value] = set()
        for k, i in self.net.neurons():
            weights = [v for v in self.net.parameters(k, i) if v not in compared]
            products, engine = [self.terms[v] for v in weights], [v.grad for v in weights]
            compared.update(weights)
            if [[x] for x in engine] == products:
                same = Same((k + 1, i + 1), functools.partial(self.names_of, k, i, weights), engine)
                self.products[k, i] = same
                self.found.append(same)
            else:
                self.products[k, i] = tuple(
                    self.compare(k, i, term, edge, x, hand.sum_of(p), sum_tolerance(p))
                    for (term, edge), x, p in zip(self.names_of(k, i, weights), engine, products)
                )

    def names_of(self, k: int, i: int, weights: Sequence[Value]) -> list[tuple[str, str]]:
        """For each weight what its gradient and its edge are called."""
        names, here = self.net.names(k, i), at("u", k, i)
        uses = [len(self.terms[v]) for v in weights]
        times = [f", used {n} times" if n > 1 else "" for n in uses]
        return [(f"∂Err/∂{names[v]}", f"{names[v]} → {here}{more}") for v, more in zip(weights, times)]

    def gradient_terms(self) -> dict[Value, list[float]]:
        """For each weight the products δ·o of all its uses, and for a bias the δ."""
        terms: dict[Value, list[float]] = {}
        for k, layer in enumerate(self.u):
            before = [v.data for v in self.net.reads[k]]
            for i, u in enumerate(layer):
                delta = u.grad
                for theta, o in zip(self.net.theta[k][i], before):
                    if isinstance(theta, Value):
                        terms.setdefault(theta, []).append(hand.weight_gradient(delta, o))
                b = self.net.bias[k][i]
                if b is not None:
                    terms.setdefault(b, []).append(hand.bias_gradient(delta))
        return terms

    # --- from end to end -----------------------------------------------------------------------

    def end_to_end(self) -> None:
        """The recursion of the lecture, once on numbers and once on their possible errors."""
        if not all(self.names) or self.loss not in ERROR_OF_SLOPES or not self.net.layered:
            return  # how far a function of the user's magnifies an error is not known
        theta = [[self.net.weights(k, i)[0] for i in range(len(layer))] for k, layer in enumerate(self.u)]
        bias = [[self.net.weights(k, i)[1] for i in range(len(layer))] for k, layer in enumerate(self.u)]
        x = [v.data for v in self.net.inputs]
        u, o = hand.forward(x, theta, bias, self.sigma)
        slopes = self.error_slopes(self.y, o[-1])
        delta = hand.backward(theta, u, slopes, self.slope)
        errors = propagated_errors(x, theta, bias, u, o, slopes, self.y, self.names, self.slope, self.loss)
        for k, i in self.net.neurons():
            term = at("δ", k, i) + " from end to end"
            # Both sides are rounded: each may be that far from the true number.
            if not math.isnan(errors[k][i]):  # they have outgrown the floats
                self.compare(k, i, term, "", self.u[k][i].grad, delta[k][i], 2 * errors[k][i])

    # --- the report --------------------------------------------------------------------------------

    def certificate(self) -> Certificate:
        result = Certificate(found=self.found, differences=self.differences)
        for k, i in self.net.neurons():
            mine, u = self.of_neuron[k, i], self.u[k][i]
            delta = next(c for c in mine if c.term == at("δ", k, i))
            measured, of_layer = self.measured.get((k, i), (None, False))
            wrong = [c for c in [*mine, *self.of_neuron.get((k, -1), ())] if not c.agrees]
            result.rows.append(Row(
                delta.neuron, u.data, self.o[k][i].data, float(self.slope[k](u.data)), delta, self.products[k, i],
                measured, of_layer, _columns(wrong),
            ))  # fmt: skip
        wrong_one = result.first_disagreement
        if wrong_one is not None:
            result.note = note(self.net, wrong_one)
            if wrong_one.term == at("δ", wrong_one.neuron[0] - 1, wrong_one.neuron[1] - 1):
                result.culprit = culprit(self, wrong_one)
        return result


def _columns(wrong: Sequence[Comparison]) -> tuple[str, ...]:
    """Where a neuron is wrong, as the table's columns; what only shows from end to end, where nothing else is."""
    here = [c for c in wrong if "end to end" not in c.term and "finite" not in c.term]
    kinds = [c.term.rstrip("⁽⁰¹²³⁴⁵⁶⁷⁸⁹⁾₀₁₂₃₄₅₆₇₈₉,") for c in here]
    if not here:
        kinds = ["δ from end to end" if "end to end" in c.term else "differences" for c in wrong]
    return tuple(dict.fromkeys(kinds))


def _error_slopes(error_slopes: ErrorSlopes) -> Callable[[Sequence[float], Sequence[float]], Sequence[float]]:
    if not isinstance(error_slopes, str):
        return error_slopes
    if error_slopes in hand.ERROR_SLOPES:
        return hand.ERROR_SLOPES[error_slopes]
    raise AutogradValueError(
        f"certify: there is no hand formula for {error_slopes!r}, only for {', '.join(hand.ERROR_SLOPES)}; give"
        " (y, ŷ) -> ∂Err/∂ŷ as error_slopes"
    )


def _targets(y: Any, outputs: int, loss: str) -> list[float]:
    targets = [v.data if isinstance(v, Value) else float(v) for v in targets_of(loss, y, outputs)]
    if len(targets) != outputs:
        raise AutogradValueError(f"certify: {counted(outputs, 'output')}, and {counted(len(targets), 'target')}")
    return targets
