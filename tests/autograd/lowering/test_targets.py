"""The same program in other namespaces; test_rows.py holds every row to the functions on floats."""

import gc
import json
import math
import os
import shutil
import subprocess
import sys
import weakref
from fractions import Fraction

import pytest

from autograd import (
    TABLE,
    AutogradTypeError,
    AutogradValueError,
    LoweringError,
    MissingDependency,
    Op,
    Value,
    function,
    grad,
    lower,
    maximum,
    minimum,
    softmax,
    take,
    where,
)
from autograd.lowering import targets
from autograd.value import node_of
from nn import MLP
from nn.network import losses

from ...accuracy.sampling import OPERANDS

ROWS = sorted(set(TABLE) - {"literal"})
# Where a value can cancel, and where digits count from then on.
FLOOR = {"logsumexp": 1.0, "pow_dxy": 1.0, "silu_slope": 0.02, "gelu_slope": 0.02}


def operands(name):
    return TABLE[name].arity or OPERANDS[name]


def program_of(name):
    xs = [Value(1.0, f"x{i}") for i in range(operands(name))]
    return lower(node_of(TABLE[name], tuple(xs)), xs)


def agrees(name, got, xs, ulps, least=0.0):
    true = TABLE[name].function(*xs)
    if true != true or got != got or math.isinf(true):
        return got == true or (got != got and true != true)
    size = max(abs(true), FLOOR.get(name, 0.0), 2.0**-1000)
    if name == "pow_dxy":
        size *= max(1.0, abs(xs[1]) * abs(TABLE["pow_dx"].function(xs[0], 1.0)))
    return abs(got - true) <= max(ulps * math.ulp(size), least)


@pytest.mark.parametrize("name", ROWS)
def test_rows_on_mpmath(name):
    pytest.importorskip("mpmath", reason="the target mpmath needs mpmath")
    run = program_of(name).to("mpmath")
    for xs in MODERATE[name]:
        assert agrees(name, float(run(*xs)), xs, 8), xs


@pytest.mark.parametrize("name", ROWS)
def test_rows_on_sympy(name):
    pytest.importorskip("sympy", reason="the target sympy needs SymPy")
    run = program_of(name).to("sympy")
    formula, symbols = run(*"abcd"[: operands(name)]), "abcd"
    for xs in MODERATE[name]:
        values = {symbol: Fraction(x) for symbol, x in zip(symbols, xs)}
        substituted = formula.subs({s: _rational(values[s.name]) for s in formula.free_symbols})
        assert agrees(name, float(substituted.evalf(30)), xs, 8), (xs, formula)


def _rational(x):
    import sympy

    return sympy.Rational(x.numerator, x.denominator)


def _moderate(name):
    if name == "acosh":
        return [(1.25,), (3.5,), (70.0,)]
    positive = name.startswith(("pow", "log", "sqrt"))
    triples = ((0.4375, 0.25, 1.5), (-0.3, 0.7, 0.2), (0.5, 0.5, -0.75))
    return [(abs(x) if positive else x, y, z, 2.0)[: operands(name)] for x, y, z in triples]


MODERATE = {name: _moderate(name) for name in ROWS}


# --- JavaScript -------------------------------------------------------------------------

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")


HARNESS = """
const read = (x) => typeof x === 'string' ? Number(x) : x;
const write = (x) => Array.isArray(x) ? x.map(write) : Object.is(x, -0) ? '-0' : Number.isFinite(x) ? x : String(x);
const results = [];
for (const [text, calls] of JSON.parse(require('fs').readFileSync(0))) {
  const program = eval('(' + text + ')');
  results.push(calls.map((xs) => write(program(...xs.map(read)))));
}
console.log(JSON.stringify(results));
"""


def in_node(programs):
    """What each JavaScript program returns for each list of arguments."""
    asked = [[text, [[x if math.isfinite(x) else _spelled(x) for x in xs] for xs in calls]] for text, calls in programs]
    ran = subprocess.run(["node", "-e", HARNESS], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return [[_read(result) for result in results] for results in json.loads(ran.stdout)]


def _spelled(x):
    return "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def _read(x):
    return [_read(y) for y in x] if isinstance(x, list) else float(x)


@needs_node
def test_arithmetic_in_javascript_has_the_same_bits():
    x, y = Value(1.0, "new"), Value(1.0, "quotient")
    program = lower([(x + 0.1) * y / 3.0 - x.sqrt(), where(x > y, x, -0.0), (x * y).relu(), x * math.inf], [x, y])
    at = [(math.sin(i) ** 2 * 10.0 ** (i % 30), math.cos(i)) for i in range(200)]
    (got,) = in_node([(program.to("javascript"), at)])
    assert list(map(str, got)) == [str(program(*xs)) for xs in at]


# --- batches ------------------------------------------------------------------------------


def network(activation="tanh"):
    net = MLP(2, [3, 1], activation=activation, seed=0)
    run = net.forward([0.5, -0.5])
    y = Value(0.3, "y")
    err = losses.squared_error([y], run.outputs)
    inputs = [*net.parameters(), *run.inputs, y]
    return lower([err, *grad(err, net.parameters())], inputs), [p.data for p in net.parameters()]


@pytest.mark.parametrize("target", ["numpy", "torch", "jax", "python"])
def test_batches_broadcast_samples_against_parameters(target):
    pytest.importorskip("numpy" if target == "python" else target, reason=f"the target {target} needs it")
    if target == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    program, theta = network()
    run = program.to(target)
    n = 10_000 if target == "numpy" else 50
    columns = [[math.sin(i * k) for i in range(n)] for k in (1, 2, 3)]
    each = [program(*theta, *xs) for xs in zip(*columns)]
    outputs = run(*theta, *columns)
    assert len(outputs) == len(each[0])
    for k in range(len(outputs)):
        assert list(map(float, outputs[k])) == pytest.approx([row[k] for row in each], rel=1e-12, abs=1e-15)
    sums = [math.fsum(row[k] for row in each) for k in range(len(outputs))]
    assert list(map(float, run.sum(*theta, *columns))) == pytest.approx(sums, rel=1e-10, abs=1e-12)
    assert list(map(float, run(*theta, 0.1, 0.2, 0.3))) == pytest.approx(program(*theta, 0.1, 0.2, 0.3), rel=1e-12)
    assert list(map(float, run.sum(*theta, 0.1, 0.2, 0.3))) == pytest.approx(program(*theta, 0.1, 0.2, 0.3), rel=1e-12)
    with pytest.raises(LoweringError, match="the columns differ in length: x_1 has 3, x_2 has 4"):
        run(*theta, [1.0] * 3, [1.0] * 4, 1.0)
    with pytest.raises(LoweringError, match="takes 16 inputs"):
        run(1.0)
    assert [len(o) for o in run(*theta, [], [], 0.5)] == [0] * len(outputs)


def test_outputs_that_need_no_sample_are_given_for_each_and_summed_for_each():
    numpy = pytest.importorskip("numpy", reason="the target numpy needs NumPy")
    w, x = Value(2.0, "w"), Value(3.0, "x")
    run = lower([w * w, w * x], [w, x]).to("numpy")
    squares, _ = run(2.0, numpy.arange(3))
    squares[0] = 7.0  # it is the caller's own
    assert squares.tolist() == [7.0, 4.0, 4.0] and run.sum(2.0, numpy.arange(3)) == [12.0, 6.0]
    assert run(2.0, numpy.ones((2, 3)))[0].shape == (2, 3)


def test_jax_jits_and_maps_and_torch_keeps_its_dtype():
    program, theta = network("relu")
    xs = [0.1, 0.2, 0.3]
    if torch := _optional("torch"):
        run = program.to("torch", dtype=torch.float32)
        assert {o.dtype for o in run(*theta, *map(torch.tensor, xs))} == {torch.float32}
    jax = pytest.importorskip("jax", reason="jit and vmap need JAX")
    run = program.to("jax")
    mapped = jax.jit(jax.vmap(lambda x: run(*theta, x, 0.2, 0.3)))(jax.numpy.array([0.1, 0.4]))
    assert [float(o[0]) for o in mapped] == pytest.approx(program(*theta, *xs), rel=1e-6)


SHARDED = """
import jax
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from tests.autograd.lowering.test_targets import network

jax.config.update("jax_enable_x64", True)
program, theta = network()
halves = NamedSharding(Mesh(jax.devices(), ("samples",)), PartitionSpec("samples"))
columns = [jax.device_put(jax.numpy.sin(jax.numpy.arange(8.0) * k), halves) for k in (1, 2, 3)]
outputs = jax.jit(program.to("jax"))(*theta, *columns)
assert len(jax.devices()) == 2 and {o.sharding for o in outputs} == {halves}
print([list(map(float, o)) for o in outputs])
"""


def test_jax_shards_the_samples_over_devices():
    pytest.importorskip("jax", reason="sharding needs JAX")
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}  # read once, at the start
    ran = subprocess.run([sys.executable, "-c", SHARDED], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    program, theta = network()
    each = [program(*theta, *(math.sin(i * k) for k in (1, 2, 3))) for i in range(8)]
    for output, column in zip(json.loads(ran.stdout), zip(*each)):
        assert output == pytest.approx(column, rel=1e-12, abs=1e-15)


def _optional(package):
    try:
        return pytest.importorskip(package)
    except pytest.skip.Exception:
        return None


# --- exact numbers ----------------------------------------------------------------------


def test_a_relu_network_is_exact_on_fractions():
    net = MLP(2, [3, 2], activation="relu", output_activation="linear", seed=1)
    run = net.forward([0.5, -0.5])
    y = [Value(0.25, "y₁"), Value(-0.5, "y₂")]
    err = losses.mean_squared_error(y, run.outputs) / 7.0
    program = lower([err, *grad(err, net.parameters())], [*net.parameters(), *run.inputs, *y])
    theta = [Fraction(i * 7 % 11 - 5, 3) for i in range(len(net.parameters()))]
    xs, ys = [Fraction(1, 3), Fraction(2, 7)], [Fraction(1, 9), Fraction(-1, 2)]
    o, at = xs, 0
    for layer in net.layers:  # by hand, on fractions
        new = []
        for _ in layer.neurons:
            weights, bias = theta[at : at + len(o)], theta[at + len(o)]
            at += len(o) + 1
            u = sum((w * x for w, x in zip(weights, o)), bias)
            new.append(u if layer is net.layers[-1] else max(u, Fraction(0)))
        o = new
    expected = sum(((a - b) ** 2 for a, b in zip(o, ys)), Fraction(0)) / 2 / 7
    got = program.to("fractions")(*theta, *xs, *ys)
    assert got[0] == expected and all(isinstance(x, Fraction) for x in got)
    # The error is quadratic in the last bias, so its difference quotient is exact too.
    moved = [*theta[:-1], theta[-1] + 1]
    back = [*theta[:-1], theta[-1] - 1]
    up, down = (program.to("fractions")(*t, *xs, *ys)[0] for t in (moved, back))
    assert got[-1] == (up - down) / 2


def test_a_third_is_a_third_where_numbers_are_exact():
    x = Value(1.0, "x")
    program = lower(grad(x / 3.0 + x * 0.1, [x]), [x], allow_constants=True)
    assert program.to("fractions")(1) == [Fraction(1, 3) + Fraction(0.1)]
    pytest.importorskip("sympy", reason="the target sympy needs SymPy")
    assert str(program.to("sympy")("x")) == "[13/30]"
    with pytest.raises(LoweringError, match="exp of a fraction is no fraction"):
        lower(x.exp(), [x]).to("fractions")(1)
    with pytest.raises(LoweringError, match="nan is no fraction"):
        program.to("fractions")(math.nan)


def test_mpmath_has_the_digits_that_are_asked_for():
    mpmath = pytest.importorskip("mpmath", reason="the target mpmath needs mpmath")
    x = Value(1.0, "x")
    run = lower((x / 3.0).tanh(), [x]).to("mpmath")
    with mpmath.workdps(60):
        assert abs(run(2) - mpmath.tanh(mpmath.mpf(2) / 3)) < mpmath.mpf(10) ** -58


def test_a_branch_that_is_not_taken_may_be_no_fraction():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    quotient = where(x > y, x / y, y)
    run = lower([quotient, *grad(quotient, [x, y])], [x, y]).to("fractions")
    assert run(-1, 0) == [0, 0, 1] and run(3, 2) == [Fraction(3, 2), Fraction(1, 2), Fraction(-3, 4)]
    assert all(isinstance(result, Fraction) for result in run(-1, 0))
    with pytest.raises(LoweringError, match="a quotient by zero is no fraction"):
        run(1, 0)
    exponential = where(x > 0, x.exp(), 2 * x)
    run = lower([exponential, *grad(exponential, [x])], [x]).to("fractions")
    assert run(-1) == [-2, 2]
    with pytest.raises(LoweringError, match="exp of a fraction is no fraction"):
        run(1)
    for undecided in (where(x.exp() > y, x, y), x.exp().relu(), x.exp().floor(), y ** x.exp(), take([x, y], x.exp())):
        with pytest.raises(LoweringError, match="exp of a fraction is no fraction"):
            lower(undecided, [x, y]).to("fractions")(1, 1)
    run = lower(take([x, y, math.inf], x), [x, y]).to("fractions")
    assert run(1, 5) == 5
    for index, message in ((3, "no entry 3 in a table of 3"), (Fraction(1, 2), "no entry 1/2"), (2, "the number inf")):
        with pytest.raises(LoweringError, match=message):
            run(index, 5)
    assert lower({"y": where(x > y, x / y, y)}, {"x": x, "y": y}).to("fractions")(x=[-1, 1], y=[0, 2]) == {"y": [0, 2]}


def test_sympy_compares_no_complex_numbers():
    pytest.importorskip("sympy", reason="the target sympy needs SymPy")
    x, y = Value(1.0, "x"), Value(2.0, "y")
    program = lower([x.log().relu(), *grad(x.log().relu(), [x])], [x])
    assert program.to("sympy")(0) == [0, 0] == program(0.0)
    for undefined in (maximum(x.sqrt(), y), x.log().relu(), minimum(y, x.sqrt()), *grad(x.sqrt().relu(), [x])):
        assert str(lower(undefined, [x, y]).to("sympy")(-1, 2)) == "nan"
    for chosen in (where(x.sqrt() > y, x, y), where(x.sqrt() <= y, x, y)):
        assert lower(chosen, [x, y]).to("sympy")(-1, 2) == 2 == lower(chosen, [x, y])(-1.0, 2.0)


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_shares_take_one_exponential_for_each_operand(target, monkeypatch):
    """softmax, and the slopes of a loss of logits, of which each took all of them again."""
    library = pytest.importorskip({"jax": "jax.numpy"}.get(target, target))
    if target == "jax":
        pytest.importorskip("jax").config.update("jax_enable_x64", True)
    xs = [Value(0.1 * k, f"x{k}") for k in range(12)]
    program = lower([*softmax(xs), *grad(losses.cross_entropy(xs, 3), xs)], xs)
    asked, exp = [], library.exp
    monkeypatch.setattr(library, "exp", lambda x: asked.append(x) or exp(x))
    columns = [[math.sin(k * j) * 3 for j in range(5)] for k in range(12)]
    for run in (program.to(target), lambda *columns: program.to(target).sum(*[[x[0]] for x in columns])):
        asked.clear()
        got = run(*columns)
        assert len(asked) == 12
        for result, want in zip(got, program(*[x[0] for x in columns])):
            assert float(result.reshape(-1)[0]) == pytest.approx(want, rel=1e-14)
    gone = weakref.ref(asked[0])
    asked.clear()
    gc.collect()
    assert gone() is None  # nothing of a call is kept


# --- what is given ------------------------------------------------------------------------

ONE_BY_ONE = ("fractions", "mpmath", "sympy")
EVERYWHERE = ("python", "numpy", "native", "torch", "jax", *ONE_BY_ONE)


@pytest.mark.parametrize("target", EVERYWHERE)
def test_what_is_no_real_number_is_refused_in_words(target):
    numpy = pytest.importorskip("numpy")
    pytest.importorskip({"python": "numpy", "fractions": "numpy", "native": "llvmlite"}.get(target, target))
    x, y = Value(1.0, "x"), Value(2.0, "y")
    run, step = lower(x * y, [x, y]).to(target), lower({"y": x * y}, {"x": [x, y]}).to(target)
    masked = numpy.ma.array([1.0, 2.0], mask=[False, True])
    wrong = [None, {"k": 1.0}, [1.0, [2.0]], [None, 1.0], masked, {1.0}]
    if target != "sympy":  # whose numbers may be complex, and whose texts are symbols
        wrong += [1j, ["x"], numpy.array([1j]), "one", numpy.array(["2026-01-01"], "M8[D]"), numpy.array([None])]
    for given in wrong:
        for _ in range(2):
            with pytest.raises((LoweringError, AutogradTypeError)):
                run(given, 1.0)
    for given in (None, {"k": 1.0}, [None, 1.0], [[1.0, 2.0], [1.0]], masked, 3.0):
        step(x=numpy.array([1.0, 2.0]))
        with pytest.raises((LoweringError, AutogradTypeError)):
            step(x=given)
    with pytest.raises(LoweringError, match="masked" if target not in ONE_BY_ONE else "masked|is no"):
        run(masked, 1.0)
    with pytest.raises(LoweringError, match="masked array has no number"):
        step(x=masked)
    with pytest.raises(LoweringError, match="several shapes"):
        step(x=[[1.0, 2.0], [1.0]])
    assert float(run(numpy.float32(0.5), numpy.array(2.0))) == 1.0


@pytest.mark.parametrize("target", ["python", "numpy", "native", "torch", "jax"])
def test_whole_numbers_of_any_size_are_doubles_or_refused(target):
    pytest.importorskip({"python": "numpy", "native": "llvmlite"}.get(target, target))
    x, y = Value(1.0, "x"), Value(2.0, "y")
    run = lower(x * y, [x, y]).to(target)
    numpy = pytest.importorskip("numpy")
    for given in ([1, 10**20], [Fraction(1), 10**20], numpy.array([1, 10**20]), numpy.array([Fraction(1), 10.0**20])):
        assert [float(z) for z in run(given, 1.0)] == pytest.approx([1.0, 1e20])
    for given in (10**400, [1, 10**400]):
        with pytest.raises(AutogradValueError, match="of type int, which does not fit a double"):
            run(given, 1.0)


def test_tensors_are_taken_by_numpy():
    torch = pytest.importorskip("torch")
    x, y = Value(1.0, "x"), Value(2.0, "y")
    program = lower(x * y, [x, y])
    assert program.to("numpy")(torch.tensor([1.0, 2.0]), 3.0).tolist() == [3.0, 6.0]
    assert program.to("python")(torch.tensor([1.0, 2.0]), 3.0) == [3.0, 6.0]


@pytest.mark.parametrize("threads", ["2", None, 1.5, True])
def test_threads_are_counted(threads):
    x = Value(1.0, "x")
    with pytest.raises(LoweringError, match="threads is a whole number, and was given as"):
        lower(x * 2, [x]).to("native", threads=threads)


def test_functions_are_for_rows():
    x = Value(1.0, "x")
    program = lower(x.tanh(), [x])
    for target in ("fractions", "python", "native", "javascript", *filter(_optional, ("numpy", "sympy"))):
        with pytest.raises(LoweringError, match="is a dictionary by names of rows, not 3 of type int"):
            program.to(target, functions=3)
        with pytest.raises(LoweringError, match="there is no row 'tanhh'"):
            program.to(target, functions={"tanhh": abs})
    for target in ("python", "native"):
        with pytest.raises(LoweringError, match=f"'{target}' has the operation 'tanh' and takes no other"):
            program.to(target, functions={"tanh": abs})
    assert program.to("fractions", functions={"tanh": abs})(-2) == 2


def test_dtypes_of_torch_are_pytorch_s():
    torch = pytest.importorskip("torch")
    x = Value(1.0, "x")
    for wrong in ("float32", float, torch.int64, torch.complex64):
        with pytest.raises(LoweringError, match=r"as torch\.float32, and not"):
            lower(x * 2, [x]).to("torch", dtype=wrong)
    assert lower(x * 2, [x]).to("torch", dtype=torch.float32)([1.0]).dtype == torch.float32


# --- what is missing ----------------------------------------------------------------------


def test_your_own_row_asks_for_its_function():
    cube = function(Op("cube", lambda x: x * x * x, lambda o, x: (3.0 * x * x,)))
    x = Value(2.0, "x")
    program = lower(cube(x) + 1.0, [x])
    for target in ("fractions", "javascript", *filter(_optional, ("sympy", "mpmath"))):
        with pytest.raises(LoweringError, match=r"'cube' is your own.*functions={'cube': ...}"):
            program.to(target)
    assert "const cube = (x) => x ** 3;" in program.to("javascript", functions={"cube": "(x) => x ** 3"})
    assert program.to("fractions", functions={"cube": lambda x: x**3})(2) == 9
    if _optional("numpy"):
        assert program.to("numpy")([2.0, 3.0]).tolist() == [9.0, 28.0]


@pytest.mark.parametrize("missing", [{"llvmlite"}, {"llvmlite", "numpy"}])
def test_native_falls_back_with_a_word(monkeypatch, missing):
    if "numpy" not in missing:
        pytest.importorskip("numpy", reason="the fallback is NumPy")
    installed = targets._installed
    monkeypatch.setattr(targets, "_installed", lambda package: package not in missing and installed(package))
    x = Value(2.0, "x")
    slower = "python" if "numpy" in missing else "numpy"
    with pytest.warns(RuntimeWarning, match=f"llvmlite is not installed, so the program runs on {slower}") as caught:
        run = lower(x * x, [x]).to("native", threads=2)
    assert caught[0].filename == __file__ and "\n" not in str(caught[0].message)
    assert list(run([1.0, 3.0])) == [1.0, 9.0] and run.sum([1.0, 3.0]) == 10.0
    with pytest.raises(MissingDependency, match="needs the package torch; pip install torch"):
        monkeypatch.setattr(targets, "_installed", lambda package: False)
        lower(x * x, [x]).to("torch")


def test_torch_follows_the_device_of_its_inputs():
    """On a device that has shapes and no numbers; what is given as a list, and constants, go there too."""
    torch = pytest.importorskip("torch", reason="a device of PyTorch's")
    xs, ws = [Value(1.0, f"x{i}") for i in range(9)], [Value(2.0, f"w{i}") for i in range(9)]
    err = sum((k + 0.5) * (x * w).tanh() + k for k, (x, w) in enumerate(zip(xs, ws)))
    step = lower({"err": err, "slope": grad(err, ws)}, {"x": xs, "w": ws}).to("torch")
    x = torch.zeros((5, 9), dtype=torch.float64, device="meta")
    for w in ([0.5] * 9, torch.ones(9, dtype=torch.float64, device="meta")):
        for found in (step(x=x, w=w), step.sum(x=x, w=w)):
            assert {out.device.type for out in found.values()} == {"meta"}
    flat = lower([a * b + 1.0 for a, b in zip(xs, ws)], [*xs, *ws]).to("torch")
    given = [torch.zeros(4, dtype=torch.float64, device="meta")] * 9 + [[1.0, 2.0, 3.0, 4.0]] * 9
    assert {out.device.type for out in flat(*given)} == {"meta"}
