"""A class: files of all kinds, processes, limits, the table of marks, the report, the command."""

import csv
import functools
import io
import json
import mmap
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import AutogradValueError
from nn import worksheet
from nn.sheets import classes
from nn.sheets.classes import Job, files_in, graded
from nn.sheets.command import main, neutral, table
from nn.sheets.limits import mapped, within
from nn.sheets.outside import answered_by
from nn.sheets.report import report
from tests.benchmarks.sheets import in_style

ROOT = Path(__file__).resolve().parents[3]
SHEET = worksheet(seed=7)
PLANTED = [("", ""), ("output", "factor 2 missing"), ("hidden", "σ' missing"), ("output", "factor 2 missing")]
EVIL = "=cmd|' /C calc'!A0<script>alert(1)</script>"


@pytest.fixture
def answers(tmp_path):
    folder = tmp_path / "answers"
    folder.mkdir()
    for n, planted in enumerate(PLANTED):
        record = {"student": f"ann{n}", **in_style(SHEET, "in the end", *planted)}
        (folder / f"a{n}.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def test_files_are_found_in_folders(answers):
    (answers / "deeper").mkdir()
    (answers / "deeper" / "b.csv").write_text("u.1.1,1", encoding="utf-8")
    (answers / "notes.txt").write_text("", encoding="utf-8")
    for hidden in (".ipynb_checkpoints", "__MACOSX"):  # of notebooks, and of archives
        (answers / hidden).mkdir()
        (answers / hidden / "a0-checkpoint.json").write_text("{}", encoding="utf-8")
    (answers / "._a0.json").write_text("{}", encoding="utf-8")
    assert [file.name for file in files_in([answers])] == ["a0.json", "a1.json", "a2.json", "a3.json", "b.csv"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_processes_change_nothing(answers, jobs):
    results = graded(files_in([answers]), Job(SHEET), jobs)
    assert [r.marks.score for r in results] == [29.5, 27.5, 27.5, 27.5]
    assert results[1].marks.mistakes == ["delta.output.factor_2_missing"]


BROKEN = {
    "no.json": b"<script>alert(1)</script>", "list.json": b"[1]", "deep.json": b"[" * 200_000,
    "bytes.json": b"\xff\xfe",
    "digits.json": b'{"err": ' + b"9" * 100_000 + b"}", "large.json": b" " * 2_000_000, "empty.csv": b"",
    "cells.ipynb": b'{"cells": [1, {"cell_type": "code", "source": 3}]}', "null.csv": b"a,\x00\n", "code.py": b"1/0",
    "chain.ipynb": b'{"cells": [{"cell_type": "code", "source": "u' + b".a" * 200_000 + b' = 1"}]}',
    "number.ipynb": b'{"cells": 5}', "quote.csv": b'student,u.1.1,err\n"a,1,1\n',
    "id.ipynb": b'{"cells": [{"cell_type": "code", "source": "u = 1; student = 0x' + b"f" * 9000 + b'"}]}',
    "found.ipynb": b'{"cells": [{"cell_type": "code", "source": "u\\u0000 = 0x' + b"f" * 9000 + b'"}]}',
    "half.json": b'{"student": "\\ud800", "u": [["\\udfff"]], "formulas": {"delta.1.1": "\\ud800"}}',
    "deep_id.json": b'{"u": "x", "student": ' + b"[" * 900 + b"]" * 900 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_files_that_cannot_be_read_are_lines_for_a_person(answers, jobs):
    for name, content in BROKEN.items():
        (answers / name).write_bytes(content)
    results = {r.file: r for r in graded(files_in([answers]), Job(SHEET), jobs)}
    assert [results[f"a{n}.json"].marks.score for n in range(4)] == [29.5, 27.5, 27.5, 27.5]
    for name in BROKEN:
        result = results[name]
        assert result.marks is None or result.marks.score == 0, name
        assert result.needs_human or name in ("cells.ipynb", "null.csv"), name
    written = table(list(results.values()), SHEET) + report(list(results.values()), SHEET, names=True)
    assert (
        written.encode()
        and json.dumps([r.marks and r.marks.record() for r in results.values()], ensure_ascii=False).encode()
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_file_s_name_may_be_anything(answers, capsys):
    record = json.dumps({"u": SHEET.key["u"]})  # whose it is, the name says
    for name in (b"\xff.json", b"a\nb.json", b"=1+1.json"):
        Path(os.fsdecode(os.fsencode(answers) + b"/" + name)).write_text(record, encoding="utf-8")
    out = answers.parent
    assert main(["grade", str(answers), "--seed", "7", "--csv", str(out / "m.csv"), "--report", str(out / "r.html"),
                 "--json", str(out / "a.json"), "--gradescope", str(out / "g")]) == 0  # fmt: skip
    assert "7 answers graded" in capsys.readouterr().out and len(list((out / "g").iterdir())) == 7
    students = [each["student"] for each in json.loads((out / "a.json").read_text(encoding="utf-8"))]
    assert {"\N{REPLACEMENT CHARACTER}", "a b", "=1+1"} < set(students)


def test_a_fault_of_the_grader_s_costs_one_answer(answers, monkeypatch):
    judge = classes.grade_sheet
    monkeypatch.setattr(
        classes, "grade_sheet", lambda given, *a, **o: {}[1] if given["student"] == "ann1" else judge(given, *a, **o)
    )
    results = graded(files_in([answers]), Job(SHEET))
    assert [r.problems for r in results] == [[], ["could not be graded: KeyError, 1"], [], []]


def test_a_file_has_its_time(answers, monkeypatch):
    def for_ever(path):
        while True:
            pass

    monkeypatch.setattr(classes, "mappings_in", for_ever)
    (result, *_) = graded(files_in([answers / "a0.json"]), Job(SHEET, seconds=0.1))
    assert result.problems == ["took longer than 0.1 s"]


@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="the fault is put in by forking")
def test_a_file_that_ends_its_process_costs_nobody_else_anything(answers, monkeypatch):
    read = classes.mappings_in
    monkeypatch.setattr(classes, "mappings_in", lambda path: os._exit(1) if path.name == "a1.json" else read(path))
    results = graded(files_in([answers]), Job(SHEET), 2)
    assert [r.problems == ["grading this file ended its process"] for r in results] == [False, True, False, False]


needs_proc = pytest.mark.skipif(mapped() is None, reason="the system does not tell what is mapped")


@needs_proc
@pytest.mark.parametrize("jobs", [1, 2])
def test_memory_is_counted_on_top_of_what_the_process_has_mapped(answers, jobs):
    """As in a notebook with PyTorch and JAX, whose addresses a worker inherits."""
    with mmap.mmap(-1, 300 * 2**20):
        assert mapped() > 300 * 2**20
        results = graded(files_in([answers]), Job(SHEET, megabytes=100), jobs)
        (answers / "ann.py").write_text(CODE, encoding="utf-8")
        results += graded([answers / "ann.py"], Job(SHEET, megabytes=100, run_code=True))
    assert [r.marks and r.marks.score for r in results] == [29.5, 27.5, 27.5, 27.5, 6]


@needs_proc
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_has_its_memory_and_the_next_one_too(answers, monkeypatch, jobs):
    if jobs == 2 and multiprocessing.get_start_method() != "fork":
        pytest.skip("the fault is put in by forking")
    import resource

    before, read = resource.getrlimit(resource.RLIMIT_AS), classes.mappings_in
    # More than earlier tests may have given back to the allocator, which is mapped and free.
    monkeypatch.setattr(classes, "mappings_in", lambda path: read(path) if path.name != "a1.json" else bytes(2**31))
    results = graded(files_in([answers]), Job(SHEET, megabytes=100), jobs)
    assert [r.problems == ["took more than 100 MB"] for r in results] == [False, True, False, False]
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@needs_proc
def test_a_lower_limit_of_memory_stays():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    lower = mapped() + 2**30
    resource.setrlimit(resource.RLIMIT_AS, (lower, hard))
    try:
        with within(4096):
            assert resource.getrlimit(resource.RLIMIT_AS) == (lower, hard)
        with within(64):
            assert resource.getrlimit(resource.RLIMIT_AS)[0] < lower
        assert resource.getrlimit(resource.RLIMIT_AS) == (lower, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_every_row_of_a_class_s_table_has_its_own_time(tmp_path, monkeypatch):
    judge = classes.grade_sheet

    def slow(given, *arguments, **options):
        while given["student"] == "s2":
            pass
        return judge(given, *arguments, **options)

    monkeypatch.setattr(classes, "grade_sheet", slow)
    lines = "".join(f"s{n},{SHEET.key['err']!r},\n" for n in range(4))
    (tmp_path / "class.csv").write_text(f"student,err,u.1.1,\n{lines}s4,0,1,0,2\n", encoding="utf-8")
    results = graded([tmp_path / "class.csv"], Job(SHEET, seconds=0.2))
    assert [r.student for r in results] == ["s0", "s1", "s2", "s3", "s4"]
    assert [r.problems for r in results[:4]] == [[], [], ["took longer than 0.2 s"], []]
    assert "cells under no heading" in results[4].marks.problems[0]
    (tmp_path / "class.csv").write_text("a,b,c\n" + "1\n" * 6000, encoding="utf-8")
    (result,) = graded([tmp_path / "class.csv"], Job(SHEET))
    assert result.problems == ["6,000 rows are too many for a class"]


def test_two_answers_by_one_student(answers):
    (answers / "again.json").write_text(json.dumps({"student": "ann0"}), encoding="utf-8")
    results = graded(files_in([answers]), Job(SHEET))
    assert [r.problems for r in results if r.student == "ann0"] == [["2 answers by this student"]] * 2
    rows = list(csv.DictReader(io.StringIO(table(results, SHEET))))
    assert [(row["needs_human"], row["problems"]) for row in rows if row["student"] == "ann0"] == [
        ("True", "2 answers by this student")
    ] * 2
    assert json.loads(results[0].marks.gradescope())["extra_data"]["needs_human"]


# --- submitted code --------------------------------------------------------------------------------

CODE = """
def answer(theta, bias, u, o, x, y, sigma_slope):
    delta = [None, [-2 * (y[0] - o[1][0]) * sigma_slope[1](u[1][0])]]
    delta[0] = [sigma_slope[0](v) * delta[1][0] * theta[1][0][i] for i, v in enumerate(u[0])]
    return delta
"""


def test_code_runs_only_when_it_is_asked_for(tmp_path):
    target = tmp_path / "ran"
    file = tmp_path / "ann.py"
    file.write_text(f"open({str(target)!r}, 'w').close()\n{CODE}", encoding="utf-8")
    (result,) = graded([file], Job(SHEET))
    assert not target.exists() and result.problems == ["is code, which is not run (--run-code)"]
    (result,) = graded([file], Job(SHEET, run_code=True))
    assert target.exists() and result.marks.score == 6 and result.student == "ann"


@pytest.mark.parametrize("code, said", [
    ("1/0", "did not run: ZeroDivisionError: division by zero"), ("while True: pass", "took longer than 1 s of"),
    ("x = [0] * 10**10", "did not run: MemoryError"), ("import os; os._exit(3)", "did not run: it ended"),
    ("x = 1", "did not run: KeyError: 'answer'"), ("def answer(*a): return {'u': 'x' * 2_000_000}", "too much"),
    ("import sys\nwhile True: sys.stderr.write('x' * 10**5)", "did not run: xxx"),
    ("import os\ndef answer(*a): os.symlink('/dev/zero', 'answer.json')", "did not run: "),
    ("import atexit\natexit.register(lambda: open('answer.json', 'w').write('[1]'))\ndef answer(*a): return []",
     "returned no answer"),
    ("def answer(*a): return 'no'", ""),
])  # fmt: skip
def test_code_has_its_limits(code, said, tmp_path):
    (tmp_path / "ann.py").write_text(code, encoding="utf-8")
    (result,) = graded([tmp_path / "ann.py"], Job(SHEET, run_code=True, seconds=1.0, megabytes=512))
    assert result.needs_human and (result.marks is None or result.marks.score == 0)
    assert said in "; ".join(result.problems)


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are POSIX's")
def test_code_that_waits_is_ended(tmp_path):
    (tmp_path / "ann.py").write_text("import time\ntime.sleep(1000)", encoding="utf-8")
    with pytest.raises(AutogradValueError, match=r"took longer than 0\.5 s"):
        answered_by(tmp_path / "ann.py", SHEET, -1.125, 512)  # 4·s + 5 seconds on the wall


# --- what is written -------------------------------------------------------------------------------


def test_no_cell_of_the_table_is_a_formula(answers):
    (answers / "evil.json").write_text(json.dumps({"student": EVIL, "u": [["=1+1", "@x"], ["+1"]]}), encoding="utf-8")
    results = graded(files_in([answers]), Job(SHEET))
    rows = list(csv.reader(io.StringIO(table(results, SHEET))))
    assert len(rows) == 6 and len({len(row) for row in rows}) == 1
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert neutral("\t=1") == "'\t=1" and neutral(" =1") == "' =1"


def test_the_report_escapes_what_students_wrote_and_names_only_by_option(answers):
    (answers / "evil.json").write_text(json.dumps({"student": EVIL, "u": [[EVIL, 1], [2]]}), encoding="utf-8")
    results = graded(files_in([answers]), Job(SHEET))
    page = report(results, SHEET)
    assert "<script" not in page and "&lt;script&gt;" in page and "script-src" not in page
    assert "ann1" not in page and "s02, s04" in page
    assert "ann1" in report(results, SHEET, names=True)


def test_the_report_counts_students_and_asks_about_a_shared_convention(answers):
    page = report(graded(files_in([answers]), Job(SHEET)), SHEET)
    assert "median 27½ of 29½ · 1 without a mistake · 0 to look at" in page
    assert "2 of 4 share one convention" in page
    assert page.index("factor 2 missing") < page.index("σ&#x27; missing")
    assert "2 of 4</text>" in page


def test_the_report_shows_the_worst_of_a_column_and_real_minus_signs(tmp_path):
    blank = in_style(SHEET, "in the end") | {"theta": None}  # b is there
    slip = json.loads(json.dumps(in_style(SHEET, "in the end")))
    slip["delta"][0][0] = -0.0777
    for name, answer in (("a", blank), ("b", slip)):
        (tmp_path / f"{name}.json").write_text(json.dumps(answer), encoding="utf-8")
    page = report(graded(files_in([tmp_path]), Job(SHEET)), SHEET)
    row = page.partition('<td class="id">s01</td>')[2].partition("</tr>")[0]
    assert row.count("✓") == 8 and '<td class="">–</td>' in row and "26½" in row
    assert "and −0.020" in page and "and -" not in page


def test_an_empty_class_has_a_report():
    assert "Class report" in report([classes.Result("ann", "a.json", problems=["no"])], SHEET)


# --- the command -----------------------------------------------------------------------------------


def test_sheets_are_made_and_graded_by_command(tmp_path, capsys):
    (tmp_path / "secret").write_text("nobody knows\n", encoding="utf-8")
    (tmp_path / "students").write_text("ann\nbob/../x\n\n", encoding="utf-8")
    made = ["worksheet", "--seed", "7", "--secret", str(tmp_path / "secret"), "--students", str(tmp_path / "students"),
            "--form", "html", "md", "tex", "ipynb", "form", "--output", str(tmp_path / "out")]  # fmt: skip
    assert main(made) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {
        "sheet-7-ann.html",
        "sheet-7-ann-key.html",
        "sheet-7-bob_.._x.ipynb",
        "sheet-7-ann-to-fill-in.html",
    } <= names
    own = SHEET.for_student("ann", b"nobody knows")
    (tmp_path / "ann.json").write_text(json.dumps({"student": "ann", **in_style(own, "in the end")}), encoding="utf-8")
    capsys.readouterr()
    command = ["grade", str(tmp_path / "ann.json"), "--seed", "7", "--secret", str(tmp_path / "secret"), "--csv",
               str(tmp_path / "m.csv"), "--report", str(tmp_path / "r.html"), "--json", str(tmp_path / "all.json"),
               "--gradescope", str(tmp_path / "results.json")]  # fmt: skip
    assert main(command) == 0
    assert "ann: 29½ of 29½ points." in capsys.readouterr().out
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["score"] == 29.5
    assert json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))[0]["score"] == 29.5


@pytest.mark.parametrize("option", [
    ["--seconds", "0"], ["--seconds", "nan"], ["--seconds", "inf"], ["--seconds", "-1"], ["--megabytes", "-5"],
    ["--megabytes", "9" * 5000], ["--jobs", "0"], ["--layers", "\x1b[2J,2"], ["--no-\x1b[2J"], ["--digits", "x"],
])  # fmt: skip
def test_options_that_make_no_sense(tmp_path, capsys, option):
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        main(["grade", str(tmp_path), "--seed", "7", *option])
    err = capsys.readouterr().err
    assert end.value.code == 2 and "error: " in err and "\x1b" not in err and len(err) < 3000


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "none").mkdir()
    (tmp_path / "some.json").write_text("{}", encoding="utf-8")
    for arguments, words in (
        (["worksheet", "--loss", "mse", "--output", str(tmp_path)], 'which is "mean_squared_error" here'),
        (["worksheet", "--activation", "\x1b[2J", "--output", str(tmp_path)], "unknown activation"),
        (["worksheet", "--digits", "2", "--output", str(tmp_path)], "rejected most"),
        (["worksheet", "--student", "ann", "--output", str(tmp_path)], "need --secret FILE"),
        (["worksheet", "--secret", str(tmp_path / "some.json"), "--output", str(tmp_path)], "needs student="),
        (
            ["grade", str(tmp_path / "some.json"), "--seed", "7", "--csv", str(tmp_path / "x" / "m.csv")],
            "there is no folder",
        ),
        (["worksheet", "--secret", str(tmp_path / "empty"), "--output", str(tmp_path)], "is empty"),
        (["grade", str(tmp_path / "nowhere")], "there is no file or folder"),
        (["grade", str(tmp_path / "none")], "there are no answers"),
        (["grade", str(tmp_path / "some.json")], "which sheet do they answer? give --sheet FILE"),
        (["grade", str(tmp_path / "some.json"), "--sheet", "a.json", "--seed", "3"], "and not both"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["worksheet", "--layers", "2,x"])


def test_lists_of_students_are_utf_8_and_what_is_printed_moves_no_cursor(tmp_path, capsys):
    secret, students = tmp_path / "secret", tmp_path / "students.txt"
    secret.write_text("nobody knows\n")
    command = ["worksheet", "--secret", str(secret), "--students", str(students), "--output", str(tmp_path / "out")]
    students.write_bytes("zoë\n".encode("latin-1"))
    assert main(command) == 2 and "students.txt: this is not UTF-8" in capsys.readouterr().err
    students.write_bytes(b"\xef\xbb\xbfann\nbob\x1b[2J\n")  # with the mark that Windows' editors write
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "· ann:" in out and "bob" in out
    assert (tmp_path / "out" / "sheet-0-ann.html").exists()


def test_no_sheet_of_a_student_replaces_another_s(tmp_path):
    (tmp_path / "secret").write_text("nobody knows\n")
    (tmp_path / "names").write_text("ä1\nö1\n", encoding="utf-8")
    given = ["worksheet", "--students", str(tmp_path / "names"), "--secret", str(tmp_path / "secret")]
    assert main([*given, "--form", "md", "--output", str(tmp_path / "out")]) == 0
    sheets = [path for path in (tmp_path / "out").glob("*.md") if "key" not in path.name]
    assert len(sheets) == 2 and sheets[0].read_text(encoding="utf-8") != sheets[1].read_text(encoding="utf-8")


def test_the_module_is_the_command(tmp_path):
    """python -m nn.sheets, also where the console cannot print δ, the disk is full, and nobody reads."""
    run = functools.partial(subprocess.run, cwd=tmp_path, capture_output=True, check=False)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    module = [sys.executable, "-m", "nn.sheets"]
    done = run([*module, "worksheet", "--seed", "7", "--output", "."], env=environment)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.startswith(b"network 2-2-1, sigmoid ? sheet 7")
    (tmp_path / "ann.json").write_text(json.dumps(SHEET.key), encoding="utf-8")
    done = run([*module, "grade", "ann.json", "--sheet", "sheet-7.json"], env=environment)
    assert (done.returncode, done.stderr) == (0, b"") and b"1 answer graded, 0 for a person" in done.stdout
    done = run([*module, "grade", "no.json", "--seed", "7"], env=environment)
    assert done.returncode == 2 and done.stderr == b"python -m nn.sheets: grade: there is no file or folder 'no.json'\n"
    if Path("/dev/full").exists():
        command = " ".join([*module, "grade", "ann.json", "--seed", "7", ">/dev/full"])
        done = run(["sh", "-c", command], env=environment)
        assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"No space left" in done.stderr
