"""One item: votes and chances of each pair, orders, and which response is the best. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.kemeny import kemeny
from annotation.quality.stats.stopping import confusion_of_accuracy, item_posteriors
from annotation.quality.stats.voting import Preferences, borda, condorcet, schulze

# By the positions of two responses, from 0: -1 the first is better, 0 a tie, 1 the other one.
Signs = Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Pair:
    """votes: for one, for a tie, for the other; chances: of the same three, by who voted, equally
    likely beforehand; None where nobody knows how reliable they are."""

    one: int
    other: int
    votes: tuple[int, int, int]
    chances: FloatArray | None


@dataclass(frozen=True)
class Together:
    """By response: points and ranks of Borda, ranks of Kemeny and Schulze (1 the best, equal a
    tie); alone: of how many judgments it is alone at the top, before them that of none. winner:
    who beats each other one by most votes, or None; has_circle: some beat each other in a
    circle."""

    pairs: list[Pair]
    points: FloatArray
    borda: IntArray
    kemeny: IntArray
    schulze: IntArray
    alone: IntArray
    winner: int | None
    has_circle: bool
    is_only_order: bool


def consensus_of(
    ballots: Sequence[Signs], best: Sequence[int], accuracy: Sequence[float] | None, n: int
) -> Together:
    """ballots: what each judgment says of the pairs of n responses; best: which response it has
    alone at the top, counted from 1, 0 none, -1 nothing said; accuracy: how often its labeler is
    right of a pair, None where that is not known."""
    votes = np.zeros((n, n, 3), dtype=np.int64)
    for signs in ballots:
        for (one, other), sign in signs.items():
            votes[one, other, sign + 1] += 1
    above = (votes[:, :, 0] + votes[:, :, 2].T).astype(np.float64)
    ties = (votes[:, :, 1] + votes[:, :, 1].T).astype(np.float64)
    preferences = Preferences(above, ties)
    points, order = borda(preferences), kemeny(preferences)
    duels = condorcet(preferences)
    return Together(
        pairs=[
            Pair(one, other, _three(votes[one, other]), _chances(ballots, accuracy, one, other))
            for one, other in combinations(range(n), 2)
            if votes[one, other].any()
        ],
        points=np.zeros(n) if points.points is None else points.points,
        borda=points.ranks,
        kemeny=order.ranks,
        schulze=schulze(preferences).ranks,
        alone=np.bincount([answer for answer in best if answer >= 0], minlength=n + 1),
        winner=duels.winner,
        has_circle=bool(duels.cycles),
        is_only_order=order.is_unique,
    )


def _three(counts: IntArray) -> tuple[int, int, int]:
    first, tie, second = (int(count) for count in counts)
    return first, tie, second


def _chances(
    ballots: Sequence[Signs], accuracy: Sequence[float] | None, one: int, other: int
) -> FloatArray | None:
    if accuracy is None:
        return None
    said = [signs.get((one, other), -2) + 1 for signs in ballots]
    return posterior(said, accuracy, np.full(3, 1 / 3))


def posterior(said: Sequence[int], accuracy: Sequence[float], prior: ArrayLike) -> FloatArray:
    """(answers,) of the answers 0, 1, … that were given; a negative one was not. prior: how likely
    each is beforehand."""
    answers, begin = np.asarray(said, dtype=np.int64), np.asarray(prior, dtype=np.float64)
    given = np.flatnonzero(answers >= 0)
    confusion = confusion_of_accuracy(np.asarray(accuracy, dtype=np.float64), len(begin))
    same_item = np.zeros(len(given), dtype=np.int64)
    return item_posteriors(same_item, given, answers[given], 1, confusion, begin)[0]
