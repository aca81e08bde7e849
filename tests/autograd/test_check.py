"""Finite differences: right where they claim to be, modest elsewhere, and merciless to a wrong rule."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import (
    AutogradTypeError,
    AutogradValueError,
    GradientMismatch,
    Op,
    Value,
    check_grads,
    difference,
    difference_in_graph,
    function,
)

SMOOTH: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (math.exp, math.exp),
    "sin": (math.sin, math.cos),
    "tanh": (math.tanh, lambda x: 1 / math.cosh(x) ** 2),
    "cubic": (lambda x: x**3 - x, lambda x: 3 * x**2 - 1),
    "bump": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
}

# --- one difference ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMOOTH)
@given(x=st.floats(-3, 3), wrong=st.floats(1e-5, 10))
def test_a_difference_finds_the_derivative_and_no_other(name: str, x: float, wrong: float) -> None:
    f, slope = SMOOTH[name]
    measured = difference(f, x)
    assert measured.error < 1e-8
    assert measured.agrees(slope(x))
    assert not measured.agrees(slope(x) + wrong) and not measured.agrees(slope(x) - wrong)
    assert not measured.agrees(math.nan) and not measured.agrees(math.inf)


@given(st.floats(-5, 5), st.floats(1e-3, 10))
def test_the_error_estimate_is_honest_under_noise(x: float, size: float) -> None:
    """A function that is rounded to a grid of 1e-9: the error must say so."""
    measured = difference(lambda t: round(size * math.sin(t), 9), x)
    assert abs(measured.value - size * math.cos(x)) <= 10 * max(measured.error, 1e-9 / 2**-12)


@pytest.mark.parametrize("f", [abs, lambda t: max(t, 0.0), lambda t: max(t, 2 * t) - t, math.fabs])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_a_kink_is_not_resolvable(f: Callable[[float], float], scale: float) -> None:
    measured = difference(lambda t: scale * f(t), 0.0)
    assert measured.error == math.inf and not measured.resolvable
    assert measured.agrees(0.0) and measured.agrees(scale)  # it refutes nothing


@pytest.mark.parametrize("f, x", [
    (lambda t: math.copysign(1.0, t), 0.0), (lambda t: float(t > 0), 0.0), (lambda t: math.floor(t) + t, 3.0),
])  # fmt: skip
def test_a_jump_is_not_resolvable(f: Callable[[float], float], x: float) -> None:
    assert difference(f, x).error == math.inf


@pytest.mark.parametrize("f, x", [
    (autograd.log, 0.0), (autograd.sqrt, 0.0), (lambda t: autograd.div(1.0, t), 0.0), (autograd.log, -1.0),
    (lambda t: math.nan, 1.0), (lambda t: math.inf, 1.0), (autograd.exp, 1000.0),
])  # fmt: skip
def test_where_the_function_is_not_finite_nothing_is_claimed(f: Callable[[float], float], x: float) -> None:
    measured = difference(f, x)
    assert measured.error == math.inf and not measured.resolvable and measured.agrees(0.0)


def test_a_neighbouring_kink_or_pole_does_not_disturb() -> None:
    """The step shrinks until the point's own side is all that it sees."""
    for f, slope in ((abs, 1.0), (autograd.log, 100.0), (autograd.sqrt, 5.0)):
        measured = difference(f, 0.01)
        assert measured.resolvable and measured.agrees(slope)


def test_the_first_step_may_be_given() -> None:
    seen: list[float] = []
    difference(lambda t: seen.append(t) or t, 0.0, step=0.5)  # type: ignore[func-returns-value]
    assert max(seen) == 0.5
    seen.clear()
    difference(lambda t: seen.append(t) or t, 100.0)  # type: ignore[func-returns-value]
    assert max(seen) == 106.25


def test_resolvable_is_about_digits() -> None:
    vanished = difference(lambda t: 1.0 + 1e-18 * t, 0.5)
    assert not vanished.resolvable and vanished.agrees(1e-18) and vanished.agrees(0.0)
    assert difference(lambda t: 1.0 + 0.1 * t, 0.5).resolvable


# --- in a graph ----------------------------------------------------------------------------------


def test_differences_in_a_graph_move_leaves_and_interior_nodes_and_change_nothing() -> None:
    x = Value(0.7)
    u = x * x
    y = u.sin() + u
    before = [(v.data, v.grad) for v in autograd.toposort(y)]
    assert difference_in_graph(y, u).agrees(math.cos(0.49) + 1)
    assert difference_in_graph(y, x).agrees(1.4 * (math.cos(0.49) + 1))
    assert difference_in_graph(y, y).agrees(1.0)
    assert difference_in_graph(y, Value(3.0)) == (0.0, 0.0)
    assert [(v.data, v.grad) for v in autograd.toposort(y)] == before


@pytest.mark.parametrize("y, x", [(3.0, Value(1.0)), (Value(1.0), 3.0), (Value(1.0), "x")])
def test_differences_in_a_graph_need_values(y: Any, x: Any) -> None:
    with pytest.raises(AutogradTypeError, match=r"difference_in_graph\(y, x\) takes two Values, and was given"):
        difference_in_graph(y, x)


# --- check_grads ----------------------------------------------------------------------------------


def planted(slope: Callable[[Any], Any]) -> Callable[..., Any]:
    """sin with a derivative of one's choice."""
    return function(Op("planted", autograd.sin, lambda o, x: (slope(x),)))


@given(st.floats(-3, 3))
def test_a_right_rule_passes(x: float) -> None:
    assert check_grads(planted(autograd.cos), x) == 2
    assert check_grads(planted(autograd.cos), x, order=1) == 1


WRONG: dict[str, Callable[[Any], Any]] = {
    "sign": lambda x: -autograd.cos(x),
    "factor": lambda x: 2.0 * autograd.cos(x),
    "a thousandth": lambda x: 1.001 * autograd.cos(x),
    "offset": lambda x: autograd.cos(x) + 1e-6,
    "other function": lambda x: autograd.sin(x),
    "zero": lambda x: 0.0 * x,
    "none": lambda x: None,
    "nan": lambda x: math.nan * x,
    "inf": lambda x: math.inf + x,
}


@pytest.mark.parametrize("name", WRONG)
@given(x=st.floats(-3, 3))
def test_a_wrong_rule_is_caught(name: str, x: float) -> None:
    assume(abs(math.cos(x)) > 0.01 and abs(math.cos(x) - math.sin(x)) > 0.01)
    with pytest.raises(GradientMismatch) as error:
        check_grads(planted(WRONG[name]), x)
    message = str(error.value)
    assert message.startswith(f"∂(f)/∂x1 at ({x!r},): the graph gives ") and "finite differences" in message


def test_a_slope_with_a_wrong_slope_is_caught_at_second_order_only() -> None:
    slope = function(Op("slope", autograd.cos, lambda o, x: (autograd.sin(x),)))  # the minus is missing
    f = planted(slope)
    assert check_grads(f, 0.5, order=1) == 1
    with pytest.raises(GradientMismatch, match=r"∂\(∂f/∂x1\)/∂x1 at \(0\.5,\): the graph gives 0\.479.*-0\.479"):
        check_grads(f, 0.5)


def test_the_wrong_operand_is_named() -> None:
    f = function(Op("wrong_in_y", lambda x, y: x * y, lambda o, x, y: (y, y)))
    with pytest.raises(GradientMismatch, match=r"∂\(f\)/∂x2 at \(2\.0, 3\.0\): the graph gives 3\.0, f.* 2\.0"):
        check_grads(f, 2, 3)
    assert issubclass(GradientMismatch, AssertionError)


def test_every_second_derivative_is_compared() -> None:
    assert check_grads(lambda a, b, c: (a * b * c).tanh() + a.exp(), 0.1, 0.2, 0.3) == 3 + 9


@pytest.mark.parametrize("f, point", [
    (Value.relu, (0.0,)), (Value.abs, (0.0,)), (Value.log, (0.0,)), (Value.sqrt, (0.0,)),
    (lambda x: 1 / x, (0.0,)), (autograd.maximum, (1.0, 1.0)),
])  # fmt: skip
def test_kinks_and_poles_are_said_not_passed(f: Callable[..., Any], point: tuple[float, ...]) -> None:
    with pytest.raises(AutogradValueError, match=r"resolve no derivative of f at .*is there a kink or a pole\?"):
        check_grads(f, *point)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: check_grads(3, 1.0), AutogradTypeError, "takes a function of Values and a point, and was given 3"),
    (lambda: check_grads(lambda x: 2.0, 1.0), AutogradTypeError, "must return a Value, and returned 2.0; compute with"),
    (lambda: check_grads(lambda x: x), AutogradValueError, "needs the point: one number per argument of f"),
    (lambda: check_grads(lambda x: x, 1.0, order=3), AutogradValueError, "order 1 or 2, and was given order=3"),
    (lambda: check_grads(lambda x: math.tanh(x), 1.0), AutogradTypeError, "autograd.tanh instead of math.tanh"),
])  # fmt: skip
def test_bad_input(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as error:
        call()
    assert message in str(error.value)
