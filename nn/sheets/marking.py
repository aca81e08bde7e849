"""A sheet graded: every field from the student's own operands, one slip costs once, the unknown goes to a person.

| status | points |
|---|---|
| right, follow_through | all: the method is right, and so is the number that it gives from what stood before |
| mistake | none, the first time; the same mistake elsewhere costs nothing more |
| unknown | undecided: a person looks at it |
| blank | none |
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograd import AutogradTypeError, AutogradValueError

from ..grading.answers import leaves
from ..grading.graded import grade
from ..grading.judging import FIELD
from ..grading.verdict import Finding, Grade, Judged
from ..grading.written import precision_of
from .answers import Answers, answers_of, number, quoted, told
from .contents import planted
from .fields import ONE_STEP, PARTS, Field, fields_of, value
from .formula import answer_of, evaluated, letters
from .marks import Mark, Marks, Texts, texts_of
from .settings import identity
from .worksheet import Worksheet, worksheet

SAME_SHEET = "the answer says sheet {said}, and this is {code}: graded as {code}"
CONVENTION = "the ½"  # a note of the grader's that is for teachers


def grade_sheet(
    answers: Mapping[str, Any],
    sheet: Worksheet | str | os.PathLike[str] | None = None,
    *,
    secret: str | bytes | None = None,
    student: str | None = None,
    texts: Texts | None = None,
    **settings: Any,
) -> Marks:
    """The points of a student's answer to a sheet, with a reason for each field.

    answers   sheet, student, u, o, err, slope, delta, dtheta, db, theta, b: nested lists in the shapes of the network,
              u[k][i], dtheta[k][i][l]; None is blank, and never 0.  Or by key, as {"delta.1.2": 0.0331}
    sheet     a Worksheet, or the .json file of one
    secret    with it the sheet is the student's own variant, made anew: from `sheet`, or from settings, which are the
              arguments of `worksheet`
    student   whose it is, where the answer itself is not to be believed
    texts     sentences of your own, see nn/sheets/sentences.json

    Every number is judged from the answer's own operands: what follows rightly from a wrong one gets all points
    ("follow_through"), one slip costs once, the same mistake in several places costs once.  What is wrong and has no
    name is unknown, not 0: `needs_human`.  Raises AutogradTypeError or AutogradValueError where there is no sheet to
    grade by, or no answer.

    >>> sheet = worksheet([2, 2, 1], seed=7)
    >>> marks = grade_sheet(sheet.key | {"student": "s01"}, sheet=sheet)
    >>> marks.score, marks.max_score, marks.needs_human
    (29.5, 29.5, False)
    """
    if not isinstance(answers, Mapping):
        raise AutogradTypeError(
            f"grade_sheet: an answer is a mapping such as {{'u': …}}, and was given as {answers!r:.60}"
        )
    whose = identity(answers.get("student") if student is None else student)
    paper = _sheet(sheet, secret, whose, settings)
    read = answers_of(answers, paper.case)
    if read.sheet and read.sheet not in (paper.code, str(paper.settings.seed)):
        read.problems.append(SAME_SHEET.format(said=read.sheet, code=paper.code))
    if student is not None and read.student and read.student != whose:
        read.problems.append(f"the answer says that it is by {read.student}, and was handed in by {whose}")
    how = {"formula": _formulas, "find": _found}.get(paper.settings.difficulty, _numbers)
    marks = how(paper, read)
    problems = [*read.problems, *(told(*place, text) for place, text in read.unread.items())]
    notes = list(dict.fromkeys([*read.notes, *marks.notes]))
    return dataclasses.replace(
        marks, student=whose, problems=problems, notes=notes, max_score=paper.max_score,
        texts=None if texts is None else texts_of(texts),
    )  # fmt: skip


def _sheet(given: Any, secret: str | bytes | None, student: str, settings: dict[str, Any]) -> Worksheet:
    if isinstance(given, (str, os.PathLike)):
        given = Worksheet.load(Path(given))
    if given is not None and not isinstance(given, Worksheet):
        raise AutogradTypeError(f"grade_sheet: sheet is a Worksheet or the .json file of one, and not {given!r:.60}")
    if given is not None and settings:
        raise AutogradValueError(f"grade_sheet: the sheet says what it is; give it, or {', '.join(settings)}")
    if secret is None:
        if given is None and not settings:
            raise AutogradValueError("grade_sheet: give the sheet, as in grade_sheet(answers, sheet=worksheet(…))")
        return given or worksheet(**settings)
    if not student:
        raise AutogradValueError("grade_sheet: with a secret every student has a sheet of their own, and none is named")
    return given.for_student(student, secret) if given else worksheet(**settings, student=student, secret=secret)


# --- numbers ---------------------------------------------------------------------------------------


def _numbers(sheet: Worksheet, read: Answers) -> Marks:
    given = {part: numbers for part, numbers in read.parts.items() if any(True for _ in leaves([numbers]))}
    if sheet.settings.difficulty == "step":  # what the sheet gives, as it prints it
        given = {part: numbers for part, numbers in given.items() if part in ONE_STEP}
        shown = {part: _rounded(sheet, numbers) for part, numbers in sheet.key.items() if part not in ONE_STEP}
        given = {**shown, **given} if given else {}
    graded = Grade()
    if given:
        graded = grade(
            sheet.network, sheet.numbers.x, sheet.numbers.y, given, loss=sheet.settings.loss, eta=sheet.numbers.eta,
            decimals=sheet.settings.digits,
        )  # fmt: skip
    judged = {(j.part, j.place): j for j in graded.fields}
    blamed = _Blamed(graded)
    few = _few_digits(sheet, given)
    marks = [_mark(field, read, judged.get((PARTS[field.part], field.place)), blamed, few) for field in sheet.fields]
    zeros = [mark for mark in marks if mark.given == 0 and mark.right]
    if 2 * len(zeros) > sum(mark.given is not None for mark in marks):  # 0 follows from 0 by any method
        marks = [dataclasses.replace(m, status="unknown", points=None, why="few digits") if m in zeros else m
                 for m in marks]  # fmt: skip
    return Marks("", sheet.code, marks, notes=[note for note in graded.notes if CONVENTION not in note])


def _rounded(sheet: Worksheet, numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_rounded(sheet, part) for part in numbers]
    return sheet.printing.rounded(numbers)


def _few_digits(sheet: Worksheet, given: Mapping[str, Any]) -> float:
    """Below which size a 0 says nothing, since all numbers were written so coarsely."""
    numbers = [v for part in given.values() for v in leaves([part])]
    written = precision_of(numbers)
    few = not written.exact and written.decimals < min(2, sheet.settings.digits)
    return 0.5 * 10.0**-written.decimals if few else 0.0


def _mark(field: Field, read: Answers, judged: Judged | None, blamed: _Blamed, few: float) -> Mark:
    if text := read.unread.get((field.part, field.place)):
        return Mark(field, "unknown", None, given=text, why="unread")
    given = value(read.parts, field.part, field.place)
    if given is None or judged is None:
        return Mark(field, "blank", 0.0)
    mark = Mark(field, "right", field.points, given, judged.expected, judged.right)
    if judged.status != "mistake":
        if few and not given and 0 < abs(judged.expected) < few:
            return dataclasses.replace(mark, status="unknown", points=None, why="few digits")
        return dataclasses.replace(mark, status=judged.status if blamed.findings else "right")
    return blamed.mark(mark)


class _Blamed:
    """Which finding of the grader's a wrong number belongs to, and what has been paid for already."""

    def __init__(self, graded: Grade) -> None:
        self.findings = graded.findings
        self.parts = {j.part for j in graded.fields if j.status == "mistake"}
        self.paid: set[tuple[tuple[str, tuple[str, ...]], ...]] = set()

    def mark(self, mark: Mark) -> Mark:
        finding = next((f for f in self.findings if f.equation == mark.field.equation), None)
        if finding is not None:
            return self._by(finding, mark)
        # A mistake in what was not handed in shows in what was: once, and the rest follows from it.
        unseen = next((f for f in self.findings if f.equation not in self._shown), None)
        if unseen is None:
            return mark  # right in the way in which it was computed
        found = self._by(unseen, mark)
        return dataclasses.replace(mark, status="follow_through") if found.why == "again" else found

    @property
    def _shown(self) -> set[str]:
        return {equation for equation, part in FIELD.items() if part in self.parts}

    def _by(self, finding: Finding, mark: Mark) -> Mark:
        if not finding.explanations:
            return dataclasses.replace(mark, status="unknown", points=None)
        explanation = finding.explanations[0]
        # One row of the family is one mistake, in whichever of its equations it is made.
        row = tuple((mistake.key, mistake.equations) for _, mistake in explanation)
        ids = tuple(dict.fromkeys(identifier for e in finding.ids for identifier in e))
        again = row in self.paid
        self.paid.add(row)
        return dataclasses.replace(
            mark, status="mistake", points=mark.field.points if again else 0.0, ids=ids,
            name=" and ".join(mistake.name for _, mistake in explanation),
            because=" and ".join(mistake.because for _, mistake in explanation),
            why="again" if again else "convention" if finding.convention else "mistake",
        )  # fmt: skip


# --- formulas, and a mistake to be found -------------------------------------------------------------


def _formulas(sheet: Worksheet, read: Answers) -> Marks:
    texts, broken = {}, {}
    case, key = sheet.case, sheet.key
    known = letters(case.theta, case.bias, case.u, case.o, case.x, case.y, case.slopes, key["delta"])
    for field in sheet.fields:
        text = read.formulas.get(field.key) or read.unread.pop((field.part, field.place), "")
        if not text.strip():
            continue
        try:
            evaluated(text, known)
            texts[field] = text
        except AutogradValueError as error:
            broken[field] = text
            read.problems.append(f"{field.name}: {error}")
    marks, graded = [], Grade()
    if texts:
        answer = answer_of(texts)
        graded = grade(
            sheet.network, case.x, case.y, lambda *arguments: answer(*arguments, case.errors_of),
            loss=sheet.settings.loss, eta=sheet.numbers.eta,
        )  # fmt: skip
    blamed = _Blamed(graded)
    for field in sheet.fields:
        mark = Mark(field, "right", field.points, texts.get(field), right=value(key, field.part, field.place))
        if field in broken:
            mark = Mark(field, "unknown", None, broken[field], why="unreadable formula")
        elif field not in texts:
            mark = Mark(field, "blank", 0.0)
        elif any(f.equation == field.equation for f in graded.findings):
            mark = blamed.mark(mark)
        marks.append(mark)
    return Marks("", sheet.code, marks)


def _found(sheet: Worksheet, read: Answers) -> Marks:
    equation, place, _ = planted(sheet)
    where = next(f for f in fields_of(sheet.case) if (f.equation, f.place) == (equation, place))
    right, marks = value(sheet.key, where.part, where.place), []
    for field in sheet.fields:
        given = read.found.get(field.part)
        if given is None or (isinstance(given, str) and not given.strip()):
            marks.append(Mark(field, "blank", 0.0))
        elif field.part == "where":
            said = quoted(given).replace(" ", "").lower()
            hit = said in (where.key, where.name.replace(" ", "").lower())
            marks.append(_hit(field, hit, given))
        else:
            try:
                hit = abs((number(given) or 0.0) - right) <= 1.5 * sheet.printing.unit
                marks.append(dataclasses.replace(_hit(field, hit, given), expected=right, right=right))
            except ValueError:
                marks.append(Mark(field, "unknown", None, quoted(given), why="unread"))
    return Marks("", sheet.code, marks)


def _hit(field: Field, hit: bool, given: Any) -> Mark:
    status, why = ("right", "found") if hit else ("mistake", "not found")
    return Mark(field, status, field.points if hit else 0.0, quoted(given), why=why)
