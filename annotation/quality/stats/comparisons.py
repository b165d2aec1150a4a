"""Rankings as canonical comparisons: (item, lower response, higher response) and an outcome."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.cohen import cohen_kappa
from annotation.quality.stats.estimate import BoolArray, Estimate, FloatArray, IntArray
from annotation.quality.stats.rankings import Rankings, pairs_within
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.ratings import Ratings
from annotation.quality.stats.tables import count_table
from annotation.quality.stats.weights import Weights

# The tie is an answer and stands in the middle of the order.
LOWER_BETTER, TIE, HIGHER_BETTER = 0, 1, 2
N_OUTCOMES = 3


@dataclass(frozen=True)
class Comparisons:
    """All comparisons of all rankings, one entry per comparison and labeler.

    unit: (comparisons,) index of the canonical pair compared; item_of_unit: (units,) its item;
    pair_of_unit: (units,) which two of the item's responses, as `response_pairs` counts them;
    labeler: (comparisons,); outcome: (comparisons,) LOWER_BETTER, TIE or HIGHER_BETTER, by the
    item's own order of responses and not the order they were shown in; row: (comparisons,) the
    ranking it comes from.
    """

    unit: IntArray
    item_of_unit: IntArray
    pair_of_unit: IntArray
    labeler: IntArray
    outcome: IntArray
    row: IntArray

    def counts(self) -> IntArray:
        """(units, 3) how many labelers gave each outcome."""
        return count_table(self.unit, self.outcome, len(self.item_of_unit), N_OUTCOMES)

    def table(self, *, seed: int | None = None) -> RatingTable:
        return RatingTable(self.counts(), item_of_row=self.item_of_unit, seed=seed)

    def ratings(self) -> Ratings:
        """In the long form, for what asks who gave which outcome."""
        return Ratings.of(
            unit=self.unit,
            labeler=self.labeler,
            category=self.outcome,
            n_units=len(self.item_of_unit),
            n_labelers=int(self.labeler.max(initial=-1)) + 1,
            n_categories=N_OUTCOMES,
            item_of_unit=self.item_of_unit,
        )


def rankings_to_comparisons(rankings: Rankings) -> Comparisons:
    """All pairs of responses that a ranking says something of: those it holds, and in a ranking
    of the best those of which it holds one."""
    signs = rankings.signs
    row, pair = np.nonzero(np.isfinite(signs))
    n_pairs = max(1, signs.shape[1])
    units, unit = np.unique(rankings.item[row] * n_pairs + pair, return_inverse=True)
    return Comparisons(
        unit=unit.astype(np.int64),
        item_of_unit=units // n_pairs,
        pair_of_unit=units % n_pairs,
        labeler=rankings.labeler[row],
        outcome=signs[row, pair].astype(np.int64) + 1,
        row=row,
    )


def floor_unacceptable(ranks: FloatArray, unacceptable: BoolArray) -> FloatArray:
    """Ranks with every unacceptable response in one tier below all others.

    ranks, unacceptable: (rankings, R). An unacceptable response is ranked by that, even if it
    was given no tier.
    """
    floor = np.nan_to_num(ranks, nan=0.0).max(initial=0.0) + 1.0
    floored: FloatArray = np.where(unacceptable, floor, ranks)
    return floored


@dataclass(frozen=True)
class LabelerKappas:
    """by_labelers: {(lower, higher index): kappa}; n_few: pairs of labelers who share too few
    items, n_beyond: pairs beyond the most, of those who share the fewest."""

    by_labelers: dict[tuple[int, int], Estimate]
    n_few: int
    n_beyond: int


def cohen_by_labelers(
    comparisons: Comparisons, *, weights: Weights = "identity", seed: int | None = None
) -> dict[tuple[int, int], Estimate]:
    """Cohen's kappa of every two labelers who share a comparison: {(lower, higher index): …}."""
    return kappas_of_labelers(comparisons, weights=weights, seed=seed).by_labelers


def kappas_of_labelers(
    comparisons: Comparisons,
    *,
    weights: Weights = "identity",
    seed: int | None = None,
    least_items: int = 1,
    most: int | None = None,
) -> LabelerKappas:
    """Cohen's kappa of every two labelers who share comparisons of `least_items` items, of the
    `most` who share most.

    Two labelers who share none are not counted: of a hundred labelers most pairs are such.
    """
    order = np.lexsort((comparisons.labeler, comparisons.unit))
    unit, labeler = comparisons.unit[order], comparisons.labeler[order]
    outcome, item = comparisons.outcome[order], comparisons.item_of_unit[unit]
    first, second = pairs_within(unit)
    by_labelers = np.lexsort((item[first], labeler[second], labeler[first]))
    first, second = first[by_labelers], second[by_labelers]
    both = np.stack([labeler[first], labeler[second]], axis=1)
    is_new = np.ones(len(first), dtype=np.bool_)
    is_new[1:] = (np.diff(both, axis=0) != 0).any(axis=1)
    starts = np.flatnonzero(is_new)
    is_new_item = is_new.copy()
    is_new_item[1:] |= np.diff(item[first]) != 0
    shared = np.add.reduceat(is_new_item.astype(np.int64), starts) if len(starts) else starts
    enough = np.flatnonzero(shared >= least_items)
    chosen = np.sort(enough[np.argsort(-shared[enough], kind="stable")][:most])
    ends = np.append(starts[1:], len(first))
    kappas: dict[tuple[int, int], Estimate] = {}
    for place in chosen:
        rows = slice(starts[place], ends[place])
        one, other = int(both[starts[place], 0]), int(both[starts[place], 1])
        kappas[one, other] = cohen_kappa(
            outcome[first[rows]],
            outcome[second[rows]],
            N_OUTCOMES,
            weights,
            item=item[first[rows]],
            seed=None if seed is None else [seed, one, other],
        )
    return LabelerKappas(kappas, len(starts) - len(enough), len(enough) - len(chosen))
