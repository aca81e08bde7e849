"""Rows and targets as they are in a table → the numbers of a model's columns, and its classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import AutogradTypeError, AutogradValueError
from autograd.recording import given, number
from autograd.words.text import counted

from ..network.choosing import cut
from ..training.cells import columns_called
from ..training.datasets import TASKS, Column, are_classes
from ..training.samples import finite


def place_of(i: int) -> str:
    """What a row is called in messages, by its index.

    >>> place_of(2)
    'X[2]'
    """
    return f"X[{i}]"


def columns_of(names: Sequence[str] | None, rows: list[Any], one_hot: bool) -> list[Column]:
    """What the columns are: numbers, or where they hold text and that is wanted, categories.

    >>> [column.inputs for column in columns_of(["cm", "of"], [[1.5, "oak"], [2.0, "ash"]], one_hot=True)]
    [['cm'], ['of=ash', 'of=oak']]
    """
    first = rows[0]
    if isinstance(first, str) or not hasattr(first, "__len__"):
        raise AutogradTypeError(f"X[0] is {given(first)}, and must be a row: a list of one value for each column")
    called = list(names) if names is not None else [""] * len(first)
    columns = [Column(name) for name in called]
    for j, name in enumerate(called):
        if one_hot and isinstance(first[j], str):
            columns[j] = Column(name, tuple(sorted({str(row[j]) for row in rows})))
    return columns


def coded(
    columns: Sequence[Column], names: Sequence[str] | None, rows: list[Any], place: Callable[[int], str] = place_of
) -> list[list[float]]:
    """The rows as numbers, their columns in the model's order.

    >>> coded([Column("of", ("ash", "oak")), Column("cm")], ["cm", "of"], [[1.5, "oak"]])
    [[0.0, 1.0, 1.5]]
    """
    order = list(range(len(columns)))
    if names is not None and all(column.name for column in columns):
        order = columns_called([column.name for column in columns], names)
    elif names is not None and len(names) != len(columns):
        raise AutogradValueError(f"X has {counted(len(names), 'column')}, and the model {len(columns)}")
    numbers = []
    for i, row in enumerate(rows):
        if isinstance(row, str) or not hasattr(row, "__len__"):
            raise AutogradTypeError(
                f"{place(i)} is {given(row)}, and must be a row: a list of one value for each column"
            )
        if len(row) != (len(columns) if names is None else len(names)):
            raise AutogradValueError(
                f"{place(i)} has {counted(len(row), 'value')}, and the model {counted(len(columns), 'column')}"
            )
        numbers.append([x for column, j in zip(columns, order) for x in _cell(column, row[j], place(i), j)])
    return numbers


def _cell(column: Column, x: Any, row: str, j: int) -> list[float]:
    where = f"{row}, column {cut(column.name) if column.name else j + 1}"
    if column.categories:
        try:
            return column.one_hot(x)
        except AutogradValueError as error:
            raise AutogradValueError(f"{where}: {error}") from None
    if isinstance(x, str):
        raise AutogradTypeError(
            f"{where} is the text {cut(x)}: convert text to numbers first, or train with one_hot=True"
        )
    return [finite(x, where)]


def classes_of(ys: list[Any], task: str) -> list[Any]:
    """The classes in their order; none where the targets are numbers.

    >>> classes_of(["oak", "ash", "oak"], "auto"), classes_of([0.5, 1.5, 2.5], "auto")
    (['ash', 'oak'], [])
    """
    if task not in TASKS:
        raise AutogradValueError(f'task is "auto", "classification" or "regression", and was given as {task!r}')
    rows = any(hasattr(y, "__len__") and not isinstance(y, str) for y in ys)
    if task == "regression" or (rows and task == "auto"):
        return []
    words = any(isinstance(y, (str, bool)) or type(y).__name__ in ("bool_", "bool") for y in ys)
    if not words and task == "auto" and not are_classes([number(y, f"Y[{i}]") for i, y in enumerate(ys)]):
        return []
    try:
        classes = sorted({y.item() if hasattr(y, "item") else y for y in ys})
    except TypeError:
        raise AutogradTypeError(
            "Y: the classes are of several kinds, which have no order; make them all text"
        ) from None
    if len(classes) < 2:
        raise AutogradValueError(f"Y has one class only, {cut(classes[0])}: nothing to tell apart")
    return classes
