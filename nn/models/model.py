"""A network with what it needs to be used: columns, their scales, and what its outputs stand for.

rows → columns picked and coded → scaled → network → class name, or number in the target's unit
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from inspect import signature
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

from autograd import AutogradError, AutogradTypeError, AutogradValueError, no_grad
from autograd.recording import given, number
from autograd.words.text import counted

from ..frames import column_names, rows_of, targets_of
from ..network.activations import Activation, record_of
from ..network.choosing import OF_A_MODEL, cut, refuse_habits
from ..network.classes import numbers_of, outputs_of, rule_of
from ..network.losses import LOSS_RECORDS, Loss, listed, loss_record
from ..network.modules import MLP
from ..training.datasets import Column, Scale
from ..training.history import History
from ..training.loop import fit
from ..training.samples import finite, pair_of
from . import files
from .coding import classes_of, coded, columns_of, place_of

if TYPE_CHECKING:
    from autograd.drawing.page.whole import Page


class Scales(NamedTuple):
    """How inputs are scaled, and the target; None: as it is."""

    inputs: Scale
    target: Scale | None = None


class Model:
    """A trained network that takes rows as they are in a table, and answers in the table's words.

    network  an MLP
    scales   Scales, or the Scale of its inputs; None: they go in as they are
    columns  names of the table's columns, or Columns; None: the columns have no names, and go in in their order
    classes  what the outputs stand for, by index; none: numbers
    target   the name of what is predicted
    loss     what it was trained with: whether outputs are logits; None: squared_error

    `history` is its training's, where `train` has made it.  Raises AutogradValueError where these do not
    fit each other.

    >>> X, Y = [[100.0, 3.0], [140.0, 4.0], [60.0, 2.0]], ["dear", "dear", "cheap"]
    >>> model = Model.train(X, Y, layers=[4], seed=0, epochs=50)
    >>> model.predict([[120.0, 4.0], [50.0, 2.0]])
    ['dear', 'cheap']
    """

    def __init__(
        self,
        network: MLP,
        scales: Scales | Scale | None = None,
        columns: Sequence[str | Column] | None = None,
        classes: Sequence[Any] = (),
        *,
        target: str = "y",
        loss: str | Loss | None = None,
    ) -> None:
        if not isinstance(network, MLP):
            raise AutogradTypeError(f"Model: network is an MLP, and was given as {given(network)}")
        names: Sequence[str | Column] = [""] * network.nin if columns is None else columns
        self.network, self.target, self.classes = network, target, list(classes)
        self.columns = [c if isinstance(c, Column) else Column(c) for c in names]
        inputs = sum(len(column.inputs) for column in self.columns)
        plain = Scales(Scale([0.0] * inputs, [1.0] * inputs))
        self.scales = plain if scales is None else Scales(scales) if isinstance(scales, Scale) else Scales(*scales)
        record = loss_record("squared_error" if loss is None else loss)
        self.loss = record.name if record else "squared_error"
        self.history: History | None = None
        if not inputs == network.nin == len(self.scales.inputs.mean):
            raise AutogradValueError(
                f"Model: {network!r} has {counted(network.nin, 'input')}, the columns make {inputs}, and"
                f" {len(self.scales.inputs.mean)} have a scale"
            )
        outputs = outputs_of(network)[0]
        if self.classes and len(self.classes) != (2 if outputs == 1 else outputs):
            raise AutogradValueError(
                f"Model: {counted(len(self.classes), 'class', 'classes')}, and {network!r} has"
                f" {counted(outputs, 'output')}"
            )

    # --- made ---------------------------------------------------------------------------------

    @classmethod
    def train(
        cls,
        X: Any,
        Y: Any,
        layers: Iterable[int] | int = (8,),
        *,
        task: str = "auto",
        activation: str | Activation = "tanh",
        loss: str | None = None,
        one_hot: bool = False,
        target: str | None = None,
        validation: tuple[Any, Any] | None = None,
        **fit_options: Any,
    ) -> Model:
        """A model of these rows and targets: prepared from them, and trained by `fit`.

        X, Y         rows and targets, as lists, arrays or frames; targets that are text, booleans or at most
                     ten different whole numbers, of which some come again, are classes, others numbers
        layers       neurons of each hidden layer; an int for one layer
        task         "classification", "regression" or "auto"
        activation   σ of the hidden layers
        loss         None: cross_entropy for classes, squared_error for numbers
        one_hot      whether columns of text become one input for each of their values
        target       what is predicted; None: the name of Y, where it has one
        validation   (X, Y) in the same units
        fit_options  epochs, optimizer, batch_size, seed, class_weight, checkpoint, … as for fit

        Raises AutogradValueError or AutogradTypeError for what cannot be learned from, naming it.
        """
        known = {*signature(cls.train).parameters, *signature(fit).parameters}
        known -= {"net", "X", "Y", "others", "fit_options"}
        refuse_habits("Model.train", {k: v for k, v in fit_options.items() if k not in known}, known)
        names, rows, ys = column_names(X), rows_of(X), targets_of(Y)
        if not rows or len(rows) != len(ys):
            raise AutogradValueError(f"Model.train: X has {counted(len(rows), 'row')}, and Y {len(ys)}")
        columns = columns_of(names, rows, one_hot)
        numbers = coded(columns, names, rows)
        called = target or getattr(Y, "name", None) or (column_names(Y) or ["y"])[0]
        classes = classes_of(ys, task)
        model = cls.fresh(
            columns, numbers, ys, classes, layers, activation, loss, seed=fit_options.get("seed"), target=str(called)
        )
        checks = None if validation is None else model.samples(*pair_of(validation))
        model.history = fit(
            model.network, model.scaled(numbers), model.targets(ys), loss=model.loss, validation=checks,
            **({"batch_size": min(16, len(rows))} | fit_options),
        )  # fmt: skip
        return model

    @classmethod
    def fresh(
        cls,
        columns: Sequence[Column],
        numbers: list[list[float]],
        Y: Sequence[Any],
        classes: Sequence[Any],
        layers: Iterable[int] | int = (8,),
        activation: str | Activation = "tanh",
        loss: str | None = None,
        *,
        seed: int | None = None,
        target: str = "y",
    ) -> Model:
        """A model that is not trained yet, its scales those of these numbers, its last layer what the loss takes.

        The lecture squares the error of σ's own outputs; where these cannot reach the targets, and for losses
        that start from logits, the last layer is linear.

        >>> Model.fresh([Column("a")], [[1.0], [3.0]], [0.5, 2.5], []).network
        MLP(1-8-1, tanh, 25 parameters)
        """
        name = loss or ("cross_entropy" if classes else "squared_error")
        takes = loss_record(name)
        by_number = takes is None or takes.targets == "numbers"
        if not classes and not by_number:
            raise AutogradValueError(
                f"{name} compares classes, and {target!r} is a number; take squared_error, or --task classification"
            )
        sigma = record_of(activation)
        reaches = by_number and classes and sigma is not None and sigma.bounded
        ys = [] if classes else [[finite(y, f"Y[{i}]") for y in listed(row)] for i, row in enumerate(Y)]
        outputs = len(classes) or len(ys[0])
        hidden = list(layers) if isinstance(layers, Iterable) else [layers]
        if not all(isinstance(n, SupportsIndex) and not isinstance(n, bool) and n.__index__() > 0 for n in hidden):
            raise AutogradValueError(
                f"layers are the neurons of each hidden layer, whole numbers from 1, and were given as {cut(layers)}"
            )
        net = MLP(len(numbers[0]), [*hidden, outputs], activation, None if reaches else "linear", seed=seed)
        scales = Scales(Scale.of(numbers), None if classes else Scale.of(ys))
        return cls(net, scales, columns, classes, target=target, loss=name)

    # --- into the network -----------------------------------------------------------------------

    def inputs(self, X: Any, place: Callable[[int], str] = place_of) -> list[list[float]]:
        """The rows as the network takes them: columns in its order, coded, scaled.

        place  what a row is called in messages, by its index

        Raises AutogradValueError or AutogradTypeError for a column that is missing, and for what is no number,
        naming row and column.
        """
        return self.scaled(coded(self.columns, column_names(X), rows_of(X), place), place)

    def scaled(self, numbers: list[list[float]], place: Callable[[int], str] = place_of) -> list[list[float]]:
        """Rows of numbers on the network's scale.  Raises AutogradValueError where one is too far away for that."""
        scaled = [self.scales.inputs.apply(row) for row in numbers]
        for i, z in enumerate(scaled):
            if not all(map(math.isfinite, z)):
                j = next(j for j, x in enumerate(z) if not math.isfinite(x))
                raise AutogradValueError(
                    f"{place(i)}, {self._input(j)}: {numbers[i][j]:g} is so far from the rows to train on that it"
                    " cannot be scaled as they are"
                )
        return scaled

    def targets(self, Y: Any) -> list[Any]:
        """Targets in the table's words as the loss takes them."""
        ys = targets_of(Y)
        if not self.classes:
            assert self.scales.target is not None
            scaled = [self.scales.target.apply([number(y, f"Y[{i}]") for y in listed(row)]) for i, row in enumerate(ys)]
            return [row[0] if len(row) == 1 else row for row in scaled]
        index = {c: i for i, c in enumerate(self.classes)}
        for i, y in enumerate(ys):
            if y not in index:
                raise AutogradValueError(f"Y[{i}] is {cut(y)}, which is none of the classes {cut(self.classes)}")
        return [self.code(index[y]) for y in ys]

    def samples(self, X: Any, Y: Any) -> tuple[list[list[float]], list[Any]]:
        """Both, for `fit`, `certify` and `diagnose` of `network`."""
        return self.inputs(X), self.targets(Y)

    def code(self, c: int) -> Any:
        """The class of this index as the loss takes it."""
        outputs, sigma = outputs_of(self.network)
        known, record = LOSS_RECORDS[self.loss], record_of(sigma)
        no = -1 if known.targets == "signs" else 0
        if known.targets == "numbers" and record is not None and record.bounded:
            no = int(record.low)
        if outputs == 1:
            return 1 if c else no
        return c if known.targets == "classes" else [1 if k == c else no for k in range(outputs)]

    # --- out of it --------------------------------------------------------------------------------

    def outputs(self, X: Any) -> list[list[float]]:
        """What the network gives for each row, as it is."""
        with no_grad():
            return [numbers_of(self.network(x)) for x in self.inputs(X)]

    def predict(self, X: Any) -> list[Any]:
        """The class of each row, by its name; or what it is worth, in the target's unit.

        X  rows of numbers in the order of `columns`, an array, or a frame that has these columns

        >>> model = Model(MLP(1, [1], "linear", initializer="zeros"), Scales(Scale([0.0], [1.0]), Scale([7.0], [2.0])))
        >>> model.predict([[1.0], [2.0]])
        [7.0, 7.0]
        """
        outputs = self.outputs(X)
        if self.classes:
            rule = rule_of(self.network, self.loss if self.network.class_rule is None else None)
            return [self.classes[min(rule.predicted(o), len(self.classes) - 1)] for o in outputs]
        target = self.scales.target
        rows = outputs if target is None else [target.undo(o) for o in outputs]
        return [row[0] if len(row) == 1 else row for row in rows]

    def predict_proba(self, X: Any) -> list[list[float]]:
        """How probable each class is, row by row, in the order of `classes`.

        Raises AutogradValueError where the outputs are no probabilities: they are with cross_entropy,
        binary_cross_entropy, and where one sigmoid has learned 0 and 1.
        """
        outputs, sigma = outputs_of(self.network)
        probable = self.loss == "cross_entropy" or (outputs == 1 and self.loss == "binary_cross_entropy")
        shares = outputs == 1 and getattr(record_of(sigma), "name", "") == "sigmoid"
        if not self.classes or not (probable or shares):
            what = f"outputs trained with {self.loss}" if self.classes else "numbers"
            raise AutogradValueError(f"predict_proba: {what} are no probabilities; train classes with cross_entropy")
        found = []
        for o in self.outputs(X):
            p = [1.0 - o[0], o[0]] if not probable else _shares(o if len(o) > 1 else [0.0, o[0]])
            found.append(p)
        return found

    def play(self, X: Any, Y: Any, *, theme: str | None = None) -> Page:
        """A page in which this model goes on learning these rows, see nn.play.

        X, Y  rows and targets in the table's words; the page shows them with its names and units

        >>> X, Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["no", "yes", "yes", "no"]
        >>> Model.train(X, Y, layers=[3], seed=0, epochs=5).play(X, Y).html[:15]
        '<!DOCTYPE html>'
        """
        from ..page.playground import play

        return play(self, X, Y, theme=theme)

    # --- kept -------------------------------------------------------------------------------------

    def entries(self) -> dict[str, Any]:
        """What its file says of it besides the network: columns with their scales, and what is predicted."""
        return files.entries(self)

    def save(self, path: str | PathLike[str], notes: Any = None) -> None:
        """Write network, scales and names to one file of JSON; see storage.save for what is refused.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Model(MLP(2, [1], seed=0), columns=["a", "b"]).save(folder + "/m.json")
        ...     Model.load(folder + "/m.json")
        Model(a, b → y; MLP(2-1, tanh, 3 parameters))
        """
        files.save(self, path, notes)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Model:
        """The model that `save` or `python -m nn` wrote; of a plain network one that prepares nothing.

        Raises AutogradValueError, saying what is wrong, and OSError where the file cannot be read.
        """
        network, entries = files.load(path)
        try:
            return cls(network, **entries)
        except AutogradError as error:
            raise AutogradValueError(f"{path}: {error}") from None

    def _input(self, j: int) -> str:
        names = [name for column in self.columns for name in column.inputs]
        return f"column {cut(names[j])}" if names[j] else f"column {j + 1}"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> None:
            advice = f"; {OF_A_MODEL[name]}" if name in OF_A_MODEL else ""
            raise AttributeError(f"Model has no attribute {name!r}{advice}", name=name, obj=self)

    def __repr__(self) -> str:
        names = [cut(c.name, 24)[1:-1] for c in self.columns[:6] if c.name] or [counted(len(self.columns), "column")]
        more = ", …" if len(self.columns) > 6 and self.columns[0].name else ""
        classes = f" ({len(self.classes)} classes)" if self.classes else ""
        return f"Model({', '.join(names)}{more} → {cut(self.target, 24)[1:-1]}{classes}; {self.network!r})"


def _shares(logits: Sequence[float]) -> list[float]:
    """The softmax of floats."""
    largest = max(logits)
    powers = [math.exp(o - largest) for o in logits]
    return [p / math.fsum(powers) for p in powers]
