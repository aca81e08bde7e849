"""`take`: an index that is data; what it costs, its gradients, and every target."""

import copy
import math
import pickle
import random

import pytest

from autograd import (
    AutogradTypeError,
    AutogradValueError,
    NotFinite,
    Value,
    check_grads,
    debug,
    grad,
    hessian,
    jvp,
    logsumexp,
    lower,
    sumprod,
    take,
    toposort,
)


class Counted(list):
    """A list that counts how often it is looked at."""

    looked = 0

    def __getitem__(self, k):
        Counted.looked += 1
        return super().__getitem__(k)

    def __iter__(self):
        Counted.looked += len(self)
        return super().__iter__()


def embedded(rows=7, columns=3, places=4, seed=0):
    """Tokens, a table, positions; the cross-entropy of the next token, whose index is data too."""
    rng = random.Random(seed)
    table = [[Value(rng.gauss(0, 1), f"t{i}_{j}") for j in range(columns)] for i in range(rows)]
    ids = [Value(float(rng.randrange(rows)), f"i{k}") for k in range(places)]
    shifts = [[Value(rng.gauss(0, 1)) for _ in range(columns)] for _ in ids]
    err = 0.0
    for k, i in enumerate(ids):
        x = [a + b for a, b in zip(take(table, i), shifts[k])]
        logits = [sumprod(row, x) for row in table]
        err = err + logsumexp(logits) - take(logits, ids[(k + 1) % places])
    return ids, [x for row in table for x in row], [x for row in shifts for x in row], err


# --- nodes ------------------------------------------------------------------------------------


def test_the_parents_are_the_entry_and_the_index():
    table, i = [Value(float(k)) for k in range(5)], Value(3.0)
    y = take(table, i)
    assert y.data == 3.0 and y.parents == (table[3], i) and y.op.name == "take"
    rows = [[Value(1.0), 2.0], [Value(3.0), 4.0]]
    a, b = take(rows, Value(1.0))
    assert a.parents[0] is rows[1][0] and b.data == 4.0
    assert take([1.0, 2.0], 1) == 2.0 and take([[1.0], [2.0]], 0) == [1.0]
    assert take((Value(1.0), 5.0), Value(1.0)).data == 5.0


def test_nothing_grows_with_the_table():
    costs = []
    for n in (10, 10_000):
        table = Counted([Value(float(k)) for k in range(n)])
        Counted.looked = 0
        y = take(table, Value(7.0)) * 2.0
        y.backward()
        costs.append((Counted.looked, len(toposort(y))))
        assert [x.grad for x in list.__iter__(table) if x.grad] == [2.0]
    assert costs[0] == costs[1] and costs[0][0] <= 3


@pytest.mark.parametrize("index", [-1.0, 2.0, 0.5, math.nan, math.inf, -0.5, 1e300])
def test_an_index_that_names_no_entry_gives_nan(index):
    table, i = [Value(1.0), Value(2.0)], Value(index)
    y = take(table, i) + 1.0
    y.backward()
    assert math.isnan(y.data) and [x.grad for x in table] == [0.0, 0.0] and i.grad == 0.0
    assert math.isnan(take([1.0, 2.0], index))
    program = lower([y, *grad(y, table)], [*table, i])
    assert repr(program(1.0, 2.0, index)) == "[nan, 0.0, 0.0]"
    assert program(1.0, 2.0, 1.0) == [3.0, 0.0, 1.0]


def test_debug_tells_of_such_an_index():
    with pytest.raises(NotFinite, match=r"(?s)nan is born in take: i = 2.0.*whole number from 0 to 1"), debug():
        (take([Value(1.0), Value(2.0)], Value(2.0, "i")) * 3.0).backward()


@pytest.mark.parametrize(
    ("table", "index", "message"),
    [
        ([[1.0], [2.0, 3.0]], 1, "row 0 has 1 entries, row 1 2 entries"),
        ([[1.0, 2.0], [3.0]], 1, "row 0 has 2 entries, row 1 1 entries"),
        ([[1.0, 2.0], [3.0]], 0, "row 0 has 2 entries, row 1 1 entries"),
        ([[2.0, 3.0], 1.0], 0, "row 0 has 2 entries, row 1 a single one"),
        ([1.0, [2.0, 3.0]], 0, "row 0 has a single one, row 1 2 entries"),
        ([[1.0, 2.0], [Value(3.0)], [3.0, 4.0]], 1, "row 0 has 2 entries, row 1 1 entries"),
        ([Value(1.0), [3.0], 4.0], 1, "row 0 has a single one, row 1 1 entries"),
    ],
)
def test_rows_of_several_lengths_are_refused(table, index, message):
    for i in (index, Value(float(index))):
        with pytest.raises(AutogradValueError, match=message):
            take(table, i)


@pytest.mark.parametrize("other", [[2.0], [2.0, 3.0, 4.0], 1.0])
def test_a_row_that_was_not_looked_at_is_told_where_all_are_needed(other):
    a, i = [Value(1.0), Value(2.0)], Value(0.0)
    y = take([a, other, [3.0, 4.0]], i)[0]
    for needed in (lambda: grad(y, a), lambda: lower(y, [*a, i])):
        with pytest.raises(AutogradValueError, match=r"takes a list of Values or of rows of one length.*row 1"):
            needed()


@pytest.mark.parametrize("table", [3, "abc", Value(1.0), None, {"a": 1.0}, {0: 1.0}])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(AutogradTypeError, match="take"):
        take(table, 0)
    with pytest.raises(AutogradValueError, match="empty"):
        take([], 0)
    with pytest.raises(AutogradTypeError):
        take([Value(1.0)], "0")


def test_copies_and_pickles_have_the_whole_table():
    ids, table, _, err = embedded()
    for again in (copy.deepcopy(err), pickle.loads(pickle.dumps(err))):
        leaves = {x.label: x for x in toposort(again, whole=True) if x.op is None and x.label}
        assert set(leaves) == {x.label for x in (*table, *ids)}
        assert not set(leaves.values()) & set(table)
        theirs, mine = (
            grad(y, [of[x.label] for x in table]) for y, of in ((again, leaves), (err, {x.label: x for x in table}))
        )
        assert [g.data for g in theirs] == [g.data for g in mine]


# --- gradients ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_grad_is_backward_to_the_bit_and_what_differences_say(seed):
    ids, table, shifts, err = embedded(seed=seed)
    leaves = [*table, *shifts]
    slopes = grad(err, leaves)
    err.backward()
    assert [g.data for g in slopes] == [x.grad for x in leaves]
    assert all(g.data == 0.0 for g in grad(err, ids))


def test_gradients_are_what_finite_differences_say():
    def f(a, b, c, d):
        x = take([a, b * c, c], Value(1.0)) * take([[a, b], [c, d]], Value(0.0))[1]
        return x.tanh() + take([x, d], Value(0.0))

    assert check_grads(f, 0.3, -0.7, 1.1, 0.5) == 20


def test_a_gradient_costs_what_is_asked_for():
    table, i = [[Value(float(k + j)) for j in range(2)] for k in range(1000)], Value(3.0)
    a, b = take(table, i)
    y = a * b
    one = grad(y, [table[5][0]])
    assert len(toposort(*one)) < 10
    assert len(toposort(*grad(y, table[3] + table[4]))) < 30


def test_second_derivatives():
    a, b, i, j = Value(2.0), Value(3.0), Value(0.0), Value(1.0)
    y = take([a, b], i) ** 2 * take([a, b], j)
    program = lower([h for row in hessian(y, [a, b]) for h in row], [a, b, i, j], allow_constants=True)
    for which, expected in (
        ((0.0, 1.0), [6.0, 4.0, 4.0, 0.0]), ((0.0, 0.0), [12.0, 0.0, 0.0, 0.0]), ((1.0, 0.0), [0.0, 6.0, 6.0, 4.0]),
    ):  # fmt: skip
        assert program(2.0, 3.0, *which) == expected


def test_forward_mode_says_the_same():
    ids, table, shifts, err = embedded()
    leaves = [*table, *shifts]
    rates = [math.sin(k) for k in range(len(leaves))]
    (rate,) = jvp(err, leaves, rates)
    assert rate.data == pytest.approx(sum(g.data * v for g, v in zip(grad(err, leaves), rates)), rel=1e-12)
    program = lower([rate, err], [*ids, *leaves])
    other = [2.0, 0.0, 1.0, 5.0, *(x.data for x in leaves)]
    (ahead, behind) = (program(*other[:4], *[x + s * 1e-6 * v for x, v in zip(other[4:], rates)])[1] for s in (1, -1))
    assert program(*other)[0] == pytest.approx((ahead - behind) / 2e-6, rel=1e-7)


def test_what_was_not_taken_is_silent_wherever_the_index_points():
    x, i = Value(0.0, "x"), Value(1.0, "i")
    y = take([x.log(), x + 1.0], i) * 2.0
    (slope,) = grad(y, [x])
    program = lower([y, slope], [x, i])
    assert program(0.0, 1.0) == [2.0, 2.0]
    assert program(2.0, 0.0) == [2.0 * math.log(2.0), 1.0]
    assert program(0.0, 0.0) == [-math.inf, math.inf]


def test_a_plain_number_is_that_entry_for_ever():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = take([a, b], 1) * 2.0
    assert [g.data for g in grad(y, [a, b])] == [0.0, 2.0]
    assert lower([y], [a, b]).source.count("take") == 0


# --- programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [3, 11])
@pytest.mark.parametrize("target", ["python", "numpy", "jax", "torch", "native"])
def test_one_program_serves_all_indices(target, rows):
    np = pytest.importorskip("numpy")
    if target in ("jax", "torch"):
        module = pytest.importorskip(target)
        if target == "jax":
            module.config.update("jax_enable_x64", True)
    if target == "native":
        pytest.importorskip("llvmlite")
    ids, table, shifts, err = embedded(rows=rows)
    leaves = [*table, *shifts]
    slopes = grad(err, leaves)
    inputs = {"ids": ids, "table": table, "shifts": shifts}
    step = lower({"err": err, "slopes": slopes}, inputs).to(target)
    flat = lower([err, *slopes], [*ids, *leaves])
    rng = random.Random(1)
    samples = [[float(rng.randrange(rows)) for _ in ids] for _ in range(9)]
    numbers = [x.data for x in leaves]
    expected = np.array([flat(*sample, *numbers) for sample in samples])
    now = {"table": [x.data for x in table], "shifts": [x.data for x in shifts]}
    got = step(ids=samples, **now)
    assert np.allclose(got["err"], expected[:, 0]) and np.allclose(got["slopes"], expected[:, 1:])
    total = step.sum(ids=samples, **now)
    assert np.isclose(float(total["err"]), expected[:, 0].sum())
    assert np.allclose(total["slopes"], expected[:, 1:].sum(0))
    columns = flat.to(target)(*zip(*samples), *numbers)
    assert np.allclose(np.array([np.broadcast_to(np.asarray(c), 9) for c in columns]).T, expected)
    broken = step(ids=[*samples[:3], [0.0, float(rows), 1.0, 2.0]], **now)
    assert np.isnan(float(broken["err"][3])) and np.allclose(broken["err"][:3], expected[:3, 0])


def test_exact_numbers_and_symbols():
    from fractions import Fraction

    a, b, i = Value(2.0, "a"), Value(3.0, "b"), Value(0.0, "i")
    y = take([a, b * 2.0], i) * 3.0
    program = lower([y, *grad(y, [a, b])], [a, b, i])
    assert program.to("fractions")(Fraction(1, 3), 1, 0) == [1, 3, 0]
    mpmath, sympy = pytest.importorskip("mpmath"), pytest.importorskip("sympy")
    assert program.to("mpmath")(2, 3, 1) == [18, 0, 6]
    assert mpmath.isnan(program.to("mpmath")(2, 3, 0.5)[0])
    values = program.to("sympy")("a", "b", "i")
    at = {sympy.Symbol("a", real=True): 2, sympy.Symbol("b", real=True): 3, sympy.Symbol("i", real=True): 1}
    assert [sympy.simplify(v.subs(at)) for v in values] == [18, 0, 6]


def test_javascript_scatters_too():
    import json
    import shutil
    import subprocess

    if not shutil.which("node"):
        pytest.skip("runs in node")
    ids, table, shifts, err = embedded(rows=3, places=2)
    program = lower([err, *grad(err, table)], [*ids, *table, *shifts])
    numbers = [1.0, 2.0, *(x.data for x in (*table, *shifts))]
    text = program.to("javascript") + f"\nconsole.log(JSON.stringify(program({', '.join(map(repr, numbers))})))"
    found = json.loads(subprocess.run(["node", "-e", text], capture_output=True, text=True, check=True).stdout)
    assert found == pytest.approx(program(*numbers), rel=1e-12)


def test_families_gather_and_scatter_as_wholes():
    ids, table, shifts, err = embedded(rows=11)
    found = lower({"err": err, "slopes": grad(err, table)}, {"ids": ids, "table": table, "shifts": shifts})
    kinds = [family.row.name for family in found.families]
    assert kinds.count("take") == 2 and kinds.count("scatter") == 1
    assert "take(*table" in str(found.matrices)
