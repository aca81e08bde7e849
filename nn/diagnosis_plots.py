"""Pictures of a diagnosis: |δ| by layer, what it is a product of, before and after, over training.

Blue makes δ smaller and orange larger, as in the other pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError, MissingDependency
from autograd.drawing.theme import LIGHT

from .plots import Plot

if TYPE_CHECKING:
    from .diagnosis import Watch
    from .diagnosis_report import Diagnosis

_BLUE, _ORANGE = LIGHT.negative, LIGHT.positive  # pale, middle, strong
_PARTS = (("slope", "log σ'(u)", 2), ("weights", "weights", 1), ("cancellation", "cancellation", 0))


class DeltaPlot(Plot):
    """A matplotlib figure of δ that a notebook shows and `save` writes."""

    def __repr__(self) -> str:
        return f"Plot of δ, {len(self.figure.axes)} panels"


def by_layer(diagnoses: Sequence[tuple[str, Diagnosis]], path: str | PathLike[str] | None = None) -> DeltaPlot:
    """|δ| by layer, and beneath it the steps of log|δ| from each layer to the one on its left, by cause.

    diagnoses  (title, diagnosis) of each column
    path       where to write it as well: .svg, .png or .pdf

    Raises MissingDependency without matplotlib.

    >>> from nn import MLP
    >>> from nn.diagnosis import diagnose
    >>> by_layer([("", diagnose(MLP(2, [2, 1], seed=0), [1.0, 2.0], 0.5))])
    Plot of δ, 2 panels
    """
    figure = _figure((6.5 * len(diagnoses), 6.5))
    from matplotlib.patches import Patch

    top: Any = None
    bottom: Any = None
    for n, (title, diagnosis) in enumerate(diagnoses):
        top = figure.add_subplot(2, len(diagnoses), n + 1, sharey=top)
        _sizes(top, diagnosis)
        top.set_title(f"{title}: {diagnosis.verdict}" if title else diagnosis.verdict)
        bottom = figure.add_subplot(2, len(diagnoses), len(diagnoses) + n + 1, sharey=bottom, sharex=top)
        _steps(bottom, diagnosis)
        if n == 0:
            top.set_ylabel("|δ|")
            bottom.set_ylabel("what a layer adds to log|δ|")
            parts = [Patch(color=_BLUE[shade], label=label) for _, label, shade in _PARTS]
            bottom.legend(handles=parts, frameon=False, fontsize="small")
    return _finished(figure, path)


def _sizes(axes: Any, diagnosis: Diagnosis) -> None:
    """|δ| on a logarithmic scale; what is exactly 0 has no place there, and is counted beneath."""
    rows = [row for row in diagnosis.rows if row.spread[4] > 0]
    layers = [row.layer for row in rows]
    lowest, lower, _, upper, largest = zip(*(row.spread for row in rows)) if rows else ((),) * 5
    axes.fill_between(layers, lowest, largest, color=_BLUE[0], label="from smallest to largest")
    axes.fill_between(layers, lower, upper, color=_BLUE[1], alpha=0.6, label="middle half")
    typical = [row.typical for row in rows]
    axes.plot(layers, typical, color=_BLUE[2], marker="o", markersize=4, label="geometric mean")
    for row in diagnosis.rows:
        if row.zeros:
            share = f"{100 * row.zeros:.0f} %\nare 0"
            style: Any = {"ha": "center", "fontsize": "x-small", "color": LIGHT.muted}
            axes.text(row.layer, 0.01, share, transform=axes.get_xaxis_transform(), **style)
    if rows:
        axes.set_yscale("log")
    axes.legend(frameon=False, fontsize="small")
    _by_whole_layers(axes, diagnosis)


def _steps(axes: Any, diagnosis: Diagnosis) -> None:
    """Bars above 0 make δ larger on the way left, bars below make it smaller."""
    rows = [row for row in diagnosis.rows[:-1] if row.spread[4] > 0]
    for n, (part, _, shade) in enumerate(_PARTS):
        heights = [getattr(row, part) for row in rows]
        colours = [_ORANGE[shade] if h > 0 else _BLUE[shade] for h in heights]
        places = [row.layer + 0.27 * (n - 1) for row in rows]
        axes.bar(places, heights, 0.25, color=colours, edgecolor=LIGHT.muted, linewidth=0.4)
    axes.axhline(0.0, color=LIGHT.muted, linewidth=0.8)
    axes.set_xlabel("layer")
    _by_whole_layers(axes, diagnosis)


def _by_whole_layers(axes: Any, diagnosis: Diagnosis) -> None:
    axes.set_xticks([row.layer for row in diagnosis.rows])
    axes.set_xlim(0.4, len(diagnosis.rows) + 0.6)
    axes.grid(alpha=0.25)


def over_training(watch: Watch, path: str | PathLike[str] | None = None) -> DeltaPlot:
    """The typical |δ| of every layer over the epochs, from the first layer, pale, to the last.

    Raises MissingDependency without matplotlib, and AutogradValueError where nothing was watched.
    """
    if not watch.diagnoses:
        raise AutogradValueError("there is nothing to plot: hand the Watch to fit(…, callbacks=[watch]) first")
    figure = _figure((7.0, 3.6))
    axes = figure.add_subplot()
    count = len(watch.diagnoses[0].rows)
    for k in range(count):
        sizes = [d.rows[k].typical or None for d in watch.diagnoses]
        share = (k + 1) / count
        marker = "." if len(sizes) < 3 else ""
        axes.plot(watch.epochs, sizes, color=LIGHT.gradient(-share * share, 1.0), label=f"layer {k + 1}", marker=marker)
    axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel("typical |δ|")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize="small", ncols=1 + (count > 6), loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _finished(figure, path)


def _figure(size: tuple[float, float]) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("plots of δ need matplotlib: pip install 'deltagrad[plot]'") from None
    return Figure(figsize=size, layout="constrained")


def _finished(figure: Any, path: str | PathLike[str] | None) -> DeltaPlot:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    plot = DeltaPlot(figure, "δ")
    if path is not None:
        plot.save(path)
    return plot
