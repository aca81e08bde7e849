"""No right answer is accused, however it was rounded, cut off or computed in float32."""

import random

import pytest

from nn import LOSSES, MLP, grade
from tests.benchmarks import styles


def test_no_right_answer_is_accused_in_any_style():
    wrong = styles.accused(3 * len(styles.STYLES), seed=1)
    assert not wrong, {style: [case[-1] for case in cases] for style, cases in wrong.items()}


@pytest.mark.parametrize("activation", ["gelu", "silu", "elu", "softplus", "softsign", "leaky_relu"])
@pytest.mark.parametrize("digits", [2, 3, 4, 17])
def test_nor_with_an_activation_whose_slope_turns_elsewhere(activation, digits):
    draw = random.Random(f"{activation} {digits}")
    for seed in range(4):
        net = MLP(
            3, [draw.randint(1, 4), draw.randint(1, 4), 2], activation, draw.choice([activation, "linear"]), seed=seed
        )
        for p in net.parameters():
            p.data = 2 * p.data if p.data else draw.uniform(-1, 1)
        x, y, loss = (
            [draw.uniform(-2, 2) for _ in range(3)],
            [0.3, -0.6],
            draw.choice(["squared_error", "half_squared_error"]),
        )
        run = net.forward(x)
        LOSSES[loss](run.outputs, y).backward()
        u, o = ([[round(v.data, digits) for v in layer] for layer in grid] for grid in (run.u, run.o))
        delta = [[round(d, digits) for d in layer] for layer in run.delta]
        for answer in (delta, {"u": u, "o": o, "delta": delta}):
            graded = grade(net, x, y, answer, loss=loss)
            assert graded, str(graded)
