"""`take(table, index)`, and its gradient by the entries: a scatter, which is a function of the index too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any

from ..chain.branches import Factor
from ..errors import AutogradTypeError, AutogradValueError
from ..graph import toposort
from ..ops import LITERAL, TABLE
from ..recording import number
from ..value import Value, literal, node_of
from .tables import Taken, check_alike, operands


def take(table: Sequence[Any], index: Any) -> Any:
    """The entry of a table that an index names, from 0 on; of a table of rows that row, as a list.

    The index is data: a Value, which gets no gradient, and another one in a lowered program takes another entry.  A
    number that is not whole or names no entry gives nan.

    table   Values and numbers, or rows of them, equally long; it is not copied, so its entries must not be exchanged
            while the graph lives.  The node's parents are the entry that was taken and the index, so no walk and no
            `backward()` grows with the table
    index   a Value or a number

    Raises AutogradTypeError and AutogradValueError for what is no table, and for rows of several lengths, of which only
    the first, the last and the one that is taken are looked at here, and the others where a program needs them.

    >>> table = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    >>> a, b = take(table, Value(1.0)); (a * b).backward()
    >>> (a.data, b.data), [[x.grad for x in row] for row in table]
    ((3.0, 4.0), [[0.0, 0.0], [4.0, 3.0]])
    >>> take([0.5, 0.25], 1), take([0.5, 0.25], 2)
    (0.25, nan)
    """
    listed = hasattr(table, "__len__") and hasattr(table, "__getitem__")
    if isinstance(table, (str, bytes, Value, Mapping)) or not listed:
        raise AutogradTypeError(f"take(table, index) takes a list of Values or of rows of them, not {table!r:.60}")
    if not len(table):
        raise AutogradValueError("take(table, index) was given an empty table")
    first = table[0]
    rows = hasattr(first, "__len__")
    at = index.data if isinstance(index, Value) else number(index, "take")
    position = Taken(table, None, at).position
    row: Any = math.nan if position is None else table[position]
    for k, other in ((len(table) - 1, table[-1]), (position, row)):
        if k is not None and (rows or hasattr(other, "__len__")):
            check_alike(first, other, k)
    if not rows:
        return _taken(Taken(table, None, at), index, row)
    entries = [row] * len(first) if position is None else row
    return [_taken(Taken(table, column, at), index, entries[column]) for column in range(len(first))]


def _taken(row: Taken, index: Any, entry: Any) -> Any:
    if not isinstance(index, Value) and not isinstance(entry, Value):
        return number(entry, "take")
    at = index if isinstance(index, Value) else literal(index, "take")
    if row.position is None:
        return node_of(row, (at,))
    return node_of(row, (entry if isinstance(entry, Value) else literal(entry, "take"), at))


def walked(*ys: Value) -> list[Value]:
    """The nodes below ys, parents before children; reversed, the order of `backward()` where tables allow it.

    A node that takes an entry goes before all of its table, since at another index it takes another.
    """
    order = toposort(*ys, mirrored=True)
    if Taken not in {node.op.__class__ for node in order}:
        return order
    whole = toposort(*ys, mirrored=True, whole=True)
    rank = {node: k for k, node in enumerate(dict.fromkeys([*reversed(order), *reversed(whole)]))}
    waiting = Counter(operand for node in whole for operand in operands(node))
    nodes = list(rank)
    ready = sorted(rank[y] for y in set(ys) if not waiting[y])
    found = []
    while ready:
        found.append(nodes[heappop(ready)])
        for operand in operands(found[-1]):
            waiting[operand] -= 1
            if not waiting[operand]:
                heappush(ready, rank[operand])
    return found[::-1]


def scattered(node: Value, wanted: Container[Value]) -> Iterator[tuple[Value, Factor, bool]]:
    """How a node that takes an entry depends on each of the wanted ones: 1 where the index says so, else 0.

    Gives the entry, its derivative, and whether it may be one that is not taken.
    """
    row, index, scatter = node.op, node.parents[-1], TABLE["scatter"]
    assert isinstance(row, Taken)
    one = literal(1.0)
    for k, entry in enumerate(row.entries()):
        if entry not in wanted:
            continue
        if index.op is not LITERAL:
            yield entry, node_of(scatter, (one, index, literal(float(k)))), True
        elif k == row.position:  # a plain number, the same for ever
            yield entry, 1.0, False
