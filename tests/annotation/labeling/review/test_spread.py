"""The measure of disagreement against numbers counted by hand, and its exact edges."""

import itertools
from types import SimpleNamespace

import pytest

from annotation.labeling.review.spread import order_spread, rating_spreads


def said(*ranks, rest_below=False):
    """Ranks by position; "x" is unacceptable, None is not ranked."""
    return SimpleNamespace(
        ranks=[None if rank == "x" else rank for rank in ranks],
        unacceptable=[rank == "x" for rank in ranks],
        rest_below=rest_below,
    )


@pytest.mark.parametrize(
    ("judgments", "value", "count"),
    [
        # Two of two responses: the same, the opposite, a tie against an order.
        ([said(1, 2), said(1, 2)], 0, 1),
        ([said(1, 2), said(2, 1)], 1, 1),
        ([said(1, 2), said(1, 1)], 0.5, 1),
        # Three labelers, two of one mind: of three comparisons two are the opposite.
        ([said(1, 2), said(1, 2), said(2, 1)], 2 / 3, 3),
        # Three responses, one neighbouring pair turned: 1 of 3.
        ([said(1, 2, 3), said(2, 1, 3)], 1 / 3, 3),
        # All turned; and one of four: (a b c d) against (a c b d) turns one pair of six.
        ([said(1, 2, 3), said(3, 2, 1)], 1, 3),
        ([said(1, 2, 3, 4), said(1, 3, 2, 4)], 1 / 6, 6),
        # Three labelers, three responses: 9 comparisons. (1 2 3) and (2 1 3) differ in one pair,
        # (1 2 3) and (3 2 1) in three, (2 1 3) and (3 2 1) in two: 6 of 9.
        ([said(1, 2, 3), said(2, 1, 3), said(3, 2, 1)], 6 / 9, 9),
        # Unacceptable lies below every place: a worse one or an unacceptable one says the same.
        ([said(1, 2), said(1, "x")], 0, 1),
        ([said(1, 2), said("x", 1)], 1, 1),
        ([said("x", "x"), said(1, 1)], 0, 1),
        # What one has not ranked is not compared …
        ([said(1, 2, None), said(2, 1, 3)], 1, 1),
        # … unless it lies below by the kind of ranking: a and b against c are comparisons.
        ([said(1, 2, None, rest_below=True), said(2, 1, 3)], 1 / 3, 3),
    ],
)
def test_it_is_what_a_hand_counts(judgments, value, count):
    found = order_spread(judgments)
    assert found.count == count
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize("judgments", [[], [said(1, 2)], [said(None, None), said(1, 2)], [said()]])
def test_where_nothing_can_be_compared_there_is_no_number(judgments):
    assert order_spread(judgments) == (None, 0)


def test_neither_the_order_of_labelers_nor_of_responses_matters():
    judgments = [said(1, 2, 2, 3), said(2, 1, "x", 3), said(1, 1, 2, None)]
    expected = order_spread(judgments)
    for turned in itertools.permutations(judgments):
        assert order_spread(turned) == expected
    for places in itertools.permutations(range(4)):
        moved = [
            SimpleNamespace(
                ranks=[one.ranks[place] for place in places],
                unacceptable=[one.unacceptable[place] for place in places],
                rest_below=False,
            )
            for one in judgments
        ]
        assert order_spread(moved).value == pytest.approx(expected.value)


def test_ratings_by_the_width_of_their_scale():
    scale = {"helpfulness": (1, 5), "safe": (0, 1)}
    ratings = [
        {"helpfulness": [5, 3], "safe": [1, 1]},
        {"helpfulness": [1, 3], "safe": [1, 0]},
        {"helpfulness": [3, "na"]},
    ]
    found = rating_spreads(ratings, [scale] * 3)
    # Of a: |5−1|, |5−3|, |1−3| over 4; of b only the first two rated it: 0. Four comparisons.
    assert found["helpfulness"].value == pytest.approx((4 + 2 + 2 + 0) / 4 / 4)
    assert found["helpfulness"].count == 4
    assert found["safe"] == (0.5, 2)


def test_ratings_on_two_scales_are_shares_of_each():
    found = rating_spreads([{"h": [5]}, {"h": [7]}], [{"h": (1, 5)}, {"h": (1, 7)}])
    assert found["h"] == (0, 1)  # the top of both


def test_what_nobody_else_rated_or_no_scale_has_is_left_out():
    assert rating_spreads([{"h": [5]}, {}], [{"h": (1, 5)}] * 2) == {}
    assert rating_spreads([{"h": [5]}, {"h": [1]}], [{}, {}]) == {}
