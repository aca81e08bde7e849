"""The README is one screen whose links lead somewhere, and what the first pages show is what their lines print."""

import re
from pathlib import Path

from nn import MLP, certify

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_certificate_that_the_five_minutes_show():
    page = (ROOT / "docs" / "five-minutes.md").read_text(encoding="utf-8")
    shown = page.split("```text\n")[1].split("\n```")[0]
    printed = str(certify(MLP(2, [2, 1], seed=0), [0.5, -1.0], 0.25))
    assert len(printed.splitlines()) == len(shown.splitlines())
    for ours, theirs in zip(printed.splitlines(), shown.splitlines()):
        # The number of ulp may be another with another mathematical library.
        assert ours.split()[:6] == theirs.split()[:6]


def test_it_is_one_screen_with_three_pictures_and_leads_to_every_page():
    assert len(README.splitlines()) <= 60 and README.count("<img alt=") == 3
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages <= set(re.findall(r"docs/([\w-]+)\.md", README))


def test_its_two_lines_stand_where_the_gate_reads_them():
    for name in ("main", "test"):
        block = README.split(f"<!-- {name} -->")[1].split("<!-- end -->")[0]
        lines = [line for line in block.splitlines() if line.startswith("python3 ")]
        assert len(lines) == 1
        assert "-m venv" in lines[0]


def test_its_links_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", page.read_text(encoding="utf-8")):
            path = target[0] or target[1]
            if "://" not in path:
                assert (page.parent / path).exists(), f"{page.name} links to {path}"
