"""Program → JavaScript: one function `program` with the helpers that it needs inside, and nothing else.

The helpers are the texts of rows.py and the few of rows.js; +, −, ×, ÷ and √ give the same bits
in both languages, and the functions of JavaScript's Math are a few ULP from Python's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ..ops import TABLE
from .lookup import functions_of
from .program import Program
from .python import Style, statements
from .rows import PLAIN, text
from .script import MATH, Script, number


def source(program: Program, functions: Mapping[str, str]) -> str:
    """The text of a JavaScript function `program`, which takes and returns numbers.

    functions  for rows of the user's own: the text of a JavaScript function, by name

    >>> from autograd import Value
    >>> from autograd.lowering import lower
    >>> x = Value(1.0, "x")
    >>> print(source(lower(x.relu() - 1, [x]), {}))
    function program(x) {
      const relu = (x) => x <= 0 ? 0 : x;
      return relu(x) - 1;
    }
    <BLANKLINE>
    """
    found = functions_of(program, "javascript", functions, helper)
    given = [f"const {name} = {found[name]};" for row, name in program.functions.items() if row.name in functions]
    style = Style(assignment="const {} = {};", number=lambda i, x: number(x))
    arguments, lines, result = statements(program, style)
    body = "\n".join([*given, *lines, f"return {result};"])
    lines = [*_needed(body), *body.splitlines()]
    return "\n".join([f"function program({arguments}) {{", *(f"  {line}" for line in lines), "}", ""])


@cache
def helper(name: str) -> str | None:
    """The function of a built-in row as a line of JavaScript, or several; None for a row that it lacks."""
    if name in _by_hand():
        return _by_hand()[name]
    if name in PLAIN and name in MATH:
        return f"const {name} = Math.{name};"
    written = text(name)
    try:
        return written and f"const {name} = {chr(10).join(Script().function(written))};"
    except AttributeError:  # the text asks for what JavaScript has not
        return None


@cache
def _by_hand() -> dict[str, str]:
    """The helpers of rows.js by name, in an order in which each uses only those before it."""
    text = files(__package__).joinpath("rows.js").read_text(encoding="utf-8")
    parts = re.split(r"^(?=const )", text, flags=re.MULTILINE)[1:]
    return {match[1]: part.split("\n\n")[0].rstrip() for part in parts if (match := re.match(r"const (\w+)", part))}


def _needed(body: str) -> list[str]:
    """The lines of the helpers that a text uses, and of those that these use."""
    found: dict[str, str] = {}
    texts = [body]
    while texts:
        for name in re.findall(r"(?<![.\w])\w+", texts.pop()):
            if name not in found and (name in TABLE or name in _by_hand()) and (text := helper(name)):
                found[name] = text
                texts.append(text)
    ordered = sorted(found, key=[*_by_hand(), *TABLE].index)
    return [line for name in ordered for line in found[name].splitlines()]
