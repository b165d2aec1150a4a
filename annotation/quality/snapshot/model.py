"""What every analysis starts from."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.quality.snapshot.arms import Arms
from annotation.quality.snapshot.facts import Facts
from annotation.quality.snapshot.gold import Gold
from annotation.quality.snapshot.repeats import Repeats
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.rankings import Rankings


@dataclass(frozen=True)
class Snapshot:
    """The current judgment of every labeler and item, by row; columns are response positions.

    item_ids (items,), labeler_ids and handles (labelers,) and item, labeler (rows,), indices into
    them, sorted by item; version (rows,) the number of the rubric version judged by, 0 where none
    is known; ranks (rows, 9) tiers as they count, unacceptable ones below all others, NaN not
    ranked; top (rows, 9) of rankings of the best: 1 ranked, 0 left out, NaN elsewhere; strength
    (rows, 8) between neighbouring tiers, best first, 1 slightly to 3 far better, -1 not said;
    shown (rows, 9) the place on the page each response had, 0 the first, -1 not known; seconds
    (rows,) of active work, NaN not known; day (rows,) as `date.toordinal` in the site's zone; at
    (rows,) the same moment in seconds since 1970;
    ratings {criterion: (rows, 9)}, NaN not rated or not applicable; flags {flag: (rows, 9)} 1
    set, 0 not, NaN not asked; criteria and flag_labels {key: label} in the order of the rubric,
    newest version first; yes_no: keys of criteria without an order; canonical (items, 9): the
    columns of an item in the order of its responses' ids; facts: what is known of the items and
    their responses; gold: what was judged of known answers; repeats: what was asked again, which
    is in none of the rows; state: see `judgment_state`; gold_state: see `gold_states`.
    """

    item_ids: IntArray
    labeler_ids: IntArray
    handles: list[str]
    item: IntArray
    labeler: IntArray
    version: IntArray
    ranks: FloatArray
    unacceptable: BoolArray
    top: FloatArray
    strength: NDArray[np.int8]
    shown: NDArray[np.int8]
    seconds: FloatArray
    day: IntArray
    at: FloatArray
    ratings: dict[str, FloatArray]
    flags: dict[str, FloatArray]
    criteria: dict[str, str]
    flag_labels: dict[str, str]
    yes_no: frozenset[str]
    canonical: IntArray
    facts: Facts
    gold: Gold
    repeats: Repeats
    state: tuple[int, int]
    gold_state: str = ""
    arms: Arms | None = None

    @property
    def rankings(self) -> Rankings:
        """By response id: who imports the responses in another order gets the same numbers."""
        places = self.canonical[self.item]
        ranks, top = (np.take_along_axis(of, places, axis=1) for of in (self.ranks, self.top))
        return Rankings.of(self.item, self.labeler, ranks, top)

    @property
    def response_count(self) -> IntArray:
        """(items,)"""
        return self.facts.response_count

    @property
    def sha256(self) -> str:
        """Of everything the figures depend on."""
        digest = hashlib.sha256("\0".join(self.handles).encode())
        arrays = [
            *(self.item_ids, self.labeler_ids, self.item, self.labeler, self.version),
            *(self.ranks, self.unacceptable, self.top, self.strength),
            *(self.shown, self.seconds, self.day, self.at, self.canonical),
        ]
        for kind in (self.ratings, self.flags):
            for name in sorted(kind):
                digest.update(f"\0{name}\0{name in self.yes_no}\0".encode())
                arrays.append(kind[name])
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        self.facts.update(digest)
        self.gold.update(digest)
        self.repeats.update(digest)
        if self.arms is not None:
            self.arms.update(digest)
        return digest.hexdigest()
