"""The classic worked example, to the digits that its tellers print, and where their last numbers come from.

https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/
"""

import pytest

from nn import MLP, SGD, certify, deltas, squared_error

X, Y = [0.05, 0.10], [0.01, 0.99]
WEIGHTS = [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]]
BIASES = [[0.35, 0.35], [0.60, 0.60]]


@pytest.fixture
def net():
    net = MLP(2, [2, 2], "sigmoid", seed=0)
    for layer, rows, biases in zip(net.layers, WEIGHTS, BIASES):
        for neuron, row, b in zip(layer.neurons, rows, biases):
            neuron.bias.data = b
            for theta, w in zip(neuron.theta, row):
                theta.data = w
    return net


def thetas(net):
    return [theta for layer in net.layers for neuron in layer.neurons for theta in neuron.theta]


def error(outputs):
    return 0.5 * squared_error(outputs, Y)


def digits(printed, number):
    """Whether a number, rounded to as many digits, is the printed one."""
    return f"{number:.{len(printed.partition('.')[2])}f}" == printed


def test_forward(net):
    run = net.forward(X)
    assert digits("0.3775", run.u[0][0].data)
    assert digits("0.593269992", run.o[0][0].data)
    assert digits("0.596884378", run.o[0][1].data)
    assert digits("1.105905967", run.u[1][0].data)
    assert digits("0.75136507", run.o[1][0].data)
    assert digits("0.772928465", run.o[1][1].data)
    assert digits("0.298371109", error(run.outputs).data)


def test_backward(net):
    run = net.forward(X)
    error(run.outputs).backward()
    w1, *_, w5, _, _, _ = thetas(net)
    assert digits("0.74136507", run.outputs[0].grad)
    assert digits("0.138498562", run.delta[1][0])
    assert digits("-0.038098237", run.delta[1][1])  # he prints −0.0380982366126414
    assert digits("0.082167041", w5.grad)
    assert digits("0.036350306", run.o[0][0].grad)
    assert digits("0.000438568", w1.grad)


def test_one_step(net):
    error(net(X)).backward()
    SGD(thetas(net), 0.5).step()
    printed = ["0.149780716", "0.19956143", "0.24975114", "0.29950229"]
    printed += ["0.35891648", "0.408666186", "0.511301270", "0.561370121"]
    for expected, theta in zip(printed, thetas(net)):
        assert digits(expected, theta.data)


def test_the_certificate_of_the_example(net):
    assert certify(net, X, Y)


# --- the numbers after the step, and the mistake that explains them ---------------------------------


def train(steps, mistaken):
    """The weights alone, by hand; `mistaken` sends δ back through output weights that are updated already."""
    (hidden, output), eta = WEIGHTS, 0.5
    sigma, slope = [deltas.sigmoid] * 2, [deltas.sigmoid_slope] * 2
    for _ in range(steps):
        u, o = deltas.forward(X, [hidden, output], BIASES, sigma)
        half = [e / 2 for e in deltas.squared_error_slopes(Y, o[1])]
        delta = deltas.backward([hidden, output], u, half, slope)
        new = [[deltas.updated(t, eta, d, l) for t, l in zip(row, o[0])] for row, d in zip(output, delta[1])]
        if mistaken:
            delta = deltas.backward([hidden, new], u, half, slope)
        hidden = [[deltas.updated(t, eta, d, l) for t, l in zip(row, X)] for row, d in zip(hidden, delta[0])]
        output = new
    outputs = deltas.forward(X, [hidden, output], BIASES, sigma)[1][1]
    return outputs, 0.5 * deltas.squared_error(Y, outputs)


def test_the_error_after_the_step(net):
    """The page's weights give 0.291027774; its 0.291027924 is what updating too early gives."""
    error(net(X)).backward()
    SGD(thetas(net), 0.5).step()
    assert digits("0.291027774", error(net(X)).data)
    assert digits("0.291027774", train(1, mistaken=False)[1])
    assert digits("0.291027924", train(1, mistaken=True)[1])


def test_after_ten_thousand_steps():
    """The page prints 0.015912196, 0.984065734 and 0.000035085: the same mistake, 10 000 times."""
    right, right_error = train(10_000, mistaken=False)
    assert digits("0.015913620", right[0]) and digits("0.984064274", right[1])
    assert digits("0.000035102", right_error)
    wrong, wrong_error = train(10_000, mistaken=True)
    assert digits("0.015912196", wrong[0]) and digits("0.984065734", wrong[1])
    assert digits("0.000035085", wrong_error)
