"""debug() names what went wrong, where it was written, and what to do; and only then."""

import math
import threading

import pytest

from autograd import Value, debug, exp, fsum, grad, no_grad, recording, sumprod, where
from autograd.errors import AutogradError, BackwardMistake, NotFinite
from nn import MLP, SGD, squared_error


def message(error):
    return str(error.value)


def this_line():
    import sys

    return sys._getframe(1).f_lineno


# --- births in the forward pass -------------------------------------------------------------------


def test_an_inf_is_named_where_it_is_born():
    with pytest.raises(NotFinite) as error, debug():
        x = Value(800.0, "x")
        x.exp()  # the line
    told = message(error)
    assert "inf is born in exp: x = 800.0 gives inf" in told
    assert "test_debugging.py, line" in told and "x.exp()  # the line" in told
    assert "scale its operands down" in told
    assert error.value.node.parents == (x,)
    assert isinstance(error.value, AutogradError) and isinstance(error.value, ArithmeticError)


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: Value(-1.0, "x").log(), ["nan is born in log: x = -1.0", "not defined"]),
        (lambda: 1.0 / Value(0.0, "x"), ["inf is born in div", "x = 0.0", "infinite there"]),
        (lambda: Value(0.0, "x") ** -2.0, ["inf is born in pow", "infinite there"]),
        (lambda: Value(math.inf, "a") - Value(math.inf, "b"), ["nan is born in sub", "a = inf, b = inf"]),
        (lambda: sumprod([Value(1e200)] * 9, [1e200] * 9), ["inf is born in sumprod", "(18 operands)"]),
        (lambda: Value(math.nan, "x") * 2, ["'x' is nan where it enters mul: it was given as data"]),
    ],
)
def test_births(make, parts):
    with pytest.raises(NotFinite) as error, debug():
        make()
    for part in parts:
        assert part in message(error)


def test_an_infinity_that_is_passed_on_was_not_born():
    with debug():
        x = Value(-math.inf, "limit")
        assert x.maximum(2.0).data == 2.0
        assert (x + 1).data == -math.inf


def test_a_nan_from_before_is_told_as_such():
    old = Value(-1.0).sqrt()
    with pytest.raises(NotFinite, match="computed before debug"), debug():
        old + 1


def test_a_birth_inside_the_network_names_the_caller_s_line():
    net = MLP(2, [2, 1], "linear", seed=0)
    net.layers[0].neurons[0].theta[0].data = 1e308
    with pytest.raises(NotFinite) as error, debug():
        net([100.0, 1.0])  # here
    assert "net([100.0, 1.0])  # here" in message(error)
    assert "θ⁽¹⁾₁₁ = 1e+308" in message(error)


def test_gradient_graphs_are_watched_too():
    x = Value(0.0, "x")
    y = x.sqrt()
    with pytest.raises(NotFinite, match="div"), debug():
        grad(y, [x])


# --- births among the gradients ------------------------------------------------------------------------


def test_a_slope_that_is_infinite():
    with pytest.raises(NotFinite) as error, debug():
        x = Value(0.0, "x")
        y = x.sqrt()  # the root
        (y * 3).backward()
    told = message(error)
    assert "the gradient of 'x' becomes inf in sqrt: upstream × local is 3.0 × inf, at x = 0.0" in told
    assert "y = x.sqrt()  # the root" in told and "no finite slope" in told
    assert error.value.node is y


def test_a_product_that_overflows():
    with pytest.raises(NotFinite, match="the product overflows"), debug():
        x = Value(1e-200, "x")
        (x * 1e200 * 1e200).backward()


def test_a_sum_of_contributions_that_overflows():
    with pytest.raises(NotFinite, match=r"gradient of 'x' is inf: the sum of its contributions overflows"), debug():
        x = Value(0.0, "x")
        fsum([x * 1e308, x * 1e308]).backward()


def test_a_seed_that_is_infinite():
    with pytest.raises(NotFinite, match="so it was given"), debug():
        (Value(1.0, "x") * 2).backward(math.inf)


def test_a_silenced_infinity_is_no_birth():
    with debug():
        x = Value(0.0, "x")
        y = where(x > 0, x.sqrt(), 0.0)
        y.backward()
    assert x.grad == 0.0


# --- the mistakes around backward() ------------------------------------------------------------------------


def test_data_changed_between_forward_and_backward():
    with pytest.raises(BackwardMistake) as error, debug():
        w, x = Value(2.0, "w"), Value(3.0, "x")
        y = w * x  # forward
        w.data = 5.0
        y.backward()
    told = message(error)
    assert "the data of 'w' changed between the forward pass and backward(): it was 2.0" in told
    assert "and is 5.0 now" in told and "y = w * x  # forward" in told and "forward pass again" in told
    assert error.value.node is w


def test_a_result_that_was_overwritten():
    with pytest.raises(BackwardMistake, match="changed between"), debug():
        y = Value(2.0).exp()
        y.data = 1.0
        y.backward()


def test_a_second_backward():
    with debug():
        x = Value(3.0, "x")
        y = x * x
        y.backward()
        with pytest.raises(BackwardMistake, match=r"second backward\(\).*twice") as error:
            y.backward()
        assert "zero_grad() in between" in message(error)
        assert x.grad == 6.0, "it is refused before it does harm"
        y.zero_grad()
        y.backward()
    assert x.grad == 6.0


def step(net, optimizer, zero):
    err = squared_error(net([1.0, -1.0]), 0.5)
    if zero:
        net.zero_grad()
    err.backward()
    optimizer.step()


def test_gradients_accumulated_over_steps():
    net = MLP(2, [2, 1], seed=0)
    optimizer = SGD(net.parameters(), 0.1)
    with debug():
        step(net, optimizer, zero=False)
        with pytest.raises(BackwardMistake, match="still holds the gradient of an earlier step") as error:
            step(net, optimizer, zero=False)
    assert "zero_grad() before the backward() of every step" in message(error)


def test_who_sets_gradients_to_zero_is_not_accused_of_what_the_inputs_keep():
    net = MLP(2, [2, 1], seed=0)
    with debug():
        err = squared_error(net([0.5, 1.0]), 0.2)
        for _ in range(2):
            net.zero_grad()
            err.backward()
        xs = [Value(0.5, "x₁"), Value(1.0, "x₂")]
        optimizer = SGD(net.parameters(), 0.1)
        for sample in ([0.1, 0.2], [0.3, 0.4], [0.5, 0.6]):
            xs[0].data, xs[1].data = sample  # the same leaves, used again
            err = squared_error(net(xs), 0.2)
            net.zero_grad()
            err.backward()
            optimizer.step()


def test_an_error_that_is_older_than_debug_and_never_computed_again():
    net = MLP(2, [2, 1], seed=0)
    err = squared_error(net([0.5, 1.0]), 0.2)
    err.label = "Err"
    with (
        debug(),
        pytest.raises(BackwardMistake, match=r"changed since the last .* from 'Err'.* not computed again"),
    ):
        for _ in range(2):
            net.zero_grad()
            err.backward()
            for theta in net.parameters():
                theta.data -= 0.1 * theta.grad


def test_a_forgotten_zero_grad_names_the_line_of_the_error_that_it_spoils():
    w = Value(1.0, "w")
    with pytest.raises(BackwardMistake) as error, debug():
        for _ in range(2):
            err = (2.0 * w - 3.0) * (2.0 * w - 3.0)
            err.backward()
            w.data -= 0.1 * w.grad
    assert "err = (2.0 * w - 3.0) * (2.0 * w - 3.0)" in message(error)


def test_the_derivative_by_a_plain_number_is_nobody_s():
    with debug():
        x = Value(-1.0, "x")
        (x**2).backward()  # by the exponent it is x²·log x, which is nan
        (2.0 / (x + 1e300)).backward()
    assert x.grad == -2.0
    with debug(), pytest.raises(NotFinite, match="the gradient of 'n' becomes nan in pow"):
        (Value(-1.0) ** Value(2.0, "n")).backward()


def by_hand(net, *, step="data", zero="before", forget=(), n=3):
    """A training loop as people write it, right or wrong."""
    for _ in range(n):
        err = squared_error(net([1.0, -1.0]), 0.5)
        if zero == "before":
            for i, p in enumerate(net.parameters()):
                if i not in forget:
                    p.grad = 0.0
        err.backward()
        if zero == "between":
            net.zero_grad()
        for p in net.parameters():
            if step == "data":
                p.data -= 0.1 * p.grad
            elif step == "rebind":
                p -= 0.1 * p.grad
        if zero == "after":
            net.zero_grad()


@pytest.mark.parametrize("forgotten", range(9))
def test_a_zero_grad_that_forgets_one_of_nine(forgotten):
    net = MLP(2, [2, 1], seed=0)
    assert len(net.parameters()) == 9
    with pytest.raises(BackwardMistake, match="although 8 others were set to zero") as error, debug():
        by_hand(net, forget=[forgotten])
    assert error.value.node is net.parameters()[forgotten]
    assert "for every parameter" in message(error)


def test_parameters_with_a_line_each_of_which_one_is_forgotten():
    w, b = Value(1.0, "w"), Value(0.5, "b")
    with pytest.raises(BackwardMistake, match="'b' still holds the gradient of an earlier step"), debug():
        for _ in range(2):
            w.grad = 0.0
            ((w * 2.0 + b) ** 2).backward()
            w.data -= 0.1 * w.grad
            b.data -= 0.1 * b.grad


def test_a_step_that_only_renames():
    net = MLP(2, [2, 1], seed=0)
    with (
        pytest.raises(BackwardMistake, match="a step changed nothing: 'θ⁽¹⁾₁₁' minus a number is a new Value") as error,
        debug(),
    ):
        by_hand(net, step="rebind")
    assert "p -= 0.1 * p.grad" in message(error) and "p.data -= η * p.grad" in message(error)
    with pytest.raises(BackwardMistake, match="is a new Value"), debug():
        by_hand(net, step="rebind", n=1)
    with pytest.raises(BackwardMistake, match="is a new Value"), debug():
        w = Value(1.0, "w")
        for _ in range(2):
            ((w * 2.0) ** 2).backward()
            with no_grad():
                v = w
                v -= 0.1 * w.grad


def test_zero_grad_between_backward_and_the_step():
    for n in (1, 2):
        net = MLP(2, [2, 1], seed=0)
        with pytest.raises(BackwardMistake, match="and 0 again when its data was assigned") as error, debug():
            by_hand(net, zero="between", n=n)
        assert "p.data -= 0.1 * p.grad" in message(error) and "call it after the step" in message(error)
    net = MLP(2, [2, 1], seed=0)
    optimizer = SGD(net.parameters(), 0.1)
    with pytest.raises(BackwardMistake, match="a step changed nothing"), debug():
        squared_error(net([1.0, -1.0]), 0.5).backward()
        optimizer.zero_grad()
        optimizer.step()


@pytest.mark.parametrize("zero", ["before", "after"])
def test_who_resets_properly_is_not_accused(zero):
    with debug():
        by_hand(MLP(2, [2, 1], seed=0), zero=zero)


def test_who_sums_on_purpose_or_evaluates_twice_is_not_accused():
    net = MLP(2, [2, 1], seed=0)
    with debug(accumulate=True):
        by_hand(net, zero="never")
        by_hand(net, forget=[3])
        err = squared_error(net([1.0, -1.0]), 0.5)
        err.backward()
        err.backward()
    with debug():
        for x in ([1.0, 2.0], [2.0, 1.0]):
            net.zero_grad()
            squared_error(net(x), 0.5).backward()
        saved = [p.data for p in net.parameters()]
        net.zero_grad()
        for p, data in zip(net.parameters(), saved):
            p.data = data  # back to where they are: no step
        squared_error(net([0.0, 1.0]), 0.5).backward()
        w = Value(1.0, "w")
        for _ in range(3):  # a new Value each time, and the next error is made of it
            ((w * 2.0 - 1.0) ** 2).backward()
            w = w - 0.1 * w.grad
            w = Value(w.data, "w")


def test_new_values_that_are_kept_are_no_lost_step():
    with debug():
        parameters = [Value(1.0, "w"), Value(2.0, "b")]
        (parameters[0] * 3.0 + parameters[1]).backward()
        moved = [p - 0.1 * p.grad for p in parameters]
        for i, p in enumerate(parameters):
            parameters[i] -= 0.1 * p.grad
    assert [p.data for p in parameters] == [p.data for p in moved]
    with debug():
        w = Value(1.0, "w")
        (w * 3.0).backward()
        w -= 0.1 * w.grad
    assert w.data == 0.7


def test_two_networks_in_turn():
    """Each loss reaches both; only one is reset and moved, and the other before its own turn."""

    def move(net):
        for p in net.parameters():
            p.data -= 0.1 * p.grad

    one, two = MLP(1, [2, 1], seed=0), MLP(1, [2, 1], seed=1)
    with debug():
        for _ in range(3):
            for net in (one, two):
                err = squared_error(two([one([0.5])]), 0.2)
                net.zero_grad()
                err.backward()
                move(net)


def test_a_product_that_is_undetermined_names_node_factors_and_line():
    with (
        pytest.raises(
            NotFinite, match=r"the gradient of 'x' is undetermined in sqrt: upstream × local is 0\.0 × inf"
        ) as error,
        debug(),
    ):
        x = Value(0.0, "x")
        root = x.sqrt()  # here
        (root**2).backward()
    assert error.value.node is root and "root = x.sqrt()  # here" in message(error)
    assert "0·∞ has no value: write sigmoid, softplus, hypot" in message(error)
    with pytest.raises(NotFinite, match=r"inf is born in exp: x = 1000\.0 gives inf"), debug():
        x = Value(1000.0, "x")
        (1 / (1 + x.exp())).backward()


def test_a_branch_that_is_silenced_is_not_accused():
    with debug():
        for f in (
            lambda x: x.relu().sqrt(),
            lambda x: where(x > 0, x.sqrt(), 0.0),
            lambda x: where(x > 0, x.log() * x.sqrt(), x * 2),
            lambda x: x.log().relu(),
        ):
            x = Value(0.0, "x")
            f(x).backward()
            assert x.grad in (0.0, 2.0)
        for f in (lambda x: x.relu().sqrt(), lambda x: where(x > 0, x.sqrt(), 0.0)):
            f(Value(-1.0, "x")).backward()
    with debug():
        x = Value(-1.0)
        grad(where(x > 0, x.sqrt(), x * 2), [x])


def test_a_nan_that_is_not_taken_is_told_where_it_is():
    with pytest.raises(NotFinite, match=r"nan is born in sqrt: x = -1\.0 gives nan"), debug():
        x = Value(-1.0, "x")
        where(x < 0, x.sqrt(), 0.0).backward()
    with pytest.raises(NotFinite, match="log1p is infinite there"), debug():
        Value(-1.0, "x").log1p().backward()


def test_what_is_right_stays_silent():
    """Training, two losses on one trunk, a mini-batch that is summed, no_grad results that change."""
    net = MLP(2, [2, 1], seed=0)
    optimizer = SGD(net.parameters(), 0.1)
    with debug():
        for _ in range(3):
            step(net, optimizer, zero=True)
        net.zero_grad()
        for x in ([1.0, 2.0], [0.5, -1.0]):
            squared_error(net(x), 0.5).backward()
        trunk = Value(2.0) * 3
        trunk.exp().backward()
        trunk.tanh().backward()
        with no_grad():
            leaf = trunk * 2
        leaf.data = 1.0
        (leaf * 2).backward()
        y = exp(leaf)
        grad(y, [leaf])


def test_the_same_bits_as_without():
    def gradients():
        net = MLP(3, [4, 2], seed=1)
        squared_error(net([0.1, 0.2, 0.3]), [0.5, -0.5]).backward()
        return [p.grad for p in net.parameters()]

    plain = gradients()
    with debug():
        assert gradients() == plain


# --- what it knows, and what it leaves alone -------------------------------------------------------------------


def test_lines():
    before = Value(1.0) * 2
    with debug() as watched:
        x = Value(1.0)
        y, here = x * 2, this_line()
    assert watched.line(y).number == here
    assert watched.line(y).file == __file__
    assert watched.line(x) is None and watched.line(before) is None
    assert "y, here = x * 2" in str(watched.line(y))


def test_outside_nothing_is_watched():
    with debug():
        pass
    assert not recording.is_attended()
    assert Value(0.0).log().data == -math.inf
    with pytest.raises(ZeroDivisionError), debug():
        raise ZeroDivisionError
    assert not recording.is_attended()


def test_another_thread_is_not_watched():
    seen = []
    with debug():
        thread = threading.Thread(target=lambda: seen.append(Value(0.0).log().data))
        thread.start()
        thread.join()
    assert seen == [-math.inf]


def test_contexts_nest_with_no_grad():
    with pytest.raises(NotFinite, match="-inf is born in log"), debug(), no_grad():
        Value(0.0, "x").log() * 2
    with debug(), no_grad():
        x = Value(0.0)
        where(x > 0, x.log(), 1.0)
