"""A headless Firefox, driven by the WebDriver BiDi that it speaks by itself: no driver has to be there."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
# What a new profile would else ask the network for, or show.
QUIET = """\
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
"""


class Firefox:
    """One window, with a record of what its page complained of and what it asked for."""

    def __init__(self, websocket: Any) -> None:
        assert FIREFOX is not None
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        Path(self._profile.name, "user.js").write_text(QUIET, encoding="utf-8")
        command = [
            FIREFOX,
            "--headless",
            "--no-remote",
            "--profile",
            self._profile.name,
            "--remote-debugging-port",
            "0",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._count = 0
        self._socket: Any = None
        try:
            self._socket = websocket.create_connection(self._address() + "/session", timeout=60, suppress_origin=True)
            self("session.new", capabilities={})
            self("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
            self._window = self("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                return found[1]
        raise RuntimeError("Firefox ended before it listened")

    def __call__(self, method: str, **parameters: Any) -> Any:
        """What Firefox answers to a command; events that come before it are noted."""
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._count:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]
            if message.get("method") == "log.entryAdded":
                self.complaints.append(message["params"]["text"])
            elif message.get("method") == "network.beforeRequestSent":
                self.requests.append(message["params"]["request"]["url"])

    def open(self, file: Path, width: int, height: int) -> None:
        """Show a page of the disk; the records begin anew."""
        self("browsingContext.setViewport", context=self._window, viewport={"width": width, "height": height})
        self.complaints, self.requests = [], []
        self("browsingContext.navigate", context=self._window, url=file.as_uri(), wait="complete")
        self("browsingContext.activate", context=self._window)  # or keys would have nobody to go to

    def evaluate(self, script: str) -> Any:
        """What an expression is in the page, as far as JSON can say it."""
        text = f"(async () => JSON.stringify((await ({script})) ?? null))()"
        found = self("script.evaluate", expression=text, target={"context": self._window}, awaitPromise=True)
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def run(self, script: str) -> None:
        """Run statements in the page."""
        found = self("script.evaluate", expression=script, target={"context": self._window}, awaitPromise=False)
        assert found["type"] == "success", found

    def press(self, *keys: str) -> None:
        """Real keys, one after the other."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": actions})

    def drag(self, start: tuple[float, float], end: tuple[float, float], kind: str = "mouse") -> None:
        """A pointer that goes down, moves and goes up; with start and end the same a click, or a tap."""
        steps = [(start[0] + (end[0] - start[0]) * k / 5, start[1] + (end[1] - start[1]) * k / 5) for k in range(1, 6)]
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 10} for x, y in steps]
        actions = [
            {"type": "pointerMove", "x": round(start[0]), "y": round(start[1])}, {"type": "pointerDown", "button": 0},
            *(moves if start != end else []), {"type": "pointerUp", "button": 0},
        ]  # fmt: skip
        self._act({"type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": actions})

    def _act(self, source: dict[str, Any]) -> None:
        self("input.performActions", context=self._window, actions=[source])

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self("browsingContext.captureScreenshot", context=self._window)["data"])

    def close(self) -> None:
        """End the browser that was started here."""
        if self._socket is not None:
            self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._profile.cleanup()
