"""Frames, series, arrays and lists go through one door, and columns are never taken for rows."""

from types import SimpleNamespace

import pytest

from autograd import AutogradTypeError, Value
from nn import MLP, Watch, accuracy, certify, diagnose, fit, grade, predict
from nn.frames import column_names, plain, rows_of, targets_of

ROWS = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [-2.0, 3.0, 1.0]]  # square: columns would train without a word
TARGETS = [1, 0, 1]


class Frame:
    """What polars has of a frame: columns by iteration, rows by iter_rows."""

    columns = ("a", "b", "c")

    def __len__(self):
        return 3

    def __iter__(self):
        return iter(zip(*ROWS))

    def iter_rows(self):
        return iter(map(tuple, ROWS))


def kinds():
    yield "lists", ROWS, TARGETS
    yield "tuples", tuple(map(tuple, ROWS)), tuple(TARGETS)
    yield "own", Frame(), iter(TARGETS)
    try:
        import numpy as np

        yield "numpy", np.array(ROWS), np.array(TARGETS)
        yield "float32", np.array(ROWS, dtype="float32"), np.array(TARGETS, dtype="int8")
        yield "column", np.array(ROWS), np.array(TARGETS).reshape(-1, 1)
    except ImportError:
        pass
    try:
        import pandas as pd

        frame = pd.DataFrame(ROWS, columns=["a", "b", "c"], index=[7, 3, 5])
        yield "pandas", frame, pd.Series(TARGETS, index=[7, 3, 5])
        yield "pandas, a column", frame, pd.DataFrame({"y": TARGETS})
    except ImportError:
        pass
    try:
        import polars as pl

        yield "polars", pl.DataFrame(ROWS, schema=["a", "b", "c"], orient="row"), pl.Series(TARGETS)
        yield "polars, a column", pl.DataFrame(ROWS, schema=["a", "b", "c"], orient="row"), pl.DataFrame({"y": TARGETS})
    except ImportError:
        pass
    try:
        import pyarrow as pa

        yield "pyarrow", pa.table(dict(zip("abc", map(list, zip(*ROWS))))), pa.array(TARGETS)
    except ImportError:
        pass


KINDS = {name: (X, Y if not hasattr(Y, "__next__") else list(Y)) for name, X, Y in kinds()}


@pytest.mark.parametrize("X, Y", KINDS.values(), ids=KINDS)
def test_every_kind_of_table_means_its_rows(X, Y):
    net, twin = MLP(3, [3, 1], seed=0), MLP(3, [3, 1], seed=0)
    assert fit(net, X, Y, epochs=5, validation=(X, Y)).epochs == fit(twin, ROWS, TARGETS, epochs=5,
                                                                    validation=(ROWS, TARGETS)).epochs  # fmt: skip
    assert predict(net, X) == predict(twin, ROWS) and accuracy(net, X, Y) == accuracy(twin, ROWS, TARGETS)
    assert len(certify(net, X, Y).certificates) == 3
    assert str(certify(net, X, Y)) == str(certify(net, ROWS, TARGETS))
    assert diagnose(net, X, Y).sizes == diagnose(net, ROWS, TARGETS).sizes
    assert len(Watch(X, Y).X) == 3
    theta = [[[0.0] * len(n.theta) for n in layer.neurons] for layer in net.layers]
    assert str(grade(net, X, Y, theta)) == str(grade(net, ROWS, TARGETS, theta))


def test_columns_have_names_and_messages_say_them():
    assert column_names(Frame()) == ["a", "b", "c"] and column_names(ROWS) is None
    frame = SimpleNamespace()
    assert plain(frame) is frame and targets_of([[1.0]]) == [[1.0]]

    class Hole(Frame):
        def iter_rows(self):
            return iter([(1.0, None, 2.0)])

    with pytest.raises(AutogradTypeError, match=r"X\[0\]\['b'\]: got None"):
        fit(MLP(3, [1]), Hole(), [1])


@pytest.mark.parametrize("X, message", [
    ({"a": [1.0]}, "is a dictionary"), ("text", "list of rows"), (3.0, "list of rows"), (Value(1.0), "list of rows"),
    (None, "list of rows"),
])  # fmt: skip
def test_what_is_no_table_is_said(X, message):
    with pytest.raises(AutogradTypeError, match=message):
        rows_of(X)
    with pytest.raises(AutogradTypeError, match=message):
        fit(MLP(1, [1]), X, [1])


def test_a_lazy_frame_and_a_sparse_matrix_are_answered():
    lazy = type("Lazy", (), {"columns": ("a",), "collect": None})()
    with pytest.raises(AutogradTypeError, match=r"give X.collect\(\)"):
        rows_of(lazy)
    with pytest.raises(AutogradTypeError, match="toarray"):
        rows_of(type("Sparse", (), {"toarray": None})())
