"""From a CSV file to samples: read, told apart into classes or numbers, split, standardised.

X   features, a list of numbers for each row          Y   targets: indices of classes, or numbers

Every complaint names the row and the column, since it is read by somebody with the file open.
"""

from __future__ import annotations

import csv
import io
import math
import random
from collections import Counter
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

from autograd import AutogradValueError
from autograd.words.text import printable

MOST_CLASSES = 10  # of a column of whole numbers; above, they are taken for measurements
IRIS = Path(__file__).parents[1] / "data" / "iris.csv"


class Dataset(NamedTuple):
    """Rows of numbers and what is to be learned from them.

    features, target  names of columns
    X                 one list of features for each row
    Y                 for a classification the index of each row's class, else a number
    classes           names of the classes; empty for a regression
    """

    features: list[str]
    target: str
    X: list[list[float]]
    Y: list[float]
    classes: list[str]


def read_csv(path: str | PathLike[str], target: str | None = None, task: str = "auto") -> Dataset:
    """The rows of a CSV file whose first line names the columns.

    path    UTF-8; columns separated by commas, semicolons or tabs, decimals by points
    target  the column to learn; all others are features.  None: the last one
    task    "classification", "regression", or "auto": a classification if the target is text or
            has at most ten different values, all whole

    Raises AutogradValueError, naming row and column, for anything that is not a table of finite
    numbers with a target that varies; OSError where the file cannot be read.

    >>> iris = read_csv(IRIS)
    >>> len(iris.X), iris.features[0], iris.classes
    (150, 'sepal_length', ['setosa', 'versicolor', 'virginica'])
    """
    try:
        header, rows = _cells(Path(path))
        target = header[-1] if target is None else target
        if target not in header:
            raise AutogradValueError(f"there is no column {target!r}; there are {', '.join(map(printable, header))}")
        if len(header) < 2:
            raise AutogradValueError(f"{target!r} is the only column: there is nothing to learn it from")
        at = header.index(target)
        text = [not any(_figures(cells[c]) for _, cells in rows) for c in range(len(header))]
        others = [c for c in range(len(header)) if c != at]
        X = [[_number(cells[c], place, header[c], text[c]) for c in others] for place, cells in rows]
        Y, classes = _targets([(place, cells[at]) for place, cells in rows], target, task)
    except AutogradValueError as error:
        raise AutogradValueError(f"{printable(fspath(path))}: {error}") from None
    return Dataset([name for name in header if name != target], target, X, Y, classes)


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


def _moments(column: tuple[float, ...]) -> tuple[float, float]:
    largest = max(map(abs, column)) or 1.0  # divided out, so that no square overflows
    if min(column) == max(column):
        return column[0], 1.0
    mean = math.fsum(x / largest for x in column) / len(column)
    variance = math.fsum((x / largest - mean) ** 2 for x in column) / len(column)
    return mean * largest, math.sqrt(variance) * largest or 1.0


# --- cells ------------------------------------------------------------------------------------


_NO_NAMES = "the first line must name the columns, and is {}, which looks like a row; put a line of names above it"


def _cells(path: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The header, and each row with its place in the file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AutogradValueError("this is not UTF-8 text; save it as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise AutogradValueError(f"line {reader.line_num}: this is not CSV ({error})") from None
    while lines and not any(lines[-1][1]):
        lines.pop()  # blank lines at the end are an editor's habit
    if len(lines) < 2:
        raise AutogradValueError("there are no rows; the first line names the columns, the others hold the numbers")
    header = lines[0][1]
    _require_names(header)
    rows = []
    for i, (line, cells) in enumerate(lines[1:], 1):
        place = f"row {i} (line {line})"
        if not any(cells):
            raise AutogradValueError(f"{place} is empty")
        if len(cells) != len(header):
            raise AutogradValueError(f"{place} has {len(cells)} cells, and the first line names {len(header)} columns")
        rows.append((place, cells))
    # Irises without a header would lose a flower: numbers, and a class that other rows have too.
    words = [c for c, cell in enumerate(header) if _parsed(cell) is None]
    if len(words) < len(header) and all(any(cells[c] == header[c] for _, cells in rows) for c in words):
        raise AutogradValueError(_NO_NAMES.format(", ".join(header)))
    return header, rows


def _require_names(header: list[str]) -> None:
    if all(_parsed(cell) is not None for cell in header):
        raise AutogradValueError(_NO_NAMES.format(", ".join(header)))
    for c, name in enumerate(header, 1):
        if not name:
            raise AutogradValueError(f"the first line leaves column {c} without a name")
        if header.count(name) > 1:
            raise AutogradValueError(f"the first line names {name!r} twice")


def _parsed(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python would read 1_000, no spreadsheet writes it
    except ValueError:
        return None


def _figures(cell: str) -> bool:
    """Whether a cell is a number, or could have been meant as one: 1,5 or 3 cm."""
    return _parsed(cell) is not None or any(map(str.isdigit, cell))


def _number(cell: str, place: str, column: str, text: bool = False) -> float:
    where = f"{place}, column {column!r}"
    x = _parsed(cell)
    if not cell:
        raise AutogradValueError(f"{where} is empty: fill it in, or leave the row out")
    if x is None:
        remedy = "leave this text column out, or number it" if text else "decimals have a point"
        raise AutogradValueError(f"{where}: {cell!r} is not a number; features are numbers: {remedy}")
    if not math.isfinite(x):
        raise AutogradValueError(f"{where}: {cell} is not a finite number")
    return x


def _targets(cells: list[tuple[str, str]], column: str, task: str) -> tuple[list[float], list[str]]:
    """Numbers and no classes, or indices of classes and their names."""
    if task not in ("auto", "classification", "regression"):
        raise AutogradValueError(f'the task is "auto", "classification" or "regression", and was given as {task!r}')
    for place, cell in cells:
        if not cell:
            raise AutogradValueError(f"{place}, column {column!r} is empty: fill it in, or leave the row out")
    parsed = [_parsed(cell) for _, cell in cells]
    numeric = None not in parsed
    if task == "regression" or numeric:
        values = [_number(cell, place, column) for place, cell in cells]
        few_whole = all(v.is_integer() for v in values) and len(set(values)) <= MOST_CLASSES
        if task == "regression" or (task == "auto" and not few_whole):
            if len(set(values)) < 2:
                raise AutogradValueError(f"column {column!r} is {values[0]:g} in every row: there is nothing to learn")
            return values, []
        names = [f"{v:g}" for v in values]  # 1 and 1.0 are one class
        classes = [f"{v:g}" for v in sorted(set(values))]
    else:
        names = [cell for _, cell in cells]
        classes = sorted(set(names))
    if len(classes) < 2:
        raise AutogradValueError(f"column {column!r} has one class only, {classes[0]!r}: nothing to tell apart")
    rare = min(Counter(names).items(), key=lambda item: item[1])
    if rare[1] < 2:
        place = cells[names.index(rare[0])][0]
        raise AutogradValueError(
            f"{place}, column {column!r}: {rare[0]!r} is the only row of its class; it takes one to train on and one to"
            " hold out.  Numbers to be predicted as such are a regression"
        )
    index = {name: float(c) for c, name in enumerate(classes)}
    return [index[name] for name in names], classes
