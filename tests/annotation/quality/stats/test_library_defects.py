"""What other people's libraries get wrong or leave undefined, and ours does not.

Each test shows the defect in the version installed where that is possible, then ours beside it.
Should a library mend it, its half fails and can go.
"""

import warnings

import krippendorff
import numpy as np
import pytest
from scipy.stats import friedmanchisquare, kendalltau
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.agreement import fleiss_kappa, gwet_ac, pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.concordance import kendall_w
from annotation.quality.stats.rankings import kendall_tau_b
from annotation.quality.stats.ratings import Ratings
from annotation.quality.stats.tables import count_table

from . import textbook as tb


def test_krippendorff_answers_a_transposed_table_silently():
    """-0.054859 instead of 0.743421; counts cannot be turned around unseen."""
    table = np.array(
        [[np.nan if c == "." else float(c) for c in row] for row in tb.KRIPPENDORFF_2011_C]
    )
    right = krippendorff.alpha(table, level_of_measurement="nominal")
    turned = krippendorff.alpha(table.T, level_of_measurement="nominal")
    assert (right, turned) == pytest.approx((0.743421, -0.054859), abs=1e-6)
    unit, labeler = np.nonzero(np.isfinite(table.T))
    category = table.T[unit, labeler].astype(int) - 1
    sizes = {"n_units": 12, "n_labelers": 4, "n_categories": 5}
    ratings = Ratings.of(unit=unit, labeler=labeler, category=category, **sizes)
    assert krippendorff_alpha(ratings.counts(), "nominal").value == pytest.approx(right)
    with pytest.raises(ValueError, match="labeler outside"):
        Ratings.of(unit=labeler, labeler=unit, category=category, **sizes)


def test_krippendorff_has_an_exception_or_nan_for_one_category():
    with pytest.raises(ValueError):
        krippendorff.alpha([[1, 1], [1, 1]], level_of_measurement="nominal")
    estimate = krippendorff_alpha([[2, 0], [2, 0]], "nominal")
    assert (estimate.value, estimate.reason) == (None, "no_variation")


def test_statsmodels_counts_a_missing_rating_as_a_category():
    data = np.array([[1.0, 1.0, np.nan], [2.0, 2.0, 2.0]])
    counts, categories = inter_rater.aggregate_raters(data)
    assert np.isnan(categories).any()
    assert counts.sum() == 6
    ours = count_table([0, 0, 1, 1, 1], [0, 0, 1, 1, 1], 2, 2)
    assert ours.sum() == 5
    assert fleiss_kappa(ours).value == pytest.approx(1.0)


def test_statsmodels_asserts_on_unbalanced_tables():
    counts = np.array([[2, 1], [2, 0], [1, 1]])
    with pytest.raises(AssertionError):
        inter_rater.fleiss_kappa(counts)
    assert fleiss_kappa(counts).value is not None


def test_statsmodels_gives_nan_for_one_category():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(inter_rater.fleiss_kappa(np.array([[3, 0], [3, 0]])))
    assert fleiss_kappa([[3, 0], [3, 0]]).reason == "no_variation"
    ac1 = gwet_ac([[3, 0], [3, 0]])
    assert (ac1.value, ac1.flags) == (1.0, ("low_variation",))


def test_scikit_learn_gives_nan_for_a_single_label():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(cohen_kappa_score([1, 1], [1, 1]))
    assert cohen_kappa([1, 1], [1, 1], 2).reason == "no_variation"
    assert cohen_kappa([0, 0], [1, 1], 2).value == 0.0


def test_scikit_learn_takes_the_observed_scale_for_the_scale():
    """Ratings 1, 2, 5 of five, quadratic: .384615 without the full scale, .418182 with it."""
    first, second = [1, 2, 5, 1, 2], [1, 5, 5, 2, 2]
    squeezed = cohen_kappa_score(first, second, weights="quadratic")
    whole = cohen_kappa_score(first, second, weights="quadratic", labels=[1, 2, 3, 4, 5])
    assert squeezed != pytest.approx(whole)
    ours = cohen_kappa(np.subtract(first, 1), np.subtract(second, 1), 5, "quadratic")
    assert ours.value == pytest.approx(whole)


def test_scipy_gives_nan_for_constant_rankings():
    assert np.isnan(kendalltau([1, 1, 1], [1, 2, 3]).statistic)
    assert kendall_tau_b([1, 1, 1], [1, 2, 3]).reason == "all_tied"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(friedmanchisquare([1, 1], [1, 1], [1, 1]).statistic)
    assert kendall_w([[1, 1, 1], [1, 1, 1]]).reason == "all_tied"


def test_scipy_refuses_two_objects():
    with pytest.raises(ValueError):
        friedmanchisquare([1, 2, 1], [2, 1, 2])
    w = kendall_w([[1, 2], [2, 1], [1, 2]])
    assert w.value == pytest.approx(1 / 9)


def test_irrcac_gives_one_labeler_an_interval_and_one_category_an_alpha_of_one():
    """irrCAC 0.4.4 (not installed: it pins scipy 1.12) says (nan, 1) and 1.0."""
    assert gwet_ac([[1, 0], [0, 1]]).reason == "no_pairable"
    assert krippendorff_alpha([[3, 0], [2, 0]], "ordinal").reason == "no_variation"


def test_simpledorff_divides_by_zero_and_crowd_kit_says_one_for_one_category():
    """simpledorff 0.0.2: ZeroDivisionError; crowd-kit 1.4.2: alpha 1.0."""
    estimate = krippendorff_alpha([[0, 4]], "nominal")
    assert (estimate.value, estimate.reason) == (None, "no_variation")


def test_micro_and_macro_have_different_names():
    """irrCAC's p_a is the macro mean; some call the micro share by the same name."""
    counts = tb.counts_of_raters(tb.KRIPPENDORFF_2011_C)
    assert pairwise_agreement(counts, "macro").value == pytest.approx(0.818182, abs=1e-6)
    assert pairwise_agreement(counts, "micro").value == pytest.approx(0.781818, abs=1e-6)


def test_the_upper_end_of_twenty_of_twenty_is_one():
    """Unclipped it prints 0.9999999999999999."""
    assert wilson_interval(20, 20)[1] == 1.0
    assert wilson_interval(0, 0) is None
