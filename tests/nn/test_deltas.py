"""The hand formulas, each against its equation, on floats, exact fractions and symbols."""

import ast
import math
import random
from fractions import Fraction
from pathlib import Path

import pytest

from autograd import Value
from nn import LOSSES, Neuron, deltas
from nn.certifying.rounding import slope_tolerance


def test_it_imports_nothing_but_math():
    tree = ast.parse(Path(deltas.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports] == ["import math"]
    assert not {"__import__", "importlib", "exec", "eval"} & {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


# --- the lecture's equations, one test each, on exact fractions ----------------------------------


def fractions(n, seed):
    generator = random.Random(seed)
    return [Fraction(generator.randint(-50, 50), generator.randint(1, 20)) for _ in range(n)]


def test_section_7_forward_weighted_sum():
    theta, o = fractions(5, 1), fractions(5, 2)
    expected = theta[0] * o[0] + theta[1] * o[1] + theta[2] * o[2] + theta[3] * o[3] + theta[4] * o[4]
    assert deltas.weighted_sum(theta, o) == expected
    assert deltas.weighted_sum(theta, o, Fraction(7)) == expected + 7


def test_section_7_forward_activation():
    assert deltas.activation(Fraction(3, 2), lambda u: u * u) == Fraction(9, 4)


def test_section_3_error():
    assert deltas.squared_error(fractions(3, 1), fractions(3, 2)) == sum(
        (a - b) ** 2 for a, b in zip(fractions(3, 1), fractions(3, 2))
    )


def test_section_7_delta_output_layer():
    assert deltas.output_delta(Fraction(3), Fraction(2, 7)) == Fraction(6, 7)


def test_section_5_boxed_output_delta_of_the_squared_error():
    y, y_hat, slope = fractions(3, 3)
    assert deltas.output_delta_squared_error(y, y_hat, slope) == -2 * (y - y_hat) * slope
    (error_slope,) = deltas.squared_error_slopes([y], [y_hat])
    assert deltas.output_delta(error_slope, slope) == deltas.output_delta_squared_error(y, y_hat, slope)


def test_section_5_boxed_hidden_delta():
    d, column = fractions(4, 4), fractions(4, 5)
    slope = Fraction(2, 3)
    expected = slope * (d[0] * column[0] + d[1] * column[1] + d[2] * column[2] + d[3] * column[3])
    assert deltas.hidden_delta(slope, d, column) == expected


def test_section_4_boxed_weight_gradient():
    assert deltas.weight_gradient(Fraction(2, 3), Fraction(5, 7)) == Fraction(10, 21)
    assert deltas.bias_gradient(Fraction(2, 3)) == Fraction(2, 3)


def test_section_6_weight_update():
    assert deltas.updated(Fraction(1), Fraction(1, 10), Fraction(2), Fraction(3)) == Fraction(4, 10)


# --- the whole algorithm ---------------------------------------------------------------------------


def square(u):
    return u * u * Fraction(1, 3) + u


def square_slope(u):
    return u * Fraction(2, 3) + 1


def network(sizes, seed):
    theta = [[fractions(sizes[k], 100 * seed + 10 * k + i) for i in range(sizes[k + 1])] for k in range(len(sizes) - 1)]
    return theta, [fractions(n, seed + 77) for n in sizes[1:]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("with_bias", [True, False])
def test_section_6_algorithm_equals_an_exact_difference_quotient(seed, with_bias):
    """Err is a polynomial in each θ, so its derivative follows exactly from values at a few points."""
    sizes = [2, 3, 2, 2]
    theta, bias = network(sizes, seed)
    bias = bias if with_bias else [None] * 3
    x, y = fractions(2, seed + 5), fractions(2, seed + 6)
    sigma, slope = [square] * 3, [square_slope] * 3
    u, o = deltas.forward(x, theta, bias, sigma)
    delta = deltas.backward(theta, u, deltas.squared_error_slopes(y, o[-1]), slope)
    gradient, bias_gradient = deltas.gradients(x, o, delta)

    def error():
        return deltas.squared_error(y, deltas.forward(x, theta, bias, sigma)[1][-1])

    for k, i, l in [(0, 0, 0), (0, 2, 1), (1, 1, 2), (2, 0, 1)]:
        assert gradient[k][i][l] == exact_derivative(theta[k][i], l, error, degree=16)
    if with_bias:
        assert bias_gradient[1][0] == exact_derivative(bias[1], 0, error, degree=16)


def exact_derivative(row, index, f, degree):
    """Of a polynomial of that degree at most: the derivative of its interpolation, in fractions."""
    at = row[index]
    points = [Fraction(n) for n in range(-degree // 2, degree // 2 + 1)]
    values = []
    for h in points:
        row[index] = at + h
        values.append(f())
    row[index] = at
    total = Fraction(0)
    for a, value in zip(points, values):
        if a == 0:
            continue
        weight = Fraction(1)
        for b in points:
            if b != a and b != 0:
                weight *= -b / (a - b)
        total += value * weight / a
    zero = values[points.index(0)]
    return total - zero * sum(1 / b for b in points if b)


def test_a_batch_is_the_sum_over_its_samples():
    theta, bias = network([2, 3, 1], 3)
    X, Y = [fractions(2, s) for s in range(4)], [fractions(1, s + 9) for s in range(4)]
    sigma, slope = [square] * 2, [square_slope] * 2
    total, total_bias = deltas.batch_gradients(X, Y, theta, bias, sigma, slope)
    single = [deltas.batch_gradients([x], [y], theta, bias, sigma, slope) for x, y in zip(X, Y)]
    for k in range(2):
        for i, row in enumerate(theta[k]):
            assert total_bias[k][i] == sum(s[1][k][i] for s in single)
            for l in range(len(row)):
                assert total[k][i][l] == sum(s[0][k][i][l] for s in single)


def test_symbols_go_through_the_same_lines():
    sympy = pytest.importorskip("sympy", reason="needs pip install 'deltagrad[symbolic]'")
    x, y, t1, t2 = sympy.symbols("x y theta_1 theta_2")
    sigma, slope = sympy.tanh, lambda u: 1 - sympy.tanh(u) ** 2
    u, o = deltas.forward([x], [[[t1]], [[t2]]], [None, None], [sigma, sigma])
    delta = deltas.backward([[[t1]], [[t2]]], u, deltas.squared_error_slopes([y], o[-1]), [slope, slope])
    err = deltas.squared_error([y], o[-1])
    gradient, _ = deltas.gradients([x], o, delta)
    assert sympy.simplify(gradient[0][0][0] - sympy.diff(err, t1)) == 0
    assert sympy.simplify(gradient[1][0][0] - sympy.diff(err, t2)) == 0


# --- its own σ and σ' against high precision ---------------------------------------------------------

POINTS = [s * 10.0**e for e in range(-300, 3, 3) for s in (-1, 1)] + [
    random.Random(0).uniform(-40, 40) for _ in range(200)
]


def true_sigmas(mp):
    return {
        "tanh": (mp.tanh, lambda u: mp.sech(u) ** 2),
        "sigmoid": (lambda u: 1 / (1 + mp.exp(-u)), lambda u: mp.exp(-abs(u)) / (1 + mp.exp(-abs(u))) ** 2),
        "relu": (lambda u: max(u, 0), lambda u: int(u > 0)),
        "linear": (lambda u: u, lambda u: 1),
        "leaky_relu": (lambda u: u if u > 0 else mp.mpf(0.01) * u, lambda u: 1 if u > 0 else mp.mpf(0.01)),
        "elu": (lambda u: u if u > 0 else mp.expm1(u), lambda u: 1 if u > 0 else mp.exp(u)),
        "softplus": (lambda u: mp.log1p(mp.exp(u)), lambda u: 1 / (1 + mp.exp(-u))),
        "softsign": (lambda u: u / (1 + abs(u)), lambda u: 1 / (1 + abs(u)) ** 2),
        "silu": (lambda u: u / (1 + mp.exp(-u)), lambda u: mp.diff(lambda v: v / (1 + mp.exp(-v)), u)),
        "gelu": (lambda u: u * mp.ncdf(u), lambda u: mp.ncdf(u) + u * mp.npdf(u)),
    }


@pytest.mark.parametrize("name", deltas.ACTIVATIONS)
def test_sigma_and_its_slope_are_accurate(name):
    mp = pytest.importorskip("mpmath", reason="needs pip install 'deltagrad[test]'").mp.clone()
    mp.dps = 60
    for ours, true in zip(deltas.ACTIVATIONS[name], true_sigmas(mp)[name]):
        for u in POINTS:
            expected = true(mp.mpf(u))
            more = 0.0
            if name in ("gelu", "silu") and ours is deltas.ACTIVATIONS[name][1]:  # these cancel where they are 0
                more = max(abs(u), 1.0) * slope_tolerance(name, u)
            assert abs(ours(u) - expected) <= 4 * math.ulp(float(expected)) + more, (name, u)


@pytest.mark.parametrize("name", deltas.ACTIVATIONS)
def test_sigma_at_the_ends(name):
    sigma, slope = deltas.ACTIVATIONS[name]
    for u in (-math.inf, math.inf):
        assert sigma(u) == Neuron(1, name).sigma(Value(u)).data
        v = Value(u)
        Neuron(1, name).sigma(v).backward()
        assert slope(u) == v.grad
    for u in (0.0, -0.0):
        assert str(float(sigma(u))) == str(Neuron(1, name).sigma(Value(u)).data)  # its sign too


@pytest.mark.parametrize("logits", [[50.0, 0.0], [0.0, 700.0, -700.0], [3.3, -20.7, 1.1], [1e-3, 0.0]])
def test_cross_entropy_slopes_are_softmax_minus_target(logits):
    mp = pytest.importorskip("mpmath", reason="needs pip install 'deltagrad[test]'").mp.clone()
    mp.dps = 700
    total = mp.fsum(mp.exp(mp.mpf(a)) for a in logits)
    for target in range(len(logits)):
        y = [float(k == target) for k in range(len(logits))]
        for k, slope in enumerate(deltas.cross_entropy_slopes(y, logits)):
            expected = mp.exp(mp.mpf(logits[k])) / total - y[k]
            assert abs(slope - expected) <= 6 * math.ulp(float(expected))
    soft = [1.0 / len(logits)] * len(logits)
    assert math.isclose(sum(deltas.cross_entropy_slopes(soft, logits)), 0.0, abs_tol=1e-15)


@pytest.mark.parametrize("loss", deltas.ERRORS)
def test_every_error_is_the_network_s_and_its_slopes_are_its_differences(loss):
    generator = random.Random(loss)
    for _ in range(20):
        y_hat = [generator.uniform(-3, 3) for _ in range(3)]
        y = {
            "hinge": [generator.choice([-1.0, 1.0]) for _ in range(3)], "cross_entropy": [0.0, 1.0, 0.0],
            "binary_cross_entropy": [0.0, 1.0, 0.3],
        }.get(loss, [generator.uniform(-3, 3) for _ in range(3)])  # fmt: skip
        error = deltas.ERRORS[loss]
        assert error(y, y_hat) == pytest.approx(LOSSES[loss]([Value(o) for o in y_hat], y).data, rel=1e-15)
        for k, slope in enumerate(deltas.ERROR_SLOPES[loss](y, y_hat)):
            up, down = ([o + h * (j == k) for j, o in enumerate(y_hat)] for h in (1e-6, -1e-6))
            assert (error(y, up) - error(y, down)) / 2e-6 == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_slopes_of_the_other_errors():
    assert deltas.mean_squared_error_slopes([1.0, 2.0], [0.0, 4.0]) == [-1.0, 2.0]
    assert deltas.hinge_slopes([1.0, -1.0, 1.0], [0.5, 0.5, 2.0]) == [-1.0, 1.0, 0.0]
    for y, logit in [(0.0, 3.0), (1.0, -3.0), (0.25, 0.7)]:
        (slope,) = deltas.binary_cross_entropy_slopes([y], [logit])
        assert math.isclose(slope, 1 / (1 + math.exp(-logit)) - y, rel_tol=1e-14)
