"""Where a coefficient does not exist there is a reason, and never a NaN, a 0 or a 1 instead."""

import numpy as np
import pytest

from annotation.quality.stats.agreement import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.estimate import Estimate
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import as_counts, count_table
from annotation.quality.stats.weights import agreement_weights, weights_from_disagreement

ALL = {
    "raw micro": lambda counts: pairwise_agreement(counts, "micro"),
    "raw macro": lambda counts: pairwise_agreement(counts, "macro"),
    "alpha nominal": lambda counts: krippendorff_alpha(counts, "nominal"),
    "alpha ordinal": lambda counts: krippendorff_alpha(counts, "ordinal"),
    "alpha interval": lambda counts: krippendorff_alpha(counts, "interval"),
    "alpha ratio": lambda counts: krippendorff_alpha(counts, "ratio"),
    "fleiss": fleiss_kappa,
    "fleiss quadratic": lambda counts: fleiss_kappa(counts, "quadratic"),
    "ac1": gwet_ac,
    "ac2": lambda counts: gwet_ac(counts, "linear"),
    "brennan-prediger": brennan_prediger,
}


@pytest.mark.parametrize("coefficient", ALL.values(), ids=ALL)
def test_nothing_judged_is_no_data(coefficient):
    for counts in (np.zeros((0, 3), int), np.zeros((4, 3), int)):
        estimate = coefficient(counts)
        assert (estimate.value, estimate.reason) == (None, "no_data")
        assert (estimate.n_items, estimate.n_ratings) == (0, 0)


@pytest.mark.parametrize("coefficient", ALL.values(), ids=ALL)
def test_one_labeler_is_not_pairable(coefficient):
    estimate = coefficient([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert (estimate.value, estimate.reason) == (None, "no_pairable")
    assert (estimate.n_items, estimate.n_pairable, estimate.n_ratings) == (3, 0, 3)


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith(("alpha", "fleiss"))])
def test_one_category_gives_alpha_and_kappa_no_variation(name):
    estimate = ALL[name]([[0, 3, 0], [0, 2, 0]])
    assert (estimate.value, estimate.reason) == (None, "no_variation")


@pytest.mark.parametrize("name", ["ac1", "ac2", "brennan-prediger"])
def test_one_category_gives_the_others_one_with_a_flag(name):
    estimate = ALL[name]([[0, 3, 0], [0, 2, 0]])
    assert estimate.value == pytest.approx(1.0)
    assert estimate.flags == ("low_variation",)
    assert ALL[name]([[0, 3, 0], [2, 1, 0]]).flags == ()


def test_a_scale_of_one_category_has_no_chance_to_correct_for():
    assert gwet_ac([[3], [2]]).reason == "no_variation"
    assert brennan_prediger([[3], [2]]).reason == "no_variation"


def test_one_disagreement_in_a_constant_set_is_alpha_zero():
    """Not undefined: right at chance level, for the one deviation was all the variation."""
    estimate = krippendorff_alpha([[2, 0]] * 9 + [[1, 1]], "nominal")
    assert estimate.value == pytest.approx(0.0, abs=1e-12)


def test_an_item_with_one_judgment_moves_shares_but_not_alpha():
    counts = [[2, 0], [1, 1], [0, 2]]
    more = [*counts, [1, 0]]
    assert krippendorff_alpha(more, "nominal").value == krippendorff_alpha(counts, "nominal").value
    assert fleiss_kappa(more).value != fleiss_kappa(counts).value


def test_cohen_at_the_edges():
    assert cohen_kappa([1, 1, 1], [1, 1, 1], 3).reason == "no_variation"
    assert cohen_kappa([1, 1, 1], [2, 2, 2], 3).value == 0.0
    empty = cohen_kappa([], [], 3, seed=1)
    assert (empty.value, empty.reason, empty.ci) == (None, "no_pairable", None)


@pytest.mark.parametrize(
    "counts",
    [
        np.array([1, 2, 3]),  # no table
        np.array([[1.5, 0], [2, 0]]),  # ratings, not counts
        np.array([[1, -1]]),
        np.zeros((3, 0), int),
    ],
)
def test_what_is_no_table_of_counts_is_refused(counts):
    assert as_counts([[1, 0]]).shape == (1, 2)
    with pytest.raises(ValueError):
        krippendorff_alpha(counts, "nominal")


def test_an_index_outside_the_table_is_refused():
    """So a transposed call (categories as items) cannot give a number."""
    item, category = [0, 1, 2, 3, 4], [0, 1, 1, 0, 1]
    assert count_table(item, category, 5, 2).sum() == 5
    with pytest.raises(ValueError, match="category outside"):
        count_table(category, item, 5, 2)
    with pytest.raises(ValueError, match="item index"):
        count_table(item, category, 4, 2)
    with pytest.raises(ValueError, match="same length"):
        count_table(item, category[:-1], 5, 2)


def test_an_estimate_is_a_finite_value_or_a_reason():
    assert Estimate(0.5, None, 1, 1, 2).value == 0.5
    for value, reason in ((float("nan"), None), (None, None), (0.5, "no_data")):
        with pytest.raises(ValueError):
            Estimate(value, reason, 1, 1, 2)


def test_unknown_options_are_refused():
    counts = [[2, 0], [1, 1]]
    with pytest.raises(ValueError, match="level"):
        krippendorff_alpha(counts, "cardinal")
    with pytest.raises(ValueError, match="micro or macro"):
        pairwise_agreement(counts, "median")
    with pytest.raises(ValueError, match="increasing"):
        krippendorff_alpha(counts, "interval", values=[2, 1])
    with pytest.raises(ValueError, match="diagonal"):
        fleiss_kappa(counts, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="2 x 2"):
        fleiss_kappa(counts, np.eye(3))
    with pytest.raises(ValueError, match="diagonal"):
        weights_from_disagreement([[1, 0], [0, 1]])
    with pytest.raises(ValueError, match="outside the scale"):
        cohen_kappa([0, 3], [0, 1], 3)
    with pytest.raises(ValueError, match="same things"):
        cohen_kappa([0, 1], [0], 3)


def test_weights_use_the_numbers_behind_the_categories():
    equidistant = agreement_weights("linear", 3)
    assert equidistant[0, 1] == 0.5
    assert agreement_weights("linear", 3, values=[1, 2, 5])[0, 1] == 0.75
    assert agreement_weights("quadratic", 3, values=[1, 2, 5])[0, 1] == pytest.approx(15 / 16)
    assert agreement_weights("ordinal", 3)[0, 1] == pytest.approx(1 - 1 / 3)


def test_comparisons_of_one_item_are_not_items():
    table = RatingTable([[3, 0, 0], [0, 2, 1], [1, 0, 0]], item_of_row=np.array([7, 7, 9]))
    estimate = krippendorff_alpha(table, "nominal")
    assert (estimate.n_items, estimate.n_pairable, estimate.n_ratings) == (2, 1, 7)
