"""Both packages through one door, also for a script that has an `nn.py` of its own.

>>> from deltagrad import MLP, Value
>>> net = MLP(2, [3, 1], seed=0)
>>> isinstance(net([1.0, Value(-1.0, "x")]), Value)
True
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

import autograd

if TYPE_CHECKING:
    import nn
    from autograd import *
    from autograd import __version__ as __version__
    from nn import *

_HERE = os.path.dirname(os.path.abspath(__file__))


def _network() -> Any:
    """The package nn beside this file; it is called deltagrad_nn where `import nn` gives somebody else's."""
    file = os.path.join(_HERE, "nn", "__init__.py")
    loaded = sys.modules.get("nn")
    spec = loaded.__spec__ if loaded else importlib.util.find_spec("nn")
    if spec and spec.origin and os.path.exists(spec.origin) and os.path.samefile(spec.origin, file):
        return importlib.import_module("nn")
    spec = importlib.util.spec_from_file_location("deltagrad_nn", file)
    assert spec is not None and spec.loader is not None
    sys.modules["deltagrad_nn"] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    return package


if not os.path.samefile(os.path.dirname(autograd.__file__), os.path.join(_HERE, "autograd")):
    raise ImportError(
        f"deltagrad needs the package autograd beside it, and `import autograd` gives {autograd.__file__}:"
        " rename that one, or give it an environment of its own"
    )

if not TYPE_CHECKING:
    nn = _network()

    def __getattr__(name: str) -> object:
        for package in (autograd, nn):
            if name in (*package.__all__, "abs", "pow", "round", "__version__") and hasattr(package, name):
                return getattr(package, name)
        raise AttributeError(f"module 'deltagrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "abs", "pow", "round", "__version__", "__doc__", "__file__", "__name__"})


__all__: list[str] = []
__all__ += autograd.__all__
__all__ += nn.__all__

if __name__ == "__main__":  # python -m deltagrad does what the command `deltagrad` does
    sys.exit(importlib.import_module(f"{nn.__name__}.subcommands").command())
