"""How fast and how small the eager engine is, as ratios in one run.

    python tests/benchmarks/eager.py                 the tables of docs/speed.md
    python tests/benchmarks/eager.py --check         exits with 1 if a bar is missed
    python tests/benchmarks/eager.py --before PATH   the plain core beside that of another checkout too

Contestants take turns, ours beside each; times are processor time, and the medians of the ratios count.  First without
the cyclic collector, with the garbage swept between the turns: that is the engine alone.  Then with it, as a program
runs: the engines that leave garbage to the collector pay for it, and more in larger programs.
Peers are skipped with a word where they are not installed (pip install 'deltagrad[peers]').
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import autograd
from nn import MLP

try:
    from tests.benchmarks import by_hand
    from tests.benchmarks.transformer import Transformer
except ImportError:  # run as a script they stand beside it
    import by_hand
    from transformer import Transformer

Work = Callable[[], Any]
Times = dict[str, list[float]]


class Engine(NamedTuple):
    """A maker of numbers, the functions on them, and how a program runs on it, forward and backward."""

    number: Callable[[float], Any]
    relu: Callable[[Any], Any]
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    backward: Callable[[Any], Any]
    zero: Callable[[list[Any]], Any]


def with_methods(kind: type) -> Engine:
    """An engine whose numbers have data, grad, and methods of the functions' names."""

    def zero(leaves: list[Any]) -> None:
        for leaf in leaves:
            leaf.grad = 0.0

    return Engine(kind, lambda v: v.relu(), lambda v: v.exp(), lambda v: v.log(), lambda y: y.backward(), zero)


def package(folder: Path, alias: str) -> ModuleType:
    """The engine of a folder under another name, beside the one that is loaded, on its plain core."""
    spec = importlib.util.spec_from_file_location(
        alias, folder / "autograd/__init__.py", submodule_search_locations=[str(folder / "autograd")]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    chosen = os.environ.get("DELTAGRAD_PURE")
    os.environ["DELTAGRAD_PURE"] = "1"
    try:
        spec.loader.exec_module(module)
    finally:
        if chosen is None:
            del os.environ["DELTAGRAD_PURE"]
    return module


def tape() -> Engine | None:
    """xad: C++ with a tape, in Python."""
    try:
        import xad.adj_1st as adjoint
        import xad.math as functions
    except ImportError:
        return None
    recorder = adjoint.Tape()
    recorder.activate()

    def zero(leaves: list[Any]) -> None:
        for leaf in leaves:
            recorder.registerInput(leaf)
        recorder.newRecording()

    def backward(y: Any) -> None:
        recorder.registerOutput(y)
        y.derivative = 1.0
        recorder.computeAdjoints()

    return Engine(adjoint.Real, lambda x: functions.max(x, 0.0), functions.exp, functions.log, backward, zero)


def tensors() -> Engine | None:
    """PyTorch, a tensor for each number: what it is not made for."""
    try:
        import torch
    except ImportError:
        return None

    def number(x: float) -> Any:
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    def zero(leaves: list[Any]) -> None:
        for leaf in leaves:
            leaf.grad = None

    return Engine(number, torch.relu, torch.exp, torch.log, lambda y: y.backward(), zero)


def engines(before: Path | None) -> dict[str, Engine]:
    found = {"ours": with_methods(autograd.Value)}
    if autograd.core == "compiled":
        found["pure"] = with_methods(package(Path(autograd.__file__).parent.parent, "autograd_plain").Value)
    if before is not None:
        found["before"] = with_methods(package(before, "autograd_before").Value)
    found["by hand"] = with_methods(by_hand.Tuples)
    with suppress(ImportError):
        found["micrograd"] = with_methods(importlib.import_module("micrograd.engine").Value)
    return found


def peers() -> dict[str, Engine]:
    return {name: engine for name, engine in (("xad", tape()), ("torch", tensors())) if engine is not None}


PROGRAMS: dict[str, tuple[Callable[[Engine], by_hand.Program], int]] = {  # and how many nodes it has
    "MLP code": (lambda e: by_hand.mlp(e.number, e.relu), 5 * (2 * (32 + 256 + 16) + 32 + 3)),
    "chain": (lambda e: by_hand.chain(e.number), 6000),
    "wide sum": (lambda e: by_hand.wide(e.number), 6000),
    "Black–Scholes": (lambda e: by_hand.black_scholes(e.number, e.exp, e.log), 60 * 27),
    "plain numbers": (lambda e: by_hand.literals(e.number), 1500 * 8),
}


def work_of(engine: Engine, program: Callable[[Engine], by_hand.Program]) -> Work:
    run, leaves = program(engine)

    def work() -> None:
        engine.zero(leaves)
        engine.backward(run())

    return work


# --- time ---------------------------------------------------------------------------------------------


@contextmanager
def collector(on: bool) -> Iterator[None]:
    gc.collect()
    (gc.enable if on else gc.disable)()
    try:
        yield
    finally:
        gc.enable()


def interleaved(contestants: dict[str, Work], on: bool, rounds: int, seconds: float = 0.02) -> Times:
    """Processor seconds of each contestant in each round; short works are repeated within a turn.

    The first takes a turn beside each of the others: a processor changes its clock by half within a round of all.
    """
    clock, repeats = time.thread_time, {}
    for name, work in contestants.items():
        work()
        start = clock()
        work()
        repeats[name] = max(1, int(seconds / max(1e-7, clock() - start)))

    def turn(name: str) -> float:
        with collector(on):
            start = clock()
            for _ in range(repeats[name]):
                contestants[name]()
            return (clock() - start) / repeats[name]

    first, *others = contestants
    times: Times = {}
    for _ in range(rounds):
        for name in others:
            times.setdefault(f"{first} beside {name}", []).append(turn(first))
            times.setdefault(name, []).append(turn(name))
    times[first] = [time for name in others for time in times[f"{first} beside {name}"]]
    return times


def ratio(times: Times, above: str, below: str = "ours") -> float:
    """The median of their ratios, each of neighbours in time."""
    if above not in times or below not in times:
        return math.nan
    numerators = times.get(f"{above} beside {below}", times[above])
    denominators = times.get(f"{below} beside {above}", times[below])
    return statistics.median(a / b for a, b in zip(numerators, denominators))


def cell(x: float, digits: int = 1) -> str:
    return "–" if math.isnan(x) else f"{x:.{digits}f}"


def table_of_programs(contestants: dict[str, Engine], rounds: int) -> dict[str, tuple[Times, Times]]:
    """Forward, backward and release of each program on each engine, the collector off and on."""
    others = [name for name in contestants if name != "ours"]
    measured = {}
    print(f"| ns a node; × slower | {autograd.core} | {' | '.join(others)} | collector on: {' | '.join(others)} |")
    print("|---" * (2 + 2 * len(others)) + "|")
    for name, (program, nodes) in PROGRAMS.items():
        works = {}
        for who, engine in contestants.items():
            if not (who == "micrograd" and name == "Black–Scholes"):  # it has neither exp nor log
                works[who] = work_of(engine, program)
        off, on = (interleaved(works, state, rounds) for state in (False, True))
        own = statistics.median(off["ours"]) / nodes * 1e9
        ratios = [f"{cell(ratio(times, who))}" for times in (off, on) for who in others]
        print(f"| {name} | {own:.0f} | {' | '.join(ratios)} |", flush=True)
        measured[name] = off, on
    return measured


def network(rounds: int) -> tuple[float, float]:
    """MLP(2, [16, 16, 1]) on 100 samples in one graph, beside micrograd's: the collector off and on."""
    try:
        theirs = importlib.import_module("micrograd.nn").MLP(2, [16, 16, 1])
    except ImportError:
        return math.nan, math.nan
    ours = MLP(2, [16, 16, 1], "relu", output_activation="linear", seed=0)
    generator = random.Random(0)
    X = [[generator.uniform(-1, 1), generator.uniform(-1, 1)] for _ in range(100)]
    Y = [generator.uniform(-1, 1) for _ in X]

    def run_ours() -> None:
        ours.zero_grad()
        residuals = [y - ours(x) for x, y in zip(X, Y)]
        autograd.sumprod(residuals, residuals).backward()

    def run_theirs() -> None:
        theirs.zero_grad()
        total = 0
        for x, y in zip(X, Y):
            residual = theirs(x) + -y
            total = total + residual * residual
        total.backward()

    off, on = (interleaved({"ours": run_ours, "theirs": run_theirs}, state, rounds) for state in (False, True))
    print("\n| MLP(2, [16, 16, 1]), 100 samples in one graph | ms, collector off | on |\n|---|---|---|")
    for name, who in ((f"deltagrad, {autograd.core}", "ours"), ("micrograd", "theirs")):
        print(f"| {name} | {statistics.median(off[who]) * 1e3:.2f} | {statistics.median(on[who]) * 1e3:.2f} |")
    print(f"| × | {ratio(off, 'theirs'):.0f} | {ratio(on, 'theirs'):.0f} |")
    return ratio(off, "theirs"), ratio(on, "theirs")


def language(rounds: int) -> dict[str, tuple[float, float]]:
    """A step of the small transformer, forward, backward and Adam, on the class written by hand and on Values."""
    contestants = {
        "by hand": Transformer(by_hand.Tuples).step,
        "only the import differs": Transformer(autograd.Value).step,
        "with sumprod": Transformer(autograd.Value, autograd.sumprod).step,
    }
    # Each learns from the same names, so every turn has as many steps.
    steps = {name: (lambda step=step: [step() for _ in range(3)] and None) for name, step in contestants.items()}
    off, on = (interleaved(steps, state, rounds, 0.0) for state in (False, True))
    print("\n| a step of a small transformer | ms, collector off | × | ms, on | × |\n|---|---|---|---|---|")
    found = {}
    for name in contestants:
        found[name] = ratio(off, "by hand", name), ratio(on, "by hand", name)
        a, b = (statistics.median(times[name]) / 3 * 1e3 for times in (off, on))
        print(f"| {name} | {a:.1f} | {found[name][0]:.1f} | {b:.1f} | {found[name][1]:.1f} |")
    return found


# --- size ------------------------------------------------------------------------------------------------

MEMORY = """
import resource, gc
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
start = time.process_time()
import autograd, nn
print((time.process_time() - start) * 1e3)
"""

CHAIN = """
import copy, pickle, sys, time
from autograd import Value
sys.setrecursionlimit(200)
x = Value(1.0)
def timed(name, work):
    start = time.process_time(); result = work()
    print(f"{name} {time.process_time() - start:.2f} s", end=", ")
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
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=kept).stdout.strip()


# --- the bars -----------------------------------------------------------------------------------------------


def missed(
    programs: dict[str, tuple[Times, Times]],
    mlp: tuple[float, float],
    transformer: dict[str, tuple[float, float]],
    size: float,
) -> list[str]:
    """The bars that this run did not reach; what was not measured, a nan, misses none."""
    compiled = autograd.core == "compiled"
    found = []
    if compiled:
        for name, by_hand_bars, micrograd_bars in (
            ("MLP code", (9.5, 12), (9, 20)),
            ("chain", (12.5, 16), (14, 20)),
            ("wide sum", (12.5, 15), (13, 20)),
            ("Black–Scholes", (6, 0), (0, 0)),
        ):
            for state, times, *bars in zip(("off", "on"), programs[name], by_hand_bars, micrograd_bars):
                for who, bar in zip(("by hand", "micrograd"), bars):
                    found.append((f"{name}, collector {state}, × {who}", ratio(times, who), bar))
        for state, measured, bar in zip(("off", "on"), mlp, (45, 220)):
            found.append((f"nn.MLP, collector {state}, × micrograd", measured, bar))
        for name, bars in (("only the import differs", (6.5, 10)), ("with sumprod", (10, 10))):
            for state, measured, bar in zip(("off", "on"), transformer[name], bars):
                found.append((f"transformer, {name}, collector {state}", measured, bar))
    found.append(("bytes a node, its bar ÷ it", (100 if compiled else 250) / size, 1))
    for name, (off, _) in programs.items():
        bar = 1.5 if name == "plain numbers" else 0.98
        found.append((f"{name}, the plain core × before", ratio(off, "before", "pure" if compiled else "ours"), bar))
    return [f"{what}: {measured:.2f}, not {bar}" for what, measured, bar in found if measured < bar]


def main() -> int:
    parser = argparse.ArgumentParser(description="Benchmarks of the eager engine.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("--before", type=Path, metavar="PATH", help="a checkout to compare the plain core with")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contestant (%(default)s)")
    options = parser.parse_args()
    contestants = engines(options.before) | peers()
    versions = [f"{name} {metadata.version(name)}" for name in ("micrograd", "xad", "torch") if name in contestants]
    print(", ".join([platform.python_implementation(), platform.python_version(), platform.machine(), *versions]))
    print(f"not installed: {', '.join({'micrograd', 'xad', 'torch'} - {*contestants}) or 'nothing'}\n")
    programs = table_of_programs(contestants, options.rounds)
    mlp, transformer = network(options.rounds), language(options.rounds)
    size = float(in_a_new_process(MEMORY)) if sys.platform == "linux" else math.nan
    milliseconds = statistics.median([float(in_a_new_process(IMPORT)) for _ in range(10)][1:])  # the first one compiles
    print(f"\nmemory of a binary operation, resident: {size:.0f} bytes")
    print(f"import autograd, nn: {milliseconds:.0f} ms beyond the interpreter's start")
    print(f"a chain of 1,000,000 operations: {in_a_new_process(CHAIN).rstrip(',')}")
    wanting = missed(programs, mlp, transformer, size)
    wanting += [f"import: {milliseconds:.0f} ms, not 60"] if milliseconds > 60 else []
    print("\nbars missed: " + "; ".join(wanting) if wanting else "\nall bars reached")
    return int(options.check and bool(wanting))


def deep(work: Callable[[], int]) -> int:
    """The classes of others recurse along the graph: a thread with the depth that they need."""
    codes: list[int] = []
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=lambda: codes.append(work()))
    thread.start()
    thread.join()
    return codes[0] if codes else 1


if __name__ == "__main__":
    code = deep(main)
    sys.stdout.flush()
    os._exit(code)  # a number of xad that outlives its tape ends in a crash
