"""Intervals, places, win rates and Elo: what is told of abilities."""

import json
from statistics import NormalDist

import evalica
import numpy as np
import pytest

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.ability_intervals import (
    bootstrap_abilities,
    rank_intervals,
    ranks_by_overlap,
    wald_intervals,
)
from annotation.quality.stats.bradley_terry import bradley_terry, fit_abilities
from annotation.quality.stats.elo import elo, elo_over_orders, on_elo_scale
from annotation.quality.stats.outcomes import compare_generators, outcome_matrix
from annotation.quality.stats.win_rates import win_rate_matrix

from . import published as pub


def test_an_interval_is_two_errors_wide():
    fit = bradley_terry(pub.citations(), reference=0)
    low, high = wald_intervals(fit)[1]
    z = NormalDist().inv_cdf(0.975)
    assert (high - low) / 2 == pytest.approx(z * fit.errors[1])
    assert wald_intervals(fit)[0] == (0, 0)  # the reference, by definition


def test_places_by_differences_do_not_depend_on_the_reference():
    games = pub.baseball()
    places = [rank_intervals(fit_abilities(games, reference=r)) for r in ("mean", 0, 6)]
    assert places[0] == places[1] == places[2]
    assert places[0][6] == (7, 7)  # Baltimore won 31 of 78 fewer than anybody: clearly last
    assert places[0][0][0] == 1


def test_overlap_is_never_surer_than_the_difference():
    fit = fit_abilities(pub.baseball())
    for sure, overlap in zip(
        rank_intervals(fit), ranks_by_overlap(wald_intervals(fit)), strict=True
    ):
        assert overlap[0] <= sure[0]
        assert overlap[1] >= sure[1]


def test_between_components_nothing_is_clear():
    fit = bradley_terry([[0, 10, 5], [3, 0, 0], [0, 0, 0]], when_not_identified="per_component")
    assert wald_intervals(fit)[2] is None
    assert rank_intervals(fit)[2] is None
    apart = bradley_terry(
        [[0, 90, 0, 0], [1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 1, 0]],
        when_not_identified="per_component",
    )
    assert rank_intervals(apart) == [(1, 3), (2, 4), (1, 4), (1, 4)]


def test_the_bootstrap_draws_items_and_agrees_with_the_sandwich():
    rng = np.random.default_rng(5)
    first = rng.integers(0, 4, 1500)
    second = (first + rng.integers(1, 4, 1500)) % 4
    won = rng.random(1500) < 1 / (1 + np.exp(-(second - first) * 0.4))
    # Five comparisons of an item that agree with each other: plain errors are too small.
    games = compare_generators(
        np.repeat(first, 5), np.repeat(second, 5), np.repeat(2 * ~won, 5), 4,
        item=np.repeat(np.arange(1500), 5),
    )  # fmt: skip
    fit = fit_abilities(games)
    draws = bootstrap_abilities(games, seed=1, n_resamples=200)
    assert draws.abilities.std(axis=0) == pytest.approx(fit.errors, rel=0.15)
    assert (np.sqrt(np.diag(fit.covariance)) < 0.6 * fit.errors).all()
    assert draws.rank_intervals() == [(1, 1), (2, 2), (3, 3), (4, 4)]
    again = bootstrap_abilities(games, seed=1, n_resamples=200)
    assert again.intervals() == draws.intervals()
    for (low, high), value in zip(draws.intervals(), fit.ability, strict=True):
        assert low < value < high


def test_a_bootstrap_whose_draws_fall_apart_says_nothing():
    games = compare_generators([0, 0, 1, 1], [1, 1, 2, 2], [0, 2, 0, 2], 3)
    draws = bootstrap_abilities(games, seed=1, n_resamples=50)
    assert draws.n_undefined > 5
    assert draws.intervals() == [None] * 3
    assert draws.rank_intervals() == [None] * 3
    assert all(bootstrap_abilities(games, seed=1, n_resamples=50, prior_strength=0.5).intervals())


def test_win_rates_with_their_intervals():
    games = compare_generators([0, 1, 0, 0], [1, 0, 1, 1], [0, 0, 1, 0], 3)
    rates = win_rate_matrix(outcome_matrix(games))
    assert rates.rate[0, 1] == 2.5 / 4
    assert rates.rate[1, 0] == 1.5 / 4
    assert rates.tied[0, 1] == 1 / 4
    told = rates.as_json()
    json.dumps(told, allow_nan=False)
    assert told["pairs"][0][2]["value"] is None
    assert told["pairs"][0][2]["reason"] == "never_compared"
    assert told["overall"][2] == {"value": None, "reason": "never_compared"}
    assert told["overall"][0]["value"] == 2.5 / 4


@pytest.mark.parametrize(("won", "lost"), [(81, 182), (20, 0), (0, 20), (17, 3)])
def test_without_ties_the_interval_is_wilsons(won, lost):
    rates = win_rate_matrix(outcome_matrix(pub.comparisons_of([[0, won], [lost, 0]])))
    assert (rates.low[0, 1], rates.high[0, 1]) == pytest.approx(wilson_interval(won, won + lost))


def test_elo_in_order_by_evalica():
    games = pub.baseball()
    names = np.array(list("abcdefg"))
    winner = {0: evalica.Winner.X, 2: evalica.Winner.Y}
    theirs = evalica.elo(
        names[games.first], names[games.second], [winner[int(o)] for o in games.outcome],
        initial=1000, base=10, scale=400, k=32,
    )  # fmt: skip
    assert elo(games) == pytest.approx([theirs.scores[name] for name in names], abs=1e-6)


def test_the_order_moves_elo_and_never_bradley_terry():
    games = pub.baseball()
    turned = games.where(np.arange(len(games))[::-1])
    assert np.abs(elo(games) - elo(turned)).max() > 1
    assert fit_abilities(games).ability == pytest.approx(fit_abilities(turned).ability, abs=1e-9)
    over = [elo_over_orders(g, seed=7, n_orders=20) for g in (games, turned)]
    sums = [r.rating.sum() for r in over]
    assert sums == pytest.approx([7000, 7000])
    assert over[0].spread.min() > 0
    assert (over[0].low <= over[0].rating).all()
    assert (over[0].rating <= over[0].high).all()


def test_averaged_elo_follows_the_abilities():
    games = pub.baseball()
    ability = on_elo_scale(fit_abilities(games).ability)
    assert on_elo_scale(np.array([0.0, np.log(10)])).tolist() == [1000, 1400]
    averaged = elo_over_orders(games, seed=1, n_orders=100, k=8).rating
    assert np.corrcoef(averaged, ability)[0, 1] > 0.98
    json.dumps(elo_over_orders(games, seed=1, n_orders=1).as_json(), allow_nan=False)
