"""What can go wrong, each with a class of its own so that it can be caught by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .value import Value


class AutogradError(Exception):
    """The parent of every error that this package raises on purpose.

    >>> issubclass(AutogradTypeError, AutogradError) and issubclass(AutogradTypeError, TypeError)
    True
    """


class AutogradTypeError(AutogradError, TypeError):
    """Something was given that is not a real number or a Value where one is needed."""


class AutogradValueError(AutogradError, ValueError):
    """The right kind of thing was given, but one that makes no sense here."""


class GradientMismatch(AutogradError, AssertionError):
    """A derivative differs from its finite difference; see check_grads."""


class MissingDependency(AutogradError, ImportError):
    """A feature needs a package that is not installed; the message names the extra to install."""


class LoweringError(AutogradError, ValueError):
    """A graph cannot be turned into a program faithfully, or a program was called wrongly."""


class NotFinite(AutogradError, ArithmeticError):
    """A nan or inf was born inside debug(); `node` is where, `root` what was computed or differentiated."""

    node: Value
    root: Value


class BackwardMistake(AutogradError, RuntimeError):
    """backward() from `root` inside debug() would give, or add to, a wrong gradient; `node` shows why."""

    node: Value
    root: Value
