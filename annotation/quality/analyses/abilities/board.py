"""The leaderboard of one question: of whole rankings, or of the ratings on one criterion."""

from typing import Any

import numpy as np

from annotation.quality.analyses.abilities.connecting import comparisons_that_connect
from annotation.quality.analyses.abilities.fits import (
    PRIORS,
    TIE_MODELS,
    as_values,
    fit_games,
    told_apart,
)
from annotation.quality.analyses.abilities.games import Field, Games
from annotation.quality.stats.connectivity import find_components
from annotation.quality.stats.estimate import IntArray
from annotation.quality.stats.outcomes import Outcomes, outcome_matrix
from annotation.quality.stats.win_rates import WinRates, win_rate_matrix


def reason_of(games: Games, field: Field, n_judgments: int) -> str | None:
    """Why there is nothing to fit."""
    if n_judgments == 0:
        return "no_data"
    if not field.names:
        return "no_generators"
    return None if len(games) else "no_games"


def place_reason(games: Games) -> str | None:
    """Why the place on the page has no effect to show."""
    if not games.is_order_known.any():
        return "order_unknown"
    place = games.is_order_known[:, None].astype(float)
    return None if told_apart(games, place).all() else "not_told_apart"


def board_of(games: Games, field: Field, *, criterion: str | None, n_judgments: int) -> dict:
    """{"criterion", "reason", "extent", "record", "groups", "connecting", "win_rates", "fits"};
    indices are those of "generators" in the result. Each prior and tie model has its fit."""
    reason = reason_of(games, field, n_judgments)
    outcomes = outcome_matrix(games.comparisons)
    rates = win_rate_matrix(outcomes)
    components = find_components(outcomes.wins, np.triu(outcomes.ties))
    n = len(field.names)
    fits = [
        {"prior": prior, "tie_model": model} | as_values(fit_games(games, model, prior), prior, n)
        for prior in PRIORS
        for model in TIE_MODELS
        if reason is None
    ]
    ability = np.array(
        [_number(row["value"]) for row in fits[0]["generators"]] if fits else [np.nan] * n
    )
    return {
        "criterion": criterion,
        "reason": reason,
        "extent": _extent(games, outcomes),
        "place_reason": place_reason(games),
        "record": _record(outcomes, rates),
        "groups": _groups(components.linked),
        "connecting": comparisons_that_connect(
            components, ability, outcomes.wins, np.triu(outcomes.ties)
        )
        if reason is None
        else [],
        "win_rates": _pairs(rates),
        "fits": fits,
    }


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _extent(games: Games, outcomes: Outcomes) -> dict[str, int]:
    return {
        "comparisons": len(games),
        "items": int(np.unique(games.comparisons.item).size),
        "ties": int(outcomes.tied.sum()),
        "order_known": int(games.is_order_known.sum()),
        "unnamed": games.n_unnamed,
        "items_unnamed": games.n_items_unnamed,
        "same_generator": games.n_same,
    }


def _record(outcomes: Outcomes, rates: WinRates) -> list[dict[str, Any]]:
    """Of each generator: games, won, tied, lost, and the mean of its rates over opponents."""
    won, lost = outcomes.wins.sum(axis=1), outcomes.wins.sum(axis=0)
    tied = outcomes.ties.sum(axis=1)
    overall = rates.as_overall()
    return [
        {"games": int(w + t + lo), "won": int(w), "tied": int(t), "lost": int(lo), "rate": rate}
        for w, t, lo, rate in zip(won, tied, lost, overall, strict=True)
    ]


def _groups(linked: IntArray) -> list[list[int]]:
    """Generators that any chain of comparisons joins, the largest group first."""
    groups = [np.flatnonzero(linked == label).tolist() for label in np.unique(linked)]
    return sorted(groups, key=lambda group: (-len(group), group))


def _pairs(rates: WinRates) -> list[dict[str, Any]]:
    """Pairs that met, each once: how often a won against b, a tie half."""
    return [
        {"a": int(a), "b": int(b)} | rates.as_cell(int(a), int(b))
        for a, b in zip(*np.nonzero(np.triu(rates.n)), strict=True)
    ]
