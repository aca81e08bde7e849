"""Which σ and σ' by hand a layer has: those of nn/deltas.py by name, or what is given for one's own activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autograd import AutogradTypeError, AutogradValueError
from autograd.words.text import counted

from .. import deltas as hand
from ..network.activations import known_as, name_of

Pair: TypeAlias = tuple[Callable[[float], float], Callable[[float], float]]
Sigma: TypeAlias = "str | Pair"


def sigmas_of(who: str, activations: Sequence[object], sigma: Any) -> list[Sigma]:
    """A name or a pair (σ, σ') for each layer.

    activations  what the layers compute with
    sigma        a pair or a name: for the layers whose activation is one's own, or for all where none is; or a list of
                 these, one for each layer

    Raises AutogradValueError for a list of another length, and where an activation of one's own was given none.

    >>> pair = (lambda u: u**3, lambda u: 3 * u**2)
    >>> sigmas_of("certify", [pair[0], "linear"], pair) == [pair, "linear"]
    True
    """
    if isinstance(sigma, list):
        if len(sigma) != len(activations):
            raise AutogradValueError(
                f"{who}: {counted(len(activations), 'layer')}, and {counted(len(sigma), 'entry', 'entries')} in sigma"
            )
        return list(sigma)
    known: list[Any] = [known_as(activation) for activation in activations]
    if sigma is not None:
        return [sigma if all(known) else name or sigma for name in known]
    if not all(known):
        raise AutogradValueError(
            f"{who}: there is no hand formula for the activation {name_of(activations[known.index('')])!r} of your own,"
            f" only for {', '.join(hand.ACTIVATIONS)}; give sigma=(σ, σ') on floats"
        )
    return known


def pair_of(who: str, sigma: Sigma) -> Pair:
    """σ and σ' on floats.  Raises AutogradValueError for an unknown name, AutogradTypeError for what is no pair.

    >>> pair_of("certify", "linear") == (hand.linear, hand.linear_slope)
    True
    """
    if isinstance(sigma, str):
        if sigma in hand.ACTIVATIONS:
            return hand.ACTIVATIONS[sigma]
        raise AutogradValueError(
            f"{who}: there is no hand formula for {sigma!r}, only for {', '.join(hand.ACTIVATIONS)}; give"
            " sigma=(σ, σ') on floats"
        )
    given: Any = sigma
    if isinstance(given, Sequence) and len(given) == 2 and all(map(callable, given)):
        return sigma
    raise AutogradTypeError(
        f"{who}: sigma is {', '.join(map(repr, hand.ACTIVATIONS))} or a pair (σ, σ') of functions, or a list of these"
        f" with one for each layer, and was given as {sigma!r}"
    )
