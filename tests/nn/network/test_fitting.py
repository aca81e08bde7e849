"""What does not fit is named, what fits is not accused, and the floor is the least that the loss itself can give."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value
from nn import LOSSES
from nn.network.activations import ACTIVATION_RECORDS
from nn.network.fitting import floor, misfits


def told(*case):
    return [(m.severity, m.name) for m in misfits(*case)]


# --- the floor ------------------------------------------------------------------------------------

BOUNDED = {name: r for name, r in ACTIVATION_RECORDS.items() if math.isfinite(r.low)}
TARGETS = {
    "hinge": st.sampled_from([-1.0, 1.0]), "binary_cross_entropy": st.sampled_from([0.0, 1.0]),
}  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(sorted(LOSSES)), st.sampled_from(sorted(BOUNDED)))
def test_no_output_in_the_range_has_an_error_below_the_floor_and_a_corner_of_it_has_that(data, loss, sigma):
    low, high = BOUNDED[sigma].low, min(BOUNDED[sigma].high, 30.0)
    if loss == "cross_entropy":
        n = data.draw(st.integers(2, 4))
        y, listed = data.draw(st.integers(0, n - 1)), []
        listed = [float(y)]
    else:
        y = listed = data.draw(st.lists(TARGETS.get(loss, st.floats(-3, 3)), min_size=1, max_size=3))
        n = len(listed)
    least = floor(loss, listed, low, high, n)
    outputs = data.draw(st.lists(st.floats(low, high), min_size=n, max_size=n))
    assert LOSSES[loss]([Value(o) for o in outputs], y).data >= least - 1e-12
    # Each summand is least at an end of the range, or at the target that lies in it.
    inner = [] if loss == "cross_entropy" else [min(max(a, low), high) for a in listed]
    corners = itertools.product([low, high, *inner], repeat=n)
    assert min(LOSSES[loss]([Value(o) for o in corner], y).data for corner in corners) == pytest.approx(least, abs=1e-9)


# --- what is said ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case, severity, name, words",
    [
        (("linear", "hinge", [0, 1, 1, 0]), "error", "labels 0 and 1", "was given 0"),
        (("linear", "hinge", [[0, 1], [1, 0]], 2), "error", "labels 0 and 1", "only one class"),
        (("linear", "hinge", [3, -1]), "warning", "labels", "was given 3"),
        (("linear", "binary_cross_entropy", [-1, 1]), "error", "labels −1 and 1", "given −1"),
        (("sigmoid", "binary_cross_entropy", [0, 1]), "error", "σ under a loss that takes logits", "below 0.503"),
        (("tanh", "binary_cross_entropy", [0, 1]), "warning", "σ under a loss that takes logits", "below 0.313"),
        (("tanh", "cross_entropy", [0, 1, 2], 3), "warning", "σ under a loss that takes logits", "softmax itself"),
        (("sigmoid", "hinge", [-1, 1]), "warning", "σ under a loss that takes margins", "either sign"),
        (("tanh", "squared_error", range(101)), "error", "targets out of the output's range", "0 to 100"),
        (("sigmoid", "squared_error", [-1, 1]), "warning", "targets out of the output's range", "0 to 1"),
        (("relu", "half_squared_error", [-1.0, -2.0]), "error", "targets out of the output's range", "0 and more"),
        (("relu", "mean_squared_error", [[-1.0, 2.0]], 2), "warning", "targets out of the output's range", "−1 to 2"),
        (("linear", "squared_error", [0, 1, 2] * 3), "warning", "class indices", "if they are classes"),
    ],
)
def test_what_does_not_fit_has_a_name_and_a_remedy(case, severity, name, words):
    (misfit,) = misfits(*case)
    assert (misfit.severity, misfit.name) == (severity, name)
    assert words in misfit.sentence and misfit.remedy


@pytest.mark.parametrize(
    "case",
    [
        ("linear", "hinge", [-1, 1]), ("tanh", "hinge", [-1, 1]), ("linear", "hinge", [[-1, 0, 1]], 3),
        ("linear", "binary_cross_entropy", [0, 1, 0.25]), ("linear", "cross_entropy", [0, 1, 2], 3),
        ("relu", "cross_entropy", [0, 1], 2), ("linear", "cross_entropy", [[0.0, 1.0]], 2),
        ("tanh", "squared_error", [-1, 1]), ("sigmoid", "squared_error", [0, 1]), ("tanh", "squared_error", [0, 1]),
        ("linear", "squared_error", [1e6, -3.0]), ("linear", "squared_error", [0, 1, 2, 3]),  # each once: a line
        ("linear", "squared_error", [0.5, 1, 2, 2, 1, 0, 0]), ("sigmoid", "squared_error", [[0, 1, 0]], 3),
        ("relu", "squared_error", [0.0, 300.0]), ("tanh", lambda outputs, y: outputs, [100.0]),
        (lambda u: u, "squared_error", [100.0]), ("tanh", "squared_error", [math.nan]), ("tanh", "squared_error", []),
        ("tanh", "squared_error", ["a"]),
    ],
)  # fmt: skip
def test_what_fits_or_is_one_s_own_is_not_accused(case):
    assert told(*case) == []


def test_two_things_may_be_wrong_at_once():
    names = [name for _, name in told("tanh", "squared_error", [0, 1, 2] * 3)]
    assert names == ["targets out of the output's range", "class indices"]
