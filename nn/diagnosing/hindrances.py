"""What keeps a network from learning although δ neither vanishes nor explodes.

Neurons that are alike and stay so, features that are the same at every sample, inputs whose size makes the steps of
their weights too large, and a loss, a last layer and targets that do not fit each other.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from autograd.words.naming import name

from ..network.fitting import floor, misfits
from ..network.losses import listed, loss_record
from .causes import SCALED, columns_of, root_mean_square
from .report import Cause

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

SAMPLES = 4  # of fewer a feature may be the same by chance
FEW = 0.1  # of the features being the same is told, and hinders little
LARGE = 30.0  # inputs of this root mean square make δ·x so much larger than δ
FAR = 0.6  # of the error at ŷ = 0 stays: the targets are far outside the output's range

REDRAWN = 'an initialisation that draws each weight by itself: initializer="xavier" or "he"'
LEFT_OUT = "leave such features out, or give samples in which they differ"


def hindrances_of(diagnosis: Diagnosis) -> list[Cause]:
    """What hinders learning, whatever the verdict on δ is; "nothing to learn" is no such thing.

    >>> from nn import MLP, diagnose
    >>> [c.name for c in hindrances_of(diagnose(MLP(1, [2, 1], "tanh", seed=0), [[0.5], [-1.0]], [50.0, 100.0]))]
    ["targets out of the output's range"]
    """
    if diagnosis.verdict in ("nothing to learn", "not finite"):
        return []
    found = [*_unfit(diagnosis), *_identical(diagnosis), *_constant(diagnosis)]
    if diagnosis.verdict == "healthy":  # else |u| is large, and its cause is known
        found += _large(diagnosis)
    return found


def hinders(cause: Cause) -> bool:
    """Whether a network with this cause is not to be called healthy."""
    return cause.name != "constant features" or cause.share >= FEW


def constant(columns: list[list[float]]) -> list[int]:
    """The features that are the same at every sample.

    >>> constant([[1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 1.0, 1.0]]), constant([[1.0]])
    ([0], [])
    """
    return [i for i, column in enumerate(columns) if len(column) >= SAMPLES and len(set(column)) == 1]


def _identical(diagnosis: Diagnosis) -> Iterator[Cause]:
    """Neurons with the same θ and b on either side have the same δ, and stay alike with every step."""
    layers = diagnosis.net.layers
    alike = {}
    for k, (layer, after) in enumerate(itertools.pairwise(layers), 1):
        outgoing = zip(*([t.data for t in neuron.theta] for neuron in after.neurons))
        incoming = ((*(t.data for t in n.theta), None if n.bias is None else n.bias.data) for n in layer.neurons)
        twins = sum(count for count in Counter(zip(incoming, outgoing)).values() if count > 1)
        if twins:
            alike[k] = twins / len(layer.neurons)
    if alike:
        text = "they have the same θ and b on either side, so the same o and δ, and every step leaves them alike"
        yield Cause("identical neurons", tuple(alike), max(alike.values()), text, REDRAWN, "of a layer")


def _constant(diagnosis: Diagnosis) -> Iterator[Cause]:
    columns = columns_of(diagnosis.X)
    same = constant(columns)
    if same:
        some = ", ".join(name("x", i + 1) for i in same[:3]) + (f" and {len(same) - 3} more" if len(same) > 3 else "")
        zero = "0" if not any(columns[i][0] for i in same) else "the same"
        verb = "is" if len(same) == 1 else "are"
        text = (
            f"{some} {verb} {zero} at every sample, and {'tells' if len(same) == 1 else 'tell'} nothing of the target"
        )
        yield Cause("constant features", (), len(same) / len(columns), text, LEFT_OUT, "of the features")


def _large(diagnosis: Diagnosis) -> Iterator[Cause]:
    sizes = [root_mean_square(column) for column in columns_of(diagnosis.X)]
    i = sizes.index(max(sizes))
    if sizes[i] >= LARGE and math.isfinite(sizes[i]):
        text = (
            f"{name('x', i + 1)} is {sizes[i]:.3g} in root mean square, so its ∂Err/∂θ = δ·x is that much larger than δ"
        )
        yield Cause("large inputs", (1,), 1.0, f"{text}: a step that suits other weights is too large here", SCALED, "")


def _unfit(diagnosis: Diagnosis) -> Iterator[Cause]:
    """What network/fitting.py says, and training too; but targets only where they are far out of reach."""
    neurons, record = diagnosis.net.layers[-1].neurons, loss_record(diagnosis.loss)
    for misfit in misfits(neurons[0].activation, diagnosis.loss, diagnosis.Y, len(neurons)):
        near = False
        if record is not None and misfit.name.startswith("targets"):
            of_zero = [floor(record.name, [float(y) for y in listed(target)], 0.0, 0.0) for target in diagnosis.Y]
            near = misfit.floor <= FAR * math.fsum(of_zero) / len(of_zero)
        if not near and misfit.name != "class indices":  # what is meant by whole numbers δ does not tell
            yield Cause(misfit.name, (len(diagnosis.rows),), 1.0, misfit.sentence, misfit.remedy, "")
