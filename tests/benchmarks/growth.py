"""How time grows with the size of a graph: the exponent p of time ~ nᵖ, decade by decade, from 10³ to 10⁶ nodes.

    python tests/benchmarks/growth.py                   both cores, as far as they are built
    python tests/benchmarks/growth.py --largest 100000  a smaller run
    python tests/benchmarks/growth.py --check           exits with 1 where an exponent over the whole range is above 1.1

Each number is the least processor time of several turns, in a process for each core, with the cyclic collector
off, as in eager.py: it looks at every object again and again, and that is not the engine.  An exponent of 1.1 over
three decades is a factor of 2 a node: what fits a cache at 10³ nodes does not at 10⁶.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import math
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import autograd
from autograd import Value, draw, fsum, grad, lower, toposort

ROOT = Path(__file__).parents[2]
MOST = 1.1
MEMORY = 1e9  # bytes that draw may take for a million nodes, the graph included


def chain(n: int) -> Value:
    """n operations, one after the other."""
    x = Value(0.5, "x")
    y = x
    for _ in range(n):
        y = y * x
    return y


def sum_by_plus(n: int) -> Value:
    """n leaves, added up one by one."""
    leaves = [Value(0.5) for _ in range(n)]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf
    return total


def roots(n: int) -> list[Value]:
    """Every tenth node of a chain."""
    order = toposort(chain(n))
    return order[::10]


def leaf(y: Value) -> Value:
    return toposort(y)[0]


def looked_up(n: int) -> int:
    """No engine: n tuples in a dictionary, met in another order than they were made in."""
    pairs = [(float(i), float(i + 1)) for i in range(n)]
    numbers = {id(pair): pair for pair in pairs}
    step = n // 3 + 1 | 1
    return sum(numbers[id(pairs[i * step % n])][0] > 0.5 for i in range(n))


# What is made before the clock runs, and what is measured of it.
CONTROL = "tuples in a dictionary"
WORK: dict[str, tuple[Callable[[int], Any], Callable[[Any], Any]]] = {
    CONTROL: (lambda n: n, looked_up),
    "a chain is built": (lambda n: n, chain),
    "a chain backward": (chain, lambda y: y.backward()),
    "a chain freed": (lambda n: [chain(n)], lambda held: held.clear()),
    "grad of a chain": (lambda n: ((y := chain(n)), leaf(y)), lambda yx: grad(yx[0], [yx[1]])),
    "a sum by +": (lambda n: n, sum_by_plus),
    "a sum by + backward": (sum_by_plus, lambda y: y.backward()),
    "fsum": (lambda n: [Value(0.5) for _ in range(n)], lambda xs: fsum(xs).backward()),
    "zero_grad": (chain, lambda y: y.zero_grad()),
    "deepcopy": (chain, copy.deepcopy),
    "pickle": (chain, pickle.dumps),
    "unpickle": (lambda n: pickle.dumps(chain(n)), pickle.loads),
    "pickle n/10 roots": (roots, pickle.dumps),
    "lower": (lambda n: ((y := chain(n)), leaf(y)), lambda yx: lower(yx[0], [yx[1]])),
    "draw as a summary": (chain, lambda y: draw(y).dot),
}  # fmt: skip


def measured(largest: int) -> dict[str, list[float]]:
    """The least seconds of each work at each size, in this process."""
    gc.disable()
    found: dict[str, list[float]] = {}
    for name, (prepare, work) in WORK.items():
        found[name] = []
        for n in sizes(largest):
            best = math.inf
            for _ in range(max(2, min(20, 100_000 // n))):
                given = prepare(n)
                start = time.process_time()
                result = work(given)
                best = min(best, time.process_time() - start)
                del given, result
            found[name].append(best)
    return found


def sizes(largest: int) -> list[int]:
    return [10**k for k in range(3, round(math.log10(largest)) + 1)]


def exponents(times: list[float]) -> list[float]:
    return [math.log10(b / a) for a, b in pairwise(times)]


def memory_of_draw(n: int) -> int:
    """Bytes that a process took at most while it drew n nodes."""
    import resource

    draw(chain(n)).svg()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def in_a_process(pure: bool, *arguments: str) -> Any:
    environment = {**os.environ, "DELTAGRAD_PURE": "1" if pure else "", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, *arguments]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def main() -> int:
    """Print the table of each core; 1 if a bar is missed and asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--here", choices=("times", "memory"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measured(options.largest) if options.here == "times" else memory_of_draw(options.largest)))
        return 0
    missed = False
    for pure in (True, False) if autograd.core == "compiled" else (True,):
        missed |= told(pure, options.largest)
    return int(missed and options.check)


def told(pure: bool, largest: int) -> bool:
    """Print the table of one core; whether a bar is missed."""
    print("plain core" if pure else "compiled core", *[f"{n:.0e}" for n in sizes(largest)], "p by decade; overall")
    missed = []
    for name, times in in_a_process(pure, "--here", "times", "--largest", str(largest)).items():
        overall = math.log10(times[-1] / times[0]) / (len(times) - 1)
        if overall > MOST and name != CONTROL:
            missed.append(name)
        per_node = [f"{t / n * 1e9:6.0f} ns" for t, n in zip(times, sizes(largest))]
        print(f"{name:24}", *per_node, " ", *[f"{p:.2f}" for p in exponents(times)], f"; {overall:.2f}", flush=True)
    taken = in_a_process(pure, "--here", "memory", "--largest", str(largest))
    print(f"draw took {taken / 1e6:.0f} MB, the graph of {largest:.0e} nodes included")
    print(f"above {MOST}: {', '.join(missed) or 'nothing'}\n")
    return bool(missed) or taken > MEMORY * max(0.05, largest / 1e6)


if __name__ == "__main__":
    sys.exit(main())
