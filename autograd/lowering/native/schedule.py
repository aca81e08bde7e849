"""In which order, in which function and in which place of memory a program's results are computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeAlias

from ...ops import TABLE
from ..program import Instruction, Program
from .rows import cost

SEGMENT = 1500  # operations in one function
TERMS = 250  # of a sum of products in one instruction: a longer one would be a function of any length
CHAINS = 2  # sums of products side by side, so that none waits for its own last addition
AHEAD = 64  # instructions among which companions are looked for

Group: TypeAlias = "list[Instruction]"  # one instruction, or several sums of products side by side
Segment: TypeAlias = "list[Group]"

_SUMPROD = TABLE["sumprod"]


def segments(instructions: Sequence[Instruction]) -> list[Segment]:
    """The groups in runs of at most SEGMENT operations, or of one group that is longer."""
    parts: list[Segment] = []
    size = SEGMENT
    for group in groups(instructions):
        own = sum(cost(each.row, len(each.operands)) for each in group)
        if size + own > SEGMENT:
            parts.append([])
            size = 0
        parts[-1].append(group)
        size += own
    return parts


def cut(program: Program) -> Program:
    """The program with long sums of products in pieces: each begins with 1 times the one before, which changes no bit.

    >>> from autograd.lowering import lower
    >>> from autograd.value import Value, node_of
    >>> x = Value(2.0); total = node_of(_SUMPROD, (x,) * 2 * 600)
    >>> [len(each.operands) for each in cut(lower(total, [x])).instructions]
    [500, 500, 204]
    """
    if all(len(each.operands) <= 2 * TERMS for each in program.instructions if each.row is _SUMPROD):
        return program
    taken = [*program.inputs, *program.constants, *(each.result for each in program.instructions)]
    numbers = count(1 + max(taken))
    one = next(numbers)
    instructions: list[Instruction] = []
    for each in program.instructions:
        half = len(each.operands) // 2
        p, q = each.operands[:half], each.operands[half:]
        while each.row is _SUMPROD and len(p) > TERMS + 1:
            instructions.append(Instruction(next(numbers), _SUMPROD, (*p[:TERMS], *q[:TERMS])))
            p, q = (instructions[-1].result, *p[TERMS:]), (one, *q[TERMS:])
        instructions.append(each._replace(operands=(*p, *q)) if each.row is _SUMPROD else each)
    return replace(program, instructions=instructions, constants={**program.constants, one: 1.0})


def groups(instructions: Sequence[Instruction]) -> Iterator[Group]:
    """Every instruction once; a sum of products takes the next ones along that are ready too."""
    waiting = {each.result for each in instructions}
    for k, each in enumerate(instructions):
        if each.result not in waiting:
            continue
        group = [each]
        if each.row is _SUMPROD:
            for other in instructions[k + 1 : k + AHEAD]:
                if len(group) == CHAINS:
                    break
                if other.row is _SUMPROD and other.result in waiting and waiting.isdisjoint(other.operands):
                    group.append(other)
        waiting.difference_update([member.result for member in group])
        yield group


class Memory:
    """A place in memory for each result that a later segment reads; places are used again.

    slot   result -> number of its place
    slots  how many places there are
    """

    def __init__(self, parts: Sequence[Segment]) -> None:
        made = {each.result: k for k, part in enumerate(parts) for group in part for each in group}
        last = {i: k for k, part in enumerate(parts) for group in part for each in group for i in each.operands}
        self.slot: dict[int, int] = {}
        self.slots = 0
        free: list[int] = []
        ending: list[list[int]] = [[] for _ in parts]
        for i, k in made.items():
            if k < last.get(i, k):
                ending[last[i]].append(i)
        for k, part in enumerate(parts):
            for i in (each.result for group in part for each in group if k < last.get(each.result, k)):
                if not free:
                    free.append(self.slots)
                    self.slots += 1
                self.slot[i] = free.pop()
            free += [self.slot[i] for i in ending[k]]
