"""The training curve, with matplotlib: error, and accuracy where there is one, over the epochs."""

from __future__ import annotations

import io
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError, MissingDependency

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .history import History

_TRAINING, _VALIDATION, _INK = "#1F5FA8", "#C2570C", "#334155"
# Dates and random identifiers are left out: the same training gives the same file.
_SETTINGS: Any = {"svg.hashsalt": "deltagrad", "axes.spines.top": False, "axes.spines.right": False}
_METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


class Plot:
    """A matplotlib figure that a notebook shows and `save` writes; `figure` is open to changes."""

    def __init__(self, figure: Figure, epochs: int) -> None:
        self.figure = figure
        self.epochs = epochs

    def save(self, path: str | PathLike[str]) -> None:
        """Write it; the ending of the name chooses the format: .svg, .png or .pdf."""
        ending = fspath(path).rpartition(".")[2].lower()
        if ending not in ("svg", "png", "pdf"):
            raise AutogradValueError(f"a plot is saved as .svg, .png or .pdf, and not as {fspath(path)!r}")
        self._write(path, ending)

    def _write(self, target: Any, ending: str) -> None:
        import matplotlib

        with matplotlib.rc_context(_SETTINGS):
            self.figure.savefig(target, format=ending, dpi=150, metadata=_METADATA.get(ending))

    def _repr_svg_(self) -> str:
        svg = io.StringIO()
        self._write(svg, "svg")
        return svg.getvalue()

    def __repr__(self) -> str:
        return f"Plot of {self.epochs} epochs"


def training_curve(history: History) -> Plot:
    """Error over the epochs and, for a classifier, accuracy beneath it.

    Raises MissingDependency without matplotlib, and AutogradValueError where no epoch was completed.

    >>> from nn.history import Epoch, History
    >>> training_curve(History([Epoch(2.0, 0.5), Epoch(0.5, 1.0)])).figure.axes[1].get_ylabel()
    'accuracy in %'
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("the training curve needs matplotlib: pip install 'deltagrad[plot]'") from None
    if not history.epochs:
        raise AutogradValueError("there is no epoch to plot: no pass over the samples was completed")
    panels = [("mean error of a sample", history.loss, history.validation_loss, 1)]
    if history.accuracy:
        panels.append(("accuracy in %", history.accuracy, history.validation_accuracy, 100))
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(7, 2.6 * len(panels) + 0.4), layout="constrained")
        for i, (label, training, validation, factor) in enumerate(panels):
            axes = figure.add_subplot(len(panels), 1, i + 1)
            _panel(axes, label, training, validation, factor)
            if history.best_epoch is not None:
                axes.axvline(history.best_epoch, color=_INK, linewidth=0.8, linestyle=":", label="best epoch")
            if i == 0:
                axes.legend(frameon=False)
        axes.set_xlabel("epoch")
    return Plot(figure, len(history.epochs))


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
