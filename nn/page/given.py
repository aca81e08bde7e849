"""What a reader brings to the page: a network or a Model, samples, a loss; checked before anything is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from autograd import AutogradTypeError, AutogradValueError

from ..network.activations import ACTIVATIONS, known_as
from ..network.classes import rule_of
from ..network.losses import LOSS_RECORDS, Loss, loss_of, loss_record
from ..network.modules import MLP
from ..training.samples import samples_of
from .content import DEEPEST, LONGEST_ORDER, WIDEST, doubles


@runtime_checkable
class Prepared(Protocol):
    """A network with what it needs to be used, as nn.Model is one."""

    network: MLP
    loss: str

    def samples(self, X: Any, Y: Any) -> tuple[list[list[float]], list[Any]]:
        """Rows and targets in the table's words, as the network takes them."""

    def entries(self) -> dict[str, Any]:
        """Columns with their scales, and what is predicted, as a Model's file has them."""


@dataclass(frozen=True)
class Given:
    """A network, its samples and its loss, as the page is told of them.

    classes  how many; 0 where the targets are numbers, and no class is right or wrong
    table    what a Model knows beside its network, None of a plain one
    """

    net: MLP
    samples: list[tuple[list[float], list[float]]]
    labels: list[int]
    classes: int
    loss: str
    table: dict[str, Any] | None = None

    @property
    def inputs(self) -> int:
        return self.net.nin

    @property
    def outputs(self) -> int:
        return len(self.net.layers[-1].neurons)

    @property
    def settings(self) -> dict[str, Any]:
        *hidden, output = _names(self.net)
        return {
            "hidden": [len(layer.neurons) for layer in self.net.layers[:-1]],
            "sigma": hidden if len({*hidden}) > 1 else (hidden or [output])[0],
            "output": output, "loss": self.loss, "data": "given", "seed": 0, "noise": 0,
        }  # fmt: skip

    def told(self) -> dict[str, Any]:
        """The page's `told.given`."""
        return {
            "title": "your data",
            "table": self.table,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "classes": self.classes,
            "places": doubles([number for x, _ in self.samples for number in x]),
            "targets": doubles([number for _, y in self.samples for number in y]),
            "labels": self.labels,
            "code": self._code(),
            "biased": self.net.layers[0].neurons[0].bias is not None,
            "losses": [name for name in LOSS_RECORDS if name in self._losses()],
            "theta": doubles(_theta(self.net)),
            "shape": {
                "sizes": [self.inputs, *(len(layer.neurons) for layer in self.net.layers)],
                "sigmas": _names(self.net),
            },
        }

    def _code(self) -> dict[str, float]:
        """What the targets say of classes, where the loss leaves it to them and there is one output."""
        if self.outputs > 1 or not self.classes or LOSS_RECORDS[self.loss].targets != "numbers":
            return {}
        targets = [y for _, (y,) in self.samples]
        return {"low": min(targets), "threshold": rule_of(self.net, self.loss, targets).bounds[0]}

    def _losses(self) -> set[str]:
        """Those that understand these targets as they are."""
        kind = LOSS_RECORDS[self.loss].targets
        return {name for name, known in LOSS_RECORDS.items() if known.targets == kind}


def given(net: Any, X: Any, Y: Any, loss: str | Loss | None) -> Given | None:
    """What play was given, or None for nothing.

    Raises AutogradTypeError or AutogradValueError for what the page cannot hold, saying what would fit.

    >>> given(MLP(2, [1], seed=0), [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], None).loss
    'squared_error'
    """
    if net is None:
        if X is not None or Y is not None or loss is not None:
            raise AutogradTypeError("play(net, X, Y, loss=…) takes a network before its samples, or nothing at all")
        return None
    if not isinstance(net, (MLP, Prepared)):
        raise AutogradTypeError(f"play takes a network, an MLP, or a Model, and was given {net!r}")
    if X is None or Y is None:
        raise AutogradTypeError("play(net, X, Y) takes samples and targets too, as fit does")
    if isinstance(net, MLP):
        return _checked(net, X, Y, loss)
    if loss is not None:
        raise AutogradTypeError(f"play: a Model has its loss, {net.loss}, and none is given beside it")
    _require_size(net.network)
    return prepared(net, *net.samples(X, Y))


def prepared(model: Prepared, X: Any, Y: Any) -> Given:
    """A Model and samples as its network takes them.  Raises as `given` does."""
    return _checked(model.network, X, Y, model.loss, model.entries())


def _checked(net: MLP, X: Any, Y: Any, loss: str | Loss | None, table: dict[str, Any] | None = None) -> Given:
    _require_size(net)
    name, output = _name_of(loss), _names(net)[-1]
    if LOSS_RECORDS[name].outputs == "logits" and output != "linear":
        raise AutogradValueError(
            f'play: {name} takes logits, so the last layer is linear: MLP(…, output_activation="linear");'
            f" this network's is {output}"
        )
    samples = samples_of(net, loss_of(name), X, Y)
    if not 2 <= len(samples) <= LONGEST_ORDER:
        raise AutogradValueError(
            f"play shows 2 to {LONGEST_ORDER} samples, and was given {len(samples)}; give a part of them"
        )
    pairs = [(x, y if isinstance(y, list) else [float(y)]) for x, y in samples]
    outputs = len(net.layers[-1].neurons)
    labels, classes = _classes([y for _, y in pairs], outputs, name)
    return Given(net, pairs, labels, classes, name, table)


def _require_size(net: MLP) -> None:
    widths = [len(layer.neurons) for layer in net.layers]
    if not 2 <= net.nin <= WIDEST:
        raise AutogradValueError(
            f"play shows a plane of the first two inputs, and cards for up to {WIDEST}; this network has {net.nin}"
        )
    if len(widths) > DEEPEST + 1 or max(widths) > WIDEST:
        raise AutogradValueError(
            f"play shows up to {DEEPEST} hidden layers of up to {WIDEST} neurons, and this network is {net!r};"
            " net.forward(x).draw() has a picture of larger ones"
        )
    biases = {neuron.bias is not None for layer in net.layers for neuron in layer.neurons}
    if len(biases) > 1:
        raise AutogradValueError("play takes a network whose neurons all have a bias, or none")
    _names(net)


def _names(net: MLP) -> list[str]:
    """σ of each layer, by name."""
    found = []
    for sigma in net.sigmas():
        name = known_as(sigma)
        if not name:
            raise AutogradValueError(
                f"play knows the activations {', '.join(ACTIVATIONS)}, and this network has {sigma!r}"
            )
        found.append(name)
    return found


def _name_of(loss: str | Loss | None) -> str:
    known = loss_record("squared_error" if loss is None else loss)
    if known is None:
        raise AutogradValueError(f"play knows the losses {', '.join(LOSS_RECORDS)}, and was given {loss!r}")
    return known.name


def _classes(targets: list[list[float]], outputs: int, loss: str) -> tuple[list[int], int]:
    """The class of each target and how many there are; no classes where the targets are numbers of another kind."""
    if LOSS_RECORDS[loss].targets == "classes" and all(len(y) == 1 for y in targets):
        return [int(y[0]) for y in targets], outputs
    values = {v for y in targets for v in y}
    if outputs == 1 and (values == {-1.0, 1.0} or values == {0.0, 1.0}):
        return [int(y[0] > 0) for y in targets], 2
    if outputs > 1 and all(sorted(set(y)) in ([0.0, 1.0], [-1.0, 1.0]) and y.count(1.0) == 1 for y in targets):
        return [y.index(1.0) for y in targets], outputs
    return [], 0


def _theta(net: MLP) -> list[float]:
    """All θ, a bias after each neuron's weights; 0 where there is none."""
    return [
        p for layer in net.layers for neuron in layer.neurons
        for p in (*(t.data for t in neuron.theta), neuron.bias.data if neuron.bias is not None else 0.0)
    ]  # fmt: skip
