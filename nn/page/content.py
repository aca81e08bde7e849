"""What the page is told besides its engine: points to learn, first θ, and orders of samples, all as numbers.

The page draws nothing by chance.  A θ of `MLP(…, seed=s)` is made of the s-th stream of random numbers,
which is here as Python's generator gives it, and of the initialiser's scale, which is here for every size
of a layer: so the page starts where Python does, to the bit, whatever its reader chooses.
"""

from __future__ import annotations

import base64
import math
import random
import struct
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..network.activations import ACTIVATION_RECORDS
from ..network.initializers import INITIALIZERS
from ..network.losses import LOSS_RECORDS
from ..training.datasets import IRIS, Scale, read_csv

SEEDS = (1, 2, 3, 4, 5)
WIDEST, DEEPEST = 8, 5  # neurons of a layer, and hidden layers, among which the page's reader chooses
POINTS = 48
ORDERS, LONGEST_ORDER = 16, 200


class Points(NamedTuple):
    """Samples in the plane: places without noise, the noise of size 1, and the number of each one's class."""

    title: str
    places: list[tuple[float, float]]
    noise: list[tuple[float, float]]
    classes: list[int]
    table: dict[str, Any] | None = None  # names and scales, as a Model's file has them


def datasets() -> dict[str, Points]:
    """The points that the page offers, the same at every call.

    >>> {name: (len(points.places), max(points.classes) + 1) for name, points in datasets().items()}
    {'xor': (48, 2), 'moons': (48, 2), 'circles': (48, 2), 'spirals': (48, 2), 'iris': (150, 3)}
    """
    shapes: dict[str, tuple[str, Callable[[int, float, random.Random], tuple[float, float]]]] = {
        "xor": ("XOR", _xor), "moons": ("two moons", _moon), "circles": ("circles", _circle),
        "spirals": ("spirals", _spiral),
    }  # fmt: skip
    found = {}
    for name, (title, shape) in shapes.items():
        generator = random.Random(7)
        classes = [1 - i % 2 for i in range(POINTS)]
        places = [shape(c, (i // 2) / (POINTS // 2 - 1), generator) for i, c in enumerate(classes)]
        found[name] = Points(title, _rounded(places), _noise(generator, POINTS), classes)
    iris = read_csv(IRIS)
    petals = [row[2:] for row in iris.X]
    scale = Scale.of(petals)
    places = [(x, y) for x, y in map(scale.apply, petals)]
    classes = [int(y) for y in iris.Y]
    columns = [{"column": c, "mean": m, "deviation": d} for c, m, d in zip(iris.features[2:], *scale)]
    table = {"columns": columns, "target": {"column": iris.target, "classes": iris.classes}}
    found["iris"] = Points("Iris’ petals", _rounded(places), _noise(random.Random(7), len(places)), classes, table)
    return found


def _moon(c: int, t: float, generator: random.Random) -> tuple[float, float]:
    x, y = math.cos(math.pi * t), math.sin(math.pi * t)
    return (x - 0.5, y - 0.25) if c else (0.5 - x, 0.25 - y)


def _circle(c: int, t: float, generator: random.Random) -> tuple[float, float]:
    angle, radius = 2 * math.pi * generator.random(), 0.45 if c else 1.15
    return radius * math.cos(angle), radius * math.sin(angle)


def _xor(c: int, t: float, generator: random.Random) -> tuple[float, float]:
    """Class 1 where the signs of x₁ and x₂ differ."""
    side = generator.choice((-1.0, 1.0))
    x, y = (0.35 + 0.8 * generator.random() for _ in range(2))
    return side * x, -side * y if c else side * y


def _spiral(c: int, t: float, generator: random.Random) -> tuple[float, float]:
    angle, radius = 3 * math.pi * t + (0.0 if c else math.pi), 0.2 + 1.1 * t
    return radius * math.cos(angle), radius * math.sin(angle)


def _noise(generator: random.Random, n: int) -> list[tuple[float, float]]:
    return _rounded([(generator.gauss(0.0, 1.0), generator.gauss(0.0, 1.0)) for _ in range(n)])


def _rounded(places: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(round(x, 4), round(y, 4)) for x, y in places]


# --- first θ --------------------------------------------------------------------------------------


class _Asked(random.Random):
    """A generator that tells an initialiser's scale: what it is asked for instead of a number by chance."""

    kind = "none"

    def uniform(self, a: float, b: float) -> float:
        assert a == -b
        self.kind = "uniform"
        return b

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        assert mu == 0.0
        self.kind = "normal"
        return sigma


def scales(sizes: int) -> dict[str, dict[str, Any]]:
    """For each initialiser what it draws, and its scale by (inputs, outputs) of a layer, both from 1 to `sizes`.

    >>> scales(2)["he"]["kind"], scales(3)["xavier"]["scale"][2][2]
    ('normal', 1.0)
    """
    found = {}
    for name, initializer in INITIALIZERS.items():
        asked = _Asked()
        table = [[initializer(asked, n, m) for m in range(1, sizes + 1)] for n in range(1, sizes + 1)]
        found[name] = {"kind": asked.kind, "scale": table}
    return found


def sigmas() -> dict[str, dict[str, Any]]:
    """Of each σ the initialiser that fits, and what stands for a no: −1 where o reaches it, else 0.

    >>> sigmas()["relu"], sigmas()["tanh"]
    ({'initializer': 'he', 'low': 0}, {'initializer': 'xavier', 'low': -1})
    """
    return {
        name: {"initializer": known.initializer, "low": -1 if known.low <= -1 else 0}
        for name, known in ACTIVATION_RECORDS.items()
    }


def losses() -> dict[str, dict[str, Any]]:
    """Of each loss what targets it has, what it takes ŷ for, and the ŷ above which one output means class 1.

    >>> losses()["hinge"]
    {'targets': 'signs', 'outputs': 'margins', 'threshold': 0.0}
    """
    return {
        name: {"targets": known.targets, "outputs": known.outputs, "threshold": known.threshold}
        for name, known in LOSS_RECORDS.items()
    }


def stream(seed: int, count: int) -> dict[str, str]:
    """Random numbers of random.Random(seed), and the two normal ones that gauss makes of each and its next.

    Little-endian doubles in base64.  A normal number of `gauss` uses two of the uniform ones, at any place.

    >>> import struct
    >>> first = struct.unpack("<d", base64.b64decode(stream(3, 1)["uniform"]))[0]
    >>> first == random.Random(3).random()
    True
    """
    generator = random.Random(seed)
    numbers = [generator.random() for _ in range(count + 1)]
    pairs: list[float] = []
    for k in range(count):
        replay = _Replay((numbers[k], numbers[k + 1]))
        pairs += [replay.gauss(0.0, 1.0), replay.gauss(0.0, 1.0)]
    return {"uniform": doubles(numbers[:count]), "normal": doubles(pairs)}


class _Replay(random.Random):
    """A generator whose next random numbers are given."""

    def __init__(self, numbers: tuple[float, float]) -> None:
        super().__init__(0)
        self.numbers = iter(numbers)

    def random(self) -> float:
        return next(self.numbers)


def doubles(numbers: Iterable[float]) -> str:
    """Floats, to the bit, as text.

    >>> doubles([1.0])
    'AAAAAAAA8D8='
    """
    values = list(numbers)
    return base64.b64encode(struct.pack(f"<{len(values)}d", *values)).decode()


def orders() -> list[str]:
    """Orders of up to 200 samples, for batches and for those held out: in base64, a byte for each number.

    >>> len(orders()), sorted(base64.b64decode(orders()[0])) == list(range(200))
    (16, True)
    """
    generator = random.Random(1)
    return [
        base64.b64encode(bytes(generator.sample(range(LONGEST_ORDER), LONGEST_ORDER))).decode() for _ in range(ORDERS)
    ]
