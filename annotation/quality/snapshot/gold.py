"""Judgments of items whose answer was known, and the answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.labeling.models import GoldItem, Purpose
from annotation.quality.snapshot.facts import MOST_RESPONSES, Facts, Known, facts_of
from annotation.quality.snapshot.order import columns_by_id, top_of
from annotation.quality.snapshot.rows import read_judgments
from annotation.quality.stats.comparisons import floor_unacceptable
from annotation.quality.stats.estimate import FloatArray, IntArray


@dataclass(frozen=True)
class Gold:
    """Columns as in `Snapshot`, of judgments that gold was lent for; labeler_id (rows,) are ids.

    answer and answer_top (items, 9): the known answer as ranks and top of a judgment. Gold that
    does not count any more is left out with its judgments. What was judged of an item before it
    became gold is work, and stands among the other rows.
    """

    item_ids: IntArray
    labeler_id: IntArray
    item: IntArray
    ranks: FloatArray
    top: FloatArray
    shown: NDArray[np.int8]
    seconds: FloatArray
    at: FloatArray
    canonical: IntArray
    facts: Facts
    answer: FloatArray
    answer_top: FloatArray

    def update(self, digest: Any) -> None:
        """Take all of it into a hash."""
        arrays = [
            *(self.item_ids, self.labeler_id, self.item, self.ranks, self.top, self.shown),
            *(self.seconds, self.at, self.canonical, self.answer, self.answer_top),
        ]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        self.facts.update(digest)


def read_gold(
    project, asked: dict[int, list[str]], turned: list[tuple[int, list[int]]], known: Known
) -> Gold:
    """Inside the transaction of the snapshot. turned: see `columns_by_id`."""
    golds = {gold.item_id: gold for gold in GoldItem.objects.filter(project=project)}
    rows = read_judgments(project, asked, purpose=Purpose.GOLD)
    counts = {pk for pk, gold in golds.items() if gold.is_counted}
    kept = np.isin(rows.item, np.array(sorted(counts), dtype=np.int64))
    item_ids, item = np.unique(rows.item[kept], return_inverse=True)
    answer, answer_top = _answers([golds[int(pk)] for pk in item_ids])
    return Gold(
        item_ids=item_ids,
        labeler_id=rows.labeler[kept],
        item=item,
        ranks=floor_unacceptable(rows.ranks, rows.unacceptable)[kept],
        top=top_of(rows)[kept],
        shown=rows.shown[kept],
        seconds=rows.seconds[kept],
        at=rows.at[kept],
        canonical=columns_by_id(item_ids, turned),
        facts=facts_of(known, item_ids),
        answer=answer,
        answer_top=answer_top,
    )


def _answers(golds: list[GoldItem]) -> tuple[FloatArray, FloatArray]:
    """See `Gold.answer`: an unacceptable response lies below all others, as in a judgment."""
    shape = (len(golds), MOST_RESPONSES)
    ranks, top, bad = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, bool)
    for row, gold in enumerate(golds):
        width = len(gold.ranks)
        ranks[row, :width] = np.array(gold.ranks, dtype=np.float64)
        bad[row, :width] = gold.unacceptable
        if gold.rest_below:
            is_in = np.isfinite(ranks[row, :width]).astype(np.float64)
            top[row, :width] = np.where(bad[row, :width], np.nan, is_in)
    return floor_unacceptable(ranks, bad), top
