"""What lets code run in a page: Python and Graphviz as WebAssembly, and wheels, each packed as a script.

A page that is opened from disk may load scripts and fetch nothing, so each file becomes a script that hands over its
content, gzipped and in base64.  What a block needs only now and then, SymPy, is a part of its own, loaded on demand.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
FROM_NPM = {
    "pyodide": ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"),
    "@hpcc-js/wasm-graphviz": ("dist/index.js",),
}
# Packages of the wheel's own requirements that are pure Python, and one of the site's for formulas.
AT_ONCE, ON_DEMAND = ("graphviz", "tqdm"), ("sympy",)
FORMULAS = "latex2mathml>=3.77"
SOURCES = ("autograd", "nn", "deltagrad.py", "pyproject.toml", "setup.py", "README.md", "LICENSE", "MANIFEST.in")


def bundle(repository: Path, work: Path, target: Path) -> str:
    """Write the scripts into a folder of the site, and say how large they are; `work` keeps what was fetched."""
    wheels = _wheels(repository, work)
    own = [HERE / "worker.js", HERE / "page.py", HERE.parent / "formulas.py"]
    parts = {"start": [*_from_npm(work), *own, *wheels["start"]], "sympy": wheels["sympy"]}
    (target / "parts").mkdir(parents=True)
    sizes = {name: sum(_packed(path, target / "parts") for path in paths) for name, paths in parts.items()}
    named = {name: [path.name for path in paths] for name, paths in parts.items()}
    told = f"window.deltagradParts = {json.dumps({'files': named, 'bytes': sizes})};\n"
    (target / "run.js").write_text(told + (HERE / "run.js").read_text("utf-8"), "utf-8")
    shutil.copy(HERE / "run.css", target)
    return ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items())


def _packed(path: Path, folder: Path) -> int:
    """Write a file as a script; how many bytes that has."""
    text = base64.b64encode(gzip.compress(path.read_bytes(), 9, mtime=0)).decode()
    return (folder / f"{path.name}.js").write_text(f"deltagradPart({json.dumps(path.name)}, {json.dumps(text)});\n")


def _from_npm(work: Path) -> list[Path]:
    """The files of the packages that package-lock.json names, by their hashes."""
    folder = work / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("--browser takes Python and Graphviz as WebAssembly from npm: install Node.js, which has it")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    found = [folder / "node_modules" / package / file for package, files in FROM_NPM.items() for file in files]
    graphviz = folder / "graphviz.js"  # a name that says what it is
    shutil.copy(found.pop(), graphviz)
    return [*found, graphviz]


def _wheels(repository: Path, work: Path) -> dict[str, list[Path]]:
    """The project's pure wheel, and those that it asks for, in the versions that it asks for."""
    folder = work / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as copied:  # a build leaves folders behind, and finds those of another
        for name in SOURCES:
            source, to = repository / name, Path(copied, name)
            ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
            _ = shutil.copytree(source, to, ignore=ignored) if source.is_dir() else shutil.copy(source, to)
        _pip("wheel", "--no-deps", "--wheel-dir", folder, copied)
    (own,) = folder.iterdir()
    with zipfile.ZipFile(own) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        asked = re.findall(r"^Requires-Dist: ([\w.-]+)([^;\n]*)", archive.read(metadata).decode(), re.MULTILINE)
    wanted = {name: name + version.strip() for name, version in asked if name in (*AT_ONCE, *ON_DEMAND)}
    binary = ("--only-binary", ":all:", "--dest")
    _pip("download", "--no-deps", *binary, folder, *(wanted[name] for name in AT_ONCE), FORMULAS)
    _pip("download", *binary, folder / "sympy", *(wanted[name] for name in ON_DEMAND))
    return {"start": sorted(folder.glob("*.whl")), "sympy": sorted((folder / "sympy").glob("*.whl"))}


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", *map(str, arguments), "--quiet", "--disable-pip-version-check"]
    subprocess.run(command, check=True, env={**os.environ, "DELTAGRAD_PURE_WHEEL": "1"})
