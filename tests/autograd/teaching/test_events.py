"""Backward as events: the same bits as backward(), nothing touched, and the two questions answered."""

import copy
import gc
import math
import struct
import sys
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import TABLE, AutogradTypeError, AutogradValueError, Value, record, toposort, where
from autograd.ops import LITERAL
from autograd.teaching.events import Backward, Forward, Seed, not_finite
from autograd.teaching.orders import ORDERS, passed_back
from autograd.value import literal, node_of
from autograd.words.derivatives import by_operand
from nn import MLP, squared_error

NAMES = sorted(set(TABLE) - {"literal"})
choice = st.integers(0, 10**6)
numbers = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, -0.0, 1.0, 1e200, math.inf, -math.inf, math.nan]))
programs = st.lists(st.tuples(st.sampled_from(NAMES), choice, choice, choice, choice), min_size=1, max_size=40)


def bits(x):
    return "nan" if math.isnan(x) else struct.pack("<d", x)


@st.composite
def graphs(draw, data=numbers):
    """A random graph of all operations, with shared nodes, literals, poles and nan."""
    nodes = [Value(x) for x in draw(st.lists(data, min_size=1, max_size=4))] + [literal(2.0)]
    for name, *choices in draw(programs):
        count = TABLE[name].arity or (2 if name == "sumprod" else 1 + choices[-1] % 3)
        nodes.append(node_of(TABLE[name], tuple(nodes[-1 - k % len(nodes)] for k in choices[:count])))
    unused = set(nodes) - {parent for node in nodes for parent in node.parents}
    return node_of(TABLE["fsum"], tuple(node for node in nodes if node in unused))


@st.composite
def trees(draw):
    """A graph in which nothing is used twice."""
    nodes = [Value(x) for x in draw(st.lists(st.floats(-3, 3), min_size=2, max_size=9))]
    while len(nodes) > 1:
        pair = nodes.pop(draw(choice) % len(nodes)), nodes.pop(draw(choice) % len(nodes))
        nodes.append(node_of(TABLE[draw(st.sampled_from(["add", "sub", "mul", "maximum", "hypot"]))], pair).tanh())
    return nodes[0]


# --- the recording is the engine's -------------------------------------------------------------


@given(graphs())
def test_the_accumulators_end_with_the_bits_of_backward(y):
    recording = record(y)
    recording.jump(len(recording.events))
    ends = recording.gradients
    y.backward()
    for node in toposort(y):
        if node.op is not LITERAL:
            assert bits(recording.gradient(node)) == bits(node.grad) == bits(ends.get(node, 0.0))


@given(graphs())
def test_contributions_added_from_first_to_last_are_the_gradient(y):
    recording = record(y)
    for node in recording.edges:
        total = 0.0
        for event in recording.contributions(node):
            assert event.parent is node
            assert bits(event.before) == bits(total)
            total += event.contribution
            assert bits(event.after) == bits(total)
        assert bits(total) == bits(recording.gradient(node))


@given(graphs())
def test_recording_touches_nothing(y):
    nodes = toposort(y)
    for i, node in enumerate(nodes):
        node.grad = 0.5 + i
    before = [(node, node.data, node.grad, node.op, node.parents, node.label) for node in nodes]
    recording = record(y)
    str(recording), recording.why(), recording.attempts(), recording.largest, recording.first_not_finite
    after = [(node, node.data, node.grad, node.op, node.parents, node.label) for node in nodes]
    assert repr(before) == repr(after)


@given(graphs())
def test_every_event_is_told_by_its_own_row_and_in_order(y):
    recording = record(y)
    complete = recording.gradient
    phases = [type(event) for event in recording.events]
    assert phases == sorted(phases, key=[Forward, Seed, Backward].index) and phases.count(Seed) == 1
    for number, event in enumerate(recording.events, 1):
        assert event.number == number
        if isinstance(event, Forward):
            assert (event.operation, event.node.data) == (event.node.op, event.result) or math.isnan(event.result)
            assert list(map(bits, event.operands)) == [bits(parent.data) for parent in event.node.parents]
        elif isinstance(event, Backward):
            node = event.node
            assert node.parents[event.operand] is event.parent
            slope = node.op.rule(node.data, *[parent.data for parent in node.parents])[event.operand]
            assert bits(event.local) == bits(slope)
            assert bits(event.upstream) == bits(complete(node))  # complete before it is passed on
            share = event.upstream * event.local
            left = slope == 0 and event.operand in node.op.selects
            assert not (event.taken and left)
            assert bits(event.contribution) == bits(share if event.taken else 0.0) or math.isnan(share)
            assert event.taken or left or not any(e.taken for e in recording.contributions(node) if e is not event)


def test_what_was_not_taken_and_what_is_undetermined_are_told():
    x = Value(0.0, "x")
    told = str(record(where(x > 0, x.sqrt(), x.sqrt() ** 2)))
    assert "∂f/∂v₂ · ∂v₂/∂x = 0 × ∞: not taken   (0 → 0)" in told
    assert "∂f/∂v₃ · ∂v₃/∂x = 0 × ∞: undetermined   (0 → nan)" in told
    recording = record(Value(-2.0, "x").relu() * 3)
    assert "not taken" not in str(recording)  # 3 × 0 is 0 anyway


def test_the_numbers_are_those_of_the_moment_of_recording():
    x = Value(3.0, "x")
    recording = record(x * x)
    x.data = 100.0
    assert recording.gradient("x") == 6.0 and recording.values[x] == 3.0 and "3.00² = 9.00" in str(recording)


# --- to step through it -------------------------------------------------------------------------


def state(recording):
    return recording.position, recording.event, recording.values, recording.gradients


@given(graphs(st.floats(-3, 3)), st.data())
def test_stepping_back_restores_and_jumping_is_stepping(y, data):
    recording = record(y)
    stop = data.draw(st.integers(0, min(len(recording.events), 25)))
    seen = [repr(state(recording))]
    for number in range(1, stop + 1):
        assert recording.step() is recording.events[number - 1]
        seen.append(repr(state(recording)))
    for number in range(stop - 1, -1, -1):
        assert recording.step(-1) is (recording.events[number - 1] if number else None)
        assert repr(state(recording)) == seen[number]
    for number in data.draw(st.permutations(range(stop + 1))):
        recording.jump(number)
        assert repr(state(recording)) == seen[number]
    assert recording.step(10**9) is recording.events[-1] and recording.step(-(10**9)) is None


def test_values_appear_forward_then_gradients_backward():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    p = x * y
    recording = record(p + x)
    assert recording.values == {x: 2.0, y: 3.0} and recording.gradients == {} and recording.event is None
    recording.step()
    assert recording.values[p] == 6.0 and recording.gradients == {}
    recording.step(2)
    assert recording.gradients == {recording.root: 1.0}
    recording.step(2)
    assert recording.gradients == {recording.root: 1.0, p: 1.0, x: 1.0}


def test_it_runs_to_a_node_given_or_named():
    x = Value(3.0, "x")
    a = x.exp()
    recording = record(a * x)
    assert recording.run(a) is recording.events[0]
    assert [recording.run("x").number for _ in range(3)] == [2, 5, 6]
    assert recording.run("x") is None and recording.position == len(recording.events)
    recording.jump(3)
    assert recording.run(x).parent is x  # from where it stands


@given(graphs())
def test_it_stops_at_the_first_nan_or_inf(y):
    recording = record(y)
    event = recording.run(not_finite)
    assert event is recording.first_not_finite
    clean = recording.events if event is None else recording.events[: event.number - 1]
    for earlier in clean:
        assert math.isfinite(earlier.result if isinstance(earlier, Forward) else earlier.after)


@given(graphs())
def test_the_largest_contribution_is_the_largest(y):
    recording = record(y)
    sizes = [abs(e.contribution) for e in recording.events if isinstance(e, Backward)]
    sizes = [size for size in sizes if not math.isnan(size)]
    assert (recording.largest is None) == (not sizes)
    if sizes:
        assert abs(recording.largest.contribution) == max(sizes)
        assert recording.jump(recording.largest) is recording.largest


def test_moments_and_nodes_that_are_not_there():
    x = Value(3.0, "theta")
    recording = record(x * x)
    other = record(x * 2)
    for moment in (-1, 6, other.events[0], other.events[-1], recording.first_not_finite):
        with pytest.raises(AutogradValueError, match="not a moment of this recording"):
            recording.jump(moment)
    with pytest.raises(AutogradValueError, match="called 'teta'; near to it: theta"):
        recording.run("teta")
    with pytest.raises(AutogradValueError, match="not a node of this recording"):
        recording.contributions(Value(1.0))
    with pytest.raises(AutogradTypeError, match="takes a Value or its name"):
        recording.gradient(3)
    with pytest.raises(AutogradTypeError, match="record takes a Value"):
        record(3.0)


def test_a_leaf_or_a_plain_number_alone_has_one_event():
    for y in (Value(2.0), literal(2.0)):
        recording = record(y)
        (event,) = recording.events
        assert isinstance(event, Seed) and event.after == recording.gradient(y) == 1.0
        assert recording.largest is None and recording.why()


# --- how it reads -----------------------------------------------------------------------------------


def test_an_event_reads_like_the_lecture():
    x, theta, b = Value(2.0, "x"), Value(0.5, "θ₁"), Value(-1.5, "b")
    u = theta * x + b
    u.label = "u"
    y_hat = u.tanh()
    y_hat.label = "ŷ"
    err = (1.0 - y_hat) ** 2
    err.label = "Err"
    recording = record(err)
    assert str(recording.contributions(u)[0]) == ("∂Err/∂u += ∂Err/∂ŷ · ∂ŷ/∂u = (−2.92) × 0.786 = −2.30   (0 → −2.30)")
    assert str(recording.contributions(theta)[0]).startswith("∂Err/∂θ₁ += ∂Err/∂v₁ · ∂v₁/∂θ₁ = (−2.30) × 2.00 = −4.60")
    assert "u = v₁ + b = 1.00 + (−1.50) = −0.500" in str(recording)


def test_at_a_prompt_an_event_is_its_sentence():
    recording = record(Value(2.0, "x") * Value(3.0, "y"))
    assert [repr(event) for event in recording.events] == [str(event) for event in recording.events]
    assert repr(recording.event) == "None" and repr(recording.step()) == "f = x × y = 2.00 × 3.00 = 6.00"


@given(graphs(st.sampled_from([0.0, 1.0])))
def test_the_chain_rule_names_its_nodes(y):
    """Many nodes are 0 here, and a Value of 0 is false."""
    recording = record(y)
    root = recording.names[y]
    for event in recording.events:
        if isinstance(event, Backward):
            node, parent = recording.names[event.node], recording.names[event.parent]
            local = {f"∂{node}/∂{parent}", by_operand(node, event.operand)}
            assert event.symbol in local
            assert str(event).startswith(f"∂{root}/∂{parent} += ∂{root}/∂{node} · {event.symbol} = ")


def test_the_text_marks_where_it_stands():
    recording = record(Value(2.0, "x") * Value(3.0, "y"))
    assert "►" not in str(recording)
    recording.step(2)
    (line,) = [line for line in str(recording).splitlines() if line.startswith("►")]
    assert line.endswith("∂f/∂f = 1")
    assert repr(recording) == "Recording(f: 2 of 4 events; print it to see them)"


@pytest.mark.parametrize("label", ["two\nlines", "\x00", "x" * 10_000, "\u202eevil", "<b>"])
def test_no_label_breaks_a_line(label):
    recording = record(Value(2.0, label) * Value(3.0, label))
    assert len(str(recording).splitlines()) == 6 and max(map(len, str(recording).splitlines())) < 200
    assert recording.run(label) is recording.events[0]


# --- the two questions -------------------------------------------------------------------------------


def diamond(a_used):
    x = Value(3.0, "x")
    a = x * x
    a.label = "a"
    f = a_used(a)
    return x, f


@pytest.mark.parametrize("a_used", [lambda a: a + a * 2, lambda a: a * 2 + a, lambda a: a.tanh() * (a + 1).exp()])
def test_other_orders_are_wrong_on_a_diamond(a_used):
    x, f = diamond(a_used)
    recording = record(f)
    outcomes = {attempt.name: attempt for attempt in recording.attempts()}
    assert list(outcomes) == list(ORDERS)
    right = recording.gradient(x)
    wrong = [each for each in outcomes.values() if not math.isclose(each.gradients[x], right)]
    assert len(wrong) >= 2
    for each in wrong:
        assert recording.names[each.early] == "a" and each.missing not in (x, each.early)
    text = recording.why()
    assert text.count("wrong, since a passes on ") == len(wrong)
    assert "a is used by several steps" in text and "instead of" in text


@given(trees())
def test_where_nothing_is_shared_every_order_from_the_result_is_right(y):
    recording = record(y)
    for attempt in recording.attempts()[1:]:  # the first is the order of the forward pass
        assert attempt.early is None
        assert {n: bits(g) for n, g in attempt.gradients.items()} == {
            n: bits(recording.gradient(n)) for n in recording.edges
        }
    text = recording.why()
    assert "every order from the result to the leaves is right" in text and "Here = would do" in text


@given(graphs(st.floats(-3, 3)))
def test_an_order_without_fault_is_right_and_a_wrong_one_has_a_fault(y):
    recording = record(y)
    for attempt in recording.attempts():
        if attempt.early is None:
            for node in recording.edges:
                same = math.isclose(attempt.gradients[node], recording.gradient(node), rel_tol=1e-6, abs_tol=1e-9)
                assert same or not math.isfinite(recording.gradient(node)) or cancels(recording, node)
    assert recording.why()


def cancels(recording, node):
    """Sums in another order may differ where large contributions leave little."""
    return any(abs(e.contribution) > 1e3 for e in recording.events if not isinstance(e, Forward))


def test_a_leaf_used_everywhere_is_no_reason_to_wait():
    """A leaf passes nothing on: only += matters for it."""
    x = Value(3.0, "x")
    text = record(x * x + x).why()
    assert "every order from the result to the leaves is right" in text
    assert "x is used 3 times" in text and "= 1.00 + 3.00 + 3.00 = 7.00" in text and "with = it would be 3.00" in text


def test_recursion_into_every_path_is_given_up():
    z = Value(0.5, "x")
    for _ in range(60):
        z = z.sin() + z.cos()
    recording = record(z)
    *_, every_time = recording.attempts()
    assert every_time.gradients is None and "walks every path" in recording.why()


def test_assignment_keeps_the_last_contribution():
    x = Value(3.0, "x")
    recording = record(x * x + 5 * x)
    order = list(recording.edges)
    assert passed_back(recording.edges, recording.root, order)[x] == 11.0
    assert (
        passed_back(recording.edges, recording.root, order, overwrite=True)[x]
        == recording.contributions(x)[-1].contribution
    )


def test_on_a_network_the_hidden_outputs_must_wait_for_every_neuron_above():
    net = MLP(2, [2, 2, 1], seed=1)
    err = squared_error(net([0.5, -1.0]), 0.25)
    text = record(err).why()
    assert "o⁽¹⁾₁, o⁽¹⁾₂: each is used by several steps" in text and "∂Err/∂θ⁽¹⁾₁₁ would be" in text


# --- size ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_chain_deeper_than_any_stack():
    y = Value(0.5, "x")
    for _ in range(sys.getrecursionlimit() * 20):
        y = y.sin()
    recording = record(y)
    y.backward()
    assert recording.gradient("x") == toposort(y)[0].grad
    assert "every order from the result" in recording.why() and str(recording)


def test_a_recording_is_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = Value(2.0, "x")
        recording = record(x * x)
        recording.step(3)
        gone = weakref.ref(recording)
        assert recording.why()
        del recording
        assert gone() is None
    finally:
        gc.enable()


def test_a_recording_can_be_copied_and_walked_apart():
    recording = record(Value(2.0, "x") * 3)
    other = copy.copy(recording)
    other.step()
    assert (recording.position, other.position) == (0, 1)
