"""A count table made ready for several coefficients: distinct rows, extent, resamples."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import DEFAULT_DRAWS, Draws, draw_rows
from annotation.quality.stats.estimate import Estimate, FloatArray, IntArray, Interval, Reason
from annotation.quality.stats.intervals import accelerated_interval
from annotation.quality.stats.tables import find_patterns, measure_extent

# A coefficient is made of sums over rows: what a row adds, and what the sums make.
# Terms: (rows, Q) counts and (rows, Q) how many pairs of a count are one rating with itself (the
# count again, but where a resample holds a labeler several times) -> (rows, F).
Terms = Callable[[FloatArray, FloatArray], FloatArray]
# Combine: (draws, F) sums -> (draws,) values, NaN where undefined.
Combine = Callable[[FloatArray], FloatArray]


class Resamples(Protocol):
    """Draws of items, of labelers, or of both: sums of a coefficient's terms in each."""

    def interval(self, terms: Terms, combine: Combine, total: FloatArray) -> Interval | None: ...


class ItemResamples:
    """Draws of items over the distinct rows (K, Q)."""

    def __init__(self, rows: FloatArray, draws: Draws) -> None:
        self.rows = rows
        self.draws = draws

    def interval(self, terms: Terms, combine: Combine, total: FloatArray) -> Interval | None:
        draws = self.draws
        added = terms(self.rows, self.rows)
        return accelerated_interval(
            combine(draws.weights @ added),
            value=float(combine(total[None, :])[0]),
            n_clusters=draws.n_clusters,
            jackknife=combine(total - draws.contents(added))[draws.times > 0],
            times=draws.times[draws.times > 0],
        )


class RatingTable:
    """Counts (rows, Q), of which each row is an item or, with item_of_row (rows,), a part of one.

    Given a seed, every estimate carries a bootstrap interval over items; `resamples` brings
    others. All coefficients of one table see the same draws.
    """

    def __init__(
        self,
        counts: ArrayLike,
        *,
        item_of_row: IntArray | None = None,
        seed: int | list[int] | None = None,
        n_resamples: int = DEFAULT_DRAWS,
        resamples: Resamples | None = None,
    ) -> None:
        patterns = find_patterns(counts)
        self.extent = measure_extent(patterns.ratings[patterns.row_of], item_of_row)
        self.rows = patterns.rows.astype(np.float64)
        self.ratings = patterns.ratings.astype(np.float64)
        self.weights = patterns.weights
        self.n_categories = patterns.rows.shape[1]
        self.resamples = resamples
        if seed is not None:
            if resamples is not None:
                raise ValueError("resamples have their own seed")
            draws = draw_rows(
                patterns, item_of_row=item_of_row, seed=seed, n_resamples=n_resamples
            )
            self.resamples = ItemResamples(self.rows, draws)

    @property
    def n_pairs(self) -> int:
        """Pairs of ratings of one thing."""
        return int(self.weights @ (self.ratings * (self.ratings - 1))) // 2

    @property
    def n_observed(self) -> int:
        """Categories that occur where two labelers met."""
        return int((self.rows[self.ratings >= 2].sum(axis=0) > 0).sum())

    def estimate(
        self,
        terms: Terms,
        combine: Combine,
        *,
        method: str,
        undefined: Reason = "no_variation",
        flags: tuple[str, ...] = (),
    ) -> Estimate:
        """Value and interval of a coefficient, or the reason why there is none."""
        extent = self.extent
        reason: Reason | None = None
        value: float | None = None
        ci = None
        if extent.n_ratings == 0:
            reason = "no_data"
        elif extent.n_pairable == 0:
            reason = "no_pairable"
        else:
            total = self.weights @ terms(self.rows, self.rows)
            number = float(combine(total[None, :])[0])
            if not np.isfinite(number):
                reason = undefined
            else:
                value = number
                if self.resamples is not None:
                    ci = self.resamples.interval(terms, combine, total)
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


def divide_or_zero(above: FloatArray, below: FloatArray) -> FloatArray:
    """As `divide`, with 0 for the undefined: terms of rows that add nothing."""
    return np.nan_to_num(divide(above, below))
