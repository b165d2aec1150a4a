"""Agreement over what was rated beside the ranking: criteria, flags, and how much better."""

import numpy as np

from annotation.quality.figures import SEED, as_json
from annotation.quality.snapshot import MOST_RESPONSES, Snapshot
from annotation.quality.stats.agreement import gwet_ac, pairwise_agreement
from annotation.quality.stats.alpha import krippendorff_alpha
from annotation.quality.stats.estimate import Estimate, FloatArray, IntArray
from annotation.quality.stats.intraclass import Form, intraclass_correlation
from annotation.quality.stats.rankings import pair_signs, response_pairs
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import count_table

# From 3, the lower response far better, to 3, the higher one: a tie stands in the middle.
STRENGTHS = np.arange(-3.0, 4.0)


def alpha_by_criterion(snapshot: Snapshot) -> dict[str, dict]:
    """Alpha over the ratings of each response: ordinal, and nominal for yes and no."""
    return {
        key: as_json(
            krippendorff_alpha(
                _response_table(snapshot, values)[0],
                "nominal" if key in snapshot.yes_no else "ordinal",
            )
        )
        for key, values in snapshot.ratings.items()
    }


def figures_by_criterion(snapshot: Snapshot) -> dict[str, dict]:
    """Beside that alpha: raw agreement, and for numbers alpha at interval level and the ICC."""
    found = {}
    for key, values in snapshot.ratings.items():
        table, points = _response_table(snapshot, values)
        found[key] = {"raw": as_json(pairwise_agreement(table, "micro"))}
        if key not in snapshot.yes_no:
            found[key]["alpha_interval"] = as_json(krippendorff_alpha(table, "interval", points))
            found[key]["icc"] = _icc(snapshot, values)
    return found


def figures_by_flag(snapshot: Snapshot) -> dict[str, dict]:
    """Most responses have no flag, so chance explains nearly all: AC1 beside alpha."""
    found = {}
    for key, values in snapshot.flags.items():
        table, _ = _response_table(snapshot, values, scale=(0.0, 1.0))
        found[key] = {
            "raw": as_json(pairwise_agreement(table, "micro")),
            "gwet_ac1": as_json(gwet_ac(table)),
            "alpha_nominal": as_json(krippendorff_alpha(table, "nominal")),
        }
    return found


def strength_figures(snapshot: Snapshot) -> dict | None:
    """Of how much better one response is, from −3 to 3 by the items' own order of responses;
    None where nobody said. A tie is 0 under a rubric version that asks; of two responses with
    another tier between them nothing was said."""
    signed = _signed_strengths(snapshot)
    row, pair = np.nonzero(np.isfinite(signed))
    if not np.abs(signed[row, pair]).any():
        return None
    units, unit = np.unique(snapshot.item[row] * signed.shape[1] + pair, return_inverse=True)
    item = units // signed.shape[1]

    def table(category: IntArray, n_categories: int) -> RatingTable:
        counts = count_table(unit, category, len(units), n_categories)
        return RatingTable(counts, item_of_row=item, seed=SEED)

    values = signed[row, pair]
    graded = table(np.searchsorted(STRENGTHS, values), len(STRENGTHS))
    side = table(np.sign(values).astype(np.int64) + 1, 3)
    return {
        "alpha_ordinal": as_json(krippendorff_alpha(graded, "ordinal")),
        "alpha_interval": as_json(krippendorff_alpha(graded, "interval", STRENGTHS)),
        "sign_raw": as_json(pairwise_agreement(side, "micro")),
        "sign_alpha": as_json(krippendorff_alpha(side, "nominal")),
    }


def _signed_strengths(snapshot: Snapshot) -> FloatArray:
    """(rows, pairs), NaN where nothing was said."""
    places = snapshot.canonical[snapshot.item]
    ranks = np.take_along_axis(snapshot.ranks, places, axis=1)
    tier = _tiers(ranks)
    lower, higher = response_pairs(ranks.shape[1])
    upper = np.fmin(tier[:, lower], tier[:, higher])
    is_neighbour = np.abs(tier[:, lower] - tier[:, higher]) == 1
    gap = np.where(is_neighbour, upper, 0).astype(np.int64)
    said = np.take_along_axis(snapshot.strength, np.minimum(gap, MOST_RESPONSES - 2), axis=1)
    signed = pair_signs(ranks) * said
    signed[~is_neighbour | (said < 1)] = np.nan
    asks = np.unique(snapshot.version[(snapshot.strength > 0).any(axis=1)])
    ties = pair_signs(ranks) == 0
    signed[ties & np.isin(snapshot.version, asks)[:, None]] = 0.0
    return signed


def _tiers(ranks: FloatArray) -> FloatArray:
    """(rows, 9) place of the tier from 0, without gaps; NaN not ranked."""
    order = np.sort(ranks, axis=1)
    is_new = np.diff(order, axis=1, prepend=-np.inf) > 0
    place = np.cumsum(is_new, axis=1) - 1.0
    back = np.argsort(np.argsort(ranks, axis=1, kind="stable"), axis=1, kind="stable")
    tier: FloatArray = np.take_along_axis(place, back, axis=1)
    return np.where(np.isfinite(ranks), tier, np.nan)


def _icc(snapshot: Snapshot, values: FloatArray) -> dict:
    """Of one labeler's rating: form 2,1 where the same people rated everything, form 1,1 where
    all responses were rated as often. "form" says which; null where neither holds."""
    row, position = np.nonzero(np.isfinite(values))
    unit = snapshot.item[row] * values.shape[1] + position
    labeler, rating = snapshot.labeler[row], values[row, position]
    per_unit = np.unique(unit, return_counts=True)[1]
    labelers = len(np.unique(labeler))
    is_even = per_unit.size > 0 and per_unit.min() == per_unit.max() >= 2
    if per_unit.size and not is_even:
        met = per_unit >= 2
        items = np.unique(snapshot.item[row])
        nothing = Estimate(
            None,
            "unbalanced" if met.any() else "no_pairable",
            n_items=len(items),
            n_pairable=len(_met(unit, values.shape[1])),
            n_ratings=len(unit),
        )
        return as_json(nothing) | {"form": None}
    form: Form = "2,1" if per_unit.size and per_unit.max() == labelers else "1,1"
    found = intraclass_correlation(form, item=unit, labeler=labeler, rating=rating)
    return as_json(found) | {"form": form}


def _met(unit: IntArray, width: int) -> IntArray:
    """Items with a response that two labelers rated."""
    units, counts = np.unique(unit, return_counts=True)
    items: IntArray = np.unique(units[counts >= 2] // width)
    return items


def _response_table(
    snapshot: Snapshot, values: FloatArray, scale: tuple[float, ...] = ()
) -> tuple[RatingTable, FloatArray]:
    """What the labelers said of each response, (rows, 9) and NaN where nothing, and the points of
    its scale; a resample takes whole items. Without a `scale` its points are those that were
    used: alpha knows no others."""
    row, position = np.nonzero(np.isfinite(values))
    points = np.union1d(np.asarray(scale), values[row, position])
    category = np.searchsorted(points, values[row, position])
    key = snapshot.item[row] * values.shape[1] + position
    units, unit = np.unique(key, return_inverse=True)
    counts = count_table(unit, category, len(units), max(1, len(points)))
    table = RatingTable(counts, item_of_row=units // values.shape[1], seed=SEED)
    return table, points if len(points) else np.ones(1)
