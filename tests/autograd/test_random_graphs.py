"""Random expression graphs: every operation, shared subexpressions, up to 60 nodes.

The gradient of a graph is a graph too, so one method judges both.  A graph is evaluated
again with mpmath, node by node, and a running bound says how far plain doubles may be from
that: at each node 4 ULP, plus what the errors of its operands become.  That the gradient's
graph is the gradient is then a statement without rounding: at high precision it equals a
difference quotient of the whole expression.

DELTAGRAD_GRAPHS=20000 pytest -m "" tests/autograd/test_random_graphs.py     the long run
"""

import math
import os
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from autograd import TABLE, Value, grad, toposort
from autograd.value import literal, node_of

from ..accuracy.truth import TRUTH

GRAPHS = int(os.environ.get("DELTAGRAD_GRAPHS", "500"))
graphs_of_this_run = settings(
    max_examples=GRAPHS,
    derandomize=GRAPHS == 500,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

NAMES = sorted(set(TRUTH) - {"literal"})
POSITIVE = {"pow", "pow_dx", "pow_dy", "pow_dxx", "pow_dxy", "pow_dyy", "log", "log_slope", "sqrt"}
# How far from its kink or jump an operation's operands are, so that no rounding carries them over.
MARGIN = {
    **dict.fromkeys(("abs", "sign", "step", "relu"), lambda x: abs(x)),
    **dict.fromkeys(("leaky_relu", "leaky_relu_slope", "elu", "elu_slope"), lambda x, a: abs(x)),
    **dict.fromkeys(("maximum", "minimum", "larger", "lt", "le", "gt", "ge"), lambda x, y: abs(x - y)),
    "where": lambda c, x, y: abs(c),
    "gated": lambda g, d: min(abs(g), abs(d)),
    **dict.fromkeys(("softsign", "softsign_slope"), lambda x: abs(x)),
    **dict.fromkeys(("floor", "ceil", "trunc"), lambda x: abs(x - mp.nint(x))),
    **dict.fromkeys(
        ("fmod", "mod", "floordiv"), lambda x, y: abs(x / y - mp.nint(x / y)) * min(abs(y), abs(y * y / x))
    ),
    "round": lambda x, digits: abs(x - (mp.floor(x * 10**digits) + 0.5) / 10**digits),
    "copysign": lambda x, y: min(abs(x), abs(y)),
    "atan2": lambda y, x: abs(y) if x < 0 else max(abs(x), abs(y)),
}


def build(leaves, steps, allowed=lambda name, xs: True):
    """The sum of what nothing else uses.  A step that leaves its domain, or the moderate numbers, is left out."""
    nodes = list(leaves)
    for name, *choices in steps:
        count = TABLE[name].arity or (2 if name == "sumprod" else 1 + choices[-1] % 3)
        xs = tuple(nodes[k % len(nodes)] for k in choices[:count])
        if name == "ratio":
            xs = (*xs[:3], literal(float(choices[3] % 4)))
        if name == "round":
            xs = (xs[0], literal(float(choices[1] % 4)))
        if (name in POSITIVE and xs[0].data <= 0) or not allowed(name, xs):
            continue
        node = node_of(TABLE[name], xs)
        if 1e-9 < abs(node.data) < 1e9:
            nodes.append(node)
    used = {parent for node in nodes for parent in node.parents}
    return node_of(TABLE["fsum"], tuple(node for node in nodes if node not in used))


choice = st.integers(0, 10**6)
leaf_values = st.lists(st.one_of(st.floats(-3, -1e-3), st.floats(1e-3, 3)), min_size=1, max_size=4)


def steps(names):
    """The program of a graph: operations with the numbers of their operands."""
    step = st.tuples(st.sampled_from(names), choice, choice, choice, choice)
    return st.integers(1, 55).flatmap(lambda n: st.lists(step, min_size=n, max_size=n))


def evaluated(nodes, leaves):
    """The graph's values at high precision, the leaves given."""
    values = dict(leaves)
    for node in nodes:
        if node not in values:
            operands = [values[p] for p in node.parents]
            values[node] = TRUTH[node.op.name](*operands) if operands else mpf(node.data)
    return values


def bounds(nodes, values):
    """How far each node's double may be from its true value; inf where first order does not say."""
    errors = {}
    for node in nodes:
        if not node.parents:
            errors[node] = mpf(0)
            continue
        name, xs = node.op.name, [values[p] for p in node.parents]
        e = [errors[p] for p in node.parents]
        if any(error > abs(x) * mpf(2) ** -26 for error, x in zip(e, xs)):
            errors[node] = mp.inf
            continue
        if name in MARGIN and MARGIN[name](*xs) <= 1e-12 + 2 * max(e):
            errors[node] = mp.inf
            continue
        own = 4 * mpf(2) ** -52 * max(abs(values[node]), LEAST.get(name, lambda *xs: 0)(*xs)) + mpf(2) ** -1000
        with mp.workprec(160):  # a bound needs few digits, and each error is more than 2⁻⁵¹ of its operand
            errors[node] = own + 2 * sum(moved(name, xs, i, error, values[node]) for i, error in enumerate(e) if error)
    return errors


# Where a value can cancel: what its digits are counted in instead.
LEAST = {
    "sumprod": lambda *pq: sum(abs(p * q) for p, q in zip(pq[: len(pq) // 2], pq[len(pq) // 2 :])),
    "logsumexp": lambda *xs: max(map(abs, xs)),
    "silu_slope": lambda x: 0.02,
    "gelu_slope": lambda x: 0.02,
}


def moved(name, xs, i, error, value):
    """How much the operation changes when one operand is off by as much as its error."""
    return max(abs(TRUTH[name](*xs[:i], xs[i] + e, *xs[i + 1 :]) - value) for e in (error, -error))


def quotient(nodes, y, leaves, leaf):
    """dy/d(leaf) as a difference quotient of the whole graph at high precision."""
    h = abs(leaves[leaf]) * mpf(2) ** -80
    up, down = (evaluated(nodes, {**leaves, leaf: leaves[leaf] + shift})[y] for shift in (h, -h))
    return (up - down) / (2 * h)


def judged(y, leaves):
    """The gradient graphs, their true values and bounds; None where the graph is at a kink or too ill conditioned."""
    gradient = grad(y, leaves)
    nodes = toposort(y, *gradient)
    if not all(math.isfinite(node.data) for node in nodes):
        return None
    with mp.workprec(400):
        at = {leaf: mpf(leaf.data) for leaf in leaves}
        try:
            values = evaluated(nodes, at)
            errors = bounds(nodes, values)
        except (ZeroDivisionError, TypeError, OverflowError):  # at a pole, or complex beyond it
            return None
    return gradient, nodes, values, errors


@graphs_of_this_run
@given(leaf_values, steps(NAMES))
@pytest.mark.long
def test_values_and_gradients_are_those_of_mpmath(data, program):
    leaves = [Value(x) for x in data]
    y = build(leaves, program)
    judgement = judged(y, leaves)
    event(f"about {round(len(toposort(y)), -1)} nodes")
    event("judged" if judgement else "at a pole or not finite")
    assume(judgement)
    gradient, nodes, values, errors = judgement
    for node in nodes:
        if mp.isfinite(errors[node]):
            assert abs(node.data - values[node]) <= errors[node], node.op.name
    with mp.workprec(400):
        at = {leaf: mpf(leaf.data) for leaf in leaves}
        if not all(mp.isfinite(errors[node]) for node in toposort(y)):
            event("ill conditioned")
            return
        forward = toposort(y, *leaves)
        for leaf, g in zip(leaves, gradient):
            try:
                true = quotient(forward, y, at, leaf)
            except (ZeroDivisionError, TypeError):  # at the border of a domain
                continue
            size = abs(true) + mpf(2) ** -100
            assert abs(values[g] - true) <= mpf(2) ** -40 * size
    event("every gradient compared")


@settings(graphs_of_this_run, max_examples=GRAPHS // 2)
@given(leaf_values, steps(NAMES))
@pytest.mark.long
def test_backward_and_grad_give_the_same_bits(data, program):
    leaves = [Value(x) for x in data]
    y = build(leaves, program)
    gradient = grad(y, leaves)
    y.backward()
    for leaf, g in zip(leaves, gradient):
        if all(math.isfinite(node.data) for node in toposort(g)):
            assert leaf.grad == g.data


# --- and PyTorch, where it is right: operands of moderate size, no saturation -----------------

TORCH = [
    *("add", "sub", "mul", "div", "neg", "pow", "sqrt", "exp", "expm1", "log", "log1p", "abs", "maximum", "minimum"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "sigmoid", "relu", "softplus", "silu"),
    *("gelu", "erf", "hypot", "logsumexp", "fsum", "sumprod", "where", "gt"),
]


@cache
def torch_functions():
    import torch

    from ..accuracy.peers import torch_library

    functions = torch_library()[2]
    functions["sumprod"] = lambda *pq: sum(p * q for p, q in zip(pq[: len(pq) // 2], pq[len(pq) // 2 :]))
    functions["where"] = lambda c, x, y: torch.where(c != 0, x, y)
    functions["gt"] = lambda x, y: (x > y).double()
    functions["hypot"] = lambda *xs: torch.stack(xs).square().sum(0).sqrt()
    return functions


@pytest.mark.peer
@graphs_of_this_run
@given(leaf_values, steps(TORCH))
def test_gradients_are_those_of_pytorch(data, program):
    torch = pytest.importorskip("torch")
    leaves = [Value(x) for x in data]
    y = build(leaves, program, lambda name, xs: all(abs(x.data) < 4 for x in xs))
    judgement = judged(y, leaves)
    assume(judgement)
    gradient, _, values, errors = judgement
    tensors = {leaf: torch.tensor([leaf.data], dtype=torch.float64, requires_grad=True) for leaf in leaves}
    found = dict(tensors)
    for node in toposort(y):
        if node not in found:
            found[node] = torch_functions()[node.op.name](*(found[p] for p in node.parents))
    assume(found[y].requires_grad)
    slopes = torch.autograd.grad(found[y], list(tensors.values()), allow_unused=True)
    for g, slope_there in zip(gradient, slopes):
        if slope_there is not None and errors[g] < abs(values[g]) * 1e-12:
            event("compared")
            assert float(slope_there) == pytest.approx(g.data, rel=1e-8)
