"""Families → matrix formulas: u = θ·x + b, δ = σ'(u) ⊙ (θᵀ·δ), ∂Err/∂θ = δ·oᵀ.  Nobody wrote them.

A family is a vector or a matrix, its members' operands are parts of other arrays, and a sum over
terms is a product of matrices.  The formulas are read off the families; nothing is looked for by
name, and the names are the labels' (`theta1_11`, `theta1_12`, … are `theta1`).

step     array = formula
formula  a row applied to readings, entry by entry; or a sum of terms
term     factor · Σ over loops of the product of one or two readings
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from ..ops import Op
from ..words.naming import unique
from .families import Families, Family, Part, Side
from .grids import nest
from .readings import Array, Arrays, Reading


@dataclass(eq=False)
class Applied:
    """A row of its operands; one with any number of operands has them along loops over terms.

    together  of softmax: the reading has the operands of all members, which are the same but for
              the first; what comes out are all shares at once
    """

    row: Op
    readings: list[Reading]
    together: bool = False


@dataclass(eq=False)
class Term:
    """factor · Σ over the summed loops of the product of the readings."""

    factor: float
    readings: list[Reading]
    summed: tuple[int, ...]


_LARGEST = 4  # operands of a step that is written where it is used
Formula: TypeAlias = "Applied | list[Term]"


@dataclass(eq=False)
class Step:
    """array = formula; a step that is `inlined` is written where it is used."""

    array: Array
    formula: Formula
    inlined: bool = False

    @property
    def readings(self) -> list[Reading]:
        formula = self.formula
        return formula.readings if isinstance(formula, Applied) else [r for term in formula for r in term.readings]


class Steps:
    """The formulas of a program, in the order of execution.

    inputs   arrays that the inputs are: array.places are members of the leaf array.family
    aliases  gradients that have another name already: (name, array), as ∂Err/∂b, which is δ
    """

    def __init__(self, found: Families) -> None:
        self.families = found
        self.arrays = Arrays(found)
        self.inputs = [array for leaf in found.leaves if not leaf.values for array in self.arrays.of[leaf]]
        self.steps = [Step(self.arrays.of[family][0], self.formula(family)) for family in found]
        self._inline()
        self._name()
        self.aliases = self._aliases()

    def formula(self, family: Family) -> Formula:
        assert family.row is not None
        sums = family.row.name == "sumprod"
        readings = [
            [self.arrays.reading(family, part, s, one_axis=not sums) for s in part.sides] for part in family.parts
        ]
        if family.row.name == "softmax" and (all_of := self._shares(family)):
            return Applied(family.row, [all_of], together=True)
        if not sums:
            each = zip(family.parts, (one for (one,) in readings))
            repeated = [
                [one] * (part.count if max(one.axes, default=-1) < len(family.shape) else 1) for part, one in each
            ]
            return Applied(family.row, [reading for copies in repeated for reading in copies])
        terms = []
        first = family.orders[0] if family.orders else ()
        for k in dict.fromkeys(k for k, _ in first):  # as the first member has them
            part, rank = family.parts[k], len(family.shape)
            factor, kept = 1.0, []
            for reading in readings[k]:
                if reading.constant in (1.0, -1.0):
                    factor *= reading.constant or 1.0
                else:
                    kept.append(reading)
            loops = dict(enumerate(part.shape, rank))
            for label, count in loops.items():
                if not any(label in reading.axes for reading in kept):
                    factor *= count
            summed = tuple(label for label in loops if any(label in reading.axes for reading in kept))
            terms.append(Term(factor, kept, summed))
        return terms

    def _shares(self, family: Family) -> Reading | None:
        """What a softmax of scores reads as a whole: each member has another score first, and then the others."""
        (side, *more) = family.sides
        if more or side.table is None or len(family.shape) != 1 or len(family.orders) != 1:
            return None
        if any(sorted(row) != sorted(side.table[0]) for row in side.table):
            return None
        firsts = [row[0] for row in side.table]
        if sorted(firsts) != sorted(side.table[0]):
            return None
        loops = nest(firsts)
        strides = tuple(stride for _, stride in loops) if loops and len(loops) == 1 else None
        table = [[first] for first in firsts]
        scores = Side(side.family, firsts[0], strides) if strides else Side(side.family, 0, table=table)
        return self.arrays.reading(family, Part((scores,), ()), scores)

    # --- names ------------------------------------------------------------------------------------

    def _inline(self) -> None:
        """A small step without a name that is read once, and as a whole, is written where it is read."""
        read = Counter(reading.array for step in self.steps for reading in step.readings)
        once = {
            reading.array
            for step in self.steps
            for reading in step.readings
            if read[reading.array] == 1 and reading.whole and reading.axes == tuple(range(len(step.array.shape)))
        }
        size: dict[Array, int] = {}  # operands that stand in the formula
        for step in self.steps:
            family = step.array.family
            operands = sum(size.get(reading.array, 1) for reading in step.readings)
            if step.array in once and not family.named and not family.outputs and operands <= _LARGEST:
                step.inlined = True
                size[step.array] = operands

    def _name(self) -> None:
        """Names for what is written; no two are the same, and those from labels come first."""
        taken: dict[str, int] = {}
        computed = [step.array for step in self.steps if not step.inlined]
        for array in [*self.inputs, *(array for array in computed if array.family.named)]:
            array.name = unique(array.name, taken)
        for array in computed:
            if not array.family.named:
                array.name = unique("v", taken)

    def _aliases(self) -> list[tuple[str, Array]]:
        """Gradients that are another step's array: where the labelled gradients stand tells which they are.

        ∂Err/∂θ₁₁ as output 5 and θ₁₁ as input 9 say: output k is the derivative by input k + 4.
        """
        program = self.families.program
        position = {i: k for k, i in enumerate(program.inputs)}
        by_name = {f"d_{program.names[i]}": k for i, k in position.items()}
        offsets = {
            by_name[name] - k for k, i in enumerate(program.outputs) if (name := program.names.get(i, "")) in by_name
        }
        if len(offsets) != 1:
            return []
        offset = offsets.pop()
        found = []
        steps = {step.array.family: step for step in self.steps}
        home = {k: (family, j) for family in self.families for j, k in family.outputs}
        for array in self.inputs:
            at = [position[array.family.results[place]] - offset for place in array.places]
            of = {home[k][0] for k in at if k in home}
            if len(of) == 1 and all(k in home for k in at):
                family = of.pop()
                array_of = steps[family].array
                if [home[k][1] for k in at] == [*range(family.count)] and array_of.name != f"d_{array.name}":
                    found.append((f"d_{array.name}", array_of))
        order = {step.array: k for k, step in enumerate(self.steps)}
        return sorted(found, key=lambda alias: order[alias[1]])
