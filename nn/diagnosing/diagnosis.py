"""Vanishing and exploding δ, the lecture's section 9: where, and why.

|δ| of a layer is the length of its δ, √Σδᵢ², as |∂Err/∂θ| is that of the gradient.  The recursion
δᵢ = σ'(uᵢ)·Σⱼ δⱼ·θⱼᵢ makes it a product, so its logarithm is a sum.  On the way from right to left,
from |∂Err/∂ŷ| to the first layer, each layer adds

    slope         log |δ| / |Σδθ|           |Σδθ| = √Σᵢ(Σⱼ δⱼ·θⱼᵢ)², what comes back to the layer
    cancellation  log |Σδθ| / √ΣΣ(δⱼ·θⱼᵢ)²  what the terms of these sums leave of each other
    weights       log √ΣΣ(δⱼ·θⱼᵢ)² / |δ|    |δ| of the next layer, whose weights θ are

The slope is a mean of |σ'|, and the weights' part one of the lengths of the neurons' θ, weighted by δ:
neither is beyond the largest.  Terms of random signs cancel by 0 in the mean of squares.
A δᵢ that is 0 counts, as in every length.  All logarithms are to base 10, and means over the samples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from autograd import AutogradTypeError, AutogradValueError
from autograd.words.text import counted, markup

from ..frames import is_frame, plain, targets_of
from ..network.activations import name_of
from ..network.losses import Loss, loss_of
from ..network.modules import MLP
from ..tables import Table
from .causes import RELU, TANH, causes_of, verdict_of
from .hindrances import hinders, hindrances_of
from .reading import read, row_of
from .remedies import helps, remedied
from .report import Cause, LayerDiagnosis, power_of, table_of, vanished

if TYPE_CHECKING:
    from ..training.history import History
    from .plots import DeltaPlot


@dataclass
class Diagnosis:
    """δ layer by layer: printable as a table, with a verdict, its causes and remedies.

    rows           one for each layer, from left to right
    verdict        "healthy"; "vanishing" or "exploding": |δ| changes by 10² or more from ∂Err/∂ŷ to the
                   first layer; "dead": at most samples all δ of a layer are exactly 0; "hampered": none of
                   these, but something else keeps it from learning; "nothing to learn": ∂Err/∂ŷ is 0 at
                   all; "not finite": a nan or inf is in it
    causes         of the verdict, the largest first; then dead neurons, which a healthy network may have too,
                   and what hampers besides
    gradient_norm  the length of ∂Err/∂θ of the mean over the samples
    not_finite     the first number that is not finite, and where; "" where all are
    lost, blocked  (how many samples' δ are all exactly 0 in the first layer, of how many whose ∂Err/∂ŷ
                   is not), and of these at how many it was stopped by a factor 0
    """

    net: MLP
    X: list[Any]
    Y: list[Any]
    loss: str | Loss
    rows: list[LayerDiagnosis] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    gradient_norm: float = 0.0
    verdict: str = "healthy"
    not_finite: str = ""
    lost: tuple[int, int] = (0, 0)
    blocked: int = 0

    @property
    def change(self) -> float:
        """log of how many times larger |δ| of the first layer is than |∂Err/∂ŷ|.

        It is −inf where |δ| is 0, and nan where the verdict is "not finite".

        >>> from nn import diagnose
        >>> round(diagnose(MLP(1, [1], "linear", seed=0), [1.0], 0.0).change, 6)
        0.0
        """
        if self.not_finite:
            return math.nan
        return self.rows[0].size - self.rows[-1].back if self.rows[0].size > -math.inf else -math.inf

    @property
    def sizes(self) -> list[float]:
        """The typical |δ| of every layer from left to right, then |∂Err/∂ŷ|."""
        return [*(row.typical for row in self.rows), power_of(self.rows[-1].back)]

    @property
    def advice(self) -> list[str]:
        """What to do, the most important first; nothing, where what was tried of it does not help."""
        return list(dict.fromkeys(text for cause in self.causes if (text := self._offered(cause))))

    def _offered(self, cause: Cause) -> str:
        """A cause's remedy as it helps here: narrow layers want tanh for ReLU."""
        return cause.remedy.replace(RELU, TANH) if self._helping == "tanh" else cause.remedy if self._helping else ""

    @cached_property
    def _helping(self) -> str:
        """With which activation the remedied network is better off; what another network cannot mend is not tried."""
        try:
            changed = self.remedy().changed
        except AutogradValueError as refused:
            return "" if "does not help" in str(refused) else "relu"
        return "tanh" if 'activation="tanh"' in changed else "relu"

    def remedy(self, seed: int = 0) -> BeforeAfter:
        """The same network with what the causes advise, diagnosed on the same samples.

        seed  of the weights that are drawn; where these do not help, the next two are tried, and tanh for ReLU

        Raises AutogradValueError where there is no cause, where a number is not finite, and where it does not help.

        >>> from nn import diagnose
        >>> deep = MLP(2, [8] * 8 + [1], "sigmoid", seed=0)
        >>> compared = diagnose(deep, [[0.5, -0.5]], [1.0]).remedy()
        >>> compared.before.verdict, compared.after.verdict
        ('vanishing', 'healthy')
        """
        better: BeforeAfter | None = None
        for sigma, drawn in itertools.product(("relu", "tanh"), range(seed, seed + 3)):
            net, X, changed = remedied(self, drawn, sigma)
            after = diagnose(net, X, self.Y, self.loss)
            if helps(self, after):
                better = better or BeforeAfter(self, after, changed)
                if after.verdict == "healthy":
                    return BeforeAfter(self, after, changed)
        if better is not None:
            return better
        raise AutogradValueError(f"remedy: what was tried ({changed}) does not help: δ is {after.verdict} then")

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """δ by layer and its split, shown by a notebook, and written to path (.svg, .png, .pdf) if given."""
        from .plots import by_layer

        return by_layer([("", self)], path)

    def __str__(self) -> str:
        return f"{table_of(self.rows).text()}\n\n{self.summary}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{markup(line)}</p>" for line in self.summary.splitlines())
        return table_of(self.rows, narrow=True).html() + said

    @property
    def summary(self) -> str:
        """The verdict, its causes and their remedies in a few lines."""
        lines = [f"{self.verdict}: {self._sizes()}"]
        if self.verdict == "vanishing":
            lines.append(f"  {vanished(self.rows)}")
        lost, wrong = self.lost
        if lost and not self.not_finite:
            lines.append(f"  at {lost} of {wrong} samples all δ of layer 1 are exactly 0")
        for cause in self.causes:
            lines += [f"  {cause}", *([f"        → {text}"] if (text := self._offered(cause)) else [])]
        return "\n".join(lines)

    def _sizes(self) -> str:
        first, last = self.rows[0], self.rows[-1]
        if self.verdict == "not finite":
            return self.not_finite
        if self.verdict == "nothing to learn":
            return f"∂Err/∂ŷ is 0 at {'every' if len(self.X) > 1 else 'the'} sample, and so is every δ"
        among = f"{last.typical:.3g} in layer {last.layer}, " if last is not first else ""
        return (
            f"|∂Err/∂ŷ| is typically {power_of(last.back):.3g}, |δ| {among}{first.typical:.3g} in layer 1;"
            f" |∂Err/∂θ| = {self.gradient_norm:.3g}"
        )


@dataclass(frozen=True)
class BeforeAfter:
    """Two diagnoses, before and after; `changed` says what lies between, where that is known."""

    before: Diagnosis
    after: Diagnosis
    changed: str = ""

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """Both in one picture, and written to path if given."""
        from .plots import by_layer

        return by_layer([("before", self.before), ("after", self.after)], path)

    def __str__(self) -> str:
        lines = ["typical |δ|, from the first layer to the last, and |∂Err/∂ŷ|"]
        verdicts = max(len(d.verdict) for d in (self.before, self.after))
        for title, d in (("before", self.before), ("after", self.after)):
            sizes = "  ".join(f"{size:7.1e}" for size in d.sizes)
            lines.append(f"{title:<6}  {d.verdict:<{verdicts}}  {sizes}  {name_of(d.net.activation)}")
        return "\n".join([*lines, f"changed: {self.changed}"] if self.changed else lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        both = (("before", self.before), ("after", self.after))
        count = max(len(d.rows) for _, d in both)
        rows = []
        for title, d in both:
            *sizes, start = (f"{size:.1e}" for size in d.sizes)
            sizes += [""] * (count - len(sizes))  # networks of different depth
            rows.append([title, d.verdict, name_of(d.net.activation), *sizes, start])
        header = ["", "verdict", "σ", *(f"layer {k}" for k in range(1, count + 1)), "|∂Err/∂ŷ|"]
        changed = f"<p>changed: {markup(self.changed)}</p>" if self.changed else ""
        return f"<p>typical |δ|</p>{Table(header, rows).html()}{changed}"


def diagnose(net: MLP, X: Sequence[Any], Y: Any, loss: str | Loss = "squared_error") -> Diagnosis:
    """Say how large δ is in every layer, and why.

    X, Y  samples and targets as fit takes them, or one sample and its target
    loss  a name of LOSSES, or a function of outputs and target

    The gradients of the parameters are left as they were.  Raises AutogradTypeError for what is
    no MLP, and AutogradValueError for no samples, or not as many targets, or a sample that does
    not fit the network.

    >>> diagnosis = diagnose(MLP(2, [8] * 8 + [1], "sigmoid", seed=0), [[0.5, -0.5]], [1.0])
    >>> diagnosis.verdict, diagnosis.causes[0].name
    ('vanishing', 'small slope of σ')
    """
    if not isinstance(net, MLP):
        raise AutogradTypeError(
            f"diagnose takes a network, samples and targets, and was given {net!r} as the network;"
            " a neuron or a layer is one as MLP(nin, nout)"
        )
    xs, ys = _samples("diagnose", X, Y)
    err = loss_of(loss)
    before = [(p, p.grad) for p in net.parameters()]
    readings, place = [], ""
    try:
        net.zero_grad()
        for n, (x, y) in enumerate(zip(xs, ys)):
            readings.append(read(net, x, y, err, n))
            place = place or readings[-1].place
        norm = math.hypot(*(p.grad / len(xs) for p in net.parameters()))
    finally:
        for p, grad in before:
            p.grad = grad
    if not place and not math.isfinite(norm):
        place = f"|∂Err/∂θ| is {norm}"
    rows = [row_of(net, k, readings) for k in range(len(net.layers))]
    wrong = [r for r in readings if r.layers[-1].back != -math.inf]
    lost = [r for r in wrong if r.layers[0].size == -math.inf]
    result = Diagnosis(
        net, xs, ys, loss, rows, gradient_norm=norm, not_finite=place, lost=(len(lost), len(wrong)),
        blocked=sum(r.blocked for r in lost),
    )  # fmt: skip
    result.verdict = verdict_of(result)
    result.causes = causes_of(result)
    hindrances = hindrances_of(result)
    result.causes = [*(hindrances if result.verdict == "healthy" else []), *result.causes,
                     *([] if result.verdict == "healthy" else hindrances)]  # fmt: skip
    if result.verdict == "healthy" and any(map(hinders, hindrances)):
        result.verdict = "hampered"
    return result


def compare_diagnoses(before: Diagnosis, after: Diagnosis) -> BeforeAfter:
    """Two diagnoses side by side, as text and as a plot.

    Raises AutogradTypeError for what is no Diagnosis.

    >>> once = diagnose(MLP(1, [2, 1], seed=0), [1.0], 0.0)
    >>> compare_diagnoses(once, once).after.verdict
    'healthy'
    """
    for what, given in (("before", before), ("after", after)):
        if not isinstance(given, Diagnosis):
            raise AutogradTypeError(
                f"compare: {what} is a Diagnosis, as diagnose(net, X, Y) gives it, and not {given!r}"
            )
    return BeforeAfter(before, after)


compare = compare_diagnoses  # its older name


class Watch:
    """A callback for fit that diagnoses the network after every `every`-th epoch.

    X, Y, loss  as for diagnose; a few samples are enough

    `epochs` and `diagnoses` are what it saw.  Raises AutogradValueError for no samples, not as
    many targets, an unknown loss, or an `every` that is no whole number from 1.

    >>> from nn import fit
    >>> watch = Watch([[0.0], [1.0]], [1.0, 0.0], every=5)
    >>> _ = fit(MLP(1, [2, 1], seed=0), [[0.0], [1.0]], [1.0, 0.0], epochs=10, callbacks=[watch])
    >>> watch.epochs, len(watch.diagnoses[0].rows)
    ([5, 10], 2)
    """

    def __init__(self, X: Sequence[Any], Y: Any, loss: str | Loss = "squared_error", every: int = 1) -> None:
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise AutogradValueError(f"Watch: every is a whole number from 1, and was given as {every!r}")
        self.X, self.Y = _samples("Watch", X, Y)
        loss_of(loss)
        self.loss, self.every = loss, every
        self.epochs: list[int] = []
        self.diagnoses: list[Diagnosis] = []

    def __call__(self, epoch: int, net: Any, history: History) -> None:
        if epoch % self.every == 0:
            self.epochs.append(epoch)
            self.diagnoses.append(diagnose(net, self.X, self.Y, self.loss))

    def plot(self, path: str | PathLike[str] | None = None) -> DeltaPlot:
        """|δ| of every layer over the epochs, and written to path if given."""
        from .plots import over_training

        return over_training(self, path)


def _samples(who: str, X: Any, Y: Any) -> tuple[list[Any], list[Any]]:
    """Samples and targets as lists, of which there are as many; one sample and its target are a list of one."""
    X, Y = plain(X), targets_of(Y) if is_frame(Y) else plain(Y)
    if not isinstance(X, Iterable) or isinstance(X, str):
        raise AutogradTypeError(f"{who}: X is a list of samples, each a list of numbers, and was given as {X!r}")
    xs = list(X)
    if xs and not hasattr(xs[0], "__len__"):
        return [xs], [Y]
    if not isinstance(Y, Iterable) or isinstance(Y, str):
        raise AutogradTypeError(f"{who}: Y is a list of targets, one for each sample, and was given as {Y!r}")
    ys = list(Y)
    if not xs or len(xs) != len(ys):
        raise AutogradValueError(
            f"{who}: {counted(len(xs), 'sample')}, and {counted(len(ys), 'target')}; give one target for each sample"
        )
    return xs, ys
