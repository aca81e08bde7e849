"""debug(): where a nan or inf was born that reaches a result or a gradient, and mistakes around backward().

Inside, every node remembers the line of the user's program that made it and the data of its
operands at that moment.  Outside, nothing is watched and nothing is paid: whoever makes a node
asks whether one list is empty (recording.py).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import NamedTuple

from ..chain.branches import reached, undetermined
from ..errors import NotFinite
from ..graph import partials, toposort
from ..ops import LITERAL, Op
from ..recording import watching
from ..taking.tables import Taken
from ..value import Value
from .lines import Line, called, listed, operation, user_line
from .mistakes import Steps, differ, mistake


class _Birth(NamedTuple):
    """What is remembered of a node: the line, and all that it was made of, as it was at that moment.

    Under no_grad() the node itself forgets its operation and operands.
    """

    line: Line | None
    row: Op | None
    data: float
    operands: tuple[Value, ...]
    numbers: tuple[float, ...]


@contextlib.contextmanager
def debug(*, accumulate: bool = False) -> Iterator[Debugger]:
    """Inside, a nan or inf that reaches a result or a gradient is an error, and so is a step that misleads.

    accumulate   gradients are kept over steps, or summed over calls, on purpose

    NotFinite        the result of a backward(), or what nothing uses if there is none, is nan or inf:
                     the operation is named that gave it although its operands were better;
                     or a contribution upstream × local is, 0·∞ in particular, or a sum of them
    BackwardMistake  data changed between the forward pass and backward(); a second backward() from
                     the same node; gradients of an earlier step that were never set to zero, all or
                     some; a step that changes nothing, since `p -= …` only renames, or since
                     zero_grad() came before it

    Each message names the node, its numbers, a line of your program and the remedy; `error.node` is
    the Value, and `draw(error.root, highlight=error.node)` marks it in the picture.  What stands in a
    branch that was not taken is nobody's fault.  All nodes made inside are kept until the end, so
    watch a few steps, not a whole training.  Local to its thread.

    >>> with debug() as watched:
    ...     x = Value(0.0, "x")
    ...     y = x + 1
    ...     z = x.log()
    Traceback (most recent call last):
    autograd.errors.NotFinite: -inf is born in log: x = 0.0 gives -inf
      at <doctest autograd.teaching.debugging.debug[0]>, line 4:  z = x.log()
      log is infinite there: keep its operands away from that point
    >>> watched.line(y).number
    3
    """
    watcher = Debugger(accumulate)
    with watching(watcher):
        yield watcher
    watcher.ended()


class Debugger:
    """What debug() knows: how each node was made, and of every backward() and step what mistakes.py asks."""

    def __init__(self, accumulate: bool = False) -> None:
        self._births: dict[Value, _Birth] = {}
        self._bad: list[Value] = []  # nodes that came out as nan or inf
        self._steps = Steps(accumulate, self._at)

    def line(self, node: Value) -> Line | None:
        """The line of the user's program that made a node; None for leaves and for what is older than debug().

        >>> with debug() as watched:
        ...     x = Value(1.0)
        >>> watched.line(x) is None
        True
        """
        birth = self._births.get(node)
        return birth.line if birth else None

    # --- what the engine tells ----------------------------------------------------------------

    def born(self, node: Value) -> None:
        """A node is new.  Whether its nan or inf matters is seen later: a branch that is not taken may hold it."""
        line = user_line()
        self._births[node] = _Birth(line, node.op, node.data, node.parents, tuple([p.data for p in node.parents]))
        self._steps.born(node, line)
        if not math.isfinite(node.data):
            self._bad.append(node)

    def assigned(self, node: Value) -> None:
        """Somebody assigned to the data of a node."""
        self._steps.assigned(node)

    def before_backward(self, root: Value) -> None:
        """Refuse a backward() that would mislead, or whose result is nan or inf already."""
        order = toposort(root)
        for node in order:
            self._require_unchanged(node, root)
        self._steps.before(root, order)
        self._require_finite(root)

    def after_backward(self, root: Value) -> None:
        """Find where the first nan or inf was born that has reached a leaf's gradient.  Raises NotFinite."""
        order = toposort(root, mirrored=True)
        self._steps.after(root, order)
        live = reached(root)
        taken = {node: _taken(node) if node in live else [] for node in order}
        ends = {node for node in order if node.op is None and node in live and not math.isfinite(node.grad)}
        leading = set(ends)  # what hands something on to one of them
        for node in order:
            if any(p in leading for p, _ in taken[node]):
                leading.add(node)
        for node in reversed(order):
            g = node.grad
            if node not in leading:
                continue
            if not math.isfinite(g):  # had a contribution been the cause, it would have been met before
                what = "the sum of its contributions overflows" if node is not root else "so it was given"
                told = f"the gradient of {called(node)} is {g!r}: {what}"
                raise self._not_finite(node, root, told, node, "look for exploding factors, or scale the error")
            for p, d in taken[node]:
                if p in leading and not math.isfinite(g * d):
                    raise self._bad_contribution(root, node, p, g, d)

    def ended(self) -> None:
        """The block is over.  Where no backward() said what the results are, they are what nothing uses."""
        self._steps.ended()
        if not self._steps.done and self._bad:
            used = {p for birth in self._births.values() for p in birth.operands}
            for node in self._bad:
                if node not in used:
                    self._require_finite(node)

    # --- what is wrong with it --------------------------------------------------------------------

    def _require_unchanged(self, node: Value, root: Value) -> None:
        birth = self._births.get(node)
        if birth is None or node.op is None:  # made in no_grad(): a leaf, whose data is the user's
            return
        for v, before in ((node, birth.data), *zip(node.parents, birth.numbers)):
            if differ(v.data, before):
                raise mistake(
                    v,
                    root,
                    f"the data of {called(v)} changed between the forward pass and backward(): it was {before!r} when"
                    f" {called(node)} was computed, and is {v.data!r} now{self._at(node)}\n"
                    "  local derivatives would mix both: compute the forward pass again after every change",
                )

    def _require_finite(self, result: Value) -> None:
        error = None if math.isfinite(result.data) else self._birth_of(result, result)
        if error is not None:
            raise error

    def _birth_of(self, node: Value, root: Value) -> NotFinite | None:
        """Where the nan or inf that a node holds came from; None for an inf that was given."""
        made = node
        while (birth := self._births.get(node)) is not None and birth.row is not None:
            worse = math.isnan if math.isnan(birth.data) else math.isinf
            found = [p for p, x in zip(birth.operands, birth.numbers) if worse(x)]
            if not found:
                return self._from_infinity(node, birth, root) or self._birth(node, birth, root)
            made, node = node, found[0]
        if not math.isnan(node.data):
            return None
        kind = "computed before debug() began" if node.parents else "given as data"
        told = f"{called(node)} is nan where it enters {self._operation(made)}: it was {kind}"
        return self._not_finite(node, root, told, made, "look there")

    def _birth(self, node: Value, birth: _Birth, root: Value) -> NotFinite:
        assert birth.row is not None
        told = f"{birth.data!r} is born in {birth.row.name}: {listed(birth.operands, birth.numbers)}"
        remedy = _remedy(birth.row, birth.data, birth.numbers)
        return self._not_finite(node, root, f"{told} gives {birth.data!r}", node, remedy)

    def _from_infinity(self, node: Value, birth: _Birth, root: Value) -> NotFinite | None:
        """Of a nan, 0·inf or inf − inf: where that inf was born, if it was."""
        for p, x in zip(birth.operands, birth.numbers):
            if math.isnan(birth.data) and math.isinf(x) and (origin := self._birth_of(p, root)) is not None:
                assert birth.row is not None
                first, _, remedy = str(origin).rpartition("\n")
                then = f"it becomes nan in {birth.row.name}: {listed(birth.operands, birth.numbers)}{self._at(node)}"
                return self._error(origin.node, root, f"{first}\n  {then}\n{remedy}")
        return None

    def _bad_contribution(self, root: Value, node: Value, parent: Value, g: float, d: float) -> NotFinite:
        numbers = tuple([p.data for p in node.parents])
        told = (
            f"the gradient of {called(parent)} becomes {g * d!r} in {operation(node)}: upstream × local is {g!r} ×"
            f" {d!r}, at {listed(node.parents, numbers)}"
        )
        remedy = f"{operation(node)} has no finite slope there: keep its operands away from that point"
        if undetermined(g, d):
            told = told.replace("becomes nan", "is undetermined", 1)
            remedy = (
                "0·∞ has no value: write sigmoid, softplus, hypot, logsumexp, log1p or where(x > 0, …, 0) instead"
                " (the table in docs/numerics.md), or keep the operands away from that point"
            )
        elif math.isfinite(d):
            remedy = "the product overflows: scale the error, or look for exploding factors"
        told += self._at(node)
        bad = next((v for v in (node, *node.parents) if not math.isfinite(v.data)), None)
        origin = self._birth_of(bad, root) if bad is not None else None
        if origin is not None:
            told += "\n  " + str(origin).rpartition("\n")[0]
        return self._error(node, root, f"{told}\n  {remedy}")

    def _operation(self, node: Value) -> str:
        birth = self._births.get(node)
        return birth.row.name if birth and birth.row else operation(node)

    def _not_finite(self, culprit: Value, root: Value, told: str, made: Value, remedy: str) -> NotFinite:
        return self._error(culprit, root, f"{told}{self._at(made)}\n  {remedy}")

    def _error(self, culprit: Value, root: Value, told: str) -> NotFinite:
        error = NotFinite(told)
        error.node, error.root = culprit, root
        return error

    def _at(self, node: Value) -> str:
        line = self.line(node)
        return f"\n  at {line}" if line else ""


def _taken(node: Value) -> list[tuple[Value, float]]:
    """The operands that a node hands something on to; nobody asks for a derivative by the 2 of x²."""
    uses = [(i, p, d) for i, (p, d) in enumerate(zip(node.parents, partials(node))) if d is not None]
    return [(p, d) for i, p, d in uses if p.op is not LITERAL and node.op is not None and node.op.takes(i, d)]


def _remedy(row: Op, data: float, numbers: tuple[float, ...]) -> str:
    """What to do about an operation that gave nan, or inf.

    >>> from ..ops import TABLE
    >>> _remedy(TABLE["log1p"], -math.inf, (-1.0,))
    'log1p is infinite there: keep its operands away from that point'
    >>> _remedy(TABLE["exp"], math.inf, (800.0,))
    'exp overflows a double: scale its operands down'
    """
    if isinstance(row, Taken):
        return f"the index of take must be a whole number from 0 to {len(row.table) - 1}"
    if math.isnan(data):
        return f"{row.name} is not defined there: keep its operands inside its domain"
    # log1p at −1 and atanh at ±1 have finite neighbours; where a number is too large, so are those beside it.
    neighbours = [
        (*numbers[:i], math.nextafter(x, towards), *numbers[i + 1 :])
        for i, x in enumerate(numbers)
        for towards in (-math.inf, math.inf)
        if x
    ]
    if (row.singular and 0.0 in numbers) or any(math.isfinite(row.function(*each)) for each in neighbours):
        return f"{row.name} is infinite there: keep its operands away from that point"
    return f"{row.name} overflows a double: scale its operands down"
