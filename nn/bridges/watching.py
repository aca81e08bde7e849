"""One run of a PyTorch module, watched by hooks: what each Linear got and gave, and which σ stands behind it.

u   what a Linear gives            o   what the next one takes, or the module's output
δ   ∂Err/∂u, caught on its way back by a hook on u, so that the module's own gradients are left alone

Whether a σ follows a u is seen by the tensors themselves: the activation took the very tensor that the Linear gave, and
the next Linear took the very one that the activation gave.  So a forward with a `+` or a torch.tanh in between is never
mistaken for a stack.  A Linear is whatever has a matrix `weight` and a `bias`, or None for it, and no parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from autograd import AutogradValueError

from .pytorch import doubles, sigma_named, torch_for


@dataclass
class Call:
    """One call of a module without parts: its name, itself, what it took and gave."""

    name: str
    module: Any
    took: Any
    gave: Any

    @property
    def told(self) -> str:
        return f"{self.name or 'the module'} ({type(self.module).__name__})"


@dataclass
class Layer:
    """A Linear in a run, with n samples.

    call        the Linear's
    sigma       the σ behind it by our name; "" where it was not recognised
    between     the modules that were called between it and the next Linear
    x, u, o     numbers [n][…]: what it took, what it gave, what the next one took
    delta       ∂Err/∂u, once the error was differentiated
    """

    call: Call
    x: list[list[float]]
    u: list[list[float]]
    o: list[list[float]] = field(default_factory=list)
    delta: list[list[float]] = field(default_factory=list)
    sigma: str = ""
    between: list[Call] = field(default_factory=list)
    output: Any = None  # the tensor whose numbers o are

    def caught(self, gradient: Any) -> None:
        """The hook on u; what comes later, when single edges are asked for, is not δ."""
        self.delta = self.delta or doubles(gradient)

    @property
    def weight(self) -> Any:
        return self.call.module.weight

    @property
    def bias(self) -> Any:
        return self.call.module.bias


@dataclass
class Run:
    """A module's forward pass over n samples: its layers in the order of their calls, and its output (n, m)."""

    layers: list[Layer]
    output: Any


def is_linear(module: Any) -> bool:
    """Whether a module without parts has the parameters of a Linear."""
    weight = getattr(module, "weight", None)
    return hasattr(module, "bias") and getattr(weight, "ndim", 0) == 2 and not any(True for _ in module.children())


def watched(module: Any, X: Any) -> Run:
    """Run the module on the rows of X with every Linear watched.

    Raises AutogradValueError for a module in which no Linear is called, or whose outputs are not those of its last one.
    """
    torch = torch_for("certify_torch")
    calls: list[Call] = []
    layers: dict[int, Layer] = {}  # by the number of their call
    parts = [(name, part) for name, part in module.named_modules() if not any(True for _ in part.children())]
    handles = [part.register_forward_hook(_hook(name, calls, layers)) for name, part in parts]
    try:
        output = module(X.requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    if not layers:
        raise AutogradValueError(f"certify_torch: no Linear is called in {type(module).__name__}")
    _connect(torch, calls, layers, output)
    found = list(layers.values())
    shape = (len(found[-1].u), len(found[-1].u[0]))
    if not isinstance(output, torch.Tensor) or output.numel() != shape[0] * shape[1]:
        given = getattr(output, "shape", type(output).__name__)
        raise AutogradValueError(
            f"certify_torch: the module's output ({given}) is not that of its last Linear, {found[-1].call.told}"
        )
    found[-1].o = doubles(output.reshape(shape))
    return Run(found, output.reshape(shape))


def _hook(name: str, calls: list[Call], layers: dict[int, Layer]) -> Any:
    """What is called after each call of a part."""

    def hook(part: Any, inputs: tuple[Any, ...], output: Any) -> None:
        call = Call(name, part, inputs[0] if inputs else None, output)
        if is_linear(part):  # its numbers at once: an activation in place will overwrite u
            layer = layers[len(calls)] = Layer(call, _rows(call.took, call), _rows(output, call))
            if not output.requires_grad:
                told = f"what {call.told} gives has no gradient"
                raise AutogradValueError(f"certify_torch: {told}; is it called in torch.no_grad()?")
            output.register_hook(layer.caught)
        calls.append(call)

    return hook


def _connect(torch: Any, calls: list[Call], layers: dict[int, Layer], output: Any) -> None:
    """What stands between each Linear and the next, or the end."""
    starts = [*layers, len(calls)]
    for start, end in pairwise(starts):
        layer = layers[start]
        layer.between = calls[start + 1 : end]
        layer.output = calls[end].took if end in layers else output
        if end in layers:
            layer.o = layers[end].x
        names, tensor = [], layer.call.gave
        for call in layer.between:
            if call.took is tensor:
                try:
                    names.append(sigma_named(torch, call.module, ""))
                except AutogradValueError:
                    break
                tensor = call.gave
        acting = [name for name in names if name != "linear"]
        if tensor is layer.output and len(acting) <= 1:
            layer.sigma = acting[0] if acting else "linear"


def _rows(tensor: Any, call: Call) -> list[list[float]]:
    if getattr(tensor, "ndim", 0) != 2:
        raise AutogradValueError(
            f"certify_torch: {call.told} works on a tensor of shape {tuple(getattr(tensor, 'shape', ()))};"
            " only samples × numbers are compared"
        )
    found: list[list[float]] = doubles(tensor)
    return found
