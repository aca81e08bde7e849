"""The laid-out picture as a vector PDF, with the standard library alone.

Graphviz's -Tjson output carries every drawing operation of the picture: polygons, Bézier
curves, texts, colours.  A PDF page says the same in another order of words, and coordinates
grow upwards in both.  Fonts are the ones that every reader brings, see fonts.py; the true text
goes along as /ActualText, so it can be searched and copied.

Operations: https://graphviz.org/docs/outputs/canon/#xdot   PDF: ISO 32000-1, sections 8 and 9
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any

from .fonts import BOLD, REGULAR, SYMBOL, Glyph, glyphs

_FONTS = {REGULAR: "H", BOLD: "B", SYMBOL: "S"}
_DASHES = {"dashed": "[6 3] 0 d", "dotted": "[1 3] 0 d", "solid": "[] 0 d"}
_BOLD_BIT = 1
_K = 0.5523  # four Bézier curves with these controls are a circle to 0.03 %
_CIRCLE = [(1, 0), (1, _K), (_K, 1), (0, 1), (-_K, 1), (-1, _K), (-1, 0)]
_CIRCLE += [(-x, -y) for x, y in _CIRCLE[1:]]
_LAYERS = ("_draw_", "_ldraw_", "_hdraw_", "_tdraw_", "_hldraw_", "_tldraw_")


def pdf(layout: dict[str, Any], title: str = "") -> bytes:
    """One page as large as the picture.

    layout   what `dot -Tjson` printed, as Python's json reads it
    title    the document's title

    >>> page = pdf({"bb": "0,0,10,20", "_draw_": [{"op": "p", "points": [[1, 1], [9, 1], [5, 9]]}]})
    >>> page[:8], page[-6:]
    (b'%PDF-1.4', b'%%EOF\\n')
    """
    left, bottom, right, top = map(float, layout["bb"].split(","))
    pad = 72 * float(layout.get("pad", 0.0555))
    box = " ".join(f"{x:.2f}" for x in (left - pad, bottom - pad, right + pad, top + pad))
    drawn = zlib.compress("\n".join(_page(layout)).encode("latin-1"), 9)
    fonts = " ".join(f"/{key} {5 + i} 0 R" for i, key in enumerate(_FONTS.values()))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</DisplayDocTitle true>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<</Font<<{fonts}>>>>>>".encode(),
        b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
        *(_font(font).encode() for font in _FONTS),
        f"<</Title{_utf16(title)}/Producer(deltagrad)>>".encode(),
    ]
    return _file(objects)


def _font(font: str) -> str:
    encoding = "" if font == SYMBOL else "/Encoding/WinAnsiEncoding"
    return f"<</Type/Font/Subtype/Type1/BaseFont/{font}{encoding}>>"


def _file(objects: list[bytes]) -> bytes:
    """Numbered objects, the table of where each begins, and the trailer; the last object is the information."""
    out, starts = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(b"%010d 00000 n \n" % start for start in starts)
    out += b"trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, size - 1, table)
    return bytes(out)


def _page(layout: dict[str, Any]) -> Iterable[str]:
    """Every object's operations, in the order in which Graphviz paints them."""
    objects, edges = layout.get("objects", []), layout.get("edges", [])
    groups = [o for o in objects if "nodes" in o or "subgraphs" in o]
    nodes = [o for o in objects if "nodes" not in o and "subgraphs" not in o]
    first, then = (edges, nodes) if layout.get("outputorder") == "edgesfirst" else (nodes, edges)
    for thing in [layout, *groups, *first, *then]:
        for layer in _LAYERS:
            if layer in thing:
                yield from ("q", *_drawn(thing[layer]), "Q")


def _drawn(operations: list[dict[str, Any]]) -> Iterable[str]:
    pen: str | None = "0 0 0"
    fill: str | None = "0 0 0"
    size, bold = 14.0, False
    for o in operations:
        match o["op"]:
            case "c":
                pen = _rgb(o["color"])
                if pen:
                    yield f"{pen} RG"
            case "C":
                fill = _rgb(o["color"])
            case "S":
                yield from _style(o["style"])
            case "F":
                size = float(o["size"])
            case "t":
                bold = bool(o["fontchar"] & _BOLD_BIT)
            case "T":
                yield from _text(o, pen or "0 0 0", size, bold)
            case "P" | "p" | "L" | "B" | "b" | "E" | "e" as shape:
                if fill:
                    yield f"{fill} rg"
                yield f"{_path(o)} {_paint(shape, pen, fill)}"


def _paint(shape: str, pen: str | None, fill: str | None) -> str:
    """The operator that fills, strokes, both, or neither; capital shapes are filled, polygons closed."""
    filled = fill is not None and shape in "PBE"
    closed = shape in "PpEe"
    if filled:
        return "f" if pen is None else "b" if closed else "B"
    return "n" if pen is None else "s" if closed else "S"


def _path(o: dict[str, Any]) -> str:
    if o["op"] in "Ee":
        x, y, a, b = o["rect"]
        points = [(x + a * p, y + b * q) for p, q in _CIRCLE]
    else:
        points = o["points"]
    start, *rest = [f"{x:.2f} {y:.2f}" for x, y in points]
    if o["op"] in "BbEe":
        return " ".join([f"{start} m", *(" ".join(rest[i : i + 3]) + " c" for i in range(0, len(rest), 3))])
    return " ".join([f"{start} m", *(f"{point} l" for point in rest)])


def _style(style: str) -> Iterable[str]:
    if style in _DASHES:
        yield _DASHES[style]
    elif width := re.fullmatch(r"setlinewidth\(([\d.]+)\)", style):
        yield f"{width[1]} w"


def _rgb(colour: str) -> str | None:
    """#RRGGBB as PDF's three shares; None for a colour that is transparent."""
    if len(colour) == 9 and colour.endswith("00"):
        return None
    return " ".join(f"{int(colour[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5))


def _text(o: dict[str, Any], colour: str, size: float, bold: bool) -> Iterable[str]:
    x, y = o["pt"]
    x -= {"l": 0.0, "c": 0.5, "r": 1.0}[o["align"]] * o["width"]
    text = o["text"].replace("\\\\", "\\")  # Graphviz escapes a backslash once more than JSON does
    yield f"/Span<</ActualText{_utf16(text)}>>BDC BT {colour} rg {x:.2f} {y:.2f} Td"
    for run in _runs(glyphs(text, bold)):
        g = run[0]
        # The Symbol font has no bold: a thin line around its letters stands in for it.
        heavy = bold and g.font == SYMBOL
        mode = f"2 Tr {0.03 * size:.2f} w {colour} RG" if heavy else "0 Tr"
        code = bytes(g.code for g in run).hex()
        kern = f"{1000 * g.back:.0f}" if g.back else ""
        ahead = f"{-1000 * (g.back - 0.333):.0f}" if g.back else ""  # back to the end of the letter
        yield f"/{_FONTS[g.font]} {g.size * size:.2f} Tf {g.rise * size:.2f} Ts {mode} [{kern}<{code}>{ahead}] TJ"
    yield "ET EMC"


def _runs(line: list[Glyph]) -> list[list[Glyph]]:
    """Neighbours that differ in their code alone go together; an accent stands by itself."""
    runs: list[list[Glyph]] = []
    for g in line:
        if runs and not g.back and runs[-1][0]._replace(code=0) == g._replace(code=0):
            runs[-1].append(g)
        else:
            runs.append([g])
    return runs


def _utf16(text: str) -> str:
    return "<feff" + text.encode("utf-16-be", "replace").hex() + ">"
