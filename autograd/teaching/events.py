"""Backpropagation as a film: every event of the forward and the backward pass, to step through.

Forward, each operation gives a value.  Backward, each use of an operand gives its
accumulator one contribution, upstream gradient × local derivative:

    ∂Err/∂θ₁ += ∂Err/∂u · ∂u/∂θ₁ = −0.251 × 1.00

A recording is taken from the graph without touching it: it keeps its own accumulators, adds
in the order of `backward()`, and so ends with the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from ..branches import undetermined
from ..errors import AutogradTypeError, AutogradValueError
from ..graph import sent, toposort
from ..ops import LITERAL, Op
from ..value import Value
from ..words.formulas import applied
from ..words.text import bracketed, short, shown
from .orders import Attempt, Edges, attempts, uses
from .roles import Roles, cast, checked
from .symbols import Symbols
from .why import why_accumulate, why_topological


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


@dataclass(frozen=True, eq=False, slots=True)
class Seed:
    """Backward begins: the result's derivative by itself is 1."""

    number: int
    parent: Value
    symbols: Symbols
    contribution: float = 1.0
    before: float = 0.0
    after: float = 1.0

    def __str__(self) -> str:
        return f"{self.symbols.partial(self.parent)} = 1"

    __repr__ = __str__


@dataclass(frozen=True, eq=False, slots=True)
class Backward:
    """A node sends one of its operands that operand's share of the gradient.

    number         which event of the recording it is, from 1
    node, parent   from whom, to whom; `node.parents[operand] is parent`
    upstream       ∂root/∂node, complete by now
    local          ∂node/∂parent at this operand, from the node's row of the table
    contribution   upstream × local; 0 where the branch was not taken, whatever inf or nan a factor is
    before, after  the parent's accumulator, which is ∂root/∂parent once nobody else sends to it
    taken          whether it is sent at all: False below a branch that was not taken
    """

    number: int
    node: Value
    parent: Value
    operand: int
    upstream: float
    local: float
    contribution: float
    before: float
    after: float
    symbols: Symbols
    taken: bool = True

    @property
    def undetermined(self) -> bool:
        """Whether the contribution is 0·∞: nan, though neither factor is.

        >>> x = Value(0.0, "x"); print(record(x.sqrt() ** 2).events[-1])
        ∂f/∂x += ∂f/∂v₁ · ∂v₁/∂x = 0 × ∞: undetermined   (0 → nan)
        """
        return self.taken and undetermined(self.upstream, self.local)

    def __str__(self) -> str:
        chain = f"{self.symbols.partial(self.node)} · {self.symbol}"
        product = f"{bracketed(short(self.upstream))} × {bracketed(short(self.local))}"
        moved = f"{short(self.before)} → {short(self.after)}"
        return f"{self.symbols.partial(self.parent)} += {chain} = {product}{self._result()}   ({moved})"

    @property
    def symbol(self) -> str:
        """How its local derivative is written: ∂u/∂x, or ∂₁u by this operand alone, where x enters u elsewhere too.

        >>> x = Value(3.0, "x"); print([event.symbol for event in record(x * x).contributions(x)])
        ['∂₁f', '∂₂f']
        """
        return self.symbols.local(self.node, self.operand)

    def _result(self) -> str:
        if self.undetermined:
            return ": undetermined"
        silenced = not self.taken and self.upstream * self.local != 0  # a nan too
        return ": not taken" if silenced else f" = {short(self.contribution)}"

    __repr__ = __str__


Event: TypeAlias = "Forward | Seed | Backward"


def not_finite(event: Event) -> bool:
    """Whether the event leaves a nan or an inf: the value computed, or the accumulator.

    >>> x = Value(0.0, "x")
    >>> print(record(x.log() * x).run(not_finite))
    v₁ = log(x) = log(0) = −∞
    """
    return not math.isfinite(event.result if isinstance(event, Forward) else event.after)


class Recording:
    """Both passes as events, and a position among them: how many have happened.

    root      the Value that was recorded
    events    all of them, forward then backward
    position  0 before the first, len(events) after the last
    names     what each node is called
    symbols   how nodes and their derivatives are written
    roles     what the user said that nodes are
    edges     each node with its operands and local derivatives, in the order of backward();
              plain numbers, and operands that it does not depend on, are left out

    >>> x = Value(3.0, "x")
    >>> recording = record(x * x + x)
    >>> print(recording)
    forward
         1  v₁ = x² = 3.00² = 9.00
         2  f = v₁ + x = 9.00 + 3.00 = 12.0
    backward
         3  ∂f/∂f = 1
         4  ∂f/∂v₁ += ∂f/∂f · ∂f/∂v₁ = 1.00 × 1.00 = 1.00   (0 → 1.00)
         5  ∂f/∂x += ∂f/∂f · ∂₂f = 1.00 × 1.00 = 1.00   (0 → 1.00)
         6  ∂f/∂x += ∂f/∂v₁ · ∂₁v₁ = 1.00 × 3.00 = 3.00   (1.00 → 4.00)
         7  ∂f/∂x += ∂f/∂v₁ · ∂₂v₁ = 1.00 × 3.00 = 3.00   (4.00 → 7.00)
    ∂₁v₁: by the first operand alone, x² being x·x
    """

    def __init__(self, root: Value, roles: Roles = None) -> None:
        order = toposort(root)
        self.roles = checked(roles, order)
        self.root = root
        self.position = 0
        self.events: list[Event] = []
        self._arrivals: dict[Value, list[Seed | Backward]] = {}
        self._leaves = {node: node.data for node in order if not node.parents}
        self.edges: Edges = {
            node: uses(node)
            for node in reversed(toposort(root, mirrored=True))
            if node.op is not LITERAL or node is root
        }
        self.symbols = Symbols(order, root, self.edges)
        self.names = self.symbols.names
        self._record_forward(order)
        self._record_backward()

    def _record_forward(self, order: list[Value]) -> None:
        for node in order:
            if node.op is not None and node.parents:
                operands = tuple([parent.data for parent in node.parents])
                self.events.append(Forward(len(self.events) + 1, node, node.op, operands, node.data, self.symbols))

    def _record_backward(self) -> None:
        gradients = dict.fromkeys(self.edges, 0.0)
        gradients[self.root] = 1.0
        reached = {self.root}
        self._arrive(Seed(len(self.events) + 1, self.root, self.symbols))
        for node, operands in self.edges.items():
            upstream = gradients[node]
            for parent, local, operand in operands:
                if taken := node.op is not None and node in reached and node.op.takes(operand, local):
                    reached.add(parent)
                share, before = sent(upstream, local, taken), gradients[parent]
                gradients[parent] = after = before + share
                numbers = upstream, local, share, before, after
                self._arrive(Backward(len(self.events) + 1, node, parent, operand, *numbers, self.symbols, taken))

    def _arrive(self, event: Seed | Backward) -> None:
        self.events.append(event)
        self._arrivals.setdefault(event.parent, []).append(event)

    # --- to look at one moment -------------------------------------------------------------------

    @property
    def event(self) -> Event | None:
        """The last event that has happened; None at the start."""
        return self.events[self.position - 1] if self.position else None

    @property
    def values(self) -> dict[Value, float]:
        """What is known by now going forward: the leaves, and every result so far."""
        results = {e.node: e.result for e in self.events[: self.position] if isinstance(e, Forward)}
        return self._leaves | results

    @property
    def gradients(self) -> dict[Value, float]:
        """The accumulators by now, of those nodes that something has been sent to.

        >>> x = Value(3.0, "x"); recording = record(x * x)
        >>> _ = recording.jump(3); recording.gradients[x]
        3.0
        >>> _ = recording.step(); recording.gradients[x]
        6.0
        """
        return {e.parent: e.after for e in self.events[: self.position] if not isinstance(e, Forward)}

    # --- to move -------------------------------------------------------------------------------

    def step(self, count: int = 1) -> Event | None:
        """Let the next event happen, or the next `count`; a negative count takes events back.

        It stops at either end.  Returns the last event that has happened, None at the start.

        >>> recording = record(Value(2.0, "x") * Value(3.0, "y"))
        >>> print(recording.step())
        f = x × y = 2.00 × 3.00 = 6.00
        >>> print(recording.step(-1))
        None
        """
        self.position = min(max(self.position + count, 0), len(self.events))
        return self.event

    def jump(self, to: int | Event | None) -> Event | None:
        """Go to the moment right after an event, or after that many; 0 is the start.

        Raises AutogradValueError where there is no such moment.

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

    def run(self, until: Value | str | Callable[[Event], bool]) -> Event | None:
        """Go on to the next event of a node, given itself or by name, or to the next that a test picks.

        Returns that event; None, at the end, where there is none.  Raises AutogradValueError for a
        name that no node has, and AutogradTypeError for anything else.

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

    def _concerning(self, chosen: Value | str) -> Callable[[Event], bool]:
        node = self._node("run", chosen)

        def concerns(event: Event) -> bool:
            if isinstance(event, Forward):
                return node is event.node or node in event.node.parents
            return node is event.parent or (isinstance(event, Backward) and node is event.node)

        return concerns

    def _node(self, operation: str, chosen: Value | str) -> Value:
        if isinstance(chosen, str):
            for node, name in self.names.items():
                if name == chosen:
                    return node
            near = get_close_matches(chosen, self.names.values(), 3, 0.4)
            hint = f"; near to it: {', '.join(map(shown, near))}" if near else ""
            raise AutogradValueError(f"{operation}: no node of this recording is called {chosen!r}{hint}")
        if not isinstance(chosen, Value):
            raise AutogradTypeError(f"{operation} takes a Value or its name, and was given {chosen!r}")
        if chosen not in self.names:
            raise AutogradValueError(f"{operation}: {chosen!r} is not a node of this recording")
        return chosen

    # --- questions ------------------------------------------------------------------------------

    def contributions(self, node: Value | str) -> list[Seed | Backward]:
        """What a node is sent, in the order in which it comes; added up from first to last it is its gradient.

        Raises as run() does.

        >>> x = Value(3.0, "x"); y = x * x + x
        >>> [event.contribution for event in record(y).contributions(x)]
        [1.0, 3.0, 3.0]
        """
        return list(self._arrivals.get(self._node("contributions", node), ()))

    def gradient(self, node: Value | str) -> float:
        """∂root/∂node once all events have happened, wherever the recording stands.

        Raises as run() does.
        """
        arrivals = self._arrivals.get(self._node("gradient", node))
        return arrivals[-1].after if arrivals else 0.0

    @property
    def largest(self) -> Backward | None:
        """The event with the largest |contribution|, the first of equals; None where nothing is sent back."""
        sizes = [e for e in self.events if isinstance(e, Backward) and not math.isnan(e.contribution)]
        return max(sizes, key=lambda e: abs(e.contribution), default=None)

    @property
    def first_not_finite(self) -> Event | None:
        """Where the first nan or inf comes up; None if everything stays finite."""
        return next(filter(not_finite, self.events), None)

    def attempts(self) -> list[Attempt]:
        """What other orders than backward()'s give on this graph; see autograd.orders."""
        return attempts(self.edges, self.root)

    def why(self) -> str:
        """The two questions that everybody asks, answered on this graph.

        Why must the order be topological?  What would other orders give?  And why +=, not = ?

        >>> x = Value(3.0, "x"); print(record(2 * x).why().splitlines()[0])
        Why in topological order?
        """
        return f"{why_topological(self)}\n{why_accumulate(self)}"

    def partial(self, node: Value) -> str:
        """How the derivative of the root by a node is written.

        >>> x = Value(3.0, "x"); record(x * x).partial(x)
        '∂f/∂x'
        """
        return self.symbols.partial(node)

    def __str__(self) -> str:
        lines = [f"{'►' if event.number == self.position else ' '} {event.number:4}  {event}" for event in self.events]
        operations = sum(isinstance(event, Forward) for event in self.events)
        said = cast(self.roles, self.symbols.name)
        return "\n".join([*said, "forward", *lines[:operations], "backward", *lines[operations:], *self.symbols.notes])

    def __repr__(self) -> str:
        root = shown(self.names[self.root])
        return f"Recording({root}: {self.position} of {len(self.events)} events; print it to see them)"


def record(y: Value, *, roles: Roles = None) -> Recording:
    """The forward and the backward pass of y as events, to step through; no `.grad` is read or changed.

    roles   what nodes are, as in draw: {node: "input"}, or "parameter", "target", "loss"; printed first

    Print the result for all events, or walk through them:

    .step(), .step(-1)   one event further, one back; it is returned
    .jump(9)             to just after event 9; 0 is the start
    .run(until="w")      to the next event that concerns a node (a Value, its name, or a condition)
    .values, .gradients  what every node holds by then
    .contributions("w")  what adds up to ∂f/∂w
    .why()               why in this order, and why +=
    .attempts()          what other orders would have given

    The last accumulators are, bit for bit, what `y.backward()` gives where all gradients were zero.
    Plain numbers receive nothing: nobody asks for a derivative by 2.  The numbers are those of the
    moment of recording.  Raises AutogradTypeError for anything that is not a Value, AutogradValueError
    for an unknown role or a role of what is not in the graph.

    >>> x = Value(3.0, "x"); y = x * x
    >>> print(record(y).contributions(x)[0])
    ∂f/∂x += ∂f/∂f · ∂₁f = 1.00 × 3.00 = 3.00   (0 → 3.00)
    """
    if not isinstance(y, Value):
        raise AutogradTypeError(f"record takes a Value, and was given {y!r}")
    return Recording(y, roles)
