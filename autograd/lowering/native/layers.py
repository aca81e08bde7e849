"""Families → LLVM IR: loops over neurons instead of code for each, with the sums over the samples as results.

A block of samples is a few panels, a panel as many samples as a tile of vectors holds.  In a panel a family has one row
of memory for each of its values, so that loops walk through contiguous memory:

    X           a panel is a copy of the columns
    scalars     are read where they are, one double for all lanes
    elementwise a family, and those that read it row by row, on registers
    sums        of products: a tile of members × vectors, the terms in the loop, from left to right as in the program
    outer       products of all pairs of two ranges, summed over the samples and never stored: lanes are the second
                range, from a transposed copy
    reduce      the rows of other outputs, summed over the samples

Sums begin at −0.0, and −0.0 + x is x to the bit; so a sample's arithmetic is the program's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from ...ops import TABLE, Op
from ..families import Family, Part, Side, families
from ..grids import expanded
from ..program import Program
from .callees import Callees
from .loops import Function
from .outside import Outside
from .rows import POWERS, exact, kernel
from .vectors import Vector, splat

SAMPLES = 128  # in a block
TERMS = 96  # of a sum in one pass over the members: more would not stay in the nearest cache
LARGE = 4  # instructions in a family, on average: else there is little to loop over
MANY = 40_000  # operands in code that is no loop
AHEAD = 6  # families that are computed together at most
_SUMPROD, _MUL = TABLE["sumprod"], TABLE["mul"]
_INFIX = {TABLE["add"]: "fadd", TABLE["sub"]: "fsub", TABLE["mul"]: "fmul"}


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


class Access(NamedTuple):
    """Where operands stand in a family: at base + dj·j + dt·t, or as a table has it for members and terms."""

    family: Family
    base: int
    dj: int
    dt: int
    table: tuple[tuple[int, ...], ...] | None = None

    @property
    def one(self) -> float | None:
        """The number, where it is one known number."""
        values = self.family.values
        return values[0] if len(values) == 1 else None

    def of(self, j: int) -> Access:
        """The same for member j alone."""
        if self.table is not None:
            return self._replace(table=self.table[j : j + 1])
        return self._replace(base=self.base + self.dj * j, dj=0)

    def after(self, t: int) -> Access:
        """The same from term t on."""
        if self.table is not None:
            return self._replace(table=tuple([row[t:] for row in self.table]))
        return self._replace(base=self.base + self.dt * t)


def access(family: Family, part: Part, side: Side) -> Access:
    """Where a family reads one side of a part, in one loop over members and one over terms."""
    dj, dt = (_stride(*loops) for loops in ((family.shape, side.strides), (part.shape, side.steps)))
    if side.table is None and dj is not None and dt is not None:
        return Access(side.family, side.base, dj, dt)
    return Access(side.family, 0, 0, 0, tuple(map(tuple, family.rows(part, side))))


def _stride(shape: Sequence[int], strides: Sequence[int]) -> int | None:
    """What loops over a shape add at each step, if it is always the same."""
    loops = [(n, stride) for n, stride in zip(shape, strides) if n > 1]
    if any(outer != stride * n for (_, outer), (n, stride) in pairwise(loops)):
        return None
    return loops[-1][1] if loops else 0


class Run(NamedTuple):
    """Terms of a sum that follow each other: so many products of what stands at p and at q."""

    p: Access
    q: Access
    terms: int


class Outer(NamedTuple):
    """Products of all pairs: Σ over (a, b) of a[a₀ + da·i] · b[b₀ + k], at output at + di·i + k."""

    terms: tuple[tuple[Family, int, int, Family, int], ...]
    rows: int
    columns: int
    at: int
    di: int


class NotInLayers(Exception):
    """The program has something that is no loop here: it becomes straight-line code."""


class Layers:
    """The functions that compute a program's sums over one block of samples, and where everything stands.

    Raises NotInLayers for a program that it cannot compute.
    """

    def __init__(self, program: Program, columns: Sequence[bool], tile: Tile, contract: bool, outside: Outside) -> None:
        self.tile = tile
        self.flags = "contract " if contract else ""
        self.callees = Callees(outside, tile.lanes)
        leaves = [
            ("x", [i for i in program.inputs if columns[i]]), ("theta", [i for i in program.inputs if not columns[i]]),
        ]  # fmt: skip
        found = families(program, [leaf for leaf in leaves if leaf[1]])
        self.found = list(found)
        self.outputs = len(program.outputs)
        self.panels = SAMPLES // tile.samples
        self.X, self.T = ([f for f in found.leaves if not f.values and f.name == name][:1] for name, _ in leaves)
        if not self.X or any(leaf.outputs for leaf in found.leaves):
            raise NotInLayers
        if len(self.found) * LARGE > len(program.instructions) or _mostly_shared(self.found, self.T):
            raise NotInLayers
        self.functions: list[Function] = []
        self.calls: list[Function | tuple[int, int]] = []  # functions, and what is zeroed: place and rows
        self.globals: list[str] = []
        self.named: dict[object, str] = {}
        self.top = -(-8 * self.outputs // 64) * 64  # the sums come first
        self.places: dict[Family, int] = {}
        self.free: dict[int, list[int]] = {}
        self.waiting: dict[Family, set[Family]] = {}
        self.zeroed: set[Family] = set()
        self.outers = {family: outer for family in self.found if (outer := _outer(family, self.X))}
        self.stored = {f for f in self.found if f.outputs or f.readers}
        self.place(self.X[0])
        self.first = self.places[self.X[0]]
        self._write()

    # --- memory --------------------------------------------------------------------------------

    def take(self, rows: int) -> int:
        if self.free.get(rows):
            return self.free[rows].pop()
        self.top += (here := rows * self.panels * self.tile.row + 512)
        return self.top - here

    def place(self, family: Family) -> None:
        self.places[family] = self.take(family.count)
        self.waiting[family] = set(family.readers)

    def computed(self, *families: Family) -> None:
        """What nobody reads any more gives its memory back."""
        for family in list(self.waiting):
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
        start = fn.place("%work", self.places[family] + row * self.tile.row)
        return fn.at(start, fn.times(p, family.count * self.tile.row))

    def index(self, fn: Function, x: Access, j: str, t: str, a: int = 0) -> str:
        """The index of member j + a and term t, without the base of an affine one."""
        if x.table is None:
            return fn.plus(fn.plus(fn.times(j, x.dj), fn.times(t, x.dt)), x.dj * a)
        terms = len(x.table[0])
        flat = [i for row in x.table for i in row]
        name = self.constant(("table", x.table), "i32", flat)
        at = fn.plus(fn.plus(fn.times(j, terms), t), a * terms)
        entry = fn.value(f"load i32, ptr {fn.value(f'getelementptr i32, ptr {name}, i64 {at}')}, !invariant.load !0")
        return fn.value(f"sext i32 {entry} to i64")

    def operand(self, fn: Function, x: Access, p: str, j: str, t: str, v: str | int, a: int = 0) -> str:
        """A vector of what stands there, of vector v of panel p."""
        if x.one is not None:
            return splat(x.one)
        index = self.index(fn, x, j, t, a)
        if x.family in self.T or x.family.values:
            if x.family.values:
                bits = [splat(c)[len("splat (double ") : -1] for c in x.family.values]
                start = fn.at(self.constant(x.family, "double", bits), 8 * x.base)
            else:
                start = fn.place("%scalars", 8 * x.base)
            number = fn.value(f"load double, ptr {fn.at(start, fn.times(index, 8))}, !invariant.load !0")
            return fn.everywhere(number)
        row = fn.at(self.panel(fn, x.family, p, x.base), fn.times(index, self.tile.row))
        offset = 8 * self.tile.lanes
        there = fn.at(row, fn.times(v, offset) if isinstance(v, str) else offset * v)
        return fn.value(f"load {fn.type}, ptr {there}")

    def store(self, fn: Function, family: Family, p: str, j: str, v: str | int, a: int, x: str) -> None:
        row = fn.at(self.panel(fn, family, p), fn.plus(fn.times(j, self.tile.row), a * self.tile.row))
        offset = 8 * self.tile.lanes
        fn.do(f"store {fn.type} {x}, ptr {fn.at(row, fn.times(v, offset) if isinstance(v, str) else offset * v)}")

    def row(self, fn: Function, row: Op, names: list[str], last: float | None) -> str:
        """A row of the table of these vectors."""
        if row in _INFIX:
            return fn.value(f"{_INFIX[row]} {self.flags}{fn.type} {names[0]}, {names[1]}")
        vectors = [Vector(fn, x) for x in names]
        if last is not None and (row, last) in POWERS:
            return POWERS[row, last](vectors[0]).name
        written = kernel(row)
        return written(*vectors).name if written else fn.call(self.callees.called(row, len(names)), *vectors).name

    # --- families row by row -----------------------------------------------------------------------

    def begin(self, name: str) -> Function:
        fn = Function(f"{name}_{len(self.functions)}", self.tile.lanes, self.callees.outer)
        self.functions.append(fn)
        self.calls.append(fn)
        return fn

    def elementwise(self, chain: list[Family]) -> None:
        """Families of one count, of which each reads those before it row by row, computed together."""
        for family in chain:
            self.place(family)
        fn = self.begin("elementwise")
        wide = all(_is_exact(family) for family in chain)

        def member(p: str, j: str, v: str | int) -> None:
            at: dict[Family, str] = {}
            for family in chain:
                at[family] = x = self.computed_row(fn, family, at, p, j, v, 0)
                if family in self.stored:
                    self.store(fn, family, p, j, v, 0, x)

        def members(p: str, _: list[str]) -> None:
            def each(j: str, _: list[str]) -> None:
                if wide:
                    for v in range(self.tile.vectors):
                        member(p, j, v)
                else:
                    fn.loop(self.tile.vectors, [], lambda v, _: member(p, j, v))

            fn.loop(chain[0].count, [], each)

        fn.loop("%panels", [], members)

    def computed_row(
        self, fn: Function, family: Family, at: dict[Family, str], p: str, j: str, v: str | int, a: int
    ) -> str:
        assert family.row is not None
        reads = [access(family, part, side) for part in family.parts for side in part.sides]
        names = [at[x.family] if x.family in at else self.operand(fn, x, p, j, "0", v, a) for x in reads]
        return self.row(fn, family.row, names, reads[-1].one)

    def unrolled(self, group: list[Family]) -> None:
        """Rows of any number of operands: all members together, since they have most of their work in common."""
        for family in group:
            self.place(family)
        fn = self.begin("unrolled")
        members = [(family, j, reads) for family in group for j, reads in enumerate(family.operands())]
        if sum(len(reads) for _, _, reads in members) > MANY:
            raise NotInLayers

        def vector(p: str, v: str) -> None:
            for family, j, reads in members:
                assert family.row is not None
                names = [self.operand(fn, Access(f, i, 0, 0), p, "0", "0", v) for f, i in reads]
                self.store(fn, family, p, "0", v, j, self.row(fn, family.row, names, None))

        fn.loop("%panels", [], lambda p, _: fn.loop(self.tile.vectors, [], lambda v, _: vector(p, v)) and None)

    # --- sums ------------------------------------------------------------------------------------------

    def sums(self, family: Family, chain: list[Family]) -> None:
        """Sums of products, and the families that read them row by row, on registers."""
        for each in (family, *chain):
            self.place(each)
        if len(family.orders) == 1:
            self.sum_of(family, chain, _runs(family, family.orders[0]), 0, family.count)
            return
        at = [[access(family, part, side) for side in part.sides] for part in family.parts]
        for j, order in enumerate(family.orders):
            self.sum_of(family, [], _runs(family, order, [[x.of(j) for x in sides] for sides in at]), j, 1)

    def sum_of(self, family: Family, chain: list[Family], runs: list[Run], first: int, count: int) -> None:
        """`count` members from the first on; the accesses of the runs count from there."""
        fn, tile = self.begin("sums"), self.tile
        tiles = -(-count // tile.members)
        height = -(-count // tiles)
        rest = count % height
        passes = _passes(runs)

        def term(sums: list[str], p: str, j: str, t: str, run: Run, height: int) -> list[str]:
            found = []
            for a in range(height):
                for v in range(tile.vectors):
                    factors = [self.operand(fn, x, p, j, t, v, a) for x in (run.p, run.q) if x.one != 1.0]
                    one = splat(1.0)
                    m = (
                        fn.value(f"fmul {self.flags}{fn.type} {factors[0]}, {factors[1]}")
                        if len(factors) == 2
                        else (factors or [one])[0]
                    )
                    found.append(fn.again(f"fadd {self.flags}{fn.type} {sums[a * tile.vectors + v]}, {m}"))
            return found

        def tile_of_members(p: str, j: str, height: int, some: list[tuple[Run, str]], begins: bool, ends: bool) -> None:
            places = [(a, v) for a in range(height) for v in range(tile.vectors)]
            here = [self.at_row(fn, family, p, j, first + a, v) for a, v in places]
            sums = [splat(-0.0) if begins else fn.again(f"load {fn.type}, ptr {x}") for x in here]
            for run, start in some:
                if run.terms <= 2:
                    for t in range(run.terms):
                        sums = term(sums, p, j, fn.plus(start, t), run, height)
                    continue

                def one(t: str, sums: list[str], run: Run = run, start: str = start) -> list[str]:
                    return term(sums, p, j, fn.plus(t, start), run, height)

                sums = fn.loop(run.terms, [(fn.type, x) for x in sums], one)
            if not ends or family in self.stored:
                for x, to in zip(sums, here):
                    fn.do(f"store {fn.type} {x}, ptr {to}")
            for (a, v), x in zip(places, sums) if ends and chain else ():
                at = {family: x}
                for each in chain:
                    at[each] = y = self.computed_row(fn, each, at, p, j, v, a)
                    if each in self.stored:
                        self.store(fn, each, p, j, v, a, y)

        def members(p: str, some: list[tuple[Run, str]], begins: bool, ends: bool) -> None:
            if count > height + rest:
                fn.loop(
                    count - rest,
                    [],
                    lambda j, _: tile_of_members(p, j, height, some, begins, ends),
                    step=height,
                )
            else:
                tile_of_members(p, "0", height, some, begins, ends)
            if rest:
                tile_of_members(p, str(count - rest), rest, some, begins, ends)

        def panel(p: str, _: list[str]) -> None:
            for k, (some, often) in enumerate(passes):
                begins, ends = k == 0, k == len(passes) - 1
                if often == 1:
                    members(p, [(run, "0") for run in some], begins, ends)
                else:
                    (run,) = some
                    fn.loop(
                        run.terms * often,
                        [],
                        lambda t, _, run=run: members(p, [(run, t)], False, False),  # type: ignore[misc]
                        step=run.terms,
                    )

        fn.loop("%panels", [], panel)

    def at_row(self, fn: Function, family: Family, p: str, j: str, a: int, v: int) -> str:
        row = fn.at(self.panel(fn, family, p), fn.times(j, self.tile.row))
        return fn.at(row, a * self.tile.row + 8 * self.tile.lanes * v)

    # --- sums over the samples -----------------------------------------------------------------------------

    def outer(self, outer: Outer) -> None:
        """The products of all pairs, summed over the samples of a block and added to the outputs."""
        packs: dict[tuple[Family, int], int] = {}
        for a, _, _, b, b0 in outer.terms:
            self.zero(a)
            self.zero(b)
            if (b, b0) not in packs:
                packs[b, b0] = self.transposed(b, b0, outer.columns)
        fn, tile = self.begin("outer"), self.tile

        def rows_of(jt: str, i: str, height: int, width: int, lanes: int) -> None:
            """`height` rows × `width` vectors, the last of them of so many lanes."""
            sums = [splat(0.0)] * (height * width)
            for a, a0, da, b, b0 in outer.terms:
                packed = fn.at(fn.place("%work", packs[b, b0]), fn.times(jt, SAMPLES * tile.row))

                def panel(
                    p: str, sums: list[str], a: Family = a, a0: int = a0, da: int = da, packed: str = packed
                ) -> list[str]:
                    rows = fn.at(self.panel(fn, a, p, a0), fn.times(i, tile.row * da))
                    columns = fn.at(packed, fn.times(p, tile.samples * tile.row))

                    def sample(s: str, sums: list[str]) -> list[str]:
                        column = fn.at(columns, fn.times(s, tile.row))
                        ys = [
                            fn.value(f"load {fn.type}, ptr {fn.at(column, 8 * tile.lanes * v)}") for v in range(width)
                        ]
                        found = []
                        for r in range(height):
                            at = fn.at(rows, fn.plus(fn.times(s, 8), r * tile.row * da))
                            x = fn.everywhere(fn.value(f"load double, ptr {at}"))
                            for v in range(width):
                                m = fn.value(f"fmul {self.flags}{fn.type} {x}, {ys[v]}")
                                found.append(fn.again(f"fadd {self.flags}{fn.type} {sums[r * width + v]}, {m}"))
                        return found

                    return fn.loop(tile.samples, [(fn.type, x) for x in sums], sample)

                sums = fn.loop("%panels", [(fn.type, x) for x in sums], panel)
            for r in range(height):
                row = fn.plus(fn.times(fn.plus(i, r), 8 * outer.di), fn.times(jt, tile.row))
                to = fn.at(fn.place("%work", 8 * outer.at), row)
                for v in range(width):
                    self.add(
                        fn, fn.at(to, 8 * tile.lanes * v), sums[r * width + v], lanes if v == width - 1 else tile.lanes
                    )

        def strip(jt: str, width: int, lanes: int) -> None:
            most = min(tile.members * tile.vectors // width, 12)
            height = -(-outer.rows // -(-outer.rows // most))
            rest = outer.rows % height
            if outer.rows - rest > height:
                fn.loop(outer.rows - rest, [], lambda i, _: rows_of(jt, i, height, width, lanes), step=height)
            else:
                rows_of(jt, "0", height, width, lanes)
            if rest:
                rows_of(jt, str(outer.rows - rest), rest, width, lanes)

        full, tail = divmod(outer.columns, tile.samples)
        if full > 1:
            fn.loop(full, [], lambda jt, _: strip(jt, tile.vectors, tile.lanes))
        elif full:
            strip("0", tile.vectors, tile.lanes)
        if tail:
            strip(str(full), -(-tail // tile.lanes), (tail - 1) % tile.lanes + 1)
        for at in packs.values():
            self.free.setdefault(self.packed_rows(outer.columns), []).append(at)

    def add(self, fn: Function, to: str, x: str, lanes: int) -> None:
        """Add the first lanes of x to what stands there."""
        if lanes == self.tile.lanes:
            before = fn.again(f"load {fn.type}, ptr {to}, align 8")
            fn.do(f"store {fn.type} {fn.again(f'fadd {fn.type} {before}, {x}')}, ptr {to}, align 8")
            return
        mask = ", ".join(f"i1 {int(k < lanes)}" for k in range(fn.lanes))
        masked, zeros = f"{fn.mask} <{mask}>", f"{fn.type} zeroinitializer"
        before = fn.again(f"call {fn.type} @llvm.masked.load.v{fn.lanes}f64.p0(ptr {to}, i32 8, {masked}, {zeros})")
        after = fn.again(f"fadd {fn.type} {before}, {x}")
        fn.do(f"call void @llvm.masked.store.v{fn.lanes}f64.p0({fn.type} {after}, ptr {to}, i32 8, {masked})")

    def packed_rows(self, columns: int) -> int:
        return -(-columns // self.tile.samples) * self.tile.samples

    def transposed(self, family: Family, first: int, count: int) -> int:
        """Where a copy of `count` rows is: strips of as many rows as a tile has samples, in them sample by sample."""
        fn, tile = self.begin("transposed"), self.tile
        to = self.take(self.packed_rows(count))
        lanes = tile.lanes

        def panel(p: str, _: list[str]) -> None:
            start = self.panel(fn, family, p, first)

            def square(g: str, _: list[str]) -> None:
                """As many rows as a vector has lanes."""
                source = fn.at(start, fn.times(g, lanes * tile.row))
                strip = fn.value(f"udiv i64 {g}, {tile.vectors}")
                within = fn.value(f"urem i64 {g}, {tile.vectors}")
                target = fn.plus(fn.times(strip, SAMPLES * tile.row), fn.times(within, 8 * lanes))
                target = fn.plus(target, fn.times(p, tile.samples * tile.row))
                here = fn.at(fn.place("%work", to), target)
                for v in range(tile.vectors):
                    rows = [
                        fn.again(f"load {fn.type}, ptr {fn.at(source, r * tile.row + 8 * lanes * v)}")
                        for r in range(lanes)
                    ]
                    for s, x in enumerate(_turned(fn, rows)):
                        fn.do(f"store {fn.type} {x}, ptr {fn.at(here, (lanes * v + s) * tile.row)}")

            fn.loop(-(-count // lanes), [], square)

        fn.loop("%panels", [], panel)
        return to

    def reduce(self, family: Family) -> None:
        """The rows of a family that are outputs, summed over the samples of a block."""
        self.zero(family)
        fn, tile = self.begin("reduce"), self.tile
        pairs = sorted(family.outputs)
        sides = []
        for numbers in zip(*pairs):
            step = numbers[1] - numbers[0] if len(numbers) > 1 else 0
            line = all(x == numbers[0] + step * k for k, x in enumerate(numbers))
            sides.append(
                Access(family, numbers[0], step, 0) if line else Access(family, 0, 0, 0, tuple((x,) for x in numbers))
            )

        def each(i: str, _: list[str]) -> None:
            member, output = (self.index(fn, x, i, "0") for x in sides)

            def panel(p: str, sums: list[str]) -> list[str]:
                row = fn.at(self.panel(fn, family, p, sides[0].base), fn.times(member, tile.row))
                loads = [fn.value(f"load {fn.type}, ptr {fn.at(row, 8 * tile.lanes * v)}") for v in range(tile.vectors)]
                return [fn.again(f"fadd {fn.type} {x}, {y}") for x, y in zip(sums, loads)]

            sums = fn.loop("%panels", fn.zeros(tile.vectors), panel)
            while len(sums) > 1:
                sums = [fn.again(f"fadd {fn.type} {x}, {y}") for x, y in zip(sums[::2], sums[1::2])]
            total = fn.again(
                f"call reassoc double @llvm.vector.reduce.fadd.v{fn.lanes}f64(double 0.0, {fn.type} {sums[0]})"
            )
            to = fn.at(fn.place("%work", 8 * sides[1].base), fn.times(output, 8))
            before = fn.again(f"load double, ptr {to}")
            fn.do(f"store double {fn.again(f'fadd double {before}, {total}')}, ptr {to}")

        fn.loop(len(pairs), [], each)

    # --- all of it ----------------------------------------------------------------------------------------------

    def _write(self) -> None:
        todo = list(self.found)
        while todo:
            family = todo.pop(0)
            if family in self.outers:
                self.outer(self.outers[family])
                self.computed(family)
                continue
            assert family.row is not None
            chain: list[Family] = []
            if _is_variadic(family):
                ready = [
                    f for f in todo[:AHEAD] if _is_variadic(f) and not {x.family for x in f.sides} & {*todo, family}
                ]
                todo = [f for f in todo if f not in ready]
                chain = ready
                self.unrolled([family, *ready])
            elif family.row is not _SUMPROD:
                chain = self.chain([family], todo, registers=False)[1:]
                self.elementwise([family, *chain])
            else:
                if len(family.orders) == 1:
                    chain = self.chain([family], todo, registers=True)[1:]
                self.sums(family, chain)
            for each in (family, *chain):
                if each.outputs:
                    self.reduce(each)
            self.computed(family, *chain)

    def chain(self, chain: list[Family], todo: list[Family], registers: bool) -> list[Family]:
        """The family with those of its count that are ready when it is, and read it row by row; taken out of todo."""
        for each in todo[:AHEAD]:
            assert each.row is not None
            if each.row.arity is None or each.count != chain[0].count or each in self.outers:
                continue
            if registers and not _is_exact(each):
                continue
            reads = [access(each, part, side) for part in each.parts for side in part.sides]
            waits = any(x.family in todo and x.family not in chain for x in reads)
            apart = any(
                x.family in chain and (x.table, x.base, x.dj) != (None, 0, min(1, each.count - 1)) for x in reads
            )
            if not waits and not apart and (not registers or any(x.family in chain for x in reads)):
                chain.append(each)
        for each in chain[1:]:
            todo.remove(each)
        for each in chain:
            if not each.outputs and all(reader in chain for reader in each.readers):
                self.stored.discard(each)
        return chain


def _turned(fn: Function, rows: list[str]) -> list[str]:
    """A square of vectors, transposed."""
    n = len(rows)
    distance = n // 2
    while distance:
        low = ", ".join(f"i32 {k if not k & distance else n + k - distance}" for k in range(n))
        high = ", ".join(f"i32 {k + distance if not k & distance else n + k}" for k in range(n))
        turned = list(rows)
        for i in range(n):
            if not i & distance:
                pair = f"{fn.type} {rows[i]}, {fn.type} {rows[i + distance]}"
                turned[i] = fn.again(f"shufflevector {pair}, <{n} x i32> <{low}>")
                turned[i + distance] = fn.again(f"shufflevector {pair}, <{n} x i32> <{high}>")
        rows = turned
        distance //= 2
    return rows


def _mostly_shared(found: list[Family], shared: list[Family]) -> bool:
    """Whether much of the program is the same for all samples: straight-line code computes that once."""
    alike = set(shared)
    for family in found:
        if all(x.family in alike or x.family.values for x in family.sides):
            alike.add(family)
    return 10 * sum(family.count for family in alike & set(found)) > sum(family.count for family in found)


def _is_variadic(family: Family) -> bool:
    return family.row is not None and family.row.arity is None and family.row is not _SUMPROD


def _is_exact(family: Family) -> bool:
    return family.row in _INFIX or (family.row is not None and exact(family.row))


def _runs(family: Family, order: Sequence[tuple[int, int]], at: list[list[Access]] | None = None) -> list[Run]:
    """The terms of a sum, in order; `at`: where they stand, if not where the family says."""
    at = at or [[access(family, part, side) for side in part.sides] for part in family.parts]
    passed = [0] * len(at)
    runs = []
    for k, count in order:
        p, q = (x.after(passed[k]) for x in at[k])
        passed[k] += count
        runs.append(Run(p, q, count))
    return runs


def _passes(runs: list[Run]) -> list[tuple[list[Run], int]]:
    """Which runs go over the members together, and how often; a long one in blocks of TERMS."""
    if sum(run.terms for run in runs) <= TERMS + 32:
        return [(runs, 1)]
    passes: list[tuple[list[Run], int]] = []
    for run in runs:
        whole, rest = divmod(run.terms, TERMS)
        if not rest and whole:
            whole, rest = whole - 1, TERMS
        blocks = [(0, min(TERMS, run.terms), 1)] if whole else []
        blocks += [(TERMS, TERMS, whole - 1)] if whole > 1 else []
        blocks += [(whole * TERMS, rest, 1)]
        for start, count, often in blocks:
            passes.append(([Run(run.p.after(start), run.q.after(start), count)], often))
    return passes


def _outer(family: Family, varying: Collection[Family]) -> Outer | None:
    """A family of products that is only asked for in sum, as all pairs of two ranges."""
    outputs = dict(family.outputs)
    if family.readers or len(outputs) != family.count or len(family.outputs) != family.count or family.count < 2:
        return None
    if family.row not in (_SUMPROD, _MUL) or len(family.orders) > 1 or len(family.shape) > 2:
        return None
    rows, columns = (1, *family.shape)[-2:]
    pairs = [part.sides for part in family.parts] if family.row is _SUMPROD else [tuple(family.sides)]
    shapes = [part.shape for part in family.parts] if family.row is _SUMPROD else [()]
    terms: list[tuple[Side, int, Side, int]] = []
    for (p, q), shape in zip(pairs, shapes):
        if any(x.table is not None or (x.family.row is None and x.family not in varying) for x in (p, q)):
            return None
        places = zip(expanded(p.base, shape, p.steps), expanded(q.base, shape, q.steps))
        terms += [(p, a, q, b) for a, b in places]
    if len(terms) > 256:
        return None
    at = [outputs[j] for j in range(family.count)]
    for turned in (False, True):
        found = []
        for p, p0, q, q0 in terms:
            (pi, pk), (qi, qk) = ((0, *x.strides)[-2:] for x in (p, q))
            if turned:
                pi, pk, qi, qk = pk, pi, qk, qi
            if pk == 0 and qi == 0 and qk in (0, 1):
                found.append((p.family, p0, pi, q.family, q0))
            elif qk == 0 and pi == 0 and pk in (0, 1):
                found.append((q.family, q0, qi, p.family, p0))
        a, b = (columns, rows) if turned else (rows, columns)
        grid = [at[i * columns + k] for i in range(rows) for k in range(columns)]
        if turned:
            grid = [at[k * columns + i] for i in range(columns) for k in range(rows)]
        di = grid[b] - grid[0] if a > 1 else 0
        if len(found) == len(terms) and grid == [grid[0] + di * i + k for i in range(a) for k in range(b)]:
            return Outer(tuple(found), a, b, grid[0], di)
    return None
