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
    "exp2": (0.0, 1024.0, 1024.5, -1022.0, -1074.0),
    "log2": (1.0,),
    "log10": (1.0,),
    "log10_slope": (3e-309,),
    "sin": tuple(k * HALF_PI for k in range(-8, 9)),
    "cos": tuple(k * HALF_PI for k in range(-8, 9)),
    "tan": tuple(k * HALF_PI for k in range(-8, 9)),
    "asin": (-1.0, 0.0, 1.0, 0.5, -0.5),
    "acos": (-1.0, 0.0, 1.0, 0.5, -0.5),
    "asin_slope": (-1.0, 0.0, 1.0),
    "atan": (-1.0, 0.0, 1.0, 1e100),
    "atan_slope": (-1.0, 0.0, 1.0, 1e100),
    "atan2": (1.0, 1e-150, 1e150),
    "atan2_slope": (1.0, 1e-150, 1e150),
    "sinh": (0.0, 710.4758600739439, -710.4758600739439),
    "cosh": (0.0, 710.4758600739439, -710.4758600739439),
    "asinh": (0.0, 1e154, 1e-8),
    "acosh": (1.0, 1e154),
    "atanh": (-1.0, 0.0, 1.0, 0.5),
    "atanh_slope": (-1.0, 0.0, 1.0),
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
    "softsign": (0.0, 1e16),
    "softsign_slope": (0.0, 1e16, 1e154),
    "gelu": (0.0, -0.7517915246935645, 1.4142135623730951, -1.4142135623730951, -1.87, 9.0, -9.0, -20.0, -38.5),
    "gelu_slope": (0.0, -0.7517915246935645, 1.4142135623730951, -1.4142135623730951, -1.87, -9.0, -20.0, -38.5, 38.5),
    "normal_density": (0.0, 1.0, 37.4, -37.4, 38.5),
    "binary_cross_entropy": (0.0, 37.0, -37.0, 708.4, -708.4, 745.0, -745.0),
    "erf": (0.0, 0.84375, 1.25, 6.0, -6.0, 26.5),
    "erfc": (0.0, 0.25, 0.84375, 1.25, 1 / 0.35, 6.0, -6.0, 26.5, 27.2),
    "erf_slope": (0.0, 26.5, -26.5, 27.2),
    "pow": (0.0, 1.0, 2.0, 3.0, -1.0, 0.5),
    "pow_dx": (0.0, 1.0, 2.0, 3.0, -1.0, 0.5),
    "pow_dy": (0.0, 1.0, 2.0, -1.0, 0.5),
    "floor": (0.0, 1.0, -1.0, 7.0, 2.0**52),
    "ceil": (0.0, 1.0, -1.0, 7.0, 2.0**52),
    "trunc": (0.0, 1.0, -1.0, 7.0, 2.0**52),
    "round": (0.0, 0.5, 1.5, -2.5, 2.675, 2.0**52),
    "fmod": (0.0, 0.1, 1.0, 3.0, -7.0),
    "mod": (0.0, 0.1, 1.0, 3.0, -7.0),
    "floordiv": (0.0, 0.1, 1.0, 3.0, -7.0),
}  # fmt: skip


def always(*xs: float) -> bool:
    return True


def _positive(x: float, *rest: float) -> bool:
    return x > 0


def _inside(x: float) -> bool:
    return -1 < x < 1


def _no_jump(x: float) -> bool:
    return x % 1 != 0


def _no_multiple(x: float, y: float) -> bool:
    """x lies between two multiples of y, which the truth can tell apart."""
    return y != 0 and abs(x) < 1e280 * abs(y) < math.inf and math.fmod(x, y) != 0


def _no_kink(x: float, *rest: float) -> bool:
    return x != 0


def _no_tie(x: float, y: float) -> bool:
    return x != y


# Where the row is differentiable; its edges and kinks have conventions instead, see edges.py.
DOMAIN: dict[str, Callable[..., bool]] = {
    "div": lambda x, y: y != 0, "div_slope": lambda x, y: y != 0,
    "pow": _positive, "pow_dx": _positive, "pow_dy": _positive,
    "pow_dxx": _positive, "pow_dxy": _positive, "pow_dyy": _positive, "ratio": lambda x, y, z, n: z != 0,
    "sqrt": _positive, "log": _positive, "log_slope": _positive, "cbrt": _no_kink,
    "log2": _positive, "log10": _positive, "log10_slope": _positive,
    "log1p": lambda x: x > -1, "log1p_slope": lambda x: x > -1,
    "asin": _inside, "acos": _inside, "asin_slope": _inside, "atanh": _inside, "atanh_slope": _inside,
    "acosh": lambda x: x > 1, "atan2": lambda y, x: y != 0 or x > 0, "atan2_slope": lambda x, y: bool(x or y),
    "relu": _no_kink, "leaky_relu": _no_kink, "leaky_relu_slope": _no_kink, "elu": _no_kink, "elu_slope": _no_kink,
    "abs": _no_kink, "sign": _no_kink, "step": _no_kink, "softsign": _no_kink, "softsign_slope": _no_kink,
    "copysign": lambda x, y: x != 0 and y != 0, "floor": _no_jump, "ceil": _no_jump, "trunc": _no_jump,
    "round": lambda x, digits: 10.0**-digits < 1e15 and (x * 10.0**digits - 0.5) % 1 != 0,
    "fmod": _no_multiple, "mod": _no_multiple,
    # Of many small steps a difference sees the mean slope; large quotients are asked as slopes of mod.
    "floordiv": lambda x, y: _no_multiple(x, y) and abs(x) < 1000 * abs(y),
    "maximum": _no_tie, "minimum": _no_tie, "larger": _no_tie,
    "lt": _no_tie, "le": _no_tie, "gt": _no_tie, "ge": _no_tie,
    "hinge": lambda o, y: y * o != 1,
    "sumprod": lambda p, q, r, s: abs(p * r) + abs(q * s) < 1e308,
    "hypot": lambda *xs: any(xs), "hypot_slope": lambda *xs: any(xs),
}  # fmt: skip

# How many operands a row with any number of them is given.
OPERANDS = {
    "fsum": 3, "sumprod": 4, "take": 3, "hypot": 3, "hypot_slope": 3,
    "logsumexp": 3, "softmax": 3, "softmax_rest": 3, "cross_entropy": 3,
}  # fmt: skip
# Rows and losses whose last operand is one of a few numbers.
LAST = {"ratio": range(5), "take": range(2), "round": range(-3, 6), "hinge": (-1, 1), "binary_cross_entropy": (0, 1)}


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
        if name.startswith("pow") and rng.random() < 0.1:  # a base so near 1 that exponents beyond 2⁵³ are in range
            xs = (1.0 + rng.uniform(-4, 4) * 10.0 ** rng.uniform(-15, -13), rng.uniform(-1, 1) * 10.0**17)
        if name in LAST:
            xs = (*xs[:-1], float(rng.choice(LAST[name])))
        if name == "scatter":  # an index, and the number of an entry
            xs = (xs[0], float(rng.randrange(3)), float(rng.randrange(3)))
        if DOMAIN.get(name) is _inside:
            xs = (xs[0] if abs(xs[0]) < 1 else 1 / xs[0],)
        if name == "acosh":
            xs = (xs[0] if abs(xs[0]) > 1 else 1 / xs[0] if xs[0] else 2.0,)
        if all(map(math.isfinite, xs)) and not inside(*xs) and inside(*(-x for x in xs)):
            xs = tuple(-x for x in xs)
        if all(map(math.isfinite, xs)) and inside(*xs):
            found += 1
            yield xs
