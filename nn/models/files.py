"""A model's part of a network's file: the columns with their scales, and what is predicted.

    "model": {"columns": [{"column": "petal", "mean": 3.7, "deviation": 1.7},
                          {"column": "colour", "categories": ["blue", "red"]}],
              "target": {"column": "species", "loss": "cross_entropy", "classes": ["setosa", …]}}

A target that is a number has `mean` and `deviation`, lists with one number for each output, and no classes.
"""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from autograd import AutogradError, AutogradValueError

from ..network import storage
from ..network.choosing import cut
from ..network.losses import LOSS_RECORDS
from ..network.modules import MLP
from ..network.storage import double
from ..training.datasets import Column, Scale

if TYPE_CHECKING:
    from .model import Model


def save(model: Model, path: str | PathLike[str], notes: Any = None) -> None:
    """Write a model to a file that `load` reads; raises as storage.save does."""
    storage.save(model.network, path, notes, entries(model))


def entries(model: Model) -> dict[str, Any]:
    """What the file says of a model besides its network.

    >>> from nn import Model, MLP
    >>> entries(Model(MLP(1, [1]), columns=["a"]))["columns"]
    [{'column': 'a', 'mean': 0.0, 'deviation': 1.0}]
    """
    means, deviations = (iter(part) for part in model.scales.inputs)
    columns: list[dict[str, Any]] = []
    for column in model.columns:
        pairs = [(next(means), next(deviations)) for _ in column.inputs]
        entry: dict[str, Any] = {"column": column.name or None}
        entry |= {"categories": column.categories} if column.categories else {}
        entry |= {"mean": pairs[0][0], "deviation": pairs[0][1]} if len(pairs) == 1 else {
            "mean": [m for m, _ in pairs], "deviation": [d for _, d in pairs]
        }  # fmt: skip
        columns.append(entry)
    target: dict[str, Any] = {"column": model.target, "loss": model.loss}
    if model.classes:
        target["classes"] = model.classes
    if model.scales.target is not None:
        target |= model.scales.target._asdict()
    return {"columns": columns, "target": target}


def load(path: str | PathLike[str]) -> tuple[MLP, dict[str, Any]]:
    """The network in a file, and what else a Model is made from: nothing, of a plain network.

    Raises AutogradValueError, saying what is wrong, and OSError where the file cannot be read.
    """
    net, content = storage.read(path, MLP)
    try:
        if content["version"] == 1:
            return net, _of_version_1(content.get("notes"), net)
        return net, _entries(content["model"]) if "model" in content else {}
    except AutogradError as error:
        raise AutogradValueError(f"{fspath(path)}: {error}") from None


def _entries(model: Any) -> dict[str, Any]:
    columns, target = _listed(_entry(model, "columns", "model"), "columns"), _entry(model, "target", "model")
    found, means, deviations = [], [], []
    for entry in columns:
        name, categories = _entry(entry, "column", "columns"), _listed(entry.get("categories", []), "categories")
        column = Column("" if name is None else _text(name), tuple(map(_text, categories)))
        mean, deviation = (_doubles(_entry(entry, key, "columns"), key) for key in Scale._fields)
        if not len(mean) == len(deviation) == len(column.inputs):
            raise AutogradValueError(f"model: the scale of column {cut(column.name)} is not one for each of its inputs")
        found.append(column)
        means += mean
        deviations += deviation
    loss = _entry(target, "loss", "target")
    if not isinstance(loss, str) or loss not in LOSS_RECORDS:
        raise AutogradValueError(f"target: {cut(loss)} is no loss; known are {', '.join(LOSS_RECORDS)}")
    classes = _listed(target.get("classes", []), "classes")
    for each in classes:
        if not isinstance(each, (str, int, float, bool)):
            raise AutogradValueError(f"target: a class is text or a number, and not {cut(each)}")
    scale = Scale(*(_doubles(target[key], key) for key in Scale._fields)) if "mean" in target and not classes else None
    return {
        "scales": (_positive(Scale(means, deviations)), scale and _positive(scale)), "columns": found,
        "classes": classes, "target": _text(_entry(target, "column", "target")), "loss": loss,
    }  # fmt: skip


def _of_version_1(notes: Any, net: MLP) -> dict[str, Any]:
    """What `python -m nn` kept in the notes, then; nothing where somebody else wrote them."""
    try:
        inputs, output = notes["inputs"], notes["output"]
        columns = [{key: entry[key] for key in ("column", "mean", "deviation")} for entry in inputs]
        ours = len(columns) == net.nin and "column" in output and "loss" in output
    except (TypeError, KeyError, AttributeError):
        return {}
    return _entries({"columns": columns, "target": output}) if ours else {}


def _entry(entries: Any, key: str, where: str) -> Any:
    if not isinstance(entries, dict) or key not in entries:
        raise AutogradValueError(f"{where}: {key} is missing")
    return entries[key]


def _listed(x: Any, where: str) -> list[Any]:
    if not isinstance(x, list):
        raise AutogradValueError(f"{where} is a list, and not {cut(x)}")
    return x


def _text(x: Any) -> str:
    if not isinstance(x, str):
        raise AutogradValueError(f"a name is text, and not {cut(x)}")
    return x


def _doubles(x: Any, key: str) -> list[float]:
    return [double(key, each) for each in (x if isinstance(x, list) else [x])]


def _positive(scale: Scale) -> Scale:
    if len(scale.mean) != len(scale.deviation) or not all(d > 0 for d in scale.deviation):
        raise AutogradValueError("a scale has as many deviations as means, all of them above 0")
    return scale
