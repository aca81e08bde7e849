"""Training: forward, backward, step, for every batch of every epoch.

X   samples, a list of lists of numbers        Y   targets, one for each sample
ŷ   what the network gives for one of X        Err the loss of ŷ and y, summed over a batch

A step is all or nothing (see optimizers.py), so whenever training ends, by Ctrl-C or by an
error, the network has the parameters of a completed step.

Where it pays, an epoch runs in machine code (see compiled.py) and not node by node: the same
steps in the same order, whose numbers differ by rounding.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, LoweringError, MissingDependency, no_grad, recording

from ..network.losses import Loss, loss_of
from .history import Epoch, History
from .optimizers import Adam, Optimizer, above_zero, clip_grad_norm, optimizer_of
from .progress import Bar
from .samples import Net, Sample, decides, is_right, predicted, samples_of, target

if TYPE_CHECKING:
    from .compiled import Compiled

Callback: TypeAlias = Callable[[int, Any, History], Any]


def fit(
    net: Net,
    X: Iterable[Any],
    Y: Iterable[Any],
    *,
    loss: str | Loss = "squared_error",
    optimizer: str | Optimizer | None = None,
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
) -> History:
    """Train a network (or a layer, or a neuron) on samples, and tell what happened.

    X, Y        n samples of nin finite numbers, and n targets that the loss understands: numbers,
                lists of numbers, for cross_entropy the indices of classes; arrays will do too
    loss        a name of LOSSES, or a function of outputs and target that gives a Value
    optimizer   an Optimizer, or a name of OPTIMIZERS; None: Adam, whose steps do not grow with the
                number of samples summed.  SGD(net.parameters(), η) is the lecture's
    epochs      how often every sample is seen
    batch_size  samples to a step; None: all of them, in their order.  Else they are shuffled
                in every epoch by a generator made from `seed`
    reduction   "sum", as in the lecture: Err of a batch is the sum over its samples; or "mean"
    validation  (X, Y) that are measured after every epoch and never trained on
    patience    stop once the validation error (without validation: the training samples', measured
                after the epoch) has not fallen for so many epochs; whatever then ends the
                training, the network gets the parameters of its best epoch
    clip_norm   shorten each step's gradient to at most this length, see clip_grad_norm
    callbacks   functions f(epoch, net, history), called after every epoch (counted from 1);
                a true answer ends the training
    progress    a progress bar; None: on a terminal and in a notebook only
    backend     "eager": node by node; "native": machine code, which needs llvmlite and NumPy;
                "auto": machine code where that is installed, pays and can be had, else eager.
                A loss or activation of your own is recorded then, not called for each sample

    Ctrl-C ends it as well: the History that comes back says `interrupted`, and the network has
    the parameters of its last completed step.

    Raises AutogradValueError or AutogradTypeError, before anything changes, for samples and
    targets that do not fit each other or the network, naming the row; and during training where
    the error grows out of bounds, the last finite parameters staying in place.  With "native",
    raises MissingDependency without the packages, and LoweringError for what it cannot train.

    >>> from nn import MLP
    >>> net = MLP(2, [4, 1], seed=0)
    >>> X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    >>> history = fit(net, X, Y, epochs=300)
    >>> history.loss[-1] < 0.1, predict(net, X)
    (True, [0, 1, 1, 0])
    """
    err = loss_of(loss)
    samples = samples_of(net, err, X, Y)
    checks = None if validation is None else samples_of(net, err, *_pair(validation), name="validation ")
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
    chosen = _optimizer(net, optimizer)
    history, best = History(), _Best(net)
    began = time.perf_counter()
    try:
        mean, generator = reduction == "mean", random.Random(seed)
        task = _Task(net, err, chosen, samples, checks, size, mean, clip_norm, decides(err, samples), generator)
        task = task._replace(compiled=task.in_machine_code(backend, epochs))
        with Bar(epochs, progress) as bar:
            for count in range(1, epochs + 1):
                epoch = task.epoch()
                history.epochs.append(epoch)
                bar.update(epoch)
                if patience is not None and epoch.validation_loss is not None:
                    best.see(count, epoch.validation_loss)
                stops = [callback(count, net, history) for callback in callbacks]
                if any(stops):
                    history.stopped = "callback"
                    break
                if patience is not None and count - best.epoch >= patience:
                    history.stopped = "patience"
                    break
        best.restore()
    except KeyboardInterrupt:
        history.stopped = "interrupt"
        net.zero_grad()  # the sum over half a batch is nobody's gradient
        best.restore()
    history.best_epoch = best.epoch or None
    history.seconds = time.perf_counter() - began
    return history


def _require_callbacks(callbacks: object) -> None:
    if not isinstance(callbacks, (list, tuple)):
        raise AutogradTypeError(f"callbacks is a list of functions, and was given as {recording.given(callbacks)}")
    for callback in callbacks:
        if isinstance(callback, type) or not callable(callback):  # a class would be made, and be true, and end it all
            raise AutogradTypeError(
                f"a callback is a function f(epoch, net, history), and one was given as {recording.given(callback)}"
            )


class _Task(NamedTuple):
    """Everything that one epoch needs to know."""

    net: Net
    err: Loss
    optimizer: Optimizer
    samples: list[Sample]
    checks: list[Sample] | None
    size: int
    mean: bool
    clip_norm: float | None
    decides: bool
    generator: random.Random
    compiled: Compiled | None = None

    def in_machine_code(self, backend: str, epochs: int) -> Compiled | None:
        """The network as machine code, or None where it is trained node by node."""
        if backend not in ("auto", "eager", "native"):
            raise AutogradValueError(f'backend is "auto", "eager" or "native", and was given as {backend!r}')
        net, samples, checks = self.net, self.samples, self.checks
        seen, parameters = epochs * (len(samples) + len(checks or ())), len(net.parameters())
        # debug() wants to see the nodes, and within no_grad() nothing can be recorded.
        if backend == "eager" or (backend == "auto" and (recording.is_attended() or not _pays(seen, parameters))):
            return None
        from .compiled import Compiled

        try:
            budget = math.inf if backend == "native" else seen * _eager_seconds(parameters)
            return Compiled(net, self.err, self.optimizer, samples, checks, self.decides, budget)
        except (LoweringError, MissingDependency):
            if backend == "native":
                raise
            return None

    def epoch(self) -> Epoch:
        """See every sample once, in batches, then measure."""
        n, size = len(self.samples), self.size
        order = None if size == n else self.generator.sample(range(n), n)
        checked: tuple[float | None, float | None] = None, None
        if self.compiled is not None and self.compiled.current():
            total, right = self.compiled.epoch(order, size, self.mean, self.clip_norm)
            if self.checks is not None:
                checked = self.compiled.measured()
        else:
            total, right = self.batches(order or range(n))
            if self.checks is not None:
                checked = _measured(self.net, self.err, self.checks, self.decides)
        return Epoch(total / n, right / n if self.decides else None, *checked)

    def batches(self, order: Sequence[int]) -> tuple[float, int]:
        """A step for each batch of the samples in this order."""
        total, right = 0.0, 0
        for start in range(0, len(order), self.size):
            error, hits = self.batch([self.samples[i] for i in order[start : start + self.size]])
            total, right = total + error, right + hits
        return total, right

    def batch(self, samples: list[Sample]) -> tuple[float, int]:
        """One step, down the gradient of these samples' errors; the errors' sum, and how many were right.

        A sample at a time: the leaves add its gradient to the others', and its graph is freed.
        """
        net, err, decides = self.net, self.err, self.decides
        gradient = 1.0 / len(samples) if self.mean else 1.0
        total, right = 0.0, 0
        net.zero_grad()
        for x, y in samples:
            outputs = net(x)
            error = err(outputs, y)
            error.backward(gradient)
            total += error.data
            right += decides and is_right(outputs, y)
        if self.clip_norm is not None:
            clip_grad_norm(self.optimizer.parameters, self.clip_norm)
        self.optimizer.step()
        return total, right


class _Best:
    """The parameters of the epoch with the lowest validation error so far; epoch 0: none yet."""

    def __init__(self, net: Net) -> None:
        self.parameters = net.parameters()
        self.kept: tuple[float, int, list[float]] = math.inf, 0, []

    @property
    def epoch(self) -> int:
        return self.kept[1]

    def see(self, epoch: int, loss: float) -> None:
        if loss < self.kept[0]:
            self.kept = loss, epoch, [p.data for p in self.parameters]  # all three, or none

    def restore(self) -> None:
        for p, data in zip(self.parameters, self.kept[2]):
            p.data = data


def predict(net: Net, X: Iterable[Any], threshold: float = 0.0) -> list[int]:
    """The class of each sample: the index of the largest output; with one output, output > threshold.

    threshold  0 for logits and tanh, 0.5 for a sigmoid

    >>> from nn import MLP
    >>> predict(MLP(1, [2], "linear", initializer=lambda g, i, o: g.random(), bias=False, seed=0), [[1], [-1]])
    [0, 1]
    """
    with no_grad():
        return [predicted(net(row), threshold) for row in X]


def accuracy(net: Net, X: Iterable[Any], Y: Iterable[Any], threshold: float = 0.0) -> float:
    """The share of samples, from 0 to 1, whose class is predicted right.

    Y  indices of classes; or lists whose largest number marks the class; for a network with
       one output, numbers that are positive for class 1 (1 against 0 or −1)

    Raises AutogradValueError for no samples, or not as many targets.

    >>> from nn import MLP
    >>> accuracy(MLP(2, [1], initializer="zeros"), [[1.0, 2.0], [3.0, 4.0]], [0, 1])
    0.5
    """
    xs, ys = list(X), [target("Y", y) for y in Y]
    if len(xs) != len(ys) or not xs:
        raise AutogradValueError(f"accuracy: {len(xs)} samples, and {len(ys)} targets")
    with no_grad():
        return sum(is_right(net(x), y, threshold) for x, y in zip(xs, ys)) / len(xs)


def _measured(net: Net, err: Loss, samples: list[Sample], decides: bool) -> tuple[float, float | None]:
    total, right = 0.0, 0
    with no_grad():
        for x, y in samples:
            outputs = net(x)
            total += err(outputs, y).data
            right += decides and is_right(outputs, y)
    return total / len(samples), right / len(samples) if decides else None


# --- what was given ---------------------------------------------------------------------------


def _pair(validation: Any) -> tuple[Any, Any]:
    try:
        X, Y = validation
    except (TypeError, ValueError):
        raise AutogradTypeError("validation is a pair (X, Y)") from None
    return X, Y


def _optimizer(net: Net, optimizer: str | Optimizer | None) -> Optimizer:
    parameters = net.parameters()
    chosen = Adam(parameters) if optimizer is None else optimizer_of(optimizer, parameters)
    if not {id(p) for p in parameters} & {id(p) for p in chosen.parameters}:
        raise AutogradValueError(f"{chosen!r} has no parameter of this network: make it from net.parameters()")
    return chosen


def _pays(seen: int, parameters: int) -> bool:
    """Whether so many samples, epoch by epoch, take longer node by node than it takes to compile.

    Measured: the engine needs about 0.4 µs · (parameters + 60) a sample, compilation as long as
    600 samples at any size, and to load LLVM takes 0.12 s once, which is 0.4 µs · 300,000.
    """
    return seen > 600 + 0.12 / _eager_seconds(parameters)


def _eager_seconds(parameters: int) -> float:
    """About how long a sample takes node by node."""
    return 4e-7 * (parameters + 60)


def _whole(what: str, n: Any, least: int = 1) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < least:
        raise AutogradValueError(f"{what} must be a whole number from {least}, and was given as {n!r}")
    return n
