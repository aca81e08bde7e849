"""Write every notebook: its text form, run from top to bottom in a fresh kernel, saved beside it as .ipynb.

    python notebooks/execute.py              all of them
    python notebooks/execute.py 02           those whose name begins so
    python notebooks/execute.py --check      run them, write nothing

The same text gives the same file, but for the times that it measures: no dates, no random names, no version of Python.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def executed(text: Path) -> Any:
    """The notebook of a text form, with outputs.  Raises CellExecutionError where a cell fails."""
    import jupytext
    from nbclient import NotebookClient

    notebook = jupytext.read(text, fmt="py:percent")
    notebook.metadata.clear()
    notebook.metadata["kernelspec"] = KERNEL
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:02}"
    # Text forms are run as a reader runs them: beside their file, with the packages of this repository.
    path = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    client = NotebookClient(
        notebook,
        timeout=240,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # of a kernel: it warns of every TCP connection, also on one machine
        resources={"metadata": {"path": str(HERE)}},
    )
    client.execute(env=environment)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    # The kernel tells the version of Python that it runs: of no interest to the reader, and another one tomorrow.
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    return notebook


def joined(outputs: list[Any]) -> list[Any]:
    """Printed text in one piece: the kernel sends it in as many as its clock says."""
    result: list[Any] = []
    for output in outputs:
        before = result[-1] if result else {}
        if output.output_type == "stream" and before.get("name") == output.name:
            before["text"] += output.text
        else:
            result.append(output)
    return result


def main(arguments: list[str]) -> int:
    import nbformat

    parser = argparse.ArgumentParser(description="Run the notebooks in fresh kernels.")
    parser.add_argument("names", nargs="*", help="how their names begin; none: all")
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    for text in sorted(HERE.glob("[0-9]*.py")):
        if options.names and not text.name.startswith(tuple(options.names)):
            continue
        notebook = executed(text)
        if not options.check:
            nbformat.write(notebook, text.with_suffix(".ipynb"))
        print(text.stem, "runs" if options.check else "written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
