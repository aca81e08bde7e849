"""A class's answers, graded file by file: in several processes, each answer with limits of time and memory.

Whatever a file holds, it costs nobody else anything: what cannot be read, takes too long or too much becomes a
line for a person to look at.  Submitted code is not run, unless that is asked for: see `outside.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from autograd import AutogradError, AutogradValueError
from autograd.words.text import printable

from .answers import quoted
from .handed_in import FORMS, mappings_in
from .limits import Slow, at_most, within
from .marking import grade_sheet
from .marks import Marks, Texts
from .outside import answered_by
from .settings import identity
from .worksheet import Worksheet

SECONDS, MEGABYTES = 10.0, 1024  # that an answer may take, of a processor's time and of memory
MOST_JOBS = 61  # processes, which is what Windows can wait for
CODE = ".py"
T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """How a class is graded.

    sheet      the sheet, or with a secret the pattern of everybody's own
    texts      sentences of one's own
    run_code   whether submitted code runs
    """

    sheet: Worksheet
    secret: bytes | None = None
    texts: Texts | None = None
    run_code: bool = False
    seconds: float = SECONDS
    megabytes: int = MEGABYTES


@dataclass(frozen=True)
class Result:
    """An answer of a class: whose, from which file, and its marks; or None, and why a person has to look at it.

    What is a problem besides marks stands in theirs too.
    """

    student: str
    file: str
    marks: Marks | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def needs_human(self) -> bool:
        return self.marks is None or self.marks.needs_human or bool(self.problems)


def files_in(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """The answer files among paths, folders looked into, by name.

    Raises AutogradValueError for a path that is not there, and where there is no answer.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in (*FORMS, CODE) and p.is_file())
            found += [p for p in inside if not any(map(_hidden, p.relative_to(path).parts))]
        elif path.is_file():
            found.append(path)
        else:
            raise AutogradValueError(f"grade: there is no file or folder {str(path)!r}")
    if not found:
        raise AutogradValueError(f"grade: there are no answers; they are files that end in {', '.join(FORMS)}")
    return found


def _hidden(name: str) -> bool:
    """Whether a file or a folder is a program's own, such as a notebook's checkpoints."""
    return name.startswith(".") or name == "__MACOSX"


def graded(files: list[Path], job: Job, jobs: int = 1) -> list[Result]:
    """The answers of all files, in their order, by that many processes."""
    if jobs == 1 or len(files) < 4:
        results = [result for file in files for result in graded_file(file, job)]
    else:
        results = [result for found in _in_processes(files, job, jobs) for result in found]
    return _without_doubles(results)


def _in_processes(files: list[Path], job: Job, jobs: int) -> Iterator[list[Result]]:
    done = 0  # forks where the system does, before this process has a second thread: spawning costs a second
    try:
        with ProcessPoolExecutor(min(jobs, len(files), MOST_JOBS), initializer=_start, initargs=(job,)) as pool:
            for found in pool.map(_in_worker, files, chunksize=max(1, min(32, len(files) // (4 * jobs)))):
                yield found
                done += 1
    except BrokenProcessPool:  # a file has killed its process: each of the rest gets one of its own
        for file in files[done:]:
            try:
                with ProcessPoolExecutor(1, initializer=_start, initargs=(job,)) as pool:
                    yield pool.submit(_in_worker, file).result()
            except BrokenProcessPool:
                yield [Result(file.stem, file.name, problems=["grading this file ended its process"])]


_JOBS: list[Job] = []


def _start(job: Job) -> None:
    _JOBS[:] = [job]


def _in_worker(file: Path) -> list[Result]:
    return graded_file(file, _JOBS[0])


def graded_file(file: Path, job: Job) -> list[Result]:
    """The answers of one file, whatever is in it; each has its own time, also in the table of a class."""
    if file.suffix.lower() == CODE:
        return [_tried(lambda: _of_code(file, job), file, identity(file.stem), job)]
    given = _tried(lambda: mappings_in(file), file, identity(file.stem), job)
    return [given] if isinstance(given, Result) else [_of_mapping(each, file, job) for each in given]


def _tried(what: Callable[[], T], file: Path, student: str, job: Job) -> T | Result:
    """What comes of it within the limits, or why nothing does."""
    try:
        with at_most(job.seconds), within(job.megabytes):
            return what()
    except Slow:
        problem = f"took longer than {job.seconds:g} s"
    except MemoryError:
        problem = f"took more than {job.megabytes} MB"
    except (AutogradError, OSError, RecursionError) as error:
        problem = quoted(str(error).removeprefix(f"{file.name}: "))
    except Exception as error:  # a fault of the grader's, which costs one answer and not the class
        problem = quoted(f"could not be graded: {type(error).__name__}, {error}")
    return Result(student, printable(file.name), problems=[problem])


def _of_mapping(given: dict[str, Any], file: Path, job: Job) -> Result:
    student = identity(given.get("student")) or identity(file.stem)

    def marked() -> Result:
        marks = grade_sheet({**given, "student": student}, job.sheet, secret=job.secret, texts=job.texts)
        return Result(marks.student, printable(file.name), marks)

    return _tried(marked, file, student, job)


def _of_code(file: Path, job: Job) -> Result:
    student, name = identity(file.stem), printable(file.name)
    if not job.run_code:
        return Result(student, name, problems=["is code, which is not run (--run-code)"])
    sheet = job.sheet.for_student(student, job.secret) if job.secret else job.sheet
    answer = answered_by(file, sheet, job.seconds, job.megabytes)
    return Result(student, name, grade_sheet({**answer, "student": student}, sheet, texts=job.texts))


def _without_doubles(results: list[Result]) -> list[Result]:
    """The results, with a word where two are by the same student, which their marks say too."""
    count = Counter(result.student for result in results)
    found = []
    for result in results:
        more = [f"{count[result.student]} answers by this student"] * (count[result.student] > 1)
        marks = result.marks and replace(result.marks, problems=[*result.marks.problems, *more])
        found.append(replace(result, marks=marks, problems=[*result.problems, *more]))
    return found
