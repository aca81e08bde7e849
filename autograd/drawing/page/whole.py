"""A page as one HTML file that asks nothing of anybody: its style, its data, and the one script that may run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from pathlib import Path
from string import Template

from ...errors import AutogradValueError
from ...tools.files import require_folder, write
from ..theme import DARK, LIGHT, theme_named
from .live import variables

_HEIGHT = 860  # pixels, in a notebook


class Page:
    """One HTML file with everything in it; a notebook shows it in a frame.

    html   the text

    >>> from autograd import Value, explore
    >>> x = Value(3.0, "x"); page = explore(x * x)
    >>> page.html[:15]
    '<!DOCTYPE html>'
    """

    def __init__(self, html: str, title: str) -> None:
        self.html = html
        self._title = title

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page; the file appears whole or not at all.

        Raises AutogradValueError for an ending other than .html, and for a folder that does not exist.

        >>> import tempfile
        >>> from autograd import Value, explore
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explore(Value(3.0, "x") ** 2).save(folder + "/square.html")
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise AutogradValueError(f"save: {str(path)!r} has to end in .html")
        require_folder(target)
        write(target, self.html)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # A frame of its own: no script, style or id of the page meets the notebook's, nor those of a second page.
        frame = (
            f'<iframe srcdoc="{html.escape(self.html)}" title="{html.escape(self._title)}" sandbox="allow-scripts"'
            f' style="width: 100%; height: {_HEIGHT}px; border: 0" loading="lazy"></iframe>'
        )
        return {"text/html": frame, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Page({self._title}: {len(self.html)} characters of HTML; .html, .save(path))"


def page_of(
    frame: str, title: str, *, theme: str | None, style: str, script: str, data: object, pictures: str = "", **more: str
) -> Page:
    """A page from its parts.

    frame     the HTML, with places $theme, $title, $policy, $style, $data, $script, and those of `more`
    title     what the page is called
    theme     "light" or "dark" to begin with; None: what the reader's system prefers
    style     the style sheet, as `styled` takes it
    script    the one script of the page: no other may run, whatever a label says
    data      what JSON can say; the script finds it as text
    pictures  where pictures may come from, in the words of a content-security policy; "": they are in the HTML

    Raises AutogradValueError for an unknown theme.

    >>> page_of("$policy", "t", theme=None, style="", script="", data=0, pictures="data:").html.count("sha256")
    1
    """
    if theme is not None:
        theme_named(theme)
    text = Template(frame).substitute(
        title=html.escape(title), theme=f' data-theme="{theme}"' if theme else "", style=styled(style),
        policy=policy(script, pictures), data=embedded(data), script=script, **more,
    )  # fmt: skip
    return Page(text, title)


def policy(script: str | None = None, pictures: str = "") -> str:
    """The content-security policy of a page that asks nothing of anybody and runs this script and no other, or none.

    >>> policy()
    "default-src 'none'; style-src 'unsafe-inline'"
    """
    parts = ["default-src 'none'", "style-src 'unsafe-inline'"]
    if script is not None:
        parts.append(f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'")
    return "; ".join([*parts, f"img-src {pictures}"] if pictures else parts)


def styled(sheet: str) -> str:
    """A style sheet after the variables of both themes; what it has in a block DARK { … } is the dark theme's too.

    >>> styled("DARK { --soft: #000; } p { color: var(--soft); }").count("--soft: #000")
    2
    """
    light, dark = (
        "".join(f"--{name}: {colour}; " for name, colour in variables(theme).items()) for theme in (LIGHT, DARK)
    )
    first, mark, rest = sheet.rpartition("DARK {")
    own, _, rest = rest.partition("}") if mark else ("", "", rest)
    return (
        f":root {{ {light}color-scheme: light; }}\n{first}"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme]) {{ {dark}{own}color-scheme: dark; }} }}\n"
        f':root[data-theme="dark"] {{ {dark}{own}color-scheme: dark; }}\n{rest}'
    )


def embedded(data: object) -> str:
    """JSON that can stand in a page: no < of it can begin a tag, or end the script.

    >>> embedded({"name": "</script>"})
    '{"name":"\\\\u003c/script>"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
