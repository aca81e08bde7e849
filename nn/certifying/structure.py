"""Which Value is which quantity of the lecture, and who reads whom: layer after layer, or past a layer too.

reads[k]   the Values that the θ of layer k multiply: the outputs of the layer before, or the inputs; the last entry
           is what the loss reads, ŷ.  With a skip connection earlier outputs stand beside them, and with a
           residual one a sum of outputs stands for an output

Layers and neurons are counted from 0 here, and from 1 in what is shown.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from autograd import AutogradTypeError, AutogradValueError, Value, toposort
from autograd.words.naming import name
from autograd.words.text import counted, shown

Weight: TypeAlias = "Value | float"  # a number is a connection that does not learn, as 1 in a residual one


class Structure:
    """The network as Values, checked for shapes.

    layered  whether each layer reads the one before, and the loss the last

    >>> x, w = Value(1.0), Value(2.0); u = x * w
    >>> Structure([x], [[u]], [[u]], [[[w]]]).following(0, 0)
    ([], [], [0])
    """

    def __init__(
        self,
        inputs: Sequence[Value],
        u: Sequence[Sequence[Value]],
        o: Sequence[Sequence[Value]],
        theta: Sequence[Sequence[Sequence[Weight]]],
        bias: Sequence[Sequence[Value | None]] | None = None,
        reads: Sequence[Sequence[Value]] | None = None,
    ) -> None:
        self.inputs, self.u, self.o, self.theta = inputs, u, o, theta
        self.bias: Sequence[Sequence[Value | None]] = bias or [[None] * len(layer) for layer in u]
        self.outside: dict[Value, str] = {}  # what was given and is not in the graph of err, see find_outside
        self.layered = reads is None
        self.reads = [inputs, *o] if reads is None else [*reads, *([o[-1]] if len(reads) == len(u) else [])]
        self._require_shapes()
        self._sources = {} if self.layered else self._find_sources()
        self._feeds: dict[Value, Counter[tuple[int, int]]] = {}
        for (k, l), sources in self._sources.items():
            for v, times in sources.items():
                self._feeds.setdefault(v, Counter())[k, l] += times

    def neurons(self) -> Iterator[tuple[int, int]]:
        """Every neuron, from left to right."""
        for k, layer in enumerate(self.u):
            for i in range(len(layer)):
                yield k, i

    def weights(self, k: int, i: int) -> tuple[list[float], float | None]:
        """θ and b of a neuron as numbers."""
        b = self.bias[k][i]
        return [t.data if isinstance(t, Value) else t for t in self.theta[k][i]], None if b is None else b.data

    def parameters(self, k: int, i: int) -> list[Value]:
        """What a neuron can learn, θ and then b, each Value once."""
        b = self.bias[k][i]
        learned = [t for t in self.theta[k][i] if isinstance(t, Value)]
        return list(dict.fromkeys(learned if b is None else [*learned, b]))

    def names(self, k: int, i: int) -> dict[Value, str]:
        """θ of a neuron, then its bias, with their names; the first, where a weight is used again."""
        named: dict[Value, str] = {}
        for column, theta in enumerate(self.theta[k][i], 1):
            if isinstance(theta, Value) and theta not in named:
                named[theta] = at("θ", k, i, column)
        b = self.bias[k][i]
        if b is not None:
            named.setdefault(b, at("b", k, i))
        return named

    def following(self, k: int, i: int) -> tuple[list[float], list[float], list[int]]:
        """δ of all neurons that read o of this one, the weights by which, and which ŷ it is part of."""
        if self.layered:
            if k + 1 == len(self.u):
                return [], [], [i]
            return [v.grad for v in self.u[k + 1]], [number(theta[i]) for theta in self.theta[k + 1]], []
        deltas, column, losses = [], [], []
        for (layer, l), times in self._feeds.get(self.o[k][i], Counter()).items():
            if layer == len(self.u):
                losses += [l] * times
            else:
                deltas += [v.grad for v in self.u[layer]]
                column += [times * number(theta[l]) for theta in self.theta[layer]]
        return deltas, column, losses

    def sums(self) -> Iterator[tuple[int, Value, list[float]]]:
        """Where a layer reads a sum of outputs: the layer, the sum, and its summands."""
        for (k, l), sources in self._sources.items():
            v = self.reads[k][l]
            if v not in sources:
                yield k, v, [times * source.data for source, times in sources.items()]

    def find_outside(self, err: Value) -> None:
        """Which of the Values given by hand err does not depend on: backward() never writes their gradients."""
        graph = set(toposort(err))
        for k, i in self.neurons():
            for v, what in [(self.u[k][i], at("u", k, i)), *self.names(k, i).items()]:
                if v not in graph:
                    self.outside.setdefault(v, what)

    def not_given(self, k: int, i: int) -> list[str]:
        """The leaves that u is computed from and that are no input, θ or bias of any neuron, nor behind one."""
        given = {*self.inputs, *self.reads[k]} | {v for n in self.neurons() for v in self.parameters(*n)}
        found, seen, waiting = [], set(given), [self.u[k][i]]
        while waiting:
            v = waiting.pop()
            if v not in seen:
                seen.add(v)
                waiting.extend(reversed(v.parents))
                if v.op is None:
                    found.append(shown(v.label) if v.label else f"a Value without a label, {v.data!r}")
        return found

    # --- shapes, and what is read -----------------------------------------------------------------

    def _require_shapes(self) -> None:
        u, o, theta, bias = self.u, self.o, self.theta, self.bias
        if not u or not len(u) == len(o) == len(theta) == len(bias):
            raise AutogradValueError(
                f"certify: u, o, theta and bias need one entry for each layer, and have"
                f" {len(u)}, {len(o)}, {len(theta)} and {len(bias)}"
            )
        if len(self.reads) != len(u) + 1:
            raise AutogradValueError(
                f"certify: reads has {counted(len(self.reads), 'entry', 'entries')}, and there are {len(u)} layers"
            )
        for k, layer in enumerate(u):
            if not len(layer) == len(o[k]) == len(theta[k]) == len(bias[k]):
                raise AutogradValueError(
                    f"certify: layer {k + 1} has {len(layer)} u, {len(o[k])} o and {len(theta[k])} rows of θ"
                )
            for i, row in enumerate(theta[k]):
                if len(row) != len(self.reads[k]):
                    past = "; where a layer reads more than the one before, give reads=" if self.layered and k else ""
                    raise AutogradValueError(
                        f"certify: neuron {i + 1} of layer {k + 1} has {counted(len(row), 'weight')} for"
                        f" {counted(len(self.reads[k]), 'input')}{past}"
                    )

    def _find_sources(self) -> dict[tuple[int, int], Counter[Value]]:
        """Of which inputs and outputs each Value that is read is the sum; most are one themselves."""
        known = {*self.inputs, *(v for layer in self.o for v in layer)}
        found = {}
        for k, layer in enumerate(self.reads):
            for l, read in enumerate(layer):
                sources: Counter[Value] = Counter()
                waiting = [read]
                while waiting:
                    v = waiting.pop()
                    if v in known:
                        sources[v] += 1
                    elif v.op is not None and v.op.name in ("add", "fsum"):
                        waiting.extend(v.parents)
                    else:
                        raise AutogradValueError(
                            f"certify_graph: reads[{k}][{l}] is no input and no o, and no sum of these;"
                            " give what stands between as a layer"
                        )
                found[k, l] = sources
        return found


@functools.lru_cache(maxsize=4096)
def at(symbol: str, k: int, i: int, *column: int) -> str:
    """The name of a quantity of neuron i in layer k, both counted from 0.

    >>> at("u", 0, 1), at("θ", 0, 1, 3)
    ('u⁽¹⁾₂', 'θ⁽¹⁾₂₃')
    """
    return name(symbol, i + 1, *column, layer=k + 1)


def number(weight: Weight) -> float:
    """A weight as a number.

    >>> number(Value(2.0)), number(1.0)
    (2.0, 1.0)
    """
    return weight.data if isinstance(weight, Value) else weight


_NESTED = ("a Value", "a list of Values", "a list of layers, each a list of Values",
           "a list of layers, each a list of neurons, each a list of Values")  # fmt: skip


def require_values(
    what: str, given: Any, indices: str = "", none: bool = False, at: str = "", numbers: bool = False
) -> None:
    """A Value, or lists of Values as deep as there are indices; with `none` or `numbers` such may stand for one.

    Raises AutogradTypeError that says which part is something else.

    >>> require_values("u", [[Value(1.0)]], "ki")
    """
    deeper = indices[at.count("[") :]
    is_list = hasattr(given, "__len__") and not isinstance(given, str)
    fits = isinstance(given, Value) or (none and given is None) or (numbers and isinstance(given, (int, float)))
    if deeper and is_list:
        for n, part in enumerate(given):
            require_values(what, part, indices, none, f"{at}[{n}]", numbers)
    elif deeper or not fits:
        symbol = what + "".join(f"[{index}]" for index in indices)
        wanted = "inputs are Values, and" if what == "inputs" else f"{symbol} is {_NESTED[len(indices)]};"
        found = "a Value" if isinstance(given, Value) else "a list" if is_list else repr(given)
        raise AutogradTypeError(f"certify_graph: {wanted} {what}{at} is {found}")
