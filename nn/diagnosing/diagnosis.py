"""Vanishing and exploding δ, the lecture's section 9: where, and why.

|δ| of a layer is the length of its δ, √Σδᵢ², as |∂Err/∂θ| is that of the gradient.  The recursion
δᵢ = σ'(uᵢ)·Σⱼ δⱼ·θⱼᵢ makes it a product, so its logarithm is a sum.  On the way from right to left,
from |∂Err/∂ŷ| to the first layer, each layer adds

    slope         log |δ| / |Σδθ|           |Σδθ| = √Σᵢ(Σⱼ δⱼ·θⱼᵢ)², what comes back to the layer
    cancellation  log |Σδθ| / √ΣΣ(δⱼ·θⱼᵢ)²  what the terms of these sums leave of each other
    weights       log √ΣΣ(δⱼ·θⱼᵢ)² / |δ|     |δ| of the next layer, whose weights θ are

The slope is a mean of |σ'|, and the weights' part one of the lengths of the neurons' θ, weighted by δ:
neither is beyond the largest.  Terms of random signs cancel by 0 in the mean of squares.
A δᵢ that is 0 counts, as in every length.  All logarithms are to base 10, and means over the samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from autograd import AutogradTypeError, AutogradValueError, Value

from ..network.losses import Loss, _listed, loss_of
from ..network.modules import MLP, ForwardPass, name
from .causes import SATURATED, causes_of, flat_sides, largest_slope, slope_of, verdict_of
from .report import Comparison, Diagnosis, LayerDiagnosis, name_of

if TYPE_CHECKING:
    from ..training.history import History
    from .plots import DeltaPlot


def diagnose(net: MLP, X: Sequence[Any], Y: Any, loss: str | Loss = "squared_error") -> Diagnosis:
    """Say how large δ is in every layer, and why.

    X, Y  samples and targets as fit takes them, or one sample and its target
    loss  a name of LOSSES, or a function of outputs and target

    The gradients of the parameters are left as they were.  Raises AutogradTypeError for what is
    no MLP, and AutogradValueError for no samples, or not as many targets, or a sample that does
    not fit the network.

    >>> diagnosis = diagnose(MLP(2, [8] * 8 + [1], "sigmoid", seed=0), [[0.5, -0.5]], [1.0])
    >>> diagnosis.verdict, diagnosis.causes[0].name
    ('vanishing', 'small slope of σ')
    """
    if not isinstance(net, MLP):
        raise AutogradTypeError(
            f"diagnose takes a network, samples and targets, and was given {net!r} as the network;"
            " a neuron or a layer is one as MLP(nin, nout)"
        )
    xs, ys = _samples("diagnose", X, Y)
    err = loss_of(loss)
    before = [(p, p.grad) for p in net.parameters()]
    readings, place = [], ""
    try:
        net.zero_grad()
        for n, (x, y) in enumerate(zip(xs, ys)):
            readings.append(_read(net, x, y, err, n))
            place = place or readings[-1].place
        norm = math.hypot(*(p.grad / len(xs) for p in net.parameters()))
    finally:
        for p, grad in before:
            p.grad = grad
    if not place and not math.isfinite(norm):
        place = f"|∂Err/∂θ| is {norm}"
    rows = [_row(net, k, readings) for k in range(len(net.layers))]
    wrong = [r for r in readings if r.layers[-1].back != -math.inf]
    lost = [r for r in wrong if r.layers[0].size == -math.inf]
    result = Diagnosis(
        net, xs, ys, loss, rows, gradient_norm=norm, not_finite=place, lost=(len(lost), len(wrong)),
        blocked=sum(r.blocked for r in lost),
    )  # fmt: skip
    result.verdict = verdict_of(result)
    result.causes = causes_of(result)
    return result


def compare(before: Diagnosis, after: Diagnosis) -> Comparison:
    """Two diagnoses side by side, as text and as a plot.

    Raises AutogradTypeError for what is no Diagnosis.

    >>> once = diagnose(MLP(1, [2, 1], seed=0), [1.0], 0.0)
    >>> compare(once, once).after.verdict
    'healthy'
    """
    for what, given in (("before", before), ("after", after)):
        if not isinstance(given, Diagnosis):
            raise AutogradTypeError(
                f"compare: {what} is a Diagnosis, as diagnose(net, X, Y) gives it, and not {given!r}"
            )
    return Comparison(before, after)


class Watch:
    """A callback for fit that diagnoses the network after every `every`-th epoch.

    X, Y, loss  as for diagnose; a few samples are enough

    `epochs` and `diagnoses` are what it saw.  Raises AutogradValueError for no samples, not as
    many targets, an unknown loss, or an `every` that is no whole number from 1.

    >>> from nn import fit
    >>> watch = Watch([[0.0], [1.0]], [1.0, 0.0], every=5)
    >>> _ = fit(MLP(1, [2, 1], seed=0), [[0.0], [1.0]], [1.0, 0.0], epochs=10, callbacks=[watch])
    >>> watch.epochs, len(watch.diagnoses[0].rows)
    ([5, 10], 2)
    """

    def __init__(self, X: Sequence[Any], Y: Any, loss: str | Loss = "squared_error", every: int = 1) -> None:
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise AutogradValueError(f"Watch: every is a whole number from 1, and was given as {every!r}")
        self.X, self.Y = _samples("Watch", X, Y)
        loss_of(loss)
        self.loss, self.every = loss, every
        self.epochs: list[int] = []
        self.diagnoses: list[Diagnosis] = []

    def __call__(self, epoch: int, net: Any, history: History) -> None:
        if epoch % self.every == 0:
            self.epochs.append(epoch)
            self.diagnoses.append(diagnose(net, self.X, self.Y, self.loss))

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """|δ| of every layer over the epochs, and written to path if given."""
        from .plots import over_training

        return over_training(self, path)


def _samples(who: str, X: Any, Y: Any) -> tuple[list[Any], list[Any]]:
    """Samples and targets as lists, of which there are as many; one sample and its target are a list of one."""
    if not isinstance(X, Iterable) or isinstance(X, str):
        raise AutogradTypeError(f"{who}: X is a list of samples, each a list of numbers, and was given as {X!r}")
    xs = list(X)
    if xs and not hasattr(xs[0], "__len__"):
        return [xs], [Y]
    if not isinstance(Y, Iterable) or isinstance(Y, str):
        raise AutogradTypeError(f"{who}: Y is a list of targets, one for each sample, and was given as {Y!r}")
    ys = list(Y)
    if not xs or len(xs) != len(ys):
        raise AutogradValueError(f"{who}: {len(xs)} samples, and {len(ys)} targets; give one target for each sample")
    return xs, ys


# --- reading one sample ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    """One layer at one sample: every δᵢ and σ'(uᵢ), and the logarithms of three lengths, −inf for 0."""

    delta: list[float]
    slope: list[float]
    size: float  # |δ|
    back: float  # |Σδθ|; in the last layer |∂Err/∂ŷ|
    terms: float  # √ΣΣ(δθ)²
    passes: bool  # no factor is 0 on every way that δ could take into the layer


@dataclass(frozen=True)
class _Reading:
    """One sample, layer by layer, and the first number that is not finite, if any."""

    layers: list[_Layer]
    place: str

    @property
    def blocked(self) -> bool:
        """Whether δ ends at a factor that is 0, and not by growing too small for a float."""
        end = max(k for k, layer in enumerate(self.layers) if layer.size == -math.inf)
        return not self.layers[end].passes


def _read(net: MLP, x: Any, y: Any, err: Loss, n: int) -> _Reading:
    try:
        run = net.forward(x)
        outputs = run.outputs
        error = err(outputs if len(outputs) > 1 else outputs[0], y)
    except (AutogradTypeError, AutogradValueError) as wrong:
        raise type(wrong)(f"diagnose: sample {n}, X = {x!r}, Y = {y!r}: {wrong}") from None
    error.backward()
    numbers = _in_order(net, run, error, y, n)
    place = next((f"{what} is {number}" for what, number in numbers if not math.isfinite(number)), "")
    return _Reading([_read_layer(net, run, k) for k in range(len(net.layers))], place)


def _in_order(net: MLP, run: ForwardPass, error: Value, y: Any, n: int) -> Iterator[tuple[str, float]]:
    """Every number of both passes with its name, in an order in which causes come before effects."""
    at = f" of sample {n}"
    yield from ((name("x", i) + at, x.data) for i, x in enumerate(run.inputs, 1))
    yield from ((f"y{at}", t.data if isinstance(t, Value) else float(t)) for t in _listed(y))
    yield from ((p.label, p.data) for p in net.parameters())
    for layer in zip(run.u, run.o):
        yield from ((v.label + at, v.data) for vs in layer for v in vs)
    yield f"Err{at}", error.data
    yield from ((f"∂Err/∂{o.label}{at}", o.grad) for o in run.outputs)
    for k in reversed(range(len(run.u))):
        yield from ((name("δ", i, layer=k + 1) + at, u.grad) for i, u in enumerate(run.u[k], 1))
    yield from ((f"∂Err/∂{p.label}, with sample {n}", p.grad) for p in net.parameters())


def _read_layer(net: MLP, run: ForwardPass, k: int) -> _Layer:
    delta = [u.grad for u in run.u[k]]
    slope = [slope_of(neuron, u.data) for neuron, u in zip(net.layers[k].neurons, run.u[k])]
    if k + 1 == len(net.layers):
        terms = [[o.grad] for o in run.o[k]]
        open_ways = [o.grad != 0 for o in run.o[k]]
    else:
        coming = [(u.grad, after.theta) for u, after in zip(run.u[k + 1], net.layers[k + 1].neurons)]
        terms = [[d * theta[i].data for d, theta in coming] for i in range(len(delta))]
        open_ways = [any(d and theta[i].data for d, theta in coming) for i in range(len(delta))]
    back = []
    for parts in terms:
        total = 0.0
        for part in parts:  # from left to right on every Python
            total += part
        back.append(total)
    every = [part for parts in terms for part in parts]
    passes = any(s and way for s, way in zip(slope, open_ways))
    return _Layer(delta, slope, _log_length(delta), _log_length(back), _log_length(every), passes)


def _log_length(numbers: list[float]) -> float:
    """log √Σx², also where the length itself is too large for a float."""
    largest = max(map(abs, numbers))
    if not all(map(math.isfinite, numbers)):
        return math.nan
    return math.log10(largest) + math.log10(math.hypot(*(x / largest for x in numbers))) if largest else -math.inf


# --- and all samples of a layer -------------------------------------------------------------------


def _row(net: MLP, k: int, readings: list[_Reading]) -> LayerDiagnosis:
    neurons = net.layers[k].neurons
    here = [r.layers[k] for r in readings]
    deltas = [d for layer in here for d in layer.delta]
    slopes = [abs(s) for layer in here for s in layer.slope]
    limit, flat = largest_slope(neurons[0]), flat_sides(neurons[0])
    # The same samples in every layer, so that the steps add up: those whose δ gets through to the first.
    through = [r.layers for r in readings if r.layers[0].size > -math.inf]
    through = through or [r.layers for r in readings if r.layers[k].size > -math.inf]
    last = k + 1 == len(net.layers)
    return LayerDiagnosis(
        k + 1, name_of(neurons[0].activation), len(neurons),
        _spread(sorted(abs(d) for d in deltas if d and math.isfinite(d))),
        zeros=deltas.count(0.0) / len(deltas),
        dead=sum(not any(layer.slope[i] for layer in here) for i in range(len(neurons))),
        saturated=sum(s < SATURATED * limit for s in slopes) / len(slopes) if flat == 2 else 0.0,
        slope_limit=limit, flat=flat,
        size=_mean([layers[k].size for layers in through], -math.inf),
        slope=_mean([layers[k].size - layers[k].back for layers in through], -math.inf),
        # What comes back into a layer that is dead at every sample is still worth knowing.
        back=_mean([layers[k].back for layers in through] or [x.back for x in here if x.back > -math.inf], -math.inf),
        weights=0.0 if last else _mean([layers[k].terms - layers[k + 1].size for layers in through], 0.0),
        cancellation=_mean([layers[k].back - layers[k].terms for layers in through], 0.0),
    )  # fmt: skip


def _mean(numbers: list[float], none: float) -> float:
    return math.fsum(numbers) / len(numbers) if numbers else none


def _spread(sizes: list[float]) -> tuple[float, float, float, float, float]:
    """Minimum, quartiles and maximum, each between its neighbours even at the ends of the floats."""
    if not sizes:
        return (0.0,) * 5

    def at(quarter: int) -> float:
        below, rest = divmod(quarter * (len(sizes) - 1), 4)
        low, high = sizes[below], sizes[min(below + 1, len(sizes) - 1)]
        return low + (high - low) * (rest / 4)

    return sizes[0], at(1), at(2), at(3), sizes[-1]
