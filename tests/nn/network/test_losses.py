"""Losses: by hand, against PyTorch, where digits are easily lost, and what they refuse."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import AutogradTypeError, AutogradValueError, Value, check_grads, grad, toposort
from nn import (
    LOSSES,
    MLP,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    mean_squared_error,
    squared_error,
)
from nn.network.losses import LOSS_RECORDS, loss_of, loss_record, targets_of

some = st.floats(-20, 20)
pairs = st.lists(st.tuples(some, some), min_size=1, max_size=5)
logits = st.lists(some, min_size=2, max_size=5)


def values(xs: Any) -> list[Value]:
    return [Value(x) for x in xs]


# --- by hand ----------------------------------------------------------------------------


@given(pairs)
def test_squared_error_is_the_lecture_s_sum(rows: list[tuple[float, float]]) -> None:
    ys, targets = zip(*rows)
    outputs = values(ys)
    err = squared_error(outputs, targets)
    exact = sum((Fraction(t) - Fraction(y)) ** 2 for y, t in rows)
    assert err.data == pytest.approx(float(exact), rel=1e-14)
    err.backward()
    assert [o.grad for o in outputs] == [-2 * (t - y) for y, t in rows]
    mean = mean_squared_error(values(ys), targets)
    assert mean.data == pytest.approx(err.data / len(rows), rel=1e-14)


@given(pairs)
def test_the_mean_has_the_mean_s_gradient(rows: list[tuple[float, float]]) -> None:
    ys, targets = zip(*rows)
    outputs = values(ys)
    mean_squared_error(outputs, targets).backward()
    expected = [-2 * (t - y) / len(rows) for y, t in rows]
    assert [o.grad for o in outputs] == pytest.approx(expected, rel=1e-14, abs=1e-300)


@given(st.lists(st.tuples(some, st.sampled_from([-1, 1])), min_size=1, max_size=5))
def test_hinge_is_the_missing_margin(rows: list[tuple[float, int]]) -> None:
    ys, sides = zip(*rows)
    outputs = values(ys)
    err = hinge(outputs, sides)
    assert err.data == pytest.approx(sum(max(0.0, 1 - y * s) for y, s in rows), rel=1e-14, abs=1e-14)
    err.backward()
    assert [o.grad for o in outputs] == [-s if y * s < 1 else 0.0 for y, s in rows]


@given(logits, st.data())
def test_cross_entropy_is_minus_log_softmax(xs: list[float], data: st.DataObject) -> None:
    right = data.draw(st.integers(0, len(xs) - 1))
    us = values(xs)
    err = cross_entropy(us, right)
    assert err.data == pytest.approx(math.log(math.fsum(math.exp(x - xs[right]) for x in xs)), rel=1e-13, abs=1e-13)
    err.backward()
    total = math.fsum(map(math.exp, xs))
    shares = [math.exp(x) / total for x in xs]
    expected = [p - (i == right) for i, p in enumerate(shares)]
    assert [u.grad for u in us] == pytest.approx(expected, rel=1e-12, abs=1e-13)


@given(logits, st.data())
def test_probabilities_weigh_the_classes(xs: list[float], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.floats(0, 1), min_size=len(xs), max_size=len(xs)))
    assume(any(weights))
    expected = sum(w * cross_entropy(values(xs), c).data for c, w in enumerate(weights))
    for given_as in (weights, tuple(weights), values(weights), iter(weights)):
        assert cross_entropy(values(xs), given_as).data == pytest.approx(expected, rel=1e-13)


@given(some, st.floats(0, 1))
def test_binary_cross_entropy_by_hand(x: float, y: float) -> None:
    u = Value(x)
    err = binary_cross_entropy(u, y)
    o = 1 / (1 + math.exp(-x))
    by_hand = (y * math.log(o) if y else 0.0) + ((1 - y) * math.log(1 / (1 + math.exp(x))) if y < 1 else 0.0)
    assert err.data == pytest.approx(-by_hand, rel=1e-9, abs=1e-15)
    err.backward()
    assert u.grad == pytest.approx(o - y, rel=1e-9, abs=1e-12)


@given(some, some)
def test_two_classes_are_a_binary_choice(a: float, b: float) -> None:
    two, one = cross_entropy(values([a, b]), 0).data, binary_cross_entropy(Value(a - b), 1).data
    assert two == pytest.approx(one, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("loss, outputs, targets", [
    (squared_error, (0.3, -0.7), [1.0, 0.25]), (mean_squared_error, (0.3, -0.7), [1.0, 0.25]),
    (hinge, (0.3, -0.7), [1, 1]), (cross_entropy, (0.3, -0.7, 1.1), 1),
    (cross_entropy, (0.3, -0.7, 1.1), [0.2, 0.5, 0.3]),
    (binary_cross_entropy, (0.3,), [0.25]), (binary_cross_entropy, (0.3, 2.0), [1, 0]),
])  # fmt: skip
def test_first_and_second_derivatives(loss: Callable[..., Value], outputs: tuple[float, ...], targets: Any) -> None:
    n = len(outputs)
    assert check_grads(lambda *us: loss(us, targets), *outputs) == n + n * n


@given(st.floats(0.1, 0.9), st.floats(-3, 3))  # finite differences step out by 1/16
def test_targets_that_are_values_get_gradients(y: float, u: float) -> None:
    for loss in (squared_error, binary_cross_entropy):
        assert check_grads(lambda u, y, loss=loss: loss(u, y), u, y, order=1) == 2  # type: ignore[misc]
    assert check_grads(lambda a, b, p: cross_entropy([a, b], [p, 1 - p]), u, 0.5, y, order=1) == 3


@pytest.mark.parametrize("hard", [0.0, 1.0])
def test_hard_targets_that_are_values_get_the_same_gradient(hard: float) -> None:
    """∂/∂y of −y·log σ(u) − (1−y)·log(1−σ(u)) is −u, at the ends of [0, 1] too."""
    y, p = Value(hard), Value(hard)
    binary_cross_entropy(Value(2.0), y).backward()
    assert y.grad == pytest.approx(-2.0, rel=1e-15)
    cross_entropy(values([2.0, 1.0]), [p, 0.5]).backward()
    assert p.grad == cross_entropy(values([2.0, 1.0]), 0).data


# --- digits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [40.0, 100.0, 700.0])
def test_nothing_is_lost_where_the_network_is_sure(margin: float) -> None:
    """−log p and p − 1 are e^−margin to the last digits, where log(p) and p − 1 would be zero."""
    us = values([margin, 0.0])
    err = cross_entropy(us, 0)
    err.backward()
    assert err.data == us[1].grad == -us[0].grad == math.exp(-margin) > 0
    u = Value(margin)
    err = binary_cross_entropy(u, 1)
    err.backward()
    assert err.data == pytest.approx(math.exp(-margin), rel=1e-15)
    assert u.grad == pytest.approx(-math.exp(-margin), rel=1e-15)


@pytest.mark.parametrize("far", [1e3, 1e300])
def test_nothing_overflows_where_the_network_is_wrong(far: float) -> None:
    assert cross_entropy(values([-far, 0.0]), 0).data == far
    assert binary_cross_entropy(Value(far), 0).data == far
    assert binary_cross_entropy(Value(-far), 1).data == far
    us = values([-far, 0.0])
    cross_entropy(us, 0).backward()
    assert [u.grad for u in us] == [-1.0, 1.0]


# --- peers ------------------------------------------------------------------------------------------


@pytest.mark.peer
@given(xs=logits, data=st.data())
def test_pytorch_agrees(xs: list[float], data: st.DataObject) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install '.[peers]'")
    functional = torch.nn.functional
    n = len(xs)
    index = data.draw(st.integers(0, n - 1))
    shares = data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n).filter(lambda p: sum(p) > 0.01))
    numbers = data.draw(st.lists(some, min_size=n, max_size=n))
    cases: list[tuple[Callable[..., Value], Any, Callable[[Any], Any]]] = [
        (squared_error, numbers, lambda t: functional.mse_loss(t, torch.tensor(numbers).double(), reduction="sum")),
        (mean_squared_error, numbers, lambda t: functional.mse_loss(t, torch.tensor(numbers).double())),
        (cross_entropy, index, lambda t: functional.cross_entropy(t, torch.tensor(index))),
        (cross_entropy, shares, lambda t: functional.cross_entropy(t, torch.tensor(shares).double())),
        (binary_cross_entropy, shares, lambda t: functional.binary_cross_entropy_with_logits(
            t, torch.tensor(shares).double(), reduction="sum")),
    ]  # fmt: skip
    numbers = [float(torch.tensor(x)) for x in numbers]  # through the same single precision
    shares = [float(torch.tensor(x)) for x in shares]
    for loss, target, theirs in cases:
        target = numbers if isinstance(target, list) and loss in (squared_error, mean_squared_error) else target
        target = shares if isinstance(target, list) and loss in (cross_entropy, binary_cross_entropy) else target
        us = values(xs)
        err = loss(us, target)
        err.backward()
        t = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
        theirs(t).backward()
        assert err.data == pytest.approx(theirs(t).item(), rel=1e-10, abs=1e-12)
        assert [u.grad for u in us] == pytest.approx(t.grad.tolist(), rel=1e-8, abs=1e-10)


# --- kinds of input ---------------------------------------------------------------------------------


def test_one_output_needs_no_list() -> None:
    o = Value(0.25)
    assert squared_error(o, 1).data == squared_error([o], [1]).data == squared_error([o], 1).data == 0.5625
    assert hinge(o, 1).data == 0.75
    assert binary_cross_entropy(o, 1).data == binary_cross_entropy([o], [1]).data


def test_iterators_and_arrays() -> None:
    assert squared_error(iter(values([1.0, 2.0])), iter([0.0, 0.0])).data == 5.0
    assert mean_squared_error(iter(values([1.0, 2.0])), (0.0, 0.0)).data == 2.5
    numpy = pytest.importorskip("numpy", reason="gives arrays as targets")
    assert squared_error(values([1.0, 2.0]), numpy.zeros(2)).data == 5.0
    assert squared_error(Value(1.0), numpy.array(3.0)).data == 4.0
    assert squared_error(Value(1.0), numpy.float32(3.0)).data == 4.0
    us = [1.0, 2.0, 0.5]
    assert cross_entropy(values(us), numpy.int64(1)).data == cross_entropy(values(us), 1).data
    assert cross_entropy(values(us), numpy.array(1)).data == cross_entropy(values(us), 1).data
    soft = [0.25, 0.25, 0.5]
    assert cross_entropy(values(us), numpy.array(soft)).data == cross_entropy(values(us), soft).data


def test_labels() -> None:
    """Err on the error alone; y on the targets that were given as numbers."""
    cases: list[tuple[Callable[..., Value], Any]] = [
        (squared_error, [0.5, 0.5]), (mean_squared_error, [0.5, 0.5]), (hinge, [1, 1]), (cross_entropy, 0),
        (cross_entropy, [0.5, 0.5]), (binary_cross_entropy, [0.5, 1]),
    ]  # fmt: skip
    for loss, targets in cases:
        err = loss(values([1.0, 2.0]), targets)
        assert [v.label for v in toposort(err)].count("Err") == 1 and err.label == "Err"
    named = [v.label for v in toposort(squared_error(values([1.0, 2.0]), [0.0, Value(0.0, "mine")])) if v.label]
    assert set(named) == {"y₁", "mine", "Err"}


def test_a_loss_is_a_value_that_can_be_differentiated() -> None:
    net = MLP(2, [3, 2], seed=0)
    run = net.forward([0.5, -0.5])
    err = cross_entropy(run.u[-1], 1)
    gradients = [g.data for g in grad(err, net.parameters())]
    err.backward()
    assert gradients == [p.grad for p in net.parameters()]


def test_losses_by_name() -> None:
    assert {name: loss.__name__ for name, loss in LOSSES.items()} == {name: name for name in LOSSES}
    assert loss_of("hinge") is hinge and loss_of(autograd.sumprod) is autograd.sumprod
    with pytest.raises(AutogradValueError, match="unknown loss 'hing'; choose one of squared_error, mean_squared"):
        loss_of("hing")


@pytest.mark.parametrize("call, message", [
    (lambda: squared_error(values([1.0]), [1.0, 2.0]), "squared_error: 1 output, and 2 targets"),
    (lambda: mean_squared_error(values([1.0]), []), "mean_squared_error: 1 output, and 0 targets"),
    (lambda: squared_error(values([1.0, 2.0, 3.0]), 2), "3 outputs, and 1 target; for class 2 give 1 there"),
    (lambda: squared_error([], []), "squared_error: there are no outputs"),
    (lambda: mean_squared_error([], []), "mean_squared_error: there are no outputs"),
    (lambda: hinge([], []), "hinge: there are no outputs"),
    (lambda: binary_cross_entropy([], []), "binary_cross_entropy: there are no outputs"),
    (lambda: binary_cross_entropy(Value(1.0), 2), "binary_cross_entropy: the target 2.0 is not between 0 and 1"),
    (lambda: binary_cross_entropy(Value(1.0), -0.1), "binary_cross_entropy: the target -0.1 is not between 0 and 1"),
    (lambda: binary_cross_entropy(Value(1.0), math.nan), "binary_cross_entropy: the target nan is not between 0 and 1"),
    (lambda: cross_entropy(values([1.0]), 0), "at least two classes; for one logit take binary_cross_entropy"),
    (lambda: cross_entropy(Value(1.0), 0), "at least two classes; for one logit take binary_cross_entropy"),
    (lambda: cross_entropy(values([1.0, 2.0]), 2), "target 2 is not the index of a class, 0 to 1"),
    (lambda: cross_entropy(values([1.0, 2.0]), -1), "target -1 is not the index of a class, 0 to 1"),
    (lambda: cross_entropy(values([1.0, 2.0]), 1.0), "target 1.0 is not the index of a class, 0 to 1"),
    (lambda: cross_entropy(values([1.0, 2.0]), "a"), "target 'a' is not the index of a class, 0 to 1"),
    (lambda: cross_entropy(values([1.0, 2.0]), None), "target None is not the index of a class, 0 to 1"),
    (lambda: cross_entropy(values([1.0, 2.0]), [1.0]), "cross_entropy: 2 logits, and 1 target probabilities"),
    (lambda: cross_entropy(values([1.0, 2.0]), [0.0, 0.0]), "cross_entropy: the target probabilities are all zero"),
    (lambda: cross_entropy(values([1.0, 2.0]), [1.5, -0.5]), "the target probability -0.5 is not 0 or more"),
    (lambda: cross_entropy(values([1.0, 2.0]), [math.nan, 1]), "the target probability nan is not 0 or more"),
])  # fmt: skip
def test_values_that_make_no_sense(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(AutogradValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("loss", [squared_error, mean_squared_error, hinge, binary_cross_entropy, cross_entropy])
def test_outputs_must_be_values(loss: Callable[..., Any]) -> None:
    for outputs in ([1.0, 0.0], [Value(1.0), 0.0]):
        with pytest.raises(AutogradTypeError) as error:
            loss(outputs, [1, 0])
        wrong = outputs[0] if isinstance(outputs[0], float) else outputs[1]
        assert str(error.value) == (
            f"{loss.__name__}: the outputs must be Values, and {wrong!r} is not; call the network, then the loss"
        )


@pytest.mark.parametrize("call, message", [
    (lambda: squared_error(values([1.0, 2.0]), [1.0, "2"]), "squared_error, target 2: got '2' of type str; convert"),
    (lambda: hinge(Value(1.0), None), "hinge, target 1: got None of type NoneType"),
    (lambda: squared_error(Value(1.0), "12"), "squared_error, target 1: got '12' of type str; convert text"),
    (lambda: cross_entropy(values([1.0, 2.0]), ["a", "b"]), "cross_entropy, target: got 'a' of type str"),
])  # fmt: skip
def test_targets_must_be_numbers(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(AutogradTypeError) as error:
        call()
    assert message in str(error.value)


def test_what_a_record_says_of_its_targets_is_what_the_loss_takes() -> None:
    assert {name: known.function for name, known in LOSS_RECORDS.items()} == LOSSES
    takes = {"numbers": [7.5, -2.0], "signs": [-1, 1], "shares": [0.25, 1.0], "classes": 1}
    for known in LOSS_RECORDS.values():
        assert math.isfinite(known.function([Value(0.5), Value(-1.0)], takes[known.targets]).data)
        if known.targets in ("shares", "classes"):
            with pytest.raises(AutogradValueError):
                known.function([Value(0.5), Value(-1.0)], [-0.5, -0.5])
        assert (known.threshold is None) == (known.outputs == "values")
        assert loss_record(known.name) is loss_record(known.function) is known
    assert loss_record(lambda outputs, y: outputs) is None


def test_a_target_is_one_number_for_each_output() -> None:
    assert targets_of("cross_entropy", 1, 3) == [0.0, 1.0, 0.0] and targets_of("squared_error", 1, 1) == [1]
    shares = [0.5, 0.25, 0.25]
    assert targets_of("cross_entropy", shares, 3) is shares and targets_of("one of my own", 2.0, 1) == [2.0]
