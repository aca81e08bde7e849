"""The generated parts of docs/numerics.md: the measured table, and the edge conventions.

python -m tests.accuracy.document     writes the edge table again
"""

from __future__ import annotations

from pathlib import Path

from .edges import edge_table

DOCUMENT = Path(__file__).parents[2] / "docs" / "numerics.md"


def part(text: str, name: str) -> tuple[int, int]:
    """Where in the text the generated part of that name begins and ends."""
    begin, end = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
    start = text.index(begin) + len(begin)
    return start, text.index(end, start)


def write(measured: str | None = None) -> None:
    """Put the edge table, and the measured one if there is a new one, into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, content in (("edges", edge_table()), ("measured", measured)):
        if content is not None:
            start, end = part(text, name)
            text = text[:start] + content + text[end:]
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
