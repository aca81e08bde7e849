"""How often a planted mistake is found: python tests/benchmarks/grading.py [networks] [pairs] [right]

Each mistake is written into a derivation in plain loops, which shares no line with the family
that grading compares with, and handed in for random networks in which it shows.  Prints a table
in Markdown.  Exit code 1 unless functions with one mistake are identified in at least 97 % of
the networks, up to equivalence, numbers with 3 decimals in 95 % where the mistake exceeds what
they allow, no right answer is accused, and nothing outside the family named in more than 3 %.
A long run is made in parts, see parts.py.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nn import MLP
from nn.grading.equations import BACKWARD, EQUATIONS, derivation
from nn.grading.graded import grade
from nn.grading.mistakes import MISTAKES, named
from nn.grading.probes import probe
from nn.grading.samples import cases_of
from tests.benchmarks import styles
from tests.benchmarks.mistaken import DECAY, ETA, EXPONENTIALS, TEXTBOOK, batched, knowing, learner
from tests.benchmarks.outside import falsely_named
from tests.benchmarks.parts import in_parts

PROMISED, FEW_DIGITS, FALSELY = 0.97, 0.95, 0.03  # identified as functions, at 3 decimals; named outside the family
UNITS = 10  # of the third decimal, that rounding on the way may cost
SQUARE = {
    "elementwise for the matrix product, δᵢ·θᵢᵢ",
    "elementwise for the matrix product, δᵢ·Σⱼ θⱼᵢ",
    "elementwise for the outer product, δᵢ·oᵢ",
    "elementwise for the outer product, δₗ·oₗ",
    "δ·o of the layer before for δ",
    "transposed θᵢⱼ for θⱼᵢ",
    "transposed, δₗ·oᵢ",
    "σ' of the wrong layer",
}  # they fail where layers differ in width
ACTIVATIONS = ("tanh", "sigmoid", "relu", "linear")

# --- networks and what is expected of a grade -------------------------------------------------------


LOSSES = ("squared_error", "half_squared_error", "mean_squared_error", "cross_entropy", "binary_cross_entropy", "hinge")
OF_SEVERAL = {"superfluous 2", "every ŷ against every y"}  # planted with each of them


def rows(equation, name):
    return [m for m in MISTAKES if m.name == name and equation in m.equations]


@functools.cache
def losses_for(planted):
    """The losses with which the mistakes can be made; the squared error alone, if it is one of them."""
    fits = []
    for loss in LOSSES:
        net, x, y = network(random.Random(0), loss, 3)
        (case,), _ = cases_of(net, x, y, loss, ETA)
        if all(any(m.part == "samples" or _for_loss(m, case) for m in rows(e, n)) for e, n in planted):
            fits.append(loss)
    return fits[:1] if fits[:1] == ["squared_error"] and not {n for _, n in planted} & OF_SEVERAL else fits


def _for_loss(mistake, case):
    """Whether it can be made with this loss, in some network."""
    for activation in ACTIVATIONS:
        other = dataclasses.replace(case, names=[activation] * len(case.names), decay=1.0)
        if mistake.possible(other):
            return True
    return False


def network(draw, loss="squared_error", wide=None):
    """Depth 1–4, width 1–5, activations mixed, with biases or without; and one sample."""
    sizes = [wide or draw.randint(1, 5) for _ in range(draw.randint(2, 5))]
    if loss == "cross_entropy":
        sizes[-1] = max(sizes[-1], 2)
    net = MLP(sizes[0], sizes[1:], draw.choice(ACTIVATIONS), draw.choice(ACTIVATIONS), draw.random() < 0.8, seed=draw)
    for p in net.parameters():
        p.data = draw.uniform(-1.2, 1.2)
    y = [draw.uniform(-1.5, 1.5) for _ in range(sizes[-1])]
    if loss in ("cross_entropy", "binary_cross_entropy"):
        y = [float(k == 0) for k in range(sizes[-1])]
    if loss == "hinge":
        y = [draw.choice((-1.0, 1.0)) for _ in y]
    return net, sample(draw, net), y


def sample(draw, net):
    return [draw.uniform(-2, 2) for _ in range(net.nin)]


def leaves(nested):
    if isinstance(nested, (list, tuple)):
        for part in nested:
            yield from leaves(part)
    elif nested is not None:
        yield nested


def same(a, b):
    a, b = list(leaves(a)), list(leaves(b))
    scale = max(map(abs, [*a, *b]), default=0.0)
    return len(a) == len(b) and all(abs(p - q) <= 1e-9 * (abs(p) + abs(q)) + 1e-12 * scale for p, q in zip(a, b))


def shows(planted, case):
    """Whether each of the mistakes changes the answer by itself; None if it cannot be made there."""
    for one in planted:
        rest = planted - {one}
        try:
            with_it = knowing(learner(planted), case)(*case.arguments())
            if same(with_it, knowing(learner(rest), case)(*case.arguments())):
                return False
        except IndexError:
            return None
    return True


def equivalent(case, one, other):
    """Whether two sets of mistakes give the same on other numbers in the same network."""

    def derived(explanation, fresh):
        wrongs = {}
        for equation, mistake in explanation:
            wrongs[equation] = (*wrongs.get(equation, ()), mistake)
        return derivation(fresh, wrongs)

    try:
        return all(
            same(derived(one, fresh), derived(other, fresh))
            for seed in range(1000, 1005)
            for fresh in [probe(case, seed)]
        )
    except LookupError:
        return True  # graded where all layers are equally wide; here there is nothing to compare


def verdict(found, planted, case, loosely=False):
    """Whether a grade names the planted mistakes, and nothing else but what equals them for all inputs."""
    by_title = {}
    for equation, name in planted:
        by_title.setdefault(EQUATIONS[equation], set()).add((equation, name))
    if {finding.title for finding in found.findings} != set(by_title):
        return False
    for finding in found.findings:
        wanted = by_title[finding.title]
        named_so = [{(e, m.name) for e, m in explanation} for explanation in finding.explanations]
        if wanted not in named_so:
            return False
        truth = [(e, named(n, e)) for e, n in wanted]
        if not loosely and not all(equivalent(case, truth, list(other)) for other in finding.explanations):
            return False
    return True


def as_a_whole(found, planted):
    """The same for gradients alone, where one explanation holds the mistakes of all equations."""
    named_so = [
        {(e, m.name) for e, m in explanation} for finding in found.findings for explanation in finding.explanations
    ]
    return set(planted) in named_so


def all_planted():
    """Every mistake in every equation of the backward pass by itself, and the bias left out of u."""
    everywhere = [(e, m.name) for m in MISTAKES for e in m.equations if e in (*BACKWARD, "batch")]
    return [*dict.fromkeys(everywhere), ("forward", "bias left out of u")]


def suited(planted, draw, batch=False):
    """A random network in which the mistakes show, with its sample or batch."""
    loss = draw.choice(losses_for(planted))
    while True:
        net, x, y = network(draw, loss)
        (case,), _ = cases_of(net, x, y, loss, ETA)
        case = dataclasses.replace(case, decay=DECAY)
        if not all(any(m.possible(case) for m in rows(e, n)) for e, n in planted):
            continue
        if any(n == "σ' in terms of o, given u" for _, n in planted) and not set(case.names) <= {"tanh", "sigmoid"}:
            continue
        single = frozenset(b for b in planted if b[0] != "batch")
        visible = shows(single, case) if single else True
        if visible is None and len(case.theta) > 1 and case.theta[-1] and not batch:
            visible = SQUARE & {n for _, n in planted} and shows(single, probe(case, 0, 3))
        if visible:
            return net, x, y, case


def measure(planted, networks, seed=0, columns=range(5)):
    """How many of the networks, by column: a function, numbers in full, with 3 decimals, gradients alone, a batch."""
    draw = random.Random(f"{sorted(planted)} {seed}")
    counts, of = [0] * 5, [0] * 5

    def count(column, graded, arguments, identified, **how):
        if column in columns:
            counts[column] += bool(identified(graded(*arguments), planted, **how))
            of[column] += 1

    for n in range(networks):
        net, x, y, case = suited(planted, draw)
        answer, graded = knowing(learner(planted), case), functools.partial(grade, loss=case.loss, eta=ETA)
        in_batch = any(e == "batch" for e, _ in planted)
        if not in_batch:
            count(0, graded, (net, x, y, answer), verdict, case=case)
            if shows(planted, case):
                numbers = answer(*case.arguments())
                count(1, graded, (net, x, y, numbers), verdict, case=case, loosely=True)
                few = rounded(numbers, "{:.3f}")
                if exceeds(few, knowing(learner(), case)(*case.arguments())):
                    count(2, graded, (net, x, y, few), verdict, case=case, loosely=True)
                if n % 4 == 0 and not same(numbers[1:], knowing(learner(), case)(*case.arguments())[1:]):
                    count(3, graded, (net, x, y, numbers[1:]), as_a_whole)
        biased = any(b is not None for b in case.bias) or not any("∂Err/∂b" in name for _, name in planted)
        if n % 4 == 0 and biased and shows(planted - {b for b in planted if b[0] == "batch"}, case) is not None:
            X, Y = [x, sample(draw, net), sample(draw, net)], [y] * 3
            count(4, graded, (net, X, Y, batched(answer, planted)), as_a_whole)
    return counts, of


def rounded(nested, written="{:.4g}"):
    if isinstance(nested, (list, tuple)):
        return type(nested)(rounded(part, written) for part in nested)
    return None if nested is None else float(written.format(nested))


def by_hand(draw, answer, case):
    """δ and gradients rounded to 1–6 decimals or digits; the gradients, half of the time, from the rounded δ."""
    written = f"{{:.{draw.randint(1, 6)}{draw.choice('fg')}}}"
    delta, theta, bias = answer(*case.arguments())
    if draw.random() < 0.5:
        delta = rounded(delta, written)
        before = [case.x, *case.o]
        theta = [[[d * o_l for o_l in before[k]] for d in layer] for k, layer in enumerate(delta)]
        bias = [None if b is None else layer for b, layer in zip(bias, delta)]
    return rounded((delta, theta, bias), written)


def accused(n, seed=1):
    """How many of n right derivations are called wrong, in either order, three forms of σ', all digits or few."""
    draw, wrong, graded = random.Random(seed), 0, 0
    while graded < n:
        net, x, y = network(draw)
        scale = 10 ** draw.uniform(-1, 1)  # saturated networks as well
        for p in net.parameters():
            p.data *= scale
        (case,), _ = cases_of(net, x, y, eta=ETA)
        answer = knowing(learner(order=draw.choice([1, -1]), slopes=[None, TEXTBOOK, EXPONENTIALS][graded % 3]), case)
        kind = draw.randrange(7)
        try:
            numbers, few = answer(*case.arguments()), by_hand(draw, answer, case)
        except OverflowError:  # the exponentials', for large u
            continue
        if kind == 4:
            result = grade(batched(answer, ()), net, [x, x], [y, y], eta=ETA)
        else:
            kinds = [answer, numbers, rounded(numbers), numbers[1:], None, few, few[1:]]
            result = grade(kinds[kind], net, x, y, eta=ETA)
        graded += 1
        wrong += not result
    return wrong


def pairs(n, seed=2):
    """Of n random pairs of mistakes, in two parts of the derivation, how many are identified."""
    draw, found = random.Random(seed), [0, 0]
    everything = [b for b in all_planted() if b[0] != "batch"]
    for _ in range(n):
        while True:
            (e, a), (f, b) = draw.sample(everything, 2)
            if (e, named(a, e).part) != (f, named(b, f).part):
                break
        planted = frozenset({(e, a), (f, b)})
        try:
            net, x, y, case = suited_soon(planted, draw)
        except TimeoutError:
            continue  # together they never show, for instance the bias forgotten and its sign
        found[1] += 1
        found[0] += verdict(grade(knowing(learner(planted), case), net, x, y, eta=ETA), planted, case)
    return found


def suited_soon(planted, draw):
    for _ in range(300):
        net, x, y = network(draw)
        (case,), _ = cases_of(net, x, y, eta=ETA)
        possible = all(named(n, e).possible(case) for e, n in planted)
        tame = all(n != "σ' in terms of o, given u" for _, n in planted) or set(case.names) <= {"tanh", "sigmoid"}
        if possible and tame and shows(planted, case):
            return net, x, y, case
    raise TimeoutError


def exceeds(wrong, right):
    """Whether some number is further from the right one than three decimals, kept on the way as well, explain."""
    return any(abs(a - b) > UNITS * 1e-3 * max(1.0, abs(b)) for a, b in zip(leaves(wrong), leaves(right)))


COLUMNS = ("function", "numbers", "3 decimals", "gradients alone", "batch")


def together():
    """Every mistake in all of its equations of the backward pass at once, where it has several."""
    # Where every δ is left at 0, nothing is left for the gradients to be wrong in.
    shown = [m for m in MISTAKES if m.name != "left at 0"]
    groups = [frozenset((e, m.name) for e in m.equations if e in BACKWARD) for m in shown]
    groups.append(frozenset((e, "sign") for e in ("output", "hidden")))
    return [group for group in dict.fromkeys(groups) if len(group) > 1]


def every_planted():
    """Every mistake by itself, then where it has several equations in all of them; with what the table calls it."""
    for planted in [*(frozenset({one}) for one in all_planted()), *together()]:
        name, equation = min(n for _, n in planted), ", ".join(e for e in EQUATIONS if e in {f for f, _ in planted})
        yield f"{name} | {equation}", planted


def computed(part, sizes):
    table = {row: measure(planted, sizes["networks"], part) for row, planted in every_planted()}
    styled = styles.accused(sizes["right"], 3 + 100 * part)
    found, of = pairs(sizes["pairs"], 2 + 100 * part)
    return {
        "table": {row: {"counts": dict(enumerate(counts)), "of": dict(enumerate(of))} for row, (counts, of) in
                  table.items()},
        "derivations": sizes["right"] // 3, "derivations accused": accused(sizes["right"] // 3, 1 + 100 * part),
        "right": sizes["right"],
        "accused": [f"{style}, {m} of seed {3 + 100 * part}" for style, each in styled.items() for m, *_ in each],
        "outside": sizes["pairs"],
        "outside named": falsely_named(sizes["pairs"], network, rounded, 4 + 100 * part),
        "pairs": of, "pairs found": found,
    }  # fmt: skip


def told(run):
    print(f"| mistake | equation | {' | '.join(COLUMNS)} |\n|---|---|{'---:|' * len(COLUMNS)}")
    total, of_total = [0] * 5, [0] * 5
    for row, numbers in run["table"].items():
        counts, of = ([*numbers[which].values()] for which in ("counts", "of"))
        print(f"| {row} | {' | '.join(f'{100 * c / o:.1f} %' if o else '—' for c, o in zip(counts, of))} |")
        total, of_total = [a + b for a, b in zip(total, counts)], [a + b for a, b in zip(of_total, of)]
    cells = [f"**{100 * c / o:.2f} %** of {o}" if o else "—" for c, o in zip(total, of_total)]
    print(f"| **all** | | {' | '.join(cells)} |\n")
    print(f"right derivations accused: {run['derivations accused']} of {run['derivations']}")
    print(f"right answers accused, {len(styles.STYLES)} styles of rounding: {len(run['accused'])} of {run['right']}")
    print(*run["accused"], sep="\n", end="\n" * bool(run["accused"]))
    named_so, outside = run["outside named"], run["outside"]
    print(f"mistakes outside the family that were given a name: {named_so} of {outside}")
    print(f"pairs of mistakes identified, functions: {run['pairs found']} of {run['pairs']}")
    kept = not run["derivations accused"] and not run["accused"] and named_so <= FALSELY * outside
    return kept and total[0] >= PROMISED * of_total[0] and total[2] >= FEW_DIGITS * of_total[2]


if __name__ == "__main__":
    sys.exit(in_parts({"networks": 200, "pairs": 1000, "right": 3000}, computed, told))
