"""One door for tables: frames of pandas, polars and pyarrow, series, arrays, tensors and lists become rows.

A frame is asked for its rows and never iterated, since that would give its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograd import AutogradTypeError, Value
from autograd.recording import given


def is_frame(X: Any) -> bool:
    """Whether X is a table of named columns.

    >>> is_frame([[1.0, 2.0]])
    False
    """
    return hasattr(type(X), "columns") and not isinstance(X, Mapping)  # asked of itself, a lazy frame warns


def column_names(X: Any) -> list[str] | None:
    """The names of a frame's columns; None for what has none.

    >>> column_names([[1.0, 2.0]]) is None
    True
    """
    if not is_frame(X):
        return None
    return [str(name) for name in (X.column_names if hasattr(X, "column_names") else X.columns)]


def rows_of(X: Any, what: str = "X") -> list[Any]:
    """The rows of a table: tuples of a frame, lists of an array or a tensor, else what is listed.

    Raises AutogradTypeError for what has no rows, saying what to give.

    >>> rows_of([[1.0, 2.0], (3.0, 4.0)])
    [[1.0, 2.0], (3.0, 4.0)]
    """
    if is_frame(X):
        return _rows_of_frame(X, what)
    if isinstance(X, Mapping):
        raise AutogradTypeError(
            f"{what} is a dictionary, and must be a list of rows or a frame: pandas.DataFrame({what}), or"
            f" list(zip(*{what}.values()))"
        )
    if hasattr(X, "toarray") and not hasattr(X, "tolist"):
        raise AutogradTypeError(f"{what} is a sparse matrix: give {what}.toarray()")
    X = plain(X)
    if isinstance(X, (str, bytes, Value)) or not isinstance(X, Iterable):
        raise AutogradTypeError(f"{what} is a list of rows, an array or a frame, and was given as {given(X)}")
    return list(X)


def targets_of(Y: Any, what: str = "Y") -> list[Any]:
    """The targets: what is listed; those of a frame or an array with a single column are its numbers.

    >>> targets_of((0, 1)), targets_of([[0.0], [1.0]])
    ([0, 1], [[0.0], [1.0]])
    """
    ys = rows_of(Y, what)
    column = is_frame(Y) or getattr(Y, "ndim", 1) == 2
    return [y[0] for y in ys] if column and ys and len(ys[0]) == 1 else ys


def plain(x: Any) -> Any:
    """A series, an array or a tensor as lists, a frame as a list of rows; all else as it is.

    >>> plain(3.0), plain([1])
    (3.0, [1])
    """
    if is_frame(x):
        return _rows_of_frame(x, "the frame")
    if hasattr(x, "detach"):  # a tensor of PyTorch, on whatever device
        x = x.detach()
    for name in ("tolist", "to_list", "to_pylist"):
        if hasattr(x, name):
            return getattr(x, name)()
    if hasattr(x, "__array__") and not hasattr(x, "__iter__"):
        return x.__array__().tolist()
    return x


def _rows_of_frame(X: Any, what: str) -> list[tuple[Any, ...]]:
    if hasattr(X, "collect") and not hasattr(X, "iter_rows"):
        raise AutogradTypeError(f"{what} is a lazy frame, which has no rows yet: give {what}.collect()")
    if hasattr(X, "iter_rows"):  # polars, narwhals
        return list(X.iter_rows())
    if hasattr(X, "itertuples"):  # pandas and its relatives
        return list(X.itertuples(index=False, name=None))
    if hasattr(X, "to_pydict"):  # pyarrow
        return list(zip(*(column.to_pylist() for column in X.columns)))
    if hasattr(X, "to_numpy") or hasattr(X, "__array__"):
        array = X.to_numpy() if hasattr(X, "to_numpy") else X.__array__()
        return [tuple(row) for row in array.tolist()]
    raise AutogradTypeError(f"{what} is a frame of an unknown kind, {type(X).__name__}: give its rows as lists")
