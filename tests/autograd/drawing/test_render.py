"""Rendering and saving: which program draws, what happens without one, and files that are whole or not there."""

import os
import re
import sys
from xml.etree import ElementTree

import pytest

from autograd import AutogradError, AutogradTypeError, AutogradValueError, MissingDependency, Value, draw, explore
from autograd.drawing import Drawing, render
from autograd.drawing.parts import FIXED
from autograd.drawing.render import RENDERERS, VARIABLE, graphviz_pure

posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in renderer is a script")


@pytest.fixture
def picture():
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    return draw(y)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a Python script in the renderer's place."""

    def install(body):
        script = tmp_path / "stand-in"
        script.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n")
        script.chmod(0o755)
        monkeypatch.setenv(VARIABLE, str(script))
        return str(script)

    return install


def test_svg_and_png_come_out_of_the_installed_renderer(picture):
    assert ElementTree.fromstring(picture.svg()).tag.endswith("svg")
    small, large = picture.png(), picture.png(scale=2)
    width = [int.from_bytes(png[16:20], "big") for png in (small, large)]
    assert small.startswith(b"\x89PNG") and abs(width[1] - 2 * width[0]) <= 2


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 1000])
def test_a_senseless_scale_is_refused(picture, scale):
    with pytest.raises(AutogradValueError, match="scale"):
        picture.png(scale)


def test_the_renderer_is_found_without_path(picture, monkeypatch):
    if graphviz_pure() is None:
        pytest.skip("graphviz-pure has no wheel for this platform")
    monkeypatch.setenv("PATH", "")
    assert os.path.isabs(graphviz_pure()) and picture.svg()


@posix
def test_the_environment_variable_goes_first(picture, stand_in):
    stand_in("sys.stdout.write('<svg>mine</svg>')")
    assert picture.svg().endswith("mine</svg>")


def test_a_wrong_environment_variable_is_an_error_not_a_guess(picture, monkeypatch):
    monkeypatch.setenv(VARIABLE, "/no/such/dot")
    with pytest.raises(MissingDependency, match=f"{VARIABLE}.*/no/such/dot"):
        picture.svg()


def test_without_a_renderer_the_error_names_the_remedy_and_the_text_is_there(picture, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(render, "graphviz_pure", lambda: None)
    for output in (picture.svg, picture.png, picture.pdf):
        with pytest.raises(MissingDependency, match="pip install graphviz-pure"):
            output()
    assert picture.dot.startswith("digraph")
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/plain"} and "graphviz-pure" in bundle["text/plain"]


def test_without_the_graphviz_package_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(MissingDependency, match="pip install graphviz"):
        draw(Value(1.0))


@posix
def test_a_failure_quotes_what_the_renderer_said(picture, stand_in):
    stand_in("sys.stderr.write('Warning: no value for width of non-ASCII character 206.\\nout of ink'); sys.exit(3)")
    with pytest.raises(AutogradError, match=r"status 3: out of ink$"):
        picture.svg()


@posix
def test_a_renderer_that_hangs_is_stopped(picture, stand_in, monkeypatch):
    stand_in("time.sleep(60)")
    monkeypatch.setattr(render, "TIMEOUT", 0.3)
    with pytest.raises(AutogradError, match=r"0\.3 seconds"):
        picture.svg()


def test_a_renderer_of_one_s_own_goes_first_and_gets_text_and_format(picture, monkeypatch):
    asked = []

    def mine(dot, format):
        asked.append((dot, format))
        return b"<svg>mine</svg>" if format == "svg" else b"a picture"

    monkeypatch.setitem(RENDERERS, "mine", mine)
    loose = picture.dot.replace(f" {FIXED}", "")  # its font is not known
    assert picture.svg().endswith("mine</svg>") and asked == [(loose, "svg")]
    assert picture.png(2) == b"a picture"
    assert asked[1] == (loose.replace("{", "{ dpi=192;", 1), "png")


def test_the_page_that_can_be_stepped_through_is_drawn_by_the_same_renderer(picture, monkeypatch):
    asked = []
    kept = RENDERERS["graphviz-pure"] if graphviz_pure() else RENDERERS["dot"]
    monkeypatch.setitem(RENDERERS, "mine", lambda dot, format: (asked.append(format), kept(dot, format))[1])
    x = Value(2.0, "x")
    assert "<svg" in explore(x * x).html and asked == ["svg"]


def test_the_environment_variable_names_a_renderer_too(picture, monkeypatch):
    monkeypatch.setitem(RENDERERS, "one", lambda dot, format: b"<svg>one</svg>")
    monkeypatch.setitem(RENDERERS, "two", lambda dot, format: b"<svg>two</svg>")
    assert picture.svg().endswith("two</svg>")
    monkeypatch.setenv(VARIABLE, "one")
    assert picture.svg().endswith("one</svg>")


def test_a_renderer_without_a_format_is_passed_over_and_heard_where_there_is_no_other(picture, monkeypatch):
    def browser(dot, format):
        if format != "svg":
            raise MissingDependency(f"in the browser there is no {format}")
        return b"<svg>browser</svg>"

    monkeypatch.setitem(RENDERERS, "browser", browser)
    assert picture.svg().endswith("browser</svg>") and picture.png()[1:4] == b"PNG"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(render, "graphviz_pure", lambda: None)
    with pytest.raises(MissingDependency, match=r"^in the browser there is no png; the DOT text is in \.dot$"):
        picture.png()
    assert set(picture._repr_mimebundle_()) == {"text/plain", "image/svg+xml"}


def test_a_renderer_that_gives_no_bytes_is_named(picture, monkeypatch):
    monkeypatch.setitem(RENDERERS, "mine", lambda dot, format: "<svg></svg>")
    with pytest.raises(AutogradTypeError, match="the renderer 'mine' returned str"):
        picture.svg()


HEADS = ["digraph {", "strict digraph x{", "// a {\n/* { */ graph {", 'Digraph "a{\\"b" \n{', "# {\ndigraph α {"]


@pytest.mark.parametrize("head", HEADS)
def test_a_png_has_its_size_whatever_the_text_begins_with(head):
    small, large = (Drawing(f"{head} a }}").png(scale) for scale in (1, 3))
    width = [int.from_bytes(png[16:20], "big") for png in (small, large)]
    assert abs(width[1] - 3 * width[0]) <= 3


def test_bad_dot_is_an_error():
    with pytest.raises(AutogradError, match="syntax error"):
        Drawing("digraph {").svg()


def test_a_picture_has_a_title_and_a_description_for_those_who_hear_it(picture):
    svg = ElementTree.fromstring(picture.svg())
    title, description = svg[0], svg[1]
    assert svg.get("role") == "graphics-document" and svg.get("aria-label") == title.text == picture.title
    assert title.text == "How f = +4.00 was computed"
    assert description.tag.endswith("desc") and "x = +2.00 with gradient +4.00" in description.text
    hostile = Drawing("digraph { a }", '<b> & " ]]>', "</desc><script>")
    named = ElementTree.fromstring(hostile.svg())
    assert named.get("aria-label") == '<b> & " ]]>' and named[1].text == "</desc><script>"


# --- files ------------------------------------------------------------------------------------------


def test_save_writes_what_the_ending_says(picture, tmp_path):
    for ending in (".svg", ".png", ".pdf", ".gv", ".mmd", ".SVG"):
        picture.save(tmp_path / f"a b é{ending}")
    assert (tmp_path / "a b é.svg").read_text(encoding="utf-8") == picture.svg()
    assert (tmp_path / "a b é.png").read_bytes() == picture.png(2)
    assert (tmp_path / "a b é.pdf").read_bytes() == picture.pdf()
    assert (tmp_path / "a b é.gv").read_text(encoding="utf-8") == picture.dot
    assert (tmp_path / "a b é.mmd").read_text(encoding="utf-8") == picture.mermaid
    picture.save(tmp_path / "a b é.png", scale=0.5)
    assert (tmp_path / "a b é.png").read_bytes() == picture.png(0.5)
    picture.save(str(tmp_path / "text.gv"))
    assert len(list(tmp_path.iterdir())) == 7


@pytest.mark.parametrize("name", ["x.jpg", "x"])
def test_an_ending_that_is_not_written_is_refused(picture, tmp_path, name):
    with pytest.raises(AutogradValueError, match=rf"{name}' has to end in \.svg, \.png, \.pdf, \.gv or \.mmd$"):
        picture.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(picture, tmp_path):
    with pytest.raises(AutogradValueError, match=r"no folder.*nowhere"):
        picture.save(tmp_path / "nowhere" / "x.svg")


@posix
def test_a_failed_save_leaves_the_old_file_and_nothing_else(picture, tmp_path, stand_in, monkeypatch):
    target = tmp_path / "x.svg"
    target.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full")))
        with pytest.raises(OSError, match="disk full"):
            picture.save(target)
    stand_in("sys.exit(1)")
    with pytest.raises(AutogradError):
        picture.save(target)
    assert target.read_text() == "old" and {p.name for p in tmp_path.iterdir()} == {"x.svg", "stand-in"}


# --- notebooks ----------------------------------------------------------------------------------------


def test_a_notebook_gets_svg_png_pdf_and_text(picture, monkeypatch):
    bundle = picture._repr_mimebundle_()
    assert bundle["image/svg+xml"] == render.fitting(picture.svg()) and bundle["image/png"] == picture.png()
    assert bundle["text/plain"] == repr(picture)
    assert bundle["application/pdf"] == picture.pdf()
    monkeypatch.setattr(render, "LARGEST_PNG", 10)
    assert set(picture._repr_mimebundle_()) == {"text/plain", "image/svg+xml", "application/pdf"}
    monkeypatch.setattr(render, "LARGEST_PDF", 10)
    assert set(picture._repr_mimebundle_()) == {"text/plain", "image/svg+xml"}


def test_in_a_notebook_a_wide_picture_shrinks_with_the_page_but_not_until_nobody_can_read_it(picture):
    width = float(re.search(r'width="(\d+)pt"', picture.svg())[1])
    root = ElementTree.fromstring(render.fitting(picture.svg()))
    assert root.get("style") == f"max-width:max(100%, {0.6 * width:.0f}pt);height:auto"
    assert render.fitting(picture.svg()).replace(f' style="{root.get("style")}"', "", 1) == picture.svg()
    assert render.fitting("<svg>") == "<svg>"


def test_a_value_shows_itself_unless_it_is_large():
    x = Value(2.0, "x")
    y = x * x
    bundle = y._repr_mimebundle_()
    assert bundle["text/plain"] == repr(y) and bundle["image/svg+xml"] == render.fitting(draw(y).svg())
    for _ in range(150):
        y = y.tanh()
    assert y._repr_mimebundle_() == {"text/plain": repr(y)}
