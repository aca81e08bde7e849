"""The sheet and its key as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contents import MARKING, layout_of, likeliest, planted
from .fields import called, value
from .formula import LETTERS, right
from .layout import Cell, Table, plain, points, signed
from .page import FIND, TITLE, rules_of

if TYPE_CHECKING:
    from .worksheet import Worksheet

BLANK = "\u2007" * 8  # as wide as a number


def markdown(sheet: Worksheet, key: bool = False) -> str:
    """The sheet as Markdown, or its key: tables that code hosts and notebooks show."""
    return "\n\n".join([heading(sheet, key), given(sheet), *parts(sheet, key), foot(sheet, key)]) + "\n"


def heading(sheet: Worksheet, key: bool) -> str:
    """Title, network, variant and what to write one's name on."""
    who = "**Key, for teachers**" if key else "Name: ________________ Student id: ____________"
    return f"# {TITLE}{' · key' if key else ''}\n\n{sheet.title}\n\n{who}"


def given(sheet: Worksheet) -> str:
    """The rules, and the numbers that are given."""
    lines, rounding = rules_of(sheet)
    numbers, widths = sheet.numbers, max(map(len, (layer[0] for layer in sheet.numbers.theta)))
    rows = [[f"{k + 1}·{i + 1}", *(signed(t, 1) for t in row), *[""] * (widths - len(row)), signed(b, 1)]
            for k, (layer, biases) in enumerate(zip(numbers.theta, numbers.bias))
            for i, (row, b) in enumerate(zip(layer, biases))]  # fmt: skip
    x = ", ".join(signed(v, 1) for v in numbers.x)
    y = ", ".join(plain(v, 1) for v in numbers.y)
    table = _table(["neuron", *(f"θ from {l + 1}" for l in range(widths)), "b"], rows)
    rules = "\n".join(f"- {line}" for line in (*lines, rounding))
    return f"{rules}\n\nx = ({x}), y = ({y}), η = {plain(numbers.eta, 1)}\n\n{table}"


def parts(sheet: Worksheet, key: bool) -> list[str]:
    """The parts of the sheet, each with its tables."""
    if sheet.settings.difficulty == "formula":
        rows = [[f"{f.name} =", right(sheet, f) if key else BLANK, points(f.points)] for f in sheet.fields]
        return [f"## Derive, from Err\n\n{_table(['', 'formula', 'points'], rows)}\n\n{LETTERS}"]
    layout, found = layout_of(sheet, key), []
    for n, section in enumerate(layout.sections(), 1):
        worth = "" if sheet.settings.difficulty == "find" else f" ({section.points})"
        tables = "\n\n".join(map(_of, section.tables))
        found.append(f"## {n} {section.title}{worth}\n\n{tables}" + (f"\n\n{section.note}" if section.note else ""))
    if sheet.settings.difficulty == "find":
        found.append(f"## Find the mistake ({points(sheet.max_score)} points)\n\n{FIND}\n\n{_found(sheet, key)}")
    return found


def _found(sheet: Worksheet, key: bool) -> str:
    if not key:
        return f"The wrong number: {BLANK}\n\nRight there is: {BLANK}"
    equation, place, mistake = planted(sheet)
    layout = layout_of(sheet, key)
    field = next(f for f in layout.every if (f.equation, f.place) == (equation, place))
    there = layout.printed(field, value(sheet.key, field.part, place))
    return f"The wrong number: {called(field.part, place)}, {mistake.name}\n\nRight there is: {there}"


def foot(sheet: Worksheet, key: bool) -> str:
    """How to mark, on the key; and the command that makes the sheet again."""
    lines = []
    if key and sheet.settings.difficulty in ("pass", "step"):
        told = "; ".join(f"{mistake}, {where} ({number})" for mistake, where, number in likeliest(sheet))
        lines.append(f"**Marking.** {MARKING} Frequent here: {told}.")
    if key and sheet.certified:
        lines.append("Every number: engine = hand formula, certified.")
    lines.append(f"`{sheet.command}` · {points(sheet.max_score)} points")
    return "\n\n".join(lines)


def _of(table: Table) -> str:
    rows = [[text for cell in row for text in spread(cell, BLANK)] for row in table.rows]
    return _table([title for title, _ in table.columns], rows)


def spread(cell: Cell, blank: str) -> list[str]:
    """A cell in as many columns as it is wide, its text in the last."""
    return [""] * (cell.wide - 1) + [cell.text or (blank if cell.field else "")]


def _table(columns: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *rows))
