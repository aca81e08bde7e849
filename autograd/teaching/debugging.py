"""debug(): where a nan or inf was born, and the three classic mistakes around backward().

Inside, every node remembers the line of the user's program that made it and the data of its
operands at that moment.  Outside, nothing is watched and nothing is paid: whoever makes a node
asks whether one list is empty (recording.py).
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import BackwardMistake, NotFinite
from ..graph import partials, toposort
from ..ops import LITERAL
from ..recording import watching
from ..value import Value

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_OURS = tuple(os.path.join(_ROOT, package, "") for package in ("autograd", "nn"))
_SHOWN = 6  # operands of a long sum that a message lists


class Line(NamedTuple):
    """A line of the user's program.

    >>> str(Line("train.py", 12)), str(Line("/tmp/ipykernel_17/2512.py", 3))
    ('train.py, line 12', 'cell, line 3')
    """

    file: str
    number: int

    def __str__(self) -> str:
        import linecache  # here, since it brings the tokenizer along, and every import of autograd would wait for it

        text = linecache.getline(self.file, self.number).strip()
        # A notebook's kernel makes up a file for each cell, whose name tells nobody anything.
        file = "cell" if os.path.basename(os.path.dirname(self.file)).startswith("ipykernel_") else self.file
        return f"{file}, line {self.number}" + (f":  {text}" if text else "")


class _Birth(NamedTuple):
    """What is remembered of a node: where it was made, its data and its operands' at that moment."""

    line: Line | None
    data: float
    operands: tuple[float, ...]


class _Leaf(NamedTuple):
    data: float
    grad: float


@contextlib.contextmanager
def debug() -> Iterator[Debugger]:
    """Inside, the first nan or inf that is born is an error, and so is a backward() that misleads.

    NotFinite        an operation gives nan or inf although its operands are better, the data was
                     nan already, a contribution upstream × local is nan or inf, or their sum is
    BackwardMistake  data changed between the forward pass and backward(), a second backward()
                     from the same node, or gradients of an earlier step that were never set to zero

    Each message names the node, its numbers, a line of your program and the remedy; `error.node` is
    the Value, and `draw(error.root, highlight=error.node)` marks it in the picture.  A branch that
    `where` does not take counts too.  All nodes made inside are kept until the end, so watch a few
    steps, not a whole training.  Local to its thread.

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
    watcher = Debugger()
    with watching(watcher):
        yield watcher


class Debugger:
    """What debug() knows: each node's line, and the state of the leaves at the last backward()."""

    def __init__(self) -> None:
        self._births: dict[Value, _Birth] = {}
        self._done: set[Value] = set()  # roots of backward()
        self._leaves: dict[Value, _Leaf] = {}  # as they were after the last backward() that reached them

    def line(self, node: Value) -> Line | None:
        """The line of the user's program that made a node; None for leaves and for what is older than debug().

        >>> with debug() as watched:
        ...     x = Value(1.0)
        >>> watched.line(x) is None
        True
        """
        birth = self._births.get(node)
        return birth.line if birth else None

    # --- the forward pass -------------------------------------------------------------------

    def born(self, node: Value) -> None:
        """Look at a new node.  Raises NotFinite."""
        operands = tuple([p.data for p in node.parents])
        self._births[node] = _Birth(_user_line(), node.data, operands)
        for p in node.parents:
            if math.isnan(p.data):
                kind = "computed before debug() began" if p.parents else "given as data"
                told = f"{_name(p)} is nan where it enters {_operation(node)}: it was {kind}"
                raise self._not_finite(p, node, told, node, "look there")
        better = all(map(math.isfinite, operands))
        if math.isnan(node.data) or (better and math.isinf(node.data)):
            told = f"{node.data!r} is born in {_operation(node)}: {_listed(node)} gives {node.data!r}"
            raise self._not_finite(node, node, told, node, _remedy(node, operands))

    # --- around backward() --------------------------------------------------------------------

    def before_backward(self, root: Value) -> None:
        """Refuse a backward() that would mislead.  Raises BackwardMistake."""
        order = toposort(root)
        for node in order:
            self._require_unchanged(node, root)
        before = {node: self._leaves[node] for node in order if node in self._leaves}
        changed = [leaf for leaf, (data, _) in before.items() if _differ(data, leaf.data)]
        if root in self._done and changed:
            leaf = changed[0]
            raise _mistake(
                leaf,
                root,
                f"the data of {_name(leaf)} changed since the last backward() from {_name(root)}, from"
                f" {before[leaf].data!r} to {leaf.data!r}, but {_name(root)} was not computed again{self._at(root)}\n"
                "  local derivatives would mix both: compute the forward pass again after every change",
            )
        if any(grad and not leaf.grad for leaf, (_, grad) in before.items()):
            return  # somebody sets gradients to zero; what is left, a network's inputs have, and nobody needs
        for leaf in changed:
            if leaf.grad:
                raise _mistake(
                    leaf,
                    root,
                    f"{_name(leaf)} still holds the gradient of an earlier step, {leaf.grad!r}, although its data has"
                    f" changed since, from {before[leaf].data!r} to {leaf.data!r}; backward() would add to it"
                    f"{self._at(root)}\n"
                    "  call zero_grad() before the backward() of every step",
                )
        held = [leaf for leaf in before if leaf.grad]
        if root in self._done and held:
            raise _mistake(
                root,
                root,
                f"this is the second backward() from {_name(root)}, and {_name(held[0])} still holds the gradient of"
                f" the first: it would get twice the gradient{self._at(root)}\n"
                "  call zero_grad() in between, or backward() once",
            )

    def _require_unchanged(self, node: Value, root: Value) -> None:
        birth = self._births.get(node)
        if birth is None or node.op is None:  # made in no_grad(): a leaf, whose data is the user's
            return
        for v, before in ((node, birth.data), *zip(node.parents, birth.operands)):
            if _differ(v.data, before):
                raise _mistake(
                    v,
                    root,
                    f"the data of {_name(v)} changed between the forward pass and backward(): it was {before!r} when"
                    f" {_name(node)} was computed, and is {v.data!r} now{self._at(node)}\n"
                    "  local derivatives would mix both: compute the forward pass again after every change",
                )

    def after_backward(self, root: Value) -> None:
        """Find where the first nan or inf among the gradients was born.  Raises NotFinite."""
        order = toposort(root, mirrored=True)
        self._done.add(root)
        self._leaves.update((node, _Leaf(node.data, node.grad)) for node in order if node.op is None)
        for node in reversed(order):
            g = node.grad
            if node.op is LITERAL:  # nobody asks for a derivative by the 2 of x²
                continue
            if not math.isfinite(g):  # had a contribution been the cause, it would have been met before
                what = "the sum of its contributions overflows" if node is not root else "so it was given"
                told = f"the gradient of {_name(node)} is {g!r}: {what}"
                raise self._not_finite(node, root, told, node, "look for exploding factors, or scale the error")
            if g:
                for p, d in zip(node.parents, partials(node)):
                    if d and not math.isfinite(g * d) and p.op is not LITERAL:
                        raise self._bad_contribution(root, node, p, g, d)

    def _bad_contribution(self, root: Value, node: Value, parent: Value, g: float, d: float) -> NotFinite:
        told = (
            f"the gradient of {_name(parent)} becomes {g * d!r} in {_operation(node)}: upstream × local is {g!r} ×"
            f" {d!r}, at {_listed(node)}"
        )
        finite = "the product overflows: scale the error, or look for exploding factors"
        singular = f"{_operation(node)} has no finite slope there: keep its operands away from that point"
        return self._not_finite(node, root, told, node, finite if math.isfinite(d) else singular)

    def _not_finite(self, culprit: Value, root: Value, told: str, made: Value, remedy: str) -> NotFinite:
        error = NotFinite(f"{told}{self._at(made)}\n  {remedy}")
        error.node, error.root = culprit, root
        return error

    def _at(self, node: Value) -> str:
        line = self.line(node)
        return f"\n  at {line}" if line else ""


def _mistake(node: Value, root: Value, told: str) -> BackwardMistake:
    error = BackwardMistake(told)
    error.node, error.root = node, root
    return error


def _user_line() -> Line | None:
    """The innermost line that runs outside this engine."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back  # type: ignore[assignment]
    return Line(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


def _differ(a: float, b: float) -> bool:
    return a != b and not (a != a and b != b)  # nan is the same as nan here


def _operation(node: Value) -> str:
    return node.op.name if node.op else "a leaf"


def _name(node: Value) -> str:
    return (
        repr(node.label) if node.label else f"the result of {_operation(node)}" if node.op else "a leaf without label"
    )


def _listed(node: Value) -> str:
    """The operands with their data; of many, the largest."""
    told = [(p.label or f"operand {i}", p.data) for i, p in enumerate(node.parents, 1)]
    if len(told) > _SHOWN:
        told = sorted(told, key=lambda each: -abs(each[1]))[:_SHOWN]
    more = f", … ({len(node.parents)} operands)" if len(node.parents) > _SHOWN else ""
    return ", ".join(f"{name} = {x!r}" for name, x in told) + more


def _remedy(node: Value, operands: tuple[float, ...]) -> str:
    operation = _operation(node)
    if math.isnan(node.data):
        return f"{operation} is not defined there: keep its operands inside its domain"
    if node.op is not None and node.op.singular and 0.0 in operands:
        return f"{operation} is infinite there: keep its operands away from that point"
    return f"{operation} overflows a double: scale its operands down"
