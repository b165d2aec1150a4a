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

import numpy as np

from annotation.quality.stats.ability import (
    AbilityFit,
    NotIdentified,
    Reference,
    WhenNotIdentified,
    contrasts,
    describe,
)
from annotation.quality.stats.choices import (
    Group,
    add_derivatives,
    blocks,
    chances,
    ghost_stages,
    group_stages,
    stages_of,
    value_of,
)
from annotation.quality.stats.connectivity import Flag, find_components
from annotation.quality.stats.estimate import FloatArray, IntArray
from annotation.quality.stats.outcomes import tally
from annotation.quality.stats.ranked_generators import RankedGenerators, pairs_won
from annotation.quality.stats.sandwich import clustered_meat

_MAX_STEPS = 200
_FARTHEST = 30.0
_FIXED = 1e12
# A size of tie that was chosen whenever it could be has no finite parameter. This precision around
# 0, on the log scale, ends it where its chance is 1 and moves no published digit.
_TIE_PRECISION = 1e-9
# Half the gain that a step of Newton promises, as a share of the log likelihood.
_TOLERANCE = 1e-14


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
    components = find_components(*pairs_won(rankings))
    if not pseudo and not components.is_identified:
        raise NotIdentified(describe(components), components.flags)
    real = stages_of(rankings)
    orders = tuple(sorted({int(s) for part in real for s in np.unique(part.size_chosen)} | {1}))
    real_groups = [group_stages(block, orders) for part in real for block in blocks(part, orders)]
    groups = real_groups + [group_stages(part, orders) for part in ghost_stages(n, pseudo)]
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
        log_likelihood=sum(value_of(group, parameters, players) for group in real_groups),
        reference=reference,
        method=_method(pseudo, orders),
        tie_orders=tuple(
            (order, float(np.exp(value)))
            for order, value in zip(orders[1:], parameters[players:], strict=True)
        ),
    )


def _climb(
    groups: list[Group],
    players: int,
    n: int,
    orders: tuple[int, ...],
    flags: tuple[tuple[Flag, ...], ...],
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
    value = sum(
        add_derivatives(group, parameters, players, (gradient, information)) for group in groups
    )
    for _ in range(_MAX_STEPS):
        try:
            step = np.linalg.solve(information + gauge, gradient)
        except np.linalg.LinAlgError as error:
            raise NotIdentified("some abilities cannot be told apart", flags) from error
        promise = float(gradient @ step)
        scale = 1.0
        while True:
            there = parameters + scale * step
            gradient, information = np.zeros(size), np.zeros((size, size))
            reached = sum(
                add_derivatives(group, there, players, (gradient, information)) for group in groups
            )
            reached -= float(held @ there**2) / 2
            gradient -= held * there
            if reached >= value - 1e-12 * (1 + abs(value)) or scale < 1e-8:
                break
            scale /= 2
        parameters, value = there, reached
        if np.abs(parameters[:players]).max(initial=0.0) > _FARTHEST:
            raise NotIdentified("the likelihood rises without end", flags)
        if promise <= _TOLERANCE * (1 + abs(value)):
            return parameters, information + gauge
    raise NotIdentified("the likelihood rises without end", flags)


def _meat(groups: list[Group], item: IntArray, players: int, parameters: FloatArray) -> FloatArray:
    """The sum over items of the outer square of the scores of their rankings."""
    clusters, columns, scores = [], [], []
    cluster = np.unique(item, return_inverse=True)[1]
    for group in groups:
        chance, _ = chances(group, parameters, players)
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


def _method(pseudo: float, orders: tuple[int, ...]) -> str:
    model = "Plackett-Luce" if orders == (1,) else f"Davidson-Luce, ties up to {orders[-1]}"
    return model + (f", {pseudo:g} pseudo-comparisons" if pseudo else "")
