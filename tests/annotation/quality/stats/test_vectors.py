"""The reference vectors: every figure of these coefficients, read where they lie."""

import json

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
from annotation.quality.stats.rankings import kendall_tau_b, kendall_w
from annotation.quality.stats.weights import weights_from_disagreement
from tests.data import shared

from . import textbook as tb

NEAR = {"abs": 1e-6}
LEVELS = ("nominal", "ordinal", "interval", "ratio")


@pytest.fixture(scope="module")
def vectors():
    rows = json.loads(shared("textbook/vectors.json").read_text())["vectors"]
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("name", ["krippendorff2011_C", "krippendorff_wikipedia"])
@pytest.mark.parametrize("level", LEVELS)
def test_alpha(vectors, name, level):
    vector = vectors[name]
    counts = tb.counts_of_raters(vector["input"]["raters_x_units"])
    expected = vector["computed"]["own"][level]
    assert krippendorff_alpha(counts, level).value == pytest.approx(expected, **NEAR)


def test_fourteen_raters(vectors):
    vector = vectors["fleiss_14raters"]
    counts, expected = vector["input"]["counts"], vector["computed"]
    assert fleiss_kappa(counts).value == pytest.approx(expected["own"], **NEAR)
    assert krippendorff_alpha(counts, "nominal").value == pytest.approx(
        expected["alpha_nominal"], **NEAR
    )
    assert gwet_ac(counts).value == pytest.approx(expected["gwet_ac1"], **NEAR)
    assert brennan_prediger(counts).value == pytest.approx(expected["brennan_prediger"], **NEAR)
    assert pairwise_agreement(counts, "macro").value == pytest.approx(
        vector["published"]["P"], abs=5e-4
    )


def test_diagnoses(vectors):
    vector = vectors["fleiss1971_diagnoses"]
    counts, expected = vector["input"]["counts"], vector["computed"]
    assert fleiss_kappa(counts).value == pytest.approx(expected["own"], **NEAR)
    assert krippendorff_alpha(counts, "nominal").value == pytest.approx(
        expected["alpha_nominal"], **NEAR
    )
    assert gwet_ac(counts).value == pytest.approx(expected["gwet_ac1"], **NEAR)


def test_four_raters(vectors):
    vector = vectors["gwet_raw4raters"]
    counts, own = (
        tb.counts_of_raters(vector["input"]["raters_x_units"]),
        vector["computed"]["own"],
    )
    assert gwet_ac(counts).value == pytest.approx(own["gwet_ac1"], **NEAR)
    assert fleiss_kappa(counts).value == pytest.approx(own["fleiss_general"], **NEAR)
    assert krippendorff_alpha(counts, "nominal").value == pytest.approx(own["alpha"], **NEAR)
    assert brennan_prediger(counts).value == pytest.approx(own["bp"], **NEAR)
    for average, expected in zip(("micro", "macro"), own["raw_micro_macro"], strict=True):
        assert pairwise_agreement(counts, average).value == pytest.approx(expected, **NEAR)


@pytest.mark.parametrize("weights", ["quadratic", "ordinal"])
def test_four_raters_weighted(vectors, weights):
    vector = vectors["gwet_raw4raters"]
    counts = tb.counts_of_raters(vector["input"]["raters_x_units"])
    expected = vector["computed"][f"irrCAC_{weights}"]
    assert gwet_ac(counts, weights).value == pytest.approx(expected["gwet"], **NEAR)
    assert fleiss_kappa(counts, weights).value == pytest.approx(expected["fleiss"], **NEAR)
    assert brennan_prediger(counts, weights).value == pytest.approx(expected["bp"], **NEAR)


def test_weighted_cohen(vectors):
    vector = vectors["cohen1968_weighted"]
    first, second = tb.ratings_of_table(vector["input"]["table_rater1_rows"])
    weights = weights_from_disagreement(vector["input"]["disagreement_weights"])
    expected = vector["computed"]["own"]
    assert cohen_kappa(first, second, 3, weights).value == pytest.approx(expected, **NEAR)


def test_concordance(vectors):
    vector = vectors["kendallW_anxiety"]
    raters = list(zip(*vector["input"]["objects_x_raters"], strict=True))
    own = vector["computed"]["own"]
    assert kendall_w(raters).value == pytest.approx(own["Wt"], **NEAR)
    assert kendall_w(raters, tie_correction=False).value == pytest.approx(
        own["W_uncorrected"], **NEAR
    )


def test_tau_b(vectors):
    vector = vectors["tau_b"]
    estimate = kendall_tau_b(vector["input"]["x"], vector["input"]["y"])
    assert estimate.value == pytest.approx(vector["computed"]["own"], **NEAR)


def test_wilson(vectors):
    vector = vectors["gold_wilson"]
    assert vector["input"]["cases"]
    for correct, total in vector["input"]["cases"]:
        expected = vector["computed"][f"{correct}/{total}"]
        interval = wilson_interval(correct, total)
        if expected is None:
            assert interval is None
        else:
            assert interval == pytest.approx(expected, **NEAR)
