"""Who may import whom, read from the syntax trees; and what `import autograd, nn` loads."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import autograd

ROOT = Path(autograd.__file__).parent.parent
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("autograd", "nn")
    for path in (ROOT / package).rglob("*.py")
}
# Each module of the core imports from those to its left.
CORE = (
    "errors", "reals.elementary", "reals.powers", "reals.branches", "reals.activations", "reals.shares", "ops",
    "words.text", "words.naming", "graph", "value", "functions", "gradient", "check", "teaching.orders",
    "teaching.events", "expression", "console",
)  # fmt: skip


class Import(NamedTuple):
    module: str
    lazy: bool  # inside a function, so it runs only when that is called
    for_types: bool  # under `if TYPE_CHECKING`, so it never runs


def imports(name: str) -> Iterator[Import]:
    """All modules that a file names in import statements, as absolute names."""
    path = FILES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]

    def walk(node: ast.AST, lazy: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, lazy, for_types)
            elif isinstance(child, ast.ImportFrom):
                parts = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
                base = ".".join([*parts, *([child.module] if child.module else [])])
                for alias in child.names:
                    inner = f"{base}.{alias.name}"
                    yield Import(inner if inner in FILES else base, lazy, for_types)
            else:
                function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
                yield from walk(child, lazy or function, for_types or types)

    return walk(ast.parse(path.read_text(encoding="utf-8")), False, False)


def ours(module: str) -> bool:
    return module.partition(".")[0] in ("autograd", "nn")


def test_the_reader_of_syntax_trees_finds_imports() -> None:
    assert Import("autograd.ops", False, False) in imports("autograd.value")
    assert Import("autograd.value", False, True) in imports("autograd.graph")
    assert Import("autograd.ops", False, False) in imports("autograd.gradient")  # from . import ops
    assert Import("autograd.drawing", True, False) in imports("autograd.value")
    assert Import("math", False, False) in imports("nn.deltas")


@pytest.mark.parametrize("module", CORE)
def test_arrows_of_the_core(module: str) -> None:
    allowed = {f"autograd.{name}" for name in CORE[: CORE.index(module)]}
    for found in imports(f"autograd.{module}"):
        if not ours(found.module) or found.for_types:
            continue
        # One exception: a Value shows itself in a notebook, and asks the drawing when it must.
        hook = (module, found) == ("value", Import("autograd.drawing", True, False))
        assert found.module in allowed or hook, f"autograd.{module} imports {found.module}"


@pytest.mark.parametrize("module", [name for name in FILES if name.startswith("autograd")])
def test_autograd_never_imports_nn(module: str) -> None:
    assert not any(found.module.partition(".")[0] == "nn" for found in imports(module))


def test_the_hand_formulas_know_nothing_of_the_engine() -> None:
    found = {found.module for found in imports("nn.deltas")}
    assert "math" in found and found <= {"math", "__future__", "typing", "collections.abc"}
    names = {node.id for node in ast.walk(ast.parse(FILES["nn.deltas"].read_text(encoding="utf-8")))
             if isinstance(node, ast.Name)}  # fmt: skip
    assert names.isdisjoint({"__import__", "eval", "exec", "importlib"})


def test_modules_import_each_other_in_no_circle() -> None:
    """Statements at the top of files; an import inside a function is how a circle is cut."""
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " → ".join([*above, module])
        if module in done or module not in FILES:
            return
        for found in imports(module):
            # A submodule's package is being imported around it; that is no circle.
            if not (found.lazy or found.for_types) and ours(found.module) and found.module not in ("autograd", "nn"):
                visit(found.module, (*above, module))
        done.add(module)

    for module in FILES:
        visit(module, ())


@pytest.mark.parametrize("module", FILES)
def test_other_people_s_packages_are_imported_where_they_are_used(module: str) -> None:
    known = {*sys.stdlib_module_names, "autograd", "nn"}
    for found in imports(module):
        top = found.module.partition(".")[0]
        assert top in known or found.lazy or found.for_types, f"{module} imports {found.module} at its top"


LOAD = """
import json, sys, time
before, start = set(sys.modules), time.perf_counter()
import autograd, nn
seconds = time.perf_counter() - start
print(json.dumps([seconds, sorted(set(sys.modules) - before)]))
"""


def load() -> tuple[float, list[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, env=environment, check=True)
    seconds, modules = json.loads(ran.stdout)
    return seconds, modules


def test_importing_loads_the_standard_library_alone() -> None:
    _, modules = load()
    tops = {name.partition(".")[0] for name in modules}
    assert {"autograd", "nn"} <= tops
    assert tops - set(sys.stdlib_module_names) == {"autograd", "nn"}
    assert not any(
        name.startswith(("autograd.drawing", "nn.network.drawing", "nn.network.storage", "nn.plots"))
        for name in modules
    )


def test_importing_takes_no_time_to_speak_of() -> None:
    """The benchmarks measure it; here it must only not be an order of magnitude off."""
    assert min(load()[0] for _ in range(5)) < 0.3
