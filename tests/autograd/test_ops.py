"""The table of operations: what every row must be, whatever it computes."""

import inspect
import itertools
import math
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, AutogradValueError, Op, Value, add_row, draw, explain, grad, lower
from autograd.expression import expression
from autograd.gradient import graph_rule
from autograd.value import node_of

ROWS = sorted(set(TABLE) - {"literal"})
# May give inf or nan at moderate operands; a sum or a product gives them at huge ones only.
MODERATE = (-2.5, -1.0, 0.0, 0.5, 1.0, 3.0, 1100.0)
TAKEN = {  # the operands of which an operation takes some and leaves the others
    "relu": (0,), "leaky_relu": (1,), "leaky_relu_slope": (1,), "elu": (1,), "elu_slope": (0, 1), "maximum": (0, 1),
    "minimum": (0, 1), "where": (1, 2), "take": range(9), "scatter": (0,), "gated": (0, 1),
}  # fmt: skip


def operand_counts(row):
    return [row.arity] if row.arity is not None else [2, 4]


@pytest.mark.parametrize("name", ROWS)
def test_a_rule_has_one_partial_for_each_operand(name):
    row = TABLE[name]
    for n in operand_counts(row):
        xs = [0.5] * n
        assert len(row.rule(row.function(*xs), *xs)) == n
        assert len(graph_rule(row)(node_of(row, tuple(map(Value, xs))), *map(Value, xs))) == n


@pytest.mark.parametrize("name", ROWS)
@given(data=st.data())
def test_a_rule_says_the_same_on_floats_and_on_values(name, data):
    row = TABLE[name]
    n = data.draw(st.sampled_from(operand_counts(row)))
    xs = data.draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n))
    leaves = [Value(x) for x in xs]
    on_floats = row.rule(row.function(*xs), *xs)
    on_values = graph_rule(row)(node_of(row, tuple(leaves)), *leaves)
    for a, b in zip(on_floats, on_values):
        assert (a is None) == (b is None)
        if a is not None:
            b = b.data if isinstance(b, Value) else b
            assert a == b or (a != a and b != b)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_that_it_can_be_singular_where_it_can(name):
    row = TABLE[name]
    found = []
    for n in operand_counts(row):
        for xs in itertools.product(MODERATE, repeat=n):
            o = row.function(*xs)
            numbers = [o, *(d for d in row.rule(o, *xs) if d is not None)]
            if not all(map(math.isfinite, numbers)):
                found.append(f"{name}{xs} gives {numbers}")
    if name != "gated":  # made for slopes that are inf themselves
        assert row.singular == bool(found), found[:1]


@pytest.mark.parametrize("name", ROWS)
def test_what_a_row_does_not_select_gets_nothing_whatever_comes_down(name):
    row = TABLE[name]
    for n in operand_counts(row):
        for xs in itertools.product(MODERATE, repeat=n):
            leaves = [Value(x) for x in xs]
            node = node_of(row, tuple(leaves))
            node.backward(math.inf)
            for i, (leaf, d) in enumerate(zip(leaves, row.rule(node.data, *xs))):
                if d is None or (d == 0.0 and i in TAKEN.get(name, ())):
                    assert leaf.grad == 0.0, (xs, i)
                elif d == 0.0:
                    assert math.isnan(leaf.grad), (xs, i)


@pytest.mark.parametrize("name", ROWS)
def test_rules_hold_no_branch_and_no_power_operator(name):
    code = inspect.getsource(TABLE[name].rule)
    assert " if " not in code.partition("lambda")[2].partition("singular")[0]
    assert "x ** " not in code


@pytest.mark.parametrize("name", ROWS)
def test_functions_are_documented_where_they_are_not_operators(name):
    f = TABLE[name].function
    if f.__module__.startswith("autograd"):
        assert ">>>" in f.__doc__


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_row_is_pickled_by_name(name):
    assert pickle.loads(pickle.dumps(TABLE[name])) is TABLE[name]


def test_a_row_that_is_gone_cannot_be_unpickled():
    pickled = pickle.dumps(add_row(Op("gone_of_test_ops", lambda x: x, lambda o, x: (1.0,))))
    TABLE.pop("gone_of_test_ops")
    with pytest.raises(AutogradValueError, match="import the module that defines it"):
        pickle.loads(pickled)


# --- the recipe for a new operation ---------------------------------------------------------------

ROOT = Path(autograd.__file__).parent.parent
PLACES = {
    "autograd/reals/activations.py",  # its function on floats, in the room of its kind
    "autograd/ops.py",  # its row
    "autograd/functions.py", "autograd/value.py", "autograd/__init__.py",  # function, method, export
    "autograd/lowering/rows.py",  # its text without branches
    "autograd/lowering/symbols.py",  # its formula where nothing rounds
    "tests/accuracy/truth.py",  # what it should be
}  # fmt: skip
IF_NATURAL = {
    "tests/accuracy/sampling.py", "tests/accuracy/edges.py",  # where it bends, and what it says there
    "nn/network/activations.py", "nn/deltas.py", "nn/bridges/pytorch.py",  # it is an activation too
    "nn/certifying/certificate.py",  # whose argument list names them
    "tests/accuracy/peers.py",  # where a peer has it
}  # fmt: skip


def test_an_operation_stands_in_the_places_of_the_recipe_and_nowhere_else():
    files = [path for folder in ("autograd", "nn", "tests/accuracy") for path in (ROOT / folder).rglob("*")]
    found = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.suffix in (".py", ".pyx", ".js") and re.search(r"\bsoftsign\b", path.read_text(encoding="utf-8"))
    }
    assert found - IF_NATURAL == PLACES
    for place in PLACES - {"autograd/reals/activations.py"}:  # one line or one function in each
        text = (ROOT / place).read_text(encoding="utf-8")
        # a name and its text, or the list it is imported, mapped or exported in
        assert len(re.findall(r"\bsoftsign\b", text)) <= 3, place


def test_what_reads_the_table_knows_a_new_operation_by_itself():
    result, (x,) = expression("softsign(x)", {"x": 3.0})
    (slope,) = grad(result, x)
    assert (result.data, slope.data) == (0.75, 0.0625)
    assert lower([result, slope], [x])(1.0) == [0.5, 0.25]
    assert "softsign" in draw(result).dot and "softsign" in str(explain(result, x))
