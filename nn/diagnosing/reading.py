"""One sample's δ, read off the graph after backward(), and all samples of a layer put together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograd import AutogradTypeError, AutogradValueError, Value
from autograd.words.naming import name
from autograd.words.text import printable

from .. import deltas as hand
from ..network.activations import name_of
from ..network.losses import Loss, listed
from ..network.modules import MLP, ForwardPass
from .causes import SATURATED, flat_sides, largest_slope, slope_of
from .report import LayerDiagnosis

# --- reading one sample ---------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerReading:
    """One layer at one sample: every δᵢ and σ'(uᵢ), and the logarithms of three lengths, −inf for 0."""

    delta: list[float]
    slope: list[float]
    size: float  # |δ|
    back: float  # |Σδθ|; in the last layer |∂Err/∂ŷ|
    terms: float  # √ΣΣ(δθ)²
    passes: bool  # no factor is 0 on every way that δ could take into the layer


@dataclass(frozen=True)
class Reading:
    """One sample, layer by layer, and the first number that is not finite, if any."""

    layers: list[LayerReading]
    place: str

    @property
    def blocked(self) -> bool:
        """Whether δ ends at a factor that is 0, and not by growing too small for a float."""
        end = max(k for k, layer in enumerate(self.layers) if layer.size == -math.inf)
        return not self.layers[end].passes


def read(net: MLP, x: Any, y: Any, err: Loss, n: int) -> Reading:
    try:
        run = net.forward(x)
        outputs = run.outputs
        error = err(outputs if len(outputs) > 1 else outputs[0], y)
    except (AutogradTypeError, AutogradValueError) as wrong:
        raise type(wrong)(f"diagnose: sample {n}, X = {x!r}, Y = {y!r}: {wrong}") from None
    error.backward()
    return Reading([_read_layer(net, run, k) for k in range(len(net.layers))], _not_finite(net, run, error, y, n))


def _not_finite(net: MLP, run: ForwardPass, error: Value, y: Any, n: int) -> str:
    """The first number that is not finite; "" if all are."""
    for numbers, called in _in_order(net, run, error, y, n):
        if not all(map(math.isfinite, numbers)):
            i = next(i for i, x in enumerate(numbers) if not math.isfinite(x))
            return printable(f"{called(i)} is {numbers[i]}")
    return ""


def _in_order(
    net: MLP, run: ForwardPass, error: Value, y: Any, n: int
) -> Iterator[tuple[list[float], Callable[[int], str]]]:
    """The numbers of both passes in an order in which causes come before effects, and what each is called."""
    at, parameters = f" of sample {n}", list(net.parameters())
    yield [x.data for x in run.inputs], lambda i: name("x", i + 1) + at
    yield [t.data if isinstance(t, Value) else float(t) for t in listed(y)], lambda i: f"y{at}"
    yield [p.data for p in parameters], lambda i: parameters[i].label
    for vs in (vs for layer in zip(run.u, run.o) for vs in layer):
        yield [v.data for v in vs], lambda i, vs=vs: vs[i].label + at  # type: ignore[misc]
    yield [error.data], lambda i: f"Err{at}"
    yield [o.grad for o in run.outputs], lambda i: f"∂Err/∂{run.outputs[i].label}{at}"
    for k in reversed(range(len(run.u))):
        yield [u.grad for u in run.u[k]], lambda i, k=k: name("δ", i + 1, layer=k + 1) + at  # type: ignore[misc]
    yield [p.grad for p in parameters], lambda i: f"∂Err/∂{parameters[i].label}, with sample {n}"


def _read_layer(net: MLP, run: ForwardPass, k: int) -> LayerReading:
    delta = [u.grad for u in run.u[k]]
    slope = [slope_of(neuron, u.data) for neuron, u in zip(net.layers[k].neurons, run.u[k])]
    if k + 1 == len(net.layers):
        terms = [[o.grad] for o in run.o[k]]
        open_ways = [o.grad != 0 for o in run.o[k]]
    else:
        coming = [(u.grad, after.theta) for u, after in zip(run.u[k + 1], net.layers[k + 1].neurons)]
        terms = [[d * theta[i].data for d, theta in coming] for i in range(len(delta))]
        open_ways = [any(d and theta[i].data for d, theta in coming) for i in range(len(delta))]
    back = [hand.sum_of(parts) for parts in terms]
    every = [part for parts in terms for part in parts]
    passes = any(s and way for s, way in zip(slope, open_ways))
    return LayerReading(delta, slope, _log_length(delta), _log_length(back), _log_length(every), passes)


def _log_length(numbers: list[float]) -> float:
    """log √Σx², also where the length itself is too large for a float."""
    largest = max(map(abs, numbers))
    if not all(map(math.isfinite, numbers)):
        return math.nan
    return math.log10(largest) + math.log10(math.hypot(*(x / largest for x in numbers))) if largest else -math.inf


# --- and all samples of a layer -------------------------------------------------------------------


def row_of(net: MLP, k: int, readings: list[Reading]) -> LayerDiagnosis:
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
