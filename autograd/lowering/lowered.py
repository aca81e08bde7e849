"""Graph → program, and what can be done with it: read it, run it on floats, take it to another target."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import LoweringError
from ..value import Value
from .program import Program, program_of
from .python import compiled, source
from .structure import Tree, check_names, of_scalars, parsed, structured
from .targets import compiled_for, structured_for

if TYPE_CHECKING:
    from .families import Families
    from .matrices import Matrices

_MADE_AGAIN = ("_run", "source", "latex", "families", "matrices", "_on_lists")


class Lowered(Program):
    """A program that can be called: it runs on floats, with the standard library alone.

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> program = lower([x * y + 1, x * y], [x, y])
    >>> program(4.0, 5.0), len(program.instructions)
    ([21.0, 20.0], 2)
    """

    takes: Tree | None = None  # the structure of the inputs and of the outputs, where one of them has one
    gives: Tree | None = None

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
    def latex(self) -> str:
        r"""The program as equations in LaTeX, one line for each named result, in the letters of the labels.

        >>> u = Value(0.5, "θ₁") * Value(2.0, "x₁"); u.label = "u₁"
        >>> print(lower(u, list(u.parents)).latex)
        \begin{aligned}
        u_{1} &= \theta_{1} \, x_{1}
        \end{aligned}
        """
        from .equations import latex

        return latex(self)

    @cached_property
    def families(self) -> Families:
        """The layers that the program still knows: instructions of one kind, as loops.

        >>> xs, ys = [Value(1.0, f"x{i}") for i in range(9)], [Value(2.0, f"y{i}") for i in range(9)]
        >>> print(lower([(x - y).tanh() for x, y in zip(xs, ys)], [*xs, *ys]).families)
        v[9] = sub(x[i], y[i])
        v_2[9] = tanh(v[i])
        """
        from .families import families

        if self.takes is None:
            return families(self)
        from .structured import named_leaves

        return families(self, named_leaves(self, self.takes))

    @cached_property
    def matrices(self) -> Matrices:
        """The program as matrix formulas, read off its scalar instructions.

        >>> x, w = [Value(1.0, f"x{i}") for i in range(3)], [Value(2.0, f"w{i}") for i in range(3)]
        >>> print(lower(sum(a * b for a, b in zip(w, x)).tanh(), [*x, *w]).matrices)
        v = tanh(0 + dot(w, x))
        """
        from .matrices import Matrices

        return Matrices(self.families)

    @cached_property
    def _run(self) -> Callable[..., Any]:
        return compiled(self)

    @cached_property
    def _on_lists(self) -> Any:
        return self.to("python")

    def __call__(self, /, *inputs: Any, **named: Any) -> Any:
        """The outputs as a list of floats, or one float if one Value was lowered; else in their structure.

        Raises LoweringError for another number of inputs than the program has, or another structure.
        """
        if self.takes is not None:
            return self._on_lists(*inputs, **named)
        if named:
            raise LoweringError(f"the program's inputs have no names: {', '.join(named)} cannot be given by name")
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
        if self.takes is not None and self.gives is not None:
            return structured_for(self, self.takes, self.gives, target, **options)
        return compiled_for(self, target, **options)

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle keeps: not the function and the text that it was made of, which are made again."""
        return {key: x for key, x in self.__dict__.items() if key not in _MADE_AGAIN}


def lower(outputs: Any, inputs: Any, *, allow_constants: bool = False) -> Lowered:
    """The graph of the outputs as a program of the inputs.

    outputs          a Value, or several; gradients from `grad` among them
    inputs           the leaves that become the program's arguments, in this order
    allow_constants  whether an output may be independent of the inputs, like the zeros of a Hessian

    Both may have a structure: dictionaries, lists, tuples and named tuples around Values, flat lists of Values and
    object arrays of them.  Each of these is an array to the program, which is called with the inputs' names and
    returns the outputs' structure; an array with one more axis in front has samples.  A flat list as the outermost
    thing is so many single numbers, as is a flat tuple of outputs, which stays a tuple if the inputs have a structure.

    Raises LoweringError for an output that no input reaches, for a leaf that is neither an input nor a plain number,
    whose value would be frozen into the program, and for inputs called `out` or `threads`, which a call has itself.

    >>> from autograd import grad
    >>> x = Value(3.0, "x"); y = x * x * x
    >>> lower([y, *grad(y, [x])], [x])(2.0)
    [8.0, 12.0]
    >>> a, b = Value(2.0), Value(3.0)
    >>> lower({"sum": a + b, "both": [a * b, a / b]}, {"a": a, "b": b})(a=8.0, b=2.0)
    {'sum': 10.0, 'both': [16.0, 4.0]}
    """
    shaped = structured(outputs) or getattr(outputs, "ndim", 0) > 0
    if not shaped and not structured(inputs):
        return Lowered(**vars(program_of(outputs, inputs, allow_constants)))
    single = isinstance(outputs, Value)
    gives, results = (
        parsed("outputs", outputs)
        if shaped or isinstance(outputs, tuple)
        else (None, [outputs] if single else list(outputs))
    )
    takes, arguments = parsed("inputs", inputs) if structured(inputs) else (None, inputs)
    program = Lowered(**vars(program_of(results, arguments, allow_constants)))
    program.gives = gives or of_scalars(results, single)
    program.takes = takes or of_scalars(program.inputs, isinstance(inputs, Value))
    check_names(program.takes)
    return program
