"""Which items were drawn to be judged next, and by which arm."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.quality.models import Choice
from annotation.quality.stats.estimate import IntArray

NEITHER, CONTROL, INFORMATION = -1, 0, 1


@dataclass(frozen=True)
class Arms:
    """arm (items,): NEITHER where an item was judged in the order of the queue; drawn (items,)
    rises in the order in which they were drawn, 0 where they were not."""

    arm: IntArray
    drawn: IntArray

    def update(self, digest: Any) -> None:
        """Take all of it into a hash."""
        digest.update(self.arm.tobytes() + self.drawn.tobytes())


def read_arms(project, item_ids: IntArray) -> Arms:
    """Of these items, ascending ids; inside the transaction of the snapshot."""
    arm = np.full(len(item_ids), NEITHER, dtype=np.int64)
    drawn = np.zeros(len(item_ids), dtype=np.int64)
    rows = project.choices.filter(put_back_at=None).values_list("item_id", "pk", "arm")
    for item, pk, name in rows.iterator():
        place = int(np.searchsorted(item_ids, item))
        if place < len(item_ids) and item_ids[place] == item:
            arm[place] = CONTROL if name == Choice.Arm.CONTROL else INFORMATION
            drawn[place] = pk
    return Arms(arm, drawn)
