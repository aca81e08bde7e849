"""The pages about other engines: their code runs and prints what stands there, where those engines are installed.

Blocks with >>> are doctests, which pytest runs with all pages; they set the scene for the rest here too.
"""

import contextlib
import doctest
import importlib.util
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


@pytest.mark.peer
@pytest.mark.parametrize(
    "page, engine",
    [("other-engines", "micrograd"), ("other-engines", "torch"), ("pytorch", "torch"), ("pytorch", "jax")],
)
def test_the_code_on_a_page_prints_what_stands_below_it(page, engine):
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed: pip install '.[peers]'")
    namespace, ran = {}, 0
    for code, expected in BLOCK.findall((DOCS / f"{page}.md").read_text(encoding="utf-8")):
        if code.startswith(">>>"):
            exec("".join(example.source for example in doctest.DocTestParser().get_examples(code)), namespace)
        elif engine in code or (page == "pytorch" and engine == "torch" and "jax" not in code):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(code, namespace)
            assert printed.getvalue() == expected
            ran += 1
    assert ran == {"torch": 4}.get(engine, 1) if page == "pytorch" else ran == 1
