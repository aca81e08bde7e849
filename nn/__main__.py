"""The main job: train on a table, certify every δ by hand, and draw what was learned.

    python -m nn                                            Fisher's irises, a 4-8-3 network
    python -m nn wine.csv --target quality                  a table of your own

Exit codes: 0 done; 1 training failed, or a δ is not what the hand formula says; 2 something is
wrong with what was given; 130 interrupted (what was learned until then is written all the same).
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from autograd import AutogradError, AutogradValueError, draw, no_grad
from autograd.console import run, say, told
from autograd.words.naming import name

from .certifying.certificate import certify
from .network.activations import ACTIVATION_RECORDS, ACTIVATIONS
from .network.losses import LOSS_RECORDS, LOSSES, Loss
from .network.modules import MLP
from .page.playground import play
from .training.datasets import IRIS, Dataset, Scale, read_csv, split
from .training.history import History
from .training.loop import fit
from .training.optimizers import OPTIMIZERS, above_zero, optimizer_of
from .training.predicting import predict

# The recipe of the irises; tests/benchmarks/iris.py holds it to its promise over 20 seeds.
HIDDEN, EPOCHS, BATCH, RATES = [8], 60, 16, {"adam": 0.02, "sgd": 0.01}

EXAMPLES = """\
examples:
  python -m nn --layers 8,8 --activation sigmoid    the irises, by a deeper network
  python -m nn wine.csv --target quality            a table of your own
  python -m nn --play                               a page to watch a network learn in

Ctrl-C ends the training early; what was learned until then is reported and written.
"""


class Task(NamedTuple):
    """A table made ready: standardised samples, and targets as the loss wants them."""

    data: Dataset
    loss: str
    output_activation: str
    scale: Scale
    target_scale: Scale
    train: list[int]
    held_out: list[int]
    X: list[list[float]]
    Y: list[Any]

    def rows(self, numbers: list[int]) -> tuple[list[list[float]], list[Any]]:
        """The samples and targets of these rows."""
        return [self.X[i] for i in numbers], [self.Y[i] for i in numbers]


def main(arguments: Sequence[str] | None = None, program: str = "python -m nn") -> int:
    """Run the main job with these command-line arguments, and return its exit code; `program` is what it is called."""
    options = parse(arguments, program)
    if options.play:
        return played(options)
    try:
        task = prepare(options)
        net = network(task, options)
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
    except (AutogradError, OSError) as error:
        print(f"{options.program}: {told(error)}", file=sys.stderr)
        return 2
    kind = f"{len(task.data.classes)} classes" if task.data.classes else "a number"
    say(f"{options.data or 'Iris'}: {len(task.X)} rows, {net.nin} features, to learn {task.data.target} ({kind})")
    say(f"{net!r}, {task.loss}, {options.optimizer}, seed {options.seed}; {len(task.held_out)} rows held out")
    scaled = "features" if task.data.classes else f"features and {task.data.target}"
    say(f"{scaled} standardised to mean 0, deviation 1 (kept in network.json)")
    try:
        history = train(net, task, options)
    except AutogradError as error:
        print(f"{options.program}: training failed: {told(error)}", file=sys.stderr)
        return 1
    say(history)
    say(judged(net, task))
    agree = certified(net, task)
    written(net, task, history, options, folder)
    return 130 if history.interrupted else 0 if agree else 1


def played(options: argparse.Namespace) -> int:
    """Write the page in which a network learns the table, or without one the page's own points."""
    try:
        if options.data:
            task = prepare(options)
            page = play(network(task, options), *task.rows(task.train), loss=task.loss)
        else:
            page = play()
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
        page.save(folder / "playground.html")
    except (AutogradError, OSError) as error:
        print(f"{options.program}: {told(error)}", file=sys.stderr)
        return 2
    say(f"wrote {folder / 'playground.html'}: open it in a browser, and press Train")
    return 0


def prepare(options: argparse.Namespace) -> Task:
    """Read, split and standardise.  Raises AutogradValueError or OSError for what cannot be used."""
    data = read_csv(options.data or IRIS, options.target, options.task)
    loss = options.loss or ("cross_entropy" if data.classes else "squared_error")
    numbers = LOSS_RECORDS[loss].targets == "numbers"
    if not data.classes and not numbers:
        raise AutogradValueError(
            f"{loss} compares classes, and {data.target!r} is a number; take squared_error, or --task classification"
        )
    train, held_out = split(data, options.hold_out, random.Random(options.seed))
    scale = Scale.of([data.X[i] for i in train])
    target_scale = Scale.of([[data.Y[i]] for i in train])
    # The lecture squares the error of σ's own outputs; where they cannot reach the targets, and
    # for losses that start from logits, the last layer is linear.
    reaches = numbers and data.classes and ACTIVATION_RECORDS[options.activation].bounded
    output = options.activation if reaches else "linear"
    Y: list[Any]
    if data.classes:
        Y = [_class_target(int(y), len(data.classes), loss, output) for y in data.Y]
    else:
        Y = [target_scale.apply([y])[0] for y in data.Y]
    return Task(data, loss, output, scale, target_scale, train, held_out, [scale.apply(x) for x in data.X], Y)


def _class_target(c: int, classes: int, loss: str, output: str) -> int | list[int]:
    targets, sigma = LOSS_RECORDS[loss].targets, ACTIVATION_RECORDS[output]
    if targets == "classes":
        return c
    no = -1 if targets == "signs" else int(sigma.low) if targets == "numbers" and sigma.bounded else 0
    return [1 if k == c else no for k in range(classes)]


def network(task: Task, options: argparse.Namespace) -> MLP:
    """The network that fits the table: features in, hidden layers, one output for each class."""
    outputs = len(task.data.classes) or 1
    features = len(task.data.features)
    return MLP(features, [*options.layers, outputs], options.activation, task.output_activation, seed=options.seed)


def train(net: MLP, task: Task, options: argparse.Namespace) -> History:
    """Fit the rows that are not held out; those are measured after every epoch, for the curve only."""
    rate = RATES[options.optimizer] if options.learning_rate is None else options.learning_rate
    return fit(
        net, *task.rows(task.train), loss=task.loss, epochs=options.epochs, batch_size=options.batch_size,
        optimizer=optimizer_of(options.optimizer, net.parameters(), rate),
        validation=task.rows(task.held_out), seed=options.seed,
    )  # fmt: skip


# --- what came of it ----------------------------------------------------------------------------


def judged(net: MLP, task: Task) -> str:
    """How well the network does on the rows that it has never seen."""
    data, n = task.data, len(task.held_out)
    X, Y = task.rows(task.held_out)
    if data.classes:
        pairs = [(int(data.Y[i]), c) for i, c in zip(task.held_out, predict(net, X))]
        wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
        right = n - sum(wrong.values())
        lines = [f"held-out accuracy {100 * right / n:.1f} % ({right} of {n})"]
        for (c, taken), count in wrong.most_common(5):
            lines.append(f"  {data.classes[c]} taken for {data.classes[taken]}: {count}")
        return "\n".join(lines)
    with no_grad():
        unit = task.target_scale.deviation[0]
        residuals = [(net(x).data - y) * unit for x, y in zip(X, Y)]
    mean = sum(data.Y[i] for i in task.held_out) / n
    spread = math.hypot(*[data.Y[i] - mean for i in task.held_out])
    error = math.hypot(*residuals)
    share = f"; R² {1 - (error / spread) ** 2:.3f}" if spread else ""
    return f"held-out root mean squared error {error / math.sqrt(n):.4g}, in units of {data.target}{share}"


COLUMNS = "(2·1: neuron 1 of layer 2; ulp: distance in units in the last place; differences: δ by finite differences)"


def certified(net: MLP, task: Task) -> bool:
    """Compare engine and hand formulas on every held-out row, and print the table of one."""
    X, Y = task.rows(task.held_out)
    batch = certify(net, X, Y, task.loss, differences=False, progress=_counted)
    wrong = [n for n, certificate in enumerate(batch.certificates) if not certificate]
    shown = wrong[0] if wrong else task.held_out.index(_hardest(net, task))
    why = "the first that disagrees" if wrong else "the one with the largest error"
    say(f"\nδ of the held-out row {task.held_out[shown] + 1}, {why}, by the engine and by hand:\n")
    say(certify(net, X[shown], Y[shown], task.loss))
    say(COLUMNS)
    comparisons = sum(certificate.count for certificate in batch.certificates) + len(batch.summed)
    verdict = f"disagrees on {len(wrong)} of" if wrong else "agrees on all" if batch else "disagrees on the sum over"
    say(f"\nevery u, o, δ and ∂Err/∂θ: {comparisons} comparisons; the engine {verdict} {len(X)} held-out rows\n")
    return bool(batch)


def _counted(done: int, of: int) -> None:
    """How many rows are certified, on a terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\rcertified {done} of {of} rows", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _hardest(net: MLP, task: Task) -> int:
    """The held-out row with the largest error: its δ are the ones worth looking at."""
    loss: Loss = LOSSES[task.loss]
    with no_grad():
        return max(task.held_out, key=lambda i: loss(net(task.X[i]), task.Y[i]).data)


def written(net: MLP, task: Task, history: History, options: argparse.Namespace, folder: Path) -> None:
    """Write the network and its pictures; a picture that cannot be made is a line, not an end."""
    row = _hardest(net, task)
    neuron = f"neuron 1 of layer 1 for row {row + 1}: its operations, and ∂o/∂… by each of them (o, not Err)"
    files: dict[str, tuple[Callable[[Path], object], str]] = {
        "network.json": (lambda path: net.save(path, _notes(task)), "parameters and scales; MLP.load reads it"),
        f"network.{options.format}": (
            lambda path: _network_picture(net, task, row).save(path),
            f"u, o, δ, θ for the held-out row {row + 1}, the one with the largest error",
        ),
        f"neuron.{options.format}": (lambda path: _neuron_picture(net, task, row).save(path), neuron),
        f"curve.{options.format}": (lambda path: history.plot(path), "the error over the epochs"),
    }
    say(f"in {folder}{os.sep}")
    for file, (write, what) in files.items():
        try:
            write(folder / file)
            say(f"  {file:12}  {what}")
        except (AutogradError, OSError) as error:
            say(f"  no {file}: {told(error)}")


def _network_picture(net: MLP, task: Task, row: int) -> Any:
    net.zero_grad()
    run = net.forward(task.X[row])
    err = LOSSES[task.loss](run.outputs if len(run.outputs) > 1 else run.outputs[0], task.Y[row])
    err.backward()
    return run.draw(err)


def _neuron_picture(net: MLP, task: Task, row: int) -> Any:
    """The first hidden neuron by itself: how far its o would move with each θ and each input."""
    net.zero_grad()
    net.forward(task.X[row])
    o = net.layers[0].neurons[0].o
    assert o is not None
    o.backward()
    picture = draw(o)
    net.zero_grad()
    return picture


def _notes(task: Task) -> dict[str, Any]:
    """What a program needs to use the network on rows as they are in the table."""
    inputs = [
        {"input": name("x", i), "column": column, "mean": m, "deviation": d}
        for i, (column, m, d) in enumerate(zip(task.data.features, *task.scale), 1)
    ]
    output: dict[str, Any] = {"column": task.data.target, "loss": task.loss}
    if task.data.classes:
        output["classes"] = task.data.classes
    else:
        output |= {"mean": task.target_scale.mean[0], "deviation": task.target_scale.deviation[0]}
    return {"inputs": inputs, "output": output}


# --- the command line -----------------------------------------------------------------------------


def parse(arguments: Sequence[str] | None = None, program: str = "python -m nn") -> argparse.Namespace:
    """The command line as settings; it ends the program with code 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog=program,
        description="Train a small network, certify every δ of its backpropagation against the formulas\nderived by"
        " hand, and draw it.  Without arguments: Fisher's 150 irises, a 4-8-3 network,\na second or two.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # fmt: off
    table = parser.add_argument_group("the table")
    table.add_argument("csv", metavar="CSV", nargs="?", help="a table whose first line names its columns,"
                       " and whose features are numbers (default: the irises)")
    table.add_argument("--data", metavar="CSV", help="the same as CSV")
    table.add_argument("--target", metavar="COLUMN",
                       help="what to learn; all other columns are features (default: the last)")
    table.add_argument("--task", choices=("auto", "classification", "regression"), default="auto",
                       help="auto: classification if the target is text or has at most ten different whole values")
    table.add_argument("--hold-out", metavar="SHARE", type=float, default=0.3,
                       help="share of the rows to test on, never trained on (default: %(default)s)")
    net = parser.add_argument_group("the network")
    net.add_argument("--layers", metavar="N,N", type=_widths, default=HIDDEN,
                     help="neurons of each hidden layer, as 8,8 (default: 8; none: no hidden layer)")
    net.add_argument("--activation", choices=ACTIVATIONS, default="tanh", metavar="σ",
                     help=f"{', '.join(ACTIVATIONS)}; of each δ is certified by hand formulas (default: %(default)s)")
    training = parser.add_argument_group("training")
    training.add_argument("--loss", choices=LOSSES, metavar="ERR",
                          help=f"{', '.join(LOSSES)} (default: cross_entropy for classes, squared_error for numbers)")
    training.add_argument("--optimizer", choices=OPTIMIZERS, default="adam", help="(default: %(default)s)")
    training.add_argument("--learning-rate", metavar="η", type=_above_zero,
                          help=f"(default: {', '.join(f'{rate} for {key}' for key, rate in RATES.items())})")
    training.add_argument("--epochs", metavar="N", type=_count, default=EPOCHS,
                          help="how often every row is seen (default: %(default)s)")
    training.add_argument("--batch-size", metavar="N", type=_count, default=BATCH,
                          help="rows to a step; their errors are summed (default: %(default)s)")
    training.add_argument("--seed", metavar="N", type=int, default=0,
                          help="decides split, start and order: the same seed, the same network (default: %(default)s)")
    output = parser.add_argument_group("what is written")
    output.add_argument("--output", metavar="FOLDER", default="deltagrad-output", help="(default: %(default)s)")
    output.add_argument("--format", choices=("svg", "png", "pdf"), default="svg",
                        help="of the pictures (default: %(default)s)")
    output.add_argument("--play", action="store_true", help="a page in which a network learns the table"
                        " before your eyes (without CSV: points of its own), and nothing else")
    # fmt: on
    options = parser.parse_args(arguments)
    if options.csv and options.data:
        parser.error(f"one table at a time: {options.csv}, or --data {options.data}")
    options.data, options.program = options.data or options.csv, program
    return options


def _widths(text: str) -> list[int]:
    return [] if text == "none" else [_count(part) for part in text.split(",")]


def _count(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        return above_zero("it", float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0") from None


if __name__ == "__main__":
    sys.exit(run(main))
