"""Agreement under each rubric version: what changed in it after a version was published.

Only judgments made under the same version are compared with each other: two labelers who read
different rubrics may differ because of those.
"""

import numpy as np

from annotation.quality.figures import SEED, as_json
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.agreement import pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.comparisons import rankings_to_comparisons
from annotation.quality.stats.rankings import Rankings

FEWEST_ITEMS = 10  # with two judgments under one version; below, a share says nothing


def figures_by_version(snapshot: Snapshot) -> list[dict]:
    """[{"number", "judgments", "raw", "alpha_nominal"}, …], oldest first; the figures are None
    with fewer than FEWEST_ITEMS items to compare."""
    return [_figures(snapshot, int(number)) for number in np.unique(snapshot.version) if number]


def _figures(snapshot: Snapshot, number: int) -> dict:
    rows = snapshot.version == number
    rankings = snapshot.rankings
    mine = Rankings.of(
        rankings.item[rows], rankings.labeler[rows], rankings.ranks[rows], rankings.top[rows]
    )
    per_item = np.bincount(snapshot.item[rows])
    found = {"number": number, "judgments": int(rows.sum()), "raw": None, "alpha_nominal": None}
    if (per_item >= 2).sum() < FEWEST_ITEMS:
        return found
    table = rankings_to_comparisons(mine).table(seed=SEED)
    return found | {
        "raw": as_json(pairwise_agreement(table, "micro")),
        "alpha_nominal": as_json(krippendorff_alpha(table, "nominal")),
    }
