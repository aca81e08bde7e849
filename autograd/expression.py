"""A formula becomes a graph: `tanh(w*x + b)` and values for its names, as on a command line.

Python's own parser reads it, and nothing is ever evaluated: what may stand in a formula is
listed here, numbers, names, eight signs, comparisons and the functions of the table, and
everything else is refused by name.
"""

from __future__ import annotations

import ast
import keyword
import unicodedata
import warnings
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from . import functions
from .errors import AutogradValueError
from .graph import toposort
from .ops import LITERAL, TABLE, Op
from .value import Value, literal, node_of
from .words.naming import names_of
from .words.text import shown

LONGEST = 10_000  # characters of a formula
DEFAULTS = {"leaky_relu": 0.01, "elu": 1.0, "round": 0.0}  # the second operand, where it may be left out
BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
          ast.Mod: "mod", ast.FloorDiv: "floordiv",
          ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}  # fmt: skip
# The public functions among the rows; sumprod wants lists, softmax gives one, and a formula has none.
FUNCTIONS = {
    name: row
    for name, row in TABLE.items()
    if hasattr(functions, name) and name not in ("literal", "sumprod", "softmax")
}
# What other books and programs call them.
ELSEWHERE = {"ln": "log", "lg": "log10", "lb": "log2", "σ": "sigmoid", "logistic": "sigmoid", "sgn": "sign",
             "arctan": "atan", "arcsin": "asin", "arccos": "acos", "arctan2": "atan2", "arsinh": "asinh",
             "arcosh": "acosh", "artanh": "atanh", "tg": "tan", "max": "maximum", "min": "minimum",
             "rint": "round", "ReLU": "relu"}  # fmt: skip
# As printed in books, and as this package prints: x₁ is a name like x1, and · is not a letter.
_SIGNS = str.maketrans("−×·÷₀₁₂₃₄₅₆₇₈₉", "-**/0123456789")
_SUPERSCRIPTS = set("⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_ALLOWED = "a formula is made of numbers, names, + - * / // % **, comparisons and functions such as tanh(x)"


def expression(text: str, values: Mapping[str, float]) -> tuple[Value, list[Value]]:
    """A formula as a Value, and the leaves that it was made of, one for each name, in the order of `values`.

    text     the formula, in Python's notation
    values   the numbers of its names; every name needs one, and every number is used

    Parts without a name are worked out at once, as Python would; the result is labelled too, f where no name is f.
    Raises AutogradValueError, which quotes what it does not allow, for everything else.

    >>> o, (w, x) = expression("tanh(w*x - 1)", {"w": 0.5, "x": 2.0})
    >>> o.data, w.label
    (0.0, 'w')
    """
    reader = _Reader(text, values)
    try:
        result = reader.node(_parsed(text))
    except (RecursionError, MemoryError):  # of Python's parser, or of the walk over what it gave
        raise AutogradValueError(f"the formula {_quoted(text)} is nested too deeply; name its parts") from None
    reader.complain_about_names()
    if result.parents:
        result.label = names_of(toposort(result), result)[result]
    return result, list(reader.leaves.values())


def assignments(words: Iterable[str]) -> dict[str, float]:
    """The numbers given to names as `name=number`.

    Raises AutogradValueError for anything else, for a name that cannot stand in a formula, and for
    one that is given twice.

    >>> assignments(["w=0.5", "θ₁=-2e-3"])
    {'w': 0.5, 'θ₁': -0.002}
    """
    found: dict[str, float] = {}
    known: set[str] = set()
    for word in words:
        name, equals, number = (part.strip() for part in word.partition("="))
        if not equals:
            raise AutogradValueError(f"{_quoted(word)} gives no value: write name=number, as in x=2")
        if not _is_name(_plain(name)):
            raise AutogradValueError(f"{_quoted(name)} cannot be a name: take letters and digits, a letter first")
        if _plain(name) in known:
            raise AutogradValueError(f"{shown(name)} is given twice")
        try:
            found[name] = float(number.replace("−", "-"))
        except ValueError:
            what = f"{_quoted(number)} is not a number" if number else "there is no number after ="
            raise AutogradValueError(f"{shown(name)}: {what}; write it as in {shown(name)}=2 or =-1e-3") from None
        known.add(_plain(name))
    return found


def _plain(name: str) -> str:
    """A name as Python's parser will give it."""
    return unicodedata.normalize("NFKC", name.translate(_SIGNS))


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


def _quoted(text: str) -> str:
    return f"'{shown(text, 40)}'"


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise AutogradValueError(f"the formula has {len(text):,} characters, and {LONGEST:,} are the most that is read")
    if not text.strip():
        raise AutogradValueError("the formula is empty")
    if "#" in text:  # in Python a comment, and what it hides would be missing without a word
        raise AutogradValueError(f"the formula {_quoted(text)} contains #; leave remarks out")
    try:
        with warnings.catch_warnings():  # about code that is refused anyway
            warnings.simplefilter("ignore")
            return ast.parse(" ".join(text.translate(_SIGNS).split()), mode="eval").body
    except SyntaxError as error:
        place = f" at {_quoted(error.text[error.offset - 1 :])}" if error.text and error.offset else ""
        reason = (error.msg or "invalid syntax").removesuffix(" (<unknown>, line 1)")
        if not _SUPERSCRIPTS.isdisjoint(text):
            place, reason = "", "a power is written **"
        raise AutogradValueError(f"the formula {_quoted(text)} cannot be read{place}: {shown(reason, 80)}") from None
    except ValueError:  # a null character, half of a surrogate pair
        raise AutogradValueError(f"the formula {_quoted(text)} contains characters that are no text") from None


class _Reader:
    """Builds the graph of a syntax tree, and notes which names it meets."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self.text = text
        self.leaves: dict[str, Value] = {}
        for name, x in values.items():
            if (plain := _plain(name)) in self.leaves:
                both = f"{shown(self.leaves[plain].label)} and {shown(name)}"
                raise AutogradValueError(f"{both} are the same name in a formula; rename one of them")
            self.leaves[plain] = Value(x, name)
        self.used: set[str] = set()
        self.missing: dict[str, Value] = {}

    def node(self, tree: ast.AST) -> Value:
        match tree:
            case ast.Constant(value=int() | float() as x) if not isinstance(x, bool):
                return literal(x, "formula")
            case ast.Name(id=name) if _is_name(name):
                return self.variable(name)
            case ast.UnaryOp(op=ast.UAdd(), operand=x):
                return self.node(x)
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return _applied(TABLE["neg"], [self.node(x)])
            case ast.BinOp(left=x, op=sign, right=y) | ast.Compare(left=x, ops=[sign], comparators=[y]) if (
                type(sign) in BINARY
            ):
                return _applied(TABLE[BINARY[type(sign)]], [self.node(x), self.node(y)])
            case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
                return _applied(*self.call(name, operands))
        raise AutogradValueError(f"{self.quoted(tree)} is not allowed: {_remedy(tree)}")

    def variable(self, name: str) -> Value:
        if name in self.leaves:
            self.used.add(name)
            return self.leaves[name]
        return self.missing.setdefault(name, Value(0.0, name))  # told later, all at once

    def call(self, name: str, trees: list[ast.expr]) -> tuple[Op, list[Value]]:
        if name not in FUNCTIONS:
            near = [ELSEWHERE[name]] if name in ELSEWHERE else get_close_matches(name, FUNCTIONS, 3)
            near = near or sorted(FUNCTIONS)
            raise AutogradValueError(f"there is no function {_quoted(name)}; there is {', '.join(near)}")
        row = FUNCTIONS[name]
        operands = [self.node(tree) for tree in trees]
        if name in DEFAULTS and len(operands) == 1:
            operands.append(literal(DEFAULTS[name]))
        wanted = "at least 1 operand" if row.arity is None else f"{row.arity} operand{'s' * (row.arity > 1)}"
        if not operands or (row.arity is not None and len(operands) != row.arity):
            raise AutogradValueError(f"{name} takes {wanted}, and was given {len(operands)}")
        return row, operands

    def complain_about_names(self) -> None:
        """Names without a number, and numbers that no name asks for."""
        given = f" (given: {', '.join(shown(leaf.label) for leaf in self.leaves.values())})" if self.leaves else ""
        if self.missing:
            names = ", ".join(shown(name) for name in self.missing)
            first = next(iter(self.missing))
            hint = f"write {first}(...)" if first in FUNCTIONS else f"add {shown(first)}=1"
            verb = "has" if len(self.missing) == 1 else "have"
            raise AutogradValueError(f"{names} {verb} no value{given}; {hint}")
        unused = [shown(leaf.label) for name, leaf in self.leaves.items() if name not in self.used]
        if unused:
            verb = "does" if len(unused) == 1 else "do"
            raise AutogradValueError(f"{', '.join(unused)} {verb} not occur in the formula {_quoted(self.text)}")

    def quoted(self, tree: ast.AST) -> str:
        """The part of the formula that a tree was read from."""
        source = " ".join(self.text.translate(_SIGNS).split()).encode()
        start, end = getattr(tree, "col_offset", 0), getattr(tree, "end_col_offset", len(source))
        return _quoted(source[start:end].decode(errors="replace"))


def _applied(row: Op, operands: list[Value]) -> Value:
    if all(x.op is LITERAL for x in operands):
        return literal(row.function(*[x.data for x in operands]))
    return node_of(row, tuple(operands))


def _remedy(tree: ast.AST) -> str:
    match tree:
        case ast.BinOp(op=ast.BitXor()):
            return "a power is written **"
        case ast.Call(keywords=[_, *_]):
            return "operands have no names, only an order"
        case ast.Name():
            return "a name starts with a letter"
        case ast.Compare():
            return "a comparison has two sides and one of < <= > >="
    return _ALLOWED
