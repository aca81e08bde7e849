"""Matrix formulas in text, which is Python for NumPy, and in LaTeX.

Both write the same forms, a product of matrices, an outer product, a scalar product, products entry
by entry; LaTeX is the text's notation with other signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from ..ops import Op
from ..words.formulas import latex_name, latex_number
from ..words.text import constant
from .matrix_steps import Applied, Step, Steps, Term
from .readings import Array, Reading

Text: TypeAlias = "tuple[str, int]"  # an expression, and how tightly it holds together
_SUM, _SIGNED, _MATRIX, _PRODUCT, _ATOM = range(5)
_LETTERS = "ijklmnpqrs"
_GREEK = re.compile("alpha|beta|gamma|[dD]elta|epsilon|eta|theta|lambda|mu|nu|pi|rho|sigma|tau|[pP]hi|psi|omega")
_NAME = re.compile(r"([A-Za-z_]*?[A-Za-z])(\d*)((?:_\d+)*)_?")


def text(steps: Steps) -> str:
    """What `print(program.matrices)` shows."""
    return "\n".join(f"{name} = {formula}" for name, formula in Writer(steps).lines())


def latex(steps: Steps) -> str:
    """The same in LaTeX."""
    lines = [rf"{name} &= {formula}" for name, formula in LatexWriter(steps).lines()]
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


def indices(steps: Steps) -> dict[str, list[Any]]:
    """The index arrays of the text, by their names in it."""
    writer = Writer(steps)
    writer.lines()
    return {name: _nested(reading.table, reading.shape) for name, reading in writer.tables.items()}


def _nested(flat: list[int], shape: tuple[int, ...]) -> list[Any]:
    size = len(flat) // shape[0]
    return flat if len(shape) == 1 else [
        _nested(flat[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])
    ]  # fmt: skip


class Writer:
    """Formulas as Python; `tables` are the index arrays that they name."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.tables: dict[str, Reading] = {}
        self.inlined: dict[Array, Text] = {}

    def lines(self) -> list[tuple[str, str]]:
        """(name, formula) of each step that is written by itself, and of the aliases."""
        lines = []
        for step in self.steps.steps:
            written = self.formula(step)
            if step.inlined:
                self.inlined[step.array] = written
            else:
                lines.append((self.name(step.array.name), written[0]))
        for name, array in self.steps.aliases:
            lines.append((self.name(name), self.name(array.name)))
        return lines

    # --- formulas -----------------------------------------------------------------------------------

    def formula(self, step: Step) -> Text:
        formula, rank = step.formula, len(step.array.shape)
        if isinstance(formula, list):
            return self.sum([self.term(term, rank) for term in formula])
        name = formula.row.name
        if name == "mul":
            return self.term(Term(1.0, formula.readings, ()), rank)[1]
        if formula.row.arity is None:
            return self.variadic(formula, rank)
        operands = [self.spread(*self.read(reading), range(rank)) for reading in formula.readings]
        if name in ("add", "sub"):
            (first, second) = operands
            sign = "+" if name == "add" else "-"
            return f"{self.bracketed(first, _SUM)} {sign} {self.bracketed(second, _MATRIX)}", _SUM
        if name == "div":
            return self.quotient(*operands)
        if name == "neg":
            return f"-{self.bracketed(operands[0], _ATOM)}", _SIGNED
        return self.called(formula.row, [operand[0] for operand in operands]), _ATOM

    def variadic(self, formula: Applied, rank: int) -> Text:
        """A row with any number of operands: those along a loop are unpacked, as Python's * does."""
        if formula.together:
            return self.called_together(self.read(formula.readings[0])[0][0]), _ATOM
        operands = []
        for reading in formula.readings:
            terms = [label for label in reading.axes if label >= rank]
            members = [label for label in reading.axes if label < rank]
            order = [*terms, *sorted(members)]
            one = self.spread(self.read(reading, order)[0], order, range(rank), len(terms))
            operands.append(self.unpacked(one) if terms else one[0])
        return self.called(formula.row, operands), _ATOM

    def sum(self, terms: list[tuple[float, Text]]) -> Text:
        """Terms with their signs, the first without a plus."""
        written, holds = "", _SUM
        for sign, term in terms:
            if not written:
                written, holds = (f"-{self.bracketed(term, _ATOM)}", _SIGNED) if sign < 0 else term
            else:
                written, holds = f"{written} {'-' if sign < 0 else '+'} {self.bracketed(term, _MATRIX)}", _SUM
        return (written, holds) if written else ("0.0", _ATOM)

    def term(self, term: Term, rank: int) -> tuple[float, Text]:
        """Its sign, and the rest: a number times a product, over all members."""
        sign, number = (-1.0, -term.factor) if term.factor < 0 else (1.0, term.factor)
        if not term.readings:
            return sign, (self.number(number), _ATOM)
        product = self.spread(*self.product(term.readings, term.summed, rank), range(rank))
        if number != 1.0:
            product = self.times((self.number(number), _ATOM), product, False)
        return sign, product

    def product(self, readings: list[Reading], summed: tuple[int, ...], rank: int) -> tuple[Text, list[int]]:
        """One or two readings multiplied and summed, and the loops that are left."""
        have = [[label for label in summed if label in reading.axes] for reading in readings]
        left = sorted({label for reading in readings for label in reading.axes} - set(summed))
        if len(readings) == 1:
            return self.total(readings[0], have[0]) if summed else self.read(readings[0])
        a, b = readings
        own = [[label for label in reading.axes if label not in summed] for reading in readings]
        if not summed:
            if rank == 2 and sorted(own) == [[0], [1]]:
                column, row = (a, b) if own[0] == [0] else (b, a)
                return self.outer(self.read(column)[0], self.read(row)[0]), left
            operands = [self.spread(*self.read(reading), left) for reading in readings]
            return self.times(operands[0], operands[1], bool(own[0] and own[1])), left
        if have[0] != have[1]:
            if not all(have):  # the sum is of one of them
                parts = [self.total(r, h) if h else self.read(r) for r, h in zip(readings, have)]
                first, second = (self.spread(*part, left) for part in parts)
                return self.times(first, second, bool(own[0] and own[1])), left
        elif not own[0] and not own[1] and len(summed) == 1:
            return self.dot(self.read(a)[0], self.read(b)[0]), left
        elif len(summed) == 1 and len(own[0]) <= 1 and len(own[1]) <= 1 and own[0] != own[1]:
            if not own[0] or (own[1] and own[1] < own[0]):
                a, b, own = b, a, own[::-1]
            return self.matmul(self.read(a, [*own[0], *summed])[0], self.read(b, [*summed, *own[1]])[0]), left
        return self.contracted(readings, left), left

    # --- readings -----------------------------------------------------------------------------------

    def read(self, reading: Reading, order: Sequence[int] | None = None) -> tuple[Text, list[int]]:
        """An array or a part of it, and its loops; in another order it is transposed."""
        if reading.constant is not None:
            return self.constant(reading.constant), []
        array = reading.array
        written = self.inlined.get(array) or (self.name(array.name), _ATOM)
        if reading.table:
            written = self.gathered(array, reading), _ATOM
        elif reading.index is not None:
            written = self.indexed(self.bracketed(written, _ATOM), reading.index), _ATOM
        if reading.reshaped:
            written = self.reshaped(self.bracketed(written, _ATOM), reading.shape), _ATOM
        axes = list(reading.axes)
        if order is not None and axes != list(order):
            turned = [axes.index(label) for label in order]
            written, axes = (self.transposed(self.bracketed(written, _ATOM), turned), _ATOM), list(order)
        elif order is None and len(axes) > 1 and axes != sorted(axes):
            turned = [axes.index(label) for label in sorted(axes)]
            written, axes = (self.transposed(self.bracketed(written, _ATOM), turned), _ATOM), sorted(axes)
        return written, axes

    def spread(self, written: Text, axes: list[int], over: Sequence[int], unpacked: int = 0) -> Text:
        """An expression with some loops as one that goes with an expression over all of these loops.

        unpacked  how many of its axes, the first ones, are loops over terms
        """
        own = axes[unpacked:]
        kept = [label for label in over if own and label >= own[0]]
        if kept == own:
            return written
        picks = [":"] * unpacked + [":" if label in own else "None" for label in kept]
        return f"{self.bracketed(written, _ATOM)}[{', '.join(picks)}]", _ATOM

    def total(self, reading: Reading, summed: list[int]) -> tuple[Text, list[int]]:
        left = sorted(label for label in reading.axes if label not in summed)
        if not left:
            return (self.totalled(self.read(reading)[0][0]), _ATOM), left
        written = self.read(reading, [*left, *summed])[0]
        return (self.totalled_along(written[0], len(summed)), _ATOM), left

    def contracted(self, readings: list[Reading], left: list[int]) -> Text:
        letters = ["".join(_LETTERS[label] for label in reading.axes) for reading in readings]
        arrays = [self.read(reading, reading.axes)[0][0] for reading in readings]
        result = "".join(_LETTERS[label] for label in left)
        return f"einsum('{','.join(letters)}->{result}', {', '.join(arrays)})", _ATOM

    def gathered(self, array: Array, reading: Reading) -> str:
        name = f"index_{len(self.tables) + 1}"
        self.tables[name] = reading
        return f"{self.name(array.name)}{'.ravel()' if len(array.shape) > 1 else ''}[{name}]"

    # --- notation -----------------------------------------------------------------------------------

    def bracketed(self, written: Text, least: int) -> str:
        return written[0] if written[1] >= least else f"({written[0]})"

    def name(self, name: str) -> str:
        return name

    def number(self, x: float) -> str:
        return str(int(x)) if x.is_integer() else repr(x)

    def constant(self, x: float) -> Text:
        return self.number(x) if x.is_integer() and abs(x) < 1e6 else repr(x), _SIGNED if x < 0 else _ATOM

    def times(self, first: Text, second: Text, entries: bool) -> Text:
        """A product entry by entry, or with a number."""
        return self.side_by_side(first, "*", second)

    def side_by_side(self, first: Text, sign: str, second: Text) -> Text:
        holds = _SIGNED if first[1] == _SIGNED else _PRODUCT  # −2 · x is −(2 · x)
        return f"{self.bracketed(first, holds)} {sign} {self.bracketed(second, _ATOM)}", holds

    def quotient(self, first: Text, second: Text) -> Text:
        return f"{self.bracketed(first, _PRODUCT)} / {self.bracketed(second, _ATOM)}", _PRODUCT

    def matmul(self, first: Text, second: Text) -> Text:
        return f"{self.bracketed(first, _ATOM)} @ {self.bracketed(second, _ATOM)}", _MATRIX

    def outer(self, first: Text, second: Text) -> Text:
        return f"outer({first[0]}, {second[0]})", _ATOM

    def dot(self, first: Text, second: Text) -> Text:
        return f"dot({first[0]}, {second[0]})", _ATOM

    def called(self, row: Op, operands: list[str]) -> str:
        name = self.steps.families.program.functions.get(row, row.name)
        return f"{name}({', '.join(operands)})"

    def called_together(self, operand: str) -> str:
        return f"softmaxes({operand})"

    def unpacked(self, written: Text) -> str:
        return f"*{self.bracketed(written, _ATOM)}"

    def totalled(self, written: str) -> str:
        return f"sum({written})"

    def totalled_along(self, written: str, axes: int) -> str:
        return f"sum({written}, axis={-1 if axes == 1 else tuple(range(-axes, 0))})"

    def transposed(self, written: str, order: list[int]) -> str:
        return f"{written}.T" if order == [1, 0] else f"{written}.transpose{tuple(order)}"

    def reshaped(self, written: str, shape: tuple[int, ...]) -> str:
        return f"{written}.reshape({', '.join(map(str, shape))})"

    def indexed(self, written: str, index: tuple[int | slice, ...]) -> str:
        return f"{written}[{', '.join(map(_picked, index))}]"


def _picked(index: int | slice) -> str:
    if isinstance(index, int):
        return str(index)
    step = f":{index.step}" if index.step else ""
    return f"{index.start or ''}:{index.stop}{step}"


class LatexWriter(Writer):
    """The same forms with the signs of a blackboard; ⊙ multiplies entry by entry."""

    def bracketed(self, written: Text, least: int) -> str:
        return written[0] if written[1] >= least else rf"\left({written[0]}\right)"

    def name(self, name: str) -> str:
        if name.startswith("d_"):
            scalars = [step.array for step in self.steps.steps if step.array.family.outputs and not step.array.shape]
            by = self.name(name[2:])
            return (
                rf"\frac{{\partial {self.name(scalars[0].name)}}}{{\partial {by}}}" if scalars else rf"\nabla_{{{by}}}"
            )
        found = _NAME.fullmatch(name)
        if not found:
            return rf"\text{{{name}}}".replace("_", r"\_")
        symbol, layer, below = found[1], found[2], ",".join(found[3].split("_")[1:])
        if _GREEK.fullmatch(symbol):
            symbol = f"\\{symbol}"
        elif symbol == "y_hat":
            symbol = r"\hat{y}"
        elif len(symbol) > 1:
            symbol = rf"\mathrm{{{symbol}}}".replace("_", r"\_")
        return symbol + (f"^{{({layer})}}" if layer else "") + (f"_{{{below}}}" if below else "")

    def number(self, x: float) -> str:
        return latex_number(constant(x))

    def times(self, first: Text, second: Text, entries: bool) -> Text:
        return self.side_by_side(first, r"\odot" if entries else r"\,", second)

    def quotient(self, first: Text, second: Text) -> Text:
        return rf"\frac{{{first[0]}}}{{{second[0]}}}", _ATOM

    def matmul(self, first: Text, second: Text) -> Text:
        return rf"{self.bracketed(first, _ATOM)} \, {self.bracketed(second, _ATOM)}", _MATRIX

    def outer(self, first: Text, second: Text) -> Text:
        return rf"{self.bracketed(first, _ATOM)} \, {self.transposed(self.bracketed(second, _ATOM), [1, 0])}", _MATRIX

    def dot(self, first: Text, second: Text) -> Text:
        return rf"{self.transposed(self.bracketed(first, _ATOM), [1, 0])} \, {self.bracketed(second, _ATOM)}", _MATRIX

    def called(self, row: Op, operands: list[str]) -> str:
        if row.name == "pow":
            return rf"\left({operands[0]}\right)^{{{operands[1]}}}"
        return rf"{latex_name(row.symbol)}\left({', '.join(operands)}\right)"

    def called_together(self, operand: str) -> str:
        return rf"\mathrm{{softmax}}\left({operand}\right)"

    def unpacked(self, written: Text) -> str:
        return written[0]

    def totalled(self, written: str) -> str:
        return rf"\sum {written}"

    def total(self, reading: Reading, summed: list[int]) -> tuple[Text, list[int]]:
        left = sorted(label for label in reading.axes if label not in summed)
        return (self.contracted([reading], left), left) if left else super().total(reading, summed)

    def spread(self, written: Text, axes: list[int], over: Sequence[int], unpacked: int = 0) -> Text:
        return written

    def gathered(self, array: Array, reading: Reading) -> str:
        super().gathered(array, reading)
        return rf"{self.name(array.name)}[\mathrm{{index}}_{{{len(self.tables)}}}]"

    def contracted(self, readings: list[Reading], left: list[int]) -> Text:
        summed = sorted({label for reading in readings for label in reading.axes} - set(left))

        def letters(loops: Iterable[int]) -> str:
            return "".join(_LETTERS[label] for label in loops)

        factors = [
            rf"{self.bracketed(self.read(reading, reading.axes)[0], _ATOM)}_{{{letters(reading.axes)}}} \,"
            for reading in readings
        ]
        return rf"\sum_{{{letters(summed)}}} {' '.join(factors)[:-3]}", _SIGNED

    def transposed(self, written: str, order: list[int]) -> str:
        above = re.fullmatch(r"(.*)\^\{([^{}]*)\}", written)
        return rf"{above[1]}^{{{above[2]}\top}}" if above else rf"{written}^{{\top}}"

    def reshaped(self, written: str, shape: tuple[int, ...]) -> str:
        return written

    def indexed(self, written: str, index: tuple[int | slice, ...]) -> str:
        picked = ", ".join(map(_picked, index)).replace(":", r"{:}")
        return rf"{written}_{{[{picked}]}}"
