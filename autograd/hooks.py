"""Where comfort is put in from above: a Value shows itself, but what draws it stands rooms higher.

A lower room calls a hook; autograd/__init__.py fills it.  So no arrow of imports points upward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import AutogradError


class Hook:
    """A function that a lower room calls and an upper one provides.

    >>> shout = Hook("to shout")
    >>> shout.fill(str.upper); shout("a")
    'A'
    """

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self._function: Callable[..., Any] = self._empty

    def fill(self, function: Callable[..., Any]) -> None:
        """From now on, this function is called."""
        self._function = function

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._function(*args, **options)

    def _empty(self, *args: Any, **options: Any) -> Any:
        raise AutogradError(f"{self.purpose} takes a part of the package that is not loaded: import autograd first")


display = Hook("to show a Value in a notebook")  # (value) -> a MIME bundle
draw = Hook("to draw")  # as autograd.draw
