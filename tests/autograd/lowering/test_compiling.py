"""`compiled`: any structure, any target, recorded once for each structure, and what is refused."""

import math
from collections import namedtuple
from itertools import pairwise

import pytest

from autograd import (
    AutogradTypeError,
    LoweringError,
    Value,
    compiled,
    exp,
    grad,
    logsumexp,
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


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x if x > 0 else -x, "where"),
        (lambda x: x if x.data > 0 else -x, r"reads \.data"),
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
        (lambda: compiled(lambda x: x)(Value(1.0)), LoweringError, "numbers, arrays"),
        (lambda: compiled(lambda x: x[0])([1.0, Value(1.0)]), LoweringError, "numbers, arrays"),
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


def test_a_where_is_recorded_for_all():
    fast = compiled(lambda x: where(x > 0, x, -x), over="x", reduce=None)
    assert fast([-2.0, 3.0]).tolist() == [2.0, 3.0]
    assert math.isnan(fast([math.nan, 1.0])[0])
