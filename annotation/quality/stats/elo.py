"""Elo ratings (Elo 1978), for those who ask: they depend on the order of the comparisons, which
here means nothing. So they are averaged over orders, with the spread that the order alone makes;
Bradley-Terry abilities on the same scale are the better number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.quality.stats.estimate import FloatArray
from annotation.quality.stats.outcomes import GeneratorComparisons

SCALE, BASE, INITIAL = 400.0, 10.0, 1000.0


@dataclass(frozen=True)
class EloRatings:
    """All (generators,), over random orders. rating: the mean; spread: the standard deviation,
    which is noise of the order and no error of the rating; low, high: the extremes."""

    rating: FloatArray
    spread: FloatArray
    low: FloatArray
    high: FloatArray
    n_orders: int

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"value": float(r), "reason": None, "spread": float(s), "range": [float(a), float(b)]}
            for r, s, a, b in zip(self.rating, self.spread, self.low, self.high, strict=True)
        ]


def elo(
    comparisons: GeneratorComparisons,
    *,
    k: float = 32.0,
    scale: float = SCALE,
    base: float = BASE,
    initial: float | FloatArray = INITIAL,
) -> FloatArray:
    """(generators,) ratings after the comparisons in the order given: the winner takes
    k (1 - E) from the loser, E = 1 / (1 + base^((loser - winner) / scale)) what was expected; a
    tie counts one half. A weight multiplies k."""
    return _play(comparisons, np.arange(len(comparisons))[None, :], k, scale, base, initial)[0]


def elo_over_orders(
    comparisons: GeneratorComparisons,
    *,
    seed: int | list[int],
    n_orders: int = 100,
    k: float = 32.0,
    scale: float = SCALE,
    base: float = BASE,
    initial: float | FloatArray = INITIAL,
) -> EloRatings:
    """The same over `n_orders` random orders."""
    if n_orders < 1:
        raise ValueError("n_orders: one or more")
    rng = np.random.default_rng(seed)
    # Sorted first: then the order of the input has no say, for any seed.
    columns = (comparisons.item, comparisons.outcome, comparisons.second, comparisons.first)
    fixed = np.lexsort((comparisons.weight, *columns))
    orders = np.stack([fixed[rng.permutation(len(comparisons))] for _ in range(n_orders)])
    ratings = _play(comparisons, orders, k, scale, base, initial)
    return EloRatings(
        ratings.mean(axis=0),
        ratings.std(axis=0, ddof=1) if n_orders > 1 else np.zeros(comparisons.n_generators),
        ratings.min(axis=0),
        ratings.max(axis=0),
        n_orders,
    )


def on_elo_scale(
    ability: FloatArray, *, scale: float = SCALE, base: float = BASE, centre: float = INITIAL
) -> FloatArray:
    """Log abilities a as ratings whose differences mean what Elo's do: centre + scale a / ln b."""
    rating: FloatArray = centre + ability * scale / np.log(base)
    return rating


def _play(
    comparisons: GeneratorComparisons,
    orders: "np.ndarray[tuple[int, int], np.dtype[np.int64]]",
    k: float,
    scale: float,
    base: float,
    initial: float | FloatArray,
) -> FloatArray:
    """(orders, generators) ratings; every order plays its own next comparison at once."""
    n_orders = len(orders)
    ratings = np.empty((n_orders, comparisons.n_generators))
    ratings[:] = initial
    won = 1.0 - comparisons.outcome / 2.0
    every = np.arange(n_orders)
    rate = np.log(base) / scale
    for step in range(orders.shape[1]):
        at = orders[:, step]
        first, second = comparisons.first[at], comparisons.second[at]
        gap = ratings[every, second] - ratings[every, first]
        change = k * comparisons.weight[at] * (won[at] - 1.0 / (1.0 + np.exp(rate * gap)))
        change = np.where(first == second, 0.0, change)
        ratings[every, first] += change
        ratings[every, second] -= change
    return ratings
