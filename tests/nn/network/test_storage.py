"""Saving: the same bits come back, bad files are named, and nothing is half written."""

import json
import math
import os
import random
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.tools.files
from autograd import AutogradValueError, Value, tanh
from autograd.tools.files import write
from nn import ACTIVATIONS, MLP, Layer
from nn.network.storage import save

finite = st.floats(allow_nan=False, allow_infinity=False)
NAMES = sorted(ACTIVATIONS)


def data(net):
    return [p.data for p in net.parameters()]


@given(
    st.integers(1, 3), st.lists(st.integers(1, 3), min_size=1, max_size=3), st.sampled_from(NAMES),
    st.sampled_from(NAMES), st.booleans(), st.data(),
)  # fmt: skip
def test_what_is_loaded_is_what_was_saved_to_the_last_bit(tmp_path_factory, nin, nouts, hidden, output, bias, draw):
    net = MLP(nin, nouts, hidden, output, bias, seed=0)
    for p in net.parameters():
        p.data = draw.draw(finite)  # subnormals, −0.0 and the largest double among them
    path = tmp_path_factory.getbasetemp() / "round_trip.json"
    net.save(path)
    again = MLP.load(path)
    assert list(map(float.hex, data(again))) == list(map(float.hex, data(net)))
    assert repr(again) == repr(net) and again.output_activation == output
    assert [n for n, _ in again.named_parameters()] == [n for n, _ in net.named_parameters()]


def test_a_loaded_network_computes_the_same_and_can_be_trained(tmp_path):
    net = MLP(3, [5, 2], "gelu", "sigmoid", seed=4)
    net.save(tmp_path / "net.json")
    again = MLP.load(tmp_path / "net.json")
    x = [0.1, -2.0, 3.0]
    assert [o.data for o in again(x)] == [o.data for o in net(x)]
    again(x)[0].backward()
    assert any(p.grad for p in again.parameters())


def test_saving_twice_gives_the_same_file_and_a_person_can_read_it(tmp_path):
    net = MLP(2, [2, 1], seed=0)
    net.save(tmp_path / "a.json")
    MLP.load(tmp_path / "a.json").save(tmp_path / "b.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.json").read_text(encoding="utf-8")
    first = net.layers[0].neurons[0].theta[0].data
    assert f'\n  "θ⁽¹⁾₁₁": {first!r},\n' in text and text.endswith("}\n")


def test_notes_are_kept_and_left_alone(tmp_path):
    net = MLP(1, [1], seed=0)
    net.save(tmp_path / "net.json", notes={"mean": [0.5], "of": "σ"})
    assert json.loads((tmp_path / "net.json").read_text(encoding="utf-8"))["notes"] == {"mean": [0.5], "of": "σ"}
    assert data(MLP.load(tmp_path / "net.json")) == data(net)


def test_labels_given_for_pictures_do_not_matter(tmp_path):
    net = MLP(2, [2], seed=0)
    for p in net.parameters():
        p.label = "w"
    net.save(tmp_path / "net.json")
    assert data(MLP.load(tmp_path / "net.json")) == data(net)


def test_an_activation_given_as_the_function_of_the_table_has_a_name(tmp_path):
    MLP(1, [2, 1], tanh, seed=0).save(tmp_path / "net.json")
    assert MLP.load(tmp_path / "net.json").activation == "tanh"


# --- what cannot be saved -----------------------------------------------------------------------


def bent(u):
    return u * u


def with_another_layer(net):
    net.layers[0] = Layer(3, 2, seed=0)


def with_another_sigma(net):
    net.layers[0].neurons[1].sigma = bent


def without_a_bias(net):
    net.layers[1].neurons[0].bias = None


def with_a_nan(net):
    net.layers[0].neurons[0].theta[1].data = math.nan


@pytest.mark.parametrize("change, message", [
    (with_another_layer, "was changed after it was made"),
    (with_another_sigma, "was changed after it was made"),
    (without_a_bias, "was changed after it was made"),
    (with_a_nan, "θ⁽¹⁾₁₂ is nan"),
])  # fmt: skip
def test_what_a_file_could_not_give_back_is_refused_and_the_old_file_stays(tmp_path, change, message):
    path = tmp_path / "net.json"
    path.write_text("old")
    net = MLP(2, [2, 1], seed=0)
    change(net)
    with pytest.raises(AutogradValueError, match=message):
        net.save(path)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["net.json"]


def test_an_activation_of_ones_own_is_named(tmp_path):
    for net in (MLP(1, [2, 1], bent, "tanh"), MLP(1, [2, 1], "tanh", bent)):
        with pytest.raises(AutogradValueError, match="'bent' is a function of yours"):
            net.save(tmp_path / "net.json")
    assert os.listdir(tmp_path) == []


# --- writing whole files ------------------------------------------------------------------------


@pytest.mark.parametrize("fails", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, fails, error):
    def broken(*_):
        raise error("disk full")

    path = tmp_path / "net.json"
    MLP(1, [1], seed=0).save(path)
    old = path.read_bytes()
    monkeypatch.setattr(autograd.tools.files.os, fails, broken)
    with pytest.raises(error):
        MLP(1, [1], seed=1).save(path)
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["net.json"]


def test_the_file_is_complete_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    done = []
    real = os.fsync, os.replace
    monkeypatch.setattr(autograd.tools.files.os, "fsync", lambda fd: (done.append("fsync"), real[0](fd)))
    monkeypatch.setattr(autograd.tools.files.os, "replace", lambda a, b: (done.append("replace"), real[1](a, b)))
    save(MLP(1, [1], seed=0), tmp_path / "net.json")
    assert done == ["fsync", "replace"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")
def test_a_link_stays_a_link_and_permissions_are_ordinary(tmp_path):
    write(tmp_path / "real.txt", "1")
    os.symlink(tmp_path / "real.txt", tmp_path / "link.txt")
    write(tmp_path / "link.txt", "2")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real.txt").read_text() == "2"
    (tmp_path / "plain").write_text("")
    assert stat.S_IMODE(os.stat(tmp_path / "real.txt").st_mode) == stat.S_IMODE(os.stat(tmp_path / "plain").st_mode)


def test_a_folder_that_is_not_there_and_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        MLP(1, [1]).save(tmp_path / "nowhere" / "net.json")
    with pytest.raises(FileNotFoundError):
        MLP.load(tmp_path / "net.json")


# --- reading bad files --------------------------------------------------------------------------


def good():
    return {
        "format": "deltagrad network",
        "version": 1,
        "architecture": {
            "nin": 1, "nouts": [1, 1], "activation": "tanh", "output_activation": "linear", "bias": True,
        },
        "parameters": {"θ⁽¹⁾₁₁": 0.5, "b⁽¹⁾₁": 1, "θ⁽²⁾₁₁": -1.0, "b⁽²⁾₁": 0.0},
    }  # fmt: skip


def refusal(path, raw):
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    with pytest.raises(AutogradValueError) as caught:
        MLP.load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    return text


def test_the_good_file_of_these_tests_is_good(tmp_path):
    (tmp_path / "net.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(good()).encode())  # some editors add a mark
    assert data(MLP.load(tmp_path / "net.json")) == [0.5, 1.0, -1.0, 0.0]


@pytest.mark.parametrize("keys, value, message", [
    (["format"], "keras", "does not say"), (["format"], None, "does not say"),
    (["version"], 3, "version is 3"), (["version"], 1.0, "version is 1.0"), (["version"], True, "version is True"),
    (["version"], None, "version is None"),
    (["architecture"], None, "architecture"), (["architecture"], [1], "architecture"),
    (["parameters"], None, "parameters"), (["parameters"], [0.5, 1, -1, 0], "parameters"),
    (["architecture", "nin"], None, "nin is missing"), (["architecture", "nin"], 0, "nin"),
    (["architecture", "nin"], True, "nin"), (["architecture", "nin"], 1.0, "nin"),
    (["architecture", "nouts"], [], "nouts"), (["architecture", "nouts"], 1, "nouts"),
    (["architecture", "nouts"], [1, "1"], "nouts"), (["architecture", "depth"], 2, "depth does not belong"),
    (["architecture", "bias"], 1, "bias"), (["architecture", "activation"], "swish", "'swish' is no activation"),
    (["architecture", "output_activation"], ["tanh"], "no activation"),
    (["architecture", "nouts"], [10**12, 1], "θ⁽¹⁾₂₁ is missing"),  # said at once: nothing is built
    (["architecture", "nin"], 10**400, "θ⁽¹⁾₁₂ is missing"),
    (["parameters", "b⁽²⁾₁"], None, "b⁽²⁾₁ is missing"), (["parameters", "θ⁽³⁾₁₁"], 1.0, "θ⁽³⁾₁₁ does not belong"),
    (["parameters", "b⁽¹⁾₁"], "1.0", "b⁽¹⁾₁ must be a number"), (["parameters", "b⁽¹⁾₁"], True, "b⁽¹⁾₁ must be a"),
    (["parameters", "b⁽¹⁾₁"], [1.0], "b⁽¹⁾₁ must be a number"),
    (["parameters", "b⁽¹⁾₁"], 10**310, "b⁽¹⁾₁ is too large"),
    (["parameters", "b⁽¹⁾₁"], math.nan, "NaN"), (["parameters", "b⁽¹⁾₁"], -math.inf, "-Infinity"),
])  # fmt: skip
def test_every_wrong_entry_is_named(tmp_path, keys, value, message):
    content = good()
    entry = content
    for key in keys[:-1]:
        entry = entry[key]
    if value is None:
        del entry[keys[-1]]
    else:
        entry[keys[-1]] = value
    assert message in refusal(tmp_path / "net.json", json.dumps(content))


@pytest.mark.parametrize("raw, message", [
    (b"", "not JSON (line 1, column 1)"), (b"{\n 'a'", "not JSON (line 2, column 2)"), (b"\xff\xfe{}", "not UTF-8"),
    (b"[]", "does not say"), (b"3", "does not say"), (b"[" * 100_000, "depth"),
    (b'{"format": 1, "format": 2}', "format is there twice"), (b"9" * 10_000, "sensible size"),
    (json.dumps(good()).replace("-1.0", "1e999"), "θ⁽²⁾₁₁ is too large for a double"),
])  # fmt: skip
def test_what_is_no_such_file_at_all(tmp_path, raw, message):
    assert message in refusal(tmp_path / "net.json", raw)


def test_every_truncation_and_many_garblings_are_refused_or_harmless(tmp_path):
    raw = json.dumps(good(), ensure_ascii=False).encode()
    for end in range(len(raw)):
        refusal(tmp_path / "net.json", raw[:end])
    generator = random.Random(0)
    for _ in range(300):
        garbled = bytearray(raw)
        garbled[generator.randrange(len(raw))] = generator.randrange(256)
        (tmp_path / "net.json").write_bytes(garbled)
        try:
            net = MLP.load(tmp_path / "net.json")
        except AutogradValueError:
            continue
        assert all(isinstance(p, Value) and math.isfinite(p.data) for p in net.parameters())
