"""LLVM IR → a function in memory, for the processor that this runs on."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 has a say in forks of its own, and must not come while one waits
import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from ...errors import MissingDependency

# Who loads LLVM or compiles holds this.  A forked child has no other threads: what one of them held, Python's
# lock of a module that is being imported or LLVM's own, would be held there for ever.  So a fork waits.
busy = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=busy.acquire, after_in_parent=busy.release, after_in_child=busy.release)


@cache
def llvm() -> Any:
    """llvmlite's binding, ready for this processor; MissingDependency where it is not installed."""
    with busy:
        try:
            import llvmlite.binding as binding
        except ImportError:
            raise MissingDependency("native code needs llvmlite and NumPy: pip install 'deltagrad[fast]'") from None
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        return binding


@cache
def register() -> int:
    """How many doubles a register holds: 8 with AVX-512, 4 with AVX, else 2."""
    features = _features()
    wide = features.get("avx512f") and features.get("avx512dq")
    return 8 if wide else 4 if features.get("avx") else 2


@cache
def registers() -> int:
    """How many vector registers there are: 32 with AVX-512 and on ARM, else 16."""
    return (
        32
        if register() == 8 or "aarch64" in llvm().get_process_triple() or "arm64" in llvm().get_process_triple()
        else 16
    )


def _features() -> Any:
    try:
        return llvm().get_host_cpu_features()
    except RuntimeError:  # llvmlite does not know this processor's
        return {}


def aligned(memory: Any) -> int:
    """The first address in memory that a register of 64 bytes may be kept at."""
    address: int = memory.ctypes.data
    return (address + 63) // 64 * 64


class Loaded:
    """Machine code that lives as long as this object.

    run   the function of that name, or of the name `entry`, called without Python's lock

    The text is compiled as it stands: it is single-assignment and without repetitions already,
    and LLVM's own passes at -O2 took three times as long for slower code (2-16-16-1 network:
    56 µs instead of 35 µs for 1024 samples).
    """

    effort = 1  # -O1: 0 makes long programs five to seven times as slow

    def __init__(self, text: str, *arguments: Any, entry: str = "run") -> None:
        with busy:
            binding = llvm()
            features = _features()
            target = binding.Target.from_default_triple().create_target_machine(
                cpu=binding.get_host_cpu_name(),
                features=features.flatten() if features else "",
                opt=self.effort,
                codemodel="jitdefault",
                jit=True,
            )
            self._engine = binding.create_mcjit_compiler(binding.parse_assembly(text), target)
            self._engine.finalize_object()
        self.run: Callable[..., None] = ctypes.CFUNCTYPE(None, *arguments)(self.address(entry))

    def address(self, name: str) -> int:
        """Where a function of the text is; 0 where there is none of that name."""
        with busy:
            found: int = self._engine.get_function_address(name)
        return found
