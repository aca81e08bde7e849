"""Training: forward, backward, step, for every batch of every epoch.

X   samples, a list of lists of numbers        Y   targets, one for each sample
ŷ   what the network gives for one of X        Err the loss of ŷ and y, summed over a batch

A step is all or nothing (see optimizers.py), so whenever training ends, by Ctrl-C or by an
error, the network has the parameters of a completed step.

Where it pays, an epoch runs in machine code (see compiled.py) and not node by node: the same
steps in the same order, whose numbers differ by rounding.
"""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, no_grad, recording

from ..network.choosing import refuse_habits
from ..network.classes import ClassRule, decides, numbers_of, outputs_of, rule_of
from ..network.fitting import misfits
from ..network.losses import Loss, loss_of
from .epochs import Best, Training
from .history import History
from .optimizers import Adam, LearningRate, Optimizer, above_zero, optimizer_of
from .progress import Bar
from .samples import Net, Sample, pair_of, samples_of, weights_of

if TYPE_CHECKING:
    from .checkpoints import Checkpoint

Callback: TypeAlias = Callable[[int, Any, History], Any]


def fit(
    net: Net,
    X: Iterable[Any],
    Y: Iterable[Any],
    *,
    loss: str | Loss = "squared_error",
    optimizer: str | type[Optimizer] | Optimizer | None = None,
    learning_rate: LearningRate | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    reduction: str = "sum",
    validation: tuple[Iterable[Any], Iterable[Any]] | None = None,
    patience: int | None = None,
    clip_norm: float | None = None,
    callbacks: Sequence[Callback] = (),
    seed: int | None = None,
    progress: bool | None = None,
    backend: str = "auto",
    class_weight: Any = None,
    sample_weight: Any = None,
    checkpoint: str | PathLike[str] | None = None,
    checkpoint_every: int = 10,
    **others: Any,
) -> History:
    """Train a network (or a layer, or a neuron) on samples, and tell what happened.

    X, Y           n samples of nin finite numbers, and n targets that the loss understands: numbers,
                   lists of numbers, for cross_entropy the indices of classes; as lists, arrays, or frames of
                   pandas, polars and the like
    loss           a name of LOSSES, or a function of outputs and target that gives a Value
    optimizer      an Optimizer, or a name of OPTIMIZERS, or the class; None: Adam, whose steps do not grow
                   with the number of samples summed.  SGD(net.parameters(), η) is the lecture's
    learning_rate  η, for an optimiser by name; None: its default
    epochs         how often every sample is seen
    batch_size     samples to a step; None: all of them, in their order.  Else they are shuffled
                   in every epoch by a generator made from `seed`
    reduction      "sum", as in the lecture: Err of a batch is the sum over its samples; or "mean"
    validation     (X, Y) that are measured after every epoch and never trained on
    patience       stop once the validation error (without validation: the training samples', measured
                   after the epoch) has not fallen for so many epochs; whatever then ends the
                   training, the network gets the parameters of its best epoch
    clip_norm      shorten each step's gradient to at most this length, see clip_grad_norm
    callbacks      functions f(epoch, net, history), called after every epoch (counted from 1);
                   a true answer ends the training
    progress       a progress bar; None: on a terminal and in a notebook only
    backend        "eager": node by node; "native": machine code, which needs llvmlite and NumPy;
                   "auto": machine code where that is installed, pays and can be had, else eager.
                   A loss or activation of your own is recorded then, not called for each sample
    class_weight   how much a class counts, and
    sample_weight  how much a sample does, see weights_of in samples.py
    checkpoint     a file that keeps the training, written every `checkpoint_every` epochs, after the best one
                   so far and at the end.  Where it is there already the training goes on from it, bit for bit
                   as if it had never stopped, up to `epochs` in all

    What loss and targets say of classes stays with the network, for predict and accuracy.  Ctrl-C ends
    the training as well: the History that comes back says `interrupted`, and the network has the parameters
    of its last completed step.

    Loss, last layer and targets that may not fit are a warning, and so is an error that has grown.

    Raises AutogradValueError or AutogradTypeError, before anything changes, for samples and
    targets that do not fit each other, the network or the loss, naming the row; and during training where
    the error grows out of bounds, the last finite parameters staying in place.  With "native",
    raises MissingDependency without the packages, and LoweringError for what it cannot train.

    >>> from nn import MLP, predict
    >>> net = MLP(2, [4, 1], seed=0)
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    >>> history = fit(net, X, Y, epochs=300)
    >>> history.loss[-1] < 0.1, predict(net, X)
    (True, [0, 1, 1, 0])
    """
    refuse_habits("fit", others, fit)
    err = loss_of(loss)
    samples = samples_of(net, err, X, Y)
    checks = None if validation is None else samples_of(net, err, *pair_of(validation), name="validation ")
    if patience is not None:
        _whole("patience", patience)
        checks = checks or samples
    if clip_norm is not None:
        above_zero("clip_norm", clip_norm)
    if reduction not in ("sum", "mean"):
        raise AutogradValueError(f'reduction is "sum" or "mean", and was given as {reduction!r}')
    size = len(samples) if batch_size is None else min(_whole("batch_size", batch_size), len(samples))
    _whole("epochs", epochs, least=0)
    if not recording.is_recording():
        raise AutogradValueError(
            "fit: nothing is recorded inside no_grad(), so nothing can be learned; call it outside"
        )
    _require_callbacks(callbacks)
    _require_fit(net, err, samples)
    rule = _rule(net, err, samples)
    counts = decides(err, [y for _, y in samples], rule.outputs)
    weights = weights_of(sample_weight, class_weight, samples, rule if counts else None)
    training = Training(
        net, err, _optimizer(net, optimizer, learning_rate), samples, checks, weights, size, reduction == "mean",
        clip_norm, rule if counts else None, random.Random(seed),
    )  # fmt: skip
    history, best = History(), Best(net)
    began = time.perf_counter()
    try:
        training.compile(backend, epochs)
        kept = None
        if checkpoint is not None:
            from .checkpoints import Checkpoint

            kept = Checkpoint(checkpoint, checkpoint_every, training, best)
            kept.resume(history)
            if len(history.epochs) > epochs:
                warnings.warn(
                    f"fit: {fspath(checkpoint)} holds {len(history.epochs)} epochs, and {epochs} in all were asked for:"
                    " nothing is trained, and the network is the file's",
                    stacklevel=2,
                )
            began -= history.seconds
        net.class_rule = rule
        _run(training, history, best, kept, epochs, patience, callbacks, progress, began)
        best.restore()
    except KeyboardInterrupt:
        history.stopped = "interrupt"
        net.zero_grad()  # the sum over half a batch is nobody's gradient
        best.restore()
    history.best_epoch = best.epoch or None
    history.seconds = time.perf_counter() - began
    if history.diverged:
        warnings.warn(history.diverged, stacklevel=2)
    return history


def _run(
    training: Training,
    history: History,
    best: Best,
    kept: Checkpoint | None,
    epochs: int,
    patience: int | None,
    callbacks: Sequence[Callback],
    progress: bool | None,
    began: float,
) -> None:
    """The epochs that are left, until the last one or whatever ends them early."""
    done = len(history.epochs)
    with Bar(epochs, progress, done) as bar:
        while len(history.epochs) < epochs and not history.stopped:
            if patience is not None and done and done - best.epoch >= patience:  # the file's training had ended so
                history.stopped = "patience"
                break
            epoch = training.epoch()
            history.epochs.append(epoch)
            done = len(history.epochs)
            history.seconds = time.perf_counter() - began
            bar.update(epoch)
            better = (
                patience is not None and epoch.validation_loss is not None and best.see(done, epoch.validation_loss)
            )
            asked = [callback(done, training.net, history) for callback in callbacks]
            if any(asked):
                history.stopped = "callback"
            elif patience is not None and done - best.epoch >= patience:
                history.stopped = "patience"
            if kept is not None:
                kept.see(history, better)
    if kept is not None:
        kept.see(history, False, last=True)


def _rule(net: Net, err: Loss, samples: list[Sample]) -> ClassRule:
    """How this training says a class; what was seen earlier counts, where these targets are all of one kind."""
    Y = [y for _, y in samples]
    with no_grad():
        outputs = len(numbers_of(net(samples[0][0])))
    if net.class_rule is not None and net.class_rule.outputs == outputs == 1 and all(y == Y[0] for y in Y):
        return net.class_rule
    return rule_of(net, err, Y, outputs=outputs)


def _require_callbacks(callbacks: object) -> None:
    if not isinstance(callbacks, (list, tuple)):
        raise AutogradTypeError(f"callbacks is a list of functions, and was given as {recording.given(callbacks)}")
    for callback in callbacks:
        if isinstance(callback, type) or not callable(callback):  # a class would be made, and be true, and end it all
            raise AutogradTypeError(
                f"a callback is a function f(epoch, net, history), and one was given as {recording.given(callback)}"
            )


# --- what was given ---------------------------------------------------------------------------


def _require_fit(net: Net, err: Loss, samples: list[Sample]) -> None:
    """An error where loss, last layer and targets can never be meant together, a warning where they may be."""
    outputs, sigma = outputs_of(net)
    for misfit in misfits(sigma, err, [y for _, y in samples], outputs):
        said = f"fit: {misfit.sentence}; give {misfit.remedy}"
        if misfit.severity == "error":
            raise AutogradValueError(said)
        warnings.warn(said, stacklevel=3)


def _optimizer(net: Net, optimizer: Any, learning_rate: LearningRate | None) -> Optimizer:
    parameters = net.parameters()
    chosen = optimizer_of(Adam if optimizer is None else optimizer, parameters, learning_rate)
    if not {id(p) for p in parameters} & {id(p) for p in chosen.parameters}:
        raise AutogradValueError(f"{chosen!r} has no parameter of this network: make it from net.parameters()")
    return chosen


def _whole(what: str, n: Any, least: int = 1) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < least:
        raise AutogradValueError(f"{what} must be a whole number from {least}, and was given as {n!r}")
    return n
