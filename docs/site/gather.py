"""The site's sources, gathered in one folder that is laid out as the repository is, so that relative links hold."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

# What code hosts understand and MyST does not, or what leads to files that the site does not have.
_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_PICTURE = re.compile(
    r'<picture>\s*<source[^>]*srcset="([^"]*)">\s*<img alt="([^"]*)" src="([^"]*)">\s*</picture>', re.DOTALL
)
_SOURCE = re.compile(r"\[`?([^\]`]*)`?\]\((?:\.\./)?((?:nn|autograd)/[\w/]+)\.(?:py|pyx|js|json)\)")
_ELSEWHERE = re.compile(r"\[([^\]]*)\]\((?:\.\./)?(?:[\w/.-]*\.(?:py|toml|cff)|tests/[^)]*|LICENSE)\)")
_MERMAID = re.compile(r"```mermaid\n")
_README = re.compile(r"\]\(((?:\.\./)?(?:notebooks/)?)README\.md")
# The order of the guide; a page that is not named here comes after these.
GUIDE = [
    "install", "five-minutes", "scripts", "notebooks", "teachers", "pytorch", "browser", "overview", "from-micrograd",
    "backpropagation-explained", "lecture", "worked-example", "grading", "diagnosis", "playground",
    "models", "functions", "forward", "programs", "matrices", "devices", "compiled", "other-engines", "numerics",
    "speed", "your-own-operation", "gallery",
]  # fmt: skip
PROJECT = ["ARCHITECTURE", "CONTRIBUTING", "CHANGELOG"]


EMBEDDED = {"playground": "playground.html", "gallery": "neuron.html"}  # pages that stand at the end of a page


def myst(text: str) -> str:
    """Markdown for MyST.

    >>> myst("[`deltas.py`](../nn/deltas.py) [tests](tests/x.py) [all](../README.md#how)")
    '`deltas.py` tests [all](../index.md#how)'
    """
    text = _COMMENT.sub("", text)
    text = _PICTURE.sub(r"![\2](\3){.only-light}\n![\2](\1){.only-dark}", text)
    text = _SOURCE.sub(r"`\1`", text)
    text = _ELSEWHERE.sub(r"\1", text)
    text = _MERMAID.sub("```text\n", text)
    return _README.sub(r"](\1index.md", text)


def gather(repository: Path, target: Path) -> None:
    """Copy pages, pictures and notebooks, and write the table of contents."""
    pages = {path.stem for path in repository.glob("docs/*.md")}
    guide = [name for name in GUIDE if name in pages] + sorted(pages - set(GUIDE))
    for folder in ("", "docs/", "notebooks/"):
        for source in sorted(repository.glob(f"{folder}*.md")):
            name = "index.md" if source.name == "README.md" else source.name
            to = target / folder / name
            to.parent.mkdir(parents=True, exist_ok=True)
            text = myst(source.read_text("utf-8"))
            if source.stem in EMBEDDED:
                page = f'title="{source.stem}, to be used here" src="../_static/{EMBEDDED[source.stem]}"'
                text += f'\n<iframe {page} height="900" loading="lazy"></iframe>\n'
            to.write_text(text, "utf-8")
    shutil.copytree(repository / "docs" / "pictures", target / "docs" / "pictures")
    for source in sorted(repository.glob("notebooks/*.ipynb")):
        notebook = json.loads(source.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = myst("".join(cell["source"]))
        (target / "notebooks" / source.name).write_text(json.dumps(notebook), "utf-8")
    parts = {
        "Guide": [f"docs/{name}" for name in guide],
        "Notebooks": [
            "notebooks/index",
            *(f"notebooks/{path.stem}" for path in sorted(target.glob("notebooks/*.ipynb"))),
        ],
        "Reference": ["reference/autograd", "reference/nn", "reference/modules"],
        "Project": PROJECT,
    }
    index = target / "index.md"
    trees = [
        f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n" + "\n".join(names) + "\n```\n"
        for title, names in parts.items()
    ]
    index.write_text(index.read_text("utf-8") + "".join(trees), "utf-8")
