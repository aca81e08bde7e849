"""Machine code of families: a sample's arithmetic is straight-line code's, to the bit, on every width of registers."""

import ctypes
from functools import cache

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")

from autograd import Value, fsum, grad, hypot, logsumexp, lower, softmax, sumprod, take  # noqa: E402
from autograd.lowering.native import compiled as native  # noqa: E402
from autograd.lowering.native import layered, layers, llvm, machine, modules, variadic  # noqa: E402
from autograd.lowering.native.outside import Outside  # noqa: E402
from autograd.lowering.native.panels import NotInLayers  # noqa: E402
from nn import MLP  # noqa: E402
from nn.network import losses  # noqa: E402

from .test_native import before_a_wall  # noqa: E402


def mlp(*sizes, activation="relu", loss=losses.squared_error):
    """The error of a network and its gradient; targets are inputs too."""
    net = MLP(sizes[0], list(sizes[1:]), activation, "linear", seed=0)
    run = net.forward([0.1] * sizes[0])
    classes = loss is losses.cross_entropy
    ys = [Value(1.0)] if classes else [Value(0.3) for _ in range(sizes[-1])]
    err = loss(run.outputs, ys[0] if classes else ys)
    parameters = net.parameters()
    return [err, *grad(err, parameters)], [*run.inputs, *ys], parameters


def residual(width=7, depth=3):
    """o ← o + tanh(θ·o): adjoints of a skip connection have a term of their own each."""
    rng = np.random.default_rng(0)
    xs = [Value(0.1 * k, f"x{k}") for k in range(width)]
    layers = [
        [[Value(rng.normal(), f"t{d}_{i}_{j}") for j in range(width)] for i in range(width)] for d in range(depth)
    ]
    o = xs
    for layer in layers:
        o = [a + sumprod(row, o).tanh() for a, row in zip(o, layer)]
    err = sumprod(o, o)
    parameters = [t for layer in layers for row in layer for t in row]
    return [err, *grad(err, parameters)], xs, parameters


def recurrent(width=5, steps=4):
    """The same weights at every step: their gradients are sums over the steps."""
    rng = np.random.default_rng(0)
    xs = [Value(0.1 * k, f"x{k}") for k in range(steps)]
    W = [[Value(rng.normal(), f"w{i}_{j}") for j in range(width)] for i in range(width)]
    b = [Value(rng.normal(), f"b{i}") for i in range(width)]
    h = b
    for x in xs:
        h = [(sumprod(row, h) + x * bias).tanh() for row, bias in zip(W, b)]
    err = sumprod(h, h)
    parameters = [*(w for row in W for w in row), *b]
    return [err, *grad(err, parameters)], xs, parameters


def embedded(rows=9, columns=4, places=3):
    """Tokens as inputs, their table as parameters."""
    rng = np.random.default_rng(0)
    table = [[Value(rng.normal(), f"t{i}_{j}") for j in range(columns)] for i in range(rows)]
    ids = [Value(float(k), f"i{k}") for k in range(places)]
    err = 0.0
    for k, i in enumerate(ids):
        logits = [sumprod(row, take(table, i)) for row in table]
        err = err + logsumexp(logits) - take(logits, ids[k - 1])
    parameters = [t for row in table for t in row]
    return [err, *grad(err, parameters)], ids, parameters


def with_leaves():
    """Outputs that are inputs, parameters and constants."""
    (err, *slopes), xs, parameters = mlp(3, 9, 5, 2)
    constant = grad(parameters[0] * 3.0, [parameters[0]])[0]
    return (
        [err, xs[1], parameters[5], constant, *slopes, parameters[5] * 0.0 + 1.0, *grad(err, [Value(0.0)])],
        xs,
        parameters,
    )


def rows(n=40, width=6):
    """Σ of n rows of tanh, of samples alone."""
    rng = np.random.default_rng(0)
    xs = [Value(0.1 * k, f"x{k}") for k in range(width)]
    W = [[Value(rng.normal(), f"w{i}_{j}") for j in range(width)] for i in range(n)]
    y = sum((sumprod(row, xs).tanh() for row in W[1:]), sumprod(W[0], xs).tanh())
    parameters = [w for row in W for w in row]
    return [y, *grad(y, [*parameters, *xs])], xs, parameters


def penalized():
    """Much of it is the same for all samples: rows of weights of length 1, and what they are together."""
    rng = np.random.default_rng(0)
    xs = [Value(0.1 * k, f"x{k}") for k in range(7)]
    W = [[Value(rng.normal(), f"w{i}_{j}") for j in range(7)] for i in range(20)]
    lengths = [sumprod(row, row).sqrt() for row in W]
    unit = [[w / length for w in row] for row, length in zip(W, lengths)]
    os = [sumprod(row, xs).tanh() for row in unit]
    parameters = [w for row in W for w in row]
    err = sumprod(os, os) + logsumexp(parameters[::17]) + sumprod(parameters, parameters)
    return [err, *os, *lengths, *grad(err, [*parameters, *xs])], xs, parameters


def attention(places=4, width=3):
    """Several softmaxes of as many operands, of different families: keys before, and the query's own."""
    rng = np.random.default_rng(0)
    xs = [[Value(rng.normal(), f"x{i}_{j}") for j in range(width)] for i in range(places)]
    Q, K = ([[Value(rng.normal(), f"{name}{i}_{j}") for j in range(width)] for i in range(width)] for name in "qk")
    queries, keys = ([[sumprod(row, x) for row in M] for x in xs] for M in (Q, K))
    outputs = []
    for t in range(places):
        shares = softmax([sumprod(queries[t], k) for k in keys[: t + 1]])
        outputs += [sumprod(shares, [x[j] for x in xs[: t + 1]]) for j in range(width)]
    scores = [o.tanh() for o in outputs]
    err = sum((logsumexp(scores[k : k + 4]) for k in range(0, 9, 3)), sumprod(outputs, outputs))
    parameters = [w for M in (Q, K) for row in M for w in row]
    return [err, *outputs, *grad(err, parameters)], [x for row in xs for x in row], parameters


def soft_labels(classes=7):
    """Cross-entropies of all classes, weighted: softmax of the same operands in all orders, and twice the same one."""
    xs = [Value(0.1 * k, f"x{k}") for k in range(classes)]
    ps = [Value(1.0 / classes, f"p{k}") for k in range(classes)]
    err = losses.cross_entropy(xs, ps) + logsumexp([*xs, xs[3], xs[3]])
    slopes = grad(err, xs)
    return [err, *slopes, *grad(sumprod(slopes, slopes), xs)], xs, ps


def taken_entries(rows=11):
    """Entries of scalars, of samples, of what is computed, and of a table of no order."""
    xs = [Value(0.1 * k, f"x{k}") for k in range(rows)]
    ws = [Value(0.2 * k, f"w{k}") for k in range(rows)]
    index = Value(2.0, "i")
    tables = [
        xs,
        ws,
        [(x * w).tanh() for x, w in zip(xs, ws)],
        [*ws[::2], *xs[::3]],
        [*ws[::2], *ws[::-1]],
        [*xs, index],
    ]
    found = [take(table, index + float(k)) for table in tables for k in range(3)]
    hidden = [(a * b).tanh() for a in found for b in ws[:5]]
    err = sumprod(hidden, hidden) + sumprod(found, found)
    return [err, *found, *grad(err, ws)], [*xs, index], ws


def windows(inputs=23, kernel=4, depth=3):
    """The same weights for every window: their gradients have terms of many families, each in an order of its own."""
    xs = [Value(0.1 * k, f"x{k}") for k in range(inputs)]
    weights = [Value(0.3 * k - 0.4, f"k{k}") for k in range(kernel)]
    h, skipped = xs, 0.0
    for _ in range(depth):
        h = [sumprod(weights, h[i : i + kernel]).tanh() for i in range(len(h) - kernel + 1)]
        skipped = skipped + h[0] * weights[1] + weights[2]
    err = sumprod(h, h) + skipped
    return [err, *h, *grad(err, [*weights, *xs])], xs, weights


def lengths(many=19):
    """Lengths and exact sums of many operands and of few, of samples, of scalars, of both, and of what is computed."""
    xs = [Value(0.1 * k, f"x{k}") for k in range(many)]
    ws = [Value(0.2 * k - 0.3, f"w{k}") for k in range(many)]
    hidden = [(x * w).tanh() for x, w in zip(xs, ws)]
    tables = [xs, ws, hidden, [*ws[::2], *xs[::-2]], [*hidden[3:], *(w * w for w in ws[:7])], [w * 2.0 for w in ws]]
    tables += [each[k : k + 3] for each in tables for k in range(9)]
    found = [hypot(*each) for each in tables] + [fsum([a * 3.0 for a in each]) for each in tables]
    err = sumprod(found, found)
    return [err, *found, *grad(err, [*ws, *xs])], xs, ws


def over_steps(steps=11):
    """Rows whose operands stand in as many families."""
    xs, ws = [Value(0.01 * k, f"x{k}") for k in range(steps)], [Value(0.3, "a"), Value(0.2, "b")]
    h, found, alike = [w * 1.0 for w in ws], [], [ws[0]]
    for x in xs:
        h = [(h[0] * ws[0] + h[1] * ws[1] + x).tanh(), (h[1] * ws[0] - x).tanh()]
        alike.append((alike[-1] * ws[1]).tanh())
        found.append(h[0])
    err = logsumexp(found) + hypot(*found) + logsumexp(alike) + hypot(*alike) + sumprod(softmax(found), alike[1:])
    return [err, *grad(err, [*xs, *ws])], xs, ws


PROGRAMS = {
    "relu": lambda: mlp(3, 9, 5, 2),
    "tanh": lambda: mlp(2, 16, 16, 1, activation="tanh"),
    "sigmoid": lambda: mlp(5, 13, 3, activation="sigmoid"),
    "silu": lambda: mlp(4, 11, 4, activation="silu"),
    "long sums": lambda: mlp(150, 7, 3),
    "very long sums": lambda: mlp(300, 3, 1),
    "classes": lambda: mlp(6, 16, 5, activation="tanh", loss=losses.cross_entropy),
    "residual": residual,
    "recurrent": recurrent,
    "recurrent for long": lambda: recurrent(width=3, steps=24),
    "windows": windows,
    "lengths": lengths,
    "over steps": over_steps,
    "embedded": embedded,
    "with leaves": with_leaves,
    "rows": rows,
    "penalized": penalized,
    "attention": attention,
    "soft labels": soft_labels,
    "entries": taken_entries,
}


WIDTHS = [(name, 4) for name in PROGRAMS] + [
    (name, n) for name in ("tanh", "long sums", "attention", "entries", "windows", "lengths") for n in (2, 8)
]


@pytest.fixture(autouse=True)
def short_rows_are_loops_too(monkeypatch):
    monkeypatch.setattr(variadic, "FEW", 8)


class Plainly(machine.Loaded):
    """Compiled as it stands, in a third of the time: no operation may be replaced, so it has the same bits."""

    effort = 0


class Code:
    """Sums of a program, or its values at each sample, made in one of both ways."""

    def __init__(self, program, columns, how, lanes, contract=False, sums=True, loaded=machine.Loaded):
        pattern = tuple(k < columns for k in range(len(program.inputs)))
        self.outside, self.sums = Outside(), sums
        self.text, self.memory = how(program, llvm.Plan(pattern, sums, lanes, lanes, contract), self.outside)
        self.loaded = loaded(self.text, *modules.ARGUMENTS)
        self.size = len(program.outputs)
        self.stores = how is layered.layered

    def __call__(self, X, theta):
        columns = [np.ascontiguousarray(row) for row in X]
        pointers = (ctypes.c_void_p * max(1, len(columns)))(*[row.ctypes.data for row in columns])
        n = X.shape[1]
        before = np.nan if self.stores and n else 0.0  # loops store their first sums, and all else adds to zeros
        # Nothing is written beyond the last sample.
        out = np.full(self.size, before) if self.sums else np.full((self.size, n + 3), -7.0)
        work = np.full(self.memory // 8 + 16, np.nan)
        at, step = machine.aligned(work), 0 if self.sums else n + 3
        self.loaded.run(ctypes.addressof(pointers), theta.ctypes.data, at, out.ctypes.data, 0, step, 0, n)
        if not self.sums:
            assert (out[:, n:] == -7.0).all()
        return out if self.sums else out[:, :n]


EXPONENTIALS = ("classes", "embedded", "attention", "soft labels", "over steps")  # with sums in an order of their own


def same(name, a, b):
    """The same bits, but for the sign of a zero and which nan it is; sums of exponentials to the last ones."""
    if name in EXPONENTIALS:
        return np.allclose(a, b, rtol=1e-13, atol=1e-14, equal_nan=True)
    return np.array_equal(a, b, equal_nan=True)


@cache
def case(name):
    outputs, xs, parameters = PROGRAMS[name]()
    program = lower(outputs, [*xs, *parameters], allow_constants=True)
    rng = np.random.default_rng(1)
    whole = name in ("embedded", "classes", "entries")
    X = rng.integers(0, 5, (len(xs), 600)).astype(float) if whole else rng.normal(size=(len(xs), 600))
    return program, X, np.array([p.data for p in parameters])


@cache
def straight_line(name, sums=True, columns=None):
    program, X, _ = case(name)
    columns = len(X) if columns is None else columns
    return Code(program, columns, llvm.code, machine.register(), sums=sums, loaded=Plainly)


@pytest.mark.parametrize(("name", "lanes"), WIDTHS)
def test_a_sample_has_the_bits_of_straight_line_code(name, lanes, monkeypatch):
    monkeypatch.setattr(machine, "registers", lambda: 32 if lanes == 8 else 16)
    monkeypatch.setattr(layers, "LARGE", 0)
    program, X, theta = case(name)
    loops = Code(program, len(X), layered.layered, lanes)
    straight = straight_line(name)
    for k in (0, 599):
        one = X[:, k : k + 1]
        assert same(name, loops(one, theta), straight(one, theta))
    for n in (0, 3, 128, 141, 600):
        expected = straight(X[:, :n], theta)
        assert np.allclose(
            loops(X[:, :n], theta), expected, rtol=1e-12, atol=1e-13 * max(1.0, np.abs(expected).max(initial=0))
        )


@pytest.mark.parametrize(("name", "lanes"), WIDTHS)
@pytest.mark.long
def test_values_at_each_sample_have_the_bits_of_straight_line_code(name, lanes, monkeypatch):
    monkeypatch.setattr(machine, "registers", lambda: 32 if lanes == 8 else 16)
    monkeypatch.setattr(layers, "LARGE", 0)
    program, X, theta = case(name)
    X = X.copy()
    X[0, 7], X[-1, 40] = np.nan, np.inf
    loops = Code(program, len(X), layered.layered, lanes, sums=False)
    straight = straight_line(name, sums=False)
    for n in (0, 1, 3, 8, 15, 31, 32, 33, 128, 141, 600):
        assert same(name, loops(X[:, :n], theta), straight(X[:, :n], theta)), n


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.long
def test_without_samples_everything_is_computed_once(name, monkeypatch):
    monkeypatch.setattr(layers, "LARGE", 0)
    program, X, theta = case(name)
    inputs = np.concatenate([X[:, 3], theta])
    nothing = np.zeros((0, 1))
    for sums in (False, True):
        loops = Code(program, 0, layered.layered, machine.register(), sums=sums)
        assert same(name, loops(nothing, inputs), straight_line(name, sums, 0)(nothing, inputs))


@pytest.mark.parametrize("name", ["relu", "tanh", "long sums"])
def test_contracted_code_differs_in_the_last_bits_only(name):
    program, X, theta = case(name)
    strict, fused = (Code(program, len(X), layered.layered, machine.register(), contract) for contract in (False, True))
    a, b = strict(X, theta), fused(X, theta)
    assert np.allclose(a, b, rtol=1e-11, atol=1e-12 * np.abs(a).max())


def test_lanes_without_a_sample_add_nothing_even_if_they_would_be_nan():
    """Beyond the last sample stands the first one again, and what it gives is taken out before the sums."""
    program, X, theta = case("tanh")
    f = Code(program, len(X), layered.layered, machine.register())
    broken = X.copy()
    broken[:, 5:] = np.nan
    assert np.array_equal(f(broken[:, :5], theta), f(X[:, :5], theta))


def test_equal_layers_share_their_code():
    texts = [Code(*_program(depth), layered.layered, 4).text for depth in (4, 12)]
    assert len(texts[1]) < 1.3 * len(texts[0])


def _program(depth):
    outputs, xs, parameters = mlp(*[8] * (depth + 1))
    return lower(outputs, [*xs, *parameters]), len(xs)


def test_what_has_no_loops_stays_straight_line_code():
    xs = [Value(0.5 + k) for k in range(4)]
    y = xs[0]
    for k in range(60):  # a chain of steps that are all different
        y = (y * xs[k % 4] + xs[(k + 1) % 3]).tanh() / xs[(k * 7) % 4] if k % 3 else (y - xs[k % 4]).sin()
    with pytest.raises(NotInLayers):
        Code(lower([y, *grad(y, xs)], xs), 4, layered.layered, 4)


def test_the_public_call_takes_it_with_the_same_bits_for_any_number_of_threads():
    program, X, theta = case("tanh")
    X = np.tile(X, (1, 4))[:, :2100]
    loops = Code(program, len(X), layered.layered, machine.register())
    in_blocks = sum((loops(X[:, k : k + 512], theta) for k in range(0, 2100, 512)), np.zeros(len(program.outputs)))
    for threads in (1, 2, 3):
        f = native.compiled(program, threads=threads)
        assert np.array_equal(f.sum(*X, *theta.tolist()), in_blocks)
        assert np.array_equal(f.bind(X, theta)(0, 2100), in_blocks)


@pytest.mark.parametrize("threads", [2, 3])
def test_values_have_the_same_bits_for_any_number_of_threads(threads):
    program, X, theta = case("tanh")
    X = np.tile(X, (1, 4))[:, :2100]
    alone, together = (np.array(native.compiled(program, threads=n)(*X, *theta.tolist())) for n in (1, threads))
    assert np.array_equal(alone, together)
    assert np.array_equal(alone[:, :600], straight_line("tanh", sums=False)(X[:, :600], theta))


def wide(count):
    """All rows of shares of the same operands."""
    xs = [Value(0.1 * k, f"x{k}") for k in range(count)]
    err = losses.cross_entropy(xs, 1) + logsumexp(xs)
    return [err, *softmax(xs), *grad(err, xs)], xs


def test_a_softmax_takes_one_exponential_for_each_operand():
    lines = []
    for count in (20, 300):
        outputs, xs = wide(count)
        for sums in (True, False):
            text = Code(lower(outputs, xs), count, layered.layered, 4, sums=sums).text
            lines.append(len([line for line in text.splitlines() if not line.startswith("@constants")]))
    assert max(lines) < 1.2 * min(lines)


def test_shares_of_many_operands_are_those_of_the_table():
    outputs, xs = wide(23)
    program = lower(outputs, xs)
    X = np.random.default_rng(0).normal(0.0, [[1.0], [30.0], [300.0]] * 7 + [[1.0]] * 2, (23, 60))
    X[:, 1], X[0, 2], X[:, 3], X[5, 4], X[:, 5], X[0:2, 6] = -np.inf, np.nan, 7.0, np.inf, -1e308, -np.inf
    X[:, 7] -= 50.0
    got = Code(program, 23, layered.layered, machine.register(), sums=False)(X, np.zeros(1))
    expected = np.array([program(*x) for x in X.T.tolist()]).T
    assert np.allclose(got, expected, rtol=1e-14, atol=0.0, equal_nan=True)


def test_sums_of_what_does_not_vary_are_stored_too():
    xs = [Value(0.5 * k, f"x{k}") for k in range(24)]
    w = [Value(0.25 * k, f"w{k}") for k in range(24)]
    nothing, three, minus = (grad(y, [xs[0]])[0] for y in (w[0] * w[1], 3.0 * xs[0], -0.0 * xs[0]))
    products = [(a * b).relu() for a, b in zip(xs, w)]
    outputs = [nothing, *products, w[3], three, xs[1], minus, nothing, w[3] * w[4]]
    program = lower(outputs, [*xs, *w], allow_constants=True)
    X, theta = np.random.default_rng(0).integers(-9, 9, (24, 700)).astype(float), np.arange(-12.0, 12.0)
    loops = Code(program, 24, layered.layered, machine.register())
    for n in (1, 100, 128, 130, 700):
        expected = np.sum([program(*x, *theta) for x in X[:, :n].T.tolist()], axis=0)
        assert loops(X[:, :n], theta).tolist() == expected.tolist()


# --- leaves in rows ------------------------------------------------------------------------------------------

MOST = 520  # a block, and some


@cache
def in_rows(a, b, n=MOST):
    """A program of two leaves of these lengths, of two single ones and of shared weights; inputs for values and sums.

    Single ones stand in steps of any length, and sums are of whole numbers, which have the same bits in any order.
    """
    rng = np.random.default_rng(a)

    def given(numbers):
        columns = numbers((n, 3)), numbers((n,))
        return {"a": numbers((n, a)), "s": columns[0][::-1, 1], "b": numbers((n, b)), "t": columns[1], "w": numbers(w)}

    x = {name: [Value(0.1 * k, f"{name}{k}") for k in range(count)] for name, count in (("a", a), ("b", b))}
    s, t = Value(0.5, "s"), Value(2.0, "t")
    xs = [*x["a"], s, *x["b"], t]
    w = 7 * len(xs)
    weights = [Value(0.5, f"w{k}") for k in range(w)]
    h = [sumprod(weights[k : k + len(xs)], xs).relu() for k in range(0, w, len(xs))]
    err = sumprod(h, h)
    program = lower({"h": h, "w": grad(err, weights), "x": grad(err, xs)}, {**x, "s": s, "t": t, "w": weights})
    return program, given(lambda shape: rng.normal(size=shape)), given(lambda shape: rng.integers(-4, 5, shape) / 1.0)


@cache
def in_plain_python(a, b):
    program, some, whole = in_rows(a, b)
    return [{name: np.array(x) for name, x in program.to("python")(**given).items()} for given in (some, whole)]


def first(n, given):
    return {name: x if name == "w" else x[:n] for name, x in given.items()}


@pytest.fixture(params=[2, 4, 8])
def lanes(request, monkeypatch):
    """All programs are made of loops, for registers of so many doubles."""
    monkeypatch.setattr(machine, "register", lambda: request.param)
    monkeypatch.setattr(machine, "registers", lambda: 32 if request.param == 8 else 16)
    monkeypatch.setattr(modules, "LAYERED", {True: 0, False: 0})
    monkeypatch.setattr(layers, "LARGE", 0)
    monkeypatch.setattr(modules, "_modules", modules.OrderedDict())
    return request.param


@pytest.mark.parametrize("counts", [(1, 2), (3, 4), (5, 8), (33, 6)])
def test_rows_are_read_where_they_stand(counts, lanes):
    """Sizes at and around squares, panels, parts and blocks."""
    program, some, whole = in_rows(*counts)
    values, wholes = in_plain_python(*counts)
    step = program.to("native")
    for n in (1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 127, 128, 129, 511, 512, 513, MOST):
        got, total = step(**first(n, some)), step.sum(**first(n, whole))
        for name in ("h", "w", "x"):
            assert np.array_equal(got[name], values[name][:n]), (name, n)
            assert np.array_equal(total[name], wholes[name][:n].sum(0)), (name, n)
    assert not any(step.sum(**first(0, whole))[name].any() for name in ("h", "w", "x"))
    calls = step.engine.native._calls.values()
    assert len(calls) == 2 and all(call.module.loaded.address("run_on_leaves") for call in calls)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_rows_in_threads_and_in_other_orders_of_memory(threads, lanes):
    program, _, given = in_rows(12, 5, 1700)
    step, peer = program.to("native", threads=threads), program.to("numpy")
    values, total = peer(**given), peer.sum(**given)
    for other in (
        {},
        {"s": given["s"].copy(), "t": np.repeat(given["t"], 2)[::2]},
        {"a": np.asfortranarray(given["a"]), "b": np.hstack([given["b"], given["b"]])[:, :5]},
        {"a": given["a"].astype(int)},
    ):
        for _ in range(2):
            got, sums = step(**{**given, **other}), step.sum(**{**given, **other})
            for name in ("h", "w", "x"):
                assert np.array_equal(got[name], values[name]) and np.array_equal(sums[name], total[name])
    once = step.sum(**{**given, "t": np.broadcast_to(2.0, 1700)})  # the same number at each sample
    assert np.array_equal(once["w"], peer.sum(**{**given, "t": np.full(1700, 2.0)})["w"])


def test_nothing_beyond_the_last_row_is_read(lanes):
    program, _, whole = in_rows(5, 8)
    _, wholes = in_plain_python(5, 8)
    step = program.to("native")
    with before_a_wall() as array:
        for n in (1, 3, 8, 13, 32, 37):
            given = first(n, whole)
            for name in ("a", "b"):
                rows = array(given[name].size).reshape(given[name].shape)
                rows[:] = given[name]
                assert np.array_equal(step.sum(**given | {name: rows})["w"], wholes["w"][:n].sum(0))
