"""What meets a known answer: by hand, and what must hold of any answer."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.labeling.gold.rule import best_of, inversions_of, most_inversions, outcome_of


def said(*ranks, rest_below=False, ratings=None):
    """By position: a tier, "x" for unacceptable, or None."""
    return SimpleNamespace(
        ranks=[rank if isinstance(rank, int) else None for rank in ranks],
        unacceptable=[rank == "x" for rank in ranks],
        rest_below=rest_below,
        ratings=ratings or {},
    )


def answer(*ranks, tolerance="exact", most=None, slack=1, **more):
    known = said(*ranks, **more)
    known.tolerance, known.max_inversions, known.rating_slack = tolerance, most, slack
    return known


def is_met(known, judged, points=None):
    return outcome_of(known, judged, points).is_met


# The same order


@pytest.mark.parametrize("ranks", [(2, 1, 3), (1, 1, 3), (1, 2, 2), (1, 2, "x"), (1, 2, None)])
def test_another_order_tie_or_mark_does_not_meet_an_exact_answer(ranks):
    assert is_met(answer(1, 2, 3), said(1, 2, 3))
    assert not is_met(answer(1, 2, 3), said(*ranks))


def test_a_tie_of_the_answer_is_a_tie_of_the_judgment():
    assert is_met(answer(1, 2, 2), said(1, 2, 2))
    assert not is_met(answer(1, 2, 2), said(1, 2, 3))


def test_what_the_answer_leaves_out_is_not_asked():
    known = answer(1, 2, None)
    for third in (1, 2, 3, "x", None):
        assert is_met(known, said(1, 2, third)), third


def test_of_the_best_ones_what_is_left_out_lies_below():
    known = answer(1, 2, None, None, rest_below=True)
    assert is_met(known, said(1, 2, None, None, rest_below=True))
    assert is_met(known, said(1, 2, 3, 4))
    assert not is_met(known, said(1, 3, 2, None, rest_below=True))
    assert not is_met(known, said(1, 2, None, "x", rest_below=True))


def test_the_floor_is_below_everything_and_a_statement_of_its_own():
    known = answer(1, "x", "x")
    assert is_met(known, said(1, "x", "x"))
    assert not is_met(known, said(1, 2, "x"))
    assert is_met(answer("x", "x"), said("x", "x"))


# The same best response


def test_only_the_best_counts_where_that_is_enough():
    known = answer(1, 2, 3, tolerance="best")
    for ranks in ((1, 3, 2), (1, 2, 2), (1, "x", None)):
        assert is_met(known, said(*ranks)), ranks
    for ranks in ((1, 1, 2), (2, 1, 3), ("x", 1, 2), (None, None, None)):
        assert not is_met(known, said(*ranks)), ranks


def test_two_best_ones_are_both_wanted_and_nothing_beside_them():
    known = answer(1, 1, 2, tolerance="best")
    assert is_met(known, said(1, 1, 2))
    for ranks in ((1, 2, 3), (2, 1, 3), (1, 1, 1)):
        assert not is_met(known, said(*ranks)), ranks


def test_where_nothing_is_acceptable_that_is_the_answer():
    known = answer("x", "x", tolerance="best")
    assert is_met(known, said("x", "x"))
    assert not is_met(known, said(1, "x"))
    assert not is_met(known, said(None, None))


def test_the_best_is_looked_for_among_what_the_answer_speaks_of():
    known = answer(1, 2, None, tolerance="best")
    assert best_of(known, said(2, 3, 1)) == {0}
    assert is_met(known, said(2, 3, 1))


# Pairs the other way round


@pytest.mark.parametrize(
    ("ranks", "distance"),
    [
        ((1, 2, 3, 4), 0),
        ((2, 1, 3, 4), 1),
        ((2, 1, 4, 3), 2),
        ((4, 3, 2, 1), 6),
        ((1, 1, 2, 3), 0.5),
        ((1, 1, 1, 1), 3),
        ((1, 2, 3, "x"), 0),
        ((1, 2, "x", "x"), 0.5),
        ((1, 2, 3, None), 3),
        ((None, None, None, None), 6),
    ],
)
def test_the_distance_from_a_strict_order(ranks, distance):
    assert inversions_of(answer(1, 2, 3, 4), said(*ranks)) == distance


def test_a_tie_of_the_answer_that_was_ordered_is_half_a_pair():
    assert inversions_of(answer(1, 1, 2), said(1, 2, 3)) == 0.5
    assert inversions_of(answer(1, 1, 2), said(2, 3, 1)) == 2.5
    assert most_inversions(answer(1, 1, 2)) == 2.5


def test_as_many_as_are_allowed_meet_the_answer():
    known = answer(1, 2, 3, 4, tolerance="inversions", most=1)
    assert is_met(known, said(2, 1, 3, 4))
    assert is_met(known, said(1, 1, 2, 2))
    assert not is_met(known, said(2, 1, 4, 4))
    assert not is_met(known, said(2, 3, 1, 4))


def test_a_mark_too_many_or_too_few_is_no_inversion():
    known = answer(1, 2, "x", tolerance="inversions", most=2)
    assert is_met(known, said(2, 1, "x"))
    assert not is_met(known, said(1, 2, 3))
    assert not is_met(known, said(1, "x", "x"))


# Ratings


def test_ratings_may_differ_by_the_slack_where_the_answer_has_them():
    known = answer(1, 2, ratings={"tone": [4, None]})
    for tone in ([3, 1], [4, None], [5, "na"]):
        assert is_met(known, said(1, 2, ratings={"tone": tone})), tone
    for tone in ([2, None], [None, 4], ["na", 4]):
        assert not is_met(known, said(1, 2, ratings={"tone": tone})), tone
    assert not is_met(known, said(1, 2))
    assert outcome_of(known, said(1, 2)).missed_ratings == ("tone",)


def test_not_applicable_is_only_itself():
    known = answer(1, 2, ratings={"tone": ["na", None]})
    assert is_met(known, said(1, 2, ratings={"tone": ["na", 1]}))
    assert not is_met(known, said(1, 2, ratings={"tone": [1, 1]}))


def test_yes_is_not_nearly_no():
    known = answer(1, 2, ratings={"safe": [1, 0]})
    points = {"safe": range(2)}
    assert is_met(known, said(1, 2, ratings={"safe": [1, 0]}), points)
    assert not is_met(known, said(1, 2, ratings={"safe": [1, 1]}), points)


def test_a_criterion_that_was_not_asked_for_is_not_missed():
    known = answer(1, 2, ratings={"tone": [4, 4]})
    assert is_met(known, said(1, 2), points={})
    assert not is_met(known, said(1, 2), points={"tone": range(1, 6)})


# Of any answer

TIERS = st.sampled_from([1, 2, 3, 4, "x", None])


@st.composite
def pairs_of_verdicts(draw):
    count = draw(st.integers(1, 6))
    ranks = [draw(st.lists(TIERS, min_size=count, max_size=count)) for _ in range(2)]
    rated = st.lists(st.sampled_from([None, 1, 3, 5, "na"]), min_size=count, max_size=count)
    known = answer(
        *ranks[0],
        tolerance=draw(st.sampled_from(["exact", "best", "inversions"])),
        most=draw(st.integers(0, 3)),
        slack=draw(st.integers(0, 2)),
        rest_below=draw(st.booleans()),
        ratings={"tone": draw(rated)},
    )
    judged = said(*ranks[1], rest_below=draw(st.booleans()), ratings={"tone": draw(rated)})
    return known, judged, draw(st.permutations(range(count)))


def permuted(one, places):
    fields = vars(one) | {
        "ranks": [one.ranks[place] for place in places],
        "unacceptable": [one.unacceptable[place] for place in places],
        "ratings": {
            key: [values[place] for place in places] for key, values in one.ratings.items()
        },
    }
    return SimpleNamespace(**fields)


@given(pairs_of_verdicts())
def test_the_places_of_the_responses_change_nothing(drawn):
    known, judged, places = drawn
    assert outcome_of(permuted(known, places), permuted(judged, places)) == outcome_of(
        known, judged
    )


@given(pairs_of_verdicts())
def test_the_answer_meets_itself(drawn):
    known, _judged, _places = drawn
    assert is_met(known, known)


@given(pairs_of_verdicts())
def test_more_tolerance_refuses_nothing_that_less_accepts(drawn):
    known, judged, _places = drawn
    met = {}
    for tolerance in ("exact", "inversions", "best"):
        known.tolerance = tolerance
        met[tolerance] = is_met(known, judged)
    if met["exact"]:
        assert met["inversions"]
        assert met["best"]
    known.tolerance = "inversions"
    known.max_inversions += 1
    assert is_met(known, judged) or not met["inversions"]


def test_an_answer_about_one_response_asks_for_no_order():
    alone, silent = answer(1, tolerance="best"), said(None)
    assert is_met(alone, silent)
    alone.tolerance = "exact"
    assert is_met(alone, silent)


@given(pairs_of_verdicts())
def test_no_order_is_further_away_than_the_most(drawn):
    known, judged, _places = drawn
    judged.ranks = [rank or 9 for rank in judged.ranks]  # nothing left open
    assert inversions_of(known, judged) <= most_inversions(known)
