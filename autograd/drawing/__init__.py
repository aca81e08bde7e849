"""Pictures of computation graphs, coloured by gradient, with the chain rule on their edges.

scene     what is shown: roles, edges, derivatives     theme   every colour
dot       cards and pills                              fonts   how wide a text is, and its glyphs
summary   a large graph in a few boxes                 parts   tables, chips, texts, the legend
render    DOT text as SVG, PNG and PDF                 pdf     the layout as a PDF
marks     what is highlighted                          mermaid the picture for Markdown files
links     the graph for networkx

Names come from ..naming, numbers and harmless labels from ..text, as in every other output.

Nothing in the core imports this package; `autograd.draw` loads it when it is called.
"""

from __future__ import annotations

from functools import partial

from ..errors import AutogradTypeError, AutogradValueError
from ..recording import given
from ..teaching.roles import Roles
from ..value import Value
from ..words.text import shown, signed
from .dot import cards, pills
from .marks import Highlight
from .mermaid import of_kinds, of_scene
from .parts import arrows
from .render import Drawing, narrowest
from .scene import Scene, outline, scene
from .summary import summary
from .theme import theme_named

__all__ = ["Drawing", "draw"]

CARDS = 25  # nodes: up to here each gets a card and each edge its words
PILLS = 150  # nodes: up to here a notebook draws a Value that it displays; a node is 3 KB of SVG
EACH = 1000  # nodes: above, nobody can read a picture of each, and laying it out takes seconds
HUGE = 20_000  # nodes: above, not even a summary asks for every name and derivative
_LEVELS = ("cards", "pills", "summary")


def draw(
    value: Value,
    *,
    level: str | None = None,
    direction: str = "LR",
    theme: str = "light",
    expand: bool = False,
    clusters: bool = False,
    force: bool = False,
    highlight: Highlight = None,
    roles: Roles = None,
    width: float | None = None,
) -> Drawing:
    """A picture of everything that a Value was computed from, with gradients once backward() has run.

    level      "cards": value, gradient, and upstream × local on every edge; "pills": one line for
               each node; "summary": one box for each kind of node; None: cards up to 25 nodes,
               pills up to 1000, then the summary, which says so
    direction  "LR" left to right, "TB" top to bottom
    theme      "light" or "dark"
    expand     show each Σ, a weighted sum in one node, as the products and the sum that it is
    clusters   in pills, frame what belongs to one neuron, by the names that a network gives
    force      draw each node of more than 1000
    highlight  what stands out: a Value, or several Values and pairs (operand, result), such as
               explain(y, x).edges; its border is heavy, and lines beside it are dotted
    roles      what nodes are, where their labels do not tell: {node: "input"}, or "parameter", "target",
               "loss"
    width      of a page, in pixels: where the picture would be wider, it takes the other direction, and then
               pills with the name above the numbers; the first form that fits, or the narrowest

    An edge shows the derivative by this operand alone: ∂u/∂x, or ∂₁u where x enters u elsewhere too.  A
    card shows ∂f/∂x, or "grad" where its gradient is something else, as after two backward().
    A notebook shows the result; elsewhere `.save("neuron.svg")` writes it (.png, .pdf, .gv, .mmd), and
    `.svg()`, `.dot` and `.mermaid` are its text.  Raises AutogradTypeError for something that is not a Value;
    AutogradValueError for an unknown level, direction or theme, for too many cards or pills, and
    for a highlight or a role of what is not in the graph.

    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> o = (w * x).tanh(); o.backward()
    >>> "∂f/∂w" in draw(o).dot
    True
    """
    if not isinstance(value, Value):
        ways = {"draw": "it has a .draw() of its own", "forward": "a network is drawn by net.forward(x).draw()"}
        way = next((f"; {told}" for name, told in ways.items() if hasattr(value, name)), "")
        raise AutogradTypeError(f"draw takes a Value, and was given {given(value)}{way}")
    if level is not None and level not in _LEVELS:
        raise AutogradValueError(f"unknown level {level!r}; choose one of {', '.join(_LEVELS)}, or None")
    huge = not (expand or force or _at_most(HUGE, value))
    what = outline(value, highlight, roles) if huge else scene(value, expand, highlight, roles)
    palette = theme_named(theme)
    count = len(what.nodes)
    large = count > EACH and not force
    if large and level in ("cards", "pills"):
        raise AutogradValueError(
            f"the graph has {count} nodes, and a picture of more than {EACH} cannot be read:"
            " take level='summary', or draw a part of it, or pass force=True"
        )
    if level is None:
        level = "cards" if count <= CARDS else "summary" if large else "pills"
    arrows(direction)  # an unknown one is refused
    ways = [direction, "TB" if direction == "LR" else "LR"]
    forms = [(level, way, False) for way in ways] + [("pills", way, True) for way in ways if level != "summary"]
    note = "; force=True draws each" if large else ""

    def drawn(level: str, way: str, stacked: bool) -> Drawing:
        told = _told(what, level)
        if level == "summary":
            return Drawing(summary(what, way, palette, note), *told, of_kinds(what, way, palette, *told))
        dot = cards(what, way, palette) if level == "cards" else pills(what, way, palette, clusters, stacked)
        return Drawing(dot, *told, of_scene(what, level, way, palette, *told))

    return narrowest([partial(drawn, *form) for form in forms], width)


def _told(what: Scene, level: str) -> tuple[str, str]:
    """Title and description for those who do not see the picture."""
    result = what.root
    title = f"How {shown(result.name)} = {signed(result.value.data)} was computed"
    leaves = [node for node in what.nodes if node.role in ("input", "parameter", "target")]
    text = f"A graph of {len(what.nodes)} nodes and {len(what.edges)} operands as {level}."
    for node in leaves[:12]:
        text += f" {shown(node.name)} = {signed(node.value.data)}"
        text += f" with gradient {signed(node.value.grad)}." if what.differentiated else "."
    text += f" And {len(leaves) - 12} more leaves." if len(leaves) > 12 else ""
    marked = [shown(node.name) for node in what.nodes if node.marked]
    text += f" Highlighted: {', '.join(marked[:12])}{', …' if len(marked) > 12 else ''}." if marked else ""
    return title, text


def shown_in_notebook(value: Value) -> dict[str, str | bytes]:
    """What a notebook displays of a Value besides its text: nothing where the graph is large.

    >>> sorted(shown_in_notebook(Value(1.0, "x")))
    ['application/pdf', 'image/png', 'image/svg+xml', 'text/plain']
    """
    return draw(value)._repr_mimebundle_() if _at_most(PILLS, value) else {}


def _at_most(limit: int, root: Value) -> bool:
    """Whether a graph is that small, found without walking through all of a large one."""
    seen, stack = {root}, [root]
    while stack and len(seen) <= limit:
        for parent in stack.pop().parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return len(seen) <= limit
