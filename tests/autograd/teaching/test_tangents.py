"""Forward mode as events: what jvp gives, nothing touched, and what both modes cost."""

import math

import pytest
from hypothesis import given, settings

from autograd import AutogradTypeError, AutogradValueError, Value, grad, jvp, maximum, record, toposort, where
from autograd.teaching.events import Backward, Forward
from autograd.teaching.tangents import Start, Tangent, costs
from nn import MLP, squared_error

from .test_events import bits, graphs


def same(a, b):
    return a == b or (a != a and b != b)


@given(graphs())
def test_the_tangents_end_where_jvp_is(y):
    """Of every node at once, whatever inf, nan and branches there are."""
    nodes = [node for node in toposort(y) if node.parents]
    for leaf in [node for node in toposort(y) if node.op is None]:
        recording = record(y, mode="forward", seed=leaf)
        for node, rate in zip(nodes, jvp(nodes, leaf, 1.0)):
            assert same(recording.tangent(node), rate.data)


@given(graphs())
@settings(max_examples=20)
def test_several_leaves_move_at_their_own_rates(y):
    leaves = [node for node in toposort(y) if node.op is None]
    rates = {leaf: 1.0 + i for i, leaf in enumerate(leaves)}
    recording = record(y, mode="forward", seed=rates)
    (along,) = jvp(y, leaves, list(rates.values()))
    assert same(recording.tangent(y), along.data)
    recording.jump(len(recording.events))
    assert {leaf: recording.tangents[leaf] for leaf in leaves} == rates


@given(graphs())
def test_every_event_is_told_by_its_own_row_and_in_order(y):
    for leaf in [node for node in toposort(y) if node.op is None][:2]:
        recording = record(y, mode="forward", seed=leaf)
        computed, totals = set(), {}
        for number, event in enumerate(recording.events, 1):
            assert event.number == number
            if isinstance(event, Forward):
                computed.add(event.node)
            elif isinstance(event, Start):
                assert number == 1 and event.node is leaf
                totals[leaf] = 1.0
            else:
                assert event.node in computed, "a value comes before its tangent"
                assert event.node.parents[event.operand] is event.parent
                assert bits(event.rate) == bits(totals[event.parent]) == bits(recording.tangent(event.parent))
                assert bits(event.before) == bits(totals.get(event.node, 0.0))
                totals[event.node] = event.before + event.contribution
                assert bits(event.after) == bits(totals[event.node])
                row = event.node.op
                slope = row.rule(event.node.data, *[p.data for p in event.node.parents])[event.operand]
                assert bits(event.local) == bits(slope)
        assert [e.node for e in recording.events if isinstance(e, Forward)] == [n for n in toposort(y) if n.parents]


@given(graphs())
@settings(max_examples=20)
def test_recording_touches_nothing(y):
    nodes = toposort(y)
    before = [(node, node.data, node.grad, node.op, node.parents, node.label) for node in nodes]
    for leaf in [node for node in nodes if node.op is None]:
        recording = record(y, mode="forward", seed=leaf)
        str(recording), repr(recording), recording.largest, recording.first_not_finite
    after = [(node, node.data, node.grad, node.op, node.parents, node.label) for node in nodes]
    assert repr(before) == repr(after)


@given(graphs())
def test_costs_are_the_lengths_of_the_films(y):
    found = costs(y)
    leaves = [node for node in toposort(y) if node.op is None]
    forward = [e for leaf in leaves for e in record(y, mode="forward", seed=leaf).events if isinstance(e, Tangent)]
    backward = [e for e in record(y).events if isinstance(e, Backward)]
    assert (found.leaves, found.reverse, found.forward) == (len(leaves), len(backward), len(forward))


def test_one_output_and_many_parameters_is_what_reverse_mode_is_for():
    run = MLP(2, [16, 16, 1], seed=0).forward([0.5, -1.0])
    err = squared_error(run.outputs, [Value(0.25, "y")])
    found = costs(err)
    assert found.leaves == 2 * 16 + 16 + 16 * 16 + 16 + 16 + 1 + 2 + 1
    assert found.forward > 5 * found.reverse and found.reverse < 3 * found.leaves


def test_one_leaf_and_many_outputs_is_what_forward_mode_is_for():
    x = Value(0.5, "x")
    outputs = [(x * k).sin() for k in range(1, 11)]
    films = [costs(y) for y in outputs]
    assert sum(each.reverse for each in films) == 20 and costs(sum(outputs, Value(0.0))).leaves == 2
    assert [rate.data for rate in jvp(outputs, x, 1.0)] == [grad(y, x)[0].data for y in outputs]


def test_what_was_not_taken_and_what_is_undetermined_are_told():
    x = Value(0.0, "x")
    told = str(record(where(x > 0, x.sqrt(), x.sqrt() ** 2), mode="forward"))
    assert "f" in told and "∞ × 1.00 = ∞" in told
    assert "0 × ∞: not taken   (0 → 0)" in told and "0 × ∞: undetermined   (0 → nan)" in told
    recording = record(where(x > 0, x.sqrt(), 0.0), mode="forward", seed=x)
    assert recording.tangent("f") == 0.0
    assert not recording.events[-1].taken and not recording.events[-1].undetermined
    dead = record(maximum(x, -1.0).relu().sqrt(), mode="forward")  # √0, whose slope is ∞, of what is not taken
    assert dead.tangent("f") == 0.0 and dead.largest.contribution == 1.0


def test_one_moves_through_it_as_through_the_other_film():
    x, w = Value(3.0, "x"), Value(2.0, "w")
    v = w * x
    v.label = "v"
    recording = record(v.exp() + x, mode="forward", seed=x)
    assert recording.event is None and recording.values == {x: 3.0, w: 2.0} and recording.tangents == {}
    assert str(recording.step()) == "ẋ = 1.00" and recording.tangents == {x: 1.0}
    assert str(recording.run(until="v")) == "v = w × x = 2.00 × 3.00 = 6.00" and recording.values[v] == 6.0
    assert str(recording.run(v)) == "v̇ += ∂v/∂x · ẋ = 2.00 × 1.00 = 2.00   (0 → 2.00)"
    assert recording.jump(recording.largest).contribution == 2 * math.exp(6.0)
    assert [e.contribution for e in recording.contributions("f")] == [2 * math.exp(6.0), 1.0]
    assert recording.contributions(w) == [] and recording.tangent(w) == 0.0
    assert recording.first_not_finite is None
    assert recording.run("w") is None and "►" in str(recording) and repr(recording).startswith("TangentRecording(f: ")


def test_names_that_are_formulas_and_letters_with_marks():
    logit, y_hat = Value(1.0, "z = logit"), Value(2.0, "ŷ₁")
    told = str(record(logit * y_hat, mode="forward", seed={logit: 1.0, y_hat: -1.0}))
    assert "(z = logit)˙ = 1.00" in told and "ŷ̇₁ = −1.00" in told


@pytest.mark.parametrize(("ask", "error", "told"), [
    (lambda x, y: record(y, mode="sideways"), AutogradValueError, "mode"),
    (lambda x, y: record(y, seed=x), AutogradValueError, "mode='forward'"),
    (lambda x, y: record(y, mode="forward"), AutogradValueError, "which of the 2 leaves"),
    (lambda x, y: record(y, mode="forward", seed=y), AutogradValueError, "not a leaf"),
    (lambda x, y: record(y, mode="forward", seed=Value(1.0, "z")), AutogradValueError, "the seed z is not a leaf"),
    (lambda x, y: record(y, mode="forward", seed="x"), AutogradTypeError, "the seed is a leaf"),
    (lambda x, y: record(y, mode="forward", seed={x: "1"}), AutogradTypeError, "a rate"),
    (lambda x, y: record(1.0, mode="forward"), AutogradTypeError, "takes a Value"),
])  # fmt: skip
def test_what_cannot_be_filmed_is_refused(ask, error, told):
    x = Value(1.0, "x")
    with pytest.raises(error, match=told):
        ask(x, x * Value(2.0, "w"))


def test_roles_are_told_as_in_the_other_film():
    x, w = Value(1.0, "x"), Value(2.0, "w")
    lines = str(record(w * x, mode="forward", seed=w, roles={w: "parameter"})).splitlines()
    assert lines[0] == str(record(w * x, roles={w: "parameter"})).splitlines()[0] and "w" in lines[0]
