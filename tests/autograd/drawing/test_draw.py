"""Pictures of graphs: every node once, the chain rule on the edges, always the same bytes, and any label."""

import math
import os
import re
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import AutogradTypeError, AutogradValueError, Value, draw, no_grad, toposort, where
from autograd.drawing.scene import scene
from autograd.drawing.theme import DARK, LIGHT, contrast, strength
from autograd.ops import LITERAL
from autograd.words.text import shown, signed
from nn import MLP

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"

HOSTILE = [
    "<b>bold</b>", 'quo"te', "back\\slash\\", "\\N \\G \\E \\T \\n", "two\nlines", "a & b &amp; &lt;", "]]> -->",
    "😀👩‍👩‍👧", "שלום עולם", "\u202eevil", "\x00\x07\x1b", "\ud800", " ", "%s {0} $x", "<", ">", "'",
    "{a|b}", "x" * 10_000,
]  # fmt: skip


def neuron():
    """Err = (y − tanh(w₁x₁ + w₂x₂ + b))², with x₁ used twice more."""
    w1, w2, x1, x2, b = map(Value, (0.5, -0.3, 1.0, -2.0, -0.4), ("w₁", "w₂", "x₁", "x₂", "b"))
    o = (w1 * x1 + w2 * x2 + b + x1 * x1).tanh()
    r = Value(1.0, "y") - o
    err = r * r
    err.label = "Err"
    return err


def differentiated():
    err = neuron()
    err.backward()
    return err


def chain(n):
    x = Value(1.0, "x")
    for _ in range(n - 1):
        x = x.tanh()
    return x


def elements(svg, kind):
    return [g for g in ElementTree.fromstring(svg).iter(SVG + "g") if g.get("class") == kind]


def words(svg):
    """All text of a picture, the runs of each node or edge joined."""
    drawn = elements(svg, "node") + elements(svg, "edge")
    return ["".join(t.text or "" for t in g.iter(SVG + "text")) for g in drawn]


# --- what is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["cards", "pills"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_node_and_every_operand_is_drawn_once(level, direction, theme):
    err = differentiated()
    svg = draw(err, level=level, direction=direction, theme=theme).svg()
    ids = Counter(g.get("id") for g in elements(svg, "node"))
    assert ids == Counter(node.key for node in scene(err).nodes)
    assert len(ids) == len(toposort(err))
    assert len(elements(svg, "edge")) == sum(len(node.parents) for node in toposort(err))
    for label in ("w₁", "w₂", "x₁", "x₂", "b", "y", "Err"):
        assert sum(text.startswith(label) for text in words(svg)) == 1


def test_a_square_has_two_edges():
    x = Value(3.0, "x")
    assert len(elements(draw(x * x).svg(), "edge")) == 2


def test_the_contributions_on_the_edges_add_up_to_the_gradient():
    err = differentiated()
    s = scene(err)
    for node in s.nodes:
        if node.value is not err:
            sent = math.fsum(e.contribution for e in s.edges if e.tail is node)
            assert sent == pytest.approx(node.value.grad, rel=1e-14)


def test_the_derivatives_on_the_edges_are_the_printed_ones():
    w, x = Value(2.0, "w"), Value(-3.0, "x")
    p = w * x
    p.label = "p"
    p.backward()
    texts = words(draw(p).svg())
    assert "∂p/∂w = −3.00← −3.00" in texts
    assert "∂p/∂x = +2.00← +2.00" in texts
    assert "∂p/∂w = −3.00↑ −3.00" in words(draw(p, direction="TB").svg())


def test_gradients_appear_with_backward():
    err = neuron()
    before = draw(err)
    assert "∂" not in "".join(words(before.svg())) and "dir=both" not in before.dot
    err.backward()
    assert "∂Err/∂w₁" in draw(err).dot and "dir=both" in draw(err).dot


def test_a_gradient_of_something_else_is_not_called_a_derivative_of_this():
    x = Value(2.0, "x")
    inner = x * x
    inner.label = "q"
    (3 * inner).backward()
    dot = draw(inner).dot
    assert "∂₁q =" in dot and "∂₂q =" in dot  # the local derivatives are still what they are
    assert ">∂q/∂x<" not in dot and ">grad<" in dot


def test_an_operand_without_influence_sends_nothing():
    x = Value(2.0, "x")
    y = where(x > 0, x * x, x)
    y.backward()
    silent = [e for e in scene(y).edges if e.local is None]
    assert len(silent) == 3  # the condition's two operands, and the condition
    assert all(e.contribution is None for e in silent)


def test_a_product_of_zero_and_infinity_is_marked_as_undetermined():
    x = Value(0.0, "x")
    y = x.sqrt() * 0.0
    y.backward()
    (edge,) = [e for e in scene(y).edges if e.tail.value is x]
    assert edge.undetermined and math.isnan(edge.contribution) and math.isnan(x.grad)
    for level in ("cards", "pills"):
        assert "0 · ∞: undetermined" in draw(y, level=level).dot
    assert "0.0 × inf = undetermined" in draw(y).dot


def test_a_branch_that_was_not_taken_is_sent_nothing():
    x = Value(-1.0, "x")
    y = where(x > 0, x.sqrt().log(), 2 * x)
    y.backward()
    drawn = scene(y)
    assert [e.contribution for e in drawn.edges if e.tail.value is x] == [None, 0.0, 2.0]
    assert [e.taken for e in drawn.edges if e.tail.value is x] == [False, False, True]
    assert "undetermined" not in draw(y).dot and "a branch that was not taken" in draw(y).dot


def test_a_sum_below_an_untaken_branch_is_silent_when_expanded_too():
    a, b = Value(math.inf, "a"), Value(2.0, "b")
    y = where(Value(0.0), autograd.sumprod([a, b], [b, b]), b)
    y.backward()
    assert {e.contribution for e in scene(y, expand=True).edges if e.tail.value is a} == {0.0}


def test_the_one_of_a_bias_is_left_out_and_other_constants_are_not():
    w, b, x = Value(2.0, "w"), Value(0.5, "b"), Value(3.0, "x")
    y = autograd.sumprod([w, b, x], [1.0, 1.0, 2.0])
    drawn = [node.name for node in scene(y).nodes]
    assert Counter(drawn) == Counter(["w", "b", "x", "1", "2", "f"])  # w times 1: that 1 is w's input
    assert not any(e.tail.role == "literal" and e.contribution for e in scene(neuron()).edges)


def test_constants_are_small_and_carry_no_gradient():
    x = Value(3.0, "x")
    y = 2 * x
    y.backward()
    (edge,) = [e for e in scene(y).edges if e.tail.value.op is LITERAL]
    (line,) = [line for line in draw(y).dot.splitlines() if f"{edge.tail.key} -> {edge.head.key}" in line]
    assert "label" not in line and "dir=both" not in line
    assert "2" in words(draw(y).svg())


def test_generated_names_avoid_the_users():
    v1 = Value(1.0, "v₁")
    y = (v1 * Value(2.0) + v1).tanh() + Value(3.0, "f")
    y = y * y
    names = [node.name for node in scene(y).nodes]
    assert len(set(names)) == len(names)


def test_roles_follow_the_lectures_letters():
    roles = {node.name: node.role for node in scene(neuron()).nodes}
    assert roles["w₁"] == roles["b"] == "parameter" and roles["x₁"] == "input"
    assert roles["y"] == "target" and roles["Err"] == "result"
    x, y = Value(1.0, "x"), Value(2.0, "y")
    assert {node.name: node.role for node in scene(x * y).nodes}["y"] == "input"
    for label in ("θ⁽¹⁾₁₂", "θ⁽¹⁰⁾₁,₁₂", "b⁽²⁾₁", "weight_3", "W1"):
        assert scene(Value(1.0, label) * x).nodes[0].role == "parameter"
    for label in ("width", "beta", "bx", "θx"):
        assert scene(Value(1.0, label) * x).nodes[0].role == "input"


def test_a_leaf_alone_is_a_picture():
    assert len(elements(draw(Value(1.5)).svg(), "node")) == 1
    with no_grad():
        assert len(elements(draw(Value(1.5) * 2).svg(), "node")) == 1


# --- size -----------------------------------------------------------------------------------------


def test_the_level_follows_the_size():
    assert draw(chain(25)).dot == draw(chain(25), level="cards").dot
    assert draw(chain(26)).dot == draw(chain(26), level="pills").dot


def test_more_than_a_thousand_nodes_become_a_summary_that_says_so():
    picture = draw(chain(1234))
    assert "1,234 nodes of 3 kinds; force=True draws each" in picture.dot
    assert picture.dot == draw(chain(1234), level="summary").dot
    assert draw(chain(1234), force=True).dot.count("->") == 1233


@pytest.mark.parametrize("level", ["cards", "pills"])
def test_too_many_cards_are_refused_with_their_number_and_the_way_out(level):
    with pytest.raises(AutogradValueError, match=r"1234 nodes.*level='summary'.*force=True"):
        draw(chain(1234), level=level)


def recurrence():
    """300 nodes, every step of which uses the same leaf."""
    x = y = Value(0.5, "x")
    for _ in range(100):
        y = (y * x + y).sin()
    return y


def wide():
    """1000 nodes, a tree of sums."""
    terms = [Value(1.0, "x") for _ in range(500)]
    while len(terms) > 1:
        terms = [a + b for a, b in zip(terms[::2], terms[1::2])] + terms[len(terms) & ~1 :]
    return terms[0]


@pytest.mark.parametrize("graph", [recurrence, wide, lambda: chain(1000)], ids=["recurrence", "wide", "chain"])
def test_a_thousand_nodes_take_no_time(graph):
    root = graph()
    root.backward()
    began = os.times()
    draw(root).svg()
    now = os.times()  # the time of processors: the machine may be busy otherwise
    assert now.user + now.children_user - began.user - began.children_user < 2


def test_what_is_no_value_is_named_with_the_way_that_it_is_drawn():
    net = MLP(2, [1], seed=0)
    for other, told in (
        (3, "given 3 of type int$"),
        (net, r"of type MLP; a network is drawn by net.forward\(x\).draw\(\)"),
        (net.forward([1.0, 2.0]), r"has a .draw\(\) of its own"),
    ):
        with pytest.raises(AutogradTypeError, match=told):
            draw(other)


def test_unknown_choices_are_refused_by_name():
    x = Value(1.0)
    choices = {"level": "cards, pills, summary", "direction": "LR .* or TB", "theme": "light, dark"}
    for name, said in choices.items():
        with pytest.raises(AutogradValueError, match=f"'sepia'.*{said}"):
            draw(x, **{name: "sepia"})
    with pytest.raises(AutogradTypeError, match="float"):
        draw(1.0)


# --- the same graph, the same bytes ----------------------------------------------------------------

PROGRAM = """
import sys
sys.path[:0] = ["tests/autograd/drawing", "."]
from test_draw import differentiated
from autograd import draw
d = draw(differentiated())
sys.stdout.buffer.write((d.dot + d.svg() + draw(differentiated(), level="pills").dot).encode())
"""


def test_another_process_draws_the_same_bytes(pytestconfig):
    d = draw(differentiated())
    here = (d.dot + d.svg() + draw(differentiated(), level="pills").dot).encode()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        program = [sys.executable, "-c", PROGRAM]
        there = subprocess.run(program, cwd=pytestconfig.rootpath, env=environment, capture_output=True, check=True)
        assert there.stdout == here


def test_importing_the_packages_loads_no_drawing(pytestconfig):
    program = (
        "import sys, autograd, nn\nfrom autograd import Value\n"
        "Value(1.0); assert not {'graphviz', 'autograd.drawing', 'nn.network.drawing'} & set(sys.modules), 'eager'"
    )
    subprocess.run([sys.executable, "-c", program], cwd=pytestconfig.rootpath, check=True)


# --- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["cards", "pills"])
def test_a_hostile_label_is_shown_as_text(level):
    total = Value(1.0, "z")
    for label in HOSTILE:
        total = total + Value(1.0, label)
    total.label = HOSTILE[0]
    total.backward()
    picture = draw(total, level=level)
    texts = words(picture.svg())
    for label in HOSTILE:
        assert any(text.startswith(shown(label)) for text in texts), label
    assert picture.png().startswith(b"\x89PNG")
    picture.dot.encode()


@settings(max_examples=15)
@given(st.lists(st.text(max_size=20), min_size=8, max_size=8))
def test_no_label_breaks_a_picture(labels):
    total = Value(0.0)
    for label in labels:
        total = total + Value(1.0, label) * 2
    total.backward()
    svg = draw(total, level="pills").svg()
    assert len(elements(svg, "node")) == len(scene(total).nodes)
    texts = words(svg)
    for label in filter(None, labels):
        assert any(text.startswith(shown(label)) for text in texts)


def test_tooltips_hold_every_digit_and_the_whole_label():
    x = Value(1 / 3, "a name of more than sixteen letters \\N")
    y = x * 3.0
    y.backward()
    tips = [a.get(XLINK + "title") for a in ElementTree.fromstring(draw(y).svg()).iter(SVG + "a")]
    assert any("a name of more than sixteen letters \\\u2060N = 0.3333333333333333" in tip for tip in tips)


# --- numbers ----------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False).filter(bool))
def test_a_number_keeps_its_sign_and_three_digits(x):
    text = signed(x)
    assert text[0] == ("+" if x > 0 else "−") and "-" not in text
    plain = text.replace("−", "-").replace("×10", "e").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    largest = sys.float_info.max  # which is 1.80e308 in three digits: too large
    assert float(plain) == pytest.approx(x, rel=0.0051) or abs(x) > largest * 0.99


@pytest.mark.parametrize(
    "x, text",
    [
        (0.0, "0"), (-0.0, "0"), (math.inf, "+∞"), (-math.inf, "−∞"), (math.nan, "nan"),
        (0.9996, "+1.00"), (9994.0, "+9994"), (9996.0, "+1.00×10⁴"), (0.001, "+0.00100"), (9.996e-4, "+0.00100"),
        (9.99e-4, "+9.99×10⁻⁴"), (-1e-9, "−1.00×10⁻⁹"), (5e-324, "+4.94×10⁻³²⁴"),
    ],
)  # fmt: skip
def test_numbers(x, text):
    assert signed(x) == text


def test_a_vanishing_gradient_is_not_printed_as_zero():
    x = Value(1.0, "x")
    y = x * 1e-9
    y.backward()
    assert "+1.00×10⁻⁹" in draw(y).dot


# --- colours ------------------------------------------------------------------------------------------

# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def lab(colour, matrix):
    """CIE L*a*b* of what an eye sees; a distance of 2.3 is just noticeable."""
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    seen = [min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear)))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    x, y, z = (sum(m * c for m, c in zip(row, seen)) / w for row, w in zip(to_xyz, white))
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", BLINDNESS)
def test_signs_differ_to_every_eye(theme, eye):
    for t in (0.1, 0.25, 0.5, 0.75, 1.0):
        up, down = (lab(theme.gradient(sign * t * t, 1.0), BLINDNESS[eye]) for sign in (1, -1))
        assert math.dist(up, down) > 10, t


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_colour(theme):
    for i in range(-100, 101):
        background = theme.gradient(i / 100, 1.0)
        assert contrast(theme.ink_on(background), background) >= 4.5
    for role in theme.roles.values():
        assert contrast(role.ink, role.chip) > 4.5
    assert contrast(theme.muted, theme.card) > 4.5 and contrast(theme.muted, theme.canvas) > 4.5


@given(st.floats(), st.floats(min_value=0, allow_infinity=False, allow_nan=False))
def test_every_gradient_has_a_colour(g, largest):
    assert 0 <= strength(g, largest) <= 1
    assert re.fullmatch("#[0-9A-F]{6}", LIGHT.gradient(g, largest))


@given(st.floats(1e-9, 1), st.floats(1e-9, 1))
def test_a_larger_gradient_is_never_paler(a, b):
    small, large = sorted((a, b))
    white = LIGHT.canvas
    assert contrast(LIGHT.gradient(small, 1.0), white) <= contrast(LIGHT.gradient(large, 1.0), white) + 1e-9
