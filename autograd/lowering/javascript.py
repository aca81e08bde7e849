"""Program → JavaScript: one function `program` with the helpers that it needs inside, and nothing else.

The helpers are the texts of rows.py and the few of rows.js; +, −, ×, ÷ and √ give the same bits
in both languages, and the functions of JavaScript's Math are a few ULP from Python's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ..numeric.nesting import Branch
from ..ops import TABLE
from .lookup import functions_of
from .program import Program
from .python import Style, statements
from .rows import PLAIN, text
from .script import MATH, Script, number
from .structure import Leaf, Tree


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


def on_arrays(text: str, takes: Tree, gives: Tree) -> str:
    """A program's text as one of a function of arrays, typed or not, in the inputs' structure.

    An array of several axes may be nested or in one line, row by row, as those are that it returns.  The function
    throws a TypeError for anything else.

    >>> from autograd import Value
    >>> from autograd.lowering import lower
    >>> x, a = [Value(1.0, "x1"), Value(2.0, "x2")], Value(3.0, "a")
    >>> print(lower({"y": [a * v for v in x]}, {"x": x, "a": a}).to("javascript"), end="")  # doctest: +ELLIPSIS
    function program(given) {
      const _leaf = (x, path, shape) => {
        ...
      };
      function program(x1, x2, a) {
        return [a * x1, a * x2];
      }
      const o = program(..._leaf(given?.["x"], "x", [2]), ..._leaf(given?.["a"], "a", []));
      return {"y": Float64Array.from(o.slice(0, 2))};
    }
    """
    spread: list[str] = []

    def read(tree: Tree, place: str, path: str) -> None:
        if isinstance(tree, Leaf):
            spread.append(f"..._leaf({place}, {json.dumps(path)}, {list(tree.shape)})")
            return
        for k, (key, part) in enumerate(zip(tree.keys, tree.parts)):
            by_name = isinstance(key, str)
            read(part, f"{place}?.[{json.dumps(key) if by_name else k}]", f"{path}.{key}" if path else str(key))

    def written(tree: Tree) -> str:
        if isinstance(tree, Leaf):
            end = tree.start + tree.count
            return f"Float64Array.from(o.slice({tree.start}, {end}))" if tree.shape else f"o[{tree.start}]"
        parts = [written(part) for part in tree.parts]
        if all(isinstance(key, str) for key in tree.keys):
            return "{" + ", ".join(f"{json.dumps(key)}: {part}" for key, part in zip(tree.keys, parts)) + "}"
        return f"[{', '.join(parts)}]"

    read(takes, "given", "")
    named = isinstance(takes, Branch) and all(isinstance(key, str) for key in takes.keys)
    argument = "given" if named or isinstance(takes, Leaf) else "...given"
    body = [
        *_by_hand()["_leaf"].splitlines(),
        *text.splitlines(),
        f"const o = program({', '.join(spread)});",
        f"return {written(gives)};",
    ]
    return "\n".join([f"function program({argument}) {{", *(f"  {line}" for line in body), "}", ""])


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
