"""The same programs on two checkouts, in one run: python tests/benchmarks/beside.py PATH [--check]

An interpreter for this state and one for the state in PATH take turns, through public calls that both have.  Times are
processor time; a ratio is the median of neighbours in time, above 1 where this state is faster.  Both run the plain
core, which the older states have alone; where there are no families yet, 100 classes compile for a minute.
--check: exit code 1 where this state takes 5 % longer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, SLOWER = 15, 1.05
Work = Callable[[], object]


def programs() -> dict[str, Work]:
    """What is measured, as functions without arguments that take some ten milliseconds each."""
    import by_hand  # beside this file, in both interpreters

    from autograd import Value, grad, lower
    from nn import MLP, cross_entropy, fit, squared_error

    def step(program: by_hand.Program) -> Work:
        run, leaves = program

        def work() -> None:
            run().backward()
            for leaf in leaves:
                leaf.grad = 0.0

        return work

    def lowered(layers: list[int], samples: int) -> tuple[Work, Work, Work]:
        net = MLP(2, layers, "relu", "linear", seed=0)
        x, y, theta = [Value(0.5), Value(-1.0)], Value(0.25), net.parameters()
        run = net.forward(x)
        err = squared_error(run.outputs, y)
        program = lower([err, *grad(err, theta)], [*run.inputs, y, *theta])
        native = program.to("native")
        columns = [[0.01 * i for i in range(samples)] for _ in range(3)]
        point = [0.5, -1.0, 0.25, *[t.data for t in theta]]
        import numpy as np

        arrays, numbers = [np.array(column) for column in columns], point[3:]
        return (
            lambda: lower([err, *grad(err, theta)], [*run.inputs, y, *theta]),
            lambda: [program(*point) for _ in range(30)],
            lambda: [native.sum(*arrays, *numbers) for _ in range(60)],
        )

    def classes(count: int) -> Work:
        net, x, y = MLP(64, [32, count], "tanh", "linear", seed=0), [Value(0.1) for _ in range(64)], Value(1.0)
        err, theta = cross_entropy(net(x), y), net.parameters()
        native = lower([err, *grad(err, theta)], [*x, y, *theta]).to("native")
        columns = [[0.01 * i - j % 3 for i in range(256)] for j in range(64)]
        columns.append([float(i % count) for i in range(256)])
        import numpy as np

        arrays, numbers = [np.array(column) for column in columns], [t.data for t in theta]
        return lambda: native.sum(*arrays, *numbers)

    X = [[0.1 * i - 1, 0.3 * i % 2 - 1] for i in range(20)]
    Y = [[float(i % 2)] for i in range(20)]

    def fitted(backend: str) -> Work:
        epochs = 10 if backend == "eager" else 400
        return lambda: fit(MLP(2, [4, 1], seed=0), X, Y, epochs=epochs, progress=False, backend=backend)

    graph, source, machine = lowered([16, 16, 1], 100)
    *_, wider = lowered([32, 32, 1], 100)
    fitted("native")()  # LLVM's own start
    return {
        "MLP code": step(by_hand.mlp(Value, lambda x: x.relu())),
        "chain": step(by_hand.chain(Value)),
        "wide sum": step(by_hand.wide(Value)),
        "grad and lower, 2-16-16-1": graph,
        "Python source, 2-16-16-1": source,
        "machine code, flat sum, 2-16-16-1": machine,
        "machine code, flat sum, 2-32-32-1": wider,
        "100 classes, flat sum, 64-32-100": classes(100),
        "fit, eager, 2-4-1": fitted("eager"),
        "fit, machine code, 2-4-1": fitted("native"),
    }


def answer() -> None:
    """Run what the other side asks for by name, and say how long it took."""
    sys.path.insert(0, str(Path(__file__).parent))
    found = programs()
    print(json.dumps(list(found)), flush=True)
    for line in sys.stdin:
        work = found[json.loads(line)]
        start = time.process_time()
        work()
        print(json.dumps(time.process_time() - start), flush=True)


class Side:
    """An interpreter that has one checkout alone."""

    def __init__(self, checkout: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "DELTAGRAD_PURE": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--answer", str(checkout)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=checkout,
        )  # fmt: skip
        self.names = self.read()

    def read(self) -> object:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a side ended; see above")
        return json.loads(line)

    def seconds(self, name: str) -> float:
        assert self.process.stdin is not None
        print(json.dumps(name), file=self.process.stdin, flush=True)
        taken = self.read()
        assert isinstance(taken, float)
        return taken


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="the other checkout")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer()
        return 0
    now, before = Side(ROOT), Side(options.path.resolve())
    print("| program, plain core | ms now | before | before ÷ now |\n|---|---|---|---|")
    missed = 0
    assert isinstance(now.names, list)
    for name in now.names:
        pairs = [(now.seconds(name), before.seconds(name)) for _ in range(options.rounds)]
        mine, other = (statistics.median(each) for each in zip(*pairs))
        ratio = statistics.median(b / a for a, b in pairs)
        print(f"| {name} | {1e3 * mine:.1f} | {1e3 * other:.1f} | {ratio:.2f} |", flush=True)
        missed += ratio < 1 / SLOWER
    print(f"{missed} programs are more than {100 * (SLOWER - 1):.0f} % slower" if missed else "no program is slower")
    return int(options.check and missed > 0)


if __name__ == "__main__":
    sys.exit(main())
