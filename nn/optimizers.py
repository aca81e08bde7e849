"""The weight update: from the gradients of one backward pass to the next parameters.

θ   parameters, a list of Values             η   learning rate
g   ∂Err/∂θ, which is θ.grad                 t   step, counted from 0

An optimiser proposes all new numbers first and writes them down afterwards, so a step
happens as a whole or not at all, whatever interrupts it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, Value
from autograd.value import number

LearningRate: TypeAlias = "float | Callable[[int], float]"
Vector: TypeAlias = list[float]


class Optimizer:
    """What all optimisers share; a new one gives its own `propose`.

    parameters     the Values to train, as net.parameters() lists them
    learning_rate  η: a number from 0, or a function from the step 0, 1, 2, … to one

    Raises AutogradTypeError for anything but Values, and AutogradValueError where there are
    none, one is given twice, or a setting is out of its range.

    >>> class Signs(Optimizer):
    ...     def propose(self, rate, θ, g):
    ...         return [p - rate * math.copysign(1.0, s) for p, s in zip(θ, g)], {}
    >>> x = Value(3.0); optimizer = Signs([x], 0.5)
    >>> (x * x).backward(); optimizer.step(); x.data
    2.5
    """

    def __init__(self, parameters: Iterable[Value], learning_rate: LearningRate) -> None:
        self.parameters = _listed(parameters)
        self.learning_rate = learning_rate
        self.steps = 0
        self.memory: dict[str, Vector] = {}
        self.rate()

    def rate(self) -> float:
        """η of the next step.  Raises AutogradValueError unless it is a finite number from 0.

        >>> SGD([Value(1.0)], lambda step: 0.1 * 0.5**step).rate()
        0.1
        """
        rate = self.learning_rate
        return _setting("learning_rate", rate(self.steps) if callable(rate) else rate, math.inf)

    def propose(self, rate: float, θ: Vector, g: Vector) -> tuple[Vector, dict[str, Vector]]:
        """The next parameters, and what to remember for the step after it: the rule itself."""
        raise NotImplementedError

    def step(self) -> None:
        """Move every parameter once.

        Raises AutogradValueError, and moves nothing, where a gradient or the number that it
        would lead to is inf or nan.

        >>> θ = Value(1.0); (3 * θ).backward()
        >>> SGD([θ], 0.5).step(); θ.data
        -0.5
        """
        values = self.parameters
        before = [p.data for p in values], self.memory, self.steps
        g = [p.grad for p in values]
        _finite("the gradient of {} is {}", g, values)
        after, memory = self.propose(self.rate(), before[0], g)
        for vector in (after, *memory.values()):
            _finite("the step would take {} to {}", vector, values)
        try:
            self.memory, self.steps = memory, self.steps + 1
            for p, data in zip(values, after):
                p.data = data
        except BaseException:  # Ctrl-C between two parameters: back to before the step
            self.memory, self.steps = before[1:]
            for p, data in zip(values, before[0]):
                p.data = data
            raise

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero, as before each backward pass.

        >>> θ = Value(1.0); θ.backward(); SGD([θ]).zero_grad(); θ.grad
        0.0
        """
        for p in self.parameters:
            p.grad = 0.0

    def __repr__(self) -> str:
        rate = "a function of the step" if callable(self.learning_rate) else self.learning_rate
        return f"{type(self).__name__}({len(self.parameters)} parameters, learning_rate={rate})"


class SGD(Optimizer):
    """Gradient descent, exactly the lecture's θ ← θ − η·δ·o, where δ·o is the gradient g.

    learning_rate  η
    momentum       μ in [0, 1): θ ← θ − η·v with v ← μ·v + g, which rolls on through valleys
                   (Polyak 1964, in the form of Sutskever et al. 2013 that PyTorch uses)
    weight_decay   λ from 0: g + λ·θ takes the place of g, the gradient of Err + λ/2·Σ θ²

    Raises as Optimizer does.

    >>> θ = Value(1.0); optimizer = SGD([θ], learning_rate=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad(); (2 * θ).backward(); optimizer.step(); print(round(θ.data, 9))
    0.8
    0.5
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: LearningRate = 0.1,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.momentum = _setting("momentum", momentum, 1.0)
        self.weight_decay = _setting("weight_decay", weight_decay, math.inf)

    def propose(self, rate: float, θ: Vector, g: Vector) -> tuple[Vector, dict[str, Vector]]:
        """θ − η·g, with momentum and weight decay where they are asked for.

        >>> SGD([Value(0.0)]).propose(0.5, [1.0], [3.0])
        ([-0.5], {})
        """
        if self.weight_decay:
            g = [d + self.weight_decay * p for p, d in zip(θ, g)]
        if not self.momentum:
            return [p - rate * d for p, d in zip(θ, g)], {}
        v = [self.momentum * w + d for w, d in zip(self.memory.get("v", [0.0] * len(g)), g)]
        return [p - rate * w for p, w in zip(θ, v)], {"v": v}


class Adam(Optimizer):
    """Steps of about η in every direction, whatever the size of the gradients.

        m ← β₁·m + (1 − β₁)·g              the gradient, averaged over the last steps
        v ← β₂·v + (1 − β₂)·g²             its square, averaged over more of them
        θ ← θ − η · m̂ / (√v̂ + ε)           m̂ = m / (1 − β₁ᵗ⁺¹), v̂ = v / (1 − β₂ᵗ⁺¹)

    learning_rate  η; the paper's 0.001 is meant for networks far larger than this engine's
    betas          β₁ and β₂, both in [0, 1)
    epsilon        ε > 0, against a division by zero

    Raises as Optimizer does.  Kingma & Ba, Adam: A Method for Stochastic Optimization
    (2015), algorithm 1.

    >>> θ = Value(1.0); optimizer = Adam([θ], learning_rate=0.1)
    >>> (1000 * θ).backward(); optimizer.step(); round(θ.data, 9)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: LearningRate = 0.01,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.betas = _setting("betas[0]", betas[0], 1.0), _setting("betas[1]", betas[1], 1.0)
        self.epsilon = _setting("epsilon", epsilon, math.inf)
        if self.epsilon == 0.0:  # a parameter without gradient would become 0/0
            raise AutogradValueError("epsilon must be above 0; the paper's is 1e-8")

    def propose(self, rate: float, θ: Vector, g: Vector) -> tuple[Vector, dict[str, Vector]]:
        """One step of the paper's algorithm 1."""
        β1, β2 = self.betas
        zeros = [0.0] * len(g)
        m = [β1 * a + (1 - β1) * d for a, d in zip(self.memory.get("m", zeros), g)]
        v = [β2 * a + (1 - β2) * d * d for a, d in zip(self.memory.get("v", zeros), g)]
        first, second = 1 - β1 ** (self.steps + 1), 1 - β2 ** (self.steps + 1)
        after = [
            p - rate * (a / first) / (math.sqrt(b / second) + self.epsilon) for p, a, b in zip(θ, m, v)
        ]  # fmt: skip
        return after, {"m": m, "v": v}


OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


def optimizer_of(
    optimizer: str | Optimizer, parameters: Iterable[Value], learning_rate: LearningRate | None = None
) -> Optimizer:
    """The optimiser of that name, with its default learning rate or the given one; or itself.

    Raises AutogradValueError for an unknown name.

    >>> optimizer_of("sgd", [Value(1.0)])
    SGD(1 parameters, learning_rate=0.1)
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        raise AutogradValueError(
            f"unknown optimizer {optimizer!r}; choose one of {', '.join(OPTIMIZERS)},"
            " or give one, as SGD(net.parameters(), 0.1)"
        )
    kind = OPTIMIZERS[optimizer]
    return kind(parameters) if learning_rate is None else kind(parameters, learning_rate)


def clip_grad_norm(parameters: Iterable[Value], max_norm: float) -> float:
    """Shorten the gradient, all parameters together, to a length of at most max_norm.

    Returns the length √(Σ g²) before; its direction stays.  Raises AutogradValueError for a
    gradient that is inf or nan, or a max_norm that is not a number above 0.  Pascanu et al.,
    On the difficulty of training recurrent neural networks (2013), algorithm 1.

    >>> a, b = Value(0.0), Value(0.0); (3 * a + 4 * b).backward()
    >>> clip_grad_norm([a, b], 1.0), a.grad, b.grad
    (5.0, 0.6, 0.8)
    """
    values = _listed(parameters)
    limit = above_zero("max_norm", max_norm)
    _finite("the gradient of {} is {}", [p.grad for p in values], values)
    largest = max(abs(p.grad) for p in values) or 1.0  # divided out, so that no square overflows
    norm = math.hypot(*[p.grad / largest for p in values])
    if norm * largest > limit:
        for p in values:
            p.grad = limit * (p.grad / largest / norm)
    return norm * largest


def clip_grad_value(parameters: Iterable[Value], max_value: float) -> None:
    """Bring every gradient, each by itself, into ±max_value.

    Raises AutogradValueError for a gradient that is nan, or a max_value that is not a
    number above 0.

    >>> a = Value(0.0); (-7 * a).backward()
    >>> clip_grad_value([a], 2.0); a.grad
    -2.0
    """
    values = _listed(parameters)
    limit = above_zero("max_value", max_value)
    for p in values:
        if math.isnan(p.grad):
            _finite("the gradient of {} is {}", [p.grad], [p])
    for p in values:
        p.grad = min(max(p.grad, -limit), limit)


def _listed(parameters: Iterable[Value]) -> list[Value]:
    if hasattr(parameters, "parameters"):
        raise AutogradTypeError("an optimizer takes the list of parameters: give net.parameters(), not the network")
    if not hasattr(parameters, "__iter__"):
        raise AutogradTypeError(f"an optimizer takes a list of Values, and was given {parameters!r}; put it in a list")
    values = list(parameters)
    if not values:
        raise AutogradValueError("there are no parameters to train: give net.parameters(), or a list of Values")
    for i, p in enumerate(values):
        if not isinstance(p, Value):
            raise AutogradTypeError(f"parameter {i} is {p!r}, and must be a Value")
    if len({id(p) for p in values}) < len(values):
        raise AutogradValueError("a parameter is listed twice, and would be moved twice in a step")
    return values


def _setting(name: str, x: Any, limit: float) -> float:
    value = number(x, name)
    if not 0.0 <= value < limit:
        upper = "" if limit == math.inf else f" and below {limit:g}"
        raise AutogradValueError(f"{name} must be a finite number from 0{upper}, and was given as {x!r}")
    return value


def above_zero(name: str, x: Any) -> float:
    """A setting as a float.  Raises AutogradValueError unless it is finite and above 0.

    >>> above_zero("max_norm", 1)
    1.0
    """
    value = number(x, name)
    if not 0.0 < value < math.inf:
        raise AutogradValueError(f"{name} must be a finite number above 0, and was given as {x!r}")
    return value


def _finite(sentence: str, numbers: Vector, values: list[Value]) -> None:
    for i, x in enumerate(numbers):
        if not math.isfinite(x):
            what = sentence.format(values[i].label or f"parameter {i}", x)
            raise AutogradValueError(
                f"{what}: the error has grown out of bounds; lower the learning rate, clip the gradients"
                " (clip_grad_norm), or start from smaller weights"
            )
