"""The learner's own rule: parsed and never run, judged at probes, and named where it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from nn import MLP

from .in_node import MADE, described, run

JUDGE = (
    MADE
    + """
  return given.map(([kind, text, g]) => {
    const net = made(g);
    net.forward(g.x); net.backward(g.y);
    const { right, mistake, mark, says } = judged(kind, text, net, Float64Array.from(g.y), 0.1);
    return [right ?? null, mistake ?? "", (mark ?? "") + says];
  });
"""
)


def judge(*asked: tuple[str, str], sigma: str = "tanh", output: str = "tanh", loss: str = "squared_error",
          shape: tuple[int, ...] = (3, 2, 1), scale: float = 1.0) -> list[Any]:  # fmt: skip
    net = MLP(2, shape, sigma, output, seed=4)
    for p in net.parameters():
        p.data *= scale
    g = described(net, loss, x=[0.4, -0.7], y=[1.0] * shape[-1])
    found: list[Any] = run(JUDGE, [[kind, text, g] for kind, text in asked])
    return found


RIGHT = [
    ("hidden", "s1 * sum"), ("hidden", "sum·s1"), ("hidden", "σ′(u) · Σ"), ("hidden", "(1 - o^2) * sum"),
    ("hidden", "sum - o*o*sum"), ("hidden", "s1 sum"), ("hidden", "-(-s1)*sum^1"), ("hidden", "2*s1*sum/2"),
    ("output", "-2*(y-ŷ)*s1"), ("output", "2 (yhat - y) σ'(u)"), ("output", "(1-ŷ²)·(2ŷ − 2y)"),
    ("slope", "δ o"), ("slope", "o*delta"), ("update", "θ - η*δ*o"), ("update", "theta − eta · d · o"),
]  # fmt: skip


def test_a_right_rule_is_right_however_it_is_written() -> None:
    for (kind, text), (right, _, says) in zip(RIGHT, judge(*RIGHT)):
        assert right is True and says.startswith("✓ agrees"), (kind, text, says)


def test_it_is_right_at_saturation_and_at_zero_weights_where_a_sample_could_not_tell() -> None:
    for scale in (0.0, 1e3):
        [(right, _, _), (wrong, mistake, says)] = judge(("hidden", "s1*sum"), ("hidden", "sum"), scale=scale)
        assert right is True and wrong is False and mistake == "σ′(u) is missing" and says.startswith("✗")


@pytest.mark.parametrize("sigma", ["tanh", "sigmoid", "relu", "gelu", "softplus", "elu"])
def test_each_sigma_has_its_own_slope(sigma: str) -> None:
    right, tanh = judge(("hidden", "s1*sum"), ("hidden", "(1-o*o)*sum"), sigma=sigma)
    assert right[0] is True and tanh[0] is (sigma == "tanh")


MISTAKES = [
    ("hidden", "sum", "σ′(u) is missing"), ("hidden", "-s1*sum", "the sign is wrong"),
    ("hidden", "s1", "Σ δ·θ is missing"),
    ("hidden", "2*s1*sum", "a factor 2"), ("hidden", "o*sum", "o stands in the place of σ′(u)"),
    ("hidden", "s1*s1*sum", "σ′(u) is there twice"), ("hidden", "s1+sum", ""),
    ("hidden", "u*sum", "u stands in the place of σ′(u)"),
    ("output", "2*(y-ŷ)*s1", "the sign is wrong"), ("output", "-(y-ŷ)*s1", "a factor 2"),
    ("output", "-2*(y-ŷ)", "σ′(u) is missing"), ("output", "(y-ŷ)*s1", "a factor −2"),
    ("slope", "δ", "o, what came along the line, is missing"), ("slope", "o", "δ is missing"),
    ("slope", "δ+o", "a product, not a sum"), ("slope", "-δ*o", "the sign is wrong"),
    ("update", "θ + η*δ*o", "uphill: the sign of the step is wrong"), ("update", "θ - δ*o", "η is missing"),
    ("update", "θ - η*δ", "o, what came along the line, is missing"),
    ("update", "η*δ*o", "the step alone is not the new θ"),
]  # fmt: skip


def test_mistakes_are_named_and_a_wrong_rule_is_never_right() -> None:
    for (kind, text, name), (right, mistake, says) in zip(MISTAKES, judge(*[(k, t) for k, t, _ in MISTAKES])):
        assert right is False and mistake == name and says.startswith("✗"), (kind, text, mistake)


REFUSED = [
    ("", "ends too early"), ("s1 *", "ends too early"), ("(s1", ") is missing"), ("s1) * 2", "not expected"),
    ("alert(1)", "not known"), ("constructor", "not known"), ("__proto__", "not known"), ("this", "not known"),
    ("s1.constructor", "not known"), ("s1[0]", "not expected"), ("`1`", "not known"), ("s1 = 2", "not expected"),
    ("x => x", "not known"), ("y * s1", "not known"), ("s1 ; sum", "not expected"), ("1" * 201, "longer"),
    ("(" * 150, "ends too early"), ("s1" + "*s1" * 90, "longer"), ("toString", "not known"),
    ("s1, sum", "not expected"),
]  # fmt: skip


def test_what_is_no_formula_is_told_and_never_run() -> None:
    for (text, words), (right, _, says) in zip(REFUSED, judge(*[("hidden", text) for text, _ in REFUSED])):
        assert right is None and words in says, (text, says)


TRAIN = (
    MADE
    + """
  return given.map(([kind, text, g]) => {
    const [mine, theirs] = [made(g), made(g)];
    const samples = g.X.map((x, i) => ({ x, y: [g.Y[i]] })), settings = { rate: 0.05, optimizer: "sgd", clip: 0 };
    const rule = parsed(text, RULES[kind].names), own = new Training(mine, hookOf(kind, rule));
    const engines = new Training(theirs);
    for (let k = 0; k < 20; k++) {
      const before = Float64Array.from(mine.theta);
      own.step(samples, settings);
      if (kind === "update") { mine.theta.set(before); movedBy(rule, mine.theta, own.total, settings.rate); }
      engines.step(samples, settings);
    }
    return [[...mine.theta], [...theirs.theta]];
  });
"""
)


def test_training_with_a_right_rule_is_training_and_with_a_wrong_one_is_not() -> None:
    net = MLP(2, [4, 3, 1], seed=1)
    g = described(net, "squared_error", X=[[0, 0], [0, 1], [1, 0], [1, 1]], Y=[-1, 1, 1, -1])
    right = [("hidden", "s1*sum"), ("output", "-2*(y-ŷ)*s1"), ("slope", "δ*o"), ("update", "θ-η*δ*o")]
    wrong = [("hidden", "sum"), ("output", "-(y-ŷ)*s1"), ("slope", "δ"), ("update", "θ-η*δ/2")]
    found = run(TRAIN, [[kind, text, g] for kind, text in right + wrong])
    for (kind, _), (mine, theirs) in zip(right, found[:4]):
        assert all(abs(a - b) < 1e-12 for a, b in zip(mine, theirs)), kind
    for (kind, _), (mine, theirs) in zip(wrong, found[4:]):
        assert any(abs(a - b) > 1e-3 for a, b in zip(mine, theirs)), kind
