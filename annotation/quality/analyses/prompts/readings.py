"""Is the ranking, or a criterion, read in two ways?"""

import numpy as np

from annotation.quality.analyses.prompts.disagreement import labels_of
from annotation.quality.figures import SEED
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.chance import adjust_for_discoveries
from annotation.quality.stats.comparisons import N_OUTCOMES, Comparisons
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.project.camps import two_camps
from annotation.quality.stats.tables import count_table

# A table of labelers by labelers is taken apart again for each draw.
MOST_LABELERS = 120
DRAWS = 300
MOST_LISTED = 6
LEAST_SIDE = 2  # one against all the others is a person, and no reading
LEVEL = 0.05


def readings(snapshot: Snapshot, comparisons: Comparisons) -> list[dict]:
    """[{"key", "label", "value", "typical", "p", "q", "reason", "sides", "scale", "items"}], the
    ranking first (key "ranking"), then the criteria. value: how strongly labelers stand on two
    sides, typical: by chance; sides: how many stand on each; items: those that divide them most,
    with the answers of each side counted. Never who."""
    labels = labels_of(comparisons, len(snapshot.handles))
    rows = [
        {"key": "ranking", "label": ""}
        | _reading(snapshot, labels, np.arange(N_OUTCOMES) - 1.0, comparisons.item_of_unit)
    ]
    for key, label in snapshot.criteria.items():
        labels, scale, item_of_unit = _ratings(snapshot, snapshot.ratings[key])
        rows.append({"key": key, "label": label} | _reading(snapshot, labels, scale, item_of_unit))
    q = adjust_for_discoveries([row["p"] for row in rows])
    return [_told(row | {"q": one}) for row, one in zip(rows, q, strict=True)]


def _ratings(snapshot: Snapshot, values: FloatArray) -> tuple[Labels, FloatArray, IntArray]:
    """A unit is a response: what each labeler rated it, and its item."""
    row, position = np.nonzero(np.isfinite(values))
    scale, category = np.unique(values[row, position], return_inverse=True)
    units, unit = np.unique(snapshot.item[row] * values.shape[1] + position, return_inverse=True)
    labels = Labels.of(
        unit,
        snapshot.labeler[row],
        category,
        n_items=len(units),
        n_labelers=len(snapshot.handles),
        n_categories=len(scale),
    )
    return labels, scale, units // values.shape[1]


def _busiest(labels: Labels) -> Labels:
    """Without those beyond the MOST_LABELERS who said most."""
    if labels.n_labelers <= MOST_LABELERS:
        return labels
    said = np.bincount(labels.labeler, minlength=labels.n_labelers)
    kept = np.sort(np.argsort(-said, kind="stable")[:MOST_LABELERS])
    rows = np.isin(labels.labeler, kept)
    return Labels.of(
        labels.item[rows],
        np.searchsorted(kept, labels.labeler[rows]),
        labels.category[rows],
        n_items=labels.n_items,
        n_labelers=len(kept),
        n_categories=labels.n_categories,
    )


def _reading(
    snapshot: Snapshot, labels: Labels, scale: FloatArray, item_of_unit: IntArray
) -> dict:
    labels = _busiest(labels)
    camps = two_camps(labels, scale, seed=SEED, draws=DRAWS)
    sides = [int((camps.side == side).sum()) for side in (1, -1)]
    row = {
        "value": camps.strength,
        "typical": camps.typical,
        "p": camps.p,
        "reason": camps.reason,
        "sides": sides if camps.reason is None else None,
        "scale": [float(point) for point in scale],
        "items": [],
    }
    if camps.reason is not None or camps.p is None or camps.p > LEVEL or min(sides) < LEAST_SIDE:
        return row
    counts = [_counts_of(labels, camps.side == side) for side in (1, -1)]
    listed: set[int] = set()
    for unit, gap in zip(camps.items, camps.gaps, strict=True):
        item = int(item_of_unit[unit])
        if item in listed or min(int(table[unit].sum()) for table in counts) < LEAST_SIDE:
            continue
        listed.add(item)
        row["items"].append(
            {
                "item": int(snapshot.item_ids[item]),
                "gap": float(gap),
                "answers": [[int(n) for n in table[unit]] for table in counts],
            }
        )
        if len(listed) == MOST_LISTED:
            break
    return row


def _counts_of(labels: Labels, is_in) -> IntArray:
    rows = is_in[labels.labeler]
    return count_table(
        labels.item[rows], labels.category[rows], labels.n_items, labels.n_categories
    )


def _told(row: dict) -> dict:
    """Over several questions some division comes by chance: then its items are not listed."""
    return row if row["q"] is not None and row["q"] <= LEVEL else row | {"items": []}
