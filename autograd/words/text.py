"""What is written in pictures and tables: numbers with their sign, and labels that do no harm.

A label is whatever the user chose: markup, quotes, control characters, ten thousand letters.
It is shown as text; what cannot be shown becomes �, and what is too long ends in ….
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

TERMS = 6  # of a long sum that are shown
_INFIX = {"add", "sub", "mul", "div", "pow", "mod", "floordiv", "lt", "le", "gt", "ge"}
_ABOVE = tuple("⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def signed(x: float) -> str:
    """Three significant digits and always a sign, since greyscale and some eyes lose the colour's.

    >>> signed(0.5), signed(-12.345), signed(-1e-9), signed(0.0), signed(123456.0)
    ('+0.500', '−12.3', '−1.00×10⁻⁹', '0', '+1.23×10⁵')
    """
    if math.isnan(x):
        return "nan"
    if x == 0:
        return "0"
    sign = "+" if x > 0 else "−"
    if math.isinf(x):
        return sign + "∞"
    digits, exponent = f"{abs(x):.2e}".split("e")
    e = int(exponent)
    if -3 <= e <= 3:
        return f"{sign}{abs(x):.{max(0, 2 - e)}f}"
    return f"{sign}{digits}×10{str(e).translate(_SUPERSCRIPTS)}"


def short(x: float) -> str:
    """Three significant digits without a plus sign: for formulas, where + is an operation.

    >>> short(0.5), short(-0.25), short(0.0)
    ('0.500', '−0.250', '0')
    """
    return signed(x).removeprefix("+")


def counted(n: int, one: str, several: str = "") -> str:
    """A number of things.

    >>> counted(1, "row"), counted(0, "row"), counted(2, "class", "classes")
    ('1 row', '0 rows', '2 classes')
    """
    return f"{n} {one if n == 1 else several or one + 's'}"


def formula(operation: str, symbol: str, operands: Sequence[str], powers: Mapping[int, str] | None = None) -> str:
    """A row applied to operands, which are names or numbers, as a page would show it.

    powers   exponents of its terms, by number: {0: "²"} where both operands of the first product are one node

    >>> formula("mul", "×", ["w", "−2.00"]), formula("mod", "%", ["x", "y"]), formula("floor", "⌊·⌋", ["u"])
    ('w × (−2.00)', 'x % y', '⌊u⌋')
    >>> formula("sumprod", "Σ×", ["θ₁", "θ₂", "x₁", "x₂"])
    'θ₁·x₁ + θ₂·x₂'
    >>> formula("mul", "×", ["−2.00", "−2.00"], {0: "²"})
    '(−2.00)²'
    """
    factors = [bracketed(operand) for operand in operands]
    half = len(factors) // 2
    raised = powers or {}
    if operation in _INFIX and raised:
        return power(factors[0], raised[0])
    if operation in _INFIX:
        return f" {symbol} ".join(factors)
    if operation == "neg":
        return f"−{factors[0]}"
    if operation == "fsum":
        return " + ".join(_few(factors)) or "0"
    if operation == "sumprod":
        terms = enumerate(zip(factors[:half], factors[half:]))
        return " + ".join(_few([power(p, raised[i]) if i in raised else f"{p}·{q}" for i, (p, q) in terms])) or "0"
    if len(operands) == 1 and "·" in symbol:  # |·|, ⌊·⌋
        return symbol.replace("·", operands[0])
    return f"{symbol}({', '.join(_few(operands))})"


def _few(terms: Sequence[str]) -> list[str]:
    return list(terms) if len(terms) <= TERMS else [*terms[: TERMS - 1], "…", terms[-1]]


def power(base: str, exponent: str) -> str:
    """A base and its exponent above it.

    >>> power("x", "²"), power("1.00×10⁻⁹", "²")
    ('x²', '(1.00×10⁻⁹)²')
    """
    return f"({base}){exponent}" if base[-1:] in _ABOVE else base + exponent


def bracketed(operand: str) -> str:
    """A negative number in brackets, to stand after an operation.

    >>> bracketed("−1"), bracketed("x")
    ('(−1)', 'x')
    """
    return f"({operand})" if operand.startswith("−") else operand


def constant(x: float) -> str:
    """A number of the user's formula, as a formula shows it.

    >>> constant(2.0), constant(-0.5), constant(1e-9)
    ('2', '−0.5', '1×10⁻⁹')
    """
    if not math.isfinite(x):
        return signed(x)
    digits, _, exponent = f"{x:.6g}".partition("e")
    power = f"×10{str(int(exponent)).translate(_SUPERSCRIPTS)}" if exponent else ""
    return (digits + power).replace("-", "−")


def exact(x: float) -> str:
    """All digits, for tooltips.

    >>> exact(0.1)
    '0.1'
    """
    return repr(float(x))


def shown(label: str, length: int = 16) -> str:
    """A label as one line of at most `length` visible characters.

    >>> shown("two\\nlines"), shown("a very long label indeed", 11), shown("\\x00")
    ('two lines', 'a very lon…', '�')
    """
    line = " ".join("".join(map(_printable, label[: 4 * length + 1])).split())
    if len(label) > 4 * length or len(line) > length:
        line = line[: length - 1].rstrip() + "…"
    return line or " "


def cut(label: str, length: int = 16) -> str:
    """A label as one line of at most `length` letters; a long one keeps its end, which is where such names differ.

    >>> cut("weight_hidden_1", 10), cut("θ₁"), cut("two\\nlines")
    ('weight…n_1', 'θ₁', 'two lines')
    """
    whole = shown(label, max(length, len(label)))
    return whole if len(whole) <= length else f"{whole[: length - 4].rstrip()}…{whole[-3:]}"


_KEPT = {"\u200c", "\u200d"}  # the joiners that scripts and emoji need


def _printable(c: str) -> str:
    if c.isspace():
        return " "
    # Controls, directional overrides, halves of surrogate pairs, non-characters.
    return "�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn") and c not in _KEPT else c


def printable(text: str) -> str:
    """Text of any length that does a terminal no harm: it stays on its line and moves no cursor.

    >>> printable("x\\x1b[2J\\n"), printable("θ⁽¹⁾₁₁")
    ('x�[2J ', 'θ⁽¹⁾₁₁')
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_printable, text))


def markup(text: str) -> str:
    """Text for a place where < & and quotes have a meaning.

    >>> markup('<b> & "')
    '&lt;b&gt; &amp; &quot;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
