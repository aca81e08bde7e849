"""No right answer is accused, however it was rounded, cut off or computed in float32."""

from tests.benchmarks import styles


def test_no_right_answer_is_accused_in_any_style():
    wrong = styles.accused(3 * len(styles.STYLES), seed=1)
    assert not wrong, {style: [case[-1] for case in cases] for style, cases in wrong.items()}
