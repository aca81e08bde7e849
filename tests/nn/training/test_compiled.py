"""Training in machine code: the eager training but for rounding, whatever disturbs it."""

import math
import random
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llvmlite")
pytest.importorskip("numpy")

from autograd import AutogradValueError, LoweringError, MissingDependency, Value, debug, no_grad, softplus, where
from autograd.lowering.native import machine
from nn import ACTIVATIONS, LOSSES, MLP, SGD, Adam, Layer, Neuron, Optimizer, accuracy, fit, squared_error
from nn.network.classes import ClassRule
from nn.network.losses import picked
from nn.training import compiled
from nn.training import epochs as training
from nn.training.compiled import Compiled, _hit
from nn.training.optimizers import shortened
from nn.training.samples import samples_of

TARGETS = {  # loss -> a target of three outputs
    "squared_error": lambda r: [r.uniform(-1, 1) for _ in range(3)],
    "mean_squared_error": lambda r: [r.uniform(-1, 1) for _ in range(3)],
    "half_squared_error": lambda r: [r.uniform(-1, 1) for _ in range(3)],
    "hinge": lambda r: [r.choice([-1, 1]) for _ in range(3)],
    "cross_entropy": lambda r: r.randrange(3),
    "binary_cross_entropy": lambda r: [r.choice([0, 1, 0.25]) for _ in range(3)],
}
OPTIMIZERS = {
    "sgd": lambda ps: SGD(ps, 0.02),
    "momentum": lambda ps: SGD(ps, 0.01, momentum=0.9),
    "decay": lambda ps: SGD(ps, 0.02, weight_decay=0.1),
    "schedule": lambda ps: SGD(ps, lambda step: 0.05 / (1 + step), momentum=0.5, weight_decay=0.01),
    "adam": lambda ps: Adam(ps, 0.02),
}


@pytest.fixture(autouse=True, scope="module")
def steps_in_machine_code():
    """However short a training is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "MANY", 0)
        yield


def samples(n=17, target=TARGETS["squared_error"], seed=0, nin=2):
    generator = random.Random(seed)
    return [[generator.uniform(-1, 1) for _ in range(nin)] for _ in range(n)], [target(generator) for _ in range(n)]


def data(net):
    return [p.data for p in net.parameters()]


def near(x):
    return pytest.approx(x, rel=1e-9, abs=1e-12)


def both(X, Y, make_net=lambda: MLP(2, [4, 3], "tanh", "linear", seed=0), optimizer=OPTIMIZERS["adam"], **settings):
    """(network, optimizer, history) of the eager training and of the compiled one."""
    runs = []
    for backend in ("eager", "native"):
        net = make_net()
        chosen = optimizer(net.parameters())
        runs.append((net, chosen, fit(net, X, Y, optimizer=chosen, backend=backend, **{"epochs": 8, **settings})))
    return runs


def assert_equal(runs):
    (net, optimizer, history), (twin, other, found) = runs
    assert data(twin) == near(data(net)) and all(type(x) is float for x in data(twin))
    assert [p.grad for p in twin.parameters()] == near([p.grad for p in net.parameters()])
    assert other.steps == optimizer.steps and other.memory.keys() == optimizer.memory.keys()
    for key, vector in optimizer.memory.items():
        assert type(other.memory[key]) is list and other.memory[key] == near(vector)
    for column in ("loss", "accuracy", "validation_loss", "validation_accuracy"):
        assert getattr(found, column) == near(getattr(history, column)), column
    assert (found.stopped, found.best_epoch) == (history.stopped, history.best_epoch)


# --- the same as node by node -------------------------------------------------------------------


@pytest.mark.parametrize("batch_size, reduction", [(None, "sum"), (5, "sum"), (5, "mean"), (1, "mean")])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", TARGETS)
def test_every_loss_optimizer_and_batching(loss, optimizer, batch_size, reduction):
    X, Y = samples(target=TARGETS[loss])
    checks = samples(6, TARGETS[loss], seed=1)
    assert set(TARGETS) == set(LOSSES)
    assert_equal(
        both(
            X, Y, loss=loss, optimizer=OPTIMIZERS[optimizer], batch_size=batch_size, reduction=reduction, seed=3,
            validation=checks,
        )
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:fit:UserWarning")  # what fits is of no interest here
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "gelu", "softplus"])
def test_activations(activation):
    assert_equal(both(*samples(), lambda: MLP(2, [5, 4, 3], activation, seed=1), batch_size=4, seed=0))


@pytest.mark.parametrize("settings", [
    {"clip_norm": 0.05}, {"clip_norm": 1e6}, {"patience": 3, "epochs": 60},
    {"patience": 2, "validation": samples(5, seed=8), "epochs": 60}, {"epochs": 0},
    {"callbacks": [lambda epoch, net, history: epoch == 3]},
])  # fmt: skip
def test_settings(settings):
    runs = both(*samples(), optimizer=lambda ps: SGD(ps, 0.08), batch_size=4, seed=0, **settings)
    assert_equal(runs)


@pytest.mark.filterwarnings("ignore:fit:UserWarning")  # what fits is of no interest here
def test_one_hot_targets_single_outputs_neurons_layers_and_frozen_parameters():
    X, classes = samples(target=TARGETS["cross_entropy"])
    one_hot = [[float(c == k) for k in range(3)] for c in classes]
    assert_equal(both(X, one_hot, loss="cross_entropy"))
    assert_equal(both(X, one_hot))
    assert_equal(both(X, [c > 0 for c in classes], lambda: MLP(2, [3, 1], seed=0), loss="binary_cross_entropy"))
    assert_equal(both(X, [1.0 if c else -1.0 for c in classes], lambda: Neuron(2, seed=0), loss="hinge"))
    assert_equal(both(X, one_hot, lambda: Layer(2, 3, bias=False, seed=0)))
    frozen = both(X, one_hot, optimizer=lambda ps: Adam(ps[:0:-2]))
    assert_equal([(net, optimizer, history) for net, optimizer, history in frozen if not net.zero_grad()])
    assert data(frozen[1][0])[0] == data(MLP(2, [4, 3], "tanh", "linear", seed=0))[0]


def test_shared_weights():
    def tied():
        net = MLP(2, [2, 2, 3], seed=0)
        net.layers[1].neurons[0].theta = net.layers[0].neurons[0].theta
        return net

    assert_equal(both(*samples(), tied, optimizer=lambda ps: SGD(dict.fromkeys(ps), 0.1)))


def test_the_optimizer_goes_on_eagerly_where_compiled_training_ended():
    X, Y = samples()
    (net, optimizer, _), (twin, other, _) = both(X, Y, batch_size=4, seed=0)
    for each, chosen in ((net, optimizer), (twin, other)):
        fit(each, X, Y, optimizer=chosen, epochs=3, backend="eager")
        fit(each, X, Y, optimizer=chosen, epochs=3, backend="native")
    assert data(twin) == near(data(net)) and optimizer.steps == other.steps


def test_the_same_seed_gives_the_same_bits():
    runs = [both(*samples(), batch_size=3, seed=5)[1] for _ in range(2)]
    assert data(runs[0][0]) == data(runs[1][0]) and runs[0][2].epochs == runs[1][2].epochs


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=4), st.data())
def test_a_hit_is_a_right_prediction(outputs, draw):
    values = [Value(float(o)) for o in outputs]
    classes = max(2, len(values))
    wanted = draw.draw(st.integers(0, classes - 1))
    rule = ClassRule(len(values), draw.draw(st.sampled_from([(0.0,), (0.5,), (0.5, 1.5)])))
    assert _hit(values, Value(float(wanted)), rule).data == (rule.predicted(map(float, outputs)) == wanted)
    if len(values) > 1:
        x, others = picked(values, Value(float(wanted)))
        assert x.data == outputs[wanted] and [o.data for o in others] == outputs[:wanted] + outputs[wanted + 1 :]


# --- what callbacks do and see ---------------------------------------------------------------------


def test_callbacks_see_the_parameters_the_state_and_the_history_of_their_epoch():
    X, Y = samples()
    seen = []
    for backend in ("eager", "native"):
        net = MLP(2, [4, 3], seed=0)
        optimizer = Adam(net.parameters())
        rows = []

        def look(epoch, net, history, rows=rows, optimizer=optimizer):
            rows.append([epoch, optimizer.steps, history.loss[-1], *data(net), *optimizer.memory["m"]])

        fit(net, X, Y, optimizer=optimizer, epochs=4, batch_size=5, seed=0, callbacks=[look], backend=backend)
        seen.append(rows)
    assert len(seen[0]) == len(seen[1]) == 4
    for a, b in zip(*seen):
        assert b == near(a)


def test_what_callbacks_change_is_trained_on():
    def meddle(epoch, net, history):
        net.parameters()[0].data = 0.5
        if epoch == 3:  # another Value: from here on nothing compiled fits
            net.layers[0].neurons[0].theta[1] = Value(0.25)

    assert_equal(both(*samples(), callbacks=[meddle]))


def test_a_loss_that_reads_what_a_callback_changes():
    factor = [1.0]

    def loss(outputs, y):
        return factor[0] * squared_error(outputs, y)

    def anneal(epoch, net, history):
        factor[0] = 1.0 / epoch

    runs = []
    for backend in ("eager", "native"):
        factor[0] = 1.0
        net = MLP(2, [4, 3], seed=0)
        optimizer = SGD(net.parameters(), 0.01)
        history = fit(net, *samples(), loss=loss, optimizer=optimizer, epochs=5, callbacks=[anneal], backend=backend)
        runs.append((net, optimizer, history))
    assert_equal(runs)


# --- interruption ------------------------------------------------------------------------------------


def three_epochs(kind, rate):
    """A network and an optimizer, and a function that trains for 15 steps of two samples or less."""
    net = MLP(2, [2, 3], seed=0)
    optimizer = kind(net.parameters(), rate)
    code = Compiled(net, squared_error, optimizer, samples_of(net, squared_error, *samples(9)), None, False)
    return net, optimizer, lambda: [code.epoch(None, 2) for _ in range(3)]


@pytest.mark.parametrize("kind", [SGD, Adam])
@given(countdown=st.integers(1, 1640))  # SGD runs through 960 lines, Adam through 1637
def test_ctrl_c_at_any_line_leaves_a_completed_step(kind, countdown):
    net, optimizer, train = three_epochs(kind, 0.05)
    left = countdown

    def trace(frame, event, argument):
        nonlocal left
        if not frame.f_globals.get("__name__", "").startswith("nn."):
            return None
        left -= event == "line"
        if event == "line" and left == 0:
            raise KeyboardInterrupt
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        train()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(previous)
    stopped = optimizer.steps
    twin, _, train = three_epochs(kind, lambda step: 0.05 if step < stopped else 0.0)  # then it stands still
    train()
    assert data(net) == data(twin)
    assert all(type(vector) is list for vector in optimizer.memory.values())


def test_an_interrupted_fit_says_so_and_can_go_on():
    X, Y = samples()
    steps = []

    def rate(step):
        steps.append(step)
        if len(steps) == 14:
            raise KeyboardInterrupt
        return 0.05

    net = MLP(2, [4, 3], seed=0)
    optimizer = Adam(net.parameters(), rate)
    history = fit(net, X, Y, optimizer=optimizer, epochs=5, batch_size=4, seed=0, backend="native")
    assert history.interrupted and len(history.epochs) == 2 and optimizer.steps == 12
    assert all(p.grad == 0.0 for p in net.parameters())
    twin = MLP(2, [4, 3], seed=0)
    other = Adam(twin.parameters(), lambda step: 0.05 if step < 12 else 0.0)
    fit(twin, X, Y, optimizer=other, epochs=3, batch_size=4, seed=0, backend="native")
    assert data(net) == data(twin)


@pytest.mark.parametrize("optimizer", [lambda ps: SGD(ps, 1.0), lambda ps: SGD(ps, 1.0, momentum=0.5)])
@pytest.mark.parametrize("clip_norm", [None, 1e300])
def test_a_diverging_training_says_the_same_and_keeps_the_same_parameters(optimizer, clip_norm):
    X, Y = [[1e3, 1e3]] * 4, [1, -1, 1, -1]
    messages, states = [], []
    for backend in ("eager", "native"):
        net = MLP(2, [3, 1], "linear", seed=0)
        chosen = optimizer(net.parameters())
        with pytest.raises(AutogradValueError, match="lower the learning rate") as caught:
            fit(net, X, Y, optimizer=chosen, epochs=999, clip_norm=clip_norm, backend=backend)
        messages.append(str(caught.value)[:20])
        states.append([*data(net), chosen.steps])
    assert messages[0] == messages[1] and all(map(math.isfinite, states[1]))
    assert states[1] == pytest.approx(states[0], rel=1e-6)


# --- functions and optimisers of one's own ---------------------------------------------------------


def huber(outputs, y):
    r = [abs(o - t) for o, t in zip(outputs, y)]
    terms = [where(a <= 1.0, 0.5 * a * a, a - 0.5) for a in r]
    return terms[0] + terms[1] + terms[2]


def swish(u):
    return u * (1.5 * u).sigmoid()


def test_functions_of_one_s_own_are_compiled():
    assert_equal(both(*samples(), lambda: MLP(2, [4, 3], swish, seed=0), loss=huber))


def branching(u):
    return u if u.data > 0 else 0.1 * u


def truth(u):
    return u if u > 0 else 0.1 * u


def equality(outputs, y):
    return softplus(-outputs) if y == 1 else softplus(outputs)


def indexing(outputs, y):
    return -outputs[y]


@pytest.mark.parametrize("activation, loss, target", [
    (branching, "squared_error", lambda r: 1.0), (truth, "squared_error", lambda r: 1.0),
    ("tanh", equality, lambda r: r.choice([0, 1])), ("tanh", lambda o, y: abs(o - y) * abs(o.data - y), lambda r: 0.5),
])  # fmt: skip
def test_what_branches_on_data_is_trained_eagerly(activation, loss, target, monkeypatch):
    X, Y = samples(target=target)
    monkeypatch.setattr(training, "_pays", lambda seen, parameters: True)
    runs = []
    for backend in ("eager", "auto"):
        net = MLP(2, [3, 1], activation, "linear", initializer="zeros" if activation is branching else None, seed=0)
        before = data(net)
        with pytest.raises(LoweringError):
            fit(net, X, Y, loss=loss, backend="native")
        assert data(net) == before
        fit(net, X, Y, loss=loss, epochs=3, batch_size=4, seed=0, backend=backend)
        runs.append(data(net))
    assert runs[0] == runs[1]


def test_what_refuses_some_numbers_is_trained_eagerly(monkeypatch):
    def picky(u):
        if u.data > 1.5:
            raise RuntimeError("too large")
        return u.tanh()

    monkeypatch.setattr(training, "_pays", lambda seen, parameters: True)
    net = MLP(2, [6, 1], picky, seed=0)
    with pytest.raises(LoweringError, match="too large"):
        fit(net, *samples(target=lambda r: 0.5), backend="native")
    assert len(fit(net, *samples(target=lambda r: 0.5), epochs=2).epochs) == 2


def test_a_class_as_an_index_of_a_loss_of_one_s_own():
    with pytest.raises(LoweringError, match="cannot be recorded"):
        fit(MLP(2, [3], seed=0), *samples(target=TARGETS["cross_entropy"]), loss=indexing, backend="native")


class Cubes(Optimizer):
    remembers = ("count",)

    def rule(self, rate, sqrt=math.sqrt):
        return lambda θ, g, count: (θ - rate * g * g * g / sqrt(count + 1.0), count + 0.0 * g + 1.0)


class Signs(Optimizer):
    def propose(self, rate, θ, g):
        return [p - rate * math.copysign(1.0, d) for p, d in zip(θ, g)], {}


class Truths(Optimizer):
    def rule(self, rate, sqrt=math.sqrt):
        return lambda θ, g: (θ - rate if g > 0 else θ + rate,)


class Counting(SGD):
    def step(self):
        super().step()
        self.count = getattr(self, "count", 0) + 1


def test_an_optimizer_of_one_s_own():
    assert_equal(both(*samples(), optimizer=lambda ps: Cubes(ps, 1e-4), batch_size=4, seed=0))


@pytest.mark.parametrize("kind", [Signs, Truths, Counting])
def test_an_optimizer_without_a_rule_for_arrays_is_used_eagerly(kind, monkeypatch):
    monkeypatch.setattr(training, "_pays", lambda seen, parameters: True)
    runs = []
    for backend in ("eager", "auto"):
        net = MLP(2, [3, 3], seed=0)
        fit(net, *samples(), optimizer=kind(net.parameters(), 0.01), epochs=2, batch_size=4, seed=0, backend=backend)
        runs.append(data(net))
    assert runs[0] == runs[1]
    with pytest.raises(LoweringError, match=f"{kind.__name__}.* arrays"):
        fit(net, *samples(), optimizer=kind(net.parameters(), 0.01), backend="native")


# --- which of them --------------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """A list that grows with every network that is compiled."""
    compiled, count = Compiled.__init__, []

    def counted(self, *arguments):
        compiled(self, *arguments)
        count.append(1)

    monkeypatch.setattr(Compiled, "__init__", counted)
    return count


def test_a_long_training_is_compiled_and_a_short_one_is_not(made):
    X, Y = samples()
    fit(MLP(2, [4, 3], seed=0), X, Y, epochs=20)
    assert made == []
    fit(MLP(2, [4, 3], seed=0), X, Y, epochs=500)
    assert made == [1]
    fit(MLP(2, [4, 3], seed=0), X, Y, epochs=500, backend="eager")
    with debug():  # wants to see every node
        fit(MLP(2, [4, 3], seed=0), X, Y, epochs=500, callbacks=[lambda *_: True])
    assert made == [1]


def test_without_llvmlite_it_trains_eagerly(monkeypatch, made):
    def missing():
        raise MissingDependency("native code needs llvmlite and NumPy")

    monkeypatch.setattr(training, "_pays", lambda seen, parameters: True)
    monkeypatch.setattr(machine, "llvm", missing)
    runs = []
    for backend in ("eager", "auto"):
        net = MLP(2, [4, 3], seed=0)
        fit(net, *samples(), epochs=2, backend=backend)
        runs.append(data(net))
    assert runs[0] == runs[1] and made == []
    with pytest.raises(MissingDependency, match="llvmlite"):
        fit(net, *samples(), backend="native")
    assert data(net) == runs[1]


def test_targets_of_several_shapes_and_foreign_parameters_are_not_compiled(made, monkeypatch):
    monkeypatch.setattr(training, "_pays", lambda seen, parameters: True)
    net = MLP(2, [1], seed=0)
    fit(net, [[0, 1], [1, 0]], [1, [0]], epochs=1)
    fit(net, [[0, 1], [1, 0]], [1, 0], optimizer=SGD([*net.parameters(), Value(1.0)]), epochs=1)
    assert made == []
    with pytest.raises(AutogradValueError, match="backend"):
        fit(net, [[0, 1]], [1], backend="gpu")


def test_accuracy_counts_the_first_of_equal_outputs():
    net = MLP(2, [3], "linear", initializer="zeros", bias=False)
    X, Y = samples(target=TARGETS["cross_entropy"])
    history = fit(net, X, Y, loss="cross_entropy", optimizer=SGD(net.parameters(), 0.0), epochs=1, backend="native")
    assert history.accuracy == [accuracy(net, X, Y)] == [Y.count(0) / len(Y)]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6), st.floats(1e-3, 1e3))
def test_a_shortened_vector(g, limit):
    length, shorter = shortened(g, limit)
    assert length == pytest.approx(math.hypot(*g)) and math.hypot(*shorter) <= limit * (1 + 1e-12)
    if length <= limit:
        assert shorter == g


@pytest.mark.parametrize("backend", ["eager", "native", "auto"])
def test_inside_no_grad_nothing_could_be_learned(backend):
    with no_grad(), pytest.raises(AutogradValueError, match=r"inside no_grad\(\)"):
        fit(MLP(2, [1], seed=0), [[0, 1], [1, 0]], [1, 0], backend=backend)


def test_an_activation_that_a_callback_exchanges_is_trained_on():
    X = [[i / 50 - 1] for i in range(40)]
    Y = [x[0] ** 2 for x in X]

    def exchange(epoch, net, history):
        if epoch == 10:
            for neuron in net.layers[0].neurons:
                neuron.sigma = ACTIVATIONS["relu"]

    losses = []
    for backend in ("eager", "native"):
        net = MLP(1, [4, 1], "tanh", "linear", seed=1)
        history = fit(net, X, Y, epochs=20, backend=backend, callbacks=[exchange], progress=False)
        losses.append(history.loss)
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)


def test_a_wrong_loss_is_found_in_any_unit():
    """y == 0 is False for a Value; with errors of 1e-14 an absolute tolerance would not see it."""
    X, Y = [[1e-7], [2e-7], [3e-7]], [0.0, 2e-7, 0.0]
    net = MLP(1, [1], "linear", bias=False, seed=1)
    with pytest.raises(LoweringError, match="row 0: the loss is another one"):
        fit(net, X, Y, loss=lambda o, y: 10 * (o - y) ** 2 if y == 0 else (o - y) ** 2, backend="native")


def test_a_classifier_of_hundreds_is_compiled_in_the_time_of_one_of_ten(made):
    """Its softmax has one kernel for all classes, not n² exponentials."""
    generator = random.Random(0)
    X = [[generator.gauss(0, 1) for _ in range(3)] for _ in range(150)]
    for classes in (10, 300):
        made.clear()
        Y = [generator.randrange(classes) for _ in X]
        net, start = MLP(3, [4, classes], "tanh", "linear", seed=0), time.process_time()
        fit(net, X, Y, loss="cross_entropy", epochs=30, batch_size=10)
        assert len(made) == 1 and time.process_time() - start < 10, classes
