"""Pictures of computation graphs, coloured by gradient, with the chain rule on their edges.

theme    every colour           scene    roles, edges, derivatives
                                dot      the scene as DOT text
                                render   DOT text as SVG and PNG

Names come from ..naming, numbers and harmless labels from ..text, as in every other output.

Nothing in the core imports this package; `autograd.draw` loads it when it is called.
"""

from __future__ import annotations

from ..errors import AutogradTypeError, AutogradValueError
from ..value import Value
from .dot import cards, pills
from .render import Drawing
from .scene import scene
from .theme import theme_named

__all__ = ["Drawing", "draw"]

CARDS = 25  # nodes: up to here each gets a card and each edge its words
PILLS = 150  # nodes: up to here a notebook draws a Value that it displays; a node is 3 KB of SVG
REFUSED = 1000  # nodes: above, nobody can read the picture, and laying it out takes seconds
_LEVELS = {"cards": cards, "pills": pills}


def draw(
    value: Value, *, level: str | None = None, direction: str = "LR", theme: str = "light", force: bool = False
) -> Drawing:
    """A picture of everything that a Value was computed from.

    level      "cards": value, gradient, and upstream × local on every edge; "pills": one line
               for each node; None: cards up to 25 nodes
    direction  "LR" left to right, "TB" top to bottom
    theme      "light" or "dark"
    force      draw more than 1000 nodes

    Gradients are shown once backward() has run on it.  Raises AutogradTypeError for something
    that is not a Value; AutogradValueError for an unknown level, direction or theme, and for too many nodes.

    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> o = (w * x).tanh(); o.backward()
    >>> "∂f/∂w" in draw(o).dot
    True
    """
    if not isinstance(value, Value):
        raise AutogradTypeError(f"draw takes a Value, and was given a {type(value).__name__}")
    if level is not None and level not in _LEVELS:
        raise AutogradValueError(f"unknown level {level!r}; choose one of {', '.join(_LEVELS)}, or None")
    palette = theme_named(theme)
    what = scene(value)
    count = len(what.nodes)
    if count > REFUSED and not force:
        raise AutogradValueError(
            f"the graph has {count} nodes, and a picture of more than {REFUSED} cannot be read:"
            " draw a part of it, or ForwardPass.draw() for a network, or pass force=True"
        )
    chosen = _LEVELS[level or ("cards" if count <= CARDS else "pills")]
    return Drawing(chosen(what, direction, palette))


def shown_in_notebook(value: Value) -> dict[str, str | bytes]:
    """What a notebook displays of a Value besides its text: nothing where the graph is large.

    >>> sorted(shown_in_notebook(Value(1.0, "x")))
    ['image/png', 'image/svg+xml', 'text/plain']
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
