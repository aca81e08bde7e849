"""How fast and how small the eager engine is, as ratios in one run.

    python tests/benchmarks/eager.py            the tables of the README
    python tests/benchmarks/eager.py --check    exits with 1 if a bar is missed

Contestants take turns, the garbage of the last one is collected before each timing so that
nobody pays for another's, the collector stays on, and the medians of the ratios count.
micrograd is skipped with a word where it is not installed (pip install 'deltagrad[peers]').
"""

from __future__ import annotations

import argparse
import gc
import math
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

from autograd import Value, sumprod
from autograd.reals import activations, branches
from nn import MLP

try:
    import micrograd.engine
    import micrograd.nn
except ImportError:
    micrograd = None  # type: ignore[assignment]


class Lean:
    """What one would write by hand for speed: local gradients stored in tuples, the same accurate slopes."""

    __slots__ = ("data", "grad", "parents", "slopes")

    def __init__(self, data, parents=(), slopes=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.slopes = slopes

    def __add__(self, other):
        other = other if isinstance(other, Lean) else Lean(other)
        return Lean(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = other if isinstance(other, Lean) else Lean(other)
        return Lean(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Lean) else Lean(other)
        return Lean(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        return Lean(math.tanh(self.data), (self,), (activations.sech2(self.data),))

    def relu(self):
        return Lean(activations.relu(self.data), (self,), (branches.step(self.data),))

    def backward(self):
        order, seen, stack = [], set(), [self]
        while stack:
            node = stack.pop()
            if node is None:
                order.append(stack.pop())
            elif node not in seen:
                seen.add(node)
                stack.append(node)
                stack.append(None)
                stack.extend(node.parents)
        self.grad = 1.0
        for node in reversed(order):
            g = node.grad
            for parent, slope in zip(node.parents, node.slopes):
                parent.grad += g * slope


def operation_by_operation(V: Any, samples: int, activation: str) -> Any:
    """A 2-4-1 network over the samples, written with +, ×, − and σ only, as one graph: 35 nodes a sample."""
    generator = random.Random(0)
    theta = [V(generator.uniform(-1, 1)) for _ in range(17)]
    total = V(0.0)
    for _ in range(samples):
        x = V(generator.uniform(-1, 1)), V(generator.uniform(-1, 1))
        u = theta[16]
        for i in range(4):
            hidden = theta[3 * i] * x[0] + theta[3 * i + 1] * x[1] + theta[3 * i + 2]
            u = u + theta[12 + i] * getattr(hidden, activation)()
        residual = getattr(u, activation)() - 0.5
        total = total + residual * residual
    total.backward()
    return total


def nodes_of(root: Any) -> int:
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(getattr(node, "parents", None) or getattr(node, "_prev", ()))
    return len(seen)


def interleaved(contestants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each contestant in each round."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            gc.collect()
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return times


def ratio(times: dict[str, list[float]], above: str, below: str) -> float:
    return statistics.median(a / b for a, b in zip(times[above], times[below]))


def table_of_operations() -> list[tuple[str, float, float]]:
    """Nanoseconds per node, forward and backward, in graphs of three sizes."""
    rows = []
    print("| nodes in one graph | deltagrad, ns a node | lean class | ratio to it | micrograd 0.1.0 | ratio to it |")
    print("|---|---|---|---|---|---|")
    for samples, repeat, rounds in ((20, 100, 15), (200, 10, 15), (2000, 1, 11)):
        contestants = {
            "ours": lambda s=samples, r=repeat: [operation_by_operation(Value, s, "tanh") for _ in range(r)] and None,
            "lean": lambda s=samples, r=repeat: [operation_by_operation(Lean, s, "tanh") for _ in range(r)] and None,
        }
        times = interleaved(contestants, rounds)
        n = nodes_of(operation_by_operation(Value, samples, "tanh"))
        per_node = {name: statistics.median(t) / repeat / n * 1e9 for name, t in times.items()}
        line = f"| {n} | {per_node['ours']:.0f} | {per_node['lean']:.0f} | {ratio(times, 'ours', 'lean'):.2f} |"
        peer = math.nan
        if micrograd is not None:
            theirs = micrograd.engine.Value
            with_micrograd = interleaved(
                {
                    "ours": lambda s=samples: operation_by_operation(Value, s, "relu"),
                    "micrograd": lambda s=samples, V=theirs: deep(lambda: operation_by_operation(V, s, "relu")),
                },
                5,
            )
            peer = ratio(with_micrograd, "micrograd", "ours")
            micro = statistics.median(with_micrograd["micrograd"]) / n * 1e9
            line += f" {micro:.0f} (ReLU) | {peer:.1f} × slower |"
        else:
            line += " not installed | |"
        print(line)
        rows.append((str(n), ratio(times, "ours", "lean"), peer))
    return rows


def deep(work: Callable[[], Any]) -> Any:
    """micrograd's backward() recurses along the graph; give it the depth that it needs."""
    import threading

    result: list[Any] = []
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=lambda: result.append(work()))
    thread.start()
    thread.join()
    threading.stack_size(0)
    sys.setrecursionlimit(old)
    return result[0]


def multilayer_perceptron() -> float:
    """MLP(2, [16, 16, 1]), the squared error of 100 samples in one graph, forward and backward."""
    generator = random.Random(0)
    X = [[generator.uniform(-1, 1), generator.uniform(-1, 1)] for _ in range(100)]
    Y = [generator.uniform(-1, 1) for _ in X]
    ours = MLP(2, [16, 16, 1], "relu", output_activation="linear", seed=0)

    def run_ours() -> None:
        residuals = [y - ours(x) for x, y in zip(X, Y)]
        sumprod(residuals, residuals).backward()

    if micrograd is None:
        print("\nmicrograd is not installed: pip install 'deltagrad[peers]' to compare")
        return math.nan
    theirs = micrograd.nn.MLP(2, [16, 16, 1])

    def run_theirs() -> None:
        total = 0
        for x, y in zip(X, Y):
            residual = theirs(x) + -y
            total = total + residual * residual
        total.backward()

    times = interleaved({"micrograd": lambda: deep(run_theirs), "ours": run_ours}, 9)
    found = ratio(times, "micrograd", "ours")
    print("\n| MLP(2, [16, 16, 1]), 100 samples in one graph | ms | ratio |")
    print("|---|---|---|")
    print(f"| deltagrad | {statistics.median(times['ours']) * 1e3:.1f} | 1 |")
    print(f"| micrograd 0.1.0 | {statistics.median(times['micrograd']) * 1e3:.0f} | {found:.0f} × slower |")
    return found


MEMORY = """
import resource, sys, gc
from autograd import Value
gc.disable()
def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()
x = Value(1.000001); chain = [x] * 1000
before = resident()
y = x
for _ in range(500_000):
    y = y * x
print((resident() - before) / 500_000)
"""

IMPORT = """
import time
start = time.perf_counter()
import autograd, nn
print((time.perf_counter() - start) * 1e3)
"""

CHAIN = """
import copy, pickle, sys, time
from autograd import Value
sys.setrecursionlimit(200)
x = Value(1.0)
def timed(name, work):
    start = time.perf_counter(); result = work()
    print(f"{name} {time.perf_counter() - start:.1f} s", end=", ")
    return result
def built():
    y = x
    for _ in range(1_000_000):
        y = y * 1.0000001
    return y
y = timed("built", built)
timed("differentiated", y.backward)
c = timed("copied", lambda: copy.deepcopy(y))
p = timed("pickled", lambda: pickle.dumps(y))
q = timed("unpickled", lambda: pickle.loads(p))
assert c.data == q.data == y.data and x.grad == y.data
def freed():
    global y, c, q
    y = c = q = None
timed("freed", freed)
"""


def in_a_new_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description="Benchmarks of the eager engine.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    check = parser.parse_args().check
    peer = f", micrograd {metadata.version('micrograd')}" if micrograd is not None else ""
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}{peer}\n")
    operations = table_of_operations()
    network = multilayer_perceptron()
    bytes_per_node = float(in_a_new_process(MEMORY)) if sys.platform == "linux" else math.nan
    milliseconds = statistics.median(float(in_a_new_process(IMPORT)) for _ in range(9))
    print(f"\nmemory of a binary operation, resident: {bytes_per_node:.0f} bytes")
    print(f"import autograd, nn: {milliseconds:.0f} ms beyond the interpreter's start")
    print(f"a chain of 1,000,000 operations: {in_a_new_process(CHAIN).rstrip(',')}")
    missed = [f"{n} nodes: {lean:.2f} times the lean class" for n, lean, _ in operations if lean > 1.10]
    missed += [f"MLP: only {network:.0f} × faster than micrograd"] if network < 25 else []
    missed += [f"memory: {bytes_per_node:.0f} bytes a node"] if bytes_per_node > 250 else []
    missed += [f"import: {milliseconds:.0f} ms"] if milliseconds > 60 else []
    print("\nbars missed: " + "; ".join(missed) if missed else "\nall bars reached")
    return int(check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
