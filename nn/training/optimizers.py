"""The weight update: from the gradients of one backward pass to the next parameters.

θ   parameters, a list of Values             η   learning rate
g   ∂Err/∂θ, which is θ.grad                 t   step, counted from 0

An optimiser proposes all new numbers first and writes them down afterwards, so a step
happens as a whole or not at all, whatever interrupts it.  Its rule is written once, for one
parameter; arithmetic does not mind whether that is a float or an array of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, Value
from autograd.recording import number
from autograd.words.text import printable

from ..network.choosing import chosen, refuse_habits

LearningRate: TypeAlias = "float | Callable[[int], float]"
Vector: TypeAlias = list[float]
Rule: TypeAlias = Callable[..., tuple[Any, ...]]


class Optimizer:
    """What all optimisers share; a new one gives its own `rule`.

    parameters     the Values to train, as net.parameters() lists them
    learning_rate  η: a number from 0, or a function from the step 0, 1, 2, … to one

    `remembers` names what its rule keeps for each parameter from step to step; `memory` has it.
    A rule that looks at all parameters at once, or branches on numbers, overrides `propose`
    instead, which takes and gives lists; fit then trains eagerly.

    Raises AutogradTypeError for anything but Values, and AutogradValueError where there are
    none, one is given twice, or a setting is out of its range.

    >>> class Cubes(Optimizer):
    ...     def rule(self, rate, sqrt=math.sqrt):
    ...         return lambda θ, g: (θ - rate * g * g * g,)
    >>> x = Value(3.0); optimizer = Cubes([x], 0.125)
    >>> (2 * x).backward(); optimizer.step(); x.data
    2.0
    """

    remembers: tuple[str, ...] = ()

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

    def rule(self, rate: float, sqrt: Callable[[Any], Any] = math.sqrt) -> Rule:
        """The update as a function (θ, g, *remembered) -> (θ, *remembered) of one parameter, or of arrays.

        It reads the settings and `steps`, and changes nothing.  sqrt is the arrays' own for arrays.

        >>> SGD([Value(0.0)]).rule(0.5)(1.0, 3.0)
        (-0.5,)
        """
        raise NotImplementedError

    def propose(self, rate: float, θ: Vector, g: Vector) -> tuple[Vector, dict[str, Vector]]:
        """The next parameters, and what to remember for the step after it: the rule, one by one.

        >>> SGD([Value(0.0)]).propose(0.5, [1.0], [3.0])
        ([-0.5], {})
        """
        names = self.remembers
        remembered = [self.memory.get(name, [0.0] * len(g)) for name in names]
        after, *memory = map(list, zip(*map(self.rule(rate), θ, g, *remembered)))
        return after, dict(zip(names, memory))

    def propose_arrays(self, rate: float, θ: Any, g: Any, sqrt: Callable[[Any], Any]) -> tuple[Any, dict[str, Any]]:
        """The same of NumPy's arrays, `memory` having arrays too.

        >>> import numpy as np
        >>> SGD([Value(0.0)]).propose_arrays(0.5, np.array([1.0]), np.array([3.0]), np.sqrt)
        (array([-0.5]), {})
        """
        names = self.remembers
        after, *memory = self.rule(rate, sqrt)(θ, g, *[self.memory.get(name, 0.0) for name in names])
        return after, dict(zip(names, memory))

    def proposal(
        self,
        θ: Any,
        g: Any,
        sqrt: Callable[[Any], Any] | None = None,  # in a line without θ, which Sphinx counts as two columns
    ) -> tuple[Any, dict[str, Any]]:
        """What the next step leads to, parameters and memory, known to be finite; nothing moves yet.

        sqrt  None for lists; for arrays, their square root

        Raises AutogradValueError where a gradient or the number that it would lead to is inf or nan.

        >>> SGD([Value(0.0)], 0.5).proposal([1.0], [3.0])
        ([-0.5], {})
        """
        values = self.parameters
        _finite("the gradient of {} is {}", g, values)
        rate = self.rate()
        after, memory = self.propose(rate, θ, g) if sqrt is None else self.propose_arrays(rate, θ, g, sqrt)
        for vector in (after, *memory.values()):
            _finite("the step would take {} to {}", vector, values)
        return after, memory

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
        after, memory = self.proposal(before[0], [p.grad for p in values])
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
        **others: Any,
    ) -> None:
        refuse_habits("SGD", others, SGD)
        super().__init__(parameters, learning_rate)
        self.momentum = _setting("momentum", momentum, 1.0)
        self.weight_decay = _setting("weight_decay", weight_decay, math.inf)

    @property
    def remembers(self) -> tuple[str, ...]:  # type: ignore[override]
        """v, where there is momentum."""
        return ("v",) if self.momentum else ()

    def rule(self, rate: float, sqrt: Callable[[Any], Any] = math.sqrt) -> Rule:
        """θ − η·g, with momentum and weight decay where they are asked for."""

        def update(θ: Any, g: Any, *remembered: Any) -> tuple[Any, ...]:
            if self.weight_decay:
                g = g + self.weight_decay * θ
            if not remembered:
                return (θ - rate * g,)
            v = self.momentum * remembered[0] + g
            return θ - rate * v, v

        return update


class Adam(Optimizer):
    """Steps of about η in every direction, whatever the size of the gradients.

        m ← β₁·m + (1 − β₁)·g              the gradient, averaged over the last steps
        v ← β₂·v + (1 − β₂)·g²             its square, averaged over more of them
        θ ← θ − η · m̂ / (√v̂ + ε)           m̂ = m / (1 − β₁ᵗ⁺¹), v̂ = v / (1 − β₂ᵗ⁺¹)

    learning_rate  η; the paper's 0.001 is meant for networks far larger than this engine's
    betas          β₁ and β₂, both in [0, 1)
    epsilon        ε > 0, against a division by zero
    weight_decay   λ from 0: every step also takes θ to θ − η·λ·θ, whatever its gradients were, as AdamW
                   does (Loshchilov & Hutter, Decoupled Weight Decay Regularization, 2019)

    Raises as Optimizer does.  Kingma & Ba, Adam: A Method for Stochastic Optimization
    (2015), algorithm 1.

    >>> θ = Value(1.0); optimizer = Adam([θ], learning_rate=0.1)
    >>> (1000 * θ).backward(); optimizer.step(); round(θ.data, 9)
    0.9
    """

    remembers = ("m", "v")

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: LearningRate = 0.01,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        **others: Any,
    ) -> None:
        refuse_habits("Adam", others, Adam)
        super().__init__(parameters, learning_rate)
        self.betas = _setting("betas[0]", betas[0], 1.0), _setting("betas[1]", betas[1], 1.0)
        self.epsilon = _setting("epsilon", epsilon, math.inf)
        if self.epsilon == 0.0:  # a parameter without gradient would become 0/0
            raise AutogradValueError("epsilon must be above 0; the paper's is 1e-8")
        self.weight_decay = _setting("weight_decay", weight_decay, math.inf)

    def rule(self, rate: float, sqrt: Callable[[Any], Any] = math.sqrt) -> Rule:
        """One step of the paper's algorithm 1."""
        β1, β2 = self.betas
        first, second = 1 - β1 ** (self.steps + 1), 1 - β2 ** (self.steps + 1)

        def update(θ: Any, g: Any, m: Any, v: Any) -> tuple[Any, ...]:
            m = β1 * m + (1 - β1) * g
            v = β2 * v + (1 - β2) * g * g
            if self.weight_decay:
                θ = θ - rate * self.weight_decay * θ
            return θ - rate * (m / first) / (sqrt(v / second) + self.epsilon), m, v

        return update


OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


def optimizer_of(
    optimizer: str | type[Optimizer] | Optimizer,
    parameters: Iterable[Value],
    learning_rate: LearningRate | None = None,
) -> Optimizer:
    """The optimiser of that name or class, with its default learning rate or the given one; or itself.

    Raises AutogradValueError for an unknown name, and for a learning rate beside an optimiser that has one.

    >>> optimizer_of("sgd", [Value(1.0)])
    SGD(1 parameters, learning_rate=0.1)
    """
    if isinstance(optimizer, Optimizer):
        if learning_rate is not None:
            raise AutogradValueError(f"{optimizer!r} has its learning rate already: give learning_rate there, not here")
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        kind: Any = optimizer
    else:
        kind = chosen("optimizer", optimizer, OPTIMIZERS, "one, as SGD(net.parameters(), 0.1)")
    made: Optimizer = kind(parameters) if learning_rate is None else kind(parameters, learning_rate)
    return made


def settings_of(optimizer: Optimizer) -> dict[str, Any]:
    """What does not change from step to step, by its name.

    >>> settings_of(SGD([Value(1.0)], 0.5))
    {'learning_rate': 0.5, 'momentum': 0.0, 'weight_decay': 0.0}
    """
    return {name: x for name, x in vars(optimizer).items() if name not in ("parameters", "steps", "memory")}


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
    g = [p.grad for p in values]
    _finite("the gradient of {} is {}", g, values)
    length, shorter = shortened(g, limit)
    for p, grad in zip(values, shorter):
        p.grad = grad
    return length


def shortened(g: Vector, limit: float) -> tuple[float, Vector]:
    """The length of a finite vector, and the vector of its direction that is at most `limit` long.

    >>> shortened([3.0, 4.0], 1.0)
    (5.0, [0.6, 0.8])
    """
    largest = max(map(abs, g)) or 1.0  # divided out, so that no square overflows
    norm = math.hypot(*[x / largest for x in g])
    if not norm * largest > limit:
        return norm * largest, g
    return norm * largest, [limit * (x / largest / norm) for x in g]


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


def _finite(sentence: str, numbers: Any, values: list[Value]) -> None:
    if not isinstance(numbers, list) and math.isfinite(numbers.sum()):
        return  # an array: its elements are looked at where one is inf or nan.  A product would wake BLAS's threads
    for i, x in enumerate(numbers):
        if not math.isfinite(x):
            what = sentence.format(printable(values[i].label) or f"parameter {i}", x)
            raise AutogradValueError(
                f"{what}: the error has grown out of bounds; lower the learning rate, clip the gradients"
                " (clip_grad_norm), or start from smaller weights"
            )
