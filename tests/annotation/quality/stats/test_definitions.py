"""Every coefficient against its definition in loops, and against other people's libraries."""

import evalica
import krippendorff
import numpy as np
import pandas
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from annotation.quality.stats.agreement import (
    brennan_prediger,
    comparison_kappa,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.cohen import cohen_kappa, scott_pi
from annotation.quality.stats.conger import conger_kappa
from annotation.quality.stats.rankings import emond_mason_tau_x, kendall_tau_b
from annotation.quality.stats.weights import agreement_weights

from . import definitions as by_loops
from . import textbook as tb

LEVELS = ("nominal", "ordinal", "interval", "ratio")
WEIGHTS = ("identity", "linear", "quadratic", "ordinal", "radical", "ratio")
VALUES = np.array([1.0, 2.0, 5.0, 7.5])


def some_ratings(seed, *, n_items=25, n_labelers=5, q=4, missing=0.3):
    """(labelers, items), NaN missing; labelers follow a common truth with noise."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, q, n_items)
    noise = rng.integers(0, q, (n_labelers, n_items))
    table = np.where(rng.random((n_labelers, n_items)) < 0.5, truth, noise).astype(float)
    table[rng.random(table.shape) < missing] = np.nan
    return table


def counts_of(table, q=4):
    return np.stack([(table == category).sum(axis=0) for category in range(q)], axis=1)


TABLES = [some_ratings(seed) for seed in range(3)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("level", LEVELS)
def test_alpha(table, level):
    counts = counts_of(table)
    ours = krippendorff_alpha(counts, level, VALUES).value
    assert ours == pytest.approx(by_loops.alpha(by_loops.items_of(counts), level, VALUES))
    places = np.where(np.isnan(table), 0, table).astype(int)
    with_values = np.where(np.isnan(table), np.nan, VALUES[places])
    assert ours == pytest.approx(
        krippendorff.alpha(
            value_counts=counts, value_domain=VALUES.tolist(), level_of_measurement=level
        )
    )
    assert ours == pytest.approx(
        evalica.alpha(pandas.DataFrame(with_values), distance=level).alpha
    )


@pytest.mark.parametrize("table", TABLES)
def test_raw_agreement(table):
    counts = counts_of(table)
    items = by_loops.items_of(counts)
    micro, macro = (pairwise_agreement(counts, average).value for average in ("micro", "macro"))
    assert micro == pytest.approx(by_loops.raw_micro(items))
    assert macro == pytest.approx(by_loops.observed(items, np.eye(4)))
    assert micro != pytest.approx(macro)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (fleiss_kappa, by_loops.fleiss),
        (gwet_ac, by_loops.gwet),
        (brennan_prediger, by_loops.brennan_prediger),
    ],
)
def test_coefficients_corrected_for_chance(ours, theirs, weights, table):
    counts = counts_of(table)
    w = agreement_weights(weights, 4, VALUES)
    expected = theirs(by_loops.items_of(counts), w)
    assert ours(counts, weights, VALUES).value == pytest.approx(expected)
    assert ours(counts, w).value == pytest.approx(expected)


def test_fleiss_equals_statsmodels_where_that_is_defined():
    for seed in range(5):
        counts = counts_of(some_ratings(seed, missing=0.0))
        assert fleiss_kappa(counts).value == pytest.approx(inter_rater.fleiss_kappa(counts))
        assert brennan_prediger(counts).value == pytest.approx(
            inter_rater.fleiss_kappa(counts, method="randolph")
        )


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
def test_cohen_equals_both_libraries_and_the_definition(weights):
    theirs = {"identity": None, "linear": "linear", "quadratic": "quadratic"}[weights]
    for seed in range(5):
        first, second = some_ratings(seed, n_labelers=2, missing=0.0).astype(int)
        ours = cohen_kappa(first, second, 4, weights).value
        w = agreement_weights(weights, 4)
        loops = by_loops.two_labelers(first.tolist(), second.tolist(), w, pooled=False)
        assert ours == pytest.approx(loops)
        assert ours == pytest.approx(
            cohen_kappa_score(first, second, labels=[0, 1, 2, 3], weights=theirs)
        )
        cross = np.zeros((4, 4))
        np.add.at(cross, (first, second), 1)
        distance = {None: None, "linear": "linear", "quadratic": "quadratic"}[theirs]
        assert ours == pytest.approx(inter_rater.cohens_kappa(cross, wt=distance).kappa)


def test_cohen_of_values_that_are_not_equidistant():
    """statsmodels takes scores for its quadratic weights; the definition for the others."""
    first, second = some_ratings(3, n_labelers=2, missing=0.0).astype(int)
    cross = np.zeros((4, 4))
    np.add.at(cross, (first, second), 1)
    ours = cohen_kappa(first, second, 4, "quadratic", values=VALUES).value
    assert ours == pytest.approx(inter_rater.cohens_kappa(cross, VALUES, wt="quadratic").kappa)
    for weights in WEIGHTS:
        w = agreement_weights(weights, 4, VALUES)
        loops = by_loops.two_labelers(first.tolist(), second.tolist(), w, pooled=False)
        assert cohen_kappa(first, second, 4, weights, values=VALUES).value == pytest.approx(loops)


def test_the_full_scale_changes_quadratic_kappa():
    """Ratings 1, 2 and 5 of five: without 3 and 4 the scale would be another one."""
    first, second = [0, 1, 4, 4, 1, 0], [0, 1, 4, 1, 1, 1]
    whole = cohen_kappa(first, second, 5, "quadratic").value
    assert whole == pytest.approx(
        cohen_kappa_score(first, second, labels=range(5), weights="quadratic")
    )
    squeezed = cohen_kappa_score(first, second, weights="quadratic")
    assert whole != pytest.approx(squeezed)


def test_scott_equals_the_definition_and_fleiss_of_two_labelers():
    for seed in range(5):
        table = some_ratings(seed, n_labelers=2, missing=0.0)
        first, second = table.astype(int)
        ours = scott_pi(first, second, 4, seed=1)
        loops = by_loops.two_labelers(first.tolist(), second.tolist(), np.eye(4), pooled=True)
        assert ours.value == pytest.approx(loops)
        assert ours.value == pytest.approx(inter_rater.fleiss_kappa(counts_of(table)))
        assert ours.ci[0] < ours.value < ours.ci[1]


def test_conger_of_two_labelers_is_cohen():
    for seed in range(5):
        table = some_ratings(seed, n_labelers=2, missing=0.0)
        first, second = table.astype(int)
        ratings = tb.ratings_of_raters((table + 1).astype(int).tolist())
        for weights in ("identity", "quadratic"):
            # Cohen's chance is the mean over the one pair there is of the product of shares.
            expected = cohen_kappa(first, second, 4, weights).value
            assert conger_kappa(ratings, weights).value == pytest.approx(expected)


def test_conger_of_many_labelers_takes_the_chance_of_every_two():
    """Balanced: 1 - the mean disagreement of all pairs over that by their shares (Conger 1980)."""
    table = some_ratings(2, missing=0.0)
    raters = table.astype(int)
    pairs = [(a, b) for a in range(5) for b in range(a)]
    agreed = np.mean([(raters[a] == raters[b]).mean() for a, b in pairs])
    shares = np.stack([np.bincount(row, minlength=4) / row.size for row in raters])
    chance = np.mean([shares[a] @ shares[b] for a, b in pairs])
    ours = conger_kappa(tb.ratings_of_raters((raters + 1).tolist())).value
    assert ours == pytest.approx((agreed - chance) / (1 - chance))


def test_kappa_of_comparisons_equals_the_definition_and_a_hand_computed_one():
    for seed in range(5):
        counts = counts_of(some_ratings(seed, q=3), q=3)
        expected = by_loops.comparison_kappa(by_loops.items_of(counts))
        assert comparison_kappa(counts).value == pytest.approx(expected)
    # Two of four agree; two ties of eight: p_E = 1/16 + 2 (3/8)^2 = 11/32, so (1/2 - p_E) / 21/32.
    counts = [[2, 0, 0], [0, 0, 2], [1, 1, 0], [0, 1, 1]]
    assert comparison_kappa(counts).value == pytest.approx(5 / 21)
    assert comparison_kappa([[0, 3, 0], [0, 2, 0]]).reason == "no_variation"
    with pytest.raises(ValueError, match="three outcomes"):
        comparison_kappa([[2, 0]])


def test_kappa_of_comparisons_does_not_depend_on_the_side_of_the_better_one():
    """Turning some of the items around moves Fleiss' kappa, for it moves the shares."""
    counts = counts_of(some_ratings(4, q=3, n_items=40), q=3)
    turned = counts.copy()
    turned[::2] = turned[::2, ::-1]
    assert comparison_kappa(turned).value == pytest.approx(comparison_kappa(counts).value)
    assert fleiss_kappa(turned).value != pytest.approx(fleiss_kappa(counts).value)


def test_tau_x_equals_the_matrix_definition():
    rng = np.random.default_rng(5)
    for _ in range(40):
        first, second = rng.integers(1, 4, (2, 6))
        expected = by_loops.tau_x(first.tolist(), second.tolist())
        assert emond_mason_tau_x(first, second).value == pytest.approx(expected)


def test_tau_x_counts_a_shared_tie_as_agreement_where_tau_b_does_not():
    """Emond & Mason 2002: two rankings that tie everything agree; without ties tau-x is tau."""
    assert emond_mason_tau_x([1, 1, 1], [2, 2, 2]).value == 1.0
    assert kendall_tau_b([1, 1, 1], [2, 2, 2]).reason == "all_tied"
    assert emond_mason_tau_x([1, 1, 1], [1, 2, 3]).value == 0.0
    first, second = [1, 2, 3, 4, 5], [2, 1, 3, 5, 4]
    assert emond_mason_tau_x(first, second).value == pytest.approx(
        kendall_tau_b(first, second).value
    )
    assert emond_mason_tau_x([1], [1]).reason == "no_pairable"
