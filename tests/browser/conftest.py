"""A headless Chromium of the system's, in which nothing is asked of the network; skipped where there is none."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograd.drawing.page.whole import Page

from .firefox import FIREFOX, Firefox

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install '.[browser]'")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: install the system's package, as in apt-get install chromium")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


class Opened:
    """A page in the browser, with a record of what it complained of and what it asked for."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab
        self.complaints: list[str] = []
        self.requests: list[str] = []
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: self.requests.append(request.url))

    def __call__(self, script: str) -> Any:
        """What an expression is in the page."""
        return self.tab.evaluate(script)

    def wait(self, script: str) -> None:
        """Until an expression is true; Playwright's own wait needs eval, which the page forbids."""
        for _ in range(100):
            if self(script):
                return
            self.tab.wait_for_timeout(50)
        raise TimeoutError(script)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.tab.keyboard.press(key)

    def numbers(self, script: str) -> list[float]:
        """An array of the page's numbers, also those that JSON lacks."""
        return [
            float(text.replace("Infinity", "inf"))
            for text in self(f"{script}.map(x => Object.is(x, -0) ? '-0' : String(x))")
        ]


def centre(page: Any, script: str) -> tuple[float, float]:
    """The middle of an element; `page` is what evaluates scripts there."""
    box = page(
        f"(() => {{ const b = ({script}).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
    )
    return box[0], box[1]


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a saved page, and sees at the end that it was silent and asked for nothing but itself."""
    contexts, pages = [], []

    def open_(page: Page, width: int = 1280, scheme: str = "light", height: int = 900, **options: Any) -> Opened:
        file = tmp_path / f"page{len(pages)}.html"
        page.save(file)
        viewport = {"width": width, "height": height}
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme, **options))
        contexts[-1].route(
            "**", lambda route: route.continue_() if route.request.url == file.as_uri() else route.abort()
        )
        pages.append(Opened(contexts[-1].new_page()))
        pages[-1].tab.goto(file.as_uri())
        return pages[-1]

    yield open_
    for context in contexts:
        context.close()
    for number, page in enumerate(pages):
        assert page.complaints == []
        assert page.requests == [(tmp_path / f"page{number}.html").as_uri()]


@pytest.fixture(scope="session")
def firefox() -> Iterator[Firefox]:
    websocket = pytest.importorskip("websocket", reason="websocket-client is missing: pip install '.[browser]'")
    if FIREFOX is None:
        pytest.skip("there is no Firefox: install the system's package, as in apt-get install firefox-esr")
    running = Firefox(websocket)
    yield running
    running.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Opened], list[Any]]:
    """What axe-core finds in a page that keeps people from using it: which rule, where, and why."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        pytest.skip("there is no npm to fetch axe-core with")
    try:
        subprocess.run([npm, "pack", "axe-core@4"], cwd=folder, check=True, capture_output=True, timeout=20)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("axe-core could not be fetched from npm")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        script = member.read().decode()

    def violations(page: Opened) -> list[Any]:
        if not page("'axe' in window"):
            page(f"{script}; 0")
        found: list[Any] = page(
            "axe.run(document, { resultTypes: ['violations'] })"
            ".then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html + n.failureSummary)]))"
        )
        return found

    return violations
