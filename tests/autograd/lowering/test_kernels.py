"""The vectorised functions, against mpmath: 4 ULP over the double range, and the edges of the table."""

import itertools
import math

import pytest
from mpmath import mp, mpf

from autograd import TABLE, Value
from autograd.lowering import lower, normal
from autograd.value import node_of

from ...accuracy.measure import excused, operands, ulps, unit
from ...accuracy.sampling import points
from ...accuracy.truth import TRUTH, true_value

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
from autograd.lowering.native import compiled as native  # noqa: E402
from autograd.lowering.native import kernels  # noqa: E402

from .test_native import ARITHMETIC  # noqa: E402

APPROXIMATED = sorted(name for name in TRUTH if name != "literal" and name not in ARITHMETIC)
EDGES = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 5e-324, -5e-324, 1e308, -1e308, 0.5]


def compiled(name):
    leaves = [Value(0.25 * (i + 1)) for i in range(operands(name))]
    return native.compiled(lower(node_of(TABLE[name], tuple(leaves)), leaves))


@pytest.mark.parametrize("name", APPROXIMATED)
def test_within_4_ulp(name):
    sample = list(points(name, operands(name), 120))
    got = compiled(name)(*np.array(sample).T.copy())
    for xs, y in zip(sample, got):
        if not excused(name, 0, xs):
            assert ulps(float(y), true_value(TRUTH[name], xs), unit(name, 0, xs)) <= 4, (name, xs, y)


@pytest.mark.parametrize("name", APPROXIMATED)
def test_edges_are_those_of_the_table(name):
    """inf, nan and signed zeros as on floats; a finite value within a few ULP."""
    n = operands(name)
    sample = list(itertools.product(EDGES, repeat=n))[:: 1 if n < 3 else 11]
    got = compiled(name)(*np.array(sample).T.copy())
    for xs, y in zip(sample, got):
        want = TABLE[name].function(*xs)
        if name == "cross_entropy" and any(x != x for x in xs):
            continue  # on floats nan among infinities depends on the order
        if want - want != 0:
            assert y == want or (y != y and want != want), (name, xs, y, want)
        else:
            assert abs(y - want) <= 8 * math.ulp(want), (name, xs, y, want)
        if 0.0 in xs and want == 0:
            assert math.copysign(1, y) == math.copysign(1, want), (name, xs, y, want)


def _erfcx(w):
    z = 2 * (1 + w) / (1 - w)
    return mp.erfc(z) * mp.exp(z * z), z


FITTED = {
    "EXP": (kernels.EXP, lambda r: sum(r**k / mp.factorial(k + 2) for k in range(31)), (-0.3466, 0.3466)),
    "LOG": (kernels.LOG, lambda z: sum(2 * z**k / (2 * k + 3) for k in range(60)), (0, 0.02945)),
    "SIN": (
        kernels.SIN,
        lambda z: sum((-1) ** (k + 1) * z**k / mp.factorial(2 * k + 3) for k in range(40)),
        (0, 0.6169),
    ),
    "COS": (kernels.COS, lambda z: sum((-1) ** k * z**k / mp.factorial(2 * k + 4) for k in range(40)), (0, 0.6169)),
    "ERF": (
        normal.ERF,
        lambda z: sum((-z) ** k / (mp.factorial(k) * (2 * k + 1)) for k in range(60)) * 2 / mp.sqrt(mp.pi),
        (0, 1),
    ),
    "ERFC": (normal.ERFC, lambda w: _erfcx(w)[0], (mpf(-1) / 3, 0.5)),
    "ERFCX": (normal.ERFCX, lambda w: _erfcx(w)[0] * (_erfcx(w)[1] + 2), (-1, 0.8685)),
}


@pytest.mark.filterwarnings("ignore:Descending")  # mpmath 1.4 will turn the order of coefficients around one day
@pytest.mark.parametrize("name", FITTED)
def test_the_polynomials_are_what_their_comments_say(name):
    coefficients, function, (low, high) = FITTED[name]
    with mp.workdps(50):
        again = mp.chebyfit(
            function, [mpf(str(low)) if isinstance(low, float) else low, mpf(str(high))], len(coefficients)
        )
        worst = max(abs(mpf(a) / b - 1) for a, b in zip(coefficients, again))
    assert worst < 2.0**-40


def test_sine_and_cosine_of_large_arguments_are_left_to_the_library():
    xs = np.array([1e22, 4e5, -1e300, 0.5, 123456789.0])
    assert compiled("sin")(xs).tolist() == pytest.approx([math.sin(x) for x in xs], rel=1e-15)
    assert compiled("cos")(xs).tolist() == pytest.approx([math.cos(x) for x in xs], rel=1e-15)


@pytest.mark.parametrize("exponent", [-1.0, 0.5, 1.0, 2.0, 3.0, 7.0])
def test_constant_exponents(exponent):
    x = Value(2.0, "x")
    f = native.compiled(lower(x**exponent, [x]))
    xs = np.array([0.1, 1.7, 3.0, 1e-200, 1e150])
    assert f(xs).tolist() == pytest.approx([TABLE["pow"].function(v, exponent) for v in xs], rel=5e-16)
