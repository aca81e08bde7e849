"""What the site promises that can be seen without building it; tests/browser/test_site_page.py opens the built one."""

import ast
import base64
import gzip
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd.drawing import Drawing

ROOT = Path(__file__).parents[1]
BROWSER = ROOT / "docs" / "site" / "browser"
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def values(page: Path) -> list[Any]:
    """The last value of each block of a page, run one after the other."""
    names: dict[str, Any] = {}
    found = []
    for source in PYTHON.findall(page.read_text("utf-8")):
        *statements, last = ast.parse(source).body
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(statements, []), str(page), "exec"), names)
        found.append(eval(compile(ast.Expression(last.value), str(page), "eval"), names))
    return found


def test_the_blocks_of_the_page_about_python_in_a_page_run_here_too(capsys: pytest.CaptureFixture[str]) -> None:
    picture, printed, graded = values(ROOT / "docs" / "browser.md")
    assert isinstance(picture, Drawing) and printed is None
    assert "certified: " in capsys.readouterr().out
    assert graded.ids == ["delta.output.slope_missing"]


def test_what_npm_brings_is_fixed_by_hashes_and_by_no_address() -> None:
    asked = json.loads((BROWSER / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((BROWSER / "package-lock.json").read_text("utf-8"))["packages"]
    assert {name.removeprefix("node_modules/") for name in locked} >= set(asked)
    for name, package in locked.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
    assert locked[""]["dependencies"] == asked


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(BROWSER.parent)
    yield importlib.import_module("browser.bundle")
    for name in ("browser.bundle", "browser"):
        sys.modules.pop(name, None)


def test_a_file_becomes_a_script_that_hands_it_over(bundle: Any, tmp_path: Path) -> None:
    content = bytes(range(256)) * 5
    (tmp_path / 'a "b".wasm').write_bytes(content)
    size = bundle._packed(tmp_path / 'a "b".wasm', tmp_path)
    (script,) = tmp_path.glob("*.js")
    assert script.stat().st_size == size
    name, text = json.loads(
        f"[{script.read_text('utf-8').removeprefix('deltagradPart(').removesuffix(');' + chr(10))}]"
    )
    assert name == 'a "b".wasm' and gzip.decompress(base64.b64decode(text)) == content


def test_the_wheels_own_requirements_say_which_versions_come_along(bundle: Any) -> None:
    required = (ROOT / "pyproject.toml").read_text("utf-8")
    for name in (*bundle.AT_ONCE, *bundle.ON_DEMAND):
        assert re.search(rf'"{name}>=[\d.]+"', required), name
    assert f'"{bundle.FORMULAS}"' in required


def test_what_the_wheel_is_built_of_is_there(bundle: Any) -> None:
    assert [name for name in bundle.SOURCES if not (ROOT / name).exists()] == []


ALIGNED, GATHERED = r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"\begin{gathered} a \\ b \end{gathered}"


@pytest.fixture
def read_and_checked(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The modules that read formulas, and that find what was not read."""
    pytest.importorskip("latex2mathml", reason="the extra `docs` is not installed")
    monkeypatch.syspath_prepend(BROWSER.parent)
    return importlib.import_module("formulas"), importlib.import_module("check")


@pytest.mark.parametrize("latex, rows", [(ALIGNED, 2), (GATHERED, 2), (r"\delta_i", 0)])
def test_formulas_are_read_and_what_was_not_is_found(
    read_and_checked: tuple[Any, Any], tmp_path: Path, latex: str, rows: int
) -> None:
    formulas, check = read_and_checked
    made = formulas.mathml(latex, displayed=True)
    assert made.count("<mtr>") == rows
    for text, unread in (made, []), (made.replace("</math>", r"<mi>&</mi><mi>\foo</mi></math>"), ["&", r"\foo"]):
        (tmp_path / "page.html").write_text(text, "utf-8")
        assert check.Page(tmp_path / "page.html").unread == unread
        assert len(check.check(tmp_path)[1]) == len(unread)


def test_formulas_one_below_the_other_are_read_one_by_one(read_and_checked: tuple[Any, Any], tmp_path: Path) -> None:
    formulas, check = read_and_checked
    shown = f"$$\n{ALIGNED}\n$$\n\n$$\n{GATHERED}\n$$"
    for text in (shown, shown.strip("$")):  # as a notebook has it, and as it comes to the page
        assert formulas.displayed(text).count("<math") == 2
        (tmp_path / "page.html").write_text(formulas.displayed(text), "utf-8")
        assert check.Page(tmp_path / "page.html").unread == []
    (tmp_path / "page.html").write_text(formulas.mathml(shown.strip("$")), "utf-8")
    assert check.Page(tmp_path / "page.html").unread == ["$"] * 4
    assert "in words" in formulas.displayed("$$ x $$ in words $$ y $$")
