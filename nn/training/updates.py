"""An optimiser's rule as a program: the rule itself, run once on Values.

    columns  θ, g and what the rule remembers: numbers for each parameter
    shared   η, and what else depends on η and the step t alone, as Adam's 1 − β₁ᵗ⁺¹: numbers for each step

The shared ones are computed on floats, by the rows' own functions, and the columns in machine
code, so an update has the bits of `Optimizer.propose`.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from autograd import Value, sqrt
from autograd.lowering import Program, lower
from autograd.lowering.program import Instruction

from .optimizers import SGD, Adam, Optimizer, settings_of


class Update:
    """How one step changes a parameter and what is remembered for it; for SGD and Adam themselves.

    A rule of one's own may ask whether it is the first step, which no recording sees, so it has none.

    >>> update = Update(Adam([Value(1.0)], betas=(0.5, 0.75)))
    >>> update.shared(rate=0.25, t=1), len(update.program.inputs)
    ([0.25, 0.75, 0.4375], 7)
    """

    def __init__(self, optimizer: Optimizer) -> None:
        twin, self.remembers = copy.copy(optimizer), optimizer.remembers
        columns = [Value(1.0, name) for name in ("θ", "g", *self.remembers)]
        rate, t = Value(1.0, "η"), Value(1.0, "t")
        twin.steps = t  # type: ignore[assignment]
        whole = lower([*twin.rule(rate, sqrt)(*columns)], [*columns, rate, t])  # type: ignore[arg-type]
        varying = set(range(len(columns)))
        for each in whole.instructions:
            if not varying.isdisjoint(each.operands):
                varying.add(each.result)
        changing = [each for each in whole.instructions if each.result in varying]
        read = {i for each in changing for i in each.operands} - varying - whole.constants.keys()
        self.constants, self.operands, self.results = whole.constants, whole.inputs[len(columns) :], sorted(read)
        self.instructions = [each for each in whole.instructions if each.result not in varying]
        self.program = _renumbered(whole, [*range(len(columns)), *self.results], changing)

    def shared(self, rate: float, t: int) -> list[float]:
        """The shared numbers of step t."""
        found: dict[int, Any] = dict(zip(self.operands, (rate, float(t)))) | self.constants
        for result, row, operands in self.instructions:
            found[result] = row.function(*[found[i] for i in operands])
        return [found[i] for i in self.results]


def _renumbered(program: Program, inputs: list[int], instructions: list[Instruction]) -> Program:
    """The instructions as a program of these inputs, which are numbered from 0 on."""
    new = {i: k for k, i in enumerate([*inputs, *program.constants, *(each.result for each in instructions)])}
    moved = [Instruction(new[r], row, tuple([new[i] for i in operands])) for r, row, operands in instructions]
    return replace(
        program,
        inputs=[new[i] for i in inputs],
        constants={new[i]: x for i, x in program.constants.items()},
        instructions=moved,
        outputs=[new[i] for i in program.outputs],
        names={new[i]: f"r{new[i]}" for i in (*inputs, *(each.result for each in instructions))},
        unnamed=set(),
        folded=[],
        labels={},
    )


def update_of(optimizer: Optimizer) -> Update | None:
    """The optimiser's update; None for one of one's own.

    >>> update_of(SGD([Value(1.0)])) is None
    False
    """
    return Update(optimizer) if type(optimizer) in (SGD, Adam) else None


def settings(optimizer: Optimizer) -> tuple[Any, ...]:
    """What an update was made of: with other settings it is another one.

    >>> settings(SGD([Value(1.0)], 0.5, momentum=0.9))
    (<class 'nn.training.optimizers.SGD'>, ('momentum', 0.9), ('weight_decay', 0.0))
    """
    return type(optimizer), *[each for each in settings_of(optimizer).items() if each[0] != "learning_rate"]
