"""Rankings as canonical comparisons: (item, lower response, higher response) and an outcome."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.estimate import BoolArray, Estimate, FloatArray, IntArray
from annotation.quality.stats.rankings import Rankings, pairs_within
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import count_table
from annotation.quality.stats.weights import Weights

# The tie is an answer and stands in the middle of the order.
LOWER_BETTER, TIE, HIGHER_BETTER = 0, 1, 2
N_OUTCOMES = 3


@dataclass(frozen=True)
class Comparisons:
    """All comparisons of all rankings, one entry per comparison and labeler.

    unit: (comparisons,) index of the canonical pair compared; item_of_unit: (units,) its item;
    labeler: (comparisons,); outcome: (comparisons,) LOWER_BETTER, TIE or HIGHER_BETTER, by the
    item's own order of responses and not the order they were shown in.
    """

    unit: IntArray
    item_of_unit: IntArray
    labeler: IntArray
    outcome: IntArray

    def counts(self) -> IntArray:
        """(units, 3) how many labelers gave each outcome."""
        return count_table(self.unit, self.outcome, len(self.item_of_unit), N_OUTCOMES)

    def table(self, *, seed: int | None = None) -> RatingTable:
        return RatingTable(self.counts(), item_of_row=self.item_of_unit, seed=seed)


def rankings_to_comparisons(rankings: Rankings) -> Comparisons:
    """All pairs of responses that a ranking says something of: those it holds, and in a ranking
    of the best those of which it holds one."""
    signs = rankings.signs
    row, pair = np.nonzero(np.isfinite(signs))
    key = rankings.item[row] * max(1, signs.shape[1]) + pair
    units, unit = np.unique(key, return_inverse=True)
    return Comparisons(
        unit=unit.astype(np.int64),
        item_of_unit=units // max(1, signs.shape[1]),
        labeler=rankings.labeler[row],
        outcome=signs[row, pair].astype(np.int64) + 1,
    )


def floor_unacceptable(ranks: FloatArray, unacceptable: BoolArray) -> FloatArray:
    """Ranks with every unacceptable response in one tier below all others.

    ranks, unacceptable: (rankings, R). An unacceptable response is ranked by that, even if it
    was given no tier.
    """
    floor = np.nan_to_num(ranks, nan=0.0).max(initial=0.0) + 1.0
    floored: FloatArray = np.where(unacceptable, floor, ranks)
    return floored


def cohen_by_labelers(
    comparisons: Comparisons, *, weights: Weights = "identity", seed: int | None = None
) -> dict[tuple[int, int], Estimate]:
    """Cohen's kappa of every two labelers who share a comparison: {(lower, higher index): …}.

    Two labelers who share none are left out: of a hundred labelers most pairs are such.
    """
    order = np.lexsort((comparisons.labeler, comparisons.unit))
    unit, labeler = comparisons.unit[order], comparisons.labeler[order]
    outcome, item = comparisons.outcome[order], comparisons.item_of_unit[unit]
    first, second = pairs_within(unit)
    by_labelers = np.lexsort((labeler[second], labeler[first]))
    first, second = first[by_labelers], second[by_labelers]
    both = np.stack([labeler[first], labeler[second]], axis=1)
    cuts = np.flatnonzero((np.diff(both, axis=0) != 0).any(axis=1)) + 1
    kappas: dict[tuple[int, int], Estimate] = {}
    for rows in np.split(np.arange(len(first)), cuts) if len(first) else []:
        one, other = int(both[rows[0], 0]), int(both[rows[0], 1])
        kappas[one, other] = cohen_kappa(
            outcome[first[rows]],
            outcome[second[rows]],
            N_OUTCOMES,
            weights,
            item=item[first[rows]],
            seed=None if seed is None else [seed, one, other],
        )
    return kappas
