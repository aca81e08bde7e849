"""A film of a graph: what happens, event by event, and a position among the events.

Here is what every film has: the operations that give values, and how one moves.  events.py
records what goes backward, tangents.py what goes along forward.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, Protocol, TypeAlias, TypeVar

from ..chain.branches import undetermined
from ..errors import AutogradTypeError, AutogradValueError
from ..graph import toposort
from ..ops import LITERAL, Op
from ..value import Value
from ..words.formulas import applied
from ..words.text import bracketed, cut, short
from .orders import Edges, uses
from .roles import Roles, checked
from .symbols import Symbols


class Arrival(Protocol):
    """An event by which something comes to a node's accumulator."""

    @property
    def number(self) -> int: ...
    @property
    def contribution(self) -> float: ...
    @property
    def after(self) -> float: ...
    @property
    def receiver(self) -> Value: ...
    @property
    def about(self) -> tuple[Value, ...]: ...


A = TypeVar("A", bound=Arrival)
K = TypeVar("K", bound=Arrival)
Event: TypeAlias = "Forward | A"


@dataclass(frozen=True, eq=False, slots=True)
class Forward:
    """An operation is carried out.

    number     which event of the recording it is, from 1
    node       the Value that comes out; its operands are `node.parents`
    operation  the row of the table
    operands   the operands' values
    result     and what the operation made of them
    """

    number: int
    node: Value
    operation: Op
    operands: tuple[float, ...]
    result: float
    symbols: Symbols

    def __str__(self) -> str:
        names = self.symbols.formula(self.node)
        numbers = applied(self.node, [short(x) for x in self.operands])
        return f"{self.symbols.name(self.node)} = {names} = {numbers} = {short(self.result)}"

    __repr__ = __str__

    @property
    def about(self) -> tuple[Value, ...]:
        """Whom it concerns."""
        return self.node, *self.node.parents


def not_finite(event: Event[Arrival]) -> bool:
    """Whether the event leaves a nan or an inf: the value computed, or the accumulator.

    >>> from autograd import record
    >>> x = Value(0.0, "x")
    >>> print(record(x.log() * x).run(not_finite))
    v₁ = log(x) = log(0) = −∞
    """
    return not math.isfinite(event.result if isinstance(event, Forward) else event.after)


def multiplied(first: float, second: float, result: float, taken: bool) -> str:
    """A contribution as text: its factors, and what came of them.

    >>> multiplied(-2.0, 3.0, -6.0, True), multiplied(0.0, math.inf, 0.0, False)
    ('(−2.00) × 3.00 = −6.00', '0 × ∞: not taken')
    """
    product = f"{bracketed(short(first))} × {bracketed(short(second))}"
    if taken and undetermined(first, second):
        return f"{product}: undetermined"
    silenced = not taken and first * second != 0  # a nan too
    return f"{product}: not taken" if silenced else f"{product} = {short(result)}"


class Film(Generic[A]):
    """Events, and a position among them: how many have happened.

    root      the Value that was recorded
    events    all of them, in order
    position  0 before the first, len(events) after the last
    names     what each node is called
    symbols   how nodes and their derivatives are written
    roles     what the user said that nodes are
    edges     each node with its operands and local derivatives, in the order of backward();
              plain numbers, and operands that it does not depend on, are left out
    """

    def __init__(self, root: Value, roles: Roles = None) -> None:
        self.order = toposort(root)
        self.roles = checked(roles, self.order)
        self.root = root
        self.position = 0
        self.events: list[Event[A]] = []
        self._arrivals: dict[Value, list[A]] = {}
        self._leaves = {node: node.data for node in self.order if not node.parents}
        self.edges: Edges = {
            node: uses(node)
            for node in reversed(toposort(root, mirrored=True))
            if node.op is not LITERAL or node is root
        }
        self.symbols = Symbols(self.order, root, self.edges)
        self.names = self.symbols.names

    def _record_operation(self, node: Value) -> None:
        if node.op is not None and node.parents:
            operands = tuple([parent.data for parent in node.parents])
            self.events.append(Forward(len(self.events) + 1, node, node.op, operands, node.data, self.symbols))

    def _arrive(self, event: A) -> None:
        self.events.append(event)
        self._arrivals.setdefault(event.receiver, []).append(event)

    # --- to look at one moment -------------------------------------------------------------------

    @property
    def event(self) -> Event[A] | None:
        """The last event that has happened; None at the start."""
        return self.events[self.position - 1] if self.position else None

    @property
    def values(self) -> dict[Value, float]:
        """What is known by now going forward: the leaves, and every result so far."""
        results = {e.node: e.result for e in self.events[: self.position] if isinstance(e, Forward)}
        return self._leaves | results

    @property
    def arrived(self) -> dict[Value, float]:
        """The accumulators by now, of those nodes to which something has come."""
        return {e.receiver: e.after for e in self.events[: self.position] if not isinstance(e, Forward)}

    def contributions(self, node: Value | str) -> list[A]:
        """What comes to a node, in order; added up from first to last it is its derivative.

        Raises as run() does.

        >>> from autograd import record
        >>> x = Value(3.0, "x"); y = x * x + x
        >>> [event.contribution for event in record(y).contributions(x)]
        [1.0, 3.0, 3.0]
        """
        return list(self._arrivals.get(self._node("contributions", node), ()))

    def _total(self, operation: str, node: Value | str) -> float:
        arrivals = self._arrivals.get(self._node(operation, node))
        return arrivals[-1].after if arrivals else 0.0

    def _largest(self, kind: type[K]) -> K | None:
        sizes = [e for e in self.events if isinstance(e, kind) and not math.isnan(e.contribution)]
        return max(sizes, key=lambda e: abs(e.contribution), default=None)

    @property
    def first_not_finite(self) -> Event[A] | None:
        """Where the first nan or inf comes up; None if everything stays finite."""
        return next(filter(not_finite, self.events), None)

    # --- to move -------------------------------------------------------------------------------

    def step(self, count: int = 1) -> Event[A] | None:
        """Let the next event happen, or the next `count`; a negative count takes events back.

        It stops at either end.  Returns the last event that has happened, None at the start.

        >>> from autograd import record
        >>> recording = record(Value(2.0, "x") * Value(3.0, "y"))
        >>> print(recording.step())
        f = x × y = 2.00 × 3.00 = 6.00
        >>> print(recording.step(-1))
        None
        """
        self.position = min(max(self.position + count, 0), len(self.events))
        return self.event

    def jump(self, to: int | Event[A] | None) -> Event[A] | None:
        """Go to the moment right after an event, or after that many; 0 is the start.

        Raises AutogradValueError where there is no such moment.

        >>> from autograd import record
        >>> recording = record(Value(2.0, "x") * Value(3.0, "y"))
        >>> print(recording.jump(recording.largest))
        ∂f/∂x += ∂f/∂f · ∂f/∂x = 1.00 × 3.00 = 3.00   (0 → 3.00)
        """
        number = to if isinstance(to, int) else getattr(to, "number", -1)  # -1: an event that was not found, None
        known = 0 <= number <= len(self.events)
        if not known or not (isinstance(to, int) or self.events[number - 1] is to):
            raise AutogradValueError(f"jump: {to} is not a moment of this recording, which are 0 to {len(self.events)}")
        self.position = number
        return self.event

    def run(self, until: Value | str | Callable[[Event[A]], bool]) -> Event[A] | None:
        """Go on to the next event of a node, given itself or by name, or to the next that a test picks.

        Returns that event; None, at the end, where there is none.  Raises AutogradValueError for a
        name that no node has, and AutogradTypeError for anything else.

        >>> from autograd import record
        >>> from autograd.teaching.events import Backward
        >>> x = Value(3.0, "x"); recording = record(x.exp() * x)
        >>> print(recording.run("x"))
        v₁ = exp(x) = exp(3.00) = 20.1
        >>> print(recording.run(lambda event: isinstance(event, Backward)))
        ∂f/∂v₁ += ∂f/∂f · ∂f/∂v₁ = 1.00 × 3.00 = 3.00   (0 → 3.00)
        """
        test = until if callable(until) else self._concerning(until)
        for event in self.events[self.position :]:
            self.position = event.number
            if test(event):
                return event
        return None

    def _concerning(self, chosen: Value | str) -> Callable[[Event[A]], bool]:
        node = self._node("run", chosen)

        def concerns(event: Event[A]) -> bool:
            return node in event.about

        return concerns

    def _node(self, operation: str, chosen: Value | str) -> Value:
        if isinstance(chosen, str):
            for node, name in self.names.items():
                if name == chosen:
                    return node
            near = get_close_matches(chosen, self.names.values(), 3, 0.4)
            hint = f"; near to it: {', '.join(map(cut, near))}" if near else ""
            raise AutogradValueError(f"{operation}: no node of this recording is called {chosen!r}{hint}")
        if not isinstance(chosen, Value):
            raise AutogradTypeError(f"{operation} takes a Value or its name, and was given {chosen!r}")
        if chosen not in self.names:
            raise AutogradValueError(f"{operation}: {chosen!r} is not a node of this recording")
        return chosen

    def _lines(self) -> list[str]:
        return [f"{'►' if event.number == self.position else ' '} {event.number:4}  {event}" for event in self.events]

    def __repr__(self) -> str:
        root, kind = cut(self.names[self.root]), type(self).__name__
        return f"{kind}({root}: {self.position} of {len(self.events)} events; print it to see them)"
