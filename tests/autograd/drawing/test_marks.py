"""What is highlighted: heavy borders, solid lines, and nothing else changed."""

import math
import random
import re

import pytest

from autograd import AutogradTypeError, AutogradValueError, BackwardMistake, NotFinite, Value, debug, draw, explain
from autograd.drawing.scene import scene
from nn import MLP, squared_error

HEAVY = "penwidth=3.6"


def three_paths():
    """y = a·b + a: a leads to y directly and over the product."""
    a, b = Value(3.0, "a"), Value(2.0, "b")
    p = a * b
    p.label = "p"
    y = p + a
    y.label = "y"
    y.backward()
    return a, b, p, y


def network():
    run = MLP(2, [3, 2], "tanh", seed=0).forward([0.5, -0.2])
    err = squared_error(run.outputs, [0.3, -0.4])
    err.label = "Err"
    err.backward()
    return run, err


def heavy(drawing):
    return {line.split()[0] for line in drawing.dot.splitlines() if HEAVY in line}


def edge_lines(drawing):
    return [line for line in drawing.dot.splitlines() if "->" in line]


def test_nodes_get_a_heavy_border_and_lines_stay():
    a, _, p, y = three_paths()
    keys = {n.name: n.key for n in scene(y).nodes}
    assert heavy(draw(y, highlight=p)) == {keys["p"]}
    assert heavy(draw(y, highlight=[a, y])) == {keys["a"], keys["y"]}
    assert "dotted" not in draw(y, highlight=p).dot
    assert heavy(draw(y)) == set() and "highlighted" not in draw(y).dot


def test_beside_a_highlighted_edge_the_others_are_dotted():
    a, b, p, y = three_paths()
    drawing = draw(y, highlight=[(a, p), (p, y)])
    keys = {n.value: n.key for n in scene(y).nodes}
    dotted = {tuple(re.findall(r"n\d+", line)[:2]) for line in edge_lines(drawing) if "dotted" in line}
    assert dotted == {(keys[b], keys[p]), (keys[a], keys[y])}
    assert heavy(drawing) == {keys[a], keys[p], keys[y]}
    assert "heavy border, solid line: highlighted" in drawing.dot
    assert "Highlighted: a, p, y." in drawing.svg()


@pytest.mark.parametrize("level", ["cards", "pills", "summary"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_mark_is_no_colour(level, theme):
    _, err = network()
    paths = explain(err, err.parents[0], top=1).edges
    plain, marked = (draw(err, level=level, theme=theme, highlight=given).dot for given in (None, paths))
    chips = re.compile(r'bgcolor="(#\w+)"')
    assert chips.findall(plain)[:-1] == chips.findall(marked)[: len(chips.findall(plain)) - 1]
    colours = set(re.findall(r"#[0-9A-F]{6}", plain))
    assert set(re.findall(r"#[0-9A-F]{6}", marked)) <= colours


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("expand", [False, True])
def test_the_marked_edges_are_one_way_from_x_to_y(seed, expand):
    """Each marked node but the ends has a marked edge into it and one out of it, products of opened sums too."""
    run, err = network()
    parameters = run.net.parameters()
    x = random.Random(seed).choice([*parameters, *run.inputs])
    what = scene(err, expand, explain(err, x, top=1).edges)
    marked = [e for e in what.edges if e.marked]
    inner = {n for n in what.nodes if n.marked and n.value not in (x, err)}
    assert {e.head for e in marked} - {n for n in what.nodes if n.value is err} == inner
    assert {e.tail for e in marked} - {n for n in what.nodes if n.value is x} == inner
    assert all(n.marked for e in marked for n in (e.tail, e.head))


def test_only_the_factor_on_the_path_is_marked_in_an_opened_sum():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    from autograd import sumprod

    u = sumprod([w, Value(1.0, "v")], [x, Value(4.0, "z")])
    what = scene(u, True, [(w, u)])
    assert {(e.tail.name, e.head.name) for e in what.edges if e.marked} == {("w", "p₁"), ("p₁", "f")}
    assert {n.name for n in what.nodes if n.marked} == {"w", "p₁", "f"}


def test_a_summary_marks_the_kinds():
    run, err = network()
    because = explain(err, run.net.parameters()[0], top=3)
    drawing = because.draw(level="summary")
    assert len(heavy(drawing)) >= 5 and "dotted" in drawing.dot


def test_an_explanation_draws_its_paths():
    a, _, _, y = three_paths()
    both, one = explain(y, a), explain(y, a, top=1)
    assert both.draw().dot.count("dotted") == 1  # that of b
    assert one.draw().dot.count("dotted") == 2
    assert (
        one.draw(theme="dark", direction="TB").dot
        == draw(y, theme="dark", direction="TB", highlight=[a, y, *one.edges]).dot
    )
    nowhere = explain(y, Value(1.0, "elsewhere"))
    assert len(heavy(nowhere.draw())) == 1
    assert len(heavy(explain(y, a, top=0).draw())) == 2


def blamed(error, **options):
    return draw(error.root, highlight=error.node, **options)


def test_what_debug_found_can_be_marked():
    with pytest.raises(NotFinite) as caught, debug():
        x = Value(0.0, "x")
        v = x + 1.0
        logarithm = x.log()
        _ = logarithm * v
    assert caught.value.node.op.name == "log" and len(heavy(blamed(caught.value))) == 1
    assert caught.value.root.op.name == "mul", "the result that the infinity has reached"
    assert "Highlighted: v₁" in blamed(caught.value).svg()

    w = Value(1.0, "w")
    with pytest.raises(BackwardMistake) as caught, debug():
        y = (w * 2.0).exp() + 1.0
        w.data = 2.0
        y.backward()
    assert caught.value.root is y and caught.value.node is w
    assert "Highlighted: w." in blamed(caught.value, level="pills").svg()

    with pytest.raises(NotFinite) as caught, debug():
        r = Value(0.0, "r")
        z = r.sqrt() * 3.0
        z.backward()
    assert caught.value.root is z and caught.value.node.op.name == "sqrt"
    assert "√" in blamed(caught.value).dot

    with pytest.raises(NotFinite) as caught, debug():
        _ = Value(math.nan, "n") * 2.0
    assert caught.value.node.label == "n" and len(heavy(blamed(caught.value))) == 1


def test_what_cannot_be_highlighted_is_refused():
    a, b, p, y = three_paths()
    with pytest.raises(AutogradValueError, match="highlight: 'elsewhere' is not among what"):
        draw(y, highlight=Value(1.0, "elsewhere"))
    with pytest.raises(AutogradValueError, match="'y' is no operand of 'a'; a pair is"):
        draw(y, highlight=[(y, a)])
    for wrong in (3, "a", [1.0], [(a, b, p)], [("a", "p")]):
        with pytest.raises(AutogradTypeError, match="highlight takes a Value, or a list of Values and of pairs"):
            draw(y, highlight=wrong)
