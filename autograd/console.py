"""What the command lines, `python -m autograd`, `python -m nn` and `deltagrad`, have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from .words.text import printable

LONGEST = 500  # letters of a complaint


def say(text: object, end: str = "\n") -> None:
    """Print what does a terminal no harm, whatever the names of columns, classes and files hold.

    >>> say("two\\nlines \\x1b[2J")
    two
    lines �[2J
    """
    print(_plain(str(text)), end=end)


def _plain(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def told(error: Exception) -> str:
    """An error in words, without the number of an OSError.

    >>> told(FileNotFoundError(2, "No such file or directory", "a.csv"))
    'a.csv: No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return _plain(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    if isinstance(error, MemoryError):
        return "there is not enough memory for that"
    return _plain(str(error))


class Parser(argparse.ArgumentParser):
    """Options of a command line: complaints in one line of a sensible length that moves no cursor, then exit code 2."""

    elsewhere: Mapping[str, str] = {}  # what an option is called elsewhere, and here

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse does; an option that is none is answered with the one that is meant."""
        found, left = self.parse_known_args(args, namespace)
        if left:
            option = left[0].partition("=")[0]
            options = [option for action in self._actions for option in action.option_strings]
            meant = self.elsewhere.get(option)
            near = [meant] if meant in options else get_close_matches(option, options, 1)
            advice = f"; did you mean {near[0]}?" if near and option.startswith("--") else ""
            self.error(f"unrecognized arguments: {' '.join(left)[:200]}{advice}")
        return found

    def error(self, message: str) -> NoReturn:
        """End the program."""
        self.print_usage(sys.stderr)
        text = printable(message)
        self.exit(2, f"{self.prog}: error: {text if len(text) <= LONGEST else text[:LONGEST] + '…'}\n")


def whole(text: str) -> int:
    """The type of an option: a whole number from 1.

    >>> whole("12")
    12
    """
    if not text.strip().isdecimal() or len(text) > 12 or int(text) < 1:
        raise _no(text, "a whole number from 1")
    return int(text)


def real(what: str, fits: Callable[[float], object]) -> Callable[[str], float]:
    """The type of an option: a number that `fits` is true of, and raises no ValueError.

    >>> real("a share", lambda x: 0.0 <= x <= 1.0)("0.5")
    0.5
    """

    def read(text: str) -> float:
        try:
            if fits(value := float(text)):
                return value
        except ValueError:
            pass
        raise _no(text, what)

    return read


def _no(text: str, what: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{text if len(text) <= 57 else text[:54] + '...'!r} is not {what}")


def run(main: Callable[[], int]) -> int:
    """main() on a real console: one that cannot print δ prints ? instead, one that is gone is no error.

    Returns main's exit code, 130 after Ctrl-C, 1 where nobody reads any more or nothing can be printed.

    >>> run(lambda: 0)
    0
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    try:
        code = main()
        if sys.stdout is not None:  # as it is after >&-
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # python -m nn | head
        _silence()
        return 1
    except OSError as error:  # a full disk behind >
        _silence()
        print(f"the output cannot be written: {told(error)}", file=sys.stderr)
        return 1


def _silence() -> None:
    """Let Python's own last flush find something that takes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
