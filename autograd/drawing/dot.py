"""A scene as DOT text: cards for a small graph, pills for a middle-sized one.

The building blocks (cell, table, header, chip, canvas, legend) draw the network too.
The text depends on the graph alone: no id(), no set order, no clock.
"""

from __future__ import annotations

import importlib
import math
import re
from typing import Any

from ..errors import AutogradValueError, MissingDependency
from ..text import exact, markup, shown, signed
from .scene import Edge, Node, Scene
from .theme import Colour, Role, Theme, strength

DIRECTIONS = {"LR": ("→", "←"), "TB": ("↓", "↑")}  # and the arrows forth and back


def cards(scene: Scene, direction: str, theme: Theme) -> str:
    """Every node a card with its value and gradient, every edge with its share of the chain rule."""
    forth, back = _arrows(direction)
    note = [
        cell(f"{forth} forward: the value  ", theme.forward, 10),
        cell(f"{back} backward: upstream × local derivative, wider where larger", theme.ink, 10),
    ]
    graph = canvas(theme, direction, _legend(scene, theme, note), nodesep="0.30", ranksep="0.30")
    for node in scene.nodes:
        _add(graph, node, theme, scene, _card(node, scene, theme) if node.role != "literal" else None)
    for edge in scene.edges:
        attributes = _strokes(edge, scene, theme)
        if edge.contribution is not None and edge.tail.role != "literal":
            attributes["label"] = _chain_rule(edge, scene, theme, direction)
        graph.edge(edge.tail.key, edge.head.key, **attributes)
    return str(graph.source)


def pills(scene: Scene, direction: str, theme: Theme) -> str:
    """Every node a line with name, operation, value and gradient; edges without words."""
    note = [cell("colour and width of an arrow: upstream × local derivative", theme.muted, 10)]
    graph = canvas(theme, direction, _legend(scene, theme, note), nodesep="0.16", ranksep="0.4")
    for node in scene.nodes:
        _add(graph, node, theme, scene, _pill(node, scene, theme) if node.role != "literal" else None)
    for edge in scene.edges:
        graph.edge(edge.tail.key, edge.head.key, **_stroke(edge, scene, theme))
    return str(graph.source)


# --- nodes ------------------------------------------------------------------------------------


def _card(node: Node, scene: Scene, theme: Theme) -> str:
    role = theme.roles[node.role]
    rows = [
        [header(shown(node.name), shown(node.tag), role)],
        [cell("value", theme.muted, 10, align="left"), cell(signed(node.value.data), theme.ink, 12, width="58")],
    ]
    if scene.differentiated:
        g = node.value.grad
        name = _partial(scene.symbol, node.name) if scene.symbol else "grad"
        gradient = chip(signed(g), g, scene.largest, theme, 12, width="58")
        rows.append([cell(name, theme.muted, 10, align="left"), gradient])
    return table(rows, spacing=3)


def _pill(node: Node, scene: Scene, theme: Theme) -> str:
    role = theme.roles[node.role]
    name = font(shown(node.name), role.ink, 11, bold=True)
    if node.value.parents:
        name += font("  " + shown(node.tag), role.ink, 10)
    row = [f'<td style="rounded" bgcolor="{role.chip}" valign="bottom">{name}</td>']
    row.append(cell(signed(node.value.data), theme.ink, 10, height="20"))
    if scene.differentiated:
        row.append(chip(signed(node.value.grad), node.value.grad, scene.largest, theme, 10))
    return table([row], spacing=1)


def _add(graph: Any, node: Node, theme: Theme, scene: Scene, label: str | None) -> None:
    tip = tooltip(_described(node, scene))
    if label is None:  # a constant: the number itself
        text = f"<{font(shown(node.name), theme.muted, 12)}>"
        graph.node(node.key, text, id=node.key, tooltip=tip, shape="plain", margin="0.06,0.03")
    else:
        graph.node(node.key, f"<{label}>", id=node.key, tooltip=tip, **border(theme, theme.roles[node.role]))


def _described(node: Node, scene: Scene) -> str:
    text = f"{shown(node.name, 200)} = {exact(node.value.data)}"
    if scene.differentiated and node.role != "literal":
        text += f"\ngradient {exact(node.value.grad)}"
    return text if node.role == "literal" else f"{text}\n{shown(node.tag, 40)}"


# --- edges --------------------------------------------------------------------------------------


def _strokes(edge: Edge, scene: Scene, theme: Theme) -> dict[str, str]:
    """Two strokes: forward the value, backward the gradient, the wider the more of it."""
    if not _sends(edge):
        return {"color": theme.forward, "tooltip": _edge_tip(edge)}
    return _stroke(edge, scene, theme) | {"color": f"{theme.forward}:{_line_colour(edge, scene, theme)}", "dir": "both"}


def _stroke(edge: Edge, scene: Scene, theme: Theme) -> dict[str, str]:
    colour, width = theme.forward, 1.0
    if _sends(edge):
        colour = _line_colour(edge, scene, theme)
        width += 2.4 * strength(edge.contribution or 0.0, scene.largest)
    return {"color": colour, "penwidth": f"{width:.2f}", "tooltip": _edge_tip(edge)}


def _sends(edge: Edge) -> bool:
    """Whether there is a stroke back: a zero has no colour that a line could be seen in, nan has none at all."""
    c = edge.contribution
    return c is not None and c != 0 and not math.isnan(c) and edge.tail.role != "literal"


def _line_colour(edge: Edge, scene: Scene, theme: Theme) -> Colour:
    return theme.gradient(edge.contribution or 0.0, scene.largest, at_least=0.4)


def _chain_rule(edge: Edge, scene: Scene, theme: Theme, direction: str) -> str:
    """∂head/∂tail = local, and below it what that sends back: upstream × local."""
    if edge.local is None or edge.contribution is None:
        return ""
    sent = edge.contribution
    colour = theme.gradient(sent, scene.largest, at_least=1.0) if sent else theme.muted
    local = font(f"{_partial(edge.head.name, edge.tail.name)} = {signed(edge.local)}", theme.muted, 9)
    back = font(f"{_arrows(direction)[1]} {signed(sent)}", colour, 11)
    # The empty row, or column, keeps the words off the line that they stand on, or beside.
    if direction == "LR":
        rows = [[f"<td>{local}</td>"], [f"<td>{back}</td>"], ['<td height="5"></td>']]
    else:
        rows = [['<td width="7"></td>', f"<td>{local}</td>"], ["<td></td>", f"<td>{back}</td>"]]
    return f"<{table(rows, spacing=0, padding=1)}>"


def _edge_tip(edge: Edge) -> str:
    head, tail = shown(edge.head.name, 60), shown(edge.tail.name, 60)
    text = f"{tail} → {head}"
    if edge.local is None:
        return tooltip(f"{text}\n{head} does not depend on it")
    text += f"\n∂{head}/∂{tail} = {exact(edge.local)}"
    if edge.contribution is not None:
        text += f"\nupstream × local = {exact(edge.head.value.grad)} × {exact(edge.local)} = {exact(edge.contribution)}"
    return tooltip(text)


def _partial(of: str, by: str) -> str:
    return f"∂{shown(of, 8)}/∂{shown(by, 10)}"


# --- the legend -----------------------------------------------------------------------------------


def _legend(scene: Scene, theme: Theme, note: list[str]) -> str:
    if not scene.differentiated:
        return legend(theme, None, [cell("gradients appear after backward()", theme.muted, 10)])
    what = f"gradient of {shown(scene.symbol)}" if scene.symbol else "gradient"
    return legend(theme, scene.largest, note, what)


def legend(theme: Theme, largest: float | None, note: list[str], what: str = "") -> str:
    """The scale with its numbers (t is a root, so the middle colours stand for a quarter), and a note in cells."""
    row = []
    if largest is not None:
        row.append(cell(what + " ", theme.muted, 10))
        for share in (-1.0, -0.25, 0.0, 0.25, 1.0):
            g = share * largest
            row.append(chip(signed(g), g, largest, theme, 10, width="52"))
        row.append('<td width="12"></td>')
    return table([['<td height="8"></td>'], [*row, *note]], spacing=2, padding=3)


# --- building blocks ------------------------------------------------------------------------------


def canvas(theme: Theme, direction: str, legend: str, **attributes: str) -> Any:
    """An empty graphviz.Digraph in the theme's colours, the legend below it.

    Raises AutogradValueError for an unknown direction, and MissingDependency without graphviz.
    """
    _arrows(direction)
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


def _arrows(direction: str) -> tuple[str, str]:
    if direction not in DIRECTIONS:
        raise AutogradValueError(f"unknown direction {direction!r}; choose LR (left to right) or TB (top to bottom)")
    return DIRECTIONS[direction]


def border(theme: Theme, role: Role) -> dict[str, str]:
    """The attributes of a node of that role."""
    style = "rounded,filled,dashed" if role.dashed else "rounded,filled"
    return {"style": style, "fillcolor": theme.card, "color": role.border, "penwidth": f"{role.width:g}"}


def table(rows: list[list[str]], spacing: int, padding: int = 2) -> str:
    """An HTML table of cells; a row of one cell spans all columns."""
    columns = max(map(len, rows))
    body = "".join("<tr>" + "".join(_spanning(row, columns)) + "</tr>" for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="{spacing}" cellpadding="{padding}">{body}</table>'


def _spanning(row: list[str], columns: int) -> list[str]:
    return [row[0].replace("<td", f'<td colspan="{columns}"', 1)] if len(row) == 1 < columns else row


def header(name: str, tag: str, role: Role) -> str:
    """The top of a card: the name at the left, what it is at the right."""
    # Graphviz sets bold text higher than other text; at the bottom of a taller cell they are level.
    left = f'<td align="left" valign="bottom" width="44">{font(name, role.ink, 14, bold=True)}</td>'
    right = f'<td align="right" width="44" height="25">{font(tag, role.ink, 12)}</td>'
    inner = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="2"><tr>{left}{right}</tr></table>'
    return f'<td style="rounded" bgcolor="{role.chip}" cellpadding="1">{inner}</td>'


def chip(text: str, g: float, largest: float, theme: Theme, size: int, **attributes: str) -> str:
    """A cell on the colour of a gradient."""
    background = theme.gradient(g, largest)
    ink = theme.muted if background == theme.zero else theme.ink_on(background)
    return cell(text, ink, size, style="rounded", bgcolor=background, **attributes)


def cell(text: str, colour: Colour, size: int, **attributes: str) -> str:
    """A table cell holding one line of text."""
    given = "".join(f' {key}="{markup(value)}"' for key, value in attributes.items())
    return f"<td{given}>{font(text, colour, size)}</td>"


def font(text: str, colour: Colour, size: int, bold: bool = False) -> str:
    """Escaped text in a colour; DOT has no empty text."""
    # Graphviz replaces \N, \G, … even here, and knows no escape for it, but not across two runs.
    runs = [markup(run) for run in re.split(r"(?<=\\)(?=[A-Za-z])", text or " ")]
    inner = [f"<b>{run}</b>" if bold else run for run in runs]
    return "".join(f'<font color="{colour}" point-size="{size}">{run}</font>' for run in inner)


def tooltip(text: str) -> str:
    """Text for a tooltip attribute, in several lines."""
    # Escapes are replaced here too, in nodes even twice; an invisible word joiner prevents that.
    return markup(text).replace("\\", "\\\\\u2060").replace("\n", "\\n")
