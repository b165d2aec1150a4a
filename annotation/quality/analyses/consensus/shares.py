"""A share of comparisons with an interval that knows that those of one item hang together."""

import numpy as np

from annotation.core.intervals import wilson_interval
from annotation.quality.stats.estimate import BoolArray, IntArray


def share_by_item(hits: BoolArray, item: IntArray) -> dict:
    """{"value", "ci", "n", "reason"}: Wilson's interval of as many comparisons as these are worth
    (Kish's effective size, by the variance between items)."""
    n = len(hits)
    if n == 0:
        return {"value": None, "ci": None, "n": 0, "reason": "no_pairable"}
    share = float(hits.mean())
    worth = n / _design_effect(hits, item, share)
    interval = wilson_interval(share * worth, worth)
    return {"value": share, "ci": interval and list(interval), "n": n, "reason": None}


def _design_effect(hits: BoolArray, item: IntArray, share: float) -> float:
    """Variance of the share with items drawn, over that with comparisons drawn; at least 1."""
    even = share * (1 - share) * len(hits)
    if even == 0:
        # All alike says nothing of how they hang together: the items are what was seen.
        return len(hits) / len(np.unique(item))
    _, place = np.unique(item, return_inverse=True)
    beyond = np.bincount(place, weights=hits - share)
    return max(1.0, float((beyond**2).sum()) / even)
