"""The wheel that a user installs: built from the tree, put into an empty environment, every module imported.

And the other wheels: without a compiler, the one for every machine, and one built for this very processor.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import autograd

pytestmark = pytest.mark.long  # it builds, and installs what builds
ROOT = Path(__file__).parents[1]
ALARM = re.compile("error|fail|compil|cython|_core|gcc|cc1", re.IGNORECASE)  # pip warns of its own affairs
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


def ran(*command: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # no path to the tree
    command = tuple(str(part) for part in command)
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**alone, **environment})


def built(folder: Path, **environment: str) -> tuple[Path, str]:
    """The wheel of this tree, and what was said while it was built."""
    # A copy, since a build leaves folders behind; what an earlier build left in the tree must not get in either.
    left_behind = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "*.pyd")
    shutil.copytree(ROOT, folder / "tree", ignore=left_behind)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, folder / "tree"]
    made = ran(*command, folder=folder, **environment)
    if "Could not find a version" in made.stderr or "No module named pip" in made.stderr:
        pytest.skip("pip cannot reach what builds the wheel")
    assert made.returncode == 0, made.stderr
    (wheel,) = folder.glob("deltagrad-*.whl")
    return wheel, made.stdout + made.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """The files of the installed wheel, and its modules, each of which was imported without any other package."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel, _ = built(folder)
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


@pytest.mark.parametrize("environment", [{"PATH": ""}, {"DELTAGRAD_PURE_WHEEL": "1"}], ids=["none", "any"])
def test_without_a_compiler_and_on_demand_the_wheel_is_for_every_machine(environment, tmp_path):
    """And nothing is said of what could not be built: the package is whole without it."""
    wheel, said = built(tmp_path, **environment)
    assert wheel.name.endswith("-py3-none-any.whl") and not ALARM.search(said), said
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".pyd", ".pyx"))]


@pytest.mark.skipif(autograd.core != "compiled" or sys.platform == "win32", reason="no compiler, or one without CFLAGS")
def test_a_core_built_for_this_very_processor_has_the_same_bits(tmp_path):
    """Which may fuse a product and a sum, and must not."""
    wheel, said = built(tmp_path, CFLAGS="-O2 -march=native")
    assert not wheel.name.endswith("none-any.whl") and not ALARM.search(said), said
    zipfile.ZipFile(wheel).extractall(tmp_path / "native")
    shutil.copytree(ROOT / "tests", tmp_path / "tests")
    bits = ["-k", "short_cut or sum or plain_numbers or two_steps", "-W", "ignore", "-p", "no:cacheprovider"]
    test = ran(
        sys.executable, "-m", "pytest", *bits, "tests/autograd/test_core.py",
        folder=tmp_path, PYTHONPATH=str(tmp_path / "native"),
    )  # fmt: skip
    assert test.returncode == 0 and "passed" in test.stdout, test.stdout
    where = ran(sys.executable, "-c", "import autograd; print(autograd.core, autograd.__file__)",
                folder=tmp_path, PYTHONPATH=str(tmp_path / "native"))  # fmt: skip
    assert where.stdout.split()[0] == "compiled" and str(tmp_path) in where.stdout
