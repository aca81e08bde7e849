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
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograd
from autograd import Value, grad, hessian, no_grad
from nn import MLP, ForwardPass, squared_error

ROOT = Path(autograd.__file__).parent.parent


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def alive(kind: type = Value) -> int:
    return sum(type(x) is kind for x in gc.get_objects())


def test_a_dropped_loss_frees_its_graph() -> None:
    before = alive()
    x = Value(0.5)
    y = x
    for _ in range(100):
        y = (y * x + 1.0).tanh()
    y.backward()
    assert alive() == before + 1 + 400
    del y
    assert alive() == before + 1


def test_gradients_copies_and_pickles_are_freed_too() -> None:
    before = alive()
    x, w = Value(0.5), Value(2.0)
    y = (x * w).tanh() * x
    h = hessian(y, [x, w])
    g = grad(h[0][1], [x, w])
    g[0].backward()
    copied, loaded = copy.deepcopy([y, x]), pickle.loads(pickle.dumps([y, x]))
    with no_grad():
        z = y * x
    y.zero_grad()
    del x, w, y, h, g, copied, loaded, z
    assert alive() == before


def test_a_failed_operation_keeps_nothing() -> None:
    before = alive()
    with contextlib.suppress(TypeError):
        (Value(1.0) * Value(2.0)) * "3"  # type: ignore[operator]
    assert alive() == before


def test_a_network_keeps_its_last_pass_and_nothing_else() -> None:
    before = alive()
    net = MLP(2, [3, 1], seed=0)
    parameters = alive() - before
    sizes = set()
    for step in range(5):
        run = net.forward([1.0, -1.0])
        err = squared_error(run.outputs, [float(step)])
        err.backward()
        net.zero_grad()
        del run, err
        sizes.add(alive())
    assert len(sizes) == 1
    assert alive(ForwardPass) == 0
    for layer in net.layers:
        for neuron in layer.neurons:
            neuron.u = neuron.o = None
    assert alive() == before + parameters
    del neuron, layer, net
    assert alive() == before


def test_a_network_is_freed_with_its_last_pass() -> None:
    before = alive()
    net = MLP(2, [3, 1], seed=0)
    err = squared_error(net([1.0, -1.0]), 1.0)
    err.backward()
    del net, err
    assert alive() == before


def test_bytes_per_node() -> None:
    """A node of two operands: the Value, its float, its gradient, its tuple of parents."""
    x, n = Value(1.0), 10_000
    tracemalloc.start()
    y = x
    for _ in range(n):
        y = y * x
    y.backward()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / n <= 250


CHAIN = """
import copy, gc, pickle, sys, threading
from autograd import Value, grad, toposort
gc.disable()

def work(n):
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
    assert sum(type(v) is Value for v in gc.get_objects()) < 10
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


def test_a_long_chain_is_no_deeper_than_a_short_one() -> None:
    """300,000 operations by default; DELTAGRAD_CHAIN=1000000 asks for a million."""
    n = os.environ.get("DELTAGRAD_CHAIN", "300000")
    ran = subprocess.run([sys.executable, "-c", CHAIN, n], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.stdout == f"[{n}]\n", ran.stderr[-2000:]
