"""A slice of `python -m tests.accuracy`: every row of the table meets its bars, at fewer points."""

import pytest

from autograd import TABLE

from .measure import NAMES, measure, operands
from .report import missed
from .sampling import points
from .truth import TRUTH

SLOW = ("erf", "erfc")  # mpmath takes seconds for them


def test_every_row_has_a_truth():
    assert set(TABLE) == set(TRUTH)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.long] * (n in SLOW)) for n in NAMES])
def test_bars(name):
    count = max(40, 160 // operands(name) ** 2)
    sample = list(points(name, operands(name), count, seed=1))
    assert missed({name: [measure(name, sample, {})["ours"]]}) == []
