"""How sure an ability and a place in the order are.

Intervals of Wald come from the covariance of a fit; those of the bootstrap from resampling items
with all their comparisons. Places come from differences, not from whether two intervals overlap:
the interval of one ability depends on the reference, that of a difference does not, and two
intervals may overlap where the difference is clear.
"""

from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.ability import AbilityFit, NotIdentified, Reference, normal_quantile
from annotation.quality.stats.bootstrap import percentile_interval
from annotation.quality.stats.bradley_terry import (
    Model,
    rows_of_cells,
    rows_of_comparisons,
)
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray, Interval
from annotation.quality.stats.outcomes import GeneratorComparisons, outcome_matrix, tally
from annotation.quality.stats.pairwise import Rows, TieModel


def wald_intervals(fit: AbilityFit, *, confidence: float = 0.95) -> list[Interval | None]:
    """Of each ability against the fit's reference; None where there is no ability. Clustered by
    item where the fit knows items."""
    reach = normal_quantile(confidence) * fit.errors
    return [
        (float(value - way), float(value + way)) if np.isfinite(value) else None
        for value, way in zip(fit.ability, reach, strict=True)
    ]


def rank_intervals(fit: AbilityFit, *, confidence: float = 0.95) -> list[tuple[int, int] | None]:
    """The best and the worst place each can have: 1 + how many are clearly better, n - how many
    are clearly worse; clearly: the Wald interval of the difference leaves 0 out.

    None without an ability. Between components nothing is clear, so places spread.
    """
    difference = fit.ability[:, None] - fit.ability[None, :]
    reach = normal_quantile(confidence) * np.sqrt(fit.variance_of_differences())
    with np.errstate(invalid="ignore"):
        above: BoolArray = difference > reach  # NaN is never above
    return _places(above, np.isfinite(fit.ability))


def ranks_by_overlap(intervals: list[Interval | None]) -> list[tuple[int, int] | None]:
    """The same from single intervals, as leaderboards do it: better is whose lower bound lies
    above the other's upper bound. Wider than `rank_intervals`."""
    known = np.array([interval is not None for interval in intervals], dtype=np.bool_)
    low = np.array([np.nan if i is None else i[0] for i in intervals])
    high = np.array([np.nan if i is None else i[1] for i in intervals])
    with np.errstate(invalid="ignore"):
        return _places(low[:, None] > high[None, :], known)


def _places(above: BoolArray, known: BoolArray) -> list[tuple[int, int] | None]:
    n = int(known.sum())
    better, worse = above.sum(axis=0), above.sum(axis=1)
    return [
        (1 + int(better[i]), n - int(worse[i])) if known[i] else None for i in range(len(known))
    ]


@dataclass(frozen=True)
class AbilityDraws:
    """abilities: (draws, n) of resampled items, NaN in a draw whose comparisons do not bound
    them; n_items: how many were resampled."""

    abilities: FloatArray
    n_items: int

    @property
    def n_undefined(self) -> int:
        return int(np.isnan(self.abilities).any(axis=1).sum())

    def intervals(self, *, confidence: float = 0.95) -> list[Interval | None]:
        """Percentile intervals; None where more than a tenth of the draws has no ability."""
        return [
            percentile_interval(column, n_clusters=self.n_items, confidence=confidence)
            for column in self.abilities.T
        ]

    def rank_intervals(self, *, confidence: float = 0.95) -> list[tuple[int, int] | None]:
        """The places that hold that share of the draws."""
        defined = np.isfinite(self.abilities).all(axis=1)
        if self.n_items < 2 or defined.mean() < 0.9:
            return [None] * self.abilities.shape[1]
        drawn = self.abilities[defined]
        place = 1 + (drawn[:, None, :] > drawn[:, :, None] + 1e-9).sum(axis=2)
        tail = (1 - confidence) / 2
        low = np.quantile(place, tail, axis=0, method="inverted_cdf")
        high = np.quantile(place, 1 - tail, axis=0, method="inverted_cdf")
        return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]


def bootstrap_abilities(
    comparisons: GeneratorComparisons,
    *,
    seed: int | list[int],
    n_resamples: int = 1000,
    tie_model: TieModel = "half",
    prior_strength: float = 0.0,
    reference: Reference = "mean",
) -> AbilityDraws:
    """Fit again on items drawn with replacement, each with all its comparisons."""
    n = comparisons.n_generators
    rows = rows_of_comparisons(comparisons, np.zeros((len(comparisons), 0)))
    _, item = np.unique(comparisons.item, return_inverse=True)
    n_items = int(item.max(initial=-1)) + 1
    cells = rows_of_cells(outcome_matrix(comparisons), position=False)
    cell_of = np.full(n * n, -1, dtype=np.int64)
    cell_of[cells.first * n + cells.second] = np.arange(len(cells.first))
    cell = cell_of[comparisons.first * n + comparisons.second]
    model = Model(n, tie_model, prior_strength, reference)
    rng = np.random.default_rng(seed)
    abilities = np.full((n_resamples, n), np.nan)
    kept = cell >= 0  # of weight 0 there is no cell
    for draw in range(n_resamples if n_items else 0):
        times = np.bincount(rng.integers(0, n_items, n_items), minlength=n_items)[item]
        drawn = _resampled(rows, cells, cell, times.astype(np.float64), kept)
        try:
            abilities[draw] = model.fit_ability(drawn)
        except NotIdentified:
            continue
    return AbilityDraws(abilities, n_items)


def _resampled(
    rows: Rows, cells: Rows, cell: IntArray, times: FloatArray, kept: BoolArray
) -> Rows:
    first_won, second_won, tied = (
        tally(cell[kept], (weight * times)[kept], len(cells.first))
        for weight in (rows.first_won, rows.second_won, rows.tied)
    )
    return Rows(cells.first, cells.second, first_won, second_won, tied, cells.covariates)
