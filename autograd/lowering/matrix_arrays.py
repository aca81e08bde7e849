"""Matrix formulas on arrays: NumPy, JAX, PyTorch, samples along a first axis where there are any.

value    an array, and whether its first axis are the samples; what does not depend on them has none
label    of a value's axes: the loops of a reading, and −1 for the samples

Every product with a sum is one product of matrices, whatever its loops are: loops of both factors
that are left are its batch, loops of both that are summed are what it contracts.  A gradient that is
only asked for in sum contracts the samples too, and is never stored for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

from .matrix_steps import Applied, Formula, Step, Steps, Term
from .readings import Array, Reading

Sampled: TypeAlias = "tuple[Any, bool]"
_SAMPLES = -1


class OnArrays:
    """The steps of a program over an array namespace.

    functions  row -> its function of arrays
    lift       numbers -> an array of the namespace
    indices    list of positions -> what selects them
    """

    def __init__(
        self,
        steps: Steps,
        xp: Any,
        functions: Mapping[Any, Callable[..., Any]],
        lift: Callable[[Any], Any],
        indices: Callable[[list[int]], Any],
    ) -> None:
        self.steps = steps
        self.xp = xp
        self.functions = functions
        self.lift = lift
        self.constants = {
            array: lift(array.family.values[0] if not array.shape else list(array.family.values))
            for leaf in steps.families.leaves
            if leaf.values
            for array in steps.arrays.of[leaf]
        }
        self.tables = {id(r): indices(r.table) for step in steps.steps for r in step.readings if r.table}

    def run(self, inputs: Mapping[Array, Sampled], samples: int | None, summed: bool) -> dict[Array, Any]:
        """The arrays of all steps that have outputs, and of inputs that are outputs themselves.

        samples  how many; None for a single one without an axis
        summed   whether over the samples; else those that do not depend on them have no axis for them
        """
        place = next((x.device for x, _ in inputs.values() if hasattr(x, "is_meta")), None)  # PyTorch's
        constants = {array: x if place is None else x.to(place) for array, x in self.constants.items()}
        values: dict[Array, Sampled] = {**inputs, **{array: (x, False) for array, x in constants.items()}}
        results: dict[Array, Any] = {}
        for step in self.steps.steps:
            family = step.array.family
            if summed and samples is not None and not family.readers and (terms := _products(step.formula)) is not None:
                results[step.array] = self.terms(terms, values, step, samples)[0]
                continue
            values[step.array] = value = self.step(step, values)
            if family.outputs:
                results[step.array] = self.total(value, samples) if summed else value[0]
        for array, value in (*inputs.items(), *values.items()):
            if array.family.outputs and array not in results:
                results[array] = self.total(value, samples) if summed else value[0]
        return results

    def total(self, value: Sampled, samples: int | None) -> Any:
        x, each = value
        return x.sum(0) if each else x if samples is None else x * float(samples)

    def step(self, step: Step, values: Mapping[Array, Sampled]) -> Sampled:
        formula, over = step.formula, range(len(step.array.shape))
        if not isinstance(formula, Applied):
            return self.terms(formula, values, step, None)
        if formula.together:
            x, each = self.read(formula.readings[0], values)
            return softmaxes(self.xp, x), each
        if formula.row.name == "take" and (found := self.taken(formula, step, values)) is not None:
            return found
        operands: list[Any] = []
        each = any(values[reading.array][1] for reading in formula.readings)
        for reading in formula.readings:
            x, has = self.read(reading, values)
            loops = [label for label in reading.axes if label not in over]
            samples = [_SAMPLES] if has else []
            x = placed(x, [*samples, *reading.axes], [*loops, *samples, *over])
            # Operands along loops over terms are one array each.
            operands += list(x.reshape((-1, *x.shape[len(loops) :]))) if loops else [x]
        return self.shaped(self.functions[formula.row](*operands), step, each), each

    def taken(self, formula: Applied, step: Step, values: Mapping[Array, Sampled]) -> Sampled | None:
        """`take` of a table whose entries stand along one loop; None where they do not."""
        over = range(len(step.array.shape))
        if len(formula.readings) != 2 or len(loops := [k for k in formula.readings[0].axes if k not in over]) != 1:
            return None
        (table, has), (index, indexed) = (self.read(reading, values) for reading in formula.readings)
        each = has or indexed
        samples = [_SAMPLES] if each else []
        labels = [([_SAMPLES] if own else []) + list(r.axes) for own, r in zip((has, indexed), formula.readings)]
        table = placed(table, labels[0], [*loops, *samples, *over])
        return self.shaped(gathered(self.xp, table, placed(index, labels[1], [*samples, *over])), step, each), each

    def shaped(self, x: Any, step: Step, each: bool) -> Any:
        """A result as large as its step says, where it had less to be computed from."""
        shape = (*x.shape[:1], *step.array.shape) if each else step.array.shape
        return x if tuple(x.shape) == shape else self.xp.broadcast_to(x, shape)

    def read(self, reading: Reading, values: Mapping[Array, Sampled]) -> Sampled:
        x, each = values[reading.array]
        ahead = tuple(x.shape[:1]) if each else ()
        if reading.table:
            return x.reshape((*ahead, -1))[..., self.tables[id(reading)]].reshape((*ahead, *reading.shape)), each
        if reading.index is not None:
            x = x[(..., *reading.index)]
        return (x.reshape((*ahead, *reading.shape)) if reading.reshaped else x), each

    def terms(self, terms: list[Term], values: Mapping[Array, Sampled], step: Step, samples: int | None) -> Sampled:
        """Σ of the terms; with the number of samples, over these too."""
        total: Any = 0.0
        over = range(len(step.array.shape))
        each = samples is None and any(values[r.array][1] for term in terms for r in term.readings)
        for k, term in enumerate(terms):
            factors = []
            for reading in term.readings:
                x, has = self.read(reading, values)
                factors.append((x, [*([_SAMPLES] if has else []), *reading.axes]))
            varies = any(_SAMPLES in labels for _, labels in factors)
            factor = term.factor if samples is None or varies else term.factor * samples
            if factors:
                product = self.product(factors, [*([_SAMPLES] if each and varies else []), *over])
                product = product if factor == 1.0 else -product if factor == -1.0 else product * factor
            else:
                product = self.lift(factor)
            total = total + product if k else product
        return self.shaped(total if terms else self.lift(0.0), step, each), each

    def product(self, factors: list[tuple[Any, list[int]]], left: list[int]) -> Any:
        """One or two arrays multiplied, with those of their loops summed that are not left; axes as in `left`."""
        if len(factors) == 1:
            return placed(*summed(*factors[0], left), left)
        (a, of_a), (b, of_b) = factors
        a, of_a = summed(a, of_a, [*left, *of_b])
        b, of_b = summed(b, of_b, [*left, *of_a])
        inner = [label for label in of_a if label in of_b and label not in left]
        batch = [label for label in of_a if label in of_b and label in left]
        rows = [label for label in of_a if label not in of_b]
        columns = [label for label in of_b if label not in of_a]
        outside = [label for label in left if label in of_a or label in of_b]
        if not inner or (batch and not (rows and columns)):
            labels = [*outside, *inner]
            x = placed(a, of_a, labels) * placed(b, of_b, labels)
            return placed(*summed(x, labels, outside), left)
        size = {**dict(zip(of_a, a.shape)), **dict(zip(of_b, b.shape))}
        stack, height, width, depth = ([size[label] for label in labels] for labels in (batch, rows, columns, inner))
        first = placed(a, of_a, [*batch, *rows, *inner]).reshape((*stack, prod(height), prod(depth)))
        second = placed(b, of_b, [*batch, *inner, *columns]).reshape((*stack, prod(depth), prod(width)))
        return placed((first @ second).reshape((*stack, *height, *width)), [*batch, *rows, *columns], left)


class OnColumns(OnArrays):
    """The same for single inputs and outputs: each input a number, or an array with a number for each sample."""

    def outputs(self, inputs: Sequence[Any], shape: tuple[int, ...], total: bool) -> list[Any]:
        """What the program returns; `shape` is that of the samples, () for a single one.

        total  whether summed over the samples; else outputs that do not depend on them have no axis for them
        """
        samples = prod(shape) if shape else None
        inputs = [x.reshape(-1) if len(x.shape) else x for x in inputs] if len(shape) > 1 else inputs
        arrays = {array: self.gathered(array, inputs, samples) for array in self.steps.inputs}
        results = self.run(arrays, samples, total)
        found: list[Any] = [None] * len(self.steps.families.program.outputs)
        for array, x in results.items():
            ahead = () if total or tuple(x.shape) == array.shape else (samples,)
            flat = x.reshape((*ahead, -1))
            position = {place: k for k, place in enumerate(array.places)}
            for member, k in array.family.outputs:
                if member in position:
                    one = flat[..., position[member]]
                    found[k] = one.reshape(shape) if ahead and len(shape) > 1 else one
        return found

    def gathered(self, array: Array, inputs: Sequence[Any], samples: int | None) -> Sampled:
        """Single inputs as an array; they have an axis of samples if one of them has."""
        columns = [inputs[array.family.results[place]] for place in array.places]
        each = any(len(x.shape) for x in columns)
        if each:
            columns = [self.xp.broadcast_to(x, (samples,)) for x in columns]
        if not array.shape:
            return columns[0], each
        return self.xp.stack(columns, -1).reshape((*([samples] if each else []), *array.shape)), each


def placed(x: Any, labels: Sequence[int], order: Sequence[int]) -> Any:
    """An array with its axes in another order, and axes of length 1 for labels that it does not have."""
    present = [label for label in order if label in labels]
    if list(labels) != present:
        turned = [list(labels).index(label) for label in present]
        x = x.permute(*turned) if hasattr(x, "permute") else x.transpose(turned)
    if len(present) < len(order):
        sizes = iter(x.shape)
        x = x.reshape(tuple(next(sizes) if label in present else 1 for label in order))
    return x


def summed(x: Any, labels: Sequence[int], kept: Sequence[int]) -> tuple[Any, list[int]]:
    """An array without the loops that are not kept, summed over them."""
    gone = tuple(axis for axis, label in enumerate(labels) if label not in kept)
    return (x.sum(gone) if gone else x), [label for label in labels if label in kept]


def gathered(xp: Any, table: Any, index: Any) -> Any:
    """table[index[i, j, …], i, j, …], where an axis of length 1 stands for any; nan where there is no such entry."""
    there = (index >= 0.0) & (index < table.shape[0]) & (xp.floor(index) == index)
    whole = xp.where(there, index, xp.zeros_like(index))
    whole = whole.long() if hasattr(whole, "long") else whole.astype(int)
    device = {"device": table.device} if hasattr(whole, "long") else {}
    sizes = table.shape[1:]
    grid = [
        xp.arange(size, **device).reshape([size if k == axis else 1 for k in range(len(sizes))])
        for axis, size in enumerate(sizes)
    ]
    taken = table[(whole, *grid)]
    return xp.where(there, taken, xp.full_like(taken, math.nan))


def softmaxes(xp: Any, x: Any) -> Any:
    """exp(xᵢ) / Σ exp(xⱼ) along the last axis; the largest is subtracted first."""
    largest = xp.amax(x, -1)[..., None]
    terms = xp.where(x == largest, 1.0, xp.exp(x - largest))
    terms = xp.where(largest == -math.inf, math.nan, terms)
    return terms / terms.sum(-1)[..., None]


def _products(formula: Formula) -> list[Term] | None:
    """A formula that is a sum of products, as such."""
    if not isinstance(formula, Applied):
        return formula
    return [Term(1.0, formula.readings, ())] if formula.row.name == "mul" else None
