"""The page to play with: backward as a film, every number of which answers to the leaves.

A page is one HTML file that asks nothing of anybody.  In it are the picture, the list of events,
and the graph as a program in JavaScript: it gives every value and every local derivative, and the
page does what backward() does with them, a product and a sum for each event.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace as replaced
from importlib.resources import files
from typing import Any

from ...errors import AutogradTypeError, AutogradValueError, LoweringError
from ...gradient import partials_in_graph
from ...graph import toposort
from ...lowering import lower
from ...ops import LITERAL
from ...teaching.events import Backward, Forward, Recording, record
from ...teaching.roles import Roles
from ...value import Value, literal
from ...words.formulas import applied, powers
from ...words.text import shown
from ..parts import DIRECTIONS
from ..scene import Node, Scene, scene
from ..theme import THEMES, Theme, theme_named
from .live import Picture, Place, picture
from .whole import Page, page_of

CARDS = 25  # nodes: up to here each gets a card and each edge its words
REFUSED = 300  # nodes: above, nobody steps through all the events, and a page is over a megabyte
SCRIPTS = tuple(f"explorer{part}.js" for part in ("_writing", "_numbers", "_words", "_cards", "", "_view"))


def explore(
    y: Value, *, theme: str | None = None, direction: str = "LR", level: str | None = None, roles: Roles = None
) -> Page:
    """A page to step through both passes of y, and to change its leaves and see what follows.

    The reader switches between reverse mode and forward mode from any leaf, and sees what both cost.

    theme      "light" or "dark" to begin with; None: what the reader's system prefers
    direction  "LR" left to right, "TB" top to bottom
    level      "cards": with the chain rule on every edge; "pills": a line for each node; None: by size
    roles      what nodes are, where their labels do not tell, as in autograd.draw

    A notebook shows the result; elsewhere `.save("page.html")` writes it for a browser.  The page
    computes the graph anew from its leaves; no `.grad` is read or changed.  An operation of your
    own is not known to JavaScript: a graph with one can be stepped through, and its leaves stay as
    they are.  Raises AutogradTypeError for anything that is not a Value; AutogradValueError for
    more than 300 nodes, and an unknown theme, direction, level or role.

    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> page = explore((w * x).tanh(), theme="dark")
    >>> "∂f/∂w" in page.html
    True
    """
    if not isinstance(y, Value):
        raise AutogradTypeError(f"explore takes a Value, and was given {y!r}")
    if direction not in DIRECTIONS:
        raise AutogradValueError(f"unknown direction {direction!r}; choose one of {', '.join(DIRECTIONS)}")
    if level not in (None, "cards", "pills"):
        raise AutogradValueError(f"unknown level {level!r}; choose cards or pills, or None")
    explorer = _Explorer(y, theme, roles)
    level = level or ("cards" if len(explorer.scene.nodes) <= CARDS else "pills")
    return explorer.page(picture(explorer.scene, direction, explorer.recording.names[y], level))


def explore_as(draw: Callable[[], Picture], y: Value, *, theme: str | None, roles: Roles) -> Page:
    """The page of another picture of the same graph, as a network's is; see `explore`."""
    return _Explorer(y, theme, roles).page(draw())


class _Explorer:
    def __init__(self, root: Value, theme: str | None, roles: Roles) -> None:
        if theme is not None:
            theme_named(theme)
        self.root, self.theme, self.order = root, theme, toposort(root)
        if len(self.order) > REFUSED:
            raise AutogradValueError(
                f"the graph has {len(self.order)} nodes, and nobody steps through more than {REFUSED}:"
                " explore a part of it, or a smaller network on one sample"
            )
        self.recording: Recording = record(root)
        self.number = {node: i for i, node in enumerate(self.order)}
        self.uses = [event for event in self.recording.events if isinstance(event, Backward)]
        self.leaves = self.in_order_of_use()
        self.scene = self._renumbered(scene(root, roles=roles))
        self.title = f"Backpropagation through {shown(self.recording.names[root])}"

    def in_order_of_use(self) -> list[Value]:
        """The leaves as the forward pass meets them: a network's inputs and first layer come first."""
        met = dict.fromkeys(operand for node in self.order for operand in node.parents)
        return [node for node in (*met, self.root) if node.op is None]

    def _renumbered(self, drawn: Scene) -> Scene:
        """The scene with the keys that the page's data use: a node's place in the topological order."""
        names = self.recording.names
        nodes = {n.value: replaced(n, key=f"n{self.number[n.value]}", name=names[n.value]) for n in drawn.nodes}
        edges = [
            replaced(e, tail=nodes[e.tail.value], head=nodes[e.head.value], contribution=None, marked=False)
            for e in drawn.edges
        ]
        return Scene(list(nodes.values()), edges, False, "")

    def page(self, shows: Picture) -> Page:
        program = self.program()
        script = "\n".join([program or "const program = null;", *map(_read, SCRIPTS)])
        return page_of(
            _read("explorer.html"), self.title, theme=self.theme, style=_read("explorer.css"), script=script,
            data=self.data(program is not None, shows), picture=shows.svg,
        )  # fmt: skip

    def program(self) -> str | None:
        """All values and all local derivatives as a JavaScript function of the leaves; None for a row that it lacks."""
        outputs = [*self.order, *self.slopes()]
        try:
            text: str = lower(outputs, self.leaves, allow_constants=True).to("javascript")
        except LoweringError:
            return None
        return text.replace("</", "< /").replace("<!--", "< !--")  # neither can be there, and neither ends the script

    def slopes(self) -> Iterator[Value]:
        """∂node/∂parent of each use as a graph, in the order of the events."""
        rules: dict[Value, Any] = {}
        for use in self.uses:
            node = use.node
            if node not in rules:
                rules[node] = partials_in_graph(node)
            slope = rules[node][use.operand]
            yield slope if isinstance(slope, Value) else literal(slope)

    def data(self, live: bool, shows: Picture) -> dict[str, Any]:
        """What the script is told: plain lists, with nodes by their number."""
        forward = [event for event in self.recording.events if isinstance(event, Forward)]
        roles = {node.value: node for node in self.scene.nodes}

        def ends(use: Backward) -> tuple[int, int]:
            return self.number[use.node], self.number[use.parent]

        def selects(use: Backward) -> int:
            return int(use.node.op is not None and use.operand in use.node.op.selects)

        return {
            "root": self.number[self.root],
            "nodes": [self.node(value, roles.get(value), shows.places.get(value)) for value in self.order],
            "forward": [self.operation(event) for event in forward],
            "uses": [[*ends(e), shows.uses.get((e.node, e.operand)), selects(e)] for e in self.uses],
            "symbols": [e.symbol for e in self.uses],
            "partials": [self.recording.symbols.partial(value) for value in self.order],
            "rates": [self.recording.symbols.rate(value) for value in self.order],
            "notes": self.recording.symbols.notes,
            "edges": [[None if each is None else self.number[each] for each in edge] for edge in shows.edges],
            "leaves": [self.number[leaf] for leaf in self.leaves],
            "values": [_number(value.data) for value in self.order],
            "slopes": [_number(event.local) for event in self.uses],
            "live": live,
            "scales": {name: _scale(theme) for name, theme in THEMES.items()},
        }

    def node(self, value: Value, drawn: Node | None, place: Place | None) -> dict[str, Any]:
        kind = "number" if value.op is LITERAL else "step" if value.parents else "leaf"
        tag = shown(drawn.tag) if drawn else ""
        where = place and {"card": place.card, "main": place.main, **place.parts}
        return {"name": self.recording.symbols.name(value), "tag": tag, "kind": kind, "place": where}

    def operation(self, event: Forward) -> dict[str, Any]:
        """A forward event in words, with places for its numbers, and whether a negative one needs brackets there."""
        places = [f"\ue000{i}\ue001" for i in range(len(event.operands))]
        numbers = applied(event.node, places)
        negative = applied(event.node, [f"−{place}" for place in places])
        return {
            "node": self.number[event.node],
            "operands": [self.number[parent] for parent in event.node.parents],
            "names": self.recording.symbols.formula(event.node),
            "numbers": numbers,
            "brackets": negative.replace("−\ue000", "\ue000") != numbers,
            "raised": bool(powers(event.node)),
        }


def _scale(theme: Theme) -> dict[str, Any]:
    return {"negative": theme.negative, "zero": theme.zero, "positive": theme.positive, "muted": theme.muted}


def _number(x: float) -> float | str:
    """A float as JSON has it; what JSON has no number for becomes a text that JavaScript's Number() reads."""
    return x if math.isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
