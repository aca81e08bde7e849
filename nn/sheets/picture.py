"""The network as a sheet shows it: one card a neuron, its weights where its edges end, boxes to write u, o and δ in."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..network.modules import name
from .layout import Layout, plain, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD, BOX = 190, (64, 20)  # width of a card; a box to write in
ROW, HEAD, BETWEEN, GAP = 27, 22, 10, 70  # heights of rows and heads, space between cards and between layers
INPUT = (76, 46)


def text(x: float, y: float, words: str, size: float = 11, anchor: str = "start", weight: int = 400,
         fill: str = "#111") -> str:  # fmt: skip
    """A line of text in a picture."""
    return (f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" font-weight="{weight}"'
            f' fill="{fill}">{escape(words)}</text>')  # fmt: skip


class _Picture:
    def __init__(self, layout: Layout, marks: Mapping[tuple[str, tuple[int, ...]], str] | None) -> None:
        self.layout, self.marks, self.numbers = layout, marks, layout.sheet.numbers
        heights = [len(layer) * (self._height(layer[0]) + BETWEEN) - BETWEEN for layer in self.numbers.theta]
        inputs = len(self.numbers.x) * (INPUT[1] + BETWEEN) - BETWEEN
        self.height = max(*heights, inputs, 118) + 12
        pitch = max(INPUT[1] + BETWEEN, self.height / len(self.numbers.x))
        top = (self.height - pitch * len(self.numbers.x)) / 2 + (pitch - INPUT[1]) / 2
        self.inputs = [(8.0, top + pitch * l) for l in range(len(self.numbers.x))]
        self.cards = {
            (k, i): (8.0 + INPUT[0] + 86 + k * (CARD + GAP), (self.height - heights[k]) / 2
                     + i * (self._height(layer[0]) + BETWEEN))
            for k, layer in enumerate(self.numbers.theta) for i in range(len(layer))
        }  # fmt: skip
        self.width = 8 + INPUT[0] + 86 + len(self.numbers.theta) * (CARD + GAP) - GAP + 90

    def _height(self, row: list[float]) -> float:
        return HEAD + 11 + ROW * max(len(row) + 1, 3)

    def drawn(self) -> str:
        widths = "-".join(map(str, self.layout.sheet.settings.widths))
        what = "how many students made a mistake at each place" if self.marks is not None else "boxes for u, o and δ"
        parts = [
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" aria-label="network {widths}: {what}">',
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
            ' orient="auto"><path d="M0 0L8 4L0 8z" fill="#666"/></marker></defs>',
            *(self._edge(k, i, l) for k, i in self.cards for l in range(len(self.numbers.theta[k][i]))),
            *(self._input(l) for l in range(len(self.inputs))),
            *(self._card(k, i) for k, i in self.cards),
            *self._outputs(), "</svg>",
        ]  # fmt: skip
        return "".join(parts)

    def _edge(self, k: int, i: int, l: int) -> str:
        if k == 0:
            x0, y0 = self.inputs[l][0] + INPUT[0], self.inputs[l][1] + INPUT[1] / 2
        else:
            x0, y0 = self.cards[k - 1, l][0] + CARD, self.cards[k - 1, l][1] + HEAD + ROW * 1.7
        x1, y1 = self.cards[k, i][0], self.cards[k, i][1] + 40 + l * ROW
        m = (x0 + x1) / 2
        return (f'<path d="M{x0:g} {y0:g} C{m:g} {y0:g} {m:g} {y1:g} {x1 - 2:g} {y1:g}" fill="none" stroke="#888"'
                ' stroke-width="1.1" marker-end="url(#a)"/>')  # fmt: skip

    def _input(self, l: int) -> str:
        x, y = self.inputs[l]
        value = "" if self.marks is not None else signed(self.numbers.x[l], 1)
        return (f'<rect x="{x:g}" y="{y:g}" width="{INPUT[0]}" height="{INPUT[1]}" rx="7" fill="#fff" stroke="#222"/>'
                + text(x + 10, y + 28, name("x", l + 1), 13, weight=700)
                + text(x + 68, y + 28, value, 13, "end", 600))  # fmt: skip

    def _card(self, k: int, i: int) -> str:
        x, y = self.cards[k, i]
        row, bias, sigma = self.numbers.theta[k][i], self.numbers.bias[k][i], self.layout.sheet.settings.activations[k]
        height = self._height(row)
        parts = [
            f'<rect x="{x:g}" y="{y:g}" width="{CARD}" height="{height:g}" rx="7" fill="#fff" stroke="#222"'
            ' stroke-width="1.3"/>',
            f'<path d="M{x:g} {y + HEAD:g}H{x + CARD:g}" stroke="#222" stroke-width=".7"/>',
            f'<path d="M{x + 94:g} {y + HEAD:g}V{y + height:g}" stroke="#bbb" stroke-width=".7"/>',
            text(x + 8, y + 16, f"layer {k + 1}, neuron {i + 1}", 11.5, weight=700),
            text(x + CARD - 8, y + 16, sigma, 10.5, "end", fill="#444"),
        ]
        names = [name("θ", i + 1, l + 1, layer=k + 1) for l in range(len(row))]
        for n, (label, value) in enumerate(zip([*names, name("b", i + 1, layer=k + 1)], [*row, bias])):
            parts.append(text(x + 8, y + 44 + n * ROW, label, 11.5))
            if self.marks is None:
                parts.append(text(x + 84, y + 44 + n * ROW, signed(value, 1), 12.5, "end", 600))
        for n, (part, label) in enumerate((("u", "u"), ("o", "o"), ("delta", "δ"))):
            parts += [text(x + 102, y + 44 + n * ROW, label, 12.5), self._box(part, (k, i), x + 118, y + 30 + n * ROW)]
        return "".join(parts)

    def _box(self, part: str, place: tuple[int, ...], x: float, y: float) -> str:
        field = self.layout.field(part, place)
        words = self.marks.get((part, place), "") if self.marks is not None else self.layout.shown(field)
        filled = "#f4f4f4" if words and self.marks is None else "#fff"
        box = (f'<rect x="{x:g}" y="{y:g}" width="{BOX[0]}" height="{BOX[1]}" rx="3" fill="{filled}" stroke="#777"'
               ' stroke-width=".8"/>')  # fmt: skip
        if self.marks is not None:
            return box + text(x + BOX[0] / 2, y + 14, words, 12, "middle", 700)
        return box + text(x + 60, y + 14, words, 12, "end", 600)

    def _outputs(self) -> list[str]:
        last, parts = len(self.numbers.theta) - 1, []
        several = len(self.numbers.y) > 1
        for i, y in enumerate(self.numbers.y):
            x, top = self.cards[last, i]
            label = name("ŷ", i + 1) if several else "ŷ"
            target = name("y", i + 1) if several else "y"
            parts += [
                f'<path d="M{x + CARD:g} {top + 57:g}H{x + CARD + 12:g}" stroke="#888" marker-end="url(#a)"/>',
                text(x + CARD + 15, top + 40, f"{label} = {name('o', i + 1, layer=last + 1)}", 11.5),
            ]
            if self.marks is None:
                parts.append(text(x + CARD + 15, top + 62, f"{target} = {plain(y, 1)}", 12.5, weight=600))
        x, top = self.cards[last, len(self.numbers.y) - 1]
        err = self.layout.field("err", ())
        words = self.marks.get(("err", ()), "") if self.marks is not None else self.layout.shown(err)
        parts.append(text(x + CARD + 15, top + 84, "Err", 11.5))
        if words and self.marks is None:
            parts.append(text(x + CARD + 38, top + 84, words, 11.5, weight=600))
        else:
            parts.append(f'<rect x="{x + CARD + 14:g}" y="{top + 90:g}" width="56" height="19" rx="3" fill="#fff"'
                         ' stroke="#777" stroke-width=".8"/>')  # fmt: skip
            parts.append(text(x + CARD + 42, top + 104, words, 12, "middle", 700))
        return parts


def picture(layout: Layout, marks: Mapping[tuple[str, tuple[int, ...]], str] | None = None) -> str:
    """The network as SVG.

    marks  for a class: what stands in the box of a part at a place; θ, x and y, which variants have of their own,
           are then left out
    """
    return _Picture(layout, marks).drawn()
