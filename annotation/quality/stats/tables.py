"""Items x categories tables of counts: the one input form of the agreement coefficients.

Counts cannot be confused with a labelers x items matrix, need no filler for missing judgments,
and add up. Most tables hold few distinct rows (three labelers on three categories: 10 patterns),
so a coefficient is computed over the distinct rows and how often each occurs; the bootstrap then
resamples how often, and never touches the items again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray


def count_table(item: ArrayLike, category: ArrayLike, n_items: int, n_categories: int) -> IntArray:
    """Count how many labelers gave item i category q.

    item, category: (ratings,) indices from 0. Returns (n_items, n_categories). Raises ValueError
    for an index outside the table, so a transposed call cannot pass unnoticed.
    """
    items = np.asarray(item, dtype=np.int64)
    categories = np.asarray(category, dtype=np.int64)
    if items.shape != categories.shape or items.ndim != 1:
        raise ValueError("item and category must be flat and of the same length")
    if items.size:
        if items.min() < 0 or items.max() >= n_items:
            raise ValueError(f"item index outside 0 to {n_items - 1}")
        if categories.min() < 0 or categories.max() >= n_categories:
            raise ValueError(f"category outside the scale of {n_categories}")
    flat = np.bincount(items * n_categories + categories, minlength=n_items * n_categories)
    return flat.reshape(n_items, n_categories).astype(np.int64)


@dataclass(frozen=True)
class Patterns:
    """The distinct rows of a count table.

    rows: (K, Q) distinct count rows; row_of: (rows of the table,) index into them;
    weights: (K,) how often each occurs.
    """

    rows: IntArray
    row_of: IntArray
    weights: FloatArray

    @property
    def ratings(self) -> IntArray:
        """(K,) ratings in each distinct row."""
        return self.rows.sum(axis=1)


def find_patterns(counts: ArrayLike) -> Patterns:
    """Distinct rows of a count table, in lexical order. Raises ValueError for no count table."""
    table = as_counts(counts)
    rows, row_of, weights = distinct_rows(table)
    return Patterns(rows, row_of, weights.astype(np.float64))


def as_counts(counts: ArrayLike) -> IntArray:
    """A checked (items, categories) table of counts."""
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError("counts must be a table of items by categories")
    whole = table.astype(np.int64)
    if not np.array_equal(whole, table):
        raise ValueError("counts are whole numbers; is this a labelers x items matrix?")
    if whole.size and whole.min() < 0:
        raise ValueError("a count cannot be negative")
    return whole


def distinct_rows(table: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """(K, width) distinct rows in lexical order, (rows,) which one each is, (K,) how often."""
    n_rows, width = table.shape
    if n_rows == 0:
        return table, np.zeros(0, np.int64), np.zeros(0, np.int64)
    base = int(table.max()) + 1
    if base**width < 2**62:  # one integer per row sorts ten times faster than rows do
        place = base ** np.arange(width - 1, -1, -1, dtype=np.int64)
        _, first, row_of, times = np.unique(
            table @ place, return_index=True, return_inverse=True, return_counts=True
        )
        return table[first], row_of.astype(np.int64), times.astype(np.int64)
    rows, row_of, times = np.unique(table, axis=0, return_inverse=True, return_counts=True)
    return rows, row_of.reshape(-1).astype(np.int64), times.astype(np.int64)


@dataclass(frozen=True)
class Extent:
    """How many items, items with two judgments of one thing, and ratings a table rests on."""

    n_items: int
    n_pairable: int
    n_ratings: int


def measure_extent(ratings: IntArray, item_of_row: IntArray | None) -> Extent:
    """Extent of a table whose rows hold that many ratings (rows,).

    item_of_row (rows,) says which item a row belongs to (several comparisons of one item);
    without it each row is an item.
    """
    rated: BoolArray = ratings >= 1
    pairable: BoolArray = ratings >= 2
    if item_of_row is None:
        return Extent(int(rated.sum()), int(pairable.sum()), int(ratings.sum()))
    return Extent(
        int(np.unique(item_of_row[rated]).size),
        int(np.unique(item_of_row[pairable]).size),
        int(ratings.sum()),
    )
