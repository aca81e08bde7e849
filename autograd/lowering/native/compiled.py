"""Program → machine code by way of LLVM: a function of columns of samples.

Samples are independent of each other, so W of them stand side by side in a vector and
threads take blocks of them; +, −, ×, ÷, √ and sums of products are the program's, bit for bit,
and functions, powers among them, within 4 ulp of the true value.
What the code looks like is decided in llvm.py, what a row becomes in rows.py.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from ...errors import LoweringError
from ...recording import number
from ..batches import doubles
from ..program import Program
from . import machine
from .calls import Call
from .driver import BLOCK
from .modules import Module, numpy_, remembered, summed


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
        numpy_()
    return Native(program, threads, contract)


class Native:
    """A program as machine code; made by `compiled`."""

    def __init__(self, program: Program, threads: int, contract: bool) -> None:
        self.program = program
        self.threads = threads
        self.contract = contract
        self._key = program.structure()
        self._modules: dict[tuple[tuple[bool, ...], bool], Module] = {}
        self._calls: dict[Any, Call] = {}
        self._last: list[Call | None] = [None, None]  # for values and for sums

    def __call__(self, *inputs: Any) -> Any:
        """The outputs at each sample.

        inputs  each a float, shared by all samples, or a column: an array of one dimension;
                all columns are equally long

        Returns a list of arrays, one for each output, or an array if one Value was lowered;
        floats if all inputs are.  Raises LoweringError for another number of inputs, columns
        of different lengths, or arrays of more dimensions.
        """
        call = self._last[False]
        out = call.values(inputs) if call is not None else None
        if out is None or call is None:
            call, out = self._by_rule(inputs, sums=False)
        return self._shape(out[:, 0].tolist() if call.first is None else list(out))

    def sum(self, *inputs: Any) -> Any:
        """The outputs summed over the samples, as a list of floats, or one float for a single output.

        Sums are made block by block in a fixed order.  Takes and raises what a call does.
        """
        call = self._last[True]
        out = call.total(inputs) if call is not None else None
        return self._shape((self._by_rule(inputs, sums=True)[1] if out is None else out).tolist())

    def _by_rule(self, inputs: tuple[Any, ...], sums: bool) -> tuple[Call, Any]:
        """The outputs of inputs of any kind, which are converted and checked; the next ones may be like these."""
        given, pattern, n = self._converted(inputs)
        self._last[sums] = call = self.call(pattern, ((),) * len(pattern), pattern, sums)
        return call, call.of(given, n, sums)

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

    def _shape(self, outputs: Any) -> Any:
        return outputs[0] if self.program.single else outputs

    def _converted(self, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[bool, ...], int]:
        """Floats and columns of doubles, which are columns, and how many samples there are."""
        self.program.check_count(inputs)
        names = self.program.names
        np = numpy_()
        given: list[Any] = []
        samples = None
        for i, x in enumerate(inputs):
            listed = hasattr(x, "__len__") and not isinstance(x, (str, bytes)) and getattr(x, "ndim", 1) != 0
            if x.__class__ is float or not listed:
                given.append(x if x.__class__ is float else number(x, "program"))
                continue
            column = np.ascontiguousarray(doubles(np, x))
            if column.ndim != 1:
                raise LoweringError(
                    f"input {names[i]} has the shape {column.shape}: give a float, or an array of one dimension"
                )
            if samples is not None and len(column) != samples:
                raise LoweringError(f"input {names[i]} has {len(column)} samples, and an input before it has {samples}")
            samples = len(column)
            given.append(column)
        pattern = tuple([x.__class__ is not float for x in given])
        return tuple(given), pattern, 1 if samples is None else samples

    def call(
        self, pattern: tuple[bool, ...], leaves: tuple[tuple[int, ...], ...], varying: tuple[bool, ...], sums: bool
    ) -> Call:
        """The code as a function of leaves of these shapes, of which some vary; `pattern` says so of each input."""
        key = leaves, varying, sums
        if key not in self._calls:
            outputs = len(self.program.outputs)
            self._calls[key] = Call(self.module(pattern, sums), leaves, varying, outputs, self.threads)
        return self._calls[key]

    def module(self, pattern: tuple[bool, ...], sums: bool) -> Module:
        """The code for this pattern of columns; made at the first call for it."""
        key = pattern, sums
        if key not in self._modules:
            self._modules[key] = remembered(self.program, self._key, pattern, sums, self.contract)
        return self._modules[key]


class Bound:
    """`step(first, count)`: the sums over `count` samples from `first` on, in the array `step.out`.

    A call costs about 1 µs beside the computation.  It works in memory of its own, so one Bound is for one
    thread at a time.
    """

    def __init__(self, native: Native, columns: Any, scalars: Any, out: Any) -> None:
        np = numpy_()
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
        pointers = (ctypes.c_void_p * max(1, count))(*[row.ctypes.data for row in columns])
        self._pointers = pointers
        self._inputs = ctypes.addressof(pointers), scalars.ctypes.data
        self._addresses = *self._inputs, machine.aligned(self._memory), out.ctypes.data
        self._run = self._module.loaded.run

    def __call__(self, first: int, count: int) -> Any:
        if not (first >= 0 and count >= 0 and first + count <= self.samples):
            raise LoweringError(f"samples {first} … {first + count}: there are {self.samples}")
        self.out.fill(0.0)
        if self._threads == 1 or count <= BLOCK:
            self._run(*self._addresses, 0, 0, first, count)
        else:
            summed(self._in_other_memory, self.out, first, count, self._threads)
        self._module.check()
        return self.out

    def _in_other_memory(self, out: int, out_step: int, stride: int, first: int, count: int) -> None:
        with self._module.borrowed() as memory:
            self._run(*self._inputs, memory, out, out_step, stride, first, count)
