import krippendorff
import numpy as np
import pytest
from scipy.stats import rankdata

from annotation.quality.stats.rank_alpha import rank_alpha, rank_ratings
from annotation.quality.stats.rankings import Rankings, ranking_agreement

NAN = np.nan


def some_rankings(seed, n_items=20, gaps=0.2):
    rng = np.random.default_rng(seed)
    item, labeler = (axis.ravel() for axis in np.indices((n_items, 3)))
    worth = rng.normal(size=(n_items, 5))
    ranks = np.round(worth[item] + rng.normal(size=(len(item), 5)))
    ranks[rng.random(ranks.shape) < gaps] = NAN
    return Rankings.of(item, labeler, ranks)


def test_rank_alpha_equals_krippendorff_on_midranks():
    for seed in range(4):
        rankings = some_rankings(seed)
        table = np.full((3, 100), NAN)
        for item, labeler, ranks in zip(
            rankings.item, rankings.labeler, rankings.ranks, strict=True
        ):
            known = np.isfinite(ranks)
            table[labeler, item * 5 + np.flatnonzero(known)] = rankdata(ranks[known])
        expected = krippendorff.alpha(table, level_of_measurement="ordinal")
        estimate = rank_alpha(rankings, seed=1, n_resamples=300)
        assert estimate.value == pytest.approx(expected)
        assert estimate.ci[0] < expected < estimate.ci[1]
        assert estimate.n_items == 20


def test_the_same_order_is_one_and_the_reverse_below_zero():
    same = Rankings.of([0, 0], [0, 1], [[1, 2, 2, 5], [3, 4, 4, 9]])
    assert rank_alpha(same).value == pytest.approx(1.0)
    reverse = Rankings.of([0, 0], [0, 1], [[1, 2, 3, 4], [4, 3, 2, 1]])
    assert rank_alpha(reverse).value < 0


def test_midranks_of_a_ranking_with_ties_and_a_gap():
    ratings = rank_ratings(Rankings.of([3], [0], [[2, NAN, 1, 2]]))
    assert ratings.category.tolist() == [5, 2, 5]  # twice 2.5, 1 and 2.5
    assert ratings.item_of_unit.tolist() == [3, 3, 3]


def test_where_it_does_not_exist():
    assert rank_alpha(Rankings.of([], [], np.zeros((0, 4)))).reason == "no_data"
    assert rank_alpha(Rankings.of([0], [0], [[1, 2]])).reason == "no_pairable"
    tied = Rankings.of([0, 0], [0, 1], [[1, 1], [2, 2]])
    assert rank_alpha(tied).reason == "no_variation"


def test_tau_x_of_items_is_defined_where_all_is_tied():
    tied = Rankings.of([0, 0, 1, 1], [0, 1, 0, 1], [[1, 1], [2, 2], [1, 2], [2, 1]])
    agreement = ranking_agreement(tied, seed=1)
    assert agreement.tau_x.value == pytest.approx((1 - 1) / 2)
    assert agreement.tau_x.n_undefined == 0
    assert agreement.tau_b.n_undefined == 1
