"""How one number is computed, with the numbers put in: what somebody who has gone wrong looks at next."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .intervals import Real, middle
from .judging import Claim

MOST_TERMS = 6  # of a sum; a longer one fits no line


def working(claim: Claim) -> str:
    """The equation of a claim with the answer's own numbers in it."""
    terms = _TERMS[claim.equation](claim)
    return f"{claim.symbol} = {terms} = {_number(claim.by(()))}" if terms else ""


def _number(x: Real) -> str:
    return f"{middle(x):.4g}".replace("-", "−")


def _factor(x: Real) -> str:
    text = _number(x)
    return f"({text})" if text.startswith("−") else text


def _sum(pairs: Sequence[tuple[Real, Real]], more: float | None = None) -> str:
    products = [f"{_number(a)}·{_factor(b)}" for a, b in pairs] + ([] if more is None else [_number(more)])
    if len(products) > MOST_TERMS:
        products = [*products[: MOST_TERMS - 1], "…"]
    return " + ".join(products).replace("+ −", "− ")


def _forward(claim: Claim) -> str:
    case, (k, i) = claim.walk.case, claim.place
    bias = case.bias[k]
    return _sum(list(zip(case.theta[k][i], case.before(k))), None if bias is None else bias[i])


def _hidden(claim: Claim) -> str:
    case, (k, i) = claim.walk.case, claim.place
    pairs = [(d, row[i]) for d, row in zip(claim.walk.delta[k + 1], case.theta[k + 1])]
    return f"σ'({_number(case.u[k][i])})·Σⱼ δⱼ·θⱼᵢ = {_number(case.slopes[k][i])}·({_sum(pairs)})"


def _weights(claim: Claim) -> str:
    k, i, l = claim.place
    return f"{_number(claim.walk.delta[k][i])}·{_factor(claim.walk.case.before(k)[l])}"


def _output(claim: Claim) -> str:
    case, (k, i) = claim.walk.case, claim.place
    return f"∂Err/∂ŷ·σ'({_number(case.u[k][i])}) = {_number(case.errors[i])}·{_factor(case.slopes[k][i])}"


_TERMS: dict[str, Callable[[Claim], str]] = {
    "forward": _forward,
    "activation": lambda c: f"σ({_number(c.walk.case.u[c.place[0]][c.place[1]])})",
    "error": lambda c: "",
    "slope": lambda c: f"σ'({_number(c.walk.case.u[c.place[0]][c.place[1]])})",
    "output": _output,
    "hidden": _hidden,
    "weights": _weights,
    "bias": lambda c: "δᵢ",
    "update": lambda c: "θ − η·∂Err/∂θ",
    "update_bias": lambda c: "b − η·∂Err/∂b",
}
