"""What the levels show: weighted sums opened up, powers, neurons in their frames, summaries with counts."""

import math
import re
from xml.etree import ElementTree

import pytest

from autograd import TABLE, AutogradValueError, Value, draw, fsum, grad, no_grad, sumprod, toposort
from autograd.drawing.scene import place_of, scene
from nn import MLP, Neuron, squared_error

SVG = "{http://www.w3.org/2000/svg}"


def network(*sizes, samples=1):
    net = MLP(2, list(sizes), seed=1)
    err = fsum([squared_error(net([0.1 * i, -0.6]), [0.3] * sizes[-1]) for i in range(1, samples + 1)])
    err.label = "Err"
    err.backward()
    return err


def groups(svg, kind):
    return [g for g in ElementTree.fromstring(svg).iter(SVG + "g") if g.get("class") == kind]


# --- sums of products ---------------------------------------------------------------------------


def test_a_weighted_sum_is_one_node_or_its_products():
    u = Neuron(2, seed=0)([Value(0.5, "x₁"), Value(-1.0, "x₂")]).parents[0]
    u.backward()
    assert [n.tag for n in scene(u).nodes if n.value.parents] == ["Σ"]
    opened = scene(u, expand=True)
    assert [(n.name, n.tag) for n in opened.nodes if n.value.parents] == [("p₁", "×"), ("p₂", "×"), ("u", "+")]
    into_u = {e.tail.name: e.local for e in opened.edges if e.head.name == "u"}
    assert into_u == {"b": 1.0, "p₁": 1.0, "p₂": 1.0}
    into_p = {(e.head.name, e.tail.name): e.local for e in opened.edges if e.head.name != "u"}
    values = {n.name: n.value.data for n in opened.nodes}
    assert into_p[("p₁", "θ₁")] == values["x₁"] and into_p[("p₂", "x₂")] == values["θ₂"]


@pytest.mark.parametrize("sizes", [(1,), (3, 1), (2, 3, 2)])
def test_the_contributions_still_add_up_to_the_gradient(sizes):
    err = network(*sizes)
    opened = scene(err, expand=True)
    assert {n.value for n in scene(err).nodes} <= {n.value for n in opened.nodes}
    for node in opened.nodes:
        if node.role not in ("result", "literal"):
            sent = math.fsum(e.contribution for e in opened.edges if e.tail is node)
            assert sent == pytest.approx(node.value.grad, rel=1e-12, abs=1e-15)
    for node in opened.nodes:  # and the values are those of the rows
        terms = [e.tail.value.data for e in opened.edges if e.head is node]
        if node.tag == "+":
            assert sum(terms) == pytest.approx(node.value.data)
        if node.tag == "×":
            assert math.prod(terms) == pytest.approx(node.value.data)


def test_a_single_product_is_no_sum():
    v = Value(3.0, "v")
    y = sumprod([v], [v])
    y.backward()
    opened = scene(y, expand=True)
    assert [(n.name, n.tag) for n in opened.nodes] == [("v", "input"), ("f", "x²")]
    assert [e.contribution for e in opened.edges] == [3.0, 3.0]


def test_products_take_no_name_of_the_user_s():
    p1, x = Value(1.0, "p₁"), Value(2.0, "x")
    names = [n.name for n in scene(sumprod([p1, x], [x, x]), expand=True).nodes]
    assert sorted(names) == ["f", "p₁", "p₂", "p₃", "x"]


def test_opening_a_sum_leaves_the_graph_alone():
    err = network(2, 1)
    before = [(node, node.grad, node.parents) for node in toposort(err)]
    with no_grad():
        assert "p₁" in draw(err, expand=True).dot
    assert before == [(node, node.grad, node.parents) for node in toposort(err)]


def test_delta_s_sum_can_be_opened():
    run = MLP(1, [1, 2], bias=False, seed=2).forward([1.5])
    (delta,) = grad(squared_error(run.outputs, [0.5, -0.5]), [run.u[0][0]])
    names = [node.name for node in scene(delta, expand=True).nodes]
    assert delta.label == "δ⁽¹⁾₁" and {"δ⁽²⁾₁", "δ⁽²⁾₂"} <= set(names)


# --- powers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exponent, sign", [(2, "x²"), (-1, "x⁻¹"), (10.0, "x¹⁰"), (0.5, "xⁿ"), (1e9, "xⁿ"), (math.nan, "xⁿ")]
)
def test_a_whole_exponent_stands_in_the_sign(exponent, sign):
    drawn = scene(Value(3.0, "x") ** exponent)
    assert drawn.nodes[-1].tag == sign
    assert len(drawn.edges) == (2 if sign == "xⁿ" else 1)


def test_an_exponent_with_a_gradient_keeps_its_arrow():
    x, n = Value(3.0, "x"), Value(2.0, "n")
    drawn = scene(x**n)
    assert drawn.nodes[-1].tag == "xⁿ" and [e.local for e in drawn.edges] == [6.0, pytest.approx(9 * math.log(3))]


# --- frames of neurons ------------------------------------------------------------------------------


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_every_node_stands_in_the_frame_of_its_neuron(expand, direction):
    err = network(3, 2, 1)
    svg = draw(err, level="pills", clusters=True, expand=expand, direction=direction).svg()
    frames = {g.find(SVG + "title").text: box(g) for g in groups(svg, "cluster")}
    assert set(frames) == {
        "cluster_1", "cluster_1_1", "cluster_1_2", "cluster_1_3",
        "cluster_2", "cluster_2_1", "cluster_2_2", "cluster_3", "cluster_3_1",
    }  # fmt: skip
    drawn = {g.get("id"): box(g) for g in groups(svg, "node")}
    for node in scene(err, expand).nodes:
        layer, row = node.place or (0, 0)
        for name, (left, top, right, bottom) in frames.items():
            a, b, c, d = drawn[node.key]
            inside = left < a and top < b and c < right and d < bottom
            assert inside == (name in (f"cluster_{layer}", f"cluster_{layer}_{row}"))


def box(group):
    """What the first shape of a group covers."""
    path = next(p for p in group.iter() if p.tag in (SVG + "path", SVG + "polygon"))
    numbers = [float(x) for x in re.findall(r"-?[\d.]+", path.get("d") or path.get("points"))]
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


def test_names_tell_the_neuron():
    assert place_of("θ⁽¹⁰⁾₃₂") == (10, 3) and place_of("θ⁽¹⁾₃,₁₂") == (1, 3) and place_of("θ⁽¹⁾₁₂,₃") == (1, 12)
    assert place_of("b⁽²⁾₁₂") == place_of("u⁽²⁾₁₂") == place_of("o⁽²⁾₁₂") == (2, 12)
    assert place_of("θ₁") is place_of("Err") is place_of("") is place_of("u⁽¹⁾") is None


def test_without_a_network_there_is_nothing_to_frame():
    x = Value(1.0, "x")
    assert draw(x * x, level="pills", clusters=True).dot == draw(x * x, level="pills").dot


# --- summaries --------------------------------------------------------------------------------------


def test_a_summary_counts_every_node_and_every_operand_once():
    err = network(4, 3, 1, samples=60)
    drawn = scene(err)
    svg = draw(err, level="summary").svg()
    boxes = ["".join(t.text for t in g.iter(SVG + "text")) for g in groups(svg, "node")]
    counts = [int(re.search(r"nodes([\d,]+?)value", text)[1].replace(",", "")) for text in boxes]
    assert sum(counts) == len(drawn.nodes)
    arrows = ["".join(t.text for t in g.iter(SVG + "text")).strip().replace(",", "") for g in groups(svg, "edge")]
    assert sum(map(int, arrows)) == len(drawn.edges)
    assert any(text.startswith("θ⁽¹⁾θnodes8") for text in boxes) and any(
        text.startswith("u⁽²⁾Σnodes180") for text in boxes
    )
    extreme = max((n.value.grad for n in drawn.nodes if n.name.startswith("θ⁽²⁾")), key=abs)
    assert any(f"{abs(extreme):.3g}" in text for text in boxes if text.startswith("θ⁽²⁾"))


def test_labels_that_are_all_different_are_left_aside():
    words = [Value(1.0, f"{chr(97 + i % 26)}{chr(97 + i // 26)}") for i in range(200)]
    dot = draw(fsum(words), level="summary").dot
    assert "201 nodes of 2 kinds" in dot


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_any_number_can_be_summed_up(value):
    y = fsum([Value(value, "x"), Value(1.0, "x"), 3.0]) * Value(value, "x")
    y.backward()
    assert draw(y, level="summary").svg()
    assert draw(Value(value), level="summary").svg()


def test_own_operations_have_their_kind():
    assert TABLE["sin"].symbol in draw(Value(1.0).sin().sin().cos(), level="summary").dot


def test_the_outline_of_a_huge_graph_is_summarised_as_its_scene_is(monkeypatch):
    net = MLP(2, [12, 12, 2], seed=0)
    x = [Value(0.3, "x₁"), Value(0.2)]
    err = squared_error(net(x), [0.5, Value(0.1, "goal")])
    err.backward(2.0)  # so that the gradients are of nobody by name, which an outline does not look up
    ask = {"highlight": [x[0], err], "roles": {x[1]: "parameter"}, "level": "summary"}
    whole = draw(err, **ask)
    monkeypatch.setattr("autograd.drawing.HUGE", 20)
    outlined = draw(err, **ask)
    assert outlined.dot == whole.dot and "gradient" in whole.dot
    y = x[0]
    for _ in range(1000):
        y = y * x[0] + 2.0
    assert "nodes of" in draw(y).dot
    with pytest.raises(AutogradValueError, match="a picture of more than 1000 cannot be read"):
        draw(y, level="pills")
