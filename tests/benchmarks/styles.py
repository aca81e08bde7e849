"""Right derivations as people compute them: rounded, cut off, in float32, on the way or in the end.

Each style computes the whole derivation in plain loops, and shares no line with the grader.
"""

from __future__ import annotations

import math
import random
import struct

from nn import MLP
from nn.grading.samples import cases_of
from tests.benchmarks.mistaken import TEXTBOOK


def decimals(n):
    return lambda x: round(x, n)


def cut(n):
    return lambda x: math.trunc(x * 10**n + math.copysign(1e-9, x)) / 10**n


def digits(n):
    return lambda x: float(f"{x:.{n}g}")


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def full(x):
    return x


def exact_error(loss, y, o, i):
    if loss == "cross_entropy":
        powers = [math.exp(v) for v in o]
        return powers[i] / sum(powers) - y[i]
    if loss == "binary_cross_entropy":
        return 1 / (1 + math.exp(-o[i])) - y[i]
    if loss == "hinge":
        return -y[i] if y[i] * o[i] < 1 else 0.0
    return {"squared_error": 2, "half_squared_error": 1, "mean_squared_error": 2 / len(y)}[loss] * (o[i] - y[i])


def computed(case, forward, rest, slopes="u", products=False):
    """u, o, σ', δ and gradients; u and o are written by `forward`, all else by `rest`.

    slopes    "u": σ'(u) from the written u, "o": the textbook form from the written o
    products  whether each product of a sum is written by itself
    """
    x, y, theta, bias, last = case.x, case.y, case.theta, case.bias, len(case.theta) - 1
    u, o, s, before = [], [], [], x
    for k, layer in enumerate(theta):
        each = forward if products else full
        u.append([
            forward(sum(each(t * v) for t, v in zip(row, before)) + (0 if bias[k] is None else bias[k][i]))
            for i, row in enumerate(layer)
        ])  # fmt: skip
        o.append([forward(case.sigma[k](v)) for v in u[-1]])
        if slopes == "o" and case.names[k] in TEXTBOOK:
            s.append([rest(TEXTBOOK[case.names[k]](a, b)) for a, b in zip(u[-1], o[-1])])
        else:
            s.append([rest(case.slope[k](v)) for v in u[-1]])
        before = o[-1]
    delta = [[0.0] * len(layer) for layer in theta]
    for i in range(len(y)):
        delta[last][i] = rest(rest(exact_error(case.loss, y, o[last], i)) * s[last][i])
    for k in range(last - 1, -1, -1):
        for i in range(len(theta[k])):
            each = rest if products else full
            back = sum(each(delta[k + 1][j] * theta[k + 1][j][i]) for j in range(len(theta[k + 1])))
            delta[k][i] = rest(s[k][i] * rest(back))
    inputs = [x, *o[:-1]]
    by_theta = [[[rest(d * v) for v in inputs[k]] for d in layer] for k, layer in enumerate(delta)]
    by_bias = [None if b is None else list(layer) for b, layer in zip(bias, delta)]
    return {"u": u, "o": o, "slope": s, "delta": delta, "dtheta": by_theta, "db": by_bias}


STYLES = {
    **{f"u and o to {n} decimals, the rest in full": (decimals(n), full) for n in (2, 3, 4, 5, 6)},
    **{f"u and o cut off after {n} decimals, the rest in full": (cut(n), full) for n in (3, 4)},
    **{f"u and o to {n} digits, the rest in full": (digits(n), full) for n in (3, 4, 5)},
    **{f"everything to {n} decimals": (decimals(n),) * 2 for n in (2, 3, 4, 5, 6)},
    **{f"everything cut off after {n} decimals": (cut(n),) * 2 for n in (2, 3, 4, 5)},
    **{f"everything to {n} digits": (digits(n),) * 2 for n in (2, 3, 4, 5)},
    **{f"u and o to {n} decimals, the rest to {m}": (decimals(n), decimals(m)) for n, m in ((4, 6), (3, 4), (6, 4))},
    "everything in float32": (single, single),
    "in full": (full, full),
    "in full, and written to 4 decimals in the end": (full, full),
    "in full, and cut off after 4 decimals in the end": (full, full),
    "in full, and handed in as float32": (full, full),
}  # fmt: skip
IN_THE_END = {
    "in full, and written to 4 decimals in the end": decimals(4),
    "in full, and cut off after 4 decimals in the end": cut(4),
    "in full, and handed in as float32": single,
}  # fmt: skip


def written(nested, how):
    if isinstance(nested, dict):
        return {key: written(part, how) for key, part in nested.items()}
    if isinstance(nested, (list, tuple)):
        return type(nested)(written(part, how) for part in nested)
    return None if nested is None else how(nested)


LOSSES = ("squared_error", "squared_error", "half_squared_error", "mean_squared_error", "cross_entropy",
          "binary_cross_entropy", "hinge")  # fmt: skip
PARTS = (("delta",), ("delta", "dtheta"), ("delta", "dtheta", "db"), ("dtheta",), ("dtheta", "db"))


def task(draw):
    """A network, a sample and a loss; θ with all digits, or with one or two decimals as on a sheet."""
    loss = draw.choice(LOSSES)
    sizes = [draw.randint(1, 4) for _ in range(draw.randint(2, 4))]
    if loss == "cross_entropy":
        sizes[-1] = max(sizes[-1], 2)
    last = "linear" if "entropy" in loss or loss == "hinge" else draw.choice(("tanh", "sigmoid", "relu", "linear"))
    net = MLP(sizes[0], sizes[1:], draw.choice(("tanh", "sigmoid", "relu")), last, draw.random() < 0.8, seed=draw)
    short = draw.choice((None, 1, 2))
    number = (lambda a: draw.uniform(-a, a)) if short is None else lambda a: round(draw.uniform(-a, a), short)
    for p in net.parameters():
        p.data = number(1.2)
    x, y = [number(2) for _ in range(net.nin)], [number(1.5) for _ in range(sizes[-1])]
    if "entropy" in loss:
        y = [float(k == 0) for k in range(sizes[-1])]
    if loss == "hinge":
        y = [draw.choice((-1.0, 1.0)) for _ in y]
    return net, x, y, loss


def right_answers(draw, style):
    """A task, and a right answer to it in that style: some parts, or a dictionary of them all."""
    net, x, y, loss = task(draw)
    (case,), _ = cases_of(net, x, y, loss)
    forward, rest = STYLES[style]
    parts = computed(case, forward, rest, draw.choice("uo"), draw.random() < 0.3 and rest is not full)
    if style in IN_THE_END:
        parts = written(parts, IN_THE_END[style])
    chosen = draw.choice((*PARTS, None))
    if chosen is None:
        return (net, x, y, parts), loss
    answer = tuple(parts[part] for part in chosen)
    return (net, x, y, answer if len(answer) > 1 else answer[0]), loss


def accused(n, seed=3):
    """Of n right answers in every style in turn: those that are called wrong, by style."""
    from nn.grading.graded import grade

    draw, wrong = random.Random(seed), {}
    for m in range(n):
        style = list(STYLES)[m % len(STYLES)]
        arguments, loss = right_answers(draw, style)
        result = grade(*arguments, loss=loss)
        if not result:
            wrong.setdefault(style, []).append((m, arguments, loss, result))
    return wrong
