"""The docstrings of public names keep the form that the site reads: lists have their texts in one column."""

import importlib
import inspect
import sys
import types
from pathlib import Path

import pytest

import autograd
import nn

SITE = Path(__file__).parents[1] / "docs" / "site"
sys.path.insert(0, str(SITE))
docstrings = importlib.import_module("docstrings")
gather = importlib.import_module("gather")
reference = importlib.import_module("reference")
sys.path.remove(str(SITE))

METHOD = (types.FunctionType, classmethod, staticmethod, property)
PUBLIC = [(package.__name__, name, getattr(package, name)) for package in (autograd, nn) for name in package.__all__]


def documented():
    """(full name, docstring) of every public name, of the methods of public classes, and of the modules on the site."""
    found = {}
    for package, name, thing in PUBLIC:
        found[f"{package}.{name}"] = thing
    for module in reference.MODULES:
        loaded = importlib.import_module(module)
        found[module] = loaded
        found |= {f"{module}.{name}": thing for name, thing in vars(loaded).items()
                  if not name.startswith("_") and getattr(thing, "__module__", None) == module}  # fmt: skip
    for full, thing in list(found.items()):
        if inspect.isclass(thing):
            found |= {f"{full}.{name}": method for name, method in vars(thing).items()
                      if not name.startswith("_") and isinstance(method, METHOD)}  # fmt: skip
    return {full: inspect.getdoc(thing) or "" for full, thing in found.items() if full not in reference.CONSTANTS}


DOCSTRINGS = documented()


def test_every_public_name_is_there():
    assert len(DOCSTRINGS) > 250 and {"autograd.Value", "nn.certify", "nn.MLP.forward"} <= set(DOCSTRINGS)


def test_an_argument_list_has_its_texts_in_one_column():
    crooked = {}
    for full, text in DOCSTRINGS.items():
        for paragraph in docstrings.paragraphs(text.splitlines()):
            if line := docstrings.crooked(paragraph):
                crooked[full] = line
    assert crooked == {}


def test_every_public_name_has_a_docstring():
    assert [full for full, text in DOCSTRINGS.items() if full.count(".") == 1 and not text.strip()] == []


@pytest.mark.parametrize("text, told", [
    ("net  the network\nx    its inputs\n     and more", ""), ("net  the network\nx  its inputs", "net  the network"),
    ("net  the network\nx   its inputs", "net  the network"), ("Prose.  More, a  is odd", "Prose.  More, a  is odd"),
    ("    a  b  c\n    d  e", ""), (">>> f(1)  # two blanks\n1", ""), ("One.  Two (three).  Four", ""),
    ("x  one   y  two", "one   y  two"),
])  # fmt: skip
def test_the_reader_of_lists_reads(text, told):
    (paragraph,) = docstrings.paragraphs(text.splitlines())
    assert docstrings.crooked(paragraph) == told


def test_a_list_becomes_a_definition_list_with_all_of_its_words():
    text = inspect.getdoc(nn.certify)
    lines = docstrings.rst(text.splitlines())
    assert "``error_slopes``" in lines and lines[lines.index("``net``") + 1] == "    the network, or a single neuron"
    plain = "".join("".join(lines).replace("``", "").replace("\\", "").split())
    assert plain == "".join(text.split())


def test_every_public_constant_has_words_and_no_other_has():
    constants = {f"{package}.{name}" for package, name, thing in PUBLIC
                 if not inspect.isclass(thing) and not inspect.isroutine(thing)}  # fmt: skip
    assert constants == set(reference.CONSTANTS)


def test_every_public_name_has_one_page(tmp_path):
    reference.write(tmp_path)
    for package in ("autograd", "nn"):
        pages = [path.read_text("utf-8") for path in (tmp_path / package).iterdir()]
        names = importlib.import_module(package).__all__
        assert sorted(page.partition("\n")[0] for page in pages) == sorted(names)
        assert len({path.name.lower() for path in (tmp_path / package).iterdir()}) == len(names)


def test_what_has_no_line_of_its_own_has_types_and_says_where_it_comes_from(tmp_path):
    reference.write(tmp_path)
    row, table, other = [
        (tmp_path / "autograd" / f"{name}.rst").read_text("utf-8") for name in ("atan2", "TABLE", "trace")
    ]
    assert "atan2(x: Value | float, y: Value | float) -> Value | float" in row and ":doc:`TABLE`" in row
    assert ".. py:data:: TABLE\n   :type: dict[str, Op]\n" in table and "In ``autograd.ops``." in table
    assert "Another name of :doc:`lower_function`." in other


def test_the_pages_are_gathered_with_their_links(tmp_path):
    root = Path(__file__).parents[1]
    gather.gather(root, tmp_path)
    index = (tmp_path / "index.md").read_text("utf-8")
    assert all(f"docs/{path.stem}\n" in index for path in (root / "docs").glob("*.md"))
    assert all(f"notebooks/{path.stem}\n" in index for path in (root / "notebooks").glob("*.ipynb"))
    assert "<picture>" not in index and "README.md" not in index
