"""Which glyphs there are to write with, and how wide they are, without reading a font file.

The 14 fonts that every PDF reader brings need no embedding, but have no ŷ, ⁽²⁾ or ₁₃ and keep
Greek in a font of its own.  So a text becomes glyphs: a font, a code, and how much smaller and
higher it stands.  Graphviz-pure counts the bytes of what is not ASCII, so θ⁽²⁾₁₃ would get twice
the room that it needs; `width` knows better.

Widths are those of Adobe's Core 14 AFM files, in 1/1000 of the size.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

REGULAR, BOLD, SYMBOL = "Helvetica", "Helvetica-Bold", "Symbol"

_WIDTHS = {
    REGULAR: (
        "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556"
        " 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667"
        " 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222"
        " 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
    ),
    BOLD: (
        "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556"
        " 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778"
        " 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278"
        " 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
    ),
}
_ASCII = {font: dict(zip(map(chr, range(32, 127)), map(int, text.split()))) for font, text in _WIDTHS.items()}
_OTHERS = dict(zip("∂−×→←∑√∞…·′", (494, 584, 584, 1000, 1000, 713, 549, 713, 1000, 333, 190)))
# fmt: off
_SYMBOLS = dict(zip(
    "αβχδεφγηιϕκλμνοπθρστυϖωξψζΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ−∂∑√∞≤≥≈≠→←↑↓⇒∇⊗⊕∈∀∃′⋅∏∫",
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\x2d\xb6\xe5\xd6\xa5\xa3\xb3\xbb\xb9\xae\xac\xad\xaf\xde"
    b"\xd1\xc4\xc5\xce\x22\x24\xa2\xd7\xd5\xf2",
))
# fmt: on
_ACCENTS = {"\u0300": "`", "\u0301": "´", "\u0302": "ˆ", "\u0303": "˜", "\u0304": "¯", "\u0308": "¨"}
_SMALLER = 0.65  # a subscript or superscript
_RISE = {"<sub>": -0.16, "<super>": 0.34}


class Glyph(NamedTuple):
    """One code of one font; sizes and positions in units of the text's size.

    back   how far it stands to the left of where it would follow: an accent over its letter
    """

    font: str
    code: int
    size: float = 1.0
    rise: float = 0.0
    back: float = 0.0


def glyphs(text: str, bold: bool = False) -> list[Glyph]:
    """The text in glyphs of three fonts; what they lack is a question mark.

    >>> [(g.font, chr(g.code), g.rise) for g in glyphs("δ₁")]
    [('Symbol', 'd', 0.0), ('Helvetica', '1', -0.16)]
    >>> len(glyphs("ŷ")), bytes(g.code for g in glyphs("不"))
    (2, b'?')
    """
    return [glyph for c in unicodedata.normalize("NFC", text) for glyph in _glyphs(c, BOLD if bold else REGULAR)]


def _glyphs(c: str, font: str) -> list[Glyph]:
    kind, *points = unicodedata.decomposition(c).split() or [""]
    if kind in _RISE:
        inner = "".join(chr(int(point, 16)) for point in points)
        return [g._replace(size=_SMALLER, rise=_RISE[kind]) for part in inner for g in _glyphs(part, font)]
    if c in _SYMBOLS:
        return [Glyph(SYMBOL, _SYMBOLS[c])]
    code = c.encode("cp1252", "ignore")
    if code and not unicodedata.category(c).startswith("C"):
        return [Glyph(font, code[0])]
    base, *marks = list(unicodedata.normalize("NFKD", c))
    if base.isascii() and base.isprintable():
        letter = _ASCII[font][base] / 1000
        accents = [_ACCENTS[mark].encode("cp1252")[0] for mark in marks if mark in _ACCENTS]
        return [Glyph(font, ord(base)), *(Glyph(font, accent, back=(letter + 0.333) / 2) for accent in accents)]
    return [] if unicodedata.combining(c) else [Glyph(font, ord("?"))]


def width(text: str, bold: bool = False) -> float:
    """The width of a text in units of its size, to within what different fonts disagree about.

    >>> round(width("value"), 3), round(width("θ⁽²⁾₁₃"), 2)
    (2.39, 2.12)
    """
    return sum(_width(c, BOLD if bold else REGULAR) for c in text) / 1000


def measured(text: str) -> bool:
    """Whether `width` knows the letters: Latin, Greek, digits above and below, and signs, not Chinese or Hebrew.

    >>> measured("θ⁽²⁾₁ = −1.50×10⁻⁹"), measured("学习"), measured("שלום")
    (True, False, False)
    """
    return all(c in _ASCII[REGULAR] or c in _OTHERS or _familiar(c) for c in text)


def _familiar(c: str) -> bool:
    kind = unicodedata.decomposition(c).split()[:1]
    return "α" <= c <= "ω" or "Α" <= c <= "Ω" or kind in (["<sub>"], ["<super>"])


def _width(c: str, font: str) -> float:
    if c in _ASCII[font]:
        return _ASCII[font][c]
    if c in _OTHERS:
        return _OTHERS[c]
    kind, *points = unicodedata.decomposition(c).split() or [""]
    if kind in _RISE:
        return _SMALLER * sum(_width(chr(int(point, 16)), font) for point in points)
    if unicodedata.combining(c):
        return 0
    if unicodedata.east_asian_width(c) in "WF":  # and emoji
        return 1300
    base = unicodedata.normalize("NFKD", c)[0]
    return _ASCII[font].get(base, 600)
