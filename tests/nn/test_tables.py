"""One table, three forms: lines of one width, cells that stand for themselves, colours of the pictures."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.drawing.theme import LIGHT
from nn.tables import Table, latex_number

cells = st.lists(st.lists(st.text(st.characters(exclude_categories=["C", "Z"])), min_size=3, max_size=3), max_size=4)


@given(cells, st.text("lr", min_size=3, max_size=3))
def test_lines_of_text_have_one_width_and_hold_every_cell(rows, align):
    title, rule, *lines = Table("abc", rows, align).text().split("\n")
    assert len({len(title), len(rule), *map(len, lines)}) == 1 and set(rule) == {"─"}
    assert [line.split() for line in lines] == [[cell for cell in row if cell] for row in rows]


def test_a_column_is_to_the_left_or_to_the_right():
    assert Table(("one", "two"), [("1", "2")], "lr").text().split("\n")[2] == "1      2"
    assert Table(("one", "two"), [("1", "2")]).text().split("\n")[2] == "  1    2"


@given(cells)
def test_a_cell_of_html_is_text_whatever_it_holds(rows):
    html = Table(("<", "&", ">"), rows).html()
    assert re.sub(r"</?(table|tr|th|td)\b[^<>]*>", "", html).count("<") == 0
    assert html.count("<tr>") == 1 + len(rows) and html.count("<td") == 3 * len(rows)


def test_one_scale_of_colours_for_the_whole_table():
    html = Table(("a", "b"), [("1", "2"), ("3", "4")], colours={(0, 0): -2.0, (1, 1): 1.0}, bold=[(1, 0)]).html()
    strongest, half = LIGHT.gradient(-1.0, 1.0), LIGHT.gradient(0.5, 1.0)
    assert re.findall(r"background:(#\w+);color:#\w+\">(\d)", html) == [(strongest, "1"), (half, "4")]
    assert re.findall(r"font-weight:bold\">(\d)", html) == ["3"]


@pytest.mark.parametrize(
    "text, latex", [("+0.25", "+0.25"), ("-1e-05", r"-1 \cdot 10^{-5}"), ("35 %", r"35\,\%"), ("nan", "nan")]
)
def test_numbers_in_latex(text, latex):
    assert latex_number(text) == latex
