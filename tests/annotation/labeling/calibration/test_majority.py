"""What most said, counted by hand."""

from types import SimpleNamespace

import pytest

from annotation.labeling.calibration.majority import majority_fields


def said(*ranks, **fields):
    bad = [rank == "x" for rank in ranks]
    defaults = {"rest_below": False, "ratings": {}, "scale": None, "preference": None, "both": ""}
    return SimpleNamespace(
        ranks=[None if rank == "x" else rank for rank in ranks],
        unacceptable=bad,
        **(defaults | fields),
    )


@pytest.mark.parametrize(
    ("judgments", "expected"),
    [
        ([], {}),
        ([said(1, 2), said(1, 2), said(2, 1)], {"rank_a": "1", "rank_b": "2"}),
        ([said(1, 2), said(2, 1)], {"rank_a": "1", "rank_b": "1"}),
        # Each of the three beats one other: a tie of all.
        (
            [said(1, 2, 3), said(3, 1, 2), said(2, 3, 1)],
            {"rank_a": "1", "rank_b": "1", "rank_c": "1"},
        ),
        # Two of three reject the third response.
        (
            [said(1, 2, "x"), said(1, 2, "x"), said(3, 2, 1)],
            {"rank_a": "1", "rank_b": "2", "rank_c": "x"},
        ),
        # Nobody ranked the third one.
        ([said(2, 1, None)], {"rank_a": "2", "rank_b": "1"}),
    ],
)
def test_the_order_that_most_gave(judgments, expected):
    order = range(1, len(judgments[0].ranks) + 1) if judgments else []
    assert majority_fields(judgments, list(order)) == expected


def test_it_is_in_the_letters_of_the_page():
    fields = majority_fields([said(1, 2, 3)], [3, 1, 2])
    assert fields == {"rank_b": "1", "rank_c": "2", "rank_a": "3"}


def test_ratings_are_the_lower_median_and_not_applicable_where_most_said_so():
    judgments = [said(1, 2, ratings={"help": values}) for values in ([5, "na"], [2, "na"], [3, 1])]
    judgments.append(said(1, 2, ratings={"help": [4, None]}))
    fields = majority_fields(judgments, [1, 2])
    assert (fields["rating_help_a"], fields["rating_help_b"]) == ("3", "na")


def test_on_a_scale_the_most_frequent_answer():
    judgments = [said(1, 2, scale=7, preference=one) for one in (-2, -2, 1)]
    assert majority_fields(judgments, [1, 2]) == {"preference": "-2"}
    assert majority_fields(judgments, [2, 1]) == {"preference": "2"}
    both = [said(1, 1, scale=7, both="good")] * 2 + judgments[:1]
    assert majority_fields(both, [1, 2]) == {"preference": "good"}
