"""`compiled`: any structure, any target, recorded once for each structure, and what is refused."""

import copy
import functools
import math
import pickle
from collections import namedtuple
from itertools import pairwise

import pytest

from autograd import (
    AutogradTypeError,
    LoweringError,
    Value,
    compiled,
    debug,
    exp,
    grad,
    hvp_of,
    jacobian_of,
    logsumexp,
    lower_function,
    no_grad,
    sumprod,
    take,
    value_and_grad,
    where,
)

np = pytest.importorskip("numpy")
TARGETS = ("python", "numpy", "native")
Point = namedtuple("Point", "x y")


def loss(theta, x, y):
    hidden = [sumprod(row, x).tanh() for row in theta["first"]]
    return (sumprod(theta["second"], hidden) - y) ** 2


def step(theta, x, y):
    err = loss(theta, x, y)
    slopes = iter(grad(err, [v for row in theta["first"] for v in row] + [*theta["second"]]))
    return err, {"first": [[next(slopes) for _ in row] for row in theta["first"]], "second": [*slopes]}


def numbers(seed=0):
    rng = np.random.default_rng(seed)
    theta = {"first": [rng.normal(size=3) for _ in range(4)], "second": rng.normal(size=4)}
    return theta, rng.normal(size=(9, 3)), rng.normal(size=9)


def by_hand(theta, X, Y):
    first, second = np.array(theta["first"]), np.array(theta["second"])
    H = np.tanh(X @ first.T)
    rest = 2 * (H @ second - Y)
    delta = rest[:, None] * second * (1 - H * H)
    return (H @ second - Y) ** 2, delta[:, :, None] * X[:, None, :], rest[:, None] * H


@pytest.mark.parametrize("target", TARGETS)
def test_a_step_summed_over_samples_and_for_each(target):
    theta, X, Y = numbers()
    err, first, second = by_hand(theta, X, Y)
    total = compiled(step, over=("x", "y"), target=target)(theta, X, Y)
    assert isinstance(total, tuple) and isinstance(total[0], float)
    assert np.isclose(total[0], err.sum()) and np.allclose(total[1]["first"], first.sum(0))
    assert np.allclose(total[1]["second"], second.sum(0))
    each = compiled(step, over=("x", "y"), reduce=None, target=target)(theta, x=X, y=Y)
    assert np.allclose(each[0], err)
    assert np.allclose(np.stack(each[1]["first"], 1), first) and np.allclose(each[1]["second"], second)
    one = compiled(step, target=target)(theta, X[0], Y[0])
    assert np.isclose(one[0], err[0]) and np.allclose(one[1]["second"], second[0])


@pytest.mark.parametrize("target", TARGETS)
def test_lists_do_as_well_as_arrays(target):
    theta, X, Y = numbers()
    lists = {"first": [row.tolist() for row in theta["first"]], "second": theta["second"].tolist()}
    fast = compiled(step, over=("x", "y"), target=target)
    a, b = fast(theta, X, Y), fast(lists, X.tolist(), Y.tolist())
    assert np.isclose(a[0], b[0]) and np.allclose(a[1]["second"], b[1]["second"])


def test_it_is_recorded_once_for_a_structure():
    calls = []

    def f(x, k=2.0, kind="plain"):
        calls.append(kind)
        total = sumprod(x, x) * k
        return exp(total) if kind == "exp" else total

    fast = compiled(f, over="x")
    for n in (3, 5, 0, 1):
        fast(np.ones((n, 4)))
    recorded = len(calls)
    assert recorded <= 3 and fast(np.ones((2, 4))) == 16.0
    assert fast(np.ones((2, 4)), 3.0) == 24.0 and fast(np.ones((2, 4)), k=3) == 24.0 and len(calls) == recorded
    assert np.isclose(fast(np.zeros((2, 4)), kind="exp"), 2.0) and len(calls) == 2 * recorded
    assert fast(np.ones((2, 7))) == 28.0 and len(fast.steps) == 3
    assert fast.__name__ == "f" and fast.__wrapped__ is f


@pytest.mark.parametrize("target", TARGETS)
def test_structures_come_back(target):
    def f(p, w):
        return Point(p.x * 2, [p.y, 1.0]), {"w": w[0, 1] + w[1, 0]}, 3

    got, more, constant = compiled(f, target=target)(Point(1.0, 2.0), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert isinstance(got, Point) and got.x == 2.0 and [*got.y] == [2.0, 1.0]
    assert more == {"w": 5.0} and constant == 3.0
    assert compiled(lambda x: x * x, target=target)(3) == 9.0
    pair = compiled(lambda x, y: [x * y, x + y], target=target)(2.0, 3.0)
    assert [*pair] == [6.0, 5.0]
    assert compiled(lambda *xs: xs[0] * xs[1], target=target)(2.0, 3.0) == 6.0
    assert compiled(lambda **named: named["a"] * named["b"], over="a", target=target)(a=[2.0, 3.0], b=3.0) == 15.0


def test_it_does_what_the_function_does_on_values():
    theta, X, Y = numbers()
    err, slopes = step({k: [[Value(v) for v in r] for r in p] if k == "first" else [Value(v) for v in p]
                        for k, p in theta.items()}, [Value(v) for v in X[0]], Value(Y[0]))  # fmt: skip
    got = compiled(step)(theta, X[0], Y[0])
    assert got[0] == pytest.approx(err.data, rel=1e-14)
    assert np.allclose(got[1]["second"], [g.data for g in slopes["second"]], rtol=1e-13)


@pytest.mark.parametrize("target", TARGETS)
def test_value_and_grad(target):
    def err(w, x, y):
        return (sumprod(w["w"], x).tanh() + w["b"] - y) ** 2

    rng = np.random.default_rng(0)
    w, X, Y = {"w": rng.normal(size=3), "b": 0.5}, rng.normal(size=(5, 3)), rng.normal(size=5)
    fast = compiled(value_and_grad(err), over=("x", "y"), target=target)
    value, slope = fast(w, X, Y)
    pairs = [value_and_grad(err)(w, x, y) for x, y in zip(X, Y)]
    assert value == pytest.approx(sum(v for v, _ in pairs), rel=1e-14)
    assert np.allclose(slope["w"], sum(g["w"] for _, g in pairs)) and np.isclose(
        slope["b"], sum(g["b"] for _, g in pairs)
    )
    assert [*compiled(value_and_grad(lambda x: x[0] * x[1]), target=target)([2.0, 3.0])[1]] == [3.0, 2.0]


def test_indices_are_inputs():
    """One program for all documents of a length."""

    def err(table, ids):
        total = 0.0
        for now, after in pairwise(ids):
            logits = [sumprod(row, take(table, now)) for row in table]
            total = total + logsumexp(logits) - take(logits, after)
        return total

    rng = np.random.default_rng(0)
    table, ids = [rng.normal(size=3) for _ in range(9)], rng.integers(0, 9, (6, 4))
    fast = compiled(err, over="ids", reduce=None)
    T = np.array(table)
    for row, got in zip(ids, fast(table, ids)):
        logits = T[row[:-1]] @ T.T
        assert np.isclose(got, sum(np.log(np.exp(u).sum()) - u[k] for u, k in zip(logits, row[1:])))


def test_values_that_are_recorded_depend_on_no_numbers():
    """At the places of the recording an index names no entry: no nan of it leads to masks."""
    fast = compiled(lambda w, i: grad(take(w, i).relu() * w[0].relu(), [*w]))
    assert "where" not in fast.lowered([1.0, 2.0, 3.0], 1.0).source
    assert [*fast([1.0, 2.0, 3.0], 1)] == [2.0, 1.0, 0.0]


# --- f's own structure, and what f does with it -----------------------------------------------------


def swapped(p):
    p["a"], p["b"] = p["b"], p["a"]
    return p["a"] - 2 * p["b"]


def turned(x):
    x[[0, 1]] = x[[1, 0]]
    return x[0] - 2 * x[1]


def halves(x):
    x[0] = x[0] / 2
    return [x.pop(), *x]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("f", "x", "want"),
    [
        (lambda x: (x.reverse(), x[0])[1], [1.0, 2.0, 3.0], 3.0),
        (lambda x: (x[1].reverse(), x[1][0])[1], [[1.0], [2.0, 3.0]], 3.0),
        (swapped, {"a": 1.0, "b": 2.0}, 0.0),
        (turned, np.array([1.0, 2.0]), 0.0),
        (halves, [1.0, 2.0, 3.0], [3.0, 0.5, 2.0]),
    ],
)
def test_f_may_change_what_it_is_given(target, f, x, want):
    given = x.copy()
    assert compiled(f, target=target)(x) == want
    assert (x == given).all() if isinstance(x, np.ndarray) else x == given


def test_an_array_comes_back_as_one():
    W, X = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[1.0, 0.0], [5.0, 7.0]])
    for target in TARGETS:
        fast = compiled(lambda W, x: W @ x, over="x", reduce=None, target=target)
        assert np.asarray(fast(W, X)).tolist() == (X @ W.T).tolist()
        fast = compiled(lambda x: np.array([[x, 0.0], [1.0, x], [2.0, x]], dtype=object).T, target=target)
        assert np.asarray(fast(2.0)).tolist() == [[2.0, 1.0, 2.0], [0.0, 2.0, 2.0]]
        assert compiled(lambda x: np.array(2 * x, dtype=object), target=target)(1.5) == 3.0
    square = compiled(lambda x: x * x)(np.array([1.0, 2.0]))
    assert isinstance(square, np.ndarray) and square.tolist() == [1.0, 4.0]
    for derivative, more in ((jacobian_of, ()), (hvp_of, (np.array([1.0, 0.0]),))):
        f = derivative(lambda x: x[0] ** 2 * x[1])
        got, want = compiled(f)(np.array([2.0, 3.0]), *more), f(np.array([2.0, 3.0]), *more)
        assert isinstance(got, np.ndarray) and got.tolist() == want.tolist()


@pytest.mark.parametrize("target", TARGETS)
def test_a_tuple_stays_a_tuple_and_a_list_a_list(target):
    for kind in (tuple, list):
        got = compiled(functools.partial(lambda kind, x: kind([x, 2 * x]), kind), target=target)(3.0)
        assert type(got) is kind and got == kind([3.0, 6.0])
    each = compiled(lambda x: (x, 2 * x), over="x", reduce=None, target=target)([1.0, 2.0, 3.0])
    assert type(each) is tuple and [[*column] for column in each] == [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]


@pytest.mark.parametrize("target", TARGETS)
def test_text_none_and_truth_values_in_structures_are_options(target):
    calls = []

    def f(x, how):
        calls.append(how)
        return x * how["scale"][1] if how["kind"] == "scaled" else -x

    fast = compiled(f, target=target)
    assert fast(3.0, {"kind": "minus"}) == -3.0
    assert fast(3.0, {"kind": "scaled", "scale": (None, 2.0)}) == 6.0
    recorded = len(calls)
    assert fast(4.0, {"kind": "scaled", "scale": (None, 5.0)}) == 20.0 and len(calls) == recorded
    signed = compiled(lambda x, flags: x if flags[0] else -x, target=target)
    assert [signed(1.0, flags) for flags in ([True, 2.0], [False, 2.0], [True], (False, ""))] == [1.0, -1.0, 1.0, -1.0]
    point = compiled(lambda p: p.y if p.x is None else p.x, target=target)
    assert point(Point(None, 2.0)) == 2.0 and point(Point(3.0, 2.0)) == 3.0
    labels = compiled(lambda y: 3 * y, over="y", target=target)
    assert labels([True, False, True]) == 6.0  # samples are numbers


# --- f itself ---------------------------------------------------------------------------------------


def test_names_of_arguments_may_be_any():
    assert compiled(Value.tanh)(1.0) == compiled(Value.tanh)(self=1.0) == math.tanh(1.0)
    assert compiled(Value.relu, over="self")([1.0, -1.0, 2.0]) == 3.0

    def below(x, /, **more):
        return x - more["x"]

    def many(*a, b=1.0, **more):
        return sum(a) + 10 * sum(more.values()) + 100 * b

    assert compiled(below)(1.0, x=10.0) == -9.0
    fast = compiled(many)
    for given, named in (((1.0, 2.0), {"a": 5.0}), ((), {"b": 3.0, "q": 1.0}), ((3.0,), {}), ((1.0,), {"self": 2.0})):
        assert fast(*given, **named) == many(*given, **named)
    assert compiled(many, over="q")(1.0, q=[1.0, 2.0]) == 232.0
    assert compiled(many, over="a", reduce=None)([1.0, 2.0], [3.0, 4.0]).tolist() == [104.0, 106.0]


def test_debug_is_not_told_of_the_numbers_at_which_it_is_recorded():
    with debug():
        assert compiled(lambda x: x.sqrt(), target="python")(4.0) == 2.0
        assert lower_function(lambda x: x.sqrt(), 1)(4.0) == 2.0


def test_within_no_grad_it_is_recorded_too():
    with no_grad():
        assert compiled(lambda x: x * x)(3.0) == 9.0
        assert compiled(value_and_grad(lambda x: x * x))(3.0) == (9.0, 6.0)


def test_for_values_it_is_the_function_itself():
    square = compiled(lambda x: x * x)
    x = Value(3.0)
    assert square(x).parents == (x, x) and grad(square(x), [x])[0].data == 6.0
    assert value_and_grad(square)(3.0) == (9.0, 6.0) and not square.steps
    assert compiled(lambda x: square(x) + 1)(3.0) == 10.0 and compiled(square)(3.0) == 9.0
    assert compiled(lambda x: x.sum() * 2)(np.array([x, 1.0])).data == 8.0

    @compiled
    def power(x, n):
        return x if n == "0" else power(x * x, str(int(n) - 1))

    assert power(2.0, "3") == 256.0


class Model:
    def __init__(self):
        self.scale, self.calls = 2.0, 0

    @compiled
    def scaled(self, x):
        self.calls += 1
        return self.scale * x

    @compiled(over="x", reduce=None, target="python")
    def each(self, w, x):
        return w * x

    @staticmethod
    @compiled
    def twice(x):
        return 2 * x


@compiled
def cube(x):
    return x * x * x


def test_it_decorates_functions_and_methods():
    model, other = Model(), Model()
    assert model.scaled(3.0) == 6.0
    recorded = model.calls
    assert model.scaled(4.0) == 8.0 and model.calls == recorded and model.scaled is model.scaled
    other.scale = 5.0
    assert other.scaled(3.0) == 15.0 and model.scaled(3.0) == 6.0
    assert model.each(2.0, [1.0, 2.0]) == [2.0, 4.0] and Model.scaled.over == frozenset()
    assert model.twice(3.0) == Model.twice(3.0) == 6.0
    copied = copy.deepcopy(model)
    assert copied.scaled(3.0) == 6.0 and copied.calls > model.calls


@pytest.mark.parametrize("target", TARGETS)
def test_a_used_one_can_be_copied_and_pickled(target):
    fast = compiled(loss, over=("x", "y"), target=target)
    theta, X, Y = numbers()
    want = fast(theta, X, Y)
    for twin in (copy.copy(fast), copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert twin is not fast and not twin.steps and twin(theta, X, Y) == want and len(fast.steps) == 1
    assert cube(2.0) == 8.0 and pickle.loads(pickle.dumps(cube)) is cube
    model = Model()
    model.scaled(1.0)
    assert pickle.loads(pickle.dumps(model)).scaled(3.0) == 6.0


def test_the_entry_that_is_taken_at_the_recording_does_not_matter():
    """A gradient's terms come in an order that follows it, so the programs of two places differ in that alone."""

    def err(w, x):
        at = where(x > 0, 1.0, where(x < -1, 2.0, 0.0))
        hidden = [w[0] * w[1], w[1].exp(), (w[2] + w[0]).tanh()]
        return take(hidden, at) * w[1] + take(hidden[::-1], x).exp() * hidden[2]

    f = value_and_grad(err)
    for x in (0.0, 1.0, 2.0, -2.0, 0.5):
        value, slopes = f([0.5, 0.25, 0.75], Value(x))
        got = compiled(f)([0.5, 0.25, 0.75], x)
        assert np.allclose([got[0], *got[1]], [value, *slopes], rtol=1e-14, equal_nan=True)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x if x > 0 else -x, "where"),
        (lambda x: x if x.data > 0 else -x, r"reads \.data"),
        (lambda x: x if 0.9 < x.data < 1.1 else -x, r"reads \.data"),
        (lambda x: x * Value(2.0, "w"), "must be one of its arguments"),
        (lambda x: "no", "must return Values"),
        (lambda x: None, "must return Values"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_the_reason(f, message):
    with pytest.raises(LoweringError, match=f"(?s)cannot be recorded.*{message}"):
        compiled(f)(1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: compiled(3), AutogradTypeError, "a function of Values"),
        (lambda: compiled(loss, over=0), AutogradTypeError, "names of arguments of f, and was given 0"),
        (lambda: compiled(loss, over="z"), LoweringError, "theta, x, y, and 'z'"),
        (lambda: compiled(loss, reduce="mean"), LoweringError, "reduce"),
        (lambda: compiled(lambda x, y: x, over="y")(Value(1.0), [1.0]), LoweringError, "numbers, arrays.*over=…"),
        (lambda: compiled(lambda x, y: x, over="y")([1.0, Value(1.0)], [1.0]), LoweringError, r"numbers, arrays.*x is"),
        (lambda: compiled(lambda x: x)(object()), LoweringError, "numbers, arrays"),
        (lambda: compiled(loss, target="javascript"), LoweringError, "one of python, numpy, .*'javascript'; .*text"),
        (lambda: compiled(loss, target="fortran"), LoweringError, "one of python, numpy, .*'fortran'$"),
        (lambda: compiled(max), AutogradTypeError, r"does not tell them: .*compiled\(lambda x: f\(x\)\)"),
        (lambda: compiled(np.exp), AutogradTypeError, r"does not tell them: .*compiled\(lambda x: f\(x\)\)"),
        (lambda: compiled(lambda x: x, over="x")(1.0), LoweringError, "samples along its first axis"),
        (lambda: compiled(lambda x: x[0], over="x")([]), LoweringError, "has no samples"),
        (lambda: compiled(lambda x: x)(1.0, 2.0), TypeError, "argument"),
        (lambda: compiled(lambda x: x, target="fortran")(1.0), LoweringError, "fortran"),
        (lambda: compiled(lambda x, y: x * y, over=("x", "y"))([1.0], [1.0, 2.0]), LoweringError, "number of samples"),
        (lambda: compiled(lambda out: out)(1.0), LoweringError, "out"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def deeper(x, n):
    return x if n == 0 else deeper(x * x, n - 1)


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda x, n: deeper(x, n), RecursionError),
        (lambda x, n: sum(x for _ in range(n)), TypeError),
        (lambda x, n: [x, 2 * x][n], TypeError),
    ],
)
def test_a_number_that_python_needs_is_told_to_be_an_input(f, kind):
    with pytest.raises(kind, match=r"are Values.*lambda x: f\(x, 3\).*take\(table, index\)"):
        compiled(f)(1.0, 1)
    with pytest.raises(kind, match="are Values"):
        lower_function(f, 2)


def test_numbers_that_cannot_be_read_yet_are_no_place_of_the_recording():
    """A branch that only they would show is not seen, and the program is refused or not by what it takes."""
    fast = compiled(lambda x: x * x, over="x", reduce=None)
    assert fast(np.zeros(0)).tolist() == [] and fast([2.0, 3.0]).tolist() == [4.0, 9.0]
    with pytest.raises(LoweringError, match="takes real numbers"):
        compiled(lambda x: x * x)(np.array([1j]))


def test_a_where_is_recorded_for_all():
    fast = compiled(lambda x: where(x > 0, x, -x), over="x", reduce=None)
    assert fast([-2.0, 3.0]).tolist() == [2.0, 3.0]
    assert math.isnan(fast([math.nan, 1.0])[0])
