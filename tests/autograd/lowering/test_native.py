"""Machine code computes what the program computes on floats: bit for bit where no function is approximated."""

import array
import gc
import math
import mmap
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd import TABLE, Op, Value, add_row, function, grad, lower, where
from autograd.errors import AutogradError, LoweringError
from autograd.value import literal, node_of
from nn import MLP
from nn.network import losses
from tests.benchmarks import growing

np = pytest.importorskip("numpy")
pytest.importorskip("llvmlite")
from autograd.lowering.native import compiled as native  # noqa: E402
from autograd.lowering.native import driver, modules, schedule  # noqa: E402
from autograd.lowering.native.rows import exact  # noqa: E402

EVERY_FLOAT = st.one_of(
    st.floats(width=64),
    st.floats(-4, 4),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan]),
)
OTHERWISE = {"fsum", "hypot", "hypot_slope", "atan2_slope"}  # on floats another way of computing them is right
ARITHMETIC = sorted({name for name, row in TABLE.items() if exact(row)} - OTHERWISE)
step = st.tuples(st.sampled_from(ARITHMETIC), st.lists(st.integers(0, 10**6), min_size=8, max_size=8))
few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def random_graph(steps, inputs):
    nodes = [*inputs, literal(1.0), literal(-2.5)]
    for name, choices in steps:
        arity = TABLE[name].arity or 2 * (1 + choices[-1] % 3)
        nodes.append(node_of(TABLE[name], tuple(nodes[k % len(nodes)] for k in choices[:arity])))
    return nodes


def same(got, want):
    return got == want or (got != got and want != want)


def lowered(steps):
    """A program of three inputs whose outputs are all results that depend on an input."""
    inputs = [Value(0.5, "x"), Value(-1.5, "y"), Value(2.0, "z")]
    nodes = random_graph(steps, inputs)
    outputs = [node for node in nodes[5:] if node.op is not None and depends(node, set(inputs))]
    return lower([*outputs, inputs[0] + inputs[2]], inputs)


def depends(node, leaves):
    from autograd import toposort

    return not leaves.isdisjoint(toposort(node))


@few
@given(
    st.lists(step, min_size=1, max_size=30),
    st.lists(st.tuples(EVERY_FLOAT, EVERY_FLOAT), min_size=1, max_size=19),
    EVERY_FLOAT,
)
def test_arithmetic_has_the_bits_of_the_program(steps, samples, z):
    """Any batch size, inputs of every kind, two columns and a shared input."""
    program = lowered(steps)
    xs, ys = np.array(samples).T.copy()
    got = native.compiled(program)(xs, ys, z)
    for i, (x, y) in enumerate(samples):
        for column, want in zip(got, program(x, y, z)):
            assert same(column[i], want)


@few
@given(st.lists(step, min_size=12, max_size=30), st.lists(EVERY_FLOAT, min_size=3, max_size=3))
@pytest.mark.long
def test_split_into_many_functions_it_has_the_same_bits(steps, point):
    program = lowered(steps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "SEGMENT", 3)
        patch.setattr(modules, "_modules", modules.OrderedDict())
        got = native.compiled(program)(np.full(131, point[0]), point[1], point[2])
    for column, want in zip(got, program(*point)):
        assert all(same(x, want) for x in column)


def network(sizes=(2, 5, 3), activation="tanh"):
    """The squared error of one sample and its gradient: columns for x and y, the parameters shared."""
    net = MLP(sizes[0], list(sizes[1:]), activation, "linear", seed=0)
    run = net.forward([0.1] * sizes[0])
    y = [Value(0.3, f"y{i}") for i in range(sizes[-1])]
    err = losses.squared_error(run.outputs, y)
    parameters = net.parameters()
    program = lower([err, *grad(err, parameters)], [*run.inputs, *y, *parameters])
    return program, sizes[0] + sizes[-1], np.array([p.data for p in parameters])


def samples_for(program, columns, n, seed=0):
    return np.random.default_rng(seed).normal(size=(columns, n))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 63, 64, 65, driver.BLOCK - 1, driver.BLOCK, driver.BLOCK + 1, 1500])
def test_sums_over_any_number_of_samples(n):
    program, columns, parameters = network()
    X = samples_for(program, columns, n)
    f = native.compiled(program)
    stored, summed = f(*X, *parameters), f.sum(*X, *parameters)
    for column, total in zip(stored, summed):
        assert len(column) == n
        assert total == pytest.approx(math.fsum(column), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("segment", [schedule.SEGMENT, 60])
def test_any_number_of_threads_gives_the_same_bits(segment, monkeypatch):
    monkeypatch.setattr(schedule, "SEGMENT", segment)
    monkeypatch.setattr(modules, "_modules", modules.OrderedDict())
    program, columns, parameters = network()
    X = samples_for(program, columns, 70_001 if segment > 60 else 3001)
    one = native.compiled(program)
    totals, stored = one.sum(*X, *parameters), one(*X, *parameters)
    for threads in (2, 3, 5):
        f = native.compiled(program, threads=threads)
        assert f.sum(*X, *parameters) == totals
        assert all((a == b).all() for a, b in zip(f(*X, *parameters), stored))
        assert f.bind(X, parameters)(0, X.shape[1]).tolist() == totals


@pytest.mark.parametrize("width", [2, 4])
def test_machines_with_narrower_registers(width, monkeypatch):
    monkeypatch.setattr(native.machine, "register", lambda: width)
    program, columns, parameters = network()
    X = samples_for(program, columns, 29)
    want = [math.fsum(column) for column in zip(*[program(*x, *parameters) for x in X.T])]
    assert native.compiled(program).sum(*X, *parameters) == pytest.approx(want, rel=1e-12)


@contextmanager
def before_a_wall():
    """Makes arrays that end where their page ends; the next page may not be read: that would end the process."""
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 2 * page)
    base = np.frombuffer(memory, dtype="u1").ctypes.data
    import ctypes

    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mprotect") or libc.mprotect(ctypes.c_void_p(base + page), page, 0):
        pytest.skip("no page can be protected here")
    try:
        yield lambda n: np.frombuffer(memory, dtype=np.float64, count=n, offset=page - 8 * n)
    finally:
        libc.mprotect(ctypes.c_void_p(base + page), page, 3)


def test_nothing_beyond_the_last_sample_is_read():
    program, columns, parameters = network()
    f = native.compiled(program)
    with before_a_wall() as array:
        for n in (1, 3, 8, 13):
            column = array(n)
            column[:] = np.linspace(-1, 1, n)
            X = [column] * columns
            expected = [program(*[x] * columns, *parameters) for x in column]
            assert f.sum(*X, *parameters) == pytest.approx([math.fsum(each) for each in zip(*expected)], rel=1e-12)


def test_lanes_without_a_sample_add_nothing_even_if_they_would_be_nan():
    x, y = Value(2.0, "x"), Value(1.0, "y")
    f = native.compiled(lower([(x - 2.0) / (x - 2.0) * y, x.log()], [x, y]))
    X = np.concatenate([np.full(9, 3.0), np.full(7, np.nan)])
    assert f.bind(np.stack([X, X]), np.zeros(0))(0, 9).tolist() == pytest.approx([27.0, 9 * math.log(3.0)])


def test_inputs_that_are_shared_or_columns_in_every_combination():
    x, y, z = Value(2.0, "x"), Value(3.0, "y"), Value(5.0, "z")
    program = lower([x * y + z, x.exp() * z, x], [x, y, z])
    f = native.compiled(program)
    columns = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    for pattern in range(8):
        inputs = [columns[i] if pattern >> i & 1 else float(columns[i][0]) for i in range(3)]
        got, summed = f(*inputs), f.sum(*inputs)
        rows = [[float(np.broadcast_to(v, 3)[k]) for v in inputs] for k in range(3 if pattern else 1)]
        want = list(zip(*[program(*row) for row in rows]))
        if not pattern:
            assert got == pytest.approx([w[0] for w in want]) and all(type(v) is float for v in got)
        else:
            assert [list(v) for v in got] == [pytest.approx(list(w)) for w in want]
        assert summed == pytest.approx([sum(w) for w in want])


def test_one_output_comes_alone():
    x = Value(2.0, "x")
    f = native.compiled(lower(x * x, [x]))
    assert f(3.0) == 9.0 and f(np.array([1.0, 2.0])).tolist() == [1.0, 4.0] and f.sum([1, 2]) == 5.0


def test_contraction_is_an_option_that_changes_the_last_bits_only():
    program, columns, parameters = network(activation="relu")
    X = samples_for(program, columns, 100)
    strict, fused = (native.compiled(program, contract=c).sum(*X, *parameters) for c in (False, True))
    assert fused == pytest.approx(strict, rel=1e-12)


def test_a_bound_program_sees_new_contents_and_sums_part_of_the_samples():
    program, columns, parameters = network()
    X, now = samples_for(program, columns, 50), parameters.copy()
    f = native.compiled(program)
    out = np.empty(len(program.outputs))
    step = f.bind(X, now, out)
    assert step(10, 13) is out
    assert out.tolist() == f.sum(*X[:, 10:23], *parameters)
    now *= 0.5
    assert step(0, 50).tolist() == f.sum(*X, *now)
    assert step(50, 0).tolist() == [0.0] * len(out)
    for first, count in ((-1, 2), (0, 51), (50, 1), (0, -1)):
        with pytest.raises(LoweringError, match="samples"):
            step(first, count)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda X, p: (X.astype("f4"), p),
        lambda X, p: (X[0], p),
        lambda X, p: (X[:, ::2], p),
        lambda X, p: (X, p[:-1]),
        lambda X, p: (X, p.astype("f4")),
        lambda X, p: (X, p, np.zeros(3)),
    ],
)
def test_arrays_that_cannot_be_bound_are_refused(arguments):
    program, columns, parameters = network()
    with pytest.raises(LoweringError, match="must be a"):
        native.compiled(program).bind(*arguments(samples_for(program, columns, 6), parameters))


def test_wrong_inputs_are_refused():
    x, y = Value(2.0, "x"), Value(1.0, "y")
    f = native.compiled(lower(x * y, [x, y]))
    with pytest.raises(LoweringError, match="takes 2 inputs"):
        f(1.0)
    with pytest.raises(LoweringError, match="y has 3 samples"):
        f([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(LoweringError, match="shape"):
        f(np.zeros((2, 2)), 1.0)
    with pytest.raises(AutogradError):
        f("1", 2.0)
    with pytest.raises(LoweringError, match="threads"):
        native.compiled(f.program, threads=0)


def test_programs_of_the_same_structure_share_their_code():
    (a, columns, p), (b, _, _) = network((2, 4, 1)), network((2, 4, 1))
    X = samples_for(a, columns, 3)
    f, g = native.compiled(a), native.compiled(b)
    f.sum(*X, *p)
    count = len(modules._modules)
    assert g.sum(*X, *p) == f.sum(*X, *p)
    assert len(modules._modules) == count
    x = Value(1.0, "x")
    for c in (2.0, 3.0, -0.0, 0.0):  # constants that differ, be it in the sign of a zero
        program = lower(x / c, [x])
        assert native.compiled(program)([1.0])[0] == program(1.0)


def test_a_row_of_ones_own_is_called_back_and_may_raise():
    def checked(x):
        if x > 100:
            raise ValueError("too large for me")
        return x * x * x

    row = add_row(Op("cube_of_native_test", checked, lambda o, x: (3.0 * x * x,)))
    try:
        x, a = Value(2.0, "x"), Value(1.0, "a")
        f = native.compiled(lower([node_of(row, (x,)) * a, x], [x, a]), threads=2)
        assert f(np.arange(11.0), 2.0)[0].tolist() == [2.0 * k**3 for k in range(11)]
        gc.collect()
        assert f.sum(np.arange(2000.0) / 100, 1.0)[0] == pytest.approx(sum((k / 100) ** 3 for k in range(2000)))
        with pytest.raises(ValueError, match="too large"):
            f(np.array([1.0, 101.0]), 1.0)
        assert f(np.array([1.0]), 1.0)[0].tolist() == [1.0]
    finally:
        del TABLE["cube_of_native_test"]


def test_two_threads_of_the_user_may_call_at_once():
    program, columns, parameters = network()
    X = samples_for(program, columns, 5000)
    f = native.compiled(program)
    want, wrong = f.sum(*X, *parameters), []

    def work():
        wrong.extend(1 for _ in range(50) if f.sum(*X, *parameters) != want)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert not wrong


def test_a_branch_that_is_not_taken_leaves_no_trace():
    x = Value(4.0, "x")
    y = where(x > 0.0, x.sqrt(), 0.0)
    f = native.compiled(lower([y, *grad(y, [x])], [x]))
    assert [column.tolist() for column in f([-1.0, 0.0, 4.0])] == [[0.0, 0.0, 2.0], [0.0, 0.0, 0.25]]


@pytest.mark.long
def test_a_long_program_is_compiled_in_pieces():
    """Ten thousand operations in sequence: values cross from function to function."""
    x, a = Value(0.5, "x"), Value(0.999, "a")
    y, z = x, a
    for k in range(5000):
        y, z = y * a + z * 1e-3, (y - z) * 0.5
        if k % 500 == 0:
            y = y.tanh()
    program = lower([y, z], [x, a])
    got = native.compiled(program)(np.array([0.5, -0.25, 0.125]), 0.999)
    for i, v in enumerate((0.5, -0.25, 0.125)):
        assert [column[i] for column in got] == pytest.approx(program(v, 0.999), rel=1e-9)


def test_two_rows_of_one_name_stay_apart():
    x = Value(2.0, "x")
    f = function(Op("sinh", lambda v: 100.0 + v, lambda o, v: (1.0,)))
    twice, thrice = (function(Op("times", lambda v, k=k: k * v, lambda o, v: (1.0,))) for k in (2.0, 3.0))
    program = lower([x.sinh(), f(x), twice(x), thrice(x)], [x])
    assert native.compiled(program)(2.0) == program(2.0) == [math.sinh(2.0), 102.0, 4.0, 6.0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_while_another_thread_compiles_leaves_no_lock_behind():
    """In a process of its own, so that its thread loads LLVM too while the first children are made."""
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS], capture_output=True, text=True, timeout=300)
    codes = set(ran.stdout.split())
    assert codes == {"0"} and not ran.stderr, (codes, ran.stderr[-2000:])


FORKS = """
import os, signal, threading, time
from autograd import Value, lower

def use(n):
    x = Value(0.5, "x")
    y = x
    for _ in range(n):
        y = (y * x).tanh() + 1.0
    lower(y, [x]).to("native")([0.5])

compiling = threading.Thread(target=lambda: [use(100 + n) for n in range(3)])
compiling.start()
children = []
while compiling.is_alive() and len(children) < 12:
    time.sleep(0.02)
    child = os.fork()
    if not child:
        signal.alarm(60)  # a child that waits for a lock that nobody holds is killed
        try:
            use(3)
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
compiling.join()
print(*[os.waitpid(child, 0)[1] for child in children])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    x = Value(1.0, "x")
    f = native.compiled(lower(x.exp(), [x]), threads=2)
    column = np.zeros(5000)
    f(column)
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(0 if f(column)[0] == 1.0 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_what_is_listed_is_a_column_and_what_is_no_number_is_refused():
    x = Value(1.0, "x")
    for target in ("native", "numpy"):
        run = lower(2.0 * x, [x]).to(target)
        for column in (range(1, 4), array.array("d", [1, 2, 3]), (1, 2, 3), np.array([1, 2, 3], dtype="float32")):
            assert list(run(column)) == [2.0, 4.0, 6.0]
        for wrong in ([None, 1.0], ["1", "2"], np.array(["2020-01-01"], dtype="datetime64[D]"), [1j]):
            with pytest.raises(LoweringError, match="and was given"):
                run(wrong)


@pytest.mark.parametrize("n", [251, 252, 750])
@pytest.mark.long
def test_a_value_that_is_used_often_makes_no_function_of_any_length(n):
    """The gradient of a recurrence is a sum of n products: cut into pieces, with the same bits, in linear time."""
    a, x = Value(0.9, "a"), Value(0.1, "x")
    y = x
    for _ in range(n):
        y = y + 0.01 * (a * y - y * y * y)
    program = lower([y, *grad(y, [a, x])], [a, x])
    assert max(len(each.operands) for each in program.instructions) >= 2 * n
    assert max(len(each.operands) for each in schedule.cut(program).instructions) <= 2 * schedule.TERMS + 2
    began = time.process_time()
    assert native.compiled(program)(0.9, 0.1) == program(0.9, 0.1)
    assert time.process_time() - began < 5, "it was three times as long, and growing with the square"


GROWING = {growing.windows: (60, 240), growing.steps: (50, 400), growing.lengths: (20, 60), growing.largest: (120, 480)}


@pytest.mark.parametrize("sums", [False, True])
@pytest.mark.parametrize("make", GROWING, ids=lambda make: make.__name__)
@pytest.mark.long
def test_code_is_made_in_time_that_grows_with_the_program(make, sums, monkeypatch):
    """In processor time; all but the maxima took 20 to 40 times as long where the program is 3 to 8 times as long."""
    monkeypatch.setattr(modules, "_modules", modules.OrderedDict())

    def seconds(size):
        outputs, varying, shared = make(size)
        program = lower(outputs, [*varying, *shared])
        pattern = tuple(k < len(varying) for k in range(len(program.inputs)))
        taken = []
        for _ in range(2):
            modules._modules.clear()
            began = time.process_time()
            native.compiled(program).module(pattern, sums)
            taken.append(time.process_time() - began)
        return min(taken)

    few, many = GROWING[make]
    assert seconds(many) < 1.6 * (many / few) * seconds(few)
