"""The sheet as a notebook: each part's tables, and a cell to write the numbers in.  The cells are read, not run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .fields import blank_of
from .texts import foot, given, heading, parts

if TYPE_CHECKING:
    from .worksheet import Worksheet

ASK = "Write your numbers in the place of None, and leave None where you have none. The cells are read, not run."


def answer_cells(sheet: Worksheet) -> list[str]:
    """The cells to answer in, as they are handed out.

    >>> from .worksheet import worksheet
    >>> answer_cells(worksheet([1, 1]))[1]
    'u = [[None]]\\no = [[None]]\\nerr = None\\nslope = [[None]]'
    """
    cells = [f'sheet = "{sheet.code}"\nstudent = None  # your id, in quotes']
    if sheet.settings.difficulty == "formula":
        formulas = ",\n".join(f'    "{field.key}": None' for field in sheet.fields)
        return [*cells, f"formulas = {{\n{formulas},\n}}"]
    if sheet.settings.difficulty == "find":
        return [*cells, 'where = None  # as in "delta.1.2": part, layer, neuron\ninstead = None']
    blank = blank_of(sheet.case)
    asked = {field.part for field in sheet.fields}
    groups = (("u", "o", "err", "slope"), ("delta",), ("dtheta", "db"), ("theta", "b"))
    for group in groups:
        if lines := [f"{part} = {blank[part]!r}" for part in group if part in asked]:
            cells.append("\n".join(lines))
    return cells


def notebook(sheet: Worksheet, key: bool = False) -> str:
    """The sheet as a notebook, or its key."""
    texts = [heading(sheet, key), given(sheet), *parts(sheet, key)]
    cells = [_cell("markdown", text) for text in texts]
    if not key:
        cells += [_cell("markdown", ASK), *(_cell("code", source) for source in answer_cells(sheet))]
    cells.append(_cell("markdown", foot(sheet, key)))
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number:02}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    record = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _cell(kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
