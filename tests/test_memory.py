"""Graphs are freed by reference counting alone, and their depth is nobody's business.

The long chain runs in a process of its own, in a thread with a C stack of a mebibyte and a
low recursion limit: whatever recurses there, in Python or in C, does not survive.  (Less than a
mebibyte is too little for CPython 3.13, which frees any nested tuple in up to 10,000 steps.)
"""

import contextlib
import copy
import gc
import os
import pickle
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd
from autograd import Value, grad, hessian, no_grad
from nn import MLP, ForwardPass, squared_error
from tests.counting import alive

ROOT = Path(autograd.__file__).parent.parent


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.fixture(params=[Value, ForwardPass])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_what_is_alive_is_counted(kind: Any) -> None:
    """Else every test here would pass without checking anything."""
    before = alive(kind)
    held = [kind.__new__(kind) for _ in range(100)]
    assert alive(kind) == before + 100
    del held[:30]
    assert alive(kind) == before + 70
    del held
    assert alive(kind) == before


def test_a_dropped_loss_frees_its_graph() -> None:
    before = alive(Value)
    x = Value(0.5)
    y = x
    for _ in range(100):
        y = (y * x + 1.0).tanh()
    y.backward()
    assert alive(Value) == before + 1 + 400
    del y
    assert alive(Value) == before + 1


def test_gradients_copies_and_pickles_are_freed_too() -> None:
    def everything() -> None:
        x, w = Value(0.5), Value(2.0)
        y = (x * w).tanh() * x
        h = hessian(y, [x, w])
        g = grad(h[0][1], [x, w])
        g[0].backward()
        copied, loaded = copy.deepcopy([y, x]), pickle.loads(pickle.dumps([y, x]))
        with no_grad():
            z = y * x
        y.zero_grad()
        assert copied[0].data == loaded[0].data == z.data / 0.5

    everything()  # what is cached at the first call refers to the class too
    before = alive(Value)
    everything()
    assert alive(Value) == before


def test_a_failed_operation_keeps_nothing() -> None:
    before = alive(Value)
    with contextlib.suppress(TypeError):
        (Value(1.0) * Value(2.0)) * "3"  # type: ignore[operator]
    assert alive(Value) == before


def test_a_network_keeps_its_last_pass_and_nothing_else() -> None:
    before = alive(Value)
    net = MLP(2, [3, 1], seed=0)
    parameters = alive(Value) - before
    passes = alive(ForwardPass)
    sizes = set()
    for step in range(5):
        run = net.forward([1.0, -1.0])
        err = squared_error(run.outputs, [float(step)])
        err.backward()
        net.zero_grad()
        del run, err
        sizes.add(alive(Value))
    assert len(sizes) == 1
    assert alive(ForwardPass) == passes
    for layer in net.layers:
        for neuron in layer.neurons:
            neuron.u = neuron.o = None
    assert alive(Value) == before + parameters
    del neuron, layer, net
    assert alive(Value) == before


def test_a_network_is_freed_with_its_last_pass() -> None:
    before = alive(Value)
    net = MLP(2, [3, 1], seed=0)
    err = squared_error(net([1.0, -1.0]), 1.0)
    err.backward()
    del net, err
    assert alive(Value) == before


def test_bytes_per_node() -> None:
    """A node of two operands: the Value, its float, its gradient, its tuple of parents; one object where compiled."""
    x, n = Value(1.0), 10_000
    tracemalloc.start()
    y = x
    for _ in range(n):
        y = y * x
    y.backward()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / n <= (100 if autograd.core == "compiled" else 250)


CHAIN = """
import copy, gc, pickle, sys, threading
from autograd import Value, grad, toposort
from tests.counting import alive
gc.disable()

def work(n):
    before = alive(Value)
    x = Value(1.0, "x")
    y = x
    for _ in range(n):
        y = y + x
    assert y.data == n + 1
    assert len(toposort(y)) == n + 1
    y.backward()
    assert x.grad == n + 1 and y.parents[0].grad == 1.0
    (g,) = grad(y, x)
    assert g.data == n + 1
    del g
    copied = copy.deepcopy(y)
    assert copied.data == n + 1 and toposort(copied)[0].label == "x"
    del copied
    text = pickle.dumps([y, x])
    y.zero_grad()
    assert x.grad == 0.0
    del y
    assert alive(Value) < before + 10
    loaded, leaf = pickle.loads(text)
    assert loaded.data == n + 1 and leaf.grad == n + 1 and toposort(loaded)[0] is leaf
    loaded.backward()
    assert leaf.grad == 2 * (n + 1)
    del loaded
    done.append(n)

done = []
sys.setrecursionlimit(100)
threading.stack_size(2**20)
thread = threading.Thread(target=work, args=(int(sys.argv[1]),))
thread.start()
thread.join()
print(done)
"""


@pytest.mark.long
def test_a_long_chain_is_no_deeper_than_a_short_one() -> None:
    """100,000 operations by default, ten bytes of the stack for each; DELTAGRAD_CHAIN=1000000 asks for a million."""
    n = os.environ.get("DELTAGRAD_CHAIN", "100000")
    ran = subprocess.run([sys.executable, "-c", CHAIN, n], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.stdout == f"[{n}]\n", ran.stderr[-2000:]


# --- where the interpreter's stack is small, in a page of a browser, a loop frees what recursion would ------------


def in_the_plain_core(program: str, *arguments: str) -> str:
    plain = {**os.environ, "DELTAGRAD_PURE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, env=plain, capture_output=True, text=True, timeout=300
    )
    assert ran.stderr == ""
    return ran.stdout


ORDER = """
import sys
from autograd import TABLE, Value, copies

class Token:
    def __init__(self, name): self.name = name
    def __del__(self): gone.append(self.name)

class Node(Value):  # what it has of its own is freed after its operands, if these are freed from within
    def __init__(self, name, parents=()):
        super().__init__(1.0)
        self.op, self.parents, self.token = TABLE["sumprod"], parents, Token(name)

if sys.argv[1] == "loop":
    copies.release_by_loop(Value)
gone = []
y = Node("d", (Node("c", (Node("b", (Node("a"),)),)),))
del y
print(*gone)
"""


def test_a_loop_frees_one_node_after_the_other() -> None:
    assert in_the_plain_core(ORDER, "") == "a b c d\n"  # each within the one before
    assert in_the_plain_core(ORDER, "loop") == "c b a d\n"  # d's own release is what loops


LOOP = "from autograd import Value, copies\ncopies.release_by_loop(Value)\n"
TABLES = (
    LOOP
    + """
import gc, weakref
from autograd import no_grad, take
from tests.counting import alive
gc.disable()

class Mine(Value):
    pass

before = alive(Value)
y = Value(0.0)
for _ in range(20_000):
    y = take([Value(1.0), y], Value(0.0))  # the long way goes through tables, and not through operands
del y
assert alive(Value) == before, alive(Value)

x = Mine(2.0)
kept = x * x
y = (kept + 1.0) * x
gone = weakref.ref(x)
del y, x
assert kept.parents[0].data == 2.0 and kept.op.name == "mul"  # what somebody holds stays whole
kept.backward()
assert kept.parents[0].grad == 4.0
del kept
assert gone() is None
Value.__new__(Value)  # never filled
try:
    Value("a")
except TypeError:
    pass
assert alive(Value) == before, alive(Value)
print("freed")
"""
)


@pytest.mark.long
def test_a_loop_frees_any_depth_and_all() -> None:
    assert in_the_plain_core(LOOP + CHAIN, "100000") == "[100000]\n"
    assert in_the_plain_core(TABLES) == "freed\n"


CHOSEN = """
import sys, autograd
print(hasattr(autograd.Value, "__del__"))
for name in [name for name in sys.modules if name.startswith("autograd")]:
    del sys.modules[name]
sys.platform = "emscripten"
import autograd
print(hasattr(autograd.Value, "__del__"))
"""


def test_the_loop_is_chosen_in_a_page_and_nowhere_else() -> None:
    assert in_the_plain_core(CHOSEN) == "False\nTrue\n"
    assert not hasattr(Value, "__del__")


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
@pytest.mark.parametrize("direction", [1, -1])
def test_many_roots_of_one_graph_take_no_longer_than_their_nodes(copied: Any, direction: int) -> None:
    def seconds(n: int) -> float:
        x = Value(0.5)
        roots = [x]
        for _ in range(n):
            roots.append(roots[-1] * x)
        least = 60.0
        for _ in range(3):
            start = time.process_time()
            copied(roots[::direction])
            least = min(least, time.process_time() - start)
        return least

    assert seconds(4000) < 25 * seconds(500)  # 8 times where each node is met once, 64 times where each root walks


def test_roots_that_are_copied_together_share_what_they_shared() -> None:
    x = Value(2.0, "x")
    trunk = x * x
    a, b = copy.deepcopy([trunk + 1.0, trunk * 3.0])
    assert a.parents[0] is b.parents[0] and a.parents[0] is not trunk
    own = Value(5.0, "own")
    assert copy.deepcopy(trunk, {id(x): own}).parents == (own, own)
