"""Machine code on leaves: what a call converts goes straight to where the code reads it.

The memory that the code reads stays for the next call with arrays of these shapes; arrays of doubles are
copied there, and nothing else happens to them.
"""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from typing import Any

from ...errors import LoweringError
from ..batches import doubles
from ..structure import Leaf, Tree, leaves
from ..structured import samples_of
from .compiled import Native, aligned
from .driver import BLOCK

_KEPT = 8  # shapes of inputs whose memory stays


class OfLeaves:
    """An engine for `Structured`."""

    def __init__(self, native: Native, takes: Tree, gives: Tree) -> None:
        import numpy

        self.native = native
        self.numpy: Any = numpy
        self.leaves = list(leaves(takes))
        self.outputs = list(leaves(gives))
        self.size = sum(leaf.count for leaf in self.outputs)
        self.float64 = numpy.dtype("f8")
        self.places: OrderedDict[Any, list[_Place]] = OrderedDict()

    def run(self, given: list[Any], total: bool) -> list[Any]:
        array, float64 = self.numpy.ndarray, self.float64
        given = [x if x.__class__ is array and x.dtype is float64 else doubles(self.numpy, x) for x in given]
        key = tuple([x.shape for x in given])
        free = self.places.get(key)
        if free is None:
            samples_of(self.leaves, key)
            self.places[key] = free = []
            if len(self.places) > _KEPT:
                self.places.popitem(last=False)
        place = free.pop() if free else _Place(self, key)
        for there, x in zip(place.views, given):
            there[...] = x
        results = place.sums() if total else place.values()
        free.append(place)
        return results

    def copy(self, result: Any, buffer: Any) -> None:
        if getattr(buffer, "shape", None) != self.numpy.shape(result):
            raise LoweringError(f"out needs an array of shape {self.numpy.shape(result)}, and has {buffer!r:.60}")
        buffer[...] = result


class _Place:
    """Memory for inputs of certain shapes, and the code for them."""

    def __init__(self, engine: OfLeaves, shapes: tuple[tuple[int, ...], ...]) -> None:
        numpy = engine.numpy
        self.engine = engine
        varying = [shape != leaf.shape for leaf, shape in zip(engine.leaves, shapes)]
        n = samples_of(engine.leaves, shapes)
        self.single = n is None
        self.n = 1 if n is None else n
        count = sum(leaf.count for leaf, varies in zip(engine.leaves, varying) if varies)
        self.columns = numpy.zeros((count, self.n))
        self.scalars = numpy.zeros(sum(leaf.count for leaf in engine.leaves) - count)
        self.pattern = tuple(varies for leaf, varies in zip(engine.leaves, varying) for _ in range(leaf.count))
        self.views = []
        column = scalar = 0
        for leaf, varies in zip(engine.leaves, varying):
            if varies:
                rows = self.columns[column : column + leaf.count].reshape((*leaf.shape, self.n))
                self.views.append(numpy.moveaxis(rows, -1, 0))
                column += leaf.count
            else:
                self.views.append(self.scalars[scalar : scalar + leaf.count].reshape(leaf.shape))
                scalar += leaf.count
        self.summed: Any = None

    def sums(self) -> list[Any]:
        engine, native = self.engine, self.engine.native
        out = engine.numpy.zeros(engine.size)
        if self.summed is None:
            self.summed = module = native.module(self.pattern, sums=True)
            self.memory = module.working_memory()
            self.pointers = (ctypes.c_void_p * max(1, len(self.columns)))(*[row.ctypes.data for row in self.columns])
            self.fixed = ctypes.addressof(self.pointers), self.scalars.ctypes.data, aligned(self.memory)
        if native.threads == 1 or self.n <= BLOCK:
            self.summed.loaded.run(*self.fixed, out.ctypes.data, 0, 0, 0, self.n)
            self.summed.check()
        else:
            self.summed.sum(list(self.columns), self.scalars, out, 0, self.n, native.threads)
        return [_of(leaf, out) for leaf in engine.outputs]

    def values(self) -> list[Any]:
        engine, native = self.engine, self.engine.native
        out = engine.numpy.empty((engine.size, self.n))
        native.module(self.pattern, sums=False).store(list(self.columns), self.scalars, out, self.n, native.threads)
        if self.single:
            return [_of(leaf, out[:, 0]) for leaf in engine.outputs]
        return [
            engine.numpy.moveaxis(out[leaf.start : leaf.start + leaf.count].reshape((*leaf.shape, self.n)), -1, 0)
            for leaf in engine.outputs
        ]


def _of(leaf: Leaf, out: Any) -> Any:
    if not leaf.shape:
        return float(out[leaf.start])
    part = out[leaf.start : leaf.start + leaf.count]
    return part if len(leaf.shape) == 1 else part.reshape(leaf.shape)
