"""Plots: what stands on their axes."""

import builtins
import math

import pytest

from autograd import AutogradValueError, MissingDependency
from nn import ACTIVATIONS, MLP
from nn.plots import activation_curves, decision_boundary
from nn.training.history import Epoch, History

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
    shown = BOTH.plot()._repr_mimebundle_()
    assert f"<title>{shown['text/plain']}</title>" in shown["image/svg+xml"]
    assert "<svg" in shown["image/svg+xml"] and shown["image/png"].startswith(b"\x89PNG")
    assert shown["application/pdf"].startswith(b"%PDF-")


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
    for plot in (BOTH.plot, activation_curves, lambda: decision_boundary(MLP(2, [1]))):
        with pytest.raises(MissingDependency, match=r"pip install 'deltagrad\[plot\]'"):
            plot()


# --- decision boundary ----------------------------------------------------------------------------


def linear(*outputs):
    """A network whose outputs are the given θ·x."""
    net = MLP(2, [len(outputs)], "linear", bias=False)
    for neuron, row in zip(net.layers[0].neurons, outputs):
        for theta, value in zip(neuron.theta, row):
            theta.data = value
    return net


def dots(axes):
    return {
        c.get_label(): sorted(map(tuple, c.get_offsets().tolist())) for c in axes.collections if len(c.get_offsets())
    }


def test_samples_stand_in_the_plane_and_wrong_ones_have_a_ring():
    X, Y = [(1.0, 0.0), (-1.0, 0.5), (0.5, 1.0), (-0.5, -1.0)], [1, -1, 0, 1]
    axes = decision_boundary(linear((1.0, 0.0)), X, Y, resolution=4).figure.axes[0]
    shown = dots(axes)
    assert shown["class 1"] == [(-0.5, -1.0), (1.0, 0.0)] and shown["class 0"] == [(-1.0, 0.5), (0.5, 1.0)]
    assert shown["wrong"] == [(-0.5, -1.0), (0.5, 1.0)] and axes.get_title() == "2 of 4 samples right"
    assert axes.get_xlim()[0] <= -1 and axes.get_xlim()[1] >= 1


def test_the_line_is_where_the_output_crosses_the_threshold():
    net = linear((1.0, -1.0))
    for threshold in (0.0, 0.5):
        plot = decision_boundary(net, [(0, 0), (1, 1)], [0, 0], threshold=threshold, resolution=6)
        contour = next(c for c in plot.figure.axes[0].collections if type(c).__name__ == "QuadContourSet")
        vertices = [v for path in contour.get_paths() for v in path.vertices]
        assert vertices and all(x - y == pytest.approx(threshold) for x, y in vertices)


@pytest.mark.parametrize("Y", [[0, 1, 2], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]])
def test_each_class_has_its_region(Y):
    net = linear((-1.0, -1.0), (1.0, 0.0), (0.0, 1.0))
    plot = decision_boundary(net, [(-1, -1), (1, 0), (0, 1)], Y, resolution=5)
    assert "3 of 3" in plot.figure.axes[0].get_title()
    mesh = plot.figure.axes[0].collections[0]
    assert set(mesh.get_array().ravel().tolist()) == {0, 1, 2}


def test_a_sigmoid_decides_at_a_half():
    net = MLP(2, [1], "sigmoid", initializer="zeros")
    for bias, right in ((-0.1, "0 of 1"), (0.1, "1 of 1")):
        net.layers[0].neurons[0].bias.data = bias
        assert right in decision_boundary(net, [(0, 0)], [1], resolution=3).figure.axes[0].get_title()


def test_nothing_is_recorded_or_changed_by_asking():
    net = MLP(2, [3, 1], seed=0)
    before = [(p.data, p.grad) for p in net.parameters()]
    decision_boundary(net, resolution=3)
    assert before == [(p.data, p.grad) for p in net.parameters()]


def test_what_has_no_boundary_in_a_plane():
    with pytest.raises(AutogradValueError, match="2 inputs, and this network has 3"):
        decision_boundary(MLP(3, [1]))
    with pytest.raises(AutogradValueError, match="2 samples, and 1 target"):
        decision_boundary(MLP(2, [1]), [(0, 0), (1, 1)], [1])


@pytest.mark.parametrize(
    "draw",
    [lambda p: decision_boundary(linear((1, 1)), resolution=3, path=p), lambda p: activation_curves("tanh", path=p)],
)
def test_plots_are_saved_always_the_same(tmp_path, draw):
    draw(tmp_path / "a.svg")
    draw(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


# --- activations ------------------------------------------------------------------------------------


def test_activations_are_drawn_with_the_slope_that_backward_finds():
    plot = activation_curves("tanh", "relu", lambda u: u * u, reach=2.0)
    assert repr(plot) == "Plot of 3 activations with slopes"
    tanh, _, square = plot.figure.axes
    value, rising, falling = tanh.get_lines()[2:]
    assert tanh.get_title() == "tanh" and value.get_label() == "σ(u)" and rising.get_label() == "σ′(u)"
    for u, o, slope in zip(value.get_xdata(), value.get_ydata(), rising.get_ydata()):
        assert o == pytest.approx(math.tanh(u)) and slope == pytest.approx(1 - math.tanh(u) ** 2)
    assert all(map(math.isnan, falling.get_ydata()))
    negative = square.get_lines()[4].get_ydata()
    assert negative[0] == -4.0 and math.isnan(negative[150])
    assert len(activation_curves().figure.axes) == len(ACTIVATIONS) - 1  # all but linear
    with pytest.raises(AutogradValueError, match="unknown activation 'wave'"):
        activation_curves("wave")
