"""A Drawing: DOT text, and the program that turns it into a picture.

The `dot` of the system is the most-missed dependency of every drawing library, so the first
choice is graphviz-pure, which pip installs: a program in the environment's folder for
scripts, called by its absolute path, since a notebook's PATH often lacks that folder.
"""

from __future__ import annotations

import functools
import importlib.metadata
import math
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ..errors import AutogradError, AutogradValueError, MissingDependency

VARIABLE = "DELTAGRAD_DOT"  # the environment variable that names another renderer
TIMEOUT = 120.0  # seconds; the largest graph drawn without being forced takes under one
LARGEST_PNG = 1_000_000  # bytes a notebook is given; SVG goes in besides
_REMEDY = f"pip install graphviz-pure, or install Graphviz, or set {VARIABLE} to the path of a dot program"


class Drawing:
    """A picture as DOT text, rendered when asked.

    dot   the text, which needs no renderer

    It shows itself in notebooks.

    >>> Drawing('digraph { "a" -> "b" }').svg()[:4]
    '<svg'
    """

    def __init__(self, dot: str) -> None:
        self.dot = dot

    def svg(self) -> str:
        """The picture as SVG text, with all digits in its tooltips.

        Raises MissingDependency without a renderer, and AutogradError if the renderer fails.
        """
        text = run("svg", self.dot).decode()
        return text[text.index("<svg") :]  # no prologue: it can stand in a page, and asks for no DTD

    def png(self, scale: float = 1.0) -> bytes:
        """The picture as PNG, `scale` times as large as the SVG is on a screen.

        Raises as svg() does, and AutogradValueError unless 0 < scale <= 20.

        >>> Drawing("digraph { a }").png(2.0)[1:4]
        b'PNG'
        """
        if not 0 < scale <= 20 or not math.isfinite(scale):
            raise AutogradValueError(f"png: the scale is a number above 0 and up to 20, and was given as {scale!r}")
        return run("png", self.dot, f"-Gdpi={96 * scale:g}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write .svg, .png (twice the size on a screen) or .gv; the file appears whole or not at all.

        Raises AutogradValueError for another ending or a folder that does not exist, and as svg().
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in _WRITERS:
            pdf = "; PDF is not written yet, so save an .svg and convert it" if ending == ".pdf" else ""
            raise AutogradValueError(f"save: {str(path)!r} has to end in .svg, .png or .gv{pdf}")
        if not target.parent.is_dir():
            raise AutogradValueError(f"save: there is no folder {str(target.parent)!r}; make it, or save elsewhere")
        replace(target, _WRITERS[ending](self))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str | bytes]:
        bundle: dict[str, str | bytes] = {"text/plain": repr(self)}
        try:
            bundle["image/svg+xml"] = self.svg()
            if len(png := self.png()) <= LARGEST_PNG:  # what viewers show that do not trust the SVG
                bundle["image/png"] = png
        except MissingDependency as missing:
            bundle["text/plain"] = f"{self!r}: {missing}"
        return bundle

    def __repr__(self) -> str:
        return f"Drawing({len(self.dot)} characters of DOT; .svg(), .png(), .save(path))"


_WRITERS: dict[str, Callable[[Drawing], bytes]] = {
    ".svg": lambda drawing: drawing.svg().encode(),
    ".png": lambda drawing: drawing.png(2.0),
    ".gv": lambda drawing: drawing.dot.encode(),
}


def replace(target: Path, contents: bytes) -> None:
    """Write a file beside the target, then rename it: nobody ever sees half a picture."""
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(contents)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def run(output: str, dot: str, *arguments: str) -> bytes:
    """What the renderer makes of the DOT text: "svg", "png", …"""
    program = renderer()
    try:
        done = subprocess.run(
            [program, f"-T{output}", *arguments], input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=False
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


def renderer() -> str:
    """The program that draws: the one of the environment variable, graphviz-pure, or a `dot` on PATH.

    Raises MissingDependency, with the remedy, if there is none.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        if found := shutil.which(chosen):
            return found
        raise MissingDependency(f"{VARIABLE} is {chosen!r}, which is not a program; correct it or unset it")
    if found := _graphviz_pure() or shutil.which("dot"):
        return found
    raise MissingDependency(f"there is no program to render pictures: {_REMEDY}; the DOT text is in .dot")


@functools.cache
def _graphviz_pure() -> str | None:
    """Where the installed wheel put its program, by the wheel's own record."""
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
