"""The wheel that a user installs: built from the tree, put into an empty environment, every module imported."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long  # it builds, and installs what builds
ROOT = Path(__file__).parents[1]
IMPORT_ALL = """
import importlib, importlib.metadata, json
files = [str(path) for path in importlib.metadata.files("deltagrad")]
modules = [path[:-3].replace("/", ".").removesuffix(".__init__") for path in files if path.endswith(".py")]
for module in modules:
    if module == "nn.models.estimators":
        continue  # it subclasses scikit-learn's classes
    importlib.import_module(module)
print(json.dumps([files, modules]))
"""


def ran(*command: object, folder: Path) -> subprocess.CompletedProcess[str]:
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # no path to the tree
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder, env=alone)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The files of the installed wheel, and its modules, each of which was imported without any other package."""
    folder = tmp_path_factory.mktemp("wheel")
    # A copy, since a build leaves folders behind; what an earlier build left in the tree must not get in either.
    left_behind = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "*.pyd")
    shutil.copytree(ROOT, folder / "tree", ignore=left_behind)
    built = ran(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, folder / "tree", folder=folder)
    if "Could not find a version" in built.stderr or "No module named pip" in built.stderr:
        pytest.skip("pip cannot reach what builds the wheel")
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("deltagrad-*.whl")
    made = ran(sys.executable, "-m", "venv", "--without-pip", folder / "empty", folder=folder)
    assert made.returncode == 0, made.stderr
    python = folder / "empty" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    alone = ["--no-deps", "--no-index", "--no-compile"]  # the import compiles what the wheel holds
    put = ran(sys.executable, "-m", "pip", "--python", python, "install", "-q", *alone, wheel, folder=folder)
    assert put.returncode == 0, put.stderr
    imported = ran(python, "-I", "-W", "error", "-c", IMPORT_ALL, folder=folder)
    assert imported.returncode == 0, imported.stderr
    files, modules = json.loads(imported.stdout)
    return files, modules


def test_every_module_of_the_tree_is_in_the_wheel_and_can_be_imported_alone(installed):
    _, modules = installed
    sources = [*(ROOT / "autograd").rglob("*.py"), *(ROOT / "nn").rglob("*.py"), *ROOT.glob("deltagrad.py")]
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in sources}
    assert named == set(modules)


def test_what_the_modules_read_is_in_the_wheel_and_nothing_of_the_workshop(installed):
    files, _ = installed
    data = [path for package in ("autograd", "nn") for path in (ROOT / package).rglob("*.*")]
    read = (".js", ".css", ".html", ".csv", ".json", ".typed")
    needed = {path.relative_to(ROOT).as_posix() for path in data if path.suffix in read}
    assert needed and needed <= set(files)
    assert not [path for path in files if path.startswith(("tests", "docs", "notebooks"))]
