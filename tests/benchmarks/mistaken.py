"""Derivations with planted mistakes, in plain loops as learners write them; see grading.py.

They share no line with nn/grading/mistakes.py, so that a mistake there cannot hide one here.
"""

from __future__ import annotations

import math

ETA = 0.3  # η of those who update too early, or include it
DECAY = 0.01  # λ of those who add an L2 term


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
            if has(equation, "o(1 + o) or 1 + o² for σ'") and names[k] in ("tanh", "sigmoid"):
                return o[k][i] * (1 + o[k][i]) if names[k] == "sigmoid" else 1 + o[k][i] ** 2
            if has(equation, "1/cosh u for tanh'") and names[k] == "tanh":
                return 2 / (math.exp(u[k][i]) + math.exp(-u[k][i]))
            if has(equation, "slope of ReLU on the wrong side") and names[k] == "relu":
                return 0.0 if u[k][i] > 0 else 1.0
            if has(equation, "σ' twice"):
                return sigma_slope[k](u[k][i]) ** 2
            if has(equation, "σ'(uⱼ) for σ'(uᵢ)"):
                return 1  # it is in the sum
            if has(equation, "σ' of the wrong layer"):
                return sigma_slope[k + 1](u[k + 1][i])
            return slopes[names[k]](u[k][i], o[k][i]) if slopes else sigma_slope[k](u[k][i])

        raw = [0.0] * len(y)
        for i in range(len(y)):
            error = 2 * (o[last][i] - y[i])
            p = math.exp(o[last][i]) / sum(math.exp(v) for v in o[last]) if loss == "cross_entropy" else None
            if loss == "mean_squared_error":
                error = error if has("output", "sum for mean over the outputs") else error / len(y)
            if loss == "half_squared_error":
                error = o[last][i] - y[i]
            if loss == "hinge":
                margin = 0 if has("output", "0 for the margin 1") else 1
                error = -y[i] if y[i] * o[last][i] < margin or has("output", "margin forgotten") else 0
                if has("output", "−1 for −y"):
                    error = -1 if error else 0
            if loss == "cross_entropy":
                error = p - y[i]
            if loss == "binary_cross_entropy":
                error = 1 / (1 + math.exp(-o[last][i])) - y[i]
            if has("output", "softmax forgotten") or has("output", "sigmoid forgotten"):
                error = o[last][i] - y[i]
            if has("output", "−y/p"):
                error = -y[i] / p
            q = p if loss == "cross_entropy" else 1 / (1 + math.exp(-o[last][i]))
            if has("output", "p − y at the true class only") and not y[i]:
                error = 0
            if has("output", "diagonal of the softmax's Jacobian only"):
                error = (-y[i] / p) * (p * (1 - p))
            if has("output", "extra σ' with cross-entropy"):
                error *= q * (1 - q)
            if has("output", "superfluous 2"):
                error += error
            by = {"squared_error": 2, "half_squared_error": 1}.get(loss or "squared_error", 2 / len(y))
            if has("output", "every ŷ against every y"):
                error = by * sum(o[last][i] - t for t in y)
            if has("output", "every y against every ŷ"):
                error = by * sum(v - y[i] for v in o[last])
            if has("output", "every ŷ against the mean of y"):
                error = by * (o[last][i] - sum(y) / len(y))
            if has("output", "the loss for its derivative"):
                error = (y[i] - o[last][i]) ** 2
            if has("output", "Err for ∂Err/∂ŷ"):
                error = sum((a - b) ** 2 for a, b in zip(y, o[last]))
            if has("output", "ŷ for ŷ − y"):
                error = 2 * o[last][i]
            d = error * slope("output", last, i)
            raw[i] = error
            if has("output", "factor 2 missing") or has("output", "½ convention"):
                d = (o[last][i] - y[i]) * slope("output", last, i)
            if has("output", "mean for sum over the outputs"):
                d /= len(y)
            if has("output", "sign"):
                d = -d
            if has("output", "learning rate included"):
                d *= ETA
            if has("output", "left at 0"):
                d = 0.0
            if has("output", "u for δ"):
                d = u[last][i]
            delta[last][i] = d
        for k in reversed(range(last)):
            if has("hidden", "the error passed back without σ'"):
                arrived = [sum(e * row[i] for e, row in zip(raw, theta[k + 1])) for i in range(len(theta[k]))]
                delta[k] = [a * sigma_slope[k](v) for a, v in zip(arrived, u[k])]
                raw = arrived
                continue
            for i in range(len(theta[k])):
                if has("hidden", "elementwise for the matrix product, δᵢ·θᵢᵢ"):
                    delta[k][i] = delta[k + 1][i] * theta[k + 1][i][i] * slope("hidden", k, i)
                    continue
                if has("hidden", "elementwise for the matrix product, δᵢ·Σⱼ θⱼᵢ"):
                    if len(theta[k]) != len(theta[k + 1]):
                        raise IndexError("shapes do not fit")
                    delta[k][i] = delta[k + 1][i] * sum(row[i] for row in theta[k + 1]) * slope("hidden", k, i)
                    continue
                if has("hidden", "u for δ"):
                    delta[k][i] = u[k][i]
                    continue
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
                times = -1 if has("hidden", "sign") else 2 if has("hidden", "counted twice") else 1
                times = 0 if has("hidden", "left at 0") else times
                delta[k][i] = total * slope("hidden", k, i) * times
        by_theta, by_bias = [], []
        for k in range(last + 1):
            before = x if k == 0 else o[k - 1]
            by_theta.append([[gradient(k, i, l, before, delta, theta, u, o, x, slope) for l in range(len(before))]
                             for i in range(len(theta[k]))])  # fmt: skip
            by_bias.append(
                None if bias[k] is None else
                [bias_gradient(delta[k][i], bias[k][i], slope("", k, i), delta[k], o[k][i], before, i)
                 for i in range(len(theta[k]))]
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
        if has("weights", "elementwise for the outer product, δᵢ·oᵢ"):
            o_l = before[i]
        if has("weights", "elementwise for the outer product, δₗ·oₗ"):
            d = delta[k][l]
        if has("weights", "δ missing"):
            d = 1
        if has("weights", "δ counted twice"):
            d = d * d
        if has("weights", "σ' twice"):
            d *= slope("", k, i)
        if has("weights", "L2 term added"):
            return d * o_l + DECAY * theta[k][i][l]
        return rated("weights", d * o_l)

    def bias_gradient(d, b, slope, layer, o_i, before, i):
        if has("bias", "bias forgotten"):
            return 0.0
        if has("bias", "δ counted twice"):
            d = d * d
        if has("bias", "δ·o for δ"):
            d = d * o_i
        if has("bias", "δ·o of the layer before for δ"):
            d = d * before[i]
        if has("bias", "summed over the neurons"):
            d = sum(layer)
        if has("bias", "mean over the neurons"):
            d = sum(layer) / len(layer)
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
        if has(equation, "counted twice"):
            return 2 * g
        if has(equation, "left at 0"):
            return 0.0
        return -ETA * g if has(equation, "the update for the gradient") else g

    return answer


def knowing(answer, case):
    """The answer, told what σ and Err are in this network."""
    return lambda *arguments: answer(*arguments, names=case.names, activations=case.sigma, loss=case.loss)


def batched(answer, planted):
    """∂Err/∂θ and ∂Err/∂b of a batch."""
    made = {name for equation, name in planted if equation == "batch"}

    def of_batch(theta, bias, U, O, X, Y, sigma_slope):
        m = len(X)
        if "targets of other samples" in made:
            Y = [Y[(s + 1) % m] for s in range(m)]
        samples = [answer(theta, bias, u, o, x, y, sigma_slope) for u, o, x, y in zip(U, O, X, Y)]
        by_theta, by_bias = [g for _, g, _ in samples], [b for _, _, b in samples]
        stale = {"o of the sample before": lambda s: s - 1, "o of the last sample": lambda s: m - 1,
                 "o of the first sample": lambda s: 0}  # fmt: skip
        for name in made & set(stale):
            by_theta = [
                [[[d * v for v in before] for d in layer] for layer, before in zip(delta, inputs)]
                for s, (delta, _, _) in enumerate(samples)
                for inputs in [[X[stale[name](s)], *O[stale[name](s)]]]
            ]
        everyone = {"every ŷ against every y of the batch": 1, "every ŷ against the mean of the batch's y": 1 / m}
        for name in made & set(everyone):
            cross = [answer(theta, bias, u, o, x, y, sigma_slope) for u, o, x in zip(U, O, X) for y in Y]
            by_theta = [scaled(g, everyone[name]) for _, g, _ in cross]
            by_bias = [scaled(b, everyone[name]) for _, _, b in cross]
        return add(by_theta, "∂Err/∂θ", m), add(by_bias, "∂Err/∂b", m)

    def add(gradients, part, m):
        if isinstance(gradients[0], list):
            return [add(list(parts), part, m) for parts in zip(*gradients)]
        last = "= for += over the batch" in made or (part == "∂Err/∂b" and "∂Err/∂b of the last sample only" in made)
        if gradients[0] is None or last:
            return gradients[-1]
        if "first sample only" in made or (part == "∂Err/∂b" and "∂Err/∂b of the first sample only" in made):
            return gradients[0]
        total = sum(gradients)
        mean = "mean for sum over the batch" in made
        mean |= part == "∂Err/∂θ" and "mean of ∂Err/∂θ, sum of ∂Err/∂b" in made
        mean |= part == "∂Err/∂b" and "mean of ∂Err/∂b, sum of ∂Err/∂θ" in made
        if "1/(m − 1) for the sum" in made:
            return total / (m - 1)
        return total / m if mean else total

    return of_batch


def scaled(nested, factor):
    if isinstance(nested, list):
        return [scaled(part, factor) for part in nested]
    return None if nested is None else nested * factor


TEXTBOOK = {
    "tanh": lambda u, o: 1 - o**2, "sigmoid": lambda u, o: o * (1 - o),
    "relu": lambda u, o: float(o > 0), "linear": lambda u, o: 1.0,
}  # fmt: skip
EXPONENTIALS = {
    "tanh": lambda u, o: (2 / (math.exp(u) + math.exp(-u))) ** 2,
    "sigmoid": lambda u, o: math.exp(-u) / (1 + math.exp(-u)) ** 2,
    "relu": lambda u, o: 1.0 if u > 0 else 0.0, "linear": lambda u, o: 1,
}  # fmt: skip
