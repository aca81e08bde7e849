"""Own tables in the playground, and what it does with more inputs than the plane has, and in low windows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nn import Model
from nn.training.datasets import IRIS, read_csv

from .test_playground_page import INSIDE, at, point

BOX = """(() => {{
  const {{ k, i }} = graph.sheet, {{ left, top, right, bottom }} = ({}).getBoundingClientRect();
  return [left, top, right, bottom];
}})()"""
AREA = "Your points: a table, a line for each row"


def form(page: Any, text: str) -> None:
    """The form for own points, with a text in it."""
    page.tab.get_by_role("button", name="More settings").click()
    page.tab.get_by_text("your own points").click()
    page.tab.get_by_label(AREA).fill(text)


def says(page: Any) -> str:
    return str(page.tab.locator("#more [role=status]").inner_text())


def learns(page: Any) -> None:
    page.tab.get_by_role("button", name="learn these").click()


def trained(page: Any, steps: int, path: Path) -> Model:
    page(f"for (let k = 0; k < {steps}; k++) trainStep(); render()")
    path.write_text(json.dumps(page("networkFile()")), encoding="utf-8")
    return Model.load(path)


def test_a_table_of_more_columns_is_learned_and_goes_out_as_a_model(opened: Any, tmp_path: Path, axe: Any) -> None:
    page, data = at(opened), read_csv(IRIS)
    form(page, IRIS.read_text(encoding="utf-8"))
    assert says(page) == "150 rows of 5 columns." and axe(page) == []
    page.tab.get_by_label("sepal_width").uncheck()
    learns(page)
    assert page("state.network.sizes") == [3, 4, 3, 3]
    model = trained(page, 400, tmp_path / "network.json")
    assert [c.name for c in model.columns] == ["sepal_length", "petal_length", "petal_width"]
    rows = [[row[0], *row[2:]] for row in data.X]
    right = sum(guess == data.classes[int(y)] for guess, y in zip(model.predict(rows), data.Y))
    assert right == page("state.measure.right") > 130
    link = page("linkOf(momentOf())")
    fresh = at(opened)
    fresh(f"momentIn('{link}').then(take)")
    fresh.wait("state.settings.data === 'own'")
    assert fresh("[state.network.sizes, state.samples.length, state.measure.right]") == [[3, 4, 3, 3], 150, right]
    assert fresh("$('sentence').textContent").startswith("A 3–")


def test_numbers_are_learned_in_their_unit(opened: Any, tmp_path: Path) -> None:
    page = at(opened)
    rows = [[50.0 + 7 * i, 1 + (3 * i) % 5] for i in range(24)]
    prices = [1000.5 * a + 5000 * b for a, b in rows]
    lines = [f"{a}\t{b}\t{y}".replace(".", ",") for (a, b), y in zip(rows, prices)]
    form(page, "\n".join(["size\trooms\tprice", *lines]))
    assert "decimals with a comma" in says(page)
    assert page("[$('own-target'), $('own-kind')].map((s) => s.selectedOptions[0].text)") == ["price", "numbers"]
    learns(page)
    assert page("state.network.sigmas.at(-1)") == "linear" and "right" not in page("$('count').textContent")
    model = trained(page, 400, tmp_path / "network.json")
    assert model.target == "price" and model.classes == []
    guesses = page("state.samples.map((s) => targetInUnit(state.network.forward(s.x)[0]))")
    assert model.predict(rows) == pytest.approx(guesses, rel=1e-9)
    assert guesses == pytest.approx(prices, rel=0.3)
    link = page("linkOf(momentOf())")
    fresh = at(opened)
    fresh(f"momentIn('{link}').then(take)")
    fresh.wait("state.settings.data === 'own'")
    assert fresh("[state.network.outputs, state.measure.err]") == [1, page("state.measure.err")]
    fresh("change({ data: 'moons' })")
    assert fresh("state.network.sizes") == [2, 4, 3, 1]
    fresh("change({ data: 'own' })")
    samples = "state.samples.map((s) => [...s.x, ...s.y])"
    assert fresh(samples) == page(samples)
    bad = "{ v: 1, settings: { data: 'own' }, points: [[[1, 2], [0, 0], 0], 'x'] }"
    assert "points" in fresh(f"(() => {{ try {{ take({bad}); }} catch (error) {{ return error.message; }} }})()")
    fresh("redraw()")
    assert fresh(samples) == page(samples)


def test_a_number_of_classes_or_a_hole_is_told_and_the_page_stays(opened: Any) -> None:
    page = at(opened)
    form(page, "a,b,k\n1,2,p\n3,4,q\n3,4,r\n3,5,s")
    learns(page)
    assert "has 4 classes, p, q, r, s" in says(page) and page("state.settings.data") == "moons"
    page.tab.get_by_label(AREA).fill("a,b,k\n1,2,p\n3,,q\n3,4,q")
    assert "1 row without a value is left out" in says(page)
    page.tab.get_by_label(AREA).fill("")
    assert says(page) == "" and page.tab.get_by_label("The column to learn").count() == 0


def test_a_table_is_opened_from_a_file(opened: Any, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a;b;k\n1,5;2;p\n3,5;4;q\n", encoding="utf-8")
    page = at(opened)
    form(page, "")
    page.tab.set_input_files("#more input[type=file]", str(tmp_path / "table.csv"))
    page.wait("document.querySelector('#more [role=status]').textContent.startsWith('2 rows')")
    learns(page)
    assert page("state.samples.length") == 2


def test_the_plane_shows_the_inputs_that_are_chosen(opened: Any) -> None:
    page = at(opened)
    form(page, IRIS.read_text(encoding="utf-8"))
    learns(page)
    page.tab.get_by_role("button", name="More settings").click()
    page.tab.get_by_label("The input across the plane").select_option("2")
    page.tab.get_by_label("The input up the plane").select_option("3")
    assert page("state.settings.axes") == [2, 3] and page("[0, 1].map((d) => axis(d).split(' ')[0])") == [
        "petal_length",
        "petal_width",
    ]
    assert page("graph.inputs.map((c) => c.map.hidden)") == [True, True, False, False]
    page.press("Escape")
    before, (x, y) = page("[...state.samples[3].x]"), point(page, 3)
    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    chosen = page("state.chosen")
    page.tab.mouse.move(x + 20, y - 30, steps=4)
    page.tab.mouse.up()
    after = page(f"[...state.samples[{chosen}].x]")
    assert point(page, chosen) == pytest.approx((x + 20, y - 30), abs=8)
    assert after[:2] == page(f"[...state.undo.at(-1).points[{chosen}].place]")[:2] and after[2] > before[2]
    page("$('plane').focus()")
    page.press("ArrowUp")
    assert page(f"[...state.samples[{chosen}].x]") == pytest.approx([*after[:3], after[3] + 0.05])
    page("adjust({ axes: [3, 0] })")
    page.tab.get_by_role("button", name="More settings").click()
    page.tab.get_by_label("The input across the plane").select_option("0")  # that which is up: they change places
    assert page("state.settings.axes") == [0, 3]
    page("change({ data: 'xor' })")
    assert page("state.settings.axes") == [0, 1] and page("$('across')") is None


@pytest.mark.parametrize(("width", "height"), [(1280, 657), (1366, 657), (1366, 625), (1440, 720)])
def test_in_a_low_window_the_cards_keep_their_theta_u_o_and_delta(
    width: int, height: int, opened: Any, axe: Any
) -> None:
    page = at(opened, width=width, height=height)
    page("walk(1); walk(1)")
    assert page("graph.of") == "full" and page(INSIDE)
    assert page("document.documentElement.scrollHeight") <= height
    assert page("[...document.querySelectorAll('.neuron .theta, .neuron .values i')].every((e) => e.offsetParent)")
    wide = (
        "[...document.querySelectorAll('.neuron i, .neuron .theta')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
    )
    assert page(f"{wide}.length") == 0
    assert axe(page) == []


@pytest.mark.parametrize(
    ("width", "height", "hidden"), [(1280, 720, [8, 8]), (1280, 580, [4, 3]), (1024, 768, [8] * 5)]
)
def test_an_event_opens_the_card_that_it_is_about(
    width: int, height: int, hidden: list[int], opened: Any, axe: Any
) -> None:
    page = at(opened, width=width, height=height)
    page(f"change({{ hidden: {hidden} }}); 0")
    assert page("graph.of") != "full" and page("$('sheet').hidden")
    for event in range(1, page("graph.events.length") + 1, 7):
        page(f"state.event = {event}; render()")
        kind, k, i = page("(({ kind, k, i }) => [kind, k ?? null, i ?? null])(current())")
        assert page("$('sheet').hidden") is (k is None)
        if k is None:
            continue
        assert page("[graph.sheet.k, graph.sheet.i]") == [k, i]
        assert page("graph.sheet.rows.δ.textContent.trim() !== ''") is (kind in ("δ", "θ"))
        sheet, graph, tile = (page(BOX.format(e)) for e in ("$('sheet')", "$('graph')", "cardAt(k, i).element"))
        assert sheet[0] >= graph[0] - 1 and sheet[1] >= graph[1] - 1
        assert sheet[2] <= graph[2] + 1 and sheet[3] <= graph[3] + 1
        assert sheet[0] >= tile[2] or sheet[2] <= tile[0]  # beside its tile
    assert axe(page) == []
    page("state.event = 1; render(); document.querySelector('#sheet .theta').focus()")
    before = page("state.network.theta[0]")
    page.press("ArrowUp")
    assert page("state.network.theta[0]") == pytest.approx(before + 0.05)
    assert page("document.activeElement.classList.contains('theta')")
    page("state.event = 0; render()")
    assert page("$('sheet').hidden")


def test_small_gradients_leave_the_legend_in_two_lines(opened: Any) -> None:
    page = at(opened)
    height = page("$('legend').offsetHeight")
    page("change({ sigma: 'sigmoid', hidden: [3, 3, 3, 3] }); largest = 1e-12; drawLegend()")
    assert (
        page("$('legend').firstChild.textContent") == "gradient ×10⁻¹²" and page("$('legend').offsetHeight") <= height
    )
    page("largest = 3e-7; drawLegend()")
    assert page("$('legend').firstChild.textContent") == "gradient ×10⁻⁷"
    assert page("$('legend').lastChild.previousSibling.textContent") == "+3.0"
    page("largest = 0.25; drawLegend()")
    assert page("$('legend').firstChild.textContent") == "gradient" and page("$('legend').offsetHeight") <= height


@pytest.mark.parametrize(("width", "height"), [(761, 600), (900, 700), (1024, 768), (1280, 500), (1280, 460)])
@pytest.mark.parametrize("hidden", [[4, 3], [8, 8], [8] * 5])
def test_any_window_shows_all_of_any_network(hidden: list[int], width: int, height: int, opened: Any) -> None:
    page = at(opened, width=width, height=height)
    page(f"change({{ hidden: {hidden} }}); 0")
    assert page(INSIDE) and page("document.documentElement.scrollWidth") <= width
    assert page("document.documentElement.scrollHeight") <= max(500, height)  # below that it scrolls
    apart = page(
        "[...document.querySelectorAll('.layer')].map((l) => l.getBoundingClientRect())"
        ".every((b, n, all) => !n || b.left >= all[n - 1].right + 8)"
    )
    assert apart


def test_a_phone_shows_all_of_the_largest_network(opened: Any) -> None:
    page = at(opened, width=390, height=844)
    page(f"change({{ hidden: {[8] * 5}, data: 'iris' }}); 0")
    assert page("graph.of") == "least" and page(INSIDE)


def test_on_a_phone_focus_goes_down_the_page(opened: Any) -> None:
    page = at(opened, width=390, height=844)
    tops = page(
        "[...document.querySelectorAll('#plane, #position, #graph .neuron, #rule, #use')]"
        ".map((e) => e.getBoundingClientRect().top + scrollY)"
    )
    layers = page("state.network.layers.map((l) => l.m)")
    assert tops[0] < tops[1] < min(tops[2 : 2 + sum(layers)]) and max(tops[2 : 2 + sum(layers)]) < tops[-2]
    page.tab.set_viewport_size({"width": 1280, "height": 720})
    page.wait("!onPhone() && $('net').nextElementSibling === $('side')")


def test_a_link_holds_edited_points_within_two_kilobytes(opened: Any) -> None:
    page = at(opened)
    for data in ("moons", "iris"):
        page(f"change({{ data: '{data}' }}); movePoint(3, [0.125, 0.25]); deletePoint(7); addPoint([0.5, -0.5], 1)")
        page("for (let k = 0; k < 50; k++) trainStep(); render()")
        link, samples = page("linkOf(momentOf())"), page("state.samples.map((s) => [...s.x, ...s.y, s.c])")
        theta = page.numbers("[...state.network.theta]")
        assert len(link) < 2000
        page("change({ data: 'xor' })")
        page(f"momentIn('{link}').then(take)")
        page.wait(f"state.settings.data === '{data}'")
        assert page("state.samples.map((s) => [...s.x, ...s.y, s.c])") == samples
        assert page.numbers("[...state.network.theta]") == theta
    third = "[[[0, 1], [0, 0], 2], [[1, 1], [0, 0], 1]]"  # two moons have no third class
    for points in ('["0-999", "1-2"]', '["a-b"]', '["3-1", "0-4"]', '["0-1e9"]', third):
        page(f"take({{ v: 1, settings: {{ data: 'moons' }}, points: {points} }})")
        assert page("state.samples.length") == 48
