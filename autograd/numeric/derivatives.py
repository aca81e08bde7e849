"""Derivatives of functions of numbers, for scripts and for SciPy: value_and_grad, jacobian_of, hessian_of, hvp_of.

A function f takes a number, a sequence, an array or any nesting of them, is run once on Values in
their places, and its derivative comes back in the caller's own container.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..errors import AutogradTypeError, AutogradValueError
from ..forward import hvp, jacobian
from ..functions import sumprod
from ..gradient import grad, hessian
from ..recording import is_recording, number, remembering
from ..value import Value, computed_from, literal
from .nesting import Leaf, Tree, filled, leaves, put_together, rebuilt, taken_apart


def value_and_grad(f: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """The function x ↦ (f(x), ∂f/∂x), for `scipy.optimize.minimize(value_and_grad(f), x0, jac=True)`.

    f   takes a number, a list, tuple, dictionary or array of numbers, or any nesting of them, and returns one
        number, computed with this package's functions, operators, or NumPy's functions on the object array that
        it is given in place of an array; what other arguments it takes count as constants

    The gradient has x's own container: an array for an array, always of float64.  Called with Values, it
    returns Values, which can be differentiated, drawn and lowered.  A plain number that f returns is a
    constant, with gradient 0.  No `.grad` of anybody's is changed, and within no_grad() it works too.
    Raises AutogradTypeError where f is no function, x holds something else, or f returns no single number.

    >>> f = lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> value_and_grad(f)([-1.0, 2.0])
    (104.0, [396.0, 200.0])
    >>> value_and_grad(lambda p: p["a"] * p["b"][1])({"a": 3.0, "b": (1.0, 2.0)})
    (6.0, {'a': 2.0, 'b': (0.0, 3.0)})
    """
    called = _function("value_and_grad", f)

    @wraps(f)
    def g(x: Any, /, *args: Any, **named: Any) -> tuple[Any, Any]:
        tree, xs, y, symbolic = _run(called, f, x, args, named)
        if symbolic:
            return y if is_recording() else y.detach(), put_together(tree, grad(y, xs))
        return y.data, put_together(tree, _slopes(y, xs))

    return g


def jacobian_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function x ↦ ∂fᵢ/∂xⱼ of a function with several results, for SciPy's `least_squares` and `root`.

    f   as for value_and_grad, but returns a nesting of numbers: a list, an array, a dictionary, …

    In each place of f's result stands its gradient in x's container; arrays of arrays are one array of shape
    (*result, *x).  Called with Values it returns Values.  Raises as value_and_grad does.

    >>> jacobian_of(lambda x: [x[0] * x[1], x[0] - x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, -1.0]]
    """
    called = _function("jacobian_of", f)

    @wraps(f)
    def g(x: Any, /, *args: Any, **named: Any) -> Any:
        tree, xs, symbolic = _inputs(called, x)
        with remembering():
            results, found = taken_apart(f(put_together(tree, xs), *args, **named), f"{called}: the result of f")
            ys = [y if isinstance(y, Value) else literal(y) for y in found]
        rows = jacobian(ys, xs) if symbolic else [_slopes(y, xs) for y in ys]
        return _matrix(results, tree, rows)

    return g


def hessian_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function x ↦ ∂²f/∂xᵢ∂xⱼ, for SciPy's `hess=`.

    f   as for value_and_grad

    For an array it is an array of shape (*x.shape, *x.shape), for a list a list of lists; in any nesting x's
    container stands in each place of x's container.  Called with Values it returns Values.  Raises as
    value_and_grad does.

    >>> hessian_of(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    called = _function("hessian_of", f)

    @wraps(f)
    def g(x: Any, /, *args: Any, **named: Any) -> Any:
        tree, xs, y, symbolic = _run(called, f, x, args, named)
        if symbolic:
            return _matrix(tree, tree, hessian(y, xs))
        with remembering():
            slopes = grad(y, xs)
        return _matrix(tree, tree, [_slopes(slope, xs) for slope in slopes])

    return g


def hvp_of(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function (x, p) ↦ Σⱼ ∂²f/∂xᵢ∂xⱼ·pⱼ, for SciPy's `hessp=`: the Hessian is never built.

    f   as for value_and_grad
    p   a direction, nested as x is

    The result has x's container.  Called with Values it returns Values, and p counts as constant.  Raises as
    value_and_grad does, and AutogradValueError where p has another shape than x.

    >>> hvp_of(lambda x: x[0] ** 2 * x[1])([2.0, 3.0], [1.0, 10.0])
    [46.0, 4.0]
    """
    called = _function("hvp_of", f)

    @wraps(f)
    def g(x: Any, p: Any, /, *args: Any, **named: Any) -> Any:
        tree, xs, y, symbolic = _run(called, f, x, args, named)
        shape, direction = taken_apart(p, f"{called}: p")
        if len(direction) != len(xs) or [_.shape for _ in leaves(shape)] != [_.shape for _ in leaves(tree)]:
            raise AutogradValueError(
                f"{called}: p is a direction in x, nested as x is: x has {len(xs)} numbers, p {len(direction)}"
            )
        if symbolic or any(isinstance(v, Value) for v in direction):
            return put_together(tree, hvp(y, xs, direction))
        with remembering():  # the gradient's slope along p: the Hessian is symmetric
            along = sumprod(grad(y, xs), direction) if xs else literal(0.0)
        return put_together(tree, _slopes(along, xs))

    del g.__wrapped__  # whose signature has no p
    return g


def _function(name: str, f: object) -> str:
    if not callable(f):
        raise AutogradTypeError(f"{name}(f) takes a function, and was given {f!r}")
    return f"{name}({getattr(f, '__name__', 'f')})(x)"


def _inputs(called: str, x: Any) -> tuple[Tree, list[Value], bool]:
    """The shape of x, a Value for each of its numbers, and whether it held Values."""
    tree, flat = taken_apart(x, called)
    given = [v for v in flat if isinstance(v, Value)]
    if not given:
        return tree, [Value(v) for v in flat], False
    if len(set(given)) == len(given) and all(v.op is None for v in given):
        return tree, [v if isinstance(v, Value) else Value(v) for v in flat], True
    # One in two places, or computed from another: a node for each place, since they vary one by one.
    return tree, [1.0 * v if isinstance(v, Value) else Value(v) for v in flat], True


def _run(called: str, f: Callable[..., Any], x: Any, args: Any, named: Any) -> tuple[Tree, list[Value], Value, bool]:
    """The shape of x, its Values, f of them, and whether x held Values."""
    tree, xs, symbolic = _inputs(called, x)
    with remembering():
        y = f(put_together(tree, xs), *args, **named)
        if getattr(y, "ndim", None) == 0 and hasattr(y, "item"):
            y = y.item()
        if isinstance(y, Sequence) or getattr(y, "ndim", None):
            raise AutogradTypeError(
                f"{called}: f must return one number, and returned {y!r:.80}; of several results take jacobian_of(f)"
            )
        return tree, xs, y if isinstance(y, Value) else literal(number(y, f"{called}: the result of f")), symbolic


def _slopes(y: Value, xs: list[Value]) -> list[float]:
    """∂y/∂x for every x as floats, where the xs are leaves of our own."""
    if not computed_from(y, xs):
        return [slope.data for slope in grad(y, xs)]
    for x in xs:
        x.grad = 0.0
    y.backward()
    return [x.grad for x in xs]


def _matrix(rows: Tree, columns: Tree, entries: list[list[Any]]) -> Any:
    """The entries as a nesting of rows with a nesting of columns in each place; array by array is one array."""

    def of_rows(r: Leaf) -> Any:
        block = entries[r.start : r.end]
        if r.is_array:
            return rebuilt(columns, lambda c: of_columns(r, c, block))
        return filled(r, [put_together(columns, row) for row in block])

    def of_columns(r: Leaf, c: Leaf, block: list[list[Any]]) -> Any:
        if c.is_array:
            return filled(r, [filled(c, row[c.start : c.end]) for row in block])
        return filled(c, [filled(r, [row[j] for row in block]) for j in range(c.start, c.end)])

    return rebuilt(rows, of_rows)
