"""kill -9 at many moments of a training with a checkpoint: python tests/benchmarks/killed.py [moments]

After each the file must be a whole checkpoint, and no draft may pile up; at the end the training goes on, and
its parameters must have the bits of one that was never stopped.  Exit code 1 otherwise.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRAINING = """
import random, sys
from nn import MLP, fit
X = [[random.Random(i).uniform(-1, 1), random.Random(-i - 1).uniform(-1, 1)] for i in range(8)]
Y = [int(a * b > 0) for a, b in X]
net = MLP(2, [3, 1], seed=1)
print("begins", flush=True)
fit(net, X, Y, epochs=int(sys.argv[2]), batch_size=3, seed=2, backend="eager", checkpoint=sys.argv[1],
    checkpoint_every=1, progress=False)
print([p.data.hex() for p in net.parameters()])
"""


def training(path: Path, epochs: int) -> subprocess.Popen[str]:
    """The training in a process of its own, at the moment when it begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(path), str(epochs)], stdout=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "begins\n"
    return process


def main(moments: int) -> int:
    generator, bad, epochs = random.Random(0), 0, 10**9
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.json"
        done = 0
        for moment in range(moments):
            process = training(path, epochs)
            try:
                process.wait(generator.uniform(0.0, 0.05))
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            if path.exists():
                try:
                    reached = len(json.loads(path.read_text(encoding="utf-8"))["state"]["history"])
                except ValueError:
                    bad += 1
                    print(f"moment {moment}: the file is not whole")
                    continue
                if reached < done:
                    bad += 1
                    print(f"moment {moment}: {done} epochs were there, and {reached} are")
                done = reached
            if len(os.listdir(folder)) > 2:
                bad += 1
                print(f"moment {moment}: drafts pile up: {os.listdir(folder)}")
        resumed, _ = training(path, done + 5).communicate()
        whole, _ = training(Path(folder) / "whole.json", done + 5).communicate()
        same = resumed == whole and "0x" in whole
        print(
            f"{moments} moments, {done} epochs, {bad} files broken; "
            f"resumed {'with the same' if same else 'WITH OTHER'} bits"
        )
    return 0 if same and not bad else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
