"""What a node is called: in pictures, in printed programs and in error messages alike.

A Value's label comes first; the network gives its own nodes the lecture's names as labels.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING

from ..ops import LITERAL
from .derivatives import derivative
from .text import constant

if TYPE_CHECKING:
    from ..value import Value

_SUBSCRIPTS = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")
_INDEX, _SHORT = "₀₁₂₃₄₅₆₇₈₉", 12
_DOT = "\u0307"
_DOTTED = re.compile(rf"^([^\W\d_]){_DOT}([^\W\d_{_INDEX}⁰¹²³⁴-⁹]*)")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "Delta", "ε": "epsilon", "η": "eta", "θ": "theta",
    "λ": "lambda_", "μ": "mu", "ν": "nu", "π": "pi", "ρ": "rho", "σ": "sigma", "Σ": "sum", "τ": "tau", "φ": "phi",
    "Φ": "Phi", "ψ": "psi", "ω": "omega", "ŷ": "y_hat", "′": "_prime", "'": "_prime",
}  # fmt: skip
_PRE_ACTIVATION = re.compile(r"u([₀-₉⁰¹²³⁴-⁹⁽⁾,]*)")
_LONGEST = 40  # letters of a label that a program shows
# Names that JavaScript keeps for itself, and Python does not.
_JAVASCRIPT = frozenset({
    "Array", "Infinity", "Math", "NaN", "Number", "arguments", "boolean", "byte", "case", "catch", "char", "const",
    "debugger", "default", "delete", "do", "double",
    "enum", "eval", "export", "extends", "false", "final", "float", "function",
    "goto", "implements", "instanceof", "int", "interface", "let", "long", "native", "new", "null", "package",
    "private", "protected", "public", "short", "static", "super", "switch", "synchronized", "this", "throw", "throws",
    "transient", "true", "typeof", "undefined", "var", "void", "volatile",
})  # fmt: skip


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
    steps, leaves = _unused("v", taken), _unused("x", taken)
    names: dict[Value, str] = {}
    for node in order:
        if node.label:
            names[node] = node.label
        elif node.op is LITERAL:
            names[node] = constant(node.data)
        elif node is root and "f" not in taken:
            names[node] = "f"
        else:
            names[node] = next(steps if node.parents else leaves)
    return names


def told_apart(names: Mapping[Value, str], root: Value) -> dict[Value, str]:
    """The same names, and h#2, h#3, … where several nodes have the label h: no symbol stands for two of them.

    root   keeps its name

    >>> from autograd import Value
    >>> x, h, y = Value(1.0, "h"), Value(2.0, "h"), Value(3.0, "y")
    >>> list(told_apart({x: "h", h: "h", x.tanh(): "h#2", y.tanh(): "y", y: "y"}, y).values())
    ['h', 'h#3', 'h#2', 'y#2', 'y']
    """
    taken, last = set(names.values()), Counter({names[root]: 1})
    apart = {}
    for node, given in names.items():
        last[given] += node is not root
        found = given
        while last[given] > 1 and node is not root and node.op is not LITERAL and found in taken:
            found = f"{given}#{last[given]}"
            last[given] += found in taken
        taken.add(found)
        apart[node] = found
    return apart


def _unused(symbol: str, taken: Container[str]) -> Iterator[str]:
    return (candidate for i in count(1) if (candidate := name(symbol, i)) not in taken)


def derivative_name(y: str, x: str) -> str:
    """The name of ∂y/∂x; "" where one of them has none.  ∂Err/∂u is the lecture's δ.

    >>> derivative_name("Err", "θ₁"), derivative_name("Err", "u⁽²⁾₁"), derivative_name("", "x")
    ('∂Err/∂θ₁', 'δ⁽²⁾₁', '')
    >>> derivative_name("∂y/∂x", "x"), derivative_name("y", "z = logit")
    ('∂(∂y/∂x)/∂x', '∂y/∂(z = logit)')
    """
    if not (x and y):
        return ""
    stem = x.rstrip(_INDEX)
    if stem != x and (known := _derivative_before_index(y, stem)):
        return known + x[len(stem) :]
    return _derivative_name(y, x)


@lru_cache(maxsize=4096)
def _derivative_before_index(y: str, stem: str) -> str:
    """What stands before the last index in the name of a derivative; "" where the index does not simply follow."""
    text = _derivative_name(y, f"{stem}₀")
    return text[:-1] if text.endswith("₀") else ""


def _derivative_name(y: str, x: str) -> str:
    pre_activation = _PRE_ACTIVATION.fullmatch(x) if y == "Err" else None
    return f"δ{pre_activation[1]}" if pre_activation else derivative(y, x)


def tangent_name(x: str) -> str:
    """The name of the rate at which x changes: its first letter with a dot; "" where it has none.

    >>> [tangent_name(x) for x in ("u", "θ⁽²⁾₁₃", "")]
    ['u̇', 'θ̇⁽²⁾₁₃', '']
    """
    end = next((i for i in range(1, len(x)) if not unicodedata.combining(x[i])), len(x))
    return unicodedata.normalize("NFC", f"{x[:end]}{_DOT}") + x[end:] if x else ""


def identifier(label: str) -> str:
    """A label as a name for a program in any language: ASCII letters, digits and _, nothing else.

    It does not begin with _, so names that do are free for a program's own use.

    >>> identifier("θ⁽²⁾₁₃"), identifier("∂Err/∂θ⁽¹⁾₁,₁₂"), identifier("δ⁽²⁾₁"), identifier("x₁")
    ('theta2_13', 'd_theta1_1_12', 'delta2_1', 'x_1')
    >>> [identifier(tangent_name(x)) for x in ("u⁽²⁾₁", "x₁", "Err", "ŷ")]
    ['u_dot2_1', 'x_dot_1', 'Err_dot', 'y_hat_dot']
    >>> identifier("import os; x"), identifier("lambda"), identifier("__class__"), identifier("→")
    ('import_os_x', 'lambda_', 'class_', 'v')
    """
    # A network has thousands of labels that differ in the last index: the rest is worked out once.
    stem = label.rstrip(_INDEX)
    index = label[len(stem) :]
    if 0 < len(index) <= _SHORT and (known := _before_index(stem)):
        return known + _digits(index)
    return _spelled(label)


@lru_cache(maxsize=4096)
def _before_index(stem: str) -> str:
    """What stands before an index at the end of a label; "" where the index does not simply follow."""
    text = _spelled(f"{stem}{_SHORT * '₀'}")  # where a short index has room, every short index has
    return text[:-_SHORT] if text.endswith(f"_{_SHORT * '0'}") else ""


@lru_cache(maxsize=4096)
def _digits(index: str) -> str:
    return index.translate(_PLAIN)


def _spelled(label: str) -> str:
    text = label[: 4 * _LONGEST]
    text = re.sub(r"^∂[^∂]*/∂\(?", "d_", text)
    text = unicodedata.normalize("NFD", text[:1]) + text[1:] if text[:1] != "ŷ" else text
    text = _DOTTED.sub(r"\1\2_dot", text)
    text = re.sub(r"⁽([⁰¹²³⁴-⁹]+)⁾", r"\1", text)  # the layer follows its symbol at once
    text = re.sub(r"(?<![₀-₉,])(?=[₀-₉])", "_", text)  # and the indices after _
    for letter, word in _GREEK.items():
        text = text.replace(letter, word)
    text = unicodedata.normalize("NFKD", text.translate(_PLAIN)).encode("ascii", "ignore").decode()
    text = re.sub(r"\W+", "_", text)[:_LONGEST].strip("_") or "v"
    if text[0].isdigit():
        text = f"v{text}"
    return f"{text}_" if keyword.iskeyword(text) or text in _JAVASCRIPT else text


def unique(text: str, taken: dict[str, int]) -> str:
    """The name, or name_2, name_3, … where it is taken; it is entered among the taken.

    taken  name -> the last number that was tried for it, so that equal names cost no search

    >>> taken = {"x": 1}
    >>> unique("x", taken), unique("x", taken), unique("y", taken)
    ('x_2', 'x_3', 'y')
    """
    found = text
    while found in taken:
        taken[text] += 1
        found = f"{text}_{taken[text]}"
    taken[found] = 1
    return found
