"""A formula, differentiated and shown, from the command line.

    python -m autograd 'tanh(w*x + b)' w=0.5 x=2 b=-1.5                  a table
    python -m autograd 'tanh(w*x + b)' w=0.5 x=2 b=-1.5 -o neuron.svg    a picture

Exit codes: 0 done; 1 the picture could not be rendered, or nobody reads what is printed; 2 something is
wrong with what was given; 130 interrupted.
"""

from __future__ import annotations

import argparse
import inspect
import math
import re
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__, core
from .console import Parser, run, say, told
from .errors import AutogradError, AutogradValueError, LoweringError
from .expression import FUNCTIONS, assignments, expression
from .gradient import grad
from .graph import dependents, toposort
from .ops import Op
from .teaching.events import Forward, Recording, record
from .value import Value
from .words.text import TERMS, shown

if TYPE_CHECKING:
    from .drawing import Drawing
    from .drawing.page.whole import Page

FORMATS = ("svg", "png", "pdf", "gv", "mmd")
BINARY = ("png", "pdf")
PYTHON_S = {*dir(math)} - {"sumprod"}  # functions that need no remark; sumprod is new in Python 3.12

EXAMPLES = """\
examples:
  python -m autograd 'tanh(w*x + b)' w=0.5 x=2 b=-1.5                the table
  python -m autograd 'tanh(w*x + b)' w=0.5 x=2 b=-1.5 -o neuron.svg  the picture
  python -m autograd 'x*exp(-x**2)' x=0.5 --source                 the derivative as a program
  python -m autograd 'a + a*b' a=3 b=2 --steps                     backward, event by event
  python -m autograd 'a + a*b' a=3 b=2 --explore page.html         the same as a page to play with

"""


def main(arguments: Sequence[str] | None = None, program: str = "python -m autograd") -> int:
    """Do what these command-line arguments ask for, and return the exit code; `program` is what it is called."""
    options = parse(arguments, program)
    try:
        result, leaves = expression(options.formula.strip(), assignments(options.values))
        files = options.output or options.format or options.explore
        if options.text or not (options.steps or options.source or files):
            say(table(record(result)))
        if options.steps:
            say(steps(record(result)))
        if options.source:
            say(source(result, leaves), end="")
        if options.output or options.format:
            picture(result, options)
        if options.explore:
            page(result, options)
    except (AutogradError, OSError) as error:
        if isinstance(error, OSError) and error.filename is None:  # of the console: for run(main) to settle
            raise
        print(f"{program}: {told(error)}", file=sys.stderr)
        return 2 if isinstance(error, (AutogradValueError, LoweringError, OSError)) else 1
    return 0


# --- what can be shown --------------------------------------------------------------------------


def table(recording: Recording) -> str:
    """Every node with its value, its gradient, and its derivatives by its own operands.

    >>> x = Value(3.0, "x")
    >>> print(table(record(x * x)))
    node  formula  value  ∂f/∂node  local derivatives
    ─────────────────────────────────────────────────
    x     given       +3        +6
    f     x²          +9        +1  ∂₁f = +3, ∂₂f = +3
    ∂₁f: by the first operand alone, x² being x·x
    """
    names, root = recording.names, shown(recording.names[recording.root])
    rows = [("node", "formula", "value", f"∂{root}/∂node", "local derivatives")]
    formulas = {e.node: recording.symbols.formula(e.node) for e in recording.events if isinstance(e, Forward)}
    recording.jump(len(recording.events))
    for node, value in recording.values.items():
        if node not in recording.edges:
            continue  # a plain number
        local = [f"{recording.symbols.local(node, i)} = {d:+.6g}" for _, d, i in recording.edges[node]]
        few = local if len(local) <= TERMS else [*local[:TERMS], "…"]
        gradient = f"{recording.gradient(node):+.6g}"
        rows.append((shown(names[node]), formulas.get(node, "given"), f"{value:+.6g}", gradient, ", ".join(few)))
    width = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        f"{a:{width[0]}}  {b:{width[1]}}  {c:>{width[2]}}  {d:>{width[3]}}  {e}".rstrip() for a, b, c, d, e in rows
    ]
    return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:], *recording.symbols.notes])


def steps(recording: Recording) -> str:
    """Both passes event by event, then why in this order, and why +=."""
    return f"{recording}\n\n{recording.why()}"


def source(result: Value, leaves: list[Value]) -> str:
    """The formula and its derivatives as one program, and what the functions in it are.

    Raises AutogradValueError where there is nothing to derive by.

    >>> w, x = Value(0.5, "w"), Value(3.0, "x"); y = w * x; y.label = "f"
    >>> print(source(y, [w, x]))
    # returns [f, ∂f/∂w, ∂f/∂x]
    def program(w, x):
        f = w * x
        return [f, x, w]
    <BLANKLINE>
    """
    from .lowering import lower

    if not leaves:
        raise AutogradValueError("the formula has no names, so there is nothing to derive by")
    gradient = grad(result, leaves)
    moving = dependents(toposort(result, *gradient), leaves)
    returned, outputs, fixed = [shown(result.label)], [result], []
    for leaf, g in zip(leaves, gradient):
        name = f"∂{shown(result.label)}/∂{shown(leaf.label)}"
        if g in moving:
            returned.append(name)
            outputs.append(g)
        else:  # a program has no output that no input reaches
            fixed.append(f"# {name} is {g.data!r}, whatever the inputs\n")
    program = lower(outputs, leaves)
    called = [f"# {_explained(row)}\n" for row, name in program.functions.items()
              if f"{name}(" in re.findall(r"\w+\(", program.source) and name not in PYTHON_S]  # fmt: skip
    return f"# returns [{', '.join(returned)}]\n{''.join(fixed + called)}{program.source}"


def _explained(row: Op) -> str:
    """A function of the table in a line.

    >>> from .ops import TABLE
    >>> _explained(TABLE["log_slope"])
    'log_slope(x): Derivative of log: 1 / x; inf at 0, nan below, where log is nan.'
    """
    operands = ", ".join(str(p).partition(":")[0] for p in inspect.signature(row.function).parameters.values())
    return f"{row.name}({operands}): {(inspect.getdoc(row.function) or row.name).splitlines()[0]}"


def picture(result: Value, options: argparse.Namespace) -> None:
    """Write the picture to the file that was named, or to the standard output."""
    from .drawing import draw

    result.backward()
    drawing = draw(result, level=options.level, direction=options.direction, theme=options.theme or "light")
    if options.output:
        path = Path(options.output)
        if options.format and path.suffix.lower() != f".{options.format}":
            path = path.with_name(f"{path.name}.{options.format}")
        _write(drawing, path)
    elif options.format in BINARY and sys.stdout.isatty():
        raise AutogradValueError(f"a terminal cannot show {options.format}: give a file with -o")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"picture.{options.format}"
            drawing.save(path)
            sys.stdout.buffer.write(path.read_bytes())


def page(result: Value, options: argparse.Namespace) -> None:
    """Write the page on which the formula can be stepped through, and its numbers changed."""
    from .drawing.page.explorer import explore

    made = explore(result, level=options.level, direction=options.direction, theme=options.theme)
    _write(made, Path(options.explore))


def _write(made: Drawing | Page, path: Path) -> None:
    try:
        made.save(path)
    except OSError as error:  # which names a draft beside the file
        raise AutogradValueError(f"cannot write {path}: {error.strerror}") from None
    say(f"wrote {path}")


# --- the command line ---------------------------------------------------------------------------


def parse(arguments: Sequence[str] | None = None, program: str = "python -m autograd") -> argparse.Namespace:
    """The command line as settings; it ends the program with code 2 where it makes no sense."""
    parser = Parser(
        prog=program,
        description="Differentiate a formula by backpropagation, and show how: a table, a picture, a program, a film.",
        epilog=EXAMPLES + textwrap.fill(f"functions: {', '.join(sorted(FUNCTIONS))}", 79),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # fmt: off
    parser.add_argument("formula", help="in Python's notation, quoted for the shell")
    parser.add_argument("values", metavar="name=number", nargs="*", help="a number for each name in the formula")
    parser.add_argument("--version", action="version", version=f"deltagrad {__version__}, {core} core")
    words = parser.add_argument_group("as text")
    words.add_argument("--text", action="store_true",
                       help="value, gradient and local derivatives of every node (what you get if you ask for nothing)")
    words.add_argument("--steps", action="store_true", help="every event of both passes; why this order, and why +=")
    words.add_argument("--source", action="store_true", help="value and derivatives as a Python program")
    image = parser.add_argument_group("as a picture or a page")
    image.add_argument("-o", "--output", metavar="FILE", help="where to, its ending says what: neuron.svg")
    image.add_argument("--format", choices=FORMATS, help="of the file; without -o, to the standard output")
    image.add_argument("--explore", metavar="PAGE", help="a page to step through, with leaves to drag: page.html")
    image.add_argument("--theme", help="light or dark (default: light; for a page what its reader's system prefers)")
    image.add_argument("--direction", default="LR", help="LR left to right, TB top to bottom (default: %(default)s)")
    image.add_argument("--level", help="cards or pills (default: by size)")
    # fmt: on
    given = list(sys.argv[1:] if arguments is None else arguments)
    # What starts with a minus and does not look like an option is a formula, which a blank tells argparse.
    minus = re.compile(r"\A-(?!-[a-z]+(=|\Z)|[oh]|-?\Z)")
    options = parser.parse_intermixed_args([minus.sub(" -", word) for word in given])
    if options.format and not options.output and (options.text or options.steps or options.source):
        parser.error("the standard output cannot take both text and picture: name a file with -o")
    return options


if __name__ == "__main__":
    sys.exit(run(main))
