"""A nesting of numbers taken apart into one flat list, and others put in their places.

leaf   a number, a flat list or tuple of numbers, or an array: so many numbers, one after the other
tree   dictionaries, lists, tuples and named tuples around leaves, which may be of another kind, as a program's are
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Generic, TypeAlias, TypeVar

from ..recording import number
from ..value import Value

L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class Leaf:
    """Numbers from number `start` on.

    shape  () for a single number, (k,) for a list or a tuple of k, an array's own
    kind   list or tuple; None for a single number or an array
    """

    start: int
    shape: tuple[int, ...]
    kind: type | None

    @property
    def is_array(self) -> bool:
        return self.kind is None and bool(self.shape)

    @property
    def end(self) -> int:
        return self.start + prod(self.shape)


@dataclass(frozen=True, slots=True)
class Branch(Generic[L]):
    """Parts under keys (of a dictionary), or one after the other.

    kind  dict, list, tuple, or the class of a named tuple
    path  where it stands, for whoever wants to tell
    """

    kind: type
    keys: tuple[Any, ...]
    parts: tuple[L | Branch[L], ...]
    path: str = ""


Tree: TypeAlias = "Leaf | Branch[Leaf]"


def taken_apart(x: Any, where: str) -> tuple[Tree, list[Any]]:
    """The shape of a nesting, and its floats and Values in order.

    Raises AutogradTypeError for anything in it that is neither a number nor a Value.

    >>> taken_apart([0.5, 2], "f(x)")
    (Leaf(start=0, shape=(2,), kind=<class 'list'>), [0.5, 2.0])
    """
    flat: list[Any] = []

    def walk(x: Any, path: str) -> Tree:
        start = len(flat)
        if isinstance(x, Mapping):
            return Branch(dict, tuple(x), tuple([walk(x[key], f"{path}[{key!r}]") for key in x]))
        if _is_array(x):
            import numpy

            _enter(flat, numpy.ravel(x).tolist(), path)
            return Leaf(start, tuple(x.shape), None)
        if not isinstance(x, Sequence) or isinstance(x, (str, bytes)):
            _enter(flat, [number(x, path) if getattr(x, "ndim", None) == 0 else x], path)
            return Leaf(start, (), None)
        kind = type(x) if isinstance(x, tuple) else list
        if kind in (list, tuple) and not any(_nested(y) for y in x):
            _enter(flat, x, path)
            return Leaf(start, (len(x),), kind)
        return Branch(kind, tuple(range(len(x))), tuple([walk(y, f"{path}[{i}]") for i, y in enumerate(x)]))

    return walk(x, where), flat


def _nested(x: Any) -> bool:
    if x.__class__ is float or x.__class__ is Value:
        return False
    return isinstance(x, (Mapping, Sequence)) or _is_array(x)


def _is_array(x: Any) -> bool:
    return hasattr(x, "__array_ufunc__") and bool(getattr(x, "ndim", 0))


def _enter(flat: list[Any], xs: Sequence[Any], path: str) -> None:
    for x in xs:
        flat.append(x if x.__class__ is float or isinstance(x, Value) else number(x, path))


def put_together(tree: Tree, flat: Sequence[Any]) -> Any:
    """The nesting with these in the places of its numbers: Values in object arrays, floats in arrays of float64.

    >>> tree, _ = taken_apart({"a": 1.0, "b": (2.0, [3.0])}, "f(x)")
    >>> put_together(tree, "xyz")
    {'a': 'x', 'b': ('y', ['z'])}
    """
    return rebuilt(tree, lambda leaf: filled(leaf, flat[leaf.start : leaf.end]))


def rebuilt(tree: L | Branch[L], of_leaf: Callable[[L], Any]) -> Any:
    """The branches of a nesting around something for each leaf.

    >>> tree, _ = taken_apart({"a": 1.0, "b": ([2.0], {})}, "f(x)")
    >>> rebuilt(tree, lambda leaf: leaf.start)
    {'a': 0, 'b': (1, {})}
    """
    if not isinstance(tree, Branch):
        return of_leaf(tree)
    parts = [rebuilt(part, of_leaf) for part in tree.parts]
    if tree.kind is dict:
        return dict(zip(tree.keys, parts))
    return parts if tree.kind is list else tuple(parts) if tree.kind is tuple else tree.kind(*parts)


def filled(leaf: Leaf, xs: Sequence[Any]) -> Any:
    """A leaf's numbers in its own container; things that are containers themselves may stand for them."""
    if leaf.kind is not None:
        return leaf.kind(xs)
    if not leaf.shape:
        return xs[0]
    import numpy

    if any(isinstance(x, Value) for x in xs):
        array = numpy.empty(len(xs), dtype=object)
        array[:] = xs
        return array.reshape(leaf.shape)
    array = numpy.array(xs)
    return array.reshape(leaf.shape + array.shape[1:])


def leaves(tree: L | Branch[L]) -> Iterator[L]:
    """The leaves in order."""
    if isinstance(tree, Branch):
        for part in tree.parts:
            yield from leaves(part)
    else:
        yield tree
