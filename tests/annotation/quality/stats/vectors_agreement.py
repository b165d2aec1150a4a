"""Checks of the vectors about agreement: every figure a vector gives, at its tolerance."""

import pytest

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.agreement import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.concordance import kendall_w
from annotation.quality.stats.conger import conger_kappa
from annotation.quality.stats.rankings import kendall_tau_b
from annotation.quality.stats.weights import weights_from_disagreement

from . import textbook as tb

LEVELS = ("nominal", "ordinal", "interval", "ratio")


def near(expected):
    return pytest.approx(expected, abs=1e-6)


def printed(expected, digits=3):
    """A published figure, to its printed digits."""
    return pytest.approx(expected, abs=0.5 * 10**-digits)


def check_alpha(vector):
    counts = tb.counts_of_raters(vector["input"]["raters_x_units"])
    own, published = vector["computed"]["own"], vector["published"]
    for level in LEVELS:
        alpha = krippendorff_alpha(counts, level).value
        assert alpha == near(own[level])
        if level in published:
            assert alpha == printed(published[level])


def check_fleiss(vector):
    counts, expected = vector["input"]["counts"], vector["computed"]
    kappa = fleiss_kappa(counts).value
    assert kappa == near(expected["own"])
    assert kappa == near(expected["statsmodels"])
    assert kappa == printed(vector["published"]["kappa"], digits=2)
    assert krippendorff_alpha(counts, "nominal").value == near(expected["alpha_nominal"])
    assert gwet_ac(counts).value == near(expected["gwet_ac1"])
    if "brennan_prediger" in expected:
        assert brennan_prediger(counts).value == near(expected["brennan_prediger"])
    if "P" in vector["published"]:
        observed = pairwise_agreement(counts, "macro").value
        assert observed == printed(vector["published"]["P"])
        chance = (observed - kappa) / (1 - kappa)
        assert chance == printed(vector["published"]["Pe"])


def check_four_raters(vector):
    counts = tb.counts_of_raters(vector["input"]["raters_x_units"])
    own, published = vector["computed"]["own"], vector["published"]
    assert gwet_ac(counts).value == near(own["gwet_ac1"])
    assert gwet_ac(counts).value == printed(published["gwet_ac1"], digits=5)
    assert fleiss_kappa(counts).value == near(own["fleiss_general"])
    assert fleiss_kappa(counts).value == printed(published["fleiss"], digits=5)
    assert krippendorff_alpha(counts, "nominal").value == near(own["alpha"])
    assert brennan_prediger(counts).value == near(own["bp"])
    for average, expected in zip(("micro", "macro"), own["raw_micro_macro"], strict=True):
        assert pairwise_agreement(counts, average).value == near(expected)
    assert pairwise_agreement(counts, "macro").value == near(published["pa"])
    # The README of irrCAC prints .76282 for Conger, which its own formula does not give.
    ratings = tb.ratings_of_raters(vector["input"]["raters_x_units"])
    assert conger_kappa(ratings).value == near(vector["computed"]["conger_by_formula"])
    assert conger_kappa(ratings).value == near(vector["computed"]["irrCAC_0_4_4"]["conger"])
    for weights in ("quadratic", "ordinal"):
        expected = vector["computed"][f"irrCAC_{weights}"]
        assert gwet_ac(counts, weights).value == near(expected["gwet"])
        assert fleiss_kappa(counts, weights).value == near(expected["fleiss"])
        assert brennan_prediger(counts, weights).value == near(expected["bp"])
        assert conger_kappa(ratings, weights).value == near(expected["conger"])


def check_weighted_cohen(vector):
    first, second = tb.ratings_of_table(vector["input"]["table_rater1_rows"])
    weights = weights_from_disagreement(vector["input"]["disagreement_weights"])
    kappa = cohen_kappa(first, second, 3, weights).value
    assert kappa == near(vector["computed"]["own"])
    assert kappa == printed(vector["published"]["kappa_w"])


def check_concordance(vector):
    raters = list(zip(*vector["input"]["objects_x_raters"], strict=True))
    own, published = vector["computed"]["own"], vector["published"]
    w = kendall_w(raters)
    assert w.value == near(own["Wt"])
    assert w.value == near(vector["computed"]["scipy_friedman_over_m_n1"])
    assert w.value == printed(published["Wt"], digits=2)
    assert w.test.statistic == near(vector["computed"]["chisq"])
    assert w.test.statistic == printed(published["chisq"], digits=1)
    assert w.test.p_value == near(vector["computed"]["p"])
    assert w.test.p_value == printed(published["p"], digits=4)
    assert kendall_w(raters, tie_correction=False).value == near(own["W_uncorrected"])


def check_tau_b(vector):
    tau = kendall_tau_b(vector["input"]["x"], vector["input"]["y"]).value
    assert tau == near(vector["computed"]["own"])
    assert tau == near(vector["published"]["tau_b"])


def check_wilson(vector):
    assert vector["input"]["cases"]
    for correct, total in vector["input"]["cases"]:
        expected = vector["computed"][f"{correct}/{total}"]
        interval = wilson_interval(correct, total)
        assert interval == (None if expected is None else near(expected))
    for case, expected in vector["published"]["newcombe"].items():
        correct, total = map(int, case.split("/"))
        assert wilson_interval(correct, total) == printed(expected, digits=4)


CHECKS = {
    "krippendorff_alpha": check_alpha,
    "fleiss_kappa": check_fleiss,
    "AC1/Fleiss/alpha/Conger/BP with missing": check_four_raters,
    "cohen weighted kappa, custom disagreement weights": check_weighted_cohen,
    "kendall_w tie-corrected": check_concordance,
    "kendall tau-b": check_tau_b,
    "binomial CI": check_wilson,
}
