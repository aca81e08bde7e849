"""The notebooks run from top to bottom, show what they say, and are the text that stands beside them.

The text forms need nothing but the packages themselves, so their code always runs here, cell by cell as a
notebook runs it.  With Jupyter (pip install '.[notebooks]') they also run in fresh kernels.
"""

import ast
import contextlib
import importlib.util
import io
import json
import linecache
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
TEXTS = sorted(FOLDER.glob("[0-9]*.py"))
AGAIN = "run `python notebooks/execute.py` to write the notebooks anew"
LARGEST = 1_500_000  # bytes: what a code host still shows

NEEDED = {"10": ["llvmlite"], "11": ["torch", "jax", "numpy"]}  # by a notebook, beside the packages themselves


def lacking(text):
    """What a notebook imports and is not installed here."""
    return [name for name in NEEDED.get(text.stem[:2], []) if importlib.util.find_spec(name) is None]


LONG = ("05", "06", "10")  # in which much is trained
every_notebook = pytest.mark.parametrize(
    "text", [pytest.param(path, id=path.stem, marks=[pytest.mark.long] * (path.stem[:2] in LONG)) for path in TEXTS]
)


def cells_of(text):
    """The cells of a text form as (kind, source), as Jupytext reads its percent format."""
    cells = []
    for part in re.split(r"^# %%", text.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        if head.strip() == "[markdown]":
            cells.append(("markdown", re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip("\n")))
        else:
            assert not head.strip()
            cells.append(("code", body.strip("\n")))
    return cells


def notebook_of(text):
    return json.loads(text.with_suffix(".ipynb").read_text(encoding="utf-8"))


def run(source, namespace):
    """One cell: what it prints, and what a notebook displays of the value that it ends with."""
    linecache.cache["cell"] = (len(source), None, source.splitlines(True), "cell")  # debug() quotes lines
    tree = ast.parse(source)
    last = tree.body.pop().value if isinstance(tree.body[-1], ast.Expr) else None
    printed, shown = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), namespace)
        value = None if last is None else eval(compile(ast.Expression(last), "cell", "eval"), namespace)
    if hasattr(value, "_repr_mimebundle_"):
        shown = value._repr_mimebundle_()
    elif value is not None:
        shown = {"text/plain": repr(value)}
        for kind in ("html", "latex"):
            if hasattr(value, f"_repr_{kind}_"):
                shown[f"text/{kind}"] = getattr(value, f"_repr_{kind}_")()
    return printed.getvalue(), shown


@pytest.fixture
def runnable(text):
    if missing := lacking(text):
        pytest.skip(f"{', '.join(missing)} not installed: pip install '.[peers]'")
    return text


TIME = re.compile(r"\d[\d.,]* (?:[nµm]?s|times as fast)\b")  # measured while it runs: another one each time
NUMBER = re.compile(r"[-+]?\d+\.\d+(?:e[-+]?\d+)?")


def same_text(ours, theirs):
    """The same words; numbers may end differently, as mathematical libraries do, and ulp are counts of just that."""
    ours, theirs = (re.sub(r"(?m)\S+ +\S+( +agree +\S+)$|\S+ ulp", r"\1", text) for text in (ours, theirs))
    ours, theirs = TIME.sub("", ours), TIME.sub("", theirs)
    numbers = zip(NUMBER.findall(ours), NUMBER.findall(theirs))
    close = all(math.isclose(float(a), float(b), rel_tol=1e-5, abs_tol=1e-300) for a, b in numbers)
    return re.sub(r" +", " ", NUMBER.sub("#", ours)) == re.sub(r" +", " ", NUMBER.sub("#", theirs)) and close


def test_each_has_a_number_of_its_own_and_stands_in_the_list():
    numbers = [text.stem[:2] for text in TEXTS]
    assert len(numbers) == len(set(numbers)) and numbers[:5] == ["01", "02", "03", "04", "05"]
    listed = re.findall(r"\]\((\d\d_\w+)\.ipynb\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert listed == [text.stem for text in TEXTS]


@every_notebook
def test_a_notebook_is_its_text_form(text):
    written = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook_of(text)["cells"]]
    assert written == cells_of(text), AGAIN


@every_notebook
def test_its_cells_run_and_give_what_it_shows_and_its_exercise_takes_the_solution_alone(runnable):
    cells, namespace = cells_of(runnable), {"__name__": "__main__"}
    written = [cell["outputs"] for cell in notebook_of(runnable)["cells"] if cell["cell_type"] == "code"]
    sources = [source for kind, source in cells if kind == "code"]
    assert len(sources) == len(written), AGAIN
    for source, outputs in zip(sources, written):
        printed, shown = run(source, namespace)
        told = "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
        assert same_text(printed, told), f"{told!r} was shown, and it is {printed!r} now; {AGAIN}"
        displayed = [o["data"] for o in outputs if o["output_type"] == "execute_result"]
        assert [sorted(data) for data in displayed] == [sorted(shown)] * bool(shown), AGAIN
    assert "WRONG" in printed

    (solution,) = re.findall(r"```python\n(.*?)```", cells[-1][1], flags=re.DOTALL)
    # The last cell asks for the verdict; the definitions in it would undo the solution.
    checks = ast.parse(sources[-1])
    solved = {node.name for node in ast.parse(solution).body}
    checks.body = [node for node in checks.body if getattr(node, "name", None) not in solved]
    run(solution, namespace)
    verdict, _ = run(ast.unparse(checks), namespace)
    assert "WRONG" not in verdict and "right" in verdict


@every_notebook
def test_it_is_small_and_has_pictures_no_errors_and_no_trace_of_a_machine(text):
    raw = text.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert len(raw.encode()) < LARGEST
    assert not re.search(r"/(?:home|root|tmp|Users)/|C:\\\\", raw)
    outputs = [output for cell in notebook_of(text)["cells"] for output in cell.get("outputs", [])]
    assert {output["output_type"] for output in outputs} == {"stream", "execute_result"}
    assert not [output for output in outputs if output.get("name") == "stderr"]
    pictures = [o["data"] for o in outputs if "image/svg+xml" in o.get("data", {})]
    # For viewers that do not trust the SVG, and for `nbconvert --to latex`, which needs Inkscape without a PDF.
    assert pictures and all({"image/png", "application/pdf"} <= set(data) for data in pictures)
    svgs = ["".join(data["image/svg+xml"]) for data in pictures]
    assert all(re.search(r"<title>[^<]{8,}</title>", svg) for svg in svgs)  # for those who hear it
    # As wide as the page where it is wider; else HTML hides what overflows.
    assert all(re.search(r"<svg[^>]* style=\"[^\"]*max-width:max\(100%, ", svg) for svg in svgs)


@every_notebook
def test_its_links_lead_somewhere(text):
    for prose in (
        re.sub(r"```.*?```", "", source, flags=re.DOTALL) for kind, source in cells_of(text) if kind != "code"
    ):
        for target in re.findall(r"\]\(([^)#]+)\)", prose):
            assert (FOLDER / target).exists(), target


@every_notebook
def test_it_runs_in_a_fresh_kernel(runnable):
    needed = ["jupytext", "nbclient", "ipykernel"]
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: pip install '.[notebooks]'")
    command = [sys.executable, str(FOLDER / "execute.py"), "--check", runnable.stem]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"{runnable.stem} runs\n"


def converted(text, kind, *options, to):
    """What nbconvert makes of a notebook, as a file."""
    pytest.importorskip("nbconvert", reason="not installed: pip install '.[notebooks]'")
    command = [sys.executable, "-m", "nbconvert", "--to", kind, "--output-dir", str(to), *options]
    ran = subprocess.run([*command, str(text.with_suffix(".ipynb"))], capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    (file,) = to.glob(f"{text.stem}.*")
    return file


@pytest.mark.long
@pytest.mark.skipif(shutil.which("pandoc") is None, reason="nbconvert needs Pandoc for LaTeX: apt-get install pandoc")
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_in_latex_it_has_its_pictures_formulas_and_words_and_no_html(text, tmp_path):
    latex = converted(text, "latex", to=tmp_path).read_text("utf-8")
    outputs = [output for cell in notebook_of(text)["cells"] for output in cell.get("outputs", [])]
    kinds = [output["data"] for output in outputs if "data" in output]
    pictures = re.findall(r"\\adjustimage{[^}]*}{[^}]*}}{([^}]*)}", latex)
    assert len(pictures) == sum("application/pdf" in data for data in kinds)
    assert all(name.endswith(".pdf") and (tmp_path / name).read_bytes()[:5] == b"%PDF-" for name in pictures)
    assert all("".join(data["text/latex"]) in latex for data in kinds if "text/latex" in data)
    assert not re.search(r"</?(?:table|t[dr]|div|p|iframe|svg|details|summary)\b", latex)
    prose = [source for kind, source in cells_of(text) if kind == "markdown"]
    assert latex.count(r"\subsection{") == sum(len(re.findall(r"^## ", source, re.MULTILINE)) for source in prose)
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    assert {letter for letter in printed if ord(letter) > 127} <= set(latex)


def lacks_tex():
    """Whether something is missing of what nbconvert's LaTeX asks for."""
    asked = ["tcolorbox.sty", "adjustbox.sty", "titling.sty", "upquote.sty", "unicode-math.sty", "DejaVuSansMono.ttf"]
    found = [shutil.which("xelatex") and shutil.which("kpsewhich")]
    if all(found):
        found += [subprocess.run(["kpsewhich", name], capture_output=True).stdout for name in asked[:-1]]
    return not all(found) or b"DejaVu Sans Mono" not in subprocess.run(["fc-list"], capture_output=True).stdout


@pytest.mark.long
@pytest.mark.skipif(shutil.which("pandoc") is None, reason="nbconvert needs Pandoc for LaTeX: apt-get install pandoc")
@pytest.mark.skipif(lacks_tex(), reason="apt-get install texlive-xetex texlive-latex-extra fonts-dejavu-core")
def test_the_fonts_beside_it_have_every_letter(tmp_path):
    text = next(text for text in TEXTS if text.stem[:2] == "03")
    file = converted(text, "latex", to=tmp_path)
    shutil.copy(FOLDER / "fontspec.cfg", tmp_path)
    command = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", file.name]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    assert "Missing character" not in file.with_suffix(".log").read_text("utf-8", errors="replace")


@pytest.mark.parametrize("sanitized", [False, True])
def test_as_a_page_its_pictures_have_words_and_nothing_is_shown_as_tags(sanitized, tmp_path):
    text = next(text for text in TEXTS if text.stem[:2] == "02")
    options = ["--config", str(FOLDER / "nbconvert_config.py"), f"--HTMLExporter.sanitize_html={sanitized}"]
    page = converted(text, "html", *options, to=tmp_path).read_text("utf-8")
    shown = re.sub('srcdoc="[^"]*"', "", page)
    assert "<details>" in page and not re.search("&lt;/?(?:p|h1|details|iframe)(?: |&gt;)", shown)
    if sanitized:
        assert "<iframe" not in page and "Page(Backpropagation" in page
    else:
        assert "No description" not in page and page.count("<desc>") >= 2 and "<iframe" in page
