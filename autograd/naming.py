"""What a node is called: in pictures, in printed programs and in error messages alike.

A Value's label comes first; the network gives its own nodes the lecture's names as labels.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from .ops import LITERAL
from .text import constant

if TYPE_CHECKING:
    from .value import Value

_SUBSCRIPTS = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")
_GREEK = {"θ": "theta", "δ": "delta", "σ": "sigma", "η": "eta", "φ": "phi", "Σ": "sum", "ŷ": "y_hat", "′": "_prime"}
_PRE_ACTIVATION = re.compile(r"u([₀-₉⁰¹²³⁴-⁹⁽⁾,]*)")


def name(symbol: str, *indices: int, layer: int | None = None) -> str:
    """The lecture's name of a quantity, its layer above and its indices below.

    >>> name("θ", 1, 2, layer=3), name("x", 4), name("θ", 1, 12, layer=1)
    ('θ⁽³⁾₁₂', 'x₄', 'θ⁽¹⁾₁,₁₂')
    """
    separator = "," if any(i > 9 for i in indices) else ""
    above = "" if layer is None else f"⁽{str(layer).translate(_SUPERSCRIPTS)}⁾"
    return symbol + above + separator.join(map(str, indices)).translate(_SUBSCRIPTS)


def names_of(order: Iterable[Value], root: Value) -> dict[Value, str]:
    """Labels, and for what has none: f for the root, v₁, v₂, … for steps, x₁, x₂, … for leaves.

    No made-up name is anybody's label; a plain number is called by its digits.

    >>> from autograd import Value, toposort
    >>> x = Value(3.0, "x"); y = x * x + Value(1.0) + 0.5
    >>> list(names_of(toposort(y), y).values())
    ['x', 'v₁', 'x₁', 'v₂', '0.5', 'f']
    """
    order = list(order)
    taken = {node.label for node in order}
    counters = {"v": 0, "x": 0}
    names: dict[Value, str] = {}
    for node in order:
        if node.label:
            names[node] = node.label
        elif node.op is LITERAL:
            names[node] = constant(node.data)
        elif node is root and "f" not in taken:
            names[node] = "f"
        else:
            names[node] = _next(counters, "v" if node.parents else "x", taken)
    return names


def _next(counters: dict[str, int], letter: str, taken: set[str]) -> str:
    while True:
        counters[letter] += 1
        unused = name(letter, counters[letter])
        if unused not in taken:
            return unused


def derivative_name(y: str, x: str) -> str:
    """The name of ∂y/∂x; "" where one of them has none.  ∂Err/∂u is the lecture's δ.

    >>> derivative_name("Err", "θ₁"), derivative_name("Err", "u⁽²⁾₁"), derivative_name("", "x")
    ('∂Err/∂θ₁', 'δ⁽²⁾₁', '')
    """
    if not (x and y):
        return ""
    pre_activation = _PRE_ACTIVATION.fullmatch(x) if y == "Err" else None
    return f"δ{pre_activation[1]}" if pre_activation else f"∂{y}/∂{x}"


def identifier(label: str, taken: Collection[str] = ()) -> str:
    """A label as a name for a program: letters, digits and _, nothing else, and not yet taken.

    >>> identifier("θ⁽²⁾₁₃"), identifier("∂Err/∂θ⁽¹⁾₁,₁₂"), identifier("δ⁽²⁾₁"), identifier("x₁")
    ('theta2_13', 'd_theta1_1_12', 'delta2_1', 'x_1')
    >>> identifier("import os; x"), identifier("lambda"), identifier("x", {"x"})
    ('import_os_x', 'lambda_', 'x_2')
    """
    text = re.sub(r"^∂[^∂]*/∂", "d_", label)
    text = re.sub(r"⁽([⁰¹²³⁴-⁹]+)⁾", r"\1", text)  # the layer follows its symbol at once
    text = re.sub(r"(?<![₀-₉,])(?=[₀-₉])", "_", text)  # and the indices after _
    for letter, word in _GREEK.items():
        text = text.replace(letter, word)
    text = unicodedata.normalize("NFKD", text.translate(_PLAIN)).encode("ascii", "ignore").decode()
    text = re.sub(r"\W+", "_", text).strip("_")[:40] or "v"
    if text[0].isdigit():
        text = f"v{text}"
    if keyword.iskeyword(text):
        text += "_"
    unique, n = text, 1
    while unique in taken:
        n += 1
        unique = f"{text}_{n}"
    return unique
