"""The project's docstrings as reStructuredText: prose, doctests, code, and aligned lists.

list    a paragraph of lines `name  text` whose texts begin in one column, two blanks or more after the longest name; a
        line that begins in that column goes on with the text above
code    a paragraph that is indented by four blanks more than its surroundings
prose   everything else; two blanks may follow a full stop
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_ITEM = re.compile(r"(\S(?: ?\S)*)( {2,})\S")
_SENTENCE = re.compile(r"[.:;?!)'\"`…] {2}(?=\S)")
_LITERAL = re.compile(r"(``?[^`]+``?)")

Items = list[tuple[str, list[str]]]


def paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    """What stands between empty lines; a doctest begins a paragraph of its own.

    >>> list(paragraphs(["a", "b", "", ">>> c"]))
    [['a', 'b'], ['>>> c']]
    """
    found: list[str] = []
    for line in [*lines, ""]:
        begins = line.lstrip().startswith(">>>") and found and not found[0].lstrip().startswith(">>>")
        if found and (begins or not line.strip()):
            yield found
            found = []
        if line.strip():
            found.append(line.rstrip())


def items(paragraph: Sequence[str]) -> Items | None:
    """The names and texts of an aligned list; None where the paragraph is none.

    >>> items(["x, y   one sample", "       and its target", "loss   a name"])
    [('x, y', ['one sample', 'and its target']), ('loss', ['a name'])]
    >>> items(["One sentence.  Another."]), items(["a   one", "bc  two", "d two"])
    (None, None)
    """
    first = _ITEM.match(paragraph[0])
    if not first or first[1][-1] in ".:;?!":
        return None
    column = first.end() - 1
    found: Items = []
    for line in paragraph:
        name, text = line[:column], line[column:]
        if not text or text[0] == " " or (name.strip() and not name.endswith("  ")):
            return None
        if name.strip():
            found.append((name.strip(), [text]))
        elif found:
            found[-1][1].append(text)
    return found


def kind(paragraph: Sequence[str]) -> str:
    """What a paragraph is: "doctest", "code", "list" or "prose".

    >>> kind([">>> 1"]), kind(["    a  b  c"]), kind(["a  b"]), kind(["a"])
    ('doctest', 'code', 'list', 'prose')
    """
    if paragraph[0].lstrip().startswith(">>>"):
        return "doctest"
    if all(line.startswith("    ") for line in paragraph):
        return "code"
    return "prose" if items(paragraph) is None else "list"


def crooked(paragraph: Sequence[str]) -> str:
    """The first line of prose that looks like one of a list, or text in columns in a list; "" where there is none.

    >>> crooked(["x   one", "yz two"]), crooked(["A sentence.  And another."]), crooked(["x  one  y  two"])
    ('x   one', '', 'one  y  two')
    """
    if kind(paragraph) == "list":
        texts = [text for _, lines in items(paragraph) or [] for text in lines]
        return next((text for text in texts if "  " in _SENTENCE.sub("", text)), "")
    if kind(paragraph) != "prose":
        return ""
    return next((line for line in paragraph if "  " in _SENTENCE.sub("", line.strip())), "")


def rst(lines: Sequence[str]) -> list[str]:
    """A docstring's lines for Sphinx.

    >>> rst(["Sum.", "", "x  a number *", "", ">>> 1", "1"])
    ['Sum.', '', '``x``', '    a number \\\\*', '', '>>> 1', '1', '']
    """
    out: list[str] = []
    for paragraph in paragraphs(lines):
        what = kind(paragraph)
        if what == "doctest":
            out += paragraph
        elif what == "code":
            out += [".. code-block:: text", "", *(f"    {line[4:]}" for line in paragraph)]
        elif what == "list":
            for name, texts in items(paragraph) or []:
                out += [f"``{name.strip('`')}``", *(f"    {escaped(text)}" for text in texts)]
        else:
            out += [escaped(line.strip()) for line in paragraph]
        out.append("")
    return out


def escaped(text: str) -> str:
    r"""Text in which nothing but backquotes has a meaning to reStructuredText.

    >>> escaped("a_ and *b* but `c_`")
    'a\\_ and \\*b\\* but `c_`'
    """
    parts = _LITERAL.split(text)
    plain = (re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts[::2])
    apart = [("\\ " if n and part[:1].isalnum() else "") + part for n, part in enumerate(plain)]  # `x`s
    return "".join(part + literal for part, literal in zip(apart, [*parts[1::2], ""]))
