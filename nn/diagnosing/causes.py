"""Why δ vanishes, explodes or is 0: the verdict, and its causes.

The causes of a change are the summands of its logarithm: what the slopes, the weights and the
cancellation of all layers add to log|δ|.  Each is then traced to what can be changed: a slope to the
activation, or to u that is large, because the weights or the inputs are; weights to their size, or,
where that is what the initialiser gives, to their draw.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.words.naming import name

from ..network.initializers import he, initializer_for
from ..network.modules import MLP, Neuron
from .report import Cause, LayerDiagnosis

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

FACTOR = 2.0  # |δ| changing by 10² from ∂Err/∂ŷ to the first layer is called vanishing, or exploding
SATURATED = 0.1  # σ' below this share of its largest value, where σ is flat on both sides
SHARE = 0.25  # of all that makes δ small (or large) belongs to what is called a cause
LARGE = 2.0  # inputs of this root mean square and more can saturate a layer by themselves
FITTING = 0.5  # of what the weights do is explained by their size, or else it is their draw
HALF = 0.5 * math.log10(2.0)  # a rectifier is silent for half of its inputs, and He's weights make up for it


def slope_of(neuron: Neuron, u: float) -> float:
    """σ'(u) of a neuron, whatever its activation is: the engine's own derivative.

    >>> slope_of(Neuron(1, "sigmoid"), 0.0)
    0.25
    """
    v = Value(u)
    neuron.sigma(v).backward()
    return v.grad


def largest_slope(neuron: Neuron) -> float:
    """The largest |σ'(u)| for u from −4 to 4.

    >>> largest_slope(Neuron(1, "sigmoid")), largest_slope(Neuron(1, "relu"))
    (0.25, 1.0)
    """
    slopes = (abs(slope_of(neuron, 0.25 * n)) for n in range(-16, 17))
    return max((s for s in slopes if math.isfinite(s)), default=math.nan)


def flat_sides(neuron: Neuron) -> int:
    """On how many sides σ is flat far away: both for tanh and sigmoid, one for relu and its relatives.

    >>> [flat_sides(Neuron(1, sigma)) for sigma in ("tanh", "leaky_relu", "linear")]
    [2, 1, 0]
    """
    limit = largest_slope(neuron)
    return sum(abs(slope_of(neuron, u)) < SATURATED * limit for u in (-40.0, 40.0))


def verdict_of(diagnosis: Diagnosis) -> str:
    """The diagnosis in a word or two; see Diagnosis.verdict."""
    lost, wrong = diagnosis.lost
    if diagnosis.not_finite:
        return "not finite"
    if not wrong:
        return "nothing to learn"
    if 2 * lost > wrong:
        return "dead" if 2 * diagnosis.blocked >= lost else "vanishing"
    return "vanishing" if diagnosis.change <= -FACTOR else "exploding" if diagnosis.change >= FACTOR else "healthy"


def causes_of(diagnosis: Diagnosis) -> list[Cause]:
    """What makes up the verdict, the largest first; then the layers most of whose neurons are dead."""
    if diagnosis.verdict == "nothing to learn":
        return []
    if diagnosis.verdict == "not finite":
        text = "all numbers that come before it in the two passes are finite"
        return [Cause("nan or inf", (), 1.0, text, _NOT_FINITE, "")]
    zeros, dead = list(_zero_weights(diagnosis)), list(_dead(diagnosis))
    if diagnosis.verdict == "dead":
        return zeros + list(_off(diagnosis)) + dead or [_silent(diagnosis)]
    return sorted(_changes(diagnosis), key=lambda cause: -cause.share) + dead


# --- what is exactly 0 ----------------------------------------------------------------------------


def _zero_weights(diagnosis: Diagnosis) -> Iterator[Cause]:
    """Weights of the first layer are on no way of δ."""
    layers = diagnosis.net.layers
    zero = [k + 1 for k in range(1, len(layers)) if not any(t.data for n in layers[k].neurons for t in n.theta)]
    if zero:
        text = "every θ is 0, and so is all that comes back through them"
        yield Cause("zero weights", tuple(zero), 1.0, text, _ZERO, "of the weights")


def _off(diagnosis: Diagnosis) -> Iterator[Cause]:
    """Layers of tanh or sigmoid whose σ' is 0 or nearly: not dead, but saturated beyond all floats."""
    found: dict[str, list[LayerDiagnosis]] = {}
    for row in diagnosis.rows:
        if row.saturated >= 0.5:
            found.setdefault(_kind(row, diagnosis), []).append(row)
    for kind, rows in found.items():
        yield _saturation(kind, rows, statistics.fmean(row.saturated for row in rows), diagnosis, "of the slopes")


def _dead(diagnosis: Diagnosis) -> Iterator[Cause]:
    dead = [row for row in diagnosis.rows if 2 * row.dead >= row.neurons and row.flat < 2]
    if dead:
        share = max(row.dead / row.neurons for row in dead)
        text = "σ'(u) = 0 for every sample, and no δ passes them"
        yield Cause("dead neurons", tuple(row.layer for row in dead), share, text, DEAD, "of a layer")


def _silent(diagnosis: Diagnosis) -> Cause:
    lost, wrong = diagnosis.lost
    text = "σ'(u) = 0 in all neurons of a layer at such a sample, which narrow layers make likely"
    return Cause("silent layers", (), lost / wrong, text, DEAD, "of the samples")


# --- what changes |δ| -----------------------------------------------------------------------------


def _changes(diagnosis: Diagnosis) -> Iterator[Cause]:
    """The summands of the change of log|δ| that are at least a SHARE of all that go its way."""
    if diagnosis.verdict not in ("vanishing", "exploding"):
        return
    sign = -1.0 if diagnosis.verdict == "vanishing" else 1.0
    rows = [row for row in diagnosis.rows if row.size > -math.inf]
    pushes: dict[str, list[tuple[LayerDiagnosis, float]]] = {}
    for row in rows:
        # What He's weights add is what a rectifier's silent half takes: neither is to blame for it.
        even = min(HALF, max(0.0, -row.slope)) if row.flat == 1 and row is not diagnosis.rows[-1] else 0.0
        pushes.setdefault(_kind(row, diagnosis), []).append((row, sign * (row.slope + even)))
        pushes.setdefault("weights", []).append((row, sign * (row.weights - even)))
        pushes.setdefault("cancellation", []).append((row, sign * row.cancellation))
    sums = {kind: math.fsum(push for _, push in parts) for kind, parts in pushes.items()}
    total = math.fsum(max(0.0, s) for s in sums.values())
    for kind, parts in pushes.items():
        if total and sums[kind] >= SHARE * total:
            chosen = [row for row, push in parts if push > 0.05] or [row for row, _ in parts]
            yield _cause(kind, chosen, sums[kind] / total, sign * sums[kind], diagnosis)


def _cause(kind: str, rows: list[LayerDiagnosis], share: float, push: float, diagnosis: Diagnosis) -> Cause:
    layers, vanishing = tuple(row.layer for row in rows), diagnosis.verdict == "vanishing"
    if kind == "weights":
        return _weights(tuple(k + 1 for k in layers), share, push, diagnosis)
    if kind == "cancellation":
        left = 10 ** statistics.fmean(row.cancellation for row in rows)
        verb = "cancel, and leave" if vanishing else "add up, to"
        text = f"the terms of Σ δⱼθⱼᵢ {verb} {left:.3g} times the length that random signs give, a layer"
        return Cause("cancellation" if vanishing else "no cancellation", layers, share, text, DRAW)
    if kind != "slope" and kind != "flat side":
        return _saturation(kind, rows, share, diagnosis)
    text = f"σ' multiplies δ by {10 ** statistics.fmean(row.slope for row in rows):.3g} a layer"
    limit = max(row.slope_limit for row in rows)
    if kind == "flat side":
        biased = any(n.bias is not None and n.bias.data for layer in diagnosis.net.layers for n in layer.neurons)
        whose = "" if biased else ", as these weights were drawn"
        text += f": most of what δ meets is at u < 0{whose}"
        return Cause("flat side of σ", layers, share, text, FLAT if biased else DRAW)
    remedy = _OUTPUT if layers == (len(diagnosis.rows),) else _SLOPE
    text += f", and by {limit:.3g} at most"
    return Cause(f"{'small' if vanishing else 'large'} slope of σ", layers, share, text, remedy)


def _weights(layers: tuple[int, ...], share: float, push: float, diagnosis: Diagnosis) -> Cause:
    """Their size, where it explains what they do to δ, or else which ones they are."""
    excess = {k: _excess(diagnosis.net, k) for k in layers}
    ratio = 10 ** statistics.fmean(excess.values())
    fitting = statistics.mode(_fitting(diagnosis.net, k)[0] for k in layers)
    size = f"the root mean square of θ is {ratio:.3g} times that of initializer={fitting}"
    if math.fsum(excess.values()) / push < FITTING:
        return Cause("draw of the weights", layers, share, f"{size}, but narrow layers differ from draw to draw", DRAW)
    if push > 0:
        return Cause("large weights", layers, share, size, _TAMED.format(fitting))
    return Cause("small weights", layers, share, size, _INITIALISED.format(fitting))


def _fitting(net: MLP, layer: int) -> tuple[str, float]:
    """The initialiser that fits a layer, counted from 1, and the root mean square of its θ."""
    neurons = net.layers[layer - 1].neurons
    fan_in, fan_out = len(neurons[0].theta), len(neurons)
    if initializer_for(None, neurons[0].activation) is he:
        return '"he"', math.sqrt(2.0 / fan_in)
    return '"xavier"', math.sqrt(2.0 / (fan_in + fan_out))


def _excess(net: MLP, layer: int) -> float:
    """log of how many times larger the weights of a layer, counted from 1, are than the fitting initialiser's."""
    theta = [t.data for neuron in net.layers[layer - 1].neurons for t in neuron.theta]
    size = root_mean_square(theta)
    return math.log10(size / _fitting(net, layer)[1]) if size else -math.inf


# --- slopes, and what makes them small ------------------------------------------------------------


def _kind(row: LayerDiagnosis, diagnosis: Diagnosis) -> str:
    """What a layer's slope is traced to."""
    if row.saturated >= 0.5:
        return "large inputs" if _by_inputs(row, diagnosis) else "saturation"
    return "flat side" if row.flat == 1 and row.slope_limit == 1.0 and row.slope <= 0 else "slope"


def _by_inputs(row: LayerDiagnosis, diagnosis: Diagnosis) -> bool:
    """Whether |u| is large since the inputs are, which no layer before this one bounds, and not the weights."""
    if any(before.flat == 2 for before in diagnosis.rows[: row.layer - 1]):
        return False
    size = max(root_mean_square(column) for column in columns_of(diagnosis.X))
    return size >= LARGE and math.log10(size) > math.fsum(_excess(diagnosis.net, k + 1) for k in range(row.layer))


def _saturation(
    kind: str, rows: list[LayerDiagnosis], share: float, diagnosis: Diagnosis, of: str = "of the change"
) -> Cause:
    layers, saturated = tuple(row.layer for row in rows), statistics.fmean(row.saturated for row in rows)
    text = f"{100 * saturated:.0f} % of the σ'(u) are below a tenth of σ' at its largest: |u| is large"
    if kind == "large inputs":
        sizes = [root_mean_square(column) for column in columns_of(diagnosis.X)]
        i = sizes.index(max(sizes))
        text += f", since {name('x', i + 1)} is: {sizes[i]:.3g} in root mean square"
        return Cause(kind, layers, share, text, SCALED, of)
    return Cause(kind, layers, share, text, _OUTPUT if layers == (len(diagnosis.rows),) else _SATURATED, of)


def columns_of(X: list[Any]) -> list[list[float]]:
    """The samples feature by feature.

    >>> columns_of([[1.0, 2.0], [3.0, 4.0]])
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return [[x.data if isinstance(x, Value) else float(x) for x in column] for column in zip(*X)]


def root_mean_square(numbers: list[float]) -> float:
    """Their size, whatever their signs.

    >>> root_mean_square([3.0, -3.0, 3.0, 3.0])
    3.0
    """
    return math.hypot(*numbers) / math.sqrt(len(numbers))


RELU = 'activation="relu" with initializer="he"'
TANH = 'activation="tanh" in wider layers; layers so narrow die under ReLU'
_SLOPE = f"another activation, whose slope is 1 where it is alive: {RELU}"
_SATURATED = f'smaller weights (initializer="xavier"), or {RELU}'
_OUTPUT = 'smaller weights in the last layer, or output_activation="linear" with a loss that takes logits'
SCALED = "scale the inputs: subtract each one's mean, and divide by its standard deviation"
FLAT = 'activation="leaky_relu", biases that start at 0, and scaled inputs, so that half of the u are above 0'
_INITIALISED = "a careful initialisation: initializer={}"
_TAMED = _INITIALISED + "; gradient clipping, fit(…, clip_norm=1.0), until the weights are tamed"
DRAW = "wider layers, in which a draw matters less, or another seed"
DEAD = 'activation="leaky_relu", a smaller learning rate, or an initialisation with initializer="he"'
_ZERO = 'an initialisation that draws: initializer="he" for relu, "xavier" for tanh and sigmoid'
_NOT_FINITE = "run it within autograd.debug(): it stops at the operation where a nan or inf is born, and names its line"
