"""Is a criterion read in two ways? The same labelers on opposite sides, item after item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.rankings import pairs_within

LEAST_ITEMS = 20
LEAST_LABELERS = 4
DEFAULT_DRAWS = 500


@dataclass(frozen=True)
class Camps:
    """side: (labelers,) −1 or 1, 0 without a say; items: where the two sides lie furthest apart,
    with the gap between their means (of the first side above the other), widest first; p: chance
    of a division as strong if answers on each item were dealt out to its labelers at random;
    strength: the observed leading eigenvalue, typical: its mean under that. reason: too_few, or
    no_variation, with all else empty."""

    side: IntArray
    items: IntArray
    gaps: FloatArray
    strength: float | None
    typical: float | None
    p: float | None
    reason: str | None = None


def two_camps(
    labels: Labels, values: ArrayLike, *, seed: int, draws: int = DEFAULT_DRAWS
) -> Camps:
    """Leading eigenvalue of how labelers' deviations from the item's mean go together, against
    dealing the deviations of each item out again (Horn's parallel analysis by permutation).

    values: (Q,) the categories as numbers. A labeler's own mean deviation is taken out first, so
    that the strict and the lenient are no camps; noise has no sides that stay.
    """
    scale = np.asarray(values, dtype=np.float64)
    nobody = np.zeros(labels.n_labelers, np.int64)
    empty = Camps(nobody, np.zeros(0, np.int64), np.zeros(0), None, None, None, "too_few")
    sizes = np.bincount(labels.item, minlength=labels.n_items)
    rows = np.flatnonzero(sizes[labels.item] >= 2)
    rows = rows[np.argsort(labels.item[rows], kind="stable")]
    item, who = labels.item[rows], labels.labeler[rows]
    if np.unique(item).size < LEAST_ITEMS or np.unique(who).size < LEAST_LABELERS:
        return empty
    score = scale[labels.category[rows]]
    left = score - _means(item, score)[item]
    left = left - _means(who, left)[who]
    if not np.any(np.abs(left) > 1e-12):
        return Camps(nobody, empty.items, empty.gaps, None, None, None, "no_variation")
    a, b = pairs_within(item)
    met = np.zeros((labels.n_labelers, labels.n_labelers))
    np.add.at(met, (who[a], who[b]), 1.0)
    scaled = 1 / np.sqrt(np.maximum(1.0, met + met.T))

    def together(deviation: FloatArray) -> FloatArray:
        table = np.zeros_like(met)
        np.add.at(table, (who[a], who[b]), deviation[a] * deviation[b])
        table = (table + table.T) * scaled
        return table

    eigenvalues, vectors = np.linalg.eigh(together(left))
    strength = float(eigenvalues[-1])
    rng = np.random.default_rng(seed)
    null = np.empty(draws)
    for draw in range(draws):
        dealt = left[np.lexsort((rng.random(item.size), item))]
        null[draw] = float(np.linalg.eigvalsh(together(dealt))[-1])
    side = np.sign(vectors[:, -1]).astype(np.int64)
    side[np.bincount(who, minlength=labels.n_labelers) == 0] = 0
    items, gaps = _gaps(item, side[who], score)
    p = (1 + int((null >= strength).sum())) / (draws + 1)
    return Camps(side, items, gaps, strength, float(null.mean()), p)


def _means(index: IntArray, value: FloatArray) -> FloatArray:
    n = np.bincount(index)
    mean: FloatArray = np.bincount(index, weights=value) / np.maximum(1, n)
    return mean


def _gaps(item: IntArray, side: IntArray, score: FloatArray) -> tuple[IntArray, FloatArray]:
    """Items both sides judged, and how far apart their means are, widest first."""
    means = []
    for which in (1, -1):
        n = np.bincount(item, weights=side == which)
        total = np.bincount(item, weights=score * (side == which))
        means.append(np.where(n > 0, total / np.maximum(1, n), np.nan))
    gaps = means[0] - means[1]
    found = np.flatnonzero(np.isfinite(gaps))
    order = np.argsort(-np.abs(gaps[found]), kind="stable")
    return found[order], gaps[found][order]
