"""Tables, networks' files and command lines that nobody wrote: python tests/benchmarks/fuzz.py [inputs]

Each input is made from good ones, by cutting, joining, repeating and garbling.  It must be taken, or refused with
an error of ours in a sentence that moves no cursor, within a second of the processor.  Exit code 1 otherwise.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from autograd import AutogradError
from nn import MLP, Model, Scales
from nn.command.options import parse
from nn.command.predicting import predicted
from nn.training.cells import read_cells
from nn.training.datasets import Column, Scale, read_csv

TABLES = [
    b"a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n", b'sep=;\na;b;y\n1,5;"x;y";0,5\n3;"z";1,5\n', b"0,1,2\n1,2,3\n4,5,6.5\n",
    b"a\tcolour\ty\n1\tred\t1\n?\tblue\t0\n2\tred\t1\n3\tblue\t0\n", b",a,y\n0,1,p\n1,2,q\n2,3,p\n3,4,q\n",
    b'"a","b\n","y"\r\n"1","2","10000001"\r\n"3","4","10000002"\r\n"5","6","10000001"\r\n"7","8","10000002"\r\n',
]  # fmt: skip
PIECES = [
    b'"', b",", b";", b"\n", b"\r", b"\0", b"nan", b"inf", b"1e999", b"\xff", b"\xef\xbb\xbf", b"\x1b]0;x\x07", b"?",
    b"-", b"1_0", b"9" * 400, b"x" * 5000, b"\xe2\x80\xae", b"{", b"[" * 2000, b"}", b":", b"true", b"null", b"1e400",
    b"0x1p3", b"--", b"=", b" ", b"|", b"\t", b"sep=", "θ⁽¹⁾₁₁".encode(), b"\\u0000", b"\\ud800",
]  # fmt: skip
WORDS = [
    "--layers", "8,8", "none", "0", "1000000000", "--epochs", "-1", "--seed", "x", "--loss", "hinge", "mse", "--target",
    "--data", "a.csv", "--drop", "id,date", "--missing", "error", "--decimal", ",", "--one-hot", "--hold-out", "nan",
    "--learning-rate", "1e999", "--weight-decay", "--activation", "relu", "--optimizer", "Adam", "--format", "svg",
    "--output", "", "\x1b[2J", "9" * 5000, "\ud800", "--", "--no", "--help=1", "--task", "regression", "--batch-size",
]  # fmt: skip


def garbled(generator: random.Random, good: bytes) -> bytes:
    """A good input after a few accidents."""
    data = bytearray(good)
    for _ in range(generator.choice((1, 1, 2, 3, 6))):
        at = generator.randrange(len(data) + 1)
        kind = generator.randrange(6)
        if kind == 0:
            data[at:at] = generator.choice(PIECES)
        elif kind == 1 and data:
            data[at % len(data)] = generator.randrange(256)
        elif kind == 2:
            del data[at : at + generator.randrange(1, 12)]
        elif kind == 3:
            data = data[:at]
        elif kind == 4:
            data[at:at] = data[: generator.randrange(len(data) + 1)] * generator.choice((1, 1, 50))
        else:
            data[at:at] = bytes(generator.randrange(256) for _ in range(4))
    return bytes(data)


def table(generator: random.Random, path: Path) -> None:
    """A CSV file: read to learn from, and to predict for."""
    path.write_bytes(garbled(generator, generator.choice(TABLES)))
    if generator.random() < 0.2:
        predicted(PREDICTOR, read_cells(path), generator.choice(".,"), True)
        return
    read_csv(
        path, generator.choice((None, None, "y", "z\x1b")), generator.choice(("auto", "classification", "regression")),
        drop=generator.choice(((), (), ("a",), ("nope",))), missing=generator.choice(("drop", "error")),
        decimal=generator.choice(".,"), one_hot=generator.random() < 0.3,
    )  # fmt: skip


def file(generator: random.Random, path: Path) -> None:
    """A network's file."""
    path.write_bytes(garbled(generator, generator.choice(NETWORKS)))
    generator.choice((MLP.load, Model.load))(path)


def line(generator: random.Random, path: Path) -> None:
    """A command line, which may end with code 2 and one complaint."""
    words = [generator.choice(WORDS) for _ in range(generator.randrange(1, 7))]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            parse(words)
    except SystemExit as end:
        if end.code not in (0, 2):
            raise AssertionError(f"exit code {end.code}") from None
        complaint = said.getvalue().rpartition("usage:")[2].partition("error:")[2]
        raise AutogradError(complaint.strip()) from None


PREDICTOR = Model(
    MLP(2, [2], "tanh", "linear", seed=0), Scales(Scale([0.0] * 2, [1.0] * 2)), ["a", Column("b")], ["p", "q"],
    loss="cross_entropy",
)  # fmt: skip
NETWORKS: list[bytes] = []


def main(inputs: int) -> int:
    kinds: list[Callable[[random.Random, Path], None]] = [table, file, line]
    slowest, taken, refused, bad = 0.0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        for model in (MLP(2, [2, 1], seed=0), PREDICTOR):
            model.save(path)
            NETWORKS.append(path.read_bytes())
        NETWORKS.append(json.dumps(json.loads(NETWORKS[0]) | {"version": 1}).encode())
        for n in range(inputs):
            generator = random.Random(n)
            began = time.process_time()
            try:
                kinds[n % 3](generator, path)
                taken += 1
            except AutogradError as error:
                refused += 1
                text = str(error)
                if len(text) > 1000 or any(ord(c) < 32 or ord(c) == 127 or "\u202a" <= c <= "\u202e" for c in text):
                    bad += 1
                    print(f"input {n}: refused in {len(text)} letters: {text[:300]!r}")
            except Exception as error:
                bad += 1
                print(f"input {n}: {type(error).__name__}: {str(error)[:300]!r}")
            seconds = time.process_time() - began
            slowest = max(slowest, seconds)
            if seconds > 1.0:
                bad += 1
                print(f"input {n}: {seconds:.1f} s")
    print(f"{inputs} inputs: {taken} taken, {refused} refused, {bad} bad; the slowest took {slowest:.2f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
