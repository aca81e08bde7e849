"""The main job: train on a table, keep what was learned, certify every δ by hand, and draw it.

    python -m nn                                            Fisher's irises, a 4-8-3 network
    python -m nn wine.csv --target quality                  a table of your own
    python -m nn predict network.json new.csv               what a trained network says of other rows

Exit codes: 0 done; 1 training failed, a δ is not what the hand formula says, or a file could not be
written; 2 something is wrong with what was given; 130 interrupted (what was learned is written all the same).
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd import AutogradError
from autograd.console import run, say, told
from autograd.words.text import counted

from .certifying.certificate import certify
from .command import predicting
from .command.options import parse
from .command.task import Task, judged, prepare, train
from .command.written import Written
from .page.given import prepared
from .page.playground import page
from .training.history import History
from .training.progress import on_terminal


def main(arguments: Sequence[str] | None = None, program: str = "python -m nn") -> int:
    """Run the main job with these command-line arguments, and return its exit code; `program` is what it is called."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["predict"]:
        return predicting.main(given[1:], program)
    options = parse(given, program)
    if options.play:
        return played(options)
    try:
        task = prepare(options)
        written = Written(Path(options.output), task, options.format)
    except (AutogradError, OSError, MemoryError) as error:
        print(f"{program}: {told(error)}", file=sys.stderr)
        return 2
    history: History | None = None
    try:
        introduced(task, options)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            history = train(task, options)
        written.learned(history)  # before anything that may fail, or be interrupted
        for warning in caught:
            if str(warning.message) != history.diverged:  # which the history says
                print(f"{program}: {warning.message}", file=sys.stderr)
        say(f"{history}\n{judged(task)}\nin {written.folder}{os.sep}")
        written.say()
        agree = certified(task)
        written.pictures()
        written.say()
    except (KeyboardInterrupt, BrokenPipeError) as end:
        if history is not None and not written.done:
            written.model()
        why = "interrupted" if isinstance(end, KeyboardInterrupt) else "nobody reads any more"
        print(f"{program}: {why}; {written.told()}", file=sys.stderr)
        if isinstance(end, BrokenPipeError):
            raise
        return 130
    except AutogradError as error:
        if history is not None:
            raise
        print(f"{program}: training failed: {told(error)}", file=sys.stderr)
        return 1
    return 130 if history.interrupted else 0 if agree and not written.failed else 1


def introduced(task: Task, options: argparse.Namespace) -> None:
    """Say what is to be learned from what, and what was left out."""
    data, model = task.data, task.model
    kind = f"{len(data.classes)} classes" if data.classes else "a number"
    name = options.data or "Iris"
    size = f"{counted(len(task.X), 'row')}, {counted(len(data.features), 'feature')}"
    say(f"{name}: {size}, to learn {data.target} ({kind})")
    for line in data.told:
        say(f"  {line}")
    say(
        f"{model.network!r}, {model.loss}, {options.optimizer}, seed {options.seed};"
        f" {counted(len(task.held_out), 'row')} held out"
    )
    scaled = "features" if data.classes else f"features and {data.target}"
    say(f"{scaled} standardised to mean 0, deviation 1 (kept in network.json)")


def played(options: argparse.Namespace) -> int:
    """Write the page in which a network learns the table, or without one the page's own points."""
    try:
        if options.data:
            task = prepare(options)
            subject = prepared(task.model, *task.rows(task.train))
        else:
            subject = None
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
        page(subject).save(folder / "playground.html")
    except (AutogradError, OSError) as error:
        print(f"{options.program}: {told(error)}", file=sys.stderr)
        return 2
    say(f"wrote {folder / 'playground.html'}: open it in a browser, and press Train")
    return 0


COLUMNS = "(2·1: neuron 1 of layer 2; ulp: distance in units in the last place; differences: δ by finite differences)"


def certified(task: Task) -> bool:
    """Compare engine and hand formulas on every held-out row, and print the table of one."""
    net = task.model.network
    X: list[Any] = [task.X[i] for i in task.held_out]
    Y: list[Any] = [task.Y[i] for i in task.held_out]
    batch = certify(net, X, Y, task.model.loss, differences=False, progress=_counted)
    wrong = [n for n, certificate in enumerate(batch.certificates) if not certificate]
    shown = wrong[0] if wrong else task.held_out.index(task.hardest())
    why = "the first that disagrees" if wrong else "the one with the largest error"
    say(f"\nδ of the held-out row {task.data.numbers[task.held_out[shown]]}, {why}, by the engine and by hand:\n")
    say(certify(net, X[shown], Y[shown], task.model.loss))
    say(COLUMNS)
    comparisons = sum(certificate.count for certificate in batch.certificates) + len(batch.summed)
    verdict = f"disagrees on {len(wrong)} of" if wrong else "agrees on all" if batch else "disagrees on the sum over"
    say(f"\nevery u, o, δ and ∂Err/∂θ: {comparisons} comparisons; the engine {verdict} {len(X)} held-out rows\n")
    return bool(batch)


def _counted(done: int, of: int) -> None:
    """How many rows are certified, on a terminal."""
    if on_terminal():
        print(f"\rcertified {done} of {of} rows", end="\n" if done == of else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(run(main))
