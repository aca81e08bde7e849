"""Program → LLVM IR: every scalar becomes W doubles, whose lanes are samples.

The text that is written for f(columns, shared scalars):

    run                the blocks of samples one after the other, each tile by tile
      uniform_1, …     what depends on scalars only, once in a run
      segment_1, …     the instructions for one vector of samples, in functions of bounded size;
                       each is done with a tile before the next, so its code is fetched once
      reduce           sums only: each output's accumulator, added up and added to the result

A value that another segment needs passes through memory.  LLVM's time for a function grows
faster than its length, so this keeps compilation linear.  The last vector of a tile is
masked: lanes beyond the samples are neither read, nor written, nor summed.

Sums are made in blocks of BLOCK samples, which are added in their order, whoever computes
them: the bits do not depend on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import NamedTuple

from ...ops import TABLE
from ..program import Instruction, Program
from . import driver
from .callees import Callees
from .outside import Outside
from .rows import POWERS, exact, kernel
from .schedule import Memory, Segment, cut, segments
from .vectors import Block, Vector, integer, select, splat

TILE = 64  # samples that pass through all segments of a long program together

_INFIX = {TABLE["add"]: "fadd", TABLE["sub"]: "fsub", TABLE["mul"]: "fmul"}
_SUMPROD, _TAKE = TABLE["sumprod"], TABLE["take"]
_FEW = 8  # entries of a table among which is chosen one after the other


@dataclass(frozen=True)
class Plan:
    """What the code is written for.

    columns   for each input, whether it is a column of samples, else it is shared by all
    sums      whether outputs are summed over the samples, else they are stored
    lanes     W, the samples side by side
    machine   how many doubles a register of the machine holds
    contract  whether the program's own a·b + c may be rounded once
    """

    columns: tuple[bool, ...]
    sums: bool
    lanes: int
    machine: int
    contract: bool = False


class Code(NamedTuple):
    """The text, and the bytes of memory that a run works in."""

    text: str
    memory: int


def code(program: Program, plan: Plan, outside: Outside) -> Code:
    """The module for this program; `outside` is told what it calls outside of the module."""
    return _Writer(cut(program), plan, outside).code()


class _Writer:
    """Where every result of the program is to be found, and the functions that compute them."""

    def __init__(self, program: Program, plan: Plan, outside: Outside) -> None:
        self.program = program
        self.plan = plan
        self.callees = Callees(outside, plan.lanes)
        inputs = program.inputs
        self.columns = {i: k for k, i in enumerate([i for i in inputs if plan.columns[i]])}
        self.scalars = {i: k for k, i in enumerate([i for i in inputs if not plan.columns[i]])}
        self.positions: dict[int, list[int]] = {}  # of a result among the outputs
        for k, i in enumerate(program.outputs):
            self.positions.setdefault(i, []).append(k)
        varying = set(self.columns)
        for result, _, operands in program.instructions:
            if not varying.isdisjoint(operands):
                varying.add(result)
        self.uniform = segments([each for each in program.instructions if each.result not in varying])
        self.varying = segments([each for each in program.instructions if each.result in varying]) or [[]]
        self.inline = len(self.varying) + len(self.uniform) <= 2
        self.fixed = {
            each.result: k for k, each in enumerate(each for part in self.uniform for g in part for each in g)
        }
        self.memory = Memory(self.varying)
        self.tile = driver.BLOCK if len(self.varying) == 1 else TILE

    def code(self) -> Code:
        plan = self.plan
        computed = {each.result for part in self.varying for group in part for each in group}
        rest = [i for i in self.positions if i not in computed]
        texts = [self.function(f"uniform_{k}", part, []) for k, part in enumerate(self.uniform, 1)]
        for k, part in enumerate(self.varying, 1):
            texts.append(self.function(f"segment_{k}", part, rest if k == len(self.varying) else []))
        sizes = driver.Sizes(
            outputs=len(self.program.outputs),
            accumulators=8 * plan.machine * len(self.program.outputs) if plan.sums else 0,
            values=8 * self.tile * self.memory.slots,
            uniform=8 * plan.lanes * len(self.fixed),
            tile=self.tile,
        )
        run = driver.run(sizes, len(self.uniform), len(self.varying), plan.machine if plan.sums else 0)
        texts += [*self.callees.texts(), run, driver.each_vector(plan.lanes)]
        texts.append(driver.declarations(plan.lanes))
        memory = sizes.accumulators + sizes.values + sizes.uniform
        return Code("\n".join(texts), memory)

    def function(self, name: str, part: Segment, rest: list[int]) -> str:
        """One function: the groups of a segment for each vector of a tile, then the `rest` of the outputs."""
        body = _Body(self)
        for group in part:
            body.add(group)
            body.block.divide()
        for i in rest:
            body.output(i, body.operand(i))
        return driver.function(name, self.plan.lanes, body.block.lines)


class _Body:
    """The instructions of one segment, for one vector of samples."""

    def __init__(self, writer: _Writer) -> None:
        self.writer = writer
        self.block = Block(writer.plan.lanes, writer.callees.outer)
        self.flags = "contract " if writer.plan.contract else ""
        self.names: dict[int, str] = {}

    def add(self, group: list[Instruction]) -> None:
        if group[0].row is _SUMPROD:
            self.sums_of_products(group)
            return
        ((result, row, operands),) = group
        names = [self.operand(i) for i in operands]
        if row in _INFIX:
            name = self.block.value(f"{_INFIX[row]} {self.flags}{self.block.type} {names[0]}, {names[1]}")
        elif row is _TAKE and (found := self.taken(operands)):
            name = found
        elif (row, exponent := self.writer.program.constants.get(operands[-1], nan)) in POWERS:
            name = POWERS[row, exponent](Vector(self.block, names[0])).name
        elif (written := kernel(row)) and (exact(row) or self.writer.inline or row.arity is None):
            name = written(*[Vector(self.block, x) for x in names]).name
        else:
            name = self.block.call(
                self.writer.callees.called(row, len(names)), *[Vector(self.block, x) for x in names]
            ).name
        self.result(result, name)

    def taken(self, operands: tuple[int, ...]) -> str | None:
        """An entry of a table of shared numbers that stand in equal steps, read from there; None for another table."""
        *table, index = operands
        places = [self.writer.scalars.get(i, -1) for i in table]
        step = places[1] - places[0] if len(table) > 1 else 1
        if len(table) < _FEW or -1 in places or places != [places[0] + step * k for k in range(len(table))]:
            return None
        block, n = self.block, len(table)
        at = Vector(block, self.operand(index))
        there = (at >= 0.0) & (at < float(n)) & (block.intrinsic("floor", at) == at)
        whole = block.value(f"fptosi {block.type} {select(there, at, 0.0).name} to {block.bits}")
        offsets = integer(block, "mul", whole, step)
        start = block.value(f"getelementptr double, ptr %scalars, i64 {places[0]}")
        pointers = f"<{block.lanes} x ptr>"
        entries = block.value(f"getelementptr double, ptr {start}, {block.bits} {offsets}")
        arguments = f"{pointers} {entries}, i32 8, {block.mask} {there.name}, {block.type} {splat(nan)}"
        return block.value(f"call {block.type} @llvm.masked.gather.v{block.lanes}f64.v{block.lanes}p0({arguments})")

    def sums_of_products(self, group: list[Instruction]) -> None:
        """Each from left to right, and all of them one term at a time."""
        totals: list[str] = [""] * len(group)
        flagged = f"{self.flags}{self.block.type}"
        for t in range(max(len(each.operands) // 2 for each in group)):
            for k, (_, _, operands) in enumerate(group):
                n = len(operands) // 2
                if t < n:
                    term = self.product(operands[t], operands[n + t])
                    totals[k] = self.block.value(f"fadd {flagged} {totals[k]}, {term}") if t else term
        for each, total in zip(group, totals):
            self.result(each.result, total)

    def product(self, p: int, q: int) -> str:
        constants = self.writer.program.constants
        if constants.get(q) == 1.0:
            return self.operand(p)
        if constants.get(p) == 1.0:
            return self.operand(q)
        return self.block.value(f"fmul {self.flags}{self.block.type} {self.operand(p)}, {self.operand(q)}")

    def result(self, i: int, name: str) -> None:
        """Keep a result for this segment, for those that follow, and for the outputs."""
        self.names[i] = name
        writer, block = self.writer, self.block
        if i in writer.fixed:
            block.lines.append(f"  store {block.type} {name}, ptr {self.fixed(i)}")
            return
        slot = writer.memory.slot.get(i)
        if slot is not None:
            block.lines.append(f"  store {block.type} {name}, ptr {self.place(slot)}")
        if i in writer.positions:
            self.output(i, name)

    def operand(self, i: int) -> str:
        """The name under which a result is at hand, read from where it is kept if need be."""
        name = self.names.get(i)
        if name is not None:
            return name
        writer, block = self.writer, self.block
        if i in writer.scalars:
            return self.scalar(writer.scalars[i])
        if i in writer.program.constants:
            name = splat(writer.program.constants[i])
        elif i in writer.columns:
            name = self.column(writer.columns[i])
        else:
            place = self.fixed(i) if i in writer.fixed else self.place(writer.memory.slot[i])
            name = block.value(f"load {block.type}, ptr {place}")
        self.names[i] = name
        return name

    def scalar(self, k: int) -> str:
        """One double for all lanes."""
        place = self.block.value(f"getelementptr double, ptr %scalars, i64 {k}")
        return self.everywhere(self.block.value(f"load double, ptr {place}, !invariant.load !0"))

    def column(self, k: int) -> str:
        """The next W samples of a column; beyond its end the first of them again, which can do no harm."""
        block = self.block
        place = block.value(f"getelementptr ptr, ptr %columns, i64 {k}")
        start = block.value(f"load ptr, ptr {place}, !invariant.load !0")
        here = block.value(f"getelementptr double, ptr {start}, i64 %sample")
        otherwise = self.everywhere(block.value(f"load double, ptr {here}, align 8"))
        arguments = f"ptr {here}, i32 8, {block.mask} %mask, {block.type} {otherwise}"
        return block.value(f"call {block.type} @llvm.masked.load.v{block.lanes}f64.p0({arguments})")

    def everywhere(self, x: str) -> str:
        block = self.block
        first = block.value(f"insertelement {block.type} poison, double {x}, i64 0")
        zeros = f"<{block.lanes} x i32> zeroinitializer"
        return block.value(f"shufflevector {block.type} {first}, {block.type} poison, {zeros}")

    def place(self, slot: int) -> str:
        return self.block.value(f"getelementptr i8, ptr %values_here, i64 {8 * self.writer.tile * slot}")

    def fixed(self, i: int) -> str:
        return self.block.value(f"getelementptr i8, ptr %uniform, i64 {8 * self.block.lanes * self.writer.fixed[i]}")

    def output(self, i: int, name: str) -> None:
        for k in self.writer.positions[i]:
            if self.writer.plan.sums:
                self.accumulate(k, name)
            else:
                self.store(k, name)

    def store(self, k: int, name: str) -> None:
        block = self.block
        row = block.value(f"mul i64 %stride, {k}")
        start = block.value(f"getelementptr double, ptr %out, i64 {row}")
        here = block.value(f"getelementptr double, ptr {start}, i64 %sample")
        arguments = f"{block.type} {name}, ptr {here}, i32 8, {block.mask} %mask"
        block.lines.append(f"  call void @llvm.masked.store.v{block.lanes}f64.p0({arguments})")

    def accumulate(self, k: int, name: str) -> None:
        """Add the lanes that are samples to an accumulator as wide as a register."""
        block, width, machine = self.block, self.block.lanes, self.writer.plan.machine
        name = block.value(f"select {block.mask} %mask, {block.type} {name}, {block.type} zeroinitializer")
        while width > machine:
            whole, width = f"<{width} x double>", width // 2
            low, high = (
                block.value(f"shufflevector {whole} {name}, {whole} poison, <{width} x i32> <{indices}>")
                for indices in (_indices(0, width), _indices(width, width))
            )
            name = block.value(f"fadd <{width} x double> {low}, {high}")
        place = block.value(f"getelementptr i8, ptr %out, i64 {8 * machine * k}")
        before = f"%before_{k}"
        block.lines.append(f"  {before} = load <{width} x double>, ptr {place}")
        after = block.value(f"fadd <{width} x double> {before}, {name}")
        block.lines.append(f"  store <{width} x double> {after}, ptr {place}")


def _indices(start: int, count: int) -> str:
    return ", ".join(f"i32 {i}" for i in range(start, start + count))
