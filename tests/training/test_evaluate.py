"""Figures of held-out comparisons against numbers worked out by hand or published."""

import math
import tracemalloc

import numpy as np
import pytest

from training import evaluate


def test_wilson_gives_the_published_interval():
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score, no correction)."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (successes, n), interval in published.items():
        assert evaluate.wilson(successes, n) == pytest.approx(interval, abs=5e-5)
    assert evaluate.wilson(0, 0) == (0.0, 1.0)


def test_equal_scores_count_half():
    assert evaluate.correct(np.array([2.0, -1.0, 0.0])).tolist() == [1, 0, 0.5]


def test_accuracy_resamples_prompts_not_comparisons():
    """Forty prompts of five equal comparisons are forty observations, not two hundred."""
    chance = np.random.default_rng(3)
    per_prompt = np.where(chance.random(40) < 0.7, 1.0, -1.0)
    difference = np.repeat(per_prompt, 5)

    clustered = evaluate.accuracy(difference, [str(n // 5) for n in range(200)])
    independent = evaluate.accuracy(difference, [str(n) for n in range(200)])

    assert clustered.value == independent.value == pytest.approx(float((per_prompt > 0).mean()))
    assert clustered.method == "bootstrap over prompts"
    assert independent.method == "Wilson"
    widths = [one.high - one.low for one in (clustered, independent)]
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(5), rel=0.15)


def test_perfect_accuracy_keeps_an_honest_interval():
    one = evaluate.accuracy(np.ones(24), [str(n // 2) for n in range(24)])

    # Twelve prompts: as wide as twelve of twelve.
    assert (one.low, one.high) == pytest.approx(evaluate.wilson(12, 12))


def test_a_reward_that_copies_length_is_not_better_than_length():
    chance = np.random.default_rng(5)
    length = chance.normal(1, 2, size=300)
    prompts = [str(n) for n in range(300)]

    metrics, baselines = evaluate.judge_reward(length, np.ones(300), prompts, length, 1)

    assert metrics["accuracy"]["value"] == baselines["length"]["value"]
    assert metrics["beats_length"] == {"value": 0.0, "low": 0.0, "high": 0.0, "better": False}
    assert evaluate.verdict(metrics).startswith("not better than length")


def test_a_reward_that_knows_more_is_better_than_length():
    chance = np.random.default_rng(5)
    length = chance.normal(0, 1, size=300)
    reward = np.where(chance.random(300) < 0.9, 1.0, -1.0)

    metrics, _ = evaluate.judge_reward(
        reward, np.ones(300), [str(n) for n in range(300)], length, 1
    )

    assert metrics["beats_length"]["better"]
    assert evaluate.verdict(metrics).startswith("better than length (+")


def test_a_handful_of_prompts_proves_nothing():
    """All right on one prompt against all wrong by length: no evidence of anything."""
    metrics, _ = evaluate.judge_reward(np.ones(5), np.ones(5), ["p"] * 5, -np.ones(5), 1)

    assert metrics["beats_length"]["value"] == 1.0
    assert not metrics["beats_length"]["better"]


def test_the_length_rule_takes_its_direction_from_training():
    assert evaluate.length_direction(np.array([3.0, 2.0, -1.0])) == 1
    assert evaluate.length_direction(np.array([-3.0, -2.0, 1.0])) == -1
    _, baselines = evaluate.judge_reward(
        np.ones(4), np.ones(4), list("abcd"), np.array([-1.0, -1.0, -1.0, 1.0]), -1
    )
    assert baselines["length"]["value"] == 0.75
    assert baselines["length"]["rule"] == "shorter"


def test_log_loss_and_calibration_by_hand():
    nothing = np.zeros(4)
    assert evaluate.log_loss(nothing, np.ones(4)) == pytest.approx(math.log(2))
    assert evaluate.log_loss(np.array([1.0]), np.array([0.5])) == pytest.approx(0.8132617)
    # Confidence s(log 3) = 0.75, three of four right: calibrated.
    sure = math.log(3)
    assert evaluate.calibration_error(np.array([sure, sure, sure, -sure])) == pytest.approx(0)
    assert evaluate.calibration_error(np.array([sure] * 4)) == pytest.approx(0.25)
    # No overflow where the reward is absurdly sure.
    assert evaluate.log_loss(np.array([1e4, -1e4]), np.ones(2)) == pytest.approx(5e3)


def test_many_prompts_are_resampled_a_part_at_a_time_with_the_draws_of_all_at_once():
    prompts = 3000
    values = np.random.default_rng(3).random(prompts)
    clusters = [f"{n:05}" for n in range(prompts)]
    tracemalloc.start()
    try:
        means = evaluate._resampled_means(values, clusters, 7)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    even = np.full(prompts, 1 / prompts)
    draws = np.random.default_rng(7).multinomial(prompts, even, size=evaluate.RESAMPLES)
    np.testing.assert_allclose(means, draws @ values / prompts, rtol=1e-12)
    assert most < draws.nbytes / 4
