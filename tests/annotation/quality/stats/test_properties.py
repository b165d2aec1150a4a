"""What must not matter, for any judgments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.agreement import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.comparisons import cohen_by_labelers, rankings_to_comparisons
from annotation.quality.stats.rankings import Rankings, ranking_agreement

tables = st.lists(
    st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=0, max_size=12
).map(lambda rows: np.array(rows, dtype=int).reshape(-1, 3))

COEFFICIENTS = (
    lambda c: pairwise_agreement(c, "micro"),
    lambda c: pairwise_agreement(c, "macro"),
    lambda c: krippendorff_alpha(c, "nominal"),
    lambda c: krippendorff_alpha(c, "ordinal"),
    lambda c: krippendorff_alpha(c, "interval"),
    fleiss_kappa,
    lambda c: fleiss_kappa(c, "quadratic"),
    gwet_ac,
    lambda c: gwet_ac(c, "ordinal"),
    brennan_prediger,
)


def same(one, other):
    if one.value is None:
        return (other.value, other.reason) == (None, one.reason)
    return one.value == pytest.approx(other.value, abs=1e-9)


@given(tables, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_items_does_not_matter(counts, random):
    order = list(range(len(counts)))
    random.shuffle(order)
    for coefficient in COEFFICIENTS:
        assert same(coefficient(counts), coefficient(counts[order]))


@given(tables)
@settings(max_examples=60, deadline=None)
def test_turning_the_scale_around_does_not_matter(counts):
    """First and second response swapped in every item, labels with them."""
    for coefficient in COEFFICIENTS:
        assert same(coefficient(counts), coefficient(counts[:, ::-1]))


@given(tables, st.permutations(range(3)))
@settings(max_examples=60, deadline=None)
def test_nominal_coefficients_do_not_know_an_order(counts, order):
    for coefficient in (COEFFICIENTS[0], COEFFICIENTS[2], fleiss_kappa, gwet_ac):
        assert same(coefficient(counts), coefficient(counts[:, list(order)]))


@given(tables)
@settings(max_examples=60, deadline=None)
def test_every_coefficient_is_at_most_one_and_one_only_for_full_agreement(counts):
    for coefficient in COEFFICIENTS:
        estimate = coefficient(counts)
        if estimate.value is not None:
            assert estimate.value <= 1 + 1e-9
            unanimous = (np.count_nonzero(counts[counts.sum(axis=1) >= 2], axis=1) == 1).all()
            assert (estimate.value > 1 - 1e-9) == unanimous


two_labelers = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=20)


@given(two_labelers, st.sampled_from(["identity", "linear", "quadratic"]))
@settings(max_examples=80, deadline=None)
def test_cohen_is_symmetric_and_turns_with_the_scale(pairs, weights):
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    kappa = cohen_kappa(first, second, 3, weights)
    assert same(kappa, cohen_kappa(second, first, 3, weights))
    assert same(kappa, cohen_kappa(2 - first, 2 - second, 3, weights))


@given(two_labelers, st.sampled_from(["linear", "quadratic"]))
@settings(max_examples=50, deadline=None)
def test_cohen_equals_scikit_learn_on_the_full_scale(pairs, weights):
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    ours = cohen_kappa(first, second, 3, weights)
    if ours.value is not None:
        theirs = metrics.cohen_kappa_score(first, second, labels=[0, 1, 2], weights=weights)
        assert ours.value == pytest.approx(theirs)


@st.composite
def some_rankings(draw):
    n_items, n_labelers = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rank = st.one_of(st.integers(1, 4).map(float), st.just(np.nan))
    rows = []
    for item in range(n_items):
        for labeler in range(n_labelers):
            if draw(st.booleans()):
                rows.append((item, labeler, draw(st.lists(rank, min_size=4, max_size=4))))
    return rows


def of_rows(rows):
    return Rankings.of(
        [row[0] for row in rows],
        [row[1] for row in rows],
        np.array([row[2] for row in rows], dtype=float).reshape(-1, 4),
    )


@given(some_rankings(), st.randoms(use_true_random=False), st.permutations(range(4)))
@settings(max_examples=80, deadline=None)
def test_names_and_order_of_items_labelers_and_responses_do_not_matter(rows, random, columns):
    renamed = [(90 - item, 40 - labeler, ranks) for item, labeler, ranks in rows]
    random.shuffle(renamed)
    one, other = of_rows(rows), of_rows(renamed)
    agreement, again = ranking_agreement(one), ranking_agreement(other)
    assert same(agreement.kendall_w, again.kendall_w)
    assert same(agreement.tau_b, again.tau_b)

    moved = ranking_agreement(Rankings.of(one.item, one.labeler, one.ranks[:, list(columns)]))
    assert same(agreement.kendall_w, moved.kendall_w)
    assert same(agreement.tau_b, moved.tau_b)

    comparisons, others = rankings_to_comparisons(one), rankings_to_comparisons(other)
    for coefficient in COEFFICIENTS:
        assert same(coefficient(comparisons.counts()), coefficient(others.counts()))
    kappas, swapped = cohen_by_labelers(comparisons), cohen_by_labelers(others)
    assert len(kappas) == len(swapped)
    for (first, second), kappa in kappas.items():
        assert same(kappa, swapped[40 - second, 40 - first])


@given(some_rankings())
@settings(max_examples=40, deadline=None)
def test_ranks_are_an_order_and_nothing_more(rows):
    """Any increasing numbers are the same ranking."""
    stretched = [(i, w, [rank**3 + 1 for rank in ranks]) for i, w, ranks in rows]
    assert same(
        ranking_agreement(of_rows(rows)).kendall_w, ranking_agreement(of_rows(stretched)).kendall_w
    )
    counts, again = (rankings_to_comparisons(of_rows(r)).counts() for r in (rows, stretched))
    assert (counts == again).all()
