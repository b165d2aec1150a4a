"""Rankings of one item to comparisons, against numbers worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.datasets.best import best_response
from annotation.datasets.comparisons import (
    DROP_REASONS,
    Ballot,
    Candidate,
    Comparison,
    Drop,
    compare_item,
)
from annotation.datasets.policy import Policy
from annotation.labeling.verdict import dense
from annotation.labeling.verdict.scale import ranking_of_preference

A, B, C = (
    Candidate(key, text, position)
    for position, (key, text) in enumerate([("a", "One."), ("b", "Two."), ("c", "Three.")], 1)
)


def ballots(*rankings, strength=()):
    """A ballot per ranking: numbers, "x" for unacceptable, None for not ranked."""
    made = []
    for number, ranking in enumerate(rankings, 1):
        bad = [rank == "x" for rank in ranking]
        ranks = dense([None if rank == "x" else rank for rank in ranking])
        made.append(Ballot(f"i/w{number}/1", ranks, bad, strength))
    return made


def outcomes(candidates, given_ballots, **policy):
    return list(compare_item(candidates, given_ballots, Policy(**policy)))


def only(candidates, given_ballots, **policy):
    (outcome,) = outcomes(candidates, given_ballots, **policy)
    return outcome


def test_two_of_three_votes_give_two_thirds():
    pair = only([A, B], ballots([1, 2], [1, 2], [2, 1]))
    assert (pair.chosen, pair.rejected, pair.is_tie) == (A, B, False)
    assert pair.share == pytest.approx(2 / 3, abs=1e-6)
    assert pair.votes == 3
    assert pair.ballots == ["i/w1/1", "i/w2/1", "i/w3/1"]


def test_a_tie_vote_counts_half_for_each():
    pair = only([A, B], ballots([2, 1], [2, 1], [1, 1]))
    assert pair.chosen == B
    assert pair.share == pytest.approx(2.5 / 3, abs=1e-6)


def test_one_vote_each_is_a_tie():
    pair = only([A, B], ballots([1, 2], [2, 1]))
    assert pair.is_tie
    assert pair.share == 0.5
    assert pair.margin == 0.0


@pytest.mark.parametrize(("labels", "is_tie"), [("majority", True), ("soft", False)])
def test_two_ties_and_a_vote_are_a_tie_by_majority_and_two_thirds_softly(labels, is_tie):
    pair = only([A, B], ballots([1, 1], [1, 1], [1, 2]), labels=labels)
    assert pair.is_tie is is_tie
    assert pair.chosen == A
    assert pair.share == pytest.approx(2 / 3, abs=1e-6)


def test_a_vote_and_a_tie_are_a_comparison_either_way():
    for labels in ("majority", "soft"):
        pair = only([A, B], ballots([1, 2], [1, 1]), labels=labels)
        assert (pair.is_tie, pair.share) == (False, 0.75)


def test_margin_is_the_mean_strength_of_the_votes_for_chosen():
    said = [
        Ballot("1", (1, 2), (False, False), (3,)),
        Ballot("2", (1, 2), (False, False), (1,)),
        Ballot("3", (1, 2), (False, False)),
        Ballot("4", (2, 1), (False, False), (3,)),
    ]
    assert only([A, B], said).margin == pytest.approx((1 + 1 / 3 + 0) / 3, abs=1e-6)


def test_strengths_add_up_over_tiers_and_stop_at_far():
    (ballot,) = ballots([1, 2, 3], strength=(1, 1))
    assert ballot.strength_between(1, 2) == pytest.approx(1 / 3)
    assert ballot.strength_between(1, 3) == pytest.approx(2 / 3)
    (ballot,) = ballots([1, 2, 3], strength=(3, None))
    assert ballot.strength_between(1, 3) == 1.0
    assert ballot.strength_between(2, 3) == 0.0


def test_a_ranking_of_three_gives_three_pairs_in_the_order_of_keys():
    made = outcomes([C, B, A], ballots([2, 1, 2]))
    assert [(p.chosen.key, p.rejected.key, p.is_tie) for p in made] == [
        ("b", "a", False),
        ("a", "c", True),
        ("b", "c", False),
    ]


def test_unacceptable_loses_against_acceptable_even_unranked():
    pair = only([A, B], ballots(["x", 1]))
    assert (pair.chosen, pair.share) == (B, 1.0)


def test_both_unacceptable_is_no_tie():
    assert only([A, B], ballots(["x", "x"])) == Drop("both_unacceptable")
    kept = only([A, B], ballots(["x", "x"]), drop_both_unacceptable=False)
    assert kept.is_tie


def test_a_lone_order_does_not_speak_for_those_who_found_both_unacceptable():
    assert only([A, B], ballots(["x", "x"], ["x", "x"], [1, 2])) == Drop("both_unacceptable")
    pair = only([A, B], ballots(["x", "x"], [1, 2], [1, 2]))
    assert (pair.share, pair.votes) == (1.0, 2)


def test_a_response_left_out_gives_no_vote():
    made = outcomes([A, B, C], ballots([1, 2, None]))
    assert isinstance(made[0], Comparison)
    assert made[1:] == [Drop("not_ranked"), Drop("not_ranked")]


def best_only(*ranks):
    bad = [rank == "x" for rank in ranks]
    ranks = dense([None if rank == "x" else rank for rank in ranks])
    return [Ballot("i/w1/1", ranks, bad, rest_below=True)]


def test_what_a_top_ranking_leaves_out_lies_below_but_is_in_no_order_itself():
    """The best of three, worked out by hand: b > a, b > c, and nothing between a and c."""
    ab, ac, bc = outcomes([A, B, C], best_only(None, 1, None))
    assert (ab.chosen, ab.rejected, ab.share, ab.margin) == (B, A, 1.0, 0.0)
    assert ac == Drop("not_ranked")
    assert (bc.chosen, bc.rejected) == (B, C)
    best = best_response([A, B, C], best_only(None, 1, None), Policy())
    assert best == B


def test_what_was_left_out_is_not_compared_with_what_is_unacceptable():
    ab, ac, bc = outcomes([A, B, C], best_only(1, None, "x"))
    assert (ab.chosen, ac.chosen) == (A, A)
    assert bc == Drop("not_ranked")
    # The same ranking without “the rest lies below” says nothing of what it leaves out.
    (ballot,) = ballots([1, None, "x"])
    assert ballot.sign(1, 2) is None
    assert best_only(1, None, "x")[0].sign(2, 1) == 1


@pytest.mark.parametrize(
    ("preference", "both", "expected"),
    [
        (-3, "", (A, False, 1.0)),
        (1, "", (B, False, 1 / 3)),
        (0, "", (A, True, 0.0)),
        (None, "good", (A, True, 0.0)),
        (None, "bad", Drop("both_unacceptable")),
    ],
)
def test_an_answer_on_the_scale_is_a_vote_and_its_distance_the_margin(preference, both, expected):
    said = ranking_of_preference(preference, both)
    outcome = only([A, B], [Ballot("i/w1/1", *said)])
    if isinstance(outcome, Comparison):
        assert expected[:2] == (outcome.chosen, outcome.is_tie)
        assert outcome.margin == pytest.approx(expected[2], abs=1e-6)
    else:
        assert outcome == expected


def test_too_few_votes_are_left_out_and_enough_are_kept():
    assert only([A, B], ballots([1, 2]), min_votes=2) == Drop("too_few_votes")
    assert isinstance(only([A, B], ballots([1, 2], [1, 2]), min_votes=2), Comparison)


@pytest.mark.parametrize(
    ("text", "switch", "reason"),
    [("", "drop_empty", "empty_text"), (" \n", "drop_empty", "empty_text"),
     ("One.", "drop_equal", "equal_texts")],
)  # fmt: skip
def test_unusable_texts_are_left_out_unless_switched_on(text, switch, reason):
    other = Candidate("b", text, 2)
    assert only([A, other], ballots([1, 2])) == Drop(reason)
    assert isinstance(only([A, other], ballots([1, 2]), **{switch: False}), Comparison)


@pytest.mark.parametrize(
    ("rankings", "expected"),
    [
        (([1, 2, 3], [1, 3, 2], [2, 1, 3]), A),
        (([1, 2, 2], [2, 1, 2]), "no_single_best"),
        ((["x", "x", "x"],), "best_is_unacceptable"),
        (([1, None, None],), "too_few_votes"),
        # Borda: a beats b 2:1 and c 3:0 (mean 5/6); b has 1/3 and 1; c nothing.
        (([1, 2, 3], [1, 2, 3], [2, 1, 3]), A),
    ],
)
def test_the_best_response(rankings, expected):
    assert best_response([A, B, C], ballots(*rankings), Policy()) == expected


def test_two_equal_texts_at_the_top_are_one_best():
    twin = Candidate("b", A.text, 2)
    assert best_response([A, twin, C], ballots([1, 1, 2]), Policy()) == A


def test_an_empty_best_is_no_example():
    empty = Candidate("b", "", 2)
    assert best_response([A, empty], ballots([2, 1]), Policy()) == "best_is_empty"
    assert best_response([A, empty], ballots([2, 1]), Policy(drop_empty=False)) == empty


def test_a_best_that_half_call_unacceptable_is_no_example():
    found = best_response([A, B], ballots([1, 2], ["x", "x"], ["x", "x"]), Policy())
    assert found == "best_is_unacceptable"


texts = st.sampled_from(["", "same", "one", "two", "three"])
ranks = st.sampled_from([None, "x", 1, 2, 3])


@given(
    st.lists(texts, min_size=2, max_size=5).flatmap(
        lambda found: st.tuples(
            st.just(found),
            st.lists(
                st.lists(ranks, min_size=len(found), max_size=len(found)), min_size=1, max_size=4
            ),
        )
    ),
    st.sampled_from(["majority", "soft"]),
    st.integers(1, 3),
)
def test_every_pair_comes_out_once_with_a_share_that_makes_sense(world, labels, min_votes):
    found, rankings = world
    candidates = [Candidate("abcde"[i], text, i + 1) for i, text in enumerate(found)]
    made = outcomes(candidates, ballots(*rankings), labels=labels, min_votes=min_votes)
    count = len(found)
    assert len(made) == count * (count - 1) // 2
    for outcome in made:
        if isinstance(outcome, Drop):
            assert outcome.reason in DROP_REASONS
        else:
            assert len(outcome.ballots) == outcome.votes >= min_votes
            assert outcome.share > 0.5 or outcome.is_tie
            assert 0 <= outcome.margin <= 1
    assert outcomes(candidates[::-1], ballots(*rankings), labels=labels, min_votes=min_votes) == (
        made
    )
