"""Programs that grow, a number -> outputs, inputs that vary, inputs that are shared; each with its whole gradient.

windows  a convolution: the same few weights for every window, in three layers
steps    a recurrence: the same weights at every step
lengths  √Σ x², whose slopes read all operands each
largest  a chain of maxima: nothing in it is a loop
"""

from __future__ import annotations

from typing import TypeAlias

from autograd import Value, grad, hypot, maximum, sumprod

Sized: TypeAlias = "tuple[list[Value], list[Value], list[Value]]"


def windows(n: int) -> Sized:
    weights, xs = [Value(0.1 * k - 0.2) for k in range(5)], [Value(0.01 * k) for k in range(n)]
    h = xs
    for _ in range(3):
        h = [sumprod(weights, h[i : i + 5]).tanh() for i in range(len(h) - 4)]
    y = sumprod(h, h)
    return [y, *grad(y, weights)], xs, weights


def steps(n: int) -> Sized:
    W, xs = [[Value(0.05 * (i - j)) for j in range(4)] for i in range(4)], [Value(0.01 * k) for k in range(n)]
    bias = [Value(0.1 * i) for i in range(4)]
    h: list[Value] = bias
    for x in xs:
        h = [(sumprod(row, h) + b * x).tanh() for row, b in zip(W, bias)]
    y, shared = sumprod(h, h), [*(w for row in W for w in row), *bias]
    return [y, *grad(y, shared)], xs, shared


def lengths(n: int) -> Sized:
    xs = [Value(0.01 * k) for k in range(n)]
    y = hypot(*xs)
    return [y, *grad(y, xs)], xs, []


def largest(n: int) -> Sized:
    xs = [Value(0.01 * k) for k in range(n)]
    y = xs[0]
    for x in xs[1:]:
        y = maximum(y, x)
    return [y, *grad(y, xs)], xs, []
