"""Who may import whom, read from the syntax trees; and what `import autograd, nn` loads.

Imports inside functions count.  Those under `if TYPE_CHECKING` never run, and do not.
"""

import ast
import io
import json
import os
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
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

# Each room, and each module that stands alone, with the rooms below it; `x+` is x and all below it.
ARROWS = {
    "autograd.errors": "",
    "autograd.reals": "autograd.errors",
    "autograd.ops": "autograd.errors autograd.reals",
    "autograd.words": "autograd.ops+",
    "autograd.taking.tables": "autograd.ops+",
    "autograd.graph": "autograd.taking.tables+",
    "autograd.tools.decorating": "",
    "autograd.recording": "autograd.errors autograd.tools.decorating",
    "autograd.hooks": "autograd.errors",
    "autograd.tools.files": "autograd.errors",
    "autograd.copies": "autograd.graph+",
    "autograd.value": "autograd.graph+ autograd.recording autograd.hooks autograd.copies",
    "autograd.functions": "autograd.value+",
    "autograd.chain.branches": "autograd.value+",
    "autograd.chain.sums": "autograd.value+ autograd.chain.branches",
    "autograd.taking.entries": "autograd.chain.branches+",
    "autograd.gradient": "autograd.functions+ autograd.chain.sums autograd.words autograd.taking.entries+",
    "autograd.forward": "autograd.gradient+",
    "autograd.numeric.nesting": "autograd.value+",
    "autograd.numeric.derivatives": "autograd.forward+ autograd.numeric.nesting",
    "autograd.check": "autograd.gradient+ autograd.forward",
    "autograd.expression": "autograd.gradient+ autograd.forward",
    "autograd.lowering": "autograd.gradient+ autograd.numeric.nesting",
    "autograd.teaching": "autograd.forward+ autograd.lowering",
    "autograd.drawing": "autograd.teaching+ autograd.tools.files",
    "autograd.console": "autograd.errors autograd.words+",
    # Folders whose files stand on different floors, each with a line of its own.
    "autograd.chain": "",
    "autograd.numeric": "",
    "autograd.taking": "",
    "autograd.tools": "",
    # The door: its public names, and its hooks.
    "autograd": "autograd.drawing+ autograd.check+ autograd.numeric.derivatives+ autograd.expression",
    "autograd.__main__": "autograd autograd.drawing+ autograd.expression+ autograd.console",
    "nn.deltas": "",
    "nn.data": "",
    "nn.tables": "autograd+",
    "nn.frames": "autograd+",
    "nn.network": "autograd+ nn.tables nn.frames",
    "nn.plots": "nn.network+",
    "nn.certifying": "nn.network+ nn.deltas",
    "nn.proving": "nn.network+ nn.deltas nn.certifying",
    "nn.grading": "nn.network+ nn.deltas nn.certifying nn.proving",
    "nn.training": "nn.network+ nn.deltas nn.data nn.plots",
    "nn.diagnosing": "nn.certifying+ nn.proving nn.grading nn.training+",
    "nn.models": "nn.diagnosing+ nn.page",
    "nn.bridges": "nn.diagnosing+",
    "nn.page": "nn.diagnosing+",
    "nn.sheets": "nn.grading+ autograd.console",
    "nn.sheets.__main__": "nn.sheets autograd.console",
    "nn": "nn.diagnosing+ nn.models nn.bridges nn.page nn.sheets",  # the door
    "nn.command": "nn.diagnosing+ nn.models autograd.console",
    "nn.__main__": "nn+ nn.command autograd.console",
    "nn.subcommands": "nn.__main__+ nn.sheets autograd.__main__",
}


class Import(NamedTuple):
    module: str
    name: str  # what is taken from it, or "" for the module itself
    lazy: bool  # inside a function, so it runs only when that is called
    for_types: bool  # under `if TYPE_CHECKING`, so it never runs


@cache
def imports(name: str) -> tuple[Import, ...]:
    """All modules that a file names in import statements, as absolute names."""
    path = FILES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]

    def walk(node: ast.AST, lazy: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, "", lazy, for_types)
            elif isinstance(child, ast.ImportFrom):
                parts = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
                base = ".".join([*parts, *([child.module] if child.module else [])])
                for alias in child.names:
                    inner = f"{base}.{alias.name}"
                    yield (
                        Import(inner, "", lazy, for_types)
                        if inner in FILES
                        else Import(base, alias.name, lazy, for_types)
                    )
            elif isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
                for each in child.body:
                    yield from walk(ast.Module([each], []), lazy, True)
                for each in child.orelse:
                    yield from walk(ast.Module([each], []), lazy, for_types)
            else:
                function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                yield from walk(child, lazy or function, for_types)

    return tuple(walk(ast.parse(path.read_text(encoding="utf-8")), False, False))


def ours(name: str) -> list[str]:
    """The modules of both packages that a module imports at run time."""
    return list(dict.fromkeys(i.module for i in imports(name) if i.module in FILES and not i.for_types))


def room(module: str) -> str:
    """The longest name in ARROWS that a module is, or is in."""
    while module not in ARROWS:
        module = module.rpartition(".")[0]
    return module


@cache
def below(arrows: str) -> frozenset[str]:
    """The rooms that a line of ARROWS names."""
    found: set[str] = set()
    for name in arrows.split():
        bare = name.removesuffix("+")
        found.add(bare)
        if bare != name:
            found |= below(ARROWS[bare])
    return frozenset(found)


# --- that the reader reads --------------------------------------------------------------------------


def test_the_reader_of_syntax_trees_finds_imports() -> None:
    assert Import("autograd.ops", "LITERAL", False, False) in imports("autograd.value")
    assert Import("autograd.value", "Value", False, True) in imports("autograd.graph")
    assert Import("autograd.ops", "", False, False) in imports("autograd.gradient")  # from . import ops
    assert Import("autograd.drawing", "draw", True, False) in imports("autograd")
    assert Import("math", "", False, False) in imports("nn.deltas")
    assert ours("autograd.graph") == ["autograd.errors", "autograd.taking.tables"]


def test_every_module_has_a_room() -> None:
    alone = {name for name in FILES if room(name) in ("autograd", "nn")}
    assert alone == {"autograd", "nn"}, "a new module at the top needs its line in ARROWS"


@pytest.mark.parametrize("package, most", [("autograd", 15), ("nn", 8)])
def test_few_files_lie_outside_the_rooms(package: str, most: int) -> None:
    assert len(list((ROOT / package).glob("*.py"))) <= most, "a new module belongs into a room"


def test_rooms_are_above_each_other_in_no_circle() -> None:
    for name, arrows in ARROWS.items():
        assert name not in below(arrows)


# --- the rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", FILES)
def test_arrows_between_rooms(module: str) -> None:
    allowed = below(ARROWS[room(module)]) | {room(module)}
    for found in ours(module):
        assert room(found) in allowed, f"{module} imports {found}"


def test_modules_import_each_other_in_no_circle() -> None:
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " → ".join([*above[above.index(module) :], module])
        if module not in done:
            for found in ours(module):
                if found != module:
                    visit(found, (*above, module))
            done.add(module)

    for module in FILES:
        visit(module, ())


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_names(module: str) -> Iterator[str]:
    """The private names of other modules of ours that a module uses: `from a import _b`, and `a._b`."""
    aliases = {}
    for node in ast.walk(tree := ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                aliases[alias.asname or alias.name.partition(".")[0]] = alias.name
    modules = {i.module.rpartition(".")[2] for i in imports(module) if i.module in FILES and not i.name}
    for found in imports(module):
        if found.module in FILES and private(found.name) and not found.for_types:
            yield f"{found.module}.{found.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and private(node.attr):
            named = aliases.get(node.value.id, "").rpartition(".")[2]
            if named in modules:
                yield f"{named}.{node.attr}"


@pytest.mark.parametrize("module", FILES)
def test_nobody_takes_a_private_name_of_another_module(module: str) -> None:
    assert list(private_names(module)) == []


@pytest.mark.parametrize("module", [name for name in FILES if name.startswith("autograd")])
def test_autograd_never_imports_nn(module: str) -> None:
    assert not any(found.module.partition(".")[0] == "nn" for found in imports(module))


def test_the_hand_formulas_know_nothing_of_the_engine() -> None:
    found = {found.module for found in imports("nn.deltas")}
    assert "math" in found and found <= {"math", "__future__", "typing", "collections.abc"}
    names = {node.id for node in ast.walk(ast.parse(FILES["nn.deltas"].read_text(encoding="utf-8")))
             if isinstance(node, ast.Name)}  # fmt: skip
    assert names.isdisjoint({"__import__", "eval", "exec", "importlib"})


@pytest.mark.parametrize("module", sorted({*FILES} - {"nn.models.estimators"}))  # that subclasses scikit-learn's
def test_other_people_s_packages_are_imported_where_they_are_used(module: str) -> None:
    known = {*sys.stdlib_module_names, "autograd", "nn"}
    for found in imports(module):
        top = found.module.partition(".")[0]
        assert top in known or found.lazy or found.for_types, f"{module} imports {found.module} at its top"


# --- what an import loads -----------------------------------------------------------------------------

LOAD = """
import json, sys, time
before, start = set(sys.modules), time.process_time()
import autograd, nn
seconds = time.process_time() - start
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
    by_cython = {name for name in tops if name == "cython_runtime" or name.startswith("_cython_")}  # no files: records
    assert tops - set(sys.stdlib_module_names) - by_cython == {"autograd", "nn"}
    assert not any(
        name.startswith(("autograd.drawing", "autograd.teaching.events", "autograd.teaching.explanation",
                         "nn.network.drawing", "nn.network.storage", "nn.plots"))
        for name in modules
    )  # fmt: skip


def test_importing_takes_no_time_to_speak_of() -> None:
    """The benchmarks measure it; here it must only not be an order of magnitude off."""
    assert min(load()[0] for _ in range(5)) < 0.3


# --- the core is read in one sitting --------------------------------------------------------------------

CORE = ("ops", "graph", "value", "functions", "gradient")


def code_lines(text: str) -> int:
    """Lines that hold code: no blank ones, comments and docstrings."""
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in nothing:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if documented and ast.get_docstring(node, clean=False) is not None:  # type: ignore[arg-type]
            docstring = node.body[0]  # type: ignore[attr-defined]
            lines.difference_update(range(docstring.lineno, docstring.end_lineno + 1))
    return len(lines)


def test_lines_of_code_are_counted() -> None:
    assert (
        code_lines('"""Idea.\n\nMore."""\n\n# why\nx = [\n    1,  # one\n]\n\ndef f():\n    """F."""\n    return 1\n')
        == 5
    )


def test_the_core_is_small() -> None:
    sizes = {name: code_lines(FILES[f"autograd.{name}"].read_text(encoding="utf-8")) for name in CORE}
    assert sum(sizes.values()) <= 720, sizes
