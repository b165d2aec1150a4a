"""Rankings as chains of choices, and the likelihood of the sets chosen.

alternatives A, chosen S: log delta_|S| + mean of theta over S, against the same of every set that
could have been chosen (`plackett_luce` has the model and its source).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.outcomes import tally
from annotation.quality.stats.ranked_generators import RankedGenerators

# Sets that one choice can be made from: all of fourteen responses, for example.
MOST_SETS = 2**14
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Stages:
    """Choices among equally many alternatives. alternatives, chosen: (stages, k) generators and
    which were chosen; weight, ranking: (stages,)."""

    alternatives: IntArray
    chosen: BoolArray
    weight: FloatArray
    ranking: IntArray

    @property
    def size_chosen(self) -> IntArray:
        return self.chosen.sum(axis=1).astype(np.int64)


@dataclass(frozen=True)
class Norm:
    """The distinct sets of alternatives (d, k), and their weight (d,)."""

    alternatives: IntArray
    weight: FloatArray


@dataclass(frozen=True)
class Group:
    """Stages of one size k; sets, order: of `_sets`; share: (stages, k) what was chosen, divided
    by its size; tie: (stages, orders - 1) 1 at the size of the tie chosen; norm_of: (stages,)."""

    stages: Stages
    sets: FloatArray
    order: FloatArray
    share: FloatArray
    tie: FloatArray
    norm: Norm
    norm_of: IntArray


def stages_of(rankings: RankedGenerators) -> list[Stages]:
    """The choices of all rankings, by the number of alternatives; a last one that is left over
    is no choice."""
    ranks, who = rankings.rank, rankings.generator
    pending: dict[int, list[tuple[IntArray, BoolArray, FloatArray, IntArray]]] = {}
    rest = np.isfinite(ranks)
    while rest.any():
        left = np.where(rest, ranks, np.inf)
        best = rest & (left == left.min(axis=1, keepdims=True))
        count = rest.sum(axis=1)
        for k in np.unique(count[count >= 2]):
            at = np.flatnonzero((count == k) & (rankings.weight > 0))
            mask = rest[at]
            pending.setdefault(int(k), []).append(
                (
                    who[at][mask].reshape(len(at), k),
                    best[at][mask].reshape(len(at), k),
                    rankings.weight[at],
                    at,
                )
            )
        rest = rest & ~best
    made = []
    for k in sorted(pending):
        alternatives, chosen, weight, ranking = (
            np.concatenate(part) for part in zip(*pending[k], strict=True)
        )
        order = np.argsort(alternatives, axis=1, kind="stable")
        made.append(
            Stages(
                np.take_along_axis(alternatives, order, axis=1),
                np.take_along_axis(chosen, order, axis=1),
                weight,
                ranking,
            )
        )
    return made


def ghost_stages(n: int, pseudo: float) -> list[Stages]:
    if pseudo == 0:
        return []
    pairs = np.stack([np.arange(n), np.full(n, n)], axis=1)
    won = np.zeros((n, 2), dtype=np.bool_)
    won[:, 0] = True
    return [
        Stages(
            np.vstack([pairs, pairs]),
            np.vstack([won, ~won]),
            np.full(2 * n, pseudo),
            np.zeros(2 * n, dtype=np.int64),
        )
    ]


def blocks(stages: Stages, orders: tuple[int, ...]) -> Iterator[Stages]:
    """Stages in parts whose chances fit into memory; equal alternatives side by side, so that
    most parts hold few distinct ones. Raises ValueError where one choice alone is too much."""
    size, k = stages.alternatives.shape
    n_sets = sum(comb(k, order) for order in orders)
    if n_sets > MOST_SETS:
        raise ValueError(f"ties of {orders[-1]} among {k} responses: too many sets to choose from")
    by_alternatives = np.lexsort(stages.alternatives.T[::-1])
    step = max(1, _CELLS_AT_ONCE // n_sets)
    for start in range(0, size, step):
        at = by_alternatives[start : start + step]
        yield Stages(
            stages.alternatives[at], stages.chosen[at], stages.weight[at], stages.ranking[at]
        )


@lru_cache(maxsize=64)
def _sets(k: int, orders: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """(subsets, k) the sets that could be chosen of k, divided by their size; (subsets,
    orders - 1) 1 at the size of a tie."""
    sets, order = [], []
    for place, size in enumerate(orders):
        for members in combinations(range(k), size):
            row = np.zeros(k)
            row[list(members)] = 1 / size
            sets.append(row)
            order.append([float(place == p) for p in range(1, len(orders))])
    return np.array(sets), np.array(order).reshape(len(sets), len(orders) - 1)


def group_stages(stages: Stages, orders: tuple[int, ...]) -> Group:
    sets, order = _sets(stages.alternatives.shape[1], orders)
    distinct, norm_of = np.unique(stages.alternatives, axis=0, return_inverse=True)
    norm_of = norm_of.reshape(-1)
    tie = stages.size_chosen[:, None] == np.array(orders[1:], dtype=np.int64)[None, :]
    return Group(
        stages,
        sets,
        order,
        stages.chosen / stages.size_chosen[:, None],
        tie.astype(np.float64),
        Norm(distinct, tally(norm_of, stages.weight, len(distinct))),
        norm_of,
    )


def chances(group: Group, parameters: FloatArray, players: int) -> tuple[FloatArray, FloatArray]:
    """(d, subsets) the chance of each set, and (d,) the logarithm of the norm."""
    worth = parameters[group.norm.alternatives] @ group.sets.T
    worth += group.order @ parameters[players:]
    top = worth.max(axis=1, keepdims=True)
    chance = np.exp(worth - top)
    total = chance.sum(axis=1, keepdims=True)
    return chance / total, (np.log(total) + top)[:, 0]


def value_of(group: Group, parameters: FloatArray, players: int) -> float:
    _, norm = chances(group, parameters, players)
    chosen = (parameters[group.stages.alternatives] * group.share).sum(axis=1)
    chosen += group.tie @ parameters[players:]
    return float((group.stages.weight * chosen).sum() - (group.norm.weight * norm).sum())


def add_derivatives(
    group: Group, parameters: FloatArray, players: int, to: tuple[FloatArray, ...]
) -> float:
    """Adds to the gradient (p,) and the information (p, p); returns the log likelihood."""
    gradient, information = to
    chance, norm = chances(group, parameters, players)
    weighed = chance * group.norm.weight[:, None]
    expected, ties = chance @ group.sets, chance @ group.order
    stages = group.stages
    at = stages.alternatives.ravel()
    gradient[:players] += tally(at, (group.share * stages.weight[:, None]).ravel(), players)
    gradient[:players] -= tally(
        group.norm.alternatives.ravel(), (weighed @ group.sets).ravel(), players
    )
    gradient[players:] += stages.weight @ group.tie - weighed.sum(axis=0) @ group.order
    k = stages.alternatives.shape[1]
    both = (group.sets[:, :, None] * group.sets[:, None, :]).reshape(len(group.sets), k * k)
    within = (weighed @ both).reshape(-1, k, k)
    outer = expected[:, :, None] * expected[:, None, :]
    within -= outer * group.norm.weight[:, None, None]
    place = group.norm.alternatives[:, :, None] * players + group.norm.alternatives[:, None, :]
    size = players * players
    information[:players, :players] += tally(place.ravel(), within.ravel(), size).reshape(
        players, players
    )
    for t in range(group.order.shape[1]):
        cross = weighed @ (group.sets * group.order[:, [t]])
        cross -= expected * (ties[:, t] * group.norm.weight)[:, None]
        column = tally(group.norm.alternatives.ravel(), cross.ravel(), players)
        information[:players, players + t] += column
        information[players + t, :players] += column
    spread = group.order.T @ (weighed.sum(axis=0)[:, None] * group.order)
    information[players:, players:] += spread - ties.T @ (ties * group.norm.weight[:, None])
    chosen = (parameters[stages.alternatives] * group.share).sum(axis=1)
    chosen += group.tie @ parameters[players:]
    return float((stages.weight * chosen).sum() - (group.norm.weight * norm).sum())
