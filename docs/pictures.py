"""Draws every picture of the README and the gallery anew, the same bytes each time.

python docs/pictures.py
"""

import math
import random
import shutil
import tempfile
from pathlib import Path

from autograd import Value, draw, explain, fsum, grad, toposort
from autograd.drawing import Drawing
from nn import MLP, Adam, Neuron, cross_entropy, diagnose, fit, play, squared_error
from nn.plots import activation_curves, decision_boundary

HERE = Path(__file__).parent / "pictures"
PAGE = 2000  # pixels: what is wider, a code host's page shrinks until nobody can read it


def neuron() -> Value:
    """The lecture's neuron, operation by operation, and its squared error."""
    x1, x2, y = Value(1.0, "x₁"), Value(-2.0, "x₂"), Value(1.0, "y")
    theta1, theta2, b = Value(0.5, "θ₁"), Value(-0.3, "θ₂"), Value(-0.4, "b")
    p1, p2 = theta1 * x1, theta2 * x2
    p1.label, p2.label = "p₁", "p₂"
    u = p1 + p2 + b
    u.label = "u"
    y_hat = u.tanh()
    y_hat.label = "ŷ"
    return squared_error(y_hat, y)


def silu() -> Value:
    """u·σ(u), into which u enters twice, and an input that its name does not tell."""
    w, height = Value(-0.5, "θ"), Value(1.8, "w_height")
    u = w * height
    u.label = "u"
    o = u * u.sigmoid()
    o.label = "o"
    o.backward()
    return o


def network():
    net = MLP(2, [3, 2, 1], seed=4)
    run = net.forward([1.0, -0.6])
    return run, squared_error(run.outputs, 0.5)


def classifier():
    net = MLP(4, [8, 3], output_activation="linear", seed=1)
    run = net.forward([-0.9, 1.0, -1.3, -1.2])
    return run, cross_entropy(run.outputs, 0)


def gradient_graph() -> Value:
    """δ of a hidden neuron as a graph of its own: σ'(u) × the sum that the lecture writes."""
    net = MLP(1, [1, 2], bias=False, seed=2)
    run = net.forward([1.5])
    (delta,) = grad(squared_error(run.outputs, [0.5, -0.5]), [run.u[0][0]])
    return delta


def moons(n: int = 120) -> tuple[list[list[float]], list[int]]:
    """Two half circles that reach into each other, 1 and −1."""
    generator = random.Random(0)
    X, Y = [], []
    for i in range(n):
        side = 1 if i % 2 else -1
        t = generator.uniform(0, math.pi)
        x = [side * math.cos(t) - 0.5 * side, side * math.sin(t) - 0.25 * side]
        X.append([c + generator.gauss(0, 0.1) for c in x])
        Y.append(side)
    return X, Y


def batch() -> Value:
    """The error of 100 samples: 7438 nodes."""
    net = MLP(2, [16, 16, 1], seed=1)
    X, Y = moons(100)
    err = fsum([squared_error(net(x), y) for x, y in zip(X, Y)])
    err.label = "Err"
    return err


def drawings() -> None:
    err = neuron()
    err.backward()
    for theme in ("light", "dark"):
        save(draw(err, theme=theme), f"neuron-{theme}.png")
    draw(err).save(HERE / "neuron.pdf")
    run, err = network()
    save(run.draw(err), "network-before.png")
    err.backward()
    for theme in ("light", "dark"):
        save(run.draw(err, theme=theme), f"network-{theme}.png")
    save(draw(err, width=PAGE), "pills.png")
    save(draw(err, clusters=True, expand=True, width=PAGE), "pills-expanded.png")
    save(explain(err, run.net.parameters()[0], top=1).draw(width=PAGE), "paths.png")
    run, err = classifier()
    err.backward()
    save(run.draw(err, width=PAGE), "classifier.png")
    o = silu()
    height = next(node for node in toposort(o) if node.label == "w_height")
    save(draw(o, roles={height: "input"}), "slots.png")
    o = Neuron(3, "sigmoid", seed=0)([0.5, -1.0, 2.0])
    o.backward()
    save(draw(o, direction="TB"), "neuron-top-to-bottom.png")
    save(draw(gradient_graph()), "delta.png")
    err = batch()
    err.backward()
    save(draw(err, width=PAGE), "summary.png")


def save(drawing: Drawing, name: str) -> None:
    drawing.save(HERE / name, 1.0)


def plots() -> None:
    X, Y = moons()
    net = MLP(2, [8, 8, 1], seed=0)
    fit(net, X, Y, optimizer=Adam(net.parameters(), 0.05), epochs=150, seed=0, progress=False)
    decision_boundary(net, X, Y, path=HERE / "decision-boundary.png")
    activation_curves(path=HERE / "activations.png")
    generator = random.Random(0)
    X = [[generator.uniform(-1, 1) for _ in range(4)] for _ in range(10)]
    Y = [generator.uniform(0, 1) for _ in range(10)]
    diagnose(MLP(4, [10] * 11 + [1], "sigmoid", seed=0), X, Y).remedy().plot(HERE / "remedy.png")


def playground() -> None:
    """The page after 520 steps, at the event of one δ; it takes Playwright and the system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running, tempfile.TemporaryDirectory() as folder:
        play().save(Path(folder) / "playground.html")
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            tab = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme=theme)
            tab.goto((Path(folder) / "playground.html").as_uri())
            tab.evaluate(
                "for (let k = 0; k < 520; k++) trainStep(); Object.assign(state, { chosen: 4, event: 27 }); render()"
            )
            tab.screenshot(path=HERE / f"playground-{theme}.png")
        browser.close()


def main() -> None:
    HERE.mkdir(exist_ok=True)
    drawings()
    plots()
    playground()


if __name__ == "__main__":
    main()
