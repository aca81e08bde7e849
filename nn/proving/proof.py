"""The proof: what the engine finds and what the lecture derives are one expression, for every input.

The gradient graph of a network is lowered and run on symbols; so are the hand formulas of
deltas.py.  σ and σ' stay abstract: two function symbols, about which nothing is known.  Then
every δ and every ∂Err/∂θ must come out as the same expression.  What σ' is, is a lemma of its
own: SymPy differentiates σ itself.

Exact fractions are the second witness: a network of ReLUs, or a linear one, gives numbers that
no rounding has touched, and they are compared with ==.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from autograd import TABLE, AutogradValueError, Value, grad, lower
from autograd.recording import given
from autograd.value import literal, node_of
from autograd.words.formulas import latex_name

from .. import deltas as hand
from ..network.activations import ACTIVATION_RECORDS, ACTIVATIONS
from ..network.losses import loss_of
from ..network.modules import MLP
from .case import Case

Pair = tuple[Callable[[Any], Any], Callable[[Any], Any]]  # σ and σ'


SCOPE = (
    "This is the algebra of the rules, for all numbers.  Which floats a function gives, σ' or softmax, it does not say:"
    " certify compares them."
)


@dataclass(frozen=True)
class Equation:
    """One quantity, as the engine has it and by hand.

    term    its name: δ⁽¹⁾₂, ∂Err/∂θ⁽¹⁾₂₁, or dσ/du
    engine  the expression, or the exact numbers, that came out of the graph
    hand    those of the hand formula
    equal   whether they are the same
    text    the graph's own line, in the lecture's notation
    latex   the same in LaTeX
    lecture the hand formula's line
    about   of a step: which δ it leads to
    """

    term: str
    engine: Any
    hand: Any
    equal: bool
    text: str = ""
    latex: str = ""
    lecture: str = ""
    about: str = ""


@dataclass(frozen=True)
class Proof:
    """What prove found: true when every equation holds.

    title      what was proved, for which network
    equations  δ from right to left, then the gradients
    lemmas     dσ/du = σ' for each activation
    emergence  how the δ of a hidden neuron comes about: each step the same expression as δ
    samples    on how many samples of fractions, where it is no proof for all numbers but prove_exactly's
    """

    title: str
    equations: tuple[Equation, ...]
    lemmas: tuple[Equation, ...] = ()
    emergence: tuple[Equation, ...] = ()
    samples: int = 0

    def __bool__(self) -> bool:
        return self.first_wrong is None

    @property
    def first_wrong(self) -> Equation | None:
        """The first equation that fails, right to left, so the one next to the mistake; None when proved."""
        return next((e for e in (*self.lemmas, *self.equations, *self.emergence) if not e.equal), None)

    @property
    def summary(self) -> str:
        """Proved, or what is not."""
        wrong = self.first_wrong
        if wrong is None:
            deltas = sum(e.term.startswith("δ") for e in self.equations)
            counted = f"{deltas} δ and {len(self.equations) - deltas} gradients"
            if self.samples:
                return f"exactly equal: {counted}, on each of {self.samples} samples of fractions"
            return f"proved: {counted}, each the same as by hand"
        not_so = "NOT equal" if self.samples else "NOT proved"
        return f"{not_so}: {wrong.term} is\n  {_cut(wrong.engine)}   in the graph, and\n  {_cut(wrong.hand)}   by hand"

    def __repr__(self) -> str:
        return f"<Proof: {self.title}; {self.summary.splitlines()[0]}>"

    def __str__(self) -> str:
        width = max((len(e.term) for e in self.equations), default=0)
        lines = [f"  {e.term:<{width}} = {_lines(e, width)}" for e in (*self.equations, *self.lemmas)]
        steps = [f"  {e.term}:\n      {e.text}{_verdict(e)}" for e in self.emergence]
        shown = ["", f"How {self.emergence[-1].about} emerges:", *steps] if steps else []
        return "\n".join([f"{self.title}:", *lines, *shown, "", self.summary, *([] if self.samples else [SCOPE])])

    def latex(self) -> str:
        r"""Every δ and every gradient as the graph has it, in LaTeX.

        >>> print(prove([1, 1], bias=False).latex())
        \begin{aligned}
        \delta^{(1)}_{1} &= \sigma'(u^{(1)}_{1}) \, (-((y_{1} - o^{(1)}_{1}) + (y_{1} - o^{(1)}_{1}))) \\
        \frac{\partial \mathrm{Err}}{\partial \theta^{(1)}_{11}} &= \delta^{(1)}_{1} \, x_{1}
        \end{aligned}
        """
        return _aligned([f"{latex_name(e.term)} &= {e.latex}" for e in self.equations])

    def _repr_latex_(self) -> str:
        steps = [f"&= {e.latex}" for e in self.emergence]
        if steps:
            steps[0] = latex_name(self.emergence[-1].about) + " " + steps[0]
        verdict = rf"\text{{{self.summary.splitlines()[0]}}}"
        return "\n\n".join(f"$$\n{part}\n$$" for part in [self.latex(), *([_aligned(steps)] if steps else []), verdict])


def prove(
    net: MLP | Sequence[int], activation: str = "sigmoid", *, bias: bool = True, loss: str = "squared_error"
) -> Proof:
    """Prove that every δ and every ∂Err/∂θ of the engine are the lecture's, for all inputs and weights.

    net         a network, of which only the architecture counts; or its widths, inputs first
    activation  with widths: the name of σ, in all layers
    bias        with widths: whether neurons have one
    loss        "squared_error", "half_squared_error", "mean_squared_error"; "cross_entropy" behind softmax, or
                "binary_cross_entropy", which take logits: with widths the last layer is linear then

    What is proved is the algebra of the rules.  Which floats σ' or softmax give, it does not say.

    Raises AutogradValueError for an activation or a loss that it does not know, and
    MissingDependency without SymPy.

    >>> proof = prove([2, 2, 1], bias=False)
    >>> bool(proof)
    True
    >>> for equation in proof.equations[:2]:
    ...     print(equation.term, "=", equation.lecture)
    δ⁽²⁾₁ = −2·(y₁ − o⁽²⁾₁)·σ'(u⁽²⁾₁)
    δ⁽¹⁾₁ = σ'(u⁽¹⁾₁)·δ⁽²⁾₁·θ⁽²⁾₁₁
    """
    case = Case(net, activation, bias, loss)
    values = [*(term.node for term in case.terms), *(step.value for step in case.steps), *case.of_outputs]
    program = lower(values, case.inputs, allow_constants=True)  # a rule that is wrong may lose a term
    program.to("sympy")  # which says what to install, if it must
    import sympy

    # Rows under their own names: what one activation's slope is may be another's σ.
    functions = {row: sympy.Function(row, real=True) for pair in case.slopes.items() for row in pair}
    rows, shares = _shares(case.loss, functions)
    symbols = {v: sympy.Symbol(v.label, real=True) for v in case.inputs}
    engine = program.to("sympy", functions=functions | rows)(*symbols.values())

    def same(a: Any, b: Any) -> bool:
        return bool(a == b or sympy.expand(a - b) == 0)

    def error_slopes(y: Any, y_hat: Any) -> list[Any]:
        """Where it is the same, in the graph's own words: then what follows from it is soon seen to be the same."""
        by_hand = case.error_slopes(y, y_hat, **shares)
        return [a if same(a, b) else b for a, b in zip(engine[-len(by_hand) :], by_hand)]

    by_hand = case.by_hand(symbols, [_abstract(s, functions) for s in case.sigmas], error_slopes)
    equations = _equations(case, engine, by_hand, same)
    delta = engine[case.emerging]
    steps = tuple(
        Equation(step.title, a, delta, same(a, delta), step.text, step.latex, about=step.about)
        for step, a in zip(case.steps, engine[len(equations) :])
    )
    lemmas = [*map(_lemma, case.slopes), *([_loss_lemma(case.loss)] if shares else [])]
    return Proof(f"{case.title}, for all x, y and θ", equations, tuple(lemmas), steps)


def prove_exactly(
    net: MLP | Sequence[int],
    activation: str = "relu",
    *,
    bias: bool = True,
    loss: str = "squared_error",
    samples: int = 20,
    seed: int = 0,
) -> Proof:
    """The same on exact fractions, compared with ==: no symbols, and nothing rounds.

    activation  "relu" or "linear", whose values of fractions are fractions
    samples     how many networks of random fractions
    seed        of these fractions

    Raises AutogradValueError for another activation, and for no sample.

    >>> bool(prove_exactly([3, 4, 2], "relu"))
    True
    """
    case = Case(net, activation, bias, loss)
    if not {"relu", "linear"}.issuperset(case.sigmas):
        raise AutogradValueError(f"prove_exactly takes relu and linear, and was given {', '.join(case.sigmas)}")
    if not isinstance(samples, int) or samples < 1:
        raise AutogradValueError(f"prove_exactly: samples is a number from 1, and was given as {given(samples)}")
    program = lower([term.node for term in case.terms], case.inputs, allow_constants=True).to("fractions")
    generator = random.Random(seed)
    engine, by_hand = [], []
    for _ in range(samples):
        numbers = {v: Fraction(generator.randint(-12, 12), generator.randint(1, 9)) for v in case.inputs}
        engine.append(program(*numbers.values()))
        by_hand.append(case.by_hand(numbers, [hand.ACTIVATIONS[s] for s in case.sigmas], case.error_slopes))
    equations = _equations(case, zip(*engine), zip(*by_hand), operator.eq)
    return Proof(f"{case.title}, on {samples} samples of fractions", equations, samples=samples)


def _equations(
    case: Case, engine: Iterable[Any], by_hand: Iterable[Any], same: Callable[[Any, Any], bool]
) -> tuple[Equation, ...]:
    return tuple(
        Equation(term.name, a, b, same(a, b), case.line(term), case.line(term, latex=True), lecture)
        for term, a, b, lecture in zip(case.terms, engine, by_hand, case.hand_lines())
    )


def _abstract(sigma: str, functions: dict[str, Any]) -> Pair:
    """σ and σ' as symbols of functions, with the parameters that the activation has."""
    if sigma not in functions:
        return hand.linear, hand.linear_slope
    x = Value(0.5)
    applied = lower(ACTIVATIONS[sigma](x), [x]).to("sympy", functions=functions)
    return applied, lambda u: functions[ACTIVATION_RECORDS[sigma].slope](*applied(u).args)


def _shares(loss: str, functions: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows behind a loss that takes logits, and what stands for them by hand: e^ŷ and σ(ŷ) stay abstract."""
    import sympy

    if loss == "binary_cross_entropy":
        sigmoid = functions.get("sigmoid", sympy.Function("sigmoid", real=True))
        return {"sigmoid": sigmoid}, {"sigmoid": sigmoid}
    if loss != "cross_entropy":
        return {}, {}
    known: dict[Any, Any] = {}  # a symbol for each e^ŷ: the expression of ŷ is long, and what it is does not matter

    def softmax(xs: Sequence[Any]) -> list[Any]:
        powers = [known.setdefault(x, sympy.Symbol(f"exp{len(known) + 1}", positive=True)) for x in xs]
        return [e / sympy.Add(*powers) for e in powers]

    rows = {"softmax": lambda *xs: softmax(xs)[0], "softmax_rest": lambda *xs: sympy.Add(*softmax(xs)[1:])}
    return rows, {"softmax": softmax}


def _lemma(sigma: str) -> Equation:
    """σ' = dσ/du, the derivative taken by SymPy, on either side of 0, where some have a kink."""
    import sympy

    x, known = Value(0.5, "u"), ACTIVATION_RECORDS[sigma]
    o = known.function(x)
    slope = node_of(TABLE[known.slope], (x, *(literal(p.data) for p in o.parents[1:])))
    sigma_of, slope_of = (lower(v, [x]).to("sympy") for v in (o, slope))
    sides = [sympy.Symbol("u", positive=True), sympy.Symbol("u", negative=True)]
    derivatives = [(sympy.diff(sigma_of(u), u), slope_of(u)) for u in sides]
    equal = all(sympy.simplify((a - b).rewrite(sympy.exp)) == 0 for a, b in derivatives)
    (a, b), text = derivatives[0], f"{sigma}'(u), by SymPy's derivative as by the table's row {known.slope}"
    text += ", at u ≠ 0" * known.kink
    return Equation(f"d{sigma}/du", b, a, equal, text, latex_name(f"{sigma}'"))


def _loss_lemma(loss: str) -> Equation:
    """∂Err/∂ŷ of a loss that takes logits, the derivative taken by SymPy of the row itself, at ŷ = log z."""
    import sympy

    n = 3 if loss == "cross_entropy" else 1
    logits, targets = ([Value(0.5 / k, f"{v}{k}") for k in range(1, n + 1)] for v in "ŷy")
    err = loss_of(loss)(logits, targets)
    program = lower([err, *grad(err, logits)], [*logits, *targets]).to("sympy")
    z = sympy.symbols(f"z1:{n + 1}", positive=True)
    error, *slopes = program(*map(sympy.log, z), *sympy.symbols(f"y1:{n + 1}", positive=True))
    derivatives = [a * sympy.diff(error, a) for a in z]
    equal = all(sympy.cancel(sympy.together(a - b)) == 0 for a, b in zip(derivatives, slopes))
    text = f"by SymPy's derivative of {loss} as by the table's rows" + (", for three classes" if n == 3 else "")
    return Equation("∂Err/∂ŷ", slopes, derivatives, equal, text, r"\partial \mathrm{Err} / \partial \hat{y}")


def _lines(equation: Equation, width: int) -> str:
    """As the graph has it and, where that is written in another way, as the lecture has it."""
    lines = [equation.text + _verdict(equation)]
    if equation.lecture and equation.lecture != equation.text:
        lines.append(equation.lecture + "   by hand")
    return f"\n  {'':{width}} = ".join(lines)


def _verdict(equation: Equation) -> str:
    return "" if equation.equal else "   WRONG"


def _aligned(lines: Sequence[str]) -> str:
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _cut(expression: object) -> str:
    text = str(expression)
    return text if len(text) <= 300 else text[:297] + "..."
