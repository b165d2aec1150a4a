"""Which items get one labeler more: those whose answer is not sure, the worthiest first."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotation.labeling.models import Item
from annotation.quality.adaptive.beliefs import Beliefs, beliefs_of
from annotation.quality.models import AdaptiveWork
from annotation.quality.snapshot.ballots import take_ballots
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Look:
    """What is believed of a project's items, beside the places they have: one entry for each open
    item that somebody judged."""

    work: AdaptiveWork
    state: tuple[int, int]
    item_ids: IntArray
    sure: FloatArray
    gain: FloatArray
    n_judgments: IntArray
    overlap: IntArray
    taken: IntArray
    accuracy: float | None

    @property
    def is_sure(self) -> BoolArray:
        return self.sure >= self.work.sure_percent / 100 - 1e-12

    @property
    def is_complete(self) -> BoolArray:
        """Every place is taken and judged: nobody is on the way to make it surer."""
        return (self.taken == self.overlap) & (self.n_judgments >= self.taken)

    @property
    def may_be_raised(self) -> BoolArray:
        return self.is_complete & ~self.is_sure & (self.overlap < self.work.most)

    def worthiest(self, budget: int) -> IntArray:
        """Indices of at most `budget` items that may be raised, by what one more judgment of them
        is expected to teach; of equal ones the older item."""
        may = np.flatnonzero(self.may_be_raised)
        order = np.lexsort((self.item_ids[may], -self.gain[may]))
        return may[order][: max(0, budget)]

    @property
    def standing(self) -> dict:
        """Counts for the page: items that stopped, sure or at the most, and those that go on; and
        what the stopped ones took, against what a fixed overlap would have taken of them."""
        stopped = self.is_complete & (self.is_sure | (self.overlap >= self.work.most))
        judgments = int(self.n_judgments[stopped].sum())
        count = int(stopped.sum())
        return {
            "items": len(self.item_ids),
            "judgments": int(self.n_judgments.sum()),
            "sure": int((stopped & self.is_sure).sum()),
            "at_most": int((stopped & ~self.is_sure).sum()),
            "stopped": count,
            "stopped_judgments": judgments,
            "saved": count * (self.work.fixed_overlap or 0) - judgments,
            "unsure": int(self.may_be_raised.sum()),
            "mean_sure": float(self.sure[stopped].mean()) if count else None,
            "accuracy": self.accuracy,
        }


def look_at(project, work: AdaptiveWork, alive: Callable[[], None] = lambda: None) -> Look:
    """Read the judgments, then the places of their items: what was lent in between makes an item
    look incomplete, and is waited for."""
    ballots = take_ballots(project)
    alive()
    return _look(project, work, ballots.state, beliefs_of(ballots, alive))


def _look(project, work, state, beliefs: Beliefs) -> Look:
    rows = project.items.filter(state=Item.State.OPEN, taken__gt=0).order_by("pk")
    table = np.array(
        list(rows.values_list("pk", "overlap", "taken").iterator()), dtype=np.int64
    ).reshape(-1, 3)
    _ids, at, of = np.intersect1d(
        beliefs.item_ids, table[:, 0], assume_unique=True, return_indices=True
    )
    return Look(
        work=work,
        state=state,
        item_ids=beliefs.item_ids[at],
        sure=beliefs.sure[at],
        gain=beliefs.gain[at],
        n_judgments=beliefs.n_judgments[at],
        overlap=table[of, 1],
        taken=table[of, 2],
        accuracy=beliefs.accuracy,
    )
