"""Do the tests notice when the engine is wrong?  Small mistakes, planted one at a time.

    python tests/mutants.py                            300 mutants, two at a time: an hour on two cores
    python tests/mutants.py --count 50 --only nn/deltas.py --seed 1

A mutant is one file with one change: another comparison, sign, number or boolean, a condition turned round, operands
swapped, a statement left out, nothing returned; of the compiled core, which is built again for each, a sign or number
of its short cuts.  In a copy of the repository the tests of that file run until one fails.  Survivors are printed with
their change; `# survives: why` on a line of the source says of one that no test could tell it from the original, and
that line is left alone.  Known to survive: thresholds of under- and overflow a step on, the order of names in a set, a
mask more than a gradient's graph needs, and where two ways to one number have its bits.
Exits with 1 where fewer than 95 % are killed.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
AUTOGRAD, NN = "tests/autograd/", "tests/nn/"
TESTS = {
    "autograd/ops.py": [f"{AUTOGRAD}test_ops.py", f"{AUTOGRAD}reals/test_edges.py", f"{AUTOGRAD}chain/test_branches.py",
                        f"{AUTOGRAD}test_assignments.py", f"{AUTOGRAD}test_gradient.py", "tests/accuracy/test_bars.py"],
    "autograd/value.py": [f"{AUTOGRAD}test_value.py", f"{AUTOGRAD}test_assignments.py", f"{AUTOGRAD}test_core.py",
                          f"{AUTOGRAD}chain/test_branches.py", f"{AUTOGRAD}test_functions.py",
                          f"{AUTOGRAD}teaching/test_debugging.py", "tests/test_micrograd_users.py"],
    "autograd/chain/branches.py": [f"{AUTOGRAD}chain/test_branches.py", f"{AUTOGRAD}test_gradient.py",
                                   f"{AUTOGRAD}teaching"],
    "autograd/gradient.py": [f"{AUTOGRAD}test_gradient.py", f"{AUTOGRAD}chain/test_branches.py",
                             f"{AUTOGRAD}test_random_graphs.py"],
    "nn/deltas.py": [f"{NN}test_deltas.py", f"{NN}certifying"],
    "nn/certifying/certificate.py": [f"{NN}certifying"],
    "nn/certifying/checking.py": [f"{NN}certifying"],
    "nn/certifying/rounding.py": [f"{NN}certifying", f"{NN}grading/test_rounding.py"],
    "autograd/_core.pyx": [f"{AUTOGRAD}test_core.py", f"{AUTOGRAD}chain/test_branches.py"],
}  # fmt: skip
SECONDS = 90  # of processor time at least, and thrice what the tests take: a mutant that takes longer hangs
ENOUGH = 0.95
LOG = "log of the tests"

OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip

SIGNS = {
    "+": "-", "-": "+", "*": "+", "/": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "and": "or", "or": "and", "False": "True",
}  # fmt: skip
# Calls whose first two operands may change places.
SYMMETRIC = ("min", "max", "minimum", "maximum", "ratio", "hypot", "weighted_sum", "output_delta", "weight_gradient")
TOKEN = re.compile(r"(?<= )(?:[-+*/]|[<>]=?|[=!]=|and|or|False)(?=[ \n])|(?<![\w.])\d+\.?\d*(?![\w.])")
SHORT_CUTS = (
    ("# --- the hottest rows", "# --- a pile of nodes"), ("cdef inline Value of_two", "cdef Value recorded"),
    ("cdef inline void give", "cdef int by_the_table"),
)  # fmt: skip


class Mutant(NamedTuple):
    """A change of one file: what stands between two places of its text, and what is put there."""

    file: str
    line: int
    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]

    def told(self, text: str) -> str:
        # The whole line, for a short change.
        first, last = text.rindex("\n", 0, self.start) + 1, text.index("\n", self.end)
        if self.end - self.start > 12:
            first, last = self.start, self.end
        old, new = text[first:last], text[first : self.start] + self.new + text[self.end : last]
        return f"{self.file}:{self.line}: {' '.join(old.split())}   →   {' '.join(new.split())}"


def mutants_of(file: str) -> list[Mutant]:
    """All changes of a file, but for types, declarations, messages and lines that say why they are not tried."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".pyx"):
        return list(_of_short_cuts(file, text))
    lines = text.splitlines(keepends=True)
    starts = [0]
    for each in lines:
        starts.append(starts[-1] + len(each))

    def place(line: int, column: int) -> int:  # columns of ast count bytes
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    found = []
    for node in _wanted(ast.parse(text)):
        if "# survives:" in lines[node.lineno - 1]:
            continue
        for new in _changes(node):
            if ast.dump(ast.parse(new)) != ast.dump(ast.parse(ast.unparse(node))):
                end = place(node.end_lineno or 0, node.end_col_offset or 0)
                found.append(Mutant(file, node.lineno, place(node.lineno, node.col_offset), end, new))
    return found


def _of_short_cuts(file: str, text: str) -> Iterator[Mutant]:
    for first, last in SHORT_CUTS:
        for found in TOKEN.finditer(text, text.index(first), text.index(last)):
            start, end = text.rindex("\n", 0, found.start()), text.index("\n", found.end())
            if not set(text[start : found.start()]) & set('#"') and "# survives:" not in text[start:end]:
                new = SIGNS.get(found[0]) or repr(type(ast.literal_eval(found[0]))(found[0]) + 1)
                yield Mutant(file, text.count("\n", 0, found.start()) + 1, *found.span(), new)


def _wanted(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Expressions and statements at which something happens."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "format_spec", "type_params"):
            continue
        for each in value if isinstance(value, list) else [value]:
            typing = isinstance(each, ast.If) and "TYPE_CHECKING" in ast.unparse(each.test)
            if isinstance(each, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)) or typing:
                continue
            if isinstance(each, (ast.expr, ast.stmt)):
                yield each
            if isinstance(each, ast.AST):
                yield from _wanted(each)


def _changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    """What may stand there instead."""

    def instead(**fields: object) -> str:
        changed = type(node)(**{**dict(ast.iter_fields(node)), **fields})
        return f"({ast.unparse(changed)})" if isinstance(node, ast.expr) else ast.unparse(changed)

    if isinstance(node, ast.Compare):
        for i, sign in enumerate(node.ops):
            yield instead(ops=[*node.ops[:i], OTHER[type(sign)](), *node.ops[i + 1 :]])
    elif isinstance(node, (ast.BinOp, ast.BoolOp)):
        yield instead(op=OTHER[type(node.op)]())
    elif isinstance(node, ast.UnaryOp):
        yield f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        yield repr(not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.IfExp):
        yield instead(test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        if not all(isinstance(each, ast.Constant) and isinstance(each.value, int) for each in node.elts):  # but sets
            yield instead(elts=[*node.elts[1::-1], *node.elts[2:]])
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        called = ast.unparse(node.func).rpartition(".")[2]
        if called not in SYMMETRIC and not isinstance(node.args[0], (ast.Constant, ast.Starred)):
            yield instead(args=[*node.args[1::-1], *node.args[2:]])
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield "return None"
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield "pass"


def tests_of(file: str) -> list[str]:
    """Its doctests first: most mutants go no further."""
    return TESTS[file] if file.endswith(".pyx") else [file, *TESTS[file]]


def survives(file: str, files: list[str], copy: Path, seconds: int) -> bool:
    """Whether all these tests pass, in a process of its own that has the libraries already."""
    twin = file.endswith(".pyx")
    if twin:
        build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
        subprocess.run(build, cwd=copy, capture_output=True, check=False)
    child = os.fork()
    if not child:
        try:
            os.environ.update({} if twin else {"DELTAGRAD_PURE": "1"})
            os._exit(_run(files, copy, seconds))
        finally:
            os._exit(1)
    passed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for library in (copy / "autograd").glob("_core.*.so"):  # tests of the plain core compare with one that is there
        library.unlink()
    return passed


def _run(files: list[str], copy: Path, seconds: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (2**34, 2**34))
    output = os.open(copy / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(copy)
    sys.path[:] = [str(copy), *[entry for entry in sys.path if entry not in ("", str(ROOT), str(ROOT / "tests"))]]
    import pytest

    quiet = ["-x", "-q", "-m", "", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # File by file, since most mutants go no further than the first; one without tests is no failure.
    return next((int(code) for file in files if (code := pytest.main([*quiet, file])) not in (0, 5)), 0)


def allowed(names: list[str], copy: Path) -> dict[str, int]:
    """How many seconds the tests of each file may take; of none, where one fails without a mutant and kills all."""
    taken: dict[tuple[str, str], float] = {}  # by the core that runs, which the kind of file says, and the test
    for file in names:
        for test in tests_of(file):
            if (key := (Path(file).suffix, test)) not in taken:
                before = _seconds_of_children()
                if not survives(file, [test], copy, 10 * SECONDS):
                    print(f"{test} fails without a mutant:\n{(copy / LOG).read_text(encoding='utf-8')[-2000:]}")
                    return {}
                taken[key] = _seconds_of_children() - before
                print(f"{taken[key]:4.0f} s without a mutant: {test}", flush=True)
    return {
        file: max(SECONDS, int(3 * sum(taken[Path(file).suffix, test] for test in tests_of(file)))) for file in names
    }


def _seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def tried(mutants: list[Mutant], copy: Path, seconds: dict[str, int]) -> int:
    """How many survive, one after the other in one copy of the repository."""
    survivors = 0
    for i, mutant in enumerate(mutants):
        path = copy / mutant.file
        original = path.read_text(encoding="utf-8")
        path.write_text(mutant.applied(original), encoding="utf-8")
        os.utime(path, (i + 1, i + 1))  # so that no bytecode of another mutant is taken for this one's
        passed = survives(mutant.file, tests_of(mutant.file), copy, seconds[mutant.file])
        path.write_text(original, encoding="utf-8")
        print("survives" if passed else "killed  ", mutant.told(original), flush=True)
        survivors += passed
    return survivors


def main() -> int:
    """Plant mutants and print what survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=TESTS, nargs="+", default=list(TESTS))
    options = parser.parse_args()
    os.environ.update(DELTAGRAD_GRAPHS="60", DELTAGRAD_BRANCHES="60", PYTHONPATH="")
    import hypothesis  # noqa: F401 children have them already
    import mpmath  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401

    built = importlib.util.find_spec("Cython") is not None
    names = [file for file in options.only if built or not file.endswith(".pyx")]
    every = [mutant for file in names for mutant in mutants_of(file)]
    chosen = random.Random(options.seed).sample(every, min(options.count, len(every)))
    print(
        f"{len(chosen)} of {len(every)} mutants of {', '.join(names)}" + ("" if built else "; no Cython here"),
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / str(k) for k in range(options.processes)]
        for copy in copies:
            kept_out = shutil.ignore_patterns(".*", "*.so", "__pycache__", "build", "*.egg-info", "node_modules")
            shutil.copytree(ROOT, copy, ignore=kept_out)
        seconds = allowed(names, copies[0])
        if not seconds:
            return 2
        workers = []
        for k, copy in enumerate(copies):
            worker = os.fork()
            if not worker:
                try:
                    os._exit(tried(chosen[k :: len(copies)], copy, seconds))
                finally:
                    os._exit(255)
            workers.append(worker)
        survivors = sum(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers)
    share = 1 - survivors / len(chosen)
    print(f"{100 * share:.1f} % killed, {survivors} survive")
    return int(share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
