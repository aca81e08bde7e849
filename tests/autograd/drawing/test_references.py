"""Every kind of picture beside the reference that somebody has looked at.

    python tests/autograd/drawing/test_references.py     draws the references anew

A reference is 400 pixels wide, averaged from the full picture, so that a shade at the rim of a
letter does not count, while a missing card, line or colour does.
"""

from __future__ import annotations

import io
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, draw, fsum, grad
from autograd.drawing import Drawing
from autograd.drawing.render import VARIABLE, graphviz_pure
from nn import MLP, squared_error

REFERENCES = Path(__file__).parent / "references"
GALLERY = Path(autograd.__file__).parents[1] / "docs" / "pictures"
WIDTH = 400


def neuron() -> Value:
    x1, x2, y = Value(1.0, "x₁"), Value(-2.0, "x₂"), Value(1.0, "y")
    u = Value(0.5, "θ₁") * x1 + Value(-0.3, "θ₂") * x2 + Value(-0.4, "b")
    y_hat = u.tanh()
    u.label, y_hat.label = "u", "ŷ"
    err = (y - y_hat) ** 2
    err.label = "Err"
    return err


def network(samples: int = 1) -> tuple[Any, Value]:
    run = MLP(2, [3, 2, 1], seed=4).forward([1.0, -0.6])
    err = (
        fsum([squared_error(run.outputs, 0.5) for _ in range(samples)])
        if samples > 1
        else squared_error(run.outputs, 0.5)
    )
    return run, err


def backward(err: Value) -> Value:
    err.backward()
    return err


def delta() -> Value:
    run = MLP(1, [1, 2], bias=False, seed=2).forward([1.5])
    return grad(squared_error(run.outputs, [0.5, -0.5]), [run.u[0][0]])[0]


def drawn_network(**options: Any) -> Drawing:
    run, err = network()
    err.backward()
    drawing: Drawing = run.draw(err, **options)
    return drawing


PICTURES: dict[str, Callable[[], Drawing]] = {
    "cards": lambda: draw(backward(neuron())),
    "cards-dark-top-to-bottom": lambda: draw(backward(neuron()), theme="dark", direction="TB"),
    "cards-before-backward": lambda: draw(neuron()),
    "delta-expanded": lambda: draw(delta(), expand=True),
    "pills": lambda: draw(backward(network()[1])),
    "pills-dark-clusters-expanded": lambda: draw(backward(network()[1]), theme="dark", clusters=True, expand=True),
    "summary": lambda: draw(backward(network(3)[1]), level="summary"),
    "network": drawn_network,
    "network-dark-top-to-bottom": lambda: drawn_network(theme="dark", direction="TB"),
    "network-before-backward": lambda: network()[0].draw(),
}


def small(png: bytes) -> Any:
    """The picture 400 pixels wide, as rows of pixels of three numbers from 0 to 1."""
    import numpy
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(png))[:, :, :3]
    height, width, _ = pixels.shape
    rows, columns = round(height * WIDTH / width), WIDTH
    for axis, (size, wanted) in enumerate(((height, rows), (width, columns))):
        edges = numpy.linspace(0, size, wanted + 1).astype(int)
        counts = numpy.diff(edges).reshape([-1 if i == axis else 1 for i in range(3)])
        pixels = numpy.add.reduceat(pixels, edges[:-1], axis=axis) / counts
    return pixels


def write(name: str) -> None:
    from matplotlib.image import imsave

    REFERENCES.mkdir(exist_ok=True)
    pixels = (small(PICTURES[name]().png()) * 31).round() / 31  # fewer shades make small files
    imsave(REFERENCES / f"{name}.png", pixels, metadata={"Software": ""})


def test_every_reference_has_its_picture() -> None:
    assert {path.stem for path in REFERENCES.iterdir()} == set(PICTURES)


@pytest.fixture
def drawn_alike() -> None:
    pytest.importorskip("numpy")
    pytest.importorskip("matplotlib")
    if VARIABLE in os.environ or not graphviz_pure():
        pytest.skip("the references were drawn by graphviz-pure, and another renderer is in use")


@pytest.mark.usefixtures("drawn_alike")
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_like_its_reference(name: str) -> None:
    assert_alike(PICTURES[name]().png(), (REFERENCES / f"{name}.png").read_bytes())


@pytest.mark.usefixtures("drawn_alike")
@pytest.mark.long
def test_the_gallery_is_what_is_drawn_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = runpy.run_path(str(GALLERY.with_suffix(".py")))
    monkeypatch.setitem(gallery["drawings"].__globals__, "HERE", tmp_path)
    gallery["drawings"]()
    drawn = sorted(tmp_path.glob("*.png"))
    assert len(drawn) > 10
    for path in drawn:
        assert_alike(path.read_bytes(), (GALLERY / path.name).read_bytes())


def assert_alike(found_png: bytes, wanted_png: bytes) -> None:
    found, wanted = small(found_png), small(wanted_png)
    assert found.shape == wanted.shape
    apart = abs(found - wanted)
    assert apart.mean() < 0.012, f"a shade: {apart.mean():.4f}"
    assert different(found, wanted) < 15


def different(a: Any, b: Any) -> int:
    """How many pixels nobody would take for the same; one chip is about 50."""
    return int((abs(a - b).max(axis=2) > 0.2).sum())


def test_a_chip_of_the_wrong_colour_would_be_noticed() -> None:
    pytest.importorskip("matplotlib")
    err = backward(neuron())
    y_hat = err.parents[0].parents[1]
    y_hat.grad = -y_hat.grad
    assert different(small(draw(err).png()), small((REFERENCES / "cards.png").read_bytes())) > 30


if __name__ == "__main__":
    for chosen in sys.argv[1:] or PICTURES:
        write(chosen)
        print(REFERENCES / f"{chosen}.png")
