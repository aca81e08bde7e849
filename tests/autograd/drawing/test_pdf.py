"""The PDF: a well-formed file, real text in it, and the same strokes and colours as the SVG."""

import re
import shutil
import subprocess
import zlib
from xml.etree import ElementTree

import pytest

from autograd import Value, draw
from autograd.drawing import Drawing
from autograd.drawing.fonts import BOLD, REGULAR, SYMBOL, glyphs, width
from autograd.drawing.pdf import pdf
from autograd.words.text import shown

SVG = "{http://www.w3.org/2000/svg}"
LABELS = ["θ⁽²⁾₁,₁₂", "ŷ", 'a "quote" (', "back\\slash", "<b>", "σ′ ∂ ∑ √ ≤ →", "é", "שלום", "😀", "x₋₁", "\x00", "不"]


def picture(theme="light"):
    total = Value(1.0, "z")
    for label in LABELS:
        total = total + Value(-1.5, label)
    total.backward()
    return draw(total, theme=theme)


def page(file):
    """The page's operators."""
    return zlib.decompress(re.search(rb"stream\n(.*?)\nendstream", file, re.DOTALL)[1]).decode("latin-1")


def texts(file):
    found = re.findall(r"/ActualText<feff([0-9a-f]*)>", page(file))
    return [bytes.fromhex(text).decode("utf-16-be") for text in found]


def test_the_table_of_objects_is_right():
    file = picture().pdf()
    assert file.startswith(b"%PDF-1.4\n") and file.endswith(b"%%EOF\n")
    start = int(re.search(rb"startxref\n(\d+)", file)[1])
    assert file[start:].startswith(b"xref\n")
    offsets = [int(entry) for entry in re.findall(rb"(\d{10}) 00000 n", file)]
    assert len(offsets) == file.count(b" obj\n")
    for number, offset in enumerate(offsets, 1):
        assert file[offset:].startswith(b"%d 0 obj\n" % number)
    length = int(re.search(rb"/Length (\d+)", file)[1])
    assert file[re.search(rb"stream\n", file).end() + length :].startswith(b"\nendstream")


def test_the_texts_are_those_of_the_svg():
    drawing = picture()
    svg = ElementTree.fromstring(drawing.svg())
    assert sorted(texts(drawing.pdf())) == sorted(t.text.replace("\xa0", " ") for t in svg.iter(SVG + "text"))
    for label in LABELS:
        assert shown(label) in texts(drawing.pdf()) or "\\" in label  # which is drawn in two runs


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_are_those_of_the_svg(theme):
    drawing = picture(theme)
    svg = drawing.svg()
    used = set(re.findall(r'(?:fill|stroke)="(#\w{6})"', svg))
    colours = {" ".join(f"{int(c[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5)) for c in used}
    drawn = set(re.findall(r"((?:[\d.]+ ){3})(?:rg|RG)\b", page(drawing.pdf())))
    assert {c.strip() for c in drawn} - {"0 0 0"} == colours
    left, top, right, bottom = map(float, re.search(rb"MediaBox\[(.*?)\]", drawing.pdf())[1].split())
    size = re.search(r'width="(\d+)pt" height="(\d+)pt"', svg)
    assert right - left == pytest.approx(float(size[1]), abs=1.1)
    assert bottom - top == pytest.approx(float(size[2]), abs=1.1)


def test_the_same_picture_is_the_same_file():
    assert picture().pdf() == picture().pdf()


def test_the_title_goes_along():
    assert "How f".encode("utf-16-be").hex().encode() in picture().pdf()


def test_every_operation_of_the_layout_is_drawn():
    shapes = [
        {"op": "c", "grad": "none", "color": "#ff0000"}, {"op": "C", "grad": "none", "color": "#00ff00"},
        {"op": "S", "style": "setlinewidth(2)"}, {"op": "S", "style": "dashed"}, {"op": "S", "style": "rounded"},
        {"op": "E", "rect": [5, 5, 2, 1]}, {"op": "e", "rect": [5, 5, 2, 1]},
        {"op": "P", "points": [[0, 0], [1, 0], [1, 1]]}, {"op": "p", "points": [[0, 0], [1, 0], [1, 1]]},
        {"op": "L", "points": [[0, 0], [1, 0]]}, {"op": "b", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]},
        {"op": "F", "size": 10, "face": "Helvetica"},
        {"op": "T", "pt": [10, 5], "align": "c", "width": 4, "text": "ab"},
        {"op": "c", "grad": "none", "color": "#fffffe00"}, {"op": "B", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]},
    ]  # fmt: skip
    drawn = page(pdf({"bb": "0,0,10,10", "_draw_": shapes}))
    painted = [line.rsplit(" ", 1)[1] for line in drawn.splitlines() if " m " in line]
    assert painted == ["b", "s", "b", "s", "S", "S", "f"]
    assert "2 w" in drawn and "[6 3] 0 d" in drawn and "8.00 5.00 Td" in drawn


def test_glyphs_come_from_three_fonts():
    assert {g.font for g in glyphs("aθ₁")} == {REGULAR, SYMBOL}
    assert {g.font for g in glyphs("aθ₁", bold=True)} == {BOLD, SYMBOL}
    below, above = glyphs("₁")[0], glyphs("¹")[0]
    assert below.rise < 0 < above.rise and below.size < 1 and below.code == above.code == ord("1")
    letter, hat = glyphs("ŷ")
    assert (chr(letter.code), bytes([hat.code]).decode("cp1252")) == ("y", "ˆ") and hat.back > 0.33
    assert len(glyphs("e\u0301")) == 1  # é


def test_widths_are_those_of_the_fonts_metrics():
    afm = pytest.importorskip("matplotlib._afm").AFM
    folder = pytest.importorskip("matplotlib").get_data_path() + "/fonts/pdfcorefonts/"
    for font, bold in ((REGULAR, False), (BOLD, True)):
        with open(f"{folder}{font}.afm", "rb") as file:
            metrics = afm(file)
        names = {36: "dollar", 39: "quotesingle", 96: "grave"}
        for code in range(32, 127):
            expected = metrics.get_width_from_char_name(names[code]) if code in names else metrics._metrics[code].width
            assert width(chr(code), bold) == expected / 1000, chr(code)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed (poppler-utils)")
def test_another_program_reads_the_text(tmp_path):
    picture().save(tmp_path / "x.pdf")
    done = subprocess.run(["pdftotext", tmp_path / "x.pdf", "-"], capture_output=True, check=True)
    assert not done.stderr
    for label in ("θ⁽²⁾₁,₁₂", "ŷ", "<b>", "−1.50", "😀", "不"):
        assert label in done.stdout.decode()


def test_a_graph_of_any_shape_can_be_written():
    assert Drawing('digraph { a [shape=ellipse]; b [style=dotted]; a -> b [label="c"] }').pdf()
