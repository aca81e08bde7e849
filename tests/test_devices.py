"""docs/devices.md: its code on two processes that talk to each other, and on two devices of one."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

jax = pytest.importorskip("jax", reason="devices need JAX")
np = pytest.importorskip("numpy")

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "devices.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
INITIALIZE = re.compile(r"^jax\.distributed\.initialize.*\n", flags=re.MULTILINE)


def started(code, *arguments, **environment):
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": paths, "JAX_PLATFORMS": "cpu"} | environment,
    )  # fmt: skip


def ended(process):
    try:
        out, err = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0, err
    rank, devices, error = out.split()[-3:]
    return int(rank), int(devices), float(error)


def by_hand(hosts):
    """The same ten steps on all hosts' samples, by the machine-independent program."""
    namespace = {}
    exec(CODE.partition("import sys, jax\n")[0], namespace)
    program, theta = namespace["program"].to("numpy"), namespace["theta"]
    X = np.concatenate([np.random.default_rng(k).normal(size=(64, 2)) for k in range(hosts)])
    for _ in range(10):
        found = program.sum(x=X, y=np.sin(X[:, 0]) * X[:, 1], net=theta)
        theta = {
            name: [np.subtract(p, 0.001 * g) for p, g in zip(theta[name], slopes)]
            for name, slopes in found["slope"].items()
        }
    return float(found["err"])


def test_two_processes_train_as_one():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    assert len(INITIALIZE.findall(CODE)) == 1
    (rank, devices, error), (other, _, same) = [
        ended(p) for p in [started(CODE, address, 2, k, XLA_FLAGS="") for k in (0, 1)]
    ]
    assert (rank, other, devices, error) == (0, 1, 2, same)
    assert error == pytest.approx(by_hand(2), rel=1e-9)


def test_two_devices_of_one_process():
    code, flags = INITIALIZE.sub("", CODE), "--xla_force_host_platform_device_count=2"
    rank, devices, error = ended(started(code, XLA_FLAGS=flags))
    assert (rank, devices) == (0, 2) and error == pytest.approx(by_hand(1), rel=1e-9)
