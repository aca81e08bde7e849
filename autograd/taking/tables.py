"""`take` of a table: an operation whose index is data.  The table hangs at the operation, not at the node.

So a walk over a graph meets the entry that was taken and the index, and does not grow with the table.  What has to know
the others, since at another index another one is taken, asks for all `operands`: gradients as graphs, programs, copies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import AutogradValueError
from ..ops import Op

if TYPE_CHECKING:
    from ..value import Value


class Taken(Op):
    """`take` of one table, whose nodes have two operands: the entry that was taken, and the index.

    The table itself hangs here, so that no walk over a graph grows with it.  What needs all of it asks `entries`:
    gradients by entries, and programs, in which the index may be another.

    table     Values and numbers, or rows of them
    column    which of each row; None for a table of single entries
    position  the index when it was taken; None for one that names no entry: then the index is the only operand
    """

    __slots__ = ("column", "position", "table")

    table: Sequence[Any]
    column: int | None
    position: int | None
    name = symbol = "take"
    singular, selects, arity = False, (), None

    def __init__(self, table: Sequence[Any], column: int | None, index: float) -> None:
        whole = 0.0 <= index < len(table) and index % 1.0 == 0.0
        for name, x in (("table", table), ("column", column), ("position", int(index) if whole else None)):
            object.__setattr__(self, name, x)

    def at(self, position: int) -> Any:
        """The entry of that number."""
        entry = self.table[position]
        return entry if self.column is None else entry[self.column]

    def entries(self) -> list[Any]:
        """All of them, in order."""
        if self.column is None:
            return list(self.table)
        try:
            alike = len(set(map(len, self.table))) == 1
        except TypeError:  # a number among the rows
            alike = False
        if not alike:
            for k, row in enumerate(self.table):
                check_alike(self.table[0], row, k)
        return [row[self.column] for row in self.table]

    def function(self, *operands: float) -> float:
        """The entry as it is given where it is the one that was taken, else that of the index."""
        *entry, index = operands
        if entry and index == self.position:
            return entry[0]
        found = Taken(self.table, self.column, index).position
        other = math.nan if found is None else self.at(found)
        return float(getattr(other, "data", other))

    def rule(self, o: Any, *operands: Any) -> tuple[Any, ...]:
        """1 for the entry that was taken; gradient.py sees to the others."""
        return (1.0, None)[-len(operands) :]

    def __reduce__(self) -> tuple[Any, ...]:
        return Taken, (self.table, self.column, math.nan if self.position is None else float(self.position))


def check_alike(first: Any, row: Any, k: int) -> None:
    """Raise AutogradValueError for a row that is not as long as the first one, or of which one is a single entry."""
    told = [f"{len(x)} entries" if hasattr(x, "__len__") else "a single one" for x in (first, row)]
    if told[0] != told[1]:
        raise AutogradValueError(
            f"take(table, index) takes a list of Values or of rows of one length: row 0 has {told[0]}, row {k}"
            f" {told[1]}"
        )


def operands(node: Value) -> tuple[Value, ...]:
    """What a node's value comes from, whatever its operands' data: its parents, and of `take` the whole table.

    >>> from autograd import Value, take
    >>> a, b, i = Value(1.0), Value(2.0), Value(1.0); y = take([a, b], i)
    >>> y.parents == (b, i), operands(y) == (a, b, i)
    (True, True)
    """
    if node.op.__class__ is not Taken:
        return node.parents
    entries = node.op.entries()
    return (*(entry for entry in entries if hasattr(entry, "parents")), node.parents[-1])
