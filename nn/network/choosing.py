"""A name where a function may stand as well: looked up, or answered with the names that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from autograd import AutogradValueError

T = TypeVar("T")


def chosen(what: str, given: Any, table: Mapping[str, T], otherwise: str) -> T:
    """The entry of that name.  Raises AutogradValueError, which lists them and says what else may stand there.

    >>> chosen("loss", "hinge", {"hinge": 1}, "a function")
    1
    """
    if isinstance(given, str) and given in table:
        return table[given]
    raise AutogradValueError(f"unknown {what} {given!r}; choose one of {', '.join(table)}, or give {otherwise}")
