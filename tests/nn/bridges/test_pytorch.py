"""Networks to PyTorch and back: the same outputs, the same gradients, and what is refused by name."""

import math
import random
import sys

import pytest

from autograd import AutogradError, AutogradTypeError, AutogradValueError, MissingDependency, no_grad, relu, tanh
from nn import ACTIVATIONS, MLP, certify_torch, from_torch, squared_error, to_torch
from nn.bridges.pytorch import COUNTERPARTS, doubles, output_errors

try:
    import torch
    from torch.nn import GELU, Dropout, Identity, LeakyReLU, Linear, ReLU, Sequential, Softmax, Softplus, Tanh
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is missing: pip install '.[torch]'")


def random_network(seed):
    generator = random.Random(seed)
    widths = [generator.randint(1, 8) for _ in range(generator.randint(1, 4))]
    names = list(COUNTERPARTS)
    net = MLP(
        generator.randint(1, 6), widths, generator.choice(names), generator.choice(names), seed % 3 > 0, seed=seed
    )
    for p in net.parameters():
        p.data *= 2.0 ** generator.randint(-2, 0)  # PyTorch's 1 − o² has no digits where a σ is saturated
    return net


def test_every_activation_has_its_counterpart():
    assert set(COUNTERPARTS) == set(ACTIVATIONS)


@needs_torch
def test_a_hundred_random_networks_give_the_same_outputs_and_gradients():
    for seed in range(100):
        net = random_network(seed)
        module = to_torch(net)
        generator = random.Random(seed)
        x = [generator.gauss(0.0, 3.0) for _ in range(net.nin)]
        run = net.forward(x)
        outputs = module(torch.tensor([x], dtype=torch.float64))[0]
        bounds = output_errors(run, 2.0**-53, 2.0**-1022)
        assert all(
            abs(o.data - p) <= b < 1e-9 * max(1.0, abs(o.data))
            for o, p, b in zip(run.outputs, doubles(outputs), bounds)
        )
        y = [generator.gauss(0.0, 1.0) for _ in run.outputs]
        err = squared_error(run.outputs, y)
        net.zero_grad()
        err.backward()
        ((torch.tensor(y, dtype=torch.float64) - outputs) ** 2).sum().backward()
        theirs = [
            g for layer in module if isinstance(layer, Linear) for row in zip(*gradients(layer)) for g in flat(row)
        ]
        largest = max(abs(p.grad) for p in net.parameters())
        assert all(
            math.isclose(p.grad, g, rel_tol=1e-9, abs_tol=1e-10 * largest) for p, g in zip(net.parameters(), theirs)
        )


def gradients(layer):
    return [doubles(layer.weight.grad), *([doubles(layer.bias.grad)] if layer.bias is not None else [])]


def flat(row):
    weights, *bias = row
    return [*weights, *bias]


@needs_torch
@pytest.mark.parametrize("sigma", ["tanh", "sigmoid", "relu"])
def test_what_is_exported_is_certified(sigma):
    for seed in range(10):
        net = MLP(3, [4, 2], sigma, seed=seed)
        for dtype in (torch.float64, torch.float32):
            assert certify_torch(
                to_torch(net, dtype=dtype), [[0.5, -1.0, 2.0], [3.0, 0.1, -0.7]], [[0.1, 0.2], [0.3, 1.0]]
            )


@needs_torch
@pytest.mark.parametrize("seed", range(20))
def test_there_and_back_are_the_same_bits(seed):
    net = random_network(seed)
    back = from_torch(to_torch(net))
    assert [p.data.hex() for p in back.parameters()] == [p.data.hex() for p in net.parameters()]
    assert [name for name, _ in back.named_parameters()] == [name for name, _ in net.named_parameters()]
    x = [0.3] * net.nin
    with no_grad():
        assert [o.data for o in back.forward(x).outputs] == [o.data for o in net.forward(x).outputs]


@needs_torch
def test_in_float32_parameters_are_rounded_once_and_outputs_agree():
    net = random_network(5)
    module = to_torch(net, dtype=torch.float32)
    assert {p.dtype for p in module.parameters()} == {torch.float32}
    for p, q in zip(from_torch(module).parameters(), net.parameters()):
        assert p.data == torch.tensor(q.data, dtype=torch.float32).item()


@needs_torch
def test_pytorch_s_random_state_is_left_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    from_torch(to_torch(MLP(2, [3, 1])))
    assert torch.equal(before, torch.get_rng_state())


@needs_torch
def test_nested_stacks_with_identities_dropouts_and_several_activations():
    module = Sequential(
        Sequential(Linear(2, 4), Identity(), ReLU(inplace=True)), Dropout(0.5),
        Sequential(Linear(4, 3, bias=False), GELU()), Linear(3, 3), Tanh(), Linear(3, 1),
    ).eval()  # fmt: skip
    net = from_torch(module)
    assert [layer.neurons[0].activation for layer in net.layers] == ["relu", "gelu", "tanh", "linear"]
    assert [layer.neurons[0].bias is None for layer in net.layers] == [False, True, False, False]
    assert next(module.parameters()).dtype == torch.float32
    assert from_torch(Linear(2, 1)).layers[0].neurons[0].activation == "linear"
    assert to_torch(net)(torch.zeros(2, dtype=torch.float64)).shape == (1,)


@needs_torch
@pytest.mark.parametrize("make, told", [
    (lambda: Sequential(Linear(2, 3), Softmax(dim=1)), r"1 Softmax is not known here.*losses here take logits"),
    (lambda: Sequential(Linear(2, 3), Dropout(0.5)), r"1 Dropout.*module\.eval\(\)"),
    (lambda: Sequential(Linear(2, 3), Softplus()), r"Softplus\(threshold=20.*\) is not the softplus here.*=40\.0"),
    (lambda: Sequential(Linear(2, 3), LeakyReLU(0.2)), r"LeakyReLU\(negative_slope=0\.2\) is not the leaky_relu here"),
    (lambda: Sequential(Linear(2, 3), GELU("tanh")), r"GELU\(approximate='tanh'\)"),
    (lambda: Sequential(Linear(2, 3), Tanh(), ReLU()), r"2 ReLU stands after another activation"),
    (lambda: Sequential(Tanh(), Linear(2, 3)), r"0 Tanh stands before the first Linear"),
    (lambda: Sequential(Linear(2, 3), Linear(4, 1)), r"layer 2 takes 4 inputs, and the one before gives 3"),
    (lambda: Sequential(), r"there is no Linear in Sequential"),
    (lambda: Sequential(Linear(2, 3), torch.nn.TransformerEncoderLayer(4, 2)), r"1 TransformerEncoderLayer has a"),
    (lambda: Sequential(torch.nn.BatchNorm1d(2), Linear(2, 3)), r"0 BatchNorm1d is not known here"),
])  # fmt: skip
def test_anything_else_is_named_and_refused(make, told):
    with pytest.raises(AutogradValueError, match=told):
        from_torch(make())


@needs_torch
def test_what_cannot_be_exported_is_refused():
    net = MLP(2, [3, 1], activation=lambda u: u * u)
    with pytest.raises(AutogradValueError, match=r"activation '<lambda>' of layer 1 is a function of yours"):
        to_torch(net)
    assert to_torch(MLP(2, [3, 1], activation=tanh))
    renamed = MLP(2, [1], "tanh", seed=0)
    renamed.layers[0].neurons[0].sigma = relu  # what it computes counts, and not what it is called
    assert isinstance(to_torch(renamed)[1], ReLU)
    mixed = MLP(2, [3, 1], seed=0)
    mixed.layers[0].neurons[1].bias = None
    with pytest.raises(AutogradValueError, match="the neurons of layer 1 differ"):
        to_torch(mixed)
    large = MLP(2, [1], "linear", seed=0)
    large.layers[0].neurons[0].theta[0].data = 1e300
    assert to_torch(large)
    with pytest.raises(AutogradError, match=r"output 1 is -?inf in PyTorch"):
        to_torch(large, dtype=torch.float32)
    with pytest.raises(AutogradTypeError, match=r"to_torch takes an MLP"):
        to_torch(mixed.layers[0])
    with pytest.raises(AutogradTypeError, match=r"dtype is torch\.float64 or torch\.float32"):
        to_torch(MLP(2, [1]), dtype="float64")
    with pytest.raises(AutogradTypeError, match=r"from_torch takes a torch\.nn\.Module"):
        from_torch([Linear(2, 1)])


@needs_torch
def test_a_stack_that_computes_something_else_is_found_by_running_it():
    class Doubled(Linear):
        def forward(self, x):
            return 2.0 * super().forward(x)

    with pytest.raises(AutogradError, match=r"from_torch: output 1 is .* in PyTorch and .* here for the inputs"):
        from_torch(Sequential(Doubled(2, 1)))


@needs_torch
def test_parameters_are_copied_from_where_they_are_and_the_module_stays(monkeypatch):
    asked = []
    module = Sequential(Linear(2, 2), Tanh())
    cpu = torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: (asked.append(tensor), cpu(tensor))[1])
    before = [p.data_ptr() for p in module.parameters()]
    from_torch(module)
    assert [p.data_ptr() for p in module.parameters()] == before and len(asked) >= 2


def test_without_pytorch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for call in (lambda: to_torch(MLP(1, [1])), lambda: from_torch(None), lambda: certify_torch(None, [1.0], 1.0)):
        with pytest.raises(MissingDependency, match=r"pip install 'deltagrad\[torch\]'"):
            call()
