"""How precisely numbers were written: by a program with all digits, or by hand with a few.

A number that was rounded is off by up to half a unit of its last digit.  `0.50` reaches us as
0.5, so a fraction counts as rounded at the last digit that is left of it; a whole number, which
has none, at the last decimal place of the others, or after as many digits as the longest has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

FINEST = 1e-9  # of the terms: what another order of summation may cost
FULL = 15  # as many digits, and nearly as many decimals, are all that a float has: nothing was rounded
COARSEST = 0.02  # of the terms: what working with few digits of u, o and σ' on the way may cost
AGREE = 1e-3  # of the largest number: closer than that, the formula is right and its arithmetic is not


@dataclass(frozen=True)
class Precision:
    """How far rounding may carry an answer.

    relative  to the size of the terms of an equation
    decimals  how many decimals the numbers were written with
    digits    how many digits the longest was written with; None: with all of them
    """

    relative: float = FINEST
    decimals: int = 0
    digits: int | None = None

    def half_unit(self, x: float) -> float:
        """Half a unit of the last digit that x was written with.

        >>> two = Precision(0.02, decimals=2, digits=2)
        >>> two.half_unit(0.25), two.half_unit(0.2), two.half_unit(0.0), Precision().half_unit(0.5)
        (0.005, 0.05, 0.005, 0.0)
        """
        if self.digits is None or not math.isfinite(x):
            return 0.0
        return 0.5 * 10.0 ** -_written(x)[1] if x % 1 and self.digits < FULL else self.half_unit_at(x)

    def half_unit_at(self, x: float) -> float:
        """Half a unit of the last digit that x would be written with.

        >>> Precision(0.02, decimals=2, digits=2).half_unit_at(12.345)
        0.5
        """
        if self.digits is None:
            return 0.0
        leading = int(f"{x:e}".partition("e")[2]) if x else -self.decimals - 1
        return max(0.5 * 10.0**-self.decimals, 0.5 * 10.0 ** (leading + 1 - self.digits))

    def rounding(self, x: float) -> float:
        """By how much x changes if it is written down.

        >>> Precision(0.02, decimals=1, digits=2).rounding(0.5)
        0.0
        """
        if self.digits is None or not math.isfinite(x):
            return 0.0
        return max(abs(round(x, self.decimals) - x), abs(float(f"{x:.{self.digits - 1}e}") - x))


def precision_of(numbers: Iterable[float]) -> Precision:
    """What the numbers of an answer say about how they were written.

    Relative to the terms two units of the last digit of the longest number are granted, and at
    most 2 %: that is for the u, o and σ' that were rounded on the way.

    >>> precision_of([0.1385, -0.02])
    Precision(relative=0.002, decimals=4, digits=4)
    >>> precision_of([0.1 + 0.2, 0.5])
    Precision(relative=1e-09, decimals=0, digits=None)
    """
    written = [_written(x) for x in numbers if math.isfinite(x)]
    digits = max((d for d, _ in written), default=1)
    decimals = max((d for _, d in written), default=1)
    if digits >= FULL and decimals >= FULL - 3:
        return Precision()
    return Precision(min(max(2 * 10.0 ** (1 - digits), FINEST), COARSEST), decimals, digits)


def _written(x: float) -> tuple[int, int]:
    """How many digits and how many decimals a number is written with."""
    mantissa, _, exponent = f"{abs(x)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = len((whole + fraction.rstrip("0")).lstrip("0")) if x % 1 else len(whole.strip("0"))
    return max(digits, 1), min(max(len(fraction) - int(exponent or 0), 1), 300)


def common_digits(pairs: Iterable[tuple[float, float]]) -> int | None:
    """To how many digits of the largest number given and right agree everywhere; None for fewer than three.

    >>> common_digits([(0.500001, 0.5), (-0.25, -0.25)]), common_digits([(0.5, 0.4)])
    (5, None)
    """
    pairs = list(pairs)
    largest = max((abs(right) for _, right in pairs), default=0.0)
    worst = max((abs(given - right) for given, right in pairs), default=0.0)
    if not 0 < worst <= AGREE * largest < math.inf or any(given != given for given, _ in pairs):
        return None
    return math.floor(-math.log10(worst / largest))
