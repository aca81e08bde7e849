"""The page that play makes: what it holds, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import nn
from autograd import AutogradError, Value
from nn import MLP, play
from nn.page.content import datasets
from nn.page.playground import SCRIPTS, script

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]


def data_of(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)[1])  # type: ignore[index]
    return found


@pytest.mark.parametrize(
    "page",
    [play(), play(MLP(2, [4, 1], seed=0), X, Y), play(MLP(8, [8] * 5 + [8], "gelu", "linear", seed=0),
     [[0.1 * i] * 8 for i in range(200)], [i % 8 for i in range(200)], loss="cross_entropy")],
)  # fmt: skip
def test_one_file_below_250_kb_that_runs_one_script_and_asks_for_nothing(page: Any) -> None:
    assert len(page.html.encode()) <= 250_000
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page.html)[1]  # type: ignore[index]
    assert policy.startswith("default-src 'none';") and "unsafe-eval" not in policy
    text = re.findall(r"<script>(.*?)</script>", page.html, re.DOTALL)
    assert len(text) == 1 and len(re.findall(r"<script", page.html)) == 2
    assert f"'sha256-{base64.b64encode(hashlib.sha256(text[0].encode()).digest()).decode()}'" in policy
    assert not re.search(r"(src|href)=\"?(https?:)?//", page.html) and "@import" not in page.html
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "eval(",
        "new Function",
        "localStorage",
        "cookie",
    ):
        assert word not in text[0], word


def test_the_modules_stay_small_and_are_all_in_the_page() -> None:
    files = {file.name for file in Path(nn.__file__).parent.joinpath("page").glob("*.js")}
    assert files == {name for name in SCRIPTS if name.endswith(".js")} - {"explorer_writing.js"}
    assert all(script(name).count("\n") <= 350 for name in files)


def test_a_given_network_keeps_its_numbers_and_is_left_alone() -> None:
    net = MLP(2, [3, 1], seed=7)
    before = [p.data for p in net.parameters()]
    told = data_of(play(net, X, Y))
    theta = base64.b64decode(told["given"]["theta"])
    assert len(theta) == 8 * len(before) and [p.data for p in net.parameters()] == before
    assert told["settings"]["hidden"] == [3] and told["settings"]["data"] == "given"
    assert [p["c"] for p in told["given"]["points"]] == [0, 1, 1, 0]


def test_numbers_that_are_no_classes_stay_numbers() -> None:
    told = data_of(play(MLP(2, [3, 1], seed=7), X, [0.5, 1.5, -2.0, 0.25]))
    assert told["given"]["classes"] == 0 and "cross_entropy" not in told["given"]["losses"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((MLP(1, [1]), [[0.0], [1.0]], Y[:2]), "plane"), ((MLP(9, [1]), [[0.0] * 9] * 2, Y[:2]), "9"),
        ((MLP(2, [9, 1]), X, Y), "up to 8 neurons"), ((MLP(2, [2] * 6 + [1]), X, Y), "5 hidden layers"),
        ((MLP(2, [1]), X[:1], Y[:1]), "2 to 200"), ((MLP(2, [1]), [[0.0, 0.0]] * 201, [1.0] * 201), "201"),
        ((MLP(2, [1]), X, Y[:3]), "rows"), ((MLP(2, [1]), [[0, 0, 0]] * 2, Y[:2]), "inputs"),
        ((MLP(2, [1]),), "samples"), ((None, X, Y), "network before"), (("net", X, Y), "MLP"),
        ((MLP(2, [1], lambda u: u * u), X, Y), "knows the activations"), ((MLP(2, [1]), X, [float("nan")] * 4), "nan"),
    ],
)  # fmt: skip
def test_what_the_page_cannot_hold_is_refused_in_words(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(AutogradError, match=words):
        play(*arguments)


def test_a_function_of_ones_own_is_not_taken_for_the_activation_it_is_called_after() -> None:
    def tanh(u: Value) -> Value:
        return 0.5 * u

    with pytest.raises(AutogradError, match="knows the activations"):
        play(MLP(2, [1], tanh), X, Y)
    assert data_of(play(MLP(2, [1], Value.tanh), X, Y))["settings"]["sigma"] == "tanh"


def test_an_unknown_loss_or_theme_is_refused() -> None:
    with pytest.raises(AutogradError, match="loss"):
        play(MLP(2, [1]), X, Y, loss="cubic")
    with pytest.raises(AutogradError, match="logits"):
        play(MLP(2, [2], "tanh"), X, [0, 1, 1, 0], loss="cross_entropy")
    with pytest.raises(AutogradError, match="knows the losses"):
        play(MLP(2, [1]), X, Y, loss=lambda outputs, y: outputs * y)
    with pytest.raises(AutogradError, match="theme"):
        play(theme="pink")
    assert '<html lang="en" data-theme="dark">' in play(theme="dark").html


def test_a_notebook_shows_it_in_a_frame_and_save_writes_it(tmp_path: Path) -> None:
    page = play()
    assert 'sandbox="allow-scripts"' in page._repr_mimebundle_()["text/html"]
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html


def test_the_points_are_the_same_on_every_machine() -> None:
    moons = datasets()["moons"]
    assert moons == datasets()["moons"] and len({*moons.places}) == 48
    xor = datasets()["xor"]
    assert all((x * y < 0) == (c == 1) for (x, y), c in zip(xor.places, xor.classes))


def test_the_command_line_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nn.__main__ import main

    assert main(["--play", "--output", str(tmp_path)]) == 0
    assert "playground.html" in capsys.readouterr().out
    table = tmp_path / "table.csv"
    table.write_text("a,b,c\n" + "".join(f"{i % 5},{i * 0.1},{'xy'[i % 2]}\n" for i in range(20)))
    assert main([str(table), "--play", "--output", str(tmp_path / "two")]) == 0
    assert "your data" in (tmp_path / "two" / "playground.html").read_text(encoding="utf-8")
    assert main([str(table), "--play", "--layers", "20", "--output", str(tmp_path)]) == 2
