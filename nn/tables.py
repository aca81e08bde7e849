"""A table, and how it looks on a terminal, in a notebook and on a page of LaTeX.

In HTML a number may stand on the colour that it has in the pictures: blue is negative, orange positive.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from autograd.words.text import markup


class Table(NamedTuple):
    """Titles and rows of cells, all of them text.

    header   the titles of the columns
    rows     the cells
    align    a letter for each column, l or r; "": all to the right
    colours  in HTML: the number whose colour is behind a cell, by (row, column), one scale for all
    bold     in HTML: the cells, as (row, column), that are to be seen first

    >>> print(Table(("neuron", "δ"), [("1·1", "+0.5")], "lr").text())
    neuron     δ
    ────────────
    1·1     +0.5
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: str = ""
    colours: Mapping[tuple[int, int], float] = {}
    bold: Collection[tuple[int, int]] = ()

    def text(self) -> str:
        """As lines of one width, the titles underlined."""
        columns = list(zip(self.header, *self.rows))
        widths = [max(map(len, column)) for column in columns]
        sides = [str.ljust if side == "l" else str.rjust for side in self.align or "r" * len(columns)]
        lines = [
            "  ".join(side(cell, width) for side, cell, width in zip(sides, cells, widths))
            for cells in (self.header, *self.rows)
        ]
        return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:]])

    def html(self) -> str:
        """As a table of HTML.

        >>> Table(("δ",), [("<",)]).html()
        '<table><tr><th>δ</th></tr><tr><td style="text-align:right;white-space:nowrap">&lt;</td></tr></table>'
        """
        from autograd.drawing.theme import largest_of

        largest = largest_of(list(self.colours.values()))
        lines = ["".join(f"<th>{markup(title)}</th>" for title in self.header)]
        for n, cells in enumerate(self.rows):
            lines.append("".join(self._cell((n, column), text, largest) for column, text in enumerate(cells)))
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

    def _cell(self, place: tuple[int, int], text: str, largest: float) -> str:
        from autograd.drawing.theme import LIGHT

        style = "text-align:right;white-space:nowrap"
        if place in self.colours:
            background = LIGHT.gradient(self.colours[place], largest)
            style += f";background:{background};color:{LIGHT.ink_on(background)}"
        return f'<td style="{style}{";font-weight:bold" * (place in self.bold)}">{markup(text)}</td>'

    def latex(self) -> str:
        r"""As an array; the cells are LaTeX already, see latex_number.

        >>> Table((r"\delta",), [("1",)], "r").latex()
        '\\begin{array}{r}\n\\delta \\\\ \\hline\n1 \\\\\n\\end{array}'
        """
        header, *body = (" & ".join(cells) + r" \\" for cells in (self.header, *self.rows))
        return "\n".join([rf"\begin{{array}}{{{self.align}}}", rf"{header} \hline", *body, r"\end{array}"])


def latex_number(text: str) -> str:
    r"""A printed number in LaTeX.

    >>> latex_number("1e-05"), latex_number("35 %")
    ('1 \\cdot 10^{-5}', '35\\,\\%')
    """
    number, percent, _ = text.partition(" %")
    mantissa, e, exponent = number.partition("e")
    return (rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else number) + (r"\,\%" if percent else "")


_ESCAPED = str.maketrans({
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "’": "'", "“": "``", "”": "''", "…": r"\ldots{}",
})  # fmt: skip


def latex_text(text: str) -> str:
    r"""Words in LaTeX, outside of formulas.

    >>> latex_text("50 % of a_b")
    '50 \\% of a\\_b'
    """
    return text.translate(_ESCAPED)
