"""How fast training is, from the samples to the trained network, beside the same loop in PyTorch.

    python tests/benchmarks/training.py           the table, as Markdown
    python tests/benchmarks/training.py --check   exits with 1 if a bar is missed

A 4-8-3 classifier learns the irises: 500 epochs in shuffled batches of 16, cross-entropy, summed.
Ours is `fit` as it stands: it checks the samples, records, lowers and compiles anew in every run,
and counts errors and hits.  PyTorch gathers each batch from tensors, sums up the errors, and
counts no hits; its optimisers are the fused ones, its fastest.  Both in double precision and on
one thread; contestants take turns, and a ratio is the median of the ratios of neighbours in
time.  The eager time is that of 20 epochs, times 25.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import gc  # noqa: E402
import math  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib import metadata  # noqa: E402
from typing import Any  # noqa: E402

from autograd.lowering.native import machine, modules  # noqa: E402
from nn import MLP, SGD, Adam, fit  # noqa: E402
from nn.training.datasets import IRIS, Scale, read_csv  # noqa: E402

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

EPOCHS, BATCH, ROUNDS, NEEDED = 500, 16, 5, 3.0
RATES = {"SGD": 0.01, "SGD with momentum": 0.002, "Adam": 0.01}
iris = read_csv(IRIS)
X = [Scale.of(iris.X).apply(x) for x in iris.X]
Y = [int(y) for y in iris.Y]


def ours(how: str, backend: str = "auto", epochs: int = EPOCHS) -> float:
    """The mean error of a sample in the last epoch."""
    modules._modules.clear()  # else a program of the same structure is remembered
    net = MLP(4, [8, 3], "tanh", "linear", seed=0)
    rate, momentum = RATES[how], 0.9 if "momentum" in how else 0.0
    optimizer = Adam(net.parameters(), rate) if how == "Adam" else SGD(net.parameters(), rate, momentum)
    history = fit(
        net, X, Y, loss="cross_entropy", optimizer=optimizer, epochs=epochs, batch_size=BATCH, seed=0,
        progress=False, backend=backend,
    )  # fmt: skip
    return history.loss[-1]


def theirs(how: str) -> float:
    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).double()
    rate, momentum = RATES[how], 0.9 if "momentum" in how else 0.0
    if how == "Adam":
        optimizer: Any = torch.optim.Adam(net.parameters(), rate, fused=True)
    else:
        optimizer = torch.optim.SGD(net.parameters(), rate, momentum, fused=True)
    loss = torch.nn.CrossEntropyLoss(reduction="sum")
    xs, ys = torch.tensor(X, dtype=torch.float64), torch.tensor(Y)
    for _ in range(EPOCHS):
        total = 0.0
        for batch in torch.randperm(len(xs)).split(BATCH):
            optimizer.zero_grad()
            error = loss(net(xs[batch]), ys[batch])
            error.backward()
            optimizer.step()
            total += error.item()
    return total / len(xs)


def timed(work: Callable[[], float]) -> tuple[float, float]:
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def row(how: str) -> float:
    """A line of the table; how many times faster than PyTorch."""
    seconds: list[tuple[float, float, float]] = []
    for _ in range(ROUNDS):
        mine, error = timed(lambda: ours(how))
        other, other_error = timed(lambda: theirs(how)) if torch else (math.nan, math.nan)
        seconds.append((mine, other, 25 * timed(lambda: ours(how, "eager", EPOCHS // 25))[0]))
    ratio, to_eager = (statistics.median(each[k] / each[0] for each in seconds) for k in (1, 2))
    mine, other, _ = map(statistics.median, zip(*seconds))
    missed = " (missed)" if ratio < NEEDED else ""
    print(
        f"| {how} | {mine:.2f} | {other:.2f} | {ratio:.1f} ×{missed} | {to_eager:.0f} × |"
        f" {error:.3f} | {other_error:.3f} |"
    )
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(description="Benchmark of training.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    check = parser.parse_args().check
    packages = ("numpy", "llvmlite", "torch")
    versions = [f"{p} {metadata.version(p)}" for p in packages if any(True for _ in metadata.distributions(name=p))]
    print(f"{platform.python_implementation()} {platform.python_version()}, {', '.join(versions)}")
    print(f"{platform.machine()}, {machine.llvm().get_host_cpu_name()}, one thread\n")
    if torch:
        torch.set_num_threads(1)
        theirs("Adam")  # what it loads at the first step is not its loop
    else:
        print("torch is not installed, and is left out\n")
    ours("Adam")  # and LLVM is loaded
    print("| optimiser | fit, s | PyTorch, s | times faster | than eager | error | PyTorch's |")
    print("|---|---|---|---|---|---|---|")
    ratios = [row(how) for how in RATES]
    missed = [f"{how}: {ratio:.1f} ×" for how, ratio in zip(RATES, ratios) if ratio < NEEDED]
    print(f"\nbars missed ({NEEDED:g} ×): " + "; ".join(missed) if missed else "\nall bars reached")
    return int(check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
