"""Who gave which item which category: the long form that consensus and labeler signals read."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.tables import count_table

UNKNOWN = -1
Repeats = Literal["refuse", "latest", "count"]


@dataclass(frozen=True)
class Labels:
    """Labels in the order they were given.

    item, labeler, category: (ratings,) indices from 0; rows: (ratings,) places in the input, for
    whoever has more to say of each (the seconds, the side shown first). Build it with `of`.
    """

    item: IntArray
    labeler: IntArray
    category: IntArray
    n_items: int
    n_labelers: int
    n_categories: int
    rows: IntArray

    @classmethod
    def of(
        cls,
        item: ArrayLike,
        labeler: ArrayLike,
        category: ArrayLike,
        *,
        n_items: int,
        n_labelers: int,
        n_categories: int,
        repeats: Repeats = "refuse",
    ) -> "Labels":
        """Check, and decide on a labeler who labeled an item twice: refuse it (ValueError), keep
        the latest row, or count each as an independent look (a study that repeats on purpose)."""
        items, labelers, categories = (
            np.asarray(values, dtype=np.int64) for values in (item, labeler, category)
        )
        if items.ndim != 1 or not items.shape == labelers.shape == categories.shape:
            raise ValueError("item, labeler and category must be flat and of the same length")
        for name, values, most in (
            ("item", items, n_items),
            ("labeler", labelers, n_labelers),
            ("category", categories, n_categories),
        ):
            if values.size and (values.min() < 0 or values.max() >= most):
                raise ValueError(f"{name} outside 0 to {most - 1}")
        rows = np.arange(items.size, dtype=np.int64)
        if repeats != "count":
            rows = _latest(items * max(1, n_labelers) + labelers)
            if repeats == "refuse" and rows.size < items.size:
                raise ValueError("a labeler labeled the same item twice")
        return cls(
            items[rows], labelers[rows], categories[rows], n_items, n_labelers, n_categories, rows
        )

    def __len__(self) -> int:
        return len(self.item)

    def counts(self) -> IntArray:
        """(items, Q) how many labelers gave each category."""
        return count_table(self.item, self.category, self.n_items, self.n_categories)

    def counts_by_labeler(self) -> IntArray:
        """(labelers, Q) how often each labeler gave each category."""
        return count_table(self.labeler, self.category, self.n_labelers, self.n_categories)


def _latest(key: IntArray) -> IntArray:
    """Rows of the last occurrence of each key, in the order of the input."""
    _, from_end = np.unique(key[::-1], return_index=True)
    rows: IntArray = np.sort(key.size - 1 - from_end)
    return rows


def check_known(known: ArrayLike | None, n_items: int, n_categories: int) -> IntArray:
    """(items,) the category known of each gold item, UNKNOWN elsewhere."""
    if known is None:
        return np.full(n_items, UNKNOWN, dtype=np.int64)
    answers = np.asarray(known, dtype=np.int64)
    if answers.shape != (n_items,):
        raise ValueError(f"gold must say something of each of the {n_items} items")
    if answers.size and (answers.min() < UNKNOWN or answers.max() >= n_categories):
        raise ValueError(f"gold outside {UNKNOWN} to {n_categories - 1}")
    return answers
