"""How fast a lowered program is: machine code and Python source beside their peers, in one run.

    python tests/benchmarks/lowered.py              all tables, as Markdown
    python tests/benchmarks/lowered.py --check      exits with 1 if a bar is missed
    python tests/benchmarks/lowered.py networks     one of: networks, classes, transformer, functions, compilation

Contestants take turns, and a ratio is the median of the ratios of neighbours in time, which is the
processor's.  All do the same work, the error and the gradient of all samples, on one thread in double
precision; compiling is counted apart.  Ours is the documented call on arrays, `step.sum(x=X, y=Y, net=θ)`;
"code" is the machine code inside of it.  A peer that is not installed is skipped with a word.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA}".strip()

import argparse  # noqa: E402
import ctypes  # noqa: E402
import gc  # noqa: E402
import importlib  # noqa: E402
import math  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from functools import partial  # noqa: E402
from importlib import metadata  # noqa: E402
from itertools import pairwise  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import autograd  # noqa: E402
from autograd import (  # noqa: E402
    Value,
    fsum,
    grad,
    hessian,
    logsumexp,
    softmax,
    sumprod,
    take,
    value_and_grad,
)
from autograd.lowering import lower  # noqa: E402
from autograd.lowering.native import compiled as native  # noqa: E402
from autograd.lowering.native import machine, modules  # noqa: E402
from nn import MLP  # noqa: E402
from nn.network.losses import cross_entropy, squared_error  # noqa: E402

try:
    from tests.benchmarks import growing
    from tests.benchmarks.transformer import END, WIDTH, Transformer
except ImportError:  # run as a file: its folder is the path
    import growing  # type: ignore[no-redef,import-not-found]
    from transformer import END, WIDTH, Transformer  # type: ignore[no-redef,import-not-found]

Work = Callable[[], Any]
missed: list[str] = []


def installed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"{module} is not installed, and is left out\n")
        return None


def interleaved(contestants: dict[str, Work], seconds: float = 2.0) -> dict[str, list[float]]:
    """Seconds a call, for each contestant and round; a short one is called many times in a round."""
    repeat = {}
    for name, work in contestants.items():
        work()
        start = time.process_time()
        work()
        repeat[name] = max(1, min(200, int(0.004 / max(1e-9, time.process_time() - start))))
    times: dict[str, list[float]] = {name: [] for name in contestants}
    end = time.process_time() + seconds * len(contestants)
    while time.process_time() < end or len(times[name]) < 3:
        for name, work in contestants.items():
            gc.collect()
            start = time.process_time()
            for _ in range(repeat[name]):
                work()
            times[name].append((time.process_time() - start) / repeat[name])
    return times


def ratio(times: dict[str, list[float]], above: str, below: str) -> float:
    return statistics.median(a / b for a, b in zip(times[above], times[below])) if above in times else math.nan


def bar(what: str, reached: float, needed: float) -> str:
    """The ratio as a cell; one that misses its bar is remembered and marked."""
    if reached < needed:
        missed.append(f"{what}: {reached:.3g} ×, must be {needed:g} ×")
    text = "—" if math.isnan(reached) else f"{reached:,.0f} ×" if reached >= 20 else f"{reached:.2g} ×"
    return text + (" (missed)" if reached < needed else "")


# --- networks ------------------------------------------------------------------------------


class Network:
    """One network and its samples, for everyone: the squared error's gradient, summed over the samples."""

    def __init__(self, sizes: list[int], activation: str, n: int) -> None:
        rng = np.random.default_rng(0)
        self.sizes, self.activation, self.n = sizes, activation, n
        self.X, self.Y = rng.uniform(-1, 1, (n, sizes[0])), rng.uniform(-1, 1, (n, sizes[-1]))
        self.net = MLP(sizes[0], sizes[1:], activation, "linear", seed=0)
        self.parameters = np.array([p.data for p in self.net.parameters()])
        run = self.net.forward([0.1] * sizes[0])
        y = [Value(0.3) for _ in range(sizes[-1])]
        err = squared_error(run.outputs, y)
        parameters = self.net.parameters()
        slopes = grad(err, parameters)
        of = dict(zip(parameters, slopes))
        self.structure = self.net.structure()
        slope = {name: [[of[p] for p in part] for part in layers] for name, layers in self.structure.items()}
        start = time.process_time()
        self.program = lower([err, *slopes], [*run.inputs, *y, *parameters])
        self.lowering = time.process_time() - start
        self.structured = lower({"err": err, "slope": slope}, {"x": run.inputs, "y": y, "net": self.structure})
        forward = sum(a * b for a, b in pairwise(sizes))
        self.operations = 2 * (3 * forward - sizes[0] * sizes[1])  # multiplications and additions of a sample

    def native(self, contract: bool) -> Work:
        """The documented call."""
        now = {name: [np.array([p.data for p in part]) for part in layers] for name, layers in self.structure.items()}
        step = self.structured.to("native", contract=contract)
        return lambda: step.sum(x=self.X, y=self.Y, net=now)

    def code(self) -> Work:
        """The machine code alone."""
        columns = np.ascontiguousarray(np.hstack([self.X, self.Y]).T)
        step = native.compiled(self.program).bind(columns, self.parameters)
        return lambda: step(0, self.n)

    def compiling(self) -> float:
        """Seconds from the program to a first result of machine code."""
        modules._modules.clear()
        start = time.process_time()
        self.code()()
        return time.process_time() - start

    def flat(self) -> Work:
        """Each input by itself."""
        columns = [*self.X.T.copy(), *self.Y.T.copy(), *self.parameters.tolist()]
        step = native.compiled(self.program)
        return lambda: step.sum(*columns)

    def python(self) -> Work:
        rows = [[*x, *y, *self.parameters.tolist()] for x, y in zip(self.X.tolist(), self.Y.tolist())]
        return lambda: [self.program(*row) for row in rows]

    def matrices(self) -> list[tuple[Any, Any]]:
        """(weights, biases) of each layer."""
        layers, at = [], 0
        for inputs, outputs in zip(self.sizes, self.sizes[1:]):
            block = self.parameters[at : at + outputs * (inputs + 1)].reshape(outputs, inputs + 1)
            layers.append((block[:, :-1].copy(), block[:, -1].copy()))
            at += block.size
        return layers

    def numpy(self) -> Work:
        layers, relu = self.matrices(), self.activation == "relu"

        def work() -> Any:
            outputs = [self.X]
            for k, (W, b) in enumerate(layers):
                u = outputs[-1] @ W.T + b
                outputs.append(u if k + 1 == len(layers) else np.maximum(u, 0) if relu else np.tanh(u))
            delta, gradients = 2 * (outputs[-1] - self.Y), []
            for k in reversed(range(len(layers))):
                gradients.append((delta.T @ outputs[k], delta.sum(0)))
                if k:
                    delta = delta @ layers[k][0]
                    delta *= outputs[k] > 0 if relu else 1 - outputs[k] * outputs[k]
            return gradients

        return work

    def torch(self, torch: Any) -> Work:
        torch.set_num_threads(1)
        layers = [tuple(torch.tensor(a, requires_grad=True) for a in layer) for layer in self.matrices()]
        X, Y = torch.tensor(self.X), torch.tensor(self.Y)
        activation = getattr(torch, self.activation)
        leaves = [a for layer in layers for a in layer]

        def work() -> Any:
            o = X
            for k, (W, b) in enumerate(layers):
                u = torch.nn.functional.linear(o, W, b)
                o = u if k + 1 == len(layers) else activation(u)
            return torch.autograd.grad(((o - Y) ** 2).sum(), leaves)

        return work

    def jax(self, jax: Any) -> Work:
        jax.config.update("jax_enable_x64", True)
        activation = jax.nn.relu if self.activation == "relu" else jax.numpy.tanh

        def loss(layers: Any, X: Any, Y: Any) -> Any:
            o = X
            for k, (W, b) in enumerate(layers):
                u = o @ W.T + b
                o = u if k + 1 == len(layers) else activation(u)
            return ((o - Y) ** 2).sum()

        step = jax.jit(jax.grad(loss))
        layers, X, Y = jax.device_put((self.matrices(), self.X, self.Y))
        return lambda: jax.block_until_ready(step(layers, X, Y))

    def micrograd(self, engine: Any, nn: Any) -> Work:
        """Its ReLU network, since it has no tanh, at 100 samples: its time is proportional to them."""
        net, samples = nn.MLP(self.sizes[0], self.sizes[1:]), 100

        def work() -> None:
            total = engine.Value(0.0)
            for x, y in zip(self.X[:samples].tolist(), self.Y[:samples].tolist()):
                out = net(x)
                for o, target in zip(out if isinstance(out, list) else [out], y):
                    total = total + (o + -target) ** 2
            total.backward()

        self.scale = self.n / samples
        return work


# network, activation, samples -> bars × NumPy by hand (strict, contracted), with 32 registers of AVX-512 and with AVX2
BARS = {
    ((2, 16, 16, 1), 100): ((3.5, 0.0), (3.5, 0.0)),
    ((2, 16, 16, 1), 1024): ((3.3, 0.0), (3.3, 0.0)),
    ((16, 64, 64, 10), 256): ((1.3, 2.2), (1.2, 1.5)),
    ((32,) * 13, 256): ((1.4, 2.4), (1.4, 0.0)),
    ((784, 128, 10), 128): ((0.65, 1.1), (0.75, 0.95)),
}


def networks() -> None:
    torch, jax, engine = installed("torch"), installed("jax"), installed("micrograd.engine")
    peaks = {"strict": measured_peak(False), "contracted": measured_peak(True)}
    told = ", ".join(f"{how} {peak / 1e9:.0f} GFLOP/s" for how, peak in peaks.items())
    print(f"peak of this processor, one thread: {told}\n")
    print("Error and gradient summed over the samples; times faster than the peer:\n")
    print("| network | samples | rounding | µs | micrograd | NumPy by hand | PyTorch eager | jax.jit | of the peak |")
    print("|---|---|---|---|---|---|---|---|---|")
    compiled_in = []
    for (sizes, n), bars in BARS.items():
        work = Network(list(sizes), "relu", n)
        label = "-".join(map(str, sizes)) if len(sizes) < 9 else f"{len(sizes) - 1} layers of {sizes[0]}"
        compiled_in.append((label, work.lowering, work.compiling()))
        contestants = {"strict": work.native(False), "contracted": work.native(True), "numpy": work.numpy()}
        if torch:
            contestants["torch"] = work.torch(torch)
        if jax:
            contestants["jax"] = work.jax(jax)
        small = n == 100
        if small:
            contestants |= {"code": work.code(), "flat": work.flat()}
        times = interleaved(contestants)
        slow = {"python": work.python()} if small else {}  # they would leave few rounds to the others
        if engine and sizes[1] == 16:
            slow["micrograd"] = work.micrograd(engine, importlib.import_module("micrograd.nn"))
        apart = interleaved({how: contestants[how] for how in ("strict", "contracted")} | slow) if slow else {}
        if "micrograd" in apart:
            apart["micrograd"] = [t * work.scale for t in apart["micrograd"]]
        for how, needed in zip(("strict", "contracted"), bars[machine.register() != 8]):
            microseconds = statistics.median(times[how]) * 1e6
            ahead = 1.0 if how == "contracted" and len(sizes) != 4 else 0.0
            wanted = {"micrograd": 10_000 if how == "strict" else 0, "numpy": needed, "torch": ahead}
            cells = [
                bar(
                    f"{label}, {n}, {how}, {peer}",
                    ratio(apart if peer in slow else times, peer, how),
                    wanted.get(peer, 0),
                )
                for peer in ("micrograd", "numpy", "torch", "jax")
            ]
            share = work.operations * n / (microseconds * 1e-6) / peaks[how]
            print(f"| {label} | {n} | {how} | {microseconds:.1f} | {' | '.join(cells)} | {share:.0%} |")
        if small:
            cell = bar(f"{label}, Python source, micrograd", ratio(apart, "micrograd", "python"), 100)
            print(
                f"| {label} | {n} | Python source | {statistics.median(apart['python']) * 1e6:.0f} | {cell} | | | | |"
            )
            # By themselves, so that they are neighbours in time: within a round of all the clock changes.
            calls = interleaved({name: contestants[name] for name in ("code", "strict", "flat")})
    code, call, flat = (statistics.median(calls[name]) * 1e6 for name in ("code", "strict", "flat"))
    cell = bar("the documented call beside its code", 1.3 * ratio(calls, "code", "strict"), 1)
    print(f"\n2-16-16-1, 100 samples: code {code:.1f} µs, documented call {call:.1f} µs ({cell} of what 1.3 × allows),")
    print(f"340 separate arguments {flat:.1f} µs")
    bar("340 separate arguments within 45 µs", 45 / flat, 1)
    print("\n| network | lowering, s | to machine code, s |\n|---|---|---|")
    for label, lowering, compiling in compiled_in:
        print(f"| {label} | {lowering:.2f} | {compiling:.2f} |")
        bar(f"{label}, to machine code within 1.5 s", 1.5 / compiling, 1)


def measured_peak(fused: bool) -> float:
    """Operations a second in all registers: independent multiplications and additions, or both in one instruction."""
    width, rounds = machine.register(), 1_000_000
    count = 12 if fused or machine.registers() == 32 else 6  # for two chains each: nothing may leave the registers
    vector = f"<{width} x double>"
    if fused:
        registers = [
            (f"x{k}", f"call {vector} @llvm.fma.v{width}f64({vector} {{}}, {vector} %a1, {vector} %b)")
            for k in range(count)
        ]
    else:
        registers = [(f"x{k}", f"fmul {vector} {{}}, %a1") for k in range(count)]
        registers += [(f"y{k}", f"fadd {vector} {{}}, %b") for k in range(count)]
    phis = "\n".join(
        f"  %{r} = phi {vector} [splat (double {k + 1}.0), %entry], [%{r}n, %loop]"
        for k, (r, _) in enumerate(registers)
    )
    steps = "\n".join(f"  %{r}n = {step.format(f'%{r}')}" for r, step in registers)
    sums = "\n".join(f"  %s{k + 1} = fadd {vector} %s{k}, %{r}n" for k, (r, _) in enumerate(registers))
    text = f"""
declare {vector} @llvm.fma.v{width}f64({vector}, {vector}, {vector})
define void @run(ptr %p, i64 %n) {{
entry:
  %one = load double, ptr %p
  %a = insertelement {vector} poison, double %one, i64 0
  %a1 = shufflevector {vector} %a, {vector} poison, <{width} x i32> zeroinitializer
  %b = fmul {vector} %a1, %a1
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
{phis}
{steps}
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  %s0 = fadd {vector} %a1, %b
{sums}
  %first = extractelement {vector} %s{len(registers)}, i64 0
  store double %first, ptr %p
  ret void
}}
"""
    loaded = machine.Loaded(text, ctypes.c_void_p, ctypes.c_int64)
    number = ctypes.c_double(1.0)
    best = math.inf
    for _ in range(7):
        number.value = 1.0
        start = time.process_time()
        loaded.run(ctypes.addressof(number), rounds)
        best = min(best, time.process_time() - start)
    return 2 * count * width * rounds / best


# --- many classes, and a transformer ------------------------------------------------------------


def classes() -> None:
    """Error and gradient of classifiers, whose softmax is one loop, beside straight-line code."""
    print("\nError and gradient of a classifier, 256 samples; the last line compiles for two minutes:\n")
    print("| network | code | to machine code, s | µs |\n|---|---|---|---|")
    classifier(30, (True, False))
    times, seconds = classifier(100, (True, False))
    bar("100 classes, to machine code within 1.5 s", 1.5 / seconds, 1)
    faster = bar("100 classes, straight-line code", ratio(times, "straight line", "loops"), 3.5)
    print(f"\nof 100 classes loops are {faster} as fast")


def classifier(count: int, loops: tuple[bool, ...]) -> tuple[dict[str, list[float]], float]:
    """Times, and how long the loops took to compile."""
    rng = np.random.default_rng(0)
    net, y = MLP(64, [32, count], "tanh", "linear", seed=0), Value(1.0)
    run = net.forward([0.1] * 64)
    err = cross_entropy(run.outputs, y)
    parameters = net.parameters()
    program = lower([err, *grad(err, parameters)], [*run.inputs, y, *parameters])
    columns = np.vstack([rng.normal(size=(64, 256)), np.arange(256.0) % count])
    theta = np.array([p.data for p in parameters])
    works: dict[str, Work] = {}
    seconds: dict[str, float] = {}
    usual = modules.LAYERED, modules.wide
    for looped in loops:
        how = "loops" if looped else "straight line"
        if not looped:
            modules.LAYERED, modules.wide = dict.fromkeys(modules.LAYERED, sys.maxsize), lambda each: False
        modules._modules.clear()
        start = time.process_time()
        step = native.compiled(program).bind(columns, theta)
        step(0, 256)
        seconds[how] = time.process_time() - start
        works[how] = partial(step, 0, 256)
    modules.LAYERED, modules.wide = usual
    modules._modules.clear()
    times = interleaved(works)
    for how in works:
        print(f"| 64-32-{count} | {how} | {seconds[how]:.2f} | {statistics.median(times[how]) * 1e6:.0f} |")
    return times, seconds["loops"]


class Reader(Transformer):
    """The transformer with weights that are given, on documents whose letters are data."""

    @staticmethod
    def softmax(logits: list[Any]) -> list[Any]:
        return softmax(logits)

    def __init__(self, theta: Any) -> None:
        weights = iter(theta)
        super().__init__(lambda _: next(weights), sumprod)

    def embedding(self, letter: Any) -> Any:
        return take(self.letters, letter)

    def error(self, document: Any) -> Any:
        keys: list[Any] = []
        values: list[Any] = []
        errors = []
        for place, (letter, following) in enumerate(pairwise(document)):
            logits = self.logits(letter, place, keys, values)
            errors.append(logsumexp(logits) - take(logits, following))
        return fsum(errors)


def read(theta: Any, document: Any) -> Any:
    return Reader(theta).error(document)


def transformer() -> None:
    """64 documents of 4 positions through the documented call, beside the same on Values, two of them."""
    rng = np.random.default_rng(0)
    theta = rng.normal(0.0, 0.08, len(Transformer(Value).theta))
    documents, few = rng.integers(0, END + 1, (64, 5)).astype(float), 2
    step = autograd.compiled(value_and_grad(read), over="document")

    def eager() -> None:
        values = [Value(t) for t in theta.tolist()]
        for document in documents[:few].tolist():
            read(values, [Value(x) for x in document]).backward()

    start = time.process_time()
    step(theta, documents)
    seconds = time.process_time() - start
    times = interleaved({"eager": eager, "step": lambda: step(theta, documents)})
    times["eager"] = [t * len(documents) / few for t in times["eager"]]
    cell = bar("transformer, its own engine", ratio(times, "eager", "step"), 500)
    took = statistics.median(times["step"]) * 1e3
    print(f"\nA transformer of width {WIDTH}, error and gradient of 64 documents of 4 positions: {took:.2f} ms,")
    print(f"{cell} as fast as its own engine; recorded, lowered and compiled in {seconds:.1f} s")


# --- functions of a few variables --------------------------------------------------------------


def rosenbrock(xs: list[Value]) -> Value:
    terms = [100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(xs)]
    return sum(terms[1:], terms[0])


def black_scholes(inputs: list[Value]) -> Value:
    """The price of a call: S·N(d₁) − K·e^(−rT)·N(d₂)."""
    S, K, r, sigma, T = inputs
    d1 = ((S / K).log() + (r + 0.5 * sigma * sigma) * T) / (sigma * T.sqrt())
    d2 = d1 - sigma * T.sqrt()
    N1, N2 = (0.5 * (1.0 + (d * 0.5**0.5).erf()) for d in (d1, d2))
    price: Value = S * N1 - K * (-r * T).exp() * N2
    return price


def functions() -> None:
    print("\nOne function with its gradient at 1,000,000 points; times faster than the eager engine:\n")
    print("| function | eager, µs a point | machine code, ns a point | | Python source, µs a point | |")
    print("|---|---|---|---|---|---|")
    points = 1_000_000
    rng = np.random.default_rng(0)
    for label, f, ranges in (
        ("Rosenbrock, 2 variables", rosenbrock, [(-2, 2)] * 2),
        ("Black–Scholes, 5 variables", black_scholes, [(80, 120), (80, 120), (0.01, 0.05), (0.1, 0.5), (0.2, 2)]),
    ):
        leaves = [Value((a + b) / 2) for a, b in ranges]
        y = f(leaves)
        program = lower([y, *grad(y, leaves)], leaves)
        compiled = native.compiled(program)
        columns = [rng.uniform(a, b, points) for a, b in ranges]
        some = list(zip(*(column[:200].tolist() for column in columns)))

        def eager(f: Any = f, some: Any = some) -> None:
            for x in some:
                variables = [Value(v) for v in x]
                f(variables).backward()

        def source(program: Any = program, some: Any = some) -> None:
            for x in some:
                program(*x)

        times = interleaved({"eager": eager, "source": source, "native": partial(compiled, *columns)})
        per = {k: [t / (points if k == "native" else len(some)) for t in v] for k, v in times.items()}
        median = {k: statistics.median(v) for k, v in per.items()}
        print(
            f"| {label} | {median['eager'] * 1e6:.1f} | {median['native'] * 1e9:.1f} |"
            f" {bar(f'{label}, native', ratio(per, 'eager', 'native'), 500)} | {median['source'] * 1e6:.2f} |"
            f" {bar(f'{label}, Python source', ratio(per, 'eager', 'source'), 15)} |"
        )
    hessian_of_rosenbrock()


def hessian_of_rosenbrock() -> None:
    point = [0.1 * k for k in range(20)]

    def eager() -> None:
        xs = [Value(v) for v in point]
        hessian(rosenbrock(xs), xs)

    xs = [Value(v) for v in point]
    entries = [h for row in hessian(rosenbrock(xs), xs) for h in row]
    program = lower(entries, xs, allow_constants=True)
    compiled = native.compiled(program)
    columns = np.tile(np.array(point)[:, None], (1, 1000))
    times = interleaved({"eager": eager, "source": lambda: program(*point), "native": lambda: compiled(*columns)})
    times["native"] = [t / 1000 for t in times["native"]]
    by_code, by_source = (bar(f"Hessian, {how}", ratio(times, "eager", how), 50) for how in ("native", "source"))
    print(
        f"| Hessian of Rosenbrock, 20 variables, 1000 points | {statistics.median(times['eager']) * 1e6:.0f} |"
        f" {statistics.median(times['native']) * 1e9:.0f} | {by_code} |"
        f" {statistics.median(times['source']) * 1e6:.1f} | {by_source} |"
    )


# --- compilation ---------------------------------------------------------------------------------


def series() -> dict[str, tuple[Callable[[int], growing.Sized], Sequence[int], float]]:
    """Programs that grow: a number -> outputs, what varies, what is shared; the numbers; the largest exponent."""

    def network(hidden: int) -> growing.Sized:
        net = MLP(8, [hidden, hidden, 1], "tanh", "linear", seed=0)
        run, y = net.forward([0.1] * 8), Value(0.3)
        err = squared_error(run.outputs, y)
        return [err, *grad(err, net.parameters())], [*run.inputs, y], net.parameters()

    def rows(n: int) -> growing.Sized:
        xs = [Value(0.1 * k) for k in range(16)]
        weights = [[Value(0.01 * (i + j)) for j in range(16)] for i in range(n)]
        total = fsum([sumprod(row, xs).tanh() for row in weights])
        return [total, *grad(total, [w for row in weights for w in row])], xs, [w for row in weights for w in row]

    def positions(n: int) -> growing.Sized:
        theta = Transformer(Value).theta
        document = [Value(float(k)) for k in range(n + 1)]
        err = read(theta, document)
        return [err, *grad(err, theta)], document, theta

    sizes = (14, 30, 64, 140, 306)
    return {
        "8-H-H-1": (network, sizes, 0.9),
        "Σ over rows of tanh": (rows, sizes, 0.9),
        "transformer, positions": (positions, (1, 2, 4, 8), 0.9),
        "convolution, inputs": (growing.windows, (30, 60, 120, 240, 480), 0.9),
        "recurrence, steps": (growing.steps, (25, 50, 100, 200, 400), 0.9),
        "length, operands": (growing.lengths, (20, 40, 80, 160, 320), 0.9),
        "chain of maxima": (growing.largest, (125, 250, 500, 1000, 2000), 1.2),  # straight-line code, as long as it
    }


def compilation() -> None:
    """Processor time, since compilation is one thread's work and others may be at work on the machine."""
    x = Value(2.0)
    native.compiled(lower(x * x, [x])).sum([1.0])  # LLVM's own start
    print("\nCompilation of an error and its gradient:\n")
    print("| program | instructions | lowering, s | to machine code, s | µs an instruction |")
    print("|---|---|---|---|---|")
    for label, (make, sizes, most) in series().items():
        found: list[tuple[float, float]] = []
        for size in sizes:
            outputs, varying, shared = make(size)
            start = time.process_time()
            program = lower(outputs, [*varying, *shared], allow_constants=True)  # one position: nothing to attend to
            middle = time.process_time()
            native.compiled(program).sum(*[[0.5, 1.0]] * len(varying), *[0.5] * len(shared))
            end = time.process_time()
            count = len(program.instructions)
            operands = sum(len(each.operands) for each in program.instructions)  # the slopes of a length have n each
            found.append((math.log(operands), math.log(end - middle)))
            each = (end - middle) / count * 1e6
            print(f"| {label}, {size} | {count:,} | {middle - start:.2f} | {end - middle:.2f} | {each:.0f} |")
        exponent = statistics.linear_regression(*zip(*found)).slope
        steepest = max((later[1] - before[1]) / (later[0] - before[0]) for before, later in pairwise(found))
        print(f"\n{label}: exponent {exponent:.2f}, steepest pair {steepest:.2f}\n")
        bar(f"{label}, exponent of compilation at most {most}", most / max(exponent, 1e-9), 1)
        bar(f"{label}, no pair steeper than 1.3", 1.3 / max(steepest, 1e-9), 1)


def main() -> int:
    parser = argparse.ArgumentParser(description="Benchmarks of lowered programs.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    parser.add_argument("tables", nargs="*", help="networks, classes, transformer, functions, compilation")
    arguments = parser.parse_args()
    packages = ("numpy", "llvmlite", "torch", "jax", "micrograd")
    versions = [f"{p} {metadata.version(p)}" for p in packages if any(True for _ in metadata.distributions(name=p))]
    print(f"{platform.python_implementation()} {platform.python_version()}, {', '.join(versions)}")
    processor = machine.llvm().get_host_cpu_name()
    print(f"{platform.machine()}, {processor}, {machine.registers()} registers of {64 * machine.register()} bits\n")
    tables = {table.__name__: table for table in (networks, classes, transformer, functions, compilation)}
    for name in arguments.tables or tables:
        tables[name]()
    print("\nbars missed: " + "; ".join(missed) if missed else "\nall bars reached")
    return int(arguments.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
