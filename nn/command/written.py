"""What the main job leaves in its folder: the model and the curve first, the pictures later."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd import AutogradError, AutogradValueError, Value, draw
from autograd.console import say, told

from ..network.losses import LOSSES
from ..training.history import History
from ..training.progress import telling
from .task import Task


class Written:
    """The files of a folder, written one by one; what cannot be written is a line, not an end.

    Raises AutogradValueError or OSError where nothing could be written there, before any work is done.
    """

    def __init__(self, folder: Path, task: Task, format: str = "svg") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.task, self.format = folder, task, format
        self.plane = bool(task.data.classes) and len(task.data.features) == 2
        pictures = ["curve", "network", "neuron", *(["boundary"] if self.plane else [])]
        self.planned = ["network.json", *(f"{name}.{format}" for name in pictures)]
        self.done: list[str] = []
        self.failed: list[str] = []
        self.lines: list[str] = []
        model = folder / "network.json"
        if (model.exists() and not model.is_file()) or not os.access(folder, os.W_OK):
            raise AutogradValueError(f"{model} cannot be written: choose another --output")

    def write(self, file: str, write: Callable[[Path], object], what: str) -> None:
        """One file; on a terminal it is said what takes its time."""
        try:
            with telling(f"writing {file} …"):
                write(self.folder / file)
        except (AutogradError, OSError) as error:
            self.failed.append(file)
            self.lines.append(f"  no {file}: {told(error)}")
        else:
            self.done.append(file)
            self.lines.append(f"  {file:12}  {what}")

    def model(self) -> None:
        """The network, and what it needs to be used."""
        self.write("network.json", self.task.model.save, "network, columns and scales; nn.Model.load reads it")

    def learned(self, history: History) -> None:
        """The model, and the curve of its training."""
        self.model()
        self.write(f"curve.{self.format}", history.plot, "the error over the epochs")

    def pictures(self) -> None:
        """The network at its hardest row, its first neuron and, of two features, the plane."""
        task, row = self.task, self.task.hardest()
        number = task.data.numbers[row]
        neuron = f"neuron 1 of layer 1 for row {number}: its operations, and ∂o/∂… by each of them (o, not Err)"
        network = f"u, o, δ, θ for the held-out row {number}, the one with the largest error"
        outcome = task.outcome(row)
        what = f"{network}{f' ({outcome})' if outcome else ''}"
        self.write(f"network.{self.format}", lambda path: _network_picture(task, row).save(path), what)
        self.write(f"neuron.{self.format}", lambda path: _neuron_picture(task, row).save(path), neuron)
        if self.plane:
            boundary = "which class the network gives where, and the held-out rows"
            self.write(f"boundary.{self.format}", lambda path: _boundary(task).save(path), boundary)

    def say(self) -> None:
        """Print what has happened since it was asked last."""
        for line in self.lines:
            say(line)
        self.lines = []
        sys.stdout and sys.stdout.flush()

    def told(self) -> str:
        """What is there and what is not, for somebody who interrupted the rest."""
        missing = [file for file in self.planned if file not in self.done]
        if not self.done:
            return "nothing was written"
        there = f"{_listed(self.done)} {'is' if len(self.done) == 1 else 'are'} in {self.folder}{os.sep}"
        return f"{there}, and no {_listed(missing, 'or')}" if missing else there


def _listed(files: list[str], last: str = "and") -> str:
    """Words in a row.

    >>> _listed(["a", "b", "c"]), _listed(["a"])
    ('a, b and c', 'a')
    """
    return f" {last} ".join(filter(None, [", ".join(files[:-1]), files[-1]]))


def _inputs(task: Task, row: int) -> list[Value]:
    """A row's features, by the names of their columns."""
    return [Value(x, name) for x, name in zip(task.X[row], task.data.features)]


def _network_picture(task: Task, row: int) -> Any:
    net = task.model.network
    net.zero_grad()
    run = net.forward(_inputs(task, row))
    run.classes, run.outcome = task.data.classes, task.outcome(row)
    err = LOSSES[task.model.loss](run.outputs if len(run.outputs) > 1 else run.outputs[0], task.Y[row])
    err.backward()
    return run.draw(err)


def _neuron_picture(task: Task, row: int) -> Any:
    """The first hidden neuron by itself: how far its o would move with each θ and each input."""
    net = task.model.network
    net.zero_grad()
    net.forward(_inputs(task, row))
    o = net.layers[0].neurons[0].o
    assert o is not None
    o.backward()
    picture = draw(o)
    net.zero_grad()
    return picture


def _boundary(task: Task) -> Any:
    from ..plots import decision_boundary

    X, Y = [task.data.X[i] for i in task.held_out], [int(task.data.Y[i]) for i in task.held_out]
    return decision_boundary(
        task.model.network, X, Y, names=task.data.features, classes=task.data.classes, scale=task.model.scales.inputs
    )
