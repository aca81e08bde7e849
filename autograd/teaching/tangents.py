"""Forward mode as a film: tangents go along with the values, from the leaf that moves to the result.

The leaf that moves has the rate ẋ = 1.  As soon as an operation has its value, each of its operands that
moves gives it one contribution, local derivative × the operand's tangent:

    u̇ += ∂u/∂θ₁ · θ̇₁ = 0.500 × 1.00

At the end the result's tangent is ∂Err/∂θ₁: of one leaf, while one film backward gives those of all leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..chain.branches import undetermined
from ..errors import AutogradTypeError, AutogradValueError
from ..graph import sent, toposort
from ..ops import LITERAL
from ..recording import number
from ..value import Value
from ..words.text import short, shown
from .film import Film, multiplied
from .orders import uses
from .roles import Roles, cast
from .symbols import Symbols


@dataclass(frozen=True, eq=False, slots=True)
class Start:
    """A leaf moves, at a given rate."""

    number: int
    node: Value
    contribution: float
    symbols: Symbols

    @property
    def before(self) -> float:
        """No rate yet."""
        return 0.0

    @property
    def after(self) -> float:
        """The leaf's tangent."""
        return self.contribution

    @property
    def receiver(self) -> Value:
        """To whom it comes."""
        return self.node

    @property
    def about(self) -> tuple[Value, ...]:
        """Whom it concerns."""
        return (self.node,)

    def __str__(self) -> str:
        return f"{self.symbols.rate(self.node)} = {short(self.contribution)}"

    __repr__ = __str__


@dataclass(frozen=True, eq=False, slots=True)
class Tangent:
    """An operand that moves gives a node its share of the node's tangent.

    number         which event of the recording it is, from 1
    node, parent   to whom, from whom; `node.parents[operand] is parent`
    local          ∂node/∂parent at this operand, from the node's row of the table
    rate           the operand's tangent, complete by now
    contribution   local × rate; 0 where the branch was not taken, whatever inf or nan a factor is
    before, after  the node's accumulator, which is its tangent once all operands have given
    taken          whether it is given at all: False on a branch that was not taken
    """

    number: int
    node: Value
    parent: Value
    operand: int
    local: float
    rate: float
    contribution: float
    before: float
    after: float
    symbols: Symbols
    taken: bool = True

    @property
    def receiver(self) -> Value:
        """To whom it comes."""
        return self.node

    @property
    def about(self) -> tuple[Value, ...]:
        """Whom it concerns."""
        return self.node, self.parent

    @property
    def symbol(self) -> str:
        """How its local derivative is written."""
        return self.symbols.local(self.node, self.operand)

    @property
    def undetermined(self) -> bool:
        """Whether the contribution is 0·∞: nan, though neither factor is."""
        return self.taken and undetermined(self.local, self.rate)

    def __str__(self) -> str:
        product = multiplied(self.local, self.rate, self.contribution, self.taken)
        moved = f"{short(self.before)} → {short(self.after)}"
        rates = self.symbols.rate(self.node), self.symbols.rate(self.parent)
        return f"{rates[0]} += {self.symbol} · {rates[1]} = {product}   ({moved})"

    __repr__ = __str__


class TangentRecording(Film["Start | Tangent"]):
    """The forward pass with its tangents as events, and a position among them.

    seeds   the leaves that move, with their rates

    >>> from autograd import record
    >>> x, w = Value(0.5, "x"), Value(2.0, "w")
    >>> print(record((w * x).tanh() + x, mode="forward", seed=x))
    forward, with tangents
         1  ẋ = 1.00
         2  v₁ = w × x = 2.00 × 0.500 = 1.00
         3  v̇₁ += ∂v₁/∂x · ẋ = 2.00 × 1.00 = 2.00   (0 → 2.00)
         4  v₂ = tanh(v₁) = tanh(1.00) = 0.762
         5  v̇₂ += ∂v₂/∂v₁ · v̇₁ = 0.420 × 2.00 = 0.840   (0 → 0.840)
         6  f = v₂ + x = 0.762 + 0.500 = 1.26
         7  ḟ += ∂f/∂v₂ · v̇₂ = 1.00 × 0.840 = 0.840   (0 → 0.840)
         8  ḟ += ∂₂f · ẋ = 1.00 × 1.00 = 1.00   (0.840 → 1.84)
    ∂₂f: by the second operand alone
    all 2 leaves: forward 2 passes with 7 products, reverse 1 pass with 5
    """

    def __init__(self, root: Value, seeds: dict[Value, float], roles: Roles = None) -> None:
        super().__init__(root, roles)
        self.seeds = seeds
        self._record_tangents()

    def _record_tangents(self) -> None:
        rates = dict(self.seeds)
        reached = set(rates)
        for leaf, rate in rates.items():
            self._arrive(Start(len(self.events) + 1, leaf, rate, self.symbols))
        for node in self.order:
            self._record_operation(node)
            for parent, local, operand in self.edges.get(node, ()):
                if parent not in rates:
                    continue
                if taken := node.op is not None and parent in reached and node.op.takes(operand, local):
                    reached.add(node)
                share, before = sent(local, rates[parent], taken), rates.get(node, 0.0)
                numbers = local, rates[parent], share, before, before + share
                self._arrive(Tangent(len(self.events) + 1, node, parent, operand, *numbers, self.symbols, taken))
                rates[node] = before + share

    @property
    def tangents(self) -> dict[Value, float]:
        """The accumulators by now, of those nodes that move.

        >>> from autograd import record
        >>> x = Value(3.0, "x"); y = x * x; recording = record(y, mode="forward", seed=x)
        >>> _ = recording.run(y); _ = recording.step(2); recording.tangents == {x: 1.0, y: 6.0}
        True
        """
        return self.arrived

    def tangent(self, node: Value | str) -> float:
        """The rate of a node once all events have happened; of the root with one seed of 1, ∂root/∂seed.

        Raises as run() does.
        """
        return self._total("tangent", node)

    @property
    def largest(self) -> Tangent | None:
        """The event with the largest |contribution|, the first of equals; None where nothing moves."""
        return self._largest(Tangent)

    @property
    def costs(self) -> Costs:
        """What both modes cost on this graph."""
        return costs(self.root)

    def __str__(self) -> str:
        said = cast(self.roles, self.symbols.name)
        return "\n".join([*said, "forward, with tangents", *self._lines(), *self.symbols.notes, str(self.costs)])


def seeds(y: Value, seed: Value | Mapping[Value, float] | None) -> dict[Value, float]:
    """The leaves that move, with their rates.

    >>> x = Value(3.0); seeds(x * x, None) == seeds(x * x, {x: 1}) == {x: 1.0}
    True
    """
    leaves = [node for node in toposort(y) if node.op is None]
    if seed is None:
        if len(leaves) != 1:
            raise AutogradValueError(
                f"record: which of the {len(leaves)} leaves moves? say seed=leaf, or {{leaf: rate}}"
            )
        seed = leaves[0]
    if not isinstance(seed, (Value, Mapping)):
        raise AutogradTypeError(f"record: the seed is a leaf, or leaves with their rates, and was given as {seed!r}")
    rates = {seed: 1.0} if isinstance(seed, Value) else {x: number(v, "record: a rate") for x, v in seed.items()}
    for leaf in rates:
        if leaf not in leaves:
            name = shown(leaf.label) if isinstance(leaf, Value) and leaf.label else repr(leaf)
            raise AutogradValueError(f"record: the seed {name} is not a leaf of this graph")
    return rates


class Costs(NamedTuple):
    """What the derivatives of one result by all its leaves cost: products upstream × local, each with its sum.

    leaves   how many leaves there are
    reverse  products of one pass backward, which gives them all
    forward  products of as many passes forward as there are leaves, each of which gives one
    """

    leaves: int
    reverse: int
    forward: int

    def __str__(self) -> str:
        passes = f"{self.leaves} pass{'es' * (self.leaves != 1)}"
        every = f"all {self.leaves} leaves" if self.leaves != 1 else "the one leaf"
        return f"{every}: forward {passes} with {self.forward} products, reverse 1 pass with {self.reverse}"


def costs(y: Value) -> Costs:
    """What both modes cost on the graph of y, counted as their films count.

    >>> a, b = Value(2.0), Value(3.0); costs((a * b).tanh())
    Costs(leaves=2, reverse=3, forward=4)
    """
    moved_by: dict[Value, int] = {}  # the leaves that move a node, as bits
    leaves = reverse = forward = 0
    for node in toposort(y):
        if node.op is None:
            moved_by[node] = 1 << leaves
            leaves += 1
        elif node.op is not LITERAL:
            moved_by[node] = 0
            for use in uses(node):
                moved_by[node] |= moved_by[use.parent]
                forward += moved_by[use.parent].bit_count()
                reverse += 1
    return Costs(leaves, reverse, forward)
