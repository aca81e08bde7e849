"""A graph is a program: straight-line code over the table's operations.  It contains no calculus.

program   graph → instructions              lowered     what can be done with a program
python    instructions → readable source    rows        the text of each row that all targets read
targets   the same source elsewhere         trace       a Python function → program; compiling: → fast code
families  instructions → loops               matrices    families → matrix formulas, as text, LaTeX and arrays
"""

from .compiling import compiled
from .lowered import Lowered, lower
from .program import Instruction, Program
from .trace import lower_function, trace

__all__ = ["Instruction", "Lowered", "Program", "compiled", "lower", "lower_function", "trace"]
