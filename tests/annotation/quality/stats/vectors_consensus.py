"""Published vectors of consensus: Dawid & Skene's patients, the capital of Tennessee."""

import numpy as np
import pytest

from annotation.quality.stats.dawid_skene import DawidSkeneFit, dawid_skene
from annotation.quality.stats.kemeny import kemeny
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.voting import Preferences, borda, condorcet, schulze


def labels_of_patients(vector: dict) -> Labels:
    """Observer 1 saw each patient three times, on purpose: each look counts."""
    item, labeler, label = np.array(vector["input"]["item_rater_label"]).T - 1
    return Labels.of(
        item, labeler, label, n_items=45, n_labelers=5, n_categories=4, repeats="count"
    )


def fit_patients(vector: dict) -> DawidSkeneFit:
    return dawid_skene(labels_of_patients(vector), smoothing=0.0, tol=1e-9, max_iter=5000)


def check_dawid_skene(vector: dict) -> None:
    own, fit = vector["computed"]["own_em"], fit_patients(vector)
    assert fit.converged
    # Stopping at -190.748, as a tolerance on the loss does, is too early.
    assert fit.log_likelihood == pytest.approx(own["loglik"], abs=1e-6)
    assert fit.prevalence == pytest.approx(np.array(own["p"]), abs=1e-5)
    assert fit.confusion == pytest.approx(np.array(own["error_rates"]), abs=2e-5)
    assert (fit.posterior.argmax(axis=1) + 1).tolist() == own["MAP"]
    for patient, posterior in own["T_uncertain"].items():
        # Patients are numbered from 1, as in the paper.
        assert fit.posterior[int(patient) - 1] == pytest.approx(posterior, abs=2e-4)
    # Dawid & Skene 1979, table 2, as printed
    assert fit.prevalence == pytest.approx(vector["published"]["class_marginals_approx"], abs=5e-3)


def check_election(vector: dict) -> None:
    names = vector["input"]["candidates"]
    weights, orders = zip(*vector["input"]["ballots_best_first"], strict=True)
    votes = Preferences.of(np.argsort(orders, axis=1), weights)
    computed = vector["computed"]
    assert votes.above.tolist() == computed["pairwise"]
    best = kemeny(votes)
    assert [names[place] for place in best.orders[0]] == computed["kemeny"]
    assert (best.score, best.is_exact, best.is_unique) == (computed["kemeny_score"], True, True)
    points = borda(votes).points
    assert {name: points[place] for place, name in enumerate(names)} == computed["borda"]
    assert names[condorcet(votes).winner] == names[int(schulze(votes).ranks.argmin())]
    assert names[condorcet(votes).winner] == vector["published"]["kemeny"][0]


CHECKS = {"dawid_skene": check_dawid_skene, "borda/kemeny/condorcet": check_election}
