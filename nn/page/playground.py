"""The page itself: one HTML file that asks nothing of anybody, made of the modules beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from .content import SEEDS, WIDEST, datasets, fitting, orders, scales, stream
from .engine import REMEMBERED, engine


def script(name: str, outputs: Iterable[int] = ()) -> str:
    """One of the page's scripts by its file's name, or the "engine", lowered for losses of so many outputs.

    >>> "class Network" in script("network.js")
    True
    """
    return _engine(tuple(outputs)) if name == "engine" else files(__package__).joinpath(name).read_text("utf-8")


@cache
def _engine(outputs: tuple[int, ...]) -> str:
    return engine(outputs)


def told(nin: int = 2, outputs: int = 3) -> dict[str, Any]:
    """What the scripts know as `told`: numbers and names, nothing else."""
    count = nin * WIDEST + 4 * WIDEST * WIDEST + WIDEST * outputs + 2
    return {
        "streams": {seed: stream(seed, count) for seed in SEEDS},
        "scales": scales(WIDEST),
        "fitting": fitting(),
        "remembered": REMEMBERED,
        "orders": orders(),
        "datasets": {name: points._asdict() for name, points in datasets().items()},
    }
