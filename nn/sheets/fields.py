"""The fields of a sheet: which numbers it asks for, where they stand, and what they are worth.

A field's part is what an answer calls it: u, o, err, slope (σ'), delta, dtheta, db, and theta and b after one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..grading.equations import EQUATION, Case, Place
from ..grading.intervals import middle
from ..grading.judging import FIELD, SYMBOL, at
from ..grading.reading import NAMES
from ..network.modules import name
from .telling import in_full

# What an answer calls the parts, and the grader.
PARTS = {"u": "u", "o": "o", "err": "err", "slope": "slope", "delta": "delta", "dtheta": "theta", "db": "bias",
         "theta": "new_theta", "b": "new_bias"}  # fmt: skip
POINTS = {"u": 1.0, "o": 1.0, "err": 1.0, "slope": 1.0, "delta": 2.0, "dtheta": 1.0, "db": 1.0, "theta": 0.5, "b": 0.5}
FOUND = {"where": "where the mistake is", "instead": "what is right there"}  # what the difficulty "find" asks for
ONE_STEP = ("delta", "dtheta", "db", "theta", "b")  # what the difficulty "step" asks for, in the last layer
assert all(NAMES[part] == grader for part, grader in PARTS.items())


class Field(NamedTuple):
    """One number that is asked for.

    part, place  where it stands: part[k][i] or part[k][i][l], counted from 0; () for Err
    equation     the equation that gives it
    points       what it is worth: for its method and its number, half each
    """

    part: str
    place: Place
    equation: str
    points: float

    @property
    def name(self) -> str:
        """What the lecture calls it.

        >>> Field("dtheta", (0, 0, 1), "weights", 1.0).name
        '∂Err/∂θ⁽¹⁾₁₂'
        """
        return called(self.part, self.place)

    @property
    def neuron(self) -> str:
        """The neuron that it belongs to, counted from 1: layer·neuron; "" for Err.

        >>> Field("u", (1, 0), "forward", 1.0).neuron
        '2·1'
        """
        return "·".join(str(n + 1) for n in self.place[:2])

    @property
    def key(self) -> str:
        """One word for it, counted from 1, as columns of tables and inputs of forms have it.

        >>> Field("dtheta", (0, 0, 1), "weights", 1.0).key, Field("err", (), "error", 1.0).key
        ('dtheta.1.1.2', 'err')
        """
        return ".".join([self.part, *(str(n + 1) for n in self.place)])


def called(part: str, place: Place) -> str:
    """What the lecture calls the number of a part at a place.

    >>> called("b", (0, 1)), called("err", ())
    ('new b⁽¹⁾₂', 'Err')
    """
    if part in FOUND:
        return FOUND[part]
    symbol = SYMBOL[PARTS[part]]
    return name(symbol, *(n + 1 for n in place[1:]), layer=place[0] + 1) if place else symbol


def fields_of(case: Case, difficulty: str = "pass") -> list[Field]:
    """The numbers that a sheet asks for, in the order of computation."""
    names = {grader: part for part, grader in PARTS.items()}
    last = len(case.theta) - 1
    found = [
        Field(names[FIELD[equation]], place, equation, POINTS[names[FIELD[equation]]])
        for equation in EQUATION
        for place in case.places(equation)
    ]
    if difficulty == "step":
        return [f for f in found if f.part in ONE_STEP and f.place[0] == last]
    if difficulty == "formula":
        first = {(f.equation, f.part): f for f in reversed(found) if f.part in ("delta", "dtheta", "db")}
        return [f._replace(points=2.0) for f in found if f in first.values()]
    if difficulty == "find":
        return [Field(part, (), "", 1.0) for part in FOUND]
    return found


def key_of(case: Case) -> dict[str, Any]:
    """Every right number, by part, with all digits.

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [[0.5]], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error", 0.1, err_of=lambda y, o: hand.squared_error(y, o))
    >>> key_of(case)["delta"], key_of(case)["theta"]
    ([[5.0]], [[[1.5]]])
    """
    walk = in_full(case)
    key: dict[str, Any] = blank_of(case)
    for field in fields_of(case):
        put(key, field.part, field.place, middle(EQUATION[field.equation](walk.case, field.place, walk.delta, ())))
    return key


def blank_of(case: Case) -> dict[str, Any]:
    """An answer in which nothing has been filled in: None everywhere, in the shapes that are asked for."""

    def grid() -> list[list[None]]:
        return [[None] * len(layer) for layer in case.theta]

    def weights() -> list[list[list[None]]]:
        return [[[None] * len(row) for row in layer] for layer in case.theta]

    return {part: None if part == "err" else weights() if part in ("dtheta", "theta") else grid() for part in PARTS}


def value(answers: Mapping[str, Any], part: str, place: Place) -> Any:
    """What stands in an answer, or in a key, at a place of a part.

    >>> value({"u": [[1.0, 2.0]], "err": 0.5}, "u", (0, 1)), value({"err": 0.5}, "err", ())
    (2.0, 0.5)
    """
    return at(answers.get(part), place)


def put(answers: dict[str, Any], part: str, place: Place, number: Any) -> None:
    """Write a number there.

    >>> answers = {"u": [[None, 2.0]]}; put(answers, "u", (0, 0), 1.0); answers
    {'u': [[1.0, 2.0]]}
    """
    if not place:
        answers[part] = number
        return
    *path, last = place
    at(answers[part], tuple(path))[last] = number
