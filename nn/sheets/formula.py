"""Sheets that ask for formulas: the letters to write them with, and a student's formulas as one answer to grade.

A formula is read by autograd.expression, which evaluates nothing but what it lists.  With others of the same
network's numbers in it, it is graded as a function is: so a formula that is right by accident is found out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError, no_grad
from autograd.expression import expression

from .. import deltas as hand
from ..network.modules import name
from . import formulas
from .fields import Field

if TYPE_CHECKING:
    from .worksheet import Worksheet

LETTERS = (
    "On a keyboard: u11, o11, s11 and d11 are u, o, σ'(u) and δ of layer 1, neuron 1; w112 is θ⁽¹⁾₁₂ (layer 1, to 1,"
    " from 2); b11, x1, and y1, y2, … or y; * is times. For example: s11 * d21 * w211"
)
LONGEST = 500  # characters of a student's formula
_ALIASES = str.maketrans({"δ": "d", "θ": "w", "ŷ": "o"})
Letters = Mapping[str, float]


def right(sheet: Worksheet, field: Field) -> str:
    """The formula that a key has, in the lecture's letters."""
    k, i, *l = field.place
    last, widths = len(sheet.numbers.theta) - 1, sheet.settings.widths
    delta, slope = name("δ", i + 1, layer=k + 1), f"σ'({name('u', i + 1, layer=k + 1)})"
    if field.part == "db":
        return delta
    if field.part == "dtheta":
        return f"{delta}·{name('o', l[0] + 1, layer=k) if k else name('x', l[0] + 1)}"
    if k < last:
        terms = [
            f"{name('δ', j + 1, layer=k + 2)}·{name('θ', j + 1, i + 1, layer=k + 2)}" for j in range(widths[k + 2])
        ]
        return f"{slope}·{terms[0]}" if len(terms) == 1 else f"{slope}·({' + '.join(terms)})"
    text = formulas.error_slope(sheet.settings.loss, len(sheet.numbers.y))
    o, y = name("o", i + 1, layer=k + 1), name("y", i + 1) if len(sheet.numbers.y) > 1 else "y"
    text = text.replace("ŷₖ", o).replace("ŷ", o).replace("yₖ", y)
    text = text.replace("pₖ", name("p", i + 1, layer=k + 1))
    return f"{formulas.factor(text)}·{slope}"


def letters(theta: Any, bias: Any, u: Any, o: Any, x: Any, y: Any, slopes: Any, delta: Any) -> dict[str, float]:
    """Every letter of a network, by its name on a keyboard."""
    found = {f"x{l + 1}": v for l, v in enumerate(x)} | {f"y{i + 1}": v for i, v in enumerate(y)}
    found |= {"y": y[0]} if len(y) == 1 else {}
    for k, layer in enumerate(theta):
        for i, row in enumerate(layer):
            neuron = f"{k + 1}{i + 1}"
            found |= {f"u{neuron}": u[k][i], f"o{neuron}": o[k][i], f"s{neuron}": slopes[k][i]}
            found |= {f"w{neuron}{l + 1}": t for l, t in enumerate(row)}
            if bias[k] is not None:
                found[f"b{neuron}"] = bias[k][i]
            if delta[k][i] is not None:
                found[f"d{neuron}"] = delta[k][i]
    return found


def evaluated(text: str, known: Letters) -> float:
    """The number that a formula gives.  Raises AutogradValueError for what is no formula of these letters.

    >>> evaluated("s11·δ21·θ211", {"s11": 0.25, "d21": 2.0, "w211": -1.0})
    -0.5
    """
    if len(text) > LONGEST:
        raise AutogradValueError(f"a formula has at most {LONGEST} characters, and this one has {len(text)}")
    plain = text.translate(_ALIASES)
    used = set(re.findall(r"[A-Za-z]\w*", plain))
    with no_grad():
        value, _ = expression(plain, {letter: number for letter, number in known.items() if letter in used})
    return value.data


def answer_of(texts: Mapping[Field, str]) -> Callable[..., Any]:
    """A student's formulas as a function to grade; what they have no formula for is right, from their own numbers."""
    places = {(field.part, field.place): text for field, text in texts.items()}

    def answer(theta: Any, bias: Any, u: Any, o: Any, x: Any, y: Any, sigma_slope: Any, errors: Any) -> Any:
        slopes = [[slope(v) for v in layer] for slope, layer in zip(sigma_slope, u)]
        delta: list[list[Any]] = [[None] * len(layer) for layer in theta]

        def value(part: str, place: tuple[int, ...], otherwise: float) -> float:
            if (part, place) not in places:
                return otherwise
            return evaluated(places[part, place], letters(theta, bias, u, o, x, y, slopes, delta))

        for k in range(len(theta) - 1, -1, -1):
            for i, s in enumerate(slopes[k]):
                if k == len(theta) - 1:
                    by_hand = hand.output_delta(errors(y, o[-1])[i], s)
                else:
                    by_hand = hand.hidden_delta(s, delta[k + 1], [row[i] for row in theta[k + 1]])
                delta[k][i] = value("delta", (k, i), by_hand)
        by_theta, by_bias = hand.gradients(x, o, delta)
        for (part, place), _ in places.items():
            _put({"dtheta": by_theta, "db": by_bias}.get(part), place, value, part)
        return delta, by_theta, by_bias

    return answer


def _put(grid: Any, place: Sequence[int], value: Callable[..., float], part: str) -> None:
    if grid is None:
        return
    row = grid
    for index in place[:-1]:
        row = row[index]
    row[place[-1]] = value(part, tuple(place), row[place[-1]])
