"""Both pages in the other browser: what they compute, keys, mouse and touch, and that they are silent."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from autograd import record, toposort
from nn import MLP, SGD, fit, play, squared_error
from nn.page.content import datasets

from .conftest import centre
from .firefox import Firefox
from .test_explorer_page import SENTENCES, SMALLEST
from .test_playground_page import INSIDE, SIZES, STATES, point

TAB, RIGHT, END = "\ue004", "\ue014", "\ue010"


def shown(firefox: Firefox, page: Any, folder: Path, width: int = 1280, height: int = 720) -> None:
    page.save(folder / "page.html")
    firefox.open(folder / "page.html", width, height)


def wait(firefox: Firefox, script: str) -> None:
    for _ in range(100):
        if firefox.evaluate(script):
            return
        time.sleep(0.05)
    raise TimeoutError(script)


def silent(firefox: Firefox, folder: Path) -> None:
    firefox.evaluate("0")  # what is still on its way arrives
    assert firefox.complaints == []
    asked = {url for url in firefox.requests if not url.startswith("data:")}  # the browser's own fonts are such
    assert asked <= {(folder / "page.html").as_uri()}


def test_the_playground_trains_as_python_does(firefox: Firefox, tmp_path: Path) -> None:
    points = datasets()["moons"]
    X = [[x + 0.1 * a, y + 0.1 * b] for (x, y), (a, b) in zip(points.places, points.noise)]
    net = MLP(2, [4, 3, 1], seed=1)
    shown(firefox, play(), tmp_path)
    assert firefox.evaluate("[...state.network.theta]") == [p.data for p in net.parameters()]
    firefox.run("for (let k = 0; k < 200; k++) trainStep()")
    fit(net, X, [2 * c - 1 for c in points.classes], optimizer=SGD(net.parameters(), 0.1), epochs=200, reduction="mean")
    found = firefox.evaluate("[...state.network.theta]")
    assert all(abs(a - p.data) < 1e-9 for a, p in zip(found, net.parameters()))
    silent(firefox, tmp_path)


def test_the_playground_by_keyboard_and_mouse(firefox: Firefox, tmp_path: Path) -> None:
    shown(firefox, play(), tmp_path)
    firefox.press(TAB)
    assert firefox.evaluate("document.activeElement.id") == "run"
    firefox.run("document.activeElement.blur()")  # a window without a screen is not active: no key presses a button
    firefox.press(" ")
    wait(firefox, "state.training.steps > 20")
    firefox.press(" ")
    assert firefox.evaluate("state.running") is False
    firefox.press(RIGHT, RIGHT)
    assert firefox.evaluate("$('moment').textContent") == "event 2 of 34"
    x, y = centre(firefox.evaluate, "graph.cards[0].chips[0]")
    before = firefox.evaluate("state.network.theta[0]")
    firefox.drag((x, y), (x + 50, y))
    assert firefox.evaluate("state.network.theta[0]") == pytest.approx(before + 0.5, abs=0.011)
    x, y = point(firefox.evaluate, 3)
    firefox.drag((x, y), (x + 20, y - 30))
    assert firefox.evaluate("[state.chosen, state.moved]") == [3, True]
    firefox.press("d")
    assert firefox.evaluate("document.documentElement.dataset.theme") == "dark"
    silent(firefox, tmp_path)


def test_the_playground_by_touch(firefox: Firefox, tmp_path: Path) -> None:
    shown(firefox, play(), tmp_path, 390, 844)
    firefox.drag(*[centre(firefox.evaluate, "$('run')")] * 2, kind="touch")
    wait(firefox, "state.training.steps > 0")
    firefox.drag(*[centre(firefox.evaluate, "$('run')")] * 2, kind="touch")
    assert firefox.evaluate("state.running") is False
    firefox.drag(*[centre(firefox.evaluate, "graph.cards[1].element")] * 2, kind="touch")
    assert "Neuron 2 of layer 1" in firefox.evaluate("$('sheet').textContent")
    assert firefox.evaluate("document.documentElement.scrollWidth") <= 390
    silent(firefox, tmp_path)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_playground_is_all_there_in_every_state(width: int, height: int, firefox: Firefox, tmp_path: Path) -> None:
    shown(firefox, play(), tmp_path, width, height)
    for state, script in STATES.items():
        firefox.run(f"{script}; 0")
        if state == "training":
            continue
        assert firefox.evaluate("document.documentElement.scrollWidth") <= width, state
        if width > 760:
            assert firefox.evaluate("document.documentElement.scrollHeight") <= height, state
            assert firefox.evaluate(INSIDE), state
    silent(firefox, tmp_path)


@pytest.mark.parametrize("level", [None, "cards", "pills"])
def test_the_explorer(level: str | None, firefox: Firefox, tmp_path: Path) -> None:
    run = MLP(2, [2, 1], seed=1).forward([1.0, -2.0])
    err = squared_error(run.outputs, [1.0])
    shown(firefox, run.explore(err, level=level), tmp_path)
    assert firefox.evaluate(SENTENCES) == list(map(str, record(err).events))
    firefox.press(END)
    recording = record(err)
    assert firefox.evaluate("state.gradients") == pytest.approx([recording.gradient(node) for node in toposort(err)])
    assert firefox.evaluate(SMALLEST) >= 10.9
    theta = next(i for i, node in enumerate(toposort(err)) if node.label == "θ⁽¹⁾₁₁")
    firefox.run(
        f"(([a, b]) => pane.scrollBy(a.x - b.x - 99, a.y - b.y - 99))"
        f"([cards[{theta}].slot, pane].map((e) => e.getBoundingClientRect()))"
    )
    x, y = centre(firefox.evaluate, f"cards[{theta}].slot")
    before = firefox.evaluate(f"state.values[{theta}]")
    firefox.drag((x, y), (x + 50, y))
    assert firefox.evaluate(f"state.values[{theta}]") == pytest.approx(before + 0.5, abs=0.011)
    silent(firefox, tmp_path)
