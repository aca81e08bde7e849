"""Steps in machine code have the bits of the optimisers' rules, and of the same steps in NumPy."""

import copy
import math
import random

import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("numpy")

from autograd import AutogradValueError
from autograd.ops import Op
from nn import MLP, SGD, Adam, fit, squared_error
from nn.training import compiled
from nn.training.compiled import Compiled
from nn.training.samples import samples_of

OPTIMIZERS = {
    "sgd": lambda ps: SGD(ps, 0.02),
    "momentum": lambda ps: SGD(ps, 0.01, momentum=0.9),
    "decay": lambda ps: SGD(ps, lambda t: 0.05 / (1 + t), momentum=0.5, weight_decay=0.01),
    "adam": lambda ps: Adam(ps, 0.02),
    "adam with all settings": lambda ps: Adam(ps, lambda t: 0.1 * 0.9**t, (0.0, 0.99), 1e-3, weight_decay=0.1),
    "frozen": lambda ps: Adam(ps[5:2:-1]),
}


def drawn(n, nin=3, nout=3, seed=0):
    r = random.Random(seed)
    return [[r.gauss(0, 1) for _ in range(nin)] for _ in range(n)], [
        [r.random() for _ in range(nout)] for _ in range(n)
    ]


def state(net, optimizer):
    return [[(p.data, p.grad) for p in net.parameters()], optimizer.memory, optimizer.steps]


@pytest.fixture
def in_machine_code(monkeypatch):
    monkeypatch.setattr(compiled, "MANY", 0)


@pytest.mark.parametrize("size", [1, 4, 17])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_epoch_is_its_steps_in_numpy_bit_for_bit(optimizer, size, monkeypatch):
    runs = []
    for many in (0, math.inf):
        monkeypatch.setattr(compiled, "MANY", many)
        net = MLP(3, [6, 3], "tanh", seed=1)
        chosen = OPTIMIZERS[optimizer](net.parameters())
        history = fit(net, *drawn(17), optimizer=chosen, epochs=4, batch_size=size, seed=0, backend="native")
        runs.append([*state(net, chosen), history.epochs])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_is_the_optimizer_s_own(optimizer, in_machine_code):
    """From the gradient that a step has left behind, `propose` leads to the same bits."""
    net = MLP(3, [5, 3], "tanh", seed=0)
    chosen = OPTIMIZERS[optimizer](net.parameters())
    training = Compiled(net, squared_error, chosen, samples_of(net, squared_error, *drawn(9)), None, None)
    for _ in range(5):
        twin, before = copy.copy(chosen), [p.data for p in chosen.parameters]
        training.epoch(None, 9)
        after, memory = twin.proposal(before, [p.grad for p in chosen.parameters])
        assert [p.data for p in chosen.parameters] == after and chosen.memory == memory
        assert training.made[1] is not None and chosen.steps == twin.steps + 1


def test_settings_that_a_callback_changes_are_the_next_epoch_s(in_machine_code):
    def change(epoch, net, history):
        optimizer.momentum = 0.5 if epoch == 2 else 0.0
        optimizer.learning_rate = 0.01 / epoch

    runs = []
    for backend in ("eager", "native"):
        net = MLP(3, [5, 3], "tanh", seed=0)
        optimizer = SGD(net.parameters(), 0.05, momentum=0.9)
        fit(net, *drawn(12), optimizer=optimizer, epochs=5, batch_size=5, seed=0, callbacks=[change], backend=backend)
        assert optimizer.memory == {}
        runs.append([p.data for p in net.parameters()])
    assert runs[1] == pytest.approx(runs[0], rel=1e-9)


def test_a_schedule_that_raises_leaves_the_steps_before_it(in_machine_code):
    def schedule(step):
        return 0.1 if step < 7 else math.nan

    ends = []
    for backend in ("eager", "native"):
        net = MLP(3, [5, 3], "tanh", seed=0)
        optimizer = Adam(net.parameters(), schedule)
        with pytest.raises(AutogradValueError, match="learning_rate"):
            fit(net, *drawn(12), optimizer=optimizer, epochs=5, batch_size=3, seed=0, backend=backend)
        ends.append([p.data for p in net.parameters()])
        assert optimizer.steps == 7
    assert ends[1] == pytest.approx(ends[0], rel=1e-9)


def test_a_row_of_one_s_own_that_raises_is_heard_before_the_next_step(in_machine_code):
    def fragile(x):
        if abs(x) > 30.0:
            raise ArithmeticError("too far")
        return x

    from autograd import Value
    from autograd.value import node_of

    row = Op("fragile", fragile, lambda o, x: (1.0,))
    net = MLP(1, [1], lambda u: node_of(row, (u,)), seed=0)
    before = [p.data for p in net.parameters()]
    with pytest.raises(ArithmeticError, match="too far"):
        fit(net, [[1.0], [2.0]], [50.0, 90.0], optimizer=SGD(net.parameters(), 0.1), epochs=50, backend="native")
    after = [p.data for p in net.parameters()]
    assert after != before and all(map(math.isfinite, after)) and isinstance(net.parameters()[0], Value)


def test_many_samples_many_parameters_and_a_last_batch_that_is_shorter(in_machine_code):
    X, Y = drawn(1300, nin=7, nout=2)
    runs = []
    for backend in ("eager", "native"):
        net = MLP(7, [40, 2], "relu", seed=0)
        history = fit(
            net, X, Y, optimizer=SGD(net.parameters(), 1e-3, 0.9), epochs=1, batch_size=600, reduction="mean", seed=0,
            backend=backend, sample_weight=[k % 3 for k in range(1300)],
        )  # fmt: skip
        runs.append([*[p.data for p in net.parameters()], *history.loss])
    assert runs[1] == pytest.approx(runs[0], rel=1e-9)
