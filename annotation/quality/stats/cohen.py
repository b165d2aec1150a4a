"""Cohen's kappa of two identified labelers."""

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import DEFAULT_DRAWS, draw_rows, percentile_interval
from annotation.quality.stats.estimate import Estimate, FloatArray, IntArray
from annotation.quality.stats.rating_table import divide
from annotation.quality.stats.tables import Patterns, measure_extent
from annotation.quality.stats.weights import Weights, agreement_weights


def cohen_kappa(
    first: ArrayLike,
    second: ArrayLike,
    n_categories: int,
    weights: Weights = "identity",
    *,
    item: IntArray | None = None,
    seed: int | list[int] | None = None,
    n_resamples: int = DEFAULT_DRAWS,
) -> Estimate:
    """1 - (1 - p_o) / (1 - p_e), weighted (Cohen 1960, 1968).

    first, second: (n,) categories from 0 that the two gave to the same n things; weights:
    agreement weights over the whole scale of n_categories, for a table of disagreements use
    `weights_from_disagreement`. item (n,): the item of each thing, if items have several;
    seed: with it the estimate has an interval. Undefined (no_variation) when both gave one and
    the same category throughout; two different constants give 0.
    """
    cells = _cells(first, second, n_categories)
    w = agreement_weights(weights, n_categories)
    times = np.bincount(cells, minlength=n_categories**2)

    def statistic(of_cells: FloatArray) -> FloatArray:
        joint = of_cells.reshape(-1, n_categories, n_categories)
        total = joint.sum(axis=(1, 2))
        observed = divide((joint * w).sum(axis=(1, 2)), total)
        expected = np.einsum("bi,ij,bj->b", joint.sum(axis=2), w, joint.sum(axis=1))
        chance = divide(expected, total**2)
        return divide(observed - chance, 1 - chance)

    extent = measure_extent(np.full(cells.size, 2), item)
    value = float(statistic(times[None, :].astype(np.float64))[0]) if cells.size else np.nan
    defined = bool(np.isfinite(value))
    ci = None
    if defined and seed is not None:
        patterns = _patterns(cells, times)
        draws = draw_rows(patterns, item_of_row=item, seed=seed, n_resamples=n_resamples)
        ci = percentile_interval(statistic(draws.weights), n_clusters=draws.n_clusters)
    name = f"{weights} weights" if isinstance(weights, str) else "own weights"
    return Estimate(
        value if defined else None,
        None if defined else ("no_variation" if cells.size else "no_pairable"),
        n_items=extent.n_items,
        n_pairable=extent.n_pairable,
        n_ratings=extent.n_ratings,
        ci=ci,
        method=f"Cohen's kappa, {name}",
    )


def _cells(first: ArrayLike, second: ArrayLike, n_categories: int) -> IntArray:
    """(n,) cell of the n_categories x n_categories table each thing falls in."""
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("the two labelers must have judged the same things, in one order")
    for categories in (a, b):
        if categories.size and (categories.min() < 0 or categories.max() >= n_categories):
            raise ValueError(f"category outside the scale of {n_categories}")
    return a * n_categories + b


def _patterns(cells: IntArray, times: IntArray) -> Patterns:
    """Every cell of the table as a kind of row; each holds the two ratings that met there."""
    return Patterns(np.full((times.size, 1), 2), cells, times.astype(np.float64))
