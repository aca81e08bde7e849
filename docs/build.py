"""Build the site: `python docs/build.py`, with the extra `docs`.

    python docs/build.py                    docs/_site/html, to be opened from disk or served by any host
    python docs/build.py --output FOLDER    FOLDER/html
    python docs/build.py --browser          code blocks of guide and notebooks run in the page, offline too (needs npm)

A warning of Sphinx is an error, and so is a link that leads nowhere.  Exit codes: 0 built and good; 1 not.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

_BACK = re.compile(r'<a class="viewcode-back".*?</a>')  # Sphinx knows one page for a module, and we have several
# Letters of formulas look alike everywhere.  A page from disk may load no font in every browser, but a style sheet.
_FONT = '@font-face {{ font-family: "STIX Two Math"; src: url("data:font/woff2;base64,{}") format("woff2"); }}\n'
DOCS = Path(__file__).resolve().parent
REPOSITORY = DOCS.parent
sys.path[:0] = [str(REPOSITORY), str(DOCS / "site")]
os.environ["DELTAGRAD_PURE"] = "1"  # the plain core has signatures and sources to show
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the site into docs/_site/html.")
    parser.add_argument("--output", metavar="FOLDER", type=Path, default=DOCS / "_site", help="(default: docs/_site)")
    parser.add_argument("--browser", action="store_true", help="with Python, so that code blocks run")
    options = parser.parse_args()
    folder = options.output.resolve()
    began = time.perf_counter()
    from check import check

    sources(folder / "source")
    if options.browser:
        from browser.bundle import bundle

        print("in the browser:", bundle(REPOSITORY, folder / "browser", folder / "source" / "static" / "browser"))
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "auto", "-b", "html"]
    shutil.rmtree(folder / "html", ignore_errors=True)
    if subprocess.run([*command, str(folder / "source"), str(folder / "html")]).returncode:
        return 1
    for page in (folder / "html" / "_modules").rglob("*.html"):
        page.write_text(_BACK.sub("", page.read_text("utf-8")), "utf-8")
    counted, wrong = check(folder / "html")
    print("\n".join([*wrong[:40], f"{folder / 'html' / 'index.html'}: {counted}; {time.perf_counter() - began:.0f} s"]))
    return 1 if wrong else 0


def sources(target: Path) -> None:
    """Everything that Sphinx reads, made anew."""
    import gather
    import reference
    from pictures import neuron

    from autograd import explore
    from nn import play

    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    gather.gather(REPOSITORY, target)
    reference.write(target / "reference")
    for name in ("conf.py", "docstrings.py", "formulas.py"):
        shutil.copy(DOCS / "site" / name, target)
    shutil.copytree(DOCS / "site" / "static", target / "static", dirs_exist_ok=True)
    font = base64.b64encode((DOCS / "site" / "stix-two-math.woff2").read_bytes()).decode()
    (target / "static" / "font.css").write_text(_FONT.format(font), "utf-8")
    play().save(target / "static" / "playground.html")
    explore(neuron()).save(target / "static" / "neuron.html")


if __name__ == "__main__":
    sys.exit(main())
