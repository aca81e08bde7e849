"""What the page computes with: layers, losses and updates as JavaScript, lowered from recorded graphs.

u, o       of a layer, u = Σ θ·o + b and o = σ(u)     g   ∂Err/∂o of a layer, in the last one ∂Err/∂ŷ
δ          ∂Err/∂u                                   w   the weight of a sample's Err: 1, or 1/M for a mean over M

    weigh        θ, o → u                 blame       θ, o, δ → ∂Err/∂θ, and g of the layer before
    sigma_tanh   u → o                    delta_tanh  u, g → δ
    squared_error_1   ŷ, y, w → Err, and g            sgd, momentum, adam   θ, ∂Err/∂θ → θ

The page's own script only orders these.  Every derivative in them is `autograd.grad`'s: of
Σ δᵢuᵢ and of Σ gᵢoᵢ, which is what a vector-Jacobian product is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from autograd import Value, grad, lower, sqrt, sumprod
from autograd.ops import Op
from autograd.value import node_of

from ..diagnosing.causes import largest_slope
from ..network.activations import ACTIVATIONS
from ..network.losses import LOSSES, loss_of
from ..network.modules import Layer, Neuron
from ..training.optimizers import SGD, Adam
from .loops import Lists, Recorder, loops, rows_of

OPTIMIZERS = {
    "sgd": SGD([Value(0.0)]), "momentum": SGD([Value(0.0)], momentum=0.9), "adam": Adam([Value(0.0)]),
}  # fmt: skip
REMEMBERED = {name: optimizer.remembers for name, optimizer in OPTIMIZERS.items()}


def engine(outputs: Iterable[int] = (1, 2, 3)) -> str:
    """The whole text: `const engine = …`, an object of functions.

    outputs  the numbers of outputs for which there are losses

    >>> text = engine()
    >>> "function delta_tanh(n, u, g, delta) {" in text, "sech2(u[i]) * g[i]" in text
    (True, True)
    """
    parts, rows = [], {}
    for name, record, sizes in _loops():
        parts.append(loops(name, record, sizes))
        rows.update({row.name: row for row in rows_of(record, sizes)})
    errors = {f"{name}_{n}": text for name in LOSSES for n in outputs if (text := _loss(name, n))}
    parts += [f"const {name} = {text};" for name, text in errors.items()]
    exported = {
        "SIGMA": _table(ACTIVATIONS, "sigma_"), "DELTA": _table(ACTIVATIONS, "delta_"),
        "LOSS": _table(errors), "UPDATE": _table(OPTIMIZERS), "STEEPEST": _steepest(),
    }  # fmt: skip
    returned = ", ".join(["weigh", "blame", *(f"{key}: {text}" for key, text in exported.items())])
    body = "\n".join([*map(_row, rows.values()), *parts])
    return f"const engine = (() => {{\n{body}\nreturn {{ {returned} }};\n}})();\n"


def _loops() -> Iterator[tuple[str, Recorder, list[str]]]:
    """All that is a loop: its name, what records it, and its sizes."""
    yield "weigh", _weigh, ["n", "m"]
    yield "blame", _blame, ["n", "m"]
    for name in ACTIVATIONS:
        yield f"sigma_{name}", partial(_sigma, name), ["n"]
        yield f"delta_{name}", partial(_delta, name), ["n"]
    for name in OPTIMIZERS:
        yield name, partial(_update, name), ["n"]


def _table(names: Iterable[str], prefix: str = "") -> str:
    return "{ " + ", ".join(f"{name}: {prefix}{name}" for name in names) + " }"


def _row(row: Op) -> str:
    """A row of the table as a JavaScript function; what it needs besides is made once."""
    xs = [Value(0.5, name) for name in ("x", "y", "z")[: row.arity]]
    text: str = lower(node_of(row, tuple(xs)), xs).to("javascript")
    head, *helpers, result, _ = text.rstrip().split("\n")
    arguments = head[head.index("(") : head.rindex(")") + 1]
    if [line.strip() for line in helpers] == [f"const {row.name} = Math.{row.name};"]:
        return helpers[0].strip()
    made = f"  return {arguments} => {{ {result.strip()} }};"
    return "\n".join([f"const {row.name} = (() => {{", *helpers, made, "})();"])


# --- a layer --------------------------------------------------------------------------------------


def _weighing(n: int, m: int) -> tuple[list[Value], list[Value], list[Value]]:
    layer = Layer(n, m, "linear", initializer="uniform", seed=0)
    o = [Value(0.5) for _ in range(n)]
    return layer.parameters(), o, layer(o)


def _weigh(n: int, m: int) -> tuple[Lists, Lists]:
    theta, o, u = _weighing(n, m)
    return {"theta": theta, "o": o}, {"u": u}


def _blame(n: int, m: int) -> tuple[Lists, Lists]:
    theta, o, u = _weighing(n, m)
    delta = [Value(0.5) for _ in u]
    slopes = grad(sumprod(delta, u), [*theta, *o])
    return {"theta": theta, "o": o, "delta": delta}, {"slope": slopes[: len(theta)], "g": slopes[len(theta) :]}


def _sigma(name: str, n: int) -> tuple[Lists, Lists]:
    u = [Value(0.5) for _ in range(n)]
    sigma = Neuron(1, name, seed=0).sigma
    return {"u": u}, {"o": [sigma(v) for v in u]}


def _delta(name: str, n: int) -> tuple[Lists, Lists]:
    u, g = [Value(0.5) for _ in range(n)], [Value(0.5) for _ in range(n)]
    sigma = Neuron(1, name, seed=0).sigma
    return {"u": u, "g": g}, {"delta": grad(sumprod(g, [sigma(v) for v in u]), u)}


def _steepest() -> str:
    """The largest |σ′| of each σ, which is what a slope is measured by."""
    return "{ " + ", ".join(f"{name}: {largest_slope(Neuron(1, name, seed=0))}" for name in ACTIVATIONS) + " }"


# --- Err ------------------------------------------------------------------------------------------


def _loss(name: str, n: int) -> str | None:
    """A function (ŷ, y, w, g) that gives Err of one sample and fills g with w·∂Err/∂ŷ; None: not for n outputs."""
    yhat, w = [Value(0.5, f"yhat_{i + 1}") for i in range(n)], Value(0.5, "w")
    if name == "cross_entropy":
        if n < 2:
            return None
        y = [Value(1.0, "y")]  # the number of the class
        err = loss_of(name)(yhat, y[0])
    else:
        y = [Value(1.0, f"y_{i + 1}") for i in range(n)]
        err = loss_of(name)(yhat, y)
    program: str = lower([err, *grad(w * err, yhat)], [*yhat, *y, w]).to("javascript")
    given = [*(f"yhat[{i}]" for i in range(n)), *(f"y[{i}]" for i in range(len(y))), "w"]
    filled = " ".join(f"g[{i}] = found[{i + 1}];" for i in range(n))
    called = f"const found = program({', '.join(given)}); {filled} return found[0];"
    return f"(() => {{\n{program}return (yhat, y, w, g) => {{ {called} }};\n}})()"


# --- the step -------------------------------------------------------------------------------------


def _update(name: str, n: int) -> tuple[Lists, Lists]:
    """One step of an optimiser for n parameters; t counts the steps before it."""
    rate, t = Value(0.5, "rate"), Value(1.0, "t")
    lists = {key: [Value(0.5) for _ in range(n)] for key in ("theta", "slope", *REMEMBERED[name])}
    optimizer = OPTIMIZERS[name]
    optimizer.steps = t  # type: ignore[assignment]  # a Value, as all that the rule computes with
    rule = optimizer.rule(rate, sqrt)  # type: ignore[arg-type]
    after = zip(*(rule(*given) for given in zip(*lists.values())))
    changed = {key: list(values) for key, values in zip(("theta", *REMEMBERED[name]), after)}
    scalars = {"rate": rate, "t": t} if name == "adam" else {"rate": rate}
    return {**lists, **scalars}, changed
