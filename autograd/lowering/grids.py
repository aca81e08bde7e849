"""Lists of indices as loops: 0 1 2 4 5 6 is base 0, two steps of 4 and in each three of 1.

shape    how often each loop runs, the outermost first; () for a single index
strides  what each loop adds at a step
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import prod
from operator import mul
from typing import TypeAlias

Nest: TypeAlias = "tuple[tuple[int, int], ...]"  # (how often, stride), the outermost loop first


def nest(indices: Sequence[int]) -> Nest | None:
    """The loops that give these indices, added to the first of them; None where there are none.

    >>> nest([5, 7, 9]), nest([0, 1, 2, 4, 5, 6]), nest([0, 0, 1, 1]), nest([3])
    (((3, 2),), ((2, 4), (3, 1)), ((2, 1), (2, 0)), ())
    >>> nest([0, 1, 3, 7]) is None
    True
    """
    size = len(indices)
    if size == 1:
        return ()
    first, stride = indices[0], indices[1] - indices[0]
    inner = _run(first, stride, size)
    if indices == inner:
        return ((size, stride),)
    length = next(k for k, (index, expected) in enumerate(zip(indices, inner)) if index != expected)
    if size % length or size == length:
        return None
    starts = indices[::length]
    if any(indices[k * length : (k + 1) * length] != _run(start, stride, length) for k, start in enumerate(starts)):
        return None
    outer = nest(starts)
    return None if outer is None else (*outer, (length, stride))


def _run(first: int, stride: int, length: int) -> list[int]:
    return list(range(first, first + stride * length, stride)) if stride else [first] * length


def common_shape(size: int, nests: Iterable[Nest | None]) -> tuple[int, ...]:
    """The loops that as many of the nests as possible can share; those before others have precedence.

    >>> common_shape(6, [((6, 1),), ((2, 1), (3, 0)), ((3, 1), (2, 0))])
    (2, 3)
    """
    within: tuple[int, ...] = ()  # how many indices a step of a loop passes, all but the innermost
    for each in nests:
        merged = sorted({*within, *_passed(each or ())})
        if all(larger % smaller == 0 for smaller, larger in zip(merged, [*merged[1:], size])):
            within = tuple(merged)
    bounds = [1, *within, size]
    return tuple(larger // smaller for smaller, larger in pairwise(bounds))[::-1] if size > 1 else ()


def _passed(loops: Nest) -> set[int]:
    return set(accumulate((count for count, _ in loops[:0:-1]), mul))


def split(loops: Nest | None, shape: Sequence[int]) -> tuple[int, ...] | None:
    """The strides of a nest over a shape that divides its loops further; None where it does not.

    >>> split(((6, 1),), (2, 3)), split(((2, 4), (3, 1)), (2, 3)), split(((3, 1), (2, 0)), (2, 3))
    ((3, 1), (4, 1), None)
    """
    if loops is None:
        return None
    strides: list[int] = []
    axes = list(shape)
    for count, stride in reversed(loops):
        passed = 1
        while passed < count:
            strides.append(stride * passed)
            passed *= axes.pop()
        if passed != count:
            return None
    return tuple(strides[::-1]) if not axes else None


def expanded(base: int, shape: Sequence[int], strides: Sequence[int]) -> list[int]:
    """The indices of loops, in order.

    >>> expanded(1, (2, 3), (10, 1)), expanded(4, (), ())
    ([1, 2, 3, 11, 12, 13], [4])
    """
    indices = [base]
    for count, stride in zip(shape, strides):
        indices = [i + stride * k for i in indices for k in range(count)]
    assert len(indices) == prod(shape)
    return indices
