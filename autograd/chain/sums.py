"""The chain rule on graphs, the same in both directions: the sum of products that arrives at a node.

d       a local derivative ∂node/∂operand, a Value or a number
t       the derivative at the other end of the edge: an adjoint ∂y/∂node, or a tangent of the operand
branch  the ways by which t is reached; None: in any case (branches.py)

Reverse mode (gradient.py) adds up d·t over the consumers of a node, forward mode (forward.py)
over its operands.  Either way a node's sum is one `sumprod`, and a branch not taken is silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import AutogradTypeError, AutogradValueError
from ..graph import dependents
from ..ops import LITERAL, TABLE
from ..recording import given, number
from ..value import Value, literal, node_of
from .branches import Branch, Factor, Way, joined, mask_of, masked, suspect

_SUMPROD = TABLE["sumprod"]


class Sum:
    """Σ d·t of what arrives at a node, and the branches by which it arrives.

    suspects  what has been found out of nodes that may be inf or nan, shared by all sums of a pass

    >>> u, total = Value(2.0), Sum({})
    >>> total.add(u, 3.0); total.add(u, 1.0); (y := total.factor()).op.name, y.data
    ('sumprod', 8.0)
    """

    __slots__ = ("suspects", "terms", "ways")

    def __init__(self, suspects: dict[Value, bool]) -> None:
        self.terms: list[tuple[Factor, Factor]] = []
        self.ways: list[Way] | None = None  # None: nothing has arrived, or it does in any case
        self.suspects = suspects

    def add(
        self,
        d: Factor,
        t: Factor,
        branch: Branch | None = None,
        selects: bool = False,
        slope_first: bool = True,
        beyond: Iterable[Value] = (),
    ) -> None:
        """Let d·t arrive.

        selects      the row takes this operand or leaves it: a d of 0 is "not taken"
        slope_first  whether the product is written d·t, and not t·d
        beyond       where the sum goes on to: a 0 that could meet an inf there is kept
        """
        known, chosen = self.suspects, None
        if isinstance(d, Value) and d.op is not LITERAL:
            chosen = d if selects else None
        else:
            d = d.data if isinstance(d, Value) else d  # the bias's input: δ · 1 is δ itself
            if d == 0.0 and (selects or not any(suspect(v, known) for v in (t, *beyond))):
                return
        term = (d, t) if slope_first else (t, d)
        if chosen is None and branch is None:
            self.ways = None
            self.terms.append(term)
            return
        way = chosen, branch
        if self.ways is not None:
            self.ways.append(way)
        elif not self.terms:
            self.ways = [way]
        t_suspect, d_suspect = chosen is not None and suspect(t, known), branch is not None and suspect(d, known)
        mask = mask_of(way, t_suspect, d_suspect) if t_suspect or d_suspect else None
        self.terms.append(term if mask is None else (masked(mask, product(*term)), 1.0))

    def factor(self) -> Factor | None:
        """The sum as one node, or a number; None where nothing arrives."""
        terms = self.terms
        if len(terms) == 1:
            return product(*terms[0])
        if not terms:
            return None
        return node_of(_SUMPROD, tuple([as_node(x) for factors in zip(*terms) for x in factors]))

    def branch(self) -> Branch | None:
        """The branch by which the sum is reached; None: in any case, or never."""
        return joined(self.ways or [])


def begun(order: Sequence[Value], xs: list[Value], arrived: Iterable[tuple[Value, Factor]]) -> dict[Value, Sum]:
    """A sum for each node of a topological order that depends on the xs, and in it what has arrived there.

    >>> x, w = Value(2.0), Value(3.0); y = x * w
    >>> [(node is x, total.terms) for node, total in begun([x, w, y], [x], [(y, 5.0), (w, 7.0)]).items()]
    [(True, []), (False, [(1.0, 5.0)])]
    """
    active = dependents(order, xs)
    suspects: dict[Value, bool] = {}
    sums = {node: Sum(suspects) for node in order if node in active}
    for node, t in arrived:
        if node in sums:
            sums[node].add(1.0, t)
    return sums


def product(a: Factor, b: Factor) -> Factor:
    """a·b without multiplying by 1.

    >>> x = Value(2.0); product(1.0, x) is x, product(x, -1.0).op.name
    (True, 'neg')
    """
    if isinstance(a, Value) and isinstance(b, Value):
        return a * b
    if a == 1.0:  # numbers only: a Value equals nothing but itself
        return b
    if b == 1.0:
        return a
    if a == -1.0:
        return -b
    if b == -1.0:
        return -a
    return a * b


def as_node(x: Factor | None) -> Value:
    """A sum as a node; where nothing arrives, a plain 0.

    >>> as_node(None).data, as_node(2.0).op.name
    (0.0, 'literal')
    """
    return x if isinstance(x, Value) else literal(0.0 if x is None else x)


def nodes(call: str, takes: str, xs: object) -> list[Value]:
    """A Value or several as a list, once all are known to be Values.

    >>> len(nodes("grad(y, xs)", "a Value and a list of Values", Value(1.0)))
    1
    """
    listed: list[Any] = list(xs) if isinstance(xs, Iterable) else [xs]
    for v in listed:
        if not isinstance(v, Value):
            raise AutogradTypeError(f"{call} takes {takes}, and was given {v!r}")
    return listed


def weights(call: str, ws: object, of: list[Value]) -> list[Factor]:
    """One number or Value for each node of a list: the last argument of the call.

    >>> weights("jvp(ys, xs, v)", [1], [Value(2.0)])
    [1.0]
    """
    name = call[-2]
    listed: list[Any] = list(ws) if isinstance(ws, Iterable) else [ws]
    if len(listed) != len(of):
        raise AutogradValueError(
            f"{call} takes a number or Value in {name} for each of {len(of)} Values, and was given {given(ws)}"
        )
    return [w if isinstance(w, Value) else number(w, f"{call}: {name}") for w in listed]
