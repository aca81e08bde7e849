"""The sheet and its key as a page to print, and as a page to fill in that writes an answer file.

One A4 page for a network 2-2-1; black and grey only, so that it survives a copier.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from autograd.drawing.page.whole import embedded, policy

from . import formulas
from .contents import MARKING, layout_of, likeliest, planted
from .fields import Field, blank_of, called, value
from .formula import LETTERS, right
from .layout import Cell, Layout, Section, Table, plain, points
from .picture import picture

if TYPE_CHECKING:
    from .worksheet import Worksheet

TITLE = "Backpropagation by hand"
FIND = "In this solution one number is wrong; what follows from it was computed rightly from it. Which is it?"


class Page(str):
    """A page as text, which a notebook shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<page: {len(self):,} characters of HTML>"

    def _repr_html_(self) -> str:
        return f'<iframe style="width:100%;height:72em;border:0;background:#fff" srcdoc="{escape(self)}"></iframe>'


def resource(name: str) -> str:
    """A file that lies beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def document(title: str, body: str, cls: str = "", script: str = "") -> Page:
    """A page that asks nothing of the network."""
    code = f"<script>{script}</script>" if script else ""
    return Page(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(script or None)}"><title>{escape(title)}</title>'
        f'<style>{resource("sheet.css")}</style></head><body class="{cls}">{body}{code}</body></html>\n'
    )


def rules_of(sheet: Worksheet) -> tuple[list[str], str]:
    """What every sheet says above its picture: σ, σ', Err and η; and how to round."""
    s, outputs = sheet.settings, len(sheet.numbers.y)
    sigmas = dict.fromkeys(s.activations)
    lines = [f"{formulas.sigma(a)}   {formulas.slope(a)}" + (f"  ({a})" if len(sigmas) > 1 else "") for a in sigmas]
    err = f"Err = {formulas.err(s.loss, outputs)}"
    lines.append(f"{err}, {formulas.ERR[s.loss][2]}    η = {plain(sheet.numbers.eta, 1)}")
    if s.difficulty == "formula":
        return lines, "Write formulas, with the letters of the sheet; no numbers. Leave empty what you do not know."
    return lines, (
        f"Write {s.digits} digits after the point, rounded. Going on with rounded or with all digits is both right."
        " Leave empty what you do not know; empty is not 0."
    )


class _Page:
    def __init__(self, sheet: Worksheet, key: bool, inputs: bool = False) -> None:
        self.sheet, self.key, self.inputs = sheet, key, inputs
        self.layout: Layout = layout_of(sheet, key)

    def body(self) -> str:
        return self._head() + self._rules() + picture(self.layout) + "".join(self._parts()) + self._foot()

    def _head(self) -> str:
        if self.key:
            who = '<div class="who"><b>Key, for teachers</b></div>'
        elif self.inputs:
            who = '<div class="who">Student id <input id="student" maxlength="80" autocomplete="off"></div>'
        else:
            who = '<div class="who">Name <i>&nbsp;</i> &nbsp; Student id <i class="id">&nbsp;</i></div>'
        title, _, code = self.sheet.title.rpartition(" ")
        return (
            f'<div class="top"><div><h1>{TITLE}{" · key" if self.key else ""}</h1><div class="under">{escape(title)}'
            f" <b>{code}</b></div></div>{who}</div>"
        )

    def _rules(self) -> str:
        lines, rounding = rules_of(self.sheet)
        *sigmas, err = lines
        bold = escape(err).replace("    ", "&nbsp;&nbsp;&nbsp; ")
        left = "<br>".join([*(escape(line).replace("   ", " &nbsp; ") for line in sigmas), f"<b>{bold}</b>"])
        return f'<div class="rules"><div>{left}</div><div>{escape(rounding)}</div></div>'

    def _parts(self) -> list[str]:
        difficulty = self.sheet.settings.difficulty
        if difficulty == "formula":
            return [self._formulas()]
        parts = [self._section(n, section) for n, section in enumerate(self.layout.sections(), 1)]
        return [*parts, self._find()] if difficulty == "find" else parts

    def _section(self, n: int, section: Section) -> str:
        tables = [self._table(t) for t in section.tables]
        points_text = "" if self.sheet.settings.difficulty == "find" else escape(section.points)
        head = f"<h2>{n} &nbsp;{escape(section.title)} <small>{points_text}</small></h2>"
        note = f"<p>{escape(section.note)}</p>" if section.note else ""
        if n < 3:
            return head + "".join(tables)
        *left, right = tables
        return head + '<div class="two">' + "".join(left) + f"<div>{right}{note}</div></div>"

    def _table(self, table: Table) -> str:
        head = "".join(f'<th class="{kind}">{escape(title)}</th>' for title, kind in table.columns)
        rows = "".join(f"<tr>{''.join(map(self._cell, row))}</tr>" for row in table.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _cell(self, cell: Cell) -> str:
        span = f' colspan="{cell.wide}"' if cell.wide > 1 else ""
        inner = escape(cell.text)
        if self.inputs and cell.field is not None:
            inner = _input(cell.field)
        return f'<td class="{cell.kind}"{span}>{inner}</td>'

    def _formulas(self) -> str:
        rows = []
        for field in self.sheet.fields:
            inner = escape(right(self.sheet, field)) if self.key else _input(field, "text") if self.inputs else ""
            rows.append(f'<tr><td class="label">{field.name} =</td><td>{inner}</td><td class="points">'
                        f"{points(field.points)}</td></tr>")  # fmt: skip
        total = points(self.sheet.max_score)
        return (f"<h2>Derive, from Err and the picture <small>{total} points: 2 each</small></h2>"
                f'<table class="wide">{"".join(rows)}</table><p>{escape(LETTERS)}</p>')  # fmt: skip

    def _find(self) -> str:
        where = instead = ""
        if self.key:
            equation, place, mistake = planted(self.sheet)
            field = next(f for f in self.layout.every if (f.equation, f.place) == (equation, place))
            where = f"{called(field.part, place)}: {mistake.name}"
            instead = self.layout.printed(field, value(self.sheet.key, field.part, place))
        elif self.inputs:
            where, instead = (_input(field, "text" * (field.part == "where")) for field in self.sheet.fields)
        else:
            where, instead = "&nbsp;", "&nbsp;"
        if self.key:
            where, instead = escape(where), escape(instead)
        return (f"<h2>Find the mistake <small>{points(self.sheet.max_score)} points: 1 each</small></h2><p>{FIND}</p>"
                f'<table><tr><td class="label">the wrong number</td><td>{where}</td><td class="label">right there is'
                f"</td><td>{instead}</td></tr></table>")  # fmt: skip

    def _foot(self) -> str:
        marking, right = "", f"{points(self.sheet.max_score)} points"
        if self.key:
            told = [f"{escape(m)}, {escape(where)} <b>({escape(number)})</b>"
                    for m, where, number in likeliest(self.sheet)]  # fmt: skip
            if self.sheet.settings.difficulty in ("pass", "step"):
                marking = f"<p><b>Marking.</b> {escape(MARKING)} Frequent here: {'; '.join(told)}.</p>"
            certified = "every number: engine = hand formula, certified" if self.sheet.certified else ""
            right = " · ".join(filter(None, [certified, right]))
        return f'{marking}<div class="foot"><span>{escape(self.sheet.command)}</span><span>{escape(right)}</span></div>'


def _input(field: Field, cls: str = "") -> str:
    mode = "text" if cls else "decimal"
    return (f'<input class="{cls}" data-key="{field.key}" aria-label="{escape(field.name)}" inputmode="{mode}"'
            ' maxlength="200" autocomplete="off">')  # fmt: skip


def page(sheet: Worksheet, key: bool = False) -> Page:
    """The sheet as a page to print, or its key."""
    cls = "key" if key else "compact" if sheet.settings.difficulty == "find" else ""
    return document(TITLE + (" · key" if key else ""), _Page(sheet, key).body(), cls)


def form(sheet: Worksheet) -> Page:
    """A page to fill in: a button writes what stands in it as a JSON file.  Nothing is sent anywhere."""
    blank = {"sheet": sheet.code, "student": None, **blank_of(sheet.case)}
    save = ('<p class="screen"><button id="save">Save my answers</button> <span id="said" role="status"></span></p>'
            f'<script type="application/json" id="blank">{embedded(blank)}</script>')  # fmt: skip
    return document(
        f"{TITLE} · to fill in", _Page(sheet, False, inputs=True).body() + save, "form", resource("form.js")
    )
