"""What a grade says: which equation is wrong, where, what the mistake is, and what it does to the numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from .mistakes import EQUATIONS, Mistake

# One way to explain what was found: usually one mistake, sometimes two, each with its equation.
Explanation = tuple[tuple[str, Mistake], ...]


@dataclass(frozen=True)
class Finding:
    """One wrong equation and what explains it.

    title         the equation
    explanations  the mistakes that explain every number; several where no number tells them apart
    factor        the constant by which all numbers are off, where nothing else explains them
    first         the first quantity that differs, in the order of computation
    given         what the answer has there
    right         what the equation gives there, with the answer's own δ of the next layer
    wrong, of     in how many of how many neurons (or weights) it shows
    only          the one place, or the few, where the mistake is made, if it is not made everywhere
    digits        to how many digits the numbers agree, where that is nearly all that there is to say
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

    @property
    def names(self) -> list[tuple[str, ...]]:
        """The explanations by name, each of one or two mistakes.

        >>> Finding("δ").names
        []
        """
        return [tuple(mistake.name for _, mistake in explanation) for explanation in self.explanations]

    def __str__(self) -> str:
        lines = [f"WRONG  {self.title}"]
        for n, explanation in enumerate(self.explanations[:4]):
            lead = "mistake" if n == 0 else "or"
            for equation, mistake in explanation:
                elsewhere = equation in EQUATIONS and EQUATIONS[equation] != self.title
                where = f" [{EQUATIONS[equation].partition(',')[0]}]" if elsewhere else ""
                lines.append(f"  {lead:<8} {mistake.name}{where}: {mistake.because}")
                lead = "and"
        if len(self.explanations) > 4:
            lines.append(f"  or       {len(self.explanations) - 4} more, which these numbers do not tell apart")
        if self.digits is not None:
            lines.append(f"  mistake  agrees to about {self.digits} digits: finite differences, or rounding?")
        elif self.factor is not None:
            lines.append(f"  mistake  a constant factor of {self.factor:.6g} ({self._origin(self.factor)})")
        elif self.first and not self.explanations:
            lines.append("  mistake  unknown: no formula of the family, and no two together, give these numbers")
        if self.first:
            given, right = f"{self.given:.6g}", f"{self.right:.6g}"
            if given == right:
                given, right = f"{self.given:.12g}", f"{self.right:.12g}"
            lines.append(f"  differs  first at {self.first}: answered {given}, the equation gives {right}")
        if self.only:
            shown = ", ".join(self.only[:4]) + (", …" if len(self.only) > 4 else "")
            lines.append(f"  where    only at {shown}: {self.wrong} of {self.of}")
        return "\n".join(lines)

    def _origin(self, factor: float) -> str:
        """Where a constant factor may come from."""
        times = round(factor)
        if self.title in (EQUATIONS["weights"], EQUATIONS["bias"]) and times > 1 and abs(factor - times) < 0.01 * times:
            return f"added up {times} times, because nothing set it back to zero? a factor of {times} too many?"
        return "a learning rate? a mean?" if factor > 0 else "the update, with −η, for the gradient?"


@dataclass
class Grade:
    """The report of grade: true where the answer is right, and printable.

    findings  the wrong equations, in the order of computation
    right     the titles of the equations that are right
    notes     what else is worth knowing

    >>> bool(Grade()), bool(Grade([Finding("δ")]))
    (True, False)
    """

    findings: list[Finding] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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

    def __str__(self) -> str:
        blocks = [str(finding) for finding in self.findings]
        if self.right:
            blocks.append("\n".join(f"right  {title}" for title in self.right))
        blocks.extend(f"note   {note}" for note in self.notes)
        return "\n".join(blocks)

    __repr__ = __str__
