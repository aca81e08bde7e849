"""The certificate holds for what is right, and names what is wrong."""

import json
import math
import random
import re
import struct
import time

import pytest

from autograd import TABLE, AutogradTypeError, AutogradValueError, Value, fsum, toposort
from autograd.drawing.theme import LIGHT
from autograd.gradient import graph_rule
from nn import LOSSES, MLP, Neuron, cross_entropy, squared_error
from nn import deltas as hand
from nn.certifying.certificate import certify, certify_graph
from nn.certifying.rounding import propagated_errors

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
@pytest.mark.long
def test_300_random_networks_are_certified(block):
    for seed in range(30 * block, 30 * block + 30):
        net, x, y, loss = random_network(seed)
        certificate = certify(net, x, y, loss=loss, differences=seed % 10 == 0)
        assert certificate, (seed, certificate.summary)
        assert len(certificate.rows) == sum(len(layer.neurons) for layer in net.layers)
        end_to_end = [c for c in certificate.comparisons if "end to end" in c.term]
        assert len(end_to_end) == len(certificate.rows)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_a_delta_that_cancels_away_accuses_nobody(loss):
    """Where the shares are met but for a rounding or two, ∂Err/∂ŷ is that rounding, another one by each formula."""
    for seed in range(20):
        net = MLP(2, [2, 3], ["tanh", "linear"], seed=seed)
        y_hat = [o.data for o in net([0.3, -0.7])]
        whole = sum(map(math.exp, y_hat))
        y = [math.exp(o) / whole if loss == "cross_entropy" else hand.sigmoid(o) for o in y_hat]
        assert certify(net, [0.3, -0.7], y, loss=loss), (seed, certify(net, [0.3, -0.7], y, loss=loss).summary)


def test_a_comparison_is_filed_under_the_neuron_that_it_names():
    net = MLP(2, [3, 2, 1], "tanh", seed=0)
    certificate = certify(net, [0.1, 0.2], 0.3)
    named = [(c, re.match(r"(?:∂Err/∂)?[uoδθb]⁽([¹²³])⁾([₁₂₃])", c.term)) for c in certificate.comparisons]
    told = [(c.neuron, ("¹²³".index(m[1]) + 1, "₁₂₃".index(m[2]) + 1)) for c, m in named if m]
    assert len(told) > 4 * 6 and all(neuron == of for neuron, of in told)
    assert [c.neuron for c in certificate.comparisons if c.term == "Err"] == [(0, 0)]
    bits = [c for c in certificate.comparisons if re.fullmatch(r"[uδ]⁽.⁾.", c.term) and c.engine == c.hand]
    assert bits and not any(c.tolerance for c in bits)  # nothing had to be allowed


def test_the_end_to_end_bound_is_not_vacuous():
    """For well-conditioned networks it allows some hundred ulp, not everything: what each of the two may be off."""
    net, x, y = MLP(3, [5, 2], seed=1), [0.3, -0.2, 0.9], [0.5, -0.5]
    run = net.forward(x)
    u, o = ([[v.data for v in layer] for layer in layers] for layers in (run.u, run.o))
    theta = [[[w.data for w in neuron.theta] for neuron in layer.neurons] for layer in net.layers]
    bias = [[neuron.bias.data for neuron in layer.neurons] for layer in net.layers]
    slopes = hand.ERROR_SLOPES["squared_error"](y, o[-1])
    errors = propagated_errors(x, theta, bias, u, o, slopes, y, ["tanh"] * 2, [hand.tanh_slope] * 2, "squared_error")
    end_to_end = [c for c in certify(net, x, y).comparisons if "end to end" in c.term]
    assert len(end_to_end) == 7
    for c in end_to_end:
        k, i = c.neuron
        assert 0 < c.tolerance < 2000 * math.ulp(abs(c.engine))
        assert c.tolerance == pytest.approx(2 * errors[k - 1][i - 1], rel=1e-3, abs=0)


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
        from autograd.value import restart

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


def test_a_pair_is_for_the_layers_whose_activation_is_one_s_own():
    def cube(u):
        return u**3

    pair = (lambda u: u**3, lambda u: 3 * u**2)
    net = MLP(2, [3, 1], cube, "linear", seed=0)
    assert certify(net, [0.5, -1.0], 0.25, sigma=pair)
    assert not certify(net, [0.5, -1.0], 0.25, sigma=(pair[0], lambda u: 2 * u))
    assert not certify(net, [0.5, -1.0], 0.25, sigma=[pair, pair])
    known = MLP(2, [3, 1], "tanh", "linear", seed=0)  # where none is, it is for all of them
    assert not certify(known, [0.5, -1.0], 0.25, sigma=(math.tanh, lambda u: 1 - math.tanh(u) ** 2))


def test_a_single_neuron():
    assert certify(Neuron(3, "sigmoid", seed=0), [1.0, 2.0, 3.0], 1.0)


def test_a_function_of_the_losses_is_as_good_as_its_name():
    net = MLP(2, [3], "linear", seed=0)
    assert certify(net, [1.0, 2.0], 1, loss=cross_entropy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sigma": "swish"}, "no hand formula for 'swish'"),
        ({"net": MLP(1, [1], lambda u: u, seed=0)}, "sigma="),
        ({"loss": lambda o, y: o - y}, "error_slopes"),
        ({"loss": "absolute"}, "unknown loss"),
        ({"y": [1.0, 2.0]}, "1 output, and 2 targets"),
        ({"x": [1.0, 2.0]}, "1 input, and was given 2"),
    ],
)
def test_what_cannot_be_certified_is_said(arguments, message):
    with pytest.raises(AutogradValueError, match=message):
        certify(**{"net": MLP(1, [1], seed=0), "x": [1.0], "y": 1.0, **arguments})


def test_shapes_that_do_not_fit_are_said():
    x, w = Value(1.0), Value(2.0)
    u = x * w
    with pytest.raises(AutogradValueError, match="2 weights for 1 input"):
        certify_graph(u.tanh(), inputs=[x], u=[[u]], o=[[u]], theta=[[[w, w]]], y=1.0)
    with pytest.raises(AutogradValueError, match="one entry for each layer"):
        certify_graph(u.tanh(), inputs=[x], u=[[u]], o=[], theta=[[[w]]], y=1.0)


def neuron_by_hand(sigma=Value.tanh):
    x, w, b = Value(2.0, "x"), Value(0.5, "w"), Value(0.25, "b")
    u = w * x + b
    o = sigma(u)
    return b, {"err": (1.0 - o) ** 2, "inputs": [x], "u": [[u]], "o": [[o]], "theta": [[[w]]], "bias": [[b]], "y": 1.0}


def verdicts(certificate):
    return [certificate.line(row)[-1] for row in certificate.rows]


def test_a_wrong_sigma_is_said_with_its_name():
    _, given = neuron_by_hand(Value.sigmoid)
    certificate = certify_graph(**given)
    assert "o⁽¹⁾₁ is 0.777" in certificate.summary
    assert " by hand with σ = tanh; they differ by 8.4 %" in certificate.summary
    assert verdicts(certificate) == ["WRONG: o, δ"]
    assert "ulp" not in certificate.summary and "%" in str(certificate)
    assert certify_graph(**given, sigma="sigmoid")
    pair = (math.tanh, lambda u: 1 - math.tanh(u) ** 2)
    assert "by hand with the σ given" in certify_graph(**given, sigma=pair).summary
    assert r"\,\%" in certificate.latex()


def test_a_bias_that_was_not_given_is_said():
    b, given = neuron_by_hand()
    certificate = certify_graph(**{**given, "bias": None})
    assert certificate.summary.endswith("; the graph of u⁽¹⁾₁ also uses b: give it as bias=?")
    assert verdicts(certificate)[0].startswith("WRONG: u")
    b.label = ""
    assert "also uses a Value without a label, 0.25" in certify_graph(**{**given, "bias": None}).summary
    assert certify_graph(**given)


def test_a_theta_that_is_not_in_the_graph_is_said():
    """A copy of the weight: its number is right, its gradient is nobody's, and a stale one does not count."""
    _, given = neuron_by_hand()
    w, copy = given["theta"][0][0][0], Value(0.5)
    given["err"].backward()
    copy.grad = w.grad
    certificate = certify_graph(**{**given, "theta": [[[copy]]]})
    assert not certificate and copy.grad == w.grad
    assert certificate.summary.endswith("; θ⁽¹⁾₁₁ is not in the graph of err")
    assert verdicts(certificate) == ["WRONG: ∂Err/∂θ"]
    u = given["u"][0][0]
    again = certify_graph(**{**given, "u": [[u + 0.0]]})
    assert not again and again.summary.endswith("; u⁽¹⁾₁ is not in the graph of err")


def test_each_column_at_fault_is_named():
    net = MLP(2, [2, 1], seed=0)
    slopes = certify(net, [0.5, -1.0], 0.25, sigma=(math.tanh, lambda u: 1 - u * u))
    assert verdicts(slopes) == ["WRONG: δ"] * 3
    assert "they differ by" in slopes.summary and "%" in slopes.line(slopes.rows[0])[6]


LAYERS = "is a list of layers, each a list of Values; "


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda u, w: {"u": [u]}, f"u[k][i] {LAYERS}u[0] is a Value"),
        (lambda u, w: {"u": u}, f"u[k][i] {LAYERS}u is a Value"),
        (lambda u, w: {"o": [[[u]]]}, f"o[k][i] {LAYERS}o[0][0] is a list"),
        (lambda u, w: {"o": [[0.5]]}, f"o[k][i] {LAYERS}o[0][0] is 0.5"),
        (lambda u, w: {"theta": [[w]]}, "each a list of neurons, each a list of Values; theta[0][0] is a Value"),
        (lambda u, w: {"bias": [None]}, f"bias[k][i] {LAYERS}bias[0] is None"),
        (lambda u, w: {"inputs": [1.0]}, "inputs are Values, and inputs[0] is 1.0"),
        (lambda u, w: {"err": 0.5}, "err is a Value; err is 0.5"),
        (lambda u, w: {"sigma": math.tanh}, "'silu', 'linear' or a pair (σ, σ')"),
    ],
)
def test_lists_that_are_nested_otherwise_are_said(wrong, message):
    x, w = Value(1.0), Value(2.0)
    u = x * w
    right = {"err": (1.0 - u) ** 2, "inputs": [x], "u": [[u]], "o": [[u]], "theta": [[[w]]], "bias": [[None]],
             "y": 1.0, "sigma": "linear"}  # fmt: skip
    assert certify_graph(**right)
    with pytest.raises(AutogradTypeError, match=re.escape(message)):
        certify_graph(**{**right, **wrong(u, w)})


def test_the_documentation_names_every_hand_formula():
    assert all(f'"{name}"' in certify_graph.__doc__ for name in [*hand.ACTIVATIONS, *hand.ERROR_SLOPES])


# --- Err, and where a mistake is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", hand.ERRORS)
@pytest.mark.parametrize("more", [1.0, 1e-9])
def test_an_error_that_is_another_number_is_caught(loss, more):
    """Its derivatives are all right."""
    net = MLP(2, [3, 2], "tanh", "linear", seed=0)
    y = {"cross_entropy": 1, "hinge": [-1, 1], "binary_cross_entropy": [0, 1]}.get(loss, [0.5, -0.25])
    right = LOSSES[loss]
    assert certify(net, [0.5, -1.0], y, loss)
    run = net.forward([0.5, -1.0])
    bias = [[n.bias for n in layer.neurons] for layer in net.layers]
    parts = {"inputs": run.inputs, "u": run.u, "o": run.o, "theta": run.theta, "bias": bias, "y": y,
             "sigma": ["tanh", "linear"], "error_slopes": loss}  # fmt: skip
    assert certify_graph(right(run.outputs, y), **parts)
    wrong = certify_graph(right(run.outputs, y) + more, **parts)
    assert not wrong and wrong.summary.startswith("NOT certified: Err is ")
    assert f"by hand as {loss}" in wrong.summary


@pytest.mark.parametrize("activation", hand.ACTIVATIONS)
def test_every_activation_is_certified(activation):
    for seed in range(12):
        generator = random.Random(seed)
        net = MLP(3, [6, 5, 2], activation, seed=seed)
        for p in net.parameters():
            p.data *= 10 ** generator.uniform(-1, 1)
        certificate = certify(net, [generator.uniform(-3, 3) for _ in range(3)], [0.5, -0.5], differences=seed == 0)
        assert certificate, certificate.summary
        assert all(c.tolerance <= 1e-13 * max(abs(c.hand), 1e-3) for c in certificate.comparisons if c.term[0] in "uo")
        delta = [c for c in certificate.comparisons if c.term[0] == "δ" and " " not in c.term]
        assert len(delta) == 13 and max(c.tolerance for c in delta) <= 1e-13 * max(abs(c.hand) for c in delta)


@pytest.mark.parametrize("activation", ["gelu", "silu", "elu", "softplus", "leaky_relu", "softsign"])
def test_and_a_slightly_wrong_slope_is_not(activation):
    net = MLP(3, [6, 5, 2], activation, seed=1)
    sigma, slope = hand.ACTIVATIONS[activation]
    wrong = certify(net, [0.3, -0.5, 1.1], [0.5, -0.5], sigma=(sigma, lambda u: slope(u) * (1 + 1e-12)))
    assert not wrong and "u⁽³⁾₁ → o⁽³⁾₁, whose local derivative is" in wrong.summary


def planted(rule, row="tanh"):
    """certify with another rule for floats, the graph's own copy of the rules as it was."""
    net = MLP(2, [3, 1], "tanh", seed=2)
    assert certify(net, [0.7, -1.2], 0.3)
    right = TABLE[row].rule
    object.__setattr__(TABLE[row], "rule", rule(right))
    try:
        return certify(net, [0.7, -1.2], 0.3, differences=False)
    finally:
        object.__setattr__(TABLE[row], "rule", right)


def on_numbers(change):
    return lambda right: (
        lambda *operands: (
            right(*operands) if isinstance(operands[0], Value) else tuple(change(d) for d in right(*operands))
        )
    )


def single(d):
    return struct.unpack("f", struct.pack("f", d))[0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: 1.01 * d, "edge u⁽²⁾₁ → o⁽²⁾₁, whose local derivative is"),
        (lambda d: math.nan, "edge u⁽²⁾₁ → o⁽²⁾₁, whose local derivative is nan in the graph and 0."),
        (single, "edge u⁽²⁾₁ → o⁽²⁾₁, whose local derivative is"),
    ],
)
def test_the_culprit_of_a_wrong_slope(change, told):
    summary = planted(on_numbers(change)).summary
    assert told in summary and "not all summed" not in summary


def test_a_float32_is_recognised_by_its_digits(monkeypatch):
    """What comes back is right to 24 bits, and no rule is wrong."""
    right = Value.backward

    def rounding(self, gradient=1.0):
        right(self, gradient)
        for o in self.parents[0].parents:
            o.grad = single(o.grad)
        for v in toposort(self):
            if v.op is not None and v.label.startswith("u"):
                v.grad = single(v.grad)

    monkeypatch.setattr(Value, "backward", rounding)
    summary = certify(MLP(2, [3, 1], "tanh", seed=2), [0.7, -1.2], 0.3, differences=False).summary
    assert "has the 24 bits of a float32" in summary and "not all summed" not in summary


# --- finite differences of large layers ------------------------------------------------------------------------------


def test_large_layers_are_measured_along_a_direction():
    net = MLP(2, [64, 64, 2], seed=0)
    start = time.process_time()
    certificate = certify(net, [0.5, -1.0], [0.2, 0.3])
    assert time.process_time() - start < 2.5  # 0.27 s on a quiet machine; 13 s with a walk for each parameter
    assert certificate and certificate.resolved == certificate.measured == 194 + 3
    assert "3 of 3 sums along a direction (δ of layer 1, θ of layer 1, θ of layer 2)" in certificate.summary
    assert certificate.count == len(certificate.comparisons) == 4 * 130 + 3 * 64 + 65 * 64 + 65 * 2 + 1 + 197
    assert certificate.line(certificate.rows[0])[8] == "layer: agree"


@pytest.mark.parametrize("where", ["theta", "delta"])
def test_and_catch_what_both_sides_have_wrong(where, monkeypatch):
    """A wrong gradient that the hand formula shares is refuted by the sum."""
    net = MLP(2, [64, 64, 1], "tanh", seed=0)
    if where == "theta":
        monkeypatch.setattr(hand, "weight_gradient", lambda delta, o: 1.1 * delta * o)
        bad = lambda right: (
            lambda o, *pq: tuple(
                1.1 * d if n >= len(pq) // 2 and len(pq) == 130 else d for n, d in enumerate(right(o, *pq))
            )
        )
        row = "sumprod"
    else:
        monkeypatch.setitem(hand.ACTIVATIONS, "tanh", (math.tanh, lambda u: 1.1 * hand.tanh_slope(u)))
        bad, row = (lambda right: lambda o, x: (1.1 * d for d in right(o, x))), "tanh"
    right = TABLE[row].rule
    object.__setattr__(TABLE[row], "rule", bad(right))
    try:
        certificate = certify(net, [0.5, -1.0], 0.2)
    finally:
        object.__setattr__(TABLE[row], "rule", right)
    assert not certificate
    wrong = [c.term for c in certificate.comparisons if not c.agrees and "finite" in c.term]
    assert any(("δ" if where == "delta" else "∂Err/∂θ") + " of layer" in term for term in wrong), wrong


# --- connections past a layer ---------------------------------------------------------------------------------------


def past_a_layer(kind):
    """x → h → h₂ → out, where the second layer, or the last, sees more than the one before."""
    generator = random.Random(3)

    def weights(rows, columns):
        return [[Value(generator.uniform(-1, 1)) for _ in range(columns)] for _ in range(rows)]

    def layer(theta, reads):
        us = [fsum([t * r for t, r in zip(row, reads)]) for row in theta]
        return us, [u.tanh() for u in us]

    x = [Value(0.3), Value(-0.8)]
    theta1, theta2 = weights(2, 2), weights(2, 4 if kind == "skip" else 2)
    u1, o1 = layer(theta1, x)
    reads1 = [*o1, *x] if kind == "skip" else o1
    u2, o2 = layer(theta2, reads1)
    reads2 = [a + b for a, b in zip(o2, o1)] if kind == "residual" else o2
    theta3 = weights(2, 2)
    u3, o3 = layer(theta3, reads2)
    outputs = [a + b for a, b in zip(o3, {"output": x, "hidden": o1}.get(kind, ()))] or o3
    err = squared_error(outputs, [0.25, -0.5])
    return err, {"inputs": x, "u": [u1, u2, u3], "o": [o1, o2, o3], "theta": [theta1, theta2, theta3],
                 "y": [0.25, -0.5], "reads": [x, reads1, reads2, outputs]}  # fmt: skip


@pytest.mark.parametrize("kind", ["skip", "residual", "output", "hidden", "none"])
def test_skip_and_residual_connections(kind):
    err, given = past_a_layer(kind)
    certificate = certify_graph(err, **given)
    assert certificate, certificate.summary
    assert certificate.measured == certificate.resolved == 6 + sum(len(row) for t in given["theta"] for row in t)
    summed = {"residual": ("what layer 3 reads", (3, 0)), "output": ("what Err reads", (0, 0))}
    summed["hidden"] = summed["output"]
    found = {(c.term, c.neuron) for c in certificate.comparisons if "reads" in c.term}
    assert found == ({summed[kind]} if kind in summed else set())
    if kind != "none":  # without it the claim is another, and false
        del given["reads"]
        if kind == "skip":
            with pytest.raises(
                AutogradValueError, match=r"4 weights for 2 inputs; where a layer reads more.* give reads="
            ):
                certify_graph(err, **given)
        else:
            assert not certify_graph(err, **given)


def test_a_sum_that_is_wrong_is_a_column_of_all_who_read_it():
    err, given = past_a_layer("residual")
    given["reads"][2][0].data += 0.25  # before the third layer, whose numbers follow it
    for v in toposort(err):
        if v.op is not None and v not in given["reads"][2]:
            v.data = v.op.function(*[p.data for p in v.parents])
    err.backward()
    certificate = certify_graph(err, **given)
    before, after = certificate.rows[:4], certificate.rows[4:]
    assert [row.wrong for row in after] == [("what layer 3 reads",)] * 2
    assert {row.wrong for row in before} == {("differences",), ()}  # some are measured on the graph as it is computed


def test_a_connection_that_is_not_the_one_claimed_is_caught():
    err, given = past_a_layer("residual")
    given["reads"][2] = list(reversed(given["reads"][2]))
    assert not certify_graph(err, **given)
    given["reads"][2] = [v * 1.0 for v in given["reads"][2]]
    with pytest.raises(AutogradValueError, match=r"reads\[2\]\[0\] is no input and no o, and no sum of these"):
        certify_graph(err, **given)


def test_a_residual_connection_into_u_is_a_weight_that_does_not_learn():
    x, w = Value(0.7), Value(0.4)
    u1 = w * x
    o1 = u1.tanh()
    v = Value(-0.6)
    u2 = v * o1 + x
    o2 = u2.sigmoid()
    err = (o2 - 0.3) ** 2
    certificate = certify_graph(
        err, inputs=[x], u=[[u1], [u2]], o=[[o1], [o2]], theta=[[[w]], [[v, 1.0]]], reads=[[x], [o1, x]], y=0.3,
        sigma=["tanh", "sigmoid"],
    )  # fmt: skip
    assert certificate, certificate.summary
    assert sum(c.term.startswith("∂Err/∂θ") and "finite" not in c.term for c in certificate.comparisons) == 2


# --- shared weights, a neuron called twice, data sets ------------------------------------------------------------


def test_a_shared_weight_gets_the_sum_over_its_uses():
    net = MLP(2, [3, 1], seed=4)
    shared = net.layers[0].neurons[0].theta[0]
    net.layers[0].neurons[2].theta[1] = shared
    net.layers[1].neurons[0].theta[1] = shared
    certificate = certify(net, [0.7, -1.2], 0.3)
    assert certificate, certificate.summary
    (comparison,) = [c for c in certificate.comparisons if "used 3 times" in c.edge and "finite" not in c.term]
    run = net.forward([0.7, -1.2])
    squared_error(run.outputs, 0.3).backward()
    delta, o = run.delta, run.o
    by_hand = delta[0][0] * 0.7 + delta[0][2] * -1.2 + delta[1][0] * o[0][1].data
    assert comparison.engine == pytest.approx(by_hand, rel=1e-14)


def test_a_shared_weight_is_filed_where_it_is_used_first():
    net = MLP(2, [3, 1], seed=4)
    net.layers[0].neurons[2].theta[1] = net.layers[0].neurons[1].theta[0]
    certificate = certify(net, [0.7, -1.2], 0.3)
    (comparison,) = [c for c in certificate.comparisons if "used 2 times" in c.edge and "finite" not in c.term]
    assert comparison.neuron == (1, 2) and comparison.term.startswith("∂Err/∂θ⁽¹⁾₂₁")


def test_a_neuron_called_twice():
    """The same neuron reads two pairs of inputs, and a second layer reads both of its outputs."""
    neuron, last = Neuron(2, "sigmoid", seed=0), Neuron(2, "tanh", seed=1)
    x = [Value(0.3), Value(-0.8)]
    first, u1 = neuron(x), neuron.u
    second, u2 = neuron(x), neuron.u
    out = last([first, second])
    err = squared_error(out, 0.25)
    certificate = certify_graph(
        err,
        inputs=x,
        u=[[u1, u2], [last.u]],
        o=[[first, second], [out]],
        theta=[[neuron.theta, neuron.theta], [last.theta]],
        bias=[[neuron.bias, neuron.bias], [last.bias]],
        y=0.25,
        sigma=["sigmoid", "tanh"],
    )
    assert certificate, certificate.summary
    assert sum("used 2 times" in c.edge for c in certificate.comparisons if "finite" not in c.term) == 3


def test_a_layer_used_twice():
    net = MLP(3, [3, 3, 1], seed=5)
    net.layers[1] = net.layers[0]
    certificate = certify(net, [0.1, 0.5, -0.9], 0.4)
    assert certificate, certificate.summary


DATA = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.2]], [0.25, -0.5, 0.9]


def test_a_data_set():
    net = MLP(2, [3, 1], seed=0)
    for p in net.parameters():
        p.grad = 7.0
    batch = certify(net, *DATA)
    assert batch, batch.summary
    assert len(batch.certificates) == 3 and len(batch.summed) == 13
    assert {p.grad for p in net.parameters()} == {7.0}
    singly = [certify(net, x, y) for x, y in zip(*DATA)]
    assert [[r.delta.engine for r in c.rows] for c in batch.certificates] == [
        [r.delta.engine for r in c.rows] for c in singly
    ]
    net.zero_grad()
    for x, y in zip(*DATA):
        squared_error(net(x), y).backward()
    assert [c.engine for c in batch.summed] == pytest.approx([p.grad for p in net.parameters()], rel=1e-13)
    assert f"the worst sample is {batch.worst}" in batch.summary
    assert f"sample {batch.worst}, the worst of 3" in str(batch)
    assert batch.certificates[batch.worst].measured, "finite differences join for the worst sample"


def test_a_data_set_of_classes():
    net = MLP(2, [4, 3], "tanh", output_activation="linear", seed=0)
    assert certify(net, DATA[0], [0, 2, 1], loss="cross_entropy")


def test_the_sample_that_fails_is_named():
    """A rule that is wrong where u > 1 alone, which only one sample reaches."""
    net = MLP(1, [1], "tanh", bias=False, seed=0)
    net.layers[0].neurons[0].theta[0].data = 1.0
    row = TABLE["tanh"]
    right = row.rule
    object.__setattr__(row, "rule", lambda o, x: tuple(2 * d if x > 1 else d for d in right(o, x)))
    try:
        batch = certify(net, [[0.5], [-0.3], [1.5], [0.9]], [0.0] * 4)
    finally:
        object.__setattr__(row, "rule", right)
    assert not batch
    assert batch.worst == 2
    assert "NOT certified: sample 2; NOT certified: layer 1, neuron 1: δ⁽¹⁾₁" in batch.summary


def test_a_batch_that_loses_a_sample_is_caught(monkeypatch):
    """Every sample is right by itself; only the sum over them is not."""
    right = Value.backward

    def forgetful(self, gradient=1.0):
        right(self.parents[0] if self.op is TABLE["fsum"] else self, gradient)

    monkeypatch.setattr(Value, "backward", forgetful)
    batch = certify(MLP(2, [2, 1], seed=0), *DATA)
    assert not batch and all(batch.certificates)
    assert "every sample agrees, but summed over 3 of them ∂Err/∂θ⁽¹⁾₁₁" in batch.summary


def test_progress_is_told():
    seen = []
    certify(MLP(2, [3, 1], seed=0), *DATA, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_as_many_targets_as_samples():
    with pytest.raises(AutogradValueError, match="3 samples, and 2 targets"):
        certify(MLP(2, [1], seed=0), DATA[0], [0.0, 1.0])


def test_at_a_prompt_it_is_one_line():
    net = MLP(2, [3, 1], seed=0)
    certificate = certify(net, [0.5, -1.0], 0.25)
    assert repr(certificate) == f"<Certificate: {certificate.summary}>"
    assert repr(certificate).startswith("<Certificate: certified: 43 comparisons agree; ")
    batch = certify(net, *DATA)
    assert repr(batch) == f"<BatchCertificate: {batch.summary}>" and "\n" not in repr(batch)


# --- as HTML, LaTeX and JSON -------------------------------------------------------------------------------------


def test_html_has_the_colours_of_the_pictures():
    certificate = certify(MLP(2, [3, 1], seed=0), [0.5, -1.0], 0.25)
    html = certificate._repr_html_()
    assert html.count("<tr>") == 5 and html.count("background:#") == 8
    largest = max((row.delta.engine for row in certificate.rows), key=abs)
    assert LIGHT.gradient(largest, abs(largest)) in html
    assert certificate.summary in html
    batch = certify(MLP(2, [3, 1], seed=0), *DATA)
    assert "the worst of 3" in batch._repr_html_() and "<table>" in batch._repr_html_()


def test_latex():
    text = certify(MLP(2, [2, 1], seed=0), [0.5, -1.0], 0.25).latex()
    assert text.startswith(r"\begin{array}") and text.endswith(r"\end{array}")
    assert text.count(r"\\") == 4 and r"\delta^{(2)}_{1} &" in text
    assert text.count("{") == text.count("}")


def test_latex_of_a_data_set():
    batch = certify(MLP(2, [2, 1], seed=0), *DATA)
    text = batch.latex()
    assert batch.certificates[batch.worst].latex() in text
    assert text.count("{") == text.count("}") and text.count(r"\begin") == text.count(r"\end") == 3
    assert text.count(r"\text{ok}") == 3 + 9 and r"\text{summed over 3 samples}" in text
    wrong = certify(MLP(2, [2, 1], seed=0), *DATA, sigma=(math.tanh, lambda u: 1 - u))
    assert r"\textbf{wrong}" in wrong.latex()


def test_json_gives_everything_back():
    certificate = certify(MLP(2, [2, 1], seed=0), [0.5, -1.0], 0.25)
    read = json.loads(certificate.json())
    assert read["certified"] is True and read["summary"] == certificate.summary
    assert [c["engine"] for c in read["comparisons"]] == [c.engine for c in certificate.comparisons]
    assert [n["delta"] for n in read["neurons"]] == [row.delta.engine for row in certificate.rows]
    batch = json.loads(certify(MLP(2, [2, 1], seed=0), *DATA).json())
    assert len(batch["samples"]) == 3 and batch["certified"]


def test_json_of_what_is_no_number():
    net = MLP(1, [1], "linear", bias=False, seed=0)
    net.layers[0].neurons[0].theta[0].data = math.inf
    text = certify(net, [1.0], 0.0, differences=False).json()
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert '"inf"' in text


def test_of_a_nan_nothing_is_certified():
    net = MLP(2, [2, 1], seed=0)
    for certificate in (
        certify(net, [math.nan, 1.0], 1.0),
        certify(net, [1.0, 1.0], math.nan),
        certify(net, [[0.5, 1.0], [math.nan, 1.0]], [1.0, 0.5]),
    ):
        assert not certificate
        assert "is nan in the graph and by hand, and of a nan nothing can be certified" in certificate.summary
    assert "u⁽¹⁾₁ is nan" in certify(net, [math.nan, 1.0], 1.0).summary
    assert "edge" not in certify(net, [1.0, 1.0], math.nan).summary


def test_one_neuron_in_two_places():
    net = MLP(2, [2, 2, 1], seed=0)
    net.layers[0].neurons[1] = net.layers[0].neurons[0]
    run = net.forward([0.5, -1.0])
    assert run.u[0][0] is not run.u[0][1] and run.u[0][0].data == run.u[0][1].data
    assert certify(net, [0.5, -1.0], 0.3) and certify(net, [[0.5, -1.0], [1.0, 0.25]], [0.3, 0.4])
    net.layers[1].neurons[1] = net.layers[0].neurons[0]  # and in two layers
    assert certify(net, [0.5, -1.0], 0.3)


def test_without_finite_differences_none_are_said_to_agree():
    certificate = certify(MLP(2, [2, 1], seed=0), [0.5, -1.0], 0.25, differences=False)
    assert certificate.summary.endswith("agree; without finite differences") and "0 of 0" not in certificate.summary
    assert not any(row.difference or row.of_layer for row in certificate.rows)


@pytest.mark.parametrize("arguments, told", [
    (([1.0], MLP(1, [1], seed=0), 1.0), r"net is an MLP or a Neuron, and was given \[1.0\] of type list"),
    ((MLP(1, [1], seed=0), 1.0, [1.0]), "sample's inputs, or a list of samples, and was given 1.0 of type float"),
    ((MLP(1, [1], seed=0), "1", 1.0), "and was given '1' of type str"),
    ((MLP(1, [1], seed=0), [[1.0], [2.0]], 1.0), "so y is a list, and was given 1.0 of type float"),
    ((MLP(1, [1], seed=0).layers[0], [1.0], 1.0), "net is an MLP or a Neuron, and was given Layer"),
])  # fmt: skip
def test_what_is_no_network_sample_or_target_is_named(arguments, told):
    with pytest.raises(AutogradTypeError, match=told):
        certify(*arguments)
