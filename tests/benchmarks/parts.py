"""A long run in parts: each is written to a file when it ends, and a run that was stopped goes on with the next one.

    python tests/benchmarks/grading.py 200 1000 3000 --parts 20 --file long.jsonl            all that are missing
    python tests/benchmarks/grading.py 200 1000 3000 --parts 20 --file long.jsonl --part 3   one of them
    python tests/benchmarks/grading.py 200 1000 3000 --parts 20 --file long.jsonl --show     the tables so far

Every part is a whole run with numbers of its own and a share of the cases, so that the parts that are there add up to
a table at any time.  Without --file it is one part, in memory.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Counts = dict[str, Any]  # nested by name; numbers are added up, lists are joined


def added(a: Any, b: Any) -> Any:
    """The sum of two parts.

    >>> added({"of": 3, "who": ["a"]}, {"of": 4, "who": [], "new": 1})
    {'of': 7, 'who': ['a'], 'new': 1}
    """
    if isinstance(a, dict):
        return {key: added(a[key], b[key]) if key in a and key in b else {**a, **b}[key] for key in {**a, **b}}
    return a + b


def share(total: int, part: int, parts: int) -> int:
    """How many of a total belong to a part, counted from 0.

    >>> [share(10, part, 4) for part in range(4)]
    [2, 3, 2, 3]
    """
    return total * (part + 1) // parts - total * part // parts


def in_parts(
    usual: dict[str, int],
    computed: Callable[[int, dict[str, int]], Counts],
    told: Callable[[Counts], bool],
    whole: Sequence[str] = (),
) -> int:
    """Run as the command line says, and return the exit code.

    usual     the sizes and what they are by default
    computed  part, sizes of this part -> counts
    told      prints the sum of all counts, and says whether they keep what is promised
    whole     sizes that are not shared out: the first part has them
    """
    parser = argparse.ArgumentParser(epilog=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, size in usual.items():
        parser.add_argument(name, type=int, nargs="?", default=size)
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--part", type=int, metavar="N", help="this one only, from 1")
    parser.add_argument("--file", type=Path, help="where the parts are kept")
    parser.add_argument("--show", action="store_true", help="compute nothing")
    options = parser.parse_args()
    sizes = {name: getattr(options, name) for name in usual}
    run = {"sizes": sizes, "parts": options.parts}
    there = _read(options.file, run)
    for n in [] if options.show else [options.part] if options.part else range(1, options.parts + 1):
        if n in there:
            continue
        began = time.process_time()
        shares = {name: share(size, n - 1, options.parts) for name, size in sizes.items()}
        shares |= {name: sizes[name] if n == 1 else 0 for name in whole}
        counts = computed(n - 1, shares)
        seconds = time.process_time() - began
        line = json.dumps({**run, "part": n, "counts": {**counts, "seconds": seconds}}, ensure_ascii=False)
        there[n] = json.loads(line)["counts"]  # as a file gives it back: all names are text
        if options.file:
            with open(options.file, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        if options.parts > 1:
            print(f"part {n} of {options.parts}: {there[n]['seconds']:.0f} s", file=sys.stderr, flush=True)
    if not there:
        print("no part has been computed")
        return 1
    total: Counts = {}
    for counts in there.values():
        total = added(total, counts)
    good = told(total)
    print(f"\n{len(there)} of {options.parts} parts, {total['seconds']:.0f} s of processor time")
    return 0 if good and len(there) == options.parts else 1


def _read(path: Path | None, run: dict[str, Any]) -> dict[int, Counts]:
    """The parts of this run that a file has; the end of a line that was cut off is none."""
    there: dict[int, Counts] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if all(entry[key] == value for key, value in run.items()):
            there[entry["part"]] = entry["counts"]
    return there
