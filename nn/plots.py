"""Plots with matplotlib, in the colours of the drawings: training, decision boundary, activations.

Blue is negative and orange positive, as everywhere; what is computed forward is grey.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from autograd import AutogradValueError, MissingDependency, Value, no_grad
from autograd.drawing.render import LARGEST_PDF, fitting
from autograd.drawing.theme import LIGHT
from autograd.tools.files import require_folder, write
from autograd.words.text import counted, markup, shown

from .frames import column_names, rows_of, targets_of
from .network.activations import ACTIVATIONS, Activation, activation_of, name_of
from .network.classes import numbers_of, rule_of
from .network.losses import listed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .network.modules import MLP
    from .training.history import History

P = TypeVar("P", bound="Plot")

_BLUE, _ORANGE = LIGHT.negative, LIGHT.positive  # pale, middle, strong
_TRAINING, _VALIDATION, _INK = _BLUE[2], _ORANGE[2], "#334155"
_CLASSES = (_BLUE[2], _ORANGE[2], "#7E5BC2", "#0F766E", "#B0306A", "#64748B")
# Dates and random identifiers are left out: the same training gives the same file.
_SETTINGS: Any = {"svg.hashsalt": "deltagrad", "axes.spines.top": False, "axes.spines.right": False}
_METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


class Plot:
    """A matplotlib figure that a notebook shows and `save` writes; `figure` is open to changes.

    what   what it shows, in a word or two
    """

    def __init__(self, figure: Figure, what: str) -> None:
        self.figure = figure
        self.what = what

    def save(self, path: str | PathLike[str]) -> None:
        """Write it; the ending of the name chooses the format: .svg, .png or .pdf.

        Raises AutogradValueError for another ending, and for a folder that is not there.
        """
        ending = fspath(path).rpartition(".")[2].lower()
        if ending not in ("svg", "png", "pdf"):
            raise AutogradValueError(f"a plot is saved as .svg, .png or .pdf, and not as {fspath(path)!r}")
        require_folder(Path(path))
        write(path, self._contents(ending))

    def saved(self: P, path: str | PathLike[str] | None) -> P:
        """The plot itself, which is also saved where a path is given.

        >>> Plot(figure("a plot", 1, 1), "nothing").saved(None)
        Plot of nothing
        """
        if path is not None:
            self.save(path)
        return self

    def _contents(self, ending: str, dpi: int = 150) -> bytes:
        import matplotlib

        contents = io.BytesIO()
        with matplotlib.rc_context(_SETTINGS):
            self.figure.savefig(contents, format=ending, dpi=dpi, metadata=_METADATA.get(ending))
        return self._named(contents.getvalue()) if ending == "svg" else contents.getvalue()

    def _named(self, svg: bytes) -> bytes:
        """An SVG with words for those who do not see it."""
        words = markup(repr(self))
        head, tag, rest = svg.decode().partition("<svg")
        attributes, end, inside = rest.partition(">")
        return f'{head}{tag}{attributes} role="img" aria-label="{words}"{end}<title>{words}</title>{inside}'.encode()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str | bytes]:
        svg = fitting(self._contents("svg").decode())
        png = self._contents("png", dpi=80)  # what viewers show that do not trust the SVG
        bundle: dict[str, str | bytes] = {"text/plain": repr(self), "image/svg+xml": svg, "image/png": png}
        if len(pdf := self._contents("pdf")) <= LARGEST_PDF:  # for LaTeX, which cannot read the SVG
            bundle["application/pdf"] = pdf
        return bundle

    def __repr__(self) -> str:
        return f"Plot of {self.what}"


def figure(what: str, width: float, height: float) -> Any:
    """An empty figure that no window and no global state knows of.

    Raises MissingDependency, naming what needs it, without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency(f"{what} needs matplotlib: pip install 'deltagrad[plot]'") from None
    return Figure(figsize=(width, height), layout="constrained")


# --- the training -------------------------------------------------------------------------------


def training_curve(history: History, path: str | PathLike[str] | None = None) -> Plot:
    """Error over the epochs and, for a classifier, accuracy beneath it; written to path as well, if given.

    Raises MissingDependency without matplotlib, and AutogradValueError where no epoch was completed.

    >>> from nn.training.history import Epoch, History
    >>> training_curve(History([Epoch(2.0, 0.5), Epoch(0.5, 1.0)])).figure.axes[1].get_ylabel()
    'accuracy in %'
    """
    panels = [("mean error of a sample", history.loss, history.validation_loss, 1)]
    if history.accuracy:
        panels.append(("accuracy in %", history.accuracy, history.validation_accuracy, 100))
    picture = figure("the training curve", 7, 2.6 * len(panels) + 0.4)
    if not history.epochs:
        raise AutogradValueError("there is no epoch to plot: no pass over the samples was completed")
    import matplotlib

    with matplotlib.rc_context(_SETTINGS):
        for i, (label, training, validation, factor) in enumerate(panels):
            axes = picture.add_subplot(len(panels), 1, i + 1)
            _panel(axes, label, training, validation, factor)
            if history.best_epoch is not None:
                axes.axvline(history.best_epoch, color=_INK, linewidth=0.8, linestyle=":", label="best epoch")
            if i == 0:
                axes.legend(frameon=False)
        axes.set_xlabel("epoch")
    return Plot(picture, counted(len(history.epochs), "epoch")).saved(path)


def _panel(axes: Any, label: str, training: list[float], validation: list[float], factor: int) -> None:
    axes.set_ylabel(label)
    axes.grid(alpha=0.25)
    axes.xaxis.get_major_locator().set_params(integer=True)
    for name, column, color in (("training", training, _TRAINING), ("validation", validation, _VALIDATION)):
        if column:
            epochs = range(1, len(column) + 1)
            marker = "." if len(column) < 3 else ""  # a line through one point does not show
            axes.plot(epochs, [factor * v for v in column], color=color, label=name, marker=marker)
    if factor == 1 and min(training) > 0 and max(training) > 100 * min(training):
        axes.set_yscale("log")  # a linear scale would show a falling line, then nothing
    else:
        axes.set_ylim(0, 101 if factor == 100 else None)


# --- what a network has learned -------------------------------------------------------------------


def decision_boundary(
    net: MLP,
    X: Iterable[Sequence[float]] = (),
    Y: Iterable[Any] = (),
    *,
    threshold: float | None = None,
    names: Sequence[str] | None = None,
    classes: Sequence[str] = (),
    scale: Any = None,
    resolution: int = 80,
    path: str | PathLike[str] | None = None,
) -> Plot:
    """The plane of a network's two inputs, coloured by its output or its class, with the samples on it.

    X, Y        samples and targets, as for accuracy: 0 and 1 or −1 and 1, indices of classes, or lists
                whose largest number marks the class
    threshold   with one output: where the classes meet; None: as predict has it
    names       of the two inputs (None: those of X, where it is a frame) and
    classes     of the classes, for the labels
    scale       what takes a point to the network's inputs, as a Scale does; None: it is one already
    resolution  points a side at which the network is asked
    path        where to write it as well: .svg, .png or .pdf

    A sample on the wrong side has a ring.  Raises AutogradValueError for a network that does not
    have two inputs and for a target missing, and MissingDependency without matplotlib.

    >>> from nn import MLP
    >>> decision_boundary(MLP(2, [3, 1], seed=0), [[1, 1], [-1, 1]], [1, -1], resolution=5)
    Plot of a decision boundary, 2 samples
    """
    if net.nin != 2:
        raise AutogradValueError(f"a decision boundary is drawn in a plane: 2 inputs, and this network has {net.nin}")
    names = names or column_names(X) or ("x₁", "x₂")
    points, targets = [tuple(map(float, x)) for x in rows_of(X)], [list(map(float, listed(y))) for y in targets_of(Y)]
    if len(points) != len(targets):
        raise AutogradValueError(
            f"decision_boundary: {counted(len(points), 'sample')}, and {counted(len(targets), 'target')}"
        )
    rule = rule_of(net, Y=targets, bound=threshold)
    picture = figure("the decision boundary", 5.6, 5.0)
    axes = picture.add_subplot(xlabel=shown(names[0], 40), ylabel=shown(names[1], 40))
    across, up = (_side([p[i] for p in points] or [-1.0, 1.0], resolution) for i in (0, 1))

    def asked(x: tuple[float, ...]) -> list[float]:
        return numbers_of(net(x if scale is None else scale.apply(x)))

    with no_grad():
        plane = [[asked((a, b)) for a in across] for b in up]
        found = [rule.predicted(asked(p)) for p in points]
    if rule.outputs > 1 or len(rule.bounds) > 1:
        winners = [[rule.predicted(o) for o in row] for row in plane]
        _regions(axes, across, up, winners, max(rule.outputs, len(rule.bounds) + 1))
    else:
        (bound,) = rule.bounds
        _height(picture, axes, across, up, [[o - bound for (o,) in row] for row in plane], bound)
    _samples(axes, points, [rule.wanted(y) for y in targets], found, classes)
    return Plot(picture, f"a decision boundary, {counted(len(points), 'sample')}").saved(path)


def _side(numbers: list[float], n: int) -> list[float]:
    """n numbers that reach a little beyond all of these."""
    low, high = min(numbers), max(numbers)
    margin = 0.12 * (high - low) or 1.0
    return [low - margin + (high - low + 2 * margin) * i / max(n - 1, 1) for i in range(n)]


def _height(figure: Any, axes: Any, across: list[float], up: list[float], above: Any, threshold: float) -> None:
    """The output on the scale of the gradients, blue below the threshold and orange above it."""
    from matplotlib.colors import LinearSegmentedColormap

    stops = [*reversed(_BLUE[:2]), LIGHT.zero, *_ORANGE[:2]]  # the samples keep the strong ends
    colours = LinearSegmentedColormap.from_list("gradient", stops)
    largest = max((abs(o) for row in above for o in row if math.isfinite(o)), default=1.0) or 1.0
    image = axes.pcolormesh(
        across, up, above, cmap=colours, vmin=-largest, vmax=largest, shading="gouraud", rasterized=True
    )
    if any(o > 0 for row in above for o in row) and any(o < 0 for row in above for o in row):
        axes.contour(across, up, above, levels=[0.0], colors=[_INK], linewidths=1.2)
    bar = figure.colorbar(image, ax=axes, shrink=0.85, label="ŷ")
    bar.ax.yaxis.set_major_formatter(lambda o, _: f"{o + threshold:.3g}".replace("-", "−"))
    bar.outline.set_visible(False)


def _regions(axes: Any, across: list[float], up: list[float], winners: list[list[int]], classes: int) -> None:
    """Where each class wins, in its colour."""
    from matplotlib.colors import ListedColormap

    colours = ListedColormap([_CLASSES[k % len(_CLASSES)] for k in range(classes)])
    axes.pcolormesh(across, up, winners, cmap=colours, vmin=-0.5, vmax=classes - 0.5, alpha=0.25, rasterized=True)


def _samples(
    axes: Any, points: list[tuple[float, ...]], meant: list[int], found: list[int], names: Sequence[str]
) -> None:
    for k in sorted(set(meant)):
        chosen = [p for p, c in zip(points, meant) if c == k]
        colour = _CLASSES[k % len(_CLASSES)]
        axes.scatter(*zip(*chosen), s=26, color=colour, edgecolors="white", linewidths=0.8, label=_class(k, names))
    wrong = [p for p, c, d in zip(points, meant, found) if c != d]
    if wrong:
        axes.scatter(*zip(*wrong), s=90, facecolors="none", edgecolors=_INK, linewidths=1.2, label="wrong")
    if points:
        axes.set_title(f"{len(points) - len(wrong)} of {len(points)} samples right", fontsize="medium")
        axes.figure.legend(frameon=False, fontsize="small", loc="outside lower center", ncols=4)


def _class(k: int, names: Sequence[str]) -> str:
    return shown(names[k], 24) if k < len(names) else f"class {k}"


# --- activations ------------------------------------------------------------------------------------


def activation_curves(
    *activations: str | Activation, reach: float = 4.0, path: str | PathLike[str] | None = None
) -> Plot:
    """σ(u) and its slope σ'(u), one panel for each activation; none named: all.

    activations  names of ACTIVATIONS, or functions of a Value
    reach        u runs from −reach to reach
    path         where to write it as well: .svg, .png or .pdf

    The slope is what backward() finds.  Raises AutogradValueError for an unknown name, and
    MissingDependency without matplotlib.

    >>> activation_curves("tanh", lambda u: u * u)
    Plot of 2 activations with slopes
    """
    chosen = activations or tuple(key for key in ACTIVATIONS if key != "linear")
    sigmas = [activation_of(activation) for activation in chosen]
    columns = len(chosen) if len(chosen) < 5 else min((4, 3), key=lambda n: -len(chosen) % n)  # few gaps
    rows = -(-len(chosen) // columns)
    picture = figure("the plot of activations", 2.6 * columns + 0.3, 2.4 * rows + 0.3)
    us = [reach * (i / 100 - 1) for i in range(201)]
    for i, (activation, sigma) in enumerate(zip(chosen, sigmas), 1):
        axes = picture.add_subplot(rows, columns, i, title=name_of(activation))
        heights, slopes = zip(*(_with_slope(sigma, u) for u in us))
        axes.axhline(0, color=LIGHT.frame, linewidth=1)
        axes.axvline(0, color=LIGHT.frame, linewidth=1)
        axes.plot(us, heights, color=_INK, linewidth=1.8, label="σ(u)")
        axes.plot(us, [s if s >= 0 else math.nan for s in slopes], color=_ORANGE[2], label="σ′(u)")
        axes.plot(us, [s if s < 0 else math.nan for s in slopes], color=_BLUE[2])
        axes.spines[["top", "right"]].set_visible(False)
        if i == 1:
            axes.legend(frameon=False, fontsize="small")
        if i > len(chosen) - columns:
            axes.set_xlabel("u")
    return Plot(picture, f"{counted(len(chosen), 'activation')} with slopes").saved(path)


def _with_slope(sigma: Activation, u: float) -> tuple[float, float]:
    v = Value(u)
    o = sigma(v)
    o.backward()
    return o.data, v.grad
