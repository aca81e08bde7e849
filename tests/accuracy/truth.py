"""The truth about each row: what it computes, defined with mpmath as a textbook would.

Nothing of the engine is used here.  Derivatives are central differences of the definition
with a step of 2⁻ᵖ and four times as many bits: they hold no calculus that could repeat a
mistake of the rules.  p is doubled until two results agree, so a definition may cancel as
it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from mpmath import mp, mpf

Function = Callable[..., Any]


def normal(x: Any) -> Any:
    """Φ, the distribution of the standard normal."""
    if abs(x) > 1e9:  # mpmath's erfc refuses; this far out only the order of magnitude is asked
        return mp.exp(-x * x / 2) if x < 0 else 1 - mp.exp(-x * x / 2)
    return mp.erfc(-x / mp.sqrt(2)) / 2


def density(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def logsumexp(*xs: Any) -> Any:
    m = max(xs)
    i = xs.index(m)
    return m + mp.log1p(sum(mp.exp(x - m) for x in xs[:i] + xs[i + 1 :]))


def softmax(x: Any, *others: Any) -> Any:
    return 1 / (1 + sum(mp.exp(y - x) for y in others))


def softmax_rest(x: Any, *others: Any) -> Any:
    rest = sum(mp.exp(y - x) for y in others)
    return rest / (1 + rest)


def cross_entropy(x: Any, *others: Any) -> Any:
    return logsumexp(*(y - x for y in (x, *others)))


def length(*xs: Any) -> Any:
    return mp.sqrt(sum(x * x for x in xs))


def trunc(x: Any) -> Any:
    return mp.sign(x) * mp.floor(abs(x))


def ordered(x: Any, y: Any) -> int:
    """−1, 0 or 1 as x is below, at or above y."""
    return int(x > y) - int(x < y)


TRUTH: dict[str, Function] = {
    # arithmetic
    "literal": lambda: mpf(0),
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "div_slope": lambda x, y: -x / y**2,
    "neg": lambda x: -x,
    "pow": lambda x, y: x**y,
    "pow_dx": lambda x, y: y * x ** (y - 1),
    "pow_dy": lambda x, y: x**y * mp.log(x),
    "pow_dxx": lambda x, y: y * (y - 1) * x ** (y - 2),
    "pow_dxy": lambda x, y: x ** (y - 1) * (1 + y * mp.log(x)),
    "pow_dyy": lambda x, y: x**y * mp.log(x) ** 2,
    "ratio": lambda x, y, z, n: x * y / z**n,
    "sqrt": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    # exponentials and logarithms
    "exp": mp.exp,
    "expm1": mp.expm1,
    "exp2": lambda x: mpf(2) ** x,
    "log": mp.log,
    "log_slope": lambda x: 1 / x,
    "log1p": mp.log1p,
    "log1p_slope": lambda x: 1 / (1 + x),
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log10_slope": lambda x: 1 / (x * mp.log(10)),
    # trigonometry
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "asin_slope": lambda x: 1 / mp.sqrt((1 - x) * (1 + x)),
    "atan": mp.atan,
    "atan_slope": lambda x: 1 / (1 + x * x),
    "atan2": mp.atan2,
    "atan2_slope": lambda x, y: x / (x * x + y * y),
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "atanh_slope": lambda x: 1 / ((1 - x) * (1 + x)),
    # activations and their slopes
    "tanh": mp.tanh,
    "sech2": lambda x: mp.sech(x) ** 2,
    "sigmoid": sigmoid,
    "sigmoid_slope": lambda x: sigmoid(x) * sigmoid(-x),
    "relu": lambda x: x if x > 0 else x * 0,
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "leaky_relu_slope": lambda x, slope: mpf(1) if x > 0 else slope,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "elu_slope": lambda x, alpha: mpf(1) if x > 0 else alpha * mp.exp(x),
    "softplus": lambda x: mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x)),
    "silu": lambda x: x * sigmoid(x),
    "silu_slope": lambda x: sigmoid(x) * (1 + x * sigmoid(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "softsign_slope": lambda x: 1 / (1 + abs(x)) ** 2,
    "gelu": lambda x: x * normal(x),
    "gelu_slope": lambda x: normal(x) + x * density(x),
    "normal_density": density,
    "erf": lambda x: mp.erf(x) if abs(x) < 28 else mp.sign(x),  # erfc(28) < 1e−342
    "erfc": lambda x: 2 * normal(-x * mp.sqrt(2)),
    "erf_slope": lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
    # branches
    "abs": abs,
    "sign": mp.sign,
    "step": lambda x: mpf(x > 0),
    "maximum": max,
    "minimum": min,
    "larger": lambda x, y: (1 + mpf(ordered(x, y))) / 2,
    "where": lambda condition, x, y: x if condition else y,
    "take": lambda *operands: operands[int(mp.nint(operands[-1]))],
    "scatter": lambda g, index, k: g if mp.nint(index) == mp.nint(k) else g * 0,
    "lt": lambda x, y: mpf(x < y),
    "le": lambda x, y: mpf(x <= y),
    "gt": lambda x, y: mpf(x > y),
    "ge": lambda x, y: mpf(x >= y),
    # whole numbers and remainders
    "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x),
    "floor": mp.floor,
    "ceil": mp.ceil,
    "trunc": trunc,
    "round": lambda x, digits: mp.nint(x * mpf(10) ** digits) / mpf(10) ** digits,
    "fmod": lambda x, y: x - y * trunc(x / y),
    "mod": lambda x, y: x - y * mp.floor(x / y),
    "floordiv": lambda x, y: mp.floor(x / y),
    # sums, products and what classifiers need
    "gated": lambda g, d: g * d,
    "fsum": lambda *xs: mp.fsum(xs),
    "sumprod": lambda *pq: mp.fdot(pq[: len(pq) // 2], pq[len(pq) // 2 :]),
    "hypot": length,
    "hypot_slope": lambda x, *others: x / length(x, *others),
    "logsumexp": logsumexp,
    "softmax": softmax,
    "softmax_rest": softmax_rest,
    "cross_entropy": cross_entropy,
}


def erfc_without_its_constant(x: Any) -> Any:
    """erfc, and far on the left erfc − 2, which is 0 to hundreds of bits; √30.1, where they part, is no double."""
    return -erfc_without_its_constant(-x) if x < 0 and x * x > 30.1 else 2 * normal(-x * mp.sqrt(2))


# What is differenced instead of a row: it has the same differences, and no thousand bits of a constant.
DIFFERENCED: dict[str, Function] = {
    "erf": lambda x: -erfc_without_its_constant(x),
    "erfc": erfc_without_its_constant,
}

# The losses of nn.losses, of one or two outputs.
LOSSES: dict[str, Function] = {
    "squared_error": lambda o, p, y, z: (y - o) ** 2 + (z - p) ** 2,
    "mean_squared_error": lambda o, p, y, z: ((y - o) ** 2 + (z - p) ** 2) / 2,
    "hinge": lambda o, y: max(mpf(0), 1 - y * o),
    "binary_cross_entropy": lambda u, y: y * mp.log1p(mp.exp(-u)) + (1 - y) * mp.log1p(mp.exp(u)),
}


def settled(compute: Callable[[int], Any]) -> Any:
    """compute(p) for p doubling until two results agree to 2⁻⁶⁴; a zero must last to the end."""
    p, before = 48, None
    while True:
        now = compute(p)
        if not mp.isfinite(now) or p > 1000:
            return now
        if now and before and abs(now - before) <= abs(now) * mpf(2) ** -64:
            return now
        p, before = 2 * p, now


def true_value(f: Function, xs: Sequence[float]) -> Any:
    """f at these doubles, to at least 64 bits.

    >>> float(true_value(mp.tanh, [1e-300]))
    1e-300
    """

    def compute(p: int) -> Any:
        with mp.workprec(2 * p):
            return +f(*map(mpf, xs))

    return settled(compute)


@lru_cache(256)
def _at(f: Function, point: tuple[Any, ...], precision: int) -> Any:
    """f there, remembered: first and second differences have points in common."""
    with mp.workprec(precision):
        return f(*point)


SMALL = mpf(2) ** -1100  # the size of a zero: smaller than any operand that it could be confused with


def true_slope(f: Function, xs: Sequence[float], *directions: int) -> Any:
    """The derivative of f in the operands of these indices, one or two of them.

    >>> float(true_slope(mp.tanh, [1e-300], 0, 0))
    -2e-300
    """

    def compute(p: int) -> Any:
        precision = 4 * p + 64 + 2 * max(abs(mp.mag(x or SMALL)) for x in xs)
        with mp.workprec(precision):
            point = [mpf(x) for x in xs]
            steps = [mp.ldexp(min(abs(x), mpf(1)) or SMALL, -p) for x in point]

            def at(*shifts: int) -> Any:
                moved = list(point)
                for i, shift in zip(directions, shifts):
                    moved[i] += shift * steps[i]
                return _at(f, tuple(moved), precision)

            if len(directions) == 1:
                (i,) = directions
                return (at(1) - at(-1)) / (2 * steps[i])
            i, j = directions
            if i == j:
                return (at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / steps[i] ** 2
            return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * steps[i] * steps[j])

    return settled(compute)
