"""Which pairs of an item a policy takes, against orders worked out by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.datasets.choices import PAIRS, TIES, UNACCEPTABLE
from annotation.datasets.comparisons import DROP_REASONS, Belief, Candidate, Comparison, Drop
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.selection import rank_item
from tests.annotation.datasets.test_comparisons import A, B, C, ballots
from tests.annotation.datasets.test_comparisons import ranks as any_rank

D = Candidate("d", "Four.", 4)


def ranked(candidates, said, **policy):
    """{pair: chosen, "tie" or the reason why it was left out}; a list where votes stand alone."""
    found = rank_item(candidates, said, Policy(**policy))
    return [
        one.outcome.reason
        if isinstance(one.outcome, Drop)
        else "tie"
        if one.outcome.is_tie
        else one.outcome.chosen.key
        for one in found
    ]


ORDERED = ballots([1, 2, 3, 4], strength=(1, 2, 3))  # a > b > c > d
OUT = "other_pair"


@pytest.mark.parametrize(
    ("pairs", "expected"),  # of ab, ac, ad, bc, bd, cd
    [
        ("all", ["a", "a", "a", "b", "b", "c"]),
        ("adjacent", ["a", OUT, OUT, "b", OUT, "c"]),
        ("best_rest", ["a", "a", "a", OUT, OUT, OUT]),
        ("best_worst", [OUT, OUT, "a", OUT, OUT, OUT]),
    ],
)
def test_the_chosen_pairs_of_four_in_a_row(pairs, expected):
    assert ranked([A, B, C, D], ORDERED, pairs=pairs) == expected


def test_those_that_share_the_first_place_are_all_the_best():
    said = ballots([1, 1, 2])
    assert ranked([A, B, C], said, pairs="best_rest") == ["tie", "a", "b"]
    assert ranked([A, B, C], ballots([1, 2, 2]), pairs="best_rest") == ["a", "a", OUT]


def test_an_empty_response_takes_no_place_in_the_order():
    """Else the best would be one whose pairs are all left out."""
    empty = replace(A, text="")
    made = ranked([empty, B, C], ballots([1, 2, 3]), pairs="best_rest")
    assert made == ["empty_text", "empty_text", "b"]


def test_best_and_worst_go_by_all_judgments_or_by_each():
    said = ballots([1, 2, 3], [1, 2, 3], [3, 2, 1])
    together = ranked([A, B, C], said, pairs="best_worst")
    assert together == [OUT, "a", OUT]
    each = ranked([A, B, C], said, pairs="best_worst", labels="each")
    assert each == [OUT, "a", OUT, OUT, "a", OUT, OUT, "c", OUT]


def test_each_vote_is_a_comparison_that_names_its_judgment():
    said = ballots([1, 2], [2, 1], [1, 1], [None, 1])
    found = rank_item([A, B], said, Policy(labels="each"))
    assert [one.ranking for one in found] == ["i/w1/1", "i/w2/1", "i/w3/1", "i/w4/1"]
    first, second, third, silent = (one.outcome for one in found)
    assert (first.chosen, first.share, first.votes, first.ballots) == (A, 1.0, 1, ["i/w1/1"])
    assert second.chosen == B
    assert third.is_tie
    assert silent == Drop("not_ranked")
    few = ranked([A, B], said, labels="each", min_votes=4)
    assert few == ["too_few_votes"] * 3 + ["not_ranked"]


def test_ties_are_left_out_only_where_the_policy_says_so():
    assert rank_item([A, B], ballots([1, 1]), Policy(ties="drop"))[0].outcome == Drop("tie")
    assert isinstance(rank_item([A, B], ballots([1, 1]), Policy())[0].outcome, Comparison)


@pytest.mark.parametrize(("least", "kept"), [(0, 3), (1, 3), (2, 2), (3, 1)])
def test_a_least_strength_keeps_what_reaches_it_and_no_third_is_lost_to_rounding(least, kept):
    """a over b slightly, b over c clearly; a over c by both, which is far."""
    made = ranked([A, B, C], ballots([1, 2, 3], strength=(1, 2)), min_strength=least)
    assert made.count("too_weak") == 3 - kept


def test_a_mean_just_below_is_too_weak_and_a_tie_has_no_strength():
    said = [*ballots([1, 2], [1, 2], strength=(2,)), *ballots([1, 2], strength=(1,))]
    assert ranked([A, B], said, min_strength=2) == ["too_weak"]
    assert ranked([A, B], ballots([1, 1]), min_strength=3) == ["tie"]


def test_the_floor_is_below_or_out():
    said = ballots([1, "x", 2], [1, 2, 3])
    assert ranked([A, B, C], said) == ["a", "a", "tie"]
    assert ranked([A, B, C], said, unacceptable="drop") == ["unacceptable", "a", "unacceptable"]
    most_accept = [*said, *ballots([1, 2, 3])]
    assert ranked([A, B, C], most_accept, unacceptable="drop") == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("text", "is_left_out"),
    [
        ("No.\n\nHuman: Why?\n\nAssistant: So.", True),
        ("No.\n \nUser: Why?", True),
        ("Human: I think", True),
        ("They are.  Human: How?", True),
        ("A human: being", False),
        ("The Assistant helps.", False),
        ("Ask the\nassistant: maybe", False),
    ],
)
def test_a_response_that_speaks_for_both_sides(text, is_left_out):
    pair = [A, replace(B, text=text)]
    expected = "further_turns" if is_left_out else "a"
    assert ranked(pair, ballots([1, 2]), drop_turns=True) == [expected]
    assert ranked(pair, ballots([1, 2])) == ["a"]


def test_the_order_follows_the_consensus_where_there_is_one():
    """Two votes say a > b > c; weighed, c is the best."""
    said = ballots([1, 2, 3], [1, 2, 3])
    believed = [Belief(-1, 0.9, False, 0.5), Belief(1, 0.9, False, 0.5), Belief(1, 0.9, False, 1)]
    found = rank_item([A, B, C], said, Policy(consensus="one_coin", pairs="best_rest"),
                      believed.__getitem__)  # fmt: skip
    assert [isinstance(one.outcome, Drop) for one in found] == [True, False, False]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"labels": "each", "consensus": "one_coin"}, "consensus"),
        ({"labels": "each", "settled": True}, "settled"),
        ({"min_strength": 4}, "min_strength"),
        ({"min_strength": True}, "min_strength"),
        ({"max_per_prompt": -1}, "max_per_prompt"),
        ({"near_from": 0.4}, "near_from"),
        ({"near_from": float("nan")}, "near_from"),
        ({"without_findings": ("lazy",)}, "without_findings"),
        ({"rubric_versions": ("1",)}, "rubric_versions"),
        ({"rubric_versions": (True,)}, "rubric_versions"),
        ({"rubric_versions": 1}, "rubric_versions"),
        ({"ties": "keep "}, "ties"),
        ({"balance_length": 1}, "balance_length"),
        ({"signals_of": None}, "signals_of"),
    ],
)
def test_a_policy_that_cannot_be_names_its_field(fields, field):
    with pytest.raises(PolicyError) as refused:
        Policy(**fields)
    assert refused.value.field == field


def test_what_came_later_is_written_only_where_it_is_said():
    """A manifest of before reads and writes as it did: its hash hangs on every key."""
    old = {
        "batches": [], "origins": [], "surplus": True, "labels": "majority", "pairs": "all",
        "min_votes": 1, "drop_empty": True, "drop_equal": True, "drop_both_unacceptable": True,
        "demonstrations": "include", "split": [0.8, 0.0, 0.2], "salt": "",
    }  # fmt: skip
    assert Policy().as_json() == old == Policy.from_json(old).as_json()
    assert Policy(near_from=0.9).as_json() == old  # nothing is near unless it is looked for
    later = Policy(near_prompts="count", near_from=0.9, ties="soft", rubric_versions=(2, 1, 2))
    assert later.as_json() == old | {
        "near_prompts": "count", "near_from": 0.9, "ties": "soft", "rubric_versions": [1, 2],
    }  # fmt: skip
    assert Policy.from_json(later.as_json()) == later


texts = st.sampled_from(["", "same", "one", "two", "three\n\nHuman: four"])


@given(
    st.lists(texts, min_size=2, max_size=4).flatmap(
        lambda found: st.tuples(
            st.just(found),
            st.lists(
                st.lists(any_rank, min_size=len(found), max_size=len(found)),
                min_size=1,
                max_size=3,
            ),
        )
    ),
    st.sampled_from(["majority", "soft", "each"]),
    st.sampled_from(sorted(PAIRS)),
    st.sampled_from(sorted(TIES)),
    st.sampled_from(sorted(UNACCEPTABLE)),
    st.integers(0, 3),
    st.booleans(),
)
def test_every_pair_comes_out_once_and_relabelled_responses_change_nothing(
    world, labels, pairs, ties, unacceptable, min_strength, drop_turns
):
    found, rankings = world
    policy = Policy(
        labels=labels, pairs=pairs, ties=ties, unacceptable=unacceptable,
        min_strength=min_strength, drop_turns=drop_turns,
    )  # fmt: skip
    candidates = [Candidate("abcd"[i], text, i + 1) for i, text in enumerate(found)]
    said = ballots(*rankings)
    made = rank_item(candidates, said, policy)
    per_judgment = len(found) * (len(found) - 1) // 2
    assert len(made) == per_judgment * (len(said) if labels == "each" else 1)
    assert {one.outcome.reason for one in made if isinstance(one.outcome, Drop)} <= set(
        DROP_REASONS
    )
    # Other names for the same responses, in the opposite order: the same fate for each pair.
    renamed = [replace(one, key="zyxw"[place]) for place, one in enumerate(candidates)]
    assert _fates(rank_item(renamed, said, policy)) == _fates(made)


def _fates(made):
    """What came out, by positions: keys are only names."""
    return sorted(
        (one.ranking, one.outcome.reason, 0, 0, 0.0, 0.0)
        if isinstance(one.outcome, Drop)
        else (
            one.ranking,
            "tie" if one.outcome.is_tie else "",
            *_sides(one.outcome),
            one.outcome.margin,
        )
        for one in made
    )


def _sides(one):
    if one.is_tie:
        high, low = sorted((one.chosen.position, one.rejected.position))
        share = one.share if one.chosen.position == high else 1 - one.share
        return high, low, round(share, 5)
    return one.chosen.position, one.rejected.position, round(one.share, 5)
