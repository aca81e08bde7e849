"""What the eager engine is measured against, and on: a class written by hand, and small programs on scalars.

The class is in the manner of microgpt: local gradients in tuples, a recursive sort, textbook slopes.  A program
takes a maker of numbers and the functions that it needs, so the same text runs on every engine; what it
returns is (a function that computes the result once, the leaves).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

Program = tuple[Callable[[], Any], list[Any]]


class Tuples:
    """A number with its operands and the local gradients in two tuples: what one writes in an evening."""

    __slots__ = ("data", "grad", "local", "operands")

    def __init__(self, data: Any, operands: tuple[Any, ...] = (), local: tuple[Any, ...] = ()) -> None:
        self.data = data
        self.grad = 0
        self.operands = operands
        self.local = local

    def __add__(self, other: Any) -> Tuples:
        other = other if isinstance(other, Tuples) else Tuples(other)
        return Tuples(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other: Any) -> Tuples:
        other = other if isinstance(other, Tuples) else Tuples(other)
        return Tuples(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent: float) -> Tuples:
        return Tuples(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def exp(self) -> Tuples:
        return Tuples(math.exp(self.data), (self,), (math.exp(self.data),))

    def log(self) -> Tuples:
        return Tuples(math.log(self.data), (self,), (1 / self.data,))

    def relu(self) -> Tuples:
        return Tuples(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> Tuples:
        return self * -1

    def __radd__(self, other: Any) -> Tuples:
        return self + other

    def __sub__(self, other: Any) -> Tuples:
        return self + (-other)

    def __rsub__(self, other: Any) -> Tuples:
        return other + (-self)

    def __rmul__(self, other: Any) -> Tuples:
        return self * other

    def __truediv__(self, other: Any) -> Tuples:
        return self * other**-1

    def __rtruediv__(self, other: Any) -> Tuples:
        return other * self**-1

    def backward(self) -> None:
        order: list[Tuples] = []
        seen = set()

        def place(node: Tuples) -> None:
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    place(operand)
                order.append(node)

        place(self)
        self.grad = 1
        for node in reversed(order):
            for operand, slope in zip(node.operands, node.local):
                operand.grad += slope * node.grad


def mlp(V: Callable[[float], Any], relu: Callable[[Any], Any], samples: int = 5) -> Program:
    """A 2-16-16-1 network over some samples, written with +, × and relu: 645 nodes a sample."""
    generator = random.Random(0)
    layers = [
        [[V(generator.uniform(-1, 1)) for _ in range(inputs + 1)] for _ in range(outputs)]
        for inputs, outputs in ((2, 16), (16, 16), (16, 1))
    ]

    def run() -> Any:
        total = V(0.0)
        for k in range(samples):
            o = [V(0.1 * k - 1), V(0.3 * k - 2)]
            for depth, layer in enumerate(layers):
                fired = []
                for theta in layer:
                    u = theta[-1]
                    for t, x in zip(theta, o):
                        u = u + t * x
                    fired.append(relu(u) if depth < 2 else u)
                o = fired
            residual = o[0] + (-float(k % 2))
            total = total + residual * residual
        return total

    return run, [t for layer in layers for theta in layer for t in theta]


def chain(V: Callable[[float], Any], steps: int = 3000) -> Program:
    """y ← y·x + b, again and again."""
    x, b = V(1.0000001), V(1e-7)

    def run() -> Any:
        y = x
        for _ in range(steps):
            y = y * x
            y = y + b
        return y

    return run, [x, b]


def wide(V: Callable[[float], Any], n: int = 3000) -> Program:
    """Σ p·q of many leaves."""
    p = [V(0.001 * i) for i in range(n)]
    q = [V(1.0 - 0.001 * i) for i in range(n)]

    def run() -> Any:
        total = p[0] * q[0]
        for a, b in zip(p[1:], q[1:]):
            total = total + a * b
        return total

    return run, p + q


def black_scholes(
    V: Callable[[float], Any], exp: Callable[[Any], Any], log: Callable[[Any], Any], options: int = 60
) -> Program:
    """Prices of European options, with a logistic curve for the normal distribution: literals, powers, exp, log."""
    numbers = [(100.0 + i % 7, 95.0 + i % 5, 0.02, 0.2 + 0.001 * i, 1.0 + 0.01 * i) for i in range(options)]
    given = [[V(x) for x in option] for option in numbers]

    def run() -> Any:
        total = V(0.0)
        for spot, strike, rate, volatility, years in given:
            width = volatility * years**0.5
            d = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / width
            exercised, shares = (1.0 + exp(-1.702 * (d - width))) ** -1.0, (1.0 + exp(-1.702 * d)) ** -1.0
            total = total + spot * shares - strike * exp(-(rate * years)) * exercised
        return total

    return run, [v for option in given for v in option]


def literals(V: Callable[[float], Any], steps: int = 1500) -> Program:
    """Plain numbers on both sides of a sign, whole ones too."""
    x = V(0.5)

    def run() -> Any:
        y = x
        for _ in range(steps):
            y = 2 * y
            y = y + 0.25
            y = 1.0 - y
            y = y * 0.5
        return y

    return run, [x]
