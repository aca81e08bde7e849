"""The reference: a page for each public name, made of its docstring, and one for each module beside them.

Every public name has its page once.  A constant has no docstring of its own, so its words stand here; one without words
is an error.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path

from autograd import TABLE
from autograd.functions import ROWS

# What can be reached besides the public names, and what those return.
MODULES = [
    "autograd.drawing.render", "autograd.drawing.page.explorer", "autograd.drawing.page.whole", "autograd.expression",
    "autograd.ops", "autograd.lowering.lowered", "autograd.lowering.families", "autograd.lowering.matrices",
    "autograd.teaching.events", "autograd.teaching.explanation", "autograd.teaching.orders", "autograd.teaching.paths",
    "nn.deltas", "nn.certifying.report", "nn.diagnosing.diagnosis", "nn.grading.verdict", "nn.network.activations",
    "nn.network.initializers", "nn.network.losses", "nn.network.storage", "nn.plots", "nn.training.datasets",
]  # fmt: skip
CONSTANTS = {
    "autograd.TABLE": "The table of operations, a row for each, by name. :doc:`Your own operation"
    " </docs/your-own-operation>` is one more row.",
    "nn.ACTIVATIONS": "The activations by name, each a function of a Value. A network takes the name.",
    "nn.INITIALIZERS": "How weights start, by name: each a function of (generator, nin, nout) that gives one weight.",
    "nn.LOSSES": "The losses by name, each a function of (outputs, targets) that gives Err.",
    "nn.OPTIMIZERS": "The optimisers by name, each a class.",
}


def write(folder: Path) -> None:
    """Write the pages of both packages, of the modules, and their tables of contents."""
    shown: dict[int, str] = {}
    for package in ("autograd", "nn"):
        module = importlib.import_module(package)
        (folder / package).mkdir(parents=True)
        names = sorted(module.__all__, key=lambda name: (name.lower(), name))
        for name in names:
            shown.setdefault(id(getattr(module, name)), name)
            (folder / package / f"{_file(name, names)}.rst").write_text(
                _page(package, name, getattr(module, name)), "utf-8"
            )
        rows = [
            f"   * - :doc:`{name} <{package}/{_file(name, names)}>`\n     - {_summary(package, name)}" for name in names
        ]
        toctree = "\n".join(f"   {package}/{_file(name, names)}" for name in names)
        listing = ".. list-table::\n   :widths: 1 3\n\n" + "\n".join(rows)
        head = f"{_title(package)}.. automodule:: {package}\n   :no-members:\n\n"
        (folder / f"{package}.rst").write_text(f"{head}{listing}\n\n.. toctree::\n   :hidden:\n\n{toctree}\n", "utf-8")
    (folder / "modules").mkdir()
    for name in MODULES:
        there = vars(importlib.import_module(name))
        twice = sorted(key for key, found in there.items() if id(found) in shown)
        text = (
            f"{_title(name)}.. automodule:: {name}\n   :members:\n   :exclude-members: {', '.join(twice) or 'none'}\n"
        )
        (folder / "modules" / f"{name}.rst").write_text(text, "utf-8")
    toctree = "\n".join(f"   modules/{name}" for name in MODULES)
    told = "What the public functions return, and what stands behind them.\n\n"
    (folder / "modules.rst").write_text(f"{_title('Modules')}{told}.. toctree::\n\n{toctree}\n", "utf-8")


def _file(name: str, names: list[str]) -> str:
    """The name of a page's file: `value` and `Value` are one file on some disks."""
    return (
        f"{name}_" if any(other != name and other.lower() == name.lower() and other < name for other in names) else name
    )


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n\n"


def _page(package: str, name: str, found: object) -> str:
    full = f"{package}.{name}"
    if inspect.isclass(found):
        body = f".. autoclass:: {full}\n   :members:\n   :inherited-members: object, BaseException, tuple, dict\n"
    elif ROWS.get(name) is found:  # made of a row, so it has neither a line of its own nor types that can be read
        operands = ", ".join(f"{x}: Value | float" for x in "xy"[: TABLE[name].arity])
        body = f".. autofunction:: {full}({operands}) -> Value | float\n\nA row of the :doc:`TABLE`.\n"
    elif inspect.isroutine(found):
        body = f".. autofunction:: {full}\n"
        if found.__name__ != name:
            body += f"\nAnother name of :doc:`{found.__name__}`.\n"
    else:
        entries = ", ".join(f"``{key}``" for key in found) if isinstance(found, dict) else repr(found)
        home = next(
            m for m in [*sys.modules.values()] if name in vars(m).get("__annotations__", ()) and vars(m)[name] is found
        )
        body = f".. py:data:: {name}\n   :type: {home.__annotations__[name]}\n\n   {CONSTANTS[full]}\n\n   {entries}\n"
        body += f"\n   In ``{home.__name__}``.\n"
    return f"{_title(name)}.. currentmodule:: {package}\n\n{body}"


def _summary(package: str, name: str) -> str:
    """The first sentence of what is said about a name."""
    found = getattr(importlib.import_module(package), name)
    full = f"{package}.{name}"
    text = CONSTANTS[full] if full in CONSTANTS else inspect.getdoc(found) or ""
    first = re.split(r"(?<=\.)\s", text.partition("\n\n")[0].replace("\n", " "), maxsplit=1)[0]
    return first if full in CONSTANTS else _escaped(first)


def _escaped(text: str) -> str:
    from docstrings import escaped

    return escaped(text)
