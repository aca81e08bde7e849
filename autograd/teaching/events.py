"""Backpropagation as a film: every event of the forward and the backward pass, to step through.

Forward, each operation gives a value.  Backward, each use of an operand gives its
accumulator one contribution, upstream gradient × local derivative:

    ∂Err/∂θ₁ += ∂Err/∂u · ∂u/∂θ₁ = −0.251 × 1.00

A recording is taken from the graph without touching it: it keeps its own accumulators, adds
in the order of `backward()`, and so ends with the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, overload

from ..chain.branches import undetermined
from ..errors import AutogradTypeError, AutogradValueError
from ..forward import MODES
from ..graph import sent
from ..value import Value
from ..words.text import short
from .film import Film, multiplied
from .film import Forward as Forward
from .film import not_finite as not_finite
from .orders import Attempt, attempts
from .roles import Roles, cast
from .symbols import Symbols
from .tangents import TangentRecording, seeds
from .why import why_accumulate, why_topological


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

    @property
    def receiver(self) -> Value:
        """To whom it comes."""
        return self.parent

    @property
    def about(self) -> tuple[Value, ...]:
        """Whom it concerns."""
        return (self.parent,)


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
        product = multiplied(self.upstream, self.local, self.contribution, self.taken)
        moved = f"{short(self.before)} → {short(self.after)}"
        return f"{self.symbols.partial(self.parent)} += {chain} = {product}   ({moved})"

    @property
    def symbol(self) -> str:
        """How its local derivative is written: ∂u/∂x, or ∂₁u by this operand alone, where x enters u elsewhere too.

        >>> x = Value(3.0, "x"); print([event.symbol for event in record(x * x).contributions(x)])
        ['∂₁f', '∂₂f']
        """
        return self.symbols.local(self.node, self.operand)

    @property
    def receiver(self) -> Value:
        """To whom it comes."""
        return self.parent

    @property
    def about(self) -> tuple[Value, ...]:
        """Whom it concerns."""
        return self.node, self.parent

    __repr__ = __str__


class Recording(Film["Seed | Backward"]):
    """Both passes as events, forward then backward, and a position among them.

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
        super().__init__(root, roles)
        for node in self.order:
            self._record_operation(node)
        self._record_backward()

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

    @property
    def gradients(self) -> dict[Value, float]:
        """The accumulators by now, of those nodes that something has been sent to.

        >>> x = Value(3.0, "x"); recording = record(x * x)
        >>> _ = recording.jump(3); recording.gradients[x]
        3.0
        >>> _ = recording.step(); recording.gradients[x]
        6.0
        """
        return self.arrived

    # --- questions ------------------------------------------------------------------------------

    def gradient(self, node: Value | str) -> float:
        """∂root/∂node once all events have happened, wherever the recording stands.

        Raises as run() does.
        """
        return self._total("gradient", node)

    @property
    def largest(self) -> Backward | None:
        """The event with the largest |contribution|, the first of equals; None where nothing is sent back."""
        return self._largest(Backward)

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
        lines = self._lines()
        operations = sum(isinstance(event, Forward) for event in self.events)
        said = cast(self.roles, self.symbols.name)
        return "\n".join([*said, "forward", *lines[:operations], "backward", *lines[operations:], *self.symbols.notes])


@overload
def record(y: Value, *, mode: Literal["reverse"] = "reverse", seed: None = None, roles: Roles = None) -> Recording: ...


@overload
def record(
    y: Value, *, mode: Literal["forward"], seed: Value | Mapping[Value, float] | None = None, roles: Roles = None
) -> TangentRecording: ...


def record(
    y: Value, *, mode: str = "reverse", seed: Value | Mapping[Value, float] | None = None, roles: Roles = None
) -> Recording | TangentRecording:
    """The forward and the backward pass of y as events, to step through; no `.grad` is read or changed.

    mode    "reverse": values forward, then gradients backward; "forward": tangents go along with the values
    seed    in forward mode: the leaf that moves, or leaves with their rates {leaf: ẋ}; None: the only leaf
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
    moment of recording.  In forward mode what every node holds are its tangents.  Raises
    AutogradTypeError for anything that is not a Value, AutogradValueError for an unknown mode or role, a
    role of what is not in the graph, and a seed that is no leaf of it.

    >>> x = Value(3.0, "x"); y = x * x
    >>> print(record(y).contributions(x)[0])
    ∂f/∂x += ∂f/∂f · ∂₁f = 1.00 × 3.00 = 3.00   (0 → 3.00)
    >>> print(record(y, mode="forward", seed=x).contributions(y)[0])
    ḟ += ∂₁f · ẋ = 3.00 × 1.00 = 3.00   (0 → 3.00)
    """
    if not isinstance(y, Value):
        raise AutogradTypeError(f"record takes a Value, and was given {y!r}")
    if mode not in MODES:
        raise AutogradValueError(f"record: mode is one of {', '.join(MODES)}, and was given as {mode!r}")
    if mode == "forward":
        return TangentRecording(y, seeds(y, seed), roles)
    if seed is not None:
        raise AutogradValueError("record: a seed is for mode='forward'; backward begins at y, with 1")
    return Recording(y, roles)
