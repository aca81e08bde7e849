"""A gradient is the sum over its paths: counted exactly, ranked rightly, told as text and LaTeX."""

import itertools
import math
import random

import pytest

from autograd import AutogradTypeError, AutogradValueError, Value, explain, fsum, toposort, where
from autograd.teaching.paths import multiplications
from autograd.words.formulas import Formulas, latex_name
from nn import MLP, squared_error


def all_products(y, x):
    """Every path's product, found by plain recursion: the referee for small graphs."""
    if y is x:
        return [1.0]
    if not y.parents:
        return []
    partials = y.op.rule(y.data, *[p.data for p in y.parents])
    return [d * rest for p, d in zip(y.parents, partials) if d is not None for rest in all_products(p, x)]


def random_graph(seed):
    generator = random.Random(seed)
    nodes = [Value(generator.uniform(-2, 2), f"x{i}") for i in range(3)]
    for _ in range(14):
        a, b = generator.choice(nodes[-6:]), generator.choice(nodes)
        nodes.append(generator.choice([a * b, a + b, a - b, a.tanh(), a.relu(), a.sin() * b, where(a > b, a, b)]))
    return nodes[-1], nodes[0]


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_against_plain_recursion(seed):
    y, x = random_graph(seed)
    products = all_products(y, x)
    because = explain(y, x, top=4)
    assert because.count == len(products)
    assert because.silent == sum(p == 0 for p in products)
    y.zero_grad()
    y.backward()
    assert because.gradient == x.grad
    assert because.agrees
    assert because.total == pytest.approx(math.fsum(products), rel=1e-9, abs=1e-12 * (1 + because.magnitude))
    assert because.magnitude == pytest.approx(math.fsum(map(abs, products)))
    largest = sorted((abs(p) for p in products if p), reverse=True)[:4]
    assert [abs(p.product) for p in because.paths] == pytest.approx(largest)
    everything = explain(y, x, top=len(products))
    assert abs(math.fsum(p.product for p in everything.paths) - x.grad) <= because.tolerance
    assert len(set(everything.paths)) == len(everything.paths)


def test_edges_of_a_path_hang_together():
    y, x = random_graph(3)
    for path in explain(y, x).paths:
        assert path.edges[0].head is y and path.edges[-1].tail is x
        assert all(a.tail is b.head for a, b in itertools.pairwise(path.edges))
    assert {v for edge in explain(y, x).edges for v in edge} <= set(toposort(y))


def test_no_gradient_is_touched():
    y, x = random_graph(1)
    for node in toposort(y):
        node.grad = 7.0
    explain(y, x)
    assert {node.grad for node in toposort(y)} == {7.0}


def test_the_paths_of_a_network():
    """From Err to a weight of the first of three layers: through every neuron of the second, to every output."""
    net = MLP(3, [4, 5, 2], seed=0)
    run = net.forward([0.1, -0.2, 0.3])
    err = squared_error(run.outputs, [0.5, -0.5])
    theta = net.layers[0].neurons[1].theta[2]
    because = explain(err, theta)
    assert because.count == 2 * 2 * 5  # both factors of the square, two outputs, five neurons
    # One multiplication for each edge below Err: residual, σ' and θ of the outputs and so on.
    assert because.multiplications.backward == 2 + 2 + 10 + 5 + 5 + 1 + 1
    assert because.multiplications.by_paths == 20 * 7
    every = multiplications(err)
    assert every.backward < every.by_paths / 20


def test_astronomically_many_paths():
    y = x = Value(1.0, "x")
    for _ in range(5000):
        y = y * y
    because = explain(y, x, top=3)
    assert because.count == 2**5000
    assert len(because.paths) == 3
    assert because.multiplications.by_paths == 4999 * 2**5000
    assert "×10¹⁵⁰⁵ paths" in str(because)  # 2⁵⁰⁰⁰ has more digits than are printed
    assert "inf" not in repr(because)


def test_near_ties_do_not_explode():
    """Paths that differ by rounding alone: the search stays on one until it is finished."""
    generator = random.Random(0)
    y = x = Value(1.0, "x")
    for _ in range(300):
        y = y * (1 + generator.uniform(-1, 1) * 1e-15) + y * 1.0
    assert len(explain(y, x, top=20).paths) == 20


def test_the_largest_of_very_small_ones():
    """Products that underflow are still ranked by their logarithms."""
    x = Value(1.0, "x")
    small, smaller = x * 1e-200 * 1e-200, x * 1e-201 * 1e-200
    paths = explain(small + smaller, x, top=1).paths
    assert 1e-201 not in [e.local for e in paths[0].edges]


def test_silent_paths_are_counted_not_listed():
    x = Value(-1.0, "x")
    because = explain(x.relu() * 3 + x, x)
    assert (because.count, because.silent, len(because.paths)) == (2, 1, 1)
    assert "1 more, 1 of them silent: a factor is 0" in str(because)


def test_cancellation_is_shown():
    x = Value(1.0, "x")
    because = explain(x * 1000.0 - x * 999.0, x)
    assert because.cancellation == 1999.0
    assert "cancellation: Σ|paths| = 1999, |Σ paths| = 1.00: 2e+03 times as much" in str(because)
    nothing = explain(x - x, x)
    assert nothing.cancellation == math.inf and "nothing is left" in str(nothing)


def test_no_path():
    x, z = Value(1.0, "x"), Value(2.0, "z")
    because = explain(x * 2, z)
    assert (because.gradient, because.count, because.paths) == (0.0, 0, [])
    assert "no path" in str(because)
    assert "0" in because.latex()
    flat = explain((x > 0.5) * 2.0, x)
    assert flat.count == 0, "a comparison has no derivative, so no path goes through it"


def test_by_itself_and_by_an_interior_node():
    x = Value(2.0, "x")
    u = x * x
    u.label = "u"
    y = u.exp() + u
    assert explain(y, u).count == 2
    own = explain(y, y)
    assert (own.gradient, own.count, own.multiplications.by_paths) == (1.0, 1, 0)
    assert "the path without an edge" in str(own)


def test_each_line_of_the_latex_is_the_sum():
    x = Value(3.0, "x")
    z = x * 3.0 + x
    z.label = "z"
    lines = explain(z, x).latex().splitlines()[1:-1]
    assert lines[0].endswith(r"\frac{\partial v_{1}}{\partial x} + \partial_{2} z \\"), (
        "∂z/∂x is the whole sum, not one of its terms"
    )
    note = r"&\partial_{2} z\text{: by the second operand alone}"
    assert lines[1:] == [r"&= 1 \cdot 3 + 1 \\", r"&= 1.00 \cdot 3.00 + 1.00 \\", r"&= 4.00 \\", note]
    assert explain(x, x).latex().splitlines()[1:-1] == [r"\frac{\partial x}{\partial x} &= 1.00"]
    assert r"&= \cdots" in explain(z, x, top=0).latex()
    assert "  +1.00 = ∂₂z = 1 = 1.00" in str(explain(z, x))


def test_the_wrong_way_round_is_noticed():
    x = Value(3.0, "x")
    z = x * 2.0
    z.label = "z"
    assert "z was computed from x: explain(y, x) takes the result first" in str(explain(x, z))
    assert "takes the result first" not in str(explain(x, Value(1.0)))


def test_infinite_derivatives_do_not_raise():
    x = Value(0.0, "x")
    because = explain(x.log() * x, x)
    told = str(because)
    assert (because.count, because.silent, because.undetermined) == (2, 0, 1)
    assert "0·∞ = undetermined\n" in told and "write it another way" in told and "a path is not finite" in told
    assert because.agrees and math.isnan(because.gradient) and r"\text{undetermined}" in because.latex()
    because = explain(x.sqrt() + x, x)
    assert because.total == math.inf and because.agrees
    assert explain(x.sqrt() - x.sqrt(), x).cancellation != 0


def test_a_path_through_a_branch_that_was_not_taken_is_silent_whatever_stands_there():
    x = Value(-1.0, "x")
    because = explain(where(x > 0, x.sqrt().log(), 2 * x), x)
    assert (because.count, because.silent, because.undetermined) == (2, 1, 0)
    assert because.total == because.gradient == because.magnitude == 2.0 and len(because.paths) == 1
    low = explain(x.relu().sqrt(), x)  # √'(0) = ∞ times a slope that says "not taken"
    assert (low.count, low.silent, low.gradient, low.total, low.paths) == (1, 1, 0.0, 0.0, [])


def test_an_undetermined_path_stands_first():
    x = Value(0.0, "x")
    because = explain(1e300 * x + x.sqrt() + x.sqrt() ** 2, x, top=2)
    first, second = because.paths
    assert first.undetermined and second.product == math.inf and not second.undetermined
    assert because.undetermined == 1 and math.isnan(because.total) and math.isnan(because.gradient)


def test_at_a_prompt_it_is_short():
    x = Value(3.0, "x")
    once, twice = explain(0.25 * x, x), explain(x.tanh() * x, x)
    assert repr(once) == "Explanation(+0.250, 1 path)" and repr(once.paths) == "[Path(0.250, 1 edge)]"
    assert repr(twice).endswith(", 2 paths)") and repr(twice.paths[1]).endswith(", 2 edges)")
    assert repr(once.paths[0].edges) == "(Edge(operand 1 of mul, local derivative 0.250),)"
    assert repr(explain(x * 2, Value(1.0))) == "Explanation(0, 0 paths)"


def test_a_long_chain():
    y = x = Value(1.0, "x")
    for _ in range(20_000):
        y = y + 1.0
    because = explain(y, x)
    assert because.gradient == 1.0 and len(because.paths[0].edges) == 20_000
    assert "…" in str(because)


def test_text_names_symbols_and_numbers():
    net = MLP(1, [1, 1], "sigmoid", bias=False, seed=0)
    run = net.forward([0.5])
    told = str(explain(run.outputs[0], net.layers[0].neurons[0].theta[0]))
    assert "∂o⁽²⁾₁/∂u⁽²⁾₁·∂u⁽²⁾₁/∂o⁽¹⁾₁" in told
    assert "σ′(u⁽²⁾₁)·θ⁽²⁾₁₁·σ′(u⁽¹⁾₁)·x₁" in told


def test_latex():
    w, x = Value(-0.5, "w"), Value(2.0, "x")
    y = (w * x).tanh()
    y.label = "y"
    text = explain(y, w)._repr_latex_()
    assert r"\frac{\partial y}{\partial w} &= " in text
    assert r"\mathrm{tanh}'(v_{1}) \cdot x" in text
    assert r"&= 0.420 \cdot 2.00 " in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("θ⁽²⁾₁,₁₂", r"\theta^{(2)}_{1,12}"),
        ("ŷ", r"\hat y"),
        ("σ'", r"\sigma'"),
        ("loss", r"\mathrm{loss}"),
        ("100 %", r"\text{100 \%}"),
    ],
)
def test_names_in_latex(name, latex):
    assert latex_name(name) == latex


def test_formulas_use_brackets_where_needed():
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    write = Formulas({v: v.label for v in (a, b, c)}).write
    assert write(a - (b - c)) == "a − (b − c)"
    assert write((a - b) - c) == "a − b − c"
    assert write(-(a * b) * c) == "−a·b·c"
    assert write(a - -b) == "a − (−b)" and write(a * -b) == "a·(−b)"
    assert write(fsum([a, b]) * 2.0) == "Σ(a, b)·2"
    assert write((a + b) / (a * b)) == "(a + b)/(a·b)" and write(-a / b) == "−a/b" and write(a / (b / a)) == "a/(b/a)"
    assert write((a / b) ** 2) == "(a/b)²" and write(a**b) == "a^b" and write((-a) ** -1) == "(−a)^(−1)"
    latex = Formulas({a: "a", b: "b"}, latex=True).write
    assert latex(a / b) == r"\frac{a}{b}" and latex((a / b) ** 2) == r"(\frac{a}{b})^{2}" and latex(a**10) == "{a}^{10}"


@pytest.mark.parametrize("arguments", [(1.0, Value(1.0)), (Value(1.0), "x")])
def test_only_values_are_explained(arguments):
    with pytest.raises(AutogradTypeError, match="takes two Values"):
        explain(*arguments)


def test_top_is_a_number_of_paths():
    for top in (-1, 1.5, "2"):
        with pytest.raises(AutogradValueError, match="0 or more"):
            explain(Value(1.0), Value(1.0), top=top)
