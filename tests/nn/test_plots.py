"""The training curve: what stands on its axes."""

import builtins

import pytest

from autograd import AutogradValueError, MissingDependency
from nn.history import Epoch, History

BOTH = History([Epoch(2.0, 0.25, 3.0, 0.5), Epoch(1.0, 0.75, 2.5, 0.5)], best_epoch=2)


def curves(axes):
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()}


def test_the_lines_are_the_histories_columns():
    error, accuracy = BOTH.plot().figure.axes
    assert curves(error)["training"] == ([1, 2], [2.0, 1.0]) and curves(error)["validation"] == ([1, 2], [3.0, 2.5])
    assert curves(accuracy)["training"] == ([1, 2], [25.0, 75.0])
    assert set(curves(error)["best epoch"][0]) == {2}
    (alone,) = History([Epoch(2.0), Epoch(1.0)]).plot().figure.axes
    assert set(curves(alone)) == {"training"} and alone.get_yscale() == "linear" and alone.get_ylim()[0] == 0


def test_errors_over_orders_of_magnitude_are_shown_on_a_logarithmic_scale():
    assert History([Epoch(1.0), Epoch(1e-6)]).plot().figure.axes[0].get_yscale() == "log"
    assert History([Epoch(1.0), Epoch(0.0)]).plot().figure.axes[0].get_yscale() == "linear"


@pytest.mark.parametrize("ending, start", [("svg", b"<?xml"), ("png", b"\x89PNG"), ("PDF", b"%PDF")])
def test_it_is_saved_in_the_format_of_its_name_and_always_the_same(tmp_path, ending, start):
    paths = [tmp_path / f"{n}.{ending}" for n in "ab"]
    for path in paths:
        BOTH.plot(path)
    first, second = [path.read_bytes() for path in paths]
    assert first == second and first.startswith(start)


def test_a_notebook_shows_it():
    assert "<svg" in BOTH.plot()._repr_svg_()


def test_what_cannot_be_plotted(tmp_path, monkeypatch):
    with pytest.raises(AutogradValueError, match="no epoch"):
        History().plot()
    with pytest.raises(AutogradValueError, match=r"\.svg, \.png or \.pdf"):
        BOTH.plot(tmp_path / "curve.gif")
    real = builtins.__import__

    def missing(name, *arguments, **keywords):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingDependency, match=r"pip install 'deltagrad\[plot\]'"):
        BOTH.plot()
