"""What a grade says: which equation is wrong, where, what the mistake is, and what to look at next."""

from __future__ import annotations

from dataclasses import dataclass, field

from .equations import EQUATIONS, Place
from .mistakes import Mistake

# One way to explain what was found: usually one mistake, sometimes two, each with its equation.
Explanation = tuple[tuple[str, Mistake], ...]
IN_FULL = 3  # explanations that are told in full; of more than these only the names
CONVENTIONS = {"delta.output.half_convention", "forward.err.half"}  # right with another Err


@dataclass(frozen=True)
class Finding:
    """One wrong equation and what explains it.

    title         the equation
    explanations  the mistakes that explain every number; several where no number tells them apart
    factor        the constant by which all numbers are off, where nothing else explains them
    first         the first quantity that differs, in the order of computation
    given         what the answer has there
    right         what the equation gives there, with the answer's own operands
    wrong, of     in how many of how many neurons (or weights) it shows
    only          the one place, or the few, where the mistake is made, if it is not made everywhere
    digits        to how many digits the numbers agree, where that is nearly all that there is to say
    equation      the equation's short name, a key of EQUATIONS
    working       how the first number that differs is computed, with the numbers put in
    place         where it stands, counted from 0: (k, i) or (k, i, l)
    """

    title: str
    explanations: tuple[Explanation, ...] = ()
    factor: float | None = None
    first: str = ""
    given: float = 0.0
    right: float = 0.0
    wrong: int = 0
    of: int = 0
    only: tuple[str, ...] = ()
    digits: int | None = None
    equation: str = ""
    working: str = ""
    place: Place = ()

    @property
    def names(self) -> list[tuple[str, ...]]:
        """The explanations by name, each of one or two mistakes.

        >>> Finding("δ").names
        []
        """
        return [tuple(mistake.name for _, mistake in explanation) for explanation in self.explanations]

    @property
    def ids(self) -> list[tuple[str, ...]]:
        """The explanations by identifier, such as "delta.hidden.slope_missing", which stays what it is.

        >>> Finding("δ").ids
        []
        """
        return [tuple(mistake.id(equation) for equation, mistake in e) for e in self.explanations]

    @property
    def convention(self) -> bool:
        """Whether it may be no mistake but another Err: with ½, or without.

        >>> Finding("δ").convention
        False
        """
        return any(set(ids) <= CONVENTIONS for ids in self.ids)

    def __str__(self) -> str:
        lines = [f"WRONG  {self.title}", *self._mistakes()]
        if self.first:
            given, right = f"{self.given:.6g}", f"{self.right:.6g}"
            if given == right:
                given, right = f"{self.given:.12g}", f"{self.right:.12g}"
            lines.append(f"  differs  first at {self.first}: answered {given}, the equation gives {right}")
        if self.only:
            shown = ", ".join(self.only[:4]) + (", …" if len(self.only) > 4 else "")
            lines.append(f"  where    only at {shown}: {self.wrong} of {self.of}")
        if self.working:
            lines.append(f"  look at  {self.working}")
        return "\n".join(lines)

    def _mistakes(self) -> list[str]:
        told = self.explanations[: IN_FULL if len(self.explanations) <= IN_FULL else 1]
        lines = []
        for n, explanation in enumerate(told):
            lead = "mistake" if n == 0 else "or"
            for equation, mistake in explanation:
                elsewhere = equation in EQUATIONS and EQUATIONS[equation] != self.title
                where = f" [{EQUATIONS[equation].partition(',')[0]}]" if elsewhere else ""
                lines.append(f"  {lead:<8} {mistake.name}{where}: {mistake.because}")
                lead = "and"
        if others := [" and ".join(names) for names in self.names[len(told) :]]:
            listed = "; ".join(dict.fromkeys(others[:4])) + ("; …" if len(others) > 4 else "")
            lines.append(f"  or       the same numbers come from: {listed}")
        if not told:
            lines.append(f"  mistake  {self._unnamed()}")
        return lines

    def _unnamed(self) -> str:
        """What can be said of numbers that no mistake explains."""
        if self.given != self.given or abs(self.given) == float("inf"):
            return f"{self.given} is no number to go on with: was something divided by 0, or a logarithm taken of 0?"
        if self.digits is not None:
            return f"agrees to about {self.digits} digits: finite differences, or rounding?"
        if self.factor is not None:
            return f"a constant factor of {self.factor:.6g} ({self._origin(self.factor)})"
        if self.wrong == 1:
            return "unknown: the others are right, so this looks like a slip; work this one number out again"
        return "unknown: none of the usual ones; put the numbers in, one at a time, starting with this one"

    def _origin(self, factor: float) -> str:
        """Where a constant factor may come from."""
        times = round(factor)
        if self.title in (EQUATIONS["weights"], EQUATIONS["bias"]) and times > 1 and abs(factor - times) < 0.01 * times:
            return f"added up {times} times, because nothing set it back to zero? a factor of {times} too many?"
        return "a learning rate? a mean?" if factor > 0 else "the update, with −η, for the gradient?"


@dataclass(frozen=True)
class Judged:
    """One number of an answer, where numbers were handed in: for exercise sheets.

    part      u, o, err, slope, delta, theta (∂Err/∂θ), bias (∂Err/∂b), new_theta or new_bias
    place     where it stands, counted from 0
    given     what was handed in
    expected  what its equation gives from the answer's own operands
    right     what is right
    status    "right", "follow_through" (from a wrong operand, and by the right equation), or "mistake"
    """

    part: str
    place: Place
    given: float
    expected: float
    right: float
    status: str


@dataclass
class Grade:
    """The report of grade: true where the answer is right, and printable.

    findings  the wrong equations, in the order of computation
    right     the titles of the equations that are right
    notes     what else is worth knowing
    fields    every number that was handed in, judged by itself; empty for functions and batches

    >>> bool(Grade()), bool(Grade([Finding("δ")]))
    (True, False)
    """

    findings: list[Finding] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fields: list[Judged] = field(default_factory=list, repr=False)

    def __bool__(self) -> bool:
        return not self.findings

    @property
    def known(self) -> bool:
        """Whether every wrong equation has an explanation."""
        return all(finding.explanations for finding in self.findings)

    @property
    def mistakes(self) -> set[str]:
        """The names of all mistakes found, the ones that cannot be told apart included.

        >>> Grade().mistakes
        set()
        """
        return {name for finding in self.findings for names in finding.names for name in names}

    @property
    def ids(self) -> list[str]:
        """The likeliest mistake of each finding, by identifier: what a program reads.

        >>> Grade().ids
        []
        """
        return [identifier for finding in self.findings for identifier in (finding.ids or [()])[0]]

    def __str__(self) -> str:
        blocks = [str(finding) for finding in self.findings]
        if self.right:
            blocks.append("\n".join(f"right  {title}" for title in self.right))
        blocks.extend(f"note   {note}" for note in self.notes)
        return "\n".join(blocks)

    __repr__ = __str__
