"""How precisely numbers were written: by a program with all digits, in float32, or by hand with a few.

A number that was rounded is off by up to half a unit of its last digit, one that was cut off by a
whole one.  `0.50` reaches us as 0.5, so a fraction counts as rounded at the last digit that is left
of it; a whole number, which has none, at the last decimal place of the others, or after as many
digits as the longest has.  What was not handed in was written down on the way as precisely as what was.
"""

from __future__ import annotations

import dataclasses
import math
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .intervals import Interval, Real, ends, largest, widened

FINEST = 1e-9  # of the terms: what another order of summation may cost
FULL = 15  # as many digits, and nearly as many decimals, are all that a float has: nothing was rounded
SINGLE = 2.0**-19  # of the terms: sixteen roundings to the 24 bits of a float32
LONGEST = 200  # characters of a number
_SIGNS = str.maketrans({"−": "-", "–": "-", ",": "."})
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,4})?", re.IGNORECASE)
COARSEST_WORK = 2  # decimals and digits: nobody works with fewer, whatever is written in the end
SHARE = 0.4  # of the numbers with all their decimals, before the others are believed to end in zeros
ENOUGH = 3  # numbers that must be there before they say how precisely all were written
SLACK = 1e-3  # of σ': relative to SLACK + σ' an error of 1e-9 is 1e-12 of σ' itself, as 1 − o² may have
AGREE = 1e-3  # of the largest number: closer than that, the formula is right and its arithmetic is not


@dataclass(frozen=True)
class Precision:
    """How far rounding may carry an answer.

    relative  to the size of the terms of an equation
    decimals  how many decimals the numbers were written with
    digits    how many digits the longest was written with; None: with all of them
    cut       whether digits were cut off and not rounded
    single    whether everything was computed in float32
    slack     what is added to σ' before an error is related to it
    products  whether each product of a sum may have been written down by itself
    fixed     whether all numbers have the same decimals, rather than as many digits
    least     decimals that every number is known to have: 0.4 is 0.4000 among numbers that were asked for so
    """

    relative: float = FINEST
    decimals: int = 0
    digits: int | None = None
    cut: bool = False
    single: bool = False
    slack: float = SLACK
    products: bool = False
    fixed: bool = False
    least: int = 0

    @property
    def exact(self) -> bool:
        """Whether every number has all its digits, so that intervals are not needed.

        >>> Precision().exact, Precision(decimals=2, digits=2).exact
        (True, False)
        """
        return self.digits is None and not self.single

    def half_unit(self, x: float) -> float:
        """Half a unit of the last digit that x was written with.

        >>> two = Precision(0.02, decimals=2, digits=2)
        >>> two.half_unit(0.25), two.half_unit(0.2), two.half_unit(0.0), Precision().half_unit(0.5)
        (0.005, 0.05, 0.005, 0.0)
        """
        if self.digits is None or not math.isfinite(x):
            return 0.0
        if self.digits >= FULL or not (x % 1 or self.least):
            return self.half_unit_at(x)
        whole = len(str(int(abs(x)))) if abs(x) >= 1 else 0  # with as many digits there were fewer decimals
        return 0.5 * 10.0 ** -max(_written(x)[1], self.least - whole)

    def half_unit_at(self, x: float) -> float:
        """Half a unit of the last digit that x would be written with.

        >>> Precision(0.02, decimals=2, digits=2).half_unit_at(12.345)
        0.5
        """
        if self.digits is None or not math.isfinite(x):
            return 0.0
        leading = int(f"{x:e}".partition("e")[2]) if x else -self.decimals - 1
        return max(0.5 * 10.0**-self.decimals, 0.5 * 10.0 ** (leading + 1 - self.digits))

    def before(self, x: float) -> Real:
        """Where the number lay that was written as x.

        >>> Precision(decimals=1, digits=1).before(0.5), Precision(decimals=1, digits=1, cut=True).before(-0.5)
        (Interval(0.45, 0.55), Interval(-0.6, -0.5))
        """
        half = self.half_unit(x)
        if not half:
            return x
        if not self.cut:
            return Interval(x - half, x + half)
        return Interval(x - 2 * half * (x <= 0), x + 2 * half * (x >= 0))

    def after(self, x: Real, size: float = 0.0) -> Real:
        """Where a number lies that was written down on the way, and whose terms were that large.

        >>> Precision(decimals=2, digits=2).after(0.5), Precision(0.0, decimals=2, digits=2).after(0.125)
        (0.5, Interval(0.12, 0.13))
        """
        if self.exact:
            return x
        low, high = ends(x)
        if low == high and self.digits is not None and self._needs_no_rounding(low):
            return x
        half = self._working.half_unit_at(largest(x))
        noise = self.relative * (size + largest(x))
        if self.cut:
            return Interval(low - noise - 2 * half * (high > 0), high + noise + 2 * half * (low < 0))
        return widened(x, half + noise)

    def on_the_way(self, x: float) -> float:
        """How much a sum or a product of that size loses where it is written down inside an equation."""
        return 0.0 if self.digits is None else (2.0 if self.cut else 1.0) * self._working.half_unit_at(x)

    @cached_property
    def _working(self) -> Precision:
        digits = None if self.digits is None else FULL + 2 if self.fixed else max(self.digits, COARSEST_WORK)
        return dataclasses.replace(self, decimals=max(self.decimals, COARSEST_WORK), digits=digits)

    def _needs_no_rounding(self, x: float) -> bool:
        work = self._working
        return math.isfinite(x) and round(x, work.decimals) == x == float(f"{x:.{min(work.digits or 1, FULL) - 1}e}")


def precision_of(numbers: Iterable[float]) -> Precision:
    """What the numbers of an answer say about how they were written.

    >>> found = precision_of([0.1385, -0.02])
    >>> found.decimals, found.digits, found.fixed
    (4, 4, False)
    >>> precision_of([0.1 + 0.2, 0.5]).exact
    True
    """
    written = [_written(x) for x in numbers if math.isfinite(x)]
    digits = max((d for d, _ in written), default=1)
    decimals = max((d for _, d in written), default=1)
    if digits >= FULL and decimals >= FULL - 3:
        return Precision()
    alike = [sum(number[which] == most for number in written) for which, most in ((0, digits), (1, decimals))]
    undecided = alike[0] == alike[1] and digits <= COARSEST_WORK
    return Precision(FINEST, decimals, digits, fixed=alike[1] > alike[0] or undecided)


def written_so(numbers: Sequence[float], decimals: int) -> bool:
    """Whether these numbers were written with so many decimals each, but for zeros at their ends.

    >>> written_so([0.1385, -0.0203, 0.5275, 0.4], 4), written_so([0.138, -0.0203, 0.527, 0.4], 4)
    (True, False)
    """
    fractions = [_written(x)[1] for x in numbers if math.isfinite(x) and x % 1]
    found = precision_of(numbers)
    alike = fractions.count(decimals) >= SHARE * len(fractions) > 0
    return alike and found.fixed and found.decimals == decimals and (found.digits or FULL) < FULL


def coarsest(parts: Sequence[Sequence[float]]) -> Precision:
    """How precisely one worked who wrote the parts of an answer each with digits of its own.

    A part of a few numbers says little: 0.5 may be 0.5000.

    >>> coarsest([[0.123, 0.456, 0.789], [0.5], [1 / 3, 1 / 7, 1 / 9]]).decimals
    3
    """
    telling = [part for part in parts if sum(x % 1 != 0 for x in part if math.isfinite(x)) >= ENOUGH]
    found = [precision_of(part) for part in telling or [[x for part in parts for x in part]]]
    return min(found, key=lambda p: math.inf if p.digits is None else p.decimals)


def single_precision() -> Precision:
    """Of numbers that were computed in float32, as PyTorch does unless it is told otherwise.

    >>> single_precision().exact
    False
    """
    return Precision(SINGLE, single=True, slack=1.0)


def read_number(text: str) -> float | None:
    """A number as people write it, None for a blank.  Raises ValueError for what is none.

    >>> read_number("−0,5"), read_number(" "), read_number("1e-3")
    (-0.5, None, 0.001)
    """
    text = text.strip().translate(_SIGNS)
    if text and (len(text) > LONGEST or not _NUMBER.fullmatch(text)):
        raise ValueError("no number")
    return float(text) if text else None


def shortest_single(x: float) -> float | None:
    """The shortest decimal that is this float32; None if x is none.

    >>> shortest_single(0.45669999718666077), shortest_single(0.1)
    (0.4567, None)
    """
    if not math.isfinite(x) or x == 0:
        return x
    try:
        if struct.unpack("f", struct.pack("f", x))[0] != x:
            return None
        for digits in range(1, 10):
            short = float(f"{x:.{digits}g}")
            if struct.unpack("f", struct.pack("f", short))[0] == x:
                return short
    except OverflowError:
        return None
    return x


def all_digits(x: float) -> bool:
    """Whether the number was written with nearly all digits that a float has.

    >>> all_digits(1 / 3), all_digits(0.25)
    (True, False)
    """
    return math.isfinite(x) and _written(x)[0] >= FULL - 3


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
    if not all(math.isfinite(number) for pair in pairs for number in pair):
        return None
    top = max((abs(right) for _, right in pairs), default=0.0)
    worst = max((abs(given - right) for given, right in pairs), default=0.0)
    if not 0 < worst <= AGREE * top:
        return None
    return math.floor(-math.log10(worst / top))
