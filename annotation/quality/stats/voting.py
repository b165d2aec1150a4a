"""One ranking out of several: Borda, Schulze, Condorcet. They legitimately differ; say which.

All read the same table of preferences: how many ballots have one response above another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Preferences:
    """above: (R, R) ballots that have response a above b; ties: (R, R) symmetric, that have them
    equal. Of a pair where a ballot left one out it says nothing."""

    above: FloatArray
    ties: FloatArray

    @classmethod
    def of(cls, ranks: ArrayLike, weights: ArrayLike | None = None) -> "Preferences":
        """ranks: (ballots, R), smaller is better, equal a tie, NaN not ranked; weights:
        (ballots,) how often each was cast."""
        table = np.asarray(ranks, dtype=np.float64)
        if table.ndim != 2:
            raise ValueError("ranks must be a table of ballots by responses")
        if np.isinf(table).any():
            raise ValueError("a rank must be finite, or NaN for not ranked")
        times = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=np.float64)
        if times.shape != (len(table),) or (times < 0).any():
            raise ValueError("one weight for each ballot, none negative")
        n = table.shape[1]
        above, ties = np.zeros((n, n)), np.zeros((n, n))
        for a in range(n):
            above[a] = times @ (table[:, [a]] < table)
            ties[a] = times @ (table[:, [a]] == table)
        np.fill_diagonal(ties, 0.0)
        return cls(above, ties)

    @property
    def margins(self) -> FloatArray:
        """(R, R) how many more have a above b than b above a."""
        difference: FloatArray = self.above - self.above.T
        return difference


@dataclass(frozen=True)
class ConsensusRanking:
    """ranks: (R,) 1 the best, equal ranks a tie of the method, never broken; points: (R,) what
    the method counts, or None; method: its name."""

    ranks: IntArray
    points: FloatArray | None
    method: str


def ranks_of(points: FloatArray) -> IntArray:
    """1 for the most points; equal points share a rank, the next one follows on (1, 2, 2, 3)."""
    rounded = np.round(points, 9)
    _, place = np.unique(-rounded, return_inverse=True)
    return place.reshape(-1).astype(np.int64) + 1


def borda(preferences: Preferences) -> ConsensusRanking:
    """Points: the ballots that have a response above each other one, ties counting half.

    With ballots that leave responses out, the share of its comparisons that a response wins
    decides instead: points would count how often it was ranked at all.
    """
    won = (preferences.above + preferences.ties / 2).sum(axis=1)
    compared = (preferences.above + preferences.above.T + preferences.ties).sum(axis=1)
    if compared.size and np.ptp(compared) > 0:
        share = np.where(compared > 0, won / np.where(compared > 0, compared, 1.0), 0.5)
        return ConsensusRanking(ranks_of(share), share, "Borda, share of comparisons won")
    return ConsensusRanking(ranks_of(won), won, "Borda")


def schulze(preferences: Preferences) -> ConsensusRanking:
    """Strongest paths by winning votes (Schulze 2011): a is above b when its path is stronger."""
    strength = strongest_paths(preferences)
    beats = strength > strength.T
    return ConsensusRanking(ranks_of(beats.sum(axis=1).astype(np.float64)), None, "Schulze")


def strongest_paths(preferences: Preferences) -> FloatArray:
    """(R, R) strength of the strongest path from a to b, 0 where there is none."""
    strength = np.where(preferences.margins > 0, preferences.above, 0.0)
    for middle in range(len(strength)):
        through = np.minimum(strength[:, [middle]], strength[[middle], :])
        strength = np.maximum(strength, through)
    np.fill_diagonal(strength, 0.0)
    return strength


@dataclass(frozen=True)
class Condorcet:
    """winner: the response that beats each other one by a majority of those who compared them, or
    None; loser likewise; cycles: sets of responses that beat each other in a circle; smith: the
    smallest set of which each beats everybody outside."""

    winner: int | None
    loser: int | None
    cycles: tuple[frozenset[int], ...]
    smith: frozenset[int]


def condorcet(preferences: Preferences) -> Condorcet:
    beats: BoolArray = preferences.margins > 0
    n = len(beats)
    winners = np.flatnonzero(beats.sum(axis=1) == n - 1)
    losers = np.flatnonzero(beats.sum(axis=0) == n - 1)
    return Condorcet(
        winner=int(winners[0]) if n > 1 and winners.size else None,
        loser=int(losers[0]) if n > 1 and losers.size else None,
        cycles=majority_cycles(beats),
        smith=_smith_set(beats),
    )


def majority_cycles(beats: BoolArray) -> tuple[frozenset[int], ...]:
    """Sets of two or more responses each of which reaches each other one along `beats` (R, R)."""
    reach = beats.copy()
    for middle in range(len(reach)):
        reach |= reach[:, [middle]] & reach[[middle], :]
    both = reach & reach.T
    found = {frozenset(np.flatnonzero(row).tolist()) for row in both if row.any()}
    return tuple(sorted((group for group in found if len(group) > 1), key=sorted))


def _smith_set(beats: BoolArray) -> frozenset[int]:
    """Grown from the response with most wins: whoever is not beaten by the set joins it."""
    n = len(beats)
    if n == 0:
        return frozenset()
    best = int(beats.sum(axis=1).max())
    inside = beats.sum(axis=1) == best
    while True:
        joined = inside | ~beats[inside].all(axis=0)
        if (joined == inside).all():
            return frozenset(np.flatnonzero(inside).tolist())
        inside = joined
