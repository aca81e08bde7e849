"""The functions on floats: sums, identities that must hold exactly, and results at the end of the range."""

import math
from fractions import Fraction
from functools import partial, reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import TABLE
from autograd.reals import activations, branches, powers
from autograd.reals import elementary as floats
from autograd.reals import shares as shares_of

inf, nan = math.inf, math.nan
number = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.lists(number, max_size=12)
LARGEST = math.nextafter(inf, 0.0)


def nearest(exact):
    """A fraction as the nearest double; beyond the largest it is infinite."""
    try:
        return float(exact)
    except OverflowError:
        return inf if exact > 0 else -inf


# --- bar 5 ------------------------------------------------------------------------------


@given(numbers)
def test_fsum_is_correctly_rounded(xs):
    assert floats.fsum(*xs) == nearest(sum(map(Fraction, xs), Fraction(0)))


@given(st.lists(st.floats(1e307, LARGEST) | st.floats(-LARGEST, -1e307), max_size=12))
def test_fsum_is_correctly_rounded_where_partial_sums_overflow(xs):
    assert floats.fsum(*xs) == nearest(sum(map(Fraction, xs), Fraction(0)))


@given(numbers, st.randoms(use_true_random=False))
def test_fsum_does_not_depend_on_the_order(xs, rng):
    shuffled = list(xs)
    rng.shuffle(shuffled)
    assert floats.fsum(*xs) == floats.fsum(*shuffled)


@pytest.mark.parametrize(
    "xs, total",
    [
        ((inf, 1.0), inf),
        ((inf, -inf), nan),
        ((1.0, nan, inf), nan),
        ((1e308, 1e308, nan), nan),
        ((1e308, 1e308, inf), inf),
        ((1e308, 1e308, -inf), -inf),
        ((1e308, 1e308, -1e308), 1e308),
        ((-1e308, -1e308), -inf),
        ((), 0.0),
    ],
)
def test_fsum_never_raises(xs, total):
    found = floats.fsum(*xs)
    assert found == total or (found != found and total != total)


pairs = st.lists(st.tuples(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100)), min_size=1, max_size=12)


@given(pairs)
def test_sumprod_goes_from_left_to_right_in_plain_doubles(pq):
    ps, qs = zip(*pq)
    assert floats.sumprod(*ps, *qs) == reduce(lambda total, term: total + term, [p * q for p, q in pq])


@given(pairs)
def test_sumprod_keeps_its_error_bound(pq):
    ps, qs = zip(*pq)
    exact = [Fraction(p) * Fraction(q) for p, q in pq]
    error = abs(Fraction(floats.sumprod(*ps, *qs)) - sum(exact))
    # Below the normal doubles a product may be off by half of the smallest one.
    assert error <= len(pq) * (sum(map(abs, exact)) * Fraction(2) ** -53 + Fraction(2) ** -1075)


# --- identities -----------------------------------------------------------------------------


@given(number)
def test_even_and_odd(x):
    for f in (activations.sech2, activations.sigmoid_slope, activations.normal_density, floats.cosh, floats.atan_slope):
        assert f(x) == f(-x)
    for f in (activations.tanh, activations.erf, floats.sinh, floats.atan):
        assert f(x) == -f(-x)


@given(number, number)
def test_the_branches_agree_with_comparisons(x, y):
    assert branches.maximum(x, y) == max(x, y)
    assert branches.minimum(x, y) == min(x, y)
    assert branches.larger(x, y) + branches.larger(y, x) == 1.0
    assert (branches.lt(x, y), branches.ge(x, y)) == (float(x < y), float(x >= y))


@given(number, number)
def test_pow_is_the_operator_where_that_is_real_and_finite(x, y):
    try:
        expected = x**y
    except (OverflowError, ZeroDivisionError):
        return
    if isinstance(expected, complex):
        assert math.isnan(powers.pow(x, y))
    else:
        assert powers.pow(x, y) == expected


@given(st.lists(st.floats(-800, 800), min_size=2, max_size=8))
def test_shares_sum_to_one(xs):
    shares = shares_of.softmaxes(*xs)
    assert abs(math.fsum(shares) - 1.0) <= len(xs) * 2.0**-53
    for i, share in enumerate(shares):
        others = xs[:i] + xs[i + 1 :]
        assert share == shares_of.softmax(xs[i], *others)
        assert abs(math.fsum((share, shares_of.softmax_rest(xs[i], *others))) - 1.0) <= 2.0**-52


@given(number, number, number.filter(bool), st.integers(0, 6))
def test_ratio_against_fractions(x, y, z, n):
    exact = Fraction(x) * Fraction(y) / Fraction(z) ** n
    found = powers.ratio(x, y, z, float(n))
    if abs(nearest(exact)) < LARGEST:
        assert abs(Fraction(found) - exact) <= abs(exact) * (n + 2) * Fraction(2) ** -52 + Fraction(2) ** -1074
    elif abs(exact) > 2 * Fraction(LARGEST):
        assert found == nearest(exact)


# --- whole numbers and remainders, against exact fractions ---------------------------------------


@given(number | st.floats(-9, 9) | st.integers(-9, 9).map(lambda n: n / 2))
def test_roundings_are_exact_and_keep_the_sign_of_a_zero(x):
    exact = Fraction(x)
    for name in ("floor", "ceil", "trunc", "round"):
        expected = round(exact) if name == "round" else getattr(math, name)(exact)
        f = partial(branches.round, digits=0.0) if name == "round" else getattr(branches, name)
        assert f(x) == expected and type(f(x)) is float
        assert expected != 0 or math.copysign(1, f(x)) == math.copysign(1, x)


@given(number | st.floats(-999, 999), st.integers(-330, 330))
def test_round_to_digits_is_python_s(x, digits):
    try:
        expected = round(x, digits)
    except OverflowError:
        expected = math.copysign(inf, x)
    assert branches.round(x, float(digits)) == expected


@given(number | st.floats(-99, 99), (number | st.floats(-9, 9)).filter(bool))
def test_remainders_and_the_slopes_in_the_divisor_against_fractions(x, y):
    quotient = Fraction(x) / Fraction(y)
    assert branches.fmod(x, y) == Fraction(x) - Fraction(y) * math.trunc(quotient)
    below = nearest(Fraction(x) - Fraction(y) * math.floor(quotient))
    assert branches.mod(x, y) == below == x % y
    for slope, whole in ((-TABLE["mod"].rule(below, x, y)[1], math.floor(quotient)),
                         (-TABLE["fmod"].rule(branches.fmod(x, y), x, y)[1], math.trunc(quotient))):  # fmt: skip
        assert slope == whole or (abs(whole) > 2**52 and slope == pytest.approx(nearest(whole), rel=2**-51))


@given(number)
def test_cbrt_of_a_cube(x):
    m, e = math.frexp(x)
    root = math.ldexp(round(m * 2**17), e % 300 - 167)  # its cube is a double
    assert powers.cbrt(root**3) == root
    assert powers.cbrt(-x) == -powers.cbrt(x)


# --- the ends of the range -------------------------------------------------------------------


@pytest.mark.parametrize(
    "f, x, expected",
    [
        (activations.gelu, -40.0, 0.0), (activations.gelu, 1e300, 1e300), (activations.gelu_slope, 50.0, 1.0),
        (activations.silu, -1000.0, 0.0), (activations.silu, 1e300, 1e300), (activations.silu_slope, 1000.0, 1.0),
        (activations.softplus, 1e300, 1e300), (activations.softplus, -inf, 0.0), (activations.sech2, 1e300, 0.0),
        (powers.cbrt, -inf, -inf), (powers.cbrt, 8e300, 2e100), (powers.exp2, -1074.0, 5e-324),
        (activations.softsign, 1e308, 1.0), (activations.softsign_slope, -inf, 0.0), (activations.erfc, -inf, 2.0),
        (branches.floor, -inf, -inf), (branches.ceil, nan, nan), (branches.trunc, LARGEST, LARGEST),
        (floats.asinh, -inf, -inf), (floats.atan_slope, LARGEST, 0.0), (floats.asin_slope, 1.0, inf),
        (floats.tan, inf, nan),
    ],
)  # fmt: skip
def test_far_out(f, x, expected):
    found = f(x)
    assert found == expected or (found != found and expected != expected)


def test_slopes_of_hypot_at_the_ends_of_the_range():
    assert powers.hypot_slope(LARGEST, LARGEST) == pytest.approx(math.sqrt(0.5), rel=1e-15)
    assert powers.hypot_slope(5e-324, 5e-324) == pytest.approx(math.sqrt(0.5), rel=1e-15)
    assert powers.hypot_slope(inf, 1.0) == 1.0
    assert powers.hypot_slope(1.0, inf) == 0.0
    assert math.isnan(powers.hypot_slope(inf, inf))
    assert powers.hypot_slope(0.0, 0.0) == 0.0


@pytest.mark.parametrize("unit", [1.0, 1e-308, 5e-324, 1e307])
def test_slopes_of_atan2_at_the_ends_of_the_range(unit):
    at = Fraction(3 * unit), Fraction(4 * unit)
    assert powers.atan2_slope(3 * unit, 4 * unit) == pytest.approx(
        nearest(at[0] / (at[0] ** 2 + at[1] ** 2)), rel=1e-15
    )
    assert powers.atan2_slope(-inf, unit) == powers.atan2_slope(unit, inf) == powers.atan2_slope(inf, inf) == 0.0
    assert math.isnan(powers.atan2_slope(inf, nan)) and math.isnan(powers.atan2_slope(nan, unit))
