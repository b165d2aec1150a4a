"""The card and the pages tell by one rule whether a reward is better than length."""

import numpy as np
import pytest

from annotation.runs import verdicts
from training import evaluate

CASES = {
    # value, low, high, prompts: what is told
    (0.26, -0.05, 0.50, 4): "open",
    (0.26, 0.05, 0.50, 4): "open",  # four prompts, whatever the interval says
    (0.26, 0.05, 0.50, 9): "open",
    (0.26, 0.05, 0.50, 10): "better",
    (0.05, -0.05, 0.15, 200): "open",
    (0.001, -0.004, 0.006, 5000): "not_better",  # no gain that matters
    (0.0, 0.0, 0.0, 300): "not_better",
    (-0.03, -0.50, 0.40, 2): "not_better",
    (-0.13, -0.22, -0.05, 263): "not_better",
}


@pytest.mark.parametrize("case", CASES)
def test_both_sides_tell_the_same(case):
    value, low, high, prompts = case
    gain = {"value": value, "low": low, "high": high}
    assert verdicts.outcome(gain, prompts) == evaluate.outcome(gain, prompts) == CASES[case]


def test_the_floors_are_the_same():
    assert verdicts.LEAST_PROMPTS == evaluate.LEAST_PROMPTS
    assert verdicts.RELEVANT == evaluate.RELEVANT


def test_nineteen_comparisons_of_four_prompts_are_too_few_on_both_sides():
    ours, theirs = np.ones(19), np.array([1.0] * 14 + [-1.0] * 5)
    prompts = [str(n % 4) for n in range(19)]
    metrics, _ = evaluate.judge_reward(ours, np.ones(19), prompts, theirs, 1)
    assert not metrics["beats_length"]["better"]
    card = evaluate.verdict(metrics)
    assert card.startswith("not told yet whether it is better than length: 19 comparisons of 4")
    page = verdicts.against_length(metrics)
    assert page.word == "not told yet against length"
    assert "+26.3 points" in page.sentence
    assert "on 19 comparisons of 4 prompts. That is too few" in page.sentence
