"""What loops over families do: where operands stand, a sum's terms in passes, products of all pairs of two ranges."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice, pairwise
from math import prod
from typing import NamedTuple

from ...ops import TABLE
from ..families import Family, Part, Side
from ..grids import expanded

TERMS = 96  # of a sum in one pass over the members: more would not stay in the nearest cache
_SUMPROD, _MUL = TABLE["sumprod"], TABLE["mul"]


class Access(NamedTuple):
    """Where operands stand in a family: at base + dj·j + dt·t, or as a table has it for members and terms.

    loops  of members that are counted by several, (how many members a step passes, how often, stride) each
    """

    family: Family
    base: int
    dj: int
    dt: int
    table: tuple[tuple[int, ...], ...] | None = None
    loops: tuple[tuple[int, int, int], ...] = ()

    @property
    def one(self) -> float | None:
        """The number, where it is one known number."""
        values = self.family.values
        return values[0] if len(values) == 1 else None

    def of(self, j: int) -> Access:
        """The same for member j alone."""
        if self.table is not None:
            return self._replace(table=self.table[j : j + 1])
        steps = sum(j // passed % count * stride for passed, count, stride in self.loops)
        return self._replace(base=self.base + self.dj * j + steps, dj=0, loops=())

    def after(self, t: int) -> Access:
        """The same from term t on."""
        if self.table is not None:
            return self._replace(table=tuple([row[t:] for row in self.table]))
        return self._replace(base=self.base + self.dt * t)


class Spots(NamedTuple):
    """Operands of several families: where those of each member stand, a row of terms for each.

    places   in bytes of the memory that a run works in
    steps    from one panel to the next, of each
    numbers  whether each is one double, for all lanes
    """

    places: tuple[tuple[int, ...], ...]
    steps: tuple[tuple[int, ...], ...]
    numbers: bool

    @property
    def one(self) -> None:
        """It is no known number."""

    def after(self, t: int) -> Spots:
        """The same from term t on."""
        places, steps = (tuple([row[t:] for row in rows]) for rows in (self.places, self.steps))
        return Spots(places, steps, self.numbers)


def access(family: Family, part: Part, side: Side) -> Access:
    """Where a family reads one side of a part, in one loop over members and one over terms."""
    dj, dt = (_stride(*loops) for loops in ((family.shape, side.strides), (part.shape, side.steps)))
    if side.table is None and dt is not None:
        if dj is not None:
            return Access(side.family, side.base, dj, dt)
        if part.count == 1:
            passed = [prod(family.shape[k + 1 :]) for k in range(len(family.shape))]
            loops = [each for each in zip(passed, family.shape, side.strides) if each[2]]
            return Access(side.family, side.base, 0, dt, None, tuple(loops))
    return Access(side.family, 0, 0, 0, tuple(map(tuple, family.rows(part, side))))


def line(family: Family, rows: Sequence[Sequence[int]]) -> Access:
    """The access of these indices, a row for each member."""
    base = rows[0][0]
    dj = rows[1][0] - base if len(rows) > 1 else 0
    dt = rows[0][1] - base if len(rows[0]) > 1 else 0
    if all(i == base + dj * j + dt * t for j, row in enumerate(rows) for t, i in enumerate(row)):
        return Access(family, base, dj, dt)
    return Access(family, 0, 0, 0, tuple(map(tuple, rows)))


def _stride(shape: Sequence[int], strides: Sequence[int]) -> int | None:
    """What loops over a shape add at each step, if it is always the same."""
    loops = [(n, stride) for n, stride in zip(shape, strides) if n > 1]
    if any(outer != stride * n for (_, outer), (n, stride) in pairwise(loops)):
        return None
    return loops[-1][1] if loops else 0


class Run(NamedTuple):
    """Terms of a sum that follow each other: so many products of what stands at p and at q."""

    p: Access | Spots
    q: Access | Spots
    terms: int


class Outer(NamedTuple):
    """Products of all pairs: Σ over (a, b) of a[a₀ + da·i] · b[b₀ + k], at output at + di·i + k."""

    terms: tuple[tuple[Family, int, int, Family, int], ...]
    rows: int
    columns: int
    at: int
    di: int


def runs_of(family: Family, order: Sequence[tuple[int, int]], at: list[list[Access]] | None = None) -> list[Run]:
    """The terms of a sum, in order; `at`: where they stand, if not where the family says."""
    at = at or [[access(family, part, side) for side in part.sides] for part in family.parts]
    passed = [0] * len(at)
    runs = []
    for k, count in order:
        p, q = (x.after(passed[k]) for x in at[k])
        passed[k] += count
        runs.append(Run(p, q, count))
    return runs


def passes_of(runs: list[Run]) -> list[tuple[list[Run], int]]:
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


def outer_of(family: Family, varying: Collection[Family]) -> Outer | None:
    """A family of products that is only asked for in sum, as all pairs of two ranges."""
    outputs = dict(family.outputs)
    if family.readers or len(outputs) != family.count or len(family.outputs) != family.count or family.count < 2:
        return None
    if family.row not in (_SUMPROD, _MUL) or len(family.orders) > 1 or len(family.shape) > 2:
        return None
    rows, columns = (1, *family.shape)[-2:]
    pairs = [part.sides for part in family.parts] if family.row is _SUMPROD else [tuple(family.sides)]
    shapes = [part.shape for part in family.parts] if family.row is _SUMPROD else [()]
    of_parts: list[Iterator[tuple[Side, int, Side, int]]] = []
    for (p, q), shape in zip(pairs, shapes):
        if any(x.table is not None or x.family not in varying for x in (p, q)):
            return None
        places = zip(expanded(p.base, shape, p.steps), expanded(q.base, shape, q.steps))
        of_parts.append(iter([(p, a, q, b) for a, b in places]))
    order = family.orders[0] if family.row is _SUMPROD else ((0, 1),)
    terms = [term for k, count in order for term in islice(of_parts[k], count)]
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
