"""Whatever somebody has numbers in is read: arrays, tensors, columns, Values, a dictionary with blanks."""

import math
import struct
from decimal import Decimal
from fractions import Fraction

import pytest

from autograd import AutogradTypeError, AutogradValueError, Value
from nn import MLP, grade, squared_error
from nn import deltas as hand
from nn.grading.equations import derivation
from nn.grading.samples import cases_of

NET = MLP(2, [3, 2], seed=0)
X, Y = [0.5, -1.0], [0.1, 0.7]
RUN = NET.forward(X)
squared_error(RUN.outputs, Y).backward()
DELTA = RUN.delta
THETA = [[[d * o for o in before] for d in layer] for layer, before in zip(DELTA, [X, [o.data for o in RUN.o[0]]])]
U, O = [[[v.data for v in layer] for layer in grid] for grid in (RUN.u, RUN.o)]
SLOPES = [[1 - o * o for o in layer] for layer in O]
ERR = sum((y - o) ** 2 for y, o in zip(Y, O[-1]))
ALL = {"u": U, "o": O, "err": ERR, "slope": SLOPES, "delta": DELTA, "dtheta": THETA, "db": DELTA}


class Tensor:
    """What grade asks of a tensor of PyTorch, and nothing else."""

    def __init__(self, numbers, detached=False):
        self.numbers, self.detached = numbers, detached

    def detach(self):
        return Tensor(self.numbers, True)

    def cpu(self):
        return self

    def tolist(self):
        assert self.detached, "a tensor that needs a gradient gives no list"
        return self.numbers

    def __len__(self):
        return len(self.numbers)


def copied(nested):
    return [copied(part) for part in nested] if isinstance(nested, list) else nested


def single(nested):
    return [single(p) for p in nested] if isinstance(nested, list) else struct.unpack("f", struct.pack("f", nested))[0]


def column(layer):
    return [[d] for d in layer]


def test_tensors_are_read_whole_or_layer_by_layer():
    assert grade(NET, X, Y, ([Tensor(layer) for layer in DELTA], [Tensor(matrix) for matrix in THETA]))
    assert grade(NET, Tensor(X), Tensor(Y), [Tensor(layer) for layer in DELTA])


@pytest.mark.peer
def test_tensors_of_the_real_pytorch():
    torch = pytest.importorskip("torch")
    delta = [torch.tensor(layer, requires_grad=True) for layer in DELTA]  # float32
    assert grade(NET, X, Y, (delta, [torch.tensor(matrix) for matrix in THETA]))
    assert "float32" in str(grade(NET, X, Y, delta))


def test_arrays_of_numpy_in_double_and_in_single_precision():
    numpy = pytest.importorskip("numpy")
    for kind in ("float64", "float32"):
        delta = [numpy.array(layer, kind) for layer in DELTA]
        theta = [numpy.array(matrix, kind) for matrix in THETA]
        graded = grade(NET, X, Y, (delta, theta, delta))
        assert graded and ("float32" in str(graded)) == (kind == "float32")
        twice = grade(NET, X, Y, (delta, [2 * matrix for matrix in theta]))
        assert twice.ids == ["gradient.weights.doubled"]


def test_a_function_may_work_in_single_precision():
    def answer(theta, bias, u, o, x, y, sigma_slope):
        return single(hand.backward(theta, u, hand.squared_error_slopes(y, o[-1]), sigma_slope))

    graded = grade(NET, X, Y, answer)
    assert graded and "float32" in str(graded)
    assert not grade(NET, X, Y, lambda *a: single([[1.001 * d for d in layer] for layer in answer(*a)]))


WAYS_TO_WRITE = {
    "Decimal": lambda v: Decimal(repr(v)), "Fraction": Fraction, "text": repr,
    "comma": lambda v: f"{v:.4f}".replace(".", ","), "minus": lambda v: f"{v:.4f}".replace("-", "−"), "Value": Value,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
def test_numbers_may_be_of_any_kind(way):
    assert grade(NET, X, Y, mapped(WAYS_TO_WRITE[way], [list(layer) for layer in DELTA]))
    slipped = [list(layer) for layer in DELTA]
    slipped[0][1] += 0.25
    assert not grade(NET, X, Y, mapped(WAYS_TO_WRITE[way], slipped))


def mapped(f, nested):
    return [mapped(f, part) for part in nested] if isinstance(nested, list) else f(nested)


def test_text_that_is_no_number_is_said():
    with pytest.raises(AutogradTypeError, match=r"δ\[0\] holds '0.5\?' of type str, which is no number"):
        grade(NET, X, Y, [["0.5?", *DELTA[0][1:]], *DELTA[1:]])


def test_layers_may_be_a_tuple_and_the_layers_iterators():
    assert grade(NET, X, Y, tuple(map(tuple, DELTA))) and grade(NET, X, Y, (iter(layer) for layer in DELTA))


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_rows_of_a_frame_are_rows(package):
    """Polars iterates over columns: a square matrix would be transposed without a word."""
    frames = pytest.importorskip(package)
    net = MLP(2, [2, 2], seed=3)
    (case,), _ = cases_of(net, X, [0.25, 0.75])
    delta, theta, bias = derivation(case, {})
    how = {"orient": "row"} if package == "polars" else {}
    answer = (
        [frames.Series(layer) for layer in delta],
        [frames.DataFrame(layer, **how) for layer in theta],
        [frames.Series(layer) for layer in bias],
    )
    graded = grade(net, X, [0.25, 0.75], answer)
    assert graded and not graded.notes


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_precision_is_refused_since_rounding_hides_mistakes_in_it(name):
    torch = pytest.importorskip("torch")
    halves = [torch.tensor(list(layer), dtype=getattr(torch, name)) for layer in DELTA]
    for answer in (halves, {"delta": halves}, lambda *arguments: halves):
        with pytest.raises(AutogradValueError, match=f"in {name}, whose digits are too few"):
            grade(NET, X, Y, answer)


def test_columns_and_rows_are_vectors():
    assert grade(NET, X, Y, [column(layer) for layer in DELTA])
    assert grade(NET, X, Y, [[layer] for layer in DELTA])
    graded = grade(NET, X, Y, ([column(layer) for layer in DELTA], THETA, [column(layer) for layer in DELTA]))
    assert graded and len(graded.right) == 4
    one = MLP(1, [1, 1], seed=2)  # a column is a matrix here
    run = one.forward([0.5])
    squared_error(run.outputs, [0.1]).backward()
    assert grade(one, [0.5], [0.1], [column(layer) for layer in run.delta]) is not None


def test_weights_of_the_shape_in_out_are_read_and_said_to_be_transposed():
    turned = [[list(row) for row in zip(*matrix)] for matrix in THETA]
    graded = grade(NET, X, Y, (DELTA, turned))
    assert graded and "transposed, in the shape (in, out)" in str(graded)
    turned[0][0][1] *= -1
    assert grade(NET, X, Y, (DELTA, turned)).ids == ["gradient.weights.sign"]


def test_a_forward_pass_is_an_answer():
    assert len(grade(NET, X, Y, RUN).right) == 4
    assert grade(NET, X, Y, {"u": RUN.u, "o": RUN.o})
    u_for_delta = grade(NET, X, Y, RUN.u)
    assert u_for_delta.ids == ["delta.output.u_for_delta", "delta.hidden.u_for_delta"] and "run.delta" in str(
        u_for_delta
    )


def test_a_dictionary_names_its_parts():
    graded = grade(NET, X, Y, ALL)
    assert graded and len(graded.right) == 8 and {f.status for f in graded.fields} == {"right"}
    new = {"theta": [[[t.data - 0.1 * g for t, g in zip(n.theta, row)] for n, row in zip(layer.neurons, rows)]
                     for layer, rows in zip(NET.layers, THETA)]}  # fmt: skip
    assert grade(NET, X, Y, ALL | new, eta=0.1)
    uphill = [[[2 * t.data - v for t, v in zip(n.theta, row)] for n, row in zip(layer.neurons, rows)]
              for layer, rows in zip(NET.layers, new["theta"])]  # fmt: skip
    assert grade(NET, X, Y, ALL | {"theta": uphill}, eta=0.1).ids == ["update.weights.plus"]
    with pytest.raises(AutogradValueError, match="'detla' is no part of an answer; did you mean 'delta'"):
        grade(NET, X, Y, {"detla": DELTA})


def test_a_blank_is_not_0():
    partly = copied(DELTA)
    partly[0][1] = None
    graded = grade(NET, X, Y, {"delta": partly})
    assert graded and len(graded.fields) == 4
    partly[0][1] = 0.0
    assert not grade(NET, X, Y, {"delta": partly})


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_is_told_and_does_not_stop_the_grader(number):
    def answer(theta, bias, u, o, x, y, sigma_slope):
        return [[number] * 3, hand.backward(theta, u, hand.squared_error_slopes(y, o[-1]), sigma_slope)[-1]]

    for given in (answer, answer(*_arguments()), lambda *a: [answer(*a)[0], [number] * 2]):
        graded = grade(NET, X, Y, given)
        assert not graded and "is no number to go on with" in str(graded)
    assert "is no number" in str(grade(NET, X, Y, [[[number] * 2] * 3, THETA[1]]))


def _arguments():
    from nn.grading.samples import cases_of

    return cases_of(NET, X, Y)[0][0].arguments()


def test_the_order_is_that_of_certify_and_the_old_one_is_understood():
    assert grade(NET, X, Y, DELTA, loss="squared_error") and grade(DELTA, NET, X, Y, loss="squared_error")
    assert grade(NET, x=X, y=Y, answer=DELTA)
    with pytest.raises(AutogradTypeError, match=r"grade\(net, x, y, answer\)"):
        grade(NET, X, Y)


# --- own operands -----------------------------------------------------------------------------


def rounded(nested, digits=4):
    if isinstance(nested, dict):
        return {key: rounded(part, digits) for key, part in nested.items()}
    return [rounded(part, digits) for part in nested] if isinstance(nested, list) else round(nested, digits)


def carried_on(slip, digits):
    """Everything after a slip in the first u, computed from it."""
    theta = [[[t.data for t in n.theta] for n in layer.neurons] for layer in NET.layers]
    bias = [[n.bias.data for n in layer.neurons] for layer in NET.layers]
    u, o = [[U[0][0] + slip, *U[0][1:]]], []
    o.append([math.tanh(v) for v in u[0]])
    u.append([hand.weighted_sum(row, o[0], b) for row, b in zip(theta[1], bias[1])])
    o.append([math.tanh(v) for v in u[1]])
    delta = hand.backward(theta, u, hand.squared_error_slopes(Y, o[1]), [hand.tanh_slope] * 2)
    by_theta, by_bias = hand.gradients(X, o, delta)
    slopes = [[1 - v * v for v in layer] for layer in o]
    return rounded({"u": u, "o": o, "slope": slopes, "delta": delta, "dtheta": by_theta, "db": by_bias}, digits)


@pytest.mark.parametrize("digits", [3, 4, 15])
def test_a_slip_is_blamed_once_and_what_follows_from_it_is_right(digits):
    graded = grade(NET, X, Y, carried_on(0.2, digits))
    (finding,) = graded.findings
    assert finding.equation == "forward" and finding.place == (0, 0) and "u⁽¹⁾₁ = " in finding.working
    status = {(f.part, f.place): f.status for f in graded.fields}
    assert status["u", (0, 0)] == "mistake" and status["u", (0, 1)] == "right"
    assert status["o", (0, 0)] == status["delta", (1, 0)] == "follow_through"
    assert list(status.values()).count("mistake") == 1


def test_a_number_that_was_only_copied_wrongly_is_blamed_once():
    copy = copied(DELTA)
    copy[1][0] *= 1.3  # everything after it was computed from the right one
    graded = grade(NET, X, Y, {**ALL, "delta": copy})
    (finding,) = graded.findings
    assert finding.equation == "output" and finding.only == ("δ⁽²⁾₁ (layer 2, neuron 1)",)


def test_a_mistake_with_rounded_numbers_is_not_accused_a_second_time():
    theta = [[[t.data for t in n.theta] for n in layer.neurons] for layer in NET.layers]
    u, o = rounded(U, 3), rounded(O, 3)
    delta = rounded(hand.backward(theta, o, hand.squared_error_slopes(Y, o[1]), [hand.tanh_slope] * 2), 3)
    by_theta, by_bias = rounded(list(hand.gradients(X, o, delta)), 3)
    for answer in ({"u": u, "o": o, "delta": delta, "dtheta": by_theta, "db": by_bias}, (delta, by_theta, by_bias)):
        graded = grade(NET, X, Y, answer)
        assert {f.equation for f in graded.findings} <= {"output", "hidden"}
        assert "slope_at_o" in " ".join(graded.ids)


def test_every_identifier_is_one_word_an_equation_and_stays():
    from nn.grading.mistakes import MISTAKES, named

    by_id = {}
    for mistake in MISTAKES:
        for equation in mistake.equations:
            by_id.setdefault(mistake.id(equation), set()).add(mistake.name)
    assert all(len(names) == 1 for names in by_id.values())
    assert all(part.replace("_", "").isalnum() for identifier in by_id for part in identifier.split("."))
    assert named("σ' missing", "hidden").id("hidden") == "delta.hidden.slope_missing"


# --- conventions and kinks -----------------------------------------------------------------------


def with_errors(slopes):
    return lambda theta, bias, u, o, x, y, s: hand.backward(theta, u, slopes(y, o[-1]), s)


def test_the_half_is_a_convention_and_not_called_a_mistake_alone():
    half = with_errors(lambda y, o: [b - a for a, b in zip(y, o)])
    graded = grade(NET, X, Y, half)
    assert graded.findings[0].convention and "was the ½ in your lecture" in str(graded)
    assert grade(NET, X, Y, half, loss="half_squared_error")
    twice = grade(NET, X, Y, with_errors(hand.squared_error_slopes), loss="half_squared_error")
    assert "delta.output.superfluous_2" in twice.ids and not twice.findings[0].convention


def test_a_hinge_without_its_margin_is_found_for_every_sample():
    for seed in range(6):
        net = MLP(2, [3, 2], "tanh", "linear", seed=seed)
        graded = grade(net, X, [1.0, -1.0], with_errors(lambda y, o: [-a for a in y]), loss="hinge")
        assert "delta.output.margin_missing" in graded.ids


def test_a_relu_at_the_output_is_seen_from_both_sides():
    for seed in range(6):
        net = MLP(2, [3, 2], "relu", seed=seed)
        flat = grade(net, X, Y, lambda th, b, u, o, x, y, s: hand.backward(
            th, u, hand.squared_error_slopes(y, o[-1]), [s[0], lambda v: 1.0]))  # fmt: skip
        assert "delta.output.slope_missing" in flat.ids


def test_where_both_are_0_nothing_is_proved():
    net = MLP(2, [3, 3], "tanh", "linear", seed=1)

    def true_class_only(y, o):
        return [e if t else 0.0 for e, t in zip(hand.cross_entropy_slopes(y, o), y)]

    graded = grade(net, X, 1, with_errors(true_class_only), loss="cross_entropy")
    assert "delta.output.true_class_only" in graded.ids and "−y/p" not in graded.mistakes


def test_messages_name_one_coincidence_in_one_line():
    draw = [[0.3, -0.2, 0.7], [0.1, 0.9]]
    for answer in (RUN.u, draw, [[2 * d for d in layer] for layer in DELTA], carried_on(0.2, 3)):
        text = str(grade(NET, X, Y, answer))
        assert "no formula of the family" not in text
        assert all(block.count("\n  or ") <= 2 for block in text.split("WRONG"))


def of_one_layer(nested, layer, factor):
    return [[[g * factor for g in row] for row in rows] if k == layer else rows for k, rows in enumerate(nested)]


def test_a_factor_in_one_layer_only_is_told_from_a_mean_there():
    graded = grade(NET, X, Y, (DELTA, of_one_layer(THETA, 1, 0.25), DELTA))
    assert graded.ids == ["gradient.weights.scaled_in_one_layer"]

    def mean_there(theta, bias, U, O, X, Y, sigma_slope):
        samples = [hand.gradients(x, o, hand.backward(theta, u, hand.squared_error_slopes(y, o[-1]), sigma_slope))[0]
                   for u, o, x, y in zip(U, O, X, Y)]  # fmt: skip
        total = [[[sum(g) for g in zip(*rows)] for rows in zip(*layers)] for layers in zip(*samples)]
        return of_one_layer(total, 0, 1 / len(X))

    for samples in (2, 3, 4):
        inputs = [[0.5 * n, 1.0 - n] for n in range(1, samples + 1)]
        assert grade(NET, inputs, [[0.1 * x, 0.3] for x, _ in inputs], mean_there).ids == [
            "gradient.weights.mean_in_one_layer"
        ]
