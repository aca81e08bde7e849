"""Forward mode on graphs: tangents that go along with the values, from the leaves to the results.

u̇ is the rate at which u changes when the leaves move with the rates ẋ = v:

    ẋ = v        u̇ = Σ over the operands of ∂u/∂operand · (the operand's tangent)

One pass for all outputs together, where reverse mode needs one for each; of many leaves
together it gives only their sum.  For a neuron, u̇ = sumprod(θ, ȯ) and ȯ = σ'(u) · u̇.
"""

from __future__ import annotations

from collections.abc import Iterable

from .chain.branches import Branch, Factor
from .chain.sums import Sum, as_node, begun, nodes, weights
from .errors import AutogradValueError
from .gradient import grad, one_output, uses
from .graph import toposort
from .recording import remembering
from .taking.tables import operands
from .value import Number, Value
from .words.naming import tangent_name

MODES = ("reverse", "forward")


def jvp(ys: Iterable[Value] | Value, xs: Iterable[Value] | Value, v: Iterable[Number] | Number) -> list[Value]:
    """Σⱼ ∂y/∂xⱼ·vⱼ for every y: the Jacobian times a column of rates, in one forward pass, as Values.

    ys   the outputs
    xs   the Values that move, leaves or interior nodes
    v    the rate of each x, a number or a Value

    The forward mode of Griewank & Walther, Evaluating Derivatives, section 3.1, with the rules of
    the one table.  It depends on v where that has Values; leaves' `.grad` are left alone.  Raises
    AutogradTypeError for anything that is not a Value or a number, and AutogradValueError where v
    has not one rate for each x.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [dy.data for dy in jvp([a * b, a + b, b * b], [a, b], [1.0, 10.0])]
    [23.0, 11.0, 60.0]
    """
    call = "jvp(ys, xs, v)"
    ys, xs = nodes(call, "two lists of Values", ys), nodes(call, "two lists of Values", xs)
    v = weights(call, v, xs)
    order = toposort(*ys, whole=True)
    sums = begun(order, xs, zip(xs, v))
    tangents: dict[Value, tuple[Factor, Branch | None]] = {}
    old = {*order, *v}  # these keep their labels; a new node is called after its tangent
    for node, total in sums.items():
        if not sums.keys().isdisjoint(operands(node)):
            _gather(node, total, tangents, ys)
        rate_of = total.factor()
        if rate_of is not None:
            if isinstance(rate_of, Value) and not rate_of.label and rate_of not in old:
                rate_of.label = tangent_name(node.label)
            tangents[node] = rate_of, total.branch()
    return [as_node(tangents[y][0] if y in tangents else None) for y in ys]


def _gather(node: Value, total: Sum, tangents: dict[Value, tuple[Factor, Branch | None]], ys: list[Value]) -> None:
    """What the operands' tangents make of a node's."""
    for parent, d, selects in uses(node, tangents):
        rate, branch = tangents[parent]
        total.add(d, rate, branch, selects=selects, beyond=ys)


def hvp(y: Value, xs: Iterable[Value] | Value, v: Iterable[Number] | Number) -> list[Value]:
    """Σⱼ ∂²y/∂xᵢ∂xⱼ·vⱼ for every xᵢ: the Hessian times a column, for the price of a few gradients.

    y    the output
    xs   the Values to differentiate by
    v    one number or Value for each x, which counts as constant

    Forward over reverse: the rates of the gradient (Pearlmutter, Fast exact multiplication by the Hessian, Neural
    Computation 6, 1994).  Raises as grad and jvp do.

    >>> a, b = Value(2.0), Value(3.0)
    >>> [h.data for h in hvp(a * a * b, [a, b], [1.0, 10.0])]
    [46.0, 4.0]
    """
    y, xs = one_output("hvp(y, xs, v)", y, xs)
    v = weights("hvp(y, xs, v)", v, xs)
    with remembering():
        slopes = grad(y, xs)
    return jvp(slopes, xs, v)


def jacobian(ys: Iterable[Value] | Value, xs: Iterable[Value] | Value, *, mode: str = "reverse") -> list[list[Value]]:
    """The matrix of ∂yᵢ/∂xⱼ, as Values: a row for each output, a column for each x.

    mode  "reverse": one pass for each y, so row i is grad(yᵢ, xs) bit for bit; "forward": one for
          each x, the better choice where these are fewer

    >>> a, b = Value(2.0), Value(3.0)
    >>> [[g.data for g in row] for row in jacobian([a * b, a + b, b * b], [a, b])]
    [[3.0, 2.0], [1.0, 1.0], [0.0, 6.0]]
    """
    call = "jacobian(ys, xs)"
    ys, xs = nodes(call, "two lists of Values", ys), nodes(call, "two lists of Values", xs)
    if mode not in MODES:
        raise AutogradValueError(f"jacobian: mode is one of {', '.join(MODES)}, and was given as {mode!r}")
    if mode == "reverse":
        return [grad(y, xs) for y in ys]
    columns = [jvp(ys, x, 1.0) for x in xs]
    return [[column[i] for column in columns] for i in range(len(ys))]
