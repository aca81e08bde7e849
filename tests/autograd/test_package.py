"""The package as help() and dir() show it."""

import inspect
import re
import subprocess
import sys

import pytest

import autograd
from autograd import drawing
from autograd.drawing.page import explorer
from autograd.teaching import events, explanation


@pytest.mark.parametrize(("public", "real"), [
    (autograd.draw, drawing.draw), (autograd.explore, explorer.explore), (autograd.explain, explanation.explain),
    (autograd.record, events.record),
])  # fmt: skip
def test_what_is_loaded_late_is_documented_at_once(public, real):
    assert inspect.signature(public) == inspect.signature(real)
    options = list(inspect.signature(public).parameters)[1:]
    for option in options:
        assert f"\n    {option} " in public.__doc__
    assert "see autograd." not in public.__doc__


@pytest.mark.parametrize(("public", "made"), [
    (autograd.record, events.Recording), (autograd.explain, explanation.Explanation),
    (autograd.draw, drawing.Drawing), (autograd.explore, explorer.Page),
])  # fmt: skip
def test_the_methods_that_its_help_names_are_there(public, made):
    x = autograd.Value(2.0, "x")
    y = x * x
    result = public(y, x) if public is autograd.explain else public(y)
    assert isinstance(result, made)
    named = re.findall(r"(?:^    |`|, )\.([a-z]+)", public.__doc__, re.M)
    named = [name for name in named if name not in ("grad", "png", "pdf", "gv")]
    assert named and all(hasattr(result, name) for name in named), named


def test_submodules_are_there_when_they_are_asked_for():
    program = "import sys, autograd; assert 'autograd.{0}' not in sys.modules; print(autograd.{1}.__name__)"
    for name, real in (("events", "teaching.events"), ("drawing", "drawing"), ("explanation", "teaching.explanation")):
        done = subprocess.run(
            [sys.executable, "-c", program.format(real, name)], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"autograd.{real}\n"
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'evnts'"):
        autograd.evnts  # noqa: B018
