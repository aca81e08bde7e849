"""Where the values of families stand while a block of samples is computed, and how loops read and write them.

A block of samples is a few panels, a panel as many samples as a tile of vectors holds.  In a panel a family has one row
of memory for each of its values, so that loops walk through contiguous memory; what nobody reads any more gives its
memory back.  X, the columns, has panels too; scalars and constants are read where they are, one double for all lanes.
What is the same for all samples is computed once in a run, in panels of one vector, all of whose lanes are alike.
Outputs at each sample go to their places from the registers; in the last panel, whose lanes may be beyond the last
sample, to memory of their own first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...ops import TABLE, Op
from ..families import Family
from .callees import Callees
from .loops import Function
from .outside import Outside
from .rows import POWERS, kernel
from .terms import Access
from .vectors import Vector, splat

SAMPLES = 128  # in a block
MOST = 2**29  # bytes of memory that a call may work in
_INFIX = {TABLE["add"]: "fadd", TABLE["sub"]: "fsub", TABLE["mul"]: "fmul"}


class NotInLayers(Exception):
    """The program has something that is no loop here: it becomes straight-line code."""


class Tile(NamedTuple):
    """What fits the registers: doubles in one, vectors side by side, members in a sum, rows of an outer product."""

    lanes: int
    vectors: int
    members: int

    @property
    def samples(self) -> int:
        return self.lanes * self.vectors

    @property
    def row(self) -> int:
        return 8 * self.samples


def tile_of(lanes: int, registers: int) -> Tile:
    """A tile of sums, what it is multiplied with and a product on the way fill the registers."""
    return Tile(lanes, 4, 6) if registers >= 32 else Tile(lanes, 2, 6)


class Panels:
    """The functions of a module as they are written, the memory that they work in, and the operands that they read.

    X, T    the leaf of the columns and that of the scalars, in lists of at most one
    alike   the families that are the same for all samples
    summed  whether outputs are summed over the samples, else they are stored
    stored  the families that have memory, for those who read them later
    zeros   whether some sums are 0, and nothing puts them there
    before  the functions that are called once in a run, for what is alike
    calls   the functions in the order of execution, and between them what is zeroed: (place, rows)
    top     how many bytes of memory there are
    """

    def __init__(
        self, X: list[Family], T: list[Family], outputs: int, summed: bool, tile: Tile, contract: bool, outside: Outside
    ) -> None:
        self.X, self.T, self.tile, self.summed = X, T, tile, summed
        self.narrow = tile._replace(vectors=1)
        self.alike: set[Family] = set()
        self.stored: set[Family] = set()
        self.straight: dict[Family, Access] = {}
        self.flags = "contract " if contract else ""
        self.callees = Callees(outside, tile.lanes)
        self.functions: list[Function] = []
        self.before: list[Function] = []
        self.calls: list[Function | tuple[int, int]] = []
        self.globals: list[str] = []
        self.named: dict[object, str] = {}
        self.outputs = outputs
        self.top = -(-8 * outputs // 64) * 64 * (1 if summed else tile.samples)  # the outputs come first
        self.places: dict[Family, int] = {}
        self.free: dict[int, list[int]] = {}
        self.waiting: dict[Family, set[Family]] = {}
        self.read: dict[Family, list[Family]] = {}  # by this one, and waiting for it
        self.zeroed: set[Family] = set()
        self.zeros = False
        for family in X:
            self.place(family)

    def begin(self, name: str, of: Family | None = None, once: bool = False) -> Function:
        fn = Function(f"{name}_{len(self.functions)}", self.tile.lanes, self.callees.outer)
        self.functions.append(fn)
        if once or of in self.alike:
            self.before.append(fn)
        else:
            self.calls.append(fn)
        return fn

    def tile_for(self, family: Family) -> Tile:
        return self.narrow if family in self.alike else self.tile

    # --- memory --------------------------------------------------------------------------------

    def take(self, rows: int, samples: int = SAMPLES) -> int:
        if samples == SAMPLES and self.free.get(rows):
            return self.free[rows].pop()
        if self.top > MOST:
            raise NotInLayers
        self.top += (here := 8 * rows * samples + 512)
        return self.top - here

    def place(self, family: Family) -> None:
        """Memory for a family; what is alike for all samples keeps it, as it is not computed again."""
        if family in self.alike:
            self.places[family] = self.take(family.count, self.tile.lanes)
        else:
            self.places[family] = self.take(family.count)
            self.waiting[family] = set(family.readers)
            for each in family.readers:
                self.read.setdefault(each, []).append(family)

    def computed(self, *families: Family) -> None:
        """What nobody reads any more gives its memory back."""
        for family in [family for each in families for family in (*self.read.pop(each, ()), each)]:
            if family not in self.waiting:
                continue
            self.waiting[family].difference_update(families)
            if not self.waiting[family] and family not in self.X:
                del self.waiting[family]
                self.free.setdefault(family.count, []).append(self.places[family])

    def zero(self, family: Family) -> None:
        """Nothing beyond the last sample, before rows are summed over the samples."""
        if family not in self.zeroed:
            self.zeroed.add(family)
            self.calls.append((self.places[family], family.count))

    # --- operands --------------------------------------------------------------------------------

    def constant(self, key: object, kind: str, values: Sequence[object]) -> str:
        """The name of an array of constants."""
        if key not in self.named:
            self.named[key] = f"@constants_{len(self.named)}"
            listed = ", ".join(f"{kind} {x}" for x in values)
            self.globals.append(f"{self.named[key]} = internal constant [{len(values)} x {kind}] [{listed}]")
        return self.named[key]

    def panel(self, fn: Function, family: Family, p: str, row: int = 0) -> str:
        """Where a row of a family's panel is."""
        start = fn.place("%work", self.places[family] + row * self.tile_for(family).row)
        return start if family in self.alike else fn.at(start, fn.times(p, family.count * self.tile.row))

    def index(self, fn: Function, x: Access, j: str, t: str, a: int = 0) -> str:
        """The index of member j + a and term t, without the base of an affine one."""
        if x.loops:
            j, index = fn.plus(j, a) if a else j, "0"
            for passed, count, stride in x.loops:
                step = fn.value(f"udiv i64 {j}, {passed}") if passed > 1 else j
                index = fn.plus(index, fn.times(fn.value(f"urem i64 {step}, {count}"), stride))
            return index
        if x.table is None:
            return fn.plus(fn.plus(fn.times(j, x.dj), fn.times(t, x.dt)), x.dj * a)
        return self.entry(fn, x.table, j, t, a)

    def entry(self, fn: Function, table: tuple[tuple[int, ...], ...], j: str, t: str, a: int = 0) -> str:
        """What a table has for member j + a and term t."""
        terms = len(table[0])
        name = self.constant(("table", table), "i32", [i for row in table for i in row])
        at = fn.plus(fn.plus(fn.times(j, terms), t), a * terms)
        entry = fn.value(f"load i32, ptr {fn.value(f'getelementptr i32, ptr {name}, i64 {at}')}, !invariant.load !0")
        return fn.value(f"sext i32 {entry} to i64")

    def operand(self, fn: Function, x: Access, p: str, j: str, t: str, v: str | int, a: int = 0) -> str:
        """A vector of what stands there, of vector v of panel p."""
        if x.one is not None:
            return splat(x.one)
        index = self.index(fn, x, j, t, a)
        if start := self.shared(fn, x):
            number = fn.value(f"load double, ptr {fn.at(start, fn.times(index, 8))}, !invariant.load !0")
            return fn.everywhere(number)
        row = fn.at(self.panel(fn, x.family, p, x.base), fn.times(index, self.tile_for(x.family).row))
        there = row if x.family in self.alike else self.at_vector(fn, row, v)
        return fn.value(f"load {fn.type}, ptr {there}")

    def shared(self, fn: Function, x: Access) -> str | None:
        """Where scalars or constants are; None for what stands in panels."""
        if x.family.values:
            bits = [splat(c)[len("splat (double ") : -1] for c in x.family.values]
            return fn.at(self.constant(x.family, "double", bits), 8 * x.base)
        return fn.place("%scalars", 8 * x.base) if x.family in self.T else None

    def entries(self, fn: Function, x: Access, p: str, j: str, v: str) -> tuple[str, int]:
        """Where the first term of member j stands, and how many bytes from one row of the family to the next."""
        start, step = self.shared(fn, x), 8
        if start is None:
            start, step = self.panel(fn, x.family, p, x.base), self.tile_for(x.family).row
            start = start if x.family in self.alike else self.at_vector(fn, start, v)
        return fn.at(start, fn.times(j, x.dj * step)), step

    def at_vector(self, fn: Function, row: str, v: str | int) -> str:
        offset = 8 * self.tile.lanes
        return fn.at(row, fn.times(v, offset) if isinstance(v, str) else offset * v)

    def store(self, fn: Function, family: Family, p: str, j: str, v: str | int, a: int, x: str) -> None:
        """Member j + a of a family: where its readers find it, and where outputs go."""
        if family in self.stored:
            size = self.tile_for(family).row
            row = fn.at(self.panel(fn, family, p), fn.plus(fn.times(j, size), a * size))
            fn.do(f"store {fn.type} {x}, ptr {self.at_vector(fn, row, v)}")
        if family in self.straight:
            self.put(fn, p, self.straight[family], fn.plus(j, a) if a else j, v, x)

    # --- outputs at each sample --------------------------------------------------------------------

    def outputs_of(self, fn: Function, p: str) -> tuple[str, str]:
        """Where the outputs of a panel begin, and how many doubles are from one to the next."""
        samples = self.tile.samples
        first = fn.times(p, samples)
        whole = fn.value(f"icmp ule i64 {fn.plus(first, samples)}, %here")
        there = fn.value(f"getelementptr double, ptr %out, i64 {first}")
        start = fn.value(f"select i1 {whole}, ptr {there}, ptr %work")
        return start, fn.value(f"select i1 {whole}, i64 %stride, i64 {samples}")

    def put(self, fn: Function, p: str, at: Access, i: str, v: str | int, x: str) -> None:
        """One vector of an output."""
        start, step = self.outputs_of(fn, p)
        place = fn.plus(self.index(fn, at, i, "0"), at.base)
        row = fn.value(f"getelementptr double, ptr {start}, i64 {fn.value(f'mul i64 {place}, {step}')}")
        fn.do(f"store {fn.type} {x}, ptr {self.at_vector(fn, row, v)}, align 8")

    def row(self, fn: Function, row: Op, names: list[str], last: float | None) -> str:
        """A row of the table of these vectors."""
        if row in _INFIX:
            return fn.value(f"{_INFIX[row]} {self.flags}{fn.type} {names[0]}, {names[1]}")
        vectors = [Vector(fn, x) for x in names]
        if last is not None and (row, last) in POWERS:
            return POWERS[row, last](vectors[0]).name
        written = kernel(row)
        return written(*vectors).name if written else fn.call(self.callees.called(row, len(names)), *vectors).name
