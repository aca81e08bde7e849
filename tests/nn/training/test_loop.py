"""Training: the lecture's loop, and whatever may disturb it."""

import builtins
import contextlib
import io
import math
import random
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import AutogradError, AutogradTypeError, AutogradValueError, Value
from nn import MLP, SGD, Adam, Layer, Neuron, Watch, accuracy, cross_entropy, fit, predict, squared_error
from nn.training.progress import Bar

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]


def samples(n, seed=0, nin=2):
    generator = random.Random(seed)
    X = [[generator.uniform(-1, 1) for _ in range(nin)] for _ in range(n)]
    return X, [generator.choice([-1, 1]) for _ in range(n)]


def net_of(seed=0):
    return MLP(2, [3, 1], seed=seed)


def data(net):
    return [p.data for p in net.parameters()]


def err_by_hand(net, X, Y):
    total = 0.0
    for x, y in zip(X, Y):  # not sum(): from Python 3.12 on it rounds once, at the end
        total += squared_error(net(x), y).data
    return total


# --- what a step is -----------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(0, 100))
def test_one_epoch_on_all_samples_is_one_step_down_the_gradient_of_their_sum(n, seed):
    X, Y = samples(n, seed)
    net, twin = net_of(seed), net_of(seed)
    history = fit(net, X, Y, optimizer=SGD(net.parameters(), 0.05), epochs=1)
    for x, y in zip(X, Y):
        squared_error(twin(x), y).backward()
    assert history.loss == [err_by_hand(twin, X, Y) / n]
    assert data(net) == [p.data - 0.05 * p.grad for p in twin.parameters()]


@pytest.mark.parametrize("batch_size", [None, 2, 3])
def test_the_mean_is_the_sum_at_a_rate_divided_by_the_samples(batch_size):
    X, Y = samples(6)
    a, b = net_of(), net_of()
    size = batch_size or 6
    fit(a, X, Y, optimizer=SGD(a.parameters(), 0.6), epochs=5, batch_size=batch_size, reduction="mean", seed=1)
    fit(b, X, Y, optimizer=SGD(b.parameters(), 0.6 / size), epochs=5, batch_size=batch_size, reduction="sum", seed=1)
    assert data(a) == pytest.approx(data(b), rel=1e-12)
    assert data(a) != data(net_of())


def test_the_mean_of_a_short_last_batch_is_over_its_own_samples():
    X, Y = samples(3)
    gradients = []

    class Recorder(SGD):
        def propose(self, rate, theta, g):
            gradients.append(g)
            return theta, {}  # stay

    net = net_of()
    fit(net, X, Y, optimizer=Recorder(net.parameters()), epochs=1, batch_size=2, reduction="mean", seed=0)
    alone = []
    for x, y in zip(X, Y):
        net.zero_grad()
        squared_error(net(x), y).backward()
        alone.append([p.grad for p in net.parameters()])
    assert len(gradients) == 2 and any(gradients[1] == pytest.approx(g, rel=1e-15) for g in alone)


def test_every_sample_is_seen_once_in_every_epoch_in_an_order_from_the_seed():
    X, Y = [[float(i), 0.0] for i in range(7)], [0.0] * 7
    orders = []

    def recorded(seed):
        seen = []
        net = net_of()

        def loss(outputs, y):
            if net.layers[0].neurons[0].u.parents:  # measured under no_grad, before training, too
                seen.append(net.layers[0].neurons[0].u.parents[3].data)
            return squared_error(outputs, y)

        fit(net, X, Y, loss=loss, epochs=3, batch_size=2, seed=seed)
        return seen

    for seed in (0, 0, 1):
        seen = recorded(seed)
        assert [sorted(seen[i : i + 7]) for i in (0, 7, 14)] == [[float(i) for i in range(7)]] * 3
        orders.append(seen)
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][:7] != orders[0][7:14]


def test_the_same_seed_gives_the_same_bits_and_the_global_generator_is_left_alone():
    X, Y = samples(10)
    state = random.getstate()
    runs = []
    for seed in (3, 3, 4):
        net = net_of()
        fit(net, X, Y, epochs=3, batch_size=3, seed=seed)
        runs.append(data(net))
    assert runs[0] == runs[1] != runs[2]
    assert random.getstate() == state


def test_it_learns_xor_with_every_optimizer():
    for optimizer in ("adam", "sgd"):
        net = MLP(2, [4, 1], seed=0)
        history = fit(net, *XOR, optimizer=optimizer, epochs=400)
        assert history.loss[-1] < 0.05 and predict(net, XOR[0]) == [0, 1, 1, 0]


def test_neurons_and_layers_can_be_trained_too():
    X = [[-1.0], [0.0], [1.0]]
    neuron = Neuron(1, "linear", seed=0)
    fit(neuron, X, [-1.0, 1.0, 3.0], optimizer=SGD(neuron.parameters(), 0.1), epochs=100)
    assert [p.data for p in neuron.parameters()] == pytest.approx([2.0, 1.0], abs=1e-6)
    layer = Layer(1, 2, "linear", seed=0)
    fit(layer, X, [[x, -x] for (x,) in X], optimizer=SGD(layer.parameters(), 0.1), epochs=100)
    assert [p.data for p in layer.parameters()] == pytest.approx([1, 0, -1, 0], abs=1e-6)


def test_parameters_that_the_optimizer_does_not_have_stay_frozen():
    net = net_of()
    frozen, trained = net.layers[0].parameters(), net.layers[1].parameters()
    before = [p.data for p in frozen], [p.data for p in trained]
    fit(net, *XOR, optimizer=SGD(trained, 0.1), epochs=3)
    assert [p.data for p in frozen] == before[0] and [p.data for p in trained] != before[1]


def test_clipping_bounds_every_step():
    net = net_of()
    before = data(net)
    fit(net, *XOR, optimizer=SGD(net.parameters(), 1.0), epochs=1, clip_norm=1e-3)
    assert math.dist(before, data(net)) == pytest.approx(1e-3)


def test_no_epochs_change_nothing():
    net = net_of()
    before = data(net)
    assert fit(net, *XOR, epochs=0).epochs == [] and data(net) == before


# --- what the history says ----------------------------------------------------------------------


def test_validation_is_measured_after_the_epoch_and_never_trained_on():
    X, Y = samples(6)
    checks = samples(4, seed=9)
    a, b = net_of(), net_of()
    history = fit(a, X, Y, epochs=3, validation=checks)
    assert fit(b, X, Y, epochs=3).loss == history.loss and data(a) == data(b)
    assert history.validation_loss[-1] == pytest.approx(err_by_hand(a, *checks) / 4, rel=1e-15)
    assert len(history.validation_loss) == 3


def test_accuracy_of_classifiers():
    X, Y = samples(8)
    classes = [max(y, 0) for y in Y]
    net = MLP(2, [2], "linear", seed=0)
    history = fit(net, X, classes, loss="cross_entropy", epochs=2, validation=(X, classes))
    assert history.validation_accuracy[-1] == accuracy(net, X, classes)
    assert len(history.accuracy) == 2
    one_hot = [[1, 0] if c == 0 else [0, 1] for c in classes]
    assert accuracy(net, X, one_hot) == accuracy(net, X, classes)
    twin = MLP(2, [2], "linear", seed=0)
    assert fit(twin, X, one_hot, epochs=1).accuracy == history.accuracy[:1]
    assert fit(twin, X, [[0.5, 0.5]] * 8, epochs=1).accuracy == []  # shares, no classes: a regression
    logit = MLP(2, [1], "linear", seed=0)
    assert len(fit(logit, X, classes, loss="binary_cross_entropy", epochs=1).accuracy) == 1
    assert len(fit(logit, X, Y, loss="hinge", epochs=1).accuracy) == 1
    assert accuracy(logit, X, Y) == accuracy(logit, X, classes)


def test_predict_and_accuracy_against_definitions():
    net = MLP(1, [1], "sigmoid", initializer=lambda g, i, o: 1.0, bias=False)
    assert predict(net, [[-1.0], [1.0]], threshold=0.0) == [1, 1]  # a sigmoid is always above 0
    assert predict(net, [[-1.0], [1.0]]) == [0, 1]
    assert accuracy(net, [[-1.0], [1.0]], [0, 1]) == accuracy(net, [[-1.0], [1.0]], [-1, 1]) == 1.0
    with pytest.raises(AutogradValueError):
        accuracy(net, [], [])
    with pytest.raises(AutogradValueError):
        accuracy(net, [[1.0]], [0, 1])


def test_a_history_prints():
    net = MLP(2, [2], "linear", seed=0)
    text = str(fit(net, XOR[0], [0, 1, 1, 0], loss="cross_entropy", epochs=2, validation=(XOR[0], [0, 1, 1, 0])))
    assert text.startswith("2 epochs in 0.") and "validation" in text and "accuracy" in text and "%" in text
    assert "accuracy" in str(fit(net_of(), *XOR, epochs=1))
    assert "accuracy" not in str(fit(net_of(), XOR[0], [0.0, 0.5, 0.25, 1.0], epochs=1))
    assert str(fit(net_of(), *XOR, epochs=0)) == "0 epochs in 0.0 s"


# --- ending early ---------------------------------------------------------------------------------


def test_patience_restores_the_best_epoch():
    X, Y = samples(12)
    checks = samples(12, seed=5)  # noise: nothing that is learned here holds there
    states = []
    net = MLP(2, [8, 1], seed=0)
    history = fit(
        net, X, Y, epochs=300, optimizer=Adam(net.parameters(), 0.05), validation=checks, patience=7,
        callbacks=[lambda epoch, net, history: states.append(data(net))],
    )  # fmt: skip
    best = min(range(len(states)), key=history.validation_loss.__getitem__)
    assert history.stopped == "patience" and history.best_epoch == best + 1
    assert len(states) == best + 1 + 7 < 300
    assert data(net) == states[best]


def test_patience_without_validation_watches_the_training_samples_themselves():
    net = net_of()
    history = fit(net, *XOR, epochs=2000, optimizer=SGD(net.parameters(), 1.0), patience=5)
    assert history.stopped == "patience"
    assert err_by_hand(net, *XOR) / 4 == pytest.approx(min(history.validation_loss), rel=1e-12)


def test_patience_that_is_never_exhausted_keeps_the_best_as_well():
    net = net_of()
    history = fit(net, *XOR, epochs=40, optimizer=SGD(net.parameters(), 1.0), patience=100)
    assert history.stopped == "" and history.best_epoch < 40  # this rate is too high: the error jumps
    assert err_by_hand(net, *XOR) / 4 == pytest.approx(min(history.validation_loss), rel=1e-12)


def test_a_callback_stops_it_and_all_callbacks_are_called():
    calls = []
    history = fit(
        net_of(), *XOR, epochs=10,
        callbacks=[lambda epoch, net, h: epoch == 3, lambda epoch, net, h: calls.append((epoch, len(h.epochs)))],
    )  # fmt: skip
    assert history.stopped == "callback" and calls == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("callbacks", [print, [Watch], [None], "abc"])
def test_what_is_no_callback_is_refused_before_anything_changes(callbacks):
    net = net_of()
    before = data(net)
    with pytest.raises(AutogradTypeError, match="callback"):
        fit(net, *XOR, epochs=1, callbacks=callbacks)
    assert data(net) == before


def test_what_a_callback_raises_passes_through():
    def fails(epoch, net, history):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fit(net_of(), *XOR, callbacks=[fails])


@contextlib.contextmanager
def ctrl_c(countdown):
    """KeyboardInterrupt at the countdown-th line that is executed inside nn; yields whether it came."""
    left, came = countdown, []

    def trace(frame, event, argument):
        nonlocal left
        if not frame.f_globals.get("__name__", "").startswith("nn."):
            return None
        if event == "line" and not came:
            left -= 1
            if left == 0:
                came.append(True)
                raise KeyboardInterrupt
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        yield came
    finally:
        sys.settrace(previous)


@pytest.mark.parametrize("patience", [None, 100])
@pytest.mark.parametrize("kind", [SGD, Adam])
@settings(max_examples=150)
@given(countdown=st.integers(1, 4600))  # the training runs through 4462 lines, more with patience and Adam
def test_ctrl_c_at_any_line_leaves_the_parameters_of_a_completed_step(kind, patience, countdown):
    states = []

    class Recording(kind):
        def step(self):
            super().step()
            states.append([p.data for p in self.parameters])

    def trained(optimizer, net):
        return fit(net, *samples(5), optimizer=optimizer, epochs=3, batch_size=2, seed=0, patience=patience)

    net = net_of()
    states.append(data(net))
    whole = trained(Recording(net.parameters(), 0.05), net)

    net = net_of()
    optimizer = kind(net.parameters(), 0.05)
    with ctrl_c(countdown) as came:
        try:
            history = trained(optimizer, net)
        except KeyboardInterrupt:  # before the training, or after it
            history = None
    if history is None:
        assert data(net) in (states[0], states[-1])
    elif not came:
        assert history.epochs == whole.epochs
    else:
        assert history.interrupted or history.stopped == ""  # or it came after the end
        assert history.epochs == whole.epochs[: len(history.epochs)]
        assert data(net) in states
        if patience is None and history.interrupted:
            assert data(net) == states[optimizer.steps]
            assert all(p.grad == 0.0 for p in net.parameters())


def test_an_interrupted_training_can_go_on():
    def stop(epoch, net, history):
        raise KeyboardInterrupt

    net = net_of()
    optimizer = Adam(net.parameters(), 0.05)
    history = fit(net, *XOR, optimizer=optimizer, epochs=5, callbacks=[stop])
    assert history.interrupted and len(history.epochs) == 1 and "interrupted" in str(history)
    fit(net, *XOR, optimizer=optimizer, epochs=4)
    twin = net_of()
    fit(twin, *XOR, optimizer=Adam(twin.parameters(), 0.05), epochs=5)
    assert data(net) == data(twin)


def test_interruption_gives_the_best_epoch_where_there_is_patience():
    def stop(epoch, net, history):
        if epoch == 30:
            raise KeyboardInterrupt

    net = net_of()
    history = fit(net, *XOR, epochs=50, optimizer=SGD(net.parameters(), 1.0), patience=100, callbacks=[stop])
    assert history.interrupted and history.best_epoch < 30
    assert err_by_hand(net, *XOR) / 4 == pytest.approx(min(history.validation_loss), rel=1e-12)


def test_a_diverging_training_says_so_and_keeps_finite_parameters():
    net = MLP(2, [3, 1], "linear", seed=0)
    with pytest.raises(AutogradValueError, match="lower the learning rate"):
        fit(net, [[1e3, 1e3]] * 4, [1, -1, 1, -1], optimizer=SGD(net.parameters(), 1.0), epochs=1000)
    assert all(map(math.isfinite, data(net)))


# --- what is given wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("X, Y, message", [
    ([[1, 2]], [1, 2], "X has 1 row, and Y 2"),
    ([], [], "X is empty"),
    ([[1, 2], [1, 2, 3]], [1, 1], "row 1.*has 2 inputs, and was given 3"),
    ([[1, 2], [1, math.nan]], [1, 1], r"X\[1\]\[1\] is nan"),
    ([[1, 2], [math.inf, 2]], [1, 1], r"X\[1\]\[0\] is inf"),
    ([[1, 2], [1, 2]], [1, math.nan], r"Y\[1\] is nan"),
    ([[1, 2], [1, 2]], [1, [1, -math.inf]], r"Y\[1\]\[1\] is -inf"),
    ([[1, 2], [1, 2]], [1, [1, 2]], "row 1.*1 output, and 2 targets"),
    ([1, 2], [1, 2], r"X\[0\] is 1, and must be a list of numbers"),
    ([[1, 2], "ab"], [1, 2], r"X\[1\] is 'ab'"),
    ([[1, "2"]], [1], r"X\[0\]\[1\].*text"),
    ([[1, 2]], ["setosa"], r"Y\[0\] is the text 'setosa': number the classes"),
    ([[1, 2]], [None], r"Y\[0\]"),
])  # fmt: skip
def test_samples_that_do_not_fit(X, Y, message):
    net = net_of()
    before = data(net)
    with pytest.raises(AutogradError, match=message):
        fit(net, X, Y)
    if len(X) == len(Y) > 0:
        with pytest.raises(AutogradError, match="validation .*" + message.partition("row 1")[2]):
            fit(net, [[1, 2]], [1], validation=(X, Y))
    assert data(net) == before


def test_a_class_that_does_not_exist_is_named_by_row_before_anything_changes():
    net = MLP(2, [2], "linear", seed=0)
    before = data(net)
    with pytest.raises(AutogradValueError, match=r"row 3.*not the index of a class"):
        fit(net, XOR[0], [0, 1, 1, 2], loss="cross_entropy", batch_size=1)
    assert data(net) == before


@pytest.mark.parametrize("settings, error", [
    ({"loss": "nonsense"}, AutogradValueError), ({"optimizer": "nonsense"}, AutogradValueError),
    ({"optimizer": SGD([Value(1.0)])}, AutogradValueError), ({"epochs": -1}, AutogradValueError),
    ({"epochs": 1.5}, AutogradValueError), ({"batch_size": 0}, AutogradValueError),
    ({"reduction": "median"}, AutogradValueError), ({"patience": 0}, AutogradValueError),
    ({"clip_norm": 0.0}, AutogradValueError), ({"validation": ([[1, 2]], [1], 3)}, AutogradTypeError),
    ({"validation": 0.3}, AutogradTypeError),
])  # fmt: skip
def test_settings_that_make_no_sense(settings, error):
    net = net_of()
    before = data(net)
    with pytest.raises(error):
        fit(net, *XOR, **settings)
    assert data(net) == before


def test_arrays_and_whole_floats_and_one_shot_iterators_will_do():
    numpy = pytest.importorskip("numpy")
    X, classes = [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    runs = []
    for given_x, given_y in ((X, classes), (numpy.array(X), numpy.array(classes)), (iter(X), iter([0.0, 1.0]))):
        net = MLP(2, [2], "linear", seed=0)
        fit(net, given_x, given_y, loss=cross_entropy, epochs=3)
        runs.append(data(net))
    assert runs[0] == runs[1] == runs[2]
    net = net_of()
    fit(net, numpy.array(X), numpy.array([[1.0], [0.0]]), epochs=1)
    assert data(net) != data(net_of())


# --- the progress bar -------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_shows_on_a_terminal_only(monkeypatch):
    pytest.importorskip("tqdm")
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        fit(net_of(), *XOR, epochs=3)
        assert ("3/3" in stream.getvalue()) is shown
    fit(net_of(), *XOR, epochs=3, progress=True)
    assert "error=" in stream.getvalue()
    monkeypatch.setattr(sys, "stderr", Terminal())
    fit(net_of(), *XOR, epochs=3, progress=False)
    assert sys.stderr.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)  # a program without a console
    assert len(fit(net_of(), *XOR, epochs=3).epochs) == 3


def test_the_bar_shows_in_a_notebook_whose_streams_are_no_terminals(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    notebook, console = SimpleNamespace(kernel=object(), config={}), SimpleNamespace(config={})
    for shell, shown in ((notebook, True), (console, False), (None, False)):
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell))
        with Bar(3) as bar:
            assert (bar.bar is not None) is shown


def test_without_tqdm_training_goes_on_without_a_bar(monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **keywords):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    with Bar(3, progress=True) as bar:
        assert bar.bar is None
    assert len(fit(net_of(), *XOR, epochs=3, progress=True).epochs) == 3
