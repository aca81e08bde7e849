"""The sheet and its key as a document for LaTeX, with the packages of any distribution: pdflatex, lualatex, xelatex."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..tables import latex_text
from .contents import MARKING, layout_of, likeliest, planted
from .fields import called, value
from .formula import LETTERS, right
from .layout import Table, plain, points, signed
from .page import FIND, TITLE, rules_of
from .texts import spread

if TYPE_CHECKING:
    from .worksheet import Worksheet

PREAMBLE = r"""\documentclass[a4paper,10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath,array,tabularx}
\usepackage[margin=13mm,top=11mm,bottom=11mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{2mm}
\renewcommand{\arraystretch}{1.45}
\pagestyle{empty}
\renewcommand{\familydefault}{\sfdefault}
\begin{document}
"""
# The letters of the lecture, which pdflatex knows in formulas only.
_MATHS = {
    "θ": r"\theta", "δ": r"\delta", "σ": r"\sigma", "η": r"\eta", "ŷ": r"\hat{y}", "∂": r"\partial ", "Σ": r"\sum ",
    "·": r"\cdot ", "−": "-", "←": r"\leftarrow ", "½": r"\tfrac12 ", "′": "'", "≥": r"\ge ", "∞": r"\infty ",
    "✓": r"\checkmark ",
}  # fmt: skip
_BELOW = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗ", "0123456789ijkl"))
_ABOVE = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻ᵘ", "0123456789()-u"))
_SYMBOLS = "".join([*_MATHS, *_BELOW, *_ABOVE])


def tex(text: str) -> str:
    """Text with the lecture's letters, for LaTeX.

    >>> tex("∂Err/∂θ⁽¹⁾₁₂ = 50 %")
    '$\\\\partial $Err/$\\\\partial \\\\theta^{(1)}_{12}$ = 50 \\\\%'
    """
    pieces = re.split(f"([{re.escape(_SYMBOLS)}]+)", text)
    return "".join(f"${_maths(p)}$" if n % 2 else latex_text(p) for n, p in enumerate(pieces))


def _maths(symbols: str) -> str:
    def run(letters: dict[str, str], sign: str, text: str) -> str:
        return re.sub(f"[{re.escape(''.join(letters))}]+",
                      lambda m: sign + "{" + "".join(letters[c] for c in m[0]) + "}", text)  # fmt: skip

    with_indices = run(_BELOW, "_", run(_ABOVE, "^", symbols))
    with_indices = re.sub(r"^(?=[_^])", "{}", with_indices)
    return "".join(_MATHS.get(c, c) for c in with_indices)


def document(sheet: Worksheet, key: bool = False) -> str:
    """The sheet as a LaTeX document, or its key."""
    lines, rounding = rules_of(sheet)
    who = r"\textbf{Key, for teachers}" if key else r"Name \rule{50mm}{.4pt} \quad Student id \rule{25mm}{.4pt}"
    body = [
        rf"{{\Large\bfseries {tex(TITLE)}{' --- key' if key else ''}}}\hfill {who}\\",
        rf"{{\small {tex(sheet.title)}}}\par\hrule\vspace{{2mm}}",
        r"\\ ".join(tex(line).replace("   ", r" \quad ") for line in (*lines, rounding)),
        _given(sheet),
        *_parts(sheet, key),
        _foot(sheet, key),
    ]
    return PREAMBLE + "\n\n".join(body) + "\n\\end{document}\n"


def _given(sheet: Worksheet) -> str:
    numbers = sheet.numbers
    x = tex("x = (" + ", ".join(signed(v, 1) for v in numbers.x) + ")")
    y = tex("y = (" + ", ".join(plain(v, 1) for v in numbers.y) + f"), η = {plain(numbers.eta, 1)}")
    neurons = [
        tex(f"neuron {k + 1}·{i + 1}: θ = ({', '.join(signed(t, 1) for t in row)}), b = {signed(b, 1)}")
        for k, (layer, biases) in enumerate(zip(numbers.theta, numbers.bias))
        for i, (row, b) in enumerate(zip(layer, biases))
    ]
    return f"{x}, {y}" + r"\\ " + r"\\ ".join(neurons)


def _parts(sheet: Worksheet, key: bool) -> list[str]:
    if sheet.settings.difficulty == "formula":
        rows = [[f"{f.name} =", right(sheet, f) if key else "", points(f.points)] for f in sheet.fields]
        return [_title("Derive, from Err", ""), _tabular("|l|X|c|", ["", "formula", "points"], rows), tex(LETTERS)]
    layout, found = layout_of(sheet, key), []
    for n, section in enumerate(layout.sections(), 1):
        found.append(_title(f"{n} {section.title}", "" if sheet.settings.difficulty == "find" else section.points))
        found += [_table(table) for table in section.tables]
        found += [tex(section.note)] if section.note else []
    if sheet.settings.difficulty == "find":
        where, there = "", ""
        if key:
            equation, place, mistake = planted(sheet)
            field = next(f for f in layout.every if (f.equation, f.place) == (equation, place))
            where = f"{called(field.part, place)}, {mistake.name}"
            there = layout.printed(field, value(sheet.key, field.part, place))
        rows = [["the wrong number", where], ["right there is", there]]
        found += [_title("Find the mistake", f"{points(sheet.max_score)} points"), tex(FIND),
                  _tabular("|l|X|", ["", ""], rows)]  # fmt: skip
    return found


def _title(text: str, right_side: str) -> str:
    return rf"\textbf{{{tex(text)}}}\hfill {tex(right_side)}"


_KINDS = {"label": "l", "work": "X", "number": "r", "points": "c"}


def _table(table: Table) -> str:
    kinds = "|".join(_KINDS[kind] for _, kind in table.columns)
    rows = [[text for cell in row for text in spread(cell, "\u2007" * 8)] for row in table.rows]
    return _tabular(f"|{kinds}|", [title for title, _ in table.columns], rows)


def _tabular(kinds: str, columns: list[str], rows: list[list[str]]) -> str:
    lines = [" & ".join(tex(c).replace("\u2007", "~") for c in row) + r" \\ \hline" for row in (columns, *rows)]
    return f"\\begin{{tabularx}}{{\\linewidth}}{{{kinds}}}\n\\hline\n" + "\n".join(lines) + "\n\\end{tabularx}"


def _foot(sheet: Worksheet, key: bool) -> str:
    lines = []
    if key and sheet.settings.difficulty in ("pass", "step"):
        told = "; ".join(f"{mistake}, {where} ({number})" for mistake, where, number in likeliest(sheet))
        lines.append(tex(f"Marking. {MARKING} Frequent here: {told}."))
    if key and sheet.certified:
        lines.append("every number: engine = hand formula, certified")
    command = tex(sheet.command).replace("--", "-{}-")  # two hyphens would become a dash
    lines.append(rf"{{\footnotesize\texttt{{{command}}}\hfill {tex(points(sheet.max_score))} points}}")
    return r"\par ".join(lines)
