"""Where a program can go: each target is a namespace for the same printed source, or a language.

Imports nothing but the standard library until a target is asked for.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from typing import Any

from ..errors import LoweringError, MissingDependency
from ..ops import BUILT_IN, TABLE
from ..recording import given
from .native.machine import busy
from .program import Program
from .structure import Tree

# target -> the package it needs, how to install that
_NEEDS = {
    "numpy": ("numpy", "pip install 'deltagrad[fast]'"),
    "jax": ("jax", "pip install jax"),
    "torch": ("torch", "pip install torch"),
    "sympy": ("sympy", "pip install 'deltagrad[symbolic]'"),
    "mpmath": ("mpmath", "pip install mpmath"),
}
TARGETS = ("python", "numpy", "jax", "torch", "sympy", "fractions", "mpmath", "javascript", "native")


def compiled_for(program: Program, target: str, *, functions: dict[str, Any] | None = None, **options: Any) -> Any:
    """What `Program.to` returns, see there.

    functions  for rows of your own, by name: their functions in that namespace; one for a row of the table goes
               before the target's
    options    torch: dtype (float64 by default); native: threads and contract, see native.py

    Raises LoweringError for an unknown target, option or row, MissingDependency for a missing package.

    >>> from autograd import Value
    >>> from autograd.lowering import lower
    >>> x = Value(1.0, "x")
    >>> str(lower((2 * x).tanh() + 0.1, [x]).to("sympy")("t"))
    'tanh(2*t) + 1/10'
    """
    if target not in TARGETS:
        raise LoweringError(f"there is no target {target!r}; the targets are {', '.join(TARGETS)}")
    allowed = {"torch": {"dtype"}, "native": {"threads", "contract"}}.get(target, set())
    for option in options:
        if option not in allowed:
            known = ", ".join(sorted({"functions"} | allowed))
            raise LoweringError(f"the target {target!r} has no option {option!r}; it has {known}")
    _check_functions(program, target, functions)
    if target == "native":
        threads = options.get("threads", 1)
        if not hasattr(threads, "__index__") or isinstance(threads, bool):
            raise LoweringError(f"threads is a whole number, and was given as {given(threads)}")
        return _native(program, functions or {}, options)
    if target in _NEEDS and not _installed(_NEEDS[target][0]):
        package, remedy = _NEEDS[target]
        raise MissingDependency(f"the target {target!r} needs the package {package}; {remedy}")
    if target == "python":
        from .batches import OnLists

        return OnLists(program)
    if target in ("numpy", "jax", "torch"):
        batches = importlib.import_module(".batches", __package__)
        return getattr(batches, f"with_{target}")(program, functions or {}, **options)
    if target == "javascript":
        from .javascript import source

        return source(program, functions or {})
    symbols = importlib.import_module(".symbols", __package__)
    return getattr(symbols, f"with_{target}")(program, functions or {})


def structured_for(program: Program, takes: Tree, gives: Tree, target: str, **options: Any) -> Any:
    """What `Program.to` returns for a program whose inputs or outputs have a structure."""
    from .structured import OfArrays, OfNumbers, Structured

    runner = compiled_for(program, target, **options)
    if target == "javascript":
        from .javascript import on_arrays

        return on_arrays(runner, takes, gives)
    kind = type(runner).__name__
    engine: Any
    if kind == "Native":
        from .native.structured import OfLeaves

        engine = OfLeaves(runner, takes, gives)
    elif kind in ("Batched", "InBlocks"):
        block = importlib.import_module(".batches", __package__).BLOCK if kind == "InBlocks" else None
        engine = OfArrays(program, takes, gives, runner.xp, runner.functions, runner.lift, runner.quiet, block)
    else:
        engine = OfNumbers(takes, gives, runner.run if kind == "OnLists" else runner)
    return Structured(program, takes, gives, engine)


def _check_functions(program: Program, target: str, functions: Any) -> None:
    """Raise LoweringError for functions that would be ignored."""
    if functions is not None and not isinstance(functions, Mapping):
        raise LoweringError(f"functions={{name: function}} is a dictionary by names of rows, not {given(functions)}")
    for name in functions or ():
        if name not in TABLE and name not in {row.name for row in program.functions}:
            raise LoweringError(f"functions names rows, and there is no row {name!r}; add_row enters one of your own")
        if target in ("python", "native") and TABLE.get(name) in BUILT_IN:
            raise LoweringError(f"the target {target!r} has the operation {name!r} and takes no other function for it")


def _native(program: Program, functions: dict[str, Any], options: dict[str, Any]) -> Any:
    """Machine code; without llvmlite NumPy and without that Python, which have the same interface and say so."""
    with busy:
        if _installed("llvmlite") and _installed("numpy"):
            from .native.compiled import compiled

            return compiled(program, **options)
    slower = "numpy" if _installed("numpy") else "python"
    warnings.warn(
        f"llvmlite is not installed, so the program runs on {slower}, slower; pip install 'deltagrad[fast]'",
        RuntimeWarning,
        stacklevel=4,
    )
    return compiled_for(program, slower, functions=functions)


def _installed(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True
