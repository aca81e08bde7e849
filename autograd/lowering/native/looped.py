"""Texts of ../rows.py for rows of many operands, as loops over these.

A text is given the first operand and one that stands for all others; what it says of each of them is done in the loops
of `largest`, `total`, `some` and `compensated`.  Written out, the slopes of a length of n operands were n² lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add
from typing import Any, TypeAlias

from ...ops import TABLE, Op
from .. import rows
from ..namespace import maximum
from .loops import Function
from .rows import Vectors
from .shares import added
from .vectors import Mask, Vector, select

ROWS = frozenset(TABLE[name] for name in ("fsum", "hypot", "hypot_slope", "take"))

Read: TypeAlias = "Callable[[str], Vector]"


class Others:
    """The operands from the second one on: how many there are in all, and each as a function of its number."""

    def __init__(self, count: int, read: Read) -> None:
        self.count = count
        self.read = read

    def then(self, f: Callable[[Any], Any]) -> Others:
        return Others(self.count, lambda t: f(self.read(t)))


def looped(fn: Function, row: Op, count: int, read: Read) -> Vector:
    """The row of so many operands, at least three."""
    if row.name == "take":
        return _take(fn, count - 1, read)
    written = rows.text(row.name)
    assert written is not None
    result: Vector = written(_Loops(fn), read("0"), Others(count, read))
    return result


def _take(fn: Function, count: int, read: Read) -> Vector:
    index = read(str(count))

    def entry(t: str, found: list[str]) -> list[str]:
        here = Vector(fn, fn.everywhere(fn.value(f"uitofp i64 {t} to double")))
        return [select(index == here, read(t), Vector(fn, found[0])).name]

    return Vector(fn, *fn.loop(count, fn.zeros(1, float("nan")), entry))


class _Loops(Vectors):
    def __init__(self, fn: Function) -> None:
        self.fn = fn

    def each(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> list[Any]:
        return [x.then(f) if isinstance(x, Others) else f(x) for x in xs]

    def largest(self, xs: Sequence[Any]) -> Any:
        return self.reduced(lambda m, x: maximum(self, m, x), xs)

    def total(self, xs: Sequence[Any]) -> Any:
        return self.reduced(add, xs)

    def reduced(self, step: Callable[[Any, Any], Any], xs: Sequence[Any]) -> Vector:
        first, others = xs
        return Vector(self.fn, *self.over(others, [first], lambda x, total: [step(total, x)]))

    def some(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> Mask:
        *first, others = xs
        start = [f(x) for x in first] or [Mask(self.fn, "zeroinitializer")]
        return Mask(self.fn, *self.over(others, start, lambda x, found: [found | f(x)]))

    def compensated(self, xs: Sequence[Any]) -> Vector:
        first, others = xs
        sums = self.over(others, [first, self.fn.constant(-0.0)], lambda x, total, rest: [*added(total, rest, x)])
        total, rest = (Vector(self.fn, name) for name in sums)
        return total + rest

    def over(self, others: Others, start: list[Any], step: Callable[..., list[Any]]) -> list[str]:
        """What a step makes of each of the others and of what was found before."""
        kind = type(start[0])

        def each(t: str, names: list[str]) -> list[str]:
            return [found.name for found in step(others.read(t), *[kind(self.fn, name) for name in names])]

        carried = [(self.fn.mask if kind is Mask else self.fn.type, x.name) for x in start]
        return self.fn.loop(others.count, carried, each, start=1)
