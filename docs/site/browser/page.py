"""Python's side of a page whose code blocks run: a block is run, and what it gives is shown, as a notebook does.

It is loaded in the browser, where `js` is the worker; what has no place there says so in a line.
"""

import ast
import builtins
import io
import linecache
import sys
import traceback
import warnings

import js

import __main__
from autograd import AutogradError, MissingDependency
from autograd.drawing.render import RENDERERS

HERE = "This page has Python's standard library, deltagrad, Graphviz, and SymPy where a block says `import sympy`."


class Output(io.TextIOBase):
    """Where `print` writes: under the block."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        js.deltagradShow("text", text)
        return len(text)


def rendered(dot: str, format: str) -> bytes:
    """A renderer, as autograd.drawing.render has them."""
    if format == "png":
        raise MissingDependency("a picture in a page is SVG or PDF, and no PNG")
    try:
        return js.deltagradLayout(dot, format).encode()
    except Exception as error:
        raise AutogradError(f"Graphviz failed: {error}") from None


def display(*things: object) -> None:
    """Show things as the last line of a block is shown: picture, page, formula, or text."""
    for thing in things:
        kind, content = shown(thing)
        js.deltagradShow(kind, content)


def shown(thing: object) -> tuple[str, str]:
    """How a thing shows itself best: ("html" or "text", what)."""
    kind = type(thing)
    bundle = thing._repr_mimebundle_() if hasattr(kind, "_repr_mimebundle_") else {}
    for name, mime in (("_repr_html_", "text/html"), ("_repr_svg_", "image/svg+xml"), ("_repr_latex_", "text/latex")):
        if mime not in bundle and hasattr(kind, name):
            bundle[mime] = getattr(thing, name)()
    for mime in ("text/html", "image/svg+xml"):
        if bundle.get(mime):
            return "html", bundle[mime]
    if bundle.get("text/latex"):
        from formulas import displayed

        return "html", displayed(bundle["text/latex"])
    return "text", f"{bundle.get('text/plain') or repr(thing)}\n"


def run(source: str, number: int, echo: bool) -> bool:
    """Run a block, and show its last value, or every value as the prompt does; whether it ended well."""
    file = f"<block {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    try:
        statements = ast.parse(source, file).body
        for statement in statements:
            if isinstance(statement, ast.Expr) and (echo or statement is statements[-1]):
                value = eval(compile(ast.Expression(statement.value), file, "eval"), __main__.__dict__)
                if value is not None:
                    display(value)
            else:
                exec(compile(ast.Module([statement], []), file, "exec"), __main__.__dict__)
    except BaseException as error:
        js.deltagradShow("error", told(error))
        return False
    return True


def told(error: BaseException) -> str:
    """A traceback that begins in the block; of what a page cannot have, a line."""
    if isinstance(error, KeyboardInterrupt):
        return "Stopped. What was computed before is kept."
    if isinstance(error, MissingDependency):
        return f"Not in a page: {error}. {HERE}"
    if isinstance(error, ModuleNotFoundError):
        return f"Not in a page: {error.name}. {HERE}"
    own = error.__traceback__.tb_next if error.__traceback__ else None  # without run's own frame
    return "".join(traceback.format_exception(type(error), error, own))


sys.stdout = sys.stderr = Output()
RENDERERS["page"] = rendered
warnings.formatwarning = lambda message, category, *_: f"{category.__name__}: {message}\n"
builtins.display = display
