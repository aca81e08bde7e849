"""Programs whose inputs and outputs have a structure, on every target: `step(x=X, y=Y, theta=θ)` and `step.sum(…)`.

An engine takes what is given for each leaf of the inputs and returns what each leaf of the outputs is.  Arrays
run the matrix form, numbers run sample by sample; machine code has its own engine in native/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..errors import LoweringError
from ..numeric.nesting import leaves, rebuilt
from ..recording import given as told
from ..words.naming import identifier
from .batches import own, together, unmasked
from .families import families, stem
from .matrix_arrays import OnArrays
from .matrix_steps import Steps
from .program import Program
from .readings import Array
from .structure import Leaf, Tree, arguments, flat, shape_of


class Engine(Protocol):
    """What runs a program on leaves."""

    def run(self, given: list[Any], total: bool) -> list[Any]:
        """What each leaf of the outputs is; `total`: summed over the samples."""
        ...

    def copy(self, result: Any, buffer: Any) -> None:
        """Put a result into what the caller has for it."""
        ...


class Structured:
    """A program as a function of arrays in its inputs' structure; what it returns has the outputs' structure.

    >>> from autograd import Value, grad, sumprod
    >>> from autograd.lowering import lower
    >>> w, x, y = [Value(1.0, "w1"), Value(2.0, "w2")], [Value(0.5, "x1"), Value(1.5, "x2")], Value(2.0, "y")
    >>> err = (sumprod(w, x) - y) ** 2
    >>> step = lower({"err": err, "slope": grad(err, w)}, {"x": x, "y": y, "w": w}).to("python")
    >>> step(x=[0.5, 1.5], y=2.0, w=[1.0, 2.0])
    {'err': 2.25, 'slope': [1.5, 4.5]}
    >>> step.sum(x=[[0.5, 1.5], [1.0, 0.0]], y=[2.0, 1.0], w=[1.0, 2.0])
    {'err': 2.25, 'slope': [1.5, 4.5]}
    """

    def __init__(self, program: Program, takes: Tree, gives: Tree, engine: Engine) -> None:
        self.program = program
        self.takes = takes
        self.gives = gives
        self.engine = engine
        self._values = self._by_rule
        if hasattr(engine, "written"):  # a step in a training loop is worth functions of its own
            self._values = engine.written(takes, gives, False, self._by_rule, self._copied)
            self.sum = engine.written(takes, gives, True, self.sum, self._copied)  # type: ignore[method-assign]

    def __call__(self, /, *inputs: Any, **named: Any) -> Any:
        """The outputs; a value for each sample where an input has one more axis in front than its leaf.

        out  buffers in the outputs' structure, which receive the outputs and are returned

        Raises LoweringError for another structure, for shapes that do not fit, and for samples of several lengths.
        """
        return self._values(*inputs, **named)

    def _by_rule(self, /, *inputs: Any, out: Any = None, **named: Any) -> Any:
        return self._shaped(self.engine.run(arguments(self.takes, inputs, named), False), out)

    def sum(self, /, *inputs: Any, out: Any = None, **named: Any) -> Any:
        """The outputs summed over the samples; takes and raises what a call does."""
        return self._shaped(self.engine.run(arguments(self.takes, inputs, named), True), out)

    def _shaped(self, results: list[Any], out: Any) -> Any:
        if out is not None:
            return self._copied(results, out)
        following = iter(results)
        return rebuilt(self.gives, lambda leaf: next(following))

    def _copied(self, results: Sequence[Any], out: Any) -> Any:
        self._into(self.gives, iter(results), out, "out")
        return out

    def _into(self, tree: Tree, results: Any, buffer: Any, path: str) -> None:
        if isinstance(tree, Leaf):
            self.engine.copy(next(results), buffer)
            return
        by_key = tree.kind is dict or isinstance(buffer, Mapping)
        for k, (key, part) in enumerate(zip(tree.keys, tree.parts)):
            try:
                below = buffer[key if by_key else k]
            except (KeyError, IndexError, TypeError):
                raise LoweringError(f"{path} has nothing at {key!r}; it needs the structure of the outputs") from None
            self._into(part, results, below, f"{path}[{key!r}]")


def samples_of(takes: Sequence[Leaf], shapes: Sequence[tuple[int, ...]]) -> int | None:
    """How many samples arrays of these shapes have; None where none has an axis for them.

    Raises LoweringError for a shape that is neither a leaf's nor a leaf's with samples in front.
    """
    found: dict[int, Leaf] = {}
    for leaf, shape in zip(takes, shapes):
        if shape == leaf.shape:
            continue
        if shape[1:] != leaf.shape or not shape:
            raise LoweringError(
                f"the input {leaf.path or 'of the program'} has the shape {leaf.shape}, or (samples, …) with one axis"
                f" more in front, and was given {shape}"
            )
        found[shape[0]] = leaf
    if len(found) > 1:
        told = ", ".join(f"{leaf.path} has {n}" for n, leaf in found.items())
        raise LoweringError(f"the inputs differ in their number of samples: {told}")
    return next(iter(found), None)


# --- arrays -------------------------------------------------------------------------------------------


class OfArrays:
    """The matrix form of a program over an array namespace.

    lift   what is given -> an array of the namespace
    block  samples at once; None: all
    """

    def __init__(
        self,
        program: Program,
        takes: Tree,
        gives: Tree,
        xp: Any,
        functions: Mapping[str, Callable[..., Any]],
        lift: Callable[[Any], Any],
        quiet: Callable[[], Any],
        block: int | None = None,
    ) -> None:
        self.leaves = list(leaves(takes))
        self.outputs = list(leaves(gives))
        self.xp = xp
        self.lift = lift
        self.quiet = quiet
        self.block = block
        found = families(program, named_leaves(program, takes))
        # A chain that became one sum is no function of the program; here it is a product of matrices.
        by_row = {row: functions[name] for row, name in found.program.functions.items() if name in functions}
        self.steps = Steps(found)
        self.on_arrays = OnArrays(self.steps, xp, by_row, lift, _indices)
        home = {
            k: (array, position[member])
            for array in (*self.steps.inputs, *self.on_arrays.constants, *(step.array for step in self.steps.steps))
            for position in ({place: at for at, place in enumerate(array.places)},)
            for member, k in array.family.outputs
            if member in position
        }
        self.plans = [_plan([home[k] for k in range(leaf.start, leaf.start + leaf.count)]) for leaf in self.outputs]

    def run(self, given: list[Any], total: bool) -> list[Any]:
        arrays = together(given, [self.lift(x) for x in given])
        n = samples_of(self.leaves, [tuple(x.shape) for x in arrays])
        if n is None or self.block is None or n <= self.block:
            return [own(x) for x in self.block_of(arrays, n, total)]
        parts = []
        for first in range(0, n, self.block):
            here = [
                x if tuple(x.shape) == leaf.shape else x[first : first + self.block]
                for leaf, x in zip(self.leaves, arrays)
            ]
            parts.append(self.block_of(here, min(self.block, n - first), total))
        if total:
            return [sum(each[1:], each[0]) for each in zip(*parts)]
        return [self.xp.concatenate(each) for each in zip(*parts)]

    def block_of(self, arrays: list[Any], n: int | None, total: bool) -> list[Any]:
        """What each leaf of the outputs is, perhaps as a view of an input, a constant or another one."""
        inputs = {}
        some = [(leaf, x) for leaf, x in zip(self.leaves, arrays) if leaf.count]
        for (leaf, x), family in zip(some, self.steps.families.leaves):
            each = tuple(x.shape) != leaf.shape
            ahead = (n,) if each else ()
            for array in self.steps.arrays.of[family]:
                whole = array.places == range(leaf.count)
                part = x if whole else x.reshape((*ahead, leaf.count))[..., _indices(list(array.places))]
                inputs[array] = part.reshape((*ahead, *array.shape)), each
        with self.quiet():
            results = self.on_arrays.run(inputs, n, total)
        return [self.leaf(leaf, plan, results, None if total else n) for leaf, plan in zip(self.outputs, self.plans)]

    def leaf(self, leaf: Leaf, plan: _Plan, results: Mapping[Array, Any], n: int | None) -> Any:
        """An output's array from those of the families."""
        pieces, order = plan
        ahead = () if n is None else (n,)
        found = []
        for array, positions in pieces:
            x = results[array]
            if tuple(x.shape) == array.shape and ahead:
                x = self.xp.broadcast_to(x, (*ahead, *array.shape))
            x = x.reshape((*ahead, len(array.places)))
            found.append(x if positions is None else x[..., _indices(positions)])
        x = found[0] if len(found) == 1 else self.xp.concatenate(found, -1) if found else self.lift([])
        return (x if order is None else x[..., _indices(order)]).reshape((*ahead, *leaf.shape))

    def copy(self, result: Any, buffer: Any) -> None:
        copied(result, buffer, tuple(result.shape), result.dtype)


def copied(result: Any, buffer: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """A result in a buffer of the caller's.

    Raises LoweringError where the buffer is no array of this shape, or of a type that would round or cut numbers.
    """
    if not hasattr(buffer, "dtype"):
        raise LoweringError(f"out needs an array of shape {shape} for each output, and has {told(buffer)}")
    if tuple(buffer.shape) != shape:
        raise LoweringError(f"out has an array of shape {tuple(buffer.shape)} for one of {shape}")
    if buffer.dtype != dtype:
        raise LoweringError(f"out has an array of {buffer.dtype} for numbers of {dtype}; give one of {dtype}")
    buffer[...] = result


def _indices(positions: list[int]) -> Any:
    """Positions as every library of arrays takes them; JAX takes no lists."""
    import numpy

    return numpy.asarray(positions, dtype=int)


_Plan = tuple[list[tuple[Array, "list[int] | None"]], "list[int] | None"]


def _plan(homes: list[tuple[Array, int]]) -> _Plan:
    """What to put together for an output, array by array, and in which order."""
    by_array: dict[Array, list[int]] = {}
    at: dict[Array, list[int]] = {}
    for k, (array, position) in enumerate(homes):
        by_array.setdefault(array, []).append(position)
        at.setdefault(array, []).append(k)
    pieces = [(array, None if p == [*range(len(array.places))] else p) for array, p in by_array.items()]
    order = [k for places in at.values() for k in places]
    in_order = order == [*range(len(order))]
    return pieces, None if in_order else sorted(range(len(order)), key=order.__getitem__)


def named_leaves(program: Program, takes: Tree) -> list[tuple[str, list[int]]]:
    """The leaves of the inputs for `families`, but for empty ones: called by their labels' stem, else by their key."""
    found = []
    for leaf in leaves(takes):
        if not leaf.count:
            continue
        numbers = program.inputs[leaf.start : leaf.start + leaf.count]
        found.append(
            (
                stem([program.names[i] for i in numbers]) or identifier("_".join(re.findall(r"\w+", leaf.path)) or "x"),
                numbers,
            )
        )
    return found


# --- numbers, sample by sample ------------------------------------------------------------------------


class OfNumbers:
    """A program on numbers of any kind: floats, fractions, mpmath's, SymPy's; leaves are lists.

    function  of all inputs one by one; returns the list of outputs
    """

    def __init__(self, takes: Tree, gives: Tree, function: Callable[..., Any]) -> None:
        self.leaves = list(leaves(takes))
        self.outputs = list(leaves(gives))
        self.function = function
        self.zero = getattr(function, "zero", 0.0)

    def run(self, given: list[Any], total: bool) -> list[Any]:
        lists = [unmasked(x).tolist() if hasattr(x, "tolist") else x for x in given]
        # An array of no samples knows its shape, and a list of none does not.
        shapes = [tuple(x.shape) if hasattr(x, "tolist") else shape_of(y) for x, y in zip(given, lists)]
        n = samples_of(self.leaves, shapes)
        shared = [flat(x) if shape == leaf.shape else None for leaf, x, shape in zip(self.leaves, lists, shapes)]
        rows = [
            self.function(*[y for x, one in zip(lists, shared) for y in (flat(x[k]) if one is None else one)])
            for k in range(1 if n is None else n)
        ]
        if n is not None and not total:
            return [[o.of(row) for row in rows] for o in self.outputs]
        sums = [sum(column[1:], column[0]) for column in zip(*rows)]
        return [o.of(sums if rows else [self.zero] * (o.start + o.count)) for o in self.outputs]

    def copy(self, result: Any, buffer: Any) -> None:
        if hasattr(buffer, "dtype"):
            dtype = "float64" if self.zero.__class__ is float and buffer.dtype != object else "object"
            copied(result, buffer, shape_of(result), dtype)
        elif not (isinstance(result, list) and isinstance(buffer, list)):
            raise LoweringError("out needs a list or an array for each output, and a single number has no place in one")
        elif len(buffer) != len(result):
            raise LoweringError(f"out has {len(buffer)} places for {len(result)} numbers")
        else:
            buffer[:] = result
