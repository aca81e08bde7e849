"""The settings of Sphinx.  `python docs/build.py` is what runs it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from docutils import nodes

sys.path.insert(0, str(Path(__file__).parent))
import docstrings
import formulas

import autograd

project = author = "deltagrad"
project_copyright = "the authors of deltagrad"
release = version = autograd.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "myst_nb"]

myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # what is shown is what was committed, and tested
nb_mime_priority_overrides = [
    ("html", "text/html", 0), ("html", "image/svg+xml", 10), ("html", "text/latex", 15), ("html", "image/png", 20),
    ("html", "text/plain", 30),
]  # fmt: skip

html_theme, html_title = "furo", "deltagrad"
_RUNS = Path(__file__).parent.joinpath("static", "browser").exists()  # see build.py --browser
html_static_path, html_css_files = ["static"], ["font.css", "site.css"]
html_show_sphinx = html_copy_source = False
html_show_search_summary = False  # it would be fetched, which a page from disk may not do
html_math_renderer = "mathml"
pygments_style, pygments_dark_style = "friendly", "monokai"

default_role = "code"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88


def _docstring(app, what, name, obj, options, lines):
    lines[:] = docstrings.rst(list(lines))


def _signature(app, what, name, obj, options, arguments, returns):
    """What a dataclass makes anew for each object has no value to show, and Sphinx reads no `<factory>`."""
    return arguments and arguments.replace("<factory>", "..."), returns


def _bases(app, name, obj, options, bases):
    bases[:] = [base for base in bases if base is not object]


def _words_for_pictures(app, doctree):
    """A notebook's picture has the words that the drawing wrote into its SVG."""
    for image in doctree.findall(nodes.image):
        if image.get("alt"):
            continue
        uri = image["uri"]
        places = (Path(uri), Path(app.srcdir, uri.lstrip("/")), Path(app.env.doc2path(app.env.docname)).parent / uri)
        text = next((path.read_text("utf-8") for path in places if path.suffix == ".svg" and path.exists()), "")
        found = [re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("title", "desc")]
        image["alt"] = ". ".join(m[1].strip() for m in found if m) or "a picture computed by the cell above"


def _blocks_that_run(app, pagename, templatename, context, doctree):
    """Blocks of the guide and of notebooks run in the page, where Python is there; those of the reference do not."""
    if _RUNS and (pagename == "index" or pagename.startswith(("docs/", "notebooks/"))):
        app.add_css_file("browser/run.css")
        app.add_js_file("browser/run.js")


def _inline(self, node):
    self.body.append(formulas.mathml(node.astext()))
    raise nodes.SkipNode


def _displayed(self, node):
    self.body.append(formulas.displayed(node.astext()))
    raise nodes.SkipNode


def setup(app):
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-bases", _bases)
    app.connect("doctree-read", _words_for_pictures)
    app.connect("html-page-context", _blocks_that_run)
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_displayed, None))
