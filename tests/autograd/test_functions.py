"""The operations as functions: names of `math`, numbers and Values alike, and one's own row."""

import math
import pickle
import sys
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, AutogradTypeError, AutogradValueError, Op, Value, add_row, check_grads, function, grad

UNARY = [
    "abs", "sign", "step", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "sigmoid", "relu", "softplus", "gelu", "silu", "erf", "neg", "cbrt", "exp2", "log2",
    "log10", "asinh", "acosh", "atanh", "erfc", "softsign", "floor", "ceil", "trunc",
]  # fmt: skip
BINARY = [
    "add", "sub", "mul", "div", "mod", "floordiv", "pow", "maximum", "minimum", "leaky_relu", "elu", "atan2",
    "copysign", "fmod", "round",
]  # fmt: skip
NO_METHODS = ("add", "sub", "mul", "div", "mod", "floordiv", "neg")
METHODS = [name for name in [*UNARY, *BINARY, "hypot"] if name not in NO_METHODS]
OF_MATH = [
    "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf",
    "asinh", "acosh", "atanh", "log2", "log10", "erfc", "floor", "ceil", "trunc",
]  # fmt: skip


def same(x: float, y: float) -> bool:
    return x == y or (math.isnan(x) and math.isnan(y))


# --- numbers and Values alike ---------------------------------------------------------------


@pytest.mark.parametrize("name", UNARY)
@given(x=st.floats())
def test_unary_functions_take_numbers_and_values(name: str, x: float) -> None:
    f = getattr(autograd, name)
    number, node = f(x), f(Value(x))
    assert type(number) is float and type(node) is Value
    assert same(number, node.data)
    assert node.op is TABLE[name] and len(node.parents) == 1


@pytest.mark.parametrize("name", BINARY)
@given(x=st.floats(), y=st.floats())
def test_binary_functions_take_numbers_and_values(name: str, x: float, y: float) -> None:
    f = getattr(autograd, name)
    number = f(x, y)
    assert type(number) is float
    for node in (f(Value(x), Value(y)), f(Value(x), y), f(x, Value(y))):
        assert type(node) is Value and same(number, node.data)
        assert node.op is TABLE[name] and len(node.parents) == 2


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_the_functions(name: str) -> None:
    x, y = Value(0.5), Value(2.0)
    operands = (x,) if name in UNARY else (x, y)
    by_method, by_function = getattr(x, name)(*operands[1:]), getattr(autograd, name)(*operands)
    assert same(by_method.data, by_function.data)
    assert by_method.op is by_function.op is TABLE[name]
    assert by_method.parents == by_function.parents == operands
    method = getattr(Value, name)
    assert method.__name__ == name and method.__doc__ and method.__qualname__ == f"Value.{name}"


@pytest.mark.parametrize("name", OF_MATH)
@given(x=st.floats(-0.99, 0.99).filter(bool))
def test_names_and_values_are_those_of_math(name: str, x: float) -> None:
    try:
        expected = getattr(math, name)(x)
    except ValueError:
        expected = math.nan  # where math raises, IEEE has a nan
    assert same(getattr(autograd, name)(x), expected)


@given(st.floats(0, 1e3), st.floats(-50, 50))
def test_pow_is_that_of_math(x: float, y: float) -> None:
    try:
        expected = math.pow(x, y)
    except (ValueError, OverflowError):
        expected = math.inf
    assert autograd.pow(x, y) == (Value(x) ** y).data == (x ** Value(y)).data == expected


def test_powers_differentiate_in_both_operands() -> None:
    for y, at in ((autograd.pow, (2.0, 3.0)), (lambda a, b: a**b, (2.0, 3.0))):
        a, b = map(Value, at)
        y(a, b).backward()
        assert a.grad == 12.0
        assert b.grad == pytest.approx(8 * math.log(2), rel=1e-15)
    x = Value(3.0)
    (2**x).backward()
    assert x.grad == pytest.approx(8 * math.log(2), rel=1e-15)
    base = Value(0.0)
    (base**2).backward()
    assert base.grad == 0.0


@pytest.mark.parametrize("f, default", [
    (autograd.leaky_relu, 0.01), (Value.leaky_relu, 0.01), (autograd.elu, 1.0), (Value.elu, 1.0),
])  # fmt: skip
def test_parameters_with_a_default_are_operands(f: Callable[..., Any], default: float) -> None:
    x = Value(-2.0)
    assert f(x).data == f(x, default).data == getattr(autograd, f.__name__)(-2.0, default)
    assert f(x).parents[1].data == default
    parameter = Value(default)
    f(x, parameter).backward()
    assert parameter.grad == (-2.0 if default == 0.01 else math.expm1(-2.0))


# --- roundings, remainders and shares ---------------------------------------------------------


def test_python_s_own_functions_give_values() -> None:
    x: Any = Value(-2.675)
    given = {
        "floor": math.floor(x), "ceil": math.ceil(x), "trunc": math.trunc(x), "round": round(x), "to 2": round(x, 2),
        "to tens": round(Value(25.0), -1), "%": x % 2, "//": x // 2, "% v": 7 % x, "// v": 7 // x,
    }  # fmt: skip
    assert all(type(v) is Value for v in given.values())
    assert {name: v.data for name, v in given.items()} == {
        "floor": -3.0, "ceil": -2.0, "trunc": -2.0, "round": -3.0, "to 2": round(-2.675, 2),
        "to tens": 20.0, "%": -2.675 % 2, "//": -2.0, "% v": 7 % -2.675, "// v": -3.0,
    }  # fmt: skip
    for found, expected in ((divmod(x, 2), divmod(-2.675, 2)), (divmod(7, x), divmod(7, -2.675))):
        assert tuple(v.data for v in found) == expected


@given(x=st.floats(-99, 99), y=st.floats(-9, 9).filter(bool))
def test_slopes_of_remainders(x: float, y: float) -> None:
    a, b = Value(x), Value(y)
    (a % b).backward()
    assert a.grad == 1.0 and same(b.grad, -(x // y))
    a, b = Value(x), Value(y)
    autograd.fmod(a, b).backward()
    assert a.grad == 1.0 and b.grad == pytest.approx(-math.trunc(Fraction(x) / Fraction(y)), rel=1e-15)
    assert autograd.fmod(x, y) == math.fmod(x, y)


def test_what_is_constant_in_pieces_has_no_slope() -> None:
    x = Value(2.5)
    for y in (x.floor(), x.ceil(), x.trunc(), x.round(), x // 2, round(x, 1), autograd.copysign(3.0, x)):
        assert grad(y, x)[0].data == 0.0
        y.backward()
    assert x.grad == 0.0


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=6))
def test_softmax_gives_shares_on_numbers_and_on_values(xs: list[float]) -> None:
    numbers, values = autograd.softmax(xs), autograd.softmax(map(Value, xs))
    assert numbers == [p.data for p in values] and all(type(p) is float for p in numbers)
    assert math.fsum(numbers) == pytest.approx(1.0, rel=1e-15)


def test_softmax_of_none_and_its_gradient() -> None:
    assert autograd.softmax([]) == []
    assert check_grads(lambda *xs: autograd.softmax(xs)[1], 0.5, -1.0, 2.0) == 12


def test_names_of_python_s_builtins_are_there_but_not_taken_by_a_star() -> None:
    assert {"abs", "pow", "round"}.isdisjoint(autograd.__all__)
    x = Value(-2.5)
    assert [autograd.abs(x).data, autograd.pow(x, 2).data, autograd.round(x).data] == [2.5, 6.25, -2.0]


# --- on NumPy's arrays of objects -----------------------------------------------------------------

# Of whole numbers, of bits, of identity, and `and`, `or`, `not`, which give one of the objects.
OTHER_UFUNCS = {np.gcd, np.lcm, np.invert, np.left_shift, np.right_shift, np.equal, np.not_equal}
UFUNCS = sorted(
    {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc) and any("O" in kind for kind in f.types)
     and not f.__name__.startswith(("bitwise", "logical")) and f.signature is None and f not in OTHER_UFUNCS}
)  # fmt: skip


@pytest.mark.parametrize("name", UFUNCS)
def test_numpy_s_functions_on_arrays_of_values(name: str) -> None:
    f = getattr(np, name)
    numbers = [np.array([1.25, 1.75] if name == "arccosh" else [0.25, 0.75]), np.array([0.5, -0.125])][: f.nin]
    found = f(*[np.array([Value(x) for x in column]) for column in numbers])
    for got, expected in zip(np.ravel(found), np.ravel(f(*numbers))):
        assert type(got) is Value or expected.dtype == bool or name == "sign"
        assert float(got.data if isinstance(got, Value) else got) == pytest.approx(float(expected), rel=1e-15)


def test_a_table_of_numpy_s_functions_is_asked() -> None:
    assert {"arctan", "arctan2", "arcsinh", "hypot", "conjugate", "fabs", "rint", "floor", "remainder"} <= set(UFUNCS)


@pytest.mark.parametrize("f", [np.var, np.std, np.mean, np.sum, np.prod, np.ptp, np.linalg.norm, np.median])
def test_numpy_s_statistics_of_values(f: Callable[..., Any]) -> None:
    numbers = [0.25, 0.75, -0.5]
    y = f(np.array([Value(x) for x in numbers]))
    assert type(y) is Value and y.data == pytest.approx(f(np.array(numbers)), rel=1e-15)


def test_the_gradient_of_numpy_s_standard_deviation() -> None:
    xs = [Value(x) for x in (0.25, 0.75, -0.5)]
    np.std(np.array(xs)).backward()  # type: ignore[call-overload]
    mean, deviation = 1 / 6, float(np.std([x.data for x in xs]))
    assert [x.grad for x in xs] == pytest.approx([(x.data - mean) / (3 * deviation) for x in xs], rel=1e-14)


# --- sums -----------------------------------------------------------------------------------


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, max_size=12))
def test_fsum_is_correctly_rounded(xs: list[float]) -> None:
    total = sum(map(Fraction, xs))
    try:
        expected = float(total)
    except OverflowError:
        expected = math.inf if total > 0 else -math.inf
    assert autograd.fsum(xs) == expected
    if xs:
        values = list(map(Value, xs))
        y = autograd.fsum(values)
        y.backward()
        assert y.data == expected and [v.grad for v in values] == [1.0] * len(xs)


@given(st.lists(st.floats() | st.sampled_from([1e308, -1e308, math.inf, -math.inf, math.nan]), max_size=6))
@example([1e308, 1e308, math.inf])
def test_fsum_never_raises(xs: list[float]) -> None:
    total = autograd.fsum(xs)
    assert type(total) is float
    if any(math.isnan(x) for x in xs) or {math.inf, -math.inf} <= set(xs):
        assert math.isnan(total)


@given(st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=8))
def test_sumprod_is_plain_arithmetic_from_left_to_right(pairs: list[tuple[float, float]]) -> None:
    total = pairs[0][0] * pairs[0][1]
    for p, q in pairs[1:]:
        total = total + p * q
    ps, qs = zip(*pairs)
    assert same(autograd.sumprod(ps, qs), total)
    assert same(autograd.sumprod(list(map(Value, ps)), qs).data, total)
    assert math.copysign(1, autograd.sumprod(ps, qs)) == math.copysign(1, total) or math.isnan(total)


def test_sums_take_any_iterable_and_none() -> None:
    assert autograd.fsum(iter([1, 2, 3])) == 6.0
    assert autograd.fsum(x for x in ()) == autograd.sumprod([], []) == autograd.hypot() == 0.0
    assert autograd.logsumexp([]) == -math.inf
    assert autograd.sumprod(range(3), (x for x in (1.0, 2.0, 3.0))) == 8.0
    assert autograd.fsum({Value(1.0), Value(2.0)}).data == 3.0


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5))
def test_gradients_of_logsumexp_are_shares(xs: list[float]) -> None:
    values = list(map(Value, xs))
    autograd.logsumexp(values).backward()
    assert math.fsum(v.grad for v in values) == pytest.approx(1.0, rel=1e-14)
    assert all(0 <= v.grad <= 1 for v in values)


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("call, message", [
    (lambda: autograd.tanh(), "tanh takes 1 operand(s), and was given 0"),
    (lambda: autograd.tanh(1.0, 2.0), "tanh takes 1 operand(s), and was given 2"),
    (lambda: autograd.maximum(Value(1.0)), "maximum takes 2 operand(s), and was given 1"),
    (lambda: autograd.fsum(3.0), "fsum takes a list of operands, and was given 3.0"),
    (lambda: autograd.fsum(Value(3.0)), "fsum takes a list of operands, and was given Value(data=3.0, grad=0.0)"),
    (lambda: autograd.logsumexp(None), "logsumexp takes a list of operands, and was given None"),
    (lambda: autograd.sumprod(1.0, [1.0]), "sumprod takes a list of operands, and was given 1.0"),
])  # fmt: skip
def test_wrong_numbers_of_operands(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(AutogradTypeError) as error:
        call()
    assert str(error.value) == message


def test_sumprod_needs_pairs() -> None:
    with pytest.raises(AutogradValueError, match="sumprod pairs its operands, and was given 1 and 2 of them"):
        autograd.sumprod([1.0], [1.0, 2.0])


# --- an operation of one's own -------------------------------------------------------------------


@pytest.fixture
def isru() -> Any:
    """x / √(1 + x²), entered as one row and taken out again."""
    cosine: Callable[[Any], Any] = lambda x: autograd.div(1.0, autograd.hypot(1.0, x))
    row = add_row(Op("isru", lambda x: x / math.hypot(1.0, x), lambda o, x: (cosine(x) * cosine(x) * cosine(x),)))
    yield function(row)
    del TABLE["isru"]


@given(x=st.floats(-5, 5).filter(lambda x: abs(x) > 0.01))
def test_one_row_is_enough(x: float) -> None:
    """Numbers, backward, grad of grad and finite differences, from one row that is nowhere else."""
    cube = function(Op("cube", lambda x: x * x * x, lambda o, x: (3.0 * x * x,)))
    leaf = Value(x)
    y = cube(leaf)
    y.backward()
    (first,) = grad(y, leaf)
    (second,) = grad(first, leaf)
    assert cube(x) == y.data == x * x * x
    assert leaf.grad == first.data == 3.0 * x * x
    assert second.data == pytest.approx(6.0 * x, rel=1e-15)
    assert check_grads(lambda v: (cube(v) * v).tanh(), x / 5) >= 1


def test_one_s_own_row_in_pickles_networks_and_pictures_names(isru: Callable[..., Any]) -> None:
    from nn import MLP

    x = Value(0.75)
    y = isru(x) * x
    loaded = pickle.loads(pickle.dumps(y))
    loaded.backward()
    assert loaded.data == y.data == 0.6 * 0.75
    assert loaded.parents[1].grad == grad(y, x)[0].data
    assert y.parents[0]._op == "isru" and isru.__name__ == "isru"
    out = MLP(1, [2, 1], activation=isru, seed=0)([0.5])
    assert out.op is TABLE["isru"]


def test_a_network_with_one_s_own_activation_can_be_pickled() -> None:
    """Like every function: by the name that it has in the module that makes it."""
    from nn import MLP

    module = types.ModuleType("mine")
    row = "autograd.Op('cube', lambda x: x * x * x, lambda o, x: (3 * x * x,))"
    code = f"import autograd; cube = autograd.function({row})"
    exec(code, module.__dict__)
    sys.modules["mine"] = module
    try:
        net = MLP(1, [1], module.cube, seed=0)
        assert pickle.loads(pickle.dumps(net))([0.5]).data == net([0.5]).data
        assert pickle.loads(pickle.dumps(autograd.tanh)) is autograd.tanh
    finally:
        del sys.modules["mine"]


def test_one_s_own_row_of_any_number_of_operands() -> None:
    product = function(Op("product", lambda *xs: math.prod(xs), lambda o, *xs: tuple(
        product(*xs[:i], *xs[i + 1 :]) for i in range(len(xs)))))  # fmt: skip
    assert product(2, 3, 4) == 24.0
    assert check_grads(lambda a, b, c: product(a, b, c), 2.0, 3.0, 4.0) == 12


def test_a_name_is_taken_only_once(isru: Callable[..., Any]) -> None:
    with pytest.raises(AutogradValueError, match="has an operation 'isru' already; choose another name"):
        add_row(Op("isru", lambda x: x, lambda o, x: (1.0,)))
    with pytest.raises(AutogradValueError, match="'tanh' already"):
        add_row(Op("tanh", lambda x: x, lambda o, x: (1.0,)))


@pytest.mark.parametrize("enter", [add_row, function])
def test_only_rows_enter(enter: Callable[[Any], Any]) -> None:
    with pytest.raises(AutogradTypeError, match=rf"{enter.__name__} takes an Op, and was given 3; write Op\("):
        enter(3)


@pytest.mark.parametrize("rule, fault", [
    (lambda o, x: 3.0 * x, r"return a tuple of 1 partial derivative\(s\), one per operand, and returned 1.5"),
    (lambda o, x: (1.0, 2.0), r"return a tuple of 1 partial.*and returned \(1.0, 2.0\)"),
    (lambda o, x, y: (1.0,), r"return a tuple of 2 partial.*and returned \(1.0,\)"),
    (lambda o, *xs: (1.0,), r"return a tuple of 4 partial.*, one per operand at any number of operands, and returned"),
    (lambda o, x: (x.exp(),), r"work on floats as well as on Values; use autograd's functions in it, not methods"),
])  # fmt: skip
def test_a_wrong_rule_is_found_where_it_is_written(rule: Callable[..., Any], fault: str) -> None:
    with pytest.raises(AutogradTypeError, match=f"the rule of 'wrong' must {fault}"):
        function(Op("wrong", lambda *xs: 0.0, rule))


def test_a_rule_may_be_outside_its_domain_when_it_is_tried() -> None:
    f = function(Op("picky", lambda x: x, lambda o, x: (math.log(x - 5.0),)))
    x = Value(6.0)
    f(x).backward()
    assert x.grad == 0.0


@pytest.mark.parametrize("given", [1, 3])
@pytest.mark.parametrize("more", [-1, 1])
def test_a_rule_that_counts_otherwise_at_some_operands_is_no_silent_zero(given: int, more: int) -> None:
    f = function(Op("some", lambda *xs: sum(xs), lambda o, *xs: (1.0,) * (len(xs) + more * (len(xs) == given))))
    for way in (lambda y, xs: y.backward(), grad):
        xs = [Value(1.0) for _ in range(given)]
        with pytest.raises(ValueError):
            way(f(*xs), xs)


@pytest.mark.parametrize("kind", [np.float32, np.float64, Fraction, Decimal, np.array])
def test_what_functions_and_rules_give_becomes_a_float(kind: Any) -> None:
    """Else 0.1 of a float32 would take all that it meets to its precision."""
    tenth = float(kind(0.1))
    for n in (1, 2, 3):
        f = function(Op("some", lambda *xs: kind(0.1), lambda o, *xs: (kind(0.1),) * len(xs)))
        xs = [Value(0.3) for _ in range(n)]
        y = f(*xs)
        y.backward(0.1)
        assert type(y.data) is float and y.data == tenth
        assert all(type(x.grad) is float and x.grad == 0.1 * tenth for x in xs)


def test_a_function_that_gives_no_number_is_told_by_its_name() -> None:
    for n in (1, 2, 3):
        f = function(Op("nothing", lambda *xs: None, lambda o, *xs: (1.0,) * len(xs)))  # type: ignore[arg-type,return-value]
        with pytest.raises(AutogradTypeError, match=r"nothing: got None of type NoneType"):
            f(*[Value(1.0)] * n)


def test_calls_of_one_s_own_operation_count_their_operands() -> None:
    f = function(Op("two", lambda x, y: x, lambda o, x, y: (1.0, None)))
    with pytest.raises(AutogradTypeError, match=r"two takes 2 operand\(s\), and was given 1"):
        f(1.0)
    x = Value(1.0)
    f(x, x).backward()
    assert x.grad == 1.0  # None: the output does not depend on that operand
