"""Diseased networks and healthy ones: which are named, what with, and whether the remedy that is offered helps.

    python tests/benchmarks/diagnosis.py [seeds]

Every disease is made anew with each seed: other weights, samples and widths.  "better" counts the networks whose
remedy is offered and which are healthy, or nearer to it, with it; that a remedy is offered and does not help must not
happen at all.
"""

import random
import sys
from collections import Counter

from autograd import AutogradValueError
from nn import MLP, diagnose
from nn.diagnosing.remedies import helps


def data(draw, nin=4, n=20, target=lambda draw, x: draw.uniform(-0.9, 0.9)):
    X = [[draw.uniform(-1, 1) for _ in range(nin)] for _ in range(n)]
    return X, [target(draw, x) for x in X]


def times(net, factor):
    for p in net.parameters():
        p.data *= factor
    return net


def alike(draw, sigma):
    value = draw.uniform(0.1, 0.5)
    return MLP(4, [draw.randint(2, 8), 1], sigma, "linear", initializer=lambda g, i, o: value)


def deep(draw, sigma, output=None, layers=12, **more):
    return MLP(4, [draw.randint(6, 12)] * (layers - 1) + [1], sigma, output, seed=draw, **more)


def classes(draw, x):
    return draw.randrange(3)


def zero_or_one(draw, x):
    return draw.randrange(2)


def sign(draw, x):
    return draw.choice([-1, 1])


def with_features(change, sigma=None):
    def made(draw):
        X, Y = data(draw)
        return MLP(4, [6, 1], sigma or draw.choice(["tanh", "relu"]), "linear", seed=draw), [change(x) for x in X], Y

    return made


def with_loss(output, loss, target, outputs=1, sigma="tanh"):
    return lambda draw: (MLP(4, [6, outputs], sigma, output, seed=draw), *data(draw, target=target), loss)


DISEASES = {
    "twelve layers of sigmoids": lambda draw: (deep(draw, "sigmoid"), *data(draw)),
    "small weights": lambda draw: (times(deep(draw, "tanh"), 0.2), *data(draw)),
    "large weights": lambda draw: (times(deep(draw, "relu", "linear"), 3.0), *data(draw)),
    "saturated": lambda draw: (times(deep(draw, "tanh", layers=4), 30.0), *data(draw)),
    "zero weights": lambda draw: (MLP(4, [6, 1], "relu", initializer="zeros"), *data(draw)),
    "identical neurons, tanh": lambda draw: (alike(draw, "tanh"), *data(draw)),
    "identical neurons, relu": lambda draw: (alike(draw, "relu"), *data(draw)),
    "all features 0": with_features(lambda x: [0.0] * 4),
    "a constant feature": with_features(lambda x: [7.0, *x[1:]]),
    "a feature of 0": with_features(lambda x: [*x[:3], 0.0]),
    "inputs × 500, relu": with_features(lambda x: [500 * a for a in x], "relu"),
    "inputs × 500, tanh": with_features(lambda x: [500 * a for a in x], "tanh"),
    "targets 0 … 100, tanh": with_loss("tanh", "squared_error", lambda draw, x: draw.uniform(0, 100)),
    "targets below 0, relu": with_loss("relu", "squared_error", lambda draw, x: draw.uniform(-3, -1), sigma="relu"),
    "targets 0 … 100, sigmoid": with_loss("sigmoid", "half_squared_error", lambda draw, x: draw.uniform(0, 100)),
    "sigmoid before binary_cross_entropy": with_loss("sigmoid", "binary_cross_entropy", zero_or_one),
    "tanh before cross_entropy": with_loss("tanh", "cross_entropy", classes, 3),
    "hinge with labels 0 and 1": with_loss("linear", "hinge", zero_or_one),
}  # fmt: skip

HEALTHY = {
    "tanh, squared error": lambda draw: (MLP(4, [8, 8, 1], "tanh", seed=draw), *data(draw)),
    "relu, linear": lambda draw: (deep(draw, "relu", "linear", layers=4, initializer="he"), *data(draw)),
    "sigmoid, two layers": lambda draw: (MLP(4, [6, 1], "sigmoid", seed=draw), *data(draw, target=zero_or_one)),
    "tanh, signs": lambda draw: (MLP(4, [6, 1], "tanh", seed=draw), *data(draw, target=sign)),
    "hinge": with_loss("linear", "hinge", sign),
    "cross_entropy": with_loss("linear", "cross_entropy", classes, 3),
    "binary_cross_entropy": with_loss("linear", "binary_cross_entropy", zero_or_one),
    "gelu, a regression": with_loss("linear", "squared_error", lambda draw, x: 3 * sum(x), sigma="gelu"),
    "features of size 5": with_features(lambda x: [5 * a for a in x]),
}  # fmt: skip


def report(title, made, count):
    print(f"\n{title:36} named  as                                                    better")
    named = better = useless = 0
    for name, make in made.items():
        told, helped = Counter(), 0
        for seed in range(count):
            net, X, Y, *loss = make(random.Random(f"{name} {seed}"))
            found = diagnose(net, X, Y, *loss)
            causes = [c.name for c in found.causes]
            told[f"{found.verdict}: {causes[0]}" if causes else found.verdict] += 1
            sick = found.verdict != "healthy"
            named += sick
            if found.advice:
                try:
                    after = found.remedy().after
                    helped += helps(found, after)
                    useless += not helps(found, after)
                except AutogradValueError:  # other targets or features, which no network makes
                    pass
        better += helped
        of = sum(n for t, n in told.items() if t != "healthy" and not t.startswith("healthy:"))
        print(f"{name:36} {of:>2}/{count:<3} {'; '.join(t for t, _ in told.most_common(2))[:52]:53} {helped:>2}")
    print(f"{'':36} {named} of {count * len(made)}; {useless} remedies that do not help")


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    report("diseased", DISEASES, seeds)
    report("healthy", HEALTHY, seeds)
