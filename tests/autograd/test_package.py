"""The package as help() and dir() show it."""

import inspect
import os
import pydoc
import re
import subprocess
import sys

import pytest

import autograd
from autograd import drawing
from autograd.drawing.page import explorer
from autograd.hooks import Hook
from autograd.teaching import debugging, events, explanation

ROOT = os.path.dirname(os.path.dirname(autograd.__file__))


@pytest.mark.parametrize(("public", "real"), [
    (autograd.draw, drawing.draw), (autograd.explore, explorer.explore), (autograd.explain, explanation.explain),
    (autograd.record, events.record), (autograd.debug, debugging.debug),
])  # fmt: skip
def test_what_is_loaded_late_is_the_real_thing_and_documented(public, real):
    assert public is real
    for option in list(inspect.signature(public).parameters)[1:]:
        assert f"\n{option} " in inspect.getdoc(public)  # Python 3.13 takes the indentation away itself
    assert public.__name__ in pydoc.render_doc(public) and "see autograd." not in public.__doc__


def test_dir_and_star_show_what_is_public():
    assert {*autograd.__all__, "abs", "pow", "events", "drawing", "__version__"} <= set(dir(autograd))
    assert all(getattr(autograd, name) is not None for name in dir(autograd))
    assert sorted(set(autograd.__all__)) == sorted(autograd.__all__)
    star = {}
    exec("from autograd import *", star)
    assert {"draw", "record", "Value", "tanh"} <= set(star)
    assert {"abs", "pow", "round", "sum", "min", "max"}.isdisjoint(star), "they would hide Python's own"
    assert autograd.abs(-2) == 2.0 and autograd.pow(2, 3) == 8.0


def test_telling_names_are_the_same_objects():
    assert autograd.lower_function is autograd.trace and autograd.lower_function.__name__ == "lower_function"
    assert autograd.function_of_row is autograd.function and autograd.function_of_row.__name__ == "function_of_row"


def test_every_method_is_named_documented_and_typed():
    for name, method in vars(autograd.Value).items():
        if callable(method) and not name.startswith("_"):
            if name != method.__name__ and method.__name__ in vars(autograd.Value):
                continue  # an alias, for NumPy
            assert method.__name__ == name and method.__qualname__ == f"Value.{name}" and method.__doc__
            assert next(iter(inspect.signature(method).parameters)) == "self"
    assert str(inspect.signature(autograd.Value.tanh)) == "(self: 'Value') -> 'Value'"


def run(program, *path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), ROOT])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done


def test_hips_autograd_in_the_same_environment_is_told_once(tmp_path):
    program = "import autograd, autograd.value, nn"
    assert "HIPS" not in run(program, tmp_path).stderr
    (tmp_path / "autograd_gamma-1.0.dist-info").mkdir()
    (tmp_path / "autograd.py").write_text("")  # no metadata: nobody installed that
    assert "HIPS" not in run("import sys; sys.path.append(sys.path.pop(1))\n" + program, tmp_path).stderr
    (tmp_path / "autograd.py").unlink()
    (tmp_path / "autograd-1.7.0.dist-info").mkdir()
    told = run(program, tmp_path).stderr
    assert told.count("HIPS autograd is installed") == 1
    assert "autograd-1.7.0.dist-info" in told and "autograd.numpy" in told and "<string>:1" in told


def test_a_path_that_is_no_folder_does_no_harm(tmp_path):
    (tmp_path / "file.zip").write_bytes(b"")
    run("import autograd", tmp_path / "file.zip", tmp_path / "missing", "")


def test_comfort_is_put_in_from_above():
    x = autograd.Value(2.0, "x")
    assert {"image/svg+xml", "text/plain"} <= set((x * x)._repr_mimebundle_())
    with pytest.raises(autograd.AutogradError, match="to sing takes a part of the package that is not loaded"):
        Hook("to sing")(x)


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
    named = [name for name in named if name not in ("grad", "png", "pdf", "gv", "mmd")]
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
