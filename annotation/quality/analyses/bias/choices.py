"""The comparisons within judgments, side by side with what is known of the two responses."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.figures import SEED
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.rankings import Rankings, response_pairs


@dataclass(frozen=True)
class Choices:
    """row: (n,) the judgment, an index into the snapshot's rows; one, other: (n,) response
    positions from 0, one before the other as the item has them; won: (n,) 1 `one` is better, 0
    the other, NaN a tie."""

    row: IntArray
    one: IntArray
    other: IntArray
    won: FloatArray

    def __len__(self) -> int:
        return len(self.row)

    def take(self, which: BoolArray | IntArray) -> "Choices":
        return Choices(self.row[which], self.one[which], self.other[which], self.won[which])

    @property
    def decisive(self) -> "Choices":
        return self.take(np.isfinite(self.won))

    def at_most(self, most: int) -> "Choices":
        """So many, drawn with a fixed seed where there are more."""
        if len(self) <= most:
            return self
        drawn = np.random.default_rng(SEED).choice(len(self), most, replace=False)
        return self.take(np.sort(drawn))

    def of_both(self, table: FloatArray | IntArray, at: IntArray) -> tuple:
        """Of a table (…, 9) the values of `one` and of the other; at: (n,) which line."""
        return table[at, self.one], table[at, self.other]


def choices_of(snapshot: Snapshot) -> Choices:
    rankings = Rankings(snapshot.item, snapshot.labeler, snapshot.ranks, snapshot.top)
    signs = rankings.signs
    row, pair = np.nonzero(np.isfinite(signs))
    lower, higher = response_pairs(snapshot.ranks.shape[1])
    sign = signs[row, pair]
    won = np.where(sign == 0, np.nan, (sign < 0) * 1.0)
    return Choices(row.astype(np.int64), lower[pair], higher[pair], won)


def weeks_of(day: IntArray) -> IntArray:
    """Weeks from Monday, counted from the first day of the calendar, which was one."""
    weeks: IntArray = (day - 1) // 7
    return weeks
