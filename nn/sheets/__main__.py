"""`python -m nn.sheets worksheet …` and `python -m nn.sheets grade …`: see command.py."""

import sys

from autograd.console import run

from .command import main

if __name__ == "__main__":
    sys.exit(run(main))
