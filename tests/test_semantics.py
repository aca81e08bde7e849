"""The contract of the engine, sentence by sentence; the names of the tests say where the details are.

Each docstring quotes what is promised.  The modules tested one by one are in tests/autograd
and tests/nn; freeing and depth are in test_memory.py, micrograd's programs in
test_micrograd_users.py.
"""

import gc
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import TABLE, Op, Value, add_row, check_grads, function, grad, hypot, no_grad, toposort, where
from autograd.functions import ROWS
from nn import MLP, squared_error
from tests.counting import alive

# --- Value ---------------------------------------------------------------------------------


def test_value_has_five_slots() -> None:
    """`Value(data, label="")`; slots `data, grad, op, parents, label`, of which three are held to the rule of birth."""
    assert [slot.lstrip("_") for slot in Value.__slots__] == ["data", "grad", "op", "parents", "label"]
    v = Value(2.0, label="v")
    assert (v.data, v.grad, v.op, v.parents, v.label) == (2.0, 0.0, None, (), "v")
    assert Value(2.0).label == "" and not hasattr(v, "__dict__")


def test_value_accepts_anything_real_as_a_float() -> None:
    """Accepts anything real (int, float, bool, NumPy scalars, Fraction, …) as a float."""
    for x in (2, 2.0, True, Fraction(1, 3)):
        assert type(Value(x).data) is float and Value(x).data == float(x)


@pytest.mark.parametrize("x", ["2", 2j, None, [2.0], Value(2.0)], ids=["str", "complex", "None", "list", "Value"])
def test_value_refuses_the_rest_and_says_what_to_do(x: Any) -> None:
    """str, complex, None, lists and a Value inside a Value are a TypeError that says what to do."""
    with pytest.raises(TypeError, match=r"Value: got .* of type \w+; .*(float\(|real|make one Value|use its \.data)"):
        Value(x)


def test_equality_is_identity() -> None:
    """`==` and hash are object's own (so `v == 4.0` is False)."""
    v = Value(4.0)
    assert (v == 4.0) is False and (v == Value(4.0)) is False and v in {v}


def test_a_product_with_itself_keeps_two_operands() -> None:
    """`x * x` keeps two operands."""
    x = Value(3.0)
    assert (x * x).parents == (x, x)


def test_repr_format_and_bool_are_a_number_s() -> None:
    """repr, format (`f"{v:.3f}"` formats the data) and bool do what a number's do."""
    v = Value(0.12345)
    assert f"{v:.3f}" == "0.123" and "0.12345" in repr(v) and v and not Value(0.0)


@pytest.mark.parametrize("convert", [float, int, math.tanh])
def test_a_silent_conversion_is_how_gradients_get_lost(convert: Callable[[Any], Any]) -> None:
    """float(v) and int(v) raise a TypeError that says "use v.data, or autograd.tanh instead of math.tanh"."""
    with pytest.raises(TypeError, match=r"v\.data"):
        convert(Value(1.0))


def test_functions_mirror_math_take_numbers_and_are_methods() -> None:
    """Functions mirror the math module's names, accept numbers as well as Values, and exist as methods too."""
    shared = [n for n in autograd.__all__ if hasattr(math, n) and n not in ("fsum", "sumprod", "hypot", "pow")]
    assert len(shared) >= 14
    for n in shared:
        f, x = getattr(autograd, n), 1.5 if n == "acosh" else 0.5
        others = (-0.25,) if n in ("atan2", "copysign", "fmod") else ()
        assert f(x, *others) == pytest.approx(getattr(math, n)(x, *others), rel=1e-15)
        assert f(Value(x), *others).data == getattr(Value(x), n)(*others).data == f(x, *others)
    assert autograd.pow(2, 3) == 8.0 and autograd.fsum([1, 2]) == 3.0
    assert autograd.hypot(3, 4) == 5.0 and autograd.sumprod([1, 2], [3, 4]) == 11.0


def test_powers_differentiate_in_both_operands() -> None:
    """autograd.pow(x, y), x ** y, 2 ** x all differentiate in both operands."""
    for f in (autograd.pow, lambda x, y: x**y):
        assert check_grads(f, 2.0, 1.5) == 6
    assert check_grads(lambda x: 2**x, 1.5) == check_grads(lambda x: x**2, 1.5) == 2


def test_sumprod_and_fsum() -> None:
    """sumprod is plain left-to-right double arithmetic; fsum is correctly rounded (and never raises)."""
    assert autograd.sumprod([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == (1e16 + 1.0) - 1e16 == 0.0
    assert autograd.fsum([1e16, 1.0, -1e16]) == 1.0
    assert autograd.fsum([math.inf, -math.inf]) != autograd.fsum([math.inf, -math.inf])
    assert autograd.fsum([1.7e308, 1.7e308]) == math.inf


# --- backward --------------------------------------------------------------------------------


def test_leaves_accumulate_and_interior_nodes_restart() -> None:
    """A second call adds exactly one more gradient to the leaves and nothing twice."""
    x = Value(3.0)
    u = x * x
    y = u * u
    for n in (1, 2):
        y.backward()
        assert (x.grad, u.grad) == (n * 108.0, 18.0)


def test_two_losses_on_one_trunk() -> None:
    """Leaves sum, an interior gradient is the last call's; the docstring says so."""
    x = Value(3.0)
    trunk = x * x
    for factor in (2.0, 5.0):
        (factor * trunk).backward()
    assert (x.grad, trunk.grad) == (42.0, 5.0)
    told = " ".join((Value.backward.__doc__ or "").split())
    assert "Leaves accumulate" in told and "the trunk's interior nodes the gradient of the last call" in told


def test_delta_of_a_neuron_is_u_grad() -> None:
    """After it every node of the graph holds its gradient, so δ of a neuron is `u.grad`."""
    net = MLP(2, [2, 1], seed=0)
    run = net.forward([0.5, -1.0])
    err = squared_error(run.outputs, 0.25)
    nodes = toposort(err)
    by_graph = grad(err, nodes)
    err.backward()
    assert [v.grad for v in nodes] == [g.data for g in by_graph]
    assert run.delta[0][1] == run.u[0][1].grad == net.layers[0].neurons[1].delta != 0.0


def test_the_seed_of_backward() -> None:
    """`y.backward(gradient=1.0)`."""
    x = Value(3.0)
    y = x * x
    y.backward(gradient=0.5)
    assert x.grad == 3.0


def test_no_grad_detach_zero_grad() -> None:
    """`no_grad()`, `detach()`, `zero_grad()`."""
    x = Value(3.0)
    with no_grad():
        assert (x * x).parents == ()
    y = x * x.detach()
    y.backward()
    assert x.grad == 3.0
    y.zero_grad()
    assert x.grad == 0.0


def test_a_dropped_loss_is_freed_without_the_collector() -> None:
    """A graph has no cycles; dropping the loss frees it with the cyclic collector off.  (test_memory.py)"""
    gc.collect()
    gc.disable()
    try:
        before = alive(Value)
        y = Value(3.0)
        for _ in range(1000):
            y = y * y + 1.0
        assert alive(Value) > before + 2000
        del y
        assert alive(Value) == before
    finally:
        gc.enable()


# --- floats ------------------------------------------------------------------------------------

ANY = st.floats() | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, math.nan, 5e-324, 1.7e308])


@pytest.mark.parametrize("name", [n for n in TABLE if n != "literal"])
@given(data=st.data())
@settings(max_examples=30)
def test_no_operation_raises_for_floats(name: str, data: st.DataObject) -> None:
    """Float semantics are IEEE's: no operation raises for float inputs, and none of its derivatives does."""
    arity = TABLE[name].arity
    if arity is None:
        arity = 2 * data.draw(st.integers(1, 2)) if name == "sumprod" else data.draw(st.integers(1, 4))
    xs = [data.draw(ANY) for _ in range(arity)]
    assert type(ROWS[name](*xs)) is float
    leaves = [Value(x) for x in xs]
    y = ROWS[name](*leaves)
    y.backward()
    for g in grad(y, leaves):
        for second in grad(g, leaves):
            assert type(second.data) is float


@pytest.mark.parametrize("f, x, expected", [
    (autograd.exp, 1000.0, math.inf), (autograd.expm1, 1000.0, math.inf), (autograd.cosh, 1000.0, math.inf),
    (autograd.sinh, -1000.0, -math.inf), (autograd.log, 0.0, -math.inf), (autograd.log1p, -1.0, -math.inf),
    (lambda x: x * 1e308, 1e308, math.inf), (lambda x: x / 0.0, -1.0, -math.inf), (lambda x: x**400, 10.0, math.inf),
    (lambda x: x**-1, 0.0, math.inf), (lambda x: 1 / x, -0.0, -math.inf),
    (autograd.log, -1.0, math.nan), (autograd.sqrt, -1.0, math.nan), (autograd.asin, 2.0, math.nan),
    (autograd.sin, math.inf, math.nan), (lambda x: x / 0.0, 0.0, math.nan), (lambda x: x**0.5, -1.0, math.nan),
    (lambda x: x - x, math.inf, math.nan),
])  # fmt: skip
def test_overflow_is_inf_and_an_undefined_value_is_nan(f: Callable[[Any], Any], x: float, expected: float) -> None:
    """Overflow is inf, an undefined value is nan."""
    got = f(Value(x)).data
    assert got == expected or (math.isnan(expected) and math.isnan(got))


def test_comparisons_are_operations() -> None:
    """They give a Value 1.0 or 0.0 without derivative, whose truth is its data."""
    x = Value(2.0)
    for v, truth in ((x > 1, 1.0), (x < 1, 0.0), (x >= 2, 1.0), (x <= 1, 0.0)):
        assert v.data == truth and bool(v) == bool(truth)
        assert grad(v, x)[0].data == 0.0
    y = where(x > 0, x * x, -x)
    y.backward()
    assert x.grad == 4.0


def test_where_does_not_let_zero_times_infinity_become_nan() -> None:
    """A singular local derivative met by a zero upstream contributes zero, eagerly and in gradient graphs."""
    x = Value(0.0)
    y = where(x > 0, x.sqrt() + x.log() + 1 / x, x)
    y.backward()
    (g,) = grad(y, x)
    assert x.grad == g.data == 1.0
    assert grad(g, x)[0].data == 0.0


@given(st.floats(-1e150, 1e150), st.floats(-1e150, 1e150))
def test_hypot_has_no_slope_at_the_origin_and_length_one_elsewhere(x: float, y: float) -> None:
    a, b = Value(x), Value(y)
    hypot(a, b).backward()
    length = math.hypot(a.grad, b.grad)
    assert length == (0.0 if x == y == 0 else pytest.approx(1.0, rel=1e-14))


# --- the rest ------------------------------------------------------------------------------------


def test_your_own_operation_is_one_row() -> None:
    """Your own operation is one row: a page in docs shows it, a test does it."""
    cube = function(add_row(Op("cube", lambda x: x * x * x, lambda o, x: (3.0 * x * x,))))
    try:
        assert cube(2) == 8.0
        assert check_grads(lambda x: cube(x) + cube(x * x), 0.7) == 2
    finally:
        del TABLE["cube"]


def test_every_function_and_every_class_is_public_by_name() -> None:
    for n in autograd.__all__:
        assert getattr(autograd, n) is not None
    assert len(set(autograd.__all__)) == len(autograd.__all__)
    namespace: dict[str, Any] = {}
    exec("from autograd import *", namespace)
    assert set(autograd.__all__) <= set(namespace)
