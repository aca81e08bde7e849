"""What a node is to its graph: input, parameter, target or loss; said by the user, or guessed from its label."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from ..errors import AutogradTypeError, AutogradValueError
from ..ops import LITERAL
from ..recording import given
from ..value import Value
from ..words.text import shown

ROLES = ("input", "parameter", "target", "loss")
Roles: TypeAlias = "Mapping[Value, str] | None"
_INDICES = r"[\d,₀-₉⁰¹²³⁴-⁹⁽⁾ᵢⱼₖₗ_'′]*"
_PARAMETER = re.compile(rf"(θ|w|b|W|theta|weight|bias)({_INDICES}|_\w+)")
_TARGET = re.compile(rf"(y|target){_INDICES}")


def checked(roles: Roles, graph: Collection[Value]) -> dict[Value, str]:
    """The roles that a user has said, of nodes of the graph.

    Raises AutogradTypeError for what is no dictionary of Values, AutogradValueError for an unknown role
    and for a node that is not in the graph.

    >>> h = Value(1.8, "w_height")
    >>> checked({h: "input"}, [h]) == {h: "input"}, checked(None, [h])
    (True, {})
    """
    if roles is None:
        return {}
    if not isinstance(roles, Mapping):
        raise AutogradTypeError(f"roles is a dictionary {{node: role}}, and was given {given(roles)}")
    known = graph if isinstance(graph, (set, frozenset, dict)) else set(graph)
    for node, role in roles.items():
        if not isinstance(node, Value):
            raise AutogradTypeError(f"roles: a key is a Value of the graph, and was given {given(node)}")
        if role not in ROLES:
            raise AutogradValueError(f"roles: unknown role {role!r}; choose one of {', '.join(ROLES)}")
        if node not in known:
            told = repr(shown(node.label, 40)) if node.label else repr(node)
            raise AutogradValueError(f"roles: {told} is not among what the Value was computed from")
    return dict(roles)


def cast(roles: Mapping[Value, str], name: Callable[[Value], str]) -> list[str]:
    """Who is who, a line for each role that somebody has.

    >>> cast({Value(1.8, "w_height"): "input", Value(1.0, "x"): "input"}, lambda node: node.label)
    ['input: w_height, x']
    """
    named = [(role, ", ".join(name(node) for node, said in roles.items() if said == role)) for role in ROLES]
    return [f"{role}: {names}" for role, names in named if names]


def role_of(node: Value, root: Value, said: Mapping[Value, str]) -> str:
    """What the user said, or "input", "parameter", "target", "literal", "operation" or "result" by label and place.

    A loss is drawn as the result is.

    >>> w, y, f = Value(1.0, "w_in"), Value(2.0, "y"), Value(3.0, "f")
    >>> role_of(w, f, {}), role_of(y, f, {}), role_of(y, f, {f: "loss"}), role_of(w, f, {w: "input"})
    ('parameter', 'input', 'target', 'input')
    """
    if node in said:
        return "result" if said[node] == "loss" else said[node]
    if node is root:
        return "result"
    if node.op is LITERAL:
        return "literal"
    if node.parents:
        return "operation"
    if _PARAMETER.fullmatch(node.label):
        return "parameter"
    # y is an ordinary input elsewhere, and the target where a loss is drawn, such as the lecture's Err.
    loss = root.label == "Err" or "loss" in said.values()
    return "target" if loss and _TARGET.fullmatch(node.label) else "input"
