"""PyTorch's own gradients, held to the lecture's formulas neuron by neuron.

Each formula by hand gets PyTorch's operands, its u, o and δ, so a mistake shows in the neuron in which it is made; as
the operands are compared too, from the inputs on, the whole pass is.

How far both may lie apart follows from the digits of the module.  A sum of n terms may differ by (n + 8)·ε·Σ|terms|
(Higham, Accuracy and Stability of Numerical Algorithms, ch. 3).  PyTorch computes σ' of tanh and sigmoid from o, as
1 − o² and o·(1 − o), and the slope of cross-entropy as p − y: where these cancel, 8·ε of 1 may be lost, and is allowed,
as it is for every σ that is not made of straight lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd import AutogradTypeError, AutogradValueError
from autograd.recording import given
from autograd.words.text import counted

from .. import deltas as hand
from ..certifying.comparison import Comparison
from ..certifying.report import BatchCertificate, Certificate, Row
from ..certifying.sigmas import Pair
from ..certifying.structure import at
from ..network.choosing import chosen
from ..network.losses import targets_of
from .pytorch import doubles, torch_for
from .watching import Layer, Run, watched

EPSILON = 2.0**-52  # of doubles

# What these are in PyTorch, of one sample's outputs and targets: (torch, o, y) -> a tensor of one number.
LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "squared_error": lambda torch, o, y: ((y - o) ** 2).sum(),
    "half_squared_error": lambda torch, o, y: 0.5 * ((y - o) ** 2).sum(),
    "mean_squared_error": lambda torch, o, y: ((y - o) ** 2).mean(),
    "hinge": lambda torch, o, y: torch.relu(1 - y * o).sum(),
    "cross_entropy": lambda torch, o, y: torch.nn.functional.cross_entropy(o[None], y[None]),
    "binary_cross_entropy": lambda torch, o, y: torch.nn.functional.binary_cross_entropy_with_logits(
        o, y, reduction="sum"
    ),
}


class InTorch(Comparison):
    """A number of PyTorch's beside the same number by hand; `epsilon` is that of its type."""

    epsilon = EPSILON

    @property
    def ulp(self) -> float:
        """Their distance in units of the last place that PyTorch has."""
        return super().ulp * (EPSILON / self.epsilon)

    def __str__(self) -> str:
        return super().__str__().replace("in the graph", "in PyTorch")


class InFloat32(InTorch):
    """The same with the digits of float32."""

    epsilon = 2.0**-23


def certify_torch(
    module: Any,
    x: Any,
    y: Any,
    loss: Any = "squared_error",
    *,
    sigma: Any = None,
    error_slopes: Any = None,
) -> Certificate | BatchCertificate:
    """Compare every δ and every ∂Err/∂θ that PyTorch finds with the hand formulas.

    module        a torch.nn.Module that calls Linear layers one after the other, in float64 or float32; with a forward
                  of its own, with layers and autograd Functions of your own
    x             one sample's inputs, or a data set: numbers, an array or a tensor (n, k)
    y             its target, as the loss takes it: numbers, or the index of a class; or a list of these
    loss          a name of LOSSES; torch.nn.MSELoss, CrossEntropyLoss or BCEWithLogitsLoss; or with `error_slopes` any
                  function of PyTorch's outputs (1, m) and targets
    sigma         what the activations that are not recognised should be: a name of ACTIVATIONS, or a pair (σ, σ') on
                  floats; one, or a list with one for each layer
    error_slopes  for a loss of your own: (y, ŷ) -> ∂Err/∂ŷ by hand, or the name of a loss that has these slopes

    The module runs where it is, as it is, and its parameters keep their .grad.  A data set is certified sample by
    sample, and then as one batch whose error is the sum.  What disagrees is told with its layer, its neuron and its
    part of the module.  Raises AutogradTypeError for what is no module, sample or target, AutogradValueError where a σ
    is not recognised, or a hand formula or a gradient is missing, and MissingDependency without PyTorch.

    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))  # doctest: +SKIP
    >>> print(certify_torch(net, [0.5, -1.0], 0.25).summary)  # doctest: +SKIP
    certified: 29 comparisons agree; without finite differences
    """
    torch = torch_for("certify_torch")
    if not isinstance(module, torch.nn.Module):
        raise AutogradTypeError(f"certify_torch takes a torch.nn.Module, and was given {given(module)}")
    X, single = _samples(torch, module, x)
    slopes, err = _error(torch, loss, error_slopes)
    targets = [y] if single else list(y.tolist() if hasattr(y, "tolist") else y)
    if len(targets) != len(X):
        raise AutogradValueError(f"certify_torch: {counted(len(X), 'sample')}, and {counted(len(targets), 'target')}")
    checks = [_Check(torch, module, X[n : n + 1], [targets[n]], slopes, err, sigma) for n in range(len(X))]
    certificates = [check.certificate() for check in checks]
    if single:
        return certificates[0]
    worst = max(range(len(X)), key=lambda n: certificates[n].badness)
    together = _Check(torch, module, X, targets, slopes, err, sigma)
    together.gradients()
    return BatchCertificate(certificates, worst, [comparison for _, comparison in together.found])


def _samples(torch: Any, module: Any, x: Any) -> tuple[Any, bool]:
    """The samples as a tensor of the module's type where the module is, and whether there is only one."""
    parameter = next(module.parameters(), None)
    if parameter is None or parameter.dtype not in (torch.float32, torch.float64):
        kind = "no parameters" if parameter is None else f"parameters in {parameter.dtype}"
        raise AutogradTypeError(f"certify_torch takes a module in float32 or float64, and this one has {kind}")
    try:
        X = torch.as_tensor(x, dtype=parameter.dtype, device=parameter.device).detach().clone()
    except (TypeError, ValueError, RuntimeError):
        X = None
    if X is None or X.ndim not in (1, 2) or not X.numel():
        raise AutogradTypeError(
            f"certify_torch: x is a sample's inputs, or a list of samples, and was given {given(x)}"
        )
    return X.reshape(-1, X.shape[-1]), X.ndim == 1


def _error(torch: Any, loss: Any, error_slopes: Any) -> tuple[Any, Callable[[Any, Any], Any]]:
    """∂Err/∂ŷ by hand, or the name of a loss that has it; and Err in PyTorch, of outputs and a target as given."""
    if isinstance(loss, str):
        known = chosen("loss", loss, LOSSES, "a loss of PyTorch")
        return error_slopes or loss, lambda o, y: known(torch, o, torch.tensor(_numbers(y, loss, len(o))).to(o))
    if not callable(loss):
        raise AutogradTypeError(f"certify_torch: loss is a name or a function, and was given {given(loss)}")
    slopes = error_slopes or _name_of(torch, loss)

    def err(o: Any, y: Any) -> Any:
        if slopes == "cross_entropy" and not hasattr(y, "__len__"):  # the index of a class, as PyTorch takes it
            return loss(o[None], torch.tensor([int(y)], device=o.device))
        return loss(o[None], torch.tensor(_numbers(y, slopes, len(o))).to(o)[None])

    return slopes, err


def _numbers(y: Any, loss: Any, outputs: int) -> list[float]:
    """A target as one number for each output."""
    y = y.tolist() if hasattr(y, "tolist") else y
    found = [float(t) for t in targets_of(loss if isinstance(loss, str) else "", y, outputs)]
    if len(found) != outputs:
        raise AutogradValueError(f"certify_torch: {counted(outputs, 'output')}, and {counted(len(found), 'target')}")
    return found


def _name_of(torch: Any, loss: Any) -> str:
    """Which of the losses by name has the same slopes as one of PyTorch's."""
    reduction = getattr(loss, "reduction", "mean")
    weighted = any(getattr(loss, key, None) is not None for key in ("weight", "pos_weight"))
    functional = torch.nn.functional
    plain = not weighted and not getattr(loss, "label_smoothing", 0.0)
    if isinstance(loss, torch.nn.MSELoss) or loss is functional.mse_loss:
        found = {"mean": "mean_squared_error", "sum": "squared_error"}.get(reduction)
    elif isinstance(loss, torch.nn.CrossEntropyLoss) or loss is functional.cross_entropy:
        found = "cross_entropy" if plain and reduction != "none" else None
    else:
        found = "binary_cross_entropy" if isinstance(loss, torch.nn.BCEWithLogitsLoss) and reduction == "sum" else None
    if found and plain:
        return found
    raise AutogradValueError(
        f"certify_torch: the slopes of {loss!r} are not known here: give error_slopes, a function (y, ŷ) -> ∂Err/∂ŷ, or"
        f" one of {', '.join(hand.ERROR_SLOPES)} (BCEWithLogitsLoss with reduction='sum', so that it has one)"
    )


class _Check:
    """The comparisons of one run; `found` has each with the column of the table that it belongs to."""

    def __init__(self, torch: Any, module: Any, X: Any, targets: list[Any], slopes: Any, err: Any, sigma: Any) -> None:
        self.torch, self.run = torch, watched(module, X)
        limits = torch.finfo(X.dtype)
        self.epsilon, self.tiniest = limits.eps, limits.tiny
        self.loss = slopes if isinstance(slopes, str) else ""
        self.error_slopes = chosen("loss", slopes, hand.ERROR_SLOPES, "error_slopes") if self.loss else slopes
        self.pairs = _pairs(self.run, sigma)
        outputs = self.run.output
        # As PyTorch has them: float32 rounds targets too.
        self.y = [doubles(torch.tensor(_numbers(y, slopes, outputs.shape[1])).to(outputs)) for y in targets]
        self.err = sum((err(o, y) for o, y in zip(outputs, targets)), torch.zeros(()).to(outputs)).reshape(())
        parameters = {id(p): p for layer in self.run.layers for p in (layer.weight, layer.bias) if p is not None}
        moving = {key: p for key, p in parameters.items() if p.requires_grad}
        # The inputs besides, so that every δ passes by on its way back also where nothing in front of it moves.
        wanted = [*moving.values(), X]
        found = torch.autograd.grad(self.err, wanted, retain_graph=True, allow_unused=True)
        self.gradient = {key: None if g is None else doubles(g) for key, g in zip(moving, found)}
        self.found: list[tuple[str, InTorch]] = []

    def compare(
        self, column: str, k: int, i: int, term: str, torch: float, by_hand: float, terms: Sequence[float],
        slack: float = 0.0, how: str = "", edge: str = "",
    ) -> None:  # fmt: skip
        n = len(terms) + 8
        allowed = n * (self.epsilon * sum(map(abs, terms)) + self.tiniest) + slack
        tolerance = allowed if math.isfinite(allowed) else 0.0
        kind = InTorch if self.epsilon == EPSILON else InFloat32
        made = kind((k + 1, i + 1), term, edge, torch, float(by_hand), tolerance, how)
        self.found.append((column, made))

    # --- one sample ----------------------------------------------------------------------------------------

    def forward(self) -> None:
        for k, layer in enumerate(self.run.layers):
            theta, bias = doubles(layer.weight), None if layer.bias is None else doubles(layer.bias)
            told, (sigma, _) = self.pairs[k]
            for i, (u, o) in enumerate(zip(layer.u[0], layer.o[0])):
                b = None if bias is None else bias[i]
                terms = [t * x for t, x in zip(theta[i], layer.x[0])] + ([] if b is None else [b])
                self.compare("u", k, i, at("u", k, i), u, hand.weighted_sum(theta[i], layer.x[0], b), terms)
                by_hand = hand.activation(u, sigma)
                how = f"with σ = {told}" if told else "with the σ given"
                lost = 8 * self.epsilon * abs(u) if told == "gelu" else 0.0  # u·(1 + erf …) cancels for u < 0
                self.compare("o", k, i, at("o", k, i), o, by_hand, [by_hand], lost, how, _edge("u", "o", k, i))

    def deltas(self) -> None:
        """Right to left, so that the first failure is where the mistake is."""
        last = len(self.run.layers) - 1
        y, y_hat = self.y[0], self.run.layers[last].o[0]
        slopes = self.error_slopes(y, y_hat)
        for k in range(last, -1, -1):
            layer, (told, (_, sigma_slope)) = self.run.layers[k], self.pairs[k]
            theta, following = ([], []) if k == last else (doubles(self.run.layers[k + 1].weight), self.following(k))
            for i, u in enumerate(layer.u[0]):
                slope = float(sigma_slope(u))
                lost = 0.0 if told in ("relu", "leaky_relu", "linear") else 8 * self.epsilon * max(1.0, abs(slope))
                if k == last:
                    by_hand, terms = hand.output_delta(slopes[i], slope), [slopes[i]]
                    slack = abs(slope) * _lost(self.loss, y[i], y_hat[i], slopes[i], self.epsilon)
                else:
                    column = [row[i] for row in theta]
                    by_hand, slack = hand.hidden_delta(slope, following, column), 0.0
                    terms = [d * t for d, t in zip(following, column)]
                slack += lost * sum(map(abs, terms))
                self.compare("δ", k, i, at("δ", k, i), self.delta(layer)[i], by_hand, [slope * t for t in terms], slack)

    def following(self, k: int) -> list[float]:
        return self.delta(self.run.layers[k + 1])

    def delta(self, layer: Layer, n: int = 0) -> list[float]:
        """δ of a layer; 0 where the error does not depend on it."""
        return layer.delta[n] if layer.delta else [0.0] * len(layer.u[n])

    # --- and all of them ------------------------------------------------------------------------------------

    def gradients(self) -> None:
        """∂Err/∂θ = Σ δ·o over the samples, and over the calls of a Linear that is called more than once."""
        seen = set()
        for k, layer in enumerate(self.run.layers):
            if id(layer.call.module) in seen:
                continue
            seen.add(id(layer.call.module))
            uses = [
                (self.delta(each, n), x)
                for each in self.run.layers if each.call.module is layer.call.module
                for n, x in enumerate(each.x)
            ]  # fmt: skip
            weights, biases = (self.gradient.get(id(p), ()) for p in (layer.weight, layer.bias))
            for i in range(len(layer.u[0])):
                if weights != ():
                    for l in range(len(layer.x[0])):
                        terms = [hand.weight_gradient(delta[i], x[l]) for delta, x in uses]
                        self.gradient_of(k, i, at("θ", k, i, l + 1), weights[i][l] if weights else 0.0, terms)
                if biases != () and layer.bias is not None:
                    terms = [hand.bias_gradient(delta[i]) for delta, _ in uses]
                    self.gradient_of(k, i, at("b", k, i), biases[i] if biases else 0.0, terms)

    def gradient_of(self, k: int, i: int, weight: str, torch: float, terms: Sequence[float]) -> None:
        edge = f"{weight} → {at('u', k, i)}"
        self.compare("∂Err/∂θ", k, i, f"∂Err/∂{weight}", torch, hand.sum_of(terms), terms, edge=edge)

    # --- the report -----------------------------------------------------------------------------------------

    def certificate(self) -> Certificate:
        self.forward()
        self.deltas()
        self.gradients()
        result = Certificate(found=[comparison for _, comparison in self.found])
        for k, layer in enumerate(self.run.layers):
            for i, (u, o) in enumerate(zip(layer.u[0], layer.o[0])):
                mine = [(column, c) for column, c in self.found if c.neuron == (k + 1, i + 1)]
                (delta,) = (c for column, c in mine if column == "δ")
                gradients = tuple(c for column, c in mine if column == "∂Err/∂θ")
                wrong = tuple(dict.fromkeys(column for column, c in mine if not c.agrees))
                slope = float(self.pairs[k][1][1](u))
                result.rows.append(Row(delta.neuron, u, o, slope, delta, gradients, None, wrong=wrong))
        first = next(((column, c) for column, c in self.found if not c.agrees), None)
        if first is not None:
            result.culprit, result.note = self.culprit(*first)
        return result

    def culprit(self, column: str, wrong: InTorch) -> tuple[str, str]:
        """The edge whose local derivative in PyTorch is not the formula's; and in which part of the module it is."""
        k, i = wrong.neuron[0] - 1, wrong.neuron[1] - 1
        layer = self.run.layers[k]
        if column != "δ":
            return "", f"in {_between(layer) if column == 'o' else layer.call.told}"
        slope = float(self.pairs[k][1][1](layer.u[0][i]))
        edges = [(_edge("u", "o", k, i), layer.output, layer.call.gave, i, i, slope, _between(layer))]
        if k + 1 < len(self.run.layers):
            following = self.run.layers[k + 1]
            for j, row in enumerate(doubles(following.weight)):
                edge = f"{at('o', k, i)} → {at('u', k + 1, j)}"
                edges.append((edge, following.call.gave, layer.output, j, i, row[i], following.call.told))
        else:
            by_hand = self.error_slopes(self.y[0], layer.o[0])[i]
            edges.append((f"{at('o', k, i)} → Err", self.err[None], self.run.output, 0, i, by_hand, "the loss"))
        for edge, above, below, j, l, by_hand, part in edges:
            local = self.local(above, below, j, l)
            if local is not None and abs(local - by_hand) > 32 * self.epsilon * max(1.0, abs(local), abs(by_hand)):
                return f"{edge}, whose local derivative is {local!r} in PyTorch and {by_hand!r} by hand", f"in {part}"
        return "", f"behind {layer.call.told}"

    def local(self, above: Any, below: Any, j: int, l: int) -> float | None:
        """∂above[j]/∂below[l] as PyTorch has it; None where it cannot be asked, as of what was overwritten in place."""
        if above is below:
            return None
        try:
            (found,) = self.torch.autograd.grad(above.reshape(-1)[j], below, retain_graph=True, allow_unused=True)
        except RuntimeError:
            return None
        return 0.0 if found is None else float(doubles(found.reshape(-1))[l])


def _edge(tail: str, head: str, k: int, i: int) -> str:
    return f"{at(tail, k, i)} → {at(head, k, i)}"


def _between(layer: Layer) -> str:
    """The parts of the module in which a layer's σ is."""
    return ", ".join(call.told for call in layer.between) or f"what follows {layer.call.told}"


def _lost(loss: str, y: float, y_hat: float, slope: float, epsilon: float) -> float:
    """What PyTorch's ∂Err/∂ŷ may have lost where it cancels, or lies at hinge's kink."""
    if loss in ("cross_entropy", "binary_cross_entropy"):
        return 8 * epsilon * max(1.0, abs(y))
    if loss == "hinge" and abs(1 - y * y_hat) <= 8 * epsilon * max(1.0, abs(y * y_hat)):
        return abs(y)
    return 0.0 if loss else 8 * epsilon * max(1.0, abs(slope))


def _pairs(run: Run, sigma: Any) -> list[tuple[str, Pair]]:
    """For each layer the name of its σ, "" for one's own, and (σ, σ') by hand."""
    if isinstance(sigma, list) and len(sigma) != len(run.layers):
        raise AutogradValueError(
            f"certify_torch: sigma has {len(sigma)} entries, and the module {len(run.layers)} Linear"
        )
    found: list[tuple[str, Pair]] = []
    for k, layer in enumerate(run.layers):
        known = layer.sigma if layer.sigma in hand.ACTIVATIONS else None
        told: Any = sigma[k] if isinstance(sigma, list) else known or sigma
        if isinstance(told, str) and told in hand.ACTIVATIONS:
            found.append((told, hand.ACTIVATIONS[told]))
        elif isinstance(told, Sequence) and len(told) == 2 and all(map(callable, told)):
            found.append(("", (told[0], told[1])))
        elif told is None:
            what = f"there is no hand formula for {layer.sigma}, which" if layer.sigma else "no σ is recognised that"
            raise AutogradValueError(
                f"certify_torch: {what} stands in {_between(layer)}: give sigma, one of {', '.join(hand.ACTIVATIONS)}"
                " or a pair (σ, σ') on floats"
            )
        else:
            raise AutogradTypeError(
                f"certify_torch: sigma is one of {', '.join(hand.ACTIVATIONS)} or a pair (σ, σ') of functions, or a"
                f" list of these with one for each layer, and was given as {told!r}"
            )
    return found
