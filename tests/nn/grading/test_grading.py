"""Planted mistakes are named where they are, and what is right is never accused."""

import dataclasses
import importlib.util
import math
import random
from pathlib import Path

import pytest

from autograd import TABLE, AutogradTypeError, AutogradValueError, Value, sigmoid, softplus, tanh
from nn import MLP, Neuron, certify, cross_entropy, prove, squared_error
from nn import deltas as hand
from nn.grading.answers import written_precision
from nn.grading.equations import EQUATIONS, derivation
from nn.grading.graded import grade
from nn.grading.mistakes import MISTAKES
from nn.grading.rules import OWN, grade_rule
from nn.grading.samples import cases_of
from tests.benchmarks import parts

_path = Path(__file__).parents[2] / "benchmarks" / "grading.py"
_spec = importlib.util.spec_from_file_location("grading_benchmark", _path)
benchmark = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(benchmark)

NET = MLP(2, [3, 3, 2], "tanh", seed=1)
for _p in NET.parameters():
    _p.data = _p.data or 0.25
X, Y = [0.5, -1.0], [0.25, 0.75]


def right(theta, bias, u, o, x, y, sigma_slope):
    delta = hand.backward(theta, u, hand.squared_error_slopes(y, o[-1]), sigma_slope)
    return delta, hand.gradients(x, o, delta)


def numbers(net=NET, x=X, y=Y):
    (case,), _ = cases_of(net, x, y)
    delta, (theta, bias) = right(*case.arguments())
    return delta, theta, bias


# --- a slice of tests/benchmarks/grading.py ------------------------------------------------------


@pytest.mark.parametrize("planted", benchmark.all_planted(), ids=lambda b: " ".join(b))
def test_every_mistake_alone_is_identified_up_to_equivalence(planted):
    often = benchmark.all_planted().index(planted) % 3 == 0 or planted[0] == "batch"
    counts, of = benchmark.measure(frozenset({planted}), 1, seed="test", columns=(0, 1, 3, 4) if often else (0, 1))
    assert counts == of and (sum(of) or planted[0] == "batch")


@pytest.mark.parametrize("planted", benchmark.together(), ids=lambda b: " ".join(sorted(e for e, _ in b)))
def test_a_mistake_made_in_several_equations_is_found_in_each(planted):
    counts, of = benchmark.measure(planted, 1, seed="test", columns=(0, 1))
    assert counts == of and of[0] == 1


def test_a_long_run_that_was_stopped_adds_up_to_what_it_would_have_been(tmp_path, monkeypatch):
    def run(*options):
        totals = []
        monkeypatch.setattr("sys.argv", ["run", "--parts", "4", *options])
        parts.in_parts(
            {"of": 10}, lambda part, sizes: {"of": sizes, "by": {part % 2: 1}}, lambda t: not totals.append(t)
        )
        return {**totals[0], "seconds": 0}

    file = ["--file", str(tmp_path / "parts.jsonl")]
    run(*file, "--part", "2")
    assert run(*file) == run() == {"of": {"of": 10}, "by": {"0": 2, "1": 2}, "seconds": 0}


@pytest.mark.parametrize("name", ["σ'(o) for σ'(u)", "σ' twice"])
def test_one_mistake_in_two_equations_is_named_although_neither_has_digits_enough_alone(name):
    planted = frozenset({("output", name), ("hidden", name)})
    counts, of = benchmark.measure(planted, 10, columns=[2])
    assert counts[2] == of[2] == 10


def test_no_right_derivation_is_accused():
    assert benchmark.accused(70, seed="test") == 0


def test_pairs_are_identified():
    found, of = benchmark.pairs(12, seed="test")
    assert of >= 8 and found >= 0.9 * of


def test_the_family_and_the_planted_mistakes_are_computed_independently_and_agree():
    (case,), _ = cases_of(NET, X, Y, eta=benchmark.ETA)
    for equation, mistake in [(e, m) for m in MISTAKES for e in m.equations if e not in ("batch", "forward")]:
        if mistake.possible(case):
            try:
                family = derivation(case, {equation: (mistake,)})
                planted = benchmark.knowing(benchmark.learner({(equation, mistake.name)}), case)(*case.arguments())
            except IndexError:
                continue  # θ of the output layer is not square
            assert benchmark.same(family, planted), (equation, mistake.name)


# --- what a grade says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", ["squared_error", "mean_squared_error", "cross_entropy", "binary_cross_entropy", "hinge"]
)
@pytest.mark.parametrize(
    "net", [NET, MLP(2, [2], "sigmoid", seed=0), MLP(2, [4, 3, 2], "relu", "linear", bias=False, seed=5)]
)
def test_the_hand_formulas_are_right_for_every_loss(net, loss):
    def answer(theta, bias, u, o, x, y, sigma_slope):
        delta = hand.backward(theta, u, hand.ERROR_SLOPES[loss](y, o[-1]), sigma_slope)
        return delta, *hand.gradients(x, o, delta)

    graded = grade(answer, net, X, [0.0, 1.0], loss=loss, eta=0.1)
    assert graded and not graded.findings and not graded.mistakes
    assert str(graded).startswith("right  δ of the output layer")


def test_an_answer_may_be_parts_and_may_change_what_it_is_given():
    def greedy(theta, bias, u, o, x, y, sigma_slope):
        answer = right(theta, bias, u, o, x, y, sigma_slope)
        theta[0][0][0] = u[0][0] = o[0][0] = x[0] = y[0] = 99.0
        theta.clear()
        return answer[0]

    assert grade(greedy, NET, X, Y)
    delta, theta, bias = numbers()
    for answer in (delta, (delta, theta), (delta, theta, bias), theta, (theta, bias), (delta, (theta, bias))):
        assert grade(answer, NET, X, Y), answer


def test_one_number_that_slipped_is_found_where_it_is():
    delta, theta, bias = numbers()
    delta[0][1] += 0.1
    bias[0][1] = delta[0][1]
    theta[0][1] = [delta[0][1] * x for x in X]
    graded = grade((delta, theta, bias), NET, X, Y)
    (finding,) = graded.findings
    assert finding.title == EQUATIONS["hidden"] and finding.first.startswith("δ⁽¹⁾₂ (layer 1, neuron 2)")
    assert not graded.known and "unknown" in str(graded) and finding.wrong == 1
    delta[0][1] = -numbers()[0][0][1]
    (finding,) = grade(delta, NET, X, Y).findings
    assert finding.names == [("sign",)] and finding.only == ("δ⁽¹⁾₂ (layer 1, neuron 2)",)
    assert "only at δ⁽¹⁾₂" in str(finding)


def test_what_no_input_tells_apart_is_named_together():
    def half(theta, bias, u, o, x, y, sigma_slope):
        return hand.backward(theta, u, [b - a for a, b in zip(y, o[-1])], sigma_slope)

    one = MLP(2, [3, 1], seed=0)
    assert grade(half, one, X, 0.5).findings[0].names == [("factor 2 missing",), ("½ convention",)]
    # With two outputs the mean of two squares has the same slope.
    assert ("mean for sum over the outputs",) in grade(half, NET, X, Y).findings[0].names
    assert grade(half, NET, X, Y, loss="mean_squared_error")


def test_a_transposed_matrix_is_found_although_the_answer_fails_in_this_network():
    def transposed(theta, bias, u, o, x, y, sigma_slope):
        delta = [[hand.output_delta(e, sigma_slope[-1](v)) for e, v in zip(hand.squared_error_slopes(y, o[-1]), u[-1])]]
        for k in range(len(theta) - 2, -1, -1):
            sums = [sum(d * theta[k + 1][i][j] for j, d in enumerate(delta[0])) for i in range(len(theta[k]))]
            delta.insert(0, [sigma_slope[k](v) * s for v, s in zip(u[k], sums)])
        return delta

    graded = grade(transposed, NET, X, Y)
    assert graded.mistakes == {"transposed θᵢⱼ for θⱼᵢ"} and "IndexError" in str(graded)
    assert "of a network whose layers are all 3 wide: answered" in str(graded)
    assert grade(transposed, MLP(1, [1, 1, 1], seed=0), [1.0], 0.0)  # 1×1: transposed is the same


def test_an_answer_that_runs_nowhere_is_reported_as_such():
    graded = grade(lambda *arguments: 1 / 0, NET, X, Y)
    assert not graded and "ZeroDivisionError" in str(graded)


def test_a_constant_factor_is_reported_even_if_nobody_knows_it():
    delta, _, _ = numbers()
    (finding,) = grade([delta[0], delta[1], [0.37 * d for d in delta[2]]], NET, X, Y).findings[:1]
    assert finding.factor == pytest.approx(0.37) and "0.37" in str(finding)


def scaled(nested, factor):
    return [scaled(part, factor) for part in nested] if isinstance(nested, list) else factor * nested


@pytest.mark.parametrize("factor, origin", [(3, "added up 3 times"), (0.1, "a learning rate?")])
def test_a_constant_factor_of_gradients_alone_is_reported(factor, origin):
    def function(*arguments):
        return scaled(right(*arguments)[1][0], factor)

    theta, bias = numbers()[1:]
    for answer in (function, scaled(theta, factor), (scaled(theta, factor), bias)):
        (finding,) = grade(answer, NET, X, Y).findings
        assert finding.title == EQUATIONS["weights"] and finding.factor == pytest.approx(factor)
        assert origin in str(finding)
    both = grade((scaled(theta, factor), scaled(bias, 2)), NET, X, Y).findings
    assert [f.factor for f in both][:1] == [pytest.approx(factor)] and len(both) == 2


def test_a_factor_of_two_has_names_of_its_own():
    """In ∂Err/∂θ alone it was counted twice; in every gradient it may as well have come with ∂Err/∂ŷ."""
    theta, bias = numbers()[1:]
    (alone,) = grade((scaled(theta, 2), bias), NET, X, Y).findings
    assert alone.title == EQUATIONS["weights"] and "counted twice" in str(alone)
    (everywhere,) = grade((scaled(theta, 2), scaled(bias, 2)), NET, X, Y).findings
    assert everywhere.title == EQUATIONS["output"] and "superfluous 2" in str(everywhere)
    (unsure,) = grade(scaled(theta, 2), NET, X, Y).findings
    assert "superfluous 2" in str(unsure) and "counted twice" in str(unsure)


def differences(h):
    """∂Err/∂θ by central differences, as learners check themselves."""
    (case,), _ = cases_of(NET, X, Y)

    def error(theta):
        return hand.squared_error(Y, hand.forward(X, theta, case.bias, case.sigma)[1][-1])

    def moved(k, i, l, by):
        theta = [[list(row) for row in layer] for layer in case.theta]
        theta[k][i][l] += by
        return error(theta)

    return [[[(moved(k, i, l, h) - moved(k, i, l, -h)) / (2 * h) for l in range(len(row))]
             for i, row in enumerate(layer)] for k, layer in enumerate(case.theta)]  # fmt: skip


def test_finite_differences_are_told_from_mistakes():
    for answer in (differences(1e-3), (numbers()[0], differences(1e-3))):
        (finding,) = grade(answer, NET, X, Y).findings
        assert 4 <= finding.digits <= 7 and finding.factor is None
        assert "digits: finite differences" in str(finding)
    assert grade(differences(1e-5), NET, X, Y, tolerance=1e-6)


def test_one_wrong_number_among_gradients_is_found_where_it_is():
    theta = numbers()[1]
    theta[0][1][0] *= 1.01
    (finding,) = grade(theta, NET, X, Y).findings
    assert finding.only == ("∂Err/∂θ⁽¹⁾₂₁",) and "1 of 21" in str(finding)
    delta = numbers()[0]
    delta[0][1] *= 1.01
    assert "only at δ⁽¹⁾₂ (layer 1, neuron 2): 1 of 6" in str(grade(delta, NET, X, Y))


def test_the_learning_rate_of_weights_updated_too_early_is_found():
    early = benchmark.learner({("hidden", "weights already updated")})
    for eta in (None, 0.1, benchmark.ETA):
        (finding,) = grade(lambda *a: early(*a)[0], NET, X, Y, eta=eta).findings
        assert finding.names == [("weights already updated",)]
        assert ("η = 0.3 fits" in str(finding)) == (eta != benchmark.ETA)
        (finding,) = grade(lambda *a: early(*a)[1], NET, X, Y, eta=eta).findings
        assert finding.names == [("weights already updated",)]
    odd = grade([numbers()[0][0], [0.1, 0.2, 0.3], numbers()[0][2]], NET, X, Y)
    assert not odd.known and "eta=η" in str(odd) and "eta=η" not in str(grade(numbers()[0], NET, X, Y))


def test_a_sign_is_explained_with_the_loss_that_was_given():
    def other_sign(slopes):
        return lambda theta, bias, u, o, x, y, s: hand.backward(theta, u, [-e for e in slopes(y, o[-1])], s)

    for loss, because in [
        ("squared_error", "−2(y − ŷ)"),
        ("cross_entropy", "p − y"),
        ("binary_cross_entropy", "p − y"),
        ("hinge", "the other sign"),
    ]:
        (finding,) = grade(other_sign(hand.ERROR_SLOPES[loss]), NET, X, [0.0, 1.0], loss=loss).findings
        assert finding.names == [("sign",)] and because in str(finding)
        assert ("−2" in str(finding)) == (loss == "squared_error")


def test_a_mistake_that_does_not_show_for_the_given_numbers_is_found_on_others():
    net = MLP(2, [2, 2], "relu", seed=3)
    for neuron in net.layers[1].neurons:
        for t in neuron.theta:
            t.data = abs(t.data)
    net.layers[1].neurons[0].theta[1].data = net.layers[1].neurons[1].theta[0].data  # symmetric

    def transposed(theta, bias, u, o, x, y, sigma_slope):
        return hand.backward(
            [theta[0], [list(c) for c in zip(*theta[1])]], u, hand.squared_error_slopes(y, o[-1]), sigma_slope
        )

    graded = grade(transposed, net, X, Y)
    assert graded.mistakes == {"transposed θᵢⱼ for θⱼᵢ"}
    assert "for the given x, y and θ the numbers agree" in str(graded)
    assert "of a network with other θ, x and y: answered" in str(graded)


def test_numbers_written_by_hand_are_read_as_precisely_as_they_were_written():
    answer = benchmark.rounded(numbers())
    assert grade(answer, NET, X, Y)
    assert not grade(answer, NET, X, Y, tolerance=1e-12)
    assert written_precision(grade_answer([[0.25, 0.5], [0.0]])).half_unit(0.0) == 0.005


def small(sizes, theta, activation="tanh"):
    """A network whose weights are `theta`, layer by layer, and whose biases are 0."""
    net = MLP(1, sizes, activation, seed=1)
    for layer, value in zip(net.layers, theta):
        for neuron in layer.neurons:
            for p in neuron.parameters():
                p.data = 0.0
            for p in neuron.theta:
                p.data = value
    return net


@pytest.mark.parametrize("written", [f"{{:.{n}{kind}}}" for n in range(1, 7) for kind in "fg"])
def test_what_is_right_and_rightly_rounded_is_never_accused(written):
    draw = random.Random(written)
    for _ in range(5):
        net, x, y = benchmark.network(draw)
        delta, theta, bias = numbers(net, x, y)
        coarse = benchmark.rounded(delta, written)
        from_coarse = [hand.gradients(x, cases_of(net, x, y)[0][0].o, coarse)]
        for gradients in [(theta, bias), *from_coarse]:
            parts = benchmark.rounded((delta, *gradients), written)
            for answer in (parts[0], parts[:2], parts, parts[1], parts[1:]):
                assert grade(answer, net, x, y), (written, answer)


def test_rounding_goes_no_further_than_half_a_unit():
    one, two = small([1], [1.0]), small([1, 1], [1.0, 0.5])  # δ = 0.5557; 0.0960, 0.4572
    assert grade([[0.6]], one, [1.0], 0.1) and grade([[0.56]], one, [1.0], 0.1)
    for wrong in (0.4, 0.7, 0.47, 0.52, 0.59, -0.6):
        assert not grade([[wrong]], one, [1.0], 0.1), wrong
    assert grade([[0.1], [0.5]], two, [1.0], 0.1) and grade([[0.1], [0.4572]], two, [1.0], 0.1)
    assert not grade([[0.2], [0.5]], two, [1.0], 0.1) and not grade([[0.1], [0.3]], two, [1.0], 0.1)


def test_whole_numbers_that_are_exact_leave_no_room_for_rounding():
    net = small([2, 2, 1], [2.0, 3.0, 1.0], "linear")  # u = o = 2, 12, 24
    assert numbers(net, [1.0], [20.0])[0] == [[48.0, 48.0], [8.0, 8.0], [8.0]]
    assert grade([[48.0, 48.0], [8.0, 8.0], [8.0]], net, [1.0], 20.0)
    for wrong in (
        [[48.0, 45.0], [8.0, 8.0], [8.0]],
        [[24.0, 24.0], [8.0, 8.0], [8.0]],
        [[54.0, 54.0], [9.0, 9.0], [8.0]],
    ):
        assert not grade(wrong, net, [1.0], 20.0)


def test_large_numbers_may_have_many_digits_and_be_rounded():
    assert written_precision(grade_answer([[14942.271013, -9.909519]])).half_unit(-9.909519) == 0.5e-6
    assert written_precision(grade_answer([[9914942271.271013, -9.909519]])).half_unit(-9.909519) == 0.5e-6
    net = small([2, 1], [3000.0, 0.1], "linear")
    delta, theta, bias = numbers(net, [1.0], [600.0 + 1 / 7])
    answer = benchmark.rounded((scaled(delta, 1.0), theta, bias), "{:.2f}")
    assert grade(answer, net, [1.0], 600.0 + 1 / 7)


def test_too_few_digits_to_tell_are_right_and_said_to_be():
    graded = grade([[0.0]], small([1], [1.0]), [1.0], 0.75)  # δ = 0.0097
    assert graded and "the number has so few digits" in str(graded)
    assert "so few digits" not in str(grade([[0.01]], small([1], [1.0]), [1.0], 0.75))


def grade_answer(delta):
    from nn.grading.answers import Answer

    return Answer(delta=delta)


def test_a_batch_is_a_sum_over_its_samples():
    X3, Y3 = [X, [1.0, 2.0], [-0.5, 0.25]], [Y, [0.0, 1.0], [1.0, -1.0]]
    cases, batch = cases_of(NET, X3, Y3)
    assert batch and len(cases) == 3
    case = cases[0]
    total = hand.batch_gradients(X3, Y3, case.theta, case.bias, case.sigma, case.slope)
    assert grade(total, NET, X3, Y3)
    third = ([[[g / 3 for g in row] for row in layer] for layer in total[0]], [[g / 3 for g in b] for b in total[1]])
    graded = grade(third, NET, X3, Y3)
    assert ("mean for sum over the batch",) in graded.findings[0].names


@pytest.mark.parametrize("activation", [softplus, Value.tanh])
def test_a_function_of_the_activations_is_as_good_as_its_name(activation):
    def slope_at_o(theta, bias, u, o, x, y, sigma_slope):
        return hand.backward(theta, o, hand.squared_error_slopes(y, o[-1]), sigma_slope)

    net, named = (MLP(2, [3, 2], sigma, seed=0) for sigma in (activation, activation.__name__))
    assert grade(right, net, X, Y) and certify(net, X, Y)
    assert str(grade(slope_at_o, net, X, Y)) == str(grade(slope_at_o, named, X, Y))
    assert not grade(slope_at_o, net, X, Y)


def test_a_layer_has_one_activation_and_biases_or_none():
    """Else the first neuron's σ and bias would be taken for all, and a right answer accused."""
    net = MLP(2, [2, 1], seed=0)
    net.layers[0].neurons[1] = Neuron(2, "relu", seed=1)
    sample = net, [1.0, 2.0], 0.5
    for referee in (
        lambda: grade(*sample, [[0.1, 0.2], [0.3]]),
        lambda: certify(*sample),
        lambda: certify(*sample, sigma=(math.tanh, math.tanh)),
        lambda: prove(net),
    ):
        with pytest.raises(AutogradValueError, match="neurons of layer 1 have different σ, tanh and relu"):
            referee()
    net.layers[0].neurons[1] = Neuron(2, bias=False, seed=1)
    with pytest.raises(AutogradValueError, match="some neurons of layer 1 have a bias"):
        grade(net, [1.0, 2.0], 0.5, [[0.1, 0.2], [0.3]])
    assert certify(net, [1.0, 2.0], 0.5)


def test_what_a_neuron_computes_counts_and_not_what_it_is_called():
    def softplus(u):
        return u.tanh()

    for referee in (grade, certify):
        with pytest.raises(AutogradValueError, match=r"activation ('softplus' )?of your own"):
            referee(MLP(2, [3], softplus), [1.0, 2.0], [0.5] * 3, *([[[0.1] * 3]] * (referee is grade)))
    net = MLP(2, [1], "tanh", seed=0)
    net.layers[0].neurons[0].sigma = sigmoid
    squared_error(net([1.0, 2.0]), 0.5).backward()
    assert grade(net, [1.0, 2.0], 0.5, [[net.layers[0].neurons[0].delta]]) and certify(net, [1.0, 2.0], 0.5)


def test_a_pair_is_for_the_layers_whose_activation_is_one_s_own():
    """Else it would be taken for the linear output too, and a right answer accused."""
    pair, net = (lambda u: u**3, lambda u: 3 * u**2), MLP(2, [3, 2], lambda u: u**3, "linear", seed=0)
    for sigma in (pair, [pair, "linear"]):
        assert grade(right, net, X, Y, sigma=sigma) and certify(net, X, Y, sigma=sigma)
    for referee in (lambda sigma: grade(right, net, X, Y, sigma=sigma), lambda sigma: certify(net, X, Y, sigma=sigma)):
        with pytest.raises(AutogradValueError, match="2 layers, and 1 entry in sigma"):
            referee([pair])
        with pytest.raises(AutogradTypeError, match=r"a pair .* of functions"):
            referee((pair[0], 2.0))


def test_your_own_activation_and_loss_need_their_hand_formulas():
    net = MLP(2, [3, 2], lambda u: softplus(u), seed=0)
    with pytest.raises(AutogradValueError, match=r"no hand formula for the activation '.*' of your own"):
        grade(right, net, X, Y)
    import math

    pair = (lambda u: math.log1p(math.exp(u)), hand.sigmoid)
    assert grade(right, net, X, Y, sigma=pair)
    with pytest.raises(AutogradValueError, match="error_slopes"):
        grade(right, NET, X, Y, loss=lambda o, y: o[0] * 1.0)
    assert grade(right, NET, X, Y, loss=lambda o, y: o[0] * 1.0, error_slopes=hand.squared_error_slopes)
    with pytest.raises(AutogradValueError, match="unknown loss 'mine'"):
        grade(right, NET, X, Y, loss="mine", error_slopes=hand.squared_error_slopes)

    @dataclasses.dataclass
    class Steep:
        by: float

        def __call__(self, u):
            return self.by * u

    assert grade(right, net, X, Y, sigma=(Steep(2.0), lambda u: 2.0))  # it is equal to another, and has no hash

    def softmax(theta, bias, u, o, x, y, sigma_slope):
        return hand.backward(theta, u, hand.cross_entropy_slopes(y, o[-1]), sigma_slope)

    assert grade(softmax, NET, X, 1, loss=cross_entropy)


@pytest.mark.parametrize(
    "answer, words",
    [
        ([[1.0]], r"δ must be a list of 3 layers, and is \[\[1.0\]\]"),
        ("δ", "δ must be a list of 3 layers, and is 'δ'"),
        (5.0, "δ must be a list of 3 layers, and is 5.0"),
        ([1, 2, 3], r"δ\[0\] must be a list of 3 numbers, and is 1"),
        ([[1.0] * 3, [1.0] * 3, [1.0]], r"δ\[2\] must be a list of 2 numbers, and is \[1.0\]"),
        ([[[1.0] * 2] * 2] * 3, r"∂Err/∂θ\[0\] must be a list of 3 lists"),
        ([[[1.0]] * 3] * 3, r"∂Err/∂θ\[0\]\[0\] must be a list of 2 numbers, and is \[1.0\]"),
        (([[1.0] * 3, [1.0] * 3, [1.0] * 2], [1, 2, 3]), r"∂Err/∂b\[0\] must be a list of 3 numbers, and is 1"),
        ((), "an answer is"),
        ([[[1.0] * 3, [1.0] * 3, [1.0] * 2], [[[1.0] * 2] * 3] * 3], "as a tuple, such as"),
        ([[1.0] * 3, [1.0] * 3, ["a", 1.0]], "no number"),
    ],
)
def test_what_is_no_answer(answer, words):
    with pytest.raises((AutogradValueError, AutogradTypeError), match=words):
        grade(answer, NET, X, Y)


def test_what_is_no_sample():
    with pytest.raises(AutogradValueError, match="one sample"):
        grade(right, NET)
    with pytest.raises(AutogradValueError, match="2 inputs"):
        grade(right, NET, [1.0], Y)
    with pytest.raises(AutogradValueError, match="2 targets"):
        grade(right, NET, X, 1.0)
    with pytest.raises(AutogradValueError, match="1 sample, and 2 targets"):
        grade(right, NET, [X], [Y, Y])
    with pytest.raises(AutogradValueError, match="not x = 'ab'"):
        grade(right, NET, "ab", Y)
    with pytest.raises(AutogradTypeError, match="inputs hold 'a', which is no number"):
        grade(right, NET, [1.0, "a"], Y)
    with pytest.raises(AutogradTypeError, match="the targets are numbers, and were given as 'ab'"):
        grade(right, NET, X, "ab")


def test_what_is_no_option():
    with pytest.raises(
        AutogradValueError, match=r"unknown loss 'mse', which is .mean_squared_error. here; choose one of squared_error"
    ):
        grade(right, NET, X, Y, loss="mse")
    with pytest.raises(AutogradTypeError, match=r"a number, and was given as '0\.1'"):
        grade(right, NET, X, Y, eta="0.1")
    for tolerance in (-1, 0, float("nan"), float("inf"), "small"):
        with pytest.raises(AutogradValueError, match="tolerance is a number above 0"):
            grade(right, NET, X, Y, tolerance=tolerance)
    with pytest.raises(AutogradTypeError, match="belong to a network, and 'tanh' is none"):
        grade(lambda o, x: 1 - o * o, "tanh", X, Y)


def test_the_weights_of_the_network_stay_as_they_were():
    before = [p.data for p in NET.parameters()]
    grade(right, NET, X, Y)
    assert [p.data for p in NET.parameters()] == before


# --- rules of operations ----------------------------------------------------------------------------


def differentiable():
    return [
        name for name, row in TABLE.items() if name not in ("literal", "take")
    ]  # take has as many operands as its table has rows


@pytest.mark.parametrize("operation", differentiable())
def test_every_row_of_the_table_is_right(operation):
    assert grade(TABLE[operation].rule, operation)


@pytest.mark.parametrize("operation", OWN)
def test_the_mistakes_typical_of_an_operation_are_named(operation):
    row = TABLE[operation]
    for mistake, operand, change, _ in OWN[operation]:

        def rule(o, *operands, operand=operand, change=change):
            partials = list(row.rule(o, *operands))
            partials[operand] = change(o, *operands)
            return tuple(partials)

        (finding,) = grade_rule(rule, row).findings
        assert (mistake,) in finding.names


def test_the_mistakes_common_to_all_operations_are_named():
    assert grade(lambda o, x: (-(1 - o * o),), "tanh").mistakes == {"sign"}
    assert grade(lambda o, x: o, tanh).mistakes == {"function for its derivative"}
    assert grade(lambda o, x, y: (x, y), "mul").findings[0].names[0] == ("partials swapped",)
    assert grade(lambda o, x, y: (y, None), "mul").mistakes == {"partial forgotten"}
    assert "factor ½" in grade(lambda o, x: 0.5 * TABLE["exp"].rule(o, x)[0], "exp").mistakes
    unknown = grade(lambda o, x: x**3 + 1.234, "sin")
    assert not unknown.known and "unknown" in str(unknown)
    assert grade(lambda o, x: 3 * o, "exp").findings[0].factor == pytest.approx(3)


def test_textbook_rules_are_right():
    assert grade(lambda o, x: 1 - o**2, "tanh") and grade(lambda o, x: o * (1 - o), "sigmoid")
    assert grade(
        lambda o, x, y: (y * x ** (y - 1) if x > 0 else TABLE["pow"].rule(o, x, y)[0], TABLE["pow"].rule(o, x, y)[1]),
        "pow",
    )


def test_what_is_no_rule():
    with pytest.raises(AutogradValueError, match="neither a network nor an operation"):
        grade(lambda o, x: 1.0, "no such operation")
    with pytest.raises(AutogradValueError, match=r"'tahn' is neither .* did you mean .*tanh"):
        grade(lambda o, x: 1.0, "tahn")
    with pytest.raises(AutogradTypeError, match=r"here \(o, x\), and this takes \(o\)"):
        grade(lambda o: 1 - o * o, "tanh")
    with pytest.raises(AutogradTypeError, match="a rule gives numbers, and this gave 'a'"):
        grade(lambda o, x: "a", "tanh")
    with pytest.raises(AutogradTypeError, match="a rule is a function"):
        grade([1.0], "tanh")
    with pytest.raises(AutogradValueError, match="2 operands"):
        grade(lambda o, x, y: (1.0,), "mul")


def test_random_noise_has_no_name():
    draw = random.Random(0)
    noise = [[draw.uniform(-1, 1) for _ in layer] for layer in numbers()[0]]
    graded = grade(noise, NET, X, Y)
    assert len(graded.findings) == 2 and not any(f.explanations for f in graded.findings)
