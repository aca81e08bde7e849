"""One command, `deltagrad`: each subcommand does what the module of its own does."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import __main__ as formulas
from autograd.expression import assignments, expression
from nn import __main__ as job
from nn import subcommands
from nn.subcommands import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
NEURON = ["tanh(w*x + b)", "w=0.5", "x=2", "b=-0.5"]


def told(capsys, folder):
    """What was printed, without the folder's name and the seconds."""
    return re.sub(r"in [\d.]+ s", "", capsys.readouterr().out.replace(str(folder), ""))


def test_train_is_python_m_nn(tmp_path, capsys):
    options = ["--epochs", "2", "--hold-out", "0.1"]
    assert main(["train", *options, "--output", str(tmp_path / "a")]) == 0
    ours = told(capsys, tmp_path / "a")
    assert job.main([*options, "--output", str(tmp_path / "b")]) == 0
    assert told(capsys, tmp_path / "b") == ours and "δ and ∂Err/∂θ: " in ours
    for file in ("network.json", "network.svg"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_play_writes_the_playground(tmp_path, capsys):
    assert main(["play", "--output", str(tmp_path)]) == 0
    assert (tmp_path / "playground.html").exists() and "open it in a browser" in capsys.readouterr().out


def test_draw_writes_a_picture_and_explore_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *NEURON]) == 0 and main(["explore", *NEURON]) == 0
    assert capsys.readouterr().out == "wrote graph.svg\nwrote graph.html\n"
    assert formulas.main([*NEURON, "-o", "same.svg", "--explore", "same.html"]) == 0
    for ending in ("svg", "html"):
        assert (tmp_path / f"graph.{ending}").read_bytes() == (tmp_path / f"same.{ending}").read_bytes()
    assert (
        main(["draw", *NEURON, "-o", "a.mmd", "--theme", "dark"]) == 0
        and main(["explore", *NEURON, "-o", "b.html"]) == 0
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.mmd", "b.html", "graph.html", "graph.svg", "same.html", "same.svg",
    ]  # fmt: skip


def test_errors_and_help_are_said_in_the_command_s_own_name(capsys):
    assert main(["draw", "x +", "x=1"]) == 2
    assert capsys.readouterr().err.startswith("deltagrad draw: ")
    assert main(["train", "no-such.csv"]) == 2
    assert capsys.readouterr().err.startswith("deltagrad train: no-such.csv: ")
    for name in COMMANDS:
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0 and capsys.readouterr().out.startswith(f"usage: deltagrad {name} ")


def test_the_command_alone_says_what_there_is(capsys):
    assert main(["--help"]) == 0 and main([]) == 2
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out and command.says in out for name, command in COMMANDS.items())
    assert main(["explor"]) == 2
    assert capsys.readouterr().err == "deltagrad: there is no command 'explor'; there is explore\n"
    assert main(["?"]) == 2 and "there is train, predict, play, draw, explore" in capsys.readouterr().err
    assert main(["--version"]) == 0 and capsys.readouterr().out.startswith("deltagrad 0.")


def test_every_name_of_a_command_is_lower_case_and_its_line_fits():
    for name, command in COMMANDS.items():
        assert name == command.name == name.lower() and len(command.says) < 90


def test_in_a_shell(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    script = [sys.executable, "-c", "import sys; from nn.subcommands import command; sys.exit(command())"]
    done = subprocess.run([*script, "draw", *NEURON, "--text"], env=environment, cwd=tmp_path, capture_output=True)
    assert (
        (done.returncode, done.stderr) == (0, b"") and b"tanh(v?)" in done.stdout and (tmp_path / "graph.svg").exists()
    )


def test_the_console_script_is_the_command():
    entries = [entry for entry in importlib.metadata.entry_points(group="console_scripts") if entry.name == "deltagrad"]
    if not entries:
        pytest.skip("deltagrad is not installed, only found on the path")
    assert entries[0].load() is subcommands.command


def test_pi_and_e_are_known_in_formulas_and_in_numbers():
    from math import cos, e, pi

    value, (x,) = expression("cos(pi*x) + e + π", {"x": 0.25})
    assert value.data == cos(pi * 0.25) + e + pi and x.label == "x"
    assert assignments(["x=pi/2", "y=-e", "z=2**0.5"]) == {"x": pi / 2, "y": -e, "z": 2**0.5}
    own, (own_e,) = expression("e*2", {"e": 3.0})  # a name of one's own goes first
    assert own.data == 6.0 and own_e.label == "e"
