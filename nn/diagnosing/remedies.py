"""The network that the remedies make, and whether they help."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError
from autograd.words.naming import name

from ..network.modules import MLP
from .causes import DEAD, DRAW, FLAT, columns_of, root_mean_square
from .hindrances import constant

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

NARROW = 4  # neurons: in layers of fewer, one after the other, ReLU soon lets nothing through
LINEAR = 'output_activation="linear"'


def remedied(diagnosis: Diagnosis, seed: int = 0, sigma: str = "relu") -> tuple[MLP, list[Any], str]:
    """The network and the samples after the remedies, and in words what was changed.

    Where inputs are large they are scaled, and nothing else.  Else the weights are drawn anew, from
    the initialiser that fits: with another activation where σ' was to blame, and in layers twice as
    wide where the draw was.  sigma is that activation: "relu", or "tanh", and wider layers, where
    they are so narrow that they would die.  Raises AutogradValueError where there is nothing to remedy, or no
    network would.

    >>> from nn import diagnose
    >>> deep = diagnose(MLP(2, [8] * 8 + [1], "sigmoid", seed=0), [[0.5, -0.5]], [1.0])
    >>> remedied(deep)[::2]
    (MLP(2-8-8-8-8-8-8-8-8-1, relu, 537 parameters), 'activation="relu", weights drawn with seed 0')
    """
    if not diagnosis.causes or diagnosis.verdict == "not finite":
        then = "no other network would mend that: see its advice" if diagnosis.causes else "there is no cause to remedy"
        raise AutogradValueError(f"remedy: δ is {diagnosis.verdict}, and {then}")
    net, first = diagnosis.net, diagnosis.causes[0].name
    causes = [c for c in diagnosis.causes if c.name != "dead neurons" or first == "dead neurons"]
    if any(cause.name == "large inputs" for cause in causes):
        columns = zip(*map(_scaled, columns_of(diagnosis.X)))
        return net, [list(x) for x in columns], "scaled inputs, the same network"
    if first == "constant features":
        return _without_constants(diagnosis, seed)
    if first.startswith("labels"):
        raise AutogradValueError(f"remedy: no other network would mend that: {diagnosis.causes[0].remedy}")
    hidden, output, changed = net.activation, net.output_activation, ""
    widths = [len(layer.neurons) for layer in net.layers]
    if causes[0].remedy.startswith(LINEAR):
        output, changed = "linear", f"{LINEAR}, "
    slopes = [c for c in causes if c.name in ("small slope of σ", "large slope of σ", "saturation")]
    if any(c.layers != (len(widths),) for c in slopes):
        hidden, changed = sigma, f'activation="{sigma}", '
        if sigma == "tanh" and any(width < NARROW for width in widths[:-1]):
            widths = [max(width, NARROW) for width in widths[:-1]] + widths[-1:]
            changed += f"{NARROW} neurons a layer, "
    elif causes[0] in slopes and first != "saturation":
        output, changed = "linear", 'output_activation="linear", '
    elif causes[0].remedy in (FLAT, DEAD) and hidden != "leaky_relu":
        hidden, changed = "leaky_relu", 'activation="leaky_relu", '
    elif causes[0].remedy == DRAW:  # another draw of the same would show nothing but its luck
        widths = [2 * width for width in widths[:-1]] + widths[-1:]
        changed = "layers twice as wide, "
    biased = any(neuron.bias is not None for layer in net.layers for neuron in layer.neurons)
    fresh = MLP(net.nin, widths, hidden, output, biased, seed=seed)
    return fresh, diagnosis.X, f"{changed}weights drawn with seed {seed}"


def helps(before: Diagnosis, after: Diagnosis) -> bool:
    """Whether the second is better off: healthy, or with half of the change, or with fewer causes and no other verdict.

    >>> from nn import diagnose
    >>> deep = diagnose(MLP(2, [8] * 8 + [1], "sigmoid", seed=0), [[0.5, -0.5]], [1.0])
    >>> helps(deep, diagnose(*remedied(deep)[:2], [1.0])), helps(deep, deep)
    (True, False)
    """
    if after.verdict == "healthy":
        return before.verdict != "healthy" or len(after.causes) < len(before.causes)
    if before.verdict in ("healthy", "hampered"):
        return after.verdict == "hampered" and len(after.causes) < len(before.causes)
    if after.verdict == "hampered":
        return True
    if before.verdict == "dead" or before.change == -math.inf:
        return after.verdict != "dead" and math.isfinite(after.change)
    return math.isfinite(after.change) and abs(after.change) <= 0.5 * abs(before.change)


def _without_constants(diagnosis: Diagnosis, seed: int) -> tuple[MLP, list[Any], str]:
    same = set(constant(columns_of(diagnosis.X)))
    left = [i for i in range(diagnosis.net.nin) if i not in same]
    if not left:
        raise AutogradValueError("remedy: no feature differs from sample to sample, and no network would mend that")
    net, named = diagnosis.net, ", ".join(name("x", i + 1) for i in sorted(same))
    widths = [len(layer.neurons) for layer in net.layers]
    biased = any(neuron.bias is not None for layer in net.layers for neuron in layer.neurons)
    fresh = MLP(len(left), widths, net.activation, net.output_activation, biased, seed=seed)
    return fresh, [[x[i] for i in left] for x in diagnosis.X], f"without {named}, weights drawn with seed {seed}"


def _scaled(column: list[float]) -> list[float]:
    """Mean 0 and standard deviation 1; one that is the same at all samples, and 0 at none, has size 1."""
    mean = math.fsum(x / len(column) for x in column)
    deviation = root_mean_square([x - mean for x in column])
    return [(x - mean) / deviation for x in column] if deviation else [x / (abs(mean) or 1.0) for x in column]
