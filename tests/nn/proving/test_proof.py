"""The proof holds for what is right, and fails, naming the δ, for every planted mistake."""

import time
from fractions import Fraction

import pytest

pytest.importorskip("sympy")

from autograd import TABLE, AutogradValueError, Value
from autograd.chain import sums
from autograd.functions import ROWS
from autograd.gradient import graph_rule
from nn import MLP, deltas
from nn.network.activations import ACTIVATION_RECORDS
from nn.proving.proof import prove, prove_exactly

ALL = list(ACTIVATION_RECORDS)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("bias", [True, False])
def test_every_activation(activation, bias):
    proof = prove([2, 3, 2], activation, bias=bias)
    assert proof, proof.summary
    assert len(proof.equations) == 5 + 12 + 5 * bias
    assert len(proof.lemmas) == (activation != "linear")


def test_the_size_that_was_asked_for():
    start = time.process_time()
    proof = prove([3, 4, 4, 2], "tanh")
    assert proof
    assert time.process_time() - start < 20
    assert [e.term for e in proof.equations[:3]] == ["δ⁽³⁾₁", "δ⁽³⁾₂", "δ⁽²⁾₁"]


@pytest.mark.parametrize("sizes", [[1, 1], [4, 1], [2, 2, 2, 2, 2]])
@pytest.mark.parametrize("loss", ["squared_error", "half_squared_error", "mean_squared_error"])
def test_other_shapes_and_the_mean(sizes, loss):
    assert prove(sizes, loss=loss)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
@pytest.mark.parametrize("sizes", [[1, 2], [2, 3, 2], [2, 4, 4, 3], [3, 16, 16, 2]])
def test_losses_that_take_logits(sizes, loss):
    start = time.process_time()
    proof = prove(sizes, "sigmoid", loss=loss)
    assert proof, proof.summary
    assert time.process_time() - start < 10  # 0.5 s and less on a quiet machine
    assert [lemma.term for lemma in proof.lemmas] == ["dsigmoid/du"] * (len(sizes) > 2) + ["∂Err/∂ŷ"]
    assert "the algebra of the rules" in str(proof) and "which floats" in str(proof).lower()


def test_they_read_like_the_lecture():
    proof = prove([2, 2, 3], "tanh", loss="cross_entropy")
    lines = {e.term: e.lecture for e in proof.equations}
    assert lines["δ⁽²⁾₁"] == "y₂·p₁ + y₃·p₁ − y₁·(p₂ + p₃)"
    assert lines["δ⁽¹⁾₁"] == "σ'(u⁽¹⁾₁)·(δ⁽²⁾₁·θ⁽²⁾₁₁ + δ⁽²⁾₂·θ⁽²⁾₂₁ + δ⁽²⁾₃·θ⁽²⁾₃₁)"
    net = MLP(2, [2, 2], "tanh", seed=0)  # a last layer of one's own stays
    assert prove(net, loss="cross_entropy") and len(prove(net, loss="cross_entropy").lemmas) == 2


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("cross_entropy", lambda o, target, *others: (1.0, *right_shares(target, *others)[1:])),
        (
            "cross_entropy",
            lambda o, target, *others: (-right_shares(target, *others)[0], *right_shares(target, *others)[1:]),
        ),
        ("cross_entropy", lambda o, target, *others: right_shares(target, *others)),
        ("softplus", lambda o, x: (1.0 - ROWS["sigmoid"](x),)),
        ("softplus", lambda o, x: (ROWS["sigmoid"](x) * 1.0000001,)),
    ],
)
def test_a_wrong_rule_of_a_loss_is_no_proof(plant, row, rule):
    loss = "cross_entropy" if row == "cross_entropy" else "binary_cross_entropy"
    assert prove([2, 2, 3], "tanh", loss=loss)
    plant(row, rule)
    proof = prove([2, 2, 3], "tanh", loss=loss)
    assert not proof and any(not e.equal and e.term.startswith("δ⁽²⁾") for e in proof.equations)


def test_a_network_with_two_activations_is_left_as_it_was():
    net = MLP(2, [3, 1], "relu", output_activation="sigmoid", seed=0)
    net([1.0, 2.0])
    u, weights = net.layers[0].neurons[0].u, [p.data for p in net.parameters()]
    proof = prove(net)
    assert proof and len(proof.lemmas) == 2
    assert "relu'(u⁽¹⁾₁)" in str(proof) and "sigmoid'(u⁽²⁾₁)" in str(proof)
    assert net.layers[0].neurons[0].u is u and [p.data for p in net.parameters()] == weights


# --- mistakes, planted in the engine --------------------------------------------------------------


def swapped_wrongly(o, *pq):
    n = len(pq) // 2
    return (*pq[:n], *pq[:n])


def last_edge_lost(o, *pq):
    n = len(pq) // 2
    return pq[n:] + pq[:n] if n == 1 else (*pq[n:-1], 0.0, *pq[: n - 1], 0.0)


def right_shares(*xs):
    return [ROWS["softmax"](x, *xs[:k], *xs[k + 1 :]) for k, x in enumerate(xs)]


BROKEN = [
    # row, the wrong rule, activation, the first term that must be named
    ("tanh", lambda o, x: (1.0 - o,), "tanh", "δ⁽²⁾₁"),
    ("tanh", lambda o, x: (1.0 - o * o,), "tanh", "δ⁽²⁾₁"),  # right on paper, but not what is claimed: σ'(u)
    ("tanh", lambda o, x: (ROWS["sech2"](o),), "tanh", "δ⁽²⁾₁"),
    ("relu", lambda o, x: (1.0,), "relu", "δ⁽²⁾₁"),
    ("sub", lambda o, x, y: (1.0, 1.0), "tanh", "δ⁽²⁾₁"),
    ("sumprod", swapped_wrongly, "sigmoid", "∂Err/∂θ⁽¹⁾₁₁"),
    ("sumprod", last_edge_lost, "sigmoid", "δ⁽¹⁾₂"),
]


@pytest.fixture
def plant():
    planted = []

    def planting(row, rule):
        planted.append((TABLE[row], TABLE[row].rule))
        object.__setattr__(TABLE[row], "rule", rule)
        graph_rule.cache_clear()

    yield planting
    for row, rule in planted:
        object.__setattr__(row, "rule", rule)
    graph_rule.cache_clear()


@pytest.mark.parametrize(("row", "rule", "activation", "named"), BROKEN)
def test_a_wrong_rule_is_no_proof(plant, row, rule, activation, named):
    assert prove([2, 2, 1], activation, bias=False)
    plant(row, rule)
    proof = prove([2, 2, 1], activation, bias=False)
    assert not proof
    assert proof.first_wrong.term == named, str(proof)
    assert f"NOT proved: {named}" in proof.summary
    assert "WRONG" in str(proof)


def test_a_wrong_rule_is_found_with_fractions_too(plant):
    assert prove_exactly([2, 3, 2])
    plant("relu", lambda o, x: (1.0,))
    proof = prove_exactly([2, 3, 2])
    assert not proof and proof.first_wrong.term.startswith("δ⁽²⁾")


def test_a_sum_that_keeps_one_term_only(monkeypatch):
    """= instead of +=, where a neuron feeds several others."""
    right = sums.Sum.factor

    def last(self):
        self.terms = self.terms[-1:]
        return right(self)

    monkeypatch.setattr(sums.Sum, "factor", last)
    proof = prove([2, 2, 2])
    assert not proof and "δ" in proof.first_wrong.term


def test_a_wrong_hand_formula_is_found(monkeypatch):
    monkeypatch.setattr(deltas, "hidden_delta", lambda slope, following, column: slope * sum(following))
    proof = prove([2, 2, 1])
    assert not proof and proof.first_wrong.term == "δ⁽¹⁾₁"


def test_a_slope_that_is_not_the_derivative_fails_in_the_lemma(monkeypatch, plant):
    """The engine and the hand formula could agree on a wrong σ'; SymPy does not."""
    monkeypatch.setitem(ACTIVATION_RECORDS, "tanh", ACTIVATION_RECORDS["tanh"]._replace(slope="sigmoid_slope"))
    plant("tanh", lambda o, x: (ROWS["sigmoid_slope"](x),))
    proof = prove([1, 1], "tanh")
    assert not proof
    assert all(e.equal for e in proof.equations)
    assert proof.first_wrong.term == "dtanh/du"


# --- fractions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_fractions(activation):
    proof = prove_exactly([3, 4, 4, 2], activation, samples=10)
    assert proof, proof.summary
    numbers = [x for e in proof.equations for x in e.engine]
    assert all(isinstance(x, (Fraction, int)) for x in numbers)
    assert any(x != 0 for x in numbers) and any(isinstance(x, Fraction) and x.denominator > 1 for x in numbers)
    assert "samples of fractions" in str(proof)


# --- what it shows ----------------------------------------------------------------------------------------


def test_the_lecture_s_lines():
    proof = prove([2, 2, 2])
    lines = {e.term: e.lecture for e in proof.equations}
    assert lines["δ⁽²⁾₁"] == "−2·(y₁ − o⁽²⁾₁)·σ'(u⁽²⁾₁)"
    assert lines["δ⁽¹⁾₂"] == "σ'(u⁽¹⁾₂)·(δ⁽²⁾₁·θ⁽²⁾₁₂ + δ⁽²⁾₂·θ⁽²⁾₂₂)"
    assert lines["∂Err/∂θ⁽²⁾₁₂"] == "δ⁽²⁾₁·o⁽¹⁾₂"
    engine = {e.term: e.text for e in proof.equations}
    assert engine["δ⁽¹⁾₂"] == lines["δ⁽¹⁾₂"], "it emerges, letter by letter"
    assert engine["∂Err/∂θ⁽²⁾₁₂"] == lines["∂Err/∂θ⁽²⁾₁₂"]


def test_emergence_step_by_step():
    proof = prove([2, 2, 2], bias=False)
    chain, gathered, delta = proof.emergence
    assert chain.text.count("·θ⁽²⁾₁₁·σ'(u⁽¹⁾₁)") == 2 and chain.text.count("·θ⁽²⁾₂₁·σ'(u⁽¹⁾₁)") == 2
    assert gathered.text == "δ⁽²⁾₁·θ⁽²⁾₁₁·σ'(u⁽¹⁾₁) + δ⁽²⁾₂·θ⁽²⁾₂₁·σ'(u⁽¹⁾₁)"
    assert delta.text == "σ'(u⁽¹⁾₁)·(δ⁽²⁾₁·θ⁽²⁾₁₁ + δ⁽²⁾₂·θ⁽²⁾₂₁)"
    assert all(step.equal for step in proof.emergence)
    assert "How δ⁽¹⁾₁ emerges:" in str(proof)
    assert not prove([2, 2]).emergence


def test_latex():
    text = prove([2, 2, 1])._repr_latex_()
    assert r"\delta^{(1)}_{1} &= \sigma'(u^{(1)}_{1}) \, \delta^{(2)}_{1} \, \theta^{(2)}_{11}" in text
    assert text.count(r"\begin{aligned}") == 2 == text.count(r"\end{aligned}")
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prove([1, 1], "softmax"), "unknown activation"),
        (lambda: prove(MLP(1, [1], lambda u: u, seed=0)), "no σ'"),
        (lambda: prove([1, 1], loss="hinge"), "cross_entropy, .* squared_error and mean_squared_error"),
        (lambda: prove([1, 1], loss="cross_entropy"), "at least two classes"),
        (lambda: prove_exactly([1, 1], "tanh"), "relu and linear"),
    ],
)
def test_what_cannot_be_proved_is_said(call, message):
    with pytest.raises(AutogradValueError, match=message):
        call()


def test_shared_weights_are_for_the_certificate():
    net = MLP(2, [2], seed=0)
    net.layers[0].neurons[1].theta = net.layers[0].neurons[0].theta
    with pytest.raises(AutogradValueError, match="certify takes it"):
        prove(net)


def test_nothing_is_known_about_the_numbers():
    """The run that records the graph has a dead ReLU; the proof is about all inputs all the same."""
    net = MLP(1, [1, 1], "relu", seed=0)
    net.layers[0].neurons[0].bias.data = -10.0
    assert prove(net)
    assert isinstance(net.layers[0].neurons[0].bias, Value)


def test_fractions_are_samples_and_say_so():
    proof = prove_exactly([2, 2, 1], samples=3)
    assert proof.summary == "exactly equal: 3 δ and 9 gradients, on each of 3 samples of fractions"
    assert proof.samples == 3 and len(proof.equations[0].engine) == 3 and prove([1, 1]).samples == 0
    for samples in (0, -1, 2.5):
        with pytest.raises(AutogradValueError, match="samples is a number from 1"):
            prove_exactly([2, 2, 1], samples=samples)


def test_at_a_prompt_it_is_one_line():
    assert repr(prove([1, 1], bias=False)).startswith("<Proof: 1-1, sigmoid, squared error, without bias, for all")


@pytest.mark.parametrize("net", [[], [2], 3, None, "221"])
def test_what_is_no_architecture_is_named(net):
    with pytest.raises(
        AutogradValueError, match=r"prove takes an MLP, or its widths, inputs first, such as \[2, 3, 1\]"
    ):
        prove(net)


def test_a_lemma_with_a_kink_says_where_it_holds():
    assert prove([1, 1], "relu").lemmas[0].text.endswith("at u ≠ 0")
    assert "≠" not in prove([1, 1], "tanh").lemmas[0].text
