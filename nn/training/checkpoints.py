"""A training as a file, from which it goes on as if it had never stopped.

    {"format": "deltagrad checkpoint", "version": 1,
     "training": what must be the same for the same bits: the network's shape, the samples, the optimiser, …
     "state": after how many epochs, parameters, the optimiser's memory, the shuffling, history, the best epoch}

It is JSON, so reading one runs no code, and its decimals give the same doubles back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from autograd import AutogradValueError
from autograd.tools.files import write

from ..network.activations import ACTIVATIONS, known_as, name_of
from ..network.losses import LOSSES
from ..network.storage import double, parsed
from .epochs import Best, Training
from .history import Epoch, History
from .optimizers import settings_of

FORMAT, VERSION = "deltagrad checkpoint", 1


class Checkpoint:
    """Where a training is kept while it runs.

    path   the file; it is there or not before the training starts, and its folder must be
    every  it is written after so many epochs, after the best one so far, and at the end

    Raises AutogradValueError where every is no whole number from 1.
    """

    def __init__(self, path: str | PathLike[str], every: int, training: Training, best: Best) -> None:
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise AutogradValueError(f"checkpoint_every must be a whole number from 1, and was given as {every!r}")
        self.path, self.every, self.training, self.best = path, every, training, best
        self.same = _identity(training)
        self.written = 0

    def resume(self, history: History) -> None:
        """Put the training where the file has it; nothing happens where there is none.

        Raises AutogradValueError, and changes nothing, for a file that is no checkpoint, or one of another
        training, saying in what they differ; OSError where it cannot be read.
        """
        try:
            content = parsed(Path(self.path).read_bytes(), FORMAT, (VERSION,), "checkpoint")
        except FileNotFoundError:
            return
        except AutogradValueError as error:
            raise AutogradValueError(f"{fspath(self.path)}: {error}") from None
        self._require_same(content.get("training"))
        try:
            self._restore(_State.of(content["state"], self.training), history)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise AutogradValueError(f"{fspath(self.path)}: its state is incomplete or damaged: {error}") from None

    def _require_same(self, found: Any) -> None:
        for key, mine in self.same.items():
            theirs = found.get(key) if isinstance(found, dict) else None
            if theirs != json.loads(json.dumps(mine)):
                tell = _shape if key == "network" else repr
                differ = f"{key} was {tell(theirs)}, and is {tell(mine)} now"
                if key == "samples":
                    differ = "the samples, their targets or weights are others now"
                raise AutogradValueError(
                    f"{fspath(self.path)} is the checkpoint of another training: {differ};"
                    " make it the same again, or give another file"
                )

    def _restore(self, state: _State, history: History) -> None:
        training = self.training
        for p, data in zip(training.net.parameters(), state.parameters):
            p.data = data
        training.optimizer.steps, training.optimizer.memory = state.steps, state.memory
        training.generator.setstate(state.generator)
        self.best.kept = state.best
        history.epochs, history.seconds = state.epochs, state.seconds
        self.written = len(state.epochs)

    def see(self, history: History, better: bool, last: bool = False) -> None:
        """Write the file where it is time: every so many epochs, at a better one, at the last."""
        n = len(history.epochs)
        if (last and n > self.written) or (not last and (better or n % self.every == 0)):
            training, (loss, epoch, parameters) = self.training, self.best.kept
            state = {
                "parameters": [p.data for p in training.net.parameters()],
                "optimizer": {"steps": training.optimizer.steps, "memory": training.optimizer.memory},
                "best": {"epoch": epoch, "loss": loss if epoch else None, "parameters": parameters},
                "generator": training.generator.getstate(),
                "history": history.epochs,
                "seconds": history.seconds,
            }
            content = {"format": FORMAT, "version": VERSION, "training": self.same, "state": state}
            write(self.path, json.dumps(content, ensure_ascii=False) + "\n")
            self.written = n


class _State:
    """What a checkpoint's state says, every entry looked at before anything changes."""

    def __init__(self) -> None:
        self.parameters: list[float] = []
        self.memory: dict[str, list[float]] = {}
        self.steps = 0
        self.best: tuple[float, int, list[float]] = math.inf, 0, []
        self.generator: tuple[Any, ...] = ()
        self.epochs: list[Epoch] = []
        self.seconds = 0.0

    @classmethod
    def of(cls, entries: Any, training: Training) -> _State:
        state, n = cls(), len(training.net.parameters())
        state.parameters = _doubles("parameters", entries["parameters"], n)
        optimizer, trained = entries["optimizer"], len(training.optimizer.parameters)
        state.steps = _count("steps", optimizer["steps"])
        state.memory = {str(name): _doubles(name, vector, trained) for name, vector in optimizer["memory"].items()}
        best = entries["best"]
        if _count("best epoch", best["epoch"]):
            loss = double("best loss", best["loss"])
            state.best = loss, best["epoch"], _doubles("best parameters", best["parameters"], n)
        version, numbers, gauss = entries["generator"]
        state.generator = version, tuple(numbers), gauss
        type(training.generator)().setstate(state.generator)  # raises for what is none
        for loss, *measured in entries["history"]:
            rest = [None if x is None else double("history", x) for x in measured]
            state.epochs.append(Epoch(double("history", loss), *rest))
        state.seconds = double("seconds", entries["seconds"])
        return state


def _doubles(what: str, numbers: Any, n: int) -> list[float]:
    if not isinstance(numbers, list) or len(numbers) != n:
        raise AutogradValueError(f"{what} should be {n} numbers")
    return [double(what, x) for x in numbers]


def _count(what: str, n: Any) -> int:
    if type(n) is not int or n < 0:
        raise AutogradValueError(f"{what} should be a whole number, and is {n!r}")
    return n


# --- the same training ----------------------------------------------------------------------------


def _identity(training: Training) -> dict[str, Any]:
    """What must not change for a training to go on with the same bits, in words that can be compared."""
    net, optimizer = training.net, training.optimizer
    layers = net.layers if hasattr(net, "layers") else [net]
    neurons = [getattr(layer, "neurons", [layer]) for layer in layers]
    return {
        "network": [[len(row[0].theta), len(row), _sigma(row), row[0].bias is not None] for row in neurons],
        "loss": _called(training.err, LOSSES),
        "optimizer": type(optimizer).__name__,
        "settings": {name: _told(value) for name, value in settings_of(optimizer).items()},
        "batch_size": training.size,
        "reduction": "mean" if training.mean else "sum",
        "clip_norm": training.clip_norm,
        "samples": _fingerprint(training),
        "backend": "native" if training.compiled is not None else "eager",
    }


def _sigma(neurons: Any) -> str:
    return " and ".join(dict.fromkeys(_called(neuron.sigma, ACTIVATIONS) for neuron in neurons))


def _called(function: Any, known: Mapping[str, Any]) -> str:
    """Its name; a function of your own that is called like one of ours is another."""
    name = known_as(function) or name_of(function)
    return f"{name} (your own)" if name in known and known[name] is not function and not known_as(function) else name


def _shape(layers: Any) -> str:
    """A network in words, as far as the file has one."""
    try:
        widths = [layers[0][0], *(width for _, width, *_ in layers)]
        sigmas = [sigma if bias else f"{sigma} without bias" for *_, sigma, bias in layers]
        return f"{'-'.join(map(str, widths))} ({', '.join(sigmas)})"
    except (TypeError, ValueError, LookupError):
        return repr(layers)


def _told(value: Any) -> Any:
    """A setting as JSON has it; a schedule by its name."""
    if isinstance(value, (tuple, list)):
        return [_told(each) for each in value]
    return value if isinstance(value, (int, float, str, type(None))) else getattr(value, "__qualname__", repr(value))


def _fingerprint(training: Training) -> str:
    """Changes with any bit of the samples, the weights and what is measured."""
    from hashlib import sha256

    digest = sha256()
    for part in (training.samples, training.checks or [], training.weights):
        for each in part:
            digest.update(repr(each).encode())
        digest.update(b"|")
    return digest.hexdigest()[:32]
