"""A count table made ready for several coefficients: distinct rows, extent, resamples."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import (
    DEFAULT_DRAWS,
    Draws,
    draw_rows,
    percentile_interval,
)
from annotation.quality.stats.estimate import Estimate, FloatArray, IntArray, Reason
from annotation.quality.stats.tables import find_patterns, measure_extent

# (draws, K) weights of the distinct rows -> (draws,) values, NaN where undefined
Statistic = Callable[[FloatArray], FloatArray]


class RatingTable:
    """Counts (rows, Q), of which each row is an item or, with item_of_row (rows,), a part of one.

    Given a seed, every estimate carries a bootstrap interval; all coefficients of one table see
    the same draws.
    """

    def __init__(
        self,
        counts: ArrayLike,
        *,
        item_of_row: IntArray | None = None,
        seed: int | list[int] | None = None,
        n_resamples: int = DEFAULT_DRAWS,
    ) -> None:
        patterns = find_patterns(counts)
        self.extent = measure_extent(patterns.ratings[patterns.row_of], item_of_row)
        self.rows = patterns.rows.astype(np.float64)
        self.ratings = patterns.ratings.astype(np.float64)
        self.weights = patterns.weights
        self.n_categories = patterns.rows.shape[1]
        self.draws: Draws | None = None
        if seed is not None:
            self.draws = draw_rows(
                patterns, item_of_row=item_of_row, seed=seed, n_resamples=n_resamples
            )

    @property
    def pairable(self) -> FloatArray:
        """(K,) 1 for the distinct rows with two or more ratings."""
        return (self.ratings >= 2).astype(np.float64)

    @property
    def n_observed(self) -> int:
        """Categories that occur where two labelers met."""
        return int((self.rows[self.ratings >= 2].sum(axis=0) > 0).sum())

    def estimate(
        self,
        statistic: Statistic,
        *,
        method: str,
        undefined: Reason = "no_variation",
        flags: tuple[str, ...] = (),
    ) -> Estimate:
        """Value and interval of a statistic, or the reason why there is none."""
        extent = self.extent
        reason: Reason | None = None
        value: float | None = None
        ci = None
        if extent.n_ratings == 0:
            reason = "no_data"
        elif extent.n_pairable == 0:
            reason = "no_pairable"
        else:
            number = float(statistic(self.weights[None, :])[0])
            if np.isfinite(number):
                value = number
            else:
                reason = undefined
        if value is not None and self.draws is not None:
            ci = percentile_interval(
                statistic(self.draws.weights), n_clusters=self.draws.n_clusters
            )
        return Estimate(
            value,
            reason,
            n_items=extent.n_items,
            n_pairable=extent.n_pairable,
            n_ratings=extent.n_ratings,
            ci=ci,
            method=method,
            flags=flags,
        )


def as_table(counts: "ArrayLike | RatingTable") -> RatingTable:
    return counts if isinstance(counts, RatingTable) else RatingTable(counts)


def divide(above: FloatArray, below: FloatArray) -> FloatArray:
    """Elementwise quotient, NaN where the divisor is zero up to rounding."""
    defined = np.abs(below) > 1e-12
    quotient: FloatArray = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=quotient, where=defined)
    return quotient
