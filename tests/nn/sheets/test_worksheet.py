"""Sheets: their numbers keep the rules, by plain loops that share nothing with the search; and their forms."""

import itertools
import json
import math
import shutil
import subprocess
from functools import cache

import pytest

from autograd import AutogradTypeError, AutogradValueError
from nn import Worksheet, squared_error, worksheet
from nn.sheets.layout import points
from nn.sheets.settings import Settings
from nn.sheets.telling import confused
from tests.benchmarks.sheets import KINDS, err_of, solved, written
from tests.benchmarks.styles import exact_error

SHEETS = [{**kind, "seed": seed} for kind in KINDS for seed in range(2)]
DIFFICULTIES = [{"seed": 7, "difficulty": d} for d in ("step", "pass", "formula", "find")]


@cache
def drawn(**asked):
    return worksheet(**asked)


@pytest.fixture
def sheet(request):
    """Drawn when a test asks for it, and once for all of them."""
    return drawn(**request.param)


def leaves(nested):
    return [v for part in nested for v in leaves(part)] if isinstance(nested, list) else [nested]


def names(asked):
    return ", ".join(map(str, asked.values()))


@pytest.mark.parametrize("sheet", SHEETS, ids=names, indirect=True)
def test_given_numbers_have_one_decimal_and_none_twice_in_a_neuron(sheet):
    numbers = sheet.numbers
    rows = [[*row, b] for layer, biases in zip(numbers.theta, numbers.bias) for row, b in zip(layer, biases)]
    for row in [*rows, numbers.x]:
        assert all(round(v, 1) == v and 0.1 <= abs(v) <= 0.9 for v in row)
        assert len({abs(v) for v in row}) == len(row)
    if sheet.settings.loss.endswith("squared_error"):
        assert all(round(v, 1) == v and 0.1 <= abs(v) <= 0.9 for v in numbers.y)


@pytest.mark.parametrize("sheet", SHEETS, ids=names, indirect=True)
def test_a_sheet_can_be_worked_by_hand(sheet):
    answer, case = solved(sheet), sheet.case
    assert all(abs(u) <= 2.5 for u in leaves(answer["u"]))
    for k, layer in enumerate(answer["delta"]):
        kinked = sheet.settings.activations[k] == "relu"
        for i, delta in enumerate(layer):
            assert abs(delta) >= 0.01 or answer["slope"][k][i] == 0
            assert not kinked or abs(answer["u"][k][i]) >= 0.1
            before = answer["o"][k - 1] if k else case.x
            terms = [t * v for t, v in zip(case.theta[k][i], before)] + [case.bias[k][i]]
            assert sum(map(abs, terms)) <= 5 * abs(sum(terms)) * (1 + 1e-9)
        if kinked and k < len(answer["u"]) - 1 and len(layer) > 1:
            assert {u > 0 for u in answer["u"][k]} == {True, False}


@pytest.mark.parametrize("sheet", SHEETS, ids=names, indirect=True)
def test_the_key_s_working_gives_its_printed_results(sheet):
    case, digits, last = sheet.case, sheet.settings.digits, len(sheet.numbers.theta) - 1
    full = solved(sheet)
    shown = {part: written(values, lambda v: round(v, digits)) for part, values in full.items()}

    def same(from_printed, printed):
        assert round(from_printed, digits) == printed

    assert err_of(sheet.settings.loss, case.y, shown["o"][-1]) == pytest.approx(shown["err"], abs=0.51 * 10**-digits)
    for k, layer in enumerate(case.theta):
        before = shown["o"][k - 1] if k else case.x
        for i, row in enumerate(layer):
            same(sum(t * v for t, v in zip(row, before)) + case.bias[k][i], shown["u"][k][i])
            same(case.sigma[k](shown["u"][k][i]), shown["o"][k][i])
            same(case.slope[k](shown["u"][k][i]), shown["slope"][k][i])
            if k < last:
                back = sum(d * r[i] for d, r in zip(shown["delta"][k + 1], case.theta[k + 1]))
                same(back * shown["slope"][k][i], shown["delta"][k][i])
            else:
                slope = exact_error(sheet.settings.loss, case.y, shown["o"][-1], i)
                same(slope * shown["slope"][k][i], shown["delta"][k][i])
            d, eta = shown["delta"][k][i], sheet.numbers.eta
            for l, t in enumerate(row):
                same(d * before[l], shown["dtheta"][k][i][l])
                same(t - eta * shown["dtheta"][k][i][l], shown["theta"][k][i][l])
                assert shown["dtheta"][k][i][l] or not full["dtheta"][k][i][l]
            same(case.bias[k][i] - eta * d, shown["b"][k][i])


@pytest.mark.parametrize("sheet", SHEETS, ids=names, indirect=True)
def test_the_key_is_that_of_plain_loops_and_of_the_engine(sheet):
    answer = solved(sheet)
    for part in answer:
        assert leaves(sheet.key[part]) == pytest.approx(leaves(answer[part]), abs=1e-12)
    assert sheet.certified
    if sheet.settings.loss == "squared_error":
        net = sheet.network
        net.zero_grad()
        run = net.forward(sheet.numbers.x)
        squared_error(run.outputs, sheet.numbers.y).backward()
        grads = [t.grad for layer in net.layers for neuron in layer.neurons for t in neuron.theta]
        assert leaves(sheet.key["dtheta"]) == pytest.approx(grads, abs=1e-12)


def test_a_sheet_of_a_seed_stays_what_it_is():
    """What was printed must be made again by the grader: another order of draws would break classes at work."""
    sheet = worksheet([2, 2, 1], seed=7)
    assert sheet.code == "U3US" and sheet.numbers.theta[0] == [[0.5, -0.3], [0.1, -0.2]] and sheet.numbers.eta == 0.4
    assert worksheet([2, 2, 1], seed=7) == sheet != worksheet([2, 2, 1], seed=8)


def test_students_have_variants_that_only_the_secret_gives():
    made = [worksheet(seed=7, student=s, secret=k).numbers for s, k in itertools.product(("s01", "s02"), ("a", "b"))]
    assert all(a != b for a, b in itertools.combinations(made, 2))
    assert worksheet(seed=7, student="s01", secret=b"a").numbers == made[0]
    assert worksheet(seed=7).for_student("s01", "a").numbers == made[0]
    assert worksheet(student="zo\u00eb", secret="a") == worksheet(student="zoe\u0308 ", secret="a")  # as on a Mac
    number = 12345678901234567  # which no float is
    assert worksheet(student=number, secret="a") == worksheet(student=str(number), secret="a")
    assert worksheet(student=17.0, secret="a") == worksheet(student="17", secret="a")  # a column with gaps has floats
    assert worksheet(student=17, secret="a") == worksheet(student="17", secret="a")
    with pytest.raises(AutogradValueError, match="needs student"):
        worksheet(secret="a")
    with pytest.raises(AutogradValueError, match="needs secret"):
        worksheet(student="s01")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": [2, 9, 1]}, "from 1 to 8"),
        ({"widths": [2]}, "2 to 6 numbers"),
        ({"digits": 1}, "digits are 2 to 8"),
        ({"activation": "mish"}, "unknown activation 'mish'"),
        ({"loss": "mine"}, "unknown loss 'mine'"),
        ({"difficulty": "hard"}, "unknown difficulty 'hard'"),
        ({"loss": "cross_entropy"}, "at least two classes"),
        ({"loss": "hinge", "widths": [2, 2, 3], "output_activation": "tanh"}, "linear last layer"),
        ({"loss": "hinge", "widths": [2, 2, 2]}, "three outputs at least, and was asked for 2"),
        ({"loss": "hinge", "widths": [1, 1]}, "three outputs at least, and was asked for 1"),
        ({"eta": -1}, "η is above 0"),
        ({"loss": "mse"}, 'which is "mean_squared_error" here'),
        ({"digits": 4.0}, "digits are 2 to 8"),
        ({"seed": 10**5000}, "at most 18 digits"),
        ({"student": ["a"], "secret": "b"}, "text or a whole number"),
        ({"student": " ", "secret": "b"}, "text or a whole number"),
    ],
)
def test_what_no_sheet_can_be_is_said(arguments, message):
    with pytest.raises(AutogradValueError, match=message):
        worksheet(**arguments)


def test_names_may_have_any_letters():
    sheet = worksheet(activation="ReLU", loss="Squared Error", seed=7)
    assert sheet == worksheet(activation="relu", loss="squared_error", seed=7) and "relu" in sheet.command


@pytest.mark.parametrize("widths", ["221", [2.0, 1], [True, 1], 5, None])
def test_widths_that_are_none(widths):
    with pytest.raises(AutogradTypeError, match="widths are whole numbers"):
        worksheet(widths)


def test_demands_that_nothing_meets_are_said_and_not_searched_for_ever():
    with pytest.raises(AutogradValueError, match=r"rejected most for .*: ask for other digits"):
        worksheet(digits=2)
    with pytest.raises(AutogradValueError, match="factor_2_missing and rate_included cannot be told apart"):
        worksheet(eta=0.5)  # η·δ is then what a lost factor 2 gives


def test_mistakes_that_agree_by_accident_are_seen():
    sheet = worksheet(seed=7)
    assert ("output", "factor_2_missing", "half_convention") in confused(sheet.case, 4)  # for all numbers
    by_accident = worksheet(seed=7).case.knowing("eta", 0.5)
    assert ("output", "factor_2_missing", "rate_included") in confused(by_accident, 4)
    assert ("output", "factor_2_missing", "rate_included") not in confused(sheet.case, 4)


# --- forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", [*DIFFICULTIES, *SHEETS[::5]], ids=names, indirect=True)
def test_forms_of_sheets_and_keys(sheet, tmp_path):
    for form, key in itertools.product(("html", "md", "tex", "ipynb"), (False, True)):
        path = tmp_path / f"sheet.{form}"
        sheet.save(path, key=key)
        text = path.read_text(encoding="utf-8")
        assert sheet.code in text and ("Key, for teachers" in text) == key
    with pytest.raises(AutogradValueError, match=r"written as \.html"):
        sheet.save(tmp_path / "sheet.docx")


def test_only_the_key_has_the_numbers():
    sheet = worksheet(seed=7)
    for form in (sheet.html, sheet.markdown, sheet.latex, sheet.notebook):
        assert "0.3866" not in form() and "0.3866" in form(key=True)
    assert "0.3866" not in sheet.form() + sheet.json()


def test_a_dead_neuron_s_zeros_have_no_sign():
    text = worksheet([2, 2, 1], "relu", seed=4).markdown(key=True)
    assert "0.0000" in text and "−0.0000" not in text and "+0.0000" not in text


def test_the_key_names_what_likely_mistakes_give():
    sheet = worksheet(seed=7)
    delta = sheet.key["delta"][1][0]
    assert f"factor 2 missing, δ⁽²⁾₁ <b>({delta / 2:+.4f})</b>" in sheet.html(key=True)
    assert "engine = hand formula, certified" in sheet.html(key=True)


def test_a_page_runs_its_own_script_or_none():
    form, sheet = worksheet(seed=7).form(), worksheet(seed=7).html()
    assert "script-src 'sha256-" in form and "<script" not in sheet and "default-src 'none'" in sheet
    assert "script-src 'unsafe-inline'" not in form + sheet


def test_a_sheet_names_its_loss_and_its_rounding():
    assert "Err = (y − ŷ)², without ½" in worksheet(seed=7).markdown()
    assert "Err = ½(y − ŷ)², with ½" in worksheet(seed=7, loss="half_squared_error").markdown()
    assert "Write 3 digits after the point" in worksheet(seed=1, digits=3).markdown()


def test_points_at_the_headings_add_up():
    sheet = worksheet(seed=7)
    text = sheet.markdown()
    assert all(words in text for words in ("(7 points:", "(9 points:", "(13½ points:", "29½ points"))
    assert points(sheet.max_score) == "29½" and points(0.5) == "½" and points(3.0) == "3"


def test_a_notebook_is_one():
    nbformat = pytest.importorskip("nbformat")
    for sheet in (drawn(**asked) for asked in DIFFICULTIES):
        nbformat.validate(nbformat.reads(sheet.notebook(), as_version=4))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX: apt-get install texlive-latex-base")
@pytest.mark.parametrize("sheet", DIFFICULTIES, ids=names, indirect=True)
@pytest.mark.parametrize("key", [False, True])
def test_latex_compiles(sheet, key, tmp_path):
    (tmp_path / "sheet.tex").write_text(sheet.latex(key), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-1500:]


def test_a_sheet_s_file_in_other_encodings(tmp_path):
    text = worksheet(seed=7).json()
    (tmp_path / "a.json").write_text(text, encoding="utf-8-sig")
    assert Worksheet.load(tmp_path / "a.json") == worksheet(seed=7)
    (tmp_path / "a.json").write_text(text, encoding="utf-16")
    with pytest.raises(AutogradValueError, match="no text in UTF-8"):
        Worksheet.load(tmp_path / "a.json")


def test_a_sheet_is_read_again():
    for sheet in (drawn(**asked) for asked in DIFFICULTIES):
        assert Worksheet.loads(sheet.json()) == sheet
    record = json.loads(worksheet(seed=7).json())
    record["numbers"]["theta"] = [[[1.0]]]
    for text in ("{}", "[]", "no", json.dumps(record), "[" * 100_000):
        with pytest.raises(AutogradValueError):
            Worksheet.loads(text)
    for number, (part, n) in itertools.product(
        (math.nan, math.inf, 10**400, None, "1", [0.1]), (("x", 0), ("y", 0), ("bias", 0))
    ):
        record = json.loads(worksheet(seed=7).json())
        record["numbers"][part][n] = number if part != "bias" else [number, 0.1]
        with pytest.raises(AutogradValueError, match="no sheet"):
            Worksheet.loads(json.dumps(record))
        with pytest.raises(AutogradValueError, match="no sheet"):
            Worksheet.loads(json.dumps({**record, "numbers": {**record["numbers"], "eta": number}}))


def test_settings_of_two_layers():
    assert Settings((2, 1), "tanh").activations == ("tanh",)
    assert Settings((2, 2, 1), "tanh", loss="binary_cross_entropy").activations == ("tanh", "linear")


@pytest.mark.parametrize(
    ("loss", "slope"),
    [
        ("cross_entropy", "(pₖ − yₖ)·σ'(u)"),
        ("mean_squared_error", "(−2(yₖ − ŷₖ) / n)·σ'(u)"),
        ("hinge", "(−yₖ where yₖ·ŷₖ < 1, else 0)·σ'(u)"),
    ],
)
def test_a_slope_of_the_error_is_one_factor_of_delta(loss, slope):
    assert slope in worksheet([2, 2, 3], loss=loss, seed=0).markdown()
