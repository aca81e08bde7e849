"""What happened during training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..plots import Plot

GROWN = 10.0  # times the first epoch's error: what noise does not do


class Epoch(NamedTuple):
    """One pass over the samples: errors are means per sample, accuracies are shares from 0 to 1.

    loss, accuracy                         of the training samples, each measured as its turn
                                           came, so before the last steps of the epoch
    validation_loss, validation_accuracy   of the validation samples, after the epoch (with
                                           patience and no validation: the training samples)

    What was not measured is None.

    >>> Epoch(0.5).accuracy is None
    True
    """

    loss: float
    accuracy: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(repr=False)
class History:
    """The epochs of one training, and how it ended.

    epochs      one Epoch for each completed pass; `loss`, `accuracy`, `validation_loss` and
                `validation_accuracy` are its columns, empty if not measured
    seconds     how long it took
    stopped     why it ended before its last epoch: "patience", "callback", "interrupt", or ""
    best_epoch  with patience: the epoch, counted from 1, whose parameters the network has now

    >>> history = History([Epoch(2.0, 0.5), Epoch(0.25, 1.0)], seconds=0.5)
    >>> history.loss, history.interrupted
    ([2.0, 0.25], False)
    >>> print(history)
    2 epochs in 0.5 s
      training    error      2 → 0.25     accuracy  50.0 % → 100.0 %
    """

    epochs: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str = ""
    best_epoch: int | None = None

    @property
    def loss(self) -> list[float]:
        """The mean error of a training sample, epoch by epoch."""
        return [e.loss for e in self.epochs]

    @property
    def accuracy(self) -> list[float]:
        """The share of training samples classified right, epoch by epoch; empty for a regression."""
        return [e.accuracy for e in self.epochs if e.accuracy is not None]

    @property
    def validation_loss(self) -> list[float]:
        """The mean error of a validation sample after each epoch; empty without validation."""
        return [e.validation_loss for e in self.epochs if e.validation_loss is not None]

    @property
    def validation_accuracy(self) -> list[float]:
        """The share of validation samples classified right after each epoch."""
        return [e.validation_accuracy for e in self.epochs if e.validation_accuracy is not None]

    @property
    def diverged(self) -> str:
        """What to say where the error has grown instead of fallen; "" where it has not.

        >>> History([Epoch(3e9), Epoch(5e28)]).diverged[:43]
        'the error has grown from 3e+09 to 5e+28: th'
        """
        if len(self.epochs) < 2 or not self.loss[-1] > GROWN * self.loss[0] > 0 or self.best_epoch is not None:
            return ""
        return (
            f"the error has grown from {self.loss[0]:.3g} to {self.loss[-1]:.3g}: the steps are too long; lower the"
            " learning rate, scale inputs and targets, or clip the gradients (clip_norm)"
        )

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training."""
        return self.stopped == "interrupt"

    def plot(self, path: str | PathLike[str] | None = None) -> Plot:
        """The training curve, shown by a notebook, and written to path (.svg, .png or .pdf) if given.

        Raises MissingDependency without matplotlib, and AutogradValueError where no epoch was completed.

        >>> History([Epoch(2.0), Epoch(0.5)]).plot()
        Plot of 2 epochs
        """
        from ..plots import training_curve

        return training_curve(self, path)

    def __repr__(self) -> str:
        n = len(self.epochs)
        lines = [f"{n} epoch{'s' * (n != 1)} in {self.seconds:.1f} s" + _ENDS[self.stopped]]
        for name, loss, accuracy in (
            ("training", self.loss, self.accuracy),
            ("validation", self.validation_loss, self.validation_accuracy),
        ):
            if loss:
                line = f"  {name:<11} error {loss[0]:>6.4g} → {loss[-1]:<8.4g}"
                if accuracy:
                    line += f" accuracy {100 * accuracy[0]:>5.1f} % → {100 * accuracy[-1]:.1f} %"
                lines.append(line.rstrip())
        if self.best_epoch is not None:
            lines.append(f"  the network has the parameters of its best epoch, {self.best_epoch}")
        if self.diverged:
            lines.append(f"  {self.diverged}")
        return "\n".join(lines)


_ENDS = {
    "": "", "patience": ", stopped early", "callback": ", stopped by a callback", "interrupt": ", interrupted",
}  # fmt: skip
