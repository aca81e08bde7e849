"""Where there is no Helvetica: in the wide DejaVu Sans no text leaves its chip, or runs into its neighbour."""

from __future__ import annotations

from typing import Any

import pytest

from autograd import Value, draw
from nn import MLP, squared_error

COLLISIONS = """() => {
  const found = [];
  for (const group of document.querySelectorAll(".node")) {
    const card = group.querySelector("path, polygon").getBBox();
    const texts = [...group.querySelectorAll("text")].filter((t) => t.textContent.trim());
    const boxes = texts.map((t) => [t.getBBox(), t.textContent]);
    for (const [b, text] of boxes) {
      if (b.x < card.x - .5 || b.x + b.width > card.x + card.width + .5) found.push(text + " leaves its card");
      for (const [c, other] of boxes) {
        const beside = Math.abs(b.y - c.y) < 4 && b.x < c.x;
        if (beside && b.x + b.width > c.x + .5) found.push(text + " | " + other);
      }
      for (const chip of [...group.querySelectorAll("path, polygon")].slice(1)) {
        const d = chip.getBBox(), middle = b.x + b.width / 2, level = b.y + b.height / 2;
        const on = d.x < middle && middle < d.x + d.width && d.y < level && level < d.y + d.height;
        if (on && (b.x < d.x - .5 || b.x + b.width > d.x + d.width + .5)) found.push(text + " leaves its chip");
      }
    }
  }
  return found;
}"""


def small_numbers() -> Value:
    w, x = Value(-1.234e-9, "θ⁽¹⁾₁₁"), Value(2.5e12, "a_long_feature")
    y = (w * x).tanh() * w
    y.label = "Err"
    y.backward()
    return y


@pytest.mark.parametrize("level", ["cards", "pills", "summary", "network"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_no_text_leaves_its_place(level: str, direction: str, browser: Any) -> None:
    run = MLP(2, [3, 2], seed=1).forward([1e-5, -2.0])
    err = squared_error(run.outputs, [1e-6, 3e7])
    err.backward()
    pictures = [run.draw(err, direction=direction)] if level == "network" else [
        draw(y, level=level, direction=direction) for y in (err, small_numbers())
    ]  # fmt: skip
    tab = browser.new_page()
    for picture in pictures:
        svg = picture.svg().replace('font-family="Helvetica,sans-Serif"', 'font-family="DejaVu Sans"')
        assert "DejaVu" in svg
        tab.set_content(svg)
        assert tab.evaluate(COLLISIONS) == [], tab.evaluate(COLLISIONS)
    tab.close()
