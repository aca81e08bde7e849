"""The page that play makes: what it holds, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest

import nn
from autograd import AutogradError, Value
from nn import MLP, Model, play
from nn.page.content import datasets
from nn.page.playground import SCRIPTS, script
from nn.training.datasets import Column

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]


def data_of(page: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(re.search(r'id="data">(.*?)</script>', page.html, re.DOTALL)[1])  # type: ignore[index]
    return found


def floats(text: str) -> list[float]:
    found = base64.b64decode(text)
    return [*struct.unpack(f"<{len(found) // 8}d", found)]


@pytest.mark.parametrize(
    "page",
    [play(), play(MLP(2, [4, 1], seed=0), X, Y), play(MLP(8, [8] * 5 + [8], "gelu", "linear", seed=0),
     [[i / 7] * 8 for i in range(200)], [i % 8 for i in range(200)], loss="cross_entropy"),
     play(MLP(8, [8] * 6, seed=0), [[i / 7] * 8 for i in range(200)], [[i / 700] * 8 for i in range(200)])],
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
    assert told["given"]["labels"] == [0, 1, 1, 0] and floats(told["given"]["targets"]) == Y


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
        ((MLP(2, [1]),), "samples"), ((None, X, Y), "network before"), (("net", X, Y), "MLP, or a Model"),
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


# --- a Model: names and scales ------------------------------------------------------------------------


def model_of(task: str = "classes") -> tuple[Model, list[list[float]], list[Any]]:
    X = [[100.0 + 7 * i, 1.0 + (3 * i) % 5] for i in range(30)]
    Y: list[Any] = (
        [1000 * a + 5000 * b for a, b in X] if task == "numbers" else ["dear" if a > 200 else "cheap" for a, _ in X]
    )
    columns = [Column("size"), Column("rooms")]
    classes = [] if task == "numbers" else ["cheap", "dear"]
    return Model.fresh(columns, X, Y, classes, [4], seed=0, target="price"), X, Y


@pytest.mark.parametrize("task", ["classes", "numbers"])
def test_a_model_is_shown_with_its_names_and_scales(task: str) -> None:
    model, X, Y = model_of(task)
    told = data_of(play(model, X, Y))
    assert told["given"]["table"] == model.entries()
    assert floats(told["given"]["places"]) == [x for row in model.inputs(X) for x in row]
    assert told["given"]["classes"] == len(model.classes) and told["settings"]["loss"] == model.loss
    assert data_of(model.play(X, Y)) == told


def test_a_model_has_its_loss_already() -> None:
    model, X, Y = model_of()
    with pytest.raises(AutogradError, match="has its loss, cross_entropy"):
        play(model, X, Y, loss="hinge")
    with pytest.raises(AutogradError, match="samples and targets too"):
        play(model)
    with pytest.raises(AutogradError, match="none of the classes"):
        play(model, X, ["free"] * 30)


def test_the_command_line_keeps_a_table_s_names(tmp_path: Path) -> None:
    from nn.__main__ import main

    table = tmp_path / "houses.csv"
    table.write_text(
        "size,colour,sold\n"
        + "".join(f"{50 + i},{'red' if i % 3 else 'blue'},{'yes' if i > 9 else 'no'}\n" for i in range(20))
    )
    assert main([str(table), "--play", "--one-hot", "--output", str(tmp_path)]) == 0
    told = json.loads(re.search(r'id="data">(.*?)</script>', (tmp_path / "playground.html").read_text("utf-8"))[1])  # type: ignore[index]
    found = told["given"]["table"]
    assert [column["column"] for column in found["columns"]] == ["size", "colour"] and told["given"]["inputs"] == 3
    assert found["target"]["classes"] == ["no", "yes"] and found["target"]["column"] == "sold"


@pytest.mark.parametrize(
    "option", [["--epochs", "60"], ["--format", "svg"], ["--optimizer", "adam"], ["--batch-size", "3"]]
)
def test_an_option_that_the_page_does_not_read_is_refused_at_its_default_too(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from nn.__main__ import main

    with pytest.raises(SystemExit) as end:
        main(["--play", *option, "--output", str(tmp_path)])
    assert end.value.code == 2 and option[0] in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_each_layer_has_its_own_activation() -> None:
    told = data_of(play(MLP(2, [4, 3, 1], ["relu", "sigmoid", "linear"], seed=0), X, Y))
    assert told["settings"]["sigma"] == ["relu", "sigmoid"] and told["settings"]["output"] == "linear"
    assert told["given"]["shape"]["sigmas"] == ["relu", "sigmoid", "linear"]
    assert data_of(play(MLP(2, [4, 3, 1], "relu", "linear", seed=0), X, Y))["settings"]["sigma"] == "relu"
