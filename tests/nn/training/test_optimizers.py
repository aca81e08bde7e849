"""Optimisers: the formulas of the lecture and of the papers, and steps that happen whole or not at all."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import AutogradTypeError, AutogradValueError, Value
from nn import MLP, SGD, Adam, Optimizer, clip_grad_norm, clip_grad_value, squared_error
from nn.training.optimizers import OPTIMIZERS, optimizer_of

ordinary = st.floats(-1e6, 1e6)
vectors = st.lists(st.tuples(ordinary, ordinary), min_size=1, max_size=5)


def parameters(pairs):
    """Values with these data and gradients."""
    values = [Value(data, f"θ{i}") for i, (data, _) in enumerate(pairs)]
    for value, (_, grad) in zip(values, pairs):
        value.grad = grad
    return values


def trajectory(optimizer, gradients):
    """The data after each step, the parameters being given these gradients one after the other."""
    states = []
    for row in gradients:
        for p, g in zip(optimizer.parameters, row):
            p.grad = g
        optimizer.step()
        states.append([p.data for p in optimizer.parameters])
    return states


@given(vectors, st.floats(0, 10))
def test_sgd_is_the_lectures_update_bit_for_bit(pairs, rate):
    values = parameters(pairs)
    SGD(values, rate).step()
    assert [p.data for p in values] == [data - rate * grad for data, grad in pairs]


def test_sgd_on_a_network_is_theta_minus_eta_delta_o():
    net = MLP(3, [4, 2], seed=1)
    run = net.forward([0.5, -1.0, 2.0])
    squared_error(run.outputs, [1.0, 0.0]).backward()
    o = [[x.data for x in run.inputs], *[[v.data for v in layer] for layer in run.o]]
    expected = [
        theta.data - 0.25 * (run.delta[k][i] * o[k][l])
        for k, layer in enumerate(net.layers)
        for i, neuron in enumerate(layer.neurons)
        for l, theta in enumerate(neuron.theta)
    ]
    SGD(net.parameters(), 0.25).step()
    assert [t.data for layer in net.layers for neuron in layer.neurons for t in neuron.theta] == expected


@given(st.lists(ordinary, min_size=1, max_size=8), st.floats(0, 0.99))
def test_momentum_is_the_geometric_sum_of_past_gradients(gradients, momentum):
    optimizer = SGD([Value(1.0)], 0.1, momentum=momentum)
    states = trajectory(optimizer, [[g] for g in gradients])
    data = 1.0
    for t, (state,) in enumerate(states):
        data -= 0.1 * math.fsum(momentum ** (t - s) * gradients[s] for s in range(t + 1))
        assert state == pytest.approx(data, rel=1e-9, abs=1e-6)


def test_momentum_zero_keeps_no_memory_and_momentum_does():
    gradients = [[1.0], [1.0]]
    assert trajectory(SGD([Value(0.0)], 1.0), gradients) == [[-1.0], [-2.0]]
    assert trajectory(SGD([Value(0.0)], 1.0, momentum=0.5), gradients) == [[-1.0], [-2.5]]


@given(vectors)
def test_weight_decay_is_the_gradient_of_half_lambda_theta_squared(pairs):
    values = parameters(pairs)
    SGD(values, 0.1, weight_decay=0.5).step()
    penalised = parameters(pairs)
    for p in penalised:
        (0.25 * p * p).backward()
    SGD(penalised, 0.1).step()
    for a, b in zip(values, penalised):
        assert a.data == pytest.approx(b.data, rel=1e-14, abs=1e-9)


def test_adam_by_hand():
    # g = 2 then −1, β = (0.9, 0.999), from the paper's algorithm 1:
    # m₁ = 0.2, v₁ = 0.004, m̂ = 2, v̂ = 4; m₂ = 0.08, v₂ = 0.004996, m̂ = 8/19, v̂ = 0.004996/0.001999
    first = 1.0 - 0.1 * 2 / (2 + 1e-8)
    second = first - 0.1 * (8 / 19) / (math.sqrt(0.004996 / 0.001999) + 1e-8)
    states = trajectory(Adam([Value(1.0)], 0.1), [[2.0], [-1.0]])
    assert [s for (s,) in states] == pytest.approx([first, second], rel=1e-14)


@given(st.floats(1e-3, 1e6), st.booleans())
def test_adams_first_step_has_the_length_of_the_rate(gradient, negative):
    g = -gradient if negative else gradient
    ((state,),) = trajectory(Adam([Value(0.0)], 0.25), [[g]])
    assert state == pytest.approx(math.copysign(0.25, -g), rel=1e-4)


def test_adam_stands_still_where_there_is_no_gradient():
    assert trajectory(Adam([Value(3.0)], 0.1), [[0.0], [0.0]]) == [[3.0], [3.0]]


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_parameters_are_independent(kind):
    generator = random.Random(0)
    gradients = [[generator.gauss(0, 1) for _ in range(3)] for _ in range(5)]
    together = trajectory(kind([Value(1.0), Value(2.0), Value(3.0)], 0.1), gradients)
    for i in range(3):
        alone = trajectory(kind([Value(i + 1.0)], 0.1), [[row[i]] for row in gradients])
        assert [row[i] for row in together] == [data for (data,) in alone]


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_the_rate_may_depend_on_the_step(kind):
    seen = []
    optimizer = kind([Value(1.0)], lambda step: seen.append(step) or 1.0 / (step + 1))
    seen.clear()  # the constructor tried it once
    trajectory(optimizer, [[1.0]] * 3)
    assert seen == [0, 1, 2]
    a = trajectory(kind([Value(1.0)], lambda step: 0.1), [[1.0], [-2.0]])
    assert a == trajectory(kind([Value(1.0)], 0.1), [[1.0], [-2.0]])


def test_zero_grad():
    values = parameters([(1.0, 2.0), (3.0, 4.0)])
    SGD(values).zero_grad()
    assert [p.grad for p in values] == [0.0, 0.0]


class Interrupting(Value):
    """A parameter at which Ctrl-C arrives, once, in the middle of the writing down."""

    __slots__ = ("armed", "store")

    def __init__(self, data):
        object.__setattr__(self, "armed", False)
        super().__init__(data, "θ")

    def __setattr__(self, attribute, x):
        if attribute == "data" and self.armed:
            object.__setattr__(self, "armed", False)
            raise KeyboardInterrupt
        object.__setattr__(self, attribute, x)


@pytest.mark.parametrize("kind", [SGD, Adam, lambda p, rate: SGD(p, rate, momentum=0.9)])
@pytest.mark.parametrize("where", range(4))
def test_a_step_interrupted_at_any_parameter_has_not_happened(kind, where):
    def made():
        values = [Interrupting(float(i + 1)) for i in range(4)]
        return values, kind(values, 0.1)

    values, optimizer = made()
    trajectory(optimizer, [[1.0, 2.0, 3.0, 4.0]])
    before = [p.data for p in values]
    values[where].armed = True
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    assert [p.data for p in values] == before and optimizer.steps == 1

    _, other = made()
    trajectory(other, [[1.0, 2.0, 3.0, 4.0]])
    assert trajectory(optimizer, [[4.0, 3.0, 2.0, 1.0]]) == trajectory(other, [[4.0, 3.0, 2.0, 1.0]])


@pytest.mark.parametrize("gradient", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_gradient_out_of_bounds_is_named_and_nothing_moves(kind, gradient):
    values = parameters([(1.0, 1.0), (2.0, gradient)])
    with pytest.raises(AutogradValueError, match=r"gradient of θ1 is .*lower the learning rate"):
        kind(values, 0.1).step()
    assert [p.data for p in values] == [1.0, 2.0]


def test_a_step_out_of_bounds_is_refused():
    values = parameters([(1.0, 1.0), (1e308, -1e308)])
    with pytest.raises(AutogradValueError, match="would take θ1 to inf"):
        SGD(values, 10.0).step()
    assert [p.data for p in values] == [1.0, 1e308]
    huge = parameters([(1.0, 1e200)])
    with pytest.raises(AutogradValueError, match="clip"):  # its square would stop Adam for ever
        Adam(huge).step()


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf, lambda step: -1.0])
def test_learning_rates_that_make_no_sense(rate):
    with pytest.raises(AutogradValueError, match="learning_rate"):
        SGD([Value(1.0)], rate)


def test_other_settings_that_make_no_sense():
    p = [Value(1.0)]
    for bad in (lambda: SGD(p, momentum=1.0), lambda: SGD(p, weight_decay=-1.0), lambda: Adam(p, betas=(0.9, 1.0)),
                lambda: Adam(p, epsilon=0.0), lambda: SGD([]), lambda: SGD([*p, *p])):  # fmt: skip
        with pytest.raises(AutogradValueError):
            bad()
    for bad in (lambda: SGD(MLP(1, [1])), lambda: SGD([1.0]), lambda: SGD(p[0]), lambda: SGD(p, "0.1")):
        with pytest.raises(AutogradTypeError):
            bad()
    with pytest.raises(AutogradTypeError, match=r"net\.parameters\(\)"):
        SGD(MLP(1, [1]))


def test_by_name():
    p = [Value(1.0)]
    assert {key: type(optimizer_of(key, p)) for key in OPTIMIZERS} == {"sgd": SGD, "adam": Adam}
    assert optimizer_of("adam", p, 0.5).rate() == 0.5
    own = SGD(p)
    assert optimizer_of(own, []) is own
    with pytest.raises(AutogradValueError, match="sgd, adam"):
        optimizer_of("rmsprop", p)


def test_an_optimizer_of_your_own_is_one_function():
    class Halving(Optimizer):
        def propose(self, rate, theta, g):
            return [p / 2 for p in theta], {}

    assert trajectory(Halving([Value(8.0)], 1.0), [[0.0], [0.0]]) == [[4.0], [2.0]]


# --- clipping -----------------------------------------------------------------------------------


@given(vectors, st.floats(1e-3, 1e3))
def test_clipping_the_norm_keeps_the_direction_and_never_lengthens(pairs, limit):
    values = parameters(pairs)
    before = [p.grad for p in values]
    norm = clip_grad_norm(values, limit)
    after = [p.grad for p in values]
    assert norm == pytest.approx(math.hypot(*before), rel=1e-14)
    if math.hypot(*before) < limit * (1 - 1e-12):
        assert after == before
    else:
        assert math.hypot(*after) <= limit * (1 + 1e-12)
        for a, b in zip(after, before):
            assert a == pytest.approx(b * limit / norm if norm else 0.0, rel=1e-9, abs=1e-300)


def test_clipping_huge_gradients_does_not_overflow():
    values = parameters([(0.0, 1e308), (0.0, -1e308)])
    assert clip_grad_norm(values, 1.0) == pytest.approx(math.sqrt(2) * 1e308)
    assert [p.grad for p in values] == pytest.approx([math.sqrt(0.5), -math.sqrt(0.5)])


@given(vectors, st.floats(1e-3, 1e3))
def test_clipping_values(pairs, limit):
    values = parameters(pairs)
    clip_grad_value(values, limit)
    assert [p.grad for p in values] == [max(-limit, min(limit, g)) for _, g in pairs]


def test_clipping_refuses_what_it_cannot_clip():
    with pytest.raises(AutogradValueError, match="gradient of θ0 is nan"):
        clip_grad_value(parameters([(1.0, math.nan)]), 1.0)
    with pytest.raises(AutogradValueError, match="gradient of θ0 is inf"):
        clip_grad_norm(parameters([(1.0, math.inf)]), 1.0)
    bounded = parameters([(1.0, -math.inf)])
    clip_grad_value(bounded, 2.0)  # each by itself: an infinite one has a sign, and so an end
    assert bounded[0].grad == -2.0
    for clip in (clip_grad_norm, clip_grad_value):
        for limit in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(AutogradValueError, match="above 0"):
                clip(parameters([(1.0, 1.0)]), limit)


# --- against a peer -----------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("name, settings", [
    ("SGD", {}), ("SGD", {"momentum": 0.9}), ("SGD", {"weight_decay": 0.1}),
    ("SGD", {"momentum": 0.5, "weight_decay": 0.01}), ("Adam", {}), ("Adam", {"betas": (0.5, 0.9)}),
])  # fmt: skip
def test_as_pytorch(name, settings):
    torch = pytest.importorskip("torch")
    generator = random.Random(3)
    start = [generator.gauss(0, 1) for _ in range(4)]
    gradients = [[generator.gauss(0, 10 ** generator.uniform(-4, 4)) for _ in start] for _ in range(50)]
    theirs = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    peer = getattr(torch.optim, name)([theirs], lr=0.1, **settings)
    kind = {"SGD": SGD, "Adam": Adam}[name]
    ours = trajectory(kind([Value(x) for x in start], learning_rate=0.1, **settings), gradients)
    for row, state in zip(gradients, ours):
        theirs.grad = torch.tensor(row, dtype=torch.float64)
        peer.step()
        assert state == pytest.approx(theirs.tolist(), rel=1e-11, abs=1e-11)
