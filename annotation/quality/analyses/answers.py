"""One answer of every judgment: lower response better, tie, higher better.

Of an item with more than two responses one pair counts, the same for everybody: the pairs of one
ranking hang together, and taken for so many answers they would make every test too sure of itself.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.gold import Gold
from annotation.quality.stats.comparisons import N_OUTCOMES
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import UNKNOWN, Labels
from annotation.quality.stats.signals.findings import Recorded
from annotation.quality.stats.signals.length import log_ratio

# The categories as numbers.
VALUES = np.array([-1.0, 0.0, 1.0])


@dataclass(frozen=True)
class Answers:
    """labels: an answer for each judgment that says something of its item's pair, work first, then
    gold (an item judged as both is two); labeler_ids (labelers,); gold (units,) the known answer,
    UNKNOWN elsewhere; recorded, prompt, winner, loser: by rating; prompt −1 for gold; winner and
    loser are generators, −1 unknown or a tie; size: characters to read."""

    labels: Labels
    labeler_ids: IntArray
    gold: IntArray
    recorded: Recorded
    prompt: IntArray
    winner: IntArray
    loser: IntArray
    n_work: int


@dataclass(frozen=True)
class _Part:
    """Rows of one kind of judgment, and of each item the two columns that are compared."""

    item: IntArray
    labeler_id: IntArray
    outcome: FloatArray
    places: FloatArray  # (rows, 2) where the lower and the higher response were shown
    lengths: FloatArray  # (rows, 2)
    size: FloatArray
    seconds: FloatArray
    at: FloatArray
    generators: IntArray  # (rows, 2)


def answers_of(snapshot: Snapshot) -> Answers:
    work = _part(snapshot, snapshot.labeler_ids[snapshot.labeler])
    gold = _part(snapshot.gold, snapshot.gold.labeler_id)
    n_work = len(snapshot.item_ids)

    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(work, name), getattr(gold, name)])

    outcome = both("outcome")
    said = np.isfinite(outcome)
    labeler_ids, labeler = np.unique(both("labeler_id")[said], return_inverse=True)
    category = outcome[said].astype(np.int64) + 1
    unit = np.concatenate([work.item, gold.item + n_work])[said]
    labels = Labels.of(
        unit,
        labeler,
        category,
        n_items=n_work + len(snapshot.gold.item_ids),
        n_labelers=len(labeler_ids),
        n_categories=N_OUTCOMES,
    )
    prompt = np.concatenate([snapshot.facts.prompt[work.item], np.full(len(gold.item), -1)])[said]
    generators = both("generators")[said]
    lower_won = category == 0
    decided = category != 1
    winner = np.where(lower_won, generators[:, 0], generators[:, 1])
    loser = np.where(lower_won, generators[:, 1], generators[:, 0])
    return Answers(
        labels=labels,
        labeler_ids=labeler_ids,
        gold=np.concatenate([np.full(n_work, UNKNOWN), _known(snapshot.gold)]).astype(np.int64),
        recorded=_recorded(both, said, category),
        prompt=prompt,
        winner=np.where(decided, winner, -1),
        loser=np.where(decided, loser, -1),
        n_work=int((unit < n_work).sum()),
    )


def _part(rows: Snapshot | Gold, labeler_id: IntArray) -> _Part:
    columns = _compared(rows)[rows.item]
    characters = rows.facts.style["characters"]
    return _Part(
        item=rows.item,
        labeler_id=labeler_id,
        outcome=_outcome(rows.ranks, rows.top, columns),
        places=np.take_along_axis(rows.shown, columns, axis=1).astype(np.float64),
        lengths=np.take_along_axis(characters[rows.item], columns, axis=1),
        size=np.nansum(characters, axis=1)[rows.item],
        seconds=rows.seconds,
        at=rows.at,
        generators=np.take_along_axis(rows.facts.generator[rows.item], columns, axis=1),
    )


def _compared(rows: Snapshot | Gold) -> IntArray:
    """(items, 2) the columns of the lower and the higher response of the pair that counts, both
    the same where there is none. By the item's own number: further items change nothing."""
    found = np.zeros((len(rows.item_ids), 2), dtype=np.int64)
    width = rows.facts.response_count
    for n in np.unique(width[width >= 2]):
        pairs = np.array(list(combinations(range(int(n)), 2)))
        of_width = width == n
        found[of_width] = pairs[rows.item_ids[of_width] % len(pairs)]
    return np.take_along_axis(rows.canonical, found, axis=1)


def _outcome(ranks: FloatArray, top: FloatArray, columns: IntArray) -> FloatArray:
    """(rows,) −1 lower better, 0 tie, 1 higher better, NaN where nothing was said."""
    by_rank, by_top = (np.take_along_axis(of, columns, axis=1) for of in (ranks, top))
    sign = np.sign(by_rank[:, 0] - by_rank[:, 1])
    below = np.sign(by_top[:, 1] - by_top[:, 0])
    below[below == 0] = np.nan  # of two left out nothing is known
    sign = np.where(np.isfinite(sign), sign, below)
    return np.where(columns[:, 0] == columns[:, 1], np.nan, sign)


def _known(gold: Gold) -> IntArray:
    """(gold items,) the known answer to the pair that counts, UNKNOWN where it leaves it open."""
    sign = _outcome(gold.answer, gold.answer_top, _compared(gold))
    return np.where(np.isfinite(sign), np.nan_to_num(sign) + 1, UNKNOWN).astype(np.int64)


def _recorded(both, said: np.ndarray, category: IntArray) -> Recorded:
    """What was kept of each answer; None where it was kept of none."""
    places, lengths = both("places")[said], both("lengths")[said]
    is_known = (places >= 0).all(axis=1) & (places[:, 0] != places[:, 1])
    lower_first = places[:, 0] < places[:, 1]
    won = np.where(category == 1, np.nan, (lower_first == (category == 0)) * 1.0)
    ratio = log_ratio(lengths[:, 0], lengths[:, 1])
    ratio = np.where(is_known, np.where(lower_first, ratio, -ratio), np.nan)
    seconds, at = both("seconds")[said], both("at")[said]
    return Recorded(
        first=np.where(is_known, won, np.nan) if is_known.any() else None,
        seconds=seconds if np.isfinite(seconds).any() else None,
        size=both("size")[said],
        log_ratio=ratio if np.isfinite(ratio).any() else None,
        at=_times(at),
    )


def _times(at: FloatArray) -> FloatArray | None:
    """None where most judgments share their moment with another one: a file without times was
    brought in at once, and says nothing of who came first."""
    return at if np.unique(at).size > at.size / 2 else None
