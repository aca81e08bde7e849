"""Branches that were not taken: what is reached, where a product needs a mask, and what the mask is.

An adjoint below a branch that was not taken is 0, and there 0·inf must not become nan; anywhere
else it must, since it is undetermined.  `backward()` sees which nodes a contribution reached, and so
does `reached`.  A gradient's graph has to decide it again for other numbers, so there each node knows
the ways by which it is reached:

way     what a selecting row says about this operand, and the branch in which that row stands
branch  the ways that lead to a node; None where it is reached in any case
mask    a Value that is not 0 where the branch was taken

A product becomes where(mask, g·d, 0) only where a factor is suspect, inf or nan perhaps; the
graph of a network with the usual activations has no mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TypeAlias

from ..graph import partials, toposort
from ..ops import LITERAL, TABLE
from ..recording import tracing
from ..taking.tables import operands
from ..value import Value, literal, node_of

Factor: TypeAlias = "Value | float"
Way: TypeAlias = "tuple[Value | None, Branch | None]"  # None: in any case
WHERE = TABLE["where"]


def undetermined(upstream: float, local: float) -> bool:
    """Whether a product is nan although neither factor is: 0·∞.

    >>> undetermined(0.0, float("-inf")), undetermined(0.0, float("nan")), undetermined(2.0, 3.0)
    (True, False, False)
    """
    return upstream == upstream and local == local and upstream * local != upstream * local


def reached(root: Value, known: Mapping[Value, Sequence[float | None]] | None = None) -> set[Value]:
    """The nodes to which backward() from the root sends anything, even 0: not what only untaken branches use.

    known  the partial derivatives of the nodes below root, from whoever has them already

    >>> x = Value(-1.0); a = x.exp(); y = a.maximum(x)
    >>> reached(y) == {y, a, x}, reached(x.relu() + 1.0) >= {x}
    (True, False)
    """
    found = {root}
    for node in reversed(toposort(root)):
        if node in found and node.op is not None:
            for i, d in enumerate(partials(node) if known is None else known[node]):
                if node.op.takes(i, d):
                    found.add(node.parents[i])
    return found


class Branch:
    """The ways that lead to a node, and their mask once somebody asks for it."""

    __slots__ = ("mask", "ways")

    def __init__(self, ways: list[Way]) -> None:
        self.ways = ways
        self.mask: Value | None = None


def joined(ways: list[Way]) -> Branch | None:
    """The branch of a node that is reached by these ways; None where it is reached in any case, or never."""
    ways = list(dict.fromkeys(ways))
    if not ways or (None, None) in ways:
        return None
    chosen, above = ways[0]
    return above if chosen is None and len(ways) == 1 else Branch(ways)


def mask_of(way: Way, g_suspect: bool, d_suspect: bool) -> Value | None:
    """What the product g·d must be masked with on this way; None where a plain product is right.

    Where the branch above was not taken, g is 0 already, so only an inf or nan in d does harm;
    where this row does not take the operand, d is 0, and only one in g does.
    """
    chosen, above = way
    if d_suspect and above is not None:
        return _mask(Branch([way]))
    return chosen if g_suspect else None


def masked(mask: Value, product: Factor) -> Value:
    """The product where the branch was taken, and 0 where it was not, whatever inf or nan the product is there."""
    return node_of(WHERE, (mask, product if isinstance(product, Value) else literal(product), literal(0.0)))


def _mask(branch: Branch) -> Value:
    stack = [branch]
    while stack:
        waiting = [above for _, above in stack[-1].ways if above is not None and above.mask is None]
        if waiting:
            stack += waiting
            continue
        each = stack.pop()
        if each.mask is None:
            each.mask = _either([_both(*way) for way in each.ways])
    assert branch.mask is not None
    return branch.mask


def _both(chosen: Value | None, above: Branch | None) -> Value:
    if above is None or above.mask is None:
        assert chosen is not None
        return chosen
    return above.mask if chosen is None else node_of(WHERE, (chosen, above.mask, literal(0.0)))


def _either(masks: list[Value]) -> Value:
    *others, mask = masks
    for other in reversed(others):
        mask = node_of(WHERE, (other, literal(1.0), mask))
    return mask


# Division by, or a power with, a plain whole number of at least 1 has no pole.
_TAME_WITH_LITERAL = {TABLE[name] for name in ("div", "div_slope", "pow", "pow_dx")}


def suspect(v: Factor, known: dict[Value, bool]) -> bool:
    """Whether v can be inf or nan at finite leaves, or is or came from one: then 0·v is not 0.

    known  what has been found out before, which grows

    >>> x = Value(1.0); suspect(x.tanh(), {}), suspect(x.log() + 1, {}), suspect(float("inf"), {})
    (False, True, True)
    """
    if not isinstance(v, Value):
        return not isfinite(v)
    if v in known:
        return known[v]
    stack = [v]
    while stack:
        parents = operands(stack[-1])
        waiting = []
        for p in parents:
            if p not in known:
                if p.parents:
                    waiting.append(p)
                else:
                    known[p] = _singular(p)
        if waiting:
            stack += waiting
        else:
            node = stack.pop()
            known[node] = _singular(node) or True in map(known.__getitem__, parents)
    return known[v]


def _singular(node: Value) -> bool:
    if not isfinite(node.data) and not tracing.get():  # what is recorded for all inputs depends on none
        return True
    if node.op is None or not node.op.singular:
        return False
    second = node.parents[-1]
    tame = node.op in _TAME_WITH_LITERAL and second.op is LITERAL and second.data >= 1 and second.data % 1 == 0
    return not tame
