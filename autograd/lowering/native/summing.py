"""Outputs: sums over the samples of a block, and what is stored at each of them.

Products of all pairs of two ranges are summed and never stored, rows of other outputs are summed, or copied.

Of a product of pairs the lanes are the second range, of which a strip at a time is turned into memory that stays in the
nearest cache; the first is one double for all lanes, the samples are in the loop, and nothing is summed across lanes.
Results are rows apart, where no processor foresees them: they are fetched while their sums are made, which takes 3 to
6 % off 784-128-10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..families import Family
from .loops import Function
from .scattered import Scattered
from .terms import Access, Outer, line
from .vectors import splat, turned

LISTED = 4  # terms of products of pairs that are written one after the other; more are a loop
ROUND = 8  # samples in one round of that loop: counting them is a tenth of its instructions


class Summing(Scattered):
    """The functions that add a block's sums to the results, or put there what each sample has."""

    def put_out(self, family: Family) -> None:
        """What of a family is an output, read from where it stands."""
        shared = family in self.T or family in self.alike or family.values
        if not family.outputs or family in self.straight:
            return
        if not self.summed:
            self.copied(family)
        elif not shared:
            self.reduce(family)
        elif any(family.values[j] if family.values else True for j, _ in family.outputs):
            self.repeated(family)
        else:
            self.zeros = True

    def copied(self, family: Family) -> None:
        """Outputs at each sample that are inputs or constants, or the same for all samples, or one several times."""
        fn = self.begin("copied")
        members, places = _outputs(family)

        def each(p: str, i: str) -> None:
            for v in range(self.tile.vectors):
                self.put(fn, p, places, i, v, self.operand(fn, members, p, i, "0", v))

        fn.loop("%panels", [], lambda p, _: fn.loop(len(family.outputs), [], lambda i, _: each(p, i)))

    def outer(self, outer: Outer) -> None:
        """The products of all pairs, summed over the samples of a block and added to the outputs."""
        packs: dict[tuple[Family, int], int] = {}
        for a, _, _, b, b0 in outer.terms:
            self.zero(a)
            self.zero(b)
            if (b, b0) not in packs:
                packs[b, b0] = self.take(self.tile.samples)
        fn, tile = self.begin("outer"), self.tile
        table = [
            (self.places[a] + a0 * tile.row, a.count * tile.row, da * tile.row, packs[b, b0])
            for a, a0, da, b, b0 in outer.terms
        ]

        def rows_of(jt: str, i: str, height: int, width: int, lanes: int) -> None:
            """`height` rows × `width` vectors, the last of them of so many lanes."""
            starts = []
            for r in range(height):
                row = fn.plus(fn.times(fn.plus(i, r), 8 * outer.di), fn.times(jt, tile.row))
                starts.append(fn.at(fn.place("%out", 8 * outer.at), row))
                for at in (starts[-1], fn.at(starts[-1], 8 * (tile.lanes * width - 1))):
                    fn.do(f"call void @llvm.prefetch.p0(ptr {at}, i32 1, i32 3, i32 1)")

            def written(sums: list[str], a: Family, a0: int, da: int, b: Family, b0: int) -> list[str]:
                steps = [r * tile.row * da for r in range(height)]
                start = lambda p: fn.at(self.panel(fn, a, p, a0), fn.times(i, tile.row * da))
                together = min(tile.samples, ROUND) if len(outer.terms) == 1 else 1
                return self.products(fn, sums, start, steps, fn.place("%work", packs[b, b0]), together)

            def listed(t: str, sums: list[str]) -> list[str]:
                start, panel, step, packed = self.listed(fn, table, t)
                rows = fn.at(fn.at("%work", start), fn.value(f"mul i64 {step}, {i}"))
                steps, second = [fn.times(step, r) for r in range(height)], fn.at("%work", packed)
                return self.products(fn, sums, lambda p: fn.at(rows, fn.value(f"mul i64 {panel}, {p}")), steps, second)

            sums = [splat(0.0)] * (height * width)
            if len(outer.terms) > LISTED:
                sums = fn.loop(len(outer.terms), [(fn.type, x) for x in sums], listed)
            else:
                for each in outer.terms:
                    sums = written(sums, *each)
            for r, start in enumerate(starts):
                for v in range(width):
                    part = lanes if v == width - 1 and lanes < tile.lanes else 0
                    self.add(fn, fn.type, fn.at(start, 8 * tile.lanes * v), sums[r * width + v], part)

        def strip(jt: str, width: int, lanes: int) -> None:
            most = min(tile.members * tile.vectors // width, 12)
            height = -(-outer.rows // -(-outer.rows // most))
            rest = outer.rows % height
            self.transposed(fn, packs, fn.times(jt, tile.samples * tile.row), width)
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
            self.free.setdefault(tile.samples, []).append(at)

    def listed(self, fn: Function, table: Sequence[Sequence[int]], t: str) -> list[str]:
        """What row t of a table has."""
        return [self.entry(fn, (column,), "0", t) for column in zip(*table)]

    def products(
        self,
        fn: Function,
        sums: list[str],
        rows: Callable[[str], str],
        steps: Sequence[str | int],
        packed: str,
        together: int = 1,
    ) -> list[str]:
        """The sums with the products of one term: its first range begins at `rows` of a panel, and goes on in steps.

        packed    its second range, sample by sample
        together  samples in one round
        """
        tile, width = self.tile, len(sums) // len(steps)

        def panel(p: str, sums: list[str]) -> list[str]:
            first, second = rows(p), fn.at(packed, fn.times(p, tile.samples * tile.row))

            def sample(s: str, sums: list[str]) -> list[str]:
                row = fn.at(second, fn.times(s, tile.row))
                ys = [fn.value(f"load {fn.type}, ptr {fn.at(row, 8 * tile.lanes * v)}") for v in range(width)]
                found = []
                for r, step in enumerate(steps):
                    at = fn.at(first, fn.plus(fn.times(s, 8), step))
                    x = fn.everywhere(fn.value(f"load double, ptr {at}"))
                    for v in range(width):
                        m = fn.value(f"fmul {self.flags}{fn.type} {x}, {ys[v]}")
                        found.append(fn.again(f"fadd {self.flags}{fn.type} {sums[r * width + v]}, {m}"))
                return found

            def samples(s: str, sums: list[str]) -> list[str]:
                for k in range(together):
                    sums = sample(fn.plus(s, k), sums)
                return sums

            return fn.loop(tile.samples, [(fn.type, x) for x in sums], samples, step=together)

        return fn.loop("%panels", [(fn.type, x) for x in sums], panel)

    def repeated(self, leaf: Family) -> None:
        """Outputs that are the same for all samples: so many times their number as the block has samples."""
        fn = self.begin("repeated")
        here = fn.value("uitofp i64 %here to double")
        for j, k in leaf.outputs:
            x = self.operand(fn, Access(leaf, j, 0, 0), "0", "0", "0", 0)
            one = fn.value(f"extractelement {fn.type} {x}, i64 0")
            to = fn.place("%out", 8 * k)
            self.add(fn, "double", to, fn.value(f"fmul double {one}, {here}"))

    def add(self, fn: Function, kind: str, to: str, x: str, lanes: int = 0) -> None:
        """Add x, or only the first lanes of it, to what stands there; nothing does before the first part's sums."""
        mask = ", ".join(f"i1 {int(k < lanes)}" for k in range(fn.lanes))
        masked = f"i32 8, {fn.mask} <{mask}>"
        intrinsic = f"@llvm.masked.{{}}.v{fn.lanes}f64.p0"
        read = f"call {kind} {intrinsic.format('load')}(ptr {to}, {masked}, {kind} zeroinitializer)"
        there = fn.again(read if lanes else f"load {kind}, ptr {to}, align 8")
        before = fn.again(f"select i1 %adds, {kind} {there}, {kind} zeroinitializer")
        after = fn.again(f"fadd {kind} {before}, {x}")
        stored = f"call void {intrinsic.format('store')}({kind} {after}, ptr {to}, {masked})"
        fn.do(stored if lanes else f"store {kind} {after}, ptr {to}, align 8")

    def transposed(self, fn: Function, packs: dict[tuple[Family, int], int], strip: str, width: int) -> None:
        """A strip's rows of families sample by sample, as many as `width` vectors have lanes."""
        row = self.tile.row
        table = [(self.places[b] + b0 * row, b.count * row, to) for (b, b0), to in packs.items()]

        def listed(t: str, _: list[str]) -> None:
            start, panel, to = self.listed(fn, table, t)
            first, second = fn.at(fn.at("%work", start), strip), fn.at("%work", to)
            self.turned(fn, lambda p: fn.at(first, fn.value(f"mul i64 {panel}, {p}")), second, width)

        if len(table) > LISTED:
            fn.loop(len(table), [], listed)
            return
        for (b, b0), to in packs.items():
            start = lambda p, b=b, b0=b0: fn.at(self.panel(fn, b, p, b0), strip)
            self.turned(fn, start, fn.place("%work", to), width)

    def turned(self, fn: Function, rows: Callable[[str], str], to: str, width: int) -> None:
        """Of all panels the rows from there on, sample by sample."""
        tile, lanes = self.tile, self.tile.lanes

        def panel(p: str, _: list[str]) -> None:
            start, target = rows(p), fn.at(to, fn.times(p, tile.samples * tile.row))

            def square(g: str, _: list[str]) -> None:
                """As many rows as a vector has lanes."""
                source, here = fn.at(start, fn.times(g, lanes * tile.row)), fn.at(target, fn.times(g, 8 * lanes))
                for v in range(tile.vectors):
                    rows = [
                        fn.again(f"load {fn.type}, ptr {fn.at(source, r * tile.row + 8 * lanes * v)}")
                        for r in range(lanes)
                    ]
                    for s, x in enumerate(turned(fn, rows)):
                        fn.do(f"store {fn.type} {x}, ptr {fn.at(here, (lanes * v + s) * tile.row)}")

            fn.loop(width, [], square)

        fn.loop("%panels", [], panel)

    def reduce(self, family: Family) -> None:
        """The rows of a family that are outputs, summed over the samples of a block."""
        self.zero(family)
        fn, tile = self.begin("reduce"), self.tile
        sides = _outputs(family)

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
            self.add(fn, "double", fn.at(fn.place("%out", 8 * sides[1].base), fn.times(output, 8)), total)

        fn.loop(len(family.outputs), [], each)


def _outputs(family: Family) -> tuple[Access, Access]:
    """Which members are outputs, and which ones."""
    members, places = (line(family, [[i] for i in numbers]) for numbers in zip(*sorted(family.outputs)))
    return members, places
