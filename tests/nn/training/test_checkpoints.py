"""A training that is stopped and goes on ends with the bits of one that never stopped."""

import json
import os
import random

import pytest

from autograd import AutogradValueError
from nn import MLP, SGD, Adam, fit

X = [[random.Random(i).uniform(-1, 1), random.Random(-i - 1).uniform(-1, 1)] for i in range(24)]
Y = [int(a * b > 0) for a, b in X]


class Stop(Exception):
    pass


def run(path, epochs=12, stop=None, optimizer="adam", seed=5, every=3, **options):
    """The training, ended by an error in a callback after `stop` epochs; its network and history."""
    net = MLP(2, [4, 1], seed=1)
    chosen = (
        SGD(net.parameters(), 0.05, 0.9) if optimizer == "sgd" else Adam(net.parameters(), lambda t: 0.05 / (1 + t))
    )

    def stopping(count, net, history):
        if count == stop:
            raise Stop

    settings = {"validation": (X[:6], Y[:6]), "patience": 50, "batch_size": 5, **options}
    try:
        history = fit(net, X, Y, optimizer=chosen, epochs=epochs, seed=seed, checkpoint=path, checkpoint_every=every,
                      callbacks=[stopping], **settings)  # fmt: skip
    except Stop:
        return None
    return [p.data.hex() for p in net.parameters()], history.epochs, history.best_epoch, chosen.steps, chosen.memory


@pytest.mark.parametrize("backend", ["eager", "native"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("seed", [5, None])
def test_it_goes_on_as_if_it_had_never_stopped(tmp_path, backend, optimizer, seed):
    if backend == "native":
        pytest.importorskip("llvmlite")
    if seed is None:  # whatever the seed was, the shuffling goes on: the second leg is repeated from a copy
        run(tmp_path / "a", stop=8, optimizer=optimizer, backend=backend, seed=None)
        (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
        legs = [run(tmp_path / name, optimizer=optimizer, backend=backend, seed=None) for name in "ab"]
        assert legs[0] == legs[1]
        return
    whole = run(tmp_path / "whole", optimizer=optimizer, backend=backend)
    for stop in (1, 7, 11):
        path = tmp_path / str(stop)
        assert run(path, stop=stop, optimizer=optimizer, backend=backend) is None
        assert run(path, stop=10, optimizer=optimizer, backend=backend) in (None, whole)
        assert run(path, optimizer=optimizer, backend=backend) == whole
    assert run(tmp_path / "whole", optimizer=optimizer, backend=backend) == whole  # nothing is left to do


def test_more_epochs_go_on_from_the_end_and_patience_ends_where_it_had(tmp_path):
    run(tmp_path / "kept", epochs=7)
    assert run(tmp_path / "kept", epochs=12) == run(tmp_path / "whole", epochs=12)
    short = run(tmp_path / "short", epochs=500, patience=2)
    assert len(short[1]) < 500 and run(tmp_path / "short", epochs=500, patience=2) == short


def test_a_file_that_is_further_than_was_asked_for_is_said_to_be(tmp_path):
    longer = run(tmp_path / "kept", epochs=9)
    with pytest.warns(UserWarning, match="holds 9 epochs, and 4 in all were asked for: nothing is trained"):
        assert run(tmp_path / "kept", epochs=4) == longer


def test_a_function_of_one_s_own_is_not_ours_of_that_name(tmp_path):
    def tanh(u):
        return u.sigmoid()

    X, Y = [[0.0], [1.0]], [0.5, 0.25]
    fit(MLP(1, [2, 1], seed=0), X, Y, epochs=1, checkpoint=tmp_path / "kept")
    for net, words in (
        (MLP(1, [2, 1], tanh, seed=0), r"1-2-1 \(tanh, tanh\), and is 1-2-1 \(tanh \(your own\), tanh \(your own\)\)"),
        (MLP(1, [3, 1], bias=False, seed=0), r"is 1-3-1 \(tanh without bias, tanh without bias\) now"),
    ):
        with pytest.raises(AutogradValueError, match=words):
            fit(net, X, Y, epochs=2, checkpoint=tmp_path / "kept")


def test_it_is_written_every_so_often_at_the_best_and_at_the_end(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr("nn.training.checkpoints.write", lambda path, text: written.append(json.loads(text)["state"]))
    _, epochs, best, *_ = run(tmp_path / "kept", epochs=11, every=4)
    losses = [e.validation_loss for e in epochs]
    better = {n + 1 for n in range(11) if losses[n] < min(losses[:n], default=float("inf"))}
    assert [len(state["history"]) for state in written] == sorted(better | {4, 8, 11}) and best in better


@pytest.mark.parametrize("change, message", [
    ({"optimizer": "sgd"}, "optimizer was 'Adam', and is 'SGD' now"), ({"batch_size": 6}, "batch_size was 5"),
    ({"reduction": "mean"}, "reduction"), ({"validation": (X[:5], Y[:5])}, "the samples, their targets"),
    ({"sample_weight": [2.0] * 24}, "the samples, their targets"), ({"loss": "half_squared_error"}, "loss was"),
])  # fmt: skip
def test_another_training_is_refused_and_nothing_changes(tmp_path, change, message):
    run(tmp_path / "kept")
    before = (tmp_path / "kept").read_bytes()
    with pytest.raises(AutogradValueError, match="the checkpoint of another training") as caught:
        run(tmp_path / "kept", **change)
    assert message in str(caught.value) and (tmp_path / "kept").read_bytes() == before


def test_what_is_no_checkpoint_is_said(tmp_path):
    path = tmp_path / "kept"
    run(path)
    good = json.loads(path.read_text())

    def refused(content, message):
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        with pytest.raises(AutogradValueError, match=message):
            run(path)

    refused("{", "not a checkpoint: it is not JSON")
    refused({**good, "version": 2}, "its version is 2")
    refused({**good, "format": "deltagrad network"}, "does not say")
    refused({**good, "training": None}, "another training")
    for key in good["state"]:
        refused({**good, "state": {k: v for k, v in good["state"].items() if k != key}}, "incomplete or damaged")
        refused({**good, "state": {**good["state"], key: [True]}}, "incomplete or damaged")
    with pytest.raises(AutogradValueError, match="checkpoint_every"):
        run(tmp_path / "new", every=0)
    assert os.listdir(tmp_path) == ["kept"]
