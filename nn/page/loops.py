"""A program over lists, printed as loops over arrays of any size.

A recorded graph has a fixed number of inputs: a layer of 5 inputs and 3 neurons has 18 θ.  Its outputs
repeat themselves, though: u₂ is computed as u₁ is, from other places of the same lists.  Where these
places are affine in the number of the output, a·i + b·l + c, one loop says it all.  It is printed with
the sizes' names in the place of 5 and 3, and recorded once more at other sizes to see that they hold.

Nothing is computed here, and no derivative known: those come as graphs, from autograd.grad.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, product
from typing import NamedTuple, TypeAlias

from autograd import LoweringError, Value, lower
from autograd.lowering import Program
from autograd.lowering.script import number
from autograd.ops import Op

Lists: TypeAlias = "Mapping[str, Sequence[Value] | Value]"  # array -> its Values; a single one is a number
Recorder: TypeAlias = Callable[..., tuple[Lists, Lists]]  # sizes -> inputs, outputs

SIZES = ({"n": 5, "m": 3}, {"n": 3, "m": 7})  # none is 1, or one more than the other
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_COUNTERS = ("i", "l")  # of the outputs, the last running fastest
_TERM = "j"  # of a sum


class Place(NamedTuple):
    """An element of an array."""

    array: str
    at: int


class Term(NamedTuple):
    """A row applied to what it is computed from; a plain number has no row."""

    row: Op | None
    operands: tuple[Term | Place | float, ...]


Expression: TypeAlias = "Term | Place | float"


def loops(name: str, record: Recorder, sizes: Sequence[str] = ("n", "m")) -> str:
    """The text of a JavaScript function name(…sizes, …inputs, …outputs) that fills the outputs' arrays.

    record  gives inputs and outputs, as lists of Values by name, for sizes by name

    An output is stored after all that are computed in its loop, so it may be an input's array.  Raises
    LoweringError for a graph that does not read as loops.

    >>> from autograd.functions import relu
    >>> def record(n):
    ...     x = [Value(1.0) for _ in range(n)]
    ...     return {"x": x}, {"y": [relu(v) for v in x]}
    >>> print(loops("positive", record, ["n"]))
    function positive(n, x, y) {
      for (let i = 0; i < n; i++) {
        y[i] = relu(x[i]);
      }
    }
    """
    first, second = (_text(name, record, {size: given[size] for size in sizes}) for given in SIZES)
    if first != second:
        raise LoweringError(f"{name} reads as other loops at other sizes:\n{first}\n{second}")
    return first


def rows_of(record: Recorder, sizes: Sequence[str] = ("n", "m")) -> list[Op]:
    """The rows that the loops call by their names: all but + − × ÷ and the sums of products.

    >>> def record(n):
    ...     x = [Value(1.0) for _ in range(n)]
    ...     return {"x": x}, {"y": [v * v.tanh() for v in x]}
    >>> [row.name for row in rows_of(record, ["n"])]
    ['tanh']
    """
    inputs, outputs = record(**{size: SIZES[0][size] for size in sizes})
    program = lower(_flat(outputs), _flat(inputs))
    return [row for row in program.functions if row.name not in (*_INFIX, "neg", "sumprod")]


def _flat(lists: Lists) -> list[Value]:
    return [v for values in lists.values() for v in ([values] if isinstance(values, Value) else values)]


def _text(name: str, record: Recorder, sizes: dict[str, int]) -> str:
    inputs, outputs = record(**sizes)
    printer = _Printer(name, sizes, {key for key, values in {**inputs, **outputs}.items() if isinstance(values, Value)})
    if any(isinstance(values, Value) for values in outputs.values()):
        raise LoweringError(f"{name}: an output is a list")
    program = lower(_flat(outputs), _flat(inputs), allow_constants=True)
    expressions = iter(_expressions(program, inputs))
    families: dict[tuple[object, int], list[tuple[Place, Expression]]] = {}
    for key, values in outputs.items():
        members = [(Place(key, i), next(expressions)) for i in range(len(values))]  # type: ignore[arg-type]
        for shape, group in groupby(members, lambda member: _shape(member[1])):
            families.setdefault((key, shape), []).extend(group)  # type: ignore[arg-type]
    lines = printer.families(list(families.values()))
    arguments = ", ".join([*sizes, *inputs, *(key for key in outputs if key not in inputs)])
    return "\n".join([f"function {name}({arguments}) {{", *(f"  {line}" for line in lines), "}"])


def _expressions(program: Program, inputs: Lists) -> list[Expression]:
    """What each output is, from the inputs' places and numbers alone."""
    found: dict[int, Expression] = dict(program.constants)
    numbers = iter(program.inputs)
    for key, values in inputs.items():
        for i in range(1 if isinstance(values, Value) else len(values)):
            found[next(numbers)] = Place(key, i)
    for each in program.instructions:
        found[each.result] = Term(each.row, tuple([found[i] for i in each.operands]))
    return [found[i] for i in program.outputs]


def _shape(e: Expression) -> object:
    """What members of one family have in common: rows, arrays and numbers, a sum's runs without their lengths."""
    if isinstance(e, Place):
        return e.array
    if not isinstance(e, Term):
        return ("number", number(e))
    assert e.row is not None
    if e.row.name == "sumprod":
        return ("sumprod", *(shape for shape, _ in groupby(map(_shape_of_term, _terms(e)))))
    return (e.row.name, *map(_shape, e.operands))


def _terms(e: Term) -> list[tuple[Expression, Expression]]:
    half = len(e.operands) // 2
    return list(zip(e.operands[:half], e.operands[half:]))


def _shape_of_term(term: tuple[Expression, Expression]) -> object:
    return tuple(map(_shape, term))


class _Printer:
    def __init__(self, name: str, sizes: dict[str, int], single: set[str]) -> None:
        self.name, self.sizes, self.single = name, sizes, single
        self.symbols = {0: "0", 1: "1"} | {value: size for size, value in sizes.items()}
        self.symbols |= {value + 1: f"({size} + 1)" for size, value in sizes.items()}  # a neuron's θ and its bias

    def families(self, families: list[list[tuple[Place, Expression]]]) -> list[str]:
        """Loops, one for all families that are neighbours and run over the same numbers."""
        lines: list[str] = []
        for counts, group in groupby(families, self.counts):
            body = self.body(list(group), counts)
            for counter, size in reversed(list(zip(_COUNTERS, counts))):
                head = f"for (let {counter} = 0; {counter} < {size}; {counter}++) {{"
                body = [head, *(f"  {line}" for line in body), "}"]
            lines += body
        return lines

    def counts(self, family: list[tuple[Place, Expression]]) -> tuple[str, ...]:
        """The sizes whose product is the number of members: ("m", "n") for a loop of n in one of m."""
        names = list(self.sizes)
        for counts in ((), *((size,) for size in names), *product(reversed(names), repeat=2)):
            total = 1
            for size in counts:
                total *= self.sizes[size]
            if total == len(family) and len(set(counts)) == len(counts):
                return counts
        raise LoweringError(f"{self.name}: {len(family)} outputs are alike, which is no product of {self.sizes}")

    def body(self, families: list[list[tuple[Place, Expression]]], counts: tuple[str, ...]) -> list[str]:
        """The lines for one member, i and l being its numbers; what is computed first is stored last."""
        places = list(product(*(range(self.sizes[size]) for size in counts)))
        lines, stores = [], []
        for k, family in enumerate(families):
            where = self.place([place for place, _ in family], places)
            before, text = self.printed([e for _, e in family], places, f"sum_{k}" if len(families) > 1 else "sum")
            if len(families) > 1 and not before:
                before, text = [f"const new_{k} = {text};"], f"new_{k}"
            lines += before
            stores.append(f"{where} = {text};")
        return lines + stores

    def printed(self, members: list[Expression], places: list[tuple[int, ...]], name: str) -> tuple[list[str], str]:
        """Lines to go before, and the expression, of all members at once."""
        first = members[0]
        if isinstance(first, Term) and first.row is not None and first.row.name == "sumprod":
            return self.sum(members, places, name), name
        return [], self.expression(members, places, _COUNTERS)

    def sum(self, members: list[Expression], places: list[tuple[int, ...]], name: str) -> list[str]:
        """A sum of products from left to right, a run of terms that are alike being a loop."""
        lines: list[str] = []
        columns = list(zip(*(_terms(member) for member in members if isinstance(member, Term))))
        for _, run in groupby(columns, lambda column: _shape_of_term(column[0])):
            terms = list(run)
            if len(terms) == 1:
                product_ = self.product(terms[0], places, _COUNTERS)
                lines.append(f"{name} += {product_};" if lines else f"let {name} = {product_};")
                continue
            size = self.symbols.get(len(terms))
            if size is None or size not in self.sizes:
                raise LoweringError(f"{self.name}: a sum of {len(terms)} terms that are alike, at {self.sizes}")
            wide = [(*place, j) for j in range(len(terms)) for place in places]
            counters = (*_COUNTERS[: len(places[0])], _TERM)
            text = self.product([pair for column in terms for pair in column], wide, counters)
            if lines:
                lines.append(f"for (let {_TERM} = 0; {_TERM} < {size}; {_TERM}++) {name} += {text};")
            else:
                lines.append(f"let {name} = {self.product(terms[0], places, _COUNTERS)};")
                lines.append(f"for (let {_TERM} = 1; {_TERM} < {size}; {_TERM}++) {name} += {text};")
        return lines

    def product(
        self, pairs: Sequence[tuple[Expression, Expression]], places: list[tuple[int, ...]], counters: Sequence[str]
    ) -> str:
        p, q = (self.expression([pair[side] for pair in pairs], places, counters, True) for side in (0, 1))
        return q if p == "1" else p if q == "1" else f"{p} * {q}"

    def expression(
        self, members: list[Expression], places: list[tuple[int, ...]], counters: Sequence[str], inner: bool = False
    ) -> str:
        first = members[0]
        if isinstance(first, Place):
            return self.place([m for m in members if isinstance(m, Place)], places, counters)
        if not isinstance(first, Term):
            return number(first) if first >= 0 or not inner else f"({number(first)})"
        assert first.row is not None
        columns = list(zip(*(member.operands for member in members if isinstance(member, Term))))
        if first.row.name == "sumprod":  # a short one inside an expression: its terms written out
            half = len(columns) // 2
            pairs = [list(zip(p, q)) for p, q in zip(columns[:half], columns[half:])]
            text = " + ".join(self.product(pair, places, counters) for pair in pairs)
            return f"({text})" if inner else text
        operands = [self.expression(list(column), places, counters, True) for column in columns]
        if first.row.name in _INFIX:
            text = f" {_INFIX[first.row.name]} ".join(operands)
            return f"({text})" if inner else text
        return f"(-{operands[0]})" if first.row.name == "neg" else f"{first.row.name}({', '.join(operands)})"

    def place(self, members: list[Place], places: list[tuple[int, ...]], counters: Sequence[str] = _COUNTERS) -> str:
        """array[a·i + b·l + c], with the sizes' names in it."""
        array, start = members[0]
        if array in self.single:
            return array
        if places == [()]:
            return f"{array}[{self.symbol(start)}]"
        slopes = []
        for axis in range(len(places[0])):
            unit = tuple(int(k == axis) for k in range(len(places[0])))
            slopes.append(members[places.index(unit)].at - start)
        for member, place in zip(members, places):
            if member.at != start + sum(a * x for a, x in zip(slopes, place)):
                raise LoweringError(f"{self.name}: the places of {array} are not affine in the outputs' numbers")
        parts = [f"{self.symbol(a)} * {c}" if a != 1 else c for a, c in zip(slopes, counters) if a]
        if start or not parts:
            parts.append(self.symbol(start))
        return f"{array}[{' + '.join(parts)}]"

    def symbol(self, coefficient: int) -> str:
        if coefficient not in self.symbols:
            raise LoweringError(f"{self.name}: the number {coefficient} is none of the sizes {self.sizes}")
        return self.symbols[coefficient]
