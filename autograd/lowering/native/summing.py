"""Outputs: sums over the samples of a block, and what is stored at each of them.

Products of all pairs of two ranges are summed and never stored, rows of other outputs are summed, or copied.

Of a product of pairs the lanes are the second range, read from a transposed copy; the first is one double for all
lanes, the samples are in the loop, and nothing is summed across lanes.  Results are rows apart, where no processor
foresees them: they are fetched while their sums are made, which takes 10 to 14 % off 784-128-10 where others use the
caches too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..families import Family
from .loops import Function
from .panels import SAMPLES
from .scattered import Scattered
from .terms import Access, Outer, line
from .vectors import splat, turned

LISTED = 4  # terms of products of pairs that are written one after the other; more are a loop


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
                packs[b, b0] = self.transposed(b, b0, outer.columns)
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
                packed = fn.at(fn.place("%work", packs[b, b0]), fn.times(jt, SAMPLES * tile.row))
                return self.products(
                    fn, sums, lambda p: fn.at(self.panel(fn, a, p, a0), fn.times(i, tile.row * da)), steps, packed
                )

            def listed(t: str, sums: list[str]) -> list[str]:
                start, panel, step, packed = (self.entry(fn, (column,), "0", t) for column in zip(*table))
                rows = fn.at(fn.at("%work", start), fn.value(f"mul i64 {step}, {i}"))
                steps = [fn.times(step, r) for r in range(height)]
                packed = fn.at(fn.at("%work", packed), fn.times(jt, SAMPLES * tile.row))
                return self.products(fn, sums, lambda p: fn.at(rows, fn.value(f"mul i64 {panel}, {p}")), steps, packed)

            sums = [splat(0.0)] * (height * width)
            if len(outer.terms) > LISTED:
                sums = fn.loop(len(outer.terms), [(fn.type, x) for x in sums], listed)
            else:
                for each in outer.terms:
                    sums = written(sums, *each)
            for r, start in enumerate(starts):
                for v in range(width):
                    here = fn.at(start, 8 * tile.lanes * v)
                    self.add(fn, here, sums[r * width + v], lanes if v == width - 1 else tile.lanes)

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

    def products(
        self, fn: Function, sums: list[str], rows: Callable[[str], str], steps: Sequence[str | int], packed: str
    ) -> list[str]:
        """The sums with the products of one term: its first range begins at `rows` of a panel, and goes on in steps."""
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

            return fn.loop(tile.samples, [(fn.type, x) for x in sums], sample)

        return fn.loop("%panels", [(fn.type, x) for x in sums], panel)

    def repeated(self, leaf: Family) -> None:
        """Outputs that are the same for all samples: so many times their number as the block has samples."""
        fn = self.begin("repeated")
        here = fn.value("uitofp i64 %here to double")
        for j, k in leaf.outputs:
            x = self.operand(fn, Access(leaf, j, 0, 0), "0", "0", "0", 0)
            one = fn.value(f"extractelement {fn.type} {x}, i64 0")
            to = fn.place("%out", 8 * k)
            before = fn.again(f"load double, ptr {to}")
            many = fn.value(f"fmul double {one}, {here}")
            fn.do(f"store double {fn.again(f'fadd double {before}, {many}')}, ptr {to}")

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
                    for s, x in enumerate(turned(fn, rows)):
                        fn.do(f"store {fn.type} {x}, ptr {fn.at(here, (lanes * v + s) * tile.row)}")

            fn.loop(-(-count // lanes), [], square)

        fn.loop("%panels", [], panel)
        return to

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
            to = fn.at(fn.place("%out", 8 * sides[1].base), fn.times(output, 8))
            before = fn.again(f"load double, ptr {to}")
            fn.do(f"store double {fn.again(f'fadd double {before}, {total}')}, ptr {to}")

        fn.loop(len(family.outputs), [], each)


def _outputs(family: Family) -> tuple[Access, Access]:
    """Which members are outputs, and which ones."""
    members, places = (line(family, [[i] for i in numbers]) for numbers in zip(*sorted(family.outputs)))
    return members, places
