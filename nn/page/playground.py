"""The page itself: one HTML file that asks nothing of anybody, made of the modules beside this one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from autograd.drawing.page.whole import Page, page_of
from autograd.drawing.theme import THEMES

from ..network.losses import Loss
from ..network.modules import MLP
from ..network.storage import FORMAT, VERSION
from ..training.cells import MISSING, SEPARATORS
from .content import DEEPEST, LONGEST_ORDER, SEEDS, WIDEST, datasets, losses, orders, scales, sigmas, stream
from .engine import REMEMBERED, engine
from .given import Given, Prepared, given

TITLE = "deltagrad playground"
LARGEST = 250_000  # bytes of a page
# In this order: each uses only those before it.  The first is the explorer's too.
SCRIPTS = (
    "explorer_writing.js", "told", "engine", "network.js", "diagnosis.js", "events.js", "own_rule.js", "table.js",
    "state.js", "graph.js", "sizes.js", "sheet.js", "plane.js", "strip.js", "pasted.js", "sharing.js", "points.js",
    "controls.js",
)  # fmt: skip
_SETTINGS = {
    "hidden": [4, 3], "sigma": "tanh", "output": "tanh", "loss": "squared_error", "data": "moons", "noise": 0.1,
    "rate": 0.1, "seed": 1, "speed": 4, "batch": 0, "optimizer": "sgd", "initializer": "", "held": 0, "clip": 0,
    "axes": [0, 1],
}  # fmt: skip


def play(
    net: MLP | Prepared | None = None,
    X: Any = None,
    Y: Any = None,
    *,
    loss: str | Loss | None = None,
    theme: str | None = None,
) -> Page:
    """A page in which a network learns before one's eyes, and can be stepped through event by event.

    net    the network or Model it begins with, at most 5 hidden layers of 8 neurons, 2 to 8 inputs; None: a small
           network that learns two moons.  Its own numbers are left alone
    X, Y   the samples it learns, at most 200, as fit takes them, or a Model's predict and train: in the table's
           words; the plane shows two of their inputs, the first two to begin with
    loss   a name of LOSSES; None: the squared error, or what the Model was trained with
    theme  "light" or "dark" to begin with; None: what the reader's system prefers

    The page trains by itself, with what Python computes; data, θ and settings can be changed in it.  Raises
    AutogradTypeError and AutogradValueError for what such a page cannot hold, and for samples that do not fit.

    >>> from nn import MLP
    >>> page = play(MLP(2, [3, 1], seed=0), [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1])
    >>> page.html[:15], len(page.html) < 250_000
    ('<!DOCTYPE html>', True)
    """
    return page(given(net, X, Y, loss), theme)


def page(subject: Given | None = None, theme: str | None = None) -> Page:
    """The page of what was given, see `play`.

    >>> "two moons" in page().html
    True
    """
    # The page's own points have two or three classes; a rule for one output is judged under every loss.
    own = (1, 2, 3) if subject is None or subject.inputs == 2 else (1,)
    outputs = sorted({*own, subject.outputs} if subject else own)
    code = _without_margins("\n".join(script(name, outputs) for name in SCRIPTS))
    data, frame, style = told(subject), _read("playground.html"), _read("playground.css")
    while True:
        found = page_of(frame, TITLE, theme=theme, style=style, script=code, data=data, pictures="data:")
        if len(found.html.encode()) <= LARGEST or len(data["streams"]) == 1:
            return found
        data["streams"].popitem()  # a wide network has the first θ of as many seeds as there is room for


def script(name: str, outputs: Iterable[int] = (1, 2, 3)) -> str:
    """One of the page's scripts by its file's name, or the "engine", lowered for losses of so many outputs.

    >>> "class Network" in script("network.js")
    True
    """
    if name == "engine":
        return _engine(tuple(outputs))
    if name == "told":
        return 'const told = JSON.parse(document.getElementById("data").textContent);'
    return _read(name, "autograd.drawing.page" if name.startswith("explorer") else __package__)


@cache
def _engine(outputs: tuple[int, ...]) -> str:
    return engine(outputs)


def told(subject: Given | None = None) -> dict[str, Any]:
    """What the scripts know as `told`: numbers and names, nothing else.

    >>> told()["settings"]["data"]
    'moons'
    """
    outputs = 3 if subject is None else max(3, subject.outputs)
    count = DEEPEST * WIDEST * WIDEST + WIDEST * outputs + 2
    return {
        "settings": _SETTINGS if subject is None else {**_SETTINGS, **subject.settings},
        "given": None if subject is None else subject.told(),
        "streams": {seed: stream(seed, count) for seed in SEEDS},
        "scales": scales(WIDEST),
        "sigmas": sigmas(),
        "remembered": REMEMBERED,
        "losses": losses(),
        "orders": orders(),
        "datasets": {} if subject is not None and subject.inputs != 2 else _datasets(),
        "widest": WIDEST,
        "deepest": DEEPEST,
        "longest": LONGEST_ORDER,
        "separators": SEPARATORS,
        "missing": sorted(MISSING),
        "format": {"format": FORMAT, "version": VERSION},
        "colours": {
            name: {"negative": t.negative, "zero": t.zero, "positive": t.positive} for name, t in THEMES.items()
        },
    }


_BLANKS = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')| *(=>|[=<>!]==?|&&|\|\||[=,;:?(){}<>*]) *""")


def _without_margins(text: str) -> str:
    """A script without indents, comments and blanks around signs: a third of it, which readers find in the modules.

    >>> print(_without_margins("  // why\\n  const f = (x) => [x + 1, \\"a = b\\"]; // what it is"))
    const f=(x)=>[x + 1,"a = b"];
    """
    lines, template = [], False  # what stands in a template is text
    for line in text.split("\n"):
        kept = line if template else line.strip().partition(" // ")[0]
        plain = not template and "`" not in kept and "/" not in kept  # no template, and no regular expression
        template ^= kept.count("`") % 2 == 1
        if kept and not kept.startswith("//"):
            lines.append(_BLANKS.sub(lambda found: found[1] or found[2], kept) if plain else kept)
    return "\n".join(lines)


def _datasets() -> dict[str, Any]:
    return {name: points._asdict() for name, points in datasets().items()}


def _read(name: str, package: str | None = __package__) -> str:
    assert package is not None
    return files(package).joinpath(name).read_text(encoding="utf-8")
