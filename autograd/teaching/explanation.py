"""Why a gradient is what it is: the sum over all paths of the product of local derivatives.

    ∂y/∂x = Σ over the paths from y down to x of Π over the path's edges of ∂head/∂tail

Every local derivative comes from the rows' rules; paths.py walks, this module tells.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from .. import hooks
from ..errors import AutogradTypeError, AutogradValueError
from ..gradient import grad, partials_in_graph
from ..graph import sent, toposort
from ..ops import LITERAL
from ..reals.elementary import fsum
from ..recording import given
from ..value import Value
from ..words.derivatives import atom, derivative, slot_note, slots
from ..words.formulas import PRODUCT, Formulas, latex_number, powers
from ..words.naming import names_of, told_apart
from ..words.text import bracketed, cut, short, signed
from .paths import Edge, Path, edges_between, largest_paths, loud_and_undetermined, multiplications, over_paths

if TYPE_CHECKING:
    from ..drawing import Drawing

_FACTORS = 8  # of a long path that are written out
_LINE = 90  # letters, above which a path takes three lines
_TINY = 2.0**-1074
UNDETERMINED = "0·∞ is undetermined: write it another way, see the table in docs/numerics.md"


def explain(y: Value, x: Value, top: int = 10) -> Explanation:
    """∂y/∂x as the sum over its paths: how many, which matter most, and how much they cancel.

    y    the Value that is differentiated
    x    the Value by which: a leaf, or an interior node such as a neuron's u
    top  how many paths to list, the largest |product| first

    Print the result, or ask for its `.paths`, `.count`, `.gradient`, `.cancellation`, `.latex()`;
    `.draw()` shows the listed paths in the picture of y.  No `.grad` is read or changed.
    Raises AutogradTypeError for anything that is not a Value, AutogradValueError for a `top` below 0.

    >>> x = Value(3.0, "x"); y = x * x + 2.0 * x; y.label = "y"
    >>> print(explain(y, x))
    ∂y/∂x = +8.00 is the sum over 3 paths, each the product of its local derivatives
    <BLANKLINE>
      +3.00 = ∂y/∂v₁·∂₁v₁ = 1·x = 1.00·3.00
      +3.00 = ∂y/∂v₁·∂₂v₁ = 1·x = 1.00·3.00
      +2.00 = ∂y/∂v₂·∂v₂/∂x = 1·2 = 1.00·2.00
      ∂₁v₁: by the first operand alone, x² being x·x
    <BLANKLINE>
    nothing cancels: Σ|paths| = |Σ paths|
    multiplications: 3 by backward(), 3 path by path
    """
    for v in (y, x):
        if not isinstance(v, Value):
            raise AutogradTypeError(f"explain(y, x) takes two Values, and was given {given(v)}")
    if not isinstance(top, int) or top < 0:
        raise AutogradValueError(f"explain: top is a number of paths, 0 or more, and was given as {given(top)}")
    return Explanation(y, x, top)


class Explanation:
    """What explain found: print it, or look at its parts.

    y, x             what is differentiated, and by what
    gradient         ∂y/∂x, the number that backward() gives
    paths            the largest paths, as many as were asked for
    count            how many paths there are, exactly
    silent           how many of them have a factor 0, or an operand that was not taken, and add nothing
    undetermined     how many of them have both a factor 0 and one that is inf or nan
    total            Σ of all products, gathered from x to y, the other way round than backward()
    magnitude        Σ of their absolute values
    multiplications  what reuse saves

    >>> x = Value(3.0, "x"); because = Explanation((x + 1.0) * (x - 4.0), x, top=10)
    >>> because.total == because.gradient, because.count, because.magnitude, because.cancellation
    (True, 2, 5.0, 1.6666666666666667)
    """

    def __init__(self, y: Value, x: Value, top: int) -> None:
        self.y, self.x = y, x
        self.gradient = grad(y, [x])[0].data
        self.multiplications = multiplications(y, [x])
        self.count = self.multiplications.paths
        edges = edges_between(y, [x])
        total = over_paths(edges, {x}, [1.0], lambda e, ts: [sent(t, e.local) for t in ts if e.taken], _summed)
        size = over_paths(edges, {x}, [1.0], lambda e, ts: [sent(t, abs(e.local)) for t in ts if e.taken], _summed)
        loud, self.undetermined = loud_and_undetermined(y, x, edges)
        self.silent = self.count - loud - self.undetermined
        self.total = fsum(*total.get(y, []))
        self.magnitude = fsum(*size.get(y, []))
        self.paths = largest_paths(y, x, edges, top)
        self._slots = slots({node: [(e.operand, e.tail) for e in below] for node, below in edges.items()})
        # Each edge rounds once in a product and once in a sum, in this and in the other direction.
        self.tolerance = 4 * sum(map(len, edges.values())) * (2.0**-53 * self.magnitude + _TINY)

    @property
    def agrees(self) -> bool:
        """Whether the sum over the paths is the gradient, within what rounding allows."""
        same = self.total == self.gradient or (math.isnan(self.total) and math.isnan(self.gradient))
        return same or abs(self.total - self.gradient) <= self.tolerance

    @property
    def cancellation(self) -> float:
        """Σ|paths| / |Σ paths|: 1 where all have one sign, inf where nothing is left."""
        if not self.magnitude:
            return 1.0
        return self.magnitude / abs(self.total) if self.total else math.inf

    @property
    def edges(self) -> set[tuple[Value, Value]]:
        """The (operand, result) pairs that the listed paths go through."""
        return {(e.tail, e.head) for path in self.paths for e in path.edges}

    def draw(self, **options: Any) -> Drawing:
        """The picture of y with the listed paths highlighted; options are those of autograd.draw.

        Where no path leads from y to x, or none is listed, nothing but y and x stands out as far
        as it is there.

        >>> a, b = Value(3.0, "a"), Value(2.0, "b"); y = a * b + a
        >>> Explanation(y, b, top=1).draw().dot.count("dotted")
        2
        """
        ends = {self.y, self.x} if self.count else {self.y}
        return hooks.draw(self.y, highlight=[*ends, *self.edges], **options)  # type: ignore[no-any-return]

    # --- as text, and as LaTeX ------------------------------------------------------------------

    def __str__(self) -> str:
        names = self._names()
        formulas = Formulas(names)
        found = f"{derivative(names[self.y], names[self.x])} = {signed(self.gradient)}"
        if not self.count:
            swapped = self.y in toposort(self.x)
            hint = f"; {names[self.x]} was computed from {names[self.y]}: explain(y, x) takes the result first"
            return f"{found}: no path leads from {names[self.y]} to {names[self.x]}{hint * swapped}"
        lines = Counter(self._line(p, formulas) for p in self.paths)
        how_many = f"the sum over {_many(self.count)} path{'s' * (self.count > 1)}"
        first = f"{found} is {how_many}, {'each ' * (self.count > 1)}the product of its local derivatives"
        return "\n".join(
            [
                first,
                "",
                *(f"{line}{_times(n)}" for line, n in lines.items()),
                *self._rest(),
                *[f"  {note}" for note in self._notes()],
                "",
                *[UNDETERMINED] * bool(self.undetermined),
                self._cancelled(),
                self._reused(),
            ]
        )

    def _line(self, path: Path, formulas: Formulas) -> str:
        width = self._width()
        written = ["·".join(row) for row in self._rows(path, formulas)]
        forms = list(dict.fromkeys(written)) or ["1, the path without an edge"]
        if path.undetermined:
            forms.append("undetermined")
        together = sum(map(len, forms)) + width < _LINE
        return f"  {signed(path.product):>{width}} = " + (" = " if together else f"\n  {'':>{width}} = ").join(forms)

    def _rows(self, path: Path, formulas: Formulas) -> list[list[str]]:
        """The factors three times: as ∂head/∂tail, as the rule writes them, and as numbers."""
        rows: list[list[str]] = [[], [], []]
        for e in _written(path):
            if e is None:
                for row in rows:
                    row.append(r"\cdots" if formulas.latex else "…")
                continue
            local = partials_in_graph(e.head)[e.operand]
            assert local is not None  # there is an edge
            number, symbol = bracketed(short(e.local)), formulas.write(local, PRODUCT)
            slot = (e.head, e.operand) in self._slots
            # ∂y/∂x stands at the left already where it is the only factor.
            alone = len(path.edges) == 1 and not slot
            rows[0].append(symbol if alone else formulas.local(e.head, e.operand, slot))
            rows[1].append(symbol)
            rows[2].append(latex_number(number) if formulas.latex else number)
        return rows if path.edges else []

    def _notes(self) -> list[str]:
        """A line that says what a slot is, where a listed path has one."""
        met = (e for path in self.paths for e in _written(path) if e is not None and (e.head, e.operand) in self._slots)
        slot = next(met, None)
        return [] if slot is None else [slot_note(self._names()[slot.head], slot.operand, bool(powers(slot.head)))]

    def _rest(self) -> list[str]:
        unseen = self.count - len(self.paths)
        if not unseen:
            return []
        left = 0.0 if self.silent == unseen else self.total - fsum(*[p.product for p in self.paths])
        quiet = f", {_many(self.silent)} of them silent: a factor is 0" if self.silent else ""
        return [f"  {signed(left):>{self._width()}} = {_many(unseen)} more{quiet}"]

    def _width(self) -> int:
        return max((len(signed(p.product)) for p in self.paths), default=0)

    def _cancelled(self) -> str:
        if not math.isfinite(self.magnitude):
            return "cancellation: cannot be told, a path is not finite"
        if self.cancellation < 1 + 1e-9:
            return "nothing cancels: Σ|paths| = |Σ paths|"
        factor = f"{self.cancellation:.3g} times as much" if self.total else "and nothing is left"
        return f"cancellation: Σ|paths| = {short(self.magnitude)}, |Σ paths| = {short(abs(self.total))}: {factor}"

    def _reused(self) -> str:
        backward, by_paths, _ = self.multiplications
        return f"multiplications: {_many(backward)} by backward(), {_many(by_paths)} path by path"

    def latex(self) -> str:
        r"""The sum over the listed paths as a LaTeX equation: in derivatives, in the rules' symbols, in numbers.

        >>> x = Value(3.0, "x"); y = x * x; y.label = "y"
        >>> r"&= \partial_{1} y + \partial_{2} y" in Explanation(y, x, top=10).latex()
        True
        """
        names = self._names()
        formulas = Formulas(names, latex=True)
        left = formulas.name(derivative(names[self.y], names[self.x]))
        dots = [r"\cdots"] if self.count > len(self.paths) else []
        columns = zip(*[self._rows(p, formulas) for p in self.paths])
        sums = [" + ".join([r" \cdot ".join(row) for row in column] + dots) for column in columns]
        if not sums and self.y is not self.x:
            sums = dots or ["0"]
        result = r"\text{undetermined}" if self.undetermined else latex_number(short(self.gradient))
        lines = [f"&= {line}" for line in [*sums, result]]
        lines += [
            rf"&{formulas.name(symbol)}\text{{:{rest}}}"
            for symbol, _, rest in (n.partition(":") for n in self._notes())
        ]
        return r"\begin{aligned}" + "\n" + left + " " + " \\\\\n".join(lines) + "\n" + r"\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def __repr__(self) -> str:
        return f"Explanation({signed(self.gradient)}, {_many(self.count)} path{'s' * (self.count != 1)})"

    def _names(self) -> dict[Value, str]:
        named = told_apart(names_of(toposort(self.y, self.x), self.y), self.y)
        return {v: atom(cut(name)) for v, name in named.items() if v.op is not LITERAL or v in (self.x, self.y)}


def _summed(parts: list[list[float]]) -> list[float]:
    """Their sum as a list of one; nothing where no path goes on, and an inf above has nothing to multiply."""
    terms = [t for ts in parts for t in ts]
    return [fsum(*terms)] if terms else []


def _written(path: Path) -> list[Edge | None]:
    """The edges of a path; of a long one the first and the last, and None between."""
    edges = path.edges
    return [*edges] if len(edges) <= _FACTORS else [*edges[: _FACTORS - 2], None, edges[-1]]


def _times(n: int) -> str:
    return f"   ({n} times)" if n > 1 else ""


def _many(n: int) -> str:
    """A number of paths: exact up to fifteen digits.

    >>> _many(1234567), _many(2**1000)
    ('1 234 567', '1.07×10³⁰¹')
    """
    if n < 10**15:
        return f"{n:,}".replace(",", " ")
    exponent = int(math.log10(n))  # more digits than Python is willing to print, perhaps
    digits = f"{n / 10**exponent:.2f}" if exponent < 300 else f"{10 ** (math.log10(n) - exponent):.2f}"
    return digits + "×10" + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
