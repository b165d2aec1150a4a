"""Agreement of parts of the work: by week, rubric version, batch, facet and generator pair.

What is in a part and what is in none add up to the whole. Parts with few items are not computed
but counted: a coefficient of three items is noise, and a page of a thousand such is no page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from annotation.quality.analyses.agreement.pairs import MAIN
from annotation.quality.analyses.by_version import FEWEST_ITEMS
from annotation.quality.figures import SEED, as_json
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.breakdown import overlapping
from annotation.quality.stats.comparisons import Comparisons
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.rankings import response_pairs
from annotation.quality.stats.ratings import Ratings

MOST_PARTS = 30
MOST_WEEKS = 53
DRAWS = 1000
NONE = -1


@dataclass(frozen=True)
class Cut:
    """A way to divide the work. part: (ratings,) index of names, NONE where it lies in none."""

    by: str
    key: str | None
    names: Sequence
    part: IntArray
    most: int = MOST_PARTS


def figures_by_part(snapshot: Snapshot, comparisons: Comparisons, ratings: Ratings) -> list[dict]:
    """[{"by", "key", "parts": [{"name", "n_items", "n_ratings", "n_pairs", "raw", …}], "few",
    "unshown", "outside", "n_ratings", "n_pairs", "n_pairs_across"}, …].

    few: parts with fewer than FEWEST_ITEMS items that two labelers judged; unshown: those beyond
    the largest (of weeks: the latest); outside: what lies in no part. The ratings of all four
    make n_ratings, and their pairs with n_pairs_across make n_pairs.
    """
    cuts = [cut for cut in _cuts(snapshot, comparisons) if len(cut.names) > 1]
    return [_figures(cut, ratings) for cut in cuts]


def _cuts(snapshot: Snapshot, comparisons: Comparisons) -> Iterable[Cut]:
    row = _rows_of(snapshot)[comparisons.row]
    week = snapshot.day - (snapshot.day - 1) % 7  # day 1 was a Monday
    weeks, place = np.unique(week, return_inverse=True)
    names = [date.fromordinal(int(one)).isoformat() for one in weeks]
    yield Cut("week", None, names, place[row], most=MOST_WEEKS)
    numbers, place = np.unique(snapshot.version[snapshot.version > 0], return_inverse=True)
    version = np.full(len(snapshot.version), NONE)
    version[snapshot.version > 0] = place
    yield Cut("rubric_version", None, [int(one) for one in numbers], version[row])
    item = comparisons.item_of_unit[comparisons.unit]
    yield Cut("batch", None, snapshot.facts.batch.values, snapshot.facts.batch.value[item])
    for key, facet in snapshot.facts.facets.items():
        yield Cut("facet", key, facet.values, facet.value[item])
    yield _generator_pairs(snapshot, comparisons)


def _rows_of(snapshot: Snapshot) -> IntArray:
    """(rankings,) the row of the snapshot behind each of its rankings, which are sorted."""
    return np.lexsort((snapshot.labeler, snapshot.item))


def _generator_pairs(snapshot: Snapshot, comparisons: Comparisons) -> Cut:
    """Whatever the order of the two responses."""
    lower, higher = response_pairs(snapshot.ranks.shape[1])
    item, pair = comparisons.item_of_unit, comparisons.pair_of_unit
    columns = snapshot.canonical[item]
    rows = np.arange(len(item))
    written_by = snapshot.facts.generator[item]
    both = np.stack([written_by[rows, columns[rows, of[pair]]] for of in (lower, higher)], axis=1)
    both.sort(axis=1)
    names = snapshot.facts.generators
    code = np.where(both[:, 0] >= 0, both[:, 0] * len(names) + both[:, 1], NONE)
    found, place = np.unique(code[code >= 0], return_inverse=True)
    part = np.full(len(code), NONE)
    part[code >= 0] = place
    pairs = [[names[one // len(names)], names[one % len(names)]] for one in found.tolist()]
    return Cut("generators", None, pairs, part[comparisons.unit])


@dataclass(frozen=True)
class Sizes:
    """Of each part, and last of what lies in none: ratings, pairs of ratings of one thing, and
    items that two labelers judged."""

    ratings: IntArray
    pairs: IntArray
    items: IntArray

    @classmethod
    def of(cls, cut: Cut, ratings: Ratings) -> "Sizes":
        n = len(cut.names) + 1
        part = np.where(cut.part == NONE, n - 1, cut.part)
        cells, counts = np.unique(ratings.unit * n + part, return_counts=True)
        pairs = np.bincount(cells % n, counts * (counts - 1) // 2, minlength=n)
        met = cells[counts >= 2]
        items = np.unique(ratings.item_of_unit[met // n] * n + met % n)
        return cls(
            np.bincount(part, minlength=n),
            pairs.astype(np.int64),
            np.bincount(items % n, minlength=n),
        )

    def together(self, places: IntArray) -> dict:
        return {
            "parts": len(places),
            "n_ratings": int(self.ratings[places].sum()),
            "n_pairs": int(self.pairs[places].sum()),
        }


def _figures(cut: Cut, ratings: Ratings) -> dict:
    sizes = Sizes.of(cut, ratings)
    outside = len(cut.names)
    places = np.arange(outside)
    is_few = sizes.items[:outside] < FEWEST_ITEMS
    enough = places[~is_few]
    if cut.by == "week":
        kept = enough[-cut.most :]
    else:
        kept = np.sort(enough[np.argsort(-sizes.pairs[enough], kind="stable")][: cut.most])
    n_pairs = _pairs_of_units(ratings)
    return {
        "by": cut.by,
        "key": cut.key,
        "parts": [_part(cut, place, sizes, ratings) for place in kept.tolist()],
        "few": sizes.together(places[is_few]),
        "unshown": sizes.together(np.setdiff1d(enough, kept)),
        "outside": sizes.together(np.array([outside])),
        "n_ratings": len(ratings),
        "n_pairs": n_pairs,
        "n_pairs_across": n_pairs - int(sizes.pairs.sum()),
    }


def _part(cut: Cut, place: int, sizes: Sizes, ratings: Ratings) -> dict:
    mask = {place: cut.part == place}
    found = overlapping(ratings, mask, MAIN, seed=SEED, n_resamples=DRAWS)[place]
    return {
        "name": cut.names[place],
        "n_items": int(sizes.items[place]),
        "n_ratings": found.n_ratings,
        "n_pairs": found.n_pairs,
    } | {key: as_json(estimate) for key, estimate in found.estimates.items()}


def _pairs_of_units(ratings: Ratings) -> int:
    counts = np.bincount(ratings.unit)
    return int((counts * (counts - 1) // 2).sum())
