"""Submitted code, run in a process of its own with limits: a courtesy to teachers who ask for it, and no sandbox.

The code can read what the account can read, and use the network.  Run it where nothing is to be lost: in a
container, as Gradescope does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import AutogradValueError

from .answers import LARGEST_FILE, quoted

if TYPE_CHECKING:
    from .worksheet import Worksheet

# What the child does: it limits itself, reads the sheet, runs the file, and writes what answer(…) returned.
CHILD = """
import json, runpy, sys
root, file, out, seconds, memory = sys.argv[1:]
try:
    import resource
    for what, most in ((resource.RLIMIT_CPU, int(seconds)), (resource.RLIMIT_AS, int(memory)),
                       (resource.RLIMIT_FSIZE, 1_000_000), (resource.RLIMIT_NPROC, 64)):
        resource.setrlimit(what, (most, most))
except (ImportError, ValueError, OSError):
    pass
given = json.load(sys.stdin)
sys.path.insert(0, root)
from nn import deltas
answer = runpy.run_path(file)["answer"]
slopes = [deltas.ACTIVATIONS[name][1] for name in given.pop("names")]
found = answer(*given["arguments"], slopes)
parts = found if isinstance(found, (tuple, dict)) else (found,)
if not isinstance(parts, dict):
    parts = dict(zip(("delta", "dtheta", "db"), parts))
plain = lambda v: v.tolist() if hasattr(v, "tolist") else [plain(p) for p in v] if isinstance(v, (list, tuple)) else v
with open(out, "w") as result:
    json.dump({name: plain(part) for name, part in parts.items()}, result)
"""


def answered_by(file: Path, sheet: Worksheet, seconds: float, megabytes: int) -> dict[str, Any]:
    """What the function `answer(theta, bias, u, o, x, y, sigma_slope)` of a file returns for a sheet.

    Raises AutogradValueError where it does not run, takes too long, or returns no answer.
    """
    case = sheet.case
    given = json.dumps({"arguments": case.arguments()[:-1], "names": case.names})
    root = str(Path(__file__).resolve().parents[2])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "answer.json"
        limits = [str(max(1, round(seconds))), str(megabytes * 2**20)]
        command = [sys.executable, "-I", "-c", CHILD, root, str(file.resolve()), str(out), *limits]
        try:
            ran = subprocess.run(
                command, input=given.encode(), cwd=folder, env={}, timeout=4 * seconds + 5, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise AutogradValueError(f"{file.name}: the code took longer than {4 * seconds + 5:g} s") from None
        if not out.is_file():
            last = ran.stderr[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
            raise AutogradValueError(f"{file.name}: the code did not run: {quoted(last) or 'it ended'}")
        if out.stat().st_size > LARGEST_FILE:
            raise AutogradValueError(f"{file.name}: the code returned too much")
        try:
            found = json.loads(out.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise AutogradValueError(f"{file.name}: the code returned no answer")
        return found
