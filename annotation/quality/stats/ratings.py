"""Ratings in the long form, one row each: who gave what which category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import DEFAULT_DRAWS
from annotation.quality.stats.estimate import BoolArray, IntArray
from annotation.quality.stats.labeler_draws import LabelerResamples
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.tables import count_table

Over = Literal["items", "labelers", "both"]


@dataclass(frozen=True)
class Ratings:
    """One rating per labeler and unit (what is rated: an item, or a comparison of one).

    unit, labeler, category: (ratings,) indices from 0; item_of_unit: (units,). Build it with
    `of`, which checks the extent of each and so refuses a transposed call.
    """

    unit: IntArray
    labeler: IntArray
    category: IntArray
    n_labelers: int
    n_categories: int
    item_of_unit: IntArray

    @classmethod
    def of(
        cls,
        *,
        unit: ArrayLike,
        labeler: ArrayLike,
        category: ArrayLike,
        n_units: int,
        n_labelers: int,
        n_categories: int,
        item_of_unit: ArrayLike | None = None,
    ) -> "Ratings":
        """Of several ratings by one labeler of one unit the last row counts. Raises ValueError
        for an index outside its extent."""
        extents = {"unit": n_units, "labeler": n_labelers, "category": n_categories}
        columns = [np.asarray(column, np.int64) for column in (unit, labeler, category)]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("unit, labeler and category must be flat and of the same length")
        for (name, extent), column in zip(extents.items(), columns, strict=True):
            if column.size and (column.min() < 0 or column.max() >= extent):
                raise ValueError(f"{name} outside 0 to {extent - 1}")
        items = np.arange(n_units) if item_of_unit is None else np.asarray(item_of_unit, np.int64)
        if items.shape != (n_units,):
            raise ValueError("item_of_unit: one item for each unit")
        key = columns[0] * max(1, n_labelers) + columns[1]
        _, from_the_end = np.unique(key[::-1], return_index=True)
        kept = np.sort(key.size - 1 - from_the_end)
        units, labelers, categories = (column[kept] for column in columns)
        return cls(units, labelers, categories, n_labelers, n_categories, items)

    def __len__(self) -> int:
        return len(self.unit)

    def only(self, rows: BoolArray) -> "Ratings":
        """The ratings marked in rows (ratings,); units and labelers keep their numbers."""
        return Ratings(
            self.unit[rows],
            self.labeler[rows],
            self.category[rows],
            self.n_labelers,
            self.n_categories,
            self.item_of_unit,
        )

    def counts(self) -> IntArray:
        """(units, Q)."""
        return count_table(self.unit, self.category, len(self.item_of_unit), self.n_categories)

    def table(
        self,
        *,
        seed: int | Sequence[int] | None = None,
        over: Over = "items",
        n_resamples: int = DEFAULT_DRAWS,
    ) -> RatingTable:
        """A table whose estimates have intervals over items, over labelers, or over both.

        Items answer: would other prompts give the same? Labelers: would other people? Each
        labeler drawn comes with all ratings, and never meets a copy of themselves.
        """
        seeds = None if seed is None else [seed] if isinstance(seed, int) else list(seed)
        units, unit = np.unique(self.unit, return_inverse=True)
        counts = count_table(unit, self.category, len(units), self.n_categories)
        item: IntArray | None = self.item_of_unit[units]
        if np.unique(self.item_of_unit[units]).size == len(units):
            item = None  # a unit is an item: kinds of rows are kinds of items
        if over == "items" or seeds is None:
            return RatingTable(counts, item_of_row=item, seed=seeds, n_resamples=n_resamples)
        if over not in ("labelers", "both"):
            raise ValueError(f"over items, labelers or both, not {over}")
        resamples = LabelerResamples(
            unit=self.unit,
            labeler=self.labeler,
            category=self.category,
            item_of_unit=self.item_of_unit,
            n_categories=self.n_categories,
            with_items=over == "both",
            seed=seeds,
            n_resamples=n_resamples,
        )
        return RatingTable(counts, item_of_row=item, resamples=resamples)
