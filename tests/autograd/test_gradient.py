"""Gradients of random programs: backward(), grad, finite differences and PyTorch must agree.

Then what grad promises beyond numbers: graphs that can be differentiated again, one
sumprod for each adjoint, and branches whose nan stays where it was born.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import AutogradTypeError, Value, difference_in_graph, grad, hessian, toposort, vjp, where

UNARY = ("tanh", "sigmoid", "sin", "cos", "atan", "softplus", "erf", "silu", "neg", "relu")
BINARY = ("add", "sub", "mul", "maximum", "hypot")
N_ARY = ("fsum", "logsumexp")


class Program(NamedTuple):
    """A straight-line program: each step applies an operation to earlier numbers."""

    leaves: list[float]
    steps: list[tuple[str, list[int]]]

    def run(self, xs: list[Any], namespace: Callable[[str], Callable[..., Any]]) -> list[Any]:
        """All numbers of the program, the leaves first."""
        values = list(xs)
        for name, operands in self.steps:
            values.append(namespace(name)(*[values[i] for i in operands]))
        return values

    def build(self) -> list[Value]:
        return self.run([Value(x) for x in self.leaves], ours)


def ours(name: str) -> Callable[..., Any]:
    f = getattr(autograd, name)
    return (lambda *xs: f(xs)) if name in N_ARY else f


@st.composite
def programs(draw: st.DrawFn, unary: tuple[str, ...] = UNARY, binary: tuple[str, ...] = BINARY) -> Program:
    leaves = draw(st.lists(st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=1, max_size=3))
    steps: list[tuple[str, list[int]]] = []
    for n in range(len(leaves), len(leaves) + draw(st.integers(1, 10))):
        name = draw(st.sampled_from(unary + binary + N_ARY))
        arity = 1 if name in unary else 2 if name in binary else draw(st.integers(1, 4))
        recent = st.integers(max(0, n - 4), n - 1)  # mostly deep, with reuse
        steps.append((name, draw(st.lists(recent, min_size=arity, max_size=arity))))
    return Program(leaves, steps)


SMOOTH = tuple(name for name in UNARY if name != "relu")


# --- numbers -----------------------------------------------------------------------------


@given(programs(), st.floats(-3, 3))
def test_grad_has_the_bits_of_backward(program: Program, seed: float) -> None:
    values = program.build()
    y = values[-1]
    gradients = [g.data for g in grad(y, values)]
    y.backward()
    assert gradients == [v.grad for v in values]
    once = [v.grad for v in values]
    y.zero_grad()
    y.backward(seed)
    assert [v.grad for v in values] == pytest.approx([seed * g for g in once], rel=1e-12, abs=1e-300)


@given(programs())
def test_every_node_holds_its_own_gradient(program: Program) -> None:
    values = program.build()
    y = values[-1]
    y.backward()
    for v in values:
        measured = difference_in_graph(y, v)
        assert measured.agrees(v.grad), (v, measured)


@given(programs(unary=SMOOTH, binary=("add", "sub", "mul")))
@settings(max_examples=25)
def test_the_gradient_of_a_gradient_is_the_second_derivative(program: Program) -> None:
    values = program.build()
    leaves = values[: len(program.leaves)]
    first = grad(values[-1], leaves)
    for g in first:
        for x, second in zip(leaves, grad(g, leaves)):
            measured = difference_in_graph(g, x)
            assert measured.agrees(second.data), (program, measured)


@pytest.mark.parametrize("by", ["xxx", "xxy", "xyx", "yxx", "xyy", "yxy", "yyx", "yyy"])
@pytest.mark.parametrize("x, y", [(2.5, 3.5), (0.3, -1.75), (1.0, 0.5), (7.0, 2.0), (0.9, 3.0)])
def test_third_derivatives_of_a_power(x: float, y: float, by: str) -> None:
    mpmath = pytest.importorskip("mpmath")
    leaves = {"x": Value(x), "y": Value(y)}
    derivative = leaves["x"] ** leaves["y"]
    for name in by:
        (derivative,) = grad(derivative, leaves[name])
    with mpmath.workdps(60):
        true = mpmath.diff(lambda a, b: a**b, (mpmath.mpf(x), mpmath.mpf(y)), (by.count("x"), by.count("y")))
    assert derivative.data == pytest.approx(float(true), rel=1e-13)


@given(programs(unary=SMOOTH, binary=("add", "sub", "mul")))
@settings(max_examples=25)
def test_hessians_are_symmetric(program: Program) -> None:
    values = program.build()
    leaves = values[: len(program.leaves)]
    h = [[cell.data for cell in row] for row in hessian(values[-1], leaves)]
    scale = max(abs(cell) for row in h for cell in row)
    for i in range(len(leaves)):
        for j in range(i):
            assert h[i][j] == pytest.approx(h[j][i], rel=1e-9, abs=1e-9 * scale + 1e-12)


@pytest.mark.peer
@given(program=programs())
def test_pytorch_agrees(program: Program) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install '.[peers]'")
    functional = torch.nn.functional
    special = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "silu": functional.silu, "softplus": functional.softplus,
        "fsum": lambda *xs: torch.stack(xs).sum(), "logsumexp": lambda *xs: torch.logsumexp(torch.stack(xs), 0),
    }  # fmt: skip
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in program.leaves]
    tensors = program.run(leaves, lambda name: special.get(name) or getattr(torch, name))
    if any(name == "hypot" and all(tensors[i].item() == 0 for i in operands) for name, operands in program.steps):
        return  # their slope at the origin is nan, ours 0
    for t in tensors:
        t.retain_grad()
    tensors[-1].backward()
    values = program.build()
    values[-1].backward()
    theirs = [0.0 if t.grad is None else t.grad.item() for t in tensors]
    scale = max(map(abs, theirs))
    assert [v.data for v in values] == pytest.approx([t.item() for t in tensors], rel=1e-9, abs=1e-12)
    assert [v.grad for v in values] == pytest.approx(theirs, rel=1e-7, abs=1e-9 * scale + 1e-12)


# --- any order -----------------------------------------------------------------------------


def derivatives(f: Callable[[Value], Value], x: float, n: int) -> list[float]:
    leaf = Value(x)
    y = f(leaf)
    found = [y.data]
    for _ in range(n):
        (y,) = grad(y, leaf)
        found.append(y.data)
    return found


@given(st.floats(-3, 3))
def test_all_derivatives_of_exp_are_exp(x: float) -> None:
    assert derivatives(lambda v: v.exp(), x, 6) == [autograd.exp(x)] * 7


@given(st.floats(-10, 10))
def test_derivatives_of_sin_go_round(x: float) -> None:
    sin, cos = math.sin(x), math.cos(x)
    assert derivatives(lambda v: v.sin(), x, 8) == [sin, cos, -sin, -cos, sin, cos, -sin, -cos, sin]


@given(st.integers(0, 6), st.integers(-4, 4))
def test_derivatives_of_a_power_end_at_zero(n: int, x: int) -> None:
    falling = [math.perm(n, k) * float(x) ** (n - k) if k <= n else 0.0 for k in range(n + 3)]
    assert derivatives(lambda v: v**n, float(x), n + 2) == falling
    product = derivatives(lambda v: math.prod([v] * n, start=Value(1.0)), float(x), n + 2)
    assert product == falling


def test_rosenbrock() -> None:
    """f = (1 − x)² + 100(y − x²)², the classical test of optimisers."""
    x, y = Value(-1.2), Value(1.0)
    f = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    assert [g.data for g in grad(f, [x, y])] == pytest.approx([-215.6, -88.0], rel=1e-14)
    h = [[cell.data for cell in row] for row in hessian(f, [x, y])]
    assert h == [pytest.approx([1330.0, 480.0], rel=1e-14), pytest.approx([480.0, 200.0], rel=1e-14)]


@pytest.mark.peer
def test_hessian_of_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install '.[peers]'")

    def f(tanh: Any, exp: Any, a: Any, b: Any, c: Any) -> Any:
        return tanh(a * b) * exp(-c * a) + (b / (1 + c * c)) ** 3

    point = [0.3, -1.1, 0.7]
    theirs = torch.autograd.functional.hessian(
        lambda p: f(torch.tanh, torch.exp, *p), torch.tensor(point, dtype=torch.float64)
    )
    leaves = [Value(x) for x in point]
    mine = [[h.data for h in row] for row in hessian(f(autograd.tanh, autograd.exp, *leaves), leaves)]
    for row, expected in zip(mine, theirs.tolist()):
        assert row == pytest.approx(expected, rel=1e-12)


# --- what may be asked for -------------------------------------------------------------------


def test_interior_xs_are_differentiated_by_as_if_they_were_leaves() -> None:
    x = Value(2.0)
    u = x * x
    y = u * u + x
    by_u, by_x, by_y = grad(y, [u, x, y])
    assert (by_u.data, by_x.data, by_y.data) == (8.0, 33.0, 1.0)


def test_x_that_y_does_not_depend_on() -> None:
    x, other = Value(2.0), Value(3.0)
    assert [g.data for g in grad(x * x, [other, x, x.sign()])] == [0.0, 4.0, 0.0]
    assert grad(Value(5.0), [x])[0].data == 0.0
    assert hessian(3 * x, [x, other])[0][0].data == 0.0


def test_the_same_x_twice_and_one_x_without_a_list() -> None:
    x = Value(2.0)
    assert [g.data for g in grad(x * x, [x, x])] == [4.0, 4.0]
    assert [g.data for g in grad(x * x, x)] == [4.0]
    assert [g.data for g in grad(x * x, (v for v in [x]))] == [4.0]
    assert hessian(x * x, x)[0][0].data == 2.0


def test_grad_leaves_every_grad_alone() -> None:
    x = Value(2.0)
    y = (x * x).exp()
    y.backward()
    before = [(v.data, v.grad) for v in toposort(y)]
    (g,) = grad(y, [x])
    grad(g, [x])
    assert [(v.data, v.grad) for v in toposort(y)] == before
    assert g.grad == 0.0


def test_a_gradient_can_be_sent_backward() -> None:
    x = Value(2.0)
    (g,) = grad(x * x * x, [x])
    g.backward()
    assert x.grad == 12.0


@pytest.mark.parametrize("ask", [grad, hessian])
@pytest.mark.parametrize("y, xs, shown", [(3.0, [], "3.0"), ("y", [], "'y'"), (Value(1.0), [2.0], "2.0"),
                                          (Value(1.0), 2.0, "2.0"), (Value(1.0), "ab", "'a'"),
                                          (Value(1.0), None, "None")])  # fmt: skip
def test_anything_but_values_is_refused(ask: Callable[..., Any], y: Any, xs: Any, shown: str) -> None:
    with pytest.raises(AutogradTypeError) as error:
        ask(y, xs)
    assert str(error.value) == (f"{ask.__name__}(y, xs) takes a Value and a list of Values, and was given {shown}")


# --- structure ---------------------------------------------------------------------------------


def test_an_adjoint_is_one_sumprod_over_its_consumers() -> None:
    x = Value(0.5)
    (g,) = grad(x.sin() * x.cos() + x.tanh(), [x])
    assert g.op is not None and g.op.name == "sumprod"
    assert len(g.parents) == 2 * 3  # three consumers: their adjoints and slopes


def test_structural_zeros_drop_out() -> None:
    """Of the five ways from x to y one carries a slope, and only where's differs from 1."""
    x = Value(0.5)
    condition = x.sign() > 0
    (g,) = grad(where(condition, x.step() + x, 2.0) + (x < 1), [x])
    assert g.op is not None and g.op.name == "where"
    assert g.parents[0] is condition and [v.data for v in g.parents[1:]] == [1.0, 0.0]


def test_a_slope_that_is_the_number_zero_drops_out_where_no_infinity_can_meet_it() -> None:
    first = autograd.function(autograd.Op("first", lambda x, y: x, lambda o, x, y: (1.0, 0.0)))
    x, y = Value(0.5), Value(2.0)
    by_x, by_y = grad(first(x, y).sin(), [x, y])
    assert by_x.op is autograd.TABLE["cos"]
    assert by_y.op is autograd.TABLE["literal"] and by_y.data == 0.0
    (far,) = grad(first(x, y).exp(), [y])  # 0 · exp(x) is nan once x is large
    assert far.data == 0.0 and math.isnan(autograd.lower(far, [x, y], allow_constants=True)(800.0, 2.0))


def test_a_sum_has_no_products_by_one() -> None:
    x, w = Value(0.5), Value(2.0)
    (g,) = grad((x * w + 3.0) - 1.0, [x])
    assert g is w


# --- 0 · inf ---------------------------------------------------------------------------------


def by_all_means(f: Callable[[Value], Value], x: float) -> tuple[float, float, float]:
    """The derivative by backward() and by grad, and the second derivative by grad of grad."""
    leaf = Value(x)
    y = f(leaf)
    y.backward()
    (g,) = grad(y, [leaf])
    return leaf.grad, g.data, grad(g, [leaf])[0].data


@pytest.mark.parametrize("f, x", [
    (lambda x: where(x > 0, x.sqrt(), 0.0), 0.0),
    (lambda x: where(x > 0, x.sqrt(), 0.0), -1.0),
    (lambda x: where(x > 0, x.log(), 0.0), 0.0),
    (lambda x: where(x > 0, x.log(), 0.0), -2.0),
    (lambda x: where(x > 0, 1 / x, 0.0), 0.0),
    (lambda x: where(x > 0, x**0.5, 0.0), 0.0),
    (lambda x: where(x > 0, x**x, 0.0), 0.0),
    (lambda x: where(x < 700, x.exp(), 0.0), 800.0),
    (lambda x: where(x < 700, (x * x).exp(), 0.0), 800.0),
    (lambda x: where(x < 700, x.sinh(), 0.0), 800.0),
    (lambda x: where(x < 700, x.cosh() * x, 0.0), 800.0),
    (lambda x: where(x < 1, x.asin(), 0.0), 1.0),
    (lambda x: where(x < 1, x.asin(), 0.0), 2.0),
    (lambda x: where(x > -1, x.log1p(), 0.0), -1.0),
    (lambda x: where(x > 0, x.log().sqrt(), 0.0), 0.0),
    (lambda x: where(x > 0, 3.0, x.sqrt() * x.log()), 4.0),
])  # fmt: skip
def test_a_branch_that_was_not_taken_silences_a_singular_slope(f: Callable[[Value], Value], x: float) -> None:
    first, in_graph, second = by_all_means(f, x)
    assert (first, in_graph, second) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("f, x, first, second", [
    (lambda x: where(x > 0, x.sqrt(), 0.0), 4.0, 0.25, -1 / 32),
    (lambda x: where(x > 0, x.log(), -x), 2.0, 0.5, -0.25),
    (lambda x: where(x > 0, x.log(), x * x), -2.0, -4.0, 2.0),
    (lambda x: where(x < 700, x.exp(), 2 * x), 800.0, 2.0, 0.0),
])  # fmt: skip
def test_the_branch_that_was_taken_has_its_gradient(
    f: Callable[[Value], Value], x: float, first: float, second: float
) -> None:
    assert by_all_means(f, x) == (first, first, second)


def test_a_singularity_that_counts_is_not_hidden() -> None:
    for f, x in ((Value.sqrt, 0.0), (Value.log, 0.0)):
        first, in_graph, _ = by_all_means(f, x)
        assert first == in_graph == math.inf
    first, in_graph, second = by_all_means(Value.log, -1.0)
    assert math.isnan(first) and math.isnan(in_graph) and math.isnan(second)


# --- the lecture emerges ------------------------------------------------------------------------


def test_the_gradient_of_a_network_is_the_lecture_node_for_node() -> None:
    """δᵢ = σ'(uᵢ) · sumprod(δ_next, θ_column) and ∂Err/∂θᵢₗ = δᵢ · oₗ, as ops and operands, 3-4-2."""
    from nn import MLP, squared_error

    net = MLP(3, [4, 2], seed=3)
    run = net.forward([0.5, -1.0, 2.0])
    err = squared_error(run.outputs, [1.0, -1.0])
    us = [u for layer in run.u for u in layer]
    parameters = net.parameters()
    gradients = grad(err, us + parameters)
    delta = dict(zip(us, gradients))
    by_parameter = dict(zip(parameters, gradients[len(us) :]))

    def slope_of(node: Value, u: Value) -> Value:
        """Asserts that node is σ'(u) · something, and gives the something."""
        assert node.op is not None and node.op.name == "mul"
        slope, rest = node.parents
        assert slope.op is not None and slope.op.name == "sech2" and slope.parents == (u,)
        return rest

    hidden, output = run.u
    for i, u in enumerate(hidden):
        total = slope_of(delta[u], u)
        column = [neuron.theta[i] for neuron in net.layers[1].neurons]
        assert total.op is not None and total.op.name == "sumprod"
        assert total.parents == (*[delta[next_u] for next_u in output], *column)
    for u, o, y in zip(output, run.outputs, (1.0, -1.0)):
        # −2(y − ŷ): the residual's adjoint is 1·r + 1·r, and ŷ enters it with a minus.
        minus = slope_of(delta[u], u)
        assert minus.op is not None and minus.op.name == "neg"
        (twice,) = minus.parents
        assert twice.op is not None and twice.op.name == "sumprod"
        ones, residuals = twice.parents[:2], twice.parents[2:]
        assert [one.data for one in ones] == [1.0, 1.0]
        assert residuals[0] is residuals[1] and residuals[0].parents[1] is o and residuals[0].parents[0].data == y
    for k, layer in enumerate(net.layers):
        before = run.inputs if k == 0 else run.o[k - 1]
        for neuron, u in zip(layer.neurons, run.u[k]):
            for weight, o in zip(neuron.theta, before):
                product = by_parameter[weight]
                assert product.op is not None and product.op.name == "mul" and product.parents == (delta[u], o)
            assert by_parameter[neuron.bias] is delta[u]  # the weight of an input that is always 1


def test_the_emerged_delta_has_the_bits_of_backward() -> None:
    from nn import MLP, squared_error

    net = MLP(3, [4, 4, 2], seed=3)
    run = net.forward([0.5, -1.0, 2.0])
    err = squared_error(run.outputs, [1.0, -1.0])
    in_graph = [[g.data for g in grad(err, layer)] for layer in run.u]
    err.backward()
    assert in_graph == run.delta


@pytest.mark.parametrize("arguments", [(1.0, [Value(1.0)]), ([Value(1.0)], 1.0)])
def test_vjp_says_what_it_takes(arguments: tuple[Any, Any]) -> None:
    with pytest.raises(AutogradTypeError, match=r"^vjp\(ys, xs, w\) takes two lists of Values, and was given 1\.0$"):
        vjp(*arguments, [1.0])
