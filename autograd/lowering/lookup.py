"""What each operation of a program is on a target: the one place that finds out what a target lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import LoweringError
from ..ops import BUILT_IN, Op
from .program import Program


def functions_of(
    program: Program,
    target: str,
    given: Mapping[str, Any],
    built_in: Callable[[str], Any],
    own: Callable[[Op, int], Any] | None = None,
) -> dict[str, Any]:
    """What the program's functions are, by their names in printed code.

    target    its name, for errors
    given     what the user has given for rows, by name; it goes first
    built_in  name of a row of the table -> what the target has for it, None if it lacks it
    own       what makes something of a row of the user's and its number of operands, where the target can

    Raises LoweringError for a row that the target lacks.
    """
    found: dict[str, Any] = {}
    for row, name in program.functions.items():
        if row.name in given:
            found[name] = given[row.name]
        elif row in BUILT_IN:
            found[name] = built_in(row.name)
            if found[name] is None:
                raise LoweringError(
                    f"the target {target!r} lacks the operation {row.name!r}; give one with"
                    f" functions={{{row.name!r}: ...}}, or take the target 'python' or 'native', which have every one"
                )
        elif own:
            found[name] = own(row, next(len(each.operands) for each in program.instructions if each.row is row))
        else:
            raise LoweringError(
                f"the operation {row.name!r} is your own, and there is no function of {_WHAT.get(target, target)} for"
                f" it; give one with functions={{{row.name!r}: ...}}"
            )
    return found


_WHAT = {
    "javascript": "JavaScript", "jax": "arrays", "torch": "arrays",
    **dict.fromkeys(("sympy", "fractions", "mpmath"), "these numbers"),
}  # fmt: skip
