"""What a student hands in, as a mapping: read as numbers in the sheet's shapes.

A blank is None, and never 0.  What cannot be read as a number is kept as it was written, for a person to look at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from autograd import AutogradTypeError
from autograd.words.text import printable

from ..grading.answers import leaves
from ..grading.equations import Case, Place
from ..grading.reading import half_precision, plain, squeezed
from ..grading.written import read_number
from .fields import FOUND, PARTS, blank_of, called, put
from .settings import identity

LONGEST_TEXT = 200  # characters of a number or a name that are kept, and ten times as many of a formula
LOOKED_AT = 100  # layers of a part, and names that are no part's, of which some may have been meant as one
OTHER = {"Err": "err", "σ'": "slope", "sigma_slope": "slope", "δ": "delta", "∂Err/∂θ": "dtheta", "∂Err/∂b": "db",
          "θ": "theta", "bias": "b"}  # fmt: skip
ABOUT = ("sheet", "student", "formulas", *FOUND)


@dataclass
class Answers:
    """An answer as it was read.

    parts     u, o, err, slope, delta, dtheta, db, theta, b in the sheet's shapes, None where they are blank
    unread    what stands in the place of a number and is none, by part and place
    formulas  formulas as text, by field
    found     where the mistake is said to be, and what is said to be right there
    problems  why a person should look at it; notes, what else was noticed
    """

    parts: dict[str, Any]
    student: str = ""
    sheet: str = ""
    unread: dict[tuple[str, Place], str] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def number(given: Any) -> float | None:
    """A number as people write it.  Raises ValueError for what is none.

    >>> number("−0,5"), number(" "), number(2)
    (-0.5, None, 2.0)
    """
    if given is None:
        return None
    if isinstance(given, (list, tuple, Mapping)):
        raise ValueError("no number")
    given = given if isinstance(given, (str, float)) else plain(given)
    if isinstance(given, bool) or not (isinstance(given, str) or hasattr(given, "__float__")):
        raise ValueError("no number")
    try:
        value = read_number(given) if isinstance(given, str) else float(given)
    except OverflowError:
        raise ValueError("no number") from None
    if value is not None and not math.isfinite(value):
        raise ValueError("no number")
    return value


def quoted(given: Any) -> str:
    """What was written, cut to a length that can be shown.

    >>> quoted("0.03·0.2?"), quoted(["a"] * 9)
    ('0.03·0.2?', "['a', 'a', 'a', …]")
    """
    text = printable((given if isinstance(given, str) else _brief(given))[: LONGEST_TEXT + 1])
    return text if len(text) <= 60 else text[:59] + "…"


def _brief(given: Any, depth: int = 2) -> str:
    if isinstance(given, (list, tuple)):
        inner = [_brief(part, depth - 1) if depth else "…" for part in given[:3]]
        return f"[{', '.join(inner)}{', …' if len(given) > 3 else ''}]"
    if isinstance(given, str):
        return repr(given[:LONGEST_TEXT])
    if isinstance(given, int) and abs(given) > 10**30:
        return "a number of very many digits"
    return repr(given)[:LONGEST_TEXT] if isinstance(given, (int, float, type(None))) else type(given).__name__


def answers_of(given: Mapping[str, Any], case: Case) -> Answers:
    """The numbers of a mapping, in the shapes that the sheet asks for.

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [[0.5]], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> read = answers_of({"u": [["2,5"]], "delta": [["5?"]]}, case)
    >>> read.parts["u"], read.parts["delta"], read.unread
    ([[2.5]], [[None]], {('delta', (0, 0)): '5?'})
    """
    if not isinstance(given, Mapping):
        raise AutogradTypeError(
            f"grade_sheet: an answer is a mapping such as {{'u': …}}, and was given as {given!r:.60}"
        )
    read = Answers(blank_of(case))
    strange: dict[str, Any] = {}
    for name, value in given.items():
        name = OTHER.get(name, name)
        if name in ("sheet", "student"):
            setattr(read, name, identity(value))
        elif name == "formulas" and isinstance(value, Mapping):
            texts = {k: v[: 10 * LONGEST_TEXT] for k, v in value.items() if isinstance(k, str) and isinstance(v, str)}
            read.formulas = {k: printable(" ".join(v.split())) for k, v in texts.items()}
        elif name in FOUND:
            read.found[name] = value
        elif name in PARTS and half_precision(value[:LOOKED_AT] if isinstance(value, (list, tuple)) else value):
            read.problems.append(f"{name} came in half precision, whose digits are too few; hand in float32 or float64")
        elif name in PARTS:
            _part(read, name, _listed(value))
        elif isinstance(name, str) and "." in name and _keyed(read, name, value):
            pass
        else:
            strange[quoted(name)] = value
    if strange:
        looked_at = list(strange)[:LOOKED_AT]
        meant = [name for name in looked_at if _meant(name, strange[name])]
        shown = ", ".join(repr(quoted(name)) for name in list(dict.fromkeys(meant + looked_at))[:3])
        said = f"not part of an answer, and left out: {shown}{', …' if len(strange) > 3 else ''}"
        known = bool(read.formulas or read.found or read.unread or any(True for _ in leaves(list(read.parts.values()))))
        (read.problems if meant or not known else read.notes).append(said)
    return read


def _meant(name: str, value: Any) -> bool:
    """Whether what has no place may have been meant as part of the answer: a name misspelt, or numbers in lists."""
    if value is None or value in ("", []):
        return False
    part = name.partition(".")[0]
    return isinstance(value, (list, tuple)) or bool(get_close_matches(part, [*PARTS, *OTHER], 1, 0.7))


def _listed(value: Any) -> Any:
    """Arrays, tensors, frames and Values, or lists of such, as lists; lists may be nested as deeply as they like."""
    if isinstance(value, (list, tuple)):
        return [part if isinstance(part, (list, tuple, str, Mapping)) else plain(part) for part in value]
    return value if isinstance(value, (str, Mapping)) else plain(value)


def _part(read: Answers, part: str, given: Any) -> None:
    shape = read.parts[part]
    if part == "err":
        given = given[0] if isinstance(given, (list, tuple)) and len(given) == 1 else given
        _number_at(read, part, (), given)
        return
    if given is None:
        return
    if part in ("dtheta", "theta") and not _fits(given, shape) and _fits(turned := _turned(given), shape):
        read.notes.append(f"{part} came transposed, in the shape (in, out): row i belongs to neuron i")
        given = turned
    elif part not in ("dtheta", "theta") and not _fits(given, shape):
        given = _vectors(given)
    if not _fits(given, shape):
        read.problems.append(f"{part} has not the sheet's shape, and was written as {quoted(given)}")
        return
    for place, value in _numbered(given):
        _number_at(read, part, place, value)


def _fits(given: Any, shape: Any) -> bool:
    """Whether nested lists have a shape, or less of it: what is missing at the end is blank."""
    if given is None or not isinstance(shape, list):
        return not isinstance(given, (list, tuple, Mapping))
    if not isinstance(given, (list, tuple)) or len(given) > len(shape):
        return False
    return all(_fits(part, like) for part, like in zip(given, shape))


def _vectors(given: Any) -> Any:
    """Layers that are columns (n, 1) or rows (1, n) as vectors."""
    if not isinstance(given, (list, tuple)):
        return given
    vectors = [squeezed(layer) if _is_matrix(layer) else None for layer in given]
    return [layer if vector is None else vector for layer, vector in zip(given, vectors)]


def _turned(given: Any) -> Any:
    if not isinstance(given, (list, tuple)) or not all(_is_matrix(m) and len(set(map(len, m))) == 1 for m in given):
        return given
    return [[list(column) for column in zip(*m)] for m in given]


def _is_matrix(layer: Any) -> bool:
    return isinstance(layer, (list, tuple)) and bool(layer) and all(isinstance(row, (list, tuple)) for row in layer)


def _numbered(given: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(given, (list, tuple)):
        for n, part in enumerate(given):
            yield from _numbered(part, (*place, n))
    elif given is not None:
        yield place, given


def _number_at(read: Answers, part: str, place: Place, given: Any) -> None:
    try:
        put(read.parts, part, place, number(given))
    except ValueError:
        read.unread[part, place] = quoted(given)


def _keyed(read: Answers, key: str, value: Any) -> bool:
    """A number by its key, delta.1.2; whether it is one of the sheet's."""
    part, *numbers = key.split(".")
    part = OTHER.get(part, part)
    if part not in PARTS or part == "err" or len(numbers) > 3 or not all(n.isdecimal() and len(n) < 4 for n in numbers):
        return False
    place = tuple(int(n) - 1 for n in numbers)
    row = read.parts[part]
    for index in place:
        if not isinstance(row, list) or not 0 <= index < len(row):
            return False
        row = row[index]
    if isinstance(row, list):
        return False
    _number_at(read, part, place, value)
    return True


def told(part: str, place: Place, text: str) -> str:
    """What could not be read, and where it stands.

    >>> told("delta", (0, 1), "0.03·0.2?")
    'δ⁽¹⁾₂: “0.03·0.2?”'
    """
    return f"{called(part, place)}: “{text}”"
