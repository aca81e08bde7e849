"""What stands on a sheet and on its key, before it becomes a page, a text or a notebook.

Three parts, as the lecture goes: forward from left to right, backward from right to left, gradients and one step.
A cell is text, or a field: empty on the sheet, filled on the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..network.activations import ACTIVATION_RECORDS
from ..network.modules import name
from . import formulas
from .fields import Field, fields_of, value

if TYPE_CHECKING:
    from .worksheet import Worksheet

UNSIGNED = ("err", "slope")  # never below 0


@dataclass(frozen=True)
class Cell:
    """Text in a table; or, with a field, the number that stands or is to be written there.

    kind  "label", "work" (somebody's working), "number" or "points"
    """

    text: str = ""
    kind: str = "label"
    field: Field | None = None
    wide: int = 1


@dataclass(frozen=True)
class Table:
    """A table: the titles of its columns, each with its kind, and rows of cells."""

    columns: list[tuple[str, str]]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Section:
    """A heading with its points, tables that stand side by side, and a line below them."""

    title: str
    points: str
    tables: list[Table]
    note: str = ""


def signed(v: float, digits: int) -> str:
    """A number with its sign and fixed decimals; 0 has no sign.

    >>> signed(-0.5, 4), signed(0.25, 1), signed(-0.0, 2)
    ('−0.5000', '+0.2', '0.00')
    """
    text = plain(v, digits)
    return f"+{text}" if v > 0 and float(text) else text


def plain(v: float, digits: int) -> str:
    """The same without a plus.

    >>> plain(0.5, 4), plain(-0.00001, 4)
    ('0.5000', '0.0000')
    """
    text = f"{v:.{digits}f}"
    return text.replace("-", "−" if float(text) else "")


def _bare(v: float, digits: int) -> str:
    return f"({plain(v, digits)})" if v < 0 else plain(v, digits)


def points(n: float) -> str:
    """Points in words that teachers write.

    >>> points(13.5), points(0.5), points(9.0)
    ('13½', '½', '9')
    """
    whole, half = divmod(n, 1.0)
    return (f"{whole:g}" if whole or not half else "") + ("½" if half == 0.5 else "" if not half else f"{half:g}"[1:])


@dataclass(frozen=True)
class Layout:
    """The parts of a sheet, written for students or as the key.

    numbers  what is filled in: nothing, the key, or somebody's solution
    check    what the key says of the new θ
    """

    sheet: Worksheet
    key: bool
    numbers: dict[str, Any]
    check: str = ""

    @property
    def digits(self) -> int:
        return self.sheet.settings.digits

    def asked(self, field: Field) -> bool:
        """Whether the sheet asks for it."""
        return field in self._asked

    def shown(self, field: Field) -> str:
        """What stands in a field: a number, or nothing yet."""
        number = value(self.numbers, field.part, field.place)
        return "" if number is None else self.printed(field, number)

    def printed(self, field: Field, number: float) -> str:
        """A number as this field prints it: with its sign, unless it is never below 0."""
        k = field.place[0] if field.place else 0
        low = ACTIVATION_RECORDS[self.sheet.settings.activations[k]].low
        unsigned = field.part in UNSIGNED or (field.part == "o" and low >= 0)
        return (plain if unsigned else signed)(number, self.digits)

    # --- the parts -------------------------------------------------------------------------------

    def sections(self) -> list[Section]:
        """All parts of a pass."""
        return [self._forward(), self._backward(), self._gradients()]

    def field(self, part: str, place: tuple[int, ...]) -> Field:
        """The field of a part at a place, asked for or not."""
        return self._every[part, place]

    @property
    def every(self) -> list[Field]:
        """All fields of a whole pass."""
        return list(self._every.values())

    @cached_property
    def _every(self) -> dict[tuple[str, tuple[int, ...]], Field]:
        return {(f.part, f.place): f for f in fields_of(self.sheet.case)}

    @cached_property
    def _asked(self) -> set[Field]:
        return set(self.sheet.fields)

    def _neurons(self) -> list[tuple[int, int]]:
        return [(k, i) for k, layer in enumerate(self.sheet.numbers.theta) for i in range(len(layer))]

    def _number(self, part: str, place: tuple[int, ...], wide: int = 1) -> Cell:
        field = self.field(part, place)
        return Cell(self.shown(field), "number", field if self.asked(field) else None, wide)

    def _points(self, *parts: str) -> float:
        return sum(f.points for f in self.sheet.fields if f.part in parts)

    def _worth(self, row: Sequence[Cell]) -> list[Cell]:
        """The row; on the key, with its points at the end."""
        each = [points(c.field.points) for c in row if c.field is not None]
        return [*row, Cell("+".join(each), "points")] if self._pointed else list(row)

    @property
    def _pointed(self) -> bool:
        return self.key and self.sheet.settings.difficulty != "find"

    def _columns(self, *columns: tuple[str, str]) -> list[tuple[str, str]]:
        return [*columns, ("pts", "points")] if self._pointed else list(columns)

    def _forward(self) -> Section:
        rows = []
        for n, (k, i) in enumerate(self._neurons()):
            row = [Cell(f"{k + 1}·{i + 1}"), Cell(self.work_u(k, i, first=n == 0), "work"),
                   self._number("u", (k, i)), self._number("o", (k, i))]  # fmt: skip
            rows.append(self._worth(row))
        rows.append(self._worth([Cell("Err"), Cell(self.work_err(), "work"), self._number("err", (), wide=2)]))
        columns = self._columns(("neuron", "label"), ("u = Σ θ·o + b  (your working)", "work"), ("u", "number"),
                                ("o = σ(u)", "number"))  # fmt: skip
        total = self._points("u", "o", "err")
        return Section("Forward, left to right", f"{points(total)} points: 1 each" if total else "given",
                       [Table(columns, rows)])  # fmt: skip

    def _backward(self) -> Section:
        rows, first = [], set()
        for k, i in sorted(self._neurons(), key=lambda neuron: (-neuron[0], neuron[1])):
            kind = "output" if k == len(self.sheet.numbers.theta) - 1 else "hidden"
            field = self.field("delta", (k, i))
            if self.asked(field) or self.shown(field):
                work = Cell(self.work_delta(k, i, first=kind not in first), "work")
                slope, delta = self._number("slope", (k, i)), self._number("delta", (k, i))
                rows.append(self._worth([Cell(f"{k + 1}·{i + 1}"), slope, work, delta]))
                first.add(kind)
        columns = self._columns(("neuron", "label"), ("σ'(u)", "number"), ("δ (your working)", "work"),
                                ("δ = ∂Err/∂u", "number"))  # fmt: skip
        total = self._points("slope", "delta")
        each = "1 for σ′, 2 for δ" if self._points("slope") else "2 each"
        return Section("Backward, right to left", f"{points(total)} points: {each}", [Table(columns, rows)])

    def _gradients(self) -> Section:
        blocks: list[list[list[Cell]]] = []
        for k, i in self._neurons():
            if self.asked(self.field("db", (k, i))) or self.shown(self.field("db", (k, i))):
                blocks.append([
                    *(self._gradient_row(k, i, l, first=not blocks and l == 0)
                      for l in range(len(self.sheet.numbers.theta[k][i]))),
                    self._gradient_row(k, i),
                ])  # fmt: skip
        columns = [("", "label"), ("δ·o", "work"), ("∂Err/∂θ", "number"), ("new θ", "number")]
        tables = [Table(columns, [row for block in half for row in block]) for half in self._halves(blocks)]
        total = self._points("dtheta", "db", "theta", "b")
        return Section(f"Gradients and one step, {formulas.UPDATE}",
                       f"{points(total)} points: 1 for ∂Err/∂θ, ½ for new θ", tables, self._check())  # fmt: skip

    def _gradient_row(self, k: int, i: int, l: int | None = None, first: bool = False) -> list[Cell]:
        if l is None:
            return [Cell(name("b", i + 1, layer=k + 1)), Cell("δ" if self.numbers_shown else "", "work"),
                    self._number("db", (k, i)), self._number("b", (k, i))]  # fmt: skip
        return [Cell(name("θ", i + 1, l + 1, layer=k + 1)), Cell(self.work_gradient(k, i, l, first), "work"),
                self._number("dtheta", (k, i, l)), self._number("theta", (k, i, l))]  # fmt: skip

    def _halves(self, blocks: list[list[list[Cell]]]) -> Iterator[list[list[list[Cell]]]]:
        """Two columns, split by layer where there are two, and never inside a neuron."""
        widths = self.sheet.settings.widths
        split = widths[1] if len(widths) == 3 and len(blocks) > widths[1] else (len(blocks) + 1) // 2
        yield from (half for half in (blocks[:split], blocks[split:]) if half)

    def _check(self) -> str:
        last = len(self.sheet.numbers.theta)
        if self.sheet.settings.difficulty == "find":
            return ""
        if not self.key:
            return (f"Check yourself: which way did {name('δ', 1, layer=last)} say that ŷ has to go, and do the new"
                    f" {name('θ', layer=last)} move it there?")  # fmt: skip
        return self.check

    # --- workings, with numbers put in, or a formula in the first row of a kind ---------------------

    @property
    def numbers_shown(self) -> bool:
        """Whether the working is shown with numbers in it."""
        return self.key or self.sheet.settings.difficulty == "find"

    def _operand(self, part: str, place: tuple[int, ...]) -> str:
        field = self.field(part, place)
        return self.printed(field, value(self.numbers, part, place))

    def _bare(self, part: str, place: tuple[int, ...]) -> str:
        """An operand without a plus, in brackets if it has a minus: to stand after a sign."""
        return _bare(value(self.numbers, part, place), self.digits)

    def _before(self, k: int, l: int) -> str:
        return signed(self.sheet.numbers.x[l], 1) if k == 0 else self._operand("o", (k - 1, l))

    def hint(self, text: str, first: bool) -> str:
        """A formula in the first row of a kind, where the difficulty gives one."""
        return f"{text} =" if first and self.sheet.settings.difficulty in ("pass", "step") else ""

    def work_u(self, k: int, i: int, first: bool) -> str:
        row, bias = self.sheet.numbers.theta[k][i], self.sheet.numbers.bias[k][i]
        if not self.numbers_shown:
            names = [name("x", l + 1) if k == 0 else name("o", l + 1, layer=k) for l in range(len(row))]
            terms = [f"{name('θ', i + 1, l + 1, layer=k + 1)}·{o}" for l, o in enumerate(names)]
            return self.hint(" + ".join([*terms, name("b", i + 1, layer=k + 1)]), first)
        products = " + ".join(f"({signed(t, 1)})·({self._before(k, l)})" for l, t in enumerate(row))
        return f"{products} {'−' if bias < 0 else '+'} {plain(abs(bias), 1)}"

    def work_err(self) -> str:
        loss, outputs, last = self.sheet.settings.loss, len(self.sheet.numbers.y), len(self.sheet.numbers.theta) - 1
        text = formulas.err(loss, outputs)
        if not self.numbers_shown:
            return self.hint(text, True)
        if "log" in text:
            return text
        before, sum_sign, term = text.rpartition("Σₖ ")
        terms = [
            term.replace("ŷₖ", "ŷ")
            .replace("yₖ", "y")
            .replace("ŷ", self._bare("o", (last, i)))
            .replace("y", _bare(y, 1))
            for i, y in enumerate(self.sheet.numbers.y)
        ]
        terms_text = " + ".join(terms)
        return f"{before}({terms_text})" if sum_sign and before else terms_text

    def work_delta(self, k: int, i: int, first: bool) -> str:
        loss, numbers, last = self.sheet.settings.loss, self.sheet.numbers, len(self.sheet.numbers.theta) - 1
        outputs = len(numbers.y)
        if not self.numbers_shown:
            text = (
                f"{formulas.factor(formulas.error_slope(loss, outputs))}·σ'(u)"
                if k == last
                else formulas.hidden_delta()
            )
            return self.hint(text, first)
        slope = self._operand("slope", (k, i))
        if k == last:
            put_in = formulas.with_numbers(loss, _bare(numbers.y[i], 1), self._bare("o", (k, i)), outputs)
            put_in = formulas.factor(put_in) if put_in else f"({signed(self.sheet.case.errors[i], self.digits)})"
            return f"{put_in}·{slope}"
        terms = [
            f"({self._operand('delta', (k + 1, j))})·({signed(row[i], 1)})"
            for j, row in enumerate(numbers.theta[k + 1])
        ]
        return f"{slope}·{terms[0]}" if len(terms) == 1 else f"{slope}·({' + '.join(terms)})"

    def work_gradient(self, k: int, i: int, l: int, first: bool) -> str:
        if not self.numbers_shown:
            return self.hint(formulas.gradient(), first)
        return f"({self._operand('delta', (k, i))})·({self._before(k, l)})"
