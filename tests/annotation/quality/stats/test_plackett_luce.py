"""Plackett-Luce and Davidson-Luce: published figures, choix, and rankings that bound nothing."""

import json
from itertools import combinations

import choix
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from annotation.quality.stats.ability import NotIdentified
from annotation.quality.stats.bradley_terry import bradley_terry
from annotation.quality.stats.plackett_luce import plackett_luce
from annotation.quality.stats.ranked_generators import rank_generators, rankings_of_table

from . import nascar
from . import published as pub

NEAR = {"abs": 1e-6}


@pytest.mark.parametrize(
    ("pseudo", "expected"),
    [
        (0.5, (0.230628, 0.451065, 0.168472, 0.149834)),
        (0, (0.230601, 0.451225, 0.168407, 0.149766)),
    ],
)
def test_four_films(pseudo, expected):
    """README of PlackettLuce for R, and the plain maximum."""
    fit = plackett_luce(pub.netflix(), pseudo=pseudo)
    assert np.exp(fit.ability) / np.exp(fit.ability).sum() == pytest.approx(expected, **NEAR)


def test_strict_rankings_by_choix():
    films = pub.netflix()
    orders = np.argsort(films.rank, axis=1).repeat(films.weight.astype(int), axis=0)
    expected = choix.ilsr_rankings(4, orders.tolist(), max_iter=1000, tol=1e-12)
    assert plackett_luce(films, pseudo=0).ability == pytest.approx(expected, abs=1e-7)


def test_a_season_of_long_partial_rankings():
    """Hunter 2004, table 2: PJ Jones 4.15, Pruett 3.62, Martin 2.08; Marcis 0.03, Trickle -0.31,
    Varde -0.15, against the first in the alphabet."""
    races = rankings_of_table(nascar.places(with_the_last=False))
    fit = plackett_luce(races, pseudo=0, reference=0, robust=False)
    printed = fit.ability[[57, 67, 50, 14, 16, 39]].round(2).tolist()
    assert printed == [4.15, 3.62, 2.08, 0.03, -0.31, -0.15]
    assert not any(fit.flags)


def test_those_who_always_come_last_are_flagged():
    races = rankings_of_table(nascar.places(with_the_last=True))
    with pytest.raises(NotIdentified, match="4 generators"):
        plackett_luce(races, pseudo=0)
    fit = plackett_luce(races, reference=0, robust=False)
    assert list(fit.flags[:83]) == [()] * 83
    assert list(fit.flags[83:]) == [("not_identified", "never_won")] * 4
    # Vignette of PlackettLuce 0.2 for R, where L-BFGS ended a little before the top.
    assert fit.ability[83:] == pytest.approx(
        [-2.170992, -1.744559, -1.590652, -1.768502], abs=5e-4
    )
    assert fit.ability[[57, 67, 50]].round(2).tolist() == [3.20, 2.77, 1.91]


def test_ties_of_two_as_printed():
    """Snapshot of summary() in PlackettLuce for R: log worths, log tie parameter, deviance."""
    fit = plackett_luce(pub.fruits(pub.FRUITS), reference=0)
    assert fit.ability.round(7).tolist() == [0.0, 0.2867987, -0.4636687]
    assert [(order, round(float(np.log(tie)), 7)) for order, tie in fit.tie_orders] == [
        (2, -1.0701129)
    ]
    assert round(-2 * fit.log_likelihood, 2) == 21.61


def test_ties_of_two_and_three_as_printed():
    """Help page of PlackettLuce() in R: coef(mod), 8 digits."""
    fit = plackett_luce(pub.fruits(pub.FOUR_FRUITS), reference=0)
    assert fit.ability == pytest.approx([0, 0.25287380, -0.61350684, -0.08688469], abs=1e-6)
    assert np.log([tie for _, tie in fit.tie_orders]) == pytest.approx(
        [-2.15068112, -0.79245362], abs=1e-6
    )


def test_the_likelihood_written_out_has_its_top_there():
    rankings = pub.fruits(pub.FOUR_FRUITS)

    def loss(free):
        worth, delta = np.append(0.0, free[:3]), np.append(0.0, free[3:])
        total = 0.0
        for ranks in rankings.rank:
            left = [i for i in range(4) if np.isfinite(ranks[i])]
            while len(left) > 1:
                best = [i for i in left if ranks[i] == min(ranks[left])]
                sets = [s for d in (1, 2, 3) for s in combinations(left, d)]
                worths = [delta[len(s) - 1] + worth[list(s)].mean() for s in sets]
                total += worths[sets.index(tuple(best))] - np.logaddexp.reduce(worths)
                left = [i for i in left if i not in best]
        return -total

    best = minimize(loss, np.zeros(5), method="BFGS")
    fit = plackett_luce(rankings, pseudo=0, reference=0, robust=False)
    assert fit.ability[1:] == pytest.approx(best.x[:3], abs=1e-4)
    assert np.log([tie for _, tie in fit.tie_orders]) == pytest.approx(best.x[3:], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    errors = np.sqrt(np.diag(best.hess_inv)[:3])
    assert fit.errors[1:] == pytest.approx(errors, rel=0.05)  # BFGS's own Hessian is rough


def test_rankings_of_two_are_comparisons():
    wins, ties = pub.pudding()
    games = pub.comparisons_of(wins, ties)
    rank = np.array([[1, 2], [1, 1], [2, 1]])[games.outcome]
    pairs = rank_generators(np.stack([games.first, games.second], axis=1), rank, 6)
    for strength in (0.0, 0.5):
        by_pairs = bradley_terry(wins, ties, tie_model="davidson", prior_strength=strength)
        by_rankings = plackett_luce(pairs, pseudo=strength, robust=False)
        assert by_rankings.ability == pytest.approx(by_pairs.ability, abs=1e-8)
        assert by_rankings.covariance == pytest.approx(by_pairs.covariance, abs=1e-8)
        assert by_rankings.tie_orders[0][1] == pytest.approx(by_pairs.nu)
        assert by_rankings.log_likelihood == pytest.approx(by_pairs.log_likelihood)


def test_pairs_of_rankings_pass_for_more_than_they_are():
    """Bradley-Terry on all pairs of strict rankings claims smaller errors than Plackett-Luce."""
    films = pub.netflix()
    better = films.rank[:, :, None] < films.rank[:, None, :]
    on_pairs = bradley_terry(np.einsum("r,rij->ij", films.weight, better))
    assert (on_pairs.errors < plackett_luce(films, pseudo=0, robust=False).errors).all()


def test_clustered_errors_of_repeated_rankings():
    once = pub.fruits(pub.FOUR_FRUITS)
    four = rankings_of_table(np.repeat(once.rank, 4, axis=0), item=np.repeat(np.arange(6), 4))
    single, repeated = plackett_luce(once, pseudo=0), plackett_luce(four, pseudo=0)
    assert repeated.errors == pytest.approx(single.errors)
    assert np.diag(repeated.covariance) == pytest.approx(np.diag(single.covariance) / 4)


def test_a_tie_that_was_always_chosen_leaves_the_abilities_alone():
    fit = plackett_luce(rankings_of_table([[1, 1, 1], [1, 2, np.nan], [2, 1, np.nan]]))
    assert fit.ability == pytest.approx([0, 0, 0], abs=1e-6)
    assert np.isfinite(fit.errors).all()
    assert fit.tie_orders[0][0] == 3


def test_a_weight_is_that_many_rankings_however_they_are_worked_through():
    """9,000 rankings of nine with a tie of eight are several blocks of choices."""
    table = np.array([[1] * 8 + [2], range(1, 10), [9, 1, 1, 2, 3, 4, 5, 6, 7]], dtype=float)
    weighted = plackett_luce(rankings_of_table(table, weight=[3000] * 3), robust=False)
    repeated = plackett_luce(rankings_of_table(np.tile(table, (3000, 1))), robust=False)
    assert repeated.ability == pytest.approx(weighted.ability, abs=1e-6)
    assert repeated.errors == pytest.approx(weighted.errors, rel=1e-4)


def test_not_ranked_is_not_last():
    absent = plackett_luce(rankings_of_table([[1, 2, np.nan], [2, 1, np.nan], [1, 2, 3]]))
    last = plackett_luce(rankings_of_table([[1, 2, 3], [2, 1, 3], [1, 2, 3]]))
    assert absent.ability[2] > last.ability[2]


def test_rankings_without_a_choice_say_nothing():
    fit = plackett_luce(rankings_of_table([[1, np.nan], [np.nan, np.nan]]))
    assert fit.ability.tolist() == [0, 0]
    assert fit.flags == (("not_identified", "never_compared"),) * 2
    json.dumps(fit.as_json(), allow_nan=False)
    with pytest.raises(NotIdentified):
        plackett_luce(rankings_of_table([[1, np.nan]]), pseudo=0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: rank_generators([[0, 2]], [[1, 2]], 2),
        lambda: rank_generators([[0, 1]], [[1, np.inf]], 2),
        lambda: rank_generators([0, 1], [1, 2], 2),
        lambda: rank_generators([[0, 1]], [[1, 2]], 2, weight=[-1]),
        lambda: rank_generators([[0, 1]], [[1, 2]], 2, item=[1, 2]),
        lambda: plackett_luce(rankings_of_table([[1, 2]]), pseudo=-1),
        lambda: plackett_luce(rankings_of_table([[1, 2]]), reference=5),
        lambda: plackett_luce(rankings_of_table([[1, 2]]), when_not_identified="per_component"),
        lambda: plackett_luce(rankings_of_table([[1] * 15 + [2] * 15])),
    ],
)
def test_what_is_no_table_of_rankings_is_refused(call):
    with pytest.raises(ValueError):
        call()


tables = st.lists(
    st.lists(st.sampled_from([1, 2, 3, None]), min_size=4, max_size=4), min_size=1, max_size=8
)


def fit(rows):
    return plackett_luce(rankings_of_table(np.array(rows, dtype=float)))


@given(tables, st.randoms(use_true_random=False), st.permutations(range(4)))
@settings(max_examples=30, deadline=None)
def test_neither_order_nor_names_matter(rows, random, names):
    before = fit(rows)
    shuffled = random.sample(rows, len(rows))
    renamed = fit([[row[names.index(i)] for i in range(4)] for row in shuffled])
    assert renamed.ability[list(names)] == pytest.approx(before.ability, abs=1e-6)
    assert renamed.errors[list(names)] == pytest.approx(before.errors, abs=1e-6)
    assert [renamed.flags[i] for i in names] == list(before.flags)


@given(tables)
@settings(max_examples=30, deadline=None)
def test_only_the_order_of_the_ranks_counts(rows):
    stretched = [[None if r is None else 10 * r - 3 for r in row] for row in rows]
    assert fit(stretched).ability == pytest.approx(fit(rows).ability, abs=1e-9)
