"""The command line: python -m autograd, as its users meet it."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd import TABLE
from autograd import __main__ as command
from autograd.expression import expression

ROOT = Path(__file__).resolve().parents[2]
NEURON = ["tanh(w*x + b)", "w=0.5", "x=2", "b=-0.5"]


def started(*arguments, **variables):
    """The command in a process of its own: what a shell would see."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        [sys.executable, "-m", "autograd", *arguments], env=environment, capture_output=True, check=False, timeout=60
    )


def refused(capsys, *arguments):
    assert command.main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith("python -m autograd: ") and err.count("\n") == 1
    return err.removeprefix("python -m autograd: ").strip()


def test_the_examples_in_the_docstrings():
    """pytest leaves out files named __main__."""
    assert doctest.testmod(command).failed == 0


# --- what it shows ----------------------------------------------------------------------------------


def test_by_default_a_table_of_values_gradients_and_local_derivatives(capsys):
    assert command.main(NEURON) == 0
    assert capsys.readouterr().out.splitlines() == [
        "node  formula       value   ∂f/∂node  local derivatives",
        "───────────────────────────────────────────────────────",
        "w     given          +0.5    +1.5729",
        "x     given            +2  +0.393224",
        "b     given          -0.5  +0.786448",
        "v₁    w × x            +1  +0.786448  ∂v₁/∂w = +2, ∂v₁/∂x = +0.5",
        "v₂    v₁ + b         +0.5  +0.786448  ∂v₂/∂v₁ = +1, ∂v₂/∂b = +1",
        "f     tanh(v₂)  +0.462117         +1  ∂f/∂v₂ = +0.786448",
    ]


def test_options_may_stand_anywhere_and_text_is_what_is_shown_by_default(capsys):
    command.main(NEURON)
    plain = capsys.readouterr().out
    for i in range(len(NEURON) + 1):
        assert command.main([*NEURON[:i], "--text", *NEURON[i:]]) == 0
        assert capsys.readouterr().out == plain


def test_the_steps_and_the_two_questions(capsys):
    assert command.main(["a + a*b", "a=3", "b=2", "--steps"]) == 0
    out = capsys.readouterr().out
    assert "∂f/∂a += ∂f/∂v₁ · ∂v₁/∂a = 1.00 × 2.00 = 2.00   (1.00 → 3.00)" in out
    assert "Why in topological order?" in out and "a is used 2 times, and each use counts" in out


@pytest.mark.parametrize("formula", ["x*exp(-x**2)*y", "x + y", "step(x)*y", "where(x < y, x, y*y)", "hypot(x, y)/x"])
def test_the_source_is_a_program_that_gives_value_and_derivatives(capsys, formula):
    assert command.main([formula, "x=0.5", "y=3", "--source"]) == 0
    out = capsys.readouterr().out
    space = {name: row.function for name, row in TABLE.items()}
    exec(out, space)
    names = re.search(r"returns \[(.*)\]", out)[1].split(", ")
    found = dict(zip(names, space["program"](0.5, 3.0)))
    found |= {name: float(x) for name, x in re.findall(r"# (\S+) is (\S+), whatever", out)}
    f, (x, y) = expression(formula, {"x": 0.5, "y": 3.0})
    f.backward()
    assert found == {"f": f.data, "∂f/∂x": x.grad, "∂f/∂y": y.grad}


def test_the_source_says_what_its_functions_are(capsys):
    assert command.main(["tanh(x)*relu(x) + where(x, 1, x)", "x=0.5", "--source"]) == 0
    remarks = [line for line in capsys.readouterr().out.splitlines() if line.startswith("# ")]
    assert "# step(x): 1 above 0, else 0: the slope of relu." in remarks
    assert any(line.startswith("# sech2(x): Slope of tanh, 1 / cosh²x") for line in remarks)
    assert any(line.startswith("# where(condition, x, y): x where") for line in remarks)
    assert not any(line.startswith("# tanh(") for line in remarks)  # which Python has too


def test_the_program_takes_the_names_in_the_order_given(capsys):
    command.main(["f*b + a", "b=1", "f=2", "a=3", "--source"])
    out = capsys.readouterr().out
    assert "def program(b, f, a):" in out and "# returns [v₂, ∂v₂/∂b, ∂v₂/∂f]" in out
    assert "# ∂v₂/∂a is 1.0, whatever the inputs" in out


@pytest.mark.parametrize(
    "arguments, name, start",
    [
        (["-o", "n.svg"], "n.svg", b"<svg"),
        (["--output", "n.SVG", "--theme", "dark"], "n.SVG", b"<svg"),
        (["-o", "n.gv", "--direction", "TB"], "n.gv", b"digraph"),
        (["-o", "n.gv", "--level", "pills"], "n.gv", b"digraph"),
        (["-o", "n", "--format", "png"], "n.png", b"\x89PNG"),
        (["-o", "n.png", "--format", "png", "--text"], "n.png", b"\x89PNG"),
        (["-o", "v1.2", "--format", "svg"], "v1.2.svg", b"<svg"),
    ],
)
def test_a_picture_in_a_file(tmp_path, monkeypatch, capsys, arguments, name, start):
    monkeypatch.chdir(tmp_path)
    assert command.main([*NEURON, *arguments]) == 0
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes().startswith(start)
    out = capsys.readouterr().out
    assert out.endswith(f"wrote {name}\n") and ("local derivatives" in out) == ("--text" in arguments)


def test_a_picture_has_the_gradients_and_the_names():
    done = started("θ*x", "θ=0.5", "x=2", "--format", "svg", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and not done.stderr
    svg = done.stdout.decode("utf-8")  # a picture is bytes, whatever the console can print
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "θ" in svg and "∂f/∂θ" in svg


@pytest.mark.parametrize("formula", ["2*3", "x"])
def test_a_single_node_can_be_shown(tmp_path, capsys, formula):
    values = ["x=2"] if formula == "x" else []
    for options in ([], ["--steps"], ["-o", str(tmp_path / "a.svg")]):
        assert command.main([formula, *values, *options]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("separator", [[], ["--"]])
def test_a_formula_may_start_with_a_minus(capsys, separator):
    assert command.main([*separator, "-x*y", "x=2", "y=-3"]) == 0
    assert "+6" in capsys.readouterr().out
    assert command.main([*separator, "-(x)", "x=2"]) == 0


# --- what it refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["w*x + b", "w=1", "x=2"], "b has no value (given: w, x); add b=1"),
        (["x", "x=1", "y=2"], "y does not occur in the formula 'x'"),
        (["x", "x=one"], "x: 'one' is not a number; write it as in x=2 or =-1e-3"),
        (["x", "x="], "x: there is no number after =; write it as in x=2 or =-1e-3"),
        (["x", "x=1", "x=2"], "x is given twice"),
        (["x", "1"], "'1' gives no value: write name=number, as in x=2"),
        (["sinn(x)", "x=1"], "there is no function 'sinn'; there is sin, sinh, sign"),
        (["x.__class__", "x=1"], "'x.__class__' is not allowed: a formula is made of numbers, names, + - * / // % **,"),
        (["-" * 9_999 + "x", "x=1"], "is nested too deeply"),
        (["x*x", "x=1", "-o", "no/such/folder/a.svg"], "there is no folder"),
        (["x*x", "x=1", "-o", "a.bmp"], "has to end in"),
        (["x*x", "x=1", "-o", "."], "has to end in"),
        (["x*x", "x=1", "-o", "a.svg", "--theme", "pink"], "unknown theme 'pink'"),
        (["x*x", "x=1", "-o", "a.svg", "--direction", "up"], "unknown direction 'up'"),
        (["x*x", "x=1", "-o", "a.svg", "--level", "high"], "unknown level 'high'"),
        (["2*3", "--source"], "has no names, so there is nothing to derive by"),
    ],
)
def test_a_clear_error_and_code_2(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert says in refused(capsys, *arguments)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders that refuse a file are made otherwise here")
def test_an_output_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "a.svg").mkdir()
    assert "a.svg' is a folder, which would be replaced" in refused(capsys, "x*x", "x=1", "-o", str(tmp_path / "a.svg"))
    assert os.listdir(tmp_path) == ["a.svg"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["x", "x=1", "--nonsense"], ["x", "x=1", "--format", "bmp"], ["x", "x=1", "--text", "--format", "svg"]],
)
def test_a_command_line_that_makes_no_sense(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2 and "usage: python -m autograd" in capsys.readouterr().err


def test_png_is_not_poured_onto_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert command.main(["x*x", "x=1", "--format", "png"]) == 2
    assert "give a file with -o" in capsys.readouterr().err


def test_without_a_renderer_it_says_what_to_install(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("DELTAGRAD_DOT", "no-such-program")
    assert command.main([*NEURON, "-o", str(tmp_path / "a.svg")]) == 1
    assert "no-such-program" in capsys.readouterr().err


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30), st.lists(st.text(max_size=8), max_size=2))
def test_no_argument_makes_it_crash(capsys, text, values):
    arguments = ["--", text, "x=0.5", *values]
    assert command.main(arguments) in (0, 2)
    out, err = capsys.readouterr()
    assert bool(out) != bool(err)


# --- in a shell ---------------------------------------------------------------------------------------


def test_in_a_process_of_its_own():
    done = started(*NEURON)
    assert (done.returncode, done.stderr) == (0, b"") and "∂f/∂node" in done.stdout.decode()
    done = started("x +", "x=1")
    assert done.returncode == 2 and not done.stdout and b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
@pytest.mark.parametrize("option", ["--text", "--steps", "--source"])
def test_a_console_that_cannot_print_it_all_prints_the_rest(encoding, option):
    done = started("θ₁*x", "θ₁=0.5", "x=2", option, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"") and "x" in done.stdout.decode(encoding)
    done = started("θ₁*x", "θ₁=a", "x=2", option, PYTHONIOENCODING=encoding)
    assert done.returncode == 2 and b"Traceback" not in done.stderr


def test_help_shows_examples_that_work(capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0 and "name=number" in text and "tanh, trunc, where" in text
    examples = re.findall(r"python -m autograd (.*?)  +\w", text)
    assert len(examples) == 5
    for example in examples:
        words = [word for word in shlex.split(example) if word not in ("-o", "neuron.svg", "--explore", "page.html")]
        assert command.main(words) == 0


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    formula = "+".join(f"sin({i}*x)" for i in range(200))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd", formula, "x=1", "--steps"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 1
    process.stderr.close()
