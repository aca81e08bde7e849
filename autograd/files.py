"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import AutogradValueError


def write(path: str | os.PathLike[str], contents: str | bytes) -> None:
    """Replace a file in one move, so that a reader finds the old contents or the new, never half of them.

    It is on the disk before it takes its name; a link stays a link.  Raises OSError from the disk.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(folder + "/a.txt", "δ"); Path(folder + "/a.txt").read_text(encoding="utf-8")
    'δ'
    """
    data = contents.encode() if isinstance(contents, str) else contents
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def require_folder(target: Path) -> None:
    """Raise AutogradValueError where there is no folder to save a file in.

    >>> require_folder(Path("picture.svg"))
    """
    if not target.parent.is_dir():
        raise AutogradValueError(f"save: there is no folder {str(target.parent)!r}; make it, or save elsewhere")
