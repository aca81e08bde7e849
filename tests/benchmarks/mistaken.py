"""Derivations with planted mistakes, in plain loops as learners write them; see grading.py.

They share no line with nn/mistakes.py, so that a mistake there cannot hide one here.
"""

from __future__ import annotations

import math

ETA = 0.3  # η of those who update too early, or include it


def learner(planted=frozenset(), order=1, slopes=None):
    """A derivation in loops, with the planted mistakes, pairs of (equation, name), in it.

    order   1 or −1: which way the sums go
    slopes  σ' of one's own instead of the one that is given, functions of u and o
    """

    def has(equation, name):
        return (equation, name) in planted

    def answer(theta, bias, u, o, x, y, sigma_slope, names=(), activations=(), loss=""):
        last = len(theta) - 1
        if has("forward", "bias left out of u"):
            u, o, before = [], [], x
            for k in range(last + 1):
                u.append([sum(t * v for t, v in zip(row, before)) for row in theta[k]])
                o.append([activations[k](v) for v in u[-1]])
                before = o[-1]
        delta = [[0.0] * len(layer) for layer in theta]

        def slope(equation, k, i):
            if has(equation, "σ' missing"):
                return 1
            if has(equation, "σ'(o) for σ'(u)"):
                return sigma_slope[k](o[k][i])
            if has(equation, "σ for σ'"):
                return o[k][i]
            if has(equation, "σ' in terms of o, given u"):
                v = u[k][i]
                return v * (1 - v) if names[k] == "sigmoid" else 1 - v * v
            if has(equation, "slope of tanh, 1 − o²"):
                return 1 - o[k][i] ** 2
            if has(equation, "slope of the sigmoid, o(1 − o)"):
                return o[k][i] - o[k][i] ** 2
            if has(equation, "1 − o for σ'") and names[k] in ("tanh", "sigmoid"):
                return 1 - o[k][i]
            if has(equation, "σ'(uⱼ) for σ'(uᵢ)"):
                return 1  # it is in the sum
            if has(equation, "σ' of the wrong layer"):
                return sigma_slope[k + 1](u[k + 1][i])
            return slopes[names[k]](u[k][i], o[k][i]) if slopes else sigma_slope[k](u[k][i])

        for i in range(len(y)):
            error = 2 * (o[last][i] - y[i])
            p = math.exp(o[last][i]) / sum(math.exp(v) for v in o[last]) if loss == "cross_entropy" else None
            if loss == "mean_squared_error":
                error = error if has("output", "sum for mean over the outputs") else error / len(y)
            if loss == "cross_entropy":
                error = p - y[i]
            if loss == "binary_cross_entropy":
                error = 1 / (1 + math.exp(-o[last][i])) - y[i]
            if has("output", "softmax forgotten") or has("output", "sigmoid forgotten"):
                error = o[last][i] - y[i]
            if has("output", "−y/p"):
                error = -y[i] / p
            d = error * slope("output", last, i)
            if has("output", "factor 2 missing") or has("output", "½ convention"):
                d = (o[last][i] - y[i]) * slope("output", last, i)
            if has("output", "mean for sum over the outputs"):
                d /= len(y)
            if has("output", "sign"):
                d = -d
            if has("output", "learning rate included"):
                d *= ETA
            delta[last][i] = d
        for k in reversed(range(last)):
            for i in range(len(theta[k])):
                total, count = 0.0, 0
                for j in list(range(len(theta[k + 1])))[::order]:
                    weight = theta[k + 1][j][i]
                    if has("hidden", "transposed θᵢⱼ for θⱼᵢ"):
                        weight = theta[k + 1][i][j]
                    if has("hidden", "θ of the wrong layer, its row"):
                        if j >= len(theta[k][i]):
                            continue
                        weight = theta[k][i][j]
                    if has("hidden", "θ of the wrong layer, its column"):
                        if j >= len(theta[k]):
                            continue
                        weight = theta[k][j][i]
                    if has("hidden", "weights already updated"):
                        weight = weight - ETA * delta[k + 1][j] * o[k][i]
                    if has("hidden", "θ missing"):
                        weight = 1
                    d = delta[k + 1][j]
                    if has("hidden", "δ of the output layer for the next"):
                        if j >= len(delta[last]):
                            continue
                        d = delta[last][j]
                    if has("hidden", "σ'(uⱼ) for σ'(uᵢ)"):
                        d = d * sigma_slope[k + 1](u[k + 1][j])
                    if has("hidden", "= for += over j"):
                        total = d * weight
                    elif not (has("hidden", "first j only") and count):
                        total += d * weight
                    count += 1
                if has("hidden", "mean for sum over j") and count:
                    total /= count
                delta[k][i] = total * slope("hidden", k, i) * (-1 if has("hidden", "sign") else 1)
        by_theta, by_bias = [], []
        for k in range(last + 1):
            before = x if k == 0 else o[k - 1]
            by_theta.append([[gradient(k, i, l, before, delta, theta, u, o, x, slope) for l in range(len(before))]
                             for i in range(len(theta[k]))])  # fmt: skip
            by_bias.append(
                None if bias[k] is None else
                [bias_gradient(delta[k][i], bias[k][i], slope("", k, i)) for i in range(len(theta[k]))]
            )  # fmt: skip
        return delta, by_theta, by_bias

    def gradient(k, i, l, before, delta, theta, u, o, x, slope):
        if has("weights", "transposed, δₗ·oᵢ"):
            i, l = l, i
        d, o_l = delta[k][i], before[l]
        if has("weights", "o of the wrong layer, oᵢ"):
            o_l = o[k][i]
        if has("weights", "o of the wrong layer, its own"):
            o_l = o[k][l]
        if has("weights", "x for o"):
            o_l = x[l]
        if has("weights", "u for o") and k > 0:
            o_l = u[k - 1][l]
        if has("weights", "θ for o"):
            o_l = theta[k][i][l]
        if has("weights", "δ of the layer before") and k > 0:
            d = delta[k - 1][l]
        if has("weights", "δ missing"):
            d = 1
        if has("weights", "σ' twice"):
            d *= slope("", k, i)
        return rated("weights", d * o_l)

    def bias_gradient(d, b, slope):
        if has("bias", "bias forgotten"):
            return 0.0
        if has("bias", "δ missing"):
            d = 1.0
        if has("bias", "σ' twice"):
            d *= slope
        return rated("bias", d * b if has("bias", "b·δ for δ") else d)

    def rated(equation, g):
        if has(equation, "sign"):
            return -g
        if has(equation, "learning rate included"):
            return ETA * g
        return -ETA * g if has(equation, "the update for the gradient") else g

    return answer


def knowing(answer, case):
    """The answer, told what σ and Err are in this network."""
    return lambda *arguments: answer(*arguments, names=case.names, activations=case.sigma, loss=case.loss)


def batched(answer, planted):
    """∂Err/∂θ and ∂Err/∂b of a batch."""

    def of_batch(theta, bias, U, O, X, Y, sigma_slope):
        samples = [answer(theta, bias, u, o, x, y, sigma_slope) for u, o, x, y in zip(U, O, X, Y)]

        def add(gradients):
            if isinstance(gradients[0], list):
                return [add(list(parts)) for parts in zip(*gradients)]
            if gradients[0] is None or ("batch", "= for += over the batch") in planted:
                return gradients[-1]
            total = sum(gradients)
            return total / len(gradients) if ("batch", "mean for sum over the batch") in planted else total

        return add([g for _, g, _ in samples]), add([b for _, _, b in samples])

    return of_batch


TEXTBOOK = {
    "tanh": lambda u, o: 1 - o**2, "sigmoid": lambda u, o: o * (1 - o),
    "relu": lambda u, o: float(o > 0), "linear": lambda u, o: 1.0,
}  # fmt: skip
EXPONENTIALS = {
    "tanh": lambda u, o: (2 / (math.exp(u) + math.exp(-u))) ** 2,
    "sigmoid": lambda u, o: math.exp(-u) / (1 + math.exp(-u)) ** 2,
    "relu": lambda u, o: 1.0 if u > 0 else 0.0, "linear": lambda u, o: 1,
}  # fmt: skip
