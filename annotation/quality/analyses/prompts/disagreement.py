"""Items that people disagree on beyond what their reliabilities explain."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from annotation.quality.figures import SEED
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.chance import adjust_for_discoveries
from annotation.quality.stats.comparisons import N_OUTCOMES, Comparisons
from annotation.quality.stats.dawid_skene import DawidSkeneFit, dawid_skene
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels
from annotation.quality.stats.project.ambiguity import Ambiguity, ambiguous_items

# Enough to put items in order; then the first of them again with more, for their p-values: to be
# the one in a thousand takes more than a thousand draws.
DRAWS = 500
FIRST, DRAWS_OF_FIRST = 40, 10_000
# Draws times answers: a large project gets fewer draws, never hours.
MOST_CELLS = 150_000_000
FEWEST_DRAWS = 200


@dataclass(frozen=True)
class Disagreement:
    """item: (K,) indices of items that two or more judged, most surprising first; seen, expected:
    (K,) share of pairs of answers that differ, and what the labelers' reliabilities lead to;
    p: (K,) of the item's most surprising comparison, times how many it has; q: adjusted."""

    item: IntArray
    seen: FloatArray
    expected: FloatArray
    p: FloatArray
    q: FloatArray

    @property
    def excess(self) -> FloatArray:
        beyond: FloatArray = self.seen - self.expected
        return beyond


def labels_of(comparisons: Comparisons, n_labelers: int) -> Labels:
    return Labels.of(
        comparisons.unit,
        comparisons.labeler,
        comparisons.outcome,
        n_items=len(comparisons.item_of_unit),
        n_labelers=n_labelers,
        n_categories=N_OUTCOMES,
    )


def disagreement_of(
    snapshot: Snapshot, comparisons: Comparisons, alive: Callable[[], None] = lambda: None
) -> Disagreement:
    labels = labels_of(comparisons, len(snapshot.handles))
    if len(labels) == 0:
        empty = np.zeros(0)
        return Disagreement(np.zeros(0, np.int64), empty, empty, empty, empty)
    fit = dawid_skene(labels, model="one_coin", alive=alive)
    draws = int(np.clip(MOST_CELLS // len(labels), FEWEST_DRAWS, DRAWS))
    found = ambiguous_items(labels, fit, seed=SEED, draws=draws)
    found = _first_again(labels, fit, found)
    of_unit = comparisons.item_of_unit[found.item]
    item, index, times = np.unique(of_unit, return_inverse=True, return_counts=True)
    seen = np.bincount(index, weights=found.disagreement) / times
    expected = np.bincount(index, weights=found.expected) / times
    p = np.ones(len(item))
    np.minimum.at(p, index, found.p)
    p = np.minimum(1.0, p * times)
    q = np.array(adjust_for_discoveries(p.tolist()), dtype=np.float64)
    rank = np.lexsort((-(seen - expected), p))
    return Disagreement(item[rank], seen[rank], expected[rank], p[rank], q[rank])


def _first_again(labels: Labels, fit: DawidSkeneFit, found: Ambiguity) -> Ambiguity:
    """With the p-values of the first ones from fresh and more draws."""
    first = found.item[:FIRST]
    rows = np.isin(labels.item, first)
    few = Labels.of(
        labels.item[rows],
        labels.labeler[rows],
        labels.category[rows],
        n_items=labels.n_items,
        n_labelers=labels.n_labelers,
        n_categories=labels.n_categories,
    )
    again = ambiguous_items(few, fit, seed=SEED + 1, draws=DRAWS_OF_FIRST)
    p = found.p.copy()
    by_item = np.argsort(again.item)
    p[: len(first)] = again.p[by_item[np.searchsorted(again.item[by_item], first)]]
    return replace(found, p=p)
