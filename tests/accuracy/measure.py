"""How wrong an answer is, in ULP of the truth, and what is asked of it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mpmath import mpf

from autograd import TABLE, Value, grad
from autograd.value import node_of
from nn.network import losses

from .sampling import OPERANDS, Point
from .truth import DIFFERENCED, LOSSES, TRUTH, true_slope, true_value

ALL = 1e14  # this many ULP wrong: no digit is right
LARGEST, INFINITE = math.nextafter(math.inf, 0.0), mpf(2) ** 1024

# Rows that exist as slopes of others: their own slope is a second derivative, and has its bar.
SLOPES = {
    "div_slope", "pow_dx", "pow_dy", "log_slope", "log1p_slope", "log10_slope", "asin_slope", "atan_slope",
    "atan2_slope", "atanh_slope", "sech2", "sigmoid_slope", "leaky_relu_slope", "elu_slope", "silu_slope",
    "softsign_slope", "gelu_slope", "normal_density", "erf_slope", "hypot_slope", "softmax", "softmax_rest", "ratio",
}  # fmt: skip
# Rows that exist as second derivatives: their values have a bar, third derivatives have none.
SECONDS = {"pow_dxx", "pow_dxy", "pow_dyy"}
# Operands by which a row is differentiated, where not by all: exponents, digits and targets are whole numbers.
DIFFERENTIABLE = {"ratio": 3, "round": 1, "binary_cross_entropy": 1, "hinge": 1}
# Roots of first and second derivatives.
ROOTS = {
    ("silu", 1): (-1.2784645427610738,), ("silu", 2): (-2.399357280515468, 2.399357280515468),
    ("gelu", 1): (-0.7517915246935645,), ("gelu", 2): (-math.sqrt(2), math.sqrt(2)),
}  # fmt: skip
BARS = (4.0, 4.0, 64.0)


LOSS_OF_OPERANDS = {
    "squared_error": lambda o, p, y, z: losses.squared_error([o, p], [y, z]),
    "mean_squared_error": lambda o, p, y, z: losses.mean_squared_error([o, p], [y, z]),
    "hinge": losses.hinge,
    "binary_cross_entropy": losses.binary_cross_entropy,
}  # fmt: skip
# "literal" is a number without operands, which there is nothing to ask about.
NAMES = [name for name in TRUTH if name != "literal"] + list(LOSSES)


def operands(name: str) -> int:
    """How many operands the row is asked with."""
    if name in LOSSES:
        return len(inspect.signature(LOSSES[name]).parameters)
    arity = TABLE[name].arity
    return OPERANDS[name] if arity is None else arity


def bar(name: str, order: int) -> float | None:
    """The largest error allowed to the value (order 0) or a derivative; None: not a promise."""
    if name == "sumprod":
        return (1.0, 0.0, 0.0)[order]
    if name in SECONDS:
        return (4.0, None, None)[order]
    if name in SLOPES:
        return (4.0, 64.0, None)[order]
    return BARS[order]


def excused(name: str, order: int, xs: Point) -> bool:
    """Where the true result goes through zero and its last digits cannot be had.

    And second derivatives of hypot and atan2 where the length is a subnormal, which has few digits itself.
    """
    order += name in SLOPES
    roots, width = ROOTS.get((name.partition("_")[0], order), ()), 0.01 * (order + 1)
    if name.startswith(("hypot", "atan2")) and order == 2:
        return math.hypot(*xs) < 2.0**-1022
    return any(abs(xs[0] - root) < width for root in roots)


def ulps(got: float, true: Any, unit: float = 0.0) -> float:
    """|got − true| in units in the last place of the truth; inf for a nan.

    Below the smallest normal double the unit is 2⁻¹⁰⁷⁴, and inf counts as 2¹⁰²⁴, so that
    rounding up at the very end of the range is no catastrophe.
    unit    count in this unit instead where it is the larger one

    >>> ulps(1.0 + 2.0**-51, mpf(1)), ulps(0.0, mpf(1)) >= ALL, ulps(math.inf, mpf(2) ** 2000)
    (2.0, True, 0.0)
    """
    if got != got:
        return math.inf
    clamped = max(-INFINITE, min(INFINITE, true))
    nearest = min(abs(float(clamped)), LARGEST)
    return float(abs(max(-INFINITE, min(INFINITE, mpf(got))) - clamped) / max(math.ulp(nearest), unit))


def unit(name: str, order: int, xs: Point) -> float:
    """The unit where it is not the truth's own.

    logsumexp goes through zero where its operands do not, and counts in digits of the largest;
    the value of sumprod counts in n·u·Σ|pᵢ·qᵢ|, of which it must stay within one (bar 5).
    """
    if order == 0 and name == "logsumexp":
        return math.ulp(max(map(abs, xs))) / 4
    if order == 0 and name == "sumprod":
        n = len(xs) // 2
        return n * (2.0**-53 * math.fsum(abs(p * q) for p, q in zip(xs[:n], xs[n:])) + 2.0**-1074)
    return 0.0


@dataclass
class Worst:
    """The largest error seen, where, and how many points were looked at."""

    error: float = 0.0
    at: Point = ()
    seen: int = 0

    def see(self, error: float, xs: Point) -> None:
        self.seen += 1
        if error > self.error or not self.at:
            self.error, self.at = error, xs


# The value stands under (), a first derivative under (i,), a second under (i, j).
Directions = tuple[int, ...]
Answers = dict[Directions, float]
Errors = dict[Directions, Worst]


def ours(name: str, xs: Point) -> Answers:
    """What the engine says: the value, the slopes by backward() and by grad, second derivatives."""
    leaves = [Value(x) for x in xs]
    y = LOSS_OF_OPERANDS[name](*leaves) if name in LOSSES else node_of(TABLE[name], tuple(leaves))
    answers: Answers = {(): y.data}
    slopes = grad(y, leaves)
    y.backward()
    for i, (leaf, slope) in enumerate(zip(leaves, slopes)):
        answers[i,] = leaf.grad
        assert slope.data == leaf.grad or slope.data != slope.data, f"{name}{xs}: backward and grad differ"
        if max(map(abs, xs)) <= 30:
            for j, second in enumerate(grad(slope, leaves)):
                answers[i, j] = second.data
    return answers


def measure(name: str, sample: Sequence[Point], peers: dict[str, list[Answers]]) -> dict[str, Errors]:
    """The worst errors of the engine, under "ours", and of each peer, for one row."""
    worst: dict[str, Errors] = {who: {} for who in ("ours", *peers)}
    for k, xs in enumerate(sample):
        everyone = {"ours": ours(name, xs), **{who: answers[k] for who, answers in peers.items()}}
        for directions in everyone["ours"]:
            order = len(directions)
            if max(directions, default=0) >= DIFFERENTIABLE.get(name, len(xs)):
                continue
            second = order + (name in SLOPES) >= 2  # bar 2 is for |x| ≤ 30
            if excused(name, order, xs) or (second and max(map(abs, xs)) > 30):
                continue
            truth = true(name, xs, tuple(sorted(directions)))
            for who, answers in everyone.items():
                if directions in answers:
                    error = ulps(answers[directions], truth, unit(name, order, xs))
                    worst[who].setdefault(directions, Worst()).see(error, xs)
    return worst


@lru_cache(64)
def true(name: str, xs: Point, directions: tuple[int, ...]) -> Any:
    """The truth, remembered while several are compared with it."""
    f = LOSSES[name] if name in LOSSES else TRUTH[name]
    return true_slope(DIFFERENCED.get(name, f), xs, *directions) if directions else true_value(f, xs)
