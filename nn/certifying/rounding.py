"""How far rounding may carry two computations of the same δ apart.

One tolerance for a single sum, and one recursion that sends the possible errors of every
u, o, σ' and δ through the lecture's own formulas, in absolute values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .. import deltas as hand
from ..network.activations import ACTIVATION_RECORDS

ROUNDING = 2.0**-53  # the relative error of one operation on doubles
TINIEST = 2.0**-1074  # and the absolute one, where the result is subnormal


def sum_tolerance(terms: Sequence[float]) -> float:
    """n + 8 ulp of the largest of n terms: what two sums of the same terms may differ by.

    >>> sum_tolerance([1.0, -4.0]) == 10 * math.ulp(4.0)
    True
    """
    largest = max((abs(t) for t in terms), default=0.0)
    return (len(terms) + 8) * math.ulp(largest) if math.isfinite(largest) else 0.0


def cancelling_terms(loss: str, y: Sequence[float], y_hat: Sequence[float], k: int) -> list[float]:
    """The terms whose sum is ∂Err/∂ŷ_k and which may cancel; none where it is one product.

    >>> cancelling_terms("squared_error", [1.0], [0.5], 0)
    []
    """
    if loss == "cross_entropy" and 0 < y[k] < 1:
        return [y[k], 1.0]
    if loss == "binary_cross_entropy":
        return [y[k] * hand.sigmoid(-y_hat[k]), (1 - y[k]) * hand.sigmoid(y_hat[k])]
    return []


def slope_tolerance(sigma: str, u: float) -> float:
    """How far σ'(u), and |u| times more σ(u), may lie apart by two formulas; 0 where each is right to the last digits.

    Φ(u) and e^(−u²/2) lose u² ulp to the rounding of their argument, and both slopes are sums that cancel at u < 0.

    >>> slope_tolerance("tanh", 1.0), slope_tolerance("gelu", -1.0) < 1e-15
    (0.0, True)
    """
    if sigma not in BEND or not math.isfinite(u):
        return 0.0
    if sigma == "silu":
        share = hand.sigmoid(u)
        size = 8.0 * (share + abs(u) * share * hand.sigmoid(-u))
    else:
        tail = u * u * (u < 0)
        size = (8.0 + tail) * hand.gelu(u) / u if u else 4.0
        size += (8.0 + u * u) * abs(u) * 0.4 * math.exp(-0.5 * u * u)
    return float(2.0 * ROUNDING * abs(size) + (1.0 + abs(u)) * TINIEST)


BEND = {"gelu": 0.8, "silu": 0.5}  # the largest |σ''|, of the σ' that are 0 somewhere and so have no |σ''/σ'|


def error_tolerance(loss: str, y: Sequence[float], y_hat: Sequence[float]) -> float:
    """How far two sums of the same terms, none below 0, may lie apart in whatever order: 2n + 8 ulp of Err.

    >>> error_tolerance("squared_error", [1.0], [0.5]) == 10 * math.ulp(0.25)
    True
    """
    of: Callable[[Sequence[float], Sequence[float]], float] = hand.ERRORS[loss]
    largest = of(y, y_hat)
    if loss == "hinge":
        largest = sum(max(1.0, abs(a * b)) for a, b in zip(y, y_hat))
    return (2 * len(y) + 8) * math.ulp(largest) if math.isfinite(largest) else 0.0


# The error of ∂Err/∂ŷ_k that errors of ŷ cause: (slope, y_k, ŷ_k, error of ŷ_k, largest error, classes) -> error
ERROR_OF_SLOPES: dict[str, Callable[..., float]] = {
    "squared_error": lambda slope, y, o, e, largest, n: 2 * e + 2 * ROUNDING * (abs(y) + abs(o)),
    "half_squared_error": lambda slope, y, o, e, largest, n: e + 2 * ROUNDING * (abs(y) + abs(o)),
    "mean_squared_error": lambda slope, y, o, e, largest, n: (2 * e + 4 * ROUNDING * (abs(y) + abs(o))) / n,
    "cross_entropy": lambda slope, y, o, e, largest, n: (
        abs(slope) * (2 * largest + (4 * n + 16) * ROUNDING) + 8 * ROUNDING * (0 < y < 1)
    ),
    "binary_cross_entropy": lambda slope, y, o, e, largest, n: (
        abs(slope) * (e + 16 * ROUNDING) + (8 * ROUNDING + e) * (0 < y < 1)
    ),
    "hinge": lambda slope, y, o, e, largest, n: abs(y) * (abs(1 - y * o) <= 2 * abs(y) * e + 4 * ROUNDING),
}


def propagated_errors(
    x: Sequence[float],
    theta: Sequence[Sequence[Sequence[float]]],
    bias: Sequence[Sequence[float | None]],
    u: Sequence[Sequence[float]],
    o: Sequence[Sequence[float]],
    slopes: Sequence[float],
    y: Sequence[float],
    names: Sequence[str],
    sigma_slope: Sequence[Callable[[float], float]],
    loss: str,
) -> list[list[float]]:
    """How far each computed δ may lie from the true one: the lecture's recursion in absolute values.

    Forward: an error of o_l reaches u_i times |θ_il|, and a sum of n terms adds n roundings of
    Σ|θ·o|.  σ passes an error of u on times σ', which itself changes by the factor
    exp(curvature · error).  Backward: δ's error is that of Σ δ_j·θ_ji times σ', plus that of σ'.
    The constants allow 4 ulp for σ and 8 for σ' (Higham, Accuracy and Stability of Numerical
    Algorithms, ch. 3).

    >>> errors = propagated_errors([1.0], [[[0.5]]], [[None]], [[0.5]], [[0.5]], [-1.0], [1.0],
    ...                            ["linear"], [hand.linear_slope], "squared_error")
    >>> 0 < errors[0][0] < 1e-14
    True
    """
    e_o: list[float] = [0.0] * len(x)
    e_slope: list[list[float]] = []
    slope: list[list[float]] = []
    for k, layer in enumerate(u):
        before, sigma = o[k - 1] if k else x, ACTIVATION_RECORDS[names[k]]
        e_next, e_s, s = [], [], []
        for i, u_i in enumerate(layer):
            b = bias[k][i]
            size = sum(abs(t * a) for t, a in zip(theta[k][i], before)) + abs(b or 0.0)
            n = len(before) + 1
            e_u = sum(abs(t) * e for t, e in zip(theta[k][i], e_o)) + n * (ROUNDING * size + TINIEST)
            s_i = float(sigma_slope[k](u_i))
            at_kink = sigma.kink and abs(u_i) <= 2 * e_u
            s.append(max(s_i, 1.0) if at_kink else abs(s_i))
            if at_kink:
                e_s.append(1.0)
            elif names[k] in BEND:
                e_s.append(BEND[names[k]] * e_u + slope_tolerance(names[k], u_i))
            else:
                e_s.append(s_i * (math.expm1(min(sigma.curvature * e_u, 700.0)) + 16 * ROUNDING) + TINIEST)
            e_sigma = 8 * ROUNDING * abs(o[k][i]) + abs(u_i) * slope_tolerance(names[k], u_i) + TINIEST
            e_next.append((s[-1] + e_s[-1]) * e_u + e_sigma)
        e_o = e_next
        e_slope.append(e_s)
        slope.append(s)
    n = len(slopes)
    largest = max(e_o)
    e_sum = [ERROR_OF_SLOPES[loss](d, y[i], o[-1][i], e_o[i], largest, n) for i, d in enumerate(slopes)]
    sums = [abs(d) for d in slopes]
    errors: list[list[float]] = []
    for k in range(len(u) - 1, -1, -1):
        sizes = [s * a for s, a in zip(slope[k], sums)]
        errors.insert(0, [
            s * e + a * es + es * e + 4 * ROUNDING * z + TINIEST
            for s, es, a, e, z in zip(slope[k], e_slope[k], sums, e_sum, sizes)
        ])  # fmt: skip
        columns = list(zip(*theta[k]))
        sums = [sum(abs(t) * z for t, z in zip(column, sizes)) for column in columns]
        e_sum = [
            sum(abs(t) * e for t, e in zip(column, errors[0])) + (len(column) + 1) * (ROUNDING * a + TINIEST)
            for column, a in zip(columns, sums)
        ]
    return errors
