"""How a diagnosis is told: a layer as a line of the table, a cause as a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..tables import Table

NORMAL = 2.0**-1022  # floats below have fewer digits, and the smallest is 2⁻¹⁰⁷⁴


@dataclass(frozen=True)
class LayerDiagnosis:
    """δ in one layer, over all samples, and what its length |δ| is a product of.

    layer         counted from 1, as the lecture does
    sigma         its activation
    spread        minimum, lower quartile, median, upper quartile and maximum of the neurons' |δᵢ| ≠ 0
    zeros         the share of δᵢ that are exactly 0
    dead          how many neurons have σ'(u) = 0 for every sample, of `neurons`
    saturated     the share of σ'(u) below a tenth of the largest slope, of a σ that is flat on both sides
    slope_limit   that largest slope
    flat          on how many sides σ is flat far away: 2 for tanh, 1 for relu, 0 for linear
    size          mean log|δ| of the samples that have any; −inf where none has
    slope, back   mean log of |δ| / |Σδθ|, and of |Σδθ|, whose sum is `size`
    weights, cancellation   the two parts of `back` beyond the size of the next layer's δ
    """

    layer: int
    sigma: str
    neurons: int
    spread: tuple[float, float, float, float, float]
    zeros: float
    dead: int
    saturated: float
    slope_limit: float
    flat: int
    size: float
    slope: float
    back: float
    weights: float
    cancellation: float

    @property
    def typical(self) -> float:
        """|δ| at a typical sample, the geometric mean; 0 where it is 0 at all.

        >>> from nn import MLP, diagnose
        >>> round(diagnose(MLP(1, [1], "linear", initializer="zeros"), [1.0], 1.0).rows[0].typical, 9)
        2.0
        """
        return power_of(self.size)


@dataclass(frozen=True)
class Cause:
    """Why δ vanishes or explodes, in which layers, and what the lecture advises.

    share  how much this cause makes up, from 0 to 1
    of     of what: of the change of log|δ| from ∂Err/∂ŷ to the first layer or, where δ is 0,
           of the neurons, weights or slopes of a layer; "" where there is no share
    """

    name: str
    layers: tuple[int, ...]
    share: float
    explanation: str
    remedy: str
    of: str = "of the change"

    def __str__(self) -> str:
        where = f" ({_layers(self.layers)})" if self.layers else ""
        share = f"{100 * self.share:.0f} % {self.of}: " if self.of else ""
        return f"{share}{self.name}{where}: {self.explanation}"


# --- how it looks ---------------------------------------------------------------------------------

TITLES = (
    "layer", "σ", "|δᵢ| min", "quartile", "median", "quartile", "max", "zeros", "dead",
    "log|δ|", "= log σ'", "+ log|Σδθ|", "weights", "cancellation", "saturated",
)  # fmt: skip


def table_of(rows: Sequence[LayerDiagnosis], narrow: bool = False) -> Table:
    """The layers from right to left, as δ goes; what makes δ smaller is blue, what makes it larger orange.

    narrow  leave the quartiles out: a page is narrower than a terminal
    """
    shown = [c for c, title in enumerate(TITLES) if not (narrow and title == "quartile")]
    titles, cells, colours = [TITLES[c] for c in shown], [], {}
    for n, row in enumerate(reversed(rows)):
        logs = [f"{x:+.2f}" for x in (row.size, row.slope, row.back, row.weights, row.cancellation)]
        texts = [str(row.layer), row.sigma, *(f"{s:.2e}" for s in row.spread), f"{100 * row.zeros:.0f} %"]
        texts += [f"{row.dead}/{row.neurons}", *logs, f"{100 * row.saturated:.0f} %"]
        cells.append([texts[c] for c in shown])
        for title, x in (("= log σ'", row.slope), ("weights", row.weights), ("cancellation", row.cancellation)):
            colours[n, titles.index(title)] = x
    return Table(titles, cells, colours=colours)


def vanished(rows: Sequence[LayerDiagnosis]) -> str:
    """What became of the smallest δ: a number with all its digits, one with few, or 0."""
    first = rows[0]
    if first.size == -math.inf:
        return "vanished beyond the floats: what is smaller than 4.9e-324 is 0"
    text = f"vanished is not zero: the smallest δ of layer 1 is {first.spread[0]:.6g}"
    if first.zeros:
        zeros = f"{100 * first.zeros:.2g} % of the δ of layer 1 are exactly 0"
        text = f"{zeros}, and the smallest of the others is {first.spread[0]:.6g}"
    smallest, layer = min((row.spread[0], row.layer) for row in rows)
    if smallest >= NORMAL:
        return f"{text}, with all its digits"
    digits = max(1, math.floor(math.log10(2.0) * (math.frexp(smallest)[1] + 1074)))
    return f"{text}; floats below {NORMAL:.2g} have fewer digits than 16, down to {digits} in layer {layer}"


def power_of(log: float) -> float:
    """10^log: 0 for −inf, inf where no float is as large.

    >>> power_of(-math.inf), power_of(2.0)
    (0.0, 100.0)
    """
    try:
        return float(10**log) if log > -math.inf else 0.0
    except OverflowError:  # the length of numbers that are finite
        return math.inf


def _layers(layers: tuple[int, ...]) -> str:
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"layer{'s' * (len(layers) != 1)} " + ", ".join(map(str, layers))
