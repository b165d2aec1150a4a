"""The test that may be looked at after every outcome."""

import itertools
import math

import numpy as np
import pytest

from annotation.quality.stats.sequential import sequential_test


def e_value(outcomes, mean, prior=10.0):
    """By the product of predictive chances: after s wins in n the mixture expects the next one
    with (a + s) / (2a + n). Another way to the same number than Beta functions."""
    value, won = 1.0, 0.0
    for n, x in enumerate(outcomes):
        expected = (prior + won) / (2 * prior + n)
        value *= expected / mean if x else (1 - expected) / (1 - mean)
        won += x
    return value


@pytest.mark.parametrize("outcomes", [(1,), (0,), (1, 1, 0, 1), (0, 1) * 9, (1,) * 12])
def test_the_e_value_is_the_product_of_predictions(outcomes):
    test = sequential_test(outcomes)
    assert test.log_e[-1] == pytest.approx(math.log(e_value(outcomes, 0.5)), abs=1e-10)


@pytest.mark.parametrize("mean", [0.3, 0.5, 0.8])
def test_in_the_mean_over_all_sequences_it_stays_one(mean):
    """Exactly: every sequence of 8 wins and losses with its chance."""
    total = sum(
        mean ** sum(run) * (1 - mean) ** (8 - sum(run)) * e_value(run, mean)
        for run in itertools.product((0, 1), repeat=8)
    )
    assert total == pytest.approx(1, abs=1e-12)


def test_ties_make_it_smaller_in_the_mean_never_larger():
    """Even chances with ties: win 0.3, tie 0.4, loss 0.3, every sequence of 6 with its chance."""
    chance = {1.0: 0.3, 0.5: 0.4, 0.0: 0.3}
    total = sum(
        math.prod(chance[x] for x in run) * math.exp(sequential_test(run).log_e[-1])
        for run in itertools.product(chance, repeat=6)
    )
    assert total < 1


def looks(rng, runs, length, chances):
    values = rng.choice([0.0, 0.5, 1.0], size=(runs, length), p=chances)
    return [sequential_test(row, alpha=0.05) for row in values]


@pytest.mark.parametrize("chances", [(0.5, 0.0, 0.5), (0.3, 0.4, 0.3)])
def test_looking_after_every_outcome_errs_in_at_most_alpha_of_all_runs(chances):
    """300 runs of 400 even outcomes, a look after each: at most 5 %, and 2.6 standard errors."""
    tests = looks(np.random.default_rng(12), 300, 400, chances)
    wrong = np.mean([test.decided_at is not None for test in tests])
    assert wrong <= 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / 300)


def test_a_fixed_interval_looked_at_as_often_errs_far_more():
    """The positive control: z = 1.96 after every outcome from the 20th on, of even chances."""
    rng = np.random.default_rng(12)
    x = rng.choice([0.0, 1.0], size=(600, 600))
    n = np.arange(1, 601)
    z = np.abs(x.cumsum(axis=1) - n / 2) / np.sqrt(n / 4)
    assert np.mean((z[:, 20:] > 1.96).any(axis=1)) > 0.25


def test_the_sequence_covers_the_true_mean_at_all_times():
    tests = looks(np.random.default_rng(5), 200, 200, (0.35, 0.1, 0.55))
    outside = [((test.low > 0.6) | (test.high < 0.6)).any() for test in tests]
    assert np.mean(outside) <= 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / 200)


def test_what_differs_is_found_soon():
    tests = looks(np.random.default_rng(8), 100, 200, (0.25, 0.0, 0.75))
    assert all(test.finding == "better" for test in tests)
    assert np.mean([test.decided_at for test in tests]) < 60


def test_the_interval_ends_where_the_e_value_is_one_over_alpha():
    outcomes = [1, 1, 0, 1, 0, 1, 1, 1, 0, 1]
    test = sequential_test(outcomes, alpha=0.05)
    ends = [low for low in test.low if low == test.low[-1]]
    assert len(ends) == 1, "the last look is the narrowest here"
    assert e_value(outcomes, float(test.low[-1])) == pytest.approx(20, rel=1e-6)


def test_the_sequence_only_narrows_and_mirrors_itself():
    outcomes = np.random.default_rng(3).choice([0.0, 0.5, 1.0], size=200)
    test, mirrored = sequential_test(outcomes), sequential_test(1 - outcomes)
    assert (np.diff(test.low) >= 0).all()
    assert (np.diff(test.high) <= 0).all()
    np.testing.assert_allclose(test.low, 1 - mirrored.high, atol=1e-9)


def test_no_outcome_decides_nothing():
    test = sequential_test([])
    assert (test.finding, test.decided_at, test.low.size) == ("undecided", None, 0)


@pytest.mark.parametrize("outcomes", [[1.5], [-0.1], [float("nan")], [[1, 0]]])
def test_what_is_no_outcome_is_refused(outcomes):
    with pytest.raises(ValueError, match="outcomes"):
        sequential_test(outcomes)
