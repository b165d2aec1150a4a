"""Comparisons of generators as long arrays, and counted: who beat whom, shown in which place."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray, IntArray

# The tie is an answer and stands in the middle.
FIRST_BETTER, TIE, SECOND_BETTER = 0, 1, 2
RankingWeight = Literal["unit", "response", "ranking"]


@dataclass(frozen=True)
class GeneratorComparisons:
    """One entry per comparison and labeler, all (comparisons,).

    first, second: index of the generator whose response was shown first, and of the other one;
    outcome: FIRST_BETTER, TIE or SECOND_BETTER; weight: how much it counts; item: what it belongs
    to, for comparisons of one item depend on each other. Two responses of one generator may meet:
    that says nothing of ability, and something of the place.
    """

    first: IntArray
    second: IntArray
    outcome: IntArray
    weight: FloatArray
    item: IntArray
    n_generators: int

    def __len__(self) -> int:
        return len(self.first)

    def where(self, keep: ArrayLike) -> "GeneratorComparisons":
        """Those of a mask or an index array."""
        rows = np.asarray(keep)
        return GeneratorComparisons(
            self.first[rows],
            self.second[rows],
            self.outcome[rows],
            self.weight[rows],
            self.item[rows],
            self.n_generators,
        )


def compare_generators(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    n_generators: int,
    *,
    weight: ArrayLike | None = None,
    item: ArrayLike | None = None,
) -> GeneratorComparisons:
    """Checked comparisons. Without weight each counts 1; without item each is an item of its own.

    Raises ValueError for arrays of different lengths, an index or an outcome out of range, and a
    weight that is negative or not finite.
    """
    one, other, result = (_indices(values) for values in (first, second, outcome))
    size = len(one)
    weights = np.ones(size) if weight is None else np.asarray(weight, dtype=np.float64)
    items = np.arange(size, dtype=np.int64) if item is None else _indices(item)
    if any(len(column) != size for column in (other, result, weights, items)):
        raise ValueError("first, second, outcome, weight and item must be of the same length")
    for column, bound, what in (
        (one, n_generators, "generator"),
        (other, n_generators, "generator"),
        (result, 3, "outcome"),
    ):
        if size and (column.min() < 0 or column.max() >= bound):
            raise ValueError(f"{what} outside 0 to {bound - 1}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("a weight is a finite number, 0 or more")
    return GeneratorComparisons(one, other, result, weights, items, n_generators)


def _indices(values: ArrayLike) -> IntArray:
    array = np.asarray(values)
    whole = array.astype(np.int64)
    if array.ndim != 1 or not np.array_equal(whole, array):
        raise ValueError("indices are flat and whole numbers")
    return whole


@dataclass(frozen=True)
class Outcomes:
    """Weights by ordered pair, (generators, generators), [i, j]: i was shown first, j second.

    first_won: i was better; second_won: j was; tied: neither.
    """

    first_won: FloatArray
    second_won: FloatArray
    tied: FloatArray

    @property
    def wins(self) -> FloatArray:
        """[i, j]: how often i was better than j, wherever it was shown; 0 on the diagonal."""
        total: FloatArray = self.first_won + self.second_won.T
        np.fill_diagonal(total, 0.0)
        return total

    @property
    def ties(self) -> FloatArray:
        """[i, j] = [j, i]: how often the two tied; 0 on the diagonal."""
        total: FloatArray = self.tied + self.tied.T
        np.fill_diagonal(total, 0.0)
        return total


def outcome_matrix(comparisons: GeneratorComparisons) -> Outcomes:
    """Count long arrays: one pass, memory of the square of the generators."""
    n = comparisons.n_generators
    cell = (comparisons.first * n + comparisons.second) * 3 + comparisons.outcome
    counts = tally(cell, comparisons.weight, 3 * n * n)
    table = counts.reshape(n, n, 3)
    return Outcomes(
        table[:, :, FIRST_BETTER].copy(),
        table[:, :, SECOND_BETTER].copy(),
        table[:, :, TIE].copy(),
    )


def tally(index: IntArray, weight: FloatArray, size: int) -> FloatArray:
    """(size,) the sum of the weights at each index."""
    return np.bincount(index, weights=weight, minlength=size).astype(np.float64, copy=False)


def as_square(matrix: ArrayLike, what: str) -> FloatArray:
    """A copy (n, n) of finite numbers, none negative, with its diagonal set to 0."""
    square = np.array(matrix, dtype=np.float64)
    if square.ndim != 2 or square.shape[0] != square.shape[1]:
        raise ValueError(f"{what}: a table of generators by generators")
    if not np.isfinite(square).all() or (square < 0).any():
        raise ValueError(f"{what}: finite numbers, none negative")
    np.fill_diagonal(square, 0.0)
    return square


def comparisons_of_rankings(
    generator: ArrayLike,
    rank: ArrayLike,
    n_generators: int,
    *,
    weight: RankingWeight = "response",
    item: ArrayLike | None = None,
) -> GeneratorComparisons:
    """All pairs of every ranking: generator (rankings, R) with -1 for no response, rank
    (rankings, R) with NaN for not ranked, equal ranks a tie; item (rankings,).

    weight, for K ranked responses: unit, each pair 1, so that a ranking counts K (K - 1) / 2;
    response, 1 / (K - 1), so that each response counts the same however long its ranking;
    ranking, 2 / (K (K - 1)), so that each ranking counts 1. The pairs of one ranking depend on
    each other: they are one item, so that clustered errors know. Which response was shown first
    is not in a ranking: `first` here is the column, so fit no position effect on it.
    """
    who, ranks = np.asarray(generator, dtype=np.int64), np.asarray(rank, dtype=np.float64)
    if who.ndim != 2 or who.shape != ranks.shape:
        raise ValueError("generator and rank: tables of rankings by responses, of one shape")
    if np.isinf(ranks).any():
        raise ValueError("a rank is finite, or NaN for not ranked")
    ranks = np.where(who < 0, np.nan, ranks)
    items = np.arange(len(who)) if item is None else _indices(item)
    if items.shape != (len(who),):
        raise ValueError("one item for each ranking")
    lower, higher = np.triu_indices(who.shape[1], k=1)
    difference = ranks[:, lower] - ranks[:, higher]
    row, pair = np.nonzero(np.isfinite(difference))
    count = np.isfinite(ranks).sum(axis=1)[row].astype(np.float64)
    counts = {
        "unit": np.ones_like(count),
        "response": 1.0 / (count - 1.0),
        "ranking": 2.0 / (count * (count - 1.0)),
    }[weight]
    return compare_generators(
        who[row, lower[pair]],
        who[row, higher[pair]],
        np.sign(difference[row, pair]).astype(np.int64) + TIE,
        n_generators,
        weight=counts,
        item=items[row],
    )
