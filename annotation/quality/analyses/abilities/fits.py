"""One fit of abilities, and what it says of places."""

from dataclasses import replace
from typing import Any

import numpy as np

from annotation.quality.analyses.abilities.games import Games
from annotation.quality.stats.ability import AbilityFit, NotIdentified
from annotation.quality.stats.ability_intervals import rank_intervals
from annotation.quality.stats.bradley_terry import POSITION, fit_abilities
from annotation.quality.stats.estimate import BoolArray, FloatArray
from annotation.quality.stats.outcomes import tally
from annotation.quality.stats.pairwise import TieModel

TIE_MODELS: tuple[TieModel, ...] = ("davidson", "half", "drop")
# Wins and losses that each generator is given against one of average ability.
PRIORS = (0.0, 0.5)
# Of an effect's square this share must vary within pairs of generators.
_LEAST_LEFT = 0.02
# An effect with a larger error (odds of e to 20) is none.
_UNSURE = 10.0


def fit_games(
    games: Games,
    tie_model: TieModel,
    prior: float,
    style: tuple[FloatArray, tuple[str, ...]] | None = None,
) -> AbilityFit | None:
    """With the place and, where given, style as effects, as far as they can be told apart from the
    abilities; None where nothing is bounded. style: covariates and their names."""
    z, names = style or (np.zeros((len(games), 0)), ())
    is_everywhere = bool(games.is_order_known.all())
    place = games.is_order_known[:, None].astype(np.float64)  # where it is not known: no effect
    for with_place in (True, False) if told_apart(games, place).all() else (False,):
        has_own = with_place and not is_everywhere
        try:
            fit = fit_abilities(
                games.comparisons,
                tie_model=tie_model,
                position=with_place and is_everywhere,
                covariates=np.hstack([place, z]) if has_own else z if names else None,
                names=(POSITION, *names) if has_own else names,
                prior_strength=prior,
                when_not_identified="error" if prior else "per_component",
            )
        except NotIdentified:
            continue
        if all(effect.error < _UNSURE for effect in fit.effects):
            return fit
    return None


def told_apart(games: Games, covariates: FloatArray) -> BoolArray:
    """(k,) whether a covariate varies besides who meets whom: where one generator was always shown
    first, its ability and the place are one thing, and a prior would share it out at will.

    The share of its square that no ability per generator can explain, by least squares.
    """
    n, games_of = games.comparisons.n_generators, games.comparisons
    met = tally(games_of.first * n + games_of.second, games_of.weight, n * n).reshape(n, n)
    met = met + met.T
    laplacian = np.diag(met.sum(axis=1)) - met
    explained = np.array(
        [
            flow @ np.linalg.lstsq(laplacian, flow, rcond=1e-10)[0]
            for flow in (
                tally(games_of.first, column, n) - tally(games_of.second, column, n)
                for column in covariates.T
            )
        ]
    )
    total = (covariates**2).sum(axis=0)
    left: BoolArray = total - explained > _LEAST_LEFT * total
    return left


def placed_by(fit: AbilityFit, prior: float) -> BoolArray:
    """(n,) who has a place: whom the comparisons bound against the main group, and with a prior
    everybody."""
    bounded = np.array([not flags for flags in fit.flags], dtype=np.bool_)
    known: BoolArray = np.isfinite(fit.ability)
    return known if prior else known & bounded


def places_of(fit: AbilityFit, placed: BoolArray) -> list[int | None]:
    """1 the most able; None without a place. Equal abilities share one."""
    ability = fit.ability[placed]
    better = (ability[None, :] > ability[:, None] + 1e-9).sum(axis=1)
    places: list[int | None] = [None] * len(placed)
    for index, count in zip(np.flatnonzero(placed), better, strict=True):
        places[index] = 1 + int(count)
    return places


def as_values(fit: AbilityFit | None, prior: float, n: int) -> dict[str, Any]:
    """A fit as it leaves the house: for each generator value, interval, place and places."""
    if fit is None:
        nothing = {"value": None, "reason": "not_identified", "se": None, "ci": None}
        rows = [nothing | {"place": None, "places": None, "flags": []} for _ in range(n)]
        return {"reason": "not_identified", "generators": rows, "effects": {}, "nu": None}
    placed = placed_by(fit, prior)
    ranges = rank_intervals(replace(fit, ability=np.where(placed, fit.ability, np.nan)))
    said = fit.as_json()
    for row, place, span in zip(said["generators"], places_of(fit, placed), ranges, strict=True):
        row["place"], row["places"] = place, span and list(span)
    return {
        "reason": None,
        "method": said["method"],
        "generators": said["generators"],
        "effects": said["effects"],
        "nu": said["nu"],
    }
