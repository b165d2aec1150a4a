"""What stands beside the abilities: style held equal, whole rankings, Elo, and parts."""

from itertools import compress
from typing import Any

import numpy as np

from annotation.quality.analyses.abilities.fits import (
    PRIORS,
    as_values,
    fit_games,
    placed_by,
    places_of,
    told_apart,
)
from annotation.quality.analyses.abilities.games import Field, Games
from annotation.quality.figures import SEED
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.ability import AbilityFit, NotIdentified
from annotation.quality.stats.elo import elo_over_orders
from annotation.quality.stats.estimate import BoolArray, FloatArray
from annotation.quality.stats.plackett_luce import plackett_luce
from annotation.quality.stats.ranked_generators import rank_generators
from annotation.quality.stats.style import differences_of_counts

# What is held equal, by the names of the snapshot's counts.
HELD = {"length": ("characters",), "style": ("characters", "headers", "lists", "bold")}
FEWEST_FOR_STYLE = 50  # comparisons; below, an effect of style takes what is the generators'
FEWEST_DIFFERENT = 20  # comparisons that differ in a mark; of fewer one side may have won all
FEWEST_IN_PART = 50
MOST_FOR_ELO = 100_000  # each is a step of its own, and the number is not worth more
ELO_STEPS, MOST_ORDERS = 1_000_000, 100


def held_equal(snapshot: Snapshot, games: Games, *, is_identified: bool) -> dict[str, Any]:
    """{"length", "style"}: abilities were the responses alike in it, and what it adds itself."""
    return {
        what: _controlled(snapshot, games, marks, PRIORS[0] if is_identified else PRIORS[1])
        for what, marks in HELD.items()
    }


def _controlled(snapshot: Snapshot, games: Games, marks: tuple[str, ...], prior: float) -> dict:
    n = games.comparisons.n_generators
    if len(games) < FEWEST_FOR_STYLE:
        return _nothing("too_few", n)
    item = games.comparisons.item
    counts = {
        "length" if mark == "characters" else mark: tuple(
            snapshot.facts.style[mark][item, column]
            for column in (games.first_column, games.second_column)
        )
        for mark in marks
    }
    covariates, names = differences_of_counts(counts, len(games))
    if not names:
        return _nothing("no_difference", n)
    is_common = (covariates != 0).sum(axis=0) >= FEWEST_DIFFERENT
    is_kept = is_common & told_apart(games, covariates)
    if not is_kept.any():
        return _nothing("not_told_apart" if is_common.any() else "too_few", n)
    covariates, names = covariates[:, is_kept], tuple(compress(names, is_kept))
    fit = fit_games(games, "davidson", prior, (covariates, names))
    plain = fit_games(games, "davidson", prior)
    if fit is None or plain is None:
        return _nothing("not_identified", n)
    before, after = (_places(one, prior) for one in (plain, fit))
    said = as_values(fit, prior, n) | {"prior": prior}
    for index, row in enumerate(said["generators"]):
        is_placed = before[index] is not None and after[index] is not None
        row["shift"] = float(plain.ability[index] - fit.ability[index]) if is_placed else None
        row["moved"] = before[index] - after[index] if is_placed else None  # up is positive
    return said


def _places(fit: AbilityFit, prior: float) -> list[int | None]:
    return places_of(fit, placed_by(fit, prior))


def _nothing(reason: str, n: int) -> dict[str, Any]:
    return as_values(None, 0.0, n) | {"reason": reason}


def from_rankings(snapshot: Snapshot, field: Field, ranks: FloatArray) -> dict[str, Any]:
    """Plackett-Luce with half a pseudo-comparison each way. A ranking in which a generator
    occurs twice is left out; of a ranking of the best, what was left out takes no part."""
    n = len(field.names)
    who = np.where(np.isfinite(ranks), field.generator[snapshot.item], -1)
    is_repeated = _has_repeats(who)
    takes_part = ((who >= 0).sum(axis=1) >= 2) & ~is_repeated
    extent = {
        "rankings": int(takes_part.sum()),
        "longest": int((who[takes_part] >= 0).sum(axis=1).max(initial=0)),
        "repeated": int(is_repeated.sum()),
    }
    if not takes_part.any():
        return _nothing("no_games", n) | extent
    rankings = rank_generators(
        who[takes_part], ranks[takes_part], n, item=snapshot.item[takes_part]
    )
    try:
        fit = plackett_luce(rankings, pseudo=PRIORS[1])
    except NotIdentified:
        return _nothing("not_identified", n) | extent
    said = as_values(fit, PRIORS[1], n)
    return said | extent


def _has_repeats(who: np.ndarray) -> BoolArray:
    """(rankings,) whether a generator occurs twice; -1 is nobody."""
    ordered = np.sort(who, axis=1)
    twice: BoolArray = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    return twice


def elo_of(games: Games) -> dict[str, Any]:
    if len(games) > MOST_FOR_ELO:
        return {"reason": "too_large", "generators": [], "orders": 0}
    if not len(games):
        return {"reason": "no_games", "generators": [], "orders": 0}
    orders = int(np.clip(ELO_STEPS // len(games), 10, MOST_ORDERS))
    ratings = elo_over_orders(games.comparisons, seed=SEED, n_orders=orders)
    return {"reason": None, "generators": ratings.as_json(), "orders": orders}


def by_part(snapshot: Snapshot, games: Games) -> list[dict[str, Any]]:
    """For each facet of the items its values, with an ability per generator where there are
    FEWEST_IN_PART comparisons; with the prior, for parts are rarely connected."""
    item = games.comparisons.item
    return [
        {
            "key": key,
            "parts": [
                {"value": value} | _part(games, facet.value[item] == index)
                for index, value in enumerate(facet.values)
            ],
        }
        for key, facet in snapshot.facts.facets.items()
    ]


def _part(games: Games, rows: BoolArray) -> dict[str, Any]:
    n = games.comparisons.n_generators
    count = {"comparisons": int(rows.sum())}
    if count["comparisons"] < FEWEST_IN_PART:
        return _nothing("too_few", n) | count
    inside = Games(
        games.comparisons.where(rows),
        games.first_column[rows],
        games.second_column[rows],
        games.is_order_known[rows],
        *(0, 0, 0),
    )
    return as_values(fit_games(inside, "davidson", PRIORS[1]), PRIORS[1], n) | count
