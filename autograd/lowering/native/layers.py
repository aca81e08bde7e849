"""Families → LLVM IR: loops over neurons instead of code for each.

    elementwise a family, and those that read it row by row, on registers
    variadic    rows of any number of operands, such as a softmax: see variadic.py
    sums        of products: a tile of members × vectors, the terms in the loop, from left to right as in the program
    outer       products of all pairs of two ranges, summed over the samples: see summing.py
    outputs     summed over the samples, or stored at each of them: summing.py too

Sums begin at −0.0, and −0.0 + x is x to the bit; so a sample's arithmetic is the program's.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...ops import TABLE
from ..families import Family, families
from ..program import Program
from .loops import Function
from .outside import Outside
from .panels import NotInLayers, Tile
from .rows import exact
from .terms import Access, Outer, Run, access, line, outer_of, passes_of, runs_of
from .variadic import Variadic, wide
from .vectors import splat

# Instructions in a family, on average: else straight-line code is faster, and compiled in a tenth of the time.
LARGE = 4
RUNS = 8  # of terms, in the sums of a family, that are written one after the other; more are a loop over a table
AHEAD = 6  # families that are computed together at most
_SUMPROD = TABLE["sumprod"]
_SIGNS = (TABLE["add"], TABLE["sub"], TABLE["mul"])


class Layers(Variadic):
    """The functions that compute a program for one block of samples, and where everything stands.

    Raises NotInLayers for a program that it cannot compute, or for which straight-line code is the better one.
    """

    def __init__(
        self, program: Program, columns: Sequence[bool], sums: bool, tile: Tile, contract: bool, outside: Outside
    ) -> None:
        leaves = [
            ("x", [i for i in program.inputs if columns[i]]),
            ("y", [i for i in program.inputs if not columns[i]]),
        ]
        found = families(program, [leaf for leaf in leaves if leaf[1]])
        self.found, self.leaves = list(found), found.leaves
        if len(self.found) * LARGE > sum(LARGE * wide(each) or 1 for each in program.instructions):
            raise NotInLayers
        X, T = ([f for f in found.leaves if not f.values and f.name == name][:1] for name, _ in leaves)
        super().__init__(X, T, len(program.outputs), sums, tile, contract, outside)
        self.rank = {family: k for k, family in enumerate([*self.leaves, *self.found])}
        for family in self.found:
            if all(x.family in self.T or x.family in self.alike or x.family.values for x in family.sides):
                self.alike.add(family)
        varying = {*X, *self.found} - self.alike
        self.outers: dict[Family, Outer] = {}
        if sums:
            self.outers = {f: outer for f in self.found if f in varying and (outer := outer_of(f, varying))}
        else:
            self.straight = {f: at for f in self.found if f in varying and (at := _in_place(f))}
        self.stored = {f for f in self.found if f.readers or (f.outputs and f not in self.straight)}
        self._write()

    # --- families row by row -----------------------------------------------------------------------

    def elementwise(self, chain: list[Family]) -> None:
        """Families of one count, of which each reads those before it row by row, computed together."""
        for family in chain:
            if family in self.stored:
                self.place(family)
        fn, vectors = self.begin("elementwise", chain[0]), self.tile_for(chain[0]).vectors
        wide = all(_is_exact(family) for family in chain)

        def member(p: str, j: str, v: str | int) -> None:
            at: dict[Family, str] = {}
            for family in chain:
                at[family] = x = self.computed_row(fn, family, at, p, j, v, 0)
                self.store(fn, family, p, j, v, 0, x)

        def each(p: str, j: str) -> None:
            if wide:
                for v in range(vectors):
                    member(p, j, v)
            else:
                fn.loop(vectors, [], lambda v, _: member(p, j, v))

        count = chain[0].count
        if self.stored.isdisjoint(chain):  # outputs only: samples beside each other are neighbours in memory
            fn.loop(count, [], lambda j, _: fn.loop("%panels", [], lambda p, _: each(p, j)))
        else:
            fn.loop("%panels", [], lambda p, _: fn.loop(count, [], lambda j, _: each(p, j)))

    def computed_row(
        self, fn: Function, family: Family, at: dict[Family, str], p: str, j: str, v: str | int, a: int
    ) -> str:
        assert family.row is not None
        reads = [access(family, part, side) for part in family.parts for side in part.sides]
        names = [at[x.family] if x.family in at else self.operand(fn, x, p, j, "0", v, a) for x in reads]
        return self.row(fn, family.row, names, reads[-1].one)

    # --- sums ------------------------------------------------------------------------------------------

    def sums(self, family: Family, chain: list[Family]) -> None:
        """Sums of products, and the families that read them row by row, on registers."""
        if sum(map(len, family.orders)) > RUNS:
            reads, alike = [*family.operands()], family in self.alike
            half = len(reads[0]) // 2
            p, q = (self.together([each[side] for each in reads], alike) for side in (slice(half), slice(half, None)))
            sums = [[Run(p, q, half)]]
        elif len(family.orders) == 1:
            sums = [runs_of(family, family.orders[0])]
        else:
            at = [[access(family, part, side) for side in part.sides] for part in family.parts]
            sums = [
                runs_of(family, order, [[x.of(j) for x in sides] for sides in at])
                for j, order in enumerate(family.orders)
            ]
        for each in (family, *chain):
            if each in self.stored or (each is family and any(len(passes_of(runs)) > 1 for runs in sums)):
                self.place(each)
        for j, runs in enumerate(sums):
            self.sum_of(family, chain, runs, j, family.count if len(sums) == 1 else 1)

    def sum_of(self, family: Family, chain: list[Family], runs: list[Run], first: int, count: int) -> None:
        """`count` members from the first on; the accesses of the runs count from there."""
        fn, tile = self.begin("sums", family), self.tile_for(family)
        tiles = -(-count // tile.members)
        height = -(-count // tiles)
        rest = count % height
        passes = passes_of(runs)

        def term(sums: list[str], p: str, j: str, t: str, run: Run, height: int) -> list[str]:
            found = []
            for a in range(height):
                for v in range(tile.vectors):
                    factors = [self.operand(fn, x, p, j, t, v, a) for x in (run.p, run.q) if x.one != 1.0]
                    m, *more = factors or [splat(1.0)]
                    if more:
                        m = fn.value(f"fmul {self.flags}{fn.type} {m}, {more[0]}")
                    found.append(fn.again(f"fadd {self.flags}{fn.type} {sums[a * tile.vectors + v]}, {m}"))
            return found

        def tile_of_members(p: str, j: str, height: int, some: list[tuple[Run, str]], begins: bool, ends: bool) -> None:
            places = [(a, v) for a in range(height) for v in range(tile.vectors)]
            here = [] if begins and ends else [self.at_row(fn, family, p, j, first + a, v) for a, v in places]
            sums = [fn.again(f"load {fn.type}, ptr {x}") for x in here] if not begins else [splat(-0.0)] * len(places)
            for run, start in some:
                if run.terms <= 2:
                    for t in range(run.terms):
                        sums = term(sums, p, j, fn.plus(start, t), run, height)
                    continue

                def one(t: str, sums: list[str], run: Run = run, start: str = start) -> list[str]:
                    return term(sums, p, j, fn.plus(t, start), run, height)

                sums = fn.loop(run.terms, [(fn.type, x) for x in sums], one)
            if not ends:
                for x, to in zip(sums, here):
                    fn.do(f"store {fn.type} {x}, ptr {to}")
                return
            for (a, v), x in zip(places, sums):
                self.store(fn, family, p, j, v, first + a, x)
            for (a, v), x in zip(places, sums):
                at = {family: x}
                for each in chain:
                    at[each] = y = self.computed_row(fn, each, at, p, j, v, a)
                    self.store(fn, each, p, j, v, a, y)

        def members(p: str, some: list[tuple[Run, str]], begins: bool, ends: bool) -> None:
            if count > height + rest:
                fn.loop(count - rest, [], lambda j, _: tile_of_members(p, j, height, some, begins, ends), step=height)
            else:
                tile_of_members(p, "0", height, some, begins, ends)
            if rest:
                tile_of_members(p, str(count - rest), rest, some, begins, ends)

        def panels(some: list[tuple[Run, str]], begins: bool, ends: bool) -> None:
            fn.loop("%panels", [], lambda p, _: members(p, some, begins, ends))

        # A pass reads its weights once for all panels: those of 784-128 would not stay in the cache.
        for k, (some, often) in enumerate(passes):
            begins, ends = k == 0, k == len(passes) - 1
            if often == 1:
                panels([(run, "0") for run in some], begins, ends)
            else:
                (run,) = some
                step = run.terms
                fn.loop(step * often, [], lambda t, _, run=run: panels([(run, t)], False, False), step=step)  # type: ignore[misc]

    def at_row(self, fn: Function, family: Family, p: str, j: str, a: int, v: int) -> str:
        size = self.tile_for(family).row
        row = fn.at(self.panel(fn, family, p), fn.times(j, size))
        return fn.at(row, a * size + 8 * self.tile.lanes * v)

    # --- all of it ----------------------------------------------------------------------------------------------

    def _write(self) -> None:
        for leaf in self.leaves:
            self.put_out(leaf)
        todo = [f for f in self.found if f in self.alike] + [f for f in self.found if f not in self.alike]
        left = set(todo)
        while todo:
            family = todo.pop(0)
            if family in self.outers:
                self.outer(self.outers[family])
                self.computed(family)
                left.remove(family)
                continue
            assert family.row is not None
            chain: list[Family] = []
            if _is_variadic(family):
                chain = [f for f in todo if _is_variadic(f) and left.isdisjoint(x.family for x in f.sides)]
                chain = [f for f in chain if (f in self.alike) == (family in self.alike)]
                todo = [f for f in todo if f not in chain]
                self.variadic([family, *chain])
            elif family.row is not _SUMPROD:
                chain = self.chain([family], todo, left, registers=False)[1:]
                self.elementwise([family, *chain])
            else:
                if len(family.orders) == 1:
                    chain = self.chain([family], todo, left, registers=True)[1:]
                self.sums(family, chain)
            for each in (family, *chain):
                self.put_out(each)
            self.computed(family, *chain)
            left.difference_update((family, *chain))

    def chain(self, chain: list[Family], todo: list[Family], left: set[Family], registers: bool) -> list[Family]:
        """The family with those of its count that are ready when it is, and read it row by row; taken out of todo.

        left  what is not computed: the family, and all that is to do
        """
        for each in todo[:AHEAD]:
            assert each.row is not None
            if each.row.arity is None or each.count != chain[0].count or each in self.outers:
                continue
            if (each in self.alike) != (chain[0] in self.alike):
                continue
            if registers and not _is_exact(each):
                continue
            reads = [access(each, part, side) for part in each.parts for side in part.sides]
            waits = any(x.family in left and x.family not in chain for x in reads)
            apart = any(
                x.family in chain and (x.table, x.base, x.dj) != (None, 0, min(1, each.count - 1)) for x in reads
            )
            if not waits and not apart and (not registers or any(x.family in chain for x in reads)):
                chain.append(each)
        for each in chain[1:]:
            todo.remove(each)
        for each in chain:
            if (not each.outputs or each in self.straight) and all(reader in chain for reader in each.readers):
                self.stored.discard(each)
        return chain


def _in_place(family: Family) -> Access | None:
    """Where the members go as outputs, if each is one, once."""
    places = dict(family.outputs)
    if len(places) != family.count or len(family.outputs) != family.count:
        return None
    return line(family, [[places[j]] for j in range(family.count)])


def _is_variadic(family: Family) -> bool:
    return family.row is not None and family.row.arity is None and family.row is not _SUMPROD


def _is_exact(family: Family) -> bool:
    return family.row in _SIGNS or (family.row is not None and exact(family.row))
