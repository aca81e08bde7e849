"""What a diagnosis says: |δ| layer by layer as a table, the verdict, its causes and their remedies."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..network.losses import Loss
from ..network.modules import MLP

if TYPE_CHECKING:
    from .plots import DeltaPlot

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

        >>> from nn import diagnose
        >>> round(diagnose(MLP(1, [1], "linear", initializer="zeros"), [1.0], 1.0).rows[0].typical, 9)
        2.0
        """
        return _power(self.size)


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


@dataclass
class Diagnosis:
    """δ layer by layer: printable as a table, with a verdict, its causes and remedies.

    rows           one for each layer, from left to right
    verdict        "healthy"; "vanishing" or "exploding": |δ| changes by 10² or more from ∂Err/∂ŷ to the
                   first layer; "dead": at most samples all δ of a layer are exactly 0; "nothing to
                   learn": ∂Err/∂ŷ is 0 at all; "not finite": a nan or inf is in it
    causes         of the verdict, the largest first; then dead neurons, which a healthy network may have too
    gradient_norm  the length of ∂Err/∂θ of the mean over the samples
    not_finite     the first number that is not finite, and where; "" where all are
    lost, blocked  (how many samples' δ are all exactly 0 in the first layer, of how many whose ∂Err/∂ŷ
                   is not), and of these at how many it was stopped by a factor 0
    """

    net: MLP
    X: list[Any]
    Y: list[Any]
    loss: str | Loss
    rows: list[LayerDiagnosis] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    gradient_norm: float = 0.0
    verdict: str = "healthy"
    not_finite: str = ""
    lost: tuple[int, int] = (0, 0)
    blocked: int = 0

    @property
    def change(self) -> float:
        """log of how many times larger |δ| of the first layer is than |∂Err/∂ŷ|.

        It is −inf where |δ| is 0, and nan where the verdict is "not finite".

        >>> from nn import diagnose
        >>> round(diagnose(MLP(1, [1], "linear", seed=0), [1.0], 0.0).change, 6)
        0.0
        """
        if self.not_finite:
            return math.nan
        return self.rows[0].size - self.rows[-1].back if self.rows[0].size > -math.inf else -math.inf

    @property
    def advice(self) -> list[str]:
        """What to do, the most important first."""
        return list(dict.fromkeys(cause.remedy for cause in self.causes))

    def remedy(self, seed: int = 0) -> Comparison:
        """The same network with what the causes advise, diagnosed on the same samples.

        Raises AutogradValueError where there is no cause, and where a number is not finite.

        >>> from nn import diagnose
        >>> deep = MLP(2, [8] * 8 + [1], "sigmoid", seed=0)
        >>> compared = diagnose(deep, [[0.5, -0.5]], [1.0]).remedy()
        >>> compared.before.verdict, compared.after.verdict
        ('vanishing', 'healthy')
        """
        from .causes import remedied
        from .diagnosis import diagnose

        net, X, changed = remedied(self, seed)
        return Comparison(self, diagnose(net, X, self.Y, self.loss), changed)

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """δ by layer and its split, shown by a notebook, and written to path (.svg, .png, .pdf) if given."""
        from .plots import by_layer

        return by_layer([("", self)], path)

    def __str__(self) -> str:
        lines = [HEADER, *(diagnosis_cells(row) for row in reversed(self.rows))]
        widths = [max(len(line[c]) for line in lines) for c in range(len(HEADER))]
        table = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in lines]
        return "\n".join([table[0], "─" * len(table[0]), *table[1:], "", self.summary])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from ..tables import diagnosis_as_html

        return diagnosis_as_html(self)

    @property
    def summary(self) -> str:
        """The verdict, its causes and their remedies in a few lines."""
        lines = [f"{self.verdict}: {self._sizes()}"]
        if self.verdict == "vanishing":
            lines.append(f"  {_vanished(self.rows)}")
        lost, wrong = self.lost
        if lost and not self.not_finite:
            lines.append(f"  at {lost} of {wrong} samples all δ of layer 1 are exactly 0")
        for cause in self.causes:
            lines += [f"  {cause}", f"        → {cause.remedy}"]
        return "\n".join(lines)

    def _sizes(self) -> str:
        first, last = self.rows[0], self.rows[-1]
        if self.verdict == "not finite":
            return self.not_finite
        if self.verdict == "nothing to learn":
            return f"∂Err/∂ŷ is 0 at {'every' if len(self.X) > 1 else 'the'} sample, and so is every δ"
        among = f"{last.typical:.3g} in layer {last.layer}, " if last is not first else ""
        return (
            f"|∂Err/∂ŷ| is typically {_power(last.back):.3g}, |δ| {among}{first.typical:.3g} in layer 1;"
            f" |∂Err/∂θ| = {self.gradient_norm:.3g}"
        )


@dataclass(frozen=True)
class Comparison:
    """Two diagnoses, before and after; `changed` says what lies between, where that is known."""

    before: Diagnosis
    after: Diagnosis
    changed: str = ""

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """Both in one picture, and written to path if given."""
        from .plots import by_layer

        return by_layer([("before", self.before), ("after", self.after)], path)

    def __str__(self) -> str:
        lines = ["typical |δ|, from the first layer to the last, and |∂Err/∂ŷ|"]
        verdicts = max(len(d.verdict) for d in (self.before, self.after))
        for title, d in (("before", self.before), ("after", self.after)):
            sizes = "  ".join(f"{size:7.1e}" for size in sizes_of(d))
            lines.append(f"{title:<6}  {d.verdict:<{verdicts}}  {sizes}  {name_of(d.net.activation)}")
        return "\n".join([*lines, f"changed: {self.changed}"] if self.changed else lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from ..tables import comparison_as_html

        return comparison_as_html(self)


# --- how it looks ---------------------------------------------------------------------------------

HEADER = (
    "layer", "σ", "|δᵢ| min", "quartile", "median", "quartile", "max", "zeros", "dead",
    "log|δ|", "= log σ'", "+ log|Σδθ|", "weights", "cancellation", "saturated",
)  # fmt: skip


def diagnosis_cells(row: LayerDiagnosis) -> tuple[str, ...]:
    """A layer as the cells beneath HEADER."""
    logs = [f"{x:+.2f}" for x in (row.size, row.slope, row.back, row.weights, row.cancellation)]
    return (
        str(row.layer), row.sigma, *(f"{s:.2e}" for s in row.spread), f"{100 * row.zeros:.0f} %",
        f"{row.dead}/{row.neurons}", *logs, f"{100 * row.saturated:.0f} %",
    )  # fmt: skip


def sizes_of(diagnosis: Diagnosis) -> list[float]:
    """The typical |δ| of every layer from left to right, then |∂Err/∂ŷ|."""
    return [*(row.typical for row in diagnosis.rows), _power(diagnosis.rows[-1].back)]


def _vanished(rows: list[LayerDiagnosis]) -> str:
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


def _power(log: float) -> float:
    try:
        return float(10**log) if log > -math.inf else 0.0
    except OverflowError:  # the length of numbers that are finite
        return math.inf


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
