"""What is to be proved: a network of symbols, its gradient graph, and how the hand formulas are laid beside it.

Names are the lecture's, layer above and indices below; the numbers in the graph do not matter.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd import AutogradValueError, Value, fsum, grad, sigmoid, toposort
from autograd.gradient import graph_rule
from autograd.ops import LITERAL
from autograd.recording import given
from autograd.teaching.paths import Edge, Edges, edges_between
from autograd.words.formulas import PRODUCT, Formulas
from autograd.words.naming import name

from .. import deltas as hand
from ..network.activations import ACTIVATION_RECORDS, known_as, sigma_of
from ..network.losses import LOSS_RECORDS, loss_of
from ..network.modules import MLP

_LOSSES = ("cross_entropy", "binary_cross_entropy", "half_squared_error", "squared_error", "mean_squared_error")
_SHOWN = 6  # paths that a step writes out


class Step(NamedTuple):
    """One line of how a δ emerges: a Value that equals it, and how that is written."""

    title: str
    value: Value
    text: str
    latex: str
    about: str


class Term(NamedTuple):
    """A quantity that both sides have: its name, and its node in the gradient graph."""

    name: str
    node: Value


class Case:
    """A network with symbols for its inputs, targets and parameters.

    inputs     x, y and all θ and b, which the lowered program takes
    terms      δ from right to left, then ∂Err/∂θ and ∂Err/∂b
    steps      the emergence of δ of the first neuron of the last hidden layer, if there is one
    emerging   and where that δ stands among the terms
    of_outputs ∂Err/∂ŷ in the gradient graph; error_slopes, the same by hand

    Raises AutogradValueError for an unknown activation or loss, and for shared weights.

    >>> [term.name for term in Case([1, 1, 1], "tanh", False, "squared_error").terms]
    ['δ⁽²⁾₁', 'δ⁽¹⁾₁', '∂Err/∂θ⁽¹⁾₁₁', '∂Err/∂θ⁽²⁾₁₁']
    """

    def __init__(self, net: MLP | Sequence[int], activation: str, bias: bool, loss: str) -> None:
        if loss not in _LOSSES:
            raise AutogradValueError(
                f"prove knows the losses {', '.join(_LOSSES[:-1])} and {_LOSSES[-1]}, and was given {loss!r}"
            )
        if not isinstance(net, (MLP, list, tuple)) or (not isinstance(net, MLP) and len(net) < 2):
            raise AutogradValueError(
                f"prove takes an MLP, or its widths, inputs first, such as [2, 3, 1], and was given {given(net)}"
            )
        last = "linear" if LOSS_RECORDS[loss].outputs == "logits" else None
        self.net = (
            copy.deepcopy(net) if isinstance(net, MLP) else MLP(net[0], net[1:], activation, last, bias=bias, seed=0)
        )
        self.layers = [layer.neurons for layer in self.net.layers]
        self.sigmas = [_known(sigma_of(neurons, "prove", k)) for k, neurons in enumerate(self.layers, 1)]
        # The row that is σ' of each; that the engine's rule leads to it, at u, is what is proved.
        rows = {s: ACTIVATION_RECORDS[s].slope for s in self.sigmas}
        self.slopes = {s: slope for s, slope in rows.items() if slope}
        self.loss = loss
        self.error_slopes: Callable[..., list[Any]] = hand.ERROR_SLOPES[loss]
        self._name_parameters()
        self.run = self.net.forward([0.1 * i for i in range(self.net.nin)])
        for k, (us, os) in enumerate(zip(self.run.u, self.run.o), 1):
            for i, (u, o) in enumerate(zip(us, os), 1):
                o.label, u.label = name("o", i, layer=k), name("u", i, layer=k)
        self.targets = [Value(0.5, name("y", i)) for i in range(1, len(self.run.outputs) + 1)]
        self.err = loss_of(loss)(self.run.outputs, self.targets)
        self.inputs = [*self.run.inputs, *self.targets, *self.net.parameters()]
        self.of_outputs = grad(self.err, self.run.outputs)  # ∂Err/∂ŷ
        self.terms = self._terms()
        nodes = toposort(self.err, *(term.node for term in self.terms))
        named = [v for v in nodes if v.label and not v.label.startswith("∂") and v.op is not LITERAL]
        self._named = {v: v.label for v in named}
        self.rows = self._row_names()
        self.emerging = len(self.run.u[-1])
        self.steps = self._steps() if len(self.layers) > 1 else []

    def _name_parameters(self) -> None:
        parameters = self.net.parameters()
        if len(set(parameters)) != len(parameters):
            raise AutogradValueError("prove: weights are shared in this network; certify takes it")
        for k, neurons in enumerate(self.layers, 1):
            for i, neuron in enumerate(neurons, 1):
                for l, theta in enumerate(neuron.theta, 1):
                    theta.label = name("θ", i, l, layer=k)
                if neuron.bias is not None:
                    neuron.bias.label = name("b", i, layer=k)

    def _terms(self) -> list[Term]:
        us = [u for layer in reversed(self.run.u) for u in layer]
        parameters = self.net.parameters()
        names = ["δ" + u.label[1:] for u in us] + [f"∂Err/∂{p.label}" for p in parameters]
        return [Term(*pair) for pair in zip(names, grad(self.err, [*us, *parameters]))]

    def _row_names(self) -> dict[str, str]:
        """One activation is σ, as in the lecture; of several each keeps its name."""
        if len(self.slopes) == 1:
            ((sigma, slope),) = self.slopes.items()
            return {sigma: "σ", slope: "σ'"}
        return {slope: f"{s}'" for s, slope in self.slopes.items() if slope not in self.slopes}

    @property
    def title(self) -> str:
        """Which network it is."""
        widths = "-".join(map(str, [self.net.nin, *map(len, self.layers)]))
        biased = "with bias" if self.layers[0][0].bias is not None else "without bias"
        return f"{widths}, {', '.join(dict.fromkeys(self.sigmas))}, {self.loss.replace('_', ' ')}, {biased}"

    # --- the other side ---------------------------------------------------------------------------

    def by_hand(
        self, of: dict[Value, Any], pairs: Sequence[tuple[Any, Any]], error_slopes: Callable[[Any, Any], list[Any]]
    ) -> list[Any]:
        """What deltas.py makes of these symbols, or numbers, term by term.

        of            what stands for each input
        pairs         (σ, σ') of each layer
        error_slopes  ∂Err/∂ŷ of y and ŷ
        """
        x, y = [of[v] for v in self.run.inputs], [of[v] for v in self.targets]
        theta = [[[of[t] for t in neuron.theta] for neuron in neurons] for neurons in self.layers]
        bias = [[None if neuron.bias is None else of[neuron.bias] for neuron in neurons] for neurons in self.layers]
        u, o = hand.forward(x, theta, bias, [sigma for sigma, _ in pairs])
        delta = hand.backward(theta, u, error_slopes(y, o[-1]), [slope for _, slope in pairs])
        of_theta, of_bias = hand.gradients(x, o, delta)
        return [d for layer in reversed(delta) for d in layer] + self._flat(of_theta, of_bias)

    def _flat(self, of_theta: Any, of_bias: Any) -> list[Any]:
        """∂Err/∂θ and ∂Err/∂b in the order of the network's parameters."""
        flat: list[Any] = []
        for neurons, rows, biases in zip(self.layers, of_theta, of_bias):
            for neuron, row, b in zip(neurons, rows, biases):
                flat += [*row, b] if neuron.bias is not None else row
        return flat

    # --- how it is written ---------------------------------------------------------------------------

    def written(self, x: Value | float, *, apart_from: Value | None = None, latex: bool = False) -> str:
        """An expression of the gradient graph in the lecture's names; one node is written out, not named."""
        names = {v: label for v, label in self._named.items() if v is not apart_from}
        return Formulas(names, self.rows, latex).write(x)

    def line(self, term: Term, latex: bool = False) -> str:
        """The right side of a term's equation, as it stands in the graph."""
        own = term.node if term.node.label == term.name else None  # ∂Err/∂b is δ, and is called so
        return self.written(term.node, apart_from=own, latex=latex)

    def hand_lines(self) -> list[str]:
        """The formulas of deltas.py, each run on the names of its operands: the lecture's lines."""
        outputs = [Value(0.5, o.label) for o in self.run.outputs]
        primes = [self.rows.get(self.slopes[s], f"{s}'") if s in self.slopes else "" for s in self.sigmas]
        slopes = [[Value(0.5, f"{p}({u.label})") if p else 1 for u in us] for p, us in zip(primes, self.run.u)]
        deltas = [[Value(0.5, "δ" + u.label[1:]) for u in us] for us in self.run.u]
        last = len(deltas) - 1
        error_slopes = self.error_slopes(self.targets, outputs, **self._written_shares())
        lines = [e if slope == 1 else hand.output_delta(e, slope) for e, slope in zip(error_slopes, slopes[last])]
        for k in range(last - 1, -1, -1):
            columns = zip(*[neuron.theta for neuron in self.layers[k + 1]])
            lines += [hand.hidden_delta(s, deltas[k + 1], column) for s, column in zip(slopes[k], columns)]
        lines += self._flat(*hand.gradients(self.run.inputs, self.run.o, deltas))
        writer = Formulas({v: v.label for v in [*self.run.inputs, *(o for os in self.run.o for o in os)]})
        return [writer.write(line) for line in lines]

    def _written_shares(self) -> dict[str, Callable[[Any], Any]]:
        """The probabilities p of a loss that takes logits, as they are written."""
        if self.loss == "cross_entropy":
            return {"softmax": lambda y_hat: [Value(0.5, name("p", k)) for k in range(1, len(y_hat) + 1)]}
        return {"sigmoid": sigmoid} if self.loss == "binary_cross_entropy" else {}

    def _steps(self) -> list[Step]:
        """The chain rule over all paths; the same gathered into the δ of the next layer; δ as `grad` has it."""
        u, o, following = self.run.u[-2][0], self.run.o[-2][0], self.run.u[-1]
        about = self.terms[self.emerging].name
        edges = edges_between(self.err, [u])
        paths = [[_local(e) for e in path] for path in _all_paths(self.err, u, edges)]
        through = [neuron.theta[0] for neuron in self.layers[-1]]
        slope = [_local(e) for e in edges_between(o, [u]).get(o, [])]
        deltas = [term.node for term in self.terms[: self.emerging]]
        gathered: list[list[Value | float]] = [[d, theta, *slope] for d, theta in zip(deltas, through)]
        layer = following[0].label.rstrip("₀₁₂₃₄₅₆₇₈₉,")
        delta = self.terms[self.emerging]
        alike = f"paths through the same {layer}ⱼ begin alike; their sum is {deltas[0].label.rstrip('₁')}ⱼ"
        taken_out = "all end in the same σ', which is taken out"
        first = self._sum("the chain rule, a product for each path from Err down", paths, about)
        last = Step(taken_out, delta.node, self.line(delta), self.line(delta, True), about)
        return [first, self._sum(alike, gathered, about), last]

    def _sum(self, title: str, products: list[list[Value | float]], about: str) -> Step:
        value = fsum([_product(factors) for factors in products])
        text = " + ".join(self._factors(factors) for factors in products[:_SHOWN])
        formulas = [self._factors(factors, True) for factors in products[:_SHOWN]]  # two a line: a page is no wider
        latex = " \\\\\n&\\quad + ".join(" + ".join(formulas[n : n + 2]) for n in range(0, len(formulas), 2))
        if len(products) > _SHOWN:
            text, latex = f"{text} + … ({len(products)} products)", latex + r" + \cdots"
        return Step(title, value, text, latex, about)

    def _factors(self, factors: list[Value | float], latex: bool = False) -> str:
        writer = Formulas(self._named, self.rows, latex)
        return writer.product(*[writer.write(factor, PRODUCT) for factor in factors])


def _known(activation: object) -> str:
    if known := known_as(activation):
        return known
    raise AutogradValueError(
        f"prove: {activation!r} has no σ' that is known here; take one of {', '.join(ACTIVATION_RECORDS)}"
    )


def _local(edge: Edge) -> Value | float:
    """The local derivative as the row's rule writes it."""
    assert edge.head.op is not None
    local: Value | float = graph_rule(edge.head.op)(edge.head, *edge.head.parents)[edge.operand]
    return local


def _product(factors: Sequence[Value | float]) -> Value:
    product: Value | float = 1.0
    for factor in factors:
        product = factor if product == 1.0 else product * factor
    return product if isinstance(product, Value) else Value(1.0) * product


def _all_paths(y: Value, x: Value, edges: Edges) -> Iterator[list[Edge]]:
    """Every path, silent ones too; there are few between Err and the last hidden layer."""
    if y is x:
        yield []
    for edge in edges[y]:
        for rest in _all_paths(edge.tail, x, edges):
            yield [edge, *rest]
