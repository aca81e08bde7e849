"""Graph → program, and what can be done with it: read it, run it on floats, take it to another target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from ..value import Value
from .program import Program, program_of
from .python import compiled, source
from .targets import compiled_for


class Lowered(Program):
    """A program that can be called: it runs on floats, with the standard library alone.

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> program = lower([x * y + 1, x * y], [x, y])
    >>> program(4.0, 5.0), len(program.instructions)
    ([21.0, 20.0], 2)
    """

    @cached_property
    def source(self) -> str:
        """The program as Python that can be read, one line for each named result.

        >>> u = Value(0.5, "θ") * Value(2.0, "x"); u.label = "u"
        >>> print(lower(u.tanh(), list(u.parents)).source)
        def program(theta, x):
            u = theta * x
            return tanh(u)
        <BLANKLINE>
        """
        return source(self)

    @cached_property
    def _run(self) -> Callable[..., Any]:
        return compiled(self)

    def __call__(self, *inputs: float) -> Any:
        """The outputs as a list of floats, or one float if one Value was lowered.

        Raises LoweringError for another number of inputs than the program has.
        """
        if len(inputs) != len(self.inputs):
            self.check_count(inputs)
        return self._run(*inputs)

    def to(self, target: str, **options: Any) -> Any:
        """The same program in another namespace, or as text or machine code.

        target   "numpy", "jax" or "torch": a function of arrays, samples along the first axis,
                 scalars broadcast; "sympy", "fractions", "mpmath": a function of symbols, of
                 exact fractions, of numbers of any precision; "javascript": text; "native":
                 machine code, a function of columns; "python": the same on lists
        options  of that target, see targets.py

        Raises LoweringError for an unknown target, and MissingDependency that names the package
        to install.

        >>> x = Value(1.0, "x")
        >>> print(lower(x * x, [x]).to("javascript"))
        function program(x) {
          return x * x;
        }
        <BLANKLINE>
        """
        return compiled_for(self, target, **options)

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle keeps: not the function and the text that it was made of, which are made again."""
        return {key: x for key, x in self.__dict__.items() if key not in ("_run", "source")}


def lower(outputs: Value | Iterable[Value], inputs: Iterable[Value], *, allow_constants: bool = False) -> Lowered:
    """The graph of the outputs as a program of the inputs.

    outputs          a Value, or several; gradients from `grad` among them
    inputs           the leaves that become the program's arguments, in this order
    allow_constants  whether an output may be independent of the inputs, like the zeros of a Hessian

    Raises LoweringError for an output that no input reaches, and for a leaf that is neither an
    input nor a plain number: its value would be frozen into the program.

    >>> from autograd import grad
    >>> x = Value(3.0, "x"); y = x * x * x
    >>> lower([y, *grad(y, [x])], [x])(2.0)
    [8.0, 12.0]
    """
    return Lowered(**vars(program_of(outputs, inputs, allow_constants)))
