"""One run of the certificate: every equation of the lecture, with the engine's numbers and by hand.

Layers and neurons are counted from 0 here, and from 1 in what is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from autograd import AutogradTypeError, AutogradValueError, Difference, Value, difference_in_graph, grad, toposort
from autograd.words.naming import name
from autograd.words.text import shown

from .. import deltas as hand
from ..network.losses import targets_of
from .report import Certificate, Comparison, Row, allowed
from .rounding import ERROR_OF_SLOPES, cancelling_terms, propagated_errors, sum_tolerance

T = TypeVar("T")
Sigma: TypeAlias = "str | tuple[Callable[[float], float], Callable[[float], float]]"
ErrorSlopes: TypeAlias = "str | Callable[[Sequence[float], Sequence[float]], Sequence[float]]"


class Check:
    """The comparisons of one sample; `found` collects them, and `certificate` reports them."""

    def __init__(
        self,
        err: Value,
        inputs: Sequence[Value],
        u: Sequence[Sequence[Value]],
        o: Sequence[Sequence[Value]],
        theta: Sequence[Sequence[Sequence[Value]]],
        bias: Sequence[Sequence[Value | None]] | None,
        sigma: Sequence[Sigma],
        error_slopes: ErrorSlopes,
        y: Any,
    ) -> None:
        self.err, self.inputs, self.u, self.o, self.theta = err, inputs, u, o, theta
        self.bias: Sequence[Sequence[Value | None]] = bias or [[None] * len(layer) for layer in u]
        _require_shapes(inputs, u, o, theta, self.bias, sigma)
        self.names = [s if isinstance(s, str) else "" for s in sigma]
        self.sigma, self.slope = zip(*map(_pair, sigma))
        self.loss = error_slopes if isinstance(error_slopes, str) else ""
        self.error_slopes = _error_slopes(error_slopes)
        self.y = _targets(y, len(o[-1]), self.loss)
        self.found: list[Comparison] = []
        self.measured: dict[Value, Difference] = {}
        self.outside: dict[Value, str] = {}  # what was given and is not in the graph of err, see find_outside

    def neurons(self) -> Iterator[tuple[int, int]]:
        for k, layer in enumerate(self.u):
            for i in range(len(layer)):
                yield k, i

    def before(self, k: int) -> Sequence[Value]:
        return self.o[k - 1] if k else self.inputs

    def weights(self, k: int, i: int) -> list[tuple[str, Value]]:
        """θ of a neuron, then its bias, with their names."""
        named = [(at("θ", k, i, column), theta) for column, theta in enumerate(self.theta[k][i], 1)]
        b = self.bias[k][i]
        return named if b is None else [*named, (at("b", k, i), b)]

    def find_outside(self) -> None:
        """Which of the Values given by hand err does not depend on: backward() never writes their gradients."""
        graph = set(toposort(self.err))
        for k, i in self.neurons():
            for what, v in [(at("u", k, i), self.u[k][i]), *self.weights(k, i)]:
                if v not in graph:
                    self.outside.setdefault(v, what)

    def compare(
        self, k: int, i: int, term: str, edge: str, engine: float, by_hand: float, tolerance: float, how: str = ""
    ) -> None:
        self.found.append(Comparison((k + 1, i + 1), term, edge, engine, by_hand, tolerance, how))

    # --- each equation by itself -------------------------------------------------------------

    def forward(self) -> None:
        for k, i in self.neurons():
            theta = [t.data for t in self.theta[k][i]]
            o = [v.data for v in self.before(k)]
            b = self.bias[k][i]
            u = self.u[k][i].data
            terms = [t * a for t, a in zip(theta, o)] + ([] if b is None else [b.data])
            by_hand = hand.weighted_sum(theta, o, None if b is None else b.data)
            self.compare(k, i, at("u", k, i), "", u, by_hand, sum_tolerance(terms))
            by_hand = hand.activation(u, self.sigma[k])
            edge = f"{at('u', k, i)} → {at('o', k, i)}"
            how = f"with σ = {self.names[k]}" if self.names[k] else "with the σ given"
            self.compare(k, i, at("o", k, i), edge, self.o[k][i].data, by_hand, sum_tolerance([by_hand]), how)

    def deltas(self) -> None:
        """Right to left, so that the first failure is where the mistake is."""
        last = len(self.u) - 1
        y_hat = [v.data for v in self.o[last]]
        slopes = self.error_slopes(self.y, y_hat)
        for i, u in enumerate(self.u[last]):
            slope = self.slope[last](u.data)
            by_hand = hand.output_delta(slopes[i], slope)
            terms = [by_hand, *(t * slope for t in cancelling_terms(self.loss, self.y, y_hat, i))]
            self.compare(last, i, at("δ", last, i), "", u.grad, by_hand, sum_tolerance(terms))
        for k in range(last - 1, -1, -1):
            for i, u in enumerate(self.u[k]):
                slope = self.slope[k](u.data)
                column = [theta[i].data for theta in self.theta[k + 1]]
                following = [v.grad for v in self.u[k + 1]]
                by_hand = hand.hidden_delta(slope, following, column)
                terms = [slope * d * t for d, t in zip(following, column)]
                self.compare(k, i, at("δ", k, i), "", u.grad, by_hand, sum_tolerance(terms))

    def gradients(self) -> None:
        """∂Err/∂θ = δ·o; a weight that is used more than once gets the sum over its uses."""
        terms = gradient_terms(self)
        for k, i in self.neurons():
            here = at("u", k, i)
            for weight, v in self.weights(k, i):
                products = terms.pop(v, [])
                if products:  # else it was compared where it was used first
                    uses = f", used {len(products)} times" if len(products) > 1 else ""
                    by_hand, tolerance = sum_of(products), sum_tolerance(products)
                    self.compare(k, i, f"∂Err/∂{weight}", f"{weight} → {here}{uses}", v.grad, by_hand, tolerance)

    # --- from end to end -----------------------------------------------------------------------

    def end_to_end(self) -> None:
        """The recursion of the lecture, once on numbers and once on their possible errors."""
        if not all(self.names) or self.loss not in ERROR_OF_SLOPES:
            return  # how far a function of the user's magnifies an error is not known
        theta = [[[t.data for t in row] for row in layer] for layer in self.theta]
        bias = [[None if b is None else b.data for b in layer] for layer in self.bias]
        x = [v.data for v in self.inputs]
        u, o = hand.forward(x, theta, bias, self.sigma)
        slopes = self.error_slopes(self.y, o[-1])
        delta = hand.backward(theta, u, slopes, self.slope)
        errors = propagated_errors(x, theta, bias, u, o, slopes, self.y, self.names, self.slope, self.loss)
        for k, i in self.neurons():
            term = at("δ", k, i) + " from end to end"
            # Both sides are rounded: each may be that far from the true number.
            self.compare(k, i, term, "", self.u[k][i].grad, delta[k][i], 2 * errors[k][i])

    # --- finite differences ----------------------------------------------------------------------

    def differences(self) -> None:
        for k, i in self.neurons():
            self.difference(k, i, at("δ", k, i), "", self.u[k][i])
            for column, theta in enumerate(self.theta[k][i], 1):
                weight = at("θ", k, i, column)
                edge = f"{weight} → {at('u', k, i)}"
                self.difference(k, i, f"∂Err/∂{weight}", edge, theta)

    def difference(self, k: int, i: int, term: str, edge: str, v: Value) -> None:
        if v in self.measured or v in self.outside:  # a shared weight, or one without a derivative
            return
        measured = self.measured[v] = difference_in_graph(self.err, v)
        if measured.resolvable:
            self.compare(k, i, f"{term} against its finite difference", edge, v.grad, measured.value, allowed(measured))

    # --- the report --------------------------------------------------------------------------------

    def certificate(self) -> Certificate:
        result = Certificate(comparisons=self.found)
        result.measured = len(self.measured)
        result.resolved = sum(d.resolvable for d in self.measured.values())
        for k, i in self.neurons():
            mine = [c for c in self.found if c.neuron == (k + 1, i + 1)]
            delta = next(c for c in mine if c.term == at("δ", k, i))
            gradients = tuple(c for c in mine if c.term.startswith("∂Err/∂") and "finite" not in c.term)
            u = self.u[k][i]
            row = Row(
                delta.neuron, u.data, self.o[k][i].data, float(self.slope[k](u.data)), delta, gradients,
                self.measured.get(u), _columns([c for c in mine if not c.agrees]),
            )  # fmt: skip
            result.rows.append(row)
        wrong = result.first_disagreement
        if wrong is not None:
            result.note = self.note(wrong)
            result.culprit = self.culprit(wrong)
        return result

    def note(self, wrong: Comparison) -> str:
        """What was given without being used, and what is used without having been given."""
        notes = []
        if self.outside:
            verb = "is" if len(self.outside) == 1 else "are"
            notes.append(f"{_listed(list(self.outside.values()))} {verb} not in the graph of err")
        k, i = wrong.neuron[0] - 1, wrong.neuron[1] - 1
        if wrong.term == at("u", k, i) and (more := self.not_given(k, i)):
            question = ": give it as bias=?" if len(more) == 1 and self.bias[k][i] is None else ""
            notes.append(f"the graph of {wrong.term} also uses {_listed(more)}{question}")
        return "; ".join(notes)

    def not_given(self, k: int, i: int) -> list[str]:
        """The leaves that u is computed from and that are no input, θ or bias of any neuron, nor behind one."""
        given = {*self.inputs, *self.before(k)} | {v for n in self.neurons() for _, v in self.weights(*n)}
        found, seen, waiting = [], set(given), [self.u[k][i]]
        while waiting:
            v = waiting.pop()
            if v not in seen:
                seen.add(v)
                waiting.extend(reversed(v.parents))
                if v.op is None:
                    found.append(shown(v.label) if v.label else f"a Value without a label, {v.data!r}")
        return found

    def culprit(self, wrong: Comparison) -> str:
        """The edge out of the neuron whose local derivative in the graph is not the formula's."""
        k, i = wrong.neuron[0] - 1, wrong.neuron[1] - 1
        nowhere = self.u[k][i] in self.outside or (math.isnan(wrong.engine) and math.isnan(wrong.hand))
        if not wrong.term.startswith("δ") or "finite" in wrong.term or nowhere:
            return ""
        u, o = self.u[k][i], self.o[k][i]
        here = at("o", k, i)
        edges = [(f"{at('u', k, i)} → {here}", o, u, float(self.slope[k](u.data)))]
        if k + 1 < len(self.u):
            for j, v in enumerate(self.u[k + 1]):
                edges.append((f"{here} → {at('u', k + 1, j)}", v, o, self.theta[k + 1][j][i].data))
        else:
            slope = self.error_slopes(self.y, [v.data for v in self.o[k]])[i]
            edges.append((f"{here} → Err", self.err, o, slope))
        for edge, above, below, by_hand in edges:
            engine = 1.0 if above is below else grad(above, [below])[0].data
            if abs(engine - by_hand) > 16 * math.ulp(max(abs(engine), abs(by_hand))):
                return f"{edge}, whose local derivative is {engine!r} in the graph and {by_hand!r} by hand"
        return f"none by itself: the contributions to {here} are not all summed"


def _columns(wrong: Sequence[Comparison]) -> tuple[str, ...]:
    """Where a neuron is wrong, as the table's columns; what only shows from end to end, where nothing else is."""
    here = [c for c in wrong if "end to end" not in c.term and "finite" not in c.term]
    kinds = [c.term.rstrip("⁽⁰¹²³⁴⁵⁶⁷⁸⁹⁾₀₁₂₃₄₅₆₇₈₉,") for c in here]
    if not here:
        kinds = ["δ from end to end" if "end to end" in c.term else "differences" for c in wrong]
    return tuple(dict.fromkeys(kinds))


def _listed(names: Sequence[str]) -> str:
    """Up to three by name.

    >>> _listed(["a", "b"]), _listed(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    some = [*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else list(names)
    return " and ".join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)


def gradient_terms(check: Check) -> dict[Value, list[float]]:
    """For each weight the products δ·o of all its uses, and for a bias the δ."""
    terms: dict[Value, list[float]] = {}
    for k, i in check.neurons():
        delta = check.u[k][i].grad
        for theta, o in zip(check.theta[k][i], check.before(k)):
            terms.setdefault(theta, []).append(hand.weight_gradient(delta, o.data))
        b = check.bias[k][i]
        if b is not None:
            terms.setdefault(b, []).append(hand.bias_gradient(delta))
    return terms


def sum_of(terms: Sequence[float]) -> float:
    """Σ in plain double arithmetic, from left to right: `sum` compensates since Python 3.12.

    >>> sum_of([1.0, 2.0])
    3.0
    """
    total = terms[0]
    for term in terms[1:]:
        total += term
    return total


def at(symbol: str, k: int, i: int, *column: int) -> str:
    """The name of a quantity of neuron i in layer k, both counted from 0.

    >>> at("u", 0, 1), at("θ", 0, 1, 3)
    ('u⁽¹⁾₂', 'θ⁽¹⁾₂₃')
    """
    return name(symbol, i + 1, *column, layer=k + 1)


def _pair(sigma: Sigma) -> tuple[Callable[[float], float], Callable[[float], float]]:
    if not isinstance(sigma, str):
        given: Any = sigma
        if isinstance(given, Sequence) and len(given) == 2 and all(map(callable, given)):
            return sigma
        raise AutogradTypeError(
            f"certify: sigma is {', '.join(map(repr, hand.ACTIVATIONS))} or a pair (σ, σ') of functions, or a list"
            f" of these with one for each layer, and was given as {sigma!r}"
        )
    return _by_hand(sigma, hand.ACTIVATIONS, "sigma=(σ, σ') on floats")


def _error_slopes(error_slopes: ErrorSlopes) -> Callable[[Sequence[float], Sequence[float]], Sequence[float]]:
    if not isinstance(error_slopes, str):
        return error_slopes
    return _by_hand(error_slopes, hand.ERROR_SLOPES, "(y, ŷ) -> ∂Err/∂ŷ as error_slopes")


def _by_hand(formula: str, table: Mapping[str, T], instead: str) -> T:
    if formula in table:
        return table[formula]
    raise AutogradValueError(
        f"certify: there is no hand formula for {formula!r}, only for {', '.join(table)}; give {instead}"
    )


def _targets(y: Any, outputs: int, loss: str) -> list[float]:
    targets = [v.data if isinstance(v, Value) else float(v) for v in targets_of(loss, y, outputs)]
    if len(targets) != outputs:
        raise AutogradValueError(f"certify: {outputs} outputs, and {len(targets)} targets")
    return targets


_NESTED = ("a Value", "a list of Values", "a list of layers, each a list of Values",
           "a list of layers, each a list of neurons, each a list of Values")  # fmt: skip


def require_values(what: str, given: Any, indices: str = "", none: bool = False, at: str = "") -> None:
    """A Value, or lists of Values as deep as there are indices; `none`: a None may stand for a Value.

    Raises AutogradTypeError that says which part is something else.

    >>> require_values("u", [[Value(1.0)]], "ki")
    """
    deeper = indices[at.count("[") :]
    is_list = hasattr(given, "__len__") and not isinstance(given, str)
    if deeper and is_list:
        for n, part in enumerate(given):
            require_values(what, part, indices, none, f"{at}[{n}]")
    elif deeper or not (isinstance(given, Value) or (none and given is None)):
        symbol = what + "".join(f"[{index}]" for index in indices)
        wanted = "inputs are Values, and" if what == "inputs" else f"{symbol} is {_NESTED[len(indices)]};"
        found = "a Value" if isinstance(given, Value) else "a list" if is_list else repr(given)
        raise AutogradTypeError(f"certify_graph: {wanted} {what}{at} is {found}")


def _require_shapes(
    inputs: Sequence[Value],
    u: Sequence[Sequence[Value]],
    o: Sequence[Sequence[Value]],
    theta: Sequence[Sequence[Sequence[Value]]],
    bias: Sequence[Sequence[Value | None]],
    sigma: Sequence[Sigma],
) -> None:
    if not u or not len(u) == len(o) == len(theta) == len(bias) == len(sigma):
        raise AutogradValueError(
            f"certify: u, o, theta, bias and sigma need one entry for each layer, and have"
            f" {len(u)}, {len(o)}, {len(theta)}, {len(bias)} and {len(sigma)}"
        )
    before = len(inputs)
    for k, layer in enumerate(u):
        if not len(layer) == len(o[k]) == len(theta[k]) == len(bias[k]):
            raise AutogradValueError(
                f"certify: layer {k + 1} has {len(layer)} u, {len(o[k])} o and {len(theta[k])} rows of θ"
            )
        for i, row in enumerate(theta[k]):
            if len(row) != before:
                raise AutogradValueError(
                    f"certify: neuron {i + 1} of layer {k + 1} has {len(row)} weights for {before} inputs"
                )
        before = len(layer)
