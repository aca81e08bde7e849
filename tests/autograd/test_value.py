"""Value: what it accepts, what it refuses and how it says so, and how it behaves as an object."""

import copy
import gc
import io
import itertools
import math
import operator
import pickle
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    TABLE,
    AutogradError,
    AutogradTypeError,
    AutogradValueError,
    Op,
    Value,
    add_row,
    function,
    grad,
    no_grad,
    recording,
    toposort,
)
from autograd.reals import branches, powers
from autograd.reals import elementary as floats
from tests.counting import alive

INFIX: dict[str, tuple[Callable[[Any, Any], Any], Callable[[float, float], float]]] = {
    "add": (operator.add, operator.add), "sub": (operator.sub, operator.sub), "mul": (operator.mul, operator.mul),
    "div": (operator.truediv, floats.div), "pow": (operator.pow, powers.pow),
    "mod": (operator.mod, branches.mod), "floordiv": (operator.floordiv, branches.floordiv),
    "lt": (operator.lt, operator.lt), "le": (operator.le, operator.le),
    "gt": (operator.gt, operator.gt), "ge": (operator.ge, operator.ge),
}  # fmt: skip
any_float = st.floats(allow_nan=False)


# --- what is accepted -------------------------------------------------------------------


@given(st.one_of(
    st.floats(), st.integers(-(2**1000), 2**1000), st.booleans(), st.fractions(),
    st.decimals(allow_nan=False),
))  # fmt: skip
def test_anything_real_becomes_a_float(x: Any) -> None:
    v = Value(x, "x")
    assert type(v.data) is float
    assert v.data == float(x) or x != x
    assert (v.grad, v.op, v.parents, v.label) == (0.0, None, (), "x")


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "longdouble", "int8", "int64", "uint8", "bool_"])
def test_numpy_scalars(kind: str) -> None:
    numpy = pytest.importorskip("numpy", reason="reads NumPy's scalars")
    scalar = getattr(numpy, kind)(1)
    one = Value(scalar)
    assert type(one.data) is float and one.data == 1.0
    assert type(Value(numpy.array(scalar)).data) is float  # an array without axes is a scalar, too
    x = Value(2.0)
    for y, derivative in ((scalar * x, 1.0), (x * scalar, 1.0), (scalar + x, 1.0), (x - scalar, 1.0)):
        assert isinstance(y, Value) and type(y.data) is float
        assert grad(y, x)[0].data == derivative


def test_numpy_float32_keeps_its_digits() -> None:
    numpy = pytest.importorskip("numpy", reason="reads NumPy's scalars")
    assert Value(numpy.float32(0.1)).data == float(numpy.float32(0.1)) != 0.1


@pytest.mark.parametrize("sign", INFIX)
def test_numpy_arrays_give_arrays_of_values(sign: str) -> None:
    """An array takes over an infix sign, and does it for each of its elements."""
    numpy = pytest.importorskip("numpy", reason="mixes Values with arrays")
    infix, plain = INFIX[sign]
    array = numpy.array([1.0, 2.0, 4.0])
    for flip in (False, True):
        x = Value(3.0)
        got = infix(array, x) if flip else infix(x, array)
        expected = [plain(a, 3.0) if flip else plain(3.0, a) for a in array.tolist()]
        assert [float(v.data) if isinstance(v, Value) else float(v) for v in got] == expected
        if sign in ("add", "sub", "mul", "div", "pow"):
            total = autograd.fsum(got)
            total.backward()
            assert x.grad == pytest.approx(sum(grad(v, x)[0].data for v in got)) and x.grad != 0


@pytest.mark.parametrize("apply", [
    lambda x, array: x.maximum(array), lambda x, array: x.pow(array), lambda x, array: x.leaky_relu(array),
    lambda x, array: x.hypot(array), lambda x, array: x.hypot(2.0, array), lambda x, array: x.round(array),
    lambda x, array: x.elu(array), lambda x, array: x.minimum(array), lambda x, array: x.copysign(array),
    lambda x, array: autograd.maximum(x, array), lambda x, array: autograd.tanh(array),
    lambda x, array: Value(array), lambda x, array: autograd.mul(array, x),
])  # fmt: skip
def test_functions_refuse_arrays(apply: Callable[[Value, Any], Any]) -> None:
    numpy = pytest.importorskip("numpy", reason="mixes Values with arrays")
    with pytest.raises(AutogradTypeError, match=r"array\(\[1\., 2\.\]\) of type ndarray.*one Value for each element"):
        apply(Value(3.0), numpy.array([1.0, 2.0]))


# --- what is refused -------------------------------------------------------------------

REFUSED = {
    "str": ("3.0", "'3.0' of type str", "float(text)"),
    "bytes": (b"3", "b'3' of type bytes", "float(text)"),
    "complex": (1j, "1j of type complex", "only real numbers"),
    "None": (None, "None of type NoneType", "give a real number or a Value"),
    "list": ([1.0], "[1.0] of type list", "one Value for each element"),
    "tuple": ((1.0,), "(1.0,) of type tuple", "one Value for each element"),
    "dict": ({"a": 1}, "{'a': 1} of type dict", "one Value for each element"),
    "set": ({1}, "{1} of type set", "one Value for each element"),
    "object": (len, "<built-in function len> of type", "give a real number or a Value"),
    "signalling nan": (Decimal("sNaN"), "Decimal('sNaN') of type Decimal", "could not be converted"),
    "long": ([0] * 100, "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,... of type list", "one Value"),
}
USES: dict[str, Callable[[Any], Any]] = {
    "Value": Value,
    "add": lambda x: Value(1.0) + x,
    "sub": lambda x: x - Value(1.0),
    "mul": lambda x: x * Value(1.0),
    "div": lambda x: Value(1.0) / x,
    "pow": lambda x: Value(1.0) ** x,
    "lt": lambda x: Value(1.0) < x,
    "tanh": autograd.tanh,
    "maximum": lambda x: autograd.maximum(x, Value(1.0)),
    "minimum": lambda x: Value(1.0).minimum(x),
    "where": lambda x: autograd.where(x, 1.0, 2.0),
    "fsum": lambda x: autograd.fsum([Value(1.0), x]),
    "sumprod": lambda x: autograd.sumprod([1.0], [x]),
    "backward(gradient)": lambda x: Value(1.0).backward(x),
    "check_grads": lambda x: autograd.check_grads(autograd.tanh, x),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_says_what_was_given_to_which_operation_and_what_to_do(kind: str, use: str) -> None:
    x, shown, remedy = REFUSED[kind]
    with pytest.raises(AutogradTypeError) as error:
        USES[use](x)
    message = str(error.value)
    assert message.startswith(f"{use}: got {shown}") and remedy in message


@pytest.mark.parametrize("use", ["Value", "backward(gradient)", "check_grads"])
def test_a_value_in_a_value_is_refused(use: str) -> None:
    with pytest.raises(AutogradTypeError, match=r"got Value\(data=1.0.*Value already; use its \.data"):
        USES[use](Value(1.0))


@pytest.mark.parametrize("kind", ["complex64", "complex128"])
def test_numpy_complex_numbers_are_refused(kind: str) -> None:
    numpy = pytest.importorskip("numpy", reason="reads NumPy's scalars")
    for use in ("Value", "mul", "tanh"):
        with pytest.raises(AutogradTypeError, match=f"{use}: got .* of type complex.*; only real numbers"):
            USES[use](getattr(numpy, kind)(1 + 2j))


@pytest.mark.parametrize(
    "x", [10**400, -(10**400), 10**5000, Fraction(10**400, 3)], ids=["long", "negative", "unprintable", "fraction"]
)
def test_numbers_beyond_a_double(x: Any) -> None:
    for use in ("Value", "mul", "tanh"):
        with pytest.raises(AutogradValueError) as error:
            USES[use](x)
        message = str(error.value)
        assert message.startswith(f"{use}: got ") and len(message) < 200
        assert f"of type {type(x).__name__}, which does not fit a double" in message


def test_labels_are_text() -> None:
    with pytest.raises(AutogradTypeError, match="Value: the label must be text, and was given as 5 of type int"):
        Value(3.0, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("use", [operator.lshift, operator.or_, operator.matmul, operator.and_])
def test_operators_without_derivative_are_python_s_own_type_errors(use: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        use(Value(3.0), 2)


# --- operators ---------------------------------------------------------------------------


@pytest.mark.parametrize("sign", INFIX)
@given(x=any_float, y=any_float)
def test_operators_compute_what_floats_do(sign: str, x: float, y: float) -> None:
    infix, plain = INFIX[sign]
    expected = plain(x, y)
    for got in (infix(Value(x), Value(y)), infix(Value(x), y), infix(x, Value(y))):
        assert type(got) is Value
        assert got.data == expected or (math.isnan(expected) and math.isnan(got.data))


def test_operands_keep_their_order_and_plain_numbers_become_literals() -> None:
    x, y = Value(3.0), Value(2.0)
    for sign in ("add", "sub", "mul", "div", "pow"):
        infix = INFIX[sign][0]
        both, left, right = infix(x, y), infix(x, 2), infix(2, x)
        assert both.op is left.op is right.op is TABLE[sign]
        assert both.parents == (x, y)
        assert left.parents[0] is x and right.parents[1] is x
        number = left.parents[1]
        assert number.data == 2.0 and number.op is TABLE["literal"] and number.parents == ()


def test_comparisons_are_operations_whose_truth_is_their_data() -> None:
    x = Value(3.0)
    reflected = ((operator.lt(2, x), True), (operator.ge(2, x), False))
    for got, truth in ((x > 2, True), (x < 2, False), (x >= 3, True), (x <= 2.5, False), *reflected):
        assert isinstance(got, Value) and got.data in (0.0, 1.0)
        assert bool(got) is truth
    taken = "yes" if x > 2 else "no"
    assert taken == "yes"
    y = (x > 2) * x
    y.backward()
    assert x.grad == 1.0  # of the product; a comparison has no derivative


def test_equality_and_hash_are_identity() -> None:
    v, w = Value(4.0), Value(4.0)
    assert (v == 4.0) is False and (v != 4.0) is True
    assert v == v and v != w
    assert len({v, w, v}) == 2 and {v: "v"}[v] == "v"
    assert Value.__eq__ is object.__eq__ and Value.__hash__ is object.__hash__
    assert w not in [v] and v in [w, v]


def test_a_square_by_hand_keeps_two_operands() -> None:
    x = Value(3.0)
    y = x * x
    assert y.parents == (x, x)
    y.backward()
    assert x.grad == 6.0


def test_signs() -> None:
    x = Value(-3.0)
    assert +x is x
    assert (-x).data == abs(x).data == 3.0
    assert (-x).op is TABLE["neg"] and abs(x).op is TABLE["abs"]


def test_augmented_assignment_makes_a_new_node() -> None:
    x = y = Value(3.0)
    y += 1
    assert y is not x and x.data == 3.0 and y.parents[0] is x


# --- how it looks --------------------------------------------------------------------------


@given(st.floats(allow_nan=False), st.sampled_from([".3f", "g", "+.2e", "10.4", "%"]))
def test_format_is_that_of_the_number(x: float, specification: str) -> None:
    assert format(Value(x), specification) == format(x, specification)


def test_repr() -> None:
    v = Value(0.1, "w")
    v.grad = 0.25
    assert repr(v) == str(v) == f"{v}" == "Value(data=0.1, grad=0.25, label='w')"
    assert repr(Value(3)) == "Value(data=3.0, grad=0.0)"


@given(st.floats())
def test_truth_is_that_of_the_number(x: float) -> None:
    assert bool(Value(x)) is bool(x)


@pytest.mark.parametrize("convert", [float, complex, math.tanh, math.exp, lambda v: math.fsum([v])])
def test_a_silent_conversion_is_refused(convert: Callable[[Any], Any]) -> None:
    with pytest.raises(AutogradTypeError, match=r"use v\.data, or autograd\.tanh instead of math\.tanh"):
        convert(Value(1.0))


def test_int_is_refused_too() -> None:
    with pytest.raises(AutogradTypeError, match=r"use int\(v\.data\)"):
        int(Value(1.0))
    with pytest.raises(TypeError):
        [10, 20][Value(1.0)]  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        range(Value(1.0))  # type: ignore[arg-type]


def test_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0  # type: ignore[attr-defined]


# --- backward -------------------------------------------------------------------------------


def test_leaves_accumulate_and_interior_nodes_restart() -> None:
    x = Value(3.0)
    u = x * x
    y = u * 2.0
    for call in (1, 2, 3):
        y.backward()
        assert (x.grad, u.grad, y.grad) == (12.0 * call, 2.0, 1.0)


def test_two_losses_on_one_trunk() -> None:
    x = Value(3.0)
    trunk = x * x
    first, second = 2.0 * trunk, 5.0 * trunk
    first.backward()
    second.backward()
    assert x.grad == (2.0 + 5.0) * 6.0
    assert trunk.grad == 5.0
    assert first.grad == 1.0  # not part of the second loss


def test_the_gradient_argument_scales() -> None:
    x = Value(3.0)
    y = x * x
    y.backward(gradient=0.5)
    assert (y.grad, x.grad) == (0.5, 3.0)
    y.backward(Fraction(1, 2))
    assert (y.grad, x.grad) == (0.5, 6.0)


def test_backward_of_a_leaf_accumulates() -> None:
    x = Value(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_a_plain_number_is_a_node_but_no_leaf() -> None:
    """Its gradient is that of the last call, like that of every interior node."""
    x = Value(3.0)
    y = x * 2.0
    y.backward()
    y.backward()
    assert y.parents[1].grad == 3.0


def test_zero_times_infinity_is_undetermined() -> None:
    x, w = Value(0.0), Value(math.inf)
    y = x * w * 0.0
    y.backward()
    assert math.isnan(x.grad) and w.grad == 0.0


def test_zero_grad_is_for_the_whole_graph() -> None:
    x, other = Value(3.0), Value(1.0)
    y = x * x
    y.backward()
    other.backward()
    y.zero_grad()
    assert [v.grad for v in toposort(y)] == [0.0, 0.0]
    assert other.grad == 1.0


def test_an_interrupted_backward_does_not_spoil_the_next() -> None:
    def interrupt(o: float, x: float) -> tuple[float]:
        raise KeyboardInterrupt

    x = Value(3.0)
    u = x * x
    y = autograd.value.node_of(Op("interrupted", lambda x: x, interrupt), (u,)) + u
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    x.grad = 0.0
    z = u * 2.0
    z.backward()
    assert (x.grad, u.grad) == (12.0, 2.0)


# --- detach and no_grad ------------------------------------------------------------------------


def test_detach_stops_the_gradient() -> None:
    x = Value(3.0, "x")
    u = x * x
    u.label = "u"
    d = u.detach()
    assert (d.data, d.label, d.op, d.parents) == (9.0, "u", None, ())
    y = u * d
    y.backward()
    assert x.grad == 6.0 * 9.0
    assert d.grad == 9.0


def test_no_grad_records_nothing() -> None:
    x = Value(3.0)
    with no_grad():
        made = [x * x, x * 2, 2 * x, x.tanh(), autograd.hypot(x, x), autograd.sumprod([x], [2.0]), x > 2, x.elu()]
    for v in made:
        assert v.op is None and v.parents == () and v.grad == 0.0
    assert made[0].data == 9.0
    assert (x * x).op is TABLE["mul"]


def test_no_grad_nested_and_left_by_an_exception() -> None:
    x = Value(3.0)
    same = no_grad()
    with same:
        with same:
            assert (x * x).op is None
        assert (x * x).op is None
        with pytest.raises(ZeroDivisionError), no_grad():
            raise ZeroDivisionError
        assert (x * x).op is None
    assert (x * x).op is not None
    assert not recording.is_attended()


def test_no_grad_as_a_decorator() -> None:
    @no_grad()
    def square(x: Value, again: bool = True) -> Value:
        return square(x, False) if again else x * x

    x = Value(3.0)
    for _ in range(2):
        assert square(x).op is None
        assert (x * x).op is not None


def test_no_grad_is_local_to_its_thread() -> None:
    x = Value(3.0)
    found: list[Any] = []
    inside, done = threading.Event(), threading.Event()

    def quiet() -> None:
        with no_grad():
            inside.set()
            done.wait(10)
            found.append((x * x).op)

    thread = threading.Thread(target=quiet)
    thread.start()
    assert inside.wait(10)
    found.append((x * x).op)
    done.set()
    thread.join()
    assert found == [TABLE["mul"], None]
    assert (x * x).op is not None


def test_backward_inside_no_grad() -> None:
    x = Value(3.0)
    y = x * x
    with no_grad():
        y.backward()
        (g,) = grad(y, x)
    assert x.grad == g.data == 6.0
    assert g.op is None or g.op is TABLE["literal"]


# --- copies ------------------------------------------------------------------------------------


def a_graph() -> tuple[Value, Value, Value]:
    x = Value(0.5, "x")
    u = (x * 3.0 + x).tanh()
    u.label = "u"
    y = autograd.sumprod([u, x], [2.0, u])
    y.backward()
    return x, u, y


def shape(*roots: Value) -> list[tuple[Any, ...]]:
    """Everything about the graph that copying must keep: sharing as positions in one order."""
    order = toposort(*roots)
    at = {node: i for i, node in enumerate(order)}
    return [(v.data, v.grad, v.label, v.op, tuple(at[p] for p in v.parents)) for v in order]


def pickled(x: Any, protocol: int = pickle.DEFAULT_PROTOCOL) -> Any:
    return pickle.loads(pickle.dumps(x, protocol))


def python_pickled(x: Any) -> Any:
    """The pickler written in Python, which reads ahead and keeps its frames in tracebacks."""
    out = io.BytesIO()
    pickle._Pickler(out).dump(x)  # type: ignore[attr-defined]
    return pickle.loads(out.getvalue())


COPIERS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "python pickle": python_pickled,
    **{f"pickle {p}": lambda x, p=p: pickled(x, p) for p in range(pickle.HIGHEST_PROTOCOL + 1)},  # type: ignore[misc]
}


@pytest.mark.parametrize("copier", COPIERS)
def test_copies_keep_sharing_leaves_labels_and_gradients(copier: str) -> None:
    x, u, y = a_graph()
    second = u * x
    roots = [y, second, x, u, y]
    copied = COPIERS[copier](roots)
    assert shape(*copied) == shape(*roots)
    assert copied[0] is copied[4] and copied[2] is toposort(copied[0])[0]
    assert copied[3] is copied[1].parents[0]
    assert set(toposort(*copied)).isdisjoint(toposort(*roots))
    copied[0].backward()
    assert copied[2].grad == 2 * x.grad
    assert x.grad != copied[2].grad


@pytest.mark.parametrize("copier", COPIERS)
def test_copies_inside_containers(copier: str) -> None:
    x, u, y = a_graph()
    copied = COPIERS[copier]({"y": y, "more": [(u, x)]})
    assert copied["more"][0][1] is toposort(copied["y"])[0]
    assert copied["more"][0][0] in toposort(copied["y"])


@pytest.mark.parametrize("copier", COPIERS)
def test_a_leaf_alone(copier: str) -> None:
    x = Value(math.nan, "x")
    x.grad = -math.inf
    copied = COPIERS[copier](x)
    assert math.isnan(copied.data) and copied.grad == -math.inf and copied.label == "x" and copied.op is None


def test_a_shallow_copy_shares_its_operands() -> None:
    _, u, y = a_graph()
    copied = copy.copy(y)
    assert copied is not y and copied.parents == y.parents
    assert (copied.data, copied.grad, copied.label, copied.op) == (y.data, y.grad, y.label, y.op)
    assert copy.copy(u).label == "u"


class Unpicklable(str):
    """A label that cannot be pickled."""

    def __reduce__(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize("dumps", [pickled, python_pickled])
def test_a_pickling_that_failed_leaves_nothing_behind(dumps: Callable[[Any], Any]) -> None:
    bad = Value(1.0, Unpicklable("bad")) * 1.0
    chain = Value(1.0)
    for _ in range(3000):
        chain = chain + 1.0
    for _ in range(1200):
        bad = bad + 1.0
    try:
        dumps([chain, bad])
    except RuntimeError:  # here the frames of the failed pickler are still alive
        assert dumps(chain).data == 3001.0
        assert dumps(chain.parents[0]).data == 3000.0
    else:
        pytest.fail("it should not have been pickled")
    assert dumps([chain, chain.parents[0]])[1].data == 3000.0


def test_many_roots_of_one_graph_are_pickled_in_linear_time() -> None:
    """Each root hands over only what the pickle does not have yet: a list of prefixes is no longer than its last."""

    def prefixes(n: int) -> list[Value]:
        nodes = [Value(1.0)]
        for _ in range(n):
            nodes.append(nodes[-1] * 1.5)
        return nodes

    def size(n: int) -> int:
        return len(pickle.dumps(prefixes(n)))

    assert size(4000) < 4.2 * size(1000)
    assert len(pickle.dumps(prefixes(1000)[::-1])) <= size(1000)
    begin = time.process_time()
    loaded = pickled(prefixes(20_000))
    assert time.process_time() - begin < 20
    assert all(node.parents[0] is before for before, node in itertools.pairwise(loaded))


def test_picklers_at_work_at_once_do_not_mislead_each_other() -> None:
    nodes = [Value(1.0)]
    for _ in range(5000):
        nodes.append(nodes[-1] * 1.5)
    first, second = io.BytesIO(), io.BytesIO()
    one, other = pickle.Pickler(first), pickle.Pickler(second)
    for node in (nodes[10], nodes[4000], nodes[-1]):
        one.dump(node)
        other.dump(node)
    one.clear_memo()
    one.dump(nodes[-1])
    for written, count in ((first, 4), (second, 3)):
        written.seek(0)
        reader = pickle.Unpickler(written)
        datas = [reader.load().data for _ in range(3)]
        datas += [pickle.load(written).data for _ in range(count - 3)]  # a memo of its own, as the writer had
        assert datas[:3] == [nodes[10].data, nodes[4000].data, nodes[-1].data] and datas[-1] == nodes[-1].data


class Parameter(Value):
    """A Value with attributes of its own."""


class WithSlots(Value):
    __slots__ = ("m", "v")


class WithOneSlot(Value):
    __slots__ = "m"


class WithPrivateSlots(Value):
    __slots__ = ("__m", "v")

    @property
    def m(self) -> Any:
        return self.__m

    @m.setter
    def m(self, x: Any) -> None:
        self.__m = x


@pytest.mark.parametrize("kind", [Parameter, WithSlots, WithOneSlot, WithPrivateSlots])
@pytest.mark.parametrize("copier", [*COPIERS, "copy"])
def test_a_subclass_and_its_attributes_are_copied(kind: Any, copier: str) -> None:
    x = kind(2.0, "x")
    x.m = [0.5]
    y = x * x
    copied = copy.copy(x) if copier == "copy" else COPIERS[copier](y).parents[0]
    assert type(copied) is kind and copied.data == 2.0 and copied.label == "x" and copied.m == [0.5]
    assert (copied.m is x.m) == (copier == "copy") and not hasattr(copied, "v")


def test_pickles_name_the_module_of_copies() -> None:
    assert b"autograd.copies" in pickle.dumps(Value(1.0) * 2)


def test_pickling_keeps_nothing_alive() -> None:
    gc.collect()
    before = alive(Value)
    _, _, y = a_graph()
    pickled(y)
    copy.deepcopy(y)
    del y, _
    assert alive(Value) == before


def test_a_graph_with_an_operation_that_is_not_in_the_table() -> None:
    row = add_row(Op("fades", lambda x: 0.5 * x, lambda o, x: (0.5,)))
    try:
        text = pickle.dumps(function(row)(Value(2.0)))
        assert pickle.loads(text).data == 1.0
    finally:
        del TABLE["fades"]
    with pytest.raises(AutogradValueError, match="'fades', which is not in the table; import the module that def"):
        pickle.loads(text)


# --- micrograd's names ----------------------------------------------------------------------------


def test_micrograd_s_names() -> None:
    x = Value(2.0)
    y = x * x + 1
    assert x._prev == set() and x._op == ""
    assert y._prev == set(y.parents) and y._op == "+"
    assert [v._op for v in (x * x, x.relu(), x.tanh(), x.exp(), y.parents[1])] == ["*", "ReLU", "tanh", "exp", ""]
    powers = {2: "**2", -1: "**-1", 0.5: "**0.5", 1e300: "**1e+300", math.inf: "**inf"}
    for exponent, sign in powers.items():
        power = x**exponent
        assert power._op == sign and power._prev == {x} and len(power.parents) == 2
    assert (x**x)._prev == {x} and (x**y)._prev == {x, y} and (2**x)._op == "^"


def test_errors_of_the_package_can_be_caught_by_one_name() -> None:
    for wrong in (lambda: Value("a"), lambda: Value(10**400), lambda: grad(1.0, [])):  # type: ignore[arg-type]
        with pytest.raises(AutogradError):
            wrong()
