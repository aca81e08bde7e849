"""Do the loss, the last layer's σ and the targets fit each other?  Said before training, and by a diagnosis.

What cannot be learned shows in one number, the floor: the mean error of the best outputs that σ's range
allows.  Where they fit it is 0.  A loss or a σ of one's own is never refused, since nothing is known of it.

y   a target, as the loss takes it        ŷ   the last layer's o, between `low` and `high` of its σ
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd import Value

from .activations import ActivationRecord, record_of
from .losses import Loss, LossRecord, listed, loss_record

MOST_CLASSES = 20  # whole numbers beyond are quantities rather than classes


class Misfit(NamedTuple):
    """What does not fit, and what to do.

    severity  "error" where it can never be meant, "warning" where it may be
    name      what it is, in a few words
    sentence  what was given, and what comes of it
    remedy    what to give instead
    floor     below which the mean error cannot fall; 0 where that is not what is wrong

    >>> Misfit("warning", "class indices", "the targets are 0, 1 and 2", 'loss="cross_entropy"').severity
    'warning'
    """

    severity: str
    name: str
    sentence: str
    remedy: str
    floor: float = 0.0


def misfits(sigma: object, loss: str | Loss, targets: Iterable[Any], outputs: int = 1) -> list[Misfit]:
    """What does not fit between the last layer's σ, the loss and the targets; nothing where all is well.

    sigma    the activation of the last layer, its name or its function
    loss     a name of LOSSES, or a function
    targets  one for each sample, as the loss takes them
    outputs  how many outputs the network has

    >>> [(m.severity, m.name) for m in misfits("linear", "hinge", [0, 1, 1, 0])]
    [('error', 'labels 0 and 1')]
    >>> misfits("tanh", "squared_error", [0, 50, 100])[0].sentence
    'the targets are 0 to 100, and tanh gives −1 to 1: the mean error cannot fall below 4.07e+03'
    >>> misfits("tanh", "squared_error", [-1, 1]), misfits("linear", lambda outputs, y: outputs, [7])
    ([], [])
    """
    known, record = loss_record(loss), record_of(sigma)
    try:
        rows = [[float(a.data if isinstance(a, Value) else a) for a in listed(y)] for y in targets]
    except (TypeError, ValueError):  # no numbers: what is wrong with them is said where they are read
        return []
    if known is None:
        return []
    values = [y for row in rows for y in row if math.isfinite(y)]
    found = [_labels(known, values), _class_indices(known, rows) if outputs == 1 else None]
    if record is not None and values and not found[0]:
        least = math.fsum(floor(known.name, row, record.low, record.high, outputs) for row in rows) / len(rows)
        if least > 1e-9 * max(1.0, max(map(abs, values)) ** 2):
            found.insert(1, _out_of_reach(known, record, values, least))
    return [misfit for misfit in found if misfit is not None]


def floor(loss: str, y: Sequence[float], low: float, high: float, outputs: int = 1) -> float:
    """The least error at one sample that outputs between low and high can have; 0 where a share says maybe.

    >>> floor("squared_error", [3.0], -1.0, 1.0), floor("hinge", [-1.0], 0.0, 1.0)
    (4.0, 1.0)
    >>> round(floor("binary_cross_entropy", [0.0], 0.0, 1.0), 3), round(floor("cross_entropy", [2], -1.0, 1.0, 3), 3)
    (0.693, 0.24)
    """
    if loss == "hinge":
        return sum(max(0.0, 1.0 - max(a * low if a < 0 else a * high, 0.0)) for a in y if a)
    if loss == "binary_cross_entropy":
        return sum(math.log1p(math.exp(low if a == 0 else -high)) for a in y if a in (0.0, 1.0))
    if loss == "cross_entropy":
        sure = len(y) == 1 or sorted(y)[-2:] == [0.0, 1.0]
        return math.log1p((max(outputs, len(y)) - 1) * math.exp(low - high)) if sure else 0.0
    squares = [max(low - a, a - high, 0.0) ** 2 for a in y if math.isfinite(a)]
    factor = {"half_squared_error": 0.5, "mean_squared_error": 1.0 / max(len(y), 1)}.get(loss, 1.0)
    return factor * sum(squares)


# --- what may not fit ----------------------------------------------------------------------------


def _labels(loss: LossRecord, values: Sequence[float]) -> Misfit | None:
    """Labels that the loss does not know: hinge wants −1 and 1, binary_cross_entropy 0 and 1."""
    seen = set(values)
    if loss.targets == "signs" and 0 in seen and -1 not in seen:
        sentence = f"{loss.name} takes the labels −1 and 1, and was given 0: there the error is 1 whatever ŷ is"
        return Misfit("error", "labels 0 and 1", f"{sentence}, and only one class is learned", _SIGNS)
    if loss.targets == "signs" and len(seen) > 1 and min(seen) > 0:
        low, high = min(seen), max(seen)
        sentence = (
            f"{loss.name} takes the labels −1 and 1, and was given {low:g} and {high:g}, of which none is negative"
        )
        return Misfit("error", "labels of one sign", f"{sentence}: only one class is learned", _SIGNS)
    if loss.targets == "signs" and not seen <= {-1, 0, 1}:
        other = next(y for y in values if y not in (-1, 0, 1))
        return Misfit("warning", "labels", f"{loss.name} takes the labels −1 and 1, and was given {other:g}", _SIGNS)
    if loss.targets == "shares" and not all(0 <= y <= 1 for y in seen):
        other = next(y for y in values if not 0 <= y <= 1)
        sentence = f"{loss.name} takes targets from 0 to 1, and was given {other:g}".replace("-", "−")
        return Misfit("error", "labels −1 and 1", sentence, _SHARES)
    return None


def _class_indices(loss: LossRecord, rows: Sequence[Sequence[float]]) -> Misfit | None:
    """Whole numbers 0 … k, each several times, at one output: a distance between classes that nobody means."""
    if loss.targets != "numbers" or any(len(row) != 1 for row in rows):
        return None
    counts = Counter(row[0] for row in rows)
    classes = len(counts)
    if not 3 <= classes <= MOST_CLASSES or set(counts) != set(range(classes)) or min(counts.values()) < 2:
        return None
    sentence = f"the targets are the whole numbers 0 to {classes - 1}; if they are classes, then {loss.name} takes"
    return Misfit("warning", "class indices", f"{sentence} class {classes - 1} for far from class 0", (
        f'{classes} outputs with output_activation="linear" and loss="cross_entropy"'
    ))  # fmt: skip


def _out_of_reach(loss: LossRecord, sigma: ActivationRecord, values: Sequence[float], least: float) -> Misfit:
    """The last layer's σ cannot give what the loss asks for."""
    gives = f"{sigma.name} gives {_range(sigma.low, sigma.high)}"
    stuck = f"the mean error cannot fall below {least:.3g}"
    if loss.outputs == "logits":
        twice = loss.name == "binary_cross_entropy" and sigma.name == "sigmoid"
        why = "applies the sigmoid itself" if loss.name == "binary_cross_entropy" else "applies softmax itself"
        sentence = f"{loss.name} takes logits, any numbers, and {why}; {gives}: {stuck}"
        return Misfit("error" if twice else "warning", "σ under a loss that takes logits", sentence, _LINEAR, least)
    if loss.outputs == "margins":
        return Misfit("warning", "σ under a loss that takes margins",
                      f"{loss.name} takes outputs of either sign, and {gives}: {stuck}", _LINEAR, least)  # fmt: skip
    width = sigma.high - sigma.low if sigma.bounded else 0.0
    far = sum(y < sigma.low - width or y > sigma.high + width for y in values)
    never = 2 * far > len(values) if sigma.bounded else far == len(values)
    sentence = f"the targets are {_range(min(values), max(values))}, and {gives}: {stuck}"
    return Misfit("error" if never else "warning", "targets out of the output's range", sentence, _SCALED, least)


_LINEAR = 'output_activation="linear"'
_SIGNS = 'the targets −1 and 1, or loss="binary_cross_entropy" for 0 and 1'
_SHARES = 'the targets 0 and 1, or loss="hinge" for −1 and 1'
_SCALED = _LINEAR + ", or targets scaled into that range"


def _range(low: float, high: float) -> str:
    """As a reader says it: "−1 to 1", "0 and more", "3"."""
    text = f"{low:.4g}" if low == high else f"{low:.4g} and more" if math.isinf(high) else f"{low:.4g} to {high:.4g}"
    return text.replace("-", "−").replace("e−", "e-")
