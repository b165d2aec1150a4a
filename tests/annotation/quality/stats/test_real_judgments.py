"""Two real sets of judgments, read where they lie; every figure was computed by two programs."""

import csv
import json

import numpy as np
import pytest

from annotation.quality.stats.agreement import (
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.comparisons import cohen_by_labelers, rankings_to_comparisons
from annotation.quality.stats.rankings import Rankings, kendall_tau_b
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import count_table
from tests.data import shared

NEAR = {"abs": 1e-6}
RANKS = {0: (1, 1), 1: (1, 2), 2: (2, 1)}


@pytest.fixture(scope="module")
def pandalm():
    rows = json.loads(shared("pandalm/testset-v1.json").read_text())
    verdicts = [
        (item, labeler, RANKS[row[f"annotator{labeler + 1}"]])
        for item, row in enumerate(rows)
        for labeler in range(3)
    ]
    return rankings_to_comparisons(Rankings.of(*zip(*verdicts, strict=True)))


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [
        (lambda c: pairwise_agreement(c, "micro"), 0.919920),
        (lambda c: pairwise_agreement(c, "macro"), 0.919920),
        (fleiss_kappa, 0.864175),
        (lambda c: krippendorff_alpha(c, "nominal"), 0.864221),
        (lambda c: krippendorff_alpha(c, "ordinal"), 0.877464),
        (gwet_ac, 0.886445),
        (lambda c: gwet_ac(c, "quadratic"), 0.867075),
        (brennan_prediger, 0.879880),
    ],
)
def test_agreement_of_pandalm(pandalm, coefficient, expected):
    estimate = coefficient(pandalm.table())
    assert estimate.value == pytest.approx(expected, **NEAR)
    assert (estimate.n_items, estimate.n_pairable, estimate.n_ratings) == (999, 999, 2997)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("identity", (0.852023, 0.878944, 0.861661)),  # published: .85 .88 .86
        ("quadratic", (0.863505, 0.894492, 0.873491)),
    ],
)
def test_cohen_of_pandalm(pandalm, weights, expected):
    kappas = cohen_by_labelers(pandalm, weights=weights)
    values = [kappas[pair].value for pair in ((0, 1), (0, 2), (1, 2))]
    assert values == pytest.approx(expected, **NEAR)


def test_intervals_of_pandalm(pandalm):
    table = pandalm.table(seed=20)
    assert krippendorff_alpha(table, "nominal").ci == pytest.approx((0.8402, 0.8861), abs=0.005)
    assert krippendorff_alpha(table, "ordinal").ci == pytest.approx((0.8522, 0.9000), abs=0.005)


def test_tau_b_of_pandalm(pandalm):
    by_labeler = [pandalm.outcome[pandalm.labeler == labeler] for labeler in range(3)]
    for first, second, expected in ((0, 1, 0.852268), (0, 2, 0.884112), (1, 2, 0.862755)):
        tau = kendall_tau_b(by_labeler[first], by_labeler[second])
        assert tau.value == pytest.approx(expected, **NEAR)


@pytest.fixture(scope="module")
def llmfao():
    with shared("llmfao/llmfao.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [(row["prompt"], row["model_x"], row["model_y"]) for row in rows]
    index = {key: number for number, key in enumerate(sorted(set(keys)))}
    category = [("left", "tie", "right").index(row["winner"]) for row in rows]
    return count_table([index[key] for key in keys], category, len(index), 3)


@pytest.mark.parametrize(
    ("coefficient", "expected"),
    [
        (lambda c: pairwise_agreement(c, "micro"), 0.532226),
        (lambda c: pairwise_agreement(c, "macro"), 0.528562),
        (fleiss_kappa, 0.286871),
        (lambda c: krippendorff_alpha(c, "nominal"), 0.290595),
        (lambda c: krippendorff_alpha(c, "ordinal"), 0.287553),
        (gwet_ac, 0.295793),
    ],
)
def test_agreement_of_a_crowd(llmfao, coefficient, expected):
    estimate = coefficient(llmfao)
    assert estimate.value == pytest.approx(expected, **NEAR)
    assert (estimate.n_items, estimate.n_pairable) == (2139, 2124)
    assert estimate.n_ratings == 8931


def test_interval_of_a_crowd(llmfao):
    alpha = krippendorff_alpha(RatingTable(llmfao, seed=20), "nominal")
    assert alpha.ci == pytest.approx((0.2718, 0.3094), abs=0.005)
    assert np.isfinite(alpha.ci).all()
