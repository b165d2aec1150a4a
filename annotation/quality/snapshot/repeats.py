"""What labelers said of an item when they were asked again, beside what they had said."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef

from annotation.labeling.models import Judgment
from annotation.labeling.verdict.tiers import signs_of
from annotation.quality.stats.estimate import IntArray

FIRST, TIE, SECOND = 0, 1, 2
WIDTH = 10  # of a position, in the number of a pair


@dataclass(frozen=True)
class Repeats:
    """Two rows for each comparison that a labeler made twice. item and labeler: ids; pair: which
    two responses of the item; category: 0 the first is better, 1 a tie, 2 the second."""

    item: IntArray
    labeler: IntArray
    pair: IntArray
    category: IntArray

    @classmethod
    def of(cls, rows: list[tuple[int, int, int, int]]) -> "Repeats":
        return cls(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)

    def update(self, digest: Any) -> None:
        """Take all of it into a hash."""
        for column in (self.item, self.labeler, self.pair, self.category):
            digest.update(np.ascontiguousarray(column).tobytes())


def read_repeats(project) -> Repeats:
    """By the order of items and labelers; inside the transaction of the snapshot."""
    rows = []
    for (item, labeler), (before, again) in _pairs(project):
        first, second = signs_of(*before), signs_of(*again)
        for one, other in sorted(first.keys() & second.keys()):
            pair = one * WIDTH + other
            rows += [(item, labeler, pair, TIE + said[one, other]) for said in (first, second)]
    return Repeats.of(rows)


def _pairs(project) -> Iterator[tuple[tuple[int, int], tuple[tuple, tuple]]]:
    """((item, labeler), (verdict before, verdict again)). Before is what held when the item came
    again: whoever changes it since, changes nothing of what they once said."""
    judged = Judgment.objects.filter(project=project)
    said = ("item_id", "labeler_id", "ranks", "unacceptable", "rest_below", "submitted_at")
    again = judged.filter(is_repeat=True)
    repeats = {row[:2]: row[2:] for row in again.current().values_list(*said)}
    latest_first = again.order_by("-revision")
    begun = {
        (item, labeler): at
        for item, labeler, at in latest_first.values_list("item_id", "labeler_id", "submitted_at")
    }
    asked = again.filter(item=OuterRef("item"), labeler=OuterRef("labeler"))
    before: dict[tuple[int, int], tuple] = {}
    work = judged.work().filter(Exists(asked)).order_by("item_id", "labeler_id", "revision")
    for item, labeler, *verdict, at, is_retraction in work.values_list(*said, "is_retraction"):
        if at >= begun[item, labeler]:
            continue
        before[item, labeler] = () if is_retraction else tuple(verdict)
    for key in sorted(before.keys() & repeats.keys()):
        if before[key]:
            yield key, (before[key], repeats[key][:3])
