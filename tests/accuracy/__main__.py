"""Print how many of the last digits are right, for every row of the table.

    python -m tests.accuracy                        2000 points for each row
    python -m tests.accuracy tanh pow --points 300  some rows
    python -m tests.accuracy --peer hips=/venv/bin/python --write

PyTorch, JAX and HIPS autograd stand beside ours where this Python has them, or the one
that --peer names.  Exits with 1 where a row of ours misses its bar.
"""

from __future__ import annotations

import argparse
import sys

from .document import write
from .measure import NAMES
from .report import markdown, missed, run


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m tests.accuracy", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("rows", nargs="*", help="rows of the table, or losses; all by default")
    add("--points", type=int, default=2000, help="for each row (default 2000)")
    add("--seed", type=int, default=0)
    add("--jobs", type=int, default=2, help="processes (default 2)")
    add(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="torch, jax or hips, and where it is installed",
    )
    add("--no-peers", action="store_true", help="only ours")
    add("--where", action="store_true", help="also where each error of ours is largest")
    add("--write", action="store_true", help="put the tables into docs/numerics.md")
    options = parser.parse_args()
    for name in options.rows:
        if name not in NAMES:
            parser.error(f"no row {name!r}; the rows are {', '.join(NAMES)}")
    peers = dict.fromkeys(("torch", "jax", "hips"), sys.executable) | dict(p.split("=", 1) for p in options.peer)
    if options.no_peers:
        peers = {}
    titles, results = run(options.rows or NAMES, options.points, options.seed, options.jobs, peers)
    table = markdown(titles, results, options.points)
    print(table)
    if options.where:
        for name, (ours, *_) in results.items():
            for directions, worst in ours.items():
                print(f"{name:20} {directions!s:8} {worst.error:10.3g} of {worst.seen:5} points, at {worst.at}")
    if options.write:
        write(table)
    misses = missed(results)
    print("\n".join(misses) or "every bar is met")
    return bool(misses)


if __name__ == "__main__":
    sys.exit(main())
