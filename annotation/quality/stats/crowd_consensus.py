"""Crowd-BT as a consensus of comparisons: the responses of an item contend among themselves.

The paper ranks one list by many labelers; here each item is a list of its own, and only the
labelers' reliabilities are common to all. So the chances say nothing of who wrote a response.
"""

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.comparisons import HIGHER_BETTER, TIE
from annotation.quality.stats.consensus import SoftComparisons, sign_of_lead
from annotation.quality.stats.crowd_bt import crowd_bradley_terry
from annotation.quality.stats.dawid_skene import MOST_STEPS, TOLERANCE
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.labels import Labels

METHOD = "Crowd-BT within items"


def crowd_chances(
    labels: Labels,
    item: ArrayLike,
    lower: ArrayLike,
    higher: ArrayLike,
) -> FloatArray:
    """(comparisons,) chance that the lower response is better; 0.5 where nobody judged.

    labels: of comparisons, as lower better, tie, higher better. item, lower, higher:
    (comparisons,) what is compared: numbers of the item and of two of its responses.
    """
    items, one, other = (np.asarray(x, dtype=np.int64) for x in (item, lower, higher))
    width = int(max(one.max(initial=0), other.max(initial=0))) + 1
    named = np.concatenate([items * width + one, items * width + other])
    responses, index = np.unique(named, return_inverse=True)
    first, second = index[: len(items)], index[len(items) :]
    is_second = labels.category == HIGHER_BETTER
    rows = labels.item
    fit = crowd_bradley_terry(
        np.where(is_second, second[rows], first[rows]),
        np.where(is_second, first[rows], second[rows]),
        labels.labeler,
        n_generators=len(responses),
        n_labelers=labels.n_labelers,
        tied=labels.category == TIE,
        sets=responses // width,
        tol=max(1e-8, TOLERANCE * len(labels)),
        max_iter=MOST_STEPS,
    )
    lead = fit.ability[first] - fit.ability[second]
    chance: FloatArray = 1 / (1 + np.exp(-lead))
    return chance


def soften_chances(lower: FloatArray, n: IntArray) -> SoftComparisons:
    """Of the chance that the lower response is better (comparisons,) and judgments of each.

    weight = 1 - H / log 2, H the entropy of the two outcomes: the model knows no tie, so an even
    split, of which nothing is known, has weight 0. NaN where nobody judged.
    """
    known = np.where(n > 0, lower, np.nan)
    share = np.stack([known, 1 - known], axis=1)
    logs = np.log(np.where(share > 0, share, 1.0))
    entropy = -(share * logs).sum(axis=1)
    lead = 1 - 2 * known
    return SoftComparisons(
        sign=sign_of_lead(lead),
        p_chosen=(1 + np.abs(lead)) / 2,
        weight=np.clip(1 - entropy / np.log(2), 0.0, 1.0),
        n=n,
        method=METHOD,
    )
