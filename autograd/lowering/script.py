"""JavaScript as a namespace for the texts of rows.py: an operation makes an expression, and a row a function.

What is used once is written where it is used; what is used twice gets a line and a name.  Lists are
JavaScript's own, so a row of any number of operands is one function.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from .namespace import Namespace

# How tightly an expression binds: what stands in brackets where; _NAMED: where only a name may stand.
_CHOICE, _OR, _AND, _EQUALITY, _RELATION, _SUM, _PRODUCT, _SIGN, _ATOM, _NAMED = range(10)
# What JavaScript's Math has under the names of our rows.
MATH = {
    "abs", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan",
    "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "trunc",
}  # fmt: skip
_SPREAD, _EACH = "...{}", "((each) => {})"
_RETURN = "return\a"  # after which no line may be broken: JavaScript would return nothing
_WIDTH = 110


def number(x: float) -> str:
    """A double as JavaScript writes it, the same to the last bit.

    >>> number(2.0), number(-0.0), number(1e300), number(-math.inf), number(math.nan)
    ('2', '-0', '1e+300', '-Infinity', 'NaN')
    """
    if not math.isfinite(x):
        return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"
    return repr(x).removesuffix(".0")


def _infix(sign: str, binds: int, right: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The method of an operator, and that of its operands the other way round."""
    pattern, places = f"{{}} {sign} {{}}", (binds, right)
    return (
        lambda x, y: x.script.made(pattern, x, y, places=places, binds=binds),
        lambda x, y: x.script.made(pattern, y, x, places=places, binds=binds),
    )


class Expression:
    """A pattern with places for other expressions; a list, if it is iterated over: `[x, *others]`.

    places  how tightly the operand there has to bind
    binds   how tightly the whole binds
    inside  the variable of the function (each) => … in which it stands, if it does
    """

    def __init__(
        self, script: Script, pattern: str, operands: tuple[Expression, ...], places: Sequence[int], binds: int
    ) -> None:
        self.script = script
        self.pattern = pattern
        self.operands = operands
        self.places = places
        self.binds = binds
        outer = operands[:1] if _EACH in pattern else operands
        self.inside: Expression | None = next((x.inside for x in outer if x.inside), None)

    def __iter__(self) -> Iterator[Expression]:
        return iter([self.script.made(_SPREAD, self)])

    __add__, __radd__ = _infix("+", _SUM, _PRODUCT)
    __sub__, __rsub__ = _infix("-", _SUM, _PRODUCT)
    __mul__, __rmul__ = _infix("*", _PRODUCT, _SIGN)
    __truediv__, __rtruediv__ = _infix("/", _PRODUCT, _SIGN)
    __lt__, __gt__ = (_infix(sign, _RELATION, _SUM)[0] for sign in "<>")
    __le__, __ge__ = (_infix(sign, _RELATION, _SUM)[0] for sign in ("<=", ">="))
    __eq__, __ne__ = (_infix(sign, _EQUALITY, _RELATION)[0] for sign in ("===", "!=="))
    __and__, __or__ = _infix("&&", _AND, _AND)[0], _infix("||", _OR, _OR)[0]
    __hash__ = object.__hash__

    def __neg__(self) -> Expression:
        return self.script.made("-{}", self, places=(_ATOM,), binds=_SIGN)

    def __invert__(self) -> Expression:
        return self.script.made("!{}", self, places=(_ATOM,), binds=_SIGN)


class Script(Namespace):
    """The namespace for one row; `function` is what it makes of the row's text.

    >>> from autograd.lowering import rows
    >>> print(*Script().function(rows.sigmoid), sep="\\n")
    (x) => {
      const v1 = Math.exp(-Math.abs(x));
      return (x >= 0 ? 1 : v1) / (1 + v1);
    }
    """

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], Expression] = {}

    def made(self, pattern: str, *operands: Any, places: Sequence[int] = (), binds: int = _ATOM) -> Expression:
        """The expression of these parts, the same one for the same parts."""
        given = tuple([x if isinstance(x, Expression) else self.literal(x) for x in operands])
        key = (pattern, *map(id, given))
        if key not in self.known:
            self.known[key] = Expression(self, pattern, given, places or (_CHOICE,) * len(given), binds)
        return self.known[key]

    def literal(self, x: float) -> Expression:
        text = number(x)
        return self.made(text, binds=_SIGN if text.startswith("-") else _ATOM)

    def function(self, text: Callable[..., Any]) -> list[str]:
        """The lines of an arrow function that computes a row."""
        parameters = list(inspect.signature(text).parameters.values())[1:]
        variadic = [p.kind is p.VAR_POSITIONAL for p in parameters]
        operands = [self.made(p.name) for p in parameters]
        result = text(self, *[self.made(_SPREAD, x) if many else x for x, many in zip(operands, variadic)])
        lines, returned = _Writer(result).written()
        head = f"({', '.join('...' * many + p.name for p, many in zip(parameters, variadic))}) =>"
        if not lines and len(head) + len(returned) < _WIDTH - 20:
            return [f"{head} {returned}"]
        broken = [part for line in [*lines, f"{_RETURN}{returned};"] for part in _broken(f"  {line}")]
        return [f"{head} {{", *broken, "}"]

    # --- what the texts ask for -----------------------------------------------------------

    def where(self, condition: Any, x: Any, y: Any) -> Expression:
        return self.made("{} ? {} : {}", condition, x, y, places=(_OR, _OR, _CHOICE), binds=_CHOICE)

    def copysign(self, x: Any, y: Any) -> Expression:
        return self.where((y < 0.0) | (1.0 / y < 0.0), -self.abs(x), self.abs(x))

    def pow(self, x: Any, y: Any) -> Expression:
        return self.called("pow", x, y)

    def exp2(self, x: Any) -> Expression:
        return self.called("Math.pow", 2.0, x)

    def fmod(self, x: Any, y: Any) -> Expression:
        return self.made("{} % {}", x, y, places=(_PRODUCT, _SIGN), binds=_PRODUCT)

    def polynomial(self, coefficients: Sequence[float], x: Any) -> Expression:
        listed = ", ".join(map(number, coefficients))
        return self.made(f"[{listed}].reduce((total, c) => total * {{}} + c)", x, places=(_NAMED,))

    def each(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> Expression:
        return self.with_each("map", f, xs)

    def some(self, f: Callable[[Any], Any], xs: Sequence[Any]) -> Expression:
        return self.with_each("some", f, xs)

    def with_each(self, method: str, f: Callable[[Any], Any], xs: Sequence[Any]) -> Expression:
        each = Expression(self, "each", (), (), _ATOM)
        each.inside = each
        return self.made(f"{{}}.{method}{_EACH}", self.listed(xs), f(each), places=(_ATOM, _CHOICE))

    def largest(self, xs: Sequence[Any]) -> Expression:
        return self.called("Math.max", *xs)

    def total(self, xs: Sequence[Any]) -> Expression:
        return self.made("{}.reduce((total, x) => total + x)", self.listed(xs), places=(_ATOM,))

    def compensated(self, xs: Sequence[Any]) -> Expression:
        return self.called("fsum", *xs)

    def listed(self, xs: Sequence[Any]) -> Expression:
        elements: list[Expression] = [*xs]
        if len(elements) == 1 and elements[0].pattern == _SPREAD:
            return elements[0].operands[0]
        return self.made(f"[{', '.join(['{}'] * len(elements))}]", *elements)

    def called(self, function: str, *operands: Any) -> Expression:
        return self.made(f"{function}({', '.join(['{}'] * len(operands))})", *operands)

    def __getattr__(self, name: str) -> Any:
        if name not in MATH:
            raise AttributeError(name)
        return lambda *operands: self.called(f"Math.{name}", *operands)


class _Writer:
    """Decides what gets a name; what stands in a function of `each` is named there, all else outside."""

    def __init__(self, root: Expression) -> None:
        self.root = root
        self.names: dict[Expression, str] = {}
        self.lines: defaultdict[Expression | None, list[str]] = defaultdict(list)  # by the function that they are in
        self.uses: Counter[Expression] = Counter()
        waiting, seen = [root], {root}
        while waiting:
            user = waiting.pop()
            for operand, place in zip(user.operands, user.places):
                again = place == _NAMED or (user.inside and not operand.inside)  # once for each
                self.uses[operand] += 2 if again else 1
                if operand not in seen:
                    seen.add(operand)
                    waiting.append(operand)

    def written(self) -> tuple[list[str], str]:
        """The lines with a name each, and the result."""
        result = self.text(self.root, _CHOICE)
        return self.lines[None], result

    def text(self, x: Expression, place: int) -> str:
        if x in self.names:
            return self.names[x]
        written = x.pattern
        if x.operands:
            texts = list(map(self.text, x.operands, x.places))
            inside = x.operands[-1].inside
            if _EACH in x.pattern and inside and (lines := self.lines[inside]):
                texts[1] = f"{{ {' '.join(lines)} {_RETURN}{texts[1]}; }}"
            written = x.pattern.format(*texts)
            if self.uses[x] > 1 and x.pattern != _SPREAD:
                self.names[x] = name = f"v{len(self.names) + 1}"
                self.lines[x.inside].append(f"const {name} = {written};")
                return name
        return written if x.binds >= min(place, _ATOM) else f"({written})"


def _broken(line: str) -> list[str]:
    """A line in parts that are not too long, broken between words."""
    indent = " " * (4 + len(line) - len(line.lstrip()))
    parts = wrap(line, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [part.replace(_RETURN, "return ") for part in parts]
