"""The main job's promise: python tests/benchmarks/iris.py [seeds]

Trains the irises with the recipe of `python -m nn` once for each seed, each with its own
stratified hold-out of 30 %, and prints the accuracies.  Exit code 1 unless the median is at
least 95 % and none is below 88 %.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

# From this working copy, whatever is installed.
from nn import accuracy
from nn.__main__ import parse, prepare, train

MEDIAN, LEAST = 0.95, 0.88


def held_out_accuracy(seed: int) -> float:
    """What `python -m nn --seed N` prints, without certificate and pictures."""
    options = parse(["--seed", str(seed)])
    task = prepare(options)
    train(task, options)
    return accuracy(task.model.network, *task.rows(task.held_out))


def main(seeds: int) -> int:
    print("seed  held-out accuracy  seconds")
    accuracies = []
    for seed in range(seeds):
        began = time.perf_counter()
        accuracies.append(held_out_accuracy(seed))
        print(f"{seed:>4}  {100 * accuracies[-1]:>15.1f} %  {time.perf_counter() - began:>7.2f}")
    median, least = statistics.median(accuracies), min(accuracies)
    print(f"\nmedian {100 * median:.1f} %, promised {100 * MEDIAN:.0f} %")
    print(f"least  {100 * least:.1f} %, promised {100 * LEAST:.0f} %")
    return 0 if median >= MEDIAN and least >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
