"""Abilities from whole rankings: Plackett-Luce, partial rankings and ties of any size.

A ranking is a chain of choices: the best of all, then the best of the rest (Plackett 1975,
Applied Statistics 24; Luce 1959). With ties the model is that of Davidson and Luce (Turner, van
Etten, Firth & Kosmidis 2020, Computational Statistics 35): from alternatives A a set S is chosen
with a chance in proportion to

    delta_|S| (product of alpha_i, i in S)^(1/|S|),   |S| up to the largest tie seen,

alpha = e^ability, delta_1 = 1; sizes of ties that never occur have delta 0. For two alternatives
this is Davidson's model, and without ties Plackett-Luce. A response that is not ranked takes no
part: it is not last.

Unlike Bradley-Terry on all pairs of a ranking, whose pairs depend on each other, the errors here
are those of the model; by item they are clustered besides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.ability import (
    AbilityFit,
    NotIdentified,
    Reference,
    WhenNotIdentified,
    contrasts,
    describe,
)
from annotation.quality.stats.connectivity import find_components
from annotation.quality.stats.estimate import BoolArray, FloatArray, IntArray
from annotation.quality.stats.outcomes import tally
from annotation.quality.stats.sandwich import clustered_meat

_MAX_STEPS = 200
_FARTHEST = 30.0
_FIXED = 1e12
# A size of tie that was chosen whenever it could be has no finite parameter. This precision around
# 0, on the log scale, ends it where its chance is 1 and moves no published digit.
_TIE_PRECISION = 1e-9
# Half the gain that a step of Newton promises, as a share of the log likelihood.
_TOLERANCE = 1e-14
# Sets that one choice can be made from: all of fourteen responses, for example.
MOST_SETS = 2**14
_CELLS_AT_ONCE = 2_000_000


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


def plackett_luce(
    rankings: RankedGenerators,
    *,
    pseudo: float = 0.5,
    reference: Reference = "mean",
    when_not_identified: WhenNotIdentified = "error",
    robust: bool = True,
) -> AbilityFit:
    """Log abilities with covariance and flags.

    pseudo: how often each generator wins and loses against a ghost of ability 0; 0 is the plain
    maximum, which does not exist where somebody always comes last. Then NotIdentified is raised;
    fitting by component is Bradley-Terry's alone, for a choice among members of several
    components belongs to none.
    """
    if pseudo < 0 or not np.isfinite(pseudo):
        raise ValueError("pseudo: a number, 0 or more")
    if when_not_identified != "error":
        raise ValueError("Plackett-Luce is not fitted by component: use pseudo-comparisons")
    n = rankings.n_generators
    if reference != "mean" and not 0 <= reference < n:
        raise ValueError(f"reference: a generator from 0 to {n - 1}, or the mean")
    components = find_components(*_pairs_won(rankings))
    if not pseudo and not components.is_identified:
        raise NotIdentified(describe(components), components.flags)
    real = _stages(rankings)
    orders = tuple(sorted({int(s) for part in real for s in np.unique(part.size_chosen)} | {1}))
    real_groups = [_group(block, orders) for part in real for block in _blocks(part, orders)]
    groups = real_groups + [_group(part, orders) for part in _ghost_stages(n, pseudo)]
    players = n + int(pseudo > 0)
    parameters, information = _climb(groups, players, n, orders, components.flags)
    keep = np.r_[0:n, players : len(parameters)]
    bread = np.linalg.inv(information)[np.ix_(keep, keep)]
    contrast = np.eye(len(keep))
    contrast[:n, :n] = contrasts(n, np.zeros(n, dtype=np.int64), reference)
    covariance = contrast @ bread @ contrast.T
    clustered = None
    if robust:
        meat = _meat(real_groups, rankings.item, players, parameters)[np.ix_(keep, keep)]
        clustered = (contrast @ bread @ meat @ bread @ contrast.T)[:n, :n]
    took_part = np.isfinite(rankings.rank) & (np.isfinite(rankings.rank).sum(axis=1) >= 2)[:, None]
    often = np.broadcast_to(rankings.weight[:, None], took_part.shape)[took_part]
    return AbilityFit(
        ability=(contrast @ parameters[keep])[:n],
        covariance=covariance[:n, :n],
        robust=clustered,
        effects=(),
        nu=None,
        components=components,
        n_comparisons=tally(rankings.generator[took_part], often, n),
        log_likelihood=sum(_value(group, parameters, players) for group in real_groups),
        reference=reference,
        method=_method(pseudo, orders),
        tie_orders=tuple(
            (order, float(np.exp(value)))
            for order, value in zip(orders[1:], parameters[players:], strict=True)
        ),
    )


@dataclass(frozen=True)
class _Stages:
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
class _Norm:
    """The distinct sets of alternatives (d, k), and their weight (d,)."""

    alternatives: IntArray
    weight: FloatArray


@dataclass(frozen=True)
class _Group:
    """Stages of one size k; sets, order: of `_sets`; share: (stages, k) what was chosen, divided
    by its size; tie: (stages, orders - 1) 1 at the size of the tie chosen; norm_of: (stages,)."""

    stages: _Stages
    sets: FloatArray
    order: FloatArray
    share: FloatArray
    tie: FloatArray
    norm: _Norm
    norm_of: IntArray


def _stages(rankings: RankedGenerators) -> list[_Stages]:
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
            _Stages(
                np.take_along_axis(alternatives, order, axis=1),
                np.take_along_axis(chosen, order, axis=1),
                weight,
                ranking,
            )
        )
    return made


def _ghost_stages(n: int, pseudo: float) -> list[_Stages]:
    if pseudo == 0:
        return []
    pairs = np.stack([np.arange(n), np.full(n, n)], axis=1)
    won = np.zeros((n, 2), dtype=np.bool_)
    won[:, 0] = True
    return [
        _Stages(
            np.vstack([pairs, pairs]),
            np.vstack([won, ~won]),
            np.full(2 * n, pseudo),
            np.zeros(2 * n, dtype=np.int64),
        )
    ]


def _blocks(stages: _Stages, orders: tuple[int, ...]) -> Iterator[_Stages]:
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
        yield _Stages(
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


def _group(stages: _Stages, orders: tuple[int, ...]) -> _Group:
    sets, order = _sets(stages.alternatives.shape[1], orders)
    distinct, norm_of = np.unique(stages.alternatives, axis=0, return_inverse=True)
    norm_of = norm_of.reshape(-1)
    tie = stages.size_chosen[:, None] == np.array(orders[1:], dtype=np.int64)[None, :]
    return _Group(
        stages,
        sets,
        order,
        stages.chosen / stages.size_chosen[:, None],
        tie.astype(np.float64),
        _Norm(distinct, tally(norm_of, stages.weight, len(distinct))),
        norm_of,
    )


def _chances(group: _Group, parameters: FloatArray, players: int) -> tuple[FloatArray, FloatArray]:
    """(d, subsets) the chance of each set, and (d,) the logarithm of the norm."""
    worth = parameters[group.norm.alternatives] @ group.sets.T
    worth += group.order @ parameters[players:]
    top = worth.max(axis=1, keepdims=True)
    chance = np.exp(worth - top)
    total = chance.sum(axis=1, keepdims=True)
    return chance / total, (np.log(total) + top)[:, 0]


def _value(group: _Group, parameters: FloatArray, players: int) -> float:
    _, norm = _chances(group, parameters, players)
    chosen = (parameters[group.stages.alternatives] * group.share).sum(axis=1)
    chosen += group.tie @ parameters[players:]
    return float((group.stages.weight * chosen).sum() - (group.norm.weight * norm).sum())


def _add(group: _Group, parameters: FloatArray, players: int, to: tuple[FloatArray, ...]) -> float:
    """Adds to the gradient (p,) and the information (p, p); returns the log likelihood."""
    gradient, information = to
    chance, norm = _chances(group, parameters, players)
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


def _climb(
    groups: list[_Group],
    players: int,
    n: int,
    orders: tuple[int, ...],
    flags: tuple[tuple[object, ...], ...],
) -> tuple[FloatArray, FloatArray]:
    """Parameters at the top, and the information with its gauge. Newton with halved steps: the
    likelihood is concave in log abilities and log tie parameters."""
    size = players + len(orders) - 1
    gauge = np.zeros((size, size))
    if players > n:
        gauge[n, n] = _FIXED
    else:
        gauge[:n, :n] = 1.0
    held = np.where(np.arange(size) < players, 0.0, _TIE_PRECISION)
    gauge += np.diag(held)
    parameters = np.zeros(size)
    gradient, information = np.zeros(size), np.zeros((size, size))
    value = sum(_add(group, parameters, players, (gradient, information)) for group in groups)
    for _ in range(_MAX_STEPS):
        try:
            step = np.linalg.solve(information + gauge, gradient)
        except np.linalg.LinAlgError as error:
            raise NotIdentified("some abilities cannot be told apart") from error
        promise = float(gradient @ step)
        scale = 1.0
        while True:
            there = parameters + scale * step
            gradient, information = np.zeros(size), np.zeros((size, size))
            reached = sum(_add(group, there, players, (gradient, information)) for group in groups)
            reached -= float(held @ there**2) / 2
            gradient -= held * there
            if reached >= value - 1e-12 * (1 + abs(value)) or scale < 1e-8:
                break
            scale /= 2
        parameters, value = there, reached
        if np.abs(parameters[:players]).max(initial=0.0) > _FARTHEST:
            raise NotIdentified("the likelihood rises without end")
        if promise <= _TOLERANCE * (1 + abs(value)):
            return parameters, information + gauge
    raise NotIdentified("the likelihood rises without end")


def _meat(
    groups: list[_Group], item: IntArray, players: int, parameters: FloatArray
) -> FloatArray:
    """The sum over items of the outer square of the scores of their rankings."""
    clusters, columns, scores = [], [], []
    cluster = np.unique(item, return_inverse=True)[1]
    for group in groups:
        chance, _ = _chances(group, parameters, players)
        expected, ties = chance @ group.sets, chance @ group.order
        own = cluster[group.stages.ranking]
        weight = group.stages.weight[:, None]
        score = (group.share - expected[group.norm_of]) * weight
        clusters.append(np.repeat(own, score.shape[1]))
        columns.append(group.stages.alternatives.ravel())
        scores.append(score.ravel())
        tie = (group.tie - ties[group.norm_of]) * weight
        for t in range(tie.shape[1]):
            clusters.append(own)
            columns.append(np.full(len(own), players + t))
            scores.append(tie[:, t])
    if not clusters:
        return np.zeros((len(parameters), len(parameters)))
    return clustered_meat(
        np.concatenate(clusters), np.concatenate(columns), np.concatenate(scores), len(parameters)
    )


def _pairs_won(rankings: RankedGenerators) -> tuple[FloatArray, FloatArray]:
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


def _method(pseudo: float, orders: tuple[int, ...]) -> str:
    model = "Plackett-Luce" if orders == (1,) else f"Davidson-Luce, ties up to {orders[-1]}"
    return model + (f", {pseudo:g} pseudo-comparisons" if pseudo else "")
