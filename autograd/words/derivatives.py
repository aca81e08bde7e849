"""How derivatives are written: ∂y/∂x, and ∂₁y by one operand alone.

∂y/∂x is what y changes by when x does, by all ways from x to y.  The derivative by one operand alone
is the same number only where x enters y once and by no other way; elsewhere the slot is meant, ∂₁y,
or one symbol would have two values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_INNER = re.compile(r"\([^()]*\)|(?<=[₀-₉]),(?=[₀-₉])")  # f(x, y), θ₁,₁₂
_LOOSE = re.compile(r"[\s=<>+−*/×·^%,;|∂()-]")
_NUMBERS = "first", "second", "third", "fourth"
_MOST = 10**10  # bits that may be looked at: a fifth of a second
T = TypeVar("T")


def atom(name: str) -> str:
    """A name that can stand in a formula: in brackets where it is a formula, or a sentence, itself.

    >>> atom("θ⁽¹⁾₁,₁₂"), atom("z = logit"), atom("σ(u)"), atom("∂Err/∂θ₁"), atom("two words")
    ('θ⁽¹⁾₁,₁₂', '(z = logit)', 'σ(u)', '(∂Err/∂θ₁)', '(two words)')
    """
    inner, text = "", name
    while inner != text:  # brackets in brackets
        inner, text = text, _INNER.sub("", text)
    return f"({name})" if _LOOSE.search(text.strip()) else name


def derivative(y: str, x: str) -> str:
    """∂y/∂x.

    >>> derivative("Err", "θ₁"), derivative("f", "z = logit")
    ('∂Err/∂θ₁', '∂f/∂(z = logit)')
    """
    return f"∂{atom(y)}/∂{atom(x)}"


def by_operand(y: str, operand: int) -> str:
    """The derivative of y by one operand alone, counted from 0.

    >>> by_operand("Err", 0), by_operand("z = logit", 11)
    ('∂₁Err', '∂₁₂(z = logit)')
    """
    return f"∂{operand + 1}".translate(_SUBSCRIPTS) + atom(y)


def derivative_by(y: str, x: str, operand: int, slot: bool) -> str:
    """The local derivative of y in its operand x: ∂y/∂x, or ∂₁y where the slot is meant."""
    return by_operand(y, operand) if slot else derivative(y, x)


def slot_note(y: str, operand: int, square: bool) -> str:
    """The line that says what a slot is; of a square also which its operands are.

    >>> slot_note("Err", 0, True), slot_note("u", 4, False)
    ('∂₁Err: by the first operand alone, x² being x·x', '∂₅u: by operand 5 alone')
    """
    told = f"the {_NUMBERS[operand]} operand" if operand < len(_NUMBERS) else f"operand {operand + 1}"
    return f"{by_operand(y, operand)}: by {told} alone{', x² being x·x' if square else ''}"


def slots(uses: Mapping[T, Sequence[tuple[int, T]]]) -> set[tuple[T, int]]:
    """Where the slot is meant: the (node, operand) whose operand also enters the node elsewhere.

    uses  each node, operands before results, with the operands that it depends on: number and node

    In a graph so large that this would take seconds, wherever an operand is used twice at all: a
    slot is never wrong.

    >>> sorted(slots({"x": [], "v": [(0, "x"), (1, "x")], "f": [(0, "v"), (1, "x")], "g": [(0, "f"), (1, "w")]}))
    [('f', 1), ('v', 0), ('v', 1)]
    """
    count = Counter(operand for operands in uses.values() for _, operand in operands)
    shared = {node: 1 << i for i, node in enumerate(node for node, n in count.items() if n > 1)}
    if len(shared) * len(uses) > _MOST:
        return {(node, i) for node, operands in uses.items() for i, operand in operands if operand in shared}
    return set(_entering_twice(uses, shared, count))


def _entering_twice(
    uses: Mapping[T, Sequence[tuple[int, T]]], shared: Mapping[T, int], count: dict[T, int]
) -> Iterator[tuple[T, int]]:
    """What stands below a node, as bits of those shared, is forgotten with its last consumer."""
    below: dict[T, int] = {}
    for node, operands in uses.items():
        once = twice = 0
        for _, operand in operands:
            bits = below.get(operand, shared.get(operand, 0))
            twice |= once & bits
            once |= bits
        for i, operand in operands:
            if twice & shared.get(operand, 0):
                yield node, i
            count[operand] -= 1
            if not count[operand]:
                below.pop(operand, None)
        if count.get(node):
            below[node] = once | shared.get(node, 0)
