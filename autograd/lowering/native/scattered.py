"""Sums whose terms stand in several families: a table says where, so that they are one loop.

The adjoint of a neuron that a window passes over, or of a weight that every step of a recurrence uses, reads as many
families as there are windows or steps, and its members read them in orders of their own: code for each of them, a tile
each, grew with the square of the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..families import Family
from .loops import Function
from .panels import Panels
from .terms import Access, Spots, line


class Scattered(Panels):
    """Where such operands stand, and copies of those that are no rows of samples.

    copies  (family, member, bytes) -> where a copy is
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.copies: dict[tuple[Family, int, int], int] = {}

    def operand(self, fn: Function, x: Access | Spots, p: str, j: str, t: str, v: str | int, a: int = 0) -> str:
        """A vector of what stands there, of vector v of panel p."""
        if isinstance(x, Access):
            return super().operand(fn, x, p, j, t, v, a)
        start = fn.at("%work", self.entry(fn, x.places, j, t, a))
        if x.numbers:
            return fn.everywhere(fn.value(f"load double, ptr {start}"))
        steps = {step for row in x.steps for step in row}
        if len(steps) == 1:
            passed = fn.times(p, *steps)
        else:
            passed = "0" if p == "0" else fn.value(f"mul i64 {self.entry(fn, x.steps, j, t, a)}, {p}")
        return fn.value(f"load {fn.type}, ptr {self.at_vector(fn, fn.at(start, passed), v)}")

    def together(self, rows: Sequence[Sequence[tuple[Family, int]]], alike: bool) -> Access | Spots:
        """The operands of members, which are the same for all samples or not."""
        families = {family for row in rows for family, _ in row}
        return (
            line(families.pop(), [[i for _, i in row] for row in rows])
            if len(families) == 1
            else self.spots(rows, alike)
        )

    def spots(self, rows: Sequence[Sequence[tuple[Family, int]]], alike: bool) -> Spots:
        """The same of several families.

        Numbers that all samples share stand beside each other in a copy; where they are among rows of samples, as
        vectors, as many as a tile has.
        """
        reads = dict.fromkeys(read for row in rows for read in row)
        fixed = [(f, i) for f, i in reads if f in self.T or f.values or (f in self.alike and not alike)]
        numbers = len(fixed) == len(reads) and self.alike.isdisjoint(f for f, _ in reads)
        size = 8 if numbers else self.narrow.row if alike else self.tile.row
        self.copy(fixed, size)

        def place(family: Family, i: int) -> tuple[int, int]:
            if (family, i, size) in self.copies:
                return self.copies[family, i, size], 0
            step = 0 if family in self.alike else family.count * self.tile.row
            return self.places[family] + i * self.tile_for(family).row, step

        found = {read: place(*read) for read in reads}
        places, steps = (tuple([tuple([found[read][k] for read in row]) for row in rows]) for k in (0, 1))
        return Spots(places, steps, numbers)

    def copy(self, reads: Sequence[tuple[Family, int]], size: int) -> None:
        """Copies of what is the same for all samples, so many bytes each, made once in a run."""
        missing = [(f, i) for f, i in reads if (f, i, size) not in self.copies]
        for family in dict.fromkeys(family for family, _ in missing):
            members = [i for f, i in missing if f is family]
            start = self.take(-(-len(members) * size // 64), 8)
            self.copies |= {(family, i, size): start + size * k for k, i in enumerate(members)}
            fn, source = self.begin("copies", once=True), line(family, [[i] for i in members])

            def each(k: str, _: list[str], fn: Function = fn, source: Access = source, start: int = start) -> None:
                x, to = self.operand(fn, source, "0", k, "0", "0"), fn.at(fn.place("%work", start), fn.times(k, size))
                if size == 8:
                    fn.do(f"store double {fn.value(f'extractelement {fn.type} {x}, i64 0')}, ptr {to}")
                    return
                for v in range(size // self.narrow.row):
                    fn.do(f"store {fn.type} {x}, ptr {self.at_vector(fn, to, v)}")

            fn.loop(len(members), [], each)
