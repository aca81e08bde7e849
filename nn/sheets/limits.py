"""Limits of time and memory for what strangers have written.

A limit of memory is one on the process's addresses, and stands on top of what the process has mapped already: a
notebook that has loaded PyTorch and JAX has mapped many times more than an answer may take.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Slow(Exception):
    """Something has had its time."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise Slow after so many seconds of the processor's time, where the system can.

    >>> with at_most(10.0):
    ...     1 + 1
    2
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        raise Slow

    try:
        before = signal.signal(signal.SIGPROF, stop)
    except ValueError:  # not in the main thread
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)  # again, where the first one was swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def mapped() -> int | None:
    """The bytes of addresses that this process has mapped; None where the system does not tell.

    >>> (mapped() or 2**20) >= 2**20
    True
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return pages * resource.getpagesize()
    except (ImportError, OSError, ValueError, IndexError):
        return None


@contextmanager
def within(megabytes: int) -> Iterator[None]:
    """Let the process map so many megabytes more, and no more: then there are MemoryErrors, until the end of the block.

    A lower limit that is there already stays; nothing is limited where the system does not tell what is mapped.

    >>> with within(64):
    ...     len(bytes(1000))
    1000
    """
    now = mapped()
    if now is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = now + megabytes * 2**20
    if soft != resource.RLIM_INFINITY and soft <= most:  # and hard is never lower
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
