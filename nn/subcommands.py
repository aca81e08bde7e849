"""One command for everything: `deltagrad train`, `deltagrad draw 'tanh(w*x + b)' w=0.5 x=2 b=-1.5`, …

A subcommand is a line of COMMANDS.  What does the work is the main of `python -m nn` or `python -m autograd`, which
stay and do the same.

Exit codes: those of the mains; 2 for a subcommand that does not exist.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from autograd import __version__, core
from autograd.console import run

Main = Callable[[list[str], str], int]  # (arguments, what the program is called) -> exit code


def _of_nn(*first: str) -> Main:
    """`python -m nn` with these arguments in front."""

    def main(arguments: list[str], program: str) -> int:
        from .__main__ import main

        return main([*first, *arguments], program)

    return main


def _called(module: str, name: str) -> Main:
    """A subcommand that the module's own main has under this name."""

    def main(arguments: list[str], program: str) -> int:
        if module == "nn":
            from .__main__ import main
        else:
            from .sheets.command import main

        return main([name, *arguments], program.partition(" ")[0])

    return main


def _of_autograd(option: str, file: str) -> Main:
    """`python -m autograd` that writes one thing: what -o means here, and where to without it."""

    def main(arguments: list[str], program: str) -> int:
        from autograd.__main__ import main

        words = [option if word in ("-o", "--output") else word for word in arguments]
        chosen = any(word.startswith(("-h", "--help", "--version", "-o", "--format", option)) for word in words)
        return main(words if chosen else [*words, option, file], program)

    return main


class Command(NamedTuple):
    """A subcommand: its name, what it does in a line, and who does it."""

    name: str
    says: str
    main: Main


COMMANDS = {command.name: command for command in (
    Command("train", "train on a table (without one: the irises), certify every δ, draw and save", _of_nn()),
    Command("predict", "what a trained network says of the rows of a table", _called("nn", "predict")),
    Command("play", "a page in which a network learns before your eyes", _of_nn("--play")),
    Command("draw", "the graph of a formula as a picture: graph.svg, or where -o says",
            _of_autograd("--output", "graph.svg")),
    Command("explore", "the same as a page to step through: graph.html, or where -o says",
            _of_autograd("--explore", "graph.html")),
    Command("worksheet", "exercise sheets and their keys", _called("nn.sheets", "worksheet")),
    Command("grade", "answers to a sheet, marked; a table and a report of a class", _called("nn.sheets", "grade")),
)}  # fmt: skip


def usage() -> str:
    """What `deltagrad --help` prints.

    >>> usage().splitlines()[0]
    'usage: deltagrad {train,predict,play,draw,explore,worksheet,grade} ...'
    """
    width = max(map(len, COMMANDS))
    lines = [f"  {command.name:{width}}  {command.says}" for command in COMMANDS.values()]
    head = [f"usage: deltagrad {{{','.join(COMMANDS)}}} ...", "", *lines, ""]
    return "\n".join(
        [*head, "deltagrad COMMAND --help shows the options of a command, deltagrad --version the version"]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what these command-line arguments ask for, and return the exit code.

    >>> main(["trian"])
    2
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0 if given else 2
    if given[0] == "--version":
        print(f"deltagrad {__version__}, {core} core")
        return 0
    name, *rest = given
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1) or [", ".join(COMMANDS)]
        print(f"deltagrad: there is no command {name!r}; there is {near[0]}", file=sys.stderr)
        return 2
    return COMMANDS[name].main(rest, f"deltagrad {name}")


def command() -> int:
    """The console script."""
    return run(main)
