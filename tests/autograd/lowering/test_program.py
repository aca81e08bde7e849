"""Programs: the bits of the graph, what lowering leaves out, readable source, and its limits."""

import ast
import math
import pickle
import struct
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd import TABLE, LoweringError, Op, Value, function, grad, hessian, lower, maximum, sumprod
from autograd.lowering.python import LONGEST_LINE
from autograd.value import literal, node_of
from nn import MLP
from nn.network import losses

ROWS = sorted(set(TABLE) - {"literal"})
SPECIAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1e308)
numbers = st.one_of(st.sampled_from(SPECIAL), st.floats(-5, 5), st.floats())
choice = st.integers(0, 10**6)
steps = st.lists(st.tuples(st.sampled_from(ROWS), st.lists(choice, min_size=4, max_size=80)), min_size=1, max_size=30)


def bits(xs):
    return [struct.pack("<d", x if x == x else math.nan) for x in xs]


def graph(leaves, constants, program):
    """The nodes of a random graph: leaves, constants, and operations on any earlier nodes."""
    nodes = [*leaves, *map(literal, constants)]
    for name, choices in program:
        count = TABLE[name].arity or 2 * (1 + choices[0] % (len(choices) // 2))
        nodes.append(node_of(TABLE[name], tuple(nodes[-1 - k % len(nodes)] for k in choices[:count])))
    return nodes


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, max_size=3), steps)
@pytest.mark.long
def test_a_program_gives_the_bits_of_its_graph(data, constants, operations):
    leaves = [Value(1.0) for _ in data]
    nodes = graph(leaves, constants, operations)
    program = lower(nodes[3:], leaves, allow_constants=True)
    assert bits(program(*data)) == bits(v.data for v in graph(list(map(Value, data)), constants, operations)[3:])
    readable = {}
    exec(program.source, {**{n: row.function for n, row in TABLE.items()}, "inf": math.inf, "nan": math.nan}, readable)
    assert bits(readable["program"](*data)) == bits(program(*data))


@pytest.mark.parametrize("name", ROWS)
def test_every_row_gives_the_bits_of_its_function(name):
    row = TABLE[name]
    n = row.arity or 4
    xs = [Value(0.5) for _ in range(n)]
    program = lower(node_of(row, tuple(xs)), xs)
    for k in range(60):
        point = [
            SPECIAL[(k * (3 * i + 1) + i) % len(SPECIAL)] if k % 2 else math.sin(9.7 * k + i) * 3 for i in range(n)
        ]
        assert bits([program(*point)]) == bits([row.function(*point)]), point


# --- what lowering leaves out -----------------------------------------------------------


def test_constants_are_folded_equal_instructions_shared_and_dead_code_left_out():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    unused = x.exp()
    two = literal(1.0) + literal(1.0)
    program = lower([(x * y) * two + y * x, x * two], [x, y])
    assert [each.row.name for each in program.instructions] == ["mul", "mul", "add", "mul"]
    assert program(2.0, 3.0) == [18.0, 4.0] and unused.data > 7
    assert 2.0 in program.constants.values()


def test_a_factor_one_is_dropped_and_the_zeros_are_kept_apart():
    x = Value(2.0, "x")
    assert lower(x * 1.0, [x]).instructions == []
    assert len(lower([x + 0.0, x + -0.0], [x]).instructions) == 2
    assert bits(lower([x + 0.0, x + -0.0], [x])(-0.0)) == bits([0.0, -0.0])
    nans = lower([x + math.nan, x + math.nan], [x])
    assert len(nans.instructions) == 1 and math.isnan(nans(1.0)[0])


def test_the_slopes_of_a_square_are_simple_and_have_the_same_bits():
    x = Value(3.0, "x")
    first, second = node_of(TABLE["pow_dx"], (x, literal(2.0))), node_of(TABLE["pow_dxx"], (x, literal(2.0)))
    program = lower([first, second], [x], allow_constants=True)
    assert [each.row.name for each in program.instructions] == ["mul"]
    for at in (*SPECIAL, -5e-324, 1e200, 1e-300, 0.1, math.nextafter(math.inf, 0.0), 2.0**-1074 * 3):
        assert bits(program(at)) == bits([TABLE["pow_dx"].function(at, 2.0), TABLE["pow_dxx"].function(at, 2.0)])


def test_derivatives_come_in_as_graphs():
    x, y = Value(3.0, "x"), Value(4.0, "y")
    z = (x * y).tanh() / y + x**3.0
    program = lower([z, *grad(z, [x, y])], [x, y])
    for a, b in ((0.5, 2.0), (-1.0, 0.25)):
        u, v = Value(a), Value(b)
        w = (u * v).tanh() / v + u**3.0
        w.backward()
        assert program(a, b) == [w.data, u.grad, v.grad]


def test_a_hessian_may_have_constants_if_it_says_so():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    entries = [h for row in hessian(x * x * y + x, [x, y]) for h in row]
    with pytest.raises(
        LoweringError, match=r"output 4.*does not depend on the inputs: it is always 0.0.*allow_constants"
    ):
        lower(entries, [x, y])
    assert lower(entries, [x, y], allow_constants=True)(3.0, 5.0) == [10.0, 6.0, 6.0, 0.0]


# --- source -----------------------------------------------------------------------------


def test_the_printed_backward_part_is_the_lecture_s_neuron_by_neuron():
    """δ_i = σ'(u_i) · Σ_j δ_j·θ_ji and ∂Err/∂θ_il = δ_i · o_l, read from the syntax tree."""
    widths = [3, 4, 2]
    net = MLP(3, [4, 2], activation="tanh", seed=0)
    run = net.forward([0.1, 0.2, 0.3])
    targets = [Value(0.5, f"y{i}") for i in "₁₂"]
    err = losses.squared_error(targets, run.outputs)
    err.label = "Err"
    program = lower([err, *grad(err, net.parameters())], [*net.parameters(), *run.inputs, *targets])
    lines = {}
    for line in ast.parse(program.source).body[0].body[:-1]:
        assert isinstance(line, ast.Assign) and line.targets[0].id not in lines
        lines[line.targets[0].id] = ast.unparse(line.value)
    o = lambda layer, i: f"x_{i}" if layer == 0 else f"o{layer}_{i}"
    for layer in (1, 2):
        for i in range(1, widths[layer] + 1):
            sources = range(1, widths[layer - 1] + 1)
            weighted = [f"theta{layer}_{i}{l} * {o(layer - 1, l)}" for l in sources]
            assert lines[f"u{layer}_{i}"] == " + ".join([*weighted, f"b{layer}_{i}"])
            assert lines[o(layer, i)] == f"tanh(u{layer}_{i})"
            for l in sources:
                assert lines[f"d_theta{layer}_{i}{l}"] == f"delta{layer}_{i} * {o(layer - 1, l)}"
    for i in range(1, 5):
        assert lines[f"delta1_{i}"] == f"sech2(u1_{i}) * (delta2_1 * theta2_1{i} + delta2_2 * theta2_2{i})"
    for i in (1, 2):
        assert lines[f"delta2_{i}"].startswith(f"sech2(u2_{i}) * ")
    assert set(lines) - {"Err"} == {name for name in lines if name[0] in "uotdv"}
    assert f"delta1_{4}" in program.source.splitlines()[-1]  # ∂Err/∂b is δ itself


def test_hostile_labels_do_no_harm_and_stay_apart():
    labels = ["__import__('os')", "x\ny = 1", "lambda", "program", "tanh", "relu", "inf", "nan", "x", "x", "x_2", "θ",
              "θ", "", "v_1", "x" * 10_000, "def f(): pass", "_1", "数", "sumprod", "None", "NaN"]  # fmt: skip
    leaves = [Value(float(i), label) for i, label in enumerate(labels)]
    u = leaves[0].tanh() + leaves[1].relu()
    u.label = "return 1 #"
    total = sumprod([u, *leaves], [leaves[-1], *reversed(leaves)]) + literal(math.inf)
    program = lower([total, u], leaves)
    (defined,) = ast.parse(program.source).body
    names = [a.arg for a in defined.args.args]
    assert isinstance(defined, ast.FunctionDef) and len(set(names)) == len(labels)
    assert all(isinstance(line, (ast.Assign, ast.Return)) for line in defined.body)
    assert not {node.func.id for node in ast.walk(defined) if isinstance(node, ast.Call)} - {"tanh", "relu", "sumprod"}
    assert program(*map(float, range(len(labels)))) == [math.inf, 1.0]


def test_brackets_only_where_they_are_needed():
    x, y, z = (Value(2.0, label) for label in "xyz")
    cases = {
        x - (y - z): "x - (y - z)", (x - y) - z: "x - y - z", x * (y * z): "x * (y * z)", x * y * z: "x * y * z",
        x + y * z: "x + y * z", (x + y) * -z: "(x + y) * (-z)", -(x * y): "-(x * y)", -x * y - -z: "-x * y - (-z)",
        x * -2.0: "x * (-2.0)", x - (-2.0): "x - (-2.0)", -(+-x): "-(-x)", -(x + y): "-(x + y)",
    }  # fmt: skip
    for value, text in cases.items():
        assert lower(value, [x, y, z]).source.splitlines()[-1] == f"    return {text}"


def test_long_sums_and_lines_are_cut():
    n = 500
    p, q = [Value(1.0 + i) for i in range(n)], [Value(0.5 - i) for i in range(n)]
    program = lower(sumprod([x.tanh() for x in p], q), p + q)
    assert "sumprod(" in program.source
    data = [math.sin(i) for i in range(2 * n)]
    assert program(*data) == sumprod(list(map(math.tanh, data[:n])), data[n:])
    chain = Value(1.0, "x")
    start = chain
    for _ in range(3000):
        chain = (chain * 0.5 + 1.0).tanh()
    assert max(map(len, lower(chain, [start]).source.splitlines())) < 40 * LONGEST_LINE


@pytest.mark.long
def test_a_hundred_thousand_instructions_in_linear_time():
    def seconds(n):
        x = Value(0.5, "x")
        node, other = x, x
        for _ in range(n // 2):
            node, other = (node * other).tanh(), node
        begin = time.process_time()  # what others do on this machine does not count
        program = lower(node, [x])
        assert len(program.instructions) == 2 * (n // 2) and math.isfinite(program(0.5))
        return time.process_time() - begin

    small = min(seconds(10_000) for _ in range(3))
    assert seconds(100_000) < 10 * small * 2.5 + 0.5


# --- errors -----------------------------------------------------------------------------


def test_what_cannot_be_lowered_says_why():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    cases = {
        "the leaf 'w', which is not among the inputs": lambda: lower(x * w, [x]),
        "takes Values, and was given 3.0 among the outputs": lambda: lower(3.0, [x]),
        "takes Values, and was given 'x' among the inputs": lambda: lower(x * x, ["x"]),
        "outputs is empty": lambda: lower([], [x]),
        "'x' is listed twice": lambda: lower(x * x, [x, x]),
        "was computed, so it cannot be an input": lambda: lower((x * w).exp(), [x * w]),
        "does not depend on the inputs: it is always 4.0": lambda: lower(literal(2.0) * 2.0, [x]),
        r"takes 2 inputs \(x, w\), and was given 1": lambda: lower(x * w, [x, w])(1.0),
        "there is no target 'cuda'; the targets are python, numpy, jax": lambda: lower(x * x, [x]).to("cuda"),
        "has no option 'threads'; it has dtype, functions": lambda: lower(x * x, [x]).to("torch", threads=2),
    }  # fmt: skip
    for message, wrong in cases.items():
        with pytest.raises(LoweringError, match=message):
            wrong()
    with pytest.raises(TypeError, match="it is a Value already"):
        lower(x * w, [x, w])(x, w)


def test_inputs_are_converted_as_everywhere():
    x, y = Value(2.0, "x"), Value(2.0, "y")
    assert lower(x * y, [x, y])(2**53 + 1, True) == float(2**53)
    assert lower([x, x * y], [x, y])(3, 2) == [3.0, 6.0]


def test_your_own_row_is_lowered_like_any_other():
    row = Op("2 bad name; import os", lambda x: x * x * x, lambda o, x: (3.0 * x * x,))
    x = Value(2.0, "x")
    program = lower(function(row)(x) + maximum(x, 0.0), [x])
    assert program(2.0) == 10.0 and "import_os(x)" in program.source


@pytest.mark.parametrize("at", [1e300, -1e300, 1e-300, 0.0, math.inf])
def test_the_slope_of_a_square_has_the_bits_of_its_graph_everywhere(at):
    x = Value(at, "x")
    (slope,) = grad(x**2, [x])
    assert bits([lower(slope, [x])(at)]) == bits([slope.data]) == bits([2.0 * at])


def test_a_program_that_was_called_can_be_pickled():
    x = Value(2.0, "x")
    program = lower(x * x, [x])
    program(3.0), program.source
    assert pickle.loads(pickle.dumps(program))(3.0) == 9.0
