"""Where the operands of families stand, as parts of named arrays: `theta1`, `theta1.T`, `x[2:5]`.

array    a leaf, or a part of one that is read by itself, or a computed family
loop     counts members or terms: (label, how often, stride); labels are 0, 1, … for the axes of
         the members and go on with those of the terms
reading  an array with the loop that each of its axes counts, perhaps after a selection

A leaf has the shape in which it is read: twelve weights that are read as base + 3i + t are a
matrix of four rows, and what reads them as base + i + 3t reads its transpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias

from .families import Families, Family, Part, Side
from .grids import expanded

Loop: TypeAlias = "tuple[int, int, int]"  # label, how often, stride
Index: TypeAlias = "tuple[int | slice, ...]"
View: TypeAlias = "tuple[int, tuple[tuple[int, int], ...]]"  # base, (how often, stride) from the largest stride on


@dataclass(eq=False)
class Array:
    """What formulas name: some members of a family, in a shape.

    places  the members, row by row
    """

    name: str
    shape: tuple[int, ...]
    family: Family
    places: Sequence[int]

    def __repr__(self) -> str:
        return f"{self.name}{list(self.shape)}"


@dataclass(eq=False)
class Reading:
    """An array's entries: all, an index for each axis of it, or a table of positions; then in a shape.

    axes  the label of the loop that each axis counts
    """

    array: Array
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    index: Index | None = None
    table: list[int] = field(default_factory=list)

    @property
    def constant(self) -> float | None:
        """The number, where it is one known number."""
        values = self.array.family.values
        return values[0] if len(values) == 1 else None

    @property
    def reshaped(self) -> bool:
        """Whether what is selected has another shape first."""
        if self.index is None:
            return not self.table and self.shape != self.array.shape
        return sum(isinstance(index, slice) for index in self.index) != len(self.shape)

    @property
    def whole(self) -> bool:
        """Whether it is the array as it is, its axes perhaps in another order."""
        return self.index is None and not self.table and self.shape == self.array.shape


class Arrays:
    """The arrays of families, and what their sides read of them."""

    def __init__(self, found: Families) -> None:
        views: dict[Family, dict[View, None]] = {}
        scattered = set()  # leaves of which something is read by a table
        for family in found:
            for part in family.parts:
                for side in part.sides:
                    if side.table is None:
                        loops = _loops(side, family.shape, part.shape)
                        views.setdefault(side.family, {})[_view(side.base, loops)] = None
                    else:
                        scattered.add(side.family)
        self.of: dict[Family, list[Array]] = {}
        for leaf in found.leaves:
            whole = Array(leaf.name, leaf.shape, leaf, range(leaf.count))
            self.of[leaf] = (
                [whole] if leaf.values else _arrays(leaf, list(views.get(leaf, ())), leaf not in scattered) or [whole]
            )
        for family in found:
            self.of[family] = [Array(family.name, family.shape, family, range(family.count))]

    def reading(self, family: Family, part: Part, side: Side, one_axis: bool = False) -> Reading:
        """What a family reads on one side of its operands; perhaps with one axis at most for the terms."""
        if side.table is not None:
            members = [i for row in side.table for i in row]
            return self._gathered(
                side.family, members, range(len(family.shape + part.shape)), family.shape + part.shape
            )
        loops = _loops(side, family.shape, part.shape)
        strides = [stride for _, _, stride in loops]
        members = expanded(side.base, [count for _, count, _ in loops], strides)
        array = self._holding(side.family, members)
        labels = tuple(label for label, _, _ in loops)
        shape = tuple(count for _, count, _ in loops)
        if one_axis and len(part.shape) > 1:
            members = [i for row in family.rows(part, side) for i in row]
            shape = (*family.shape, part.count)
            return self._gathered(side.family, members, range(len(shape)), shape)
        if array is not None and array.places[0] <= side.base:
            base = side.base - array.places[0]
            if base == 0 and prod(shape) == len(array.places) and _row_by_row(array, loops):
                return Reading(array, labels, shape)
            if len(array.shape) == 1 and len(loops) > 1 and members == [*range(side.base, side.base + len(members))]:
                return Reading(array, labels, shape, (slice(base, base + len(members)),))
            if isinstance(array.places, range) and (found := _sliced(array.shape, base, loops)):
                index, order = found
                return Reading(array, tuple(labels[k] for k in order), tuple(shape[k] for k in order), index)
        return self._gathered(side.family, members, labels, shape)

    def _holding(self, family: Family, members: list[int]) -> Array | None:
        arrays = self.of[family]
        return arrays[0] if len(arrays) == 1 else next((a for a in arrays if members[0] in a.places), None)

    def _gathered(self, family: Family, members: list[int], labels: Iterable[int], shape: tuple[int, ...]) -> Reading:
        array = self._holding(family, members)
        assert array is not None
        position = {place: k for k, place in enumerate(array.places)}
        return Reading(array, tuple(labels), shape, None, [position[i] for i in members])


def _loops(side: Side, members: tuple[int, ...], terms: tuple[int, ...]) -> list[Loop]:
    """The loops that move along the family, those with the largest steps first."""
    strides = [*side.strides, *side.steps]
    loops = [(label, count, stride) for label, (count, stride) in enumerate(zip(members + terms, strides)) if stride]
    return sorted(loops, key=lambda loop: -abs(loop[2]))


def _view(base: int, loops: list[Loop]) -> View:
    return base, tuple((count, stride) for _, count, stride in loops)


def _arrays(leaf: Family, views: list[View], divisible: bool) -> list[Array]:
    """A leaf in the shape in which it is read, or its parts that are read as matrices; [] if it is a plain vector."""
    by_rank = sorted(views, key=lambda view: -len(view[1]))
    for base, loops in by_rank:
        shape = tuple(count for count, _ in loops)
        if (
            base == 0
            and prod(shape) == leaf.count
            and expanded(0, shape, [s for _, s in loops]) == [*range(leaf.count)]
        ):
            return [Array(leaf.name, shape, leaf, range(leaf.count))]
    parts: dict[frozenset[int], Array] = {}
    for base, loops in by_rank:
        shape = tuple(count for count, _ in loops)
        places = expanded(base, shape, [stride for _, stride in loops])
        if len(set(places)) < len(places):  # windows that overlap: what is below them is a vector
            places = sorted(set(places))
            shape = (len(places),)
        parts.setdefault(frozenset(places), Array(leaf.name, shape, leaf, places))
    apart = sum(map(len, parts)) == len(frozenset().union(*parts)) if parts else False
    if not divisible or not apart or all(len(array.shape) < 2 for array in parts.values()):
        return []
    arrays = sorted(parts.values(), key=lambda array: array.places[0])
    for k, array in enumerate(arrays, 1):
        array.name = f"{leaf.name}_{k}"
    return arrays


def _row_by_row(array: Array, loops: list[Loop]) -> bool:
    """Whether loops, from the largest stride on, pass over all of an array in order."""
    shape, strides = [count for _, count, _ in loops], [stride for _, _, stride in loops]
    return list(array.places) == expanded(array.places[0], shape, strides)


def _sliced(shape: tuple[int, ...], base: int, loops: list[Loop]) -> tuple[Index, list[int]] | None:
    """An index for each axis, where each loop moves along one of them, and which loop moves along which axis."""
    index: list[int | slice] = []
    order: list[int] = []
    for axis, count in enumerate(shape):
        size = prod(shape[axis + 1 :])
        first, base = divmod(base, size)
        along = [k for k, (_, _, stride) in enumerate(loops) if stride > 0 and stride % size == 0 and k not in order]
        along = [k for k in along if first + loops[k][2] // size * (loops[k][1] - 1) < count]
        if not along:
            index.append(first)
            continue
        _, often, stride = loops[along[0]]
        step = stride // size
        index.append(slice(first, first + step * (often - 1) + 1, step if step > 1 else None))
        order.append(along[0])
    return (tuple(index), order) if len(order) == len(loops) else None
