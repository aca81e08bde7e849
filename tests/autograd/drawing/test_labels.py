"""Every label of every kind of picture beside its number: one symbol, one number, which is what the symbol says.

The references are `grad` for ∂y/∂x, which sums over all ways from y to x, and the row of the table for ∂₁y.
"""

import html
import random
import re
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd
from autograd import (
    AutogradTypeError,
    AutogradValueError,
    Value,
    draw,
    explain,
    explore,
    grad,
    record,
    sumprod,
    toposort,
    where,
)
from autograd.__main__ import table
from autograd.drawing.scene import scene
from autograd.graph import partials
from autograd.ops import LITERAL
from autograd.words.derivatives import by_operand, derivative, slots
from autograd.words.naming import names_of, told_apart
from autograd.words.text import short, signed
from nn import MLP, cross_entropy, half_squared_error, mean_squared_error, squared_error

SVG = "{http://www.w3.org/2000/svg}"


def random_graph(seed):
    """Shared nodes, squares of all spellings, sums of products, a branch, and labels that are taken twice."""
    generator = random.Random(seed)
    nodes = [Value(generator.uniform(-2, 2), label) for label in ("x", "w", "x")]
    for i in range(generator.randint(2, 7)):
        a, b, c = (generator.choice(nodes) for _ in range(3))
        made = (
            a * b, a + b, a - c, a.tanh(), a * a, a**2, sumprod([a, b], [b, c]), sumprod([a], [a]), a.sin() * b,
            where(a > b, a, c), 2.0 * a,
        )  # fmt: skip
        node = generator.choice(made)
        if node.label == "" and generator.random() < 0.5:
            node.label = generator.choice(["h", f"h{i}"])
        nodes.append(node)
    y = sumprod(nodes[-3:], nodes[-2:] + nodes[:1])
    y.label = generator.choice(["", "Err", "z = logit"])
    return y


def square():
    v = Value(1.0, "y") - Value(0.25, "x").tanh()
    err = sumprod([v], [v])
    err.label = "Err"
    return err


def silu():
    u = Value(0.7, "u")
    return u * u.sigmoid()


def network(loss=squared_error, sizes=(2, 2)):
    run = MLP(2, list(sizes), output_activation="linear", seed=1).forward([0.5, -0.6])
    targets = [0.3] * sizes[-1] if loss is not cross_entropy else 1
    return run, loss(run.outputs, targets)


GRAPHS = [square, silu, *((lambda seed=seed: random_graph(seed)) for seed in range(12)), lambda: network()[1]]


def meant(y):
    """Every symbol that may be written of a graph, with the one number that it stands for."""
    order = toposort(y)
    names = told_apart(names_of(order, y), y)
    assert len({names[v] for v in order if v.op is not LITERAL}) == sum(v.op is not LITERAL for v in order)
    found = {}
    for head in order:
        for tail in (v for v in order if v.op is not LITERAL):
            if head.op is not LITERAL and (head is y or tail in head.parents):
                found[derivative(names[head], names[tail])] = grad(head, [tail])[0].data
        for i, slope in enumerate(partials(head)):
            if slope is not None:
                found[by_operand(names[head], i)] = slope
    return found


def texts(svg, kind):
    groups = [g for g in ElementTree.fromstring(svg).iter(SVG + "g") if g.get("class") == kind]
    return ["".join(t.text or "" for t in g.iter(SVG + "text")) for g in groups]


@pytest.mark.parametrize("graph", GRAPHS)
def test_on_cards_and_edges_each_symbol_has_one_number_and_it_is_the_right_one(graph):
    y = graph()
    y.backward()
    symbols, said = meant(y), defaultdict(set)
    svg = draw(y, level="cards").svg()
    for text in texts(svg, "edge"):
        if text:
            symbol, number, _ = re.fullmatch(r"(∂.*) = (\S+)(← \S+)", text).groups()
            said[symbol].add(number)
    for text in texts(svg, "node"):
        if found := re.search(r"value(.+?)(∂\D.*?/∂.+?)([+−]\d.*|0|[+−]∞|nan)$", text):
            said[found[2]].add(found[3])
    assert said and all(len(numbers) == 1 for numbers in said.values()), said
    for symbol, (number,) in ((s, tuple(n)) for s, n in said.items()):
        if "…" not in symbol:  # too long to be written out
            assert number == signed(symbols[symbol])


@pytest.mark.parametrize("graph", GRAPHS)
def test_in_the_film_each_local_derivative_is_what_its_symbol_says(graph):
    y = graph()
    symbols, told = meant(y), str(record(y))
    for line in told.splitlines():
        if found := re.search(r"\d  (.*) \+= (.*) · (∂.*?) = (\S+) × (\S+)(?: =|:) .*   \((\S+) → (\S+)\)$", line):
            total, upstream, local, above, slope, _, _ = found.groups()
            assert short(symbols[local]) == slope.strip("()") and short(symbols[upstream]) == above.strip("()")
            assert total in symbols
    last = {e.parent: e for e in record(y).events[-1 : -len(toposort(y)) - 99 : -1] if hasattr(e, "parent")}
    assert last


@pytest.mark.parametrize("graph", GRAPHS)
def test_tooltips_have_the_same_symbols_with_all_digits(graph):
    y = graph()
    symbols = meant(y)
    for symbol, number in re.findall(
        r"→ [^\"]*?\\n(∂[^\"]*?) = ([-\d.einfa]+)", html.unescape(draw(y, level="pills").dot)
    ):
        assert symbols[symbol] == float(number)


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_page_says_what_the_film_says(graph):
    y = graph()
    page, recording = explore(y).html, record(y)
    for event in recording.events:
        if hasattr(event, "operand"):
            symbol = html.escape(event.symbol, quote=False)
            assert symbol in page or "#" in symbol


@pytest.mark.parametrize("graph", GRAPHS)
def test_an_explanation_multiplies_what_it_names(graph):
    y = graph()
    symbols = meant(y)
    for leaf in [v for v in toposort(y) if v.op is None]:
        because = explain(y, leaf)
        for path in because.paths:
            for edge in path.edges:
                slot = (edge.head, edge.operand) in because._slots
                name = told_apart(names_of(toposort(y), y), y)
                by = by_operand(name[edge.head], edge.operand) if slot else derivative(name[edge.head], name[edge.tail])
                assert symbols[by] == edge.local
                if slot:
                    assert by in str(because) or "…" in str(because)
        if because._notes():
            assert r"\partial_{" in because.latex() and "operand" in because.latex()


def test_the_table_of_the_command_line_says_it_too():
    x = Value(3.0, "x")
    told = table(record(x * x + x))
    assert "∂₁v₁ = +3, ∂₂v₁ = +3" in told and "∂f/∂v₁ = +1, ∂₂f = +1" in told and "operand alone" in told


# --- before, after, and after something else --------------------------------------------------------------


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("level", ["cards", "pills", "summary"])
def test_before_backward_no_derivative_is_named(graph, level):
    assert "∂" not in "".join(texts(draw(graph(), level=level).svg(), "node"))


def gradients_on(dot):
    return set(re.findall(r">(∂[^<=]+/∂[^<=]+)<", dot))


def test_a_gradient_summed_over_two_passes_is_not_the_derivative():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    v = x * w
    v.label = "v"
    y = v.tanh()
    y.backward()
    assert gradients_on(draw(y).dot) >= {"∂f/∂x", "∂f/∂w", "∂f/∂v", "∂f/∂f"}
    y.backward()  # leaves have twice their derivative, and interior nodes do not
    dot = draw(y).dot
    assert gradients_on(dot) == {"∂f/∂v", "∂f/∂f"} and dot.count(">grad<") == 2
    assert ">gradient of f<" not in dot.replace(" <", "<")
    for level in ("pills", "summary"):
        assert "gradient of f" not in draw(y, level=level).dot


def test_the_gradient_of_another_result_is_not_this_one_s():
    x = Value(2.0, "x")
    h = x.tanh()
    one, two = h * 2.0, h * 3.0
    one.backward()
    two.backward()
    assert gradients_on(draw(one).dot) == {"∂f/∂f"}  # h has two's, x the sum of both
    assert gradients_on(draw(two).dot) == {"∂f/∂f", "∂f/∂v₁"}


def test_numbers_that_changed_after_backward_are_not_called_derivatives():
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    x.data = 5.0
    assert gradients_on(draw(y).dot) == {"∂f/∂f"}


LOSSES = [squared_error, half_squared_error, mean_squared_error, cross_entropy]


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sizes", [(1,), (3, 2), (2, 3)])
def test_on_the_network_every_label_has_its_own_number(loss, sizes, direction):
    if loss is cross_entropy and sizes[-1] < 2:
        pytest.skip("one class")
    run, err = network(loss, sizes)
    before = network_labels(run.draw(err, direction=direction).svg())
    many = len(run.outputs) > 1
    for i, o in enumerate(run.outputs):
        y_hat = f"ŷ{'₁₂₃'[i]}" if many else "ŷ"
        assert before["err"][y_hat] == signed(o.data) and not any("∂" in label for label in before["err"])
    err.backward()
    after = network_labels(run.draw(err, direction=direction).svg())
    for i, o in enumerate(run.outputs):
        y_hat = f"ŷ{'₁₂₃'[i]}" if many else "ŷ"
        assert after["err"][f"∂Err/∂{y_hat}"] == signed(grad(err, [o])[0].data)
    for k, layer in enumerate(run.u):
        for i, u in enumerate(layer):
            card = after[f"n{k + 1}_{i}"]
            assert card["u"] == signed(u.data) and card["δ"] == signed(grad(err, [u])[0].data)
            assert card["ŷ" if k + 1 == len(run.u) else "o"] == signed(run.o[k][i].data)
            for p in run.net.layers[k].neurons[i].parameters():
                assert card[p.label] == signed(p.data)


def network_labels(svg):
    """Of each card: label -> the number that follows it."""
    found = {}
    for g in ElementTree.fromstring(svg).iter(SVG + "g"):
        if g.get("class") == "node":
            # Cells beside each other, by their place: a label is left of its number, or above it.
            cells = [
                (float(t.get("x")), float(t.get("y")), t.text.strip()) for t in g.iter(SVG + "text") if t.text.strip()
            ]
            numbers = [c for c in cells if re.fullmatch(r"[+−]\d\S*|0|nan|[+−]∞", c[2])]
            labels = [c for c in cells if c not in numbers]
            near = {}
            for x, y, text in labels:
                beside = [(n[0] - x, n[2]) for n in numbers if abs(n[1] - y) < 4 and n[0] > x]
                below = [(abs(n[0] - x), n[2]) for n in numbers if 4 < n[1] - y < 30 and abs(n[0] - x) < 60]
                if beside or below:
                    near[text] = min(beside or below)[1]
            found[g.get("id")] = near
    return found


def test_a_network_s_gradients_of_something_else_are_not_called_delta():
    run, err = network(sizes=(2, 1))
    other = squared_error(run.outputs, [9.0])
    other.backward()
    err.backward()
    dot = run.draw(other).dot
    assert ">δ<" not in dot and "∂Err/∂ŷ" not in dot and "of Err" not in dot and ">grad<" in dot
    run.net.zero_grad()
    assert ">δ<" in run.draw(err).dot and "gradients of Err" not in run.draw(err).dot
    assert ">δ<" in run.draw().dot


# --- slots --------------------------------------------------------------------------------------------------


def paths(y, x):
    return int(y is x) + sum(paths(p, x) for p in y.parents)


@pytest.mark.parametrize("seed", range(40))
def test_the_slot_is_meant_exactly_where_there_is_a_second_way(seed):
    y = random_graph(seed)
    order = toposort(y)
    uses = {v: list(enumerate(v.parents)) for v in order}
    expected = {(v, i) for v in order for i, p in enumerate(v.parents) if paths(v, p) > 1}
    assert slots(uses) == expected


@pytest.mark.long
def test_a_large_graph_gets_slots_wherever_an_operand_is_used_twice():
    chain = {0: [], **{n: [(0, n - 1), (1, 0)] for n in range(1, 200_000)}}
    assert len(slots(chain)) > 199_990
    shared = {n: [(0, n - 1), (1, max(0, n - 2))] for n in range(1, 150_000)}
    assert len(slots(shared)) >= 149_990


@pytest.mark.parametrize("square", [lambda v: v * v, lambda v: v**2, lambda v: sumprod([v], [v])])
def test_a_square_is_told_the_same_way(square):
    x = Value(-3.0, "x")
    y = square(x)
    assert scene(y).nodes[-1].tag == "x²" and scene(y, expand=True).nodes[-1].tag == "x²"
    assert str(record(y).events[0]) == "f = x² = (−3.00)² = 9.00"
    assert "x²" in explore(y).html and "f     x²" in table(record(y))


def test_a_square_under_an_exponent_has_brackets():
    x = Value(1e-9, "x²")
    assert str(record(x * x).events[0]).startswith("f = (x²)² = (1.00×10⁻⁹)² = ")


def test_an_operand_by_which_nothing_depends_is_no_second_way():
    x = Value(2.0, "x")
    y = where(x > 1.0, 3.0 * x, 4.0)  # the comparison has no derivative
    y.backward()
    assert "∂₂f" not in draw(y).dot and "∂f/∂v" in draw(y).dot


# --- names that are formulas themselves ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("z = logit", "(z = logit)"), ("a+b", "(a+b)"), ("∂a/∂b", "(∂a/∂b)"), ("two words", "(two words)"),
        ("x·y", "(x·y)"), ("σ(u)", "σ(u)"), ("θ⁽¹⁾₁,₁₂", "θ⁽¹⁾₁,₁₂"), ("学习", "学习"), ("δ'", "δ'"),
    ],
)  # fmt: skip
def test_a_label_stands_in_brackets_where_it_would_run_into_the_formula(label, written):
    x = Value(2.0, label)
    y = x.tanh()
    y.backward()
    assert f">∂f/∂{written}<" in draw(y).dot or f"∂f/∂{written}" in texts(draw(y).svg(), "node")[0]
    assert f"∂f/∂{written} = " in "".join(texts(draw(y).svg(), "edge"))
    assert f"∂f/∂{written} += " in str(record(y)) and f"∂f/∂{written} = " in str(explain(y, x))
    assert explain(y, x).latex().count("{") == explain(y, x).latex().count("}")


def test_long_names_keep_apart():
    a, b = Value(1.0, "weight_of_hidden_1"), Value(2.0, "weight_of_hidden_2")
    y = a * b
    y.backward()
    assert len(gradients_on(draw(y).dot) | set(re.findall(r">(∂f/∂weight[^<=]*)<", draw(y).dot))) >= 3


HOSTILE = [
    "\x00\x07\x1b[2J",
    "\ud800",
    "a\udfffb",
    "\u200f",
    "\u202ex",
    "\ufeff",
    "\uffff",
    "\x85",
    "e\u0301",
    "ﷺ",
    "שלום",
]


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("level", ["cards", "pills", "summary"])
def test_no_label_breaks_a_renderer(label, level):
    x = Value(2.0, label)
    y = x * Value(3.0, label) + x
    y.label = label
    y.backward()
    picture = draw(y, level=level)
    assert picture.svg() and picture.png() and picture.pdf()
    assert picture.dot.encode()


# --- roles ---------------------------------------------------------------------------------------------------


def test_roles_are_what_the_user_says():
    h, b, t = Value(1.8, "w_height"), Value(0.5, "bias"), Value(1.0, "t")
    u = h * b
    y = (t - u) ** 2
    roles = {h: "input", b: "parameter", t: "target", y: "loss", u: "input"}
    said = {node.value: node.role for node in scene(y, roles=roles).nodes}
    assert (said[h], said[b], said[t], said[y], said[u]) == ("input", "parameter", "target", "result", "input")
    assert "dashed" in draw(y, roles=roles).dot and "dashed" not in draw(y).dot
    tags = {node.value: node.tag for node in scene(y, roles=roles).nodes}
    assert (tags[h], tags[b], tags[t], tags[u]) == ("input", "θ", "target", "×")
    assert str(record(y, roles=roles)).splitlines()[:2] == ["input: w_height, v₁", "parameter: bias"]
    assert 'stroke="var(--target-border)"' in explore(y, roles=roles).html
    assert not hasattr(h, "role")


def test_an_inner_loss_and_a_number_can_have_a_role():
    x = Value(2.0, "x")
    loss = (x - 1.0) ** 2
    total = loss + 0.1 * x
    target = loss.parents[0].parents[1]
    total.backward()
    drawn = {n.value: n for n in scene(total, roles={loss: "loss", target: "target"}).nodes}
    assert drawn[loss].role == drawn[total].role == "result" and drawn[target].role == "target" and drawn[target].own


@pytest.mark.parametrize("shown", [draw, explore, record])
def test_wrong_roles_are_refused(shown):
    x = Value(2.0, "x")
    y = x.tanh()
    with pytest.raises(AutogradValueError, match="unknown role 'weight'; choose one of input, parameter, target, loss"):
        shown(y, roles={x: "weight"})
    with pytest.raises(AutogradValueError, match="'elsewhere' is not among what"):
        shown(y, roles={Value(1.0, "elsewhere"): "input"})
    with pytest.raises(AutogradTypeError, match="a key is a Value"):
        shown(y, roles={"x": "input"})
    with pytest.raises(AutogradTypeError, match="dictionary"):
        shown(y, roles=["input"])


def test_a_network_knows_its_roles():
    run = MLP(2, [1], seed=0).forward([Value(1.8, "w_height"), Value(70.0, "b")])
    html_of = run.explore(squared_error(run.outputs, [0.5]), level="cards").html
    assert html_of.count("parameter-border") - html_of.count("--parameter-border:") == 3  # two θ and the bias


# --- narrower ------------------------------------------------------------------------------------------------


def test_a_picture_that_is_wider_than_the_page_takes_a_narrower_form():
    run, err = network(sizes=(3, 2))
    err.backward()
    for drawn in (draw(err), draw(err, expand=True, clusters=True), draw(err, level="summary"), run.draw(err)):
        assert drawn.width > 700
    assert draw(err, width=5000).dot == draw(err).dot
    narrow = draw(err, expand=True, clusters=True, width=1800)
    assert narrow.width <= 1800 < draw(err, expand=True, clusters=True).width
    assert run.draw(err, width=1000).dot == run.draw(err, direction="TB").dot
    assert draw(err, width=1).width < draw(err).width  # the narrowest there is


def test_no_picture_of_the_docs_is_wider_than_a_page():
    folder = Path(autograd.__file__).parents[1] / "docs" / "pictures"
    sizes = {path.name: int.from_bytes(path.read_bytes()[16:20], "big") for path in folder.glob("*.png")}
    assert len(sizes) > 10 and max(sizes.values()) <= 2000


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_pill_has_the_name_the_value_and_the_gradient_of_its_node(graph):
    y = graph()
    y.backward()
    drawn = scene(y)
    groups = [
        g for g in ElementTree.fromstring(draw(y, level="pills").svg()).iter(SVG + "g") if g.get("class") == "node"
    ]
    found = {g.get("id"): [t.text.strip() for t in g.iter(SVG + "text")] for g in groups}
    for node in drawn.nodes:
        if node.role != "literal":
            name, *_, value, gradient = found[node.key]
            assert name == node.name and (value, gradient) == (signed(node.value.data), signed(node.value.grad))
            assert node.own and node.value.grad == pytest.approx(grad(y, [node.value])[0].data, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_summary_has_the_extremes_of_each_kind(graph):
    y = graph()
    y.backward()
    values = {signed(n.value.data) for n in scene(y).nodes}
    gradients = {signed(n.value.grad) for n in scene(y).nodes}
    for text in texts(draw(y, level="summary").svg(), "node"):
        _, value, *gradient = re.split("value|gradient", text)
        assert set(re.findall(r"[+−](?:\d[\d.]*(?:×10[⁻⁰-⁹¹²³]+)?)|0", value)) <= values
        assert not gradient or set(re.findall(r"[+−](?:\d[\d.]*(?:×10[⁻⁰-⁹¹²³]+)?)|0", gradient[0])) <= gradients
