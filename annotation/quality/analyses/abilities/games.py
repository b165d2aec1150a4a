"""From a snapshot to comparisons of generators."""

from dataclasses import dataclass

import numpy as np

from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.outcomes import GeneratorComparisons, compare_generators
from annotation.quality.stats.rankings import Rankings, response_pairs


@dataclass(frozen=True)
class Field:
    """Who takes part: the generators with a response in a judged item.

    names and ids (n,); generator (items, 9) index into them, -1 where it is not known.
    """

    names: list[str]
    ids: IntArray
    generator: IntArray


@dataclass(frozen=True)
class Games:
    """comparisons of responses by different generators, first the one that was shown earlier;
    first_column and second_column (comparisons,) their positions in the item; is_order_known
    (comparisons,); n_unnamed: comparisons left out because nothing is known of what wrote one of
    the two, n_items_unnamed how many items they belong to; n_same: left out because one generator
    wrote both."""

    comparisons: GeneratorComparisons
    first_column: IntArray
    second_column: IntArray
    is_order_known: BoolArray
    n_unnamed: int
    n_items_unnamed: int
    n_same: int

    def __len__(self) -> int:
        return len(self.comparisons)


def field_of(snapshot: Snapshot) -> Field:
    facts = snapshot.facts
    known = facts.generator >= 0
    used, index = np.unique(facts.generator[known], return_inverse=True)
    generator = np.full(facts.generator.shape, -1, dtype=np.int64)
    generator[known] = index
    return Field([facts.generators[i] for i in used], facts.generator_ids[used], generator)


def games_of(
    snapshot: Snapshot, field: Field, ranks: FloatArray, top: FloatArray | None = None
) -> Games:
    """Every pair of responses of which a judgment says something. ranks (rows, 9), NaN not
    ranked; top as `Snapshot.top`. Where the order on the page is not known, first is the one that
    comes first in the item, and the place has no effect to find."""
    said = np.isfinite(ranks) if top is None else np.isfinite(ranks) | np.isfinite(top)
    width = int(np.flatnonzero(said.any(axis=0)).max(initial=-1)) + 1
    beside = np.full(ranks.shape, np.nan) if top is None else top
    rows = Rankings(snapshot.item, snapshot.labeler, ranks[:, :width], beside[:, :width])
    signs = rows.signs
    row, pair = np.nonzero(np.isfinite(signs))
    lower, higher = response_pairs(width)
    one, other = lower[pair], higher[pair]
    outcome = signs[row, pair].astype(np.int64) + 1
    place, other_place = snapshot.shown[row, one], snapshot.shown[row, other]
    is_known = (place >= 0) & (other_place >= 0)
    is_turned = is_known & (other_place < place)
    first, second = np.where(is_turned, other, one), np.where(is_turned, one, other)
    outcome = np.where(is_turned, 2 - outcome, outcome)
    item = snapshot.item[row]
    generator, opponent = field.generator[item, first], field.generator[item, second]
    is_named = (generator >= 0) & (opponent >= 0)
    is_same = is_named & (generator == opponent)
    keep = is_named & ~is_same
    return Games(
        compare_generators(
            generator[keep], opponent[keep], outcome[keep], len(field.names), item=item[keep]
        ),
        first[keep],
        second[keep],
        is_known[keep],
        int((~is_named).sum()),
        int(np.unique(item[~is_named]).size),
        int(is_same.sum()),
    )
