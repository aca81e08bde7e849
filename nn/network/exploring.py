"""A forward pass as a page to step through: the picture's neuron cards, whose numbers the page's script changes.

A card has a chip for each θ, on the colour of ∂Err/∂θ and with its arrow's head at it, and u, o and δ.  What Err is
made of between ŷ and Err has no card of its own and lights up Err's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError, Value, toposort
from autograd import explore as page
from autograd.drawing.page.explorer import explore_as
from autograd.drawing.page.live import Parts, Picture, mark, marked, number, svg
from autograd.drawing.parts import border, canvas, cell, table, words
from autograd.drawing.parts import frame as framed
from autograd.drawing.theme import Role
from autograd.words.derivatives import derivative
from autograd.words.naming import name
from autograd.words.text import cut, shown

from .activations import name_of
from .drawing import CURVED, in_order, result_of, roles_of, targets_of

if TYPE_CHECKING:
    from autograd.drawing.page.whole import Page

    from .modules import ForwardPass


def explore(run: ForwardPass, err: Value | None, *, theme: str | None, direction: str, level: str | None) -> Page:
    """The page of a forward pass; see ForwardPass.explore."""
    many = f"explore: the network has {len(run.outputs)} outputs; give the error that they have"
    y = result_of(run, err, many)
    whole = _is_whole(run, y)
    if level == "neurons" and not whole:
        raise AutogradValueError(
            "explore: the error is of several forward passes, or a neuron stands in two places, so there is no card for"
            ' each neuron; level="pills" shows the graph'
        )
    if level == "neurons" or (level is None and whole):
        return explore_as(lambda: _Cards(run, y, direction).picture(), y, theme=theme, roles=roles_of(run, y))
    return page(y, theme=theme, direction=direction, level=level, roles=roles_of(run, y))


def _is_whole(run: ForwardPass, y: Value) -> bool:
    """Whether each parameter below y is used by one neuron of this pass, once."""
    known, us = set(run.net.parameters()), {u for layer in run.u for u in layer}
    used = [parent for node in toposort(y) for parent in node.parents if parent in known]
    inside = all(node in us for node in toposort(y) if any(parent in known for parent in node.parents))
    return inside and len(used) == len(known) == len(run.net.parameters()) and len(us) == sum(map(len, run.u))


class _Cards:
    def __init__(self, run: ForwardPass, y: Value, direction: str) -> None:
        self.run, self.y, self.theme, self.sideways = run, y, marked(), direction == "LR"
        self.parts, self.below = Parts(), toposort(y)
        self.edges: list[tuple[Value, Value, Value | None]] = []
        self.uses: dict[tuple[Value, int], int] = {}
        sizes = [len(run.inputs), *map(len, run.u)]
        few = max(a * b for a, b in pairwise(sizes)) <= CURVED
        room = {"nodesep": "0.07", "ranksep": f"{0.24 + 0.05 * max(sizes):.2f}", "splines": "true" if few else "line"}
        self.graph = canvas(self.theme, direction, "", outputorder="nodesfirst", **room)
        self.graph.attr("graph", label="", tooltip="", bgcolor="transparent", pad="0.1")
        self.err = y if y not in run.outputs else None

    def picture(self) -> Picture:
        self.inputs()
        for k, layer in enumerate(self.run.u):
            last = k == len(self.run.u) - 1
            sigma = shown(name_of(self.run.net.layers[k].neurons[0].activation), 20)
            with self.layer(k + 1, f"{'output' if last else f'layer {k + 1}'} · {sigma}") as group:
                for i in range(len(layer)):
                    self.neuron(group, k, i)
                in_order(group, [_card(k + 1, i) for i in range(len(layer))])
        self.wires()
        if self.err is not None:
            self.error(self.err)
        return Picture(svg(self.graph), self.parts.places, self.edges, self.uses)

    # --- cards ------------------------------------------------------------------------------------

    def layer(self, k: int, title: str) -> Any:
        return self.graph.subgraph(name=f"cluster_{k}", graph_attr=framed(title, self.theme, self.theme.group))

    def inputs(self) -> None:
        role = self.theme.roles["input"]
        with self.layer(0, "input") as group:
            for i, x in enumerate(self.run.inputs):
                card = _card(0, i)
                rows = [[self.head(cut(x.label or name("x", i + 1), 20), role)]]
                rows.append([self.small("value"), self.number(x, card, "value", "slot", main=True)])
                rows.append([self.small(self.partial("x")), self.number(x, card, "gradient", "chip")])
                group.node(card, f"<{table(rows, spacing=2, padding=1)}>", id=card, **border(self.theme, role))
            in_order(group, [_card(0, i) for i in range(len(self.run.inputs))])

    def neuron(self, group: Any, k: int, i: int) -> None:
        card, last, role = _card(k + 1, i), k == len(self.run.u) - 1, self.theme.roles["operation"]
        neuron, u, o = self.run.net.layers[k].neurons[i], self.run.u[k][i], self.run.o[k][i]
        title = f"{k + 1}·{i + 1}"
        if last and i < len(self.run.classes):
            title += f" {cut(self.run.classes[i], 16)}"
        self.parts.add(u, card, (), main=True)
        out = "ŷ" if last else "o"
        state = [("u" if o is not u else f"u = {out}", u, "value", "slot")]
        state += [(out, o, "value", "slot")] if o is not u else []
        state.append(("δ" if self.err is not None else "grad", u, "gradient", "chip"))
        parameters = neuron.parameters()
        # σ′ where o is one operation of u
        primed = o is not u and o.parents == (u,)
        if primed:
            self.parts.add(o, card, ("prime",))
        head = self.head(title, role, "σ′ 0.000" if primed else "")
        if self.sideways:
            height = max(len(parameters), len(state))
            first, rows = (height - len(state)) // 2, [[head]]
            for j in range(height):
                left = self.weight(parameters[j], card, j) if j < len(parameters) else "<td></td>"
                row = state[j - first] if 0 <= j - first < len(state) else None
                rows.append([left, *(self.row(card, *row) if row else ("<td></td>", "<td></td>"))])
            label = table(rows, spacing=2, padding=1)
        else:
            chips = table([[self.weight(p, card, j) for j, p in enumerate(parameters)]], spacing=3, padding=1)
            below = table([[part for row in state for part in self.row(card, *row)]], spacing=3)
            label = table([[f"<td>{chips}</td>"], [head], [f"<td>{below}</td>"]], spacing=1)
        group.node(card, f"<{label}>", id=card, **(border(self.theme, role) | {"penwidth": "2"}))
        for node in self.between(o, u):
            self.parts.add(node, card, ())

    def between(self, o: Value, u: Value) -> list[Value]:
        """What σ is computed by from u on, where that is more than one node."""
        known = {node for layer in (*self.run.u, *self.run.o) for node in layer}
        found, left = [], [*o.parents]
        while left:
            node = left.pop()
            if node.parents and node not in known and node not in found:
                found.append(node)
                left += node.parents
        return found

    def weight(self, p: Value, card: str, j: int) -> str:
        """A chip: what the parameter is called, and its value, on the colour of its gradient."""
        self.parts.add(p, card, ("chip", "name", "value", "slot"))
        symbol = cell(cut(p.label, 12), mark("name"), 10, align="left")
        inner = table([['<td width="2"></td>', symbol, number("value", "slot", 10, 4)]], spacing=0, padding=0)
        return f'<td port="p{j}" style="rounded" bgcolor="{mark("chip")}" cellpadding="0">{inner}</td>'

    def row(self, card: str, symbol: str, node: Value, part: str, place: str) -> tuple[str, str]:
        return self.small(symbol), self.number(node, card, part, place)

    def error(self, err: Value) -> None:
        """Err with ∂Err/∂ŷ for each output, and its targets where the loss names them."""
        many, targets = len(self.run.outputs) > 1, targets_of(self.run, err)
        role = self.theme.roles["result"]
        rows = [[self.head(cut(err.label or "Err", 8), role)]]
        rows.append([self.small("value"), self.number(err, "err", "value", "slot", main=True)])
        for i, o in enumerate(self.run.outputs):
            y = targets.get(i)
            if y is not None:
                rows.append([self.small(name("y", *[i + 1] * many)), self.number(y, "err", "value", "slot")])
            symbol = cell(self.partial(name("ŷ", *[i + 1] * many)), self.theme.muted, 10, align="left", port=f"p{i}")
            rows.append([symbol, self.number(o, "err", "gradient", "chip")])
        self.graph.node("err", f"<{table(rows, spacing=2, padding=1)}>", id="err", **border(self.theme, role))
        for node in self.below:  # what it is made of
            if node not in self.parts.places and node.parents:
                self.parts.add(node, "err", ())
        for i, o in enumerate(self.run.outputs):
            heads = [(node, n) for node in self.below for n, parent in enumerate(node.parents) if parent is o]
            self.arrow(_card(len(self.run.u), i), f"err:p{i}", (o, heads[-1][0], None), heads)

    # --- arrows -----------------------------------------------------------------------------------

    def wires(self) -> None:
        for k, layer in enumerate(self.run.u):
            sources = self.run.o[k - 1] if k else self.run.inputs
            for i, u in enumerate(layer):
                neuron = self.run.net.layers[k].neurons[i]
                first = len(neuron.parameters())  # u's operands are θ, b, and then what is weighed
                for l, (source, weight) in enumerate(zip(sources, neuron.theta)):
                    self.arrow(_card(k, l), f"{_card(k + 1, i)}:p{l}", (source, u, weight), [(u, l), (u, first + l)])

    def arrow(
        self, tail: str, head: str, edge: tuple[Value, Value, Value | None], uses: list[tuple[Value, int]]
    ) -> None:
        leaves, arrives = (":e", ":w") if self.sideways else (":s", ":n")
        key = len(self.edges)
        self.graph.edge(tail + leaves, head + arrives, id=f"e{key}", color=mark("forward"), arrowsize="0.6")
        self.edges.append(edge)
        self.uses |= dict.fromkeys(uses, key)

    # --- parts --------------------------------------------------------------------------------------

    def number(self, node: Value, card: str, part: str, place: str, main: bool = False) -> str:
        self.parts.add(node, card, (part, place), main)
        return number(part, place, 10, 5)

    def head(self, title: str, role: Role, right: str = "") -> str:
        """The top of a card, flatter than that of a graph's."""
        left = f'<td align="left" width="34">{words(title, role.ink, 11, bold=True, align="left")}</td>'
        slope = cell(right, mark("prime"), 10, align="right", width="46") if right else ""
        inner = table([[left, slope] if right else [left]], spacing=0, padding=1)
        return f'<td style="rounded" bgcolor="{role.chip}" cellpadding="0">{inner}</td>'

    def partial(self, symbol: str) -> str:
        return derivative(cut(self.y.label or "Err", 8), symbol) if self.err is not None else f"grad {symbol}"

    def small(self, text: str) -> str:
        return cell(text, self.theme.muted, 10, align="left")


def _card(k: int, i: int) -> str:
    """A card's id: layer (0: inputs) and row."""
    return f"k{k}_{i}"
