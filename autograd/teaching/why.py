"""Why backward() goes in topological order, and why it says +=: the answers on a recorded graph.

Both say what the obvious alternative, in orders.py, would have given on this very graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..words.text import bracketed, exact, short, shown
from .orders import SENDS, Attempt, attempts, passed_back, users

if TYPE_CHECKING:
    from .events import Recording

SHOWN = 3  # nodes that an answer lists
VISIBLE = 1e-9  # relative; less may be the rounding of a sum in another order


def why_topological(recording: Recording) -> str:
    """What other orders give on this very graph, or that here all of them are right.

    >>> from autograd import Value, record
    >>> x = Value(3.0, "x"); a = x * x; a.label = "a"
    >>> print(why_topological(record(a + a * a)))
    Why in topological order?
      a is used by several steps, and must hear from all before it passes a gradient on.
      - in the order of the forward pass: wrong, since a passes on what it has before f has sent its part
          ∂f/∂x would be 0 instead of 114
      - each node as soon as it is reached: wrong, since a passes on what it has before v₁ has sent its part
          ∂f/∂x would be 6.00 instead of 114
      - level by level: wrong, since a passes on what it has before v₁ has sent its part
          ∂f/∂x would be 6.00 instead of 114
      - each node whenever something arrives: wrong, since a passes on what it has before v₁ has sent its part
          ∂f/∂x would be 120 instead of 114
    """
    edges, names = recording.edges, recording.names
    shared = [names[n] for n, consumers in users(edges).items() if edges[n] and len(set(consumers)) > 1]
    if len(shared) == 1:
        lines = [f"{shown(shared[0])} is used by several steps, and must hear from all before it passes a gradient on."]
    elif shared:
        lines = [
            f"{_listed(shared)}: each is used by several steps, and must hear from all of them",
            "before it passes a gradient on.",
        ]
    else:
        lines = [
            "Here every order from the result to the leaves is right: whatever passes a gradient on is used by one",
            "step only, so it has its whole gradient as soon as it is reached.  Where two steps use it, as they use",
            "a in  a = x·x;  f = a + a·a,  it must hear from both before it passes its gradient on.",
        ]
    lines += [line for attempt in attempts(edges, recording.root) for line in _told(attempt, recording)]
    return "\n  ".join(["Why in topological order?", *lines])


def _told(attempt: Attempt, recording: Recording) -> Iterator[str]:
    edges, names = recording.edges, recording.names
    if attempt.early is None:
        yield f"- {attempt.name}: right here, where everybody happens to wait long enough"
        return
    reason = f"{shown(names[attempt.early])} passes on once more what it has passed on already"
    if attempt.missing is not None:
        missing = shown(names[attempt.missing])
        reason = f"{shown(names[attempt.early])} passes on what it has before {missing} has sent its part"
    if attempt.gradients is None:
        yield f"- {attempt.name}: no end within {SENDS:,} steps, since it walks every path"
        return
    wrong = [n for n in edges if not edges[n] and not _same(attempt.gradients[n], recording.gradient(n))]
    if not wrong:
        yield f"- {attempt.name}: right here, though {reason}"
        return
    yield f"- {attempt.name}: wrong, since {reason}"
    for node in wrong[:SHOWN]:
        false, true = _apart(attempt.gradients[node], recording.gradient(node))
        yield f"    {recording.partial(node)} would be {false} instead of {true}"
    if len(wrong) > SHOWN:
        yield f"    and the gradients of {len(wrong) - SHOWN} more leaves would be wrong"


def why_accumulate(recording: Recording) -> str:
    """Which nodes receive more than one contribution, and what = in place of += would leave of them.

    >>> from autograd import Value, record
    >>> x = Value(3.0, "x")
    >>> print(why_accumulate(record(x * x + x)))
    Why += ?
      x is used 3 times, and each use counts:
        ∂f/∂x = 1.00 + 3.00 + 3.00 = 7.00
        with = it would be 3.00
    """
    edges = recording.edges
    several = [node for node, consumers in users(edges).items() if len(consumers) > 1]
    lines = []
    overwritten = passed_back(edges, recording.root, edges, overwrite=True)
    for node in several[:SHOWN]:
        parts = [bracketed(short(event.contribution)) for event in recording.contributions(node)]
        if len(parts) > SHOWN:
            parts[SHOWN - 1 : -1] = ["…"]
        true, false = _apart(recording.gradient(node), overwritten[node])
        equal = _same(recording.gradient(node), overwritten[node])
        lines += [
            f"{shown(recording.names[node])} is used {len(recording.contributions(node))} times, and each use counts:",
            f"  {recording.partial(node)} = {' + '.join(parts)} = {true}",
            "  with = it would be the same here" if equal else f"  with = it would be {false}",
        ]
    if len(several) > SHOWN:
        lines.append(f"and so for {len(several) - SHOWN} more nodes")
    if not several:
        lines = [
            "Here = would do: everything is used once, so each gradient is a single contribution.  Where x is",
            "used twice, as in  f = x·x,  its gradient is the sum of two, and = would keep only the last.",
        ]
    return "\n  ".join(["Why += ?", *lines])


def _same(x: float, y: float) -> bool:
    return math.isclose(x, y, rel_tol=VISIBLE) or (math.isnan(x) and math.isnan(y))


def _apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers in as many digits as show that they differ."""
    return (short(x), short(y)) if short(x) != short(y) else (exact(x), exact(y))


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown(name) for name in names[:SHOWN]) + rest
