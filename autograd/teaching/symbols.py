"""How a film writes its nodes and derivatives, the same in text, table and page."""

from __future__ import annotations

from functools import cached_property

from ..ops import LITERAL
from ..value import Value
from ..words.derivatives import atom, derivative, derivative_by, slot_note, slots
from ..words.formulas import applied, powers
from ..words.naming import names_of, tangent_name, told_apart
from ..words.text import cut
from .orders import Edges


class Symbols:
    """The nodes of a graph by name, and their derivatives.

    names   what each node is called
    root    what is differentiated
    edges   each node with the operands that count, results before operands

    >>> x, w = Value(3.0, "x"), Value(2.0, "w"); v = x * w; y = v * x
    >>> from .orders import Use
    >>> symbols = Symbols([x, w, v, y], y, {y: [Use(v, 3.0, 0), Use(x, 6.0, 1)], v: [Use(x, 2.0, 0)], x: [], w: []})
    >>> symbols.partial(x), symbols.local(y, 1), symbols.local(v, 0), symbols.notes
    ('∂f/∂x', '∂₂f', '∂v₁/∂x', ['∂₂f: by the second operand alone'])
    """

    def __init__(self, order: list[Value], root: Value, edges: Edges) -> None:
        self.names, self.root, self.edges = told_apart(names_of(order, root), root), root, edges

    def name(self, node: Value) -> str:
        """A node as part of a formula."""
        return cut(self.names[node]) if node.op is LITERAL else atom(cut(self.names[node]))

    def formula(self, node: Value) -> str:
        """What a node was computed from."""
        return applied(node, [self.name(parent) for parent in node.parents])

    def partial(self, node: Value) -> str:
        """∂root/∂node."""
        return derivative(cut(self.names[self.root]), cut(self.names[node]))

    def local(self, node: Value, operand: int) -> str:
        """The derivative of a node in one of its operands: by that one alone, where it enters elsewhere too."""
        of, by = cut(self.names[node]), cut(self.names[node.parents[operand]])
        return derivative_by(of, by, operand, (node, operand) in self.slots)

    def rate(self, node: Value) -> str:
        """A node's tangent: u̇."""
        name = self.name(node)
        return tangent_name(name) if name[:1].isalpha() else f"{name}˙"

    @cached_property
    def slots(self) -> set[tuple[Value, int]]:
        """Where the slot is meant; found when the first event is printed."""
        return slots({node: [(use.operand, use.parent) for use in self.edges[node]] for node in [*self.edges][::-1]})

    @property
    def notes(self) -> list[str]:
        """What a reader is told of these symbols: a line on slots, where there are any."""
        meant = [
            (v, use.operand) for v, operands in self.edges.items() for use in operands if (v, use.operand) in self.slots
        ]
        squares = [each for each in meant if powers(each[0])]
        return [slot_note(cut(self.names[v]), operand, bool(squares)) for v, operand in (squares or meant)[:1]]
