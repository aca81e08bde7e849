"""What is rewritten before families are looked for, with the same bits.

Sums that were written operation by operation become one sum of products:

((a + b·c) + d) − e is 1·a + b·c + 1·d + (−1)·e from left to right: a product with ±1 is exact,
and the order of the additions stays.  What had one level for each addition has one now, so that
a loop over terms is seen as a loop.  And numbers that one result is compared with, the classes of an
index, stand beside each other, whatever else they are used for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain

from ..ops import TABLE, Op
from .program import Instruction, Program, positions

_SHORTEST = 4  # terms: a shorter sum stays as it was written
_COMPARISONS = frozenset(TABLE[name] for name in ("lt", "le", "gt", "ge"))
_ADD, _SUB, _MUL, _SUMPROD = (TABLE[name] for name in ("add", "sub", "mul", "sumprod"))


def with_long_sums(program: Program) -> Program:
    """The program with chains of + and −, whose partial sums have no other use, as `sumprod`s.

    >>> from autograd import Value, lower
    >>> a, b, c, d, e = xs = [Value(x, n) for x, n in zip([1.0, 2.0, 3.0, 4.0, 5.0], "abcde")]
    >>> print(with_long_sums(lower(a + b * c + d - e, xs)).source)
    def program(a, b, c, d, e):
        return a + b * c + d + -1.0 * e
    <BLANKLINE>
    """
    return _Chains(program).program()


class _Chains:
    """One walk from the last instruction to the first; `gone` is what stands in a sum already."""

    def __init__(self, program: Program) -> None:
        self.before = program
        self.constants = dict(program.constants)
        self.uses = Counter(chain.from_iterable(each.operands for each in program.instructions))
        self.uses.update(program.outputs * 2)  # an output has a place of its own
        self.sums = {each.result: each for each in program.instructions if each.row in (_ADD, _SUB)}
        self.products = {each.result: each for each in program.instructions if each.row is _MUL}
        self.gone: set[int] = set()
        apart = positions(program)
        self.signs = {x: i for i, x in program.constants.items() if x in (1.0, -1.0) and i not in apart}

    def program(self) -> Program:
        made = {}
        for each in reversed(self.before.instructions):
            if each.result in self.sums and each.result not in self.gone:
                terms, partial_sums = self.terms(each)
                if len(terms) >= _SHORTEST:
                    self.gone |= partial_sums
                    factors = [self.factors(*term) for term in terms]
                    operands = (*(p for p, _ in factors), *(q for _, q in factors))
                    made[each.result] = Instruction(each.result, _SUMPROD, operands)
        if not made:
            return self.before
        kept = [made.get(i.result, i) for i in self.before.instructions if i.result not in self.gone]
        functions = {row: row.name for row in (_SUMPROD,)} | self.before.functions
        return replace(self.before, constants=self.constants, instructions=kept, functions=functions)

    def passing(self, result: int) -> bool:
        """Whether it is a partial sum that only leads to the next."""
        return result in self.sums and self.uses[result] == 1 and result not in self.gone

    def terms(self, each: Instruction) -> tuple[list[tuple[int, bool]], set[int]]:
        """(result, whether it is subtracted) from first to last, and the partial sums on the way."""
        terms: list[tuple[int, bool]] = []
        partial_sums: set[int] = set()
        while True:
            first, last = each.operands
            minus = each.row is _SUB
            if not minus and self.passing(last) and not self.passing(first):
                first, last = last, first
            terms.append((last, minus))
            if not self.passing(first):
                return [(first, False), *reversed(terms)], partial_sums
            partial_sums.add(first)
            each = self.sums[first]

    def factors(self, result: int, minus: bool) -> tuple[int, int]:
        if not minus and result in self.products and self.uses[result] == 1:
            self.gone.add(result)
            return self.products[result].operands  # type: ignore[return-value]
        return self.sign(-1.0 if minus else 1.0), result

    def sign(self, x: float) -> int:
        if x not in self.signs:
            last = self.before.instructions[-1].result
            self.signs[x] = 1 + max(last, *self.constants, *self.before.inputs, *self.signs.values())
            self.constants[self.signs[x]] = x
        return self.signs[x]


def with_thresholds(program: Program) -> tuple[Program, set[int]]:
    """The program with constants of their own where a result is compared with several; and these constants.

    >>> from autograd import Value, lower
    >>> x = Value(1.0, "x")
    >>> program, own = with_thresholds(lower([x <= k for k in range(5)] + [x * 3.0], [x]))
    >>> [program.constants[i] for i in sorted(own)]
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    compared: dict[tuple[Op, int], set[int]] = {}
    for each in program.instructions:
        if each.row in _COMPARISONS and each.operands[1] in program.constants:
            compared.setdefault((each.row, each.operands[0]), set()).add(each.operands[1])
    several = {key: found for key, found in compared.items() if len(found) >= _SHORTEST}
    if not several:
        return program, set()
    first = 1 + max(program.instructions[-1].result, *program.constants, *program.inputs)
    values = sorted({program.constants[i] for found in several.values() for i in found})
    number = {x: first + k for k, x in enumerate(values)}
    instructions = [
        each._replace(operands=(each.operands[0], number[program.constants[each.operands[1]]]))
        if each.row in _COMPARISONS and each.operands[1] in several.get((each.row, each.operands[0]), ())
        else each
        for each in program.instructions
    ]
    constants = program.constants | {i: x for x, i in number.items()}
    return replace(program, constants=constants, instructions=instructions), set(number.values())
