"""From a CSV file to samples: read, told apart into classes or numbers, split, standardised.

    X   features, a list of numbers for each row          Y   targets: indices of classes, or numbers

Every complaint names the row and the column, since it is read by somebody with the file open.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

from autograd import AutogradValueError

from ..network.choosing import cut
from .cells import Sheet, column_called, columns_called, is_missing, listing, read_cells

TASKS = ("auto", "classification", "regression")
MOST_CLASSES = 10  # of a column of whole numbers; above, they are taken for measurements
MOST_CATEGORIES = 100  # of a text column that is to be a feature; above, it is an identifier
IRIS = Path(__file__).parents[1] / "data" / "iris.csv"


class Column(NamedTuple):
    """A column of features: one input of the network, or for text one input for each category.

    >>> Column("colour", ("blue", "red")).inputs, Column("size").inputs
    (['colour=blue', 'colour=red'], ['size'])
    """

    name: str
    categories: tuple[str, ...] = ()

    @property
    def inputs(self) -> list[str]:
        """What the network's inputs are called that it becomes."""
        return [f"{self.name}={category}" for category in self.categories] or [self.name]

    def one_hot(self, category: object) -> list[float]:
        """A category as a 1 among zeros.  Raises AutogradValueError for one that is not known.

        >>> Column("colour", ("blue", "red")).one_hot("red")
        [0.0, 1.0]
        """
        if category not in self.categories:
            raise AutogradValueError(f"{cut(category)} is none of its categories, {listing(self.categories)}")
        return [float(category == each) for each in self.categories]


class Dataset(NamedTuple):
    """Rows of numbers and what is to be learned from them.

    features, target  names of the network's inputs, and of the column to learn
    X                 one list of features for each row
    Y                 for a classification the index of each row's class, else a number
    classes           names of the classes; empty for a regression
    columns           the columns that the features were made from
    told              what was left out, in sentences
    numbers, places   which row of the file each is, counted from 1, and where it stands there
    """

    features: list[str]
    target: str
    X: list[list[float]]
    Y: list[float]
    classes: list[str]
    columns: Sequence[Column] = ()
    told: Sequence[str] = ()
    numbers: Sequence[int] = ()
    places: Sequence[str] = ()


def read_csv(
    path: str | PathLike[str],
    target: str | None = None,
    task: str = "auto",
    *,
    drop: Iterable[str] = (),
    missing: str = "error",
    decimal: str = ".",
    one_hot: bool = False,
) -> Dataset:
    """The rows of a CSV file whose first line names the columns.

    path     UTF-8; columns separated by commas, semicolons, tabs or bars
    target   the column to learn; all others are features.  None: the last one
    task     "classification", "regression", or "auto": a classification if the target is text, or whole
             numbers as are_classes says
    drop     columns to leave out
    missing  "error", or "drop": rows where a value is missing (empty, ?, NA, nan, …) are left out, and counted
    decimal  the sign before decimals, "." or ","
    one_hot  whether columns of text become one feature for each of their values

    Raises AutogradValueError, naming row and column, for anything that is not a table of finite
    numbers with a target that varies; OSError where the file cannot be read.

    >>> iris = read_csv(IRIS)
    >>> len(iris.X), iris.features[0], iris.classes
    (150, 'sepal_length', ['setosa', 'versicolor', 'virginica'])
    """
    try:
        _require_options(task, missing, decimal)
        sheet = read_cells(path)
        sheet = sheet.without(columns_called(list(drop), sheet.header))
        if not sheet.header:
            raise AutogradValueError("no column is left")
        at = len(sheet.header) - 1 if target is None else column_called(target, sheet.header)
        if len(sheet.header) < 2:
            raise AutogradValueError(f"{cut(sheet.header[0])} is the only column: there is nothing to learn it from")
        sheet = _complete(sheet, missing)
        columns, X = features_of(sheet, at, decimal, one_hot)
        Y, classes = _targets(sheet, at, task, decimal)
    except AutogradValueError as error:
        raise AutogradValueError(f"{fspath(path)}: {error}") from None
    names = [name for column in columns for name in column.inputs]
    numbers, places = [sheet.number(i) for i in range(len(X))], [sheet.place(i) for i in range(len(X))]
    return Dataset(names, sheet.header[at], X, Y, classes, columns, sheet.told, numbers, places)


def _require_options(task: str, missing: str, decimal: str) -> None:
    for name, given, known in (
        ("task", task, TASKS), ("missing", missing, ("error", "drop")),
        ("decimal", decimal, (".", ",")),
    ):  # fmt: skip
        if given not in known:
            raise AutogradValueError(f"{name} is one of {', '.join(map(repr, known))}, and was given as {given!r}")


def split(data: Dataset, share: float, generator: random.Random) -> tuple[list[int], list[int]]:
    """Row numbers to train on and to hold out, each class in the same proportion.

    share      of every class that is held out, between 0 and 1; at least one row of each stays
               on either side
    generator  shuffles; the same one gives the same split

    Raises AutogradValueError for a share outside (0, 1), or a class with a single row.

    >>> train, held_out = split(read_csv(IRIS), 0.3, random.Random(0))
    >>> len(train), len(held_out), sum(i < 50 for i in held_out)
    (105, 45, 15)
    """
    if not 0 < share < 1:
        raise AutogradValueError(f"the share of rows to hold out is between 0 and 1, and was given as {share!r}")
    groups: dict[float, list[int]] = {}
    for i, y in enumerate(data.Y):
        groups.setdefault(y if data.classes else 0, []).append(i)
    train: list[int] = []
    held_out: list[int] = []
    for y, group in sorted(groups.items()):
        if len(group) < 2:
            what = f"class {data.classes[int(y)]!r} of column {data.target!r}" if data.classes else "the table"
            raise AutogradValueError(f"{what} has one row only: it takes one to train on and one to hold out")
        generator.shuffle(group)
        held = min(max(round(share * len(group)), 1), len(group) - 1)
        held_out += group[:held]
        train += group[held:]
    return sorted(train), sorted(held_out)


class Scale(NamedTuple):
    """Takes columns to mean 0 and standard deviation 1: z = (x − mean) / deviation.

    >>> scale = Scale.of([[1.0, 7.0], [3.0, 7.0]])
    >>> scale, scale.apply([5.0, 7.0])
    (Scale(mean=[2.0, 7.0], deviation=[1.0, 1.0]), [3.0, 0.0])
    """

    mean: list[float]
    deviation: list[float]

    @classmethod
    def of(cls, rows: list[list[float]]) -> Scale:
        """The scale of the rows to train on; a column that does not vary keeps its unit."""
        mean, deviation = zip(*[_moments(column) for column in zip(*rows)])
        return cls(list(mean), list(deviation))

    def apply(self, row: list[float]) -> list[float]:
        """A row on the new scale."""
        return [(x - m) / d for x, m, d in zip(row, self.mean, self.deviation)]

    def undo(self, row: list[float]) -> list[float]:
        """A row in its own units again.

        >>> Scale([2.0], [3.0]).undo([1.0])
        [5.0]
        """
        return [z * d + m for z, m, d in zip(row, self.mean, self.deviation)]


def _moments(column: tuple[float, ...]) -> tuple[float, float]:
    largest = max(map(abs, column)) or 1.0  # divided out, so that no square overflows
    if min(column) == max(column):
        return column[0], 1.0
    mean = math.fsum(x / largest for x in column) / len(column)
    variance = math.fsum((x / largest - mean) ** 2 for x in column) / len(column)
    return mean * largest, math.sqrt(variance) * largest or 1.0


# --- columns ----------------------------------------------------------------------------------


def parsed(cell: str, decimal: str = ".") -> float | None:
    """A cell as a number, or None.

    >>> parsed("1,5", ","), parsed("1.5"), parsed("1_000"), parsed("p")
    (1.5, 1.5, None, None)
    """
    if decimal == ",":
        if "." in cell:
            return None
        cell = cell.replace(",", ".")
    try:
        return None if "_" in cell else float(cell)  # Python would read 1_000, no spreadsheet writes it
    except ValueError:
        return None


def features_of(
    sheet: Sheet, target: int | None, decimal: str, one_hot: bool
) -> tuple[list[Column], list[list[float]]]:
    """All columns but that of the target, and the rows as numbers.

    >>> features_of(Sheet(["a", "b"], [["1", "x"], ["2", "y"]], [2, 3], []), None, ".", True)[1]
    [[1.0, 1.0, 0.0], [2.0, 0.0, 1.0]]
    """
    columns, parts = [], []
    for c, name in enumerate(sheet.header):
        if c == target:
            continue
        cells = [row[c] for row in sheet.rows]
        numbers = [parsed(cell, decimal) for cell in cells]
        column = Column(name)
        if one_hot and all(x is None for x in numbers):
            column = Column(name, tuple(sorted(set(cells))))
            if len(column.categories) > MOST_CATEGORIES:
                raise AutogradValueError(
                    f"column {cut(name)} has {len(column.categories)} different texts: an identifier is nothing to"
                    " learn from; leave it out with --drop"
                )
        columns.append(column)
        parts.append(
            [column.one_hot(cell) for cell in cells] if column.categories else _numbers(sheet, c, numbers, decimal)
        )
    return columns, [[x for part in row for x in part] for row in zip(*parts)]


def _numbers(sheet: Sheet, c: int, numbers: Sequence[float | None], decimal: str) -> list[list[float]]:
    found = []
    for i, x in enumerate(numbers):
        if x is None or not math.isfinite(x):
            raise AutogradValueError(_no_number(sheet, i, c, decimal))
        found.append([x])
    return found


def _no_number(sheet: Sheet, i: int, c: int, decimal: str) -> str:
    cell, where = sheet.rows[i][c], f"{sheet.place(i)}, column {cut(sheet.header[c])}"
    if parsed(cell, decimal) is not None:
        return f"{where}: {cut(cell)[1:-1]} is not a finite number"
    text = not any(_figures(row[c], parsed(row[c], decimal)) for row in sheet.rows)
    other = "," if decimal == "." else "."
    remedy = "leave this text column out (--drop), or give --one-hot" if text else (
        f"decimals have a {'point' if decimal == '.' else 'comma'}"
        + (f" (--decimal {other})" if parsed(cell, other) is not None else "")
    )  # fmt: skip
    return f"{where}: {cut(cell)} is not a number; features are numbers: {remedy}"


def _figures(cell: str, number: float | None) -> bool:
    """Whether a cell is a number, or could have been meant as one: 1,5 or 3 cm."""
    return number is not None or any(map(str.isdigit, cell))


def _complete(sheet: Sheet, missing: str) -> Sheet:
    """Without the rows where a value is missing, which are counted; or an error that names the first."""
    kept, counts = [], Counter[int]()
    for i, row in enumerate(sheet.rows):
        holes = [c for c, cell in enumerate(row) if is_missing(cell)]
        if not holes:
            kept.append(i)
        elif missing == "error":
            if len(holes) == len(row):
                raise AutogradValueError(f"{sheet.place(i)} is empty")
            what = f"is {cut(row[holes[0]])}, a missing value" if row[holes[0]] else "is empty"
            raise AutogradValueError(
                f"{sheet.place(i)}, column {cut(sheet.header[holes[0]])} {what}: fill it in, or leave the row out"
                " (--missing drop)"
            )
        counts.update(holes)
    n, gone = len(sheet.rows), len(sheet.rows) - len(kept)
    if not gone:
        return sheet
    most, times = counts.most_common(1)[0]
    where = f"column {cut(sheet.header[most])} in {times}"
    if not kept:
        raise AutogradValueError(f"every row has a missing value, {where}: leave that column out (--drop)")
    told = f"{gone} of {n} rows left out, where a value is missing ({where})"
    rows, lines = [sheet.rows[i] for i in kept], [sheet.lines[i] for i in kept]
    return Sheet(sheet.header, rows, lines, [*sheet.told, told], [sheet.number(i) for i in kept])


def _targets(sheet: Sheet, at: int, task: str, decimal: str) -> tuple[list[float], list[str]]:
    """Numbers and no classes, or indices of classes and their names."""
    column, cells = cut(sheet.header[at]), [row[at] for row in sheet.rows]
    numbers = [parsed(cell, decimal) for cell in cells]
    text = next((cell for cell, x in zip(cells, numbers) if x is None), None)
    if text is None or task == "regression":
        for i, x in enumerate(numbers):
            if x is None:
                raise AutogradValueError(
                    f"{sheet.place(i)}, column {column}: {cut(cells[i])} is not a number, and a regression learns"
                    " numbers; classes are --task classification"
                )
            if not math.isfinite(x):
                raise AutogradValueError(_no_number(sheet, i, at, decimal))
        values = [x for x in numbers if x is not None]
        if task == "regression" or (task == "auto" and not are_classes(values)):
            if len(set(values)) < 2:
                raise AutogradValueError(f"column {column} is {values[0]:g} in every row: there is nothing to learn")
            return values, []
    keys = [value_of(cell, decimal) for cell in cells] if text is None else cells
    return indices_of(keys, lambda i: f"{sheet.place(i)}, column {column}", f"column {column}")


def are_classes(values: Sequence[float]) -> bool:
    """Whether numbers number classes: at most ten different ones, all whole, of which some come again.

    >>> are_classes([0.0, 1.0, 1.0]), are_classes([0.5, 1.0, 1.0]), are_classes([180_000.0, 260_000.0, 330_000.0])
    (True, False, False)
    """
    different = set(values)
    alone = len(different) == len(values) > 2  # no two rows would be of one class: prices, say
    return len(different) <= MOST_CLASSES and not alone and all(v.is_integer() for v in different)


def value_of(cell: str, decimal: str = ".") -> Any:
    """The value of a number's cell, exactly: an int of any length where it is whole.

    >>> value_of("1.0") == value_of("1"), value_of("9007199254740993") == value_of("9007199254740992")
    (True, False)
    """
    try:
        return int(cell)
    except ValueError:  # with a point, or of more digits than Python converts
        return parsed(cell, decimal)


def indices_of(keys: Sequence[Any], place: Any, what: str) -> tuple[list[float], list[str]]:
    """The index of each one's class, and the classes' names, in the order of their values.

    place, what  where one of them is, and what they all are, for messages

    Raises AutogradValueError for a single class, and for one with a single row.

    >>> indices_of([2, 1.0, 1, 2], str, "y")
    ([1.0, 0.0, 0.0, 1.0], ['1', '2'])
    """
    counts = Counter(keys)
    classes = sorted(counts)
    names = [str(int(c)) if isinstance(c, float) and c.is_integer() and abs(c) < 1e16 else str(c) for c in classes]
    if len(classes) < 2:
        raise AutogradValueError(f"{what} has one class only, {cut(names[0])}: nothing to tell apart")
    rare = min(counts, key=lambda c: counts[c])
    if counts[rare] < 2:
        raise AutogradValueError(
            f"{place(keys.index(rare))}: {cut(str(rare))} is the only row of its class; it takes one to train on and"
            " one to hold out.  Numbers to be predicted as such are a regression"
        )
    index = {c: float(i) for i, c in enumerate(classes)}
    return [index[key] for key in keys], names
