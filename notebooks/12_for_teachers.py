# %% [markdown]
# # 12 · For teachers
#
# A sheet of backpropagation by hand takes ten minutes to solve and, for thirty students with a slip each, an evening to
# mark: whoever goes wrong in the first line has every later number wrong, and has perhaps understood everything. This
# notebook makes a sheet with its key, marks answers **from the student's own numbers**, and reads a class's report.
#
# You need notebook [3](03_the_lectures_neuron.ipynb). It takes about fifteen minutes.

# %%
import copy
import json
import tempfile
from pathlib import Path

from nn import grade_sheet, squared_error, worksheet
from nn.sheets.classes import Job, files_in, graded
from nn.sheets.report import report

# %% [markdown]
# ## A sheet
#
# A sheet is one small network, one sample, one pass. The same seed gives the same sheet, on every machine. (If you see
# no sheet here, run all cells, or trust the notebook: a notebook from somebody else shows no pages at first. The same
# goes for the key and the report below.)

# %%
sheet = worksheet([2, 2, 1], activation="sigmoid", loss="squared_error", seed=7)
sheet

# %% [markdown]
# It prints on one page of paper, with `sheet.save("sheet.html")`; also as Markdown, LaTeX, or a notebook with cells to
# answer in. The numbers are not just any numbers. **Question.** Which numbers would make a bad sheet?

# %%
print("θ", sheet.numbers.theta)
print("b", sheet.numbers.bias, " x", sheet.numbers.x, " y", sheet.numbers.y, " η", sheet.numbers.eta)

# %% [markdown]
# One decimal each, none of them 0 or 1, none twice in a neuron: else a slip may not show, or two of them look alike.
# No neuron is saturated, no δ is so small that four digits cannot hold it, no sum cancels. And **no two mistakes give
# the same number**: with η = ½, whoever forgets the 2 of $-2(y - \hat y)$ writes what somebody writes who multiplies
# by η. Such a sheet is refused, and the reason is said.

# %%
try:
    worksheet([2, 2, 1], eta=0.5)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Its key
#
# The key has every working with the numbers put in; the printed result follows from the printed operands. At its foot
# stands what the likeliest mistakes give *here*, so that they are recognised at a glance.

# %%
sheet.html(key=True)

# %% [markdown]
# Its numbers are those of the engine, of the formulas derived by hand, and of finite differences: that is what
# *certified* says. The network itself is one like any other.

# %%
run = sheet.network.forward(sheet.numbers.x)
err = squared_error(run.outputs, sheet.numbers.y)
err.backward()
print("certified:", sheet.certified)
run.draw(err, width=1100)

# %% [markdown]
# ## An answer
#
# An answer is a JSON file, a CSV table, a notebook, or what the form of `sheet.form()` saves. Here it is a dictionary:
# the key, rounded to four digits as a student does.


# %%
def written(numbers, digits=4):
    return [written(part, digits) for part in numbers] if isinstance(numbers, list) else round(numbers, digits)


right = {part: written(numbers) for part, numbers in sheet.key.items()}
grade_sheet(right, sheet=sheet)

# %% [markdown]
# **One slip costs once.** Somebody adds the bias with the wrong sign in the first neuron, and works on without a fault:
# almost every number on the sheet is another than the key's. **Question.** How many points is that worth?


# %%
def worked_on(slip):
    """Everything after a slip in u of the first neuron, computed rightly from it."""
    import math

    theta, bias, x = sheet.numbers.theta, sheet.numbers.bias, sheet.numbers.x
    (y,), eta = sheet.numbers.y, sheet.numbers.eta
    u = [[sum(t * v for t, v in zip(row, x)) + b for row, b in zip(theta[0], bias[0])]]
    u[0][0] += slip
    o = [[1 / (1 + math.exp(-v)) for v in u[0]]]
    u.append([sum(t * v for t, v in zip(theta[1][0], o[0])) + bias[1][0]])
    o.append([1 / (1 + math.exp(-u[1][0]))])
    slope = [[v * (1 - v) for v in layer] for layer in o]
    last = -2 * (y - o[1][0]) * slope[1][0]
    delta = [[s * last * t for s, t in zip(slope[0], theta[1][0])], [last]]
    dtheta = [[[d * v for v in before] for d in layer] for layer, before in zip(delta, (x, o[0]))]
    return {
        "u": u, "o": o, "err": (y - o[1][0]) ** 2, "slope": slope, "delta": delta, "dtheta": dtheta, "db": delta,
        "theta": [[[t - eta * g for t, g in zip(*rows)] for rows in zip(*layers)] for layers in zip(theta, dtheta)],
        "b": [[b - eta * g for b, g in zip(*layers)] for layers in zip(bias, delta)],
    }  # fmt: skip


slipped = {part: written(numbers) for part, numbers in worked_on(-2 * sheet.numbers.bias[0][0]).items()}
same = sum(mark.given == round(mark.right, 4) for mark in grade_sheet(slipped, sheet=sheet).fields)
print(same, "of", len(sheet.fields), "numbers are those of the key")
marks = grade_sheet(slipped, sheet=sheet)
marks

# %% [markdown]
# One point is open, and all others are given. The number that is wrong agrees with none of the mistakes that have a
# name, so it is **unknown, and not 0**: `needs_human` is true, and you decide whether it was a slip. What follows from
# it is `follow_through`.

# %%
for mark in marks.fields[:8]:
    print(f"{mark.field.name:6} {mark.status:15} given {mark.given:+.4f}   by its equation {mark.expected:+.4f}")

# %% [markdown]
# A mistake that has a name is named, with its reason, and costs its points the first time only. Whatever cannot be read
# as a number is quoted; what is left empty is `None`, which is not 0.

# %%
forgetful = copy.deepcopy(right)
forgetful["delta"][1][0] = round(sheet.key["delta"][1][0] / 2, 4)
forgetful["delta"][0][0] = "0.03·0.2?"
forgetful["b"] = None
marks = grade_sheet(forgetful, sheet=sheet)
print(marks)
print(marks.mistakes)
print("new b:", [mark.given for mark in marks.fields[-3:]])

# %% [markdown]
# ## A class
#
# With a secret every student has numbers of their own. The grader makes each sheet anew from the secret and the
# student's id, and believes nothing that stands in an answer. Here is a class of twelve; some forget the 2, some forget
# σ' in the hidden layer, one writes a riddle.


# %%
def answer_of(n):
    own = sheet.for_student(f"id{n}", "a secret of ours")
    answer = {part: written(numbers) for part, numbers in own.key.items()}
    if n % 3 == 1:
        answer["delta"] = [[d / 2 for d in layer] for layer in own.key["delta"]]
    if n % 4 == 2:
        answer["delta"][0] = [d * t for (d,), t in zip([own.key["delta"][1]] * 2, own.numbers.theta[1][0])]
    answer["delta"] = written(answer["delta"])
    before = (own.numbers.x, answer["o"][0])
    answer["dtheta"] = written([[[d * v for v in o] for d in layer] for layer, o in zip(answer["delta"], before)])
    answer["db"] = answer["delta"]
    answer["theta"] = answer["b"] = None
    if n == 11:
        answer["u"][1][0] = "see above"
    return {"student": f"id{n}", **answer}


with tempfile.TemporaryDirectory() as folder:
    for n in range(12):
        (Path(folder) / f"{n:02}.json").write_text(json.dumps(answer_of(n)), encoding="utf-8")
    results = graded(files_in([folder]), Job(sheet, secret=b"a secret of ours"))

for result in results[:3]:
    print(result.marks)

# %% [markdown]
# The report begins with what to talk about tomorrow. Students stand in it by number; what they wrote is escaped, and
# the page runs nothing.

# %%
report(results, sheet)

# %% [markdown]
# On the command line that is
#
# ```sh
# deltagrad worksheet --seed 7 --secret secret.txt --students ids.txt --output sheets
# deltagrad grade answers/ --seed 7 --secret secret.txt --csv marks.csv --report class.html
# ```
#
# and code that students hand in is not run, unless you ask for it.
#
# ## Exercise: be the student
#
# `my_hidden_deltas` computes δ of the two hidden neurons of the sheet from the numbers before them. The attempt below
# is what most people write first. Run it, read which mistake it is, and mend it.


# %%
def my_hidden_deltas(slope, delta_next, theta_next):
    return [delta_next[0] * theta_next[0][i] for i in range(2)]


# %%
key = sheet.key
answer = {"u": key["u"], "o": key["o"], "slope": key["slope"]}
answer["delta"] = [my_hidden_deltas(key["slope"][0], key["delta"][1], sheet.numbers.theta[1]), key["delta"][1]]
marks = grade_sheet(answer, sheet=sheet)
print("right: every δ" if not marks.mistakes and not marks.needs_human else f"WRONG: {marks}")

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def my_hidden_deltas(slope, delta_next, theta_next):
#     return [slope[i] * delta_next[0] * theta_next[0][i] for i in range(2)]
# ```
# </details>
#
# Everything about sheets, answers and reports: [docs/teachers.md](../docs/teachers.md).
