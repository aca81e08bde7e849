"""The command line of teachers: `worksheet` makes sheets, `grade` grades answers.

    python -m nn.sheets worksheet --layers 2,2,1 --seed 7 --output sheets
    python -m nn.sheets grade answers/ --sheet sheets/sheet-7.json --csv marks.csv --report class.html

Exit codes: 0 done; 1 nobody reads what is printed, or nothing can be; 2 something is wrong with what was given;
130 interrupted.
"""

from __future__ import annotations

import argparse
import codecs
import csv
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd import AutogradError, AutogradValueError
from autograd.console import Parser, real, say, told, whole
from autograd.tools.files import require_folder, write
from autograd.words.text import counted

from .. import deltas as hand
from ..network.choosing import cut
from .classes import MEGABYTES, SECONDS, Job, Result, files_in, graded
from .marks import Texts, texts_of
from .report import numbered, report
from .settings import DIFFICULTIES
from .worksheet import Worksheet, worksheet

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet runs what begins so
LOSSES = {"squared": "squared_error", "half": "half_squared_error", "mean": "mean_squared_error"}  # short names


def main(arguments: Sequence[str] | None = None, program: str = "python -m nn.sheets") -> int:
    """Run `worksheet …` or `grade …` with these command-line arguments, and return the exit code.

    program  what it is called
    """
    options = parser(program).parse_args(arguments)
    try:
        made: int = options.run(options)
        return made
    except (AutogradError, OSError) as error:
        if isinstance(error, OSError) and error.filename is None:  # of the console: for run(main) to settle
            raise
        print(f"{program}: {told(error)}", file=sys.stderr)
        return 2


# --- worksheet -----------------------------------------------------------------------------------------


def make(options: argparse.Namespace) -> int:
    """Write sheets, their keys, and what the grader needs."""
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    students = options.student or []
    if options.students:
        students += [line.strip() for line in read_text(options.students).splitlines()]
    secret = read_secret(options.secret)
    if students and secret is None:
        raise AutogradValueError("students' own variants need --secret FILE, a file with a line that nobody knows")
    each: list[str | None] = [*dict.fromkeys(filter(None, students))] or [None]
    for student, part in zip(each, file_names([student or "" for student in each])):
        sheet = sheet_of(options, student, secret)
        name = f"sheet-{options.seed}" + (f"-{part}" if student else "")
        for form in options.form:
            if form == "form":
                write(folder / f"{name}-to-fill-in.html", sheet.form())
            else:
                sheet.save(folder / f"{name}.{form}")
                if not options.no_key:
                    sheet.save(folder / f"{name}-key.{form}", key=True)
        if student is None or not options.no_key:
            sheet.save(folder / f"{name}.json")
        say(f"{sheet.title}{f' · {student}' if student else ''}: {', '.join(options.form)} in {folder}{os.sep}")
    return 0


def sheet_of(options: argparse.Namespace, student: str | None = None, secret: bytes | None = None) -> Worksheet:
    """The sheet that the options ask for."""
    return worksheet(
        options.layers, options.activation, LOSSES.get(options.loss, options.loss), options.seed, options.digits,
        options.difficulty, output_activation=options.output_activation, eta=options.eta, student=student,
        secret=secret,
    )  # fmt: skip


def read_secret(path: str | None) -> bytes | None:
    """The first line of a file, without the mark of Windows' editors.  Raises AutogradValueError for an empty one."""
    if path is None:
        return None
    secret = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8).split(b"\n")[0].strip()
    if not secret:
        raise AutogradValueError(f"{path}: the first line, which is the secret, is empty")
    return secret


# --- grade ---------------------------------------------------------------------------------------------


def grade(options: argparse.Namespace) -> int:
    """Grade answers, and write marks and a report."""
    secret, texts = read_secret(options.secret), read_texts(options.texts)
    files = files_in(options.answers)
    for path in filter(None, (options.csv, options.report, options.json)):  # before a class is graded for nothing
        require_folder(Path(path))
    if (options.sheet is None) == (options.seed is None):
        raise AutogradValueError(
            "grade: which sheet do they answer? give --sheet FILE, the .json beside the sheet, or the --seed that it"
            f" was made from{'' if options.sheet is None else ', and not both'}"
        )
    sheet = Worksheet.load(options.sheet) if options.sheet else sheet_of(options)
    job = Job(sheet, secret, texts, options.run_code, options.seconds, options.megabytes)
    results = graded(files, job, options.jobs or min(8, os.cpu_count() or 1))
    if options.csv:
        write(options.csv, table(results, sheet))
    if options.report:
        write(options.report, report(results, sheet, options.names))
    if options.json:
        records = [{"file": r.file, "problems": r.problems, **(r.marks.record() if r.marks else {"student": r.student})}
                   for r in results]  # fmt: skip
        write(options.json, json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    if options.gradescope:
        to_gradescope(results, Path(options.gradescope))
    for result in results if len(results) <= options.show else []:
        say(result.marks if result.marks else f"{result.student}: {'; '.join(result.problems)}")
    look = sum(r.needs_human for r in results)
    say(f"{counted(len(results), 'answer')} graded, {look} for a person to look at")
    return 0


def read_texts(path: str | None) -> Texts | None:
    """Sentences of somebody's own."""
    return None if path is None else texts_of(read_text(path))


def read_text(path: str) -> str:
    """What is in a file.  Raises AutogradValueError where that is not UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise AutogradValueError(f"{path}: this is not UTF-8 text; save it in UTF-8") from None


def to_gradescope(results: Sequence[Result], target: Path) -> None:
    """results.json of one answer, or a folder of them."""
    if len(results) == 1 and target.suffix == ".json":
        write(target, _gradescope(results[0]))
        return
    target.mkdir(parents=True, exist_ok=True)
    for result, name in zip(results, file_names([result.student for result in results])):
        write(target / f"{name}.results.json", _gradescope(result))


def file_names(ids: Sequence[str]) -> list[str]:
    """A name of a file for each id, no two alike, also where capitals do not count.

    >>> file_names(["ä1", "ö1", "Ann", "ann", "Ann"])
    ['_1', '_1-2', 'Ann', 'ann-2', 'Ann-3']
    """
    names: list[str] = []
    taken: set[str] = set()
    for each in ids:
        name = stem = re.sub(r"[^A-Za-z0-9._-]", "_", each)[:80]
        count = 1
        while name.casefold() in taken:
            count += 1
            name = f"{stem}-{count}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _gradescope(result: Result) -> str:
    if result.marks is not None:
        return result.marks.gradescope()
    told_so = "This answer could not be read; a person looks at it."
    return json.dumps({"score": 0.0, "output": told_so, "extra_data": {"needs_human": True}}, indent=1) + "\n"


def neutral(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> neutral("=1+1"), neutral("s01"), neutral(-0.5)
    ("'=1+1", 's01', '-0.5')
    """
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.lstrip(" ").startswith(FORMULA) else text


def table(results: Sequence[Result], sheet: Worksheet) -> str:
    """The marks as CSV: a line an answer, a column a field."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    keys = [field.key for field in sheet.fields]
    lines.writerow(["number", "student", "file", "sheet", "score", "max_score", "undecided", "needs_human", "mistakes",
                    "problems", *keys])  # fmt: skip
    for number, result in zip(numbered(results), results):
        marks = result.marks
        problems = "; ".join(marks.problems if marks else result.problems)
        if marks is None:
            row: list[Any] = [number, result.student, result.file, "", "", sheet.max_score, "", True, "", problems]
        else:
            each = {m.field.key: "" if m.points is None else m.points for m in marks.fields}
            row = [number, result.student, result.file, marks.sheet, marks.score, marks.max_score, marks.undecided,
                   marks.needs_human, " ".join(marks.mistakes), problems,
                   *(each.get(key, "") for key in keys)]  # fmt: skip
        lines.writerow(map(neutral, row))
    return out.getvalue()


# --- the command line ------------------------------------------------------------------------------------


def parser(program: str) -> Parser:
    """What the two commands take."""
    top = Parser(prog=program, description="Exercise sheets by hand, and a class's answers.")
    commands = top.add_subparsers(dest="command", required=True)
    # fmt: off
    sheets = commands.add_parser("worksheet", help="make sheets and their keys")
    _about_the_sheet(sheets, 0, "(default: %(default)s)")
    sheets.add_argument("--student", metavar="ID", action="append", help="a variant for this student (may be repeated)")
    sheets.add_argument("--students", metavar="FILE", help="a variant for each line of a file")
    sheets.add_argument("--form", nargs="+", choices=("html", "md", "tex", "ipynb", "form"), default=["html"],
                        help="form: a page to fill in offline (default: html, to print)")
    sheets.add_argument("--no-key", action="store_true", help="write no key")
    sheets.add_argument("--output", metavar="FOLDER", default="deltagrad-output", help="(default: %(default)s)")
    sheets.set_defaults(run=make)
    answers = commands.add_parser("grade", help="grade answers: .json, .csv, .ipynb")
    answers.add_argument("answers", nargs="+", metavar="FILE", help="answer files, or folders of them")
    answers.add_argument("--sheet", metavar="JSON", help="the sheet's .json file; or the options that made it")
    _about_the_sheet(answers, None, "(or give --sheet)")
    answers.add_argument("--csv", metavar="FILE", help="write the marks, a line an answer")
    answers.add_argument("--report", metavar="FILE", help="write the class's report, a page to print")
    answers.add_argument("--names", action="store_true", help="students by their ids in the report, not by number")
    answers.add_argument("--json", metavar="FILE", help="write everything")
    answers.add_argument("--gradescope", metavar="PATH", help="write results.json; of several answers, into a folder")
    answers.add_argument("--texts", metavar="JSON", help="sentences of your own, as in nn/sheets/sentences.json")
    answers.add_argument("--jobs", metavar="N", type=whole,
                         help="processes (default: as many as there are processors)")
    answers.add_argument("--seconds", metavar="S", default=SECONDS,
                         type=real("a number of seconds above 0", lambda s: 0.0 < s <= 1e6),
                         help="of a processor, for an answer (default: %(default)g)")
    answers.add_argument("--megabytes", metavar="MB", type=whole, default=MEGABYTES,
                         help="for an answer (default: %(default)s)")
    answers.add_argument("--show", metavar="N", type=int, default=3,
                         help="print answers where there are so few (default: %(default)s)")
    answers.add_argument("--run-code", action="store_true", help="run submitted .py files in a process with limits,"
                         " which is a courtesy and no sandbox: only where nothing is to be lost")
    answers.set_defaults(run=grade)
    # fmt: on
    return top


def _about_the_sheet(to: argparse.ArgumentParser, seed: int | None, without: str) -> None:
    # fmt: off
    to.add_argument("--layers", metavar="N,N,N", type=_widths, default=[2, 2, 1],
                    help="inputs, then the neurons of each layer (default: 2,2,1)")
    to.add_argument("--activation", metavar="σ", default="sigmoid",
                    help=f"{', '.join(hand.ACTIVATIONS)} (default: %(default)s)")
    to.add_argument("--output-activation", metavar="σ", help="of the last layer, if another")
    to.add_argument("--loss", metavar="ERR", default="squared",
                    help=f"{', '.join([*LOSSES, *hand.ERROR_SLOPES])} (default: %(default)s)")
    to.add_argument("--seed", metavar="N", type=int, default=seed, help=f"the sheet's number {without}")
    to.add_argument("--digits", metavar="N", type=int, default=4, help="after the point (default: %(default)s)")
    to.add_argument("--difficulty", choices=list(DIFFICULTIES), default="pass",
                    help="; ".join(f"{name}: {what}" for name, what in DIFFICULTIES.items()))
    to.add_argument("--eta", metavar="η", type=float, help="the learning rate (default: one that suits the sheet)")
    to.add_argument("--secret", metavar="FILE", help="a file whose first line makes students' own variants")
    # fmt: on


def _widths(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and len(part) < 9 for part in parts):
        raise argparse.ArgumentTypeError(f"{cut(text)} are no whole numbers, as in 2,2,1")
    return [int(part) for part in parts]
