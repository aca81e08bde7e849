"""What a diagnosis says: |δ| layer by layer as a table, the verdict, its causes and their remedies."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from .losses import Loss
from .modules import MLP

if TYPE_CHECKING:
    from .diagnosis_plots import DeltaPlot

FACTOR = 2.0  # δ changing by 10² from the last layer to the first is called vanishing, or exploding


@dataclass(frozen=True)
class LayerDiagnosis:
    """|δ| in one layer, over all its neurons and all samples, and what it is a product of.

    layer         counted from 1, as the lecture does
    sigma         its activation
    spread        minimum, lower quartile, median, upper quartile and maximum of |δ| ≠ 0
    zeros         the share of δ that are exactly 0
    dead          how many neurons have σ'(u) = 0 for every sample, of `neurons`
    saturated     the share of σ'(u) below a tenth of the largest slope that σ has
    slope_limit   that largest slope
    size          mean log|δ| of those that are not 0; −inf where all are
    slope, back   mean log σ'(u) and mean log|Σ δθ|, whose sum is `size`
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
    size: float
    slope: float
    back: float
    weights: float = 0.0
    cancellation: float = 0.0

    @property
    def typical(self) -> float:
        """The geometric mean of |δ|, of those that are not 0; 0 where all are.

        >>> from nn.diagnosis import diagnose
        >>> round(diagnose(MLP(1, [1], "linear", initializer="zeros"), [1.0], 1.0).rows[0].typical, 9)
        2.0
        """
        return float(10**self.size) if self.size > -math.inf else 0.0


@dataclass(frozen=True)
class Cause:
    """Why δ vanishes or explodes, in which layers, and what the lecture advises.

    share  how much of it this cause makes up, from 0 to 1; of dead neurons, how many of a layer are
    """

    name: str
    layers: tuple[int, ...]
    share: float
    explanation: str
    remedy: str


@dataclass
class Diagnosis:
    """δ layer by layer: printable as a table, with a verdict, its causes and remedies.

    rows           one for each layer, from left to right
    causes         the largest first; none where δ is healthy
    gradient_norm  the length of ∂Err/∂θ of the mean over the samples
    """

    net: MLP
    X: list[Any]
    Y: list[Any]
    loss: str | Loss
    rows: list[LayerDiagnosis] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    gradient_norm: float = 0.0

    @property
    def change(self) -> float:
        """log of how many times larger |δ| is in the first layer than in the last; −inf where it is 0.

        >>> from nn.diagnosis import diagnose
        >>> round(diagnose(MLP(1, [1], seed=0), [1.0], 0.0).change, 6)
        0.0
        """
        if self.rows[0].size == -math.inf:
            return -math.inf
        return self.rows[0].size - self.rows[-1].size

    @property
    def verdict(self) -> str:
        """ "vanishing", "exploding", "dead" (all δ of a layer are exactly 0) or "healthy"."""
        if any(not math.isfinite(row.spread[4]) for row in self.rows):
            return "exploding"
        if any(row.size == -math.inf for row in self.rows):
            return "dead"
        return "vanishing" if self.change <= -FACTOR else "exploding" if self.change >= FACTOR else "healthy"

    @property
    def advice(self) -> list[str]:
        """What to do, the most important first."""
        return [cause.remedy for cause in self.causes]

    def remedy(self, seed: int = 0) -> Comparison:
        """The same network with the first remedy that changes it, diagnosed on the same samples.

        >>> from nn.diagnosis import diagnose
        >>> deep = MLP(2, [8] * 8 + [1], "sigmoid", seed=0)
        >>> compared = diagnose(deep, [[0.5, -0.5]], [1.0]).remedy()
        >>> compared.before.verdict, compared.after.verdict
        ('vanishing', 'healthy')
        """
        from .diagnosis import diagnose, remedied

        return Comparison(self, diagnose(remedied(self, seed), self.X, self.Y, self.loss))

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """δ by layer and its split, shown by a notebook, and written to path (.svg, .png, .pdf) if given."""
        from .diagnosis_plots import by_layer

        return by_layer([("", self)], path)

    def __str__(self) -> str:
        lines = [HEADER, *(diagnosis_cells(row) for row in reversed(self.rows))]
        widths = [max(len(line[c]) for line in lines) for c in range(len(HEADER))]
        table = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in lines]
        return "\n".join([table[0], "─" * len(table[0]), *table[1:], "", self.summary])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .tables import diagnosis_as_html

        return diagnosis_as_html(self)

    @property
    def summary(self) -> str:
        """The verdict, its causes and their remedies in a few lines."""
        first, last = self.rows[0], self.rows[-1]
        sizes = f"|δ| is typically {last.typical:.3g} in layer {last.layer}, {first.typical:.3g} in layer {first.layer}"
        lines = [f"{self.verdict}: {sizes}; |∂Err/∂θ| = {self.gradient_norm:.3g}"]
        if self.verdict == "vanishing":
            lines.append(f"  vanished is not zero: the smallest δ is {first.spread[0]:.6g}, with all its digits")
        for cause in self.causes:
            lines.append(f"  {100 * cause.share:.0f} %  {cause.name} ({_layers(cause.layers)}): {cause.explanation}")
            lines.append(f"        → {cause.remedy}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Comparison:
    """Two diagnoses, before and after."""

    before: Diagnosis
    after: Diagnosis

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """Both in one picture, and written to path if given."""
        from .diagnosis_plots import by_layer

        return by_layer([("before", self.before), ("after", self.after)], path)

    def __str__(self) -> str:
        lines = []
        for title, d in (("before", self.before), ("after", self.after)):
            sizes = "  ".join(f"{row.typical:7.1e}" for row in d.rows)
            lines.append(f"{title:<6}  {d.verdict:<9}  {sizes}  {name_of(d.net.activation)}")
        return "\n".join(["typical |δ|, from the first layer to the last", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .tables import comparison_as_html

        return comparison_as_html(self)


# --- how it looks ---------------------------------------------------------------------------------

HEADER = (
    "layer", "σ", "|δ| min", "quartile", "median", "quartile", "max", "zeros", "dead",
    "log|δ|", "= log σ'", "+ log|Σδθ|", "weights", "cancellation", "saturated",
)  # fmt: skip


def diagnosis_cells(row: LayerDiagnosis) -> tuple[str, ...]:
    logs = [f"{x:+.2f}" for x in (row.size, row.slope, row.back, row.weights, row.cancellation)]
    return (
        str(row.layer), row.sigma, *(f"{s:.2e}" for s in row.spread), f"{100 * row.zeros:.0f} %",
        f"{row.dead}/{row.neurons}", *logs, f"{100 * row.saturated:.0f} %",
    )  # fmt: skip


def _layers(layers: tuple[int, ...]) -> str:
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"layer{'s' * (len(layers) != 1)} " + ", ".join(map(str, layers))


def name_of(activation: Any) -> str:
    """What an activation is called.

    >>> name_of("relu"), name_of(math.tanh)
    ('relu', 'tanh')
    """
    return activation if isinstance(activation, str) else getattr(activation, "__name__", "σ")
