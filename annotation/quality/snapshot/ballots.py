"""What each judgment says of its item as a whole: which response is the best, or that none is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from annotation.core.database import consistent_reads
from annotation.quality.models import judgment_state
from annotation.quality.snapshot.order import top_of
from annotation.quality.snapshot.rows import read_judgments
from annotation.quality.stats.comparisons import floor_unacceptable
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray

NONE, NOTHING_SAID = -1, -2


class Judged(Protocol):
    """Judgments by row: a `Snapshot`, or `Ballots`. response_count: (items,)."""

    @property
    def item_ids(self) -> IntArray: ...
    @property
    def item(self) -> IntArray: ...
    @property
    def labeler(self) -> IntArray: ...
    @property
    def ranks(self) -> FloatArray: ...
    @property
    def unacceptable(self) -> BoolArray: ...
    @property
    def top(self) -> FloatArray: ...
    @property
    def response_count(self) -> IntArray: ...


@dataclass(frozen=True)
class Ballots:
    """The part of a snapshot that says how sure an item is, columns as there; labeler: indices
    into nothing but themselves. Read without prompts, responses and known answers."""

    item_ids: IntArray
    item: IntArray
    labeler: IntArray
    ranks: FloatArray
    unacceptable: BoolArray
    top: FloatArray
    response_count: IntArray
    state: tuple[int, int]


def take_ballots(project) -> Ballots:
    """Of one moment, like a snapshot."""
    with consistent_reads():
        state = judgment_state(project)
        rows = read_judgments(project, {})
    item_ids, item = np.unique(rows.item, return_inverse=True)
    response_count = np.zeros(len(item_ids), dtype=np.int64)
    response_count[item] = rows.exists.sum(axis=1)  # all judgments of an item have as many
    return Ballots(
        item_ids=item_ids,
        item=item,
        labeler=np.unique(rows.labeler, return_inverse=True)[1],
        ranks=floor_unacceptable(rows.ranks, rows.unacceptable),
        unacceptable=rows.unacceptable,
        top=top_of(rows),
        response_count=response_count,
        state=state,
    )


def response_counts(judged: Judged) -> IntArray:
    """(rows,) how many responses the judged item has."""
    counts: IntArray = judged.response_count[judged.item]
    return counts


def sole_best(judged: Judged) -> IntArray:
    """(rows,) the position alone in the best tier; NONE with several, or all unacceptable;
    NOTHING_SAID where no two responses are compared."""
    acceptable = np.where(judged.unacceptable, np.nan, judged.ranks)
    filled = np.where(np.isfinite(acceptable), acceptable, np.inf)
    best = filled.min(axis=1, keepdims=True, initial=np.inf)
    is_best = np.isfinite(best) & (filled == best)
    compares = np.isfinite(judged.ranks).sum(axis=1) >= 2
    compares |= (judged.top == 0).any(axis=1)
    found: IntArray = np.where(is_best.sum(axis=1) == 1, is_best.argmax(axis=1), NONE)
    return np.where(compares, found, NOTHING_SAID)


def all_bad(judged: Judged) -> BoolArray:
    """(rows,) judgments that call every response unacceptable."""
    counts = response_counts(judged)
    found: BoolArray = (judged.unacceptable.sum(axis=1) == counts) & (counts > 0)
    return found
