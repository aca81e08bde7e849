"""A graph is a program: straight-line code over the table's operations.  It contains no calculus.

program   graph → instructions              python      instructions → readable source, and its function
trace     a Python function → program       targets     the same source in other namespaces
families  instructions → loops                      (chains, grids: what they need)
"""

from .program import Instruction, Program, lower
from .trace import lower_function, trace

__all__ = ["Instruction", "Program", "lower", "lower_function", "trace"]
