"""What a sheet and its key say: what is filled in, a check, how to mark, what the likeliest mistakes give here."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from .. import deltas as hand
from ..grading.equations import EQUATION, Operands
from ..grading.intervals import middle
from ..grading.mistakes import Mistake, family
from .fields import ONE_STEP, blank_of, called, fields_of, put
from .layout import Layout, plain, signed
from .telling import in_full, predicted

if TYPE_CHECKING:
    from .worksheet import Worksheet

# The mistakes that a key warns of, the likeliest first: the equation, and the mistake's key.
LIKELIEST = (
    ("output", "factor_2_missing"), ("output", "slope_at_o"), ("hidden", "weights_missing"), ("output", "sign"),
    ("hidden", "slope_missing"), ("output", "superfluous_2"), ("output", "slope_missing"), ("forward", "bias_missing"),
)  # fmt: skip
TOLD = 4
PART = {"output": "delta", "hidden": "delta", "forward": "u"}
MARKING = (
    "Judge every number from the student’s own operands: a right method on a wrong number gets full points (write"
    " “ft”); one slip costs once. The last digit may be off by 1 and, for numbers computed from rounded ones, as far"
    " as that rounding carries."
)


def layout_of(sheet: Worksheet, key: bool = False) -> Layout:
    """The sheet, or its key, with what is filled in on it."""
    difficulty = sheet.settings.difficulty
    if difficulty == "formula":
        return Layout(sheet, key, {})
    if difficulty == "find":
        return Layout(sheet, key, solution(sheet, *planted(sheet)))
    if key:
        return Layout(sheet, True, sheet.key, check(sheet))
    if difficulty == "step":
        last = len(sheet.numbers.theta) - 1
        given = {part: values for part, values in sheet.key.items() if part not in ONE_STEP}
        given["slope"] = [layer if k == last else [None] * len(layer) for k, layer in enumerate(sheet.key["slope"])]
        return Layout(sheet, False, given)
    return Layout(sheet, False, {})


def check(sheet: Worksheet) -> str:
    """ŷ and Err with the new θ and b: smaller, if the step was a good one."""
    case, key, digits = sheet.case, sheet.key, sheet.settings.digits
    _, o = hand.forward(case.x, key["theta"], key["b"], case.sigma)
    assert case.err_of is not None
    new, old = case.err_of(case.y, o[-1]), key["err"]
    y_hat = ", ".join(plain(v, digits) for v in o[-1])
    compared = "smaller than" if new < old else "not smaller than"
    return f"Check: with the new θ and b, ŷ = {y_hat} and Err = {plain(new, digits)}: {compared} {plain(old, digits)}."


def likeliest(sheet: Worksheet) -> list[tuple[str, str, str]]:
    """What the likeliest mistakes give here: the mistake, the number it is seen in, and that number as printed."""
    walk, digits = in_full(sheet.case), sheet.settings.digits
    found = []
    for equation, key in LIKELIEST:
        mistake = next((m for m in family(equation, sheet.case) if m.key == key), None)
        places = sheet.case.places(equation)
        if mistake is None or not places:
            continue
        place = places[0]
        given = middle(EQUATION[equation](walk.case, place, walk.delta, (mistake,)))
        if plain(given, digits) != plain(middle(EQUATION[equation](walk.case, place, walk.delta, ())), digits):
            found.append((mistake.name, called(PART[equation], place), signed(given, digits)))
    return found[:TOLD]


def planted(sheet: Worksheet) -> tuple[str, tuple[int, ...], Mistake]:
    """The mistake that a sheet to find one in has: equation, place and what it is; one for each seed."""
    walk, near = in_full(sheet.case), 20 * sheet.printing.unit
    choices = []
    for equation in ("forward", "output", "hidden", "weights"):
        right, *rows = predicted(walk, equation)
        for mistake, row in zip(family(equation, sheet.case), rows):
            for n, place in enumerate(sheet.case.places(equation) if row and right else ()):
                assert row is not None and right is not None
                if abs(row[n] - right[n]) > near and abs(row[n]) > near:
                    choices.append((equation, place, mistake))
    return choices[int(sheet.lot * len(choices))]


def solution(sheet: Worksheet, equation: str, place: tuple[int, ...], mistake: Mistake) -> dict[str, object]:
    """A whole pass by somebody who made that mistake there, and went on rightly from what was written down."""
    case, answers = sheet.case, blank_of(sheet.case)
    u, o, slopes, delta, bias = (answers[part] for part in ("u", "o", "slope", "delta", "db"))
    own = Operands(u, o, slopes, [0.0] * len(case.y), answers["dtheta"], bias)
    case = dataclasses.replace(case, own=own)
    forward = sorted(
        (f for f in fields_of(case) if f.part in ("u", "o")), key=lambda f: (f.place[0], f.part != "u", f.place)
    )
    for field in [*forward, *(f for f in fields_of(case) if f.part not in ("u", "o"))]:
        if field.part == "err":
            own.errors[:] = case.errors_of(case.y, o[-1])
        wrong = (mistake,) if (field.equation, field.place) == (equation, place) else ()
        number = middle(EQUATION[field.equation](case, field.place, delta, wrong))
        put(answers, field.part, field.place, sheet.printing.rounded(number))
    return answers
