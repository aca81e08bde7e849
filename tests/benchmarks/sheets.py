"""Sheets graded: python tests/benchmarks/sheets.py [sheets] [right] [files]

1. Each mistake of the family is planted in that many sheets, by plain loops that share no line with it, and the
   student goes on rightly from the own wrong number: how often it is named, and nothing that other numbers could
   have told from it; and how often everything that follows is accepted, field by field.
2. Right answers in every style of rounding: how many are accused.
3. A class's answer files of numbers, graded by the command that teachers use: seconds on two processes.

Exit code 1 unless 97 % are named, follow-through is exact in 99 %, nobody is accused, and 1,000 files take 60 s.
A long run is made in parts, see parts.py.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import math
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nn.grading.mistakes import MISTAKES
from nn.sheets.command import main as command
from nn.sheets.draws import never_told
from nn.sheets.marking import grade_sheet
from nn.sheets.telling import candidates
from nn.sheets.worksheet import worksheet
from tests.benchmarks import mistaken, styles
from tests.benchmarks.mistaken import learner
from tests.benchmarks.parts import added, in_parts

NAMED, EXACT, SECONDS = 0.97, 0.99, 60.0
KINDS = (
    {"widths": (2, 2, 1)},
    {"widths": (2, 2, 1), "activation": "tanh"},
    {"widths": (2, 2, 1), "activation": "relu"},
    {"widths": (2, 2, 1), "loss": "half_squared_error"},
    {"widths": (2, 3, 2), "activation": "tanh"},
    {"widths": (3, 3, 2)},
    {"widths": (2, 2, 2), "loss": "mean_squared_error"},
    {"widths": (2, 2, 2), "activation": "tanh", "loss": "cross_entropy"},
    {"widths": (2, 2, 1), "loss": "binary_cross_entropy"},
    {"widths": (2, 2, 2, 1), "activation": "tanh"},
    {"widths": (2, 2, 3), "activation": "tanh", "loss": "hinge"},
)
ROUNDINGS = ("in the end", "on the way", "all digits")
FOLLOWING = {"right", "follow_through"}


# --- what a student computes, in plain loops --------------------------------------------------------


def err_of(loss, y, o):
    if loss == "cross_entropy":
        total = math.fsum(math.exp(v) for v in o)
        return -math.fsum(t * math.log(math.exp(v) / total) for t, v in zip(y, o))
    if loss == "binary_cross_entropy":
        p = [1 / (1 + math.exp(-v)) for v in o]
        return -math.fsum(t * math.log(q) + (1 - t) * math.log(1 - q) for t, q in zip(y, p))
    if loss == "hinge":
        return math.fsum(max(0.0, 1 - t * v) for t, v in zip(y, o))
    squares = math.fsum((t - v) ** 2 for t, v in zip(y, o))
    return squares * {"squared_error": 1, "half_squared_error": 0.5, "mean_squared_error": 1 / len(y)}[loss]


def wrong_err(name, err, y, o):
    return {
        "½ convention": err / 2, "½ missing": err * 2, "not squared": sum(a - b for a, b in zip(y, o)),
        "mean for sum over the outputs": err / len(y), "sum for mean over the outputs": err * len(y),
    }[name]  # fmt: skip


SIGMAS = {"σ missing": lambda u: u, "tanh for σ": math.tanh, "sigmoid for σ": lambda u: 1 / (1 + math.exp(-u)),
          "ReLU for σ": lambda u: max(0.0, u)}  # fmt: skip


def wrong_slope(name, kind, slope, u, o):
    """σ' with a mistake in it; what belongs to another σ changes nothing."""
    sharp = kind in ("tanh", "sigmoid")
    return {
        "σ'(o) for σ'(u)": lambda: slope(o), "σ for σ'": lambda: o, "σ' taken as 1": lambda: 1.0,
        "σ' in terms of o, given u": lambda: {"sigmoid": u - u**2, "tanh": 1 - u**2}[kind],
        "slope of tanh, 1 − o²": lambda: 1 - o**2, "slope of the sigmoid, o(1 − o)": lambda: o - o**2,
        "1 − o for σ'": lambda: 1 - o if sharp else slope(u),
        "o(1 + o) or 1 + o² for σ'": lambda: (o + o**2 if kind == "sigmoid" else 1 + o**2) if sharp else slope(u),
        "1/cosh u for tanh'": lambda: 1 / math.cosh(u) if kind == "tanh" else slope(u),
        "slope of ReLU on the wrong side": lambda: float(u <= 0) if kind == "relu" else slope(u),
    }[name]()  # fmt: skip


def forward(sheet, equation, name, r):
    case, u, o, slopes = sheet.case, [], [], []
    for k, layer in enumerate(case.theta):
        before = o[-1] if o else case.x
        if equation == "forward":
            before = {"u for o": u[-1] if u else case.x, "x for o": case.x}.get(name, before)
        u.append([])
        for i, row in enumerate(layer):
            if (equation, name) == ("forward", "transposed θₗᵢ for θᵢₗ"):
                row = [layer[l][i] for l in range(len(row))]
            total = sum(t * v for t, v in zip(row, before, strict=True))
            total += 0 if (equation, name) == ("forward", "bias left out of u") else case.bias[k][i]
            u[-1].append(r(-total if (equation, name) == ("forward", "sign") else total))
        sigma = SIGMAS[name] if equation == "activation" else case.sigma[k]
        o.append([r(sigma(v)) for v in u[-1]])
        slopes.append([
            r(wrong_slope(name, case.names[k], case.slope[k], a, b) if equation == "slope" else case.slope[k](a))
            for a, b in zip(u[-1], o[-1])
        ])  # fmt: skip
    return u, o, slopes


def solved(sheet, equation="", name="", r=lambda v: v):
    """A whole pass with a mistake in one equation, or none; everything else is right, from what stands before it.

    r  how a number is written down before it is gone on with
    """
    case, eta, planted = sheet.case, sheet.numbers.eta, frozenset({(equation, name)})
    u, o, slopes = forward(sheet, equation, name, r)
    err = err_of(sheet.settings.loss, case.y, o[-1])
    err = wrong_err(name, err, case.y, o[-1]) if equation == "error" else err
    # What learner() asks of σ' is answered from what was written.
    written_slopes = [dict(zip(us, ss)) for us, ss in zip(u, slopes)]
    sigma_slope = [lambda v, k=k: written_slopes[k].get(v, case.slope[k](v)) for k in range(len(u))]
    usual, mistaken.ETA = mistaken.ETA, eta
    try:
        delta, by_theta, by_bias = learner(planted)(
            case.theta, case.bias, u, o, case.x, case.y, sigma_slope, case.names, case.sigma, sheet.settings.loss
        )
    finally:
        mistaken.ETA = usual
    delta = written(delta, r)
    if equation not in ("weights", "bias"):
        inputs = [case.x, *o]
        by_theta = [[[d * v for v in inputs[k]] for d in layer] for k, layer in enumerate(delta)]
        by_bias = delta
    by_theta, by_bias = written(by_theta, r), written(by_bias, r)

    def step(old, g, here):
        rate = {"added for subtracted": -eta, "η missing": 1.0, "not updated": 0.0}.get(name, eta) if here else eta
        return r((0.0 if here and name == "the step alone" else old) - rate * g)

    theta = [[[step(*pair, equation == "update") for pair in zip(*rows)] for rows in zip(*layers)]
             for layers in zip(case.theta, by_theta)]  # fmt: skip
    b = [[step(*pair, equation == "update_bias") for pair in zip(*rows)] for rows in zip(case.bias, by_bias)]
    return {"u": u, "o": o, "err": r(err), "slope": slopes, "delta": delta, "dtheta": by_theta, "db": by_bias,
            "theta": theta, "b": b}  # fmt: skip


def written(nested, r):
    return [written(part, r) for part in nested] if isinstance(nested, list) else r(nested)


def in_style(sheet, rounding, equation="", name=""):
    four = styles.decimals(sheet.settings.digits)
    if rounding == "on the way":
        return solved(sheet, equation, name, four)
    answer = solved(sheet, equation, name)
    return answer if rounding == "all digits" else {p: written(v, four) for p, v in answer.items()}


# --- 1: planted -------------------------------------------------------------------------------------

PARTS_OF = {"forward": "u", "activation": "o", "error": "err", "slope": "slope", "output": "delta", "hidden": "delta",
            "weights": "dtheta", "bias": "db", "update": "theta", "update_bias": "b"}  # fmt: skip


@functools.lru_cache(maxsize=4096)
def sheet_of(kind, seed):
    """The sheet of that seed, of KINDS[kind]: mistakes share them."""
    return worksheet(**KINDS[kind], seed=seed)


def sheets_for(equation, mistake):
    """The kinds of sheets in which the mistake can be made and seen, with what equals it on all of them."""
    for kind in range(len(KINDS)):
        sheet = sheet_of(kind, 0)
        listed = candidates(sheet.case, equation)
        same = {m if n == listed.index(mistake) else n for e, n, m in never_told(sheet.settings)
                if e == equation and listed.index(mistake) in (n, m)} if mistake in listed else None  # fmt: skip
        if same is not None and 0 not in same and _as_planted(sheet, mistake):
            yield kind, {listed[n].key for n in same}


def _as_planted(sheet, mistake):
    """Whether the loops mean the same by it here: they know these mistakes with one loss, or one σ, only."""
    if mistake.name in ("the loss for its derivative", "Err for ∂Err/∂ŷ"):
        return sheet.settings.loss == "squared_error"
    return mistake.name != "σ' in terms of o, given u" or set(sheet.case.names) <= {"tanh", "sigmoid"}


def measure(equation, mistake, number, first_seed):
    """Of that many sheets: seen, named, and with everything that follows accepted."""
    kinds = list(sheets_for(equation, mistake))
    counts, seen, seed = [0, 0], 0, first_seed
    while kinds and seen < number and seed < first_seed + 4 * number:
        kind, same = kinds[seed % len(kinds)]
        sheet = sheet_of(kind, seed)
        seed += 1
        try:
            answer = in_style(sheet, ROUNDINGS[seed % 3], equation, mistake.name)
        except (LookupError, ValueError):  # it cannot be made in this network
            continue
        if answer == in_style(sheet, ROUNDINGS[seed % 3]):
            continue
        seen += 1
        marks = grade_sheet(answer, sheet=sheet)
        blamed = [m for m in marks.fields if m.status not in FOLLOWING]
        inside = [m for m in blamed if m.field.equation == equation]
        keys = {i.rpartition(".")[2] for m in inside for i in m.ids}
        # By its own name, or by that of what is the same for all numbers; and nothing else beside it.
        counts[0] += bool(keys) and keys <= same | {mistake.key} and all(m.ids for m in inside)
        cost = max((m.field.points for m in inside), default=0.0)
        counts[1] += len(inside) == len(blamed) and (not inside or marks.max_score - marks.score <= cost)
    return counts, seen


def planted(number, part=0):
    """Of that many sheets with each mistake: seen, named, with everything that follows accepted."""
    table = {}
    for equation in PARTS_OF:
        for mistake in (m for m in MISTAKES if equation in m.equations):
            (named, exact), seen = measure(equation, mistake, number, 1000 * part)
            row = {"named": named, "exact": exact, "seen": seen}
            table[f"{equation} | {mistake.name}"] = added(table.get(f"{equation} | {mistake.name}", {}), row)
    return table


# --- 2: right ---------------------------------------------------------------------------------------


def right_in(sheet, style, slopes, products):
    parts_forward, rest = styles.STYLES[style]
    answer = styles.computed(sheet.case, parts_forward, rest, slopes, products and rest is not styles.full)
    answer["err"] = rest(err_of(sheet.settings.loss, sheet.case.y, answer["o"][-1]))
    pairs = (("theta", "dtheta", sheet.case.theta), ("b", "db", sheet.case.bias))
    for new, by, old in pairs:
        answer[new] = stepped(old, answer[by], sheet.numbers.eta, rest)
    if style in styles.IN_THE_END:
        answer = {part: written(v, styles.IN_THE_END[style]) for part, v in answer.items()}
    return answer


def stepped(old, by, eta, r):
    return [stepped(a, b, eta, r) for a, b in zip(old, by)] if isinstance(old, list) else r(old - eta * by)


def accused(number, part=0):
    """Of that many right answers: those in which some field is called a mistake, and those that are not full marks."""
    draw, wrong, short = random.Random(5 + part), [], []
    first = 10_000 * part
    for n in range(first, first + number):
        style = list(styles.STYLES)[n % len(styles.STYLES)]
        sheet = worksheet(**KINDS[n % len(KINDS)], seed=n)
        answer = right_in(sheet, style, draw.choice("uo"), draw.random() < 0.3)
        if draw.random() < 0.3:  # some boxes are empty
            answer[draw.choice(list(answer))] = None
        marks = grade_sheet(answer, sheet=sheet)
        if any(m.status == "mistake" for m in marks.fields):
            wrong.append((n, style, marks))
        elif any(m.status == "unknown" for m in marks.fields):
            short.append((n, style, marks))
    return wrong, short


# --- 3: a class -------------------------------------------------------------------------------------


def seconds_for(number, folder):
    """Seconds of a class of that size, everybody with a variant: by the clock, and of processors."""
    secret = folder / "secret"
    secret.write_text("a secret that nobody knows", encoding="utf-8")
    answers, draw = folder / "answers", random.Random(9)
    answers.mkdir()
    pattern = worksheet([2, 2, 1], seed=7)
    choices = [(e, m.name) for m in MISTAKES for e in m.equations
               if e in ("output", "hidden", "weights") and m.possible(pattern.case)]  # fmt: skip
    for n in range(number):
        sheet = pattern.for_student(f"s{n:04}", "a secret that nobody knows")
        equation, name = draw.choice(choices) if n % 2 else ("", "")
        try:
            answer = in_style(sheet, "in the end", equation, name)
        except (LookupError, ValueError):
            answer = in_style(sheet, "in the end")
        record = {"sheet": sheet.code, "student": f"s{n:04}", **answer}
        (answers / f"s{n:04}.json").write_text(json.dumps(record), encoding="utf-8")
    began, before = time.perf_counter(), processors()
    arguments = ["grade", str(answers), "--layers", "2,2,1", "--seed", "7", "--secret", str(secret), "--jobs", "2",
                 "--csv", str(folder / "marks.csv"), "--report", str(folder / "class.html")]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        assert command(arguments) == 0
    return time.perf_counter() - began, processors() - before


def processors():
    """Seconds of processor time of this process and those that it has ended."""
    return time.process_time() + sum(os.times()[2:4])


def computed(part, sizes):
    """The class is graded once, by the first part."""
    table = planted(sizes["sheets"], part)
    wrong, short = accused(sizes["right"], part)
    class_of = {}
    if sizes["files"]:
        with tempfile.TemporaryDirectory() as folder:
            clock, seconds = seconds_for(sizes["files"], Path(folder))
            class_of = {"files": sizes["files"], "clock": clock, "processors": seconds}
    accusations = [f"sheet {n}, {style}: {marks}" for n, style, marks in wrong]
    return {"table": table, "right": sizes["right"], "accused": accusations, "short": len(short), **class_of}


def told(run):
    print("| equation | mistake | sheets | named | follow-through exact |\n|---|---|---:|---:|---:|")
    of, named, exact = (sum(row[which] for row in run["table"].values()) for which in ("seen", "named", "exact"))
    for name, row in run["table"].items():
        seen = row["seen"]
        cells = [f"{100 * row[which] / seen:.1f} %" if seen else "—" for which in ("named", "exact")]
        print(f"| {name} | {seen} | {cells[0]} | {cells[1]} |")
    print(f"| **all** | | {of} | **{100 * named / of:.2f} %** | **{100 * exact / of:.2f} %** |\n")
    print(f"right answers accused, {len(styles.STYLES)} styles of rounding: {len(run['accused'])} of {run['right']}")
    print(f"right answers of which a field was left to a person: {run['short']} of {run['right']}")
    print(*run["accused"][:3], sep="\n", end="\n" * bool(run["accused"]))
    slow = False
    if "files" in run:
        files, seconds = run["files"], run["processors"]
        print(f"{files} files of numbers, each with a variant of its own: {run['clock']:.1f} s by the clock on two")
        print(f"processes, {seconds:.1f} s of processors, which is {seconds / 2:.1f} s on two with nothing else to do")
        slow = seconds / 2 > SECONDS * files / 1000 + 5
    return named >= NAMED * of and exact >= EXACT * of and not run["accused"] and not slow


if __name__ == "__main__":
    sys.exit(in_parts({"sheets": 200, "right": 1000, "files": 1000}, computed, told, whole=["files"]))
