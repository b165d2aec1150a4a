"""Rankings of generators, by their responses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.outcomes import tally


@dataclass(frozen=True)
class RankedGenerators:
    """Rankings of generators by their responses. generator: (rankings, R) index, -1 no response;
    rank: (rankings, R) 1 the best, equal numbers a tie, NaN not ranked; weight: (rankings,)
    counts; item: (rankings,) what each belongs to."""

    generator: IntArray
    rank: FloatArray
    weight: FloatArray
    item: IntArray
    n_generators: int


def rank_generators(
    generator: ArrayLike,
    rank: ArrayLike,
    n_generators: int,
    *,
    weight: ArrayLike | None = None,
    item: ArrayLike | None = None,
) -> RankedGenerators:
    """Checked rankings. Raises ValueError for shapes that do not fit, an index out of range and
    a rank that is infinite."""
    who, ranks = np.asarray(generator, dtype=np.int64), np.asarray(rank, dtype=np.float64)
    if who.ndim != 2 or who.shape != ranks.shape:
        raise ValueError("generator and rank: tables of rankings by responses, of one shape")
    size = len(who)
    weights = np.ones(size) if weight is None else np.asarray(weight, dtype=np.float64)
    items = np.arange(size) if item is None else np.asarray(item, dtype=np.int64)
    if weights.shape != (size,) or items.shape != (size,):
        raise ValueError("one weight and one item for each ranking")
    if who.size and (who.min() < -1 or who.max() >= n_generators):
        raise ValueError(f"generator outside 0 to {n_generators - 1}")
    if np.isinf(ranks).any() or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("a rank is finite or NaN, a weight finite and 0 or more")
    ranks = np.where(who < 0, np.nan, ranks)
    return RankedGenerators(who, ranks, weights, items, n_generators)


def rankings_of_table(
    ranks: ArrayLike, *, weight: ArrayLike | None = None, item: ArrayLike | None = None
) -> RankedGenerators:
    """From ranks (rankings, generators), NaN where a generator was not ranked."""
    table = np.asarray(ranks, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("ranks: a table of rankings by generators")
    who = np.where(np.isfinite(table), np.arange(table.shape[1]), -1)
    return rank_generators(who, table, table.shape[1], weight=weight, item=item)


def pairs_won(rankings: RankedGenerators) -> tuple[FloatArray, FloatArray]:
    """Wins and ties, (n, n), as far as connectivity asks."""
    n, width = rankings.n_generators, rankings.rank.shape[1]
    wins, ties = np.zeros(n * n), np.zeros(n * n)
    counted = rankings.weight > 0
    for a in range(width):
        for b in range(a + 1, width):
            both = counted & np.isfinite(rankings.rank[:, a]) & np.isfinite(rankings.rank[:, b])
            one, other = rankings.generator[both, a], rankings.generator[both, b]
            difference = rankings.rank[both, a] - rankings.rank[both, b]
            wins += tally(one * n + other, (difference < 0).astype(np.float64), n * n)
            wins += tally(other * n + one, (difference > 0).astype(np.float64), n * n)
            ties += tally(one * n + other, (difference == 0).astype(np.float64), n * n)
    return wins.reshape(n, n), ties.reshape(n, n)
