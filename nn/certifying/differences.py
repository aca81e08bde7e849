"""Finite differences, which know neither side: each derivative by itself where that is quick, else sums of them.

A sum is measured along a direction: all δ, or all θ and b, of a layer move at once, each by its own random number d,
and Σ d·∂Err/∂θ is compared.  One that is wrong changes the sum, and two that are wrong do not make up for each
other but by chance.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from autograd import Difference, Value
from autograd.check import difference
from autograd.graph import dependents, recompute

from .comparison import allowed, confirms
from .structure import at

if TYPE_CHECKING:
    from .checking import Check

NONE = Difference(0.0, 0.0)  # Err does not depend on it
QUICK = 60_000  # operands to be computed anew for a layer's derivatives, 19 times each: about 0.1 s


def measure(check: Check) -> None:
    """Every δ and every ∂Err/∂θ against differences, layer by layer."""
    net = check.net
    seen: set[Value] = set(net.outside)  # shared weights are measured once, and what has no derivative not at all
    size = [sum(len(row) for row in layer) for layer in net.theta]
    for k, layer in enumerate(net.u):
        after = sum(size[k + 1 :]) + len(layer)
        deltas = [(i, u) for i, u in enumerate(layer) if u not in seen]
        if len(deltas) * after <= QUICK:
            for i, u in deltas:
                check.measured[k, i] = one(check, k, i, at("δ", k, i), "", u), False
        else:
            several(check, k, "δ", {u: 1.0 for _, u in deltas})
        weights = {v: i for i in range(len(layer)) for v in net.parameters(k, i) if v not in seen}
        seen.update(weights)
        if len(weights) * (after + len(net.reads[k])) <= QUICK:
            for i in range(len(layer)):
                for v, what in net.names(k, i).items():
                    if what[0] == "θ" and weights.get(v) == i:  # ∂Err/∂b is δ itself
                        one(check, k, i, f"∂Err/∂{what}", f"{what} → {at('u', k, i)}", v)
        else:  # no u is to move by much more than 1
            reach = max(sum(abs(v.data) for v in net.reads[k]), 1.0)
            several(check, k, "θ", dict.fromkeys(weights, 1.0 / reach))


def one(check: Check, k: int, i: int, term: str, edge: str, v: Value) -> Difference:
    """A single derivative."""
    path = _path(check, {v: 1.0})
    measured = _measured(lambda x: recompute(path, {v: x})[check.err], v.data, v.grad) if path else NONE
    if measured.resolvable:
        term = f"{term} against its finite difference"
        check.compare(k, i, term, edge, v.grad, measured.value, allowed(measured))
    resolved, of = check.differences.singly
    check.differences.singly = resolved + measured.resolvable, of + 1
    return measured


def several(check: Check, k: int, symbol: str, sizes: Mapping[Value, float]) -> None:
    """All δ, or all θ and b, of a layer along one direction."""
    generator = random.Random(0)
    along = [
        (v, v.data, size * generator.choice((-1.0, 1.0)) * generator.uniform(0.5, 1.5)) for v, size in sizes.items()
    ]
    path = _path(check, sizes)

    def err(t: float) -> float:
        return recompute(path, {v: x + t * d for v, x, d in along})[check.err]

    engine = sum(d * v.grad for v, _, d in along)
    measured = _measured(err, 0.0, engine) if path else NONE
    if measured.resolvable:
        term = f"Σ d·{'δ' if symbol == 'δ' else '∂Err/∂θ'} of layer {k + 1} against its finite difference"
        check.compare(k, -1, term, "", engine, measured.value, allowed(measured))
    resolved, of = check.differences.along
    check.differences.along = resolved + measured.resolvable, of + 1
    check.differences.sums.append(f"{symbol} of layer {k + 1}")
    if symbol == "δ":
        check.measured.update({(k, i): (measured, True) for i in range(len(check.u[k]))})


def _measured(f: Callable[[float], float], x: float, derivative: float) -> Difference:
    """The finite difference; one that disagrees counts only if a finer step says the same.

    Where σ'' jumps the first steps may agree with each other by chance, and be wrong.
    """
    found = difference(f, x)
    if not found.resolvable or confirms(found, derivative):
        return found
    finer = difference(f, x, 2.0**-12 * max(abs(x), 1.0))
    if finer.resolvable and (confirms(found, finer.value) or confirms(finer, derivative)):
        return finer
    return Difference(found.value, math.inf)


def _path(check: Check, moved: Mapping[Value, float]) -> list[Value]:
    """What is to be computed anew when these Values move; nothing where Err does not depend on them."""
    above = dependents(check.interior, moved)
    return [node for node in check.interior if node in above] if check.err in above else []
