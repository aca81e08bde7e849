"""A built site, looked through: links lead somewhere, pictures have words, nothing comes from other hosts."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_UNREAD = re.compile(r"<m[ion]>((?:&|\\|\$)[^<;]*)</m[ion]>")  # LaTeX that stands in a formula as it was written
_OTHERWISE = ("data", "blob", "mailto", "javascript")


class Page(HTMLParser):
    """What a page names: its anchors, where its links lead, what it loads; pictures without words, unread formulas."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.silent: list[str] = []
        text = path.read_text("utf-8")
        self.unread = _UNREAD.findall(text)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value for key, value in attrs if value}
        self.anchors |= {given[key] for key in ("id", "name") if key in given}
        if tag in ("a", "area") and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and "href" in given and given.get("rel") not in ("canonical",):
            self.loads.append(given["href"])
        self.loads += [given[key] for key in ("src", "data", "poster") if key in given and tag not in ("a", "area")]
        if tag == "img" and given.get("alt", given.get("src")) == given.get("src"):
            self.silent.append(given.get("src", ""))


@cache  # the same links stand beside every page
def _place(folder: Path, link: str) -> Path | None:
    """The file that a link leads to, if it is there."""
    found = (folder / unquote(link)).resolve()
    found = found / "index.html" if found.is_dir() else found
    return found if found.exists() else None


def check(root: Path) -> tuple[str, list[str]]:
    """What was counted, in a line, and what is wrong."""
    pages = {path: Page(path) for path in sorted(root.rglob("*.html"))}
    wrong: list[str] = []
    for path, page in pages.items():
        here = path.relative_to(root)
        wrong += [f"{here}: a picture without words, {source[-40:]}" for source in page.silent]
        wrong += [f"{here}: a formula in which {text} was not understood" for text in page.unread]
        for url in [*page.links, *page.loads]:
            parts = urlsplit(url)
            if parts.scheme in _OTHERWISE:
                continue
            if parts.scheme or parts.netloc:
                wrong += [f"{here}: loads {url}"] * (url in page.loads)
                continue
            target = _place(path.parent, parts.path) if parts.path else path
            if target is None:
                wrong.append(f"{here}: {url} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{here}: {url} has no such anchor")
    links = sum(len(page.links) + len(page.loads) for page in pages.values())
    return f"{len(pages)} pages, {links:,} links and loads, {len(wrong)} wrong", list(dict.fromkeys(wrong))
