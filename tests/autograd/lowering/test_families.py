"""Families: the program's bits, the loops of its author, in whatever order they were recorded."""

import gc
import math
import random
import struct
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd import TABLE, LoweringError, Value, exp, grad, hessian, logsumexp, lower, sumprod, tanh
from autograd.lowering.chains import with_long_sums
from autograd.lowering.families import families
from autograd.lowering.grids import common_shape, expanded, nest, split
from autograd.value import literal
from autograd.value import node_of as record
from nn import MLP
from nn.network import losses

ROWS = sorted(set(TABLE) - {"literal"})
choice = st.integers(0, 10**6)
steps = st.lists(st.tuples(st.sampled_from(ROWS), st.lists(choice, min_size=4, max_size=30)), min_size=1, max_size=40)
rng = random.Random(0)


def values(n, name=""):
    return [Value(rng.gauss(0.0, 0.5), f"{name}{i}" if name else "") for i in range(n)]


def matrix(rows, columns, name=""):
    return [values(columns, f"{name}_{i}_" if name else "") for i in range(rows)]


def flat(rows):
    return [v for row in rows for v in row]


def interpreted(found, inputs):
    """The outputs of a families program: member by member, operand by operand, as the families say."""
    data = {}
    for leaf in found.leaves:
        data[leaf] = list(leaf.values) or [inputs[i] for i in leaf.results]
    for family in found:
        data[family] = [family.row.function(*[data[of][i] for of, i in operands]) for operands in family.operands()]
    outputs = [math.nan] * len(found.program.outputs)
    for family in (*found.leaves, *found):
        for j, k in family.outputs:
            outputs[k] = data[family][j]
    return outputs


def bits(xs):
    return [struct.pack("<d", x if x == x else math.nan) for x in xs]


def check(inputs, outputs, at=None):
    """The families of a program; interpreted they give its bits."""
    program = lower(outputs, inputs, allow_constants=True)
    found = families(program)
    at = at or [v.data for v in inputs]
    assert bits(interpreted(found, at)) == bits(program(*at))
    return found


def tables(found):
    return sum(side.table is not None for family in found for side in family.sides)


# --- programs as people write them ----------------------------------------------------------


def network(sizes, activation="tanh"):
    net = MLP(sizes[0], sizes[1:], activation, "linear", seed=0)
    run = net.forward(values(sizes[0], "x"))
    targets = values(sizes[-1], "y")
    err = losses.squared_error(targets, run.outputs)
    err.label = "Err"
    return [*run.inputs, *targets, *net.parameters()], [err, *grad(err, net.parameters())]


def classifier(sizes):
    net = MLP(sizes[0], sizes[1:], "relu", "linear", seed=0)
    x, hot = values(sizes[0]), values(sizes[-1], "t")
    scores = net(x)
    loss = logsumexp(scores) - sumprod(hot, scores)
    return [*x, *hot, *net.parameters()], [loss, *grad(loss, net.parameters())]


def layer(theta, b, x):
    return [sumprod([*row, bias], [*x, 1.0]) for row, bias in zip(theta, b)]


def residual(skips, width=6, depth=4):
    """Each layer adds the last few layers' outputs to its own."""
    outputs, parameters = [values(width, "x")], []
    for k in range(depth):
        theta, b = matrix(width, width, f"w{k}"), values(width, f"b{k}_")
        parameters += [*flat(theta), *b]
        new = [tanh(u) for u in layer(theta, b, outputs[-1])]
        for before in outputs[-skips:]:
            new = [p + q for p, q in zip(before, new)]
        outputs.append(new)
    loss = sumprod(outputs[-1], outputs[-1])
    return [*outputs[0], *parameters], [loss, *grad(loss, [*outputs[0], *parameters])]


def recurrence(steps=6, width=5):
    theta, inward, b, h = matrix(width, width), matrix(width, 3), values(width), values(width)
    xs, start = [values(3) for _ in range(steps)], h
    for x in xs:
        h = [tanh(sumprod([*row, *into, bias], [*h, *x, 1.0])) for row, into, bias in zip(theta, inward, b)]
    parameters = [*flat(theta), *flat(inward), *b]
    loss = sumprod(h, h)
    return [*flat(xs), *start, *parameters], [loss, *grad(loss, parameters)]


def convolution(size=7, channels=3):
    image, kernels, b, places = (
        matrix(size, size, "image"),
        matrix(channels, 9, "k"),
        values(channels, "b"),
        range(size - 2),
    )
    window = lambda y, x: [image[y + d][x + e] for d in range(3) for e in range(3)]
    outputs = [
        tanh(sumprod([*kernels[c], b[c]], [*window(y, x), 1.0]))
        for c in range(channels)
        for y in places
        for x in places
    ]
    theta = values(len(outputs), "w")
    loss = tanh(sumprod(theta, outputs))
    parameters = [*flat(kernels), *b, *theta]
    return [*flat(image), *parameters], [loss, *grad(loss, parameters)]


def rows_of_tanh(rows=40, width=8):
    x, theta = values(width), matrix(rows, width)
    total = tanh(sumprod(theta[0], x))
    for row in theta[1:]:
        total = total + tanh(sumprod(row, x))
    return [*x, *flat(theta)], [total, *grad(total, flat(theta))]


def attention(positions=3, width=4):
    """One head, written as a learner would: dot products, softmax, weighted sums, and a skip."""
    q, k, v = matrix(width, width, "q"), matrix(width, width, "k"), matrix(width, width, "v")
    xs = [values(width, f"x{p}_") for p in range(positions)]
    of = lambda theta, x: [sumprod(row, x) for row in theta]
    outputs = []
    keys, contents = [of(k, x) for x in xs], [of(v, x) for x in xs]
    for p, x in enumerate(xs):
        scores = [sumprod(of(q, x), key) * 0.5 for key in keys[: p + 1]]
        largest = logsumexp(scores)
        shares = [exp(score - largest) for score in scores]
        mixed = [sum(a * content[i] for a, content in zip(shares, contents)) for i in range(width)]
        outputs.append([a + b for a, b in zip(x, mixed)])
    loss = sumprod(flat(outputs), flat(outputs))
    parameters = [*flat(q), *flat(k), *flat(v)]
    return parameters, flat(xs), loss


def test_a_network_s_families_are_its_layers():
    found = check(*network([5, 9, 8, 3]))
    assert [family.name for family in found if family.row.name == "tanh"] == ["o1", "o2"]
    assert tables(found) == 0
    shapes = {family.shape for family in found if family.row.name == "mul" and family.outputs}
    assert shapes == {(9, 5), (9,), (8, 9), (8,), (3, 8)}  # ∂Err/∂θ of each layer, and δ, which is ∂Err/∂b
    deeper = families(lower(*reversed(network([5, 9, 8, 8, 3]))))
    wider = families(lower(*reversed(network([5, 30, 8, 3]))))
    assert len(found) == len(wider) < len(deeper) < 1.5 * len(found)


@pytest.mark.parametrize(
    ("build", "most", "of_tables"),
    [
        (lambda: network([4, 12, 12, 1], "relu"), 20, 0),
        (lambda: network([4, 6, 6, 2], "gelu"), 30, 0),
        (lambda: classifier([6, 12, 5]), 14, 1),  # a member's softmax names the others after its own score
        (recurrence, 40, 2),
        (convolution, 12, 0),
        (rows_of_tanh, 6, 0),
    ],
)
def test_every_program_keeps_its_bits_and_its_loops(build, most, of_tables):
    found = check(*build())
    assert len(found) <= most, str(found)
    assert tables(found) <= of_tables, str(found)


@pytest.mark.parametrize("skips", [1, 2, 3])
def test_skip_connections_stay_in_the_families_of_their_layers(skips):
    found = check(*residual(skips))
    assert max(len(family.orders) for family in found) == 6  # a term of the skip stands elsewhere in each adjoint
    assert tables(found) == 0 and all(family.count in (1, 6, 36) for family in found)
    assert len(found) == len(families(lower(*reversed(residual(skips, width=11)))))


def test_attention_and_its_gradient():
    parameters, xs, loss = attention()
    found = check([*parameters, *xs], [loss, *grad(loss, parameters)])
    few = sum(family.count for family in found if family.count < 3)
    assert few < 64 and few < 0.3 * sum(family.count for family in found)


def test_a_hessian():
    net, x = MLP(2, [5, 1], seed=0), values(2, "x")
    parameters = net.parameters()
    loss = (net(x) - 0.5) ** 2
    found = check([*x, *parameters], [h for row in hessian(loss, parameters) for h in row])
    assert len(found) < 0.1 * sum(family.count for family in found)


# --- whatever the order -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_recording_does_not_matter(seed):
    theta, x, b = matrix(7, 4, "w"), values(4, "x"), values(7, "b")
    order = random.Random(seed).sample(range(7), 7)
    us = {i: sumprod([*theta[i], b[i]], [*x, 1.0]) for i in order}
    outputs = [tanh(us[i]) for i in random.Random(seed + 9).sample(range(7), 7)]
    found = check([*flat(theta), *x, *b], [*outputs, *grad(sumprod(outputs, outputs), flat(theta))])
    assert tables(found) == 0


def test_leaves_can_be_told_and_have_to_be_the_inputs():
    xs, ys = values(3), values(3)
    program = lower([x * y for x, y in zip(xs, ys)], [*xs, *ys])
    assert len(families(program)[0].parts) == 2
    found = families(program, [("left", [0, 1, 2]), ("right", [3, 4, 5])])
    assert str(found) == "v[3] = mul(left[i], right[i])"
    for wrong in ([("left", [0, 1, 2])], [("all", [0, 1, 2, 3, 4, 5]), ("twice", [5])], [("other", [7])]):
        with pytest.raises(LoweringError, match="every input has to be in one of the leaves, once"):
            families(program, wrong)


@pytest.mark.parametrize("terms", [2, 3, 7])
def test_the_text_says_how_many_terms_are_alike(terms):
    xs = values(3)
    program = lower([sumprod([x] * terms, [x] * terms) for x in xs], xs)
    found = families(program, [("x", [0, 1, 2])])
    assert str(found) == f"v[3] = sumprod({terms} × x[i]·x[i])"
    found = families(lower([sumprod(xs, xs)], xs), [("x", [0, 1, 2])])
    assert str(found) == "v[] = sumprod(x[t]·x[t])"  # here t says which


def test_many_constants_are_one_family():
    x = values(50, "x")
    found = check(x, [c * v for c, v in zip(range(3, 53), x)])
    assert len(found) == 1 and str(found) == "v[50] = mul(c[i], x[i])"


def test_names_of_families_are_no_one_else_s():
    xs = [Value(0.5, name) for name in ("exp_1", "exp_2", "dot", "x")]
    found = check(xs, [xs[0] * xs[2], exp(xs[1])])
    names = [family.name for family in (*found.leaves, *found)]
    assert len(set(names)) == len(names) and not {"exp", "dot"}.intersection(names)


# --- random graphs ----------------------------------------------------------------------------


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.floats(), min_size=6, max_size=6), st.lists(st.floats(), max_size=3), steps, st.booleans())
@pytest.mark.long
def test_families_give_the_bits_of_a_random_program(data, constants, operations, twins):
    """With twins, a step is taken at several places of the graph, so that families have members."""
    leaves = [Value(x) for x in data]
    nodes = [*leaves, *map(literal, constants)]
    for name, choices in operations:
        count = TABLE[name].arity or 2 * (1 + choices[0] % (len(choices) // 2))
        alike = range(1 + choices[1] % 4 if twins else 1)
        nodes += [record(TABLE[name], tuple(nodes[-1 - (k + j) % len(nodes)] for k in choices[:count])) for j in alike]
    check(leaves, nodes[6:], data)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("+-*n"), choice, choice), min_size=1, max_size=60), st.data())
def test_long_sums_keep_the_bits(operations, data):
    leaves = values(5)
    nodes = list(leaves)
    for sign, p, q in operations:
        a, b = nodes[-1 - p % min(3, len(nodes))], nodes[q % len(nodes)]
        nodes.append(a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else -a)
    program = lower(nodes[-1 - data.draw(choice) % len(operations) :], leaves, allow_constants=True)
    at = data.draw(st.lists(st.sampled_from([0.0, -0.0, 1.0, -3.25, 1e-300, 0.1, math.inf]), min_size=5, max_size=5))
    assert bits(with_long_sums(program)(*at)) == bits(program(*at))


def test_a_long_sum_is_one_instruction():
    xs, ys = values(9, "x"), values(9, "y")
    total = xs[0] * ys[0]
    for x, y in zip(xs[1:], ys[1:]):
        total = x * y + total
    program = with_long_sums(lower(total, [*xs, *ys]))
    assert [(each.row.name, len(each.operands)) for each in program.instructions] == [("sumprod", 18)]


def test_short_sums_and_partial_sums_with_another_use_stay():
    a, b, c, d, e = xs = values(5)
    assert len(with_long_sums(lower(a + b + c, xs[:3])).instructions) == 2
    partial = a + b + c
    assert len(with_long_sums(lower([partial + d + e, partial], xs)).instructions) == 4


# --- loops ------------------------------------------------------------------------------------


@given(st.integers(-9, 9), st.lists(st.tuples(st.integers(2, 4), st.integers(-9, 9)), max_size=3))
def test_indices_of_loops_are_found_again(base, loops):
    indices = expanded(base, [n for n, _ in loops], [stride for _, stride in loops])
    found = nest(indices)
    assert found is not None
    assert expanded(base, [n for n, _ in found], [stride for _, stride in found]) == indices
    finer = common_shape(len(indices), [found, tuple(loops)])
    strides = split(found, finer)
    assert strides is not None and expanded(base, finer, strides) == indices


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=24),
    st.lists(st.lists(st.integers(0, 3), min_size=12, max_size=12)),
)
def test_no_loops_are_made_up(indices, others):
    found = nest(indices)
    assert found is None or expanded(indices[0], [n for n, _ in found], [s for _, s in found]) == indices
    nests = [nest(other) for other in others]
    shape = common_shape(12, nests)
    assert math.prod(shape) == 12
    for other, each in zip(others, nests):
        strides = split(each, shape)
        assert strides is None or expanded(other[0], shape, strides) == other


# --- speed ------------------------------------------------------------------------------------


def test_families_cost_less_than_the_program_and_grow_with_it():
    """The bar is 6 µs an instruction, measured by the benchmarks; here lowering itself is the measure."""
    assert gc.isenabled()
    inputs, outputs = network([40, 60, 60, 10])
    begin = time.process_time()
    program = lower(outputs, inputs)
    middle = time.process_time()
    families(program)
    assert time.process_time() - middle < 1.5 * (middle - begin)
