"""How fast training is, from the samples to the trained network, beside PyTorch and scikit-learn.

    python tests/benchmarks/training.py           the tables, as Markdown
    python tests/benchmarks/training.py --check   exits with 1 if a bar is missed

Small data: the irises, 4-8-3, and two moons, 2-16-2, in shuffled batches, cross-entropy.  Ours is `fit` as it stands:
it checks the samples, records, lowers and compiles anew in every run, and counts errors and hits.  PyTorch gathers each
batch from tensors, sums up the errors, and counts no hits; its optimisers are the fused ones, its fastest.
scikit-learn's is its own loop, with the same batches, epochs and rates.  The eager time is that of 1/25 of the epochs,
times 25.

Digits: 64-32-10, Adam, batches of 32, 20 and 60 epochs; what an epoch takes, without checking, recording and compiling,
is a fortieth of the difference.  And the digits enlarged to 28 × 28, through 784-128-10 in batches of 128.

Processor time, double precision, one thread; contestants take turns, and a ratio is the median of the ratios of
neighbours in time.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse  # noqa: E402
import gc  # noqa: E402
import math  # noqa: E402
import platform  # noqa: E402
import random  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from functools import partial  # noqa: E402
from importlib import metadata  # noqa: E402
from typing import Any, NamedTuple  # noqa: E402

from autograd.lowering.native import machine, modules  # noqa: E402
from nn import MLP, SGD, Adam, fit  # noqa: E402
from nn.training.datasets import IRIS, Scale, read_csv  # noqa: E402

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]
try:
    import numpy
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier
except ImportError:
    MLPClassifier = None

ROUNDS = 3
BARS = {"PyTorch": 5.0, "scikit-learn": 1.2, "an epoch": 2.0, "20 epochs": 0.7, "60 epochs": 1.0}


class Task(NamedTuple):
    """Samples, a network with one hidden layer for them, and how it is trained; `mean` as scikit-learn has it."""

    X: Any
    Y: list[int]
    sizes: tuple[int, int, int]
    optimizer: str
    rate: float
    epochs: int
    batch: int
    activation: str = "tanh"
    mean: bool = False

    @property
    def momentum(self) -> float:
        return 0.9 if "momentum" in self.optimizer else 0.0


def iris(optimizer: str, rate: float) -> Task:
    table = read_csv(IRIS)
    scale = Scale.of(table.X)
    return Task([scale.apply(x) for x in table.X], [int(y) for y in table.Y], (4, 8, 3), optimizer, rate, 500, 16)


def moons() -> Task:
    r = random.Random(0)
    X, Y = [], []
    for k in range(200):
        angle, y = math.pi * r.random(), k % 2
        point = (math.cos(angle), math.sin(angle)) if y else (1.0 - math.cos(angle), 0.5 - math.sin(angle))
        X.append([x + r.gauss(0.0, 0.1) for x in point])
        Y.append(y)
    return Task(X, Y, (2, 16, 2), "Adam", 0.01, 300, 16)


def digits(epochs: int) -> Task:
    found = load_digits()
    return Task(found.data / 16.0, found.target.tolist(), (64, 32, 10), "Adam", 1e-3, epochs, 32, "relu", True)


def enlarged(epochs: int) -> Task:
    """The digits as pictures of 28 × 28, the nearest of their 8 × 8 points for each."""
    near = numpy.arange(28) * 8 // 28
    X = load_digits().images[:, near][:, :, near].reshape(-1, 784) / 16.0
    return digits(epochs)._replace(X=X, sizes=(784, 128, 10), batch=128)


def ours(task: Task, backend: str = "auto", epochs: int = 0) -> float:
    """The mean error of a sample in the last epoch."""
    modules._modules.clear()  # else a program of the same structure is remembered
    net = MLP(task.sizes[0], task.sizes[1:], task.activation, "linear", seed=0)
    p, rate = net.parameters(), task.rate
    history = fit(
        net, task.X, task.Y, loss="cross_entropy", epochs=epochs or task.epochs, batch_size=task.batch, seed=0,
        optimizer=Adam(p, rate) if task.optimizer == "Adam" else SGD(p, rate, task.momentum), progress=False,
        reduction="mean" if task.mean else "sum", backend=backend,
    )  # fmt: skip
    return history.loss[-1]


def in_torch(task: Task) -> float:
    nin, hidden, nout = task.sizes
    net = torch.nn.Sequential(torch.nn.Linear(nin, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, nout)).double()
    if task.optimizer == "Adam":
        optimizer: Any = torch.optim.Adam(net.parameters(), task.rate, fused=True)
    else:
        optimizer = torch.optim.SGD(net.parameters(), task.rate, task.momentum, fused=True)
    loss = torch.nn.CrossEntropyLoss(reduction="sum")
    xs, ys = torch.tensor(task.X, dtype=torch.float64), torch.tensor(task.Y)
    for _ in range(task.epochs):
        total = 0.0
        for batch in torch.randperm(len(xs)).split(task.batch):
            optimizer.zero_grad()
            error = loss(net(xs[batch]), ys[batch])
            error.backward()
            optimizer.step()
            total += error.item()
    return total / len(xs)


def in_sklearn(task: Task) -> float:
    """Its error is the mean of a batch, so its rate is that many times as large where ours is the sum."""
    solver = "adam" if task.optimizer == "Adam" else "sgd"
    rate = task.rate * (1 if task.mean or solver == "adam" else task.batch)
    net = MLPClassifier(
        (task.sizes[1],), activation=task.activation, solver=solver, alpha=0.0, batch_size=task.batch,
        learning_rate_init=rate, momentum=task.momentum, max_iter=task.epochs,
        tol=0.0, n_iter_no_change=10**9, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        net.fit(task.X, task.Y)
    return float(net.loss_)


def timed(work: Callable[[], float]) -> tuple[float, float]:
    gc.collect()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def ratio(mine: list[float], other: list[float]) -> float:
    return statistics.median(b / a for a, b in zip(mine, other))


def row(name: str, task: Task, missed: list[str]) -> None:
    """A line of the first table; a bar that is missed is added to the list."""
    times: dict[str, list[float]] = {"ours": [], "PyTorch": [], "scikit-learn": [], "eager": []}
    errors = dict.fromkeys(times, math.nan)
    for _ in range(ROUNDS):
        for who, work in (
            ("ours", lambda: ours(task)),
            ("PyTorch", (lambda: in_torch(task)) if torch else None),
            ("scikit-learn", (lambda: in_sklearn(task)) if MLPClassifier else None),
            ("eager", lambda: ours(task, "eager", task.epochs // 25)),
        ):
            seconds, errors[who] = timed(work) if work else (math.nan, math.nan)
            times[who].append(seconds * (25 if who == "eager" else 1))
    cells = []
    for who in ("PyTorch", "scikit-learn"):
        found = ratio(times["ours"], times[who])
        if found < BARS[who]:
            missed.append(f"{name}: {found:.1f} × {who}, needed {BARS[who]}")
        cells.append(f"{statistics.median(times[who]):.2f} | {found:.1f} ×")
    eager = ratio(times["ours"], times["eager"])
    print(
        f"| {name} | {statistics.median(times['ours']):.2f} | {' | '.join(cells)} | {eager:.0f} × |"
        f" {errors['ours']:.3f}, {errors['PyTorch']:.3f}, {errors['scikit-learn']:.3f} |"
    )


def large(name: str, made: Callable[[int], Task], short: int, long: int, missed: list[str] | None) -> None:
    """A line of the second table, beside scikit-learn; `missed`: None where no bar is set."""
    tasks = made(short), made(long)
    rounds = []
    for _ in range(ROUNDS if missed is not None else 1):
        rounds.append([timed(partial(f, t))[0] for t in tasks for f in (ours, in_sklearn)])
    a, b, c, d = map(list, zip(*rounds))
    epoch = [[(y - x) / (long - short) for x, y in zip(*pair)] for pair in ((a, c), (b, d))]
    found = {"an epoch": ratio(*epoch), f"{short} epochs": ratio(a, b), f"{long} epochs": ratio(c, d)}
    for what, x in found.items():
        if missed is not None and x < BARS[what]:
            missed.append(f"{name}, {what}: {x:.2f} × scikit-learn, needed {BARS[what]}")
    mine, other = (1000 * statistics.median(each) for each in epoch)
    seconds = ", ".join(f"{statistics.median(x):.2f}" for x in (a, b))
    print(f"| {name} | {mine:.1f}, {other:.1f} | {seconds} | {' | '.join(f'{x:.2f} ×' for x in found.values())} |")


def main() -> int:
    parser = argparse.ArgumentParser(description="Benchmark of training.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    check = parser.parse_args().check
    packages = ("numpy", "llvmlite", "torch", "scikit-learn")
    versions = [f"{p} {metadata.version(p)}" for p in packages if any(True for _ in metadata.distributions(name=p))]
    print(f"{platform.python_implementation()} {platform.python_version()}, {', '.join(versions)}")
    print(f"{platform.machine()}, {machine.llvm().get_host_cpu_name()}, {machine.registers()} registers of", end=" ")
    print(f"{machine.register()} doubles, one thread\n")
    missed: list[str] = []
    first = iris("Adam", 0.01)
    if torch:
        torch.set_num_threads(1)
        in_torch(first)  # what it loads at the first step is not its loop
    if MLPClassifier:
        in_sklearn(first._replace(epochs=1))
    ours(first)  # and LLVM is loaded
    print(
        "| | fit, s | PyTorch, s | × | scikit-learn, s | × | than eager | errors |\n|---|---|---|---|---|---|---|---|"
    )
    for how, rate in (("SGD", 0.01), ("SGD with momentum", 0.002), ("Adam", 0.01)):
        row(f"Iris, {how}", iris(how, rate), missed)
    row("moons, Adam", moons(), missed)
    if MLPClassifier:
        print("\n| ours, scikit-learn | an epoch, ms | the shorter run, s | × an epoch | × shorter | × longer |")
        print("|---|---|---|---|---|---|")
        large("digits 64-32-10, 20 and 60 epochs", digits, 20, 60, missed)
        large("enlarged, 784-128-10, 5 and 65 epochs", enlarged, 5, 65, None)
    print("\nbars missed: " + "; ".join(missed) if missed else "\nall bars reached")
    return int(check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
