"""Vanishing and exploding δ, the lecture's section 9: where, and why.

The recursion δᵢ = σ'(uᵢ)·Σⱼ δⱼ·θⱼᵢ is a product, so its logarithm is a sum, and the mean over
neurons and samples tells exactly what each layer adds on the way from right to left:

    log|δᵢ| = log σ'(uᵢ) + log|Σⱼ δⱼ·θⱼᵢ|                 slope, and what comes back
    log|Σ|  = log √Σ(δⱼ·θⱼᵢ)² + log(|Σ| / √Σ(δⱼ·θⱼᵢ)²)   size of its terms, and their cancellation
    weights = mean log √Σ(δⱼ·θⱼᵢ)² − mean log|δⱼ|          what the weights do to δ in one step

Terms of random signs cancel too, and the mean log|z| of a normal z is −0.28: that much is moved
from cancellation to weights, so that both are 0 where weights are random and keep δ as it is.
All logarithms are to base 10.  A δ that is exactly 0 has none; such neurons are counted apart.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError, Value

from .diagnosis_report import Cause, Comparison, Diagnosis, LayerDiagnosis, name_of
from .losses import Loss, loss_of
from .modules import MLP, ForwardPass, Neuron

if TYPE_CHECKING:
    from .diagnosis_plots import DeltaPlot
    from .history import History

SATURATED = 0.1  # σ' below this share of its largest value
RANDOM = -0.5 * (0.5772156649015329 + math.log(2.0)) / math.log(10.0)  # mean log|z|, z normal
SHARE = 0.25  # of all that makes δ small (or large) belongs to what is called a cause


def diagnose(net: MLP, X: Sequence[Any], Y: Any, loss: str | Loss = "squared_error") -> Diagnosis:
    """Say how large δ is in every layer, and why.

    X, Y  samples and targets as fit takes them, or one sample and its target
    loss  a name of LOSSES, or a function of outputs and target

    The gradients of the parameters are left as they were.  Raises AutogradValueError for no
    samples, or not as many targets.

    >>> diagnosis = diagnose(MLP(2, [8] * 8 + [1], "sigmoid", seed=0), [[0.5, -0.5]], [1.0])
    >>> diagnosis.verdict, diagnosis.causes[0].name
    ('vanishing', 'small slope of σ')
    """
    single = bool(len(X)) and not hasattr(X[0], "__len__")
    xs, ys = ([X], [Y]) if single else (list(X), list(Y))
    if not xs or len(xs) != len(ys):
        raise AutogradValueError(f"diagnose: {len(xs)} samples, and {len(ys)} targets")
    before = [(p, p.grad) for p in net.parameters()]
    try:
        net.zero_grad()
        readings = [_read(net, x, y, loss_of(loss)) for x, y in zip(xs, ys)]
        norm = math.hypot(*(p.grad for p in net.parameters())) / len(xs)
    finally:
        for p, grad in before:
            p.grad = grad
    rows: list[LayerDiagnosis] = []
    for k in reversed(range(len(net.layers))):
        following = rows[0].size if rows else 0.0
        rows.insert(0, _layer(net, k, [r for reading in readings for r in reading[k]], following))
    result = Diagnosis(net, xs, ys, loss, rows, gradient_norm=norm)
    result.causes = sorted(_causes(result), key=lambda c: (c.name == "dead neurons", -c.share))
    return result


def compare(before: Diagnosis, after: Diagnosis) -> Comparison:
    """Two diagnoses side by side, as text and as a plot.

    >>> once = diagnose(MLP(1, [2, 1], seed=0), [1.0], 0.0)
    >>> compare(once, once).after.verdict
    'healthy'
    """
    return Comparison(before, after)


class Watch:
    """A callback for fit that diagnoses the network after every `every`-th epoch.

    X, Y, loss  as for diagnose; a few samples are enough

    `epochs` and `diagnoses` are what it saw.

    >>> from nn import fit
    >>> watch = Watch([[0.0], [1.0]], [1.0, 0.0], every=5)
    >>> _ = fit(MLP(1, [2, 1], seed=0), [[0.0], [1.0]], [1.0, 0.0], epochs=10, callbacks=[watch])
    >>> watch.epochs, len(watch.diagnoses[0].rows)
    ([5, 10], 2)
    """

    def __init__(self, X: Sequence[Any], Y: Any, loss: str | Loss = "squared_error", every: int = 1) -> None:
        if every < 1:
            raise AutogradValueError(f"every is a whole number from 1, and was given as {every!r}")
        self.X, self.Y, self.loss, self.every = X, Y, loss, every
        self.epochs: list[int] = []
        self.diagnoses: list[Diagnosis] = []

    def __call__(self, epoch: int, net: Any, history: History) -> None:
        if epoch % self.every == 0:
            self.epochs.append(epoch)
            self.diagnoses.append(diagnose(net, self.X, self.Y, self.loss))

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """|δ| of every layer over the epochs, and written to path if given."""
        from .diagnosis_plots import over_training

        return over_training(self, path)


# --- reading one sample ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """One neuron and one sample: δ, σ'(u), Σ δθ and √Σ(δθ)²."""

    i: int
    delta: float
    slope: float
    back: float
    terms: float


def _read(net: MLP, x: Any, y: Any, err: Loss) -> list[list[_Reading]]:
    run = net.forward(x)
    outputs = run.outputs
    err(outputs if len(outputs) > 1 else outputs[0], y).backward()
    return [list(_layer_readings(net, run, k)) for k in range(len(net.layers))]


def _layer_readings(net: MLP, run: ForwardPass, k: int) -> Iterator[_Reading]:
    last = k == len(net.layers) - 1
    for i, neuron in enumerate(net.layers[k].neurons):
        delta = run.u[k][i].grad
        if last:
            terms = [run.o[k][i].grad]
        else:
            following = zip(run.u[k + 1], net.layers[k + 1].neurons)
            terms = [u.grad * after.theta[i].data for u, after in following]
        back = 0.0
        for term in terms:  # from left to right on every Python
            back += term
        yield _Reading(i, delta, slope_of(neuron, run.u[k][i].data), back, math.hypot(*terms))


def slope_of(neuron: Neuron, u: float) -> float:
    """σ'(u) of a neuron, whatever its activation is: the engine's own derivative.

    >>> slope_of(Neuron(1, "sigmoid"), 0.0)
    0.25
    """
    v = Value(u)
    neuron.sigma(v).backward()
    return v.grad


def _layer(net: MLP, k: int, readings: list[_Reading], following: float) -> LayerDiagnosis:
    neurons = net.layers[k].neurons
    sizes = sorted(abs(r.delta) for r in readings if r.delta)
    random = RANDOM if k + 1 < len(net.layers) and len(net.layers[k + 1].neurons) > 1 else 0.0
    limit = max(abs(slope_of(neurons[0], 0.25 * n)) for n in range(-16, 17))
    alive = [r for r in readings if all(part and math.isfinite(part) for part in (r.delta, r.slope, r.back, r.terms))]
    slope, back, terms = (_mean_log([getattr(r, part) for r in alive]) for part in ("slope", "back", "terms"))
    return LayerDiagnosis(
        k + 1, name_of(neurons[0].activation), len(neurons), _spread(sizes),
        zeros=1 - len(sizes) / len(readings),
        dead=len(neurons) - len({r.i for r in readings if r.slope}),
        saturated=sum(abs(r.slope) < SATURATED * limit for r in readings) / len(readings),
        slope_limit=limit, size=slope + back, slope=slope, back=back,
        weights=terms + random - following if alive and k + 1 < len(net.layers) else 0.0,
        cancellation=back - terms - random if alive else 0.0,
    )  # fmt: skip


def _mean_log(numbers: list[float]) -> float:
    return math.fsum(math.log10(abs(n)) for n in numbers) / len(numbers) if numbers else -math.inf


def _spread(sizes: list[float]) -> tuple[float, float, float, float, float]:
    if len(sizes) < 2:
        return (sizes[0] if sizes else 0.0,) * 5
    lower, median, upper = statistics.quantiles(sizes, n=4, method="inclusive")
    return sizes[0], lower, median, upper, sizes[-1]


# --- why ------------------------------------------------------------------------------------------


def _causes(diagnosis: Diagnosis) -> Iterator[Cause]:
    """What makes up the change of log|δ| from the last layer to the first, and what is exactly 0."""
    rows = diagnosis.rows
    dead = [row for row in rows if 2 * row.dead >= row.neurons]
    if dead:
        share = max(row.dead / row.neurons for row in dead)
        text = f"up to {100 * share:.0f} % of a layer have σ'(u) = 0 for every sample, and no δ passes them"
        yield Cause("dead neurons", tuple(row.layer for row in dead), share, text, _DEAD)
    if diagnosis.verdict not in ("vanishing", "exploding") or not math.isfinite(diagnosis.change):
        return
    sign = -1.0 if diagnosis.verdict == "vanishing" else 1.0
    hidden = rows[:-1]
    pushes = {part: [sign * getattr(row, part) for row in hidden] for part in ("slope", "weights", "cancellation")}
    # The last layer's slope is in every δ, and in none of the steps.
    total = sum(max(0.0, sum(push)) for push in pushes.values())
    for part, push in pushes.items():
        share = sum(push) / total if total else 0.0
        if share >= SHARE:
            layers = tuple(row.layer for row, p in zip(hidden, push) if p > 0.05)
            yield _cause(part, diagnosis.verdict, [r for r in hidden if r.layer in layers], layers, share)


def _cause(part: str, verdict: str, rows: list[LayerDiagnosis], layers: tuple[int, ...], share: float) -> Cause:
    per_layer = 10 ** statistics.fmean(getattr(row, part) for row in rows)
    if part == "weights" and verdict == "exploding":
        return Cause("large weights", layers, share, f"they multiply δ by {per_layer:.3g} a layer", _LARGE)
    if part == "weights":
        return Cause("small weights", layers, share, f"they multiply δ by {per_layer:.3g} a layer", _SMALL)
    if part == "cancellation":
        text = f"the terms of Σ δⱼθⱼᵢ cancel, and leave {per_layer:.3g} of their size a layer"
        return Cause("cancellation", layers, share, text, _CANCELLING)
    saturated = statistics.fmean(row.saturated for row in rows)
    if saturated >= 0.5:
        text = f"{100 * saturated:.0f} % of the σ'(u) are below a tenth of σ' at its largest: |u| is large"
        return Cause("saturation", layers, share, text, _SATURATED)
    limit = max(row.slope_limit for row in rows)
    name = "small slope of σ" if verdict == "vanishing" else "large slope of σ"
    return Cause(name, layers, share, f"σ' multiplies δ by {per_layer:.3g} a layer, and by {limit:.3g} at most", _SLOPE)


_SLOPE = 'another activation, whose slope is 1 where it is alive: activation="relu" with initializer="he"'
_SATURATED = 'smaller weights or inputs (initializer="xavier"), or activation="relu" with initializer="he"'
_SMALL = 'a careful initialisation: initializer="he" for relu, "xavier" for tanh and sigmoid'
_LARGE = "a careful initialisation (he, xavier); gradient clipping, fit(…, clip_norm=1.0), until the weights are tamed"
_CANCELLING = "a careful initialisation of another seed: the weights of several neurons are nearly opposite"
_DEAD = 'activation="leaky_relu", a smaller learning rate, or an initialisation with initializer="he"'


def remedied(diagnosis: Diagnosis, seed: int = 0) -> MLP:
    """The same network with fresh weights from the initialiser that fits, and with ReLU where σ' was to blame.

    A dead ReLU becomes a leaky one.  The last layer keeps its activation.

    >>> deep = diagnose(MLP(2, [8] * 8 + [1], "sigmoid", seed=0), [[0.5, -0.5]], [1.0])
    >>> remedied(deep).activation, remedied(deep).output_activation
    ('relu', 'sigmoid')
    """
    net, names = diagnosis.net, {cause.name for cause in diagnosis.causes}
    activation: Any = net.activation
    if names & {"small slope of σ", "saturation"}:
        activation = "relu"
    elif diagnosis.verdict == "dead":
        activation = "leaky_relu"
    widths = [len(layer.neurons) for layer in net.layers]
    biased = any(neuron.bias is not None for layer in net.layers for neuron in layer.neurons)
    return MLP(net.nin, widths, activation, net.output_activation, biased, seed=seed)
