"""Programs on arrays of samples: NumPy, JAX, PyTorch; and on plain lists.

The printed source is the same for all; its functions are the texts of rows.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property, partial
from typing import Any

from ..errors import AutogradTypeError, LoweringError
from ..ops import Op
from ..recording import given, number
from .lookup import functions_of
from .namespace import Namespace
from .program import Program
from .python import Style, compiled, function, source
from .rows import text, uses
from .shares import Shares
from .structure import shape_of

BLOCK = 4096  # samples at once: a result of so many stays in the cache, and memory stays bounded
# The rows that NumPy, and JAX after it, have under another name.
_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
    "asinh": "arcsinh", "acosh": "arccosh", "pow": "power",
}  # fmt: skip


class Arrays(Namespace):
    """A library of arrays as the namespace of the texts of rows.py.

    better  what stands in for the library's functions, and for texts
    """

    def __init__(self, library: Any, **better: Any) -> None:
        self.library = library
        self.shares = Shares(self)
        self.better = {"softmax": self.shares.softmax, "softmax_rest": self.shares.softmax_rest, **better}

    def __getattr__(self, name: str) -> Any:
        better: dict[str, Any] = self.__dict__["better"]
        return better[name] if name in better else getattr(self.library, _NAMES.get(name, name))

    @contextmanager
    def computing(self, quiet: Callable[[], AbstractContextManager[Any]] = nullcontext) -> Iterator[None]:
        """Around a program's steps: what they share is forgotten afterwards."""
        try:
            with quiet():
                yield
        finally:
            self.shares.forget()

    def row(self, name: str) -> Any:
        """A built-in row as a function of arrays; None where the library lacks what its text asks for."""
        if name in self.better:
            return self.better[name]
        written = text(name)
        return partial(written, self) if written and all(hasattr(self, each) for each in uses(name)) else None


class Batched:
    """A program as a function of arrays: samples along the first axis, scalars for all samples.

    Its outputs have a value for every sample; `sum` gives their sums over the samples.  Raises
    LoweringError for another number of inputs, or for arrays of different lengths.

    >>> from autograd import Value
    >>> from autograd.lowering import lower
    >>> w, x = Value(1.0, "w"), Value(1.0, "x")
    >>> run = lower([w * x, w + 1], [w, x]).to("numpy")
    >>> [o.tolist() for o in run(2.0, [1.0, 2.0, 3.0])]
    [[2.0, 4.0, 6.0], [3.0, 3.0, 3.0]]
    >>> [float(o) for o in run.sum(2.0, [1.0, 2.0, 3.0])]
    [12.0, 9.0]
    """

    def __init__(
        self,
        program: Program,
        xp: Any,
        lift: Callable[[Any], Any],
        functions: Mapping[str, Callable[..., Any]],
        quiet: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self.program = program
        self.xp = xp
        self.lift = lift
        self.functions = functions
        self.quiet = quiet

    @cached_property
    def run(self) -> Callable[..., Any]:
        """The printed program as a function of arrays."""
        constants = {f"_{i}": self.lift(x) for i, x in self.program.constants.items()}
        style = Style(number=lambda i, x: f"_{i}")  # PyTorch's functions take no plain numbers
        return function(source(self.program, style), {**self.functions, **constants})

    def __call__(self, *inputs: Any) -> Any:
        arrays, shape = self.arrays(inputs)
        return self.given(self.spread(self.outputs(arrays), shape))

    def sum(self, *inputs: Any) -> Any:
        """The outputs summed over the samples."""
        arrays, shape = self.arrays(inputs)
        outputs = self.spread(self.outputs(arrays), shape)
        return self.given([o.sum(0) for o in outputs] if shape else outputs)

    def spread(self, outputs: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
        """The outputs in the samples' shape, each the caller's own."""
        made, times = {each.result for each in self.program.instructions}, Counter(self.program.outputs)
        return [
            o if i in made and times[i] == 1 and tuple(o.shape) == shape else own(self.xp.broadcast_to(o, shape))
            for i, o in zip(self.program.outputs, outputs)
        ]

    def arrays(self, inputs: Sequence[Any]) -> tuple[list[Any], tuple[int, ...]]:
        """The inputs as arrays, and the shape that all of them but the scalars have."""
        self.program.check_count(inputs)
        arrays = together(inputs, [self.lift(x) for x in inputs])
        shapes = {tuple(a.shape): i for i, a in enumerate(arrays) if len(a.shape)}
        if len(shapes) > 1:
            told = ", ".join(f"{self.program.names[i]} has {_shape(shape)}" for shape, i in list(shapes.items())[:4])
            raise LoweringError(f"the columns differ in length: {told}; give scalars or columns of one length")
        return arrays, next(iter(shapes), ())

    def outputs(self, arrays: Sequence[Any]) -> list[Any]:
        with self.quiet():
            outputs = self.run(*arrays)
        return [outputs] if self.program.single else list(outputs)

    def given(self, outputs: list[Any]) -> Any:
        return outputs[0] if self.program.single else outputs


def together(given: Sequence[Any], arrays: list[Any]) -> list[Any]:
    """PyTorch's tensors on one device: what was given as numbers goes to where the tensors are.

    >>> together([1.0], [2.0])
    [2.0]
    """
    places = [x.device for x in given if hasattr(x, "is_meta")] if any(hasattr(x, "is_meta") for x in arrays) else []
    return [x.to(places[0]) if not hasattr(g, "is_meta") else x for g, x in zip(given, arrays)] if places else arrays


def _column(x: Any) -> Any:
    """A list of numbers as such, and a number as a float."""
    if isinstance(x, (Mapping, set, frozenset)):  # which would be the column of their keys
        raise _no_real_numbers(x)
    if hasattr(unmasked(x), "tolist"):
        x = x.tolist()
    return number(x, "program") if isinstance(x, (str, bytes)) or not hasattr(x, "__iter__") else list(x)


def own(x: Any) -> Any:
    """A result as the caller's own, whatever it was a view of: of an input, of a constant, of another output."""
    if hasattr(x, "at"):  # JAX's arrays never change
        return x
    return (x.clone() if hasattr(x, "clone") else x.copy())[()]


class InBlocks(Batched):
    """Batched, some thousand samples at a time: what NumPy needs for speed, and to spare memory."""

    def __call__(self, *inputs: Any) -> Any:
        arrays, shape = self.arrays(inputs)
        results = [self.xp.empty(shape) for _ in self.program.outputs]
        for block in _blocks(shape):
            for result, o in zip(results, self.outputs([a[block] if a.shape else a for a in arrays])):
                result[block] = o
        return self.given([result if shape else result[()] for result in results])

    def sum(self, *inputs: Any) -> Any:
        arrays, shape = self.arrays(inputs)
        totals = [self.lift(0.0) for _ in self.program.outputs]
        for block in _blocks(shape):
            outputs = self.outputs([a[block] if a.shape else a for a in arrays])
            size = (min(block.stop, shape[0]) - block.start, *shape[1:]) if shape else ()
            with self.quiet():
                for i, o in enumerate(outputs):
                    if self.xp.shape(o) != size:
                        o = self.xp.broadcast_to(o, size)
                    totals[i] = totals[i] + (o.sum(0) if shape else o)
        return self.given([total[()] for total in totals])


def _blocks(shape: tuple[int, ...]) -> list[Any]:
    return [slice(i, i + BLOCK) for i in range(0, shape[0], BLOCK)] if shape else [...]


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else f"the shape {shape}"


def with_numpy(program: Program, functions: Mapping[str, Any]) -> Batched:
    """The program on NumPy arrays of doubles; overflow and undefined values are silent, as everywhere here."""
    import numpy

    def by_element(row: Op, n: int) -> Callable[..., Any]:
        each = numpy.frompyfunc(row.function, n, 1)
        return lambda *xs: numpy.asarray(each(*xs), dtype=float)

    xp = Arrays(numpy)
    named = functions_of(program, "numpy", functions, xp.row, by_element)
    quiet = partial(xp.computing, partial(numpy.errstate, all="ignore"))
    return InBlocks(program, numpy, partial(doubles, numpy), named, quiet)


def doubles(numpy: Any, x: Any) -> Any:
    """Numbers as an array of doubles; NumPy would make some of None, of text and of dates as well."""
    try:
        array = numpy.asarray(unmasked(x))
    except (TypeError, ValueError, RuntimeError) as problem:
        if hasattr(x, "dtype"):
            raise
        shape_of(x)  # which says what is wrong with lists of several lengths
        raise _no_real_numbers(x) from problem
    if array.dtype.kind == "O":  # whole numbers beyond 2⁶⁴, fractions
        try:
            return numpy.array([number(y, "program") for y in array.ravel().tolist()], float).reshape(array.shape)
        except AutogradTypeError:
            raise _no_real_numbers(x) from None
    if array.dtype.kind not in "fiub":
        raise _no_real_numbers(x)
    return numpy.asarray(array, dtype=float)


def _array(make: Callable[[Any], Any], x: Any) -> Any:
    """What another library makes of numbers, or of NumPy's doubles where it makes nothing of what is given."""
    try:
        return make(unmasked(x))
    except (OverflowError, TypeError, ValueError, RuntimeError) as problem:
        if isinstance(problem, LoweringError) or (hasattr(x, "dtype") and type(x).__module__ != "numpy"):
            raise
        import numpy

        return make(doubles(numpy, x))


def _no_real_numbers(x: Any) -> LoweringError:
    return LoweringError(f"the program takes real numbers, and was given {given(x)}; convert them with float() first")


def unmasked(x: Any) -> Any:
    """What is given, but for a masked array, of which every library would take what is behind the mask."""
    if hasattr(x, "mask") and hasattr(x, "filled"):
        raise LoweringError(
            f"a masked array has no number where it is masked: give x.filled(…), or only the samples that count;"
            f" it is {given(x)}"
        )
    return x


def with_jax(program: Program, functions: Mapping[str, Any]) -> Batched:
    """The program on JAX arrays; jit, vmap and shard it there.  Doubles need jax_enable_x64."""
    import jax

    def lift(x: Any) -> Any:
        array, is_a = _array(jax.numpy.asarray, x), jax.numpy.issubdtype
        if is_a(array.dtype, jax.numpy.complexfloating):
            raise _no_real_numbers(x)
        return array if is_a(array.dtype, jax.numpy.floating) else array.astype(float)

    xp = Arrays(jax.numpy)
    return Batched(program, jax.numpy, lift, functions_of(program, "jax", functions, xp.row), xp.computing)


def with_torch(program: Program, functions: Mapping[str, Any], dtype: Any = None) -> Batched:
    """The program on PyTorch tensors, on the inputs' device; in float64 if the dtype says nothing else."""
    import torch

    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise LoweringError(f"dtype is one of PyTorch's for real numbers, as torch.float32, and not {given(dtype)}")
    make = partial(torch.as_tensor, dtype=dtype or torch.float64)

    def lift(x: Any) -> Any:
        if "complex" in str(getattr(x, "dtype", "")):
            raise _no_real_numbers(x)
        return _array(make, x)

    def where(condition: Any, x: Any, y: Any) -> Any:
        # Between two plain numbers torch would choose its default type, float32.
        plain = not isinstance(x, torch.Tensor) and not isinstance(y, torch.Tensor)
        condition = condition if condition.dtype is torch.bool else condition != 0
        return torch.where(condition, lift(x).to(condition.device) if plain else x, y)

    # One erf of torch's is one pass over memory, and one of the text's sixty.
    xp = Arrays(torch, where=where, pow=torch.pow, erf=torch.erf, erfc=torch.erfc)
    return Batched(program, torch, lift, functions_of(program, "torch", functions, xp.row), xp.computing)


class OnLists:
    """A program as a function of lists, with the standard library alone; the interface of Batched.

    >>> from autograd import Value
    >>> from autograd.lowering import lower
    >>> w, x = Value(1.0, "w"), Value(1.0, "x")
    >>> run = lower(w * x, [w, x]).to("python")
    >>> run(2.0, [1.0, 2.0, 3.0]), run.sum(2.0, [1.0, 2.0, 3.0]), run(2.0, 5.0)
    ([2.0, 4.0, 6.0], 12.0, 10.0)
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.run = compiled(program)

    def __call__(self, *inputs: Any) -> Any:
        columns, n = self.columns(inputs)
        if n is None:
            return self.run(*columns)
        rows = [self.run(*row) for row in self.samples(columns, n)]
        return rows if self.program.single else [[row[k] for row in rows] for k in range(len(self.program.outputs))]

    def sum(self, *inputs: Any) -> Any:
        """The outputs summed over the samples."""
        outputs = self(*inputs)
        if self.columns(inputs)[1] is None:
            return outputs
        return sum(outputs, 0.0) if self.program.single else [sum(o, 0.0) for o in outputs]

    def columns(self, inputs: Sequence[Any]) -> tuple[list[Any], int | None]:
        """The inputs as lists and floats, and the length of the lists; None without any."""
        self.program.check_count(inputs)
        columns = [_column(x) for x in inputs]
        lengths = {len(x): i for i, x in enumerate(columns) if isinstance(x, list)}
        if len(lengths) > 1:
            told = ", ".join(f"{self.program.names[i]} has {n}" for n, i in list(lengths.items())[:4])
            raise LoweringError(f"the columns differ in length: {told}; give scalars or columns of one length")
        return columns, next(iter(lengths), None)

    def samples(self, columns: list[Any], n: int) -> Any:
        return zip(*[x if isinstance(x, list) else [x] * n for x in columns]) if columns else [()] * n
