"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path

from ..errors import AutogradValueError


def write(path: str | os.PathLike[str], contents: str | bytes) -> None:
    """Replace a file in one move, so that a reader finds the old contents or the new, never half of them.

    It is on the disk before it takes its name; a link stays a link, and a file that is replaced leaves its
    permissions.  Raises AutogradValueError for what is there and is no regular file, and OSError, which names
    the path as it was given, from the disk.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(folder + "/a.txt", "δ"); Path(folder + "/a.txt").read_text(encoding="utf-8")
    'δ'
    """
    data = contents.encode() if isinstance(contents, str) else contents
    try:
        target, mode = _place(path)
        beside = target.with_name(f"{_mark(target)}{os.getpid()}.{secrets.token_hex(4)}")
        _sweep(target)
        try:
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode or 0o666), "wb") as file:
                if mode is not None:
                    os.chmod(beside, mode)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None


def require_folder(target: Path) -> None:
    """Raise AutogradValueError where there is no folder to save a file in.

    >>> require_folder(Path("picture.svg"))
    """
    if not target.parent.is_dir():
        raise AutogradValueError(f"save: there is no folder {str(target.parent)!r}; make it, or save elsewhere")


_BINARY = getattr(os, "O_BINARY", 0)  # of Windows


def _place(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """Where the file is, links followed, and its permissions; None where there is none yet."""
    text = os.fspath(path)
    if not text or "\0" in text:
        raise AutogradValueError(f"save: {text!r} is no name of a file")
    target = Path(os.path.realpath(text))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if text.endswith((os.sep, "/")):
            raise AutogradValueError(f"save: {text!r} names a folder; give a name of a file in it") from None
        return target, None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, a socket or a device"
        raise AutogradValueError(f"save: {text!r} is {kind}, which would be replaced; give a name of a file")
    return target, stat.S_IMODE(mode)


def _mark(target: Path) -> str:
    """How the drafts of a file begin; the machine's name is in it, since a folder may be shared."""
    machine = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    return f".{target.name[:50]}.draft-{sum(machine.encode()) % 4096:03x}."


def _sweep(target: Path) -> None:
    """Remove what a process that was killed has left of this file."""
    if sys.platform == "win32":  # where to ask whether a process lives may end it
        return
    mark = _mark(target)
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:  # tidiness is no reason to fail
        for draft in [entry.name for entry in entries if entry.name.startswith(mark)]:
            process = draft[len(mark) :].partition(".")[0]
            if process.isdecimal() and not _lives(int(process)):
                target.with_name(draft).unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's
        return True
    return True
