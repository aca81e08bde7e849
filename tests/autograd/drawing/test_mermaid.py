"""Pictures for Markdown files: what Mermaid is told."""

import re
from pathlib import Path

import pytest

from autograd import AutogradValueError, Value, draw, explain, fsum
from autograd.drawing import Drawing
from autograd.drawing.mermaid import ARROWS, CHARACTERS, escaped
from nn import MLP, squared_error

ARROW = re.compile(r'^ +(\w+) (-->|-\.->)(?:\|"(.*)"\|)? (\w+)$', re.MULTILINE)
BOX = re.compile(r'^ +(\w+)\["(.*)"\]$', re.MULTILINE)


def neuron():
    theta, x, b = Value(0.5, "θ"), Value(2.0, "x"), Value(-1.5, "b")
    u = theta * x + b
    o = u.tanh()
    u.label, o.label = "u", "o"
    return theta, u, o


def read(text):
    """The boxes and the arrows of a flowchart."""
    return dict(BOX.findall(text)), ARROW.findall(text)


@pytest.mark.parametrize("level", ["cards", "pills"])
def test_each_node_is_a_box_and_each_operand_an_arrow_with_its_numbers(level):
    theta, _, o = neuron()
    o.backward()
    picture = draw(o, level=level)
    boxes, arrows = read(picture.mermaid)
    assert len(boxes) == 6 and len(arrows) == 5
    (of_theta,) = (key for key, words in boxes.items() if words.startswith("θ"))
    assert "+0.500" in boxes[of_theta] and f"{theta.grad:.2f}" in boxes[of_theta]
    (arrow,) = (arrow for arrow in arrows if arrow[0] == of_theta)
    assert arrow[2] == ("∂v₁/∂θ = +2.00<br/>← +1.57" if level == "cards" else "")


def test_arrows_have_the_colours_of_the_gradient_and_before_backward_none():
    _, _, o = neuron()
    assert "linkStyle" not in draw(o).mermaid and "∂" not in draw(o).mermaid
    o.backward()
    widths = dict(re.findall(r"linkStyle (\d+) stroke:#[0-9A-F]{6},stroke-width:([\d.]+)px", draw(o).mermaid))
    assert len(widths) == 5 and all(1 < float(width) <= 3.4 for width in widths.values())


def test_direction_theme_title_and_highlight():
    theta, u, o = neuron()
    o.backward()
    text = draw(o, direction="TB", theme="dark", highlight=explain(o, theta).edges).mermaid
    assert text.startswith("flowchart TB\n    accTitle: How o = −0.462 was computed\n    accDescr: A graph of 6 nodes")
    assert "#1E293B" in text and "↑" in text
    _, arrows = read(text)
    assert [kind for _, kind, _, _ in arrows].count("-.->") == 2  # of x and b
    assert len(re.findall(r"^ +style n\d stroke:#F1F5F9,stroke-width:3.6px$", text, re.MULTILINE)) == 4
    assert u.label == "u"


def test_a_summary_has_a_box_for_each_kind():
    net = MLP(4, [16, 16, 1], seed=0)
    o = net([1.0, 2.0, 3.0, 4.0])
    o.backward()
    picture = draw(o, level="summary")
    boxes, arrows = read(picture.mermaid)
    (weights,) = (words for words in boxes.values() if words.startswith("θ⁽²⁾"))
    assert "nodes 256" in weights and " to " in weights
    assert "256" in [words for _, _, words, _ in arrows] and len(boxes) == picture.dot.count(" id=")


def test_a_network_has_a_box_for_each_neuron_with_its_weights():
    run = MLP(2, [3, 1], seed=0).forward([0.5, -1.0])
    err = squared_error(run.outputs, 0.25)
    assert "δ" not in run.draw(err).mermaid
    err.backward()
    boxes, arrows = read(run.draw(err).mermaid)
    assert len(boxes) == 2 + 3 + 1 + 1 and len(arrows) == 6 + 3 + 1
    first = run.net.layers[0].neurons[0]
    assert f"θ⁽¹⁾₁₁ = {first.theta[0].data:+.3f}" in boxes["n1_0"] and f"δ = −{-first.delta:.3f}" in boxes["n1_0"]


def test_no_sign_of_a_label_means_anything():
    signs = "".join(map(chr, range(32, 127)))
    shown = escaped(signs).replace("\u2060", "")
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), shown) == signs
    left = re.sub(r"#\d+;", "", shown)
    assert re.fullmatch(r"[\w ,=/']+", left) and "_" not in left
    assert escaped("1. a +b +2 0.5") == "1#46; a #43;b +2 0.5"
    x = Value(1.0, '"] --> y; click x')
    assert len(read(draw(x * 2.0).mermaid)[1]) == 2


def test_what_code_hosts_would_not_draw_is_refused():
    many = fsum([Value(1.0, f"x{i}") for i in range(ARROWS + 1)])
    with pytest.raises(AutogradValueError, match=r"500 arrows.*this picture has 501 .*level='summary'"):
        draw(many).mermaid  # noqa: B018
    assert draw(many, level="summary").mermaid
    long = fsum([Value(1.0, "😀" * 16) for _ in range(350)])
    long.backward()
    assert len(draw(long, level="pills").mermaid) < CHARACTERS
    with pytest.raises(AutogradValueError, match=r"50,000 characters"):
        draw(long, level="cards").mermaid  # noqa: B018
    with pytest.raises(AutogradValueError, match="DOT text"):
        Drawing("digraph { a }").mermaid  # noqa: B018


def test_the_gallery_shows_what_is_made():
    w, x = Value(0.5, "w"), Value(2.0, "x")
    u = w * x
    o = u.tanh()
    u.label, o.label = "u", "o"
    o.backward()
    gallery = Path(__file__).parents[3] / "docs" / "gallery.md"
    assert re.findall(r"```mermaid\n(.*?)\n```", gallery.read_text(encoding="utf-8"), re.DOTALL) == [draw(o).mermaid]
