"""The structure of inputs and outputs: dictionaries, lists, tuples around leaves.

leaf     a Value, a flat list of k Values, or an object array of them: an array of shape (), (k,) or its own
tree     dictionaries, lists of leaves, tuples and named tuples around leaves
samples  where a leaf is given with one more axis in front, its entries differ from sample to sample

A Value or a flat list of Values as the outermost thing is no structure: it stands for single numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

from ..errors import LoweringError
from ..numeric.nesting import Branch
from ..value import Value

RESERVED = ("out", "threads")  # what a call means by these names


@dataclass(frozen=True)
class Leaf:
    """`count` numbers of a program, from number `start` on, as an array."""

    path: str
    start: int
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        return prod(self.shape)

    def of(self, flat: Sequence[Any]) -> Any:
        """Its part of all leaves' things, in nested lists; a single one by itself."""
        return nested(flat[self.start : self.start + self.count], self.shape)


Tree: TypeAlias = "Leaf | Branch[Leaf]"


def structured(given: object) -> bool:
    """Whether it is more than a Value or a flat list of them.

    >>> x = Value(1.0)
    >>> [structured(given) for given in (x, [x, x], (x, x), {"x": x}, [[x], [x]], (x, [x]))]
    [False, False, False, True, True, True]
    """
    if isinstance(given, Mapping) or hasattr(given, "_fields") or getattr(given, "ndim", 1) > 1:
        return True
    return isinstance(given, (list, tuple)) and any(isinstance(x, (list, tuple, Mapping)) or _array(x) for x in given)


def parsed(what: str, given: Any) -> tuple[Tree, list[Value]]:
    """The structure of Values, and the Values in order.

    Raises LoweringError for anything in it that is neither.

    >>> from autograd.numeric.nesting import leaves
    >>> a, b, c = (Value(x) for x in (1.0, 2.0, 3.0))
    >>> tree, values = parsed("inputs", {"w": [a, b], "c": c})
    >>> [(leaf.path, leaf.start, leaf.shape) for leaf in leaves(tree)], len(values)
    ([("['w']", 0, (2,)), ("['c']", 2, ())], 3)
    """
    values: list[Value] = []

    def walk(x: Any, path: str) -> Tree:
        start = len(values)
        if isinstance(x, Value):
            values.append(x)
            return Leaf(path, start, ())
        if _array(x):
            values.extend(x.ravel().tolist())
            _only_values(what, path, values[start:])
            return Leaf(path, start, tuple(x.shape))
        if isinstance(x, Mapping):
            return Branch(dict, tuple(x), tuple([walk(x[key], f"{path}[{key!r}]") for key in x]), path)
        if isinstance(x, tuple):
            keys = getattr(x, "_fields", range(len(x)))
            named = hasattr(x, "_fields")
            parts = [walk(y, f"{path}.{key}" if named else f"{path}[{key}]") for key, y in zip(keys, x)]
            return Branch(type(x), tuple(keys), tuple(parts), path)
        if isinstance(x, list) and not all(isinstance(y, Value) for y in x):
            return Branch(list, tuple(range(len(x))), tuple([walk(y, f"{path}[{k}]") for k, y in enumerate(x)]), path)
        if isinstance(x, list):
            values.extend(x)
            return Leaf(path, start, (len(x),))
        raise LoweringError(_refused(what, path, x))

    return walk(given, ""), values


def _only_values(what: str, path: str, given: Sequence[Any]) -> None:
    for x in given:
        if not isinstance(x, Value):
            raise LoweringError(_refused(what, path, x))


def _refused(what: str, path: str, x: object) -> str:
    where = f"{what}{path}"
    return (
        f"lower(outputs, inputs) takes Values, flat lists of them, and dictionaries, lists and tuples of these;"
        f" {where} is {x!r:.80}"
    )


def _array(x: object) -> bool:
    return hasattr(x, "ravel") and hasattr(x, "shape")


def arguments(tree: Tree, positional: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    """What a call gives for each leaf, in order.

    A dictionary's parts are named in the call, a list's and a tuple's are positional, a named tuple's either.
    Raises LoweringError for what is missing, unknown, or of another structure.
    """
    if isinstance(tree, Leaf):
        if named or len(positional) != 1:
            raise LoweringError(f"the program takes one array of shape {tree.shape}, {_counted(positional, named)}")
        return [positional[0]]
    given: dict[Any, Any] = {}
    if tree.kind is not dict:
        given = dict(zip(tree.keys, positional))
    if len(positional) > len(given) or (named and tree.kind in (list, tuple)):
        raise LoweringError(f"the program takes {_wanted(tree)}, {_counted(positional, named)}")
    twice = [key for key in named if key in given]
    if twice:
        raise LoweringError(f"the program was given {twice[0]!r} twice")
    return _under(tree, {**given, **named}, "")


def _under(tree: Branch[Leaf], given: Any, path: str) -> list[Any]:
    found: list[Any] = []
    if tree.kind is dict or isinstance(given, Mapping):
        if not isinstance(given, Mapping):
            raise LoweringError(
                f"the input {path} is a dictionary with the keys {_listed(tree.keys)}, not {given!r:.60}"
            )
        if given.keys() != set(tree.keys):
            missing = [key for key in tree.keys if key not in given]
            unknown = [key for key in given if key not in tree.keys]
            told = f"lacks {_listed(missing)}" if missing else f"does not know {_listed(unknown)}"
            where = f"the input {path}" if path else "the call"
            if missing or path:
                raise LoweringError(f"{where} {told}; it takes {_listed(tree.keys)}")
            raise LoweringError(f"the program {told}; it takes {_listed(tree.keys)}")
        parts = [given[key] for key in tree.keys]
    else:
        parts = list(given) if isinstance(given, (list, tuple)) or _array(given) else [given]
        if len(parts) != len(tree.parts):
            raise LoweringError(f"the input {path} has {len(tree.parts)} parts, and was given {len(parts)}")
    for part, x in zip(tree.parts, parts):
        if isinstance(part, Leaf):
            found.append(x)
        else:
            found += _under(part, x, part.path)
    return found


def _wanted(tree: Branch[Leaf]) -> str:
    return f"{_listed(tree.keys)} by name" if tree.kind is dict else f"{len(tree.parts)} inputs"


def _counted(positional: Sequence[Any], named: Mapping[str, Any]) -> str:
    return f"and was given {len(positional)} by position and {_listed(list(named)) or 'none'} by name"


def _listed(keys: Sequence[Any]) -> str:
    return ", ".join(map(str, keys[:8])) + (", …" if len(keys) > 8 else "")


def check_names(tree: Tree) -> None:
    """Raise LoweringError for inputs that a call could not name."""
    if isinstance(tree, Branch) and (tree.kind is dict or tree.kind not in (list, tuple)):
        for key in tree.keys:
            if not isinstance(key, str):
                raise LoweringError(f"the outermost keys of the inputs are the call's names, and {key!r} is no text")
            if key in RESERVED:
                raise LoweringError(f"a call means something else by {key!r}, so no input can have that name")


def of_scalars(values: Sequence[Any], single: bool) -> Tree:
    """Single inputs or outputs as a structure: a list of leaves of one number each, or one such leaf."""
    if single:
        return Leaf("", 0, ())
    return Branch(list, tuple(range(len(values))), tuple(Leaf(f"[{k}]", k, ()) for k in range(len(values))))


def nested(flat: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """A flat list in a shape.

    >>> nested([1, 2, 3, 4], (2, 2)), nested([5], ())
    ([[1, 2], [3, 4]], 5)
    """
    if not shape:
        return flat[0]
    size = len(flat) // shape[0] if shape[0] else 0
    return [nested(flat[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])]


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of nested lists; that of a number is ().

    >>> shape_of([[1, 2], [3, 4]]), shape_of(5)
    ((2, 2), ())
    >>> shape_of([[1], [2, 3]])
    Traceback (most recent call last):
    autograd.errors.LoweringError: a list has parts of several shapes: (1,), (2,)
    """
    if not isinstance(x, (list, tuple)):
        return tuple(getattr(x, "shape", ()))
    shapes = set(map(shape_of, x))
    if len(shapes) > 1:
        raise LoweringError(f"a list has parts of several shapes: {', '.join(map(str, sorted(shapes)[:4]))}")
    return (len(x), *(shapes.pop() if shapes else ()))


def flat(x: Any) -> list[Any]:
    """The numbers in nested lists, in order.

    >>> flat([[1, 2], [3, 4]]), flat(5)
    ([1, 2, 3, 4], [5])
    """
    return [y for part in x for y in flat(part)] if isinstance(x, (list, tuple)) else [x]


class Written:
    """Python's text of how a structure is taken apart and put together: what a call would find out again each time.

    names   what the text means by its names, which all begin with _

    >>> takes, _ = parsed("inputs", {"x": Value(1.0), "b": [Value(2.0)]})
    >>> written = Written()
    >>> written.taken(takes, "net"), written.checks
    (["net['x']", "net['b']"], ['net.__class__ is _key_1', '_len(net) == 2'])
    >>> written.made(takes, lambda leaf: f"o[{leaf.start}]")
    "{'x': o[0], 'b': o[1]}"
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"_len": len}
        self.checks: list[str] = []

    def taken(self, tree: Tree, place: str) -> list[str]:
        """What reads each leaf of a part that stands in `place`; `checks` must hold for it."""
        if isinstance(tree, Leaf):
            return [place]
        kind = self.named(tree.kind)
        self.checks += [f"{place}.__class__ is {kind}", f"_len({place}) == {len(tree.parts)}"]
        keys = tree.keys if tree.kind is dict else range(len(tree.parts))
        return [text for key, part in zip(keys, tree.parts) for text in self.taken(part, f"{place}[{self.named(key)}]")]

    def made(self, tree: Tree, of_leaf: Callable[[Leaf], str]) -> str:
        """What makes the structure of what each leaf's text makes."""
        if isinstance(tree, Leaf):
            return of_leaf(tree)
        parts = [self.made(part, of_leaf) for part in tree.parts]
        if tree.kind is dict:
            return "{" + ", ".join(f"{self.named(key)}: {part}" for key, part in zip(tree.keys, parts)) + "}"
        if tree.kind is list:
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)},)" if tree.kind is tuple else f"{self.named(tree.kind)}({', '.join(parts)})"

    def named(self, thing: Any) -> str:
        """A key or a class in the text."""
        if thing.__class__ in (int, str):
            return repr(thing)
        name = f"_key_{len(self.names)}"
        self.names[name] = thing
        return name
