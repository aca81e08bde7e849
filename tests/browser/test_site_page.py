"""The site whose blocks run: Python in a page, from disk and with the network off.

    python docs/build.py --browser && python -m pytest tests/browser/test_site_page.py -s

It is looked for in docs/_site, or where DELTAGRAD_SITE says; without it these tests are skipped.  `-s` shows times
and bytes.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd import record
from nn import MLP, grade, squared_error

SITE = Path(os.environ.get("DELTAGRAD_SITE", Path(__file__).parents[2] / "docs" / "_site")).resolve() / "html"
SCRIPTS = SITE / "_static" / "browser"
PATIENCE = 300_000  # milliseconds, on a machine that does other things too

pytestmark = pytest.mark.skipif(
    not (SCRIPTS / "run.js").exists(), reason="no site whose blocks run: python docs/build.py --browser"
)


class Notebook:
    """A page of the site; `run` puts code in one of its blocks and runs that, after those above it."""

    def __init__(self, tab: Any, address: str) -> None:
        self.tab, self.complaints, self.asked = tab, [], []
        tab.set_default_timeout(PATIENCE)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.goto(address)

    def __call__(self, script: str) -> Any:
        return self.tab.evaluate(script)

    def block(self, number: int) -> str:
        """What a block gives, as text."""
        self(f"deltagradBlocks[{number - 1}].start()")
        return self.output(number)

    def output(self, number: int) -> str:
        text: str = self(f"deltagradBlocks[{number - 1}].output.innerText").strip()
        return text

    def run(self, code: str, number: int = 1) -> str:
        self(f"deltagradBlocks[{number - 1}].area.value = {json.dumps(code)}")
        return self.block(number)

    def state(self, number: int = 1) -> str:
        text: str = self(f"deltagradBlocks[{number - 1}].state.textContent")
        return text

    def shows(self, selector: str, number: int = 1) -> int:
        count: int = self(f"deltagradBlocks[{number - 1}].output.querySelectorAll({json.dumps(selector)}).length")
        return count


def processor_time() -> float:
    """Seconds that all processes below this one have used, as Linux tells them; 0 elsewhere."""
    used, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # one that has just ended
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            used[int(path.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def below(process: int) -> bool:
        above = parents.get(process, 0)
        return above == os.getpid() or (above > 1 and below(above))

    return sum(seconds for process, seconds in used.items() if below(process))


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    offline = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    yield offline
    offline.close()


@pytest.fixture(scope="module")
def page(context: Any) -> Iterator[Notebook]:
    """The page about this, loaded once; at the end it complained of nothing, and asked for its own files alone."""
    page = Notebook(context.new_page(), (SITE / "docs" / "browser.html").as_uri())
    began, worked = time.perf_counter(), processor_time()
    page.block(1)
    first, work = time.perf_counter() - began, processor_time() - worked
    times, sizes = page("deltagradTimes"), page("deltagradParts.bytes")
    print(f"\nthe first picture {first:.1f} s after the click, {work:.1f} s of them the processor's:"
          f" {times['loading'] / 1000:.1f} s for files, {(times['all'] - times['loading']) / 1000:.1f} s for Python,"
          f" {sizes['start'] / 1e6:.1f} MB, and {sizes['sympy'] / 1e6:.1f} MB of SymPy on demand")  # fmt: skip
    yield page
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith((SITE.as_uri(), "blob:", "data:"))] == []


def test_it_is_small_enough_to_be_sent() -> None:
    sympy = ("sympy", "mpmath")
    start = sum(path.stat().st_size for path in SCRIPTS.rglob("*.js") if not path.name.startswith(sympy))
    assert 5e6 < start < 15e6


def test_the_first_block_draws_its_graph_in_the_page(page: Notebook) -> None:
    assert page.shows("svg") == 1 and page.shows("svg > title") == 1 and page.shows("svg text") > 20
    assert page("deltagradBlocks[0].output.querySelector('svg').getBoundingClientRect().width") > 300
    assert "Err" in page.output(1)


def test_three_cells_share_their_names_and_print(page: Notebook) -> None:
    code = ["from autograd import Value; x = Value(3.0)", "y = x * x; y.backward()", "print('slope'); x.grad"]
    for number, text in enumerate(code, 1):
        page(f"deltagradBlocks[{number - 1}].area.value = {json.dumps(text)}")
        page(f"deltagradBlocks[{number - 1}].ran = false")
    assert page.block(3) == "slope\n6.0"  # those above ran first
    assert page.run("x.grad + 1", 3) == "7.0"  # and did not run again
    assert page.state(3).endswith(" s")


def test_the_published_example_comes_out(context: Any) -> None:
    example = Notebook(context.new_page(), (SITE / "docs" / "worked-example.html").as_uri())
    assert example.block(3) == "'0.298371109'"  # Mazur's, computed after the two blocks above it
    example.tab.close()


def test_a_network_learns_xor(page: Notebook) -> None:
    told = page.run("""
from nn import MLP, fit, predict
net = MLP(2, [4, 1], seed=0)
X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
history = fit(net, X, Y, epochs=300)
predict(net, X), history.loss[-1] < history.loss[0] / 10
""")
    assert told == "([0, 1, 1, 0], True)"


NETWORK = (
    "from nn import MLP, certify, grade, prove, squared_error\nnet = MLP(2, [2, 1], seed=0)\nx, y = [1.0, -0.5], 0.25\n"
)


def test_an_exercise_is_graded(page: Notebook) -> None:
    """The answer is worked out here, and what the page says of it, and of a wrong one, is what is said here."""
    net, x, y = MLP(2, [2, 1], seed=0), [1.0, -0.5], 0.25
    run = net.forward(x)
    squared_error(run.outputs, y).backward()
    right = {"delta": [[float(delta) for delta in layer] for layer in run.delta]}
    wrong = {"delta": [[-delta for delta in layer] for layer in right["delta"]]}
    for answer in right, wrong:
        expected = grade(net, x, y, answer)
        told = page.run(f"{NETWORK}graded = grade(net, x, y, {answer!r})\nprint(graded)\nprint(graded.ids)")
        assert told == f"{expected}\n{expected.ids}".strip()


def test_it_certifies_records_and_explores(page: Notebook) -> None:
    assert "\ncertified: " in page.run(f"{NETWORK}print(certify(net, x, y))")
    film = record(squared_error(MLP(2, [2, 1], seed=0)([1.0, -0.5]), 0.25))
    told = page.run(f"{NETWORK}from autograd import record\nprint(record(squared_error(net(x), y)))")
    assert told.split() == str(film).split()
    page.run(f"{NETWORK}from autograd import explore\nexplore(squared_error(net(x), y))")
    assert page.shows('iframe[sandbox="allow-scripts"][srcdoc]') == 1
    frame = next(frame for frame in page.tab.frames if frame.parent_frame)
    frame.wait_for_selector("svg")
    frame.locator("button").first.wait_for()


def test_sympy_comes_when_a_block_asks_for_it(page: Notebook) -> None:
    assert page.run(f"{NETWORK}print(prove(net).summary)").startswith("proved")
    assert sum("/parts/sympy-" in url for url in page.asked) == 1
    formula = "sympy.diff(sympy.Symbol('x') ** 2)"
    assert page.run(f"import sympy; print({formula})") == "2*x"
    assert "".join(page.run(f"import sympy; {formula}").split()) in ("2x", "2𝑥") and page.shows("math") == 1


@pytest.mark.parametrize("code, told", [
    ("draw(err).png()", "Not in a page: a picture in a page is SVG or PDF, and no PNG; the DOT text is in .dot."),
    ("_ = lower(err, [w]).to('native')", "RuntimeWarning: llvmlite is not installed, so the program runs on python"),
    ("import numpy", "Not in a page: numpy."),
])  # fmt: skip
def test_what_is_missing_says_so_in_a_line(page: Notebook, code: str, told: str) -> None:
    before = "from autograd import *\nw = Value(2.0, 'w'); err = w * w\n"
    shown = page.run(before + code)
    assert shown.startswith(told) and "\n" not in shown


def test_a_pdf_is_there(page: Notebook) -> None:
    assert page.run("from autograd import *\ndraw(Value(2.0) * 3.0).pdf()[:5]") == "b'%PDF-'"


def test_a_traceback_begins_in_the_block(page: Notebook) -> None:
    told = page.run("def f():\n    return 1 / 0\nf()")
    assert told.splitlines()[:3] == [
        "Traceback (most recent call last):",
        '  File "<block 1>", line 3, in <module>',
        "    f()",
    ]
    assert told.endswith("ZeroDivisionError: division by zero") and "page.py" not in told
    assert "SyntaxError" in page.run("1 +")


def test_a_chain_of_100_000_values_is_built_differentiated_and_dropped(page: Notebook) -> None:
    told = page.run("""
from autograd import Value
x = Value(1.0); y = x
for _ in range(100_000):
    y = y + x
y.backward()
del y
x.grad
""")
    assert told == "100001.0"
    assert page.run("x.grad") == "100001.0"  # the interpreter lives


def test_stop_ends_what_does_not_end(page: Notebook) -> None:
    page("deltagradBlocks[0].area.value = 'z = 5'")
    page("deltagradBlocks[1].area.value = 'while True: pass'")
    page("void deltagradBlocks[1].start()")
    stop = page.tab.get_by_role("button", name="Stop")
    page.tab.wait_for_function("deltagradBlocks[1].state.textContent === 'runs'")
    stop.click()
    page.tab.wait_for_function("deltagradBlocks[1].state.textContent.startsWith('Stopped. Python starts anew')")
    assert page.run("z", 2) == "5"  # what stands above ran again


def test_stop_while_python_is_loaded(context: Any) -> None:
    other = Notebook(context.new_page(), (SITE / "docs" / "browser.html").as_uri())
    other("void deltagradBlocks[0].start()")
    other.tab.get_by_role("button", name="Stop").click()
    other.tab.wait_for_function("deltagradBlocks[0].state.textContent.startsWith('Stopped.')")
    assert other.output(1) == "" and other("window.deltagradTimes === undefined")
    other.tab.close()


def test_a_reader_edits_and_runs_with_the_keyboard(page: Notebook) -> None:
    area = page.tab.get_by_label("Python code, block 1", exact=True)
    area.fill("")
    area.press_sequentially("for k in range(2):")
    area.press("Enter")
    area.press_sequentially("print(k * 10)")
    area.press("Control+Enter")
    page.tab.wait_for_function("deltagradBlocks[0].output.innerText.trim() === '0\\n10'")
    page.tab.get_by_role("button", name="Reset").first.click()
    assert page.tab.get_by_role("button", name="Edit and run").first.is_visible()
    assert page("deltagradBlocks[0].output.childElementCount") == 0


class _Isolated(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_on_a_host_that_isolates_its_pages_stop_keeps_the_names(browser: Any) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Isolated, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tab = browser.new_page()
    page = Notebook(tab, f"http://127.0.0.1:{server.server_port}/docs/browser.html")
    assert page("crossOriginIsolated") is True
    page("deltagradBlocks[0].area.value = 'z = 5'")
    page("deltagradBlocks[1].area.value = 'z = 6\\nwhile True: pass'")
    page("void deltagradBlocks[1].start()")
    tab.wait_for_function("deltagradBlocks[1].state.textContent === 'runs'")
    tab.wait_for_timeout(300)
    tab.get_by_role("button", name="Stop").click()
    tab.wait_for_function("deltagradBlocks[1].output.innerText.startsWith('Stopped')")
    assert page.run("z", 2) == "6"
    tab.close()
    server.shutdown()
    server.server_close()


def test_a_search_finds_the_page_of_certify(context: Any) -> None:
    tab = context.new_page()
    tab.goto((SITE / "search.html").as_uri() + "?q=certify")
    found = tab.locator("#search-results ul a")
    found.first.wait_for(timeout=PATIENCE)
    tab.wait_for_timeout(2000)
    addresses = found.evaluate_all("links => links.map(link => link.href.split('/html/')[1])")
    assert any(address.startswith("reference/nn/certify.html") for address in addresses[:3]), addresses[:5]
    tab.close()
