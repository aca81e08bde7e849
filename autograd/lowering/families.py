"""Instructions → families: a scalar program still knows its layers.

Instructions of one level, one row and the same families of operands are one family; its members
are its instructions, sorted by their operands, so that a loop of the author's is a loop again,
in whatever order it was recorded.

level   1 + the largest level of the operands; leaves have level 0
leaf    the inputs of one name (θ¹₁₁, θ¹₁₂, … are θ¹), or a constant
shape   how the members are counted: (), (J,), or (a, b) for all pairs of two ranges, …
part    operands of one kind: one side, or two for the products p·q of a `sumprod`
side    where these operands stand in their family: index = base + Σ strideₖ·jₖ + Σ stepₖ·tₖ, with
        j counting the members and t the terms; a table where nothing is affine
order   how the terms of the parts follow each other: a sum's members may differ in it, as the adjoints
        of a skip connection do (δ·θ of the neurons before, δ of the skip, δ·θ of those after)

Nothing here changes a bit: members are instructions, and their terms keep their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import prod
from typing import Any, TypeAlias

from ..errors import LoweringError
from ..ops import TABLE, Op
from ..recording import paused
from .chains import with_long_sums, with_thresholds
from .grids import Nest, common_shape, expanded, nest, split
from .program import Instruction, Program, positions

Order: TypeAlias = "tuple[tuple[int, int], ...]"  # (part, how many of its terms), from the first on
Rows: TypeAlias = "list[list[int]]"  # members × terms
_SUMPROD = TABLE["sumprod"]
_OWN_FAMILIES = 32  # a program with more constants has them in one family, all but 1 and −1
_DIGITS = "0123456789"


@dataclass(eq=False)
class Side:
    """Where operands stand in a family: an index for each member and term."""

    family: Family
    base: int
    strides: tuple[int, ...] = ()  # for each axis of the members' shape
    steps: tuple[int, ...] = ()  # for each axis of the terms' shape
    table: Rows | None = None  # where these do not tell it

    @property
    def shared(self) -> bool:
        """Whether all members have the same operands here."""
        return self.table is None and not any(self.strides)


@dataclass(eq=False)
class Part:
    """Operands of one kind, `count` for each member: one side, or the two of products."""

    sides: tuple[Side, ...]
    shape: tuple[int, ...]  # of the terms; () for a single one

    @property
    def count(self) -> int:
        return prod(self.shape)

    @property
    def alike(self) -> str:
        """How many terms, where no index names them: "2 × " for v + v."""
        told = any(side.table is not None or any(side.steps) for side in self.sides)
        return f"{self.count} × " if self.count > 1 and not told else ""


@dataclass(eq=False, repr=False)
class Family:
    """Values of one kind: a leaf, or the results of one row at one level.

    row      None for a leaf
    results  the number of each member in the program
    values   the numbers, of constants
    named    whether the name comes from labels
    orders   one for all members, or one for each
    outputs  (member, position among the program's outputs)
    readers  the families that have it as operand
    """

    name: str
    row: Op | None
    results: list[int]
    shape: tuple[int, ...]
    values: tuple[float, ...] = ()
    named: bool = False
    parts: tuple[Part, ...] = ()
    orders: tuple[Order, ...] = ()
    outputs: list[tuple[int, int]] = field(default_factory=list)
    readers: list[Family] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.results)

    @property
    def sides(self) -> Iterator[Side]:
        return (side for part in self.parts for side in part.sides)

    def rows(self, part: Part, side: Side) -> Rows:
        """The indices of a side, a list for each member."""
        if side.table is not None:
            return side.table
        terms = expanded(0, part.shape, side.steps)
        return [[start + t for t in terms] for start in expanded(side.base, self.shape, side.strides)]

    def operands(self) -> Iterator[list[tuple[Family, int]]]:
        """For each member its operands as the row takes them, (family, index) each."""
        rows = [[self.rows(part, side) for side in part.sides] for part in self.parts]
        for j in range(self.count):
            halves: list[list[tuple[Family, int]]] = [[], []]
            at = [0] * len(rows)
            for k, n in self.orders[j % len(self.orders)]:
                for half, side, indices in zip(halves, self.parts[k].sides, rows[k]):
                    half += [(side.family, i) for i in indices[j][at[k] : at[k] + n]]
                at[k] += n
            yield halves[0] + halves[1]

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        told = [f" × {len(self.orders)} orders"] if len(self.orders) > 1 else []
        parts = [part.alike + "·".join(_told(side, part.shape) for side in part.sides) for part in self.parts]
        kind = self.row.name if self.row else "input"
        return f"{self.name}{list(self.shape)} = {kind}({', '.join(parts)}){''.join(told)}"


def _told(side: Side, terms: tuple[int, ...]) -> str:
    """A side as its family and its index."""
    if side.family.values and side.family.count == 1:
        return side.family.name
    if side.table is not None:
        return f"{side.family.name}[table]"
    letters = [*"ijkl"[: len(side.strides)], *(f"t{'₁₂₃₄'[k] if k else ''}" for k in range(len(terms)))]
    factors = zip([*side.strides, *side.steps], letters)
    index = [f"{'' if n == 1 else n}{letter}" for n, letter in factors if n]
    if side.base or not index:
        index.append(str(side.base))
    return f"{side.family.name}[{' + '.join(index)}]" if side.family.count > 1 else side.family.name


class Families(Sequence[Family]):
    """The families of a program in the order of execution; `leaves` are its inputs and constants.

    program  the one that they are of: long sums have become `sumprod`s in it

    >>> from autograd import Value, lower
    >>> from nn import MLP
    >>> net, xs = MLP(3, [4, 2]), [Value(0.5, f"x{i}") for i in range(3)]
    >>> print(families(lower(net(xs), [*net.parameters(), *xs])))
    u1[4] = sumprod(theta1[3i + t]·x[t], b1[i]·1.0)
    o1[4] = tanh(u1[i])
    u2[2] = sumprod(theta2[4i + t]·o1[t], b2[i]·1.0)
    o2[2] = tanh(u2[i])
    """

    def __init__(self, program: Program, leaves: list[Family], computed: list[Family]) -> None:
        self.program = program
        self.leaves = leaves
        self.computed = computed

    def __getitem__(self, k: Any) -> Any:
        return self.computed[k]

    def __len__(self) -> int:
        return len(self.computed)

    def __str__(self) -> str:
        return "\n".join(map(str, self.computed))

    def __repr__(self) -> str:
        return f"Families({len(self)} of {sum(f.count for f in self)} instructions)"


def families(program: Program, leaves: Iterable[tuple[str, Sequence[int]]] | None = None) -> Families:
    """The families of a program; its long sums become `sumprod`s first.

    leaves  (name, numbers of inputs), each input once; by default the inputs of one name are
            one leaf: x₁, x₂, x₃ are x

    Raises LoweringError for leaves that are not the inputs.
    """
    with paused():
        program, thresholds = with_thresholds(with_long_sums(program))
        return _Detection(program, leaves, thresholds).families()


def stem(names: Sequence[str]) -> str:
    """What names have in common but for their indices; "" where that is nothing.

    >>> stem(["theta2_11", "theta2_12"]), stem(["x1", "x2"]), stem(["b2"]), stem(["a", "b"])
    ('theta2', 'x', 'b2', '')
    """
    if len(names) == 1:
        return names[0]
    heads = {name.rstrip(_DIGITS) for name in names}
    bare = {without_indices(head) for head in heads}
    return bare.pop() if len(bare) == 1 else ""


def without_indices(name: str) -> str:
    """A name without the indices at its end.

    >>> [without_indices(name) for name in ("theta2_11", "theta1_1_12", "x12", "Err")]
    ['theta2', 'theta1', 'x', 'Err']
    """
    bare = name.rstrip(_DIGITS)
    while bare.endswith("_"):
        name = bare[:-1]
        shorter = name.rstrip(_DIGITS)
        bare = shorter if shorter.endswith("_") else name
    return bare


class _Detection:
    """Families by level.  Where a value stands is kept in two lists, for speed: family number, index."""

    def __init__(
        self, program: Program, leaves: Iterable[tuple[str, Sequence[int]]] | None, thresholds: set[int]
    ) -> None:
        self.program = program
        size = 1 + max(
            [*program.inputs, *program.constants, *(each.result for each in program.instructions)], default=0
        )
        self.of, self.index = [0] * size, [0] * size
        self.found: list[Family] = []
        self.names = Counter([*TABLE, "dot", "outer", "sum", "program", "inf", "nan"])
        leaves = _by_name(program) if leaves is None else list(leaves)
        if sorted(i for _, numbers in leaves for i in numbers) != program.inputs:
            raise LoweringError("families(program, leaves): every input has to be in one of the leaves, once")
        for name, numbers in leaves:
            self.enter(Family(self.unused(name), None, list(numbers), _line(numbers)))
        of_tables = sorted(positions(program) - thresholds, key=program.constants.__getitem__)
        apart = {*of_tables, *thresholds}
        few = len(program.constants) - len(apart) <= _OWN_FAMILIES
        own = {i: repr(x) for i, x in program.constants.items() if i not in apart and (few or abs(x) == 1.0)}
        others = [i for i in program.constants if i not in own and i not in apart]
        for i, name in own.items():
            self.enter(Family(name, None, [i], (), (program.constants[i],)))
        for name, numbers in (("position", of_tables), ("threshold", sorted(thresholds)), ("c", others)):
            if numbers:
                values = tuple(program.constants[i] for i in numbers)
                self.enter(Family(self.unused(name), None, list(numbers), _line(numbers), values))
        self.leaves = list(self.found)

    def unused(self, name: str) -> str:
        self.names[name] += 1
        return name if self.names[name] == 1 else self.unused(f"{name}_{self.names[name]}")

    def enter(self, family: Family) -> None:
        of, index, number = self.of, self.index, len(self.found)
        for j, result in enumerate(family.results):
            of[result], index[result] = number, j
        self.found.append(family)

    def families(self) -> Families:
        for instructions in self.by_level():
            for (row, signature), members in self.alike(instructions).items():
                self.enter(self.family(row, signature, members))
        for k, result in enumerate(self.program.outputs):
            self.found[self.of[result]].outputs.append((self.index[result], k))
        computed = self.found[len(self.leaves) :]
        for family in computed:
            for operand in dict.fromkeys(side.family for side in family.sides):
                operand.readers.append(family)
        return Families(self.program, self.leaves, computed)

    def by_level(self) -> list[list[Instruction]]:
        level = [0] * len(self.of)
        level_of = level.__getitem__
        levels: list[list[Instruction]] = []
        for each in self.program.instructions:
            result, _, operands = each
            level[result] = here = 1 + (max(map(level_of, operands)) if operands else 0)
            if here > len(levels):
                levels.append([])
            levels[here - 1].append(each)
        return levels

    def alike(self, instructions: list[Instruction]) -> dict[tuple[Op, Any], list[_Member]]:
        """The instructions of one level by their row and the families of their operands."""
        groups: dict[tuple[Op, Any], list[_Member]] = {}
        of = self.of.__getitem__
        for each in instructions:
            _, row, operands = each
            order: Order = ()
            signature: tuple[Any, ...] = tuple(map(of, operands))
            if row.arity is None:
                if row is _SUMPROD:
                    half = len(operands) // 2
                    order, signature = _by_kind(list(zip(signature[:half], signature[half:])))
                else:
                    signature = tuple([(of, len([*run])) for of, run in groupby(signature)])
                    order = tuple([(k, n) for k, (_, n) in enumerate(signature)])
            groups.setdefault((row, signature), []).append((each, order))
        return groups

    def family(self, row: Op, signature: tuple[Any, ...], members: list[_Member]) -> Family:
        """The family of alike instructions, in the order of their operands' indices."""
        index = self.index
        if row.arity is not None and len(members) == 1:  # what the rest gives too, five times as fast
            each = members[0][0]
            found = [Side(self.found[number], index[i]) for number, i in zip(signature, each.operands)]
            return self.named(row, [each.result], (), tuple([Part((side,), ()) for side in found]), ())
        if row.arity is not None:
            at = index.__getitem__
            keys = [tuple(map(at, each.operands)) for each, _ in members]
            ranks = sorted(range(len(members)), key=keys.__getitem__)
            columns = zip(*[keys[r] for r in ranks])
            kinds: list[_Kind] = [((number,), ([[i] for i in column],)) for number, column in zip(signature, columns)]
            orders: tuple[Order, ...] = ()
        else:
            apart = [self.apart(row, len(signature), *member) for member in members]
            ends = [[side[end] for kind in each for side in kind for end in (0, -1)] for each in apart]
            ranks = sorted(range(len(members)), key=ends.__getitem__)
            numbers: list[tuple[int, ...]] = [kind if row is _SUMPROD else (kind,) for kind, _ in signature]
            kinds = [
                (of, tuple([apart[r][k][s] for r in ranks] for s in range(len(of)))) for k, of in enumerate(numbers)
            ]
            orders = tuple([members[r][1] for r in ranks])
            orders = orders[:1] if len(set(orders)) == 1 else orders
        results = [members[r][0].result for r in ranks]
        return self.named(row, results, *self.parts(len(results), kinds), orders)

    def named(
        self, row: Op, results: list[int], shape: tuple[int, ...], parts: tuple[Part, ...], orders: tuple[Order, ...]
    ) -> Family:
        orders = orders or (tuple([(k, 1) for k in range(len(parts))]),)
        named = [self.program.names[i] for i in results if i not in self.program.unnamed and i in self.program.names]
        name = stem(named)
        return Family(self.unused(name or "v"), row, results, shape, (), bool(name), parts, orders)

    def apart(self, row: Op, kinds: int, each: Instruction, order: Order) -> list[tuple[list[int], ...]]:
        """The indices of one instruction's operands, kind by kind; the p and q of products apart."""
        indices = [self.index[i] for i in each.operands]
        half = len(indices) // 2
        halves = (indices[:half], indices[half:]) if row is _SUMPROD else (indices,)
        if kinds == 1:
            return [halves]
        found: list[tuple[list[int], ...]] = [tuple([] for _ in halves) for _ in range(kinds)]
        at = 0
        for k, n in order:
            for side, operands in zip(found[k], halves):
                side += operands[at : at + n]
            at += n
        return found

    def parts(self, count: int, kinds: list[_Kind]) -> tuple[tuple[int, ...], tuple[Part, ...]]:
        """The shape of the members, and where the operands of each kind stand."""
        numbers, rows = zip(*kinds) if kinds else ((), ())
        by_member = [[nest([row[0] for row in side]) for side in sides] for sides in rows]
        by_term = [[_terms(side) for side in sides] for sides in rows]
        shape = common_shape(count, [each for sides in by_member for each in sides])
        parts = []
        for of, sides, members, terms in zip(numbers, rows, by_member, by_term):
            own = common_shape(len(sides[0][0]), terms)
            found = []
            for number, side, along, across in zip(of, sides, members, terms):
                strides, steps = split(along, shape), split(across, own)
                known = (strides, steps) if strides is not None and steps is not None else None
                place = (side[0][0], *known) if known else (0, (), (), side)
                found.append(Side(self.found[number], *place))
            parts.append(Part(tuple(found), own))
        return shape, tuple(parts)


_Member: TypeAlias = "tuple[Instruction, Order]"
_Kind: TypeAlias = "tuple[tuple[int, ...], tuple[Rows, ...]]"  # the families of the sides, and their indices


def _by_kind(kinds: Sequence[Any]) -> tuple[Order, tuple[tuple[Any, int], ...]]:
    """How kinds follow each other, and how often there is each; which kind is first says nothing."""
    if kinds and kinds.count(kinds[0]) == len(kinds):
        return ((0, len(kinds)),), ((kinds[0], len(kinds)),)
    counts = sorted(Counter(kinds).items())
    number = {kind: k for k, (kind, _) in enumerate(counts)}
    return tuple([(number[kind], len([*run])) for kind, run in groupby(kinds)]), tuple(counts)


def _terms(rows: Rows) -> Nest | None:
    """The loops over the terms of a side, if all members have the same."""
    first = rows[0]
    loops = nest(first)
    if loops is None or len(first) == 1:
        return loops
    start = first[0]
    terms = [i - start for i in first]
    return loops if all(row == [row[0] + t for t in terms] for row in rows) else None


def _line(members: Sequence[Any]) -> tuple[int, ...]:
    return (len(members),) if len(members) != 1 else ()


def _by_name(program: Program) -> list[tuple[str, list[int]]]:
    """The inputs of one name as one leaf."""
    stems: dict[str, str] = {}  # a name but for its last index -> without any: few of them, and asked for often
    groups: dict[str, list[int]] = {}
    for i in program.inputs:
        head = program.names[i].rstrip(_DIGITS)
        if head not in stems:
            stems[head] = without_indices(head)
        groups.setdefault(stems[head], []).append(i)
    return [(name if len(numbers) > 1 else program.names[numbers[0]], numbers) for name, numbers in groups.items()]
