"""softmax and its relatives on arrays: the exponentials of a set of operands once, whoever reads them.

The texts of rows.py take one share each, so that n shares would take n² exponentials.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .namespace import exponentials


class _Set(NamedTuple):
    """What a set of operands has in common."""

    operands: tuple[Any, ...]  # kept, so that no other array gets the number of one of them
    terms: dict[int, Any]  # exp(x − m) by the operand's number
    total: Any
    others: Any  # Σ without the first of the largest terms


class Shares:
    """The rows, which remember their sets until `forget` is called."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self.sets: dict[tuple[int, ...], _Set] = {}

    def forget(self) -> None:
        self.sets.clear()

    def softmax(self, x: Any, *others: Any) -> Any:
        found = self._of(x, *others)
        return found.terms[id(x)] / found.total

    def softmax_rest(self, x: Any, *others: Any) -> Any:
        """(Σ − e)/Σ; an e above half of Σ is its largest term."""
        found = self._of(x, *others)
        e, total = found.terms[id(x)], found.total
        return self.xp.where(e > 0.5 * total, found.others, total - e) / total

    def _of(self, *xs: Any) -> _Set:
        key = tuple(sorted(map(id, xs)))
        found = self.sets.get(key)
        if found is None:
            m, difference = exponentials(self.xp, *xs)
            terms = {id(x): difference(x) for x in xs}
            rest, taken = [], m != m
            for x in xs:
                first = (x == m) & ~taken
                rest.append(self.xp.where(first, 0.0, terms[id(x)]))
                taken = taken | first
            total = self.xp.compensated([terms[id(x)] for x in xs])
            self.sets[key] = found = _Set(xs, terms, total, self.xp.compensated(rest))
        return found
