"""A picture as a Mermaid flowchart, which code hosts draw where it stands in a Markdown file.

It has the scene's words and colours, as far as Mermaid goes: nodes with lines of text, arrows with words on them.  It
has no legend, so ∂ stands before a gradient.
Labels come from users, and Mermaid reads much into a text: quotes, Markdown, formulas, icons.  So every sign of ASCII
that could mean something goes as its number.  Syntax: https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import AutogradValueError
from ..words.text import shown, signed
from .dot import gradient_symbol, local_symbol, product
from .parts import MARK, arrows
from .scene import Edge, Node, Scene
from .summary import Kind, ends, operands_between
from .theme import Colour, Theme, strength

ARROWS, CHARACTERS = 500, 50_000  # the most that Mermaid draws unless its page says otherwise
_HARMLESS = re.compile(rf"(?<=\d)\.(?=\d)|\+(?=[\d∞])|[^{re.escape(string.punctuation)}]|[,=/']")
_GAP = "\u2003"  # wide, and not taken together with its neighbours as blanks are
_JOINER = "\u2060"  # no width: $$ would be a formula, \n a new line, fa:fa-car an icon


class Box(NamedTuple):
    """A node: its key, its lines, its role, and whether it is highlighted."""

    key: str
    lines: Sequence[str]
    role: str
    marked: bool = False


class Arrow(NamedTuple):
    """An edge: from where to where, its lines, its colour (None: none), its width in pixels, whether it is dotted."""

    tail: str
    head: str
    lines: Sequence[str] = ()
    colour: Colour | None = None
    width: float = 1.0
    dotted: bool = False


def flowchart(
    boxes: Sequence[Box], edges: Sequence[Arrow], direction: str, theme: Theme, title: str, description: str
) -> str:
    """The text of a flowchart.

    >>> from .theme import LIGHT
    >>> print(flowchart([Box("a", ["x"], "input"), Box("b", ["f"], "result")], [Arrow("a", "b")], "LR", LIGHT, "", ""))
    flowchart LR
        a["x"]
        b["f"]
        a --> b
        classDef input fill:#FFFFFF,stroke:#94A3B8,stroke-width:1px,color:#0F172A
        classDef result fill:#FFFFFF,stroke:#1E293B,stroke-width:1.6px,color:#0F172A
        class a input
        class b result
    """
    lines = [f"accTitle: {escaped(title)}"] * bool(title) + [f"accDescr: {escaped(description)}"] * bool(description)
    lines += [f'{box.key}["{_joined(box.lines)}"]' for box in boxes]
    for i, arrow in enumerate(edges):
        words = f'|"{_joined(arrow.lines)}"|' if arrow.lines else ""
        lines.append(f"{arrow.tail} {'-.->' if arrow.dotted else '-->'}{words} {arrow.head}")
        if arrow.colour:
            lines.append(f"linkStyle {i} stroke:{arrow.colour},stroke-width:{arrow.width:.1f}px")
    for name in dict.fromkeys(box.role for box in boxes):
        role = theme.roles["operation" if name == "literal" else name]
        look = f"fill:{theme.card},stroke:{role.border},stroke-width:{role.width:g}px,color:{theme.ink}"
        lines.append(f"classDef {name} {look}{',stroke-dasharray:4 3' if role.dashed else ''}")
    for name in dict.fromkeys(box.role for box in boxes):
        lines.append(f"class {','.join(box.key for box in boxes if box.role == name)} {name}")
    lines += [f"style {box.key} stroke:{theme.ink},stroke-width:{MARK:g}px" for box in boxes if box.marked]
    return "\n    ".join([f"flowchart {direction}", *lines])


def escaped(text: str) -> str:
    """Text that Mermaid shows as it is.

    >>> escaped("∂f/∂x = +0.5"), escaped('a "b"')
    ('∂f/∂x = +0.5', 'a #34;b#34;')
    """
    joined = dict.fromkeys(":$\\", _JOINER)
    return "".join(c if _HARMLESS.match(text, i) else f"#{ord(c)};{joined.get(c, '')}" for i, c in enumerate(text))


def limited(text: str) -> str:
    """The text, if code hosts draw one as large.  Raises AutogradValueError otherwise.

    >>> limited("flowchart LR")
    'flowchart LR'
    """
    count = len(re.findall(r"^\s+\w+ -[-.]+>", text, re.MULTILINE))
    if count > ARROWS or len(text) > CHARACTERS:
        raise AutogradValueError(
            f"Mermaid draws {ARROWS} arrows and {CHARACTERS:,} characters at most, and this picture has {count:,} and"
            f" {len(text):,}: take level='pills' or level='summary', or draw a part of it"
        )
    return text


def _joined(lines: Sequence[str]) -> str:
    return "<br/>".join(map(escaped, lines))


# --- what is shown ------------------------------------------------------------------------------------


def of_scene(scene: Scene, level: str, direction: str, theme: Theme, title: str, description: str) -> str:
    """Cards and pills: what dot.py says of each node and each edge."""
    cards = level == "cards"
    boxes = [Box(node.key, _card(node, scene) if cards else [_pill(node, scene)], node.role, node.marked)
             for node in scene.nodes]  # fmt: skip
    edges = [_arrow(edge, scene, theme, cards, direction) for edge in scene.edges]
    return flowchart(boxes, edges, direction, theme, title, description)


def _card(node: Node, scene: Scene) -> list[str]:
    name = shown(node.name)
    if node.role == "literal":
        return [name]
    lines = [f"{name}{_GAP}{shown(node.tag)}", f"value {signed(node.value.data)}"]
    if scene.differentiated:
        lines.append(f"{gradient_symbol(node, scene)} {signed(node.value.grad)}")
    return lines


def _pill(node: Node, scene: Scene) -> str:
    if node.role == "literal":
        return shown(node.name)
    operation = f"{_GAP}{shown(node.tag)}" if node.value.parents else ""
    gradient = f"{_GAP}∂ {signed(node.value.grad)}" if scene.differentiated else ""
    return f"{shown(node.name)}{operation}{_GAP}{signed(node.value.data)}{gradient}"


def _arrow(edge: Edge, scene: Scene, theme: Theme, words: bool, direction: str) -> Arrow:
    sent, lines, colour, width = edge.contribution, [], None, 1.0
    if sent is not None and edge.local is not None and edge.tail.role != "literal":
        if words:
            lines.append(f"{local_symbol(edge, 8, 10)} = {signed(edge.local)}")
        if edge.undetermined:
            lines.append(product(edge))
        elif words:
            lines.append(f"{arrows(direction)[1]} {signed(sent)}")
        if edge.sends:
            colour = theme.gradient(sent, scene.largest, at_least=0.4)
            width += 2.4 * strength(sent, scene.largest)
    return Arrow(edge.tail.key, edge.head.key, lines, colour, width, scene.marked_edges and not edge.marked)


def of_kinds(scene: Scene, direction: str, theme: Theme, title: str, description: str) -> str:
    """The summary: a box for each kind of node."""
    kinds, between = operands_between(scene)
    boxes = [Box(kind.key, _kind(kind, scene), kind.role, kind.marked) for kind in kinds]
    edges = [Arrow(tail, head, [f"{count:,}"], dotted=dotted) for tail, head, count, dotted in between]
    return flowchart(boxes, edges, direction, theme, title, description)


def _kind(kind: Kind, scene: Scene) -> list[str]:
    lines = [shown(kind.name), f"nodes {len(kind.values):,}", f"value {' to '.join(map(signed, ends(kind.values)))}"]
    if scene.differentiated and kind.role != "literal":
        lines.append(f"gradient {' to '.join(map(signed, ends(kind.gradients)))}")
    return lines
