"""The main job: python -m nn, as its users meet it."""

import builtins
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autograd import AutogradValueError
from nn import MLP, ForwardPass, Model, accuracy
from nn import __main__ as job
from nn.training.datasets import IRIS, Column, Scale

ROOT = Path(__file__).resolve().parents[2]
FEW_ROWS = ["--hold-out", "0.1"]  # to certify: they take most of the time
QUICK = ["--epochs", "3", *FEW_ROWS]


def environment(**variables):
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def test_without_arguments_it_learns_certifies_draws_and_writes(tmp_path):
    began = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "nn"], cwd=tmp_path, env=environment(PYTHONIOENCODING="utf-8"), capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert sum(os.times()[2:4]) - sum(began[2:4]) < 20  # processor seconds of the child, whatever else runs here
    assert (done.returncode, done.stderr) == (0, "")  # no terminal: no progress bar
    assert "MLP(4-8-3, tanh" in done.stdout and "105" not in done.stdout and "45 rows held out" in done.stdout
    percent = float(done.stdout.partition("held-out accuracy ")[2].partition(" %")[0])
    assert percent >= 88
    assert "δ engine" in done.stdout and "the engine agrees on all 45 held-out rows" in done.stdout
    folder = tmp_path / "deltagrad-output"
    files = ["curve.svg", "network.json", "network.svg", "neuron.svg"]
    assert sorted(os.listdir(folder)) == files and all(f"\n  {file}" in done.stdout for file in files)
    for file in files:
        if file.endswith(".svg"):
            assert ElementTree.parse(folder / file).getroot().tag.endswith("svg")
    assert "δ" in (folder / "network.svg").read_text(encoding="utf-8")


def test_the_recipe_keeps_its_promise_on_a_few_seeds():
    """All 20 seeds: python tests/benchmarks/iris.py."""
    accuracies = []
    for seed in range(3):
        options = job.parse(["--seed", str(seed)])
        task = job.prepare(options)
        job.train(task, options)
        accuracies.append(accuracy(task.model.network, *task.rows(task.held_out)))
    assert statistics.median(accuracies) >= 0.93 and min(accuracies) >= 0.88


def test_standardising_and_training_know_nothing_of_the_rows_held_out():
    options = job.parse([])
    task = job.prepare(options)
    for column in zip(*[task.X[i] for i in task.train]):
        assert statistics.fmean(column) == pytest.approx(0, abs=1e-12)
        assert statistics.pstdev(column) == pytest.approx(1)
    assert not set(task.train) & set(task.held_out)


@pytest.fixture
def run(tmp_path, capsys):
    """The job in this process: exit code, what it printed, its folder."""

    def running(*arguments, folder="out"):
        code = job.main([*arguments, "--output", str(tmp_path / folder)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err, tmp_path / folder

    return running


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """The folder of one run on the irises."""
    folder = tmp_path_factory.mktemp("learned")
    assert job.main([*FEW_ROWS, "--output", str(folder)]) == 0
    return folder


def test_the_same_seed_writes_the_same_bytes(run):
    folders = [run(*QUICK, "--seed", seed, folder=folder)[3] for seed, folder in (("1", "a"), ("1", "b"), ("2", "c"))]
    for file in os.listdir(folders[0]):
        first, second, other = [(folder / file).read_bytes() for folder in folders]
        assert first == second != other


def test_what_is_written_is_usable_on_the_table_as_it_is(learned):
    model = Model.load(learned / "network.json")
    rows = [line.split(",") for line in IRIS.read_text().splitlines()[1:]]
    found = model.predict([[float(c) for c in cells] for *cells, _ in rows])
    assert sum(name == species for name, (*_, species) in zip(found, rows)) / 150 > 0.95
    assert model.columns[0].name == "sepal_length" and model.target == "species"
    with pytest.raises(AutogradValueError, match=r"Model\.load"):
        MLP.load(learned / "network.json")


def table(tmp_path, rows, header="a,b,y"):
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def line_of_numbers(tmp_path):
    return table(tmp_path, [f"{i},{i % 7},{0.5 * i - 3 + (i % 7)}" for i in range(40)])


def test_a_regression_is_judged_in_its_own_units(run, tmp_path):
    code, out, _, folder = run("--data", line_of_numbers(tmp_path), "--activation", "linear", "--learning-rate", "0.05")
    assert code == 0 and "to learn y (a number)" in out
    error = float(out.partition("root mean squared error ")[2].partition(",")[0])
    assert error < 0.1 and "R² 1.000" in out  # of numbers from −3 to 22
    assert "agrees on all 12 held-out rows" in out
    model = Model.load(folder / "network.json")
    assert model.target == "y" and model.predict([[10, 3]])[0] == pytest.approx(0.5 * 10 - 3 + 3, abs=0.1)


def test_the_target_may_be_any_column(run, tmp_path):
    path = tmp_path / "table.csv"
    parts = [line.partition(",") for line in IRIS.read_text().split()]
    path.write_text("\n".join(f"{rest},{first}" for first, _, rest in parts))
    code, out, _, folder = run("--data", str(path), "--target", "species", *QUICK)
    columns = [column.name for column in Model.load(folder / "network.json").columns]
    assert code == 0 and "to learn species (3 classes)" in out
    assert columns == ["sepal_width", "petal_length", "petal_width", "sepal_length"]
    code, _, err, _ = run("--data", str(IRIS), "--target", "petal_width", *QUICK)
    assert code == 2 and "column 'species': 'setosa' is not a number" in err


@pytest.mark.parametrize("arguments", [
    ["--loss", "squared_error"], ["--loss", "squared_error", "--activation", "sigmoid"],
    ["--loss", "mean_squared_error", "--activation", "relu"], ["--loss", "hinge"], ["--loss", "binary_cross_entropy"],
    ["--optimizer", "sgd"], ["--layers", "5,4"], ["--layers", "none"], ["--batch-size", "1", "--epochs", "20"],
    ["--activation", "softplus"],
])  # fmt: skip
def test_every_way_to_train_learns_the_irises(arguments):
    options = job.parse([*arguments, *FEW_ROWS])
    task = job.prepare(options)
    job.train(task, options)
    assert float(job.judged(task).partition("held-out accuracy ")[2].partition(" %")[0]) >= 85
    assert job.certified(task)
    hidden = {"5,4": [5, 4], "none": []}.get(arguments[1], [8])
    assert [len(layer.neurons) for layer in task.model.network.layers] == [*hidden, 3]


def test_every_activation_is_certified(run):
    code, out, _, _ = run(*QUICK, "--activation", "gelu")
    assert code == 0 and "the engine agrees on all" in out


def test_what_is_printed_says_what_it_is(run):
    _, out, _, _ = run(*QUICK)
    assert "features standardised to mean 0, deviation 1 (kept in network.json)\n" in out
    row = out.partition("δ of the held-out row ")[2].partition(",")[0]
    assert f"row {row}, the one with the largest error, by the engine" in out and "units in the last place" in out
    assert f"\n  network.svg   u, o, δ, θ for the held-out row {row}, the one with" in out
    assert f"\n  neuron.svg    neuron 1 of layer 1 for row {row}: " in out and "∂o/∂…" in out


def test_a_table_may_be_given_without_an_option(run, tmp_path, capsys):
    path = line_of_numbers(tmp_path)
    code, out, _, _ = run(path, *QUICK)
    assert code == 0 and out.startswith(f"{path}: 40 rows") and "features and y standardised" in out
    with pytest.raises(SystemExit):
        job.main([path, "--data", path])
    assert "one table at a time" in capsys.readouterr().err


def test_a_wrong_rule_is_an_exit_code_of_1_and_the_table_of_a_disagreeing_row(run, monkeypatch):
    from nn import deltas

    right = deltas.output_delta
    monkeypatch.setattr(deltas, "output_delta", lambda *arguments: 2 * right(*arguments))
    code, out, _, _ = run(*QUICK)
    assert code == 1 and "WRONG" in out and "disagrees on 15 of 15" in out


def test_pictures_as_png(run):
    _, _, _, folder = run(*QUICK, "--format", "png")
    for file in ("network.png", "neuron.png", "curve.png"):
        assert (folder / file).read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_one_line_names_the_extra_and_the_rest_is_written(run, monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **keywords):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    code, out, _, folder = run(*QUICK)
    lines = [line for line in out.splitlines() if "needs matplotlib" in line]
    assert code == 1 and len(lines) == 1 and "pip install 'deltagrad[plot]'" in lines[0]
    assert sorted(os.listdir(folder)) == ["network.json", "network.svg", "neuron.svg"]


@pytest.mark.parametrize("rows, arguments, message", [
    (None, ["--data", "nowhere.csv"], "nowhere.csv: No such file"),
    (["1,2,p", "3,4,q"] * 3, ["--target", "species"], "no column 'species'"),
    (["1,2,p", "3,x,q"] * 3, [], "row 2 (line 3), column 'b': 'x' is not a number"),
    (["1,2,p", "", "3,4,q"] * 3, ["--missing", "error"], "row 2 (line 3) is empty"),
    (["1,2,p", "3,,q"] * 3, ["--missing", "error"], "row 2 (line 3), column 'b' is empty"),
    (["1,2,p", "3,?,q"] * 3, [], "column 'y' has one class only, 'p'"),
    (["1,2,p", "3,4,q"] * 3, ["--layers", "1000000000"], "5,000,000,002 parameters"),
    (["1,2,p", "3,4,q"] * 3, ["--drop", "z"], "there is no column 'z'; there are a, b, y"),
    (["1,2,p", "3,4,p"] * 3, [], "one class only, 'p'"),
    (["1,2,p", "3,4,p", "5,6,q"], [], "'q' is the only row of its class"),
    (["1,2,0.5", "3,4,1.5"] * 3, ["--loss", "hinge"], "hinge compares classes"),
    (["1,2,p", "3,4,q"] * 3, ["--hold-out", "1.5"], "between 0 and 1"),
])  # fmt: skip
def test_what_cannot_be_used_is_one_clear_line_and_exit_code_2(run, tmp_path, rows, arguments, message):
    given = [] if rows is None else ["--data", table(tmp_path, rows)]
    code, out, err, folder = run(*given, *arguments)
    assert code == 2 and out == "" and message in err
    assert err.count("\n") == 1 and err.startswith("python -m nn: ")
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_said_before_training(run, tmp_path):
    (tmp_path / "taken").write_text("")
    code, out, err, _ = run(folder="taken")
    assert code == 2 and out == "" and "taken" in err


@pytest.mark.parametrize("arguments", [
    ["--epochs", "0"], ["--epochs", "many"], ["--layers", "8,"], ["--layers", "-3"], ["--learning-rate", "-1"],
    ["--learning-rate", "nan"], ["--activation", "swish"], ["--format", "gif"], ["--unknown"],
])  # fmt: skip
def test_options_that_make_no_sense_are_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        job.main(arguments)
    assert caught.value.code == 2 and "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, meant", [
    (["--lr", "0.1"], "--lr; did you mean --learning-rate?"), (["--max-iter=3"], "did you mean --epochs?"),
    (["--batchsize", "3"], "did you mean --batch-size?"), (["--hidden-layer-sizes", "3"], "did you mean --layers?"),
    (["--verbose"], "arguments: --verbose\n"), (["--activation", "swish"], 'which is "silu" here'),
    (["--loss", "mse"], 'which is "mean_squared_error" here'), (["--optimizer", "lbfgs"], "choose one of sgd, adam\n"),
])  # fmt: skip
def test_habits_from_elsewhere_are_answered_with_what_is_said_here(arguments, meant, capsys):
    with pytest.raises(SystemExit) as caught:
        job.main(arguments)
    assert caught.value.code == 2 and meant in capsys.readouterr().err


def test_names_are_known_in_whatever_letters():
    options = job.parse(["--activation", "ReLU", "--optimizer", "Adam", "--loss", "CrossEntropy"])
    assert (options.activation, options.optimizer, options.loss) == ("relu", "adam", "cross_entropy")


@pytest.mark.parametrize("arguments, named", [
    (["--layers", "3"], "--layers: without a table"), (["--epochs", "5", "--seed", "1"], "--epochs, --seed: without"),
    (["t.csv", "--optimizer", "sgd", "--batch-size", "4"], "--optimizer, --batch-size: the page has"),
    (["t.csv", "--format", "png"], "--format: "),
])  # fmt: skip
def test_the_page_refuses_what_it_does_not_read(arguments, named, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        job.main(["--play", "--output", str(tmp_path / "out"), *arguments])
    assert caught.value.code == 2 and f"--play does not read {named}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_page_of_a_table_reads_the_rest(tmp_path):
    path = table(tmp_path, [f"{i},{i % 5},{'pq'[i % 2]}" for i in range(20)])
    options = ["--layers", "5,2", "--activation", "sigmoid", "--seed", "3", "--hold-out", "0.2", "--loss", "hinge"]
    assert job.main([path, "--play", "--output", str(tmp_path / "out"), *options]) == 0
    assert '"hidden":[5,2],"sigma":"sigmoid"' in (tmp_path / "out" / "playground.html").read_text(encoding="utf-8")


def test_help_names_every_option_and_its_default(capsys):
    with pytest.raises(SystemExit) as caught:
        job.main(["--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    for option in ("--data", "--target", "--task", "--layers", "--activation", "--loss", "--optimizer", "--epochs",
                   "--drop", "--missing", "--decimal", "--one-hot",
                   "--learning-rate", "--weight-decay", "--batch-size", "--seed", "--output",
                   "--format", "--hold-out"):  # fmt: skip
        assert option in out
    assert out.count("\n  python -m nn ") == 4 and "δ is certified" in out
    assert "default: 60" in out and "0.02 for adam" in out


def test_a_training_out_of_bounds_ends_with_code_1_and_a_remedy(run):
    linear = ["--loss", "squared_error", "--layers", "none", "--activation", "relu"]
    code, _, err, _ = run("--optimizer", "sgd", "--learning-rate", "1e200", *linear)
    assert code == 1 and "lower the learning rate" in err


def test_a_picture_that_fails_does_not_cost_the_others(run, monkeypatch):
    def broken(*_):
        raise AutogradValueError("too large to draw")

    monkeypatch.setattr(ForwardPass, "draw", broken)
    code, out, _, folder = run(*QUICK)
    assert code == 1 and "no network.svg: too large to draw" in out
    assert sorted(os.listdir(folder)) == ["curve.svg", "network.json", "neuron.svg"]


def test_a_console_without_the_letter_delta_gets_question_marks(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nn", *QUICK], cwd=tmp_path, env=environment(PYTHONIOENCODING="ascii"),
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and b"? engine" in done.stdout and done.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_reports_and_writes_what_was_learned_until_then(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "nn", "--epochs", "100000"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment(PYTHONIOENCODING="utf-8"), encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )  # fmt: skip
    for line in process.stdout:
        if "rows held out" in line:
            break
    time.sleep(2)  # past the loading of a compiler, on a busy machine too
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err
    assert "interrupted" in out and "held-out accuracy" in out and "the engine agrees" in out
    assert len(Model.load(tmp_path / "deltagrad-output" / "network.json").network.parameters()) == 67


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_has_gone_is_no_traceback(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "nn", *QUICK], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    said = process.stderr.read()
    process.stderr.close()
    assert said in (
        "",
        f"python -m nn: nobody reads any more; network.json and curve.svg are in deltagrad-output{os.sep}, and no"
        " network.svg or neuron.svg\n",
        "python -m nn: nobody reads any more; nothing was written\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["interrupt", "pipe"])
def test_an_end_during_the_certificate_leaves_what_was_learned_and_a_plain_word(tmp_path, how):
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SLOW, *QUICK], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(PYTHONIOENCODING="utf-8"), encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    for line in process.stdout:
        if "curve.svg" in line:
            break
    if how == "pipe":
        process.stdout.close()
    else:
        process.send_signal(signal.SIGINT)
    code, said = process.wait(timeout=60), process.stderr.read()
    why = "interrupted" if how == "interrupt" else "nobody reads any more"
    assert (code, said) == (130 if how == "interrupt" else 1,
        f"python -m nn: {why}; network.json and curve.svg are in deltagrad-output{os.sep}, and no network.svg or"
        " neuron.svg\n")  # fmt: skip
    assert sorted(os.listdir(tmp_path / "deltagrad-output")) == ["curve.svg", "network.json"]
    assert Model.load(tmp_path / "deltagrad-output" / "network.json").classes[0] == "setosa"
    for stream in (process.stdout, process.stderr):
        stream.close()


SLOW = """
import sys, time
from nn import __main__ as job
from autograd.console import run
certified = job.certified
job.certified = lambda task: time.sleep(1) or certified(task)
sys.exit(run(job.main))
"""


MOMENT = """
import importlib, os, signal, sys, time
how, module, name, *arguments = sys.argv[1:]
from nn import __main__ as job
from autograd.console import run
owner, _, name = name.rpartition(".")
at = importlib.import_module(module)
at = getattr(at, owner) if owner else at
real = getattr(at, name)
def meanwhile(*given, **settings):
    setattr(at, name, real)
    if how == "pipe":
        read, write = os.pipe()
        os.dup2(write, 1), os.close(read), os.close(write)
    else:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    return real(*given, **settings)
setattr(at, name, meanwhile)
sys.argv = ["nn", *arguments]
sys.exit(run(job.main))
"""
ALL = ["network.json", "curve.svg", "network.svg", "neuron.svg", "boundary.svg"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("where, interrupted, unread", [
    ("nn.__main__:introduced", 0, 0), ("nn.training.loop:_rule", 0, 2), ("nn.training.progress:Bar.update", 5, 2),
    ("nn.models.model:Model.save", 1, 2), ("autograd.tools.files:os.replace", 1, 2),
    ("nn.training.history:History.plot", 1, 2), ("nn.plots:write", 1, 2), ("nn.__main__:judged", 2, 2),
    ("nn.__main__:certify", 2, 2), ("nn.command.written:_network_picture", 2, 5),
    ("autograd.drawing.render:write", 2, 5), ("nn.command.written:_neuron_picture", 3, 5),
    ("nn.command.written:_boundary", 4, 5),
])  # fmt: skip
@pytest.mark.parametrize("how", ["interrupt", "pipe"])
def test_an_end_at_any_moment_leaves_what_was_made_and_says_what_is_missing(tmp_path, how, where, interrupted, unread):
    """Once something was learned network.json is there; nothing is half there, and the exit code is not 0."""
    path = table(tmp_path, [f"{i},{(i * 7) % 5},{'pq'[i % 2]}" for i in range(30)], "a,b,y")
    module, _, name = where.partition(":")
    done = subprocess.run(
        [sys.executable, "-u", "-c", MOMENT, how, module, name, path, *QUICK, "--output", "out"], cwd=tmp_path,
        capture_output=True, encoding="utf-8", check=False, env=environment(PYTHONIOENCODING="utf-8"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    n = interrupted if how == "interrupt" else unread
    assert sorted(os.listdir(tmp_path / "out")) == sorted(ALL[:n])
    assert done.returncode == (130 if how == "interrupt" else 1)
    if n == len(ALL) and how == "interrupt":  # in the training itself, whose end is told, and the rest follows
        assert "interrupted" in done.stdout and done.stderr == ""
    else:
        why = "interrupted" if how == "interrupt" else "nobody reads any more"
        assert done.stderr.startswith(f"python -m nn: {why}; ") and done.stderr.count("\n") == 1
        there, _, missing = done.stderr.partition(", and no ")
        assert all(file in there for file in ALL[:n]) and all(file in missing for file in ALL[n:] if n)
        assert n or "nothing was written" in there
    if n:
        assert Model.load(tmp_path / "out" / "network.json").classes == ["p", "q"]
    for file in ALL[1:n]:
        assert ElementTree.parse(tmp_path / "out" / file).getroot().tag.endswith("svg")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_on_a_terminal_what_takes_its_time_is_told_and_wiped_away(tmp_path):
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100)) if hasattr(termios, "tcsetwinsize") else None  # a bar has no room in 0
    done = subprocess.run(
        [sys.executable, "-m", "nn", *QUICK], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs, check=False,
        env=environment(PYTHONIOENCODING="utf-8"),
    )  # fmt: skip
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)
    assert done.returncode == 0
    bar = ["training"] if hasattr(termios, "tcsetwinsize") else []  # since Python 3.11
    for words in (*bar, "certified 15 of 15 rows", "writing curve.svg …", "writing network.svg …"):
        assert words in said.decode("utf-8")
    assert said.decode("utf-8").rpartition("writing neuron.svg …")[2] == f"\r{' ' * 20}\r"


def test_an_end_before_the_first_epoch_leaves_the_network_and_says_that_there_is_no_curve(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.training.loop._run", interrupted)
    code, out, _, folder = run(*QUICK)
    assert code == 130 and "0 epochs in" in out and "interrupted" in out and "  no curve.svg: " in out
    assert sorted(os.listdir(folder)) == ["network.json", "network.svg", "neuron.svg"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("shell, code, words", [
    ("{job} >&-", 0, ""), ("{job} >/dev/full", 1, "No space left on device"),
    ("mkdir -p deltagrad-output/network.json; {job}", 2, "cannot be written: choose another --output"),
])  # fmt: skip
def test_a_console_or_a_disk_that_takes_nothing_is_one_line(tmp_path, shell, code, words):
    job = f"{sys.executable} -m nn {' '.join(QUICK)}"
    done = subprocess.run(
        ["sh", "-c", shell.format(job=job)], cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    assert done.returncode == code and words in done.stderr and done.stderr.count("\n") == (1 if words else 0)


# --- tables as they are -----------------------------------------------------------------------------


def test_rows_that_are_left_out_are_told_and_text_is_a_feature_on_request(run, tmp_path):
    rows = [f"{i},{i % 3},{('red', 'blue')[i % 2]},{'?' if i == 5 else 'pq'[i % 2]}" for i in range(20)]
    rows[7] = "NA,1,red,p"
    path = table(tmp_path, rows, "id,a,colour,y")
    code, out, _, folder = run(path, *QUICK, "--drop", "id", "--one-hot", "--hold-out", "0.3")
    assert code == 0 and "2 features" not in out and "19 rows, 3 features" in out
    assert "1 of 20 rows left out, where a value is missing (column 'y' in 1)" in out
    assert Model.load(folder / "network.json").columns[1].categories == ("blue", "red")
    assert sorted(os.listdir(folder)) == ["curve.svg", "network.json", "network.svg", "neuron.svg"]


def test_rows_have_the_file_s_numbers_where_others_were_left_out(run, tmp_path):
    holes = [f"?,{i},p" for i in range(30)]
    rows = [*holes, *(f"{i},{(i * 7) % 5},{'pq'[i % 2]}" for i in range(12))]
    path = table(tmp_path, rows, "a,b,y")
    code, out, _, _ = run(path, *QUICK, "--hold-out", "0.3")
    told = [int(n) for n in re.findall(r"row (\d+)", out)]
    assert code == 0 and told and all(n > 30 for n in told)
    path = table(tmp_path, [*rows[:-1], "1e308,x,q"], "a,b,y")
    assert "row 42 (line 43), column 'b': 'x' is not a number" in run(path, *QUICK)[2]


def test_two_features_have_a_boundary_with_the_names_of_columns_and_classes(run, tmp_path):
    rows = [f"{i};{(i * 7) % 5},5;{('setosa', 'other')[i > 9]}" for i in range(20)]
    path = table(tmp_path, rows, "petal;width;kind")
    code, _, _, folder = run(path, *QUICK, "--decimal", ",", "--hold-out", "0.3")
    assert code == 0 and "boundary.svg" in os.listdir(folder)
    text = (folder / "network.svg").read_text(encoding="utf-8")
    assert all(word in text for word in ("petal", "width", "setosa", "other", "∂Err/∂x"))


def test_held_out_values_that_overflow_when_scaled_are_told(run, tmp_path):
    rows = [f"{i * 1e-300},{i % 2},{'pq'[i % 2]}" for i in range(20)] + ["1e300,1,p"]
    for seed in range(8):
        code, _, err, _ = run(table(tmp_path, rows), *QUICK, "--hold-out", "0.5", "--seed", str(seed), folder=str(seed))
        if code == 2:
            assert "column 'a': 1e+300 is so far from the rows to train on" in err and "(line 2" in err
            return
    pytest.fail("the large row was always trained on")


def test_what_somebody_wrote_is_shortened_and_moves_no_cursor(run, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_text('a,y\n1,p\n2,"' + "q" * 90_000)
    _, _, err, _ = run(str(path))
    assert "line 3: a quote is opened, and closed nowhere" in err and len(err) < 300
    path.write_text("a,b\x1b]0;owned\x07,y\n1,x\x1b[2J,p\n2,3,q\n" * 1)
    _, _, err, _ = run(str(path))
    assert "\x1b" not in err and "is not a number" in err
    with pytest.raises(SystemExit):
        job.main(["--layers", "\x1b[2J" + "9" * 9000])
    err = capsys.readouterr().err
    assert "\x1b" not in err and len(err) < 2500


# --- predictions -------------------------------------------------------------------------------------


def test_a_table_comes_back_with_predictions(learned, tmp_path, capsys):
    new = tmp_path / "new.csv"
    new.write_text(
        "note;petal_width;petal_length;sepal_width;sepal_length\nx;0.2;1.4;3.5;5.1\ny;2;5.5;3;6.5\nz;?;1;1;1\n"
    )
    assert job.main(["predict", str(learned / "network.json"), str(new)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "note,petal_width,petal_length,sepal_width,sepal_length,predicted species"
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["setosa", "virginica", ""]
    assert err == "1 row has no prediction, since a value is missing there\n"
    target = tmp_path / "told.csv"
    assert (
        job.main(["predict", str(learned / "network.json"), str(new), "--output", str(target), "--probabilities"]) == 0
    )
    shares = [list(map(float, line.split(",")[6:])) for line in target.read_text().splitlines()[1:3]]
    assert all(sum(row) == pytest.approx(1) for row in shares)


def test_predictions_keep_to_the_table_s_decimal_commas(tmp_path, capsys):
    model = Model(MLP(1, [1], "linear", seed=0), columns=["a"], target="price")
    model.save(tmp_path / "price.json")
    (tmp_path / "new.csv").write_text("a;note\n1,5;x\n?;y\n")
    arguments = ["predict", str(tmp_path / "price.json"), str(tmp_path / "new.csv"), "--decimal", ","]
    assert job.main([*arguments, "--output", str(tmp_path / "told.csv")]) == 0
    lines = (tmp_path / "told.csv").read_text().splitlines()
    wanted = str(model.predict([[1.5]])[0]).replace(".", ",")
    assert lines == ["a;note;predicted price", f"1,5;x;{wanted}", "?;y;"]
    capsys.readouterr()
    arguments[2] = str(tmp_path / "told.csv")  # predicted once more: whose is the second column of one name?
    assert job.main(arguments) == 2
    assert "a column 'predicted price' already" in capsys.readouterr().err


@pytest.mark.parametrize("text, message", [
    ("a,b\n1,2\n", "there is no column 'sepal_length'"), ("", "there are no rows"),
    ("sepal_length,sepal_width,petal_length,petal_width\n1,x,1,1\n", "(line 2), column 'sepal_width': 'x' is not a"),
])  # fmt: skip
def test_a_table_that_does_not_fit_the_network_is_one_line(learned, tmp_path, capsys, text, message):
    (tmp_path / "new.csv").write_text(text)
    assert job.main(["predict", str(learned / "network.json"), str(tmp_path / "new.csv")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and err.count("\n") == 1


@pytest.mark.parametrize("cell, message", [
    ("1e300", "so far from the rows to train on"), ("inf", "is inf"), ("x", "'x' is not a number"),
])  # fmt: skip
def test_what_cannot_be_predicted_is_named_by_its_line_also_after_rows_without_values(tmp_path, capsys, cell, message):
    Model(MLP(1, [1]), Scale([0.0], [1e-300]), ["a"]).save(tmp_path / "m.json")
    (tmp_path / "new.csv").write_text(f"a,b\n?,1\n0,1\n?,1\n{cell},1\n")
    assert job.main(["predict", str(tmp_path / "m.json"), str(tmp_path / "new.csv")]) == 2
    err = capsys.readouterr().err
    assert "new.csv: row 4 (line 5), column 'a'" in err and message in err


def test_a_category_that_the_network_does_not_know_is_named_by_its_line(tmp_path, capsys):
    Model(MLP(2, [1]), columns=[Column("colour", ("blue", "red"))]).save(tmp_path / "m.json")
    (tmp_path / "new.csv").write_text("colour,b\n?,1\nred,1\ngreen,1\n")
    assert job.main(["predict", str(tmp_path / "m.json"), str(tmp_path / "new.csv")]) == 2
    assert "row 3 (line 4), column 'colour': 'green' is none of" in capsys.readouterr().err
