"""Intervals hold what their operations give for any numbers in them."""

import math
import operator

from hypothesis import given
from hypothesis import strategies as st

from nn.grading.intervals import Interval, ends

number = st.floats(-100.0, 100.0)
operations = (operator.add, operator.sub, operator.mul)


@st.composite
def interval_and_member(draw):
    low, high = sorted([draw(number), draw(number)])
    return Interval(low, high), min(max(low + draw(st.floats(0.0, 1.0)) * (high - low), low), high)


def holds(found, x):
    room = 1e-9 * (1.0 + abs(x))
    return found.low - room <= x <= found.high + room


@given(interval_and_member(), interval_and_member(), st.sampled_from(operations))
def test_an_operation_of_members_is_a_member(a, b, operation):
    assert holds(operation(a[0], b[0]), operation(a[1], b[1]))
    assert holds(operation(a[0], b[1]), operation(a[1], b[1]))
    assert holds(operation(a[1], b[0]), operation(a[1], b[1]))


@given(interval_and_member(), number)
def test_a_quotient_of_members_is_a_member(a, x):
    interval, member = a
    if member:
        assert holds(x / interval, x / member)
        assert holds(interval / member, 1.0)
    if interval.low <= 0 <= interval.high:
        assert ends(x / interval) == (-math.inf, math.inf)


def test_the_ends_of_a_quotient():
    assert ends(1.0 / Interval(2.0, 4.0)) == (0.25, 0.5) and ends(-1.0 / Interval(2.0, 4.0)) == (-0.5, -0.25)
    assert ends(Interval(2.0, 4.0) / 2.0) == (1.0, 2.0)
