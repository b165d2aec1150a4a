"""From a snapshot of judgments to the figures of an agreement report, as JSON values.

pairs: every coefficient over comparisons; orders: over whole rankings, and the items they differ
on most; scales: over ratings, flags and strengths; parts: the coefficients of parts of the work.
"""

import numpy as np
from django.utils.translation import gettext_noop

from annotation.quality.analyses.agreement.orders import most_disputed, ranking_figures
from annotation.quality.analyses.agreement.pairs import (
    cohen_figures,
    intervals_over_labelers,
    pair_figures,
)
from annotation.quality.analyses.agreement.parts import figures_by_part
from annotation.quality.analyses.agreement.scales import (
    alpha_by_criterion,
    figures_by_criterion,
    figures_by_flag,
    strength_figures,
)
from annotation.quality.analyses.by_version import figures_by_version
from annotation.quality.figures import SEED, Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.comparisons import Comparisons, rankings_to_comparisons
from annotation.quality.stats.rankings import pair_signs, ranking_agreement

# Raise it whenever a figure, an interval or the shape of the result changes: reports of an
# older version are not shown again.
CODE_VERSION = "7"
STEPS = 5


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    """{"agreement": what API and command print; "extent", "labelers", "criteria", "flags",
    "disputed", "versions": what the pages add}."""
    progress(0, STEPS, gettext_noop("Comparing pairs"))
    rankings = snapshot.rankings
    comparisons = rankings_to_comparisons(rankings)
    ratings = comparisons.ratings()
    pairs = pair_figures(comparisons, ratings)
    over_labelers = intervals_over_labelers(ratings)
    progress(1, STEPS, gettext_noop("Comparing labeler with labeler"))
    pairs["cohen_kappa"], cohen_left_out = cohen_figures(comparisons, snapshot.handles)
    progress(2, STEPS, gettext_noop("Comparing whole rankings"))
    orders = ranking_agreement(rankings, seed=SEED)
    figures_of_orders = ranking_figures(rankings, orders)
    progress(3, STEPS, gettext_noop("Comparing ratings"))
    scales = {
        "criteria": alpha_by_criterion(snapshot),
        "flags": figures_by_flag(snapshot),
        "scales": figures_by_criterion(snapshot),
        "strength": strength_figures(snapshot),
    }
    progress(4, STEPS, gettext_noop("Comparing part by part"))
    return {
        "agreement": {
            "pairs": pairs,
            "rankings": figures_of_orders,
            **scales,
            "over_labelers": over_labelers,
            "cohen_left_out": cohen_left_out,
            "parts": figures_by_part(snapshot, comparisons, ratings),
        },
        "extent": _extent(snapshot, comparisons),
        "labelers": _labelers(snapshot),
        "criteria": [
            {"key": key, "label": label, "is_yes_no": key in snapshot.yes_no}
            for key, label in snapshot.criteria.items()
        ],
        "flags": [{"key": key, "label": label} for key, label in snapshot.flag_labels.items()],
        "disputed": most_disputed(snapshot, orders),
        "versions": figures_by_version(snapshot),
    }


def _extent(snapshot: Snapshot, comparisons: Comparisons) -> dict:
    per_item = np.bincount(snapshot.item, minlength=len(snapshot.item_ids))
    bad = np.where(snapshot.unacceptable, 1.0, np.nan)
    return {
        "items": len(snapshot.item_ids),
        "items_judged_twice": int((per_item >= 2).sum()),
        "judgments": len(snapshot.item),
        "labelers": len(snapshot.handles),
        "comparisons": len(comparisons.unit),
        "facets_left_out": snapshot.facts.facets_left_out,
        # Both unacceptable is no tie of two good ones: equal in every coefficient, told apart.
        "both_unacceptable": int(np.isfinite(pair_signs(bad)).sum()),
    }


def _labelers(snapshot: Snapshot) -> list[dict]:
    counts = np.bincount(snapshot.labeler, minlength=len(snapshot.handles))
    return [
        {"handle": handle, "judgments": int(count)}
        for handle, count in zip(snapshot.handles, counts, strict=True)
    ]
