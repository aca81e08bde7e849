"""Names: the lecture's, for what has none, and as identifiers whatever the label."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, grad, toposort
from autograd.words.naming import _spelled, derivative_name, identifier, name, names_of, unique
from nn.network import modules


def test_the_network_takes_its_names_from_here():
    assert modules.name is name
    assert name("θ", 1, 12, layer=10) == "θ⁽¹⁰⁾₁,₁₂"


def test_what_has_no_label_is_numbered_around_the_labels():
    x, taken = Value(1.0), Value(2.0, "v₁")
    y = (x * taken + 3) * x
    assert [names_of(toposort(y), y)[node] for node in toposort(y)] == ["x₁", "v₁", "v₂", "3", "v₃", "f"]


def test_a_gradient_is_called_after_what_it_is():
    x = Value(2.0, "x")
    y = x * x
    y.label = "y"
    (slope,) = grad(y, [x])
    assert slope.label == "∂y/∂x"
    assert derivative_name("Err", "u⁽³⁾₁,₁₂") == "δ⁽³⁾₁,₁₂"
    assert derivative_name("Err", "up") == "∂Err/∂up"


HOSTILE = [
    "__import__('os').system('ls')", "x\ny = 1", "lambda", "None", "True", "function", "NaN", "program", "a b", "", " ",
    "→",
    "9lives", "__class__", "_1", "x;", "'", '"""', "\\", "#", "x" * 10_000, "₁" * 10_000, "∂" * 1000, "ﬁ", "𝛿", "日本",
    "\u202e", "\x00", "θ′", "ŷ₁", "Π", "ℯ", "match", "yield", "await", "constructor", "async", "eval", "arguments",
]  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE)
def test_any_label_becomes_a_harmless_name(label):
    harmless(identifier(label))


@given(st.text(max_size=300))
def test_any_text_becomes_a_harmless_name(label):
    harmless(identifier(label))


LETTERS = "θδxu∂/Er⁽¹²⁾₀₁,_ λ′3→"


@given(st.text(LETTERS, max_size=60), st.text("₀₁₂₃₄₅₆₇₈₉", min_size=1, max_size=20))
def test_the_index_at_the_end_may_be_spelled_alone(label, index):
    """What is kept for all labels with one stem is what each would be by itself."""
    assert identifier(label + index) == _spelled(label + index)


def harmless(text):
    assert text.isidentifier() and text.isascii() and not keyword.iskeyword(text)
    assert len(text) <= 60 and not text.startswith("_")


def test_unique_names_are_unique_and_cost_no_search():
    taken = {"x": 1, "x_2": 1}
    assert [unique(text, taken) for text in ("x", "x", "x_2", "y")] == ["x_3", "x_4", "x_2_2", "y"]
    taken = {}
    assert len({unique("same", taken) for _ in range(50_000)}) == 50_000
