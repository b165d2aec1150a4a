"""Whether choosing items by what they teach beat drawing them at random.

Every second item of the control arm is held out. The others are one side, and as many comparisons
of chosen items, taken evenly over the time, the other: early choices know little, so the first
ones alone would say too little for choosing.
"""

from typing import Any

import numpy as np

from annotation.quality.analyses.abilities.games import field_of, games_of
from annotation.quality.figures import SEED
from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.arms import CONTROL, INFORMATION, Arms
from annotation.quality.stats.arms import compare_arms
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.outcomes import GeneratorComparisons


def arms_of(snapshot: Snapshot) -> dict[str, Any] | None:
    """{"control", "information": {"items", "judgments"}, and what `ArmReport` has}; None where
    nothing judged was drawn by either arm."""
    arms = snapshot.arms
    if arms is None or not (arms.drawn > 0).any():
        return None
    games = games_of(snapshot, field_of(snapshot), snapshot.ranks, snapshot.top).comparisons
    by_control, by_information = (_drawn(arms, arm) for arm in (CONTROL, INFORMATION))
    at_random, held_out = (_of_items(games, by_control[half::2]) for half in (0, 1))
    chosen = _spread(_of_items(games, by_information), len(at_random))
    report = compare_arms(chosen, at_random, held_out, seed=SEED)
    return {
        "control": _extent(snapshot, by_control),
        "information": _extent(snapshot, by_information),
    } | report.as_json()


def _drawn(arms: Arms, arm: int) -> IntArray:
    """Items of an arm in the order they were drawn."""
    items = np.flatnonzero(arms.arm == arm)
    return items[np.argsort(arms.drawn[items])]


def _of_items(games: GeneratorComparisons, items: IntArray) -> GeneratorComparisons:
    """Their comparisons, in the order of the items."""
    place = np.full(max(int(games.item.max(initial=-1)), int(items.max(initial=-1))) + 1, -1)
    place[items] = np.arange(len(items))
    rows = np.flatnonzero(place[games.item] >= 0)
    return games.where(rows[np.argsort(place[games.item[rows]], kind="stable")])


def _spread(games: GeneratorComparisons, wanted: int) -> GeneratorComparisons:
    """About so many comparisons, and no fewer where there are as many: of items that lie evenly
    over the order."""
    if len(games) <= wanted:
        return games
    _, first, count = np.unique(games.item, return_index=True, return_counts=True)
    in_order = np.argsort(first)
    first, count = first[in_order], count[in_order]
    # Each item is taken as soon as the share of comparisons wanted up to it is not reached.
    due = np.floor(np.cumsum(count) * wanted / len(games) + 1e-9)
    taken, kept = 0, []
    for index, size in enumerate(count):
        if taken < due[index]:
            kept += range(first[index], first[index] + size)
            taken += int(size)
    return games.where(np.array(kept, dtype=np.int64))


def _extent(snapshot: Snapshot, items: IntArray) -> dict[str, int]:
    return {"items": len(items), "judgments": int(np.isin(snapshot.item, items).sum())}
