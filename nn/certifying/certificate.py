"""The certificate: what emerged from the graph is what the lecture derives by hand.

Two checks, each exact in what it promises.

1. Every equation by itself.  The hand formula gets the engine's own operands (its u, its o,
   its δ of the next layer), so a mistake shows in the neuron where it is made and nowhere
   else.  A sum of n terms may differ by n + 8 ulp of its largest term.
2. From end to end.  The hand formulas run alone from the inputs; their δ may differ by what
   the same recursion, run on absolute values and rounding errors, allows.

Finite differences, which know neither side, join where they resolve the number.

Err of several samples is the sum of theirs, so ∂Err/∂θ is the sum of their δ·o; a weight that is used in several places
is summed over these in the same way.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, overload

from autograd import AutogradTypeError, AutogradValueError, Value, fsum
from autograd.recording import given
from autograd.words.text import counted

from .. import deltas as hand
from ..frames import is_frame, plain, targets_of
from ..network.activations import sigma_of
from ..network.losses import Loss, loss_of, loss_record
from ..network.modules import MLP, Neuron
from .checking import Check, ErrorSlopes
from .comparison import Comparison
from .differences import measure
from .report import BatchCertificate, Certificate
from .rounding import sum_tolerance
from .sigmas import Sigma, sigmas_of
from .structure import Structure, Weight, require_values

Progress: TypeAlias = Callable[[int, int], object]


@overload
def certify(
    net: MLP | Neuron,
    x: Sequence[float],
    y: float | Sequence[float],
    loss: str | Loss = ...,
    *,
    error_slopes: ErrorSlopes | None = ...,
    sigma: Sigma | Sequence[Sigma] | None = ...,
    differences: bool = ...,
    progress: Progress | None = ...,
) -> Certificate: ...
@overload
def certify(
    net: MLP | Neuron,
    x: Sequence[Sequence[float]],
    y: Sequence[float | Sequence[float]],
    loss: str | Loss = ...,
    *,
    error_slopes: ErrorSlopes | None = ...,
    sigma: Sigma | Sequence[Sigma] | None = ...,
    differences: bool = ...,
    progress: Progress | None = ...,
) -> BatchCertificate: ...
def certify(
    net: MLP | Neuron,
    x: Any,
    y: Any,
    loss: str | Loss = "squared_error",
    *,
    error_slopes: ErrorSlopes | None = None,
    sigma: Sigma | Sequence[Sigma] | None = None,
    differences: bool = True,
    progress: Progress | None = None,
) -> Certificate | BatchCertificate:
    """Compare every u, o, δ = u.grad and ∂Err/∂θ of a network, and Err, with the hand formulas.

    net           the network, or a single neuron
    x             one sample's inputs; or a data set, a list of samples
    y             its target, as the loss takes it: numbers, or the index of a class; or a list of these
    loss          a name of LOSSES, or a function of outputs and targets
    error_slopes  for a loss of your own: (y, ŷ) -> ∂Err/∂ŷ by hand
    sigma         for an activation of your own: (σ, σ') on floats, a pair for the layers that have it, or a list
                  with a pair or a name for each layer
    differences   whether finite differences join; of a data set, for its worst sample.  In a large network they
                  measure sums of derivatives along one direction, and the summary says which
    progress      of a data set: called after each sample with how many are done, and how many there are

    A data set is certified sample by sample and then as one batch, whose gradients are sums
    over the samples.  The sample, of a data set the worst one, is the network's last call then,
    so `delta` of its neurons is that sample's; the gradients of the parameters are left as they
    were.  Of a nan nothing is certified.  Raises AutogradTypeError for what is no network, sample
    or target, AutogradValueError where there is no hand formula for the activation or the loss,
    and for another number of targets than samples.

    >>> net = MLP(2, [3, 1], seed=0)
    >>> certificate = certify(net, [0.5, -1.0], 0.25)
    >>> bool(certificate), len(certificate.rows)
    (True, 4)
    >>> print(certify(net, [[0.5, -1.0], [1.0, 2.0]], [0.25, 0.5]).summary.partition(";")[0])
    certified: 2 samples, and 13 gradients summed over them
    """
    x, y = plain(x), targets_of(y) if is_frame(y) else plain(y)
    _require_fit(net, x, y)
    recorded = functools.partial(_recorded, net, loss, error_slopes, sigma)
    if not (len(x) and hasattr(x[0], "__len__")):
        return _certified(recorded(x, y), differences)
    if len(x) != len(y):
        raise AutogradValueError(f"certify: {counted(len(x), 'sample')}, and {counted(len(y), 'target')}")
    checks, certificates = [], []
    for n, sample in enumerate(zip(x, y), 1):
        checks.append(recorded(*sample))
        certificates.append(_certified(checks[-1], False))
        if progress is not None:
            progress(n, len(x))
    worst = max(range(len(x)), key=lambda n: certificates[n].badness)
    summed = _summed(checks)
    certificates[worst] = _certified(recorded(x[worst], y[worst]), differences)
    return BatchCertificate(certificates, worst, summed)


def certify_graph(
    err: Value,
    *,
    inputs: Sequence[Value],
    u: Sequence[Sequence[Value]],
    o: Sequence[Sequence[Value]],
    theta: Sequence[Sequence[Sequence[Weight]]],
    bias: Sequence[Sequence[Value | None]] | None = None,
    reads: Sequence[Sequence[Value]] | None = None,
    y: Any,
    sigma: Sigma | Sequence[Sigma] = "tanh",
    error_slopes: ErrorSlopes = "squared_error",
    differences: bool = True,
) -> Certificate:
    """Certify a network, a neuron or a loss that was written by hand from Values.

    err           the error, whose backward() is run here; leaves get their gradients back afterwards
    inputs        x
    u, o, theta   u[k][i], o[k][i] and θ[k][i][l] of every neuron, as Values of err's graph: lists in lists
    bias          bias[k][i], None for a neuron without
    reads         where connections pass a layer: reads[k], the Values that the θ of layer k multiply, and last what
                  the loss reads.  Each is an input, an o, or a sum of these (a residual connection, o₂ + o₁);
                  by default the inputs, then the o of each layer.  A θ may be a number then, which does not learn
    y             the targets, numbers, or the index of a class
    sigma         "tanh", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "softsign", "gelu", "silu", "linear" or
                  a pair (σ, σ') on floats; one, or a list of one per layer
    error_slopes  "squared_error", "half_squared_error", "mean_squared_error", "cross_entropy", "binary_cross_entropy",
                  "hinge", or a function (y, ŷ) -> ∂Err/∂ŷ
    differences   whether finite differences join

    Raises AutogradTypeError for what is no Value or is nested otherwise, AutogradValueError for
    shapes that do not fit and for names without a hand formula.

    >>> w, x, target = Value(0.5, "w"), Value(2.0, "x"), 1.0
    >>> u = w * x; o = u.tanh(); err = (target - o) ** 2
    >>> bool(certify_graph(err, inputs=[x], u=[[u]], o=[[o]], theta=[[[w]]], y=target))
    True
    """
    require_values("err", err)
    require_values("inputs", inputs, "l")
    require_values("u", u, "ki")
    require_values("o", o, "ki")
    require_values("theta", theta, "kil", numbers=True)
    if bias is not None:
        require_values("bias", bias, "ki", none=True)
    if reads is not None:
        require_values("reads", reads, "kl")
    sigmas = sigmas_of("certify_graph", [None] * len(u), sigma)  # a graph does not say what its activations are
    structure = Structure(inputs, u, o, theta, bias, reads)
    structure.find_outside(err)
    check = Check(err, structure, sigmas, error_slopes, y)
    return _certified(check, differences)


def _recorded(
    net: MLP | Neuron, loss: str | Loss, error_slopes: ErrorSlopes | None, sigma: Any, x: Sequence[float], y: Any
) -> Check:
    """The graph of one sample, ready to be checked."""
    if isinstance(net, Neuron):
        inputs = [Value(a) for a in x]
        o = net(inputs)
        assert net.u is not None
        us, os, neurons = [[net.u]], [[o]], [[net]]
    else:
        run = net.forward(x)
        inputs, us, os = run.inputs, run.u, run.o
        neurons = [layer.neurons for layer in net.layers]
    activations = [sigma_of(layer, "certify", k) for k, layer in enumerate(neurons, 1)]
    outputs = os[-1]
    err = loss_of(loss)(outputs if len(outputs) > 1 else outputs[0], y)
    sigmas = sigmas_of("certify", activations, sigma)
    theta = [[neuron.theta for neuron in layer] for layer in neurons]
    bias = [[neuron.bias for neuron in layer] for layer in neurons]
    slopes = error_slopes if error_slopes is not None else _slopes_of(loss)
    return Check(err, Structure(inputs, us, os, theta, bias), sigmas, slopes, y)


def _certified(check: Check, differences: bool) -> Certificate:
    with _differentiated(check.err, [*check.leaves, *check.net.outside]):
        check.forward()
        check.error()
        check.deltas()
        check.gradients()
        check.end_to_end()
        if differences:
            measure(check)
        return check.certificate()


def _summed(checks: Sequence[Check]) -> list[Comparison]:
    """One backward() for the whole batch: ∂Err/∂θ is the sum over the samples of the δ·o that each has alone."""
    products: dict[Value, list[float]] = {}
    for check in checks:
        for v, terms in check.terms.items():
            products.setdefault(v, []).extend(terms)
    found = []
    leaves = {v: None for check in checks for v in check.leaves}
    with _differentiated(fsum([check.err for check in checks]), leaves):
        net = checks[0].net
        for k, i in net.neurons():
            for v, weight in net.names(k, i).items():
                if v in products:
                    terms = products.pop(v)
                    by_hand, tolerance = hand.sum_of(terms), sum_tolerance(terms)
                    found.append(Comparison((k + 1, i + 1), f"∂Err/∂{weight}", "", v.grad, by_hand, tolerance))
    return found


@contextlib.contextmanager
def _differentiated(err: Value, leaves: Iterable[Value]) -> Iterator[None]:
    """Inside, err.backward() has run from zero; afterwards every leaf has its gradient back."""
    before = [(v, v.grad) for v in leaves]
    try:
        for v, _ in before:
            v.grad = 0.0
        err.backward()
        yield
    finally:
        for v, grad in before:
            v.grad = grad


# --- what was given ---------------------------------------------------------------------------------


def _require_fit(net: object, x: Any, y: object) -> None:
    if not isinstance(net, (MLP, Neuron)):
        raise AutogradTypeError(f"certify(net, x, y): net is an MLP or a Neuron, and was given {given(net)}")
    if isinstance(x, str) or not hasattr(x, "__iter__") or not hasattr(x, "__len__"):
        raise AutogradTypeError(
            f"certify(net, x, y): x is a sample's inputs, or a list of samples, and was given {given(x)}"
        )
    if len(x) and hasattr(next(iter(x)), "__len__") and not hasattr(y, "__len__"):
        raise AutogradTypeError(f"certify(net, x, y): x is a list of samples, so y is a list, and was given {given(y)}")


def _slopes_of(loss: str | Loss) -> str:
    known = loss_record(loss)
    if known is not None and (isinstance(loss, str) or known.name in hand.ERROR_SLOPES):
        return known.name
    raise AutogradValueError("certify: for a loss of your own give error_slopes, a function (y, ŷ) -> ∂Err/∂ŷ by hand")
