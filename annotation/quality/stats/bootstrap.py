"""Percentile bootstrap over items (Efron & Tibshirani 1993, ch. 13), without a loop over items.

Resampling n items with replacement, where only K kinds of items exist, is drawing how often each
kind comes up: one multinomial draw of K numbers. Two items are of the same kind when they hold
the same rows, so an item is drawn with all its comparisons: those of one ranking depend on each
other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.estimate import FloatArray, IntArray, Interval
from annotation.quality.stats.tables import Patterns, distinct_rows

DEFAULT_DRAWS = 2000
# An interval of the draws in which a statistic exists says nothing about the others.
LEAST_DEFINED = 0.9
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Draws:
    """How often each distinct row of a table comes up in each resample: (draws, K)."""

    weights: FloatArray
    n_clusters: int


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
        kinds, times = None, patterns.weights[pairable].astype(np.int64)
        fixed = np.where(pairable, 0.0, patterns.weights)
    else:
        contents = _contents_by_item(patterns, item_of_row)
        resampled = contents[:, pairable].sum(axis=1) > 0
        kinds, _, times = distinct_rows(contents[resampled])
        fixed = contents[~resampled].sum(axis=0).astype(np.float64)
    weights = np.tile(fixed, (n_resamples, 1))
    n_clusters = int(times.sum())
    if n_clusters == 0:
        return Draws(weights, 0)
    rng = np.random.default_rng(seed)
    step = max(1, _CELLS_AT_ONCE // len(times))
    for start in range(0, n_resamples, step):
        block = slice(start, min(start + step, n_resamples))
        drawn = rng.multinomial(n_clusters, times / n_clusters, size=block.stop - start)
        if kinds is None:
            weights[block, pairable] = drawn
        else:
            weights[block] += drawn.astype(np.float64) @ kinds.astype(np.float64)
    return Draws(weights, n_clusters)


def _contents_by_item(patterns: Patterns, item_of_row: IntArray) -> IntArray:
    """(items, K) how many rows of each kind an item holds."""
    _, item = np.unique(item_of_row, return_inverse=True)
    n_items, n_patterns = int(item.max(initial=-1)) + 1, len(patterns.rows)
    flat = np.bincount(item * n_patterns + patterns.row_of, minlength=n_items * n_patterns)
    return flat.reshape(n_items, n_patterns).astype(np.int64)


def percentile_interval(
    values: FloatArray, *, n_clusters: int, confidence: float = 0.95
) -> Interval | None:
    """Percentile interval of the resampled values (draws,), NaN where undefined.

    None with fewer than two items, where resampling has nothing to vary, or when the statistic
    is undefined in more than a tenth of the draws.
    """
    defined = values[np.isfinite(values)]
    if n_clusters < 2 or defined.size < LEAST_DEFINED * values.size or not defined.size:
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def bootstrap_ci(
    statistic: Callable[[FloatArray], FloatArray],
    patterns: Patterns,
    *,
    item_of_row: IntArray | None = None,
    seed: int | list[int],
    n_resamples: int = DEFAULT_DRAWS,
    confidence: float = 0.95,
) -> Interval | None:
    """Interval of a statistic of the form (draws, K) weights of distinct rows -> (draws,)."""
    draws = draw_rows(patterns, item_of_row=item_of_row, seed=seed, n_resamples=n_resamples)
    return percentile_interval(
        statistic(draws.weights), n_clusters=draws.n_clusters, confidence=confidence
    )


def bootstrap_mean(
    values: FloatArray, *, seed: int | list[int], n_resamples: int = DEFAULT_DRAWS
) -> Interval | None:
    """Interval of the mean of one number per item (items,), all finite."""
    if values.size < 2:
        return None
    rng = np.random.default_rng(seed)
    distinct, times = np.unique(values, return_counts=True)
    step = max(1, math.ceil(_CELLS_AT_ONCE / distinct.size))
    means = [
        rng.multinomial(values.size, times / values.size, size=min(step, n_resamples - start))
        @ distinct
        / values.size
        for start in range(0, n_resamples, step)
    ]
    return percentile_interval(np.concatenate(means), n_clusters=int(values.size))
