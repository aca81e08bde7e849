"""A branch not taken is silent, and nothing else is: the cases, and random graphs full of inf, nan and branches.

backward(), `grad` and the lowered programs are to say the same: equal up to the sign of a zero, or
both nan, at the point of recording; elsewhere never two different finite numbers.

DELTAGRAD_BRANCHES=10000 pytest tests/autograd/chain/test_branches.py     the long run, ten minutes
"""

import math
import os
import random

import pytest

from autograd import TABLE, Value, elu, grad, hypot, leaky_relu, lower, maximum, minimum, toposort, where
from autograd.chain.branches import suspect
from autograd.value import literal, node_of

LONG = "DELTAGRAD_BRANCHES" in os.environ
GRAPHS = int(os.environ.get("DELTAGRAD_BRANCHES", "400"))
inf, nan = math.inf, math.nan


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def near(a: float, b: float) -> bool:
    """For targets whose functions round otherwise; but inf is inf, and nan nan."""
    finite = math.isfinite(a) and math.isfinite(b)
    return same(a, b) or (finite and abs(a - b) <= 1e-6 * max(abs(a), abs(b)) + 1e-300)


# --- the cases ---------------------------------------------------------------------------------

UNDETERMINED = {
    "√x²": (lambda x: x.sqrt() ** 2, 0.0),
    "√x·√x": (lambda x: x**0.5 * x**0.5, 0.0),
    "1/(1/x)": (lambda x: 1 / (1 / x), 0.0),
    "exp(log x)": (lambda x: x.log().exp(), 0.0),
    "atan(1/x)": (lambda x: (1 / x).atan(), 0.0),
    "log(exp x)": (lambda x: x.exp().log(), 1000.0),
    "log(exp x + 1)": (lambda x: (x.exp() + 1).log(), 1000.0),
    "1/(1+exp(−x))": (lambda x: 1 / (1 + (-x).exp()), -1000.0),
    "√(x²+0²)": (lambda x: (x * x + 0.0).sqrt(), 0.0),
    "x·log x": (lambda x: x * x.log(), 0.0),
    "0·√x²": (lambda x: 0.0 * (x * x).sqrt(), 0.0),
    "sin(0·exp x)": (lambda x: (x.exp() * 0.0).sin(), 800.0),
    "a mask of 0 multiplied in": (lambda x: (x > 0) * x.sqrt(), 0.0),
    "|√x|": (lambda x: abs(x.sqrt()), 0.0),
}  # fmt: skip
SILENT = {
    "where √": (lambda x: where(x > 0, x.sqrt(), 0.0), 0.0),
    "where √ below": (lambda x: where(x > 0, x.sqrt(), 0.0), -1.0),
    "where x log x": (lambda x: where(x > 0, x * x.log(), 0.0), 0.0),
    "where √x²": (lambda x: where(x > 0, x.sqrt() ** 2, 0.0), 0.0),
    "where in where": (lambda x: where(x > 0, where(x > 1, x.log(), 1 / x).sqrt(), 0.0), 0.0),
    "relu(log x)": (lambda x: x.log().relu(), 0.0),
    "√relu(x)": (lambda x: x.relu().sqrt(), -1.0),
    "min(exp x, 1)": (lambda x: minimum(x.exp(), 1.0), 800.0),
    "max(log x, 0)": (lambda x: maximum(x.log(), 0.0), 0.0),
    "elu's parameter": (lambda x: elu(2.0, x.sqrt()), 0.0),
    "leaky_relu's slope": (lambda x: leaky_relu(2.0, 1 / x), 0.0),
}  # fmt: skip
KINKS = {
    "relu": (lambda x: x.relu(), 0.0),
    "where": (lambda x: where(x > 0, x, 0.0), 0.0),
    "maximum": (lambda x: maximum(x, 0.0), 0.5),
    "Python's max": (lambda x: max(x, 0.0), 1.0),
    "abs": (lambda x: abs(x), 0.0),
    "hypot": (lambda x: hypot(x, 0.0), 0.0),
    "leaky_relu": (lambda x: x.leaky_relu(0.25), 0.25),
}  # fmt: skip


def derivatives(f, at: float) -> list[float]:
    """By backward(), by grad, and by the lowered program in Python and NumPy, all at the point of recording."""
    x = Value(at, "x")
    y = f(x)
    y.backward()
    (g,) = grad(y, [x])
    found = [x.grad, g.data]
    if g.op is TABLE["literal"]:
        return found
    program = lower(g, [x], allow_constants=True)
    found.append(program(at))
    try:
        import numpy
    except ImportError:
        return found
    with numpy.errstate(all="ignore"):
        return [*found, float(program.to("numpy")(at))]


@pytest.mark.parametrize("name", UNDETERMINED)
def test_zero_times_infinity_is_nan_and_not_zero(name: str) -> None:
    assert all(map(math.isnan, derivatives(*UNDETERMINED[name])))


@pytest.mark.parametrize("name", SILENT)
def test_a_branch_that_was_not_taken_is_silent(name: str) -> None:
    assert set(derivatives(*SILENT[name])) == {0.0}


@pytest.mark.parametrize("name", KINKS)
def test_every_spelling_of_a_kink_has_its_slope(name: str) -> None:
    f, slope = KINKS[name]
    assert set(derivatives(f, 0.0)) == {slope}


def test_one_live_consumer_suffices() -> None:
    """The root of x is used by an untaken branch and by a taken one: what the taken one says counts."""
    for f in (lambda r: where(r > 1, r, 0.0) + r**2, lambda r: r**2 + where(r > 1, r, 0.0)):
        assert all(map(math.isnan, derivatives(lambda x, f=f: f(x.sqrt()), 0.0)))


@pytest.mark.parametrize(("write", "instead", "at"), [
    (lambda x: 1 / (1 + (-x).exp()), Value.sigmoid, -1000.0),
    (lambda x: (x.exp() + 1).log(), Value.softplus, 1000.0),
    (lambda x: (x * x + 0.0).sqrt(), lambda x: hypot(x, 0.0), 0.0),
    (lambda x: x * x.log(), lambda x: where(x > 0, x * x.log(), 0.0), 0.0),
])  # fmt: skip
def test_what_to_write_instead_has_a_derivative(write, instead, at: float) -> None:
    assert all(map(math.isnan, derivatives(write, at))) and all(map(math.isfinite, derivatives(instead, at)))


# --- where a graph needs a mask ------------------------------------------------------------------


def rows(*graphs: Value) -> set[str]:
    return {node.op.name for g in graphs for node in toposort(g) if node.op is not None}


def test_a_mask_is_only_where_an_infinity_can_stand_below_a_branch() -> None:
    x, w = Value(0.5), Value(2.0)
    tame = grad((x * w).relu().tanh() * maximum(x, w).sin() / 2.0 + where(x > 0, x * w, x.sigmoid()), [x, w])
    assert not any(map(_masks, tame))
    assert not any(map(_masks, grad(where(x > 0, w * x**1, w * x**3), [x, w])))  # of powers these have no pole
    assert any(map(_masks, grad(where(x > 0, w * x**0.5, w * x**-1), [x, w])))
    assert "where" not in rows(*grad((x * w).relu() + x.log() * w.exp() + 1 / x, [x, w]))
    (g,) = grad(where(x > 0, x.log(), 0.0), [x])
    assert g.op is TABLE["where"] and not suspect(g.parents[2], {})


def _masks(g: Value) -> bool:
    """Whether a where of the graph keeps a product from becoming nan: the rows' own wheres choose between 1 and 0."""
    return any(
        node.op is TABLE["where"] and {node.parents[1].data, node.parents[2].data} != {0.0, 1.0} for node in toposort(g)
    )


@pytest.mark.parametrize("number", [0.25, 0.5, 1 - 2**-53, 1.0, 1.5, 2.0, 7.5, 7.0])
@pytest.mark.parametrize("f", [lambda x, n: x**n, lambda x, n: x / n], ids=["power", "quotient"])
def test_a_whole_number_of_at_least_one_makes_no_pole(f, number: float) -> None:
    """A fractional exponent does: the second derivative of x^1.5 is inf at 0."""
    x = Value(0.5)
    (g,) = grad(where(x > 0, f(x, number), 0.0), [x])
    assert _masks(g) == (number < 1 or number % 1 != 0)
    (at_zero,) = grad(where(Value(0.0), Value(0.0, "x") ** number, 0.0), [x])
    assert at_zero.data == 0.0


def test_a_fractional_exponent_below_a_branch_is_silent_to_second_order() -> None:
    x = Value(0.0, "x")
    (first,) = grad(where(x > 0, x**1.5, 0.0), [x])
    (second,) = grad(first, [x])
    assert (first.data, second.data) == (0.0, 0.0)
    assert lower([second], [x])(0.0) == [0.0] and lower([second], [x])(4.0) == [0.375]


# --- random graphs ---------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, inf, -inf, nan, 5e-324, -5e-324, 1e-310, 1e308, 800.0, -800.0, 1e-200, 1e200]
_OF_TABLES = {"take", "scatter"}  # they jump where two numbers are equal: test_take.py has their tests
NAMES = sorted(set(TABLE) - {"literal"} - _OF_TABLES)
SELECTORS = sorted({name for name, row in TABLE.items() if row.selects} - _OF_TABLES)


def random_graph(rng: random.Random) -> tuple[list[Value], Value]:
    """A few operations on numbers at which things go wrong; every third operation selects."""
    leaves = [
        Value(rng.choice(SPECIAL) if rng.random() < 0.6 else rng.uniform(-3, 3)) for _ in range(rng.randint(1, 3))
    ]
    nodes = list(leaves)
    for _ in range(rng.randint(2, 7)):
        name = rng.choice(SELECTORS if rng.random() < 0.35 else NAMES)
        count = TABLE[name].arity or (2 * rng.randint(1, 2) if name == "sumprod" else rng.randint(1, 3))
        xs = [nodes[-1 - min(len(nodes) - 1, int(rng.expovariate(0.7)))] for _ in range(count)]
        xs = [literal(rng.choice(SPECIAL)) if rng.random() < 0.12 else x for x in xs]
        if name in ("ratio", "round"):
            xs[-1] = literal(float(rng.randint(1, 3)))
        nodes.append(node_of(TABLE[name], tuple(xs)))
    return leaves, nodes[-1]


def received(y: Value, leaves: list[Value]) -> list[float]:
    for node in (*toposort(y), *leaves):
        node.grad = 0.0
    y.backward()
    return [leaf.grad for leaf in leaves]


def test_backward_and_grad_and_lowered_programs_agree_to_second_order() -> None:
    for seed in range(GRAPHS):
        leaves, y = random_graph(random.Random(seed))
        first = grad(y, leaves)
        second = [grad(g, leaves) for g in first]
        for of, by_graph in ((y, first), *zip(first, second)):
            for a, b in zip(received(of, leaves), by_graph):
                assert same(a, b.data), f"seed {seed}: backward() gives {a}, grad {b.data}"
        outputs = [y, *first, *(h for row in second for h in row)]
        program = lower(outputs, leaves, allow_constants=True)
        found = program(*[leaf.data for leaf in leaves])
        assert all(map(same, found, [v.data for v in outputs])), f"seed {seed}: the program gives {found}"


def test_elsewhere_there_are_never_two_different_finite_numbers() -> None:
    """The program of a gradient at other leaves than those it was recorded at, against a graph recorded there."""
    apart = 0
    for seed in range(GRAPHS):
        leaves, y = random_graph(random.Random(seed))
        program = lower(grad(y, leaves), leaves, allow_constants=True)
        at = [random.Random(-1 - seed).choice([*SPECIAL, 0.3, -1.7]) for _ in leaves]
        for leaf, x in zip(leaves, at):
            leaf.data = x
        for node in toposort(y):
            if node.parents:
                node.data = node.op.function(*[p.data for p in node.parents])
        for a, b in zip(received(y, leaves), program(*at)):
            if math.isfinite(a) and math.isfinite(b):
                assert a == b, f"seed {seed}"
            apart += not same(a, b)
    assert apart <= GRAPHS // 20  # a nan where a factor without mask overflows, and the other way round


@pytest.mark.parametrize("target", ["numpy", "native"])
def test_machine_code_and_numpy_agree(target: str) -> None:
    numpy = pytest.importorskip("numpy")
    if target == "native":
        pytest.importorskip("llvmlite")
    for seed in range(GRAPHS if LONG or target == "numpy" else GRAPHS // 20):  # compiling takes time
        leaves, y = random_graph(random.Random(seed))
        first = grad(y, leaves)
        outputs = [y, *first, *(h for g in first for h in grad(g, leaves))]
        program = lower(outputs, leaves, allow_constants=True).to(target)
        with numpy.errstate(all="ignore"):
            found = [float(numpy.ravel(column)[0]) for column in program(*[[leaf.data] for leaf in leaves])]
        if not all(map(near, found, [v.data for v in outputs])):
            assert cancels(outputs), f"seed {seed}: {target} gives {found}, {[v.data for v in outputs]}"


def cancels(outputs: list[Value]) -> bool:
    """Whether a sum of the graph loses its digits, so that a last bit before it becomes the first after it."""
    for node in toposort(*outputs):
        if node.op is not None and node.op.name in ("add", "sub", "fsum", "sumprod"):
            xs = [p.data for p in node.parents]
            half = len(xs) // 2
            terms = [p * q for p, q in zip(xs[:half], xs[half:])] if node.op.name == "sumprod" else xs
            if math.isfinite(node.data) and abs(node.data) < 1e-6 * max(map(abs, terms), default=0.0):
                return True
    return False
