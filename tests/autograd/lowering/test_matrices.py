"""The matrix form: the lecture's formulas, run by NumPy as they are printed, against matrices written by hand."""

import math
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd import Value, grad, lower, sumprod
from autograd.lowering.matrices import matrices
from autograd.ops import TABLE
from autograd.value import literal
from autograd.value import node_of as record
from nn import MLP
from nn.network import losses

from .test_families import (
    attention,
    classifier,
    convolution,
    flat,
    matrix,
    network,
    recurrence,
    residual,
    rows_of_tanh,
    values,
)

U = 2.0**-53
LECTURE = """\
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
d_b1 = delta1"""


def lecture(sizes, activation="tanh"):
    """A network with the error Σ (y − ŷ)², its inputs, and the program of its error and gradient."""
    net = MLP(sizes[0], sizes[1:], activation, "linear", seed=1)
    x, y = values(sizes[0], "x"), values(sizes[-1], "y")
    outputs = net(x)
    v = [a - b for a, b in zip(y, outputs if isinstance(outputs, list) else [outputs])]
    err = sumprod(v, v)
    err.label = "Err"
    inputs = [*x, *y, *net.parameters()]
    return inputs, lower([err, *grad(err, net.parameters())], inputs)


def named(form, inputs):
    """The inputs as the arrays that the formulas start from."""
    return {
        array.name: np.array([inputs[array.family.results[place]] for place in array.places]).reshape(array.shape)[()]
        for array in form.steps.inputs
    }


def by_element(row):
    """A row of the table as a function of arrays, which are broadcast."""
    return lambda *xs: np.asarray(np.frompyfunc(row.function, len(xs), 1)(*xs), dtype=float)


def softmaxes(z):
    terms = np.exp(z - z.max())
    return terms / terms.sum()


def run(form, inputs):
    """The arrays that the printed text computes, nothing but NumPy and the rows' own functions in its names."""
    namespace = {name: by_element(row) for name, row in TABLE.items()}
    namespace |= {"dot": np.dot, "outer": np.outer, "einsum": np.einsum, "sum": np.sum, "softmaxes": softmaxes}
    namespace |= {name: np.array(index) for name, index in form.indices.items()}
    namespace |= named(form, inputs)
    with np.errstate(all="ignore"):
        exec(str(form), namespace)
    return namespace


def outputs_of(form, inputs):
    """What the text says of the program's outputs."""
    namespace = run(form, inputs)
    found = [math.nan] * len(form.families.program.outputs)
    for leaf in form.families.leaves:
        for member, k in leaf.outputs if leaf.values else ():
            found[k] = leaf.values[member]
    for array in (*form.steps.inputs, *(step.array for step in form.steps.steps)):
        for member, k in array.family.outputs:
            if member in array.places:
                value = np.broadcast_to(namespace[array.name], array.shape)
                found[k] = float(value.reshape(-1)[list(array.places).index(member)])
    return found


# --- the lecture ------------------------------------------------------------------------------


def test_the_lecture_in_matrix_form():
    _, program = lecture([3, 4, 2])
    assert str(program.matrices) == LECTURE
    assert program.matrices.shapes == {"x": (3,), "y": (2,), "theta1": (4, 3), "b1": (4,), "theta2": (2, 4), "b2": (2,)}


@pytest.mark.parametrize("sizes", [[5, 7, 2], [2, 9, 3]])
def test_it_is_the_same_for_every_size(sizes):
    assert str(lecture(sizes)[1].matrices) == LECTURE


def test_deeper_networks_repeat_the_hidden_layer_s_formulas():
    text = str(lecture([3, 4, 5, 6, 2])[1].matrices).splitlines()
    for k in (1, 2, 3):
        assert f"delta{k} = sech2(u{k}) * (theta{k + 1}.T @ delta{k + 1})" in text
        assert f"d_theta{k} = outer(delta{k}, {f'o{k - 1}' if k > 1 else 'x'})" in text
        assert f"d_b{k} = delta{k}" in text


def test_one_output_neuron_has_a_row_for_its_matrix():
    text = str(lecture([3, 4, 1])[1].matrices)
    assert "u2_1 = dot(theta2, o1) + b2_1" in text and "d_theta2 = delta2_1 * o1" in text
    assert "delta1 = sech2(u1) * (delta2_1 * theta2)" in text


def test_latex():
    lines = lecture([3, 4, 2])[1].matrices.latex.splitlines()
    assert lines[0] == r"\begin{aligned}" and lines[-1] == r"\end{aligned}"
    assert lines[1] == r"u^{(1)} &= \theta^{(1)} \, x + b^{(1)} \\"
    assert (
        r"\delta^{(1)} &= \mathrm{tanh}'\left(u^{(1)}\right) \odot \left(\theta^{(2)\top} \, \delta^{(2)}\right) \\"
        in lines
    )
    assert r"\frac{\partial \mathrm{Err}}{\partial \theta^{(1)}} &= \delta^{(1)} \, x^{\top} \\" in lines
    for text in (p.matrices.latex for p in (lower(*reversed(b())) for b in (convolution, recurrence, classifier_of_5))):
        assert text.count("{") == text.count("}") and text.count(r"\left(") == text.count(r"\right)")


def classifier_of_5():
    return classifier([6, 12, 5])


def test_against_matrices_written_by_hand():
    """The lecture's section 6 in NumPy, as one writes it by hand; equal but for the order inside of sums."""
    inputs, program = lecture([7, 12, 9, 4])
    at = [v.data for v in inputs]
    found = run(program.matrices, at)
    x, y, theta, b = (
        found["x"],
        found["y"],
        [found[f"theta{k}"] for k in (1, 2, 3)],
        [found[f"b{k}"] for k in (1, 2, 3)],
    )
    o, u = [x], []
    for k in range(3):
        u.append(theta[k] @ o[-1] + b[k])
        o.append(np.tanh(u[-1]))
    o[-1] = u[-1]
    delta = -2 * (y - o[-1])
    close = {"rtol": 1e-13, "atol": 1e-15}
    assert np.allclose(found["Err"], np.sum((y - o[-1]) ** 2), **close)
    for k in (3, 2, 1):
        assert np.allclose(found[f"d_theta{k}"], np.outer(delta, o[k - 1]), **close)
        assert np.allclose(found[f"d_b{k}"], delta, **close)
        if k > 1:
            delta = 1 / np.cosh(u[k - 2]) ** 2 * (theta[k - 1].T @ delta)


# --- every program ----------------------------------------------------------------------------

PROGRAMS = {
    "network": lambda: network([4, 6, 5, 2]),
    "relu": lambda: network([4, 6, 5, 1], "relu"),
    "gelu": lambda: network([3, 4, 2], "gelu"),
    "classifier": classifier_of_5,
    "residual": lambda: residual(1),
    "two skips": lambda: residual(2),
    "recurrence": recurrence,
    "convolution": convolution,
    "rows": rows_of_tanh,
    "attention": lambda: (lambda p, x, loss: ([*p, *x], [loss, *grad(loss, p)]))(*attention()),
}


@pytest.mark.parametrize("build", PROGRAMS.values(), ids=PROGRAMS)
def test_what_is_printed_is_the_program(build):
    inputs, outputs = build()
    program, at = lower(outputs, inputs, allow_constants=True), [v.data for v in inputs]
    expected = program(*at)
    scale = max(map(abs, expected))
    assert np.allclose(outputs_of(program.matrices, at), expected, rtol=1e-12, atol=1e-14 * scale)
    assert np.allclose(program.matrices(*at), expected, rtol=1e-12, atol=1e-14 * scale)


@pytest.mark.parametrize("build", PROGRAMS.values(), ids=PROGRAMS)
def test_samples(build):
    """Some inputs are columns, the others numbers; one is a column among numbers of the same array."""
    inputs, outputs = build()
    program, n = lower(outputs, inputs, allow_constants=True), 5
    random_numbers = np.random.default_rng(0)
    columns = [random_numbers.normal(size=n) if k % 3 == 0 or k < 4 else v.data for k, v in enumerate(inputs)]
    expected = program.to("numpy")(*columns)
    for got, want in zip(program.matrices(*columns), expected):
        assert np.allclose(got, want, rtol=1e-11, atol=1e-13)
    square = [c.reshape(5, 1) + np.zeros((5, 2)) if np.ndim(c) else c for c in columns]
    for got, want in zip(program.matrices(*square), program.to("numpy")(*square)):
        assert np.allclose(got, want, rtol=1e-11, atol=1e-13) and np.shape(got) in ((), (5, 2))


def test_sums_are_within_the_bound_of_their_terms_and_products_have_the_bits():
    theta, x, delta = matrix(30, 40, "w"), values(40, "x"), values(30, "d")
    us = [sumprod(row, x) for row in theta]
    back = [sumprod(delta, [theta[i][j] for i in range(30)]) for j in range(40)]
    products = [d * v for d in delta for v in x]
    inputs = [*flat(theta), *x, *delta]
    program, at = lower([*us, *back, *products], inputs), [v.data for v in inputs]
    form = program.matrices
    assert str(form) == "v = w @ x\nv_2 = w.T @ d\nv_3 = outer(d, x)"
    got, want = form(*at), program(*at)
    terms = [[abs(p.data * q.data) for p, q in zip(row, x)] for row in theta]
    terms += [[abs(delta[i].data * theta[i][j].data) for i in range(30)] for j in range(40)]
    for a, b, of in zip(got, want, terms):
        assert abs(a - b) <= 2 * len(of) * U * math.fsum(of)
    assert [float(p) for p in got[70:]] == want[70:]


def test_a_softmax_of_scores_takes_its_exponentials_once():
    z = values(6, "z")
    program = lower([record(TABLE["softmax"], (z[i], *z[:i], *z[i + 1 :])) for i in range(6)], z)
    assert str(program.matrices) == "v = softmaxes(z)"
    at = [v.data for v in z]
    assert np.allclose(program.matrices(*at), program(*at), rtol=1e-15)
    assert np.allclose(np.array(program.matrices(*[np.array([x, 800.0 + x]) for x in at])).sum(0), 1.0)


def test_one_cross_entropy_is_one_row():
    z = values(4, "z")
    program = lower(losses.cross_entropy(z, 1), z)
    assert "cross_entropy(" in str(program.matrices) and len(str(program.matrices).splitlines()) == 1
    assert np.allclose(program.matrices(*[v.data for v in z])[0], program(*[v.data for v in z]))


def test_a_vector_of_all_parameters_is_cut_into_its_matrices():
    """Without names there is one leaf, and the weights are parts of it in a shape."""
    text = str(lower(*reversed(recurrence(3, 4))).matrices)
    # In the first step everything is of this one leaf; the others tell state and input apart.
    assert text.count(".reshape(4, 4)") == 4 and text.count(".reshape(4, 4).T") == 2
    assert "index_" not in "".join(text.splitlines()[1:])


def test_names_stay_apart():
    a, b = [Value(1.0, f"v{i}") for i in range(3)], [Value(2.0, f"d_x{i}") for i in range(3)]
    products = [p * q for p, q in zip(a, b)]
    program = lower([*products, *[p.tanh() + p for p in products]], [*a, *b])
    names = [line.split(" = ")[0] for line in str(program.matrices).splitlines()]
    assert len({*names, "v", "d_x"}) == len(names) + 2
    at = [v.data for v in (*a, *b)]
    assert np.allclose(outputs_of(program.matrices, at), program(*at))


def test_no_gradient_is_called_so_without_a_label_that_says_it():
    theta, x = values(4, "w"), values(4, "x")
    new = [w - 0.1 * v for w, v in zip(theta, x)]
    text = str(lower([sumprod(theta, x), *new], [*theta, *x]).matrices)
    assert "d_" not in text


# --- random programs --------------------------------------------------------------------------

EXACT = ("add", "sub", "mul", "neg", "sumprod", "relu", "step", "abs", "maximum", "minimum", "sign", "where", "fsum")
choice = st.integers(0, 10**6)
steps = st.lists(st.tuples(st.sampled_from(EXACT), st.lists(choice, min_size=4, max_size=16)), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.integers(2, 5), st.integers(0, 2**32))
@pytest.mark.long
def test_random_programs_of_whole_numbers_are_exact(operations, width, seed):
    """Sums of whole numbers do not round, so that every order gives the same."""
    chosen = random.Random(seed)
    leaves = [Value(float(chosen.randint(-3, 3)), f"{'xyw'[k % 3]}{k}") for k in range(4 * width)]
    nodes = [*leaves, literal(2.0), literal(-1.0)]
    for name, choices in operations:
        count = TABLE[name].arity or 2 * (1 + choices[0] % (len(choices) // 2))
        picked = choices[:count]
        new = [
            record(TABLE[name], tuple(nodes[(k + j * (1 + k % 2)) % len(nodes)] for k in picked)) for j in range(width)
        ]
        nodes += [node for node in new if abs(node.data) < 1e4]
    program = lower([node for node in nodes if node.parents] or leaves[:1], leaves, allow_constants=True)
    at = [v.data for v in leaves]
    expected = program(*at)
    assert [float(x) for x in matrices(program)(*at)] == expected
    assert outputs_of(matrices(program), at) == expected
    columns = [np.array([x, x]) if k % 2 else x for k, x in enumerate(at)]
    assert [np.broadcast_to(x, 2).tolist() for x in matrices(program)(*columns)] == [[x, x] for x in expected]
