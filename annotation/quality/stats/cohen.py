"""Two identified labelers: Cohen's kappa and Scott's pi."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import DEFAULT_DRAWS, Draws, draw_rows
from annotation.quality.stats.estimate import Estimate, FloatArray, IntArray
from annotation.quality.stats.intervals import accelerated_interval
from annotation.quality.stats.rating_table import divide
from annotation.quality.stats.tables import Patterns, measure_extent
from annotation.quality.stats.weights import Weights, agreement_weights, name_weights


def cohen_kappa(
    first: ArrayLike,
    second: ArrayLike,
    n_categories: int,
    weights: Weights = "identity",
    *,
    values: ArrayLike | None = None,
    item: IntArray | None = None,
    seed: int | list[int] | None = None,
    n_resamples: int = DEFAULT_DRAWS,
) -> Estimate:
    """1 - (1 - p_o) / (1 - p_e), weighted (Cohen 1960, 1968); p_e of either one's own shares.

    first, second: (n,) categories from 0 that the two gave to the same n things; weights:
    agreement weights over the whole scale of n_categories, for a table of disagreements use
    `weights_from_disagreement`; values (Q,): the numbers behind the categories. item (n,): the
    item of each thing, if items have several; seed: with it the estimate has an interval.
    Undefined (no_variation) when both gave one and the same category throughout; two different
    constants give 0.
    """
    cells = _cells(first, second, n_categories)
    w = agreement_weights(weights, n_categories, values)

    def chance(joint: FloatArray) -> FloatArray:
        return np.einsum("bi,ij,bj->b", joint.sum(axis=2), w, joint.sum(axis=1))

    draws = _draws(cells, n_categories, item, seed, n_resamples)
    return _estimate(cells, w, chance, draws, item, f"Cohen's kappa, {name_weights(weights)}")


def scott_pi(
    first: ArrayLike,
    second: ArrayLike,
    n_categories: int,
    *,
    item: IntArray | None = None,
    seed: int | list[int] | None = None,
    n_resamples: int = DEFAULT_DRAWS,
) -> Estimate:
    """As `cohen_kappa`, unweighted, with chance from the shares of both together (Scott 1955,
    Public Opinion Quarterly 19): the two are taken to use the scale alike."""
    cells = _cells(first, second, n_categories)

    def chance(joint: FloatArray) -> FloatArray:
        shares = (joint.sum(axis=2) + joint.sum(axis=1)) / 2
        return (shares**2).sum(axis=1)

    draws = _draws(cells, n_categories, item, seed, n_resamples)
    return _estimate(cells, np.eye(n_categories), chance, draws, item, "Scott's pi")


Chance = Callable[[FloatArray], FloatArray]  # (draws, Q, Q) cross tables -> (draws,) times n^2


def _estimate(
    cells: IntArray,
    w: FloatArray,
    chance: Chance,
    draws: Draws | None,
    item: IntArray | None,
    method: str,
) -> Estimate:
    q = len(w)

    def statistic(of_cells: FloatArray) -> FloatArray:
        joint = of_cells.reshape(-1, q, q)
        total = joint.sum(axis=(1, 2))
        observed = divide((joint * w).sum(axis=(1, 2)), total)
        expected = divide(chance(joint), total**2)
        return divide(observed - expected, 1 - expected)

    extent = measure_extent(np.full(cells.size, 2), item)
    times = np.bincount(cells, minlength=q**2).astype(np.float64)
    value = float(statistic(times[None, :])[0]) if cells.size else np.nan
    defined = bool(np.isfinite(value))
    ci = None
    if defined and draws is not None:
        kinds = draws.contents(np.eye(q**2))
        ci = accelerated_interval(
            statistic(draws.weights),
            value=value,
            n_clusters=draws.n_clusters,
            jackknife=statistic(times - kinds)[draws.times > 0],
            times=draws.times[draws.times > 0],
        )
    return Estimate(
        value if defined else None,
        None if defined else ("no_variation" if cells.size else "no_pairable"),
        n_items=extent.n_items,
        n_pairable=extent.n_pairable,
        n_ratings=extent.n_ratings,
        ci=ci,
        method=method,
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


def _draws(
    cells: IntArray,
    n_categories: int,
    item: IntArray | None,
    seed: int | list[int] | None,
    n_resamples: int,
) -> Draws | None:
    """Every cell of the cross table is a kind of row; each holds the two ratings that met."""
    if seed is None or not cells.size:
        return None
    times = np.bincount(cells, minlength=n_categories**2).astype(np.float64)
    patterns = Patterns(np.full((times.size, 1), 2), cells, times)
    return draw_rows(patterns, item_of_row=item, seed=seed, n_resamples=n_resamples)
