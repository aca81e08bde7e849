"""Marks: right answers in every style, one slip once, follow-through, the unknown to a person, hostile answers."""

import copy
import functools
import json
import time
from decimal import Decimal
from fractions import Fraction

import pytest

from autograd import AutogradTypeError, AutogradValueError, Value
from nn import grade_sheet, worksheet
from nn.sheets.answers import number
from nn.sheets.handed_in import LARGEST_CLASS, from_csv, from_notebook, mappings_in
from nn.sheets.marks import texts_of
from tests.benchmarks import styles
from tests.benchmarks.sheets import KINDS, ROUNDINGS, in_style, right_in, solved, written

SHEET = worksheet(seed=7)
sheet_of_kind = functools.cache(lambda n: worksheet(**KINDS[n], seed=n))
RIGHT = in_style(SHEET, "in the end")


def status(marks, *keys):
    by = {mark.field.key: mark.status for mark in marks.fields}
    return [by[key] for key in keys]


@pytest.mark.parametrize("style", styles.STYLES)
def test_right_answers_in_every_style_of_rounding_get_all_points(style):
    for n in range(len(KINDS)):
        sheet = sheet_of_kind(n)
        marks = grade_sheet(right_in(sheet, style, "uo"[n % 2], n % 3 == 0), sheet=sheet)
        assert not any(mark.status == "mistake" for mark in marks.fields), marks
        assert marks.score == marks.max_score or "decimals" in style or "cut" in style or "digits" in style


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(
    ("equation", "name", "identifier", "cost"),
    [
        ("output", "factor 2 missing", "delta.output.factor_2_missing", 2.0),
        ("hidden", "σ' missing", "delta.hidden.slope_missing", 2.0),
        ("hidden", "θ missing", "delta.hidden.weights_missing", 2.0),
        ("forward", "bias left out of u", "forward.u.bias_missing", 1.0),
        ("slope", "σ'(o) for σ'(u)", "slope.slope_at_o", 1.0),
        ("weights", "θ for o", "gradient.weights.weight_for_o", 1.0),
        ("update", "added for subtracted", "update.weights.plus", 0.5),
        ("update", "not updated", "update.weights.not_updated", 0.5),
    ],
)
def test_a_mistake_is_named_costs_once_and_what_follows_is_right(equation, name, identifier, cost, rounding):
    answer = in_style(SHEET, rounding, equation, name)
    marks = grade_sheet(answer, sheet=SHEET)
    assert marks.mistakes == [identifier], marks
    assert marks.max_score - marks.score == cost and not marks.needs_human
    assert {mark.status for mark in marks.fields if mark.field.equation != equation} <= {"right", "follow_through"}


def test_follow_through_is_told_from_what_is_right():
    marks = grade_sheet(in_style(SHEET, "in the end", "output", "sign"), sheet=SHEET)
    assert status(marks, "u.1.1", "err", "delta.2.1", "delta.1.1", "dtheta.2.1.1", "b.2.1") == [
        "right", "right", "mistake", "follow_through", "follow_through", "follow_through",
    ]  # fmt: skip


def test_a_slip_without_a_name_goes_to_a_person_and_is_not_0():
    answer = copy.deepcopy(RIGHT)
    answer["u"][0][0] = 0.5
    marks = grade_sheet(answer, sheet=SHEET)
    (unknown,) = [mark for mark in marks.fields if mark.status != "right"]
    assert unknown.status == "unknown" and unknown.points is None and marks.needs_human
    assert marks.undecided == 1.0 and marks.score == marks.max_score - 1
    assert json.loads(marks.json())["fields"][0]["points"] is None


def test_a_blank_is_null_and_not_0():
    answer = copy.deepcopy(RIGHT)
    answer["delta"][0][1], answer["theta"] = None, None
    marks = grade_sheet(answer, sheet=SHEET)
    assert status(marks, "delta.1.2", "theta.1.1.1", "b.1.1", "db.1.2") == ["blank", "blank", "right", "right"]
    assert marks.score == marks.max_score - 2 - 6 * 0.5
    answer["delta"][0][1] = 0.0
    assert status(grade_sheet(answer, sheet=SHEET), "delta.1.2") != ["blank"]
    assert grade_sheet({}, sheet=SHEET).score == 0 and not grade_sheet({}, sheet=SHEET).needs_human


def test_zeros_everywhere_earn_nothing_for_certain():
    zeros = {part: written(values, lambda v: 0.0) if values is not None else None for part, values in RIGHT.items()}
    assert grade_sheet(zeros, sheet=SHEET).score <= 2


def test_a_mistake_in_what_was_not_written_down_costs_once():
    answer = in_style(SHEET, "all digits", "output", "factor 2 missing")
    alone = {part: answer[part] for part in ("dtheta", "db")}
    marks = grade_sheet(alone, sheet=SHEET)
    assert "delta.output.factor_2_missing" in {i for mark in marks.fields for i in mark.ids}, marks
    assert sum(mark.status == "mistake" for mark in marks.fields) == 1 and marks.score == 8


def test_truncation_and_float32_are_accepted_with_a_note():
    cut = solved(SHEET, r=styles.cut(4))
    marks = grade_sheet(cut, sheet=SHEET)
    assert marks.score == marks.max_score and any("cut off" in note for note in marks.notes)
    single = solved(SHEET, r=styles.single)
    marks = grade_sheet(single, sheet=SHEET)
    assert marks.score == marks.max_score and any("float32" in note for note in marks.notes)


def test_a_number_that_ends_in_zeros_has_all_its_decimals():
    answer = copy.deepcopy(RIGHT)
    answer["theta"][0][1][1] = SHEET.numbers.theta[0][1][1]  # −0.2 for −0.1977
    marks = grade_sheet(answer, sheet=SHEET)
    assert marks.mistakes == ["update.weights.not_updated"] and marks.score == 29


# --- reading ---------------------------------------------------------------------------------------


def keyed():
    return {mark.field.key: repr(mark.given) for mark in grade_sheet(RIGHT, sheet=SHEET).fields}


def test_json_csv_notebook_and_keys_say_the_same(tmp_path):
    rows = keyed()
    forms = {
        "a.json": json.dumps({"student": "ann", **RIGHT}),
        "b.json": json.dumps({"student": "ann", **rows}),
        "wide.csv": ",".join(["student", *rows]) + "\n" + ",".join(["ann", *rows.values()]) + "\n",
        "long.csv": "student,ann\n" + "".join(f"{key},{value}\n" for key, value in rows.items()),
        "comma.csv": "student;ann\n" + "".join(f"{key};{v.replace('.', ',')}\n" for key, v in rows.items()),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (given,) = mappings_in(tmp_path / name)
        marks = grade_sheet(given, sheet=SHEET)
        assert (marks.student, marks.score) == ("ann", marks.max_score), (name, marks)
    notebook = json.loads(SHEET.notebook())
    for cell in notebook["cells"]:
        for part, values in RIGHT.items():
            source = "".join(cell["source"]).splitlines()
            lines = [f"{part} = {values!r}" if line.startswith(f"{part} =") else line for line in source]
            if cell["cell_type"] == "code":
                cell["source"] = "\n".join(lines)
    given = from_notebook(json.dumps(notebook))
    assert grade_sheet(given, sheet=SHEET).score == 29.5 and given["sheet"] == SHEET.code


def test_cells_are_read_and_not_run(tmp_path):
    target = tmp_path / "ran"
    source = f"import pathlib; pathlib.Path({str(target)!r}).touch()\nu = [[1/0, None], [0.5]]\nerr = __import__('os')"
    given = from_notebook(json.dumps({"cells": [{"cell_type": "code", "source": source}]}))
    assert given == {"u": [["1/0", None], [0.5]], "err": "__import__('os')"} and not target.exists()


def of_cells(*sources):
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return from_notebook(json.dumps({"cells": cells}))


@pytest.mark.parametrize("source", [
    "u: list = {u}", "u = o = {u}", "u, err = {u}, 3", "[u, err] = [{u}, 3]", "%time\nu = {u}",
    "!pip install numpy\nu = {u}\n%matplotlib inline", "u = [[0]]\nu = {u}", "def f():\n    u = 3\nu = {u}",
    "w = [u for u in range(3)]\nu = {u}", "u = [\n    # mine\n    [0.5, 1], (2,)]",
])  # fmt: skip
def test_cells_are_read_as_people_write_them(source):
    assert of_cells(source.format(u="[[0.5, 1], [2]]"))["u"] == [[0.5, 1], [2]]


@pytest.mark.parametrize("source", [
    "u = [[0.5, ]", "u[0][0] = 0.5", "u = []\nu.append([1, 2])", "for u in [1]: pass",
    "if True:\n    u = [[1, 2], [3]]", "u += [[1]]", "u, *o = [1, 2]",
    "(u := [[1]])", "u[0].append(3)", "δ = [[1, 2, [3]", "u: list = [[1",
    "x = 3\nwith open('a') as u: pass", "u = [[1, 2], [3]] = [[1, 2], [3]]",
])  # fmt: skip
def test_what_would_have_to_be_run_comes_to_a_person(source):
    marks = grade_sheet({"err": SHEET.key["err"]} | of_cells(source), sheet=SHEET)
    assert marks.needs_human and any("left out" in problem for problem in marks.problems)


def test_formulas_in_a_notebook_need_no_quotes():
    given = of_cells("formulas = {'delta.2.1': -2*(y - ŷ)*σ_slope, 'delta.1.1': 'x', 'delta.1.2': None}")
    assert given["formulas"] == {"delta.2.1": "-2*(y - ŷ)*σ_slope", "delta.1.1": "x", "delta.1.2": None}


@pytest.mark.parametrize("name, text, said", [
    ("a.json", '{"u": [[1, 2], [3]], "u": [[1, 2], [3]]}', "'u' stands there twice"),
    ("a.csv", "u.1.1,1\nu.1.1,2\n", "'u.1.1' stands there twice"),
    ("a.csv", "student,u.1.1,u.1.1\nann,1,2\n", "'u.1.1' stands there twice"),
    ("a.json", SHEET.json(), "this is a sheet, and no answer to one"),
])  # fmt: skip
def test_which_of_two_is_meant_is_not_guessed(tmp_path, name, text, said):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(AutogradValueError, match=said):
        mappings_in(tmp_path / name)


@pytest.mark.parametrize(("text", "value"), [("−0,5", -0.5), ("+.5", 0.5), ("1e-3", 1e-3), ("", None), (None, None)])
def test_numbers_as_people_write_them(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["0.1·0.2", "nan", "inf", "1e999", True, [1], "١", "1 2", 10**400, "9" * 500])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="no number"):
        number(text)


def each(f, nested):
    return [each(f, part) for part in nested] if isinstance(nested, list) else f(nested)


def test_numbers_of_any_kind_and_layers_of_any_shape():
    for how in (Decimal, Fraction, Value, lambda v: f"{v:.4f}".replace(".", ",")):
        assert (
            grade_sheet({part: each(how, numbers) for part, numbers in SHEET.key.items()}, sheet=SHEET).score
            == SHEET.max_score
        )
    columns = {
        part: [[[v] for v in layer] for layer in SHEET.key[part]] for part in ("u", "o", "slope", "delta", "db", "b")
    }
    assert grade_sheet({**SHEET.key, **columns}, sheet=SHEET).score == SHEET.max_score


@pytest.mark.parametrize("part", ["delta", "dtheta", "err"])
def test_half_precision_comes_to_a_person_as_numbers_and_as_arrays(part):
    numpy, sheet = pytest.importorskip("numpy"), worksheet([2, 2, 2], seed=1)
    key = sheet.key[part]
    for half in (each(numpy.float16, key), numpy.array(key, "float16")):
        marks = grade_sheet({part: half}, sheet=sheet)
        assert marks.needs_human and "half precision" in marks.problems[0]
        assert all(m.status == "blank" for m in marks.fields)


def test_what_cannot_be_read_is_quoted_and_goes_to_a_person():
    answer = copy.deepcopy(RIGHT)
    answer["delta"][0][0] = "0.03·0.2?"
    marks = grade_sheet(answer, sheet=SHEET)
    assert marks.needs_human and marks.problems == ["δ⁽¹⁾₁: “0.03·0.2?”"] and status(marks, "delta.1.1") == ["unknown"]
    assert marks.score == marks.max_score - 2


def test_a_transposed_matrix_is_noted():
    sheet = worksheet([3, 2, 1], seed=1)
    answer = in_style(sheet, "in the end")
    answer["dtheta"] = [[list(column) for column in zip(*m)] for m in answer["dtheta"]]
    marks = grade_sheet(answer, sheet=sheet)
    assert marks.score == marks.max_score and "came transposed" in marks.notes[0]


def test_the_csv_of_a_class():
    assert [a["student"] for a in from_csv("student,u.1.1,u.1.2\nann,1,2\nbob,3,4\n")] == ["ann", "bob"]
    assert len(from_csv("student,u.1.1,u.1.2\n" + "ann,1,2\n" * LARGEST_CLASS)) == LARGEST_CLASS


# --- whose sheet -----------------------------------------------------------------------------------


def test_with_a_secret_the_sheet_is_made_anew_and_nothing_of_the_answer_decides_it():
    own = SHEET.for_student("ann", "secret")
    answer = {"student": "ann", "sheet": own.code, **in_style(own, "in the end")}
    for how in ({"sheet": SHEET}, {"widths": [2, 2, 1], "seed": 7}):
        assert grade_sheet(answer, secret="secret", **how).score == 29.5
    assert grade_sheet({**answer, "seed": 1, "numbers": {}}, sheet=SHEET, secret="secret").score == 29.5
    other = grade_sheet({**answer, "student": "bob"}, sheet=SHEET, secret="secret")
    assert other.score < 20 and any("the answer says sheet" in problem for problem in other.problems)
    claimed = grade_sheet(answer, sheet=SHEET, secret="secret", student="bob")
    assert claimed.student == "bob" and any("handed in by bob" in problem for problem in claimed.problems)


def test_without_a_sheet_or_an_answer():
    with pytest.raises(AutogradValueError, match="give the sheet"):
        grade_sheet({})
    with pytest.raises(AutogradTypeError, match="an answer is a mapping"):
        grade_sheet([1.0], sheet=SHEET)
    with pytest.raises(AutogradValueError, match="none is named"):
        grade_sheet({}, sheet=SHEET, secret="secret")
    with pytest.raises(AutogradTypeError, match="sheet is a Worksheet"):
        grade_sheet({}, sheet=7)
    with pytest.raises(AutogradValueError, match="give it, or seed"):
        grade_sheet({}, sheet=SHEET, seed=7)


# --- what is said ----------------------------------------------------------------------------------


def test_gradescope_hides_what_is_expected_until_it_is_published():
    marks = grade_sheet(in_style(SHEET, "in the end", "output", "sign"), sheet=SHEET)
    record = json.loads(marks.gradescope())
    assert record["score"] == marks.score == sum(test["score"] for test in record["tests"])
    expected = f"{abs(SHEET.key['delta'][1][0]):.4f}"
    shown = [test for test in record["tests"] if test["visibility"] == "visible"]
    hidden = [test for test in record["tests"] if test["visibility"] == "after_published"]
    assert len(hidden) == 1 and expected in hidden[0]["output"] and expected not in json.dumps(shown)


def test_sentences_are_replaced_by_one_s_own():
    marks = grade_sheet(
        in_style(SHEET, "in the end", "output", "sign"), sheet=SHEET,
        texts=texts_of('{"right": "{name} stimmt.", "mistakes": {"delta.output.sign": "Vorzeichen in {name}."}}'),
    )  # fmt: skip
    assert marks.sentences()[0] == "u⁽¹⁾₁ stimmt." and "Vorzeichen in δ⁽²⁾₁." in marks.sentences()
    for text in ("[]", '{"rihgt": ""}', '{"right": "{nope}"}', '{"right": 1}', '{"right": "{0}"}', "{",
                 '{"mistakes": {"sign": "{nope}"}}', '{"mistakes": []}', '{"total": "{name}"}'):  # fmt: skip
        with pytest.raises(AutogradValueError, match="sentences"):
            texts_of(text)
    assert grade_sheet(SHEET.key, sheet=SHEET, texts={"right": "{name} stimmt."}).sentences()[6] == "Err stimmt."


# --- other difficulties ----------------------------------------------------------------------------


def test_one_step_from_a_given_forward_pass():
    sheet = worksheet(seed=7, difficulty="step")
    answer = {part: RIGHT[part] for part in ("delta", "dtheta", "db", "theta", "b")}
    assert grade_sheet(answer, sheet=sheet).score == sheet.max_score == 6.5
    answer = in_style(SHEET, "in the end", "output", "factor 2 missing")
    assert grade_sheet(answer, sheet=sheet).mistakes == ["delta.output.factor_2_missing"]


def test_formulas_are_graded_with_other_numbers_than_the_sheet_s():
    sheet = worksheet(seed=7, difficulty="formula")
    right = {"delta.2.1": "-2*(y-o21)*s21", "delta.1.1": "s11·δ21·θ211", "dtheta.1.1.1": "d11*x1", "db.1.1": "d11"}
    assert grade_sheet({"formulas": right}, sheet=sheet).score == 8
    assert grade_sheet(dict(right), sheet=sheet).score == 8  # by key, as in CSV
    marks = grade_sheet({"formulas": right | {"delta.2.1": "(o21-y)*s21", "delta.1.1": "d21*w211"}}, sheet=sheet)
    assert marks.mistakes == ["delta.output.factor_2_missing", "delta.hidden.slope_missing"] and marks.score == 4
    number_for_formula = grade_sheet({"formulas": {"delta.2.1": repr(sheet.key["delta"][1][0])}}, sheet=sheet)
    assert number_for_formula.score == 0 and number_for_formula.needs_human
    for text in ("__import__('os').system('id')", "d21 *", "x" * 600, "(" * 300, "9**9**9**9", "u99"):
        assert grade_sheet({"formulas": {"delta.1.1": text}}, sheet=sheet).score == 0


def test_the_planted_mistake_is_found():
    for seed in range(8):
        sheet = worksheet(seed=seed, difficulty="find")
        from nn.sheets.contents import planted
        from nn.sheets.fields import fields_of, value

        equation, place, _ = planted(sheet)
        field = next(f for f in fields_of(sheet.case) if (f.equation, f.place) == (equation, place))
        right = value(sheet.key, field.part, place)
        assert grade_sheet({"where": field.key, "instead": f"{right:.4f}"}, sheet=sheet).score == 2
        assert grade_sheet({"where": field.name, "instead": -right}, sheet=sheet).score == 1
        assert grade_sheet({"where": "u.9.9"}, sheet=sheet).score == 0
        printed = sheet.html()
        assert printed.count(f"{right:+.4f}".replace("-", "−")) < sheet.html(key=True).count(
            f"{right:+.4f}".replace("-", "−")
        )


# --- hostile answers -------------------------------------------------------------------------------

HOSTILE = {
    "scripts": {"student": "<script>alert(1)</script>", "u": [["<img src=x onerror=alert(1)>", 1], [2]]},
    "huge": {"u": [[1e308, -1e308], [1e308]], "delta": [[10**300, 1e-320], [1e308]], "err": 10**5000},
    "shapes": {"u": [[[[1]]]], "o": 3, "err": [1, 2], "slope": {"a": 1}, "delta": [[1] * 99], "dtheta": "x",
               "db": [None]},
    "keys": {**dict.fromkeys(map(str, range(1_000_000))), "u.1.1": 0.11},
    "numbers": {"delta": [[float("nan"), float("inf")], [True]], "u.0.1": 1, "u.-1.1": 1, "u.1.1.1": 1, "u.٣.1": 1},
    "names": {None: 1, 3: 4, ("a",): 5, "formulas": 3, "where": [[]], "instead": {}},
    "digits": {"student": 16**9000, "sheet": 16**9000, "where": 16**9000, "instead": 16**9000, 16**9000: [1],
               "formulas": {16**9000: "1"}},
    "halves": {"student": "\ud800", "sheet": "\udfff", "u": [["\ud800"]], "where": "\x1b[2J\ud800", "\ud800": [1],
               "formulas": {"delta.1.1": "\ud800", "delta.2.1": "\x1b[2J"}},
    "nested": {"student": (deep := functools.reduce(lambda inner, _: [inner], range(5000), [])), "where": deep,
               "instead": deep},
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("difficulty", ["pass", "step", "formula", "find"])
def test_hostile_answers_harm_nothing(kind, difficulty):
    sheet = worksheet(seed=7, difficulty=difficulty)
    began = time.process_time()
    marks = grade_sheet(HOSTILE[kind], sheet=sheet)
    assert marks.score <= 6 and json.loads(marks.json()) and json.loads(marks.gradescope())
    assert "\x1b" not in str(marks) and (marks.json() + marks.gradescope() + str(marks)).encode()
    assert time.process_time() - began < 5 and len(str(marks)) < 10_000


def test_a_deep_answer():
    nested = [1.0]
    for _ in range(100_000):
        nested = [nested]
    assert grade_sheet({"u": nested}, sheet=SHEET).score == 0


def test_an_answer_of_which_nothing_was_read_comes_to_a_person():
    sheet = worksheet([2, 2, 1], seed=1)
    assert grade_sheet({"student": "a", "Dleta": [1, 2, 3]}, sheet=sheet).needs_human
    assert not grade_sheet({"student": "a", "remark": "late", "err": 0.1}, sheet=sheet).problems


@pytest.mark.parametrize("name", ["dleta", "Delta", "dletas", "deltas", "d", "delta.3.1", "detla.1.1"])
def test_a_part_that_was_misspelt_beside_right_ones_comes_to_a_person(name):
    sheet = worksheet([2, 2, 1], seed=1)
    numbers = sheet.key["delta"] if "." not in name else 0.1
    answer = {part: numbers for part, numbers in sheet.key.items() if part != "delta"}
    marks = grade_sheet(answer | {name: numbers}, sheet=sheet)
    assert marks.needs_human and name in marks.problems[0]
    assert not grade_sheet(answer | {name: None, "remark": "late", "minutes": 45}, sheet=sheet).needs_human
