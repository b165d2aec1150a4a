"""Borda, Kemeny and Schulze over the comparisons of one item, and the outcomes they come to."""

from collections.abc import Iterator

import numpy as np

from annotation.quality.analyses.consensus.opinions import Opinions
from annotation.quality.figures import SEED
from annotation.quality.stats.comparisons import HIGHER_BETTER, LOWER_BETTER, TIE
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.kemeny import kemeny
from annotation.quality.stats.labels import UNKNOWN
from annotation.quality.stats.voting import Preferences, borda, schulze

# Kemeny looks at every subset of an item's responses: beyond so many over all items, some items
# are drawn, the same ones each time. 18,000 items of four responses, or 585 of nine.
MOST_SUBSETS = 300_000


def outcomes_by_order(opinions: Opinions, counts: IntArray) -> dict[str, IntArray]:
    """{method: (units,) outcome}, UNKNOWN of items that were not drawn. Of two responses all
    three say what most say: no order needs to be looked for."""
    sizes = np.bincount(opinions.item)
    margin = counts[:, HIGHER_BETTER] - counts[:, LOWER_BETTER]
    alone = sizes[opinions.item] == 1
    plain = np.where(alone, np.sign(margin) + 1, UNKNOWN).astype(np.int64)
    found = {name: plain.copy() for name in ("borda", "kemeny", "schulze")}
    for units in _drawn(opinions, sizes):
        pairs = opinions.lower[units], opinions.higher[units]
        responses, index = np.unique(np.concatenate(pairs), return_inverse=True)
        lower, higher = index[: len(units)], index[len(units) :]
        ranks = ranks_by_method(preferences_of(counts[units], lower, higher, len(responses)))
        for name, places in ranks.items():
            found[name][units] = np.sign(places[lower] - places[higher]) + 1
    return found


def preferences_of(counts: IntArray, lower: IntArray, higher: IntArray, n: int) -> Preferences:
    """counts (pairs, 3) of the pairs lower, higher (pairs,) of n responses."""
    above, ties = np.zeros((n, n)), np.zeros((n, n))
    above[lower, higher] = counts[:, LOWER_BETTER]
    above[higher, lower] = counts[:, HIGHER_BETTER]
    ties[lower, higher] = ties[higher, lower] = counts[:, TIE]
    return Preferences(above, ties)


def ranks_by_method(preferences: Preferences) -> dict[str, IntArray]:
    """{method: (responses,) 1 the best, equal ranks a tie}."""
    return {
        "borda": borda(preferences).ranks,
        "kemeny": kemeny(preferences).ranks,
        "schulze": schulze(preferences).ranks,
    }


def _drawn(opinions: Opinions, sizes: IntArray) -> Iterator[IntArray]:
    """The units of each item with several comparisons, in an order drawn once."""
    by_item = np.argsort(opinions.item, kind="stable")
    ends = np.cumsum(sizes)
    width = np.zeros(len(sizes), dtype=np.int64)
    np.maximum.at(width, opinions.item, opinions.higher + 1)
    several = np.flatnonzero(sizes > 1)
    order = np.random.default_rng(SEED).permutation(several)
    left = MOST_SUBSETS
    for item in order:
        left -= 1 << int(width[item])
        if left < 0:
            return
        yield by_item[ends[item] - sizes[item] : ends[item]]
