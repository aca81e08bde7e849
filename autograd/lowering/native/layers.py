"""Families → LLVM IR: loops over neurons instead of code for each, with the sums over the samples as results.

    elementwise a family, and those that read it row by row, on registers
    unrolled    rows of any number of operands, such as a softmax: all members in one piece of code
    sums        of products: a tile of members × vectors, the terms in the loop, from left to right as in the program
    outer       products of all pairs of two ranges, summed over the samples: see summing.py
    reduce      the rows of other outputs, summed over the samples

Sums begin at −0.0, and −0.0 + x is x to the bit; so a sample's arithmetic is the program's.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...ops import TABLE
from ..families import Family, families
from ..program import Program
from .loops import Function
from .outside import Outside
from .panels import Tile
from .rows import exact
from .summing import Summing
from .terms import Access, Run, access, outer_of, passes_of, runs_of
from .vectors import splat

LARGE = 4  # instructions in a family, on average: else there is little to loop over
MANY = 40_000  # operands in code that is no loop
AHEAD = 6  # families that are computed together at most
_SUMPROD = TABLE["sumprod"]
_SIGNS = (TABLE["add"], TABLE["sub"], TABLE["mul"])


class NotInLayers(Exception):
    """The program has something that is no loop here: it becomes straight-line code."""


class Layers(Summing):
    """The functions that compute a program's sums over one block of samples, and where everything stands.

    Raises NotInLayers for a program that it cannot compute, or for which straight-line code is the better one.
    """

    def __init__(self, program: Program, columns: Sequence[bool], tile: Tile, contract: bool, outside: Outside) -> None:
        leaves = [
            ("x", [i for i in program.inputs if columns[i]]),
            ("y", [i for i in program.inputs if not columns[i]]),
        ]
        found = families(program, [leaf for leaf in leaves if leaf[1]])
        self.found = list(found)
        X, T = ([f for f in found.leaves if not f.values and f.name == name][:1] for name, _ in leaves)
        few = len(self.found) * LARGE > len(program.instructions)
        if not X or few or any(leaf.outputs for leaf in found.leaves) or _mostly_shared(self.found, T):
            raise NotInLayers
        super().__init__(X, T, len(program.outputs), tile, contract, outside)
        self.outers = {family: outer for family in self.found if (outer := outer_of(family, X))}
        self.stored = {f for f in self.found if f.outputs or f.readers}
        self._write()

    # --- families row by row -----------------------------------------------------------------------

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
            self.sum_of(family, chain, runs_of(family, family.orders[0]), 0, family.count)
            return
        at = [[access(family, part, side) for side in part.sides] for part in family.parts]
        for j, order in enumerate(family.orders):
            self.sum_of(family, [], runs_of(family, order, [[x.of(j) for x in sides] for sides in at]), j, 1)

    def sum_of(self, family: Family, chain: list[Family], runs: list[Run], first: int, count: int) -> None:
        """`count` members from the first on; the accesses of the runs count from there."""
        fn, tile = self.begin("sums"), self.tile
        tiles = -(-count // tile.members)
        height = -(-count // tiles)
        rest = count % height
        passes = passes_of(runs)

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
    return family.row in _SIGNS or (family.row is not None and exact(family.row))
