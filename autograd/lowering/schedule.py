"""In which order, in which function and in which place of memory a program's results are computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ..ops import TABLE
from .program import Instruction
from .rows import cost

SEGMENT = 1500  # operations in one function
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
