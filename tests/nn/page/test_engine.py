"""The page's engine computes what Python's does: a step from equal state, and training."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest

from autograd import LoweringError, Value
from nn import ACTIVATIONS, LOSSES, MLP, SGD, Adam, clip_grad_norm, diagnose, fit
from nn.page.content import SEEDS, datasets
from nn.page.loops import loops

from .in_node import MADE, described, gradient, near, run

EXACT = ("relu", "leaky_relu", "linear")  # whose numbers use + − × ÷ alone
STEP = (
    MADE
    + """
  return given.map((g) => {
    const net = made(g), seen = [];
    const samples = g.X.map((x, i) => ({ x, y: g.Y[i] }));
    for (const { x, y } of samples) {
      net.forward(x); net.backward(y);
      const of = (what) => net.layers.map((layer) => layer[what]);
      seen.push(JSON.parse(asJson([net.err, net.slope, of("u"), of("o"), of("delta")]))); // the arrays are used again
    }
    const training = new Training(net);
    training.step(samples, { rate: 0.05, optimizer: "sgd", clip: 0 });
    return [seen, [...training.total], [...net.theta]];
  });
"""
)


def targets(loss: str, outputs: int, n: int, generator: random.Random) -> list[list[float]]:
    if loss == "cross_entropy":
        return [[generator.randrange(outputs)] for _ in range(n)]
    if loss == "hinge":
        return [[generator.choice([-1, 1]) for _ in range(outputs)] for _ in range(n)]
    return [[generator.random() for _ in range(outputs)] for _ in range(n)]


def cases() -> list[tuple[MLP, str, list[list[float]], list[list[float]]]]:
    generator = random.Random(5)
    found = []
    for (sigma, loss), outputs in itertools.product(itertools.product(ACTIVATIONS, LOSSES), (1, 2, 3)):
        if loss == "cross_entropy" and outputs == 1:
            continue
        shape = [generator.randint(1, 8) for _ in range(generator.randint(0, 3))]
        net = MLP(generator.randint(1, 4), [*shape, outputs], sigma, "linear" if loss != "squared_error" else None)
        for p in net.parameters():
            p.data = generator.gauss(0, 0.8)
        X = [[generator.gauss(0, 1) for _ in range(net.nin)] for _ in range(3)]
        found.append((net, loss, X, targets(loss, outputs, 3, generator)))
    return found


def test_a_step_of_every_sigma_and_loss_is_python_s() -> None:
    made = cases()
    results = run(STEP, [described(net, loss, X=X, Y=Y) for net, loss, X, Y in made])
    exact = 0
    for (net, loss, X, Y), (seen, total, theta) in zip(made, results):
        Y_ = [y[0] if loss == "cross_entropy" else y for y in Y]
        plain = {net.activation, net.output_activation} <= {*EXACT} and "entropy" not in loss
        exact += plain
        for x, y, (err, slope, u, o, delta) in zip(X, Y_, seen):
            run_ = net.forward(x)
            net.zero_grad()
            error = LOSSES[loss](run_.outputs, y)
            error.backward()
            pairs = [([err], [error.data]), (slope, [p.grad for p in net.parameters()])]
            for k in range(len(net.layers)):
                pairs += [(u[k], [v.data for v in run_.u[k]]), (o[k], [v.data for v in run_.o[k]])]
                pairs.append((delta[k], run_.delta[k]))
            for ours, theirs in pairs:
                assert ours == theirs if plain else near(ours, theirs, 1e-13), (net, loss)
        expected = gradient(net, loss, X, Y_, mean=True)
        assert total == expected if plain else near(total, expected, 1e-13), (net, loss)
        SGD(net.parameters(), 0.05).step()
        after = [p.data for p in net.parameters()]
        assert theta == after if plain else near(theta, after, 1e-13)
    assert exact > 20


TRAIN = (
    MADE
    + """
  return given.map((g) => {
    const net = made(g), training = new Training(net), history = [];
    const samples = g.X.map((x, i) => ({ x, y: g.Y[i] }));
    for (let k = 0; k < g.steps; k++) history.push(training.step(samples, g.settings, g.orders && g.orders[k]));
    return [history, [...net.theta]];
  });
"""
)


def task(name: str, coded: str) -> tuple[list[list[float]], list[Any]]:
    points = datasets()[name]
    X = [[x + 0.1 * a, y + 0.1 * b] for (x, y), (a, b) in zip(points.places, points.noise)]
    if coded == "cross_entropy":
        return X, list(points.classes)
    if max(points.classes) > 1:
        return X, [[float(k == c) for k in range(3)] for c in points.classes]
    return X, [float(c if coded == "binary_cross_entropy" else 2 * c - 1) for c in points.classes]


@pytest.mark.parametrize(
    ("shape", "sigma", "out", "loss", "data"),
    [
        ([4, 3, 1], "tanh", "tanh", "squared_error", "moons"), ([4, 1], "sigmoid", "tanh", "squared_error", "xor"),
        ([8, 8, 1], "tanh", "linear", "binary_cross_entropy", "spirals"),
        ([5, 1], "silu", "linear", "hinge", "circles"), ([4, 3], "gelu", "linear", "cross_entropy", "iris"),
        ([3, 3, 3, 3, 1], "softplus", "tanh", "squared_error", "moons"),
    ],
)  # fmt: skip
@pytest.mark.long
def test_two_hundred_steps_end_where_python_s_do(shape: list[int], sigma: str, out: str, loss: str, data: str) -> None:
    X, Y = task(data, loss)
    net = MLP(2, shape, sigma, out, seed=2)
    Y_ = [[y] if not isinstance(y, list) else y for y in Y]
    settings = {"rate": 0.05, "optimizer": "sgd", "clip": 0}
    [(history, theta)] = run(TRAIN, [described(net, loss, X=X, Y=Y_, steps=200, settings=settings)])
    trained = fit(net, X, Y, loss=loss, optimizer=SGD(net.parameters(), 0.05), epochs=200, reduction="mean",
                  backend="eager")  # fmt: skip
    assert near(theta, [p.data for p in net.parameters()], 1e-9)
    assert near(history, trained.loss, 1e-9)
    assert history[-1] < history[0]


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
@pytest.mark.parametrize("clip", [0, 0.05])
def test_momentum_adam_and_clipping_are_python_s(optimizer: str, clip: float) -> None:
    X, Y = task("moons", "squared_error")
    net = MLP(2, [4, 3, 1], seed=1)
    settings = {"rate": 0.02, "optimizer": optimizer, "clip": clip}
    [(_, theta)] = run(TRAIN, [described(net, "squared_error", X=X, Y=[[y] for y in Y], steps=50, settings=settings)])
    theirs = Adam(net.parameters(), 0.02) if optimizer == "adam" else SGD(net.parameters(), 0.02, momentum=0.9)
    for _ in range(50):
        gradient(net, "squared_error", X, Y, mean=True)
        if clip:
            clip_grad_norm(net.parameters(), clip)
        theirs.step()
    assert near(theta, [p.data for p in net.parameters()], 1e-11)


def test_batches_take_the_samples_in_the_given_order() -> None:
    X, Y = task("xor", "squared_error")
    net = MLP(2, [4, 1], "relu", "linear", seed=1)
    orders = run("return [0, 1, 2, 5, 6, 7].map((k) => batchOf(48, 10, k, told.orders))")
    seen = [i for order in orders[:3] for i in order]
    assert len(set(seen)) == 30 and [len(order) for order in orders] == [10] * 6
    first = run("return [0, 1, 2, 3, 4].flatMap((k) => batchOf(48, 10, k, told.orders))")
    assert sorted(first) == list(range(48))
    settings = {"rate": 0.05, "optimizer": "sgd", "clip": 0}
    [(_, theta)] = run(
        TRAIN,
        [described(net, "squared_error", X=X, Y=[[y] for y in Y], steps=6, settings=settings, orders=orders)],
    )
    for order in orders:
        gradient(net, "squared_error", [X[i] for i in order], [Y[i] for i in order], mean=True)
        SGD(net.parameters(), 0.05).step()
    assert theta == [p.data for p in net.parameters()]


def test_the_first_theta_are_those_of_python_to_the_bit() -> None:
    shapes = [([4, 3, 1], s, o) for s, o in itertools.product(ACTIVATIONS, ("tanh", "relu", "linear"))]
    shapes += [([3, 3, 3, 3, 1], "relu", "tanh"), ([5, 1], "tanh", "relu"), ([8] * 5 + [3], "gelu", "gelu")]
    nets, given = [], []
    for (shape, sigma, out), seed, init in itertools.product(
        shapes, (SEEDS[0], SEEDS[-1]), (None, "he", "uniform", "zeros")
    ):
        nets.append(MLP(2, shape, sigma, out, initializer=init, seed=seed))
        given.append(described(nets[-1], "squared_error", init=init, seed=seed))
    found = run("return given.map((g) => drawn(new Network(g.sizes, g.sigmas, g.loss), g.init, told, g.seed))", given)
    for net, theta in zip(nets, found):
        assert theta == [p.data for p in net.parameters()], net


MEASURE = (
    MADE
    + """
  return given.map((g) => {
    const net = made(g), code = coding(g.loss, g.sigmas.at(-1), net.outputs);
    return measured(net, g.X.map((x, i) => ({ x, y: g.Y[i], c: 0 })), code);
  });
"""
)


@pytest.mark.long
def test_the_word_for_delta_is_that_of_diagnose() -> None:
    generator = random.Random(3)
    X, Y = task("moons", "squared_error")
    nets = []
    for sigma, scale, depth in itertools.product(
        ("tanh", "sigmoid", "relu", "linear", "leaky_relu", "softplus"),
        (0.0, 0.02, 0.5, 1.0, 4.0, 60.0, 1e200),
        (1, 3, 5),
    ):
        net = MLP(2, [3] * depth + [1], sigma, generator.choice(["tanh", "linear", None]), seed=generator.randrange(99))
        for p in net.parameters():
            p.data = p.data * scale if scale else generator.choice([0.0, -1.0])
        nets.append(net)
    net = MLP(2, [2, 1], "linear", initializer="zeros")
    nets.append(net)
    given = [described(net, "squared_error", X=X, Y=[[y] for y in Y]) for net in nets]
    given[-1]["Y"] = [[0.0] for _ in Y]  # nothing to learn
    words = set()
    for net, g, found in zip(nets, given, run(MEASURE, given)):
        theirs = diagnose(net, X, [y[0] for y in g["Y"]])
        # "hampered" is what diagnose says of features, targets and twins, where δ itself is well
        assert found["word"] == ("healthy" if theirs.verdict == "hampered" else theirs.verdict), net
        words.add(found["word"])
        if math.isfinite(theirs.change):
            assert math.isclose(found["change"], theirs.change, abs_tol=1e-9)
    assert words == {"healthy", "vanishing", "exploding", "dead", "nothing to learn", "not finite"}


def test_classes_are_told_apart_as_python_does() -> None:
    found = run("""
      return [["squared_error", "tanh", 1], ["squared_error", "sigmoid", 1], ["hinge", "linear", 1],
              ["binary_cross_entropy", "linear", 1], ["cross_entropy", "linear", 3], ["squared_error", "relu", 3]]
        .map(([loss, sigma, n]) => { const code = coding(loss, sigma, n);
          return [target(0, n, code), target(1, n, code), code.threshold ?? null]; });
    """)
    assert found == [
        [[-1], [1], 0], [[0], [1], 0.5], [[-1], [1], 0], [[0], [1], 0], [[0], [1], None], [[1, 0, 0], [0, 1, 0], 0.5],
    ]  # fmt: skip


def test_what_does_not_read_as_loops_is_refused() -> None:
    def crossed(n: int) -> Any:
        x = [Value(1.0) for _ in range(n)]
        return {"x": x}, {"y": [x[(i * i) % n] * x[i] for i in range(n)]}

    with pytest.raises(LoweringError, match=r"affine|other loops"):
        loops("crossed", crossed, ["n"])

    def triangle(n: int) -> Any:
        x = [Value(1.0) for _ in range(n)]
        return {"x": x}, {"y": [x[i] * x[j] for i in range(n) for j in range(i)]}

    with pytest.raises(LoweringError, match=r"no product|other loops|affine"):
        loops("triangle", triangle, ["n"])


def test_no_derivative_is_written_in_javascript() -> None:
    """The page's own scripts call no function of Math's that a σ is made of."""
    from importlib.resources import files

    scripts = [file for file in files("nn.page").iterdir() if file.name.endswith(".js")]
    assert len(scripts) > 3
    for file in scripts:
        text = file.read_text(encoding="utf-8")
        for name in ("exp", "expm1", "tanh", "log1p", "cosh", "sinh"):
            assert f"Math.{name}(" not in text, file.name
