"""Majority, Dawid-Skene and Crowd-BT: what they must find, and what they must not pretend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.consensus import majority_vote, soften
from annotation.quality.stats.crowd_bt import crowd_bradley_terry
from annotation.quality.stats.dawid_skene import choose_model, dawid_skene
from annotation.quality.stats.labels import UNKNOWN, Labels

from .vectors import load_vectors
from .vectors_consensus import labels_of_patients


def crowd(seed, accuracies, *, n_items=300, per_item=5, n_categories=3):
    """Labels by labelers of those accuracies, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_categories, n_items)
    n = len(accuracies)
    who = np.argsort(rng.random((n_items, n)), axis=1)[:, :per_item].ravel()
    item = np.repeat(np.arange(n_items), per_item)
    wrong = (truth[item] + rng.integers(1, n_categories, item.size)) % n_categories
    right = rng.random(item.size) < np.asarray(accuracies)[who]
    labels = Labels.of(
        item,
        who,
        np.where(right, truth[item], wrong),
        n_items=n_items,
        n_labelers=n,
        n_categories=n_categories,
    )
    return labels, truth


def test_a_majority_leaves_a_tie_a_tie():
    vote = majority_vote([[2, 0, 1], [1, 1, 0], [0, 0, 0]])
    assert vote.category.tolist() == [0, UNKNOWN, UNKNOWN]
    assert vote.tied.tolist() == [[True, False, False], [True, True, False], [False] * 3]
    assert np.isnan(vote.share[2]).all()
    assert np.isfinite(vote.share[:2]).all()


def test_a_drawn_majority_is_repeated_by_its_seed_and_needs_one():
    counts = [[1, 1, 0]] * 200 + [[0, 0, 0], [0, 3, 1]]
    drawn = majority_vote(counts, ties="random", seed=3)
    assert set(drawn.category[:200]) == {0, 1}
    assert drawn.category[200:].tolist() == [UNKNOWN, 1]
    again = majority_vote(counts, ties="random", seed=3)
    assert drawn.category.tolist() == again.category.tolist()
    with pytest.raises(ValueError, match="seed"):
        majority_vote(counts, ties="random")


def test_soft_comparisons_halve_a_tie_and_weigh_by_certainty():
    soft = soften(
        majority_vote([[3, 0, 0], [1, 0, 3], [0, 2, 0], [1, 0, 1], [1, 1, 1], [0, 0, 0]])
    )
    assert soft.sign.tolist() == [-1, 1, 0, 0, 0, 0]
    assert soft.p_chosen[:5] == pytest.approx([1.0, 0.75, 0.5, 0.5, 0.5])
    assert soft.weight[[0, 2, 4]] == pytest.approx([1.0, 1.0, 0.0])
    assert 0 < soft.weight[3] < soft.weight[1] < 1
    assert np.isnan(soft.p_chosen[5])
    assert soft.method == "majority"
    with pytest.raises(ValueError, match="three outcomes"):
        soften(majority_vote([[1, 1]]))


def test_a_second_label_by_one_labeler_is_refused_or_the_latest_counts():
    given_twice = {"item": [0, 0, 1, 0], "labeler": [0, 1, 0, 0], "category": [0, 1, 1, 1]}
    sizes = {"n_items": 2, "n_labelers": 2, "n_categories": 2}
    with pytest.raises(ValueError, match="twice"):
        Labels.of(**given_twice, **sizes)
    latest = Labels.of(**given_twice, **sizes, repeats="latest")
    assert latest.rows.tolist() == [1, 2, 3]
    assert latest.counts().tolist() == [[0, 2], [0, 1]]


@pytest.mark.parametrize(
    "broken", [([2], [0], [0]), ([0], [-1], [0]), ([0], [0], [5]), ([0], [0, 1], [0])]
)
def test_an_index_outside_is_refused(broken):
    with pytest.raises(ValueError):
        Labels.of(*broken, n_items=2, n_labelers=2, n_categories=2)


def test_the_objective_of_dawid_skene_never_falls():
    labels, _ = crowd(1, [0.9, 0.8, 0.6, 0.4, 0.34, 0.7])
    reached = [dawid_skene(labels, max_iter=n, smoothing=0.1).objective for n in range(1, 40)]
    assert (np.diff(reached) >= -1e-9).all()
    assert reached[-1] > reached[0] + 1


def test_more_starts_never_do_worse():
    labels = labels_of_patients(load_vectors()["dawid_skene_1979"])
    one, many = (dawid_skene(labels, smoothing=0.0, starts=n, seed=4) for n in (1, 6))
    assert many.log_likelihood >= one.log_likelihood - 1e-9


def test_a_large_crowd_takes_no_more_steps_than_a_small_one_like_it():
    """Twenty times the same crowd has twenty times the objective, so it gains as much more by each
    step: what is still a gain is measured by label, and the fit is the same."""
    labels, _ = crowd(8, [0.9, 0.7, 0.6, 0.5, 0.8], n_items=60)
    again = np.repeat(np.arange(20), len(labels))
    many = Labels.of(
        np.tile(labels.item, 20) + again * labels.n_items,
        np.tile(labels.labeler, 20) + again * labels.n_labelers,
        np.tile(labels.category, 20),
        n_items=20 * labels.n_items,
        n_labelers=20 * labels.n_labelers,
        n_categories=3,
    )
    one, twenty = (dawid_skene(these, smoothing=0.0) for these in (labels, many))
    assert one.converged
    assert abs(twenty.iterations - one.iterations) <= 3
    absolute = dawid_skene(many, smoothing=0.0, tol=1e-12, max_iter=5000)
    assert absolute.iterations > twenty.iterations + 3
    assert twenty.posterior == pytest.approx(absolute.posterior, abs=2e-3)


def test_a_fit_ends_at_its_cap_and_shows_that_it_lives():
    labels, _ = crowd(4, [0.75] * 50, n_items=40)
    seen = []
    fit = dawid_skene(labels, shrinkage="auto", max_iter=9, alive=lambda: seen.append(1))
    assert (fit.iterations, len(seen), fit.converged) == (9, 9, False)


def test_dawid_skene_finds_reliability_and_beats_the_majority():
    accuracies = [0.95, 0.9, 0.9, 0.4, 0.35, 0.34, 0.33, 0.6]
    labels, truth = crowd(2, accuracies, n_items=1500)
    fit = dawid_skene(labels, model="one_coin")
    found = np.einsum("lqq->lq", fit.confusion).mean(axis=1)
    assert found == pytest.approx(accuracies, abs=0.06)
    vote = majority_vote(labels.counts())
    by_majority = (vote.tied[np.arange(1500), truth] / vote.tied.sum(axis=1)).mean()
    assert (fit.consensus(labels).category == truth).mean() > by_majority + 0.05


def test_the_interval_of_a_cell_covers_it():
    """Nine of ten cells of honest labelers, over many crowds: the items' own doubt is small."""
    inside = []
    for seed in range(12):
        labels, _ = crowd([5, seed], [0.8] * 10, n_items=300)
        fit = dawid_skene(labels)
        for labeler in range(10):
            low, high = fit.interval(labeler, 0, 0)
            inside.append(low <= 0.8 <= high)
    assert np.mean(inside) > 0.88


def test_gold_anchors_what_the_categories_mean():
    """Most of the crowd is inverted: alone it fits the mirror image, with gold the truth."""
    labels, truth = crowd(3, [0.2, 0.2, 0.2, 0.9, 0.9], n_items=400, n_categories=2)
    gold = np.where(np.arange(400) < 40, truth, UNKNOWN)
    alone, anchored = dawid_skene(labels), dawid_skene(labels, gold=gold)
    hidden = gold == UNKNOWN
    assert (alone.posterior.argmax(axis=1) == truth)[hidden].mean() < 0.3
    assert (anchored.posterior.argmax(axis=1) == truth)[hidden].mean() > 0.7
    assert (anchored.posterior[~hidden].argmax(axis=1) == truth[~hidden]).all()
    with pytest.raises(ValueError, match="gold"):
        dawid_skene(labels, gold=gold[:5])


def test_sparse_labelers_are_shrunk_towards_the_crowd():
    """Four labels each: full matrices of their own chase noise, the crowd's do not."""
    labels, truth = crowd(4, [0.75] * 250, n_items=200)
    own = dawid_skene(labels, smoothing=0.01)
    shrunk = dawid_skene(labels, shrinkage="auto")
    right = [(fit.posterior.argmax(axis=1) == truth).mean() for fit in (own, shrunk)]
    assert right[1] > right[0]
    assert (shrunk.concentration > 5).all()
    diagonal = np.einsum("lqq->lq", shrunk.confusion)
    assert np.std(diagonal) < np.std(np.einsum("lqq->lq", own.confusion)) / 2
    assert "shrunk" in shrunk.consensus(labels).method


def test_one_coin_below_twenty_labels_per_category():
    assert choose_model(crowd(6, [0.8] * 5, n_items=59)[0]) == "one_coin"
    assert choose_model(crowd(6, [0.8] * 5, n_items=60)[0]) == "full"


def test_one_category_observed_is_that_one_for_sure():
    labels = Labels.of([0, 0, 1], [0, 1, 0], [2, 2, 2], n_items=3, n_labelers=2, n_categories=3)
    for model in ("full", "one_coin"):
        fit = dawid_skene(labels, model=model, smoothing=0.0)
        assert fit.posterior[:2, 2].tolist() == [1.0, 1.0]
        answer = fit.consensus(labels)
        assert answer.category.tolist() == [2, 2, UNKNOWN]
        assert np.isfinite(fit.confusion).all()


def test_no_labels_are_no_consensus():
    labels = Labels.of([], [], [], n_items=2, n_labelers=0, n_categories=3)
    fit = dawid_skene(labels)
    assert fit.log_likelihood == 0.0
    assert fit.consensus(labels).category.tolist() == [UNKNOWN, UNKNOWN]


@given(st.randoms(use_true_random=False), st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_names_and_rows_do_not_matter_to_dawid_skene(random, seed):
    labels, _ = crowd(seed, [0.9, 0.7, 0.5, 0.8], n_items=40, per_item=3)
    rows, who, what = (list(range(n)) for n in (len(labels), 4, 3))
    for names in (rows, who, what):
        random.shuffle(names)
    other = Labels.of(
        labels.item[rows],
        np.array(who)[labels.labeler[rows]],
        np.array(what)[labels.category[rows]],
        n_items=40,
        n_labelers=4,
        n_categories=3,
    )
    one, two = dawid_skene(labels, max_iter=50), dawid_skene(other, max_iter=50)
    assert two.posterior[:, what] == pytest.approx(one.posterior, abs=1e-6)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)


# Crowd-BT


def comparisons(seed, etas, *, n=4000, n_generators=12, spread=1.5):
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, spread, n_generators)
    a = rng.integers(0, n_generators, n)
    b = (a + rng.integers(1, n_generators, n)) % n_generators
    who = rng.integers(0, len(etas), n)
    true = rng.random(n) < 1 / (1 + np.exp(ability[b] - ability[a]))
    a_wins = true == (rng.random(n) < np.asarray(etas)[who])
    return ability, np.where(a_wins, a, b), np.where(a_wins, b, a), who


def test_crowd_bt_tells_reliable_from_random_and_inverted():
    etas = [0.95] * 12 + [0.5] * 3 + [0.08] * 3
    ability, winner, loser, who = comparisons(1, etas)
    fit = crowd_bradley_terry(winner, loser, who, n_generators=12, n_labelers=18)
    assert fit.converged
    assert np.corrcoef(fit.ability, ability)[0, 1] > 0.98
    assert fit.reliability[:12].min() > fit.reliability[12:15].max()
    assert fit.below[15:].all()
    assert not fit.below[:12].any()
    low, high = fit.interval(13)
    assert low < 0.5 < high


def test_a_mirrored_fit_is_turned_and_gold_decides_otherwise():
    ability, winner, loser, who = comparisons(2, [0.9] * 10)
    mirrored = crowd_bradley_terry(
        winner, loser, who, n_generators=12, n_labelers=10, reliability_prior=(1.0, 400.0)
    )
    assert mirrored.flipped
    assert np.corrcoef(mirrored.ability, ability)[0, 1] > 0.95
    _, winner, loser, who = comparisons(2, [0.1] * 10)
    anchored = crowd_bradley_terry(
        winner,
        loser,
        who,
        n_generators=12,
        n_labelers=10,
        gold_right=np.full(10, 2),
        gold_total=np.full(10, 20),
    )
    assert not anchored.flipped
    assert anchored.below.all()
    assert np.corrcoef(anchored.ability, ability)[0, 1] > 0.95


def test_crowd_bt_stays_finite_where_nobody_beats_the_best():
    fit = crowd_bradley_terry([0, 0, 1], [1, 2, 2], [0, 0, 0], n_generators=4, n_labelers=2)
    assert np.isfinite(fit.ability).all()
    assert np.argsort(-fit.ability).tolist()[0] == 0
    assert np.isnan(fit.reliability[1])
    with pytest.raises(ValueError):
        crowd_bradley_terry([0], [0], [0], n_generators=1, n_labelers=1)


def test_the_responses_of_an_item_are_compared_among_themselves_alone():
    """Two copies of one contest, and a third of another size: each set is solved as if alone,
    but for the labelers they share."""
    _, winner, loser, who = comparisons(4, [0.9] * 6, n=300, n_generators=4)
    alone = crowd_bradley_terry(winner, loser, who, n_generators=4, n_labelers=6)
    twice = crowd_bradley_terry(
        [*winner, *(winner + 4), 8],
        [*loser, *(loser + 4), 9],
        [*who, *(who + 6), 12],
        n_generators=10,
        n_labelers=13,
        sets=[0, 0, 0, 0, 1, 1, 1, 1, 2, 2],
    )
    assert twice.ability[:4] == pytest.approx(alone.ability, abs=1e-3)
    assert twice.ability[4:8] == pytest.approx(alone.ability, abs=1e-3)
    assert twice.reliability[:6] == pytest.approx(alone.reliability, abs=1e-3)
    assert twice.ability[8] == pytest.approx(-twice.ability[9])
    assert twice.ability[8] > 0
    with pytest.raises(ValueError, match="two sets"):
        crowd_bradley_terry([0], [2], [0], n_generators=4, n_labelers=1, sets=[0, 0, 1, 1])


def test_a_tie_draws_two_together_and_tells_nothing_of_its_labeler():
    plain = crowd_bradley_terry([0, 0], [1, 1], [0, 1], n_generators=2, n_labelers=3)
    tied = crowd_bradley_terry(
        [0, 0, 1], [1, 1, 0], [0, 1, 2], tied=[False, False, True], n_generators=2, n_labelers=3
    )
    assert 0 < tied.ability[0] < plain.ability[0]
    assert np.isnan(tied.reliability[2])
    even = crowd_bradley_terry([0], [1], [0], tied=[True], n_generators=2, n_labelers=1)
    assert even.ability.tolist() == [0.0, 0.0]
