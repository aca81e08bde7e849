"""A scene as DOT text: cards for a small graph, pills for a middle-sized one."""

from __future__ import annotations

from typing import Any

from ..words.derivatives import derivative, derivative_by, slot_note
from ..words.formulas import powers
from ..words.text import bracketed, cut, exact, short, shown, signed
from .parts import (
    arrows,
    border,
    canvas,
    cell,
    chip,
    frame,
    header,
    legend,
    mark_note,
    table,
    tooltip,
    words,
)
from .scene import Edge, Node, Scene
from .theme import Colour, Theme, strength


def cards(scene: Scene, direction: str, theme: Theme) -> str:
    """Every node a card with its value and gradient, every edge with its share of the chain rule."""
    forth, back = arrows(direction)
    note = [
        cell(f"{forth} forward: the value  ", theme.muted, 10),
        cell(f"{back} backward: upstream × local derivative, wider where larger", theme.ink, 10),
    ]
    graph = canvas(theme, direction, _legend(scene, theme, note, slots=True), nodesep="0.30", ranksep="0.30")
    for node in scene.nodes:
        _add(graph, node, theme, scene, _card(node, scene, theme) if node.role != "literal" else None)
    for edge in scene.edges:
        attributes = _strokes(edge, scene, theme)
        if edge.contribution is not None and edge.tail.role != "literal":
            attributes["label"] = _chain_rule(edge, scene, theme, direction)
        graph.edge(edge.tail.key, edge.head.key, **attributes)
    return str(graph.source)


def pills(scene: Scene, direction: str, theme: Theme, clusters: bool = False, stacked: bool = False) -> str:
    """Every node a line with name, operation, value and gradient; edges without words.

    clusters   put a frame around each neuron, by the names that the network gives
    stacked    the narrow form: the name above the numbers
    """
    note = [cell("colour and width of an arrow: upstream × local derivative", theme.muted, 10)]
    # A leaf that hundreds of steps use costs minutes of straightening lines without this limit (0.2 s instead of 29).
    limit = {"nslimit": "1"} if len(scene.nodes) > 100 else {}
    graph = canvas(theme, direction, _legend(scene, theme, note), nodesep="0.16", ranksep="0.4", **limit)
    grouped: dict[tuple[int, int] | None, list[Node]] = {}
    for node in scene.nodes:
        grouped.setdefault(node.place if clusters else None, []).append(node)
    places = sorted(place for place in grouped if place is not None)
    for layer in sorted({layer for layer, _ in places}):
        attributes = frame(f"layer {layer}", theme, theme.group)
        with graph.subgraph(name=f"cluster_{layer}", graph_attr=attributes) as group:
            for place in (place for place in places if place[0] == layer):
                attributes = frame(f"neuron {place[1]}", theme, theme.canvas)
                with group.subgraph(name=f"cluster_{layer}_{place[1]}", graph_attr=attributes) as neuron:
                    _add_pills(neuron, grouped[place], scene, theme, stacked)
    _add_pills(graph, grouped.get(None, []), scene, theme, stacked)
    for edge in scene.edges:
        apart = clusters and edge.tail.place != edge.head.place  # so that layers stand one after the other
        attributes = _stroke(edge, scene, theme) | ({"minlen": "2"} if apart else {})
        if edge.undetermined:  # words on an edge only where it has no colour to show
            attributes["label"] = f"<{words(product(edge), theme.ink, 9)}>"
        graph.edge(edge.tail.key, edge.head.key, **attributes)
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
        gradient = chip(signed(g), g, scene.largest, theme, 12, width="58")
        rows.append([cell(gradient_symbol(node, scene), theme.muted, 10, align="left"), gradient])
    return table(rows, spacing=3)


def _pill(node: Node, scene: Scene, theme: Theme, stacked: bool) -> str:
    head = pill_head(node, theme)
    row = [cell(signed(node.value.data), theme.ink, 10, height="20")]
    if scene.differentiated:
        row.append(chip(signed(node.value.grad), node.value.grad, scene.largest, theme, 10))
    return table([[head], row] if stacked else [[head, *row]], spacing=1)


def pill_head(node: Node, theme: Theme) -> str:
    """A cell with the name and the operation."""
    role = theme.roles[node.role]
    name = [f"<td>{words(shown(node.name), role.ink, 11, bold=True)}</td>"]
    if node.value.parents:
        name.append(cell(shown(node.tag), role.ink, 10))
    return f'<td style="rounded" bgcolor="{role.chip}">{table([name], spacing=0, padding=1)}</td>'


def number_alone(node: Node, theme: Theme) -> str:
    """A constant: the number itself."""
    return f"<{table([[cell(cut(node.name), theme.muted, 12)]], spacing=0, padding=0)}>"


def _add_pills(graph: Any, nodes: list[Node], scene: Scene, theme: Theme, stacked: bool) -> None:
    for node in nodes:
        _add(graph, node, theme, scene, _pill(node, scene, theme, stacked) if node.role != "literal" else None)


def _add(graph: Any, node: Node, theme: Theme, scene: Scene, label: str | None) -> None:
    tip = tooltip(_described(node, scene))
    if label is None:
        text = number_alone(node, theme)
        graph.node(node.key, text, id=node.key, tooltip=tip, shape="plain", margin="0.06,0.03")
    else:
        graph.node(
            node.key, f"<{label}>", id=node.key, tooltip=tip, **border(theme, theme.roles[node.role], node.marked)
        )


def _described(node: Node, scene: Scene) -> str:
    text = f"{cut(node.name, 200)} = {exact(node.value.data)}"
    if scene.differentiated and node.role != "literal":
        text += f"\ngradient {exact(node.value.grad)}"
    return text if node.role == "literal" else f"{text}\n{shown(node.tag, 40)}"


# --- edges --------------------------------------------------------------------------------------


def _strokes(edge: Edge, scene: Scene, theme: Theme) -> dict[str, str]:
    """Two strokes: forward the value, backward the gradient, the wider the more of it."""
    if not edge.sends:
        return {"color": theme.forward, "tooltip": _edge_tip(edge)} | _line(edge, scene)
    return _stroke(edge, scene, theme) | {"color": f"{theme.forward}:{_line_colour(edge, scene, theme)}", "dir": "both"}


def _stroke(edge: Edge, scene: Scene, theme: Theme) -> dict[str, str]:
    colour, width = theme.forward, 1.0
    if edge.sends:
        colour = _line_colour(edge, scene, theme)
        width += 2.4 * strength(edge.contribution or 0.0, scene.largest)
    return {"color": colour, "penwidth": f"{width:.2f}", "tooltip": _edge_tip(edge)} | _line(edge, scene)


def _line(edge: Edge, scene: Scene) -> dict[str, str]:
    return {"style": "dotted"} if scene.marked_edges and not edge.marked else {}


def _line_colour(edge: Edge, scene: Scene, theme: Theme) -> Colour:
    return theme.gradient(edge.contribution or 0.0, scene.largest, at_least=0.4)


def _chain_rule(edge: Edge, scene: Scene, theme: Theme, direction: str) -> str:
    """∂head/∂tail = local, and below it what that sends back: upstream × local."""
    if edge.local is None or edge.contribution is None:
        return ""
    sent = edge.contribution
    colour = theme.gradient(sent, scene.largest, at_least=1.0) if edge.sends else theme.muted
    local = words(f"{local_symbol(edge, 8, 10)} = {signed(edge.local)}", theme.muted, 9)
    told = product(edge) if edge.undetermined else signed(sent)
    back = words(f"{arrows(direction)[1]} {told}", colour, 11)
    # The empty row, or column, keeps the words off the line that they stand on, or beside.
    if direction == "LR":
        rows = [[f"<td>{local}</td>"], [f"<td>{back}</td>"], ['<td height="5"></td>']]
    else:
        rows = [['<td width="7"></td>', f"<td>{local}</td>"], ["<td></td>", f"<td>{back}</td>"]]
    return f"<{table(rows, spacing=0, padding=1)}>"


def product(edge: Edge) -> str:
    """An undetermined product: 0 · ∞ in the order upstream, local."""
    return f"{short(edge.head.value.grad)} · {bracketed(short(edge.local or 0.0))}: undetermined"


def _edge_tip(edge: Edge) -> str:
    head, tail = cut(edge.head.name, 60), cut(edge.tail.name, 60)
    text = f"{tail} → {head}"
    if edge.local is None:
        return tooltip(f"{text}\n{head} does not depend on it")
    text += f"\n{local_symbol(edge, 60, 60)} = {exact(edge.local)}"
    if edge.contribution is not None:
        result = "undetermined" if edge.undetermined else exact(edge.contribution)
        text += f"\nupstream × local = {exact(edge.head.value.grad)} × {exact(edge.local)} = {result}"
        text += "" if edge.taken else ", a branch that was not taken"
    return tooltip(text)


def gradient_symbol(node: Node, scene: Scene) -> str:
    """What a card calls its gradient: ∂root/∂node where it is that."""
    return derivative(cut(scene.root.name, 8), cut(node.name, 10)) if node.own else "grad"


def local_symbol(edge: Edge, of: int, by: int) -> str:
    """∂head/∂tail, or ∂₁head where the slot is meant; names of at most so many letters."""
    return derivative_by(cut(edge.head.name, of), cut(edge.tail.name, by), edge.operand, edge.slot)


# --- the legend ----------------------------------------------------------------------------------


def _legend(scene: Scene, theme: Theme, note: list[str], slots: bool = False) -> str:
    marked = mark_note(scene.marked, scene.marked_edges, theme)
    if not scene.differentiated:
        return legend(theme, None, [cell("gradients appear after backward()", theme.muted, 10), *marked])
    what = f"gradient of {cut(scene.symbol)}" if scene.symbol else "gradient"
    return legend(theme, scene.largest, [*note, *marked], what, slot_line(scene, theme) if slots else [])


def slot_line(scene: Scene, theme: Theme) -> list[str]:
    """The line of the legend that says what a slot is, where an edge has one."""
    meant = [edge for edge in scene.edges if edge.slot and edge.tail.role != "literal"]
    if not meant:
        return []
    edge = next((edge for edge in meant if powers(edge.head.value)), meant[0])
    note = slot_note(cut(edge.head.name, 8), edge.operand, bool(powers(edge.head.value)))
    return [cell(note, theme.muted, 10)]
