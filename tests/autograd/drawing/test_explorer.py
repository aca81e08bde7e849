"""The page as text: what is in it, what is refused.  tests/browser opens it."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import AutogradTypeError, AutogradValueError, Value, explore
from autograd.__main__ import main
from autograd.drawing.page.live import variables
from autograd.drawing.theme import DARK, LIGHT
from nn import MLP, squared_error


class Reader(HTMLParser):
    """Which elements a text has, with their attributes, and what its scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script":
            self.scripts[-1] += data


def data_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Reader(text).scripts[0])
    return found


def small() -> Value:
    x = Value(3.0, "x")
    return x * x + x


def test_the_page_holds_the_graph_the_events_and_the_program() -> None:
    y = small()
    text = explore(y).html
    data = data_of(text)
    assert [node["name"] for node in data["nodes"]] == ["x", "v₁", "f"]
    assert [(f["node"], f["operands"], f["names"]) for f in data["forward"]] == [
        (1, [0, 0], "x²"),
        (2, [1, 0], "v₁ + x"),
    ]
    assert [use[:2] for use in data["uses"]] == [[2, 1], [2, 0], [1, 0], [1, 0]]
    assert sorted(use[2] for use in data["uses"]) == [0, 1, 2, 3]
    assert data["live"] and data["leaves"] == [0]
    assert re.search(
        r"function program\(x\) \{\n  const v_1 = x \* x;\n  return \[x, v_1, v_1 \+ x, 1, 1, x, x\];\n\}", text
    )
    ids = [attributes["id"] for _, attributes in Reader(text).elements if "id" in attributes]
    assert len(ids) == len(set(ids)) and {"n0", "n1", "n2", "e0", "e3"} <= set(ids)


def test_a_sum_of_products_has_no_arrow_for_the_bias_s_one() -> None:
    run = MLP(2, [1], seed=0).forward([1.0, 2.0])
    data = data_of(run.explore(level="cards").html)
    for node, parent, arrow, _ in data["uses"]:
        assert data["edges"][arrow] == [parent, node, None]
    hidden = [node["kind"] for node in data["nodes"] if not node["place"]]
    assert hidden == ["number"]


def test_nothing_in_it_asks_for_anything() -> None:
    text = explore(small()).html
    assert set(re.findall(r"https?://[^\"' )]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    elements = Reader(text).elements
    assert {tag for tag, _ in elements}.isdisjoint({"link", "img", "iframe", "object", "embed", "base", "form", "a"})
    assert not any({"src", "href", "srcset"} & set(attributes) for _, attributes in elements)
    policies = [a["content"] for _, a in elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1 and str(policies[0]).startswith("default-src 'none'; ")


@pytest.mark.parametrize("label", ["</script><img src=x>", "<!--", '"><b>', "$title", "\u2028", "]]>", "\\N", "🙂", ""])
def test_a_label_adds_no_element(label: str) -> None:
    x = Value(3.0, label)
    text = explore(x * x + x).html
    plain = explore(small()).html
    # The picture may break a label into several texts.
    kinds = [[tag for tag, _ in Reader(page).elements if tag != "text"] for page in (text, plain)]
    assert kinds[0] == kinds[1]
    assert len(Reader(text).scripts) == 2


def test_the_same_graph_gives_the_same_bytes_in_another_process() -> None:
    code = "from autograd import *; x = Value(3.0, 'x'); print(explore(x * x + x).html, end='')"
    root = str(Path(autograd.__file__).parent.parent)
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
        assert ran.stdout.decode().replace("\r\n", "\n") == explore(small()).html


def test_gradients_are_neither_read_nor_changed() -> None:
    y = small()
    before = explore(y).html
    assert y.grad == 0.0
    y.backward()
    assert explore(y).html == before and y.grad == 1.0


def test_colours_come_from_the_themes() -> None:
    text = explore(small(), theme="dark").html
    assert '<html lang="en" data-theme="dark">' in text
    for theme in (LIGHT, DARK):
        for name, colour in variables(theme).items():
            assert f"--{name}: {colour};" in text
    assert "#0de1" not in text  # the marks that stood for colours
    scales = data_of(text)["scales"]
    assert scales["light"]["positive"] == list(LIGHT.positive) and scales["dark"]["zero"] == DARK.zero


def test_fifty_nodes_stay_far_below_a_megabyte() -> None:
    run = MLP(3, [5, 2], seed=0).forward([1.0, -1.0, 0.5])
    err = squared_error(run.outputs, [0.0, 1.0])
    assert len(autograd.toposort(err)) >= 50
    for level in ("cards", "pills"):
        assert len(run.explore(err, level=level).html.encode()) < 500_000


def test_what_is_refused() -> None:
    with pytest.raises(AutogradTypeError, match="takes a Value"):
        explore(3.0)  # type: ignore[arg-type]
    for given in ({"theme": "pink"}, {"direction": "up"}, {"level": "summary"}):
        with pytest.raises(AutogradValueError, match="unknown"):
            explore(small(), **given)  # type: ignore[arg-type]
    chain = small()
    for _ in range(300):
        chain = -chain
    with pytest.raises(AutogradValueError, match="303 nodes, and nobody steps through more than 300"):
        explore(chain)
    run = MLP(2, [2], seed=0).forward([1.0, 2.0])
    with pytest.raises(AutogradValueError, match="2 outputs; give the error"):
        run.explore()
    with pytest.raises(AutogradValueError, match="not computed from the outputs"):
        run.explore(small())


def test_saving(tmp_path: Path) -> None:
    page = explore(small())
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    for path in ("page.svg", "page", "nowhere/page.html"):
        with pytest.raises(AutogradValueError, match="save"):
            page.save(tmp_path / path)


def test_a_notebook_gets_it_in_a_frame_of_its_own() -> None:
    page = explore(small())
    bundle = page._repr_mimebundle_()
    (frame,) = Reader(bundle["text/html"]).elements
    assert frame[0] == "iframe" and frame[1]["sandbox"] == "allow-scripts" and frame[1]["srcdoc"] == page.html
    assert html.unescape(str(frame[1]["title"])) == "Backpropagation through f"
    assert "Page(" in bundle["text/plain"]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.html"
    assert main(["tanh(w*x)", "w=0.5", "x=2", "--explore", str(path)]) == 0
    assert capsys.readouterr().out == f"wrote {path}\n"
    assert [node["name"] for node in data_of(path.read_text(encoding="utf-8"))["nodes"]][:2] == ["w", "x"]
    assert main(["w", "w=1", "--explore", str(tmp_path / "page.png")]) == 2
    assert "has to end in .html" in capsys.readouterr().err
