"""How far rounding may carry δ, worked out by hand on numbers that are exact, in units of u = 2⁻⁵³."""

import math

import pytest

from nn import deltas as hand
from nn.certifying.rounding import (
    BEND,
    ERROR_OF_SLOPES,
    cancelling_terms,
    error_tolerance,
    propagated_errors,
    slope_tolerance,
    sum_tolerance,
)
from nn.network.activations import ACTIVATION_RECORDS

u = 2.0**-53


def of_one_neuron(loss, y, slope, theta=0.5, name="linear"):
    """The error of δ in units of u: one input 1, one weight."""
    before = theta
    sigma, slope_of = hand.ACTIVATIONS[name]
    o = sigma(before)
    errors = propagated_errors(
        [1.0], [[[theta]]], [[None]], [[before]], [[o]], [slope], [y], [name], [slope_of], loss
    )  # fmt: skip
    return errors[0][0] / u


# u = θ·x = ½ with an error of 2·½, o of 1 + 8·½ = 5; σ' = 1 of 16, and its product with ∂Err/∂ŷ adds 4.
@pytest.mark.parametrize(("loss", "y", "error"), [
    ("squared_error", 1.0, 2 * 5 + 2 * 1.5),
    ("half_squared_error", 1.0, 5 + 2 * 1.5),
    ("mean_squared_error", 1.0, 2 * 5 + 4 * 1.5),
    ("cross_entropy", 1.0, 2 * 5 + 20),
    ("cross_entropy", 0.5, 2 * 5 + 20 + 8),
    ("binary_cross_entropy", 1.0, 5 + 16),
    ("binary_cross_entropy", 0.5, 5 + 16 + 8 + 5),
    ("hinge", 1.0, 0),
])  # fmt: skip
@pytest.mark.parametrize("slope", [-1.0, 1.0])
def test_a_loss_passes_errors_of_its_outputs_on(loss, y, error, slope):
    assert of_one_neuron(loss, y, slope) == pytest.approx(error + 16 + 4, rel=1e-12)


@pytest.mark.parametrize("name", ["tanh", "gelu", "silu"])
def test_a_sigma_bends(name):
    theta = 0.75
    sigma, slope = hand.ACTIVATIONS[name]
    s, o = slope(theta), sigma(theta)
    more = slope_tolerance(name, theta) / u
    before = 2 * theta
    bent = s * (ACTIVATION_RECORDS[name].curvature * before + 16) if name == "tanh" else BEND[name] * before + more
    after = (s + bent * u) * before + 8 * o + theta * more
    expected = s * (2 * after + 2 * (1 + o)) + bent + 4 * s
    assert of_one_neuron("squared_error", 1.0, -1.0, theta, name) == pytest.approx(expected, rel=1e-9)


def test_far_below_0_gelu_s_slope_loses_the_square_of_u():
    """Φ(−6) and 6·φ(−6), of which each may be 8 + 6² roundings off by either formula; φ is 0.4 at most."""
    size = (8 + 36) * (0.5 * math.erfc(6 / math.sqrt(2)) + 6 * 0.4 * math.exp(-18))
    assert slope_tolerance("gelu", -6.0) == pytest.approx(2 * u * size, rel=1e-9, abs=0)
    assert slope_tolerance("gelu", 6.0) > 8 * 2 * u  # Φ(6), as good as 1, without the square


def test_a_kink_leaves_the_slope_open():
    assert of_one_neuron("squared_error", 1.0, -1.0, 0.0, "relu") * u == pytest.approx(1.0)
    assert of_one_neuron("squared_error", 1.0, -1.0, 0.5, "relu") == pytest.approx(13 + 20)
    assert of_one_neuron("squared_error", 1.0, -1.0, -0.5, "relu") * u < 1e-300
    # Either slope may be the one, so that of o is 1, and its error 1 more: of (1 + 1)·3 in u, and 2·6 + 2 in ∂Err/∂ŷ.
    errors = propagated_errors([1.0, 1.0], [[[0.5, -0.5]]], [[None]], [[0.0]], [[0.0]], [0.0], [1.0], ["relu"],
                               [hand.relu_slope], "squared_error")  # fmt: skip
    assert errors[0][0] / u == pytest.approx((1 + 1) * (2 * 6 + 2))
    for before in (5.9 * u, 6.1 * u):  # twice an error of 3·(½ + ½)
        errors = propagated_errors(
            [1.0, 1.0], [[[0.5, -0.5]]], [[None]], [[before]], [[before]], [-1.0], [1.0], ["relu"], [hand.relu_slope],
            "squared_error",
        )  # fmt: skip
        assert (errors[0][0] > 0.5) == (before < 2 * 3 * u)


def test_two_layers():
    """Hidden: u = −1 of 3·3, o of 9 + 8; u = 1.5 of 3·1.5, o of 4.5 + 12.  Output: 2·17 + 3·16.5 + 3·6.5, and 8·6.5."""
    slopes = [hand.linear_slope] * 2
    hidden, output = propagated_errors(
        [1.0, 2.0], [[[0.5, -1.0], [1.0, 0.25]], [[2.0, -3.0]]], [[0.5, None], [None]], [[-1.0, 1.5], [-6.5]],
        [[-1.0, 1.5], [-6.5]], [-15.0], [1.0], ["linear", "linear"], slopes, "squared_error",
    )  # fmt: skip
    last = 2 * 155 + 2 * (1 + 6.5) + 15 * (16 + 4)
    assert output == pytest.approx([last * u], rel=1e-12)
    back = [2 * last + 2 * 30, 3 * last + 2 * 45]
    assert hidden == pytest.approx([(back[0] + 30 * 20) * u, (back[1] + 45 * 20) * u], rel=1e-12)


def test_the_hinge_s_kink_is_as_wide_as_the_error():
    for y in (1.0, -2.0):
        wide = 2 * abs(y) * 1e-3
        for away, error in ((0.9 * wide, abs(y)), (1.1 * wide, 0.0), (-0.9 * wide, abs(y)), (-1.1 * wide, 0.0)):
            assert ERROR_OF_SLOPES["hinge"](-y, y, (1 - away) / y, 1e-3, 1e-3, 1) == error
    for away, error in ((3 * u, 1.0), (4 * u, 1.0), (5 * u, 0.0)):
        assert ERROR_OF_SLOPES["hinge"](-1.0, 1.0, 1 - away, 0.0, 0.0, 1) == error


def test_more_classes_more_roundings():
    assert ERROR_OF_SLOPES["cross_entropy"](0.5, 1.0, 0.0, 0.0, 0.0, 3) == 0.5 * 28 * u
    assert ERROR_OF_SLOPES["mean_squared_error"](0.5, 1.0, 2.0, u, u, 2) == (2 * u + 12 * u) / 2
    for loss in ("cross_entropy", "binary_cross_entropy"):
        sure = ERROR_OF_SLOPES[loss](1.0, 0.0, 0.0, u, u, 1)
        assert ERROR_OF_SLOPES[loss](1.0, 1.0, 0.0, u, u, 1) == sure < ERROR_OF_SLOPES[loss](1.0, 0.5, 0.0, u, u, 1)


def test_what_is_subnormal_has_an_absolute_error():
    (error,) = propagated_errors([0.0], [[[0.0]]], [[None]], [[0.0]], [[0.0]], [0.0], [0.0],
                                 ["linear"], [hand.linear_slope], "squared_error")[0]  # fmt: skip
    # e_u = 2 tiniest, e_o = e_u + 1; twice that, and one more for the product
    assert error == (2 * 3 + 1) * 2.0**-1074
    # σ' = 0 may be off by 1, times ∂Err/∂ŷ = 3, and one more for the product
    (error,) = propagated_errors([2.0], [[[-0.5]]], [[None]], [[-1.0]], [[0.0]], [3.0], [0.0],
                                 ["relu"], [hand.relu_slope], "squared_error")[0]  # fmt: skip
    assert error == (3 + 1) * 2.0**-1074
    # Σ δ·θ of one term, a zero: 2, and one more for the product
    (error,), _ = propagated_errors([0.0], [[[0.0]], [[0.0]]], [[None]] * 2, [[0.0]] * 2, [[0.0]] * 2, [0.0], [0.0],
                                    ["linear"] * 2, [hand.linear_slope] * 2, "squared_error")  # fmt: skip
    assert error == (2 + 1) * 2.0**-1074


@pytest.mark.parametrize("name", BEND)
def test_how_far_a_slope_bends(name):
    """The bound is the least upper one, rounded up."""
    mp = pytest.importorskip("mpmath", reason="needs pip install 'deltagrad[test]'")
    sigma = {"gelu": lambda x: x * mp.ncdf(x), "silu": lambda x: x / (1 + mp.exp(-x))}[name]
    largest = max(abs(mp.diff(sigma, k / 8, 2)) for k in range(-40, 41))
    assert largest <= BEND[name] <= 1.01 * largest


def test_terms_that_cancel():
    assert cancelling_terms("cross_entropy", [0.25, 1.0], [0.0, 0.0], 0) == [0.25, 1.0]
    assert cancelling_terms("cross_entropy", [0.0, 1.0], [0.0, 0.0], 0) == []
    assert cancelling_terms("cross_entropy", [0.0, 1.0], [0.0, 0.0], 1) == []
    assert cancelling_terms("binary_cross_entropy", [0.25], [1.5], 0) == [
        0.25 * hand.sigmoid(-1.5),
        0.75 * hand.sigmoid(1.5),
    ]


def test_sums_that_are_empty_or_infinite_tolerate_nothing():
    assert sum_tolerance([math.inf, 1.0]) == 0.0 == sum_tolerance([math.nan])
    assert sum_tolerance([]) == 8 * math.ulp(0.0)
    assert error_tolerance("squared_error", [1.0], [math.inf]) == 0.0


def test_an_error_that_explodes_is_no_overflow():
    errors = propagated_errors([1e300], [[[1e7]]], [[None]], [[1e307]], [[1.0]], [-1.0], [1.0],
                               ["tanh"], [hand.tanh_slope], "squared_error")  # fmt: skip
    assert errors[0][0] >= 0
