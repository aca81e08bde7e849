"""The conventions at the edges, one case a row: what the test asserts and the document shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan, pi
from typing import Any, NamedTuple

from autograd import Value, fsum, hypot, logsumexp, maximum, minimum, where
from autograd.functions import ROWS


class Check(NamedTuple):
    """A function at a point, with its value there and its slope in each operand; None: not said.

    The sign of a zero counts in values, not in slopes.
    """

    function: Callable[..., Any]
    at: tuple[float, ...]
    value: float | None
    slopes: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A row of the document's table: the case, what we say, and the peers that say otherwise."""

    case: str
    ours: str
    peers: str
    checks: tuple[Check, ...]

    @property
    def line(self) -> str:
        cells = (cell.replace("|", "\\|") for cell in (self.case, self.ours, self.peers))
        return f"| {' | '.join(cells)} |"


def row(name: str, *at: float, value: float | None, slopes: tuple[float | None, ...] = ()) -> Check:
    return Check(ROWS[name], at, value, slopes)


def _x_log_x(x: Value) -> Value:
    return x * x.log()


def _guarded_sqrt(x: Value) -> Value:
    return where(x > 0, x.sqrt(), 0.0)


EDGES = (
    Edge("relu'(0); relu(nan), relu'(nan)", "0; nan, nan", "HIPS .5; torch gives slope 1, JAX 0 at nan", (
        row("relu", 0.0, value=0.0, slopes=(0.0,)), row("relu", nan, value=nan, slopes=(nan,)),
    )),
    Edge("leaky_relu'(0); elu'(0)", "slope; alpha", "JAX 1", (
        row("leaky_relu", 0.0, 0.25, value=0.0, slopes=(0.25, None)),
        row("elu", 0.0, 0.5, value=0.0, slopes=(0.5, None)),
    )),
    Edge("|x|'(0); sign(0)", "0; 0", "JAX 1", (
        row("abs", 0.0, value=0.0, slopes=(0.0,)), row("sign", 0.0, value=0.0, slopes=(0.0,)),
    )),
    Edge("sqrt'(0)", "inf", "HIPS raises", (row("sqrt", 0.0, value=0.0, slopes=(inf,)),)),
    Edge("cbrt(−8); cbrt'(0)", "−2; inf", "", (
        row("cbrt", -8.0, value=-2.0, slopes=(1 / 12,)), row("cbrt", 0.0, value=0.0, slopes=(inf,)),
    )),
    Edge("log(0), log2(0), log10(0), log1p(−1)", "−inf, derivative inf", "", (
        row("log", 0.0, value=-inf, slopes=(inf,)), row("log1p", -1.0, value=-inf, slopes=(inf,)),
        row("log2", 0.0, value=-inf, slopes=(inf,)), row("log10", 0.0, value=-inf, slopes=(inf,)),
    )),
    Edge("log(x<0)", "nan, derivative nan", "all three keep 1/x", (
        row("log", -2.0, value=nan, slopes=(nan,)), row("log1p", -2.0, value=nan, slopes=(nan,)),
        row("log2", -2.0, value=nan, slopes=(nan,)), row("log10", -2.0, value=nan, slopes=(nan,)),
    )),
    Edge("asin'(±1); acos'(±1)", "inf; −inf", "", (
        row("asin", 1.0, value=None, slopes=(inf,)), row("asin", -1.0, value=None, slopes=(inf,)),
        row("acos", 1.0, value=0.0, slopes=(-inf,)), row("acos", -1.0, value=None, slopes=(-inf,)),
    )),
    Edge("acosh'(1); atanh(±1)", "inf; ±inf, derivative inf", "atanh'(2) is −⅓ in all three", (
        row("acosh", 1.0, value=0.0, slopes=(inf,)), row("acosh", 0.5, value=nan, slopes=(nan,)),
        row("atanh", 1.0, value=inf, slopes=(inf,)), row("atanh", -1.0, value=-inf, slopes=(inf,)),
        row("atanh", 2.0, value=nan, slopes=(nan,)),
    )),
    Edge("atan2(±0, −1)", "±π", "", (
        row("atan2", 0.0, -1.0, value=pi, slopes=(-1.0, 0.0)), row("atan2", -0.0, -1.0, value=-pi, slopes=(-1.0, 0.0)),
    )),
    Edge("atan2(0, 0)", "0, derivatives nan", "torch 0", (row("atan2", 0.0, 0.0, value=0.0, slopes=(nan, nan)),)),
    Edge("1/0; 0/0", "inf, derivative −inf; nan", "Python raises", (
        row("div", 1.0, 0.0, value=inf, slopes=(inf, -inf)), row("div", 0.0, 0.0, value=nan, slopes=(None, nan)),
    )),
    Edge("max, min at a tie", "½, ½", "torch's max(dim) picks one", (
        row("maximum", 2.0, 2.0, value=2.0, slopes=(0.5, 0.5)), row("minimum", 2.0, 2.0, value=2.0, slopes=(0.5, 0.5)),
    )),
    Edge("floor, ceil, trunc, round", "slope 0, at the jumps too; ceil(−.5) is −0; a half to the even side", "", (
        row("floor", 2.0, value=2.0, slopes=(0.0,)), row("floor", -0.0, value=-0.0, slopes=(0.0,)),
        row("ceil", -0.5, value=-0.0, slopes=(0.0,)), row("trunc", -inf, value=-inf, slopes=(0.0,)),
        row("round", 2.5, 0.0, value=2.0, slopes=(0.0, 0.0)), row("round", -0.5, 0.0, value=-0.0, slopes=(0.0, 0.0)),
        row("round", nan, 0.0, value=nan), row("round", 1.7e308, -308.0, value=inf),
    )),
    Edge("5 % −3; fmod(5, −3)", "−1, ∂y 2; 2, ∂y 1", "", (
        row("mod", 5.0, -3.0, value=-1.0, slopes=(1.0, 2.0)), row("fmod", 5.0, -3.0, value=2.0, slopes=(1.0, 1.0)),
    )),
    Edge("6 % 3, a multiple", "0, ∂x 1, ∂y −2", "", (row("mod", 6.0, 3.0, value=0.0, slopes=(1.0, -2.0)),)),
    Edge("1 // 0.1; 1 % 0.1", "9, and almost .1: the double 0.1 is a little more than a tenth",
         "JAX, HIPS ∂y −10, torch's fmod too", (
        row("floordiv", 1.0, 0.1, value=9.0, slopes=(0.0, 0.0)),
        row("mod", 1.0, 0.1, value=1.0 % 0.1, slopes=(1.0, -9.0)),
        row("fmod", 1.0, 0.1, value=1.0 % 0.1, slopes=(1.0, -9.0)),
    )),
    Edge("1 % 0, fmod(1, 0); ±1 // 0", "nan; ±inf", "Python raises; torch and JAX ∂y −inf", (
        row("mod", 1.0, 0.0, value=nan), row("fmod", 1.0, 0.0, value=nan, slopes=(None, nan)),
        row("floordiv", 1.0, 0.0, value=inf), row("floordiv", -1.0, 0.0, value=-inf),
    )),
    Edge("copysign(±0, y)", "±0, slope 0", "JAX −1 at y < 0", (
        row("copysign", 0.0, -2.0, value=-0.0, slopes=(0.0, 0.0)),
        row("copysign", 3.0, -0.0, value=-3.0, slopes=(-1.0, 0.0)),
    )),
    Edge("0**0", "1, ∂x 0, ∂y 0", "JAX ∂x nan; every micrograd-like engine raises", (
        row("pow", 0.0, 0.0, value=1.0, slopes=(0.0, 0.0)),
    )),
    Edge("0**y", "∂x inf for 0<y<1, 1 for y=1, 0 for y>1; ∂y 0 for y≥0", "HIPS raises", (
        row("pow", 0.0, 0.5, value=0.0, slopes=(inf, 0.0)), row("pow", 0.0, 1.0, value=0.0, slopes=(1.0, 0.0)),
        row("pow", 0.0, 1.5, value=0.0, slopes=(0.0, 0.0)), row("pow", 0.0, 2.0, value=0.0, slopes=(0.0, 0.0)),
    )),
    Edge("0**−1", "inf, −inf, −inf", "Python raises; JAX, HIPS ∂y nan", (
        row("pow", 0.0, -1.0, value=inf, slopes=(-inf, -inf)),
    )),
    Edge("(−2)**3", "−8, 12, ∂y nan", "", (row("pow", -2.0, 3.0, value=-8.0, slopes=(12.0, nan)),)),
    Edge("(−8)**(1/3)", "nan", "Python returns a complex number", (
        row("pow", -8.0, 1 / 3, value=nan, slopes=(nan, nan)),
    )),
    Edge("overflow", "±inf", "math.exp, cosh, pow and ** raise", (
        row("exp", 1000.0, value=inf, slopes=(inf,)), row("exp2", 1025.0, value=inf, slopes=(inf,)),
        row("expm1", 1000.0, value=inf, slopes=(inf,)),
        row("sinh", -1000.0, value=-inf, slopes=(inf,)), row("cosh", -1000.0, value=inf, slopes=(-inf,)),
        row("pow", 10.0, 400.0, value=inf, slopes=(inf, inf)), row("pow", -10.0, 401.0, value=-inf, slopes=(inf, nan)),
        row("mul", 1e200, -1e200, value=-inf, slopes=(-1e200, 1e200)),
        Check(lambda *xs: fsum(xs), (1e308, 1e308), inf, (1.0, 1.0)),
    )),
    Edge("silu, gelu at −inf; their slopes at +inf", "−0, 0; 1", "all three nan", (
        row("silu", -inf, value=-0.0, slopes=(0.0,)), row("gelu", -inf, value=0.0, slopes=(0.0,)),
        row("silu", inf, value=inf, slopes=(1.0,)), row("gelu", inf, value=inf, slopes=(1.0,)),
    )),
    Edge("softsign at ±inf", "±1, slope 0", "all three nan", (
        row("softsign", inf, value=1.0, slopes=(0.0,)), row("softsign", -inf, value=-1.0, slopes=(0.0,)),
    )),
    Edge("logsumexp of only −inf", "−inf, derivatives nan", "", (
        Check(lambda *xs: logsumexp(xs), (-inf, -inf), -inf, (nan, nan)),
    )),
    Edge("max(x, 0) at 0, written relu, where(x>0, x, 0), (x>0)·x, −minimum(−x, 0), maximum(x, 0), ½(x+|x|),"
         " Python's max(x, 0.), where(x≥0, x, 0)", "0, 0, 0, ½, ½, ½, 1, 1", "", (
        row("relu", 0.0, value=0.0, slopes=(0.0,)), Check(lambda x: where(x > 0, x, 0.0), (0.0,), 0.0, (0.0,)),
        Check(lambda x: (x > 0) * x, (0.0,), 0.0, (0.0,)), Check(lambda x: -minimum(-x, 0.0), (0.0,), 0.0, (0.5,)),
        Check(lambda x: maximum(x, 0.0), (0.0,), 0.0, (0.5,)), Check(lambda x: 0.5 * (x + abs(x)), (0.0,), 0.0, (0.5,)),
        Check(lambda x: max(x, 0.0), (0.0,), 0.0, (1.0,)), Check(lambda x: where(x >= 0, x, 0.0), (0.0,), 0.0, (1.0,)),
    )),
    Edge("|x| at 0, written abs, hypot(x), maximum(x, −x), where(x>0, x, −x), Python's max(x, −x), √(x²)",
         "0, 0, 0, −1, 1, nan", "", (
        row("abs", 0.0, value=0.0, slopes=(0.0,)), Check(lambda x: hypot(x), (0.0,), 0.0, (0.0,)),
        Check(lambda x: maximum(x, -x), (0.0,), 0.0, (0.0,)), Check(lambda x: max(x, -x), (0.0,), 0.0, (1.0,)),
        Check(lambda x: where(x > 0, x, -x), (0.0,), -0.0, (-1.0,)),
        Check(lambda x: (x * x).sqrt(), (0.0,), 0.0, (nan,)),
    )),
    Edge("where(x>0, √x, 0) at −1 and 0; relu(log x), min(exp x, 1) likewise", "derivative 0: a branch not taken",
         "JAX, torch nan", (
        Check(_guarded_sqrt, (0.0,), 0.0, (0.0,)), Check(_guarded_sqrt, (-1.0,), 0.0, (0.0,)),
        Check(lambda x: x.log().relu(), (0.0,), 0.0, (0.0,)),
        Check(lambda x: minimum(x.exp(), 1.0), (1000.0,), 1.0, (0.0,)),
    )),
    Edge("x·log x at 0", "value nan (IEEE's 0·−inf), derivative nan", "", (Check(_x_log_x, (0.0,), nan, (nan,)),)),
    Edge("√x², 1/(1/x), exp(log x) at 0; log(exp x), 1/(1+exp(−x)) far out; √(a²+b²) at the origin",
         "undetermined, nan: 0·inf", "", (
        Check(lambda x: x.sqrt() ** 2, (0.0,), 0.0, (nan,)), Check(lambda x: 1 / (1 / x), (0.0,), 0.0, (nan,)),
        Check(lambda x: x.log().exp(), (0.0,), 0.0, (nan,)), Check(lambda x: x.exp().log(), (1000.0,), inf, (nan,)),
        Check(lambda x: 1 / (1 + (-x).exp()), (-1000.0,), 0.0, (nan,)),
        Check(lambda a, b: (a * a + b * b).sqrt(), (0.0, 0.0), 0.0, (nan, nan)),
    )),
)  # fmt: skip


def edge_table() -> str:
    """The table of the document.

    >>> print(edge_table().splitlines()[0])
    | case | ours | peers that differ |
    """
    return "\n".join(["| case | ours | peers that differ |", "|---|---|---|", *(edge.line for edge in EDGES)]) + "\n"
