"""The bootstrap over labelers: other people of the same kind, with all that they rated.

A labeler who is drawn twice would agree perfectly with the copy, and three labelers would look
far more agreed than they are. So copies are not paired: with m_l the times labeler l was drawn,
a category holds N = sum m_l ratings and N^2 - sum m_l^2 ordered pairs of two people. Over both:
each rating counts m_l times the draws of its item (the pigeonhole bootstrap, Owen 2007, Annals
of Applied Statistics 1).
"""

from dataclasses import dataclass

import numpy as np

from annotation.quality.stats.estimate import FloatArray, IntArray, Interval
from annotation.quality.stats.intervals import accelerated_interval
from annotation.quality.stats.rating_table import Combine, Terms

# Of four labelers one draw in 64 holds one person; of three, one in nine, and says nothing.
LEAST_LABELERS = 4
# The acceleration fades with the root of their number, and costs a pass for each.
MOST_FOR_ACCELERATION = 100


@dataclass(frozen=True)
class LabelerResamples:
    unit: IntArray
    labeler: IntArray
    category: IntArray
    item_of_unit: IntArray
    n_categories: int
    with_items: bool
    seed: list[int]
    n_resamples: int

    def interval(self, terms: Terms, combine: Combine, total: FloatArray) -> Interval | None:
        """None with fewer than four labelers who share a unit with somebody."""
        units, unit = np.unique(self.unit, return_inverse=True)
        people, labeler = np.unique(self.labeler, return_inverse=True)
        meets = np.bincount(unit)[unit] >= 2
        if np.unique(labeler[meets]).size < LEAST_LABELERS:
            return None
        cell = unit * self.n_categories + self.category
        drawn = self._multiplicities(len(people))
        items = self._item_weights(units)
        n_people, shape = len(people), (len(units), self.n_categories)

        def by_cell(of_ratings: FloatArray) -> FloatArray:
            summed = np.bincount(cell, of_ratings, minlength=shape[0] * shape[1])
            return summed.astype(np.float64, copy=False).reshape(shape)

        def sums(times: FloatArray, of_units: FloatArray | None) -> FloatArray:
            """(F,) of one resample; times (labelers,), of_units (units,)."""
            weight = times[labeler]
            added = terms(by_cell(weight), by_cell(weight**2))
            total: FloatArray = added.sum(axis=0) if of_units is None else of_units @ added
            return total

        draws = np.stack(
            [
                sums(times, None if items is None else items[n].astype(np.float64))
                for n, times in enumerate(drawn)
            ]
        )
        without = None
        if n_people <= MOST_FOR_ACCELERATION:
            without = combine(np.stack([sums(times, None) for times in 1.0 - np.eye(n_people)]))
        return accelerated_interval(
            combine(draws),
            value=float(combine(total[None, :])[0]),
            n_clusters=n_people,
            jackknife=without,
            times=np.ones(n_people),
        )

    def _multiplicities(self, n_labelers: int) -> FloatArray:
        """(draws, labelers) how often each is drawn."""
        rng = np.random.default_rng([*self.seed, 1])
        drawn = rng.multinomial(n_labelers, np.full(n_labelers, 1 / n_labelers), self.n_resamples)
        return drawn.astype(np.float64)

    def _item_weights(self, units: IntArray) -> IntArray | None:
        """(draws, units) how often the item of each unit is drawn."""
        if not self.with_items:
            return None
        items, item = np.unique(self.item_of_unit[units], return_inverse=True)
        rng = np.random.default_rng([*self.seed, 2])
        drawn = rng.multinomial(len(items), np.full(len(items), 1 / len(items)), self.n_resamples)
        return drawn.astype(np.int64)[:, item]
