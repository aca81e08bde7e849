"""The page in a real browser: what it computes is what the engine computes, and everybody can use it."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from autograd import Value, add_row, exp, explore, log, maximum, record, toposort, where
from autograd.drawing.theme import THEMES
from autograd.ops import TABLE, Op
from autograd.teaching.events import Backward
from autograd.teaching.tangents import costs
from autograd.words.text import signed
from nn import MLP, ForwardPass, squared_error

from .conftest import centre

# The smallest letters of all that is to be read, in pixels; and the numbers that do not fit their places.
SMALLEST = """Math.min(...[...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && e.getClientRects().length && !e.closest(".unseen, .title, script"))
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => parseFloat(getComputedStyle(e).fontSize) * (e.closest("#graph svg")
    ? picture.getBoundingClientRect().width / units.width : 1)))"""
OUTSIDE = """cards.filter((c) => c?.value)
  .flatMap(({ parts: p }) => [...p.value.map((t, n) => [t, p.slot[n]]), ...p.gradient.map((t, n) => [t, p.chip[n]])])
  .filter(([t, p]) => {
    const [a, b] = [t.getBBox(), p.getBBox()];
    return a.width && (a.x < b.x || a.x + a.width > b.x + b.width);
  }).map(([t]) => t.textContent)"""
SENTENCES = "Array.from({ length: last }, (_, k) => sentence(k + 1))"
HOSTILE = [
    "</script><script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", '"><svg onload=window.pwned=1>',
    "<!--", "]]>", "$title", "${title}", "&lt;b&gt;", "\\N\\G", "'\"`${1}", "a\nb\u2028c",
    "\u202eright to left", "🙂" * 9,
    "x" * 10_000, "\ue0000\ue001", "__proto__",
]  # fmt: skip


def neuron() -> Value:
    theta = [Value(0.5, "θ₁"), Value(-0.3, "θ₂")]
    x = [Value(1.0, "x₁"), Value(-2.0, "x₂")]
    u = theta[0] * x[0] + theta[1] * x[1] + Value(-0.4, "b")
    u.label = "u"
    e = u.tanh() - Value(1.0, "y")
    err = 0.5 * e * e
    err.label = "Err"
    return err


def network() -> Value:
    run = MLP(2, [2, 1], seed=1).forward([1.0, -2.0])
    err: Value = squared_error(run.outputs, [1.0])
    return err


def polynomial() -> Value:
    x, y = Value(1.7, "x"), Value(-0.3, "y")
    return (x * y + x - 3.0) * x / y


def branches() -> Value:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    return where(x > y, x * y, x - y) + maximum(x, y).relu()


def singular() -> Value:
    x = Value(0.0, "x")
    return log(x) * x + exp(x * 1000.0)


GRAPHS = [neuron, network, polynomial, branches, singular, lambda: Value(2.0, "x"), lambda: Value(3.0) ** 2]


def gradients(y: Value) -> list[float]:
    recording = record(y)
    return [recording.gradient(node) for node in toposort(y)]


def close(found: list[float], expected: list[float], tolerance: float = 1e-12) -> bool:
    return len(found) == len(expected) and all(
        a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-300)
        for a, b in zip(found, expected)
    )


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_page_computes_and_tells_what_the_engine_does(graph: Any, opened: Any) -> None:
    y = graph()
    page, recording = opened(explore(y)), record(y)
    assert page(SENTENCES) == list(map(str, recording.events))
    assert close(page.numbers("state.values"), [node.data for node in toposort(y)])
    assert close(page.numbers("state.gradients"), gradients(y))


@pytest.mark.parametrize("graph", GRAPHS)
def test_forward_mode_is_jvps_film_from_every_leaf(graph: Any, opened: Any) -> None:
    y = graph()
    page, order = opened(explore(y)), toposort(y)
    leaves = [order[i] for i in page("leaves")]
    for leaf in leaves:
        page.tab.locator("#mode").select_option(str(order.index(leaf)))
        recording = record(y, mode="forward", seed=leaf)
        assert page(SENTENCES) == list(map(str, recording.events))
        assert close(page.numbers("state.gradients"), [recording.tangent(node) for node in order])
        assert page.tab.locator("#position").get_attribute("max") == str(len(recording.events))
        page("move(last)")
        card = page.tab.locator(f"#n{order.index(y)}")
        assert signed(recording.tangent(y)) in card.text_content()
        assert leaf is y or recording.symbols.rate(y) in card.text_content()
    page.tab.locator("#mode").select_option("")
    assert page(SENTENCES) == list(map(str, record(y).events))
    assert close(page.numbers("state.gradients"), gradients(y))
    if leaves:
        counted, told = costs(y), page.tab.locator("#costs").text_content()
        assert f"in reverse {counted.reverse} products in one pass, forward {counted.forward}" in told
    else:
        assert page.tab.locator("#mode").is_hidden()


def test_forward_mode_follows_a_dragged_leaf_and_tells_of_a_node(opened: Any) -> None:
    y = polynomial()
    page, order = opened(explore(y)), toposort(y)
    x = next(node for node in order if node.label == "x")
    page.tab.locator("#mode").select_option(label="forward, from x")
    page.tab.get_by_label("x, value").fill("2.5")
    x.data = 2.5
    for node in order:
        if node.parents and node.op is not None:
            node.data = node.op.function(*[parent.data for parent in node.parents])
    recording = record(y, mode="forward", seed=x)
    assert page.numbers("state.gradients") == [recording.tangent(node) for node in order]
    page(f"select({order.index(y)})")
    told = page.tab.locator("#node").text_content()
    assert "path from x" in told and f"{recording.symbols.rate(y)} = " in told
    assert len(page.tab.locator("#node table").first.locator("tbody tr").all()) == len(recording.contributions(y))


def test_with_plain_arithmetic_they_are_the_same_bits(opened: Any) -> None:
    y = polynomial()
    page = opened(explore(y))
    assert page.numbers("state.values") == [node.data for node in toposort(y)]
    assert page.numbers("state.gradients") == gradients(y)
    shares = [event.contribution for event in record(y).events if isinstance(event, Backward)]
    assert page.numbers("state.sent.map(s => s.share)") == shares


def test_dragging_a_leaf_recomputes_both_passes(opened: Any) -> None:
    y = neuron()
    page = opened(explore(y))
    page.tab.get_by_label("θ₁, slide").scroll_into_view_if_needed()
    box = page.tab.get_by_label("θ₁, slide").bounding_box()
    page.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.tab.mouse.down()
    seen = set()
    for step in range(1, 6):
        page.tab.mouse.move(box["x"] + box["width"] * (0.5 + 0.08 * step), box["y"] + box["height"] / 2)
        leaf = next(node for node in toposort(y) if node.label == "θ₁")
        leaf.data = page("state.inputs[leaves.findIndex(i => nodes[i].name === 'θ₁')]")
        for node in toposort(y):
            if node.parents and node.op is not None:
                node.data = node.op.function(*[parent.data for parent in node.parents])
        assert close(page.numbers("state.values"), [node.data for node in toposort(y)])
        assert close(page.numbers("state.gradients"), gradients(y))
        seen.add(leaf.data)
        card = page.tab.locator("#graph .node", has_text="Err").last
        assert signed(y.data) in card.text_content()
    page.tab.mouse.up()
    assert len(seen) == 5
    page.tab.get_by_role("button", name="Back to the first values").click()
    assert close(page.numbers("state.values"), [node.data for node in toposort(neuron())])


@pytest.mark.parametrize("graph", [branches, singular, polynomial])
def test_typing_any_number_takes_the_right_branch(graph: Any, opened: Any) -> None:
    y = graph()
    page = opened(explore(y))
    numbers = page.tab.locator("#leaves input[type=number]")
    leaves = [toposort(y)[i] for i in page("leaves")]
    generator = random.Random(1)
    for x in (0.0, -1.5):
        for k, leaf in enumerate(leaves):
            leaf.data = x if k == 0 else round(generator.uniform(-3, 3), 3)
            numbers.nth(k).fill(repr(leaf.data))
        for node in toposort(y):
            if node.parents and node.op is not None:
                node.data = node.op.function(*[parent.data for parent in node.parents])
        assert close(page.numbers("state.values"), [node.data for node in toposort(y)])
        assert close(page.numbers("state.gradients"), gradients(y))


def test_values_appear_as_they_are_computed_and_gradients_as_they_arrive(opened: Any) -> None:
    x = Value(3.0, "x")
    page = opened(explore(x * x + x))

    def shown() -> list[list[str]]:
        script = "cards.filter(Boolean).map(c => [c.value.textContent, c.gradient.textContent])"
        found: list[list[str]] = page(script)
        return found

    assert shown() == [["+3.00", ""], ["", ""], ["", ""]]
    page.press("ArrowRight")
    assert shown() == [["+3.00", ""], ["+9.00", ""], ["", ""]]
    page.press("ArrowRight", 2)
    assert shown() == [["+3.00", ""], ["+9.00", ""], ["+12.0", "+1.00"]]
    page.press("ArrowRight", 3)
    assert shown() == [["+3.00", "+4.00"], ["+9.00", "+1.00"], ["+12.0", "+1.00"]]
    rule = page.tab.locator("#rule").inner_text().split()
    assert rule[:5] == ["∂f/∂x", "+1.00", "→", "+4.00", "collected"]
    assert {"∂f/∂v₁", "∂₁v₁", "+3.00"} <= set(rule)
    assert page("[...document.querySelectorAll('.edge.now')].length") == 1
    page.press("ArrowLeft", 4)
    assert shown() == [["+3.00", ""], ["+9.00", ""], ["+12.0", ""]]
    page.press("End")
    assert shown()[0] == ["+3.00", "+7.00"]
    page.press("Home")
    assert page("state.position") == 0
    page.tab.get_by_label("Event", exact=True).fill("5")
    assert page("state.position") == 5 and "5 of 7" in page.tab.locator("#moment").inner_text()


def test_play_goes_on_by_itself_and_pause_holds_it(opened: Any) -> None:
    page = opened(explore(neuron()))
    page.tab.get_by_label("Speed").select_option("5")
    page.tab.get_by_role("button", name="Play").click()
    page.wait("state.position >= 3")
    page.press(" ")  # on the button, which has the focus
    held = page("state.position")
    page.tab.wait_for_timeout(400)
    assert page("state.position") == held
    page.tab.get_by_role("heading", level=1).click()
    page.press(" ")
    page.wait(f"state.position > {held}")


def test_a_node_tells_its_contributions_and_its_paths(opened: Any) -> None:
    x = Value(3.0, "x")
    y = x * x + x
    page = opened(explore(y))
    page.press("End")
    node = page.tab.get_by_role("button", name="x input")
    node.focus()
    page.press("Enter")
    assert node.get_attribute("aria-pressed") == "true"
    rows = page.tab.locator("#node table").nth(0).locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[3:] for row in rows] == [["+1.00", "1.00"], ["+3.00", "4.00"], ["+3.00", "7.00"]]
    paths = page.tab.locator("#node table").nth(1).locator("tbody tr").all_inner_texts()
    assert [path.split("\t")[0] for path in paths] == ["x → f", "x → v₁ → f", "x → v₁ → f"]
    page.tab.locator("#node").get_by_role("button", name="event 6").click()
    assert page("state.position") == 6
    page.tab.get_by_role("button", name="v₁ x²").click()
    assert "v₁ = x² = 9" in page.tab.locator("#node").inner_text()


def test_all_events_are_a_list_to_jump_in(opened: Any) -> None:
    y = neuron()
    page = opened(explore(y))
    page.tab.get_by_text("All events").click()
    assert page.tab.locator("#events li").all_inner_texts() == [
        str(event).replace("   (", " (") for event in record(y).events
    ]
    page.tab.locator("#events button").nth(7).click()
    assert page("state.position") == 8


def test_hostile_labels_are_text(opened: Any) -> None:
    total = Value(0.5, HOSTILE[0])
    for i, label in enumerate(HOSTILE[1:]):
        total = total + Value(0.1 * i, label) * total if i < 8 else total - Value(0.2, label)
    total.label = HOSTILE[1]
    page = opened(explore(total))
    page.press("ArrowRight", 12)
    page.press("End")
    page.tab.get_by_text("All events").click()
    for i in range(page("nodes.length")):
        page(f"cards[{i}] && select({i})")
    assert page("typeof window.pwned") == "undefined"
    assert page("document.images.length + document.scripts.length") == 2
    assert page("document.title") == "Backpropagation through <img src=x oner…"
    assert page(SENTENCES) == list(map(str, record(total).events))


def test_the_page_is_not_allowed_to_ask_anybody(opened: Any) -> None:
    page = opened(explore(neuron()))
    blocked = "fetch('https://example.com/').then(() => 'asked', () => 'blocked')"
    assert page(blocked) == "blocked"
    assert any("Content Security Policy" in text for text in page.complaints)
    page.complaints.clear()


def test_two_pages_in_a_notebook(browser: Any) -> None:
    tab = browser.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    frames = "".join(explore(graph())._repr_mimebundle_()["text/html"] for graph in (neuron, polynomial))
    tab.set_content(frames)
    for k, expected in enumerate(("event 1 of 23", "event 1 of 15")):
        frame = tab.frame_locator("iframe").nth(k)
        frame.get_by_role("button", name="One event on").click()
        assert expected in frame.locator("#moment").inner_text()
    tab.close()
    assert complaints == []


def test_numbers_and_colours_are_written_as_in_the_pictures(opened: Any) -> None:
    page = opened(explore(neuron()))
    generator = random.Random(2)
    xs = [generator.choice((-1, 1)) * 10 ** generator.uniform(-12, 12) for _ in range(300)]
    xs += [k / 64 for k in range(-200, 200)] + [
        0.0005625,
        9.995,
        999.5,
        1000.5,
        9999.5,
        1234.5,
        1235.5,
        5e-324,
        1.7e308,
    ]
    assert page(f"{xs}.map(x => signed(x))") == [signed(x) for x in xs]
    assert page("[NaN, Infinity, -Infinity, -0].map(x => signed(x))") == ["nan", "+∞", "−∞", "0"]
    largest = page("state.largest")
    for scheme, theme in THEMES.items():
        page(f"document.documentElement.dataset.theme = '{scheme}'")
        shares = [share * largest for share in (-1.0, -0.3, -0.01, 0.0, 1e-6, 0.2, 0.7, 1.0)]
        colours = [theme.gradient(g, largest) for g in shares]
        assert page(f"{shares}.map((g) => colour(g))") == colours
        assert page(f"{shares}.map((g) => inkOn(colour(g)))") == [theme.ink_on(each) for each in colours]


def test_an_operation_that_javascript_lacks_leaves_the_film(opened: Any) -> None:
    row = add_row(Op("page_cube", lambda x: x * x * x, lambda o, x: (3.0 * x * x,)))
    try:
        x = Value(2.0, "x")
        y = Value.__add__(_applied(row, x), x)
        page = opened(explore(y))
        assert page("data.live") is False and page.tab.get_by_label("x, slide").is_disabled()
        assert page(SENTENCES) == list(map(str, record(y).events))
    finally:
        TABLE.pop("page_cube")


def _applied(row: Op, x: Value) -> Value:
    from autograd.value import node_of

    return node_of(row, (x,))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_axe_finds_nothing(width: int, scheme: str, opened: Any, axe: Any) -> None:
    page = opened(explore(network()), width, scheme)
    for prepare in (
        "0",
        "move(17), select(nodes.findIndex(n => n.name === 'x₁'))",
        "document.querySelector('details').open = true",
    ):
        page(prepare)
        assert axe(page) == []


@pytest.mark.parametrize("graph", [neuron, network])
def test_nothing_is_wider_than_a_telephone(graph: Any, opened: Any) -> None:
    page = opened(explore(graph()), 400)
    page("move(12)")
    page("select(0)")
    assert page("document.documentElement.scrollWidth") <= 400
    now, box = "document.querySelector('.node.now').getBoundingClientRect()", "$('graph').getBoundingClientRect()"
    assert page(f"{now}.right > {box}.left && {now}.left < {box}.right")


def test_the_theme_follows_the_system_until_it_is_chosen(opened: Any) -> None:
    page = opened(explore(neuron()), scheme="dark")
    canvas = "getComputedStyle(document.body).backgroundColor"
    assert page(canvas) == "rgb(15, 23, 42)"
    page.tab.get_by_role("button", name="Light colours").click()
    assert page(canvas) == "rgb(255, 255, 255)"
    page = opened(explore(neuron(), theme="dark"))
    assert page(canvas) == "rgb(15, 23, 42)"


# --- the pane of the graph ------------------------------------------------------------------------------


def drawn(page: Any) -> float:
    width: float = page("picture.getBoundingClientRect().width")
    return width


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (390, 844)])
@pytest.mark.parametrize("graph", [neuron, network])
def test_everything_stands_on_one_screen_and_can_be_read(graph: Any, width: int, height: int, opened: Any) -> None:
    page = opened(explore(graph()), width)
    page.tab.set_viewport_size({"width": width, "height": height})
    page.press("End")
    page("select(0)")
    if width > 760:
        assert page("document.documentElement.scrollHeight") <= height
        side, pane = (
            page(f"(({{x, y, width}}) => [x, y, width])($('{name}').getBoundingClientRect())")
            for name in ("side", "graph")
        )
        assert side[0] >= pane[0] + pane[2] and abs(side[1] - pane[1]) < 2
    assert page("document.documentElement.scrollWidth") <= width
    assert page(SMALLEST) >= 10.9


def test_the_pane_zooms_at_the_pointer_and_fits(opened: Any) -> None:
    page = opened(explore(network()))
    before = drawn(page)
    box = page.tab.locator("#graph").bounding_box()
    page.tab.mouse.move(box["x"] + 300, box["y"] + 200)
    point = f"[({box['x'] + 300} - picture.getBoundingClientRect().x) / picture.getBoundingClientRect().width]"
    where_ = page(point)[0]
    page.tab.keyboard.down("Control")
    page.tab.mouse.wheel(0, -240)
    page.tab.keyboard.up("Control")
    page.wait(f"picture.getBoundingClientRect().width > {before * 1.5}")
    assert page(point)[0] == pytest.approx(where_, abs=0.01)
    page.press("0")
    assert page("pane.scrollWidth <= pane.clientWidth && pane.scrollHeight <= pane.clientHeight")
    page.press("+")
    assert drawn(page) > 1.1 * page("fitting() * units.width")


def test_the_mouse_drags_the_pane_and_a_click_still_selects(opened: Any) -> None:
    page = opened(explore(network()), 900)
    box = page.tab.locator("#graph").bounding_box()
    x, y = box["x"] + box["width"] - 20, box["y"] + box["height"] - 20
    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    page.tab.mouse.move(x - 60, y, steps=4)
    page.tab.mouse.move(x - 160, y, steps=4)
    page.tab.mouse.up()
    assert page("pane.scrollLeft") == pytest.approx(160, abs=8)
    assert page("state.selected") is None
    page.press("0")
    page.tab.locator("#graph .node[role]").first.click(position={"x": 8, "y": 8})
    assert page("state.selected") is not None


def test_a_leaf_s_value_is_dragged_in_its_card(opened: Any) -> None:
    y = neuron()
    page = opened(explore(y))
    i = page("nodes.findIndex((n) => n.name === 'θ₁')")
    box = page.tab.locator(f"#n{i} [fill='var(--slot)']").bounding_box()
    x, level = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.tab.mouse.move(x, level)
    page.tab.mouse.down()
    page.tab.mouse.move(x + 20, level, steps=5)
    page.tab.mouse.move(x + 50, level, steps=5)
    page.tab.mouse.up()
    value = page(f"state.values[{i}]")
    assert value == pytest.approx(0.5 + 0.5) and page("state.selected") is None
    assert page(f"cards[{i}].value.textContent") == signed(value)
    leaf = next(node for node in toposort(y) if node.label == "θ₁")
    leaf.data = value
    for node in toposort(y):
        if node.parents and node.op is not None:
            node.data = node.op.function(*[parent.data for parent in node.parents])
    assert close(page.numbers("state.gradients"), gradients(y))


def test_no_exponent_is_hidden(opened: Any) -> None:
    w, x = Value(-1.234e-150, "w"), Value(2.5, "x")
    page = opened(explore((w * x + 1e-12) * w))
    page.press("End")
    assert "×10⁻¹⁵⁰" in page("cards.filter(Boolean).filter((c) => c.value).map((c) => c.value.textContent).join()")
    assert page(OUTSIDE) == []


def test_layers_and_indices_stand_above_each_other(opened: Any) -> None:
    page = opened(explore(network()))
    page.press("ArrowRight")
    stacked = page(
        "[...document.querySelectorAll('#leaves .stack')].map((s) => [...s.children].map((c) => c.textContent))"
    )
    assert ["(1)", "12"] in stacked
    assert "⁽" not in page.tab.locator("#rule").inner_text().split("from")[0].split("\n")[0]


def squares() -> Value:
    x, z = Value(-1.5, "x"), Value(0.5, "z = logit")
    y = x * x + x * z
    y.label = "Err"
    return y


@pytest.mark.parametrize("graph", [*GRAPHS, squares])
def test_each_symbol_of_the_page_has_one_number_and_it_is_the_right_one(graph: Any, opened: Any) -> None:
    y = graph()
    recording = record(y)
    page = opened(explore(y, level="cards"))
    page.press("End")
    said: dict[str, set[str]] = {}
    for symbol, number in page(
        """[...arrows.filter((a) => a.local?.textContent).map((a) => a.local.textContent.split(/ = (?=[^=]*$)/)),
          ...cards.flatMap((c, i) => c?.gradient?.textContent ? [[data.partials[i], c.gradient.textContent]] : [])]"""
    ):
        said.setdefault(symbol, set()).add(number)
    right = {recording.partial(node): signed(recording.gradient(node)) for node in recording.edges}
    right |= {e.symbol: signed(e.local) for e in recording.events if isinstance(e, Backward)}
    assert said and all(said[symbol] == {right[symbol]} for symbol in said if "…" not in symbol)


# --- networks as neuron cards ---------------------------------------------------------------------------


def swish(u: Value) -> Value:
    return u / (1.0 + exp(-u))


def passes() -> list[tuple[ForwardPass, Value]]:
    nets = [
        MLP(2, [4, 3, 1], seed=1), MLP(3, [2, 2], "relu", "linear", bias=False, seed=2), MLP(2, [3, 1], swish, seed=3),
        MLP(2, [3, 2, 1], ["relu", "sigmoid", "tanh"], seed=5),
    ]  # fmt: skip
    runs = [net.forward([0.683, -1.59, 0.25][: net.nin]) for net in nets]
    return [(run, squared_error(run.outputs, [0.25] * len(run.outputs))) for run in runs]


@pytest.mark.parametrize("case", range(4))
def test_neuron_cards_show_what_the_engine_computes(case: int, opened: Any) -> None:
    run, err = passes()[case]
    page, order, recording = opened(run.explore(err)), toposort(err), record(err)
    assert page(SENTENCES) == list(map(str, recording.events))
    assert close(page.numbers("state.values"), [node.data for node in order])
    assert close(page.numbers("state.gradients"), gradients(err))
    page.press("End")
    largest = page("state.largest")

    def of(node: Value, part: str) -> list[str]:
        found: list[str] = page(f"cards[{order.index(node)}].parts.{part}.map((e) => e.textContent)")
        return found

    for layer, us, os in zip(run.net.layers, run.u, run.o):
        for neuron, u, o in zip(layer.neurons, us, os):
            assert of(u, "value") == [signed(u.data)] and of(o, "value") == [signed(o.data)]
            assert of(u, "gradient")[0] == signed(recording.gradient(u))
            for p in neuron.parameters():
                assert of(p, "value") == [signed(p.data)]
                fill = page(f"getComputedStyle(cards[{order.index(p)}].chip).fill")
                colour = THEMES["light"].gradient(recording.gradient(p), largest)
                assert fill == f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"
            if o.parents == (u,):
                slope = next(e.local for e in recording.events if isinstance(e, Backward) and e.node is o)
                assert of(o, "prime") == [f"σ′ {signed(slope).removeprefix('+')}"]
    for x in run.inputs:
        assert of(x, "value") == [signed(x.data)] and of(x, "gradient") == [signed(recording.gradient(x))]
    for o in run.outputs:
        assert of(o, "gradient")[-1] == signed(recording.gradient(o))
    assert of(err, "value") == [signed(err.data)]


def test_neuron_cards_fill_as_the_film_goes_both_ways(opened: Any) -> None:
    run, err = passes()[0]
    page, order = opened(run.explore(err)), toposort(err)
    u, o, delta = (
        f"cards[{order.index(node)}].{part}.textContent"
        for node, part in ((run.u[1][0], "value"), (run.o[1][0], "value"), (run.u[1][0], "gradient"))
    )
    assert page(f"[{u}, {o}, {delta}]") == ["", "", ""]
    page(f"move(computedAt.get({order.index(run.u[1][0])}))")
    assert page(u) == signed(run.u[1][0].data) and page(o) == ""
    assert "now" in page("document.getElementById('k2_0').className.baseVal")
    assert page("document.querySelectorAll('.edge.now').length") == 4
    page.press("End")
    assert page(delta) != ""
    page.tab.locator("#mode").select_option(label="forward, from x₁")
    page("move(last)")
    recording = record(err, mode="forward", seed=run.inputs[0])
    assert page(delta) == signed(recording.tangent(run.u[1][0]))
    assert page(f"cards[{order.index(run.u[1][0])}].said.textContent") == "∂u"
    page.tab.locator("#mode").select_option("")
    assert page(f"cards[{order.index(run.u[1][0])}].said.textContent") == "δ"


def test_a_weight_is_dragged_on_its_chip_and_chosen_by_click_and_by_key(opened: Any) -> None:
    run, err = passes()[0]
    theta = run.net.layers[1].neurons[0].theta[1]
    page, order = opened(run.explore(err)), toposort(err)
    i = order.index(theta)
    box = centre(page, f"cards[{i}].chip")
    page.tab.mouse.move(*box)
    page.tab.mouse.down()
    page.tab.mouse.move(box[0] + 20, box[1], steps=5)
    page.tab.mouse.move(box[0] + 50, box[1], steps=5)
    page.tab.mouse.up()
    assert page(f"state.values[{i}]") == pytest.approx(theta.data + 0.5, abs=2e-3) and page("state.selected") is None
    theta.data = page(f"state.values[{i}]")
    for node in order:
        if node.parents and node.op is not None:
            node.data = node.op.function(*[parent.data for parent in node.parents])
    assert close(page.numbers("state.gradients"), gradients(err))
    page.tab.mouse.click(*box)
    assert page("nodes[state.selected].name") == theta.label
    page.tab.get_by_role("button", name="2·1").focus()
    page.press("Enter")
    assert page("state.selected") is None  # what was chosen on the card is chosen no more
    page.press("Enter")
    assert page("nodes[state.selected].name") == "u⁽²⁾₁"
    page("select(state.selected)")
    page.tab.locator("#leaves button").nth(3).focus()
    page.press("Enter")
    assert page("state.selected === leaves[3]") and page.tab.locator("#node").inner_text().startswith("x₁")


def test_a_line_is_as_wide_as_theta_and_hollow_below_0(opened: Any) -> None:
    run, err = passes()[0]
    page, order = opened(run.explore(err)), toposort(err)
    widest = max(abs(p.data) for layer in run.net.layers for n in layer.neurons for p in n.theta)
    for k, theta in enumerate(page("edges.map((e) => e[2])")):
        if theta is None:
            continue
        x = order[theta].data
        width, fill = page(f"[arrows[{k}].line.style.strokeWidth, arrows[{k}].head.style.fill]")
        assert float(width) == pytest.approx(0.7 + 2.3 * abs(x) / widest, rel=1e-3)
        assert (fill == "var(--canvas)") == (x < 0)


@pytest.mark.parametrize("case", range(4))
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (390, 844)])
def test_neuron_cards_can_be_read(case: int, width: int, height: int, opened: Any) -> None:
    run, err = passes()[case]
    page = opened(run.explore(err), width)
    page.tab.set_viewport_size({"width": width, "height": height})
    page.tab.wait_for_timeout(50)
    page.press("End")
    assert page(SMALLEST) >= 10.9
    assert page("document.documentElement.scrollWidth") <= width
    assert page(OUTSIDE) == []
    assert page("[...document.querySelectorAll('#leaves .chip')].filter((c) => c.scrollWidth > c.clientWidth + 1)"
                ".map((c) => c.textContent)") == []  # fmt: skip


def test_a_small_network_fits_a_screen(opened: Any) -> None:
    run, err = passes()[0]
    page = opened(run.explore(err))
    page.tab.set_viewport_size({"width": 1280, "height": 720})
    page.tab.wait_for_timeout(50)
    assert page("pane.scrollWidth <= pane.clientWidth && pane.scrollHeight <= pane.clientHeight")


def test_no_exponent_is_hidden_in_neuron_cards(opened: Any) -> None:
    net = MLP(2, [3, 1], seed=0)
    for k, p in enumerate(net.parameters()):
        p.data = (-1.234) ** (k % 2 + 1) * 10.0 ** (-150 + k)
    run = net.forward([1e-7, -1e9])
    page = opened(run.explore(squared_error(run.outputs, [1e-8])))
    page.press("End")
    texts = page("cards.flatMap((c) => c ? [...c.parts.value, ...c.parts.gradient] : []).map((t) => t.textContent)")
    assert sum("×10⁻¹⁵⁰" in text for text in texts) == 1
    assert page(OUTSIDE) == []
    inputs = page.tab.locator("#leaves input[type=number]")
    shown = [inputs.nth(j).input_value() for j in range(inputs.count())]
    assert all("e-" in text for text in shown[:3]) and all(len(text) <= 10 for text in shown)
    assert page(
        "[...document.querySelectorAll('#leaves input[type=number]')].every((n) => n.scrollWidth <= n.clientWidth)"
    )
    inputs.first.focus()
    assert float(inputs.first.input_value()) == page("state.inputs[0]")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing_in_neuron_cards(width: int, scheme: str, opened: Any, axe: Any) -> None:
    run, err = passes()[0]
    page = opened(run.explore(err), width, scheme)
    for prepare in ("0", "move(20)", "move(last), select(leaves[2])", "document.querySelector('details').open = true"):
        page(prepare)
        page.tab.wait_for_timeout(200)
        assert axe(page) == [], prepare


def test_two_fingers_zoom_the_graph_and_one_pans_it(opened: Any) -> None:
    run, err = passes()[0]
    page = opened(run.explore(err), 390, height=844, has_touch=True, is_mobile=True)
    session = page.tab.context.new_cdp_session(page.tab)
    box = page.tab.locator("#graph").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": a, "y": b, "id": n} for n, (a, b) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    width = "picture.getBoundingClientRect().width"
    before, page_width = page(width), page("visualViewport.scale")
    touch("touchStart", (x - 30, y), (x + 30, y))
    for spread in range(40, 91, 10):
        touch("touchMove", (x - spread, y), (x + spread, y))
    touch("touchEnd")
    assert page(width) == pytest.approx(3 * before, rel=0.1)
    assert page("visualViewport.scale") == page_width  # the graph is larger, the page is not
    left = page("pane.scrollLeft")
    touch("touchStart", (x, y))
    for moved in range(20, 121, 20):
        touch("touchMove", (x - moved, y))
    touch("touchEnd")
    page.tab.wait_for_timeout(300)
    assert page("pane.scrollLeft") > left + 50
    assert page("state.selected") is None
