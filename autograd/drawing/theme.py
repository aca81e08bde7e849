"""Every colour of the pictures.  Colour means gradient, and nothing else.

A gradient g is shown on a diverging scale by t = √(|g| / largest |g|), so that small ones
still differ: blue is negative, orange positive, and both stay apart under the three common
kinds of colour blindness.  What a node *is* shows in its tint, border and tag instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import AutogradValueError

Colour: TypeAlias = str  # "#RRGGBB"


@dataclass(frozen=True)
class Role:
    """How a kind of node looks: its header chip, the text on it, and its border."""

    chip: Colour
    ink: Colour
    border: Colour
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True)
class Theme:
    """A palette.

    canvas, card   what is behind everything, and inside a card
    ink, muted     text, and text that may be overlooked
    quiet          the same on a tint: on `group` and `zero`
    group, frame   inside and around a layer
    forward        the strokes along which values travel
    negative, zero, positive   the gradient scale: pale, middle, strong at either side
    """

    canvas: Colour
    card: Colour
    ink: Colour
    muted: Colour
    quiet: Colour
    group: Colour
    frame: Colour
    forward: Colour
    negative: tuple[Colour, Colour, Colour]
    zero: Colour
    positive: tuple[Colour, Colour, Colour]
    roles: dict[str, Role]

    def gradient(self, g: float, largest: float, at_least: float = 0.0) -> Colour:
        """The colour of a gradient where the largest in the picture is `largest`.

        at_least   the smallest t of a gradient that is not zero: a thin line, or a text, as
                   pale as a chip could not be seen

        >>> LIGHT.gradient(-2.0, 2.0), LIGHT.gradient(0.0, 2.0), LIGHT.gradient(0.5, 2.0)
        ('#1F5FA8', '#F1F5F9', '#FDB863')
        """
        if g == 0 or math.isnan(g):
            return self.zero
        t = max(at_least, strength(g, largest))
        pale, middle, strong = self.positive if g > 0 else self.negative
        return _between(pale, middle, 2 * t) if t < 0.5 else _between(middle, strong, 2 * t - 1)

    def ink_on(self, background: Colour) -> Colour:
        """The dark ink or white, whichever is easier to read there; black where neither is easy enough.

        >>> LIGHT.ink_on("#1F5FA8"), LIGHT.ink_on("#FDB863"), LIGHT.ink_on("#C45A0E")
        ('#FFFFFF', '#0F172A', '#000000')
        """
        ink = max("#0F172A", "#FFFFFF", key=lambda ink: contrast(ink, background))
        return ink if contrast(ink, background) >= 4.5 else "#000000"  # of black and white one always has 4.5


def strength(g: float, largest: float) -> float:
    """t = √(|g| / largest), in [0, 1]; an infinite g is as strong as can be.

    >>> strength(0.25, 1.0), strength(math.inf, 1.0), strength(math.nan, 1.0)
    (0.5, 1.0, 0.0)
    """
    if math.isnan(g):
        return 0.0
    if math.isinf(g) or largest <= 0:
        return 1.0 if g else 0.0
    return min(1.0, math.sqrt(abs(g) / largest))


def largest_of(gradients: list[float]) -> float:
    """The largest finite magnitude, which is what the strongest colour stands for; 0.0 if there is none.

    >>> largest_of([0.5, -2.0, math.inf, math.nan])
    2.0
    """
    return max((abs(g) for g in gradients if math.isfinite(g)), default=0.0)


def contrast(a: Colour, b: Colour) -> float:
    """The contrast ratio of two colours, from 1 to 21.  https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio

    >>> round(contrast("#000000", "#FFFFFF"))
    21
    """
    dark, light = sorted((_luminance(a), _luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    def linear(c: int) -> float:
        return c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4

    r, g, b = map(linear, _rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _rgb(colour: Colour) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _between(a: Colour, b: Colour, t: float) -> Colour:
    return "#" + "".join(f"{round(p + (q - p) * t):02X}" for p, q in zip(_rgb(a), _rgb(b)))


LIGHT = Theme(
    canvas="#FFFFFF", card="#FFFFFF", ink="#0F172A", muted="#64748B", quiet="#475569",
    group="#F1F5F9", frame="#E2E8F0", forward="#94A3B8",
    negative=("#E6F0FA", "#7FB3DE", "#1F5FA8"), zero="#F1F5F9", positive=("#FFF1E0", "#FDB863", "#C2570C"),
    roles={
        "input": Role("#E2E8F0", "#0F172A", "#94A3B8"),
        "parameter": Role("#E4DAF7", "#3B1F78", "#7E5BC2", 1.6),
        "operation": Role("#F1F5F9", "#0F172A", "#94A3B8"),
        "target": Role("#FFFFFF", "#475569", "#94A3B8", dashed=True),
        "result": Role("#1E293B", "#FFFFFF", "#1E293B", 1.6),
    },
)  # fmt: skip

DARK = Theme(
    canvas="#0F172A", card="#1E293B", ink="#F1F5F9", muted="#94A3B8", quiet="#CBD5E1",
    group="#151F36", frame="#2B3A55", forward="#64748B",
    negative=("#1F3A5C", "#2F76BC", "#6DB5FF"), zero="#334155", positive=("#5A3A1C", "#C2691C", "#FF9F45"),
    roles={
        "input": Role("#475569", "#F1F5F9", "#94A3B8"),
        "parameter": Role("#4C3A78", "#EDE6FC", "#A98BE8", 1.6),
        "operation": Role("#334155", "#F1F5F9", "#64748B"),
        "target": Role("#1E293B", "#CBD5E1", "#94A3B8", dashed=True),
        "result": Role("#E2E8F0", "#0F172A", "#E2E8F0", 1.6),
    },
)  # fmt: skip

THEMES = {"light": LIGHT, "dark": DARK}


def theme_named(name: str) -> Theme:
    """The theme of that name.  Raises AutogradValueError for an unknown one.

    >>> theme_named("dark").canvas
    '#0F172A'
    """
    if name not in THEMES:
        raise AutogradValueError(f"unknown theme {name!r}; choose one of {', '.join(THEMES)}")
    return THEMES[name]
