"""Published examples, to the digits that two independent computations agree on."""

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
from annotation.quality.stats.concordance import kendall_w
from annotation.quality.stats.weights import weights_from_disagreement

from . import textbook as tb

NEAR = {"abs": 1e-6}


@pytest.mark.parametrize(
    ("level", "expected"),
    [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)],
)
def test_alpha_of_krippendorff_2011_section_c(level, expected):
    counts = tb.counts_of_raters(tb.KRIPPENDORFF_2011_C)
    assert krippendorff_alpha(counts, level).value == pytest.approx(expected, **NEAR)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("nominal", 0.691358), ("ordinal", 0.806721), ("interval", 0.810845), ("ratio", 0.808944)],
)
def test_alpha_of_the_encyclopedia_example(level, expected):
    counts = tb.counts_of_raters(tb.KRIPPENDORFF_WIKIPEDIA)
    assert krippendorff_alpha(counts, level).value == pytest.approx(expected, **NEAR)


def test_alpha_does_not_count_a_unit_with_one_value():
    estimate = krippendorff_alpha(tb.counts_of_raters(tb.KRIPPENDORFF_2011_C), "nominal")
    assert (estimate.n_items, estimate.n_pairable, estimate.n_ratings) == (12, 11, 41)


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [
        (fleiss_kappa, 0.209931),
        (lambda counts: krippendorff_alpha(counts, "nominal"), 0.215574),
        (gwet_ac, 0.225614),
        (brennan_prediger, 0.222527),
    ],
)
def test_fourteen_raters(coefficient, expected):
    assert coefficient(tb.FLEISS_14_RATERS).value == pytest.approx(expected, **NEAR)


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [
        (fleiss_kappa, 0.430245),
        (lambda counts: krippendorff_alpha(counts, "nominal"), 0.433410),
        (gwet_ac, 0.447885),
    ],
)
def test_diagnoses_of_fleiss_1971(coefficient, expected):
    counts = tb.counts_of_digits(tb.FLEISS_1971)
    assert counts.shape == (30, 5)
    assert coefficient(counts).value == pytest.approx(expected, **NEAR)


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [
        (gwet_ac, 0.775444),
        (fleiss_kappa, 0.761169),
        (brennan_prediger, 0.772727),
        (lambda counts: pairwise_agreement(counts, "macro"), 0.818182),
        (lambda counts: pairwise_agreement(counts, "micro"), 0.781818),
        (lambda counts: gwet_ac(counts, "quadratic"), 0.914001),
        (lambda counts: gwet_ac(counts, "ordinal"), 0.898940),
        (lambda counts: fleiss_kappa(counts, "quadratic"), 0.864935),
    ],
)
def test_four_raters_with_missing_values(coefficient, expected):
    counts = tb.counts_of_raters(tb.KRIPPENDORFF_2011_C)
    assert coefficient(counts).value == pytest.approx(expected, **NEAR)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("identity", 0.491525),
        ("linear", 0.473684),
        ("quadratic", 0.454545),
        (weights_from_disagreement(tb.COHEN_1968_DISAGREEMENT), 0.347826),
    ],
)
def test_weighted_kappa_of_cohen_1968(weights, expected):
    first, second = tb.ratings_of_table(tb.COHEN_1968)
    estimate = cohen_kappa(first, second, 3, weights)
    assert estimate.value == pytest.approx(expected, **NEAR)
    assert estimate.n_items == 200


def test_concordance_of_the_anxiety_ratings():
    ranks = tb.counts_of_digits(tb.ANXIETY).T
    assert ranks.shape == (3, 20)

    w = kendall_w(ranks)

    assert w.value == pytest.approx(0.539657, **NEAR)
    assert kendall_w(ranks, tie_correction=False).value == pytest.approx(0.501921, **NEAR)
    assert w.test.statistic == pytest.approx(30.760442, **NEAR)
    assert w.test.degrees_of_freedom == (19,)
    assert w.test.p_value == pytest.approx(0.042883, **NEAR)


def test_high_raw_agreement_can_go_with_no_agreement_beyond_chance():
    """90 items yes/yes and 10 split: why one coefficient alone says nothing."""
    counts = np.array([[2, 0]] * 90 + [[1, 1]] * 10)

    assert pairwise_agreement(counts, "micro").value == pytest.approx(0.90)
    assert fleiss_kappa(counts).value == pytest.approx(-0.053, abs=5e-4)
    assert krippendorff_alpha(counts, "nominal").value == pytest.approx(-0.047, abs=5e-4)
    assert gwet_ac(counts).value == pytest.approx(0.890, abs=5e-4)


def test_the_whole_scale_counts_whether_observed_or_not():
    first, second = [0, 1, 4, 1], [0, 1, 1, 1]
    assert (
        cohen_kappa(first, second, 5, "quadratic").value
        != cohen_kappa([0, 1, 2, 1], [0, 1, 1, 1], 3, "quadratic").value
    )
