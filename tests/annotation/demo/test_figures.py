import pytest

from annotation.demo.evaluation import say_rate
from annotation.demo.figures import Ballot, labeler_figures, outcome, quality_figures, win_rate


def ballot(item, labeler, *ranks, floor=None, seconds=None):
    return Ballot(item, labeler, ranks, floor or (False,) * len(ranks), seconds)


def row(rows, labeler):
    return next(row for row in rows if row["labeler"] == labeler)


def test_agreement_counts_the_pairs_that_both_put_in_an_order():
    # w1: 1 > 2 > 3. w2: 1 > 2 = 3. Both order (1, 2) and (1, 3), alike; (2, 3) is a tie for w2.
    rows = labeler_figures([ballot(1, "w1", 1, 2, 3), ballot(1, "w2", 1, 2, 2)])
    assert row(rows, "w1")["pairs"] == row(rows, "w2")["pairs"] == 2
    assert row(rows, "w1")["agreement"] == 1.0


def test_an_inverted_labeler_agrees_with_nobody_and_comes_first():
    ballots = []
    for item in range(20):
        ballots += [ballot(item, "a", 1, 2, 3), ballot(item, "b", 1, 2, 3)]
        ballots += [ballot(item, "z", 3, 2, 1)]
    rows = labeler_figures(ballots)
    assert rows[0]["labeler"] == "z"
    assert rows[0]["agreement"] == 0
    assert rows[0]["is_suspicious"]
    assert row(rows, "a")["agreement"] == 0.5  # with b always, with z never


def test_what_a_ranking_of_the_best_leaves_out_lies_below():
    full = ballot(1, "w1", 1, 2, 3)
    best = Ballot(1, "w2", (None, 1, None), (False,) * 3, rest_below=True)
    rows = labeler_figures([full, best])
    # 2 before 1 against w1, 2 before 3 with w1, nothing on 1 and 3.
    assert (row(rows, "w1")["pairs"], row(rows, "w1")["agreement"]) == (2, 0.5)


def test_few_judgments_make_nobody_suspicious():
    few = [ballot(1, "a", 1, 2), ballot(1, "b", 2, 1)]
    many = [b for item in range(40) for b in (ballot(item, "a", 1, 2), ballot(item, "b", 2, 1))]
    assert not any(r["is_suspicious"] for r in labeler_figures(few))
    assert all(r["is_suspicious"] for r in labeler_figures(many))


def test_the_floor_is_below_every_tier_and_unranked_is_not_last():
    floored = ballot(1, "a", 1, None, floor=(False, True))
    ranked = ballot(1, "b", 1, 2)
    unranked = ballot(1, "c", 1, None)
    rows = labeler_figures([floored, ranked, unranked])
    assert row(rows, "a")["pairs"] == 1
    assert row(rows, "a")["agreement"] == 1.0
    assert row(rows, "c")["pairs"] == 0
    assert row(rows, "c")["agreement"] is None


def test_somebody_alone_has_no_agreement_but_a_median_time():
    rows = labeler_figures([ballot(n, "a", 1, 2, seconds=s) for n, s in enumerate((5, 9, 7))])
    assert rows[0]["agreement"] is None
    assert rows[0]["seconds"] == 7
    assert not rows[0]["is_suspicious"]


@pytest.mark.parametrize(
    ("votes", "expected"),
    [([1], 1), ([-1], 0), ([0], 0.5), ([1, -1], 0.5), ([1, 1, -1], 1), ([0, 0, -1], 0)],
)
def test_the_majority_decides_a_pair(votes, expected):
    assert outcome(votes) == expected


def test_the_win_rate_is_the_mean_with_an_interval_around_it():
    rate = win_rate([1.0] * 70 + [0.5] * 10 + [0.0] * 20, seed=1)
    assert rate["value"] == pytest.approx(0.75)
    assert (rate["n"], rate["wins"], rate["ties"], rate["losses"]) == (100, 70, 10, 20)
    # The standard error is sqrt(var / n): var = .7 + .1 / 4 - .75^2 = .1625, so about 0.040.
    assert rate["low"] == pytest.approx(0.75 - 1.96 * 0.0403, abs=0.015)
    assert rate["high"] == pytest.approx(0.75 + 1.96 * 0.0403, abs=0.015)
    assert say_rate(rate).startswith("75 % [")
    assert win_rate([1.0] * 70, seed=1) == win_rate([1.0] * 70, seed=1)


def test_without_pairs_there_is_a_reason_instead_of_a_number():
    rate = win_rate([], seed=1)
    assert rate["value"] is None
    assert "nothing was compared" in say_rate(rate)


def test_quality_figures_tell_a_good_reply_from_a_bad_one():
    message = "My kettle arrived broken, order 41."
    good = "Hello.\n\nWe have read it. We send a new one for order 41.\n\nRegards"
    bad = "You again.\n\nIt is only a kettle. We cancel it for order 99.\n\nWe are busy."
    assert quality_figures([(message, good)])["quality"] == 7
    both = quality_figures([(message, good), (message, bad)])
    assert both["good_share"] == both["fits_share"] == both["right_order_share"] == 0.5
