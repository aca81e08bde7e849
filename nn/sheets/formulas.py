"""What a sheet says in formulas: the lines of nn/deltas.py and of the losses, as they stand there.

No derivative is written here: the rule of a σ', of ∂Err/∂ŷ, of δ is read from the docstring of the hand formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .. import deltas as hand

# Err, for one output and for several; what it says of ½; ŷ as a logit becomes p.
ERR = {
    "squared_error": ("(y − ŷ)²", "Σₖ (yₖ − ŷₖ)²", "without ½"),
    "half_squared_error": ("½(y − ŷ)²", "½ Σₖ (yₖ − ŷₖ)²", "with ½"),
    "mean_squared_error": ("(y − ŷ)²", "1/n·Σₖ (yₖ − ŷₖ)²", "the mean over the n outputs, without ½"),
    "hinge": ("max(0, 1 − y·ŷ)", "Σₖ max(0, 1 − yₖ·ŷₖ)", "y is −1 or 1"),
    "cross_entropy": ("−Σₖ yₖ·log pₖ", "−Σₖ yₖ·log pₖ", "p = softmax(ŷ), log is the natural one"),
    "binary_cross_entropy": (
        "−y·log p − (1 − y)·log(1 − p)", "−Σₖ (yₖ·log pₖ + (1 − yₖ)·log(1 − pₖ))",
        "p = sigmoid(ŷ), log is the natural one"),
}  # fmt: skip
UPDATE = "θ ← θ − η·∂Err/∂θ"
_LETTERS = {"_il": "ᵢₗ", "_ji": "ⱼᵢ", "_i": "ᵢ", "_j": "ⱼ", "_k": "ₖ", "_l": "ₗ"}


def _line(function: Callable[..., Any]) -> str:
    """The first line of a docstring, without its section; "" where Python was told to forget them."""
    first = (function.__doc__ or "").partition("\n")[0]
    return re.sub(r" {2,}\(.*", "", first).rstrip(".")


def _indexed(text: str) -> str:
    for plain, index in _LETTERS.items():
        text = text.replace(plain, index)
    return text


def _right_side(function: Callable[..., Any]) -> str:
    return _indexed(_line(function).partition(" = ")[2]).replace(" · ", "·")


def sigma(name: str) -> str:
    """σ, as the lecture has it.

    >>> sigma("sigmoid")
    'σ(u) = 1 / (1 + e⁻ᵘ)'
    """
    return _line(hand.ACTIVATIONS[name][0])


def slope(name: str) -> str:
    """σ', in its textbook form.

    >>> slope("sigmoid")
    "σ'(u) = σ(u)·(1 − σ(u))"
    """
    line = _line(hand.ACTIVATIONS[name][1])
    first, *others = line.split(" = ")
    return line if others and ", " in others[0] else " = ".join([first, *others[:1]])  # what follows a comma explains


def err(loss: str, outputs: int) -> str:
    """Err of that many outputs.

    >>> err("squared_error", 1), err("half_squared_error", 2)
    ('(y − ŷ)²', '½ Σₖ (yₖ − ŷₖ)²')
    """
    return ERR[loss][outputs > 1]


def error_slope(loss: str, outputs: int = 1) -> str:
    """∂Err/∂ŷ.

    >>> error_slope("squared_error"), error_slope("half_squared_error", 2), error_slope("binary_cross_entropy")
    ('−2(y − ŷ)', '−(yₖ − ŷₖ)', 'σ(ŷ) − y')
    """
    text = re.split(r" for | = |, ŷ a logit", _line(hand.ERROR_SLOPES[loss]).partition(" = ")[2])[0]
    text = text.rstrip(", ")
    return _indexed(text) if outputs > 1 else text.replace("_k", "").replace(" / n", "")


def factor(text: str) -> str:
    """A text as a factor: in brackets where it is a sum, a difference, a quotient or has cases.

    >>> factor("pₖ − yₖ"), factor("−2(y − ŷ)"), factor("−2(yₖ − ŷₖ) / n")
    ('(pₖ − yₖ)', '−2(y − ŷ)', '(−2(yₖ − ŷₖ) / n)')
    """
    outside = text
    while outside != (outside := re.sub(r"\([^()]*\)", "", outside)):
        pass
    return f"({text})" if " " in outside else text


def hidden_delta() -> str:
    """δᵢ of a hidden layer.

    >>> hidden_delta()
    "σ'(uᵢ)·Σⱼ δⱼ·θⱼᵢ"
    """
    return _right_side(hand.hidden_delta)


def gradient() -> str:
    """∂Err/∂θᵢₗ.

    >>> gradient()
    'δᵢ·oₗ'
    """
    return _right_side(hand.weight_gradient)


def with_numbers(loss: str, y: str, y_hat: str, outputs: int) -> str:
    """∂Err/∂ŷ with the numbers put in; "" where its formula needs more than y and ŷ.

    >>> with_numbers("squared_error", "0.2", "0.6792", 1), with_numbers("cross_entropy", "1.0", "0.5", 2)
    ('−2(0.2 − 0.6792)', '')
    """
    text = error_slope(loss, outputs).replace("ŷₖ", y_hat).replace("ŷ", y_hat).replace("yₖ", y).replace("y", y)
    text = text.replace("/ n", f"/ {outputs}")
    return "" if re.search(r"[a-zσ]", text) else text
