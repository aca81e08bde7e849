"""What the pictures are built of: the canvas, tables and their cells, chips, texts, the legend.

Everything returns DOT text, which depends on its arguments alone: no id(), no set order, no clock.
"""

from __future__ import annotations

import importlib
import math
import re
from typing import Any

from ..errors import AutogradValueError, MissingDependency
from ..words.text import markup, printable, signed
from .fonts import width
from .theme import Colour, Role, Theme

FIXED = 'fixedsize="true"'
_RTL = r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]"
_LEFTWARD = re.compile(rf"({_RTL}(?:\s*{_RTL})*)")
MARK = 3.6  # points: the border of what is highlighted, twice as heavy as any other
DIRECTIONS = {"LR": ("→", "←"), "TB": ("↓", "↑")}  # and the arrows forth and back


def canvas(theme: Theme, direction: str, legend: str, **attributes: str) -> Any:
    """An empty graphviz.Digraph in the theme's colours, the legend below it.

    Raises AutogradValueError for an unknown direction, and MissingDependency without graphviz.
    """
    arrows(direction)
    try:
        graphviz = importlib.import_module("graphviz")
    except ImportError:
        raise MissingDependency("drawing needs the package graphviz: pip install graphviz") from None
    graph = graphviz.Digraph("backpropagation")
    settings = {"rankdir": direction, "bgcolor": theme.canvas, "pad": "0.25"}
    settings |= {"newrank": "true", "outputorder": "edgesfirst"}
    words = {"fontname": "Helvetica", "label": f"<{legend}>", "labelloc": "b", "tooltip": " "}
    graph.attr("graph", **(settings | words | attributes))
    graph.attr("node", fontname="Helvetica", shape="box", margin="0.03,0.02", width="0", height="0")
    graph.attr("edge", fontname="Helvetica", arrowsize="0.7")
    return graph


def arrows(direction: str) -> tuple[str, str]:
    if direction not in DIRECTIONS:
        raise AutogradValueError(f"unknown direction {direction!r}; choose LR (left to right) or TB (top to bottom)")
    return DIRECTIONS[direction]


def border(theme: Theme, role: Role, marked: bool = False) -> dict[str, str]:
    """The attributes of a node of that role; a marked one has a heavy border."""
    style = "rounded,filled,dashed" if role.dashed and not marked else "rounded,filled"
    colour, width = (theme.ink, MARK) if marked else (role.border, role.width)
    return {"style": style, "fillcolor": theme.card, "color": colour, "penwidth": f"{width:g}"}


def frame(title: str, theme: Theme, fill: Colour) -> dict[str, str]:
    """The attributes of a group of nodes with a title."""
    label = table([[f"<td>{words(title, theme.quiet, 11)}</td>"]], spacing=0)
    place = {"labelloc": "t", "labeljust": "l", "margin": "10"}
    colours = {"style": "rounded,filled", "fillcolor": fill, "color": theme.frame, "tooltip": " "}
    return {"label": f"<{label}>", **colours, **place}


def table(rows: list[list[str]], spacing: int, padding: int = 2) -> str:
    """An HTML table of cells; a row of one cell spans all columns."""
    columns = max(len(row) + sum('colspan="2"' in c for c in row) for row in rows)
    body = "".join("<tr>" + "".join(_spanning(row, columns)) + "</tr>" for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="{spacing}" cellpadding="{padding}">{body}</table>'


def _spanning(row: list[str], columns: int) -> list[str]:
    return [row[0].replace("<td", f'<td colspan="{columns}"', 1)] if len(row) == 1 < columns else row


def header(name: str, tag: str, role: Role) -> str:
    """The top of a card: the name at the left, what it is at the right."""
    left = f'<td align="left" width="44">{words(name, role.ink, 14, bold=True, align="left")}</td>'
    right = f'<td align="right" width="44" height="25">{words(tag, role.ink, 12, align="right")}</td>'
    inner = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="2"><tr>{left}{right}</tr></table>'
    return f'<td style="rounded" bgcolor="{role.chip}" cellpadding="1">{inner}</td>'


def chip(text: str, g: float, largest: float, theme: Theme, size: int, **attributes: str) -> str:
    """A cell on the colour of a gradient."""
    background = theme.gradient(g, largest)
    ink = theme.quiet if background == theme.zero else theme.ink_on(background)
    return cell(text, ink, size, style="rounded", bgcolor=background, **attributes)


def cell(text: str, colour: Colour, size: int, **attributes: str) -> str:
    """A table cell holding one line of text."""
    given = "".join(f' {key}="{markup(value)}"' for key, value in attributes.items())
    return f"<td{given}>{words(text, colour, size, align=attributes.get('align', 'center'))}</td>"


def words(text: str, colour: Colour, size: int, bold: bool = False, align: str = "center") -> str:
    """The content of a cell: escaped text in a colour, with as much room as it really needs.

    Graphviz-pure counts bytes where it meets anything but ASCII, and the widths of plain letters
    where they are bold; so there the text stands in a table of our own measure, FIXED: render.py
    takes that back for a program that measures by itself.
    """
    if text.isascii() and not bold:
        return font(text, colour, size, bold)
    wide, high, drop = math.ceil(width(text, bold) * size) + 1, math.ceil(1.2 * size), 0
    if bold:  # Graphviz sets it higher than other text: an empty row pushes it down
        drop = round(2 + 0.12 * size)
    text = f'<td balign="left" {FIXED} width="{wide}" height="{high}">{font(text, colour, size, bold)}</td>'
    above = f'<tr><td {FIXED} width="{wide}" height="{drop}"></td></tr>' if drop else ""
    attributes = f'border="0" cellborder="0" cellspacing="0" cellpadding="0" align="{align}" {FIXED}'
    return f'<table {attributes} width="{wide}" height="{high + drop}">{above}<tr>{text}</tr></table>'


def font(text: str, colour: Colour, size: int, bold: bool = False) -> str:
    """A run of text; DOT has no empty one."""
    # Graphviz replaces \N, \G, … even here, and knows no escape for it, but not across two runs.
    # And what is written to the left is a run of its own, or a viewer would turn the formula about it round too.
    parts = [part for run in re.split(r"(?<=\\)(?=[A-Za-z])", printable(text) or " ") for part in _LEFTWARD.split(run)]
    runs = [markup(part) for part in parts if part]
    inner = [f"<b>{run}</b>" if bold else run for run in runs]
    return "".join(f'<font color="{colour}" point-size="{size}">{run}</font>' for run in inner)


def tooltip(text: str) -> str:
    """Text for a tooltip attribute, in several lines."""
    # Escapes are replaced here too, in nodes even twice; an invisible word joiner prevents that.
    text = "\n".join(map(printable, text.split("\n")))
    return markup(text).replace("\\", "\\\\\u2060").replace("\n", "\\n")


def mark_note(nodes: bool, edges: bool, theme: Theme) -> list[str]:
    """What the legend says of a highlight."""
    line = ", solid line" if edges else ""
    return [cell(f"   heavy border{line}: highlighted", theme.ink, 10)] if nodes else []


def legend(theme: Theme, largest: float | None, note: list[str], what: str = "", line: list[str] | None = None) -> str:
    """The scale with its numbers (t is a root, so the middle colours stand for a quarter), a note in cells, a line."""
    row = []
    if largest is not None:
        row.append(cell(what + " ", theme.muted, 10))
        for share in (-1.0, -0.25, 0.0, 0.25, 1.0):
            g = share * largest
            row.append(chip(signed(g), g, largest, theme, 10, width="52"))
        row.append('<td width="12"></td>')
    return table([['<td height="8"></td>'], [*row, *note], *([line] if line else [])], spacing=2, padding=3)
