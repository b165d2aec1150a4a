"""The bootstrap over items (Efron & Tibshirani 1993, ch. 13), without a loop over items.

Resampling n items with replacement, where only K kinds of items exist, is drawing how often each
kind comes up: one multinomial draw of K numbers. Two items are of the same kind when they hold
the same rows, so an item is drawn with all its comparisons: those of one ranking depend on each
other.
"""

import math
from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.estimate import FloatArray, IntArray, Interval
from annotation.quality.stats.intervals import LEAST_DEFINED, accelerated_interval
from annotation.quality.stats.tables import Patterns, distinct_rows

DEFAULT_DRAWS = 2000
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Draws:
    """Resamples of the items of a table.

    weights (draws, K): how often each distinct row comes up in each; kinds (kinds, K): the rows
    of each kind of item, None where every distinct row is one; times (kinds,): how often it is.
    """

    weights: FloatArray
    kinds: FloatArray | None
    times: FloatArray
    n_clusters: int

    def contents(self, terms: FloatArray) -> FloatArray:
        """(K, F) of the distinct rows -> (kinds, F), what one item of each kind adds."""
        return terms if self.kinds is None else self.kinds @ terms


def draw_rows(
    patterns: Patterns,
    *,
    item_of_row: IntArray | None = None,
    seed: int | list[int],
    n_resamples: int = DEFAULT_DRAWS,
) -> Draws:
    """Resample the items of a table.

    item_of_row (rows of the table,): the item of each row; None: every row is an item. Items
    without two ratings of anything are not resampled: they stay as they are in every draw.
    """
    pairable = patterns.ratings >= 2
    if item_of_row is None:
        kinds, times = None, np.where(pairable, patterns.weights, 0.0).astype(np.int64)
        fixed = np.where(pairable, 0.0, patterns.weights)
    else:
        contents = _contents_by_item(patterns, item_of_row)
        resampled = contents[:, pairable].sum(axis=1) > 0
        rows, _, times = distinct_rows(contents[resampled])
        kinds = rows.astype(np.float64)
        fixed = contents[~resampled].sum(axis=0).astype(np.float64)
    weights = np.tile(fixed, (n_resamples, 1))
    n_clusters = int(times.sum())
    if n_clusters:
        rng = np.random.default_rng(seed)
        step = max(1, _CELLS_AT_ONCE // len(times))
        for start in range(0, n_resamples, step):
            block = slice(start, min(start + step, n_resamples))
            drawn = rng.multinomial(n_clusters, times / n_clusters, size=block.stop - start)
            weights[block] += drawn if kinds is None else drawn.astype(np.float64) @ kinds
    return Draws(weights, kinds, times.astype(np.float64), n_clusters)


def _contents_by_item(patterns: Patterns, item_of_row: IntArray) -> IntArray:
    """(items, K) how many rows of each kind an item holds."""
    _, item = np.unique(item_of_row, return_inverse=True)
    n_items, n_patterns = int(item.max(initial=-1)) + 1, len(patterns.rows)
    flat = np.bincount(item * n_patterns + patterns.row_of, minlength=n_items * n_patterns)
    return flat.reshape(n_items, n_patterns).astype(np.int64)


def percentile_interval(
    values: FloatArray, *, n_clusters: int, confidence: float = 0.95
) -> Interval | None:
    """Plain percentiles of resampled values (draws,), for what has no jackknife; None as in
    `accelerated_interval`."""
    defined = values[np.isfinite(values)]
    if n_clusters < 2 or defined.size < LEAST_DEFINED * values.size or not defined.size:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def bootstrap_mean(
    values: FloatArray, *, seed: int | list[int], n_resamples: int = DEFAULT_DRAWS
) -> Interval | None:
    """Interval of the mean of one number per item (items,), all finite."""
    n = values.size
    if n < 2:
        return None
    rng = np.random.default_rng(seed)
    distinct, times = np.unique(values, return_counts=True)
    step = max(1, math.ceil(_CELLS_AT_ONCE / distinct.size))
    means = [
        rng.multinomial(n, times / n, size=min(step, n_resamples - start)) @ distinct / n
        for start in range(0, n_resamples, step)
    ]
    mean = float(values.mean())
    return accelerated_interval(
        np.concatenate(means),
        value=mean,
        n_clusters=n,
        jackknife=(n * mean - distinct) / (n - 1),
        times=times.astype(np.float64),
    )
