"""Wrong derivations that are none of the known mistakes: a grader that names one of them anyway has guessed."""

from __future__ import annotations

import math
import random

from nn.grading.graded import grade
from nn.grading.samples import cases_of
from tests.benchmarks.mistaken import learner

TOO_SMALL = 0.02  # a slip in a smaller number may hide in its rounding


def each(nested, change):
    """A change of every δ: (δ, layer, neuron) -> number."""
    return [[change(d, k, i) for i, d in enumerate(layer)] for k, layer in enumerate(nested)]


KINDS = {
    "every δ distorted": lambda delta, o: each(delta, lambda d, k, i: d * (1 + 0.3 * math.sin(7 * d + i + k))),
    "δ in reverse order": lambda delta, o: [layer[::-1] for layer in delta],
    "o added to δ": lambda delta, o: each(delta, lambda d, k, i: d + o[k][i]),
    "δ clipped": lambda delta, o: each(delta, lambda d, k, i: max(-0.1, min(0.1, d))),
    "0.1 added to δ": lambda delta, o: each(delta, lambda d, k, i: d + 0.1),
}


def wrong(kind):
    def answer(theta, bias, u, o, x, y, sigma_slope):
        delta, by_theta, by_bias = learner()(theta, bias, u, o, x, y, sigma_slope)
        return KINDS[kind](delta, o), by_theta, by_bias

    return answer


def slipped(draw, delta, digits):
    """One δ off by 10–120 %, the others as they are; None where there is none to slip in."""
    k = draw.randrange(len(delta))
    i = draw.randrange(len(delta[k]))
    if abs(delta[k][i]) < TOO_SMALL:
        return None
    delta[k][i] = round(delta[k][i] * draw.uniform(1.1, 2.2), digits)
    return delta


def falsely_named(n, network, written, seed=4):
    """Of n wrong answers, half of them numbers with 3 decimals: how many are graded wrong, and how many get a name."""
    draw, graded, named = random.Random(seed), 0, 0
    while graded < n:
        net, x, y = network(draw)
        (case,), _ = cases_of(net, x, y)
        kind = draw.choice([*KINDS, "slip", "slip"])
        few = draw.random() < 0.5
        if kind == "slip":
            parts = learner()(*case.arguments())
            delta = slipped(draw, parts[0], 3 if few else 15)
            if delta is None:
                continue
            answer = (delta, *parts[1:])
        else:
            answer = wrong(kind)(*case.arguments()) if few else wrong(kind)
        result = grade(net, x, y, written(answer, "{:.3f}") if few else answer)
        if not result:
            graded += 1
            named += any(finding.explanations for finding in result.findings)
    return named
