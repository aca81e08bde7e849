"""The files in which answers come: JSON, CSV and notebooks, read as mappings.

Nothing is run: cells of a notebook are read as literals, and what would have to be run goes to a person.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from autograd import AutogradValueError

from .answers import ABOUT, OTHER, quoted
from .fields import PARTS

LARGEST_FILE = 1_000_000  # bytes; a whole answer has some two thousand
LONGEST_CELL = 50_000  # characters; of what nests deeper than that Python 3.10's parser ends the process
LARGEST_CLASS = 5_000  # answers in one table
FORMS = (".json", ".csv", ".ipynb")
_NAMES = {*PARTS, *ABOUT, *OTHER}


def mappings_in(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The answers of a file: one of JSON or a notebook, one or a whole class of CSV.

    Raises AutogradValueError for what is too large or cannot be read, OSError from the disk.
    """
    file = Path(path)
    if file.suffix.lower() not in FORMS:
        raise AutogradValueError(f"{file.name}: answers are read from {', '.join(FORMS)}")
    if file.stat().st_size > LARGEST_FILE:
        raise AutogradValueError(f"{file.name}: {file.stat().st_size:,} bytes are too many for an answer")
    try:
        text = file.read_bytes().decode("utf-8-sig")
        form = file.suffix.lower()
        return from_csv(text) if form == ".csv" else [from_notebook(text) if form == ".ipynb" else _object(text)]
    except UnicodeDecodeError:
        raise AutogradValueError(f"{file.name}: this is no text in UTF-8") from None
    except (ValueError, csv.Error) as error:  # json's errors are ValueErrors, and int's of too many digits
        raise AutogradValueError(f"{file.name}: {quoted(str(error))}") from None
    except RecursionError:
        raise AutogradValueError(f"{file.name}: nested too deeply for an answer") from None


def _object(text: str) -> dict[str, Any]:
    read = json.loads(text, object_pairs_hook=_once)
    if not isinstance(read, dict):
        raise ValueError("an answer is an object, {…}")
    if read.get("deltagrad") == "worksheet":
        raise ValueError("this is a sheet, and no answer to one")
    return read


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping in which nothing stands twice: which of two was meant is for a person to say."""
    read = dict(pairs)
    if len(read) < len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"{quoted(twice)!r} stands there twice")
    return read


def from_csv(text: str) -> list[dict[str, Any]]:
    """Answers of a table: a row a student under the keys of the fields; or a line a field, its key and its number.

    >>> from_csv("student,u.1.1,err\\ns01,0.5,\\n"), from_csv("student;s01\\nu.1.1;0,5\\n")
    ([{'student': 's01', 'u.1.1': '0.5', 'err': ''}], [{'student': 's01', 'u.1.1': '0,5'}])
    """
    first = text.partition("\n")[0]
    separator = ";" if ";" in first else "\t" if "\t" in first else ","
    rows = [
        row
        for row in csv.reader(io.StringIO(text), delimiter=separator, strict=True)
        if any(cell.strip() for cell in row)
    ]
    if not rows:
        raise ValueError("the table is empty")
    header = [cell.strip() for cell in rows[0]]
    if len(header) > 2 or (len(header) == 2 and header[0] == "student" and "." in header[1]):
        if len(rows) - 1 > LARGEST_CLASS:
            raise ValueError(f"{len(rows) - 1:,} rows are too many for a class")
        return [_row(header, row) for row in rows[1:]]
    return [_once([(row[0].strip(), row[1] if len(row) > 1 else "") for row in rows])]


def _row(header: list[str], row: list[str]) -> dict[str, Any]:
    """A student's row; cells under no heading, as decimal commas make them, are for a person to look at."""
    named = _once([(key, cell) for key, cell in zip(header, row) if key])
    stray = [cell for key, cell in zip_longest(header, row, fillvalue="") if not key and cell.strip()]
    return named | ({"cells under no heading": stray} if stray else {})


def from_notebook(text: str) -> dict[str, Any]:
    """The answers of a notebook: what its cells assign to the names of an answer, read and not run.

    >>> from_notebook('{"cells": [{"cell_type": "code", "source": ["u = [[0.5]]\\\\n", "err = 1/0"]}]}')
    {'u': [[0.5]], 'err': '1/0'}
    """
    found: dict[str, Any] = {}
    if not isinstance(cells := _object(text).get("cells", []), list):
        raise ValueError("its cells are no list of cells")
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        for name, value in _assigned("".join(map(str, source)) if isinstance(source, list) else str(source)):
            found[name] = value
    return found


_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
_SET = re.compile(r"^[ \t]*(\w+)[ \t]*(?::[^=\n]*|\[[^=\n]*)?=(?!=).*$", re.MULTILINE)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
           ast.GeneratorExp)  # fmt: skip


def _assigned(code: str) -> Iterator[tuple[str, Any]]:
    """What a cell assigns to the names of an answer; what would have to be run for that, as a list with its text.

    >>> list(_assigned("u = [[1]]\\no, err = [[2]], 3\\nu[0][0] = 4")), list(_assigned("%time\\nu = [[1]"))
    ([('u', [[1]]), ('o', [[2]]), ('err', 3), ('u[0][0] = 4', ['u[0][0] = 4'])], [('u = [[1]', ['u = [[1]'])])
    """
    code = _MAGIC.sub("", code)
    try:
        if len(code) > LONGEST_CELL:
            raise ValueError("a cell of an answer is shorter")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = [line[0].strip() for line in _SET.finditer(code) if line[1] in _NAMES]
        for text in lines or ([code.strip()] if _NAMES.intersection(re.findall(r"\w+", code)) else []):
            yield text, [text]
        return
    for statement in statements:
        pairs = list(_pairs(statement))
        plain = [(target.id, value) for target, value in pairs if isinstance(target, ast.Name)]
        if pairs and len(plain) == len(pairs):
            yield from ((name, _literal(value, code)) for name, value in plain if name in _NAMES)
        elif any(name in _NAMES for name in _changed(statement)):
            text = ast.get_source_segment(code, statement) or "?"
            yield text, [text]


def _pairs(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a statement assigns to what; a tuple part by part."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                match target, value:
                    case ((ast.Tuple(elts=left) | ast.List(elts=left)), (ast.Tuple(elts=right) | ast.List(elts=right))):
                        same = len(left) == len(right)
                        yield from zip(left, right) if same else [(target, value)]
                    case _:
                        yield target, value
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value


def _changed(node: ast.AST) -> Iterator[str]:
    """The names of a cell's own that a statement assigns to, changes in place, or calls a method of."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Subscript(ctx=ast.Store()) | ast.Call(func=ast.Attribute()):
            inner: ast.AST = node
            while isinstance(inner, (ast.Subscript, ast.Attribute, ast.Call)):
                inner = inner.func if isinstance(inner, ast.Call) else inner.value
            if isinstance(inner, ast.Name):
                yield inner.id
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _SCOPES):
            yield from _changed(child)


def _literal(value: ast.expr, code: str) -> Any:
    """A literal; lists and mappings with what is none as it was written."""
    match value:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_literal(part, code) for part in parts]
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            return {key.value: _literal(part, code) for key, part in zip(keys, values) if isinstance(key, ast.Constant)}
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ast.get_source_segment(code, value) or "?"
