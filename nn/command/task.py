"""A table and the model that is to learn it, made ready, trained, and judged on rows it has never seen."""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple

from autograd import AutogradValueError, no_grad

from ..models.model import Model
from ..network.choosing import cut
from ..network.losses import LOSSES, Loss
from ..training.datasets import IRIS, Dataset, read_csv, split
from ..training.history import History
from ..training.loop import fit
from ..training.optimizers import OPTIMIZERS
from ..training.predicting import predict
from .options import DECAY, RATES

MOST = 5_000_000  # parameters: each is an object of its own


class Task(NamedTuple):
    """A table made ready: standardised samples, and targets as the loss wants them."""

    data: Dataset
    model: Model
    train: list[int]
    held_out: list[int]
    X: list[list[float]]
    Y: list[Any]

    def rows(self, numbers: list[int]) -> tuple[list[list[float]], list[Any]]:
        """The samples and targets of these rows."""
        return [self.X[i] for i in numbers], [self.Y[i] for i in numbers]

    def hardest(self) -> int:
        """The held-out row with the largest error: its δ are the ones worth looking at."""
        loss: Loss = LOSSES[self.model.loss]
        with no_grad():
            return max(self.held_out, key=lambda i: loss(self.model.network(self.X[i]), self.Y[i]).data)

    def outcome(self, row: int) -> str:
        """The class that a row has, and the one that it is taken for; nothing of a number."""
        if not self.data.classes:
            return ""
        names = [cut(name, 24)[1:-1] for name in self.data.classes]
        found, true = predict(self.model.network, [self.X[row]])[0], int(self.data.Y[row])
        return names[true] if found == true else f"{names[true]}, taken for {names[found]}"


def prepare(options: argparse.Namespace) -> Task:
    """Read, split and standardise.  Raises AutogradValueError or OSError for what cannot be used."""
    data = read_csv(
        options.data or IRIS, options.target, options.task, drop=options.drop, missing=options.missing,
        decimal=options.decimal, one_hot=options.one_hot,
    )  # fmt: skip
    widths = [len(data.features), *options.layers, len(data.classes) or 1]
    if (count := sum((a + 1) * b for a, b in pairwise(widths))) > MOST:
        raise AutogradValueError(
            f"this network would have {count:,} parameters, and each is an object of its own: give fewer --layers, or"
            f" --drop columns (up to {MOST:,})"
        )
    train, held_out = split(data, options.hold_out, random.Random(options.seed))
    model = Model.fresh(
        data.columns, [data.X[i] for i in train], [data.Y[i] for i in train], data.classes, options.layers,
        options.activation, options.loss, seed=options.seed, target=data.target,
    )  # fmt: skip
    X = model.scaled(data.X, data.places.__getitem__)
    Y = [model.code(int(y)) for y in data.Y] if data.classes else model.targets(data.Y)
    for i, y in enumerate(Y if not data.classes else []):
        if not math.isfinite(y):
            raise AutogradValueError(f"{data.places[i]}: {data.Y[i]:g} cannot be scaled as the others")
    return Task(data, model, train, held_out, X, Y)


def train(task: Task, options: argparse.Namespace) -> History:
    """Fit the rows that are not held out; those are measured after every epoch, for the curve only."""
    rate = RATES[options.optimizer] if options.learning_rate is None else options.learning_rate
    decay = DECAY[options.optimizer] if options.weight_decay is None else options.weight_decay
    net = task.model.network
    return fit(
        net, *task.rows(task.train), loss=task.model.loss, epochs=options.epochs, batch_size=options.batch_size,
        optimizer=OPTIMIZERS[options.optimizer](net.parameters(), rate, weight_decay=decay),
        validation=task.rows(task.held_out), seed=options.seed,
    )  # fmt: skip


def judged(task: Task) -> str:
    """How well the network does on the rows that it has never seen."""
    net, data, n = task.model.network, task.data, len(task.held_out)
    X, Y = task.rows(task.held_out)
    if data.classes:
        pairs = [(int(data.Y[i]), c) for i, c in zip(task.held_out, predict(net, X))]
        wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
        right = n - sum(wrong.values())
        lines = [f"held-out accuracy {100 * right / n:.1f} % ({right} of {n})"]
        for (c, taken), count in wrong.most_common(5):
            lines.append(f"  {cut(data.classes[c])[1:-1]} taken for {cut(data.classes[taken])[1:-1]}: {count}")
        return "\n".join(lines)
    target = task.model.scales.target
    assert target is not None
    with no_grad():
        residuals = [(net(x).data - y) * target.deviation[0] for x, y in zip(X, Y)]
    mean = sum(data.Y[i] for i in task.held_out) / n
    spread = math.hypot(*[data.Y[i] - mean for i in task.held_out])
    error = math.hypot(*residuals)
    share = f"; R² {1 - (error / spread) ** 2:.3f}" if spread else ""
    return f"held-out root mean squared error {error / math.sqrt(n):.4g}, in units of {cut(data.target)[1:-1]}{share}"
