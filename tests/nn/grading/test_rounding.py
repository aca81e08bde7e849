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


def test_products_of_u_may_be_as_coarse_as_u_and_all_that_follows_finer():
    net = MLP(4, [2], "linear")
    numbers = [
        *(1.0110062308671408, -0.6616678677043861, 0.9007888990057553, 0.943586106905711, -0.10360947955261057),
        *(0.4999468299494727, 0.09248033345820894, -0.2778603655985593, 0.9814370342679914, -0.5222877800286799),
    ]
    for p, number in zip(net.parameters(), numbers):
        p.data = number
    x = [1.6324284485583749, 0.4301753805642621, -1.6866614186726903, 1.3923233371080541]
    answer = {"u": [[1.0567, 2.1688]], "o": [[1.0567, 2.1688]], "delta": [[1.0, 1.0]], "dtheta": [[[
        1.632428, 0.430175, -1.686661, 1.392323]] * 2], "db": [[1.0, 1.0]]}  # fmt: skip
    assert round(sum(t * v for t, v in zip(numbers, x)) + numbers[4], 4) == 1.0566  # and not as it was handed in
    assert grade(net, x, [-1.0, -1.0], answer, loss="hinge")
    answer["u"] = answer["o"] = [[1.0587, 2.1688]]
    assert not grade(net, x, [-1.0, -1.0], answer, loss="hinge")
