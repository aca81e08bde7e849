"""A program as equations for a page, in LaTeX: a line for each named result, in the letters of the labels.

What is written in place and what gets a line is decided as in the Python text; a returned result always gets one.
The formulas are written by words/formulas.py, which reads Values: so the instructions become Values again.
"""

from __future__ import annotations

from collections import Counter

from ..value import Value, literal
from ..words.formulas import Formulas, latex_name
from .program import Program
from .python import LONGEST_LINE


def latex(program: Program) -> str:
    """The program in an `aligned` environment, for inside $$ … $$.

    >>> from autograd import lower
    >>> u = Value(0.5, "θ") * Value(2.0, "x"); u.label = "u"
    >>> print(latex(lower([u.tanh()], list(u.parents))))
    \\begin{aligned}
    u &= \\theta \\, x \\\\
    f &= \\mathrm{tanh}(u)
    \\end{aligned}
    """
    lines = [f"{name} &= {formula}" for name, formula in _lines(program)]
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


def _lines(program: Program) -> list[tuple[str, str]]:
    uses = Counter(operand for each in program.instructions for operand in each.operands)
    returned, names = set(program.outputs), _names(program)
    written: dict[Value, str] = {}
    formulas, lines = Formulas(written, latex=True), []
    values: dict[int, Value] = {i: literal(x) for i, x in program.constants.items()}
    for i in program.inputs:
        values[i] = Value(0.0, names[i])
    size = dict.fromkeys(values, 1)
    for each in program.instructions:
        node = values[each.result] = Value(0.0)
        node.op, node.parents = each.row, tuple(values[i] for i in each.operands)
        size[each.result] = 1 + sum(size[i] for i in each.operands)
        in_place = each.result in program.unnamed and uses[each.result] == 1 and each.result not in returned
        if not in_place or size[each.result] >= LONGEST_LINE:
            lines.append((latex_name(names[each.result]), formulas.write(node)))
            written[node] = names[each.result]
            size[each.result] = 1
    for n, i in enumerate(program.outputs, 1):
        if i not in names or i in program.inputs:  # what is known already has no line, and no name
            lines.append((rf"\text{{output}}_{{{n}}}", formulas.write(values[i])))
    return lines


def _names(program: Program) -> dict[int, str]:
    """Every label, and where several results have the same one, the names that the Python text has."""
    found = Counter(program.labels.values())
    return {i: label if found[label := program.labels.get(i, name)] <= 1 else name for i, name in program.names.items()}
