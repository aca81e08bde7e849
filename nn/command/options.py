"""What the command line says, as settings."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from autograd import AutogradValueError
from autograd.console import Parser, real, whole

from ..network.activations import ACTIVATIONS
from ..network.choosing import ARGUMENTS, WIDTHS, chosen
from ..network.losses import LOSSES
from ..training.datasets import TASKS
from ..training.optimizers import OPTIMIZERS, above_zero

# The recipe of the irises; tests/benchmarks/iris.py holds it to its promise over 20 seeds.
HIDDEN, EPOCHS, BATCH, RATES = [8], 60, 16, {"adam": 0.02, "sgd": 0.01}
DECAY = {"adam": 0.2, "sgd": 0.0}  # so that a few rows are not learned by heart
# What --play reads; without a table it has points and a network of its own.
PAGE = {"csv", "data", "play", "output"}
PAGE_OF_A_TABLE = PAGE | {
    "target", "task", "hold_out", "drop", "missing", "decimal", "one_hot", "layers", "activation", "loss", "seed",
}  # fmt: skip

# What an option is called elsewhere, and here.
ELSEWHERE = {f"--{there.replace('_', '-')}": f"--{here.replace('_', '-')}" for there, here in [
    *((name, "layers") for name in WIDTHS), *ARGUMENTS.items(), ("test_size", "hold_out"),
    ("validation_split", "hold_out"), ("label", "target"), ("out", "output"), ("dir", "output"),
]}  # fmt: skip

EXAMPLES = """\
examples:
  python -m nn --layers 8,8 --activation sigmoid    the irises, by a deeper network
  python -m nn wine.csv --target quality            a table of your own
  python -m nn predict network.json new.csv         what that network says of other rows
  python -m nn --play                               a page to watch a network learn in

Ctrl-C ends the training early; what was learned until then is written, then reported.
"""


def parse(arguments: Sequence[str] | None = None, program: str = "python -m nn") -> argparse.Namespace:
    """The command line as settings; it ends the program with code 2 where it makes no sense."""
    parser = Parser(
        prog=program,
        description="Train a small network, certify every δ of its backpropagation against the formulas\nderived by"
        " hand, and draw it.  Without arguments: Fisher's 150 irises, a 4-8-3 network,\na second or two.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.elsewhere = ELSEWHERE
    # fmt: off
    table = parser.add_argument_group("the table")
    table.add_argument("csv", metavar="CSV", nargs="?", help="a table whose first line names its columns,"
                       " and whose features are numbers (default: the irises)")
    table.add_argument("--data", metavar="CSV", help="the same as CSV")
    table.add_argument("--target", metavar="COLUMN",
                       help="what to learn; all other columns are features (default: the last)")
    table.add_argument("--task", choices=TASKS, default="auto",
                       help="auto: classification if the target is text or has at most ten different whole values,"
                       " of which some come again")
    table.add_argument("--hold-out", metavar="SHARE", type=float, default=0.3,
                       help="share of the rows to test on, never trained on (default: %(default)s)")
    table.add_argument("--drop", metavar="A,B", type=_names, default=[], help="columns to leave out, as id,date")
    table.add_argument("--missing", choices=("drop", "error"), default="drop",
                       help="rows where a value is missing (empty, ?, NA, nan): drop them and say how many, or end"
                            " there (default: %(default)s)")
    table.add_argument("--decimal", choices=(".", ","), default=".", help="the sign before decimals"
                       " (default: %(default)s)")
    table.add_argument("--one-hot", action="store_true",
                       help="columns of text are features too, one for each of their values")
    net = parser.add_argument_group("the network")
    net.add_argument("--layers", metavar="N,N", type=_widths, default=HIDDEN,
                     help="neurons of each hidden layer, as 8,8 (default: 8; none: no hidden layer)")
    net.add_argument("--activation", type=_one_of("activation", ACTIVATIONS), default="tanh", metavar="σ",
                     help=f"{', '.join(ACTIVATIONS)}; of each δ is certified by hand formulas (default: %(default)s)")
    training = parser.add_argument_group("training")
    training.add_argument("--loss", type=_one_of("loss", LOSSES), metavar="ERR",
                          help=f"{', '.join(LOSSES)} (default: cross_entropy for classes, squared_error for numbers)")
    training.add_argument("--optimizer", type=_one_of("optimizer", OPTIMIZERS), default="adam",
                          metavar=f"{{{','.join(OPTIMIZERS)}}}", help="(default: %(default)s)")
    training.add_argument("--learning-rate", metavar="η", type=real("a number above 0", partial(above_zero, "it")),
                          help=f"(default: {', '.join(f'{rate} for {key}' for key, rate in RATES.items())})")
    training.add_argument("--weight-decay", metavar="λ", type=real("a number from 0", lambda x: 0.0 <= x < 1e300),
                          help=f"(default: {', '.join(f'{decay:g} for {key}' for key, decay in DECAY.items())})")
    training.add_argument("--epochs", metavar="N", type=whole, default=EPOCHS,
                          help="how often every row is seen (default: %(default)s)")
    training.add_argument("--batch-size", metavar="N", type=whole, default=BATCH,
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
    options: argparse.Namespace = parser.parse_args(arguments)
    if options.csv and options.data:
        parser.error(f"one table at a time: {options.csv}, or --data {options.data}")
    options.data = options.data or options.csv
    if options.play:
        # What is in a namespace already is no default's to fill in: what is not None now was said.
        said = parser.parse_args(arguments, argparse.Namespace(**dict.fromkeys(vars(options))))
        _require_page(parser, [key for key, value in vars(said).items() if value is not None], options.data)
    options.program = program
    return options


def _require_page(parser: Parser, said: list[str], table: str | None) -> None:
    """End the program where an option was said that the page of --play does not read."""
    read = PAGE_OF_A_TABLE if table else PAGE
    idle = [key for key in said if key not in read]
    if idle:
        named = ", ".join(f"--{key.replace('_', '-')}" for key in idle)
        why = "the page has controls for that" if table else "without a table the page has points of its own"
        parser.error(f"--play does not read {named}: {why}")


def _one_of(what: str, table: Iterable[str]) -> Callable[[str], str]:
    """A name of a table, in whatever letters."""
    names = {name: name for name in table}

    def named(text: str) -> str:
        try:
            return chosen(what, text, names)
        except AutogradValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return named


def _widths(text: str) -> list[int]:
    return [] if text == "none" else [whole(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([text]), [])]
