"""The matrix form of a program, as an object: `print` it, show it in a notebook, run it with NumPy.

families       instructions → families
readings       operands as parts of named arrays
matrix_steps   families → formulas
matrix_text    steps → text and LaTeX
matrix_arrays  steps → functions of arrays
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from . import matrix_text
from .batches import Batched, own
from .families import Families, families
from .matrix_arrays import OnColumns
from .matrix_steps import Steps
from .program import Program
from .targets import compiled_for


class Matrices:
    """A program as matrix formulas, which nobody wrote: they are read off the scalar instructions.

    >>> from autograd import Value, grad, sumprod
    >>> from autograd.lowering import lower
    >>> from nn import MLP
    >>> net, ys = MLP(3, [4, 2], output_activation="linear"), [Value(0.5, "y1"), Value(0.5, "y2")]
    >>> run, parameters = net.forward([0.1, 0.2, 0.3]), net.parameters()
    >>> v = [y - o for y, o in zip(ys, run.outputs)]
    >>> err = sumprod(v, v); err.label = "Err"
    >>> print(matrices(lower([err, *grad(err, parameters)], [*run.inputs, *ys, *parameters])))
    u1 = theta1 @ x + b1
    o1 = tanh(u1)
    u2 = theta2 @ o1 + b2
    v = y - u2
    Err = dot(v, v)
    delta2 = -(2 * v)
    d_theta2 = outer(delta2, o1)
    delta1 = sech2(u1) * (theta2.T @ delta2)
    d_theta1 = outer(delta1, x)
    d_b2 = delta2
    d_b1 = delta1
    """

    def __init__(self, found: Families) -> None:
        self.families = found

    @cached_property
    def steps(self) -> Steps:
        return Steps(self.families)

    @cached_property
    def text(self) -> str:
        """The formulas as Python for NumPy, one line for each step that has a name or is used twice."""
        return matrix_text.text(self.steps)

    @cached_property
    def latex(self) -> str:
        """The formulas in LaTeX, aligned at their =; ⊙ multiplies entry by entry."""
        return matrix_text.latex(self.steps)

    def __call__(self, *inputs: Any) -> list[Any]:
        """The program's outputs by these formulas in NumPy; inputs one by one, numbers or a number for each sample.

        Equal to the program's within n·u·Σ|aᵢ·bᵢ| for each sum of n products.  Raises MissingDependency without NumPy.
        """
        batched, engine = self._numpy
        arrays, shape = batched.arrays(inputs)
        with batched.quiet():
            return [own(x) for x in engine.outputs(arrays, shape, total=False)]

    @cached_property
    def _numpy(self) -> tuple[Batched, OnColumns]:
        program = self.families.program
        batched = compiled_for(program, "numpy")
        functions = {row: batched.functions[name] for row, name in program.functions.items()}
        return batched, OnColumns(self.steps, batched.xp, functions, batched.lift, list)

    @property
    def indices(self) -> dict[str, list[Any]]:
        """The index arrays that the text names, as nested lists; what is affine needs none."""
        return matrix_text.indices(self.steps)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The arrays that the formulas start from, and their shapes."""
        return {array.name: array.shape for array in self.steps.inputs}

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Matrices({len(self.text.splitlines())} formulas)"

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


def matrices(program: Program, leaves: Iterable[tuple[str, Sequence[int]]] | None = None) -> Matrices:
    """The matrix form of a program; `leaves` as for `families`."""
    return Matrices(families(program, leaves))
