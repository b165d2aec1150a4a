"""Published vectors of ability and of stopping: citations, puddings, films, a game, a walk."""

import numpy as np
import pytest

from annotation.quality.stats.bradley_terry import bradley_terry
from annotation.quality.stats.elo import elo
from annotation.quality.stats.outcomes import compare_generators
from annotation.quality.stats.plackett_luce import plackett_luce
from annotation.quality.stats.stopping import confusion_of_accuracy, item_posteriors, lead_rule

from . import published as pub

NEAR = {"abs": 1e-6}


def worths(ability):
    return np.exp(ability) / np.exp(ability).sum()


def check_bradley_terry(vector: dict) -> None:
    wins = np.array(vector["input"]["cited_by"])
    fit = bradley_terry(wins, reference=0)
    assert fit.ability == pytest.approx(vector["computed"]["own_mm"], **NEAR)
    printed = vector["published"]["log_strength_ref_Biometrika"]
    assert fit.ability.round(4).tolist() == printed
    # The residual deviance: twice the distance to the likelihood of each pair's own share.
    total = wins + wins.T
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(wins > 0, wins * np.log(wins / total), 0.0)
    np.fill_diagonal(own, 0.0)
    deviance = 2 * (own.sum() - fit.log_likelihood)
    assert deviance == pytest.approx(vector["published"]["residual_deviance"], abs=5e-4)


def check_davidson(vector: dict) -> None:
    own, printed = vector["computed"]["own_mle"], vector["published"]
    fit = bradley_terry(
        *pub.tables_of_pairs(vector["input"]["rows"], 6), tie_model="davidson", reference=0
    )
    assert worths(fit.ability) == pytest.approx(own["worth"], **NEAR)
    assert fit.ability == pytest.approx(own["log_ref1"], **NEAR)
    assert fit.nu == pytest.approx(own["tie"], **NEAR)
    assert -fit.log_likelihood == pytest.approx(own["neg_loglik"], abs=1e-5)
    assert worths(fit.ability) == pytest.approx(printed["worth"], abs=1e-4)
    assert fit.nu == pytest.approx(printed["tie"], abs=1e-4)


def check_plackett_luce(vector: dict) -> None:
    films = pub.rankings_of_orders(vector["input"]["freq_and_order_1based"])
    for pseudo, own in (
        (0.0, vector["computed"]["own_npseudo0"]),
        (0.5, vector["computed"]["own_npseudo05"]),
    ):
        fit = plackett_luce(films, pseudo=pseudo, reference=0)
        assert worths(fit.ability) == pytest.approx(own["worth"], **NEAR)
        if "log_ref1" in own:
            assert fit.ability == pytest.approx(own["log_ref1"], **NEAR)
    printed = vector["published"]  # with half a pseudo-comparison, R's default
    assert worths(fit.ability) == pytest.approx(printed["worth"], abs=1e-7)
    assert fit.ability == pytest.approx(printed["log_ref1"], abs=5e-5)


def check_elo(vector: dict) -> None:
    def play(outcome, first, second):
        game = compare_generators([0], [1], [outcome], 2)
        return elo(game, k=vector["input"]["k"], initial=np.array([first, second])).tolist()

    computed = vector["computed"]
    assert play(0, 1000.0, 1000.0) == vector["published"]["equal_win"]
    assert play(1, 1200.0, 1000.0) == pytest.approx(computed["draw_1200_1000"], **NEAR)
    assert play(0, 1000.0, 1200.0) == pytest.approx(computed["win_1000_over_1200"], **NEAR)


def check_stopping(vector: dict) -> None:
    computed = vector["computed"]
    for p in vector["input"]["p"]:
        for d in vector["input"]["d"]:
            rule, expected = lead_rule(p, d), computed[f"p={p},d={d}"]
            assert rule.expected_judgments == pytest.approx(expected["expected_labels"], **NEAR)
            assert rule.p_correct == pytest.approx(expected["p_correct"], **NEAR)
    leads = [name for name in computed if name.startswith("posterior lead ")]
    assert leads
    for name in leads:
        lead, p = int(name.split()[2]), float(name.split("=")[1])
        posterior = item_posteriors(
            [0] * lead, range(lead), [1] * lead, 1, confusion_of_accuracy([p] * lead, 2)
        )
        assert posterior[0, 1] == pytest.approx(computed[name], **NEAR)


CHECKS = {
    "bradley_terry": check_bradley_terry,
    "davidson_ties": check_davidson,
    "plackett_luce": check_plackett_luce,
    "elo": check_elo,
    "SPRT/gambler ruin: stop when |votes_a-votes_b|=d": check_stopping,
}
