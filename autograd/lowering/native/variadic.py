"""Rows of any number of operands, which are loops over these.

taken       an entry of a table: read from where its index says, in every lane
shares      softmax and its relatives: max, exp and sum once for a set of operands, whoever reads them
by_members  all others, one member after the other
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from ...ops import TABLE
from ..families import Family
from ..program import Instruction
from .kernels import exp, log1p
from .looped import ROWS as LOOPED
from .looped import looped
from .loops import Function
from .panels import NotInLayers
from .shares import Shares, above_all, added, but_largest, exp_difference, larger
from .summing import Summing
from .terms import Access, Spots, line
from .vectors import Mask, Vector, integer, select, splat

WIDE = 16  # operands of a softmax or a length, from which on it has to be a loop
FEW, MANY = 32, 40_000  # operands that are no loop: where they could be one, and where they could not
APART = 8  # families of operands that have loops of their own
SHARES = tuple(TABLE[name] for name in ("softmax", "softmax_rest", "logsumexp", "cross_entropy"))
_LOGSUMEXP, _TAKE = TABLE["logsumexp"], TABLE["take"]
_KEPT = len(Shares._fields) + 1  # rows of a set: its shares, and its logsumexp

Read: TypeAlias = "tuple[Family, int]"


def wide(each: Instruction) -> int:
    """The operands of a row that has to be a loop, else 0: as straight-line code each is ten lines and more."""
    return len(each.operands) if len(each.operands) > WIDE and (each.row in SHARES or each.row in LOOPED) else 0


class _Sets:
    """Sets of as many operands of the same families: their members, in one order, and where they stand.

    terms   row s·n + k: exp(x − m) of the kth operand of set s
    shares  what a set has in common
    """

    def __init__(self) -> None:
        self.sets: list[list[Read]] = []
        self.members: dict[Family, list[tuple[int, int]]] = {}  # set, and which of its operands comes first

    def lines(self) -> list[Access]:
        """The operands of all sets, family by family."""
        families = [family for family, _ in groupby(family for family, _ in self.sets[0])]
        return [line(family, [[i for f, i in reads if f is family] for reads in self.sets]) for family in families]

    def place(self, kept: Callable[[str, int, Sequence[Family]], Family]) -> None:
        self.size = len(self.sets[0])
        self.terms = kept("terms", len(self.sets) * self.size, list(self.members))
        self.shares = kept("shares", len(self.sets) * _KEPT, list(self.members))


class Variadic(Summing):
    """The functions for families of such rows."""

    rank: dict[Family, int]

    def variadic(self, group: list[Family]) -> None:
        """Families that are ready together."""
        for family in group:
            if family in self.stored:
                self.place(family)
        for sets in self.sets_of([family for family in group if family.row in SHARES]):
            self.exponentials(sets)
            for family in sets.members:
                self.share(family, sets)
        for family in group:
            if family.row not in SHARES and not (family.row is _TAKE and self.taken(family)):
                self.by_members(family)

    def by_members(self, family: Family) -> None:
        """The members in a loop, and their operands in another if they are many."""
        row, operands = family.row, [*family.operands()]
        assert row is not None
        at, count = self.together(operands, family in self.alike), len(operands[0])
        fn = self.begin("members", family)
        if row not in LOOPED and count > MANY:
            raise NotInLayers

        def member(p: str, j: str, v: str) -> None:
            def read(t: str) -> Vector:
                return Vector(fn, self.operand(fn, at, p, j, t, v))

            if row in LOOPED and count > FEW:
                x = looped(fn, row, count, read).name
            else:
                x = self.row(fn, row, [read(str(t)).name for t in range(count)], None)
            self.store(fn, family, p, j, v, 0, x)

        self.each_vector(fn, family, lambda p, v: fn.loop(family.count, [], lambda j, _: member(p, j, v)))

    def each_vector(self, fn: Function, family: Family, body: Callable[[str, str], list[str] | None]) -> None:
        vectors = self.tile_for(family).vectors
        fn.loop("%panels", [], lambda p, _: fn.loop(vectors, [], lambda v, _: body(p, v)))

    # --- an entry of a table -------------------------------------------------------------------------

    def taken(self, family: Family) -> bool:
        """Whether the tables stand in equal steps, so that the entries can be read from there."""
        found = self._tables(family)
        if found is None:
            return False
        table, n, index = found
        fn, lanes = self.begin("taken", family), self.tile.lanes
        there = f"<{lanes} x ptr>"

        def vector(p: str, j: str, v: str) -> None:
            at = Vector(fn, self.operand(fn, index, p, j, "0", v))
            right = (at >= 0.0) & (at < float(n)) & (fn.intrinsic("floor", at) == at)
            whole = fn.value(f"fptosi {fn.type} {select(right, at, 0.0).name} to {fn.bits}")
            start, step = self.entries(fn, table, p, j, v)
            offsets = integer(fn, "mul", whole, table.dt * step)
            if step > 8:  # a row of samples, of which each lane has its own
                each = ", ".join(f"i64 {8 * k}" for k in range(lanes))
                offsets = fn.value(f"add {fn.bits} {offsets}, <{each}>")
            places = fn.value(f"getelementptr i8, ptr {start}, {fn.bits} {offsets}")
            given = f"{there} {places}, i32 8, {fn.mask} {right.name}, {fn.type} {splat(float('nan'))}"
            x = fn.again(f"call {fn.type} @llvm.masked.gather.v{lanes}f64.v{lanes}p0({given})")
            self.store(fn, family, p, j, v, 0, x)

        self.each_vector(fn, family, lambda p, v: fn.loop(family.count, [], lambda j, _: vector(p, j, v)))
        return True

    def _tables(self, family: Family) -> tuple[Access, int, Access] | None:
        """The table, how many entries it has, and the index; None for one that is not in one line."""
        reads = [*family.operands()]
        tables, n = {f for each in reads for f, _ in each[:-1]}, len(reads[0]) - 1
        if len(tables) != 1 or len({f for *_, (f, _) in reads}) != 1:
            return None
        table = line(tables.pop(), [[i for _, i in each[:-1]] for each in reads])
        return (table, n, line(reads[0][-1][0], [[each[-1][1]] for each in reads])) if table.table is None else None

    # --- shares of a sum of exponentials ----------------------------------------------------------------

    def sets_of(self, group: list[Family]) -> list[_Sets]:
        """The sets of operands that these families read."""
        known: dict[Any, tuple[_Sets, int, dict[Read, int]]] = {}
        found: dict[Any, _Sets] = {}
        for family in group:
            for reads in family.operands():
                alike = frozenset(reads)
                key = (alike, *(() if len(alike) == len(reads) else sorted(map(self._rank, reads))))
                if key not in known:
                    ordered = sorted(reads, key=self._rank)
                    sets = found.setdefault(tuple(f for f, _ in ordered), _Sets())
                    known[key] = sets, len(sets.sets), {read: k for k, read in enumerate(ordered)}
                    sets.sets.append(ordered)
                sets, s, place = known[key]
                sets.members.setdefault(family, []).append((s, place[reads[0]]))
        return list(found.values())

    def _rank(self, read: Read) -> tuple[int, int]:
        return self.rank[read[0]], read[1]

    def exponentials(self, sets: _Sets) -> None:
        """What each set has in common, and the exponentials of its operands."""
        first, rows = next(iter(sets.members)), {family.row for family in sets.members}

        def kept(name: str, count: int, readers: Sequence[Family]) -> Family:
            family = Family(name, None, [0] * count, (count,), readers=list(readers))
            self.stored.add(family)
            if first in self.alike:
                self.alike.add(family)
            self.place(family)
            return family

        sets.place(kept)
        of_families = sets.lines()
        lines: Sequence[Access | Spots] = of_families
        counts = [sum(f is at.family for f, _ in sets.sets[0]) for at in of_families]
        if len(lines) > APART:
            lines, counts = [self.together(sets.sets, first in self.alike)], [sets.size]
        fn = self.begin("exponentials", first)

        def vector(p: str, s: str, v: str) -> None:
            def over(carried: list[tuple[str, str]], body: Any, most: str | None = None) -> list[str]:
                """All operands of the set one after the other; at most so many of each family."""
                start = 0
                for at, count in zip(lines, counts):

                    def each(t: str, names: list[str], at: Access | Spots = at, start: int = start) -> list[str]:
                        x = Vector(fn, self.operand(fn, at, p, s, t, v))
                        return [each.name for each in body(fn.plus(t, start), x, *names)]

                    end = count if most is None else fn.value(f"call i64 @llvm.umin.i64(i64 {most}, i64 {count})")
                    names = fn.loop(end, carried, each)
                    carried = [(kind, name) for (kind, _), name in zip(carried, names)]
                    start += count
                return [name for _, name in carried]

            def largest(t: str, x: Vector, m: str) -> list[Vector]:
                return [larger(Vector(fn, m), x)]

            m = Vector(fn, *over([(fn.type, self.operand(fn, lines[0], p, s, "0", v))], largest))
            base = above_all(m)

            def term(t: str, x: Vector, *names: str) -> list[Vector | Mask]:
                total, low, others, others_low = (Vector(fn, name) for name in names[:4])
                e = exp_difference(x, base)
                self.store(fn, sets.terms, p, fn.plus(fn.times(s, sets.size), t), v, 0, e.name)
                other, taken = but_largest(x, m, e, Mask(fn, names[4]))
                return [*added(total, low, e), *added(others, others_low, other), taken]

            sums = over([*fn.zeros(4, -0.0), (fn.mask, "zeroinitializer")], term)
            total, low, others, others_low = (Vector(fn, name) for name in sums[:4])
            others = others + others_low
            shares = Shares(m, total, low, others, log1p(others))
            for k, x in enumerate(shares):
                self.store(fn, sets.shares, p, fn.times(s, _KEPT), v, k, x.name)
            if _LOGSUMEXP not in rows:
                return
            some = fn.value(f"call i1 @llvm.vector.reduce.or.v{fn.lanes}i1({fn.mask} {shares.cancels().name})")
            most = fn.value(f"select i1 {some}, i64 {sets.size}, i64 1")

            def exponential(t: str, x: Vector, *names: str) -> list[Vector]:
                return [*added(Vector(fn, names[0]), Vector(fn, names[1]), exp(x))]

            high, rest = (Vector(fn, name) for name in over(fn.zeros(2, -0.0), exponential, most))
            high, rest = added(high, rest, fn.constant(-1.0))
            self.store(fn, sets.shares, p, fn.times(s, _KEPT), v, _KEPT - 1, shares.logsumexp(log1p(high + rest)).name)

        count = len(sets.sets)
        self.each_vector(fn, first, lambda p, v: fn.loop(count, [], lambda s, _: vector(p, s, v)))

    def share(self, family: Family, sets: _Sets) -> None:
        """The rows of one kind, from what their sets have."""
        fn, row = self.begin("share", family), family.row
        assert row is not None
        members = sets.members[family]
        of = line(sets.terms, [[s * sets.size + k] for s, k in members])
        common = [line(sets.shares, [[s * _KEPT + k] for s, _ in members]) for k in range(_KEPT)]
        targets = [*family.operands()] if row is TABLE["cross_entropy"] else []
        target = line(targets[0][0][0], [[reads[0][1]] for reads in targets]) if targets else None

        def vector(p: str, j: str, v: str) -> None:
            *shares, whole = (Vector(fn, self.operand(fn, at, p, j, "0", v)) for at in common)
            if row is _LOGSUMEXP:
                x = whole
            else:
                x = getattr(Shares(*shares), row.name)(Vector(fn, self.operand(fn, target or of, p, j, "0", v)))
            self.store(fn, family, p, j, v, 0, x.name)

        self.each_vector(fn, family, lambda p, v: fn.loop(family.count, [], lambda j, _: vector(p, j, v)))
