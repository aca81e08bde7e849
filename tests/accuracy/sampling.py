"""Where a row is asked: the whole double range, and close to every point that matters to it.

Log-uniform in both signs, uniform where functions bend, tiny, huge, and at distances of
10⁰ … 10⁻¹⁷ from the row's critical points: roots, poles, thresholds of under- and overflow.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

Point = tuple[float, ...]

EXTREME = (5e-324, 1e-310, 2.0**-1022, 1e-300, 1e-154, 1e-16, 1.0, 1e16, 1e154, 1e300, math.nextafter(math.inf, 0.0))
HALF_PI = math.pi / 2

# Roots and poles of the row and its slopes; where exponentials under- and overflow; where the code branches.
CRITICAL: dict[str, tuple[float, ...]] = {
    "exp": (0.0, 709.782712893384, -708.3964185322641, -745.1332191019411),
    "expm1": (0.0, 709.782712893384, -37.0, -708.3964185322641, -745.1332191019411),
    "log": (1.0,),
    "log1p": (-1.0, 0.0),
    "log1p_slope": (-1.0, 0.0),
    "sin": tuple(k * HALF_PI for k in range(-8, 9)),
    "cos": tuple(k * HALF_PI for k in range(-8, 9)),
    "tan": tuple(k * HALF_PI for k in range(-8, 9)),
    "asin": (-1.0, 0.0, 1.0, 0.5, -0.5),
    "acos": (-1.0, 0.0, 1.0, 0.5, -0.5),
    "asin_slope": (-1.0, 0.0, 1.0),
    "atan": (-1.0, 0.0, 1.0, 1e100),
    "atan_slope": (-1.0, 0.0, 1.0, 1e100),
    "sinh": (0.0, 710.4758600739439, -710.4758600739439),
    "cosh": (0.0, 710.4758600739439, -710.4758600739439),
    "tanh": (0.0, 19.0, -19.0, 354.0, -354.0, 372.0, -372.0),
    "sech2": (0.0, 19.0, -19.0, 354.0, -354.0, 372.0, -372.0),
    "sigmoid": (0.0, 37.0, -37.0, 708.4, -708.4, -745.0),
    "sigmoid_slope": (0.0, 37.0, -37.0, 708.4, -708.4, 745.0),
    "relu": (0.0,),
    "leaky_relu": (0.0,),
    "leaky_relu_slope": (0.0,),
    "elu": (0.0, -37.0, -708.4, -745.0),
    "elu_slope": (0.0, -37.0, -708.4, -745.0),
    "softplus": (0.0, 20.0, 37.0, -37.0, -708.4, -745.0),
    "silu": (0.0, -1.2784645427610738, 2.399357280515468, -2.399357280515468, -37.0, -700.0, -714.0, -745.0),
    "silu_slope": (0.0, -1.2784645427610738, 2.399357280515468, -2.399357280515468, -37.0, -700.0, -714.0),
    "gelu": (0.0, -0.7517915246935645, 1.4142135623730951, -1.4142135623730951, -1.87, 9.0, -9.0, -20.0, -38.5),
    "gelu_slope": (0.0, -0.7517915246935645, 1.4142135623730951, -1.4142135623730951, -1.87, -9.0, -20.0, -38.5, 38.5),
    "normal_density": (0.0, 1.0, 37.4, -37.4, 38.5),
    "binary_cross_entropy": (0.0, 37.0, -37.0, 708.4, -708.4, 745.0, -745.0),
    "erf": (0.0, 0.84375, 1.25, 6.0, -6.0, 26.5),
    "erf_slope": (0.0, 26.5, -26.5, 27.2),
    "pow": (0.0, 1.0, 2.0, 3.0, -1.0, 0.5),
    "pow_dx": (0.0, 1.0, 2.0, 3.0, -1.0, 0.5),
    "pow_dy": (0.0, 1.0, 2.0, -1.0, 0.5),
}  # fmt: skip


def always(*xs: float) -> bool:
    return True


def _positive(x: float, *rest: float) -> bool:
    return x > 0


def _inside(x: float) -> bool:
    return -1 < x < 1


def _no_kink(x: float, *rest: float) -> bool:
    return x != 0


def _no_tie(x: float, y: float) -> bool:
    return x != y


# Where the row is differentiable; its edges and kinks have conventions instead, see edges.py.
DOMAIN: dict[str, Callable[..., bool]] = {
    "div": lambda x, y: y != 0, "div_slope": lambda x, y: y != 0,
    "pow": _positive, "pow_dx": _positive, "pow_dy": _positive,
    "pow_dxx": _positive, "pow_dxy": _positive, "pow_dyy": _positive, "ratio": lambda x, y, z, n: z != 0,
    "sqrt": _positive, "log": _positive, "log_slope": _positive,
    "log1p": lambda x: x > -1, "log1p_slope": lambda x: x > -1,
    "asin": _inside, "acos": _inside, "asin_slope": _inside,
    "relu": _no_kink, "leaky_relu": _no_kink, "leaky_relu_slope": _no_kink, "elu": _no_kink, "elu_slope": _no_kink,
    "abs": _no_kink, "sign": _no_kink, "step": _no_kink,
    "maximum": _no_tie, "minimum": _no_tie, "larger": _no_tie,
    "lt": _no_tie, "le": _no_tie, "gt": _no_tie, "ge": _no_tie,
    "hinge": lambda o, y: y * o != 1,
    "sumprod": lambda p, q, r, s: abs(p * r) + abs(q * s) < 1e308,
    "hypot": lambda *xs: any(xs), "hypot_slope": lambda *xs: any(xs),
}  # fmt: skip

# How many operands a row with any number of them is given.
OPERANDS = {
    "fsum": 3, "sumprod": 4, "hypot": 3, "hypot_slope": 3,
    "logsumexp": 3, "softmax": 3, "softmax_rest": 3, "cross_entropy": 3,
}  # fmt: skip
# Rows and losses whose last operand is one of a few numbers.
LAST = {"ratio": range(5), "hinge": (-1, 1), "binary_cross_entropy": (0, 1)}


def anywhere(rng: random.Random, near: tuple[float, ...]) -> float:
    """One double: from the whole range, or near one of the critical points."""
    kind = rng.random()
    if near and kind < 0.3:
        c = rng.choice(near)
        return c + rng.choice((-1, 1)) * (abs(c) or 1.0) * 10.0 ** rng.uniform(-17, 0)
    if kind < 0.55:
        return rng.choice((-1, 1)) * 10.0 ** rng.uniform(-20, 3)
    if kind < 0.8:
        return rng.uniform(-40, 40) if rng.random() < 0.7 else rng.uniform(-760, 760)
    if kind < 0.95:
        return rng.choice((-1, 1)) * 10.0 ** rng.uniform(-323, 308)
    return rng.choice((-1, 1)) * rng.choice(EXTREME)


def several(rng: random.Random, n: int, near: tuple[float, ...]) -> Point:
    """n doubles: unrelated, of one magnitude, or close together."""
    kind = rng.random()
    first = anywhere(rng, near)
    if kind < 0.4:
        return (first, *(anywhere(rng, near) for _ in range(n - 1)))
    if kind < 0.7:
        return (first, *(first * rng.uniform(-2, 2) for _ in range(n - 1)))
    return (first, *(first + rng.uniform(-40, 40) * 10.0 ** rng.uniform(-12, 0) for _ in range(n - 1)))


def points(name: str, operands: int, count: int, seed: int = 0) -> Iterator[Point]:
    """Points of the row's domain, the same for the same seed."""
    rng = random.Random(f"{name} {seed}")
    near, inside = CRITICAL.get(name, ()), DOMAIN.get(name, always)
    found = 0
    while found < count:
        xs = several(rng, operands, near) if operands > 1 else tuple(anywhere(rng, near) for _ in range(operands))
        if name in LAST:
            xs = (*xs[:-1], float(rng.choice(LAST[name])))
        if name.startswith("asin") or name == "acos":
            xs = (xs[0] if abs(xs[0]) < 1 else 1 / xs[0],)
        if all(map(math.isfinite, xs)) and not inside(*xs) and inside(*(-x for x in xs)):
            xs = tuple(-x for x in xs)
        if all(map(math.isfinite, xs)) and inside(*xs):
            found += 1
            yield xs
