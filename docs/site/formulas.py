"""LaTeX as MathML, on the site as in its running pages: what latex2mathml does not know is put as it knows it."""

from __future__ import annotations

import re
from html import escape

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


def displayed(latex: str) -> str:
    r"""What a notebook shows as LaTeX, one formula or more of them between `$$`, each in a block of its own.

    >>> displayed(r"$$ x $$" + "\n\n" + r"$$ y $$").count('<div class="math">'), "$" in displayed("$$x$$ and $$y$$")
    (2, False)
    """
    blocks = enumerate(latex.strip("$\n ").split("$$"))
    return "".join(
        f"<p>{escape(part.strip())}</p>" if n % 2 else f'<div class="math">{mathml(part.strip(), displayed=True)}</div>'
        for n, part in blocks
        if part.strip()
    )
