"""A CSV file as cells of text: its separator is found, its first line names the columns, quotes are respected."""

from __future__ import annotations

import csv
import difflib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

from autograd import AutogradValueError
from autograd.words.text import counted, printable

from ..network.choosing import cut

SEPARATORS = ";\t|,"  # where several divide every line alike, the comma is a decimal one
LOOKED_AT = 10  # lines, to find the separator
# What stands for a value that is not there, in small letters; "none" may be a class.
MISSING = {"", "?", "na", "n/a", "nan", "-nan", "null", "#n/a", "#na", "<na>", ".", "missing"}


class Sheet(NamedTuple):
    """The cells of a table.

    header   the names of its columns
    rows     the cells of each row
    lines    in which line of the file each row begins
    told     what was left out, in sentences
    numbers  which row of the file each is, counted from 1, where some were left out
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    told: list[str]
    numbers: Sequence[int] = ()

    def number(self, row: int) -> int:
        """Which row of the file it is, counted from 1."""
        return self.numbers[row] if self.numbers else row + 1

    def place(self, row: int) -> str:
        """Where a row is, for somebody with the file open."""
        return f"row {self.number(row)} (line {self.lines[row]})"

    def without(self, columns: Iterable[int]) -> Sheet:
        """The same without these columns."""
        gone = set(columns)
        kept = [c for c in range(len(self.header)) if c not in gone]
        return self._replace(header=[self.header[c] for c in kept], rows=[[row[c] for c in kept] for row in self.rows])


def read_cells(path: str | PathLike[str]) -> Sheet:
    """The cells of a CSV file in UTF-8, separated by commas, semicolons, tabs or bars.

    A first line `sep=;` names the separator.  A first column without a name that counts the rows from 0 is
    the index that pandas writes, and is left out.  Raises AutogradValueError for what is no such table, and
    OSError where the file cannot be read.

    >>> from nn.training.datasets import IRIS
    >>> read_cells(IRIS).rows[0]
    ['5.1', '3.5', '1.4', '0.2', 'setosa']
    """
    if "\0" in fspath(path):
        raise AutogradValueError("a name of a file has no NUL in it")
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AutogradValueError("this is not UTF-8 text; save it as CSV in UTF-8") from None
    first, _, rest = text.partition("\n")
    named = first.strip().strip('"')
    skipped = 0
    if named.lower().startswith("sep=") and len(named) == 5:
        text, separator, skipped = rest, named[4], 1
    else:
        separator = _separator(text)
    lines: list[int] = []
    records: list[list[str]] = []
    for line, cells in _records(text, separator):
        lines.append(line + skipped)
        if records:
            _require_width(cells, len(records[0]), f"row {len(records)} (line {lines[-1]})")
        records.append(cells)
    while records and not any(records[-1]):
        records.pop()  # blank lines at the end are an editor's habit
    if len(records) < 2:
        raise AutogradValueError("there are no rows; the first line names the columns, the others hold the numbers")
    sheet = _without_index(Sheet(records[0], records[1:], lines[1 : len(records)], []))
    _require_names(sheet)
    return sheet


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value.

    >>> is_missing("?"), is_missing("NA"), is_missing("0")
    (True, True, False)
    """
    return len(cell) < 8 and cell.lower() in MISSING


def column_called(name: str, header: Sequence[str]) -> int:
    """Where the column of that name is.  Raises AutogradValueError, which says what there is.

    >>> column_called("b", ["a", "b"])
    1
    """
    if name in header:
        return header.index(name)
    near = difflib.get_close_matches(name[:60], [each for each in header[:1000] if len(each) <= 60], 1)
    meant = f"; perhaps {cut(near[0])}" if near else ""
    raise AutogradValueError(f"there is no column {cut(name)}; there are {listing(header)}{meant}")


def columns_called(names: Sequence[str], header: Sequence[str]) -> list[int]:
    """Where these columns are.  Raises AutogradValueError for one that is missing, or there twice.

    >>> columns_called(["b", "a"], ["a", "b", "c"])
    [1, 0]
    """
    places, count = {name: j for j, name in enumerate(header)}, Counter(header)
    for name in names:
        if count[name] > 1:
            raise AutogradValueError(f"there are {count[name]} columns {cut(name)}: which one is meant?")
    return [places[name] if name in places else column_called(name, header) for name in names]


def listing(names: Sequence[str], most: int = 12) -> str:
    """Some names, and how many more there are.

    >>> listing(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    text = ", ".join(cut(name, 40)[1:-1] for name in names[:most])
    return f"{text} and {len(names) - most} more" if len(names) > most else text


def _separator(text: str) -> str:
    """The one that divides the first lines alike, quotes respected; else the one that the first line has most of."""
    sample = list(_outside_quotes(text))
    for mark in SEPARATORS:
        counts = {line.count(mark) for line in sample}
        if len(counts) == 1 and counts != {0}:
            return mark
    return max(reversed(SEPARATORS), key=sample[0].count) if sample else ","


def _outside_quotes(text: str) -> Iterator[str]:
    """The first records, without what stands in quotes."""
    start = 0
    for _ in range(LOOKED_AT):
        record, quoted = [], False
        while start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            for i, part in enumerate(text[start:end].split('"')):
                quoted = quoted != (i > 0)
                if not quoted:
                    record.append(part)
            start = end + 1
            if not quoted or start - end > 100_000:
                break
        line = "".join(record)
        if line.strip():
            yield line
        if start >= len(text):
            return


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator, strict=True, skipinitialspace=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, [cell.strip() for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise AutogradValueError(f"line {begins}: a quote is opened, and closed nowhere") from None
        raise AutogradValueError(f"line {begins}: this is not CSV ({printable(str(error))})") from None


def _require_width(cells: list[str], columns: int, place: str) -> None:
    if not any(cells):  # a blank line is a row without values
        cells[:] = [""] * columns
    if len(cells) != columns:
        raise AutogradValueError(
            f"{place} has {counted(len(cells), 'cell')}, and the first line names {counted(columns, 'column')}"
        )


def _without_index(sheet: Sheet) -> Sheet:
    if not sheet.header[0] and all(cells[0] == str(i) for i, cells in enumerate(sheet.rows)):
        return sheet.without([0])._replace(told=["the first column, which counts the rows, is left out"])
    return sheet


def _require_names(sheet: Sheet) -> None:
    """Names, or pandas' 0, 1, 2, …; irises without a first line would lose a flower."""
    header = sheet.header
    if not header:
        raise AutogradValueError("there is no column")
    by_number = header == [str(i) for i in range(len(header))]
    words = [c for c, cell in enumerate(header) if not _is_number(cell)]
    known = [{cells[c] for cells in sheet.rows} for c in words] if len(words) < len(header) else []
    if not by_number and len(words) < len(header) and all(header[c] in seen for c, seen in zip(words, known)):
        raise AutogradValueError(
            f"the first line must name the columns, and is {listing(header, 5)}, which looks like a row; put a line of"
            " names above it"
        )
    seen: set[str] = set()
    for c, name in enumerate(header, 1):
        if not name:
            raise AutogradValueError(f"the first line leaves column {c} without a name")
        if name in seen:
            raise AutogradValueError(f"the first line names {cut(name)} twice")
        seen.add(name)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
