"""Program → source that a learner can read, and that runs on floats bit for bit like the graph.

A result that is used once and has no name of its own is written where it is used, so that
δ_i = σ'(u_i) · (δ_1·θ_1i + δ_2·θ_2i) stands in one line.  The same printer serves every
namespace of Python's, and JavaScript: they differ in a Style.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..ops import BUILT_IN
from ..recording import number
from .program import Instruction, Program

LONGEST_LINE = 40  # operands in one line before a part of it gets a line of its own

# How tightly an expression binds: what stands in brackets where.
_SUM, _NEGATIVE, _PRODUCT, _ATOM = range(4)
_INFIX = {
    "add": ("+", _SUM, _SUM, _PRODUCT),
    "sub": ("-", _SUM, _SUM, _PRODUCT),
    "mul": ("*", _PRODUCT, _NEGATIVE, _ATOM),
}


@dataclass(frozen=True)
class Style:
    """What differs between the printed languages.

    assignment   a line of the program
    number       how a constant is written, given its number and its value
    patterns     rows that are written out, with {0}, {1}, … for their operands
    longest_sum  terms of a sumprod that are written out
    keep_names   whether a result that somebody gave a name gets a line, even if it is used once
    """

    assignment: str = "{} = {}"
    number: Callable[[int, float], str] = lambda i, x: repr(x)
    patterns: Mapping[str, str] = field(default_factory=dict)
    longest_sum: int = 16
    keep_names: bool = True


READABLE = Style()
# A branch that is written out saves a call, 40 ns of 60; it means what floats.py says, to the bit.
FAST = Style(
    longest_sum=64,
    keep_names=False,
    patterns={
        "relu": "({0} if {0} > 0.0 or {0} != {0} else 0.0)",
        "leaky_relu": "({0} if {0} > 0.0 else {1} * {0})",
        "leaky_relu_slope": "(1.0 if {0} > 0.0 else {1} if {0} <= 0.0 else nan)",
        "step": "(1.0 if {0} > 0.0 else 0.0 if {0} <= 0.0 else nan)",
        "maximum": "({0} if {0} >= {1} or {0} != {0} else {1})",
        "minimum": "({0} if {0} <= {1} or {0} != {0} else {1})",
        "larger": "(1.0 if {0} > {1} else 0.5 if {0} == {1} else 0.0 if {0} < {1} else nan)",
        "where": "({1} if {0} else {2})",
        "lt": "(1.0 if {0} < {1} else 0.0)",
        "le": "(1.0 if {0} <= {1} else 0.0)",
        "gt": "(1.0 if {0} > {1} else 0.0)",
        "ge": "(1.0 if {0} >= {1} else 0.0)",
        "gated": "({0} * {1} if {0} and {1} else 0.0)",
        "sin": "(sin({0}) if {0} - {0} == 0.0 else nan)",
        "cos": "(cos({0}) if {0} - {0} == 0.0 else nan)",
        "div": "({0} / {1} if {1} else div({0}, {1}))",
        "div_slope": "(-_q / {1} if {1} and ((_q := {0} / {1}) >= 1e-290 or _q <= -1e-290) else div_slope({0}, {1}))",
        "erf_slope": (
            "((1.1283791670955126 + 1.1283791670955126 * _expm1("
            "((_n := {0} + 1649267441664.0 - 1649267441664.0) - {0}) * ({0} + _n)))"
            " * _exp(-_n * _n) if -26.0 < {0} < 26.0 else erf_slope({0}))"
        ),
        "exp": "(_exp({0}) if {0} < 709.0 else exp({0}))",
        "log": "(log({0}) if {0} > 0.0 else -inf if {0} == 0.0 else nan)",
        "sech2": "(4.0 * (_e := _exp(-2.0 * _abs({0}))) / (1.0 + _e * (2.0 + _e)))",
        "sigmoid": "(1.0 / (1.0 + _exp(-{0})) if {0} >= 0.0 else (_e := _exp({0})) / (1.0 + _e))",
        "sigmoid_slope": "((_e := _exp(-_abs({0}))) / (1.0 + _e * (2.0 + _e)))",
        "sqrt": "(sqrt({0}) if {0} >= 0.0 else nan)",
        "log_slope": "(1.0 / {0} if {0} > 0.0 else inf if {0} == 0.0 else nan)",
        "atan_slope": "(1.0 / (1.0 + {0} * {0}) if -1e100 < {0} < 1e100 else 1.0 / {0} / {0})",
    },
)  # fmt: skip
# The C functions themselves where a row only passes its operand on, or a pattern has asked before.
_DIRECT = {name: getattr(math, name) for name in ("tanh", "erf", "atan", "sin", "cos", "sqrt", "log")}
_DIRECT |= {"abs": math.fabs, "_abs": math.fabs, "_exp": math.exp, "_expm1": math.expm1}


def source(program: Program, style: Style = READABLE) -> str:
    """The program as the text of a Python function `program`.

    >>> from autograd import TABLE
    >>> double = Instruction(2, TABLE["mul"], (0, 1))
    >>> print(source(Program([0], {1: 2.0}, [double], [2], {0: "x", 2: "v_1"}, True, {2})))
    def program(x):
        return x * 2.0
    <BLANKLINE>
    """
    arguments, lines, result = statements(program, style)
    return "\n".join([f"def program({arguments}):", *(f"    {line}" for line in lines), f"    return {result}", ""])


def statements(program: Program, style: Style) -> tuple[str, list[str], str]:
    """The arguments, the lines and the returned expression of a program."""
    printer = _Printer(program, style)
    lines = printer.lines()
    outputs = [printer.text(i) for i in program.outputs]
    returned = outputs[0] if program.single else f"[{', '.join(outputs)}]"
    return ", ".join(program.names[i] for i in program.inputs), lines, returned


def function(text: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """The function that a program's text defines; the namespace gives its names a meaning.

    >>> function("def program(x):\\n    return f(x)", {"f": math.sqrt})(9.0)
    3.0
    """
    namespace = {"inf": math.inf, "nan": math.nan, **namespace}
    exec(compile(text, "<lowered program>", "exec"), namespace)
    defined: Callable[..., Any] = namespace["program"]
    return defined


def compiled(program: Program) -> Callable[..., Any]:
    """The program as a function of floats; whatever else it is given is converted first, or refused."""
    namespace = {name: row.function for row, name in program.functions.items()}
    header, body = source(program, FAST).split("\n", 1)
    if program.inputs:
        names = [program.names[i] for i in program.inputs]
        # Asked here and not by the caller, where it took a tenth of a network's gradient.
        asked, given = " is ".join(f"_type({name})" for name in names), "".join(f"{name}, " for name in names)
        header += f"\n    if not ({asked} is _float):\n        {given}= _floats({given})"
    return function(f"{header}\n{body}", namespace | _DIRECT | {"_type": type, "_float": float, "_floats": _floats})


def _floats(*inputs: Any) -> list[float]:
    return [number(x, "program") for x in inputs]


class _Text(NamedTuple):
    """An expression: its text, how tightly it binds, how many operands stand in it."""

    text: str
    binds: int
    size: int


class _Printer:
    """Decides what is written in place, and writes expressions with as few brackets as needed."""

    def __init__(self, program: Program, style: Style) -> None:
        self.program = program
        self.style = style
        self.inline: dict[int, _Text] = {}
        self.uses = Counter(program.outputs)
        for each in program.instructions:
            self.uses.update(each.operands)
            if self.pattern(each):
                self.uses.update(each.operands)  # it may stand there twice, so it needs a name

    def pattern(self, each: Instruction) -> str | None:
        return self.style.patterns.get(each.row.name) if each.row in BUILT_IN else None

    def lines(self) -> list[str]:
        """One line for each result that is used twice, or that somebody gave a name."""
        lines: list[str] = []
        for each in self.program.instructions:
            self.shorten(each, lines)
            written = self.expression(each)
            name = self.program.names[each.result]
            passing = each.result in self.program.unnamed or not self.style.keep_names
            if passing and self.uses[each.result] == 1 and written.size < LONGEST_LINE:
                self.inline[each.result] = written
            else:
                lines.append(self.style.assignment.format(name, written.text))
        return lines

    def shorten(self, each: Instruction, lines: list[str]) -> None:
        """Give the largest parts of an expression a line of their own until the rest fits one."""
        parts = sorted((i for i in set(each.operands) if i in self.inline), key=lambda i: self.inline[i].size)
        size = len(each.operands) + sum(self.inline[i].size for i in parts)
        while parts and size > LONGEST_LINE:
            part = self.inline.pop(i := parts.pop())
            size -= part.size
            lines.append(self.style.assignment.format(self.program.names[i], part.text))

    def expression(self, each: Instruction) -> _Text:
        operands = each.operands
        size = 1 + sum(self.inline[i].size if i in self.inline else 1 for i in operands)
        name = each.row.name
        if each.row in BUILT_IN:
            if name in self.style.patterns:
                return _Text(self.style.patterns[name].format(*map(self.text, operands)), _ATOM, size)
            if name in _INFIX:
                sign, binds, left, right = _INFIX[name]
                return _Text(f"{self.text(operands[0], left)} {sign} {self.text(operands[1], right)}", binds, size)
            if name == "neg":
                return _Text(f"-{self.text(operands[0], _ATOM)}", _NEGATIVE, size)
            half = len(operands) // 2
            if name == "sumprod" and 0 < half <= self.style.longest_sum:
                return _Text(self.sum_of_products(operands[:half], operands[half:]), _SUM, size)
        called = self.program.functions.get(each.row, name)
        return _Text(f"{called}({', '.join(map(self.text, operands))})", _ATOM, size)

    def sum_of_products(self, p: tuple[int, ...], q: tuple[int, ...]) -> str:
        """p₁·q₁ + p₂·q₂ + … from left to right, a factor 1 left out: the same bits."""
        terms: list[str] = []
        for a, b in zip(p, q):
            if self.program.constants.get(b) == 1.0:
                a, b = b, a
            if self.program.constants.get(a) == 1.0:
                terms.append(self.text(b, _PRODUCT if terms else _SUM))
            else:
                terms.append(f"{self.text(a, _NEGATIVE)} * {self.text(b, _ATOM)}")
        return " + ".join(terms)

    def text(self, i: int, least: int = _SUM) -> str:
        """An operand, in brackets where it binds less tightly than its place asks for."""
        if i in self.program.constants:
            text = self.style.number(i, self.program.constants[i])
            binds = _NEGATIVE if text.startswith("-") else _ATOM
        elif i in self.inline:
            text, binds, _ = self.inline[i]
        else:
            return self.program.names[i]
        return text if binds >= least else f"({text})"
