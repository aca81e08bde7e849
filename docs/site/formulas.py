"""LaTeX as MathML, on the site as in its running pages: what latex2mathml does not know is put as it knows it."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|gathered)\}")  # read as one line, with the signs & in it


def mathml(latex: str, displayed: bool = False) -> str:
    r"""A formula for a page, in its line or displayed.

    >>> aligned = r"\begin{aligned} a &= b \\ &= c \end{aligned}"
    >>> mathml("x").count("<mi>"), mathml(aligned).count("<mtr>")
    (1, 2)
    """
    made: str = convert(_ALIGNED.sub(r"\\\1{split}", latex), display="block" if displayed else "inline")
    return made
