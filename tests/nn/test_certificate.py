"""The certificate holds for what is right, and names what is wrong."""

import math
import random

import pytest

from autograd import TABLE, AutogradValueError, Value
from autograd.gradient import graph_rule
from nn import MLP, Neuron, cross_entropy
from nn.certificate import certify, certify_graph

ACTIVATIONS = ["tanh", "sigmoid", "relu", "linear"]


def random_network(seed):
    """Depth 1–5, width 1–12, the four activations mixed, with bias and without, weights large and small."""
    generator = random.Random(seed)
    depth = generator.randint(1, 5)
    sizes = [generator.randint(1, 12) for _ in range(depth + 1)]
    net = MLP(
        sizes[0],
        sizes[1:],
        generator.choice(ACTIVATIONS),
        output_activation=generator.choice(ACTIVATIONS),
        bias=generator.random() < 0.7,
        seed=generator,
    )
    scale = 10 ** generator.uniform(-1, 0.7)
    for p in net.parameters():
        p.data = p.data * scale if p.data else generator.uniform(-scale, scale)
    x = [generator.uniform(-3, 3) for _ in range(sizes[0])]
    loss = generator.choice(
        ["squared_error", "squared_error", "mean_squared_error", "cross_entropy", "binary_cross_entropy"]
    )
    if loss == "cross_entropy" and sizes[-1] > 1:
        return net, x, generator.randrange(sizes[-1]), loss
    if loss == "binary_cross_entropy":
        return net, x, [generator.choice([0.0, 1.0]) for _ in range(sizes[-1])], loss
    return (
        net,
        x,
        [generator.uniform(-2, 2) for _ in range(sizes[-1])],
        "squared_error" if loss == "cross_entropy" else loss,
    )


@pytest.mark.parametrize("block", range(10))
def test_300_random_networks_are_certified(block):
    for seed in range(30 * block, 30 * block + 30):
        net, x, y, loss = random_network(seed)
        certificate = certify(net, x, y, loss=loss, differences=seed % 10 == 0)
        assert certificate, (seed, certificate.summary)
        assert len(certificate.rows) == sum(len(layer.neurons) for layer in net.layers)
        end_to_end = [c for c in certificate.comparisons if "end to end" in c.term]
        assert len(end_to_end) == len(certificate.rows)


def test_the_end_to_end_bound_is_not_vacuous():
    """For well-conditioned networks it allows some hundred ulp, not everything."""
    net = MLP(3, [5, 2], seed=1)
    certificate = certify(net, [0.3, -0.2, 0.9], [0.5, -0.5])
    for c in certificate.comparisons:
        if "end to end" in c.term:
            assert 0 < c.tolerance < 2000 * math.ulp(abs(c.engine))


def test_parameters_keep_their_gradients():
    net = MLP(2, [2, 1], seed=0)
    for i, p in enumerate(net.parameters()):
        p.grad = float(i)
    certify(net, [1.0, 2.0], 0.0)
    assert [p.grad for p in net.parameters()] == [float(i) for i in range(9)]


# --- six broken rules, each planted in the table, each caught and named ---------------------------------


def swapped_wrongly(o, *pq):
    n = len(pq) // 2
    return (*pq[:n], *pq[:n])  # o gets δ·o instead of δ·θ


def last_edge_lost(o, *pq):
    n = len(pq) // 2
    if n == 1:  # the error itself, which has a single term here
        return pq[n:] + pq[:n]
    return (*pq[n:-1], 0.0, *pq[: n - 1], 0.0)


BROKEN = [
    # row, the wrong rule, activation, what the report must name
    ("tanh", lambda o, x: (1.0 - o,), "tanh", ("δ", "u⁽²⁾₁ → o⁽²⁾₁", "layer 2, neuron 1")),
    ("sech2 at o", lambda o, x: (1.0 - (x * x),), "tanh", ("δ", "u⁽²⁾₁ → o⁽²⁾₁", "layer 2, neuron 1")),
    ("relu", lambda o, x: (1.0,), "relu", ("δ", "u⁽", "→ o⁽")),
    ("sumprod swapped", swapped_wrongly, "sigmoid", ("∂Err/∂θ", "θ⁽", "→ u⁽")),
    ("sumprod short", last_edge_lost, "sigmoid", ("∂Err/∂", "→ u⁽")),
    ("sub", lambda o, x, y: (1.0, 1.0), "tanh", ("δ", "o⁽²⁾₁ → Err", "layer 2, neuron 1")),
]
ROWS = {"sech2 at o": "tanh", "sumprod swapped": "sumprod", "sumprod short": "sumprod"}


@pytest.mark.parametrize(("case", "rule", "activation", "named"), BROKEN, ids=[b[0] for b in BROKEN])
def test_a_broken_rule_is_caught_and_named(case, rule, activation, named):
    net = MLP(2, [3, 1], activation, seed=2)
    for i, p in enumerate(net.parameters()):
        p.data += 0.01 * (i + 1)
    x, y = [0.7, -1.2], 0.3
    assert certify(net, x, y)
    row = TABLE[ROWS.get(case, case)]
    right = row.rule
    object.__setattr__(row, "rule", rule)
    graph_rule.cache_clear()
    try:
        certificate = certify(net, x, y)
    finally:
        object.__setattr__(row, "rule", right)
        graph_rule.cache_clear()
    assert not certificate
    assert "NOT certified" in str(certificate)
    assert "WRONG" in str(certificate)
    for part in named:
        assert part in certificate.summary, certificate.summary
    assert certify(net, x, y)


def test_a_lost_contribution_is_caught(monkeypatch):
    """= instead of +=: no local derivative is wrong, and the report says so."""

    def assigns(self, gradient=1.0):
        from autograd.graph import restart

        order = restart(self)
        self.grad = gradient
        for node in order:
            for parent, d in zip(node.parents, node.op.rule(node.data, *[p.data for p in node.parents])):
                if d:
                    parent.grad = node.grad * d

    net = MLP(2, [2, 2], seed=0)
    monkeypatch.setattr(Value, "backward", assigns)
    certificate = certify(net, [1.0, 2.0], [0.0, 0.0])
    assert not certificate
    assert "not all summed" in certificate.summary


# --- finite differences join where they can -------------------------------------------------------------------


def test_a_vanished_delta_is_not_resolvable_but_certified():
    net = MLP(1, [1, 1], "tanh", bias=False, seed=0)
    net.layers[0].neurons[0].theta[0].data = 1.0
    certificate = certify(net, [20.5], 0.0)
    assert certificate
    assert abs(certificate.rows[0].delta.engine) > 0
    assert "not resolvable" in str(certificate)


def test_a_kink_is_not_resolvable():
    net = MLP(1, [1], "relu", bias=False, seed=0)
    net.layers[0].neurons[0].theta[0].data = 1.0
    certificate = certify(net, [0.0], -1.0)
    assert certificate
    assert certificate.resolved < certificate.measured
    assert "not resolvable" in str(certificate)


def test_finite_differences_resolve_ordinary_numbers():
    certificate = certify(MLP(3, [4, 2], seed=3), [0.5, -0.4, 0.8], [0.1, 0.9])
    assert certificate.resolved == certificate.measured == 6 + 3 * 4 + 4 * 2


# --- written by hand, without MLP ---------------------------------------------------------------------------------


def test_a_neuron_written_by_hand():
    x, w = [Value(0.5), Value(-2.0)], [Value(1.5), Value(0.3)]
    b = Value(0.1)
    u = x[0] * w[0] + x[1] * w[1] + b
    o = u.sigmoid()
    err = (1.0 - o) ** 2
    certificate = certify_graph(err, inputs=x, u=[[u]], o=[[o]], theta=[[w]], bias=[[b]], y=1.0, sigma="sigmoid")
    assert certificate, certificate.summary
    assert certificate.rows[0].delta.engine == u.grad


def test_a_loss_and_an_activation_of_ones_own():
    def cube(u):
        return u * u * u

    net = MLP(2, [2, 1], activation=cube, seed=1)
    pair = (lambda u: u**3, lambda u: 3 * u**2)

    def fourth_power(output, target):
        return (output - target) ** 4

    def slopes(y, y_hat):
        return [4 * (b - a) ** 3 for a, b in zip(y, y_hat)]

    assert certify(net, [1.0, 0.5], 0.2, loss=fourth_power, sigma=pair, error_slopes=slopes)
    wrong = certify(net, [1.0, 0.5], 0.2, loss=fourth_power, sigma=(pair[0], lambda u: 2 * u), error_slopes=slopes)
    assert not wrong
    assert wrong.first_disagreement.neuron == (2, 1)


def test_a_single_neuron():
    assert certify(Neuron(3, "sigmoid", seed=0), [1.0, 2.0, 3.0], 1.0)


def test_a_function_of_the_losses_is_as_good_as_its_name():
    net = MLP(2, [3], "linear", seed=0)
    assert certify(net, [1.0, 2.0], 1, loss=cross_entropy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"net": MLP(1, [1], "gelu", seed=0)}, "no hand formula for 'gelu'"),
        ({"net": MLP(1, [1], lambda u: u, seed=0)}, "sigma="),
        ({"loss": lambda o, y: o - y}, "error_slopes"),
        ({"loss": "absolute"}, "unknown loss"),
        ({"y": [1.0, 2.0]}, "1 outputs, and 2 targets"),
        ({"x": [1.0, 2.0]}, "1 inputs, and was given 2"),
    ],
)
def test_what_cannot_be_certified_is_said(arguments, message):
    with pytest.raises(AutogradValueError, match=message):
        certify(**{"net": MLP(1, [1], seed=0), "x": [1.0], "y": 1.0, **arguments})


def test_shapes_that_do_not_fit_are_said():
    x, w = Value(1.0), Value(2.0)
    u = x * w
    with pytest.raises(AutogradValueError, match="2 weights for 1 inputs"):
        certify_graph(u.tanh(), inputs=[x], u=[[u]], o=[[u]], theta=[[[w, w]]], y=1.0)
    with pytest.raises(AutogradValueError, match="one entry for each layer"):
        certify_graph(u.tanh(), inputs=[x], u=[[u]], o=[], theta=[[[w]]], y=1.0)
