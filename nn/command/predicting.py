"""python -m nn predict network.json new.csv: a table with what a model says of each of its rows."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence

from autograd import AutogradError, AutogradValueError
from autograd.console import Parser, told
from autograd.tools.files import write
from autograd.words.text import counted

from ..models.model import Model
from ..network.choosing import cut
from ..training.cells import Sheet, columns_called, is_missing, read_cells
from ..training.datasets import parsed


def main(arguments: Sequence[str], program: str = "python -m nn") -> int:
    """Predict, write a CSV, and return the exit code."""
    parser = Parser(
        prog=f"{program} predict",
        description="What a network says of the rows of a table: the table as CSV, with a column more.",
    )
    parser.add_argument("network", help="a file that python -m nn or nn.Model.save wrote")
    parser.add_argument("csv", metavar="CSV", help="a table that has the network's columns, whatever else is in it")
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: the terminal, or a pipe)")
    parser.add_argument("--decimal", choices=(".", ","), default=".", help="the sign before decimals in the table")
    parser.add_argument("--probabilities", action="store_true", help="a column more for each class")
    options = parser.parse_args(arguments)
    try:
        model = Model.load(options.network)
        try:
            sheet = read_cells(options.csv)
            text, holes = predicted(model, sheet, options.decimal, options.probabilities)
        except AutogradError as error:
            raise AutogradValueError(f"{options.csv}: {error}") from None
        if options.output is not None:
            write(options.output, text)
    except (AutogradError, OSError) as error:
        print(f"{program} predict: {told(error)}", file=sys.stderr)
        return 2
    if options.output is None:
        print(text, end="")
    if holes:
        print(
            f"{counted(holes, 'row has', 'rows have')} no prediction, since a value is missing there", file=sys.stderr
        )
    return 0


def predicted(model: Model, sheet: Sheet, decimal: str = ".", probabilities: bool = False) -> tuple[str, int]:
    """The table as CSV with the predictions, and how many rows have none; decimal commas go with semicolons.

    Raises AutogradValueError, naming row and column, for what the model cannot read.

    >>> from nn import MLP
    >>> model = Model(MLP(1, [1], "linear", initializer="zeros"), columns=["a"], target="price")
    >>> predicted(model, Sheet(["a", "note"], [["1", "x"], ["?", "y"]], [2, 3], []))
    ('a,note,predicted price\\n1,x,0.0\\n?,y,\\n', 1)
    """
    named = all(column.name for column in model.columns)
    if not named and len(sheet.header) != len(model.columns):
        raise AutogradValueError(
            f"the table has {counted(len(sheet.header), 'column')}, and the network's {len(model.columns)} have no"
            " names"
        )
    names = [column.name for column in model.columns]
    places = columns_called(names, sheet.header) if named else list(range(len(names)))
    whole = [i for i, row in enumerate(sheet.rows) if not any(is_missing(row[j]) for j in places)]
    rows = [[_value(model, sheet, i, k, j, decimal) for k, j in enumerate(places)] for i in whole]
    model.inputs(rows, lambda k: sheet.place(whole[k]))  # complains of what it cannot take by its line in the file
    found = dict(zip(whole, model.predict(rows))) if rows else {}
    shares = dict(zip(whole, model.predict_proba(rows))) if rows and probabilities else {}
    more = [f"predicted {model.target}", *(f"probability of {c}" for c in model.classes if probabilities)]
    if twice := [name for name in more if name in sheet.header]:
        raise AutogradValueError(f"the table has a column {cut(twice[0])} already: leave it out, or name it otherwise")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", delimiter=";" if decimal == "," else ",")
    writer.writerow([*sheet.header, *more])
    for i, row in enumerate(sheet.rows):
        said = [found[i], *shares.get(i, ())] if i in found else [""] * len(more)
        writer.writerow([*row, *(str(x).replace(".", decimal) if isinstance(x, float) else x for x in said)])
    return out.getvalue(), len(sheet.rows) - len(whole)


def _value(model: Model, sheet: Sheet, i: int, k: int, j: int, decimal: str) -> float | str:
    cell, column = sheet.rows[i][j], model.columns[k]
    x = cell if column.categories else parsed(cell, decimal)
    if x is None:
        raise AutogradValueError(f"{sheet.place(i)}, column {cut(sheet.header[j])}: {cut(cell)} is not a number")
    return x
