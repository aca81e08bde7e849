"""Pictures of a diagnosis: |δ| by layer, what it is a product of, before and after, over training.

Blue makes δ smaller and orange larger, as in the other pictures.  The line ends, at the right, in
|∂Err/∂ŷ|, and each of its steps to the left is the sum of the bars beneath.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError
from autograd.drawing.theme import LIGHT

from ..plots import Plot, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .diagnosis import Diagnosis, Watch

_BLUE, _ORANGE = LIGHT.negative, LIGHT.positive  # pale, middle, strong
_ENDS = (("x", "exactly 0"), ("^", "not finite"))
_PARTS = (("slope", "log σ'(u)", 2), ("weights", "weights", 1), ("cancellation", "cancellation", 0))


class DeltaPlot(Plot):
    """A matplotlib figure of δ that a notebook shows and `save` writes."""

    def __repr__(self) -> str:
        return f"Plot of δ, {len(self.figure.axes)} panels"


def by_layer(diagnoses: Sequence[tuple[str, Diagnosis]], path: str | PathLike[str] | None = None) -> DeltaPlot:
    """|δ| by layer, and beneath it the steps of log|δ| from each layer to the one on its left, by cause.

    diagnoses  (title, diagnosis) of each column
    path       where to write it as well: .svg, .png or .pdf

    Raises MissingDependency without matplotlib, and AutogradValueError for a folder that is not there.

    >>> from nn import MLP
    >>> from nn import diagnose
    >>> by_layer([("", diagnose(MLP(2, [2, 1], seed=0), [1.0, 2.0], 0.5))])
    Plot of δ, 2 panels
    """
    picture = figure("a plot of δ", 6.5 * len(diagnoses), 6.5)
    top: Any = None
    bottom: Any = None
    for n, (title, diagnosis) in enumerate(diagnoses):
        top = picture.add_subplot(2, len(diagnoses), n + 1, sharey=top)
        _sizes(top, diagnosis)
        top.set_title(f"{title}: {diagnosis.verdict}" if title else diagnosis.verdict)
        bottom = picture.add_subplot(2, len(diagnoses), len(diagnoses) + n + 1, sharey=bottom, sharex=top)
        _steps(bottom, diagnosis)
        if n == 0:
            top.set_ylabel("δ")
            bottom.set_ylabel("what a layer adds to log|δ|")
            style: Any = {"frameon": False, "fontsize": "small"}
            picture.legend(loc="outside upper center", ncols=3, **style)
            picture.legend(loc="outside lower center", ncols=3, **_key(), **style)
    return _finished(picture, path)


def _key() -> dict[str, Any]:
    """The legend of the bars: each part in both colours."""
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.patches import Patch

    edge: Any = {"edgecolor": LIGHT.muted, "linewidth": 0.4}
    pairs = [tuple(Patch(facecolor=colour[shade], **edge) for colour in (_BLUE, _ORANGE)) for _, _, shade in _PARTS]
    return {
        "handles": pairs, "labels": [label for _, label, _ in _PARTS], "title": "blue: smaller, orange: larger",
        "title_fontsize": "small", "handlelength": 3.0, "handler_map": {tuple: HandlerTuple(ndivide=None, pad=0.2)},
    }  # fmt: skip


def _sizes(axes: Any, diagnosis: Diagnosis) -> None:
    """On a logarithmic scale; what is exactly 0 has no place there, and is counted beneath."""
    rows = [row for row in diagnosis.rows if row.spread[4] > 0]
    layers = [row.layer for row in rows]
    lowest, lower, _, upper, largest = zip(*(row.spread for row in rows)) if rows else ((),) * 5
    axes.fill_between(layers, lowest, largest, color=_BLUE[0], label="neurons' |δᵢ|, from smallest to largest")
    axes.fill_between(layers, lower, upper, color=_BLUE[1], alpha=0.6, label="their middle half")
    sizes = [(n, size) for n, size in enumerate(diagnosis.sizes, 1) if 0 < size < math.inf]
    places, heights = zip(*sizes) if sizes else ((), ())
    axes.plot(places, heights, color=_BLUE[2], marker="o", markersize=4, label="typical |δ| of a layer")
    for row in diagnosis.rows:
        if row.zeros:
            share = f"{100 * row.zeros:.0f} %\nare 0"
            style: Any = {"ha": "center", "fontsize": "x-small", "color": LIGHT.muted}
            axes.text(row.layer, 0.01, share, transform=axes.get_xaxis_transform(), **style)
    if sizes:
        axes.set_yscale("log")
    _by_whole_layers(axes, diagnosis)


def _steps(axes: Any, diagnosis: Diagnosis) -> None:
    """Bars above 0 make δ larger on the way left, bars below make it smaller."""
    rows = [row for row in diagnosis.rows if math.isfinite(row.size)]
    for n, (part, _, shade) in enumerate(_PARTS):
        heights = [getattr(row, part) for row in rows]
        colours = [_ORANGE[shade] if h > 0 else _BLUE[shade] for h in heights]
        places = [row.layer + 0.27 * (n - 1) for row in rows]
        axes.bar(places, heights, 0.25, color=colours, edgecolor=LIGHT.muted, linewidth=0.4)
    axes.axhline(0.0, color=LIGHT.muted, linewidth=0.8)
    axes.set_xlabel("layer")
    _by_whole_layers(axes, diagnosis)


def _by_whole_layers(axes: Any, diagnosis: Diagnosis) -> None:
    """A tick for each layer, or for every so many of a deep network, and one for ∂Err/∂ŷ beyond the last."""
    count = len(diagnosis.rows)
    step = 1 + count // 25
    layers = [k for k in range(1, count + 1) if k % step == 0 or step == 1]
    axes.set_xticks([*layers, count + 1], [*map(str, layers), "∂Err/∂ŷ"])
    axes.set_xlim(0.4, count + 1.6)
    axes.grid(alpha=0.25)


def over_training(watch: Watch, path: str | PathLike[str] | None = None) -> DeltaPlot:
    """The typical |δ| of every layer over the epochs, from the first layer, pale, to the last.

    Raises MissingDependency without matplotlib, and AutogradValueError where nothing was watched.
    """
    if not watch.diagnoses:
        raise AutogradValueError("there is nothing to plot: hand the Watch to fit(…, callbacks=[watch]) first")
    picture = figure("a plot of δ", 7.0, 3.6)
    axes = picture.add_subplot()
    count = max(len(d.rows) for d in watch.diagnoses)
    for k in range(count):
        share = (k + 1) / count
        _over_epochs(axes, watch, k, LIGHT.gradient(-share * share, 1.0))
    if any(line.get_linestyle() == "-" and len(line.get_xdata()) for line in axes.get_lines()):
        axes.set_yscale("log")
    for marker, label in _ENDS:
        if any(line.get_marker() == marker for line in axes.get_lines()):
            axes.plot([], [], color=LIGHT.muted, linestyle="", marker=marker, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("typical |δ|")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize="small", ncols=1 + (count > 6), loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _finished(picture, path)


def _over_epochs(axes: Any, watch: Watch, k: int, colour: str) -> None:
    """The line of one layer; epochs at which it has no place on the scale are marked at the lower edge."""
    deep = [(epoch, d) for epoch, d in zip(watch.epochs, watch.diagnoses) if k < len(d.rows)]
    seen = [(epoch, d.rows[k].typical, bool(d.not_finite)) for epoch, d in deep]
    sizes = [(epoch, math.nan if lost or not size else size) for epoch, size, lost in seen]
    count = sum(size > 0 for _, size in sizes)
    line = zip(*sizes) if count else ((), ())
    axes.plot(*line, color=colour, label=f"layer {k + 1}", marker="." if 0 < count < 3 else "")
    ends = [e for e, s, lost in seen if not s and not lost], [e for e, _, lost in seen if lost]
    for (marker, _), epochs in zip(_ENDS, ends):
        if epochs:
            height = [0.03 + 0.04 * k] * len(epochs)  # above each other, since those to the left of a 0 are 0 too
            style: Any = {"linestyle": "", "marker": marker, "markersize": 4, "color": colour}
            axes.plot(epochs, height, transform=axes.get_xaxis_transform(), **style)


def _finished(picture: Figure, path: str | PathLike[str] | None) -> DeltaPlot:
    for axes in picture.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return DeltaPlot(picture, "δ").saved(path)
