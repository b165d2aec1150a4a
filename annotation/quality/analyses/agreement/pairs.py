"""Agreement over comparisons: every coefficient that applies, and of every two labelers."""

from functools import partial
from itertools import combinations

from annotation.quality.figures import SEED, as_json
from annotation.quality.stats.agreement import (
    brennan_prediger,
    comparison_kappa,
    fleiss_kappa,
    gwet_ac,
    pairwise_agreement,
)
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.comparisons import Comparisons, kappas_of_labelers
from annotation.quality.stats.conger import conger_kappa
from annotation.quality.stats.estimate import Estimate
from annotation.quality.stats.ratings import Ratings

# Two labelers who share nothing are listed, with the reason, in projects of up to this many.
MOST_LABELERS_IN_FULL = 40
# In larger ones a kappa of fewer items than this is not computed, and of the others the firmest:
# five hundred labelers make 124,750 pairs, which no page shows and no reader reads.
LEAST_SHARED = 10
MOST_KAPPAS = 1000
# Fewer people than this say nothing of others like them.
LEAST_LABELERS = 8
# What all resamples of labelers together may read: seconds, not minutes.
LABELER_BUDGET = 100_000_000
MOST_LABELER_DRAWS, LEAST_LABELER_DRAWS = 400, 100

# The three that a page shows first, and that are told apart by parts of the work.
MAIN = {
    "raw": partial(pairwise_agreement, average="micro"),
    "alpha_nominal": partial(krippendorff_alpha, level="nominal"),
    "gwet_ac1": gwet_ac,
}
OF_COUNTS = MAIN | {
    "raw_macro": partial(pairwise_agreement, average="macro"),
    "alpha_ordinal": partial(krippendorff_alpha, level="ordinal"),
    "fleiss_kappa": fleiss_kappa,
    "gwet_ac2": partial(gwet_ac, weights="quadratic"),
    "brennan_prediger": brennan_prediger,
    "comparison_kappa": comparison_kappa,
}


def pair_figures(comparisons: Comparisons, ratings: Ratings) -> dict[str, dict]:
    table = comparisons.table(seed=SEED)
    figures = {key: as_json(coefficient(table)) for key, coefficient in OF_COUNTS.items()}
    return figures | {"conger_kappa": as_json(conger_kappa(ratings))}


def intervals_over_labelers(ratings: Ratings) -> dict:
    """{"labelers", "draws", "raw": [low, high] or None, …}: what other people of the same kind
    might have given. No draws with fewer than LEAST_LABELERS, or with so many ratings that fewer
    than LEAST_LABELER_DRAWS are affordable."""
    labelers = len(set(ratings.labeler.tolist()))
    affordable = LABELER_BUDGET // max(1, len(ratings))
    draws = min(MOST_LABELER_DRAWS, affordable)
    if labelers < LEAST_LABELERS or draws < LEAST_LABELER_DRAWS:
        return {"labelers": labelers, "draws": 0} | dict.fromkeys(MAIN)
    table = ratings.table(seed=SEED, over="labelers", n_resamples=draws)
    found = {key: coefficient(table).ci for key, coefficient in MAIN.items()}
    return {"labelers": labelers, "draws": draws} | {
        key: None if ci is None else list(ci) for key, ci in found.items()
    }


def cohen_figures(comparisons: Comparisons, handles: list[str]) -> tuple[dict[str, dict], dict]:
    """{"first|second": estimate}, handles in alphabetical order, and {"few", "beyond"}: how many
    pairs of labelers were left out since they share fewer than LEAST_SHARED items, or less than
    the MOST_KAPPAS others. Nothing is left out of a project with few labelers."""
    if len(handles) <= MOST_LABELERS_IN_FULL:
        kappas = kappas_of_labelers(comparisons, seed=SEED)
        pairs = list(combinations(range(len(handles)), 2))
    else:
        kappas = kappas_of_labelers(
            comparisons, seed=SEED, least_items=LEAST_SHARED, most=MOST_KAPPAS
        )
        pairs = sorted(kappas.by_labelers)
    nothing = Estimate(None, "no_pairable", n_items=0, n_pairable=0, n_ratings=0)
    figures = {
        f"{handles[first]}|{handles[second]}": as_json(
            kappas.by_labelers.get((first, second), nothing)
        )
        for first, second in pairs
    }
    return figures, {"few": kappas.n_few, "beyond": kappas.n_beyond}
