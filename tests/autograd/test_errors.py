"""Every deliberate error is an AutogradError and also the builtin that one would expect."""

import inspect

import pytest

from autograd import AutogradError, errors


@pytest.mark.parametrize("name, builtin", [
    ("AutogradTypeError", TypeError), ("AutogradValueError", ValueError),
    ("GradientMismatch", AssertionError), ("MissingDependency", ImportError),
])  # fmt: skip
def test_family(name: str, builtin: type[Exception]) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, AutogradError) and issubclass(kind, builtin)
    assert inspect.getdoc(kind) != inspect.getdoc(builtin)


def test_no_error_is_without_a_parent_or_a_public_name() -> None:
    import autograd

    for name, kind in vars(errors).items():
        if inspect.isclass(kind):
            assert issubclass(kind, AutogradError) and getattr(autograd, name) is kind and name in autograd.__all__
