"""The page's engine and training in node, without a page."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import Any

import pytest

from nn import MLP
from nn.network.losses import loss_of
from nn.page.playground import script, told

NODE = shutil.which("node")
SCRIPTS = (
    "explorer_writing.js", "network.js", "diagnosis.js", "events.js", "own_rule.js", "table.js", "pasted.js",
)  # fmt: skip
# What JSON lacks becomes text on its way here; a float keeps all its bits.
SENT = """
  const asJson = (x) => JSON.stringify(x, (_, v) => {
    if (ArrayBuffer.isView(v)) return [...v];
    return Object.is(v, -0) ? "-0.0" : typeof v === "number" && !Number.isFinite(v) ? String(v) : v;
  });
"""


def run(body: str, given: Any = None, outputs: tuple[int, ...] = (1, 2, 3)) -> Any:
    """What a function body returns in node; `given` is there under that name."""
    if NODE is None:
        pytest.skip("there is no node to run the page's script with")
    text = "\n".join(
        [
            '"use strict";',
            "globalThis.matchMedia = () => ({ matches: false });",
            script("engine", outputs),
            f"const told = {json.dumps(told())};",
            *map(script, SCRIPTS),
            f"const given = {json.dumps(given)};",
            SENT,
            f"console.log(asJson((() => {{ {body} }})()));",
        ]
    )
    ran = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return _numbers(json.loads(ran.stdout))


def _numbers(x: Any) -> Any:
    if isinstance(x, list):
        return [_numbers(v) for v in x]
    if isinstance(x, dict):
        return {key: _numbers(v) for key, v in x.items()}
    return float(x.replace("Infinity", "inf")) if x in ("NaN", "Infinity", "-Infinity", "-0.0") else x


def described(net: MLP, loss: str, **more: Any) -> dict[str, Any]:
    """A network as the tests' scripts make it again."""
    sizes = [net.nin, *(len(layer.neurons) for layer in net.layers)]
    return {
        "sizes": sizes,
        "sigmas": [*[net.activation] * (len(sizes) - 2), net.output_activation],
        "loss": loss,
        "theta": [p.data for p in net.parameters()],
        **more,
    }


MADE = """
  const made = (g) => { const net = new Network(g.sizes, g.sigmas, g.loss); net.theta.set(g.theta); return net; };
"""


def gradient(net: MLP, loss: str, X: list[list[float]], Y: list[Any], mean: bool = False) -> list[float]:
    """∂Err/∂θ by the engine, summed over samples in their order."""
    net.zero_grad()
    for x, y in zip(X, Y):
        loss_of(loss)(net(x), y).backward(1.0 / len(X) if mean else 1.0)
    return [p.grad for p in net.parameters()]


def near(found: list[float], expected: list[float], tolerance: float) -> bool:
    """Whether all differ by at most the tolerance, relative to the largest."""
    scale = max(1.0, *map(abs, expected))
    return len(found) == len(expected) and all(
        a == b or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance * scale) for a, b in zip(found, expected)
    )
