"""Rankings of several into one: published elections, brute force, and what must not matter."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.kemeny import kemeny, score_order
from annotation.quality.stats.voting import (
    Preferences,
    borda,
    condorcet,
    schulze,
    strongest_paths,
)

# Schulze 2011, example 1 (also "Schulze method", Wikipedia): 45 voters, five candidates.
SCHULZE_2011 = "5 ACBED, 5 ADECB, 8 BEDAC, 3 CABED, 7 CAEBD, 2 CBADE, 7 DCEBA, 8 EBADC"


def election(text):
    """ "5 ACB, 3 BCA" -> preferences, candidates by their letter."""
    weights, orders = [], []
    for ballot in text.split(", "):
        times, order = ballot.split()
        weights.append(int(times))
        orders.append([ord(letter) - ord("A") for letter in order])
    return Preferences.of(np.argsort(orders, axis=1), weights)


ballots = st.integers(2, 5).flatmap(
    lambda n: st.lists(
        st.lists(st.integers(1, 3), min_size=n, max_size=n), min_size=1, max_size=7
    ).map(np.array)
)


def test_schulze_of_the_published_election():
    votes = election(SCHULZE_2011)
    assert "".join("ABCDE"[r] for r in np.argsort(schulze(votes).ranks)) == "EACBD"
    # The strengths of the strongest paths, as printed there.
    assert strongest_paths(votes).tolist() == [
        [0, 28, 28, 30, 24],
        [25, 0, 28, 33, 24],
        [25, 29, 0, 29, 24],
        [25, 28, 28, 0, 24],
        [25, 28, 28, 31, 0],
    ]


def test_condorcets_paradox_is_a_cycle_without_a_winner():
    found = condorcet(election("1 ABC, 1 BCA, 1 CAB"))
    assert (found.winner, found.loser) == (None, None)
    assert found.cycles == (frozenset({0, 1, 2}),)
    assert found.smith == {0, 1, 2}


def test_a_cycle_below_the_winner_is_seen_apart():
    found = condorcet(election("1 DABC, 1 DBCA, 1 DCAB"))
    assert (found.winner, found.smith) == (3, {3})
    assert found.cycles == (frozenset({0, 1, 2}),)


def test_ties_in_the_result_stay_ties():
    votes = election("1 AB, 1 BA")
    assert borda(votes).ranks.tolist() == [1, 1]
    assert schulze(votes).ranks.tolist() == [1, 1]
    best = kemeny(votes)
    assert best.ranks.tolist() == [1, 1]
    assert (len(best.orders), best.is_unique) == (2, False)


def test_a_tied_vote_is_half_a_point_and_no_vote_for_an_order():
    votes = Preferences.of([[1, 1, 2]])
    assert borda(votes).points.tolist() == [1.5, 1.5, 0]
    assert kemeny(votes).score == 2.0
    assert kemeny(votes).ranks.tolist() == [1, 1, 2]


def test_a_response_that_was_ranked_more_often_is_not_better_for_it():
    nan = np.nan
    votes = Preferences.of([[1, 2, nan], [1, 2, nan], [1, nan, 2], [2, nan, 1]])
    assert borda(votes).method == "Borda, share of comparisons won"
    assert borda(votes).points == pytest.approx([0.75, 0.0, 0.5])


@given(ballots)
@settings(max_examples=60, deadline=None)
def test_kemeny_is_the_best_of_all_orders(ranks):
    votes = Preferences.of(ranks)
    scores = {
        order: score_order(votes.above, np.array(order))
        for order in permutations(range(ranks.shape[1]))
    }
    best = kemeny(votes)
    assert best.score == max(scores.values())
    winners = sorted(list(order) for order, score in scores.items() if score == best.score)
    found = best.orders.tolist()
    assert found == winners if len(winners) <= 100 else (len(found) == 100 and found[0] in winners)
    mean = np.argsort(winners, axis=1).mean(axis=0)
    assert (
        np.argsort(best.ranks, kind="stable") == np.argsort(mean.round(9), kind="stable")
    ).all()


@given(ballots)
@settings(max_examples=60, deadline=None)
def test_local_search_never_beats_the_exact_and_never_loses_to_its_start(ranks):
    votes = Preferences.of(ranks)
    searched = kemeny(votes, exact_to=0)
    assert not searched.is_exact
    start = np.argsort(borda(votes).ranks, kind="stable")
    assert score_order(votes.above, start) <= searched.score <= kemeny(votes).score


@given(ballots, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_names_of_responses_and_order_of_ballots_do_not_matter(ranks, random):
    names, rows = list(range(ranks.shape[1])), list(range(len(ranks)))
    random.shuffle(names)
    random.shuffle(rows)
    one, other = Preferences.of(ranks), Preferences.of(ranks[rows][:, names])
    for rule in (borda, schulze, kemeny):
        assert rule(other).ranks.tolist() == rule(one).ranks[names].tolist()


@given(ballots)
@settings(max_examples=60, deadline=None)
def test_schulze_and_kemeny_elect_a_condorcet_winner(ranks):
    votes = Preferences.of(ranks)
    winner = condorcet(votes).winner
    if winner is not None:
        assert schulze(votes).ranks[winner] == 1
        assert (schulze(votes).ranks == 1).sum() == 1
        assert (kemeny(votes).orders[:, 0] == winner).all()


def test_no_table_of_ranks_is_refused():
    for ranks, weights in (
        ([1, 2], None),
        ([[1, np.inf]], None),
        ([[1, 2]], [-1]),
        ([[1]], [1, 2]),
    ):
        with pytest.raises(ValueError):
            Preferences.of(ranks, weights)
