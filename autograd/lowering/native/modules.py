"""Machine code for a program and a pattern of columns, remembered by structure; and its blocks in threads."""

from __future__ import annotations

import ctypes
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from ...errors import MissingDependency
from ..program import Program
from . import entry, machine
from .driver import BLOCK
from .layered import layered
from .llvm import Code, Plan, code
from .outside import Outside
from .panels import NotInLayers
from .variadic import wide

LANES = 8
# Operands of all instructions from which on loops are faster than straight-line code, for sums and for values.  On AVX2
# they take 1.0 of its time for 2-8-8-1 (226 forward) and for its gradient, and for 2-16-16-1 0.8 to 0.95 forward.
LAYERED = {True: 600, False: 200}
KEPT = 64  # compiled programs that are remembered
WAVE = 64  # blocks whose sums one thread keeps apart before they are added

POINTER, INTEGER = ctypes.c_void_p, ctypes.c_int64
ARGUMENTS = (POINTER,) * 4 + (INTEGER,) * 4

Run = Callable[[int, int, int, int, int], None]  # (out, out_step, stride, first, count)


class Module:
    """Machine code for one program and one pattern of columns.

    loaded  its `run`: the samples first … first + count of columns, in memory of `memory` bytes
    """

    def __init__(self, program: Program, plan: Plan) -> None:
        (text, self.memory), self.outside = _written(program, plan)
        self.loaded = machine.Loaded(text, *ARGUMENTS)
        self.functions = entry.functions()
        self.free: list[Any] = []  # memory that no call is working in

    def working_memory(self) -> Any:
        return numpy_().empty(self.memory + 64, dtype="u1")

    @contextmanager
    def borrowed(self) -> Iterator[int]:
        """The address of memory to work in."""
        try:
            memory = self.free.pop()
        except IndexError:
            memory = self.working_memory()
        yield machine.aligned(memory)
        self.free.append(memory)

    def check(self) -> None:
        """Raise what a row's own function raised."""
        error, self.outside.raised = self.outside.raised, None
        if error is not None:
            raise error


def _written(program: Program, plan: Plan) -> tuple[Code, Outside]:
    """Loops over the program's families where that is worth it, else its instructions one after the other."""
    operands = sum(len(each.operands) for each in program.instructions)
    if operands >= LAYERED[plan.sums] or any(map(wide, program.instructions)):
        with suppress(NotInLayers):
            outside = Outside()
            return layered(program, plan, outside), outside
    outside = Outside()
    return code(program, plan, outside), outside


def stored(run: Run, out: Any, n: int, threads: int) -> None:
    """All outputs at n samples, into the rows of out."""
    blocks = -(-n // BLOCK)
    share = -(-blocks // threads) * BLOCK or BLOCK
    ranges = [(first, min(share, n - first)) for first in range(0, n, share)]
    address = out.ctypes.data
    _in_parallel(threads, lambda first, count: run(address + 8 * first, 0, n, first, count), ranges)


def summed(run: Run, out: Any, first: int, count: int, threads: int) -> None:
    """Add the sums of each block of samples to out, in their order, whoever makes them."""
    if threads == 1 or count <= BLOCK:
        run(out.ctypes.data, 0, 0, first, count)
        return
    end, size = first + count, len(out)
    for wave in range(first, end, WAVE * threads * BLOCK):
        wave_end = min(end, wave + WAVE * threads * BLOCK)
        blocks = -(-(wave_end - wave) // BLOCK)
        sums = numpy_().zeros((blocks, size))
        share = -(-blocks // threads)

        def work(b: int, wave: int = wave, wave_end: int = wave_end, share: int = share, sums: Any = sums) -> None:
            start = wave + b * BLOCK
            run(sums[b].ctypes.data, size, 0, start, min(share * BLOCK, wave_end - start))

        _in_parallel(threads, work, [(b,) for b in range(0, blocks, share)])
        for each in sums:
            out += each


def _in_parallel(threads: int, work: Any, arguments: Sequence[tuple[int, ...]]) -> None:
    if len(arguments) == 1:
        work(*arguments[0])
    elif arguments:
        list(_pool(threads).map(lambda each: work(*each), arguments))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="deltagrad")


if hasattr(os, "register_at_fork"):  # a forked child has the pools without their threads, and would wait for ever
    os.register_at_fork(after_in_child=_pool.cache_clear)


# --- compiled programs, by structure ---------------------------------------------------------

_modules: OrderedDict[Any, Module] = OrderedDict()


def remembered(
    program: Program, structure: tuple[Any, ...], pattern: tuple[bool, ...], sums: bool, contract: bool
) -> Module:
    """The code for this structure, made if it was not made before; the last KEPT stay."""
    with machine.busy:
        width = machine.register()
        plan = Plan(pattern, sums, max(LANES, width), width, contract)
        key = structure, plan
        module = _modules.pop(key, None)
        if module is None:
            module = Module(program, plan)
        _modules[key] = module
        while len(_modules) > KEPT:
            _modules.popitem(last=False)
    return module


@cache
def numpy_() -> Any:
    """NumPy; MissingDependency where it is not installed."""
    try:
        import numpy
    except ImportError:
        raise MissingDependency("native code needs llvmlite and NumPy: pip install 'deltagrad[fast]'") from None
    return numpy
