"""The certificate: what emerged from the graph is what the lecture derives by hand.

Two checks, each exact in what it promises.

1. Every equation by itself.  The hand formula gets the engine's own operands (its u, its o,
   its δ of the next layer), so a mistake shows in the neuron where it is made and nowhere
   else.  A sum of n terms may differ by n + 8 ulp of its largest term.
2. From end to end.  The hand formulas run alone from the inputs; their δ may differ by what
   the same recursion, run on absolute values and rounding errors, allows.

Finite differences, which know neither side, join where they resolve the number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from autograd import AutogradValueError, Difference, Value, difference_in_graph, grad, toposort

from . import deltas as hand
from .losses import Loss, loss_of
from .modules import MLP, Neuron, name
from .report import Certificate, Comparison, Row, allowed
from .rounding import ERROR_OF_SLOPES, cancelling_terms, propagated_errors, sum_tolerance

Sigma: TypeAlias = "str | tuple[Callable[[float], float], Callable[[float], float]]"
ErrorSlopes: TypeAlias = "str | Callable[[Sequence[float], Sequence[float]], Sequence[float]]"


def certify(
    net: MLP | Neuron,
    x: Sequence[float],
    y: float | Sequence[float],
    loss: str | Loss = "squared_error",
    *,
    error_slopes: ErrorSlopes | None = None,
    sigma: Sigma | Sequence[Sigma] | None = None,
    differences: bool = True,
) -> Certificate:
    """Compare every δ = u.grad and every ∂Err/∂θ of a network with the hand formulas.

    net           the network, or a single neuron
    x             one sample's inputs
    y             its target, as the loss takes it: numbers, or the index of a class
    loss          a name of LOSSES, or a function of outputs and targets
    error_slopes  for a loss of your own: (y, ŷ) -> ∂Err/∂ŷ by hand
    sigma         for an activation of your own: (σ, σ') on floats, one pair or one for each layer
    differences   whether finite differences join

    The call is the network's last one then, so `delta` of its neurons is this sample's; the
    gradients of the parameters are left as they were.  Raises AutogradValueError where there is
    no hand formula for the activation or the loss.

    >>> net = MLP(2, [3, 1], seed=0)
    >>> certificate = certify(net, [0.5, -1.0], 0.25)
    >>> bool(certificate), len(certificate.rows)
    (True, 4)
    """
    if isinstance(net, Neuron):
        inputs = [Value(a, name("x", i)) for i, a in enumerate(x, 1)]
        o = net(inputs)
        assert net.u is not None
        us, os, neurons = [[net.u]], [[o]], [[net]]
    else:
        run = net.forward(x)
        inputs, us, os = run.inputs, run.u, run.o
        neurons = [layer.neurons for layer in net.layers]
    outputs = os[-1]
    return certify_graph(
        loss_of(loss)(outputs if len(outputs) > 1 else outputs[0], y),
        inputs=inputs,
        u=us,
        o=os,
        theta=[[neuron.theta for neuron in layer] for layer in neurons],
        bias=[[neuron.bias for neuron in layer] for layer in neurons],
        y=y,
        sigma=sigma if sigma is not None else [_sigma_of(layer[0]) for layer in neurons],
        error_slopes=error_slopes if error_slopes is not None else _slopes_of(loss),
        differences=differences,
    )


def certify_graph(
    err: Value,
    *,
    inputs: Sequence[Value],
    u: Sequence[Sequence[Value]],
    o: Sequence[Sequence[Value]],
    theta: Sequence[Sequence[Sequence[Value]]],
    bias: Sequence[Sequence[Value | None]] | None = None,
    y: Any,
    sigma: Sigma | Sequence[Sigma] = "tanh",
    error_slopes: ErrorSlopes = "squared_error",
    differences: bool = True,
) -> Certificate:
    """Certify a network, a neuron or a loss that was written by hand from Values.

    err           the error, whose backward() is run here; leaves get their gradients back afterwards
    inputs        x
    u, o, theta   u[k][i], o[k][i] and θ[k][i][l] of every neuron, as Values of err's graph
    bias          bias[k][i], None for a neuron without
    y             the targets, numbers, or the index of a class
    sigma         a name of deltas.ACTIVATIONS or a pair (σ, σ') on floats; one, or one per layer
    error_slopes  a name of deltas.ERROR_SLOPES, or (y, ŷ) -> ∂Err/∂ŷ
    differences   whether finite differences join

    Raises AutogradValueError for shapes that do not fit and for names without a hand formula.

    >>> w, x, target = Value(0.5, "w"), Value(2.0, "x"), 1.0
    >>> u = w * x; o = u.tanh(); err = (target - o) ** 2
    >>> bool(certify_graph(err, inputs=[x], u=[[u]], o=[[o]], theta=[[[w]]], y=target))
    True
    """
    sigmas = list(sigma) if isinstance(sigma, list) else [sigma] * len(u)
    check = _Check(err, inputs, u, o, theta, bias, sigmas, error_slopes, y)  # type: ignore[arg-type]
    leaves = [(v, v.grad) for v in toposort(err) if v.op is None]
    try:
        err.zero_grad()
        err.backward()
        check.forward()
        check.deltas()
        check.gradients()
        check.end_to_end()
        if differences:
            check.differences()
        return check.certificate()
    finally:
        for leaf, before in leaves:
            leaf.grad = before


class _Check:
    """One run of the certificate.  Layers are counted from 0 here and from 1 in what is shown."""

    def __init__(
        self,
        err: Value,
        inputs: Sequence[Value],
        u: Sequence[Sequence[Value]],
        o: Sequence[Sequence[Value]],
        theta: Sequence[Sequence[Sequence[Value]]],
        bias: Sequence[Sequence[Value | None]] | None,
        sigma: Sequence[Sigma],
        error_slopes: ErrorSlopes,
        y: Any,
    ) -> None:
        self.err, self.inputs, self.u, self.o, self.theta = err, inputs, u, o, theta
        self.bias: Sequence[Sequence[Value | None]] = bias or [[None] * len(layer) for layer in u]
        _require_shapes(inputs, u, o, theta, self.bias, sigma)
        self.names = [s if isinstance(s, str) else "" for s in sigma]
        self.sigma = [_pair(s)[0] for s in sigma]
        self.slope = [_pair(s)[1] for s in sigma]
        self.loss = error_slopes if isinstance(error_slopes, str) else ""
        self.error_slopes = _error_slopes(error_slopes)
        self.y = _targets(y, len(o[-1]), self.loss)
        self.found: list[Comparison] = []
        self.measured: dict[Value, Difference] = {}

    def neurons(self) -> Iterator[tuple[int, int]]:
        for k, layer in enumerate(self.u):
            for i in range(len(layer)):
                yield k, i

    def before(self, k: int) -> Sequence[Value]:
        return self.o[k - 1] if k else self.inputs

    def compare(self, k: int, i: int, term: str, edge: str, engine: float, by_hand: float, tolerance: float) -> None:
        self.found.append(Comparison((k + 1, i + 1), term, edge, engine, by_hand, tolerance))

    # --- each equation by itself -------------------------------------------------------------

    def forward(self) -> None:
        for k, i in self.neurons():
            theta = [t.data for t in self.theta[k][i]]
            o = [v.data for v in self.before(k)]
            b = self.bias[k][i]
            u = self.u[k][i].data
            terms = [t * a for t, a in zip(theta, o)] + ([] if b is None else [b.data])
            by_hand = hand.weighted_sum(theta, o, None if b is None else b.data)
            self.compare(k, i, at("u", k, i), "", u, by_hand, sum_tolerance(terms))
            by_hand = hand.activation(u, self.sigma[k])
            edge = f"{at('u', k, i)} → {at('o', k, i)}"
            self.compare(k, i, at("o", k, i), edge, self.o[k][i].data, by_hand, sum_tolerance([by_hand]))

    def deltas(self) -> None:
        """Right to left, so that the first failure is where the mistake is."""
        last = len(self.u) - 1
        y_hat = [v.data for v in self.o[last]]
        slopes = self.error_slopes(self.y, y_hat)
        for i, u in enumerate(self.u[last]):
            slope = self.slope[last](u.data)
            by_hand = hand.output_delta(slopes[i], slope)
            terms = [by_hand, *(t * slope for t in cancelling_terms(self.loss, self.y, y_hat, i))]
            self.compare(last, i, at("δ", last, i), "", u.grad, by_hand, sum_tolerance(terms))
        for k in range(last - 1, -1, -1):
            for i, u in enumerate(self.u[k]):
                slope = self.slope[k](u.data)
                column = [theta[i].data for theta in self.theta[k + 1]]
                following = [v.grad for v in self.u[k + 1]]
                by_hand = hand.hidden_delta(slope, following, column)
                terms = [slope * d * t for d, t in zip(following, column)]
                self.compare(k, i, at("δ", k, i), "", u.grad, by_hand, sum_tolerance(terms))

    def gradients(self) -> None:
        for k, i in self.neurons():
            delta = self.u[k][i].grad
            here = at("u", k, i)
            for column, (theta, o) in enumerate(zip(self.theta[k][i], self.before(k)), 1):
                weight = at("θ", k, i, column)
                by_hand = hand.weight_gradient(delta, o.data)
                self.compare(
                    k, i, f"∂Err/∂{weight}", f"{weight} → {here}", theta.grad, by_hand, sum_tolerance([by_hand])
                )
            b = self.bias[k][i]
            if b is not None:
                weight = at("b", k, i)
                by_hand = hand.bias_gradient(delta)
                self.compare(k, i, f"∂Err/∂{weight}", f"{weight} → {here}", b.grad, by_hand, sum_tolerance([by_hand]))

    # --- from end to end -----------------------------------------------------------------------

    def end_to_end(self) -> None:
        """The recursion of the lecture, once on numbers and once on their possible errors."""
        if not all(self.names) or self.loss not in ERROR_OF_SLOPES:
            return  # how far a function of the user's magnifies an error is not known
        theta = [[[t.data for t in row] for row in layer] for layer in self.theta]
        bias = [[None if b is None else b.data for b in layer] for layer in self.bias]
        x = [v.data for v in self.inputs]
        u, o = hand.forward(x, theta, bias, self.sigma)
        slopes = self.error_slopes(self.y, o[-1])
        delta = hand.backward(theta, u, slopes, self.slope)
        errors = propagated_errors(x, theta, bias, u, o, slopes, self.y, self.names, self.slope, self.loss)
        for k, i in self.neurons():
            term = at("δ", k, i) + " from end to end"
            # Both sides are rounded: each may be that far from the true number.
            self.compare(k, i, term, "", self.u[k][i].grad, delta[k][i], 2 * errors[k][i])

    # --- finite differences ----------------------------------------------------------------------

    def differences(self) -> None:
        for k, i in self.neurons():
            self.difference(k, i, at("δ", k, i), "", self.u[k][i])
            for column, theta in enumerate(self.theta[k][i], 1):
                weight = at("θ", k, i, column)
                edge = f"{weight} → {at('u', k, i)}"
                self.difference(k, i, f"∂Err/∂{weight}", edge, theta)

    def difference(self, k: int, i: int, term: str, edge: str, v: Value) -> None:
        measured = self.measured[v] = difference_in_graph(self.err, v)
        if measured.resolvable:
            self.compare(k, i, f"{term} against its finite difference", edge, v.grad, measured.value, allowed(measured))

    # --- the report --------------------------------------------------------------------------------

    def certificate(self) -> Certificate:
        result = Certificate(comparisons=self.found)
        result.measured = len(self.measured)
        result.resolved = sum(d.resolvable for d in self.measured.values())
        for k, i in self.neurons():
            mine = [c for c in self.found if c.neuron == (k + 1, i + 1)]
            delta = next(c for c in mine if c.term == at("δ", k, i))
            gradients = tuple(c for c in mine if c.term.startswith("∂Err/∂") and "finite" not in c.term)
            u = self.u[k][i]
            row = Row(
                delta.neuron, u.data, self.o[k][i].data, float(self.slope[k](u.data)), delta, gradients,
                self.measured.get(u), all(c.agrees for c in mine),
            )  # fmt: skip
            result.rows.append(row)
        wrong = result.first_disagreement
        if wrong is not None:
            result.culprit = self.culprit(wrong)
        return result

    def culprit(self, wrong: Comparison) -> str:
        """The edge out of the neuron whose local derivative in the graph is not the formula's."""
        k, i = wrong.neuron[0] - 1, wrong.neuron[1] - 1
        if not wrong.term.startswith("δ") or "finite" in wrong.term:
            return ""
        u, o = self.u[k][i], self.o[k][i]
        here = at("o", k, i)
        edges = [(f"{at('u', k, i)} → {here}", o, u, float(self.slope[k](u.data)))]
        if k + 1 < len(self.u):
            for j, v in enumerate(self.u[k + 1]):
                edges.append((f"{here} → {at('u', k + 1, j)}", v, o, self.theta[k + 1][j][i].data))
        else:
            slope = self.error_slopes(self.y, [v.data for v in self.o[k]])[i]
            edges.append((f"{here} → Err", self.err, o, slope))
        for edge, above, below, by_hand in edges:
            engine = 1.0 if above is below else grad(above, [below])[0].data
            if abs(engine - by_hand) > 16 * math.ulp(max(abs(engine), abs(by_hand))):
                return f"{edge}, whose local derivative is {engine!r} in the graph and {by_hand!r} by hand"
        return f"none by itself: the contributions to {here} are not all summed"


def at(symbol: str, k: int, i: int, *column: int) -> str:
    """The name of a quantity of neuron i in layer k, both counted from 0.

    >>> at("u", 0, 1), at("θ", 0, 1, 3)
    ('u⁽¹⁾₂', 'θ⁽¹⁾₂₃')
    """
    return name(symbol, i + 1, *column, layer=k + 1)


# --- what was given ---------------------------------------------------------------------------------


def _sigma_of(neuron: Neuron) -> Sigma:
    if isinstance(neuron.activation, str):
        return neuron.activation
    raise AutogradValueError(
        "certify: for an activation of your own give sigma=(σ, σ'), its hand-derived pair on floats"
    )


def _slopes_of(loss: str | Loss) -> str:
    if isinstance(loss, str):
        return loss
    if getattr(loss, "__name__", "") in hand.ERROR_SLOPES and loss is loss_of(loss.__name__):
        return str(loss.__name__)
    raise AutogradValueError("certify: for a loss of your own give error_slopes, a function (y, ŷ) -> ∂Err/∂ŷ by hand")


def _pair(sigma: Sigma) -> tuple[Callable[[float], float], Callable[[float], float]]:
    if not isinstance(sigma, str):
        return sigma
    if sigma not in hand.ACTIVATIONS:
        raise AutogradValueError(
            f"certify: there is no hand formula for {sigma!r}, only for {', '.join(hand.ACTIVATIONS)}; give sigma=(σ, σ') on floats"
        )
    pair: tuple[Callable[[float], float], Callable[[float], float]] = hand.ACTIVATIONS[sigma]
    return pair


def _error_slopes(error_slopes: ErrorSlopes) -> Callable[[Sequence[float], Sequence[float]], Sequence[float]]:
    if not isinstance(error_slopes, str):
        return error_slopes
    if error_slopes not in hand.ERROR_SLOPES:
        raise AutogradValueError(
            f"certify: there is no hand formula for {error_slopes!r}; give (y, ŷ) -> ∂Err/∂ŷ as error_slopes"
        )
    found: Callable[[Sequence[float], Sequence[float]], Sequence[float]] = hand.ERROR_SLOPES[error_slopes]
    return found


def _targets(y: Any, outputs: int, loss: str) -> list[float]:
    if loss == "cross_entropy" and not hasattr(y, "__len__"):
        return [float(k == y) for k in range(outputs)]
    listed = list(y) if hasattr(y, "__len__") else [y]
    targets = [v.data if isinstance(v, Value) else float(v) for v in listed]
    if len(targets) != outputs:
        raise AutogradValueError(f"certify: {outputs} outputs, and {len(targets)} targets")
    return targets


def _require_shapes(
    inputs: Sequence[Value],
    u: Sequence[Sequence[Value]],
    o: Sequence[Sequence[Value]],
    theta: Sequence[Sequence[Sequence[Value]]],
    bias: Sequence[Sequence[Value | None]],
    sigma: Sequence[Sigma],
) -> None:
    if not u or not len(u) == len(o) == len(theta) == len(bias) == len(sigma):
        raise AutogradValueError(
            f"certify: u, o, theta, bias and sigma need one entry for each layer, and have"
            f" {len(u)}, {len(o)}, {len(theta)}, {len(bias)} and {len(sigma)}"
        )
    before = len(inputs)
    for k, layer in enumerate(u):
        if not len(layer) == len(o[k]) == len(theta[k]) == len(bias[k]):
            raise AutogradValueError(
                f"certify: layer {k + 1} has {len(layer)} u, {len(o[k])} o and {len(theta[k])} rows of θ"
            )
        for i, row in enumerate(theta[k]):
            if len(row) != before:
                raise AutogradValueError(
                    f"certify: neuron {i + 1} of layer {k + 1} has {len(row)} weights for {before} inputs"
                )
        before = len(layer)
