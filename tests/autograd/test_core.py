"""The two cores, value.py and its compiled twin, are one engine: the same names, bits and errors.

What the rest of the suite says holds for both, since it runs on each.  Here they stand side by side: `plain` is the
class of value.py, which a process of its own uses where it must run.
"""

import contextlib
import copy
import ctypes
import dataclasses
import gc
import inspect
import itertools
import math
import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, AutogradError, AutogradTypeError, Op, Value, fsum, function_of_row, no_grad, sumprod
from autograd.functions import apply, weighted_sum
from autograd.value import literal, node_of, restart
from nn import MLP
from tests.counting import alive

ROOT = Path(autograd.__file__).parent.parent
compiled = pytest.mark.skipif(autograd.core != "compiled", reason="the compiled core is not built, or not chosen")
HOT = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "pow": 2, "neg": 1, "exp": 1, "log": 1, "relu": 1, "tanh": 1, "sigmoid": 1,
}  # fmt: skip
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1.7976931348623157e308,
    2.2250738585072014e-308, 1e-290, -1e-290, 9.9e-291, 1e-300, 19.0, -37.0, 40.0, 709.0, -710.0, 745.0,
    -746.0, 2.0**53, 1e200, 0.5, 2.0, -2.0, 3.0, -3.0, 1e-97, 1e97,
]  # fmt: skip
doubles = st.one_of(st.floats(), st.sampled_from(SPECIAL), st.floats(-50, 50))


def bits(x: float) -> bytes | str:
    """A double down to the sign of its zero; all nans are one."""
    return "nan" if math.isnan(x) else struct.pack("<d", x)


def any_double(generator: random.Random) -> float:
    """All bit patterns are equally likely, so all magnitudes are; or an ordinary number."""
    if generator.random() < 0.5:
        return struct.unpack("<d", generator.randbytes(8))[0]
    return generator.gauss(0, 1) * 10 ** generator.uniform(-20, 3)


# --- which core runs ----------------------------------------------------------------------------------


def python(program: str, *arguments: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments, *(["-c", program] if program else [])],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
        env={**{k: v for k, v in os.environ.items() if k != "DELTAGRAD_PURE"}, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_which_core_runs_can_be_asked_and_chosen() -> None:
    assert autograd.core in ("compiled", "pure")
    assert python("import autograd; print(autograd.core)", DELTAGRAD_PURE="1") == "pure"
    same = python("import autograd; print(autograd.core)")
    assert python("import autograd; print(autograd.core)", DELTAGRAD_PURE="0") == same
    assert python("", "-m", "autograd", "--version", DELTAGRAD_PURE="1").endswith(", pure core")
    assert python("", "-m", "autograd", "--version").startswith(f"deltagrad {autograd.__version__}, ")


@compiled
def test_the_compiled_core_was_chosen_by_itself() -> None:
    assert python("import autograd; print(autograd.core)") == "compiled"
    assert os.environ.get("DELTAGRAD_PURE", "") == ""


@compiled
def test_the_compiled_core_is_not_older_than_its_source() -> None:
    """A checkout that went on needs another `pip install -e .`."""
    from autograd import _core

    source, built = ROOT / "autograd/_core.pyx", Path(_core.__file__)
    if not source.exists():
        pytest.skip("installed: the source is not here")
    assert built.stat().st_mtime >= source.stat().st_mtime, "build it again: pip install -e ."


# --- the same names -------------------------------------------------------------------------------------

NAMES = """
import inspect, json, autograd
from autograd import Value
def told(x):
    doc = inspect.getdoc(x)
    try:
        return [doc, str(inspect.signature(x))]
    except (TypeError, ValueError):
        return [doc, None]
found = {f"Value.{name}": told(getattr(Value, name)) for name in dir(Value)
         if not name.startswith("_") and name not in Value.__slots__}
found |= {name: told(getattr(autograd, name)) for name in autograd.__all__ if name != "Value"}
found["Value"] = [inspect.getdoc(Value), [p.name for p in inspect.signature(Value).parameters.values()],
                  [repr(p.default) for p in inspect.signature(Value).parameters.values()]]
left_out = "__slotnames__", "__firstlineno__", "__static_attributes__"  # what Python itself notes on a class
found["names"] = sorted(name for name in dir(Value) if name not in left_out)
found["who"] = [Value.__name__, Value.__qualname__, Value.__module__, repr(Value)]
print(json.dumps(found, sort_keys=True))
"""


@compiled
def test_no_public_name_signature_or_docstring_is_missing_in_one_core() -> None:
    import json

    ours, plain = json.loads(python(NAMES)), json.loads(python(NAMES, DELTAGRAD_PURE="1"))
    assert sorted(ours) == sorted(plain) and len(plain) > 100
    for name in plain:
        assert ours[name] == plain[name], name


@compiled
def test_the_source_that_is_shown_is_the_plain_one() -> None:
    assert "for node in order:" in inspect.getsource(Value.backward)


# --- the same bits -----------------------------------------------------------------------------------------


@cache
def of_ones_own(row: Op) -> Op:
    """A row that is the same, and that no short cut knows."""
    return dataclasses.replace(row)


def check_against_the_row(name: str, xs: tuple[float, ...], gradient: float) -> None:
    """A node of a row, its value and what it passes back, beside the row's own function and rule."""
    row = TABLE[name]
    leaves = tuple([Value(x) for x in xs])
    node = node_of(row, leaves)
    o = row.function(*xs)
    assert bits(node.data) == bits(o), (name, xs)
    by_function = apply(row, leaves) if leaves else node
    assert bits(by_function.data) == bits(o) and by_function.op is row
    node.backward(gradient)
    expected = dict.fromkeys(leaves, 0.0)
    reference = Value(o)  # the same node again, whose rule is asked for as a row of one's own
    reference.op, reference.parents = of_ones_own(row), leaves
    for leaf in leaves:
        expected[leaf], leaf.grad = leaf.grad, 0.0
    reference.backward(gradient)
    for leaf in leaves:
        assert bits(leaf.grad) == bits(expected[leaf]), (name, xs, gradient, leaf.grad, expected[leaf])


@pytest.mark.parametrize("name", HOT)
def test_each_short_cut_is_its_row_over_the_whole_range_of_doubles(name: str) -> None:
    generator, arity = random.Random(name), HOT[name]
    for xs in itertools.product(SPECIAL, repeat=arity):
        check_against_the_row(name, xs, 1.0)
    for _ in range(int(os.environ.get("DELTAGRAD_BITS", "3000"))):
        xs = tuple(any_double(generator) for _ in range(arity))
        check_against_the_row(name, xs, 1.0 if generator.random() < 0.5 else any_double(generator))


@given(st.lists(st.tuples(doubles, doubles), max_size=6), doubles)
@example([(0.0, math.inf)], 1.0)
def test_sums_of_products_are_their_row(pairs: list[tuple[float, float]], gradient: float) -> None:
    p, q = [a for a, _ in pairs], [b for _, b in pairs]
    check_against_the_row("sumprod", (*p, *q), gradient)


@given(st.lists(st.tuples(doubles, doubles), min_size=1, max_size=5), st.none() | doubles)
def test_a_weighted_sum_is_a_sum_of_products(pairs: list[tuple[float, float]], bias: float | None) -> None:
    theta, inputs = [Value(a) for a, _ in pairs], tuple([Value(b) for _, b in pairs])
    b = None if bias is None else Value(bias)
    u = weighted_sum(theta, b, inputs, "u")
    row, ones = TABLE["sumprod"], [] if bias is None else [1.0]
    assert u.op is row and u.label == "u" and u.parents[: len(theta)] == tuple(theta)
    assert bits(u.data) == bits(row.function(*[x.data for x in u.parents]))
    assert [x.data for x in u.parents[-1:]] == (ones or [inputs[-1].data]) or math.isnan(inputs[-1].data)


SIGNS: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("add", lambda a, b: a + b), ("sub", lambda a, b: a - b), ("mul", lambda a, b: a * b),
    ("div", lambda a, b: a / b), ("pow", lambda a, b: a**b),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sign"), SIGNS)
@given(x=doubles, c=doubles | st.integers() | st.booleans() | st.fractions())
@example(x=2.0, c=2**53 + 1)
@example(x=2.0, c=-(2**1023))
def test_plain_numbers_on_both_sides(name: str, sign: Callable[[Any, Any], Any], x: float, c: Any) -> None:
    row, v = TABLE[name], Value(x)
    try:
        plain = float(c)
    except OverflowError:
        return
    for node, operands in ((sign(v, c), (x, plain)), (sign(c, v), (plain, x))):
        assert bits(node.data) == bits(row.function(*operands)) and node.op is row
        other = node.parents[1 if node.parents[0] is v else 0]
        assert other.op is TABLE["literal"] and bits(other.data) == bits(plain) and other.label == ""


@pytest.mark.parametrize("name", [*HOT, "sumprod"])
def test_a_rule_that_is_replaced_is_asked(name: str) -> None:
    """Short cuts are of the rows as they stand in ops.py."""
    row = TABLE[name]
    right, arity = row.rule, HOT.get(name, 4)
    xs = tuple([Value(0.5 + i) for i in range(arity)])
    y = node_of(row, xs)
    object.__setattr__(row, "rule", lambda o, *xs: (10.0, 11.0, 12.0, 13.0)[: len(xs)])
    try:
        y.backward()
        assert [x.grad for x in xs] == [10.0, 11.0, 12.0, 13.0][:arity]
    finally:
        object.__setattr__(row, "rule", right)
    for x in xs:
        x.grad = 0.0
    y.backward()
    assert [x.grad for x in xs] == list(right(y.data, *[x.data for x in xs]))


# --- the same walk ------------------------------------------------------------------------------------------


def test_a_node_is_met_once_however_often_it_is_used() -> None:
    x = Value(1.0)
    y = x
    for _ in range(4):
        y = y * y
    y.backward()
    assert x.grad == 16.0
    y.backward()
    assert x.grad == 32.0
    assert [node.op.name for node in restart(y + 1)] == ["add", "mul", "mul", "mul", "mul", "literal"]


def test_op_and_parents_given_by_hand() -> None:
    node = Value(6.0)
    x, y, z = Value(2.0), Value(3.0), Value(4.0)
    node.op, node.parents = TABLE["mul"], (x, y)
    node.backward()
    assert (x.grad, y.grad, node.parents) == (3.0, 2.0, (x, y))
    node.op, node.parents = TABLE["fsum"], (x, y, z)
    node.backward()
    assert (x.grad, y.grad, z.grad) == (4.0, 3.0, 1.0)
    node.parents = (x,)
    assert node.parents == (x,) and node.op is TABLE["fsum"]
    node.op, node.parents = None, ()
    node.backward()
    assert (node.op, node.parents, x.grad) == (None, (), 4.0)


def test_a_rule_that_changes_the_graph_under_the_sweep_does_no_harm() -> None:
    x = Value(2.0)

    def rule(o: float, x: float) -> tuple[float]:
        node.parents = ()
        return (1.0,)

    node = function_of_row(Op("eats", lambda x: x, rule))(x * 1.0)
    root = node * 2.0
    with contextlib.suppress(Exception):
        root.backward()
    assert x.data == 2.0


def test_a_value_made_anew_is_a_leaf() -> None:
    x = Value(2.0)
    y = x * x
    y.backward()
    y.__init__(5.0, "y")  # type: ignore[misc]
    assert (y.data, y.grad, y.op, y.parents, y.label) == (5.0, 0.0, None, (), "y")


# --- the same errors -------------------------------------------------------------------------------------

ERRORS = """
import math, autograd
from autograd import *
from autograd.value import literal, node_of
for f in (lambda: Value('2'), lambda: Value(2j), lambda: Value(None), lambda: Value([1]), lambda: Value(Value(1.)),
          lambda: Value(10**600), lambda: Value(1.0) + '3', lambda: 'a' * Value(1.0), lambda: Value(1.)**None,
          lambda: float(Value(1.)), lambda: int(Value(1.)), lambda: Value(1., label=3), lambda: math.tanh(Value(1.)),
          lambda: Value(1.).backward('x'), lambda: Value(1.) + [1], lambda: Value(1.) < 'a', lambda: tanh(),
          lambda: tanh(1, 2),
          lambda: sumprod([1, Value(1.)], [1]), lambda: setattr(Value(1.), 'foo', 1), lambda: Value(1.).maximum(None),
          lambda: Value(1.) @ Value(1.), lambda: Value(1.) * 10**400, lambda: literal('x'), lambda: tanh('x'),
          lambda: Value(1.) - 1j):
    try:
        print('no error', f())
    except Exception as error:
        print(type(error).__name__, error)
"""


@compiled
def test_the_same_errors() -> None:
    told, plain = python(ERRORS), python(ERRORS, DELTAGRAD_PURE="1")
    assert told == plain and told.count("\n") > 20 and "no error" not in told


def test_methods_ask_what_they_are_called_on() -> None:
    """`Value.backward(sum([]))` is Value.backward(0): C that took it for a node would write into it."""
    for name in (
        "backward",
        "tanh",
        "maximum",
        "floor",
        "__abs__",
        "__lt__",
        "__add__",
        "__neg__",
        "leaky_relu",
        "elu",
    ):
        method = getattr(Value, name)
        for nothing in (None, 0, 3.0, "abc", [1.0], object()):
            with pytest.raises((TypeError, AttributeError)):
                method(nothing, *([] if name in ("backward", "tanh", "floor", "__abs__", "__neg__") else [Value(1.0)]))


def test_a_failed_operation_changes_nothing() -> None:
    x = Value(1.5, "x")
    for change in (("data", "text"), ("grad", None), ("data", Value(1.0))):
        with contextlib.suppress(AutogradError):
            setattr(x, *change)
            setattr(x, change[0], 1.5 if change[0] == "data" else 0.0)  # a core that does not ask yet
    assert (x.data, x.grad, x.label) == (1.5, 0.0, "x")


# --- subclasses, methods of one's own ------------------------------------------------------------------------


def test_a_subclass_is_asked_first() -> None:
    class Loud(Value):
        def __radd__(self, other: Any) -> Any:
            return "asked"

        def __rmul__(self, other: Any) -> Any:
            return super().__rmul__(other)

    a, b = Value(2.0), Loud(3.0)
    assert a + b == "asked" and 1 + b == "asked" and (a * b).data == 6.0
    product = a * b
    assert type(product) is Value and product.parents == (a, b)


def test_methods_can_be_replaced_and_added() -> None:
    kept = Value.__mul__
    try:
        Value.__mul__ = lambda self, other: "replaced"  # type: ignore[assignment]
        assert Value(1.0) * 2 == "replaced"
    finally:
        Value.__mul__ = kept  # type: ignore[method-assign]
    assert (Value(1.5) * 2).data == 3.0
    Value.swish = lambda self: self * self.sigmoid()  # type: ignore[attr-defined]
    try:
        assert Value(0.0).swish().data == 0.0  # type: ignore[attr-defined]
    finally:
        del Value.swish  # type: ignore[attr-defined]


def test_an_array_takes_over_a_sign() -> None:
    np = pytest.importorskip("numpy")
    v = Value(2.0)
    for made in (v * np.array([1.0, 2.0]), np.array([1.0, 2.0]) * v, v - np.array([1.0]), np.array([1.0]) ** v):
        assert isinstance(made, np.ndarray) and made.dtype == object and all(type(x) is Value for x in made)
    for made in (v * np.float64(3), np.float64(3) * v, np.float32(3) + v, np.int64(2) ** v):
        assert type(made) is Value


# --- depth, release, threads, pickles -------------------------------------------------------------------------


def deep_graph(kind: str, n: int) -> tuple[Value, Value]:
    x = Value(1.0)
    y = x
    for _ in range(n):
        y = {
            "chain": lambda y: y * x, "sumprod": lambda y: sumprod([y, x], [x, 0.0]), "fsum": lambda y: fsum([y, x, x]),
            "tanh": lambda y: y.tanh(), "literal": lambda y: 2 * y - 1,
        }[kind](y)  # fmt: skip
    return x, y


@pytest.mark.parametrize("kind", ["chain", "sumprod", "fsum", "tanh", "literal"])
@pytest.mark.long
def test_a_deep_graph_needs_no_stack_and_leaves_nothing(kind: str) -> None:
    """In a thread with a C stack of a mebibyte; DELTAGRAD_CHAIN=1000000 asks for a million."""
    n, problems = int(os.environ.get("DELTAGRAD_CHAIN", "100000")), []

    def work() -> None:
        try:
            copy.deepcopy(deep_graph(kind, 2))
            before = alive(Value)
            x, y = deep_graph(kind, n)
            assert alive(Value) >= before + n
            y.backward()
            copied = copy.deepcopy(y)
            del y, copied, x
            assert alive(Value) == before
        except BaseException as problem:
            problems.append(problem)

    limit, size = sys.getrecursionlimit(), threading.stack_size(2**20)
    sys.setrecursionlimit(len(inspect.stack(0)) + 60)
    gc.collect()
    gc.disable()
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        gc.enable()
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    assert not problems, problems


def test_an_operand_held_elsewhere_survives() -> None:
    x, y = deep_graph("chain", 1000)
    half = y
    for _ in range(500):
        half = half.parents[0]
    operands = sumprod([y, x, x], [x, x, half])
    kept = operands.parents
    del y, operands
    assert half.data == 1.0 and kept[-1] is half and kept[0].parents[1] is x
    half.backward()
    assert x.grad == 501.0


def test_threads_with_graphs_of_their_own() -> None:
    """Each counts to the same result while the others run, no_grad in one of them included."""
    results: list[float] = []

    def work(k: int) -> None:
        for _ in range(30):
            x = Value(1.0)
            with no_grad() if k % 3 == 0 else contextlib.nullcontext():
                y = x
                for _ in range(200):
                    y = y * x + 0.0
            y.backward()
            results.append(x.grad if k % 3 else 201.0 - x.grad)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert results == [201.0] * 180


MADE = """
import pickle, sys, autograd
from autograd import Value, tanh, fsum
from nn import MLP
x = Value(0.5, "x"); y = tanh(x * 2 + 1) + fsum([x, x, 3.0]); y.backward()
net = MLP(2, [3, 1], seed=0)
sys.stdout.write(pickle.dumps([autograd.core, y, x, tanh, net]).hex())
"""


@compiled
@pytest.mark.parametrize("writer", ["", "1"])
def test_pickles_go_both_ways(writer: str) -> None:
    text = python(MADE, DELTAGRAD_PURE=writer)
    read = (
        f"import pickle, autograd; core, y, x, tanh, net = pickle.loads(bytes.fromhex('{text}'));"
        "x.grad = 0.0; y.backward(); print(core, autograd.core, y.data, x.grad, tanh(0.0), len(net.parameters()))"
    )
    first, second = ("pure", "compiled") if writer else ("compiled", "pure")
    x = Value(0.5)
    y = (x * 2 + 1).tanh() + fsum([x, x, 3.0])
    y.backward()
    assert python(read, DELTAGRAD_PURE="" if writer else "1") == f"{first} {second} {y.data} {x.grad} 0.0 13"
    assert b"_core" not in bytes.fromhex(text)


ONCE = """
import autograd
from autograd import *
from autograd.value import literal, node_of
class V(Value): pass
row = Op("own_row", lambda x: x, lambda o, x: (1.0,)); own = function_of_row(row)
def once():
    x = Value(2.0, "x" + str(1)); y = (x * x + 1) / x - 2 * x; z = sumprod([x, y, 1.0], [y, x, 2])
    w = own(fsum([z, y, x]).exp().tanh().relu().sigmoid()); w.backward(); w.backward(2)
    for bad in ("a", None, [1], 2j):
        for f in (lambda: x * bad, lambda: Value(bad), lambda: setattr(x, "label", bad and 3),
                  lambda: sumprod([x, bad], [1, 2]),
                  lambda: node_of(TABLE["mul"], (x, bad)), lambda: node_of(TABLE["mul"], (x,)), lambda: literal(bad),
                  lambda: setattr(x, "parents", (bad,)), lambda: node_of(TABLE["sumprod"], (x, x, x, bad))):
            try: f()
            except Exception: pass
    with no_grad(): y * x
    with debug(): y * x
    p = Value(1.); p.op, p.parents = TABLE["mul"], (x, y); p.op, p.parents = TABLE["fsum"], (x, y, z)
    p.op, p.parents = None, (); p.label = "q" * 3; p.label = ""; p.__init__(2.0, "again")
    v = V(1.); u = v * v + v; t = u - v; t = u / v; t = v + u; t = u < v; u.backward(); v.parents
"""


@compiled
def test_references_are_in_balance() -> None:
    """Of rows, labels and the class: not one more or less after a hundred rounds of everything."""
    scope: dict[str, Any] = {}
    exec(ONCE, scope)
    watched = [*TABLE.values(), scope["row"], Value, scope["V"], None, sys.intern("again")]

    def references() -> list[int]:
        gc.collect()  # debug() has a circle of its own
        alive(Value)
        return [sys.getrefcount(x) for x in watched if sys.getrefcount(x) < 2**29]  # beyond: immortal

    for _ in range(3):
        scope["once"]()
    before = references()
    for _ in range(100):
        scope["once"]()
    after = references()
    assert [abs(a - b) < 50 for a, b in zip(after, before)] == [True] * len(before)


def test_literals_and_networks_use_it() -> None:
    assert type(literal(2)) is Value and literal(True).data == 1.0
    with pytest.raises((AutogradTypeError, AttributeError)):
        node_of(TABLE["mul"], (Value(1.0), 2.0))  # type: ignore[arg-type]
    net = MLP(2, [2, 1], seed=0)
    net([0.5, 1.0]).backward()
    assert net.layers[0].neurons[0].u.label == "u⁽¹⁾₁" and type(net.layers[0].neurons[0].u) is Value


@compiled
@pytest.mark.skipif(sys.platform != "linux", reason="reads the library's machine code by its symbols")
def test_the_library_multiplies_and_adds_in_two_steps() -> None:
    """Where the compiler may fuse them, the bits of sums of products change."""
    import shutil

    from autograd import _core

    objdump = shutil.which("objdump")
    if objdump is None:
        pytest.skip("objdump is not installed")
    code = subprocess.run([objdump, "-d", _core.__file__], capture_output=True, text=True, check=True).stdout
    assert "mulsd" in code or "fmul" in code
    assert "vfmadd" not in code and "fmadd\t" not in code
    assert ctypes.sizeof(ctypes.c_double) == 8
