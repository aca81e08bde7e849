"""Program → machine code by way of LLVM: a function of columns of samples.

Samples are independent of each other, so W of them stand side by side in a vector and
threads take blocks of them; +, −, ×, ÷, √ and sums of products are the program's, bit for bit,
and functions, powers among them, within 4 ulp of the true value.
What the code looks like is decided in llvm.py, what a row becomes in rows.py.
"""

from __future__ import annotations

import ctypes
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import compress
from operator import not_
from typing import Any

from ...errors import LoweringError, MissingDependency
from ...recording import number
from ..batches import doubles
from ..program import Program
from . import machine
from .driver import BLOCK
from .llvm import Plan, code
from .outside import Outside

LANES = 8
LONG = 50  # functions; a program of more is compiled with less care, since it would take most of a minute
KEPT = 64  # compiled programs that are remembered
WAVE = 64  # blocks whose sums one thread keeps apart before they are added

_POINTER, _INTEGER = ctypes.c_void_p, ctypes.c_int64
_ARGUMENTS = (_POINTER,) * 4 + (_INTEGER,) * 4


def compiled(program: Program, *, threads: int = 1, contract: bool = False) -> Native:
    """The program as machine code.

    threads   how many take part in a call; the results have the same bits with any number
    contract  whether a·b + c may be rounded once instead of twice, where the machine can:
              faster, and then sums and products have other last bits than the program on floats

    Code is made at the first call for each pattern of columns and shared inputs, and kept for
    programs of the same structure.  Raises MissingDependency without llvmlite or NumPy.

    >>> from autograd import Value, grad
    >>> from autograd.lowering import lower
    >>> x, a = Value(3.0, "x"), Value(2.0, "a"); y = a * x * x
    >>> f = compiled(lower([y, *grad(y, [x])], [x, a]))
    >>> [column.tolist() for column in f([1.0, 2.0, 3.0], 2.0)]
    [[2.0, 8.0, 18.0], [4.0, 8.0, 12.0]]
    >>> f.sum([1.0, 2.0, 3.0], 2.0)
    [28.0, 24.0]
    """
    if threads < 1:
        raise LoweringError(f"threads must be at least 1, not {threads!r}")
    with machine.busy:
        machine.llvm()
        _numpy()
    return Native(program, threads, contract)


class Native:
    """A program as machine code; made by `compiled`."""

    def __init__(self, program: Program, threads: int, contract: bool) -> None:
        self.program = program
        self.threads = threads
        self.contract = contract
        self._key = program.structure()
        self._modules: dict[tuple[tuple[bool, ...], bool], _Module] = {}
        self._patterns: dict[tuple[type, ...], tuple[bool, ...]] = {}
        self._double = _numpy().dtype(float)

    def __call__(self, *inputs: Any) -> Any:
        """The outputs at each sample.

        inputs  each a float, shared by all samples, or a column: an array of one dimension;
                all columns are equally long

        Returns a list of arrays, one for each output, or an array if one Value was lowered;
        floats if all inputs are.  Raises LoweringError for another number of inputs, columns
        of different lengths, or arrays of more dimensions.
        """
        np = _numpy()
        given = self._given(inputs)
        n = 1 if given.samples is None else given.samples
        out = np.empty((len(self.program.outputs), n))
        self.module(given.pattern, sums=False).store(given.columns, given.scalars, out, n, self.threads)
        if given.samples is None:
            return self._shape(out[:, 0].tolist())
        return self._shape(list(out))

    def sum(self, *inputs: Any) -> Any:
        """The outputs summed over the samples, as a list of floats, or one float for a single output.

        Sums are made block by block in a fixed order.  Takes and raises what a call does.
        """
        given = self._given(inputs)
        out = _numpy().zeros(len(self.program.outputs))
        n = 1 if given.samples is None else given.samples
        self.module(given.pattern, sums=True).sum(given.columns, given.scalars, out, 0, n, self.threads)
        return self._shape(out.tolist())

    def bind(self, columns: Any, scalars: Any, out: Any = None) -> Bound:
        """The sums as a function of a range of samples, for a training loop: nothing is copied or converted.

        columns  array (c, n), each row contiguous: n samples of each of the first c inputs
        scalars  contiguous array: all other inputs, shared by the samples
        out      contiguous array that receives the sums; None: a new one

        Later changes of the arrays' contents are seen by the next call.  Raises LoweringError
        for shapes or types that do not fit.

        >>> import numpy as np
        >>> from autograd import Value
        >>> from autograd.lowering import lower
        >>> x, a = Value(3.0), Value(2.0)
        >>> a_now = np.array([2.0])
        >>> step = compiled(lower([a * x], [x, a])).bind(np.array([[1.0, 2.0, 3.0]]), a_now)
        >>> step(0, 3).tolist(), step(1, 1).tolist()
        ([12.0], [4.0])
        >>> a_now[0] = 10.0
        >>> step(0, 2).tolist()
        [30.0]
        """
        return Bound(self, columns, scalars, out)

    def _shape(self, outputs: list[Any]) -> Any:
        return outputs[0] if self.program.single else outputs

    def _given(self, inputs: Sequence[Any]) -> _Given:
        """The inputs, converted and checked; floats and columns of doubles in the places of an earlier call at once."""
        self.program.check_count(inputs)
        np = _numpy()
        kinds = tuple(map(type, inputs))
        pattern = self._patterns.get(kinds)
        if pattern is not None:
            columns = list(compress(inputs, pattern))
            n = columns[0].shape if columns else None
            if all(c.shape == n and c.ndim == 1 and c.dtype is self._double and c.strides == (8,) for c in columns):
                shared = np.array([*compress(inputs, map(not_, pattern))], dtype=np.float64)
                return _Given(pattern, columns, shared, n and n[0])
        given = self._converted(inputs)
        known = {float, np.ndarray}.issuperset(kinds) and given.pattern == tuple(kind is np.ndarray for kind in kinds)
        if known and len(self._patterns) < KEPT:
            self._patterns[kinds] = given.pattern
        return given

    def _converted(self, inputs: Sequence[Any]) -> _Given:
        names = self.program.names
        np = _numpy()
        pattern, columns, scalars = [], [], []
        samples = None
        for i, x in enumerate(inputs):
            listed = hasattr(x, "__len__") and not isinstance(x, (str, bytes)) and getattr(x, "ndim", 1) != 0
            shared = x.__class__ is float or not listed
            pattern.append(not shared)
            if shared:
                scalars.append(x if x.__class__ is float else number(x, "program"))
                continue
            column = np.ascontiguousarray(doubles(np, x))
            if column.ndim != 1:
                raise LoweringError(
                    f"input {names[i]} has the shape {column.shape}: give a float, or an array of one dimension"
                )
            if samples is not None and len(column) != samples:
                raise LoweringError(f"input {names[i]} has {len(column)} samples, and an input before it has {samples}")
            samples = len(column)
            columns.append(column)
        return _Given(tuple(pattern), columns, np.array(scalars, dtype=np.float64), samples)

    def module(self, pattern: tuple[bool, ...], sums: bool) -> _Module:
        """The code for this pattern of columns; made at the first call for it."""
        key = pattern, sums
        if key not in self._modules:
            self._modules[key] = _remembered(self.program, self._key, pattern, sums, self.contract)
        return self._modules[key]


class _Given:
    """The inputs of one call: which are columns, the columns, the others; samples is None without columns."""

    def __init__(self, pattern: tuple[bool, ...], columns: list[Any], scalars: Any, samples: int | None) -> None:
        self.pattern = pattern
        self.columns = columns
        self.scalars = scalars
        self.samples = samples


class Bound:
    """`step(first, count)`: the sums over `count` samples from `first` on, in the array `step.out`.

    A call costs about 1 µs beside the computation.  It works in memory of its own, so one Bound is for one
    thread at a time.
    """

    def __init__(self, native: Native, columns: Any, scalars: Any, out: Any) -> None:
        np = _numpy()
        program = native.program
        out = np.zeros(len(program.outputs)) if out is None else out
        inputs = len(program.inputs)
        if columns.ndim != 2 or columns.dtype != np.float64 or (columns.size and columns.strides[1] != 8):
            raise LoweringError("columns must be a float64 array (inputs, samples) whose rows are contiguous")
        count = len(columns)
        for name, array, size in (("scalars", scalars, inputs - count), ("out", out, len(program.outputs))):
            if array.shape != (size,) or array.dtype != np.float64 or not array.flags.c_contiguous:
                raise LoweringError(f"{name} must be a contiguous float64 array of {size} numbers")
        self.out = out
        self.samples = columns.shape[1]
        self._kept = columns, scalars
        self._threads = native.threads
        self._module = native.module((True,) * count + (False,) * (inputs - count), sums=True)
        self._memory = self._module.working_memory()
        pointers = (_POINTER * max(1, count))(*[row.ctypes.data for row in columns])
        self._pointers = pointers
        self._addresses = ctypes.addressof(pointers), scalars.ctypes.data, aligned(self._memory), out.ctypes.data
        self._run = self._module.loaded.run

    def __call__(self, first: int, count: int) -> Any:
        if not (first >= 0 and count >= 0 and first + count <= self.samples):
            raise LoweringError(f"samples {first} … {first + count}: there are {self.samples}")
        self.out.fill(0.0)
        if self._threads == 1 or count <= BLOCK:
            self._run(*self._addresses, 0, 0, first, count)
            self._module.check()
        else:
            self._module.sum(list(self._kept[0]), self._kept[1], self.out, first, count, self._threads)
        return self.out


class _Module:
    """Machine code for one program and one pattern of columns."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self.outside = Outside()
        text, self.memory, functions = code(program, plan, self.outside)
        self.loaded = machine.Loaded(text, *_ARGUMENTS, opt=1 if functions <= LONG else 0)
        self.free: list[Any] = []  # memory that no call is working in

    def working_memory(self) -> Any:
        return _numpy().empty(self.memory + 64, dtype="u1")

    @contextmanager
    def _borrowed(self) -> Iterator[int]:
        """The address of memory to work in."""
        try:
            memory = self.free.pop()
        except IndexError:
            memory = self.working_memory()
        yield aligned(memory)
        self.free.append(memory)

    def _run(
        self, columns: list[Any], scalars: Any, out: int, out_step: int, stride: int, first: int, count: int
    ) -> None:
        pointers = (_POINTER * max(1, len(columns)))(*[column.ctypes.data for column in columns])
        with self._borrowed() as memory:
            self.loaded.run(
                ctypes.addressof(pointers), scalars.ctypes.data, memory, out, out_step, stride, first, count
            )

    def check(self) -> None:
        """Raise what a row's own function raised."""
        error, self.outside.raised = self.outside.raised, None
        if error is not None:
            raise error

    def store(self, columns: list[Any], scalars: Any, out: Any, n: int, threads: int) -> None:
        """All outputs at n samples, into the rows of out."""
        blocks = -(-n // BLOCK)
        share = -(-blocks // threads) * BLOCK or BLOCK
        ranges = [(first, min(share, n - first)) for first in range(0, n, share)]

        def work(first: int, count: int) -> None:
            self._run(columns, scalars, out.ctypes.data, 0, n, first, count)

        _in_parallel(threads, work, ranges)
        self.check()

    def sum(self, columns: list[Any], scalars: Any, out: Any, first: int, count: int, threads: int) -> None:
        """Add the sums of each block of samples to out, in their order."""
        if threads == 1 or count <= BLOCK:
            self._run(columns, scalars, out.ctypes.data, 0, 0, first, count)
            self.check()
            return
        end, size = first + count, len(out)
        for wave in range(first, end, WAVE * threads * BLOCK):
            wave_end = min(end, wave + WAVE * threads * BLOCK)
            blocks = -(-(wave_end - wave) // BLOCK)
            sums = _numpy().zeros((blocks, size))
            share = -(-blocks // threads)

            def work(b: int, wave: int = wave, wave_end: int = wave_end, share: int = share, sums: Any = sums) -> None:
                start = wave + b * BLOCK
                here = min(share * BLOCK, wave_end - start)
                self._run(columns, scalars, sums[b].ctypes.data, size, 0, start, here)

            _in_parallel(threads, work, [(b,) for b in range(0, blocks, share)])
            for each in sums:
                out += each
        self.check()


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


def aligned(memory: Any) -> int:
    """The first address in memory that a register of 64 bytes may be kept at."""
    address: int = memory.ctypes.data
    return (address + 63) // 64 * 64


# --- compiled programs, by structure ---------------------------------------------------------

_modules: OrderedDict[Any, _Module] = OrderedDict()


def _remembered(
    program: Program, structure: tuple[Any, ...], pattern: tuple[bool, ...], sums: bool, contract: bool
) -> _Module:
    """The code for this structure, made if it was not made before; the last KEPT stay."""
    with machine.busy:
        width = machine.register()
        plan = Plan(pattern, sums, max(LANES, width), width, contract)
        key = structure, plan
        module = _modules.pop(key, None)
        if module is None:
            module = _Module(program, plan)
        _modules[key] = module
        while len(_modules) > KEPT:
            _modules.popitem(last=False)
    return module


@cache
def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise MissingDependency("native code needs llvmlite and NumPy: pip install 'deltagrad[fast]'") from None
    return numpy
