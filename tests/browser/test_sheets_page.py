"""Sheets, keys, forms and reports in a browser: one page of paper, nothing asked of the network, nothing run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nn import grade_sheet, worksheet
from nn.sheets.classes import Job, files_in, graded
from nn.sheets.report import report
from tests.benchmarks.sheets import in_style
from tests.browser.conftest import Opened

SHEET = worksheet(seed=7)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def opened(browser: Any, path: Path, page: str) -> Opened:
    path.write_text(page, encoding="utf-8")
    result = Opened(browser.new_page(viewport={"width": 820, "height": 1160}))
    result.tab.goto(path.as_uri())
    return result


def fits_a_phone(page: Opened) -> bool:
    page.tab.set_viewport_size({"width": 375, "height": 812})
    return bool(page("document.documentElement.scrollWidth <= innerWidth"))


def pages(page: Opened) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.tab.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("difficulty", ["step", "pass", "formula", "find"])
@pytest.mark.parametrize("key", [False, True])
def test_a_sheet_and_its_key_are_one_page_of_paper(browser: Any, tmp_path: Path, difficulty: str, key: bool) -> None:
    page = opened(browser, tmp_path / "sheet.html", worksheet(seed=7, difficulty=difficulty).html(key))
    assert pages(page) == 1 and page.complaints == [] and len(page.requests) == 1
    assert page("document.documentElement.scrollWidth <= innerWidth") and fits_a_phone(page)
    colours = set(re.findall(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", worksheet(seed=7, difficulty=difficulty).html(key)))
    assert all(len({c[n : n + len(c) // 3] for n in range(0, len(c), len(c) // 3)}) == 1 for c in colours), colours
    page.tab.close()


def test_a_form_writes_an_answer_that_is_graded(browser: Any, tmp_path: Path) -> None:
    page = opened(browser, tmp_path / "form.html", SHEET.form())
    answer = in_style(SHEET, "in the end")
    page.tab.fill("#student", "ann")
    for box in page("[...document.querySelectorAll('input[data-key]')].map(box => box.dataset.key)"):
        part, *place = box.split(".")
        number: Any = answer[part]
        for index in place:
            number = number[int(index) - 1]
        page.tab.fill(f"input[data-key='{box}']", f"{number:.4f}".replace(".", ",").replace("-", "−"))
    page.tab.fill("input[data-key='delta.1.1']", "0.1·0.2")
    page.tab.click("#save")
    assert page("said.textContent") == "1 of the numbers cannot be read: they are framed."
    page.tab.fill("input[data-key='delta.1.1']", "")
    with page.tab.expect_download() as download:
        page.tab.click("#save")
    assert page("said.textContent") == "Saved. 1 boxes are empty. Hand in the file."
    given = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert (given["sheet"], given["student"], given["delta"][0][0]) == (SHEET.code, "ann", None)
    assert grade_sheet(given, sheet=SHEET).score == 27.5
    assert download.value.suggested_filename == "ann.json" and page.complaints == [] and fits_a_phone(page)
    page.tab.close()


@pytest.mark.parametrize(("difficulty", "filled"), [
    ("formula", {"delta.1.1": "s11*d21*w211"}), ("find", {"where": "delta.1.2", "instead": "0,0292"}),
])  # fmt: skip
def test_forms_of_formulas_and_of_a_mistake(browser: Any, tmp_path: Path, difficulty: str, filled: Any) -> None:
    sheet = worksheet(seed=7, difficulty=difficulty)
    page = opened(browser, tmp_path / "form.html", sheet.form())
    page.tab.fill("#student", "ann")
    for key, text in filled.items():
        page.tab.fill(f"input[data-key='{key}']", text)
    with page.tab.expect_download() as download:
        page.tab.click("#save")
    given = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert grade_sheet(given, sheet=sheet).score == 2
    page.tab.close()


def test_a_report_runs_nothing_that_students_wrote(browser: Any, tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    for n in range(24):
        record = {
            "student": f"{EVIL}{n}",
            **in_style(SHEET, "in the end", *(("output", "sign") if n % 3 else ("", ""))),
        }
        record["u"] = [[EVIL, None], [EVIL]] if n == 5 else record["u"]
        (folder / f"{n:02}.json").write_text(json.dumps(record), encoding="utf-8")
    results = graded(files_in([folder]), Job(SHEET))
    for named in (False, True):
        page = opened(browser, tmp_path / "report.html", report(results, SHEET, named))
        assert page.complaints == [] and len(page.requests) == 1
        assert page("document.querySelectorAll('script, img').length") == 0
        assert named or (pages(page) == 1 and fits_a_phone(page))
        page.tab.close()
