"""What the strip says at each event: the lecture's formulas with Python's numbers in them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autograd.words.text import signed
from nn import LOSSES, MLP

from .in_node import MADE, described, run

TELL = (
    MADE
    + """
  const net = made(given);
  net.forward(given.x); net.backward(given.y);
  return eventsOf(net).map((event) =>
    ({ ...event, phase: phaseOf(event), ...toldOf(event, net, given.y, 0.1, given.room) }));
"""
)


def tell(net: MLP, loss: str = "squared_error", y: Any = (1.0,), room: int = 6) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run(TELL, described(net, loss, x=[0.4, -0.7], y=list(y), room=room))
    return found


def number(text: str) -> str:
    return text.strip("()").lstrip("+")


def test_events_come_in_the_lecture_s_order() -> None:
    events = tell(MLP(2, [4, 3, 1], seed=1))
    assert len(events) == 34 and len(tell(MLP(2, [8, 8, 1], seed=1))) == 70
    kinds = re.sub(r"(.)\1+", r"\1", "".join(e["kind"][0] for e in events if e["kind"] not in "uo"))
    assert kinds == "eδθδθδθu"
    assert [e["phase"] for e in events[:17]] == ["forward →"] * 17
    assert events[-1]["phase"] == "update" and all(e["phase"] == "← backward" for e in events[17:-1])


@pytest.mark.parametrize("sigma", ["tanh", "relu", "sigmoid"])
def test_every_number_is_python_s(sigma: str) -> None:
    net = MLP(2, [4, 3, 1], sigma, "tanh", seed=2)
    ran = net.forward([0.4, -0.7])
    LOSSES["squared_error"](ran.outputs, 1.0).backward()
    for event in tell(net):
        k, i, terms = event.get("k"), event.get("i"), event["terms"]
        if event["kind"] == "u":
            assert number(terms[0]["number"]) == number(signed(ran.u[k][i].data))
            thetas = [number(t["number"]) for t in terms if t["symbol"].startswith("θ")]
            assert thetas == [number(signed(θ.data)) for θ in ran.theta[k][i]]
        elif event["kind"] == "o":
            assert number(terms[0]["number"]) == number(signed(ran.o[k][i].data))
            assert f"σ = {sigma if k < 2 else 'tanh'}" in event["say"]
        elif event["kind"] == "δ":
            assert number(terms[0]["number"]) == number(signed(ran.delta[k][i]))
            assert terms[0]["gradient"] == pytest.approx(ran.delta[k][i], abs=1e-15)
        elif event["kind"] == "θ":
            slopes = [number(t["number"]) for t in terms if t["symbol"].startswith("∂Err")]
            assert slopes == [number(signed(θ.grad)) for θ in net.layers[k].neurons[i].theta]


def test_the_hidden_delta_stands_as_the_lecture_has_it() -> None:
    event = next(e for e in tell(MLP(2, [4, 3, 1], seed=1)) if e["kind"] == "δ" and e["k"] == 0 and e["i"] == 1)
    assert event["general"] == "δᵢ = σ′(uᵢ) · Σⱼ δⱼ · θⱼᵢ"
    assert [t["symbol"] for t in event["terms"]] == [
        "δ⁽¹⁾₂", "=", "σ′(u⁽¹⁾₂)", "· (", "δ⁽²⁾₁", "·", "θ⁽²⁾₁₂", "+", "δ⁽²⁾₂", "·", "θ⁽²⁾₂₂", "+",
        "δ⁽²⁾₃", "·", "θ⁽²⁾₃₂", ")",
    ]  # fmt: skip
    assert event["say"].startswith(
        "Neuron 2 of layer 1 is blamed by the 3 neurons after it, each as far as its θ reaches;"
    )


def test_a_silent_neuron_is_told_and_a_long_sum_is_cut() -> None:
    net = MLP(2, [8, 8, 1], "relu", "linear", seed=1)
    net.layers[0].neurons[0].bias.data = -50.0  # type: ignore[union-attr]
    events = tell(net, room=4)
    silent = next(e for e in events if e["kind"] == "δ" and e["k"] == 0 and e["i"] == 0)
    assert silent["say"] == "Neuron 1 of layer 1 is silent here: σ′ = 0 lets nothing through."
    long = next(e for e in events if e["kind"] == "u" and e["k"] == 1)
    symbols = [t["symbol"] for t in long["terms"]]
    assert "…" in symbols and symbols[-1] == "b⁽²⁾₁" and symbols.count("·") == 2


def test_every_loss_is_told() -> None:
    for loss in LOSSES:
        outputs = 3 if loss == "cross_entropy" else 2
        y = [2.0] if loss == "cross_entropy" else [1.0, 1.0]
        events = tell(MLP(2, [3, outputs], "tanh", "linear", seed=1), loss, y)
        err = next(e for e in events if e["kind"] == "err")
        assert err["general"].startswith("Err = ") and err["terms"][0]["symbol"] == "Err"
        assert sum(e["kind"] == "δ" for e in events) == 3 + outputs


def test_an_update_shows_as_many_digits_as_it_takes_to_see_it() -> None:
    for event in tell(MLP(2, [4, 3, 1], seed=1))[-1:]:
        after, _, before = (t["number"] for t in event["terms"][:3])
        assert after != before
