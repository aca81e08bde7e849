"""What is assigned to data, grad and label follows the rule of birth, and what is put together by hand is told."""

import asyncio
import copy
import pickle
from fractions import Fraction

import pytest

from autograd import AutogradTypeError, AutogradValueError, Op, Value, add_row, check_grads, function, no_grad
from autograd.expression import expression
from autograd.ops import TABLE
from autograd.recording import is_recording
from nn import MLP, squared_error


@pytest.mark.parametrize("attribute", ["data", "grad"])
def test_a_real_number_becomes_a_float(attribute: str) -> None:
    numpy = pytest.importorskip("numpy")
    x = Value(1.0)
    for given in (numpy.float32(0.5), numpy.float64(0.5), Fraction(1, 2), numpy.array(0.5)):
        setattr(x, attribute, given)
        assert type(getattr(x, attribute)) is float and getattr(x, attribute) == 0.5
    setattr(x, attribute, True)
    assert type(getattr(x, attribute)) is float


@pytest.mark.parametrize("attribute", ["data", "grad"])
@pytest.mark.parametrize("bad", [None, "1", [1.0], 1j, object()])
def test_anything_else_is_refused_and_changes_nothing(attribute: str, bad: object) -> None:
    x = Value(1.5)
    x.grad = 1.5
    with pytest.raises(AutogradTypeError, match=f"Value.{attribute}: got "):
        setattr(x, attribute, bad)
    assert getattr(x, attribute) == 1.5


def test_a_forgotten_data_is_told() -> None:
    p = Value(1.0)
    (p * 2).backward()
    with pytest.raises(AutogradTypeError, match=r"Value already; use its \.data.*use \.data on both sides"):
        p.data = p - 0.1 * p.grad
    p.data -= 0.1 * p.grad
    assert p.data == 0.8


def test_training_in_float32_stays_in_doubles() -> None:
    numpy = pytest.importorskip("numpy")
    net = MLP(2, [2, 1], seed=0)
    squared_error(net([1.0, 2.0]), 0.5).backward()
    for p in net.parameters():
        p.data -= numpy.float32(0.1) * p.grad
    assert {type(p.data) for p in net.parameters()} == {float} and type(net([1.0, 2.0]).data) is float


@pytest.mark.parametrize("bad", [None, 3, b"x", ["x"]])
def test_a_label_is_text(bad: object) -> None:
    x = Value(1.0, "x")
    with pytest.raises(AutogradTypeError, match="Value: the label must be text, and was given as"):
        x.label = bad
    assert x.label == "x"


class Parameter(Value):
    """A subclass with an attribute of its own."""


def test_subclasses_copies_and_pickles_keep_what_was_assigned() -> None:
    p = Parameter(1.0, "p")
    p.m, p.data, p.grad, p.label = 0.25, 2, 3, "q"
    for other in (copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert (other.m, other.data, other.grad, other.label) == (0.25, 2.0, 3.0, "q")
        with pytest.raises(AutogradTypeError):
            other.data = None


# --- what is put together by hand ------------------------------------------------------------------


def test_nodes_are_not_put_together_by_hand() -> None:
    x = Value(0.5)
    for make in (
        lambda: Value(0.4, (x,), "tanh"),
        lambda: Value(0.4, (x,)),
        lambda: setattr(x, "_backward", lambda: None),
    ):
        with pytest.raises(AutogradTypeError, match=r"function\(Op\(name, .*your-own-operation"):
            make()


def test_a_row_is_entered_again_where_that_is_said() -> None:
    first = add_row(Op("again", lambda x: x, lambda o, x: (1.0,)))
    try:
        with pytest.raises(AutogradValueError, match="replace=True"):
            add_row(Op("again", lambda x: x, lambda o, x: (1.0,)))
        second = add_row(Op("again", lambda x: 2 * x, lambda o, x: (2.0,)), replace=True)
        assert TABLE["again"] is second is not first
        with pytest.raises(AutogradTypeError, match="must return a tuple of 1"):
            add_row(Op("again", lambda x: x, lambda o, x: 1.0), replace=True)
        assert TABLE["again"] is second
    finally:
        TABLE.pop("again")
    for name in ("tanh", "literal"):
        with pytest.raises(AutogradValueError, match=r"choose another name$"):
            add_row(Op(name, lambda x: x, lambda o, x: (1.0,)), replace=True)


def test_a_rule_that_is_refused_leaves_nothing_behind() -> None:
    with pytest.raises(AutogradTypeError, match="must return a tuple"):
        function(add_row(Op("refused", lambda x: x, lambda o, x: 1.0)))
    assert "refused" not in TABLE


# --- finer steps, names, generators -------------------------------------------------------------------


def test_a_fast_oscillation_is_no_kink() -> None:
    assert check_grads(lambda x: (1e6 * x).sin(), 0.3) == 2
    assert check_grads(lambda x: (1e4 * x).tanh(), 1e-5) == 2
    with pytest.raises(AutogradValueError, match="is there a kink"):
        check_grads(lambda x: abs(x), 0.0, order=1)


def test_two_names_that_are_one_in_a_formula() -> None:
    with pytest.raises(AutogradValueError, match="x1 and x₁ are the same name"):
        expression("x1+x₁", {"x1": 1.0, "x₁": 2.0})


def test_a_generator_records_nothing_while_it_runs_and_its_user_does() -> None:
    seen = []

    @no_grad()
    def numbers():
        try:
            for i in range(3):
                seen.append(is_recording())
                got = yield i
                seen.append((got, is_recording()))
        except KeyError:
            seen.append(is_recording())
            yield "caught"
        return "end"

    walk = numbers()
    assert next(walk) == 0 and is_recording()
    assert walk.send("a") == 1 and is_recording()
    assert walk.throw(KeyError) == "caught" and is_recording()
    with pytest.raises(StopIteration, match="end"):
        next(walk)
    assert seen == [False, ("a", False), False, False] and is_recording()


def test_a_generator_that_is_closed_ends_inside() -> None:
    seen = []

    @no_grad()
    def numbers():
        try:
            yield 1
        finally:
            seen.append(is_recording())

    walk = numbers()
    next(walk)
    walk.close()
    assert seen == [False] and is_recording()


def test_coroutines_and_asynchronous_generators() -> None:
    seen = []

    @no_grad()
    async def wait():
        await asyncio.sleep(0)
        seen.append(is_recording())
        return 1

    @no_grad()
    async def numbers():
        for i in range(2):
            await asyncio.sleep(0)
            seen.append(is_recording())
            yield i

    async def other():
        await asyncio.sleep(0)
        seen.append(("other", is_recording()))

    async def all_of_them():
        await asyncio.gather(wait(), other())
        async for _ in numbers():
            seen.append(("between", is_recording()))

    asyncio.run(all_of_them())
    assert seen == [False, ("other", True), False, ("between", True), False, ("between", True)]


def test_an_asynchronous_generator_is_sent_to_thrown_at_and_closed() -> None:
    seen: list[object] = []

    @no_grad()
    async def echo():
        said = 0
        try:
            while True:
                try:
                    said = yield said
                except KeyError:
                    said = "caught"
                seen.append(is_recording())
        finally:
            seen.append(is_recording())

    async def talk():
        walk = echo()
        seen.extend([await anext(walk), await walk.asend(1), await walk.athrow(KeyError), is_recording()])
        await walk.aclose()

    asyncio.run(talk())
    assert seen == [False, False, 0, 1, "caught", True, False]


def test_a_decorated_function_may_call_itself() -> None:
    @no_grad()
    def depth(n: int) -> int:
        assert not is_recording()
        return depth(n - 1) if n else 0

    assert depth(3) == 0 and is_recording()
