"""What is handed in to be graded: lists, arrays, tensors or Values, read as plain lists.

An answer is δ, or (δ, ∂Err/∂θ), or (δ, ∂Err/∂θ, ∂Err/∂b), or gradients alone; or a dictionary
that names its parts, which may then be u, o and σ' as well.  A blank is None.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from autograd import AutogradTypeError, AutogradValueError, Value
from autograd.recording import given as told
from autograd.words.text import counted

from .. import frames
from ..network.modules import ForwardPass
from .answers import Answer
from .equations import Case, Grid, Row, Weights
from .written import read_number

# What a dictionary may call the parts of an answer.
NAMES = {
    "u": "u", "o": "o", "err": "err", "Err": "err", "slope": "slope", "σ'": "slope", "sigma_slope": "slope",
    "delta": "delta", "δ": "delta", "dtheta": "theta", "∂Err/∂θ": "theta", "db": "bias", "∂Err/∂b": "bias",
    "theta": "new_theta", "θ": "new_theta", "b": "new_bias", "bias": "new_bias",
}  # fmt: skip
HALVES = {"float16", "bfloat16"}  # of two or three digits: too few to tell a mistake from rounding


class TooFewDigits(AutogradValueError):
    """Numbers in half precision, of which nothing can be said."""


def plain(given: Any) -> Any:
    """Nested lists and tuples of what was in lists, arrays, tensors or Values.

    >>> plain((Value(2.0), [None, 1]))
    (2.0, [None, 1])
    """
    if type(given) is float or given is None:
        return given
    if isinstance(given, Value):
        return given.data
    if isinstance(given, tuple):
        return tuple(map(plain, given))
    listed = frames.plain(given)
    if isinstance(listed, (str, Mapping)) or not hasattr(listed, "__iter__"):
        return listed
    return [list(map(plain, part)) if listed is not given and isinstance(part, tuple) else plain(part)
            for part in listed]  # fmt: skip


def half_precision(given: Any, depth: int = 4) -> str:
    """The half precision that an array has, or one so deep in lists; "" where none has.

    >>> half_precision([[0.5], [1.0]])
    ''
    """
    name = str(getattr(given, "dtype", "")).rpartition(".")[2]
    if name in HALVES:
        return name
    parts = given.values() if isinstance(given, Mapping) else given if isinstance(given, (list, tuple)) else ()
    return next(filter(None, (half_precision(part, depth - 1) for part in parts if depth)), "")


def answer_of(given: Any, cases: Sequence[Case]) -> Answer:
    """What was handed in, part by part, each told from the others by its name or by the shape of its lists.

    Raises AutogradTypeError or AutogradValueError for what has not the shape of the network.

    >>> from nn import deltas as hand
    >>> case = Case([1.0], [0.0], [[[2.0]]], [None], [hand.linear], [hand.linear_slope], ["linear"],
    ...             hand.squared_error_slopes, "squared_error")
    >>> answer_of(([[4.0]], [[[4.0]]]), [case]).parts()
    {'delta': [[4.0]], 'theta': [[[4.0]]]}
    """
    reader = _Reader(cases)
    if isinstance(given, ForwardPass):
        given = {"u": given.u, "o": given.o, "delta": given.delta}
    if isinstance(given, Iterator):
        given = list(given)
    if half := half_precision(given):
        raise TooFewDigits(
            f"grade: these numbers are in {half}, whose digits are too few to tell a mistake from rounding; compute in"
            " float32 or float64"
        )
    if isinstance(given, Mapping):
        for key, part in given.items():
            reader.read(_named(key), plain(part))
    else:
        given = plain(given)
        if (
            isinstance(given, tuple)
            and given
            and (all(_depth(part) == 1 for part in given) or reader.columns(list(given)))
        ):
            given = list(given)  # of layers
        if isinstance(given, list) and {2, 3} <= {_depth(part) for part in given}:
            raise AutogradTypeError(
                "grade: hand in several parts as a tuple, such as (δ, ∂Err/∂θ); this is a list of them"
            )
        for part in _flattened(given) if isinstance(given, tuple) else [given]:
            reader.read(reader.guessed(part), part)
    if not reader.found:
        raise AutogradTypeError(
            f"grade: an answer is δ[k][i] or (δ, ∂Err/∂θ, ∂Err/∂b), and was given as {short(given)}"
        )
    return Answer(**reader.found, notes=tuple(dict.fromkeys(reader.notes)))


class _Reader:
    """The parts read so far, held to the shape of a network."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.case, self.batch = cases[0], len(cases) > 1
        self.found: dict[str, Any] = {}
        self.notes: list[str] = []

    def guessed(self, part: Any) -> str:
        """Which part this is, by its shape and by what was there before it."""
        if _depth(part) == 3 and not (self.columns(part) and ("theta" in self.found or not self._matrices(part))):
            return "theta"
        return "delta" if not self.batch and not {"delta", "theta"} & set(self.found) else "bias"

    def read(self, part: str, given: Any) -> None:
        if given is None:
            return
        if part == "err":
            self.found[part] = _row("Err", [given[0] if isinstance(given, list) and len(given) == 1 else given], 1)[0]
        elif part in ("theta", "new_theta"):
            self.found[part] = self._weights("∂Err/∂θ" if part == "theta" else "θ", given)
        else:
            self.found[part] = self._grid(part, given)

    def _weights(self, what: str, given: Any) -> Weights:
        if not self._matrices(given) and self._matrices(turned := _turned(given)):
            self.notes.append(
                f"{what} came transposed, in the shape (in, out): row i belongs to neuron i, its columns to l"
            )
            given = turned
        return [
            [_row(at, row, len(r)) for at, row, r in _zipped(within, layer, rows, "list")]
            for within, layer, rows in _zipped(what, given, self.case.theta)
        ]

    def _grid(self, part: str, given: Any) -> Grid:
        what = {"delta": "δ", "bias": "∂Err/∂b", "slope": "σ'", "new_bias": "b"}.get(part, part)
        if self.columns(given):
            given = [layer if layer is None or _depth(layer) < 2 else squeezed(layer) for layer in given]
        if part in ("bias", "new_bias"):
            given = [
                [None] * len(rows) if layer is None else layer
                for _, layer, rows in _zipped(what, given, self.case.theta)
            ]
        return [_row(at, layer, len(rows)) for at, layer, rows in _zipped(what, given, self.case.theta)]

    def columns(self, part: Any) -> bool:
        """Whether its layers are columns or rows, (n, 1) or (1, n), and not vectors."""
        layers = part if isinstance(part, list) and len(part) == len(self.case.theta) else []
        fits = [
            layer is None or _depth(layer) < 2 or (_depth(layer) == 2 and squeezed(layer) is not None and
            len(squeezed(layer)) == len(rows)) for layer, rows in zip(layers, self.case.theta)
        ]  # fmt: skip
        return bool(fits) and all(fits)

    def _matrices(self, part: Any) -> bool:
        """Whether its layers have the shape (out, in)."""
        return bool(_shape(part) == _shape(self.case.theta))


def _named(key: Any) -> str:
    if key not in NAMES:
        near = get_close_matches(str(key), NAMES, 1)
        raise AutogradValueError(
            f"grade: {key!r} is no part of an answer" + (f"; did you mean {near[0]!r}?" if near else "")
            + f"; the parts are {', '.join(dict.fromkeys(n for n in NAMES if n.isascii()))}"
        )  # fmt: skip
    return NAMES[key]


def _flattened(given: Any) -> Iterator[Any]:
    for part in given:
        if isinstance(part, tuple) and _depth(part) != 3 and any(_depth(p) == 3 for p in part):
            yield from _flattened(part)  # (δ, gradients), where gradients is the pair (∂θ, ∂b)
        else:
            yield list(part) if isinstance(part, tuple) else part


def _depth(part: Any) -> int:
    depth = 0
    while hasattr(part, "__len__") and not isinstance(part, str):
        depth += 1
        part = next((p for p in part if p is not None), None) if len(part) else None
    return depth


def _shape(part: Any) -> Any:
    """The lengths of nested lists, and 0 for a number: equal for lists of one shape."""
    return [_shape(p) for p in part] if isinstance(part, (list, tuple)) else 0


def _turned(part: Any) -> Any:
    """Every matrix transposed, if these are matrices."""
    if _depth(part) != 3 or not all(_depth(m) == 2 and len({len(r) for r in m if r is not None}) == 1 for m in part):
        return part
    return [[list(row) for row in zip(*matrix)] for matrix in part]


def squeezed(layer: Any) -> Any:
    """The vector that a column (n, 1) or a row (1, n) is; None for another matrix.

    >>> squeezed([[1.0], [2.0]]), squeezed([[1.0, 2.0]]), squeezed([[1.0, 2.0], [3.0, 4.0]])
    ([1.0, 2.0], [1.0, 2.0], None)
    """
    if len(layer) == 1:
        return layer[0]
    return [row[0] for row in layer] if all(_depth(row) == 1 and len(row) == 1 for row in layer) else None


def _listed(what: str, part: Any, n: int, of: str) -> list[Any]:
    if not hasattr(part, "__iter__") or isinstance(part, str) or len(listed := list(part)) != n:
        raise AutogradValueError(f"grade: {what} must be a list of {counted(n, of)}, and is {short(part)}")
    return listed


def short(given: Any) -> str:
    """What was given, cut to a length that fits a message.

    >>> short([1, 2, 3, 4])
    '[1, 2, 3, ...]'
    """
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = 3
    return brief.repr(given)


def _zipped(what: str, part: Any, like: Sequence[Any], of: str = "layer") -> list[tuple[str, Any, Any]]:
    """Each entry with where it is, such as δ[0], and with the one that it must be like."""
    entries = _listed(what, part, len(like), of)
    return [(f"{what}[{n}]", entry, other) for n, (entry, other) in enumerate(zip(entries, like))]


def _row(what: str, part: Any, n: int) -> Row:
    numbers = _listed(what, part, n, "number")
    return [_number(what, p) for p in numbers]


def _number(what: str, p: Any) -> float | None:
    try:
        return read_number(p) if isinstance(p, str) else None if p is None else float(p)
    except (TypeError, ValueError, OverflowError):
        raise AutogradTypeError(f"grade: {what} holds {told(p)}, which is no number") from None
