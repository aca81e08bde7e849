"""Graph → straight-line program: each instruction is a row of the table applied to earlier results.

Every result has a number: first the inputs, then constants and instructions as they come.
Lowering contains no calculus; derivatives come in as graphs from `grad`.  What it does is
bookkeeping that changes no bit: numbers known now are computed now, equal instructions are
shared, a factor 1 is dropped, and what no output needs is left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..errors import LoweringError
from ..graph import toposort
from ..ops import BUILT_IN, LITERAL, TABLE, Op
from ..recording import paused
from ..taking.tables import Taken
from ..value import Value
from ..words.naming import identifier, names_of, unique

_MUL = TABLE["mul"]
_OF_SQUARE = (TABLE["pow_dx"], TABLE["pow_dxx"])  # 2·x and 2 for x², to the bit, and by far the most frequent power
_TAKE, _SCATTER = TABLE["take"], TABLE["scatter"]
_COMMUTATIVE = (TABLE["add"], _MUL)
_SHARES = frozenset(TABLE[name] for name in ("softmax", "softmax_rest", "cross_entropy"))


class Instruction(NamedTuple):
    """`result = row(operands)`, all of them numbers of results."""

    result: int
    row: Op
    operands: tuple[int, ...]


@dataclass(eq=False, repr=False)
class Program:
    """A straight-line program as data; lowered.py says what can be done with it.

    inputs        the numbers of the inputs, 0, 1, 2, …
    constants     what is known already: number of the result -> float
    instructions  in the order of execution
    outputs       the numbers of the results that are returned
    names         number -> its name in printed code
    single        whether one Value was lowered, so that one number comes out and not a list
    unnamed       results that a printer may write where they are used: those without a label, and
                  the ∂y/∂o that only lead to others
    functions     the rows that are in use -> their names in printed code
    folded        how the computed ones among the constants were computed
    labels        number -> what the Value was called, for formulas

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> [each.row.name for each in program_of([x * y + 1, x * y], [x, y], False).instructions]
    ['mul', 'add']
    """

    inputs: list[int]
    constants: dict[int, float]
    instructions: list[Instruction]
    outputs: list[int]
    names: dict[int, str]
    single: bool
    unnamed: set[int] = field(default_factory=set)
    functions: dict[Op, str] = field(default_factory=dict)
    folded: list[Instruction] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)

    def check_count(self, inputs: Sequence[Any]) -> None:
        """Raise LoweringError for another number of inputs than the program has."""
        if len(inputs) != len(self.inputs):
            names = ", ".join(self.names[i] for i in self.inputs[:8]) + (", ..." if len(self.inputs) > 8 else "")
            raise LoweringError(f"the program takes {len(self.inputs)} inputs ({names}), and was given {len(inputs)}")

    def unfolded(self) -> Program:
        """The program with its computed constants computed when it runs.

        Numbers that are no doubles need it: 1/3 is a constant of this program, and no double.

        >>> from autograd import grad
        >>> x = Value(1.0, "x")
        >>> third = program_of(grad(x / 3.0, [x]), [x], True)
        >>> len(third.instructions), len(third.unfolded().instructions)
        (0, 1)
        """
        computed = {each.result for each in self.folded}
        constants = {i: x for i, x in self.constants.items() if i not in computed}
        names = self.names | {each.result: f"_c{each.result}" for each in self.folded}
        instructions = self.folded + self.instructions
        return replace(self, constants=constants, instructions=instructions, names=names, folded=[])

    def structure(self) -> tuple[Any, ...]:
        """All but the names: programs with the same structure compute the same."""
        constants = tuple((i, x.hex()) for i, x in self.constants.items())  # nan too equals itself
        return len(self.inputs), constants, tuple(self.instructions), tuple(self.outputs)

    def __repr__(self) -> str:
        return f"Program({len(self.inputs)} inputs, {len(self.instructions)} instructions, {len(self.outputs)} outputs)"


def program_of(outputs: Value | Iterable[Value], inputs: Iterable[Value], allow_constants: bool) -> Program:
    """The graph of the outputs as a program of the inputs: see `lower`."""
    single = isinstance(outputs, Value)
    roots: list[Any] = _listed("outputs", outputs)
    leaves: list[Any] = _listed("inputs", inputs)
    for leaf in leaves:
        if leaf.parents:
            raise LoweringError(
                f"lower(outputs, inputs): {_told(leaf)} was computed, so it cannot be an input;"
                " list the leaves that it came from, or compute with its detach()"
            )
    if not roots:
        raise LoweringError("lower(outputs, inputs): outputs is empty; give at least one Value")
    if len(set(leaves)) != len(leaves):
        twice = next(v for i, v in enumerate(leaves) if v in leaves[:i])
        raise LoweringError(f"lower(outputs, inputs): {_told(twice)} is listed twice among the inputs")
    with paused():
        return _built(roots, leaves, single, allow_constants)


def _built(roots: list[Value], leaves: list[Value], single: bool, allow_constants: bool) -> Program:
    order = toposort(*roots, whole=True)
    builder = _Builder(leaves, names_of(dict.fromkeys([*leaves, *order]), roots[0]))
    for node in order:
        builder.add(node)
    for i, root in enumerate(roots, 1):
        if not allow_constants and builder.of[root] in builder.constants:
            raise LoweringError(
                f"output {i}, {_told(root)}, does not depend on the inputs: it is always {root.data!r};"
                " leave it out, or say allow_constants=True where that is meant, as in a Hessian"
            )
    return builder.program([builder.of[root] for root in roots], single)


def positions(program: Program) -> set[int]:
    """The constants that only say to which entry of a table something is scattered: they belong together."""
    if _SCATTER not in program.functions:
        return set()
    found: set[int] = set()
    others: set[int] = set(program.outputs)
    for _, row, operands in program.instructions:
        if row is _SCATTER:
            found.add(operands[-1])
            others.update(operands[:-1])
        else:
            others.update(operands)
    return (found & program.constants.keys()) - others


class _Builder:
    """Numbers for the nodes of a graph, one after the other, parents first."""

    def __init__(self, leaves: Sequence[Value], names: dict[Value, str]) -> None:
        self.names = names
        self.of: dict[Value, int] = {leaf: i for i, leaf in enumerate(leaves)}
        self.inputs = list(range(len(leaves)))
        self.labels = {i: names[leaf] for i, leaf in enumerate(leaves)}
        self.unnamed: set[int] = set()
        self.constants: dict[int, float] = {}
        self.folded: list[Instruction] = []
        self.instructions: list[Instruction] = []
        self.known: dict[Any, int] = {}
        self.ones: set[int] = set()  # written so, not computed: those may be rounded
        self.count = len(leaves)

    def add(self, node: Value) -> None:
        if node in self.of:
            return
        if node.op is None:
            raise LoweringError(
                f"the graph has the leaf {_told(node)}, which is not among the inputs; list it there,"
                " or use a plain number where it is meant as a constant; a loss makes a leaf of each target that is"
                " a number: give it Values, and list them"
            )
        if node.op is LITERAL:
            self.of[node] = self.literal(node.data)
            return
        if node.op.__class__ is Taken:
            result = self.taken(node)
        else:
            result = self.instruction(node.op, tuple([self.of[parent] for parent in node.parents]))
        self.of[node] = result
        if result not in self.labels:
            self.labels[result] = self.names[node]
            if not node.label or node.label.startswith("∂"):
                self.unnamed.add(result)
        elif node.label and result in self.unnamed and not self.labels[result].startswith("∂"):
            self.labels[result] = node.label
            self.unnamed.remove(result)

    def taken(self, node: Value) -> int:
        """`take` of the whole table, since the index may be another; where it is a plain number, that entry."""
        row, index = node.op, node.parents[-1]
        assert isinstance(row, Taken)
        if index.op is LITERAL and row.position is not None:
            return self.of[node.parents[0]]
        entries = [self.of[x] if isinstance(x, Value) else self.literal(float(x)) for x in row.entries()]
        return self.instruction(_TAKE, (*entries, self.of[index]))

    def literal(self, x: float) -> int:
        key = struct.pack("<d", x)  # 0.0 and −0.0 differ, and nan equals itself
        if key not in self.known:
            self.known[key] = self.new()
            self.constants[self.known[key]] = x
            if x == 1.0:
                self.ones.add(self.known[key])
        return self.known[key]

    def position(self, x: float) -> int:
        """The number of a table's entry, apart from other constants that happen to be the same."""
        if ("position", x) not in self.known:
            self.known["position", x] = self.new()
            self.constants[self.known["position", x]] = x
        return self.known["position", x]

    def instruction(self, row: Op, operands: tuple[int, ...]) -> int:
        constants = self.constants
        if row in _OF_SQUARE and constants.get(operands[1]) == 2.0:
            if row is not _OF_SQUARE[0]:
                return operands[1]
            row, operands = _MUL, operands[::-1]
        if row is _MUL and not self.ones.isdisjoint(operands):
            first, second = operands
            return second if first in self.ones else first
        if row is _SCATTER and operands[-1] in constants:
            operands = (*operands[:-1], self.position(constants[operands[-1]]))
        key = (row, operands)
        if row in _COMMUTATIVE:
            first, second = operands
            key = (row, operands if first <= second else (second, first))
        elif row in _SHARES:  # the order of the others is not seen in a bit: their sum is rounded once
            key = (row, (operands[0], *sorted(operands[1:])))
        result = self.known.get(key)
        if result is None:
            self.known[key] = result = self.new()
            instruction = Instruction(result, row, operands)
            if all(map(constants.__contains__, operands)):
                constants[result] = row.function(*[constants[i] for i in operands])
                self.folded.append(instruction)
            else:
                self.instructions.append(instruction)
        return result

    def new(self) -> int:
        self.count += 1
        return self.count - 1

    def program(self, outputs: list[int], single: bool) -> Program:
        """What the outputs need of all this, under names that a program can have."""
        needed = set(outputs)
        instructions = _needed(self.instructions, needed)
        folded = _needed(self.folded, of_folded := set(needed))
        constants = {i: x for i, x in self.constants.items() if i in of_folded}
        taken = dict.fromkeys((*TABLE, "program", "inf", "nan"), 1)
        functions = {}
        for row in dict.fromkeys(each.row for each in (*folded, *instructions)):
            functions[row] = row.name if row in BUILT_IN else unique(identifier(row.name), taken)
        numbers = [*self.inputs, *(each.result for each in instructions)]
        names = {i: unique(identifier(self.labels[i]), taken) for i in numbers}
        returned = {i for i in outputs if self.labels.get(i, "").startswith("∂")}
        unnamed = self.unnamed.intersection(names) - returned
        labels = {i: self.labels[i] for i in numbers}
        return Program(self.inputs, constants, instructions, outputs, names, single, unnamed, functions, folded, labels)


def _needed(instructions: list[Instruction], needed: set[int]) -> list[Instruction]:
    """Those whose results are needed; what they need in turn is added."""
    kept = []
    for each in reversed(instructions):
        if each.result in needed:
            needed.update(each.operands)
            kept.append(each)
    return kept[::-1]


def _listed(what: str, given: object) -> list[Value]:
    values = [given] if isinstance(given, Value) else list(given) if isinstance(given, Iterable) else given
    for v in values if isinstance(values, list) else [given]:
        if not isinstance(v, Value):
            raise LoweringError(f"lower(outputs, inputs) takes Values, and was given {v!r} among the {what}")
    assert isinstance(values, list)
    return values


def _told(v: Value) -> str:
    return repr(v.label[:60]) if v.label else repr(v)
