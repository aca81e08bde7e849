"""The network's picture: a card a neuron, a chip a parameter, an edge a weight, and no line through a card."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from autograd import AutogradTypeError, AutogradValueError, Value, draw
from autograd.words.text import signed
from nn import MLP, cross_entropy, squared_error

SVG = "{http://www.w3.org/2000/svg}"


def run_of(nin, *sizes, seed=1, **options):
    run = MLP(nin, list(sizes), seed=seed, **options).forward([0.5, -0.6, 0.2, 0.9][:nin])
    return run, squared_error(run.outputs, [0.3] * sizes[-1])


def groups(svg, kind):
    return {g.get("id"): g for g in ElementTree.fromstring(svg).iter(SVG + "g") if g.get("class") == kind}


def text_of(group):
    return "".join(t.text or "" for t in group.iter(SVG + "text"))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sizes", [(2, 3, 1), (4, 8, 3), (1, 1)])
def test_every_neuron_parameter_and_weight_is_drawn_once(sizes, direction, theme):
    run, err = run_of(*sizes)
    err.backward()
    svg = run.draw(err, direction=direction, theme=theme).svg()
    cards = groups(svg, "node")
    assert len(cards) == sum(sizes) + 1
    everything = "".join(map(text_of, cards.values()))
    for p in run.net.parameters():
        assert everything.count(p.label) == 1
    weights = sum(a * b for a, b in pairwise(sizes))
    assert len([g for g in groups(svg, "edge").values() if "err" not in g.find(SVG + "title").text]) == weights
    for k, layer in enumerate(run.u):
        for i, u in enumerate(layer):
            cells = {t.text for t in cards[f"n{k + 1}_{i}"].iter(SVG + "text")}
            assert {signed(u.data), signed(run.o[k][i].data), signed(u.grad)} <= cells


def test_before_backward_there_is_no_gradient():
    run, err = run_of(2, 3, 1)
    before = run.draw(err).dot
    assert "δ" not in before and "gradients appear after backward()" in before
    err.backward()
    assert "δ" in run.draw(err).dot


def test_width_and_head_show_the_weight():
    run, err = run_of(2, 3, 1)
    err.backward()
    lines = [line for line in run.draw(err).dot.splitlines() if "arrowhead" in line]
    weights = [theta for layer in run.theta for row in layer for theta in row]
    assert [("normal" in line) for line in lines] == [theta.data > 0 for theta in weights]
    widths = [float(re.search(r"penwidth=([\d.]+)", line)[1]) for line in lines]
    by_weight = sorted(range(len(weights)), key=lambda j: abs(weights[j].data))
    assert [widths[j] for j in by_weight] == sorted(widths) and len(set(widths)) > 5


def test_the_error_shows_its_gradients_and_targets():
    run, err = run_of(2, 2)
    err.backward()
    card = text_of(groups(run.draw(err).svg(), "node")["err"])
    for i, o in enumerate(run.outputs):
        assert f"∂Err/∂ŷ{'₁₂'[i]}{signed(o.grad)}y{'₁₂'[i]}+0.300" in card
    run = MLP(2, [3], output_activation="linear", seed=0).forward([1.0, 2.0])
    loss = cross_entropy(run.outputs, 1)
    loss.backward()
    assert "∂Err/∂ŷ₃" in text_of(groups(run.draw(loss).svg(), "node")["err"])


def test_an_error_of_something_else_is_refused():
    run, _ = run_of(2, 1)
    _, other = run_of(2, 1)
    with pytest.raises(AutogradValueError, match="not computed from"):
        run.draw(other)
    with pytest.raises(AutogradTypeError, match="float"):
        run.draw(0.5)
    with pytest.raises(AutogradValueError, match="LR"):
        run.draw(direction="up")
    with pytest.raises(AutogradValueError, match="light, dark"):
        run.draw(theme="sepia")


def test_too_many_weights_become_a_summary():
    run = MLP(2, [400, 1], seed=0).forward([1.0, 2.0])
    err = squared_error(run.outputs, 0.5)
    for picture, kinds in ((run.draw(), 9), (run.draw(err), 12)):
        assert f"nodes of {kinds} kinds; force=True draws each" in picture.dot and ">θ⁽¹⁾<" in picture.dot
    with pytest.raises(AutogradValueError, match="not computed from"):
        run.draw(Value(1.0))
    two = MLP(2, [400, 2], seed=0).forward([1.0, 2.0])
    with pytest.raises(AutogradValueError, match=r"1600 weights.*give the error.*force=True"):
        two.draw()
    assert run.draw(force=True).dot.count("arrowhead") == 1200
    assert run._repr_mimebundle_() == {"text/plain": repr(run)}


def test_a_notebook_shows_a_forward_pass():
    run, _ = run_of(2, 1)
    bundle = run._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "image/png", "application/pdf"}
    assert bundle["text/plain"] == repr(run)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 0.0, 1e-300])
def test_any_weight_can_be_drawn(value):
    run, err = run_of(2, 2, 1)
    run.net.layers[0].neurons[0].theta[0].data = value
    run, err = run.net.forward([1.0, Value(2.0, "<x> \\N")]), err
    run.outputs[0].backward()
    assert signed(value) in run.draw().dot and run.draw().png()


def test_the_bias_is_optional():
    run, err = run_of(2, 2, 1, bias=False)
    err.backward()
    assert "b⁽" not in run.draw(err).dot and run.draw(err).svg()


# --- no line through a card ---------------------------------------------------------------------------


def points(path):
    """The curve of an SVG path of cubic Béziers, sampled."""
    numbers = [float(x) for x in re.findall(r"-?[\d.]+", path)]
    xy = list(zip(numbers[::2], numbers[1::2]))
    for j in range(0, len(xy) - 3, 3):
        a, b, c, d = xy[j : j + 4]
        for step in range(51):
            t = step / 50
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(wi * p[axis] for wi, p in zip(w, (a, b, c, d))) for axis in (0, 1))


def box(card):
    """The card itself is the first path of its group."""
    shape = next(card.iter(SVG + "path"))
    numbers = [float(x) for x in re.findall(r"-?[\d.]+", shape.get("d"))]
    return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])


def crossings(svg):
    cards = [g for g in groups(svg, "node").values() if g.find(f".//{SVG}path") is not None]
    boxes = {g.find(SVG + "title").text: box(g) for g in cards}
    assert len(boxes) > 1
    found = []
    for edge in groups(svg, "edge").values():
        ends = {end.partition(":")[0] for end in edge.find(SVG + "title").text.split("->")}
        path = next(p for p in edge.iter(SVG + "path"))
        for name, (left, top, right, bottom) in boxes.items():
            inside = (left + 1 < x < right - 1 and top + 1 < y < bottom - 1 for x, y in points(path.get("d")))
            if name not in ends and any(inside):
                found.append((sorted(ends), name))
    return found


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("sizes", [(2, 3, 1), (4, 8, 3), (2, 3, 3, 1)])
def test_no_edge_of_a_network_crosses_a_card(sizes, direction):
    run, err = run_of(*sizes)
    err.backward()
    assert crossings(run.draw(err, direction=direction).svg()) == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("level", ["cards", "pills"])
def test_no_edge_of_a_graph_crosses_a_card(level, direction):
    _, err = run_of(2, 3, 1)
    err.backward()
    assert crossings(draw(err, level=level, direction=direction).svg()) == []


def test_it_says_what_it_shows_to_those_who_cannot_see_it():
    run, err = run_of(2, 2, 1)
    err.backward()
    svg = ElementTree.fromstring(run.draw(err).svg())
    assert svg.find(SVG + "title").text == svg.get("aria-label") == f"The network {run.net!r} in one forward pass"
    told = svg.find(SVG + "desc").text
    for delta in (d for layer in run.delta for d in layer):
        assert signed(delta) in told
    assert told.startswith(f"Err = {signed(err.data)}.")
