"""A class's report: what to talk about tomorrow, where it happens, the marks, and every answer on one page.

Whatever students wrote is escaped, and the page runs nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from html import escape

from autograd.words.text import constant, counted

from .classes import Result
from .contents import layout_of
from .layout import points
from .marks import Mark, Marks
from .page import Page, document
from .picture import picture, text
from .worksheet import Worksheet

SHARED = 0.15  # of a class, from which a convention is worth a question
BANDS = ("<50 %", "50–60", "60–70", "70–80", "80–90", "90–100")
SIGNS = {"right": "✓", "follow_through": "ft", "mistake": "✗", "blank": "–", "unknown": "?"}
WORST = ("unknown", "mistake", "follow_through", "blank", "right")  # of a column's fields, the one that is shown
MOST_QUOTED, MOST_NAMED = 40, 30
HEADS = {"u": "u", "o": "o", "err": "Err", "slope": "σ'", "dtheta": "∂θ", "db": "∂b", "theta": "new θ", "b": "new θ"}


def report(results: Sequence[Result], sheet: Worksheet, names: bool = False) -> Page:
    """The report of a class as a page.

    names  whether students stand there by their ids; otherwise by numbers, which the table of marks has as well
    """
    return document("Class report", _Report(results, sheet, names).body(), "report")


def numbered(results: Sequence[Result]) -> list[str]:
    """A number for each answer, which stands for a student in a report.

    >>> numbered([Result("ann", "ann.json"), Result("bob", "bob.json")])
    ['s01', 's02']
    """
    return [f"s{n:0{max(2, len(str(len(results))))}}" for n in range(1, len(results) + 1)]


class _Report:
    def __init__(self, results: Sequence[Result], sheet: Worksheet, named: bool) -> None:
        self.results, self.sheet, self.n = list(results), sheet, len(results)
        self.named = named
        self.names = {id(r): r.student if named else n for n, r in zip(numbered(results), self.results)}
        self.graded = [(r, r.marks) for r in self.results if r.marks is not None]
        self.scores = [marks.score for _, marks in self.graded]

    def body(self) -> str:
        return (
            self._head()
            + self._mistakes()
            + self._where_and_marks()
            + self._every_answer()
            + self._looks()
            + '<div class="foot"><span>deltagrad grade … --report</span><span>one slip costs once; later fields are'
            " judged from the student’s own numbers</span></div>"
        )

    def _name(self, result: Result) -> str:
        return escape(self.names[id(result)])

    def _head(self) -> str:
        variants = len({marks.sheet for _, marks in self.graded})
        whole = sum(not marks.mistakes and not marks.needs_human and marks.score == marks.max_score
                    for _, marks in self.graded)  # fmt: skip
        look = sum(r.needs_human for r in self.results)
        median = points(statistics.median_low(self.scores)) if self.scores else "–"
        s = self.sheet.settings
        under = (f"Backpropagation by hand, sheet {s.seed} · {'-'.join(map(str, s.widths))} {s.activation} ·"
                 f" {counted(self.n, 'answer')}, {counted(variants, 'variant')}")  # fmt: skip
        told = f"median {median} of {points(self.sheet.max_score)} · {whole} without a mistake · {look} to look at"
        return (f'<div class="top"><div><h1>Class report</h1><div class="under">{escape(under)}</div></div>'
                f'<div class="who">{told}</div></div>')  # fmt: skip

    # --- what to talk about ----------------------------------------------------------------------

    def _mistakes(self) -> str:
        who: dict[str, list[Result]] = {}
        marks_of: dict[str, Mark] = {}
        for result, marks in self.graded:
            for mark in marks.fields:
                if mark.mistake and result not in who.setdefault(mark.mistake, []):
                    who[mark.mistake].append(result)
                    marks_of.setdefault(mark.mistake, mark)
        rows = []
        for identifier, students in sorted(who.items(), key=lambda pair: -len(pair[1])):
            mark, share = marks_of[identifier], len(students) / self.n
            named = ", ".join(self._name(r) for r in students[:MOST_NAMED])
            named += f", … {len(students) - MOST_NAMED} more" if len(students) > MOST_NAMED else ""
            rows.append(
                f'<tr><td class="n">{len(students)}</td><td class="bar">'
                f'<div style="width:{100 * share:.0f}%"></div></td>'
                f"<td>{escape(mark.name)}: {escape(mark.because)}<br><code>{escape(identifier)}</code></td>"
                f"<td>{named}</td></tr>"
            )
        if not rows:
            return "<h2>What to talk about tomorrow</h2><p>Nobody made a mistake that has a name.</p>"
        return ('<h2>What to talk about tomorrow</h2><table class="m"><thead><tr><th colspan="2">students</th>'
                f"<th>mistake</th><th>who</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
                + self._advice(who, marks_of))  # fmt: skip

    def _advice(self, who: dict[str, list[Result]], marks_of: dict[str, Mark]) -> str:
        shared = [i for i, mark in marks_of.items() if mark.why == "convention" and len(who[i]) >= SHARED * self.n]
        students = {id(r) for i in shared for r in who[i]}
        if len(students) < 2:
            return ""
        return f"<p>{len(students)} of {self.n} share one convention, ½(y − ŷ)²: was the ½ in the lecture?</p>"

    # --- where, and how many points ----------------------------------------------------------------

    def _where_and_marks(self) -> str:
        if not self.graded:
            return ""
        counts: dict[tuple[str, tuple[int, ...]], int] = {}
        for _, marks in self.graded:
            for mark in marks.fields:
                if mark.status == "mistake":
                    at = mark.field.part, mark.field.place
                    counts[at] = counts.get(at, 0) + 1
        marked = {at: f"{n} of {self.n}" for at, n in counts.items()}
        drawn = picture(layout_of(self.sheet), marked)
        return ('<div class="two where"><div><h2>Where it happens</h2>' + drawn + "</div><div><h2>Marks</h2>"
                + self._histogram() + "</div></div>")  # fmt: skip

    def _histogram(self) -> str:
        bands = [0] * len(BANDS)
        for score in self.scores:
            share = 100 * score / self.sheet.max_score
            bands[0 if share < 50 else min(5, 1 + int((share - 50) // 10))] += 1
        tallest = max(*bands, 1)
        bars = "".join(
            f'<rect x="{8 + 50 * j}" y="{84 - 66 * n / tallest:.1f}" width="40" height="{66 * n / tallest:.1f}"'
            ' fill="#555"/>' + text(28 + 50 * j, 80 - 66 * n / tallest, str(n), 10, "middle")
            + text(28 + 50 * j, 98, BANDS[j], 9, "middle", fill="#444")
            for j, n in enumerate(bands)
        )  # fmt: skip
        told = ", ".join(f"{band}: {n}" for band, n in zip(BANDS, bands))
        return f'<svg viewBox="0 0 310 104" role="img" aria-label="histogram of marks: {escape(told)}">{bars}</svg>'

    # --- every answer ------------------------------------------------------------------------------

    def _group(self, mark: Mark) -> str:
        field = mark.field
        if field.part == "delta":
            return "δ out" if field.equation == "output" else "δ hid"
        return HEADS.get(field.part, field.name)

    def _every_answer(self) -> str:
        if not self.graded:
            return ""
        groups = list(dict.fromkeys(self._group(mark) for mark in self.graded[0][1].fields))
        head = "".join(f"<th>{escape(g)}</th>" for g in groups) + f"<th>of {points(self.sheet.max_score)}</th>"
        rows = [self._row(r, groups) for r in self.results]
        half = (len(rows) + 1) // 2 if len(rows) > 8 else len(rows)
        tables = "".join(
            f'<table class="s"><thead><tr><th></th>{head}</tr></thead><tbody>{"".join(part)}</tbody></table>'
            for part in (rows[:half], rows[half:]) if part
        )  # fmt: skip
        legend = (
            "<p>✓ right &nbsp; <span class='ft'>&nbsp;ft&nbsp;</span> follow-through: right method on the student’s own"
            " wrong number, full points &nbsp; <span class='x'>&nbsp;✗&nbsp;</span> mistake &nbsp; – blank &nbsp;"
            " <span class='q'>&nbsp;?&nbsp;</span> not understood: please look</p>"
        )
        return f'<h2>Every answer</h2><div class="{"two" if half < len(rows) else ""}">{tables}</div>{legend}'

    def _row(self, result: Result, groups: list[str]) -> str:
        name, marks = f'<td class="id">{self._name(result)}</td>', result.marks
        if marks is None:
            return f'<tr>{name}<td class="q" colspan="{len(groups)}">?</td><td class="n">?</td></tr>'
        cells = []
        for group in groups:
            found = [m.status for m in marks.fields if self._group(m) == group]
            status = next((s for s in WORST if s in found), "blank")
            cells.append(f'<td class="{_CLASSES[status]}">{SIGNS[status]}</td>')
        score = points(marks.score) + ("?" if marks.undecided else "")
        return f'<tr>{name}{"".join(cells)}<td class="n">{score}</td></tr>'

    def _looks(self) -> str:
        lines = []
        for result in self.results:
            if not result.needs_human:
                continue
            said = list(result.marks.problems if result.marks else result.problems)
            said += _unknown(result.marks) if result.marks else []
            file = f" <code>{escape(result.file)}</code>" if self.named else ""
            lines.append(f"<li>{self._name(result)}{file}: {escape('; '.join(said))}</li>")
        if not lines:
            return ""
        more = f"<li>… and {len(lines) - MOST_QUOTED} more</li>" if len(lines) > MOST_QUOTED else ""
        return f"<h2>Please look</h2><ul>{''.join(lines[:MOST_QUOTED])}{more}</ul>"


_CLASSES = {"right": "v", "follow_through": "ft", "mistake": "x", "blank": "", "unknown": "q"}


def _unknown(marks: Marks) -> list[str]:
    """The numbers that are wrong and have no name: what was written, and what the student's own numbers give."""
    found = [(m, m.expected) for m in marks.fields if m.status == "unknown" and m.expected is not None]
    return [f"{m.field.name}: “{m.given}”, and {constant(x)} from the numbers before it" for m, x in found[:4]]
