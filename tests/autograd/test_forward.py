"""Forward mode, and what is made of both modes: jvp, vjp, hvp, jacobian on graphs.

Both modes read one table, so they are held to each other: on random graphs they differ by no more than
their sums round, on graphs full of inf, nan and branches never by two finite numbers.  PyTorch and finite differences
know neither.

DELTAGRAD_GRAPHS=5000 pytest -m "" tests/autograd/test_forward.py     the long run
"""

import math
import os
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd
from autograd import (
    TABLE,
    AutogradTypeError,
    AutogradValueError,
    GradientMismatch,
    NotFinite,
    Op,
    Value,
    check_grads,
    debug,
    explain,
    function,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    lower,
    no_grad,
    sumprod,
    tanh,
    toposort,
    vjp,
    where,
)  # fmt: skip
from autograd.lowering.targets import TARGETS
from nn import MLP, squared_error

from .chain.test_branches import KINKS, SILENT, SPECIAL, UNDETERMINED, near, random_graph, same
from .test_gradient import Program, programs
from .test_random_graphs import NAMES, build, leaf_values, steps

GRAPHS = int(os.environ.get("DELTAGRAD_GRAPHS", "400"))


def data(values):
    return [v.data for v in values]


# --- forward = reverse --------------------------------------------------------------------------------


@settings(max_examples=GRAPHS, derandomize=GRAPHS == 400, deadline=None)
@given(leaf_values, steps(NAMES))
@pytest.mark.long
def test_forward_and_reverse_differ_by_what_their_sums_round(leaf_data, program):
    leaves = [Value(x) for x in leaf_data]
    y = build(leaves, program)
    assume(math.isfinite(y.data))
    gradient = grad(y, leaves)
    compared = 0
    for x, g in zip(leaves, gradient):
        (rate,) = jvp(y, x, 1.0)
        because = explain(y, x, top=0)
        if math.isfinite(because.tolerance):
            assert abs(rate.data - g.data) <= because.tolerance
            assert abs(rate.data - because.total) <= because.tolerance and because.agrees
            compared += 1
    v = [math.sin(3.0 + i) for i in range(len(leaves))]
    (along,) = jvp(y, leaves, v)
    if compared == len(leaves):
        size = [explain(y, x, top=0) for x in leaves]
        bound = sum(abs(vi) * (each.tolerance + 2.0**-50 * each.magnitude) for vi, each in zip(v, size))
        assert abs(along.data - math.fsum(vi * g.data for vi, g in zip(v, gradient))) <= bound + 1e-300


def test_where_both_modes_multiply_the_same_they_have_the_same_bits():
    """Two layers of edges: each path is one product, and the terms come in one order."""
    rng = random.Random(0)
    unary = ("tanh", "sin", "exp", "sigmoid", "softplus", "atan", "gelu", "cosh")
    for _ in range(200):
        x = Value(rng.uniform(-2, 2))
        middle = [getattr(x, rng.choice(unary))() for _ in range(rng.randint(1, 6))]
        y = sumprod(middle, [Value(rng.uniform(-2, 2)) for _ in middle])
        assert jvp(y, x, 1.0)[0].data == grad(y, x)[0].data
        assert data(jvp(middle, x, 1.0)) == [grad(u, x)[0].data for u in middle]


def test_on_graphs_full_of_infinities_there_are_never_two_finite_numbers():
    apart = count = 0
    for seed in range(GRAPHS):
        leaves, y = random_graph(random.Random(seed))
        for x, g in zip(leaves, grad(y, leaves)):
            (rate,) = jvp(y, x, 1.0)
            a, b = rate.data, g.data
            count += 1
            apart += not near(a, b)  # nan or inf, where products of another order overflow
            assert near(a, b) or not (math.isfinite(a) and math.isfinite(b)), f"seed {seed}: {a} and {b}"
    assert apart <= count // 100


@pytest.mark.parametrize("name", UNDETERMINED)
def test_zero_times_infinity_is_nan_in_forward_mode(name):
    f, at = UNDETERMINED[name]
    x = Value(at)
    assert math.isnan(jvp(f(x), x, 1.0)[0].data)


@pytest.mark.parametrize("name", SILENT)
def test_a_branch_not_taken_is_silent_in_forward_mode(name):
    f, at = SILENT[name]
    x = Value(at)
    assert jvp(f(x), x, 1.0)[0].data == 0.0


@pytest.mark.parametrize("name", KINKS)
def test_kinks_have_the_slope_of_reverse_mode(name):
    f, slope = KINKS[name]
    x = Value(0.0)
    assert jvp(f(x), x, 1.0)[0].data == slope


def test_programs_of_forward_mode_say_at_other_numbers_what_is_recorded_there():
    """To second order; the masks of branches are part of the program."""
    apart = 0
    for seed in range(GRAPHS):
        leaves, y = random_graph(random.Random(seed))

        def rates(y=y, leaves=leaves):
            first = [jvp(y, x, 1.0)[0] for x in leaves]
            return first + [jvp(rate, x, 1.0)[0] for rate in first for x in leaves]

        recorded = rates()
        program = lower(recorded, leaves, allow_constants=True)
        assert all(map(same, program(*data(leaves)), data(recorded))), f"seed {seed}"
        at = [random.Random(-1 - seed).choice([*SPECIAL, 0.3, -1.7]) for _ in leaves]
        for leaf, x in zip(leaves, at):
            leaf.data = x
        for node in toposort(y):
            if node.parents:
                node.data = node.op.function(*[p.data for p in node.parents])
        for a, b in zip(program(*at), data(rates())):
            apart += not same(a, b)
            assert same(a, b) or not (math.isfinite(a) and math.isfinite(b)), f"seed {seed}"
    assert apart <= GRAPHS // 20


# --- from outside -----------------------------------------------------------------------------------------


@pytest.mark.peer
@given(programs(), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=40)
def test_pytorch_agrees(program: Program, v1: float, v2: float):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install '.[peers]'")
    functional = torch.nn.functional
    special = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "silu": functional.silu, "softplus": functional.softplus,
        "fsum": lambda *xs: torch.stack(xs).sum(), "logsumexp": lambda *xs: torch.logsumexp(torch.stack(xs), 0),
    }  # fmt: skip
    v = [v1, v2, 1.0][: len(program.leaves)]
    leaves = tuple(torch.tensor(x, dtype=torch.float64) for x in program.leaves)
    rates = tuple(torch.tensor(x, dtype=torch.float64) for x in v)

    def run(*xs):
        values = program.run(list(xs), lambda name: special.get(name) or getattr(torch, name))
        if any(name == "hypot" and all(values[i].item() == 0 for i in operands) for name, operands in program.steps):
            assume(False)  # their slope at the origin is nan, ours 0
        return tuple(values[len(xs) :])

    _, theirs = torch.autograd.functional.jvp(run, leaves, rates)
    values = program.build()
    mine = jvp(values[len(leaves) :], values[: len(leaves)], v)
    scale = max((abs(t.item()) for t in theirs), default=0.0)
    assert data(mine) == pytest.approx([t.item() for t in theirs], rel=1e-9, abs=1e-11 * scale + 1e-12)


@pytest.mark.peer
def test_pytorch_has_the_same_products_and_matrices():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install '.[peers]'")
    point, w, v = [0.3, -1.1, 0.7], [2.0, -0.5], [1.0, 0.25, -3.0]

    def two(a, b, c, tanh, exp):
        return tanh(a * b) * exp(-c * a) + (b / (1 + c * c)) ** 3, a * a - exp(b * c)

    def theirs(p):
        return torch.stack(two(*p, torch.tanh, torch.exp))

    at = torch.tensor(point, dtype=torch.float64)
    of = torch.autograd.functional
    xs = [Value(x) for x in point]
    ys = two(*xs, tanh, autograd.exp)
    for mode in ("reverse", "forward"):
        assert [data(row) for row in jacobian(ys, xs, mode=mode)] == [
            pytest.approx(row, rel=1e-12) for row in of.jacobian(theirs, at).tolist()
        ]
    cotangent, tangent = (torch.tensor(c, dtype=torch.float64) for c in (w, v))
    assert data(vjp(ys, xs, w)) == pytest.approx(of.vjp(theirs, at, cotangent)[1].tolist(), rel=1e-12)
    assert data(jvp(ys, xs, v)) == pytest.approx(of.jvp(theirs, at, tangent)[1].tolist(), rel=1e-12)
    assert data(hvp(ys[0], xs, v)) == pytest.approx(of.hvp(lambda p: theirs(p)[0], at, tangent)[1].tolist(), rel=1e-12)


@given(programs(unary=("tanh", "sin", "sigmoid", "atan"), binary=("add", "sub", "mul")))
@settings(max_examples=25)
def test_the_hessian_times_a_direction(program: Program):
    values = program.build()
    y, xs = values[-1], values[: len(program.leaves)]
    v = [0.5, -2.0, 3.0][: len(xs)]
    matrix = [data(row) for row in hessian(y, xs)]
    scale = sum(abs(h * vi) for row in matrix for h, vi in zip(row, v))
    for row, found in zip(matrix, hvp(y, xs, v)):
        assert found.data == pytest.approx(sum(h * vi for h, vi in zip(row, v)), rel=1e-12, abs=1e-13 * scale + 1e-300)


# --- any order, any mixture -----------------------------------------------------------------------------------


@pytest.mark.parametrize("modes", ["ff", "fr", "rf", "rr", "frf", "rff", "fffr"])
def test_modes_mix_to_any_order(modes):
    """d/dx of exp(2x) multiplies by 2, whichever way it is taken."""
    x = Value(0.3)
    y = (2 * x).exp()
    for mode in modes:
        (y,) = jvp(y, x, 1.0) if mode == "f" else grad(y, x)
    assert y.data == pytest.approx(2 ** len(modes) * math.exp(0.6), rel=1e-14)


def test_a_vjp_is_linear_in_its_weights_and_its_derivative_by_them_is_a_jvp():
    """The Jacobian's transpose of the Jacobian's transpose."""
    x1, x2 = Value(0.7, "x1"), Value(-1.2, "x2")
    w = [Value(0.0, "w1"), Value(0.0, "w2"), Value(0.0, "w3")]
    ys = [x1 * x2, x1.sin(), (x1 * x1 * x2).exp()]
    pulled = vjp(ys, [x1, x2], w)
    v = [2.0, -3.0]
    assert data(vjp(pulled, w, v)) == pytest.approx(data(jvp(ys, [x1, x2], v)), rel=1e-15)


def test_weights_and_rates_may_be_values_and_count_as_constants():
    x = Value(2.0)
    v = x * 1.0
    assert hvp(x * x * x, [x], [v])[0].data == 24.0
    (rate,) = jvp(x * x, x, v)
    assert rate.data == 8.0 and grad(rate, v)[0].data == 4.0


# --- what may be asked for --------------------------------------------------------------------------------------


def test_interior_xs_and_xs_that_follow_from_each_other():
    """As in grad, each is moved by itself, and moves what follows from it."""
    x = Value(2.0)
    u = x * x
    y = u * u + x
    assert [g.data for g in grad(y, [u, x, y])] == [jvp(y, each, 1.0)[0].data for each in (u, x, y)] == [8.0, 33.0, 1.0]
    assert jvp(y, [u, x], [1.0, 1.0])[0].data == 41.0
    assert data(jvp([x, u], x, 3.0)) == [3.0, 12.0]


def test_several_outputs_one_below_another_and_one_twice():
    x = Value(3.0)
    u = x * x
    y = u + x
    assert vjp([u, y, y, x], x, [1.0, 10.0, 100.0, 1000.0])[0].data == 6.0 + 110 * 7.0 + 1000.0
    assert data(vjp([y, u], [u, x], [1.0, 1.0])) == [2.0, 13.0]


def test_what_does_not_depend():
    x, z = Value(3.0), Value(4.0)
    assert data(jvp([z, x > 2, z * z], x, 1.0)) == [0.0, 0.0, 0.0]
    assert data(vjp([z * z], [x, z], [1.0])) == [0.0, 8.0]
    assert jvp([], x, 1.0) == [] and vjp([], x, [])[0].data == 0.0 and jacobian([], [x]) == []
    assert [data(row) for row in jacobian([x, z], [])] == [[], []]


def test_a_weight_of_zero_is_a_number():
    """0·∞ is undetermined, whoever gives the 0; an x that is left out is none."""
    x, z = Value(0.0), Value(1.0)
    y = x.sqrt() + z
    assert math.isnan(jvp(y, [x, z], [0.0, 1.0])[0].data) and jvp(y, z, 1.0)[0].data == 1.0
    assert math.isnan(vjp([y, z], [x], [0.0, 1.0])[0].data)


def test_jacobians_rows_are_gradients_bit_for_bit():
    net = MLP(3, [4, 2], seed=0)
    run = net.forward([0.5, -1.0, 2.0])
    rows = jacobian(run.outputs, run.inputs)
    assert [data(row) for row in rows] == [data(grad(o, run.inputs)) for o in run.outputs]


@pytest.mark.parametrize("call", [
    lambda x: jvp(x, x, [1.0, 2.0]), lambda x: vjp([x, x], x, [1.0]), lambda x: hvp(x, [x], []),
    lambda x: jacobian(x, x, mode="sideways"), lambda x: check_grads(lambda a: a, 1.0, mode="both"),
])  # fmt: skip
def test_lists_that_do_not_fit_are_refused(call):
    with pytest.raises(AutogradValueError):
        call(Value(1.0))


@pytest.mark.parametrize("call", [
    lambda x: jvp(1.0, x, 1.0), lambda x: jvp(x, [1.0], [1.0]), lambda x: jvp(x, x, "1"), lambda x: vjp(x, x, [None]),
    lambda x: hvp([x, x, 1.0], x, 1.0), lambda x: hvp([x, x], x, 1.0), lambda x: jacobian(x, [[x]]),
])  # fmt: skip
def test_anything_but_values_is_refused(call):
    with pytest.raises(AutogradTypeError):
        call(Value(1.0))


def test_grad_of_several_outputs_says_vjp():
    x = Value(1.0)
    with pytest.raises(AutogradTypeError, match="vjp"):
        grad([x, x], [x])


# --- the graphs ---------------------------------------------------------------------------------------------------


def test_a_neurons_tangent_is_the_lectures_sum():
    net = MLP(2, [2, 1], seed=0)
    run = net.forward([0.5, -1.0])
    (rate,) = jvp(run.outputs, run.inputs, [1.0, 0.0])
    slope, u_rate = rate.parents
    assert rate.op.name == "mul" and slope.op.name == "sech2" and u_rate.op.name == "sumprod"
    assert [p.label for p in u_rate.parents] == ["θ⁽²⁾₁₁", "θ⁽²⁾₁₂", "ȯ⁽¹⁾₁", "ȯ⁽¹⁾₂"]
    assert u_rate.label == "u̇⁽²⁾₁"
    source = lower(rate, [*run.inputs, *net.parameters()]).source
    assert "u_dot2_1 = theta2_11 * o_dot1_1 + theta2_12 * o_dot1_2" in source


def test_nobodys_label_and_gradient_are_touched():
    x, w = Value(2.0, "x"), Value(3.0)
    v = Value(1.0)
    y = x * w
    y.backward()
    jvp(y, [x, w], [v, 1.0])
    assert (v.label, w.label, y.label, x.grad, w.grad) == ("", "", "", 3.0, 2.0)


def test_a_chain_of_a_hundred_thousand_steps():
    x = y = Value(1.0)
    for _ in range(100_000):
        y = y * 1.0
    assert jvp(y, x, 1.0)[0].data == 1.0


@pytest.mark.parametrize("target", TARGETS)
def test_all_of_them_lower_to_every_target(target):
    xs = [Value(0.5, "x1"), Value(1.5, "x2")]
    ys = [xs[0] * xs[1] + xs[0] / (1 + xs[1] * xs[1]), where(xs[0] > 1, xs[1], xs[0] * xs[0])]
    outputs = [
        *jvp(ys, xs, [1.0, 2.0]), *vjp(ys, xs, [3.0, -1.0]), *hvp(ys[0], xs, [1.0, -1.0]),
        *(g for row in jacobian(ys, xs, mode="forward") for g in row),
    ]  # fmt: skip
    if target == "jax":
        pytest.importorskip("jax").config.update("jax_enable_x64", True)
    try:
        program = lower(outputs, xs, allow_constants=True).to(target)
    except autograd.MissingDependency as missing:
        pytest.skip(str(missing))
    if target == "javascript":
        assert program.count("function") >= 1
        return
    found = program(*([x.data] if target == "native" else x.data for x in xs))
    numbers = [float(f[0] if target == "native" else f) for f in found]
    assert numbers == pytest.approx(data(outputs), rel=1e-12)


# --- both modes alike: no_grad, debug, detach, explain, check_grads ---------------------------------------------------


def test_in_no_grad_derivatives_are_leaves_with_the_same_numbers():
    x, z = Value(2.0), Value(3.0)
    y = x * x * z
    outside = [*grad(y, [x]), *jvp(y, [x, z], [1.0, 2.0]), *vjp(y, [x], 5.0), *hvp(y, [x, z], [1.0, 1.0])]
    outside += [h for row in (*hessian(y, [x, z]), *jacobian([y], [x, z], mode="forward")) for h in row]
    with no_grad():
        inside = [*grad(y, [x]), *jvp(y, [x, z], [1.0, 2.0]), *vjp(y, [x], 5.0), *hvp(y, [x, z], [1.0, 1.0])]
        inside += [h for row in (*hessian(y, [x, z]), *jacobian([y], [x, z], mode="forward")) for h in row]
        assert check_grads(lambda a, b: (a * b).tanh(), 0.3, 0.7, mode="forward") == 6
    assert data(inside) == data(outside)
    old = toposort(y)
    assert all(v in old or v.parents == () for v in inside)


def test_detach_stops_tangents_as_it_stops_gradients():
    x = Value(3.0)
    y = x * x.detach()
    assert jvp(y, x, 1.0)[0].data == grad(y, x)[0].data == 3.0


@pytest.mark.parametrize("ask", [lambda y, x: grad(y, x), lambda y, x: jvp(y, x, 1.0), lambda y, x: vjp(y, x, 1.0)])
def test_debug_names_where_the_nan_of_a_derivative_was_born(ask):
    with pytest.raises(NotFinite) as error, debug():
        x = Value(0.0, "x")
        ask(x.sqrt() ** 2, x)
    told = str(error.value)
    assert "inf is born in div: operand 1 = 0.5, operand 2 = 0.0" in told and "test_forward.py, line" in told
    with debug():  # what a branch not taken holds is nobody's fault
        x = Value(0.0, "x")
        ask(where(x > 0, x.sqrt(), 0.0), x)


def test_explain_tells_a_derivative_of_either_mode():
    x = Value(0.5, "x")
    y = (x * x).tanh()
    first, second = grad(y, x)[0], jvp(y, x, 1.0)[0]
    assert explain(first, x).gradient == pytest.approx(explain(second, x).gradient, rel=1e-14)
    assert explain(second, x).agrees


def test_check_grads_checks_the_mode_it_is_told_to():
    assert check_grads(lambda x, y: (x * y).tanh() + where(x > 0, x.log(), y), 0.3, 0.7, mode="forward") == 6
    wrong = function(Op("wrong_of_forward_test", lambda x: x * x, lambda o, x: (3.0 * x,)))
    for mode in ("forward", "reverse"):
        with pytest.raises(GradientMismatch):
            check_grads(lambda x: wrong(x), 0.3, mode=mode)


def test_networks_have_no_mask_in_forward_mode():
    for activation in ("tanh", "relu", "sigmoid", "leaky_relu", "gelu"):
        net = MLP(2, [3, 2], activation=activation, seed=1)
        run = net.forward([0.5, -1.0])
        rates = jvp(squared_error(run.outputs, [0.0, 1.0]), net.parameters(), [1.0] * len(net.parameters()))
        assert "where" not in {node.op.name for node in toposort(*rates) if node.op}


def test_every_row_of_the_table_has_a_tangent():
    """Σ dᵢ·vᵢ with the rule's own numbers."""
    for name, row in TABLE.items():
        if name == "literal" or row not in autograd.ops.BUILT_IN:
            continue
        xs = [Value(x) for x in (1.3 if name == "acosh" else 0.3, 0.6, 0.45, 2.0)[: row.arity or 2]]
        y = autograd.value.node_of(row, tuple(xs))
        rates = [jvp(y, x, 1.0)[0].data for x in xs]
        expected = [0.0 if d is None else d for d in autograd.graph.partials(y)]
        assert rates == expected, name
