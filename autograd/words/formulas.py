"""A small expression of Values as a line of mathematics: plain text, or LaTeX.

It is written down to the nodes that have a name, which is where the reader's next line begins:
δ₁ = σ'(u₁) · (δ₂·θ₂₁ + …) stops at u, δ and θ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ops import LITERAL
from .derivatives import by_operand, derivative
from .text import constant, formula, power

if TYPE_CHECKING:
    from ..value import Value

_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾−′", "01234567890123456789()-'")
_RAISED = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WHOLE = set("−0123456789")
_ABOVE, _BELOW = "⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉,ᵢⱼₖₗ"
_QUANTITY = re.compile(rf"(.+?)([{_ABOVE}]*)([{_BELOW}]*)")
_SLOT = re.compile(r"∂([₀-₉]+)(.+)")
_LETTERS = {
    "θ": r"\theta",
    "δ": r"\delta",
    "σ": r"\sigma",
    "η": r"\eta",
    "φ": r"\varphi",
    "ŷ": r"\hat y",
    "Σ": r"\Sigma",
}
_DELIMITERS = str.maketrans({"⌊": r"\lfloor ", "⌋": r" \rfloor", "⌈": r"\lceil ", "⌉": r" \rceil"})
_SPECIAL = str.maketrans({c: "\\" + c for c in "#$%&_{}"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "})
_BETWEEN = {"mod", "floordiv", "lt", "le", "gt", "ge"}  # whose symbol stands between the operands
SUM, SIGNED, PRODUCT, ATOM = range(4)  # how tightly an expression holds together


def latex_name(name: str) -> str:
    r"""A name of ours in LaTeX.

    >>> latex_name("θ⁽²⁾₁₃"), latex_name("σ'"), latex_name("a_b c")
    ('\\theta^{(2)}_{13}', "\\sigma'", '\\text{a\\_b c}')
    >>> latex_name("∂Err/∂θ₁")
    '\\frac{\\partial \\mathrm{Err}}{\\partial \\theta_{1}}'
    >>> latex_name("∂₁Err"), latex_name("∂y/∂(z = logit)")
    ('\\partial_{1} \\mathrm{Err}', '\\frac{\\partial y}{\\partial \\text{(z = logit)}}')
    """
    above, below = _halves(name)
    if below:
        return rf"\frac{{\partial {latex_name(above)}}}{{\partial {latex_name(below)}}}"
    if slot := _SLOT.fullmatch(name):
        return rf"\partial_{{{slot[1].translate(_PLAIN)}}} {latex_name(slot[2])}"
    found = _QUANTITY.fullmatch(name)
    if not found:
        return rf"\text{{{name.translate(_SPECIAL)}}}"
    symbol, above, below = found[1].translate(_PLAIN), found[2].translate(_PLAIN), found[3].translate(_PLAIN)
    bare = symbol.rstrip("'")
    primes = symbol[len(bare) :]
    if bare in _LETTERS:
        text = _LETTERS[bare]
    elif bare.isascii() and bare.isalpha():
        text = bare if len(bare) == 1 else rf"\mathrm{{{bare}}}"
    else:
        text = rf"\text{{{bare.translate(_SPECIAL)}}}"
    return text + primes + (f"^{{{above}}}" if above else "") + (f"_{{{below}}}" if below else "")


def _halves(name: str) -> tuple[str, str]:
    """y and x of ∂y/∂x, each of which may be a derivative in brackets; x is "" where the name is no derivative."""
    depth = 0
    for i, c in enumerate(name) if name.startswith("∂") else ():
        depth += (c == "(") - (c == ")")
        if not depth and name.startswith("/∂", i):
            return _inner(name[1:i]), _inner(name[i + 2 :])
    return "", ""


def _inner(name: str) -> str:
    """A derivative without the brackets that it needs on a line, and not above or below another."""
    return name[1:-1] if _halves(name[1:-1])[1] and name[0] == "(" else name


def latex_number(text: str) -> str:
    r"""A number as text.signed or text.constant writes it, in LaTeX.

    >>> latex_number("−1.5×10⁻⁹"), latex_number("+∞")
    ('-1.5\\cdot 10^{-9}', '+\\infty')
    """
    mantissa, times, exponent = text.partition("×10")
    plain = exponent.translate(_PLAIN).replace("⁻", "-")
    return mantissa.replace("−", "-").replace("∞", r"\infty") + (rf"\cdot 10^{{{plain}}}" if times else "")


def powers(node: Value) -> dict[int, str]:
    """The exponents in what a node stands for, by the number of the term: a square is one however it was written.

    >>> from autograd import Value, sumprod
    >>> v, w = Value(2.0), Value(3.0)
    >>> powers(v * v) == powers(v**2) == powers(sumprod([v], [v])) == {0: "²"}
    True
    >>> powers(v**-1), powers(sumprod([v, v], [w, v])), powers(v**0.5)
    ({0: '⁻¹'}, {1: '²'}, {})
    """
    operation, operands = "" if node.op is None else node.op.name, node.parents
    half = len(operands) // 2
    if operation in ("mul", "sumprod"):
        return {i: "²" for i, (p, q) in enumerate(zip(operands[:half], operands[half:])) if p is q}
    if operation == "pow" and operands[1].op is LITERAL and set(text := constant(operands[1].data)) <= _WHOLE:
        return {0: text.translate(_RAISED)}
    return {}


def applied(node: Value, operands: Sequence[str]) -> str:
    """What a node stands for, its operands given as names or numbers.

    >>> from autograd import Value
    >>> x = Value(-3.0); applied(x * x, ["x", "x"]), applied(x * x, ["−3.00", "−3.00"]), applied(x + x, ["x", "x"])
    ('x²', '(−3.00)²', 'x + x')
    """
    return "" if node.op is None else formula(node.op.name, node.op.symbol, operands, powers(node))


@dataclass(frozen=True)
class Formulas:
    """How to write: what the nodes are called, what the rows are called, and in which markup.

    names   node -> its name; nothing below a named node is written
    rows    name of a row -> what to call it, as {"sech2": "σ'"}; else the row's own symbol
    latex   whether to write LaTeX

    >>> from autograd import Value
    >>> u, w = Value(1.0), Value(2.0)
    >>> Formulas({u: "u", w: "w"}).write(u.tanh() * (w - 1.0))
    'tanh(u)·(w − 1)'
    >>> Formulas({u: "u", w: "w"}).write((u % w).floor() * (u % w)), Formulas({u: "u"}).write(abs(u).ceil())
    ('⌊u % w⌋·(u % w)', '⌈|u|⌉')
    """

    names: Mapping[Value, str]
    rows: Mapping[str, str] | None = None
    latex: bool = False

    def write(self, x: Value | float, level: int = SUM) -> str:
        """The expression, in brackets where it holds together less than `level` asks."""
        text, holds = self._expression(x)
        return f"({text})" if holds < level else text

    def name(self, text: str) -> str:
        """A name in the markup."""
        return latex_name(text) if self.latex else text

    def local(self, node: Value, operand: int, slot: bool) -> str:
        """The derivative of a node in an operand: by that one alone, where the slot is meant."""
        x = self.names[node.parents[operand]]
        return self.name(by_operand(self.names[node], operand) if slot else derivative(self.names[node], x))

    def product(self, *factors: str) -> str:
        """Factors side by side."""
        return (r" \, " if self.latex else "·").join(factors)

    def _expression(self, x: Value | float) -> tuple[str, int]:
        if isinstance(x, (int, float)):
            return self._number(x)
        if x in self.names:
            return self.name(self.names[x]), ATOM
        if x.op is None or x.op is LITERAL:
            return (self.name(x.label), ATOM) if x.label else self._number(x.data)
        operation, operands = x.op.name, x.parents
        if operation == "mul":
            if operands[0] is operands[1]:
                return self._raised(operands[0], "2"), ATOM
            first, second = self.write(operands[0], SIGNED), self.write(operands[1], PRODUCT)
            return self.product(first, second), SIGNED if first[0] in "−-" else PRODUCT
        if operation in ("add", "sub"):
            a, b = operands
            sign = "+" if operation == "add" else "-" if self.latex else "−"
            return f"{self.write(a)} {sign} {self.write(b, PRODUCT)}", SUM
        if operation == "neg":
            return ("-" if self.latex else "−") + self.write(operands[0], PRODUCT), SIGNED
        if operation == "div" and self.latex:
            return rf"\frac{{{self.write(operands[0])}}}{{{self.write(operands[1])}}}", ATOM
        if operation == "div":
            first = self.write(operands[0], SIGNED)
            return f"{first}/{self.write(operands[1], ATOM)}", SIGNED if first[0] == "−" else PRODUCT
        if operation == "pow":
            return self._power(*operands), ATOM
        if operation == "sumprod":
            return self._sum_of_products(operands)
        if operation in _BETWEEN:
            sign = self.name(x.op.symbol)
            return f"{self.write(operands[0], PRODUCT)} {sign} {self.write(operands[1], ATOM)}", SUM
        symbol = (self.rows or {}).get(operation, x.op.symbol)
        left, dot, right = symbol.partition("·")
        if dot and len(operands) == 1:  # |·|, ⌊·⌋
            left, right = (side.translate(_DELIMITERS) if self.latex else side for side in (left, right))
            return f"{left}{self.write(operands[0])}{right}", ATOM
        return f"{self.name(symbol)}({', '.join(self.write(p) for p in operands)})", ATOM

    def _power(self, base: Value, exponent: Value) -> str:
        above = self.write(exponent)
        return self._raised(base, above if self.latex or above.isdecimal() else self.write(exponent, ATOM))

    def _raised(self, base: Value, above: str) -> str:
        below = self.write(base, ATOM)
        if self.latex:
            return (f"({below})" if below.startswith(r"\frac") else f"{{{below}}}") + f"^{{{above}}}"
        return power(below, above.translate(_RAISED)) if above.isdecimal() else f"{below}^{above}"

    def _sum_of_products(self, operands: tuple[Value, ...]) -> tuple[str, int]:
        half = len(operands) // 2
        terms = []
        for p, q in zip(operands[:half], operands[half:]):
            if p is q:
                terms.append(self._raised(p, "2"))
                continue
            factors = [f for f in (p, q) if not (f.op is LITERAL and f.data == 1)] or [p]
            terms.append(self.product(*[self.write(f, PRODUCT) for f in factors]))
        return " + ".join(terms) or "0", PRODUCT if half == 1 else SUM

    def _number(self, x: float) -> tuple[str, int]:
        text = constant(x)
        return latex_number(text) if self.latex else text, SIGNED if text.startswith("−") else ATOM
