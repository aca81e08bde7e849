"""A large graph in a few boxes: nodes of one kind together, with their number and their extremes.

What is called u⁽²⁾₁, u⁽²⁾₂, … in a network is one kind, x₁, x₂, … another; what has no label goes
by its operation.  Forty kinds can be read; where there are more, labels are left aside.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

from ..words.text import cut, shown, signed
from .parts import border, canvas, cell, chip, header, legend, mark_note, table, tooltip
from .scene import Node, Scene
from .theme import Theme

KINDS = 40
_INDEX = re.compile(r"[\d,₀-₉ᵢⱼₖₗ_]+$")


@dataclass
class Kind:
    """Nodes that are drawn as one box: its key in DOT, what it is called, their numbers, whether one is highlighted."""

    key: str
    name: str
    tag: str
    role: str
    values: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    marked: bool = False


def summary(scene: Scene, direction: str, theme: Theme, note: str = "") -> str:
    """One box for each kind of node, and an arrow for all operands that lead from one kind to another.

    note   what the legend says besides
    """
    kinds, between = operands_between(scene)
    said = [cell(f"{len(scene.nodes):,} nodes of {len(kinds)} kinds{note}", theme.ink, 10)]
    if not scene.differentiated:
        said.append(cell("  gradients appear after backward()", theme.muted, 10))
    said += mark_note(scene.marked, scene.marked_edges, theme)
    scale = scene.largest if scene.differentiated else None
    what = f"gradient of {cut(scene.symbol)}" if scene.symbol else "gradient"
    graph = canvas(theme, direction, legend(theme, scale, said, what), nodesep="0.25", ranksep="0.45")
    for kind in kinds:
        tip = tooltip(f"{kind.name}: {len(kind.values):,} nodes")
        role = theme.roles["operation" if kind.role == "literal" else kind.role]
        graph.node(
            kind.key, f"<{_box(kind, scene, theme)}>", id=kind.key, tooltip=tip, **border(theme, role, kind.marked)
        )
    for tail, head, count, dotted in between:
        label = f"<{table([[cell(f' {count:,}', theme.muted, 9)]], spacing=0)}>"
        width = f"{1 + 0.5 * math.log10(count):.2f}"
        look = {"color": theme.forward, "penwidth": width, "style": "dotted" if dotted else "solid"}
        graph.edge(tail, head, label=label, tooltip=f"{count:,} operands", **look)
    return str(graph.source)


def operands_between(scene: Scene) -> tuple[list[Kind], list[tuple[str, str, int, bool]]]:
    """All kinds; and from which to which operands lead, how many, and whether they are dotted beside what is marked."""
    kind_of, kinds = _kinds(scene)
    solid = {(kind_of[edge.tail].key, kind_of[edge.head].key) for edge in scene.edges if edge.marked}
    operands = Counter((kind_of[edge.tail].key, kind_of[edge.head].key) for edge in scene.edges)
    return kinds, [(*ends, count, scene.marked_edges and ends not in solid) for ends, count in operands.items()]


def _kinds(scene: Scene) -> tuple[dict[Node, Kind], list[Kind]]:
    """The kind of every node, and all kinds, those of the first nodes first."""
    names = [_kind_name(node) for node in scene.nodes]
    if len(set(names)) > KINDS:
        names = [node.tag for node in scene.nodes]
    kinds: dict[tuple[str, str], Kind] = {}
    kind_of = {}
    for node, name in zip(scene.nodes, names):
        key = (name, node.role)
        if key not in kinds:
            kinds[key] = Kind(f"n{len(kinds)}", name, node.tag, node.role)
        kind = kind_of[node] = kinds[key]
        kind.values.append(node.value.data)
        kind.gradients.append(node.value.grad)
        kind.marked |= node.marked
        if kind.tag != node.tag:
            kind.tag = "…"  # several operations under one name
    for node, kind in kind_of.items():
        if len(kind.values) == 1 and kind.role != "literal":
            kind.name = node.name or kind.name
    return kind_of, list(kinds.values())


def _kind_name(node: Node) -> str:
    if node.role == "literal":
        return "numbers"
    label = node.name if node.role == "result" else node.value.label
    return (_INDEX.sub("", label) or label) if label else node.tag


def _box(kind: Kind, scene: Scene, theme: Theme) -> str:
    role = theme.roles["operation" if kind.role == "literal" else kind.role]
    tag = kind.tag if kind.tag != kind.name and kind.role != "literal" else ""
    rows = [[header(shown(kind.name), shown(tag), role)]]
    rows.append(_row("nodes", [cell(f"{len(kind.values):,}", theme.ink, 12, colspan="2")], theme))
    values = ends(kind.values)
    wide = {"width": "58"} if len(values) == 2 else {"colspan": "2", "width": "90"}
    rows.append(_row("value", [cell(signed(x), theme.ink, 11, **wide) for x in values], theme))
    if scene.differentiated and kind.role != "literal":
        gradients = ends(kind.gradients)
        wide = {"width": "58"} if len(gradients) == 2 else {"colspan": "2", "width": "90"}
        chips = [chip(signed(g), g, scene.largest, theme, 11, **wide) for g in gradients]
        rows.append(_row("gradient", chips, theme))
    return table(rows, spacing=3)


def _row(title: str, cells: list[str], theme: Theme) -> list[str]:
    return [cell(title, theme.muted, 10, align="left"), *cells]


def ends(numbers: list[float]) -> tuple[float, ...]:
    """The smallest and the largest, once where they are one; without nan where there is anything else."""
    real = [x for x in numbers if not math.isnan(x)] or [math.nan]
    return (min(real), max(real)) if min(real) < max(real) else (real[0],)
