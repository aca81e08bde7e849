"""What goes wrong around backward(): data that changed, gradients that were kept, steps that change nothing.

Of each leaf that a backward() reached it is known what it held then, and which lines have assigned
to its data since.  A mistake is told before the next backward() does harm, and only where nothing
else explains what is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..errors import BackwardMistake
from ..ops import LITERAL
from ..value import Value
from .lines import Line, called, user_line

_RENAMES = re.compile(r"(?:^|[:;]) *\w+ *[-+]=")  # not what a list or an attribute holds
_SAME = 1e-9  # relative: as far as the ratio of a step to its gradient may be from another's


class _Leaf(NamedTuple):
    """A leaf just after a backward(): its data and gradient."""

    data: float
    grad: float


class _Step(NamedTuple):
    """An assignment to a leaf's data: where, after how many backward(), whether it changed it, the gradient then."""

    line: Line | None
    number: int
    changed: bool
    grad: float


class _Rebound(NamedTuple):
    """leaf − number, which nothing uses: where, and the number by which it would have moved, per gradient."""

    leaf: Value
    line: Line | None
    ratio: float


class Steps:
    """What debug() knows of steps: the leaves at the last backward(), and what happened to them since."""

    def __init__(self, accumulate: bool, at: Callable[[Value], str]) -> None:
        self._accumulate = accumulate  # whether gradients are kept on purpose
        self._at = at  # the line that made a node, to stand in a message
        self._leaves: dict[Value, _Leaf] = {}  # as they were after the last backward() that reached them
        self._steps: dict[Value, list[_Step]] = {}
        self._data: dict[Value, float] = {}  # of the leaves, after the last assignment
        self._rebound: dict[Value, _Rebound] = {}
        self._passes = 0  # how many backward() there were
        self.done: set[Value] = set()  # their roots

    # --- what happens ---------------------------------------------------------------------------

    def assigned(self, leaf: Value) -> None:
        """Somebody has assigned to the data of a leaf."""
        if leaf in self._leaves:
            step = _Step(user_line(), self._passes, differ(leaf.data, self._data[leaf]), leaf.grad)
            self._steps.setdefault(leaf, []).append(step)
            self._data[leaf] = leaf.data

    def born(self, node: Value, line: Line | None) -> None:
        """A node is new: perhaps what `p -= η·p.grad` gives, which leaves p as it was."""
        for p in node.parents:
            self._rebound.pop(p, None)
        if node.op is not None and node.op.name in ("sub", "add"):
            leaf, number = node.parents
            if leaf in self._leaves and leaf.grad and number.op is LITERAL:
                self._rebound[node] = _Rebound(leaf, line, number.data / leaf.grad)

    def after(self, root: Value, order: Sequence[Value]) -> None:
        """A backward() from root has gone through these nodes."""
        self._passes += 1
        self.done.add(root)
        for node in order:
            if node.op is None:
                self._leaves[node] = _Leaf(node.data, node.grad)
                self._data[node] = node.data
                self._steps.pop(node, None)
        self._rebound.clear()

    # --- what is wrong with it ------------------------------------------------------------------

    def before(self, root: Value, order: Sequence[Value]) -> None:
        """Refuse a backward() that would mislead.  Raises BackwardMistake."""
        known = {node: self._leaves[node] for node in order if node in self._leaves}
        changed = [leaf for leaf, (data, _) in known.items() if differ(data, leaf.data)]
        if root in self.done and changed:
            leaf = changed[0]
            raise mistake(
                leaf,
                root,
                f"the data of {called(leaf)} changed since the last backward() from {called(root)}, from"
                f" {known[leaf].data!r} to {leaf.data!r}, but {called(root)} was not computed again{self._at(root)}\n"
                "  local derivatives would mix both: compute the forward pass again after every change",
            )
        self._require_no_rebinding(root, known)
        self._require_steps_that_change(root)
        if not self._accumulate:
            self._require_reset(root, known, changed)

    def _require_reset(self, root: Value, known: dict[Value, _Leaf], changed: list[Value]) -> None:
        held = [leaf for leaf in known if leaf.grad]
        reset = [leaf for leaf, (_, grad) in known.items() if grad and not leaf.grad]
        kept = [leaf for leaf in changed if leaf.grad and known[leaf].grad]
        if reset:
            kept = [leaf for leaf in kept if self._is_forgotten(leaf, reset)]
        if kept:
            leaf = kept[0]
            others = f" (and {len(kept) - 1} more)" if len(kept) > 1 else ""
            forgotten = f"although {len(reset)} others were set to zero and " if reset else "although "
            raise mistake(
                leaf,
                root,
                f"{called(leaf)}{others} still holds the gradient of an earlier step, {leaf.grad!r}, {forgotten}its"
                f" data has changed since, from {known[leaf].data!r} to {leaf.data!r}; backward() would add to it"
                f"{self._at(root)}\n"
                "  call zero_grad() before the backward() of every step"
                f"{', for every parameter' if reset else ''}; or debug(accumulate=True), if sums are meant",
            )
        if root in self.done and held and not reset:
            raise mistake(
                root,
                root,
                f"this is the second backward() from {called(root)}, and {called(held[0])} still holds the gradient of"
                f" the first: it would get twice the gradient{self._at(root)}\n"
                "  call zero_grad() in between, or backward() once; or debug(accumulate=True), if sums are meant",
            )

    def _is_forgotten(self, leaf: Value, reset: list[Value]) -> bool:
        """Whether a leaf was moved by its gradient together with some whose gradients were set to zero since.

        Inputs keep their gradients, and nobody needs them; and who trains two networks in turn
        sets those of the other one to zero later.
        """
        others = {(step.number, step.line) for each in reset for step in self._steps.get(each, ())}
        numbers = {number for number, _ in others}
        return any(
            (step.number, step.line) in others or (step.number in numbers and step.line and ".grad" in step.line.text)
            for step in self._steps.get(leaf, ())
        )

    def _require_steps_that_change(self, root: Value | None = None) -> None:
        """Refuse steps that came when every gradient was zero again.  Raises BackwardMistake."""
        stepped = {leaf: self._steps[leaf] for leaf in self._steps if self._leaves[leaf].grad}
        if not stepped or any(step.changed for steps in self._steps.values() for step in steps):
            return
        first = next(iter(stepped.values()))[0]
        if any(step.grad for steps in stepped.values() for step in steps) or not _is_step(first.line):
            return
        leaf = next(iter(stepped))
        where = f"\n  at {first.line}" if first.line else ""
        raise mistake(
            leaf,
            leaf if root is None else root,
            f"a step changed nothing: the gradient of {called(leaf)} was {self._leaves[leaf].grad!r} after backward(),"
            f" and 0 again when its data was assigned{where}\n"
            "  zero_grad() came between backward() and the step: call it after the step, or before backward()",
        )

    def ended(self) -> None:
        """No backward() comes any more.  Raises BackwardMistake."""
        self._require_steps_that_change()
        self._require_no_rebinding(None, self._leaves)

    def _require_no_rebinding(self, root: Value | None, known: dict[Value, _Leaf]) -> None:
        """Refuse `p -= …`.  At the end a result may be meant for later, unless one name was given to several."""
        made = [r for r in self._rebound.values() if r.leaf in known and not differ(r.leaf.data, known[r.leaf].data)]
        for r in made:
            alike = [s for s in made if s.line == r.line and abs(s.ratio - r.ratio) <= _SAME * abs(r.ratio)]
            code = r.line.text if r.line else ""
            several = len({s.leaf for s in alike}) > 1
            if (several and _RENAMES.search(code)) if root is None else (several or ".grad" in code):
                raise mistake(
                    r.leaf,
                    r.leaf if root is None else root,
                    f"a step changed nothing: {called(r.leaf)} minus a number is a new Value, which nothing uses, and"
                    f" {called(r.leaf)} still is {r.leaf.data!r}" + (f"\n  at {r.line}" if r.line else "") + "\n"
                    "  p -= η * p.grad gives the name p to another Value; write p.data -= η * p.grad",
                )


def _is_step(line: Line | None) -> bool:
    """Whether a line may be a step; others assign numbers too, the same ones perhaps."""
    code = line.text.partition("#")[0] if line else ""
    return not code or "grad" in code or "step" in code


def differ(a: float, b: float) -> bool:
    return a != b and not (a != a and b != b)  # nan is the same as nan here


def mistake(node: Value, root: Value, told: str) -> BackwardMistake:
    """The error that marks `node` in the graph of `root`."""
    error = BackwardMistake(told)
    error.node, error.root = node, root
    return error
