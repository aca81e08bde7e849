"""One text a row: every row of the table on every target, held to the row on floats."""

from __future__ import annotations

import inspect
import itertools
import math
import random
import shutil
import warnings
from functools import partial
from types import SimpleNamespace

import pytest

from autograd import TABLE, LoweringError, Value, logsumexp, lower
from autograd.lowering import javascript, rows, symbols
from autograd.lowering.batches import Arrays
from autograd.value import node_of

from ...accuracy.sampling import LAST, OPERANDS, points
from .test_targets import FLOOR, in_node

ROWS = sorted(set(TABLE) - {"literal"})
# The rows that a target computes by itself; why is said in rows.js and native/rows.py.
JAVASCRIPT_BY_ITSELF = {
    "pow", "pow_dx", "pow_dy", "pow_dxx", "pow_dxy", "pow_dyy", "ratio", "sumprod", "fsum", "take",
}  # fmt: skip
NATIVE_BY_ITSELF = {
    "abs", "sqrt", "exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
    "atan2", "asinh", "acosh", "exp2", "log2", "log10", "copysign", "floor", "ceil", "trunc", "fmod",
    "pow", "pow_dx", "pow_dy", "pow_dxx", "pow_dxy", "pow_dyy", "ratio",
    "softmax", "softmax_rest", "logsumexp", "cross_entropy",
}  # fmt: skip
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, math.nan)
# In ulp, where XLA itself is wrong by more: its tanh and exponentials, and powers by way of a rounded logarithm;
# and it orders and contracts sums of products as it likes, so they have no last digits to keep where they cancel.
XLA = {"tanh": 8, "sinh": 16, "cosh": 16, "pow_dx": 64, "pow_dxx": 256, "pow_dxy": 128, "sumprod": 64, "exp2": 512}


def operands(name):
    return TABLE[name].arity or OPERANDS[name]


def program_of(name):
    xs = [Value(1.0, f"x{i}") for i in range(operands(name))]
    return lower(node_of(TABLE[name], tuple(xs)), xs)


def asked(name):
    """Points where doubles are normal, then every combination of edges."""
    ordinary = lambda xs: all(1e-100 < abs(x) < 1e100 or x == 0 for x in xs)
    inside = list(filter(ordinary, points(name, operands(name), 600, seed=1)))[:200]
    edges = list(itertools.product(EDGES, repeat=operands(name)))
    if name in LAST:  # its last operand is a small whole number
        edges = [(*xs[:-1], float(n)) for xs, n in zip(edges, itertools.cycle(LAST[name]))]
    return inside, edges[:: max(1, len(edges) // 600)]


def wrong_at(name, xs, got, ulps, least):
    """Why this is not what the row gives on floats; None if it is."""
    want = TABLE[name].function(*xs)
    if want != want or got != got or math.isinf(want) or math.isinf(got):
        return None if got == want or (got != got and want != want) else "class"
    if want == got == 0 and set(xs) <= set(EDGES):
        return None if math.copysign(1, got) == math.copysign(1, want) else "sign of zero"
    size = max(abs(want), FLOOR.get(name, 0.0), 2.0**-1000)
    if name == "pow_dxy":  # its bracket goes through zero
        size *= max(1.0, abs(xs[1]) * abs(TABLE["pow_dx"].function(xs[0], 1.0)))
    return None if abs(got - want) <= max(ulps * math.ulp(size), least) else "value"


def wrong(name, run, ulps=4.0, least=0.0, edges=True):
    inside, at_edges = asked(name)
    at = inside + (at_edges if edges else [])
    got = run(name, [list(column) for column in zip(*at)])
    assert len(got) == len(at)
    found = ((xs, float(y), wrong_at(name, xs, float(y), ulps, least)) for xs, y in zip(at, got))
    return [(xs, y, TABLE[name].function(*xs), why) for xs, y, why in found if why]


def on(target):
    return lambda name, columns: program_of(name).to(target)(*columns).tolist()


@pytest.mark.parametrize("name", ROWS)
def test_numpy(name):
    pytest.importorskip("numpy", reason="the target numpy needs NumPy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert wrong(name, on("numpy")) == []


@pytest.mark.parametrize("name", ROWS)
def test_native(name):
    pytest.importorskip("numpy")
    pytest.importorskip("llvmlite", reason="the target native needs llvmlite")
    assert wrong(name, on("native")) == []


@pytest.mark.parametrize("name", ROWS)
def test_torch(name):
    pytest.importorskip("torch", reason="the target torch needs PyTorch")
    assert wrong(name, on("torch")) == []


@pytest.mark.parametrize("name", ROWS)
def test_jax(name):
    jax = pytest.importorskip("jax", reason="the target jax needs JAX")
    jax.config.update("jax_enable_x64", True)
    run = lambda name, columns: jax.jit(program_of(name).to("jax"))(*columns).tolist()
    least = 1e-290 if name != "silu_slope" else 1e-16  # XLA has no subnormal numbers; silu' goes through zero
    assert wrong(name, run, XLA.get(name, 4), least) == []


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_javascript():
    at = {name: list(itertools.chain(*asked(name))) for name in ROWS}
    got = dict(zip(ROWS, in_node([(program_of(name).to("javascript"), at[name]) for name in ROWS])))
    assert {name: found for name in ROWS if (found := wrong(name, lambda name, _: got[name]))} == {}


# --- at the ends of the range -----------------------------------------------------------------

ENDS = [0.0, -0.0, 1.0, -2.0, 0.5, 36.0, -709.0, 745.0, 1e-100, -1e-200, 1e160, 1e200, 1e308, -1.7e308, 1e-310, -5e-324]
ENDS += [math.inf, -math.inf, math.nan]


def at_the_ends(name):
    """Every combination of two, many of more."""
    grid = list(itertools.product(ENDS, repeat=operands(name)))
    if name in LAST:
        grid = [(*xs[:-1], float(n)) for xs, n in zip(grid, itertools.cycle(LAST[name]))]
    return grid[:: max(1, len(grid) // 2000)]


def astray(name, got):
    """Where a result is nan, infinite or has lost its digits, and that on floats does not, or the other way round."""
    least = 1e-15 if name == "logsumexp" else 1e-307  # what is promised near 0 is an absolute error
    for xs, y in zip(at_the_ends(name), got, strict=True):
        want = TABLE[name].function(*xs)
        near = math.isfinite(want) and math.isfinite(y) and math.isclose(want, y, rel_tol=1e-9, abs_tol=least)
        if not (near or want == y or (want != want and y != y)):
            yield xs, y, want


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("target", ["numpy", "native"])
def test_at_the_ends_of_the_range(target, name):
    pytest.importorskip("numpy")
    if target == "native":
        pytest.importorskip("llvmlite")
    assert list(astray(name, on(target)(name, [list(column) for column in zip(*at_the_ends(name))]))) == []


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_javascript_at_the_ends_of_the_range():
    got = in_node([(program_of(name).to("javascript"), at_the_ends(name)) for name in ROWS])
    assert {name: found for name, ys in zip(ROWS, got) if (found := list(astray(name, ys)))} == {}


@pytest.mark.parametrize("name", ROWS)
def test_mpmath_at_the_edges(name):
    """It has one zero, without a sign."""
    mpmath = pytest.importorskip("mpmath", reason="the target mpmath needs mpmath")
    run = program_of(name).to("mpmath")
    domain = [(-2.0,) * operands(name), (1e30,) * operands(name), (-1.5,) * operands(name)]
    for xs in [*asked(name)[1], *domain]:
        if not any(x == 0 and math.copysign(1, x) < 0 for x in xs) and not (name == "copysign" and xs[1] != xs[1]):
            got, want = float(run(*map(mpmath.mpf, xs))), TABLE[name].function(*xs)
            near = math.isfinite(got) and math.isclose(got, want, rel_tol=1e-12, abs_tol=1e-14)
            assert near or got == want or (got != got and want != want), xs


def test_the_second_slope_of_a_power_where_its_parts_underflow():
    """x² below the smallest double, and an exponent so near 1 that y − 2 has to be rounded."""
    xs, y = [5e-324, 1e-310, 1e-300, 1e-160, 1e300], math.nextafter(1.0, 0.0)
    want = [TABLE["pow_dxx"].function(x, y) for x in xs]
    assert want[0] == pytest.approx(-2.247e307, rel=1e-3)
    for target in ("numpy", "torch"):
        pytest.importorskip(target)
        assert program_of("pow_dxx").to(target)(xs, y).tolist() == pytest.approx(want, rel=1e-13, abs=0)


# --- logsumexp where it goes through zero -----------------------------------------------------


def through_zero(n, count=2000):
    """Operands of which the largest is a little below 0, and the others' exponentials are about what it lacks to 1."""
    rng = random.Random(n)
    for _ in range(count):
        m = -(10 ** rng.uniform(-20, 0.3))
        lacking = -math.expm1(m) * (1 + rng.uniform(-1, 1) * 10 ** rng.uniform(-17, 0))
        shares = [rng.uniform(0.001, 1) for _ in range(n - 1)]
        xs = [m, *(math.log(lacking * share / sum(shares)) for share in shares)]
        rng.shuffle(xs)
        yield tuple(xs)


def beside_the_row(at, got):
    """In ulp of the largest operand's part, which cancels against the others'."""
    for xs, y in zip(at, got, strict=True):
        want = TABLE["logsumexp"].function(*xs)
        if not abs(float(y) - want) <= 4 * math.ulp(max(abs(want), abs(math.expm1(max(xs))))):
            yield xs, float(y), want


@pytest.mark.parametrize("target", ["numpy", "native", "torch", "jax", "mpmath"])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_logsumexp_keeps_its_largest_operand_near_zero(target, n):
    pytest.importorskip({"native": "llvmlite"}.get(target, target))
    if target == "jax":
        pytest.importorskip("jax").config.update("jax_enable_x64", True)
    xs = [Value(1.0, f"x{i}") for i in range(n)]
    at = [(-1e-17, *[-38.0] * (n - 1)), *through_zero(n)]
    run = lower(logsumexp(xs), xs).to(target)
    assert list(beside_the_row(at, [run(*x) for x in at] if target == "mpmath" else run(*zip(*at)))) == []
    if target in ("numpy", "native"):
        together = lower({"y": logsumexp(xs)}, {"x": xs}).to(target)(x=at)["y"]
        assert list(beside_the_row(at, together)) == []


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_javascript_keeps_the_largest_operand_of_logsumexp_near_zero():
    at = [(-1e-17, -38.0, -38.0), *through_zero(3)]
    assert list(beside_the_row(at, in_node([(program_of("logsumexp").to("javascript"), at)])[0])) == []


# --- one text a row --------------------------------------------------------------------------


def test_every_row_has_one_text_and_one_formula():
    """What a new operation needs here: a function in rows.py, or a name in its PLAIN, and a formula in symbols.py."""
    assert [name for name in ROWS if rows.text(name) is None] == []
    here = {name for name, f in vars(rows).items() if inspect.isfunction(f) and f.__module__ == rows.__name__}
    written = [name for name in (*here, *rows.SHORT, *rows.PLAIN) if name[0] != "_" and name not in ("text", "uses")]
    assert sorted([*written, "maximum"]) == ROWS  # that one is a part of the namespace
    assert set(symbols.formulas(symbols._fractions())) - {"erfc"} == set(ROWS) - {"erfc"}


def test_javascript_reads_every_text_but_for_a_few():
    by_hand = {name for name in javascript._by_hand() if not name.startswith("_")}
    assert by_hand == JAVASCRIPT_BY_ITSELF
    assert [name for name in ROWS if javascript.helper(name) is None] == []


def test_machine_code_reads_every_text_but_for_a_few():
    pytest.importorskip("llvmlite")
    from autograd.lowering.native.rows import kernel

    def by_text(name):
        written = kernel(TABLE[name])
        return isinstance(written, partial) and written.func is rows.text(name)

    assert {name for name in ROWS if not by_text(name)} == NATIVE_BY_ITSELF


@pytest.mark.parametrize("package", ["numpy", "torch", "jax.numpy"])
def test_arrays_read_every_text(package):
    library = pytest.importorskip(package)
    better = {"pow": library.pow, "erf": library.erf} if package == "torch" else {}
    assert [name for name in ROWS if Arrays(library, **better).row(name) is None] == []
    assert Arrays(SimpleNamespace(abs=abs)).row("sqrt") is None  # a library without it


@pytest.mark.parametrize("target", ["numpy", "torch", "jax", "javascript", "sympy", "mpmath", "fractions"])
def test_a_row_that_a_target_lacks_is_missed_when_the_program_is_made(target, monkeypatch):
    if target not in ("javascript", "fractions"):
        pytest.importorskip(target)
    whole = symbols.formulas
    monkeypatch.setattr(symbols, "formulas", lambda m: {k: f for k, f in whole(m).items() if k != "silu"})
    monkeypatch.delattr(rows, "silu")
    javascript.helper.cache_clear()
    x = Value(0.5, "x")
    program = lower(x.silu() + x.relu(), [x])
    try:
        with pytest.raises(LoweringError, match=f"the target '{target}' lacks the operation 'silu'; give one"):
            program.to(target)
        assert program.to(target, functions={"silu": "(x) => x" if target == "javascript" else abs})
        assert program.to("python")(0.5) == program(0.5)
    finally:
        javascript.helper.cache_clear()
