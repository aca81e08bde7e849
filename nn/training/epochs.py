"""An epoch: every sample once, a batch to a step, in machine code where that pays and node by node elsewhere."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autograd import AutogradValueError, LoweringError, MissingDependency, no_grad, recording

from ..network.classes import ClassRule, numbers_of
from ..network.losses import Loss
from .history import Epoch
from .optimizers import Optimizer, clip_grad_norm
from .samples import Net, Sample, shares

if TYPE_CHECKING:
    from .compiled import Compiled


@dataclass
class Training:
    """Everything that one epoch needs to know.

    samples, weights  to train on, and how much each counts; no weights: 1
    checks            to measure after the epoch, or None
    size              samples to a step
    mean              whether the gradient of a batch is the mean over its weights, and not the sum
    rule              what hits are counted by; None: they are not
    generator         shuffles
    """

    net: Net
    err: Loss
    optimizer: Optimizer
    samples: list[Sample]
    checks: list[Sample] | None = None
    weights: list[float] = field(default_factory=list)
    size: int = 1
    mean: bool = False
    clip_norm: float | None = None
    rule: ClassRule | None = None
    generator: random.Random = field(default_factory=random.Random)
    compiled: Compiled | None = None

    def compile(self, backend: str, epochs: int) -> None:
        """Take the network to machine code, unless it is to be trained node by node."""
        if backend not in ("auto", "eager", "native"):
            raise AutogradValueError(f'backend is "auto", "eager" or "native", and was given as {backend!r}')
        net, samples, checks = self.net, self.samples, self.checks
        seen, parameters = epochs * (len(samples) + len(checks or ())), len(net.parameters())
        # debug() wants to see the nodes, and within no_grad() nothing can be recorded.
        if backend == "eager" or (backend == "auto" and (recording.is_attended() or not _pays(seen, parameters))):
            return
        from .compiled import Compiled

        try:
            steps = epochs * -(-len(samples) // self.size)
            self.compiled = Compiled(net, self.err, self.optimizer, samples, checks, self.rule, self.weights, steps)
        except (LoweringError, MissingDependency):
            if backend == "native":
                raise

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
            total, right = self._batches(order or range(n))
            if self.checks is not None:
                checked = self._measured(self.checks)
        of = math.fsum(self.weights) if self.weights else n
        return Epoch(total / of, right / n if self.rule else None, *checked)

    def _batches(self, order: Sequence[int]) -> tuple[float, int]:
        """A step for each batch of the samples in this order."""
        total, right = 0.0, 0
        for start in range(0, len(order), self.size):
            error, hits = self._batch(order[start : start + self.size])
            total, right = total + error, right + hits
        return total, right

    def _batch(self, numbers: Sequence[int]) -> tuple[float, int]:
        """One step, down the gradient of these samples' errors; the errors' sum, and how many were right.

        A sample at a time: the leaves add its gradient to the others', and its graph is freed.
        """
        net, err, rule = self.net, self.err, self.rule
        weights = [self.weights[i] for i in numbers] if self.weights else [1.0] * len(numbers)
        share = shares(weights) if self.mean else 1.0
        total, right = 0.0, 0
        net.zero_grad()
        for i, weight in zip(numbers, weights):
            x, y = self.samples[i]
            outputs = net(x)
            error = err(outputs, y)
            if weight:
                error.backward(weight * share)
                total += weight * error.data
            right += rule is not None and rule.is_right(numbers_of(outputs), y)
        if self.clip_norm is not None:
            clip_grad_norm(self.optimizer.parameters, self.clip_norm)
        self.optimizer.step()
        return total, right

    def _measured(self, samples: list[Sample]) -> tuple[float, float | None]:
        total, right, n = 0.0, 0, len(samples)
        with no_grad():
            for x, y in samples:
                outputs = self.net(x)
                total += self.err(outputs, y).data
                right += self.rule is not None and self.rule.is_right(numbers_of(outputs), y)
        return total / n, right / n if self.rule else None


class Best:
    """The parameters of the epoch with the lowest validation error so far; epoch 0: none yet."""

    def __init__(self, net: Net) -> None:
        self.parameters = net.parameters()
        self.kept: tuple[float, int, list[float]] = math.inf, 0, []

    @property
    def epoch(self) -> int:
        """When it was."""
        return self.kept[1]

    def see(self, epoch: int, loss: float) -> bool:
        """Keep the parameters of an epoch that is better than all before it; whether it is."""
        better = loss < self.kept[0]
        if better:
            self.kept = loss, epoch, [p.data for p in self.parameters]  # all three, or none
        return better

    def restore(self) -> None:
        """Give the network the best epoch's parameters back."""
        for p, data in zip(self.parameters, self.kept[2]):
            p.data = data


def _pays(seen: int, parameters: int) -> bool:
    """Whether so many samples, epoch by epoch, take longer node by node than it takes to compile.

    Measured: the engine needs about 0.4 µs · (parameters + 60) a sample, compilation as long as
    600 samples at any size, and to load LLVM takes 0.12 s once, which is 0.4 µs · 300,000.
    """
    return seen > 600 + 0.12 / (4e-7 * (parameters + 60))
