"""PyTorch's gradients before the referee: right ones are certified, planted faults are found and named."""

import math
import random

import pytest

from autograd import AutogradTypeError, AutogradValueError
from nn import certify_torch
from nn.certifying.report import BatchCertificate
from nn.deltas import squared_error_slopes, tanh, tanh_slope

torch = pytest.importorskip("torch", reason="PyTorch is missing: pip install '.[torch]'")
from torch.nn import (  # noqa: E402
    ELU,
    GELU,
    Dropout,
    Hardtanh,
    Identity,
    LeakyReLU,
    Linear,
    Module,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
)

DTYPES = [torch.float64, torch.float32]
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])
LOSSES = {  # and a target of three outputs
    "squared_error": [0.5, -0.2, 1.5], "half_squared_error": [0.5, -0.2, 1.5], "mean_squared_error": [0.5, -0.2, 1.5],
    "hinge": [1, -1, 1], "cross_entropy": 2, "binary_cross_entropy": [1.0, 0.0, 0.25],
}  # fmt: skip


def stack(dtype, seed=0, scale=1.0, sigmas=(Tanh, Sigmoid, Identity), widths=(2, 4, 3, 3)):
    torch.manual_seed(seed)
    parts = [part for k, sigma in enumerate(sigmas) for part in (Linear(widths[k], widths[k + 1]), sigma())]
    module = Sequential(*parts).to(dtype)
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(scale)
    return module


# --- what is right is never accused -------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_certified(loss, dtype):
    for seed in range(8):
        certificate = certify_torch(stack(dtype, seed), [0.5, -1.0], LOSSES[loss], loss)
        assert certificate, certificate.summary
        # u, o and δ of 10 neurons, 39 weights and biases
        assert len(certificate.comparisons) == 3 * 10 + 39 and len(certificate.rows) == 10


@every_dtype
@pytest.mark.parametrize("scale", [1e-6, 1e-2, 5.0, 30.0, 1000.0])
def test_networks_that_are_saturated_or_asleep_are_certified(scale, dtype):
    generator = random.Random(1)
    for seed in range(3):
        for sigmas in (
            (Tanh, Tanh, Tanh), (Sigmoid, Sigmoid, Identity), (ReLU, ReLU, ReLU), (LeakyReLU, ELU, Softsign),
            (GELU, SiLU, lambda: Softplus(threshold=40.0)),
        ):  # fmt: skip
            for loss, y in LOSSES.items():
                x = [generator.gauss(0.0, 2.0) for _ in range(2)]
                certificate = certify_torch(stack(dtype, seed, scale, sigmas), x, y, loss)
                assert certificate, (seed, scale, sigmas, loss, certificate.summary)


@every_dtype
def test_wide_layers_are_certified(dtype):
    module = stack(dtype, widths=(300, 200, 40, 3))
    x = [math.sin(i) for i in range(300)]
    certificate = certify_torch(module, x, 1, "cross_entropy")
    assert certificate, certificate.summary


@every_dtype
def test_a_data_set_is_certified_sample_by_sample_and_as_a_sum(dtype):
    X = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
    certificate = certify_torch(stack(dtype), X, torch.tensor([0, 1, 2, 0, 1, 2, 0]), torch.nn.CrossEntropyLoss())
    assert isinstance(certificate, BatchCertificate) and certificate
    assert len(certificate.certificates) == 7 and len(certificate.summed) == 39


class Written(Module):
    """A forward of one's own, with functions, an output without its last axis, and activations in place."""

    def __init__(self, width=4, in_place=False):
        super().__init__()
        self.first, self.act, self.second = Linear(2, width), ReLU(inplace=in_place), Linear(width, width)
        self.last = Linear(width, 1)

    def forward(self, x):
        return self.last(torch.tanh(self.second(self.act(self.first(x))))).squeeze(-1)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_forward_of_one_s_own_needs_its_sigma_only_where_it_is_not_seen(in_place):
    module = Written(in_place=in_place)
    with pytest.raises(AutogradValueError, match=r"no σ is recognised that stands in what follows second \(Linear\)"):
        certify_torch(module, [0.5, -1.0], 1.0)
    with pytest.raises(AutogradValueError, match=r"what follows last \(Linear\)"):  # squeeze made another tensor
        certify_torch(module, [0.5, -1.0], 1.0, sigma=["relu", "tanh", None])
    assert certify_torch(module, [0.5, -1.0], 1.0, sigma=["relu", "tanh", "linear"])
    assert certify_torch(module, [[0.5, -1.0], [1.0, 2.0]], [1.0, 0.0], sigma=["relu", (tanh, tanh_slope), "linear"])
    wrong = certify_torch(module, [0.5, -1.0], 1.0, sigma=["relu", "sigmoid", "linear"])
    assert not wrong and wrong.first_disagreement.term == "o⁽²⁾₁" and "with σ = sigmoid" in wrong.summary


def test_losses_of_pytorch_and_of_one_s_own():
    module = stack(torch.float64)
    for loss, y in [
        (torch.nn.MSELoss(), LOSSES["squared_error"]), (torch.nn.MSELoss(reduction="sum"), LOSSES["squared_error"]),
        (torch.nn.functional.mse_loss, LOSSES["squared_error"]), (torch.nn.functional.cross_entropy, 1),
        (torch.nn.BCEWithLogitsLoss(reduction="sum"), LOSSES["binary_cross_entropy"]),
    ]:  # fmt: skip
        assert certify_torch(module, [0.5, -1.0], y, loss), loss
    own = certify_torch(module, [0.5, -1.0], [0.5, 0.5, 0.5], lambda o, y: ((o - y) ** 2).sum(),
                        error_slopes=squared_error_slopes)  # fmt: skip
    assert own
    nll = certify_torch(module, [0.5, -1.0], 2, lambda o, y: torch.nn.functional.nll_loss(torch.log_softmax(o, 1), y),
                        error_slopes="cross_entropy")  # fmt: skip
    assert nll
    for loss in (torch.nn.BCEWithLogitsLoss(), torch.nn.CrossEntropyLoss(label_smoothing=0.1), torch.nn.L1Loss(),
                 torch.nn.CrossEntropyLoss(weight=torch.ones(3)), torch.nn.MSELoss(reduction="none")):  # fmt: skip
        with pytest.raises(AutogradValueError, match=r"slopes of .* are not known here: give error_slopes"):
            certify_torch(module, [0.5, -1.0], 1, loss)


def test_nothing_of_the_module_is_changed():
    module = stack(torch.float64)
    for p in module.parameters():
        p.grad = torch.full_like(p, 7.0)
    x = torch.tensor([[0.5, -1.0]], dtype=torch.float64)
    before = [p.clone() for p in module.parameters()]
    assert certify_torch(module, x, [[0.5, 0.5, 0.5]])
    assert all(torch.equal(p, q) and (p.grad == 7.0).all() for p, q in zip(module.parameters(), before))
    assert not x.requires_grad and x.grad is None
    assert not any(part._forward_hooks for part in module.modules())


def test_frozen_parameters_have_no_gradient_to_compare():
    module = stack(torch.float64)
    module[0].requires_grad_(False)
    certificate = certify_torch(module, [0.5, -1.0], 1, "cross_entropy")
    assert certificate and len(certificate.comparisons) == 3 * 10 + 39 - 12


def test_a_linear_that_is_called_twice():
    class Twice(Module):
        def __init__(self):
            super().__init__()
            self.first, self.act = Linear(3, 3), Tanh()

        def forward(self, x):
            return self.first(self.act(self.first(x)))

    certificate = certify_torch(Twice().double(), [0.5, -1.0, 2.0], [0.1, 0.2, 0.3])
    assert certificate and len(certificate.comparisons) == 3 * 6 + 12


# --- what is wrong is found, and where ----------------------------------------------------------------------


class TanhFunction(torch.autograd.Function):
    """tanh with a slip: 1 − o instead of 1 − o²."""

    @staticmethod
    def forward(ctx, u):
        o = torch.tanh(u)
        ctx.save_for_backward(o)
        return o

    @staticmethod
    def backward(ctx, gradient):
        (o,) = ctx.saved_tensors
        return gradient * (1 - o)


class SlippedTanh(Module):
    def forward(self, u):
        return TanhFunction.apply(u)


class LinearFunction(torch.autograd.Function):
    """The Linear of PyTorch's manual, with one of three slips."""

    @staticmethod
    def forward(ctx, x, weight, bias, slip):
        ctx.save_for_backward(x, weight)
        ctx.slip = slip
        return x @ weight.t() + (2 * bias if slip == "u" else bias)

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        of_x = gradient @ (weight * 1.01 if ctx.slip == "x" else weight)
        of_weight = gradient.t() @ x
        if ctx.slip == "weight":
            of_weight = of_weight.clone()
            of_weight[1, 2] *= 1 + 1e-4
        return of_x, of_weight, gradient.sum(0) * (0.0 if ctx.slip == "bias" else 1.0), None


class SlippedLinear(Module):
    def __init__(self, ins, outs, slip):
        super().__init__()
        self.weight, self.bias, self.slip = Parameter(torch.randn(outs, ins)), Parameter(torch.randn(outs)), slip

    def forward(self, x):
        return LinearFunction.apply(x, self.weight, self.bias, self.slip)


@every_dtype
def test_a_slip_in_an_activation_is_found_and_named(dtype):
    torch.manual_seed(0)
    module = Sequential(Linear(2, 3), Tanh(), Linear(3, 3), SlippedTanh(), Linear(3, 1)).to(dtype)
    with pytest.raises(AutogradValueError, match=r"no σ is recognised that stands in 3 \(SlippedTanh\): give sigma"):
        certify_torch(module, [0.5, -1.0], 0.25)
    certificate = certify_torch(module, [0.5, -1.0], 0.25, sigma="tanh")
    assert not certificate and certificate.first_disagreement.neuron == (2, 1)
    assert certificate.summary.startswith("NOT certified: layer 2, neuron 1: δ⁽²⁾₁ is ")
    assert "in PyTorch and" in certificate.summary and certificate.summary.endswith("; in 3 (SlippedTanh)")
    assert "edge u⁽²⁾₁ → o⁽²⁾₁, whose local derivative is" in certificate.summary
    assert {row.neuron[0] for row in certificate.rows if not row.ok} == {2}  # and nobody else is blamed


@every_dtype
@pytest.mark.parametrize("slip, neuron, term, part", [
    ("x", (1, 1), "δ⁽¹⁾₁", "in 2 (SlippedLinear)"), ("weight", (2, 2), "∂Err/∂θ⁽²⁾₂₃", "in 2 (SlippedLinear)"),
    ("bias", (2, 1), "∂Err/∂b⁽²⁾₁", "in 2 (SlippedLinear)"), ("u", (2, 1), "u⁽²⁾₁", "in 2 (SlippedLinear)"),
])  # fmt: skip
def test_a_slip_in_a_linear_is_found_and_named(slip, neuron, term, part, dtype):
    torch.manual_seed(0)
    module = Sequential(Linear(2, 3), Tanh(), SlippedLinear(3, 3, slip), Tanh(), Linear(3, 1)).to(dtype)
    certificate = certify_torch(module, [0.5, -1.0], 0.25)
    wrong = certificate.first_disagreement
    assert (wrong.neuron, wrong.term) == (neuron, term) and certificate.summary.endswith(part), certificate.summary
    if slip == "x":
        assert "edge o⁽¹⁾₁ → u⁽²⁾₁, whose local derivative is" in certificate.summary


def test_without_a_slip_the_same_parts_are_certified():
    module = Sequential(Linear(2, 3), Tanh(), SlippedLinear(3, 3, ""), Tanh(), Linear(3, 1)).double()
    assert certify_torch(module, [0.5, -1.0], 0.25)


def test_a_slip_in_the_loss_is_found():
    class Slipped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, o, y):
            ctx.save_for_backward(o, y)
            return ((y - o) ** 2).sum()

        @staticmethod
        def backward(ctx, gradient):
            o, y = ctx.saved_tensors
            return gradient * (o - y), None  # the 2 is missing

    module = stack(torch.float64)
    certificate = certify_torch(module, [0.5, -1.0], [0.1, 0.2, 0.3], Slipped.apply, error_slopes="squared_error")
    assert "edge o⁽³⁾₁ → Err, whose local derivative is" in certificate.summary
    assert certificate.summary.endswith("in the loss")


def test_a_sum_over_samples_that_forgets_one_is_found():
    class First(Module):
        """A Linear whose weights learn from the first sample alone."""

        def __init__(self):
            super().__init__()
            self.weight, self.bias = Parameter(torch.randn(3, 2)), None

        def forward(self, x):
            return torch.cat([x[:1] @ self.weight.t(), x[1:] @ self.weight.detach().t()])

    certificate = certify_torch(Sequential(First(), Tanh()).double(), [[0.5, -1.0], [1.0, 2.0]], [[0.1, 0.2, 0.3]] * 2)
    assert all(certificate.certificates) and not certificate
    assert "every sample agrees, but summed over 2 of them ∂Err/∂θ⁽¹⁾₁₁ is" in certificate.summary


def test_in_float32_a_slip_of_its_last_digits_is_not_seen_and_a_larger_one_is():
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, u, factor):
            ctx.factor = factor
            return u.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * ctx.factor, None

    class Middle(Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, u):
            return Scaled.apply(u, self.factor)

    for dtype, unseen, seen in ((torch.float64, 1 + 1e-15, 1 + 1e-13), (torch.float32, 1 + 1e-7, 1 + 1e-4)):
        for factor, expected in ((unseen, True), (seen, False)):
            module = Sequential(Linear(2, 3), Middle(factor), Linear(3, 1)).to(dtype)
            assert bool(certify_torch(module, [0.5, -1.0], 0.25, sigma="linear")) is expected


# --- what makes no sense is said ------------------------------------------------------------------------------


@pytest.mark.parametrize("call, error, told", [
    (lambda: certify_torch(3.0, [1.0], 1.0), AutogradTypeError, r"takes a torch\.nn\.Module, and was given"),
    (lambda: certify_torch(Linear(1, 1).half(), [1.0], 1.0), AutogradTypeError, r"parameters in torch\.float16"),
    (lambda: certify_torch(Tanh(), [1.0], 1.0), AutogradTypeError, "no parameters"),
    (lambda: certify_torch(Linear(1, 1), "x", 1.0), AutogradTypeError, "x is a sample's inputs"),
    (lambda: certify_torch(Linear(1, 1), [[[1.0]]], 1.0), AutogradTypeError, "x is a sample's inputs"),
    (lambda: certify_torch(Linear(1, 1), [[1.0], [2.0]], [1.0]), AutogradValueError, "2 samples, and 1 target"),
    (lambda: certify_torch(Linear(1, 2), [1.0], [1.0]), AutogradValueError, "2 outputs, and 1 target"),
    (lambda: certify_torch(Linear(1, 1), [1.0], 1.0, "huber"), AutogradValueError, "unknown loss 'huber'"),
    (lambda: certify_torch(Linear(1, 1), [1.0], 1.0, 3), AutogradTypeError, "loss is a name or a function"),
    (lambda: certify_torch(Sequential(Linear(1, 1), Hardtanh()), [1.0], 1.0), AutogradValueError,
     r"no σ is recognised that stands in 1 \(Hardtanh\)"),
    (lambda: certify_torch(Sequential(Linear(1, 1), Dropout()), [1.0], 1.0), AutogradValueError, r"1 \(Dropout\)"),
    (lambda: certify_torch(Linear(1, 1), [1.0], 1.0, sigma=["tanh", "tanh"]), AutogradValueError, "2 entries"),
    (lambda: certify_torch(Linear(1, 1), [1.0], 1.0, sigma=["swish"]), AutogradTypeError, "given as 'swish'"),
    (lambda: certify_torch(torch.nn.Conv1d(1, 1, 1), [[1.0]], [1.0]), AutogradValueError, "no Linear is called"),
])  # fmt: skip
def test_what_is_wrong_with_the_call_is_said(call, error, told):
    with pytest.raises(error, match=told):
        call()


def test_a_gradient_that_was_switched_off_is_named():
    class Off(Module):
        def __init__(self):
            super().__init__()
            self.inner = Linear(2, 1)

        def forward(self, x):
            with torch.no_grad():
                return self.inner(x)

    with pytest.raises(AutogradValueError, match=r"what inner \(Linear\) gives has no gradient"):
        certify_torch(Off(), [1.0, 2.0], 1.0)


def test_nan_is_never_certified():
    module = stack(torch.float64)
    with torch.no_grad():
        module[0].weight[0, 0] = math.nan
    assert not certify_torch(module, [0.5, -1.0], [0.1, 0.2, 0.3])
