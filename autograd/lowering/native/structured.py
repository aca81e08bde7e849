"""Machine code on leaves, called by functions that are written for a program's structures.

Taking structures apart and putting them together by rule costs more than a small network's step: 45 µs beside the 24
of 2-16-16-1 and 100 samples, and 3 when it is written out.  Arrays of doubles go to the code as they are; whatever
else is given goes by the rule, which also says what is wrong with it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

from ...numeric.nesting import Branch, leaves
from ..batches import doubles
from ..structure import Leaf, Tree, Written
from ..structured import copied, samples_of
from .compiled import Native


class OfLeaves:
    """An engine for `Structured`."""

    def __init__(self, native: Native, takes: Tree, gives: Tree) -> None:
        import numpy

        self.native = native
        self.numpy: Any = numpy
        self.leaves = list(leaves(takes))
        self.outputs = list(leaves(gives))
        self.last: list[Callable[[Any], Any]] = [_none_yet, _none_yet]  # values and sums, of what the last ones were

    def run(self, given: list[Any], total: bool) -> list[Any]:
        """By rule: whatever arrays can be made of."""
        np = self.numpy
        arrays = tuple([np.require(doubles(np, x), requirements=("C", "A")) for x in given])
        n = samples_of(self.leaves, [x.shape for x in arrays])
        varying = tuple([x.shape != leaf.shape for leaf, x in zip(self.leaves, arrays)])
        pattern = tuple([varies for leaf, varies in zip(self.leaves, varying) for _ in range(leaf.count)])
        shapes = tuple([leaf.shape for leaf in self.leaves])
        call = self.native.call(pattern, shapes, varying, total)
        self.last[total] = call.total if total else call.values if n is not None else _none_yet
        out = call.of(arrays, 1 if n is None else n, total)
        if total or n is None:
            return [_total(leaf, out.reshape(-1)) for leaf in self.outputs]
        return [_values(leaf, out) for leaf in self.outputs]

    def written(self, takes: Tree, gives: Tree, total: bool, by_rule: Any, into: Any) -> Callable[..., Any]:
        """A call, or `sum`, as a function written for these structures.

        by_rule  the method that takes everything, called where something is not what it was the last time
        into     puts results into buffers of the caller's
        """
        text = Written()
        parts = zip(takes.keys, takes.parts) if isinstance(takes, Branch) else [("given", takes)]
        by_name = isinstance(takes, Branch) and takes.kind is dict
        arguments: list[str] = []
        reads: list[str] = []
        for key, part in parts:
            arguments.append(str(key) if by_name else f"given_{len(arguments)}")
            reads += text.taken(part, arguments[-1])
        if not all(name.isidentifier() and name[0] != "_" and not keyword.iskeyword(name) for name in arguments):
            return by_rule  # type: ignore[no-any-return]
        made = _written_total if total else _written_values
        given = [f"{name}=_none" for name in arguments]
        takes_all = [*(["*_more", *given] if by_name else [*given, "*_more"]), "out=None", "**_named"]
        named = "".join(f"({name!r}, {name}), " for name in arguments) if by_name else ""
        listed = "" if by_name else "".join(f"{name}, " for name in arguments)
        lines = [
            f"def call({', '.join(takes_all)}):",
            "    _o = None",
            "    try:",
            f"        if {' and '.join(['not _more', 'not _named', *text.checks])}:",
            f"            _o = _last[{total}](({''.join(f'{read}, ' for read in reads)}))",
            "    except _Lacking:",
            "        pass",
            "    if _o is None:",
            f"        _given = [x for x in ({listed}) if x is not _none]",
            f"        _by_name = {{key: x for key, x in ({named}) if x is not _none}}",
            "        return _by_rule(*_given, *_more, out=out, **_by_name, **_named)",
            "    if out is None:",
            f"        return {text.made(gives, made)}",
            f"    return _into(({''.join(f'{made(leaf)}, ' for leaf in self.outputs)}), out)",
        ]
        names = {"_none": object(), "_Lacking": (LookupError, TypeError), "_by_rule": by_rule, "_into": into}
        namespace: dict[str, Any] = text.names | names | {"_last": self.last}
        exec("\n".join(lines), namespace)
        call: Callable[..., Any] = namespace["call"]
        call.__doc__ = by_rule.__doc__
        return call

    def copy(self, result: Any, buffer: Any) -> None:
        copied(result, buffer, self.numpy.shape(result), "float64")


def _none_yet(given: Any) -> Any:
    """The first call goes by rule."""


def _total(leaf: Leaf, out: Any) -> Any:
    """A leaf of the outputs from the array of all."""
    part = out[leaf.start : leaf.start + leaf.count]
    return part.reshape(leaf.shape) if leaf.shape else float(part[0])


def _values(leaf: Leaf, out: Any) -> Any:
    """The same for a row of samples for each output."""
    part = out[leaf.start : leaf.start + leaf.count].T
    return part.reshape((len(part), *leaf.shape)) if len(leaf.shape) > 1 else part if leaf.shape else part[:, 0]


def _written_total(leaf: Leaf) -> str:
    """The text of `_total`."""
    if not leaf.shape:
        return f"_o.item({leaf.start})"
    part = f"_o[{leaf.start}:{leaf.start + leaf.count}]"
    return part if len(leaf.shape) == 1 else f"{part}.reshape({leaf.shape})"


def _written_values(leaf: Leaf) -> str:
    """The text of `_values`."""
    if not leaf.shape:
        return f"_o[{leaf.start}]"
    part = f"_o[{leaf.start}:{leaf.start + leaf.count}].T"
    return part if len(leaf.shape) == 1 else f"{part}.reshape((_o.shape[1], {', '.join(map(str, leaf.shape))}))"
