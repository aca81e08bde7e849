"""At 0, ±inf, nan and ties every operation does what docs/numerics.md says, and none ever raises."""

import itertools
import math
import random
import struct

import pytest

from autograd import TABLE, Value, exp, fsum, grad, hessian, hypot, logsumexp, pow, tanh, where
from autograd.value import node_of
from nn import binary_cross_entropy, cross_entropy, mean_squared_error, squared_error

from ...accuracy.document import DOCUMENT, part
from ...accuracy.edges import EDGES, edge_table
from ...accuracy.measure import ours, ulps
from ...accuracy.truth import TRUTH, true_slope, true_value

inf, nan = math.inf, math.nan


def same(a, b):
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.case)
def test_edge(edge):
    for function, at, value, slopes in edge.checks:
        leaves = [Value(x) for x in at]
        y = function(*leaves)
        if value is not None:
            assert same(y.data, value), f"value {y.data} at {at}"
            assert value != 0 or math.copysign(1, y.data) == math.copysign(1, value)
        by_grad = [g.data for g in grad(y, leaves)]
        y.backward()
        for leaf, g, slope in zip(leaves, by_grad, slopes):
            if slope is not None:
                assert same(leaf.grad, slope), f"backward gives {leaf.grad} at {at}"
                assert same(g, slope), f"grad gives {g} at {at}"


def test_the_document_shows_these_edges():
    text = DOCUMENT.read_text(encoding="utf-8")
    start, end = part(text, "edges")
    assert text[start:end] == edge_table(), "run: python -m tests.accuracy.document"


# --- no operation raises, forward, backward or through grad ------------------------------

GRID = (nan, inf, -inf, 0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 1.0, -1.0, 0.5, -2.5, 3.0, 710.0, -746.0, 1e308, -1e308)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_never_raises(name):
    row, rng = TABLE[name], random.Random(name)
    numbers = [*GRID, *(struct.unpack("d", rng.randbytes(8))[0] for _ in range(8))]
    counts = [row.arity] if row.arity is not None else [2, 4] if name == "sumprod" else [1, 2, 3]
    for n in counts:
        cases = list(itertools.product(numbers, repeat=n))
        for xs in cases if len(cases) <= 700 else rng.sample(cases, 700):
            leaves = [Value(x) for x in xs]
            y = node_of(row, tuple(leaves))
            assert isinstance(y.data, float)
            y.backward()
            for slope in grad(y, leaves):
                for second in grad(slope, leaves):
                    assert isinstance(second.data, float)


# --- where well-known engines fail ---------------------------------------------------------


def slopes(f, *xs):
    """Of f at a point, through backward; grad must say the same."""
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    by_grad = [g.data for g in grad(y, leaves)]
    y.backward()
    assert all(map(same, by_grad, (leaf.grad for leaf in leaves)))
    return [leaf.grad for leaf in leaves]


def test_tanh_second_derivative_at_1e_300():
    assert hessian(tanh(x := Value(1e-300)), [x])[0][0].data == -2e-300


def test_where_sqrt_at_zero():
    x = Value(0.0)
    y = where(x > 0, x.sqrt(), 0.0)
    assert [g.data for g in grad(y, [x])] == [0.0]
    assert hessian(y, [x])[0][0].data == 0.0


def test_x_log_x_at_zero():
    (slope,) = slopes(lambda x: x * x.log(), 0.0)
    assert slope != slope


def test_logsumexp_of_1e16_has_gradients_of_one_half():
    assert slopes(lambda *xs: logsumexp(xs), 1e16, 1e16) == [0.5, 0.5]


def test_logsumexp_keeps_what_the_smaller_operand_adds():
    assert logsumexp([0.0, -40.0]) == pytest.approx(4.248354255291589e-18, rel=1e-15)


def test_softplus_at_20_keeps_its_last_digits():
    x = 20.000000000000004
    assert ulps(Value(x).softplus().data, true_value(TRUTH["softplus"], [x])) < 4


def test_cross_entropy_of_a_sure_network():
    logits = [Value(50.0), Value(0.0)]
    error = cross_entropy(logits, 0)
    error.backward()
    assert error.data == pytest.approx(math.exp(-50), rel=1e-15)
    assert logits[0].grad == -logits[1].grad == pytest.approx(-math.exp(-50), rel=1e-15)


def test_cosh_of_710_is_finite():
    assert Value(710.0).cosh().data == math.cosh(710.0) < inf


def test_gelu_of_minus_9():
    assert ulps(Value(-9.0).gelu().data, true_value(TRUTH["gelu"], [-9.0])) < 4


@pytest.mark.parametrize("name, x", [("expm1", -50.0), ("tanh", 20.0), ("tanh", -300.0), ("sigmoid", 40.0)])
def test_saturated_slopes_are_small_and_not_zero(name, x):
    (slope,) = slopes(lambda v: node_of(TABLE[name], (v,)), x)
    assert slope != 0 and ulps(slope, true_slope(TRUTH[name], [x], 0)) < 4


def test_pow_slope_of_a_subnormal_base():
    slope, _ = slopes(pow, 2.6e-313, 1.2e-15)
    assert ulps(slope, true_slope(TRUTH["pow"], [2.6e-313, 1.2e-15], 0)) < 4


@pytest.mark.parametrize("at", [
    (1.0000000000000726, -1.0225900364308304e16), (1.0000000000000699, 9.1e15),
    (0.9999999999999486, 1.3733470345327572e16),
])  # fmt: skip
def test_powers_with_exponents_from_which_1_cannot_be_taken(at):
    """y − 1 is rounded to y or y − 2 there, and x^(y−2) is 600 ulp away."""
    for i, slope in enumerate(slopes(pow, *at)):
        assert ulps(slope, true_slope(TRUTH["pow"], at, i)) < 4
    for name in ("pow_dx", "pow_dxx", "pow_dxy"):
        assert ulps(TABLE[name].function(*at), true_value(TRUTH[name], at)) < 4, name


def test_gelu_at_the_end_of_the_range():
    for x in (-37.48823064308949, -39.1, -20.359166500369554):
        assert ulps(Value(x).gelu().data, true_value(TRUTH["gelu"], [x])) < 4


def test_division_where_its_inverse_square_overflows():
    at = (9e250, 2.3e-300)
    assert slopes(lambda a, b: a / b, *at) == [1 / 2.3e-300, -inf]
    answers = ours("div", (9e-250, 2.3e-160))
    assert ulps(answers[1,], true_slope(TRUTH["div"], [9e-250, 2.3e-160], 1)) < 4


def test_zero_to_the_zero():
    assert (Value(0.0) ** 0).data == 1.0
    assert slopes(pow, 0.0, 0.0) == [0.0, 0.0]


def test_root_of_a_negative_number_is_nan_and_not_complex():
    y = Value(-4.0) ** 0.5
    assert isinstance(y.data, float) and y.data != y.data


# --- losses far out ---------------------------------------------------------------------


@pytest.mark.parametrize("u", [-700.0, -745.0, -40.0, 0.0, 40.0, 700.0, 745.0])
def test_cross_entropy_gradients_sum_to_zero_and_keep_their_digits(u):
    for target in (0, 1, 2):
        logits = [Value(u), Value(0.0), Value(-u / 2)]
        cross_entropy(logits, target).backward()
        others = [x for k, x in enumerate(logits) if k != target]
        total, size = sum(x.grad for x in logits), max(abs(x.grad) for x in logits)
        assert abs(total) <= 2 * math.ulp(size)
        order = [logits[target].data, *(x.data for x in others)]
        for i, x in enumerate([logits[target], *others]):
            assert ulps(x.grad, true_slope(TRUTH["cross_entropy"], order, i)) <= 4


@pytest.mark.parametrize("u", [-745.0, -700.0, -40.0, -1e-20, 0.0, 1e-20, 40.0, 700.0, 745.0])
def test_binary_cross_entropy_keeps_its_digits(u):
    gradients = []
    for y in (0.0, 1.0):
        logit = Value(u)
        binary_cross_entropy(logit, y).backward()
        p = exp(-abs(u)) / (1 + exp(-abs(u)))  # the smaller of σ and 1 − σ
        expected = (1 - y if u > 0 else -y) + (p if u <= 0 else -p)
        if expected:
            assert logit.grad == pytest.approx(expected, rel=1e-14)
        gradients.append(logit.grad)
    assert gradients[0] - gradients[1] == 1.0  # σ − (σ − 1)


def test_sums_do_not_overflow_before_they_must():
    assert hypot(3e200, 4e200) == pytest.approx(5e200, rel=1e-15)
    assert fsum([1e308, 1e308, -1e308]) == 1e308
    assert mean_squared_error([Value(1.2e154)] * 4, [0.0] * 4).data == pytest.approx(1.44e308, rel=1e-15)
    for residual in (1.3e154, 1e154, 1e-150, 1.1e-162):
        o = Value(residual)
        error = squared_error(o, 0.0)
        error.backward()
        assert (error.data, o.grad) == (residual * residual, 2 * residual)


@pytest.mark.parametrize("logits", [(-inf, nan, 0.0), (-inf, 0.0, nan), (nan, -inf, 0.0), (0.0, nan)])
def test_cross_entropy_is_nan_wherever_the_nan_stands(logits):
    assert math.isnan(TABLE["cross_entropy"].function(*logits))
