"""Whatever a label or a name holds, what is printed does a terminal no harm: no escape, no bell, no cursor moved."""

import random
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import AutogradError, Op, Value, check_grads, debug, explain, grad, lower, record
from autograd.expression import expression
from nn import MLP, certify, diagnose, grade, prove, squared_error
from nn.training.datasets import read_csv

EVIL = "a\x1b[2J\x07\r\u202eb\x9b\u2066\ud800c"


def harmless(text: str) -> bool:
    return all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in text)


def evil_network() -> MLP:
    net = MLP(2, [2, 1], seed=0)
    for i, p in enumerate(net.parameters()):
        p.label = f"{EVIL}{i}"
    return net


def texts() -> Iterator[tuple[str, Any]]:
    x, w = Value(0.5, EVIL), Value(2.0, EVIL + "w")
    y = (x * w).tanh() * x
    y.label = EVIL + "y"
    y.backward()
    recording = record(y)
    yield "Value", y
    yield "record", recording
    yield "repr of record", repr(recording)
    yield "events", [str(event) for event in recording.events]
    yield "explain", explain(y, x)
    program = lower([y, *grad(y, [x, w])], [x, w])
    yield "program", program
    yield "source", program.source
    yield "matrices", program.matrices
    yield "LaTeX", program.matrices.latex
    yield "families", program.families
    yield "javascript", program.to("javascript")
    net = evil_network()
    run = net.forward([x, w])
    yield "network", net
    yield "pass", run
    err = squared_error(run.outputs, Value(0.25, EVIL))
    err.backward()
    net.zero_grad()
    certificate = certify(net, [0.5, 1.0], 0.2, "squared_error")
    yield "certificate", certificate
    yield "diagnosis", diagnose(net, [[0.5, 1.0], [1.0, 0.5]], [0.2, 0.1], "squared_error")
    yield "proof", prove(net)
    net.parameters()[0].data = float("nan")
    yield "diagnosis of a nan", diagnose(net, [[0.5, 1.0], [1.0, 0.5]], [0.2, 0.1], "squared_error")


@pytest.mark.parametrize("what", [what for what, _ in texts()])
def test_texts(what: str) -> None:
    (text,) = (text for name, text in texts() if name == what)
    assert harmless(str(text)), ascii(str(text))
    assert harmless(repr(text)), ascii(repr(text))


def watched() -> None:
    with debug():
        x = Value(0.0, EVIL)
        (x.sqrt() ** 2).backward()


def moved() -> None:
    with debug():
        x = Value(0.0, EVIL)
        y = x * 2
        x.data = 1.0
        y.backward()


def forgotten() -> None:
    w = Value(1.0, EVIL)
    with debug():
        for _ in range(2):
            ((w * 2.0) ** 2).backward()
            w.data -= 0.1 * w.grad


def renamed() -> None:
    w = Value(1.0, EVIL)
    with debug():
        for _ in range(2):
            ((w * 2.0) ** 2).backward()
            v = w
            v -= 0.1 * w.grad


MISTAKES = {
    "debug: undetermined": watched,
    "debug: changed": moved,
    "debug: forgotten": forgotten,
    "debug: renamed": renamed,
    "record": lambda: record(Value(1.0, EVIL) * 2).step("nobody" + EVIL),
    "explain": lambda: explain(Value(1.0, EVIL), EVIL),  # type: ignore[arg-type]
    "lower": lambda: lower(Value(1.0, EVIL) * Value(2.0, EVIL + "w"), []),
    "lower twice": lambda: lower(Value(1.0, EVIL) * 2, [x := Value(1.0, EVIL), x]),
    "expression": lambda: expression("x+" + EVIL, {"x": 1.0, EVIL: 2.0}),
    "number": lambda: Value(EVIL),  # type: ignore[arg-type]
    "grad": lambda: grad(EVIL, []),  # type: ignore[arg-type]
    "check": lambda: check_grads(EVIL, 1.0),  # type: ignore[arg-type]
    "own row": lambda: Op(EVIL, abs, lambda o, x: (1.0,)),
    "activation": lambda: MLP(2, [1], EVIL),
    "grade": lambda: grade(evil_network(), [1.0, 2.0], 0.5, {EVIL: 1.0}),
    "the target": lambda: squared_error(Value(1.0, EVIL), EVIL),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_messages(mistake: str) -> None:
    with pytest.raises((AutogradError, TypeError, ValueError)) as error:
        MISTAKES[mistake]()
    assert harmless(str(error.value)), ascii(str(error.value))


def table(folder: Path) -> Path:
    generator = random.Random(1)
    rows = [f"{generator.gauss(k, 1)},{generator.gauss(-k, 1)},k{k}\x1b[31m\x07" for k in (0, 1, 2) * 20]
    path = folder / "evil.csv"
    path.write_text("\n".join(["a\x1b[31mX,b\x1b]0;x\x07,class\x1b[2J", *rows]))
    return path


def test_a_table_with_escapes(tmp_path: Path) -> None:
    path = table(tmp_path)
    for arguments in ([], ["--target", "nobody"], ["--play"]):
        command = [sys.executable, "-m", "nn", path, "--epochs", "1", "--output", tmp_path / "out", *arguments]
        root = Path(autograd.__file__).parent.parent
        ran = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=root)
        assert (ran.stdout or ran.stderr) and harmless(ran.stdout + ran.stderr), ascii(ran.stdout + ran.stderr)
    for target in ("nobody" + EVIL, "class"):
        with pytest.raises(AutogradError) as error:
            read_csv(path, target)
        assert harmless(str(error.value)), ascii(str(error.value))
