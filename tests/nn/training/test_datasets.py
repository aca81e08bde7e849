"""Tables: what is read, how it is split and scaled, and how complaints name their place."""

import math
import random
import statistics
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import AutogradValueError
from nn.training.datasets import IRIS, Dataset, Scale, read_csv, split


@pytest.fixture
def table(tmp_path):
    def written(text, **keywords):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_csv(path, **keywords)

    return written


def test_the_irises_are_fishers():
    iris = read_csv(IRIS, "species")
    assert len(iris.X) == 150 and Counter(iris.Y) == {0: 50, 1: 50, 2: 50}
    assert iris.features == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    # The means that Fisher's paper gives.  A widespread copy of the table has two wrong setosa
    # rows, which shows in the third decimal.
    columns = [zip(*[x for x, y in zip(iris.X, iris.Y) if y == k]) for k in range(3)]
    means = [[round(statistics.fmean(column), 3) for column in species] for species in columns]
    assert means == [[5.006, 3.428, 1.462, 0.246], [5.936, 2.77, 4.26, 1.326], [6.588, 2.974, 5.552, 2.026]]


def test_a_table_in_any_common_dress(table):
    expected = Dataset(["a", "b"], "y", [[1.0, 2.5], [3.0, -4e-3]], [0.5, 1.5], [])
    assert table("a,b,y\n1,2.5,0.5\n3,-4e-3,1.5\n")[:5] == expected[:5]
    assert table("\ufeffa; b ;y\r\n1;2.5;0.5\r\n 3 ;-4e-3;1.5\r\n\r\n")[:5] == expected[:5]
    assert table('"a"\tb\ty\n1\t"2.5"\t0.5\n3\t-4e-3\t1.5')[:5] == expected[:5]
    assert table("y,a,b\n0.5,1,2.5\n1.5,3,-4e-3\n", target="y")[:5] == expected[:5]


def test_columns_may_be_called_by_numbers(table):
    assert table("2019,2020,grade\n1,2,p\n3,4,p\n5,6,q\n7,8,q\n").features == ["2019", "2020"]


@pytest.mark.parametrize("column, task, classes", [
    (["b", "a", "b", "a"], "auto", ["a", "b"]),
    (["1", "0", "1.0", "0"], "auto", ["0", "1"]),
    (["10", "9", "10", "9"], "auto", ["9", "10"]),  # by size, not by spelling
    (["1", "0.5", "1", "0.5"], "auto", []),
    ([str(i % 11) for i in range(22)], "auto", []),
    (["180000", "260000", "330000"], "auto", []),  # no two rows would be of one class
    ([str(i % 11) for i in range(22)], "classification", [str(i) for i in range(11)]),
    (["1", "0", "1", "0"], "regression", []),
    (["1", "x", "1", "x"], "auto", ["1", "x"]),
    (["0.5", "1", "0.5", "1"], "classification", ["0.5", "1"]),
])  # fmt: skip
def test_classes_or_numbers(table, column, task, classes):
    data = table("a,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(column)), task=task)
    assert data.classes == classes
    if classes:
        names = [data.classes[int(y)] for y in data.Y]
        assert names == ["1" if cell == "1.0" else cell for cell in column]
    else:
        assert list(map(float, column)) == data.Y


GOOD = "a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n"


@pytest.mark.parametrize("text, keywords, message", [
    (GOOD, {"target": "z"}, "no column 'z'; there are a, b, y"),
    (GOOD.replace("3,4", "3,x"), {}, r"row 2 \(line 3\), column 'b': 'x' is not a number"),
    (GOOD.replace("3,4", "3,1_0"), {}, r"row 2 \(line 3\), column 'b': '1_0' is not a number"),
    (GOOD.replace("3,4", "3,"), {}, r"row 2 \(line 3\), column 'b' is empty"),
    (GOOD.replace("3,4", "nan,4"), {}, r"row 2 \(line 3\), column 'a' is 'nan', a missing value"),
    (GOOD.replace("3,4", "1e999,4"), {}, r"column 'a': 1e999 is not a finite"),
    (GOOD.replace("3,4,q", "3,4,"), {}, r"row 2 \(line 3\), column 'y' is empty"),
    (GOOD.replace("3,4,q", ""), {}, r"row 2 \(line 3\) is empty"),
    (GOOD.replace("3,4,q", ",,"), {}, r"row 2 \(line 3\) is empty"),
    (GOOD.replace("3,4,q", "3,4"), {}, r"row 2 \(line 3\) has 2 cells, and the first line names 3"),
    (GOOD.replace("3,4,q", '"3\n",4,q').replace("7,8", "7,x"), {}, r"row 4 \(line 6\), column 'b'"),
    (GOOD.replace("q", "p"), {}, "column 'y' has one class only, 'p'"),
    (GOOD.replace("7,8,q", "7,8,r"), {}, r"row 2 \(line 3\), column 'y': 'q' is the only row of its class"),
    ("a,y\n1,0.5\n2,0.5\n", {}, "column 'y' is 0.5 in every row"),
    ("a,y\n1,p\n2,q\n", {"task": "regression"}, r"column 'y': 'p' is not a number, and a regression learns"),
    ("a,y\n1,0.5\n2,inf\n", {}, r"row 2 \(line 3\), column 'y': inf is not a finite"),
    (GOOD, {"task": "clustering"}, "clustering"),
    ("", {}, "no rows"), ("a,b,y\n", {}, "no rows"), ("\n\n", {}, "no rows"),
    ("y\n1\n2\n", {}, "'y' is the only column"),
    ("2,2,3\n4,5,6\n", {}, "the first line must name the columns, and is 2, 2, 3, which looks like a row; put a"),
    (GOOD.replace("a,b,y", "9,0,p"), {}, "the first line must name the columns, and is 9, 0, p"),
    ("cat,a,y\ntom,1,p\nkit,2,q\n", {}, r"'tom' is not a number; .* leave this text column out \(--drop\)"),
    ("cm,a,y\n'1,5',1,p\n".replace("'", '"'), {}, "'1,5' is not a number; features are numbers: decimals have a point"),
    ("a,a,y\n1,2,p\n", {}, "names 'a' twice"), (",a,y\n5,1,p\n", {}, "column 1 without a name"),
    (b"a,y\n1,caf\xe9\n", {}, "not UTF-8"), (b"PK\x03\x04\x00\xff\xfe", {}, "not UTF-8"),
    ("a,y\n1," + "x" * 200_000 + "\n", {}, "line 2: this is not CSV"),
])  # fmt: skip
def test_complaints_name_file_row_and_column(table, text, keywords, message):
    with pytest.raises(AutogradValueError, match=r"table\.csv: .*" + message):
        table(text, **keywords)


@given(st.lists(st.integers(2, 40), min_size=2, max_size=5), st.floats(0.01, 0.99), st.integers(0, 1000))
def test_a_split_is_stratified_complete_and_decided_by_the_generator(counts, share, seed):
    Y = [float(c) for c, n in enumerate(counts) for _ in range(n)]
    data = Dataset(["a"], "y", [[0.0]] * len(Y), Y, list("abcde")[: len(counts)])
    train, held_out = split(data, share, random.Random(seed))
    assert sorted(train + held_out) == list(range(len(Y)))
    for c, n in enumerate(counts):
        held = sum(Y[i] == c for i in held_out)
        assert 1 <= held <= n - 1 and abs(held - share * n) <= 1
    assert split(data, share, random.Random(seed)) == (train, held_out)


def test_splits_differ_and_refuse():
    iris = read_csv(IRIS)
    assert split(iris, 0.3, random.Random(0)) != split(iris, 0.3, random.Random(1))
    for share in (0.0, 1.0, -1.0, math.nan):
        with pytest.raises(AutogradValueError, match="between 0 and 1"):
            split(iris, share, random.Random(0))
    with pytest.raises(AutogradValueError, match="the table has one row only"):
        split(Dataset(["a"], "y", [[1.0]], [0.5], []), 0.3, random.Random(0))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20))
def test_scales_take_any_column_to_mean_zero_and_deviation_one(column):
    rows = [[x] for x in column]
    scale = Scale.of(rows)
    scaled = [scale.apply(row)[0] for row in rows]
    assert all(map(math.isfinite, scaled)) and scale.deviation[0] > 0
    if len(set(column)) == 1:
        assert set(scaled) == {0.0}
    elif max(column) - min(column) > 1e-6 * max(map(abs, column)) and max(map(abs, column)) > 1e-290:
        assert statistics.fmean(scaled) == pytest.approx(0, abs=1e-6)
        assert statistics.pstdev(scaled) == pytest.approx(1, rel=1e-6)


# --- tables as they are -----------------------------------------------------------------------------


@pytest.mark.parametrize("hole", ["", "?", "NA", "nan", "NaN", "N/A", "null", "#N/A"])
def test_missing_values_are_known_in_features_and_targets_and_counted(table, hole):
    text = GOOD + f"9,{hole},p\n,,\n10,11,{hole}\n"
    data = table(text, missing="drop")
    assert data[:5] == table(GOOD)[:5] and list(data.numbers) == [1, 2, 3, 4]
    assert "3 of 7 rows left out, where a value is missing" in data.told[0]
    with pytest.raises(AutogradValueError, match=r"row 5 \(line 6\), column 'b' is"):
        table(text)


def test_classes_are_told_apart_by_value(table):
    rows = ["10000001", "10000002", "10000001.0", "10000002"]
    assert table("a,y\n" + "".join(f"{i},{y}\n" for i, y in enumerate(rows))).classes == ["10000001", "10000002"]
    large = ["9007199254740993", "9007199254740992"] * 2
    data = table("a,y\n" + "".join(f"{i},{y}\n" for i, y in enumerate(large)))
    assert data.classes == sorted(set(large)) and data.Y == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_separators_are_found_with_quotes_respected(table, mark):
    rows = [['"a,;|b"', "b", "y"], ["1", "2.5", '"p;,|"'], ["3", "4", "q"], ["5", "6", '"p;,|"'], ["7", "8", "q"]]
    data = table("".join(mark.join(row) + "\n" for row in rows))
    assert data.features == ["a,;|b", "b"] and data.classes == ["p;,|", "q"]


def test_decimal_commas_sep_lines_and_indices_of_pandas(table):
    expected = [[1.5, 2.0], [3.0, -0.25]]
    assert expected == table("a;b;y\n1,5;2;0,5\n3;-0,25;1,5\n", decimal=",").X
    assert expected == table("sep=;\na;b;y\n1,5;2;0,5\n3;-0,25;1,5\n", decimal=",").X
    assert expected == table('"sep=|"\na|b|y\n1.5|2|0.5\n3|-0.25|1.5\n').X
    assert table("0,1,2\n1.5,2,0.5\n3,-0.25,1.5\n").features == ["0", "1"]
    data = table(",a,b,y\n0,1.5,2,0.5\n1,3,-0.25,1.5\n")
    assert expected == data.X and "counts the rows" in data.told[0]
    with pytest.raises(AutogradValueError, match=r"\(--decimal ,\)"):
        table("a;y\n1,5;p\n2,5;q\n1,5;p\n2,5;q\n")


def test_columns_are_dropped_and_text_becomes_features_on_request(table):
    text = "id,colour,a,y\nx1,red,1,p\nx2,blue,2,q\nx3,red,3,p\nx4,blue,4,q\n"
    data = table(text, drop=["id"], one_hot=True)
    assert data.features == ["colour=blue", "colour=red", "a"] and data.X[0] == [0.0, 1.0, 1.0]
    with pytest.raises(AutogradValueError, match="--one-hot"):
        table(text, drop=["id"])
    with pytest.raises(AutogradValueError, match=r"no column 'colours'.*perhaps 'colour'"):
        table(text, drop=["colours"])
    many = "a,y\n" + "".join(f"id{i}x,{'pq'[i % 2]}\n" for i in range(300))
    with pytest.raises(AutogradValueError, match="300 different texts"):
        table(many, one_hot=True)


def test_a_quote_that_is_closed_nowhere_is_named_briefly(table):
    with pytest.raises(AutogradValueError, match="line 3: a quote is opened, and closed nowhere") as caught:
        table('a,y\n1,p\n2,"' + "q\n" * 40_000)
    assert len(str(caught.value)) < 300


def test_wide_tables_take_seconds_not_minutes(table):
    n = 20_000
    lines = [",".join(str((i * 7 + row) % 13) for i in range(n)) + "," + "pq"[row % 2] for row in range(4)]
    began = time.process_time()
    data = table("\n".join([",".join(f"c{i}" for i in range(n)) + ",y", *lines]))
    assert len(data.X[0]) == n and time.process_time() - began < 3.0
