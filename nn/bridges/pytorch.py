"""A network as a torch.nn.Sequential, and a stack of Linear and σ as a network.

What is handed over was run first, on random inputs, and compared with what it was made of.  How far rounding may carry
the two apart is sent through the forward pass in absolute values: an error of o_l reaches u_i times |θ_il|, a sum of n
terms adds n roundings of Σ|θ·o|, and no σ here is steeper than gelu.
"""

from __future__ import annotations

import importlib
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from autograd import AutogradError, AutogradTypeError, AutogradValueError, MissingDependency, no_grad
from autograd.recording import given

from ..network.activations import known_as, name_of
from ..network.modules import MLP, ForwardPass, Layer

# Our σ, the module that it is there, and the settings with which both are the same function.
COUNTERPARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "relu": ("ReLU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.01}),
    "elu": ("ELU", {"alpha": 1.0}),
    "softplus": ("Softplus", {"beta": 1.0, "threshold": 40.0}),  # u itself above 40; PyTorch's own 20 loses digits
    "softsign": ("Softsign", {}),
    "gelu": ("GELU", {"approximate": "none"}),
    "silu": ("SiLU", {}),
    "linear": ("Identity", {}),
}
STEEPEST = 1.13  # the largest slope of any of them: gelu's
SAMPLES = 16  # random inputs on which both are compared


def torch_for(purpose: str) -> Any:
    """PyTorch, or a MissingDependency that names the extra.

    >>> torch_for("to_torch")  # doctest: +SKIP
    """
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise MissingDependency(f"{purpose} needs PyTorch: pip install 'deltagrad[torch]'") from None


def to_torch(net: MLP, *, dtype: Any = None, device: Any = None) -> Any:
    """The network as a torch.nn.Sequential of Linear and activations, with the same parameters.

    net      an MLP whose activations are ours by name
    dtype    torch.float64, also if None, or torch.float32, which rounds every parameter
    device   where its parameters go; None: PyTorch's default

    It was run on random inputs and agrees with the network before it is returned.  Raises AutogradTypeError for what is
    no MLP or no such dtype, AutogradValueError for an activation of your own and for layers that are mixed in
    themselves, AutogradError if the outputs differ (a weight that float32 cannot hold), and MissingDependency.

    >>> to_torch(MLP(2, [3, 1], seed=0))  # doctest: +SKIP
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
      (2): Linear(in_features=3, out_features=1, bias=True)
      (3): Tanh()
    )
    """
    if not isinstance(net, MLP):
        raise AutogradTypeError(f"to_torch takes an MLP, and was given {given(net)}")
    torch = torch_for("to_torch")
    dtype = torch.float64 if dtype is None else dtype
    if dtype not in (torch.float32, torch.float64):
        raise AutogradTypeError(f"to_torch: dtype is torch.float64 or torch.float32, and was given as {dtype!r}")
    place = {"dtype": dtype} if device is None else {"dtype": dtype, "device": device}
    modules = []
    for k, layer in enumerate(net.layers, 1):
        name, bias = _sigma_of(layer, k)
        theta = [[weight.data for weight in neuron.theta] for neuron in layer.neurons]
        shape = {"in_features": len(theta[0]), "out_features": len(theta), "bias": bias}
        # Without PyTorch's own start, which would move its global random state.
        linear = torch.nn.utils.skip_init(torch.nn.Linear, **shape, **place)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(theta, dtype=torch.float64))
            if bias:
                biases = [neuron.bias.data for neuron in layer.neurons if neuron.bias is not None]
                linear.bias.copy_(torch.tensor(biases, dtype=torch.float64))
        modules.append(linear)
        if name != "linear":
            module, options = COUNTERPARTS[name]
            modules.append(getattr(torch.nn, module)(**options))
    made = torch.nn.Sequential(*modules)
    compare(net, made, "to_torch")
    return made


def _sigma_of(layer: Layer, k: int) -> tuple[str, bool]:
    """The activation of a layer by name, and whether its neurons have a bias."""
    functions = {known_as(neuron.sigma) or neuron.sigma for neuron in layer.neurons}
    biases = {neuron.bias is not None for neuron in layer.neurons}
    if len(functions) > 1 or len(biases) > 1 or len({len(neuron.theta) for neuron in layer.neurons}) > 1:
        raise AutogradValueError(f"to_torch: the neurons of layer {k} differ, and a torch.nn.Linear has one kind")
    (sigma,) = functions
    if sigma in COUNTERPARTS:
        return sigma, biases == {True}
    raise AutogradValueError(
        f"to_torch: the activation {name_of(sigma)!r} of layer {k} is a function of yours; known are"
        f" {', '.join(COUNTERPARTS)}"
    )


def from_torch(module: Any) -> MLP:
    """A stack of Linear and activations as a network, with the same parameters in double precision.

    module   a torch.nn.Linear, or a torch.nn.Sequential, nested ones too, of Linear and activations that are known
             here; Identity, and Dropout in eval mode, are passed over

    Parameters are copied from where they are, so the module may be on any device and stays there.  What was made was
    run on random inputs and agrees with the module.  Raises AutogradTypeError for what is no module, AutogradValueError
    that names the part for everything else, AutogradError if the outputs differ, and MissingDependency.

    >>> from_torch(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh()))  # doctest: +SKIP
    MLP(2, [3])
    """
    torch = torch_for("from_torch")
    if not isinstance(module, torch.nn.Module):
        raise AutogradTypeError(f"from_torch takes a torch.nn.Module, and was given {given(module)}")
    linears: list[Any] = []
    sigmas: list[str] = []
    for name, part in _parts(torch, module, ""):
        if isinstance(part, torch.nn.Linear):
            linears.append(part)
            sigmas.append("linear")
            continue
        sigma = sigma_named(torch, part, f"from_torch: {name}")
        if sigma == "linear":
            continue
        if not linears or sigmas[-1] != "linear":
            before = "after another activation" if linears else "before the first Linear"
            raise AutogradValueError(
                f"from_torch: {name} {_told(part)} stands {before}; each neuron has one σ, after u"
            )
        sigmas[-1] = sigma
    if not linears:
        raise AutogradValueError(f"from_torch: there is no Linear in {_told(module)}")
    net = _network(linears, sigmas)
    compare(net, module, "from_torch")
    return net


def _parts(torch: Any, module: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The modules of nested Sequentials in order, each with its name."""
    if isinstance(module, torch.nn.Sequential):
        for key, part in module.named_children():
            yield from _parts(torch, part, f"{name}.{key}" if name else key)
    elif isinstance(module, torch.nn.Linear) or not any(True for _ in module.children()):
        yield name or "the module", module
    else:
        raise AutogradValueError(
            f"from_torch: {f'{name} ' if name else ''}{_told(module)} has a forward of its own, which is not read:"
            " put its layers in order into a torch.nn.Sequential; certify_torch takes it as it is"
        )


def sigma_named(torch: Any, part: Any, what: str) -> str:
    """Our name of an activation module.  Raises AutogradValueError, beginning with `what`, for any other module."""
    if isinstance(part, torch.nn.Dropout) and (not part.training or part.p == 0):
        return "linear"
    for name, (kind, options) in COUNTERPARTS.items():
        if type(part) is getattr(torch.nn, kind):
            wrong = [f"{key}={getattr(part, key)!r}" for key, value in options.items() if getattr(part, key) != value]
            if not wrong:
                return name
            right = ", ".join(f"{key}={value!r}" for key, value in options.items())
            raise AutogradValueError(
                f"{what} {kind}({', '.join(wrong)}) is not the {name} here, which is {kind}({right})"
            )
    remedy = "; call module.eval()" if isinstance(part, torch.nn.Dropout) else ""
    remedy = "; losses here take logits: leave it out" if isinstance(part, torch.nn.Softmax) else remedy
    known = ", ".join(kind for kind, _ in COUNTERPARTS.values())
    raise AutogradValueError(f"{what} {_told(part)} is not known here; known are Linear, {known}{remedy}")


def _told(part: Any) -> str:
    return type(part).__name__


def _network(linears: Sequence[Any], sigmas: Sequence[str]) -> MLP:
    sizes = [linears[0].in_features, *(linear.out_features for linear in linears)]
    for k, linear in enumerate(linears):
        if linear.in_features != sizes[k]:
            raise AutogradValueError(
                f"from_torch: layer {k + 1} takes {linear.in_features} inputs, and the one before gives {sizes[k]}"
            )
    net = MLP(sizes[0], sizes[1:], sigmas[0], sigmas[-1], True, "zeros")
    for k, (linear, sigma) in enumerate(zip(linears, sigmas)):
        net.layers[k] = Layer(sizes[k], sizes[k + 1], sigma, linear.bias is not None, "zeros", index=k + 1)
        biases = [] if linear.bias is None else doubles(linear.bias)
        for i, (neuron, weights) in enumerate(zip(net.layers[k].neurons, doubles(linear.weight))):
            for theta, weight in zip(neuron.theta, weights):
                theta.data = weight
            if neuron.bias is not None:
                neuron.bias.data = biases[i]
    return net


def doubles(tensor: Any) -> Any:
    """The numbers of a tensor, wherever it is, as Python's; a copy goes to the CPU, the tensor stays."""
    return tensor.detach().cpu().double().tolist()


# --- run and compared ---------------------------------------------------------------------------------------


def compare(net: MLP, module: Any, what: str) -> None:
    """Raise AutogradError unless both give the same outputs for random inputs, as far as the module's digits go."""
    torch = torch_for(what)
    parameter = next(module.parameters())
    limits = torch.finfo(parameter.dtype)
    generator = random.Random(0)
    rows = [[generator.gauss(0.0, 2.0 ** generator.randint(-3, 3)) for _ in range(net.nin)] for _ in range(SAMPLES)]
    X = torch.tensor(rows, dtype=parameter.dtype)
    with torch.no_grad():
        theirs = doubles(module(X.to(parameter.device)))
    with no_grad():
        for x, outputs in zip(doubles(X), theirs):
            run = net.forward(x)
            bounds = output_errors(run, limits.eps / 2, limits.tiny)
            for i, (o, output, bound) in enumerate(zip(run.outputs, outputs, bounds), 1):
                same = o.data == output or (math.isnan(o.data) and math.isnan(output))
                if not (same or abs(o.data - output) <= bound):
                    raise AutogradError(
                        f"{what}: output {i} is {output!r} in PyTorch and {o.data!r} here for the inputs {x!r}, further"
                        f" apart than rounding in {parameter.dtype} explains ({bound:.3g})"
                    )


def output_errors(run: ForwardPass, rounding: float, tiniest: float) -> list[float]:
    """How far the outputs of two forward passes may lie apart, one in doubles, the other with this rounding.

    rounding   the relative error of one operation of the other, 2⁻⁵³ in doubles
    tiniest    its smallest normal number, below which digits are lost

    >>> run = MLP(2, [3, 1], seed=0).forward([1.0, 2.0])
    >>> 1e-16 < output_errors(run, 2.0**-53, 2.0**-1022)[0] < 1e-13
    True
    """
    both = rounding + 2.0**-53
    errors = [0.0] * len(run.inputs)
    before = [x.data for x in run.inputs]
    for layer, us, os in zip(run.net.layers, run.u, run.o):
        found = []
        for neuron, u, o in zip(layer.neurons, us, os):
            moved = sum(abs(theta.data) * e for theta, e in zip(neuron.theta, errors))
            size = sum(abs(theta.data * x) for theta, x in zip(neuron.theta, before))
            size += abs(neuron.bias.data) if neuron.bias is not None else 0.0
            e_u = moved + (len(before) + 4) * (both * (size + moved) + tiniest)
            found.append(STEEPEST * e_u + 8 * (both * max(abs(o.data), abs(u.data)) + tiniest))
        errors, before = found, [o.data for o in os]
    return errors
