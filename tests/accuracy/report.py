"""The printed table: a line for each row, a column for each engine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from .measure import ALL, Answers, Errors, bar, measure, operands
from .sampling import Point, points
from .truth import LOSSES

PEERS = Path(__file__).with_name("peers.py")


def ask_peer(library: str, python: str, samples: Mapping[str, Sequence[Point]]) -> dict[str, Any] | None:
    """A peer's answers to everything, {row: [answers of each point]}; None where it is not installed."""
    questions = {name: list(zip(*sample)) for name, sample in samples.items()}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # hides HIPS autograd
    process = subprocess.run(
        [python, str(PEERS), library], input=json.dumps(questions), capture_output=True, text=True, cwd=PEERS.parent,
        env=environment,
    )  # fmt: skip
    if process.returncode:
        print(f"{library}: left out, {process.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    reply: dict[str, Any] = json.loads(process.stdout)
    for name, columns in reply["answers"].items():
        keys = [tuple(map(int, key.split(","))) if key else () for key in columns]
        reply["answers"][name] = [dict(zip(keys, row)) for row in zip(*columns.values())]
    return reply


def _measured(job: tuple[str, Sequence[Point], dict[str, list[Answers]]]) -> tuple[str, dict[str, Errors]]:
    name, sample, answers = job
    print(f"  {name}", file=sys.stderr, flush=True)
    return name, measure(name, sample, answers)


def run(
    names: Iterable[str], count: int, seed: int, jobs: int, peers: Mapping[str, str]
) -> tuple[list[str], dict[str, Sequence[Errors]]]:
    """Measure: the engines' names with versions, and for each row the errors of each engine."""
    samples = {name: list(points(name, operands(name), count, seed)) for name in names}
    replies = {library: reply for library, python in peers.items() if (reply := ask_peer(library, python, samples))}
    work = [
        (name, sample, {who: r["answers"][name] for who, r in replies.items() if name in r["answers"]})
        for name, sample in samples.items()
    ]
    with ProcessPoolExecutor(jobs) as pool:
        results = dict(pool.map(_measured, work))
    engines = ["ours", *replies]
    titles = ["deltagrad", *(f"{r['name']} {r['version'].partition('+')[0]}" for r in replies.values())]
    return titles, {name: [results[name].get(who, {}) for who in engines] for name in samples}


def shown(error: float) -> str:
    """An error as the table prints it.

    >>> shown(0.5), shown(1.84), shown(206.2), shown(523456.0), shown(1e200)
    ('.5', '1.8', '206', '5e5', 'ALL')
    """
    if not error < ALL:
        return "ALL"
    if error >= 10000:
        return f"{error:.0e}".replace("e+0", "e").replace("e+", "e")
    if error >= 10:
        return f"{error:.0f}"
    return f"{error:.1f}".removesuffix(".0").removeprefix("0") or "0"


def cell(name: str, errors: Errors) -> str:
    """value, slopes; second derivatives: what has a bar.

    Slopes in each operand of a row of two, else the worst of them.
    """
    if not errors:
        return ""
    promised = {d: w.error for d, w in sorted(errors.items()) if bar(name, len(d)) is not None}
    slopes = [error for d, error in promised.items() if len(d) == 1]
    seconds = [error for d, error in promised.items() if len(d) == 2]
    if operands(name) > 2 or name in LOSSES:
        slopes = slopes and [max(slopes)]
    text = ", ".join(map(shown, [promised[()], *slopes]))
    return f"{text}; {shown(max(seconds))}" if seconds else text


def missed(results: Mapping[str, Sequence[Errors]]) -> list[str]:
    """What of ours is above its bar."""
    lines = []
    for name, (ours, *_) in results.items():
        for directions, worst in ours.items():
            limit = bar(name, len(directions))
            if limit is not None and not worst.error <= limit:
                lines.append(f"{name}, derivative in {directions}: {worst.error:.4g} ULP at {worst.at}")
    return lines


def markdown(titles: Sequence[str], results: Mapping[str, Sequence[Errors]], count: int) -> str:
    """The table, with the date and the versions that were measured."""
    versions = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    lines = [
        f"Measured on {date.today()} with {versions}, {count} points a row.",
        "",
        f"| row | {' | '.join(titles)} |",
        f"|---|{'---|' * len(titles)}",
    ]
    for name, columns in results.items():
        lines.append(f"| {name} | {' | '.join(cell(name, errors) for errors in columns)} |")
    return "\n".join(lines) + "\n"
