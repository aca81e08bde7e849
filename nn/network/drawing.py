"""The picture of a network: a card for each neuron, and the gradients on it.

A card's weights are chips coloured by ∂Err/∂θ; each is the port where its edge ends, so no
number ever stands in the way of a line.  Beside them stand u, o and δ.  The border has the
colour of δ; an edge is as wide as |θ| is large, its head filled where θ > 0, else hollow.

What is called δ or ∂Err/∂ŷ is that of the error in the picture; another gradient is called one, and no more.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd import AutogradTypeError, AutogradValueError, Value, toposort
from autograd.drawing import Drawing
from autograd.drawing import draw as summary
from autograd.drawing.mermaid import Arrow, Box, flowchart
from autograd.drawing.parts import border, canvas, cell, chip, header, legend, table, tooltip, words
from autograd.drawing.render import narrowest
from autograd.drawing.scene import own_gradients
from autograd.drawing.theme import Colour, Theme, largest_of, strength, theme_named
from autograd.words.derivatives import derivative
from autograd.words.naming import name
from autograd.words.text import cut, exact, shown, signed

from .activations import name_of

if TYPE_CHECKING:
    from .modules import ForwardPass, Neuron

CURVED = 16  # edges between two layers: up to here they curve
IN_NOTEBOOK = 300  # weights: a notebook draws a forward pass by itself up to here
TALL = 6  # cards of a layer: above, they stand closer
EACH = 1000  # weights: above, the edges are a single grey mass


def draw(
    run: ForwardPass,
    err: Value | None = None,
    *,
    direction: str = "LR",
    theme: str = "light",
    force: bool = False,
    width: float | None = None,
) -> Drawing:
    """The network in one forward pass, for ForwardPass.draw; too large, its error or output in a few boxes."""
    weights = _weights(run)
    if weights <= EACH or force:

        def drawn(way: str) -> Drawing:
            picture, told = _Picture(run, err, way, theme_named(theme)), _told(run, err)
            return Drawing(picture.source(), *told, picture.flowchart(way, *told))

        other = "TB" if direction == "LR" else "LR"
        return narrowest([lambda: drawn(direction), lambda: drawn(other)], width)
    unread = f"the network has {weights} weights, and a picture of more than {EACH} cannot be read: give the error"
    y = result_of(run, err, f"{unread} as well, for a summary, or pass force=True")
    return summary(y, level="summary", direction=direction, theme=theme, roles=roles_of(run, y), width=width)


def result_of(run: ForwardPass, err: Value | None, many: str) -> Value:
    """The error, or else the only output; `many` is what to say of several, in an AutogradValueError.

    >>> from nn import MLP
    >>> run = MLP(1, [1], seed=0).forward([0.5])
    >>> result_of(run, None, "") is run.outputs[0]
    True
    """
    if err is None and len(run.outputs) > 1:
        raise AutogradValueError(many)
    targets_of(run, err)  # an error of something else is refused
    return run.outputs[0] if err is None else err


def roles_of(run: ForwardPass, y: Value) -> dict[Value, str]:
    """What the network knows of the nodes below y, whatever a user calls them.

    >>> from nn import MLP
    >>> run = MLP(1, [1], seed=0).forward([0.5])
    >>> list(roles_of(run, run.outputs[0]).values())
    ['input', 'parameter', 'parameter']
    """
    known = dict.fromkeys(run.inputs, "input") | dict.fromkeys(run.net.parameters(), "parameter")
    below = set(toposort(y))
    return {node: role for node, role in known.items() if node in below}


def _told(run: ForwardPass, err: Value | None) -> tuple[str, str]:
    """Title and description for those who do not see the picture."""
    text = "" if err is None else f"{shown(err.label or 'Err')} = {signed(err.data)}. "
    text += f"Outputs {', '.join(signed(o.data) for o in run.outputs)}."
    if any(any(layer) for layer in run.delta):
        for k, layer in enumerate(run.delta, 1):
            text += f" δ of layer {k}: {', '.join(map(signed, layer))}."
    return f"The network {run.net!r} in one forward pass", text


def shown_in_notebook(run: ForwardPass) -> dict[str, str | bytes]:
    """What a notebook displays of a forward pass besides its text: nothing where the network is large."""
    return draw(run)._repr_mimebundle_() if _weights(run) <= IN_NOTEBOOK else {}


def _weights(run: ForwardPass) -> int:
    return sum(len(neuron.theta) for layer in run.net.layers for neuron in layer.neurons)


class _Picture:
    def __init__(self, run: ForwardPass, err: Value | None, direction: str, theme: Theme) -> None:
        self.run, self.err, self.theme, self.sideways = run, err, theme, direction == "LR"
        self.leaves, self.arrives = (":e", ":w") if self.sideways else (":s", ":n")  # sides of a card and of a port
        self.targets = targets_of(run, err)
        reached = any(o.grad for o in run.outputs) or any(any(layer) for layer in run.delta)
        self.differentiated = reached if err is None else err.grad != 0
        shown = [*run.inputs, *run.outputs, *run.net.parameters(), *(u for layer in run.u for u in layer)]
        self.largest = largest_of([v.grad for v in shown])
        self.foreign = set() if err is None else set(shown) - own_gradients(err)
        self.widest = largest_of([θ.data for layer in run.theta for row in layer for θ in row])
        sizes = [len(run.inputs), *map(len, run.u)]
        # Curves are fine for a few edges; where there are many they are routed in knots.
        few = max(a * b for a, b in pairwise(sizes)) <= CURVED
        # Tall columns stand closer, so that a screen or two hold them.
        self.close = self.sideways and max(sizes) > TALL
        apart = (
            {"nodesep": "0.12", "ranksep": f"{0.8 + 0.09 * max(sizes):.2f}"}
            if self.close
            else {"nodesep": "0.3", "ranksep": f"{1 + 0.15 * max(sizes):.2f}"}
        )
        room = apart | {"splines": "true" if few else "line"}
        self.graph = canvas(theme, direction, self.legend(), outputorder="nodesfirst", **room)

    def source(self) -> str:
        self.inputs()
        last = len(self.run.net.layers) - 1
        for k, layer in enumerate(self.run.net.layers):
            what = shown(f"output: {self.run.outcome}", 60) if self.run.outcome else "output"
            with self.layer(k + 1, f"layer {k + 1}", what if k == last else "hidden") as group:
                for i, neuron in enumerate(layer.neurons):
                    self.neuron(group, k, i, neuron)
                in_order(group, [_key(k + 1, i) for i in range(len(layer.neurons))])
        for k, layer in enumerate(self.run.net.layers):
            for i, neuron in enumerate(layer.neurons):
                for column, theta in enumerate(neuron.theta):
                    self.weight(k, i, column, theta)
        if self.err is not None:
            self.error(self.err)
        return str(self.graph.source)

    def flowchart(self, direction: str, title: str, description: str) -> str:
        """The same as a Mermaid flowchart: weights are lines of their neuron's box."""

        def told(symbol: str, v: Value) -> str:
            return f"{shown(symbol, 20)} = {signed(v.data)}" + (f", ∂ {signed(v.grad)}" if self.differentiated else "")

        boxes = [
            Box(_key(0, i), [told(x.label or name("x", i + 1), x)], "input") for i, x in enumerate(self.run.inputs)
        ]
        arrows = []
        for k, layer in enumerate(self.run.net.layers):
            for i, neuron in enumerate(layer.neurons):
                u, o = self.run.u[k][i], self.run.o[k][i]
                rows = [f"layer {k + 1}, neuron {i + 1}: {shown(name_of(neuron.activation))}"]
                rows += [told(p.label, p) for p in neuron.parameters()]
                rows.append(f"u = {signed(u.data)}, {'ŷ' if k + 1 == len(self.run.u) else 'o'} = {signed(o.data)}")
                rows += [f"{'grad' if u in self.foreign else 'δ'} = {signed(u.grad)}"] if self.differentiated else []
                boxes.append(Box(_key(k + 1, i), rows, "operation"))
                for column, theta in enumerate(neuron.theta):
                    share = strength(theta.data, self.widest) ** 2  # as wide as |θ| is large
                    ends = _key(k, column), _key(k + 1, i)
                    arrows.append(Arrow(*ends, (), self.line_colour(theta.grad), 0.7 + 2.3 * share))
        if self.err is not None:
            boxes.append(Box("err", [shown(self.err.label or "Err", 8), signed(self.err.data)], "result"))
            last = len(self.run.u)
            arrows += [
                Arrow(_key(last, i), "err", (), self.line_colour(o.grad)) for i, o in enumerate(self.run.outputs)
            ]
        return flowchart(boxes, arrows, direction, self.theme, title, description)

    # --- cards ------------------------------------------------------------------------------

    def inputs(self) -> None:
        role = self.theme.roles["input"]
        with self.layer(0, "input", "x") as group:
            for i, x in enumerate(self.run.inputs):
                symbol = x.label or name("x", i + 1)
                rows = [
                    [header(cut(symbol, 20), "", role)],
                    [self.small("x"), cell(signed(x.data), self.theme.ink, 12)],
                ]
                if self.differentiated:
                    of = shown(self.err.label or "Err", 8) if self.err is not None else ""
                    rows.append([self.small(f"∂{of}/∂x" if of else "grad"), self.chip(x.grad)])
                tip = tooltip(self.described(x, symbol))
                label = f"<{table(rows, spacing=3)}>"
                group.node(_key(0, i), label, id=_key(0, i), tooltip=tip, **border(self.theme, role))
            in_order(group, [_key(0, i) for i in range(len(self.run.inputs))])

    def neuron(self, group: Any, k: int, i: int, neuron: Neuron) -> None:
        role = self.theme.roles["operation"]
        u, o = self.run.u[k][i], self.run.o[k][i]
        out = "ŷ" if k + 1 == len(self.run.u) else "o"
        state = [("u", self.plain(u.data)), (out, self.plain(o.data))]
        if self.differentiated:
            state.append(("grad" if u in self.foreign else "δ", self.chip(u.grad)))
        title = f"neuron {i + 1}"
        if out == "ŷ" and i < len(self.run.classes):
            title += f": {cut(self.run.classes[i], 20)}"
        head = header(title, shown(name_of(neuron.activation)), role)
        chips = [self.parameter(f"p{j}", parameter) for j, parameter in enumerate(neuron.parameters())]
        label = self.beside(head, chips, state) if self.sideways else self.below(head, chips, state)
        attributes = border(self.theme, role)
        if self.differentiated:
            attributes |= {"color": self.line_colour(u.grad), "penwidth": "2"}
        tip = tooltip("\n".join(self.described(v, v.label or symbol) for v, symbol in ((u, "u"), (o, out))))
        group.node(_key(k + 1, i), f"<{label}>", id=_key(k + 1, i), tooltip=tip, **attributes)

    def beside(self, head: str, chips: list[str], state: list[tuple[str, str]]) -> str:
        """Left to right: the weights in a column, u, o and δ in the next, halfway down."""
        height = max(len(chips), len(state))
        first, rows = (height - len(state)) // 2, [[head]]
        for j in range(height):
            left = chips[j] if j < len(chips) else "<td></td>"
            symbol, value = state[j - first] if 0 <= j - first < len(state) else (" ", "<td></td>")
            rows.append([left, cell(symbol, self.theme.muted, 11, width="14"), value])
        return table(rows, spacing=1 if self.close else 3)

    def below(self, head: str, chips: list[str], state: list[tuple[str, str]]) -> str:
        """Top to bottom: the weights in a row where the edges arrive, then the name, then u, o and δ."""
        cells = [c for symbol, value in state for c in (cell(symbol, self.theme.muted, 11), value)]
        above, below = table([chips], spacing=3, padding=1), table([cells], spacing=3)
        return table([[f"<td>{above}</td>"], [head], [f"<td>{below}</td>"]], spacing=1)

    def parameter(self, port: str, p: Value) -> str:
        """Name and value on the colour of the gradient."""
        background = self.theme.gradient(p.grad, self.largest) if self.differentiated else self.theme.zero
        ink = self.theme.ink_on(background) if self.differentiated and p.grad else self.theme.ink
        if self.sideways:
            value = cell(signed(p.data) + " ", ink, 11, align="right", width="54")
            rows = [['<td width="2"></td>', cell(cut(p.label), ink, 10, align="left"), value]]  # room for the head
        else:
            rows = [[cell(cut(p.label), ink, 10)], [cell(signed(p.data), ink, 11)]]
        inner = table(rows, spacing=0, padding=1)
        return f'<td port="{port}" style="rounded" bgcolor="{background}" cellpadding="1">{inner}</td>'

    def error(self, err: Value) -> None:
        """Err, with a port for each output: ∂Err/∂ŷ, before backward() ŷ, and the target where the loss names one."""
        role, many = self.theme.roles["result"], len(self.run.outputs) > 1
        symbol, ports = cut(err.label or "Err", 8), []
        for i, o in enumerate(self.run.outputs):
            index = [i + 1] if many else []
            y_hat = name("ŷ", *index)
            what = y_hat if not self.differentiated else "grad" if o in self.foreign else derivative(symbol, y_hat)
            port = [cell(what, self.theme.muted, 10, port=f"p{i}", align="left")]
            port.append(self.chip(o.grad) if self.differentiated else self.plain(o.data))
            if (y := self.targets.get(i)) is not None:
                port += [cell(name("y", *index), self.theme.muted, 10), cell(signed(y.data), self.theme.ink, 11)]
            ports.append(port)
            last = _key(len(self.run.u), i) + self.leaves
            self.graph.edge(last, f"err:p{i}" + self.arrives, color=self.line_colour(o.grad))
        head = [[header(symbol, "", role)], [cell(signed(err.data), self.theme.ink, 13)]]
        columns = [list(row) for row in zip(*ports)]  # where the edges arrive from above
        label = table(head + ports if self.sideways else columns + head, spacing=3)
        tip = tooltip(self.described(err, "Err"))
        self.graph.node("err", f"<{label}>", id="err", tooltip=tip, **border(self.theme, role))

    # --- edges ------------------------------------------------------------------------------

    def weight(self, k: int, i: int, column: int, theta: Value) -> None:
        size = abs(theta.data)
        share = size / self.widest if 0 < size <= self.widest else float(size > 0)
        width = 0.7 + 2.3 * share
        head = "normal" if theta.data >= 0 else "empty"  # which has to stay hollow at the widest line
        self.graph.edge(
            _key(k, column) + self.leaves, f"{_key(k + 1, i)}:p{column}" + self.arrives,
            color=self.line_colour(theta.grad), penwidth=f"{width:.2f}", arrowhead=head,
            arrowsize=f"{0.4 + 0.22 * width:.2f}", tooltip=tooltip(self.described(theta, "θ")),
        )  # fmt: skip

    # --- parts --------------------------------------------------------------------------------

    def layer(self, k: int, title: str, subtitle: str) -> Any:
        """A group of cards with a title."""
        theme = self.theme
        # Out of the way of the edges, which arrive from above and leave below where we draw top to bottom.
        loc, just, align = ("t", "c", "center") if self.sideways else ("b" if k else "t", "l", "left")
        head = f'<td align="{align}">{words(title, theme.ink, 13, bold=True, align=align)}</td>'
        label = table([[head], [cell(subtitle, theme.quiet, 10, align=align)]], spacing=0, padding=1)
        colours = {"style": "rounded,filled", "fillcolor": theme.group, "color": theme.frame, "tooltip": " "}
        place = {"labelloc": loc, "labeljust": just, "margin": "14"}
        return self.graph.subgraph(name=f"cluster_{k}", graph_attr={"label": f"<{label}>", **colours, **place})

    def legend(self) -> str:
        theme = self.theme
        note = [cell("width of a line: |θ|     filled head: θ > 0     hollow head: θ < 0", theme.muted, 10)]
        if not self.differentiated:
            return legend(theme, None, [*note, cell("    gradients appear after backward()", theme.muted, 10)])
        of = f" of {shown(self.err.label or 'Err', 8)}" if self.err is not None and not self.foreign else ""
        return legend(theme, self.largest, note, f"δ and gradients{of}")

    def line_colour(self, g: float) -> Colour:
        if not self.differentiated or g == 0 or math.isnan(g):
            return self.theme.forward
        return self.theme.gradient(g, self.largest, at_least=0.4)

    def chip(self, g: float) -> str:
        return chip(signed(g), g, self.largest, self.theme, 11, width="68")

    def small(self, text: str) -> str:
        return cell(text, self.theme.muted, 10, align="left")

    def plain(self, x: float) -> str:
        return cell(signed(x), self.theme.ink, 11, width="68")

    def described(self, v: Value, otherwise: str) -> str:
        text = f"{shown(v.label or otherwise, 60)} = {exact(v.data)}"
        return text + f", gradient {exact(v.grad)}" if self.differentiated else text


def _key(k: int, i: int) -> str:
    """A card's name in DOT: layer (0: inputs) and row."""
    return f"n{k}_{i}"


def in_order(group: Any, keys: list[str]) -> None:
    """Cards of one layer on one rank, in the order of their rows: a graphviz.Digraph, and their names."""
    with group.subgraph(graph_attr={"rank": "same"}) as rank:
        for above, below in pairwise(keys):
            rank.edge(above, below, style="invis")


def targets_of(run: ForwardPass, err: Value | None) -> dict[int, Value]:
    """The y of each output, found in the error by the names that the losses give them: all or none."""
    if err is None:
        return {}
    if not isinstance(err, Value):
        raise AutogradTypeError(f"the error has to be a Value, and is a {type(err).__name__}")
    below = toposort(err)
    if not set(run.outputs) <= set(below):
        raise AutogradValueError("this error was not computed from the outputs of this forward pass")
    leaves = {node.label: node for node in below if not node.parents}
    named = [leaves.get(name("y", i + 1)) for i in range(len(run.outputs))]
    return {} if None in named else {i: y for i, y in enumerate(named) if y is not None}
