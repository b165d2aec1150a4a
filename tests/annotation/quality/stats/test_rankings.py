import numpy as np
import pytest
from scipy.stats import friedmanchisquare, kendalltau

from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.comparisons import (
    cohen_by_labelers,
    floor_unacceptable,
    rankings_to_comparisons,
)
from annotation.quality.stats.concordance import kendall_w
from annotation.quality.stats.rankings import (
    Rankings,
    kendall_tau_b,
    pairs_within,
    ranking_agreement,
)

NAN = np.nan


def test_tau_b_of_the_scipy_example():
    estimate = kendall_tau_b([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])
    assert estimate.value == pytest.approx(-0.47140452079103173)


def test_tau_b_and_w_equal_scipy_on_random_rankings_with_ties():
    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(60):
        m, n = rng.integers(2, 6), rng.integers(3, 9)
        ranks = rng.integers(1, 5, (m, n)).astype(float)
        tau = kendalltau(ranks[0], ranks[1]).statistic
        ours = kendall_tau_b(ranks[0], ranks[1])
        if np.isnan(tau):
            assert ours.reason == "all_tied"
        else:
            assert ours.value == pytest.approx(tau)
        if m >= 3:
            friedman = friedmanchisquare(*ranks.T).statistic
            assert kendall_w(ranks).value == pytest.approx(friedman / (m * (n - 1)))
            compared += 1
    assert compared > 20


def test_everything_tied_is_undefined_not_zero():
    assert kendall_w([[1, 1, 1], [2, 2, 2]]).reason == "all_tied"
    assert kendall_tau_b([1, 1, 1], [1, 2, 3]).reason == "all_tied"


def test_one_labeler_has_no_concordance_although_the_formula_says_one():
    assert kendall_w([[1, 2, 3]]).reason == "no_pairable"
    assert kendall_w(np.zeros((0, 3))).reason == "no_data"
    assert kendall_tau_b([1], [1]).reason == "no_pairable"


def test_a_gap_is_refused_where_all_must_have_ranked_all():
    assert kendall_w([[1, 2], [1, 2]]).value == 1.0
    with pytest.raises(ValueError, match="every labeler"):
        kendall_w([[1, NAN], [1, 2]])
    with pytest.raises(ValueError, match="every response"):
        kendall_tau_b([1, NAN], [1, 2])
    with pytest.raises(ValueError, match="same responses"):
        kendall_tau_b([1, 2, 3], [1, 2])


def test_a_labeler_cannot_be_counted_twice_on_an_item():
    assert len(Rankings.of([0, 0, 1], [0, 1, 0], [[1, 2]] * 3)) == 3
    with pytest.raises(ValueError, match="twice"):
        Rankings.of([0, 1, 0], [0, 0, 0], [[1, 2]] * 3)
    with pytest.raises(ValueError, match="one item"):
        Rankings.of([0, 1], [0], [[1, 2]])
    with pytest.raises(ValueError, match="finite"):
        Rankings.of([0], [0], [[1, np.inf]])


def test_the_mean_over_items_leaves_out_and_counts_the_undefined():
    rankings = Rankings.of(
        [0, 0, 1, 1, 2, 2, 3],
        [0, 1, 0, 1, 0, 1, 0],
        [[1, 2, 3], [1, 2, 3], [1, 1, 1], [2, 2, 2], [1, 2, 3], [3, 2, 1], [1, 2, 3]],
    )
    agreement = ranking_agreement(rankings, seed=1)

    assert agreement.kendall_w.value == pytest.approx((1.0 + 0.0) / 2)
    assert agreement.tau_b.value == pytest.approx((1.0 - 1.0) / 2)
    for estimate in (agreement.kendall_w, agreement.tau_b):
        assert (estimate.n_items, estimate.n_pairable, estimate.n_ratings) == (4, 3, 7)
        assert estimate.n_undefined == 1
        assert estimate.ci is not None
    assert agreement.tau_b_by_item == pytest.approx([1.0, NAN, -1.0, NAN], nan_ok=True)


def test_only_what_both_ranked_is_compared():
    """Two labelers agree on a and b; that one left out c and the other d changes nothing."""
    rankings = Rankings.of([0, 0], [0, 1], [[1, 2, NAN, 3], [1, 2, 3, NAN]])
    agreement = ranking_agreement(rankings)
    assert agreement.kendall_w.value == pytest.approx(1.0)
    assert agreement.tau_b.value == pytest.approx(1.0)


def test_rankings_of_different_responses_say_so():
    rankings = Rankings.of([0, 0], [0, 1], [[1, 2, NAN, NAN], [NAN, NAN, 1, 2]])
    agreement = ranking_agreement(rankings)
    assert agreement.kendall_w.reason == "no_common_responses"
    assert agreement.tau_b.reason == "no_common_responses"


def test_w_of_many_items_equals_w_of_each():
    rng = np.random.default_rng(5)
    sizes = rng.integers(2, 5, 40)
    item = np.repeat(np.arange(40), sizes)
    labeler = np.concatenate([np.arange(size) for size in sizes])
    ranks = rng.integers(1, 4, (len(item), 4)).astype(float)
    ranks[item % 3 == 0, 3] = NAN  # items of three responses beside items of four

    each = [
        kendall_w(ranks[item == i][:, np.isfinite(ranks[item == i][0])]).value for i in range(40)
    ]
    defined = [value for value in each if value is not None]

    together = ranking_agreement(Rankings.of(item, labeler, ranks)).kendall_w
    assert together.value == pytest.approx(np.mean(defined))
    assert together.n_undefined == each.count(None)


def test_pairs_within_an_item():
    first, second = pairs_within(np.array([0, 0, 0, 1, 2, 2]))
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
        (1, 2),
        (4, 5),
    ]
    assert pairs_within(np.zeros(0, int))[0].size == 0


def test_a_ranking_becomes_all_its_pairs_in_the_items_own_order():
    """b > a = c, d left out: (a, b) higher, (a, c) tie, (b, c) lower."""
    comparisons = rankings_to_comparisons(Rankings.of([5], [2], [[2, 1, 2, NAN]]))
    assert comparisons.outcome.tolist() == [2, 1, 0]
    assert comparisons.item_of_unit.tolist() == [5, 5, 5]
    assert comparisons.labeler.tolist() == [2, 2, 2]
    assert comparisons.counts().tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_no_rankings_give_no_comparisons():
    rankings = Rankings.of([], [], np.zeros((0, 4)))
    comparisons = rankings_to_comparisons(rankings)
    assert comparisons.counts().shape == (0, 3)
    assert cohen_by_labelers(comparisons) == {}
    assert ranking_agreement(rankings, seed=1).kendall_w.reason == "no_data"
    assert ranking_agreement(rankings, seed=1).tau_b.reason == "no_data"


def test_unacceptable_is_one_tier_below_all_others():
    ranks = np.array([[1.0, 2.0, 3.0, NAN], [1.0, 1.0, 2.0, NAN]])
    unacceptable = np.array([[False, True, False, True], [False] * 4])
    floored = floor_unacceptable(ranks, unacceptable)
    assert floored[0].tolist() == [1.0, 4.0, 3.0, 4.0]
    assert floored[1, :3].tolist() == [1.0, 1.0, 2.0]
    assert np.isnan(floored[1, 3])


def test_cohen_by_labelers_takes_only_what_the_two_share():
    rankings = Rankings.of(
        [0, 0, 1, 1, 2, 2, 3, 4],
        [0, 1, 0, 1, 0, 1, 2, 0],
        [[1, 2], [1, 2], [2, 1], [2, 1], [1, 1], [1, 2], [1, 2], [2, 1]],
    )
    kappas = cohen_by_labelers(rankings_to_comparisons(rankings), seed=4)
    assert set(kappas) == {(0, 1)}  # labeler 2 shares nothing with anybody
    assert kappas[0, 1].n_items == 3
    # Shared table: (lower, lower), (higher, higher), (tie, lower): p_o 2/3, p_e 3/9.
    assert kappas[0, 1].value == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))


def test_intervals_of_cohen_take_an_item_with_all_its_comparisons():
    """Four responses in one order or its reverse are six comparisons that say one thing: the
    interval is that of an item, far wider than six independent comparisons would make it."""
    rng = np.random.default_rng(8)
    item = np.repeat(np.arange(60), 2)
    labeler = np.tile([0, 1], 60)
    forwards = np.where((labeler == 0) | (rng.random(60).repeat(2) < 0.75), 1, -1)
    ranks = np.where(forwards[:, None] > 0, [1.0, 2, 3, 4], [4.0, 3, 2, 1])
    turn = rng.random(60).repeat(2) < 0.5
    ranks = np.where(turn[:, None], 5 - ranks, ranks)
    comparisons = rankings_to_comparisons(Rankings.of(item, labeler, ranks))

    kappa = cohen_by_labelers(comparisons, seed=1)[0, 1]
    alone = cohen_kappa(
        comparisons.outcome[comparisons.labeler == 0],
        comparisons.outcome[comparisons.labeler == 1],
        3,
        seed=1,
    )

    assert kappa.n_items == 60
    assert kappa.value == pytest.approx(alone.value)
    assert np.diff(kappa.ci)[0] > 1.5 * np.diff(alone.ci)[0]
    assert cohen_by_labelers(comparisons)[0, 1].ci is None
