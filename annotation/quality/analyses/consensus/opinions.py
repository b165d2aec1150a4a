"""What every labeler said of every comparison, of work and of known answers, and the answers."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.snapshot import MOST_RESPONSES, Snapshot
from annotation.quality.snapshot.gold import Gold
from annotation.quality.stats.comparisons import Comparisons, rankings_to_comparisons
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.labels import UNKNOWN, Labels
from annotation.quality.stats.rankings import Rankings, response_pairs


@dataclass(frozen=True)
class Opinions:
    """labels: of comparisons. By comparison (units,): item, its number, those of work first and
    gold's behind them (an item judged as both is two); lower, higher: which two of its responses,
    by their ids; is_gold; known: the known outcome, UNKNOWN elsewhere."""

    labels: Labels
    item: IntArray
    lower: IntArray
    higher: IntArray
    is_gold: np.ndarray
    known: IntArray

    @property
    def counts(self) -> IntArray:
        """(units, 3) how many gave each outcome."""
        return self.labels.counts()


def opinions_of(snapshot: Snapshot) -> Opinions:
    """Gold's judgments tell how reliable their labelers are, as all others do; the answers
    themselves are asked afterwards, never before: they are what a consensus is held against."""
    n_work = len(snapshot.item_ids)
    work, gold = snapshot.rankings, _rankings_of_gold(snapshot.gold)
    ids = np.concatenate([snapshot.labeler_ids[work.labeler], gold.labeler])
    labelers, labeler = np.unique(ids, return_inverse=True)
    both = Rankings(
        np.concatenate([work.item, gold.item + n_work]),
        labeler.astype(np.int64),
        np.concatenate([work.ranks, gold.ranks]),
        np.concatenate([work.top, gold.top]),
    )
    comparisons = rankings_to_comparisons(both)
    lower, higher = response_pairs(MOST_RESPONSES)
    is_gold = comparisons.item_of_unit >= n_work
    return Opinions(
        labels=Labels.of(
            comparisons.unit,
            comparisons.labeler,
            comparisons.outcome,
            n_items=len(comparisons.item_of_unit),
            n_labelers=len(labelers),
            n_categories=3,
        ),
        item=comparisons.item_of_unit,
        lower=lower[comparisons.pair_of_unit],
        higher=higher[comparisons.pair_of_unit],
        is_gold=is_gold,
        known=_known(snapshot.gold, comparisons, is_gold, n_work),
    )


def _rankings_of_gold(gold: Gold) -> Rankings:
    """labeler: ids, not indices."""
    places = gold.canonical[gold.item]
    ranks, top = (np.take_along_axis(of, places, axis=1) for of in (gold.ranks, gold.top))
    return Rankings.of(gold.item, gold.labeler_id, ranks, top)


def _known(gold: Gold, comparisons: Comparisons, is_gold: np.ndarray, n_work: int) -> IntArray:
    known = np.full(len(is_gold), UNKNOWN, dtype=np.int64)
    answer, top = (
        np.take_along_axis(of, gold.canonical, axis=1) for of in (gold.answer, gold.answer_top)
    )
    items = np.arange(len(gold.item_ids))
    signs = Rankings.of(items, np.zeros_like(items), answer, top).signs
    said = signs[comparisons.item_of_unit[is_gold] - n_work, comparisons.pair_of_unit[is_gold]]
    known[is_gold] = np.where(np.isfinite(said), np.nan_to_num(said) + 1, UNKNOWN)
    return known
