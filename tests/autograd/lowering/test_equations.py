"""Programs as LaTeX: the lecture's lines, and a small reader that computes what they say."""

import math
import pickle

from autograd import Value, grad, lower
from autograd.ops import TABLE
from autograd.words.formulas import latex_name
from nn import MLP, squared_error

FUNCTIONS = {"tanh": math.tanh, "tanh_slope": TABLE["sech2"].function}


def lines(program):
    head, *body, tail = program.latex.split("\n")
    assert (head, tail) == (r"\begin{aligned}", r"\end{aligned}")
    return [line.removesuffix(r" \\").split(" &= ") for line in body]


def computed(program, at):
    """Every left side, computed by reading the right sides."""
    known = {latex_name(program.labels[i]): x for i, x in zip(program.inputs, at)}
    for left, right in lines(program):
        assert left not in known
        text = (
            right.replace(r"\, ", "* ").replace(r"\mathrm{tanh}'(", "tanh_slope(").replace(r"\mathrm{tanh}(", "tanh(")
        )
        for name in sorted(known, key=len, reverse=True):
            text = text.replace(name, f"({known[name]!r})")
        text = text.replace("^{2}", "**2").replace("{", "(").replace("}", ")")
        known[left] = eval(text, dict(FUNCTIONS))
    return known


def network():
    net = MLP(2, [2, 1], seed=0)
    run, y = net.forward([0.5, -1.0]), Value(0.25, "y")
    err, theta = squared_error(run.outputs, y), net.parameters()
    inputs = [*run.inputs, y, *theta]
    return lower([err, *grad(err, theta)], inputs), [v.data for v in inputs]


def test_the_equations_of_a_network_are_the_lecture_s():
    program, _ = network()
    written = dict(lines(program))
    assert written[r"u^{(2)}_{1}"] == (
        r"\theta^{(2)}_{11} \, o^{(1)}_{1} + \theta^{(2)}_{12} \, o^{(1)}_{2} + b^{(2)}_{1}"
    )
    assert written[r"\delta^{(1)}_{2}"] == r"\mathrm{tanh}'(u^{(1)}_{2}) \, \delta^{(2)}_{1} \, \theta^{(2)}_{12}"
    of_theta = r"\frac{\partial \mathrm{Err}}{\partial \theta^{(1)}_{21}}"
    assert written[of_theta] == r"\delta^{(1)}_{2} \, x_{1}"


def test_what_they_say_is_what_the_program_computes():
    program, at = network()
    known = computed(program, at)
    err, *gradient = program(*at)
    assert math.isclose(known[r"\mathrm{Err}"], err, rel_tol=1e-14)
    named = [r"\frac{\partial \mathrm{Err}}{\partial \theta^{(1)}_{11}}",
             r"\frac{\partial \mathrm{Err}}{\partial \theta^{(1)}_{12}}", r"\delta^{(1)}_{1}"]  # fmt: skip
    for name, g in zip(named, gradient):
        assert math.isclose(known[name], g, rel_tol=1e-14)


def test_roots_comparisons_constants_and_twice_the_same_name():
    x = Value(2.0, "x")
    y = x.sqrt() * (x < 3.0) / x.cbrt()
    program = lower([y, x * 0.0 + 3.0, x], [x])
    assert lines(program)[0] == ["f", r"\frac{\sqrt{x} \, (x < 3)}{\sqrt[3]{x}}"]
    assert lines(program)[-1] == [r"\text{output}_{3}", "x"]
    first = x * 2.0
    second = first * x
    first.label = second.label = "t"
    assert lines(lower(second, [x])) == [["t", r"x \, 2"], [r"\text{t\_2}", r"t \, x"]]


def test_a_constant_output_has_a_line():
    x = Value(2.0, "x")
    (zero,) = grad(grad(x * 2.0, [x])[0], [x])
    assert lines(lower([x * 2.0, zero], [x], allow_constants=True))[1] == [r"\text{output}_{2}", "0"]


def test_a_long_chain_without_names_is_cut_into_lines():
    y = x = Value(0.5, "x")
    for _ in range(5000):
        y = y.tanh() + 1.0
    written = lines(lower(y, [x]))
    assert 100 < len(written) < 1000 and max(len(right) for _, right in written) < 1000


def test_it_survives_a_pickle():
    program, _ = network()
    assert pickle.loads(pickle.dumps(program)).latex == program.latex
