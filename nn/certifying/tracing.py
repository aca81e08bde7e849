"""Where a wrong δ comes from: which local derivative, which sum, or the digits that a float32 has lost.

A δ is ∂Err/∂o·σ'(u), and backward() leaves ∂Err/∂o in `o.grad`.  So it shows which of the two factors is not
the formula's: what comes back, Σ δⱼ·θⱼᵢ, or the slope.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from autograd import Value, grad
from autograd.graph import partials

from .comparison import Comparison
from .structure import Structure, at, number

if TYPE_CHECKING:
    from .checking import Check


def culprit(check: Check, wrong: Comparison) -> str:
    """The edge at which a δ goes wrong; "" where nothing can be said."""
    k, i = wrong.neuron[0] - 1, wrong.neuron[1] - 1
    u, o = check.u[k][i], check.o[k][i]
    if u in check.net.outside or (math.isnan(wrong.engine) and math.isnan(wrong.hand)):
        return ""
    back, here = _back(check, k, i), at("o", k, i)
    if o is not u:
        slope, edge = float(check.slope[k](u.data)), f"{at('u', k, i)} → {here}"
        local = _local(o, u)
        if not _close(local, slope):
            return _told(edge, local, slope)
        if _close(o.grad, back):  # what came back is right, and so is the rule: the product is not
            return _told(edge, u.grad / o.grad, slope, "in backward()") if o.grad else ""
    for edge, above, below, by_hand in _edges(check, k, i):
        local = _local(above, below)
        if not _close(local, by_hand):
            return _told(edge, local, by_hand)
    if _is_single(o.grad, back):
        return f"into {here}: what comes back, {o.grad!r}, has the 24 bits of a float32, and is {back!r} by hand"
    if math.isnan(o.grad):
        return f"into {here}: what comes back is nan, though every local derivative is finite"
    return f"none by itself: the contributions to {here} are not all summed"


def note(net: Structure, wrong: Comparison) -> str:
    """What was given without being used, and what is used without having been given."""
    notes = []
    if net.outside:
        verb = "is" if len(net.outside) == 1 else "are"
        notes.append(f"{_listed(list(net.outside.values()))} {verb} not in the graph of err")
    k, i = wrong.neuron[0] - 1, wrong.neuron[1] - 1
    if wrong.term == at("u", k, i) and (more := net.not_given(k, i)):
        question = ": give it as bias=?" if len(more) == 1 and net.bias[k][i] is None else ""
        notes.append(f"the graph of {wrong.term} also uses {_listed(more)}{question}")
    if _is_single(wrong.engine, wrong.hand):
        notes.append(
            "the graph's number has the 24 bits of a float32: something on its way computes in single precision"
        )
    return "; ".join(notes)


def _back(check: Check, k: int, i: int) -> float:
    """Σ δⱼ·θⱼᵢ over all that reads o, and ∂Err/∂ŷ where the loss does."""
    following, column, losses = check.net.following(k, i)
    slopes = check.error_slopes(check.y, check.y_hat)
    return sum([*(d * t for d, t in zip(following, column)), *(slopes[n] for n in losses)])


def _edges(check: Check, k: int, i: int) -> Iterator[tuple[str, Value, Value, float]]:
    """Every edge out of o: its name, its two ends, and its local derivative by hand."""
    net, o, here = check.net, check.o[k][i], at("o", k, i)
    for layer in range(len(net.u) + 1):
        for l, read in enumerate(net.reads[layer]):
            if read is not o:
                continue
            if layer == len(net.u):
                yield f"{here} → Err", check.err, o, check.error_slopes(check.y, check.y_hat)[l]
            else:
                for j, v in enumerate(net.u[layer]):
                    yield f"{here} → {at('u', layer, j)}", v, o, number(net.theta[layer][j][l])


def _local(above: Value, below: Value) -> float:
    """∂above/∂below as backward() has it, from the row's own numbers, or over what lies between."""
    if above is below:
        return 1.0
    if below in above.parents and sum(p is below for p in above.parents) == 1 and _direct(above, below):
        return partials(above)[[p is below for p in above.parents].index(True)] or 0.0
    return grad(above, [below])[0].data


def _direct(above: Value, below: Value) -> bool:
    """Whether no other operand of `above` depends on `below`."""
    seen, waiting = set(), [p for p in above.parents if p is not below]
    while waiting:
        v = waiting.pop()
        if v is below:
            return False
        if v not in seen:
            seen.add(v)
            waiting.extend(v.parents)
    return True


def _close(a: float, b: float) -> bool:
    """Within what two formulas of one derivative round differently; a nan is close to nothing."""
    return a == b or abs(a - b) <= 64 * math.ulp(max(abs(a), abs(b)))


def _is_single(x: float, right: float) -> bool:
    """Whether a number is a float32, and the right one, rounded to it, or nearly.

    >>> _is_single(0.10000000149011612, 0.1), _is_single(0.1, 0.1), _is_single(0.5, 0.7)
    (True, False, False)
    """
    if x == right or not abs(x - right) <= 2.0**-20 * abs(right):
        return False
    return math.isfinite(x) and struct.unpack("f", struct.pack("f", x))[0] == x if abs(x) < 3e38 else False


def _told(edge: str, engine: float, by_hand: float, where: str = "in the graph") -> str:
    return f"{edge}, whose local derivative is {engine!r} {where} and {by_hand!r} by hand"


def _listed(names: Sequence[str]) -> str:
    """Up to three by name.

    >>> _listed(["a", "b"]), _listed(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    some = [*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else list(names)
    return " and ".join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)
