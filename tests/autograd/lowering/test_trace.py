"""trace: a Python function becomes a program, or an error that says why it cannot."""

import random
import threading

import pytest

import autograd
from autograd import LoweringError, Value, hessian, lower_function, sumprod, trace, where


def test_a_function_is_recorded_with_the_inputs_x1_to_xn():
    program = trace(lambda a, b: [a * b, autograd.tanh(a) + 2], 2)
    assert program(3.0, 4.0) == [12.0, autograd.tanh(3.0) + 2]
    assert program.source.startswith("def program(x_1, x_2):")
    assert trace(lambda *xs: autograd.fsum(xs), 12).source.startswith("def program(x_1, x_2, x_3,")
    assert trace(lambda x: x * x, 1)(3.0) == 9.0


def test_branches_survive_as_operations():
    program = trace(lambda x: where(x > 0, x.sqrt(), 0.0) + autograd.maximum(x, 1.0), 1)
    assert [program(x) for x in (4.0, -4.0)] == [6.0, 1.0]


@pytest.mark.parametrize("branching", [
    lambda x: x if x > 0 else -x, lambda x: x and 2 * x, lambda x: max(x, 0.0), lambda x: x if not x else 2 * x,
    lambda x: sorted([x, x * 2])[0],
])  # fmt: skip
def test_a_branch_of_python_s_points_to_where(branching):
    with pytest.raises(LoweringError, match=r"use where\(condition, a, b\), maximum or minimum"):
        trace(branching, 1)
    assert Value(1.0) > 0  # and outside a Value has its truth again


@pytest.mark.parametrize("unfaithful", [
    lambda x: x if x.data > 0 else -x, lambda x: x * x.data, lambda x: x + random.random(),
    lambda x: x * len([n for n in range(20) if n < x.data]),
])  # fmt: skip
def test_what_reads_the_data_is_found_out(unfaithful):
    with pytest.raises(LoweringError, match="something else at other inputs"):
        trace(unfaithful, 1)


def test_what_else_cannot_be_traced():
    w = Value(2.0, "w")
    for message, wrong in {
        "the leaf 'w', which is not among the inputs": lambda: trace(lambda x: w * x, 1),
        "the function returned 3.0; it must return a Value": lambda: trace(lambda x: 3.0, 1),
        "takes Values, and was given 3.0 among the outputs": lambda: trace(lambda x: [x, 3.0], 1),
        "n is the number of inputs": lambda: trace(lambda x: x, -1),
    }.items():
        with pytest.raises(LoweringError, match=message):
            wrong()
    with pytest.raises(ZeroDivisionError):
        trace(lambda x: 1 / 0, 1)
    assert w > 0


def test_tracing_is_the_thread_s_own():
    seen = []

    def f(x):
        other = threading.Thread(target=lambda: seen.append(bool(Value(1.0))))
        other.start()
        other.join()
        return x * x

    trace(f, 1)
    assert seen == [True] * 3


def test_a_hessian_with_zeros_can_be_traced():
    program = trace(lambda a, b: [h for row in hessian(a * a * b, [a, b]) for h in row], 2, allow_constants=True)
    assert program(3.0, 5.0) == [10.0, 6.0, 6.0, 0.0]


def test_f_may_change_what_it_is_given():
    like = {"x": [Value(0.0)] * 3}
    assert trace(lambda x: (x.reverse(), x[0])[1], like)(x=[1.0, 2.0, 3.0]) == 3.0
    assert trace(lambda x: (x.pop(0), x[0])[1], ([Value(0.0)] * 2,))([1.0, 2.0]) == 2.0


def test_what_f_returns_keeps_its_structure():
    np = pytest.importorskip("numpy")
    both = trace(lambda x, y: np.array([x, x * y], dtype=object), 2)
    assert both(2.0, 3.0) == [2.0, 6.0]
    samples = both.to("numpy")(np.array([1.0, 2.0, 3.0]), 2.0)
    assert samples.tolist() == [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
    assert trace(lambda x: np.array(2 * x, dtype=object), 1)(3.0) == 6.0
    assert trace(lambda x: (x[0], 2 * x[1]), {"x": [Value(0.0)] * 2})(x=[1.0, 2.0]) == (1.0, 4.0)
    assert trace(lambda x, y: (x, y), 2)(1.0, 2.0) == [1.0, 2.0]


def test_constants_that_are_allowed_may_be_plain_numbers():
    assert trace(lambda x: 3.0, 1, allow_constants=True)(1.0) == 3.0
    assert trace(lambda x: [x, 3.0], 1, allow_constants=True)(1.0) == [1.0, 3.0]


def test_within_no_grad_it_is_recorded_too():
    with autograd.no_grad():
        assert trace(lambda x: x * x, 1)(3.0) == 9.0


def test_a_wrong_number_of_arguments_is_told_as_it_is():
    with pytest.raises(TypeError, match=r"but 2 were given$"):
        trace(lambda x: x, 2)


def test_which_factors_belong_together_is_part_of_a_program():
    """a·c + b·d and a·b + c·d have the same operands, and are two programs all the same."""

    def branching(a, b, c, d):
        return sumprod([a, b], [c, d]) if a.data > 0 else sumprod([a, c], [b, d])

    with pytest.raises(LoweringError, match="records something else at other inputs"):
        lower_function(branching, 4)
