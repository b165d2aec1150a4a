"""Coefficients of the parts of a table: by criterion, round, version, language, tag, week …"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from annotation.quality.stats.bootstrap import DEFAULT_DRAWS
from annotation.quality.stats.estimate import BoolArray, Estimate
from annotation.quality.stats.rating_table import RatingTable
from annotation.quality.stats.ratings import Over, Ratings

Coefficients = Mapping[str, Callable[[RatingTable], Estimate]]


@dataclass(frozen=True)
class Part:
    """What lies in one part: its ratings, the pairs of them that meet, its coefficients."""

    n_ratings: int
    n_pairs: int
    estimates: dict[str, Estimate]


@dataclass(frozen=True)
class Breakdown:
    """whole: over everything that lies in a part; n_pairs_across: pairs of ratings of one thing
    that lie in different parts (two labelers in different weeks), which no part can count.

    sum of n_ratings = whole.n_ratings and sum of n_pairs + n_pairs_across = whole.n_pairs.
    """

    parts: dict[Hashable, Part]
    whole: Part
    n_pairs_across: int


def break_down(
    ratings: Ratings,
    part: ArrayLike,
    coefficients: Coefficients,
    *,
    seed: int | None = None,
    over: Over = "items",
    n_resamples: int = DEFAULT_DRAWS,
) -> Breakdown:
    """Coefficients of each part and of the whole; part: (ratings,) any label, one each.

    All coefficients of one part see the same draws, and the draws of a part do not depend on
    which other parts there are. For what can lie in several parts (tags) see `overlapping`.
    """
    labels = np.asarray(part)
    if labels.shape != (len(ratings),):
        raise ValueError("one part for each rating")
    names, which = np.unique(labels, return_inverse=True)
    masks = {name.item(): which == place for place, name in enumerate(names)}
    parts = overlapping(
        ratings, masks, coefficients, seed=seed, over=over, n_resamples=n_resamples
    )
    table = ratings.table(seed=seed, over=over, n_resamples=n_resamples)
    whole = _figures(table, coefficients)
    across = whole.n_pairs - sum(one.n_pairs for one in parts.values())
    return Breakdown(parts, whole, across)


def overlapping(
    ratings: Ratings,
    masks: Mapping[Hashable, BoolArray],
    coefficients: Coefficients,
    *,
    seed: int | None = None,
    over: Over = "items",
    n_resamples: int = DEFAULT_DRAWS,
) -> dict[Hashable, Part]:
    """As `break_down`, of parts that may overlap or leave something out: {name: (ratings,)}."""
    found = {}
    for name, mask in masks.items():
        if mask.shape != (len(ratings),):
            raise ValueError("a mask marks ratings")
        table = ratings.only(mask).table(seed=seed, over=over, n_resamples=n_resamples)
        found[name] = _figures(table, coefficients)
    return found


def _figures(table: RatingTable, coefficients: Coefficients) -> Part:
    estimates = {name: coefficient(table) for name, coefficient in coefficients.items()}
    return Part(table.extent.n_ratings, table.n_pairs, estimates)
