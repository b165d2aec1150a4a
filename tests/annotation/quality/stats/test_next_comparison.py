"""Which comparison next, with what probability, and whether that beat chance."""

import json
from collections import Counter

import numpy as np
import pytest

from annotation.quality.stats.arms import compare_arms
from annotation.quality.stats.bradley_terry import bradley_terry
from annotation.quality.stats.next_comparison import (
    ensemble_disagreement,
    information_gains,
    most_uncertain,
    next_comparisons,
    spanning_tree,
)
from annotation.quality.stats.outcomes import compare_generators


def linked_fit():
    return bradley_terry(
        [[0, 9, 1, 0], [2, 0, 1, 2], [1, 2, 0, 1], [1, 0, 1, 0]], prior_strength=0.5
    )


def test_the_gain_is_what_the_variance_loses():
    """To first order p (1 - p) Var(d) is the share of Var(d) that a comparison takes away."""
    fit = linked_fit()
    gains = information_gains(fit.ability, fit.covariance)
    assert gains == pytest.approx(gains.T)
    assert (np.diag(gains) == 0).all()
    information = np.linalg.inv(fit.covariance + np.ones((4, 4)))
    toward = np.array([1.0, 0, 0, -1])
    p = 1 / (1 + np.exp(fit.ability[3] - fit.ability[0]))
    after = np.linalg.inv(information + np.outer(toward, toward) * p * (1 - p))
    before = toward @ fit.covariance @ toward
    assert toward @ after @ toward == pytest.approx(before / (1 + gains[0, 3]))


def test_what_was_compared_most_is_asked_least():
    fit = linked_fit()
    gains = information_gains(fit.ability, fit.covariance)
    assert gains[0, 1] == gains[np.triu_indices(4, 1)].min()


def test_a_spanning_tree_takes_the_largest_gains():
    pairs = [(0, 1), (0, 2), (1, 2), (2, 3), (1, 3)]
    assert spanning_tree(pairs, [5, 4, 3, 1, 2]).tolist() == [0, 1, 4]
    assert spanning_tree([(0, 1), (2, 3)], [1, 1]).tolist() == [0, 1]


def test_probabilities_are_those_of_the_draws():
    """The first choice, drawn 4,000 times: every frequency within five standard errors."""
    fit, draws = linked_fit(), 4000
    rng = np.random.default_rng(1)
    chosen = [next_comparisons(fit, 1, rng=rng)[0] for _ in range(draws)]
    told = {(c.first, c.second): c.probability for c in chosen}
    assert sum(told.values()) == pytest.approx(1)
    seen = Counter((c.first, c.second) for c in chosen)
    for pair, probability in told.items():
        spread = np.sqrt(probability * (1 - probability) / draws)
        assert abs(seen[pair] / draws - probability) < 5 * spread
    arms = Counter(c.arm for c in chosen)
    assert arms["control"] / draws == pytest.approx(0.10, abs=0.025)
    assert arms["explore"] / draws == pytest.approx(0.9 * 0.15, abs=0.03)
    assert min(told.values()) >= (0.1 + 0.9 * 0.15) / 6 - 1e-12  # no pair is out of reach


def test_each_pick_of_a_batch_is_told_given_those_before():
    """Replayed with the same seed and a larger budget, what came first is the same."""
    fit = linked_fit()
    short, long = (
        next_comparisons(fit, budget, rng=np.random.default_rng(3)) for budget in (4, 9)
    )
    assert short == long[:4]
    json.dumps([c.as_json() for c in long], allow_nan=False)


def test_a_batch_of_information_spreads_over_the_tree():
    fit = linked_fit()
    options = {"explore": 0.1, "control": 0.1}
    for seed in range(20):
        batch = next_comparisons(fit, 3, rng=np.random.default_rng(seed), **options)
        if all(c.arm == "information" for c in batch):
            assert len({(c.first, c.second) for c in batch}) == 3
            assert {c.first for c in batch} | {c.second for c in batch} == {0, 1, 2, 3}
            return
    pytest.fail("no batch was of information alone")


def test_what_is_not_linked_is_joined_first():
    fit = bradley_terry(np.diag([3.0, 0, 2], k=1)[:4, :4], prior_strength=0.5)  # 0-1 and 2-3
    across = {(0, 2), (0, 3), (1, 2), (1, 3)}
    for seed in range(30):
        batch = next_comparisons(fit, 30, rng=np.random.default_rng(seed))
        aimed = [c for c in batch if c.arm in ("connect", "information")]
        joined = next(n for n, c in enumerate(batch) if (c.first, c.second) in across)
        assert all(c.arm != "information" for c in batch[: joined + 1])
        assert all(c.arm != "connect" for c in batch[joined + 1 :])
        assert aimed


def test_only_pairs_that_can_be_asked_for_are():
    eligible = np.zeros((4, 4), bool)
    eligible[0, 1] = eligible[3, 2] = True
    batch = next_comparisons(linked_fit(), 20, rng=np.random.default_rng(1), eligible=eligible)
    assert {(c.first, c.second) for c in batch} == {(0, 1), (2, 3)}
    nothing = np.zeros((4, 4), bool)
    assert not next_comparisons(linked_fit(), 3, rng=np.random.default_rng(1), eligible=nothing)


@pytest.mark.parametrize("shares", [{"explore": 0.05}, {"control": 0.0}, {"explore": 1.1}])
def test_exploration_and_control_cannot_be_turned_off(shares):
    with pytest.raises(ValueError, match="shares"):
        next_comparisons(linked_fit(), 1, rng=np.random.default_rng(1), **shares)


def test_a_fit_that_does_not_know_everybody_is_refused():
    fit = bradley_terry([[0, 1, 0], [1, 0, 0], [0, 0, 0]], when_not_identified="per_component")
    with pytest.raises(ValueError, match="prior"):
        next_comparisons(fit, 1, rng=np.random.default_rng(1))


def test_an_ensemble_that_agrees_on_a_toss_up_teaches_nothing():
    """Three members: all sure; all undecided; each sure of something else."""
    first, second = [[5, 0, 5], [5, 0, -5], [5, 0, 5]], [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    variance, bald = ensemble_disagreement(first, second)
    assert variance == pytest.approx([0, 0, 100 / 3])
    assert bald[:2] == pytest.approx([0, 0], abs=1e-12)
    p, q = 1 / (1 + np.exp(-5)), 1 / (1 + np.exp(5))

    def entropy(x):
        return -(x * np.log(x) + (1 - x) * np.log(1 - x))

    assert bald[2] == pytest.approx(entropy((2 * p + q) / 3) - entropy(p))
    assert most_uncertain(bald, 2).tolist() == [2]
    assert most_uncertain([3, 1, 3, 2], 3, asked=[True, False, False, False]).tolist() == [2, 3, 1]
    with pytest.raises(ValueError):
        ensemble_disagreement([[1.0]], [[0.0]])
    with pytest.raises(ValueError):
        ensemble_disagreement([[1.0], [np.nan]], [[0.0], [0.0]])


def judged(rng, ability, pairs):
    first, second = np.array(pairs).T
    won = rng.random(len(first)) < 1 / (1 + np.exp(ability[second] - ability[first]))
    return compare_generators(first, second, np.where(won, 0, 2), len(ability))


def random_pairs(rng, n, size):
    first = rng.integers(0, n, size)
    return np.stack([first, (first + rng.integers(1, n, size)) % n], axis=1)


def test_arms_that_are_too_small_are_not_compared():
    rng = np.random.default_rng(1)
    ability = np.linspace(-1, 1, 4)
    arm = judged(rng, ability, random_pairs(rng, 4, 60))
    few = arm.where(np.arange(49))
    report = compare_arms(few, arm, arm, seed=1)
    assert report.verdict == "too_few"
    assert report.agreement.as_json()["reason"] == "too_few"
    assert compare_arms(arm, arm, arm.where(np.arange(29)), seed=1).verdict == "too_few"
    json.dumps(report.as_json(), allow_nan=False)


def test_an_arm_that_asks_what_is_known_is_worse_than_chance():
    """All its judgments on two of eight generators: nothing of the other six."""
    rng = np.random.default_rng(2)
    ability = np.linspace(-2, 2, 8)
    held_out = judged(rng, ability, random_pairs(rng, 8, 400))
    chance = judged(rng, ability, random_pairs(rng, 8, 300))
    narrow = judged(rng, ability, [(0, 7)] * 300)
    report = compare_arms(narrow, chance, held_out, seed=1, n_resamples=100)
    assert report.verdict == "worse"
    assert report.precision.ci[1] < 1
    turned = compare_arms(chance, narrow, held_out, seed=1, n_resamples=100)
    assert turned.verdict == "better"
    assert turned.precision.contrast == pytest.approx(1 / report.precision.contrast)
    again = compare_arms(narrow, chance, held_out, seed=1, n_resamples=100)
    assert again == report


def test_an_arm_against_itself_makes_no_difference():
    rng = np.random.default_rng(3)
    ability = np.linspace(-1, 1, 5)
    arm, held_out = (judged(rng, ability, random_pairs(rng, 5, n)) for n in (200, 200))
    report = compare_arms(arm, arm, held_out, seed=1, n_resamples=100)
    assert report.verdict == "no_difference"
    assert report.agreement.contrast == 0
    assert report.precision.contrast == pytest.approx(1)
