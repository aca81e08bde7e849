"""Draws every picture of the README and the gallery anew, the same bytes each time.

    python docs/pictures.py
"""

from pathlib import Path

from autograd import Value, draw, grad
from nn import MLP, Neuron, cross_entropy, squared_error

HERE = Path(__file__).parent / "pictures"


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
    delta.label = "δ⁽¹⁾₁"
    return delta


def main() -> None:
    HERE.mkdir(exist_ok=True)
    err = neuron()
    err.backward()
    for theme in ("light", "dark"):
        draw(err, theme=theme).save(HERE / f"neuron-{theme}.png")
    run, err = network()
    err.backward()
    for theme in ("light", "dark"):
        run.draw(err, theme=theme).save(HERE / f"network-{theme}.png")
    draw(err).save(HERE / "pills.png")
    run, err = classifier()
    err.backward()
    run.draw(err).save(HERE / "classifier.png")
    o = Neuron(3, "sigmoid", seed=0)([0.5, -1.0, 2.0])
    o.backward()
    draw(o, direction="TB").save(HERE / "neuron-top-to-bottom.png")
    draw(gradient_graph()).save(HERE / "delta.png")


if __name__ == "__main__":
    main()
