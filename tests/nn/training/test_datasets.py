"""Tables: what is read, how it is split and scaled, and how complaints name their place."""

import math
import random
import statistics
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
    ("a,y\n1,p\n2,q\n", {"task": "regression"}, r"row 1 \(line 2\), column 'y': 'p' is not a number, and a regression learns numbers"),
    ("a,y\n1,0.5\n2,inf\n", {}, r"row 2 \(line 3\), column 'y': inf is not a finite"),
    (GOOD, {"task": "clustering"}, "clustering"),
    ("", {}, "no rows"), ("a,b,y\n", {}, "no rows"), ("\n\n", {}, "no rows"),
    ("y\n1\n2\n", {}, "'y' is the only column"),
    ("2,2,3\n4,5,6\n", {}, "the first line must name the columns, and is 2, 2, 3, which looks like a row; put a"),
    (GOOD.replace("a,b,y", "9,0,p"), {}, "the first line must name the columns, and is 9, 0, p"),
    ("cat,a,y\ntom,1,p\nkit,2,q\n", {}, "'tom' is not a number; features are numbers: leave this text column out \\(--drop\\)"),
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
