"""From a snapshot of judgments to the figures of an agreement report, as JSON values."""

from itertools import combinations

import numpy as np
from django.utils.translation import gettext_noop

from annotation.quality.analyses.by_version import figures_by_version
from annotation.quality.figures import SEED, Progress, as_json
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.agreement import fleiss_kappa, gwet_ac, pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.comparisons import (
    Comparisons,
    cohen_by_labelers,
    rankings_to_comparisons,
)
from annotation.quality.stats.estimate import Estimate, FloatArray
from annotation.quality.stats.rankings import RankingAgreement, pair_signs, ranking_agreement
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import count_table

# Raise it whenever a figure, an interval or the shape of the result changes: reports of an
# older version are not shown again.
CODE_VERSION = "5"
# Two labelers who share nothing are listed, with the reason, in projects of up to this many.
MOST_LABELERS_IN_FULL = 40
MOST_DISPUTED = 12


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"agreement": what API and command print; "extent", "labelers", "criteria", "flags",
    "disputed", "versions": what the pages add}.

    progress(done, total, note) is called before each of the four parts.
    """
    progress(0, 4, gettext_noop("Comparing pairs"))
    rankings = snapshot.rankings
    comparisons = rankings_to_comparisons(rankings)
    table = comparisons.table(seed=SEED)
    pairs = {
        "raw": as_json(pairwise_agreement(table, "micro")),
        "alpha_nominal": as_json(krippendorff_alpha(table, "nominal")),
        "alpha_ordinal": as_json(krippendorff_alpha(table, "ordinal")),
        "fleiss_kappa": as_json(fleiss_kappa(table)),
        "gwet_ac1": as_json(gwet_ac(table)),
    }
    progress(1, 4, gettext_noop("Comparing labeler with labeler"))
    pairs["cohen_kappa"] = _cohen(comparisons, snapshot.handles)
    progress(2, 4, gettext_noop("Comparing whole rankings"))
    orders = ranking_agreement(rankings, seed=SEED)
    progress(3, 4, gettext_noop("Comparing ratings"))
    return {
        "agreement": {
            "pairs": pairs,
            "rankings": {
                "kendall_w": as_json(orders.kendall_w, with_undefined=True),
                "tau_b": as_json(orders.tau_b, with_undefined=True),
            },
            "criteria": {
                key: as_json(_criterion_alpha(snapshot, key)) for key in snapshot.ratings
            },
            "flags": {
                key: _flag_figures(snapshot, values) for key, values in snapshot.flags.items()
            },
        },
        "extent": _extent(snapshot, table),
        "labelers": _labelers(snapshot),
        "criteria": [
            {"key": key, "label": label, "is_yes_no": key in snapshot.yes_no}
            for key, label in snapshot.criteria.items()
        ],
        "flags": [{"key": key, "label": label} for key, label in snapshot.flag_labels.items()],
        "disputed": _most_disputed(snapshot, orders),
        "versions": figures_by_version(snapshot),
    }


def _cohen(comparisons: Comparisons, handles: list[str]) -> dict[str, dict]:
    """{"first|second": estimate}, handles in alphabetical order."""
    kappas = cohen_by_labelers(comparisons, seed=SEED)
    if len(handles) <= MOST_LABELERS_IN_FULL:
        pairs = list(combinations(range(len(handles)), 2))
    else:
        pairs = sorted(kappas)
    nothing = Estimate(None, "no_pairable", n_items=0, n_pairable=0, n_ratings=0)
    return {
        f"{handles[first]}|{handles[second]}": as_json(kappas.get((first, second), nothing))
        for first, second in pairs
    }


def _criterion_alpha(snapshot: Snapshot, key: str) -> Estimate:
    """Alpha over the ratings of each response: ordinal, and nominal for yes and no."""
    table = _response_table(snapshot, snapshot.ratings[key])
    return krippendorff_alpha(table, "nominal" if key in snapshot.yes_no else "ordinal")


def _flag_figures(snapshot: Snapshot, values: FloatArray) -> dict[str, dict]:
    """Most responses have no flag, so chance explains nearly all: AC1 beside alpha."""
    table = _response_table(snapshot, values, scale=(0.0, 1.0))
    return {
        "raw": as_json(pairwise_agreement(table, "micro")),
        "gwet_ac1": as_json(gwet_ac(table)),
        "alpha_nominal": as_json(krippendorff_alpha(table, "nominal")),
    }


def _response_table(
    snapshot: Snapshot, values: FloatArray, scale: tuple[float, ...] = ()
) -> RatingTable:
    """What the labelers said of each response, (rows, 9) and NaN where nothing; a resample takes
    whole items. Without a `scale` its points are those that were used: alpha knows no others."""
    row, position = np.nonzero(np.isfinite(values))
    points = np.union1d(np.asarray(scale), values[row, position])
    category = np.searchsorted(points, values[row, position])
    key = snapshot.item[row] * values.shape[1] + position
    units, unit = np.unique(key, return_inverse=True)
    counts = count_table(unit, category, len(units), max(1, len(points)))
    return RatingTable(counts, item_of_row=units // values.shape[1], seed=SEED)


def _extent(snapshot: Snapshot, table: RatingTable) -> dict:
    per_item = np.bincount(snapshot.item, minlength=len(snapshot.item_ids))
    bad = np.where(snapshot.unacceptable, 1.0, np.nan)
    return {
        "items": len(snapshot.item_ids),
        "items_judged_twice": int((per_item >= 2).sum()),
        "judgments": len(snapshot.item),
        "labelers": len(snapshot.handles),
        "comparisons": table.extent.n_ratings,
        # Both unacceptable is no tie of two good ones: equal in every coefficient, told apart.
        "both_unacceptable": int(np.isfinite(pair_signs(bad)).sum()),
    }


def _labelers(snapshot: Snapshot) -> list[dict]:
    counts = np.bincount(snapshot.labeler, minlength=len(snapshot.handles))
    return [
        {"handle": handle, "judgments": int(count)}
        for handle, count in zip(snapshot.handles, counts, strict=True)
    ]


def _most_disputed(snapshot: Snapshot, orders: RankingAgreement) -> list[dict]:
    """Items with the lowest mean tau-b, and who came first how often, by response position."""
    tau = orders.tau_b_by_item
    judgments = np.bincount(snapshot.item, minlength=len(snapshot.item_ids))
    candidates = np.flatnonzero(np.isfinite(tau) & (tau < 1))
    order = np.lexsort((candidates, -judgments[candidates], tau[candidates]))
    chosen = candidates[order[:MOST_DISPUTED]]
    return [
        {
            "item": int(snapshot.item_ids[index]),
            "tau_b": float(tau[index]),
            "judgments": int(judgments[index]),
            "first_places": _first_places(snapshot, index),
        }
        for index in chosen
    ]


def _first_places(snapshot: Snapshot, index: int) -> list[int]:
    """How often each response shared the best tier, as far as the item has responses ranked."""
    ranks = snapshot.ranks[snapshot.item == index]
    ranked = np.isfinite(ranks)
    width = int(np.flatnonzero(ranked.any(axis=0)).max()) + 1
    best = np.nanmin(np.where(ranked, ranks, np.inf), axis=1, keepdims=True)
    return [int(count) for count in (ranks == best).sum(axis=0)[:width]]
