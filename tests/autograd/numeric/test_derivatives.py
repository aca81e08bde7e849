"""Derivatives of functions, for scripts: any container, NumPy inside, Values in and out, and SciPy on top.

References: SciPy's own derivatives of its Rosenbrock function, finite differences, formulas on paper.
"""

import inspect
import math
from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    AutogradTypeError,
    AutogradValueError,
    NotFinite,
    Value,
    debug,
    difference,
    exp,
    fsum,
    hessian_of,
    hvp_of,
    jacobian_of,
    lower,
    lower_function,
    no_grad,
    toposort,
    value_and_grad,
    where,
)  # fmt: skip
from autograd.value import computed_from
from nn import MLP, squared_error

from ..test_gradient import programs

numpy = pytest.importorskip("numpy")
Point = namedtuple("Point", "x y")


def rosenbrock(x):
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


# --- containers -----------------------------------------------------------------------------------------


CONTAINERS = {
    "number": (lambda x: x * x, 3.0, 6.0),
    "whole number": (lambda x: x * x, 3, 6.0),
    "numpy scalar": (lambda x: x * x, numpy.float32(3), 6.0),
    "list": (lambda x: x[0] * x[1], [2, 3.0], [3.0, 2.0]),
    "tuple": (lambda x: x[0] * x[1], (2.0, 3.0), (3.0, 2.0)),
    "named tuple": (lambda p: p.x * p.y, Point(2.0, 3.0), Point(3.0, 2.0)),
    "dictionary": (lambda p: p["a"] * p["b"], {"b": 2.0, "a": 3.0}, {"b": 3.0, "a": 2.0}),
    "range": (lambda x: x[1] * x[2], range(3), [0.0, 2.0, 1.0]),
    "nested": (
        lambda p: p["w"][0][1] * p["w"][1][0] * p["b"][0] + p["c"] ** 2,
        {"w": [[1.0, 2.0], [3.0]], "b": (4.0,), "c": 5.0},
        {"w": [[0.0, 12.0], [8.0]], "b": (6.0,), "c": 10.0},
    ),
    "empty": (lambda x: 5.0, [], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_gradient_has_the_callers_container(name):
    f, x, gradient = CONTAINERS[name]
    value, found = value_and_grad(f)(x)
    assert found == gradient and type(found) is type(gradient) and type(value) is float
    values = [*found.values()] if isinstance(found, dict) else found if isinstance(found, (list, tuple)) else [found]
    assert all(type(v) in (float, list, tuple) for v in values)


@pytest.mark.parametrize("x", [
    numpy.array([0.5, -1.5]), numpy.array([1, 2]), numpy.array([0.5, 2], dtype="float32"), numpy.array([[0.5, 2.0]]),
    numpy.ones((2, 3, 2)), numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)), numpy.arange(8.0)[::2],
])  # fmt: skip
def test_arrays_come_back_as_arrays_of_doubles(x):
    value, found = value_and_grad(lambda x: (x**3).sum())(x)
    assert isinstance(found, numpy.ndarray) and found.dtype == float and found.shape == x.shape
    assert value == (x.astype(float) ** 3).sum() and (found == 3.0 * x.astype(float) ** 2).all()


def test_arrays_in_a_nesting():
    parameters = {"w": numpy.array([[1.0, 2.0], [3.0, 4.0]]), "b": [numpy.array([0.5]), 1.0]}
    value, found = value_and_grad(lambda p: (p["w"] @ p["w"]).sum() * p["b"][1] + p["b"][0][0])(parameters)
    assert value == 54.5 and found["b"] == [numpy.array([1.0]), 54.0]
    assert found["w"].tolist() == [[3 + 4, 7 + 4], [3 + 6, 7 + 6]]


NUMPY = {
    "sum of exp": lambda x: numpy.sum(numpy.exp(x)),
    "dot": lambda x: numpy.dot(x, numpy.arange(4.0)) ** 2,
    "matrix": lambda x: x @ numpy.diag([1.0, 2.0, 3.0, 4.0]) @ x,
    "mean and std": lambda x: numpy.mean(x) / numpy.std(x),
    "where": lambda x: numpy.where(x > 0.5, numpy.sin(x), x**2).sum(),
    "log, cumsum, prod": lambda x: numpy.prod(numpy.log1p(numpy.cumsum(x**2))),
    "maximum": lambda x: numpy.maximum(x, 0.3).sum() + numpy.abs(x).max(),
    "hypot, arctan2": lambda x: numpy.hypot(x[0], x[1]) * numpy.arctan2(x[2], x[3]),
    "convolve": lambda x: numpy.convolve(x, [1.0, -2.0, 1.0]).dot(numpy.arange(6.0)) ** 2,
    "tanh of outer": lambda x: numpy.tanh(numpy.outer(x, x)).sum(),
}


@pytest.mark.parametrize("name", NUMPY)
def test_numpy_functions_on_object_arrays(name):
    """Each slope against finite differences of the very function on floats."""
    f, x = NUMPY[name], numpy.array([0.3, -0.7, 1.1, 0.9])
    value, found = value_and_grad(f)(x)
    assert value == pytest.approx(float(f(x)), rel=1e-14)
    for i, slope in enumerate(found):

        def along(t, i=i):
            return float(f(numpy.array([t if k == i else v for k, v in enumerate(x)])))

        assert difference(along, x[i]).agrees(slope), i


def test_other_arguments_are_constants():
    g = value_and_grad(lambda x, a, scale=1.0: scale * (x[0] - a) ** 2)
    assert g([5.0], 2.0, scale=10.0) == (90.0, [60.0])
    assert list(inspect.signature(g).parameters) == ["x", "a", "scale"]
    assert list(inspect.signature(hvp_of(lambda x: x)).parameters)[:2] == ["x", "p"]


# --- what it leaves alone -----------------------------------------------------------------------------------


def test_nobodys_gradient_is_touched():
    """A parameter that f closes over, and a part of the graph that was there before."""
    net = MLP(2, [2, 1], seed=0)
    trunk = net.parameters()[0] * 2.0
    for v in (*net.parameters(), trunk):
        v.grad = 7.0
    f = lambda x: squared_error(net(list(x)), 0.5) * trunk
    for derivative in (value_and_grad(f), hessian_of(f)):
        derivative([0.5, -1.0])
    hvp_of(f)([0.5, -1.0], [1.0, 1.0])
    assert {v.grad for v in (*net.parameters(), trunk)} == {7.0}
    slopes = value_and_grad(f)([0.5, -1.0])[1]
    x = [Value(0.5), Value(-1.0)]
    assert slopes == [g.data for g in autograd.grad(f(x), x)]


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=6))
def test_the_bits_are_those_of_backward(point):
    x = [Value(v) for v in point]
    y = rosenbrock(x)
    y.backward()
    assert value_and_grad(rosenbrock)(point) == (y.data, [v.grad for v in x])


@given(programs(), st.sets(st.integers(0, 2)))
def test_whether_anybody_else_is_in_a_graph(program, chosen):
    values = program.build()
    y, leaves = values[-1], values[: len(program.leaves)]
    ours = [leaf for i, leaf in enumerate(leaves) if i in chosen]
    assert computed_from(y, ours) == all(v in ours for v in toposort(y) if v.op is None)
    assert computed_from(y, [*ours, y])
    y.backward()  # and no mark of the walk is in its way
    assert [leaf.grad for leaf in leaves] == [g.data for g in autograd.grad(y, leaves)]


def test_constants_and_functions_that_return_an_argument():
    assert value_and_grad(lambda x: math.inf)([1.0, 2.0]) == (math.inf, [0.0, 0.0])
    assert value_and_grad(lambda x: x[1])([1.0, 2.0]) == (2.0, [0.0, 1.0])
    w = Value(3.0)
    assert value_and_grad(lambda x: w)(1.0) == (3.0, 0.0)
    assert hessian_of(lambda x: x[0])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert hvp_of(lambda x: 2.0)([1.0], [1.0]) == [0.0]
    assert value_and_grad(lambda x: numpy.array(3.0))(1.0) == (3.0, 0.0)


def test_it_works_within_no_grad_and_within_debug():
    with no_grad():
        assert value_and_grad(lambda x: x * x)(3.0) == (9.0, 6.0)
        assert hessian_of(lambda x: x**3)(2.0) == 12.0 and hvp_of(lambda x: x**3)(2.0, 2.0) == 24.0
        assert jacobian_of(lambda x: [x * x])(3.0) == [6.0]
        value, (slope,) = value_and_grad(lambda x: x[0] * x[0])([Value(3.0)])
        assert (value.parents, slope.parents, slope.data) == ((), (), 6.0)
    with debug():
        for _ in range(3):
            value_and_grad(rosenbrock)([0.5, 0.7])
            hessian_of(rosenbrock)([0.5, 0.7, 1.0])
            hvp_of(rosenbrock)([0.5, 0.7, 1.0], [1.0, 2.0, 3.0])
            jacobian_of(lambda x: [x[0] * x[1], x[1]])([0.5, 0.7])
    with pytest.raises(NotFinite, match="sqrt"), debug():
        value_and_grad(lambda x: x.sqrt())(0.0)


# --- Values in, Values out ---------------------------------------------------------------------------------


def test_called_with_values_it_returns_values():
    x = [Value(0.5, "x1"), Value(1.5, "x2")]
    value, slopes = value_and_grad(rosenbrock)(x)
    assert isinstance(value, Value) and all(isinstance(s, Value) for s in slopes)
    assert (value.data, [s.data for s in slopes]) == value_and_grad(rosenbrock)([0.5, 1.5])
    program = lower([value, *slopes], x)
    assert program(0.3, -0.2) == [
        *value_and_grad(rosenbrock)([0.3, -0.2])[:1],
        *value_and_grad(rosenbrock)([0.3, -0.2])[1],
    ]
    matrix = hessian_of(rosenbrock)(x)
    assert [[h.data for h in row] for row in matrix] == hessian_of(rosenbrock)([0.5, 1.5])
    assert [h.data for h in hvp_of(rosenbrock)(x, [1.0, 2.0])] == hvp_of(rosenbrock)([0.5, 1.5], [1.0, 2.0])
    rows = jacobian_of(lambda x: (x[0] * x[1], x[0]))(x)
    assert isinstance(rows, tuple) and [[g.data for g in row] for row in rows] == [[1.5, 0.5], [1.0, 0.0]]


def test_object_arrays_and_dictionaries_of_values():
    x = numpy.array([Value(0.5), Value(1.5)], dtype=object)
    value, slopes = value_and_grad(lambda p: (p["x"] ** 2).sum() * p["a"])({"x": x, "a": Value(3.0)})
    assert value.data == 7.5 and isinstance(slopes["x"], numpy.ndarray) and slopes["x"].dtype == object
    assert [s.data for s in slopes["x"]] == [3.0, 9.0] and slopes["a"].data == 2.5
    assert hessian_of(lambda x: (x**3).sum())(x)[1, 1].data == 9.0


def test_each_place_is_varied_by_itself():
    """One Value in two places, and one that was computed from another."""
    a = Value(3.0)
    _, slopes = value_and_grad(lambda x: x[0] * x[0] * x[1])([a, a])
    assert [s.data for s in slopes] == [18.0, 9.0]
    _, slopes = value_and_grad(lambda x: x[0] * x[1])([a, a * a])
    assert [s.data for s in slopes] == [9.0, 3.0]
    assert a in toposort(*slopes)


def test_a_function_can_be_traced_through_it():
    program = lower_function(lambda a, b: value_and_grad(lambda x: (x[0] * x[1]).exp())([a, b])[1], 2)
    assert program(0.5, 2.0) == value_and_grad(lambda x: (x[0] * x[1]).exp())([0.5, 2.0])[1]


# --- second derivatives and matrices ---------------------------------------------------------------------------


def test_shapes_of_hessians_and_jacobians():
    f = lambda x: (x**2).sum() ** 2
    for shape in ((3,), (2, 2), (1, 2, 3)):
        x = numpy.linspace(0.1, 1.0, math.prod(shape)).reshape(shape)
        matrix = hessian_of(f)(x)
        assert matrix.shape == shape + shape and matrix.dtype == float
        flat = x.ravel()
        expected = 8 * numpy.outer(flat, flat) + 4 * (flat @ flat) * numpy.eye(len(flat))
        assert matrix.reshape(len(flat), -1) == pytest.approx(expected, rel=1e-13)
        assert hvp_of(f)(x, x).shape == shape
        assert jacobian_of(lambda x: numpy.outer(x, [1.0, 2.0]))(x).shape == (x.size, 2, *shape)
    assert hessian_of(lambda p: p["a"] ** 2 * p["b"][0])({"a": 2.0, "b": [3.0]}) == {
        "a": {"a": 6.0, "b": [4.0]}, "b": [{"a": 4.0, "b": [0.0]}],
    }  # fmt: skip
    mixed = hessian_of(lambda p: p["a"] * (p["w"] ** 2).sum())({"a": 2.0, "w": numpy.array([3.0, 4.0])})
    assert mixed["a"]["w"].tolist() == [6.0, 8.0] and mixed["w"]["w"].tolist() == [[4.0, 0.0], [0.0, 4.0]]
    assert mixed["w"]["a"].tolist() == [6.0, 8.0]
    mixed = hessian_of(lambda p: p["a"][0] * p["w"].sum())({"a": [2.0, 1.0], "w": numpy.array([3.0, 4.0])})
    assert [block.tolist() for block in mixed["w"]["a"]] == [[1.0, 1.0], [0.0, 0.0]]
    assert [inner["w"].tolist() for inner in mixed["a"]] == [[1.0, 1.0], [0.0, 0.0]]
    assert jacobian_of(lambda x: {"s": x[0] + x[1], "p": x[0] * x[1]})([2.0, 3.0]) == {"s": [1.0, 1.0], "p": [3.0, 2.0]}


@pytest.mark.parametrize(("f", "x", "told"), [
    (lambda x: x, [1.0, 2.0], "f must return one number"),
    (lambda x: numpy.array([x, x]), 1.0, "jacobian_of"),
    (lambda x: None, 1.0, "the result of f: got None"),
    (lambda x: x[0], ["a"], "got 'a'"),
    (lambda x: x, "12", "got '12'"),
    (lambda x: x["a"][1], {"a": [1.0, None]}, "x)['a']: got None"),
    (lambda x: math.tanh(x), 1.0, "autograd.tanh"),
    (3.0, 1.0, "takes a function"),
])  # fmt: skip
def test_what_is_no_number_is_refused_with_its_place(f, x, told):
    with pytest.raises(AutogradTypeError) as error:
        value_and_grad(f)(x)
    assert told in str(error.value)


def test_a_direction_has_the_points_shape():
    with pytest.raises(AutogradValueError, match="x has 2 numbers, p 3"):
        hvp_of(rosenbrock)([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(AutogradValueError, match="nested as x is"):
        hvp_of(lambda x: x.sum())(numpy.ones((2, 2)), numpy.ones(4))
    assert hvp_of(rosenbrock)([1.0, 1.0], numpy.array([1.0, 0.0])) == [802.0, -400.0]


# --- SciPy ------------------------------------------------------------------------------------------------------


def scipy_optimize():
    return pytest.importorskip("scipy.optimize", reason="compares with SciPy: pip install scipy")


@pytest.mark.parametrize("n", [2, 5, 20])
def test_rosenbrock_is_scipys(n):
    optimize = scipy_optimize()
    x = numpy.linspace(-1.3, 1.4, n)
    value, slopes = value_and_grad(rosenbrock)(x)
    p = numpy.cos(numpy.arange(n))
    assert value == pytest.approx(optimize.rosen(x), rel=1e-13)
    assert slopes == pytest.approx(optimize.rosen_der(x), rel=1e-12)
    assert hessian_of(rosenbrock)(x) == pytest.approx(optimize.rosen_hess(x), rel=1e-13)
    assert hvp_of(rosenbrock)(x, p) == pytest.approx(optimize.rosen_hess_prod(x, p), rel=1e-12)


SECOND = {"hess": ["Newton-CG", "trust-exact", "trust-ncg", "trust-krylov"], "hessp": ["Newton-CG", "trust-krylov"]}
METHODS = [(method, second) for second, methods in SECOND.items() for method in methods]
METHODS += [(method, None) for method in ("BFGS", "L-BFGS-B", "CG", "SLSQP")]


@pytest.mark.parametrize(("method", "second"), METHODS)
def test_methods_go_the_way_that_they_go_with_scipys_own_derivatives(method, second):
    optimize = scipy_optimize()
    start = numpy.array([-1.2, 1.0, 0.5])
    ours, theirs = {}, {}
    if second == "hess":
        ours, theirs = {"hess": hessian_of(rosenbrock)}, {"hess": optimize.rosen_hess}
    if second == "hessp":
        ours, theirs = {"hessp": hvp_of(rosenbrock)}, {"hessp": optimize.rosen_hess_prod}
    found = optimize.minimize(value_and_grad(rosenbrock), start, jac=True, method=method, **ours)
    expected = optimize.minimize(optimize.rosen, start, jac=optimize.rosen_der, method=method, **theirs)
    assert found.x == pytest.approx(expected.x, abs=1e-4) and abs(found.nit - expected.nit) <= 2


def test_arguments_that_scipy_passes_on():
    optimize = scipy_optimize()
    f = lambda x, a, b: (x[0] - a) ** 2 + (x[1] - b) ** 2
    found = optimize.minimize(value_and_grad(f), [0.0, 0.0], args=(3.0, -1.0), jac=True, hess=hessian_of(f),
                              method="trust-exact")  # fmt: skip
    assert found.x == pytest.approx([3.0, -1.0])


def test_a_maximum_with_a_border_that_returns_infinity():
    """A log-likelihood outside its domain."""
    optimize = scipy_optimize()
    f = lambda x: math.inf if x[0] <= 0 else fsum([x[0] * t for t in (1.0, 2.0, 3.0)]) - 3 * x[0].log()
    found = optimize.minimize(value_and_grad(f), [3.0], jac=True, method="BFGS")
    assert found.x == pytest.approx([0.5], rel=1e-6)
    assert value_and_grad(lambda x: where(x > 0, exp(x), 0.0))(-1.0) == (0.0, 0.0)
