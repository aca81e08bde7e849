"""Value and gradient of a function of n numbers, in a script: ours beside HIPS autograd, JAX and SciPy's differences.

    python tests/benchmarks/functions.py                                 what this Python has
    python tests/benchmarks/functions.py --peer hips=PYTHON --peer jax=PYTHON
    python tests/benchmarks/functions.py --check --peer hips=PYTHON      exits with 1 if a bar is missed

Two spellings of one function: scalar, with a loop over the numbers as one writes it, and vectorised, with arrays.
Each contestant is a process of its own, since HIPS autograd has our package's name and JAX may live in
another interpreter; they take turns, each time is processor time, and the medians of the ratios of one round count.
Every contestant has to give the same value and gradient first.  `jax.jit` is timed without its compilation, which
is printed apart.  Whoever wins stands in the table.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES = (2, 20, 200)
ROOT = Path(__file__).resolve().parents[2]
OURS = {"ours, plain core": "1", "ours, compiled core": ""}  # and what DELTAGRAD_PURE is
PEERS = {"HIPS autograd": "hips", "JAX eager": "jax", "jax.jit": "jax", "SciPy's differences": "scipy"}
BARS = {"ours, plain core": 10.0, "ours, compiled core": 40.0}  # × HIPS autograd, scalar, 20 variables
PATIENCE = 0.2  # seconds of one turn, so that a short call is repeated
SLOWEST = 60.0  # seconds beyond which a cell stays empty


# --- the function, for every library that has its functions -------------------------------------------------


def scalar(x: Any, np: Any) -> Any:
    """Rosenbrock's valley with a wave in it, number by number."""
    total = 0.0
    for i in range(len(x) - 1):
        rise, left = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        total = total + 100.0 * (rise * rise) + left * left + np.sin(x[i] * x[i + 1])
    return total


def vectorised(x: Any, np: Any) -> Any:
    """The same on arrays."""
    rise, left = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    return np.sum(100.0 * rise**2 + left**2 + np.sin(x[:-1] * x[1:]))


SPELLINGS = {"scalar": scalar, "vectorised": vectorised}


def point(n: int) -> list[float]:
    return [math.sin(1.0 + 0.7 * i) for i in range(n)]


# --- a contestant, in its own process -------------------------------------------------------------------------

Gradient = Callable[[Any], "tuple[Any, Any]"]


def of_ours(spelling: str) -> Gradient:
    import numpy

    import autograd

    return autograd.value_and_grad(lambda x: SPELLINGS[spelling](x, autograd if spelling == "scalar" else numpy))


def of_hips(spelling: str) -> Gradient:
    import autograd.numpy as np

    from autograd import value_and_grad

    return value_and_grad(lambda x: SPELLINGS[spelling](x, np))


def of_jax(spelling: str, jit: bool = False) -> Gradient:
    import jax

    jax.config.update("jax_enable_x64", True)
    g = jax.value_and_grad(lambda x: SPELLINGS[spelling](x, jax.numpy))
    g = jax.jit(g) if jit else g
    return lambda x: jax.block_until_ready(g(x))


def of_scipy(spelling: str) -> Gradient:
    import math as functions

    import numpy
    from scipy.optimize import approx_fprime

    def f(x: Any) -> Any:
        return SPELLINGS[spelling](x, functions if spelling == "scalar" else numpy)

    return lambda x: (f(x), approx_fprime(x, f))


MAKERS: dict[str, Callable[[str], Gradient]] = {
    **dict.fromkeys(OURS, of_ours),
    "HIPS autograd": of_hips,
    "JAX eager": of_jax,
    "jax.jit": lambda spelling: of_jax(spelling, True),
    "SciPy's differences": of_scipy,
}


def serve(name: str) -> None:
    """Answer questions from the standard input, a line each: [spelling, n] -> seconds a call."""
    out, sys.stdout = sys.stdout, sys.stderr
    ready: dict[tuple[str, int], Callable[[], Any]] = {}
    for line in sys.stdin:
        spelling, n = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            if (spelling, n) not in ready:
                work, answer = prepared(name, spelling, n)
                ready[spelling, n] = work
            else:
                answer = {"seconds": seconds(ready[spelling, n])}
        except ImportError as error:
            answer = {"missing": str(error)}
        print(json.dumps(answer), file=out, flush=True)


def prepared(name: str, spelling: str, n: int) -> tuple[Callable[[], Any], dict[str, Any]]:
    """The work, and what its first call gave and took."""
    import numpy

    x = numpy.array(point(n))
    g = MAKERS[name](spelling)
    start = time.process_time()
    value, gradient = g(x)
    first = time.process_time() - start
    return lambda: g(x), {"value": float(value), "gradient": [float(d) for d in gradient], "first": first}


def seconds(work: Callable[[], Any]) -> float:
    """Processor time of a call, the garbage of the others swept before; a short one is repeated."""
    gc.collect()
    start, calls = time.process_time(), 0
    while (spent := time.process_time() - start) < PATIENCE:
        work()
        calls += 1
    return spent / calls


# --- the contest ------------------------------------------------------------------------------------------------


class Contestant:
    """A process that answers."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT) if name in OURS else "",
            "DELTAGRAD_PURE": OURS.get(name, ""),
        }
        for library in ("OMP", "OPENBLAS", "MKL"):
            environment[f"{library}_NUM_THREADS"] = "1"
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        command = [python, __file__, "--serve", name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT.parent
        )

    def ask(self, spelling: str, n: int) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([spelling, n]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "it ended"}

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def contest(contestants: list[Contestant], spelling: str, n: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each in each round."""
    first = {c.name: c.ask(spelling, n) for c in contestants}
    told = first[next(iter(OURS))]
    able = []
    for c in contestants:
        answer = first[c.name]
        if "missing" in answer:
            continue
        require_same(c.name, answer, told, 1e-4 if c.name.startswith("SciPy") else 1e-9)
        if c.name == "jax.jit":
            print(f"jax.jit, {spelling}, {n} variables: {answer['first']:.2f} s to compile")
        if answer["first"] < SLOWEST:
            able.append(c)
    times: dict[str, list[float]] = {c.name: [] for c in able}
    for _ in range(rounds):
        for c in able:
            times[c.name].append(c.ask(spelling, n)["seconds"])
    return times


def require_same(name: str, theirs: dict[str, Any], ours: dict[str, Any], tolerance: float) -> None:
    scale = max(map(abs, ours["gradient"]))
    apart = max(abs(a - b) for a, b in zip(theirs["gradient"], ours["gradient"]))
    if apart > tolerance * scale or abs(theirs["value"] - ours["value"]) > 1e-9 * abs(ours["value"]):
        raise SystemExit(f"{name} gives another gradient: {theirs} and {ours}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="hips, jax or scipy")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant (%(default)s)")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    where = dict(peer.split("=", 1) for peer in options.peer)
    contestants = [Contestant(name, sys.executable) for name in OURS]
    for name, library in PEERS.items():
        if library in where or library != "hips":  # which is never in this environment
            contestants.append(Contestant(name, where.get(library, sys.executable)))
    ratios: dict[tuple[str, str, int], float] = {}
    tables = {spelling: [contest(contestants, spelling, n, options.rounds) for n in SIZES] for spelling in SPELLINGS}
    for spelling, columns in tables.items():
        print(
            f"\n| {spelling}, µs a call | {' | '.join(f'{n} variables' for n in SIZES)} |\n|---|{'---|' * len(SIZES)}"
        )
        for c in contestants:
            cells = []
            for n, times in zip(SIZES, columns):
                mine = times.get(c.name)
                cells.append(f"{1e6 * statistics.median(mine):.0f}" if mine else "—")
                if mine and "HIPS autograd" in times:
                    ratio = statistics.median(b / a for a, b in zip(mine, times["HIPS autograd"]))
                    ratios[c.name, spelling, n] = ratio
                    cells[-1] += f" ({ratio:.3g} ×)" if c.name != "HIPS autograd" else ""
            print(f"| {c.name} | {' | '.join(cells)} |")
    for c in contestants:
        c.leave()
    print("\nin brackets: times as fast as HIPS autograd")
    found = {name: ratios.get((name, "scalar", 20)) for name in BARS}
    wanting = [f"{name}: {found[name]:.1f}, not {bar}" for name, bar in BARS.items() if (found[name] or bar) < bar]
    unknown = [name for name, ratio in found.items() if ratio is None]
    print(f"bars missed: {'; '.join(wanting)}" if wanting else "all bars reached" if not unknown else "no bar measured")
    return int(options.check and bool(wanting or unknown))


if __name__ == "__main__":
    sys.exit(main())
