"""How fast the playground is in the system's Chromium: steps a second, and what a frame costs in script.

    python tests/benchmarks/playground.py            the figures of docs/playground.md
    python tests/benchmarks/playground.py --check    exits with 1 if a bar is missed

A frame is one of the page's own while it trains, `tick`: steps, plane and curve in five of six, which is the median,
and cards and maps besides in the sixth.  Some in a row are measured, and divided.  Times are the processor's, of the
page's thread, so that others on the machine count little.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from nn import play

try:
    from tests.browser.conftest import ARGUMENTS, CHROMIUM
except ImportError:  # run as a script
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.browser.conftest import ARGUMENTS, CHROMIUM

STEPS, FRAME = 20_000, 8.0  # a second, of 2-4-1 on XOR; milliseconds, the median while 2-8-8-1 trains
FOUR = """state.points = [[-1, -1], [-1, 1], [1, -1], [1, 1]].map(
  (place) => ({ place, noise: [0, 0], c: place[0] * place[1] < 0 ? 1 : 0 })); resample(); rebuild(false)"""


class Timed:
    """A tab whose scripts are measured by the time that its thread computes."""

    def __init__(self, tab: Any) -> None:
        self.run = tab.evaluate
        self._session = tab.context.new_cdp_session(tab)
        self._session.send("Performance.enable")

    def _spent(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))

    def __call__(self, script: str) -> float:
        """Seconds of the page's thread for a script."""
        before = self._spent()
        self.run(f"(() => {{ {script} }})()")
        return self._spent() - before


def frames(timed: Timed, hidden: str, repeats: int) -> tuple[float, float]:
    """Script of a frame of the five and of the sixth while it trains, in milliseconds."""
    timed.run(f"change({{ data: 'moons', hidden: {hidden} }}); run(true); cancelAnimationFrame(loop.frame)")
    costs: tuple[list[float], list[float]] = [], []
    for _ in range(repeats):
        for later, cost in zip((17, 102), costs):
            ticks = f"for (let n = 0; n < 8; n++) {{ tick(loop.drawn + {later}); cancelAnimationFrame(loop.frame); }}"
            cost.append(timed(ticks) - timed(""))
    timed.run("run(false)")
    small, full = (1e3 * median(cost[5:]) / 8 for cost in costs)
    return small, full


def rate(timed: Timed, points: str) -> float:
    """Full-batch steps a second of 2-4-1."""
    timed.run(f"change({{ data: 'xor', hidden: [4] }}); {points}; for (let k = 0; k < 5000; k++) trainStep()")
    return median(2000 / timed("for (let k = 0; k < 2000; k++) trainStep()") for _ in range(9))


def main() -> int:
    """Measure, print, and say whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("--repeats", type=int, default=40, help="(default: %(default)s)")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        print("there is no Chromium", file=sys.stderr)
        return 2
    holds = True
    with sync_playwright() as running, tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        play().save(page)
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.goto(page.as_uri())
        timed = Timed(tab)
        for hidden, name in (("[4, 3]", "2-4-3-1"), ("[8, 8]", "2-8-8-1")):
            cost, full = frames(timed, hidden, options.repeats)
            print(
                f"{name} trains: {cost:.1f} ms of script a frame, every sixth {full:.1f}; bar of the median {FRAME:g}"
            )
            holds &= cost <= FRAME
        for points, name in (("0", "48 points of XOR"), (FOUR, "XOR's four points")):
            steps = rate(timed, points)
            print(f"2-4-1 on {name}: {steps:,.0f} full-batch steps a second; bar {STEPS:,}")
            holds &= steps >= STEPS or points == "0"
        browser.close()
    return int(options.check and not holds)


if __name__ == "__main__":
    sys.exit(main())
