"""The compiled core, autograd/_core.pyx, where it can be built; everything else is in pyproject.toml.

A short C program is compiled first.  Where that fails, no compiler or no header files of Python, the
package is a pure one, and nothing of this is said: it is slower, and otherwise the same.

DELTAGRAD_PURE_WHEEL=1    build the pure one in any case, as the browser needs it
"""

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# No fused multiply-add and nothing else that C may do to floats: the bits are those of plain Python.
STRICT = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-g0", "-fno-fast-math", "-ffp-contract=off"]
CORE = Extension(
    "autograd._core",
    ["autograd/_core.pyx"],
    extra_compile_args=STRICT,
    define_macros=[("CYTHON_USE_TYPE_SPECS", "1")],  # a heap type, whose methods can be replaced
    optional=True,
)


class BuildCore(build_ext):
    """Generated C stays out of the source tree, and a library that somebody runs is never written over."""

    def finalize_options(self):
        super().finalize_options()
        self.cython_c_in_temp = True
        self.force = True  # flags of the last build, in CFLAGS too, are not remembered

    def build_extension(self, extension):
        Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)  # if this fails, nothing old is installed
        super().build_extension(extension)

    def copy_file(self, source, target, *args, **kwargs):
        draft = f"{target}.new"
        copied = super().copy_file(source, draft, *args, **kwargs)
        os.replace(draft, target)
        return target, copied[1]


def can_be_built():
    """Whether Cython, a C compiler and the header files of this Python are here; the answer makes no noise."""
    if os.environ.get("DELTAGRAD_PURE_WHEEL") or sys.implementation.name != "cpython":
        return False
    program = "#include <Python.h>\n#include <math.h>\nint main(void) { return PY_MAJOR_VERSION - 3; }\n"
    folder = tempfile.mkdtemp()
    standard_error = os.dup(2)
    try:
        from distutils.ccompiler import new_compiler
        from distutils.sysconfig import customize_compiler

        import Cython  # noqa: F401

        source = Path(folder, "probe.c")
        source.write_text(program)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            compiler = new_compiler()
            customize_compiler(compiler)
            compiler.compile([str(source)], output_dir=folder, include_dirs=[sysconfig.get_path("include")])
    except Exception:  # whatever it is: the plain core will do
        return False
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
        shutil.rmtree(folder, ignore_errors=True)
    return True


setup(ext_modules=[CORE] if can_be_built() else [], cmdclass={"build_ext": BuildCore})
