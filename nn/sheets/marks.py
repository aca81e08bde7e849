"""What a graded sheet says: points and a status for every field, as JSON, for Gradescope, and in sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from autograd import AutogradValueError

from .fields import Field
from .layout import plain, points

_INDICES = (*"ᵢⱼₖₗ' ·", "")
STATUSES = ("right", "follow_through", "mistake", "unknown", "blank")
Texts = Mapping[str, Any]
# What may stand in braces in a sentence about a field, and in those about the whole sheet.
OF_A_FIELD, OF_ALL = ("name", "mistake", "because", "given"), ("score", "max_score", "undecided")


@lru_cache(maxsize=1)
def own_texts() -> Texts:
    """The sentences that ship with the package."""
    read: Texts = json.loads(files(__package__).joinpath("sentences.json").read_text(encoding="utf-8"))
    return read


def texts_of(given: str | Texts) -> Texts:
    """The sentences of a file of somebody's own, or of a mapping, which need not have them all.

    >>> texts_of('{"right": "{name}: richtig."}')["right"].format(name="u")
    'u: richtig.'
    """
    try:
        given = json.loads(given) if isinstance(given, str) else given
        assert isinstance(given, Mapping)
        sentences = {key: sentence for key, sentence in given.items() if key != "mistakes"}
        for key, sentence in [*sentences.items(), *given.get("mistakes", {}).items()]:
            sentence.format_map(dict.fromkeys(OF_ALL if key in ("total", "undecided") else OF_A_FIELD, ""))
    except (ValueError, AssertionError, AttributeError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise AutogradValueError(f"sentences: this is no file like nn/sheets/sentences.json ({error})") from None
    if unknown := [key for key in given if key not in own_texts()]:
        raise AutogradValueError(f"sentences: there is no {unknown[0]!r}; there are {', '.join(own_texts())}")
    return {**own_texts(), **given}


@dataclass(frozen=True)
class Mark:
    """One field, judged.

    points      what it gets; None where a person has to decide
    status      "right", "follow_through", "mistake", "unknown" or "blank"
    mistake     the identifier of the likeliest mistake, and its name; ids: all that fit
    given       what was written
    expected    what its equation gives from the answer's own operands
    right       what is right
    why         which sentence the student reads, a key of sentences.json
    because     why it is wrong
    """

    field: Field
    status: str
    points: float | None
    given: Any = None
    expected: float | None = None
    right: float | None = None
    ids: tuple[str, ...] = ()
    name: str = ""
    because: str = ""
    why: str = ""

    @property
    def mistake(self) -> str:
        """The identifier of the likeliest mistake, "" where there is none or it has no name."""
        return self.ids[0] if self.ids else ""

    def sentence(self, texts: Texts | None = None) -> str:
        """What the student is told: which mistake and why, and never the expected number."""
        texts = texts or own_texts()
        template = texts["mistakes"].get(self.mistake) or texts[self.why or self.status]
        values = self.field.name, self.name, _capital(self.because.rstrip(".")), self.given
        text: str = template.format_map(dict(zip(OF_A_FIELD, values)))
        return text

    def record(self) -> dict[str, Any]:
        """The field as JSON has it."""
        return {
            "field": self.field.key, "name": self.field.name, "neuron": self.field.neuron, "status": self.status,
            "points": self.points, "max_points": self.field.points, "mistake": self.mistake or None,
            "or": list(self.ids[1:]), "given": self.given, "expected": self.expected, "right": self.right,
        }  # fmt: skip


def _capital(text: str) -> str:
    """A sentence's first letter, unless it is a symbol of the lecture's."""
    return text if text[1:2] in _INDICES else text[:1].upper() + text[1:]


@dataclass
class Marks:
    """A graded sheet.

    student   whose it is
    sheet     which variant it was graded by
    fields    every field, judged, in the order of computation
    problems  why a person should look at it, besides fields that are unknown
    notes     what else is worth knowing

    >>> Marks("s01", "K4QF", []).score
    0
    """

    student: str
    sheet: str
    fields: list[Mark]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: Texts | None = field(default=None, repr=False, compare=False)
    max_score: float = 0.0

    @property
    def score(self) -> float:
        """The points that are certain."""
        return sum(mark.points for mark in self.fields if mark.points is not None)

    @property
    def undecided(self) -> float:
        """The points that a person has to decide on."""
        return sum(mark.field.points for mark in self.fields if mark.points is None)

    @property
    def needs_human(self) -> bool:
        """Whether a person has to look at it."""
        return bool(self.problems) or any(mark.status == "unknown" for mark in self.fields)

    @property
    def mistakes(self) -> list[str]:
        """The identifiers of the mistakes found, each once."""
        return list(dict.fromkeys(mark.mistake for mark in self.fields if mark.mistake))

    def sentences(self) -> list[str]:
        """A sentence for each field."""
        return [mark.sentence(self.texts) for mark in self.fields]

    def total(self) -> str:
        """The score in words."""
        texts = self.texts or own_texts()
        words = dict(zip(OF_ALL, map(points, (self.score, self.max_score, self.undecided))))
        total: str = texts["total"].format_map(words)
        return total + (" " + texts["undecided"].format_map(words) if self.undecided else "")

    def record(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return {
            "student": self.student, "sheet": self.sheet, "score": self.score, "max_score": self.max_score,
            "undecided": self.undecided, "needs_human": self.needs_human, "problems": self.problems,
            "notes": self.notes, "fields": [mark.record() for mark in self.fields],
        }  # fmt: skip

    def json(self) -> str:
        """Everything, as text."""
        return json.dumps(self.record(), ensure_ascii=False, indent=1) + "\n"

    def gradescope(self) -> str:
        """The results.json of a Gradescope autograder; expected values are hidden until grades are published."""
        tests = []
        for mark, sentence in zip(self.fields, self.sentences()):
            test = {"name": mark.field.name, "max_score": mark.field.points, "output": sentence,
                    "output_format": "text", "visibility": "visible"}  # fmt: skip
            if mark.points is not None:
                test |= {"score": mark.points, "status": "passed" if mark.points == mark.field.points else "failed"}
            else:
                test |= {"score": 0.0}
            tests.append(test)
        expected = "\n".join(
            f"{mark.field.name}: {plain(mark.expected, 6)}" for mark in self.fields if mark.expected is not None
        )
        tests.append({"name": "expected, from your own numbers", "max_score": 0.0, "score": 0.0, "output": expected,
                      "output_format": "text", "visibility": "after_published"})  # fmt: skip
        told = [self.total(), *self.notes, *(["A person looks at this answer."] if self.needs_human else [])]
        record = {"score": self.score, "output": "\n".join(told), "output_format": "text", "tests": tests,
                  "stdout_visibility": "hidden", "extra_data": {"needs_human": self.needs_human,
                  "undecided": self.undecided, "sheet": self.sheet, "mistakes": self.mistakes}}  # fmt: skip
        return json.dumps(record, ensure_ascii=False, indent=1) + "\n"

    def __str__(self) -> str:
        wrong = [mark.sentence(self.texts) for mark in self.fields if mark.status in ("mistake", "unknown")]
        head = f"{self.student or 'answer'}: {self.total()}"
        return "\n".join([head, *wrong, *self.problems, *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__
