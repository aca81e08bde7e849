"""Program → JavaScript: one function `program` with the helpers that it needs inside, and nothing else.

The helpers are floats.py, powers.py and activations.py once more; +, −, ×, ÷ and √ give the same
bits in both languages, and the functions of JavaScript's Math are a few ULP from Python's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ..errors import LoweringError
from .batches import missing_row
from .program import BUILT_IN, Program
from .python import Style, statements


def source(program: Program, functions: Mapping[str, str]) -> str:
    """The text of a JavaScript function `program`, which takes and returns numbers.

    functions  for rows of the user's own: the text of a JavaScript function, by name

    >>> from autograd import Value
    >>> from autograd.lowering import lower
    >>> x = Value(1.0, "x")
    >>> print(source(lower(x.relu() - 1, [x]), {}))
    function program(x) {
      const relu = (x) => x > 0 || x !== x ? x : 0;
      return relu(x) - 1;
    }
    <BLANKLINE>
    """
    helpers = []
    for row, name in program.functions.items():
        if row.name in functions:
            helpers.append(f"const {name} = {functions[row.name]};")
        elif row not in BUILT_IN:
            raise LoweringError(missing_row(row, "JavaScript"))
    style = Style(assignment="const {} = {};", number=lambda i, x: number(x))
    arguments, lines, result = statements(program, style)
    text = "\n".join([*helpers, *lines, f"return {result};"])
    lines = [*_needed(text), *text.splitlines()]
    return "\n".join([f"function program({arguments}) {{", *(f"  {line}" for line in lines), "}", ""])


def number(x: float) -> str:
    """A double as JavaScript writes it, the same to the last bit.

    >>> number(2.0), number(-0.0), number(1e300), number(-math.inf), number(math.nan)
    ('2', '-0', '1e+300', '-Infinity', 'NaN')
    """
    if not math.isfinite(x):
        return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"
    return repr(x).removesuffix(".0")


@cache
def _helpers() -> dict[str, str]:
    """The helpers by name, in an order in which each uses only those before it."""
    text = files(__package__).joinpath("rows.js").read_text(encoding="utf-8")
    parts = re.split(r"^(?=const )", text, flags=re.MULTILINE)[1:]
    return {match[1]: part.split("\n\n")[0].rstrip() for part in parts if (match := re.match(r"const (\w+)", part))}


def _needed(text: str) -> list[str]:
    """The lines of the helpers that a text uses, and of those that these use."""
    helpers = _helpers()
    found: set[str] = set()
    texts = [text]
    while texts:
        used = {name for name in re.findall(r"\w+", texts.pop()) if name in helpers} - found
        found |= used
        texts += [helpers[name] for name in used]
    return [line for name, helper in helpers.items() if name in found for line in helper.splitlines()]
