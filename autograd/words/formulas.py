"""A small expression of Values as a line of mathematics: plain text, or LaTeX.

It is written down to the nodes that have a name, which is where the reader's next line begins:
δ₁ = σ'(u₁) · (δ₂·θ₂₁ + …) stops at u, δ and θ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ops import LITERAL
from .text import constant

if TYPE_CHECKING:
    from ..value import Value

_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾−′", "01234567890123456789()-'")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_ABOVE, _BELOW = "⁽⁾⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉,ᵢⱼₖₗ"
_QUANTITY = re.compile(rf"(.+?)([{_ABOVE}]*)([{_BELOW}]*)")
_LETTERS = {
    "θ": r"\theta",
    "δ": r"\delta",
    "σ": r"\sigma",
    "η": r"\eta",
    "φ": r"\varphi",
    "ŷ": r"\hat y",
    "Σ": r"\Sigma",
    "≤": r"\le",
    "≥": r"\ge",
    "<": "<",
    ">": ">",
}
_DELIMITERS = str.maketrans({"⌊": r"\lfloor ", "⌋": r" \rfloor", "⌈": r"\lceil ", "⌉": r" \rceil"})
_SPECIAL = str.maketrans({c: "\\" + c for c in "#$%&_{}"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "})
_BETWEEN = {"mod", "floordiv", "lt", "le", "gt", "ge"}  # whose symbol stands between the operands
_ROOTS = {"sqrt": "", "cbrt": "[3]"}
SUM, SIGNED, PRODUCT, ATOM = range(4)  # how tightly an expression holds together


def latex_name(name: str) -> str:
    r"""A name of ours in LaTeX.

    >>> latex_name("θ⁽²⁾₁₃"), latex_name("σ'"), latex_name("a_b c")
    ('\\theta^{(2)}_{13}', "\\sigma'", '\\text{a\\_b c}')
    >>> latex_name("∂Err/∂θ₁")
    '\\frac{\\partial \\mathrm{Err}}{\\partial \\theta_{1}}'
    """
    if name.startswith("∂") and "/∂" in name:
        above, below = name[1:].split("/∂", 1)
        return rf"\frac{{\partial {latex_name(above)}}}{{\partial {latex_name(below)}}}"
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


def latex_number(text: str) -> str:
    r"""A number as text.signed or text.constant writes it, in LaTeX.

    >>> latex_number("−1.5×10⁻⁹"), latex_number("+∞")
    ('-1.5\\cdot 10^{-9}', '+\\infty')
    """
    mantissa, times, exponent = text.partition("×10")
    plain = exponent.translate(_PLAIN).replace("⁻", "-")
    return mantissa.replace("−", "-").replace("∞", r"\infty") + (rf"\cdot 10^{{{plain}}}" if times else "")


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
        if operation in _ROOTS and self.latex:
            return rf"\sqrt{_ROOTS[operation]}{{{self.write(operands[0])}}}", ATOM
        symbol = (self.rows or {}).get(operation, x.op.symbol)
        left, dot, right = symbol.partition("·")
        if dot and len(operands) == 1:  # |·|, ⌊·⌋
            left, right = (side.translate(_DELIMITERS) if self.latex else side for side in (left, right))
            return f"{left}{self.write(operands[0])}{right}", ATOM
        return f"{self.name(symbol)}({', '.join(self.write(p) for p in operands)})", ATOM

    def _power(self, base: Value, exponent: Value) -> str:
        below, above = self.write(base, ATOM), self.write(exponent)
        if self.latex:
            return (f"({below})" if below.startswith(r"\frac") else f"{{{below}}}") + f"^{{{above}}}"
        return below + (above.translate(_RAISED) if above.isdecimal() else f"^{self.write(exponent, ATOM)}")

    def _sum_of_products(self, operands: tuple[Value, ...]) -> tuple[str, int]:
        half = len(operands) // 2
        terms = []
        for p, q in zip(operands[:half], operands[half:]):
            factors = [f for f in (p, q) if not (f.op is LITERAL and f.data == 1)] or [p]
            terms.append(self.product(*[self.write(f, PRODUCT) for f in factors]))
        return " + ".join(terms) or "0", PRODUCT if half == 1 else SUM

    def _number(self, x: float) -> tuple[str, int]:
        text = constant(x)
        return latex_number(text) if self.latex else text, SIGNED if text.startswith("−") else ATOM
