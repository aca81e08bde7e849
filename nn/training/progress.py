"""A progress bar where somebody watches, and nothing where nobody does or tqdm is missing."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .history import Epoch


class Bar:
    """Counts epochs on a terminal or in a notebook; progress=True or False decides otherwise.

    done  how many epochs there were before this training went on

    >>> with Bar(2, progress=False) as bar:
    ...     bar.update(Epoch(0.5))
    """

    def __init__(self, epochs: int, progress: bool | None = None, done: int = 0) -> None:
        self.bar: Any = None
        if progress is None:
            progress = _in_notebook() or on_terminal()
        if progress:
            with warnings.catch_warnings():  # tqdm's advice on ipywidgets; its text bar will do
                warnings.simplefilter("ignore")
                try:
                    from tqdm.auto import tqdm
                except ImportError:
                    return
                self.bar = tqdm(total=epochs, initial=done, desc="training", unit="epoch")

    def update(self, epoch: Epoch) -> None:
        """One epoch more; shows its validation error if there is one, else the training error."""
        if self.bar is not None:
            loss = epoch.loss if epoch.validation_loss is None else epoch.validation_loss
            self.bar.set_postfix({"error": f"{loss:.4g}"}, refresh=False)
            self.bar.update()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()


def on_terminal() -> bool:
    """Whether somebody watches what is written to stderr."""
    return sys.stderr is not None and sys.stderr.isatty()  # pythonw has no stderr


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Say on a terminal what is being done, until it is done.

    >>> with telling("writing network.svg …"):
    ...     pass
    """
    watched = on_terminal()
    if watched:
        print(f"\r{what}", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if watched:
            print(f"\r{' ' * len(what)}\r", end="", file=sys.stderr, flush=True)


def _in_notebook() -> bool:
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and hasattr(get_ipython(), "kernel")
