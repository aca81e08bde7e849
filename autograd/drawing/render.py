"""A Drawing: DOT text, and what turns it into a picture.

The `dot` of the system is the most-missed dependency of every drawing library, so the first
choice is graphviz-pure, which pip installs: a program in the environment's folder for
scripts, called by its absolute path, since a notebook's PATH often lacks that folder.

Both stand in RENDERERS, where another can be put: a page in a browser has no programs to call.
"""

from __future__ import annotations

import contextlib
import functools
import html
import importlib.metadata
import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import AutogradError, AutogradTypeError, AutogradValueError, MissingDependency
from ..tools.files import require_folder, write
from ..words.text import markup, printable
from .fonts import measured, width
from .mermaid import limited
from .parts import FIXED
from .pdf import pdf

VARIABLE = "DELTAGRAD_DOT"  # the environment variable that names another renderer
_PAD = 0.25  # inches around a picture, see parts.canvas
TIMEOUT = 120.0  # seconds; the largest graph drawn without being forced takes under one
LARGEST_PNG, LARGEST_PDF = 1_000_000, 250_000  # bytes a notebook is given; SVG goes in besides
_REMEDY = f"pip install graphviz-pure, or install Graphviz, or set {VARIABLE} to the path of a dot program"
# Up to the first brace of a DOT text: comments, `strict`, what it is, and its name, in which there may be braces.
_NOTHING = r"(?:\s|//.*|#.*|/\*(?:.|\n)*?\*/)*"
_HEAD = re.compile(_NOTHING + r'(?:strict\s+)?(?:di)?graph\s*(?:"(?:\\.|[^"\\])*"|[^\s{"]*)\s*\{', re.IGNORECASE)


class Drawing:
    """A picture as DOT text, rendered when asked.

    dot          the text, which needs no renderer
    title        what it is a picture of, for those who hear it and for the PDF's window
    description  the same in a sentence or two
    mermaid      the same picture as a Mermaid flowchart, for those who made one

    It shows itself in notebooks.

    >>> Drawing('digraph { "a" -> "b" }').svg()[:4]
    '<svg'
    """

    def __init__(self, dot: str, title: str = "", description: str = "", mermaid: str = "") -> None:
        self.dot = dot
        self.title = printable(title) or "computation graph"
        self.description = printable(description)
        self._mermaid = mermaid

    @property
    def mermaid(self) -> str:
        """The picture as a Mermaid flowchart: code hosts draw it where a block of a Markdown file is marked `mermaid`.

        Raises AutogradValueError for a picture that is larger than they draw, and for DOT text of one's own.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0, "x") ** 2).mermaid.splitlines()[0]
        'flowchart LR'
        """
        if not self._mermaid:
            raise AutogradValueError("mermaid: this drawing was made from DOT text, which is not translated")
        return limited(self._mermaid)

    @property
    def width(self) -> int:
        """How many pixels wide the picture is on a screen, and a PNG of scale 1; raises as svg() does.

        >>> 30 < Drawing("digraph { a }").width < 200
        True
        """
        _, _, inches, *_ = rendered(self.dot, "plain").split(None, 3)
        return math.ceil(96 * (float(inches) + 2 * _PAD))

    def svg(self) -> str:
        """The picture as SVG text, with all digits in its tooltips, and words for screen readers.

        Raises MissingDependency without a renderer, and AutogradError if the renderer fails.
        """
        text = rendered(self.dot, "svg").decode()
        text = text[text.index("<svg") :]  # no prologue: it can stand in a page, and asks for no DTD
        # Not role="img", which would silence the texts inside.  Ids are not used: pages hold several pictures.
        named = f'<svg role="graphics-document" aria-label="{markup(self.title)}"'
        told = f"<title>{markup(self.title)}</title>\n<desc>{markup(self.description)}</desc>"
        return re.sub(r"<svg([^>]*>)", lambda head: f"{named}{head[1]}\n{told}", held(text), count=1)

    def png(self, scale: float = 1.0) -> bytes:
        """The picture as PNG, `scale` times as large as the SVG is on a screen.

        Raises as svg() does, and AutogradValueError unless 0 < scale <= 20.

        >>> Drawing("digraph { a }").png(2.0)[1:4]
        b'PNG'
        """
        if not 0 < scale <= 20 or not math.isfinite(scale):
            raise AutogradValueError(f"png: the scale is a number above 0 and up to 20, and was given as {scale!r}")
        return rendered(_HEAD.sub(lambda head: f"{head[0]} dpi={96 * scale:g};", self.dot, count=1), "png")

    def pdf(self) -> bytes:
        """The picture as a PDF of one page, in vectors and real text; raises as svg() does.

        >>> Drawing("digraph { a }").pdf()[:5]
        b'%PDF-'
        """
        return pdf(json.loads(rendered(self.dot, "json")), self.title)

    def save(self, path: str | os.PathLike[str], scale: float = 2.0) -> None:
        """Write .svg, .png, .pdf, .gv (DOT) or .mmd (Mermaid); the file appears whole or not at all.

        scale   of a PNG: how many times as large as on a screen

        Raises AutogradValueError for another ending or a folder that does not exist, and as svg() and png().
        """
        target = Path(path)
        writers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": lambda: self.png(scale),
            ".pdf": self.pdf,
            ".gv": self.dot.encode,
            ".mmd": lambda: self.mermaid.encode(),
        }
        writer = writers.get(target.suffix.lower())
        if writer is None:
            raise AutogradValueError(f"save: {str(path)!r} has to end in .svg, .png, .pdf, .gv or .mmd")
        require_folder(target)
        write(target, writer())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str | bytes]:
        bundle: dict[str, str | bytes] = {"text/plain": repr(self)}
        try:
            bundle["image/svg+xml"] = fitting(self.svg())
        except MissingDependency as missing:
            return {"text/plain": f"{self!r}: {missing}"}
        # For viewers that do not trust the SVG, and for LaTeX, which cannot read it.
        for kind, made, largest in ("image/png", self.png, LARGEST_PNG), ("application/pdf", self.pdf, LARGEST_PDF):
            with contextlib.suppress(MissingDependency):  # the browser's renderer has no pixels
                if len(picture := made()) <= largest:
                    bundle[kind] = picture
        return bundle

    def __repr__(self) -> str:
        return f"Drawing({len(self.dot)} characters of DOT; .svg(), .png(), .pdf(), .save(path))"


def held(svg: str, which: str = "") -> str:
    """An SVG whose texts keep to the width that they were given room for, whatever font stands in for Helvetica.

    which   a condition on the beginning of a text's tag, as a regular expression

    >>> held('<text font-size="10.00">+0.500</text>')
    '<text font-size="10.00" textLength="30.9" lengthAdjust="spacingAndGlyphs">+0.500</text>'
    """

    def fixed(text: re.Match[str]) -> str:
        tag, size, content = text.groups()
        shown = html.unescape(content)
        if not shown.strip() or not measured(shown):
            return text[0]
        wide = width(shown, bold="bold" in tag) * float(size)
        return f'{tag} textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs">{content}<'

    return re.sub(rf'(<text {which}[^>]*font-size="([\d.]+)"[^>]*)>([^<]*)<', fixed, svg)


def narrowest(forms: Iterable[Callable[[], Drawing]], width: float | None) -> Drawing:
    """The first form that is at most so many pixels wide, or else the narrowest; without a width the first.

    >>> wide, narrow = (lambda: Drawing("digraph { rankdir=LR a -> b }")), (lambda: Drawing("digraph { a -> b }"))
    >>> narrowest([wide, narrow], None).dot == wide().dot, narrowest([wide, narrow], 120).dot == narrow().dot
    (True, True)
    """
    found: list[tuple[int, Drawing]] = []
    for form in forms:
        drawing = form()
        if width is None or (wide := drawing.width) <= width:
            return drawing
        found.append((wide, drawing))
    return min(found, key=lambda each: each[0])[1]


def fitting(svg: str) -> str:
    """An SVG for a notebook: as wide as the page where it is wider, but not below 60 % of its size, which is scrolled.

    >>> fitting('<svg width="100pt" height="50pt">')
    '<svg style="max-width:max(100%, 60pt);height:auto" width="100pt" height="50pt">'
    """
    found = re.search(r'<svg[^>]*?\bwidth="([\d.]+)pt"', svg)
    if not found:
        return svg
    return svg.replace("<svg", f'<svg style="max-width:max(100%, {0.6 * float(found[1]):.0f}pt);height:auto"', 1)


Renderer = Callable[[str, str], bytes]


def rendered(dot: str, format: str) -> bytes:
    """What a renderer makes of the DOT text: "svg", "png", "json", …

    The environment variable DELTAGRAD_DOT names the renderer: one of RENDERERS, or a program.  Without it they are
    asked in turn, the one that was put in last first, until one is there.

    Raises MissingDependency, with the remedy, if there is none, and AutogradError if it fails.

    >>> rendered("digraph { a }", "svg")[:5]
    b'<?xml'
    """
    chosen = os.environ.get(VARIABLE)
    if chosen and chosen not in RENDERERS:
        if found := shutil.which(chosen):
            same = found == graphviz_pure()
            return _checked(chosen, run(found, dot if same else _loose(dot), format))
        raise MissingDependency(f"{VARIABLE} is {chosen!r}, which is not a program; correct it or unset it")
    lacking = {}
    for name in [chosen] if chosen else reversed(RENDERERS):
        try:
            return _checked(name, RENDERERS[name](dot if name == "graphviz-pure" else _loose(dot), format))
        except MissingDependency as missing:
            lacking[name] = str(missing)
    own = [text for name, text in lacking.items() if chosen or name not in _OURS]
    told = "; ".join(own) or f"there is no program to render pictures: {_REMEDY}"
    raise MissingDependency(f"{told}; the DOT text is in .dot")


def _loose(dot: str) -> str:
    """DOT text for those who measure texts in a font of their own, which may be a wider one."""
    return dot.replace(f" {FIXED}", "")


def _checked(name: str, made: object) -> bytes:
    if isinstance(made, bytes):
        return made
    raise AutogradTypeError(f"the renderer {name!r} returned {type(made).__name__}, and a picture is bytes")


def run(program: str, dot: str, format: str) -> bytes:
    """What a program with Graphviz's options makes of the DOT text.

    Raises MissingDependency where it cannot be started, and AutogradError if it fails.

    >>> run("/no/such/program", "digraph { a }", "svg")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.errors.MissingDependency: /no/such/program could not be started ...
    """
    try:
        done = subprocess.run(
            [program, f"-T{format}"], input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        remedy = "draw a smaller graph, or level='pills'"
        raise AutogradError(f"{program} did not finish within {TIMEOUT:g} seconds; {remedy}") from None
    except OSError as error:
        raise MissingDependency(f"{program} could not be started ({error.strerror}); {_REMEDY}") from None
    if done.returncode or not done.stdout:
        raise AutogradError(f"{program} failed with status {done.returncode}: {_complaints(done.stderr)}")
    return done.stdout


def _complaints(stderr: bytes) -> str:
    """What the renderer wrote, without the warning that it guesses the width of some letters."""
    lines = stderr.decode(errors="replace").splitlines()
    return "\n".join(line for line in lines if "non-ASCII character" not in line).strip() or "it gave no reason"


def _with(program: Callable[[], str | None], name: str) -> Renderer:
    def renderer(dot: str, format: str) -> bytes:
        if found := program():
            return run(found, dot, format)
        raise MissingDependency(f"{name} is not installed")

    return renderer


@functools.cache
def graphviz_pure() -> str | None:
    """The program of the installed wheel graphviz-pure, by the wheel's own record; None where it is not there."""
    try:
        files = importlib.metadata.files("graphviz-pure") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name in ("graphviz-pure", "graphviz-pure.exe"):
            path = Path(str(file.locate())).resolve()
            if path.is_file():
                return str(path)
    return None


_OURS: dict[str, Renderer] = {
    "dot": _with(lambda: shutil.which("dot"), "Graphviz"),
    "graphviz-pure": _with(lambda: graphviz_pure(), "graphviz-pure"),
}
# (DOT text, format) -> the picture.  One that is not there, or lacks the format, raises MissingDependency.
RENDERERS: dict[str, Renderer] = dict(_OURS)
