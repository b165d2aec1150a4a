"""The outcome of every comparison by every method, as a dataset would have it."""

from collections.abc import Iterator

import numpy as np

from annotation.quality.analyses.consensus.opinions import Opinions
from annotation.quality.analyses.consensus.orders import outcomes_by_order
from annotation.quality.stats.comparisons import TIE
from annotation.quality.stats.consensus import Consensus, SoftComparisons, majority_vote, soften
from annotation.quality.stats.crowd_consensus import crowd_chances, soften_chances
from annotation.quality.stats.dawid_skene import dawid_skene
from annotation.quality.stats.estimate import IntArray

VOTES, ORDERS, RELIABILITY = (
    ("majority",),
    ("borda", "kemeny", "schulze"),
    ("one_coin", "dawid_skene", "crowd_bt"),
)
KEYS = (*VOTES, *ORDERS, *RELIABILITY)


def outcomes_by_method(opinions: Opinions) -> Iterator[tuple[str, str, IntArray]]:
    """(key, the method's own name, (units,) outcome; UNKNOWN where it was not asked). An even
    split is a tie, as in a dataset; a majority for the tie is one, too."""
    labels, counts = opinions.labels, opinions.counts
    vote = majority_vote(counts)
    yield "majority", vote.method, outcome_of(vote)
    orders = outcomes_by_order(opinions, counts)
    for key in ORDERS:
        yield key, key.capitalize(), orders[key]
    for key, model, shrinkage in (("one_coin", "one_coin", 0.0), ("dawid_skene", "full", "auto")):
        fit = dawid_skene(labels, model=model, shrinkage=shrinkage).consensus(labels)
        yield key, fit.method, outcome_of(fit)
    chance = crowd_chances(labels, opinions.item, opinions.lower, opinions.higher)
    soft = soften_chances(chance, counts.sum(axis=1))
    yield "crowd_bt", soft.method, _sides(soft)


def outcome_of(consensus: Consensus) -> IntArray:
    """(units,) from shares of the three outcomes."""
    return np.where(consensus.category == TIE, TIE, _sides(soften(consensus)))


def _sides(soft: SoftComparisons) -> IntArray:
    return soft.sign + 1
