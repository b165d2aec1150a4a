"""Bradley-Terry and Davidson: published figures, other programs, and the edges."""

import csv
import json
import warnings

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from annotation.quality.stats.ability import NotIdentified
from annotation.quality.stats.bradley_terry import bradley_terry, fit_abilities
from annotation.quality.stats.connectivity import find_components
from annotation.quality.stats.outcomes import (
    compare_generators,
    comparisons_of_rankings,
    outcome_matrix,
)
from tests.data import shared

from . import published as pub

NEAR = {"abs": 1e-6}
# a beats b 10 to 3 and c 5 to 0: nobody knows how bad c is.
SEPARABLE = np.array([[0, 10, 5], [3, 0, 0], [0, 0, 0]])
TWO_GROUPS = np.array([[0, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 4], [0, 0, 1, 0]])


def test_citations_of_four_journals():
    """Turner & Firth 2012, J. Stat. Software 48(9), section 2, against Biometrika."""
    fit = bradley_terry(pub.citations(), reference=0)
    assert fit.ability == pytest.approx([0, -2.949072, -0.479570, 0.268954], **NEAR)
    assert fit.flags == ((), (), (), ())


def test_pudding_by_davidson():
    """Davidson 1970, table 2, at the top of the likelihood."""
    fit = bradley_terry(*pub.pudding(), tie_model="davidson")
    worth = np.exp(fit.ability) / np.exp(fit.ability).sum()
    expected = [0.138803, 0.173001, 0.161747, 0.165373, 0.158685, 0.202389]
    assert worth == pytest.approx(expected, **NEAR)
    assert fit.nu == pytest.approx(0.746823, **NEAR)
    assert -fit.log_likelihood == pytest.approx(809.709510, abs=1e-5)


def test_pudding_has_the_published_errors():
    """Vignette of PlackettLuce 0.2 for R, after its 7 steps, against the mean."""
    fit = bradley_terry(*pub.pudding(), tie_model="davidson")
    printed = [0.121939, 0.121813, 0.126818, 0.121998, 0.127049, 0.126580]
    assert fit.errors == pytest.approx(printed, abs=5e-5)
    against_first = bradley_terry(*pub.pudding(), tie_model="davidson", reference=0)
    printed = [0, 0.1872050, 0.1935076, 0.1881999, 0.1926938, 0.1923830]
    assert against_first.errors == pytest.approx(printed, abs=5e-5)


def test_baseball_without_the_place():
    """Agresti 2002, table 10.11, column 3: log abilities against Baltimore, errors about 0.3."""
    fit = fit_abilities(pub.baseball(), reference=6, robust=False)
    assert fit.ability.round(2).tolist() == [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0]
    assert fit.errors[:6].round(1).tolist() == [0.3] * 6


def test_playing_at_home():
    """Agresti 2002, table 10.11, column 5 and page 438: home 0.302, error 0.131."""
    fit = fit_abilities(pub.baseball(), position=True, reference=6, robust=False)
    worth = np.exp(fit.ability) / np.exp(fit.ability).sum()
    assert worth.round(3).tolist() == [0.220, 0.190, 0.164, 0.157, 0.137, 0.088, 0.044]
    (home,) = fit.effects
    assert (home.name, round(home.value, 3), round(home.error, 3)) == ("position", 0.302, 0.131)


def test_ties_half_by_choix():
    wins, ties = pub.pudding()
    expected = choix.ilsr_pairwise_dense(wins + ties / 2, max_iter=10_000, tol=1e-12)
    assert bradley_terry(wins, ties).ability == pytest.approx(expected, abs=1e-7)


def test_evalica_gives_the_same_where_it_can():
    wins, ties = pub.pudding()
    comparisons = pub.comparisons_of(wins, ties)
    names = np.array(list("abcdef"))
    winner = {0: evalica.Winner.X, 1: evalica.Winner.Draw, 2: evalica.Winner.Y}
    result = evalica.bradley_terry(
        names[comparisons.first], names[comparisons.second],
        [winner[int(o)] for o in comparisons.outcome], tolerance=1e-12, limit=100_000,
    )  # fmt: skip
    expected = np.log(np.asarray([result.scores[name] for name in names]))
    ours = fit_abilities(comparisons).ability
    assert ours == pytest.approx(expected - expected.mean(), abs=1e-6)


def test_fifty_nine_models_of_llmfao():
    """8,931 judgments of a crowd: the abilities that choix finds."""
    with shared("llmfao/llmfao.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = sorted({row[side] for row in rows for side in ("model_x", "model_y")})
    index = {name: i for i, name in enumerate(names)}
    games = compare_generators(
        [index[row["model_x"]] for row in rows],
        [index[row["model_y"]] for row in rows],
        [{"left": 0, "tie": 1, "right": 2}[row["winner"]] for row in rows],
        len(names),
    )
    assert (len(games), len(names)) == (8931, 59)
    fit = fit_abilities(games, robust=False)
    table = outcome_matrix(games)
    dense = table.wins + table.ties / 2
    expected = choix.ilsr_pairwise_dense(dense, max_iter=10_000, tol=1e-12)
    assert fit.ability == pytest.approx(expected, abs=1e-6)
    assert not any(fit.flags)
    # The left response wins more often: 0.533150 of the decisive ones, so the place has an effect.
    place = fit_abilities(games, position=True, tie_model="drop").effects[0]
    assert place.value > 3 * place.error


def test_errors_are_those_of_the_numerical_hessian():
    games = pub.comparisons_of(*pub.pudding())
    turned = np.random.default_rng(1).random(len(games)) < 0.5
    comparisons = compare_generators(
        np.where(turned, games.second, games.first),
        np.where(turned, games.first, games.second),
        np.where(turned, 2 - games.outcome, games.outcome),
        6,
    )
    fit = fit_abilities(
        comparisons, tie_model="davidson", position=True, reference=0, robust=False
    )

    def loss(free):
        theta, home, nu = np.append(0.0, free[:5]), free[5], free[6]
        d = theta[comparisons.first] - theta[comparisons.second] + home
        worths = np.stack([d / 2, np.full_like(d, nu), -d / 2])
        chosen = worths[comparisons.outcome, np.arange(len(d))]
        return -(chosen - np.logaddexp.reduce(worths, axis=0)).sum()

    best = minimize(loss, np.zeros(7), method="BFGS", options={"gtol": 1e-7})
    assert fit.ability[1:] == pytest.approx(best.x[:5], abs=1e-4)
    assert fit.effects[0].value == pytest.approx(best.x[5], abs=1e-4)
    assert fit.nu == pytest.approx(np.exp(best.x[6]), abs=1e-4)
    assert fit.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    at_top = np.append(fit.ability[1:], [fit.effects[0].value, np.log(fit.nu)])
    hessian = np.array(
        [
            approx_fprime(at_top, lambda x, i=i: approx_fprime(x, loss, 1e-5)[i], 1e-4)
            for i in range(7)
        ]
    )
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    assert [*fit.errors[1:], fit.effects[0].error] == pytest.approx(errors[:6], rel=1e-3)


def test_without_ties_davidson_is_bradley_terry():
    plain, davidson = (
        bradley_terry(pub.citations(), tie_model=model) for model in ("half", "davidson")
    )
    assert davidson.nu == 0.0
    assert plain.nu is None
    assert davidson.ability == pytest.approx(plain.ability, abs=1e-9)
    assert davidson.covariance == pytest.approx(plain.covariance, abs=1e-9)


def test_half_a_win_each_shrinks_the_scale():
    wins, ties = pub.pudding()
    assert np.ptp(bradley_terry(wins, ties).ability) < np.ptp(
        bradley_terry(wins, ties, tie_model="davidson").ability
    )


def test_a_generator_that_never_won_is_bounded_by_a_prior_and_flagged():
    fit = bradley_terry(SEPARABLE, prior_strength=0.5)
    assert np.isfinite(fit.ability).all()
    assert fit.ability[0] > fit.ability[1] > fit.ability[2]
    assert fit.flags == ((), (), ("not_identified", "never_won"))
    # evalica 0.4.2 says 1e-06 of all three, and nothing else.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = evalica.bradley_terry(
            ["a"] * 18, ["b"] * 13 + ["c"] * 5,
            [evalica.Winner.X] * 10 + [evalica.Winner.Y] * 3 + [evalica.Winner.X] * 5,
        )  # fmt: skip
    assert len(set(theirs.scores.round(3))) == 1


@pytest.mark.parametrize("table", [SEPARABLE, SEPARABLE.T, TWO_GROUPS])
def test_without_a_prior_what_is_not_bounded_is_refused(table):
    with pytest.raises(NotIdentified) as refusal:
        bradley_terry(table)
    assert any(refusal.value.flags)
    assert "use a prior" in str(refusal.value)


def test_each_component_by_itself():
    fit = bradley_terry(TWO_GROUPS, when_not_identified="per_component")
    log_odds = np.log([3 / 2, 4 / 1])
    assert fit.ability == pytest.approx(
        [log_odds[0] / 2, -log_odds[0] / 2, log_odds[1] / 2, -log_odds[1] / 2]
    )
    assert np.isnan(fit.covariance[0, 2])
    assert fit.flags[0] == ("not_identified", "disconnected")

    alone = bradley_terry(SEPARABLE, when_not_identified="per_component").as_json()
    json.dumps(alone, allow_nan=False)
    last = alone["generators"][2]
    assert (last["value"], last["reason"], last["se"]) == (None, "not_identified", None)
    assert alone["generators"][0]["value"] == pytest.approx(np.log(10 / 3) / 2)


def test_who_won_every_comparison_between_two_groups_is_said():
    table = np.array([[0, 2, 1, 0], [1, 0, 0, 1], [0, 0, 0, 2], [0, 0, 1, 0]])
    components = find_components(table)
    assert components.strong.tolist() == [0, 0, 2, 2]
    assert components.linked.tolist() == [0] * 4
    assert components.flags[2] == ("not_identified", "separated")


def test_a_generator_nobody_compared():
    fit = bradley_terry([[0, 2, 0], [1, 0, 0], [0, 0, 0]], prior_strength=1)
    assert fit.flags[2] == ("not_identified", "never_compared")
    assert np.isfinite(fit.errors).all()


def test_a_tie_joins_what_wins_alone_do_not():
    ties = np.zeros((3, 3))
    ties[1, 2] = ties[2, 1] = 1
    for model in ("half", "davidson"):
        assert bradley_terry(SEPARABLE, ties, tie_model=model).flags == ((), (), ())
    with pytest.raises(NotIdentified):
        bradley_terry(SEPARABLE, ties, tie_model="drop")


def test_nothing_but_ties_is_no_davidson():
    ties = np.ones((2, 2))
    assert bradley_terry(np.zeros((2, 2)), ties).ability.tolist() == [0, 0]
    with pytest.raises(NotIdentified, match="every comparison is a tie"):
        bradley_terry(np.zeros((2, 2)), ties, tie_model="davidson")


def test_a_first_place_that_always_wins_is_no_effect():
    everywhere = compare_generators([0, 1, 0, 1, 1, 2], [1, 0, 1, 0, 2, 1], [0] * 6, 3)
    with pytest.raises(NotIdentified, match="rises without end"):
        fit_abilities(everywhere, position=True)


def test_a_place_that_never_changes_cannot_be_told_from_ability():
    with pytest.raises(NotIdentified, match="position"):
        fit_abilities(compare_generators([0] * 5, [1] * 5, [0, 0, 0, 2, 2], 2), position=True)


def test_a_generator_against_itself_tells_of_the_place_alone():
    games = compare_generators([0, 0, 0, 1, 1], [1, 1, 0, 1, 0], [0, 2, 0, 0, 2], 2)
    fit = fit_abilities(games, prior_strength=1, position=True)
    assert fit.n_comparisons.tolist() == [3, 3]
    assert fit.effects[0].value > 0


def test_repeating_every_comparison_fools_the_plain_error_and_not_the_clustered_one():
    games = pub.baseball()
    rows = np.repeat(np.arange(len(games)), 4)
    once, four = fit_abilities(games), fit_abilities(games.where(rows))
    assert four.ability == pytest.approx(once.ability, abs=1e-8)
    assert np.diag(four.covariance) == pytest.approx(np.diag(once.covariance) / 4)
    assert four.errors == pytest.approx(once.errors)


def test_clustered_errors_by_hand():
    """The sandwich written out with one dense score row per item."""
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 4, (2, 400))
    games = compare_generators(
        first, second, rng.integers(0, 3, 400), 4, item=rng.integers(0, 90, 400)
    )
    fit = fit_abilities(games, reference=0)
    design = np.eye(4)[games.first] - np.eye(4)[games.second]
    p = 1 / (1 + np.exp(-design @ fit.ability))
    score = design * (1 - games.outcome / 2 - p)[:, None]
    sums = np.array([score[games.item == i].sum(axis=0) for i in np.unique(games.item)])
    bread = np.linalg.inv(((design.T * (p * (1 - p))) @ design)[1:, 1:])
    n = len(sums)
    expected = bread @ (sums.T @ sums)[1:, 1:] @ bread * n / (n - 1)
    assert fit.robust[1:, 1:] == pytest.approx(expected, rel=1e-6)


def test_who_lost_every_time_does_not_pass_for_well_known():
    """Ten losses do not scatter, so the sandwich alone would be sure of them."""
    games = pub.comparisons_of([[0, 10, 10], [6, 0, 10], [0, 0, 0]])
    fit = fit_abilities(games, prior_strength=0.5)
    plain = fit_abilities(games, prior_strength=0.5, robust=False)
    assert np.sqrt(fit.robust[2, 2]) < 0.7 * plain.errors[2]
    assert fit.errors[2] == plain.errors[2]
    assert fit.variance_of_differences()[0, 2] == plain.variance_of_differences()[0, 2]
    assert fit.errors[0] == np.sqrt(fit.robust[0, 0])


def test_a_weight_is_that_many_comparisons():
    games = pub.baseball()
    counts, rows = np.unique(
        np.stack([games.first, games.second, games.outcome], axis=1), axis=0, return_counts=True
    )
    weighted = compare_generators(*counts.T, 7, weight=rows)
    assert outcome_matrix(weighted).wins.tolist() == outcome_matrix(games).wins.tolist()
    assert fit_abilities(weighted).ability == pytest.approx(fit_abilities(games).ability)


def test_pairs_of_a_ranking_can_weigh_as_one():
    generator, rank = [[0, 1, 2], [2, 1, -1]], [[1, 2, 2], [1, 3, np.nan]]
    assert comparisons_of_rankings(generator, rank, 3, weight="unit").weight.tolist() == [1] * 4
    by_response = comparisons_of_rankings(generator, rank, 3)
    assert by_response.weight.tolist() == [0.5, 0.5, 0.5, 1]  # 1 / (K - 1)
    assert by_response.outcome.tolist() == [0, 0, 1, 0]
    assert by_response.item.tolist() == [0, 0, 0, 1]
    by_ranking = comparisons_of_rankings(generator, rank, 3, weight="ranking")
    assert by_ranking.weight.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: bradley_terry([[0, 1], [1, 0], [0, 0]]),
        lambda: bradley_terry([[0, -1], [1, 0]]),
        lambda: bradley_terry([[0, np.nan], [1, 0]]),
        lambda: bradley_terry([[0, 1], [1, 0]], [[0, 1], [2, 0]]),
        lambda: bradley_terry([[0, 1], [1, 0]], reference=2),
        lambda: bradley_terry([[0, 1], [1, 0]], tie_model="other"),
        lambda: bradley_terry([[0, 1], [1, 0]], prior_strength=-1),
        lambda: compare_generators([0], [2], [0], 2),
        lambda: compare_generators([0], [1], [3], 2),
        lambda: compare_generators([0, 1], [1], [0], 2),
        lambda: compare_generators([0], [1], [0], 2, weight=[-1.0]),
        lambda: compare_generators([0.5], [1], [0], 2),
        lambda: compare_generators([[0]], [[1]], [[0]], 2),
    ],
)
def test_what_is_no_table_of_comparisons_is_refused(call):
    with pytest.raises(ValueError):
        call()


games = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.integers(0, 6)),
    min_size=1,
    max_size=40,
)
models = st.sampled_from(["half", "drop", "davidson"])


def fit(rows, model="half", n=4, **options):
    first, second, outcome, item = zip(*rows, strict=True)
    return fit_abilities(
        compare_generators(first, second, outcome, n, item=item),
        tie_model=model, prior_strength=0.5, **options,
    )  # fmt: skip


def same(one, other, order=slice(None)):
    assert other.ability[order] == pytest.approx(one.ability, abs=1e-6)
    assert other.errors[order] == pytest.approx(one.errors, abs=1e-6)
    assert [other.flags[i] for i in np.arange(4)[order]] == list(one.flags)


@given(games, models, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_comparisons_does_not_matter(rows, model, random):
    shuffled = random.sample(rows, len(rows))
    same(fit(rows, model), fit(shuffled, model))


@given(games, models)
@settings(max_examples=40, deadline=None)
def test_showing_the_sides_the_other_way_round_does_not_matter(rows, model):
    turned = [(b, a, 2 - outcome, item) for a, b, outcome, item in rows]
    same(fit(rows, model), fit(turned, model))


@given(games, models, st.permutations(range(4)))
@settings(max_examples=40, deadline=None)
def test_the_names_of_the_generators_do_not_matter(rows, model, names):
    renamed = [(names[a], names[b], outcome, item) for a, b, outcome, item in rows]
    same(fit(rows, model), fit(renamed, model), np.array(names))


# Not of Davidson's model: one tie more makes ties likelier everywhere, and may part two others.
@given(games, st.sampled_from(["half", "drop"]))
@settings(max_examples=40, deadline=None)
def test_a_tie_draws_two_generators_together(rows, model):
    before = fit(rows, model)
    after = fit([*rows, (0, 1, 1, 0)], model)
    gap = [abs(f.ability[0] - f.ability[1]) for f in (before, after)]
    assert gap[1] <= gap[0] + 1e-6


@given(games, models)
@settings(max_examples=40, deadline=None)
def test_one_more_win_does_not_lower_the_winner_against_the_loser(rows, model):
    before, after = fit(rows, model), fit([*rows, (0, 1, 0, 0)], model)
    assert (after.ability[0] - after.ability[1]) >= (before.ability[0] - before.ability[1]) - 1e-6


@given(games, models, st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_the_reference_moves_all_alike(rows, model, reference):
    mean, named = fit(rows, model), fit(rows, model, reference=reference)
    assert np.ptp(mean.ability - named.ability) < 1e-6
    assert named.ability[reference] == 0
    assert named.variance_of_differences() == pytest.approx(
        mean.variance_of_differences(), abs=1e-6
    )
    json.dumps(named.as_json(), allow_nan=False)
