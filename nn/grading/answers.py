"""An answer in its parts, and how precisely each of them was written."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .equations import Case, Grid, Weights
from .written import ENOUGH, Precision, coarsest, precision_of, shortest_single, single_precision, written_so

SINGLE_DIGITS = 7  # of a float32; with fewer it was rounded by hand


@dataclass(frozen=True)
class Answer:
    """The parts that were handed in, each None if it was not; a number in them None if it is blank.

    u, o, slope, delta    [k][i]            err    one number
    theta, bias           ∂Err/∂θ[k][i][l] and ∂Err/∂b[k][i]
    new_theta, new_bias   θ and b after one step
    notes                 what had to be done to read it
    """

    delta: Grid | None = None
    theta: Weights | None = None
    bias: Grid | None = None
    u: Grid | None = None
    o: Grid | None = None
    slope: Grid | None = None
    err: float | None = None
    new_theta: Weights | None = None
    new_bias: Grid | None = None
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def parts(self) -> dict[str, Any]:
        """The parts that are there, by name.

        >>> Answer(delta=[[1.0]]).parts()
        {'delta': [[1.0]]}
        """
        there = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.compare}
        return {name: part for name, part in there.items() if part is not None}


@dataclass(frozen=True)
class Written:
    """How precisely each part of an answer was written, and what was not handed in."""

    parts: dict[str, Precision]
    work: Precision

    def of(self, part: str) -> Precision:
        return self.parts.get(part, self.work)

    def each(self, **change: Any) -> Written:
        """The same with another way of rounding, such as cut=True."""
        parts = {name: dataclasses.replace(p, **change) for name, p in self.parts.items()}
        return Written(parts, dataclasses.replace(self.work, **change))


@dataclass(frozen=True)
class Task:
    """Samples, and what was answered for them; the gradients are sums over the samples."""

    cases: list[Case]
    answer: Answer
    precision: Written


def leaves(nested: Any) -> Iterator[float]:
    """The numbers of nested lists, one by one; what is blank has none.

    >>> list(leaves([[1.0, None], 2.0]))
    [1.0, 2.0]
    """
    if isinstance(nested, list):
        for part in nested:
            yield from leaves(part)
    elif nested is not None:
        yield nested


# --- how it was written -----------------------------------------------------------------------------------


def written_precision(answer: Answer) -> Precision:
    """How precisely all numbers of an answer were written, taken together.

    >>> written_precision(Answer(delta=[[0.1385, -0.02]])).decimals
    4
    """
    return precision_of(x for part in answer.parts().values() for x in leaves(part))


def read_precisely(answer: Answer, computed: bool = False, decimals: int | None = None) -> tuple[Answer, Written]:
    """The answer, and how precisely each of its parts was written; numbers in float32 at their shortest.

    computed  whether a function gave it, which does not write with few digits
    decimals  how many were asked for, or None

    >>> answer, written = read_precisely(Answer(delta=[[0.45669999718666077, 0.5]]))
    >>> answer.delta, written.of("delta").decimals
    ([[0.4567, 0.5]], 4)
    """
    numbers = [x for part in answer.parts().values() for x in leaves(part)]
    singles = [shortest_single(x) for x in numbers]
    if None in singles or not any(short != x for short, x in zip(singles, numbers)):
        return answer, Written({}, Precision()) if computed else _written_parts(answer, decimals)
    if not computed and (precision_of(x for x in singles if x is not None).digits or 9) < SINGLE_DIGITS:
        answer = dataclasses.replace(answer, **{name: _shortest(part) for name, part in answer.parts().items()})
        return answer, _written_parts(answer, decimals)
    note = "computed in float32, which keeps seven digits, and judged so; float64 keeps sixteen"
    return dataclasses.replace(answer, notes=(*answer.notes, note)), Written({}, single_precision())


def _shortest(nested: Any) -> Any:
    if isinstance(nested, list):
        return [_shortest(part) for part in nested]
    return None if nested is None else shortest_single(nested)


def _written_parts(answer: Answer, decimals: int | None) -> Written:
    numbers = {name: [x for x in leaves(part) if math.isfinite(x)] for name, part in answer.parts().items()}
    pooled = written_precision(answer)
    all_so = decimals is not None and written_so([x for part in numbers.values() for x in part], decimals)
    parts, telling_parts = {}, []
    for name, part in numbers.items():
        own = precision_of(part)
        telling = sum(x % 1 != 0 for x in part) >= ENOUGH
        parts[name] = own if telling or (pooled.exact and own.decimals > 1) else pooled
        # Others were written in their own way; among numbers with all digits a new θ may be the old one.
        stale = name in ("new_theta", "new_bias") and pooled.exact and own.decimals == 1
        if not stale:
            telling_parts.append(part)
        if decimals is not None and (stale or (all_so and own.decimals in (1, decimals))):
            parts[name] = dataclasses.replace(parts[name], least=decimals)
    return Written(parts, coarsest(telling_parts))
