"""Which numbers a sheet may have: rules that keep it solvable, printable and gradable by hand.

A rule answers with the reason why numbers are rejected, or with "".  What is printed must follow from what is
printed: u from the printed o, δ from the printed σ', and so on.  Every value is that of nn/deltas.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LARGEST_U, KINK, SMALLEST_DELTA, CANCELS = 2.5, 0.1, 0.01, 5.0

SATURATED = "|u| above 2.5"
AT_KINK = "|u| below 0.1 at a kink"
SMALL = "|δ| below 0.01"
CANCELLING = "a sum that cancels more than 5 times"
UNPRINTED = "printed working that does not give its printed result"
VANISHED = "a number that is not 0 and prints as 0"
ONE_SIDED = "no ReLU neuron on each side"
UNTOLD = "two mistakes that cannot be told apart here"


@dataclass(frozen=True)
class Printing:
    """Numbers as a sheet prints them, with so many digits after the point.

    >>> four = Printing(4)
    >>> four.rounded(0.67916), four.fault(0.67916, 0.67921), four.fault(0.67916, 0.67926) == UNPRINTED
    (0.6792, '', True)
    """

    digits: int

    @property
    def unit(self) -> float:
        return 10.0**-self.digits

    def rounded(self, v: float) -> float:
        return float(f"{v:.{self.digits}f}")

    def all(self, values: Sequence[float]) -> list[float]:
        return [self.rounded(v) for v in values]

    def fault(self, value: float, from_printed: float) -> str:
        """Why a value cannot stand in the key, where its printed operands give that."""
        printed = self.rounded(value)
        if printed != self.rounded(from_printed):
            return UNPRINTED
        return VANISHED if value and not printed else ""


def of_sum(terms: Sequence[float]) -> str:
    """Whether a sum loses its digits because its terms cancel.

    >>> of_sum([0.5, -0.45]), of_sum([0.5, 0.2])
    ('a sum that cancels more than 5 times', '')
    """
    return CANCELLING if sum(map(abs, terms)) > CANCELS * abs(sum(terms)) else ""


def of_u(u: float, kink: bool) -> str:
    """Whether σ is saturated, or near its kink.

    >>> of_u(2.6, False), of_u(0.05, True), of_u(0.05, False)
    ('|u| above 2.5', '|u| below 0.1 at a kink', '')
    """
    return SATURATED if abs(u) > LARGEST_U else AT_KINK if kink and abs(u) < KINK else ""


def of_delta(delta: float, dead: bool) -> str:
    """Whether a δ is too small to work with, and not 0 by structure.

    >>> of_delta(0.005, False), of_delta(0.0, True)
    ('|δ| below 0.01', '')
    """
    return SMALL if abs(delta) < SMALLEST_DELTA and not dead else ""
