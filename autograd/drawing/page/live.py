"""A picture whose parts can be found again: the page changes its numbers and colours while it is looked at.

The renderer keeps nothing of a table's cells but their colours.  So the colours say what a part
is: each is a mark such as #0DE105 that stands for a CSS variable, `--gradient`, and in the SVG it
becomes `var(--gradient)`.  One SVG then serves both themes, and a script finds a node's
gradient as the text of that colour; of several in one card by their number there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from ...value import Value
from ...words.derivatives import derivative
from ...words.text import cut, shown
from ..dot import local_symbol, number_alone, pill_head
from ..parts import arrows, border, canvas, cell, header, table
from ..render import held, rendered
from ..scene import Edge, Node, Scene
from ..theme import LIGHT, Colour, Role, Theme

# What the script writes into: a node's value and gradient, the places where these stand, a name on such a
# place, σ′, an edge's two numbers, and the stroke along which the gradient travels.
PARTS = ("value", "slot", "gradient", "chip", "name", "prime", "local", "sent", "backward")
_ROLE = ("chip", "ink", "border")
_PLAIN = [field.name for field in fields(Theme) if isinstance(getattr(LIGHT, field.name), str)]
_VARIABLES = [*_PLAIN, *(f"{role}-{part}" for role in LIGHT.roles for part in _ROLE), *PARTS]
_MARKS = {variable: f"#0de1{i:02x}" for i, variable in enumerate(_VARIABLES)}


@dataclass
class Place:
    """Where a node is in the picture: its card, and its parts, each as cards and its numbers there among such parts.

    main   whether the card is this node's own: who chooses the card has chosen it
    """

    card: str
    parts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    main: bool = False


@dataclass
class Picture:
    """What a page shows of a graph.

    svg     the groups in it have ids: of cards, and e0, e1, … of the arrows
    places  of each node that is to be seen; one without parts only lights up its card
    edges   (tail, head, the weight that the arrow stands for, or None)
    uses    the arrow of an operand (head, its number), where there is one
    """

    svg: str
    places: dict[Value, Place]
    edges: list[tuple[Value, Value, Value | None]]
    uses: dict[tuple[Value, int], int]


class Parts:
    """Counts the parts of cards as they are made, since that is the order in which they stand in the SVG."""

    def __init__(self) -> None:
        self.places: dict[Value, Place] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, node: Value, card: str, parts: Iterable[str], main: bool = False) -> None:
        """The next of each of these parts on the card is the node's.

        >>> x, parts = Value(1.0), Parts()
        >>> parts.add(x, "n0", ["value"]); parts.add(x, "n1", ["chip"]); parts.places[x].parts
        {'value': [('n0', 0)], 'chip': [('n1', 0)]}
        """
        place = self.places.setdefault(node, Place(card, main=main))
        for part in parts:
            place.parts.setdefault(part, []).append((card, self._counts[card, part]))
            self._counts[card, part] += 1


def mark(variable: str) -> Colour:
    """The colour that becomes var(--variable).

    >>> mark("gradient") != mark("value")
    True
    """
    return _MARKS[variable]


def variables(theme: Theme) -> dict[str, Colour]:
    """The CSS variables of a theme; those of the PARTS are the script's and the style sheet's.

    >>> variables(LIGHT)["parameter-border"]
    '#7E5BC2'
    """
    plain = {name: getattr(theme, name) for name in _PLAIN}
    return plain | {f"{key}-{part}": getattr(role, part) for key, role in theme.roles.items() for part in _ROLE}


def marked() -> Theme:
    """The theme in which each colour is a mark.

    >>> marked().ink == mark("ink")
    True
    """
    roles = {}
    for key, role in LIGHT.roles.items():
        chip, ink, line = (_MARKS[f"{key}-{part}"] for part in _ROLE)
        roles[key] = Role(chip, ink, line, role.width, role.dashed)
    zero = _MARKS["zero"]
    scale = {"negative": (zero, zero, zero), "zero": zero, "positive": (zero, zero, zero)}
    plain = {name: _MARKS[name] for name in _PLAIN}
    return Theme(**(plain | scale), roles=roles)  # type: ignore[arg-type]


def picture(scene: Scene, direction: str, symbol: str, level: str) -> Picture:
    """The scene with CSS variables for colours: each node is a card, by its key.

    symbol   what gradients are called: ∂symbol/∂…
    level    "cards", where edges carry their numbers, or "pills"

    Raises as Drawing.svg() does.
    """
    theme = marked()
    room = {"nodesep": "0.30", "ranksep": "0.30"} if level == "cards" else {"nodesep": "0.16", "ranksep": "0.4"}
    graph = canvas(theme, direction, "", **room)
    graph.attr("graph", label="", tooltip="", bgcolor="transparent", pad="0.1")
    for node in scene.nodes:
        if node.role == "literal":
            graph.node(node.key, number_alone(node, theme), id=node.key, shape="plain", margin="0.06,0.03")
        else:
            label = _card(node, symbol, theme) if level == "cards" else _pill(node, theme)
            graph.node(node.key, f"<{label}>", id=node.key, **border(theme, theme.roles[node.role]))
    for k, edge in enumerate(scene.edges):
        attributes = {"id": f"e{k}", "color": _MARKS["forward"]}
        if edge.local is not None and edge.tail.role != "literal":
            attributes |= {"color": f"{_MARKS['forward']}:{_MARKS['backward']}", "dir": "both"}
            if level == "cards":
                attributes["label"] = _chain_rule(edge, arrows(direction)[1])
        graph.edge(edge.tail.key, edge.head.key, **attributes)
    parts = Parts()
    for node in scene.nodes:
        numbers = () if node.role == "literal" else ("value", "slot", "gradient", "chip")
        parts.add(node.value, node.key, numbers, main=True)
    uses = {(edge.head.value, edge.operand): k for k, edge in enumerate(scene.edges)}
    edges: list[tuple[Value, Value, Value | None]] = [(e.tail.value, e.head.value, None) for e in scene.edges]
    return Picture(svg(graph), parts.places, edges, uses)


def svg(graph: Any) -> str:
    """A graph in marked colours as SVG with CSS variables.  Raises as Drawing.svg() does."""
    text = rendered(str(graph.source), "svg").decode()
    names = {colour: variable for variable, colour in _MARKS.items()}
    text = re.sub(
        r'(fill|stroke)="(#0de1[0-9a-f]{2})"',  # a quote in a label is &quot;, so this is no label
        lambda match: f'{match[1]}="var(--{names[match[2]]})"',
        text[text.index("<svg") :],
    )
    return held(text, r"(?![^>]*var\(--(?:value|gradient|prime|local|sent)\))")  # what will change has its own room


def _card(node: Node, symbol: str, theme: Theme) -> str:
    partial = derivative(cut(symbol, 8), cut(node.name, 10))
    return table(
        [
            [header(shown(node.name), shown(node.tag), theme.roles[node.role])],
            [cell("value", theme.muted, 10, align="left"), number("value", "slot", 12)],
            [cell(partial, theme.muted, 10, align="left"), number("gradient", "chip", 12)],
        ],
        spacing=3,
    )


def _pill(node: Node, theme: Theme) -> str:
    return table([[pill_head(node, theme), number("value", "slot", 10), number("gradient", "chip", 10)]], spacing=1)


def number(part: str, place: str, size: int, above: int = 8) -> str:
    """A cell for a number that will change: room for three digits and a short power of ten.

    above   points that it is higher than its letters

    >>> "-0.000" in number("value", "slot", 10)
    True
    """
    room = {"width": f"{5 * size + 2}", "height": f"{size + above}"}
    return cell("-0.000", _MARKS[part], size, style="rounded", bgcolor=_MARKS[place], **room)


def _chain_rule(edge: Edge, back: str) -> str:
    local = cell(f"{local_symbol(edge, 8, 10)} = −0.000", _MARKS["local"], 9)
    sent = cell(f"{back} −0.000", _MARKS["sent"], 11)
    gap = '<td height="5"></td>'  # keeps the words off the line that they stand on
    return f"<{table([[local], [sent], [gap]], spacing=0, padding=1)}>"
