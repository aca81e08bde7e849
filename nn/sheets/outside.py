"""Submitted code, run in a process of its own with limits: a courtesy to teachers who ask for it, and no sandbox.

The code can read what the account can read, and use the network.  Run it where nothing is to be lost: in a
container, as Gradescope does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError

from .answers import quoted
from .handed_in import LARGEST_FILE

if TYPE_CHECKING:
    from .worksheet import Worksheet

# What the child does: it limits itself, reads the sheet, runs the file, and writes what answer(…) returned.
CHILD = """
import json, runpy, sys
root, file, out, seconds, megabytes, largest = sys.argv[1:]
sys.path.insert(0, root)
from nn import deltas
from nn.sheets.limits import within
try:
    import resource
    for what, soft, hard in ((resource.RLIMIT_CPU, int(seconds), int(seconds) + 1),
                             (resource.RLIMIT_FSIZE, int(largest), int(largest)), (resource.RLIMIT_NPROC, 0, 0)):
        resource.setrlimit(what, (soft, hard))
except (ImportError, ValueError, OSError):
    pass
given = json.load(sys.stdin)
slopes = [deltas.ACTIVATIONS[name][1] for name in given.pop("names")]
with within(int(megabytes)):
    answer = runpy.run_path(file)["answer"]
    found = answer(*given["arguments"], slopes)
parts = found if isinstance(found, (tuple, dict)) else (found,)
if not isinstance(parts, dict):
    parts = dict(zip(("delta", "dtheta", "db"), parts))
plain = lambda v: v.tolist() if hasattr(v, "tolist") else [plain(p) for p in v] if isinstance(v, (list, tuple)) else v
with open(out, "w") as result:
    json.dump({name: plain(part) for name, part in parts.items()}, result)
"""
# A library for linear algebra maps memory for a thread on every processor, and the code may start none.
FEW_THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
NEEDED = ("SYSTEMROOT", "LD_LIBRARY_PATH")  # without which some Pythons do not start


def answered_by(file: Path, sheet: Worksheet, seconds: float, megabytes: int) -> dict[str, Any]:
    """What the function `answer(theta, bias, u, o, x, y, sigma_slope)` of a file returns for a sheet.

    Raises AutogradValueError where it does not run, takes too long, or returns no answer.
    """
    case = sheet.case
    given = json.dumps({"arguments": case.arguments()[:-1], "names": case.names})
    root = str(Path(__file__).resolve().parents[2])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "answer.json"
        limits = [str(max(1, round(seconds))), str(megabytes), str(LARGEST_FILE)]
        command = [sys.executable, "-I", "-c", CHILD, root, str(file.resolve()), str(out), *limits]
        code, last = _run(command, given.encode(), folder, 4 * seconds + 5)
        if code is None:
            raise AutogradValueError(f"{file.name}: the code took longer than {4 * seconds + 5:g} s")
        if code == -getattr(signal, "SIGXCPU", 0) != 0:
            raise AutogradValueError(f"{file.name}: the code took longer than {limits[0]} s of a processor")
        if not out.is_file():
            raise AutogradValueError(f"{file.name}: the code did not run: {quoted(last) or 'it ended'}")
        if out.stat().st_size >= LARGEST_FILE:  # where the limit cuts it off
            raise AutogradValueError(f"{file.name}: the code returned too much")
        try:
            found = json.loads(out.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise AutogradValueError(f"{file.name}: the code returned no answer")
        return found


def _run(command: list[str], given: bytes, folder: str, seconds: float) -> tuple[int | None, str]:
    """The exit code of a process that reads `given`, and the last line of its complaints.

    The code is None where the process had to be ended, with all that it has started.
    """
    variables = {name: os.environ[name] for name in NEEDED if name in os.environ} | FEW_THREADS
    with tempfile.TemporaryFile() as complaints:  # and no pipe, which might be filled for ever
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints, cwd=folder, env=variables,
            start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
                process.wait()
        complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - 2000))
        return process.returncode, complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
