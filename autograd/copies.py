"""Copies, pickles and the end of graphs: without recursion, in linear time, and what is shared stays shared.

A pickler descends into whatever it meets; along a chain of a million nodes it would never come
back.  So a node first hands over its ancestors as a list, parents before children: each finds
its parents in the pickler's memo already, and nothing goes deep.  Since they go through that memo
as themselves, nodes shared by several pickled objects stay shared.

Letting a graph go is the interpreter's own affair, whose stack bears any depth; in a page of a browser it bears 3,000.
"""

from __future__ import annotations

import copy
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from functools import cache
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from .graph import toposort
from .taking.tables import Taken, operands

if TYPE_CHECKING:
    from .value import Value


def restored(kind: type[Value], op: Any, parents: tuple[Value, ...], data: float, grad: float, label: str) -> Value:
    """A node as it was: what pickles call."""
    node = kind.__new__(kind)
    node.op, node.parents, node.grad, node.label, node.data = op, parents, grad, label, data  # a watcher sees all of it
    return node


def _contents(node: Value, parents: tuple[Value, ...]) -> tuple[Any, ...]:
    return type(node), node.op, parents, node.data, node.grad, node.label


def _own(node: Value) -> dict[str, Any]:
    """The attributes that a subclass adds."""
    kind: Any = type(node)
    if _adds_nothing(kind):
        return _NOTHING
    slots = {name: getattr(node, name) for name in _added_slots(kind) if hasattr(node, name)}
    return {**getattr(node, "__dict__", {}), **slots}


_NOTHING: dict[str, Any] = {}


@cache
def _adds_nothing(kind: type) -> bool:
    return not _added_slots(kind) and not kind.__dictoffset__


@cache
def _added_slots(kind: type) -> tuple[str, ...]:
    slots = [name for each in kind.__mro__ for name, x in vars(each).items() if isinstance(x, MemberDescriptorType)]
    return tuple(name for name in slots if name not in ("_data", "_grad", "op", "parents", "_label", "__weakref__"))


def shallow(node: Value) -> Value:
    """A new node with the same operands: what copy.copy gives.

    >>> from autograd import Value
    >>> x = Value(2.0, "x"); y = x * x
    >>> shallow(y).parents == (x, x)
    True
    """
    copied = restored(*_contents(node, node.parents))
    for name, what in _own(node).items():
        setattr(copied, name, what)
    return copied


_MET = -1  # beside the ids in a memo


def deep(node: Value, memo: dict[int, Any]) -> Value:
    """A new graph: what copy.deepcopy gives.

    >>> from autograd import Value
    >>> x = Value(2.0, "x"); y = x * x
    >>> first, second = deep(y, {}).parents
    >>> first is second, first is x
    (True, False)
    """
    met = memo.setdefault(_MET, set())  # so that many roots of one graph do not walk all of it again
    takers = []
    for each in toposort(node, known=met, whole=True):
        if id(each) not in memo:
            copied = restored(*_contents(each, tuple([memo[id(parent)] for parent in each.parents])))
            memo[id(each)] = copied
            if each.op.__class__ is Taken:
                takers.append(copied)
            for name, what in _own(each).items():
                setattr(copied, name, copy.deepcopy(what, memo))
    for copied in takers:  # once all nodes have their copies: a table may have rows of which some columns are not taken
        copied.op = copy.deepcopy(copied.op, memo)
    found: Value = memo[id(node)]
    return found


def reduced(node: Value) -> tuple[Any, ...]:
    """How to build a node again, its ancestors first: what a pickler asks for."""
    ancestors = _pickling.ancestors(node)
    contents = _contents(node, node.parents)
    how = (restored, contents) if ancestors is None else (_after, (ancestors, *contents))
    own = _own(node)
    return (*how, (None, own)) if own else how


def _after(ancestors: list[Value], *contents: Any) -> Value:
    return restored(*contents)


class _Ancestors:
    """Pickles as the list of those nodes below one node that this pickle does not have yet, parents first."""

    def __init__(self, order: list[Value]) -> None:
        self.order = order

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._listed()

    def _listed(self) -> Iterator[Value]:
        for node in self.order:
            _pickling.announced.append(node)
            yield node


class _Pickling(threading.local):
    """What one thread's pickler has, as far as it can be known: nobody says when a pickling begins or ends.

    met         nodes that it was given in a list, or asked about by itself
    announced   those in lists that it has not asked about yet, in their order
    alive       the first list; the pickler's memo holds it, so while it lives it is one pickling

    A pickler never asks twice about a node.  If one does, it is another pickler, while the first,
    interrupted or still at work, is alive: all that was known is forgotten.  Until then nodes were
    taken for met by mistake, and the pickler went a level deeper than it had to.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self, _: object = None) -> None:
        self.met: set[Value] = set()
        self.announced: deque[Value] = deque()
        self.alive: weakref.ref[_Ancestors] | None = None

    def ancestors(self, node: Value) -> _Ancestors | None:
        """The list that goes before a node; None where the pickler has all its parents."""
        if node in self.met:
            while self.announced:
                if self.announced.popleft() is node:
                    return None
            self.forget()
        if not (order := toposort(*operands(node), known=self.met, whole=True)):
            return None
        self.met.add(node)
        ancestors = _Ancestors(order)
        if self.alive is None:
            self.alive = weakref.ref(ancestors, self.forget)
        return ancestors


_pickling = _Pickling()


class _Leaving(threading.local):
    """What nodes that are gone have left to be freed, while a loop of this thread is freeing; None while none is."""

    left: list[Any] | None = None


_leaving = _Leaving()


def release_by_loop(kind: type[Value]) -> None:
    """From now on a loop frees the nodes of that class, and no recursion of the interpreter, whose stack may be small.

    It costs a call for each node, so only pages in a browser ask for it.  The compiled core does it by itself.
    """
    kind.__del__ = _released  # type: ignore[attr-defined]


def _released(node: Value) -> None:
    """Leave the operands to the loop.  Freed there, they do the same, so that nothing goes deep."""
    if not getattr(node, "parents", ()):  # a leaf, or one whose making failed
        return
    held = (node.parents, node.op)  # at the operation the table of `take` hangs
    node.parents, node.op = (), None
    if _leaving.left is not None:
        _leaving.left.append(held)
        return
    _leaving.left = left = [held]
    del held
    try:
        while left:
            left.pop()
    finally:
        _leaving.left = None
